/* test_distributor.c - WorkDistributor: items given, run, cancelled, skipped, helped with, counted.
 * Next:    work/distributor.h, stress/test_distributor_stress.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gangsaw/work.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "base/map.h"
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

/* ---- starting and finishing ---- */

static void distribute(gsaw_distributor *self, const gsaw_work_item *items, size_t count)
{
    gsaw_error error = {0};
    if (gsaw_distributor_distribute(self, items, count, &error) != GSAW_OK)
        fail_msg("%s", error.text);
}

static gsaw_status run_ok(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)worker, (void)context, (void)item;
    return GSAW_OK;
}

static void test_distributor_of_nothing(void **state)
{
    (void)state;
    gsaw_distributor *distributor = open_with((gsaw_distributor_options){.workers = 2});
    distribute(distributor, NULL, 0);
    assert_int_equal(gsaw_distributor_run(distributor, run_ok, NULL, NULL), GSAW_OK);
    assert_int_equal(gsaw_distributor_start(distributor, run_ok, NULL, NULL), GSAW_OK);
    distribute(distributor, NULL, 0);
    assert_int_equal(gsaw_distributor_finish(distributor, NULL), GSAW_OK);
    check_counts(distributor, (gsaw_distributor_counts){0});
    gsaw_distributor_free(distributor);
    gsaw_distributor_free(NULL);
}

static void test_distributor_refuses_what_is_out_of_turn(void **state)
{
    (void)state;
    gsaw_error error = {0};
    gsaw_distributor *distributor = open_with((gsaw_distributor_options){.workers = 2});
    assert_int_equal(gsaw_distributor_finish(distributor, &error), GSAW_INVALID);
    assert_int_equal(gsaw_distributor_start(distributor, NULL, NULL, &error), GSAW_INVALID);
    assert_int_equal(gsaw_distributor_distribute(distributor, NULL, 1, &error), GSAW_INVALID);
    assert_int_equal(gsaw_distributor_start(distributor, run_ok, NULL, &error), GSAW_OK);
    assert_int_equal(gsaw_distributor_start(distributor, run_ok, NULL, &error), GSAW_INVALID);
    assert_int_equal(gsaw_distributor_run(distributor, run_ok, NULL, &error), GSAW_INVALID);
    assert_int_equal(gsaw_distributor_finish(distributor, &error), GSAW_OK);
    gsaw_distributor_free(distributor);
    static const gsaw_distributor_options wrong[] = {
        {.size = 1},
        {.size = sizeof wrong[0], .workers = GSAW_WORKERS_MAX + 1},
        {.size = sizeof wrong[0], .batch_ns = -1},
        {.size = sizeof wrong[0], .model_path = "/dev/null/model"}};
    static const gsaw_status said[] = {GSAW_INVALID, GSAW_RANGE, GSAW_RANGE, GSAW_SYSTEM};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(gsaw_distributor_new(&wrong[i], &distributor, &error), said[i]);
}

static double cost_that(void *context, const gsaw_work_item *item)
{
    (void)item;
    return *(const double *)context;
}

static void test_distributor_asks_the_cost_function(void **state)
{
    (void)state;
    static const double wrong[] = {-1, NAN, INFINITY, 1e19};
    double cost = 7;
    gsaw_distributor *distributor = open_with(
        (gsaw_distributor_options){.workers = 1, .cost = cost_that, .cost_context = &cost});
    static const gsaw_work_item items[] = {{.cost = 5}, {.id = "asked", .size = 100}};
    double load = 0;
    distribute(distributor, items, 2);
    gsaw_distributor_lane(distributor, 0, &load, NULL, 0);
    assert_true(load == 12);
    cost = 0; /* it does not know either: the model does, by size */
    distribute(distributor, items + 1, 1);
    gsaw_distributor_lane(distributor, 0, &load, NULL, 0);
    assert_true(load == 112);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        gsaw_error error = {0};
        cost = wrong[i];
        assert_int_equal(gsaw_distributor_distribute(distributor, items, 2, &error), GSAW_RANGE);
        assert_non_null(strstr(error.text, "asked: the cost function says"));
    }
    check_counts(distributor, (gsaw_distributor_counts){.submitted = 3, .waiting = 3});
    gsaw_distributor_free(distributor); /* what waits is forgotten */
}

