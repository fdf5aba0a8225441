/* model.h - the cost model inside: what it keeps of each kind.
 * Threads: as said in gangsaw/work.h.
 * Next:    model.c, model_file.c */
#ifndef GSAW_WORK_MODEL_H
#define GSAW_WORK_MODEL_H

#include <gangsaw/work.h>

/* Sums over samples of n items, with sizes that add up to s, that took t. Each weighs as many as it
 * has items, so its s * s and s * t are divided by n. */
typedef struct gsaw__cost_sums {
    double n, s, t, ss, st;
} gsaw__cost_sums;

/* Whether anything was learned: only then estimates are nanoseconds. Any thread. */
bool gsaw__cost_model_is_known(const gsaw_cost_model *self);

/* What is known, of each kind: GSAW_WORK_KINDS of them. View. */
const gsaw__cost_sums *gsaw__cost_model_sums(const gsaw_cost_model *self);

/* Where its memory comes from. */
const gsaw_allocator *gsaw__cost_model_allocator(const gsaw_cost_model *self);

/* Know this instead: finite, none below 0, s, t, ss and st 0 where n is. */
void gsaw__cost_model_set(gsaw_cost_model *self, const gsaw__cost_sums *sums);

#endif
