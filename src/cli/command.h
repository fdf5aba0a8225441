/* command.h - the one table of commands.
 * Keeps:   what gangsaw answers to, what help lists and what an unknown name is compared with are
 *          the same rows.
 * Threads: constant data.
 * Next:    command.c */
#ifndef GSAW_CLI_COMMAND_H
#define GSAW_CLI_COMMAND_H

#include "cli/cli.h"

/* The rows, ended by an all-zero one; those without a function come last. */
const gsaw__command *gsaw__commands(void);

/* The row of that name; NULL when there is none. */
const gsaw__command *gsaw__command_find(const char *name);

/* Say on stderr that there is no such command (and the nearest name), or that it is not in this
 * version yet. Returns GSAW_EXIT_WRONG. */
int gsaw__command_refuse(const char *name);

#endif
