/* test_pick.c - medians, intervals, the test of Mann and Whitney and the choice, on made-up times.
 * Next:    src/code/pick.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "code/pick.h"

#define ROUNDS 6

/* C(n, k) by Pascal's triangle. */
static double choose(unsigned n, unsigned k)
{
    double row
    [64] = {1};
    for (unsigned i = 1; i <= n; i++)
        for (unsigned j = i; j > 0; j--)
            row
    [j] += row
    [j - 1];
    return row
    [k];
}

static void test_interval_is_the_narrowest_that_covers(void **state)
{
    (void)state;
    for (uint32_t n = 1; n <= GSAW_ROUNDS_MAX; n++) {
        gsaw__interval found = gsaw__median_interval(n);
        assert_int_equal(found.low + found.high, n - 1);
        double covered[GSAW_ROUNDS_MAX] = {0}; /* by [k, n - 1 - k] */
        for (uint32_t k = 0; 2 * k < n; k++)
            for (uint32_t below = k + 1; below + k + 1 <= n; below++)
                covered[k] += choose(n, below) / ldexp(1, (int)n);
        assert_true(fabs(covered[found.low] - found.confidence) < 1e-9);
        assert_true(found.low == 0 || found.confidence >= 0.95);
        assert_true(2 * (found.low + 1) >= n || covered[found.low + 1] < 0.95);
    }
    assert_true(gsaw__median_interval(5).confidence < 0.95); /* why there are 6 rounds */
    assert_true(gsaw__median_interval(6).confidence > 0.95);
}

static void test_summary_of_odd_and_even(void **state)
{
    (void)state;
    gsaw_tuning_row row
    = {.workers = 1};
    uint64_t odd[] = {5, 1, 9}, even[] = {40, 10, 30, 20};
    gsaw__pick_summarize(&row, odd, 3);
    assert_int_equal(row.median_ns, 5);
    assert_int_equal(row.low_ns, 1);
    assert_int_equal(row.high_ns, 9);
    gsaw__pick_summarize(&row, even, 4);
    assert_int_equal(row.median_ns, 25);
    uint64_t one[] = {7};
    gsaw__pick_summarize(&row, one, 1);
    assert_true(row.low_ns == 7 && row.median_ns == 7 && row.high_ns == 7);
}

/* The share of all orders of n and n distinct values in which U is at most `against`: brute force
 * over the subsets of ranks. */
static double p_by_hand(uint32_t n, uint32_t against)
{
    double extreme = 0, all = 0;
    for (uint32_t set = 0; set < UINT32_C(1) << (2 * n); set++) { /* ranks of the slow ones */
        uint32_t u = 0, fast = 0;
        if ((uint32_t)__builtin_popcount(set) != n)
            continue;
        for (uint32_t rank = 2 * n; rank-- > 0;) {
            if ((set >> rank & 1) != 0)
                u += fast; /* the fast ones that are even slower */
            else
                fast++;
        }
        all++;
        extreme += u <= against;
    }
    return extreme / all;
}

static void test_p_is_exact(void **state)
{
    (void)state;
    unsigned seed = 20260128;
    for (uint32_t n = 1; n <= 7; n++)
        for (unsigned trial = 0; trial < 20; trial++) {
            uint64_t fast[7], slow[7];
            uint32_t against = 0;
            for (uint32_t i = 0; i < n; i++) {
                fast[i] = (uint64_t)rand_r(&seed) * 2;
                slow[i] = (uint64_t)rand_r(&seed) * 2 + 1;
            }
            for (uint32_t i = 0; i < n * n; i++)
                against += slow[i / n] < fast[i % n];
            if (fabs(gsaw__pick_p(fast, slow, n) - p_by_hand(n, against)) > 1e-12)
                fail_msg("n %u, trial %u of seed 20260128", n, trial);
        }
    uint64_t same[] = {5, 5, 5}, more[] = {6, 6, 6};
    assert_true(gsaw__pick_p(same, same, 3) == 1); /* ties speak against a difference */
    assert_true(fabs(gsaw__pick_p(same, more, 3) - 0.05) < 1e-12);
    uint64_t many[GSAW_ROUNDS_MAX], later[GSAW_ROUNDS_MAX];
    for (unsigned i = 0; i < GSAW_ROUNDS_MAX; i++) {
        many[i] = i;
        later[i] = 100 + i;
    }
    double least = 1 / choose(2 * GSAW_ROUNDS_MAX, GSAW_ROUNDS_MAX);
    assert_true(fabs(gsaw__pick_p(many, later, GSAW_ROUNDS_MAX) / least - 1) < 1e-9);
    assert_true(gsaw__pick_p(later, many, GSAW_ROUNDS_MAX) == 1);
}

/* A made-up row: its median, its noise and what it holds. */
struct plan {
    uint32_t workers, batch_size;
    double median, noise;
    uint64_t peak;
};

