/* test_item.c - WorkItem: sets that are refused, with what is said of them; order and ways against
 * a model; the heap of a lane against a sort.
 * Keeps:   random sets come from a seed that is printed with a failure.
 * Next:    work/item.h, work/lane.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gangsaw/work.h>

#include "base/map.h"
#include "work/item.h"
#include "work/lane.h"

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void expect(const gsaw_work_item *items, size_t count, gsaw_status status, const char *text)
{
    gsaw_error error = {0};
    assert_int_equal(gsaw_work_items_check(items, count, &error), status);
    assert_int_equal(error.status, status);
    if (text != NULL && strstr(error.text, text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, error.text);
    assert_int_equal(gsaw_work_items_check(items, count, NULL), status);
}

static void test_item_costs_and_kinds_are_checked(void **state)
{
    (void)state;
    static const double wrong[] = {-1, -1e-300, NAN, INFINITY, -INFINITY, 1.1e18};
    static const double right[] = {0, 1e-300, 1, 1e18};
    expect(NULL, 0, GSAW_OK, NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        gsaw_work_item items[2] = {{.id = "good"}, {.cost = wrong[i]}};
        expect(items, 2, GSAW_RANGE, "item 1: cost");
        items[1].id = "the bad one";
        expect(items, 2, GSAW_RANGE, "the bad one: cost");
    }
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        expect(&(gsaw_work_item){.cost = right[i]}, 1, GSAW_OK, NULL);
    expect(&(gsaw_work_item){.kind = GSAW_WORK_KINDS - 1}, 1, GSAW_OK, NULL);
    expect(&(gsaw_work_item){.kind = GSAW_WORK_KINDS}, 1, GSAW_RANGE, "item 0: kind 64");
    expect(&(gsaw_work_item){.depends_count = 1}, 1, GSAW_INVALID, "item 0");
}

static void test_item_names_are_checked(void **state)
{
    (void)state;
    static const char *const on_b[] = {"b"};
    static const char *const on_null[] = {NULL};
    static const char *const on_self[] = {"a"};
    static const char *const chain[][1] = {{"d"}, {"a"}, {"b"}, {"c"}};
    expect((gsaw_work_item[]){{.id = "a"}, {.id = "b"}, {.id = "a"}}, 3, GSAW_EXISTS,
           "a is there twice");
    expect((gsaw_work_item[]){{.id = "a", .depends = on_b, .depends_count = 1}, {.id = "c"}}, 2,
           GSAW_NOT_FOUND, "a depends on b");
    expect((gsaw_work_item[]){{.id = "a", .depends = on_null, .depends_count = 1}}, 1,
           GSAW_NOT_FOUND, "a depends on NULL");
    expect((gsaw_work_item[]){{.id = "a", .depends = on_self, .depends_count = 1}}, 1, GSAW_INVALID,
           "cycle: a -> a");
    /* a waits for d, d for c, c for b, b for a; e waits for b and is no part of it. */
    gsaw_work_item items[] = {{.depends = on_b, .depends_count = 1},
                              {.id = "a", .depends = chain[0], .depends_count = 1},
                              {.id = "b", .depends = chain[1], .depends_count = 1},
                              {.id = "c", .depends = chain[2], .depends_count = 1},
                              {.id = "d", .depends = chain[3], .depends_count = 1}};
    gsaw_error error = {0};
    assert_int_equal(gsaw_work_items_check(items, 5, &error), GSAW_INVALID);
    if (strstr("cycle: a -> d -> c -> b -> a -> d -> c -> b -> a", error.text + 7) == NULL ||
        strlen(error.text) != strlen("cycle: a -> d -> c -> b -> a"))
        fail_msg("%s", error.text);
    expect(items, 1, GSAW_NOT_FOUND, "item 0 depends on b");
}

enum { ITEMS_MAX = 40 };

/* A random set: item k depends on some before it; the numbers are shuffled by `place`. */
typedef struct graph {
    gsaw_work_item items[ITEMS_MAX];
    char ids[ITEMS_MAX][24];
    const char *depends[ITEMS_MAX][4];
    size_t count;
    bool before[ITEMS_MAX][ITEMS_MAX]; /* [i][k]: i waits for k */
} graph;

static void make(graph *self, uint64_t *random)
{
    memset(self, 0, sizeof *self);
    self->count = 1 + next_random(random) % ITEMS_MAX;
    size_t place[ITEMS_MAX] = {0};
    for (size_t i = 0; i < self->count; i++) {
        size_t other = next_random(random) % (i + 1);
        place[i] = place[other];
        place[other] = i;
        if (other == i)
            place[i] = i;
    }
    for (size_t i = 0; i < self->count; i++) {
        size_t at = place[i], n = 0;
        snprintf(self->ids[at], sizeof self->ids[at], "n%zu", at);
        while (i != 0 && n < 4 && next_random(random) % 2 == 0) {
            size_t other = place[next_random(random) % i];
            self->depends[at][n++] = self->ids[other];
            self->before[at][other] = true;
        }
        self->items[at] = (gsaw_work_item){.id = self->ids[at],
                                           .depends = self->depends[at],
                                           .depends_count = n,
                                           .cost = (double)(1 + next_random(random) % 9)};
    }
}

