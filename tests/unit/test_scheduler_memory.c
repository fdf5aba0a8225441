/* test_scheduler_memory.c - TaskScheduler: the memory gate; and memory and threads that run out.
 * Keeps:   what is admitted together fits, but for one alone; what fails leaves nothing behind.
 * Threads: pools of 0 to 4.
 * Next:    task/gate.c, task/executor.c, test_machine.c (limits of cgroups) */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "scheduler_fixture.h"
#include "base/atomic.h"
#include "base/machine.h"
#include "task/pool.h"

static uint64_t memory_in_use(shared *self)
{
    gsaw_scheduler_counts counts;
    gsaw_scheduler_count(self->scheduler, &counts);
    return counts.memory;
}

/* ---- the gate ---- */

static gsaw_status use_much(gsaw_context *context, void *argument)
{
    (void)argument;
    gsaw_context_report_memory(context, 800);
    return GSAW_OK;
}

/* Estimates rise as well as fall with what is used, for tasks of the kind alone. */
static void test_scheduler_raises_estimates_that_are_too_low(void **state)
{
    (void)state;
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 2, .memory_max = 1000});
    current = &self;
    gsaw_task_definition learner = {.function = use_much, .memory = 100, .kind = "link"};
    for (int i = 0; i < 20; i++)
        add(&self, &learner);
    run_all(&self);
    self.is_open = false;
    gsaw_task_definition holder = {.function = gate,
                                   .argument = &self,
                                   .memory = 100,
                                   .kind = "link"},
                         second = holder, other = task_of("other", 0);
    add(&self, &holder);
    wait_entered(&self, 1);
    assert_in_range(memory_in_use(&self), 750, 800);
    gsaw_handle held = add(&self, &second); /* 100 would fit, 800 do not */
    other.memory = 100;
    other.kind = "another";
    gsaw_handle passes = add(&self, &other);
    assert_int_equal(gsaw_scheduler_wait(self.scheduler, passes, GSAW_NO_DEADLINE, NULL), GSAW_OK);
    assert_int_equal(state_of(&self, held), GSAW_TASK_QUEUED);
    run_all(&self);
    close_all(&self);
}

/* What waits for memory can be cancelled, can be late, and can be raised. */
static void test_scheduler_ends_what_waits_for_memory(void **state)
{
    (void)state;
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 2, .memory_max = 1000});
    current = &self;
    gsaw_task_definition holder = {.function = gate, .argument = &self, .memory = 900},
                         late = task_of("late", 0), cancelled = task_of("cancelled", 0),
                         low = task_of("low", 0), high = task_of("high", 0),
                         quick = task_of("q", -1);
    add(&self, &holder);
    wait_entered(&self, 1);
    late.memory = cancelled.memory = low.memory = high.memory = 600;
    late.deadline_ns = gsaw__clock_ns() + 3000000;
    gsaw_handle handles[] = {add(&self, &late), add(&self, &cancelled), add(&self, &low),
                             add(&self, &high)};
    gsaw_handle passes = add(&self, &quick); /* by then all of them were tried, and are held */
    assert_int_equal(gsaw_scheduler_wait(self.scheduler, passes, GSAW_NO_DEADLINE, NULL), GSAW_OK);
    assert_int_equal(gsaw_scheduler_wait(self.scheduler, handles[0], GSAW_NO_DEADLINE, NULL),
                     GSAW_OK);
    assert_int_equal(result_of(&self, "late").status, GSAW_TIMEOUT);
    bool never = false;
    assert_int_equal(gsaw_scheduler_cancel(self.scheduler, handles[1], false, &never), GSAW_OK);
    assert_true(never);
    assert_int_equal(gsaw_scheduler_raise(self.scheduler, handles[3], 7), GSAW_OK);
    run_all(&self);
    assert_string_equal(self.log, "q high low");
    assert_int_equal(memory_in_use(&self), 0);
    close_all(&self);
}

/* The one that is ready for the longest time gets the memory that comes free, however many smaller
 * ones would fit. */
