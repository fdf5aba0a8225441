/* flight.h - which files are being parsed right now, for another process to read after a crash.
 * Keeps:   a slot is written by one worker; active is set after the path, cleared before the next.
 * Threads: each worker has a slot; the supervisor reads when the process that wrote is dead.
 * Next:    flight.c, trial.h, cli/supervise.c */
#ifndef GSAW_CODE_FLIGHT_H
#define GSAW_CODE_FLIGHT_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <gangsaw/config.h>

#include "base/buffer.h"

/* One worker's slot. In memory that is shared between processes; all-zero is: nothing in flight. */
typedef struct gsaw__flight {
    _Atomic uint32_t active; /* 0, or: path holds the file in work */
    uint32_t path_size;
    char path[4088]; /* below the root; a longer one is not kept, and active stays 0 */
} gsaw__flight;
static_assert(sizeof(gsaw__flight) == 4096, "a slot is a page: untouched slots cost no memory");

/* The file at `path` is being parsed; it no longer is. self may be NULL: nobody watches. */
void gsaw__flight_begin(gsaw__flight *self, const gsaw__buffer *path);
void gsaw__flight_end(gsaw__flight *self);

/* True when path is in the list: a file that has crashed its parser before. */
bool gsaw__flight_is_set_aside(const gsaw_strings *list, const gsaw__buffer *path);

#endif
