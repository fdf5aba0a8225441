/* python_names.c - Python's variables of module and class scope, __all__, and who is exported.
 * Keeps:   the first binding of a name in a scope makes the symbol; a name that a function or
 *          class has taken before makes none; imports are records of their own and take no name.
 * Threads: a walk belongs to its worker.
 * Next:    python.h
 * Rules:   docs.python.org/3/reference/executionmodel.html#binding-of-names, #the-import-statement
 *          (__all__), docs.python.org/3/library/enum.html (members). except-as binds no symbol:
 *          the name is gone at the end of its clause. */
#include "lang/python.h"

/* Owners in the walk's names beyond all symbols: the strings of __all__. */
#define ALL_NAMES (GSAW_NONE - 1)

bool gsaw__python_binds_here(const gsaw__walk *self)
{
    return gsaw__walk_scope(self)->kind != GSAW_SCOPE_FUNCTION;
}

/* ALL_CAPS as PEP 8 has it: at least one capital, no small letter. */
static bool is_constant_name(const gsaw__walk *self, gsaw__span name)
{
    bool has_capital = false;
    for (uint32_t at = name.start; at < name.end; at++) {
        char byte = self->bytes[at];
        bool is_capital = byte >= 'A' && byte <= 'Z';
        if (!is_capital && byte != '_' && !(byte >= '0' && byte <= '9'))
            return false;
        has_capital = has_capital || is_capital;
    }
    return has_capital;
}

/* _sunder_, __dunder__ and __private names of an enum's body are no members. */
static bool is_member_name(const gsaw__walk *self, gsaw__span name)
{
    uint32_t size = name.end - name.start;
    const char *text = self->bytes + name.start;
    bool is_private = size > 2 && text[0] == '_' && text[1] == '_';
    bool is_sunder = size > 2 && text[0] == '_' && text[size - 1] == '_';
    return !is_private && !is_sunder;
}

static void bind(gsaw__walk *self, TSNode node, gsaw__span whole, bool has_value)
{
    const gsaw__scope *scope = gsaw__walk_scope(self);
    gsaw__span name = gsaw__walk_span(node);
    bool is_new = false;
    if (name.end == name.start) /* a MISSING node */
        return;
    uint32_t id = gsaw__walk_string(self, name);
    uint32_t index = (uint32_t)self->out->symbols.count;
    if (gsaw__walk_name(self, scope->symbol, id, index, &is_new) == NULL || !is_new)
        return;
    bool is_member = scope->kind == GSAW_SCOPE_ENUM && has_value && is_member_name(self, name);
    gsaw__facts_symbol symbol = {.name = id,
                                 .signature = GSAW_NONE,
                                 .parent = scope->symbol,
                                 .start = whole.start,
                                 .end = whole.end,
                                 .name_start = name.start,
                                 .name_end = name.end,
                                 .flags = scope->local ? GSAW_SYMBOL_LOCAL : 0};
    symbol.kind = is_member                      ? GSAW_SYMBOL_ENUM_MEMBER
                  : is_constant_name(self, name) ? GSAW_SYMBOL_CONSTANT
                                                 : GSAW_SYMBOL_VARIABLE;
    gsaw__facts_builder_symbol(self->out, &symbol);
}

static void bind_target(gsaw__walk *self, TSNode name, gsaw__span whole)
{
    bind(self, name, whole, true);
}

/* The `_` of a match binds nothing. */
static void bind_capture(gsaw__walk *self, TSNode name, gsaw__span whole)
{
    if (!gsaw__walk_equals(self, gsaw__walk_span(name), "_"))
        bind(self, name, whole, true);
}

/* In a capture pattern a dotted_name without a dot; with one it is a value to compare with. */
static void bind_dotted(gsaw__walk *self, TSNode node, gsaw__span whole)
{
    gsaw__span span = gsaw__walk_span(node);
    for (uint32_t at = span.start; at < span.end; at++)
        if (self->bytes[at] == '.')
            return;
    bind_capture(self, node, whole);
}

static const gsaw__pattern_rules targets = {
    .steps = {[PY_IDENTIFIER] = GSAW_PATTERN_BIND,
              [PY_PATTERN_LIST] = GSAW_PATTERN_ENTER,
              [PY_TUPLE_PATTERN] = GSAW_PATTERN_ENTER,
              [PY_LIST_PATTERN] = GSAW_PATTERN_ENTER,
              [PY_LIST_SPLAT_PATTERN] = GSAW_PATTERN_ENTER,
              [PY_AS_PATTERN_TARGET] = GSAW_PATTERN_ENTER,
              [PY_TUPLE] = GSAW_PATTERN_ENTER,
              [PY_LIST] = GSAW_PATTERN_ENTER,
              [PY_LIST_SPLAT] = GSAW_PATTERN_ENTER,
              [PY_EXPRESSION_LIST] = GSAW_PATTERN_ENTER,
              [PY_PARENTHESIZED_EXPRESSION] = GSAW_PATTERN_ENTER},
    .bind = bind_target};

