/* toml.h - reading TOML: a document in, a tree of values out.
 * Keeps:   all of TOML 1.0 is read and nothing else is; any bytes end in a tree or in an error
 *          with its place; time and memory are linear in the bytes.
 * Threads: any; no state.
 * Next:    toml.c, value.h, docs/decisions/0013-toml.md */
#ifndef GSAW_BASE_TOML_H
#define GSAW_BASE_TOML_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"

#define GSAW_TOML_SIZE_MAX ((size_t)1 << 30)
#define GSAW_TOML_DEPTH_MAX 100u  /* of arrays and inline tables in each other */
#define GSAW_TOML_KEYS_MAX 20000u /* in all tables together: chosen keys may collide in a hash */

/* Read the document; *out is its root, a TABLE that lives in the arena. Numbers beyond 64 bits are
 * refused; floats, dates and times are checked and kept as text. Errors: GSAW_INVALID, the text
 * beginning with "LINE:COLUMN: " (from 1, columns in bytes); GSAW_NO_MEMORY.
 * Source: TOML 1.0.0 (toml.io/en/v1.0.0). */
gsaw_status gsaw__toml_read(const char *bytes, size_t size, gsaw__arena *arena,
                            const gsaw__value **out, gsaw_error *error);

#endif
