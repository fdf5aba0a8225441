/* test_scheduler_forget.c - TaskScheduler: what is given up is gone, and what is looked at stays.
 * Keeps:   every value is destroyed once, and not while anybody may look at it.
 * Threads: pools of 1; one that waits beside the test.
 * Next:    task/record.c, task/end.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "scheduler_fixture.h"
#include "base/atomic.h"

static _Atomic uint32_t destroyed;

static void destroy_value(void *value)
{
    gsaw__add_relaxed(&destroyed, 1); /* test: a count */
    free(value);
}

static void set_value(gsaw_context *context)
{
    char *value = malloc(16);
    assert_non_null(value);
    gsaw_context_set_value(context, value, destroy_value);
}

static gsaw_status fail_with_value(gsaw_context *context, void *argument)
{
    set_value(context);
    return say_and_fail(context, argument);
}

/* The first attempt fails; the second waits at the gate. Each leaves a value and a text. */
static gsaw_status fail_then_gate(gsaw_context *context, void *argument)
{
    set_value(context);
    if (gsaw_context_attempt(context) == 1)
        return gsaw_context_fail(context, GSAW_DAMAGED, "the first attempt");
    return gate(context, argument);
}

static void test_scheduler_forgets_what_was_cancelled_while_it_waited(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    hold(&self);
    gsaw_task_definition a = task_of("a", 0), b = task_of("b", 0);
    gsaw_handle first = add(&self, &a);
    b.after = &first;
    b.after_count = 1;
    gsaw_handle second = add(&self, &b);
    assert_int_equal(gsaw_scheduler_cancel(self.scheduler, second, false, NULL), GSAW_OK);
    assert_int_equal(gsaw_scheduler_forget(self.scheduler, second), GSAW_OK);
    /* At once, though what it waited for has not ended: */
    gsaw_task_state now;
    assert_int_equal(gsaw_scheduler_find(self.scheduler, "b"), 0);
    assert_int_equal(gsaw_scheduler_get_status(self.scheduler, second, &now), GSAW_NOT_FOUND);
    assert_int_equal(gsaw_scheduler_forget(self.scheduler, second), GSAW_NOT_FOUND);
    gsaw_handle third = add(&self, &b); /* the id is free */
    assert_int_equal(gsaw_scheduler_find(self.scheduler, "b"), third);
    run_all(&self);
    assert_string_equal(self.log, "a b");
    assert_int_equal(state_of(&self, third), GSAW_TASK_DONE);
    close_all(&self);
}

/* A task that is skipped by two at once, and was given up before: it goes once. */
static void test_scheduler_forgets_what_is_skipped_twice(void **state)
{
    (void)state;
    enum { COUNT = 50 };
    shared self;
    open_one(&self);
    current = &self;
    hold(&self);
    for (int i = 0; i < COUNT; i++) {
        gsaw_task_definition bad = {.function = say_and_fail, .argument = text("x")},
                             next = {.function = say, .argument = text("y")}, last = next;
        gsaw_handle on[2] = {add(&self, &bad)};
        next.after = on;
        next.after_count = 1;
        on[1] = add(&self, &next);
        last.after = on;
        last.after_count = 2;
        gsaw_scheduler_forget(self.scheduler, add(&self, &last));
    }
    run_all(&self);
    gsaw_scheduler_counts counts;
    gsaw_scheduler_count(self.scheduler, &counts);
    assert_int_equal(counts.failed, COUNT);
    assert_int_equal(counts.skipped, 2 * COUNT);
    gsaw_handle places[COUNT]; /* each place is given out once, and its handle is good */
    gsaw_task_definition more = {.function = say, .argument = text("z")};
    for (int i = 0; i < COUNT; i++)
        places[i] = add(&self, &more);
    run_all(&self);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(state_of(&self, places[i]), GSAW_TASK_DONE);
        for (int before = 0; before < i; before++)
            assert_true((uint32_t)places[before] != (uint32_t)places[i]);
    }
    close_all(&self);
}

typedef struct waiter {
    shared *self;
    gsaw_handle tasks[2];
    gsaw_status status;
} waiter;

static void wait_for_both(void *argument)
{
    waiter *self = argument;
    self->status =
        gsaw_scheduler_wait_these(self->self->scheduler, self->tasks, 2, GSAW_NO_DEADLINE, NULL);
}

/* A task that is waited for is there until the wait is over, whatever happens to it. */
static void test_scheduler_keeps_what_is_waited_for(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    hold(&self);
    gsaw_task_definition a = task_of("a", 5), b = task_of("b", 0), c = task_of("c", 0);
    gsaw_handle first = add(&self, &a);
    b.after = &first;
    b.after_count = 1;
    c.function = gate;
    c.argument = &self;
    waiter waiting = {.self = &self, .tasks = {add(&self, &b), add(&self, &c)}};
    gsaw__thread thread;
    gsaw__thread_options options = {
        .function = wait_for_both, .argument = &waiting, .name = "waiter"};
    assert_int_equal(gsaw__thread_start(&thread, &options, NULL), GSAW_OK);
    /* The wait counts as begun when its deadline can pass: let it come that far. */
    gsaw_scheduler_wait(self.scheduler, first, gsaw__clock_ns() + 20000000, NULL);
    assert_int_equal(gsaw_scheduler_cancel(self.scheduler, waiting.tasks[0], false, NULL), GSAW_OK);
    assert_int_equal(gsaw_scheduler_forget(self.scheduler, waiting.tasks[0]), GSAW_OK);
    run_all(&self); /* a ends: the last that b waited for */
    gsaw__thread_join(&thread);
    assert_int_equal(waiting.status, GSAW_OK);
    assert_int_equal(gsaw_scheduler_find(self.scheduler, "b"), 0);
    close_all(&self);
}

