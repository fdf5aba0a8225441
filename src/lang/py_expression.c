/* py_expression.c - expressions without precedence: operand, operator, operand in one flat loop.
 * Keeps:   recursion only in brackets and lambdas; a name is a reference as soon as it is met, and
 *          becomes a target when that is known.
 * Threads: a parser belongs to one worker.
 * Next:    py_brackets.c, py_statement.c
 * Rules:   docs.python.org/3/reference/expressions.html, its full grammar specification. */
#include "lang/py_parser.h"

/* NOLINTBEGIN(misc-no-recursion): gsaw__py_enter and deeper() bound the depth */

/* What a token can do; from 0 on by kind. */
enum ability { BEGINS = 1, JOINS = 2 };

static const unsigned char ABILITY[GSAW_TOKEN_KIND_COUNT] = {
    [GSAW_TOKEN_FALSE] = BEGINS,
    [GSAW_TOKEN_NONE] = BEGINS,
    [GSAW_TOKEN_TRUE] = BEGINS,
    [GSAW_TOKEN_AWAIT] = BEGINS,
    [GSAW_TOKEN_LAMBDA] = BEGINS,
    [GSAW_TOKEN_NOT] = BEGINS | JOINS,
    [GSAW_TOKEN_NAME] = BEGINS,
    [GSAW_TOKEN_NUMBER] = BEGINS,
    [GSAW_TOKEN_STRING] = BEGINS,
    [GSAW_TOKEN_FSTRING] = BEGINS,
    [GSAW_TOKEN_ELLIPSIS] = BEGINS,
    [GSAW_TOKEN_OPEN_ROUND] = BEGINS,
    [GSAW_TOKEN_OPEN_SQUARE] = BEGINS,
    [GSAW_TOKEN_OPEN_CURLY] = BEGINS,
    [GSAW_TOKEN_STAR] = BEGINS | JOINS,
    [GSAW_TOKEN_SIGN] = BEGINS | JOINS,
    [GSAW_TOKEN_TILDE] = BEGINS,
    [GSAW_TOKEN_POWER] = JOINS,
    [GSAW_TOKEN_AT] = JOINS,
    [GSAW_TOKEN_BAR] = JOINS,
    [GSAW_TOKEN_OPERATOR] = JOINS,
    [GSAW_TOKEN_AND] = JOINS,
    [GSAW_TOKEN_OR] = JOINS,
    [GSAW_TOKEN_IN] = JOINS,
    [GSAW_TOKEN_IS] = JOINS,
};

bool gsaw__py_enter(gsaw__py_parser *self)
{
    if (gsaw__py_likely(++self->depth <= GSAW_PY_DEPTH_MAX &&
                        self->lexer.nesting <= GSAW_PY_BRACKET_MAX))
        return true;
    self->depth--;
    self->has_deep = true;
    gsaw__py_syntax(self, "nested too deep");
    return false;
}

static uint32_t atom(gsaw__py_parser *self)
{
    switch (self->lexer.kind) {
    case GSAW_TOKEN_NAME:
        gsaw__py_refer(self, gsaw__py_here(self), self->reading,
                       gsaw__py_entry_here(self, self->lexer.name));
        gsaw__py_next(self);
        return GSAW_PY_IS_NAME;
    case GSAW_TOKEN_STRING:
    case GSAW_TOKEN_FSTRING:
        return gsaw__py_strings(self);
    case GSAW_TOKEN_NUMBER:
    case GSAW_TOKEN_NONE:
    case GSAW_TOKEN_TRUE:
    case GSAW_TOKEN_FALSE:
    case GSAW_TOKEN_ELLIPSIS:
        gsaw__py_next(self);
        return GSAW_PY_OTHER;
    case GSAW_TOKEN_OPEN_ROUND:
        return gsaw__py_round(self);
    case GSAW_TOKEN_OPEN_SQUARE:
        return gsaw__py_square(self);
    case GSAW_TOKEN_OPEN_CURLY:
        return gsaw__py_curly(self);
    default:
        return gsaw__py_syntax(self, "expected an expression");
    }
}

