/* options.h - the command line's own option rows, and reading argv, the environment and the config
 * files into a gsaw__cli.
 * Keeps:   a flag beats the environment, which beats the files, which beat the default; an error
 *          names the option and nothing is done.
 * Threads: the main thread.
 * Next:    options.c, work/config.c (the other table) */
#ifndef GSAW_CLI_OPTIONS_H
#define GSAW_CLI_OPTIONS_H

#include "cli/cli.h"

/* The table `table` and the struct that its fields are in. */
const gsaw__option *gsaw__cli_table(enum gsaw__table table);
void *gsaw__cli_fields(gsaw__cli *cli, enum gsaw__table table);

/* True when the command (NULL: gangsaw without one) takes the option. */
bool gsaw__cli_takes(const gsaw__option *option, const gsaw__command *command);

/* True when the option is read from the environment. */
bool gsaw__cli_has_variable(const gsaw__option *option);

/* Where the value of a row (not a joined one) comes from. */
enum gsaw__origin gsaw__cli_origin(const gsaw__cli *cli, enum gsaw__table table,
                                   const gsaw__option *option);

/* Note that `origin` sets a row, and forget what another has set. */
void gsaw__cli_claim(gsaw__cli *cli, enum gsaw__table table, const gsaw__option *option,
                     enum gsaw__origin origin);

/* Fill in *cli (which must be all zero) from the environment, argv and files. Returns
 * GSAW_EXIT_DONE to go on, or GSAW_EXIT_WRONG when the reason has been said on stderr. */
int gsaw__options_read(gsaw__cli *cli, size_t count, char *const *items);

#endif
