/* pattern.c - compiling wildcards, and matching with two points of return instead of recursion.
 * Keeps:   runs of stars are one op, and so are runs of "two stars and a slash".
 * Threads: any.
 * Next:    pattern.h, ignore.c */
#include "code/pattern.h"

#include <stdint.h>
#include <string.h>

#define SET_SIZE 32

/* What is left to compile. */
struct source {
    const unsigned char *at, *end;
};

static unsigned peek(const struct source *self) { return self->at < self->end ? *self->at : 0; }

static unsigned peek_second(const struct source *self)
{
    return self->end - self->at > 1 ? self->at[1] : 0;
}

/* Step onto the next byte and give it. */
static unsigned step(struct source *self)
{
    self->at++;
    return peek(self);
}

static void set_add(uint8_t set[SET_SIZE], unsigned first, unsigned last)
{
    for (unsigned byte = first; byte <= last; byte++)
        set[byte / 8] = (uint8_t)(set[byte / 8] | 1u << byte % 8);
}

/* The POSIX classes in the C locale. git's space is without vertical tab and form feed. */
static const struct named_set {
    const char *name;
    unsigned char ranges[8]; /* pairs of first and last; 0, 0 ends (a name has no zero byte) */
} classes[] = {
    {"alnum", {'0', '9', 'A', 'Z', 'a', 'z'}},
    {"alpha", {'A', 'Z', 'a', 'z'}},
    {"blank", {'\t', '\t', ' ', ' '}},
    {"cntrl", {1, 31, 127, 127}},
    {"digit", {'0', '9'}},
    {"graph", {33, 126}},
    {"lower", {'a', 'z'}},
    {"print", {32, 126}},
    {"punct", {33, 47, 58, 64, 91, 96, 123, 126}},
    {"space", {'\t', '\n', '\r', '\r', ' ', ' '}},
    {"upper", {'A', 'Z'}},
    {"xdigit", {'0', '9', 'A', 'F', 'a', 'f'}},
};

static bool set_add_class(uint8_t set[SET_SIZE], const unsigned char *name, size_t size)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        const unsigned char *range = classes[i].ranges;
        if (strlen(classes[i].name) != size || memcmp(classes[i].name, name, size) != 0)
            continue;
        for (size_t k = 0; k < sizeof classes[i].ranges && range[k] != 0; k += 2)
            set_add(set, range[k], range[k + 1]);
        return true;
    }
    return false;
}

enum class_result { CLASS_DONE, CLASS_NONE, CLASS_BAD };

/* At "[:" inside a set. CLASS_DONE leaves the source on the closing ']'; CLASS_NONE (not closed by
 * ":]": an ordinary '[') leaves it where it was. */
static enum class_result compile_class(struct source *source, uint8_t set[SET_SIZE])
{
    const unsigned char *name = source->at + 2;
    size_t left = (size_t)(source->end - name);
    const unsigned char *close = left == 0 ? NULL : memchr(name, ']', left);
    if (close == NULL)
        return CLASS_BAD;
    if (close == name || close[-1] != ':')
        return CLASS_NONE;
    if (!set_add_class(set, name, (size_t)(close - name) - 1))
        return CLASS_BAD;
    source->at = close;
    return CLASS_DONE;
}

/* At the '-' of a range that begins with `first`; leaves the source on the range's last byte. */
static bool compile_range(struct source *source, uint8_t set[SET_SIZE], unsigned first)
{
    unsigned last = step(source);
    if (last == '\\')
        last = step(source);
    if (last != 0)
        set_add(set, first, last);
    return last != 0;
}

