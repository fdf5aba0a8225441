/* test_scheduler_wait.c - TaskScheduler: values, retries, deadlines, waits, limits, shutdown.
 * Keeps:   what is waited for comes; where time passes on purpose it is milliseconds.
 * Threads: pools of 1 to 3.
 * Next:    task/scheduler.h, test_scheduler_model.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "scheduler_fixture.h"
#include "base/atomic.h"
#include "task/pool.h"

/* ---- values, retries, deadlines ---- */

static _Atomic uint32_t destroyed;

static void destroy_value(void *value)
{
    gsaw__add_relaxed(&destroyed, 1); /* test: a count */
    free(value);
}

static gsaw_status make_value(gsaw_context *context, void *argument)
{
    char *value = malloc(16);
    assert_non_null(value);
    snprintf(value, 16, "%s %u", (const char *)argument, gsaw_context_attempt(context));
    gsaw_context_set_value(context, value, destroy_value);
    return gsaw_context_attempt(context) < 3 ? GSAW_DAMAGED : GSAW_OK;
}

static void test_scheduler_retries_and_owns_values(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    gsaw__store_relaxed(&destroyed, 0); /* test: a count */
    gsaw_task_definition definition = {.id = "v",
                                       .function = make_value,
                                       .argument = text("try"),
                                       .retries = 2,
                                       .backoff_ns = 2000000};
    uint64_t start_ns = gsaw__clock_ns();
    gsaw_handle handle = add(&self, &definition);
    void *value = NULL;
    gsaw_status early = gsaw_scheduler_take_value(self.scheduler, handle, &value);
    assert_true(early == GSAW_AGAIN || early == GSAW_OK);
    run_all(&self);
    assert_true(gsaw__clock_ns() - start_ns >= 6000000); /* 2 ms, then 4 */
    assert_int_equal(gsaw__load_relaxed(&destroyed), 2); /* test: a count */
    assert_int_equal(result_of(&self, "v").attempts, 3);
    assert_int_equal(result_of(&self, "v").state, GSAW_TASK_DONE);
    assert_string_equal(result_of(&self, "v").value, "try 3");
    assert_int_equal(gsaw_scheduler_take_value(self.scheduler, handle, &value), GSAW_OK);
    assert_string_equal(value, "try 3");
    assert_null(result_of(&self, "v").value);
    free(value);
    definition.id = "w";
    definition.retries = 1;
    definition.backoff_ns = 0;
    add(&self, &definition);
    run_all(&self);
    assert_int_equal(result_of(&self, "w").state, GSAW_TASK_FAILED);
    /* test: a count; its first; the second is kept */
    assert_int_equal(gsaw__load_relaxed(&destroyed), 3);
    assert_int_equal(
        gsaw_scheduler_forget(self.scheduler, gsaw_scheduler_find(self.scheduler, "w")), GSAW_OK);
    assert_int_equal(gsaw__load_relaxed(&destroyed), 4); /* test: a count */
    assert_int_equal(gsaw_scheduler_find(self.scheduler, "w"), 0);
    definition.retries = 3;
    gsaw_handle again = add(&self, &definition); /* the id may be used again, its place too */
    run_all(&self);
    assert_true(again != handle);
    close_all(&self);
    assert_int_equal(gsaw__load_relaxed(&destroyed), 7); /* test: a count */
}

