/* limits.h - the bounds of one file's parse.
 * Threads: any.
 * Next:    lang.h, parse_memory.h, tree.h */
#ifndef GSAW_LANG_LIMITS_H
#define GSAW_LANG_LIMITS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef struct gsaw__limits {
    uint64_t time_ns; /* of the thread's CPU time from the call on: a busy machine fails nothing */
    size_t memory;    /* bytes the parser may hold at once */
    const _Atomic uint32_t *cancel; /* not 0: stop as soon as possible; may be NULL */
} gsaw__limits;

#endif
