/* nearest.h - "did you mean ...?": the offered word that is closest to what was typed.
 * Keeps:   the first offered wins among equals; nothing far off is ever suggested.
 * Threads: one at a time.
 * Next:    nearest.c, option.h */
#ifndef GSAW_BASE_NEAREST_H
#define GSAW_BASE_NEAREST_H

#include <stddef.h>

#define GSAW_NEAREST_SIZE_MAX 32 /* longer words are neither searched nor offered */

typedef struct gsaw__nearest {
    const char *wanted; /* borrowed; need not end in a zero byte */
    size_t wanted_size;
    const char *best; /* the closest offered so far, or NULL; borrowed */
    size_t best_distance;
} gsaw__nearest;

/* Begin a search for the word nearest to wanted[0, size). */
void gsaw__nearest_init(gsaw__nearest *self, const char *wanted, size_t size);

/* Consider `candidate`, which must live as long as self->best is used. */
void gsaw__nearest_offer(gsaw__nearest *self, const char *candidate);

/* The number of insertions, deletions, substitutions and swaps of neighbours that turn a into b, no
 * byte being touched twice ("optimal string alignment" distance); SIZE_MAX when a word is too long.
 * Source: Damerau, "A technique for computer detection and correction of spelling errors", CACM 7
 *         (1964). */
size_t gsaw__edit_distance(const char *a, size_t a_size, const char *b, size_t b_size);

#endif
