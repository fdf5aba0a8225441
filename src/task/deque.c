/* deque.c - Chase and Lev's deque with growing rings and jobs of two words.
 * Keeps:   the owner writes a slot only when top has passed it, so a thief that read it half old,
 *          half new finds top moved, fails its compare-and-swap and drops what it read.
 * Threads: as in deque.h.
 *
 * Why the orders suffice, and are needed. [D1] A job handed from owner to thief: the words are
 * written before the store to bottom, which releases, and read after a load of bottom that
 * acquires. [D2] A slot handed back: a thief reads the words before its compare-and-swap of top,
 * which releases; the owner loads top with acquire before it writes the slot again. [D3] The last
 * job of an open deque: take() stores bottom and then loads top, steal() moves top and then loads
 * bottom, all of them sequentially consistent; in their single order either take() sees the thief's
 * top, or the thief sees the lowered bottom; both may see both, and then the compare-and-swap
 * decides. A thief that sees a top which others moved acquires it, and they release it, so that its
 * load of bottom comes after what they did. [D4] A ring is read after the load of its pointer that
 * acquires. [D6] When take() raises bottom again the deque is empty: nothing is published. Parking
 * needs push() to store bottom sequentially consistent, too: see park.h [P1].
 *
 * A take without a barrier [D5]. In a private deque the owner lowers bottom and then looks at top,
 * in that order for the compiler alone. A thief first sets OPENING, then has every thread pass a
 * barrier, and only then looks at bottom; and so does any other thief. Where that barrier falls in
 * the owner's take: before the look at top, and the owner sees the bit, orders its store and looks
 * again, as in an open deque; or behind the look, and so behind the store, and the thief sees the
 * lowered bottom. The last job is the owner's by a compare-and-swap from the private word. Closing
 * is a compare-and-swap by the owner, which makes fail what a thief that saw the deque open is
 * about to do; not while OPENING is set, so that who set it may take it away.
 *
 * tests/sim/test_sim_deque.c explores all of this; with any order weaker it fails
 * (tests/tools/weaken.py).
 * Next:    worker.c, who owns and who steals. */
#include "task/deque.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/thread.h"

static int64_t index_of(int64_t top) { return top & GSAW_TOP_INDEX; }

static size_t ring_size(int64_t capacity)
{
    return sizeof(struct gsaw__ring) + (size_t)capacity * sizeof(gsaw__slot);
}

static struct gsaw__ring *ring_new(const gsaw_allocator *allocator, int64_t capacity)
{
    struct gsaw__ring *ring = gsaw__alloc(allocator, ring_size(capacity));
    if (ring == NULL)
        return NULL;
    ring->older = NULL;
    ring->capacity = capacity;
    ring->mask = capacity - 1;
    return ring;
}

bool gsaw__deque_init(gsaw__deque *self, const gsaw_allocator *allocator, size_t capacity)
{
    gsaw_assert(capacity != 0 && (capacity & (capacity - 1)) == 0);
    *self = (gsaw__deque){.allocator = allocator, .push_end = INT64_MIN};
    gsaw__store_relaxed(&self->top, GSAW_TOP_OPEN); /* [D5] not shared yet */
    struct gsaw__ring *ring = ring_new(allocator, (int64_t)capacity);
    gsaw__store_relaxed(&self->ring, ring); /* [D4] not shared yet */
    return ring != NULL;
}

void gsaw__deque_be_asymmetric(gsaw__deque *self)
{
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] not shared yet */
    self->is_asymmetric = true;
    self->push_end = ring->capacity;
    gsaw__store_relaxed(&self->top, 0); /* [D5] not shared yet */
}

void gsaw__deque_clear(gsaw__deque *self)
{
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] not shared any more */
    if (ring != NULL)
        ring->older = self->retired;
    while (ring != NULL) {
        struct gsaw__ring *older = ring->older;
        gsaw__free(self->allocator, ring, ring_size(ring->capacity));
        ring = older;
    }
    self->retired = NULL;
    gsaw__store_relaxed(&self->ring, NULL); /* [D4] not shared any more */
}

