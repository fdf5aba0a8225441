/* export.c - `gangsaw export`: the whole graph, by the library's writer.
 * Keeps:   not a byte of its own.
 * Threads: the main thread.
 * Next:    session.c, code/export.c */
#include "cli/message.h"
#include "cli/options.h"
#include "cli/session.h"

/* The word of --format. */
static const char *format_of(gsaw__cli *cli)
{
    const gsaw__option *option =
        gsaw__option_find(gsaw__cli_table(GSAW_TABLE_CLI), "format", sizeof "format" - 1);
    return option->word(cli->options.format);
}

static int report(gsaw__cli *cli, gsaw_codebase *code)
{
    gsaw_error error = {0};
    gsaw_status status =
        gsaw_codebase_export(code, format_of(cli), gsaw__output_write, &cli->out, &error);
    if (status == GSAW_OK ||
        cli->out.status != GSAW_OK) /* the output's own failure is said at its close */
        return GSAW_EXIT_DONE;
    gsaw__message("%s", error.text);
    return GSAW_EXIT_FAILED;
}

int gsaw__command_export(gsaw__cli *cli) { return gsaw__session_run(cli, report); }
