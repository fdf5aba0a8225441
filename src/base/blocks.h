/* blocks.h - an array that grows without copying: blocks of 2 MB, the size of a huge page.
 * Keeps:   all blocks but a lone first one are whole; that one doubles until it is.
 * Threads: one at a time grows, when nobody reads.
 * Next:    blocks.c */
#ifndef GSAW_BASE_BLOCKS_H
#define GSAW_BASE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/alloc.h>

#define GSAW_BLOCK_SIZE ((size_t)2 << 20)

/* All-zero is a valid empty array. Items are of one size, at most 4096, which every call is told.
 * Those of a lone first block move when it grows. */
typedef struct gsaw__blocks {
    char **blocks;
    uint32_t count, room; /* of blocks: there, and fitting the table */
    uint32_t capacity;    /* of items */
} gsaw__blocks;

/* The item at index < capacity, of `size` bytes. */
static inline void *gsaw__blocks_at(const gsaw__blocks *self, uint32_t index, size_t size)
{
    const uint32_t items = (uint32_t)(GSAW_BLOCK_SIZE / size); /* shifts, for powers of two */
    return self->blocks[index / items] + index % items * size;
}

/* Make room for at least one item more. False when memory is out. */
bool gsaw__blocks_grow(gsaw__blocks *self, const gsaw_allocator *allocator, size_t size);

/* Make room for `wanted` items in all. False when memory is out; then some of it may be there. */
bool gsaw__blocks_reserve(gsaw__blocks *self, const gsaw_allocator *allocator, size_t size,
                          uint32_t wanted);

/* Free all; it is empty then. */
void gsaw__blocks_clear(gsaw__blocks *self, const gsaw_allocator *allocator, size_t size);

#endif
