/* typescript_members.c - members of classes, interfaces and enums; what they extend.
 * Keeps:   a member is a child of the body of the class or interface that opened the innermost
 *          scope: methods of object literals and of object types are none.
 * Threads: a walk belongs to its worker.
 * Next:    typescript.h */
#include "lang/typescript.h"

/* An owner in the walk's names beyond all symbols: symbols that are private members. */
#define PRIVATE_SYMBOLS (GSAW_NONE - 2)

bool gsaw__ts_is_private(gsaw__walk *self, uint32_t symbol)
{
    return gsaw__walk_name_find(self, PRIVATE_SYMBOLS, symbol) != NULL;
}

static void add_base(gsaw__walk *self, gsaw__facts_symbol *symbol, gsaw__span span)
{
    if (symbol->base_count == UINT16_MAX)
        return;
    if (symbol->base_count == 0)
        symbol->bases = (uint32_t)self->out->lists.count;
    gsaw__facts_builder_list(self->out, gsaw__walk_collapsed(self, span, '/'));
    symbol->base_count++;
}

static bool is_part(const gsaw__child *child)
{
    return ts_node_is_named(child->node) && child->kind != TS_COMMENT;
}

/* extends has one value, with its type arguments to the end of the clause; implements is a list. */
static void clause_bases(gsaw__walk *self, const gsaw__child *clause, gsaw__facts_symbol *symbol)
{
    gsaw__child base;
    for (bool more = gsaw__walk_first(self, 2, clause->node, &base); more;
         more = gsaw__walk_next(self, 2, &base)) {
        gsaw__span span = gsaw__walk_span(base.node);
        if (!is_part(&base))
            continue;
        if (clause->kind == TS_EXTENDS_CLAUSE)
            span.end = ts_node_end_byte(clause->node);
        add_base(self, symbol, span);
        if (clause->kind == TS_EXTENDS_CLAUSE)
            return;
    }
}

/* TypeScript's class_heritage holds clauses, JavaScript's the value itself; an interface's clause
 * is a list of types. */
void gsaw__ts_bases(gsaw__walk *self, TSNode heritage, gsaw__facts_symbol *symbol)
{
    gsaw__child child;
    for (bool more = gsaw__walk_first(self, 1, heritage, &child); more;
         more = gsaw__walk_next(self, 1, &child)) {
        if (child.kind == TS_EXTENDS_CLAUSE || child.kind == TS_IMPLEMENTS_CLAUSE)
            clause_bases(self, &child, symbol);
        else if (is_part(&child))
            add_base(self, symbol, gsaw__walk_span(child.node));
    }
}

bool gsaw__ts_interface(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    bool is_export = gsaw__ts_is_wrapped(self, node) && self->wrapper.is_export;
    gsaw__span whole = gsaw__ts_whole(self, node);
    gsaw__ts_parts parts = gsaw__ts_parts_of(self, node);
    if (parts.name.field == 0)
        return true;
    gsaw__facts_symbol symbol =
        gsaw__ts_symbol(self, GSAW_SYMBOL_INTERFACE, whole, gsaw__walk_span(parts.name.node));
    if (is_export || gsaw__walk_scope(self)->ambient)
        symbol.flags |= GSAW_SYMBOL_EXPORTED;
    if (parts.heritage.kind != 0)
        gsaw__ts_bases(self, parts.heritage.node, &symbol);
    gsaw__walk_open(self, GSAW_SCOPE_INTERFACE, gsaw__ts_add(self, &symbol));
    return true;
}

/* The name of a member: a string without its quotes, a computed one with its brackets. */
static gsaw__span member_name(const gsaw__walk *self, const gsaw__child *name)
{
    return name->kind == TS_STRING ? gsaw__ts_unquoted(self, name->node)
                                   : gsaw__walk_span(name->node);
}

static uint32_t add_member(gsaw__walk *self, gsaw__facts_symbol *symbol, bool is_private)
{
    uint32_t index = gsaw__ts_add(self, symbol);
    if (index != GSAW_NONE && is_private)
        gsaw__walk_name(self, PRIVATE_SYMBOLS, index, 0, NULL);
    return index;
}

/* constructor(private x: number): a parameter with a modifier is a property of the class too. */
static void parameter_properties(gsaw__walk *self, TSNode parameters)
{
    gsaw__child parameter, part;
    for (bool more = gsaw__walk_first(self, 0, parameters, &parameter); more;
         more = gsaw__walk_next(self, 0, &parameter)) {
        if (parameter.kind != TS_REQUIRED_PARAMETER && parameter.kind != TS_OPTIONAL_PARAMETER)
            continue;
        bool is_property = false, is_private = false;
        for (bool inner = gsaw__walk_first(self, 1, parameter.node, &part); inner;
             inner = gsaw__walk_next(self, 1, &part)) {
            gsaw__span span = gsaw__walk_span(part.node);
            bool is_modifier = part.kind == TS_ACCESSIBILITY_MODIFIER;
            is_property = is_property || is_modifier || part.kind == TS_TOKEN_READONLY;
            is_private = is_private || (is_modifier && gsaw__walk_equals(self, span, "private"));
            if (is_property && part.kind == TS_IDENTIFIER && part.field == TSF_PATTERN) {
                gsaw__facts_symbol symbol = gsaw__ts_symbol(self, GSAW_SYMBOL_PROPERTY,
                                                            gsaw__walk_span(parameter.node), span);
                add_member(self, &symbol, is_private);
            }
        }
    }
}

