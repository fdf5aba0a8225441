/* command.c - the table of commands.
 * Keeps:   GENERAL is in every row; the commands of the outside contract that are to come have no
 *          function.
 * Threads: constant data.
 * Next:    command.h, the functions in index.c, queries.c, export.c, stats.c, config.c, help.c */
#include "cli/command.h"

#include <string.h>

#include "base/nearest.h"
#include "cli/message.h"
#include "work/config.h"

#define INDEXING                                                                                   \
    (GSAW_CONFIG_GROUP | GSAW_GROUP_FILES | GSAW_GROUP_GENERAL | GSAW_GROUP_RUN | GSAW_GROUP_OUTPUT)
#define QUERY (INDEXING | GSAW_GROUP_JSON | GSAW_GROUP_NAME | GSAW_GROUP_LANGUAGE)

static const gsaw__command rows[] = {
    {.name = "index",
     .function = gsaw__command_index,
     .argument = "[DIR]",
     .groups = INDEXING | GSAW_GROUP_JSON | GSAW_GROUP_STRICT | GSAW_GROUP_VERBOSE,
     .help = "index a tree and print a summary",
     .text = "Reads all Python, TypeScript and JavaScript files below DIR (default: the current "
             "folder) "
             "on all processors and prints what was found. Files that cannot be read or parsed are "
             "listed with the reason; they do not make the run fail unless --strict is given."},
    {.name = "files",
     .function = gsaw__command_files,
     .argument = "[DIR]",
     .groups = QUERY | GSAW_GROUP_STATUS | GSAW_GROUP_VERBOSE,
     .help = "list the files, with language, lines and status",
     .text =
         "A line a file, skipped and failed ones too: \"path: language lines status [reason]\". "
         "--name is matched against the path."},
    {.name = "symbols",
     .function = gsaw__command_symbols,
     .argument = "[DIR]",
     .groups = QUERY | GSAW_GROUP_KIND | GSAW_GROUP_VERBOSE,
     .help = "list the symbols that are defined",
     .text =
         "A line a symbol: \"path:line:column: kind qualified-name\"; with --verbose the signature "
         "behind it. --name is matched against the name and against the qualified name."},
    {.name = "imports",
     .function = gsaw__command_imports,
     .argument = "[DIR]",
     .groups = QUERY,
     .help = "list the imports",
     .text = "A line a name that is bound: \"path:line:column: kind specifier [name] [as alias]\". "
             "--name is matched against the specifier, the name and the alias. Imports are not "
             "resolved in this version: the records of --json say \"unresolved\"."},
    {.name = "export",
     .function = gsaw__command_export,
     .argument = "[DIR]",
     .groups = INDEXING | GSAW_GROUP_FORMAT,
     .help = "write the whole graph",
     .text =
         "Writes the graph of DIR, in the order of docs/formats.md. The bytes are the same for any "
         "number of jobs, on any machine."},
    {.name = "stats",
     .function = gsaw__command_stats,
     .argument = "[DIR]",
     .groups = INDEXING | GSAW_GROUP_JSON | GSAW_GROUP_DOCTOR,
     .help = "show phases, workers, memory and throughput",
     .text = "Indexes DIR and prints how the time was spent: phases, each worker's tasks, memory, "
             "throughput. With --doctor also what limits the run (one file, directories, memory, "
             "what one thread does alone ...), and predictions for other numbers of workers, from "
             "a simulation of what each file took."},
    {.name = "tune",
     .function = gsaw__command_tune,
     .argument = "[DIR]",
     .groups = GSAW_CONFIG_GROUP | GSAW_GROUP_FILES | GSAW_GROUP_GENERAL | GSAW_GROUP_PROGRESS |
               GSAW_GROUP_OUTPUT | GSAW_GROUP_JSON | GSAW_GROUP_TUNE,
     .help = "find the workers and batches that suit a tree",
     .text =
         "Indexes a sample of DIR again and again with 1, 2, 4 ... workers and several sizes of "
         "batches, prints what it measured and the scaling curve, and sets num_workers, batch_size "
         "and max_tasks_in_flight in DIR/gangsaw.toml (or the [tool.gangsaw] in use, or the file "
         "of --config); all else in that file stays. The fastest is chosen; what is not clearly "
         "slower counts as as fast, and then fewer workers and less memory win. -j limits the "
         "workers that are tried. Exit status 1 when there is no file to measure."},
    {.name = "run",
     .function = gsaw__command_run,
     .argument = "GRAPH.json",
     .groups = GSAW_CONFIG_RESOURCES | GSAW_GROUP_FILES | GSAW_GROUP_GENERAL | GSAW_GROUP_OUTPUT |
               GSAW_GROUP_JSON | GSAW_GROUP_TRACE | GSAW_GROUP_TASKS,
     .help = "run a graph of commands in parallel",
     .text =
         "Runs the tasks of GRAPH.json (- is stdin), each a process, as soon as those it depends "
         "on are done, on -j workers. What they print comes by whole lines. Exit status 1 when "
         "a task failed, was skipped or was cancelled; a graph that is wrong (2) starts "
         "nothing. docs/cli.md describes the file."},
    {.name = "config",
     .function = gsaw__command_config,
     .argument = "[DIR]",
     .groups = UINT32_MAX,
     .help = "print every option's value and where it comes from",
     .text =
         "A line an option, as it is in effect for DIR with the files, variables and flags given: "
         "lines for a gangsaw.toml, the others behind #. With --show-origin the place that won: "
         "default, user file, project file, config file, environment or flag. --json prints the "
         "options that files may set as one object."},
    {.name = "help",
     .function = gsaw__command_help,
     .argument = "[COMMAND]",
     .groups = GSAW_GROUP_GENERAL,
     .help = "explain a command",
     .text = "Prints what COMMAND does and its options; without COMMAND, the list of commands."},
    {.name = "exports"},
    {.name = "refs"},
    {.name = "callers"},
    {.name = "callees"},
    {.name = "deps"},
    {.name = "rdeps"},
    {.name = "usages"},
    {.name = "why"},
    {.name = "cycles"},
    {.name = "unused"},
    {.name = "graph"},
    {.name = "verify"},
    {.name = "completion"},
    {.name = NULL},
};

const gsaw__command *gsaw__commands(void) { return rows; }

const gsaw__command *gsaw__command_find(const char *name)
{
    for (const gsaw__command *command = rows; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

int gsaw__command_refuse(const char *name)
{
    gsaw__nearest nearest;
    if (gsaw__command_find(name) != NULL) {
        gsaw__message("%s is not in this version yet; \"gangsaw --help\" lists what is", name);
        return GSAW_EXIT_WRONG;
    }
    gsaw__nearest_init(&nearest, name, strlen(name));
    for (const gsaw__command *command = rows; command->name != NULL; command++)
        gsaw__nearest_offer(&nearest, command->name);
    if (nearest.best != NULL)
        gsaw__message("there is no command \"%s\"; did you mean %s?", name, nearest.best);
    else
        gsaw__message("there is no command \"%s\"; \"gangsaw --help\" lists them", name);
    return GSAW_EXIT_WRONG;
}
