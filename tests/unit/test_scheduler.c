/* test_scheduler.c - TaskScheduler: in which order tasks run, what is refused, how they end.
 * Keeps:   order is looked at on one worker that is held until all has been scheduled.
 * Threads: pools of 1 to 3.
 * Next:    task/scheduler.h, test_scheduler_wait.c, test_scheduler_model.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "scheduler_fixture.h"

/* ---- order ---- */

static void test_scheduler_runs_higher_priorities_first_then_older(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    hold(&self);
    gsaw_task_definition tasks[] = {task_of("a", 0), task_of("b", 5), task_of("c", -5),
                                    task_of("d", 5), task_of("e", 0)};
    for (size_t i = 0; i < 5; i++)
        add(&self, &tasks[i]);
    run_all(&self);
    assert_string_equal(self.log, "b d a e c");
    close_all(&self);
}

static void test_scheduler_lets_dependencies_inherit(void **state)
{
    (void)state;
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 1, .critical_path_priority = -1});
    current = &self;
    hold(&self);
    const char *on_a[] = {"a"}, *on_b[] = {"b"};
    gsaw_task_definition a = task_of("a", 0), b = task_of("b", 0), other = task_of("other", 3),
                         top = task_of("top", 9);
    add(&self, &a);
    b.depends = on_a;
    b.depends_count = 1;
    add(&self, &b);
    add(&self, &other);
    top.depends = on_b;
    top.depends_count = 1;
    add(&self, &top);
    run_all(&self);
    assert_string_equal(self.log, "a b top other");
    close_all(&self);
}

static void test_scheduler_runs_the_critical_path_first(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    hold(&self);
    const char *on_x[] = {"x"}, *on_short[] = {"short"};
    gsaw_task_definition tasks[] = {task_of("short", 0), task_of("after", 0), task_of("x", 0),
                                    task_of("long", 0)};
    tasks[1].depends = on_short;
    tasks[3].depends = on_x;
    tasks[1].depends_count = tasks[3].depends_count = 1;
    tasks[3].cost = 100;
    assert_int_equal(gsaw_scheduler_schedule_batch(self.scheduler, tasks, 4, NULL, NULL), GSAW_OK);
    run_all(&self);
    assert_string_equal(self.log, "x long short after");
    close_all(&self);
}

/* Of a diamond, the way by cost, not by number; its start and its end are on it in any case. What
 * the path has more is not inherited: all of it leads to the one end. */
static void test_scheduler_finds_the_critical_path_of_diamonds(void **state)
{
    (void)state;
    for (int dear = 0; dear < 2; dear++) {
        shared self;
        open_with(&self, &(gsaw_scheduler_options){.workers = 1, .critical_path_priority = 3});
        current = &self;
        hold(&self);
        const char *on_top[] = {"top"}, *on_left[] = {"left"}, *on_both[] = {"left2", "right"};
        gsaw_task_definition tasks[] = {task_of("other", 2), task_of("bottom", 0),
                                        task_of("left2", 0), task_of("left", 0),
                                        task_of("right", 0), task_of("top", 0)};
        tasks[1].depends = on_both;
        tasks[2].depends = on_left;
        tasks[3].depends = tasks[4].depends = on_top;
        for (int i = 1; i < 5; i++)
            tasks[i].depends_count = i == 1 ? 2 : 1;
        tasks[4].cost = dear != 0 ? 5 : 1; /* two of 1 on the left */
        assert_int_equal(gsaw_scheduler_schedule_batch(self.scheduler, tasks, 6, NULL, NULL),
                         GSAW_OK);
        run_all(&self);
        assert_string_equal(self.log, dear != 0 ? "top right other left left2 bottom"
                                                : "top left left2 other right bottom");
        close_all(&self);
    }
}

