/* lang.h - the table of languages: a row is a name, its extensions and one function, bytes in,
 * facts out.
 * Keeps:   no threads, no files, no global state; shows no parser.
 * Threads: any; each worker has its own gsaw__lang_state.
 * Next:    lang.c, facts.h, treesitter.h */
#ifndef GSAW_LANG_LANG_H
#define GSAW_LANG_LANG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lang/facts.h"
#include "lang/limits.h"
#include "lang/tree.h"

/* What one worker keeps from file to file (parser arenas). All-zero is not valid: use init. */
typedef struct gsaw__lang_state gsaw__lang_state;

gsaw__lang_state *gsaw__lang_state_new(const gsaw_allocator *allocator); /* NULL: no memory */
void gsaw__lang_state_free(gsaw__lang_state *self);                      /* NULL allowed */

/* Zero bytes that must stand behind the source; they are not counted. */
#define GSAW_SOURCE_PADDING 64

/* The bytes of one file, borrowed for a call. */
typedef struct gsaw__source {
    const char *bytes;
    size_t count;
} gsaw__source;

typedef struct gsaw__language {
    const char *name;
    const char *const *extensions; /* ".py", ...; NULL-ended */
    /* Extract the facts of source into `out` (begun by the caller with the same bytes). What goes
     * wrong is said by gsaw__facts_builder_problem: partial / syntax with the line, partial /
     * nesting, failed / timeout, failed / memory, failed / cancelled. Symbols found before stay.
     * Never crashes, never hangs. */
    void (*extract)(const struct gsaw__language *self, gsaw__lang_state *state, gsaw__source source,
                    const gsaw__limits *limits, gsaw__facts_builder *out);
    /* The syntax tree of source, built in `out`: a view, or NULL when that has the status failed.
     * What goes wrong is said there, as above. Never crashes, never hangs. */
    const gsaw_tree *(*tree)(const struct gsaw__language *self, gsaw__lang_state *state,
                             gsaw__source source, const gsaw__limits *limits,
                             gsaw_tree_builder *out);
    const void *grammar; /* the front end's own */
} gsaw__language;

/* The rows, in the fixed order of summaries. */
size_t gsaw__language_count(void);
const gsaw__language *gsaw__language_at(size_t index);

/* The index of the language of a file name (by its extension, exact case), or GSAW_NONE. */
uint32_t gsaw__language_of(const char *name, size_t size);

#endif
