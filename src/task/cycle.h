/* cycle.h - the text for a cycle of dependencies: "cycle: a -> b -> a", of a bounded size.
 * Keeps:   it begins and ends with the same name, however many there are and however long.
 * Threads: one at a time.
 * Next:    cycle.c, batch.c, graph.c */
#ifndef GSAW_TASK_CYCLE_H
#define GSAW_TASK_CYCLE_H

#include <stdbool.h>
#include <stddef.h>

#include <gangsaw/status.h>

#define GSAW_NAME_SHOWN 60u /* bytes of a name that a message repeats */

/* All-zero is valid: no name yet. */
typedef struct gsaw__cycle {
    char text[220];
    size_t length;
    char first[GSAW_NAME_SHOWN + 4];
    bool is_cut;
} gsaw__cycle;

/* Copy a name to room, cut to GSAW_NAME_SHOWN bytes at the start of a character, with "..." if it
 * was longer. Returns room. */
const char *gsaw__name_shown(const char *name, char room[GSAW_NAME_SHOWN + 4]);

/* Add the next name: each once, in the order of waiting. */
void gsaw__cycle_add(gsaw__cycle *self, const char *name);

/* Go back to the first name, and fail: GSAW_INVALID. */
gsaw_status gsaw__cycle_tell(gsaw__cycle *self, gsaw_error *error);

#endif
