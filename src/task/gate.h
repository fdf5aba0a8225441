/* gate.h - the memory gate: what is in flight is what fits.
 * Keeps:   used <= budget, but for one holder alone, who may always go on: no wait is for ever.
 * Threads: any; enter() blocks until there is room, leave() never does. Who holds memory must not
 *          wait for anything else that enters.
 * Next:    gate.c */
#ifndef GSAW_TASK_GATE_H
#define GSAW_TASK_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/thread.h"

typedef struct gsaw__gate {
    gsaw__mutex lock; /* rank GSAW_RANK_LEAF */
    gsaw__condition room;
    uint64_t budget;   /* bytes */
    uint64_t used;     /* held by those inside */
    uint64_t retained; /* kept for good: results */
    uint32_t inside;   /* holders */
    uint64_t waits;    /* times that enter() had to wait */
    uint64_t wait_ns;  /* that it waited, all threads together */
} gsaw__gate;

/* Open for `budget` bytes, nothing taken; errors: those of the lock. Clear when nobody is inside.
 */
gsaw_status gsaw__gate_init(gsaw__gate *self, uint64_t budget);
void gsaw__gate_clear(gsaw__gate *self);

/* Take `bytes` of the budget, waiting until they fit or nobody else is inside. Two calls at once of
 * one thread can wait for each other: leave first. */
void gsaw__gate_enter(gsaw__gate *self, uint64_t bytes);

/* As enter, but false instead of waiting. */
bool gsaw__gate_try_enter(gsaw__gate *self, uint64_t bytes);

/* Take `bytes` whether they fit or not: for who would wait for ever. */
void gsaw__gate_force(gsaw__gate *self, uint64_t bytes);

/* Give `bytes` back, `retained` of which stay in use for good (they count against the budget). */
void gsaw__gate_leave(gsaw__gate *self, uint64_t bytes, uint64_t retained);

#endif