/* ---- failing, cancelling, skipping ---- */

static gsaw_status run_or_fail(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)worker, (void)context;
    return item->data == NULL ? GSAW_OK : GSAW_DAMAGED;
}

static void test_distributor_skips_what_depends_on_a_failure(void **state)
{
    (void)state;
    static const char *const on[] = {"a", "b", "c", "d"};
    static const char *const on_e[] = {"e", "d"};
    static char bad[] = "bad";
    /* a fails; b and c wait for it; d for c and e; f for e. */
    static const gsaw_work_item items[] = {{.id = "a", .data = bad},
                                           {.id = "b", .depends = &on[0], .depends_count = 1},
                                           {.id = "c", .depends = &on[0], .depends_count = 1},
                                           {.id = "d", .depends = &on[2], .depends_count = 1},
                                           {.id = "e"},
                                           {.id = "f", .depends = on_e, .depends_count = 1},
                                           {.id = "g", .depends = on_e, .depends_count = 2}};
    for (uint32_t workers = 1; workers <= 3; workers++) {
        gsaw_error error = {0};
        gsaw_distributor *distributor = open_with((gsaw_distributor_options){.workers = workers});
        distribute(distributor, items, 7);
        assert_int_equal(gsaw_distributor_run(distributor, run_or_fail, NULL, &error),
                         GSAW_DAMAGED);
        assert_string_equal(error.text, "a failed: damaged data");
        check_counts(distributor, (gsaw_distributor_counts){
                                      .submitted = 7, .done = 2, .failed = 1, .skipped = 4});
        distribute(distributor, items + 4, 2); /* the next run has nothing of it */
        assert_int_equal(gsaw_distributor_run(distributor, run_or_fail, NULL, &error), GSAW_OK);
        gsaw_distributor_free(distributor);
    }
}

/* A chain and a fan of dependants, skipped without a stack of their depth. */
static void test_distributor_skips_any_depth(void **state)
{
    (void)state;
    enum { DEPTH = 20000 };
    static gsaw_work_item items[DEPTH];
    static char ids[DEPTH][24], bad[] = "bad";
    static const char *before[DEPTH];
    for (size_t i = 0; i < DEPTH; i++) {
        snprintf(ids[i], sizeof ids[i], "%zu", i);
        before[i] = i == 0 ? NULL : ids[i % 2 == 0 ? i - 2 : i - 1];
        items[i] = (gsaw_work_item){.id = ids[i],
                                    .depends = &before[i],
                                    .depends_count = i != 0,
                                    .data = i == 0 ? bad : NULL};
    }
    gsaw_distributor *distributor = open_with((gsaw_distributor_options){.workers = 2});
    distribute(distributor, items, DEPTH);
    assert_int_equal(gsaw_distributor_run(distributor, run_or_fail, NULL, NULL), GSAW_DAMAGED);
    check_counts(distributor,
                 (gsaw_distributor_counts){.submitted = DEPTH, .failed = 1, .skipped = DEPTH - 1});
    items[0].data = NULL;
    distribute(distributor, items, DEPTH);
    assert_int_equal(gsaw_distributor_run(distributor, run_or_fail, NULL, NULL), GSAW_OK);
    gsaw_distributor_free(distributor);
}

static void test_distributor_fails_fast(void **state)
{
    (void)state;
    static char bad[] = "bad";
    static gsaw_work_item items[100];
    items[0] = (gsaw_work_item){.data = bad, .cost = 1e9};
    gsaw_distributor *distributor =
        open_with((gsaw_distributor_options){.workers = 1, .fail_fast = true});
    distribute(distributor, items, 100);
    assert_int_equal(gsaw_distributor_run(distributor, run_or_fail, NULL, NULL), GSAW_DAMAGED);
    check_counts(distributor,
                 (gsaw_distributor_counts){.submitted = 100, .failed = 1, .cancelled = 99});
    gsaw_distributor_free(distributor);
}

static gsaw_status cancel_and_stop(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    gsaw_distributor *self = context;
    assert_false(gsaw_worker_is_cancelled(worker));
    if (item->data == NULL)
        return GSAW_OK;
    gsaw_distributor_cancel(self);
    assert_true(gsaw_worker_is_cancelled(worker));
    assert_int_equal(gsaw_distributor_distribute(self, item, 1, NULL), GSAW_OK); /* ends at once */
    return GSAW_CANCELLED;
}

