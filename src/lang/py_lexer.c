/* py_lexer.c - Python's tokens on demand: one token of state, names interned as they are met.
 * Keeps:   never reads past the padding; every byte sequence gives tokens; a BAD token says why.
 * Threads: a parser belongs to one worker.
 * Next:    py_string.c, py_names.c
 * Rules:   docs.python.org/3/reference/lexical_analysis.html. Line ends are looked at when they are
 *          met: behind a NEWLINE stands the next logical line's indentation. */
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "lang/py_parser.h"

enum action { BAD, WORD, DIGIT, QUOTE, BLANK, LINE, COMMENT, JOIN, ZERO, OPEN, CLOSE, PLAIN, PAIR };

/* What a byte begins. From 0x80 on: WORD. */
static const unsigned char ACTION[256] = {
    [0] = ZERO,    ['\t'] = BLANK, ['\n'] = LINE,   ['\f'] = BLANK, ['\r'] = LINE, [' '] = BLANK,
    ['!'] = PAIR,  ['"'] = QUOTE,  ['#'] = COMMENT, ['%'] = PAIR,   ['&'] = PAIR,  ['\''] = QUOTE,
    ['('] = OPEN,  [')'] = CLOSE,  ['*'] = PAIR,    ['+'] = PAIR,   [','] = PLAIN, ['-'] = PAIR,
    ['.'] = PAIR,  ['/'] = PAIR,   ['0'] = DIGIT,   ['1'] = DIGIT,  ['2'] = DIGIT, ['3'] = DIGIT,
    ['4'] = DIGIT, ['5'] = DIGIT,  ['6'] = DIGIT,   ['7'] = DIGIT,  ['8'] = DIGIT, ['9'] = DIGIT,
    [':'] = PAIR,  [';'] = PLAIN,  ['<'] = PAIR,    ['='] = PAIR,   ['>'] = PAIR,  ['@'] = PAIR,
    ['['] = OPEN,  ['\\'] = JOIN,  [']'] = CLOSE,   ['^'] = PAIR,   ['_'] = WORD,  ['{'] = OPEN,
    ['|'] = PAIR,  ['}'] = CLOSE,  ['~'] = PLAIN,
#define W(c) [c] = WORD, [(c)-32] = WORD
    W('a'),        W('b'),         W('c'),          W('d'),         W('e'),        W('f'),
    W('g'),        W('h'),         W('i'),          W('j'),         W('k'),        W('l'),
    W('m'),        W('n'),         W('o'),          W('p'),         W('q'),        W('r'),
    W('s'),        W('t'),         W('u'),          W('v'),         W('w'),        W('x'),
    W('y'),        W('z'),
#undef W
#define W8(c)                                                                                      \
    [c] = WORD, [(c) + 1] = WORD, [(c) + 2] = WORD, [(c) + 3] = WORD, [(c) + 4] = WORD,            \
    [(c) + 5] = WORD, [(c) + 6] = WORD, [(c) + 7] = WORD
    W8(0x80),      W8(0x88),       W8(0x90),        W8(0x98),       W8(0xa0),      W8(0xa8),
    W8(0xb0),      W8(0xb8),       W8(0xc0),        W8(0xc8),       W8(0xd0),      W8(0xd8),
    W8(0xe0),      W8(0xe8),       W8(0xf0),        W8(0xf8),
#undef W8
};

/* The token that a byte is by itself. */
static const unsigned char KIND[128] = {
    ['!'] = GSAW_TOKEN_BANG,         ['%'] = GSAW_TOKEN_OPERATOR,    ['&'] = GSAW_TOKEN_OPERATOR,
    ['('] = GSAW_TOKEN_OPEN_ROUND,   [')'] = GSAW_TOKEN_CLOSE_ROUND, ['*'] = GSAW_TOKEN_STAR,
    ['+'] = GSAW_TOKEN_SIGN,         [','] = GSAW_TOKEN_COMMA,       ['-'] = GSAW_TOKEN_SIGN,
    ['.'] = GSAW_TOKEN_DOT,          ['/'] = GSAW_TOKEN_OPERATOR,    [':'] = GSAW_TOKEN_COLON,
    [';'] = GSAW_TOKEN_SEMICOLON,    ['<'] = GSAW_TOKEN_OPERATOR,    ['='] = GSAW_TOKEN_EQUAL,
    ['>'] = GSAW_TOKEN_OPERATOR,     ['@'] = GSAW_TOKEN_AT,          ['['] = GSAW_TOKEN_OPEN_SQUARE,
    [']'] = GSAW_TOKEN_CLOSE_SQUARE, ['^'] = GSAW_TOKEN_OPERATOR,    ['{'] = GSAW_TOKEN_OPEN_CURLY,
    ['|'] = GSAW_TOKEN_BAR,          ['}'] = GSAW_TOKEN_CLOSE_CURLY, ['~'] = GSAW_TOKEN_TILDE,
};

