/* test_distributor.c - WorkDistributor: items given, run, cancelled, skipped, counted, learned
 * from.
 * Next:    work/distributor.h, test_distributor_stream.c, stress/test_distributor_stress.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gangsaw/work.h>

#include "base/check.h"
#include "distributor_fixture.h"

enum { MANY = 20000 };

static void test_distributor_runs_each_item_once(void **state)
{
    (void)state;
    static const char *const names[] = {"round_robin", "work_stealing", "cost_based"};
    static _Atomic uint32_t runs[MANY];
    static gsaw_work_item items[MANY];
    for (size_t i = 0; i < 3; i++)
        for (uint32_t workers = 1; workers <= 8; workers *= 2) {
            memset(runs, 0, sizeof runs);
            for (size_t k = 0; k < MANY; k++)
                items[k] = (gsaw_work_item){.data = &runs[k], .cost = (double)(k * 7919 % 1000)};
            gsaw_distributor *distributor =
                open_with((gsaw_distributor_options){.strategy = names[i], .workers = workers});
            gsaw_error error = {0};
            assert_int_equal(gsaw_distributor_lane_count(distributor), workers);
            for (uint32_t round = 1; round <= 2; round++) {
                if (gsaw_distributor_distribute(distributor, items, MANY, &error) != GSAW_OK ||
                    gsaw_distributor_run(distributor, count_run, NULL, &error) != GSAW_OK)
                    fail_msg("%s", error.text);
                check_counts(distributor, (gsaw_distributor_counts){.submitted = round * MANY,
                                                                    .done = round * MANY});
            }
            for (size_t k = 0; k < MANY; k++)
                assert_int_equal(gsaw__load_relaxed(&runs[k]), 2); /* test: all has ended */
            gsaw_distributor_free(distributor);
        }
}

/* ---- starting and finishing ---- */

static void test_distributor_of_nothing(void **state)
{
    (void)state;
    gsaw_distributor *distributor = open_with((gsaw_distributor_options){.workers = 2});
    distribute(distributor, NULL, 0);
    assert_int_equal(gsaw_distributor_run(distributor, run_ok, NULL, NULL), GSAW_OK);
    assert_int_equal(gsaw_distributor_start(distributor, run_ok, NULL, NULL), GSAW_OK);
    distribute(distributor, NULL, 0);
    assert_int_equal(gsaw_distributor_finish(distributor, NULL), GSAW_OK);
    check_counts(distributor, (gsaw_distributor_counts){0});
    gsaw_distributor_free(distributor);
    gsaw_distributor_free(NULL);
}

static void test_distributor_refuses_what_is_out_of_turn(void **state)
{
    (void)state;
    gsaw_error error = {0};
    gsaw_distributor *distributor = open_with((gsaw_distributor_options){.workers = 2});
    assert_int_equal(gsaw_distributor_finish(distributor, &error), GSAW_INVALID);
    assert_int_equal(gsaw_distributor_start(distributor, NULL, NULL, &error), GSAW_INVALID);
    assert_int_equal(gsaw_distributor_distribute(distributor, NULL, 1, &error), GSAW_INVALID);
    assert_int_equal(gsaw_distributor_start(distributor, run_ok, NULL, &error), GSAW_OK);
    assert_int_equal(gsaw_distributor_start(distributor, run_ok, NULL, &error), GSAW_INVALID);
    assert_int_equal(gsaw_distributor_run(distributor, run_ok, NULL, &error), GSAW_INVALID);
    assert_int_equal(gsaw_distributor_finish(distributor, &error), GSAW_OK);
    gsaw_distributor_free(distributor);
    static const gsaw_distributor_options wrong[] = {
        {.size = 1},
        {.size = sizeof wrong[0], .workers = GSAW_WORKERS_MAX + 1},
        {.size = sizeof wrong[0], .batch_ns = -1},
        {.size = sizeof wrong[0], .model_path = "/dev/null/model"}};
    static const gsaw_status said[] = {GSAW_INVALID, GSAW_RANGE, GSAW_RANGE, GSAW_SYSTEM};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(gsaw_distributor_new(&wrong[i], &distributor, &error), said[i]);
}

