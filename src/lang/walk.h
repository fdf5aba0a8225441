/* walk.h - one pass over a syntax tree: an iterative cursor, the scopes around it, looks ahead.
 * Keeps:   no recursion on the depth of a tree; each node is stepped on once by the walk and a
 *          bounded number of times by looks ahead; subtrees without a word of interest are not
 *          entered.
 * Threads: a walk belongs to its worker.
 * Next:    walk.c, python.c, typescript.c */
#ifndef GSAW_LANG_WALK_H
#define GSAW_LANG_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tree_sitter/api.h>

#include "base/buffer.h"
#include "base/map.h"
#include "lang/facts.h"
#include "lang/parse_memory.h"

enum gsaw__scope_kind {
    GSAW_SCOPE_MODULE,
    GSAW_SCOPE_NAMESPACE,
    GSAW_SCOPE_CLASS,
    GSAW_SCOPE_ENUM, /* Python's enum classes */
    GSAW_SCOPE_INTERFACE,
    GSAW_SCOPE_FUNCTION,
    GSAW_SCOPE_BLOCK /* JS: what let and const cannot be seen outside of */
};

/* What the node under the cursor is inside of. */
typedef struct gsaw__scope {
    uint32_t depth;  /* of the node that opened it */
    uint32_t symbol; /* the innermost symbol around, GSAW_NONE in the module */
    uint8_t kind;
    bool local;   /* some scope around is a function's */
    bool ambient; /* TS: members of a declared namespace are exported without the word */
} gsaw__scope;

/* A half-open run of bytes of the source. */
typedef struct gsaw__span {
    uint32_t start, end;
} gsaw__span;

/* A child seen by a look ahead. */
typedef struct gsaw__child {
    TSNode node;
    uint8_t kind, field; /* the front end's numbers; 0: none it knows */
} gsaw__child;

/* A simple statement that the cursor is in. */
typedef struct gsaw__walk_statement {
    uint32_t depth;
    gsaw__span span;
} gsaw__walk_statement;

/* JS: `export` or `declare`, whose range is that of the declaration right below it. */
typedef struct gsaw__walk_wrapper {
    uint32_t depth;
    gsaw__span span;
    bool is_export, is_ambient;
} gsaw__walk_wrapper;

/* JS: what the declarators of one const, let or var have in common. */
typedef struct gsaw__walk_declaration {
    uint32_t depth, start;
    bool is_export, is_constant, is_symbol; /* is_symbol: plain values make symbols here */
} gsaw__walk_declaration;

#define GSAW_WALK_PROBES 4

struct gsaw__walk;

/* Called for each node in preorder; true: go on with its children. */
typedef bool gsaw__walk_visit(struct gsaw__walk *self, TSNode node, uint8_t kind);

/* A word that begins what a walk looks for inside of functions and expressions, found by its rarest
 * letter. */
typedef struct gsaw__interest_word {
    const char *word;
    uint8_t size, key; /* key: index of that letter; the words of one letter stand together */
} gsaw__interest_word;

typedef struct gsaw__interest {
    const gsaw__interest_word *words; /* the last one is all zero */
    uint8_t first[256];               /* by letter: 1 + index of its first word; 0: none */
} gsaw__interest;

typedef struct gsaw__walk {
    const gsaw_allocator *allocator;
    /* Set for each file. */
    const char *bytes;
    uint32_t count;
    gsaw__facts_builder *out;
    gsaw__parse_memory *memory;
    const uint8_t *kinds, *fields; /* the grammar's tables */
    uint32_t symbol_count;
    const gsaw__interest *words;
    TSTreeCursor cursor, probes[GSAW_WALK_PROBES];
    uint32_t depth;       /* of the cursor; the root is 0 */
    uint32_t interest;    /* the first word of interest not before the cursor, if it is known */
    gsaw__span comment;   /* the comment seen last */
    gsaw__span type_only; /* where imports are for types alone */
    gsaw__walk_wrapper wrapper;         /* JS: the export or declare entered last */
    gsaw__walk_declaration declaration; /* JS: the const, let or var entered last */
    gsaw__span
        named_value; /* JS: a function or class expression whose symbol is made already, ... */
    bool named_is_entered;    /* whether there is anything to find in it */
    uint32_t named_symbol;    /* ... this one, by what it is assigned to */
    uint32_t consumed_call;   /* JS: start of a require() already recorded */
    uint32_t decorated_depth; /* depth of the definition that `decorators` belong to */
    bool has_all;             /* Python: the module has a literal __all__ */
    /* Kept from file to file. */
    GSAW_ARRAY(gsaw__scope) scopes;
    GSAW_ARRAY(gsaw__walk_statement) statements; /* simple statements around the cursor */
    GSAW_ARRAY(gsaw__span) decorators;           /* waiting for their definition */
    gsaw__map names;                             /* (scope's symbol, name) -> symbol */
    gsaw__arena keys;                            /* of names */
    gsaw__buffer text;
} gsaw__walk;

