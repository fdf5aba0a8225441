/* test_loop.c - gsaw_pool_for: every index once, the dearest first, failures, cancels, memory.
 * Keeps:   random costs come from a seed, which a failure prints.
 * Threads: the functions run on a pool of three.
 * Next:    task/loop.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <gangsaw/task.h>
#include <string.h>

#include "base/atomic.h"

#define COUNT 10000u

typedef struct marks {
    _Atomic uint32_t seen[COUNT];
    _Atomic uint32_t calls;
    _Atomic size_t longest;
    size_t fail_at;
    gsaw_status fail_with;
} marks;

static gsaw_status mark(gsaw_worker *worker, void *argument, size_t first, size_t end)
{
    (void)worker;
    marks *self = argument;
    assert_true(first < end && end <= COUNT);
    gsaw__add_relaxed(&self->calls, 1);                  /* test: a count */
    size_t longest = gsaw__load_relaxed(&self->longest); /* test: a maximum */
    while (end - first > longest &&
           !gsaw__cas_acq_rel(&self->longest, &longest, end - first)) /* test: a maximum */
        continue;
    for (size_t i = first; i < end; i++) {
        gsaw__add_relaxed(&self->seen[i], 1); /* test: a count */
        if (self->fail_with != GSAW_OK && i == self->fail_at)
            return self->fail_with;
    }
    return GSAW_OK;
}

static gsaw_pool *open_pool(uint32_t workers)
{
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    gsaw_pool *pool;
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    return pool;
}

static void assert_each_once(const marks *self, size_t count)
{
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(gsaw__load_relaxed(&self->seen[i]), i < count); /* test: all ended */
}

static void test_loop_calls_every_index_once(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(3);
    static const size_t counts[] = {0, 1, 2, 3, 127, 128, 129, 384, 385, 1000, COUNT};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        for (size_t grain = 0; grain <= 7; grain += 7) {
            marks seen;
            memset((void *)&seen, 0, sizeof seen);
            gsaw_for_options options = {.size = sizeof options, .count = counts[c], .grain = grain};
            assert_int_equal(gsaw_pool_for(pool, &options, mark, &seen), GSAW_OK);
            assert_each_once(&seen, counts[c]);
            if (grain != 0)
                assert_true(gsaw__load_relaxed(&seen.longest) <= grain); /* test: all ended */
        }
    }
    gsaw_pool_free(pool);
}

static void test_loop_takes_any_costs(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(3);
    static uint32_t costs[COUNT];
    for (uint32_t seed = 1; seed <= 20; seed++) {
        uint64_t random = seed * UINT64_C(0x9E3779B97F4A7C15);
        for (size_t i = 0; i < COUNT; i++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            costs[i] = (uint32_t)(random >> 33 >> (random >> 59)); /* from 0 to 2^31, most small */
        }
        if (seed == 20)
            memset(costs, 0xFF, sizeof costs);
        if (seed == 19)
            memset(costs, 0, sizeof costs);
        marks seen;
        memset((void *)&seen, 0, sizeof seen);
        gsaw_for_options options = {.size = sizeof options, .count = COUNT, .costs = costs};
        print_message("seed %u\n", seed);
        assert_int_equal(gsaw_pool_for(pool, &options, mark, &seen), GSAW_OK);
        assert_each_once(&seen, COUNT);
        /* Two ranges side by side cost more than 1/128 of a worker's part: there are not many. */
        assert_in_range(gsaw__load_relaxed(&seen.calls), 1, 3 * 128 * 2 * 2); /* test: all ended */
    }
    gsaw_pool_free(pool);
}

typedef struct order {
    size_t firsts[COUNT];
    size_t count;
} order;

static gsaw_status note(gsaw_worker *worker, void *argument, size_t first, size_t end)
{
    (void)worker, (void)end;
    order *self = argument;
    self->firsts[self->count++] = first;
    return GSAW_OK;
}

static void test_loop_starts_the_dearest_first(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(1);
    uint32_t costs[1000];
    for (size_t i = 0; i < 1000; i++)
        costs[i] = i < 990 ? 1 : (uint32_t)(i * 10);
    static order seen;
    seen.count = 0;
    gsaw_for_options options = {.size = sizeof options, .count = 1000, .costs = costs};
    assert_int_equal(gsaw_pool_for(pool, &options, note, &seen), GSAW_OK);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(seen.firsts[i], 999 - i);
    gsaw_pool_free(pool);
}

