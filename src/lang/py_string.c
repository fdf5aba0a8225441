/* py_string.c - strings: plain ones are one token; the fields of f- and t-strings are read by the
 * parser, which drives the lexer (PEP 701, PEP 750).
 * Keeps:   linear: a string that never ends is looked for once.
 * Threads: a parser belongs to one worker.
 * Next:    py_lexer.c, py_expression.c
 * Rules:   docs.python.org/3/reference/lexical_analysis.html#string-and-bytes-literals. */
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "lang/py_parser.h"

/* NOLINTBEGIN(misc-no-recursion): gsaw__py_enter and deeper() bound the depth */

/* From `at` on, the first quote, backslash, line end, brace (where `braces`), or zero. */
static const unsigned char *stop_in_string(const unsigned char *at, unsigned char quote)
{
#if defined(__SSE2__)
    const __m128i quotes = _mm_set1_epi8((char)quote);
    for (;; at += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i found =
            _mm_or_si128(_mm_cmpeq_epi8(block, quotes), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
        found = _mm_or_si128(found, _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('\n')),
                                                 _mm_cmpeq_epi8(block, _mm_set1_epi8('\r'))));
        found = _mm_or_si128(found, _mm_cmpeq_epi8(block, _mm_setzero_si128()));
        uint32_t bits = (uint32_t)_mm_movemask_epi8(found);
        if (bits != 0)
            return at + __builtin_ctz(bits);
    }
#else
    while (*at != quote && *at != '\\' && *at != '\n' && *at != '\r' && *at != 0)
        at++;
    return at;
#endif
}

static uint32_t hexadecimal(const unsigned char *at, uint32_t count)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t letter = at[i] | 32u;
        if (at[i] >= '0' && at[i] <= '9')
            value = value << 4 | (at[i] - (uint32_t)'0');
        else if (letter >= 'a' && letter <= 'f')
            value = value << 4 | (letter - 'a' + 10);
        else
            return UINT32_MAX;
    }
    return value;
}

/* {NAME} as Unicode has names; whether there is a character of this name is not asked. */
static bool names_character(const unsigned char *at)
{
    if (*at++ != '{' || *at == '}')
        return false;
    while (gsaw__py_identifier_step(at, false) == 1 || *at == ' ' || *at == '-')
        at++;
    return *at == '}';
}

/* What is wrong with the escape at `at` (its backslash), or NULL. */
static const char *escape_problem(const unsigned char *at, uint32_t flags)
{
    bool is_text = (flags & GSAW_PY_BYTES) == 0;
    if (at[1] == 'x' && hexadecimal(at + 2, 2) == UINT32_MAX)
        return "\\x wants two hexadecimal digits";
    if (is_text && at[1] == 'u' && hexadecimal(at + 2, 4) == UINT32_MAX)
        return "\\u wants four hexadecimal digits";
    if (is_text && at[1] == 'U' && hexadecimal(at + 2, 8) > 0x10ffff)
        return "\\U wants eight hexadecimal digits of a character";
    if (is_text && at[1] == 'N' && !names_character(at + 2))
        return "\\N wants a name in braces";
    return NULL;
}

/* Bytes literals hold ASCII alone. */
static bool has_high_byte(const unsigned char *at, const unsigned char *stop)
{
    for (; at < stop; at++)
        if (*at >= 0x80)
            return true;
    return false;
}

/* The end of the string's text (its closing quote), or NULL with a BAD token. */
static const unsigned char *text_end(gsaw__py_parser *self, const unsigned char *at,
                                     unsigned char quote, uint32_t flags)
{
    const unsigned char *begin = at;
    const char *problem = NULL;
    for (;; at++) {
        at = stop_in_string(at, quote);
        if (*at == quote) {
            if ((flags & GSAW_PY_TRIPLE) == 0 || (at[1] == quote && at[2] == quote))
                break;
        } else if (*at == '\\') {
            if ((flags & GSAW_PY_RAW) == 0 && problem == NULL)
                problem = escape_problem(at, flags);
            at++;
            if (*at == '\r' && at[1] == '\n')
                at++;
            at -= *at == 0 && at >= self->end;
        } else if (*at == 0) {
            if (at >= self->end) {
                if ((flags & GSAW_PY_TRIPLE) != 0)
                    self->no_triple[quote == '\''] = true;
                gsaw__py_bad(self, begin, "unterminated string");
                return NULL;
            }
        } else if ((flags & GSAW_PY_TRIPLE) == 0) {
            gsaw__py_bad(self, at, "unterminated string");
            return NULL;
        }
    }
    if ((flags & GSAW_PY_BYTES) != 0 && has_high_byte(begin, at))
        problem = "bytes literals hold ASCII alone";
    if (problem != NULL)
        gsaw__py_note(self, begin, problem);
    return at;
}

