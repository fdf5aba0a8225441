/* flight.c - slots of the table of files in flight.
 * Keeps:   see the header.
 * Threads: the worker that owns the slot.
 * Next:    flight.h */
#include "code/flight.h"

#include <string.h>

#include "base/atomic.h"

void gsaw__flight_begin(gsaw__flight *self, const gsaw__buffer *path)
{
    if (self == NULL || path->failed || path->count > sizeof self->path)
        return;
    memcpy(self->path, gsaw__buffer_text(path), path->count);
    self->path_size = (uint32_t)path->count;
    gsaw__store_release(&self->active, 1); /* [F1] release, pairs with F1 in the supervisor */
}

void gsaw__flight_end(gsaw__flight *self)
{
    if (self != NULL)
        gsaw__store_release(&self->active, 0); /* [F1] release, pairs with F1 in the supervisor */
}

bool gsaw__flight_is_set_aside(const gsaw_strings *list, const gsaw__buffer *path)
{
    for (size_t i = 0; i < list->count; i++)
        if (strlen(list->items[i]) == path->count &&
            memcmp(list->items[i], path->bytes, path->count) == 0)
            return true;
    return false;
}
