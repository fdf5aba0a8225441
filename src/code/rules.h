/* rules.h - the ignore files that hold in a directory: a chain of lists, the deepest first.
 * Keeps:   a chain lives as long as a directory that it holds in is to be listed; then it is freed.
 * Threads: any; a list is read-only once its chain is handed on.
 * Next:    rules.c, ignore.h */
#ifndef GSAW_CODE_RULES_H
#define GSAW_CODE_RULES_H

#include <stdatomic.h>

#include "code/ignore.h"

typedef struct gsaw__rules {
    gsaw__ignore list;
    struct gsaw__rules *parent; /* retained; NULL at the end of the chain */
    const gsaw_allocator *allocator;
    size_t base;     /* bytes of a path before the part that the list looks at */
    bool needs_path; /* some list of the chain looks at more than the name */
    _Atomic uint32_t users;
} gsaw__rules;

/* A new chain, used once: the list (now owned by it) before take_parent (may be NULL; its caller's
 * use goes over to the chain). NULL when memory is out: nothing was taken. */
gsaw__rules *gsaw__rules_new(gsaw__ignore *take_list, gsaw__rules *take_parent, size_t base,
                             const gsaw_allocator *allocator);

/* `count` more users. self may be NULL. */
void gsaw__rules_retain(gsaw__rules *self, uint32_t count);

/* One user less; the last frees. self may be NULL. */
void gsaw__rules_release(gsaw__rules *self);

/* What the deepest list with an opinion says of the entry at path (below the root; the name alone
 * will do when needs_path is not set). self may be NULL. */
enum gsaw__ignore_verdict gsaw__rules_match(const gsaw__rules *self, const char *path,
                                            size_t path_size, size_t name_size, bool is_directory);

#endif
