/* test_scheduler_pools.c - TaskScheduler on pools that it shares, or that are shut down under it.
 * Keeps:   every wait here has a deadline, so that a hang is a failure and no more.
 * Threads: pools of 1 to 3, and threads of the test's own.
 * Next:    task/executor.c, task/wait.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "scheduler_fixture.h"
#include "base/atomic.h"

#define LONG_NS UINT64_C(10000000000) /* what takes longer never ends */

static uint64_t long_deadline(void) { return gsaw__clock_ns() + LONG_NS; }

static gsaw_pool *open_pool(uint32_t workers)
{
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    gsaw_pool *pool;
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    return pool;
}

/* ---- shut down ---- */

typedef struct quiet_wait {
    shared *self;
    gsaw_handle task;
    gsaw_status status;
} quiet_wait;

static void wait_for_it(void *argument)
{
    quiet_wait *self = argument;
    self->status = gsaw_scheduler_wait(self->self->scheduler, self->task, long_deadline(), NULL);
}

static void test_scheduler_ends_with_a_pool_that_drops(void **state)
{
    (void)state;
    for (int waits = 0; waits < 2; waits++) {
        gsaw_pool *pool = open_pool(1);
        shared self;
        open_with(&self, &(gsaw_scheduler_options){.pool = pool});
        current = &self;
        hold(&self);
        gsaw_task_definition queued = task_of("queued", 0);
        quiet_wait waiting = {.self = &self, .task = add(&self, &queued)};
        gsaw__thread thread;
        gsaw__thread_options options = {
            .function = wait_for_it, .argument = &waiting, .name = "waiter"};
        if (waits != 0) {
            assert_int_equal(gsaw__thread_start(&thread, &options, NULL), GSAW_OK);
            gsaw_scheduler_wait_all(self.scheduler, gsaw__clock_ns() + 5000000, NULL);
        }
        gsaw_stuck stuck;
        size_t count;
        assert_int_equal(
            gsaw_pool_shutdown_until(pool, gsaw__clock_ns() + 5000000, &stuck, 1, &count),
            GSAW_TIMEOUT);
        open_gate(&self);
        gsaw_pool_shutdown(pool, false);
        if (waits != 0) {
            gsaw__thread_join(&thread);
            assert_int_equal(waiting.status, GSAW_OK);
        }
        assert_int_equal(gsaw_scheduler_wait_all(self.scheduler, long_deadline(), NULL), GSAW_OK);
        assert_int_equal(state_of(&self, waiting.task), GSAW_TASK_CANCELLED);
        assert_int_equal(gsaw_scheduler_schedule(self.scheduler, &queued, NULL, NULL), GSAW_CLOSED);
        close_all(&self);
        gsaw_pool_free(pool);
    }
}

/* ---- two schedulers on one pool ---- */

typedef struct pair {
    gsaw_scheduler *schedulers[2];
    _Atomic uint32_t runs;
} pair;

typedef struct step {
    pair *both;
    uint32_t depth; /* how often it goes on to the other scheduler */
} step;

/* Schedule a task with the other scheduler, and wait for it inside. */
static gsaw_status go_over(gsaw_context *context, void *argument)
{
    const step *self = argument;
    gsaw_scheduler *here = gsaw_context_scheduler(context);
    gsaw_scheduler *other = self->both->schedulers[here == self->both->schedulers[0]];
    gsaw__add_relaxed(&self->both->runs, 1); /* test: a count */
    if (self->depth == 0)
        return GSAW_OK;
    step next = {.both = self->both, .depth = self->depth - 1};
    gsaw_task_definition two[2] = {{.function = go_over, .argument = &next},
                                   {.function = go_over, .argument = &next}};
    gsaw_handle handles[2];
    if (gsaw_scheduler_schedule_batch(other, two, 2, handles, NULL) != GSAW_OK)
        return GSAW_DAMAGED;
    return gsaw_scheduler_wait_these(other, handles, 2, GSAW_NO_DEADLINE, NULL);
}

/* Waits inside that go to and fro between two schedulers, as deep as one likes, on any number of
 * workers: each wait runs what it waits for. */
static void test_scheduler_shares_a_pool_with_another(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 3; workers++) {
        gsaw_pool *pool = open_pool(workers);
        pair both = {.runs = 0};
        gsaw_scheduler_options options = {.size = sizeof options, .pool = pool};
        for (int i = 0; i < 2; i++)
            assert_int_equal(gsaw_scheduler_new(&options, &both.schedulers[i], NULL), GSAW_OK);
        step root = {.both = &both, .depth = 7};
        gsaw_task_definition task = {.function = go_over, .argument = &root};
        gsaw_handle handles[2][4];
        for (int i = 0; i < 8; i++)
            assert_int_equal(gsaw_scheduler_schedule(both.schedulers[i % 2], &task,
                                                     &handles[i % 2][i / 2], NULL),
                             GSAW_OK);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(
                gsaw_scheduler_wait_these(both.schedulers[i], handles[i], 4, long_deadline(), NULL),
                GSAW_OK);
        }
        for (int i = 0; i < 2; i++) { /* each task that waits has ended after those it waited for */
            gsaw_scheduler_counts counts;
            gsaw_scheduler_count(both.schedulers[i], &counts);
            assert_int_equal(counts.done, counts.submitted);
        }
        assert_int_equal(gsaw__load_relaxed(&both.runs), 8 * 255); /* test: all has ended */
        /* One goes, the other stays. */
        gsaw_scheduler_free(both.schedulers[0]);
        root.depth = 0;
        gsaw_handle last;
        assert_int_equal(gsaw_scheduler_schedule(both.schedulers[1], &task, &last, NULL), GSAW_OK);
        assert_int_equal(gsaw_scheduler_wait(both.schedulers[1], last, long_deadline(), NULL),
                         GSAW_OK);
        gsaw_scheduler_free(both.schedulers[1]);
        gsaw_pool_free(pool);
    }
}

/* Resized to 1 and up again while it runs: nothing is lost. */
static void test_scheduler_runs_on_while_its_pool_is_resized(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(3);
    pair both = {.runs = 0};
    gsaw_scheduler_options options = {.size = sizeof options, .pool = pool};
    for (int i = 0; i < 2; i++)
        assert_int_equal(gsaw_scheduler_new(&options, &both.schedulers[i], NULL), GSAW_OK);
    step root = {.both = &both, .depth = 5};
    gsaw_task_definition task = {.function = go_over, .argument = &root};
    for (uint32_t round = 0; round < 60; round++) {
        for (int i = 0; i < 4; i++)
            assert_int_equal(gsaw_scheduler_schedule(both.schedulers[i % 2], &task, NULL, NULL),
                             GSAW_OK);
        assert_int_equal(gsaw_pool_resize(pool, round % 2 == 0 ? 1 : 2 + round % 5), GSAW_OK);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(gsaw_scheduler_wait_all(both.schedulers[i], long_deadline(), NULL),
                         GSAW_OK);
    assert_int_equal(gsaw__load_relaxed(&both.runs), 60 * 4 * 63); /* test: all has ended */
    for (int i = 0; i < 2; i++)
        gsaw_scheduler_free(both.schedulers[i]);
    gsaw_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scheduler_ends_with_a_pool_that_drops),
        cmocka_unit_test(test_scheduler_shares_a_pool_with_another),
        cmocka_unit_test(test_scheduler_runs_on_while_its_pool_is_resized),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