static double cost_that(void *context, const gsaw_work_item *item)
{
    (void)item;
    return *(const double *)context;
}

static void test_distributor_asks_the_cost_function(void **state)
{
    (void)state;
    static const double wrong[] = {-1, NAN, INFINITY, 1e19};
    double cost = 7;
    gsaw_distributor *distributor = open_with(
        (gsaw_distributor_options){.workers = 1, .cost = cost_that, .cost_context = &cost});
    static const gsaw_work_item items[] = {{.cost = 5}, {.id = "asked", .size = 100}};
    double load = 0;
    distribute(distributor, items, 2);
    gsaw_distributor_lane(distributor, 0, &load, NULL, 0);
    assert_true(load == 12);
    cost = 0; /* it does not know either: the model does, by size */
    distribute(distributor, items + 1, 1);
    gsaw_distributor_lane(distributor, 0, &load, NULL, 0);
    assert_true(load == 112);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        gsaw_error error = {0};
        cost = wrong[i];
        assert_int_equal(gsaw_distributor_distribute(distributor, items, 2, &error), GSAW_RANGE);
        assert_non_null(strstr(error.text, "asked: the cost function says"));
    }
    check_counts(distributor, (gsaw_distributor_counts){.submitted = 3, .waiting = 3});
    gsaw_distributor_free(distributor); /* what waits is forgotten */
}

/* ---- failing, cancelling, skipping ---- */

static gsaw_status run_or_fail(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)worker, (void)context;
    return item->data == NULL ? GSAW_OK : GSAW_DAMAGED;
}

static void test_distributor_skips_what_depends_on_a_failure(void **state)
{
    (void)state;
    static const char *const on[] = {"a", "b", "c", "d"};
    static const char *const on_e[] = {"e", "d"};
    static char bad[] = "bad";
    /* a fails; b and c wait for it; d for c and e; f for e. */
    static const gsaw_work_item items[] = {{.id = "a", .data = bad},
                                           {.id = "b", .depends = &on[0], .depends_count = 1},
                                           {.id = "c", .depends = &on[0], .depends_count = 1},
                                           {.id = "d", .depends = &on[2], .depends_count = 1},
                                           {.id = "e"},
                                           {.id = "f", .depends = on_e, .depends_count = 1},
                                           {.id = "g", .depends = on_e, .depends_count = 2}};
    for (uint32_t workers = 1; workers <= 3; workers++) {
        gsaw_error error = {0};
        gsaw_distributor *distributor = open_with((gsaw_distributor_options){.workers = workers});
        distribute(distributor, items, 7);
        assert_int_equal(gsaw_distributor_run(distributor, run_or_fail, NULL, &error),
                         GSAW_DAMAGED);
        assert_string_equal(error.text, "a failed: damaged data");
        check_counts(distributor, (gsaw_distributor_counts){
                                      .submitted = 7, .done = 2, .failed = 1, .skipped = 4});
        distribute(distributor, items + 4, 2); /* the next run has nothing of it */
        assert_int_equal(gsaw_distributor_run(distributor, run_or_fail, NULL, &error), GSAW_OK);
        gsaw_distributor_free(distributor);
    }
}

/* A chain and a fan of dependants, skipped without a stack of their depth. */
static void test_distributor_skips_any_depth(void **state)
{
    (void)state;
    enum { DEPTH = 20000 };
    static gsaw_work_item items[DEPTH];
    static char ids[DEPTH][24], bad[] = "bad";
    static const char *before[DEPTH];
    for (size_t i = 0; i < DEPTH; i++) {
        snprintf(ids[i], sizeof ids[i], "%zu", i);
        before[i] = i == 0 ? NULL : ids[i % 2 == 0 ? i - 2 : i - 1];
        items[i] = (gsaw_work_item){.id = ids[i],
                                    .depends = &before[i],
                                    .depends_count = i != 0,
                                    .data = i == 0 ? bad : NULL};
    }
    gsaw_distributor *distributor = open_with((gsaw_distributor_options){.workers = 2});
    distribute(distributor, items, DEPTH);
    assert_int_equal(gsaw_distributor_run(distributor, run_or_fail, NULL, NULL), GSAW_DAMAGED);
    check_counts(distributor,
                 (gsaw_distributor_counts){.submitted = DEPTH, .failed = 1, .skipped = DEPTH - 1});
    items[0].data = NULL;
    distribute(distributor, items, DEPTH);
    assert_int_equal(gsaw_distributor_run(distributor, run_or_fail, NULL, NULL), GSAW_OK);
    gsaw_distributor_free(distributor);
}

