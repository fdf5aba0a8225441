/* descriptor.h - descriptors of directories: few are held, and any directory can be opened again.
 * Keeps:   a directory is opened relative to its parent's descriptor; at most held_max stay open
 *          beyond their listing, the others are opened anew from the nearest open one above, so
 *          depth, width and PATH_MAX do not matter. Links are followed by openat2 alone, beneath
 *          the root.
 * Threads: any; `holders` counts who uses a descriptor.
 * Next:    descriptor.c, dir.h */
#ifndef GSAW_CODE_DESCRIPTOR_H
#define GSAW_CODE_DESCRIPTOR_H

#include "code/dir.h"

/* The open root of a tree, and the budget of descriptors. */
typedef struct gsaw__tree {
    const gsaw_allocator *allocator;
    gsaw__dir root;
    uint32_t held_max;
    _Atomic uint32_t held;  /* directories with GSAW_DIR_KEPT that are open */
    _Atomic uint32_t waits; /* left: short sleeps for a descriptor when the process has none left */
} gsaw__tree;

/* Open `path` (links to it are followed). Errors name the path: GSAW_NOT_FOUND, GSAW_INVALID (not a
 * directory), GSAW_SYSTEM. */
gsaw_status gsaw__tree_open(gsaw__tree *self, const char *path, const gsaw_allocator *allocator,
                            gsaw_error *error);

/* Close the root. All holders must have let go. */
void gsaw__tree_close(gsaw__tree *self);

/* Open a directory for its listing: the caller is its first holder. Gives up the share in the
 * parent's descriptor that gsaw__dir_share made. 0 or -errno. */
int gsaw__dir_enter(gsaw__tree *tree, gsaw__dir *self);

/* For who lists it, once: let `count` children share the descriptor, if the budget has room (else
 * they open theirs from further above), and allow gsaw__dir_retain. Each child gives its share up
 * by entering, or by gsaw__dir_abandon. */
void gsaw__dir_share(gsaw__tree *tree, gsaw__dir *self, uint32_t count);
void gsaw__dir_abandon(gsaw__tree *tree, gsaw__dir *child);

/* Hold on to the descriptor a while longer: for the callback that sees a listing. False: the budget
 * is used up; gsaw__dir_open will open it anew. Each success is paired with one release. */
bool gsaw__dir_retain(gsaw__dir *self);
void gsaw__dir_release(gsaw__tree *tree, gsaw__dir *self);

/* A descriptor that somebody uses for a while. */
typedef struct gsaw__dir_hold {
    int descriptor; /* or -errno */
    bool is_shared;
} gsaw__dir_hold;

/* A descriptor for relative opens: the held one, or a new one. Any thread, at any time between
 * gsaw__tree_open and gsaw__tree_close. */
gsaw__dir_hold gsaw__dir_open(gsaw__tree *tree, gsaw__dir *self);

/* Give a descriptor back. A hold that failed is allowed. */
void gsaw__dir_close(gsaw__tree *tree, gsaw__dir *self, gsaw__dir_hold hold);

/* Open a file of the listing for reading, without blocking; a followed link only where it still
 * leads to something below the root. The descriptor, or -errno. Any thread, as above. */
int gsaw__dir_open_file(gsaw__tree *tree, gsaw__dir *self, const gsaw__dir_entry *entry);

/* What `name` in self, a link, leads to below the root: a descriptor (O_PATH) of it, or -errno when
 * it leads nowhere, or out. */
int gsaw__dir_resolve(gsaw__tree *tree, const gsaw__dir *self, const char *name);

#endif
