/* typescript_import.c - what JavaScript and TypeScript import: statements, require(), import().
 * Keeps:   start/end cover the name that is bound, the specifier's content where none is; a
 *          require() in a declarator is recorded once, there.
 * Threads: a walk belongs to its worker.
 * Next:    typescript.h, typescript_export.c
 * Rules:   ECMA-262 (imports), nodejs.org/api/modules.html (require), the TypeScript handbook:
 *          import type, import x = require(); `import("m").T` in a type is kind dynamic,
 *          type-only, not dynamic. */
#include "lang/typescript.h"

gsaw__span gsaw__ts_unquoted(const gsaw__walk *self, TSNode node)
{
    gsaw__span span = gsaw__walk_span(node);
    if (span.end - span.start < 2)
        return span;
    char quote = self->bytes[span.start];
    if (quote != '"' && quote != '\'' && quote != '`')
        return span;
    span.start++;
    span.end -= self->bytes[span.end - 1] == quote;
    return span;
}

bool gsaw__ts_literal(gsaw__walk *self, const gsaw__child *node, gsaw__span *out)
{
    gsaw__child child;
    if (node->kind != TS_STRING && node->kind != TS_TEMPLATE_STRING)
        return false;
    if (node->kind == TS_TEMPLATE_STRING &&
        gsaw__walk_child_of_kind(self, 2, node->node, TS_TEMPLATE_SUBSTITUTION, &child))
        return false;
    *out = gsaw__ts_unquoted(self, node->node);
    return true;
}

gsaw__facts_import gsaw__ts_import_record(const gsaw__walk *self, gsaw_import_kind kind,
                                          gsaw__span inner, gsaw__span specifier)
{
    gsaw__span statement = gsaw__walk_statement_of(self, inner);
    return (gsaw__facts_import){.specifier = GSAW_NONE,
                                .name = GSAW_NONE,
                                .alias = GSAW_NONE,
                                .start = specifier.start,
                                .end = specifier.end,
                                .statement_start = statement.start,
                                .statement_end = statement.end,
                                .kind = (uint8_t)kind};
}

static void set_name(gsaw__walk *self, gsaw__facts_import *import, const gsaw__child *name)
{
    gsaw__span span =
        name->kind == TS_STRING ? gsaw__ts_unquoted(self, name->node) : gsaw__walk_span(name->node);
    import->name = gsaw__walk_string(self, span);
    import->start = span.start;
    import->end = span.end;
}

static void set_alias(gsaw__walk *self, gsaw__facts_import *import, const gsaw__child *alias)
{
    uint32_t name = import->name;
    set_name(self, import, alias);
    import->alias = import->name;
    import->name = name;
}

bool gsaw__ts_specifier(gsaw__walk *self, TSNode specifier, gsaw__facts_import *import)
{
    gsaw__child child, name = {0}, alias = {0};
    for (bool more = gsaw__walk_first(self, 1, specifier, &child); more;
         more = gsaw__walk_next(self, 1, &child)) {
        if (child.field == TSF_NAME)
            name = child;
        else if (child.field == TSF_ALIAS)
            alias = child;
        else if (child.kind == TS_TOKEN_TYPE || child.kind == TS_TOKEN_TYPEOF)
            import->flags |= GSAW_IMPORT_TYPE_ONLY;
    }
    if (name.field == 0)
        return false;
    set_name(self, import, &name);
    if (alias.field != 0)
        set_alias(self, import, &alias);
    return true;
}

