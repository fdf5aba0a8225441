/* test_scheduler_stuck.c - TaskScheduler: nothing waits for ever that could be told so.
 * Keeps:   every wait here has a deadline, so that a hang is a failure and no more.
 * Threads: pools of 0 to 3, and threads of the test's own.
 * Next:    task/wait.c, task/executor.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <time.h>

#include "scheduler_fixture.h"
#include "base/atomic.h"
#include "task/scheduler.h"

#define LONG_NS UINT64_C(10000000000) /* what takes longer never ends */

static uint64_t long_deadline(void) { return gsaw__clock_ns() + LONG_NS; }

/* ---- what was announced and does not come ---- */

static gsaw_status schedule_and_wait(gsaw_context *context, void *argument)
{
    shared *self = argument;
    const char *on[] = {"never"};
    gsaw_task_definition child = task_of("child", 0);
    child.depends = on;
    child.depends_count = 1;
    child.may_come_later = true;
    gsaw_handle handle = add(self, &child);
    gsaw_status status =
        gsaw_scheduler_wait(gsaw_context_scheduler(context), handle, GSAW_NO_DEADLINE, NULL);
    write_log("waited");
    return status;
}

/* A task that waits inside for what waits for an id that does not come. */
static void test_scheduler_reports_running_tasks_that_wait_for_what_never_came(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 2; workers++) {
        shared self;
        open_with(&self, &(gsaw_scheduler_options){.workers = workers});
        current = &self;
        gsaw_task_definition parent = {
            .id = "parent", .function = schedule_and_wait, .argument = &self};
        add(&self, &parent);
        gsaw_error error = {0};
        assert_int_equal(gsaw_scheduler_wait_all(self.scheduler, long_deadline(), &error),
                         GSAW_NOT_FOUND);
        assert_string_equal(error.text, "never came: never");
        assert_int_equal(
            gsaw_scheduler_shutdown(self.scheduler, GSAW_SHUTDOWN_DRAIN, long_deadline(), &error),
            GSAW_OK);
        assert_string_equal(self.log, "waited");
        assert_int_equal(result_of(&self, "child").state, GSAW_TASK_CANCELLED);
        assert_int_equal(result_of(&self, "parent").state, GSAW_TASK_DONE);
        close_all(&self);
    }
}

/* It comes after all: the task that waits inside goes on. */
static void test_scheduler_goes_on_when_it_comes_after_all(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    gsaw_task_definition parent = {.id = "parent",
                                   .function = schedule_and_wait,
                                   .argument = &self},
                         late = task_of("never", 0);
    add(&self, &parent);
    assert_int_equal(gsaw_scheduler_wait_all(self.scheduler, long_deadline(), NULL),
                     GSAW_NOT_FOUND);
    add(&self, &late);
    assert_int_equal(gsaw_scheduler_wait_all(self.scheduler, long_deadline(), NULL), GSAW_OK);
    assert_string_equal(self.log, "never child waited");
    close_all(&self);
}

/* What was announced depends on the task that waits inside for what waits for it. */
static void test_scheduler_refuses_cycles_through_waits_inside(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    gsaw_task_definition parent = {.id = "parent",
                                   .function = schedule_and_wait,
                                   .argument = &self},
                         late = task_of("never", 0);
    gsaw_handle handle = add(&self, &parent);
    assert_int_equal(gsaw_scheduler_wait_all(self.scheduler, long_deadline(), NULL),
                     GSAW_NOT_FOUND);
    late.after = &handle;
    late.after_count = 1;
    gsaw_error error = {0};
    assert_int_equal(gsaw_scheduler_schedule(self.scheduler, &late, NULL, &error), GSAW_INVALID);
    assert_string_equal(error.text, "cycle: parent -> child -> never -> parent");
    late.after_count = 0;
    add(&self, &late);
    assert_int_equal(gsaw_scheduler_wait_all(self.scheduler, long_deadline(), NULL), GSAW_OK);
    close_all(&self);
}

