/* session.h - the frame of every command: open the output, index the tree, report, close, exit
 * status.
 * Keeps:   nothing is indexed when the output cannot be written; a file of -o is replaced only by
 *          a whole report; the exit status tells the first thing that went wrong.
 * Threads: the main thread.
 * Next:    session.c, progress.c, signals.c */
#ifndef GSAW_CLI_SESSION_H
#define GSAW_CLI_SESSION_H

#include "cli/cli.h"

/* Write the report on an indexed codebase to cli->out; returns GSAW_EXIT_DONE or GSAW_EXIT_NOTHING.
 * It may stop early when gsaw__output_line says so. */
typedef int gsaw__report_function(gsaw__cli *cli, gsaw_codebase *code);

/* What a command does with the open tree; `report` is what was given with it. Returns the exit
 * status; what goes wrong it has said on stderr. */
typedef int gsaw__work_function(gsaw__cli *cli, gsaw_codebase *code, gsaw__report_function *report);

/* Open cli->argument (or the current folder) in a supervised process and do the work there. Returns
 * the exit status; what goes wrong has been said on stderr. */
int gsaw__session_work(gsaw__cli *cli, gsaw__work_function *work, gsaw__report_function *report);

/* Index cli->argument (or the current folder), run the report. Returns the exit status; what goes
 * wrong has been said on stderr. */
int gsaw__session_run(gsaw__cli *cli, gsaw__report_function *report);

/* For commands that index nothing: the output alone. `status` is returned when writing went well.
 */
int gsaw__session_open_output(gsaw__cli *cli);
int gsaw__session_close_output(gsaw__cli *cli, int status);

/* The same for the file of --trace, cli->trace. */
int gsaw__session_open_trace(gsaw__cli *cli);
int gsaw__session_close_trace(gsaw__cli *cli, int status);

/* Say the error, of `what` if that is not NULL; returns the exit status for it, 128 + signal when
 * that was the cause. */
int gsaw__session_refuse(const char *what, const gsaw_error *error);

/* The folder that was named, or ".". */
const char *gsaw__session_root(const gsaw__cli *cli);

#endif
