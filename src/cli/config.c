/* config.c - `gangsaw config`: every option, its value, and where it comes from.
 * Keeps:   the list is the tables; options said of one run (help, filters, files) are left out.
 * Threads: the main thread.
 * Next:    options.c, work/config.c */
#include <string.h>

#include "cli/escape.h"
#include "cli/options.h"
#include "cli/session.h"

static void print_origin(gsaw__buffer *out, const gsaw__option *option, enum gsaw__origin origin)
{
    static const char *const origins[] = {
        [GSAW_ORIGIN_DEFAULT] = "default",
        [GSAW_ORIGIN_ENVIRONMENT] = "environment ",
        [GSAW_ORIGIN_FLAG] = "flag --",
    };
    gsaw__buffer_append_text(out, "  # ");
    gsaw__buffer_append_text(out, origins[origin]);
    if (origin == GSAW_ORIGIN_ENVIRONMENT)
        gsaw__option_format_variable(option, out);
    else if (origin == GSAW_ORIGIN_FLAG)
        gsaw__buffer_append_text(out, option->flag);
}

static bool print_row(gsaw__cli *cli, enum gsaw__table table, const gsaw__option *option)
{
    gsaw__buffer *out = &cli->out.text;
    gsaw__buffer value = {0};
    size_t index = (size_t)(option - gsaw__cli_table(table));
    gsaw__option_format(option, gsaw__cli_fields(cli, table), &value);
    gsaw__buffer_printf(out, "%s = ", option->flag);
    gsaw__escape(out, gsaw__buffer_text(&value), value.count);
    out->failed |= value.failed;
    gsaw__buffer_clear(&value);
    if (cli->options.show_origin)
        print_origin(out, option, (enum gsaw__origin)cli->origins[table][index]);
    gsaw__buffer_append_byte(out, '\n');
    return gsaw__output_line(&cli->out);
}

int gsaw__command_config(gsaw__cli *cli)
{
    int status = gsaw__session_open_output(cli);
    if (status != GSAW_EXIT_DONE)
        return status;
    for (uint32_t table = GSAW_TABLE_COUNT; table-- > 0;)
        for (const gsaw__option *option = gsaw__cli_table((enum gsaw__table)table);
             option->name != NULL; option++)
            if (!option->joined && gsaw__cli_has_variable(option) &&
                !print_row(cli, (enum gsaw__table)table, option))
                break;
    return gsaw__session_close_output(cli, GSAW_EXIT_DONE);
}
