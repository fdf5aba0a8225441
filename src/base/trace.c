/* trace.c - the ring of events and its Chrome / Perfetto JSON.
 * Keeps:   written only grows; the event of number n lies at n modulo capacity.
 * Threads: one writer; read at rest.
 * Next:    trace.h. Source of the format: "Trace Event Format" (the Chromium project). */
#include "base/trace.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/json.h"

#include <string.h>

bool gsaw__trace_ring_init(gsaw__trace_ring *self, const gsaw_allocator *allocator, size_t capacity)
{
    size_t rounded = 16;
    while (rounded < capacity && rounded <= SIZE_MAX / 4)
        rounded *= 2;
    *self = (gsaw__trace_ring){.allocator = allocator, .capacity = rounded};
    self->events = gsaw__alloc_zero(allocator, rounded, sizeof *self->events);
    return self->events != NULL;
}

void gsaw__trace_ring_clear(gsaw__trace_ring *self)
{
    gsaw__free(self->allocator, self->events, self->capacity * sizeof *self->events);
    *self = (gsaw__trace_ring){.allocator = self->allocator};
}

void gsaw__trace_record(gsaw__trace_ring *self, const gsaw__trace_event *event)
{
    if (self->events != NULL)
        self->events[self->written++ & (self->capacity - 1)] = *event;
}

size_t gsaw__trace_ring_count(const gsaw__trace_ring *self)
{
    return self->written < self->capacity ? (size_t)self->written : self->capacity;
}

const gsaw__trace_event *gsaw__trace_ring_at(const gsaw__trace_ring *self, size_t i)
{
    gsaw_assert(i < gsaw__trace_ring_count(self));
    uint64_t first = self->written - gsaw__trace_ring_count(self);
    return &self->events[(first + i) & (self->capacity - 1)];
}

uint64_t gsaw__trace_ring_dropped(const gsaw__trace_ring *self)
{
    return self->written - gsaw__trace_ring_count(self);
}

/* Letter of the event's phase in the format, by kind. */
static const char *const phases[] = {
    [GSAW_TRACE_TASK] = "X",
    [GSAW_TRACE_STEAL] = "i",
    [GSAW_TRACE_PARK] = "X",
    [GSAW_TRACE_COUNTER] = "C",
};

static void write_event(const gsaw__trace_event *event, uint32_t worker, uint64_t origin_ns,
                        gsaw__buffer *out)
{
    uint64_t start = event->start_ns > origin_ns ? event->start_ns - origin_ns : 0;
    const char *phase = phases[event->kind];
    gsaw__buffer_append_byte(out, '{');
    const char *name = event->detail[0] != '\0' ? event->detail : event->name;
    gsaw__json_text_field(out, "name", name, strlen(name));
    gsaw__json_text_field(out, "ph", phase, 1);
    gsaw__json_decimal_field(out, "ts", (double)start / 1e3); /* the format counts microseconds */
    if (phase[0] == 'X')
        gsaw__json_decimal_field(out, "dur", (double)event->duration_ns / 1e3);
    if (phase[0] == 'i')
        gsaw__json_text_field(out, "s", "t", 1);
    gsaw__json_number_field(out, "pid", 1);
    gsaw__json_number_field(out, "tid", worker);
    gsaw__json_key(out, "args");
    gsaw__buffer_append_byte(out, '{');
    gsaw__json_number_field(out, "value", event->argument);
    gsaw__buffer_append_text(out, "}}");
}

void gsaw__trace_ring_write(const gsaw__trace_ring *self, uint32_t worker, uint64_t origin_ns,
                            bool *first, gsaw__buffer *out)
{
    for (size_t i = 0; i < gsaw__trace_ring_count(self); i++) {
        gsaw__buffer_append_text(out, *first ? "\n" : ",\n");
        *first = false;
        write_event(gsaw__trace_ring_at(self, i), worker, origin_ns, out);
    }
}

void gsaw__trace_begin(gsaw__buffer *out)
{
    gsaw__buffer_append_text(out, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
}

void gsaw__trace_lane(const gsaw__trace_ring *ring, uint32_t worker, uint64_t origin_ns,
                      gsaw__buffer *out)
{
    bool first = false;
    gsaw__buffer_printf(out,
                        "%s\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":%u,"
                        "\"args\":{\"name\":\"worker %u\"}}",
                        worker == 0 ? "" : ",", worker, worker);
    gsaw__trace_ring_write(ring, worker, origin_ns, &first, out);
}

void gsaw__trace_end(gsaw__buffer *out) { gsaw__buffer_append_text(out, "\n]}\n"); }
