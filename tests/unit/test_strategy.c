/* test_strategy.c - DistStrategy: where the three put items, how good that is, and what is said of
 * a strategy that gets it wrong.
 * Keeps:   random sets come from a seed that is printed with a failure.
 * Next:    work/strategy.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <gangsaw/work.h>

enum { LANES_MAX = 8, ITEMS_MAX = 200 };

static gsaw_distributor *open_with(const char *name, const gsaw_strategy *own, uint32_t lanes)
{
    gsaw_distributor *distributor = NULL;
    gsaw_error error = {0};
    gsaw_distributor_options options = {
        .size = sizeof options, .workers = lanes, .strategy = name, .own = own};
    if (gsaw_distributor_new(&options, &distributor, &error) != GSAW_OK)
        fail_msg("%s", error.text);
    return distributor;
}

static void distribute(gsaw_distributor *self, const gsaw_work_item *items, size_t count)
{
    gsaw_error error = {0};
    if (gsaw_distributor_distribute(self, items, count, &error) != GSAW_OK)
        fail_msg("%s", error.text);
}

/* What waits in a lane, by the numbers of the items: "3 1 4". */
static const char *lane_text(gsaw_distributor *self, uint32_t lane, const gsaw_work_item *items)
{
    static char text[ITEMS_MAX * 4];
    const gsaw_work_item *waiting[ITEMS_MAX];
    size_t count = gsaw_distributor_lane(self, lane, NULL, waiting, ITEMS_MAX);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d", i == 0 ? "" : " ",
                 (int)(waiting[i] - items));
    return text;
}

static void test_strategy_round_robin_takes_turns(void **state)
{
    (void)state;
    static const gsaw_work_item items[7] = {{.cost = 9}, {.cost = 1}, {.cost = 5}};
    gsaw_distributor *distributor = open_with("round_robin", NULL, 3);
    distribute(distributor, items, 4);
    distribute(distributor, items + 4, 3); /* goes on where it was */
    assert_string_equal(lane_text(distributor, 0, items), "0 3 6");
    assert_string_equal(lane_text(distributor, 1, items), "1 4");
    assert_string_equal(lane_text(distributor, 2, items), "2 5");
    double load = 0;
    assert_int_equal(gsaw_distributor_lane(distributor, 0, &load, NULL, 0), 3);
    assert_true(load == 11); /* unknown costs are 1 */
    assert_int_equal(gsaw_distributor_lane(distributor, 3, &load, NULL, 0), 0);
    assert_true(load == 0);
    gsaw_distributor_free(distributor);
}

static void test_strategy_work_stealing_keeps_neighbours_together(void **state)
{
    (void)state;
    static const gsaw_work_item items[] = {{.cost = 64},  {.cost = 64}, {.cost = 64},
                                           {.cost = 192}, {.cost = 32}, {.cost = 160}};
    gsaw_distributor *distributor = open_with("work_stealing", NULL, 3);
    distribute(distributor, items, 6);
    assert_string_equal(lane_text(distributor, 0, items), "0 1 2");
    assert_string_equal(lane_text(distributor, 1, items), "3");
    assert_string_equal(lane_text(distributor, 2, items), "4 5");
    gsaw_distributor_free(distributor);
    distributor = open_with("work_stealing", NULL, 3);
    for (int i = 0; i < 6; i++) /* one by one: to the lane with the least load */
        distribute(distributor, items + i, 1);
    assert_string_equal(lane_text(distributor, 0, items), "0 3");
    assert_string_equal(lane_text(distributor, 1, items), "1 4");
    gsaw_distributor_free(distributor);
}

static void test_strategy_work_stealing_takes_much_dearer_ones_first(void **state)
{
    (void)state;
    static const gsaw_work_item items[] = {{.cost = 90}, {.cost = 80},  {.cost = 800},
                                           {.cost = 70}, {.cost = 100}, {.cost = 9000}};
    gsaw_distributor *distributor = open_with("work_stealing", NULL, 1);
    distribute(distributor, items, 6);
    assert_string_equal(lane_text(distributor, 0, items), "5 2 0 1 3 4");
    gsaw_distributor_free(distributor);
}

static void test_strategy_cost_based_takes_the_longest_first(void **state)
{
    (void)state;
    static const gsaw_work_item items[] = {{.cost = 3}, {.cost = 7}, {.cost = 1},
                                           {.cost = 4}, {.cost = 4}, {.cost = 2}};
    gsaw_distributor *distributor = open_with("cost_based", NULL, 2);
    distribute(distributor, items, 6); /* 7 | 4 4; 3 on the first; 2 on the second; 1 */
    assert_string_equal(lane_text(distributor, 0, items), "1 0 2");
    assert_string_equal(lane_text(distributor, 1, items), "3 4 5");
    gsaw_distributor_free(distributor);
}