static void test_scheduler_keeps_deadlines(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    hold(&self);
    gsaw_task_definition late = task_of("late", 0), dependant = task_of("dependant", 0);
    late.deadline_ns = gsaw__clock_ns() + 3000000;
    const char *on_late[] = {"late"};
    dependant.depends = on_late;
    dependant.depends_count = 1;
    gsaw_handle handle = add(&self, &late);
    add(&self, &dependant);
    /* It fails while the worker is held: the timer alone does that. */
    assert_int_equal(gsaw_scheduler_wait(self.scheduler, handle, GSAW_NO_DEADLINE, NULL), GSAW_OK);
    assert_int_equal(result_of(&self, "late").status, GSAW_TIMEOUT);
    assert_int_equal(result_of(&self, "late").state, GSAW_TASK_FAILED);
    assert_int_equal(result_of(&self, "late").attempts, 0);
    assert_int_equal(result_of(&self, "dependant").state, GSAW_TASK_SKIPPED);
    open_gate(&self);
    gsaw_task_definition running = {.id = "running",
                                    .function = stop_when_asked,
                                    .argument = &self,
                                    .deadline_ns = gsaw__clock_ns() + 5000000};
    add(&self, &running);
    run_all(&self);
    assert_int_equal(result_of(&self, "running").state, GSAW_TASK_FAILED);
    assert_int_equal(result_of(&self, "running").status, GSAW_TIMEOUT);
    close_all(&self);
}

/* ---- waiting ---- */

static gsaw_status wait_for_other(gsaw_context *context, void *argument)
{
    gsaw_scheduler *scheduler = gsaw_context_scheduler(context);
    gsaw_handle other = gsaw_scheduler_find(scheduler, argument);
    gsaw_error error = {0};
    gsaw_status status = gsaw_scheduler_wait(scheduler, other, GSAW_NO_DEADLINE, &error);
    write_log(status == GSAW_OK ? "waited" : error.text);
    return status;
}

static void test_scheduler_wait_inside_helps_with_its_own_alone(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    hold(&self);
    const char *on_deep[] = {"deep"}, *on_deeper[] = {"deeper"};
    gsaw_task_definition waiter = task_of("waiter", 9),
                         tasks[] = {task_of("wanted", 0), task_of("deep", 0), task_of("deeper", 0),
                                    task_of("other", 5)};
    waiter.function = wait_for_other;
    waiter.argument = text("wanted");
    tasks[0].depends = on_deep;
    tasks[1].depends = on_deeper;
    tasks[0].depends_count = tasks[1].depends_count = 1;
    assert_int_equal(gsaw_scheduler_schedule_batch(self.scheduler, tasks, 4, NULL, NULL), GSAW_OK);
    add(&self, &waiter);
    run_all(&self);
    assert_string_equal(self.log, "deeper deep wanted waited other");
    close_all(&self);
}

static gsaw_status spawn_and_wait(gsaw_context *context, void *argument)
{
    (void)argument;
    gsaw_scheduler *scheduler = gsaw_context_scheduler(context);
    gsaw_handle self = gsaw_context_handle(context), child;
    gsaw_task_definition definition = {.id = "child",
                                       .function = say,
                                       .argument = text("child"),
                                       .after = &self,
                                       .after_count = 1};
    gsaw_error error = {0};
    if (gsaw_scheduler_schedule(scheduler, &definition, &child, &error) != GSAW_OK)
        return GSAW_INVALID;
    gsaw_status status = gsaw_scheduler_wait(scheduler, child, GSAW_NO_DEADLINE, &error);
    write_log(error.text);
    return status == GSAW_INVALID ? GSAW_OK : GSAW_DAMAGED;
}

static void test_scheduler_refuses_a_wait_that_cannot_end(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    gsaw_task_definition parent = task_of("parent", 0);
    parent.function = spawn_and_wait;
    add(&self, &parent);
    run_all(&self);
    assert_string_equal(self.log, "cycle: parent -> child -> parent child");
    assert_int_equal(result_of(&self, "parent").state, GSAW_TASK_DONE);
    gsaw_task_definition a = task_of("a", 0);
    a.function = wait_for_other;
    a.argument = text("a");
    add(&self, &a);
    run_all(&self);
    assert_non_null(strstr(self.log, "cycle: a -> a"));
    close_all(&self);
}

