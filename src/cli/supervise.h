/* supervise.h - a crash costs one file: the work is done in a child process, and this one watches.
 * Keeps:   a file that brings down its process alone is set aside (failed, `crashed`); all others
 *          keep their results; the program ends, whatever third-party code does.
 * Threads: the main thread, before any other is started.
 * Next:    supervise.c, code/flight.h, code/trial.h */
#ifndef GSAW_CLI_SUPERVISE_H
#define GSAW_CLI_SUPERVISE_H

#include "cli/cli.h"
#include "code/flight.h"

/* What the working process needs to know of its supervisor. All-zero: nobody watches. */
typedef struct gsaw__watch {
    gsaw__flight *flights;  /* shared with the supervisor; NULL: none */
    gsaw_strings set_aside; /* files that have crashed: not to be parsed again */
} gsaw__watch;

/* Fork. In the child, and where no process can be had, returns false with *watch filled in: do the
 * work and exit. In the parent returns true when the work has ended, *status being its exit status;
 * what crashed on the way was tried alone, set aside, and the work started anew. */
bool gsaw__supervise(gsaw__cli *cli, gsaw__watch *watch, int *status);

#endif
