/* toml_set.h - setting keys in a TOML file without touching anything else in it.
 * Keeps:   comments, order, other keys, tables and line ends stay as they are.
 * Threads: as the buffers.
 * Next:    toml_set.c. Source: TOML 1.0 (toml.io) */
#ifndef GSAW_BASE_TOML_SET_H
#define GSAW_BASE_TOML_SET_H

#include "base/buffer.h"

/* Append `text` to out with the keys of `lines` ("key = value\n" each, bare keys, values of one
 * line) set in one table: in place where they are, else behind its last key. table: "a.b" for the
 * one whose header is [a.b]; NULL: the root. False, and nothing appended: there is no such header.
 * Text that is no TOML is kept all the same. Memory running out shows in out->failed. */
bool gsaw__toml_set(const gsaw__buffer *text, const char *table, const gsaw__buffer *lines,
                    gsaw__buffer *out);

#endif
