/* json.h - writing JSON into a buffer, lossless for any bytes.
 * Keeps:   output is valid UTF-8 whatever comes in: a byte that is no UTF-8 becomes \udcXX
 *          (Python's surrogateescape), so a reader can get the bytes back. Reading JSON is a
 *          library's job.
 * Threads: as its buffer.
 * Next:    json.c, buffer.h */
#ifndef GSAW_BASE_JSON_H
#define GSAW_BASE_JSON_H

#include "base/buffer.h"

/* Append bytes as a quoted JSON string. Escapes ", \ and control bytes; DEL and beyond as they are.
 */
void gsaw__json_string(gsaw__buffer *out, const char *bytes, size_t count);

/* Append ,"key": (no comma straight behind { or [). key is plain ASCII and trusted. */
void gsaw__json_key(gsaw__buffer *out, const char *key);

/* key and value in one; the number as an integer, the decimal with three digits. */
void gsaw__json_text_field(gsaw__buffer *out, const char *key, const char *bytes, size_t count);
void gsaw__json_number_field(gsaw__buffer *out, const char *key, uint64_t number);
void gsaw__json_decimal_field(gsaw__buffer *out, const char *key, double number);
void gsaw__json_bool_field(gsaw__buffer *out, const char *key, bool value);
void gsaw__json_null_field(gsaw__buffer *out, const char *key);

#endif
