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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stats_stopwatch_sums_runs),
        cmocka_unit_test(test_stats_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