/* The longest way from i to an end, by trying all. NOLINTNEXTLINE(misc-no-recursion): 40 deep */
static double way_from(const graph *self, size_t i, double *known)
{
    if (known[i] > 0)
        return known[i];
    double longest = 0;
    for (size_t k = 0; k < self->count; k++)
        if (self->before[k][i]) {
            double way = way_from(self, k, known);
            longest = way > longest ? way : longest;
        }
    return known[i] = longest + self->items[i].cost;
}

static void test_item_order_and_ways_are_those_of_a_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        static graph set;
        uint64_t random = seed;
        double costs[ITEMS_MAX], ways[ITEMS_MAX] = {0}, known[ITEMS_MAX] = {0};
        size_t rank[ITEMS_MAX] = {0};
        make(&set, &random);
        gsaw__order order;
        assert_int_equal(gsaw__order_init(&order, NULL, set.items, set.count, NULL), GSAW_OK);
        for (size_t i = 0; i < set.count; i++)
            costs[i] = set.items[i].cost;
        for (size_t i = 0; i < order.count; i++)
            rank[order.ranked[i]] = i + 1;
        gsaw__order_ways(&order, costs, ways);
        for (size_t i = 0; i < order.count; i++) {
            if (rank[i] == 0 || ways[i] != way_from(&set, i, known))
                fail_msg("seed %u: item %zu", (unsigned)seed, i);
            for (size_t k = 0; k < order.count; k++)
                if (set.before[i][k] && rank[i] <= rank[k])
                    fail_msg("seed %u: item %zu before what it waits for", (unsigned)seed, i);
        }
        gsaw__order_clear(&order, NULL);
    }
}

/* The same sets with one dependency more, from an item to one that waits for it. */
static void test_item_cycles_are_found(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        static graph set;
        uint64_t random = seed;
        make(&set, &random);
        for (size_t i = 0; i < set.count; i++)
            for (size_t k = 0; k < set.count; k++) {
                gsaw_work_item *item = &set.items[k];
                if (!set.before[i][k] || item->depends_count == 4)
                    continue;
                set.depends[k][item->depends_count++] = set.ids[i];
                expect(set.items, set.count, GSAW_INVALID, " -> ");
                item->depends_count--;
            }
    }
}

static void test_item_order_without_memory_leaves_nothing(void **state)
{
    (void)state;
    static graph set;
    uint64_t random = 0;
    do
        make(&set, &random);
    while (set.count < 10);
    for (size_t n = 1;; n++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, n, 0);
        gsaw__order order;
        gsaw_status status =
            gsaw__order_init(&order, &failing.allocator, set.items, set.count, NULL);
        if (status == GSAW_OK) {
            gsaw__order_clear(&order, &failing.allocator);
            assert_int_equal(failing.live_bytes, 0);
            assert_true(n > 4);
            return;
        }
        assert_int_equal(status, GSAW_NO_MEMORY);
        assert_int_equal(failing.live_bytes, 0);
    }
}

/* ---- the heap of a lane ---- */

enum { WORKS = 300 };

static void test_lane_heap_gives_the_best_then_the_oldest(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        static gsaw__work works[WORKS];
        bool is_in[WORKS] = {false};
        uint64_t random = seed;
        gsaw__heap heap = {0}, other = {0};
        size_t made = 0, in = 0;
        uint64_t levels = 1 + next_random(&random) % 8;
        while (made < WORKS || in > 0) {
            uint64_t what = next_random(&random) % 8;
            if (what < 5 && made < WORKS) {
                works[made] = (gsaw__work){.priority = (double)(next_random(&random) % levels),
                                           .sequence = made,
                                           .cost = 1,
                                           .lane = GSAW_NONE};
                gsaw__heap_put(what == 0 ? &other : &heap, &works[made]);
                is_in[made++] = true;
                in++;
            } else if (what == 5) {
                gsaw__heap_meld(&heap, &other);
                assert_int_equal(other.count, 0);
            } else if (heap.count != 0) {
                const gsaw__work *taken = gsaw__heap_take(&heap);
                for (size_t i = 0; i < made && other.count == 0; i++)
                    if (is_in[i] && gsaw__work_is_before(&works[i], taken))
                        fail_msg("seed %u: %zu is better", (unsigned)seed, i);
                is_in[taken - works] = false;
                in--;
            } else if (made == WORKS) {
                gsaw__heap_meld(&heap, &other);
            }
            assert_int_equal(heap.count + other.count, in);
            assert_true(heap.load == (double)heap.count);
            if (!gsaw__heap_check(&heap) || !gsaw__heap_check(&other))
                fail_msg("seed %u: no heap", (unsigned)seed);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_item_costs_and_kinds_are_checked),
        cmocka_unit_test(test_item_names_are_checked),
        cmocka_unit_test(test_item_order_and_ways_are_those_of_a_model),
        cmocka_unit_test(test_item_cycles_are_found),
        cmocka_unit_test(test_item_order_without_memory_leaves_nothing),
        cmocka_unit_test(test_lane_heap_gives_the_best_then_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
