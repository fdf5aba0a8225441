/* gangsaw/work.h - who does what: items with estimated costs, given to the workers of a pool by a
 * strategy, taken in batches, moved when the load is uneven; and costs learned from measured runs.
 *
 *     gsaw_distributor *distributor;
 *     gsaw_distributor_options options = {.size = sizeof options, .strategy = "cost_based"};
 *     gsaw_distributor_new(&options, &distributor, &error);
 *     gsaw_work_item items[] = {{.data = "a", .cost = 3e6}, {.data = "b", .cost = 1e6}};
 *     gsaw_distributor_distribute(distributor, items, 2, &error);
 *     gsaw_distributor_run(distributor, work, NULL, &error);
 *     gsaw_distributor_optimize(distributor, &error);
 *     gsaw_distributor_free(distributor);
 *
 * Work that is not known at once is streamed: start, then distribute as it comes (from any thread,
 * the items' own function included), then finish. What an item is, is the caller's business. */
#ifndef GANGSAW_WORK_H
#define GANGSAW_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/alloc.h>
#include <gangsaw/pool.h>
#include <gangsaw/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- WorkItem -----------------------------------------------------------------------------------
 */

#define GSAW_WORK_KINDS 64      /* rows of a cost model */
#define GSAW_WORK_COST_MAX 1e18 /* nanoseconds: some thirty years */

/* All-zero is a valid item of unknown cost. It is borrowed, with all that it points to, from
 * distribute until it has ended; its own function may free it, if it then returns GSAW_OK. */
typedef struct gsaw_work_item {
    const char *id; /* unlike all others of its set; NULL: none, nothing depends on it */
    const char *const *depends; /* ids of items of the same set that must end well before */
    size_t depends_count;
    double cost;   /* estimate, in nanoseconds: finite, 0 to GSAW_WORK_COST_MAX; 0: not known, the
                      cost model says, by kind and size */
    uint64_t size; /* what the cost grows with: bytes, rows, ...; 0: nothing */
    uint32_t kind; /* items of one kind cost alike: the language of a file, say; below
                      GSAW_WORK_KINDS */
    void *data;    /* the caller's */
} gsaw_work_item;

/* Look whether `count` items are a valid set. Errors, naming the item by its id or its index:
 * GSAW_RANGE (a cost that is negative, NaN, infinite or absurd; a kind), GSAW_EXISTS (an id twice),
 * GSAW_NOT_FOUND (a dependency that is no item of the set), GSAW_INVALID (a cycle, said as
 * "a -> b -> a"), GSAW_NO_MEMORY. Any thread. */
GSAW_API gsaw_status gsaw_work_items_check(const gsaw_work_item *items, size_t count,
                                           gsaw_error *error);

/* ---- the cost model -----------------------------------------------------------------------------
 */

/* What items cost, by kind: ns = base + per_size * size, by least squares over what was observed;
 * of a kind that was never seen, as all kinds together; before anything was seen, its size (at
 * least 1). */
typedef struct gsaw_cost_model gsaw_cost_model; /* opaque */

/* An empty model. shards: threads that observe at once, 1 to 4096. Errors: GSAW_NO_MEMORY,
 * GSAW_RANGE. */
GSAW_API gsaw_status gsaw_cost_model_new(const gsaw_allocator *allocator, uint32_t shards,
                                         gsaw_cost_model **out, gsaw_error *error);

/* Free. NULL is allowed. */
GSAW_API void gsaw_cost_model_free(gsaw_cost_model *self);

/* What was measured of some items of one kind that ran one after the other. */
typedef struct gsaw_cost_sample {
    uint32_t kind;
    uint64_t count; /* of items */
    uint64_t size;  /* of all of them together */
    uint64_t ns;    /* that they took */
} gsaw_cost_sample;

/* Take a sample down. Constant memory; any thread, and those that use different shards (modulo
 * their number) are not in each other's way. A sample that is absurd (no items, no time, a kind out
 * of range) is dropped. */
GSAW_API void gsaw_cost_model_observe(gsaw_cost_model *self, uint32_t shard,
                                      const gsaw_cost_sample *sample);

/* Fold what was observed since the last fit into the model; older observations count half as much
 * as before. When nothing was observed nothing changes. When no thread estimates. */
GSAW_API void gsaw_cost_model_fit(gsaw_cost_model *self);

/* The cost of an item in ns: positive and finite whatever was observed. Any thread. */
GSAW_API double gsaw_cost_model_estimate(const gsaw_cost_model *self, uint32_t kind, uint64_t size);

