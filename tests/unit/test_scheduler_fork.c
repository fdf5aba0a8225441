/* test_scheduler_fork.c - TaskScheduler in a forked child: every call returns.
 * Keeps:   a child that hangs is ended by its alarm, and the test fails.
 * Threads: a pool of 2 and one that schedules, so that some lock is held at the fork.
 * Next:    task/scheduler.c, test_lifecycle.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "scheduler_fixture.h"
#include "base/atomic.h"

static int use_after_fork(gsaw_scheduler *scheduler, gsaw_handle task)
{
    gsaw_task_definition definition = {.function = say, .argument = text("x")};
    gsaw_scheduler_counts counts;
    gsaw_task_result result;
    gsaw_task_state now;
    gsaw_handle running;
    void *value;
    bool never;
    size_t which;
    bool right =
        gsaw_scheduler_schedule(scheduler, &definition, NULL, NULL) == GSAW_CLOSED &&
        gsaw_scheduler_try_schedule(scheduler, &definition, 1, NULL, NULL) == GSAW_CLOSED &&
        gsaw_scheduler_wait(scheduler, task, GSAW_NO_DEADLINE, NULL) == GSAW_CLOSED &&
        gsaw_scheduler_wait_any(scheduler, &task, 1, GSAW_NO_DEADLINE, &which) == GSAW_CLOSED &&
        gsaw_scheduler_wait_all(scheduler, GSAW_NO_DEADLINE, NULL) == GSAW_CLOSED &&
        gsaw_scheduler_cancel(scheduler, task, true, &never) == GSAW_CLOSED &&
        gsaw_scheduler_get_status(scheduler, task, &now) == GSAW_CLOSED &&
        gsaw_scheduler_result(scheduler, task, &result) == GSAW_CLOSED &&
        gsaw_scheduler_take_value(scheduler, task, &value) == GSAW_CLOSED &&
        gsaw_scheduler_forget(scheduler, task) == GSAW_CLOSED &&
        gsaw_scheduler_raise(scheduler, task, 5) == GSAW_CLOSED &&
        gsaw_scheduler_find(scheduler, "x") == 0 && gsaw_scheduler_id(scheduler, task) == NULL &&
        gsaw_scheduler_running(scheduler, &running, 1) == 0 &&
        gsaw_scheduler_shutdown(scheduler, GSAW_SHUTDOWN_CANCEL, GSAW_NO_DEADLINE, NULL) ==
            GSAW_CLOSED;
    gsaw_scheduler_cancel_all(scheduler);
    gsaw_scheduler_count(scheduler, &counts);
#if !defined(__SANITIZE_THREAD__) /* for which the threads of the parent go on in the child */
    gsaw_scheduler_free(scheduler);
#endif
    return right && counts.submitted == 0 ? 0 : 1;
}

static gsaw_status count_up(gsaw_context *context, void *argument)
{
    (void)context;
    gsaw__add_relaxed((_Atomic uint64_t *)argument, 1); /* test: a count */
    return GSAW_OK;
}

typedef struct busy_thread {
    shared *self;
    gsaw_task_definition definition;
    _Atomic bool is_over;
} busy_thread;

static void schedule_for_ever(void *argument)
{
    busy_thread *self = argument;
    while (!gsaw__load_acquire(&self->is_over)) /* test: set below */
        gsaw_scheduler_schedule(self->self->scheduler, &self->definition, NULL, NULL);
}

/* In a forked child every call returns, whoever held the lock. */
static void test_scheduler_is_closed_in_a_forked_child(void **state)
{
    (void)state;
    _Atomic uint64_t runs = 0;
    shared self;
    current = &self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 2, .tasks_max = 100, .forget = true});
    busy_thread busy = {.self = &self, .definition = {.function = count_up, .argument = &runs}};
    gsaw__thread thread;
    gsaw__thread_options options = {
        .function = schedule_for_ever, .argument = &busy, .name = "busy"};
    assert_int_equal(gsaw__thread_start(&thread, &options, NULL), GSAW_OK);
    for (int round = 0; round < 20; round++) {
        gsaw_handle task = add(&self, &busy.definition);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            alarm(20); /* a hang is a failure, too */
            _exit(use_after_fork(self.scheduler, task));
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    gsaw__store_release(&busy.is_over, true); /* test: pairs with the load above */
    gsaw__thread_join(&thread);
    run_all(&self); /* the parent is unharmed */
    close_all(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scheduler_is_closed_in_a_forked_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
