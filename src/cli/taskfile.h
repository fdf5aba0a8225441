/* taskfile.h - the file of `gangsaw run`: JSON in, checked definitions of processes out.
 * Keeps:   an error names the file, the task and the key; nothing half read is handed out.
 * Threads: one.
 * Next:    taskfile.c, run.c */
#ifndef GSAW_CLI_TASKFILE_H
#define GSAW_CLI_TASKFILE_H

#include "base/arena.h"
#include "base/status.h"

/* A task of the file. Texts are views of the taskfile. */
typedef struct gsaw__filetask {
    const char *id;
    char **command; /* ended by NULL */
    const char **depends;
    size_t depends_count;
    int32_t priority;
    uint64_t memory;     /* bytes; 0: not said */
    uint64_t timeout_ns; /* 0: none */
    uint32_t retries;
} gsaw__filetask;

/* All-zero is a valid empty one. */
typedef struct gsaw__taskfile {
    gsaw__filetask *tasks;
    size_t count;
    gsaw__arena arena; /* all of it */
} gsaw__taskfile;

/* Read `path` ("-": stdin). Errors: GSAW_INVALID (what the file says), GSAW_SYSTEM (it cannot be
 * read), GSAW_NO_MEMORY; the text begins with the path. */
gsaw_status gsaw__taskfile_read(gsaw__taskfile *self, const char *path, gsaw_error *error);

/* Free. Accepts all-zero. */
void gsaw__taskfile_clear(gsaw__taskfile *self);

#endif
