/* model_file.c - the cost model as a file: JSON, {"gangsaw_cost_model":1,"kinds":[{"kind":3,
 * ...}]}.
 * Keeps:   a file is whole or not there: written beside and renamed. What is read is believed only
 *          if it could have been written.
 * Threads: as the model.
 * Next:    model.h, docs/formats.md */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/json.h"
#include "work/model.h"

#define VERSION 1
#define SIZE_MAX_READ ((uint64_t)1 << 16) /* bytes: 64 kinds take less than a quarter */

/* The one table of what is kept of a kind. */
static const struct field {
    const char *key;
    size_t offset;
} fields[] = {
    {"items", offsetof(gsaw__cost_sums, n)},    {"size", offsetof(gsaw__cost_sums, s)},
    {"ns", offsetof(gsaw__cost_sums, t)},       {"size_size", offsetof(gsaw__cost_sums, ss)},
    {"size_ns", offsetof(gsaw__cost_sums, st)},
};

enum { FIELDS = sizeof fields / sizeof fields[0] };

static double *place_of(gsaw__cost_sums *sums, const struct field *field)
{
    void *place = (char *)sums + field->offset;
    return place;
}

/* ---- writing ---- */

static void write_kind(gsaw__buffer *out, uint32_t kind, const gsaw__cost_sums *sums)
{
    gsaw__cost_sums copy = *sums;
    gsaw__buffer_append_text(out, kind == 0 || out->bytes[out->count - 1] == '[' ? "" : ",");
    gsaw__buffer_append_text(out, "{");
    gsaw__json_number_field(out, "kind", kind);
    for (size_t i = 0; i < FIELDS; i++) {
        gsaw__json_key(out, fields[i].key);
        gsaw__buffer_printf(out, "%.17g", *place_of(&copy, &fields[i]));
    }
    gsaw__buffer_append_text(out, "}");
}

/* Write all to a new file beside `path`, whose name comes back in `beside`. 0 or an errno. */
static int write_beside(char *beside, const gsaw__buffer *text)
{
    int descriptor = mkostemp(beside, O_CLOEXEC);
    if (descriptor < 0)
        return errno;
    int failure = -gsaw__file_write_all(descriptor, text->bytes, text->count);
    if (failure == 0 && fsync(descriptor) != 0)
        failure = errno;
    if (close(descriptor) != 0 && failure == 0)
        failure = errno;
    return failure;
}

static gsaw_status replace(const char *path, char *beside, const gsaw__buffer *text,
                           gsaw_error *error)
{
    int failure = write_beside(beside, text);
    if (failure == 0 && rename(beside, path) != 0)
        failure = errno;
    if (failure == 0)
        return GSAW_OK;
    if (strcmp(beside + strlen(beside) - 6, "XXXXXX") != 0) /* it was made */
        (void)unlink(beside);
    return gsaw__fail_errno(error, failure, "cannot write %.120s", path);
}

gsaw_status gsaw_cost_model_save(const gsaw_cost_model *self, const char *path, gsaw_error *error)
{
    const gsaw_allocator *allocator = gsaw__cost_model_allocator(self);
    const gsaw__cost_sums *sums = gsaw__cost_model_sums(self);
    gsaw__buffer text, beside;
    gsaw__buffer_init(&text, allocator);
    gsaw__buffer_init(&beside, allocator);
    gsaw__buffer_append_text(&text, "{");
    gsaw__json_number_field(&text, "gangsaw_cost_model", VERSION);
    gsaw__json_key(&text, "kinds");
    gsaw__buffer_append_text(&text, "[");
    for (uint32_t kind = 0; kind < GSAW_WORK_KINDS; kind++)
        if (sums[kind].n > 0 && !text.failed)
            write_kind(&text, kind, &sums[kind]);
    gsaw__buffer_append_text(&text, "]}\n");
    gsaw__buffer_append_text(&beside, path);
    gsaw__buffer_append_text(&beside, ".XXXXXX");
    gsaw_status status = text.failed || beside.failed ? gsaw__fail_memory(error)
                                                      : replace(path, beside.bytes, &text, error);
    gsaw__buffer_clear(&text);
    gsaw__buffer_clear(&beside);
    return status;
}