static void test_distributor_is_cancelled(void **state)
{
    (void)state;
    static char last[] = "last";
    static const char *const on[] = {"x"};
    static const gsaw_work_item items[] = {{.id = "w", .cost = 9},
                                           {.id = "x", .cost = 3, .data = last},
                                           {.id = "y", .cost = 2},
                                           {.id = "z", .depends = on, .depends_count = 1}};
    gsaw_distributor *distributor =
        open_with((gsaw_distributor_options){.workers = 1, .batch_max = 1});
    distribute(distributor, items, 4);
    assert_int_equal(gsaw_distributor_run(distributor, cancel_and_stop, distributor, NULL),
                     GSAW_CANCELLED);
    check_counts(distributor, (gsaw_distributor_counts){
                                  .submitted = 5, .done = 1, .cancelled = 3, .skipped = 1});
    /* Before start: what waits ends; the start that follows is cancelled, the one after is not. */
    distribute(distributor, items, 1);
    gsaw_distributor_cancel(distributor);
    distribute(distributor, items, 1);
    assert_int_equal(gsaw_distributor_run(distributor, run_ok, NULL, NULL), GSAW_CANCELLED);
    distribute(distributor, items, 1);
    assert_int_equal(gsaw_distributor_run(distributor, run_ok, NULL, NULL), GSAW_OK);
    check_counts(distributor, (gsaw_distributor_counts){
                                  .submitted = 8, .done = 2, .cancelled = 5, .skipped = 1});
    gsaw_distributor_free(distributor);
}

/* ---- streaming ---- */

/* What tasks that bring items share. */
typedef struct stream {
    gsaw_distributor *distributor;
    gsaw_pool *pool;
    gsaw__mutex lock;
    gsaw__condition changed;
    bool is_open;
    _Atomic uint32_t runs, helped, most_waiting, left;
    gsaw_work_item item;
} stream;

static void stream_open(stream *self, gsaw_distributor_options options, uint32_t workers)
{
    *self = (stream){.item = {.data = &self->runs}};
    gsaw_pool_options pool = {.size = sizeof pool, .workers = workers};
    assert_int_equal(gsaw__mutex_init(&self->lock, "test", GSAW_RANK_LEAF), GSAW_OK);
    assert_int_equal(gsaw__condition_init(&self->changed), GSAW_OK);
    assert_int_equal(gsaw_pool_new(&pool, &self->pool, NULL), GSAW_OK);
    options.pool = self->pool;
    self->distributor = open_with(options);
}

static void stream_close(stream *self)
{
    gsaw_distributor_free(self->distributor);
    gsaw_pool_free(self->pool);
    gsaw__condition_clear(&self->changed);
    gsaw__mutex_clear(&self->lock);
}

static gsaw_status bring_and_wait(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)value;
    stream *self = argument;
    distribute(self->distributor, &self->item, 1);
    gsaw__mutex_lock(&self->lock);
    while (!self->is_open)
        gsaw__condition_wait(&self->changed, &self->lock);
    gsaw__mutex_unlock(&self->lock);
    return GSAW_OK;
}

/* With a worker free an item runs before finish; with none it does not disturb those that bring. */
static void test_distributor_runs_where_a_worker_is_free(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 2; workers++) {
        stream self;
        stream_open(&self, (gsaw_distributor_options){.size = 0}, workers);
        gsaw_group group = {0};
        gsaw_task task = {.function = bring_and_wait, .argument = &self};
        assert_int_equal(gsaw_distributor_start(self.distributor, count_run, NULL, NULL), GSAW_OK);
        while (gsaw__park_hungry_count(&self.pool->park) < workers)
            gsaw__thread_pause();
        assert_int_equal(gsaw_pool_submit(self.pool, &group, &task), GSAW_OK);
        if (workers == 2)
            while (gsaw_distributor_count(self.distributor).done == 0)
                gsaw__thread_pause();
        gsaw__mutex_lock(&self.lock);
        self.is_open = true;
        gsaw__condition_broadcast(&self.changed);
        gsaw__mutex_unlock(&self.lock);
        gsaw_pool_wait(self.pool, &group);
        assert_int_equal(gsaw_distributor_count(self.distributor).done, workers - 1);
        assert_int_equal(gsaw_distributor_finish(self.distributor, NULL), GSAW_OK);
        assert_int_equal(gsaw__load_relaxed(&self.runs), 1); /* test: all has ended */
        stream_close(&self);
    }
}

