/* tree.c - reading a syntax tree: all of it is arithmetic on one block.
 * Threads: any.
 * Next:    tree.h, tree_builder.c */
#include "lang/tree.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "lang/lines.h"

const gsaw_tree_node *gsaw_tree_nodes(const gsaw_tree *self)
{
    return (const gsaw_tree_node *)(const void *)(self + 1);
}

uint32_t gsaw_tree_node_count(const gsaw_tree *self) { return self->node_count; }

static const uint32_t *lines(const gsaw_tree *self)
{
    return (const uint32_t *)(const void *)(gsaw_tree_nodes(self) + self->node_count);
}

uint32_t gsaw_tree_first_child(const gsaw_tree *self, uint32_t node)
{
    if (node >= self->node_count)
        return GSAW_TREE_NONE;
    return node + 1 < gsaw_tree_nodes(self)[node].next ? node + 1 : GSAW_TREE_NONE;
}

uint32_t gsaw_tree_next_sibling(const gsaw_tree *self, uint32_t node)
{
    if (node == 0 || node >= self->node_count)
        return GSAW_TREE_NONE;
    const gsaw_tree_node *nodes = gsaw_tree_nodes(self);
    uint32_t next = nodes[node].next;
    return next < nodes[nodes[node].parent].next ? next : GSAW_TREE_NONE;
}

uint32_t gsaw_tree_child_by_field(const gsaw_tree *self, uint32_t node, uint32_t field)
{
    const gsaw_tree_node *nodes = gsaw_tree_nodes(self);
    uint32_t child = field == 0 ? GSAW_TREE_NONE : gsaw_tree_first_child(self, node);
    while (child != GSAW_TREE_NONE && nodes[child].field != field)
        child = gsaw_tree_next_sibling(self, child);
    return child;
}

uint32_t gsaw_tree_kind(const gsaw_tree *self, const char *name, bool named)
{
    if (named && strcmp(name, "ERROR") == 0)
        return GSAW_TREE_ERROR;
    return self->vocabulary->kind(self->names, name, named);
}

uint32_t gsaw_tree_field(const gsaw_tree *self, const char *name)
{
    return self->vocabulary->field(self->names, name);
}

const char *gsaw_tree_kind_name(const gsaw_tree *self, uint32_t kind)
{
    return kind == GSAW_TREE_ERROR ? "ERROR" : self->vocabulary->kind_name(self->names, kind);
}

const char *gsaw_tree_field_name(const gsaw_tree *self, uint32_t field)
{
    return self->vocabulary->field_name(self->names, field);
}

const char *gsaw_tree_language(const gsaw_tree *self) { return self->language; }

const char *gsaw_tree_source(const gsaw_tree *self, size_t *size)
{
    if (size != NULL)
        *size = self->source_size;
    return (const char *)(lines(self) + self->line_count);
}

const char *gsaw_tree_text(const gsaw_tree *self, uint32_t node, size_t *size)
{
    if (node >= self->node_count) {
        if (size != NULL)
            *size = 0;
        return NULL;
    }
    const gsaw_tree_node *at = &gsaw_tree_nodes(self)[node];
    if (size != NULL)
        *size = at->end - at->start;
    return gsaw_tree_source(self, NULL) + at->start;
}

void gsaw_tree_position(const gsaw_tree *self, uint32_t offset, uint32_t *line, uint32_t *column)
{
    gsaw__lines_position(lines(self), self->line_count, offset, line, column);
}

bool gsaw_tree_has_error(const gsaw_tree *self)
{
    return (gsaw_tree_nodes(self)->flags & GSAW_TREE_HAS_ERROR) != 0;
}

size_t gsaw_tree_size(const gsaw_tree *self) { return self->size; }

gsaw_status gsaw_tree_dup(const gsaw_tree *self, const gsaw_allocator *allocator, gsaw_tree **out,
                          gsaw_error *error)
{
    gsaw_tree *copy = gsaw__alloc(allocator, self->size);
    if (copy == NULL)
        return gsaw__fail_memory(error);
    memcpy(copy, self, self->size);
    copy->allocator = allocator;
    *out = copy;
    return GSAW_OK;
}

void gsaw_tree_free(gsaw_tree *self)
{
    if (self != NULL)
        gsaw__free(self->allocator, self, self->size);
}

/* A node against its parent, and the sibling behind it. */
static bool node_holds(const gsaw_tree_node *nodes, uint32_t index)
{
    const gsaw_tree_node *node = &nodes[index], *parent = &nodes[node->parent];
    bool is_error = (node->flags & (GSAW_TREE_IS_ERROR | GSAW_TREE_MISSING)) != 0;
    if (node->parent >= index || node->next <= index || node->next > parent->next)
        return false;
    if (node->start < parent->start || node->start > node->end || node->end > parent->end)
        return false;
    if (node->next < parent->next &&
        (nodes[node->next].parent != node->parent || nodes[node->next].start < node->end))
        return false;
    return (!is_error || (node->flags & GSAW_TREE_HAS_ERROR) != 0) &&
           ((node->flags & GSAW_TREE_HAS_ERROR) == 0 || (parent->flags & GSAW_TREE_HAS_ERROR) != 0);
}

bool gsaw__tree_check(const gsaw_tree *self)
{
    const gsaw_tree_node *nodes = gsaw_tree_nodes(self);
    size_t size = sizeof *self + self->node_count * sizeof *nodes +
                  self->line_count * sizeof(uint32_t) + self->source_size + 1;
    if (self->node_count == 0 || self->line_count == 0 || lines(self)[0] != 0 ||
        self->size != size || nodes[0].parent != GSAW_TREE_NONE ||
        nodes[0].next != self->node_count || nodes[0].end > self->source_size ||
        nodes[0].start > nodes[0].end || nodes[0].field != 0)
        return false;
    for (uint32_t i = 1; i < self->node_count; i++)
        if (!node_holds(nodes, i))
            return false;
    for (uint32_t i = 1; i < self->line_count; i++)
        if (lines(self)[i] <= lines(self)[i - 1] || lines(self)[i] > self->source_size)
            return false;
    return gsaw_tree_source(self, NULL)[self->source_size] == 0;
}
