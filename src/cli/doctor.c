/* doctor.c - a diagnosis for people: the verdict first, then the tables it rests on.
 * Keeps:   what is modelled or extrapolated is said to be.
 * Threads: the main thread.
 * Next:    doctor.h, doctor_json.c */
#include "cli/doctor.h"

#include <inttypes.h>
#include <string.h>

#include "cli/escape.h"
#include "cli/figures.h"
#include "cli/report.h"
#include "cli/terminal.h"

#define PART_LEAST 0.005 /* of the wall time: less is not shown */
#define MUCH_SLOWER 2u   /* than files of its size: said, if it takes */
#define WORTH_NS 1000000u

static void append_path(gsaw__buffer *out, const gsaw_codebase *code, size_t index)
{
    gsaw_file file;
    if (gsaw_codebase_file_at(code, index, &file) == GSAW_OK)
        gsaw__escape(out, file.path, file.path_size);
}

static double share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : 100 * (double)part / (double)whole;
}

/* A bottleneck by its word, and the file where it is one. */
static void append_bottleneck(gsaw__buffer *out, const gsaw_codebase *code,
                              gsaw_bottleneck bottleneck, size_t file)
{
    gsaw__buffer_append_text(out, gsaw_bottleneck_name(bottleneck));
    if (file == SIZE_MAX)
        return;
    gsaw__buffer_append_byte(out, ' ');
    append_path(out, code, file);
}

/* "What limits this run: ..." */
static void print_verdict(gsaw__cli *cli, const gsaw_codebase *code, const gsaw_diagnosis *self)
{
    gsaw__buffer *out = &cli->out.text;
    gsaw_bottleneck bottleneck = self->bottleneck;
    gsaw__paint(out, cli->color, GSAW_STYLE_HEADING, "What limits this run: ");
    append_bottleneck(out, code, bottleneck, self->bottleneck_file);
    gsaw__buffer_printf(out, " (%s), %.0f%% of ", gsaw_bottleneck_text(bottleneck),
                        share(self->parts_ns[bottleneck], self->wall_ns));
    gsaw__figure_time(out, self->wall_ns);
    gsaw__buffer_append_text(out, " on ");
    gsaw__report_count(out, self->jobs, "worker");
    gsaw__buffer_append_text(out, ".\n");
    for (size_t i = 0; i < GSAW_PREDICTION_COUNT; i++) {
        const gsaw_prediction *next = &self->predictions[i];
        if (next->workers <= self->jobs || next->bottleneck == GSAW_BOTTLENECK_WORK ||
            next->bottleneck == bottleneck)
            continue;
        gsaw__buffer_printf(out, "With %" PRIu32 " workers it would be: ", next->workers);
        append_bottleneck(out, code, next->bottleneck, next->bottleneck_file);
        gsaw__buffer_append_text(out, ".\n");
        return;
    }
}

static void print_parts(gsaw__cli *cli, const gsaw_diagnosis *self)
{
    gsaw__buffer *out = &cli->out.text;
    gsaw__paint(out, cli->color, GSAW_STYLE_HEADING, "\n  where the time went     share\n");
    for (int i = 0; i < GSAW_BOTTLENECK_COUNT; i++) {
        if (share(self->parts_ns[i], self->wall_ns) < 100 * PART_LEAST)
            continue;
        gsaw__buffer_printf(out, "  %-10s", gsaw_bottleneck_name((gsaw_bottleneck)i));
        gsaw__report_time(out, self->parts_ns[i], 12);
        gsaw__buffer_printf(out, "%6.1f%%\n", share(self->parts_ns[i], self->wall_ns));
    }
    gsaw__buffer_append_text(out, "  (simulated:");
    gsaw__report_time(out, self->modelled_ns, 0);
    gsaw__buffer_printf(out, " for this run; what one thread does alone is %.2f%% of all)\n",
                        100 * self->serial_fraction);
}

/* What the predictions rest on. */
static void print_basis(gsaw__buffer *out, const gsaw_diagnosis *self)
{
    if (self->contention_count == 0) {
        gsaw__buffer_append_text(out, "  Simulated from what each file took. How much workers slow "
                                      "each other down was not measured:\n"
                                      "  it is taken as nothing, and all of this is a model.\n");
        return;
    }
    const gsaw_contention *last = &self->contention[self->contention_count - 1];
    gsaw__buffer_printf(out,
                        "  Simulated from what each file took. Measured beside it: %" PRIu32
                        " at once take %.2f times as long\n"
                        "  (quartiles %.2f to %.2f). More workers than that are extrapolated (*): "
                        "no slower than so,\n"
                        "  and in the second column slower in proportion to their number.\n",
                        last->workers, last->factor, last->low, last->high);
}

static void print_predictions(gsaw__cli *cli, const gsaw_codebase *code, const gsaw_diagnosis *self)
{
    gsaw__buffer *out = &cli->out.text;
    gsaw__paint(out, cli->color, GSAW_STYLE_HEADING,
                "\n  workers   predicted     at worst     speedup    spread   limited by\n");
    for (size_t i = 0; i < GSAW_PREDICTION_COUNT; i++) {
        const gsaw_prediction *prediction = &self->predictions[i];
        gsaw__buffer_printf(out, "  %7" PRIu32, prediction->workers);
        gsaw__report_time(out, prediction->wall_ns, 12);
        gsaw__buffer_append_byte(out, prediction->is_extrapolated ? '*' : ' ');
        gsaw__report_time(out, prediction->wall_ns_max, 12);
        gsaw__buffer_printf(out, "%12.2f%9.0f%%   ", prediction->speedup,
                            100 * prediction->of_ideal);
        append_bottleneck(out, code, prediction->bottleneck, prediction->bottleneck_file);
        gsaw__buffer_append_byte(out, '\n');
    }
    print_basis(out, self);
}

