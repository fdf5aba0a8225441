/* py_number.c - numbers: decimal, other bases, fractions, exponents, imaginary ones.
 * Keeps:   exactly CPython's numbers; what stands behind one is no letter or digit, but a keyword
 *          may (1if x else y).
 * Threads: a parser belongs to one worker.
 * Next:    py_lexer.c
 * Rules:   docs.python.org/3/reference/lexical_analysis.html#numeric-literals */
#include <string.h>

#include "lang/py_parser.h"

static bool is_digit(unsigned char byte, uint32_t base)
{
    if (base == 16 && (byte | 32) >= 'a' && (byte | 32) <= 'f')
        return true;
    return byte >= '0' && byte < '0' + (base > 10 ? 10 : base);
}

/* Digits with single underscores between; NULL: an underscore without a digit behind. */
static const unsigned char *digits(const unsigned char *at, uint32_t base)
{
    for (;;) {
        while (is_digit(*at, base))
            at++;
        if (*at != '_')
            return at;
        at++;
        if (!is_digit(*at, base))
            return NULL;
    }
}

/* Words that may follow a number at once. */
static bool ends_well(const unsigned char *at)
{
    static const char *const WORDS[] = {"and", "else", "for", "if", "in", "is", "not", "or"};
    if (gsaw__py_identifier_step(at, false) == 0)
        return *at < 0x80;
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (memcmp(at, WORDS[i], strlen(WORDS[i])) == 0)
            return true;
    return false;
}

/* 0x, 0o, 0b and zeros; NULL: none that is valid. */
static const unsigned char *begins_with_zero(const unsigned char *at, bool *is_whole)
{
    unsigned char letter = at[1] | 32;
    uint32_t base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
    if (base != 0) {
        *is_whole = true;
        at += 2;
        at += *at == '_';
        return is_digit(*at, base) ? digits(at, base) : NULL;
    }
    const unsigned char *stop = digits(at, 10);
    if (stop == NULL || *stop == '.' || (*stop | 32) == 'e' || (*stop | 32) == 'j')
        return stop;
    for (*is_whole = true; at < stop; at++)
        if (*at != '0' && *at != '_')
            return NULL;
    return stop;
}

static const unsigned char *fraction(const unsigned char *at)
{
    if (*at == '.') {
        at++;
        if (is_digit(*at, 10))
            at = digits(at, 10);
    }
    if (at != NULL && (*at | 32) == 'e') {
        const unsigned char *exponent = at + 1;
        exponent += *exponent == '+' || *exponent == '-';
        if (is_digit(*exponent, 10))
            at = digits(exponent, 10);
    }
    return at;
}

void gsaw__py_lex_number(gsaw__py_parser *self, const unsigned char *at)
{
    const unsigned char *stop = at;
    bool is_whole = false;
    if (*at == '0')
        stop = begins_with_zero(at, &is_whole);
    else if (*at != '.')
        stop = digits(at, 10);
    if (stop != NULL && !is_whole)
        stop = fraction(stop);
    if (stop != NULL && !is_whole)
        stop += (*stop | 32) == 'j';
    if (stop == NULL || !ends_well(stop)) {
        gsaw__py_bad(self, at + 1, "invalid number");
        return;
    }
    self->lexer.kind = GSAW_TOKEN_NUMBER;
    self->lexer.at = stop;
}
