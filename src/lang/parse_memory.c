/* parse_memory.c - size classes over large blocks, dropped whole after each parse.
 * Keeps:   a chunk's header says its class and the size asked for; a free chunk is in the list of
 *          its class; held counts what this parse took from the allocator, and never passes
 *          limits->memory.
 * Threads: `current` is the calling thread's own: the parse it is in.
 * Next:    parse_memory.h */
#include "lang/parse_memory.h"

#include <string.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/check.h"
#include "base/clock.h"

#define BLOCK_MIN ((size_t)256 << 10)
#define BLOCK_MAX ((size_t)1 << 20)
#define GRANULE ((size_t)16)
#define SMALL_MAX (GRANULE * GSAW_PARSE_SMALL_CLASSES) /* of a whole chunk, header included */
#define CLASSED_MAX ((size_t)64 << 10)
#define LINK_SIZE sizeof(void *)  /* of the next free chunk, in the payload */
#define LARGE UINT32_MAX          /* the class of a chunk that stands alone */
#define ALLOCATIONS_PER_CHECK 256 /* a clock read is some 25 ns, an allocation some 5 */

#if defined(__SANITIZE_ADDRESS__)
#define POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONS 1
#endif
#endif
#ifdef POISONS
#include <sanitizer/asan_interface.h>
#define poison(at, size) __asan_poison_memory_region((at), (size))
#define unpoison(at, size) __asan_unpoison_memory_region((at), (size))
#else
#define poison(at, size) ((void)(at), (void)(size))
#define unpoison(at, size) ((void)(at), (void)(size))
#endif

struct gsaw__parse_block {
    struct gsaw__parse_block *next;
    size_t size; /* this header included */
};

struct gsaw__parse_chunk { /* payload follows; while free, its first word is the next free chunk */
    uint32_t size, class;
};

struct gsaw__parse_large {
    struct gsaw__parse_large *next, *previous;
    size_t size; /* this header included */
    struct gsaw__parse_chunk chunk;
};

static_assert(sizeof(struct gsaw__parse_chunk) == 8, "payloads are aligned to 8");
static_assert(sizeof(struct gsaw__parse_large) % 8 == 0, "payloads are aligned to 8");

/* What tree-sitter calls back knows no context: the parse this thread is in. initial-exec: one load
 * instead of a call, and eight bytes that a library loaded late still gets. */
static _Thread_local gsaw__parse_memory *current __attribute__((tls_model("initial-exec")));

static _Noreturn void leave(gsaw__parse_memory *self, gsaw_reason reason)
{
    self->reason = reason;
    longjmp(self->escape, 1);
}

/* The wall clock is cheap to read, the thread's is a system call: so that is asked only when as
 * much wall time has gone by as there was CPU time left. */
static void check_time(gsaw__parse_memory *self)
{
    uint64_t used = gsaw__clock_thread_ns() - self->began_ns;
    if (used >= self->limits->time_ns)
        leave(self, GSAW_REASON_TIMEOUT);
    uint64_t left = self->limits->time_ns - used, now = gsaw__clock_ns();
    self->deadline_ns = left > UINT64_MAX - now ? UINT64_MAX : now + left;
}

void gsaw__parse_check(gsaw__parse_memory *self)
{
    self->countdown = ALLOCATIONS_PER_CHECK;
    /* [L1] relaxed: a flag that says stop and nothing else; pairs with the store of whoever cancels
     */
    if (self->limits->cancel != NULL && gsaw__load_relaxed(self->limits->cancel) != 0)
        leave(self, GSAW_REASON_CANCELLED);
    if (gsaw__clock_ns() >= self->deadline_ns)
        check_time(self);
}

/* `size` more bytes are to be held. */
void gsaw__parse_admit(gsaw__parse_memory *self, size_t size)
{
    if (size > self->limits->memory || self->held > self->limits->memory - size)
        leave(self, GSAW_REASON_MEMORY);
    self->held += size;
    if (self->held > self->held_max)
        self->held_max = self->held;
}

