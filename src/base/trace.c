/* trace.c - the ring of events and its Chrome / Perfetto JSON.
 * Keeps:   written only grows; the event of number n lies at n modulo capacity. A file is written
 *          in pieces of 64 KiB, however many events there are.
 * Threads: one writer; read at rest.
 * Next:    trace.h. Source of the format: "Trace Event Format" (the Chromium project). */
#include "base/trace.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"

#include <string.h>

#define SAMPLE_NS UINT64_C(1000000)
#define FLUSH_AT ((size_t)64 << 10)
#define FIRST_LANE 1000u /* tid of worker 0: to Perfetto 0 is the idle thread, pid the main one */

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

void gsaw__trace_count(gsaw__trace_ring *self, const char *name, uint64_t value)
{
    if (self->events == NULL)
        return;
    gsaw__trace_event event = {
        .start_ns = gsaw__clock_ns(), .name = name, .argument = value, .kind = GSAW_TRACE_COUNTER};
    gsaw__trace_record(self, &event);
}

void gsaw__trace_copy_name(char room[GSAW_TRACE_NAME], const char *name)
{
    size_t size = strnlen(name, GSAW_TRACE_NAME);
    if (size == GSAW_TRACE_NAME)
        for (size--; size > 0 && ((unsigned char)name[size] & 0xC0) == 0x80;)
            size--; /* within a character of UTF-8 */
    memcpy(room, name, size);
    room[size] = '\0';
}

bool gsaw__trace_is_due(gsaw__trace_ring *self, unsigned kind)
{
    uint64_t now_ns = gsaw__clock_ns();
    if (now_ns - self->sampled_ns[kind] < SAMPLE_NS)
        return false;
    self->sampled_ns[kind] = now_ns;
    return true;
}

void gsaw__trace_span_begin(gsaw__trace_ring *self, gsaw__trace_span *span)
{
    memcpy(span->outer, self->label, sizeof span->outer);
    self->label[0] = '\0';
    span->start_ns = gsaw__clock_ns();
}

void gsaw__trace_span_end(gsaw__trace_ring *self, const gsaw__trace_span *span,
                          gsaw__trace_event *event)
{
    event->start_ns = span->start_ns;
    event->duration_ns = gsaw__clock_ns() - span->start_ns;
    if (event->detail[0] == '\0')
        memcpy(event->detail, self->label, sizeof event->detail);
    if (event->detail[0] != GSAW_TRACE_HIDDEN)
        gsaw__trace_record(self, event);
    memcpy(self->label, span->outer, sizeof self->label);
}

/* ---- the file ---- */

/* Of an event's kind: the letter of its phase, and what its argument is called. */
static const struct {
    const char *phase, *argument;
} kinds[] = {
    [GSAW_TRACE_TASK] = {"X", "value"},   [GSAW_TRACE_ATTEMPT] = {"X", "attempt"},
    [GSAW_TRACE_STEAL] = {"i", "victim"}, [GSAW_TRACE_PARK] = {"X", "value"},
    [GSAW_TRACE_COUNTER] = {"C", NULL},
};

static void append_event(const gsaw__trace_event *event, uint32_t worker, uint64_t origin_ns,
                         gsaw__buffer *out)
{
    uint64_t start = event->start_ns > origin_ns ? event->start_ns - origin_ns : 0;
    const char *phase = kinds[event->kind].phase;
    gsaw__buffer_append_text(out, ",\n{");
    const char *name = event->detail[0] != '\0' ? event->detail : event->name;
    const char *argument = kinds[event->kind].argument;
    size_t size = strlen(name);
    if (phase[0] == 'C') { /* "resident bytes" is "resident" with a series "bytes" */
        size = (size_t)(strchr(name, ' ') - name);
        argument = name + size + 1;
    }
    gsaw__json_text_field(out, "name", name, size);
    gsaw__json_text_field(out, "ph", phase, 1);
    gsaw__json_decimal_field(out, "ts", (double)start / 1e3); /* the format counts microseconds */
    if (phase[0] == 'X')
        gsaw__json_decimal_field(out, "dur", (double)event->duration_ns / 1e3);
    if (phase[0] == 'i')
        gsaw__json_text_field(out, "s", "t", 1);
    gsaw__json_number_field(out, "pid", 1);
    gsaw__json_number_field(out, "tid", FIRST_LANE + worker);
    gsaw__json_key(out, "args");
    gsaw__buffer_append_byte(out, '{');
    gsaw__json_number_field(out, argument, event->argument);
    gsaw__buffer_append_text(out, "}}");
}

/* Write what has gathered, once it is `least` bytes. */
static void flush(gsaw__trace_writer *self, size_t least)
{
    if (self->status == GSAW_OK && self->text.failed)
        self->status = GSAW_NO_MEMORY;
    if (self->status == GSAW_OK && self->text.count >= least)
        self->status = self->write(self->context, self->text.bytes, self->text.count);
    if (self->status != GSAW_OK || self->text.count >= least)
        gsaw__buffer_reset(&self->text);
}

void gsaw__trace_begin(gsaw__trace_writer *self, const gsaw_allocator *allocator,
                       gsaw__trace_write *write, void *context, uint64_t origin_ns)
{
    *self = (gsaw__trace_writer){.write = write, .context = context, .origin_ns = origin_ns};
    gsaw__buffer_init(&self->text, allocator);
    gsaw__buffer_append_text(&self->text,
                             "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
                             "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,\"tid\":0,"
                             "\"args\":{\"name\":\"gangsaw\"}}");
}

static void append_lane(gsaw__buffer *out, uint32_t worker, uint64_t dropped)
{
    gsaw__buffer_printf(out,
                        ",\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":%u,"
                        "\"args\":{\"name\":\"worker %u",
                        FIRST_LANE + worker, worker);
    if (dropped != 0) /* where it is seen */
        gsaw__buffer_printf(out, " (%llu older events dropped)", (unsigned long long)dropped);
    gsaw__buffer_printf(out,
                        "\"}},\n{\"name\":\"thread_sort_index\",\"ph\":\"M\",\"pid\":1,"
                        "\"tid\":%u,\"args\":{\"sort_index\":%u}}",
                        FIRST_LANE + worker, worker);
}

void gsaw__trace_lane(gsaw__trace_writer *self, const gsaw__trace_ring *ring, uint32_t worker)
{
    append_lane(&self->text, worker, gsaw__trace_ring_dropped(ring));
    self->dropped += gsaw__trace_ring_dropped(ring);
    for (size_t i = 0; i < gsaw__trace_ring_count(ring) && self->status == GSAW_OK; i++) {
        append_event(gsaw__trace_ring_at(ring, i), worker, self->origin_ns, &self->text);
        flush(self, FLUSH_AT);
    }
}

gsaw_status gsaw__trace_end(gsaw__trace_writer *self, gsaw_error *error)
{
    gsaw__buffer_printf(&self->text,
                        "\n],\"otherData\":{\"tool\":\"gangsaw %s\",\"origin_ns\":%llu,"
                        "\"dropped_events\":%llu}}\n",
                        gsaw_version(), (unsigned long long)self->origin_ns,
                        (unsigned long long)self->dropped);
    flush(self, 1);
    gsaw__buffer_clear(&self->text);
    if (self->status == GSAW_OK)
        return GSAW_OK;
    return gsaw__fail(error, self->status, "trace: %s", gsaw_status_text(self->status));
}
