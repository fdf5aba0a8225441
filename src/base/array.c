/* array.c - growth of typed arrays.
 * Keeps:   capacity at least doubles, so that appending is linear; the old items survive a failure.
 * Threads: one at a time.
 * Next:    array.h */
#include "base/array.h"

void *gsaw__array_grow(const gsaw_allocator *allocator, void *items, size_t *capacity,
                       size_t wanted, size_t item_size)
{
    if (wanted > SIZE_MAX / 2 / item_size)
        return items;
    if (wanted < *capacity * 2)
        wanted = *capacity * 2;
    if (wanted < 8)
        wanted = 8;
    void *grown = gsaw__realloc(allocator, items, *capacity * item_size, wanted * item_size);
    if (grown == NULL)
        return items;
    *capacity = wanted;
    return grown;
}
