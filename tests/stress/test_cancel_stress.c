/* test_cancel_stress.c - pools and graphs under cancels, resizes and shutdowns, all at once: some
 * threads submit arrays of tasks and cancel some of them, one runs graphs and cancels nodes, one
 * resizes, until the pool is shut down under them. A million tasks and more, in whatever build;
 * GSAW_STRESS=n: n times as many. GSAW_SEED=n repeats a run (it is printed when a test fails).
 * Keeps:   every task ends once: done and run, or cancelled and not run; what was certain never to
 *          start never did; graphs add up.
 * Threads: five of the test's own beside those of the pool.
 * Next:    src/task/README.md, test_scheduler_stress.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gangsaw/task.h>

#include "base/atomic.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/thread.h"

enum { SUBMITTERS = 3, BATCH = 500, NODES = 1500, TASKS_WANTED = 1200000, LIVES_WANTED = 30 };

static uint64_t seed;

/* splitmix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014) */
static uint64_t next_random(uint64_t *state)
{
    uint64_t value = *state += UINT64_C(0x9E3779B97F4A7C15);
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

static void sleep_ns(uint64_t ns) { nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL); }

/* One thread of the test's. */
typedef struct actor {
    gsaw_pool *pool;
    uint64_t random;
    uint64_t tasks;   /* that ended */
    uint64_t cancels; /* tasks that were certain never to start */
    uint64_t wrong;
    const _Atomic bool *is_over; /* the pool is about to be freed */
} actor;

/* ---- arrays of tasks ---- */

typedef struct crowd {
    gsaw_group group;
    gsaw_task tasks[BATCH];
    uint32_t ran[BATCH];     /* plain: each is written by its task, read after the wait */
    bool is_certain[BATCH];  /* never to start */
    bool was_taken[BATCH];   /* by the pool */
    bool is_group_cancelled; /* by the submitter or by a task */
    _Atomic bool cancels;    /* a task cancelled the group */
} crowd;

static gsaw_status do_nothing(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)argument, (void)value;
    return GSAW_OK;
}

static gsaw_status run_one(gsaw_worker *worker, void *argument, uint64_t *value)
{
    crowd *self = argument;
    uint64_t index = *value & 0xFFFF, choice = *value >> 16;
    self->ran[index]++;
    *value = index;
    if (choice % 3000 == 0) {
        gsaw__store_relaxed(&self->cancels, true); /* test: read after the wait */
        gsaw_group_cancel(&self->group);
    }
    if (choice % 64 == 1) { /* fork, cancel half of what was forked, join */
        gsaw_task forked[4];
        for (int i = 0; i < 4; i++) {
            forked[i] = (gsaw_task){.function = do_nothing};
            gsaw_worker_fork(worker, &forked[i]);
        }
        bool is_certain = gsaw_task_cancel(&forked[1]);
        for (int i = 4; i-- > 0;)
            gsaw_worker_join(worker, &forked[i]);
        if (is_certain && gsaw_task_state_of(&forked[1]) != GSAW_TASK_CANCELLED)
            *value = BATCH; /* wrong */
    }
    return choice % 8 == 2 && gsaw_worker_is_cancelled(worker) ? GSAW_CANCELLED : GSAW_OK;
}

static void submit_batch(actor *self, crowd *all, uint64_t choice)
{
    if (choice % 4 == 0) {
        bool taken = gsaw_pool_submit_all(self->pool, &all->group, all->tasks, BATCH) == GSAW_OK;
        for (int i = 0; i < BATCH; i++)
            all->was_taken[i] = taken;
        return;
    }
    for (int i = 0; i < BATCH; i++)
        all->was_taken[i] = gsaw_pool_submit(self->pool, &all->group, &all->tasks[i]) == GSAW_OK;
}

static void cancel_some(actor *self, crowd *all, uint64_t choice)
{
    for (int i = 0; i < BATCH && choice % 3 != 0; i += 1 + (int)(next_random(&self->random) % 20))
        if (all->was_taken[i])
            all->is_certain[i] = gsaw_task_cancel(&all->tasks[i]);
    all->is_group_cancelled = choice % 16 == 1;
    if (all->is_group_cancelled)
        gsaw_group_cancel(&all->group);
}