static void test_strategy_cost_based_follows_the_critical_path(void **state)
{
    (void)state;
    static const char *const on_short[] = {"short"};
    static const gsaw_work_item items[] = {{.id = "long", .cost = 50},
                                           {.id = "short", .cost = 10},
                                           {.cost = 100, .depends = on_short, .depends_count = 1}};
    gsaw_distributor *distributor = open_with("cost_based", NULL, 1);
    distribute(distributor, items, 3);
    assert_string_equal(lane_text(distributor, 0, items), "1 0");
    assert_int_equal(gsaw_distributor_count(distributor).waiting, 3);
    gsaw_distributor_free(distributor);
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Each item once, loads that are sums, and for cost_based a longest lane within Graham's bound for
 * the longest first: the mean, and 1 - 1/lanes of the dearest. */
static void test_strategy_places_all_and_well(void **state)
{
    (void)state;
    static const char *const names[] = {"round_robin", "work_stealing", "cost_based"};
    for (uint64_t seed = 1; seed <= 300; seed++) {
        uint64_t random = seed;
        gsaw_work_item items[ITEMS_MAX] = {{0}};
        size_t count = 1 + next_random(&random) % ITEMS_MAX;
        uint32_t lanes = 1 + (uint32_t)next_random(&random) % LANES_MAX;
        double total = 0, dearest = 0;
        for (size_t i = 0; i < count; i++) {
            items[i].cost = (double)(1 + (next_random(&random) >> next_random(&random) % 24));
            total += items[i].cost;
            dearest = items[i].cost > dearest ? items[i].cost : dearest;
        }
        gsaw_distributor *distributor = open_with(names[seed % 3], NULL, lanes);
        distribute(distributor, items, count);
        bool seen[ITEMS_MAX] = {false};
        size_t all = 0;
        double largest = 0;
        for (uint32_t lane = 0; lane < lanes; lane++) {
            const gsaw_work_item *waiting[ITEMS_MAX];
            double load, sum = 0;
            size_t here = gsaw_distributor_lane(distributor, lane, &load, waiting, ITEMS_MAX);
            for (size_t i = 0; i < here; i++) {
                seen[waiting[i] - items] = true;
                sum += waiting[i]->cost;
            }
            all += here;
            if (fabs(sum - load) > 1e-6 * total)
                fail_msg("seed %u: load %g is not %g", (unsigned)seed, load, sum);
            largest = load > largest ? load : largest;
        }
        for (size_t i = 0; i < count; i++)
            all -= seen[i];
        if (all != 0)
            fail_msg("seed %u: an item twice or not at all", (unsigned)seed);
        double bound = total / lanes + dearest * (1 - 1.0 / lanes);
        if (seed % 3 != 0 && largest > bound + dearest * (seed % 3 == 1) + 1e-6 * total)
            fail_msg("seed %u: %s: %g is above %g", (unsigned)seed, names[seed % 3], largest,
                     bound);
        gsaw_distributor_free(distributor);
    }
}

/* ---- strategies of a user ---- */

enum wrong { LOSES, REPEATS, NO_LANE, NO_NUMBER, NO_ITEM, REFUSES, RIGHT };

static gsaw_status place_wrongly(void *context, const gsaw_strategy_view *view, gsaw_lanes *lanes)
{
    enum wrong wrong = *(enum wrong *)context;
    for (size_t i = 0; i < view->count; i++) {
        bool is_it = i == 1;
        if (is_it && wrong == REFUSES)
            return GSAW_LIMIT;
        if (is_it && wrong == LOSES)
            continue;
        gsaw_lanes_put(lanes, is_it && wrong == NO_LANE ? view->lane_count : 0,
                       is_it && wrong == NO_ITEM ? view->count : i,
                       is_it && wrong == NO_NUMBER ? NAN : 0);
        if (is_it && wrong == REPEATS)
            gsaw_lanes_put(lanes, 0, i, 0);
    }
    return GSAW_OK;
}

static void test_strategy_that_is_wrong_is_told_so(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        gsaw_status status;
    } said[] = {
        [LOSES] = {"strategy odd put bad nowhere", GSAW_INVALID},
        [REPEATS] = {"strategy odd put bad twice", GSAW_INVALID},
        [NO_LANE] = {"strategy odd put bad in a lane that there is not", GSAW_INVALID},
        [NO_NUMBER] = {"strategy odd put bad with a priority that is no number", GSAW_INVALID},
        [NO_ITEM] = {"strategy odd put an item which there is not", GSAW_INVALID},
        [REFUSES] = {"strategy odd: a configured limit was reached", GSAW_LIMIT}};
    static const gsaw_work_item items[3] = {{.id = "good"}, {.id = "bad"}, {.id = "fine"}};
    enum wrong wrong;
    gsaw_strategy odd = {
        .size = sizeof odd, .name = "odd", .distribute = place_wrongly, .context = &wrong};
    gsaw_distributor *distributor = open_with(NULL, &odd, 2);
    for (wrong = LOSES; wrong < RIGHT; wrong++) {
        gsaw_error error = {0};
        assert_int_equal(gsaw_distributor_distribute(distributor, items, 3, &error),
                         said[wrong].status);
        assert_string_equal(error.text, said[wrong].text);
        assert_int_equal(gsaw_distributor_count(distributor).submitted, 0);
        assert_int_equal(gsaw_distributor_lane(distributor, 0, NULL, NULL, 0), 0);
    }
    distribute(distributor, items, 3);
    assert_int_equal(gsaw_distributor_lane(distributor, 0, NULL, NULL, 0), 3);
    gsaw_distributor_free(distributor);
}

