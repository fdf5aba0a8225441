/* typescript_names.c - variables of modules and namespaces, CommonJS exports, and who is exported.
 * Keeps:   let and const of a block are no symbols unless they hold a function or class; names
 *          bound to require() are imports, not symbols; who is exported is decided when the whole
 *          file is seen.
 * Threads: a walk belongs to its worker.
 * Next:    typescript.h */
#include "lang/typescript.h"

#include <string.h>

/* An owner in the walk's names beyond all symbols: what `export { a }` names in a scope. */
static uint32_t exports_of(uint32_t scope)
{
    return scope == GSAW_NONE ? GSAW_NONE - 1 : scope | ((uint32_t)1 << 31);
}

void gsaw__ts_mark(gsaw__walk *self, uint32_t scope, TSNode name)
{
    gsaw__walk_name(self, exports_of(scope), gsaw__walk_string(self, gsaw__walk_span(name)), 0,
                    NULL);
}

bool gsaw__ts_declaration(gsaw__walk *self, TSNode node, uint8_t kind)
{
    const gsaw__scope *scope = gsaw__walk_scope(self);
    bool is_module = scope->kind == GSAW_SCOPE_MODULE || scope->kind == GSAW_SCOPE_NAMESPACE;
    bool is_var = kind == TS_VARIABLE_DECLARATION;
    gsaw__child word;
    gsaw__walk_enter_statement(self, node);
    self->declaration = (gsaw__walk_declaration){
        .depth = self->depth,
        .start = gsaw__ts_whole(self, node).start,
        .is_export = (gsaw__ts_is_wrapped(self, node) && self->wrapper.is_export) || scope->ambient,
        .is_constant = !is_var && gsaw__walk_child_of_kind(self, 0, node, TS_TOKEN_CONST, &word),
        .is_symbol = !scope->local && (is_module || (is_var && scope->kind == GSAW_SCOPE_BLOCK))};
    return self->declaration.is_symbol || gsaw__walk_is_of_interest(self, node);
}

/* One name of a declarator or a loop: the first binding in its scope makes the symbol (var may
 * repeat). */
static void bind(gsaw__walk *self, TSNode node, gsaw__span whole)
{
    gsaw__span name = gsaw__walk_span(node);
    if (name.start == name.end)
        return; /* a MISSING node */
    gsaw__facts_symbol symbol = gsaw__ts_symbol(
        self, self->declaration.is_constant ? GSAW_SYMBOL_CONSTANT : GSAW_SYMBOL_VARIABLE, whole,
        name);
    if (gsaw__walk_name_find(self, symbol.parent, symbol.name) != NULL &&
        !self->declaration.is_constant)
        return;
    if (self->declaration.is_export)
        symbol.flags |= GSAW_SYMBOL_EXPORTED;
    if (self->declaration.start != GSAW_NONE)
        gsaw__ts_take_doc(self, &symbol, self->declaration.start);
    gsaw__ts_add(self, &symbol);
}

static const gsaw__pattern_rules bindings = {
    .steps = {[TS_IDENTIFIER] = GSAW_PATTERN_BIND,
              [TS_SHORTHAND_PATTERN] = GSAW_PATTERN_BIND,
              [TS_OBJECT_PATTERN] = GSAW_PATTERN_ENTER,
              [TS_ARRAY_PATTERN] = GSAW_PATTERN_ENTER,
              [TS_REST_PATTERN] = GSAW_PATTERN_ENTER,
              [TS_PAIR_PATTERN] = GSAW_PATTERN_ENTER,
              [TS_ASSIGNMENT_PATTERN] = GSAW_PATTERN_ENTER,
              [TS_OBJECT_ASSIGNMENT_PATTERN] = GSAW_PATTERN_ENTER},
    .skipped_fields = {TSF_RIGHT, TSF_KEY},
    .bind = bind};

void gsaw__ts_bind_pattern(gsaw__walk *self, TSNode pattern, gsaw__span whole)
{
    gsaw__walk_pattern(self, pattern, &bindings, whole);
}