void gsaw__py_lex_string(gsaw__py_parser *self, const unsigned char *at, uint32_t flags)
{
    if (at == self->quote) { /* the end of a string annotation */
        self->lexer.kind = GSAW_TOKEN_END;
        self->lexer.at = at;
        return;
    }
    unsigned char quote = *at;
    at++;
    if (*at == quote && at[1] == quote) {
        flags |= GSAW_PY_TRIPLE;
        at += 2;
    }
    self->lexer.string = flags;
    if ((flags & GSAW_PY_FORMATTED) != 0) {
        self->lexer.kind = GSAW_TOKEN_FSTRING;
        self->lexer.at = at;
        return;
    }
    if ((flags & GSAW_PY_TRIPLE) != 0 && self->no_triple[quote == '\'']) {
        gsaw__py_bad(self, at, "unterminated string");
        return;
    }
    at = text_end(self, at, quote, flags);
    if (at == NULL)
        return;
    self->lexer.kind = GSAW_TOKEN_STRING;
    self->lexer.at = at + ((flags & GSAW_PY_TRIPLE) != 0 ? 3 : 1);
}

/* ---- f-strings ---- */

/* Fields in the format specs of fields: as CPython has it. */
#define FIELD_DEPTH_MAX 2

enum middle { MIDDLE_FIELD, MIDDLE_SPEC_END, MIDDLE_END, MIDDLE_BAD };

/* The last byte of the escape at `at`. A brace behind a backslash is a brace all the same, but
 * \N{...} is no field. */
static const unsigned char *escaped(gsaw__py_parser *self, const unsigned char *at,
                                    unsigned char quote, uint32_t flags)
{
    if ((flags & GSAW_PY_RAW) == 0) {
        const char *problem = escape_problem(at, flags);
        if (problem != NULL)
            gsaw__py_note(self, at, problem);
        if (at[1] == 'N' && at[2] == '{') {
            at += 2;
            while (at[1] != '}' && at[1] != quote && at[1] != '\n' && at[1] != 0)
                at++;
            return at[1] == '}' ? at + 1 : at;
        }
    }
    if (at[1] == '{' || at[1] == '}' || (at[1] == 0 && at + 1 >= self->end))
        return at;
    return at[1] == '\r' && at[2] == '\n' ? at + 2 : at + 1;
}

/* Where a piece of text stops: at the brace of a field, at the brace that ends a format spec, or at
 * the closing quotes; `at` of the lexer is behind it. */
static enum middle middle_of(gsaw__py_parser *self, unsigned char quote, uint32_t flags,
                             bool is_spec)
{
    const unsigned char *at = self->lexer.at;
    bool is_triple = (flags & GSAW_PY_TRIPLE) != 0;
    for (;; at++) {
        if (*at == quote && (!is_triple || (at[1] == quote && at[2] == quote))) {
            self->lexer.at = at + (is_triple ? 3 : 1);
            return is_spec ? MIDDLE_BAD : MIDDLE_END;
        }
        if (*at == '{') {
            if (at[1] != '{' || is_spec) {
                self->lexer.at = at + 1;
                return MIDDLE_FIELD;
            }
            at++;
        } else if (*at == '}') {
            if (is_spec) {
                self->lexer.at = at + 1;
                return MIDDLE_SPEC_END;
            }
            if (at[1] != '}') {
                self->lexer.at = at;
                return MIDDLE_BAD;
            }
            at++;
        } else if (*at == '\\') {
            at = escaped(self, at, quote, flags);
        } else if (*at == 0 && at >= self->end) {
            self->lexer.at = at;
            return MIDDLE_BAD;
        } else if ((*at == '\n' || *at == '\r') && !is_triple) {
            self->lexer.at = at;
            return MIDDLE_BAD;
        }
    }
}

static void field(gsaw__py_parser *self, unsigned char quote, uint32_t flags, uint32_t depth);

/* Text and fields up to the end of the string or of the spec; the token then is what follows. */
static void pieces(gsaw__py_parser *self, unsigned char quote, uint32_t flags, uint32_t depth)
{
    for (;;) {
        switch (middle_of(self, quote, flags, depth != 0)) {
        case MIDDLE_FIELD:
            field(self, quote, flags, depth);
            if (self->lexer.kind == GSAW_TOKEN_ERROR)
                return;
            break;
        case MIDDLE_SPEC_END:
        case MIDDLE_END:
            return;
        default:
            self->lexer.token = self->lexer.at;
            gsaw__py_syntax(self, "unterminated f-string");
            return;
        }
    }
}

/* What follows a field's expression: `=`, a conversion, a format spec. */
static void field_tail(gsaw__py_parser *self, unsigned char quote, uint32_t flags, uint32_t depth)
{
    if (self->lexer.kind == GSAW_TOKEN_EQUAL)
        gsaw__py_next(self);
    if (self->lexer.kind == GSAW_TOKEN_BANG) {
        gsaw__py_next(self);
        uint32_t length = (uint32_t)(self->lexer.at - self->lexer.before);
        unsigned char letter = *self->lexer.token;
        if (self->lexer.kind != GSAW_TOKEN_NAME || length != 1 ||
            (letter != 'r' && letter != 's' && letter != 'a')) {
            gsaw__py_syntax(self, "invalid conversion in an f-string");
            return;
        }
        gsaw__py_next(self);
    }
    if (self->lexer.kind == GSAW_TOKEN_COLON || self->lexer.kind == GSAW_TOKEN_WALRUS) {
        self->lexer.at = self->lexer.token + 1;
        self->lexer.nesting--;
        pieces(self, quote, flags, depth + 1);
    } else if (self->lexer.kind != GSAW_TOKEN_CLOSE_CURLY) {
        gsaw__py_syntax(self, "expected } in an f-string");
    }
}