/* The index of the choice. Times are spread evenly over median * (1 +- noise), and shifted
 * a little, so that no two are equal. */
static size_t choice_of(const struct plan *plans, size_t count, gsaw_tuning_row *rows)
{
    uint64_t times[16 * ROUNDS];
    size_t chosen = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        for (unsigned k = 0; k < ROUNDS; k++)
            times[i * ROUNDS + k] =
                (uint64_t)(plans[i].median * (1 + plans[i].noise * (2.0 * k / (ROUNDS - 1) - 1))) +
                plans[i].workers + plans[i].batch_size;
        rows[i] = (gsaw_tuning_row){.workers = plans[i].workers,
                                    .batch_size = plans[i].batch_size,
                                    .peak_bytes = plans[i].peak};
        gsaw__pick_summarize(&rows[i], times + i * ROUNDS, ROUNDS);
    }
    gsaw__pick(rows, count, times, ROUNDS);
    for (size_t i = 0; i < count; i++)
        if (rows[i].is_chosen) {
            assert_true(chosen == SIZE_MAX);
            assert_true(rows[i].is_tied);
            chosen = i;
        }
    return chosen;
}

#define assert_choice(expected, ...)                                                               \
    do {                                                                                           \
        const struct plan plans_[] = {__VA_ARGS__};                                                \
        gsaw_tuning_row rows_[16];                                                                 \
        assert_int_equal(choice_of(plans_, sizeof plans_ / sizeof *plans_, rows_), (expected));    \
    } while (0)

static void test_choice_follows_the_rule(void **state)
{
    (void)state;
    /* clearly faster wins, whatever it takes */
    assert_choice(2, {1, 100, 4e6, .02, 1000}, {2, 100, 2e6, .02, 2000}, {4, 100, 1e6, .02, 9000});
    /* no gain from 4: 2 do */
    assert_choice(1, {1, 100, 4e6, .02, 1000}, {2, 100, 2e6, .02, 2000}, {4, 100, 2e6, .02, 900});
    /* slower by 1%: not worth it, however sure */
    assert_choice(0, {1, 100, 1.01e6, 0, 1000}, {2, 100, 1e6, 0, 1000});
    /* slower by 5%: it depends on how sure that is */
    assert_choice(1, {1, 100, 1.05e6, .01, 1000}, {2, 100, 1e6, .01, 1000});
    assert_choice(0, {1, 100, 1.05e6, .3, 1000}, {2, 100, 1e6, .3, 1000});
    /* slower by 20%: noise does not excuse that */
    assert_choice(1, {1, 100, 1.2e6, .5, 1000}, {2, 100, 1e6, .5, 1000});
    /* same workers: less memory, if it is more than 5% less; then the default batch size */
    assert_choice(1, {2, 100, 1e6, .02, 2000}, {2, 4, 1e6, .02, 1000}, {2, 20, 1e6, .02, 1500});
    assert_choice(2, {2, 1, 1e6, .02, 1000}, {2, 20, 1e6, .02, 1010}, {2, 100, 1e6, .02, 1040});
    assert_choice(0, {2, 50, 1e6, .02, 1000}, {2, 200, 1e6, .02, 1000}); /* both as near: fewer */
    /* one row */
    assert_choice(0, {1, 1, 1e6, .5, 1});
    gsaw__pick(NULL, 0, NULL, ROUNDS);
}

static void test_choice_does_not_depend_on_the_order_of_rows(void **state)
{
    (void)state;
    unsigned seed = 7;
    for (unsigned trial = 0; trial < 300; trial++) {
        struct plan plans[8], turned[8];
        gsaw_tuning_row rows[16];
        size_t count = 1 + (size_t)((unsigned)rand_r(&seed) % 8);
        for (size_t i = 0; i < count; i++)
            plans[i] = (struct plan){1u << (i / 2), i % 2 == 0 ? 10 : 100,
                                     1e9 + 1e7 * (rand_r(&seed) % 20), .01 * (rand_r(&seed) % 9),
                                     1000 + 40 * ((uint64_t)rand_r(&seed) % 5)};
        size_t shift = (size_t)rand_r(&seed) % count;
        for (size_t i = 0; i < count; i++)
            turned[i] = plans[(i + shift) % count];
        size_t first = choice_of(plans, count, rows), second = choice_of(turned, count, rows);
        assert_true(first < count && second < count);
        if ((second + shift) % count != first)
            fail_msg("trial %u of seed 7: %zu, then %zu", trial, first, (second + shift) % count);
        for (size_t i = 0; i < count; i++) /* the rule, said once more */
            if (rows[i].is_tied)
                assert_true(rows[i].workers >= rows[second].workers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interval_is_the_narrowest_that_covers),
        cmocka_unit_test(test_summary_of_odd_and_even),
        cmocka_unit_test(test_p_is_exact),
        cmocka_unit_test(test_choice_follows_the_rule),
        cmocka_unit_test(test_choice_does_not_depend_on_the_order_of_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
