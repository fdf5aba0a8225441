/* codebase.h - inside a Codebase: the ordered files of the last run.
 * Keeps:   files are in bytewise order of their paths; files = parsed + reused + skipped + failed.
 * Threads: one writer (index); readers when it has returned.
 * Next:    codebase.c (life and reading), index.c (a run), export.c */
#ifndef GSAW_CODE_CODEBASE_H
#define GSAW_CODE_CODEBASE_H

#include <gangsaw/code.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/buffer.h"
#include "base/map.h"
#include "base/thread.h"
#include "base/trace.h"
#include "code/flight.h"
#include "code/parse.h"
#include "code/timing.h"

struct gsaw_codebase {
    const gsaw_allocator *allocator;
    gsaw_config config; /* filled; its lists live in `own` */
    gsaw__arena own;    /* what open() made */
    const char *root;   /* path of the root folder, absolute where that was possible */
    _Atomic uint32_t cancel_own;
    _Atomic uint32_t *cancel;    /* not 0: stop the run; cancel_own, or that of who tunes */
    gsaw_cost_model *model;      /* what files cost, learned from run to run */
    gsaw_strategy strategy;      /* the caller's; size 0: that of config */
    bool serial;                 /* one worker, whatever config says */
    _Atomic(const char *) phase; /* of the run that goes on; static storage */
    gsaw_progress_function *progress;
    void *progress_context;
    gsaw__flight *flights;  /* a slot for each worker, GSAW_WORKERS_MAX of them; NULL: none */
    gsaw_strings set_aside; /* paths of files that are not to be parsed: they crash; borrowed */
    const gsaw__map *only;  /* index nothing but these paths (folders, too); NULL: all; borrowed */

    /* The last run; cleared at the start of the next. */
    gsaw__arena results; /* adopted from the workers */
    GSAW_ARRAY(gsaw__file_record *) files;
    gsaw_summary summary;
    GSAW_ARRAY(gsaw_worker_stats) workers;
    GSAW_ARRAY(gsaw__trace_ring) traces; /* one per worker, when config.trace_events */
    uint64_t start_ns;
    _Atomic(struct gsaw__names *) names; /* symbols by name, made when asked for: lookup.c */
    gsaw__mutex names_lock;              /* rank GSAW_RANK_LEAF: one thread makes them */
    bool has_names_lock;
    gsaw__timing timing;
};

/* Append the reason of a file that is not ok: its word, and ": " with detail where there is some.
 */
void gsaw__file_reason(const gsaw__file_record *record, gsaw__buffer *out);

/* Append qualified name, or id, of a symbol of a file. symbol < symbol_count. */
void gsaw__symbol_qualified(const gsaw__facts *facts, uint32_t symbol, gsaw__buffer *out);
void gsaw__symbol_id(const gsaw__file_record *record, uint32_t symbol, gsaw__buffer *out);

/* The run: discover, parse, publish. Leaves the codebase empty when it fails. */
gsaw_status gsaw__codebase_run(gsaw_codebase *self, gsaw_error *error);

/* Symbols by name. ready: make the table if need be; false: no memory. next: the first entry of the
 * name at or after *at (0: of all), which moves on behind it; false: there are no more. clear: drop
 * the table, with the results it is of. */
bool gsaw__names_ready(const gsaw_codebase *self);
bool gsaw__names_next(const gsaw_codebase *self, const char *name, size_t *at, size_t *file,
                      size_t *symbol);
void gsaw__names_clear(gsaw_codebase *self);

/* Drop the results of the last run. */
void gsaw__codebase_reset(gsaw_codebase *self);

#endif