static gsaw_symbol_kind member_kind(const gsaw__walk *self, const gsaw__ts_parts *parts,
                                    uint8_t kind, gsaw__span name)
{
    bool is_field = kind == TS_PUBLIC_FIELD_DEFINITION || kind == TS_FIELD_DEFINITION ||
                    kind == TS_PROPERTY_SIGNATURE;
    bool is_class = gsaw__walk_scope(self)->kind == GSAW_SCOPE_CLASS;
    if (is_field || parts->is_accessor)
        return GSAW_SYMBOL_PROPERTY;
    return is_class && !parts->is_static && gsaw__walk_equals(self, name, "constructor")
               ? GSAW_SYMBOL_CONSTRUCTOR
               : GSAW_SYMBOL_METHOD;
}

bool gsaw__ts_member(gsaw__walk *self, TSNode node, uint8_t kind)
{
    const gsaw__scope *scope = gsaw__walk_scope(self);
    bool is_method = kind == TS_METHOD_DEFINITION;
    bool is_member = (scope->kind == GSAW_SCOPE_CLASS || scope->kind == GSAW_SCOPE_INTERFACE) &&
                     scope->depth + 2 == self->depth;
    gsaw__ts_parts parts = {0};
    if (is_member)
        parts = gsaw__ts_parts_of(self, node);
    if (parts.name.field == 0) {
        if (!gsaw__walk_is_of_interest(self, node))
            return false;
        if (is_method)
            gsaw__walk_open(self, GSAW_SCOPE_FUNCTION, scope->symbol);
        return true;
    }
    gsaw__span name = member_name(self, &parts.name);
    gsaw__facts_symbol symbol =
        gsaw__ts_symbol(self, member_kind(self, &parts, kind, name), gsaw__walk_span(node), name);
    if (parts.name.kind == TS_COMPUTED_PROPERTY_NAME)
        symbol.name = gsaw__walk_collapsed(self, name, '/');
    gsaw__walk_take_decorators(self, &symbol, '/');
    gsaw__ts_describe(self, &symbol, node, &parts);
    uint32_t index = add_member(self, &symbol, parts.is_private);
    if (symbol.kind == GSAW_SYMBOL_CONSTRUCTOR && parts.parameters.field != 0)
        parameter_properties(self, parts.parameters.node);
    if (is_method)
        gsaw__walk_open(self, GSAW_SCOPE_FUNCTION, index);
    gsaw__child value = parts.value;
    if (value.field != 0)
        value = gsaw__ts_unwrap(self, value);
    if (value.field != 0 && gsaw__ts_value_kind(&value) != GSAW_SYMBOL_KIND_COUNT) {
        self->named_value = gsaw__walk_span(value.node);
        self->named_symbol = index;
        self->named_is_entered = true;
    }
    return gsaw__walk_is_of_interest(self, node);
}

static void enum_members(gsaw__walk *self, TSNode body, uint32_t parent)
{
    gsaw__child child, name;
    for (bool more = gsaw__walk_first(self, 0, body, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        if (child.kind == TS_COMMENT)
            self->comment = gsaw__walk_span(child.node);
        name = child;
        bool is_named = child.field == TSF_NAME ||
                        (child.kind == TS_ENUM_ASSIGNMENT &&
                         gsaw__walk_child_of_field(self, 1, child.node, TSF_NAME, &name));
        if (!is_named)
            continue;
        gsaw__facts_symbol symbol = gsaw__ts_symbol(
            self, GSAW_SYMBOL_ENUM_MEMBER, gsaw__walk_span(child.node), member_name(self, &name));
        symbol.parent = parent;
        gsaw__ts_add(self, &symbol);
    }
}

bool gsaw__ts_enum(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    bool is_export = gsaw__ts_is_wrapped(self, node) && self->wrapper.is_export;
    gsaw__span whole = gsaw__ts_whole(self, node);
    gsaw__ts_parts parts = gsaw__ts_parts_of(self, node);
    if (parts.name.field == 0)
        return false;
    gsaw__facts_symbol symbol =
        gsaw__ts_symbol(self, GSAW_SYMBOL_ENUM, whole, gsaw__walk_span(parts.name.node));
    if (is_export || gsaw__walk_scope(self)->ambient)
        symbol.flags |= GSAW_SYMBOL_EXPORTED;
    uint32_t index = gsaw__ts_add(self, &symbol);
    if (index != GSAW_NONE && parts.body.kind == TS_ENUM_BODY)
        enum_members(self, parts.body.node, index);
    return false;
}
