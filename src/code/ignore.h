/* ignore.h - a list of gitignore patterns: of one directory's ignore files, or of an option.
 * Keeps:   the meaning is git's (gitignore(5), git's dir.c): the last pattern that matches decides.
 * Threads: filled by one; then read-only, any number may match.
 * Next:    ignore.c, pattern.h, discover.h */
#ifndef GSAW_CODE_IGNORE_H
#define GSAW_CODE_IGNORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/buffer.h"
#include "base/map.h"

enum gsaw__ignore_verdict {
    GSAW_IGNORE_NONE, /* no pattern matches */
    GSAW_IGNORE_MATCH,
    GSAW_IGNORE_KEEP /* the last that matches begins with '!' */
};

struct gsaw__ignore_pattern;

/* Patterns found by hashing a key: the last one's index; the filter spares most look-ups. */
typedef struct gsaw__ignore_table {
    gsaw__map map;
    uint64_t filter[4];
} gsaw__ignore_table;

typedef struct gsaw__ignore {
    gsaw__arena arena; /* of texts and programs */
    gsaw__buffer scratch;
    GSAW_ARRAY(struct gsaw__ignore_pattern) patterns;
    GSAW_ARRAY(uint32_t) scanned;  /* the patterns that are in no table, in order */
    gsaw__ignore_table names;      /* plain names: "build" */
    gsaw__ignore_table paths;      /* plain paths: "/build", "src/gen" */
    gsaw__ignore_table extensions; /* "*.pyc": looked up by what begins at a name's last dot */
    bool needs_path;               /* some pattern looks at more than the name */
} gsaw__ignore;

/* Make self empty over `allocator` (NULL: malloc). */
void gsaw__ignore_init(gsaw__ignore *self, const gsaw_allocator *allocator);

/* Free everything; self is empty and usable again. */
void gsaw__ignore_clear(gsaw__ignore *self);

/* Append one pattern as given on a command line: no comments, and blanks at the end count. One that
 * is empty or malformed matches nothing. False when memory is out or the list is full (2^31
 * patterns). */
bool gsaw__ignore_add(gsaw__ignore *self, const char *pattern, size_t count);

/* Append the patterns of a file's contents: one a line; comments, blanks at the end, a byte order
 * mark and a carriage return before the line feed as git has them. Memory: about the size of the
 * contents, at most 12 times it (many short sets). False as above. */
bool gsaw__ignore_add_text(gsaw__ignore *self, const char *text, size_t count);

/* What the list says of an entry. path is relative to the directory of the list; its last name_size
 * bytes are the entry's name. When needs_path is not set the name alone may be given as the path.
 * That a directory above is ignored is for the caller to know. Any thread. */
enum gsaw__ignore_verdict gsaw__ignore_match(const gsaw__ignore *self, const char *path,
                                             size_t path_size, size_t name_size, bool is_directory);

#endif
