/* test_simulate.c - the simulator against a naive one, against the best of all schedules of small
 * sets, and against the bounds of Graham and Brent.
 * Keeps:   random sets come from a seed, which a failure prints.
 * Next:    simulate.h in work/ */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "work/simulate.h"

#define TASKS_MAX 64u
#define WORKERS_MAX 8u

static uint64_t seed;

static uint32_t next(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

static gsaw__simulated simulate(const gsaw__simulation *options)
{
    gsaw__simulated out;
    assert_int_equal(gsaw__simulate(options, &out), GSAW_OK);
    return out;
}

/* ---- by hand ---- */

static void test_simulate_small_cases_by_hand(void **state)
{
    (void)state;
    /* 0 releases 1 and 2; 3 stands alone. */
    const gsaw__recorded_task tasks[] = {
        {10, 1, GSAW_NO_TASK}, {30, 1, 0}, {20, 9, 0}, {5, 5, GSAW_NO_TASK}};
    gsaw__simulation options = {.tasks = tasks, .count = 4, .workers = 1};
    gsaw__simulated one = simulate(&options);
    assert_int_equal(one.makespan_ns, 65);
    assert_int_equal(one.work_ns, 65);
    assert_int_equal(one.critical_ns, 40);
    assert_int_equal(one.critical_end, 1);
    assert_int_equal(one.last, 1); /* 3, 0, 2, 1 */
    options.workers = 2;
    gsaw__simulated two = simulate(&options); /* 0 and 3; at 10 task 2 (the dearer) and 1 */
    assert_int_equal(two.makespan_ns, 40);
    assert_int_equal(two.busy_ns, 65);
    assert_int_equal(two.idle_ns, 15);
    options.overhead_ns = 1;
    assert_int_equal(simulate(&options).makespan_ns, 42);
    assert_int_equal(simulate(&options).work_ns, 69);
}

static void test_simulate_orders_differ_as_they_say(void **state)
{
    (void)state;
    const gsaw__recorded_task tasks[] = {
        {1, 1, GSAW_NO_TASK}, {1, 2, GSAW_NO_TASK}, {1, 3, GSAW_NO_TASK}, {9, 9, GSAW_NO_TASK}};
    const uint64_t ends[] = {[GSAW_ORDER_DEAREST] = 9,
                             [GSAW_ORDER_OLDEST] = 10,
                             [GSAW_ORDER_NEWEST] = 10,
                             [GSAW_ORDER_LANES] = 10};
    const uint32_t last[] = {[GSAW_ORDER_DEAREST] = 3,
                             [GSAW_ORDER_OLDEST] = 3,
                             [GSAW_ORDER_NEWEST] = 3,
                             [GSAW_ORDER_LANES] = 3};
    for (unsigned order = 0; order <= GSAW_ORDER_LANES; order++) {
        gsaw__simulation options = {
            .tasks = tasks, .count = 4, .workers = 2, .order = (enum gsaw__order)order};
        gsaw__simulated out = simulate(&options);
        assert_int_equal(out.makespan_ns, ends[order]);
        assert_int_equal(out.last, last[order]);
    }
    /* A lane does not help another: 0, 2 and 4 are one worker's. */
    const gsaw__recorded_task skewed[] = {{5, 0, GSAW_NO_TASK},
                                          {1, 0, GSAW_NO_TASK},
                                          {5, 0, GSAW_NO_TASK},
                                          {1, 0, GSAW_NO_TASK},
                                          {5, 0, GSAW_NO_TASK}};
    gsaw__simulation options = {
        .tasks = skewed, .count = 5, .workers = 2, .order = GSAW_ORDER_LANES};
    assert_int_equal(simulate(&options).makespan_ns, 15);
    options.order = GSAW_ORDER_OLDEST;
    assert_int_equal(simulate(&options).makespan_ns, 11);
}

static void test_simulate_slows_down_by_the_busy(void **state)
{
    (void)state;
    const gsaw__recorded_task tasks[] = {{10, 0, GSAW_NO_TASK}, {20, 0, GSAW_NO_TASK}};
    const double slowdown[] = {1, 2};
    gsaw__simulation options = {.tasks = tasks, .count = 2, .workers = 2, .slowdown = slowdown};
    gsaw__simulated out = simulate(&options); /* both at half speed up to 20, then one alone */
    assert_int_equal(out.makespan_ns, 30);
    assert_int_equal(out.busy_ns, 50);
    assert_int_equal(out.idle_ns, 10);
    assert_int_equal(out.work_ns, 30);
    assert_int_equal(out.critical_ns, 20);
    assert_true(out.concurrency > 1.66 && out.concurrency < 1.67);
}

static void test_simulate_refuses_what_makes_no_sense(void **state)
{
    (void)state;
    gsaw__simulated out;
    gsaw__recorded_task tasks[] = {{1, 0, GSAW_NO_TASK}, {1, 0, 1}};
    gsaw__simulation options = {.tasks = tasks, .count = 2, .workers = 2};
    assert_int_equal(gsaw__simulate(&options, &out), GSAW_INVALID); /* its own parent */
    tasks[1].parent = 0;
    tasks[0].parent = 1;
    assert_int_equal(gsaw__simulate(&options, &out), GSAW_INVALID); /* a cycle */
    tasks[0].parent = GSAW_NO_TASK;
    const double bad[] = {1, 0};
    options.slowdown = bad;
    assert_int_equal(gsaw__simulate(&options, &out), GSAW_INVALID);
    options.slowdown = NULL;
    options.workers = 0;
    assert_int_equal(gsaw__simulate(&options, &out), GSAW_INVALID);
    options.workers = 1;
    tasks[0].duration_ns = UINT64_MAX;
    assert_int_equal(gsaw__simulate(&options, &out), GSAW_RANGE);
    options.count = 0;
    assert_int_equal(gsaw__simulate(&options, &out), GSAW_OK);
    assert_int_equal(out.makespan_ns, 0);
    assert_int_equal(out.last, GSAW_NO_TASK);
}

/* ---- random sets ---- */

struct set {
    gsaw__recorded_task tasks[TASKS_MAX];
    double slowdown[WORKERS_MAX];
    gsaw__simulation options;
};

static void make_set(struct set *self, uint32_t count, uint32_t free_percent)
{
    for (uint32_t i = 0; i < count; i++) {
        bool is_free = i == 0 || next(100) < free_percent;
        uint64_t duration = next(8) == 0 ? next(1000) : next(50);
        self->tasks[i] = (gsaw__recorded_task){duration, next(4) == 0 ? next(50) : duration,
                                               is_free ? GSAW_NO_TASK : next(i)};
    }
    self->slowdown[0] = 1;
    for (uint32_t k = 1; k < WORKERS_MAX; k++)
        self->slowdown[k] = self->slowdown[k - 1] + 0.25 * next(3);
    self->options = (gsaw__simulation){.tasks = self->tasks,
                                       .count = count,
                                       .workers = 1 + next(WORKERS_MAX),
                                       .order = (enum gsaw__order)next(4),
                                       .overhead_ns = next(2) * next(10)};
}

enum { WAITS, READY, RUNS, ENDED };

struct naive {
    int state[TASKS_MAX];
    uint32_t stamp[TASKS_MAX], worker[TASKS_MAX], stamps;
    double left[TASKS_MAX];
};

/* Which ready task worker w takes: by looking at all. */
static uint32_t choose(const gsaw__simulation *options, const struct naive *at, uint32_t w)
{
    uint32_t best = GSAW_NO_TASK;
    for (uint32_t i = 0; i < options->count; i++) {
        if (at->state[i] != READY ||
            (options->order == GSAW_ORDER_LANES && i % options->workers != w))
            continue;
        bool better = best == GSAW_NO_TASK;
        if (!better && options->order == GSAW_ORDER_DEAREST)
            better = options->tasks[i].priority > options->tasks[best].priority;
        else if (!better && options->order == GSAW_ORDER_NEWEST)
            better = at->stamp[i] > at->stamp[best];
        else if (!better)
            better = at->stamp[i] < at->stamp[best];
        if (better)
            best = i;
    }
    return best;
}

/* The makespan by the definition: all running tasks lose what passes until the next one ends. */
static double naive_makespan(const gsaw__simulation *options)
{
    struct naive at = {.stamps = 0};
    bool busy[WORKERS_MAX] = {false};
    uint32_t running = 0;
    double now = 0;
    for (uint32_t i = 0; i < options->count; i++)
        if (options->tasks[i].parent == GSAW_NO_TASK)
            at.state[i] = READY;
    for (;;) {
        for (uint32_t w = 0; w < options->workers; w++) {
            uint32_t task = busy[w] ? GSAW_NO_TASK : choose(options, &at, w);
            if (task == GSAW_NO_TASK)
                continue;
            at.state[task] = RUNS;
            at.worker[task] = w;
            at.left[task] = (double)(options->tasks[task].duration_ns + options->overhead_ns);
            busy[w] = true;
            running++;
        }
        uint32_t first = GSAW_NO_TASK;
        for (uint32_t i = 0; i < options->count; i++)
            if (at.state[i] == RUNS && (first == GSAW_NO_TASK || at.left[i] < at.left[first]))
                first = i;
        if (first == GSAW_NO_TASK)
            return now;
        double passed = at.left[first];
        now += passed * (options->slowdown == NULL ? 1 : options->slowdown[running - 1]);
        for (uint32_t i = 0; i < options->count; i++)
            if (at.state[i] == RUNS)
                at.left[i] -= passed;
        at.state[first] = ENDED;
        busy[at.worker[first]] = false;
        running--;
        at.stamps++;
        for (uint32_t i = 0; i < options->count; i++)
            if (options->tasks[i].parent == first) {
                at.state[i] = READY;
                at.stamp[i] = at.stamps;
            }
    }
}

static void assert_bounds(const gsaw__simulation *options, const gsaw__simulated *out)
{
    uint64_t workers = options->workers, span = out->makespan_ns;
    assert_true(span >= out->critical_ns);
    assert_true(span * workers >= out->work_ns);
    assert_int_equal(out->busy_ns, out->work_ns);
    assert_int_equal(out->idle_ns, span * workers - out->work_ns);
    if (options->order != GSAW_ORDER_LANES) /* Brent: (work - critical) / N + critical */
        assert_true(span * workers <= out->work_ns + (workers - 1) * out->critical_ns);
}

static void test_simulate_agrees_with_a_naive_one(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 4000; round++) {
        struct set set;
        seed = round;
        make_set(&set, next(TASKS_MAX + 1), next(101));
        gsaw__simulated out = simulate(&set.options);
        if ((double)out.makespan_ns != naive_makespan(&set.options))
            fail_msg("seed %u: %lu, not %f", round, (unsigned long)out.makespan_ns,
                     naive_makespan(&set.options));
        if (set.options.count != 0)
            assert_bounds(&set.options, &out);
        set.options.slowdown = set.slowdown;
        out = simulate(&set.options);
        double off = naive_makespan(&set.options) - (double)out.makespan_ns;
        if (off < -0.6 || off > 0.6)
            fail_msg("seed %u: off by %f when slowed down", round, off);
    }
}

