/* run.h - one run over the tree: what its phases share.
 * Keeps:   workers write only their own slot and the records of the files they have; order is given
 *          afterwards, in one walk of the sorted directories: output never depends on the workers.
 * Threads: made and torn down by one thread; the tasks of the run read it, and write their slots.
 * Next:    index.c (the run from start to end), batches.c (the phase in between: parse) */
#ifndef GSAW_CODE_RUN_H
#define GSAW_CODE_RUN_H

#include <stdalign.h>

#include <gangsaw/sync.h>
#include <gangsaw/work.h>

#include "base/atomic.h"
#include "code/codebase.h"
#include "code/discover.h"

/* One worker's part of the run; nothing in it is shared. */
typedef struct gsaw__run_slot {
    alignas(GSAW_SEPARATION) gsaw__parser parser;
    gsaw__arena arena; /* directories, names, records: adopted at the end */
    gsaw__buffer path; /* of the file at hand, when files in flight are watched */
    gsaw__flight *flight;
    gsaw__lap lap;
    GSAW_ARRAY(double) costs; /* of the entries of the listing at hand */
    GSAW_ARRAY(gsaw_batch) cut;
    uint64_t given;      /* batches, to the distributor by this worker */
    uint64_t queued_max; /* batches that waited when it looked, at most */
    uint64_t listings;
} gsaw__run_slot;

typedef struct gsaw__run {
    gsaw_codebase *codebase;
    gsaw_pool *pool;
    gsaw_group group;              /* of the tasks of discovery */
    gsaw_distributor *distributor; /* of the batches to be parsed */
    gsaw__gate gate;
    gsaw__parse_options options;
    gsaw__run_slot *slots; /* NULL until made */
    gsaw__arena **arenas;  /* those of the slots, as discovery wants them */
    uint32_t slot_count;
    gsaw__discovery *discovery;
    gsaw_progress *progress;
    gsaw_phases *phases; /* their hook drives progress */
    uint64_t start_cpu_ns;
    uint32_t live; /* threads at the end; 0: the caller's did it all */
    bool has_gate;
    bool is_balanced;            /* nobody steals: what waits is moved where the load is uneven */
    _Atomic uint64_t listed_ns;  /* when the newest listing was complete */
    _Atomic uint32_t has_failed; /* not 0: what cannot go on without harm; `failure` says what */
    gsaw_error failure;          /* written by whom that set has_failed */
    _Atomic uint32_t refused;    /* not 0: the system gave no more threads */
} gsaw__run;

/* Whether the run is to stop. */
static inline bool gsaw__run_is_cancelled(const gsaw__run *self)
{
    return gsaw__load_relaxed(self->codebase->cancel) != 0; /* relaxed: polled */
}

/* The run fails, and is cancelled; the first error stays. */
void gsaw__run_fail(gsaw__run *self, const gsaw_error *error);

/* Called by discovery in the worker that is about to list a directory: when enough waits to be
 * parsed, parse some of it first. context: the run. */
void gsaw__batches_make_room(void *context, gsaw_worker *worker);

/* Called by discovery when a listing is complete: cut its files into batches and give them to the
 * workers. context: the run. */
void gsaw__batches_add(void *context, gsaw_worker *worker, gsaw__dir *dir);

/* The work of a batch: parse its files. context: the run. */
gsaw_status gsaw__batches_parse(gsaw_worker *worker, void *context, const gsaw_work_item *item);

#endif
