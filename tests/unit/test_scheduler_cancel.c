/* test_scheduler_cancel.c - TaskScheduler: cancelling, at every moment of a task's life.
 * Keeps:   a task that runs and was cancelled sees it, whenever that came.
 * Threads: pools of 1 and 2.
 * Next:    task/end.c, task/executor.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "scheduler_fixture.h"

#define LONG_NS UINT64_C(10000000000) /* what takes longer never ends */

/* Between its choice and its call the lock is free for a moment: who looks at the right time gets
 * in. */
static void test_scheduler_cancel_reaches_what_is_about_to_run(void **state)
{
    (void)state;
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 2});
    gsaw_task_definition one = {.function = stop_when_asked, .argument = &self};
    for (int round = 0; round < 3000; round++) {
        gsaw_task_definition two[2] = {one, one};
        gsaw_handle handles[2];
        gsaw_task_state now = GSAW_TASK_QUEUED;
        assert_int_equal(gsaw_scheduler_schedule_batch(self.scheduler, two, 2, handles, NULL),
                         GSAW_OK);
        while (now == GSAW_TASK_QUEUED)
            assert_int_equal(gsaw_scheduler_get_status(self.scheduler, handles[0], &now), GSAW_OK);
        gsaw_scheduler_cancel_all(self.scheduler);
        assert_int_equal(gsaw_scheduler_wait_all(self.scheduler, gsaw__clock_ns() + LONG_NS, NULL),
                         GSAW_OK);
        gsaw_scheduler_forget(self.scheduler, handles[0]);
        gsaw_scheduler_forget(self.scheduler, handles[1]);
    }
    close_all(&self);
}

static gsaw_status fail_first(gsaw_context *context, void *argument)
{
    write_log(argument);
    return gsaw_context_attempt(context) == 1 ? GSAW_DAMAGED : GSAW_OK;
}

/* While it waits for its next attempt: it is not tried again, and what depends on it ends as asked;
 * so do those further down. */
static void test_scheduler_cancels_what_backs_off(void **state)
{
    (void)state;
    for (int dependants = 0; dependants < 2; dependants++) {
        shared self;
        open_one(&self);
        current = &self;
        gsaw_task_definition a = {.id = "a",
                                  .function = fail_first,
                                  .argument = text("a"),
                                  .retries = 9,
                                  .backoff_ns = UINT64_C(60000000000)},
                             b = task_of("b", 0), c = task_of("c", 0);
        gsaw_handle handles[3] = {add(&self, &a)};
        b.after = &handles[0];
        c.after = &handles[1];
        b.after_count = c.after_count = 1;
        handles[1] = add(&self, &b);
        handles[2] = add(&self, &c);
        while (self.log[0] == '\0' || state_of(&self, handles[0]) != GSAW_TASK_WAITING)
            gsaw__thread_pause();
        bool never = false;
        assert_int_equal(gsaw_scheduler_cancel(self.scheduler, handles[0], dependants != 0, &never),
                         GSAW_OK);
        assert_true(never);
        assert_int_equal(state_of(&self, handles[0]), GSAW_TASK_CANCELLED);
        for (int i = 1; i < 3; i++)
            assert_int_equal(state_of(&self, handles[i]),
                             dependants != 0 ? GSAW_TASK_CANCELLED : GSAW_TASK_SKIPPED);
        assert_string_equal(result_of(&self, "c").cause_id, dependants != 0 ? "b" : "a");
        run_all(&self); /* at once: nothing is left of the retry */
        assert_string_equal(self.log, "a");
        close_all(&self);
    }
}

/* Many handles, some twice, none at all; the lowest index of what has ended. */
static void test_scheduler_waits_for_the_same_twice(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    hold(&self);
    gsaw_task_definition one = task_of("one", 0), two = task_of("two", 0);
    gsaw_handle first = add(&self, &one), second = add(&self, &two);
    gsaw_handle handles[] = {second, second, first, first, second};
    size_t which = 9;
    assert_int_equal(gsaw_scheduler_wait_any(self.scheduler, handles, 0, GSAW_NO_DEADLINE, &which),
                     GSAW_INVALID);
    assert_int_equal(gsaw_scheduler_wait_these(self.scheduler, handles, 0, GSAW_NO_DEADLINE, NULL),
                     GSAW_OK);
    gsaw_scheduler_cancel(self.scheduler, first, false, NULL);
    assert_int_equal(gsaw_scheduler_wait_any(self.scheduler, handles, 5, GSAW_NO_DEADLINE, &which),
                     GSAW_OK);
    assert_int_equal(which, 2);
    open_gate(&self);
    assert_int_equal(gsaw_scheduler_wait_these(self.scheduler, handles, 5, GSAW_NO_DEADLINE, NULL),
                     GSAW_OK);
    assert_int_equal(gsaw_scheduler_wait_any(self.scheduler, handles, 5, GSAW_NO_DEADLINE, &which),
                     GSAW_OK);
    assert_int_equal(which, 0);
    gsaw_scheduler_forget(self.scheduler, second);
    assert_int_equal(gsaw_scheduler_wait_any(self.scheduler, handles, 5, GSAW_NO_DEADLINE, &which),
                     GSAW_NOT_FOUND);
    run_all(&self);
    close_all(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scheduler_cancels_what_backs_off),
        cmocka_unit_test(test_scheduler_waits_for_the_same_twice),
        cmocka_unit_test(test_scheduler_cancel_reaches_what_is_about_to_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
