/* pattern.h - one gitignore wildcard, compiled to a byte program, and its matcher.
 * Keeps:   the meaning is git's wildmatch with WM_PATHNAME (gitignore(5), git's wildmatch.c), the
 *          odd corners included; matching never recurses and never goes exponential.
 * Threads: any; a program is read-only.
 * Next:    pattern.c, ignore.h */
#ifndef GSAW_CODE_PATTERN_H
#define GSAW_CODE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* A program is bytes: those from GSAW_PATTERN_LITERAL on stand for themselves, the others are
 * these. It may hold zero bytes (inside a set), so it ends with GSAW_PATTERN_END and not with its C
 * string. */
enum gsaw__pattern_op {
    GSAW_PATTERN_END,
    GSAW_PATTERN_ONE,   /* ?: a byte that is no slash */
    GSAW_PATTERN_STAR,  /* *: bytes that are no slash */
    GSAW_PATTERN_DIRS,  /* two stars and a slash: nothing, or anything up to and with a slash */
    GSAW_PATTERN_DEEP,  /* two stars at the end: anything */
    GSAW_PATTERN_SET,   /* [...]: 32 bytes follow, a bit for each byte value */
    GSAW_PATTERN_QUOTE, /* the next byte stands for itself */
    GSAW_PATTERN_LITERAL
};

enum gsaw__pattern_shape {
    GSAW_PATTERN_NEVER,   /* malformed: matches nothing, nothing was written */
    GSAW_PATTERN_IS_TEXT, /* no wildcard: the program without its end is the text */
    GSAW_PATTERN_IS_TAIL, /* one star and then text */
    GSAW_PATTERN_IS_WILD
};

/* Append the program of bytes[0, count) (no zero byte in it) to out. in_path: slashes separate and
 * two stars cross them; else the text is a name without a slash. Memory trouble shows in
 * out->failed. */
enum gsaw__pattern_shape gsaw__pattern_compile(const char *bytes, size_t count, bool in_path,
                                               gsaw__buffer *out);

/* Does the program match the whole text? Time: at most text size x segments of the text x 255. */
bool gsaw__pattern_match(const char *program, const char *text, size_t size);

#endif
