/* gangsaw/tree.h - syntax trees, whoever parsed them, and building one.
 *
 * A tree is one block of memory without pointers: an array of nodes in preorder (the root is node
 * 0, a node stands before what is inside of it), the source, and where its lines begin. It never
 * changes, so any number of threads may read one. All children of a node:
 *
 *     for (uint32_t child = gsaw_tree_first_child(tree, node); child != GSAW_TREE_NONE;
 *          child = gsaw_tree_next_sibling(tree, child)) ...
 *
 * and the whole tree, without recursion: nodes[0] to nodes[count - 1]; what is inside of node i are
 * nodes[i + 1] to nodes[nodes[i].next - 1]. Kinds are numbers of the language: look them up once by
 * name (gsaw_tree_kind), then compare numbers. The kinds and fields of the built-in languages are
 * those of their tree-sitter grammars, and so are the trees.
 *
 * Offsets are bytes of the source as the tree holds it: of the file, but for UTF-16 (with a byte
 * order mark), which is held as UTF-8 without the mark. */
#ifndef GANGSAW_TREE_H
#define GANGSAW_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/alloc.h>
#include <gangsaw/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gsaw_tree gsaw_tree; /* opaque */

#define GSAW_TREE_NONE UINT32_MAX          /* no such node, kind or field */
#define GSAW_TREE_ERROR UINT32_C(65535)    /* the kind "ERROR" of every language: skipped source */
#define GSAW_TREE_KIND_MAX UINT32_C(65535) /* kinds that a language may have */
#define GSAW_TREE_FIELD_MAX UINT32_C(255)  /* fields that a language may have */

enum gsaw_tree_flag {
    GSAW_TREE_NAMED = 1,     /* a rule of the grammar; else a token such as "(" */
    GSAW_TREE_IS_ERROR = 2,  /* of kind GSAW_TREE_ERROR, or marked so */
    GSAW_TREE_MISSING = 4,   /* not in the source; the parser put it in to go on */
    GSAW_TREE_EXTRA = 8,     /* may stand anywhere: a comment */
    GSAW_TREE_HAS_ERROR = 16 /* it, or something inside of it, is an error or missing */
};

typedef struct gsaw_tree_node {
    uint16_t kind;
    uint8_t field;       /* what it is to its parent ("name"): 1, 2 ...; 0: nothing in particular */
    uint8_t flags;       /* gsaw_tree_flag */
    uint32_t start, end; /* bytes of the source, half open */
    uint32_t parent;     /* GSAW_TREE_NONE for the root */
    uint32_t next;       /* the node behind all that is inside of this one */
} gsaw_tree_node;

/* ---- reading: each of these functions may be called by any thread, and blocks for nothing
 * --------
 */

/* The nodes, at least one, in preorder. View: as long as the tree. */
GSAW_API const gsaw_tree_node *gsaw_tree_nodes(const gsaw_tree *self);
GSAW_API uint32_t gsaw_tree_node_count(const gsaw_tree *self);

/* The first node inside of `node`, and the next one beside it: GSAW_TREE_NONE where there is none,
 * or where `node` is none. O(1). */
GSAW_API uint32_t gsaw_tree_first_child(const gsaw_tree *self, uint32_t node);
GSAW_API uint32_t gsaw_tree_next_sibling(const gsaw_tree *self, uint32_t node);

/* The first child of `node` that is `field` to it, or GSAW_TREE_NONE. O(children). */
GSAW_API uint32_t gsaw_tree_child_by_field(const gsaw_tree *self, uint32_t node, uint32_t field);

/* The number of the kind with that name: of the rule if `named`, else of the token ("==");
 * GSAW_TREE_NONE when the language has none. A number is the same in all trees of a language. */
GSAW_API uint32_t gsaw_tree_kind(const gsaw_tree *self, const char *name, bool named);

/* The number of the field with that name, or GSAW_TREE_NONE. */
GSAW_API uint32_t gsaw_tree_field(const gsaw_tree *self, const char *name);

/* The name of a kind, of a field; "" for a number that is none. */
GSAW_API const char *gsaw_tree_kind_name(const gsaw_tree *self, uint32_t kind);
GSAW_API const char *gsaw_tree_field_name(const gsaw_tree *self, uint32_t field);

/* The name of the language: "python", "typescript", "tsx", "javascript", "jsx", or the parser's. */
GSAW_API const char *gsaw_tree_language(const gsaw_tree *self);

/* The whole source, and that of a node; *size (may be NULL) bytes, of which the whole source has a
 * zero byte behind it. NULL where `node` is none. View: as long as the tree. */
GSAW_API const char *gsaw_tree_source(const gsaw_tree *self, size_t *size);
GSAW_API const char *gsaw_tree_text(const gsaw_tree *self, uint32_t node, size_t *size);

