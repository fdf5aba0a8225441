/* rules.c - counting the users of a chain, and asking it.
 * Keeps:   users >= 1 while the chain is reachable; freeing climbs the chain without recursion.
 * Threads: any. [R1] is the count of users.
 * Next:    rules.h */
#include "code/rules.h"

#include "base/atomic.h"

gsaw__rules *gsaw__rules_new(gsaw__ignore *take_list, gsaw__rules *take_parent, size_t base,
                             const gsaw_allocator *allocator)
{
    gsaw__rules *self = gsaw__alloc_zero(allocator, 1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->list = *take_list;
    gsaw__ignore_init(take_list, allocator);
    self->parent = take_parent;
    self->allocator = allocator;
    self->base = base;
    self->needs_path = self->list.needs_path || (take_parent != NULL && take_parent->needs_path);
    gsaw__store_relaxed(&self->users, 1); /* [R1] relaxed: no other thread knows it yet */
    return self;
}

void gsaw__rules_retain(gsaw__rules *self, uint32_t count)
{
    if (self != NULL && count != 0)
        gsaw__add_relaxed(&self->users, count); /* [R1] relaxed: the caller is a user already */
}

void gsaw__rules_release(gsaw__rules *self)
{
    /* [R1] release by each user, acquire by the last: all matching comes before the freeing. */
    while (self != NULL && gsaw__sub_acq_rel(&self->users, 1) == 1) {
        gsaw__rules *parent = self->parent;
        gsaw__ignore_clear(&self->list);
        gsaw__free(self->allocator, self, sizeof *self);
        self = parent;
    }
}

enum gsaw__ignore_verdict gsaw__rules_match(const gsaw__rules *self, const char *path,
                                            size_t path_size, size_t name_size, bool is_directory)
{
    const char *name = path + path_size - name_size;
    for (; self != NULL; self = self->parent) {
        bool whole = self->list.needs_path;
        enum gsaw__ignore_verdict verdict =
            gsaw__ignore_match(&self->list, whole ? path + self->base : name,
                               whole ? path_size - self->base : name_size, name_size, is_directory);
        if (verdict != GSAW_IGNORE_NONE)
            return verdict;
    }
    return GSAW_IGNORE_NONE;
}
