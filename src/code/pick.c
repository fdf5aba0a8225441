/* pick.c - order statistics, the exact test of Mann and Whitney, and the rule of the choice.
 * Keeps:   see the header.
 * Threads: any.
 * Next:    pick.h. Sources: David and Nagaraja, Order Statistics (2003), 7.1; Mann and Whitney,
 *          Annals of Mathematical Statistics 18 (1947); the generating function of U is the
 *          Gaussian binomial: Andrews, The Theory of Partitions (1976), 3.2 */
#include "code/pick.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define CONFIDENCE 0.95
#define SIGNIFICANCE 0.05
#define MARGIN 1.02        /* slower by less is not worth a worker */
#define MARGIN_MAX 1.10    /* slower by more is too much to be left to noise */
#define MEMORY_MARGIN 1.05 /* peaks vary by this from run to run */

gsaw__interval gsaw__median_interval(uint32_t count)
{
    gsaw__interval best = {0, count - 1, 1};
    double ways = 1, tail = 0; /* C(count, k), and the sum of those below k */
    double all = 1;            /* 2^count */
    for (uint32_t i = 0; i < count; i++)
        all *= 2;
    for (uint32_t k = 0; 2 * k < count; k++) {
        tail += ways;
        double confidence = 1 - 2 * tail / all; /* of [k, count - 1 - k] */
        if (k == 0 || confidence >= CONFIDENCE)
            best = (gsaw__interval){k, count - 1 - k, confidence > 0 ? confidence : 0};
        ways = ways * (count - k) / (k + 1);
    }
    return best;
}

static int by_time(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

void gsaw__pick_summarize(gsaw_tuning_row *row, uint64_t *times, uint32_t rounds)
{
    qsort(times, rounds, sizeof *times, by_time);
    gsaw__interval interval = gsaw__median_interval(rounds);
    uint64_t below = times[(rounds - 1) / 2], above = times[rounds / 2];
    row
    ->median_ns = below + (above - below) / 2;
    row
    ->low_ns = times[interval.low];
    row
    ->high_ns = times[interval.high];
}

/* ways[u] becomes the number of orders of n and n values with U = u: the Gaussian binomial of 2n
 * over n, built up factor by factor; every intermediate is one, too. */
static void count_orders(double *ways, uint32_t n)
{
    uint32_t top = n * n;
    memset(ways, 0, (top + 1) * sizeof *ways);
    ways[0] = 1;
    for (uint32_t i = 1; i <= n; i++) {
        for (uint32_t u = top; u >= n + i; u--) /* times 1 - q^(n + i) */
            ways[u] -= ways[u - n - i];
        for (uint32_t u = i; u <= top; u++) /* over 1 - q^i */
            ways[u] += ways[u - i];
    }
}

double gsaw__pick_p(const uint64_t *fast, const uint64_t *slow, uint32_t rounds)
{
    gsaw_check(rounds <= GSAW_ROUNDS_MAX);
    double ways[GSAW_ROUNDS_MAX * GSAW_ROUNDS_MAX + 1];
    uint32_t against = 0; /* pairs in which slow is not slower: U */
    for (uint32_t i = 0; i < rounds; i++)
        for (uint32_t k = 0; k < rounds; k++)
            against += slow[i] <= fast[k];
    count_orders(ways, rounds);
    double all = 0, extreme = 0;
    for (uint32_t u = 0; u <= rounds * rounds; u++) {
        all += ways[u];
        extreme += u <= against ? ways[u] : 0;
    }
    return extreme / all;
}

static bool is_slower(const gsaw_tuning_row *row, const gsaw_tuning_row *fastest, double p)
{
    double least = (double)fastest->median_ns, median = (double)row
    ->median_ns;
    return median > MARGIN_MAX * least || (median > MARGIN * least && p <= SIGNIFICANCE);
}

/* How far from the default, as a ratio. */
static double batch_distance(const gsaw_tuning_row *row)
{
    double ratio = (double)row
    ->batch_size / GSAW_BATCH_DEFAULT;
    return ratio < 1 ? 1 / ratio : ratio;
}

/* What is to be little, the first thing first; and by how much it may be more than the least. */
static double workers_of(const gsaw_tuning_row *row)
{
    return row
    ->workers;
}
static double peak_of(const gsaw_tuning_row *row)
{
    return (double)row
    ->peak_bytes;
}
static double batch_of(const gsaw_tuning_row *row)
{
    return row
    ->batch_size;
}

static const struct {
    double (*value)(const gsaw_tuning_row *row);
    double margin;
} preferences[] = {{workers_of, 1}, {peak_of, MEMORY_MARGIN}, {batch_distance, 1}, {batch_of, 1}};

/* Of the rows that are chosen so far keep those with the least of one thing. */
static void keep_least(gsaw_tuning_row *rows, size_t count, size_t preference)
{
    double least = DBL_MAX;
    for (size_t i = 0; i < count; i++) {
        double value = preferences[preference].value(&rows[i]);
        least = rows[i].is_chosen && value < least ? value : least;
    }
    for (size_t i = 0; i < count; i++)
        rows[i].is_chosen = rows[i].is_chosen && preferences[preference].value(&rows[i]) <=
                                                     least * preferences[preference].margin;
}

void gsaw__pick(gsaw_tuning_row *rows, size_t count, const uint64_t *times, uint32_t rounds)
{
    size_t fastest = 0;
    for (size_t i = 1; i < count; i++)
        if (rows[i].median_ns < rows[fastest].median_ns)
            fastest = i;
    for (size_t i = 0; i < count; i++) {
        double p = gsaw__pick_p(times + fastest * rounds, times + i * rounds, rounds);
        rows[i].is_tied = !is_slower(&rows[i], &rows[fastest], p);
        rows[i].is_chosen = rows[i].is_tied;
    }
    for (size_t i = 0; i < sizeof preferences / sizeof *preferences; i++)
        keep_least(rows, count, i);
}
