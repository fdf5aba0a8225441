/* python.c - Python: classes, functions and methods out of a tree-sitter tree; the table of
 * handlers.
 * Keeps:   statements in module and class scope are all entered; functions and expressions only
 *          where a definition, an import or a named expression may stand in them.
 * Threads: a walk belongs to its worker.
 * Next:    python.h, python_names.c, python_import.c
 * Rules:   docs.python.org/3/reference (compound statements, naming and binding); enum's
 *          documentation. */
#include "lang/python.h"

#include <string.h>

#include "lang/python_nesting.h"

const TSLanguage *tree_sitter_python(void);

/* import_module and __import__ hold `import`. */
static const gsaw__interest_word interest_words[] = {
    {"def", 3, 2}, {"class", 5, 1}, {"import", 6, 2}, {":=", 2, 1}, {NULL, 0, 0}};
static const gsaw__interest interest = {.words = interest_words,
                                        .first = {['f'] = 1, ['l'] = 2, ['p'] = 3, ['='] = 4}};

/* The docstring: the first statement of the body, if it is a plain string literal. Probes 1 and 2.
 */
static gsaw__span docstring(gsaw__walk *self, TSNode body)
{
    static const char no_doc[] = {'b', 'B', 'f', 'F', 't', 'T'};
    gsaw__child child;
    bool more = gsaw__walk_first(self, 1, body, &child);
    while (more && child.kind == PY_COMMENT)
        more = gsaw__walk_next(self, 1, &child);
    if (!more || child.kind != PY_EXPRESSION_STATEMENT ||
        !gsaw__walk_first(self, 1, child.node, &child))
        return (gsaw__span){0, 0};
    gsaw__child part = child;
    if (child.kind == PY_CONCATENATED_STRING && !gsaw__walk_first(self, 1, child.node, &part))
        return (gsaw__span){0, 0};
    gsaw__span content, whole = gsaw__walk_span(child.node);
    bool is_doc = part.kind == PY_STRING && gsaw__python_literal(self, part.node, &content);
    for (uint32_t at = whole.start; is_doc && at < content.start; at++)
        is_doc = memchr(no_doc, self->bytes[at], sizeof no_doc) ==
                 NULL; /* r and u prefixes are allowed */
    return is_doc ? whole : (gsaw__span){0, 0};
}

/* The last dotted part of a decorator or base: `functools.cached_property` -> cached_property. */
static gsaw__span last_part(const gsaw__walk *self, gsaw__span span, bool *is_dotted)
{
    uint32_t end = span.end;
    *is_dotted = false;
    for (uint32_t at = span.start; at < end; at++) {
        if (self->bytes[at] != '.')
            continue;
        *is_dotted = true;
        span.start = at + 1;
    }
    return span;
}

static bool decorates_property(const gsaw__walk *self)
{
    static const char *const plain[] = {"property", "cached_property", "abstractproperty"};
    static const char *const dotted[] = {"setter", "getter", "deleter"};
    for (size_t i = 0; i < self->decorators.count; i++) {
        gsaw__span span = self->decorators.items[i];
        span.start++;
        bool is_dotted;
        gsaw__span name = last_part(self, span, &is_dotted);
        for (size_t j = 0; j < 3; j++)
            if (gsaw__walk_equals(self, name, plain[j]) ||
                (is_dotted && gsaw__walk_equals(self, name, dotted[j])))
                return true;
    }
    return false;
}

/* What of a definition's children matters. */
typedef struct definition_parts {
    gsaw__child name, parameters, result, bases, body; /* kind 0: absent */
} definition_parts;