enum { BROUGHT = 2000, ROOM = 50, PRODUCERS = 3 };

static gsaw_status bring_many(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    stream *self = argument;
    for (int i = 0; i < BROUGHT; i++) {
        while (gsaw_distributor_is_full(self->distributor) &&
               gsaw_distributor_help(self->distributor, worker))
            gsaw__add_relaxed(&self->helped, 1); /* test: a count */
        distribute(self->distributor, &self->item, 1);
        uint64_t waiting = gsaw_distributor_count(self->distributor).waiting;
        if (waiting > gsaw__load_relaxed(&self->most_waiting))           /* test: about */
            gsaw__store_relaxed(&self->most_waiting, (uint32_t)waiting); /* test: about */
    }
    return GSAW_OK;
}

/* Who brings items helps when there are too many: what waits is bounded. */
static void test_distributor_is_full_and_helped(void **state)
{
    (void)state;
    static const char *const names[] = {"round_robin", "work_stealing", "cost_based"};
    for (size_t i = 0; i < 3; i++) {
        stream self;
        stream_open(&self, (gsaw_distributor_options){.strategy = names[i], .items_max = ROOM}, 2);
        gsaw_group group = {0};
        gsaw_task tasks[PRODUCERS];
        assert_int_equal(gsaw_distributor_start(self.distributor, count_run, NULL, NULL), GSAW_OK);
        for (int k = 0; k < PRODUCERS; k++) {
            tasks[k] = (gsaw_task){.function = bring_many, .argument = &self};
            assert_int_equal(gsaw_pool_submit(self.pool, &group, &tasks[k]), GSAW_OK);
        }
        assert_int_equal(gsaw_pool_wait(self.pool, &group), GSAW_OK);
        assert_int_equal(gsaw_distributor_finish(self.distributor, NULL), GSAW_OK);
        assert_int_equal(gsaw__load_relaxed(&self.runs), PRODUCERS * BROUGHT); /* test: ended */
        assert_true(gsaw__load_relaxed(&self.helped) > 0);                     /* test: ended */
        /* A batch may be given back; with round_robin one helps in its own lane only. */
        uint32_t most = gsaw__load_relaxed(&self.most_waiting); /* test: ended */
        assert_true(most <= ROOM + PRODUCERS + 4 * 64 || i == 0);
        stream_close(&self);
    }
}

/* An item that distributes two, down to a depth: a tree, from one. */
static gsaw_status grow_tree(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)worker;
    gsaw_distributor *self = context;
    const gsaw_work_item *children = item->data;
    return children == NULL ? GSAW_OK : gsaw_distributor_distribute(self, children, 2, NULL);
}

static void test_distributor_takes_what_items_bring(void **state)
{
    (void)state;
    enum { NODES = 4095 };
    static gsaw_work_item items[NODES];
    static const char *const names[] = {"round_robin", "work_stealing", "cost_based"};
    for (size_t i = 0; i < NODES; i++)
        items[i] = (gsaw_work_item){.data = 2 * i + 2 < NODES ? &items[2 * i + 1] : NULL};
    for (uint32_t workers = 1; workers <= 4; workers++)
        for (size_t i = 0; i < 6; i++) {
            gsaw_distributor *distributor =
                open_with((gsaw_distributor_options){.strategy = names[i % 3], .workers = workers});
            items[0].cost = i < 3 ? 1 : 0; /* known to be small: begins in the calling thread */
            distribute(distributor, items, 1);
            assert_int_equal(gsaw_distributor_run(distributor, grow_tree, distributor, NULL),
                             GSAW_OK);
            check_counts(distributor, (gsaw_distributor_counts){.submitted = NODES, .done = NODES});
            gsaw_distributor_free(distributor);
        }
}

/* ---- threads ---- */

static gsaw_status note_worker(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)item;
    *(uint32_t *)context = gsaw_pool_worker_count(gsaw_worker_pool(worker));
    return GSAW_OK;
}

