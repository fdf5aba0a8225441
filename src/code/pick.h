/* pick.h - from measured times to medians, intervals and a choice: arithmetic alone.
 * Keeps:   the same numbers give the same choice.
 * Threads: any.
 * Next:    pick.c, benchmark.c, gangsaw/tuner.h (the rule) */
#ifndef GSAW_CODE_PICK_H
#define GSAW_CODE_PICK_H

#include <gangsaw/tuner.h>

#define GSAW_BATCH_DEFAULT 100 /* of gsaw_config.batch_size, and its largest value */
#define GSAW_BATCH_MAX 1000000

#define GSAW_ROUNDS_MIN 3  /* fewer cannot tell any difference: 3 against 3 gives p = 1 / 20 */
#define GSAW_ROUNDS_MAX 25 /* up to here the exact distribution fits doubles: C(50, 25) < 2^53 */

/* The interval of a median from `count` values: the order statistics `low` and high, counted from
 * 0, and the probability that the median lies between. The narrowest with 0.95 or more, else the
 * widest. */
typedef struct gsaw__interval {
    uint32_t low, high;
    double confidence;
} gsaw__interval;

/* For 1 to 63 values. */
gsaw__interval gsaw__median_interval(uint32_t count);

/* Sort times[0, rounds) and fill in the row's median, low and high. 1 <= rounds. */
void gsaw__pick_summarize(gsaw_tuning_row *row, uint64_t *times, uint32_t rounds);

/* The probability that `slow` would look this much slower than `fast`, or more, were there no
 * difference: the exact one-sided test of Mann and Whitney; equal times count as not slower. Both
 * sorted, rounds times each, at most GSAW_ROUNDS_MAX. */
double gsaw__pick_p(const uint64_t *fast, const uint64_t *slow, uint32_t rounds);

/* Choose among rows that are summarized: sets is_tied and is_chosen. times: those of row i, sorted,
 * at i * rounds. Nothing happens when count is 0. */
void gsaw__pick(gsaw_tuning_row *rows, size_t count, const uint64_t *times, uint32_t rounds);

#endif
