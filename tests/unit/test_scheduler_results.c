/* test_scheduler_results.c - TaskScheduler: what it tells of tasks: times, workers, ids, states,
 * progress; and what it takes as a hint.
 * Keeps:   the table of transitions in gangsaw/pool.h is that of the tests here, written out.
 * Threads: pools of 1 to 3.
 * Next:    task/scheduler.c, task/executor.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "scheduler_fixture.h"
#include "base/atomic.h"

static gsaw_status do_nothing(gsaw_context *context, void *argument)
{
    (void)context, (void)argument;
    return GSAW_OK;
}

/* ---- times and workers ---- */

static gsaw_status take_a_while(gsaw_context *context, void *argument)
{
    (void)argument;
    uint64_t until_ns = gsaw__clock_ns() + 2000000;
    while (gsaw__clock_ns() < until_ns)
        gsaw__thread_pause();
    return gsaw_context_attempt(context) == 1 ? GSAW_DAMAGED : GSAW_OK;
}

static void test_scheduler_takes_times_when_asked_to(void **state)
{
    (void)state;
    for (int asked = 0; asked < 2; asked++) {
        shared self;
        open_with(&self, &(gsaw_scheduler_options){.workers = 2, .times = asked != 0});
        uint64_t before_ns = gsaw__clock_ns();
        gsaw_task_definition first = {.id = "a", .function = take_a_while, .retries = 1},
                             second = {.id = "b", .function = do_nothing};
        gsaw_handle on = add(&self, &first);
        second.after = &on;
        second.after_count = 1;
        gsaw_handle cancelled = add(&self, &second);
        uint64_t queued_ns = gsaw__clock_ns();
        gsaw_scheduler_cancel(self.scheduler, cancelled, false, NULL);
        assert_int_equal(result_of(&self, "b").worker, UINT32_MAX);
        run_all(&self);
        uint64_t after_ns = gsaw__clock_ns();
        gsaw_task_result a = result_of(&self, "a"), b = result_of(&self, "b");
        assert_true(a.worker < 2);
        assert_int_equal(a.attempts, 2);
        if (asked == 0) {
            assert_int_equal(a.queued_ns + a.started_ns + a.finished_ns, 0);
        } else {
            assert_true(before_ns <= a.queued_ns && a.queued_ns <= queued_ns);
            assert_true(a.queued_ns + 2000000 <= a.started_ns); /* the second attempt */
            assert_true(a.started_ns + 2000000 <= a.finished_ns && a.finished_ns <= after_ns);
            assert_int_equal(b.started_ns, 0);
            assert_true(a.queued_ns <= b.queued_ns && b.queued_ns <= b.finished_ns);
        }
        close_all(&self);
    }
}

static gsaw_status tell_worker(gsaw_context *context, void *argument)
{
    write_log(argument);
    return gsaw_worker_index(gsaw_context_worker(context)) == 0 ? GSAW_OK : GSAW_DAMAGED;
}

/* A hint: among equals a worker takes what would like it, or would not mind, before what would like
 * another; but it leaves nothing undone. */
static void test_scheduler_takes_affinity_as_a_hint(void **state)
{
    (void)state;
    shared self;
    open_one(&self);
    current = &self;
    hold(&self);
    gsaw_task_definition tasks[] = {task_of("other", 0), task_of("any", 0), task_of("mine", 0),
                                    task_of("higher", 1)};
    for (int i = 0; i < 4; i++)
        tasks[i].function = tell_worker;
    tasks[0].affinity = 3;
    tasks[2].affinity = 1;
    tasks[3].affinity = 2;
    for (int i = 0; i < 4; i++)
        add(&self, &tasks[i]);
    run_all(&self);
    assert_string_equal(self.log, "higher any mine other");
    assert_int_equal(result_of(&self, "other").state, GSAW_TASK_DONE);
    gsaw_task_definition beyond = task_of("beyond", 0);
    beyond.affinity = GSAW_WORKERS_MAX + 1;
    assert_int_equal(gsaw_scheduler_schedule(self.scheduler, &beyond, NULL, NULL), GSAW_RANGE);
    close_all(&self);
}

/* ---- ids ---- */