/* A raise goes down all levels, at any time, and into both sides. */
static void test_scheduler_raises_through_all_levels(void **state)
{
    (void)state;
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 1, .critical_path_priority = -1});
    current = &self;
    hold(&self);
    gsaw_handle level[6][2] = {{0}};
    static const char *const names[6][2] = {{"a0", "b0"}, {"a1", "b1"}, {"a2", "b2"},
                                            {"a3", "b3"}, {"a4", "b4"}, {"a5", "b5"}};
    gsaw_task_definition other = task_of("other", 5);
    for (int i = 0; i < 6; i++)
        for (int side = 0; side < 2; side++) {
            gsaw_task_definition one = task_of(names[i][side], 0);
            one.after = i == 0 ? NULL : level[i - 1];
            one.after_count = i == 0 ? 0 : 2;
            level[i][side] = add(&self, &one);
        }
    add(&self, &other);
    assert_int_equal(gsaw_scheduler_raise(self.scheduler, level[4][1], 9), GSAW_OK);
    assert_int_equal(gsaw_scheduler_raise(self.scheduler, level[2][0], 3), GSAW_OK); /* lower */
    assert_int_equal(gsaw_scheduler_raise(self.scheduler, level[2][0], 1000001), GSAW_RANGE);
    run_all(&self);
    assert_string_equal(self.log, "a0 b0 a1 b1 a2 b2 a3 b3 b4 other a4 a5 b5");
    assert_int_equal(gsaw_scheduler_raise(self.scheduler, level[0][0], 9), GSAW_OK); /* ended */
    close_all(&self);
}

static void test_scheduler_lets_nobody_starve(void **state)
{
    (void)state;
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 1, .overtakes_max = 5});
    current = &self;
    hold(&self);
    gsaw_task_definition low = task_of("low", 0),
                         high = {.function = say, .argument = text("h"), .priority = 1};
    add(&self, &low);
    for (int i = 0; i < 10; i++)
        add(&self, &high);
    run_all(&self);
    assert_string_equal(self.log, "h h h h h low h h h h h");
    close_all(&self);
}

static void test_scheduler_batch_comes_in_any_order(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    const char *on_b[] = {"b", "b"}, *on_a[] = {"a"};
    gsaw_task_definition tasks[] = {task_of("c", 0), task_of("b", 0), task_of("a", 0)};
    tasks[0].depends = on_b;
    tasks[0].depends_count = 2;
    tasks[1].depends = on_a;
    tasks[1].depends_count = 1;
    gsaw_handle handles[3];
    assert_int_equal(gsaw_scheduler_schedule_batch(self.scheduler, tasks, 3, handles, NULL),
                     GSAW_OK);
    run_all(&self);
    assert_string_equal(self.log, "a b c");
    gsaw_task_definition late = task_of("late", 0);
    late.after = handles; /* they have ended already */
    late.after_count = 3;
    add(&self, &late);
    run_all(&self);
    assert_string_equal(self.log, "a b c late");
    close_all(&self);
}

/* ---- what is refused ---- */

static void expect_refusal(shared *self, const gsaw_task_definition *tasks, size_t count,
                           gsaw_status status, const char *text)
{
    gsaw_error error = {0};
    gsaw_scheduler_counts before, after;
    gsaw_scheduler_count(self->scheduler, &before);
    assert_int_equal(gsaw_scheduler_schedule_batch(self->scheduler, tasks, count, NULL, &error),
                     status);
    assert_string_equal(error.text, text);
    gsaw_scheduler_count(self->scheduler, &after);
    assert_int_equal(after.submitted, before.submitted);
    assert_int_equal(after.announced, before.announced);
    assert_int_equal(after.rejected, before.rejected + count);
    for (size_t i = 0; i < count; i++) /* and their ids are free */
        if (tasks[i].id != NULL && strcmp(tasks[i].id, "there") != 0 &&
            strcmp(tasks[i].id, "waiting") != 0)
            assert_int_equal(gsaw_scheduler_find(self->scheduler, tasks[i].id), 0);
}