/* Two tasks that wait for each other: one of them is refused. */
static void test_scheduler_refuses_waits_that_cross(void **state)
{
    (void)state;
    for (int round = 0; round < 50; round++) {
        shared self;
        open_with(&self, &(gsaw_scheduler_options){.workers = 1 + (uint32_t)round % 3});
        current = &self;
        gsaw_task_definition tasks[] = {task_of("a", 0), task_of("b", 0)};
        tasks[0].function = tasks[1].function = wait_for_other;
        tasks[0].argument = text("b");
        tasks[1].argument = text("a");
        assert_int_equal(gsaw_scheduler_schedule_batch(self.scheduler, tasks, 2, NULL, NULL),
                         GSAW_OK);
        run_all(&self);
        gsaw_scheduler_counts counts;
        gsaw_scheduler_count(self.scheduler, &counts);
        assert_int_equal(counts.failed, 1);
        assert_int_equal(counts.done, 1);
        close_all(&self);
    }
}

static gsaw_status sum_tree(gsaw_context *context, void *argument)
{
    uintptr_t depth = (uintptr_t)argument;
    gsaw_scheduler *scheduler = gsaw_context_scheduler(context);
    uintptr_t sum = 1;
    if (depth > 0) {
        gsaw_task_definition child = {.function = sum_tree, .argument = (void *)(depth - 1)};
        gsaw_task_definition children[2] = {child, child};
        gsaw_handle handles[2];
        if (gsaw_scheduler_schedule_batch(scheduler, children, 2, handles, NULL) != GSAW_OK ||
            gsaw_scheduler_wait_these(scheduler, handles, 2, GSAW_NO_DEADLINE, NULL) != GSAW_OK)
            return GSAW_DAMAGED;
        for (size_t i = 0; i < 2; i++) {
            void *value = NULL;
            if (gsaw_scheduler_take_value(scheduler, handles[i], &value) != GSAW_OK)
                return GSAW_DAMAGED;
            sum += (uintptr_t)value;
            gsaw_scheduler_forget(scheduler, handles[i]);
        }
    }
    gsaw_context_set_value(context, (void *)sum, NULL);
    return GSAW_OK;
}

static void test_scheduler_waits_nest_to_any_depth(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 3; workers++) {
        shared self;
        open_with(&self, &(gsaw_scheduler_options){.workers = workers});
        gsaw_task_definition root = {.function = sum_tree, .argument = (void *)(uintptr_t)9};
        gsaw_handle handle = add(&self, &root);
        assert_int_equal(gsaw_scheduler_wait(self.scheduler, handle, GSAW_NO_DEADLINE, NULL),
                         GSAW_OK);
        void *sum = NULL;
        assert_int_equal(gsaw_scheduler_take_value(self.scheduler, handle, &sum), GSAW_OK);
        assert_int_equal((uintptr_t)sum, 1023);
        close_all(&self);
    }
}

static void test_scheduler_waits_for_any_and_until(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    gsaw_task_definition blocked = {.function = gate, .argument = &self}, quick = task_of("q", 0);
    gsaw_handle handles[2] = {add(&self, &blocked), add(&self, &quick)};
    uint64_t soon_ns = gsaw__clock_ns() + 2000000;
    size_t which = 7;
    assert_int_equal(gsaw_scheduler_wait_any(self.scheduler, handles, 2, soon_ns, &which),
                     GSAW_TIMEOUT);
    assert_int_equal(gsaw_scheduler_wait_all(self.scheduler, soon_ns, NULL), GSAW_TIMEOUT);
    bool never;
    gsaw_scheduler_cancel(self.scheduler, handles[1], false, &never);
    assert_int_equal(gsaw_scheduler_wait_any(self.scheduler, handles, 2, GSAW_NO_DEADLINE, &which),
                     GSAW_OK);
    assert_int_equal(which, 1);
    run_all(&self);
    close_all(&self);
}

/* ---- limits, memory, shutdown ---- */

