/* setting.c - the values of option rows in the syntax that JSON and TOML share.
 * Keeps:   see the header.
 * Threads: as the struct of fields.
 * Next:    setting.h */
#include "base/setting.h"

#include <gangsaw/config.h>

#include <string.h>

/* The escapes are those of both languages; DEL may stand plain in JSON alone. */
static void append_text(gsaw__buffer *out, const char *text)
{
    gsaw__buffer_append_byte(out, '"');
    for (; *text != 0; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7f) {
            gsaw__buffer_printf(out, "\\u%04x", byte);
        } else {
            if (byte == '"' || byte == '\\')
                gsaw__buffer_append_byte(out, '\\');
            gsaw__buffer_append_byte(out, *text);
        }
    }
    gsaw__buffer_append_byte(out, '"');
}

static void append_item(gsaw__buffer *out, const char *text)
{
    if (out->count > 0 && out->bytes[out->count - 1] != '[')
        gsaw__buffer_append_text(out, ", ");
    append_text(out, text);
}

static void format_items(const gsaw__option *self, const void *field, gsaw__buffer *out)
{
    gsaw_strings list = {.count = 0};
    uint32_t set = 0;
    gsaw__buffer_append_byte(out, '[');
    if (self->kind == GSAW_OPTION_SET)
        memcpy(&set, field, sizeof set);
    else
        memcpy(&list, field, sizeof list);
    for (size_t i = 0; i < list.count; i++)
        append_item(out, list.items[i]);
    for (size_t i = 0; i < 32; i++)
        if ((set >> i & 1) != 0)
            append_item(out, self->word(i));
    gsaw__buffer_append_byte(out, ']');
}

/* Counts and percentages are numbers, what has a unit is text. */
static bool format_numeric(const gsaw__option *self, const void *fields, gsaw__buffer *out)
{
    uint64_t number = gsaw__option_number(self, fields);
    if (number == 0)
        number = self->fallback;
    if (number < self->min)
        return false;
    if (self->kind == GSAW_OPTION_NUMBER || self->kind == GSAW_OPTION_PERCENT) {
        gsaw__buffer_append_number(out, number);
        return true;
    }
    gsaw__buffer_append_byte(out, '"');
    gsaw__option_format_number(self, number, out);
    gsaw__buffer_append_byte(out, '"');
    return true;
}

bool gsaw__setting_format(const gsaw__option *self, const void *fields, gsaw__buffer *out)
{
    const void *field = (const char *)fields + self->offset;
    const char *text;
    bool truth;
    switch ((enum gsaw__option_kind)self->kind) {
    case GSAW_OPTION_FLAG:
        memcpy(&truth, field, sizeof truth);
        gsaw__buffer_append_text(out, truth != self->inverted ? "true" : "false");
        return true;
    case GSAW_OPTION_WORD:
        append_text(out, self->word((size_t)gsaw__option_number(self, fields)));
        return true;
    case GSAW_OPTION_TEXT:
        memcpy(&text, field, sizeof text);
        if (text != NULL)
            append_text(out, text);
        return text != NULL;
    case GSAW_OPTION_SET:
    case GSAW_OPTION_LIST:
        format_items(self, field, out);
        return true;
    default:
        return format_numeric(self, fields, out);
    }
}