static void test_distributor_fails_fast(void **state)
{
    (void)state;
    static char bad[] = "bad";
    static gsaw_work_item items[100];
    items[0] = (gsaw_work_item){.data = bad, .cost = 1e9};
    gsaw_distributor *distributor =
        open_with((gsaw_distributor_options){.workers = 1, .fail_fast = true});
    distribute(distributor, items, 100);
    assert_int_equal(gsaw_distributor_run(distributor, run_or_fail, NULL, NULL), GSAW_DAMAGED);
    check_counts(distributor,
                 (gsaw_distributor_counts){.submitted = 100, .failed = 1, .cancelled = 99});
    gsaw_distributor_free(distributor);
}

static gsaw_status cancel_and_stop(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    gsaw_distributor *self = context;
    gsaw_check(!gsaw_worker_is_cancelled(worker)); /* cmocka's are for the main thread */
    if (item->data == NULL)
        return GSAW_OK;
    gsaw_distributor_cancel(self);
    gsaw_check(gsaw_worker_is_cancelled(worker));
    gsaw_check(gsaw_distributor_distribute(self, item, 1, NULL) == GSAW_OK); /* ends at once */
    return GSAW_CANCELLED;
}

static void test_distributor_is_cancelled(void **state)
{
    (void)state;
    static char last[] = "last";
    static const char *const on[] = {"x"};
    static const gsaw_work_item items[] = {{.id = "w", .cost = 9},
                                           {.id = "x", .cost = 3, .data = last},
                                           {.id = "y", .cost = 2},
                                           {.id = "z", .depends = on, .depends_count = 1}};
    gsaw_distributor *distributor =
        open_with((gsaw_distributor_options){.workers = 1, .batch_max = 1});
    distribute(distributor, items, 4);
    assert_int_equal(gsaw_distributor_run(distributor, cancel_and_stop, distributor, NULL),
                     GSAW_CANCELLED);
    check_counts(distributor, (gsaw_distributor_counts){
                                  .submitted = 5, .done = 1, .cancelled = 3, .skipped = 1});
    /* Before start: what waits ends; the start that follows is cancelled, the one after is not. */
    distribute(distributor, items, 1);
    gsaw_distributor_cancel(distributor);
    distribute(distributor, items, 1);
    assert_int_equal(gsaw_distributor_run(distributor, run_ok, NULL, NULL), GSAW_CANCELLED);
    distribute(distributor, items, 1);
    assert_int_equal(gsaw_distributor_run(distributor, run_ok, NULL, NULL), GSAW_OK);
    check_counts(distributor, (gsaw_distributor_counts){
                                  .submitted = 8, .done = 2, .cancelled = 5, .skipped = 1});
    gsaw_distributor_free(distributor);
}

/* ---- learning ---- */