static void test_scheduler_limits_tasks_in_flight(void **state)
{
    (void)state;
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 1, .tasks_max = 2});
    current = &self;
    hold(&self);
    gsaw_task_definition one = {.function = say, .argument = text("x")};
    gsaw_error error;
    add(&self, &one);
    assert_int_equal(gsaw_scheduler_try_schedule(self.scheduler, &one, 1, NULL, &error),
                     GSAW_AGAIN);
    assert_string_equal(error.text, "2 tasks are in flight");
    open_gate(&self);
    for (int i = 0; i < 100; i++) {
        add(&self, &one); /* waits for room */
        gsaw_scheduler_counts counts;
        gsaw_scheduler_count(self.scheduler, &counts);
        assert_true(counts.waiting + counts.queued + counts.running <= 2);
    }
    gsaw_task_definition three[3] = {one, one, one};
    assert_int_equal(gsaw_scheduler_schedule_batch(self.scheduler, three, 3, NULL, NULL), GSAW_OK);
    run_all(&self);
    close_all(&self);
}

static gsaw_status report(gsaw_context *context, void *argument)
{
    write_log(argument);
    gsaw_context_report_memory(context, 300);
    return GSAW_OK;
}

static void test_scheduler_admits_by_memory(void **state)
{
    (void)state;
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 2, .memory_max = 1000});
    current = &self;
    gsaw_task_definition holder = {.function = gate, .argument = &self, .memory = 700};
    add(&self, &holder);
    wait_entered(&self, 1);
    gsaw_task_definition large = task_of("large", 9), small = task_of("small", 0);
    large.memory = 400;
    small.memory = 200;
    gsaw_handle kept = add(&self, &large);
    gsaw_handle passes = add(&self, &small);
    assert_int_equal(gsaw_scheduler_wait(self.scheduler, passes, GSAW_NO_DEADLINE, NULL), GSAW_OK);
    assert_int_equal(state_of(&self, kept), GSAW_TASK_QUEUED);
    gsaw_scheduler_counts counts;
    gsaw_scheduler_count(self.scheduler, &counts);
    assert_int_equal(counts.memory, 700);
    run_all(&self);
    assert_string_equal(self.log, "small large");
    gsaw_task_definition giant = task_of("giant", 0); /* one may always run */
    giant.memory = UINT64_MAX;
    add(&self, &giant);
    run_all(&self);
    gsaw_scheduler_count(self.scheduler, &counts);
    assert_int_equal(counts.memory, 0);
    close_all(&self);
}

static void test_scheduler_learns_what_memory_is_used(void **state)
{
    (void)state;
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 2, .memory_max = 1000});
    current = &self;
    gsaw_task_definition learner = {
        .function = report, .argument = text("r"), .memory = 900, .kind = "parse"};
    for (int i = 0; i < 20; i++)
        add(&self, &learner);
    run_all(&self);
    gsaw_task_definition holder = {
        .function = gate, .argument = &self, .memory = 900, .kind = "parse"};
    self.is_open = false;
    self.entered = 0;
    add(&self, &holder);
    add(&self, &holder); /* two fit now: some 300 each */
    wait_entered(&self, 2);
    gsaw_scheduler_counts counts;
    gsaw_scheduler_count(self.scheduler, &counts);
    assert_in_range(counts.memory, 600, 640);
    run_all(&self);
    close_all(&self);
}

static void test_scheduler_shutdown_names_what_does_not_end(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    gsaw_task_definition stuck = {.id = "stuck", .function = gate, .argument = &self},
                         queued = task_of("queued", 0);
    add(&self, &stuck);
    gsaw_handle handle = add(&self, &queued);
    wait_entered(&self, 1);
    gsaw_error error;
    assert_int_equal(gsaw_scheduler_shutdown(self.scheduler, GSAW_SHUTDOWN_DRAIN,
                                             gsaw__clock_ns() + 2000000, &error),
                     GSAW_TIMEOUT);
    assert_string_equal(error.text, "still running: stuck");
    assert_int_equal(state_of(&self, handle), GSAW_TASK_CANCELLED);
    gsaw_handle running[2];
    assert_int_equal(gsaw_scheduler_running(self.scheduler, running, 2), 1);
    assert_int_equal(running[0], gsaw_scheduler_find(self.scheduler, "stuck"));
    queued.id = "more";
    assert_int_equal(gsaw_scheduler_schedule(self.scheduler, &queued, NULL, NULL), GSAW_CLOSED);
    open_gate(&self);
    assert_int_equal(
        gsaw_scheduler_shutdown(self.scheduler, GSAW_SHUTDOWN_DRAIN, GSAW_NO_DEADLINE, &error),
        GSAW_OK);
    close_all(&self);
}

