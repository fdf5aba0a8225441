/* help.c - sets the tables as text: one paragraph, one list of terms with explanations beside them.
 * Keeps:   see the header.
 * Threads: the main thread.
 * Next:    help.h */
#include "cli/help.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "work/config.h"

#define WIDTH_MAX 80u
#define TERM_INDENT 2u
#define TEXT_COLUMN 12u /* of explanations in a list of commands */
#define BELOW_COLUMN 8u /* of explanations under their options */

static void indent(gsaw__buffer *out, unsigned columns)
{
    for (unsigned i = 0; i < columns; i++)
        gsaw__buffer_append_byte(out, ' ');
}

/* Set the words of text into lines that begin at `column`; the first line stands at `at` already.
 */
static void set_text(gsaw__help_page page, unsigned column, unsigned at, const char *text)
{
    bool first = true;
    indent(page.out, at < column ? column - at : 0);
    at = at < column ? column : at;
    for (const char *word = text; *word != 0;) {
        unsigned size = (unsigned)strcspn(word, " ");
        if (!first && at + 1 + size > page.width) {
            gsaw__buffer_append_byte(page.out, '\n');
            indent(page.out, column);
            at = column;
        } else if (!first) {
            gsaw__buffer_append_byte(page.out, ' ');
            at++;
        }
        gsaw__buffer_append(page.out, word, size);
        at += size;
        first = false;
        word += size;
        word += strspn(word, " ");
    }
    gsaw__buffer_append_byte(page.out, '\n');
}

static void set_heading(gsaw__help_page page, const char *text)
{
    gsaw__buffer_append_byte(page.out, '\n');
    gsaw__paint(page.out, page.color, GSAW_STYLE_HEADING, text);
    gsaw__buffer_append_byte(page.out, '\n');
}

static void set_usage(gsaw__help_page page, const char *command, const char *argument)
{
    gsaw__paint(page.out, page.color, GSAW_STYLE_HEADING, "Usage:");
    gsaw__buffer_printf(page.out, " gangsaw %s [OPTION]...%s%s\n", command,
                        argument == NULL ? "" : " ", argument == NULL ? "" : argument);
}

/* The explanation of an option, with its default and what it allows. */
static void describe(const gsaw__option *option, gsaw__buffer *out)
{
    static const gsaw_config no_config;
    static const gsaw__cli_options no_options;
    const void *zero = (option->groups & GSAW_CONFIG_GROUP) != 0 ? (const void *)&no_config
                                                                 : (const void *)&no_options;
    size_t before = out->count;
    gsaw__buffer_append_text(out, option->help);
    gsaw__buffer_append_text(out, " [");
    size_t opened = out->count;
    gsaw__option_format_allowed(option, out);
    size_t allowed = out->count;
    if (option->kind != GSAW_OPTION_FLAG && option->kind != GSAW_OPTION_SET) {
        gsaw__buffer_append_text(out, allowed > opened ? "; default: " : "default: ");
        size_t named = out->count;
        gsaw__option_format(option, zero, out);
        if (out->count == named && !out->failed)
            out->count = allowed;
    }
    if (out->count == opened && !out->failed)
        out->count = before + strlen(option->help);
    else
        gsaw__buffer_append_byte(out, ']');
    gsaw__buffer_append_byte(out, 0);
}

static void set_option(gsaw__help_page page, const gsaw__option *option)
{
    gsaw__buffer text = {0};
    indent(page.out, TERM_INDENT);
    if (option->letter != 0)
        gsaw__buffer_printf(&text, "-%c, ", option->letter);
    else
        gsaw__buffer_append_text(&text, "    ");
    gsaw__buffer_printf(&text, "--%s%s%s", option->flag, option->metavar == NULL ? "" : " ",
                        option->metavar == NULL ? "" : option->metavar);
    gsaw__paint(page.out, page.color, GSAW_STYLE_HEADING, gsaw__buffer_text(&text));
    gsaw__buffer_append_byte(page.out, '\n');
    gsaw__buffer_reset(&text);
    describe(option, &text);
    set_text(page, BELOW_COLUMN, 0, gsaw__buffer_text(&text));
    page.out->failed |= text.failed;
    gsaw__buffer_clear(&text);
}

/* The options of a table that the command takes and whose groups have all of `with` and none of
 * `without`. */
static void set_options(gsaw__help_page page, const char *heading, const gsaw__option *option,
                        const gsaw__command *command, uint32_t general)
{
    for (; option->name != NULL; option++) {
        bool is_general = (option->groups & (GSAW_GROUP_GENERAL | GSAW_GROUP_MAIN)) != 0;
        if (option->flag == NULL || option->joined || is_general != (general != 0) ||
            !gsaw__cli_takes(option, command))
            continue;
        if (heading != NULL)
            set_heading(page, heading);
        heading = NULL;
        set_option(page, option);
    }
}

static void set_commands(gsaw__help_page page)
{
    set_heading(page, "Commands:");
    for (const gsaw__command *option = gsaw__commands(); option->function != NULL; option++) {
        indent(page.out, TERM_INDENT);
        gsaw__paint(page.out, page.color, GSAW_STYLE_HEADING, option->name);
        set_text(page, TEXT_COLUMN, TERM_INDENT + (unsigned)strlen(option->name), option->help);
    }
}

