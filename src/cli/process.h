/* process.h - one process of `gangsaw run`: started in a group of its own, its output passed on by
 * whole lines, ended in time.
 * Keeps:   when it has returned, nothing of the process's group is left.
 * Threads: any number at once.
 * Next:    process.c, lines.h, run.c */
#ifndef GSAW_CLI_PROCESS_H
#define GSAW_CLI_PROCESS_H

#include "cli/lines.h"

/* What the processes of one run share. */
typedef struct gsaw__processes {
    gsaw__lines lines;
    int stop;                /* eventfd(2): readable when all are to stop */
    gsaw__mutex lock;        /* rank GSAW_RANK_LEAF: who waits for what the system is short of */
    _Atomic uint32_t active; /* processes that run, and attempts to start one without that lock */
} gsaw__processes;

/* Open, their lines going to these descriptors, which stay the caller's. Errors: GSAW_SYSTEM,
 * GSAW_NO_MEMORY; then there is nothing to clear. Clear when no process runs. */
gsaw_status gsaw__processes_init(gsaw__processes *self, int out, int err, gsaw_error *error);
void gsaw__processes_clear(gsaw__processes *self);

/* Let all that run end, and those that are started later at once. Any thread, and handlers of
 * signals. */
void gsaw__processes_stop(gsaw__processes *self);

/* What to run. */
typedef struct gsaw__process {
    gsaw__processes *shared;
    char *const *command;
    uint64_t timeout_ns; /* 0: none */
    uint32_t slot;       /* below GSAW_WORKERS_MAX, and of no other that runs at the same time */
} gsaw__process;

enum gsaw__process_end {
    GSAW_PROCESS_EXITED,
    GSAW_PROCESS_SIGNALLED, /* by a signal that was not ours */
    GSAW_PROCESS_TIMED_OUT,
    GSAW_PROCESS_STOPPED, /* because all are to stop */
    GSAW_PROCESS_UNSTARTED
};

typedef struct gsaw__process_result {
    enum gsaw__process_end end;
    int exit;     /* EXITED: its status */
    int signal;   /* that ended it; 0: none did */
    int os_errno; /* UNSTARTED: why; 0: all were to stop */
} gsaw__process_result;

/* Run it and wait for its end. What it leaves running in its group is killed. Where the system has
 * no descriptors, processes or memory for it, it starts when another of these has ended; it is
 * UNSTARTED if none of them runs. */
void gsaw__process_run(const gsaw__process *self, gsaw__process_result *out);

#endif
