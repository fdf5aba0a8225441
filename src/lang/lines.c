/* lines.c - finding line ends, and the line of an offset.
 * Threads: any.
 * Next:    lines.h */
#include "lang/lines.h"

#include <string.h>

bool gsaw__lines_have_cr(const char *bytes, size_t count)
{
    return count > 0 && memchr(bytes, '\r', count) != NULL;
}

/* The usual source has no CR at all: then memchr does it. */
const char *gsaw__lines_next(const char *at, const char *end, bool has_cr)
{
    if (at == end)
        return NULL;
    if (!has_cr) {
        const char *found = memchr(at, '\n', (size_t)(end - at));
        return found == NULL ? NULL : found + 1;
    }
    while (at < end && *at != '\r' && *at != '\n')
        at++;
    if (at == end)
        return NULL;
    return *at == '\r' && at + 1 < end && at[1] == '\n' ? at + 2 : at + 1;
}

void gsaw__lines_position(const uint32_t *starts, size_t count, uint32_t offset, uint32_t *line,
                          uint32_t *column)
{
    size_t low = 0, high = count; /* starts[low] <= offset < starts[high] */
    *line = *column = 1;
    if (count == 0)
        return;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    *line = (uint32_t)low + 1;
    *column = offset - starts[low] + 1;
}