/* Write the model to a file, beside it and renamed, or read it back in place of what is known. A
 * file that is missing is GSAW_NOT_FOUND, one that is damaged or of another version GSAW_DAMAGED;
 * the model is then as it was. Errors: GSAW_SYSTEM (names the path), GSAW_NO_MEMORY. */
GSAW_API gsaw_status gsaw_cost_model_save(const gsaw_cost_model *self, const char *path,
                                          gsaw_error *error);
GSAW_API gsaw_status gsaw_cost_model_load(gsaw_cost_model *self, const char *path,
                                          gsaw_error *error);

/* ---- DistStrategy -------------------------------------------------------------------------------
 */

/* One lane for each worker: the items that wait for it, the highest priority first, the oldest
 * first among equals. */
typedef struct gsaw_lanes gsaw_lanes; /* opaque: what a strategy fills */

/* What a strategy sees. Views, for the call. */
typedef struct gsaw_strategy_view {
    const gsaw_work_item *items; /* that are to be placed now */
    size_t count;
    const double *costs; /* of each, estimated; all above 0 */
    const double *ways;  /* of each, the cost of the longest way from it to an end, over what
                            depends on it: its own cost where nothing does */
    uint32_t lane_count;
    const double *loads; /* of each lane, the cost of what waits in it already */
} gsaw_strategy_view;

/* A strategy: a table of functions, copied when it is registered. */
typedef struct gsaw_strategy {
    size_t size;      /* sizeof(gsaw_strategy) */
    const char *name; /* copied */
    bool steals;      /* a worker whose lane is empty takes from the others */
    /* Call gsaw_lanes_put once for each item. Who leaves one out, puts one twice or in a lane that
     * there is not is told so by distribute, and nothing is distributed. May refuse with a status
     * of its own. What is released later, up to 64 items at once, is placed by calls of their own:
     * items that are refused or lost there have failed. Called by one thread at a time, under a
     * lock: it must not call the distributor, nor block. */
    gsaw_status (*distribute)(void *context, const gsaw_strategy_view *view, gsaw_lanes *lanes);
    void *context; /* borrowed */
} gsaw_strategy;

/* Put the index-th item of the view into a lane, with a finite priority. What is wrong with it is
 * kept and said by distribute. */
GSAW_API void gsaw_lanes_put(gsaw_lanes *self, uint32_t lane, size_t index, double priority);

/* The strategies that are always there: "round_robin" (turn by turn, no stealing: the plainest, to
 * compare with), "work_stealing" (runs of neighbours, each lane the same cost; items that are
 * dearer by a factor of 8 or more first; stealing), "cost_based" (the longest way first, each to
 * the lane with the least load; stealing). NULL for any other name. Sources: Graham, Bounds on
 * Multiprocessing Timing Anomalies, SIAM J. Appl. Math. 17 (1969); Blumofe and Leiserson,
 * Scheduling Multithreaded Computations by Work Stealing, J. ACM 46 (1999). Static storage; any
 * thread. */
GSAW_API const gsaw_strategy *gsaw_strategy_find(const char *name);

/* ---- BatchProcessor -----------------------------------------------------------------------------
 */

/* Neighbouring indices that are done by one task: first to end - 1. */
typedef struct gsaw_batch {
    size_t first, end;
    double cost;
} gsaw_batch;

/* All-zero but for size and count means every default. */
typedef struct gsaw_batch_options {
    size_t size;          /* sizeof(gsaw_batch_options) */
    size_t count;         /* indices 0 to count - 1 */
    const double *costs;  /* of each index, in ns; NULL: not known, taken as equal */
    size_t batch_size;    /* indices in a batch, at most; 0: 100 */
    size_t min_task_size; /* this many indices or fewer are done by one thread; 0: 1 */
    double cost_max;      /* ns of a batch of more than one; 0: 100 us */
} gsaw_batch_options;

/* Cut the indices into batches: neighbours share one up to batch_size and cost_max, an index that
 * costs more is alone; without costs an index counts as 1 in a batch's cost, and batch_size is all
 * that ends one. Writes at most `room` of them to `out` (may be NULL) and returns how many there
 * are. Any thread. */
GSAW_API size_t gsaw_batch_cut(const gsaw_batch_options *options, gsaw_batch *out, size_t room);

/* Split a batch where its cost is halved: *self keeps the front, *rest gets the other half (each
 * at least one index). False, and nothing changed, for a batch of one. costs: of all indices, as
 * above. Any thread. */
GSAW_API bool gsaw_batch_split(gsaw_batch *self, const double *costs, gsaw_batch *rest);

