/* setting.c - keys and values of files and JSON to the fields of option rows, and back.
 * Keeps:   which types of values a kind of option takes is one table.
 * Threads: as the struct of fields.
 * Next:    setting.h */
#include "base/setting.h"

#include <gangsaw/config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

/* ---- in ---- */

#define TAKES(kind) (1u << GSAW_VALUE_##kind)

static const unsigned taken_by[GSAW_OPTION_KIND_COUNT] = {
    [GSAW_OPTION_FLAG] = TAKES(TRUTH),
    [GSAW_OPTION_NUMBER] = TAKES(INTEGER),
    [GSAW_OPTION_SIZE] = TAKES(INTEGER) | TAKES(TEXT),
    [GSAW_OPTION_DURATION] = TAKES(TEXT), /* a number would not say of what */
    [GSAW_OPTION_PERCENT] = TAKES(INTEGER) | TAKES(TEXT),
    [GSAW_OPTION_WORD] = TAKES(TEXT),
    [GSAW_OPTION_SET] = TAKES(LIST),
    [GSAW_OPTION_TEXT] = TAKES(TEXT),
    [GSAW_OPTION_LIST] = TAKES(LIST),
};

#define KEY_SHOWN 60 /* bytes of a key that an error shows */
#define LABEL_SIZE (KEY_SHOWN + 16)

/* What a key stands for. */
typedef struct meaning {
    const gsaw__setting_target *target;
    const gsaw__option *option;
    bool is_flag;           /* the key is the flag: joined forms too, and not inverted */
    char label[LABEL_SIZE]; /* "LINE: KEY" for errors */
} meaning;

static bool is_same_name(const char *name, const gsaw__value *value)
{
    size_t size = strlen(name);
    if (size != value->key_size)
        return false;
    for (size_t i = 0; i < size; i++)
        if ((name[i] == '-' ? '_' : name[i]) != (value->key[i] == '-' ? '_' : value->key[i]))
            return false;
    return true;
}

static void find_key(const gsaw__setting_target *target, const gsaw__value *value, meaning *out)
{
    for (int by_flag = 0; by_flag < 2; by_flag++)
        for (const gsaw__option *option = target->rows; option->name != NULL; option++) {
            const char *name = by_flag == 0 ? option->name : option->joined ? NULL : option->flag;
            if (name != NULL && is_same_name(name, value)) {
                out->target = target;
                out->option = option;
                out->is_flag = by_flag != 0;
                return;
            }
        }
}

static gsaw_status refuse_key(const gsaw__setting_target *targets, size_t count,
                              const gsaw__value *value, const char *label, gsaw_error *error)
{
    char key[GSAW_NEAREST_SIZE_MAX + 1] = "";
    gsaw__nearest nearest;
    for (size_t i = 0; i < value->key_size && i < sizeof key; i++)
        key[i] = (char)(value->key[i] == '-' ? '_' : value->key[i]);
    gsaw__nearest_init(&nearest, key, value->key_size);
    for (size_t i = 0; i < count; i++)
        for (const gsaw__option *option = targets[i].rows; option->name != NULL; option++)
            if ((option->groups & targets[i].groups) != 0)
                gsaw__nearest_offer(&nearest, option->name);
    return gsaw__fail(error, GSAW_INVALID, "%s: there is no such key%s%s%s", label,
                      nearest.best == NULL ? "" : "; did you mean ",
                      nearest.best == NULL ? "" : nearest.best, nearest.best == NULL ? "" : "?");
}

/* A value as an error shows it; numbers are written into `room`. */
static const char *shown(const gsaw__value *value, char *room, size_t size)
{
    switch ((enum gsaw__value_kind)value->kind) {
    case GSAW_VALUE_NULL:
        return "null";
    case GSAW_VALUE_TRUTH:
        return value->truth ? "true" : "false";
    case GSAW_VALUE_INTEGER:
        snprintf(room, size, "%" PRId64, value->integer);
        return room;
    case GSAW_VALUE_LIST:
        return "[...]";
    case GSAW_VALUE_TABLE:
        return "{...}";
    default:
        return value->text;
    }
}

static bool has_zero_byte(const gsaw__value *value)
{
    return value->kind == GSAW_VALUE_TEXT && strlen(value->text) != value->size;
}

/* Set the option, or only its own form where the key names one of joined forms. */
static gsaw_status set(const meaning *self, gsaw__arena *arena, const char *text, gsaw_error *error)
{
    gsaw__option alone[2] = {*self->option, {.name = NULL}};
    gsaw__option_target target = {.fields = self->target->fields, .arena = arena};
    alone[0].joined = false;
    return gsaw__option_set(self->is_flag ? self->option : alone, target, self->label, text, error);
}