static void open_block(gsaw__parse_memory *self)
{
    size_t size = self->held < BLOCK_MAX ? BLOCK_MIN : BLOCK_MAX;
    struct gsaw__parse_block *block = self->spare;
    if (block != NULL) {
        gsaw__parse_admit(self, block->size);
        self->spare = block->next;
    } else {
        gsaw__parse_admit(self, size);
        block = gsaw__alloc(self->allocator, size);
        if (block == NULL)
            leave(self, GSAW_REASON_MEMORY);
        block->size = size;
    }
    block->next = self->blocks;
    self->blocks = block;
    self->next = (char *)(block + 1);
    self->end = (char *)block + block->size;
    poison(self->next, (size_t)(self->end - self->next));
}

static uint32_t class_of(size_t total)
{
    if (total <= SMALL_MAX)
        return (uint32_t)((total + GRANULE - 1) / GRANULE - 1);
    uint32_t class = GSAW_PARSE_SMALL_CLASSES;
    for (size_t size = 2 * SMALL_MAX; size < total; size *= 2)
        class ++;
    return class;
}

static size_t class_size(uint32_t class)
{
    return class < GSAW_PARSE_SMALL_CLASSES ? (class + 1) * GRANULE
                                            : SMALL_MAX << (class - GSAW_PARSE_SMALL_CLASSES + 1);
}

static size_t room_of(const struct gsaw__parse_chunk *chunk)
{
    if (chunk->class != LARGE)
        return class_size(chunk->class) - sizeof *chunk;
    const char *header = (const char *)chunk - offsetof(struct gsaw__parse_large, chunk);
    return ((const struct gsaw__parse_large *)(const void *)header)->size -
           sizeof(struct gsaw__parse_large);
}

static struct gsaw__parse_chunk *take_large(gsaw__parse_memory *self, size_t size)
{
    size_t total = sizeof(struct gsaw__parse_large) + size;
    gsaw__parse_admit(self, total);
    struct gsaw__parse_large *large = gsaw__alloc(self->allocator, total);
    if (large == NULL)
        leave(self, GSAW_REASON_MEMORY);
    large->size = total;
    large->previous = NULL;
    large->next = self->large;
    if (self->large != NULL)
        self->large->previous = large;
    self->large = large;
    large->chunk.class = LARGE;
    return &large->chunk;
}

static void free_large(gsaw__parse_memory *self, struct gsaw__parse_chunk *chunk)
{
    char *header = (char *)chunk - offsetof(struct gsaw__parse_large, chunk);
    struct gsaw__parse_large *large = (struct gsaw__parse_large *)(void *)header;
    if (large->next != NULL)
        large->next->previous = large->previous;
    if (large->previous != NULL)
        large->previous->next = large->next;
    else
        self->large = large->next;
    self->held -= large->size;
    gsaw__free(self->allocator, large, large->size);
}

/* Where a free chunk names the next one of its class. */
static struct gsaw__parse_chunk **link_of(struct gsaw__parse_chunk *chunk)
{
    return (struct gsaw__parse_chunk **)(void *)(chunk + 1);
}

static struct gsaw__parse_chunk *take_classed(gsaw__parse_memory *self, uint32_t class)
{
    struct gsaw__parse_chunk *chunk = self->free_chunks[class];
    if (chunk != NULL) {
        unpoison(chunk + 1, LINK_SIZE);
        self->free_chunks[class] = *link_of(chunk);
        return chunk;
    }
    size_t total = class_size(class);
    if ((size_t)(self->end - self->next) < total)
        open_block(self); /* what was left of the old one stays unused: at most a chunk's worth */
    chunk = (struct gsaw__parse_chunk *)(void *)self->next;
    self->next += total;
    unpoison(chunk, sizeof *chunk);
    chunk->class = class;
    return chunk;
}

static inline void *take(gsaw__parse_memory *self, size_t size)
{
    if (--self->countdown == 0)
        gsaw__parse_check(self);
    struct gsaw__parse_chunk *chunk;
    if (size > UINT32_MAX)
        leave(self, GSAW_REASON_MEMORY);
    if (size <= CLASSED_MAX - sizeof(struct gsaw__parse_chunk))
        chunk = take_classed(self, class_of((size < LINK_SIZE ? LINK_SIZE : size) +
                                            sizeof(struct gsaw__parse_chunk)));
    else
        chunk = take_large(self, size);
    chunk->size = (uint32_t)size;
    unpoison(chunk + 1, size);
    return chunk + 1;
}

