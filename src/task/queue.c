/* queue.c - TaskQueue: a heap of four, so that a level more is a cache line more, not two.
 * Keeps:   no entry is better than its parent.
 * Threads: gsaw__queue: one at a time; gsaw_queue: any.
 * Next:    queue.h. Source: Johnson, Priority Queues with Update and Finding Minimum Spanning Trees
 *          (Information Processing Letters 1975) */
#include "task/queue.h"

#include <gangsaw/scheduler.h>

#include "base/alloc.h"
#include "base/check.h"
#include "base/status.h"
#include "base/thread.h"

#define ROOM_MIN 16u
#define CHILDREN 4u

void gsaw__queue_clear(gsaw__queue *self)
{
    gsaw__free(self->allocator, self->heap, self->heap_room * sizeof *self->heap);
    gsaw__free(self->allocator, self->slots, self->slot_room * sizeof *self->slots);
    *self = (gsaw__queue){.allocator = self->allocator};
}

static bool widen(const gsaw__queue *self, void **array, uint32_t *room, uint32_t count,
                  size_t size)
{
    uint32_t wider = *room < ROOM_MIN ? ROOM_MIN : *room;
    while (wider < count && wider <= UINT32_MAX / 2)
        wider *= 2;
    if (wider <= *room)
        return wider >= count;
    void *wide = gsaw__realloc(self->allocator, *array, *room * size, wider * size);
    if (wide == NULL)
        return false;
    *array = wide;
    *room = wider;
    return true;
}

bool gsaw__queue_reserve(gsaw__queue *self, uint32_t count)
{
    return count <= UINT32_MAX / 2 &&
           widen(self, (void **)&self->heap, &self->heap_room, count, sizeof *self->heap) &&
           widen(self, (void **)&self->slots, &self->slot_room, count, sizeof *self->slots);
}

static bool is_before(const gsaw__queue_entry *a, const gsaw__queue_entry *b)
{
    return a->priority != b->priority ? a->priority > b->priority : a->sequence < b->sequence;
}

static void put(gsaw__queue *self, uint32_t position, gsaw__queue_entry entry)
{
    self->heap[position] = entry;
    self->slots[entry.slot].position = position;
}

static void move_up(gsaw__queue *self, uint32_t position, gsaw__queue_entry entry)
{
    while (position > 0) {
        uint32_t parent = (position - 1) / CHILDREN;
        if (!is_before(&entry, &self->heap[parent]))
            break;
        put(self, position, self->heap[parent]);
        position = parent;
    }
    put(self, position, entry);
}

static void move_down(gsaw__queue *self, uint32_t position, gsaw__queue_entry entry)
{
    for (;;) {
        uint64_t first = (uint64_t)position * CHILDREN + 1;
        if (first >= self->count)
            break;
        uint32_t best = (uint32_t)first;
        for (uint32_t child = best + 1; child < first + CHILDREN && child < self->count; child++)
            if (is_before(&self->heap[child], &self->heap[best]))
                best = child;
        if (!is_before(&self->heap[best], &entry))
            break;
        put(self, position, self->heap[best]);
        position = best;
    }
    put(self, position, entry);
}

uint32_t gsaw__queue_push(gsaw__queue *self, int32_t priority, uint64_t sequence, uint64_t item)
{
    gsaw_assert(self->count < self->heap_room && self->count < self->slot_room);
    uint32_t slot = self->free_slot;
    if (slot != 0) {
        self->free_slot = self->slots[--slot].position;
    } else {
        slot = self->used++;
        self->slots[slot].generation = 0;
    }
    self->slots[slot].item = item;
    gsaw__queue_entry entry = {.priority = priority, .slot = slot, .sequence = sequence};
    move_up(self, self->count++, entry);
    return slot;
}

void gsaw__queue_remove(gsaw__queue *self, uint32_t slot)
{
    uint32_t position = self->slots[slot].position;
    gsaw_assert(position < self->count && self->heap[position].slot == slot);
    gsaw__queue_entry last = self->heap[--self->count];
    if (position != self->count) {
        if (is_before(&last, &self->heap[position]))
            move_up(self, position, last);
        else
            move_down(self, position, last);
    }
    self->slots[slot].generation++;
    self->slots[slot].position = self->free_slot;
    self->free_slot = slot + 1;
}

