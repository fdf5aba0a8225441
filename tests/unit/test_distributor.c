/* test_distributor.c - WorkDistributor: items given, run, cancelled, skipped, helped with, counted.
 * Next:    work/distributor.h, stress/test_distributor_stress.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gangsaw/work.h>

#include "base/atomic.h"
#include "base/thread.h"
#include "work/distributor.h"

static gsaw_distributor *open_with(gsaw_distributor_options options)
{
    gsaw_distributor *distributor = NULL;
    gsaw_error error = {0};
    options.size = sizeof options;
    if (gsaw_distributor_new(&options, &distributor, &error) != GSAW_OK)
        fail_msg("%s", error.text);
    return distributor;
}

static void check_counts(gsaw_distributor *self, gsaw_distributor_counts wanted)
{
    gsaw_distributor_counts is = gsaw_distributor_count(self);
    assert_int_equal(is.submitted, wanted.submitted);
    assert_int_equal(is.waiting, wanted.waiting);
    assert_int_equal(is.running, wanted.running);
    assert_int_equal(is.done, wanted.done);
    assert_int_equal(is.failed, wanted.failed);
    assert_int_equal(is.cancelled, wanted.cancelled);
    assert_int_equal(is.skipped, wanted.skipped);
}

static gsaw_status count_run(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)worker, (void)context;
    _Atomic uint32_t *runs = item->data;
    gsaw__add_relaxed(runs, 1); /* test: a count */
    return GSAW_OK;
}

enum { MANY = 20000 };

static void test_distributor_runs_each_item_once(void **state)
{
    (void)state;
    static const char *const names[] = {"round_robin", "work_stealing", "cost_based"};
    static _Atomic uint32_t runs[MANY];
    static gsaw_work_item items[MANY];
    for (size_t i = 0; i < 3; i++)
        for (uint32_t workers = 1; workers <= 8; workers *= 2) {
            memset(runs, 0, sizeof runs);
            for (size_t k = 0; k < MANY; k++)
                items[k] = (gsaw_work_item){.data = &runs[k], .cost = (double)(k * 7919 % 1000)};
            gsaw_distributor *distributor =
                open_with((gsaw_distributor_options){.strategy = names[i], .workers = workers});
            gsaw_error error = {0};
            assert_int_equal(gsaw_distributor_lane_count(distributor), workers);
            for (uint32_t round = 1; round <= 2; round++) {
                if (gsaw_distributor_distribute(distributor, items, MANY, &error) != GSAW_OK ||
                    gsaw_distributor_run(distributor, count_run, NULL, &error) != GSAW_OK)
                    fail_msg("%s", error.text);
                check_counts(distributor, (gsaw_distributor_counts){.submitted = round * MANY,
                                                                    .done = round * MANY});
            }
            for (size_t k = 0; k < MANY; k++)
                assert_int_equal(gsaw__load_relaxed(&runs[k]), 2); /* test: all has ended */
            gsaw_distributor_free(distributor);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distributor_runs_each_item_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
