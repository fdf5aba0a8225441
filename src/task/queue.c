/* queue.c - lists of jobs by group in one array of slots.
 * Keeps:   a group is in the ring of groups exactly while its list is not empty, so that a group
 *          that has ended is nowhere in the queue; every slot below `used` is in one group's list
 *          or spare.
 * Threads: any; all under the lock.
 * Next:    queue.h, worker.c */
#include "task/queue.h"

#include "base/alloc.h"
#include "base/check.h"

#define CAPACITY_MIN 64u

struct gsaw__queue_slot {
    gsaw_task task;
    uint32_t next; /* slot of the group's next job, or the next spare one; from 1; 0: none */
};

gsaw_status gsaw__queue_init(gsaw__queue *self, const gsaw_allocator *allocator)
{
    *self = (gsaw__queue){.allocator = allocator};
    return gsaw__mutex_init(&self->lock, "queue", GSAW_RANK_QUEUE);
}

void gsaw__queue_abandon(gsaw__queue *self)
{
    gsaw__free(self->allocator, self->slots, self->capacity * sizeof *self->slots);
    self->slots = NULL;
    self->capacity = 0;
}

void gsaw__queue_clear(gsaw__queue *self)
{
    gsaw__queue_abandon(self);
    gsaw__mutex_clear(&self->lock);
}

/* A free slot's number, from 1; 0 when memory is out. */
static uint32_t slot_new(gsaw__queue *self)
{
    uint32_t number = self->spare;
    if (number != 0) {
        self->spare = self->slots[number - 1].next;
        return number;
    }
    if (self->used == self->capacity) {
        uint32_t capacity = self->capacity == 0 ? CAPACITY_MIN : self->capacity * 2;
        if (capacity < self->capacity)
            return 0;
        struct gsaw__queue_slot *slots = gsaw__realloc(
            self->allocator, self->slots, self->capacity * sizeof *slots, capacity * sizeof *slots);
        if (slots == NULL)
            return 0;
        self->slots = slots;
        self->capacity = capacity;
    }
    return ++self->used;
}

/* Put the group last in the ring: before the one that is served next. */
static void link_group(gsaw__queue *self, gsaw_group *group)
{
    if (self->groups == NULL) {
        group->next = group->previous = group;
        self->groups = group;
        return;
    }
    group->next = self->groups;
    group->previous = self->groups->previous;
    group->previous->next = group;
    group->next->previous = group;
}

static void unlink_group(gsaw__queue *self, gsaw_group *group)
{
    if (group->next == group) {
        self->groups = NULL;
    } else {
        group->previous->next = group->next;
        group->next->previous = group->previous;
        if (self->groups == group)
            self->groups = group->next;
    }
    group->next = group->previous = NULL;
}

/* Both counts one up. Under the lock, which is why loads and stores will do. */
static void count_in(gsaw__queue *self, gsaw_group *group)
{
    /* [Q1] relaxed: written under the lock alone, and published by the store to count */
    gsaw__store_relaxed(&group->queued, gsaw__load_relaxed(&group->queued) + 1);
    /* [P1] sequentially consistent, before the look at who sleeps, pairs with queue_count() of
     * those who are about to park; [Q1] release, pairs with Q1 in take_of() */
    gsaw__store_seq_cst(&self->count, gsaw__load_relaxed(&self->count) + 1);
}

/* Both counts one down. Under the lock. */
static void count_out(gsaw__queue *self, gsaw_group *group)
{
    /* [Q1] relaxed, as in count_in() */
    gsaw__store_relaxed(&group->queued, gsaw__load_relaxed(&group->queued) - 1);
    /* [Q1] release, so that who reads this count also sees what was counted in before it. No place
     * in the order of [P1] is needed: nobody is to be woken for a job that is gone */
    gsaw__store_release(&self->count, gsaw__load_relaxed(&self->count) - 1);
}

gsaw_status gsaw__queue_push(gsaw__queue *self, const gsaw__job *job, bool always)
{
    gsaw_group *group = job->group;
    gsaw__mutex_lock(&self->lock);
    bool refused = self->closed && !always;
    uint32_t number = refused ? 0 : slot_new(self);
    if (number != 0) {
        self->slots[number - 1] = (struct gsaw__queue_slot){.task = job->task};
        if (group->last != 0) {
            self->slots[group->last - 1].next = number;
        } else {
            group->first = number;
            link_group(self, group);
        }
        group->last = number;
        count_in(self, group);
    }
    gsaw__mutex_unlock(&self->lock);
    return number != 0 ? GSAW_OK : refused ? GSAW_CLOSED : GSAW_NO_MEMORY;
}

/* Take the oldest job of a group that has one. */
static gsaw__job pop(gsaw__queue *self, gsaw_group *group)
{
    uint32_t number = group->first;
    struct gsaw__queue_slot *slot = &self->slots[number - 1];
    gsaw__job job = {.group = group, .task = slot->task};
    group->first = slot->next;
    slot->next = self->spare;
    self->spare = number;
    count_out(self, group);
    if (group->first == 0) {
        group->last = 0;
        unlink_group(self, group);
    }
    return job;
}

size_t gsaw__queue_take(gsaw__queue *self, gsaw__job *out, size_t room, uint32_t share)
{
    size_t taken = 0;
    gsaw__mutex_lock(&self->lock);
    size_t fair = (gsaw__queue_count(self) + share - 1) / share;
    gsaw_group *group = self->groups;
    while (group != NULL && taken < room && taken < fair) {
        out[taken++] = pop(self, group);
        if (group->first == 0)
            group = NULL;
    }
    if (group != NULL)
        self->groups = group->next;
    gsaw__mutex_unlock(&self->lock);
    return taken;
}

bool gsaw__queue_take_of(gsaw__queue *self, gsaw_group *group, gsaw__job *out)
{
    /* [Q1] the load of count acquires, pairs with Q1 in count_in(): whose count is seen there is
     * seen here, too, so that as the look before parking this is as good as the first alone */
    if (gsaw__queue_count(self) == 0 || gsaw__load_relaxed(&group->queued) == 0)
        return false;
    gsaw__mutex_lock(&self->lock);
    bool found = group->first != 0;
    if (found)
        *out = pop(self, group);
    gsaw__mutex_unlock(&self->lock);
    return found;
}

void gsaw__queue_close(gsaw__queue *self)
{
    gsaw__mutex_lock(&self->lock);
    self->closed = true;
    gsaw__mutex_unlock(&self->lock);
}

size_t gsaw__queue_count(const gsaw__queue *self)
{
    /* [P1] a look before parking, pairs with P1 in count_in(); [Q1] acquire, see take_of() */
    return gsaw__load_seq_cst(&self->count);
}

bool gsaw__queue_check(gsaw__queue *self)
{
    bool right = true;
    uint64_t held = 0, spare = 0;
    gsaw__mutex_lock(&self->lock);
    gsaw_group *group = self->groups;
    while (group != NULL && right) {
        uint64_t of_group = 0;
        uint32_t last = 0;
        for (uint32_t i = group->first; i != 0; i = self->slots[i - 1].next, of_group++)
            last = i;
        right = of_group != 0 && last == group->last && group->next->previous == group &&
                of_group == gsaw__load_relaxed(&group->queued); /* [Q1] under the lock */
        held += of_group;
        group = group->next == self->groups ? NULL : group->next;
    }
    for (uint32_t i = self->spare; i != 0; i = self->slots[i - 1].next)
        spare++;
    right = right && held == gsaw__load_relaxed(&self->count) && /* [Q1] under the lock */
            held + spare == self->used;
    gsaw__mutex_unlock(&self->lock);
    return right;
}