static void test_scheduler_forgets_between_attempts(void **state)
{
    (void)state;
    gsaw__store_relaxed(&destroyed, 0); /* test: a count */
    for (int cancelled = 0; cancelled < 2; cancelled++) {
        shared self;
        open_one(&self);
        current = &self;
        gsaw_task_definition definition = {.id = "v",
                                           .function = fail_with_value,
                                           .argument = text("v"),
                                           .retries = 1,
                                           .backoff_ns = 5000000};
        gsaw_handle handle = add(&self, &definition);
        gsaw_task_state now = GSAW_TASK_NEW;
        while (now != GSAW_TASK_WAITING || self.log[0] == '\0')
            assert_int_equal(gsaw_scheduler_get_status(self.scheduler, handle, &now), GSAW_OK);
        assert_int_equal(gsaw_scheduler_forget(self.scheduler, handle), GSAW_OK);
        if (cancelled != 0)
            gsaw_scheduler_cancel(self.scheduler, handle, false, NULL);
        run_all(&self);
        assert_int_equal(gsaw_scheduler_find(self.scheduler, "v"), 0);
        assert_int_equal(gsaw__load_relaxed(&destroyed), cancelled == 0 ? 2 : 3); /* test: count */
        close_all(&self);
        assert_int_equal(gsaw__load_relaxed(&destroyed), cancelled == 0 ? 2 : 3); /* test: count */
    }
}

/* Text and value of an attempt go when the next one fails or succeeds: nobody is to hold a view. */
static void test_scheduler_shows_no_views_that_may_go(void **state)
{
    (void)state;
    gsaw__store_relaxed(&destroyed, 0); /* test: a count */
    shared self;
    open_one(&self);
    current = &self;
    gsaw_task_definition definition = {
        .id = "v", .function = fail_then_gate, .argument = &self, .retries = 1};
    gsaw_handle handle = add(&self, &definition);
    wait_entered(&self, 1);
    assert_string_equal(result_of(&self, "v").text, "");
    assert_null(result_of(&self, "v").value);
    void *value = NULL;
    assert_int_equal(gsaw_scheduler_take_value(self.scheduler, handle, &value), GSAW_AGAIN);
    run_all(&self);
    assert_non_null(result_of(&self, "v").value);
    assert_string_equal(result_of(&self, "v").text, ""); /* it is done: nothing went wrong */
    assert_int_equal(gsaw__load_relaxed(&destroyed), 1); /* test: a count */
    close_all(&self);
    assert_int_equal(gsaw__load_relaxed(&destroyed), 2); /* test: a count */
}

/* Each value once, however its task ends and whoever asks first. */
static void test_scheduler_destroys_each_value_once(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    gsaw__store_relaxed(&destroyed, 0); /* test: a count */
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 2});
    current = &self;
    gsaw_handle handles[COUNT];
    uint32_t taken = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        gsaw_task_definition one = {.function = fail_with_value,
                                    .argument = text("x"),
                                    .retries = i % 3,
                                    .backoff_ns = i % 2 * 1000};
        handles[i] = add(&self, &one);
        if (i % 5 == 0)
            assert_int_equal(gsaw_scheduler_forget(self.scheduler, handles[i]), GSAW_OK);
        if (i % 7 == 0)
            gsaw_scheduler_cancel(self.scheduler, handles[i], false, NULL);
    }
    run_all(&self);
    for (uint32_t i = 0; i < COUNT; i++) {
        void *value = NULL;
        if (i % 4 == 0 && gsaw_scheduler_take_value(self.scheduler, handles[i], &value) == GSAW_OK)
            taken += value != NULL;
        free(value);
    }
    uint32_t runs = 0;
    for (const char *at = self.log; *at != '\0'; at++)
        runs += *at == 'x';
    close_all(&self);
    assert_int_equal(gsaw__load_relaxed(&destroyed) + taken, runs); /* test: all has ended */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scheduler_forgets_what_was_cancelled_while_it_waited),
        cmocka_unit_test(test_scheduler_forgets_what_is_skipped_twice),
        cmocka_unit_test(test_scheduler_keeps_what_is_waited_for),
        cmocka_unit_test(test_scheduler_forgets_between_attempts),
        cmocka_unit_test(test_scheduler_shows_no_views_that_may_go),
        cmocka_unit_test(test_scheduler_destroys_each_value_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
