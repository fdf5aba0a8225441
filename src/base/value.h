/* value.h - a value as JSON and TOML know it; what it holds is a chain of values.
 * Keeps:   the items of a LIST and of a TABLE are in the order of the text; those of a TABLE have
 *          keys.
 * Threads: made by one, then constant.
 * Next:    toml.h, setting.h */
#ifndef GSAW_BASE_VALUE_H
#define GSAW_BASE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

enum gsaw__value_kind {
    GSAW_VALUE_NULL, /* JSON alone */
    GSAW_VALUE_TRUTH,
    GSAW_VALUE_INTEGER,
    GSAW_VALUE_FLOAT, /* text: as written; so are times */
    GSAW_VALUE_TIME,  /* TOML alone: a date, a time, or both */
    GSAW_VALUE_TEXT,  /* text may have zero bytes, and one more behind it */
    GSAW_VALUE_LIST,
    GSAW_VALUE_TABLE
};

typedef struct gsaw__value gsaw__value;
struct gsaw__value {
    const char *key; /* in a TABLE; followed by a zero byte */
    gsaw__value *next;
    union {
        bool truth;
        int64_t integer;
        struct {
            const char *text;
            uint32_t size;
        };
        struct {
            gsaw__value *first, *last;
        };
    };
    uint32_t key_size;
    uint32_t line; /* from 1; 0: not known */
    uint32_t id;   /* the reader's own */
    uint8_t kind;  /* enum gsaw__value_kind */
    uint8_t mark;  /* the reader's own */
};

#endif
