/* test_distributor_stream.c - WorkDistributor with what surrounds it: tasks that bring items and
 * help, items that bring items, threads that are there or not, a pool that ends, a trace, a fork.
 * Next:    work/drive.c, test_distributor.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gangsaw/work.h>

#include "base/check.h"
#include "base/thread.h"
#include "distributor_fixture.h"
#include "work/distributor.h"

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
    gsaw_check(gsaw_distributor_distribute(self->distributor, &self->item, 1, NULL) == GSAW_OK);
    gsaw__mutex_lock(&self->lock);
    while (!self->is_open)
        gsaw__condition_wait(&self->changed, &self->lock);
    gsaw__mutex_unlock(&self->lock);
    return GSAW_OK;
}

/* A task like one that would bring more: how many items had run when its turn came. */
static gsaw_status look_behind(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    const stream *self = argument;
    *value = gsaw_distributor_count(self->distributor).done;
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
        gsaw_task behind = {.function = look_behind, .argument = &self};
        assert_int_equal(gsaw_distributor_start(self.distributor, count_run, NULL, NULL), GSAW_OK);
        while (gsaw__park_hungry_count(&self.pool->park) < workers)
            gsaw__thread_pause();
        assert_int_equal(gsaw_pool_submit(self.pool, &group, &task), GSAW_OK);
        if (workers == 2)
            while (gsaw_distributor_count(self.distributor).done == 0)
                gsaw__thread_pause();
        assert_int_equal(gsaw_pool_submit(self.pool, &group, &behind), GSAW_OK);
        gsaw__mutex_lock(&self.lock);
        self.is_open = true;
        gsaw__condition_broadcast(&self.changed);
        gsaw__mutex_unlock(&self.lock);
        gsaw_pool_wait(self.pool, &group);
        assert_int_equal(behind.value, workers - 1);
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
        gsaw_check(gsaw_distributor_distribute(self->distributor, &self->item, 1, NULL) == GSAW_OK);
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
    uint32_t threads = gsaw_pool_worker_count(gsaw_worker_pool(worker));
    gsaw__store_relaxed((_Atomic uint32_t *)context,
                        threads); /* test: looked at when all is done */
    return GSAW_OK;
}

static void test_distributor_starts_no_thread_for_little(void **state)
{
    (void)state;
    _Atomic uint32_t threads = 99;
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
    /* One at least; how many had come when the last item ran is the system's. */
    assert_true(gsaw__load_relaxed(&threads) != 0); /* test: all has ended */
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
            for (int again = 0; again < 20; again++) {
                distribute(self.distributor, items, 1);
                assert_int_equal(gsaw_distributor_run(self.distributor, count_run, NULL, NULL),
                                 GSAW_CANCELLED);
            }
            stream_close(&self);
        }
}

static gsaw_status run_named(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)context;
    gsaw_worker_name_task(worker, item->id);
    return GSAW_OK;
}

typedef struct trace_text {
    char bytes[1 << 16];
    size_t count;
} trace_text;

static gsaw_status keep_trace(void *context, const char *bytes, size_t size)
{
    trace_text *self = context;
    assert_true(self->count + size < sizeof self->bytes);
    memcpy(self->bytes + self->count, bytes, size);
    self->count += size;
    self->bytes[self->count] = '\0';
    return GSAW_OK;
}

/* In the trace an item is a task, under the name it gives itself; the drivers are not seen. */
static void test_distributor_items_are_tasks_in_the_trace(void **state)
{
    (void)state;
    static trace_text text;
    static const gsaw_work_item items[] = {{.id = "first item"}, {.id = "second item"}};
    gsaw_pool_options options = {.size = sizeof options, .workers = 1, .trace_events = 1000};
    gsaw_pool *pool;
    gsaw_worker_stats stats;
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    gsaw_distributor *distributor = open_with((gsaw_distributor_options){.pool = pool});
    distribute(distributor, items, 2);
    assert_int_equal(gsaw_distributor_run(distributor, run_named, NULL, NULL), GSAW_OK);
    gsaw_distributor_free(distributor);
    gsaw_pool_shutdown(pool, true);
    assert_int_equal(gsaw_pool_stats(pool, 0, &stats), GSAW_OK);
    assert_int_equal(stats.completed, 2);
    assert_int_equal(gsaw_pool_write_trace(pool, keep_trace, &text, NULL), GSAW_OK);
    assert_non_null(strstr(text.bytes, "\"first item\""));
    assert_non_null(strstr(text.bytes, "\"second item\""));
    assert_null(strstr(text.bytes, "\"task\""));
    gsaw_pool_free(pool);
}

/* A pool with room for one task at a time: nobody who brings items is held up. */
static void test_distributor_never_waits_for_room_in_the_pool(void **state)
{
    (void)state;
    _Atomic uint32_t runs = 0;
    const gsaw_work_item item = {.data = &runs};
    gsaw_pool_options options = {.size = sizeof options, .workers = 3, .tasks_max = 1};
    gsaw_pool *pool;
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    gsaw_distributor *distributor =
        open_with((gsaw_distributor_options){.pool = pool, .strategy = "round_robin"});
    for (int round = 0; round < 200; round++) {
        assert_int_equal(gsaw_distributor_start(distributor, count_run, NULL, NULL), GSAW_OK);
        for (int i = 0; i < 10; i++)
            distribute(distributor, &item, 1);
        assert_int_equal(gsaw_distributor_finish(distributor, NULL), GSAW_OK);
    }
    assert_int_equal(gsaw__load_relaxed(&runs), 2000); /* test: all has ended */
    gsaw_distributor_free(distributor);
    gsaw_pool_free(pool);
}

static void test_distributor_is_closed_in_a_forked_child(void **state)
{
    (void)state;
    static const gsaw_work_item items[3];
    gsaw_distributor *distributor = open_with((gsaw_distributor_options){.workers = 2});
    distribute(distributor, items, 3);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool is_right = gsaw_distributor_distribute(distributor, items, 3, NULL) == GSAW_CLOSED &&
                        gsaw_distributor_run(distributor, run_ok, NULL, NULL) == GSAW_CLOSED &&
                        gsaw_distributor_balance(distributor) == 0;
        gsaw_distributor_cancel(distributor);
        _exit(is_right ? 0 : 1);
    }
    int ended = -1;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    assert_int_equal(gsaw_distributor_run(distributor, run_ok, NULL, NULL), GSAW_OK);
    check_counts(distributor, (gsaw_distributor_counts){.submitted = 3, .done = 3});
    gsaw_distributor_free(distributor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distributor_runs_where_a_worker_is_free),
        cmocka_unit_test(test_distributor_is_full_and_helped),
        cmocka_unit_test(test_distributor_takes_what_items_bring),
        cmocka_unit_test(test_distributor_starts_no_thread_for_little),
        cmocka_unit_test(test_distributor_starts_threads_for_what_takes_longer),
        cmocka_unit_test(test_distributor_with_the_threads_it_gets),
        cmocka_unit_test(test_distributor_ends_with_its_pool),
        cmocka_unit_test(test_distributor_items_are_tasks_in_the_trace),
        cmocka_unit_test(test_distributor_never_waits_for_room_in_the_pool),
        cmocka_unit_test(test_distributor_is_closed_in_a_forked_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
