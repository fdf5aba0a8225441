/* trace.c - what the trace costs: fork and join, and spawned tasks, with it off and on.
 *
 *     build/release/bench/tasks/trace 1
 *
 * Keeps:   the same pool for all rounds of one kind; off and on take turns.
 * Next:    measure.h, fork.h */
#include <gangsaw/pool.h>

#include "fork.h"

enum { TRACE_ROUNDS = 7, TRACE_TASKS = 1000000, TRACE_EVENTS = 65536 };

/* NOLINTNEXTLINE(misc-no-recursion): as deep as FORK_N */
static gsaw_status fibonacci(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)argument;
    if (*value < 2)
        return GSAW_OK;
    gsaw_task task = {.function = fibonacci, .value = *value - 1};
    gsaw_worker_fork(worker, &task);
    uint64_t other = *value - 2;
    gsaw_status status = fibonacci(worker, NULL, &other);
    gsaw_status joined = gsaw_worker_join(worker, &task);
    *value = task.value + other;
    return status == GSAW_OK ? joined : status;
}

static gsaw_status nothing(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)argument, (void)value;
    return GSAW_OK;
}

static void fork_all(gsaw_pool *pool, measure_series *series)
{
    gsaw_group group = {0};
    gsaw_task task = {.function = fibonacci, .value = FORK_N};
    uint64_t start = measure_ns();
    measure_require(gsaw_pool_submit(pool, &group, &task) == GSAW_OK, "submit");
    measure_require(gsaw_pool_wait(pool, &group) == GSAW_OK, "wait");
    measure_add(series, measure_ns() - start, FORK_SPAWNS);
    measure_require(task.value == FORK_RESULT, "result");
}

static void spawn_all(gsaw_pool *pool, measure_series *series)
{
    gsaw_group group = {0};
    uint64_t start = measure_ns();
    for (uint64_t i = 0; i < TRACE_TASKS; i++)
        measure_require(gsaw_pool_spawn(pool, &group, nothing, NULL, i) == GSAW_OK, "spawn");
    measure_require(gsaw_pool_wait(pool, &group) == GSAW_OK, "wait");
    measure_add(series, measure_ns() - start, TRACE_TASKS);
}

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 1);
    gsaw_pool *pools[2];
    measure_series series[] = {{.name = "fork and join, trace off"},
                               {.name = "fork and join, trace on"},
                               {.name = "spawned, trace off"},
                               {.name = "spawned, trace on"}};
    for (size_t on = 0; on < 2; on++) {
        gsaw_pool_options options = {
            .size = sizeof options, .workers = workers, .trace_events = on * TRACE_EVENTS};
        measure_require(gsaw_pool_new(&options, &pools[on], NULL) == GSAW_OK, "pool");
    }
    for (int round = 0; round < TRACE_ROUNDS; round++)
        for (size_t on = 0; on < 2; on++) {
            fork_all(pools[on], &series[on]);
            spawn_all(pools[on], &series[2 + on]);
        }
    for (size_t on = 0; on < 2; on++)
        gsaw_pool_free(pools[on]);
    measure_print("gangsaw", workers, FORK_RESULT, series, 4);
    return 0;
}
