/* filter.h - which results a query wants: --kind, --name, --language, --status.
 * Keeps:   what is not asked for lets everything through.
 * Threads: read-only.
 * Next:    filter.c, queries.c */
#ifndef GSAW_CLI_FILTER_H
#define GSAW_CLI_FILTER_H

#include "cli/cli.h"

/* Is it among those of --kind, of --status, of --language? language NULL (a folder that could not
 * be read) is among none. */
bool gsaw__filter_kind(const gsaw__cli_options *options, gsaw_symbol_kind kind);
bool gsaw__filter_status(const gsaw__cli_options *options, gsaw_file_status status);
bool gsaw__filter_language(const gsaw__cli_options *options, const char *language);

/* True when one of the patterns of --name matches the whole name, or there are none. */
bool gsaw__filter_name(const gsaw__cli_options *options, const char *name, size_t size);

/* Does the pattern match all of text? * stands for any bytes (slashes too), ? for one character,
 * everything else for itself. At most size of pattern x size of text steps. */
bool gsaw__glob_match(const char *pattern, const char *text, size_t size);

#endif
