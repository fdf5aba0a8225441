/* sort.h - what may become an entry of a directory, and putting those into the order of paths.
 * Keeps:   the order is git's: bytewise, a directory with '/' behind its name.
 * Threads: none of its own.
 * Next:    sort.c, listing.c */
#ifndef GSAW_CODE_SORT_H
#define GSAW_CODE_SORT_H

#include <stddef.h>
#include <stdint.h>

typedef struct gsaw__candidate {
    uint64_t key;  /* the sort's: eight bytes of the name, behind what all names begin with */
    uint32_t name; /* where it begins in `names`; a directory's has a slash behind it */
    uint16_t name_size;
    uint8_t type, language, status, reason, flags; /* as in gsaw__dir_entry */
    uint8_t is_directory;                          /* 1 or 0: the slash counts when sorting */
    uint8_t is_included;                           /* of a directory: what its files inherit */
} gsaw__candidate;

/* Sort items[0, count) stably; `scratch` has room for as many. O(count log count), no recursion.
 * Returns where the sorted items are: items or scratch. */
gsaw__candidate *gsaw__candidate_sort(gsaw__candidate *items, gsaw__candidate *scratch,
                                      size_t count, const char *names);

#endif
