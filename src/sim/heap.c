/* heap.c - malloc for programs under the simulated machine: what a run allocates lies apart from
 * the rest, at addresses that are the same in each run.
 * Keeps:   a block of 2^k bytes is of class k and lies at a multiple of its size where the size is
 *          up to a page, else of a page; 16 bytes before what the caller gets tell class and arena.
 * Threads: any, under a lock of its own; in a run the host's.
 * Next:    explore.c */
#include "sim/machine.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"

#define ARENA_SIZE ((size_t)1 << 33)
#define ARENAS_AT ((uintptr_t)0x100000000000)
#define CLASSES 40u
#define CLASS_MIN 5u /* 32 bytes, the head included */

struct head {
    uint32_t class, arena;
    uint32_t back; /* bytes from the start of the block to here */
    uint32_t check;
};

#define CHECK 0x67736177u

static_assert(sizeof(struct head) == 16, "what follows a head is aligned for any type");

struct free_block {
    struct free_block *next;
};

struct arena {
    unsigned char *start, *top, *end;
    struct free_block *free[CLASSES];
    uint64_t live; /* blocks */
};

enum { OUTSIDE, INSIDE };

/* tidy: allow mutable-globals: a process has one malloc */
static struct {
    atomic_flag lock;
    bool is_inside;
    struct arena arenas[2];
} heap = {.lock = ATOMIC_FLAG_INIT};

static void lock(void)
{
    /* acquire, pairs with unlock(): the arenas */
    while (atomic_flag_test_and_set_explicit(&heap.lock, memory_order_acquire))
        ;
}

/* release, pairs with lock(): the arenas */
static void unlock(void) { atomic_flag_clear_explicit(&heap.lock, memory_order_release); }

static bool arena_open(struct arena *arena, uint32_t index)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *start = mmap((void *)(ARENAS_AT + index * ARENA_SIZE), ARENA_SIZE, PROT_READ | PROT_WRITE,
                       flags | MAP_FIXED_NOREPLACE, -1, 0);
    if (start == MAP_FAILED) /* taken: then seeds tell less from one process to the next */
        start = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (start == MAP_FAILED)
        return false;
    arena->start = arena->top = start;
    arena->end = arena->start + ARENA_SIZE;
    return true;
}

static uint32_t class_of(size_t size)
{
    uint32_t class = CLASS_MIN;
    while (class < CLASSES && ((size_t)1 << class) < size)
        class ++;
    return class;
}

/* `alignment`: a power of two, at least 16. */
static void *take(size_t size, size_t alignment)
{
    size_t extra = alignment > 16 ? alignment : 0;
    uint32_t index = heap.is_inside ? INSIDE : OUTSIDE;
    struct arena *arena = &heap.arenas[index];
    if (size > ARENA_SIZE / 4 || (arena->start == NULL && !arena_open(arena, index)))
        return NULL;
    uint32_t class = class_of(size + sizeof(struct head) + extra);
    unsigned char *block = (unsigned char *)arena->free[class];
    if (block != NULL) {
        arena->free[class] = arena->free[class]->next;
    } else {
        size_t bytes = (size_t)1 << class;
        if ((size_t)(arena->end - arena->top) < bytes)
            return NULL;
        block = arena->top;
        arena->top += bytes;
    }
    arena->live++;
    uintptr_t user = (uintptr_t)block + sizeof(struct head);
    user = (user + alignment - 1) & ~(uintptr_t)(alignment - 1);
    struct head *head = (struct head *)user - 1;
    *head = (struct head){class, index, (uint32_t)((unsigned char *)head - block), CHECK};
    return (void *)user;
}

static void *allocate(size_t size, size_t alignment)
{
    lock();
    void *pointer = take(size, alignment);
    unlock();
    if (pointer == NULL)
        errno = ENOMEM;
    else if (gsaw__sim.is_running)
        gsaw__races_forget(pointer, size, false);
    return pointer;
}

/* What the block has room for. */
static size_t room(const struct head *head)
{
    return ((size_t)1 << head->class) - head->back - sizeof *head;
}

static void give_back(void *pointer)
{
    struct head *head = (struct head *)pointer - 1;
    if (head->check != CHECK) {
        if (gsaw__sim.is_running)
            gsaw__machine_fail(GSAW_DAMAGED, "free of %p, which is not allocated", pointer);
        abort();
    }
    head->check = 0;
    if (gsaw__sim.is_running)
        gsaw__races_forget(pointer, room(head), true);
    struct arena *arena = &heap.arenas[head->arena];
    uint32_t class = head->class;
    struct free_block *block = (struct free_block *)((unsigned char *)head - head->back);
    lock();
    block->next = arena->free[class];
    arena->free[class] = block;
    arena->live--;
    unlock();
}

void gsaw__heap_enter(void)
{
    struct arena *arena = &heap.arenas[INSIDE];
    if (arena->live == 0) {
        arena->top = arena->start;
        memset(arena->free, 0, sizeof arena->free);
    }
    heap.is_inside = true;
}

uint64_t gsaw__heap_leave(bool drop)
{
    struct arena *arena = &heap.arenas[INSIDE];
    uint64_t left = arena->live;
    heap.is_inside = false;
    if (drop)
        arena->live = 0;
    return left;
}

/* ---- what programs call ---- */

GSAW_API void *malloc(size_t size) { return allocate(size, 16); }

GSAW_API void free(void *pointer)
{
    int kept = errno; /* POSIX 2024: free leaves it alone */
    if (pointer != NULL)
        give_back(pointer);
    errno = kept;
}

GSAW_API void *calloc(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    void *pointer = allocate(count * size, 16);
    return pointer == NULL ? NULL : memset(pointer, 0, count * size);
}

GSAW_API void *realloc(void *pointer, size_t size)
{
    if (pointer == NULL)
        return malloc(size);
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    size_t old_room = room((struct head *)pointer - 1);
    void *result = malloc(size);
    if (result == NULL)
        return NULL;
    memcpy(result, pointer, old_room < size ? old_room : size);
    free(pointer);
    return result;
}

GSAW_API void *aligned_alloc(size_t alignment, size_t size)
{
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
        errno = EINVAL;
        return NULL;
    }
    return allocate(size, alignment < 16 ? 16 : alignment);
}

GSAW_API void *memalign(size_t alignment, size_t size) { return aligned_alloc(alignment, size); }

GSAW_API int posix_memalign(void **out, size_t alignment, size_t size)
{
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    void *pointer = aligned_alloc(alignment, size);
    if (pointer == NULL)
        return ENOMEM;
    *out = pointer;
    return 0;
}

GSAW_API size_t malloc_usable_size(void *pointer)
{
    return pointer == NULL ? 0 : room((struct head *)pointer - 1);
}
