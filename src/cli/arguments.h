/* arguments.h - the words of a command line, one at a time: options with their values, and the
 * rest.
 * Keeps:   --opt=value, --opt value, -j4, -j 4, grouped letters (-qv), -- ends the options; as
 *          getopt_long(3), but abbreviations are not taken, so that a new option never changes
 *          what a script means.
 * Threads: one at a time.
 * Next:    arguments.c, options.c */
#ifndef GSAW_CLI_ARGUMENTS_H
#define GSAW_CLI_ARGUMENTS_H

#include "base/option.h"

enum gsaw__argument_kind {
    GSAW_ARGUMENT_END,
    GSAW_ARGUMENT_WORD,   /* text: no option */
    GSAW_ARGUMENT_OPTION, /* row, table, label, value */
    GSAW_ARGUMENT_UNKNOWN /* text: looks like an option, is none */
};

typedef struct gsaw__argument {
    enum gsaw__argument_kind kind;
    const gsaw__option *option;
    uint32_t table;    /* which of the tables the row is of */
    const char *text;  /* the word as given */
    const char *value; /* NULL: none was given */
    char label[48];    /* the option as typed, for errors: "--jobs", "-j" */
} gsaw__argument;

/* All fields but tables, table_count, items and count begin as zero. */
typedef struct gsaw__arguments {
    const gsaw__option *const *tables;
    uint32_t table_count;
    char *const *items;
    size_t count, next;
    const char *letters; /* the rest of a group of letters, or NULL */
    bool ended;          /* -- was seen */
} gsaw__arguments;

/* The next one. An option that takes a value and stands last has value NULL. */
void gsaw__arguments_next(gsaw__arguments *self, gsaw__argument *out);

#endif
