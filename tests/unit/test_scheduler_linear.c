/* test_scheduler_linear.c - TaskScheduler: what it costs grows as tasks and dependencies do.
 * Keeps:   times are of the processor, and far apart: of a graph 32 times as large, what is
 *          quadratic takes 1,024 times as long, what is linear some 60 times, for the caches.
 * Threads: a pool of 1, which leaves all to the one that waits.
 * Next:    task/wait.c, task/batch.c, task/end.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "scheduler_fixture.h"
#include "base/check.h"

#define COUNT 100000u
#define LONG_NS UINT64_C(30000000000) /* quadratic, it is minutes */
#define SMALL 1000u
#define TIMES 32u
#define RATIO_MAX 250u

static gsaw_status do_nothing(gsaw_context *context, void *argument)
{
    (void)context, (void)argument;
    return GSAW_OK;
}

/* ---- waits inside ---- */

typedef struct crowd {
    gsaw_task_definition definitions[COUNT];
    gsaw_handle handles[COUNT];
} crowd;

static crowd *make_crowd(void)
{
    crowd *self = calloc(1, sizeof *self);
    assert_non_null(self);
    for (uint32_t i = 0; i < COUNT; i++)
        self->definitions[i].function = do_nothing;
    return self;
}

static gsaw_status wait_for_all_of_them(gsaw_context *context, void *argument)
{
    crowd *self = argument;
    gsaw_scheduler *scheduler = gsaw_context_scheduler(context);
    gsaw_status status =
        gsaw_scheduler_schedule_batch(scheduler, self->definitions, COUNT, self->handles, NULL);
    return status != GSAW_OK
               ? status
               : gsaw_scheduler_wait_these(scheduler, self->handles, COUNT, GSAW_NO_DEADLINE, NULL);
}

static gsaw_status wait_for_one_that_needs_all(gsaw_context *context, void *argument)
{
    crowd *self = argument;
    gsaw_scheduler *scheduler = gsaw_context_scheduler(context);
    gsaw_handle last;
    gsaw_task_definition definition = {
        .function = do_nothing, .after = self->handles, .after_count = COUNT};
    if (gsaw_scheduler_schedule_batch(scheduler, self->definitions, COUNT, self->handles, NULL) !=
            GSAW_OK ||
        gsaw_scheduler_schedule(scheduler, &definition, &last, NULL) != GSAW_OK)
        return GSAW_DAMAGED;
    return gsaw_scheduler_wait(scheduler, last, GSAW_NO_DEADLINE, NULL);
}

static void expect_in_time(gsaw_scheduled_function *function)
{
    shared self;
    crowd *all = make_crowd();
    open_one(&self);
    gsaw_task_definition root = {.function = function, .argument = all};
    gsaw_handle handle = add(&self, &root);
    assert_int_equal(gsaw_scheduler_wait(self.scheduler, handle, gsaw__clock_ns() + LONG_NS, NULL),
                     GSAW_OK);
    assert_int_equal(state_of(&self, handle), GSAW_TASK_DONE);
    close_all(&self);
    free(all);
}

static void test_scheduler_waits_inside_for_many(void **state)
{
    (void)state;
    expect_in_time(wait_for_all_of_them);
    expect_in_time(wait_for_one_that_needs_all);
}

/* ---- graphs ---- */

typedef struct graph {
    char (*ids)[16];
    const char **depends;
    gsaw_task_definition *definitions;
} graph;

enum { DEGREE = 4 };

static graph make_graph(uint32_t count)
{
    graph self = {.ids = calloc(count, sizeof *self.ids),
                  .depends = calloc((size_t)count * DEGREE, sizeof *self.depends),
                  .definitions = calloc(count, sizeof *self.definitions)};
    gsaw_check(self.ids != NULL && self.depends != NULL && self.definitions != NULL);
    uint64_t random = 1;
    for (uint32_t i = 0; i < count; i++) {
        snprintf(self.ids[i], sizeof self.ids[i], "%u", i);
        for (uint32_t d = 0; d < DEGREE && i > 0; d++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            self.depends[(size_t)i * DEGREE + d] = self.ids[(uint32_t)(random >> 33) % i];
        }
        self.definitions[i] = (gsaw_task_definition){.id = self.ids[i],
                                                     .function = do_nothing,
                                                     .depends = &self.depends[(size_t)i * DEGREE],
                                                     .depends_count = i > 0 ? DEGREE : 0};
    }
    return self;
}

/* The least time of three to schedule and run a random graph, backwards: each comes before those it
 * waits for, so that all of it is searched. */
static uint64_t time_graph(uint32_t count)
{
    uint64_t least_ns = UINT64_MAX;
    graph given = make_graph(count);
    for (uint32_t i = 0; i < count / 2; i++) {
        gsaw_task_definition kept = given.definitions[i];
        given.definitions[i] = given.definitions[count - 1 - i];
        given.definitions[count - 1 - i] = kept;
    }
    for (int round = 0; round < 3; round++) {
        shared self;
        open_one(&self);
        uint64_t start_ns = gsaw__clock_cpu_ns();
        assert_int_equal(
            gsaw_scheduler_schedule_batch(self.scheduler, given.definitions, count, NULL, NULL),
            GSAW_OK);
        run_all(&self);
        uint64_t took_ns = gsaw__clock_cpu_ns() - start_ns;
        least_ns = took_ns < least_ns ? took_ns : least_ns;
        close_all(&self);
    }
    free(given.ids);
    free(given.depends);
    free(given.definitions);
    return least_ns;
}

static void test_scheduler_cost_is_linear_in_edges(void **state)
{
    (void)state;
    uint64_t small_ns = time_graph(SMALL), large_ns = time_graph(TIMES * SMALL);
    if (large_ns > RATIO_MAX * small_ns)
        fail_msg("%u tasks take %llu us, %u times as many %llu", SMALL,
                 (unsigned long long)small_ns / 1000, TIMES, (unsigned long long)large_ns / 1000);
}

/* ---- one and many ---- */

static void test_scheduler_ends_many_dependants_of_one(void **state)
{
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        shared self;
        crowd *all = make_crowd();
        open_one(&self);
        current = &self;
        hold(&self);
        gsaw_task_definition hub = task_of("hub", 0);
        hub.function = fails != 0 ? say_and_fail : say;
        gsaw_handle handle = add(&self, &hub);
        for (uint32_t i = 0; i < COUNT; i++) {
            all->definitions[i].after = &handle;
            all->definitions[i].after_count = 1;
        }
        assert_int_equal(gsaw_scheduler_schedule_batch(self.scheduler, all->definitions, COUNT,
                                                       all->handles, NULL),
                         GSAW_OK);
        open_gate(&self);
        assert_int_equal(gsaw_scheduler_wait_all(self.scheduler, gsaw__clock_ns() + LONG_NS, NULL),
                         GSAW_OK);
        gsaw_scheduler_counts counts;
        gsaw_scheduler_count(self.scheduler, &counts);
        assert_int_equal(fails != 0 ? counts.skipped : counts.done - 2, COUNT);
        close_all(&self);
        free(all);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scheduler_waits_inside_for_many),
        cmocka_unit_test(test_scheduler_cost_is_linear_in_edges),
        cmocka_unit_test(test_scheduler_ends_many_dependants_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
