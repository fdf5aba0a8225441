/* utf.c - UTF-8 sequences, byte order marks, UTF-16.
 * Keeps:   output is valid UTF-8.
 * Threads: any.
 * Next:    utf.h */
#include "base/utf.h"

#include <string.h>

static bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

size_t gsaw__utf8_length(const char *bytes, size_t count)
{
    const unsigned char *at = (const unsigned char *)bytes;
    if (count == 0)
        return 0;
    if (at[0] < 0x80)
        return 1;
    if (at[0] < 0xC2 || count < 2)
        return 0;
    if (at[0] < 0xE0)
        return is_continuation(at[1]) ? 2 : 0;
    /* The second byte's range excludes overlong forms, surrogates and what is beyond U+10FFFF. */
    unsigned char least = at[0] == 0xE0 ? 0xA0 : at[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char most = at[0] == 0xED ? 0x9F : at[0] == 0xF4 ? 0x8F : 0xBF;
    if (at[1] < least || at[1] > most)
        return 0;
    if (at[0] < 0xF0)
        return count >= 3 && is_continuation(at[2]) ? 3 : 0;
    return at[0] <= 0xF4 && count >= 4 && is_continuation(at[2]) && is_continuation(at[3]) ? 4 : 0;
}

enum gsaw__bom gsaw__bom_of(const char *bytes, size_t count)
{
    if (count >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        return GSAW_BOM_UTF8;
    if (count >= 2 && memcmp(bytes, "\xFF\xFE", 2) == 0)
        return GSAW_BOM_UTF16_LE;
    if (count >= 2 && memcmp(bytes, "\xFE\xFF", 2) == 0)
        return GSAW_BOM_UTF16_BE;
    return GSAW_BOM_NONE;
}

static uint32_t unit_at(const char *bytes, bool big_endian)
{
    uint32_t first = (unsigned char)bytes[0], second = (unsigned char)bytes[1];
    return big_endian ? first << 8 | second : second << 8 | first;
}

void gsaw__utf8_append(gsaw__buffer *out, uint32_t code)
{
    char bytes[4];
    size_t count;
    if (code < 0x80) {
        bytes[0] = (char)code;
        count = 1;
    } else if (code < 0x800) {
        bytes[0] = (char)(0xC0 | code >> 6);
        count = 2;
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xE0 | code >> 12);
        count = 3;
    } else {
        bytes[0] = (char)(0xF0 | code >> 18);
        count = 4;
    }
    for (size_t i = 1; i < count; i++) /* six bits a byte, the highest first */
        bytes[i] = (char)(0x80 | (code >> 6 * (count - 1 - i) & 0x3F));
    gsaw__buffer_append(out, bytes, count);
}

void gsaw__utf16_to_utf8(const char *bytes, size_t count, bool big_endian, gsaw__buffer *out)
{
    const uint32_t replacement = 0xFFFD;
    size_t at = 0;
    while (at + 1 < count && !out->failed) {
        uint32_t code = unit_at(bytes + at, big_endian);
        at += 2;
        bool is_high = code >= 0xD800 && code < 0xDC00;
        uint32_t low = is_high && at + 1 < count ? unit_at(bytes + at, big_endian) : 0;
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            at += 2;
        } else if (code >= 0xD800 && code < 0xE000) {
            code = replacement;
        }
        gsaw__utf8_append(out, code);
    }
    if (at < count)
        gsaw__utf8_append(out, replacement);
}
