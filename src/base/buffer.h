/* buffer.h - a growing string of bytes, always with a zero byte behind it.
 * Keeps:   once an append fails, `failed` stays set and later appends do nothing: check it once, at
 *          the end.
 * Threads: one at a time.
 * Next:    buffer.c, json.h */
#ifndef GSAW_BASE_BUFFER_H
#define GSAW_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/alloc.h>

/* All-zero is a valid empty buffer over malloc. */
typedef struct gsaw__buffer {
    const gsaw_allocator *allocator; /* borrowed */
    char *bytes;                     /* NULL while capacity is 0 */
    size_t count, capacity;
    bool failed; /* memory ran out; the contents are not to be used */
} gsaw__buffer;

/* Make self empty over `allocator` (NULL: malloc); takes no memory yet. */
void gsaw__buffer_init(gsaw__buffer *self, const gsaw_allocator *allocator);
void gsaw__buffer_clear(gsaw__buffer *self); /* frees; usable again */
void gsaw__buffer_reset(gsaw__buffer *self); /* count 0, failed false, memory kept */

/* Room for `extra` more bytes, or false and failed set. */
bool gsaw__buffer_reserve(gsaw__buffer *self, size_t extra);

/* Append; when memory is out set failed. The bytes must not lie in the buffer itself. */
void gsaw__buffer_append(gsaw__buffer *self, const void *bytes, size_t count);
void gsaw__buffer_append_text(gsaw__buffer *self, const char *text); /* zero-terminated */
void gsaw__buffer_append_byte(gsaw__buffer *self, char byte);
void gsaw__buffer_append_number(gsaw__buffer *self, uint64_t number); /* decimal; no printf */
void gsaw__buffer_printf(gsaw__buffer *self, const char *format, ...) GSAW_PRINTF(2, 3);

/* The contents as a C string ("" when empty). View: until the next change. */
const char *gsaw__buffer_text(const gsaw__buffer *self);

#endif