static gsaw_status run_ok(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)worker, (void)item;
    *(enum wrong *)context = LOSES; /* for what is released after it */
    return GSAW_OK;
}

/* What is lost when it is released has failed, and what depends on it is skipped. */
static void test_strategy_that_loses_what_is_released(void **state)
{
    (void)state;
    static const char *const on_a[] = {"a"};
    static const char *const on_c[] = {"c"};
    static const gsaw_work_item items[4] = {{.id = "a"},
                                            {.id = "b", .depends = on_a, .depends_count = 1},
                                            {.id = "c", .depends = on_a, .depends_count = 1},
                                            {.depends = on_c, .depends_count = 1}};
    enum wrong wrong = RIGHT;
    gsaw_strategy odd = {
        .size = sizeof odd, .name = "odd", .distribute = place_wrongly, .context = &wrong};
    gsaw_distributor *distributor = open_with(NULL, &odd, 1);
    gsaw_error error = {0};
    distribute(distributor, items, 4);
    assert_int_equal(gsaw_distributor_run(distributor, run_ok, &wrong, &error), GSAW_INVALID);
    assert_string_equal(error.text, "strategy odd put c nowhere");
    gsaw_distributor_counts counts = gsaw_distributor_count(distributor);
    assert_int_equal(counts.done, 1);
    assert_int_equal(counts.failed, 2);
    assert_int_equal(counts.skipped, 1);
    gsaw_distributor_free(distributor);
}

/* A strategy may call another: here the dearest by cost, the rest in turn. */
static gsaw_status place_by_another(void *context, const gsaw_strategy_view *view,
                                    gsaw_lanes *lanes)
{
    const gsaw_strategy *other = gsaw_strategy_find(context);
    return other->distribute(other->context, view, lanes);
}

static void test_strategy_calls_another(void **state)
{
    (void)state;
    static const char *const names[] = {"round_robin", "work_stealing", "cost_based"};
    static const gsaw_work_item items[] = {{.cost = 1}, {.cost = 2}, {.cost = 3}};
    for (size_t i = 0; i < 3; i++) {
        gsaw_strategy wrapper = {.size = sizeof wrapper,
                                 .name = "wrapper",
                                 .distribute = place_by_another,
                                 .context = (void *)(uintptr_t)names[i]};
        gsaw_distributor *own = open_with(NULL, &wrapper, 2);
        gsaw_distributor *plain = open_with(names[i], NULL, 2);
        gsaw_distributor *given = open_with(NULL, gsaw_strategy_find(names[i]), 2);
        distribute(own, items, 3);
        distribute(plain, items, 3);
        distribute(given, items, 3);
        for (uint32_t lane = 0; lane < 2; lane++) {
            char text[64];
            snprintf(text, sizeof text, "%s", lane_text(plain, lane, items));
            assert_string_equal(lane_text(own, lane, items), text);
            assert_string_equal(lane_text(given, lane, items), text);
        }
        gsaw_distributor_free(own);
        gsaw_distributor_free(plain);
        gsaw_distributor_free(given);
    }
}

static void test_strategy_names(void **state)
{
    (void)state;
    gsaw_distributor *distributor = NULL;
    gsaw_error error = {0};
    gsaw_distributor_options options = {.size = sizeof options, .strategy = "by_magic"};
    assert_null(gsaw_strategy_find("by_magic"));
    assert_null(gsaw_strategy_find(NULL));
    assert_int_equal(gsaw_distributor_new(&options, &distributor, &error), GSAW_NOT_FOUND);
    assert_string_equal(error.text,
                        "no strategy by_magic: there are round_robin, work_stealing, cost_based");
    gsaw_strategy wrong = {.size = sizeof wrong, .name = "nothing"};
    options.own = &wrong;
    assert_int_equal(gsaw_distributor_new(&options, &distributor, &error), GSAW_INVALID);
    wrong = (gsaw_strategy){.size = sizeof wrong, .distribute = place_wrongly};
    assert_int_equal(gsaw_distributor_new(&options, &distributor, &error), GSAW_INVALID);
    wrong = (gsaw_strategy){.name = "old", .distribute = place_wrongly};
    assert_int_equal(gsaw_distributor_new(&options, &distributor, &error), GSAW_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strategy_round_robin_takes_turns),
        cmocka_unit_test(test_strategy_work_stealing_keeps_neighbours_together),
        cmocka_unit_test(test_strategy_work_stealing_takes_much_dearer_ones_first),
        cmocka_unit_test(test_strategy_cost_based_takes_the_longest_first),
        cmocka_unit_test(test_strategy_cost_based_follows_the_critical_path),
        cmocka_unit_test(test_strategy_places_all_and_well),
        cmocka_unit_test(test_strategy_that_is_wrong_is_told_so),
        cmocka_unit_test(test_strategy_that_loses_what_is_released),
        cmocka_unit_test(test_strategy_calls_another),
        cmocka_unit_test(test_strategy_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
