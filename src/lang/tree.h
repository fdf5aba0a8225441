/* tree.h - syntax trees inside: the block that a tree is, and the builder of one file after
 * another.
 * Keeps:   a block is a gsaw_tree, its nodes, the starts of its lines, its source and a zero byte,
 *          without pointers into itself: a copy of the bytes is a tree.
 * Threads: a builder belongs to one worker; a finished tree is read-only.
 * Next:    tree.c, tree_builder.c, treesitter_tree.c, gangsaw/tree.h */
#ifndef GSAW_LANG_TREE_H
#define GSAW_LANG_TREE_H

#include <gangsaw/facts.h>
#include <gangsaw/tree.h>

#include "lang/limits.h"

#define GSAW_TREE_KEPT ((size_t)4 << 20) /* what a builder keeps from file to file, at most */

/* How the numbers of a language get their names: one for tree-sitter's grammars, one for users'
 * parsers. `names` is the grammar, or the parser. */
typedef struct gsaw__vocabulary {
    const char *(*kind_name)(const void *names, uint32_t kind);
    const char *(*field_name)(const void *names, uint32_t field);
    uint32_t (*kind)(const void *names, const char *name, bool named);
    uint32_t (*field)(const void *names, const char *name);
} gsaw__vocabulary;

struct gsaw_tree {
    const gsaw_allocator *allocator;    /* of a copy; borrowed */
    const gsaw__vocabulary *vocabulary; /* borrowed, as the next two */
    const void *names;
    const char *language;
    size_t size; /* of the whole block */
    uint32_t source_size, node_count, line_count;
};

/* Walks the invariants: parents before their children, ranges inside of ranges and in order, ends
 * of subtrees, flags. */
bool gsaw__tree_check(const gsaw_tree *self);

/* Builds one tree after another in one block. */
struct gsaw_tree_builder {
    const gsaw_allocator *allocator; /* borrowed */
    char *block;                     /* room for the tree, then nodes */
    size_t capacity;
    /* The rest is of the tree at hand. */
    struct gsaw_tree head;          /* what the block will begin with */
    const gsaw_tree_parser *parser; /* NULL: tree-sitter, which is not checked at each step */
    const char *bytes;              /* the source; borrowed */
    gsaw__limits limits;            /* of a user's parser */
    uint64_t began_ns;              /* CPU time of the thread */
    uint32_t countdown;             /* nodes until the clock is looked at */
    uint32_t open;                  /* the innermost open node; GSAW_TREE_NONE: none */
    uint32_t at;                    /* where the next node may start */
    uint8_t status, reason;         /* gsaw_file_status, gsaw_reason */
    uint32_t reason_line;           /* of the first problem, from 1; 0: nowhere in particular */
    gsaw_error error;               /* what a user's parser did wrong, or says itself */
};

/* Make self empty over `allocator` (NULL: malloc); free what it keeps. A tree that it built is gone
 * with the next begin, trim or clear. */
void gsaw__tree_builder_init(gsaw_tree_builder *self, const gsaw_allocator *allocator);
void gsaw__tree_builder_clear(gsaw_tree_builder *self);

/* Give back what a giant file needed beyond GSAW_TREE_KEPT. */
void gsaw__tree_builder_trim(gsaw_tree_builder *self);

/* What a tree is made from; all borrowed, bytes until the tree is finished. */
typedef struct gsaw__tree_source {
    const char *language;
    const gsaw__vocabulary *vocabulary;
    const void *names;
    const char *bytes;
    size_t count; /* below GSAW_TREE_NONE */
} gsaw__tree_source;

/* Begin a tree: no nodes, status ok. */
void gsaw__tree_builder_begin(gsaw_tree_builder *self, const gsaw__tree_source *source);

/* The bytes of a tree of so many nodes over the source at hand; room for them in the block (false:
 * no memory, and self says so). */
size_t gsaw__tree_builder_size(gsaw_tree_builder *self, uint32_t nodes);
bool gsaw__tree_builder_reserve(gsaw_tree_builder *self, size_t size);

/* The nodes in the block. View: until the next reserve. */
static inline gsaw_tree_node *gsaw__tree_builder_nodes(const gsaw_tree_builder *self)
{
    return (gsaw_tree_node *)(void *)(self->block + sizeof(struct gsaw_tree));
}

/* Set status and reason, and the line of the offset (GSAW_TREE_NONE: nowhere in particular), unless
 * a worse one is set already. */
void gsaw__tree_builder_problem(gsaw_tree_builder *self, gsaw_file_status status,
                                gsaw_reason reason, uint32_t offset);

/* The tree, with lines and source behind the nodes; NULL when its status is failed. View: until the
 * builder is used again. */
const gsaw_tree *gsaw__tree_builder_finish(gsaw_tree_builder *self);

/* Check a user's parser: sizes, names, limits. Errors, which name what is wrong: GSAW_INVALID,
 * GSAW_RANGE. */
gsaw_status gsaw__tree_parser_check(const gsaw_tree_parser *parser, gsaw_error *error);

/* Run a user's parser over the source: begin, parse, finish. Which it returns as finish does. */
const gsaw_tree *gsaw__tree_parse(const gsaw_tree_parser *parser, gsaw_tree_builder *self,
                                  const char *bytes, size_t count, const gsaw__limits *limits);

#endif
