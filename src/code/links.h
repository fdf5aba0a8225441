/* links.h - which directory that a link leads to is entered, and when, if links are followed.
 * Keeps:   every directory is listed at most once: under its own path if it has one that is listed,
 *          else under the first link to it, in path order: loops end, and timing does not matter.
 * Threads: noting: each worker its own gsaw__links_noted; gathering and taking: one thread, when no
 *          directory is being listed.
 * Next:    links.c, discover.c */
#ifndef GSAW_CODE_LINKS_H
#define GSAW_CODE_LINKS_H

#include "base/array.h"
#include "base/map.h"
#include "code/dir.h"

typedef struct gsaw__identity {
    uint64_t device, inode;
} gsaw__identity;

/* What a worker meets between two gatherings. All-zero is valid. */
typedef struct gsaw__links_noted {
    GSAW_ARRAY(gsaw__identity) visited;
    GSAW_ARRAY(gsaw__dir *) links;
} gsaw__links_noted;

/* Free what is noted. */
void gsaw__links_noted_clear(gsaw__links_noted *self, const gsaw_allocator *allocator);

/* All links that wait, a heap with the first in path order on top, and what has been visited. */
typedef struct gsaw__links {
    gsaw__map visited;
    gsaw__arena keys;
    GSAW_ARRAY(gsaw__dir *) waiting;
} gsaw__links;

/* Make self empty over `allocator` (NULL: malloc). */
void gsaw__links_init(gsaw__links *self, const gsaw_allocator *allocator);

/* Free everything. */
void gsaw__links_clear(gsaw__links *self);

/* Take over what a worker noted; `noted` is empty then. False: memory is out. */
bool gsaw__links_gather(gsaw__links *self, gsaw__links_noted *noted);

/* The waiting link that comes first, or NULL. */
gsaw__dir *gsaw__links_take(gsaw__links *self);

/* Was it visited before the last gathering? */
bool gsaw__links_knows(const gsaw__links *self, gsaw__identity identity);

#endif