/* The least makespan of independent tasks, by trying every assignment. */
static uint64_t least_makespan(const gsaw__recorded_task *tasks, uint32_t count, uint32_t workers)
{
    uint64_t least = UINT64_MAX;
    uint32_t of[8] = {0};
    for (;;) {
        uint64_t load[WORKERS_MAX] = {0}, longest = 0;
        for (uint32_t i = 0; i < count; i++)
            load[of[i]] += tasks[i].duration_ns;
        for (uint32_t w = 0; w < workers; w++)
            longest = load[w] > longest ? load[w] : longest;
        least = longest < least ? longest : least;
        uint32_t at = 0;
        while (at < count && ++of[at] == workers)
            of[at++] = 0;
        if (at == count)
            return least;
    }
}

/* Graham 1969: any list is within 2 - 1/N of the best, the dearest first within 4/3 - 1/(3 N). */
static void test_simulate_keeps_grahams_bounds(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 500; round++) {
        struct set set;
        seed = round;
        make_set(&set, 1 + next(8), 100);
        set.options.overhead_ns = 0;
        set.options.workers = 1 + next(3);
        for (uint32_t i = 0; i < set.options.count; i++)
            set.tasks[i].priority = set.tasks[i].duration_ns;
        uint64_t workers = set.options.workers;
        uint64_t least =
            least_makespan(set.tasks, (uint32_t)set.options.count, set.options.workers);
        for (unsigned order = 0; order < GSAW_ORDER_LANES; order++) {
            set.options.order = (enum gsaw__order)order;
            uint64_t span = simulate(&set.options).makespan_ns;
            bool good = span >= least && (order == GSAW_ORDER_DEAREST
                                              ? 3 * workers * span <= (4 * workers - 1) * least
                                              : workers * span <= (2 * workers - 1) * least);
            if (!good)
                fail_msg("seed %u order %u: %lu, best %lu", round, order, (unsigned long)span,
                         (unsigned long)least);
        }
    }
}

