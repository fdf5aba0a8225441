/* gangsaw/tuner.h - ParallelAutoTuner: the workers and batches that suit this tree on this machine.
 *
 *     gsaw_tuning *tuning;
 *     gsaw_tuner_benchmark(code, NULL, &tuning, &error);
 *     gsaw_codebase_apply_tuning(code, tuning);
 *     gsaw_tuning_free(tuning);
 *
 * Tuning never changes results: it sets how many workers there are and how work is handed to them.
 * The ceiling of memory stays what the config says, because it decides which giant files can be
 * parsed; what a run is expected to need is told, and the workers are as many as fit below it.
 *
 * Each function blocks, uses the codebase as gsaw_codebase_index would (one thread at a time), is
 * stopped by gsaw_codebase_cancel, and leaves the results of the last index run alone. Errors:
 * GSAW_INVALID (the options' size), GSAW_RANGE (names the option), GSAW_NOT_FOUND (the root is
 * gone), GSAW_CANCELLED, GSAW_NO_MEMORY, GSAW_SYSTEM. A tree without files is none: then the choice
 * is what the config says. */
#ifndef GANGSAW_TUNER_H
#define GANGSAW_TUNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/config.h>
#include <gangsaw/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gsaw_codebase gsaw_codebase; /* gangsaw/code.h */

/* All-zero but for size means every default. */
typedef struct gsaw_tuner_options {
    size_t size;             /* sizeof(gsaw_tuner_options) */
    uint32_t workers_max;    /* 0: the CPUs this process may use; at most 1024 */
    uint32_t rounds;         /* of a benchmark; 0: 6, the fewest with a 95% interval; 3 to 25 */
    uint64_t time_budget_ns; /* for a benchmark: it draws a smaller sample and does fewer rounds
                                (never below 3) to keep to it; 0: 10 s */
    uint64_t sample_bytes;   /* of source in a benchmark's sample, at most; 0: 8 MiB */
    uint64_t seed;           /* of the sample and of the order of measurements */
    /* How far a benchmark is, in runs; may be NULL. Called from the calling thread. */
    void (*progress)(void *context, uint64_t completed, uint64_t total, bool total_is_final);
    void *progress_context;
} gsaw_tuner_options;

/* A measured pair of settings. */
typedef struct gsaw_tuning_row {
    uint32_t workers, batch_size;
    uint64_t median_ns, low_ns, high_ns; /* of a run over the sample; the interval of the median */
    double bytes_per_second;             /* of source, by the median */
    uint64_t peak_bytes;                 /* most memory held at once, all workers together */
    bool is_tied;                        /* not slower than the fastest: see gsaw_tuner_benchmark */
    bool is_chosen;                      /* exactly one row */
} gsaw_tuning_row;

/* A language of the tree. */
typedef struct gsaw_tuning_language {
    const char *name; /* static storage */
    uint64_t files, bytes;
    uint64_t trial_files, trial_bytes; /* of these, measured alone */
    double bytes_per_second;           /* of one worker; 0: none was measured */
} gsaw_tuning_language;

/* What was found. Files that are too large to be parsed do not count anywhere. */
typedef struct gsaw_tuning {
    uint32_t num_workers, batch_size, max_tasks_in_flight; /* the choice, as in gsaw_config */

    uint32_t cpus;              /* that this process may use */
    uint64_t memory_max;        /* the config's ceiling in bytes */
    uint64_t files, bytes;      /* of the tree */
    uint64_t largest_bytes;     /* the largest file */
    uint64_t cost_ns;           /* CPU time that parsing the tree is expected to take */
    uint64_t memory_per_worker; /* bytes that a worker takes at most, on average, when all have the
                                   largest files at once: what was measured, and where the tree has
                                   larger files than the trial, in proportion */
    uint64_t memory_expected;   /* bytes: that of all workers, and the results */
    const gsaw_tuning_language *languages; /* those with files, in a fixed order */
    size_t language_count;

    /* Of a benchmark; else 0. */
    uint64_t sample_files, sample_bytes; /* drawn */
    uint32_t rounds;                     /* done; each row has one run in each */
    double confidence; /* that an interval of a row covers its median: 0.95 or more, unless rounds
                          are too few for that */
    double cpu_share;  /* CPU time over wall time of the runs with one worker: well below 1, the
                          machine was busy with other things, and the curve shows that, too */
    const gsaw_tuning_row *rows; /* by workers, then batch size */
    size_t row_count;
    uint64_t wall_ns; /* that all of this took */
} gsaw_tuning;

/* Tune without long measuring (well below a second, on most trees): look at the machine, find all
 * files with their sizes, parse a small sample of them on the calling thread, and derive
 *   num_workers: the usable CPUs, but no more than there are files, than have 2 ms of work each,
 *     than can be busy while the dearest file is parsed, and than fit below the memory ceiling
 *     with the largest files;
 *   batch_size: files that take about 2 ms, and no more than leave each worker some batches;
 *   max_tasks_in_flight: 10 for each worker.
 * options may be NULL. On GSAW_OK *out is the caller's, until gsaw_tuning_free. */
GSAW_API gsaw_status gsaw_tuner_tune(gsaw_codebase *codebase, const gsaw_tuner_options *options,
                                     gsaw_tuning **out, gsaw_error *error);

/* The same, then measure: index a sample of the tree, for real, with 1, 2, 4 ... workers and with
 * several batch sizes, once to warm up and then in rounds, in each of them every pair once and in
 * random order. The sample is stratified by language and size (classes of powers of two): of each
 * stratum the same part, but one file at least; giants and files that hang are left out. Tree and
 * seed say in which order files are drawn; the time budget and the speed of the trials, how many.
 *
 * The choice: the pair with the least median, and among those that are not slower than it, the one
 * with the fewest workers, then the least memory (5% count as equal), then the batch size nearest
 * to the default. Slower: by more than 2% with p <= 0.05 in the exact one-sided test of Mann and
 * Whitney, Annals of Mathematical Statistics 18 (1947); and by more than 10% in any case, because
 * on a noisy machine a few rounds can prove nothing. The intervals are those between two
 * order statistics: David and Nagaraja, Order Statistics (2003), 7.1. */
GSAW_API gsaw_status gsaw_tuner_benchmark(gsaw_codebase *codebase,
                                          const gsaw_tuner_options *options, gsaw_tuning **out,
                                          gsaw_error *error);

/* Free what the functions above have made. NULL is allowed. Any thread. */
GSAW_API void gsaw_tuning_free(gsaw_tuning *self);

/* Let the codebase's next index() run with the choice. Its config keeps all else. Does not block.
 */
GSAW_API void gsaw_codebase_apply_tuning(gsaw_codebase *codebase, const gsaw_tuning *tuning);

/* auto_tune_parallel: tune (gsaw_tuner_tune) and apply. On failure the config is as it was. */
GSAW_API gsaw_status gsaw_codebase_auto_tune(gsaw_codebase *codebase,
                                             const gsaw_tuner_options *options, gsaw_error *error);

#ifdef __cplusplus
}
#endif

#endif
