/* test_batch.c - BatchProcessor: batches that cover all, halves that are halves, and processing.
 * Keeps:   random costs come from a seed that is printed with a failure.
 * Next:    work/batch.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <gangsaw/work.h>

#include "base/atomic.h"
#include "base/check.h"
#include "base/thread.h"
#include "task/pool.h"

enum { COUNT_MAX = 500 };

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void test_batch_cut(void **state)
{
    (void)state;
    static const double costs[] = {10, 20, 30, 100, 200, 50, 50, 1};
    gsaw_batch batches[8];
    gsaw_batch_options options = {
        .size = sizeof options, .count = 8, .costs = costs, .cost_max = 100};
    assert_int_equal(gsaw_batch_cut(&options, NULL, 0), 5);
    assert_int_equal(gsaw_batch_cut(&options, batches, 8), 5);
    static const size_t ends[] = {3, 4, 5, 7, 8};
    static const double sums[] = {60, 100, 200, 100, 1};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(batches[i].first, i == 0 ? 0 : ends[i - 1]);
        assert_int_equal(batches[i].end, ends[i]);
        assert_true(batches[i].cost == sums[i]);
    }
    options = (gsaw_batch_options){.size = sizeof options, .count = 250};
    assert_int_equal(gsaw_batch_cut(&options, batches, 2), 3); /* 100, 100, 50; room for two */
    assert_int_equal(batches[1].end, 200);
    options.count = 0;
    assert_int_equal(gsaw_batch_cut(&options, batches, 8), 0);
}

static void test_batch_cut_and_split_cover_all(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        static double costs[COUNT_MAX];
        static gsaw_batch batches[COUNT_MAX];
        uint64_t random = seed;
        gsaw_batch_options options = {.size = sizeof options,
                                      .count = next_random(&random) % COUNT_MAX,
                                      .costs = seed % 3 == 0 ? NULL : costs,
                                      .batch_size = next_random(&random) % 40,
                                      .cost_max = (double)(next_random(&random) % 3000)};
        for (size_t i = 0; i < options.count; i++)
            costs[i] = (double)(next_random(&random) >> next_random(&random) % 30);
        size_t count = gsaw_batch_cut(&options, batches, COUNT_MAX), at = 0;
        for (size_t i = 0; i < count; i++) {
            double sum = 0;
            size_t size = batches[i].end - batches[i].first;
            for (size_t k = batches[i].first; k < batches[i].end; k++)
                sum += options.costs == NULL ? 1 : costs[k];
            if (batches[i].first != at || size == 0 || fabs(sum - batches[i].cost) > 1e-6 * sum ||
                size > (options.batch_size == 0 ? 100 : options.batch_size) ||
                (size > 1 && options.cost_max > 0 && sum > options.cost_max * (1 + 1e-9)))
                fail_msg("seed %u: batch %zu", (unsigned)seed, i);
            at = batches[i].end;
            gsaw_batch front = batches[i], rest = {0};
            if (gsaw_batch_split(&front, options.costs, &rest) != (size > 1))
                fail_msg("seed %u: split of %zu", (unsigned)seed, size);
            if (size == 1)
                continue;
            double dearest = 1;
            for (size_t k = batches[i].first; k < batches[i].end && options.costs != NULL; k++)
                dearest = costs[k] > dearest ? costs[k] : dearest;
            if (front.first != batches[i].first || front.end != rest.first ||
                rest.end != batches[i].end || front.first == front.end || rest.first == rest.end ||
                fabs(front.cost + rest.cost - sum) > 1e-6 * sum + 1e-9 ||
                fabs(front.cost - rest.cost) > dearest * (1 + 1e-9))
                fail_msg("seed %u: halves %g and %g", (unsigned)seed, front.cost, rest.cost);
        }
        assert_int_equal(at, options.count);
    }
}

/* ---- processing ---- */

enum { INDICES = 100000 };

typedef struct shared {
    _Atomic uint32_t runs[INDICES];
    _Atomic uint32_t calls, longest;
    size_t fail_at; /* the index whose call fails; SIZE_MAX: none */
    gsaw_group *cancels;
    gsaw_pool *pool;
    gsaw_batch_options options;
    gsaw_status inside;
} shared;

