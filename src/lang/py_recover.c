/* py_recover.c - errors, and where reading goes on.
 * Keeps:   after an error the lexer stands in zeros of its own and gives ERROR, so all loops of the
 *          parser ends by itself; recovery goes on at the start of a line, each time a later one.
 * Threads: a parser belongs to one worker.
 * Next:    py_statement.c, py_lexer.c */
#include "lang/py_parser.h"

#include <string.h>
#include <strings.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/utf.h"

static const unsigned char ZEROS[GSAW_SOURCE_PADDING];

void gsaw__py_note(gsaw__py_parser *self, const unsigned char *at, const char *message)
{
    if (self->problem != NULL || self->is_speculative)
        return;
    self->problem = message;
    self->problem_start = gsaw__py_offset(self, at);
}

uint32_t gsaw__py_syntax(gsaw__py_parser *self, const char *message)
{
    if (self->error_at != NULL)
        return GSAW_PY_OTHER;
    if (self->lexer.kind == GSAW_TOKEN_BAD)
        message = self->message;
    gsaw__py_note(self, self->lexer.token, message);
    self->error_at = self->lexer.token;
    self->error_nesting = self->lexer.nesting;
    self->lexer.before = self->lexer.token;
    self->lexer.at = ZEROS;
    self->lexer.kind = GSAW_TOKEN_ERROR;
    return GSAW_PY_OTHER;
}

void gsaw__py_no_memory(gsaw__py_parser *self)
{
    self->memory_is_out = true;
    if (self->error_at == NULL)
        self->error_at = self->source;
    self->lexer.before = self->lexer.token = self->source;
    self->lexer.at = ZEROS;
    self->lexer.kind = GSAW_TOKEN_END;
}

/* The start of the physical line that `at` is on. */
static const unsigned char *line_of(const gsaw__py_parser *self, const unsigned char *at)
{
    while (at > self->source && at[-1] != '\n' && at[-1] != '\r')
        at--;
    return at;
}

static const unsigned char *next_line(const gsaw__py_parser *self, const unsigned char *at)
{
    at = gsaw__py_line_end(at);
    while (*at == 0 && at < self->end)
        at = gsaw__py_line_end(at + 1);
    return at < self->end ? at + 1 : self->end;
}

static bool is_blank(const unsigned char *at, const unsigned char *stop)
{
    while (at < stop && (*at == ' ' || *at == '\t' || *at == '\f'))
        at++;
    return at == stop;
}

/* Whether the token begins a statement and can be no part of an expression. */
static bool begins_statement(uint32_t kind)
{
    switch (kind) {
    case GSAW_TOKEN_ASSERT:
    case GSAW_TOKEN_BREAK:
    case GSAW_TOKEN_CLASS:
    case GSAW_TOKEN_CONTINUE:
    case GSAW_TOKEN_DEF:
    case GSAW_TOKEN_DEL:
    case GSAW_TOKEN_FROM:
    case GSAW_TOKEN_GLOBAL:
    case GSAW_TOKEN_IMPORT:
    case GSAW_TOKEN_NONLOCAL:
    case GSAW_TOKEN_PASS:
    case GSAW_TOKEN_RAISE:
    case GSAW_TOKEN_RETURN:
    case GSAW_TOKEN_TRY:
    case GSAW_TOKEN_WHILE:
    case GSAW_TOKEN_WITH:
    case GSAW_TOKEN_AT:
        return true;
    default:
        return false;
    }
}

/* Drop the references, calls and receivers of text that is read again. */
static void drop_behind(gsaw__py_parser *self, uint32_t start)
{
    while (self->refs.count != 0 && self->refs.items[self->refs.count - 1].start >= start)
        self->refs.count--;
    uint32_t refs = gsaw__py_count(self, refs), kept = self->statement_calls;
    for (uint32_t i = kept; i < gsaw__py_count(self, calls); i++)
        if (self->calls.items[i].ref < refs || self->calls.items[i].ref == GSAW_PY_NONE)
            self->calls.items[kept++] = self->calls.items[i];
    self->calls.count = kept < self->calls.count ? kept : self->calls.count;
    kept = self->statement_receivers;
    for (uint32_t i = kept; i < gsaw__py_count(self, receivers); i++)
        if (self->receivers.items[i].ref < refs)
            self->receivers.items[kept++] = self->receivers.items[i];
    self->receivers.count = kept < self->receivers.count ? kept : self->receivers.count;
}

/* Begin anew at the start of a line. */
static void resume(gsaw__py_parser *self, const unsigned char *at)
{
    self->resumed_at = gsaw__py_offset(self, at);
    self->lexer.nesting = 0;
    self->lexer.kind = GSAW_TOKEN_NEWLINE;
    self->lexer.at = gsaw__py_line_start(self, at);
    gsaw__py_next(self);
}

