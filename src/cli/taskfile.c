/* taskfile.c - reading the file of `gangsaw run`, by jansson (docs/decisions/0007-json.md).
 * Keeps:   every key of a task is a row of the table; sizes and durations are read as options are.
 * Threads: one.
 * Next:    taskfile.h */
#include "cli/taskfile.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/option.h"
#include "task/cycle.h"

/* Where in the file it is. */
typedef struct place {
    const char *path;
    const char *id; /* NULL: not known yet */
    size_t index;   /* from 0 */
    gsaw_error *error;
} place;

static gsaw_status refuse(const place *at, const char *what)
{
    if (at->id != NULL)
        return gsaw__fail(at->error, GSAW_INVALID, "%.80s: task \"%s\": %s", at->path,
                          gsaw__name_shown(at->id, (char[GSAW_NAME_SHOWN + 4]){0}), what);
    return gsaw__fail(at->error, GSAW_INVALID, "%.80s: task %zu: %s", at->path, at->index + 1,
                      what);
}

/* ---- values ---- */

typedef gsaw_status reader(gsaw__taskfile *self, const place *at, const json_t *value, void *field);

static char *dup_string(gsaw__taskfile *self, const json_t *value)
{
    return gsaw__arena_dup(&self->arena, json_string_value(value), json_string_length(value));
}

static gsaw_status read_id(gsaw__taskfile *self, const place *at, const json_t *value, void *field)
{
    if (!json_is_string(value) || json_string_length(value) == 0)
        return refuse(at, "id: not a string, or empty");
    if (strlen(json_string_value(value)) != json_string_length(value))
        return refuse(at, "id: has a zero byte");
    *(const char **)field = dup_string(self, value);
    return *(const char **)field == NULL ? gsaw__fail_memory(at->error) : GSAW_OK;
}

/* Strings to an array of them, ended by NULL. */
static gsaw_status read_strings(gsaw__taskfile *self, const place *at, const json_t *value,
                                const char *key, char ***out)
{
    char what[80];
    size_t count = json_array_size(value);
    *out = gsaw__arena_alloc_zero(&self->arena, count + 1, sizeof **out);
    if (*out == NULL)
        return gsaw__fail_memory(at->error);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(value, i);
        if (!json_is_string(item) || strlen(json_string_value(item)) != json_string_length(item)) {
            snprintf(what, sizeof what, "%s: item %zu is not a string", key, i + 1);
            return refuse(at, what);
        }
        (*out)[i] = dup_string(self, item);
        if ((*out)[i] == NULL)
            return gsaw__fail_memory(at->error);
    }
    return GSAW_OK;
}

static gsaw_status read_command(gsaw__taskfile *self, const place *at, const json_t *value,
                                void *field)
{
    if (!json_is_array(value) || json_array_size(value) == 0)
        return refuse(at, "command: not a list of strings, or empty");
    return read_strings(self, at, value, "command", field);
}

static gsaw_status read_depends(gsaw__taskfile *self, const place *at, const json_t *value,
                                void *field)
{
    if (!json_is_array(value))
        return refuse(at, "depends: not a list of strings");
    gsaw__filetask *task = (gsaw__filetask *)((char *)field - offsetof(gsaw__filetask, depends));
    task->depends_count = json_array_size(value);
    return read_strings(self, at, value, "depends", field);
}

static gsaw_status read_integer(const place *at, const json_t *value, const char *key,
                                json_int_t least, json_int_t most)
{
    char what[120];
    if (json_is_integer(value) && json_integer_value(value) >= least &&
        json_integer_value(value) <= most)
        return GSAW_OK;
    snprintf(what, sizeof what,
             "%s: not a whole number from %" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT, key,
             least, most);
    return refuse(at, what);
}

static gsaw_status read_priority(gsaw__taskfile *self, const place *at, const json_t *value,
                                 void *field)
{
    (void)self;
    gsaw_status status = read_integer(at, value, "priority", -1000000, 1000000);
    if (status == GSAW_OK)
        *(int32_t *)field = (int32_t)json_integer_value(value);
    return status;
}

static gsaw_status read_retries(gsaw__taskfile *self, const place *at, const json_t *value,
                                void *field)
{
    (void)self;
    gsaw_status status = read_integer(at, value, "retries", 0, 1000);
    if (status == GSAW_OK)
        *(uint32_t *)field = (uint32_t)json_integer_value(value);
    return status;
}

/* Sizes and durations are texts in the form of options. */
static const gsaw__option forms[] = {
    {.name = "memory",
     .kind = GSAW_OPTION_SIZE,
     .field_size = sizeof(uint64_t),
     .min = 1,
     .max = UINT64_C(1) << 50},
    {.name = "timeout",
     .kind = GSAW_OPTION_DURATION,
     .field_size = sizeof(uint64_t),
     .min = 1000000,
     .max = UINT64_C(1000) * 3600 * 1000000000},
    {.name = NULL},
};

static gsaw_status read_form(const place *at, const json_t *value, const gsaw__option *form,
                             void *field)
{
    char what[200];
    gsaw_error detail = {0};
    gsaw__option_target target = {.fields = field};
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) != json_string_length(value)) {
        snprintf(what, sizeof what, "%s: not a string", form->name);
        return refuse(at, what);
    }
    if (gsaw__option_set(form, target, form->name, text, &detail) == GSAW_OK)
        return GSAW_OK;
    snprintf(what, sizeof what, "%.190s", detail.text);
    return refuse(at, what);
}

