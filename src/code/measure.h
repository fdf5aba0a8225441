/* measure.h - what files cost one worker: processor time, memory at work, memory that stays.
 * Keeps:   the meter counts every byte asked of it, so what it tells depends on the work and not on
 *          malloc, other threads of the program or the process's past.
 * Threads: a meter: any. Trials: the caller's.
 * Next:    measure.c, trial.h, census.h */
#ifndef GSAW_CODE_MEASURE_H
#define GSAW_CODE_MEASURE_H

#include "code/census.h"

/* An allocator over another that knows how much is held, and the most that ever was. */
typedef struct gsaw__meter {
    gsaw_allocator allocator; /* to be handed out; self must stay where it is */
    const gsaw_allocator *under;
    _Atomic size_t held, peak;
} gsaw__meter;

/* Nothing is held yet. under NULL: malloc. */
void gsaw__meter_init(gsaw__meter *self, const gsaw_allocator *under);

/* Memory of one worker: the most that a trial took, and for larger files in proportion to what the
 * largest ones tried took. */
typedef struct gsaw__worker_memory {
    uint64_t peak;
    double per_byte;
} gsaw__worker_memory;

/* Bytes that a worker may take while it parses a file of that size. */
uint64_t gsaw__worker_memory_at(const gsaw__worker_memory *self, uint64_t bytes);

/* Let no file take more than `ns`: what is measured is to end. */
void gsaw__limit_timeout(gsaw_config *config, uint64_t ns);

/* Parse the files that were drawn, one by one on this thread, and sum up in strata[].trial. Files
 * in flight are shown in the codebase's first slot, those set aside are left out. Errors:
 * GSAW_CANCELLED, GSAW_NO_MEMORY, GSAW_SYSTEM. */
gsaw_status gsaw__measure_trials(gsaw__census *census, gsaw_codebase *codebase,
                                 gsaw__worker_memory *out, gsaw_error *error);

#endif
