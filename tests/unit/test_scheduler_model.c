/* test_scheduler_model.c - random graphs, batches, failures, retries and cancels against a model.
 * Keeps:   every task ends as the serial model says, once, after all that it waits for.
 * Threads: pools of 1 to 4; the seed is printed with a failure, GSAW_SEED sets the first.
 * Next:    test_scheduler.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <gangsaw/task.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"

#define TASKS_MAX 400u
#define DEPENDS_MAX 4u
#define ROUNDS 150u

typedef struct node {
    uint32_t depends[DEPENDS_MAX];
    uint32_t depend_count;
    uint32_t failures; /* attempts that fail before one succeeds */
    uint32_t retries;
    bool is_cancelled; /* while the workers are held: it never starts */
    gsaw_task_state expected;
    gsaw_handle handle;
    _Atomic uint32_t runs;
    _Atomic bool has_run; /* to its end */
    const struct model *model;
    char id[16];
} node;

typedef struct model {
    uint64_t random;
    uint32_t count;
    node nodes[TASKS_MAX];
    _Atomic uint32_t wrong; /* tasks that ran before one they wait for */
    _Atomic bool is_open;
} model;

static uint32_t draw(model *self, uint32_t below)
{
    self->random = self->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(self->random >> 33) % below;
}

static gsaw_status work(gsaw_context *context, void *argument)
{
    (void)context;
    node *self = argument;
    model *all = (model *)(uintptr_t)self->model;
    for (uint32_t i = 0; i < self->depend_count; i++)
        if (!gsaw__load_acquire(&all->nodes[self->depends[i]].has_run)) /* test: its end */
            gsaw__add_relaxed(&all->wrong, 1);                          /* test: a count */
    uint32_t runs = gsaw__add_relaxed(&self->runs, 1) + 1;              /* test: a count */
    if (runs <= self->failures)
        return GSAW_DAMAGED;
    gsaw__store_release(&self->has_run, true); /* test: pairs with the load above */
    return GSAW_OK;
}

static gsaw_status hold(gsaw_context *context, void *argument)
{
    (void)context;
    model *self = argument;
    while (!gsaw__load_acquire(&self->is_open)) /* test: opened below */
        continue;
    return GSAW_OK;
}

/* What the scheduler is to make of each: a task waits only for those before it. */
static void solve(model *self)
{
    for (uint32_t i = 0; i < self->count; i++) {
        node *at = &self->nodes[i];
        at->expected = at->failures > at->retries ? GSAW_TASK_FAILED : GSAW_TASK_DONE;
        for (uint32_t d = 0; d < at->depend_count; d++)
            if (self->nodes[at->depends[d]].expected != GSAW_TASK_DONE)
                at->expected = GSAW_TASK_SKIPPED;
        if (at->is_cancelled)
            at->expected = GSAW_TASK_CANCELLED;
    }
}

static void build(model *self, uint64_t seed)
{
    memset((void *)self, 0, sizeof *self);
    self->random = seed;
    self->count = 1 + draw(self, TASKS_MAX);
    for (uint32_t i = 0; i < self->count; i++) {
        node *at = &self->nodes[i];
        at->model = self;
        snprintf(at->id, sizeof at->id, "t%u", i);
        at->depend_count = i == 0 ? 0 : draw(self, DEPENDS_MAX + 1);
        for (uint32_t d = 0; d < at->depend_count; d++)
            at->depends[d] = i < 20 || draw(self, 2) == 0 ? draw(self, i) : i - 1 - draw(self, 20);
        if (draw(self, 20) == 0)
            at->failures = 1 + draw(self, 3);
        if (draw(self, 10) == 0)
            at->retries = draw(self, 4);
    }
}

