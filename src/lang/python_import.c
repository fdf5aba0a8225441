/* python_import.c - Python's imports: one record for each bound name, in whatever block they stand.
 * Keeps:   start/end cover the name that is bound (its first identifier where `import a.b` binds
 *          `a`), the specifier where nothing is bound; specifiers are as resolved: no white space,
 *          no line joins.
 * Threads: a walk belongs to its worker.
 * Next:    python.h
 * Rules:   docs.python.org/3/reference/simple_stmts.html#the-import-statement */
#include "lang/python.h"

#include <string.h>

/* A dotted name as one string: tokens alone, since `a . b` and `a.\<newline>b` are allowed. */
static uint32_t dotted_text(gsaw__walk *self, gsaw__span span)
{
    bool plain = true;
    for (uint32_t at = span.start; plain && at < span.end; at++)
        plain = (unsigned char)self->bytes[at] > ' ' && self->bytes[at] != '\\' &&
                self->bytes[at] != '#';
    if (plain)
        return gsaw__walk_string(self, span);
    gsaw__buffer_reset(&self->text);
    for (uint32_t at = span.start; at < span.end; at++) {
        if (self->bytes[at] == '#')
            while (at < span.end && self->bytes[at] != '\n')
                at++;
        else if ((unsigned char)self->bytes[at] > ' ' && self->bytes[at] != '\\')
            gsaw__buffer_append_byte(&self->text, self->bytes[at]);
    }
    if (self->text.failed) {
        self->out->failed = true;
        return GSAW_NONE;
    }
    return gsaw__facts_builder_string(self->out, gsaw__buffer_text(&self->text), self->text.count);
}

/* A record of the statement or call at `whole`; kind, texts and range are the caller's. */
static gsaw__facts_import record(const gsaw__walk *self, gsaw__span whole, gsaw_import_kind kind)
{
    bool type_only = whole.start >= self->type_only.start && whole.start < self->type_only.end;
    return (gsaw__facts_import){.specifier = GSAW_NONE,
                                .name = GSAW_NONE,
                                .alias = GSAW_NONE,
                                .statement_start = whole.start,
                                .statement_end = whole.end,
                                .kind = (uint8_t)kind,
                                .flags = type_only ? GSAW_IMPORT_TYPE_ONLY : 0};
}

/* The dotted name and the alias of one thing imported: a dotted_name, or an aliased_import.
 * Probe 1. */
static bool bound(gsaw__walk *self, const gsaw__child *item, gsaw__child *name, gsaw__child *alias)
{
    *name = *item;
    *alias = (gsaw__child){0};
    if (item->kind == PY_DOTTED_NAME)
        return true;
    if (item->kind != PY_ALIASED_IMPORT ||
        !gsaw__walk_child_of_field(self, 1, item->node, PYF_NAME, name))
        return false;
    gsaw__child child;
    if (gsaw__walk_child_of_field(self, 1, item->node, PYF_ALIAS, &child))
        *alias = child;
    return true;
}

static void set_range(gsaw__facts_import *import, gsaw__span span)
{
    import->start = span.start;
    import->end = span.end;
}

bool gsaw__python_import(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    gsaw__span whole = gsaw__walk_span(node);
    gsaw__child item, name, alias, first;
    for (bool more = gsaw__walk_first(self, 0, node, &item); more;
         more = gsaw__walk_next(self, 0, &item)) {
        if (item.field != PYF_NAME || !bound(self, &item, &name, &alias))
            continue;
        gsaw__facts_import import = record(self, whole, GSAW_IMPORT_MODULE);
        import.specifier = import.name = dotted_text(self, gsaw__walk_span(name.node));
        set_range(&import, gsaw__walk_span(name.node));
        if (alias.kind != 0) {
            import.alias = gsaw__walk_string(self, gsaw__walk_span(alias.node));
            set_range(&import, gsaw__walk_span(alias.node));
        } else if (gsaw__walk_child_of_kind(self, 1, name.node, PY_IDENTIFIER, &first)) {
            set_range(&import, gsaw__walk_span(first.node));
        }
        gsaw__facts_builder_import(self->out, &import);
    }
    return false;
}

