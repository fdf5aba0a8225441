/* config_dict.c - gsaw_config from and to JSON; jansson reads it (docs/decisions/0007-json.md).
 * Keeps:   jansson's global hooks are left alone, so what it takes for the time of the call is
 *          malloc's; it bounds the depth (2048).
 * Threads: as the config.
 * Next:    gangsaw/config.h, base/setting.h */
#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/setting.h"
#include "base/utf.h"
#include "work/config.h"

/* ---- from_dict ---- */

static uint8_t kind_of(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return GSAW_VALUE_TABLE;
    case JSON_ARRAY:
        return GSAW_VALUE_LIST;
    case JSON_STRING:
        return GSAW_VALUE_TEXT;
    case JSON_INTEGER:
        return GSAW_VALUE_INTEGER;
    case JSON_REAL:
        return GSAW_VALUE_FLOAT;
    case JSON_TRUE:
    case JSON_FALSE:
        return GSAW_VALUE_TRUTH;
    default:
        return GSAW_VALUE_NULL;
    }
}

/* A real number is only ever shown, in an error. */
static bool convert_real(const json_t *json, gsaw__arena *arena, gsaw__value *out)
{
    gsaw__buffer text = {.allocator = arena->allocator};
    gsaw__buffer_printf(&text, "%.17g", json_real_value(json));
    out->text = text.failed ? NULL : gsaw__arena_dup(arena, text.bytes, text.count);
    out->size = (uint32_t)text.count;
    gsaw__buffer_clear(&text);
    return out->text != NULL;
}

/* The value without what it holds; texts stay jansson's. */
static bool convert_one(const json_t *json, gsaw__arena *arena, gsaw__value *out)
{
    out->kind = kind_of(json);
    if (out->kind == GSAW_VALUE_TRUTH)
        out->truth = json_is_true(json);
    if (out->kind == GSAW_VALUE_INTEGER)
        out->integer = json_integer_value(json);
    if (out->kind == GSAW_VALUE_TEXT) {
        out->text = json_string_value(json);
        out->size = (uint32_t)json_string_length(json);
    }
    return out->kind != GSAW_VALUE_FLOAT || convert_real(json, arena, out);
}

/* A new value at the end of `parent`, or NULL. */
static gsaw__value *append(gsaw__value *parent, const json_t *json, gsaw__arena *arena)
{
    gsaw__value *value = gsaw__arena_alloc_zero(arena, 1, sizeof *value);
    if (value == NULL || !convert_one(json, arena, value))
        return NULL;
    if (parent->first == NULL)
        parent->first = value;
    else
        parent->last->next = value;
    parent->last = value;
    return value;
}

/* An object, its values, and the items of those that are lists: no option is deeper. */
static bool convert_object(json_t *object, gsaw__arena *arena, gsaw__value *out)
{
    const char *key;
    json_t *json;
    *out = (gsaw__value){.kind = GSAW_VALUE_TABLE};
    json_object_foreach(object, key, json)
    {
        gsaw__value *value = append(out, json, arena);
        if (value == NULL)
            return false;
        value->key = key;
        value->key_size = (uint32_t)strlen(key);
        for (size_t i = 0; i < json_array_size(json); i++)
            if (append(value, json_array_get(json, i), arena) == NULL)
                return false;
    }
    return true;
}

/* A field that the caller's older struct does not have must not be lost in silence. */
static gsaw_status check_size(const gsaw_config *read, size_t size, gsaw_error *error)
{
    for (const gsaw__option *option = gsaw__config_options(); option->name != NULL; option++)
        if (option->offset + option->field_size > size && !gsaw__option_is_zero(option, read))
            return gsaw__fail(error, GSAW_UNSUPPORTED,
                              "%s: the program was built for a library without it", option->name);
    return GSAW_OK;
}

static gsaw_status read_object(json_t *object, gsaw_config *out, gsaw_error *error)
{
    uint32_t lines[64] = {0};
    gsaw__value root;
    gsaw__arena values;
    const gsaw__setting_target target = {
        .rows = gsaw__config_options(), .groups = GSAW_CONFIG_GROUP, .fields = out, .lines = lines};
    gsaw__arena_init(&values, out->allocator);
    gsaw_status status = convert_object(object, &values, &root)
                             ? gsaw__settings_read(&target, 1, &root, out->owned, error)
                             : gsaw__fail_memory(error);
    gsaw__arena_clear(&values);
    return status;
}