/* Schedule nodes [first, end) in one batch, shuffled. */
static void schedule_range(model *self, gsaw_scheduler *scheduler, uint32_t first, uint32_t end)
{
    static gsaw_task_definition definitions[TASKS_MAX];
    static const char *depends[TASKS_MAX][DEPENDS_MAX];
    static gsaw_handle handles[TASKS_MAX];
    uint32_t order[TASKS_MAX], count = end - first;
    for (uint32_t i = 0; i < count; i++)
        order[i] = first + i;
    for (uint32_t i = count; i-- > 1;) {
        uint32_t other = draw(self, i + 1), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    for (uint32_t i = 0; i < count; i++) {
        node *at = &self->nodes[order[i]];
        for (uint32_t d = 0; d < at->depend_count; d++)
            depends[i][d] = self->nodes[at->depends[d]].id;
        definitions[i] = (gsaw_task_definition){.id = at->id,
                                                .function = work,
                                                .argument = at,
                                                .depends = depends[i],
                                                .depends_count = at->depend_count,
                                                .priority = (int32_t)draw(self, 7) - 3,
                                                .cost = draw(self, 50),
                                                .memory = draw(self, 3) == 0 ? draw(self, 900) : 0,
                                                .retries = at->retries,
                                                .backoff_ns = draw(self, 2) * 1000,
                                                .affinity = draw(self, 4)};
    }
    gsaw_error error = {0};
    if (gsaw_scheduler_schedule_batch(scheduler, definitions, count, handles, &error) != GSAW_OK)
        fail_msg("%s", error.text);
    for (uint32_t i = 0; i < count; i++)
        self->nodes[order[i]].handle = handles[i];
}

static void schedule_all(model *self, gsaw_scheduler *scheduler)
{
    for (uint32_t first = 0, end; first < self->count; first = end) {
        end = first + 1 + (draw(self, 3) == 0 ? 0 : draw(self, self->count - first));
        schedule_range(self, scheduler, first, end);
    }
}

/* Cancel some while nothing can start. What a cancelled one took along is expected as it did. */
static void cancel_some(model *self, gsaw_scheduler *scheduler)
{
    for (uint32_t i = 0; i < self->count; i++) {
        node *at = &self->nodes[i];
        if (draw(self, 25) != 0)
            continue;
        bool never;
        assert_int_equal(gsaw_scheduler_cancel(scheduler, at->handle, draw(self, 2) == 0, &never),
                         GSAW_OK);
        assert_true(never);
        at->is_cancelled = true;
    }
}

static void compare(const model *self, gsaw_scheduler *scheduler, uint64_t seed)
{
    gsaw_scheduler_counts counts;
    gsaw_scheduler_count(scheduler, &counts);
    assert_int_equal(counts.submitted,
                     counts.done + counts.failed + counts.cancelled + counts.skipped);
    assert_int_equal(gsaw__load_relaxed(&self->wrong), 0); /* test: all has ended */
    assert_int_equal(counts.memory, 0);
    for (uint32_t i = 0; i < self->count; i++) {
        const node *at = &self->nodes[i];
        gsaw_task_result result;
        assert_int_equal(gsaw_scheduler_result(scheduler, at->handle, &result), GSAW_OK);
        bool is_off = at->expected == GSAW_TASK_SKIPPED || at->expected == GSAW_TASK_CANCELLED;
        bool is_right =
            is_off ? result.state == GSAW_TASK_SKIPPED || result.state == GSAW_TASK_CANCELLED
                   : result.state == at->expected;
        uint32_t runs = gsaw__load_relaxed(&at->runs); /* test: all has ended */
        uint32_t tries = at->failures < at->retries + 1 ? at->failures + 1 : at->retries + 1;
        if (!is_right || runs != (is_off ? 0 : tries) || result.attempts != runs)
            fail_msg("seed %llu: %s ended as %s after %u runs, not as %s", (unsigned long long)seed,
                     at->id, gsaw_task_state_name(result.state), runs,
                     gsaw_task_state_name(at->expected));
        if (result.state == GSAW_TASK_SKIPPED) {
            gsaw_task_result cause;
            assert_int_equal(gsaw_scheduler_result(scheduler, result.cause, &cause), GSAW_OK);
            assert_true(cause.state == GSAW_TASK_FAILED || cause.state == GSAW_TASK_CANCELLED);
        }
    }
}

static void test_scheduler_ends_every_task_as_the_model_says(void **state)
{
    (void)state;
    static model self;
    const char *given = getenv("GSAW_SEED");
    uint64_t first = given == NULL ? 1 : strtoull(given, NULL, 10);
    for (uint64_t seed = first; seed < first + ROUNDS; seed++) {
        build(&self, seed);
        gsaw_scheduler_options options = {.size = sizeof options,
                                          .workers = 1 + (uint32_t)(seed % 4),
                                          .memory_max = 1000,
                                          .overtakes_max = 1 + draw(&self, 30),
                                          .times = seed % 2 == 0};
        gsaw_scheduler *scheduler;
        assert_int_equal(gsaw_scheduler_new(&options, &scheduler, NULL), GSAW_OK);
        bool is_held = seed % 3 == 0 && options.workers == 1;
        if (is_held) {
            gsaw_task_definition holder = {.function = hold, .argument = &self};
            gsaw_handle handle;
            gsaw_task_state begun = GSAW_TASK_NEW;
            assert_int_equal(gsaw_scheduler_schedule(scheduler, &holder, &handle, NULL), GSAW_OK);
            while (begun != GSAW_TASK_RUNNING)
                gsaw_scheduler_get_status(scheduler, handle, &begun);
        }
        schedule_all(&self, scheduler);
        if (is_held)
            cancel_some(&self, scheduler);
        gsaw__store_release(&self.is_open, true); /* test: pairs with hold() */
        solve(&self);
        gsaw_error error = {0};
        if (gsaw_scheduler_wait_all(scheduler, GSAW_NO_DEADLINE, &error) != GSAW_OK)
            fail_msg("seed %llu: %s", (unsigned long long)seed, error.text);
        compare(&self, scheduler, seed);
        gsaw_scheduler_free(scheduler);
    }
}

/* ---- ids announced, and cycles that they close ---- */

/* Whether the tasks that are accepted, with those of the batch, have a cycle through one of the
 * batch: by what can be reached, as nothing else is as plain. */
static bool has_cycle(const model *self, const bool *is_in)
{
    static bool reaches[TASKS_MAX][TASKS_MAX];
    for (uint32_t i = 0; i < self->count; i++) {
        memset(reaches[i], 0, sizeof reaches[i]);
        for (uint32_t d = 0; is_in[i] && d < self->nodes[i].depend_count; d++)
            reaches[i][self->nodes[i].depends[d]] = true;
    }
    for (uint32_t k = 0; k < self->count; k++) /* Warshall, A Theorem on Boolean Matrices (1962) */
        for (uint32_t i = 0; i < self->count; i++)
            for (uint32_t j = 0; reaches[i][k] && j < self->count; j++)
                reaches[i][j] = reaches[i][j] || reaches[k][j];
    for (uint32_t i = 0; i < self->count; i++)
        if (reaches[i][i])
            return true;
    return false;
}

static gsaw_status offer(model *self, gsaw_scheduler *scheduler, const uint32_t *which,
                         uint32_t count)
{
    gsaw_task_definition definitions[4];
    const char *depends[4][DEPENDS_MAX];
    gsaw_handle handles[4];
    for (uint32_t i = 0; i < count; i++) {
        node *at = &self->nodes[which[i]];
        for (uint32_t d = 0; d < at->depend_count; d++)
            depends[i][d] = self->nodes[at->depends[d]].id;
        definitions[i] = (gsaw_task_definition){.id = at->id,
                                                .function = work,
                                                .argument = at,
                                                .depends = depends[i],
                                                .depends_count = at->depend_count,
                                                .priority = (int32_t)draw(self, 5),
                                                .may_come_later = true};
    }
    gsaw_status status =
        gsaw_scheduler_schedule_batch(scheduler, definitions, count, handles, NULL);
    for (uint32_t i = 0; status == GSAW_OK && i < count; i++)
        self->nodes[which[i]].handle = handles[i];
    return status;
}

static void make_tangle(model *self, uint64_t seed)
{
    memset((void *)self, 0, sizeof *self);
    self->random = seed;
    self->count = 2 + draw(self, 25);
    for (uint32_t i = 0; i < self->count; i++) {
        node *at = &self->nodes[i];
        at->model = self;
        snprintf(at->id, sizeof at->id, "t%u", i);
        at->depend_count = draw(self, 4) == 0 ? 0 : draw(self, 3);
        for (uint32_t d = 0; d < at->depend_count; d++)
            at->depends[d] = draw(self, self->count);
    }
}

/* Offer all, some at a time, in any order; what closes a cycle is refused, with all of its batch.
 * Those are offered again at last, one by one, without dependencies. */
static void offer_all(model *self, gsaw_scheduler *scheduler, uint64_t seed)
{
    bool is_in[TASKS_MAX] = {false};
    uint32_t left[TASKS_MAX], count = self->count;
    for (uint32_t i = 0; i < count; i++)
        left[i] = i;
    for (uint32_t tries = 0; tries < 3 * self->count && count > 0; tries++) {
        uint32_t size = 1 + draw(self, count < 4 ? count : 4), first = draw(self, count - size + 1);
        bool would_be[TASKS_MAX];
        memcpy(would_be, is_in, sizeof is_in);
        for (uint32_t i = 0; i < size; i++)
            would_be[left[first + i]] = true;
        gsaw_status expected = has_cycle(self, would_be) ? GSAW_INVALID : GSAW_OK;
        gsaw_status status = offer(self, scheduler, &left[first], size);
        if (status != expected)
            fail_msg("seed %llu: %d, not %d", (unsigned long long)seed, (int)status, (int)expected);
        if (status != GSAW_OK)
            continue;
        memcpy(is_in, would_be, sizeof is_in);
        count -= size;
        memmove(&left[first], &left[first + size], (count - first) * sizeof *left);
    }
    for (uint32_t i = 0; i < count; i++) {
        self->nodes[left[i]].depend_count = 0;
        assert_int_equal(offer(self, scheduler, &left[i], 1), GSAW_OK);
    }
}

static void test_scheduler_refuses_every_cycle_that_announced_ids_close(void **state)
{
    (void)state;
    static model self;
    const char *given = getenv("GSAW_SEED");
    uint64_t first = given == NULL ? 1 : strtoull(given, NULL, 10);
    for (uint64_t seed = first; seed < first + 400; seed++) {
        make_tangle(&self, seed);
        gsaw_scheduler_options options = {.size = sizeof options, .workers = 1};
        gsaw_scheduler *scheduler;
        gsaw_task_definition holder = {.function = hold, .argument = &self, .priority = 1000};
        gsaw_task_state begun = GSAW_TASK_NEW;
        gsaw_handle handle;
        assert_int_equal(gsaw_scheduler_new(&options, &scheduler, NULL), GSAW_OK);
        assert_int_equal(gsaw_scheduler_schedule(scheduler, &holder, &handle, NULL), GSAW_OK);
        while (begun != GSAW_TASK_RUNNING)
            gsaw_scheduler_get_status(scheduler, handle, &begun);
        offer_all(&self, scheduler, seed);
        gsaw__store_release(&self.is_open, true); /* test: pairs with hold() */
        gsaw_error error = {0};
        if (gsaw_scheduler_wait_all(scheduler, GSAW_NO_DEADLINE, &error) != GSAW_OK)
            fail_msg("seed %llu: %s", (unsigned long long)seed, error.text);
        gsaw_scheduler_counts counts;
        gsaw_scheduler_count(scheduler, &counts);
        assert_int_equal(counts.done, self.count + 1);
        assert_int_equal(counts.announced, 0);
        assert_int_equal(gsaw__load_relaxed(&self.wrong), 0); /* test: all has ended */
        gsaw_scheduler_free(scheduler);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scheduler_ends_every_task_as_the_model_says),
        cmocka_unit_test(test_scheduler_refuses_every_cycle_that_announced_ids_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
