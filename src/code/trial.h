/* trial.h - parsing files of a tree one by one, outside a run: to see whether one brings the
 * process down, and what each costs.
 * Keeps:   a file is read and parsed as a run would; what is found lives until the next file.
 * Threads: the caller's alone.
 * Next:    trial.c, flight.h, census.h, cli/supervise.c */
#ifndef GSAW_CODE_TRIAL_H
#define GSAW_CODE_TRIAL_H

#include "code/codebase.h"

/* A parser for the caller's thread. Stays where it is while it is open. */
typedef struct gsaw__trial {
    gsaw_codebase *codebase;
    int root; /* descriptor */
    gsaw__gate gate;
    gsaw__parse_options options;
    gsaw__parser parser;
} gsaw__trial;

/* Open for the codebase's tree; the parser's memory comes from `allocator`. Errors name the path:
 * GSAW_SYSTEM, GSAW_NO_MEMORY. */
gsaw_status gsaw__trial_open(gsaw__trial *self, gsaw_codebase *codebase,
                             const gsaw_allocator *allocator, gsaw_error *error);

/* Free and close. Once per open that succeeded. */
void gsaw__trial_close(gsaw__trial *self);

/* Read and parse the file at `path` below the root. What goes wrong with it is in *out, whose facts
 * live until the next call; out->language is GSAW_NONE when its name is no source's. */
void gsaw__trial_parse(gsaw__trial *self, const char *path, gsaw__file_record *out);

/* Parse one file and throw the result away. For a child process made for it. */
void gsaw__trial_run(gsaw_codebase *codebase, const char *path);

#endif
