/* loop.h - a parallel loop over items of very different cost, the dear ones last: where loops that
 * hand out shares lose time. Items sleep instead of computing, so that any number of workers can be
 * compared on any machine.
 * Keeps:   costs are the quantiles of a Pareto distribution (shape 1.1), the last items the
 *          dearest, none dearer than half of a worker's share. The ideal is counted from how long
 *          the items really took: a sleep that lasts too long is not the runtime's fault.
 * Next:    loop.c */
#ifndef GSAW_BENCH_LOOP_H
#define GSAW_BENCH_LOOP_H

#include <math.h>

#include "measure.h"

enum { LOOP_ITEMS = 1000, LOOP_ROUNDS = 2 };
#define LOOP_SECONDS_EACH 0.4 /* of a worker, when all is shared out evenly */

typedef struct loop {
    uint32_t costs[LOOP_ITEMS]; /* us */
    uint64_t took[LOOP_ITEMS];  /* ns */
} loop;

static inline void loop_draw(loop *self, unsigned workers)
{
    double raw[LOOP_ITEMS], sum = 0, share = LOOP_SECONDS_EACH * 1e6;
    for (int i = 0; i < LOOP_ITEMS; i++)
        sum += raw[i] = pow(1.0 - (i + 0.5) / LOOP_ITEMS, -1.0 / 1.1);
    for (int i = 0; i < LOOP_ITEMS; i++) {
        double cost = raw[i] / sum * share * workers;
        self->costs[i] = (uint32_t)(cost < share / 2 ? cost : share / 2);
    }
}

static inline void loop_item(loop *self, size_t i)
{
    uint64_t start = measure_ns();
    measure_pause((uint64_t)self->costs[i] * 1000);
    self->took[i] = measure_ns() - start;
}

/* The least time that it could have taken, as a fraction of what it took. */
static inline void loop_note(loop *self, unsigned workers, uint64_t wall, measure_series *series)
{
    uint64_t sum = 0, longest = 0;
    for (int i = 0; i < LOOP_ITEMS; i++) {
        measure_require(self->took[i] >= (uint64_t)self->costs[i] * 1000, "each item has run");
        sum += self->took[i];
        longest = self->took[i] > longest ? self->took[i] : longest;
        self->took[i] = 0;
    }
    uint64_t share = sum / workers;
    measure_add(series, share > longest ? share : longest, wall);
}

#endif
