/* distribute.c - WorkDistributor: nanoseconds an item for items that do nothing, distribute
 * included, for each strategy; and for items with costs of their own, in no order.
 * Use:     distribute [WORKERS]
 * Next:    ../tasks/measure.h */
#include "../tasks/measure.h"

#include <gangsaw/work.h>

enum { ITEMS = 1000000, ROUNDS = 7, STRATEGIES = 3 };

static gsaw_status mark(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)worker;
    uint8_t *marks = context;
    marks[(uintptr_t)item->data]++;
    return GSAW_OK;
}

/* Distribute and run all; returns the time. */
static uint64_t run_all(gsaw_distributor *distributor, const gsaw_work_item *items, uint8_t *marks)
{
    uint64_t start = measure_ns();
    measure_require(gsaw_distributor_distribute(distributor, items, ITEMS, NULL) == GSAW_OK,
                    "distribute");
    measure_require(gsaw_distributor_run(distributor, mark, marks, NULL) == GSAW_OK, "run");
    return measure_ns() - start;
}

int main(int argc, char **argv)
{
    static const char *const names[STRATEGIES] = {"round_robin", "work_stealing", "cost_based"};
    measure_series series[STRATEGIES + 1] = {{.name = "round_robin"},
                                             {.name = "work_stealing"},
                                             {.name = "cost_based"},
                                             {.name = "cost_based, costs differ"}};
    unsigned workers = measure_argument(argc, argv, 1, 1);
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    gsaw_work_item *items = calloc(2 * (size_t)ITEMS, sizeof *items);
    uint8_t *marks = calloc(ITEMS, 1);
    measure_require(items && marks && gsaw_pool_new(&options, &pool, NULL) == GSAW_OK, "memory");
    for (size_t i = 0; i < ITEMS; i++) {
        items[i].data = items[ITEMS + i].data = (void *)i;
        items[ITEMS + i].cost = (double)(1 + i * 7919 % 100003);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (unsigned which = 0; which <= STRATEGIES; which++) {
            bool differ = which == STRATEGIES;
            gsaw_distributor *distributor;
            gsaw_distributor_options how = {
                .size = sizeof how, .pool = pool, .strategy = differ ? "cost_based" : names[which]};
            measure_require(gsaw_distributor_new(&how, &distributor, NULL) == GSAW_OK, "new");
            uint64_t ns = run_all(distributor, items + (differ ? ITEMS : 0), marks);
            measure_add(&series[which], ns, ITEMS);
            gsaw_distributor_free(distributor);
        }
    for (size_t i = 0; i < ITEMS; i++)
        measure_require(marks[i] == ROUNDS * (STRATEGIES + 1), "each item once");
    gsaw_pool_free(pool);
    measure_print("gangsaw", workers, ITEMS, series, STRATEGIES + 1);
    free(items);
    free(marks);
    return 0;
}