/* The members of a set, from the first to the ']' (where the source is left). False: malformed. */
static bool compile_members(struct source *source, uint8_t set[SET_SIZE])
{
    unsigned previous = 0; /* what a '-' would begin its range with */
    unsigned byte = peek(source);
    do {
        if (byte == '\\')
            byte = step(source);
        else if (byte == '-' && previous != 0 && peek_second(source) != 0 &&
                 peek_second(source) != ']') {
            if (!compile_range(source, set, previous))
                return false;
            previous = 0;
            continue;
        } else if (byte == '[' && peek_second(source) == ':') {
            enum class_result result = compile_class(source, set);
            if (result == CLASS_BAD)
                return false;
            if (result == CLASS_DONE) {
                previous = 0;
                continue;
            }
        }
        if (byte == 0)
            return false;
        set_add(set, byte, byte);
        previous = byte;
    } while ((byte = step(source)) != ']');
    return true;
}

/* At '['; leaves the source behind the ']'. A set never holds the slash. False: malformed. */
static bool compile_set(struct source *source, gsaw__buffer *out)
{
    uint8_t set[SET_SIZE] = {0};
    unsigned first = step(source);
    bool negated = first == '!' || first == '^';
    if (negated)
        source->at++;
    if (!compile_members(source, set))
        return false;
    source->at++;
    for (size_t i = 0; negated && i < SET_SIZE; i++)
        set[i] = (uint8_t)~set[i];
    set['/' / 8] = (uint8_t)(set['/' / 8] & ~(1u << '/' % 8));
    gsaw__buffer_append_byte(out, GSAW_PATTERN_SET);
    gsaw__buffer_append(out, set, sizeof set);
    return true;
}

static void append_literal(gsaw__buffer *out, unsigned byte)
{
    if (byte < GSAW_PATTERN_LITERAL)
        gsaw__buffer_append_byte(out, GSAW_PATTERN_QUOTE);
    gsaw__buffer_append_byte(out, (char)byte);
}

/* At '*'; leaves the source behind the stars, and behind the slash when that belongs to them. */
static void compile_stars(struct source *source, const unsigned char *start, bool in_path,
                          gsaw__buffer *out)
{
    const unsigned char *first = source->at;
    while (peek(source) == '*')
        source->at++;
    bool apart = first == start || first[-1] == '/';
    bool escaped_slash = peek(source) == '\\' && peek_second(source) == '/';
    enum gsaw__pattern_op op = GSAW_PATTERN_STAR;
    if (in_path && source->at - first >= 2 && apart) {
        if (peek(source) == 0 || escaped_slash)
            op = GSAW_PATTERN_DEEP;
        else if (peek(source) == '/')
            op = GSAW_PATTERN_DIRS;
    }
    if (op == GSAW_PATTERN_DIRS) {
        source->at++;
        while (source->end - source->at > 3 && memcmp(source->at, "**/", 3) == 0)
            source->at += 3;
    }
    gsaw__buffer_append_byte(out, (char)op);
}

/* git compares the text before the first special byte by itself and gives only the rest to its
 * matcher: so two stars straight behind that text count as standing at the start ("foo**" "/bar"
 * matches foobar). */
static size_t literal_prefix(const char *bytes, size_t count)
{
    size_t size = 0;
    while (size < count && strchr("*?[\\", bytes[size]) == NULL)
        size++;
    return size;
}

static bool compile_rest(struct source source, bool in_path, gsaw__buffer *out)
{
    const unsigned char *start = source.at;
    while (source.at < source.end) {
        switch (peek(&source)) {
        case '*':
            compile_stars(&source, start, in_path, out);
            break;
        case '?':
            source.at++;
            gsaw__buffer_append_byte(out, GSAW_PATTERN_ONE);
            break;
        case '[':
            if (!compile_set(&source, out))
                return false;
            break;
        case '\\':
            if (step(&source) == 0)
                return false; /* a backslash at the end matches nothing */
            /* fall through */
        default:
            append_literal(out, peek(&source));
            source.at++;
        }
    }
    return true;
}