static gsaw_status mark(gsaw_worker *worker, void *argument, size_t first, size_t end)
{
    shared *self = argument;
    gsaw_check(worker != NULL);
    gsaw__add_relaxed(&self->calls, 1);                               /* test: a count */
    if (end - first > gsaw__load_relaxed(&self->longest))             /* test: about */
        gsaw__store_relaxed(&self->longest, (uint32_t)(end - first)); /* test: about */
    for (size_t i = first; i < end; i++) {
        gsaw__add_relaxed(&self->runs[i], 1); /* test: a count */
        if (i == self->fail_at)
            return GSAW_DAMAGED;
    }
    if (self->cancels != NULL && gsaw__load_relaxed(&self->calls) == 3) /* test: about */
        gsaw_group_cancel(self->cancels);
    return GSAW_OK;
}

static gsaw_status process_inside(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)value;
    shared *self = argument;
    self->inside = gsaw_batch_process(self->pool, &self->options, mark, self);
    return GSAW_OK;
}

static void check_once(const shared *self, size_t count)
{
    for (size_t i = 0; i < INDICES; i++)
        assert_int_equal(gsaw__load_relaxed(&self->runs[i]), i < count); /* test: all has ended */
}

static void test_batch_process_does_each_index_once(void **state)
{
    (void)state;
    static shared self;
    static double costs[INDICES];
    static const size_t counts[] = {0, 1, 2, 3, 100, 101, INDICES};
    for (size_t i = 0; i < INDICES; i++)
        costs[i] = i % 1000 == 999 ? 1e6 : 10;
    for (uint32_t workers = 1; workers <= 4; workers += 3)
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
            for (int way = 0; way < 4; way++) {
                memset(&self, 0, sizeof self);
                self.fail_at = SIZE_MAX;
                gsaw_pool_options options = {.size = sizeof options, .workers = workers};
                assert_int_equal(gsaw_pool_new(&options, &self.pool, NULL), GSAW_OK);
                self.options = (gsaw_batch_options){.size = sizeof self.options,
                                                    .count = counts[i],
                                                    .costs = way % 2 == 0 ? NULL : costs};
                gsaw_group group = {0};
                gsaw_task task = {.function = process_inside, .argument = &self};
                if (way < 2) {
                    process_inside(NULL, &self, NULL);
                } else {
                    assert_int_equal(gsaw_pool_submit(self.pool, &group, &task), GSAW_OK);
                    assert_int_equal(gsaw_pool_wait(self.pool, &group), GSAW_OK);
                }
                assert_int_equal(self.inside, GSAW_OK);
                check_once(&self, counts[i]);
                assert_true(gsaw__load_relaxed(&self.longest) <= 100); /* test: batch_size */
                gsaw_pool_free(self.pool);
            }
}

static void test_batch_process_is_serial_for_little(void **state)
{
    (void)state;
    static shared self;
    gsaw_pool *pool;
    assert_int_equal(gsaw_pool_new(NULL, &pool, NULL), GSAW_OK);
    gsaw_batch_options options = {
        .size = sizeof options, .count = 1000, .batch_size = 7, .min_task_size = 1000};
    self.fail_at = SIZE_MAX;
    assert_int_equal(gsaw_batch_process(pool, &options, mark, &self), GSAW_OK);
    assert_int_equal(gsaw__load_relaxed(&self.calls), 1); /* test: all has ended */
    options.count = 1001;
    assert_int_equal(gsaw_batch_process(pool, &options, mark, &self), GSAW_OK);
    assert_true(gsaw__load_relaxed(&self.calls) >= 1 + 1001 / 7); /* test: all has ended */
    gsaw_pool_free(pool);
}