bool gsaw__ts_declarator(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    bool is_ours =
        self->declaration.depth != GSAW_NONE && self->declaration.depth + 1 == self->depth;
    gsaw__ts_parts parts = gsaw__ts_parts_of(self, node);
    if (!is_ours || parts.name.field == 0)
        return gsaw__walk_is_of_interest(self, node);
    gsaw__child value = parts.value;
    if (value.field != 0)
        value = gsaw__ts_unwrap(self, value);
    gsaw_symbol_kind bound =
        value.field == 0 ? GSAW_SYMBOL_KIND_COUNT : gsaw__ts_value_kind(&value);
    gsaw__span whole = gsaw__walk_span(node);
    if (parts.name.kind == TS_IDENTIFIER && bound != GSAW_SYMBOL_KIND_COUNT) {
        gsaw__facts_symbol symbol =
            gsaw__ts_symbol(self, bound, whole, gsaw__walk_span(parts.name.node));
        if (self->declaration.is_export)
            symbol.flags |= GSAW_SYMBOL_EXPORTED;
        if (self->declaration.start != GSAW_NONE)
            gsaw__ts_take_doc(self, &symbol, self->declaration.start);
        gsaw__ts_name_value(self, &value, &symbol);
        self->declaration.start = GSAW_NONE;
        return true;
    }
    bool is_import = value.field != 0 && gsaw__ts_require(self, parts.name, value);
    if (self->declaration.is_symbol && !is_import)
        gsaw__ts_bind_pattern(self, parts.name.node, whole);
    self->declaration.start = GSAW_NONE; /* its doc is the first declarator's */
    return gsaw__walk_is_of_interest(self, node);
}

