/* array.c - growth of typed arrays.
 * Keeps:   capacity at least doubles, so that appending is linear; the old items survive a failure.
 * Threads: one at a time.
 * Next:    array.h */
#include "base/array.h"

#include <stdint.h>

bool gsaw__array_grow(const gsaw_allocator *allocator, void **items, size_t *capacity, size_t count,
                      size_t extra, size_t item_size)
{
    size_t most = SIZE_MAX / 2 / item_size;
    if (extra > most || count > most - extra)
        return false;
    size_t wanted = *capacity * 2;
    if (wanted < count + extra)
        wanted = count + extra;
    if (wanted < 8)
        wanted = 8;
    void *grown = gsaw__realloc(allocator, *items, *capacity * item_size, wanted * item_size);
    if (grown == NULL)
        return false;
    *items = grown;
    *capacity = wanted;
    return true;
}
