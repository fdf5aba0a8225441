/* races.c - the shadow of memory: for each byte who wrote and who read it last, and when.
 * Keeps:   a page of the shadow is as new in each run; a byte keeps its last write and its last
 *          read, so a race with an earlier of several reads can be missed, none is made up.
 * Threads: the host's.
 * Next:    hooks.c. Source: Flanagan and Freund, FastTrack (PLDI 2009). */
#include "sim/machine.h"

#include <string.h>
#include <sys/mman.h>

#define PAGES_MAX ((uint32_t)1 << 16)
#define BUCKETS ((uint32_t)1 << 17)
#define FREED_MAX 4096u /* larger blocks are marked as freed where they were used alone */

/* Of one byte. time 0: nobody did. */
struct cell {
    uint32_t written, read; /* times */
    uint8_t writer, reader; /* threads */
    bool is_write_atomic, is_read_atomic, is_freed;
};

struct page {
    uintptr_t number; /* the address divided by the size */
    uint32_t bucket;
    void *slots[GSAW_RACES_PAGE / 4];
    struct cell cells[GSAW_RACES_PAGE];
};

/* tidy: allow mutable-globals: of the one machine there is */
static struct {
    struct page *pages; /* PAGES_MAX of them */
    uint32_t *buckets;  /* of a page its index plus 1; 0: free. BUCKETS of them, linear probing */
    uint32_t used;
    struct page *last; /* looked up last */
} shadow;

void gsaw__races_reset(void)
{
    if (shadow.pages == NULL) {
        size_t size = PAGES_MAX * sizeof(struct page) + BUCKETS * sizeof(uint32_t);
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED)
            return;
        shadow.pages = memory;
        shadow.buckets = (uint32_t *)(void *)(shadow.pages + PAGES_MAX);
    }
    for (uint32_t i = 0; i < shadow.used; i++) /* all of them go, so no gap matters */
        shadow.buckets[shadow.pages[i].bucket] = 0;
    shadow.used = 0;
    shadow.last = NULL;
}

/* The page of an address, made if `make`; NULL: there is none. */
static struct page *page_of(uintptr_t address, bool make)
{
    uintptr_t number = address / GSAW_RACES_PAGE;
    if (shadow.last != NULL && shadow.last->number == number)
        return shadow.last;
    if (shadow.pages == NULL)
        gsaw__machine_fail(GSAW_NO_MEMORY, "no room for the shadow of memory");
    uint32_t bucket = (uint32_t)(number * UINT64_C(0x9E3779B97F4A7C15) >> 47);
    while (shadow.buckets[bucket] != 0) {
        struct page *page = &shadow.pages[shadow.buckets[bucket] - 1];
        if (page->number == number)
            return shadow.last = page;
        bucket = (bucket + 1) % BUCKETS;
    }
    if (!make)
        return NULL;
    if (shadow.used == PAGES_MAX)
        gsaw__machine_fail(GSAW_NO_MEMORY, "too much memory is used to be simulated");
    struct page *page = &shadow.pages[shadow.used++];
    memset(page, 0, sizeof *page);
    page->number = number;
    page->bucket = bucket;
    shadow.buckets[bucket] = shadow.used;
    return shadow.last = page;
}

void **gsaw__races_slot(const void *at)
{
    uintptr_t address = (uintptr_t)at;
    return &page_of(address, true)->slots[address % GSAW_RACES_PAGE / 4];
}

void **gsaw__races_find_slot(const void *at)
{
    uintptr_t address = (uintptr_t)at;
    struct page *page = page_of(address, false);
    return page == NULL ? NULL : &page->slots[address % GSAW_RACES_PAGE / 4];
}

/* ---- accesses ---- */

static const char *const words[] = {"read", "write", "atomic read", "atomic write"};

