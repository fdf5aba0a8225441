/* output.h - where data goes: stdout or the file of -o, through one buffer, every error noted.
 * Keeps:   a file of -o is old or new, never half; after the first failure nothing more is written.
 * Threads: the main thread.
 * Next:    output.c, signals.h */
#ifndef GSAW_CLI_OUTPUT_H
#define GSAW_CLI_OUTPUT_H

#include "base/buffer.h"
#include "base/status.h"

typedef struct gsaw__output {
    gsaw__buffer text;      /* append a line to it, then call gsaw__output_line */
    int descriptor;         /* -1: not open */
    const char *name;       /* for errors: "stdout" or the path; borrowed */
    gsaw__buffer target;    /* the file to replace; empty: written in place */
    gsaw__buffer temporary; /* the file beside it */
    gsaw_status status;     /* of writing: GSAW_OK, GSAW_CLOSED (the reader went away: no error),
                               GSAW_SYSTEM,     GSAW_NO_MEMORY, GSAW_CANCELLED (a signal) */
    int os_errno;
    bool despite_signals; /* a signal that was caught does not end the writing: the last word */
} gsaw__output;

/* Open stdout (path NULL or "-") or `path`: a regular or new file is written beside it and renamed
 * at the end, anything else (a device, a FIFO) in place. The errors name the path. */
gsaw_status gsaw__output_open(gsaw__output *self, const char *path, gsaw_error *error);

/* Whether a file is to be replaced when all is written. */
bool gsaw__output_is_file(const gsaw__output *self);

/* To be called at line ends: writes when enough has gathered. False: stop, `status` says why. */
bool gsaw__output_line(gsaw__output *self);

/* Append bytes; a gsaw_write_function, context being the gsaw__output. */
gsaw_status gsaw__output_write(void *context, const char *bytes, size_t size);

/* Write what is left and, if `keep` and all went well, put the file in its place; else remove it.
 * Frees. Returns `status` as above; GSAW_SYSTEM fills error with name and errno. */
gsaw_status gsaw__output_close(gsaw__output *self, bool keep, gsaw_error *error);

#endif
