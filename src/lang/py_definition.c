/* py_definition.c - functions, classes, decorators, parameters, type parameters and aliases.
 * Keeps:   defaults and annotations are read in the scope around, so parameters are bound when the
 *          head has been read.
 * Threads: a parser belongs to one worker.
 * Next:    py_scope.c, py_statement.c
 * Rules:   docs.python.org/3/reference/compound_stmts.html#function-definitions; PEP 695, 696. */
#include "lang/py_parser.h"

static void detail(gsaw__py_parser *self, uint32_t symbol, uint32_t kind, uint32_t start)
{
    uint32_t end = gsaw__py_before(self);
    if (end >= start)
        gsaw__py_push(self, details, (gsaw__py_detail){symbol << 4 | kind, start, end});
}

/* ---- parameters ---- */

/* [: annotation] [= default] behind a name that is pushed; whether there was a default. */
static bool parameter(gsaw__py_parser *self, bool is_star)
{
    gsaw__py_pending_parameter pending = {.name = self->lexer.name, .start = gsaw__py_here(self)};
    gsaw__py_next(self);
    bool has_default = false;
    uint32_t annotation = 0, annotation_end = 0;
    if (self->is_typed && self->lexer.kind == GSAW_TOKEN_COLON) {
        gsaw__py_next(self);
        uint32_t reading = self->reading;
        self->reading = GSAW_PY_TYPE;
        annotation = gsaw__py_here(self);
        if (is_star && self->lexer.kind == GSAW_TOKEN_STAR)
            gsaw__py_star_or_named(self);
        else
            gsaw__py_expression(self);
        self->reading = reading;
        annotation_end = gsaw__py_before(self);
    }
    if (self->lexer.kind == GSAW_TOKEN_EQUAL) {
        if (is_star)
            gsaw__py_syntax(self, "a starred parameter has no default");
        gsaw__py_next(self);
        uint32_t reading = self->reading, first = gsaw__py_count(self, refs);
        self->reading = GSAW_PY_READ;
        gsaw__py_expression(self);
        self->reading = reading;
        if (self->is_typed)
            gsaw__py_outside_types(self, first);
        has_default = true;
    }
    pending.end = gsaw__py_before(self);
    pending.annotation_start = annotation;
    pending.annotation_end = annotation_end;
    gsaw__py_push(self, parameters, pending);
    return has_default;
}

void gsaw__py_parameters(gsaw__py_parser *self, uint32_t close)
{
    bool has_default = false, has_star = false, has_slash = false, wants_name = false;
    uint32_t count = 0;
    while (self->lexer.kind != close) {
        uint32_t kind = self->lexer.kind;
        bool is_slash = kind == GSAW_TOKEN_OPERATOR && *self->lexer.token == '/' &&
                        self->lexer.at - self->lexer.token == 1;
        if (is_slash) {
            if (has_slash || has_star || count == 0)
                gsaw__py_syntax(self, "/ cannot stand here");
            has_slash = true;
            gsaw__py_next(self);
        } else if (kind == GSAW_TOKEN_STAR || kind == GSAW_TOKEN_POWER) {
            if ((has_star && kind == GSAW_TOKEN_STAR) || (wants_name && kind == GSAW_TOKEN_POWER))
                gsaw__py_syntax(self, "names must follow *");
            has_star = true;
            gsaw__py_next(self);
            wants_name = self->lexer.kind != GSAW_TOKEN_NAME;
            if (!wants_name)
                parameter(self, true);
            else if (kind == GSAW_TOKEN_POWER)
                gsaw__py_syntax(self, "expected a name");
        } else if (kind == GSAW_TOKEN_NAME) {
            bool is_given = parameter(self, false);
            if (has_default && !is_given && !has_star)
                gsaw__py_syntax(self, "a parameter without a default behind one with a default");
            has_default = has_default || is_given;
            wants_name = false;
            count++;
        } else {
            gsaw__py_syntax(self, "expected a parameter");
            return;
        }
        if (self->lexer.kind != GSAW_TOKEN_COMMA)
            break;
        gsaw__py_next(self);
        if (kind == GSAW_TOKEN_POWER)
            break;
    }
    if (wants_name)
        gsaw__py_syntax(self, "names must follow *");
}

