/* stats.c - `gangsaw stats`: where the time and the memory of a run went.
 * Keeps:   every figure comes from the summary and the workers' counter blocks.
 * Threads: the main thread.
 * Next:    session.c, report.c */
#include <inttypes.h>

#include "base/json.h"
#include "cli/doctor.h"
#include "cli/figures.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/terminal.h"

static void print_json(gsaw__buffer *out, const gsaw_codebase *code,
                       const gsaw_diagnosis *diagnosis)
{
    const gsaw_summary *summary = gsaw_codebase_summary(code);
    gsaw_worker_stats worker;
    gsaw__buffer_append_byte(out, '{');
    gsaw__json_number_field(out, "schema", 1);
    gsaw__json_number_field(out, "files", summary->files);
    gsaw__json_number_field(out, "bytes", summary->bytes);
    gsaw__json_number_field(out, "lines", summary->lines);
    gsaw__json_number_field(out, "jobs", summary->jobs);
    gsaw__json_decimal_field(out, "wall_ms", (double)summary->wall_ns / 1e6);
    gsaw__json_decimal_field(out, "cpu_ms", (double)summary->cpu_ns / 1e6);
    gsaw__json_decimal_field(out, "bytes_per_second", gsaw__report_rate(summary));
    gsaw__json_number_field(out, "peak_rss_bytes", summary->peak_rss_bytes);
    gsaw__report_phases(out, summary);
    gsaw__json_key(out, "workers");
    gsaw__buffer_append_byte(out, '[');
    for (uint32_t i = 0; gsaw_codebase_worker(code, i, &worker); i++) {
        gsaw__buffer_append_text(out, i == 0 ? "{" : ",{");
        gsaw__json_number_field(out, "id", worker.worker_id);
        gsaw__json_number_field(out, "completed", worker.completed);
        gsaw__json_decimal_field(out, "average_ms", (double)worker.average_ns / 1e6);
        gsaw__json_decimal_field(out, "busy_ms", (double)worker.busy_ns / 1e6);
        gsaw__json_decimal_field(out, "idle_ms", (double)worker.idle_ns / 1e6);
        gsaw__json_number_field(out, "steals", worker.steals);
        gsaw__json_number_field(out, "parks", worker.parks);
        gsaw__buffer_append_byte(out, '}');
    }
    gsaw__buffer_append_byte(out, ']');
    if (diagnosis != NULL)
        gsaw__doctor_field(out, code, diagnosis);
    gsaw__buffer_append_text(out, "}\n");
}

static void print_throughput(gsaw__buffer *out, const gsaw_summary *summary)
{
    double seconds = (double)summary->wall_ns / 1e9;
    gsaw__report_label(out, "time");
    gsaw__figure_time(out, summary->wall_ns);
    gsaw__buffer_printf(out, ", processors ");
    gsaw__figure_time(out, summary->cpu_ns);
    gsaw__buffer_printf(out, " (%.2f busy of %" PRIu32 ")\n",
                        summary->wall_ns == 0 ? 0
                                              : (double)summary->cpu_ns / (double)summary->wall_ns,
                        summary->jobs);
    gsaw__report_label(out, "throughput");
    gsaw__figure_bytes(out, gsaw__report_rate(summary));
    gsaw__buffer_append_text(out, "/s, ");
    gsaw__figure_count(out, seconds == 0 ? 0 : (uint64_t)((double)summary->files / seconds));
    gsaw__buffer_append_text(out, " files/s, ");
    gsaw__figure_count(out, seconds == 0 ? 0 : (uint64_t)((double)summary->lines / seconds));
    gsaw__buffer_append_text(out, " lines/s\n");
    gsaw__report_label(out, "memory");
    gsaw__figure_bytes(out, (double)summary->peak_rss_bytes);
    gsaw__buffer_append_text(out, " at the peak");
    if (summary->bytes > 0)
        gsaw__buffer_printf(out, " (%.2f of the source)",
                            (double)summary->peak_rss_bytes / (double)summary->bytes);
    gsaw__buffer_append_byte(out, '\n');
}

static void print_phases(gsaw__buffer *out, bool color, const gsaw_summary *summary)
{
    gsaw__buffer_append_byte(out, '\n');
    gsaw__paint(out, color, GSAW_STYLE_HEADING, "  phase             time   processors\n");
    for (size_t i = 0; i < summary->phase_count; i++) {
        gsaw__buffer_printf(out, "  %-10s", summary->phases[i].name);
        gsaw__report_time(out, summary->phases[i].wall_ns, 12);
        gsaw__report_time(out, summary->phases[i].cpu_ns, 13);
        gsaw__buffer_append_byte(out, '\n');
    }
}

static void print_workers(gsaw__buffer *out, bool color, const gsaw_codebase *code)
{
    gsaw_worker_stats worker;
    gsaw__buffer_append_byte(out, '\n');
    gsaw__paint(out, color, GSAW_STYLE_HEADING,
                "  worker     tasks     average        busy        idle    steals     parks\n");
    for (uint32_t i = 0; gsaw_codebase_worker(code, i, &worker); i++) {
        gsaw__buffer_printf(out, "  %6" PRIu32 "%10" PRIu64, worker.worker_id, worker.completed);
        gsaw__report_time(out, worker.average_ns, 12);
        gsaw__report_time(out, worker.busy_ns, 12);
        gsaw__report_time(out, worker.idle_ns, 12);
        gsaw__buffer_printf(out, "%10" PRIu64 "%10" PRIu64 "\n", worker.steals, worker.parks);
    }
}

static void print_text(gsaw__cli *cli, const gsaw_codebase *code)
{
    gsaw__buffer *out = &cli->out.text;
    const gsaw_summary *summary = gsaw_codebase_summary(code);
    gsaw__report_label(out, "files");
    gsaw__figure_count(out, summary->files);
    gsaw__buffer_append_text(out, ", ");
    gsaw__figure_bytes(out, (double)summary->bytes);
    gsaw__buffer_append_text(out, ", ");
    gsaw__report_count(out, summary->lines, "line");
    gsaw__buffer_append_byte(out, '\n');
    print_throughput(out, summary);
    print_phases(out, cli->color, summary);
    print_workers(out, cli->color, code);
}

static int report(gsaw__cli *cli, gsaw_codebase *code)
{
    gsaw_diagnosis diagnosis;
    gsaw_error error = {0};
    if (cli->options.doctor && gsaw_codebase_diagnose(code, NULL, &diagnosis, &error) != GSAW_OK)
        return gsaw__session_refuse(NULL, &error);
    if (cli->options.json)
        print_json(&cli->out.text, code, cli->options.doctor ? &diagnosis : NULL);
    else if (cli->options.doctor)
        gsaw__doctor_print(cli, code, &diagnosis);
    else
        print_text(cli, code);
    return GSAW_EXIT_DONE;
}

int gsaw__command_stats(gsaw__cli *cli) { return gsaw__session_run(cli, report); }