/* The old ring stays as it is for thieves that hold it: the jobs in [top, bottom) lie in both. */
bool gsaw__deque_grow(gsaw__deque *self, int64_t wanted)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom); /* [D1] the owner's own */
    /* [D2] as in push_slowly(). weaken: allow: the same */
    int64_t top = index_of(gsaw__load_acquire(&self->top));
    struct gsaw__ring *old = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    int64_t capacity = old->capacity * 2;
    while (capacity - (bottom - top) < wanted)
        capacity *= 2;
    struct gsaw__ring *ring = ring_new(self->allocator, capacity);
    if (ring == NULL)
        return false;
    for (int64_t i = top; i < bottom; i++)
        gsaw__slot_write(gsaw__slot_at(ring, i), gsaw__slot_read(gsaw__slot_at(old, i)));
    old->older = self->retired;
    self->retired = old;
    gsaw__store_release(&self->ring, ring); /* [D4] release, pairs with D4 in steal() */
    if (self->is_asymmetric)
        self->push_end = top + capacity;
    return true;
}

bool gsaw__deque_push_slowly(gsaw__deque *self, gsaw__job job)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom); /* [D1] the owner's own */
    /* [D2] acquire: slots handed back. weaken: allow: without it C11 would let a thief see what is
     * written into the slot later; the simulated machine has no loads that see the future */
    int64_t top = index_of(gsaw__load_acquire(&self->top));
    int64_t capacity = gsaw__load_relaxed(&self->ring)->capacity; /* [D4] the owner's own */
    if (bottom - top >= capacity && !gsaw__deque_grow(self, 1))
        return false;
    if (self->is_asymmetric) {
        capacity = gsaw__load_relaxed(&self->ring)->capacity; /* [D4] the owner's own */
        self->push_end = top + capacity;
        return gsaw__deque_push_fast(self, job);
    }
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    gsaw__slot_write(gsaw__slot_at(ring, bottom), job);
    /* [D1] release, pairs with D1 in steal(): the words; [P1] and before the look at who sleeps */
    gsaw__store_seq_cst(&self->bottom, bottom + 1);
    return true;
}

/* Count a take of an open deque, and make it private when no thief came for so many. */
static void close_if_calm(gsaw__deque *self, int64_t top)
{
    bool is_open = (top & (GSAW_TOP_OPEN | GSAW_TOP_OPENING)) == GSAW_TOP_OPEN;
    if (!is_open || !self->is_asymmetric || ++self->calm < GSAW_DEQUE_CALM)
        return;
    self->calm = 0;
    if (top == self->calm_top)
        /* [D5] no thief that saw it open takes anything after this */
        gsaw__cas_relaxed(&self->top, &top, index_of(top));
    self->calm_top = top;
}

bool gsaw__deque_take_slowly(gsaw__deque *self)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom); /* [D1] lowered by take_fast() */
    int64_t top = gsaw__load_relaxed(&self->top);       /* [D5] private: checked by the exchange */
    for (;;) {
        if ((top & GSAW_TOP_OPEN) != 0) {
            gsaw__store_seq_cst(&self->bottom, bottom); /* [D3] pairs with D3 in steal() */
            top = gsaw__load_seq_cst(&self->top);       /* [D3] after the store */
        }
        if (index_of(top) < bottom) {
            close_if_calm(self, top);
            return true;
        }
        if (index_of(top) > bottom)
            break;
        if (gsaw__cas_release(&self->top, &top, top + 1)) { /* [D3] the last: thief or owner */
            gsaw__store_relaxed(&self->bottom, bottom + 1); /* [D6] empty: nothing to publish */
            self->calm_top++;                               /* this was no thief */
            close_if_calm(self, top + 1);
            return true;
        }
    }
    gsaw__store_relaxed(&self->bottom, bottom + 1); /* [D6] empty: nothing to publish */
    return false;
}

size_t gsaw__deque_reserve(gsaw__deque *self, size_t wanted)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom); /* [D1] the owner's own */
    /* [D2] as in push_slowly(). weaken: allow: the same */
    int64_t top = index_of(gsaw__load_acquire(&self->top));
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    int64_t room = ring->capacity - (bottom - top);
    if (room < (int64_t)wanted && gsaw__deque_grow(self, (int64_t)wanted)) {
        ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
        room = ring->capacity - (bottom - top);
    }
    return (size_t)room;
}

