/* options.c - the rows that are the command line's alone; argv and the environment, by the tables.
 * Keeps:   no option is named outside a row.
 * Threads: the main thread.
 * Next:    options.h, arguments.c, settings.c (the files) */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/nearest.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "lang/lang.h"
#include "work/config.h"

#define PREFIX_SIZE (sizeof "GANGSAW_" - 1)

static const char *kind_word(size_t index)
{
    return index < GSAW_SYMBOL_KIND_COUNT ? gsaw_symbol_kind_name((gsaw_symbol_kind)index) : NULL;
}

static const char *status_word(size_t index)
{
    return index < GSAW_FILE_STATUS_COUNT ? gsaw_file_status_name((gsaw_file_status)index) : NULL;
}

static const char *language_word(size_t index)
{
    return index < gsaw__language_count() ? gsaw__language_at(index)->name : NULL;
}

static const char *format_word(size_t index) { return index == 0 ? "jsonl" : NULL; }

#define ROW(field_name, option_kind)                                                               \
    .name = #field_name, .kind = GSAW_OPTION_##option_kind,                                        \
    GSAW_OPTION_FIELD(gsaw__cli_options, field_name)

static const gsaw__option rows[] = {
    {ROW(kinds, SET), .flag = "kind", .groups = GSAW_GROUP_KIND | GSAW_GROUP_ONCE,
     .word = kind_word, .metavar = "KIND[,KIND]", .help = "Only symbols of these kinds."},
    {ROW(names, LIST), .flag = "name", .groups = GSAW_GROUP_NAME | GSAW_GROUP_ONCE,
     .metavar = "GLOB",
     .help = "Only what matches: * stands for any bytes, ? for one character. May be repeated."},
    {ROW(languages, SET), .flag = "language", .groups = GSAW_GROUP_LANGUAGE | GSAW_GROUP_ONCE,
     .word = language_word, .metavar = "LANG[,LANG]", .help = "Only files in these languages."},
    {ROW(statuses, SET), .flag = "status", .groups = GSAW_GROUP_STATUS | GSAW_GROUP_ONCE,
     .word = status_word, .metavar = "STATUS[,STATUS]", .help = "Only files with this status."},
    {ROW(format, WORD), .flag = "format", .groups = GSAW_GROUP_FORMAT, .word = format_word,
     .metavar = "FORMAT", .help = "What to write."},
    {ROW(strict, FLAG), .flag = "strict", .groups = GSAW_GROUP_STRICT,
     .help = "Exit with 1 when any file was skipped, failed or parsed in part."},
    {ROW(show_origin, FLAG), .flag = "show-origin", .groups = GSAW_GROUP_ORIGIN | GSAW_GROUP_ONCE,
     .help = "Say of each value where it comes from."},
    {ROW(quick, FLAG), .flag = "quick", .groups = GSAW_GROUP_TUNE | GSAW_GROUP_ONCE,
     .help = "Measure no curve: a small sample on one worker has to do."},
    {ROW(dry_run, FLAG), .flag = "dry-run", .groups = GSAW_GROUP_TUNE | GSAW_GROUP_ONCE,
     .help = "Save nothing."},
    {ROW(rounds, NUMBER), .flag = "rounds", .groups = GSAW_GROUP_TUNE, .min = 3, .max = 25,
     .fallback = 6, .metavar = "N", .help = "Measure everything N times."},
    {ROW(time_budget, DURATION), .flag = "time-budget", .groups = GSAW_GROUP_TUNE, .min = 1000000,
     .max = UINT64_C(3600000000000), .fallback = UINT64_C(10000000000), .metavar = "DURATION",
     .help = "Measure for about so long: by a smaller sample, then by fewer rounds."},
    {ROW(svg, TEXT), .flag = "svg", .groups = GSAW_GROUP_TUNE | GSAW_GROUP_ONCE, .metavar = "FILE",
     .help = "Draw the scaling curve to FILE, too."},
    {ROW(json, FLAG), .flag = "json", .groups = GSAW_GROUP_JSON,
     .help = "Print JSON (docs/formats.md) instead of text."},
    {ROW(output, TEXT), .flag = "output", .letter = 'o',
     .groups = GSAW_GROUP_OUTPUT | GSAW_GROUP_ONCE, .metavar = "FILE",
     .help = "Write to FILE instead of stdout; it is replaced when all is written."},
    {ROW(keep_going, FLAG), .flag = "keep-going", .letter = 'k', .groups = GSAW_GROUP_TASKS,
     .help = "After a failure go on with what does not depend on it."},
    {ROW(doctor, FLAG), .flag = "doctor", .groups = GSAW_GROUP_DOCTOR | GSAW_GROUP_ONCE,
     .help = "Say what limits the run, and how long it would take with 1 to 64 workers."},
    {ROW(verbose, FLAG), .flag = "verbose", .letter = 'v', .groups = GSAW_GROUP_VERBOSE,
     .help = "Say more: all problems, signatures, hashes."},
    {ROW(trace, TEXT), .flag = "trace",
     .groups = GSAW_GROUP_RUN | GSAW_GROUP_TRACE | GSAW_GROUP_ONCE, .metavar = "FILE",
     .help = "Write what each worker did, for chrome://tracing or ui.perfetto.dev."},
    {ROW(config, TEXT), .flag = "config", .groups = GSAW_GROUP_FILES, .metavar = "FILE",
     .help = "Read FILE instead of the project's and the user's config file."},
    {ROW(no_config, FLAG), .flag = "no-config", .groups = GSAW_GROUP_FILES,
     .help = "Read no config file."},
    {ROW(progress, WORD), .flag = "progress",
     .groups = GSAW_GROUP_RUN | GSAW_GROUP_PROGRESS | GSAW_GROUP_PERSONAL, .word = gsaw__when_word,
     .metavar = "WHEN", .help = "Show a progress line on stderr; auto: on a terminal."},
    {ROW(quiet, FLAG), .flag = "quiet", .letter = 'q', .groups = GSAW_GROUP_GENERAL,
     .help = "No progress, no notes; index prints no summary. Errors are still said."},
    {ROW(color, WORD), .flag = "color", .groups = GSAW_GROUP_GENERAL | GSAW_GROUP_PERSONAL,
     .word = gsaw__when_word, .metavar = "WHEN",
     .help = "Use colours; auto: on a terminal (see NO_COLOR, CLICOLOR_FORCE)."},
    {ROW(help, FLAG), .flag = "help", .letter = 'h', .groups = GSAW_GROUP_GENERAL | GSAW_GROUP_ONCE,
     .help = "Explain, and exit."},
    {ROW(version, FLAG), .flag = "version", .letter = 'V',
     .groups = GSAW_GROUP_MAIN | GSAW_GROUP_ONCE, .help = "Print the version, and exit."},
    {.name = NULL},
};

