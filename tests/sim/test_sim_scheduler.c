/* test_sim_scheduler.c - TaskScheduler and sync/ under seeds and virtual time: dependencies,
 * cancels, retries, deadlines, waits and shutdowns in every order that a seed makes.
 * Next:    sim_fixture.h, include/gangsaw/scheduler.h */
#include "sim_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <gangsaw/task.h>

enum { TASKS_MAX = 6 };

static gsaw_scheduler *scheduler;

static struct step {
    char id[4];
    const char *depends[2];
    uint32_t attempts, fails; /* fails: attempts that fail */
    int runs;                 /* plain: of this task alone */
    int before[2];            /* steps that must have been done; -1: none */
} steps[TASKS_MAX];

static void open_scheduler(uint32_t workers, bool fail_fast)
{
    gsaw_scheduler_options options = {
        .size = sizeof options, .workers = workers, .fail_fast = fail_fast, .seed = 1};
    gsaw_sim_check(gsaw_scheduler_new(&options, &scheduler, NULL) == GSAW_OK);
}

static gsaw_status run_step(gsaw_context *context, void *argument)
{
    struct step *step = argument;
    for (int i = 0; i < 2; i++)
        gsaw_sim_check(step->before[i] < 0 || steps[step->before[i]].runs > 0);
    step->runs++;
    if (gsaw_context_attempt(context) <= step->fails)
        return gsaw_context_fail(context, GSAW_SYSTEM, "attempt %u", gsaw_context_attempt(context));
    gsaw_sim_sleep_ns(100 * gsaw_sim_random(3));
    return gsaw_context_is_cancelled(context) ? GSAW_CANCELLED : GSAW_OK;
}

/* 0 -> 1, 2 -> 3 -> 4, and 5 alone. 1 fails once and is tried again; 5 fails for good. */
static void make_definitions(gsaw_task_definition *definitions)
{
    static const int before[TASKS_MAX][2] = {{-1, -1}, {0, -1}, {0, -1}, {1, 2}, {3, -1}, {-1, -1}};
    memset(steps, 0, sizeof steps);
    for (int i = 0; i < TASKS_MAX; i++) {
        struct step *step = &steps[i];
        snprintf(step->id, sizeof step->id, "t%d", i);
        memcpy(step->before, before[i], sizeof step->before);
        size_t count = 0;
        for (int j = 0; j < 2; j++)
            if (before[i][j] >= 0)
                step->depends[count++] = steps[before[i][j]].id;
        definitions[i] = (gsaw_task_definition){.id = step->id,
                                                .function = run_step,
                                                .argument = step,
                                                .depends = step->depends,
                                                .depends_count = count,
                                                .priority = i % 3};
    }
    steps[1].fails = 1;
    definitions[1].retries = 1;
    definitions[1].backoff_ns = 1000000;
    steps[5].fails = 9;
}

static void check_counts(uint64_t submitted)
{
    gsaw_scheduler_counts counts;
    gsaw_scheduler_count(scheduler, &counts);
    gsaw_sim_check(counts.submitted == submitted);
    gsaw_sim_check(counts.done + counts.failed + counts.cancelled + counts.skipped == submitted);
    gsaw_sim_check(counts.memory == 0);
}

static gsaw_task_state state_of(gsaw_handle handle)
{
    gsaw_task_state state;
    gsaw_sim_check(gsaw_scheduler_get_status(scheduler, handle, &state) == GSAW_OK);
    return state;
}

static void graph(void *unused)
{
    (void)unused;
    gsaw_task_definition definitions[TASKS_MAX];
    gsaw_handle handles[TASKS_MAX];
    open_scheduler(2, false);
    make_definitions(definitions);
    gsaw_sim_check(
        gsaw_scheduler_schedule_batch(scheduler, definitions, TASKS_MAX, handles, NULL) == GSAW_OK);
    gsaw_sim_check(gsaw_scheduler_wait_all(scheduler, GSAW_NO_DEADLINE, NULL) == GSAW_OK);
    for (int i = 0; i < TASKS_MAX; i++) {
        gsaw_sim_check(state_of(handles[i]) == (i == 5 ? GSAW_TASK_FAILED : GSAW_TASK_DONE));
        gsaw_sim_check(steps[i].runs == (i == 1 ? 2 : 1));
    }
    check_counts(TASKS_MAX);
    gsaw_scheduler_free(scheduler);
}

/* Another thread cancels one, with dependants or without, at any moment. */
static gsaw_handle victim;
static bool with_dependants, never_started;

static void *cancel_one(void *unused)
{
    gsaw_sim_check(gsaw_scheduler_cancel(scheduler, victim, with_dependants, &never_started) ==
                   GSAW_OK);
    return unused;
}