static void test_scheduler_refuses_cycles_by_name(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    const char *on_a[] = {"a"}, *on_b[] = {"b"}, *on_c[] = {"c"};
    gsaw_task_definition tasks[] = {task_of("x", 0), task_of("a", 0), task_of("b", 0),
                                    task_of("c", 0)};
    tasks[0].depends = on_a;
    tasks[1].depends = on_b;
    tasks[2].depends = on_c;
    tasks[3].depends = on_a;
    for (size_t i = 0; i < 4; i++)
        tasks[i].depends_count = 1;
    expect_refusal(&self, tasks, 4, GSAW_INVALID, "cycle: a -> b -> c -> a");
    tasks[1].depends = on_a;
    expect_refusal(&self, &tasks[1], 1, GSAW_INVALID, "cycle: a -> a");
    close_all(&self);
}

static void test_scheduler_refuses_duplicates_and_what_is_missing(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    gsaw_task_definition there = task_of("there", 0);
    add(&self, &there);
    gsaw_task_definition tasks[] = {task_of("a", 0), task_of("b", 0), task_of("a", 0)};
    expect_refusal(&self, tasks, 3, GSAW_EXISTS,
                   "task \"a\": there is a task with this id already");
    expect_refusal(&self, &there, 1, GSAW_EXISTS,
                   "task \"there\": there is a task with this id already");
    const char *on[] = {"there", "nowhere"};
    tasks[1].depends = on;
    tasks[1].depends_count = 2;
    expect_refusal(&self, tasks, 2, GSAW_NOT_FOUND,
                   "task \"b\": dependency \"nowhere\" is not there");
    gsaw_handle none = 12345;
    tasks[0].after = &none;
    tasks[0].after_count = 1;
    expect_refusal(&self, tasks, 1, GSAW_NOT_FOUND,
                   "task \"a\": a dependency by handle is not there");
    gsaw_task_definition bad[] = {{.function = say}, {.priority = 1}};
    expect_refusal(&self, bad, 2, GSAW_INVALID, "task 2 of 2: no function");
    bad[1] = task_of("", 0);
    expect_refusal(&self, bad, 2, GSAW_INVALID, "task \"\": the id is empty");
    bad[1] = task_of("p", 1000001);
    expect_refusal(&self, bad, 2, GSAW_RANGE, "task \"p\": the priority is out of range");
    bad[1] = task_of("r", 0);
    bad[1].retries = 65535;
    expect_refusal(&self, bad, 2, GSAW_RANGE, "task \"r\": too many retries");
    run_all(&self);
    close_all(&self);
}

static void test_scheduler_waits_for_announced_tasks_and_reports_them(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    const char *on_late[] = {"late", "later"}, *on_first[] = {"first"};
    gsaw_task_definition first = task_of("first", 0), late = task_of("late", 0),
                         later = task_of("later", 0);
    first.depends = on_late;
    first.depends_count = 2;
    expect_refusal(&self, &first, 1, GSAW_NOT_FOUND,
                   "task \"first\": dependency \"late\" is not there");
    first.may_come_later = true;
    add(&self, &first);
    assert_int_equal(gsaw_scheduler_find(self.scheduler, "late"), 0);
    gsaw_error error;
    assert_int_equal(gsaw_scheduler_wait_all(self.scheduler, GSAW_NO_DEADLINE, &error),
                     GSAW_NOT_FOUND);
    assert_string_equal(error.text, "never came: late, later");
    later.depends = on_first; /* would close a cycle with what is announced */
    later.depends_count = 1;
    assert_int_equal(gsaw_scheduler_schedule(self.scheduler, &later, NULL, &error), GSAW_INVALID);
    assert_string_equal(error.text, "cycle: first -> later -> first");
    add(&self, &late);
    later.depends_count = 0;
    add(&self, &later);
    run_all(&self);
    assert_string_equal(self.log, "late later first");
    close_all(&self);
}