void gsaw__py_recover(gsaw__py_parser *self, bool is_header)
{
    if (self->memory_is_out)
        return;
    const unsigned char *token = self->error_at, *line = line_of(self, token);
    bool was_nested = self->error_nesting != 0 && !is_header;
    uint32_t behind =
        self->statement_start > self->resumed_at ? self->statement_start : self->resumed_at;
    self->error_at = NULL;
    if (gsaw__py_offset(self, line) <= behind || (!was_nested && !is_blank(line, token)))
        line = next_line(self, token);
    else
        drop_behind(self, gsaw__py_offset(self, line));
    resume(self, line);
    uint32_t own = self->levels[self->level_count - 1].column;
    while (was_nested && self->lexer.column > own && self->lexer.kind != GSAW_TOKEN_END &&
           !begins_statement(self->lexer.kind))
        resume(self, next_line(self, self->lexer.token));
}

/* ---- bytes ---- */

/* PEP 263: the name of the encoding that a comment of the first two lines has, or NULL. */
static const char *encoding_of(const unsigned char *bytes, size_t count)
{
    const unsigned char *at = bytes, *end = bytes + count;
    for (int line = 0; line < 2 && at < end; line++) {
        const unsigned char *stop = gsaw__py_line_end(at);
        const unsigned char *text = at;
        while (*text == ' ' || *text == '\t' || *text == '\f')
            text++;
        if (*text != '#' && text != stop)
            return NULL;
        for (; text + 7 < stop; text++) {
            if (memcmp(text, "coding", 6) != 0 || (text[6] != ':' && text[6] != '='))
                continue;
            text += 7;
            while (*text == ' ' || *text == '\t')
                text++;
            return (const char *)text;
        }
        at = *stop == '\r' && stop[1] == '\n' ? stop + 2 : stop + 1;
    }
    return NULL;
}

static bool has_prefix(const char *name, const char *const *prefixes)
{
    for (; *prefixes != NULL; prefixes++)
        if (strncasecmp(name, *prefixes, strlen(*prefixes)) == 0)
            return true;
    return false;
}

/* How the names of CPython's codecs begin, by kind. */
static const char *const UTF8[] = {"utf-8", "utf_8", "utf8", "u8", "ascii", "us", "646", NULL};
static const char *const UTF8_WITH_MARK[] = {"utf-8", "utf_8", NULL};
static const char *const OTHERS[] = {
    "0",      "1",      "2",      "3",     "4",     "5",       "6",       "7",      "8",
    "9",      "arabic", "ansi",   "asmo",  "big5",  "chinese", "cp",      "cs",     "cyrillic",
    "dbcs",   "ebcdic", "ecma",   "elot",  "euc",   "gb",      "greek",   "hebrew", "hkscs",
    "hp",     "hz",     "ibm",    "iso",   "jis",   "johab",   "koi8",    "korean", "ks",
    "kz",     "l1",     "l2",     "l3",    "l4",    "l5",      "l6",      "l7",     "l8",
    "l9",     "latin",  "mac",    "mbcs",  "ms",    "pt154",   "ptcp",    "r8",     "raw",
    "rk1048", "roman8", "ruscii", "s_jis", "shift", "sjis",    "strk",    "thai",   "tis",
    "u16",    "u32",    "u7",     "u_jis", "uhc",   "ujis",    "unicode", "utf",    "windows",
    "x_mac",  NULL};

size_t gsaw__py_first_bad_byte(const unsigned char *bytes, size_t count, const char **message)
{
    size_t at = 0;
    bool has_mark = count >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0;
    const char *encoding = encoding_of(bytes + (has_mark ? 3 : 0), count - (has_mark ? 3 : 0));
    bool is_utf8 = encoding == NULL || has_prefix(encoding, UTF8);
    bool is_known = has_mark ? encoding == NULL || has_prefix(encoding, UTF8_WITH_MARK)
                             : is_utf8 || has_prefix(encoding, OTHERS);
    *message = "this encoding is not known, or not that of the byte order mark";
    if (!is_known)
        return 0;
    *message = "no UTF-8";
    while (at < count) {
#if defined(__SSE2__)
        for (; at + 16 <= count; at += 16) {
            __m128i block = _mm_loadu_si128((const __m128i *)(const void *)(bytes + at));
            __m128i zero = _mm_cmpeq_epi8(block, _mm_setzero_si128());
            if (_mm_movemask_epi8(_mm_or_si128(block, zero)) != 0)
                break;
        }
        if (at >= count)
            break;
#endif
        size_t step = bytes[at] < 0x80 || !is_utf8
                          ? bytes[at] != 0
                          : gsaw__utf8_length((const char *)bytes + at, count - at);
        if (step == 0) {
            *message = bytes[at] == 0 ? "zero byte" : *message;
            return at;
        }
        at += step;
    }
    return count;
}
