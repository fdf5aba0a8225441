/* lines.h - where lines begin: LF, CRLF and a lone CR end one.
 * Threads: any; pure functions.
 * Next:    lines.c, facts.h, tree.h */
#ifndef GSAW_LANG_LINES_H
#define GSAW_LANG_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether bytes hold a CR at all: what gsaw__lines_next wants to know, once for a source. */
bool gsaw__lines_have_cr(const char *bytes, size_t count);

/* Where the next line begins: behind the first line end from `at` on; NULL when there is none. */
const char *gsaw__lines_next(const char *at, const char *end, bool has_cr);

/* The line and column (from 1, in bytes) of an offset, by the offsets at which `count` lines begin
 * (the first is 0); 1 and 1 when there are none. O(log count). */
void gsaw__lines_position(const uint32_t *starts, size_t count, uint32_t offset, uint32_t *line,
                          uint32_t *column);

#endif