/* `.name` behind an operand that began at `start`. */
static void attribute(gsaw__py_parser *self, uint32_t start, uint32_t receiver)
{
    uint32_t end = gsaw__py_here(self);
    gsaw__py_next(self);
    if (self->lexer.kind != GSAW_TOKEN_NAME) {
        gsaw__py_syntax(self, "expected a name behind the dot");
        return;
    }
    receiver &= ~(uint32_t)GSAW_PY_IN_PARENTHESES;
    uint32_t role = GSAW_PY_ATTRIBUTE;
    if (receiver != GSAW_PY_IS_NAME && receiver != GSAW_PY_IS_ATTRIBUTE) {
        role |= GSAW_PY_COMPLEX;
        gsaw__py_push(self, receivers, (gsaw__py_receiver){gsaw__py_count(self, refs), start, end});
    }
    gsaw__py_refer(self, gsaw__py_here(self), role, self->lexer.name);
    gsaw__py_next(self);
}

/* Whether the operand is typing's Literal, whose strings are no annotations. */
static bool is_literal(const gsaw__py_parser *self, uint32_t result)
{
    if ((result != GSAW_PY_IS_NAME && result != GSAW_PY_IS_ATTRIBUTE) || self->memory_is_out)
        return false;
    uint32_t index = gsaw__py_ref_index(self->refs.items[self->last_ref]);
    if (result == GSAW_PY_IS_NAME)
        index = self->open_entries.items[index].name;
    return index == GSAW_PY_NAME_LITERAL;
}

uint32_t gsaw__py_operand(gsaw__py_parser *self)
{
    uint32_t start = gsaw__py_here(self);
    uint32_t result = atom(self);
    for (;;) {
        switch (self->lexer.kind) {
        case GSAW_TOKEN_DOT:
            attribute(self, start, result);
            result = GSAW_PY_IS_ATTRIBUTE;
            break;
        case GSAW_TOKEN_OPEN_ROUND: {
            uint32_t plain = result & ~(uint32_t)GSAW_PY_IN_PARENTHESES;
            bool is_name = plain == GSAW_PY_IS_NAME || plain == GSAW_PY_IS_ATTRIBUTE;
            uint32_t open = gsaw__py_here(self);
            gsaw__py_arguments(self, is_name ? self->last_ref : GSAW_PY_NONE, false);
            self->last_call = open;
            result = GSAW_PY_IS_CALL;
            break;
        }
        case GSAW_TOKEN_OPEN_SQUARE: {
            uint32_t reading = self->reading;
            if (gsaw__py_unlikely(reading == GSAW_PY_TYPE) && is_literal(self, result))
                self->reading = GSAW_PY_READ;
            gsaw__py_subscript(self);
            self->reading = reading;
            result = GSAW_PY_IS_SUBSCRIPT;
            break;
        }
        default:
            return result;
        }
    }
}

/* Signs, ~, not and await before an operand; whether there were any. may_not: `not` may stand. */
static bool prefixes(gsaw__py_parser *self, bool may_not)
{
    const unsigned char *begin = self->lexer.token;
    for (;;) {
        if (self->lexer.kind == GSAW_TOKEN_SIGN || self->lexer.kind == GSAW_TOKEN_TILDE) {
            may_not = false;
        } else if (self->lexer.kind == GSAW_TOKEN_NOT) {
            if (!may_not)
                gsaw__py_syntax(self, "`not` cannot stand here");
        } else if (self->lexer.kind == GSAW_TOKEN_AWAIT) {
            gsaw__py_next(self);
            return true;
        } else {
            return self->lexer.token != begin;
        }
        gsaw__py_next(self);
    }
}

/* Whether the token compares or decides, which binds less than `|`. */
static bool is_loose(const gsaw__py_parser *self)
{
    unsigned char first = self->lexer.token[0], second = self->lexer.token[1];
    if (self->lexer.kind != GSAW_TOKEN_OPERATOR)
        return self->lexer.kind < GSAW_TOKEN_NAME;
    return first == '=' || first == '!' || ((first == '<' || first == '>') && second != first);
}

