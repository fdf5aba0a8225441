/* option.h - options as rows of a table: text in, typed and bounded fields of a struct out, and
 * back.
 * Keeps:   a field is only ever set to a value that its row allows; 0 in a field means "the
 *          default".
 * Threads: the tables are constant; a struct of fields belongs to one thread at a time.
 * Next:    option.c, setting.h (files and JSON), work/config.c (the rows of gsaw_config),
 *          cli/options.c (those of the command line) */
#ifndef GSAW_BASE_OPTION_H
#define GSAW_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"

enum gsaw__option_kind {
    GSAW_OPTION_FLAG,     /* bool; a value is optional: true, false, ... */
    GSAW_OPTION_NUMBER,   /* uint32_t, int32_t, uint64_t or size_t, as `field_size` says; so are the
                             next three */
    GSAW_OPTION_SIZE,     /* bytes: 4096, 512K, 8M, 2G, 1T (powers of 1024) */
    GSAW_OPTION_DURATION, /* nanoseconds: 500ms, 2s, 1m, 1h; us and ns, too */
    GSAW_OPTION_PERCENT,  /* 75% */
    GSAW_OPTION_WORD,     /* uint32_t: the index of the word */
    GSAW_OPTION_SET,      /* uint32_t: bit i for word i; "a,b", and may be given again */
    GSAW_OPTION_TEXT,     /* const char *, borrowed from the text given */
    GSAW_OPTION_LIST,     /* gsaw_strings; may be given again */
    GSAW_OPTION_KIND_COUNT
};

/* The words a row allows: NULL beyond the last. At most 32 for a SET. */
typedef const char *gsaw__option_word(size_t index);

/* Append what the field comes to on this machine ("2 usable CPUs"), or nothing. */
typedef void gsaw__option_note(const void *fields, gsaw__buffer *out);

/* A table is an array of rows that ends with an all-zero one. */
typedef struct gsaw__option {
    const char *name; /* the key in JSON and files: "num_workers" */
    const char *flag; /* "jobs" for --jobs, and GANGSAW_JOBS in the environment; NULL: API only */
    char letter;      /* 'j' for -j; 0: none */
    bool joined;      /* another form of the row before it, under the same flag: SIZE|PERCENT% */
    bool inverted;    /* FLAG: the field says the opposite of the name (not of the flag) */
    uint8_t kind;     /* enum gsaw__option_kind */
    uint32_t groups;  /* which commands take it: bits of the command line's own meaning */
    size_t offset, field_size;  /* of the field: GSAW_OPTION_FIELD */
    uint64_t min, max;          /* of a given value; the numeric kinds only */
    uint64_t fallback;          /* what 0 in the field stands for; the numeric kinds only */
    const char *fallback_text;  /* the default in words where a number does not say it, or NULL */
    gsaw__option_word *word;    /* WORD and SET */
    gsaw__option_note *note;    /* or NULL */
    const char *metavar, *help; /* metavar NULL for a FLAG; help NULL for a joined row */
} gsaw__option;

#define GSAW_OPTION_FIELD(type, field)                                                             \
    .offset = offsetof(type, field), .field_size = sizeof(((type *)0)->field)

/* The struct whose fields are set, and where the items of its lists are kept. */
typedef struct gsaw__option_target {
    void *fields;
    gsaw__arena *arena;
} gsaw__option_target;

/* The row of a long flag (size bytes) or of a letter; NULL: none. Never a joined row. */
const gsaw__option *gsaw__option_find(const gsaw__option *rows, const char *flag, size_t size);
const gsaw__option *gsaw__option_find_letter(const gsaw__option *rows, char letter);

/* Read `text` (NULL: a FLAG given without a value) as the row's kind and store it; LIST and SET add
 * to what is there, the others replace it, joined forms included. `label` names the option in
 * errors ("--jobs"). Errors: GSAW_INVALID (not of that form), GSAW_RANGE (a number out of bounds),
 * GSAW_NO_MEMORY. */
gsaw_status gsaw__option_set(const gsaw__option *self, gsaw__option_target target,
                             const char *label, const char *text, gsaw_error *error);

/* The error that gsaw__option_set returns for a value `bad`, for values that are no text; `status`
 * is GSAW_INVALID or GSAW_RANGE: --jobs: "x" is not a number (allowed: 0 to 1024) */
gsaw_status gsaw__option_refuse(const gsaw__option *self, gsaw_status status, const char *label,
                                const char *bad, gsaw_error *error);

/* Back to all zero: the default of the row and of its joined forms. */
void gsaw__option_reset(const gsaw__option *self, void *fields);

/* True when the field (of the row or one of its joined forms) is not 0. */
bool gsaw__option_is_set(const gsaw__option *self, const void *fields);

/* Append the value in effect as text that gsaw__option_set would take (the default's where 0):
 * "8M". */
void gsaw__option_format(const gsaw__option *self, const void *fields, gsaw__buffer *out);

/* True when the row's own field is 0. */
bool gsaw__option_is_zero(const gsaw__option *self, const void *fields);

/* The field of a row of the numeric kinds, and a number in that row's form ("8M"). */
bool gsaw__option_is_numeric(const gsaw__option *self);
uint64_t gsaw__option_number(const gsaw__option *self, const void *fields);
void gsaw__option_format_number(const gsaw__option *self, uint64_t number, gsaw__buffer *out);

/* Append what is allowed ("1 to 1024", "auto, always or never"), joined forms included; nothing for
 * kinds that take any text. */
void gsaw__option_format_allowed(const gsaw__option *self, gsaw__buffer *out);

/* Append the name of the row's variable in the environment: GANGSAW_MAX_FILE_SIZE. */
void gsaw__option_format_variable(const gsaw__option *self, gsaw__buffer *out);

/* Check every field of the table's numeric kinds and words against its bounds, 0 being allowed.
 * Error: GSAW_RANGE, naming field, value and range. */
gsaw_status gsaw__option_check(const gsaw__option *rows, const void *fields, gsaw_error *error);

/* Replace 0 by the row's fallback in every numeric field. */
void gsaw__option_fill(const gsaw__option *rows, void *fields);

#endif
