/* cli.h - one run of the command line: what was asked, how, and where the answer goes.
 * Keeps:   exit statuses are these and 128 + a signal; every option is a row (options.c,
 *          work/config.c).
 * Threads: the main thread.
 * Next:    main.c, command.c (the table of commands), options.c, session.c */
#ifndef GSAW_CLI_CLI_H
#define GSAW_CLI_CLI_H

#include <gangsaw/code.h>

#include "base/arena.h"
#include "base/option.h"
#include "cli/output.h"

enum gsaw__exit {
    GSAW_EXIT_DONE = 0,
    GSAW_EXIT_NOTHING = 1, /* a query or a gate found nothing; --strict: there were problems */
    GSAW_EXIT_WRONG =
        2, /* the command, an option, the config or the input is wrong; nothing was done */
    GSAW_EXIT_FAILED = 3,  /* an internal or system failure */
    GSAW_EXIT_SIGNAL = 128 /* plus the number of the signal */
};

/* Which commands take an option: bits of gsaw__option.groups; bit 0 is GSAW_CONFIG_GROUP. */
enum gsaw__group {
    GSAW_GROUP_GENERAL = 1 << 1, /* every command */
    GSAW_GROUP_RUN = 1 << 2,     /* progress and trace of an index run */
    GSAW_GROUP_OUTPUT = 1 << 3,  /* -o */
    GSAW_GROUP_JSON = 1 << 4,
    GSAW_GROUP_FORMAT = 1 << 5,
    GSAW_GROUP_STRICT = 1 << 6,
    GSAW_GROUP_VERBOSE = 1 << 7,
    GSAW_GROUP_KIND = 1 << 8,
    GSAW_GROUP_NAME = 1 << 9,
    GSAW_GROUP_LANGUAGE = 1 << 10,
    GSAW_GROUP_STATUS = 1 << 11,
    GSAW_GROUP_ORIGIN = 1 << 12,
    GSAW_GROUP_MAIN = 1 << 13, /* gangsaw itself, before any command */
    GSAW_GROUP_ONCE = 1 << 14, /* said of one run: not read from the environment */
    GSAW_GROUP_TRACE = 1 << 15,
    GSAW_GROUP_TASKS = 1 << 16,    /* `run` alone */
    GSAW_GROUP_FILES = 1 << 17,    /* which config files are read */
    GSAW_GROUP_PERSONAL = 1 << 18, /* may stand in the user's own config file */
    GSAW_GROUP_DOCTOR = 1 << 19,   /* `stats` alone */
    GSAW_GROUP_TUNE = 1 << 20,     /* `tune` alone */
    GSAW_GROUP_PROGRESS = 1 << 21
};

typedef struct gsaw__cli_options {
    bool help, version, json, quiet, verbose, strict, show_origin, keep_going, no_config, doctor;
    bool quick, dry_run;
    uint32_t progress, color;            /* enum gsaw__when */
    uint32_t format;                     /* index of the word */
    uint32_t kinds, languages, statuses; /* sets; 0: all */
    gsaw_strings names;                  /* patterns; none: all */
    uint32_t rounds;                     /* of a benchmark */
    uint64_t time_budget;                /* for it, in ns */
    const char *output, *trace, *config, *svg;
} gsaw__cli_options;

/* Where a value comes from, the weakest first. */
enum gsaw__origin {
    GSAW_ORIGIN_DEFAULT,
    GSAW_ORIGIN_USER,    /* the user's file */
    GSAW_ORIGIN_PROJECT, /* the file in the root of the tree */
    GSAW_ORIGIN_FILE,    /* the file of --config */
    GSAW_ORIGIN_ENVIRONMENT,
    GSAW_ORIGIN_FLAG,
    GSAW_ORIGIN_COUNT
};

/* The tables that options come from, and how many rows each may have. */
enum gsaw__table { GSAW_TABLE_CLI, GSAW_TABLE_CONFIG, GSAW_TABLE_COUNT };
#define GSAW_TABLE_ROWS_MAX 40

typedef struct gsaw__cli gsaw__cli;

/* A command returns an exit status. */
typedef int gsaw__command_function(gsaw__cli *cli);

typedef struct gsaw__command {
    const char *name;
    gsaw__command_function *function; /* NULL: known by name, not in this version yet */
    const char *argument;             /* "[DIR]"; NULL: none */
    uint32_t groups;                  /* the options it takes */
    const char *help;                 /* one line, no full stop */
    const char *text;                 /* a paragraph for its own help */
} gsaw__command;

struct gsaw__cli {
    const gsaw__command *command; /* NULL: none was named */
    const char *argument;         /* of the command, or NULL */
    gsaw_config config;
    gsaw__cli_options options;
    uint8_t origins[GSAW_TABLE_COUNT][GSAW_TABLE_ROWS_MAX]; /* enum gsaw__origin of each row; one
                                                               for joined forms together */
    uint32_t lines[GSAW_TABLE_COUNT][GSAW_TABLE_ROWS_MAX];  /* in the file of a row's origin */
    const char *files[GSAW_ORIGIN_COUNT];                   /* the names of these files */
    gsaw__arena arena;                                      /* lists of options, names of files */
    bool color;                                             /* of `out` */
    gsaw__output out;
    gsaw__output trace; /* of --trace */
};

/* The commands. Each returns its exit status and is documented in the table (command.c). */
int gsaw__command_index(gsaw__cli *cli);
int gsaw__command_files(gsaw__cli *cli);
int gsaw__command_symbols(gsaw__cli *cli);
int gsaw__command_imports(gsaw__cli *cli);
int gsaw__command_export(gsaw__cli *cli);
int gsaw__command_stats(gsaw__cli *cli);
int gsaw__command_tune(gsaw__cli *cli);
int gsaw__command_run(gsaw__cli *cli);
int gsaw__command_config(gsaw__cli *cli);
int gsaw__command_help(gsaw__cli *cli);

#endif
