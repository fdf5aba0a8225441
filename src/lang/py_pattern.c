/* py_pattern.c - the patterns of match.
 * Keeps:   a bare name is bound, a dotted one is read, `_` is nothing.
 * Threads: a parser belongs to one worker.
 * Next:    py_compound.c
 * Rules:   docs.python.org/3/reference/compound_stmts.html#patterns */
#include "lang/py_parser.h"

/* NOLINTBEGIN(misc-no-recursion): gsaw__py_enter and deeper() bound the depth */

static void as_pattern(gsaw__py_parser *self);

static void capture(gsaw__py_parser *self)
{
    if (self->lexer.name != GSAW_PY_NAME_UNDERSCORE) {
        gsaw__py_refer(self, gsaw__py_here(self), GSAW_PY_READ,
                       gsaw__py_entry_here(self, self->lexer.name));
        gsaw__py_write(self, self->last_ref);
    }
    gsaw__py_next(self);
}

/* Patterns up to a closing bracket, `*rest` among them. */
static void sequence(gsaw__py_parser *self, uint32_t close)
{
    if (!gsaw__py_enter(self))
        return;
    gsaw__py_next(self);
    bool is_star = self->lexer.kind == GSAW_TOKEN_STAR, is_first = true;
    while (self->lexer.kind != close) {
        as_pattern(self);
        if (is_first && is_star && close == GSAW_TOKEN_CLOSE_ROUND &&
            self->lexer.kind != GSAW_TOKEN_COMMA)
            gsaw__py_syntax(self, "* cannot stand alone");
        is_first = false;
        if (self->lexer.kind != GSAW_TOKEN_COMMA)
            break;
        gsaw__py_next(self);
    }
    self->depth--;
    gsaw__py_expect(self, close, "expected a closing bracket");
}

/* Whether the number before the token is imaginary. */
static bool was_imaginary(const gsaw__py_parser *self)
{
    return (self->lexer.before[-1] | 32) == 'j';
}

/* A number, with a sign, with an imaginary part. */
static void number(gsaw__py_parser *self)
{
    if (self->lexer.kind == GSAW_TOKEN_SIGN)
        gsaw__py_next(self);
    if (!gsaw__py_expect(self, GSAW_TOKEN_NUMBER, "expected a pattern") ||
        self->lexer.kind != GSAW_TOKEN_SIGN)
        return;
    bool is_imaginary = was_imaginary(self);
    gsaw__py_next(self);
    if (gsaw__py_expect(self, GSAW_TOKEN_NUMBER, "expected a number") &&
        (is_imaginary || !was_imaginary(self)))
        gsaw__py_syntax(self, "expected a real and an imaginary number");
}

/* Class(pattern, name=pattern). */
static void class_arguments(gsaw__py_parser *self)
{
    if (!gsaw__py_enter(self))
        return;
    gsaw__py_next(self);
    bool has_keyword = false;
    while (self->lexer.kind != GSAW_TOKEN_CLOSE_ROUND) {
        const unsigned char *at = self->lexer.at;
        bool is_keyword = false;
        if (self->lexer.kind == GSAW_TOKEN_NAME) {
            gsaw__py_lexer lexer = self->lexer;
            gsaw__py_next(self);
            is_keyword = self->lexer.kind == GSAW_TOKEN_EQUAL;
            self->lexer = lexer;
        }
        if (is_keyword) {
            gsaw__py_refer(self, gsaw__py_here(self), GSAW_PY_KEYWORD, self->lexer.name);
            gsaw__py_next(self);
            gsaw__py_next(self);
            has_keyword = true;
        } else if (has_keyword) {
            gsaw__py_syntax(self, "a positional pattern behind a keyword");
        } else if (self->lexer.kind == GSAW_TOKEN_STAR) {
            gsaw__py_syntax(self, "* cannot stand here");
        }
        as_pattern(self);
        if (self->lexer.kind != GSAW_TOKEN_COMMA || self->lexer.at == at)
            break;
        gsaw__py_next(self);
    }
    self->depth--;
    gsaw__py_expect(self, GSAW_TOKEN_CLOSE_ROUND, "expected )");
}

/* .b.c behind a name. */
static void attributes(gsaw__py_parser *self)
{
    while (self->lexer.kind == GSAW_TOKEN_DOT) {
        gsaw__py_next(self);
        if (self->lexer.kind == GSAW_TOKEN_NAME)
            gsaw__py_refer(self, gsaw__py_here(self), GSAW_PY_ATTRIBUTE, self->lexer.name);
        if (!gsaw__py_expect(self, GSAW_TOKEN_NAME, "expected a name"))
            return;
    }
}

