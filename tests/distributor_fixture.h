/* distributor_fixture.h - what the tests of the distributor share.
 * Next:    unit/test_distributor.c, unit/test_distributor_stream.c. Include it behind cmocka.h. */
#ifndef GSAW_TESTS_DISTRIBUTOR_FIXTURE_H
#define GSAW_TESTS_DISTRIBUTOR_FIXTURE_H

#include <gangsaw/work.h>

#include "base/atomic.h"
#include "base/clock.h"

static inline gsaw_distributor *open_with(gsaw_distributor_options options)
{
    gsaw_distributor *distributor = NULL;
    gsaw_error error = {0};
    options.size = sizeof options;
    if (gsaw_distributor_new(&options, &distributor, &error) != GSAW_OK)
        fail_msg("%s", error.text);
    return distributor;
}

static inline void check_counts(gsaw_distributor *self, gsaw_distributor_counts wanted)
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

static inline gsaw_status count_run(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)worker, (void)context;
    _Atomic uint32_t *runs = item->data;
    gsaw__add_relaxed(runs, 1); /* test: a count */
    return GSAW_OK;
}

static inline void distribute(gsaw_distributor *self, const gsaw_work_item *items, size_t count)
{
    gsaw_error error = {0};
    if (gsaw_distributor_distribute(self, items, count, &error) != GSAW_OK)
        fail_msg("%s", error.text);
}

static inline gsaw_status run_ok(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)worker, (void)context, (void)item;
    return GSAW_OK;
}

/* 300 us each; *context: how many threads there were. */
static inline gsaw_status burn(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)item;
    uint64_t end_ns = gsaw__clock_ns() + 300000;
    while (gsaw__clock_ns() < end_ns)
        ;
    gsaw__store_relaxed((_Atomic uint32_t *)context, /* test: the last one counts */
                        gsaw_pool_worker_count(gsaw_worker_pool(worker)));
    return GSAW_OK;
}

#endif
