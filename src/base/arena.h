/* arena.h - memory that is freed all at once; arenas of workers are adopted, not copied.
 * Keeps:   what is in an arena never moves; blocks double up to GSAW_ARENA_BLOCK_MAX.
 * Threads: one at a time; a phase's end hands it over (gsaw__arena_adopt).
 * Next:    arena.c, array.h */
#ifndef GSAW_BASE_ARENA_H
#define GSAW_BASE_ARENA_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/alloc.h>

#define GSAW_ARENA_BLOCK_MIN ((size_t)4 << 10)
#define GSAW_ARENA_BLOCK_MAX ((size_t)1 << 20)

struct gsaw__arena_block;

/* All-zero is a valid, empty arena over malloc. */
typedef struct gsaw__arena {
    const gsaw_allocator *allocator;  /* borrowed */
    struct gsaw__arena_block *blocks; /* newest first */
    char *next, *end;                 /* free part of the newest block */
    size_t bytes;                     /* memory held, headers included */
} gsaw__arena;

/* Make self empty over `allocator` (NULL: malloc). Takes no memory yet. */
void gsaw__arena_init(gsaw__arena *self, const gsaw_allocator *allocator);

/* Free everything; self is empty and usable again. Accepts all-zero. */
void gsaw__arena_clear(gsaw__arena *self);

/* Forget the contents but keep the newest block for reuse, freeing the others. */
void gsaw__arena_reset(gsaw__arena *self);

/* size bytes aligned to align (a power of two), not cleared; NULL when memory is out. */
void *gsaw__arena_alloc_aligned(gsaw__arena *self, size_t size, size_t align);

/* The same aligned for any type. */
void *gsaw__arena_alloc(gsaw__arena *self, size_t size);

/* count * size bytes set to zero; NULL when memory is out or the product overflows. */
void *gsaw__arena_alloc_zero(gsaw__arena *self, size_t count, size_t size);

/* A copy of `size` bytes with a zero byte behind it; NULL when memory is out. */
char *gsaw__arena_dup(gsaw__arena *self, const void *bytes, size_t size);

/* Move all that `take_other` holds into self; take_other is empty afterwards. Both must have the
 * same allocator. Constant time in the bytes, linear in the blocks of take_other. */
void gsaw__arena_adopt(gsaw__arena *self, gsaw__arena *take_other);

/* Walk the invariants; for tests and debug builds. */
bool gsaw__arena_check(const gsaw__arena *self);

#endif