/* A pool that drops is the one other reason to be cancelled. */
static void check_batch(actor *self, crowd *all, bool was_shut)
{
    bool may_cancel = all->is_group_cancelled || was_shut ||
                      gsaw__load_relaxed(&all->cancels); /* test: waited for */
    for (int i = 0; i < BATCH; i++) {
        if (!all->was_taken[i]) {
            self->wrong += all->ran[i] != 0;
            continue;
        }
        gsaw_task_state state = gsaw_task_state_of(&all->tasks[i]);
        bool has_run = all->ran[i] == 1 && all->tasks[i].value == (uint64_t)i;
        bool is_right = state == GSAW_TASK_DONE ? has_run && !all->is_certain[i]
                        : state == GSAW_TASK_CANCELLED
                            ? all->ran[i] <= 1 && !(all->ran[i] == 1 && all->is_certain[i]) &&
                                  (all->is_certain[i] || may_cancel || has_run)
                            : false;
        self->wrong += !is_right;
        self->cancels += all->is_certain[i];
        self->tasks++;
    }
    self->wrong += gsaw_group_pending(&all->group) != 0;
}

static void submit_and_cancel(void *argument)
{
    actor *self = argument;
    crowd *all = calloc(1, sizeof *all);
    gsaw_check(all != NULL);
    bool is_over = false;
    while (!is_over) {
        uint64_t choice = next_random(&self->random);
        memset((void *)all, 0, sizeof *all);
        for (uint64_t i = 0; i < BATCH; i++)
            all->tasks[i] = (gsaw_task){.function = run_one,
                                        .argument = all,
                                        .value = next_random(&self->random) << 16 | i};
        submit_batch(self, all, choice >> 8);
        cancel_some(self, all, choice >> 16);
        if (choice % 8 == 0) /* some waits give up and come again */
            gsaw_pool_wait_until(self->pool, &all->group, gsaw__clock_ns() + 20000);
        gsaw_pool_wait(self->pool, &all->group);
        is_over = gsaw__load_acquire(self->is_over); /* test: set by the one that shuts down */
        for (int i = 0; i < BATCH && !is_over; i++)
            is_over = !all->was_taken[i];
        check_batch(self, all, is_over);
    }
    free(all);
}

/* ---- graphs ---- */

typedef struct web {
    gsaw_graph *graph;
    uint32_t before[NODES][2];
    uint32_t runs[NODES];   /* plain: written by the node alone */
    _Atomic uint32_t early; /* nodes that ran before one they wait for */
} web;

static gsaw_status run_node(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    web *self = argument;
    uint64_t node = *value & UINT32_MAX;
    for (int i = 0; i < 2 && node > 0; i++)
        if (gsaw_graph_state(self->graph, self->before[node][i]) != GSAW_TASK_DONE)
            gsaw__add_relaxed(&self->early, 1); /* test: a count */
    self->runs[node]++;
    return *value >> 32 != 0 && node % 97 == 3 ? GSAW_DAMAGED : GSAW_OK;
}

static void check_graph(actor *self, web *all, const uint32_t *before)
{
    gsaw_graph_counts counts;
    gsaw_graph_count(all->graph, &counts);
    self->wrong += counts.nodes != NODES ||
                   counts.done + counts.failed + counts.cancelled + counts.skipped != counts.nodes;
    for (uint32_t node = 0; node < NODES; node++) {
        gsaw_task_state state = gsaw_graph_state(all->graph, node);
        uint32_t cause = node, runs = all->runs[node] - before[node];
        gsaw_graph_status(all->graph, node, &cause);
        bool has_run = state == GSAW_TASK_DONE || state == GSAW_TASK_FAILED;
        self->wrong += runs != has_run || !gsaw_task_state_is_end(state);
        if (state == GSAW_TASK_SKIPPED) {
            gsaw_task_state of_cause = gsaw_graph_state(all->graph, cause);
            self->wrong += of_cause != GSAW_TASK_FAILED && of_cause != GSAW_TASK_CANCELLED;
        }
        self->cancels += state == GSAW_TASK_CANCELLED;
    }
    self->tasks += NODES;
}

