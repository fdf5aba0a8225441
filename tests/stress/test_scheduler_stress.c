/* test_scheduler_stress.c - TaskScheduler under everything at once: threads that schedule batches,
 * cancel, raise, forget, wait; tasks that schedule and wait inside; deadlines, retries, memory,
 * ids announced and scheduled later; a pool that is resized; and a shutdown of every kind.
 * GSAW_STRESS=n: n times as many tasks. GSAW_SEED=n repeats a run (printed when a test fails).
 * Keeps:   submitted = done + failed + cancelled + skipped; every value is destroyed once; what was
 *          certain never to start (again) does not; nothing runs before what it waits for.
 * Threads: four of the test's own beside those of the pool.
 * Next:    src/task/README.md, test_cancel_stress.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gangsaw/task.h>

#include "base/atomic.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/thread.h"

enum { SUBMITTERS = 3, BATCH = 40, TASKS_WANTED = 60000, LIVES_WANTED = 12 };

static uint64_t seed;

/* splitmix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014) */
static uint64_t mix(uint64_t value)
{
    value += UINT64_C(0x9E3779B97F4A7C15);
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

static uint64_t next_random(uint64_t *state) { return *state = mix(*state); }

/* What all share; the counts are of the test's. */
typedef struct world {
    gsaw_scheduler *scheduler;
    gsaw_pool *pool;
    _Atomic uint64_t made, destroyed, wrong, accepted, ids;
    _Atomic uint32_t quiet; /* submitters that call nothing any more */
    _Atomic bool is_over;   /* the scheduler is gone */
} world;

/* One task; its storage lives as long as the batch. */
typedef struct job {
    world *all;
    const struct job *before[2]; /* that it waits for; NULL: none */
    uint64_t choice;
    _Atomic bool has_run, is_certain; /* run to its end; never to start (again) */
} job;

typedef struct actor {
    world *all;
    uint64_t random, number;
} actor;

static void destroy_value(void *value)
{
    world *all = *(world **)value;
    gsaw__add_relaxed(&all->destroyed, 1); /* test: a count */
    free(value);
}

static gsaw_status run_small(gsaw_context *context, void *argument)
{
    (void)context, (void)argument;
    return GSAW_OK;
}

/* Schedule two more and wait for them inside; or not. */
static void go_deeper(gsaw_context *context, world *all, uint64_t choice)
{
    gsaw_scheduler *scheduler = gsaw_context_scheduler(context);
    gsaw_task_definition two[2] = {{.function = run_small, .priority = (int32_t)(choice % 5)},
                                   {.function = run_small, .memory = choice % 500}};
    gsaw_handle handles[2];
    if (gsaw_scheduler_schedule_batch(scheduler, two, 2, handles, NULL) != GSAW_OK)
        return;
    gsaw__add_relaxed(&all->accepted, 2); /* test: a count */
    size_t which;
    gsaw_status status =
        choice % 3 == 0 ? gsaw_scheduler_wait_any(scheduler, handles, 2, GSAW_NO_DEADLINE, &which)
        : choice % 3 == 1
            ? gsaw_scheduler_wait_these(scheduler, handles, 2, gsaw__clock_ns() + 50000, NULL)
            : gsaw_scheduler_wait_these(scheduler, handles, 2, GSAW_NO_DEADLINE, NULL);
    gsaw__add_relaxed(&all->wrong, status != GSAW_OK && status != GSAW_TIMEOUT); /* test: a count */
    for (int i = 0; i < 2; i++)
        gsaw_scheduler_forget(scheduler, handles[i]);
}

static gsaw_status run_job(gsaw_context *context, void *argument)
{
    job *self = argument;
    world *all = self->all;
    bool is_wrong = gsaw__load_acquire(&self->is_certain); /* test: set before this could start */
    for (int i = 0; i < 2; i++)
        is_wrong = is_wrong || (self->before[i] != NULL &&
                                !gsaw__load_acquire(&self->before[i]->has_run)); /* test: its end */
    gsaw__add_relaxed(&all->wrong, is_wrong);                                    /* test: a count */
    if (self->choice % 4 == 0) {
        world **value = malloc(sizeof *value);
        gsaw_check(value != NULL);
        *value = all;
        gsaw__add_relaxed(&all->made, 1); /* test: a count */
        gsaw_context_set_value(context, value, destroy_value);
    }
    if (self->choice % 16 == 1)
        go_deeper(context, all, self->choice >> 20);
    gsaw_context_report_memory(context, self->choice >> 30 & 255);
    if (gsaw_context_is_cancelled(context) && self->choice % 2 == 0)
        return GSAW_CANCELLED;
    if (self->choice % 8 == 5 && gsaw_context_attempt(context) < 3)
        return gsaw_context_fail(context, GSAW_DAMAGED, "attempt %u",
                                 gsaw_context_attempt(context));
    gsaw__store_release(&self->has_run, true); /* test: pairs with the load above */
    return GSAW_OK;
}

/* ---- a batch ---- */

typedef struct batch {
    struct batch *before; /* of the same thread */
    job jobs[BATCH];
    gsaw_task_definition definitions[BATCH];
    gsaw_handle handles[BATCH];
    char ids[BATCH][24];
    const char *depends[BATCH][2];
} batch;

static void fill_batch(actor *self, batch *out)
{
    uint64_t base = gsaw__add_relaxed(&self->all->ids, BATCH); /* test: a number */
    memset((void *)out, 0, sizeof *out);
    for (int i = 0; i < BATCH; i++) {
        job *at = &out->jobs[i];
        uint64_t choice = next_random(&self->random);
        *at = (job){.all = self->all, .choice = choice};
        snprintf(out->ids[i], sizeof out->ids[i], "t%" PRIu64, base + (uint64_t)i);
        size_t count = i == 0 ? 0 : choice >> 8 & 1 ? 0 : 1 + (choice >> 9 & 1);
        for (size_t d = 0; d < count; d++) {
            int before = (int)((choice >> (12 + 8 * d) & 255) % (unsigned)i);
            at->before[d] = &out->jobs[before];
            out->depends[i][d] = out->ids[before];
        }
        out->definitions[i] = (gsaw_task_definition){
            .id = out->ids[i],
            .function = run_job,
            .argument = at,
            .depends = out->depends[i],
            .depends_count = count,
            .priority = (int32_t)(choice >> 40 & 7),
            .cost = (uint32_t)(choice >> 43 & 15),
            .memory = choice >> 47 & 1 ? choice >> 30 & 511 : 0,
            .kind = choice >> 48 & 1 ? "kind" : NULL,
            .retries = (uint32_t)(choice >> 49 & 3),
            .backoff_ns = (choice >> 51 & 1) * 5000,
            .deadline_ns = (choice >> 52 & 15) == 0 ? gsaw__clock_ns() + (choice >> 56) * 1000 : 0,
            .affinity = (uint32_t)(choice >> 60 & 3),
            .may_come_later = true};
    }
}

/* In one batch, or the last first: what comes first then waits for ids that are announced. */
static bool schedule_batch(actor *self, batch *all, uint64_t choice)
{
    gsaw_scheduler *scheduler = self->all->scheduler;
    int taken = 0;
    if (choice % 3 != 0) {
        if (gsaw_scheduler_schedule_batch(scheduler, all->definitions, BATCH, all->handles, NULL) ==
            GSAW_OK)
            taken = BATCH;
    } else {
        gsaw_status status = GSAW_OK;
        for (int i = BATCH; i-- > 0 && status == GSAW_OK; taken += status == GSAW_OK)
            status =
                gsaw_scheduler_schedule(scheduler, &all->definitions[i], &all->handles[i], NULL);
    }
    gsaw__add_relaxed(&self->all->accepted, (uint64_t)taken); /* test: a count */
    return taken == BATCH;
}

static void disturb(actor *self, batch *all)
{
    gsaw_scheduler *scheduler = self->all->scheduler;
    for (int i = 0; i < BATCH; i++) {
        uint64_t choice = next_random(&self->random);
        bool never = false;
        gsaw_handle handle = all->handles[i];
        if (choice % 11 == 0 &&
            gsaw_scheduler_cancel(scheduler, handle, choice >> 8 & 1, &never) == GSAW_OK && never)
            gsaw__store_release(&all->jobs[i].is_certain, true); /* test: pairs with run_job() */
        if (choice % 13 == 1)
            gsaw_scheduler_raise(scheduler, handle, (int32_t)(choice >> 8 & 31));
        if (choice % 17 == 2)
            gsaw_scheduler_id(scheduler, handle);
        if (choice % 19 == 3)
            gsaw_scheduler_forget(scheduler, handle);
        if (choice % 23 == 4)
            gsaw_scheduler_wait(scheduler, handle, gsaw__clock_ns() + 20000, NULL);
    }
}

/* Wait for what is left of it; then nothing of it runs any more. */
static void finish_batch(actor *self, batch *all)
{
    gsaw_scheduler *scheduler = self->all->scheduler;
    for (int i = 0; i < BATCH; i++) {
        if (all->handles[i] == 0)
            continue;
        gsaw_status status =
            gsaw_scheduler_wait(scheduler, all->handles[i], GSAW_NO_DEADLINE, NULL);
        gsaw_task_result result;
        if (status == GSAW_OK && gsaw_scheduler_result(scheduler, all->handles[i], &result) ==
                                     GSAW_OK) { /* else it was forgotten */
            bool is_done = result.state == GSAW_TASK_DONE;
            bool has_run = gsaw__load_acquire(&all->jobs[i].has_run); /* test: it has ended */
            gsaw__add_relaxed(&self->all->wrong, is_done != has_run); /* test: a count */
            gsaw_scheduler_forget(scheduler, all->handles[i]);
        }
    }
}

static void submit_and_disturb(void *argument)
{
    actor *self = argument;
    /* Storage of all batches stays until the scheduler is gone: forgotten tasks may still run. */
    batch *all = NULL;
    bool goes_on = true;
    while (goes_on) {
        batch *next = malloc(sizeof *next);
        gsaw_check(next != NULL);
        fill_batch(self, next);
        next->before = all;
        all = next;
        goes_on = schedule_batch(self, next, next_random(&self->random));
        disturb(self, next);
        finish_batch(self, next);
    }
    gsaw__add_acq_rel(&self->all->quiet, 1);         /* test: pairs with end() */
    while (!gsaw__load_acquire(&self->all->is_over)) /* test: set when the scheduler is gone */
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    for (batch *before; all != NULL; all = before) {
        before = all->before;
        free(all);
    }
}

static void resize_often(void *argument)
{
    actor *self = argument;
    gsaw_status status = GSAW_OK;
    while (status == GSAW_OK && !gsaw__load_acquire(&self->all->is_over)) { /* test: as above */
        uint64_t choice = next_random(&self->random);
        status = gsaw_pool_resize(self->all->pool, 1 + (uint32_t)(choice % 5));
        nanosleep(&(struct timespec){.tv_nsec = (long)(choice >> 32 & 0x7FFFF)}, NULL);
    }
}

/* ---- a life of a scheduler ---- */

static void shut_down(world *all, uint64_t choice)
{
    gsaw_shutdown how = choice % 4 == 1 ? GSAW_SHUTDOWN_CANCEL : GSAW_SHUTDOWN_DRAIN;
    if (choice % 4 == 2)
        gsaw_scheduler_shutdown(all->scheduler, how, gsaw__clock_ns() + 100000, NULL);
    else if (choice % 4 == 3) /* the pool goes first */
        gsaw_pool_shutdown(all->pool, false);
    assert_int_equal(gsaw_scheduler_shutdown(all->scheduler, how, GSAW_NO_DEADLINE, NULL), GSAW_OK);
}

static uint64_t end(world *all, uint64_t choice)
{
    gsaw_scheduler_counts counts;
    shut_down(all, choice);
    while (gsaw__load_acquire(&all->quiet) < SUBMITTERS) /* test: they were refused */
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    gsaw_scheduler_count(all->scheduler, &counts);
    gsaw_scheduler_free(all->scheduler);
    gsaw__store_release(&all->is_over, true); /* test: as said */
    bool is_right =
        counts.submitted == gsaw__load_relaxed(&all->accepted) && /* test: quiet */
        counts.submitted == counts.done + counts.failed + counts.cancelled + counts.skipped &&
        counts.memory == 0 && gsaw__load_relaxed(&all->wrong) == 0 &&          /* test: quiet */
        gsaw__load_relaxed(&all->made) == gsaw__load_relaxed(&all->destroyed); /* test */
    if (!is_right)
        fail_msg(
            "GSAW_SEED=%llu: %llu accepted, %llu submitted, %llu ended, %llu wrong; %llu "
            "values, %llu destroyed",
            (unsigned long long)seed, (unsigned long long)all->accepted,
            (unsigned long long)counts.submitted,
            (unsigned long long)(counts.done + counts.failed + counts.cancelled + counts.skipped),
            (unsigned long long)all->wrong, (unsigned long long)all->made,
            (unsigned long long)all->destroyed);
    return counts.submitted;
}

static uint64_t live(uint64_t *random)
{
    enum { ACTORS = SUBMITTERS + 1 };
    uint64_t choice = next_random(random);
    world all = {.ids = 1};
    actor actors[ACTORS];
    gsaw__thread threads[ACTORS];
    gsaw_pool_options of_pool = {.size = sizeof of_pool, .workers = 1 + (uint32_t)(choice & 3)};
    assert_int_equal(gsaw_pool_new(&of_pool, &all.pool, NULL), GSAW_OK);
    gsaw_scheduler_options options = {.size = sizeof options,
                                      .pool = all.pool,
                                      .overtakes_max = 1 + (uint32_t)(choice >> 8 & 63),
                                      .tasks_max = choice >> 16 & 1 ? 100 : 0,
                                      .memory_max = choice >> 17 & 1 ? 700 : 0,
                                      .fail_fast = (choice >> 18 & 3) == 0,
                                      .times = choice >> 20 & 1};
    assert_int_equal(gsaw_scheduler_new(&options, &all.scheduler, NULL), GSAW_OK);
    for (int i = 0; i < ACTORS; i++) {
        actors[i] = (actor){.all = &all, .random = next_random(random)};
        gsaw__thread_options of_thread = {.function =
                                              i < SUBMITTERS ? submit_and_disturb : resize_often,
                                          .argument = &actors[i],
                                          .name = "actor"};
        assert_int_equal(gsaw__thread_start(&threads[i], &of_thread, NULL), GSAW_OK);
    }
    nanosleep(&(struct timespec){.tv_nsec = (long)(30000000 + (choice >> 24) % 60000000)}, NULL);
    uint64_t tasks = end(&all, choice >> 50);
    for (int i = 0; i < ACTORS; i++)
        gsaw__thread_join(&threads[i]);
    gsaw_pool_free(all.pool);
    return tasks;
}

static void test_stress_scheduler(void **state)
{
    (void)state;
    const char *times = getenv("GSAW_STRESS");
    uint64_t scale = times == NULL ? 1 : strtoull(times, NULL, 10);
    uint64_t random = seed, lives = 0, tasks = 0;
    for (; tasks < scale * TASKS_WANTED || lives < scale * LIVES_WANTED; lives++)
        tasks += live(&random);
    print_message("%llu tasks in %llu schedulers\n", (unsigned long long)tasks,
                  (unsigned long long)lives);
}

int main(void)
{
    const char *given = getenv("GSAW_SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : gsaw__clock_ns();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stress_scheduler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