static void test_simulate_a_million_tasks_at_once(void **state)
{
    (void)state;
    enum { COUNT = 1000000 };
    gsaw__recorded_task *tasks = test_malloc(COUNT * sizeof *tasks);
    seed = 1;
    for (uint32_t i = 0; i < COUNT; i++)
        tasks[i] =
            (gsaw__recorded_task){next(100000), next(100000), i == 0 ? GSAW_NO_TASK : i / 10};
    gsaw__simulation options = {.tasks = tasks, .count = COUNT, .workers = 16};
    uint64_t start_ns = gsaw__clock_ns();
    gsaw__simulated out = simulate(&options);
    print_message("a million tasks: %lu ms\n",
                  (unsigned long)((gsaw__clock_ns() - start_ns) / 1000000));
    assert_bounds(&options, &out);
    assert_true(out.makespan_ns * 16 < out.work_ns + out.work_ns / 100);
    test_free(tasks);
}

static void test_simulate_without_memory(void **state)
{
    (void)state;
    const gsaw__recorded_task tasks[] = {{10, 1, GSAW_NO_TASK}, {30, 1, 0}, {20, 9, 0}};
    size_t failures = 0;
    for (gsaw_status status = GSAW_NO_MEMORY; status != GSAW_OK; failures++) {
        gsaw_failing_allocator failing;
        gsaw__simulated out;
        gsaw_failing_allocator_init(&failing, failures + 1, 0);
        gsaw__simulation options = {
            .allocator = &failing.allocator, .tasks = tasks, .count = 3, .workers = 2};
        status = gsaw__simulate(&options, &out);
        assert_true(status == GSAW_OK || status == GSAW_NO_MEMORY);
        assert_int_equal(gsaw__load_relaxed(&failing.live_bytes), 0); /* test: all have ended */
    }
    assert_true(failures > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simulate_small_cases_by_hand),
        cmocka_unit_test(test_simulate_orders_differ_as_they_say),
        cmocka_unit_test(test_simulate_slows_down_by_the_busy),
        cmocka_unit_test(test_simulate_refuses_what_makes_no_sense),
        cmocka_unit_test(test_simulate_agrees_with_a_naive_one),
        cmocka_unit_test(test_simulate_keeps_grahams_bounds),
        cmocka_unit_test(test_simulate_a_million_tasks_at_once),
        cmocka_unit_test(test_simulate_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
