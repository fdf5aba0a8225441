/* figures.c - see the header.
 * Keeps:   at most four digits before a unit.
 * Threads: any.
 * Next:    figures.h */
#include "cli/figures.h"

#include <inttypes.h>

void gsaw__figure_count(gsaw__buffer *out, uint64_t count)
{
    uint64_t unit = 1;
    while (count / unit >= 1000)
        unit *= 1000;
    gsaw__buffer_append_number(out, count / unit);
    for (unit /= 1000; unit > 0; unit /= 1000)
        gsaw__buffer_printf(out, ",%03" PRIu64, count / unit % 1000);
}

static void scaled(gsaw__buffer *out, double value, const char *const *units)
{
    while (value >= 999.5 && units[1] != NULL) {
        value /= 1000;
        units++;
    }
    int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    gsaw__buffer_printf(out, "%.*f %s", digits, value, *units);
}

void gsaw__figure_bytes(gsaw__buffer *out, double bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", NULL};
    if (bytes < 1000)
        gsaw__buffer_printf(out, "%.0f B", bytes);
    else
        scaled(out, bytes / 1000, units);
}

void gsaw__figure_time(gsaw__buffer *out, uint64_t ns)
{
    static const char *const units[] = {"us", "ms", "s", NULL};
    uint64_t seconds = ns / 1000000000;
    if (seconds >= 100)
        gsaw__buffer_printf(out, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60, seconds % 60);
    else
        scaled(out, (double)ns / 1000, units);
}