static void print_stragglers(gsaw__cli *cli, const gsaw_codebase *code, const gsaw_diagnosis *self)
{
    gsaw__buffer *out = &cli->out.text;
    uint64_t waited_ns = self->gate_ns + self->off_cpu_ns;
    uint64_t awake_ns = self->files_ns > waited_ns ? self->files_ns - waited_ns : 0;
    if (self->straggler_count == 0)
        return;
    gsaw__paint(out, cli->color, GSAW_STYLE_HEADING,
                "\n  slowest files  of all      delay  enough workers\n");
    for (size_t i = 0; i < self->straggler_count; i++) {
        const gsaw_straggler *straggler = &self->stragglers[i];
        gsaw__buffer_append_text(out, "  ");
        gsaw__report_time(out, straggler->cost_ns, 13);
        gsaw__buffer_printf(out, "%7.1f%%", share(straggler->cost_ns, awake_ns));
        gsaw__report_time(out, straggler->delay_ns, 11);
        gsaw__buffer_printf(out, "%16" PRIu32 "  ", straggler->workers_max);
        append_path(out, code, straggler->file);
        if (straggler->cost_ns >= WORTH_NS &&
            straggler->cost_ns / MUCH_SLOWER > straggler->expected_ns)
            gsaw__buffer_printf(out, " (%.1f times as slow as files of its size)",
                                (double)straggler->cost_ns / (double)straggler->expected_ns);
        gsaw__buffer_append_byte(out, '\n');
    }
}

static void print_path(gsaw__buffer *out, const gsaw_codebase *code, const gsaw_diagnosis *self)
{
    bool has_file = self->critical_file != SIZE_MAX;
    uint64_t listing_ns = 0;
    for (size_t i = 0; i + has_file < self->critical_count; i++)
        listing_ns += self->critical_path[i].ns;
    gsaw__report_label(out, "critical");
    gsaw__figure_time(out, self->critical_ns);
    gsaw__buffer_printf(out, ": %zu %s in ", self->critical_count - has_file,
                        self->critical_count - has_file == 1 ? "directory" : "directories");
    gsaw__figure_time(out, listing_ns);
    if (has_file) {
        gsaw__buffer_append_text(out, ", then ");
        append_path(out, code, self->critical_file);
    }
    gsaw__buffer_append_byte(out, '\n');
}

/* Times of all workers together. */
static void print_waits(gsaw__buffer *out, const gsaw_diagnosis *self)
{
    gsaw__report_label(out, "idle");
    gsaw__figure_time(out, self->idle_ns);
    if (self->parked_ns != 0) {
        gsaw__buffer_append_text(out, " (asleep for ");
        gsaw__figure_time(out, self->parked_ns);
        gsaw__buffer_append_byte(out, ')');
    }
    gsaw__buffer_append_text(out, ", ");
    gsaw__report_count(out, self->steals, "steal");
    gsaw__buffer_append_text(out, ", ");
    gsaw__report_count(out, self->parks, "park");
    gsaw__buffer_append_byte(out, '\n');
    gsaw__report_label(out, "tasks");
    gsaw__report_count(out, self->files, "file");
    gsaw__buffer_append_text(out, " in ");
    gsaw__figure_time(out, self->files_ns);
    gsaw__buffer_append_text(out, ", listings ");
    gsaw__figure_time(out, self->directories_ns);
    gsaw__buffer_append_text(out, ", overhead ");
    gsaw__figure_time(out, self->overhead_ns);
    gsaw__buffer_append_byte(out, '\n');
    gsaw__report_label(out, "memory");
    gsaw__report_count(out, self->gate_waits, "wait");
    gsaw__buffer_append_text(out, " at the gate, ");
    gsaw__figure_time(out, self->gate_ns);
    gsaw__buffer_append_text(out, "; ");
    gsaw__report_count(out, self->minor_faults, "page fault");
    gsaw__buffer_append_byte(out, '\n');
    gsaw__report_label(out, "off CPU");
    gsaw__figure_time(out, self->off_cpu_ns);
    gsaw__buffer_append_text(out, ": ");
    gsaw__report_count(out, self->preemptions, "preemption");
    gsaw__buffer_append_text(out, ", ");
    gsaw__figure_bytes(out, 512 * (double)self->blocks_read);
    gsaw__buffer_append_text(out, " from the disk\n");
}

void gsaw__doctor_print(gsaw__cli *cli, const gsaw_codebase *code, const gsaw_diagnosis *self)
{
    gsaw__buffer *out = &cli->out.text;
    print_verdict(cli, code, self);
    print_parts(cli, self);
    print_predictions(cli, code, self);
    print_stragglers(cli, code, self);
    gsaw__buffer_append_byte(out, '\n');
    print_path(out, code, self);
    print_waits(out, self);
}
