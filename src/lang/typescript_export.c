/* typescript_export.c - export statements: what they re-export, mark, name "default", or wrap.
 * Keeps:   a re-export is an import record; `export { a }` marks a symbol and makes none; an
 *          export of a declaration lends it its range.
 * Threads: a walk belongs to its worker.
 * Next:    typescript.h, typescript_names.c (who is exported in the end)
 * Rules:   ECMA-262 (exports); the TypeScript handbook (export =, export as namespace). */
#include "lang/typescript.h"

/* What of an export statement matters; kind and field 0: absent. */
typedef struct export_parts {
    gsaw__child clause, star, source, value, word_default, assigned;
    bool is_type, is_assignment;
} export_parts;

static export_parts parts_of(gsaw__walk *self, TSNode node)
{
    export_parts found = {0};
    gsaw__child child;
    self->decorators.count = 0;
    self->decorated_depth = self->depth + 1;
    for (bool more = gsaw__walk_first(self, 0, node, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        if (child.field == TSF_SOURCE)
            found.source = child;
        else if (child.field == TSF_VALUE)
            found.value = child;
        else if (child.kind == TS_TOKEN_DEFAULT)
            found.word_default = child;
        else if (child.kind == TS_TOKEN_TYPE)
            found.is_type = true;
        else if (child.kind == TS_TOKEN_EQUALS)
            found.is_assignment = true;
        else if (child.kind == TS_TOKEN_STAR || child.kind == TS_NAMESPACE_EXPORT)
            found.star = child;
        else if (child.kind == TS_EXPORT_CLAUSE)
            found.clause = child;
        else if (child.kind == TS_IDENTIFIER && found.is_assignment)
            found.assigned = child;
        else if (child.kind == TS_DECORATOR &&
                 !gsaw__array_push(&self->decorators, self->allocator, gsaw__walk_span(child.node)))
            self->out->failed = true;
    }
    return found;
}

/* export { a as b } from 'm': one record each; the number of them. */
static size_t reexport_names(gsaw__walk *self, TSNode clause, const gsaw__facts_import *base)
{
    size_t count = 0;
    gsaw__child item;
    for (bool more = gsaw__walk_first(self, 0, clause, &item); more;
         more = gsaw__walk_next(self, 0, &item)) {
        gsaw__facts_import import = *base;
        import.kind = GSAW_IMPORT_REEXPORT;
        if (item.kind != TS_EXPORT_SPECIFIER || !gsaw__ts_specifier(self, item.node, &import))
            continue;
        gsaw__facts_builder_import(self->out, &import);
        count++;
    }
    return count;
}

static void reexport(gsaw__walk *self, TSNode node, const export_parts *parts)
{
    gsaw__span specifier;
    gsaw__child alias;
    if (!gsaw__ts_literal(self, &parts->source, &specifier))
        return;
    gsaw__facts_import import =
        gsaw__ts_import_record(self, GSAW_IMPORT_SIDE_EFFECT, gsaw__walk_span(node), specifier);
    import.specifier = gsaw__walk_string(self, specifier);
    import.flags = parts->is_type ? GSAW_IMPORT_TYPE_ONLY : 0;
    if (parts->clause.kind != 0 && reexport_names(self, parts->clause.node, &import) > 0)
        return;
    if (parts->star.kind != 0) {
        import.kind = GSAW_IMPORT_REEXPORT_STAR;
        import.name = gsaw__facts_builder_string(self->out, "*", 1);
    }
    if (parts->star.kind == TS_NAMESPACE_EXPORT &&
        (gsaw__walk_child_of_kind(self, 0, parts->star.node, TS_IDENTIFIER, &alias) ||
         gsaw__walk_child_of_kind(self, 0, parts->star.node, TS_STRING, &alias))) {
        gsaw__span span = alias.kind == TS_STRING ? gsaw__ts_unquoted(self, alias.node)
                                                  : gsaw__walk_span(alias.node);
        import.alias = gsaw__walk_string(self, span);
        import.start = span.start;
        import.end = span.end;
    }
    gsaw__facts_builder_import(self->out, &import);
}

static void mark_names(gsaw__walk *self, TSNode clause)
{
    uint32_t scope = gsaw__walk_scope(self)->symbol;
    gsaw__child item, name;
    for (bool more = gsaw__walk_first(self, 0, clause, &item); more;
         more = gsaw__walk_next(self, 0, &item))
        if (item.kind == TS_EXPORT_SPECIFIER &&
            gsaw__walk_child_of_field(self, 1, item.node, TSF_NAME, &name))
            gsaw__ts_mark(self, scope, name.node);
}

/* export default VALUE, export = VALUE: a name is marked; anything else becomes a symbol, named by
 * the word `default`. `export =` of anything else names nothing. */
static void export_value(gsaw__walk *self, TSNode node, const export_parts *parts)
{
    gsaw__child value = gsaw__ts_unwrap(self, parts->value);
    if (value.kind == TS_IDENTIFIER) {
        gsaw__ts_mark(self, gsaw__walk_scope(self)->symbol, value.node);
        return;
    }
    if (parts->word_default.kind == 0)
        return;
    gsaw_symbol_kind kind = gsaw__ts_value_kind(&value);
    bool is_value = kind != GSAW_SYMBOL_KIND_COUNT;
    gsaw__facts_symbol symbol =
        gsaw__ts_symbol(self, is_value ? kind : GSAW_SYMBOL_CONSTANT, gsaw__walk_span(node),
                        gsaw__walk_span(parts->word_default.node));
    symbol.flags |= GSAW_SYMBOL_EXPORTED;
    if (is_value)
        gsaw__ts_name_value(self, &value, &symbol);
    else
        gsaw__ts_add(self, &symbol);
}

bool gsaw__ts_export(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    export_parts parts = parts_of(self, node);
    gsaw__walk_enter_statement(self, node);
    if (parts.source.field != 0) {
        reexport(self, node, &parts);
        return false;
    }
    if (parts.clause.kind != 0) {
        mark_names(self, parts.clause.node);
        return false;
    }
    if (parts.assigned.kind != 0) {
        gsaw__ts_mark(self, gsaw__walk_scope(self)->symbol, parts.assigned.node);
        return false;
    }
    self->wrapper = (gsaw__walk_wrapper){
        .depth = self->depth, .span = gsaw__walk_span(node), .is_export = true};
    if (parts.value.field != 0)
        export_value(self, node, &parts);
    return true;
}
