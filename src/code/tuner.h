/* tuner.h - inside the ParallelAutoTuner: what its two halves share.
 * Keeps:   a result that was begun can be freed at any time.
 * Threads: the caller's.
 * Next:    tuner.c (tune, from trials on one worker), benchmark.c, gangsaw/tuner.h */
#ifndef GSAW_CODE_TUNER_H
#define GSAW_CODE_TUNER_H

#include "code/measure.h"

/* What a choice follows from, beside the machine. */
typedef struct gsaw__workload {
    uint64_t files;
    uint64_t cost_ns;         /* of the tree, on one worker; 0: not known */
    uint64_t cost_largest_ns; /* of its dearest file */
    uint64_t kept_bytes;      /* of the results */
    gsaw__worker_memory memory;
    const uint64_t *sizes; /* of the largest files, falling; as many as there may be workers, or
                              all */
    size_t size_count;
} gsaw__workload;

/* A result and what it owns. */
typedef struct gsaw__tuning {
    gsaw_tuning result; /* first: a pointer to it is a pointer to all */
    const gsaw_allocator *allocator;
    gsaw__workload work;
    uint32_t workers_useful; /* the most that have a file each and fit below the ceiling */
    GSAW_ARRAY(uint64_t) sizes;
    GSAW_ARRAY(gsaw_tuning_language) languages;
    GSAW_ARRAY(gsaw_tuning_row) rows;
} gsaw__tuning;

/* Set the choice and what goes with it from work and the result's cpus and memory_max. */
void gsaw__tuner_decide(gsaw__tuning *self);

/* Set the number of workers and what follows from it alone. */
void gsaw__tuner_set_workers(gsaw__tuning *self, uint32_t workers);

/* Measure the settings around the choice in `self`, over a sample of the census, and choose anew.
 * options are complete. */
gsaw_status gsaw__tuner_measure(gsaw__tuning *self, gsaw_codebase *codebase, gsaw__census *census,
                                const gsaw_tuner_options *options, gsaw_error *error);

#endif
