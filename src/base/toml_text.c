/* toml_text.c - TOML's four kinds of strings.
 * Keeps:   a line's end in a string is \n, however it was written.
 * Threads: one.
 * Next:    toml_reader.h */
#include "base/toml_reader.h"

#include "base/utf.h"

static int digit_of(int byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

/* The `count` digits of \u and \U, at the first of them. */
static bool read_code(gsaw__toml *self, unsigned count)
{
    uint32_t code = 0;
    for (unsigned i = 0; i < count; i++) {
        int digit = digit_of(gsaw__toml_peek(self, 0));
        if (digit < 0)
            return gsaw__toml_fail(self, count == 4 ? "\\u needs 4 hexadecimal digits"
                                                    : "\\U needs 8 hexadecimal digits");
        code = code << 4 | (uint32_t)digit;
        self->at++;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return gsaw__toml_fail(self, "this escape is no character");
    gsaw__utf8_append(&self->text, code);
    return true;
}

/* A backslash at a line's end joins the lines: nothing up to the next that is no white space. */
static bool skip_join(gsaw__toml *self)
{
    gsaw__toml_skip_blanks(self);
    if (gsaw__toml_newline(self) == 0)
        return gsaw__toml_fail(self, "a backslash that escapes nothing");
    for (size_t size; (size = gsaw__toml_newline(self)) != 0;) {
        self->at += size;
        gsaw__toml_skip_blanks(self);
    }
    return true;
}

static bool read_escape(gsaw__toml *self, bool is_long)
{
    static const char escapes[] = "b\bt\tn\nf\fr\r\"\"\\\\"; /* pairs: letter, byte */
    int letter = gsaw__toml_peek(self, 1);
    self->at++;
    for (size_t i = 0; i + 1 < sizeof escapes; i += 2)
        if (letter == escapes[i]) {
            gsaw__buffer_append_byte(&self->text, escapes[i + 1]);
            self->at++;
            return true;
        }
    if (letter == 'u' || letter == 'U') {
        self->at++;
        return read_code(self, letter == 'u' ? 4 : 8);
    }
    return is_long ? skip_join(self) : gsaw__toml_fail(self, "a backslash that escapes nothing");
}

static bool is_triple(const gsaw__toml *self, int quote)
{
    return gsaw__toml_peek(self, 0) == quote && gsaw__toml_peek(self, 1) == quote &&
           gsaw__toml_peek(self, 2) == quote;
}

/* One or two quotes before the three that end it are its last bytes. */
static void close_long(gsaw__toml *self, int quote)
{
    self->at += 3;
    for (int i = 0; i < 2 && gsaw__toml_peek(self, 0) == quote; i++) {
        gsaw__buffer_append_byte(&self->text, (char)quote);
        self->at++;
    }
}

static bool read_line(gsaw__toml *self, int quote)
{
    for (int byte; (byte = gsaw__toml_peek(self, 0)) != quote;) {
        if (byte < 0 || gsaw__toml_newline(self) != 0)
            return gsaw__toml_fail(self, "the string does not end");
        if (gsaw__toml_is_control(byte))
            return gsaw__toml_fail(self, "a control character in a string");
        if (byte == '\\' && quote == '"') {
            if (!read_escape(self, false))
                return false;
            continue;
        }
        gsaw__buffer_append_byte(&self->text, (char)byte);
        self->at++;
    }
    self->at++;
    return true;
}

static bool read_long(gsaw__toml *self, int quote)
{
    self->at += gsaw__toml_newline(self);
    while (!is_triple(self, quote)) {
        int byte = gsaw__toml_peek(self, 0);
        size_t newline = gsaw__toml_newline(self);
        if (byte < 0)
            return gsaw__toml_fail(self, "the string does not end");
        if (newline == 0 && gsaw__toml_is_control(byte))
            return gsaw__toml_fail(self, "a control character in a string");
        if (byte == '\\' && quote == '"') {
            if (!read_escape(self, true))
                return false;
            continue;
        }
        gsaw__buffer_append_byte(&self->text, (char)(newline != 0 ? '\n' : byte));
        self->at += newline != 0 ? newline : 1;
    }
    close_long(self, quote);
    return true;
}

bool gsaw__toml_read_text(gsaw__toml *self, bool is_value, const char **text, uint32_t *size)
{
    int quote = gsaw__toml_peek(self, 0);
    bool is_long = is_value && is_triple(self, quote);
    gsaw__buffer_reset(&self->text);
    self->at += is_long ? 3 : 1;
    if (!(is_long ? read_long(self, quote) : read_line(self, quote)))
        return false;
    const char *copy =
        self->text.failed
            ? NULL
            : gsaw__arena_dup(self->arena, gsaw__buffer_text(&self->text), self->text.count);
    if (copy == NULL)
        return gsaw__toml_fail_memory(self);
    *text = copy;
    *size = (uint32_t)self->text.count;
    return true;
}
