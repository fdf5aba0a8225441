/* gangsaw/alloc.h - the allocator hook: where libgangsaw takes its memory from.
 *
 * Every object of the library takes a `const gsaw_allocator *` when it is made (NULL means malloc
 * and free) and uses it for all that it owns. The allocator must outlive the object and may be
 * called from any thread at any time. An allocation that fails is a GSAW_NO_MEMORY, never an abort.
 */
#ifndef GANGSAW_ALLOC_H
#define GANGSAW_ALLOC_H

#include <stddef.h>

#include <gangsaw/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gsaw_allocator {
    /* One function does it all. pointer NULL: allocate new_size bytes, aligned for any type.
     * new_size 0: free pointer, return NULL. Else: resize, contents kept up to the lesser size; on
     * failure return NULL and leave pointer as it was. old_size is the size last asked for pointer
     * (0 for NULL). */
    void *(*resize)(void *context, void *pointer, size_t old_size, size_t new_size);
    void *context;
} gsaw_allocator;

/* An allocator for tests: it counts the calls that need memory and fails some of them. Plain
 * storage of the caller; use &self->allocator. Thread-safe. */
typedef struct gsaw_failing_allocator {
    gsaw_allocator allocator;
    GSAW_ATOMIC(size_t) calls;      /* allocations and growths so far */
    GSAW_ATOMIC(size_t) live_bytes; /* asked for and not yet freed: 0 when nothing leaked */
    size_t fail_at;                 /* the call that fails, counted from 1; 0: none */
    int fail_from; /* not 0: every call from fail_at on fails, not that one alone */
} gsaw_failing_allocator;

/* Set self up over malloc; `fail_at` and `fail_from` as above. Any thread. */
GSAW_API void gsaw_failing_allocator_init(gsaw_failing_allocator *self, size_t fail_at,
                                          int fail_from);

#ifdef __cplusplus
}
#endif

#endif
