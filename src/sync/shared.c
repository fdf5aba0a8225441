/* shared.c - SharedState: versions with a count of references; a reader counts itself in for the
 * few instructions between finding the newest and holding it.
 * Keeps:   a version is destroyed once: when the newest is another and nobody holds it.
 * Threads: readers: any, no lock; writers take turns.
 * Next:    gangsaw/sync.h. Source: read-copy update with two sets of counters, McKenney, Sleepable
 *          RCU (2006); here a reader stays inside for a moment, as it takes a reference */
#include "base/alloc.h"
#include "base/atomic.h"
#include "base/check.h"
#include "base/status.h"
#include "base/thread.h"
#include "sync/counter.h"

#include <gangsaw/sync.h>

typedef struct edition {
    gsaw_snapshot snapshot;      /* first: a snapshot's address is its version's */
    _Atomic uint64_t references; /* 1 for being the newest */
} edition;

/* Readers inside, by the parity of the phase they came in. */
typedef struct inside {
    _Atomic uint64_t counts[2];
    char padding[GSAW_SEPARATION - 2 * sizeof(uint64_t)];
} inside;

struct gsaw_shared {
    const gsaw_allocator *allocator;
    void (*destroy)(void *);
    uint32_t shard_count;
    inside *shards;
    gsaw__mutex lock; /* writers */
    uint64_t last;    /* version, under the lock */
    char padding[GSAW_SEPARATION];
    _Atomic(edition *) newest;
    _Atomic uint64_t phase;
};

gsaw_status gsaw_shared_new(const gsaw_allocator *allocator, uint32_t shards,
                            void (*destroy)(void *), gsaw_shared **out, gsaw_error *error)
{
    if (shards > GSAW_SHARDS_MAX)
        return gsaw__fail(error, GSAW_RANGE, "shards: %u is not in 0 to %u", shards,
                          GSAW_SHARDS_MAX);
    gsaw_shared *self = gsaw__alloc_zero(allocator, 1, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    self->allocator = allocator;
    self->destroy = destroy;
    self->shard_count = shards == 0 ? 1 : shards;
    self->shards = gsaw__alloc_zero(allocator, self->shard_count, sizeof *self->shards);
    gsaw_status status = self->shards == NULL
                             ? GSAW_NO_MEMORY
                             : gsaw__mutex_init(&self->lock, "shared", GSAW_RANK_LEAF);
    if (status != GSAW_OK) {
        gsaw__free(allocator, self->shards, self->shard_count * sizeof *self->shards);
        gsaw__free(allocator, self, sizeof *self);
        return gsaw__fail(error, status, "%s", gsaw_status_text(status));
    }
    *out = self;
    return GSAW_OK;
}

static void drop(gsaw_shared *self, edition *dropped)
{
    /* [V3] release: this reader is done; acquire, for the last one: so are all others */
    if (gsaw__sub_acq_rel(&dropped->references, 1) != 1)
        return;
    if (self->destroy != NULL)
        self->destroy(dropped->snapshot.value);
    gsaw__free(self->allocator, dropped, sizeof *dropped);
}

void gsaw_shared_free(gsaw_shared *self)
{
    if (self == NULL)
        return;
    edition *newest = gsaw__load_relaxed(&self->newest); /* [V1] nobody else is here */
    /* [V3] all snapshots were released */
    gsaw_assert(newest == NULL || gsaw__load_relaxed(&newest->references) == 1); /* [V3] as said */
    if (newest != NULL)
        drop(self, newest);
    gsaw__mutex_clear(&self->lock);
    gsaw__free(self->allocator, self->shards, self->shard_count * sizeof *self->shards);
    gsaw__free(self->allocator, self, sizeof *self);
}

const gsaw_snapshot *gsaw_shared_read(gsaw_shared *self, uint32_t shard)
{
    inside *counts = &self->shards[shard % self->shard_count];
    for (;;) {
        uint64_t phase = gsaw__load_seq_cst(&self->phase); /* [V2] looked at again below */
        _Atomic uint64_t *count = &counts->counts[phase % 2];
        /* [V2] in one order with publish(): if the phase is the same after this, who changes it
         * sees this reader, and waits before it drops what is found below */
        gsaw__add_seq_cst(count, 1);
        if (gsaw__load_seq_cst(&self->phase) == phase) {         /* [V2] as said */
            edition *newest = gsaw__load_seq_cst(&self->newest); /* [V1] pairs with publish() */
            if (newest != NULL)
                gsaw__add_relaxed(&newest->references, 1); /* [V3] it cannot be the last to go */
            gsaw__sub_seq_cst(count, 1); /* [V2] release: the reference is counted */
            return newest == NULL ? NULL : &newest->snapshot;
        }
        gsaw__sub_seq_cst(count, 1); /* [V2] a writer came: again, with the new phase */
    }
}

void gsaw_shared_release(gsaw_shared *self, const gsaw_snapshot *snapshot)
{
    if (snapshot != NULL)
        drop(self, (edition *)(uintptr_t)snapshot);
}

/* Wait until nobody is inside who may have found what was the newest before. */
static void wait_for_readers(gsaw_shared *self)
{
    uint64_t phase = gsaw__load_seq_cst(&self->phase); /* [V2] written under the lock */
    gsaw__store_seq_cst(&self->phase, phase + 1);      /* [V2] those that come now count apart */
    for (uint32_t i = 0; i < self->shard_count; i++)
        while (gsaw__load_seq_cst(&self->shards[i].counts[phase % 2]) != 0) /* [V2] see read() */
            gsaw__thread_pause();
}

/* The same as update, but *known NULL: whatever the newest is. */
static gsaw_status publish(gsaw_shared *self, const uint64_t *known, void *value, uint64_t *number)
{
    edition *made = gsaw__alloc(self->allocator, sizeof *made);
    if (made == NULL)
        return GSAW_NO_MEMORY;
    gsaw__mutex_lock(&self->lock);
    if (known != NULL && *known != self->last) {
        gsaw__mutex_unlock(&self->lock);
        gsaw__free(self->allocator, made, sizeof *made);
        return GSAW_AGAIN;
    }
    *made = (edition){.snapshot = {.value = value, .version = ++self->last}};
    gsaw__store_relaxed(&made->references, 1); /* [V1] published with it */
    if (number != NULL)
        *number = self->last;
    edition *before = gsaw__load_relaxed(&self->newest); /* [V1] under the lock */
    gsaw__store_seq_cst(&self->newest, made);            /* [V1] release; [V2] before the phase */
    wait_for_readers(self);
    gsaw__mutex_unlock(&self->lock);
    if (before != NULL)
        drop(self, before);
    return GSAW_OK;
}

gsaw_status gsaw_shared_write(gsaw_shared *self, void *value, uint64_t *version)
{
    return publish(self, NULL, value, version);
}

gsaw_status gsaw_shared_update(gsaw_shared *self, uint64_t known, void *value, uint64_t *version)
{
    return publish(self, &known, value, version);
}