static void test_loop_stops_at_a_failure(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(3);
    static const gsaw_status failures[] = {GSAW_LIMIT, GSAW_CANCELLED};
    for (size_t i = 0; i < 2; i++) {
        marks seen;
        memset((void *)&seen, 0, sizeof seen);
        seen.fail_at = 3;
        seen.fail_with = failures[i];
        gsaw_for_options options = {.size = sizeof options, .count = COUNT, .grain = 1};
        assert_int_equal(gsaw_pool_for(pool, &options, mark, &seen), failures[i]);
        assert_true(gsaw__load_relaxed(&seen.calls) <= COUNT);  /* test: all ended */
        assert_int_equal(gsaw__load_relaxed(&seen.seen[3]), 1); /* test: all ended */
    }
    gsaw_pool_free(pool);

    pool = open_pool(1); /* here it is known what was not called */
    marks seen;
    memset((void *)&seen, 0, sizeof seen);
    seen.fail_at = 3;
    seen.fail_with = GSAW_LIMIT;
    gsaw_for_options options = {.size = sizeof options, .count = COUNT, .grain = 1};
    assert_int_equal(gsaw_pool_for(pool, &options, mark, &seen), GSAW_LIMIT);
    assert_each_once(&seen, 4);
    gsaw_pool_free(pool);
}

static gsaw_status cancel_then_mark(gsaw_worker *worker, void *argument, size_t first, size_t end)
{
    (void)worker, (void)end;
    gsaw_task *outer = argument;
    if (first == 5)
        assert_false(gsaw_task_cancel(outer)); /* it runs */
    outer->value++;
    return GSAW_OK;
}

static gsaw_status loop_inside(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    gsaw_for_options options = {.size = sizeof options, .count = 1000, .grain = 1};
    return gsaw_pool_for(gsaw_worker_pool(worker), &options, cancel_then_mark, argument);
}

static void test_loop_inside_a_task_ends_with_it(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(1);
    gsaw_group group = {0};
    gsaw_task task = {.function = loop_inside};
    task.argument = &task;
    assert_int_equal(gsaw_pool_submit(pool, &group, &task), GSAW_OK);
    assert_int_equal(gsaw_pool_wait(pool, &group), GSAW_OK); /* one task, not its group */
    assert_int_equal(gsaw_task_state_of(&task), GSAW_TASK_CANCELLED);
    assert_int_equal(task.value, 6);
    gsaw_pool_free(pool);
}

static gsaw_status nested(gsaw_worker *worker, void *argument, size_t first, size_t end)
{
    (void)first, (void)end;
    gsaw_for_options options = {.size = sizeof options, .count = 1000};
    return gsaw_pool_for(gsaw_worker_pool(worker), &options, mark, argument);
}

static void test_loop_can_be_nested(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(3);
    marks seen;
    memset((void *)&seen, 0, sizeof seen);
    gsaw_for_options options = {.size = sizeof options, .count = 20, .grain = 1};
    assert_int_equal(gsaw_pool_for(pool, &options, nested, &seen), GSAW_OK);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(gsaw__load_relaxed(&seen.seen[i]), i < 1000 ? 20 : 0); /* test: ended */
    gsaw_pool_free(pool);
}

static void test_loop_refuses_by_status(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(1);
    marks seen;
    gsaw_for_options options = {.size = sizeof options, .count = 1};
    assert_int_equal(gsaw_pool_for(pool, NULL, mark, &seen), GSAW_INVALID);
    assert_int_equal(gsaw_pool_for(pool, &options, NULL, &seen), GSAW_INVALID);
    gsaw_pool_shutdown(pool, true);
    assert_int_equal(gsaw_pool_for(pool, &options, mark, &seen), GSAW_CLOSED);
    options.size--;
    assert_int_equal(gsaw_pool_for(pool, &options, mark, &seen), GSAW_INVALID);
    gsaw_pool_free(pool);
}

static void test_loop_without_memory_calls_nothing(void **state)
{
    (void)state;
    gsaw_status status = GSAW_NO_MEMORY;
    size_t failed = 0;
    for (size_t n = 1; status != GSAW_OK; n++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, n, false);
        gsaw_pool_options pool_options = {
            .size = sizeof pool_options, .workers = 2, .allocator = &failing.allocator};
        gsaw_pool *pool;
        status = gsaw_pool_new(&pool_options, &pool, NULL);
        if (status == GSAW_OK) {
            marks seen;
            memset((void *)&seen, 0, sizeof seen);
            gsaw_for_options options = {.size = sizeof options, .count = COUNT};
            status = gsaw_pool_for(pool, &options, mark, &seen);
            assert_each_once(&seen, status == GSAW_OK ? COUNT : 0);
            gsaw_pool_free(pool);
        }
        failed += status != GSAW_OK;
        assert_true(status == GSAW_OK || status == GSAW_NO_MEMORY);
        assert_int_equal(failing.live_bytes, 0);
    }
    assert_true(failed > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_calls_every_index_once),
        cmocka_unit_test(test_loop_takes_any_costs),
        cmocka_unit_test(test_loop_starts_the_dearest_first),
        cmocka_unit_test(test_loop_stops_at_a_failure),
        cmocka_unit_test(test_loop_inside_a_task_ends_with_it),
        cmocka_unit_test(test_loop_can_be_nested),
        cmocka_unit_test(test_loop_refuses_by_status),
        cmocka_unit_test(test_loop_without_memory_calls_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
