/* nearest.c - edit distance on short words, in three rows on the stack.
 * Keeps:   no allocation; a candidate further off than a third of the word is never taken.
 * Threads: any.
 * Next:    nearest.h */
#include "base/nearest.h"

#include <stdint.h>
#include <string.h>

void gsaw__nearest_init(gsaw__nearest *self, const char *wanted, size_t size)
{
    *self = (gsaw__nearest){.wanted = wanted, .wanted_size = size, .best_distance = SIZE_MAX};
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

size_t gsaw__edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][GSAW_NEAREST_SIZE_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *line = rows[2];
    if (a_size > GSAW_NEAREST_SIZE_MAX || b_size > GSAW_NEAREST_SIZE_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_size; j++)
        above[j] = before[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        line[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t cost = a[i - 1] != b[j - 1];
            line[j] = least(above[j - 1] + cost, least(above[j], line[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                line[j] = least(line[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = above;
        above = line;
        line = oldest;
    }
    return above[b_size];
}

/* A beginning of the candidate ("sym" for "symbols") is what people type most: it counts as one
 * slip. */
static size_t distance_to(const gsaw__nearest *self, const char *candidate, size_t size)
{
    if (self->wanted_size >= 2 && self->wanted_size < size &&
        memcmp(self->wanted, candidate, self->wanted_size) == 0)
        return 1;
    return gsaw__edit_distance(self->wanted, self->wanted_size, candidate, size);
}

void gsaw__nearest_offer(gsaw__nearest *self, const char *candidate)
{
    size_t size = strlen(candidate);
    size_t distance = distance_to(self, candidate, size);
    size_t allowed = (least(self->wanted_size, size) + 1) / 3;
    if (distance <= (allowed > 0 ? allowed : 1) && distance < size &&
        distance < self->best_distance) {
        self->best = candidate;
        self->best_distance = distance;
    }
}