void gsaw__py_bind_parameters(gsaw__py_parser *self, uint32_t mark, uint32_t flags)
{
    for (uint32_t i = mark; i < gsaw__py_count(self, parameters); i++) {
        gsaw__py_pending_parameter at = self->parameters.items[i];
        uint32_t symbol = gsaw__py_define(self, at.name, at.start, GSAW_SYMBOL_PARAMETER | flags);
        if (self->memory_is_out)
            return;
        self->symbols.items[symbol].end = at.end;
        if (at.annotation_end > at.annotation_start) {
            self->symbols.items[symbol].kind |= GSAW_PY_ANNOTATED;
            gsaw__py_push(self, details,
                          (gsaw__py_detail){symbol << 4 | GSAW_PY_ANNOTATION, at.annotation_start,
                                            at.annotation_end});
        }
    }
    self->parameters.count = mark;
}

/* ---- type parameters ---- */

static void type_parameter(gsaw__py_parser *self)
{
    bool is_star = self->lexer.kind == GSAW_TOKEN_STAR;
    if (is_star || self->lexer.kind == GSAW_TOKEN_POWER)
        gsaw__py_next(self);
    if (self->lexer.kind != GSAW_TOKEN_NAME) {
        gsaw__py_syntax(self, "expected a type parameter");
        return;
    }
    gsaw__py_define(self, self->lexer.name, gsaw__py_here(self), GSAW_SYMBOL_TYPE_PARAMETER);
    gsaw__py_next(self);
    if (self->lexer.kind == GSAW_TOKEN_COLON) {
        gsaw__py_next(self);
        gsaw__py_expression(self);
    }
    if (self->lexer.kind == GSAW_TOKEN_EQUAL) {
        gsaw__py_next(self);
        if (is_star && self->lexer.kind == GSAW_TOKEN_STAR)
            gsaw__py_star_or_named(self);
        else
            gsaw__py_expression(self);
    }
}

/* [T, *Ts, **P], in a scope of their own that is left open; false: there are none. */
static bool type_parameters(gsaw__py_parser *self)
{
    if (gsaw__py_likely(self->lexer.kind != GSAW_TOKEN_OPEN_SQUARE))
        return false;
    gsaw__py_scope_open(self, GSAW_PY_TYPES, GSAW_PY_NONE, gsaw__py_here(self));
    uint32_t reading = self->reading;
    self->reading = GSAW_PY_TYPE;
    do {
        gsaw__py_next(self);
        if (self->lexer.kind == GSAW_TOKEN_CLOSE_SQUARE)
            break;
        type_parameter(self);
    } while (self->lexer.kind == GSAW_TOKEN_COMMA);
    self->reading = reading;
    if (self->lexer.before[-1] == '[')
        gsaw__py_syntax(self, "expected a type parameter");
    gsaw__py_expect(self, GSAW_TOKEN_CLOSE_SQUARE, "expected ]");
    return true;
}

void gsaw__py_type_alias(gsaw__py_parser *self)
{
    uint32_t start = gsaw__py_here(self);
    gsaw__py_next(self);
    uint32_t name = self->lexer.name, at = gsaw__py_here(self);
    if (!gsaw__py_expect(self, GSAW_TOKEN_NAME, "expected a name"))
        return;
    uint32_t symbol = gsaw__py_define(self, name, at, GSAW_SYMBOL_TYPE_ALIAS);
    if (!type_parameters(self))
        gsaw__py_scope_open(self, GSAW_PY_TYPES, GSAW_PY_NONE, at);
    if (gsaw__py_expect(self, GSAW_TOKEN_EQUAL, "expected =")) {
        uint32_t reading = self->reading;
        self->reading = GSAW_PY_TYPE;
        gsaw__py_expression(self);
        self->reading = reading;
    }
    gsaw__py_scope_close(self);
    if (self->memory_is_out)
        return;
    self->symbols.items[symbol].start = start;
    self->symbols.items[symbol].end = gsaw__py_before(self);
}

/* ---- functions and classes ---- */

/* The name of a definition; GSAW_PY_NONE: there is none. */
static uint32_t defined_name(gsaw__py_parser *self)
{
    gsaw__py_next(self);
    if (self->lexer.kind == GSAW_TOKEN_NAME)
        return self->lexer.name;
    gsaw__py_syntax(self, "expected a name");
    return GSAW_PY_NONE;
}