/* One clause: default name, namespace or list; the number of names it binds. */
static size_t import_clause(gsaw__walk *self, TSNode clause, const gsaw__facts_import *base)
{
    size_t count = 0;
    gsaw__child child, item;
    for (bool more = gsaw__walk_first(self, 0, clause, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        gsaw__facts_import import = *base;
        if (child.kind == TS_IDENTIFIER) {
            import.kind = GSAW_IMPORT_DEFAULT;
            import.name = gsaw__facts_builder_string(self->out, "default", 7);
            set_alias(self, &import, &child);
        } else if (child.kind == TS_NAMESPACE_IMPORT &&
                   gsaw__walk_child_of_kind(self, 1, child.node, TS_IDENTIFIER, &item)) {
            import.kind = GSAW_IMPORT_NAMESPACE;
            import.name = gsaw__facts_builder_string(self->out, "*", 1);
            set_alias(self, &import, &item);
        } else if (child.kind == TS_NAMED_IMPORTS) {
            for (bool inner = gsaw__walk_first(self, 2, child.node, &item); inner;
                 inner = gsaw__walk_next(self, 2, &item)) {
                import = *base;
                import.kind = GSAW_IMPORT_NAMED;
                if (item.kind != TS_IMPORT_SPECIFIER ||
                    !gsaw__ts_specifier(self, item.node, &import))
                    continue;
                gsaw__facts_builder_import(self->out, &import);
                count++;
            }
            continue;
        } else {
            continue;
        }
        gsaw__facts_builder_import(self->out, &import);
        count++;
    }
    return count;
}

bool gsaw__ts_import(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    gsaw__span whole = gsaw__walk_span(node), specifier;
    gsaw__child child, clause = {0}, source = {0}, alias = {0};
    uint8_t flags = 0;
    gsaw__walk_enter_statement(self, node);
    for (bool more = gsaw__walk_first(self, 0, node, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        if (child.field == TSF_SOURCE)
            source = child;
        else if (child.kind == TS_IMPORT_CLAUSE || child.kind == TS_IMPORT_REQUIRE_CLAUSE)
            clause = child;
        else if (child.kind == TS_TOKEN_TYPE || child.kind == TS_TOKEN_TYPEOF)
            flags = GSAW_IMPORT_TYPE_ONLY;
    }
    bool is_require = clause.kind == TS_IMPORT_REQUIRE_CLAUSE;
    if (is_require && (!gsaw__walk_child_of_field(self, 0, clause.node, TSF_SOURCE, &source) ||
                       !gsaw__walk_child_of_kind(self, 0, clause.node, TS_IDENTIFIER, &alias)))
        return false;
    if (source.field == 0 || !gsaw__ts_literal(self, &source, &specifier))
        return false;
    gsaw__facts_import import =
        gsaw__ts_import_record(self, GSAW_IMPORT_SIDE_EFFECT, whole, specifier);
    import.specifier = gsaw__walk_string(self, specifier);
    import.flags = flags;
    if (is_require) {
        import.kind = GSAW_IMPORT_REQUIRE;
        set_alias(self, &import, &alias);
    } else if (clause.kind != 0 && import_clause(self, clause.node, &import) > 0) {
        return false;
    }
    gsaw__facts_builder_import(self->out, &import);
    return false;
}

/* A call of a bare name or of import, with one literal to begin with. */
typedef struct import_call {
    gsaw__span whole, specifier;
    bool is_require, is_import;
} import_call;

/* Uses probes 1 and 2. */
static bool read_call(gsaw__walk *self, TSNode call, import_call *out)
{
    gsaw__child child, function = {0}, arguments = {0}, first;
    for (bool more = gsaw__walk_first(self, 1, call, &child); more;
         more = gsaw__walk_next(self, 1, &child)) {
        if (child.field == TSF_FUNCTION)
            function = child;
        else if (child.field == TSF_ARGUMENTS)
            arguments = child;
    }
    if (function.field == 0 || arguments.field == 0)
        return false;
    out->whole = gsaw__walk_span(call);
    out->is_import = function.kind == TS_IMPORT;
    out->is_require = function.kind == TS_IDENTIFIER &&
                      gsaw__walk_equals(self, gsaw__walk_span(function.node), "require");
    if ((!out->is_import && !out->is_require) || !gsaw__walk_first(self, 1, arguments.node, &first))
        return false;
    while (!ts_node_is_named(first.node) || first.kind == TS_COMMENT)
        if (!gsaw__walk_next(self, 1, &first))
            return false;
    return gsaw__ts_literal(self, &first, &out->specifier);
}

bool gsaw__ts_call(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    import_call call;
    if (!gsaw__walk_is_of_interest(self, node))
        return false;
    if (ts_node_start_byte(node) == self->consumed_call || !read_call(self, node, &call))
        return true;
    gsaw__facts_import import =
        gsaw__ts_import_record(self, call.is_import ? GSAW_IMPORT_DYNAMIC : GSAW_IMPORT_REQUIRE,
                               call.whole, call.specifier);
    bool is_type =
        call.whole.start >= self->type_only.start && call.whole.start < self->type_only.end;
    import.specifier = gsaw__walk_string(self, call.specifier);
    if (call.is_import)
        import.flags = is_type ? GSAW_IMPORT_TYPE_ONLY : GSAW_IMPORT_IS_DYNAMIC;
    gsaw__facts_builder_import(self->out, &import);
    return true;
}

/* const { a, b: c, ...rest } = require('m'); the number of imports it makes. */
static size_t require_pattern(gsaw__walk *self, TSNode pattern, const gsaw__facts_import *base,
                              gsaw__span whole)
{
    size_t count = 0;
    gsaw__child child, key, value;
    for (bool more = gsaw__walk_first(self, 0, pattern, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        gsaw__facts_import import = *base;
        bool is_default = child.kind == TS_OBJECT_ASSIGNMENT_PATTERN &&
                          gsaw__walk_child_of_field(self, 1, child.node, TSF_LEFT, &key);
        if (child.kind == TS_SHORTHAND_PATTERN ||
            (is_default && key.kind == TS_SHORTHAND_PATTERN)) {
            set_name(self, &import, is_default ? &key : &child);
        } else if (child.kind == TS_PAIR_PATTERN &&
                   gsaw__walk_child_of_field(self, 1, child.node, TSF_KEY, &key) &&
                   gsaw__walk_child_of_field(self, 1, child.node, TSF_VALUE, &value)) {
            gsaw__child target = value;
            if (value.kind == TS_ASSIGNMENT_PATTERN &&
                !gsaw__walk_child_of_field(self, 1, value.node, TSF_LEFT, &target))
                continue;
            if (target.kind != TS_IDENTIFIER) {
                if (self->declaration.is_symbol)
                    gsaw__ts_bind_pattern(self, target.node, whole);
                continue;
            }
            set_name(self, &import, &key);
            set_alias(self, &import, &target);
        } else if (child.kind == TS_REST_PATTERN &&
                   gsaw__walk_child_of_kind(self, 1, child.node, TS_IDENTIFIER, &value)) {
            set_alias(self, &import, &value);
        } else {
            continue;
        }
        gsaw__facts_builder_import(self->out, &import);
        count++;
    }
    return count;
}

bool gsaw__ts_require(gsaw__walk *self, gsaw__child name, gsaw__child value)
{
    import_call call;
    gsaw__child object = value, property = {0};
    if (value.kind == TS_MEMBER_EXPRESSION &&
        (!gsaw__walk_child_of_field(self, 1, value.node, TSF_PROPERTY, &property) ||
         !gsaw__walk_child_of_field(self, 1, value.node, TSF_OBJECT, &object)))
        return false;
    if (object.kind != TS_CALL_EXPRESSION || !read_call(self, object.node, &call) ||
        !call.is_require)
        return false;
    bool is_whole = property.field == 0;
    if (name.kind != TS_IDENTIFIER && (name.kind != TS_OBJECT_PATTERN || !is_whole))
        return false;
    gsaw__span whole = {ts_node_start_byte(name.node), call.whole.end};
    gsaw__facts_import import =
        gsaw__ts_import_record(self, GSAW_IMPORT_REQUIRE, whole, call.specifier);
    import.specifier = gsaw__walk_string(self, call.specifier);
    if (name.kind == TS_IDENTIFIER) {
        if (!is_whole)
            set_name(self, &import, &property);
        set_alias(self, &import, &name);
        if (import.alias == import.name)
            import.alias = GSAW_NONE; /* const a = require('m').a binds like { a } */
    } else if (require_pattern(self, name.node, &import, gsaw__walk_span(name.node)) > 0) {
        self->consumed_call = call.whole.start;
        return true;
    }
    self->consumed_call = call.whole.start;
    gsaw__facts_builder_import(self->out, &import);
    return true;
}
