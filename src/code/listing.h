/* listing.h - listing one directory: read, choose, sort, keep. What one worker needs to do that.
 * Keeps:   what is not chosen takes no memory; scratch that a giant directory needed is given back.
 * Threads: a lister belongs to one worker; a selection is read-only.
 * Next:    listing.c, sort.h, discover.h */
#ifndef GSAW_CODE_LISTING_H
#define GSAW_CODE_LISTING_H

#include "base/arena.h"
#include "base/array.h"
#include "base/map.h"
#include "code/descriptor.h"
#include "code/rules.h"

/* What is to be listed. All-zero: the sources, without what ignore files say or a dot hides. */
typedef struct gsaw__selection {
    gsaw__ignore include, exclude;
    bool no_ignore;        /* read no ignore files */
    bool hidden;           /* enter and list names with a leading dot, too (never .git) */
    bool follow;           /* follow links, never out of the root */
    bool all_files;        /* files of no known language, too */
    const gsaw__map *only; /* of all that, these paths alone (folders, too); NULL: all */
} gsaw__selection;

typedef struct gsaw__listing_totals {
    uint64_t directories; /* entered, or tried */
    uint64_t names;       /* read from directories */
    uint64_t files;       /* to be read */
    uint64_t problems;    /* skipped and failed entries, and directories that could not be listed */
    uint64_t ignored;     /* left out by a pattern */
} gsaw__listing_totals;

struct gsaw__candidate;

typedef struct gsaw__lister {
    gsaw__tree *tree;
    const gsaw__selection *selection;
    gsaw__arena *arena;             /* for entries, names and directories; borrowed */
    const _Atomic uint32_t *cancel; /* not 0: stop; may be NULL */
    gsaw__listing_totals totals;
    void *batch; /* raw entries; allocated when first needed */
    GSAW_ARRAY(struct gsaw__candidate) candidates;
    GSAW_ARRAY(struct gsaw__candidate) sorting;
    gsaw__buffer names; /* of the candidates */
    gsaw__buffer path;  /* of the candidate at hand, where patterns need it */
    gsaw__buffer file;  /* the ignore file at hand */
} gsaw__lister;

/* Make self ready. Takes no memory yet; `cancel` is the caller's to set. */
void gsaw__lister_init(gsaw__lister *self, gsaw__tree *tree, const gsaw__selection *selection,
                       gsaw__arena *arena);
/* Free the scratch. */
void gsaw__lister_clear(gsaw__lister *self);

/* List `dir`, which has been entered (descriptor.h) and has its parent's rules (a use of them is
 * dir's own; it becomes a use of dir's rules). Sets entries, counts and rules, and makes a
 * gsaw__dir for each directory among the entries, without rules yet. A failure of the system goes
 * into dir->reason, with the entries read so far kept. Else: GSAW_NO_MEMORY, GSAW_CANCELLED; then
 * dir has no entries. */
gsaw_status gsaw__lister_list(gsaw__lister *self, gsaw__dir *dir);

/* The reason of a failed system call on a file or directory: vanished, permission, io ... */
gsaw_reason gsaw__reason_of_errno(int os_errno);

#endif
