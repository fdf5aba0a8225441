/* model.h - the cost model inside.
 * Threads: any.
 * Next:    model.c, gangsaw/work.h */
#ifndef GSAW_WORK_MODEL_H
#define GSAW_WORK_MODEL_H

#include <gangsaw/work.h>

/* Whether anything was learned: only then estimates are nanoseconds. Any thread. */
bool gsaw__cost_model_is_known(const gsaw_cost_model *self);

#endif