/* A refused batch leaves nothing behind, not even on what it would have been. */
static void test_scheduler_refused_batch_leaves_nothing(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    hold(&self);
    const char *on_late[] = {"late"}, *on_new[] = {"new", "late"};
    gsaw_task_definition waiting = task_of("waiting", 0), late = task_of("late", 0),
                         middle = task_of("middle", 5),
                         bad[] = {task_of("late", 9), task_of("x", 9), task_of("waiting", 9)};
    waiting.depends = on_late;
    waiting.depends_count = 1;
    waiting.may_come_later = true;
    add(&self, &waiting);
    bad[1].depends = on_new; /* announces an id more, and waits for the one that is adopted */
    bad[1].depends_count = 2;
    bad[1].may_come_later = true;
    bad[0].kind = bad[1].kind = "kind";
    bad[0].retries = bad[1].retries = 3;
    for (int round = 0; round < 3; round++) {
        expect_refusal(&self, bad, 2 + (round != 1), round == 1 ? GSAW_INVALID : GSAW_EXISTS,
                       round == 1 ? "task \"x\": a number of dependencies, and none"
                                  : "task \"waiting\": there is a task with this id already");
        bad[1].depends = round == 0 ? NULL : on_new;
    }
    add(&self, &middle);
    add(&self, &late); /* at its own priority, not at that which was refused */
    run_all(&self);
    assert_string_equal(self.log, "middle late waiting");
    assert_int_equal(gsaw_scheduler_wait_all(self.scheduler, GSAW_NO_DEADLINE, NULL), GSAW_OK);
    close_all(&self);
}

/* ---- ends ---- */

static void test_scheduler_skips_dependants_with_the_cause(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    const char *on_a[] = {"a"}, *on_b[] = {"b"}, *on_both[] = {"b", "c"};
    gsaw_task_definition tasks[] = {task_of("a", 0), task_of("b", 0), task_of("c", 0),
                                    task_of("d", 0), task_of("free", 0)};
    tasks[0].function = say_and_fail;
    tasks[1].depends = on_a;
    tasks[2].depends = on_b;
    tasks[3].depends = on_both;
    tasks[1].depends_count = tasks[2].depends_count = 1;
    tasks[3].depends_count = 2;
    assert_int_equal(gsaw_scheduler_schedule_batch(self.scheduler, tasks, 5, NULL, NULL), GSAW_OK);
    run_all(&self);
    gsaw_task_result a = result_of(&self, "a"), d = result_of(&self, "d");
    assert_int_equal(a.state, GSAW_TASK_FAILED);
    assert_int_equal(a.status, GSAW_DAMAGED);
    assert_string_equal(a.text, "a went wrong");
    assert_int_equal(a.attempts, 1);
    assert_int_equal(d.state, GSAW_TASK_SKIPPED);
    assert_int_equal(d.status, GSAW_CANCELLED);
    assert_int_equal(d.cause, a.handle);
    assert_string_equal(d.cause_id, "a");
    assert_int_equal(result_of(&self, "free").state, GSAW_TASK_DONE);
    gsaw_task_definition late = task_of("late", 0);
    late.depends = on_both; /* what has ended badly dooms those that come after */
    late.depends_count = 2;
    gsaw_handle handle = add(&self, &late);
    assert_int_equal(state_of(&self, handle), GSAW_TASK_SKIPPED);
    assert_string_equal(result_of(&self, "late").cause_id, "a");
    gsaw_scheduler_counts counts;
    gsaw_scheduler_count(self.scheduler, &counts);
    assert_int_equal(counts.done, 1);
    assert_int_equal(counts.failed, 1);
    assert_int_equal(counts.skipped, 4);
    assert_int_equal(counts.submitted, 6);
    close_all(&self);
}

