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
#include "base/status.h"

#define GSAW_TRACE_NAME 92       /* bytes of a name, its zero included */
#define GSAW_TRACE_HIDDEN '\001' /* a label that is this byte: no span is recorded */

enum gsaw__trace_kind {
    GSAW_TRACE_TASK,    /* a span: start and duration; argument: what the task was given */
    GSAW_TRACE_ATTEMPT, /* a span; argument: how often it was tried, from 1 */
    GSAW_TRACE_STEAL,   /* an instant; argument: the victim */
    GSAW_TRACE_PARK,    /* a span asleep */
    GSAW_TRACE_COUNTER  /* of the whole process; argument: its value */
};

typedef struct gsaw__trace_event {
    uint64_t start_ns, duration_ns;
    const char *name; /* static storage */
    uint64_t argument;
    uint8_t kind;
    char detail[GSAW_TRACE_NAME]; /* shown in place of the name if not empty */
} gsaw__trace_event;

static_assert(sizeof(gsaw__trace_event) == 128, "two cache lines");

/* All-zero is a ring that is off. */
typedef struct gsaw__trace_ring {
    const gsaw_allocator *allocator;
    gsaw__trace_event *events;   /* NULL: off */
    size_t capacity;             /* a power of two */
    uint64_t written;            /* events ever written */
    uint64_t sampled_ns[2];      /* when counters were recorded last: the pool's, a scheduler's */
    char label[GSAW_TRACE_NAME]; /* what the task that runs calls itself; "": nothing */
} gsaw__trace_ring;

/* Turn on with room for `capacity` events (rounded up to a power of two). False when memory is out.
 */
bool gsaw__trace_ring_init(gsaw__trace_ring *self, const gsaw_allocator *allocator,
                           size_t capacity);
void gsaw__trace_ring_clear(gsaw__trace_ring *self);

/* Record; does nothing when off. */
void gsaw__trace_record(gsaw__trace_ring *self, const gsaw__trace_event *event);

/* Record a counter's value now; does nothing when off. name: of what and in what, by one space
 * ("resident bytes"); static storage. */
void gsaw__trace_count(gsaw__trace_ring *self, const char *name, uint64_t value);

/* Copy a name to room, cut at the start of a character. */
void gsaw__trace_copy_name(char room[GSAW_TRACE_NAME], const char *name);

/* Whether events are recorded: lets a caller skip looking at the clock. */
static inline bool gsaw__trace_is_on(const gsaw__trace_ring *self) { return self->events != NULL; }

/* Whether counters of this kind (0: the pool's, 1: a scheduler's) are to be recorded again: every
 * millisecond. If so, they count as recorded. */
bool gsaw__trace_is_due(gsaw__trace_ring *self, unsigned kind);

/* The span of a task that runs, within that of another or not. */
typedef struct gsaw__trace_span {
    uint64_t start_ns;
    char outer[GSAW_TRACE_NAME]; /* the label of the task around it */
} gsaw__trace_span;

/* Begin and end a span; end fills in the event's times, and its detail, if that is empty, from the
 * label. */
void gsaw__trace_span_begin(gsaw__trace_ring *self, gsaw__trace_span *span);
void gsaw__trace_span_end(gsaw__trace_ring *self, const gsaw__trace_span *span,
                          gsaw__trace_event *event);

/* Let the task that runs have no span. */
static inline void gsaw__trace_hide(gsaw__trace_ring *self) { self->label[0] = GSAW_TRACE_HIDDEN; }

/* How many events are held (the newest `capacity` at most) and the i-th of them, oldest first. */
size_t gsaw__trace_ring_count(const gsaw__trace_ring *self);
const gsaw__trace_event *gsaw__trace_ring_at(const gsaw__trace_ring *self, size_t i);
uint64_t gsaw__trace_ring_dropped(const gsaw__trace_ring *self);

/* Where the file goes: called with pieces of it until it returns anything but GSAW_OK. */
typedef gsaw_status gsaw__trace_write(void *context, const char *bytes, size_t size);

/* A file that is being written: Chrome / Perfetto JSON, times in microseconds from origin_ns. */
typedef struct gsaw__trace_writer {
    gsaw__buffer text;
    gsaw__trace_write *write;
    void *context;
    uint64_t origin_ns;
    uint64_t dropped; /* events, of all rings */
    gsaw_status status;
} gsaw__trace_writer;

/* The whole file: begin, a lane for each worker (0, 1, ...) with its ring's events, end. end
 * returns the status and frees; errors: those of write, GSAW_NO_MEMORY. */
void gsaw__trace_begin(gsaw__trace_writer *self, const gsaw_allocator *allocator,
                       gsaw__trace_write *write, void *context, uint64_t origin_ns);
void gsaw__trace_lane(gsaw__trace_writer *self, const gsaw__trace_ring *ring, uint32_t worker);
gsaw_status gsaw__trace_end(gsaw__trace_writer *self, gsaw_error *error);

#endif
