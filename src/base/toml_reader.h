/* toml_reader.h - what the parts of the TOML reader share: the place in the text, and failing.
 * Keeps:   bytes <= at <= end; the first failure is the one that is told.
 * Threads: one.
 * Next:    toml.c (documents, tables), toml_text.c (strings), toml_scalar.c (numbers, times) */
#ifndef GSAW_BASE_TOML_READER_H
#define GSAW_BASE_TOML_READER_H

#include "base/array.h"
#include "base/buffer.h"
#include "base/map.h"
#include "base/toml.h"

typedef struct gsaw__toml {
    const char *bytes, *at, *end;
    const char *counted; /* lines are counted up to here */
    uint32_t line;       /* of `counted` */
    gsaw__arena *arena;  /* of the tree */
    gsaw__buffer text;   /* the string being read */
    gsaw__map keys;      /* the id of a table and a key in it -> index in `named` */
    GSAW_ARRAY(gsaw__value *) named;
    uint32_t tables; /* ids given so far */
    unsigned depth;
    gsaw_error *error;
    gsaw_status status; /* of the first failure */
} gsaw__toml;

/* The byte `ahead` of here, or -1 behind the end. */
static inline int gsaw__toml_peek(const gsaw__toml *self, size_t ahead)
{
    return ahead < (size_t)(self->end - self->at) ? (unsigned char)self->at[ahead] : -1;
}

/* The size of a line's end here: 1, 2 (\r\n), or 0. */
static inline size_t gsaw__toml_newline(const gsaw__toml *self)
{
    bool has_return = gsaw__toml_peek(self, 0) == '\r';
    return gsaw__toml_peek(self, has_return) == '\n' ? 1 + (size_t)has_return : 0;
}

/* Spaces and tabs. */
static inline void gsaw__toml_skip_blanks(gsaw__toml *self)
{
    while (gsaw__toml_peek(self, 0) == ' ' || gsaw__toml_peek(self, 0) == '\t')
        self->at++;
}

/* Control characters may not stand in text; a tab is none here. */
static inline bool gsaw__toml_is_control(int byte)
{
    return (byte >= 0 && byte < 0x20 && byte != '\t') || byte == 0x7f;
}

/* Note that `what` is wrong here (of `key`, where there is one), or that memory is out; false. */
bool gsaw__toml_fail(gsaw__toml *self, const char *what);
bool gsaw__toml_fail_key(gsaw__toml *self, const char *what, const char *key);
bool gsaw__toml_fail_memory(gsaw__toml *self);

/* Read a string at its quote, as a value (which may have many lines) or as a key, into the arena.
 */
bool gsaw__toml_read_text(gsaw__toml *self, bool is_value, const char **text, uint32_t *size);

/* Read a truth, number, date or time. */
bool gsaw__toml_read_scalar(gsaw__toml *self, gsaw__value *out);

#endif