void gsaw__py_bad(gsaw__py_parser *self, const unsigned char *at, const char *message)
{
    self->lexer.kind = GSAW_TOKEN_BAD;
    self->lexer.at = at;
    self->message = message;
}

/* ---- words ---- */

/* The bits of the bytes at `at` that may stand in a name, for 16 of them. */
#if defined(__SSE2__)
typedef __m128i word_block;

static inline word_block load(const unsigned char *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

static inline uint32_t name_bits(word_block block)
{
    __m128i letter =
        _mm_add_epi8(_mm_or_si128(block, _mm_set1_epi8(0x20)), _mm_set1_epi8((char)(0x80 - 'a')));
    __m128i digit = _mm_add_epi8(block, _mm_set1_epi8((char)(0x80 - '0')));
    __m128i found = _mm_or_si128(_mm_cmplt_epi8(letter, _mm_set1_epi8((char)(0x80 + 26))),
                                 _mm_cmplt_epi8(digit, _mm_set1_epi8((char)(0x80 + 10))));
    found = _mm_or_si128(found, _mm_cmpeq_epi8(block, _mm_set1_epi8('_')));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(found, block)); /* 0x80 and more count */
}

static inline bool beyond_ascii(word_block block, uint32_t length)
{
    return ((uint32_t)_mm_movemask_epi8(block) & ((1u << length) - 1)) != 0;
}

/* The first `length` bytes, zeros behind. */
static inline void cut(word_block block, uint32_t length, uint64_t words[2])
{
    static const unsigned char MASKS[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                            255, 255, 255, 255, 255, 255, 255, 255};
    __m128i mask = _mm_loadu_si128((const __m128i *)(const void *)(MASKS + 16 - length));
    block = _mm_and_si128(block, mask);
    words[0] = (uint64_t)_mm_cvtsi128_si64(block);
    words[1] = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(block, block));
}
#else
typedef const unsigned char *word_block;

static inline word_block load(const unsigned char *at) { return at; }

static inline uint32_t name_bits(word_block block)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < 16; i++)
        bits |= (uint32_t)(ACTION[block[i]] == WORD || ACTION[block[i]] == DIGIT) << i;
    return bits;
}

static inline bool beyond_ascii(word_block block, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (block[i] >= 0x80)
            return true;
    return false;
}

static inline void cut(word_block block, uint32_t length, uint64_t words[2])
{
    words[0] = words[1] = 0;
    memcpy(words, block, length);
}
#endif