static _Noreturn void race(const void *at, unsigned access, const struct cell *cell,
                           bool with_write)
{
    const gsaw__sim_thread *self = gsaw__sim.current;
    uint32_t index = with_write ? cell->writer : cell->reader;
    bool is_atomic = with_write ? cell->is_write_atomic : cell->is_read_atomic;
    gsaw__sim.current->site = NULL;
    gsaw__machine_log(words[access], at, 0, 0);
    gsaw__machine_fail(GSAW_DAMAGED,
                       "data race at %p: %s by %s (%u), %s by %s (%u) unordered with it", at,
                       words[access], self->name, self->index,
                       words[(with_write ? 1u : 0u) | (is_atomic ? GSAW_ACCESS_ATOMIC : 0u)],
                       gsaw__sim.threads[index].name, index);
}

static void check(const void *at, unsigned access, const struct cell *cell)
{
    const gsaw__sim_thread *self = gsaw__sim.current;
    bool is_atomic = (access & GSAW_ACCESS_ATOMIC) != 0;
    if (cell->is_freed) {
        gsaw__machine_log(words[access], at, 0, 0);
        gsaw__machine_fail(GSAW_DAMAGED, "%s of freed memory at %p by %s (%u)", words[access], at,
                           self->name, self->index);
    }
    if (cell->written > self->knows.at[cell->writer] && !(is_atomic && cell->is_write_atomic))
        race(at, access, cell, true);
    if ((access & GSAW_ACCESS_WRITE) != 0 && cell->read > self->knows.at[cell->reader] &&
        !(is_atomic && cell->is_read_atomic))
        race(at, access, cell, false);
}

static void note(struct cell *cell, unsigned access)
{
    const gsaw__sim_thread *self = gsaw__sim.current;
    bool is_atomic = (access & GSAW_ACCESS_ATOMIC) != 0;
    if ((access & GSAW_ACCESS_WRITE) != 0) {
        cell->written = self->knows.at[self->index];
        cell->writer = (uint8_t)self->index;
        cell->is_write_atomic = is_atomic;
    } else {
        cell->read = self->knows.at[self->index];
        cell->reader = (uint8_t)self->index;
        cell->is_read_atomic = is_atomic;
    }
}

static bool is_same(const struct cell *cell, const struct cell *other)
{
    return cell->written == other->written && cell->writer == other->writer &&
           cell->read == other->read && cell->reader == other->reader &&
           cell->is_write_atomic == other->is_write_atomic &&
           cell->is_read_atomic == other->is_read_atomic && cell->is_freed == other->is_freed;
}

void gsaw__races_access(const void *at, size_t size, unsigned access)
{
    uintptr_t address = (uintptr_t)at;
    struct cell before = {0}; /* most bytes of an access are alike: look at the first */
    for (size_t i = 0; i < size; i++, address++) {
        struct page *page = page_of(address, true);
        struct cell *cell = &page->cells[address % GSAW_RACES_PAGE];
        if (i == 0 || !is_same(cell, &before))
            check((const char *)at + i, access, cell);
        before = *cell;
        note(cell, access);
        if (access == GSAW_ACCESS_WRITE && (i == 0 || address % 4 == 0) &&
            page->slots[address % GSAW_RACES_PAGE / 4] != NULL)
            gsaw__memory_forget((const void *)address, 1); /* an atomic no more, or as new */
    }
}

void gsaw__races_forget(const void *at, size_t size, bool freed)
{
    gsaw__memory_forget(at, size);
    uintptr_t address = (uintptr_t)at, end = address + size;
    struct cell empty = {.is_freed = freed};
    bool make = freed && size <= FREED_MAX;
    while (address < end) {
        uintptr_t next = (address / GSAW_RACES_PAGE + 1) * GSAW_RACES_PAGE;
        struct page *page = page_of(address, make);
        for (uintptr_t i = address; page != NULL && i < next && i < end; i++)
            page->cells[i % GSAW_RACES_PAGE] = empty;
        address = next;
    }
}
