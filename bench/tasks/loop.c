/* loop.c - gangsaw: gsaw_pool_for, with the costs and without.
 * Next:    loop.h */
#include "loop.h"

#include <gangsaw/pool.h>

static gsaw_status run(gsaw_worker *worker, void *argument, size_t first, size_t end)
{
    (void)worker;
    for (size_t i = first; i < end; i++)
        loop_item(argument, i);
    return GSAW_OK;
}

int main(int argc, char **argv)
{
    static loop work;
    unsigned workers = measure_argument(argc, argv, 1, 4);
    measure_series series[] = {{.name = "costs given"}, {.name = "no costs"}};
    loop_draw(&work, workers);
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    measure_require(gsaw_pool_new(&options, &pool, NULL) == GSAW_OK, "pool");
    for (int round = 0; round < LOOP_ROUNDS; round++)
        for (int which = 0; which < 2; which++) {
            gsaw_for_options all = {
                .size = sizeof all, .count = LOOP_ITEMS, .costs = which ? NULL : work.costs};
            uint64_t start = measure_ns();
            measure_require(gsaw_pool_for(pool, &all, run, &work) == GSAW_OK, "for");
            loop_note(&work, workers, measure_ns() - start, &series[which]);
        }
    gsaw_pool_free(pool);
    measure_print("gangsaw", workers, LOOP_ITEMS, series, 2);
    return 0;
}