/* The object in the text, or NULL. */
static json_t *parse(const char *json, size_t size, gsaw_error *error)
{
    json_error_t wrong;
    json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &wrong);
    if (root == NULL && json_error_code(&wrong) == json_error_out_of_memory) {
        gsaw__fail_memory(error);
    } else if (root == NULL) {
        gsaw__fail(error, GSAW_INVALID, "%d:%d: %s", wrong.line, wrong.column, wrong.text);
    } else if (!json_is_object(root)) {
        gsaw__fail(error, GSAW_INVALID, "1:1: not a JSON object");
        json_decref(root);
        root = NULL;
    }
    return root;
}

static void free_owned(const gsaw_allocator *allocator, gsaw__arena *owned)
{
    if (owned != NULL)
        gsaw__arena_clear(owned);
    gsaw__free(allocator, owned, sizeof *owned);
}

gsaw_status gsaw_config_from_dict(gsaw_config *self, const char *json, size_t size,
                                  gsaw_error *error)
{
    gsaw_error found = {.status = GSAW_OK};
    gsaw_config read = {.size = sizeof read, .allocator = self->allocator};
    if (self->size < offsetof(gsaw_config, num_workers) || self->size > sizeof read)
        return gsaw__fail(error, GSAW_INVALID, "config: size is %zu, not %zu", self->size,
                          sizeof read);
    json_t *object = parse(json, size, &found);
    gsaw_status status = found.status;
    if (object != NULL) {
        read.owned = gsaw__alloc_zero(read.allocator, 1, sizeof(gsaw__arena));
        if (read.owned == NULL)
            status = gsaw__fail_memory(&found);
        else
            gsaw__arena_init(read.owned, read.allocator);
    }
    if (status == GSAW_OK)
        status = read_object(object, &read, &found);
    if (status == GSAW_OK)
        status = check_size(&read, self->size, &found);
    json_decref(object);
    if (status != GSAW_OK) {
        free_owned(read.allocator, read.owned);
        return gsaw__fail(error, status, "%s", found.text);
    }
    free_owned(self->allocator, self->owned);
    read.size = self->size;
    memcpy(self, &read, self->size);
    return GSAW_OK;
}

void gsaw_config_clear(gsaw_config *self)
{
    gsaw_config empty = {.size = self->size, .allocator = self->allocator};
    free_owned(self->allocator, self->owned);
    memcpy(self, &empty, self->size < sizeof empty ? self->size : sizeof empty);
}

/* ---- to_dict ---- */

static bool is_utf8(const char *text)
{
    for (size_t size, left = strlen(text); left != 0; text += size, left -= size) {
        size = gsaw__utf8_length(text, left);
        if (size == 0)
            return false;
    }
    return true;
}

static gsaw_status check_texts(const char *key, const gsaw_strings *list, gsaw_error *error)
{
    for (size_t i = 0; i < list->count; i++)
        if (!is_utf8(list->items[i]))
            return gsaw__fail(error, GSAW_INVALID, "%s: item %zu is not UTF-8", key, i + 1);
    return GSAW_OK;
}

static gsaw_status append_row(const gsaw__option *option, const gsaw_config *config,
                              gsaw__buffer *out, gsaw_error *error)
{
    gsaw_status status = GSAW_OK;
    if (option->kind == GSAW_OPTION_LIST)
        status = check_texts(
            option->name,
            (const gsaw_strings *)(const void *)((const char *)config + option->offset), error);
    gsaw__json_key(out, option->name);
    if (!gsaw__setting_format(option, config, out))
        gsaw__buffer_append_text(out, "null");
    return status;
}

gsaw_status gsaw_config_to_dict(const gsaw_config *self, gsaw_write_function *write, void *context,
                                gsaw_error *error)
{
    gsaw_config filled;
    gsaw__buffer out;
    gsaw_status status = gsaw__config_fill(self, &filled, error);
    if (status != GSAW_OK)
        return status;
    gsaw__buffer_init(&out, filled.allocator);
    gsaw__buffer_append_byte(&out, '{');
    for (const gsaw__option *option = gsaw__config_options();
         option->name != NULL && status == GSAW_OK; option++)
        status = append_row(option, &filled, &out, error);
    gsaw__buffer_append_byte(&out, '}');
    if (status == GSAW_OK && out.failed)
        status = gsaw__fail_memory(error);
    if (status == GSAW_OK) {
        status = write(context, out.bytes, out.count);
        if (status != GSAW_OK)
            gsaw__fail(error, status, "config: %s", gsaw_status_text(status));
    }
    gsaw__buffer_clear(&out);
    return status;
}
