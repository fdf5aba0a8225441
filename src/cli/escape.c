/* escape.c - a path may hold newlines, escape sequences and half characters: none of it reaches a
 * terminal.
 * Keeps:   output is valid UTF-8 without control characters.
 * Threads: any.
 * Next:    escape.h */
#include "cli/escape.h"

#include "base/utf.h"

static const struct {
    char byte, letter;
} letters[] = {{'\n', 'n'}, {'\t', 't'}, {'\r', 'r'}, {'\\', '\\'}};

/* First and last code points that are escaped although they are valid. */
static const struct {
    uint32_t first, last;
} hidden[] = {{0x80, 0x9f}, {0x61c, 0x61c}, {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};

static void escape_byte(gsaw__buffer *out, unsigned char byte)
{
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (byte == (unsigned char)letters[i].byte) {
            gsaw__buffer_append_byte(out, '\\');
            gsaw__buffer_append_byte(out, letters[i].letter);
            return;
        }
    gsaw__buffer_printf(out, "\\x%02x", byte);
}

static uint32_t code_point(const char *bytes, size_t count)
{
    static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)bytes[0] & lead_mask[count];
    for (size_t i = 1; i < count; i++)
        code = code << 6 | ((unsigned char)bytes[i] & 0x3f);
    return code;
}

static bool is_hidden(uint32_t code)
{
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (code >= hidden[i].first && code <= hidden[i].last)
            return true;
    return false;
}

static bool is_plain(unsigned char byte) { return byte >= 0x20 && byte < 0x7f && byte != '\\'; }

void gsaw__escape(gsaw__buffer *out, const char *bytes, size_t count)
{
    size_t i = 0;
    while (i < count) {
        size_t run = i;
        while (run < count && is_plain((unsigned char)bytes[run]))
            run++;
        gsaw__buffer_append(out, bytes + i, run - i);
        i = run;
        if (i == count)
            return;
        size_t size = gsaw__utf8_length(bytes + i, count - i);
        if (size < 2) {
            escape_byte(out, (unsigned char)bytes[i]);
            size = 1;
        } else if (is_hidden(code_point(bytes + i, size))) {
            gsaw__buffer_printf(out, "\\u{%x}", (unsigned)code_point(bytes + i, size));
        } else {
            gsaw__buffer_append(out, bytes + i, size);
        }
        i += size;
    }
}