/* Make a private deque, whose top this was, an open one. */
static void open_up(gsaw__deque *self, int64_t top)
{
    /* [D5] before the barrier; pairs with the look in take_fast() */
    if (!gsaw__cas_relaxed(&self->top, &top, top | GSAW_TOP_OPEN | GSAW_TOP_OPENING))
        return;
    gsaw__process_barrier(); /* [D5] between the bit and the look at bottom */
    gsaw__sub_relaxed(&self->top, GSAW_TOP_OPENING); /* [D5] now anyone may steal */
}

enum gsaw__steal gsaw__deque_steal(gsaw__deque *self, const gsaw_group *only, gsaw__job *out)
{
    for (;;) {
        int64_t top = gsaw__load_acquire(&self->top); /* [D3] so before the load of bottom */
        /* [D3] pairs with D3 in take(); [D1] acquire, pairs with D1 in push(); [P1] a look before
         * parking */
        int64_t bottom = gsaw__load_seq_cst(&self->bottom);
        if (index_of(top) >= bottom)
            return GSAW_STEAL_EMPTY;
        /* [D4] acquire, pairs with grow() */
        struct gsaw__ring *ring = gsaw__load_acquire(&self->ring); /* [D4] as said */
        gsaw__job job = gsaw__slot_read(gsaw__slot_at(ring, index_of(top)));
        if (only != NULL && job.group != only)
            return GSAW_STEAL_FOREIGN;
        if ((top & GSAW_TOP_OPEN) == 0) {
            open_up(self, top);
            continue;
        }
        if ((top & GSAW_TOP_OPENING) != 0) { /* by another, for some microseconds */
            gsaw__thread_pause();
            return GSAW_STEAL_LOST;
        }
        /* [D2] release, pairs with D2 in push(): the slot was read; [D3] against take() and other
         * thieves */
        if (!gsaw__cas_seq_cst(&self->top, &top, top + 1))
            return GSAW_STEAL_LOST;
        *out = job;
        return GSAW_STEAL_TAKEN;
    }
}

bool gsaw__deque_take_oldest(gsaw__deque *self, gsaw__job *out)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom); /* [D1] the owner's own */
    int64_t top = gsaw__load_relaxed(&self->top);       /* [D3] checked by the exchange */
    if (index_of(top) >= bottom)
        return false;
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    *out = gsaw__slot_read(gsaw__slot_at(ring, index_of(top)));
    return gsaw__cas_release(&self->top, &top, top + 1); /* [D3] against thieves */
}

size_t gsaw__deque_count(const gsaw__deque *self)
{
    int64_t top = index_of(gsaw__load_relaxed(&self->top)); /* [D2] an old one makes it too many */
    int64_t bottom = gsaw__load_seq_cst(&self->bottom);     /* [P1] a look before parking */
    return bottom > top ? (size_t)(bottom - top) : 0;
}

bool gsaw__deque_check(const gsaw__deque *self)
{
    const struct gsaw__ring *ring =
        gsaw__load_relaxed(&self->ring);           /* [D4] nobody is changing it */
    int64_t word = gsaw__load_relaxed(&self->top); /* [D2] the same */
    int64_t top = index_of(word);
    int64_t bottom = gsaw__load_relaxed(&self->bottom); /* [D1] the same */
    bool is_open = (word & GSAW_TOP_OPEN) != 0;
    if ((!is_open && !self->is_asymmetric) || (word & GSAW_TOP_OPENING) != 0 ||
        (self->is_asymmetric ? self->push_end > top + ring->capacity : self->push_end != INT64_MIN))
        return false;
    if (ring == NULL || top < 0 || bottom < top || bottom - top > ring->capacity)
        return false;
    for (const struct gsaw__ring *older = self->retired; older != NULL; older = older->older) {
        if (older->capacity * 2 > ring->capacity)
            return false;
        ring = older;
    }
    return true;
}