/* name, a.b.c, a.b(...). */
static void name_or_class(gsaw__py_parser *self)
{
    gsaw__py_lexer lexer = self->lexer;
    gsaw__py_next(self);
    if (self->lexer.kind != GSAW_TOKEN_DOT && self->lexer.kind != GSAW_TOKEN_OPEN_ROUND) {
        self->lexer = lexer;
        capture(self);
        return;
    }
    gsaw__py_refer(self, gsaw__py_offset(self, lexer.token), GSAW_PY_READ,
                   gsaw__py_entry_here(self, lexer.name));
    attributes(self);
    if (self->lexer.kind == GSAW_TOKEN_OPEN_ROUND)
        class_arguments(self);
}

/* None, True, False and strings; false: it is something else. */
static bool literal(gsaw__py_parser *self)
{
    switch (self->lexer.kind) {
    case GSAW_TOKEN_STRING:
    case GSAW_TOKEN_FSTRING: /* the grammar takes it; the compiler does not */
        gsaw__py_strings(self);
        return true;
    case GSAW_TOKEN_NONE:
    case GSAW_TOKEN_TRUE:
    case GSAW_TOKEN_FALSE:
        gsaw__py_next(self);
        return true;
    default:
        return false;
    }
}

/* The key of a mapping: a literal, or a name with a dot. */
static void key(gsaw__py_parser *self)
{
    if (literal(self))
        return;
    if (self->lexer.kind != GSAW_TOKEN_NAME) {
        number(self);
        return;
    }
    gsaw__py_refer(self, gsaw__py_here(self), GSAW_PY_READ,
                   gsaw__py_entry_here(self, self->lexer.name));
    gsaw__py_next(self);
    if (self->lexer.kind != GSAW_TOKEN_DOT)
        gsaw__py_syntax(self, "a key is no bare name");
    attributes(self);
}

/* {key: pattern, **rest} */
static void mapping(gsaw__py_parser *self)
{
    if (!gsaw__py_enter(self))
        return;
    gsaw__py_next(self);
    while (self->lexer.kind != GSAW_TOKEN_CLOSE_CURLY) {
        if (self->lexer.kind == GSAW_TOKEN_POWER) {
            gsaw__py_next(self);
            if (self->lexer.kind != GSAW_TOKEN_NAME ||
                self->lexer.name == GSAW_PY_NAME_UNDERSCORE) {
                gsaw__py_syntax(self, "expected a name");
                break;
            }
            capture(self);
            if (self->lexer.kind == GSAW_TOKEN_COMMA)
                gsaw__py_next(self);
            break;
        } else {
            key(self);
            gsaw__py_expect(self, GSAW_TOKEN_COLON, "expected `:`");
            as_pattern(self);
        }
        if (self->lexer.kind != GSAW_TOKEN_COMMA)
            break;
        gsaw__py_next(self);
    }
    self->depth--;
    gsaw__py_expect(self, GSAW_TOKEN_CLOSE_CURLY, "expected }");
}

static void closed_pattern(gsaw__py_parser *self)
{
    switch (self->lexer.kind) {
    case GSAW_TOKEN_NAME:
        name_or_class(self);
        break;
    case GSAW_TOKEN_OPEN_ROUND:
        sequence(self, GSAW_TOKEN_CLOSE_ROUND);
        break;
    case GSAW_TOKEN_OPEN_SQUARE:
        sequence(self, GSAW_TOKEN_CLOSE_SQUARE);
        break;
    case GSAW_TOKEN_OPEN_CURLY:
        mapping(self);
        break;
    default:
        if (!literal(self))
            number(self);
    }
}

static void as_pattern(gsaw__py_parser *self)
{
    if (self->lexer.kind == GSAW_TOKEN_STAR) {
        gsaw__py_next(self);
        if (self->lexer.kind == GSAW_TOKEN_NAME)
            capture(self);
        else
            gsaw__py_syntax(self, "expected a name");
        return;
    }
    closed_pattern(self);
    while (self->lexer.kind == GSAW_TOKEN_BAR) {
        gsaw__py_next(self);
        closed_pattern(self);
    }
    if (self->lexer.kind == GSAW_TOKEN_AS) {
        gsaw__py_next(self);
        if (self->lexer.kind == GSAW_TOKEN_NAME && self->lexer.name != GSAW_PY_NAME_UNDERSCORE)
            capture(self);
        else
            gsaw__py_syntax(self, "expected a name");
    }
}

void gsaw__py_pattern(gsaw__py_parser *self)
{
    bool is_star = self->lexer.kind == GSAW_TOKEN_STAR;
    as_pattern(self);
    if (is_star && self->lexer.kind != GSAW_TOKEN_COMMA)
        gsaw__py_syntax(self, "* cannot stand alone");
    while (self->lexer.kind == GSAW_TOKEN_COMMA) {
        gsaw__py_next(self);
        if (self->lexer.kind != GSAW_TOKEN_COLON && self->lexer.kind != GSAW_TOKEN_IF)
            as_pattern(self);
    }
}

/* NOLINTEND(misc-no-recursion) */