/* A name with letters beyond ASCII: every character must be one that names may have. */
static bool is_identifier(const unsigned char *at, const unsigned char *stop)
{
    for (bool begins = true; at < stop; begins = false) {
        uint32_t step = gsaw__py_identifier_step(at, begins);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

/* The flags of a string's prefix, or 0: `at` to `stop` is one or two letters before a quote. */
static uint32_t prefix_of(const unsigned char *at, const unsigned char *stop)
{
    uint32_t flags = 0;
    for (; at < stop; at++) {
        uint32_t letter = *at | 32u;
        uint32_t flag = letter == 'r'   ? GSAW_PY_RAW
                        : letter == 'b' ? GSAW_PY_BYTES
                        : letter == 'u' ? GSAW_PY_UNICODE
                        : letter == 'f' ? GSAW_PY_FORMATTED
                        : letter == 't' ? GSAW_PY_FORMATTED | GSAW_PY_TEMPLATE
                                        : 0;
        if (flag == 0 || (flags & flag) != 0)
            return 0;
        flags |= flag;
    }
    bool alone = (flags & GSAW_PY_UNICODE) != 0 && flags != GSAW_PY_UNICODE;
    bool both = (flags & GSAW_PY_BYTES) != 0 && (flags & GSAW_PY_FORMATTED) != 0;
    return alone || both ? 0 : flags;
}

/* What scan() leaves to others is not inlined: so it has no registers to save. */
#define APART __attribute__((noinline))

static void word_is(gsaw__py_parser *self, const unsigned char *stop, uint32_t id)
{
    self->lexer.at = stop;
    self->lexer.name = id;
    self->lexer.kind = id < GSAW_TOKEN_NAME ? id : GSAW_TOKEN_NAME;
}

/* A word of 16 bytes or more, or with letters beyond ASCII. */
static void long_word(gsaw__py_parser *self, const unsigned char *at)
{
    const unsigned char *stop = at;
    uint32_t bits;
    bool is_ascii = true;
    do {
        word_block block = load(stop);
        bits = name_bits(block);
        uint32_t length = bits == 0xffff ? 16 : (uint32_t)__builtin_ctz(~bits);
        is_ascii = is_ascii && !beyond_ascii(block, length);
        stop += length;
    } while (bits == 0xffff);
    if (!is_ascii && !is_identifier(at, stop)) {
        gsaw__py_bad(self, stop, "invalid character in a name");
        return;
    }
    word_is(self, stop, gsaw__py_intern_text(self, at, (uint32_t)(stop - at)));
}

static APART void word(gsaw__py_parser *self, const unsigned char *at)
{
    word_block block = load(at);
    uint32_t bits = name_bits(block);
    uint32_t length = (uint32_t)__builtin_ctz(~bits);
    if (gsaw__py_unlikely(length >= 16 || beyond_ascii(block, length))) {
        long_word(self, at);
        return;
    }
    const unsigned char *stop = at + length;
    if (gsaw__py_unlikely((*stop == '"' || *stop == '\'') && length <= 2 && stop != self->quote)) {
        uint32_t flags = prefix_of(at, stop);
        if (flags != 0) {
            gsaw__py_lex_string(self, stop, flags);
            return;
        }
    }
    uint64_t words[2];
    cut(block, length, words);
    word_is(self, stop, gsaw__py_intern(self, at, length, words[0], words[1]));
}

/* ---- lines ---- */

const unsigned char *gsaw__py_line_end(const unsigned char *at)
{
#if defined(__SSE2__)
    for (;; at += 16) {
        word_block block = load(at);
        __m128i found = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('\n')),
                                     _mm_cmpeq_epi8(block, _mm_set1_epi8('\r')));
        found = _mm_or_si128(found, _mm_cmpeq_epi8(block, _mm_setzero_si128()));
        uint32_t bits = (uint32_t)_mm_movemask_epi8(found);
        if (bits != 0)
            return at + __builtin_ctz(bits);
    }
#else
    while (*at != '\n' && *at != '\r' && *at != 0)
        at++;
    return at;
#endif
}

/* Behind a backslash: the start of the next line; NULL: no line end follows. */
static const unsigned char *joined(const gsaw__py_parser *self, const unsigned char *at)
{
    at++;
    if (*at == '\r')
        at += at[1] == '\n' ? 2 : 1;
    else if (*at == '\n')
        at++;
    else
        return NULL;
    return at >= self->end ? NULL : at;
}

/* How many spaces stand at `at`, up to 16. */
static inline uint32_t spaces(const unsigned char *at)
{
#if defined(__SSE2__)
    __m128i found = _mm_cmpeq_epi8(load(at), _mm_set1_epi8(' '));
    return (uint32_t)__builtin_ctz(~(uint32_t)_mm_movemask_epi8(found));
#else
    uint32_t count = 0;
    while (count < 16 && at[count] == ' ')
        count++;
    return count;
#endif
}

const unsigned char *gsaw__py_line_start(gsaw__py_parser *self, const unsigned char *at)
{
    uint32_t column = 0, alternative = 0;
    bool has_join = false;
    for (;; at++) {
        if (*at == ' ') {
            uint32_t count = spaces(at);
            column += has_join ? 0 : count;
            alternative += has_join ? 0 : count;
            at += count - 1;
        } else if (*at == '\t') {
            column = has_join ? column : (column / 8 + 1) * 8;
            alternative += !has_join;
        } else if (*at == '\f') {
            column = alternative = 0;
        } else if (*at == '#') {
            at = gsaw__py_line_end(at) - 1;
        } else if (*at == '\n' || *at == '\r') {
            column = alternative = 0;
            has_join = false;
        } else {
            const unsigned char *next = *at == '\\' ? joined(self, at) : NULL;
            if (next == NULL)
                break;
            at = next - 1;
            has_join = true;
        }
    }
    bool is_end = *at == 0 && at >= self->end;
    self->lexer.column = is_end ? 0 : column;
    self->lexer.alternative = is_end ? 0 : alternative;
    return at;
}