static void check_uuid(const char *id)
{
    assert_int_equal(strlen(id), 36);
    for (size_t i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23)
            assert_int_equal(id[i], '-');
        else if (i == 14)
            assert_int_equal(id[i], '4'); /* RFC 9562: the version */
        else if (i == 19)
            assert_true(strchr("89ab", id[i]) != NULL); /* the variant */
        else
            assert_true(strchr("0123456789abcdef", id[i]) != NULL);
    }
}

/* As many ids as tasks: a map of ids would refuse one that is there twice, so they are all looked
 * up again; and of two schedulers with the seeds next to each other none is alike. */
static void test_scheduler_makes_unlike_uuids(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    shared self[2];
    static gsaw_handle handles[2][COUNT];
    gsaw_task_definition one = {.function = do_nothing};
    for (uint64_t s = 0; s < 2; s++) {
        open_with(&self[s], &(gsaw_scheduler_options){
                                .workers = 1, .seed = UINT64_C(0x9E3779B97F4A7C15) * (2 * s + 1)});
        for (uint32_t i = 0; i < COUNT; i++) {
            handles[s][i] = add(&self[s], &one);
            check_uuid(gsaw_scheduler_id(self[s].scheduler, handles[s][i]));
        }
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        const char *id = gsaw_scheduler_id(self[0].scheduler, handles[0][i]);
        assert_int_equal(gsaw_scheduler_find(self[0].scheduler, id), handles[0][i]);
        assert_int_equal(gsaw_scheduler_find(self[1].scheduler, id), 0);
    }
    for (int s = 0; s < 2; s++) {
        run_all(&self[s]);
        close_all(&self[s]);
    }
}

/* ---- states ---- */

static void test_task_states_go_where_the_table_says(void **state)
{
    (void)state;
    static const char *const to[GSAW_TASK_STATE_COUNT] = {
        [GSAW_TASK_NEW] = "waiting queued",
        [GSAW_TASK_WAITING] = "queued failed cancelled skipped",
        [GSAW_TASK_QUEUED] = "running failed cancelled skipped",
        [GSAW_TASK_RUNNING] = "waiting done failed cancelled",
        [GSAW_TASK_DONE] = "",
        [GSAW_TASK_FAILED] = "",
        [GSAW_TASK_CANCELLED] = "",
        [GSAW_TASK_SKIPPED] = "",
    };
    for (gsaw_task_state from = 0; from < GSAW_TASK_STATE_COUNT; from++) {
        char text[80] = "";
        for (gsaw_task_state next = 0; next < GSAW_TASK_STATE_COUNT; next++)
            if (gsaw_task_state_may_become(from, next)) {
                strcat(text, text[0] == '\0' ? "" : " ");
                strcat(text, gsaw_task_state_name(next));
            }
        assert_string_equal(text, to[from]);
        assert_true(gsaw_task_state_is_end(from) == (to[from][0] == '\0'));
        assert_false(gsaw_task_state_may_become(from, GSAW_TASK_STATE_COUNT));
    }
    assert_false(gsaw_task_state_may_become(GSAW_TASK_STATE_COUNT, GSAW_TASK_NEW));
    assert_false(gsaw_task_state_is_end(GSAW_TASK_STATE_COUNT));
    assert_string_equal(gsaw_task_state_name(GSAW_TASK_STATE_COUNT), "unknown");
}

typedef struct looker {
    gsaw_scheduler *scheduler;
    gsaw_handle tasks[64];
    _Atomic bool is_over;
    uint32_t wrong;
} looker;

/* Whether one state leads to another, by any number of steps that were not seen. */
static bool leads_to(gsaw_task_state from, gsaw_task_state to)
{
    bool can[GSAW_TASK_STATE_COUNT] = {false};
    can[from] = true;
    for (int round = 0; round < GSAW_TASK_STATE_COUNT; round++)
        for (gsaw_task_state a = 0; a < GSAW_TASK_STATE_COUNT; a++)
            for (gsaw_task_state b = 0; b < GSAW_TASK_STATE_COUNT; b++)
                can[b] = can[b] || (can[a] && gsaw_task_state_may_become(a, b));
    return can[to];
}

