/* model.c - what items cost: ns = base + per_size * size for each kind, by least squares.
 * Keeps:   base and per_size are never negative; an estimate is 1 ns to GSAW_WORK_COST_MAX,
 *          whatever was observed or read.
 * Threads: each shard has a lock; fit, load and save when nobody observes or estimates.
 * Next:    model.h, model_file.c */
#include "work/model.h"

#include <string.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/status.h"
#include "base/thread.h"

#define SHARDS_MAX 4096u
#define PRIOR 8.0 /* items like all others, that each kind is taken to have had */

typedef struct line {
    double base, per_size;
} line;

typedef struct observations {
    gsaw__mutex lock; /* rank GSAW_RANK_LEAF */
    gsaw__cost_sums kinds[GSAW_WORK_KINDS];
    char padding[GSAW_SEPARATION];
} observations;

struct gsaw_cost_model {
    const gsaw_allocator *allocator;
    uint32_t shard_count, ready; /* locks that exist */
    bool is_known;
    gsaw__cost_sums kept[GSAW_WORK_KINDS]; /* as of the last fit */
    line lines[GSAW_WORK_KINDS];
    observations *shards;
};

gsaw_status gsaw_cost_model_new(const gsaw_allocator *allocator, uint32_t shards,
                                gsaw_cost_model **out, gsaw_error *error)
{
    if (shards == 0 || shards > SHARDS_MAX)
        return gsaw__fail(error, GSAW_RANGE, "shards: %u is not in 1 to %u", shards, SHARDS_MAX);
    gsaw_cost_model *self = gsaw__alloc_zero(allocator, 1, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    self->allocator = allocator;
    self->shard_count = shards;
    self->shards = gsaw__alloc_zero(allocator, shards, sizeof *self->shards);
    gsaw_status status = self->shards == NULL ? gsaw__fail_memory(error) : GSAW_OK;
    for (uint32_t i = 0; i < shards && status == GSAW_OK; i++) {
        status = gsaw__mutex_init(&self->shards[i].lock, "cost model", GSAW_RANK_LEAF);
        if (status == GSAW_OK)
            self->ready++;
        else
            gsaw__fail(error, status, "cannot make a lock");
    }
    if (status != GSAW_OK) {
        gsaw_cost_model_free(self);
        return status;
    }
    *out = self;
    return GSAW_OK;
}

void gsaw_cost_model_free(gsaw_cost_model *self)
{
    if (self == NULL)
        return;
    for (uint32_t i = 0; i < self->ready; i++)
        gsaw__mutex_clear(&self->shards[i].lock);
    gsaw__free(self->allocator, self->shards, self->shard_count * sizeof *self->shards);
    gsaw__free(self->allocator, self, sizeof *self);
}

void gsaw_cost_model_observe(gsaw_cost_model *self, uint32_t shard, const gsaw_cost_sample *sample)
{
    if (sample->kind >= GSAW_WORK_KINDS || sample->count == 0 || sample->ns == 0)
        return;
    double n = (double)sample->count, s = (double)sample->size, t = (double)sample->ns;
    observations *at = &self->shards[shard % self->shard_count];
    gsaw__cost_sums *into = &at->kinds[sample->kind];
    gsaw__mutex_lock(&at->lock);
    into->n += n;
    into->s += s;
    into->t += t;
    into->ss += s * s / n;
    into->st += s * t / n;
    gsaw__mutex_unlock(&at->lock);
}

/* ---- fitting ---- */

static void add(gsaw__cost_sums *to, const gsaw__cost_sums *from, double times)
{
    to->n += times * from->n;
    to->s += times * from->s;
    to->t += times * from->t;
    to->ss += times * from->ss;
    to->st += times * from->st;
}

/* The line through these gsaw__cost_sums with neither part below 0. */
static line fit(const gsaw__cost_sums *of)
{
    double spread = of->n * of->ss - of->s * of->s;
    line out = {.base = of->t / of->n};
    if (!(of->s > 0))
        return out;
    if (!(spread > 1e-9 * of->n * of->ss)) /* all of one size: as if it grew from nothing */
        return (line){.per_size = of->t / of->s};
    double per_size = (of->n * of->st - of->s * of->t) / spread;
    double base = (of->t - per_size * of->s) / of->n;
    if (per_size < 0)
        return out;
    if (base < 0)
        return (line){.per_size = of->st / of->ss};
    return (line){.base = base, .per_size = per_size};
}

/* Lines from what is kept: few observations of a kind are pulled towards all kinds together. */
static void fit_all(gsaw_cost_model *self)
{
    gsaw__cost_sums all = {0};
    for (uint32_t kind = 0; kind < GSAW_WORK_KINDS; kind++)
        add(&all, &self->kept[kind], 1);
    self->is_known = all.n > 0;
    if (!self->is_known)
        return;
    line pooled = fit(&all);
    /* Items of the sizes there were, that cost what the pooled line says. */
    gsaw__cost_sums prior = {.n = PRIOR, .s = PRIOR * all.s / all.n, .ss = PRIOR * all.ss / all.n};
    prior.t = pooled.base * prior.n + pooled.per_size * prior.s;
    prior.st = pooled.base * prior.s + pooled.per_size * prior.ss;
    for (uint32_t kind = 0; kind < GSAW_WORK_KINDS; kind++) {
        gsaw__cost_sums with = self->kept[kind];
        add(&with, &prior, 1);
        self->lines[kind] = self->kept[kind].n > 0 ? fit(&with) : pooled;
    }
}

void gsaw_cost_model_fit(gsaw_cost_model *self)
{
    gsaw__cost_sums fresh[GSAW_WORK_KINDS];
    memset(fresh, 0, sizeof fresh);
    bool is_any = false;
    for (uint32_t i = 0; i < self->shard_count; i++) {
        observations *at = &self->shards[i];
        gsaw__mutex_lock(&at->lock);
        for (uint32_t kind = 0; kind < GSAW_WORK_KINDS; kind++) {
            add(&fresh[kind], &at->kinds[kind], 1);
            is_any = is_any || at->kinds[kind].n > 0;
        }
        memset(at->kinds, 0, sizeof at->kinds);
        gsaw__mutex_unlock(&at->lock);
    }
    if (!is_any)
        return;
    for (uint32_t kind = 0; kind < GSAW_WORK_KINDS; kind++) {
        gsaw__cost_sums old = self->kept[kind];
        self->kept[kind] = fresh[kind];
        add(&self->kept[kind], &old, 0.5);
    }
    fit_all(self);
}

bool gsaw__cost_model_is_known(const gsaw_cost_model *self) { return self->is_known; }

double gsaw_cost_model_estimate(const gsaw_cost_model *self, uint32_t kind, uint64_t size)
{
    double cost = (double)size;
    if (self->is_known && kind < GSAW_WORK_KINDS)
        cost = self->lines[kind].base + self->lines[kind].per_size * cost;
    if (!(cost >= 1))
        return 1;
    return cost <= GSAW_WORK_COST_MAX ? cost : GSAW_WORK_COST_MAX;
}

const gsaw_allocator *gsaw__cost_model_allocator(const gsaw_cost_model *self)
{
    return self->allocator;
}

const gsaw__cost_sums *gsaw__cost_model_sums(const gsaw_cost_model *self) { return self->kept; }

void gsaw__cost_model_set(gsaw_cost_model *self, const gsaw__cost_sums *sums)
{
    memcpy(self->kept, sums, sizeof self->kept);
    fit_all(self);
}