static enum gsaw__pattern_shape shape_of(const char *program, size_t count)
{
    bool tail = count != 0 && program[0] == GSAW_PATTERN_STAR;
    for (size_t i = tail; i < count; i++)
        if ((unsigned char)program[i] < GSAW_PATTERN_LITERAL)
            return GSAW_PATTERN_IS_WILD;
    return tail ? GSAW_PATTERN_IS_TAIL : GSAW_PATTERN_IS_TEXT;
}

enum gsaw__pattern_shape gsaw__pattern_compile(const char *bytes, size_t count, bool in_path,
                                               gsaw__buffer *out)
{
    size_t before = out->count;
    size_t prefix = literal_prefix(bytes, count);
    for (size_t i = 0; i < prefix; i++)
        append_literal(out, (unsigned char)bytes[i]);
    const unsigned char *start = (const unsigned char *)bytes;
    bool valid = compile_rest((struct source){start + prefix, start + count}, in_path, out);
    size_t size = out->count - before;
    gsaw__buffer_append_byte(out, GSAW_PATTERN_END);
    if (valid && !out->failed)
        return shape_of(out->bytes + before, size);
    if (!out->failed)
        out->count = before;
    return GSAW_PATTERN_NEVER;
}

/* The op at *program against the byte, *program moved behind it. */
static bool match_byte(const unsigned char **program, unsigned char byte)
{
    unsigned op = *(*program)++;
    if (op >= GSAW_PATTERN_LITERAL)
        return op == byte;
    if (op == GSAW_PATTERN_ONE)
        return byte != '/';
    if (op == GSAW_PATTERN_QUOTE)
        return *(*program)++ == byte;
    if (op != GSAW_PATTERN_SET)
        return false; /* END, with text left */
    const unsigned char *set = *program;
    *program += SET_SIZE;
    return (set[byte / 8] >> byte % 8 & 1) != 0;
}

/* Where a match can go on when it has failed: at the last star of the segment at hand (an earlier
 * one cannot help: what follows it is found again further right), at the last op that crosses
 * slashes. */
struct retry {
    const unsigned char *star, *star_text;
    const unsigned char *deep, *deep_text;
    bool deep_is_dirs;
};

/* Set *program and *text to the next place to try. False: there is none. */
static bool try_again(struct retry *self, const unsigned char **program, const unsigned char **text,
                      const unsigned char *end)
{
    if (self->star != NULL && self->star_text < end && *self->star_text != '/') {
        *program = self->star;
        *text = ++self->star_text;
        return true;
    }
    self->star = NULL;
    if (self->deep == NULL || self->deep_text >= end)
        return false;
    if (self->deep_is_dirs) {
        self->deep_text = memchr(self->deep_text, '/', (size_t)(end - self->deep_text));
        if (self->deep_text == NULL) {
            self->deep = NULL;
            return false;
        }
    }
    *program = self->deep;
    *text = ++self->deep_text;
    return true;
}

bool gsaw__pattern_match(const char *program, const char *text, size_t size)
{
    const unsigned char *op = (const unsigned char *)program;
    const unsigned char *at = (const unsigned char *)text, *end = at + size;
    struct retry retry = {0};
    for (;;) {
        switch (*op) {
        case GSAW_PATTERN_STAR:
            retry.star = ++op;
            retry.star_text = at;
            continue;
        case GSAW_PATTERN_DEEP:
        case GSAW_PATTERN_DIRS:
            retry = (struct retry){.deep_is_dirs = *op == GSAW_PATTERN_DIRS};
            retry.deep = ++op;
            retry.deep_text = at;
            if (!retry.deep_is_dirs && *op == GSAW_PATTERN_END)
                return true;
            continue;
        case GSAW_PATTERN_END:
            if (at == end)
                return true;
            break;
        default:
            if (at < end && match_byte(&op, *at)) {
                if (*at++ == '/')
                    retry.star = NULL; /* its segment is done */
                continue;
            }
        }
        if (!try_again(&retry, &op, &at, end))
            return false;
    }
}