static void test_distributor_starts_no_thread_for_little(void **state)
{
    (void)state;
    uint32_t threads = 99;
    static const gsaw_work_item little = {.cost = 1000}, unknown = {.cost = 0},
                                much = {.cost = 1e9};
    gsaw_distributor *distributor = open_with((gsaw_distributor_options){.workers = 2});
    distribute(distributor, &little, 1);
    assert_int_equal(gsaw_distributor_run(distributor, note_worker, &threads, NULL), GSAW_OK);
    assert_int_equal(threads, 0);
    distribute(distributor, &little, 1);
    distribute(distributor, &unknown, 1);
    assert_int_equal(gsaw_distributor_run(distributor, note_worker, &threads, NULL), GSAW_OK);
    assert_int_equal(threads, 2);
    gsaw_distributor_free(distributor);
    distributor = open_with((gsaw_distributor_options){.workers = 3});
    distribute(distributor, &much, 1);
    assert_int_equal(gsaw_distributor_run(distributor, note_worker, &threads, NULL), GSAW_OK);
    assert_int_equal(threads, 3);
    gsaw_distributor_free(distributor);
}

/* Items that said they are small and are not: threads come for the rest. */
static gsaw_status burn(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)item;
    uint64_t end_ns = gsaw__clock_ns() + 300000;
    while (gsaw__clock_ns() < end_ns)
        ;
    gsaw__store_relaxed((_Atomic uint32_t *)context, /* test: the last one counts */
                        gsaw_pool_worker_count(gsaw_worker_pool(worker)));
    return GSAW_OK;
}

static void test_distributor_starts_threads_for_what_takes_longer(void **state)
{
    (void)state;
    _Atomic uint32_t threads = 0;
    static gsaw_work_item items[20];
    for (int i = 0; i < 20; i++)
        items[i].cost = 10;
    gsaw_distributor *distributor = open_with((gsaw_distributor_options){.workers = 2});
    distribute(distributor, items, 20);
    assert_int_equal(gsaw_distributor_run(distributor, burn, &threads, NULL), GSAW_OK);
    assert_int_equal(gsaw__load_relaxed(&threads), 2); /* test: all has ended */
    check_counts(distributor, (gsaw_distributor_counts){.submitted = 20, .done = 20});
    gsaw_distributor_free(distributor);
}

static uint32_t threads_left;

static gsaw_status few_threads(gsaw__thread *thread, const gsaw__thread_options *options,
                               gsaw_error *error)
{
    if (threads_left == 0)
        return GSAW_SYSTEM;
    threads_left--;
    return gsaw__thread_start(thread, options, error);
}

static void test_distributor_with_the_threads_it_gets(void **state)
{
    (void)state;
    static gsaw_work_item items[1000];
    static _Atomic uint32_t runs;
    for (int i = 0; i < 1000; i++)
        items[i].data = &runs;
    for (uint32_t given = 0; given < 4; given++) {
        gsaw_distributor *distributor = open_with((gsaw_distributor_options){.workers = 4});
        threads_left = given;
        distributor->pool->start = few_threads;
        distribute(distributor, items, 1000);
        assert_int_equal(gsaw_distributor_run(distributor, count_run, NULL, NULL), GSAW_OK);
        check_counts(distributor, (gsaw_distributor_counts){.submitted = 1000, .done = 1000});
        assert_int_equal(gsaw_pool_worker_count(distributor->pool), given);
        gsaw_distributor_free(distributor);
    }
}

/* The pool is shut down beneath it: all ends, and finish comes back. */
static void test_distributor_ends_with_its_pool(void **state)
{
    (void)state;
    for (int drain = 0; drain < 2; drain++)
        for (int before = 0; before < 2; before++) {
            stream self;
            stream_open(&self, (gsaw_distributor_options){.size = 0}, 2);
            static gsaw_work_item items[100];
            for (int i = 0; i < 100; i++)
                items[i].data = &self.runs;
            if (before == 1)
                distribute(self.distributor, items, 100);
            assert_int_equal(gsaw_distributor_start(self.distributor, count_run, NULL, NULL),
                             GSAW_OK);
            gsaw_pool_shutdown(self.pool, drain == 1);
            distribute(self.distributor, items, 100);
            gsaw_status status = gsaw_distributor_finish(self.distributor, NULL);
            assert_int_equal(status, GSAW_CANCELLED);
            gsaw_distributor_counts counts = gsaw_distributor_count(self.distributor);
            assert_int_equal(counts.submitted, counts.done + counts.cancelled);
            assert_int_equal(counts.done, gsaw__load_relaxed(&self.runs)); /* test: ended */
            stream_close(&self);
        }
}