void *gsaw__parse_alloc(gsaw__parse_memory *self, size_t size) { return take(self, size); }

/* The four functions that third_party/allocator.h names. A call outside of a guard is a bug of
 * ours. */
void *gsaw__parse_malloc(size_t size);
void *gsaw__parse_calloc(size_t count, size_t size);
void *gsaw__parse_realloc(void *pointer, size_t size);
void gsaw__parse_free(void *pointer);

void *gsaw__parse_malloc(size_t size)
{
    gsaw_check(current != NULL);
    return take(current, size);
}

void *gsaw__parse_calloc(size_t count, size_t size)
{
    gsaw_check(current != NULL);
    if (size != 0 && count > SIZE_MAX / size)
        leave(current, GSAW_REASON_MEMORY);
    return memset(take(current, count * size), 0, count * size);
}

void gsaw__parse_free(void *pointer)
{
    if (pointer == NULL)
        return;
    gsaw__parse_memory *self = current;
    gsaw_check(self != NULL);
    struct gsaw__parse_chunk *chunk = (struct gsaw__parse_chunk *)pointer - 1;
    if (chunk->class == LARGE) {
        free_large(self, chunk);
        return;
    }
    unpoison(pointer, LINK_SIZE);
    *link_of(chunk) = self->free_chunks[chunk->class];
    self->free_chunks[chunk->class] = chunk;
    poison(pointer, room_of(chunk));
}

void *gsaw__parse_realloc(void *pointer, size_t size)
{
    if (pointer == NULL)
        return gsaw__parse_malloc(size);
    gsaw_check(current != NULL);
    struct gsaw__parse_chunk *chunk = (struct gsaw__parse_chunk *)pointer - 1;
    size_t room = room_of(chunk);
    if (size <= room && size <= UINT32_MAX) {
        poison(pointer, room);
        unpoison(pointer, size);
        chunk->size = (uint32_t)size;
        return pointer;
    }
    void *fresh = take(current, size);
    memcpy(fresh, pointer, chunk->size);
    gsaw__parse_free(pointer);
    return fresh;
}

/* Forget all chunks; keep blocks up to GSAW_PARSE_KEPT, so that one giant file leaves nothing
 * behind. */
static void reset(gsaw__parse_memory *self)
{
    while (self->large != NULL)
        free_large(self, &self->large->chunk);
    size_t kept = 0;
    for (struct gsaw__parse_block *block = self->spare; block != NULL; block = block->next)
        kept += block->size;
    while (self->blocks != NULL) {
        struct gsaw__parse_block *block = self->blocks;
        self->blocks = block->next;
        unpoison(block + 1, block->size - sizeof *block);
        if (kept + block->size > GSAW_PARSE_KEPT) {
            gsaw__free(self->allocator, block, block->size);
            continue;
        }
        kept += block->size;
        block->next = self->spare;
        self->spare = block;
    }
    self->next = self->end = NULL;
    self->held = 0;
    self->limits = NULL;
    memset(self->free_chunks, 0, sizeof self->free_chunks);
}

gsaw_reason gsaw__parse_guard(gsaw__parse_memory *self, const gsaw__limits *limits,
                              void (*body)(void *argument), void *argument)
{
    gsaw_check(current == NULL);
    self->limits = limits;
    self->began_ns = gsaw__clock_thread_ns();
    self->deadline_ns = 0; /* set by the first check */
    self->countdown = ALLOCATIONS_PER_CHECK;
    self->reason = GSAW_REASON_NONE;
    self->held_max = 0;
    current = self;
    if (setjmp(self->escape) == 0) {
        gsaw__parse_check(self); /* cancelled already, or no time at all: do not begin */
        body(argument);
    }
    current = NULL;
    reset(self);
    return self->reason;
}

void gsaw__parse_memory_init(gsaw__parse_memory *self, const gsaw_allocator *allocator)
{
    *self = (gsaw__parse_memory){.allocator = allocator};
}

void gsaw__parse_memory_clear(gsaw__parse_memory *self)
{
    while (self->spare != NULL) {
        struct gsaw__parse_block *block = self->spare;
        self->spare = block->next;
        gsaw__free(self->allocator, block, block->size);
    }
    gsaw__parse_memory_init(self, self->allocator);
}
