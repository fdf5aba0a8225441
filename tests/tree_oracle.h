/* tree_oracle.h - our copy of a syntax tree against tree-sitter's own, asked by its other interface
 * (nodes, not the cursor that the copy is made with).
 * Next:    unit/test_tree.c, stress/test_lang_mutations.c */
#ifndef GSAW_TESTS_TREE_ORACLE_H
#define GSAW_TESTS_TREE_ORACLE_H

#include <string.h>

#include "base/alloc.h"
#include "base/array.h"
#include "lang/treesitter.h"

/* A node of tree-sitter's, and how far its children were compared. */
typedef struct oracle_level {
    TSNode node;
    uint32_t index; /* in our tree */
    uint32_t child, count;
} oracle_level;

typedef struct oracle {
    gsaw__one_parse parse;
    const gsaw_tree *tree;
    uint32_t at; /* nodes compared */
    bool is_equal;
    GSAW_ARRAY(oracle_level) levels;
} oracle;

static inline bool oracle_is_equal(const oracle *self, TSNode node, const char *field,
                                   uint32_t parent)
{
    if (self->at >= gsaw_tree_node_count(self->tree))
        return false;
    const gsaw_tree_node *own = &gsaw_tree_nodes(self->tree)[self->at];
    const char *kind = ts_node_type(node);
    /* To tree-sitter an ERROR without children has no error; to us it has. */
    bool is_error = ts_node_is_error(node), is_missing = ts_node_is_missing(node);
    bool has_error = ts_node_has_error(node) || is_error || is_missing;
    unsigned flags = (ts_node_is_named(node) ? (unsigned)GSAW_TREE_NAMED : 0u) |
                     (is_error ? (unsigned)GSAW_TREE_IS_ERROR : 0u) |
                     (is_missing ? (unsigned)GSAW_TREE_MISSING : 0u) |
                     (ts_node_is_extra(node) ? (unsigned)GSAW_TREE_EXTRA : 0u) |
                     (has_error ? (unsigned)GSAW_TREE_HAS_ERROR : 0u);
    return strcmp(gsaw_tree_kind_name(self->tree, own->kind), kind) == 0 &&
           gsaw_tree_kind(self->tree, kind, ts_node_is_named(node)) == own->kind &&
           strcmp(gsaw_tree_field_name(self->tree, own->field), field == NULL ? "" : field) == 0 &&
           own->flags == flags && own->start == ts_node_start_byte(node) &&
           own->end == ts_node_end_byte(node) && own->parent == parent;
}

/* Compare a node, and go on with its children. */
static inline void oracle_enter(oracle *self, TSNode node, const char *field, uint32_t parent)
{
    oracle_level level = {node, self->at, 0, ts_node_child_count(node)};
    self->is_equal =
        oracle_is_equal(self, node, field, parent) && gsaw__array_push(&self->levels, NULL, level);
    self->at++;
}

static inline void oracle_body(void *argument)
{
    oracle *self = argument;
    oracle_enter(self, gsaw__treesitter_parse(&self->parse), NULL, GSAW_TREE_NONE);
    while (self->is_equal && self->levels.count != 0) {
        oracle_level *top = &self->levels.items[self->levels.count - 1];
        if (top->child == top->count) {
            self->is_equal = gsaw_tree_nodes(self->tree)[top->index].next == self->at;
            self->levels.count--;
            continue;
        }
        uint32_t child = top->child++;
        oracle_enter(self, ts_node_child(top->node, child),
                     ts_node_field_name_for_child(top->node, child), top->index);
    }
    self->is_equal = self->is_equal && self->at == gsaw_tree_node_count(self->tree);
}

/* Whether tree is what tree-sitter makes of the bytes, in each node. */
static inline bool oracle_agrees(gsaw__lang_state *state, const gsaw__language *language,
                                 const gsaw_tree *tree, const char *bytes, size_t count)
{
    const gsaw__limits limits = {.time_ns = (uint64_t)100 * 1000 * 1000 * 1000,
                                 .memory = (size_t)1 << 30};
    oracle self = {.parse = {.state = state,
                             .grammar = language->grammar,
                             .bytes = bytes,
                             .count = (uint32_t)count},
                   .tree = tree};
    gsaw_reason reason = gsaw__parse_guard(&state->memory, &limits, oracle_body, &self);
    gsaw__array_clear(&self.levels, NULL);
    return reason == GSAW_REASON_NONE && self.is_equal;
}

#endif
