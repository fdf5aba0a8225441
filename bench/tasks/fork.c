/* fork.c - gangsaw: fork one half, call the other, join; cancellation, status and result included.
 * Next:    fork.h */
#include "fork.h"

#include <gangsaw/pool.h>

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

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 1);
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    measure_require(gsaw_pool_new(&options, &pool, NULL) == GSAW_OK, "pool");
    measure_series series = {.name = "fork and join"};
    for (int round = 0; round < FORK_ROUNDS; round++) {
        gsaw_group group = {0};
        gsaw_task task = {.function = fibonacci, .value = FORK_N};
        uint64_t start = measure_ns();
        measure_require(gsaw_pool_submit(pool, &group, &task) == GSAW_OK, "submit");
        measure_require(gsaw_pool_wait(pool, &group) == GSAW_OK, "wait");
        measure_add(&series, measure_ns() - start, FORK_SPAWNS);
        measure_require(task.value == FORK_RESULT, "result");
    }
    gsaw_pool_free(pool);
    measure_print("gangsaw", workers, FORK_RESULT, &series, 1);
    return 0;
}