/* for (var x in ...) of a module binds there; its let and const are seen in the loop alone. */
bool gsaw__ts_for_in(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    const gsaw__scope *scope = gsaw__walk_scope(self);
    gsaw__child child, left = {0}, right = {0};
    bool is_var = false;
    for (bool more = gsaw__walk_first(self, 0, node, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        is_var = is_var || child.kind == TS_TOKEN_VAR;
        if (child.field == TSF_LEFT)
            left = child;
        else if (child.field == TSF_RIGHT)
            right = child;
    }
    if (is_var && !scope->local && left.field != 0 && right.field != 0) {
        gsaw__span head = {ts_node_start_byte(node), ts_node_end_byte(right.node)};
        self->declaration = (gsaw__walk_declaration){.depth = GSAW_NONE, .start = GSAW_NONE};
        gsaw__ts_bind_pattern(self, left.node, head);
    }
    gsaw__walk_open(self, GSAW_SCOPE_BLOCK, gsaw__walk_scope(self)->symbol);
    return !gsaw__walk_scope(self)->local || gsaw__walk_is_of_interest(self, node);
}

/* What the left side of an assignment names. */
typedef struct assignment_target {
    gsaw__span owner; /* X of X.prototype.name */
    gsaw__span name;  /* f of exports.f; exports of module.exports */
    bool is_export, is_whole_module, is_method;
} assignment_target;

/* exports.NAME, module.exports.NAME, module.exports, OWNER.prototype.NAME; nothing else. */
static bool read_target(const gsaw__walk *self, TSNode node, assignment_target *out)
{
    gsaw__span parts[4] = {{0, 0}}, rest = gsaw__walk_span(node);
    size_t count = 0;
    for (uint32_t at = rest.start, start = at; at <= rest.end; at++) {
        if (at < rest.end && (unsigned char)self->bytes[at] <= ' ')
            return false;
        if (at < rest.end && self->bytes[at] != '.')
            continue;
        if (count == 4 || at == start)
            return false;
        parts[count++] = (gsaw__span){start, at};
        start = at + 1;
    }
    *out = (assignment_target){.name = parts[count - 1]};
    bool is_module = gsaw__walk_equals(self, parts[0], "module") && count > 1 &&
                     gsaw__walk_equals(self, parts[1], "exports");
    out->is_whole_module = is_module && count == 2;
    out->is_export =
        (is_module && count == 3) || (count == 2 && gsaw__walk_equals(self, parts[0], "exports"));
    out->is_method = count == 3 && gsaw__walk_equals(self, parts[1], "prototype");
    out->owner = parts[0];
    return out->is_whole_module || out->is_export || out->is_method;
}

/* module.exports = { a, b: c }: a and c are exported. */
static void mark_object(gsaw__walk *self, TSNode object)
{
    gsaw__child child, value;
    for (bool more = gsaw__walk_first(self, 0, object, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        if (child.kind == TS_SHORTHAND_PROPERTY)
            gsaw__ts_mark(self, GSAW_NONE, child.node);
        else if (child.kind == TS_PAIR &&
                 gsaw__walk_child_of_field(self, 1, child.node, TSF_VALUE, &value) &&
                 value.kind == TS_IDENTIFIER)
            gsaw__ts_mark(self, GSAW_NONE, value.node);
    }
}

/* `void 0` and undefined: what compilers write before the real value. */
static bool is_placeholder(const gsaw__walk *self, const gsaw__child *value)
{
    return value->kind == TS_UNDEFINED ||
           (value->kind == TS_UNARY_EXPRESSION &&
            gsaw__walk_equals(self, gsaw__walk_span(value->node), "void 0"));
}

static void assign_export(gsaw__walk *self, TSNode node, const assignment_target *target,
                          const gsaw__child *value)
{
    gsaw__span whole = gsaw__walk_span(node), name = target->name;
    gsaw_symbol_kind bound = gsaw__ts_value_kind(value);
    if (value->kind == TS_IDENTIFIER) {
        gsaw__ts_mark(self, GSAW_NONE, value->node);
        return;
    }
    if (value->kind == TS_OBJECT && target->is_whole_module)
        mark_object(self, value->node);
    bool is_value = bound != GSAW_SYMBOL_KIND_COUNT;
    if (is_placeholder(self, value) || (!is_value && target->is_whole_module))
        return;
    if (is_value && target->is_whole_module) { /* its own name is the better one */
        gsaw__ts_parts parts = gsaw__ts_parts_of(self, value->node);
        if (parts.name.field != 0)
            name = gsaw__walk_span(parts.name.node);
    }
    gsaw__facts_symbol symbol =
        gsaw__ts_symbol(self, is_value ? bound : GSAW_SYMBOL_VARIABLE, whole, name);
    symbol.flags |= GSAW_SYMBOL_EXPORTED;
    symbol.parent = GSAW_NONE;
    if (is_value)
        gsaw__ts_name_value(self, value, &symbol);
    else if (gsaw__walk_name_find(self, GSAW_NONE, symbol.name) == NULL)
        gsaw__ts_add(self, &symbol);
}

/* X.prototype.m = function: a method of the X of this module that stands before. */
static void assign_method(gsaw__walk *self, TSNode node, const assignment_target *target,
                          const gsaw__child *value)
{
    if (gsaw__ts_value_kind(value) != GSAW_SYMBOL_FUNCTION)
        return;
    gsaw__facts_symbol symbol =
        gsaw__ts_symbol(self, GSAW_SYMBOL_METHOD, gsaw__walk_span(node), target->name);
    uint32_t owner = gsaw__walk_string(self, target->owner);
    const uint32_t *found = gsaw__walk_name_find(self, symbol.parent, owner);
    if (found != NULL && self->out->symbols.items[*found].start <= symbol.start)
        symbol.parent = *found;
    gsaw__ts_name_value(self, value, &symbol);
}

bool gsaw__ts_assignment(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    gsaw__child child, left = {0}, right = {0};
    for (bool more = gsaw__walk_first(self, 0, node, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        if (child.field == TSF_LEFT)
            left = child;
        else if (child.field == TSF_RIGHT)
            right = child;
    }
    assignment_target target;
    const gsaw__scope *scope = gsaw__walk_scope(self);
    bool is_here = scope->kind == GSAW_SCOPE_MODULE || scope->kind == GSAW_SCOPE_BLOCK ||
                   scope->kind == GSAW_SCOPE_FUNCTION;
    if (is_here && left.kind == TS_MEMBER_EXPRESSION && right.field != 0 &&
        read_target(self, left.node, &target)) {
        gsaw__child value = gsaw__ts_unwrap(self, right);
        if (target.is_method)
            assign_method(self, node, &target, &value);
        else if (!scope->local)
            assign_export(self, node, &target, &value);
    }
    return right.kind == TS_ASSIGNMENT_EXPRESSION || gsaw__walk_is_of_interest(self, node);
}

/* A member of a class, interface or enum goes with it unless it is private; a member of a namespace
 * must be exported from it; what is inside of functions never is. Parents stand before their
 * members. */
void gsaw__ts_mark_exported(gsaw__walk *self)
{
    for (uint32_t i = 0; i < self->out->symbols.count; i++) {
        gsaw__facts_symbol *symbol = &self->out->symbols.items[i];
        bool is_exported = (symbol->flags & GSAW_SYMBOL_EXPORTED) != 0;
        const gsaw__facts_symbol *parent =
            symbol->parent == GSAW_NONE ? NULL : &self->out->symbols.items[symbol->parent];
        if (parent == NULL || parent->kind == GSAW_SYMBOL_NAMESPACE)
            is_exported = is_exported || gsaw__walk_name_find(self, exports_of(symbol->parent),
                                                              symbol->name) != NULL;
        else
            is_exported = !gsaw__ts_is_private(self, i);
        if (parent != NULL)
            is_exported = is_exported && (parent->flags & GSAW_SYMBOL_EXPORTED) != 0;
        if ((symbol->flags & GSAW_SYMBOL_LOCAL) != 0)
            is_exported = false;
        symbol->flags = (uint8_t)((symbol->flags & ~GSAW_SYMBOL_EXPORTED) |
                                  (is_exported ? GSAW_SYMBOL_EXPORTED : 0));
    }
}
