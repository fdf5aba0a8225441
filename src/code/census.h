/* census.h - all files of a tree with their sizes, in strata, and samples of them.
 * Keeps:   a stratum is a language and a class of sizes [2^c, 2^(c+1)); strata are ordered by
 *          language and class; which of a stratum's files come first depends on their paths and the
 *          seed alone, so a smaller sample is part of a larger one.
 * Threads: the caller's; taking it runs a pool of its own.
 * Next:    census.c, measure.h, tuner.c. Source: Cochran, Sampling Techniques (1977), 5.5 */
#ifndef GSAW_CODE_CENSUS_H
#define GSAW_CODE_CENSUS_H

#include "base/map.h"
#include "code/codebase.h"

typedef struct gsaw__census_file {
    const char *path; /* in the list of paths */
    uint64_t bytes;
    uint64_t order; /* of the draw: a hash of seed and path */
    uint32_t path_size;
    uint8_t language, size_class;
} gsaw__census_file;

/* What trials told of the files of a stratum that were drawn. */
typedef struct gsaw__trial_sums {
    uint64_t files, bytes, cost_ns, kept_bytes;
} gsaw__trial_sums;

typedef struct gsaw__stratum {
    size_t first, count; /* in files; the first `drawn` of them are the sample's */
    size_t drawn;
    uint64_t bytes; /* of all of them */
    gsaw__trial_sums trial;
    uint8_t language, size_class;
} gsaw__stratum;

/* All-zero is valid and empty. */
typedef struct gsaw__census {
    const gsaw_allocator *allocator;
    gsaw_paths *paths;
    GSAW_ARRAY(gsaw__census_file) files; /* by stratum, then order, then path */
    GSAW_ARRAY(gsaw__stratum) strata;
    uint64_t bytes, largest;
} gsaw__census;

/* Find the files that an index run of the codebase would parse, with the sizes they have now. Those
 * over max_file_size, and those whose size cannot be had, are left out. Errors: those of
 * gsaw_discover_files. self is all zero, and to be cleared whatever is returned. */
gsaw_status gsaw__census_take(gsaw__census *self, const gsaw_codebase *codebase, uint64_t seed,
                              gsaw_error *error);
void gsaw__census_clear(gsaw__census *self);

/* Make files and strata of what is in `files` with path, bytes and language. False: no memory. */
bool gsaw__census_sort(gsaw__census *self, uint64_t seed);

typedef struct gsaw__draw {
    size_t files;
    uint64_t bytes;
} gsaw__draw;

/* Draw a sample of about `bytes`: all files of the classes below `cap` bytes (a power of two; if
 * there are none: one file of the smallest class) when they fit, else of each of their strata the
 * same part, rounded, and at least one. Sets `drawn` of all strata. */
gsaw__draw gsaw__census_draw(gsaw__census *self, uint64_t bytes, uint64_t cap);

/* Put the paths of the sample, and of all folders above them, into the map. The keys are views of
 * the census. False: no memory. */
bool gsaw__census_select(const gsaw__census *self, gsaw__map *only);

#endif
