/* trial.h - parsing one file of a tree by itself, to see whether it brings the process down.
 * Keeps:   what it finds is thrown away; it returns, or the process dies.
 * Threads: the caller's alone.
 * Next:    trial.c, flight.h, cli/supervise.c */
#ifndef GSAW_CODE_TRIAL_H
#define GSAW_CODE_TRIAL_H

#include <gangsaw/code.h>

/* Read and parse the file at `path` below the root as a run would. For a child process made for it.
 */
void gsaw__trial_run(gsaw_codebase *codebase, const char *path);

#endif