static void test_batch_process_stops_at_the_first_failure(void **state)
{
    (void)state;
    static shared self;
    gsaw_pool_options two = {.size = sizeof two, .workers = 2};
    gsaw_pool *pool;
    assert_int_equal(gsaw_pool_new(&two, &pool, NULL), GSAW_OK);
    gsaw_batch_options options = {.size = sizeof options, .count = INDICES, .batch_size = 10};
    self.fail_at = 500;
    assert_int_equal(gsaw_batch_process(pool, &options, mark, &self), GSAW_DAMAGED);
    uint32_t all = 0;
    for (size_t i = 0; i < INDICES; i++) {
        uint32_t runs = gsaw__load_relaxed(&self.runs[i]); /* test: all has ended */
        assert_true(runs <= 1);
        all += runs;
    }
    assert_true(all < INDICES);
    assert_int_equal(gsaw_batch_process(pool, NULL, mark, &self), GSAW_INVALID);
    assert_int_equal(gsaw_batch_process(pool, &options, NULL, &self), GSAW_INVALID);
    options.size = 0;
    assert_int_equal(gsaw_batch_process(pool, &options, mark, &self), GSAW_INVALID);
    options.size = sizeof options;
    gsaw_pool_shutdown(pool, true);
    assert_int_equal(gsaw_batch_process(pool, &options, mark, &self), GSAW_CLOSED);
    gsaw_pool_free(pool);
}

static void test_batch_process_is_cancelled_with_its_task(void **state)
{
    (void)state;
    static shared self;
    gsaw_pool_options two = {.size = sizeof two, .workers = 2};
    gsaw_group group = {0};
    gsaw_task task = {.function = process_inside, .argument = &self};
    self.fail_at = SIZE_MAX;
    self.cancels = &group;
    self.options =
        (gsaw_batch_options){.size = sizeof self.options, .count = INDICES, .batch_size = 10};
    assert_int_equal(gsaw_pool_new(&two, &self.pool, NULL), GSAW_OK);
    assert_int_equal(gsaw_pool_submit(self.pool, &group, &task), GSAW_OK);
    assert_int_equal(gsaw_pool_wait(self.pool, &group), GSAW_CANCELLED);
    assert_int_equal(self.inside, GSAW_CANCELLED);
    assert_true(gsaw__load_relaxed(&self.calls) < INDICES / 10); /* test: all has ended */
    gsaw_pool_free(self.pool);
}

/* A batch splits while it runs: the first call of one worker ends when another has begun. */
typedef struct meeting {
    gsaw__mutex lock;
    gsaw__condition changed;
    uint32_t present;
} meeting;

static gsaw_status meet(gsaw_worker *worker, void *argument, size_t first, size_t end)
{
    (void)worker, (void)first, (void)end;
    meeting *self = argument;
    gsaw__mutex_lock(&self->lock);
    self->present++;
    gsaw__condition_broadcast(&self->changed);
    while (self->present < 2)
        gsaw__condition_wait(&self->changed, &self->lock);
    gsaw__mutex_unlock(&self->lock);
    return GSAW_OK;
}

static void test_batch_is_shared_with_a_hungry_worker(void **state)
{
    (void)state;
    gsaw_pool_options two = {.size = sizeof two, .workers = 2};
    for (int round = 0; round < 200; round++) {
        meeting self = {.present = 0};
        gsaw_pool *pool;
        assert_int_equal(gsaw__mutex_init(&self.lock, "test", GSAW_RANK_LEAF), GSAW_OK);
        assert_int_equal(gsaw__condition_init(&self.changed), GSAW_OK);
        assert_int_equal(gsaw_pool_new(&two, &pool, NULL), GSAW_OK);
        /* Until both are there: a thread that is still on its way is not hungry yet. */
        while (gsaw__park_hungry_count(&pool->park) < 2)
            gsaw__thread_pause();
        gsaw_batch_options options = {.size = sizeof options, .count = 2, .batch_size = 1};
        assert_int_equal(gsaw_batch_process(pool, &options, meet, &self), GSAW_OK);
        gsaw_pool_free(pool);
        gsaw__condition_clear(&self.changed);
        gsaw__mutex_clear(&self.lock);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch_cut),
        cmocka_unit_test(test_batch_cut_and_split_cover_all),
        cmocka_unit_test(test_batch_process_does_each_index_once),
        cmocka_unit_test(test_batch_process_is_serial_for_little),
        cmocka_unit_test(test_batch_process_stops_at_the_first_failure),
        cmocka_unit_test(test_batch_process_is_cancelled_with_its_task),
        cmocka_unit_test(test_batch_is_shared_with_a_hungry_worker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