static APART void zero(gsaw__py_parser *self, const unsigned char *at)
{
    if (self->error_at != NULL) { /* at stands in zeros that are not the source's */
        self->lexer.kind = self->memory_is_out ? GSAW_TOKEN_END : GSAW_TOKEN_ERROR;
        self->lexer.before = self->lexer.token = self->error_at;
        return;
    }
    self->lexer.token = at;
    self->lexer.at = at;
    if (at < self->end) {
        gsaw__py_bad(self, at + 1, "zero byte");
    } else if (self->lexer.kind != GSAW_TOKEN_NEWLINE && self->lexer.kind != GSAW_TOKEN_END &&
               self->lexer.nesting == 0) {
        self->lexer.kind = GSAW_TOKEN_NEWLINE; /* the last line has no end */
        self->lexer.column = self->lexer.alternative = 0;
    } else {
        self->lexer.kind = GSAW_TOKEN_END;
    }
}

/* ---- all ---- */

/* Tokens that may be longer than their first byte: two equal ones, `=` behind, and others. */
static APART void pair(gsaw__py_parser *self, const unsigned char *at)
{
    unsigned char byte = *at;
    uint32_t kind = KIND[byte];
    const unsigned char *stop = at + 1;
    if (byte == '.') {
        if (*stop >= '0' && *stop <= '9') {
            gsaw__py_lex_number(self, at);
            return;
        }
        if (*stop == '.' && stop[1] == '.') {
            kind = GSAW_TOKEN_ELLIPSIS;
            stop += 2;
        }
    } else if (byte == ':') {
        if (*stop == '=') {
            kind = GSAW_TOKEN_WALRUS;
            stop++;
        }
    } else if (*stop == '=') {
        bool compares = byte == '=' || byte == '!' || byte == '<' || byte == '>';
        kind = compares ? GSAW_TOKEN_OPERATOR : GSAW_TOKEN_AUGMENTED;
        stop++;
    } else if (byte == '-' && *stop == '>') {
        kind = GSAW_TOKEN_ARROW;
        stop++;
    } else if (*stop == byte && (byte == '*' || byte == '/' || byte == '<' || byte == '>')) {
        kind = byte == '*' ? GSAW_TOKEN_POWER : GSAW_TOKEN_OPERATOR;
        stop++;
        if (*stop == '=') {
            kind = GSAW_TOKEN_AUGMENTED;
            stop++;
        }
    }
    self->lexer.kind = kind;
    self->lexer.at = stop;
}

static void scan(gsaw__py_parser *self, const unsigned char *at)
{
    at += *at == ' ';
    for (;;) {
        self->lexer.token = at;
        switch (ACTION[*at]) {
        case WORD:
            word(self, at);
            return;
        case PLAIN:
            self->lexer.kind = KIND[*at];
            self->lexer.at = at + 1;
            return;
        case OPEN:
            self->lexer.nesting++;
            self->lexer.kind = KIND[*at];
            self->lexer.at = at + 1;
            return;
        case CLOSE:
            self->lexer.nesting -= self->lexer.nesting != 0;
            self->lexer.kind = KIND[*at];
            self->lexer.at = at + 1;
            return;
        case PAIR:
            pair(self, at);
            return;
        case BLANK:
            at++;
            break;
        case LINE:
            if (self->lexer.nesting != 0) {
                at++;
                break;
            }
            self->lexer.kind = GSAW_TOKEN_NEWLINE;
            self->lexer.at = gsaw__py_line_start(self, at + 1);
            return;
        case QUOTE:
            gsaw__py_lex_string(self, at, 0);
            return;
        case DIGIT:
            gsaw__py_lex_number(self, at);
            return;
        case COMMENT:
            at = gsaw__py_line_end(at);
            break;
        case ZERO:
            zero(self, at);
            return;
        case JOIN: {
            const unsigned char *next = joined(self, at);
            if (next == NULL) {
                gsaw__py_bad(self, at + 1, "a backslash that joins no lines");
                return;
            }
            at = next;
            break;
        }
        default:
            gsaw__py_bad(self, at + 1, "invalid character");
            return;
        }
    }
}

void gsaw__py_next(gsaw__py_parser *self)
{
    self->lexer.before = self->lexer.at;
    scan(self, self->lexer.at);
}

void gsaw__py_lexer_begin(gsaw__py_parser *self)
{
    const unsigned char *at = self->source;
    if (self->end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    self->lexer = (gsaw__py_lexer){.kind = GSAW_TOKEN_NEWLINE};
    self->lexer.at = gsaw__py_line_start(self, at);
    gsaw__py_next(self);
}