/* One {field}; `at` is behind its brace before, and behind its closing brace after. */
static void field(gsaw__py_parser *self, unsigned char quote, uint32_t flags, uint32_t depth)
{
    if (!gsaw__py_enter(self))
        return;
    if (depth > FIELD_DEPTH_MAX)
        gsaw__py_syntax(self, "the fields of an f-string are nested too deep");
    uint32_t nesting = self->lexer.nesting++;
    gsaw__py_next(self);
    if (self->lexer.kind == GSAW_TOKEN_LAMBDA)
        gsaw__py_syntax(self, "lambda in an f-string wants brackets");
    gsaw__py_yield_or_expressions(self);
    field_tail(self, quote, flags, depth);
    self->lexer.nesting = nesting;
    self->depth--;
}

static void formatted(gsaw__py_parser *self)
{
    uint32_t flags = self->lexer.string;
    const unsigned char *at = self->lexer.at;
    if (++self->fstrings > GSAW_PY_FSTRING_MAX) {
        self->has_deep = true;
        gsaw__py_syntax(self, "f-strings are nested too deep");
    } else if (gsaw__py_enter(self)) {
        uint32_t candidates = gsaw__py_count(self, candidates);
        bool is_collecting = self->is_collecting;
        self->is_collecting = false;
        pieces(self, at[-1], flags, 0);
        self->is_collecting = is_collecting;
        self->candidates.count = candidates;
        self->depth--;
    }
    self->fstrings--;
}

/* The token is a string in an annotation: its text is read as an expression; where it is none,
 * nothing has happened. The token stays. */
static void annotation(gsaw__py_parser *self)
{
    gsaw__py_lexer lexer = self->lexer;
    if (lexer.string != 0 || self->depth >= GSAW_PY_DEPTH_MAX || lexer.at - lexer.token < 3)
        return;
    const unsigned char *begin = lexer.token + 1, *stop = lexer.at - 1, *quote = self->quote;
    for (const unsigned char *at = begin; at < stop; at++)
        if (*at == '\\' || *at == '#')
            return;
    bool is_speculative = self->is_speculative;
    gsaw__py_mark mark = gsaw__py_mark_here(self);
    uint32_t undo = gsaw__py_count(self, undo), depth = self->depth;
    self->is_speculative = true;
    self->quote = stop;
    self->lexer.at = begin;
    self->lexer.nesting = 1;
    gsaw__py_next(self);
    gsaw__py_expression(self);
    bool is_read =
        self->lexer.kind == GSAW_TOKEN_END && self->lexer.at == stop && self->error_at == NULL;
    if (!is_read && !self->memory_is_out) {
        self->error_at = NULL;
        gsaw__py_mark_restore(self, &mark, undo);
    }
    self->quote = quote;
    self->depth = depth;
    self->is_speculative = is_speculative;
    self->candidates.count = mark.candidates;
    if (!self->memory_is_out)
        self->lexer = lexer;
}

uint32_t gsaw__py_strings(gsaw__py_parser *self)
{
    uint32_t first = self->lexer.string;
    uint32_t result = GSAW_PY_IS_STRING;
    while (self->lexer.kind == GSAW_TOKEN_STRING || self->lexer.kind == GSAW_TOKEN_FSTRING) {
        uint32_t flags = self->lexer.string;
        if (((flags ^ first) & (GSAW_PY_BYTES | GSAW_PY_TEMPLATE)) != 0)
            return gsaw__py_syntax(self, "strings of different kinds stand together");
        if ((flags & GSAW_PY_BYTES) != 0)
            result = GSAW_PY_OTHER;
        if (self->lexer.kind == GSAW_TOKEN_FSTRING) {
            formatted(self);
            result = GSAW_PY_OTHER;
        } else if (self->is_collecting) {
            uint32_t start = gsaw__py_here(self);
            uint32_t end = gsaw__py_offset(self, self->lexer.at);
            gsaw__py_push(
                self, details,
                (gsaw__py_detail){GSAW_PY_DETAIL_MODULE << 4 | GSAW_PY_ALL_NAME, start, end});
        }
        if (gsaw__py_unlikely(self->reading == GSAW_PY_TYPE) &&
            self->lexer.kind == GSAW_TOKEN_STRING)
            annotation(self);
        gsaw__py_next(self);
    }
    return result;
}

/* NOLINTEND(misc-no-recursion) */
