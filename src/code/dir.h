/* dir.h - the tree that discovery finds: directories, their entries, and the walk in path order.
 * Keeps:   entries stand in the order of their paths (a directory compares as if its name ended in
 *          '/', as in git's trees), so a depth-first walk gives all paths in bytewise order.
 * Threads: a directory is written by the worker that lists it, until its listing is handed out;
 *          then its entries are read-only but for `data`, which belongs to the user.
 * Next:    dir.c, descriptor.h, discover.h */
#ifndef GSAW_CODE_DIR_H
#define GSAW_CODE_DIR_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/facts.h>

#include "base/buffer.h"

#define GSAW_NO_LANGUAGE UINT8_MAX

enum gsaw__dir_flag {
    GSAW_DIR_INCLUDED = 1, /* its files are included unless a pattern says otherwise */
    GSAW_DIR_LINK = 2,     /* entered through a link */
    GSAW_DIR_BY_LINK = 4,  /* it or one above it is entered through a link */
    GSAW_DIR_KEPT = 8      /* its descriptor may outlive its listing: descriptor.h */
};

enum gsaw__dir_entry_flag {
    GSAW_ENTRY_FOLLOWED = 1, /* a link that leads to what `type` says */
    GSAW_ENTRY_PROBLEM = 2   /* an ignore file that could not be read, not a file of the listing */
};

typedef struct gsaw__dir_entry {
    const char *name; /* zero-terminated, in the arena of the worker that listed it */
    void *data;       /* of a directory: its gsaw__dir; else the user's, NULL at first */
    uint16_t name_size;
    uint8_t type;     /* enum gsaw__entry_type */
    uint8_t language; /* index of its row, or GSAW_NO_LANGUAGE */
    uint8_t status;   /* gsaw_file_status: GSAW_FILE_OK means: to be read */
    uint8_t reason;   /* gsaw_reason */
    uint8_t flags;    /* enum gsaw__dir_entry_flag */
    uint8_t reserved;
} gsaw__dir_entry;
static_assert(sizeof(gsaw__dir_entry) == 24, "an entry has no padding");

struct gsaw__rules;

typedef struct gsaw__dir {
    struct gsaw__dir *parent; /* NULL for the root */
    const char *name;         /* zero-terminated; "" for the root */
    gsaw__dir_entry *entries;
    struct gsaw__rules *rules; /* of ignore files; NULL when it is done: rules.h */
    uint32_t count;            /* entries */
    uint32_t file_count;       /* entries that are files to be read */
    uint32_t child_count;      /* entries that are directories: gsaw__dir_children */
    uint32_t index;            /* among the parent's entries */
    uint32_t path_size;        /* of its path below the root; 0 for the root */
    _Atomic uint32_t holders;  /* of the descriptor; 0: it is not open */
    uint32_t number;           /* among all directories of a run that is over: timing.h */
    uint64_t list_ns;          /* what listing it took */
    int descriptor;
    int os_errno;
    uint16_t name_size;
    uint8_t flags;  /* enum gsaw__dir_flag */
    uint8_t reason; /* gsaw_reason: why its listing failed or is incomplete, GSAW_REASON_NONE */
} gsaw__dir;

/* The directories among the entries, in order; they lie right before the entries. */
static inline gsaw__dir *gsaw__dir_children(const gsaw__dir *self)
{
    return self->child_count == 0 ? NULL : (gsaw__dir *)(void *)self->entries - self->child_count;
}

/* Append the path below the root ("" for the root, no slash at the end). Trouble shows in
 * out->failed. */
void gsaw__dir_path(const gsaw__dir *self, gsaw__buffer *out);

/* The same below `above`, which is self or a directory above it. */
void gsaw__dir_path_below(const gsaw__dir *self, const gsaw__dir *above, gsaw__buffer *out);

/* True when the path of a comes before that of b. Neither is above the other. O(depth). */
bool gsaw__dir_is_before(const gsaw__dir *a, const gsaw__dir *b);

/* A step-by-step walk over a finished tree:
 *
 *     gsaw__dir_walk walk;
 *     gsaw__dir_walk_init(&walk, root, allocator);
 *     while (gsaw__dir_walk_next(&walk)) ... walk.entry, walk.directory, walk.path ...
 *     gsaw__dir_walk_clear(&walk);                  (path.failed: memory ran out)
 *
 * It stands on each entry that is no directory, in path order, and on each directory whose `reason`
 * says that it could not be listed (there entry->type is GSAW_ENTRY_DIRECTORY and entry->data the
 * directory). */
typedef struct gsaw__dir_walk {
    gsaw__dir_entry *entry;
    gsaw__dir *directory; /* that entry is in */
    gsaw__buffer path;    /* of entry */
    gsaw__dir *next;      /* where the next step looks, at its entry `index` */
    uint32_t index;
} gsaw__dir_walk;

/* Stand before the first entry. The path takes its memory from allocator. */
void gsaw__dir_walk_init(gsaw__dir_walk *self, gsaw__dir *root, const gsaw_allocator *allocator);

/* Free the path. */
void gsaw__dir_walk_clear(gsaw__dir_walk *self);

/* Step on. False at the end, and when memory is out. */
bool gsaw__dir_walk_next(gsaw__dir_walk *self);

/* Walks the invariants of all directories below root: order, counts, parents and children. */
bool gsaw__dir_check(const gsaw__dir *root);

#endif