static void test_scheduler_fail_fast_cancels_the_rest(void **state)
{
    (void)state;
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 1, .fail_fast = true});
    current = &self;
    hold(&self);
    gsaw_task_definition bad = task_of("bad", 1), other = task_of("other", 0);
    bad.function = say_and_fail;
    add(&self, &other);
    add(&self, &bad);
    run_all(&self);
    assert_string_equal(self.log, "bad");
    assert_int_equal(result_of(&self, "other").state, GSAW_TASK_CANCELLED);
    close_all(&self);
}

static void test_scheduler_cancels_what_has_not_started(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    hold(&self);
    const char *on_a[] = {"a"}, *on_b[] = {"b"};
    gsaw_task_definition tasks[] = {task_of("a", 0), task_of("b", 0), task_of("after a", 0),
                                    task_of("after b", 0)};
    tasks[2].depends = on_a;
    tasks[3].depends = on_b;
    tasks[2].depends_count = tasks[3].depends_count = 1;
    gsaw_handle handles[4];
    bool never = false;
    assert_int_equal(gsaw_scheduler_schedule_batch(self.scheduler, tasks, 4, handles, NULL),
                     GSAW_OK);
    assert_int_equal(gsaw_scheduler_cancel(self.scheduler, handles[0], false, &never), GSAW_OK);
    assert_true(never);
    assert_int_equal(gsaw_scheduler_cancel(self.scheduler, handles[1], true, &never), GSAW_OK);
    assert_true(never);
    run_all(&self);
    assert_string_equal(self.log, "");
    assert_int_equal(state_of(&self, handles[0]), GSAW_TASK_CANCELLED);
    assert_int_equal(state_of(&self, handles[2]), GSAW_TASK_SKIPPED);
    assert_int_equal(state_of(&self, handles[3]), GSAW_TASK_CANCELLED);
    assert_int_equal(gsaw_scheduler_cancel(self.scheduler, handles[3], true, &never), GSAW_OK);
    assert_true(never);
    assert_int_equal(gsaw_scheduler_cancel(self.scheduler, 99, true, &never), GSAW_NOT_FOUND);
    close_all(&self);
}

static void test_scheduler_asks_what_runs_to_stop(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    gsaw_task_definition definition = {
        .function = stop_when_asked, .argument = &self, .retries = 5};
    gsaw_handle handle = add(&self, &definition);
    wait_entered(&self, 1);
    bool never = true;
    assert_int_equal(gsaw_scheduler_cancel(self.scheduler, handle, false, &never), GSAW_OK);
    assert_false(never);
    assert_int_equal(gsaw_scheduler_wait(self.scheduler, handle, GSAW_NO_DEADLINE, NULL), GSAW_OK);
    assert_int_equal(state_of(&self, handle), GSAW_TASK_CANCELLED);
    assert_int_equal(gsaw_scheduler_cancel(self.scheduler, handle, false, &never), GSAW_OK);
    assert_true(never); /* never again */
    close_all(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scheduler_runs_higher_priorities_first_then_older),
        cmocka_unit_test(test_scheduler_lets_dependencies_inherit),
        cmocka_unit_test(test_scheduler_runs_the_critical_path_first),
        cmocka_unit_test(test_scheduler_finds_the_critical_path_of_diamonds),
        cmocka_unit_test(test_scheduler_raises_through_all_levels),
        cmocka_unit_test(test_scheduler_lets_nobody_starve),
        cmocka_unit_test(test_scheduler_batch_comes_in_any_order),
        cmocka_unit_test(test_scheduler_refuses_cycles_by_name),
        cmocka_unit_test(test_scheduler_refuses_duplicates_and_what_is_missing),
        cmocka_unit_test(test_scheduler_refused_batch_leaves_nothing),
        cmocka_unit_test(test_scheduler_waits_for_announced_tasks_and_reports_them),
        cmocka_unit_test(test_scheduler_skips_dependants_with_the_cause),
        cmocka_unit_test(test_scheduler_fail_fast_cancels_the_rest),
        cmocka_unit_test(test_scheduler_cancels_what_has_not_started),
        cmocka_unit_test(test_scheduler_asks_what_runs_to_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