/* Set self empty over `allocator` (NULL: malloc); free all it holds, empty again. */
void gsaw__walk_init(gsaw__walk *self, const gsaw_allocator *allocator);
void gsaw__walk_clear(gsaw__walk *self);

/* Begin a file at its root; inside the guard. */
void gsaw__walk_begin(gsaw__walk *self, TSNode root);

/* Step through the whole tree. */
void gsaw__walk_tree(gsaw__walk *self, gsaw__walk_visit *visit);

/* The front end's number of a node (GSAW_KIND_ERROR for an ERROR node), and its bytes. */
uint8_t gsaw__walk_kind(const gsaw__walk *self, TSNode node);
gsaw__span gsaw__walk_span(TSNode node);

/* Looks ahead: the children of parent, on one of GSAW_WALK_PROBES independent probes. */
bool gsaw__walk_first(gsaw__walk *self, unsigned probe, TSNode parent, gsaw__child *out);
bool gsaw__walk_next(gsaw__walk *self, unsigned probe, gsaw__child *out);

/* The first child of that kind or field; false when there is none. */
bool gsaw__walk_child_of_kind(gsaw__walk *self, unsigned probe, TSNode parent, uint8_t kind,
                              gsaw__child *out);
bool gsaw__walk_child_of_field(gsaw__walk *self, unsigned probe, TSNode parent, uint8_t field,
                               gsaw__child *out);

/* What a pattern walk does with a kind, and the fields whose nodes it leaves out. */
enum gsaw__pattern_step {
    GSAW_PATTERN_SKIP,
    GSAW_PATTERN_ENTER,
    GSAW_PATTERN_ENTER_REST, /* all children but the first */
    GSAW_PATTERN_BIND
};
typedef struct gsaw__pattern_rules {
    uint8_t steps[256];        /* by kind: gsaw__pattern_step */
    uint8_t skipped_fields[2]; /* 0: none */
    void (*bind)(gsaw__walk *self, TSNode name, gsaw__span whole);
} gsaw__pattern_rules;

/* Call rules->bind for each name in the pattern `node` (itself, if it is one). Uses probe 3. */
void gsaw__walk_pattern(gsaw__walk *self, TSNode node, const gsaw__pattern_rules *rules,
                        gsaw__span whole);

/* May a word of interest stand in the node? Asked in the order of the walk. */
bool gsaw__walk_is_of_interest(gsaw__walk *self, TSNode node);

/* May one stand in these bytes, wherever the walk is? */
bool gsaw__walk_holds_interest(const gsaw__walk *self, uint32_t from, uint32_t to);

/* The innermost scope; open one for the node under the cursor (or, plus, for one `deeper`). */
const gsaw__scope *gsaw__walk_scope(const gsaw__walk *self);
void gsaw__walk_open(gsaw__walk *self, uint8_t kind, uint32_t symbol);

/* The node under the cursor is a simple statement; the innermost one that `inner` is in, else
 * inner. */
void gsaw__walk_enter_statement(gsaw__walk *self, TSNode node);
gsaw__span gsaw__walk_statement_of(const gsaw__walk *self, gsaw__span inner);

/* String ids: of source bytes as they are; with white space collapsed and comments left out. */
uint32_t gsaw__walk_string(gsaw__walk *self, gsaw__span span);
uint32_t gsaw__walk_collapsed(gsaw__walk *self, gsaw__span span, char comment);

/* Does the source there equal the text? */
bool gsaw__walk_equals(const gsaw__walk *self, gsaw__span span, const char *text);

/* The entry of `name` under `owner` (a symbol, GSAW_NONE, or a number of the front end's own beyond
 * all symbols), made with `fresh` when it is new; NULL when memory is out (the builder knows). */
uint32_t *gsaw__walk_name(gsaw__walk *self, uint32_t owner, uint32_t name, uint32_t fresh,
                          bool *is_new);
uint32_t *gsaw__walk_name_find(gsaw__walk *self, uint32_t owner, uint32_t name);

/* Do decorators wait for the node under the cursor, which begins at `start`? They do when they
 * stand in the same list of siblings with nothing but white space and comments between, or inside
 * of it. */
bool gsaw__walk_is_decorated(const gsaw__walk *self, uint32_t start, char comment);

/* Move the decorators that wait for the node under the cursor into the lists of `symbol`, and its
 * start before the first of them. */
void gsaw__walk_take_decorators(gsaw__walk *self, gsaw__facts_symbol *symbol, char comment);

#endif
