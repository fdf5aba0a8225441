/* memory.c - what an atomic load may see: for each atomic its last writes, and for each write what
 * whoever acquires it comes to know.
 *
 * A load sees the newest write, or an older one unless C11 forbids it: one that the thread knows to
 * have been overwritten (a later write happens before the load), or one older than what the thread,
 * or a load that happens before this one, has seen already (coherence). A read-modify-write sees
 * the newest.
 *
 * The single order of the sequentially consistent operations: writes and read-modify-writes are in
 * it as they are executed, and numbered. A load has any place in it that is behind all that happens
 * before it and behind the write that it sees; it must not see a write that is older than the last
 * one before its place. So each thread keeps a number, the least place of its next load, which
 * release and acquire hand on: a load that nothing orders can take effect before one that stands
 * before it in the program.
 *
 * Keeps:   memory itself holds the newest value; when it holds another, somebody wrote without us,
 *          and what was known is forgotten.
 * Threads: the host's.
 * Next:    races.c, hooks.c. Sources: ISO C11, 5.1.2.4 and 7.17.3; Norris and Demsky (OOPSLA
 *          2013). */
#include "sim/machine.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "base/site.h"

#define HISTORY 8u  /* writes of an atomic that can be seen; a power of two */
#define GLANCES 12u /* loads of an atomic that are remembered for coherence */
#define PLACES_MAX 65536u

struct written {
    uint64_t value;
    gsaw__clock gives; /* what an acquiring load of it comes to know */
    uint64_t place;    /* the same, in the single order */
    uint64_t number;   /* its own place in the single order; 0: it has none */
    uint32_t thread, time;
};

struct glance {
    uint32_t thread, time, number;
};

/* Of an address: an atomic, or a mutex. */
struct place {
    struct place *next;   /* in the list of the free ones */
    uint32_t size;        /* of the atomic in bytes; 0: a mutex */
    uint32_t first, last; /* its writes are counted: those from first to last can be seen */
    uint32_t glance_count;
    struct written history[HISTORY];
    uint32_t seen[GSAW_SIM_THREADS]; /* the newest that each thread has seen */
    struct glance glances[GLANCES];
    gsaw__sim_lock lock;
};

/* tidy: allow mutable-globals: of the one machine there is */
static struct {
    struct place *places; /* PLACES_MAX of them */
    uint32_t used;
    struct place *free;
    uint64_t last_place; /* in the single order */
} store;

void gsaw__memory_reset(void)
{
    if (store.places == NULL) {
        void *memory = mmap(NULL, PLACES_MAX * sizeof(struct place), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED)
            return;
        store.places = memory;
    }
    store.used = 0;
    store.free = NULL;
    store.last_place = 0;
}

static struct place *place_new(void)
{
    struct place *place = store.free;
    if (place != NULL)
        store.free = place->next;
    else if (store.places != NULL && store.used < PLACES_MAX)
        place = &store.places[store.used++];
    else
        gsaw__machine_fail(GSAW_NO_MEMORY, "too many atomics: no room to simulate them");
    memset(place, 0, sizeof *place);
    return place;
}

void gsaw__memory_forget(const void *at, size_t size)
{
    uintptr_t end = ((uintptr_t)at + size + 3) & ~(uintptr_t)3;
    for (uintptr_t word = (uintptr_t)at & ~(uintptr_t)3; word < end; word += 4) {
        void **slot = gsaw__races_find_slot((const void *)word);
        if (slot == NULL) { /* nothing is known of this page */
            word |= GSAW_RACES_PAGE - 4;
            continue;
        }
        struct place *place = *slot;
        if (place == NULL)
            continue;
        *slot = NULL;
        place->next = store.free;
        store.free = place;
    }
}

static uint64_t peek(const void *at, uint32_t size)
{
    uint64_t value = 0;
    memcpy(&value, at, size); /* little-endian: the low bytes come first */
    return value;
}

static struct written *write_at(struct place *place, uint32_t number)
{
    return &place->history[number % HISTORY];
}

/* What is known of an atomic; as new, with what stands there as its only write, if that is not what
 * was written last. */
static struct place *find(const void *at, uint32_t size)
{
    void **slot = gsaw__races_slot(at);
    struct place *place = *slot;
    uint64_t value = peek(at, size);
    if (place != NULL && place->size == size && write_at(place, place->last)->value == value)
        return place;
    gsaw__memory_forget(at, size);
    *slot = place = place_new();
    place->size = size;
    write_at(place, 0)->value = value;
    return place;
}

/* The order to use: the one written, or the one that a test puts in its place. */
static int order_of(int order)
{
    gsaw__site *site = gsaw__sim.current->site;
    if (site == NULL)
        return order;
    if (site->order < 0)
        site->order = gsaw__explore_order(site);
    return site->order == 0 ? order : site->order - 1;
}

static bool acquires(int order)
{
    return order == memory_order_acquire || order == memory_order_acq_rel ||
           order == memory_order_seq_cst || order == memory_order_consume;
}

static bool releases(int order)
{
    return order == memory_order_release || order == memory_order_acq_rel ||
           order == memory_order_seq_cst;
}

/* ---- loads ---- */

static bool knows(const gsaw__sim_thread *self, uint32_t thread, uint32_t time)
{
    return self->knows.at[thread] >= time || self->sees.at[thread] >= time;
}

