/* utf.h - UTF-8 and UTF-16.
 * Keeps:   conversion never fails on input: what is no character becomes U+FFFD.
 * Threads: any.
 * Next:    utf.c */
#ifndef GSAW_BASE_UTF_H
#define GSAW_BASE_UTF_H

#include "base/buffer.h"

/* The length of the valid UTF-8 sequence at bytes (1 to 4), 0 if there is none.
 * Source: RFC 3629, table 3-7 of the Unicode standard (no surrogates, no overlong forms). */
size_t gsaw__utf8_length(const char *bytes, size_t count);

/* Append a character (0 to 0x10FFFF, no surrogate) as UTF-8. */
void gsaw__utf8_append(gsaw__buffer *out, uint32_t code);

enum gsaw__bom { GSAW_BOM_NONE, GSAW_BOM_UTF8, GSAW_BOM_UTF16_LE, GSAW_BOM_UTF16_BE };

/* The byte order mark that bytes begin with. */
enum gsaw__bom gsaw__bom_of(const char *bytes, size_t count);

/* Append UTF-16 `bytes` (without their mark) as UTF-8. A lone surrogate and an odd last byte become
 * U+FFFD. Source: RFC 2781. Memory running out shows in out->failed. */
void gsaw__utf16_to_utf8(const char *bytes, size_t count, bool big_endian, gsaw__buffer *out);

#endif
