/* tune_report.h - what `gangsaw tune` prints: a screen with table and curve, or one JSON object.
 * Keeps:   the fields and their order are docs/formats.md's.
 * Threads: the main thread.
 * Next:    tune_report.c, tune.c */
#ifndef GSAW_CLI_TUNE_REPORT_H
#define GSAW_CLI_TUNE_REPORT_H

#include "cli/cli.h"

/* Append the choice as lines of gangsaw.toml. */
void gsaw__tune_lines(const gsaw_tuning *tuning, gsaw__buffer *out);

/* Print to cli->out. */
void gsaw__tune_print(gsaw__cli *cli, const gsaw_tuning *tuning);

#endif