const gsaw__option *gsaw__cli_table(enum gsaw__table table)
{
    return table == GSAW_TABLE_CONFIG ? gsaw__config_options() : rows;
}

void *gsaw__cli_fields(gsaw__cli *cli, enum gsaw__table table)
{
    return table == GSAW_TABLE_CONFIG ? (void *)&cli->config : (void *)&cli->options;
}

bool gsaw__cli_takes(const gsaw__option *option, const gsaw__command *command)
{
    uint32_t groups = command != NULL ? command->groups : GSAW_GROUP_GENERAL | GSAW_GROUP_MAIN;
    return (option->groups & groups & ~(uint32_t)(GSAW_GROUP_ONCE | GSAW_GROUP_PERSONAL)) != 0;
}

bool gsaw__cli_has_variable(const gsaw__option *option)
{
    return option->flag != NULL && (option->groups & GSAW_GROUP_ONCE) == 0;
}

enum gsaw__origin gsaw__cli_origin(const gsaw__cli *cli, enum gsaw__table table,
                                   const gsaw__option *option)
{
    size_t index = (size_t)(option - gsaw__cli_table(table));
    gsaw_assert(index < GSAW_TABLE_ROWS_MAX);
    return (enum gsaw__origin)cli->origins[table][index];
}

void gsaw__cli_claim(gsaw__cli *cli, enum gsaw__table table, const gsaw__option *option,
                     enum gsaw__origin origin)
{
    size_t index = (size_t)(option - gsaw__cli_table(table));
    if (gsaw__cli_origin(cli, table, option) != origin)
        gsaw__option_reset(option, gsaw__cli_fields(cli, table));
    do
        cli->origins[table][index++] = (uint8_t)origin;
    while ((++option)->joined);
}

/* Set one option, forgetting what a weaker origin has set. */
static gsaw_status set(gsaw__cli *cli, const gsaw__argument *argument, enum gsaw__origin origin,
                       gsaw_error *error)
{
    enum gsaw__table table = (enum gsaw__table)argument->table;
    void *fields = gsaw__cli_fields(cli, table);
    gsaw__cli_claim(cli, table, argument->option, origin);
    gsaw__option_target target = {.fields = fields, .arena = &cli->arena};
    return gsaw__option_set(argument->option, target, argument->label, argument->value, error);
}