/* Decorators that were read belong to `symbol`, which starts where they do. */
static void give_decorators(gsaw__py_parser *self, uint32_t symbol, uint32_t start)
{
    if (self->memory_is_out)
        return;
    gsaw__py_symbol *at = &self->symbols.items[symbol];
    at->start = start;
    if (gsaw__py_likely(self->decorators.count == 0))
        return;
    at->kind |= GSAW_PY_DECORATED;
    for (uint32_t i = 0; i < gsaw__py_count(self, decorators); i++) {
        gsaw__py_range range = self->decorators.items[i];
        gsaw__py_push(
            self, details,
            (gsaw__py_detail){symbol << 4 | GSAW_PY_DECORATOR_TEXT, range.start, range.end});
    }
    self->decorators.count = 0;
}

/* The symbol reaches to the end of its last statement. */
static void finish(gsaw__py_parser *self, uint32_t symbol)
{
    if (self->memory_is_out)
        return;
    gsaw__py_symbol *at = &self->symbols.items[symbol];
    if (self->line_end > at->end)
        at->end = self->line_end;
}

/* The first parameter of a method, which is bound now, holds the object (or the class). */
static void enter_method(gsaw__py_parser *self, uint32_t first, bool is_static)
{
    if (self->memory_is_out)
        return;
    uint32_t parent = self->scopes.items[self->scope].parent;
    if (self->scopes.items[parent].kind == GSAW_PY_TYPES)
        parent = self->scopes.items[parent].parent;
    if (self->scopes.items[parent].kind != GSAW_PY_CLASS)
        return;
    bool has_first = !is_static && first < gsaw__py_count(self, symbols);
    uint32_t name = has_first ? self->symbols.items[first].name : GSAW_PY_NONE;
    self->method = (gsaw__py_method){self->scope, parent, name};
}

static uint32_t function_kind(const gsaw__py_parser *self, uint32_t name)
{
    if (self->scopes.items[self->scope].kind != GSAW_PY_CLASS)
        return GSAW_SYMBOL_FUNCTION;
    if (self->is_property)
        return GSAW_SYMBOL_PROPERTY;
    return name == GSAW_PY_NAME_INIT ? GSAW_SYMBOL_CONSTRUCTOR : GSAW_SYMBOL_METHOD;
}

void gsaw__py_function(gsaw__py_parser *self, uint32_t start, bool is_async)
{
    uint32_t name = defined_name(self);
    uint32_t symbol = GSAW_PY_NONE, mark = gsaw__py_count(self, parameters);
    if (name != GSAW_PY_NONE) {
        uint32_t kind = function_kind(self, name) | (is_async ? (uint32_t)GSAW_PY_ASYNC : 0u);
        symbol = gsaw__py_define(self, name, gsaw__py_here(self), kind);
        give_decorators(self, symbol, start);
        gsaw__py_next(self);
    }
    bool is_static = self->is_static;
    self->is_property = self->is_static = false;
    self->decorators.count = 0;
    bool has_types = type_parameters(self);
    uint32_t signature = gsaw__py_here(self);
    if (gsaw__py_expect(self, GSAW_TOKEN_OPEN_ROUND, "expected (")) {
        self->is_typed = true;
        gsaw__py_parameters(self, GSAW_TOKEN_CLOSE_ROUND);
        self->is_typed = false;
        gsaw__py_expect(self, GSAW_TOKEN_CLOSE_ROUND, "expected )");
    }
    if (self->lexer.kind == GSAW_TOKEN_ARROW) {
        gsaw__py_next(self);
        uint32_t returns = gsaw__py_here(self);
        self->reading = GSAW_PY_TYPE;
        gsaw__py_expression(self);
        self->reading = GSAW_PY_READ;
        if (symbol != GSAW_PY_NONE)
            detail(self, symbol, GSAW_PY_RETURNS, returns);
    }
    if (symbol != GSAW_PY_NONE)
        detail(self, symbol, GSAW_PY_SIGNATURE, signature);
    uint32_t import_flags = self->import_flags;
    self->import_flags = 0;
    gsaw__py_scope_open(self, GSAW_PY_FUNCTION, symbol, start);
    uint32_t first = gsaw__py_count(self, symbols);
    gsaw__py_method method = self->method;
    gsaw__py_bind_parameters(self, mark, 0);
    enter_method(self, first, is_static);
    gsaw__py_block(self, symbol);
    gsaw__py_scope_close(self);
    self->method = method;
    self->import_flags = import_flags;
    if (has_types)
        gsaw__py_scope_close(self);
    if (symbol != GSAW_PY_NONE)
        finish(self, symbol);
}