typedef struct thread_of {
    shared *self;
    gsaw_task_definition definition;
    gsaw_status status;
    _Atomic bool has_ended;
} thread_of;

static void schedule_it(void *argument)
{
    thread_of *self = argument;
    self->status = gsaw_scheduler_schedule(self->self->scheduler, &self->definition, NULL, NULL);
    gsaw__store_release(&self->has_ended, true); /* test: pairs with await() */
}

static void start(gsaw__thread *thread, gsaw__thread_function *function, void *argument)
{
    gsaw__thread_options options = {.function = function, .argument = argument, .name = "test"};
    assert_int_equal(gsaw__thread_start(thread, &options, NULL), GSAW_OK);
}

static bool await(const _Atomic bool *flag)
{
    uint64_t until_ns = long_deadline();
    while (!gsaw__load_acquire(flag) &&
           gsaw__clock_ns() < until_ns) /* test: pairs with its store */
        gsaw__thread_pause();
    return gsaw__load_acquire(flag); /* test: the same */
}

/* All that is in flight waits for what has no room: it is let in. */
static void test_scheduler_lets_in_what_the_others_wait_for(void **state)
{
    (void)state;
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 1, .tasks_max = 2});
    current = &self;
    const char *on[] = {"late"};
    gsaw_task_definition tasks[] = {task_of("a", 0), task_of("b", 0)};
    for (int i = 0; i < 2; i++) {
        tasks[i].depends = on;
        tasks[i].depends_count = 1;
        tasks[i].may_come_later = true;
        add(&self, &tasks[i]);
    }
    gsaw__thread thread;
    thread_of late = {.self = &self, .definition = task_of("late", 0)};
    start(&thread, schedule_it, &late);
    bool in_time = await(&late.has_ended);
    if (!in_time)
        gsaw_scheduler_cancel_all(self.scheduler);
    gsaw__thread_join(&thread);
    assert_true(in_time);
    run_all(&self);
    assert_string_equal(self.log, "late a b");
    close_all(&self);
}

/* A shutdown refuses who waits for room. */
static void test_scheduler_shutdown_refuses_who_waits_for_room(void **state)
{
    (void)state;
    for (int how = 0; how < 2; how++) {
        shared self;
        open_with(&self, &(gsaw_scheduler_options){.workers = 1, .tasks_max = 1});
        current = &self;
        gsaw_task_definition running = {.function = gate, .argument = &self};
        add(&self, &running);
        wait_entered(&self, 1);
        gsaw__thread thread;
        thread_of more = {.self = &self, .definition = task_of("more", 0)};
        start(&thread, schedule_it, &more);
        gsaw_scheduler_wait_all(self.scheduler, gsaw__clock_ns() + 5000000, NULL); /* it waits */
        assert_int_equal(gsaw_scheduler_shutdown(self.scheduler, (gsaw_shutdown)how,
                                                 gsaw__clock_ns() + 5000000, NULL),
                         GSAW_TIMEOUT);
        assert_true(await(&more.has_ended)); /* while the other still runs */
        gsaw__thread_join(&thread);
        assert_int_equal(more.status, GSAW_CLOSED);
        assert_int_equal(gsaw_scheduler_find(self.scheduler, "more"), 0);
        open_gate(&self);
        close_all(&self);
    }
}

/* ---- no threads ---- */

static gsaw_status no_thread(gsaw__thread *thread, const gsaw__thread_options *options,
                             gsaw_error *error)
{
    (void)thread, (void)options, (void)error;
    return GSAW_LIMIT;
}

typedef struct quiet_wait {
    shared *self;
    gsaw_handle task;
    gsaw_status status;
    _Atomic bool has_ended;
} quiet_wait;

static void wait_for_it(void *argument)
{
    quiet_wait *self = argument;
    self->status = gsaw_scheduler_wait(self->self->scheduler, self->task, long_deadline(), NULL);
    gsaw__store_release(&self->has_ended, true); /* test: pairs with await() */
}

/* Who waits runs what another thread schedules later, if there are no workers; and a task that
 * waits inside is woken by it. */
