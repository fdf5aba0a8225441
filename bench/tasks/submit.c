/* submit.c - gangsaw: the tasks lie in an array of the caller's, submitted one by one; or all in
 * one call; or by value, with storage of the pool's.
 * Next:    submit.h */
#include "submit.h"

#include <gangsaw/pool.h>

static gsaw_status mark(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    (void)value;
    submit_mark(argument);
    return GSAW_OK;
}

typedef void sender(gsaw_pool *pool, gsaw_group *group, gsaw_task *tasks, uint32_t *places);

static void send_one_by_one(gsaw_pool *pool, gsaw_group *group, gsaw_task *tasks, uint32_t *places)
{
    for (size_t i = 0; i < SUBMIT_TASKS; i++) {
        tasks[i] = (gsaw_task){.function = mark, .argument = &places[i]};
        measure_require(gsaw_pool_submit(pool, group, &tasks[i]) == GSAW_OK, "submit");
    }
}

static void send_all(gsaw_pool *pool, gsaw_group *group, gsaw_task *tasks, uint32_t *places)
{
    for (size_t i = 0; i < SUBMIT_TASKS; i++)
        tasks[i] = (gsaw_task){.function = mark, .argument = &places[i]};
    measure_require(gsaw_pool_submit_all(pool, group, tasks, SUBMIT_TASKS) == GSAW_OK, "submit");
}

static void send_by_value(gsaw_pool *pool, gsaw_group *group, gsaw_task *tasks, uint32_t *places)
{
    (void)tasks;
    for (size_t i = 0; i < SUBMIT_TASKS; i++)
        measure_require(gsaw_pool_spawn(pool, group, mark, &places[i], 0) == GSAW_OK, "spawn");
}

int main(int argc, char **argv)
{
    static sender *const senders[] = {send_one_by_one, send_all, send_by_value};
    measure_series series[] = {{.name = "submit"}, {.name = "all in one"}, {.name = "by value"}};
    enum { SENDERS = sizeof senders / sizeof senders[0] };
    unsigned workers = measure_argument(argc, argv, 1, 1);
    uint32_t *places = submit_places();
    gsaw_task *tasks = malloc(SUBMIT_TASKS * sizeof *tasks);
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    measure_require(tasks && gsaw_pool_new(&options, &pool, NULL) == GSAW_OK, "pool");
    int done = 0;
    for (int round = 0; round < SUBMIT_ROUNDS; round++)
        for (size_t which = 0; which < SENDERS; which++) {
            gsaw_group group = {0};
            uint64_t start = measure_ns();
            senders[which](pool, &group, tasks, places);
            measure_require(gsaw_pool_wait(pool, &group) == GSAW_OK, "wait");
            measure_add(&series[which], measure_ns() - start, SUBMIT_TASKS);
            submit_check(places, ++done);
        }
    gsaw_pool_free(pool);
    measure_print("gangsaw", workers, SUBMIT_TASKS, series, SENDERS);
    free(tasks);
    free(places);
    return 0;
}