/* The line and column of an offset, from 1, columns in bytes. LF, CRLF and a lone CR end a line.
 * O(log lines). */
GSAW_API void gsaw_tree_position(const gsaw_tree *self, uint32_t offset, uint32_t *line,
                                 uint32_t *column);

/* Whether there is an error in it, or something missing. */
GSAW_API bool gsaw_tree_has_error(const gsaw_tree *self);

/* The bytes of memory that it takes: what gsaw_tree_dup copies. */
GSAW_API size_t gsaw_tree_size(const gsaw_tree *self);

/* A copy of one's own, to be freed by gsaw_tree_free: how to keep a tree that was lent. allocator
 * NULL: malloc. One allocation, one memcpy. A tree of a user's parser needs the parser's struct for
 * as long as it lives. Errors: GSAW_NO_MEMORY. */
GSAW_API gsaw_status gsaw_tree_dup(const gsaw_tree *self, const gsaw_allocator *allocator,
                                   gsaw_tree **out, gsaw_error *error);

/* Free a copy. NULL is allowed. Not while another thread reads it. */
GSAW_API void gsaw_tree_free(gsaw_tree *self);

/* ---- a parser of one's own ----------------------------------------------------------------------
 */

typedef struct gsaw_tree_builder gsaw_tree_builder; /* opaque; lent for one call of parse */

/* Build the tree of `bytes` (`size` of them, at most 4 GiB, and a zero byte behind): open the root,
 * its children, close it. Called by several threads at once, each with a builder of its own. Return
 * GSAW_OK, or a failure with a text in `error`: then there is no tree, and the text is the file's.
 * Broken source needs no failure: leave out what cannot be understood, or wrap it in a node of kind
 * GSAW_TREE_ERROR. The limits on time and memory, and a cancel, show as failures of open and leaf;
 * a loop without those goes unchecked, and a crash takes the process with it. */
typedef gsaw_status gsaw_tree_parse_function(void *context, gsaw_tree_builder *builder,
                                             const char *bytes, size_t size, gsaw_error *error);

/* A kind of node. Several may have one name. */
typedef struct gsaw_tree_kind_row {
    const char *name;
    bool named; /* false: a token */
} gsaw_tree_kind_row;

/* A parser. Borrowed, with all that it points at, for as long as trees of it live. */
typedef struct gsaw_tree_parser {
    size_t size;                     /* sizeof(gsaw_tree_parser) */
    const char *language;            /* "ini" */
    const char *const *extensions;   /* ".ini", ".d.ts" ..., NULL behind the last: how names of
                                        files end; the longest that fits wins, over built-in
                                        languages too */
    const gsaw_tree_kind_row *kinds; /* kind 0 is kinds[0] */
    size_t kind_count;               /* 1 to GSAW_TREE_KIND_MAX */
    const char *const *fields;       /* field 1 is fields[0] */
    size_t field_count;              /* at most GSAW_TREE_FIELD_MAX */
    gsaw_tree_parse_function *parse;
    void *context; /* of parse */
} gsaw_tree_parser;

/* Open a node inside of the one that is open, or the root: kind (or GSAW_TREE_ERROR), what it is to
 * its parent (0: nothing in particular), and where it starts: not before the start of its parent or
 * the end of what was closed last. The first failure is kept: all later calls return it, too, and
 * so does the parse. Errors: GSAW_RANGE (kind, field, start), GSAW_EXISTS (a second root),
 * GSAW_NO_MEMORY, GSAW_TIMEOUT, GSAW_CANCELLED. */
GSAW_API gsaw_status gsaw_tree_builder_open(gsaw_tree_builder *self, uint32_t kind, uint32_t field,
                                            uint32_t start);

/* Close the node that was opened last: not before its start, its last child's end, nor behind the
 * source's end. Errors: GSAW_RANGE; GSAW_INVALID (none is open). */
GSAW_API gsaw_status gsaw_tree_builder_close(gsaw_tree_builder *self, uint32_t end);

/* A node with nothing inside: open and close. */
GSAW_API gsaw_status gsaw_tree_builder_leaf(gsaw_tree_builder *self, uint32_t kind, uint32_t field,
                                            uint32_t start, uint32_t end);

/* Add flags (GSAW_TREE_IS_ERROR, GSAW_TREE_MISSING, GSAW_TREE_EXTRA) to the node that was opened
 * last, closed or not. Errors: GSAW_INVALID (none yet, other flags). */
GSAW_API gsaw_status gsaw_tree_builder_mark(gsaw_tree_builder *self, uint32_t flags);

#ifdef __cplusplus
}
#endif

#endif