static void test_scheduler_without_threads_runs_what_comes_later(void **state)
{
    (void)state;
    for (int inside = 0; inside < 2; inside++) {
        gsaw_pool_options pool_options = {.size = sizeof pool_options, .workers = 2};
        gsaw_pool *pool;
        assert_int_equal(gsaw__pool_new_with(&pool_options, no_thread, &pool, NULL), GSAW_OK);
        shared self;
        open_with(&self, &(gsaw_scheduler_options){.pool = pool});
        current = &self;
        const char *on[] = {"never"};
        gsaw_task_definition parent = {.function = schedule_and_wait, .argument = &self},
                             child = task_of("child", 0), late = task_of("never", 0);
        child.depends = on;
        child.depends_count = 1;
        child.may_come_later = true;
        quiet_wait waiting = {.self = &self, .task = add(&self, inside != 0 ? &parent : &child)};
        gsaw__thread thread;
        start(&thread, wait_for_it, &waiting);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL); /* the other falls asleep */
        add(&self, &late);
        assert_true(await(&waiting.has_ended));
        gsaw__thread_join(&thread);
        assert_int_equal(waiting.status, GSAW_OK);
        close_all(&self);
        gsaw_pool_free(pool);
    }
}

/* ---- priorities ---- */

static gsaw_status wait_for_two(gsaw_context *context, void *argument)
{
    shared *self = argument;
    const char *on[] = {"running"};
    gsaw_task_definition definitions[] = {task_of("x", 0), task_of("y", 0)};
    gsaw_handle handles[2];
    for (int i = 0; i < 2; i++) {
        definitions[i].depends = on;
        definitions[i].depends_count = 1;
        handles[i] = add(self, &definitions[i]);
    }
    return gsaw_scheduler_wait_these(gsaw_context_scheduler(context), handles, 2, GSAW_NO_DEADLINE,
                                     NULL);
}

/* What is waited for inherits through a task that waits inside, too, whenever the one that lends
 * its priority comes. The worker that waits takes one of x and y; the other is left to the order.
 */
static void test_scheduler_lets_inherit_through_waits_inside(void **state)
{
    (void)state;
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 2, .critical_path_priority = -1});
    current = &self;
    gsaw_task_definition running = {.id = "running", .function = gate, .argument = &self},
                         waiter = {.id = "waiter", .function = wait_for_two, .argument = &self},
                         top = task_of("top", 9);
    add(&self, &running);
    wait_entered(&self, 1);
    gsaw_handle handle = add(&self, &waiter);
    while (gsaw_scheduler_find(self.scheduler, "y") == 0)
        gsaw__thread_pause();
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL); /* the waiter is in its wait */
    top.after = &handle;
    top.after_count = 1;
    add(&self, &top);
    gsaw_scheduler_raise(self.scheduler, handle, 9); /* and a raise goes the same way */
    gsaw_task_result y;
    assert_int_equal(
        gsaw_scheduler_result(self.scheduler, gsaw_scheduler_find(self.scheduler, "y"), &y),
        GSAW_OK);
    const gsaw__record *record = gsaw__record_at(self.scheduler, (uint32_t)y.handle);
    assert_int_equal(record->priority, 9);
    const gsaw_handle on_running = gsaw_scheduler_find(self.scheduler, "running");
    record = gsaw__record_at(self.scheduler, (uint32_t)on_running);
    assert_int_equal(record->priority, 9);
    run_all(&self);
    close_all(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scheduler_lets_inherit_through_waits_inside),
        cmocka_unit_test(test_scheduler_reports_running_tasks_that_wait_for_what_never_came),
        cmocka_unit_test(test_scheduler_goes_on_when_it_comes_after_all),
        cmocka_unit_test(test_scheduler_refuses_cycles_through_waits_inside),
        cmocka_unit_test(test_scheduler_lets_in_what_the_others_wait_for),
        cmocka_unit_test(test_scheduler_shutdown_refuses_who_waits_for_room),
        cmocka_unit_test(test_scheduler_without_threads_runs_what_comes_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