/* The form that a refusal speaks of is the row's alone, too. */
static gsaw_status refuse(const meaning *self, gsaw_status status, const gsaw__value *value,
                          gsaw_error *error)
{
    char room[24];
    gsaw__option alone[2] = {*self->option, {.name = NULL}};
    alone[0].joined = false;
    return gsaw__option_refuse(self->is_flag ? self->option : alone, status, self->label,
                               shown(value, room, sizeof room), error);
}

static gsaw_status set_text(const meaning *self, gsaw__arena *arena, const gsaw__value *value,
                            gsaw_error *error)
{
    if (has_zero_byte(value))
        return gsaw__fail(error, GSAW_INVALID, "%s: has a zero byte", self->label);
    const char *text = gsaw__arena_dup(arena, value->text, value->size);
    return text == NULL ? gsaw__fail_memory(error) : set(self, arena, text, error);
}

static gsaw_status set_items(const meaning *self, gsaw__arena *arena, const gsaw__value *value,
                             gsaw_error *error)
{
    gsaw_status status = GSAW_OK;
    for (const gsaw__value *item = value->first; item != NULL && status == GSAW_OK;
         item = item->next)
        status = item->kind == GSAW_VALUE_TEXT ? set_text(self, arena, item, error)
                                               : refuse(self, GSAW_INVALID, item, error);
    return status;
}

static gsaw_status set_integer(const meaning *self, const gsaw__value *value, gsaw_error *error)
{
    char text[24];
    bool is_percent = self->option->kind == GSAW_OPTION_PERCENT && !self->is_flag;
    snprintf(text, sizeof text, "%" PRId64 "%s", value->integer, is_percent ? "%" : "");
    return value->integer < 0 ? refuse(self, GSAW_RANGE, value, error)
                              : set(self, NULL, text, error);
}

static bool is_taken(const meaning *self, const gsaw__value *value)
{
    unsigned kinds = 0;
    const gsaw__option *at = self->option;
    do
        kinds |= taken_by[at->kind];
    while (self->is_flag && (++at)->joined);
    return (kinds >> value->kind & 1) != 0;
}

static gsaw_status store(const meaning *self, gsaw__arena *arena, const gsaw__value *value,
                         gsaw_error *error)
{
    if (value->kind == GSAW_VALUE_NULL)
        return GSAW_OK;
    if (!is_taken(self, value))
        return refuse(self, GSAW_INVALID, value, error);
    switch ((enum gsaw__value_kind)value->kind) {
    case GSAW_VALUE_TRUTH: {
        bool is_inverted = self->option->inverted && !self->is_flag;
        return set(self, NULL, value->truth != is_inverted ? "true" : "false", error);
    }
    case GSAW_VALUE_INTEGER:
        return set_integer(self, value, error);
    case GSAW_VALUE_LIST:
        return set_items(self, arena, value, error);
    default:
        return set_text(self, arena, value, error);
    }
}

/* Note where it is given, unless it was given before. */
static gsaw_status claim(const meaning *self, const gsaw__value *value, gsaw_error *error)
{
    const gsaw__option *at = self->option;
    do {
        uint32_t *line = &self->target->lines[at - self->target->rows];
        if (*line != 0)
            return gsaw__fail(error, GSAW_INVALID, "%s: is given already, by another name",
                              self->label);
        *line = value->line != 0 ? value->line : 1;
    } while (self->is_flag && (++at)->joined);
    return GSAW_OK;
}

static void set_label(meaning *self, const gsaw__value *value)
{
    char line[16] = "";
    if (value->line != 0)
        snprintf(line, sizeof line, "%" PRIu32 ": ", value->line);
    snprintf(self->label, sizeof self->label, "%s%.*s", line, KEY_SHOWN, value->key);
}

gsaw_status gsaw__settings_read(const gsaw__setting_target *targets, size_t count,
                                const gsaw__value *table, gsaw__arena *arena, gsaw_error *error)
{
    gsaw_status status = GSAW_OK;
    for (const gsaw__value *at = table->first; at != NULL && status == GSAW_OK; at = at->next) {
        meaning key = {.option = NULL};
        set_label(&key, at);
        for (size_t i = 0; i < count && key.option == NULL; i++)
            find_key(&targets[i], at, &key);
        if (key.option == NULL)
            return refuse_key(targets, count, at, key.label, error);
        if ((key.option->groups & key.target->groups) == 0)
            return gsaw__fail(error, GSAW_INVALID, "%s: may not be set here", key.label);
        status = claim(&key, at, error);
        if (status == GSAW_OK)
            status = store(&key, arena, at, error);
    }
    return status;
}

/* ---- out ---- */

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
