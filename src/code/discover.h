/* discover.h - finding the sources of a tree: one task per directory, streamed to the parser.
 * Keeps:   the finished tree is the same for any number of workers; a directory is listed at most
 *          once; whatever could not be listed is in the tree with its reason.
 * Threads: started and ended by one thread; the tasks run on the pool. The tree may be read when
 *          the group is done, each directory's listing from its callback on.
 * Next:    discover.c, listing.h, links.h, dir.h */
#ifndef GSAW_CODE_DISCOVER_H
#define GSAW_CODE_DISCOVER_H

#include <gangsaw/config.h>
#include <gangsaw/task.h>

#include "code/listing.h"

/* A directory's listing is complete (sorted, its sub-directories submitted). Called in the worker
 * that listed it, without a lock. For its descriptor see gsaw__dir_retain, gsaw__dir_open. Not
 * called for a directory that could not be opened. */
typedef void gsaw__listing_function(void *context, gsaw_worker *worker, gsaw__dir *dir);

/* A worker is about to list a directory: the place to let it do something else before, when what
 * was listed is more than is wanted. */
typedef void gsaw__turn_function(void *context, gsaw_worker *worker);

typedef struct gsaw__discovery_options {
    const gsaw_allocator *allocator; /* NULL: malloc */
    gsaw_pool *pool;                 /* must not grow, or be shut down without drain, meanwhile */
    gsaw_group *group;               /* that the tasks count in */
    gsaw__arena *const *arenas;      /* one for each worker below gsaw__pool_room(pool) */
    gsaw_strings include, exclude;   /* gitignore-style; read during the start only */
    bool no_ignore, hidden, follow, all_files; /* as in gsaw__selection */
    const gsaw__map *only;                     /* as in gsaw__selection; borrowed */
    const _Atomic uint32_t *cancel;            /* not 0: stop soon; may be NULL */
    gsaw__turn_function *before_listing;       /* may be NULL */
    gsaw__listing_function *on_listing;        /* may be NULL */
    void *context;                             /* of both */
} gsaw__discovery_options;

typedef struct gsaw__discovery gsaw__discovery;

/* Open `root` and submit its task. Then wait on the group. Errors: those of gsaw__tree_open,
 * GSAW_NO_MEMORY, GSAW_CLOSED (the pool). *out is set before the first task runs; on failure
 * nothing runs and it is NULL. */
gsaw_status gsaw__discovery_start(const char *root, const gsaw__discovery_options *options,
                                  gsaw__discovery **out, gsaw_error *error);

/* When the group is done: GSAW_OK, GSAW_CANCELLED, GSAW_NO_MEMORY, or what the pool refused a task
 * with; but for GSAW_OK the tree is not complete. */
gsaw_status gsaw__discovery_status(const gsaw__discovery *self);

/* The sums over all workers, when the group is done. */
gsaw__listing_totals gsaw__discovery_totals(const gsaw__discovery *self);

/* The tree, for descriptor.h and (its root) for the walk. View: until the discovery is freed. */
gsaw__tree *gsaw__discovery_tree(gsaw__discovery *self);

/* Close the root and free everything but what is in the arenas (the root directory itself goes:
 * walk the tree before). The group must be done and all descriptors released. NULL is allowed. */
void gsaw__discovery_free(gsaw__discovery *self);

#endif
