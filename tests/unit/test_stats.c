/* test_stats.c - the counter block of a worker and its stopwatch.
 * Next:    src/task/stats.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/clock.h"
#include "task/stats.h"

static void test_stats_stopwatch_sums_runs(void **state)
{
    (void)state;
    gsaw__stopwatch watch = {0};
    assert_int_equal(gsaw__stopwatch_read(&watch, 1000), 0);
    gsaw__stopwatch_start(&watch, 1000);
    gsaw__stopwatch_start(&watch, 1010); /* runs already: nothing happens */
    assert_true(gsaw__stopwatch_is_running(&watch));
    assert_int_equal(gsaw__stopwatch_read(&watch, 1025), 25);
    assert_int_equal(gsaw__stopwatch_read(&watch, 990), 0); /* a clock read before the start */
    gsaw__stopwatch_stop(&watch, 1030);
    gsaw__stopwatch_stop(&watch, 1040);
    assert_false(gsaw__stopwatch_is_running(&watch));
    assert_int_equal(gsaw__stopwatch_read(&watch, 5000), 30);
    gsaw__stopwatch_start(&watch, 6000);
    assert_int_equal(gsaw__stopwatch_read(&watch, 6000), 30);
    assert_int_equal(gsaw__stopwatch_read(&watch, 6007), 37);
    gsaw__stopwatch_stop(&watch, 6008);
    assert_int_equal(gsaw__stopwatch_read(&watch, 9999), 38);
}

static void test_stats_read(void **state)
{
    (void)state;
    gsaw__counters counters = {0};
    gsaw_worker_stats stats = {0};
    uint64_t now_ns = gsaw__clock_ns();
    gsaw__counters_read(&counters, &stats);
    assert_int_equal(stats.average_ns, 0);
    gsaw__stopwatch_start(&counters.alive, now_ns - 900);
    gsaw__stopwatch_stop(&counters.alive, now_ns);
    gsaw__stopwatch_start(&counters.busy, now_ns - 600);
    gsaw__stopwatch_stop(&counters.busy, now_ns);
    gsaw__counters_count(&counters.steals);
    for (int i = 0; i < 3; i++)
        gsaw__counters_count(&counters.completed);
    gsaw__counters_read(&counters, &stats);
    assert_int_equal(stats.completed, 3);
    assert_int_equal(stats.steals, 1);
    assert_int_equal(stats.parks, 0);
    assert_int_equal(stats.busy_ns, 600);
    assert_int_equal(stats.idle_ns, 300);
    assert_int_equal(stats.average_ns, 200);
}

/* ---- as users see it ---- */

enum { TASKS = 1000 };

static gsaw_status nothing(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)argument, (void)value;
    return GSAW_OK;
}

static gsaw_status fork_one(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)argument, (void)value;
    gsaw_task task = {.function = nothing};
    gsaw_worker_fork(worker, &task);
    return gsaw_worker_join(worker, &task);
}

static gsaw_status scheduled(gsaw_context *context, void *argument)
{
    (void)argument;
    return gsaw_context_attempt(context) == 1 ? GSAW_INVALID : GSAW_OK;
}

static void spawn_all(gsaw_pool *pool, gsaw_task_function *function)
{
    gsaw_group group = {0};
    for (uint64_t i = 0; i < TASKS; i++)
        assert_int_equal(gsaw_pool_spawn(pool, &group, function, NULL, i), GSAW_OK);
    assert_int_equal(gsaw_pool_wait(pool, &group), GSAW_OK);
}

static void run_graph(gsaw_pool *pool)
{
    gsaw_graph *graph;
    assert_int_equal(gsaw_graph_new(NULL, &graph, NULL), GSAW_OK);
    for (uint32_t i = 0; i < TASKS; i++) {
        assert_int_equal(gsaw_graph_add(graph, nothing, NULL, 0, NULL), GSAW_OK);
        if (i >= 3)
            assert_int_equal(gsaw_graph_depend(graph, i, i - 3), GSAW_OK);
    }
    assert_int_equal(gsaw_graph_run(graph, pool, NULL), GSAW_OK);
    gsaw_graph_free(graph);
}

/* Each is tried twice. */
static void schedule_all(gsaw_pool *pool)
{
    gsaw_scheduler *scheduler;
    gsaw_scheduler_options options = {.size = sizeof options, .pool = pool};
    gsaw_task_definition definition = {.function = scheduled, .retries = 1, .backoff_ns = 1};
    assert_int_equal(gsaw_scheduler_new(&options, &scheduler, NULL), GSAW_OK);
    for (uint32_t i = 0; i < TASKS; i++)
        assert_int_equal(gsaw_scheduler_schedule(scheduler, &definition, NULL, NULL), GSAW_OK);
    assert_int_equal(gsaw_scheduler_wait_all(scheduler, GSAW_NO_DEADLINE, NULL), GSAW_OK);
    gsaw_scheduler_free(scheduler);
}

/* The sum of completed has grown by so much. */
static void assert_completed(gsaw_pool *pool, uint64_t *before, uint64_t more)
{
    gsaw_worker_stats stats;
    uint64_t sum = 0;
    for (uint32_t i = 0; gsaw_pool_stats(pool, i, &stats) == GSAW_OK; i++) {
        assert_int_equal(stats.worker_id, i);
        assert_int_equal(stats.pending, 0);
        assert_int_equal(stats.dropped, 0);
        assert_true(stats.average_ns * stats.completed <= stats.busy_ns || stats.completed == 0);
        sum += stats.completed;
    }
    assert_int_equal(sum, *before + more);
    *before = sum;
}

static void test_stats_count_every_task_once(void **state)
{
    (void)state;
    static const uint32_t workers[] = {1, 2, 8};
    for (size_t i = 0; i < sizeof workers / sizeof *workers; i++) {
        gsaw_pool *pool;
        gsaw_pool_options options = {.size = sizeof options, .workers = workers[i]};
        uint64_t sum = 0;
        assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
        spawn_all(pool, nothing);
        assert_completed(pool, &sum, TASKS);
        spawn_all(pool, fork_one);
        assert_completed(pool, &sum, 2 * TASKS);
        run_graph(pool);
        assert_completed(pool, &sum, TASKS);
        schedule_all(pool); /* the tasks of the pool that run these are not counted */
        assert_completed(pool, &sum, 2 * TASKS);
        gsaw_pool_free(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stats_count_every_task_once),
        cmocka_unit_test(test_stats_stopwatch_sums_runs),
        cmocka_unit_test(test_stats_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
