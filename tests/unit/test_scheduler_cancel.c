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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scheduler_cancel_reaches_what_is_about_to_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
