/* dir.c - paths of directories, and the walk: no stack, as a directory knows its place above.
 * Keeps:   no recursion, whatever the depth.
 * Threads: as dir.h says.
 * Next:    dir.h */
#include "code/dir.h"

#include <string.h>

#include "base/file.h"

void gsaw__dir_path_below(const gsaw__dir *self, const gsaw__dir *above, gsaw__buffer *out)
{
    size_t skipped = above->path_size == 0 ? 0 : (size_t)above->path_size + 1;
    if (self == above || !gsaw__buffer_reserve(out, self->path_size - skipped))
        return;
    char *start = out->bytes + out->count;
    out->count += self->path_size - skipped;
    char *at = out->bytes + out->count;
    *at = 0;
    for (; self != NULL; self = self->parent) { /* from the last name backwards */
        at -= self->name_size;
        memcpy(at, self->name, self->name_size);
        if (at == start)
            return;
        *--at = '/';
    }
}

void gsaw__dir_path(const gsaw__dir *self, gsaw__buffer *out)
{
    const gsaw__dir *root = self;
    while (root->parent != NULL)
        root = root->parent;
    gsaw__dir_path_below(self, root, out);
}

static size_t depth_of(const gsaw__dir *self)
{
    size_t depth = 0;
    for (; self->parent != NULL; self = self->parent)
        depth++;
    return depth;
}

bool gsaw__dir_is_before(const gsaw__dir *a, const gsaw__dir *b)
{
    size_t depth_a = depth_of(a), depth_b = depth_of(b);
    for (; depth_a > depth_b; depth_a--)
        a = a->parent;
    for (; depth_b > depth_a; depth_b--)
        b = b->parent;
    while (a->parent != b->parent) {
        a = a->parent;
        b = b->parent;
    }
    return a->index < b->index;
}

void gsaw__dir_walk_init(gsaw__dir_walk *self, gsaw__dir *root, const gsaw_allocator *allocator)
{
    *self = (gsaw__dir_walk){.next = root};
    gsaw__buffer_init(&self->path, allocator);
}

void gsaw__dir_walk_clear(gsaw__dir_walk *self) { gsaw__buffer_clear(&self->path); }

/* The directory of an entry that is one, or NULL. */
static gsaw__dir *child_of(const gsaw__dir_entry *entry)
{
    return entry->type == GSAW_ENTRY_DIRECTORY ? entry->data : NULL;
}

/* The path of self->next is in front in the buffer: put the name behind it. */
static bool set_name(gsaw__dir_walk *self, const char *name, size_t size)
{
    self->path.count = self->next->path_size;
    if (self->path.count != 0)
        gsaw__buffer_append_byte(&self->path, '/');
    gsaw__buffer_append(&self->path, name, size);
    return !self->path.failed;
}

/* Go on behind the directory that is done. False: it was the root. */
static bool leave(gsaw__dir_walk *self)
{
    const gsaw__dir *done = self->next;
    if (done->parent == NULL)
        return false;
    self->next = done->parent;
    self->index = done->index + 1;
    return true;
}

bool gsaw__dir_walk_next(gsaw__dir_walk *self)
{
    for (;;) {
        if (self->index == self->next->count) {
            if (!leave(self))
                return false;
            continue;
        }
        gsaw__dir_entry *entry = &self->next->entries[self->index++];
        gsaw__dir *child = child_of(entry);
        if (!set_name(self, entry->name, entry->name_size))
            return false;
        self->entry = entry;
        self->directory = self->next;
        if (child != NULL) {
            self->next = child;
            self->index = 0;
        }
        if (child == NULL || child->reason != GSAW_REASON_NONE)
            return true;
    }
}

/* As git compares: bytewise, a directory with '/' behind its name. */
static bool is_in_order(const gsaw__dir_entry *a, const gsaw__dir_entry *b)
{
    size_t least = a->name_size < b->name_size ? a->name_size : b->name_size;
    int order = memcmp(a->name, b->name, least);
    if (order != 0)
        return order < 0;
    unsigned char end_a = a->type == GSAW_ENTRY_DIRECTORY ? '/' : 0;
    unsigned char end_b = b->type == GSAW_ENTRY_DIRECTORY ? '/' : 0;
    if (a->name_size > least)
        end_a = (unsigned char)a->name[least];
    if (b->name_size > least)
        end_b = (unsigned char)b->name[least];
    return end_a < end_b;
}

static bool check_one(const gsaw__dir *self)
{
    uint32_t files = 0, children = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        const gsaw__dir_entry *entry = &self->entries[i];
        const gsaw__dir *child = child_of(entry);
        files += entry->type == GSAW_ENTRY_FILE && entry->status == GSAW_FILE_OK;
        if (entry->name_size == 0 || entry->name[entry->name_size] != 0 ||
            (i != 0 && !is_in_order(entry - 1, entry)))
            return false;
        size_t prefix = self->path_size == 0 ? 0 : (size_t)self->path_size + 1;
        if (child != NULL &&
            (child != &gsaw__dir_children(self)[children++] || child->parent != self ||
             child->index != i || child->name != entry->name ||
             child->path_size != prefix + entry->name_size))
            return false;
    }
    return files == self->file_count && children == self->child_count;
}

bool gsaw__dir_check(const gsaw__dir *root)
{
    const gsaw__dir *at = root;
    uint32_t index = 0;
    if (!check_one(root))
        return false;
    for (;;) {
        if (index == at->count) {
            if (at == root)
                return true;
            index = at->index + 1;
            at = at->parent;
            continue;
        }
        const gsaw__dir *child = child_of(&at->entries[index++]);
        if (child == NULL)
            continue;
        if (!check_one(child))
            return false;
        at = child;
        index = 0;
    }
}
