/* idle.c - gangsaw: one task sleeps, the main thread waits for it.
 * Next:    idle.h */
#include "idle.h"

#include <gangsaw/pool.h>

static gsaw_status run(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    (void)value;
    idle_sleep(argument);
    return GSAW_OK;
}

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 2);
    measure_series series = {.name = "per cent"};
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    measure_require(gsaw_pool_new(&options, &pool, NULL) == GSAW_OK, "pool");
    gsaw_group group = {0};
    gsaw_task task = {.function = run, .argument = &series};
    measure_require(gsaw_pool_submit(pool, &group, &task) == GSAW_OK, "submit");
    measure_require(gsaw_pool_wait(pool, &group) == GSAW_OK, "wait");
    gsaw_pool_free(pool);
    measure_print("gangsaw", workers, 0, &series, 1);
    return 0;
}
