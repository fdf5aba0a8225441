/* replay.h - the tasks of the last run, as the simulator takes them: run again on N workers.
 * Keeps:   durations are those of one worker on a machine that does nothing else: what the run's
 *          own workers slowed each other down, and what was waited for, is taken out. Only when the
 *          disk was read, waits stay in, but for those at the memory gate: they would come again.
 * Threads: none; one at a time.
 * Next:    replay.c, work/simulate.h, calibrate.h, doctor.c */
#ifndef GSAW_CODE_REPLAY_H
#define GSAW_CODE_REPLAY_H

#include "code/calibrate.h"
#include "work/simulate.h"

typedef struct gsaw__replay {
    const gsaw_codebase *codebase;
    const gsaw__calibration *calibration; /* borrowed */
    gsaw__recorded_task *tasks;           /* directories by number, then files by path */
    uint32_t *files;                      /* index of the file of each task but the directories */
    uint32_t count, directory_count;
    enum gsaw__order order;                       /* that of the run's workers; may be changed */
    uint64_t files_ns, waited_ns, directories_ns; /* as recorded, all workers together */
    uint64_t busy_ns, idle_ns;
    uint64_t serial_ns; /* before and behind the tasks, the first thread's start too; the others are
                           started while it works */
    uint64_t overhead_ns; /* of a task, beside its duration; made like the durations */
    double slowed;        /* how many times longer the durations were than on one worker */
} gsaw__replay;

enum gsaw__contending {
    GSAW_CONTENDING_NOT,    /* workers do not slow each other down */
    GSAW_CONTENDING_FLAT,   /* as measured, and no more beyond */
    GSAW_CONTENDING_GROWING /* as measured, and by the law beyond */
};

/* Take the tasks of the last run; calibration NULL: as they were recorded, waits and contention in
 * them. Errors: GSAW_NO_MEMORY, GSAW_RANGE (too many). */
gsaw_status gsaw__replay_init(gsaw__replay *self, const gsaw_codebase *codebase,
                              const gsaw__calibration *calibration);

/* Free. All-zero is allowed. */
void gsaw__replay_clear(gsaw__replay *self);

/* Simulate the tasks on so many workers. Errors: as gsaw__simulate. */
gsaw_status gsaw__replay_run(const gsaw__replay *self, uint32_t workers,
                             enum gsaw__contending contending, gsaw__simulated *out);

/* The index of the file of a task; SIZE_MAX: it is a directory, or no task. */
size_t gsaw__replay_file(const gsaw__replay *self, uint32_t task);

#endif
