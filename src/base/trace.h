/* trace.h - one ring of events per worker; off costs one load and a branch.
 * Keeps:   one writer per ring; when it is full the oldest events go and `dropped` counts them.
 * Threads: each ring is written by its worker alone and read when that worker is at rest.
 * Next:    trace.c */
#ifndef GSAW_BASE_TRACE_H
#define GSAW_BASE_TRACE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum gsaw__trace_kind {
    GSAW_TRACE_TASK,  /* a span: start and duration; argument: bytes, or what the name says */
    GSAW_TRACE_STEAL, /* an instant; argument: the victim */
    GSAW_TRACE_PARK,  /* a span asleep */
    GSAW_TRACE_COUNTER
};

typedef struct gsaw__trace_event {
    uint64_t start_ns, duration_ns;
    const char *name; /* static storage */
    uint64_t argument;
    uint32_t kind;
    char detail[28]; /* shown in place of the name if not empty: the begin of a task's own name */
} gsaw__trace_event;

static_assert(sizeof(gsaw__trace_event) == 64, "a cache line");

/* All-zero is a ring that is off. */
typedef struct gsaw__trace_ring {
    const gsaw_allocator *allocator;
    gsaw__trace_event *events; /* NULL: off */
    size_t capacity;           /* a power of two */
    uint64_t written;          /* events ever written */
} gsaw__trace_ring;

/* Turn on with room for `capacity` events (rounded up to a power of two). False when memory is out.
 */
bool gsaw__trace_ring_init(gsaw__trace_ring *self, const gsaw_allocator *allocator,
                           size_t capacity);
void gsaw__trace_ring_clear(gsaw__trace_ring *self);

/* Record; does nothing when off. */
void gsaw__trace_record(gsaw__trace_ring *self, const gsaw__trace_event *event);

/* Whether events are recorded: lets a caller skip looking at the clock. */
static inline bool gsaw__trace_is_on(const gsaw__trace_ring *self) { return self->events != NULL; }

/* How many events are held (the newest `capacity` at most) and the i-th of them, oldest first. */
size_t gsaw__trace_ring_count(const gsaw__trace_ring *self);
const gsaw__trace_event *gsaw__trace_ring_at(const gsaw__trace_ring *self, size_t i);
uint64_t gsaw__trace_ring_dropped(const gsaw__trace_ring *self);

/* Append the ring's events as Chrome / Perfetto JSON objects (trace event format, "ph" X, i, C),
 * comma separated, for lane `worker`. *first says whether a comma is due and is updated. */
void gsaw__trace_ring_write(const gsaw__trace_ring *self, uint32_t worker, uint64_t origin_ns,
                            bool *first, gsaw__buffer *out);

/* The whole file: begin, a lane for each worker (0, 1, ...) with its ring's events, end. */
void gsaw__trace_begin(gsaw__buffer *out);
void gsaw__trace_lane(const gsaw__trace_ring *ring, uint32_t worker, uint64_t origin_ns,
                      gsaw__buffer *out);
void gsaw__trace_end(gsaw__buffer *out);

#endif
