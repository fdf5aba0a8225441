/* distributor.h - WorkDistributor inside: lanes, sets, drivers, and who may touch what.
 *
 * Words: a set is what one call of distribute brought, freed when all of it has ended. A driver is
 * a task of the pool that is bound to a lane: it takes from it, or from others if the strategy
 * steals, and runs what it took, until it finds nothing; a lane has at most one. To settle an item
 * that has ended is to count down what waits for it.
 *
 * Keeps:   every item that was submitted and has not ended counts once in group.pending, beside the
 *          drivers that are with the pool: so who waits for the group waits for all. It is in a
 *          lane, or in a chain that somebody runs or moves, or waits in its set for others.
 *          submitted = waiting + running + done + failed + cancelled + skipped.
 * Threads: each field tells.
 * Next:    README.md here, place.c (from distribute to the lanes), drive.c (from the lanes to the
 *          end), distributor.c (the API) */
#ifndef GSAW_WORK_DISTRIBUTOR_H
#define GSAW_WORK_DISTRIBUTOR_H

#include <gangsaw/work.h>

#include "task/pool.h"
#include "work/item.h"
#include "work/lane.h"
#include "work/strategy.h"

/* What one call of distribute brought. */
typedef struct gsaw__set {
    size_t count;
    double known_ns;       /* of all items; GSAW_WORK_COST_MAX or more: not known */
    double *ways;          /* of each item; NULL: nothing depends on anything */
    gsaw__order order;     /* likewise all-zero */
    _Atomic uint64_t left; /* items that have not ended, and 1 while it is being distributed */
    gsaw__work works[];    /* of each item */
} gsaw__set;

/* How far a distributor is. */
enum gsaw__phase {
    GSAW_PHASE_IDLE,     /* items wait for start */
    GSAW_PHASE_STARTED,  /* they run where a worker has nothing else to do */
    GSAW_PHASE_FINISHING /* all workers take part */
};

/* A driver's task. More of them than lanes: one that has left its lane may be on its last steps in
 * the pool. */
typedef struct gsaw__lane_driver {
    gsaw_task task;
    gsaw_distributor *distributor; /* constant */
    uint32_t lane;
    _Atomic uint32_t is_used; /* from its choice until its function is about to return */
} gsaw__lane_driver;

#define GSAW_RELEASE_MAX 64u /* items that are placed at once when they are released */

struct gsaw_distributor {
    gsaw_distributor_options options; /* constant; filled in */
    const gsaw_allocator *allocator;  /* constant */
    gsaw_pool *pool;                  /* constant */
    bool is_own_pool, is_own_model;   /* constant */
    char *model_path;                 /* constant; NULL: none */
    gsaw_cost_model *model;           /* constant */
    gsaw_strategy strategy;           /* constant; name is ours */
    uint32_t lane_count;              /* constant */
    gsaw__lane *lanes;                /* of each worker */
    uint32_t driver_count;            /* constant */
    gsaw__lane_driver *drivers;
    uint32_t ready; /* locks that exist: for free */

    gsaw_work_function *function; /* from start on */
    void *context;                /* of the function */
    double known_ns;         /* cost of what was distributed for the next start: under placing */
    uint64_t alone_until_ns; /* run() has the calling thread alone until then; 0: no */

    gsaw__mutex placing; /* rank GSAW_RANK_WORK: one call of the strategy at a time, and: */
    gsaw__strategy_state state;
    gsaw_lanes placement;
    double *loads; /* scratch, of each lane */
    struct {       /* scratch, of what is released */
        gsaw_work_item items[GSAW_RELEASE_MAX];
        double costs[GSAW_RELEASE_MAX], ways[GSAW_RELEASE_MAX];
        gsaw__work *works[GSAW_RELEASE_MAX];
    } released;

    gsaw_group group; /* of the drivers; counts the items, too */
    char padding_group[GSAW_SEPARATION];
    _Atomic uint32_t phase; /* enum gsaw__phase */
    _Atomic uint32_t is_cancelled;
    _Atomic uint32_t status; /* gsaw_status of the first failure */
    _Atomic uint32_t active; /* lanes with a driver */
    gsaw_error failure;      /* of the first failure: by whom that set status */
    char padding_phase[GSAW_SEPARATION];
    _Atomic uint64_t waiting; /* items that wait */
    char padding_waiting[GSAW_SEPARATION];
    _Atomic uint64_t submitted; /* items ever */
    _Atomic uint64_t sequence;  /* of the next item */
};

/* How many items wait at this moment. Any thread. */
static inline uint64_t gsaw__distributor_waiting(const gsaw_distributor *self)
{
    return gsaw__load_relaxed(&self->waiting); /* [D6] a number */
}

/* What a thread has ended and not yet told. All-zero: nothing. */
typedef struct gsaw__tally {
    uint64_t done, failed, cancelled, skipped;
    gsaw__set *set; /* whose these are: */
    uint64_t ended;
} gsaw__tally;

/* How an item ended. */
enum gsaw__end { GSAW_END_DONE, GSAW_END_FAILED, GSAW_END_CANCELLED };

/* place.c: an item has ended: count it, and release what waits for it, or skip it. */
void gsaw__settle(gsaw_distributor *self, gsaw__tally *tally, gsaw__work *work, enum gsaw__end end);

/* place.c: tell what was ended, in the counters of this lane. Nothing of the distributor may be
 * touched afterwards by who does not count in the group in another way. */
void gsaw__tally_tell(gsaw_distributor *self, gsaw__tally *tally, uint32_t lane);

/* place.c: `count` items of the set have ended (or been distributed). Frees it with the last. */
void gsaw__set_release(gsaw_distributor *self, gsaw__set *set, uint64_t count);

/* drive.c: items were put into lanes, `count` in all: see to it that they are run. */
void gsaw__drivers_wake(gsaw_distributor *self, uint64_t count);

/* drive.c: keep the first failure; with fail_fast cancel. `item` NULL: not of an item. */
void gsaw__distributor_fail(gsaw_distributor *self, gsaw_status status, const gsaw_work_item *item,
                            const gsaw_error *error);

/* drive.c: end all that waits in lanes as cancelled. */
void gsaw__distributor_drain(gsaw_distributor *self);

/* Whether nothing is to start any more. Any thread. */
static inline bool gsaw__is_cancelled(const gsaw_distributor *self)
{
    /* [D2] relaxed: who has put items into a lane and looks here then, and cancel(), that then
     * looks into the lane, are ordered by the lock of the lane: one of the two sees the other */
    return gsaw__load_relaxed(&self->is_cancelled) != 0;
}

#endif
