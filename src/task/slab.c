/* slab.c - magazines and the depot.
 * Keeps:   every task of every chunk is in use, in a magazine, or in a bundle of the depot.
 * Threads: as in slab.h.
 * Next:    slab.h, run.h */
#include "task/slab.h"

#include "base/alloc.h"

struct gsaw__chunk {
    struct gsaw__chunk *next;
    gsaw_task tasks[GSAW_BUNDLE];
};

gsaw_status gsaw__depot_init(gsaw__depot *self, const gsaw_allocator *allocator)
{
    *self = (gsaw__depot){.allocator = allocator};
    return gsaw__mutex_init(&self->lock, "depot", GSAW_RANK_LEAF);
}

void gsaw__depot_abandon(gsaw__depot *self)
{
    while (self->chunks != NULL) {
        struct gsaw__chunk *next = self->chunks->next;
        gsaw__free(self->allocator, self->chunks, sizeof *self->chunks);
        self->chunks = next;
    }
    self->bundles = NULL;
    self->outside = (gsaw__magazine){0};
}

void gsaw__depot_clear(gsaw__depot *self)
{
    gsaw__depot_abandon(self);
    gsaw__mutex_clear(&self->lock);
}

/* A bundle of the depot's, or a new one; NULL when memory is out. Under the lock. */
static gsaw_task *bundle_take(gsaw__depot *self)
{
    gsaw_task *bundle = self->bundles;
    if (bundle != NULL) {
        self->bundles = bundle->argument;
        return bundle;
    }
    struct gsaw__chunk *chunk = gsaw__alloc(self->allocator, sizeof *chunk);
    if (chunk == NULL)
        return NULL;
    chunk->next = self->chunks;
    self->chunks = chunk;
    for (uint32_t i = 0; i < GSAW_BUNDLE; i++)
        chunk->tasks[i].next = i + 1 < GSAW_BUNDLE ? &chunk->tasks[i + 1] : NULL;
    return chunk->tasks;
}

/* Fill an empty magazine. Under the lock unless it is a worker's that takes it. */
static bool refill(gsaw__depot *self, gsaw__magazine *magazine)
{
    magazine->first = magazine->full;
    magazine->full = NULL;
    if (magazine->first == NULL)
        magazine->first = bundle_take(self);
    magazine->count = magazine->first == NULL ? 0 : GSAW_BUNDLE;
    return magazine->first != NULL;
}

static gsaw_task *pop(gsaw__magazine *magazine)
{
    gsaw_task *task = magazine->first;
    magazine->first = task->next;
    magazine->count--;
    return task;
}

gsaw_task *gsaw__depot_take(gsaw__depot *self, gsaw__magazine *magazine)
{
    if (magazine != NULL && magazine->first != NULL)
        return pop(magazine);
    gsaw__mutex_lock(&self->lock);
    gsaw__magazine *from = magazine != NULL ? magazine : &self->outside;
    gsaw_task *task = from->first != NULL || refill(self, from) ? pop(from) : NULL;
    gsaw__mutex_unlock(&self->lock);
    return task;
}

void gsaw__depot_give(gsaw__depot *self, gsaw__magazine *magazine, gsaw_task *task)
{
    bool outside = magazine == NULL;
    if (outside) {
        gsaw__mutex_lock(&self->lock);
        magazine = &self->outside;
    }
    if (magazine->count == GSAW_BUNDLE) {
        gsaw_task *full = magazine->full;
        magazine->full = magazine->first;
        magazine->first = NULL;
        magazine->count = 0;
        if (full != NULL) {
            if (!outside)
                gsaw__mutex_lock(&self->lock);
            full->argument = self->bundles;
            self->bundles = full;
            if (!outside)
                gsaw__mutex_unlock(&self->lock);
        }
    }
    task->next = magazine->first;
    magazine->first = task;
    magazine->count++;
    if (outside)
        gsaw__mutex_unlock(&self->lock);
}