/* ---- reading ---- */

static gsaw_status damaged(gsaw_error *error, const char *path, const char *what)
{
    return gsaw__fail(error, GSAW_DAMAGED, "%.120s: no cost model: %s", path, what);
}

/* One kind; NULL, or what is wrong with it. */
static const char *read_kind(const json_t *from, gsaw__cost_sums *sums)
{
    const json_t *number = json_object_get(from, "kind");
    if (!json_is_integer(number) || json_integer_value(number) < 0 ||
        json_integer_value(number) >= GSAW_WORK_KINDS)
        return "a kind that there is not";
    gsaw__cost_sums *into = &sums[json_integer_value(number)];
    if (into->n > 0)
        return "a kind twice";
    for (size_t i = 0; i < FIELDS; i++) {
        const json_t *value = json_object_get(from, fields[i].key);
        double real = json_is_number(value) ? json_number_value(value) : -1;
        if (!(real >= 0 && isfinite(real)))
            return fields[i].key;
        *place_of(into, &fields[i]) = real;
    }
    /* Source: Cauchy and Schwarz; with room for rounding. */
    if (!(into->n > 0 && into->t > 0) || into->s * into->s > into->n * into->ss * (1 + 1e-6))
        return "sums that no measurements have";
    return NULL;
}

static gsaw_status read_all(gsaw_cost_model *self, const char *path, const gsaw__buffer *text,
                            gsaw_error *error)
{
    json_error_t wrong;
    json_t *root = json_loadb(gsaw__buffer_text(text), text->count, JSON_REJECT_DUPLICATES, &wrong);
    if (root == NULL && json_error_code(&wrong) == json_error_out_of_memory)
        return gsaw__fail_memory(error);
    gsaw__cost_sums sums[GSAW_WORK_KINDS];
    memset(sums, 0, sizeof sums);
    const json_t *version = json_object_get(root, "gangsaw_cost_model");
    const json_t *kinds = json_object_get(root, "kinds");
    const char *what = NULL;
    if (root == NULL)
        what = wrong.text;
    else if (!json_is_integer(version) || !json_is_array(kinds))
        what = "gangsaw_cost_model or kinds is missing";
    else if (json_integer_value(version) != VERSION)
        what = "of another version";
    for (size_t i = 0; what == NULL && i < json_array_size(kinds); i++)
        what = read_kind(json_array_get(kinds, i), sums);
    gsaw_status status = what == NULL ? GSAW_OK : damaged(error, path, what);
    if (status == GSAW_OK)
        gsaw__cost_model_set(self, sums);
    json_decref(root);
    return status;
}

gsaw_status gsaw_cost_model_load(gsaw_cost_model *self, const char *path, gsaw_error *error)
{
    gsaw__buffer text;
    gsaw__buffer_init(&text, gsaw__cost_model_allocator(self));
    gsaw__read read = gsaw__file_read(AT_FDCWD, path, true, SIZE_MAX_READ, &text);
    gsaw_status status;
    switch (read.result) {
    case GSAW_READ_OK:
        status = read_all(self, path, &text, error);
        break;
    case GSAW_READ_NO_MEMORY:
        status = gsaw__fail_memory(error);
        break;
    case GSAW_READ_ERROR:
        status = gsaw__fail_errno(error, read.os_errno, "%.120s", path);
        if (read.os_errno == ENOENT)
            status = gsaw__fail(error, GSAW_NOT_FOUND, "%.120s is not there", path);
        break;
    default:
        status = damaged(error, path, "not a file of its size");
        break;
    }
    gsaw__buffer_clear(&text);
    return status;
}
