/* curve.c - points and axes.
 * Keeps:   see the header.
 * Threads: any.
 * Next:    curve.h */
#include "cli/curve.h"

#include <math.h>

#define LINEAR_MAX 8 /* workers; beyond, the first points would stand on one another */

/* The row that stands for its number of workers: the chosen one, else the fastest. */
static bool is_better(const gsaw_tuning_row *row, const gsaw_tuning_row *than)
{
    if (row->is_chosen || than->is_chosen)
        return row
    ->is_chosen;
    return row
    ->median_ns < than->median_ns;
}

static gsaw__curve_point point_of(const gsaw_tuning_row *row, double base_ns)
{
    return (gsaw__curve_point)
    {
        .workers = row
        ->workers, .speedup = base_ns / (double)row
        ->median_ns, .low = base_ns / (double)row
        ->high_ns, .high = base_ns / (double)row
        ->low_ns, .is_chosen = row
        ->is_chosen,
    };
}

/* The median of the fastest row with one worker. */
static double base_of(const gsaw_tuning *tuning)
{
    double base_ns = 0;
    for (size_t i = 0; i < tuning->row_count && tuning->rows[i].workers == 1; i++)
        if (i == 0 || (double)tuning->rows[i].median_ns < base_ns)
            base_ns = (double)tuning->rows[i].median_ns;
    return base_ns;
}

void gsaw__curve_init(gsaw__curve *self, const gsaw_tuning *tuning)
{
    *self = (gsaw__curve){.workers_max = 1, .confidence = tuning->confidence};
    double base_ns = base_of(tuning);
    for (size_t i = 0; i < tuning->row_count && self->count < GSAW_CURVE_POINTS_MAX;) {
        const gsaw_tuning_row *best = &tuning->rows[i];
        for (; i < tuning->row_count && tuning->rows[i].workers == best->workers; i++)
            if (is_better(&tuning->rows[i], best))
                best = &tuning->rows[i];
        self->points[self->count++] = point_of(best, base_ns);
        self->workers_max = best->workers;
    }
}

static double within(double value) { return value < 0 ? 0 : value > 1 ? 1 : value; }

double gsaw__curve_x(const gsaw__curve *self, double workers)
{
    if (self->workers_max == 1)
        return 0.5;
    if (self->workers_max <= LINEAR_MAX)
        return (workers - 1) / (self->workers_max - 1);
    return log2(workers) / log2(self->workers_max);
}

/* The highest speed-up shown: the ideal one, and a little room for those that are luckier. */
static double top_of(const gsaw__curve *self) { return 1.1 * self->workers_max; }

double gsaw__curve_y(const gsaw__curve *self, double speedup)
{
    if (self->workers_max <= LINEAR_MAX)
        return within(speedup / top_of(self));
    return speedup <= 0.5 ? 0 : within((log2(speedup) + 1) / (log2(top_of(self)) + 1));
}

uint32_t gsaw__curve_tick(const gsaw__curve *self, size_t i)
{
    uint32_t tick = self->workers_max <= LINEAR_MAX ? (uint32_t)i + 1
                    : i < 31                        ? UINT32_C(1) << i
                                                    : UINT32_MAX;
    return tick <= self->workers_max ? tick : 0;
}
