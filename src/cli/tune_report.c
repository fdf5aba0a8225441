/* tune_report.c - figures, table, curve, choice.
 * Keeps:   see the header.
 * Threads: the main thread.
 * Next:    tune_report.h, curve.h */
#include "cli/tune_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/curve.h"
#include "cli/figures.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "work/config.h"

void gsaw__tune_lines(const gsaw_tuning *tuning, gsaw__buffer *out)
{
    gsaw_config config = {
        .size = sizeof config,
        .num_workers = tuning->num_workers,
        .batch_size = tuning->batch_size,
        .max_tasks_in_flight = tuning->max_tasks_in_flight,
    };
    gsaw__config_to_toml(&config, out);
}

/* ---- JSON ---- */

static void language_object(gsaw__buffer *out, const gsaw_tuning_language *language)
{
    gsaw__json_text_field(out, "name", language->name, strlen(language->name));
    gsaw__json_number_field(out, "files", language->files);
    gsaw__json_number_field(out, "bytes", language->bytes);
    gsaw__json_number_field(out, "trial_files", language->trial_files);
    gsaw__json_number_field(out, "trial_bytes", language->trial_bytes);
    gsaw__json_decimal_field(out, "bytes_per_second", language->bytes_per_second);
}

static void row_object(gsaw__buffer *out, const gsaw_tuning_row *row)
{
    gsaw__json_number_field(out, "workers", row->workers);
    gsaw__json_number_field(out, "batch_size", row->batch_size);
    gsaw__json_decimal_field(out, "median_ms", (double)row->median_ns / 1e6);
    gsaw__json_decimal_field(out, "low_ms", (double)row->low_ns / 1e6);
    gsaw__json_decimal_field(out, "high_ms", (double)row->high_ns / 1e6);
    gsaw__json_decimal_field(out, "bytes_per_second", row->bytes_per_second);
    gsaw__json_number_field(out, "peak_bytes", row->peak_bytes);
    gsaw__json_bool_field(out, "tied", row->is_tied);
    gsaw__json_bool_field(out, "chosen", row->is_chosen);
}

static void print_json(gsaw__cli *cli, const gsaw_tuning *tuning)
{
    gsaw__buffer *out = &cli->out.text;
    gsaw__buffer_append_byte(out, '{');
    gsaw__json_number_field(out, "schema", 1);
    char *resolved = realpath(gsaw__session_root(cli), NULL);
    const char *root = resolved != NULL ? resolved : gsaw__session_root(cli);
    gsaw__json_text_field(out, "root", root, strlen(root));
    free(resolved);
    gsaw__json_number_field(out, "num_workers", tuning->num_workers);
    gsaw__json_number_field(out, "batch_size", tuning->batch_size);
    gsaw__json_number_field(out, "max_tasks_in_flight", tuning->max_tasks_in_flight);
    gsaw__json_number_field(out, "cpus", tuning->cpus);
    gsaw__json_number_field(out, "memory_max", tuning->memory_max);
    gsaw__json_number_field(out, "files", tuning->files);
    gsaw__json_number_field(out, "bytes", tuning->bytes);
    gsaw__json_number_field(out, "largest_bytes", tuning->largest_bytes);
    gsaw__json_decimal_field(out, "cost_ms", (double)tuning->cost_ns / 1e6);
    gsaw__json_number_field(out, "memory_per_worker", tuning->memory_per_worker);
    gsaw__json_number_field(out, "memory_expected", tuning->memory_expected);
    gsaw__json_key(out, "languages");
    for (size_t i = 0; i < tuning->language_count; i++) {
        gsaw__buffer_append_text(out, i == 0 ? "[{" : "},{");
        language_object(out, &tuning->languages[i]);
    }
    gsaw__buffer_append_text(out, "}]");
    gsaw__json_number_field(out, "sample_files", tuning->sample_files);
    gsaw__json_number_field(out, "sample_bytes", tuning->sample_bytes);
    gsaw__json_number_field(out, "rounds", tuning->rounds);
    gsaw__json_decimal_field(out, "confidence", tuning->confidence);
    gsaw__json_decimal_field(out, "cpu_share", tuning->cpu_share);
    gsaw__json_key(out, "rows");
    gsaw__buffer_append_byte(out, '[');
    for (size_t i = 0; i < tuning->row_count; i++) {
        gsaw__buffer_append_text(out, i == 0 ? "{" : ",{");
        row_object(out, &tuning->rows[i]);
        gsaw__buffer_append_byte(out, '}');
    }
    gsaw__buffer_append_byte(out, ']');
    gsaw__json_decimal_field(out, "wall_ms", (double)tuning->wall_ns / 1e6);
    gsaw__buffer_append_text(out, "}\n");
}

/* ---- text ---- */

/* The figure that `append` writes, right-aligned. */
static void append_right(gsaw__buffer *out, int columns, const gsaw__buffer *figure)
{
    gsaw__buffer_printf(out, "%*s", columns, gsaw__buffer_text(figure));
    out->failed |= figure->failed;
}

static void append_time(gsaw__buffer *out, int columns, uint64_t ns)
{
    gsaw__buffer figure = {0};
    gsaw__figure_time(&figure, ns);
    append_right(out, columns, &figure);
    gsaw__buffer_clear(&figure);
}

static void append_bytes(gsaw__buffer *out, int columns, double bytes)
{
    gsaw__buffer figure = {0};
    gsaw__figure_bytes(&figure, bytes);
    append_right(out, columns, &figure);
    gsaw__buffer_clear(&figure);
}

