/* arena.c - a list of blocks and a bump pointer in the newest.
 * Keeps:   bytes is the sum of the blocks' sizes; [next, end) lies in the newest block.
 * Threads: one at a time.
 * Next:    arena.h */
#include "base/arena.h"

#include <string.h>

#include "base/alloc.h"
#include "base/check.h"

/* Its usable bytes follow; alignas makes sizeof a multiple of the strictest alignment. */
struct gsaw__arena_block {
    alignas(max_align_t) struct gsaw__arena_block *older;
    size_t size; /* header included */
};

void gsaw__arena_init(gsaw__arena *self, const gsaw_allocator *allocator)
{
    *self = (gsaw__arena){.allocator = allocator};
}

static void free_blocks(gsaw__arena *self, struct gsaw__arena_block *block)
{
    while (block != NULL) {
        struct gsaw__arena_block *older = block->older;
        self->bytes -= block->size;
        gsaw__free(self->allocator, block, block->size);
        block = older;
    }
}

void gsaw__arena_clear(gsaw__arena *self)
{
    free_blocks(self, self->blocks);
    gsaw__arena_init(self, self->allocator);
}

void gsaw__arena_reset(gsaw__arena *self)
{
    if (self->blocks == NULL)
        return;
    free_blocks(self, self->blocks->older);
    self->blocks->older = NULL;
    self->next = (char *)(self->blocks + 1);
}

/* A new newest block with room for `size` bytes at any alignment. Blocks double, so that a small
 * arena is small and a large one has few blocks; a request over the maximum gets a block of its
 * own. */
static bool add_block(gsaw__arena *self, size_t size)
{
    if (size > SIZE_MAX / 2)
        return false;
    size_t wanted = self->blocks == NULL ? GSAW_ARENA_BLOCK_MIN : self->bytes;
    if (wanted > GSAW_ARENA_BLOCK_MAX)
        wanted = GSAW_ARENA_BLOCK_MAX;
    size_t least = sizeof(struct gsaw__arena_block) + size;
    if (wanted < least)
        wanted = least;
    struct gsaw__arena_block *block = gsaw__alloc(self->allocator, wanted);
    if (block == NULL)
        return false;
    *block = (struct gsaw__arena_block){.older = self->blocks, .size = wanted};
    self->blocks = block;
    self->next = (char *)(block + 1);
    self->end = (char *)block + wanted;
    self->bytes += wanted;
    return true;
}

void *gsaw__arena_alloc_aligned(gsaw__arena *self, size_t size, size_t align)
{
    gsaw_assert(align != 0 && (align & (align - 1)) == 0);
    for (;;) {
        size_t skip = (size_t)(-(uintptr_t)self->next & (align - 1));
        size_t room = (size_t)(self->end - self->next);
        if (self->next != NULL && skip <= room && size <= room - skip) {
            char *result = self->next + skip;
            self->next = result + size;
            return result;
        }
        if (size > SIZE_MAX / 4 || !add_block(self, size + align))
            return NULL;
    }
}

void *gsaw__arena_alloc(gsaw__arena *self, size_t size)
{
    return gsaw__arena_alloc_aligned(self, size, alignof(max_align_t));
}

void *gsaw__arena_alloc_zero(gsaw__arena *self, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    void *result = gsaw__arena_alloc(self, count * size);
    return result == NULL ? NULL : memset(result, 0, count * size);
}

char *gsaw__arena_dup(gsaw__arena *self, const void *bytes, size_t size)
{
    char *copy = size == SIZE_MAX ? NULL : gsaw__arena_alloc_aligned(self, size + 1, 1);
    if (copy == NULL)
        return NULL;
    if (size != 0)
        memcpy(copy, bytes, size);
    copy[size] = 0;
    return copy;
}

void gsaw__arena_adopt(gsaw__arena *self, gsaw__arena *take_other)
{
    gsaw_assert(self->allocator == take_other->allocator);
    if (take_other->blocks == NULL)
        return;
    if (self->blocks == NULL) {
        *self = *take_other;
    } else { /* behind the newest block, so that the free part of self stays in use */
        struct gsaw__arena_block *oldest = take_other->blocks;
        while (oldest->older != NULL)
            oldest = oldest->older;
        oldest->older = self->blocks->older;
        self->blocks->older = take_other->blocks;
        self->bytes += take_other->bytes;
    }
    gsaw__arena_init(take_other, take_other->allocator);
}

bool gsaw__arena_check(const gsaw__arena *self)
{
    size_t bytes = 0;
    for (const struct gsaw__arena_block *block = self->blocks; block != NULL; block = block->older)
        bytes += block->size;
    if (self->blocks == NULL)
        return bytes == self->bytes && self->next == NULL && self->end == NULL;
    return bytes == self->bytes && self->next >= (const char *)(self->blocks + 1) &&
           self->next <= self->end && self->end == (const char *)self->blocks + self->blocks->size;
}