/* ---- learning ---- */

static void test_distributor_learns_and_keeps_it(void **state)
{
    (void)state;
    char path[] = "/tmp/gsaw-model-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    unlink(path);
    _Atomic uint32_t threads = 0;
    static gsaw_work_item items[10];
    for (int i = 0; i < 10; i++)
        items[i] = (gsaw_work_item){.kind = 3, .size = 100};
    gsaw_distributor_options options = {
        .workers = 1, .model_path = path, .strategy = "round_robin"};
    gsaw_distributor *distributor = open_with(options);
    distribute(distributor, items, 10);
    assert_int_equal(gsaw_distributor_run(distributor, burn, &threads, NULL), GSAW_OK);
    assert_int_equal(gsaw_distributor_optimize(distributor, NULL), GSAW_OK);
    double cost = gsaw_cost_model_estimate(gsaw_distributor_model(distributor), 3, 100);
    assert_true(cost > 250000 && cost < 1e9); /* 300 us each, and what the machine does beside */
    gsaw_distributor_free(distributor);
    distributor = open_with(options);
    assert_true(gsaw_cost_model_estimate(gsaw_distributor_model(distributor), 3, 100) == cost);
    double load = 0;
    distribute(distributor, items, 1);
    gsaw_distributor_lane(distributor, 0, &load, NULL, 0);
    assert_true(load == cost);
    gsaw_distributor_free(distributor);
    FILE *damaged = fopen(path, "w");
    assert_non_null(damaged);
    fclose(damaged);
    options.size = sizeof options;
    gsaw_error error = {0};
    assert_int_equal(gsaw_distributor_new(&options, &distributor, &error), GSAW_DAMAGED);
    assert_non_null(strstr(error.text, path));
    unlink(path);
}

/* ---- memory ---- */

/* All calls that allocate, each failing once. */
static gsaw_status live(const gsaw_allocator *allocator, const gsaw_strategy *strategy)
{
    static const char *const on[] = {"a"};
    static _Atomic uint32_t runs;
    static gsaw_work_item items[102];
    for (int i = 0; i < 102; i++)
        items[i] = (gsaw_work_item){.data = &runs};
    items[0].id = "a";
    for (int i = 1; i < 80; i++)
        items[i] = (gsaw_work_item){.data = &runs, .depends = on, .depends_count = 1};
    gsaw_distributor *distributor = NULL;
    gsaw_distributor_options options = {
        .size = sizeof options, .allocator = allocator, .workers = 2, .own = strategy};
    gsaw_error error = {0};
    gsaw_status status = gsaw_distributor_new(&options, &distributor, &error);
    if (status != GSAW_OK) {
        assert_int_equal(error.status, GSAW_NO_MEMORY);
        return status;
    }
    gsaw_status first = gsaw_distributor_distribute(distributor, items, 80, NULL);
    gsaw_status second = gsaw_distributor_distribute(distributor, items + 80, 22, NULL);
    assert_true(first == GSAW_OK || first == GSAW_NO_MEMORY);
    assert_true(second == GSAW_OK || second == GSAW_NO_MEMORY);
    uint64_t taken = (first == GSAW_OK ? 80u : 0u) + (second == GSAW_OK ? 22u : 0u);
    /* Without memory for a thread it goes with fewer; what was distributed is run. */
    status = gsaw_distributor_run(distributor, count_run, NULL, NULL);
    if (status == GSAW_OK)
        check_counts(distributor, (gsaw_distributor_counts){.submitted = taken, .done = taken});
    else
        assert_int_equal(status, GSAW_NO_MEMORY);
    gsaw_distributor_free(distributor);
    return first != GSAW_OK ? first : second != GSAW_OK ? second : status;
}