/* Call `function` for all indices, in batches, in parallel, and return when all have ended; at most
 * min_task_size are one call: by the calling thread if it is in a task of this pool, else by one
 * worker. A range of batches is split while it runs, when another worker is hungry; without costs
 * the batches grow until one takes about 100 us. The first failure, or a cancel of the calling
 * task, lets no further call begin. From outside or from inside a task, which then takes part.
 * Returns the first failure, else GSAW_CANCELLED or GSAW_OK. Errors: those of the function,
 * GSAW_INVALID (size, function), GSAW_CLOSED. Allocates nothing. Source: Tzannes, Caragea, Barua,
 * Vishkin, Lazy Binary-Splitting, PPoPP 2010. */
GSAW_API gsaw_status gsaw_batch_process(gsaw_pool *pool, const gsaw_batch_options *options,
                                        gsaw_range_function *function, void *argument);

/* ---- LoadBalancer -------------------------------------------------------------------------------
 */

/* All-zero but for size means every default. */
typedef struct gsaw_balancer {
    size_t size;      /* sizeof(gsaw_balancer) */
    double threshold; /* skew above which it pays to move work; 0: 0.1 */
    double move_ns;   /* what moving one item costs; 0: 200 */
} gsaw_balancer;

/* How uneven the loads are: the largest divided by the mean, minus 1; 0 is even, count - 1 is all
 * in one lane; 0 for nothing at all. It is the part by which the run gets longer, were nothing
 * moved. Source: "percent imbalance", DeRose, Homer, Johnson, Detecting Application Load Imbalance
 * on High End Massively Parallel Systems, Euro-Par 2007. Any thread. */
GSAW_API double gsaw_balancer_skew(const double *loads, size_t count);

/* Whether the skew is above the threshold, and what could be won by moving is more than the moving
 * costs. *skew may be NULL. */
GSAW_API bool gsaw_balancer_detect_skew(const gsaw_balancer *self, const double *loads,
                                        size_t count, double *skew);

/* ---- WorkDistributor ----------------------------------------------------------------------------
 */

typedef struct gsaw_distributor gsaw_distributor; /* opaque */

/* What an item's work is. `worker` as in a task. Anything but GSAW_OK: the item has failed, and
 * what depends on it is skipped. May distribute further items. */
typedef gsaw_status gsaw_work_function(gsaw_worker *worker, void *context,
                                       const gsaw_work_item *item);

/* All-zero but for size means every default. */
typedef struct gsaw_distributor_options {
    size_t size;                     /* sizeof(gsaw_distributor_options) */
    const gsaw_allocator *allocator; /* NULL: malloc */
    gsaw_pool *pool;                 /* borrowed; NULL: one of its own */
    uint32_t workers;                /* of its own pool; 0: the CPUs this process may use */
    const char *strategy;            /* by name; NULL: "cost_based" */
    const gsaw_strategy *own;        /* one of the caller's, in place of a name; copied */
    gsaw_balancer balancer;          /* size 0: the defaults */
    gsaw_cost_model *model;          /* borrowed; NULL: one of its own */
    const char *model_path;          /* its own model is read from and kept in this file; NULL: not
                                        kept. A missing file is an empty model */
    /* The cost of an item in place of the model, in ns; NULL: the model. What it returns must be
     * what an item's cost may be. Any thread. */
    double (*cost)(void *context, const gsaw_work_item *item);
    void *cost_context;
    size_t items_max;   /* waiting, before gsaw_distributor_is_full; 0: 1000 */
    double batch_ns;    /* cheap items are taken together up to this cost; 0: 100 us */
    uint32_t batch_max; /* and up to this many; 0: 64 */
    bool fail_fast;     /* the first failure cancels what has not started */
} gsaw_distributor_options;

/* How many items: submitted is the sum of the others. */
typedef struct gsaw_distributor_counts {
    uint64_t submitted, waiting, running, done, failed, cancelled, skipped;
    uint64_t stolen; /* items taken from the lane of another */
    uint64_t moved;  /* items moved by balance */
} gsaw_distributor_counts;

/* A distributor with as many lanes as its pool has workers now (at least 1). Errors:
 * GSAW_NO_MEMORY, GSAW_INVALID (size; a strategy without name or function), GSAW_NOT_FOUND (no
 * strategy of that name: says which there are), GSAW_RANGE, and those of gsaw_pool_new and
 * gsaw_cost_model_load. */
GSAW_API gsaw_status gsaw_distributor_new(const gsaw_distributor_options *options,
                                          gsaw_distributor **out, gsaw_error *error);