/* Class patterns and keyword patterns begin with a name that is looked up, not bound. */
static const gsaw__pattern_rules captures = {
    .steps = {[PY_CASE_PATTERN] = GSAW_PATTERN_ENTER,
              [PY_UNION_PATTERN] = GSAW_PATTERN_ENTER,
              [PY_TUPLE_PATTERN] = GSAW_PATTERN_ENTER,
              [PY_LIST_PATTERN] = GSAW_PATTERN_ENTER,
              [PY_DICT_PATTERN] = GSAW_PATTERN_ENTER,
              [PY_AS_PATTERN] = GSAW_PATTERN_ENTER,
              [PY_SPLAT_PATTERN] = GSAW_PATTERN_ENTER,
              [PY_CLASS_PATTERN] = GSAW_PATTERN_ENTER_REST,
              [PY_KEYWORD_PATTERN] = GSAW_PATTERN_ENTER_REST,
              [PY_IDENTIFIER] = GSAW_PATTERN_BIND,
              [PY_DOTTED_NAME] = GSAW_PATTERN_BIND},
    .skipped_fields = {PYF_KEY},
    .bind = bind_dotted};

/* The literal strings of a list or tuple become names of __all__. */
static void take_literals(gsaw__walk *self, const gsaw__child *list)
{
    gsaw__child child;
    if (list->kind != PY_LIST && list->kind != PY_TUPLE && list->kind != PY_EXPRESSION_LIST)
        return;
    self->has_all = true;
    for (bool more = gsaw__walk_first(self, 1, list->node, &child); more;
         more = gsaw__walk_next(self, 1, &child)) {
        gsaw__span content;
        if (child.kind == PY_STRING && gsaw__python_literal(self, child.node, &content))
            gsaw__walk_name(self, ALL_NAMES, gsaw__walk_string(self, content), 0, NULL);
    }
}

/* Of several joined by +, which is left-associative: the right one, then on to the left. */
static void take_all(gsaw__walk *self, gsaw__child value)
{
    gsaw__child side;
    while (value.kind == PY_BINARY_OPERATOR) {
        if (gsaw__walk_child_of_field(self, 1, value.node, PYF_RIGHT, &side))
            take_literals(self, &side);
        if (!gsaw__walk_child_of_field(self, 1, value.node, PYF_LEFT, &side))
            return;
        value = side;
    }
    take_literals(self, &value);
}

static bool is_all(const gsaw__walk *self, TSNode node)
{
    return gsaw__walk_scope(self)->kind == GSAW_SCOPE_MODULE &&
           gsaw__walk_equals(self, gsaw__walk_span(node), "__all__");
}

/* What of an assignment matters. */
typedef struct assignment_sides {
    gsaw__child left, right; /* field 0: absent */
} assignment_sides;

