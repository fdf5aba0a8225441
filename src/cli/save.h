/* save.h - setting keys in a config file.
 * Keeps:   all else in it stays, its mode too; the file is old or new, never half; a link in a tree
 *          does not lead out of it.
 * Threads: the main thread.
 * Next:    save.c, tune.c, output.h, base/toml_set.h */
#ifndef GSAW_CLI_SAVE_H
#define GSAW_CLI_SAVE_H

#include "cli/cli.h"

/* Append the name of the file that the settings of the tree are to be saved in: that of --config,
 * else the pyproject.toml whose settings are in use, else the tree's gangsaw.toml. */
void gsaw__save_target(const gsaw__cli *cli, gsaw__buffer *out);

/* Set the keys of `lines` ("key = value\n" each) there. The file is made if there is none, and not
 * written if nothing changes. Errors name it: GSAW_INVALID (not a regular file, over a MiB, a link
 * out of the tree, no [tool.gangsaw]), GSAW_SYSTEM, GSAW_NO_MEMORY, GSAW_CANCELLED (a signal). */
gsaw_status gsaw__save_keys(const gsaw__cli *cli, const gsaw__buffer *lines, gsaw_error *error);

#endif