/* Free; nothing runs any more (finish has returned, or it was never started). Items that wait are
 * forgotten. NULL is allowed. After fork(2) a distributor is of as little use to the child as its
 * pool: calls return GSAW_CLOSED or do nothing, and this one frees without what waited. */
GSAW_API void gsaw_distributor_free(gsaw_distributor *self);

/* Give items to the lanes, all or none: costs are estimated, the strategy places those that wait
 * for no other, the others when what they depend on has ended. Before start they wait; after it
 * they are run. A call is a set: ids and dependencies do not reach into another. From any thread,
 * the function of an item included; never blocks for room (see is_full). Errors: those of
 * gsaw_work_items_check; GSAW_RANGE (what `cost` returned); GSAW_INVALID (the strategy lost or
 * repeated an item, or put it where there is no lane: says which); what the strategy returned;
 * GSAW_CLOSED (while finish waits, but from an item), GSAW_NO_MEMORY. count 0 is allowed. After a
 * cancel the items end at once, as cancelled. */
GSAW_API gsaw_status gsaw_distributor_distribute(gsaw_distributor *self,
                                                 const gsaw_work_item *items, size_t count,
                                                 gsaw_error *error);

/* Items may run from here on: by workers that have nothing else to do, so that tasks of the pool
 * that bring further items go first. Errors: GSAW_INVALID (started already), GSAW_CLOSED. */
GSAW_API gsaw_status gsaw_distributor_start(gsaw_distributor *self, gsaw_work_function *function,
                                            void *context, gsaw_error *error);

/* No further items come, but from items that run: all workers take part. Blocks until every item
 * has ended; not from inside a task. Returns the first failure, GSAW_CANCELLED after a cancel, or
 * GSAW_OK. The distributor can then be started again. */
GSAW_API gsaw_status gsaw_distributor_finish(gsaw_distributor *self, gsaw_error *error);

/* start and finish: run what was distributed, and what that brings. When it is known to take less
 * than 200 us in all, a pool of the distributor's own that has no threads yet gets none: the
 * calling thread does it alone, and threads are started only for what is left after that time. */
GSAW_API gsaw_status gsaw_distributor_run(gsaw_distributor *self, gsaw_work_function *function,
                                          void *context, gsaw_error *error);

/* What has not started never will; finish then returns GSAW_CANCELLED. Items that run see
 * gsaw_worker_is_cancelled. Any thread, until finish has returned: the next start begins anew. */
GSAW_API void gsaw_distributor_cancel(gsaw_distributor *self);

/* Whether items_max or more wait: time for who brings items to help instead. A hint, of one load.
 * Any thread. */
GSAW_API bool gsaw_distributor_is_full(const gsaw_distributor *self);

/* Inside a task of the pool, after start: take the best item (or batch of cheap ones) of the lane
 * that is this worker's, or from others if the strategy steals, and run it here. False when there
 * was none. */
GSAW_API bool gsaw_distributor_help(gsaw_distributor *self, gsaw_worker *worker);

/* rebalance: move waiting items, and no others, from lanes that have too much to those that have
 * too little, until the skew is below the threshold; nothing when detect_skew sees no gain. Those
 * go first that their lane would take first, if they fit below the mean; if none does, the one that
 * brings the two lanes nearest to each other; none that costs less than move_ns. The largest load
 * never grows by it. It is never called by itself: strategies that steal need it for lanes that
 * nobody is free to steal from, the others (round_robin) at the caller's choice. Returns how many
 * moved. Any thread, at any time; a lane is locked for up to 64 items at a time. */
GSAW_API size_t gsaw_distributor_balance(gsaw_distributor *self);

/* Learn from what has been measured since the last time, and keep it in model_path. When nothing
 * runs. Errors: those of gsaw_cost_model_save; what was learned stays. */
GSAW_API gsaw_status gsaw_distributor_optimize(gsaw_distributor *self, gsaw_error *error);

/* How many lanes there are, and what waits in a lane: its cost, and up to `room` of its items in
 * the order they will be taken; returns how many wait. 0 beyond the last lane. Any thread. */
GSAW_API uint32_t gsaw_distributor_lane_count(const gsaw_distributor *self);
GSAW_API size_t gsaw_distributor_lane(gsaw_distributor *self, uint32_t lane, double *load,
                                      const gsaw_work_item **out, size_t room);

/* The counts at this moment. Any thread. */
GSAW_API gsaw_distributor_counts gsaw_distributor_count(gsaw_distributor *self);

/* The model that costs come from. View: until the distributor is freed. */
GSAW_API gsaw_cost_model *gsaw_distributor_model(gsaw_distributor *self);

#ifdef __cplusplus
}
#endif

#endif