static void run_graphs(void *argument)
{
    actor *self = argument;
    web *all = calloc(1, sizeof *all);
    uint32_t *before = calloc(NODES, sizeof *before);
    gsaw_check(all != NULL && before != NULL);
    gsaw_check(gsaw_graph_new(NULL, &all->graph, NULL) == GSAW_OK);
    for (uint32_t node = 0; node < NODES; node++) {
        gsaw_check(gsaw_graph_add(all->graph, run_node, all,
                                  node | (uint64_t)(self->random & 1) << 32, NULL) == GSAW_OK);
        for (int i = 0; i < 2 && node > 0; i++) {
            all->before[node][i] = (uint32_t)(next_random(&self->random) % node);
            gsaw_check(gsaw_graph_depend(all->graph, node, all->before[node][i]) == GSAW_OK);
        }
    }
    while (!gsaw__load_acquire(self->is_over)) { /* test: set by the one that shuts down */
        uint64_t choice = next_random(&self->random);
        memcpy(before, all->runs, NODES * sizeof *before);
        if (gsaw_graph_start(all->graph, self->pool, NULL) != GSAW_OK)
            break;
        for (uint64_t i = 0; i < choice % 8; i++)
            gsaw_graph_cancel_node(all->graph, (uint32_t)(next_random(&self->random) % NODES));
        if (choice % 16 == 9)
            gsaw_graph_cancel(all->graph);
        gsaw_graph_wait(all->graph);
        check_graph(self, all, before);
    }
    self->wrong += gsaw__load_relaxed(&all->early); /* test: all has ended */
    gsaw_graph_free(all->graph);
    free(before);
    free(all);
}

/* ---- a life of a pool ---- */

static void resize_often(void *argument)
{
    actor *self = argument;
    gsaw_status status = GSAW_OK;
    while (status == GSAW_OK && !gsaw__load_acquire(self->is_over)) { /* test: as above */
        uint64_t choice = next_random(&self->random);
        status = gsaw_pool_resize(self->pool, 1 + (uint32_t)(choice % 6));
        sleep_ns(choice >> 32 & 0x7FFFF);
    }
}

static void shut_down(gsaw_pool *pool, uint64_t choice)
{
    gsaw_stuck stuck;
    size_t count;
    if (choice % 3 == 0)
        gsaw_pool_shutdown(pool, true);
    else if (choice % 3 == 1)
        gsaw_pool_shutdown(pool, false);
    else
        while (gsaw_pool_shutdown_until(pool, gsaw__clock_ns() + 100000, &stuck, 1, &count) ==
               GSAW_TIMEOUT)
            continue;
}

static void live(uint64_t *random, actor *sum)
{
    enum { ACTORS = SUBMITTERS + 2 };
    uint64_t choice = next_random(random);
    gsaw_pool_options options = {.size = sizeof options,
                                 .workers = 1 + (uint32_t)(choice % 4),
                                 .no_stealing = (choice >> 8) % 8 == 0,
                                 .tasks_max = (choice >> 16) % 4 == 0 ? 700 : 0};
    gsaw_pool *pool;
    _Atomic bool is_over = false;
    actor actors[ACTORS];
    gsaw__thread threads[ACTORS];
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    for (int i = 0; i < ACTORS; i++) {
        gsaw__thread_function *function = i < SUBMITTERS    ? submit_and_cancel
                                          : i == SUBMITTERS ? run_graphs
                                                            : resize_often;
        actors[i] = (actor){.pool = pool, .random = next_random(random), .is_over = &is_over};
        gsaw__thread_options of_thread = {
            .function = function, .argument = &actors[i], .name = "actor"};
        assert_int_equal(gsaw__thread_start(&threads[i], &of_thread, NULL), GSAW_OK);
    }
    sleep_ns(20000000 + (choice >> 24) % 60000000);
    gsaw__store_release(&is_over, true); /* test: before the shutdown, which may cancel */
    shut_down(pool, choice >> 40);
    for (int i = 0; i < ACTORS; i++) {
        gsaw__thread_join(&threads[i]);
        sum->tasks += actors[i].tasks;
        sum->cancels += actors[i].cancels;
        if (actors[i].wrong != 0)
            fail_msg("GSAW_SEED=%llu: actor %d: %llu wrong", (unsigned long long)seed, i,
                     (unsigned long long)actors[i].wrong);
    }
    gsaw_pool_free(pool);
}

static void test_stress_cancels_resizes_and_shutdowns(void **state)
{
    (void)state;
    const char *times = getenv("GSAW_STRESS");
    uint64_t scale = times == NULL ? 1 : strtoull(times, NULL, 10);
    uint64_t random = seed, lives = 0;
    actor sum = {.tasks = 0};
    for (; sum.tasks < scale * TASKS_WANTED || lives < scale * LIVES_WANTED; lives++)
        live(&random, &sum);
    print_message("%llu tasks, %llu cancelled, in %llu pools\n", (unsigned long long)sum.tasks,
                  (unsigned long long)sum.cancels, (unsigned long long)lives);
    assert_true(sum.cancels > 0);
}

int main(void)
{
    const char *given = getenv("GSAW_SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : gsaw__clock_ns();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stress_cancels_resizes_and_shutdowns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
