/* alloc.h - calls through a gsaw_allocator, NULL meaning malloc.
 * Keeps:   size is passed back on free, so an allocator needs no headers of its own.
 * Threads: as the allocator (any).
 * Next:    alloc.c, gangsaw/alloc.h, arena.h */
#ifndef GSAW_BASE_ALLOC_H
#define GSAW_BASE_ALLOC_H

#include <gangsaw/alloc.h>

/* size bytes, not cleared, or NULL. size 0 counts as 1. */
void *gsaw__alloc(const gsaw_allocator *allocator, size_t size);

/* count * size bytes set to zero, or NULL (also when the product overflows). */
void *gsaw__alloc_zero(const gsaw_allocator *allocator, size_t count, size_t size);

/* As gsaw__alloc, for what may be large and will be used whole: from malloc it comes on huge pages,
 * where the system has them to give, which saves most of the page faults. */
void *gsaw__alloc_large(const gsaw_allocator *allocator, size_t size);

/* The same, set to zero: what comes fresh from the system is so already. */
void *gsaw__alloc_large_zero(const gsaw_allocator *allocator, size_t size);

/* Grow or shrink; NULL on failure, pointer unharmed. new_size must not be 0. */
void *gsaw__realloc(const gsaw_allocator *allocator, void *pointer, size_t old_size,
                    size_t new_size);

/* Free what the functions above returned, with the size asked for; pointer may be NULL. */
void gsaw__free(const gsaw_allocator *allocator, void *pointer, size_t size);

#endif
