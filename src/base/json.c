/* json.c - JSON strings and fields.
 * Keeps:   output is valid UTF-8 and valid JSON for any input bytes.
 * Threads: as its buffer.
 * Next:    json.h */
#include "base/json.h"

#include <string.h>

#include "base/utf.h"

static void append_escaped(gsaw__buffer *out, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: byte, letter */
    for (size_t i = 0; i + 1 < sizeof shorts; i += 2)
        if ((unsigned char)shorts[i] == byte) {
            gsaw__buffer_append(out, (const char[]){'\\', shorts[i + 1]}, 2);
            return;
        }
    const char *lead = byte < 0x80 ? "\\u00" : "\\udc"; /* control byte, or surrogateescape */
    gsaw__buffer_append(out, lead, 4);
    gsaw__buffer_append(out, (const char[]){hex[byte >> 4], hex[byte & 15]}, 2);
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

void gsaw__json_string(gsaw__buffer *out, const char *bytes, size_t count)
{
    gsaw__buffer_append_byte(out, '"');
    size_t at = 0;
    while (at < count) {
        size_t end = at;
        while (end < count && is_plain((unsigned char)bytes[end]))
            end++;
        gsaw__buffer_append(out, bytes + at, end - at);
        at = end;
        if (at == count)
            break;
        size_t length = gsaw__utf8_length(bytes + at, count - at);
        if (length > 1)
            gsaw__buffer_append(out, bytes + at, length);
        else
            append_escaped(out, (unsigned char)bytes[at]);
        at += length > 1 ? length : 1;
    }
    gsaw__buffer_append_byte(out, '"');
}

void gsaw__json_key(gsaw__buffer *out, const char *key)
{
    char last = out->count == 0 ? '{' : out->bytes[out->count - 1];
    if (last != '{' && last != '[')
        gsaw__buffer_append_byte(out, ',');
    gsaw__buffer_append_byte(out, '"');
    gsaw__buffer_append_text(out, key);
    gsaw__buffer_append(out, "\":", 2);
}

void gsaw__json_text_field(gsaw__buffer *out, const char *key, const char *bytes, size_t count)
{
    gsaw__json_key(out, key);
    gsaw__json_string(out, bytes, count);
}

void gsaw__json_number_field(gsaw__buffer *out, const char *key, uint64_t number)
{
    gsaw__json_key(out, key);
    gsaw__buffer_append_number(out, number);
}

void gsaw__json_decimal_field(gsaw__buffer *out, const char *key, double number)
{
    gsaw__json_key(out, key);
    gsaw__buffer_printf(out, "%.3f", number);
}

void gsaw__json_bool_field(gsaw__buffer *out, const char *key, bool value)
{
    gsaw__json_key(out, key);
    gsaw__buffer_append_text(out, value ? "true" : "false");
}

void gsaw__json_null_field(gsaw__buffer *out, const char *key)
{
    gsaw__json_key(out, key);
    gsaw__buffer_append_text(out, "null");
}
