/* blocks.c - an array that grows without copying.
 * Keeps:   capacity is what the blocks hold.
 * Threads: as blocks.h says.
 * Next:    blocks.h, alloc.h */
#include "base/blocks.h"

#include <string.h>

#include "base/alloc.h"

#define TABLE_MIN 4u
#define ITEMS_MIN 64u

static bool grow_table(gsaw__blocks *self, const gsaw_allocator *allocator)
{
    uint32_t room = self->room == 0 ? TABLE_MIN : 2 * self->room;
    char **blocks =
        gsaw__realloc(allocator, self->blocks, self->room * sizeof *blocks, room * sizeof *blocks);
    if (blocks == NULL)
        return false;
    self->blocks = blocks;
    self->room = room;
    return true;
}

bool gsaw__blocks_grow(gsaw__blocks *self, const gsaw_allocator *allocator, size_t size)
{
    uint32_t items = (uint32_t)(GSAW_BLOCK_SIZE / size);
    if (self->capacity > UINT32_MAX - items ||
        (self->count == self->room && !grow_table(self, allocator)))
        return false;
    if (self->capacity >= items) {
        char *block = gsaw__alloc_large(allocator, items * size);
        if (block == NULL)
            return false;
        self->blocks[self->count++] = block;
        self->capacity += items;
        return true;
    }
    uint32_t wider = self->capacity == 0 ? ITEMS_MIN : 2 * self->capacity;
    wider = wider < items ? wider : items;
    char *first = gsaw__alloc_large(allocator, wider * size);
    if (first == NULL)
        return false;
    if (self->count == 1) {
        memcpy(first, self->blocks[0], self->capacity * size);
        gsaw__free(allocator, self->blocks[0], self->capacity * size);
    }
    self->blocks[0] = first;
    self->count = 1;
    self->capacity = wider;
    return true;
}

bool gsaw__blocks_reserve(gsaw__blocks *self, const gsaw_allocator *allocator, size_t size,
                          uint32_t wanted)
{
    while (self->capacity < wanted)
        if (!gsaw__blocks_grow(self, allocator, size))
            return false;
    return true;
}

void gsaw__blocks_clear(gsaw__blocks *self, const gsaw_allocator *allocator, size_t size)
{
    uint32_t items = (uint32_t)(GSAW_BLOCK_SIZE / size);
    for (uint32_t i = 0; i < self->count; i++)
        gsaw__free(allocator, self->blocks[i], (self->count == 1 ? self->capacity : items) * size);
    gsaw__free(allocator, self->blocks, self->room * sizeof *self->blocks);
    memset(self, 0, sizeof *self);
}