static assignment_sides sides_of(gsaw__walk *self, TSNode node)
{
    assignment_sides found = {0};
    gsaw__child child;
    for (bool more = gsaw__walk_first(self, 0, node, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        if (child.field == PYF_LEFT && found.left.field == 0)
            found.left = child;
        else if (child.field == PYF_RIGHT && found.right.field == 0)
            found.right = child;
    }
    return found;
}

/* `a = b = 1` is an assignment whose right side is one: the walk comes to it on its own. */
bool gsaw__python_assignment(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    if (!gsaw__python_binds_here(self))
        return gsaw__walk_is_of_interest(self, node);
    assignment_sides sides = sides_of(self, node);
    gsaw__span whole = gsaw__walk_statement_of(self, gsaw__walk_span(node));
    if (sides.left.field != 0 && sides.right.field == 0 && sides.left.kind == PY_IDENTIFIER)
        bind(self, sides.left.node, whole, false);
    else if (sides.left.field != 0)
        gsaw__walk_pattern(self, sides.left.node, &targets, whole);
    if (sides.left.field != 0 && sides.right.field != 0 && is_all(self, sides.left.node))
        take_all(self, sides.right);
    return sides.right.kind == PY_ASSIGNMENT || gsaw__walk_is_of_interest(self, node);
}

bool gsaw__python_augmented(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    assignment_sides sides = sides_of(self, node);
    if (sides.left.field != 0 && sides.right.field != 0 && is_all(self, sides.left.node))
        take_all(self, sides.right);
    return gsaw__walk_is_of_interest(self, node);
}

void gsaw__python_all_call(gsaw__walk *self, TSNode function, TSNode arguments)
{
    gsaw__span name = gsaw__walk_span(function);
    bool is_append = gsaw__walk_equals(self, name, "__all__.append");
    if (gsaw__walk_scope(self)->kind != GSAW_SCOPE_MODULE ||
        (!is_append && !gsaw__walk_equals(self, name, "__all__.extend")))
        return;
    gsaw__child child;
    gsaw__span content;
    for (bool more = gsaw__walk_first(self, 0, arguments, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        if (!is_append)
            take_all(self, child);
        else if (child.kind == PY_STRING && gsaw__python_literal(self, child.node, &content))
            gsaw__walk_name(self, ALL_NAMES, gsaw__walk_string(self, content), 0, NULL);
    }
}

bool gsaw__python_named(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    gsaw__child name;
    if (gsaw__python_binds_here(self) && gsaw__walk_child_of_field(self, 0, node, PYF_NAME, &name))
        bind(self, name.node, gsaw__walk_span(node), true);
    return gsaw__walk_is_of_interest(self, node);
}

/* The range of the target is the head of the loop: its body holds symbols of its own. */
bool gsaw__python_for(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    if (!gsaw__python_binds_here(self))
        return gsaw__walk_is_of_interest(self, node);
    assignment_sides sides = sides_of(self, node);
    gsaw__span head = gsaw__walk_span(node);
    if (sides.left.field != 0 && sides.right.field != 0) {
        head.end = ts_node_end_byte(sides.right.node);
        gsaw__walk_pattern(self, sides.left.node, &targets, head);
    }
    return true;
}

bool gsaw__python_with_item(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    gsaw__child value, alias;
    if (gsaw__python_binds_here(self) &&
        gsaw__walk_child_of_field(self, 0, node, PYF_VALUE, &value) &&
        value.kind == PY_AS_PATTERN &&
        gsaw__walk_child_of_field(self, 0, value.node, PYF_ALIAS, &alias))
        gsaw__walk_pattern(self, alias.node, &targets, gsaw__walk_span(node));
    return gsaw__walk_is_of_interest(self, node);
}

bool gsaw__python_case(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    if (!gsaw__python_binds_here(self))
        return gsaw__walk_is_of_interest(self, node);
    gsaw__child child;
    for (bool more = gsaw__walk_first(self, 0, node, &child); more;
         more = gsaw__walk_next(self, 0, &child))
        if (child.kind == PY_CASE_PATTERN)
            gsaw__walk_pattern(self, child.node, &captures, gsaw__walk_span(child.node));
    return true;
}

bool gsaw__python_type_alias(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    gsaw__child left, name;
    const gsaw__scope *scope = gsaw__walk_scope(self);
    if (!gsaw__walk_child_of_field(self, 0, node, PYF_LEFT, &left) ||
        !gsaw__walk_first(self, 0, left.node, &name))
        return false;
    if (name.kind == PY_GENERIC_TYPE && !gsaw__walk_first(self, 0, name.node, &name))
        return false;
    if (name.kind != PY_IDENTIFIER)
        return false;
    gsaw__span whole = gsaw__walk_span(node), span = gsaw__walk_span(name.node);
    gsaw__facts_symbol symbol = {.name = gsaw__walk_string(self, span),
                                 .signature = GSAW_NONE,
                                 .parent = scope->symbol,
                                 .start = whole.start,
                                 .end = whole.end,
                                 .name_start = span.start,
                                 .name_end = span.end,
                                 .kind = GSAW_SYMBOL_TYPE_ALIAS,
                                 .flags = scope->local ? GSAW_SYMBOL_LOCAL : 0};
    uint32_t index = gsaw__facts_builder_symbol(self->out, &symbol);
    if (index != GSAW_NONE)
        gsaw__walk_name(self, scope->symbol, symbol.name, index, NULL);
    return false;
}

/* A literal __all__ names the exports of a module; without one it is what has no leading
 * underscore. Members follow their class. Parents stand before their members. */
void gsaw__python_mark_exported(gsaw__walk *self)
{
    for (size_t i = 0; i < self->out->symbols.count; i++) {
        gsaw__facts_symbol *symbol = &self->out->symbols.items[i];
        bool is_public = self->bytes[symbol->name_start] != '_';
        bool is_exported;
        if (symbol->parent != GSAW_NONE)
            is_exported = is_public && (self->out->symbols.items[symbol->parent].flags &
                                        GSAW_SYMBOL_EXPORTED) != 0;
        else if (self->has_all)
            is_exported = gsaw__walk_name_find(self, ALL_NAMES, symbol->name) != NULL;
        else
            is_exported = is_public;
        if (is_exported && (symbol->flags & GSAW_SYMBOL_LOCAL) == 0)
            symbol->flags |= GSAW_SYMBOL_EXPORTED;
    }
}
