/* array.h - typed growing arrays: GSAW_ARRAY(type) names a struct {items, count, capacity}.
 * Keeps:   count <= capacity; items [0, count) are set; all-zero is a valid empty array.
 * Threads: one at a time.
 * Next:    alloc.h */
#ifndef GSAW_BASE_ARRAY_H
#define GSAW_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

#define GSAW_ARRAY(type)                                                                           \
    struct {                                                                                       \
        type *items;                                                                               \
        size_t count, capacity;                                                                    \
    }

/* Make room for `extra` more items; false when memory is out (the array is unharmed). */
#define gsaw__array_reserve(self, allocator, extra)                                                \
    (gsaw__array_has((self), (extra)) ||                                                           \
     ((self)->items =                                                                              \
          gsaw__array_grow((allocator), (self)->items, &(self)->capacity,                          \
                           gsaw__array_sum((self)->count, (extra)), sizeof *(self)->items),        \
      gsaw__array_has((self), (extra))))

/* Append one item; false when memory is out. */
#define gsaw__array_push(self, allocator, item)                                                    \
    (gsaw__array_reserve((self), (allocator), 1) &&                                                \
     (((self)->items[(self)->count++] = (item)), true))

/* Free the items; the array is empty and usable again. */
#define gsaw__array_clear(self, allocator)                                                         \
    (gsaw__free((allocator), (self)->items, (self)->capacity * sizeof *(self)->items),             \
     (self)->items = NULL, (self)->count = 0, (self)->capacity = 0)

#define gsaw__array_has(self, extra) ((self)->capacity - (self)->count >= (size_t)(extra))

/* count + extra, or SIZE_MAX (for which there is never memory) when that overflows. */
static inline size_t gsaw__array_sum(size_t count, size_t extra)
{
    return extra > SIZE_MAX - count ? SIZE_MAX : count + extra;
}

/* Growth behind the macros: the items in room for `wanted` of them and at least twice as many as
 * before, *capacity raised; when memory is out, the items as they were and *capacity too. */
void *gsaw__array_grow(const gsaw_allocator *allocator, void *items, size_t *capacity,
                       size_t wanted, size_t item_size);

#endif
