/* buffer.c - appending bytes, text and numbers.
 * Keeps:   count < capacity whenever capacity is not 0 (the zero byte behind the contents).
 * Threads: one at a time.
 * Next:    buffer.h, json.c */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

void gsaw__buffer_init(gsaw__buffer *self, const gsaw_allocator *allocator)
{
    *self = (gsaw__buffer){.allocator = allocator};
}

void gsaw__buffer_clear(gsaw__buffer *self)
{
    gsaw__free(self->allocator, self->bytes, self->capacity);
    gsaw__buffer_init(self, self->allocator);
}

void gsaw__buffer_reset(gsaw__buffer *self)
{
    self->count = 0;
    self->failed = false;
    if (self->capacity != 0)
        self->bytes[0] = 0;
}

bool gsaw__buffer_reserve(gsaw__buffer *self, size_t extra)
{
    if (self->failed)
        return false;
    if (extra < self->capacity - self->count)
        return true;
    size_t wanted = self->capacity < 64 ? 128 : self->capacity * 2;
    bool fits = extra < SIZE_MAX / 4 && self->count < SIZE_MAX / 4;
    if (fits && wanted < self->count + extra + 1)
        wanted = self->count + extra + 1;
    char *grown = fits ? gsaw__realloc(self->allocator, self->bytes, self->capacity, wanted) : NULL;
    if (grown == NULL) {
        self->failed = true;
        return false;
    }
    self->bytes = grown;
    self->capacity = wanted;
    return true;
}

void gsaw__buffer_append(gsaw__buffer *self, const void *bytes, size_t count)
{
    if (!gsaw__buffer_reserve(self, count))
        return;
    if (count != 0)
        memcpy(self->bytes + self->count, bytes, count);
    self->count += count;
    self->bytes[self->count] = 0;
}

void gsaw__buffer_append_text(gsaw__buffer *self, const char *text)
{
    gsaw__buffer_append(self, text, strlen(text));
}

void gsaw__buffer_append_byte(gsaw__buffer *self, char byte)
{
    gsaw__buffer_append(self, &byte, 1);
}

void gsaw__buffer_append_number(gsaw__buffer *self, uint64_t number)
{
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    gsaw__buffer_append(self, digits + first, sizeof digits - first);
}

void gsaw__buffer_printf(gsaw__buffer *self, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        self->failed = true;
        return;
    }
    if (!gsaw__buffer_reserve(self, (size_t)length))
        return;
    va_start(arguments, format);
    vsnprintf(self->bytes + self->count, (size_t)length + 1, format, arguments);
    va_end(arguments);
    self->count += (size_t)length;
}

const char *gsaw__buffer_text(const gsaw__buffer *self)
{
    return self->capacity == 0 ? "" : self->bytes;
}
