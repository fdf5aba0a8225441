/* deque.c - Chase and Lev's deque with growing rings and jobs of two words.
 * Keeps:   the owner writes a slot only when top has passed it, so a thief that read it half old,
 *          half new finds top moved, fails its compare-and-swap and drops what it read.
 * Threads: as in deque.h.
 *
 * Why the orders suffice, and are needed. [D1] A job handed from owner to thief: the words are
 * written before the store to bottom, which releases, and read after a load of bottom that
 * acquires. [D2] A slot handed back: a thief reads the words before its compare-and-swap of top,
 * which releases; the owner loads top with acquire before it writes the slot again. [D3] The last
 * job: take() stores bottom and then loads top, steal() moves top and then loads bottom, all of
 * them sequentially consistent; in their single order either take() sees the thief's top, or the
 * thief sees the lowered bottom; both may see both, and then the compare-and-swap decides. A thief
 * that sees a top which others moved acquires it, and they release it, so that its load of bottom
 * comes after what they did. [D4] A ring is read after the load of its pointer that acquires. [D5]
 * When take() raises bottom again the deque is empty: nothing is published. Parking needs push() to
 * store bottom sequentially consistent, too: see park.h [P1].
 *
 * tests/sim/test_sim_deque.c explores them; with any of them weaker it fails
 * (tests/tools/weaken.py).
 * Next:    worker.c, who owns and who steals. */
#include "task/deque.h"

#include "base/alloc.h"
#include "base/check.h"

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
    return ring;
}

bool gsaw__deque_init(gsaw__deque *self, const gsaw_allocator *allocator, size_t capacity)
{
    gsaw_assert(capacity != 0 && (capacity & (capacity - 1)) == 0);
    *self = (gsaw__deque){.allocator = allocator};
    struct gsaw__ring *ring = ring_new(allocator, (int64_t)capacity);
    gsaw__store_relaxed(&self->ring, ring); /* [D4] not shared yet */
    return ring != NULL;
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
    /* [D2] as in push(). weaken: allow: the same */
    int64_t top = gsaw__load_acquire(&self->top);
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
    return true;
}

size_t gsaw__deque_reserve(gsaw__deque *self, size_t wanted)
{
    int64_t bottom = gsaw__load_relaxed(&self->bottom); /* [D1] the owner's own */
    /* [D2] as in push(). weaken: allow: the same */
    int64_t top = gsaw__load_acquire(&self->top);
    struct gsaw__ring *ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
    int64_t room = ring->capacity - (bottom - top);
    if (room < (int64_t)wanted && gsaw__deque_grow(self, (int64_t)wanted)) {
        ring = gsaw__load_relaxed(&self->ring); /* [D4] the owner's own */
        room = ring->capacity - (bottom - top);
    }
    return (size_t)room;
}

enum gsaw__steal gsaw__deque_steal(gsaw__deque *self, const gsaw_group *only, gsaw__job *out)
{
    int64_t top = gsaw__load_acquire(&self->top); /* [D3] acquire, so before the load of bottom */
    /* [D3] pairs with D3 in take(); [D1] acquire, pairs with D1 in push(); [P1] a look before
     * parking */
    int64_t bottom = gsaw__load_seq_cst(&self->bottom);
    if (top >= bottom)
        return GSAW_STEAL_EMPTY;
    struct gsaw__ring *ring = gsaw__load_acquire(&self->ring); /* [D4] acquire, pairs with grow() */
    gsaw__job job = gsaw__slot_read(gsaw__slot_at(ring, top));
    if (only != NULL && job.group != only)
        return GSAW_STEAL_FOREIGN;
    /* [D2] release, pairs with D2 in push(): the slot was read; [D3] against take() and other
     * thieves */
    if (!gsaw__cas_seq_cst(&self->top, &top, top + 1))
        return GSAW_STEAL_LOST;
    *out = job;
    return GSAW_STEAL_TAKEN;
}

size_t gsaw__deque_count(const gsaw__deque *self)
{
    int64_t top = gsaw__load_relaxed(&self->top);       /* [D2] an old one makes it too many */
    int64_t bottom = gsaw__load_seq_cst(&self->bottom); /* [P1] a look before parking */
    return bottom > top ? (size_t)(bottom - top) : 0;
}

bool gsaw__deque_check(const gsaw__deque *self)
{
    const struct gsaw__ring *ring =
        gsaw__load_relaxed(&self->ring);                /* [D4] nobody is changing it */
    int64_t top = gsaw__load_relaxed(&self->top);       /* [D2] the same */
    int64_t bottom = gsaw__load_relaxed(&self->bottom); /* [D1] the same */
    if (ring == NULL || top < 0 || bottom < top || bottom - top > ring->capacity)
        return false;
    for (const struct gsaw__ring *older = self->retired; older != NULL; older = older->older) {
        if (older->capacity * 2 > ring->capacity)
            return false;
        ring = older;
    }
    return true;
}
