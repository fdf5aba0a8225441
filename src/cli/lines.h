/* lines.h - what the processes of `gangsaw run` print, passed on by whole lines, never mixed.
 * Keeps:   a line is written in one turn under one lock; after a failure nothing more is written.
 * Threads: any number; a stream belongs to the thread that runs its process.
 * Next:    lines.c, process.h */
#ifndef GSAW_CLI_LINES_H
#define GSAW_CLI_LINES_H

#include <sys/types.h>

#include "base/buffer.h"
#include "base/thread.h"

/* Where what processes print goes. */
typedef struct gsaw__lines {
    gsaw__mutex lock;      /* rank GSAW_RANK_LEAF */
    int out, err;          /* descriptors for what comes from stdout and from stderr */
    _Atomic int os_errno;  /* why writing failed: EPIPE if the reader went away; 0: it did not */
    int failed_descriptor; /* then: which of the two, written before os_errno */
} gsaw__lines;

/* Open for these descriptors, which stay the caller's; errors: those of the lock. Clear when no
 * process runs. */
gsaw_status gsaw__lines_init(gsaw__lines *self, int out, int err);
void gsaw__lines_clear(gsaw__lines *self);

/* The errno with which writing failed, 0 if it did not: then nothing is written any more. Blocks on
 * nothing, a writer that is held up included. */
int gsaw__lines_failure(const gsaw__lines *self);

/* One of the two streams of a process. */
typedef struct gsaw__stream {
    int pipe;       /* what is read; -1: at its end. Closed by whoever reads to its end */
    int descriptor; /* where its lines go */
    gsaw__buffer text;
} gsaw__stream;

/* Read what there is, once, and pass on what is whole of it. Bytes read; 0 at the end, where what
 * is not whole is passed on, too, and the pipe closed; -1: nothing to read just now. */
ssize_t gsaw__stream_read(gsaw__stream *self, gsaw__lines *lines);

/* The process has ended: pass on what is in the pipe, and close it. A process that left the group
 * may hold it open, or fill it, for ever: that is not waited for. */
void gsaw__stream_finish(gsaw__stream *self, gsaw__lines *lines);

#endif