static uint32_t oldest_visible(struct place *place, int order)
{
    const gsaw__sim_thread *self = gsaw__sim.current;
    uint32_t low = place->last;
    while (low > place->first) {
        const struct written *written = write_at(place, low);
        if (knows(self, written->thread, written->time) ||
            (order == memory_order_seq_cst && written->number != 0 &&
             written->number <= self->place))
            break;
        low--;
    }
    if (low < place->seen[self->index])
        low = place->seen[self->index];
    for (uint32_t i = 0; i < GLANCES && i < place->glance_count; i++)
        if (low < place->glances[i].number &&
            knows(self, place->glances[i].thread, place->glances[i].time))
            low = place->glances[i].number;
    return low;
}

static void see(struct place *place, uint32_t number)
{
    gsaw__sim_thread *self = gsaw__sim.current;
    if (place->seen[self->index] >= number)
        return;
    place->seen[self->index] = number;
    place->glances[place->glance_count++ % GLANCES] = (struct glance){
        .thread = self->index, .time = self->knows.at[self->index], .number = number};
}

static void move_on(uint64_t place)
{
    if (gsaw__sim.current->place < place)
        gsaw__sim.current->place = place;
}

static uint64_t load(struct place *place, const void *at, uint32_t number, int order)
{
    const struct written *written = write_at(place, number);
    see(place, number);
    if (acquires(order)) {
        gsaw__clock_join(&gsaw__sim.current->knows, &written->gives);
        move_on(written->place);
    }
    if (order == memory_order_seq_cst)
        move_on(written->number);
    gsaw__races_access(at, place->size, GSAW_ACCESS_READ | GSAW_ACCESS_ATOMIC);
    return written->value;
}

uint64_t gsaw__memory_load(const void *at, uint32_t size, int order)
{
    order = order_of(order);
    gsaw__machine_pass();
    struct place *place = find(at, size);
    uint32_t newest = place->last;
    uint32_t number = newest - gsaw__choose_age(newest - oldest_visible(place, order) + 1);
    uint64_t value = load(place, at, number, order);
    gsaw__machine_log("load", at, value, write_at(place, newest)->value);
    return value;
}

/* ---- writes ---- */

/* `before`: of a read-modify-write, the write that it replaces, whose release it carries on. */
static void append(struct place *place, void *at, uint64_t value, int order,
                   const struct written *before)
{
    gsaw__sim_thread *self = gsaw__sim.current;
    struct written written = {.value = value, .thread = self->index, .time = gsaw__clock_tick()};
    if (before != NULL) {
        written.gives = before->gives;
        written.place = before->place;
    }
    if (order == memory_order_seq_cst)
        move_on(written.number = ++store.last_place);
    if (releases(order)) {
        gsaw__clock_join(&written.gives, &self->knows);
        written.place = written.place > self->place ? written.place : self->place;
    }
    gsaw__races_access(at, place->size, GSAW_ACCESS_WRITE | GSAW_ACCESS_ATOMIC);
    place->last++;
    if (place->last - place->first >= HISTORY)
        place->first = place->last - HISTORY + 1;
    *write_at(place, place->last) = written;
    place->seen[self->index] = place->last;
    memcpy(at, &value, place->size);
    gsaw__clock_tick();
}

void gsaw__memory_store(void *at, uint32_t size, uint64_t value, int order)
{
    order = order_of(order);
    gsaw__machine_pass();
    append(find(at, size), at, value, order, NULL);
    gsaw__machine_log("store", at, value, value);
}

static uint64_t cut(uint64_t value, uint32_t size)
{
    return size == 8 ? value : value & (((uint64_t)1 << size * 8) - 1);
}

uint64_t gsaw__memory_change(void *at, uint32_t size, gsaw__change *change, uint64_t operand,
                             int order)
{
    order = order_of(order);
    gsaw__machine_pass();
    struct place *place = find(at, size);
    struct written before = *write_at(place, place->last);
    uint64_t old = load(place, at, place->last, order);
    uint64_t value = cut(change(old, operand), size);
    append(place, at, value, order, &before);
    gsaw__machine_log("change", at, value, value);
    return old;
}

bool gsaw__memory_swap(void *at, uint32_t size, uint64_t *expected, uint64_t value,
                       const int orders[2])
{
    int order = order_of(orders[0]);
    gsaw__machine_pass();
    struct place *place = find(at, size);
    struct written before = *write_at(place, place->last);
    int failure = order == orders[0] ? orders[1] : memory_order_relaxed;
    uint32_t number =
        place->last - gsaw__choose_age(place->last - oldest_visible(place, failure) + 1);
    if (write_at(place, number)->value == *expected)
        number = place->last; /* what it would take for the value is to be the newest */
    if (before.value != *expected || number != place->last) {
        *expected = load(place, at, number, failure);
        gsaw__machine_log("failed swap", at, *expected, before.value);
        return false;
    }
    load(place, at, number, order);
    append(place, at, value, order, &before);
    gsaw__machine_log("swap", at, value, value);
    return true;
}

void gsaw__memory_barrier(void)
{
    gsaw__clock all = {{0}};
    for (uint32_t i = 0; i < GSAW_SIM_THREADS; i++) {
        gsaw__clock_join(&all, &gsaw__sim.threads[i].knows);
        gsaw__clock_join(&all, &gsaw__sim.threads[i].sees);
    }
    for (uint32_t i = 0; i < GSAW_SIM_THREADS; i++) {
        gsaw__sim.threads[i].sees = all;
        gsaw__sim.threads[i].place = store.last_place;
    }
}

/* ---- mutexes ---- */

gsaw__sim_lock *gsaw__memory_lock(const void *at)
{
    void **slot = gsaw__races_slot(at);
    struct place *place = *slot;
    if (place == NULL || place->size != 0) {
        gsaw__memory_forget(at, 1);
        *slot = place = place_new();
    }
    return &place->lock;
}