static void test_scheduler_makes_uuids(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    gsaw_task_definition one = {.function = say, .argument = text("x")};
    char ids[2][40];
    for (int i = 0; i < 2; i++) {
        gsaw_handle handle = add(&self, &one);
        const char *id = gsaw_scheduler_id(self.scheduler, handle);
        assert_int_equal(strlen(id), 36);
        assert_int_equal(id[14], '4');
        assert_non_null(strchr("89ab", id[19]));
        assert_int_equal(gsaw_scheduler_find(self.scheduler, id), handle);
        assert_string_equal(gsaw_scheduler_id(self.scheduler, handle), id);
        snprintf(ids[i], sizeof ids[i], "%s", id);
    }
    assert_string_not_equal(ids[0], ids[1]);
    run_all(&self);
    close_all(&self);
    open_one(&self); /* the same seed, the same ids */
    gsaw_handle handle = add(&self, &one);
    assert_string_equal(gsaw_scheduler_id(self.scheduler, handle), ids[0]);
    run_all(&self);
    close_all(&self);
}

static void test_scheduler_takes_long_chains_without_recursion(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    shared self;
    open_one(&self);
    current = &self;
    hold(&self);
    gsaw_handle before = 0;
    for (int i = 0; i < COUNT; i++) {
        gsaw_task_definition link = {.function = say_and_fail,
                                     .argument = text("x"),
                                     .after = &before,
                                     .after_count = i > 0};
        before = add(&self, &link);
    }
    assert_int_equal(gsaw_scheduler_raise(self.scheduler, before, 50), GSAW_OK);
    run_all(&self);
    gsaw_scheduler_counts counts;
    gsaw_scheduler_count(self.scheduler, &counts);
    assert_int_equal(counts.failed, 1);
    assert_int_equal(counts.skipped, COUNT - 1);
    assert_string_equal(self.log, "x");
    close_all(&self);
}

static void test_scheduler_without_memory_takes_all_or_nothing(void **state)
{
    (void)state;
    size_t refused = 0;
    for (int from = 0; from < 2; from++) {
        gsaw_status status = GSAW_NO_MEMORY;
        for (size_t n = 1; status != GSAW_OK; n++) {
            gsaw_failing_allocator failing;
            gsaw_failing_allocator_init(&failing, n, from);
            gsaw_scheduler_options options = {.size = sizeof options,
                                              .allocator = &failing.allocator,
                                              .workers = 2,
                                              .memory_max = 1000,
                                              .times = true};
            gsaw_scheduler *scheduler;
            status = gsaw_scheduler_new(&options, &scheduler, NULL);
            if (status == GSAW_OK) {
                const char *on_b[] = {"b"}, *on_c[] = {"c", "to come"};
                gsaw_task_definition tasks[] = {
                    {.id = "a",
                     .function = make_value,
                     .argument = text("a"),
                     .depends = on_b,
                     .depends_count = 1,
                     .retries = 3},
                    {.id = "b",
                     .function = make_value,
                     .argument = text("b"),
                     .depends = on_c,
                     .depends_count = 2,
                     .retries = 3,
                     .may_come_later = true},
                    {.id = "c",
                     .function = make_value,
                     .argument = text("c"),
                     .retries = 3,
                     .memory = 5,
                     .kind = "k",
                     .deadline_ns = UINT64_MAX - 1},
                };
                gsaw_scheduler_counts counts;
                status = gsaw_scheduler_schedule_batch(scheduler, tasks, 3, NULL, NULL);
                gsaw_scheduler_count(scheduler, &counts);
                assert_int_equal(counts.submitted, status == GSAW_OK ? 3 : 0);
                assert_int_equal(counts.announced, status == GSAW_OK ? 1 : 0);
                refused += status != GSAW_OK;
                gsaw_task_definition come = {
                    .id = "to come", .function = make_value, .argument = text("d"), .retries = 3};
                if (status == GSAW_OK)
                    status = gsaw_scheduler_schedule(scheduler, &come, NULL, NULL);
                gsaw_status waited = gsaw_scheduler_wait_all(scheduler, GSAW_NO_DEADLINE, NULL);
                assert_int_equal(
                    waited, status == GSAW_OK || counts.submitted == 0 ? GSAW_OK : GSAW_NOT_FOUND);
                gsaw_scheduler_free(scheduler);
            }
            assert_true(status == GSAW_OK || status == GSAW_NO_MEMORY);
            assert_int_equal(failing.live_bytes, 0);
            assert_true(n < 1000);
        }
    }
    assert_true(refused > 10);
}