static void cancels(void *unused)
{
    gsaw_task_definition definitions[TASKS_MAX];
    gsaw_handle handles[TASKS_MAX];
    pthread_t thread;
    bool fail_fast = gsaw_sim_random(4) == 0;
    open_scheduler(2, fail_fast);
    make_definitions(definitions);
    gsaw_sim_check(
        gsaw_scheduler_schedule_batch(scheduler, definitions, TASKS_MAX, handles, NULL) == GSAW_OK);
    uint32_t index = gsaw_sim_random(TASKS_MAX);
    victim = handles[index];
    with_dependants = gsaw_sim_random(2) == 0;
    never_started = false;
    gsaw_sim_check(pthread_create(&thread, NULL, cancel_one, unused) == 0);
    gsaw_sim_check(gsaw_scheduler_wait_these(scheduler, handles, TASKS_MAX, GSAW_NO_DEADLINE,
                                             NULL) == GSAW_OK);
    pthread_join(thread, NULL);
    gsaw_task_state state = state_of(victim);
    gsaw_sim_check(gsaw_task_state_is_end(state));
    /* It may have failed before and waited for its next attempt, or been stopped by the failure. */
    if (never_started)
        gsaw_sim_check(state != GSAW_TASK_DONE &&
                       steps[index].runs <= (index == 1 || fail_fast ? 1 : 0));
    for (int i = 0; i < TASKS_MAX; i++)
        gsaw_sim_check(gsaw_task_state_is_end(state_of(handles[i])));
    check_counts(TASKS_MAX);
    gsaw_scheduler_free(scheduler);
}

static void test_sim_scheduler_ends_every_task_once(void **state)
{
    (void)state;
    sim_explore(sim_random(1500), graph, NULL);
    sim_explore(sim_random(3000), cancels, NULL);
}

/* ---- waiting inside, on one worker and on two ---- */

static gsaw_status wait_for_leaf(gsaw_context *context, void *argument)
{
    gsaw_handle leaf;
    gsaw_task_definition definition = {.function = run_step, .argument = argument};
    (void)context;
    gsaw_sim_check(gsaw_scheduler_schedule(scheduler, &definition, &leaf, NULL) == GSAW_OK);
    gsaw_sim_check(gsaw_scheduler_wait(scheduler, leaf, GSAW_NO_DEADLINE, NULL) == GSAW_OK);
    gsaw_sim_check(((struct step *)argument)->runs == 1);
    return GSAW_OK;
}

static void waits_inside(void *workers)
{
    open_scheduler(*(uint32_t *)workers, false);
    memset(steps, 0, sizeof steps);
    for (int i = 0; i < 3; i++) {
        steps[i].before[0] = steps[i].before[1] = -1;
        gsaw_task_definition definition = {.function = wait_for_leaf, .argument = &steps[i]};
        gsaw_sim_check(gsaw_scheduler_schedule(scheduler, &definition, NULL, NULL) == GSAW_OK);
    }
    gsaw_sim_check(gsaw_scheduler_wait_all(scheduler, GSAW_NO_DEADLINE, NULL) == GSAW_OK);
    check_counts(6);
    gsaw_scheduler_free(scheduler);
}

static void test_sim_scheduler_waits_inside_tasks(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 2; workers++)
        sim_explore(sim_random(1500), waits_inside, &workers);
}

/* ---- deadlines and shutdown ---- */

static gsaw_status sleep_10_s(gsaw_context *context, void *unused)
{
    (void)unused;
    for (int i = 0; i < 100 && !gsaw_context_is_cancelled(context); i++)
        gsaw_sim_sleep_ns(100000000);
    return gsaw_context_is_cancelled(context) ? GSAW_CANCELLED : GSAW_OK;
}

/* One runs past its deadline and is told; one never starts, as the only worker is taken. */
static void deadlines(void *unused)
{
    (void)unused;
    gsaw_handle late, never;
    gsaw_task_result result;
    open_scheduler(1, false);
    gsaw_task_definition definition = {.function = sleep_10_s, .deadline_ns = 3000000000};
    gsaw_sim_check(gsaw_scheduler_schedule(scheduler, &definition, &late, NULL) == GSAW_OK);
    memset(steps, 0, sizeof steps);
    steps[0].before[0] = steps[0].before[1] = -1;
    definition = (gsaw_task_definition){
        .function = run_step, .argument = &steps[0], .deadline_ns = 2000000000, .priority = -1};
    gsaw_sim_check(gsaw_scheduler_schedule(scheduler, &definition, &never, NULL) == GSAW_OK);
    gsaw_sim_check(gsaw_scheduler_wait_all(scheduler, GSAW_NO_DEADLINE, NULL) == GSAW_OK);
    gsaw_scheduler_result(scheduler, late, &result);
    gsaw_sim_check(result.state == GSAW_TASK_FAILED && result.status == GSAW_TIMEOUT);
    gsaw_scheduler_result(scheduler, never, &result);
    gsaw_sim_check(result.state == GSAW_TASK_DONE || result.status == GSAW_TIMEOUT);
    gsaw_sim_check((result.state == GSAW_TASK_DONE) == (steps[0].runs == 1));
    check_counts(2);
    gsaw_scheduler_free(scheduler);
}

static uint64_t taken;