static void test_distributor_learns_and_keeps_it(void **state)
{
    (void)state;
    char path[] = "/tmp/gsaw-model-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    unlink(path);
    _Atomic uint32_t threads = 0;
    static gsaw_work_item items[10];
    for (int i = 0; i < 10; i++)
        items[i] = (gsaw_work_item){.kind = 3, .size = 100};
    gsaw_distributor_options options = {
        .workers = 1, .model_path = path, .strategy = "round_robin"};
    gsaw_distributor *distributor = open_with(options);
    distribute(distributor, items, 10);
    assert_int_equal(gsaw_distributor_run(distributor, burn, &threads, NULL), GSAW_OK);
    assert_int_equal(gsaw_distributor_optimize(distributor, NULL), GSAW_OK);
    double cost = gsaw_cost_model_estimate(gsaw_distributor_model(distributor), 3, 100);
    assert_true(cost > 250000 && cost < 1e9); /* 300 us each, and what the machine does beside */
    gsaw_distributor_free(distributor);
    distributor = open_with(options);
    assert_true(gsaw_cost_model_estimate(gsaw_distributor_model(distributor), 3, 100) == cost);
    double load = 0;
    distribute(distributor, items, 1);
    gsaw_distributor_lane(distributor, 0, &load, NULL, 0);
    assert_true(load == cost);
    gsaw_distributor_free(distributor);
    FILE *damaged = fopen(path, "w");
    assert_non_null(damaged);
    fclose(damaged);
    options.size = sizeof options;
    gsaw_error error = {0};
    assert_int_equal(gsaw_distributor_new(&options, &distributor, &error), GSAW_DAMAGED);
    assert_non_null(strstr(error.text, path));
    unlink(path);
}

/* ---- memory ---- */

/* All calls that allocate, each failing once. */
static gsaw_status live(const gsaw_allocator *allocator, const gsaw_strategy *strategy)
{
    static const char *const on[] = {"a"};
    static _Atomic uint32_t runs;
    static gsaw_work_item items[102];
    for (int i = 0; i < 102; i++)
        items[i] = (gsaw_work_item){.data = &runs};
    items[0].id = "a";
    for (int i = 1; i < 80; i++)
        items[i] = (gsaw_work_item){.data = &runs, .depends = on, .depends_count = 1};
    gsaw_distributor *distributor = NULL;
    gsaw_distributor_options options = {
        .size = sizeof options, .allocator = allocator, .workers = 2, .own = strategy};
    gsaw_error error = {0};
    gsaw_status status = gsaw_distributor_new(&options, &distributor, &error);
    if (status != GSAW_OK) {
        assert_int_equal(error.status, GSAW_NO_MEMORY);
        return status;
    }
    gsaw_status first = gsaw_distributor_distribute(distributor, items, 80, NULL);
    gsaw_status second = gsaw_distributor_distribute(distributor, items + 80, 22, NULL);
    assert_true(first == GSAW_OK || first == GSAW_NO_MEMORY);
    assert_true(second == GSAW_OK || second == GSAW_NO_MEMORY);
    uint64_t taken = (first == GSAW_OK ? 80u : 0u) + (second == GSAW_OK ? 22u : 0u);
    /* Without memory for a thread it goes with fewer; what was distributed is run. */
    status = gsaw_distributor_run(distributor, count_run, NULL, NULL);
    if (status == GSAW_OK)
        check_counts(distributor, (gsaw_distributor_counts){.submitted = taken, .done = taken});
    else
        assert_int_equal(status, GSAW_NO_MEMORY);
    gsaw_distributor_free(distributor);
    return first != GSAW_OK ? first : second != GSAW_OK ? second : status;
}

static void test_distributor_without_memory(void **state)
{
    (void)state;
    static const char *const names[] = {"round_robin", "work_stealing", "cost_based"};
    for (size_t i = 0; i < 3; i++)
        for (size_t n = 1;; n++) {
            gsaw_failing_allocator failing;
            gsaw_failing_allocator_init(&failing, n, 0);
            gsaw_status status = live(&failing.allocator, gsaw_strategy_find(names[i]));
            assert_int_equal(failing.live_bytes, 0);
            if (status == GSAW_OK && failing.calls < n) {
                assert_true(n > 15);
                break;
            }
        }
}

/* ---- how good it is ---- */

/* By a clock that counts: what each lane's items cost is what they take, and a lane that is empty
 * takes the best of the one that has most, as drivers do. Returns the time to the end of all. */
