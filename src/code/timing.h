/* timing.h - what a run took, whole and on: steps, directories, what the system did beside it.
 * Keeps:   the steps add up to the run; a directory comes behind the one it is in.
 * Threads: the run's own, when no worker is at work. What files took is in their records, what
 *          directories took in gsaw__dir, each written by the worker that had it.
 * Next:    timing.c, index.c (which fills it), doctor.c (which reads it) */
#ifndef GSAW_CODE_TIMING_H
#define GSAW_CODE_TIMING_H

#include "base/array.h"
#include "code/dir.h"

/* The steps of a run, one behind the other. */
enum gsaw__step {
    GSAW_STEP_THREADS, /* the pool is started */
    GSAW_STEP_SET_UP,  /* all else before the first task */
    GSAW_STEP_TASKS,   /* the first task is given out ... the last one has ended */
    GSAW_STEP_PUBLISH, /* threads end, results are put in order */
    GSAW_STEP_COUNT
};

/* What the system counts of this process. Source: getrusage(2). */
typedef struct gsaw__usage {
    uint64_t minor_faults, major_faults; /* pages made, and read from the disk */
    uint64_t preemptions;                /* times a thread had to give its CPU to another */
    uint64_t blocks_read;                /* of 512 bytes, from the disk */
} gsaw__usage;

/* A directory as a task: number 0 is the root. */
typedef struct gsaw__timed_directory {
    const char *name; /* zero-terminated, lives as long as the results */
    uint64_t list_ns; /* from entering it until its listing was handed out */
    uint32_t parent;  /* number; GSAW_NO_TASK for the root */
} gsaw__timed_directory;

/* All-zero is a run that took nothing. */
typedef struct gsaw__timing {
    uint64_t steps_ns[GSAW_STEP_COUNT], steps_cpu_ns[GSAW_STEP_COUNT]; /* of the caller's thread */
    uint64_t gate_waits, gate_ns; /* at the memory gate, all workers together */
    uint64_t between_ns;          /* of all workers: gsaw__lap */
    gsaw__usage usage;
    uint64_t last_ns, last_cpu_ns; /* when the step before ended, by both clocks */
    GSAW_ARRAY(gsaw__timed_directory) directories;
} gsaw__timing;

/* One worker's clocks over the files that it takes one behind the other. */
typedef struct gsaw__lap {
    uint64_t wall_ns, cpu_ns; /* where both stood when they were last read together */
    uint64_t between_ns;      /* not on a CPU, but in no file: summed up */
} gsaw__lap;

/* Read the clocks: before the first file of a task. */
void gsaw__lap_begin(gsaw__lap *self);

/* A file ends that was begun at start_ns: what it took, and how much of that the worker was not on
 * a CPU. The CPU's clock, a system call, is read only when that can matter. */
void gsaw__lap_end(gsaw__lap *self, uint64_t start_ns, uint64_t *cost_ns, uint64_t *waited_ns);

/* Begin, at start_ns; the directories of an earlier run have been cleared. */
void gsaw__timing_begin(gsaw__timing *self, uint64_t start_ns);

/* The step ends now. */
void gsaw__timing_step(gsaw__timing *self, enum gsaw__step step);

/* The run ends: what the system has counted since the begin. */
void gsaw__timing_end(gsaw__timing *self);

/* Number the directories below root, and keep what each took. False: no memory. */
bool gsaw__timing_directories(gsaw__timing *self, gsaw__dir *root, const gsaw_allocator *allocator);

/* Free the directories; all-zero again. */
void gsaw__timing_clear(gsaw__timing *self, const gsaw_allocator *allocator);

#endif
