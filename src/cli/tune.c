/* tune.c - `gangsaw tune`: measure, print, draw, save.
 * Keeps:   what is saved is what was printed; nothing is saved by a run that did not end well.
 * Threads: the main thread.
 * Next:    session.c, tune_report.c, curve.h, save.h */
#include <stdlib.h>
#include <string.h>

#include "cli/curve.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/save.h"
#include "cli/signals.h"
#include "cli/tune_report.h"
#include "work/config.h"

#define QUIET 0.85 /* of a CPU: a worker waits a little for files, too */

/* -j limits the workers that are tried, if it was said for this run: what a file says is an earlier
 * choice, and not to limit the next. */
static uint32_t workers_max(const gsaw__cli *cli)
{
    const gsaw__option *row
    = gsaw__option_find(gsaw__config_options(), "jobs", sizeof "jobs" - 1);
    enum gsaw__origin origin = gsaw__cli_origin(cli, GSAW_TABLE_CONFIG, row);
    return origin == GSAW_ORIGIN_FLAG || origin == GSAW_ORIGIN_ENVIRONMENT ? cli->config.num_workers
                                                                           : 0;
}

static gsaw_status measure(gsaw__cli *cli, gsaw_codebase *code, gsaw_tuning **out,
                           gsaw_error *error)
{
    gsaw__progress progress;
    gsaw_tuner_options options = {
        .size = sizeof options,
        .workers_max = workers_max(cli),
        .rounds = cli->options.rounds,
        .time_budget_ns = cli->options.time_budget,
        .progress_context = &progress,
    };
    if (gsaw__progress_begin(&progress, cli, "runs"))
        options.progress = gsaw__progress_draw;
    gsaw_status status = cli->options.quick ? gsaw_tuner_tune(code, &options, out, error)
                                            : gsaw_tuner_benchmark(code, &options, out, error);
    gsaw__progress_end(&progress);
    return status;
}

/* The name of the tree: the last part of its absolute path. */
static void append_name(const gsaw__cli *cli, gsaw__buffer *out)
{
    char *resolved = realpath(gsaw__session_root(cli), NULL);
    const char *path = resolved != NULL ? resolved : gsaw__session_root(cli);
    const char *slash = strrchr(path, '/');
    gsaw__buffer_append_text(out, slash != NULL && slash[1] != 0 ? slash + 1 : path);
    free(resolved);
}

static gsaw_status save_svg(const gsaw__cli *cli, const gsaw_tuning *tuning, gsaw_error *error)
{
    gsaw__curve curve;
    gsaw__output file;
    gsaw__buffer name = {0};
    gsaw__curve_init(&curve, tuning);
    gsaw_status status = gsaw__output_open(&file, cli->options.svg, error);
    if (status != GSAW_OK)
        return status;
    append_name(cli, &name);
    gsaw__curve_svg(&curve, gsaw__buffer_text(&name), name.count, &file.text);
    file.text.failed |= name.failed;
    gsaw__buffer_clear(&name);
    return gsaw__output_close(&file, true, error);
}

static gsaw_status save(const gsaw__cli *cli, const gsaw_tuning *tuning, gsaw_error *error)
{
    gsaw__buffer lines = {0}, target = {0};
    gsaw__tune_lines(tuning, &lines);
    gsaw_status status = gsaw__save_keys(cli, &lines, error);
    gsaw__save_target(cli, &target);
    if (status == GSAW_OK && !cli->options.quiet)
        gsaw__message("saved to %s", gsaw__buffer_text(&target));
    gsaw__buffer_clear(&lines);
    gsaw__buffer_clear(&target);
    return status;
}

static int print_and_save(gsaw__cli *cli, const gsaw_tuning *tuning)
{
    gsaw_error error = {0};
    gsaw_status status = GSAW_OK;
    gsaw__tune_print(cli, tuning);
    if (tuning->row_count != 0 && tuning->cpu_share < QUIET && !cli->options.quiet)
        gsaw__message("the machine was busy: one worker got %.0f%% of a CPU; "
                      "better measure again when it is quiet",
                      100 * tuning->cpu_share);
    if (cli->options.svg != NULL && tuning->row_count != 0)
        status = save_svg(cli, tuning, &error);
    if (status == GSAW_OK && !cli->options.dry_run)
        status = save(cli, tuning, &error);
    return status == GSAW_OK ? GSAW_EXIT_DONE : gsaw__session_refuse(NULL, &error);
}

static int tune(gsaw__cli *cli, gsaw_codebase *code, gsaw__report_function *report)
{
    (void)report;
    gsaw_tuning *tuning = NULL;
    gsaw_error error = {0};
    gsaw__signals_watch(code);
    gsaw_status status = measure(cli, code, &tuning, &error);
    gsaw__signals_watch(NULL);
    int result;
    if (status != GSAW_OK || gsaw__signals_caught() != 0) {
        result = gsaw__session_refuse(NULL, &error);
    } else if (tuning->files == 0) {
        gsaw__message("%s: there is no file to measure", gsaw__session_root(cli));
        result = GSAW_EXIT_NOTHING;
    } else {
        result = print_and_save(cli, tuning);
    }
    gsaw_tuning_free(tuning);
    return result;
}

int gsaw__command_tune(gsaw__cli *cli)
{
    if (cli->options.quick && cli->options.svg != NULL) {
        gsaw__message("--svg has nothing to draw with --quick, which measures no curve");
        return GSAW_EXIT_WRONG;
    }
    if (cli->options.svg != NULL && strcmp(cli->options.svg, "-") == 0) {
        gsaw__message("--svg needs a file: stdout is the table's");
        return GSAW_EXIT_WRONG;
    }
    return gsaw__session_work(cli, tune, NULL);
}