static gsaw_status read_memory(gsaw__taskfile *self, const place *at, const json_t *value,
                               void *field)
{
    (void)self;
    return read_form(at, value, &forms[0], field);
}

static gsaw_status read_timeout(gsaw__taskfile *self, const place *at, const json_t *value,
                                void *field)
{
    (void)self;
    return read_form(at, value, &forms[1], field);
}

/* ---- tasks ---- */

static const struct {
    const char *key;
    reader *read;
    size_t offset;
    bool is_required;
} keys[] = {
    {"id", read_id, offsetof(gsaw__filetask, id), true},
    {"command", read_command, offsetof(gsaw__filetask, command), true},
    {"depends", read_depends, offsetof(gsaw__filetask, depends), false},
    {"priority", read_priority, offsetof(gsaw__filetask, priority), false},
    {"memory", read_memory, offsetof(gsaw__filetask, memory), false},
    {"timeout", read_timeout, offsetof(gsaw__filetask, timeout_ns), false},
    {"retries", read_retries, offsetof(gsaw__filetask, retries), false},
};

#define KEY_COUNT (sizeof keys / sizeof *keys)

static gsaw_status refuse_unknown(const place *at, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        bool is_known = false;
        gsaw__nearest nearest;
        gsaw__nearest_init(&nearest, key, strlen(key));
        for (size_t i = 0; i < KEY_COUNT; i++) {
            is_known = is_known || strcmp(key, keys[i].key) == 0;
            gsaw__nearest_offer(&nearest, keys[i].key);
        }
        if (!is_known) {
            char what[120], room[GSAW_NAME_SHOWN + 4];
            snprintf(what, sizeof what, "there is no key \"%s\"%s%s%s", gsaw__name_shown(key, room),
                     nearest.best == NULL ? "" : "; did you mean ",
                     nearest.best == NULL ? "" : nearest.best, nearest.best == NULL ? "" : "?");
            return refuse(at, what);
        }
    }
    return GSAW_OK;
}

static gsaw_status read_task(gsaw__taskfile *self, place *at, json_t *object)
{
    gsaw__filetask *task = &self->tasks[at->index];
    at->id = NULL;
    if (!json_is_object(object))
        return refuse(at, "not an object");
    gsaw_status status = GSAW_OK;
    for (size_t i = 0; i < KEY_COUNT && status == GSAW_OK; i++) {
        const json_t *value = json_object_get(object, keys[i].key);
        if (value != NULL)
            status = keys[i].read(self, at, value, (char *)task + keys[i].offset);
        else if (keys[i].is_required)
            status = refuse(at, i == 0 ? "has no id" : "has no command");
        if (i == 0)
            at->id = task->id;
    }
    return status == GSAW_OK ? refuse_unknown(at, object) : status;
}

static gsaw_status read_tasks(gsaw__taskfile *self, place *at, json_t *root)
{
    json_t *list = root;
    if (json_is_object(root)) {
        list = json_object_get(root, "tasks");
        if (list == NULL || json_object_size(root) != 1)
            return gsaw__fail(at->error, GSAW_INVALID,
                              "%.80s: not a list of tasks, nor an object with \"tasks\" alone",
                              at->path);
    }
    if (!json_is_array(list))
        return gsaw__fail(at->error, GSAW_INVALID, "%.80s: the tasks are not a list", at->path);
    size_t count = json_array_size(list);
    self->tasks = gsaw__arena_alloc_zero(&self->arena, count + 1, sizeof *self->tasks);
    if (self->tasks == NULL)
        return gsaw__fail_memory(at->error);
    gsaw_status status = GSAW_OK;
    for (at->index = 0; at->index < count && status == GSAW_OK; at->index++)
        status = read_task(self, at, json_array_get(list, at->index));
    self->count = count;
    return status;
}

gsaw_status gsaw__taskfile_read(gsaw__taskfile *self, const char *path, gsaw_error *error)
{
    bool is_stdin = strcmp(path, "-") == 0;
    place at = {.path = is_stdin ? "stdin" : path, .error = error};
    FILE *file = is_stdin ? stdin : fopen(path, "re");
    if (file == NULL)
        return gsaw__fail_errno(error, errno, "%.80s", path);
    json_error_t wrong;
    errno = 0;
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &wrong);
    int failure = ferror(file) != 0 ? errno : 0;
    if (!is_stdin)
        fclose(file);
    if (failure != 0) {
        json_decref(root);
        return gsaw__fail_errno(error, failure, "%.80s", at.path);
    }
    if (root == NULL)
        return gsaw__fail(error, GSAW_INVALID, "%.80s:%d:%d: %s", at.path, wrong.line, wrong.column,
                          wrong.text);
    gsaw_status status = read_tasks(self, &at, root);
    json_decref(root);
    return status;
}

void gsaw__taskfile_clear(gsaw__taskfile *self)
{
    gsaw__arena_clear(&self->arena);
    *self = (gsaw__taskfile){.count = 0};
}