/* Operands with operators between; is_tight: none that binds less than `|`. */
static uint32_t operation(gsaw__py_parser *self, bool is_tight)
{
    bool may_not = !is_tight, is_alone = true;
    for (;;) {
        if (gsaw__py_unlikely(self->lexer.kind != GSAW_TOKEN_NAME))
            is_alone = !prefixes(self, may_not) && is_alone;
        uint32_t result = gsaw__py_operand(self);
        uint32_t kind = self->lexer.kind;
        if (gsaw__py_likely((ABILITY[kind] & JOINS) == 0) || (is_tight && is_loose(self)))
            return is_alone ? result : GSAW_PY_OTHER;
        is_alone = false;
        may_not = kind == GSAW_TOKEN_AND || kind == GSAW_TOKEN_OR;
        gsaw__py_next(self);
        if (kind == GSAW_TOKEN_IS && self->lexer.kind == GSAW_TOKEN_NOT)
            gsaw__py_next(self);
        else if (kind == GSAW_TOKEN_NOT && !gsaw__py_expect(self, GSAW_TOKEN_IN, "expected `in`"))
            return GSAW_PY_OTHER;
    }
}

uint32_t gsaw__py_disjunction(gsaw__py_parser *self) { return operation(self, false); }

uint32_t gsaw__py_bitwise(gsaw__py_parser *self) { return operation(self, true); }

static uint32_t ternary(gsaw__py_parser *self)
{
    do {
        gsaw__py_next(self);
        gsaw__py_disjunction(self);
        if (!gsaw__py_expect(self, GSAW_TOKEN_ELSE, "expected `else`"))
            return GSAW_PY_OTHER;
        if (self->lexer.kind == GSAW_TOKEN_LAMBDA) {
            gsaw__py_lambda(self);
            return GSAW_PY_OTHER;
        }
        gsaw__py_disjunction(self);
    } while (self->lexer.kind == GSAW_TOKEN_IF);
    return GSAW_PY_OTHER;
}

uint32_t gsaw__py_expression(gsaw__py_parser *self)
{
    if (gsaw__py_unlikely(self->lexer.kind == GSAW_TOKEN_LAMBDA))
        return gsaw__py_lambda(self);
    uint32_t result = gsaw__py_disjunction(self);
    return gsaw__py_likely(self->lexer.kind != GSAW_TOKEN_IF) ? result : ternary(self);
}

uint32_t gsaw__py_named_expression(gsaw__py_parser *self)
{
    uint32_t result = gsaw__py_expression(self);
    if (gsaw__py_likely(self->lexer.kind != GSAW_TOKEN_WALRUS))
        return result;
    if (result != GSAW_PY_IS_NAME)
        return gsaw__py_syntax(self, "only a name can be assigned to with :=");
    uint32_t ref = self->last_ref;
    gsaw__py_next(self);
    gsaw__py_expression(self);
    gsaw__py_write_named(self, ref);
    return GSAW_PY_IS_NAMED;
}

bool gsaw__py_element(gsaw__py_parser *self, uint32_t result, uint32_t mark)
{
    switch (result & ~(uint32_t)GSAW_PY_IN_PARENTHESES) {
    case GSAW_PY_IS_NAME:
    case GSAW_PY_IS_ATTRIBUTE:
        self->candidates.count = mark;
        gsaw__py_push(self, candidates, self->last_ref);
        return true;
    case GSAW_PY_IS_SUBSCRIPT:
        self->candidates.count = mark;
        return true;
    case GSAW_PY_IS_GROUP:
    case GSAW_PY_IS_STAR:
        return true;
    default:
        self->candidates.count = mark;
        return false;
    }
}

/* `*` and what it unpacks. */
static uint32_t starred(gsaw__py_parser *self)
{
    uint32_t mark = gsaw__py_count(self, candidates);
    gsaw__py_next(self);
    uint32_t result = operation(self, true);
    return gsaw__py_element(self, result, mark) ? GSAW_PY_IS_STAR : GSAW_PY_OTHER;
}

uint32_t gsaw__py_star_or_named(gsaw__py_parser *self)
{
    return self->lexer.kind == GSAW_TOKEN_STAR ? starred(self) : gsaw__py_named_expression(self);
}