bool gsaw__python_import_from(gsaw__walk *self, TSNode node, uint8_t kind)
{
    gsaw__span whole = gsaw__walk_span(node), module = {0, 0};
    gsaw__child item, name, alias;
    uint32_t specifier = GSAW_NONE;
    if (kind == PY_FUTURE_IMPORT_STATEMENT)
        specifier = gsaw__facts_builder_string(self->out, "__future__", strlen("__future__"));
    for (bool more = gsaw__walk_first(self, 0, node, &item); more;
         more = gsaw__walk_next(self, 0, &item)) {
        if (item.field == PYF_MODULE_NAME && specifier == GSAW_NONE) {
            module = gsaw__walk_span(item.node);
            specifier = dotted_text(self, module);
        }
        bool is_star = item.kind == PY_WILDCARD_IMPORT;
        if (specifier == GSAW_NONE || (!is_star && item.field != PYF_NAME) ||
            (!is_star && !bound(self, &item, &name, &alias)))
            continue;
        gsaw__facts_import import =
            record(self, whole, is_star ? GSAW_IMPORT_STAR : GSAW_IMPORT_FROM);
        import.specifier = specifier;
        if (is_star) {
            import.name = gsaw__facts_builder_string(self->out, "*", 1);
            set_range(&import, module);
        } else {
            const gsaw__child *seen = alias.kind != 0 ? &alias : &name;
            import.name = dotted_text(self, gsaw__walk_span(name.node));
            if (alias.kind != 0)
                import.alias = gsaw__walk_string(self, gsaw__walk_span(alias.node));
            set_range(&import, gsaw__walk_span(seen->node));
        }
        gsaw__facts_builder_import(self->out, &import);
    }
    return false;
}

bool gsaw__python_literal(gsaw__walk *self, TSNode node, gsaw__span *out)
{
    gsaw__child child;
    bool has_start = false, has_end = false;
    for (bool more = gsaw__walk_first(self, 2, node, &child); more;
         more = gsaw__walk_next(self, 2, &child)) {
        gsaw__span span = gsaw__walk_span(child.node);
        if (child.kind == PY_INTERPOLATION)
            return false;
        if (child.kind == PY_STRING_START) {
            has_start = true;
            out->start = span.end;
        } else if (child.kind == PY_STRING_END) {
            has_end = true;
            out->end = span.start;
        }
    }
    return has_start && has_end && out->start <= out->end;
}

void gsaw__python_import_call(gsaw__walk *self, TSNode call, TSNode function, TSNode arguments)
{
    static const char *const functions[] = {"importlib.import_module", "import_module",
                                            "__import__"};
    gsaw__span name = gsaw__walk_span(function), content;
    bool is_import = false;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        is_import = is_import || gsaw__walk_equals(self, name, functions[i]);
    gsaw__child argument;
    if (!is_import || !gsaw__walk_first(self, 1, arguments, &argument))
        return;
    while (!ts_node_is_named(argument.node) || argument.kind == PY_COMMENT)
        if (!gsaw__walk_next(self, 1, &argument))
            return;
    if (argument.kind != PY_STRING || !gsaw__python_literal(self, argument.node, &content))
        return;
    gsaw__span whole = gsaw__walk_statement_of(self, gsaw__walk_span(call));
    gsaw__facts_import import = record(self, whole, GSAW_IMPORT_DYNAMIC);
    import.flags |= GSAW_IMPORT_IS_DYNAMIC;
    import.specifier = gsaw__walk_string(self, content);
    set_range(&import, content);
    gsaw__facts_builder_import(self->out, &import);
}

static bool is_type_checking(const gsaw__walk *self, TSNode node)
{
    gsaw__span span = gsaw__walk_span(node);
    static const char word[] = "TYPE_CHECKING";
    uint32_t size = sizeof word - 1;
    if (span.end - span.start < size)
        return false;
    gsaw__span tail = {span.end - size, span.end};
    return gsaw__walk_equals(self, tail, word) &&
           (tail.start == span.start || self->bytes[tail.start - 1] == '.');
}

/* `if TYPE_CHECKING:` and the else of `if not TYPE_CHECKING:` are seen by type checkers alone (PEP
 * 484). */
bool gsaw__python_if(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    gsaw__child child, condition = {0}, negated = {0};
    for (bool more = gsaw__walk_first(self, 0, node, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        if (child.field == PYF_CONDITION) {
            condition = child;
            if (child.kind == PY_NOT_OPERATOR &&
                !gsaw__walk_child_of_field(self, 1, child.node, PYF_ARGUMENT, &negated))
                negated = (gsaw__child){0};
            continue;
        }
        bool only = (child.field == PYF_CONSEQUENCE && condition.field != 0 &&
                     is_type_checking(self, condition.node)) ||
                    (child.kind == PY_ELSE_CLAUSE && negated.field != 0 &&
                     is_type_checking(self, negated.node));
        if (only && ts_node_start_byte(child.node) >= self->type_only.end)
            self->type_only = gsaw__walk_span(child.node);
    }
    return gsaw__python_binds_here(self) || gsaw__walk_is_of_interest(self, node);
}
