/* typescript.c - JavaScript, JSX, TypeScript and TSX: functions, classes, namespaces, types; the
 * handlers.
 * Keeps:   statements of modules and namespaces are all entered; functions and expressions only
 *          where a declaration or an import may stand in them.
 * Threads: a walk belongs to its worker.
 * Next:    typescript.h, typescript_members.c, typescript_names.c, typescript_import.c
 * Rules:   ECMA-262 (scopes, exports), the TypeScript handbook (declarations, ambient modules). */
#include "lang/typescript.h"

#include <string.h>

const TSLanguage *tree_sitter_typescript(void);
const TSLanguage *tree_sitter_tsx(void);
const TSLanguage *tree_sitter_javascript(void);

static const gsaw__interest_word interest_words[] = {
    {"function", 8, 0},  {"interface", 9, 5}, {"=>", 2, 1},    {"import", 6, 2},
    {"namespace", 9, 6}, {"require", 7, 2},   {"type ", 5, 1}, {"class", 5, 1},
    {"enum", 4, 2},      {"module ", 7, 2},   {NULL, 0, 0}};
static const gsaw__interest interest = {
    .words = interest_words,
    .first = {
        ['f'] = 1, ['>'] = 3, ['p'] = 4, ['q'] = 6, ['y'] = 7, ['l'] = 8, ['u'] = 9, ['d'] = 10}};

static bool on_other(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    return gsaw__walk_is_of_interest(self, node);
}

static bool on_statements(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    return !gsaw__walk_scope(self)->local || gsaw__walk_is_of_interest(self, node);
}

/* Members are symbols wherever their class or interface stands. */
static bool on_members(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)self;
    (void)node;
    (void)kind;
    return true;
}

static bool on_simple_statement(gsaw__walk *self, TSNode node, uint8_t kind)
{
    gsaw__walk_enter_statement(self, node);
    return on_statements(self, node, kind);
}

/* A block that let and const cannot be seen outside of; the body of a namespace is none. */
static bool on_block(gsaw__walk *self, TSNode node, uint8_t kind)
{
    const gsaw__scope *scope = gsaw__walk_scope(self);
    if (scope->kind != GSAW_SCOPE_NAMESPACE || scope->depth + 1 != self->depth)
        gsaw__walk_open(self, GSAW_SCOPE_BLOCK, scope->symbol);
    return on_statements(self, node, kind);
}

static bool on_comment(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    self->comment = gsaw__walk_span(node);
    return false;
}

static void wait_decorator(gsaw__walk *self, TSNode node)
{
    if (!gsaw__walk_is_decorated(self, ts_node_start_byte(node), '/'))
        self->decorators.count = 0;
    self->decorated_depth = self->depth;
    if (!gsaw__array_push(&self->decorators, self->allocator, gsaw__walk_span(node)))
        self->out->failed = true;
}

/* Among class members: it waits for the next of them. */
static bool on_decorator(gsaw__walk *self, TSNode node, uint8_t kind)
{
    const gsaw__scope *scope = gsaw__walk_scope(self);
    if (scope->kind == GSAW_SCOPE_CLASS && scope->depth + 2 == self->depth)
        wait_decorator(self, node);
    return on_other(self, node, kind);
}

bool gsaw__ts_is_wrapped(const gsaw__walk *self, TSNode node)
{
    gsaw__span span = self->wrapper.span;
    return self->wrapper.depth != GSAW_NONE && self->wrapper.depth + 1 == self->depth &&
           span.start <= ts_node_start_byte(node) && ts_node_end_byte(node) <= span.end;
}

gsaw__span gsaw__ts_whole(const gsaw__walk *self, TSNode node)
{
    return gsaw__ts_is_wrapped(self, node) ? self->wrapper.span : gsaw__walk_span(node);
}

