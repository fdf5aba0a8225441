/* alloc.c - the default allocator (malloc) and the one that fails on purpose.
 * Keeps:   live_bytes is exact: every size is passed back on free.
 * Threads: any.
 * Next:    alloc.h, arena.c */
#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/atomic.h"

#define HUGE_PAGE ((size_t)2 << 20)

static void *resize(const gsaw_allocator *allocator, void *pointer, size_t old_size,
                    size_t new_size)
{
    if (allocator != NULL)
        return allocator->resize(allocator->context, pointer, old_size, new_size);
    if (new_size != 0)
        return realloc(pointer, new_size);
    free(pointer);
    return NULL;
}

void *gsaw__alloc(const gsaw_allocator *allocator, size_t size)
{
    return resize(allocator, NULL, 0, size == 0 ? 1 : size);
}

void *gsaw__alloc_zero(const gsaw_allocator *allocator, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    size_t total = count * size;
    if (allocator == NULL)
        return calloc(1, total == 0 ? 1 : total); /* fresh pages are zero already */
    void *pointer = gsaw__alloc(allocator, total);
    return pointer == NULL ? NULL : memset(pointer, 0, total);
}

void *gsaw__alloc_large(const gsaw_allocator *allocator, size_t size)
{
    if (allocator != NULL || size < HUGE_PAGE)
        return gsaw__alloc(allocator, size);
    void *pointer = aligned_alloc(HUGE_PAGE, (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
    if (pointer != NULL) /* a hint: where it does not apply nothing is lost. Source: madvise(2) */
        madvise(pointer, size & ~(HUGE_PAGE - 1), MADV_HUGEPAGE);
    return pointer;
}

void *gsaw__alloc_large_zero(const gsaw_allocator *allocator, size_t size)
{
    char *pointer = gsaw__alloc_zero(allocator, 1, size);
    if (pointer == NULL || allocator != NULL || size < 2 * HUGE_PAGE)
        return pointer;
    size_t before = (HUGE_PAGE - (uintptr_t)pointer % HUGE_PAGE) % HUGE_PAGE;
    madvise(pointer + before, (size - before) & ~(HUGE_PAGE - 1), MADV_HUGEPAGE); /* as above */
    return pointer;
}

void *gsaw__realloc(const gsaw_allocator *allocator, void *pointer, size_t old_size,
                    size_t new_size)
{
    return resize(allocator, pointer, old_size, new_size);
}

void gsaw__free(const gsaw_allocator *allocator, void *pointer, size_t size)
{
    if (pointer != NULL)
        resize(allocator, pointer, size == 0 ? 1 : size, 0);
}

static bool must_fail(gsaw_failing_allocator *self)
{
    /* relaxed: a count, it orders nothing */
    size_t call = gsaw__add_relaxed(&self->calls, 1) + 1;
    return self->fail_at != 0 && (self->fail_from ? call >= self->fail_at : call == self->fail_at);
}

static void *failing_resize(void *context, void *pointer, size_t old_size, size_t new_size)
{
    gsaw_failing_allocator *self = context;
    if (new_size > old_size && must_fail(self))
        return NULL;
    void *result = NULL;
    if (new_size == 0)
        free(pointer);
    else if ((result = realloc(pointer, new_size)) == NULL)
        return NULL;
    /* relaxed: a sum, read when all threads are at rest */
    gsaw__add_relaxed(&self->live_bytes, new_size - old_size);
    return result;
}

void gsaw_failing_allocator_init(gsaw_failing_allocator *self, size_t fail_at, int fail_from)
{
    *self = (gsaw_failing_allocator){.fail_at = fail_at, .fail_from = fail_from};
    self->allocator = (gsaw_allocator){.resize = failing_resize, .context = self};
}
