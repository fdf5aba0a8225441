/* each_path.h - a list of paths, each visited once, over the workers of a pool: what
 * gsaw_process_files and gsaw_parse_files have in common.
 * Keeps:   every path is visited exactly once, in a lane or, when it was cancelled, afterwards;
 *          what visits read at a time is what fits through the gate.
 * Threads: run() blocks; visits come from workers, each in a lane of its own.
 * Next:    each_path.c, processor.c, parse_files.c */
#ifndef GSAW_CODE_EACH_PATH_H
#define GSAW_CODE_EACH_PATH_H

#include <gangsaw/config.h>
#include <gangsaw/pool.h>
#include <gangsaw/sync.h>

#include "base/arena.h"
#include "base/atomic.h"
#include "base/buffer.h"
#include "base/thread.h"
#include "code/source.h"
#include "lang/lang.h"
#include "task/gate.h"

/* What one visit at a time needs, kept from file to file. */
typedef struct gsaw__path_lane {
    struct gsaw__path_lane *next; /* in the list of those that are free */
    uint32_t number;
    gsaw__buffer source, converted, text;
    gsaw__arena results;     /* adopted by whoever wants them */
    gsaw__lang_state *state; /* made on first use, as is what the builder holds */
    gsaw_tree_builder builder;
} gsaw__path_lane;

typedef struct gsaw__each_path gsaw__each_path;

/* Visit path `index`. is_cancelled: it is not to be begun any more, only to be told of. */
typedef void gsaw__visit(gsaw__each_path *self, gsaw__path_lane *lane, size_t index,
                         bool is_cancelled);

struct gsaw__each_path {
    /* Set by the caller. */
    gsaw_strings paths;
    const gsaw_config *given; /* NULL: defaults */
    gsaw_pool *pool;          /* NULL: one of its own, if it needs one */
    const char *root;         /* NULL: the current folder */
    bool no_read;             /* do not look at sizes */
    const _Atomic uint32_t *cancel;
    gsaw_progress_callback *on_progress;
    void *progress_context;
    gsaw__visit *visit;
    /* Its own. */
    gsaw_config config;
    int folder; /* of the root; AT_FDCWD */
    gsaw_pool *own_pool;
    uint32_t workers;
    uint64_t memory_max; /* that one file may take when it is alone */
    gsaw__gate gate;
    gsaw_progress *progress;
    uint8_t *done; /* of each path: visited */
    gsaw__mutex lock;
    gsaw__condition freed;
    gsaw__path_lane *lanes, *free; /* all of them; those that are free */
    uint32_t lane_count;
    bool has_gate, has_lock, has_freed, has_folder;
    char separation[GSAW_SEPARATION];
    _Atomic uint32_t stopped; /* not 0: what has not begun is cancelled */
};

/* Make it ready, with all that a run may want. Errors: GSAW_INVALID (the root is no directory),
 * GSAW_NOT_FOUND, GSAW_SYSTEM (the root), GSAW_RANGE (config), GSAW_NO_MEMORY. Clear in any case.
 */
gsaw_status gsaw__each_path_open(gsaw__each_path *self, gsaw_error *error);
void gsaw__each_path_clear(gsaw__each_path *self);

/* Visit all. GSAW_OK, GSAW_CANCELLED (by the flag or from outside; all was visited, if only to be
 * told of), or, nothing having been visited, GSAW_NO_MEMORY, GSAW_CLOSED. */
gsaw_status gsaw__each_path_run(gsaw__each_path *self, gsaw_error *error);

/* Let no further visit begin. Any thread. */
void gsaw__each_path_stop(gsaw__each_path *self);

/* Open path `index` for reading; *size is what it has. Returns a descriptor, or -errno. */
int gsaw__each_path_file(const gsaw__each_path *self, size_t index, uint64_t *size);

#endif
