/* cycle.c - appending names while they fit, and the first one always.
 * Keeps:   length is that of text; what closes the cycle fits behind it.
 * Threads: one at a time.
 * Next:    cycle.h */
#include "task/cycle.h"

#include <string.h>

#include "base/status.h"

static void append(gsaw__cycle *self, const char *text)
{
    size_t size = strlen(text);
    memcpy(self->text + self->length, text, size + 1);
    self->length += size;
}

const char *gsaw__name_shown(const char *name, char room[GSAW_NAME_SHOWN + 4])
{
    size_t size = strnlen(name, GSAW_NAME_SHOWN + 1);
    bool is_long = size > GSAW_NAME_SHOWN;
    size = is_long ? GSAW_NAME_SHOWN : size;
    while (is_long && size > 0 && ((unsigned char)name[size] & 0xC0) == 0x80)
        size--; /* within a character of UTF-8 */
    memcpy(room, name, size);
    memcpy(room + size, is_long ? "..." : "", is_long ? 4 : 1);
    return room;
}

void gsaw__cycle_add(gsaw__cycle *self, const char *name)
{
    char shown[sizeof self->first];
    if (self->length == 0) {
        append(self, gsaw__name_shown(name, self->first));
        return;
    }
    size_t closing = strlen(" -> ... -> ") + strlen(self->first) + 1;
    size_t wanted = strlen(" -> ") + strlen(gsaw__name_shown(name, shown));
    if (!self->is_cut && self->length + wanted + closing <= sizeof self->text) {
        append(self, " -> ");
        append(self, shown);
    } else if (!self->is_cut) {
        self->is_cut = true;
        append(self, " -> ...");
    }
}

gsaw_status gsaw__cycle_tell(gsaw__cycle *self, gsaw_error *error)
{
    append(self, " -> ");
    append(self, self->first);
    return gsaw__fail(error, GSAW_INVALID, "cycle: %s", self->text);
}
