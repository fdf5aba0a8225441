/* progress.h - one line on stderr, redrawn: how far a run is.
 * Keeps:   never longer than the terminal is wide; erased when it is done; not shown for short
 *          runs.
 * Threads: drawn by one worker at a time (gsaw_progress_function), erased by the main thread
 *          afterwards.
 * Next:    progress.c */
#ifndef GSAW_CLI_PROGRESS_H
#define GSAW_CLI_PROGRESS_H

#include "cli/cli.h"

typedef struct gsaw__progress {
    bool drawn;
    uint64_t start_ns; /* of the run */
    const char *noun;  /* what is counted: "files" */
} gsaw__progress;

/* Begin a line about so many `noun` (static storage); true when the options ask for one. Then call
 * draw, a gsaw_progress_function whose context is self, and end, which erases it. */
bool gsaw__progress_begin(gsaw__progress *self, const gsaw__cli *cli, const char *noun);
void gsaw__progress_draw(void *context, uint64_t completed, uint64_t total, bool total_is_final);
void gsaw__progress_end(gsaw__progress *self);

/* Show the progress of `code` if the options ask for it. self must live until gsaw__progress_close.
 */
void gsaw__progress_open(gsaw__progress *self, const gsaw__cli *cli, gsaw_codebase *code);

/* Erase the line. index() has returned. */
void gsaw__progress_close(gsaw__progress *self, gsaw_codebase *code);

#endif
