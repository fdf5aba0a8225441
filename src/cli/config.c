/* config.c - `gangsaw config`: every option, its value, and where it comes from.
 * Keeps:   the list is the tables; options said of one run (help, filters, files) are left out. The
 *          text is a gangsaw.toml: what a file may not set, and defaults in words, are comments.
 * Threads: the main thread.
 * Next:    options.c, settings.c, work/config.c */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/setting.h"
#include "cli/escape.h"
#include "cli/options.h"
#include "cli/session.h"
#include "work/config.h"

/* A form that is not the one in effect among joined ones has its default. */
static enum gsaw__origin origin_of(const gsaw__cli *cli, enum gsaw__table table,
                                   const gsaw__option *option)
{
    const void *fields = gsaw__cli_fields((gsaw__cli *)(uintptr_t)cli, table);
    const gsaw__option *first = option;
    while (first->joined)
        first--;
    bool is_other = gsaw__option_is_zero(option, fields) && gsaw__option_is_set(first, fields);
    return is_other ? GSAW_ORIGIN_DEFAULT : gsaw__cli_origin(cli, table, option);
}

static void append_origin(const gsaw__cli *cli, enum gsaw__table table, const gsaw__option *option,
                          gsaw__buffer *out)
{
    static const char *const names[GSAW_ORIGIN_COUNT] = {
        [GSAW_ORIGIN_DEFAULT] = "default",          [GSAW_ORIGIN_USER] = "user file ",
        [GSAW_ORIGIN_PROJECT] = "project file ",    [GSAW_ORIGIN_FILE] = "config file ",
        [GSAW_ORIGIN_ENVIRONMENT] = "environment ", [GSAW_ORIGIN_FLAG] = "flag --",
    };
    enum gsaw__origin origin = origin_of(cli, table, option);
    size_t index = (size_t)(option - gsaw__cli_table(table));
    gsaw__buffer_append_text(out, names[origin]);
    if (origin == GSAW_ORIGIN_ENVIRONMENT)
        gsaw__option_format_variable(option, out);
    else if (origin == GSAW_ORIGIN_FLAG)
        gsaw__buffer_append_text(out, option->flag);
    else if (origin != GSAW_ORIGIN_DEFAULT)
        gsaw__buffer_printf(out, "%s:%" PRIu32, cli->files[origin], cli->lines[table][index]);
}

/* Text that is safe on a terminal; the escapes that TOML has made stay. */
static void append_safe(gsaw__buffer *out, const gsaw__buffer *text)
{
    const char *at = gsaw__buffer_text(text), *end = at + text->count;
    while (at < end) {
        size_t size = strcspn(at, "\\");
        gsaw__escape(out, at, size);
        at += size;
        for (; at < end && *at == '\\'; at++)
            gsaw__buffer_append_byte(out, '\\');
    }
    out->failed |= text->failed;
}

/* Behind the value: where it comes from, and what it comes to here. */
static void append_remarks(gsaw__cli *cli, enum gsaw__table table, const gsaw__option *option,
                           gsaw__buffer *out)
{
    gsaw__buffer text = {0};
    if (cli->options.show_origin)
        append_origin(cli, table, option, &text);
    size_t before = text.count;
    if (option->note != NULL)
        option->note(gsaw__cli_fields(cli, table), &text);
    gsaw__buffer_append_text(out, text.count > 0 ? "  # " : "");
    gsaw__escape(out, gsaw__buffer_text(&text), before);
    gsaw__buffer_append_text(out, before > 0 && text.count > before ? "; " : "");
    gsaw__buffer_append_text(out, gsaw__buffer_text(&text) + before);
    out->failed |= text.failed;
    gsaw__buffer_clear(&text);
}

static bool print_row(gsaw__cli *cli, enum gsaw__table table, const gsaw__option *option)
{
    gsaw__buffer *out = &cli->out.text;
    gsaw__buffer value = {0};
    bool is_key = table == GSAW_TABLE_CONFIG;
    bool is_value = gsaw__setting_format(option, gsaw__cli_fields(cli, table), &value);
    if (!is_value)
        gsaw__buffer_append_text(&value, is_key ? option->fallback_text : "none");
    gsaw__buffer_printf(out, "%s%s = ", is_key && is_value ? "" : "# ",
                        is_key ? option->name : option->flag);
    append_safe(out, &value);
    gsaw__buffer_clear(&value);
    append_remarks(cli, table, option, out);
    gsaw__buffer_append_byte(out, '\n');
    return gsaw__output_line(&cli->out);
}

static void print_text(gsaw__cli *cli)
{
    for (uint32_t table = GSAW_TABLE_COUNT; table-- > 0;)
        for (const gsaw__option *option = gsaw__cli_table((enum gsaw__table)table);
             option->name != NULL; option++)
            if (gsaw__cli_has_variable(option) && !print_row(cli, (enum gsaw__table)table, option))
                return;
}

/* {"num_workers":{"value":4,"origin":"flag --jobs"},...} */
static void append_origins(gsaw__cli *cli, gsaw__buffer *out)
{
    gsaw__buffer origin = {0};
    gsaw__buffer_append_byte(out, '{');
    for (const gsaw__option *option = gsaw__config_options(); option->name != NULL; option++) {
        gsaw__json_key(out, option->name);
        gsaw__buffer_append_text(out, "{\"value\":");
        if (!gsaw__setting_format(option, &cli->config, out))
            gsaw__buffer_append_text(out, "null");
        gsaw__buffer_reset(&origin);
        append_origin(cli, GSAW_TABLE_CONFIG, option, &origin);
        gsaw__json_text_field(out, "origin", gsaw__buffer_text(&origin), origin.count);
        gsaw__buffer_append_byte(out, '}');
        out->failed |= origin.failed;
    }
    gsaw__buffer_append_byte(out, '}');
    gsaw__buffer_clear(&origin);
}

static gsaw_status append_bytes(void *context, const char *bytes, size_t size)
{
    gsaw__buffer_append(context, bytes, size);
    return GSAW_OK;
}

/* The object as gsaw_config_to_dict writes it, which also refuses what JSON cannot say. */
static int print_json(gsaw__cli *cli)
{
    gsaw__buffer *out = &cli->out.text;
    gsaw_error error = {0};
    if (gsaw_config_to_dict(&cli->config, append_bytes, out, &error) != GSAW_OK)
        return gsaw__session_refuse(NULL, &error);
    if (cli->options.show_origin) {
        gsaw__buffer_reset(out);
        append_origins(cli, out);
    }
    gsaw__buffer_append_byte(out, '\n');
    (void)gsaw__output_line(&cli->out);
    return GSAW_EXIT_DONE;
}

static int check_root(const gsaw__cli *cli)
{
    gsaw_error error = {0};
    int root = gsaw__directory_open(AT_FDCWD, gsaw__session_root(cli), true);
    if (root >= 0) {
        close(root);
        return GSAW_EXIT_DONE;
    }
    gsaw__fail_errno(&error, -root, "%.200s", gsaw__session_root(cli));
    return gsaw__session_refuse(NULL, &error);
}

int gsaw__command_config(gsaw__cli *cli)
{
    int status = check_root(cli);
    if (status == GSAW_EXIT_DONE)
        status = gsaw__session_open_output(cli);
    if (status != GSAW_EXIT_DONE)
        return status;
    if (cli->options.json)
        status = print_json(cli);
    else
        print_text(cli);
    return gsaw__session_close_output(cli, status);
}