static definition_parts parts_of(gsaw__walk *self, TSNode node)
{
    definition_parts found = {0};
    gsaw__child child;
    for (bool more = gsaw__walk_first(self, 0, node, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        gsaw__child *place = child.field == PYF_NAME           ? &found.name
                             : child.field == PYF_PARAMETERS   ? &found.parameters
                             : child.field == PYF_RETURN_TYPE  ? &found.result
                             : child.field == PYF_SUPERCLASSES ? &found.bases
                             : child.field == PYF_BODY         ? &found.body
                                                               : NULL;
        if (place != NULL && place->kind == 0)
            *place = child;
    }
    return found;
}

/* A symbol for the definition under the cursor, all but kind and lists filled in. */
static gsaw__facts_symbol definition(gsaw__walk *self, TSNode node, const definition_parts *parts)
{
    const gsaw__scope *scope = gsaw__walk_scope(self);
    gsaw__span whole = gsaw__walk_span(node), name = gsaw__walk_span(parts->name.node);
    gsaw__facts_symbol symbol = {.name = gsaw__walk_string(self, name),
                                 .signature = GSAW_NONE,
                                 .parent = scope->symbol,
                                 .start = whole.start,
                                 .end = whole.end,
                                 .name_start = name.start,
                                 .name_end = name.end,
                                 .flags = scope->local ? GSAW_SYMBOL_LOCAL : 0};
    if (parts->body.kind != 0) {
        gsaw__span doc = docstring(self, parts->body.node);
        symbol.doc_start = doc.start;
        symbol.doc_end = doc.end;
    }
    return symbol;
}

static uint32_t add(gsaw__walk *self, const gsaw__facts_symbol *symbol)
{
    uint32_t index = gsaw__facts_builder_symbol(self->out, symbol);
    if (index != GSAW_NONE)
        gsaw__walk_name(self, symbol->parent, symbol->name, index, NULL);
    return index;
}

static bool on_function(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    definition_parts parts = parts_of(self, node);
    if (parts.name.kind == 0)
        return true;
    gsaw__facts_symbol symbol = definition(self, node, &parts);
    uint8_t around = gsaw__walk_scope(self)->kind;
    bool is_member = around == GSAW_SCOPE_CLASS || around == GSAW_SCOPE_ENUM;
    bool is_decorated = gsaw__walk_is_decorated(self, symbol.start, '#');
    gsaw__span name = {symbol.name_start, symbol.name_end};
    symbol.kind = !is_member                                  ? GSAW_SYMBOL_FUNCTION
                  : gsaw__walk_equals(self, name, "__init__") ? GSAW_SYMBOL_CONSTRUCTOR
                  : is_decorated && decorates_property(self)  ? GSAW_SYMBOL_PROPERTY
                                                              : GSAW_SYMBOL_METHOD;
    gsaw__walk_take_decorators(self, &symbol, '#');
    if (parts.parameters.kind != 0) {
        gsaw__span signature = gsaw__walk_span(parts.parameters.node);
        if (parts.result.kind != 0)
            signature.end = ts_node_end_byte(parts.result.node);
        symbol.signature = gsaw__walk_collapsed(self, signature, '#');
    }
    gsaw__walk_open(self, GSAW_SCOPE_FUNCTION, add(self, &symbol));
    return gsaw__walk_holds_interest(self, symbol.name_end, symbol.end);
}

/* Push the bases of a class; true when one of them makes it an enum. */
static bool take_bases(gsaw__walk *self, TSNode list, gsaw__facts_symbol *symbol)
{
    static const char *const enums[] = {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"};
    bool is_enum = false;
    gsaw__child child;
    symbol->bases = (uint32_t)self->out->lists.count;
    for (bool more = gsaw__walk_first(self, 0, list, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        if (!ts_node_is_named(child.node) || child.kind == PY_COMMENT ||
            symbol->base_count == UINT16_MAX)
            continue;
        bool is_dotted;
        gsaw__span span = gsaw__walk_span(child.node), name = last_part(self, span, &is_dotted);
        for (size_t i = 0; i < sizeof enums / sizeof *enums; i++)
            is_enum = is_enum || gsaw__walk_equals(self, name, enums[i]);
        gsaw__facts_builder_list(self->out, gsaw__walk_collapsed(self, span, '#'));
        symbol->base_count++;
    }
    if (symbol->base_count == 0)
        symbol->bases = 0;
    return is_enum;
}

static bool on_class(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    definition_parts parts = parts_of(self, node);
    if (parts.name.kind == 0)
        return true;
    gsaw__facts_symbol symbol = definition(self, node, &parts);
    gsaw__walk_take_decorators(self, &symbol, '#');
    bool is_enum = parts.bases.kind != 0 && take_bases(self, parts.bases.node, &symbol);
    symbol.kind = is_enum ? GSAW_SYMBOL_ENUM : GSAW_SYMBOL_CLASS;
    gsaw__walk_open(self, is_enum ? GSAW_SCOPE_ENUM : GSAW_SCOPE_CLASS, add(self, &symbol));
    return true;
}

static bool on_decorated(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    gsaw__child child;
    self->decorators.count = 0;
    self->decorated_depth = self->depth + 1;
    for (bool more = gsaw__walk_first(self, 0, node, &child); more;
         more = gsaw__walk_next(self, 0, &child))
        if (child.kind == PY_DECORATOR &&
            !gsaw__array_push(&self->decorators, self->allocator, gsaw__walk_span(child.node)))
            self->out->failed = true;
    return true;
}

static bool on_lambda(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    if (!gsaw__walk_is_of_interest(self, node))
        return false;
    gsaw__walk_open(self, GSAW_SCOPE_FUNCTION, gsaw__walk_scope(self)->symbol);
    return true;
}

/* What only holds statements. */
static bool on_statements(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    return gsaw__python_binds_here(self) || gsaw__walk_is_of_interest(self, node);
}

static bool on_simple_statement(gsaw__walk *self, TSNode node, uint8_t kind)
{
    gsaw__walk_enter_statement(self, node);
    return on_statements(self, node, kind);
}

static bool on_call(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    gsaw__child child, function = {0}, arguments = {0};
    for (bool more = gsaw__walk_first(self, 0, node, &child); more;
         more = gsaw__walk_next(self, 0, &child)) {
        if (child.field == PYF_FUNCTION)
            function = child;
        else if (child.field == PYF_ARGUMENTS)
            arguments = child;
    }
    if (function.kind != 0 && arguments.kind == PY_ARGUMENT_LIST) {
        gsaw__python_import_call(self, node, function.node, arguments.node);
        gsaw__python_all_call(self, function.node, arguments.node);
    }
    return gsaw__walk_is_of_interest(self, node);
}

static bool on_other(gsaw__walk *self, TSNode node, uint8_t kind)
{
    (void)kind;
    return gsaw__walk_is_of_interest(self, node);
}

static gsaw__walk_visit *const handlers[PY_COUNT] = {
    [PY_ERROR] = on_statements,
    [PY_MODULE] = on_statements,
    [PY_BLOCK] = on_statements,
    [PY_DECORATED_DEFINITION] = on_decorated,
    [PY_FUNCTION_DEFINITION] = on_function,
    [PY_CLASS_DEFINITION] = on_class,
    [PY_LAMBDA] = on_lambda,
    [PY_EXPRESSION_STATEMENT] = on_simple_statement,
    [PY_ASSIGNMENT] = gsaw__python_assignment,
    [PY_AUGMENTED_ASSIGNMENT] = gsaw__python_augmented,
    [PY_NAMED_EXPRESSION] = gsaw__python_named,
    [PY_CALL] = on_call,
    [PY_IF_STATEMENT] = gsaw__python_if,
    [PY_ELIF_CLAUSE] = on_statements,
    [PY_ELSE_CLAUSE] = on_statements,
    [PY_FOR_STATEMENT] = gsaw__python_for,
    [PY_WHILE_STATEMENT] = on_statements,
    [PY_TRY_STATEMENT] = on_statements,
    [PY_EXCEPT_CLAUSE] = on_statements,
    [PY_FINALLY_CLAUSE] = on_statements,
    [PY_WITH_STATEMENT] = on_statements,
    [PY_WITH_CLAUSE] = on_statements,
    [PY_WITH_ITEM] = gsaw__python_with_item,
    [PY_MATCH_STATEMENT] = on_statements,
    [PY_CASE_CLAUSE] = gsaw__python_case,
    [PY_TYPE_ALIAS_STATEMENT] = gsaw__python_type_alias,
    [PY_IMPORT_STATEMENT] = gsaw__python_import,
    [PY_IMPORT_FROM_STATEMENT] = gsaw__python_import_from,
    [PY_FUTURE_IMPORT_STATEMENT] = gsaw__python_import_from,
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
    gsaw__python_mark_exported(walk);
}

static const gsaw__grammar_word words[] = {
#define WORD(name, text) {text, PY_##name, true},
    PYTHON_NODE_TABLE(WORD)
#undef WORD
};

static const char *const fields[] = {
#define FIELD(name, text) text,
    PYTHON_FIELD_TABLE(FIELD)
#undef FIELD
};

const gsaw__grammar gsaw__grammar_python = {.index = GSAW_GRAMMAR_PYTHON,
                                            .language = tree_sitter_python,
                                            .words = words,
                                            .word_count = sizeof words / sizeof *words,
                                            .fields = fields,
                                            .field_count = sizeof fields / sizeof *fields,
                                            .extract = extract,
                                            .prepare = gsaw__python_flatten};