gsaw__ts_parts gsaw__ts_parts_of(gsaw__walk *self, TSNode node)
{
    gsaw__ts_parts found = {0};
    gsaw__child child;
    for (bool more = gsaw__walk_first(self, 0, node, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        bool is_name = child.field == TSF_NAME || child.field == TSF_PROPERTY;
        bool is_parameters = child.field == TSF_PARAMETERS || child.field == TSF_PARAMETER;
        gsaw__child *place = is_name                                ? &found.name
                             : is_parameters                        ? &found.parameters
                             : child.field == TSF_TYPE_PARAMETERS   ? &found.type_parameters
                             : child.field == TSF_RETURN_TYPE       ? &found.result
                             : child.field == TSF_VALUE             ? &found.value
                             : child.field == TSF_BODY              ? &found.body
                             : child.kind == TS_CLASS_HERITAGE      ? &found.heritage
                             : child.kind == TS_EXTENDS_TYPE_CLAUSE ? &found.heritage
                                                                    : NULL;
        if (place != NULL && place->kind == 0 && place->field == 0)
            *place = child;
        else if (child.kind == TS_DECORATOR)
            wait_decorator(self, child.node);
        found.is_accessor =
            found.is_accessor || child.kind == TS_TOKEN_GET || child.kind == TS_TOKEN_SET;
        found.is_static = found.is_static || child.kind == TS_TOKEN_STATIC;
        found.is_private = found.is_private ||
                           (is_name && child.kind == TS_PRIVATE_PROPERTY_IDENTIFIER) ||
                           (child.kind == TS_ACCESSIBILITY_MODIFIER &&
                            gsaw__walk_equals(self, gsaw__walk_span(child.node), "private"));
    }
    return found;
}

gsaw__facts_symbol gsaw__ts_symbol(gsaw__walk *self, gsaw_symbol_kind kind, gsaw__span whole,
                                   gsaw__span name)
{
    const gsaw__scope *scope = gsaw__walk_scope(self);
    return (gsaw__facts_symbol){.name = gsaw__walk_string(self, name),
                                .signature = GSAW_NONE,
                                .parent = scope->symbol,
                                .start = whole.start,
                                .end = whole.end,
                                .name_start = name.start,
                                .name_end = name.end,
                                .kind = (uint8_t)kind,
                                .flags = scope->local ? GSAW_SYMBOL_LOCAL : 0};
}

void gsaw__ts_describe(gsaw__walk *self, gsaw__facts_symbol *symbol, TSNode value,
                       const gsaw__ts_parts *parts)
{
    if (parts->heritage.kind != 0)
        gsaw__ts_bases(self, parts->heritage.node, symbol);
    if (parts->parameters.field == 0)
        return;
    bool is_generic = parts->type_parameters.field != 0;
    gsaw__span signature =
        gsaw__walk_span(is_generic ? parts->type_parameters.node : parts->parameters.node);
    signature.end =
        ts_node_end_byte(parts->result.field != 0 ? parts->result.node : parts->parameters.node);
    if (signature.start <= signature.end && signature.end <= ts_node_end_byte(value))
        symbol->signature = gsaw__walk_collapsed(self, signature, '/');
}

/* A JSDoc comment with nothing but white space between it and `start`. */
static gsaw__span doc_before(const gsaw__walk *self, uint32_t start)
{
    gsaw__span span = self->comment;
    const char *text = self->bytes + span.start;
    bool is_doc = span.end - span.start > 4 && span.end <= start && memcmp(text, "/**", 3) == 0;
    for (uint32_t at = span.end; is_doc && at < start; at++)
        is_doc = (unsigned char)self->bytes[at] <= ' ';
    return is_doc ? span : (gsaw__span){0, 0};
}

void gsaw__ts_take_doc(gsaw__walk *self, gsaw__facts_symbol *symbol, uint32_t start)
{
    gsaw__span doc = doc_before(self, start);
    symbol->doc_start = doc.start;
    symbol->doc_end = doc.end;
}

uint32_t gsaw__ts_add(gsaw__walk *self, gsaw__facts_symbol *symbol)
{
    if (symbol->doc_start == symbol->doc_end)
        gsaw__ts_take_doc(self, symbol, symbol->start);
    uint32_t index = gsaw__facts_builder_symbol(self->out, symbol);
    if (index != GSAW_NONE)
        gsaw__walk_name(self, symbol->parent, symbol->name, index, NULL);
    return index;
}

gsaw__child gsaw__ts_unwrap(gsaw__walk *self, gsaw__child value)
{
    for (;;) {
        gsaw__child inner = value;
        bool found = false;
        if (value.kind == TS_ASSIGNMENT_EXPRESSION) {
            found = gsaw__walk_child_of_field(self, 1, value.node, TSF_RIGHT, &inner);
        } else if (value.kind == TS_PARENTHESIZED_EXPRESSION || value.kind == TS_AS_EXPRESSION ||
                   value.kind == TS_SATISFIES_EXPRESSION || value.kind == TS_NON_NULL_EXPRESSION) {
            found = gsaw__walk_first(self, 1, value.node, &inner);
            while (found && (!ts_node_is_named(inner.node) || inner.kind == TS_COMMENT))
                found = gsaw__walk_next(self, 1, &inner);
        }
        if (!found)
            return value;
        inner.field = value.field;
        value = inner;
    }
}

gsaw_symbol_kind gsaw__ts_value_kind(const gsaw__child *value)
{
    if (value->kind == TS_CLASS)
        return GSAW_SYMBOL_CLASS;
    bool is_function = value->kind == TS_ARROW_FUNCTION || value->kind == TS_FUNCTION_EXPRESSION ||
                       value->kind == TS_GENERATOR_FUNCTION;
    return is_function ? GSAW_SYMBOL_FUNCTION : GSAW_SYMBOL_KIND_COUNT;
}

/* Is there more in a function expression than the word or arrow it is made of? The word stands
 * before the parameters, the arrow behind them. */
static bool is_entered(const gsaw__walk *self, TSNode value, const gsaw__ts_parts *parts)
{
    if (gsaw__walk_kind(self, value) == TS_CLASS || parts->parameters.field == 0 ||
        parts->body.field == 0)
        return true;
    uint32_t body = ts_node_start_byte(parts->body.node), end = ts_node_end_byte(value);
    uint32_t from = ts_node_start_byte(parts->parameters.node);
    uint32_t arrow = ts_node_end_byte(parts->parameters.node);
    return gsaw__walk_holds_interest(self, from, arrow) ||
           gsaw__walk_holds_interest(self, parts->result.field != 0 ? arrow : body, end);
}

void gsaw__ts_name_value(gsaw__walk *self, const gsaw__child *value, gsaw__facts_symbol *symbol)
{
    gsaw__ts_parts parts = gsaw__ts_parts_of(self, value->node);
    self->decorators.count = 0; /* of a class expression: not the symbol's range */
    gsaw__ts_describe(self, symbol, value->node, &parts);
    self->named_symbol = gsaw__ts_add(self, symbol);
    self->named_value = gsaw__walk_span(value->node);
    self->named_is_entered = is_entered(self, value->node, &parts);
}

/* The scope of a function or class expression: its symbol is what it was assigned to, itself by its
 * own name, or, without any, the one around. */
static bool open_expression(gsaw__walk *self, TSNode node, gsaw_symbol_kind kind)
{
    gsaw__span span = gsaw__walk_span(node);
    uint32_t symbol = gsaw__walk_scope(self)->symbol;
    uint8_t scope = kind == GSAW_SYMBOL_CLASS ? GSAW_SCOPE_CLASS : GSAW_SCOPE_FUNCTION;
    bool enters = true;
    if (self->named_symbol != GSAW_NONE && self->named_value.start == span.start &&
        self->named_value.end == span.end) {
        symbol = self->named_symbol;
        enters = self->named_is_entered;
        self->named_symbol = GSAW_NONE;
    } else if (gsaw__walk_kind(self, node) != TS_ARROW_FUNCTION) {
        gsaw__ts_parts parts = gsaw__ts_parts_of(self, node);
        self->decorators.count = 0;
        enters = is_entered(self, node, &parts);
        if (parts.name.field != 0) {
            gsaw__facts_symbol own =
                gsaw__ts_symbol(self, kind, span, gsaw__walk_span(parts.name.node));
            gsaw__ts_describe(self, &own, node, &parts);
            symbol = gsaw__ts_add(self, &own);
        }
    }
    gsaw__walk_open(self, scope, symbol);
    return enters;
}

static bool on_function_expression(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    return gsaw__walk_is_of_interest(self, node) && /* always, but for broken trees */
           open_expression(self, node, GSAW_SYMBOL_FUNCTION);
}

static bool on_class_expression(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    return open_expression(self, node, GSAW_SYMBOL_CLASS);
}

/* A declaration with a name of its own: its symbol and its scope. */
static bool declare(gsaw__walk *self, TSNode node, gsaw_symbol_kind kind, uint8_t scope)
{
    bool is_export = gsaw__ts_is_wrapped(self, node) && self->wrapper.is_export;
    gsaw__span whole = gsaw__ts_whole(self, node);
    gsaw__ts_parts parts = gsaw__ts_parts_of(self, node);
    if (parts.name.field == 0)
        return true;
    gsaw__facts_symbol symbol =
        gsaw__ts_symbol(self, kind, whole, gsaw__walk_span(parts.name.node));
    if (is_export || gsaw__walk_scope(self)->ambient)
        symbol.flags |= GSAW_SYMBOL_EXPORTED;
    gsaw__walk_take_decorators(self, &symbol, '/');
    gsaw__ts_describe(self, &symbol, node, &parts);
    gsaw__walk_open(self, scope, gsaw__ts_add(self, &symbol));
    return scope != GSAW_SCOPE_FUNCTION ||
           gsaw__walk_holds_interest(self, symbol.name_end, ts_node_end_byte(node));
}

static bool on_function(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    return declare(self, node, GSAW_SYMBOL_FUNCTION, GSAW_SCOPE_FUNCTION);
}

static bool on_class(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    return declare(self, node, GSAW_SYMBOL_CLASS, GSAW_SCOPE_CLASS);
}

static bool on_static_block(gsaw__walk *self, TSNode node, uint8_t kind)
{
    gsaw__walk_open(self, GSAW_SCOPE_FUNCTION, gsaw__walk_scope(self)->symbol);
    return on_other(self, node, kind);
}

/* namespace A.B {}, module "x" {}: one symbol named as written. */
static bool on_namespace(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    bool is_wrapped = gsaw__ts_is_wrapped(self, node), is_ambient = self->wrapper.is_ambient;
    bool is_export = is_wrapped && self->wrapper.is_export;
    gsaw__span whole = gsaw__ts_whole(self, node);
    gsaw__ts_parts parts = gsaw__ts_parts_of(self, node);
    if (parts.name.field == 0)
        return true;
    bool is_module = parts.name.kind == TS_STRING; /* visible to every file: declare module "x" */
    gsaw__span name =
        is_module ? gsaw__ts_unquoted(self, parts.name.node) : gsaw__walk_span(parts.name.node);
    gsaw__facts_symbol symbol = gsaw__ts_symbol(self, GSAW_SYMBOL_NAMESPACE, whole, name);
    if (is_export || is_module || gsaw__walk_scope(self)->ambient)
        symbol.flags |= GSAW_SYMBOL_EXPORTED;
    gsaw__walk_open(self, GSAW_SCOPE_NAMESPACE, gsaw__ts_add(self, &symbol));
    if (is_wrapped && is_ambient)
        self->scopes.items[self->scopes.count - 1].ambient = true;
    return true;
}

/* declare ...: the range of what is below; declare global {}: a namespace of that name. */
static bool on_ambient(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    gsaw__span whole = gsaw__ts_whole(self, node);
    bool is_export = gsaw__ts_is_wrapped(self, node) && self->wrapper.is_export;
    gsaw__child word;
    if (gsaw__walk_child_of_kind(self, 0, node, TS_TOKEN_GLOBAL, &word)) {
        gsaw__facts_symbol symbol =
            gsaw__ts_symbol(self, GSAW_SYMBOL_NAMESPACE, whole, gsaw__walk_span(word.node));
        symbol.flags |= GSAW_SYMBOL_EXPORTED; /* visible to every file */
        gsaw__walk_open(self, GSAW_SCOPE_NAMESPACE, gsaw__ts_add(self, &symbol));
        self->scopes.items[self->scopes.count - 1].ambient = true;
        return true;
    }
    self->wrapper = (gsaw__walk_wrapper){self->depth, whole, is_export, true};
    return true;
}

/* Types are seen through only for the imports in them. */
static bool on_type(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    gsaw__span span = gsaw__walk_span(node);
    if (!gsaw__walk_is_of_interest(self, node))
        return false;
    if (span.start >= self->type_only.end)
        self->type_only = span;
    return true;
}

static bool on_type_alias(gsaw__walk *self, TSNode node, uint8_t kind)
{
    bool is_export = gsaw__ts_is_wrapped(self, node) && self->wrapper.is_export;
    gsaw__span whole = gsaw__ts_whole(self, node);
    gsaw__child name;
    if (gsaw__walk_child_of_field(self, 0, node, TSF_NAME, &name)) {
        gsaw__facts_symbol symbol =
            gsaw__ts_symbol(self, GSAW_SYMBOL_TYPE_ALIAS, whole, gsaw__walk_span(name.node));
        if (is_export || gsaw__walk_scope(self)->ambient)
            symbol.flags |= GSAW_SYMBOL_EXPORTED;
        gsaw__ts_add(self, &symbol);
    }
    return on_type(self, node, kind);
}

/* `x as T`: what stands behind the value is a type. */
static bool on_assertion(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    if (!gsaw__walk_is_of_interest(self, node))
        return false;
    gsaw__child child;
    gsaw__span span = gsaw__walk_span(node);
    for (bool more = gsaw__walk_first(self, 0, node, &child); more;
         more = gsaw__walk_next(self, 0, &child))
        span.start = ts_node_start_byte(child.node);
    if (span.start >= self->type_only.end)
        self->type_only = span;
    return true;
}

static gsaw__walk_visit *const handlers[TS_COUNT] = {
    [TS_ERROR] = on_statements,
    [TS_PROGRAM] = on_statements,
    [TS_COMMENT] = on_comment,
    [TS_STATEMENT_BLOCK] = on_block,
    [TS_DECORATOR] = on_decorator,
    [TS_FUNCTION_DECLARATION] = on_function,
    [TS_GENERATOR_DECLARATION] = on_function,
    [TS_FUNCTION_SIGNATURE] = on_function,
    [TS_FUNCTION_EXPRESSION] = on_function_expression,
    [TS_GENERATOR_FUNCTION] = on_function_expression,
    [TS_ARROW_FUNCTION] = on_function_expression,
    [TS_CLASS_DECLARATION] = on_class,
    [TS_ABSTRACT_CLASS_DECLARATION] = on_class,
    [TS_CLASS] = on_class_expression,
    [TS_CLASS_BODY] = on_members,
    [TS_CLASS_STATIC_BLOCK] = on_static_block,
    [TS_METHOD_DEFINITION] = gsaw__ts_member,
    [TS_METHOD_SIGNATURE] = gsaw__ts_member,
    [TS_ABSTRACT_METHOD_SIGNATURE] = gsaw__ts_member,
    [TS_PUBLIC_FIELD_DEFINITION] = gsaw__ts_member,
    [TS_FIELD_DEFINITION] = gsaw__ts_member,
    [TS_PROPERTY_SIGNATURE] = gsaw__ts_member,
    [TS_INTERFACE_DECLARATION] = gsaw__ts_interface,
    [TS_INTERFACE_BODY] = on_members,
    [TS_TYPE_ALIAS_DECLARATION] = on_type_alias,
    [TS_ENUM_DECLARATION] = gsaw__ts_enum,
    [TS_INTERNAL_MODULE] = on_namespace,
    [TS_MODULE] = on_namespace,
    [TS_AMBIENT_DECLARATION] = on_ambient,
    [TS_LEXICAL_DECLARATION] = gsaw__ts_declaration,
    [TS_VARIABLE_DECLARATION] = gsaw__ts_declaration,
    [TS_VARIABLE_DECLARATOR] = gsaw__ts_declarator,
    [TS_AS_EXPRESSION] = on_assertion,
    [TS_SATISFIES_EXPRESSION] = on_assertion,
    [TS_SEQUENCE_EXPRESSION] = on_statements,
    [TS_ASSIGNMENT_EXPRESSION] = gsaw__ts_assignment,
    [TS_CALL_EXPRESSION] = gsaw__ts_call,
    [TS_EXPRESSION_STATEMENT] = on_simple_statement,
    [TS_RETURN_STATEMENT] = on_simple_statement,
    [TS_THROW_STATEMENT] = on_simple_statement,
    [TS_IF_STATEMENT] = on_statements,
    [TS_ELSE_CLAUSE] = on_statements,
    [TS_FOR_STATEMENT] = on_block,
    [TS_FOR_IN_STATEMENT] = gsaw__ts_for_in,
    [TS_WHILE_STATEMENT] = on_statements,
    [TS_DO_STATEMENT] = on_statements,
    [TS_TRY_STATEMENT] = on_statements,
    [TS_CATCH_CLAUSE] = on_statements,
    [TS_FINALLY_CLAUSE] = on_statements,
    [TS_SWITCH_STATEMENT] = on_statements,
    [TS_SWITCH_BODY] = on_block,
    [TS_SWITCH_CASE] = on_statements,
    [TS_SWITCH_DEFAULT] = on_statements,
    [TS_LABELED_STATEMENT] = on_statements,
    [TS_WITH_STATEMENT] = on_statements,
    [TS_IMPORT_STATEMENT] = gsaw__ts_import,
    [TS_EXPORT_STATEMENT] = gsaw__ts_export,
    [TS_TYPE_ANNOTATION] = on_type,
    [TS_TYPE_ARGUMENTS] = on_type,
    [TS_TYPE_PARAMETERS] = on_type,
    [TS_TYPE_QUERY] = on_type,
    [TS_OBJECT_TYPE] = on_type,
};

static bool visit(gsaw__walk *self, TSNode node, uint8_t kind)
{
    gsaw__walk_visit *handler = handlers[kind];
    return handler != NULL ? handler(self, node, kind) : on_other(self, node, kind);
}

static void extract(gsaw__walk *walk, TSNode root)
{
    (void)root;
    walk->words = &interest;
    gsaw__walk_tree(walk, visit);
    gsaw__ts_mark_exported(walk);
}

static const gsaw__grammar_word words[] = {
#define NODE(name, text) {text, TS_##name, true},
#define TOKEN(name, text) {text, TS_TOKEN_##name, false},
    TYPESCRIPT_NODE_TABLE(NODE) TYPESCRIPT_TOKEN_TABLE(TOKEN)
#undef NODE
#undef TOKEN
};

static const char *const fields[] = {
#define FIELD(name, text) text,
    TYPESCRIPT_FIELD_TABLE(FIELD)
#undef FIELD
};

#define GRAMMAR(number, function)                                                                  \
    {                                                                                              \
        .index = (number), .language = (function), .words = words,                                 \
        .word_count = sizeof words / sizeof *words, .fields = fields,                              \
        .field_count = sizeof fields / sizeof *fields, .extract = extract                          \
    }

const gsaw__grammar gsaw__grammar_typescript =
    GRAMMAR(GSAW_GRAMMAR_TYPESCRIPT, tree_sitter_typescript);
const gsaw__grammar gsaw__grammar_tsx = GRAMMAR(GSAW_GRAMMAR_TSX, tree_sitter_tsx);
const gsaw__grammar gsaw__grammar_javascript =
    GRAMMAR(GSAW_GRAMMAR_JAVASCRIPT, tree_sitter_javascript);
