/* doctor_json.c - the "doctor" object of `gangsaw stats --doctor --json`.
 * Keeps:   the fields and their order are docs/formats.md's.
 * Threads: the main thread.
 * Next:    doctor.h */
#include <string.h>

#include "base/json.h"
#include "cli/doctor.h"

/* Times of all workers together, and counts: key, field, and whether it is a time. */
static const struct {
    const char *key;
    size_t offset;
    bool is_time;
} figures[] = {
#define FIGURE(field_key, field, time)                                                             \
    {                                                                                              \
        field_key, offsetof(gsaw_diagnosis, field), time                                           \
    }
    FIGURE("modelled_ms", modelled_ns, true),
    FIGURE("files", files, false),
    FIGURE("directories", directories, false),
    FIGURE("files_ms", files_ns, true),
    FIGURE("directories_ms", directories_ns, true),
    FIGURE("overhead_ms", overhead_ns, true),
    FIGURE("idle_ms", idle_ns, true),
    FIGURE("parked_ms", parked_ns, true),
    FIGURE("steals", steals, false),
    FIGURE("parks", parks, false),
    FIGURE("gate_waits", gate_waits, false),
    FIGURE("gate_ms", gate_ns, true),
    FIGURE("off_cpu_ms", off_cpu_ns, true),
    FIGURE("preemptions", preemptions, false),
    FIGURE("minor_faults", minor_faults, false),
    FIGURE("major_faults", major_faults, false),
    FIGURE("blocks_read", blocks_read, false),
#undef FIGURE
};

static void time_field(gsaw__buffer *out, const char *key, uint64_t ns)
{
    gsaw__json_decimal_field(out, key, (double)ns / 1e6);
}

static void word_field(gsaw__buffer *out, gsaw_bottleneck bottleneck)
{
    const char *word = gsaw_bottleneck_name(bottleneck);
    gsaw__json_text_field(out, "bottleneck", word, strlen(word));
}

/* The path of a file, or null. */
static void file_field(gsaw__buffer *out, const char *key, const gsaw_codebase *code, size_t index)
{
    gsaw_file file;
    if (gsaw_codebase_file_at(code, index, &file) == GSAW_OK)
        gsaw__json_text_field(out, key, file.path, file.path_size);
    else
        gsaw__json_null_field(out, key);
}

/* Begin the next object of a list. */
static void open_item(gsaw__buffer *out, bool is_first)
{
    gsaw__buffer_append_text(out, is_first ? "{" : ",{");
}

static void list_field(gsaw__buffer *out, const char *key)
{
    gsaw__json_key(out, key);
    gsaw__buffer_append_byte(out, '[');
}

static void parts_field(gsaw__buffer *out, const gsaw_diagnosis *self)
{
    gsaw__json_key(out, "parts_ms");
    gsaw__buffer_append_byte(out, '{');
    for (int i = 0; i < GSAW_BOTTLENECK_COUNT; i++)
        time_field(out, gsaw_bottleneck_name((gsaw_bottleneck)i), self->parts_ns[i]);
    gsaw__buffer_append_byte(out, '}');
}

static void path_field(gsaw__buffer *out, const gsaw_codebase *code, const gsaw_diagnosis *self)
{
    gsaw__json_key(out, "critical_path");
    gsaw__buffer_append_byte(out, '{');
    time_field(out, "ms", self->critical_ns);
    file_field(out, "file", code, self->critical_file);
    list_field(out, "steps");
    for (size_t i = 0; i < self->critical_count; i++) {
        const gsaw_path_step *step = &self->critical_path[i];
        open_item(out, i == 0);
        gsaw__json_text_field(out, "name", step->name, strlen(step->name));
        time_field(out, "ms", step->ns);
        gsaw__buffer_append_byte(out, '}');
    }
    gsaw__buffer_append_text(out, "]}");
}

static void stragglers_field(gsaw__buffer *out, const gsaw_codebase *code,
                             const gsaw_diagnosis *self)
{
    list_field(out, "stragglers");
    for (size_t i = 0; i < self->straggler_count; i++) {
        const gsaw_straggler *straggler = &self->stragglers[i];
        open_item(out, i == 0);
        file_field(out, "path", code, straggler->file);
        time_field(out, "ms", straggler->cost_ns);
        time_field(out, "expected_ms", straggler->expected_ns);
        time_field(out, "delay_ms", straggler->delay_ns);
        gsaw__json_number_field(out, "workers_max", straggler->workers_max);
        gsaw__buffer_append_byte(out, '}');
    }
    gsaw__buffer_append_byte(out, ']');
}

static void contention_field(gsaw__buffer *out, const gsaw_diagnosis *self)
{
    list_field(out, "contention");
    for (size_t i = 0; i < self->contention_count; i++) {
        const gsaw_contention *point = &self->contention[i];
        open_item(out, i == 0);
        gsaw__json_number_field(out, "workers", point->workers);
        gsaw__json_decimal_field(out, "factor", point->factor);
        gsaw__json_decimal_field(out, "low", point->low);
        gsaw__json_decimal_field(out, "high", point->high);
        gsaw__buffer_append_byte(out, '}');
    }
    gsaw__buffer_append_byte(out, ']');
    time_field(out, "contention_ms", self->contention_ns);
}

static void predictions_field(gsaw__buffer *out, const gsaw_codebase *code,
                              const gsaw_diagnosis *self)
{
    list_field(out, "predictions");
    for (size_t i = 0; i < GSAW_PREDICTION_COUNT; i++) {
        const gsaw_prediction *prediction = &self->predictions[i];
        open_item(out, i == 0);
        gsaw__json_number_field(out, "workers", prediction->workers);
        time_field(out, "wall_ms", prediction->wall_ns);
        time_field(out, "wall_ms_max", prediction->wall_ns_max);
        gsaw__json_decimal_field(out, "speedup", prediction->speedup);
        gsaw__json_decimal_field(out, "of_ideal", prediction->of_ideal);
        word_field(out, prediction->bottleneck);
        file_field(out, "file", code, prediction->bottleneck_file);
        gsaw__json_bool_field(out, "extrapolated", prediction->is_extrapolated);
        gsaw__buffer_append_byte(out, '}');
    }
    gsaw__buffer_append_byte(out, ']');
}

void gsaw__doctor_field(gsaw__buffer *out, const gsaw_codebase *code, const gsaw_diagnosis *self)
{
    gsaw__json_key(out, "doctor");
    gsaw__buffer_append_byte(out, '{');
    word_field(out, self->bottleneck);
    file_field(out, "file", code, self->bottleneck_file);
    gsaw__json_number_field(out, "cpus", self->cpus);
    gsaw__json_decimal_field(out, "efficiency", self->efficiency);
    gsaw__json_decimal_field(out, "serial_fraction", self->serial_fraction);
    parts_field(out, self);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        uint64_t number;
        memcpy(&number, (const char *)self + figures[i].offset, sizeof number);
        if (figures[i].is_time)
            time_field(out, figures[i].key, number);
        else
            gsaw__json_number_field(out, figures[i].key, number);
    }
    path_field(out, code, self);
    stragglers_field(out, code, self);
    contention_field(out, self);
    predictions_field(out, code, self);
    gsaw__buffer_append_byte(out, '}');
}