static void print_head(gsaw__buffer *out, const gsaw_tuning *tuning)
{
    gsaw__report_label(out, "tree");
    gsaw__report_count(out, tuning->files, "file");
    gsaw__buffer_append_text(out, ", ");
    gsaw__figure_bytes(out, (double)tuning->bytes);
    gsaw__buffer_append_text(out, ", the largest ");
    gsaw__figure_bytes(out, (double)tuning->largest_bytes);
    gsaw__buffer_append_byte(out, '\n');
    gsaw__report_label(out, "machine");
    gsaw__report_count(out, tuning->cpus, "CPU");
    gsaw__buffer_append_text(out, ", ");
    gsaw__figure_bytes(out, (double)tuning->memory_max);
    gsaw__buffer_append_text(out, " of memory allowed\n");
    gsaw__report_label(out, "one worker");
    for (size_t i = 0; i < tuning->language_count; i++) {
        gsaw__buffer_printf(out, "%s%s ", i == 0 ? "" : ", ", tuning->languages[i].name);
        gsaw__figure_bytes(out, tuning->languages[i].bytes_per_second);
        gsaw__buffer_append_text(out, "/s");
    }
    gsaw__buffer_append_byte(out, '\n');
    gsaw__report_label(out, "memory");
    gsaw__figure_bytes(out, (double)tuning->memory_per_worker);
    gsaw__buffer_append_text(out, " for each worker at most, ");
    gsaw__figure_bytes(out, (double)tuning->memory_expected);
    gsaw__buffer_append_text(out, " with the results\n");
    if (tuning->row_count == 0)
        return;
    gsaw__report_label(out, "sample");
    gsaw__report_count(out, tuning->sample_files, "file");
    gsaw__buffer_append_text(out, ", ");
    gsaw__figure_bytes(out, (double)tuning->sample_bytes);
    gsaw__buffer_printf(out, "; %" PRIu32 " rounds\n", tuning->rounds);
}

/* Rows of the table stand out: the chosen one, and those that are as fast as far as one can tell.
 */
static void print_row(gsaw__buffer *out, bool color, const gsaw_tuning_row *row, uint64_t base_ns)
{
    gsaw__buffer line = {0};
    gsaw__buffer_printf(&line, "  %7" PRIu32 "%8" PRIu32, row->workers, row->batch_size);
    append_time(&line, 11, row->median_ns);
    append_time(&line, 11, row->low_ns);
    gsaw__buffer_append_text(&line, " to ");
    append_time(&line, 8, row->high_ns);
    gsaw__buffer_printf(&line, "%9.2f", (double)base_ns / (double)row->median_ns);
    append_bytes(&line, 11, (double)row->peak_bytes);
    gsaw__buffer_append_text(&line, row->is_chosen ? "  chosen" : row->is_tied ? "  tie" : "");
    gsaw__paint(out, color, row->is_chosen ? GSAW_STYLE_GOOD : GSAW_STYLE_PLAIN,
                gsaw__buffer_text(&line));
    gsaw__buffer_append_byte(out, '\n');
    out->failed |= line.failed;
    gsaw__buffer_clear(&line);
}

static void print_table(gsaw__buffer *out, bool color, const gsaw_tuning *tuning)
{
    gsaw__buffer heading = {0};
    gsaw__buffer_printf(&heading,
                        "\n  workers   batch     median%13.0f%% interval speed-up       peak",
                        100 * tuning->confidence);
    gsaw__paint(out, color, GSAW_STYLE_HEADING, gsaw__buffer_text(&heading));
    gsaw__buffer_append_byte(out, '\n');
    out->failed |= heading.failed;
    gsaw__buffer_clear(&heading);
    uint64_t base_ns = UINT64_MAX;
    for (size_t i = 0; i < tuning->row_count; i++)
        if (tuning->rows[i].workers == 1 && tuning->rows[i].median_ns < base_ns)
            base_ns = tuning->rows[i].median_ns;
    for (size_t i = 0; i < tuning->row_count; i++)
        print_row(out, color, &tuning->rows[i], base_ns);
}

static void print_choice(gsaw__buffer *out, bool color, const gsaw_tuning *tuning)
{
    gsaw__buffer_append_byte(out, '\n');
    gsaw__buffer lines = {0};
    gsaw__tune_lines(tuning, &lines);
    for (const char *at = gsaw__buffer_text(&lines); *at != 0;) {
        gsaw__buffer line = {0};
        size_t size = strcspn(at, "\n");
        gsaw__buffer_append_text(&line, "  ");
        gsaw__buffer_append(&line, at, size);
        gsaw__paint(out, color, GSAW_STYLE_GOOD, gsaw__buffer_text(&line));
        gsaw__buffer_append_byte(out, '\n');
        at += size + (at[size] == '\n');
        out->failed |= line.failed;
        gsaw__buffer_clear(&line);
    }
    out->failed |= lines.failed;
    gsaw__buffer_clear(&lines);
}

void gsaw__tune_print(gsaw__cli *cli, const gsaw_tuning *tuning)
{
    gsaw__buffer *out = &cli->out.text;
    if (cli->options.json) {
        print_json(cli, tuning);
        return;
    }
    print_head(out, tuning);
    if (tuning->row_count != 0)
        print_table(out, cli->color, tuning);
    gsaw__curve curve;
    gsaw__curve_init(&curve, tuning);
    gsaw__canvas canvas = {
        .columns = gsaw__terminal_width(cli->out.descriptor),
        .color = cli->color,
        .unicode = gsaw__terminal_has_unicode(cli->out.descriptor),
    };
    if (curve.count > 1)
        gsaw__curve_draw(&curve, &canvas, out);
    print_choice(out, cli->color, tuning);
}
