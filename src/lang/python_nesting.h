/* python_nesting.h - Python source whose blocks nest too deep for tree-sitter's scanner, made
 * harmless.
 * Keeps:   what is handed out has the length and the line ends of what came in, and whatever it
 *          holds, the scanner's stack of indentations stays below GSAW_PYTHON_WIDTH_MAX entries
 *          (its serialization writes one byte too far when 1,024 bytes are full: from 384 entries
 *          on).
 * Threads: any.
 * Next:    python_nesting.c, treesitter.c */
#ifndef GSAW_LANG_PYTHON_NESTING_H
#define GSAW_LANG_PYTHON_NESTING_H

#include <stddef.h>

#include "base/map.h"
#include "lang/parse_memory.h"

#define GSAW_PYTHON_DEPTH_MAX 100 /* CPython: "too many levels of indentation" */
#define GSAW_PYTHON_WIDTH_MAX 300 /* columns; no stack of rising widths below it is deeper */

/* The source to parse: bytes itself when it is harmless, else a copy in `memory` in which logical
 * lines that are too deep are blank; *too_deep (GSAW_NONE before) is then where the first of them
 * begins. Inside the guard. */
const char *gsaw__python_flatten(gsaw__parse_memory *memory, const char *bytes, size_t count,
                                 uint32_t *too_deep);

#endif