static void test_distributor_without_memory(void **state)
{
    (void)state;
    static const char *const names[] = {"round_robin", "work_stealing", "cost_based"};
    for (size_t i = 0; i < 3; i++)
        for (size_t n = 1;; n++) {
            gsaw_failing_allocator failing;
            gsaw_failing_allocator_init(&failing, n, 0);
            gsaw_status status = live(&failing.allocator, gsaw_strategy_find(names[i]));
            assert_int_equal(failing.live_bytes, 0);
            if (status == GSAW_OK && failing.calls < n) {
                assert_true(n > 15);
                break;
            }
        }
}

/* ---- how good it is ---- */

/* By a clock that counts: what each lane's items cost is what they take, and a lane that is empty
 * takes the best of the one that has most, as drivers do. Returns the time to the end of all. */
static double simulate(const char *name, const gsaw_work_item *items, size_t count, uint32_t lanes)
{
    static const gsaw_work_item *waiting[1000];
    static double costs[64][1000];
    size_t next[64] = {0}, counts[64];
    double clock[64] = {0}, loads[64], last = 0;
    gsaw_distributor *distributor =
        open_with((gsaw_distributor_options){.strategy = name, .workers = lanes});
    distribute(distributor, items, count);
    for (uint32_t i = 0; i < lanes; i++) {
        counts[i] = gsaw_distributor_lane(distributor, i, &loads[i], waiting, 1000);
        for (size_t k = 0; k < counts[i]; k++)
            costs[i][k] = waiting[k]->cost;
    }
    gsaw_distributor_free(distributor);
    bool steals = gsaw_strategy_find(name)->steals;
    for (size_t left = count; left > 0; left--) {
        uint32_t at = GSAW_NONE;
        for (uint32_t i = 0; i < lanes; i++)
            if ((steals || next[i] < counts[i]) && (at == GSAW_NONE || clock[i] < clock[at]))
                at = i;
        uint32_t from = at;
        for (uint32_t i = 0; i < lanes && next[at] == counts[at]; i++)
            if (next[i] < counts[i] && (next[from] == counts[from] || loads[i] > loads[from]))
                from = i;
        double cost = costs[from][next[from]++];
        loads[from] -= cost;
        clock[at] += cost;
        last = clock[at] > last ? clock[at] : last;
    }
    return last;
}

static void test_distributor_is_near_the_ideal(void **state)
{
    (void)state;
    static gsaw_work_item items[1000];
    double total = 0;
    for (size_t i = 0; i < 1000; i++) { /* heavy-tailed, the dear ones last: 10 ms to 0.1 s */
        items[i].cost = i < 990 ? 1e5 * (double)(1 + i * 7919 % 10) : 1e7 * (double)(i - 988);
        total += items[i].cost;
    }
    for (uint32_t lanes = 2; lanes <= 16; lanes *= 2) {
        double ideal = total / lanes > 1.1e8 ? total / lanes : 1.1e8;
        assert_true(ideal / simulate("cost_based", items, 1000, lanes) >= 0.97);
        assert_true(ideal / simulate("round_robin", items, 1000, lanes) < 0.97);
    }
    assert_true(total / 2 / simulate("work_stealing", items, 1000, 2) >= 0.97);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distributor_runs_each_item_once),
        cmocka_unit_test(test_distributor_of_nothing),
        cmocka_unit_test(test_distributor_refuses_what_is_out_of_turn),
        cmocka_unit_test(test_distributor_asks_the_cost_function),
        cmocka_unit_test(test_distributor_skips_what_depends_on_a_failure),
        cmocka_unit_test(test_distributor_skips_any_depth),
        cmocka_unit_test(test_distributor_fails_fast),
        cmocka_unit_test(test_distributor_is_cancelled),
        cmocka_unit_test(test_distributor_runs_where_a_worker_is_free),
        cmocka_unit_test(test_distributor_is_full_and_helped),
        cmocka_unit_test(test_distributor_takes_what_items_bring),
        cmocka_unit_test(test_distributor_starts_no_thread_for_little),
        cmocka_unit_test(test_distributor_starts_threads_for_what_takes_longer),
        cmocka_unit_test(test_distributor_with_the_threads_it_gets),
        cmocka_unit_test(test_distributor_ends_with_its_pool),
        cmocka_unit_test(test_distributor_learns_and_keeps_it),
        cmocka_unit_test(test_distributor_without_memory),
        cmocka_unit_test(test_distributor_is_near_the_ideal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