static void *schedule_until_closed(void *unused)
{
    memset(steps, 0, sizeof steps);
    for (int i = 0; i < 4; i++) {
        steps[i].before[0] = steps[i].before[1] = -1;
        gsaw_task_definition definition = {.function = run_step, .argument = &steps[i]};
        gsaw_status status = gsaw_scheduler_schedule(scheduler, &definition, NULL, NULL);
        gsaw_sim_check(status == GSAW_OK || status == GSAW_CLOSED);
        taken += status == GSAW_OK;
    }
    return unused;
}

static void shutdowns(void *unused)
{
    pthread_t thread;
    taken = 0;
    open_scheduler(2, false);
    gsaw_sim_check(pthread_create(&thread, NULL, schedule_until_closed, unused) == 0);
    gsaw_shutdown how = gsaw_sim_random(2) == 0 ? GSAW_SHUTDOWN_DRAIN : GSAW_SHUTDOWN_CANCEL;
    uint64_t deadline_ns = gsaw_sim_random(2) == 0 ? GSAW_NO_DEADLINE : 1;
    gsaw_status status;
    while ((status = gsaw_scheduler_shutdown(scheduler, how, deadline_ns, NULL)) == GSAW_TIMEOUT)
        deadline_ns = GSAW_NO_DEADLINE;
    gsaw_sim_check(status == GSAW_OK);
    pthread_join(thread, NULL);
    check_counts(taken);
    gsaw_scheduler_free(scheduler);
}

static void test_sim_scheduler_deadlines_and_shutdown(void **state)
{
    (void)state;
    sim_explore(sim_random(1000), deadlines, NULL);
    sim_explore(sim_random(4000), shutdowns, NULL);
}

/* ---- sync/ ---- */

static gsaw_barrier *barrier;
static int lanes[3]; /* plain: the barrier orders them */

static void *cross_barrier(void *number)
{
    for (int round = 1; round <= 2; round++) {
        lanes[*(int *)number] = round;
        gsaw_sim_check(gsaw_barrier_wait(barrier, UINT64_MAX, NULL) == GSAW_OK);
        for (int i = 0; i < 3; i++)
            gsaw_sim_check(lanes[i] == round);
        gsaw_sim_check(gsaw_barrier_wait(barrier, UINT64_MAX, NULL) == GSAW_OK);
    }
    return NULL;
}

static void barriers(void *unused)
{
    (void)unused;
    pthread_t threads[2];
    static int numbers[] = {0, 1, 2};
    memset(lanes, 0, sizeof lanes);
    gsaw_sim_check(gsaw_barrier_new(NULL, 3, &barrier, NULL) == GSAW_OK);
    for (int i = 0; i < 2; i++)
        gsaw_sim_check(pthread_create(&threads[i], NULL, cross_barrier, &numbers[i]) == 0);
    cross_barrier(&numbers[2]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    gsaw_barrier_free(barrier);
}

static void test_sim_barrier_orders_rounds(void **state)
{
    (void)state;
    sim_explore(sim_random(3000), barriers, NULL);
}

/* Readers hold versions while a writer replaces them: none is destroyed too early, each once. */
struct version {
    uint64_t number; /* plain */
};

static gsaw_shared *shared;
static _Atomic int destroyed; /* by whoever lets go last */

static void destroy_version(void *value)
{
    atomic_fetch_add(&destroyed, 1);
    free(value);
}

static void write_version(uint64_t number)
{
    struct version *version = malloc(sizeof *version);
    version->number = number;
    gsaw_sim_check(gsaw_shared_write(shared, version, NULL) == GSAW_OK);
}

static void *read_versions(void *number)
{
    uint64_t last = 0;
    for (int i = 0; i < 3; i++) {
        const gsaw_snapshot *snapshot = gsaw_shared_read(shared, *(uint32_t *)number);
        gsaw_sim_check(snapshot != NULL);
        const struct version *version = snapshot->value;
        gsaw_sim_check(version->number >= last);
        last = version->number;
        gsaw_shared_release(shared, snapshot);
    }
    return NULL;
}

static void versions(void *unused)
{
    (void)unused;
    pthread_t threads[2];
    static uint32_t numbers[] = {0, 1};
    destroyed = 0;
    gsaw_sim_check(gsaw_shared_new(NULL, 2, destroy_version, &shared, NULL) == GSAW_OK);
    write_version(1);
    for (int i = 0; i < 2; i++)
        gsaw_sim_check(pthread_create(&threads[i], NULL, read_versions, &numbers[i]) == 0);
    write_version(2);
    write_version(3);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    gsaw_shared_free(shared);
    gsaw_sim_check(destroyed == 3);
}

static void test_sim_shared_keeps_what_is_read(void **state)
{
    (void)state;
    sim_explore(sim_random(5000), versions, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_scheduler_ends_every_task_once),
        cmocka_unit_test(test_sim_scheduler_waits_inside_tasks),
        cmocka_unit_test(test_sim_scheduler_deadlines_and_shutdown),
        cmocka_unit_test(test_sim_barrier_orders_rounds),
        cmocka_unit_test(test_sim_shared_keeps_what_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
