/* cancel.c - gangsaw: each task cancelled by itself, or the group by one store; then the wait,
 * while the workers do away with them. Until the request each worker is kept busy by a task that
 * sleeps, 20 us at a time: one that spins takes from the other processor, where the two are one
 * core's, half of what is measured.
 * And from inside: a task submits, cancels the group and waits, as oneTBB's thread does.
 * Next:    cancel.h */
#include "cancel.h"

#include <gangsaw/pool.h>

#include "base/atomic.h"

static _Atomic uint32_t arrived, is_open, ran;

static gsaw_status hold(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    (void)argument;
    (void)value;
    gsaw__add_seq_cst(&arrived, 1);
    while (!gsaw__load_seq_cst(&is_open))
        measure_pause(20000);
    return GSAW_OK;
}

static gsaw_status run(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    (void)argument;
    (void)value;
    gsaw__add_relaxed(&ran, 1);
    return GSAW_OK;
}

static void cancel(gsaw_group *group, gsaw_task *tasks, bool each)
{
    if (!each) {
        gsaw_group_cancel(group);
        return;
    }
    for (size_t i = 0; i < CANCEL_TASKS; i++)
        measure_require(gsaw_task_cancel(&tasks[i]), "cancelled before it started");
}

static void measure(gsaw_pool *pool, gsaw_task *tasks, bool each, measure_series *series)
{
    uint32_t workers = gsaw_pool_worker_count(pool);
    gsaw_group holders = {0}, group = {0};
    gsaw__store_seq_cst(&arrived, 0);
    gsaw__store_seq_cst(&is_open, 0);
    for (uint32_t i = 0; i < workers; i++)
        measure_require(gsaw_pool_spawn(pool, &holders, hold, NULL, 0) == GSAW_OK, "spawn");
    while (gsaw__load_seq_cst(&arrived) < workers)
        measure_pause(1000000);
    for (size_t i = 0; i < CANCEL_TASKS; i++) {
        tasks[i] = (gsaw_task){.function = run};
        measure_require(gsaw_pool_submit(pool, &group, &tasks[i]) == GSAW_OK, "submit");
    }
    uint64_t start = measure_ns();
    cancel(&group, tasks, each);
    uint64_t asked = measure_ns();
    gsaw__store_seq_cst(&is_open, 1);
    gsaw_pool_wait(pool, &group);
    uint64_t end = measure_ns();
    measure_add(&series[0], end - start, CANCEL_TASKS);
    measure_add(&series[1], asked - start, CANCEL_TASKS);
    gsaw_pool_wait(pool, &holders);
    for (size_t i = 0; i < CANCEL_TASKS; i++)
        measure_require(gsaw_task_state_of(&tasks[i]) == GSAW_TASK_CANCELLED, "state");
}

typedef struct inside {
    gsaw_task *tasks;
    measure_series *series;
} inside;

static gsaw_status cancel_inside(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    const inside *self = argument;
    gsaw_pool *pool = gsaw_worker_pool(worker);
    gsaw_group group = {0};
    for (size_t i = 0; i < CANCEL_TASKS; i++) {
        self->tasks[i] = (gsaw_task){.function = run};
        measure_require(gsaw_pool_submit(pool, &group, &self->tasks[i]) == GSAW_OK, "submit");
    }
    uint64_t start = measure_ns();
    gsaw_group_cancel(&group);
    gsaw_pool_wait(pool, &group);
    measure_add(self->series, measure_ns() - start, CANCEL_TASKS);
    return GSAW_OK;
}

/* With one worker: others would run them before they are cancelled. */
static void measure_inside(gsaw_pool *pool, gsaw_task *tasks, measure_series *series)
{
    gsaw_group group = {0};
    inside self = {tasks, series};
    gsaw_task task = {.function = cancel_inside, .argument = &self};
    measure_require(gsaw_pool_submit(pool, &group, &task) == GSAW_OK, "submit");
    measure_require(gsaw_pool_wait(pool, &group) == GSAW_OK, "wait");
}

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 1);
    measure_series series[] = {{.name = "group"},
                               {.name = "group, the request alone"},
                               {.name = "each"},
                               {.name = "each, the request alone"},
                               {.name = "group, from inside"}};
    gsaw_task *tasks = malloc(CANCEL_TASKS * sizeof *tasks);
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    measure_require(tasks && gsaw_pool_new(&options, &pool, NULL) == GSAW_OK, "pool");
    for (int round = 0; round < CANCEL_ROUNDS; round++) {
        measure(pool, tasks, false, &series[0]);
        measure(pool, tasks, true, &series[2]);
        if (workers == 1)
            measure_inside(pool, tasks, &series[4]);
    }
    measure_require(gsaw__load_relaxed(&ran) == 0, "no task ran");
    gsaw_pool_free(pool);
    free(tasks);
    measure_print("gangsaw", workers, CANCEL_TASKS, series, workers == 1 ? 5 : 4);
    return 0;
}