void gsaw__queue_raise(gsaw__queue *self, uint32_t slot, int32_t priority)
{
    uint32_t position = self->slots[slot].position;
    gsaw__queue_entry entry = self->heap[position];
    gsaw_assert(priority >= entry.priority);
    entry.priority = priority;
    move_up(self, position, entry);
}

bool gsaw__queue_check(const gsaw__queue *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (self->slots[self->heap[i].slot].position != i ||
            (i > 0 && is_before(&self->heap[i], &self->heap[(i - 1) / CHILDREN])))
            return false;
    return true;
}

/* ---- the public queue: a lock around it ---- */

struct gsaw_queue {
    gsaw__queue queue;
    gsaw__mutex lock; /* rank GSAW_RANK_LEAF */
    uint32_t capacity;
    uint64_t sequence; /* of the next item */
};

gsaw_status gsaw_queue_new(const gsaw_allocator *allocator, uint32_t capacity, gsaw_queue **out,
                           gsaw_error *error)
{
    gsaw_queue *self = gsaw__alloc_zero(allocator, 1, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    self->queue.allocator = allocator;
    self->capacity = capacity == 0 ? UINT32_MAX / 2 : capacity;
    gsaw_status status = gsaw__mutex_init(&self->lock, "queue", GSAW_RANK_LEAF);
    if (status != GSAW_OK) {
        gsaw__free(allocator, self, sizeof *self);
        return gsaw__fail(error, status, "cannot make a lock");
    }
    *out = self;
    return GSAW_OK;
}

void gsaw_queue_free(gsaw_queue *self)
{
    if (self == NULL)
        return;
    gsaw__mutex_clear(&self->lock);
    gsaw__queue_clear(&self->queue);
    gsaw__free(self->queue.allocator, self, sizeof *self);
}

gsaw_status gsaw_queue_push(gsaw_queue *self, void *item, int32_t priority, uint64_t *ticket)
{
    gsaw_status status = GSAW_OK;
    gsaw__mutex_lock(&self->lock);
    if (self->queue.count >= self->capacity) {
        status = GSAW_AGAIN;
    } else if (!gsaw__queue_reserve(&self->queue, self->queue.count + 1)) {
        status = GSAW_NO_MEMORY;
    } else {
        uint32_t slot = gsaw__queue_push(&self->queue, priority, self->sequence++, (uintptr_t)item);
        if (ticket != NULL)
            *ticket = (uint64_t)self->queue.slots[slot].generation << 32 | slot;
    }
    gsaw__mutex_unlock(&self->lock);
    return status;
}

static bool look(gsaw_queue *self, void **out, bool take)
{
    gsaw__mutex_lock(&self->lock);
    bool found = self->queue.count != 0;
    if (found) {
        uint32_t slot = gsaw__queue_at(&self->queue, 0)->slot;
        *out = (void *)(uintptr_t)gsaw__queue_item(&self->queue, slot);
        if (take)
            gsaw__queue_remove(&self->queue, slot);
    }
    gsaw__mutex_unlock(&self->lock);
    return found;
}

bool gsaw_queue_pop(gsaw_queue *self, void **out) { return look(self, out, true); }

bool gsaw_queue_peek(gsaw_queue *self, void **out) { return look(self, out, false); }

bool gsaw_queue_remove(gsaw_queue *self, uint64_t ticket, void **out)
{
    uint32_t slot = (uint32_t)ticket, generation = (uint32_t)(ticket >> 32);
    gsaw__mutex_lock(&self->lock);
    const gsaw__queue *queue = &self->queue;
    bool found = slot < queue->used && queue->slots[slot].generation == generation &&
                 queue->slots[slot].position < queue->count &&
                 queue->heap[queue->slots[slot].position].slot == slot;
    if (found) {
        if (out != NULL)
            *out = (void *)(uintptr_t)gsaw__queue_item(queue, slot);
        gsaw__queue_remove(&self->queue, slot);
    }
    gsaw__mutex_unlock(&self->lock);
    return found;
}

size_t gsaw_queue_size(gsaw_queue *self)
{
    gsaw__mutex_lock(&self->lock);
    size_t count = self->queue.count;
    gsaw__mutex_unlock(&self->lock);
    return count;
}