static void look(void *argument)
{
    looker *self = argument;
    gsaw_task_state seen[64] = {GSAW_TASK_NEW};
    while (!gsaw__load_acquire(&self->is_over)) /* test: set below */
        for (int i = 0; i < 64; i++) {
            gsaw_task_state now;
            if (gsaw_scheduler_get_status(self->scheduler, self->tasks[i], &now) != GSAW_OK)
                continue;
            self->wrong += !leads_to(seen[i], now);
            seen[i] = now;
        }
}

static gsaw_status fail_often(gsaw_context *context, void *argument)
{
    (void)argument;
    return gsaw_context_attempt(context) % 3 == 0 ? GSAW_OK : GSAW_DAMAGED;
}

/* What is seen from outside goes the ways of the table, and never out of an end. */
static void test_scheduler_states_go_where_the_table_says(void **state)
{
    (void)state;
    for (int round = 0; round < 40; round++) {
        shared self;
        open_with(&self, &(gsaw_scheduler_options){.workers = 2});
        current = &self;
        hold(&self);
        looker looking = {.scheduler = self.scheduler};
        for (uint32_t i = 0; i < 64; i++) {
            gsaw_task_definition one = {.function = fail_often,
                                        .after = &looking.tasks[i - (i != 0)],
                                        .after_count = i % 4 != 0,
                                        .retries = i % 5,
                                        .backoff_ns = i % 2 * 20000,
                                        .deadline_ns = i % 7 == 0 ? gsaw__clock_ns() + 300000 : 0};
            looking.tasks[i] = add(&self, &one);
        }
        gsaw__thread thread;
        gsaw__thread_options options = {.function = look, .argument = &looking, .name = "look"};
        assert_int_equal(gsaw__thread_start(&thread, &options, NULL), GSAW_OK);
        open_gate(&self);
        for (int i = 0; i < 64; i += 9)
            gsaw_scheduler_cancel(self.scheduler, looking.tasks[i], i % 2 == 0, NULL);
        run_all(&self);
        gsaw__store_release(&looking.is_over, true); /* test: pairs with look() */
        gsaw__thread_join(&thread);
        assert_int_equal(looking.wrong, 0);
        close_all(&self);
    }
}

/* ---- progress ---- */

static void test_scheduler_counts_progress(void **state)
{
    (void)state;
    gsaw_progress_options options = {.size = sizeof options};
    gsaw_progress *progress;
    gsaw_progress_state how_far;
    assert_int_equal(gsaw_progress_new(&options, &progress, NULL), GSAW_OK);
    shared self;
    open_with(&self, &(gsaw_scheduler_options){.workers = 1, .progress = progress});
    current = &self;
    hold(&self);
    gsaw_task_definition bad = task_of("bad", 0), skipped = task_of("skipped", 0),
                         retried = {.function = fail_often, .retries = 2};
    bad.function = say_and_fail;
    const char *on[] = {"bad"};
    skipped.depends = on;
    skipped.depends_count = 1;
    add(&self, &bad);
    add(&self, &skipped);
    add(&self, &retried);
    gsaw_handle cancelled = add(&self, &retried);
    assert_int_equal(gsaw_scheduler_schedule(self.scheduler, &bad, NULL, NULL), GSAW_EXISTS);
    gsaw_progress_read(progress, &how_far);
    assert_int_equal(how_far.total, 5); /* what was refused does not count */
    assert_int_equal(how_far.completed, 0);
    gsaw_scheduler_cancel(self.scheduler, cancelled, false, NULL);
    gsaw_progress_read(progress, &how_far);
    assert_int_equal(how_far.completed, 1);
    run_all(&self);
    gsaw_progress_read(progress, &how_far);
    assert_int_equal(how_far.completed, 5); /* each once, however it ended */
    close_all(&self);
    gsaw_progress_free(progress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scheduler_takes_times_when_asked_to),
        cmocka_unit_test(test_scheduler_takes_affinity_as_a_hint),
        cmocka_unit_test(test_scheduler_makes_unlike_uuids),
        cmocka_unit_test(test_task_states_go_where_the_table_says),
        cmocka_unit_test(test_scheduler_states_go_where_the_table_says),
        cmocka_unit_test(test_scheduler_counts_progress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