static void test_scheduler_starves_nobody_of_memory(void **state)
{
    (void)state;
    shared self;
    open_with(&self,
              &(gsaw_scheduler_options){.workers = 2, .memory_max = 1000, .overtakes_max = 4});
    current = &self;
    gsaw_task_definition holder = {.function = gate, .argument = &self, .memory = 600},
                         large = task_of("L", 0),
                         small = {.function = say, .argument = text("s"), .memory = 100};
    add(&self, &holder);
    wait_entered(&self, 1);
    large.memory = 900;
    add(&self, &large);
    gsaw_handle last = 0;
    for (int i = 0; i < 4; i++)
        last = add(&self, &small);
    assert_int_equal(gsaw_scheduler_wait(self.scheduler, last, GSAW_NO_DEADLINE, NULL), GSAW_OK);
    for (int i = 0; i < 3; i++)
        add(&self, &small); /* they would fit, but are not let by any more */
    run_all(&self);
    assert_string_equal(self.log, "s s s s L s s s");
    close_all(&self);
}

static void test_scheduler_takes_the_lesser_of_two_ceilings(void **state)
{
    (void)state;
    uint64_t share = gsaw__machine_memory("") / 100;
    for (int which = 0; which < 3; which++) {
        shared self;
        open_with(&self, &(gsaw_scheduler_options){.workers = 2,
                                                   .memory_max = which == 0   ? 0
                                                                 : which == 1 ? 2 * share
                                                                              : share / 2,
                                                   .memory_percent = 1});
        current = &self;
        gsaw_task_definition holder = {.function = gate, .argument = &self, .memory = share / 4},
                             one = task_of("fits", 0), other = task_of("does not", 0);
        add(&self, &holder);
        wait_entered(&self, 1);
        one.memory = which == 2 ? share / 5 : share / 2;
        other.memory = which == 2 ? share / 2 : share - share / 8;
        gsaw_handle held = add(&self, &other), passes = add(&self, &one);
        assert_int_equal(gsaw_scheduler_wait(self.scheduler, passes, GSAW_NO_DEADLINE, NULL),
                         GSAW_OK);
        assert_int_equal(state_of(&self, held), GSAW_TASK_QUEUED);
        run_all(&self);
        close_all(&self);
    }
    gsaw_scheduler_options options = {.size = sizeof options, .memory_percent = 101};
    gsaw_scheduler *none;
    assert_int_equal(gsaw_scheduler_new(&options, &none, NULL), GSAW_RANGE);
}

/* ---- the n-th allocation ---- */

static gsaw_status fail_at_length(gsaw_context *context, void *argument)
{
    (void)argument;
    gsaw_handle child;
    gsaw_task_definition definition = {.function = use_much};
    gsaw_scheduler *scheduler = gsaw_context_scheduler(context);
    gsaw_status status = gsaw_scheduler_schedule(scheduler, &definition, &child, NULL);
    if (status == GSAW_OK)
        gsaw_scheduler_wait(scheduler, child, GSAW_NO_DEADLINE, NULL);
    return gsaw_context_fail(context, GSAW_DAMAGED, "%s", "a text that has to be kept");
}

static void expect_ok_or_no_memory(gsaw_status status)
{
    assert_true(status == GSAW_OK || status == GSAW_NO_MEMORY);
}

/* A chain of twelve, some of which fail, with all that one may ask; what was taken on ends. */
static void run_chain(gsaw_scheduler *scheduler)
{
    gsaw_task_definition bad = {.function = fail_at_length, .retries = 1},
                         next = {.function = use_much};
    gsaw_handle handles[12];
    size_t taken = 0;
    for (int i = 0; i < 12; i++) {
        gsaw_task_definition *one = i % 3 == 0 ? &bad : &next;
        one->after = taken == 0 ? NULL : &handles[taken - 1];
        one->after_count = taken != 0;
        gsaw_status status = gsaw_scheduler_schedule(scheduler, one, &handles[taken], NULL);
        expect_ok_or_no_memory(status);
        taken += status == GSAW_OK;
        const char *id = taken == 0 ? NULL : gsaw_scheduler_id(scheduler, handles[taken - 1]);
        assert_true(id == NULL || strlen(id) == 36);
    }
    expect_ok_or_no_memory(gsaw_pool_resize(gsaw_scheduler_pool(scheduler), 3));
    assert_int_equal(gsaw_scheduler_wait_all(scheduler, gsaw__clock_ns() + 10000000000, NULL),
                     GSAW_OK);
    gsaw_scheduler_counts counts;
    gsaw_scheduler_count(scheduler, &counts);
    assert_int_equal(counts.submitted, counts.done + counts.failed + counts.skipped);
    assert_true(counts.submitted >= taken);
}

