/* links.c - the set of visited directories, and a heap of links that wait.
 * Keeps:   in the heap no link comes before its parent's place ((i - 1) / 2).
 * Threads: as links.h says.
 * Next:    links.h */
#include "code/links.h"

#include <string.h>

void gsaw__links_noted_clear(gsaw__links_noted *self, const gsaw_allocator *allocator)
{
    gsaw__array_clear(&self->visited, allocator);
    gsaw__array_clear(&self->links, allocator);
}

void gsaw__links_init(gsaw__links *self, const gsaw_allocator *allocator)
{
    *self = (gsaw__links){.waiting = {0}};
    gsaw__map_init(&self->visited, allocator);
    gsaw__arena_init(&self->keys, allocator);
}

void gsaw__links_clear(gsaw__links *self)
{
    gsaw__array_clear(&self->waiting, self->keys.allocator);
    gsaw__map_clear(&self->visited);
    gsaw__arena_clear(&self->keys);
}

static bool push(gsaw__links *self, gsaw__dir *link)
{
    if (!gsaw__array_push(&self->waiting, self->keys.allocator, link))
        return false;
    gsaw__dir **heap = self->waiting.items;
    size_t at = self->waiting.count - 1;
    for (; at != 0 && gsaw__dir_is_before(link, heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = link;
    return true;
}

gsaw__dir *gsaw__links_take(gsaw__links *self)
{
    if (self->waiting.count == 0)
        return NULL;
    gsaw__dir **heap = self->waiting.items, *first = heap[0];
    size_t count = --self->waiting.count, at = 0;
    gsaw__dir *moved = heap[count];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < count && gsaw__dir_is_before(heap[child + 1], heap[child]))
            child++;
        if (child >= count || !gsaw__dir_is_before(heap[child], moved))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
    return first;
}

bool gsaw__links_gather(gsaw__links *self, gsaw__links_noted *noted)
{
    for (; noted->visited.count != 0; noted->visited.count--) {
        const gsaw__identity *identity = &noted->visited.items[noted->visited.count - 1];
        const char *key = gsaw__arena_dup(&self->keys, identity, sizeof *identity);
        if (key == NULL || gsaw__map_insert(&self->visited, key, sizeof *identity, 0, NULL) == NULL)
            return false;
    }
    for (; noted->links.count != 0; noted->links.count--)
        if (!push(self, noted->links.items[noted->links.count - 1]))
            return false;
    return true;
}

bool gsaw__links_knows(const gsaw__links *self, gsaw__identity identity)
{
    return gsaw__map_find(&self->visited, (const char *)&identity, sizeof identity) != NULL;
}
