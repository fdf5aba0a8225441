/* setting.h - options in files and JSON: values of their own types in and out.
 * Keeps:   a key is a row's name, or its flag; - and _ in it are the same. None is ignored: an
 *          unknown one, one given twice, a value of the wrong type or out of range is an error with
 *          key, value and what is allowed. What is written is a value in JSON and in TOML alike.
 * Threads: as the struct of fields.
 * Next:    setting.c, value.h, option.h */
#ifndef GSAW_BASE_SETTING_H
#define GSAW_BASE_SETTING_H

#include "base/option.h"
#include "base/value.h"

/* A table of options that a file or JSON may set. */
typedef struct gsaw__setting_target {
    const gsaw__option *rows;
    uint32_t groups; /* only rows with one of these bits may be set */
    void *fields;
    uint32_t *lines; /* of each row: 0, or where it was given (1 where lines are not known) */
} gsaw__setting_target;

/* Set what `table` says in the targets (`count` of them); texts are copied into the arena. A null
 * is a default. On failure some fields may have been set. Errors: GSAW_INVALID, GSAW_RANGE, the
 * text beginning with "LINE: " where the line is known; GSAW_NO_MEMORY. */
gsaw_status gsaw__settings_read(const gsaw__setting_target *targets, size_t count,
                                const gsaw__value *table, gsaw__arena *arena, gsaw_error *error);

/* Append the value in effect (the default's where the field is 0), as JSON and TOML write it:
 * 4, true, "8M", ["*.py"]. False, and nothing appended, when no value says it (the default is in
 * words). */
bool gsaw__setting_format(const gsaw__option *self, const void *fields, gsaw__buffer *out);

#endif
