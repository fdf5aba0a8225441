/* help.h - help texts, made from the tables of commands and options.
 * Keeps:   at most 80 columns, less on a narrower terminal; no option or default is named in a
 *          text of its own.
 * Threads: the main thread.
 * Next:    help.c, command.c, options.c */
#ifndef GSAW_CLI_HELP_H
#define GSAW_CLI_HELP_H

#include "cli/cli.h"

/* How help is set: columns and colours. */
typedef struct gsaw__help_page {
    gsaw__buffer *out;
    unsigned width;
    bool color;
} gsaw__help_page;

void gsaw__help_short(gsaw__help_page page); /* for a call without a command */
void gsaw__help_main(gsaw__help_page page);
void gsaw__help_command(gsaw__help_page page, const gsaw__command *command);

/* Print help (of cli->command, or the main one) to cli->out, which it opens and closes. An exit
 * status. */
int gsaw__help_print(gsaw__cli *cli, const gsaw__command *command);

/* Print the short help to stderr and return GSAW_EXIT_WRONG. */
int gsaw__help_refuse(void);

#endif
