/* report.h - small parts of the reports that several commands print.
 * Keeps:   one place for each figure's form.
 * Threads: as the buffer.
 * Next:    index.c, stats.c */
#ifndef GSAW_CLI_REPORT_H
#define GSAW_CLI_REPORT_H

#include "cli/cli.h"

/* Begin a line "  name        " of a list of figures. */
void gsaw__report_label(gsaw__buffer *out, const char *name);

/* "1,234 files", "1 file": `noun` with an s unless count is 1. */
void gsaw__report_count(gsaw__buffer *out, uint64_t count, const char *noun);

/* The time, right-aligned in so many columns. */
void gsaw__report_time(gsaw__buffer *out, uint64_t ns, int columns);

/* Append ,"phases":[...] of a run. */
void gsaw__report_phases(gsaw__buffer *out, const gsaw_summary *summary);

/* Bytes a second of wall time. */
double gsaw__report_rate(const gsaw_summary *summary);

/* How many files are not ok. */
uint64_t gsaw__report_problem_count(const gsaw_summary *summary);

#endif
