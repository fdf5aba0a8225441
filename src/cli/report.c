/* report.c - see the header.
 * Keeps:   nothing.
 * Threads: as the buffer.
 * Next:    report.h */
#include "cli/report.h"

#include <string.h>

#include "base/json.h"
#include "cli/figures.h"

#define LABEL_COLUMNS 12u

void gsaw__report_label(gsaw__buffer *out, const char *name)
{
    gsaw__buffer_printf(out, "  %-*s", (int)LABEL_COLUMNS, name);
}

void gsaw__report_count(gsaw__buffer *out, uint64_t count, const char *noun)
{
    gsaw__figure_count(out, count);
    gsaw__buffer_printf(out, " %s%s", noun, count == 1 ? "" : "s");
}

void gsaw__report_time(gsaw__buffer *out, uint64_t ns, int columns)
{
    gsaw__buffer time = {0};
    gsaw__figure_time(&time, ns);
    gsaw__buffer_printf(out, "%*s", columns, gsaw__buffer_text(&time));
    out->failed |= time.failed;
    gsaw__buffer_clear(&time);
}

void gsaw__report_phases(gsaw__buffer *out, const gsaw_summary *summary)
{
    gsaw__json_key(out, "phases");
    gsaw__buffer_append_byte(out, '[');
    for (size_t i = 0; i < summary->phase_count; i++) {
        const gsaw_phase_time *phase = &summary->phases[i];
        gsaw__buffer_append_text(out, i == 0 ? "{" : ",{");
        gsaw__json_text_field(out, "name", phase->name, strlen(phase->name));
        gsaw__json_decimal_field(out, "wall_ms", (double)phase->wall_ns / 1e6);
        gsaw__json_decimal_field(out, "cpu_ms", (double)phase->cpu_ns / 1e6);
        gsaw__buffer_append_byte(out, '}');
    }
    gsaw__buffer_append_byte(out, ']');
}

double gsaw__report_rate(const gsaw_summary *summary)
{
    return summary->wall_ns == 0 ? 0 : (double)summary->bytes * 1e9 / (double)summary->wall_ns;
}

uint64_t gsaw__report_problem_count(const gsaw_summary *summary)
{
    return summary->partial + summary->skipped + summary->failed;
}