void gsaw__py_class(gsaw__py_parser *self, uint32_t start)
{
    uint32_t name = defined_name(self), symbol = GSAW_PY_NONE;
    if (name != GSAW_PY_NONE) {
        symbol = gsaw__py_define(self, name, gsaw__py_here(self), GSAW_SYMBOL_CLASS);
        give_decorators(self, symbol, start);
        gsaw__py_next(self);
    }
    self->is_property = self->is_static = false;
    self->decorators.count = 0;
    bool has_types = type_parameters(self), is_enum = false;
    if (self->lexer.kind == GSAW_TOKEN_OPEN_ROUND) {
        self->bases.count = 0;
        self->is_enum = false;
        gsaw__py_arguments(self, GSAW_PY_NONE, true);
        for (uint32_t i = 0; symbol != GSAW_PY_NONE && i < gsaw__py_count(self, bases); i++) {
            gsaw__py_detail base = self->bases.items[i];
            base.symbol28_kind4 |= symbol << 4;
            gsaw__py_push(self, details, base);
        }
        is_enum = self->is_enum && symbol != GSAW_PY_NONE && !self->memory_is_out;
        if (is_enum)
            self->symbols.items[symbol].kind += GSAW_SYMBOL_ENUM - GSAW_SYMBOL_CLASS;
    }
    uint32_t enum_scope = self->enum_scope;
    gsaw__py_scope_open(self, GSAW_PY_CLASS, symbol, start);
    self->enum_scope = is_enum ? self->scope : GSAW_PY_NONE;
    gsaw__py_block(self, symbol);
    gsaw__py_scope_close(self);
    self->enum_scope = enum_scope;
    if (has_types)
        gsaw__py_scope_close(self);
    if (symbol != GSAW_PY_NONE)
        finish(self, symbol);
}

/* The expression just read, a decorator, may be property, x.setter and the like. */
static void decorate(gsaw__py_parser *self, uint32_t result)
{
    if (self->memory_is_out)
        return;
    uint32_t name = gsaw__py_ref_index(self->refs.items[self->last_ref]);
    if (result == GSAW_PY_IS_NAME)
        name = self->open_entries.items[name].name;
    else if (result != GSAW_PY_IS_ATTRIBUTE)
        return;
    bool is_accessor =
        name == GSAW_PY_NAME_SETTER || name == GSAW_PY_NAME_GETTER || name == GSAW_PY_NAME_DELETER;
    if (name == GSAW_PY_NAME_PROPERTY_NAME || name == GSAW_PY_NAME_CACHED_PROPERTY ||
        (result == GSAW_PY_IS_ATTRIBUTE && is_accessor))
        self->is_property = true;
    if (name == GSAW_PY_NAME_STATICMETHOD)
        self->is_static = true;
}

void gsaw__py_decorated(gsaw__py_parser *self)
{
    uint32_t start = gsaw__py_here(self);
    while (self->lexer.kind == GSAW_TOKEN_AT) {
        gsaw__py_next(self);
        uint32_t own = gsaw__py_here(self);
        uint32_t result = gsaw__py_named_expression(self);
        self->candidates.count = 0;
        decorate(self, result);
        if (result == GSAW_PY_IS_NAME && !self->memory_is_out)
            gsaw__py_set_role(self, self->last_ref, GSAW_PY_DECORATOR);
        gsaw__py_push(self, decorators, (gsaw__py_range){own, gsaw__py_before(self)});
        if (self->lexer.kind != GSAW_TOKEN_NEWLINE) {
            gsaw__py_syntax(self, "expected the end of the line");
            break;
        }
        gsaw__py_next(self);
        if (self->lexer.column != self->levels[self->level_count - 1].column) {
            gsaw__py_syntax(self, "expected a definition");
            break;
        }
    }
    bool is_async = self->lexer.kind == GSAW_TOKEN_ASYNC;
    if (is_async)
        gsaw__py_next(self);
    if (self->lexer.kind == GSAW_TOKEN_DEF)
        gsaw__py_function(self, start, is_async);
    else if (self->lexer.kind == GSAW_TOKEN_CLASS && !is_async)
        gsaw__py_class(self, start);
    else
        gsaw__py_syntax(self, "expected a definition");
    self->decorators.count = 0;
    self->is_property = self->is_static = false;
}
