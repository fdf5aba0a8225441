/* gangsaw/doctor.h - the performance doctor: what limited the last index run, and what other
 * numbers of workers would make of it.
 *
 *     gsaw_diagnosis diagnosis;
 *     gsaw_codebase_index(code, &error);
 *     gsaw_codebase_diagnose(code, NULL, &diagnosis, &error);
 *     ... gsaw_bottleneck_name(diagnosis.bottleneck), diagnosis.predictions[i].wall_ns ...
 *
 * Every run records what each file and each directory took. From that the doctor simulates other
 * numbers of workers; how much workers slow each other down it measures, on files of the run. What
 * is measured, what is modelled and what is extrapolated is told apart. */
#ifndef GANGSAW_DOCTOR_H
#define GANGSAW_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/code.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GSAW_PREDICTION_COUNT 7 /* for 1, 2, 4, 8, 16, 32 and 64 workers */
#define GSAW_STRAGGLER_MAX 5
#define GSAW_CONTENTION_MAX 8

/* What a run's wall time is made of: what it needed, and what was lost. Name and text. */
#define GSAW_BOTTLENECK_TABLE(row)                                                                 \
    row(WORK, "work", "the work itself, evenly spread: more workers would help")                   \
    row(SERIAL, "serial", "what one thread does alone: set-up, and putting results in order")      \
    row(STRAGGLER, "straggler", "one file that takes so long that the others wait for it")         \
    row(DISCOVERY, "discovery", "directories that must be listed one after the other")             \
    row(IDLE, "idle", "workers without a task: waking up, stealing, order of the tasks")           \
    row(OVERHEAD, "overhead", "handing out tasks")                                                 \
    row(CONTENTION, "contention", "workers slow each other down: memory, caches, clock rate")      \
    row(MEMORY, "memory", "waiting at the memory gate: the ceiling lets fewer files in at once")   \
    row(OFF_CPU, "off-cpu", "waiting for the disk, or for a CPU that another thread had")

#define GSAW_BOTTLENECK_ENUM(name, word, text) GSAW_BOTTLENECK_##name,
typedef enum gsaw_bottleneck {
    GSAW_BOTTLENECK_TABLE(GSAW_BOTTLENECK_ENUM) GSAW_BOTTLENECK_COUNT
} gsaw_bottleneck;
#undef GSAW_BOTTLENECK_ENUM

/* The word ("straggler") and the explanation of a bottleneck; "unknown" out of range. Static, never
 * NULL; any thread. */
GSAW_API const char *gsaw_bottleneck_name(gsaw_bottleneck bottleneck);
GSAW_API const char *gsaw_bottleneck_text(gsaw_bottleneck bottleneck);

/* How long a run with so many workers would take on a machine that does nothing else. */
typedef struct gsaw_prediction {
    uint32_t workers;
    uint64_t wall_ns;     /* if further CPUs slow each other down no more than the measured ones */
    uint64_t wall_ns_max; /* if that grows with each CPU (Gunther's law); equal where measured */
    double speedup;       /* wall_ns for 1 worker / this */
    double of_ideal;      /* work / workers over the simulated time of the tasks, both without
                             contention: how evenly the work can be spread; 0 to 1 */
    gsaw_bottleneck bottleneck; /* of wall_ns */
    size_t bottleneck_file;     /* as in gsaw_diagnosis */
    bool is_extrapolated;       /* more workers than were measured side by side */
} gsaw_prediction;

/* A file that took long. */
typedef struct gsaw_straggler {
    size_t file;          /* index, for gsaw_codebase_file_at */
    uint64_t cost_ns;     /* from opening it to its facts, on a CPU */
    uint64_t expected_ns; /* what its size would take at the mean rate of its language */
    uint64_t delay_ns;    /* how much earlier this run would have ended, had its work been spread */
    uint32_t workers_max; /* with more, this file alone decides when the run ends */
} gsaw_straggler;

/* One task of the critical path: a directory that is listed, or the file at the end. */
typedef struct gsaw_path_step {
    const char *name; /* without the directories above; "" for the root */
    uint64_t ns;
} gsaw_path_step;

/* How much longer the same files take when `workers` parse at once, measured. */
typedef struct gsaw_contention {
    uint32_t workers;
    double factor;    /* median; 1: not at all */
    double low, high; /* quartiles */
} gsaw_contention;

typedef struct gsaw_diagnosis {
    /* The run itself: its wall time and the parts that it is made of, which add up to it. */
    uint32_t jobs, cpus; /* workers of the run; CPUs this process may use */
    uint64_t wall_ns, parts_ns[GSAW_BOTTLENECK_COUNT];
    uint64_t modelled_ns; /* what the simulation says of this very run, to judge it by */
    gsaw_bottleneck bottleneck;
    size_t bottleneck_file; /* index of the file, of GSAW_BOTTLENECK_STRAGGLER; else SIZE_MAX */
    double efficiency;      /* GSAW_BOTTLENECK_WORK's part of the wall time; 0 to 1 */
    double serial_fraction; /* Amdahl's: of what the run would take with 1 worker */
    /* All workers together. */
    uint64_t files, directories; /* tasks */
    uint64_t files_ns, directories_ns, overhead_ns, idle_ns;
    uint64_t parked_ns; /* of idle_ns, asleep; known with config.trace_events, else 0 */
    uint64_t steals, parks;
    uint64_t gate_waits, gate_ns;                                              /* memory */
    uint64_t off_cpu_ns, preemptions, minor_faults, major_faults, blocks_read; /* of 512 bytes */
    /* The longest chain of tasks, each released by the one before. */
    uint64_t critical_ns;
    const gsaw_path_step *critical_path;
    size_t critical_count, critical_file; /* steps; the file that ends it, SIZE_MAX: none */
    gsaw_straggler stragglers[GSAW_STRAGGLER_MAX]; /* the dearest files */
    size_t straggler_count;
    gsaw_contention contention[GSAW_CONTENTION_MAX]; /* 1 first */
    size_t contention_count;                         /* 0: not measured, taken as none */
    uint64_t contention_ns;                          /* what measuring it took */
    gsaw_prediction predictions[GSAW_PREDICTION_COUNT];
} gsaw_diagnosis;

/* All-zero but for size means every default. */
typedef struct gsaw_diagnose_options {
    size_t size;                   /* sizeof(gsaw_diagnose_options) */
    uint64_t measure_ns;           /* about what measuring contention may take; 0: 150 ms */
    bool is_contention_unmeasured; /* take it as none: nothing is read, no thread is started */
} gsaw_diagnose_options;

/* Diagnose the last index run. options NULL: defaults. Blocks while it measures: it reads and
 * parses some files of the run again, in threads of its own. Texts are views that live until the
 * next index() or close(). One thread, as for index(). Errors: GSAW_INVALID (options' size; never
 * indexed), GSAW_RANGE (times or counts beyond all measure), GSAW_NO_MEMORY, GSAW_SYSTEM. */
GSAW_API gsaw_status gsaw_codebase_diagnose(gsaw_codebase *self,
                                            const gsaw_diagnose_options *options,
                                            gsaw_diagnosis *out, gsaw_error *error);

#ifdef __cplusplus
}
#endif

#endif