static void set_coming(gsaw__help_page page)
{
    gsaw__buffer text = {0};
    gsaw__buffer_append_text(&text, "Not in this version yet:");
    for (const gsaw__command *option = gsaw__commands(); option->name != NULL; option++)
        if (option->function == NULL)
            gsaw__buffer_printf(&text, " %s%s", option->name, option[1].name == NULL ? "." : ",");
    gsaw__buffer_append_byte(page.out, '\n');
    set_text(page, 0, 0, gsaw__buffer_text(&text));
    page.out->failed |= text.failed;
    gsaw__buffer_clear(&text);
}

static const struct {
    const char *status, *meaning;
} statuses[] = {
    {"0", "done; a query found something"},
    {"1", "a query found nothing; index --strict: there were problems; run: a task failed"},
    {"2", "the command, an option, a variable, a config file or DIR is wrong; nothing was done"},
    {"3", "an internal or system failure: disk full, no memory"},
    {"130, 143", "stopped by SIGINT, SIGTERM (129, 131: SIGHUP, SIGQUIT)"},
};

void gsaw__help_short(gsaw__help_page page)
{
    set_usage(page, "COMMAND", "[DIR]");
    set_commands(page);
    gsaw__buffer_append_byte(page.out, '\n');
    set_text(page, 0, 0, "\"gangsaw help COMMAND\" explains one, \"gangsaw --help\" everything.");
}

void gsaw__help_main(gsaw__help_page page)
{
    set_usage(page, "COMMAND", "[DIR]");
    gsaw__buffer_append_byte(page.out, '\n');
    set_text(
        page, 0, 0,
        "Turns a folder of Python, TypeScript and JavaScript into files, symbols and imports, in "
        "one pass over all processors. Data goes to stdout, everything else to stderr.");
    set_commands(page);
    set_options(page, "Options:", gsaw__cli_table(GSAW_TABLE_CLI), NULL, 1);
    set_heading(page, "Environment:");
    set_text(
        page, TERM_INDENT, 0,
        "GANGSAW_<OPTION> sets an option that is not given as a flag: GANGSAW_MAX_MEMORY=2G for "
        "--max-memory 2G; true or false for options without a value; a line each for those that "
        "may be repeated. \"gangsaw config --show-origin\" prints what is in effect. "
        "NO_COLOR, CLICOLOR_FORCE and TERM=dumb are honoured.");
    set_heading(page, "Config files:");
    set_text(
        page, TERM_INDENT, 0,
        "gangsaw.toml, or [tool.gangsaw] in pyproject.toml, in DIR itself; then "
        "gangsaw/config.toml in $XDG_CONFIG_HOME (~/.config). Keys are the options' names. A flag "
        "beats the environment, which beats DIR's file, which beats the user's.");
    set_heading(page, "Exit status:");
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        indent(page.out, TERM_INDENT);
        gsaw__buffer_append_text(page.out, statuses[i].status);
        set_text(page, TEXT_COLUMN, TERM_INDENT + (unsigned)strlen(statuses[i].status),
                 statuses[i].meaning);
    }
    set_coming(page);
}

void gsaw__help_command(gsaw__help_page page, const gsaw__command *command)
{
    set_usage(page, command->name, command->argument);
    gsaw__buffer_append_byte(page.out, '\n');
    set_text(page, 0, 0, command->text);
    set_options(page, "Options:", gsaw__cli_table(GSAW_TABLE_CLI), command, 0);
    set_options(page, "What is read, and how:", gsaw__cli_table(GSAW_TABLE_CONFIG), command, 0);
    set_options(page, "General options:", gsaw__cli_table(GSAW_TABLE_CLI), command, 1);
}

static unsigned page_width(int descriptor)
{
    unsigned width = gsaw__terminal_width(descriptor);
    return width < WIDTH_MAX ? width : WIDTH_MAX;
}

int gsaw__help_print(gsaw__cli *cli, const gsaw__command *command)
{
    int status = gsaw__session_open_output(cli);
    gsaw__help_page page = {
        .out = &cli->out.text, .width = page_width(STDOUT_FILENO), .color = cli->color};
    if (status != GSAW_EXIT_DONE)
        return status;
    if (command != NULL)
        gsaw__help_command(page, command);
    else
        gsaw__help_main(page);
    return gsaw__session_close_output(cli, GSAW_EXIT_DONE);
}

int gsaw__help_refuse(void)
{
    gsaw__buffer text = {0};
    gsaw__help_page page = {.out = &text,
                            .width = page_width(STDERR_FILENO),
                            .color = gsaw__terminal_has_color(STDERR_FILENO, GSAW_WHEN_AUTO)};
    gsaw__help_short(page);
    if (!text.failed)
        (void)gsaw__file_write_all(STDERR_FILENO, text.bytes, text.count);
    gsaw__buffer_clear(&text);
    return GSAW_EXIT_WRONG;
}

int gsaw__command_help(gsaw__cli *cli)
{
    const gsaw__command *command = NULL;
    if (cli->argument != NULL) {
        command = gsaw__command_find(cli->argument);
        if (command == NULL || command->function == NULL)
            return gsaw__command_refuse(cli->argument);
    }
    return gsaw__help_print(cli, command);
}