/* A list without brackets, its first element read: up to where no element begins. */
static uint32_t more(gsaw__py_parser *self, uint32_t result, uint32_t mark, bool is_target)
{
    bool can_be_target = gsaw__py_element(self, result, mark);
    while (self->lexer.kind == GSAW_TOKEN_COMMA) {
        gsaw__py_next(self);
        if ((ABILITY[self->lexer.kind] & BEGINS) == 0)
            break;
        uint32_t own = gsaw__py_count(self, candidates);
        bool is_star = self->lexer.kind == GSAW_TOKEN_STAR;
        if (is_star && is_target)
            gsaw__py_next(self);
        result = is_target ? gsaw__py_operand(self)
                 : is_star ? starred(self)
                           : gsaw__py_expression(self);
        can_be_target = gsaw__py_element(self, result, own) && can_be_target;
    }
    if (can_be_target)
        return GSAW_PY_IS_GROUP;
    self->candidates.count = mark;
    return GSAW_PY_IS_TUPLE;
}

uint32_t gsaw__py_expressions(gsaw__py_parser *self)
{
    uint32_t mark = gsaw__py_count(self, candidates);
    bool is_star = self->lexer.kind == GSAW_TOKEN_STAR;
    uint32_t result = is_star ? starred(self) : gsaw__py_expression(self);
    if (gsaw__py_likely(self->lexer.kind != GSAW_TOKEN_COMMA))
        return result;
    return more(self, result, mark, false);
}

uint32_t gsaw__py_targets(gsaw__py_parser *self)
{
    uint32_t mark = gsaw__py_count(self, candidates);
    bool is_star = self->lexer.kind == GSAW_TOKEN_STAR;
    if (is_star)
        gsaw__py_next(self);
    uint32_t result = gsaw__py_operand(self);
    if (self->lexer.kind == GSAW_TOKEN_COMMA)
        result = more(self, result, mark, true);
    else if (!gsaw__py_element(self, result, mark))
        result = GSAW_PY_OTHER;
    result &= ~(uint32_t)GSAW_PY_IN_PARENTHESES;
    if (result == GSAW_PY_OTHER || result > GSAW_PY_IS_GROUP)
        return gsaw__py_syntax(self, "cannot be assigned to");
    return result;
}

void gsaw__py_as_target(gsaw__py_parser *self)
{
    uint32_t mark = gsaw__py_count(self, candidates);
    gsaw__py_next(self);
    bool is_star = self->lexer.kind == GSAW_TOKEN_STAR;
    if (is_star)
        gsaw__py_next(self);
    if (!gsaw__py_element(self, gsaw__py_operand(self), mark))
        gsaw__py_syntax(self, "cannot be assigned to");
    gsaw__py_write_candidates(self, mark);
}

uint32_t gsaw__py_yield_or_expressions(gsaw__py_parser *self)
{
    if (gsaw__py_likely(self->lexer.kind != GSAW_TOKEN_YIELD))
        return gsaw__py_expressions(self);
    gsaw__py_next(self);
    if (self->lexer.kind == GSAW_TOKEN_FROM) {
        gsaw__py_next(self);
        gsaw__py_expression(self);
    } else if ((ABILITY[self->lexer.kind] & BEGINS) != 0) {
        gsaw__py_expressions(self);
    }
    return GSAW_PY_OTHER;
}

uint32_t gsaw__py_lambda(gsaw__py_parser *self)
{
    uint32_t start = gsaw__py_here(self), mark = gsaw__py_count(self, parameters);
    if (!gsaw__py_enter(self))
        return GSAW_PY_OTHER;
    gsaw__py_next(self);
    bool is_typed = self->is_typed;
    uint32_t reading = self->reading;
    self->is_typed = false;
    gsaw__py_parameters(self, GSAW_TOKEN_COLON);
    self->is_typed = is_typed;
    gsaw__py_scope_open(self, GSAW_PY_LAMBDA, GSAW_PY_NONE, start);
    self->reading = GSAW_PY_READ;
    gsaw__py_bind_parameters(self, mark, GSAW_PY_LAMBDA_PARAMETER);
    gsaw__py_expect(self, GSAW_TOKEN_COLON, "expected `:`");
    gsaw__py_expression(self);
    self->reading = reading;
    gsaw__py_scope_close(self);
    self->depth--;
    return GSAW_PY_OTHER;
}

/* NOLINTEND(misc-no-recursion) */
