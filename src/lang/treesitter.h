/* treesitter.h - tree-sitter kept on a leash: grammars with tables, one bounded parse, a worker's
 * state.
 * Keeps:   a TSParser and all trees live inside gsaw__parse_guard(); node and field names are
 *          looked up once per worker and grammar, after that a node's kind is a table load.
 * Threads: a gsaw__lang_state belongs to one worker.
 * Next:    treesitter.c, walk.h, parse_memory.h */
#ifndef GSAW_LANG_TREESITTER_H
#define GSAW_LANG_TREESITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tree_sitter/api.h>

#include "lang/lang.h"
#include "lang/parse_memory.h"
#include "lang/walk.h"

enum gsaw__grammar_index {
    GSAW_GRAMMAR_PYTHON,
    GSAW_GRAMMAR_TYPESCRIPT,
    GSAW_GRAMMAR_TSX,
    GSAW_GRAMMAR_JAVASCRIPT,
    GSAW_GRAMMAR_COUNT
};

/* A node type or token that a front end knows by number; kind 0 is "any other", 1 an ERROR node. */
typedef struct gsaw__grammar_word {
    const char *name;
    uint8_t kind;
    bool named; /* a node type, not a token such as "get" */
} gsaw__grammar_word;

#define GSAW_KIND_ERROR 1 /* the front ends' numbers start at 2 */

/* One grammar as a front end uses it. */
typedef struct gsaw__grammar {
    enum gsaw__grammar_index index;
    const TSLanguage *(*language)(void);
    const gsaw__grammar_word *words; /* node types; those that a grammar lacks are passed over */
    size_t word_count;
    const char *const *fields; /* field i + 1 is fields[i] */
    size_t field_count;
    void (*extract)(gsaw__walk *walk, TSNode root); /* the walk; inside the guard */
    /* Bytes that hold what no parse can see through, or NULL; see python_nesting.h. */
    const char *(*prepare)(gsaw__parse_memory *memory, const char *bytes, size_t count,
                           uint32_t *too_deep);
} gsaw__grammar;

/* By symbol and by field id of tree-sitter: the front end's kind and field. */
typedef struct gsaw__grammar_tables {
    uint8_t *kinds, *fields; /* NULL: not built yet */
    uint32_t symbol_count, field_count;
} gsaw__grammar_tables;

struct gsaw__lang_state {
    const gsaw_allocator *allocator;
    gsaw__parse_memory memory;
    gsaw__grammar_tables tables[GSAW_GRAMMAR_COUNT];
    gsaw__walk walk;
};

/* The extract function of every row of the language table (see lang.h): parse within the limits,
 * walk, and say what went wrong. `self->grammar` is a gsaw__grammar. */
void gsaw__treesitter_extract(const gsaw__language *self, gsaw__lang_state *state,
                              gsaw__source source, const gsaw__limits *limits,
                              gsaw__facts_builder *out);

/* The tree function of every row: the same parse, its tree copied into `out`. */
const gsaw_tree *gsaw__treesitter_tree(const gsaw__language *self, gsaw__lang_state *state,
                                       gsaw__source source, const gsaw__limits *limits,
                                       gsaw_tree_builder *out);

/* One parse: what the guarded body and tree-sitter's callbacks see. */
typedef struct gsaw__one_parse {
    gsaw__lang_state *state;
    const gsaw__grammar *grammar;
    const char *bytes;  /* of the file */
    const char *source; /* what is parsed: the file, or a copy with bytes replaced */
    uint32_t count;
    uint32_t too_deep; /* where the first block nests too deep; GSAW_NONE: nowhere */
} gsaw__one_parse;

/* Whether a source of that many bytes has offsets in 32 bits. */
bool gsaw__treesitter_fits(size_t count);

/* Parse bytes and return the root; inside the guard. state, grammar, bytes and count are set. */
TSNode gsaw__treesitter_parse(gsaw__one_parse *self);

/* The offset of the first ERROR or MISSING node below `root`; inside the guard. */
uint32_t gsaw__treesitter_first_error(TSNode root);

extern const gsaw__grammar gsaw__grammar_python, gsaw__grammar_typescript, gsaw__grammar_tsx,
    gsaw__grammar_javascript;

#endif
