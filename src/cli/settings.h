/* settings.h - the config files: the project's, the user's, or the one of --config.
 * Keeps:   a file sets options of the config table alone (the user's: color and progress, too), and
 *          only where neither a flag nor a variable has; all of it is checked all the same.
 * Threads: the main thread.
 * Next:    settings.c, docs/cli.md */
#ifndef GSAW_CLI_SETTINGS_H
#define GSAW_CLI_SETTINGS_H

#include "cli/cli.h"

/* Take what the config files say into *cli, whose flags and variables have been read. Returns
 * GSAW_EXIT_DONE to go on, or the exit status when the reason has been said on stderr. */
int gsaw__settings_take(gsaw__cli *cli);

#endif
