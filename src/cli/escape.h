/* escape.h - any bytes as text that is safe on a terminal and stays on its line.
 * Keeps:   one to one: the bytes can be had back; printable text, non-ASCII included, is as it was.
 * Threads: as the buffer.
 * Next:    escape.c */
#ifndef GSAW_CLI_ESCAPE_H
#define GSAW_CLI_ESCAPE_H

#include "base/buffer.h"

/* Append bytes[0, count): \n \t \r \\ for these, \xHH for other control bytes and for what is not
 * UTF-8, \u{H...} for invisible characters that reorder or break lines (C1 controls, U+061C,
 * U+200E-200F, U+2028-202E, U+2066-2069: Unicode technical report 36). */
void gsaw__escape(gsaw__buffer *out, const char *bytes, size_t count);

#endif
