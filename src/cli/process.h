/* process.h - one process of `gangsaw run`: started in a group of its own, its output passed on by
 * whole lines, ended in time.
 * Keeps:   when it has returned, nothing of the process's group is left.
 * Threads: any number at once; one lock around the writing of lines.
 * Next:    process.c, run.c */
#ifndef GSAW_CLI_PROCESS_H
#define GSAW_CLI_PROCESS_H

#include "base/thread.h"

/* Where what processes print goes: whole lines, never mixed. */
typedef struct gsaw__lines {
    gsaw__mutex lock; /* rank GSAW_RANK_LEAF */
    int out, err;     /* descriptors for what comes from stdout and from stderr */
    bool is_closed;   /* the reader went away */
} gsaw__lines;

/* Open for these descriptors, which stay the caller's; errors: those of the lock. Clear when no
 * process runs. */
gsaw_status gsaw__lines_init(gsaw__lines *self, int out, int err);
void gsaw__lines_clear(gsaw__lines *self);

/* Whether the reader went away: nothing is written any more. */
bool gsaw__lines_is_closed(gsaw__lines *self);

/* What to run. */
typedef struct gsaw__process {
    char *const *command;
    uint64_t timeout_ns; /* 0: none */
    int stop;            /* a descriptor that becomes readable when all are to stop; -1: none */
    gsaw__lines *lines;
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
    int os_errno; /* UNSTARTED: why */
} gsaw__process_result;

/* Run it and wait for its end. What it leaves running in its group is killed. */
void gsaw__process_run(const gsaw__process *self, gsaw__process_result *out);

#endif
