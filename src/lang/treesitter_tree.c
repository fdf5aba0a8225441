/* treesitter_tree.c - tree-sitter's tree copied into one of ours, in one walk of a cursor.
 * Keeps:   the number of nodes is known before the walk, so that the block is made once, counted
 *          against the limit; it is the builder's, and stays when the guard is left half-way.
 * Threads: as treesitter.h.
 * Next:    treesitter.c, tree.h */
#include <string.h>

#include "lang/treesitter.h"

#define NODES_PER_CHECK 1024

/* ---- names: the grammar's tables are constant, so trees may outlive everything ---- */

static const char *kind_name(const void *names, uint32_t kind)
{
    const TSLanguage *language = names;
    return kind < ts_language_symbol_count(language)
               ? ts_language_symbol_name(language, (TSSymbol)kind)
               : "";
}

static const char *field_name(const void *names, uint32_t field)
{
    const TSLanguage *language = names;
    return field != 0 && field <= ts_language_field_count(language)
               ? ts_language_field_name_for_id(language, (TSFieldId)field)
               : "";
}

/* Looked up here "E" would be an ERROR, and what is not found is 0, a kind. */
static uint32_t kind_of(const void *names, const char *name, bool named)
{
    const TSLanguage *language = names;
    TSSymbol found = ts_language_symbol_for_name(language, name, (uint32_t)strlen(name), named);
    bool is_it = found != 0 && found < ts_language_symbol_count(language) &&
                 strcmp(kind_name(names, found), name) == 0;
    return is_it ? found : GSAW_TREE_NONE;
}

static uint32_t field_of(const void *names, const char *name)
{
    TSFieldId found = ts_language_field_id_for_name(names, name, (uint32_t)strlen(name));
    return found != 0 ? found : GSAW_TREE_NONE;
}

static const gsaw__vocabulary vocabulary = {kind_name, field_name, kind_of, field_of};

/* ---- the walk ---- */

typedef struct tree_parse {
    gsaw__one_parse parse;
    gsaw_tree_builder *out;
} tree_parse;

static gsaw_tree_node node_at(const TSTreeCursor *cursor, uint32_t parent)
{
    TSNode node = ts_tree_cursor_current_node(cursor);
    uint32_t kind = ts_node_symbol(node), flags = 0;
    if (ts_node_is_named(node))
        flags |= GSAW_TREE_NAMED;
    if (ts_node_has_error(node))
        flags |= GSAW_TREE_HAS_ERROR;
    if (kind == GSAW_TREE_ERROR)
        flags |= GSAW_TREE_IS_ERROR | GSAW_TREE_HAS_ERROR;
    if (ts_node_is_missing(node))
        flags |= GSAW_TREE_MISSING | GSAW_TREE_HAS_ERROR;
    if (ts_node_is_extra(node))
        flags |= GSAW_TREE_EXTRA;
    return (gsaw_tree_node){
        .kind = (uint16_t)kind,
        .field = (uint8_t)ts_tree_cursor_current_field_id(cursor),
        .flags = (uint8_t)flags,
        .start = ts_node_start_byte(node),
        .end = ts_node_end_byte(node),
        .parent = parent,
        .next = ts_node_child_count(node),
    };
}

/* All nodes from the root on; returns how many there are, 0 if tree-sitter counted them wrong (not
 * known to happen). While a node is open its `next` is the number of children still to come: asking
 * the cursor for one behind the last would cost as much as a step. */
static uint32_t copy_nodes(gsaw__parse_memory *memory, TSNode root, gsaw_tree_node *nodes,
                           uint32_t room)
{
    TSTreeCursor cursor = ts_tree_cursor_new(root);
    uint32_t parent = GSAW_TREE_NONE, count = 0;
    while (count < room) {
        uint32_t node = count++;
        nodes[node] = node_at(&cursor, parent);
        if (count % NODES_PER_CHECK == 0)
            gsaw__parse_check(memory);
        if (nodes[node].next != 0) {
            parent = node;
            if (!ts_tree_cursor_goto_first_child(&cursor))
                return 0;
            continue;
        }
        nodes[node].next = count;
        while (parent != GSAW_TREE_NONE && --nodes[parent].next == 0) {
            nodes[parent].next = count;
            parent = nodes[parent].parent;
            ts_tree_cursor_goto_parent(&cursor);
        }
        if (parent == GSAW_TREE_NONE)
            return count;
        if (!ts_tree_cursor_goto_next_sibling(&cursor))
            return 0;
    }
    return 0;
}

static void body(void *argument)
{
    tree_parse *self = argument;
    gsaw_tree_builder *out = self->out;
    gsaw__parse_memory *memory = &self->parse.state->memory;
    TSNode root = gsaw__treesitter_parse(&self->parse);
    uint32_t count = ts_node_descendant_count(root);
    size_t size = gsaw__tree_builder_size(out, count);
    gsaw__parse_admit(memory, size);
    if (!gsaw__tree_builder_reserve(out, size))
        return;
    out->head.node_count = copy_nodes(memory, root, gsaw__tree_builder_nodes(out), count);
    if (out->head.node_count == 0)
        gsaw__tree_builder_problem(out, GSAW_FILE_FAILED, GSAW_REASON_MEMORY, GSAW_TREE_NONE);
    if (self->parse.too_deep != GSAW_NONE)
        gsaw__tree_builder_problem(out, GSAW_FILE_PARTIAL, GSAW_REASON_NESTING,
                                   self->parse.too_deep);
    if (ts_node_has_error(root))
        gsaw__tree_builder_problem(out, GSAW_FILE_PARTIAL, GSAW_REASON_SYNTAX,
                                   gsaw__treesitter_first_error(root));
}

const gsaw_tree *gsaw__treesitter_tree(const gsaw__language *self, gsaw__lang_state *state,
                                       gsaw__source source, const gsaw__limits *limits,
                                       gsaw_tree_builder *out)
{
    const gsaw__grammar *grammar = self->grammar;
    const gsaw__tree_source from = {.language = self->name,
                                    .vocabulary = &vocabulary,
                                    .names = grammar->language(),
                                    .bytes = source.bytes,
                                    .count = source.count};
    gsaw__tree_builder_begin(out, &from);
    if (!gsaw__treesitter_fits(source.count)) {
        gsaw__tree_builder_problem(out, GSAW_FILE_FAILED, GSAW_REASON_MEMORY, GSAW_TREE_NONE);
        return NULL;
    }
    tree_parse parse = {.parse = {.state = state,
                                  .grammar = grammar,
                                  .bytes = source.bytes,
                                  .count = (uint32_t)source.count},
                        .out = out};
    gsaw_reason reason = gsaw__parse_guard(&state->memory, limits, body, &parse);
    if (reason != GSAW_REASON_NONE)
        gsaw__tree_builder_problem(out, GSAW_FILE_FAILED, reason, GSAW_TREE_NONE);
    return gsaw__tree_builder_finish(out);
}