static double simulate(const char *name, const gsaw_work_item *items, size_t count, uint32_t lanes)
{
    static const gsaw_work_item *waiting[1000];
    static double costs[64][1000];
    size_t next[64] = {0}, counts[64] = {0};
    double clock[64] = {0}, loads[64] = {0}, last = 0;
    gsaw_distributor *distributor =
        open_with((gsaw_distributor_options){.strategy = name, .workers = lanes});
    distribute(distributor, items, count);
    for (uint32_t i = 0; i < lanes; i++) {
        counts[i] = gsaw_distributor_lane(distributor, i, &loads[i], waiting, 1000);
        for (size_t k = 0; k < counts[i]; k++)
            costs[i][k] = waiting[k]->cost;
    }
    gsaw_distributor_free(distributor);
    bool steals = gsaw_strategy_find(name)->steals;
    for (size_t left = count; left > 0; left--) {
        uint32_t at = 0;
        while (!steals && next[at] == counts[at])
            at++;
        for (uint32_t i = at + 1; i < lanes; i++)
            if ((steals || next[i] < counts[i]) && clock[i] < clock[at])
                at = i;
        uint32_t from = at;
        for (uint32_t i = 0; i < lanes && next[at] == counts[at]; i++)
            if (next[i] < counts[i] && (next[from] == counts[from] || loads[i] > loads[from]))
                from = i;
        double cost = costs[from][next[from]++];
        loads[from] -= cost;
        clock[at] += cost;
        last = clock[at] > last ? clock[at] : last;
    }
    return last;
}

static void test_distributor_is_near_the_ideal(void **state)
{
    (void)state;
    static gsaw_work_item items[1000];
    double total = 0;
    for (size_t i = 0; i < 1000; i++) { /* heavy-tailed, the dear ones last: 10 ms to 0.1 s */
        items[i].cost = i < 990 ? 1e5 * (double)(1 + i * 7919 % 10) : 1e7 * (double)(i - 988);
        total += items[i].cost;
    }
    for (uint32_t lanes = 2; lanes <= 16; lanes *= 2) {
        double ideal = total / lanes > 1.1e8 ? total / lanes : 1.1e8;
        assert_true(ideal / simulate("cost_based", items, 1000, lanes) >= 0.97);
        assert_true(ideal / simulate("round_robin", items, 1000, lanes) < 0.97);
    }
    assert_true(total / 2 / simulate("work_stealing", items, 1000, 2) >= 0.97);
}

static gsaw_status free_item(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)worker;
    atomic_fetch_add((_Atomic size_t *)context, 1);
    free((void *)(uintptr_t)item);
    return GSAW_OK;
}

static void test_distributor_items_may_free_themselves(void **state)
{
    (void)state;
    enum { FREED = 2000 };
    gsaw_distributor_options options = {.size = sizeof options, .workers = 4};
    gsaw_distributor *distributor = NULL;
    _Atomic size_t freed = 0;
    assert_int_equal(gsaw_distributor_new(&options, &distributor, NULL), GSAW_OK);
    for (uint32_t i = 0; i < FREED; i++) {
        gsaw_work_item *item = calloc(1, sizeof *item);
        assert_non_null(item);
        item->kind = i % 3;
        assert_int_equal(gsaw_distributor_distribute(distributor, item, 1, NULL), GSAW_OK);
    }
    assert_int_equal(gsaw_distributor_run(distributor, free_item, &freed, NULL), GSAW_OK);
    assert_int_equal(freed, FREED);
    gsaw_distributor_free(distributor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distributor_items_may_free_themselves),
        cmocka_unit_test(test_distributor_runs_each_item_once),
        cmocka_unit_test(test_distributor_of_nothing),
        cmocka_unit_test(test_distributor_refuses_what_is_out_of_turn),
        cmocka_unit_test(test_distributor_asks_the_cost_function),
        cmocka_unit_test(test_distributor_skips_what_depends_on_a_failure),
        cmocka_unit_test(test_distributor_skips_any_depth),
        cmocka_unit_test(test_distributor_fails_fast),
        cmocka_unit_test(test_distributor_is_cancelled),
        cmocka_unit_test(test_distributor_learns_and_keeps_it),
        cmocka_unit_test(test_distributor_without_memory),
        cmocka_unit_test(test_distributor_is_near_the_ideal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