/* Every call that may take memory, with none at the n-th time, or none from then on: what was taken
 * on ends, whatever is lost with it. */
static void test_scheduler_without_memory_ends_what_it_took(void **state)
{
    (void)state;
    size_t refused = 0;
    for (int from = 0; from < 2; from++) {
        bool was_refused = true;
        for (size_t n = 1; was_refused; n++) {
            gsaw_failing_allocator failing;
            gsaw_failing_allocator_init(&failing, n, from);
            gsaw_scheduler_options options = {
                .size = sizeof options, .allocator = &failing.allocator, .workers = 2};
            gsaw_scheduler *scheduler = NULL;
            gsaw_status status = gsaw_scheduler_new(&options, &scheduler, NULL);
            expect_ok_or_no_memory(status);
            if (status == GSAW_OK)
                run_chain(scheduler);
            gsaw_scheduler_free(scheduler);
            assert_int_equal(failing.live_bytes, 0);
            was_refused = failing.calls >= n; /* else no call failed */
            refused += was_refused;
            assert_true(n < 1000);
        }
    }
    assert_true(refused > 40);
}

/* ---- the n-th thread ---- */

static _Atomic int32_t threads_left;

static gsaw_status start_some(gsaw__thread *thread, const gsaw__thread_options *options,
                              gsaw_error *error)
{
    if (gsaw__sub_relaxed(&threads_left, 1) <= 0) /* test: a count */
        return GSAW_SYSTEM;
    return gsaw__thread_start(thread, options, error);
}

static gsaw_status block_a_while(gsaw_context *context, void *argument)
{
    (void)argument;
    gsaw_worker_block_begin(gsaw_context_worker(context));
    gsaw_worker_block_end(gsaw_context_worker(context));
    return gsaw_context_attempt(context) == 1 ? GSAW_DAMAGED : GSAW_OK;
}

/* Workers, the timer, those in place of blocked ones, those of a resize: the system gives n threads
 * and no more. All is run with what there is, or refused. */
static void test_scheduler_with_the_threads_it_gets(void **state)
{
    (void)state;
    for (int32_t threads = 0; threads <= 8; threads++) {
        gsaw_pool_options pool_options = {.size = sizeof pool_options, .workers = 3};
        gsaw_pool *pool;
        gsaw__store_relaxed(&threads_left, threads); /* test: a count */
        assert_int_equal(gsaw__pool_new_with(&pool_options, start_some, &pool, NULL), GSAW_OK);
        shared self;
        open_with(&self, &(gsaw_scheduler_options){.pool = pool});
        gsaw_task_definition retried = {.function = block_a_while,
                                        .retries = 1,
                                        .backoff_ns = 1000},
                             plain = {.function = use_much};
        gsaw_error error = {0};
        gsaw_status status = gsaw_scheduler_schedule(self.scheduler, &retried, NULL, &error);
        assert_int_equal(status, threads <= 3 ? GSAW_LIMIT : GSAW_OK);
        for (int i = 0; i < 20; i++)
            add(&self, &plain);
        assert_int_equal(
            gsaw_scheduler_wait_all(self.scheduler, gsaw__clock_ns() + 10000000000, NULL), GSAW_OK);
        status = gsaw_pool_resize(pool, 6);
        assert_true(status == GSAW_OK || status == GSAW_LIMIT);
        for (int i = 0; i < 20; i++)
            add(&self, &plain);
        assert_int_equal(
            gsaw_scheduler_wait_all(self.scheduler, gsaw__clock_ns() + 10000000000, NULL), GSAW_OK);
        gsaw_scheduler_counts counts;
        gsaw_scheduler_count(self.scheduler, &counts);
        assert_int_equal(counts.done, 40 + (threads > 3));
        close_all(&self);
        gsaw_pool_free(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scheduler_raises_estimates_that_are_too_low),
        cmocka_unit_test(test_scheduler_ends_what_waits_for_memory),
        cmocka_unit_test(test_scheduler_starves_nobody_of_memory),
        cmocka_unit_test(test_scheduler_takes_the_lesser_of_two_ceilings),
        cmocka_unit_test(test_scheduler_without_memory_ends_what_it_took),
        cmocka_unit_test(test_scheduler_with_the_threads_it_gets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