/* A list in a variable has one item a line. */
static gsaw_status set_lines(gsaw__cli *cli, gsaw__argument *argument, gsaw_error *error)
{
    char *text = gsaw__arena_dup(&cli->arena, argument->value, strlen(argument->value));
    gsaw_status status = GSAW_OK;
    if (text == NULL)
        return gsaw__fail_memory(error);
    for (char *end; text != NULL && status == GSAW_OK; text = end) {
        end = strchr(text, '\n');
        if (end != NULL)
            *end++ = 0;
        argument->value = text;
        if (*text != 0)
            status = set(cli, argument, GSAW_ORIGIN_ENVIRONMENT, error);
    }
    return status;
}

static gsaw_status read_variable(gsaw__cli *cli, gsaw__argument *argument, gsaw_error *error)
{
    gsaw__buffer name = {0};
    gsaw__option_format_variable(argument->option, &name);
    argument->value = name.failed ? NULL : getenv(gsaw__buffer_text(&name));
    strncpy(argument->label, gsaw__buffer_text(&name), sizeof argument->label - 1);
    bool failed = name.failed;
    gsaw__buffer_clear(&name);
    if (failed)
        return gsaw__fail_memory(error);
    if (argument->value == NULL || *argument->value == 0)
        return GSAW_OK;
    return argument->option->kind == GSAW_OPTION_LIST
               ? set_lines(cli, argument, error)
               : set(cli, argument, GSAW_ORIGIN_ENVIRONMENT, error);
}

static gsaw_status read_environment(gsaw__cli *cli, gsaw_error *error)
{
    for (uint32_t table = 0; table < GSAW_TABLE_COUNT; table++)
        for (const gsaw__option *option = gsaw__cli_table((enum gsaw__table)table);
             option->name != NULL; option++) {
            gsaw__argument argument = {.option = option, .table = table};
            if (option->joined || !gsaw__cli_has_variable(option) ||
                !gsaw__cli_takes(option, cli->command))
                continue;
            gsaw_status status = read_variable(cli, &argument, error);
            if (status != GSAW_OK)
                return status;
        }
    return GSAW_OK;
}

/* The nearest option of the command to one that there is not. */
static gsaw_status refuse_unknown(const gsaw__cli *cli, const char *text, gsaw_error *error)
{
    const char *flag = text + strspn(text, "-");
    size_t size = strcspn(flag, "=");
    gsaw__nearest nearest;
    gsaw__nearest_init(&nearest, flag, size);
    for (uint32_t table = 0; table < GSAW_TABLE_COUNT; table++)
        for (const gsaw__option *option = gsaw__cli_table((enum gsaw__table)table);
             option->name != NULL; option++)
            if (option->flag != NULL && gsaw__cli_takes(option, cli->command))
                gsaw__nearest_offer(&nearest, option->flag);
    int shown = (int)(flag - text + (ptrdiff_t)(size < 80 ? size : 80));
    if (nearest.best != NULL)
        return gsaw__fail(error, GSAW_INVALID, "there is no option %.*s; did you mean --%s?", shown,
                          text, nearest.best);
    return gsaw__fail(error, GSAW_INVALID, "there is no option %.*s", shown, text);
}

/* The option exists, but elsewhere: say where. */
static gsaw_status refuse_foreign(const gsaw__cli *cli, const gsaw__argument *argument,
                                  gsaw_error *error)
{
    gsaw__buffer commands = {0};
    for (const gsaw__command *option = gsaw__commands(); option->function != NULL; option++)
        if (gsaw__cli_takes(argument->option, option))
            gsaw__buffer_printf(&commands, "%s%s", commands.count == 0 ? "" : ", ", option->name);
    gsaw_status status =
        gsaw__fail(error, GSAW_INVALID, "%s is not an option of %s (but of: %s)", argument->label,
                   cli->command != NULL ? cli->command->name : "gangsaw without a command",
                   gsaw__buffer_text(&commands));
    gsaw__buffer_clear(&commands);
    return status;
}

static gsaw_status read_word(gsaw__cli *cli, const char *text, bool *command_seen,
                             gsaw_error *error)
{
    if (!*command_seen) {
        *command_seen = true; /* found before, by find_command() */
        return GSAW_OK;
    }
    gsaw_assert(cli->command != NULL); /* there is a word, so it was found or refused */
    if (cli->argument != NULL || cli->command->argument == NULL)
        return gsaw__fail(error, GSAW_INVALID, "%s takes %s%s: \"%.80s\" is too much",
                          cli->command->name,
                          cli->command->argument != NULL ? "only one argument, " : "no argument",
                          cli->command->argument != NULL ? cli->command->argument : "", text);
    cli->argument = text;
    return GSAW_OK;
}

