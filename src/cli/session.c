/* session.c - opens, indexes, reports, closes; turns statuses into messages and exit statuses.
 * Keeps:   see the header.
 * Threads: the main thread; progress is drawn by workers, the handlers of signals cancel.
 * Next:    session.h */
#include "cli/session.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "cli/supervise.h"
#include "cli/terminal.h"
#include "code/codebase.h"

#define TRACE_EVENTS 65536 /* of each worker, for --trace without --trace-events */

/* System errors that mean "what you named is wrong" and not "the system has failed". */
static const int wrong_input[] = {EACCES, EPERM,  ENOENT,       ENOTDIR, EISDIR, ELOOP,
                                  EROFS,  EINVAL, ENAMETOOLONG, ENXIO,   ETXTBSY};

static bool is_wrong_input(const gsaw_error *error)
{
    if (error->status == GSAW_NOT_FOUND || error->status == GSAW_INVALID ||
        error->status == GSAW_RANGE || error->status == GSAW_UNSUPPORTED ||
        error->status == GSAW_EXISTS)
        return true;
    for (size_t i = 0; i < sizeof wrong_input / sizeof *wrong_input; i++)
        if (error->status == GSAW_SYSTEM && error->os_errno == wrong_input[i])
            return true;
    return false;
}

int gsaw__session_refuse(const char *what, const gsaw_error *error)
{
    if (gsaw__signals_caught() != 0)
        return GSAW_EXIT_SIGNAL + gsaw__signals_caught();
    gsaw__message("%s%s%s", what == NULL ? "" : what, what == NULL ? "" : ": ", error->text);
    return is_wrong_input(error) ? GSAW_EXIT_WRONG : GSAW_EXIT_FAILED;
}

const char *gsaw__session_root(const gsaw__cli *cli)
{
    return cli->argument != NULL ? cli->argument : ".";
}

/* Open `out` on path (NULL: stdout), or say why not. */
static int open_one(gsaw__output *out, const char *path)
{
    gsaw_error error = {0};
    return gsaw__output_open(out, path, &error) == GSAW_OK ? GSAW_EXIT_DONE
                                                           : gsaw__session_refuse(NULL, &error);
}

/* Close; a failure to write is said and replaces `status`, unless something went wrong before. */
static int close_one(gsaw__output *out, int status)
{
    gsaw_error error = {0};
    bool keep = status == GSAW_EXIT_DONE || status == GSAW_EXIT_NOTHING;
    gsaw_status written = gsaw__output_close(out, keep && gsaw__signals_caught() == 0, &error);
    if (!keep || written == GSAW_OK)
        return status;
    if (gsaw__signals_caught() != 0)
        return GSAW_EXIT_SIGNAL + gsaw__signals_caught();
    if (written == GSAW_CLOSED)
        return GSAW_EXIT_DONE; /* the reader has had enough */
    gsaw__message("%s", error.text);
    return GSAW_EXIT_FAILED;
}

int gsaw__session_open_output(gsaw__cli *cli)
{
    int status = open_one(&cli->out, cli->options.output);
    cli->color = gsaw__terminal_has_color(cli->out.descriptor, (enum gsaw__when)cli->options.color);
    return status;
}

int gsaw__session_close_output(gsaw__cli *cli, int status) { return close_one(&cli->out, status); }

int gsaw__session_open_trace(gsaw__cli *cli) { return open_one(&cli->trace, cli->options.trace); }

int gsaw__session_close_trace(gsaw__cli *cli, int status) { return close_one(&cli->trace, status); }

static int index_and_report(gsaw__cli *cli, gsaw_codebase *code, gsaw__report_function *report)
{
    gsaw__progress progress;
    gsaw_error error = {0};
    gsaw__signals_watch(code);
    gsaw__progress_open(&progress, cli, code);
    gsaw_status status = gsaw_codebase_index(code, &error);
    gsaw__progress_close(&progress, code);
    gsaw__signals_watch(NULL);
    if (status != GSAW_OK || gsaw__signals_caught() != 0)
        return gsaw__session_refuse(NULL, &error);
    int result = report(cli, code);
    if (cli->options.trace != NULL) /* a failure stays in cli->trace.status until it is closed */
        (void)gsaw_codebase_write_trace(code, gsaw__output_write, &cli->trace, NULL);
    return result;
}

static int run(gsaw__cli *cli, const gsaw__watch *watch, gsaw__work_function *work,
               gsaw__report_function *report)
{
    gsaw_codebase *code = NULL;
    gsaw_error error = {0};
    if (cli->options.trace != NULL && cli->config.trace_events == 0)
        cli->config.trace_events = TRACE_EVENTS;
    if (gsaw_codebase_open(gsaw__session_root(cli), &cli->config, &code, &error) != GSAW_OK)
        return gsaw__session_refuse(NULL, &error);
    code->flights = watch->flights;
    code->set_aside = watch->set_aside;
    int result = work(cli, code, report);
    gsaw_codebase_close(code);
    return result;
}

/* In the supervisor: the child has written, and renamed or removed what it wrote beside the target;
 * what it left behind when it was killed goes. */
static void let_go(gsaw__cli *cli, bool traced)
{
    (void)gsaw__output_close(&cli->out, false, NULL);
    if (traced)
        (void)gsaw__output_close(&cli->trace, false, NULL);
}

int gsaw__session_work(gsaw__cli *cli, gsaw__work_function *work, gsaw__report_function *report)
{
    int result = gsaw__session_open_output(cli);
    if (result != GSAW_EXIT_DONE)
        return result;
    if (cli->options.trace != NULL)
        result = open_one(&cli->trace, cli->options.trace);
    bool traced = cli->options.trace != NULL && result == GSAW_EXIT_DONE;
    if (result == GSAW_EXIT_DONE) {
        gsaw__watch watch;
        if (gsaw__supervise(cli, &watch, &result)) {
            let_go(cli, traced);
            return result;
        }
        result = run(cli, &watch, work, report);
    }
    result = gsaw__session_close_output(cli, result);
    return traced ? close_one(&cli->trace, result) : result;
}

int gsaw__session_run(gsaw__cli *cli, gsaw__report_function *report)
{
    return gsaw__session_work(cli, index_and_report, report);
}