static gsaw_status no_thread(gsaw__thread *thread, const gsaw__thread_options *options,
                             gsaw_error *error)
{
    (void)thread, (void)options, (void)error;
    return GSAW_LIMIT;
}

static void test_scheduler_without_threads_runs_in_those_who_wait(void **state)
{
    (void)state;
    gsaw_pool_options pool_options = {.size = sizeof pool_options, .workers = 2};
    gsaw_pool *pool;
    assert_int_equal(gsaw__pool_new_with(&pool_options, no_thread, &pool, NULL), GSAW_OK);
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.pool = pool, .tasks_max = 2});
    current = &self;
    gsaw_task_definition root = {.function = sum_tree, .argument = (void *)(uintptr_t)5};
    gsaw_task_definition one = {.function = say, .argument = text("x")};
    gsaw_handle handle = add(&self, &root);
    assert_int_equal(gsaw_scheduler_wait(self.scheduler, handle, GSAW_NO_DEADLINE, NULL), GSAW_OK);
    for (int i = 0; i < 5; i++)
        add(&self, &one);
    gsaw_error error;
    one.retries = 1;
    assert_int_equal(gsaw_scheduler_schedule(self.scheduler, &one, NULL, &error), GSAW_LIMIT);
    assert_string_equal(error.text, "no thread for deadlines and retries");
    run_all(&self);
    assert_string_equal(self.log, "x x x x x");
    close_all(&self);
    gsaw_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scheduler_retries_and_owns_values),
        cmocka_unit_test(test_scheduler_keeps_deadlines),
        cmocka_unit_test(test_scheduler_wait_inside_helps_with_its_own_alone),
        cmocka_unit_test(test_scheduler_refuses_a_wait_that_cannot_end),
        cmocka_unit_test(test_scheduler_refuses_waits_that_cross),
        cmocka_unit_test(test_scheduler_waits_nest_to_any_depth),
        cmocka_unit_test(test_scheduler_waits_for_any_and_until),
        cmocka_unit_test(test_scheduler_limits_tasks_in_flight),
        cmocka_unit_test(test_scheduler_admits_by_memory),
        cmocka_unit_test(test_scheduler_learns_what_memory_is_used),
        cmocka_unit_test(test_scheduler_shutdown_names_what_does_not_end),
        cmocka_unit_test(test_scheduler_makes_uuids),
        cmocka_unit_test(test_scheduler_takes_long_chains_without_recursion),
        cmocka_unit_test(test_scheduler_without_memory_takes_all_or_nothing),
        cmocka_unit_test(test_scheduler_without_threads_runs_in_those_who_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