static gsaw_status read_arguments(gsaw__cli *cli, gsaw__arguments arguments, gsaw_error *error)
{
    gsaw__argument argument;
    bool command_seen = false;
    gsaw_status status = GSAW_OK;
    while (status == GSAW_OK) {
        gsaw__arguments_next(&arguments, &argument);
        if (argument.kind == GSAW_ARGUMENT_END)
            break;
        if (argument.kind == GSAW_ARGUMENT_WORD)
            status = read_word(cli, argument.text, &command_seen, error);
        else if (argument.kind == GSAW_ARGUMENT_UNKNOWN)
            status = refuse_unknown(cli, argument.text, error);
        else if (!gsaw__cli_takes(argument.option, cli->command))
            status = refuse_foreign(cli, &argument, error);
        else
            status = set(cli, &argument, GSAW_ORIGIN_FLAG, error);
    }
    return status;
}

/* The first word that is no option, and whether help is asked for: both decide what the rest means.
 */
static const char *find_command(gsaw__arguments arguments, bool *help)
{
    gsaw__argument argument;
    const char *command = NULL;
    do {
        gsaw__arguments_next(&arguments, &argument);
        if (argument.kind == GSAW_ARGUMENT_WORD && command == NULL)
            command = argument.text;
        if (argument.kind == GSAW_ARGUMENT_OPTION && argument.value == NULL &&
            argument.option->offset == offsetof(gsaw__cli_options, help) &&
            argument.table == GSAW_TABLE_CLI)
            *help = true;
    } while (argument.kind != GSAW_ARGUMENT_END);
    return command;
}

/* Where a variable's name stands among the options: the row it is of, else the nearest one that has
 * a variable in *nearest. */
static const gsaw__option *find_variable(const char *flag, size_t size, gsaw__nearest *nearest)
{
    gsaw__nearest_init(nearest, flag, size);
    for (uint32_t table = 0; table < GSAW_TABLE_COUNT; table++) {
        const gsaw__option *option = gsaw__cli_table((enum gsaw__table)table);
        const gsaw__option *found = gsaw__option_find(option, flag, size);
        if (found != NULL)
            return found;
        for (; option->name != NULL; option++)
            if (gsaw__cli_has_variable(option))
                gsaw__nearest_offer(nearest, option->flag);
    }
    return NULL;
}

/* GANGSAW_JOB is most likely meant to do something. It gets a word and not an error, because a
 * variable may be somebody else's. */
static void warn_of_variable(const char *variable)
{
    char flag[GSAW_NEAREST_SIZE_MAX];
    gsaw__nearest nearest;
    size_t size = strcspn(variable, "=");
    size_t flag_size = size - PREFIX_SIZE;
    if (flag_size > sizeof flag)
        return;
    for (size_t i = 0; i < flag_size; i++) {
        char letter = variable[PREFIX_SIZE + i];
        flag[i] = (char)(letter == '_'                    ? '-'
                         : letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a'
                                                          : 0);
    }
    const gsaw__option *option = find_variable(flag, flag_size, &nearest);
    if (option != NULL && !gsaw__cli_has_variable(option))
        gsaw__message("%.*s is ignored: --%s is not read from the environment", (int)size, variable,
                      option->flag);
    else if (option == NULL && nearest.best != NULL)
        gsaw__message("%.*s is ignored; did you mean the variable of --%s?", (int)size, variable,
                      nearest.best);
}

static void warn_of_variables(const gsaw__cli *cli)
{
    for (char **variable = environ; *variable != NULL && !cli->options.quiet; variable++)
        if (strncmp(*variable, "GANGSAW_", PREFIX_SIZE) == 0)
            warn_of_variable(*variable);
}

int gsaw__options_read(gsaw__cli *cli, size_t count, char *const *items)
{
    const gsaw__option *const tables[GSAW_TABLE_COUNT] = {
        [GSAW_TABLE_CLI] = rows, [GSAW_TABLE_CONFIG] = gsaw__config_options()};
    gsaw__arguments arguments = {
        .tables = tables, .table_count = GSAW_TABLE_COUNT, .items = items, .count = count};
    gsaw_error error = {0};
    const char *name = find_command(arguments, &cli->options.help);
    cli->config.size = sizeof cli->config;
    cli->command = name != NULL ? gsaw__command_find(name) : NULL;
    if (name != NULL && (cli->command == NULL || cli->command->function == NULL))
        return gsaw__command_refuse(name);
    if (cli->options.help)
        return GSAW_EXIT_DONE;
    gsaw_status status = read_environment(cli, &error);
    if (status == GSAW_OK)
        status = read_arguments(cli, arguments, &error);
    if (status == GSAW_OK)
        warn_of_variables(cli);
    if (status == GSAW_OK)
        return gsaw__settings_take(cli);
    gsaw__message("%s", error.text);
    return status == GSAW_NO_MEMORY ? GSAW_EXIT_FAILED : GSAW_EXIT_WRONG;
}
