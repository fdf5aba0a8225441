/* queue.h - TaskQueue inside: a heap of four by (priority, sequence), whose items can be found
 * again.
 * Keeps:   each item's slot says where in the heap it is; reserve() makes pushes that cannot fail.
 * Threads: one at a time; the public gsaw_queue puts a lock around it.
 * Next:    queue.c */
#ifndef GSAW_TASK_QUEUE_H
#define GSAW_TASK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/alloc.h>

#define GSAW_SLOT_NONE UINT32_MAX

typedef struct gsaw__queue_entry {
    int32_t priority;
    uint32_t slot;
    uint64_t sequence;
} gsaw__queue_entry;

typedef struct gsaw__queue_slot {
    uint64_t item;
    uint32_t position; /* in the heap; of a free slot: the next free one */
    uint32_t generation;
} gsaw__queue_slot;

/* All-zero but for the allocator is a valid empty queue. */
typedef struct gsaw__queue {
    const gsaw_allocator *allocator;
    gsaw__queue_entry *heap; /* the best first; children of i: 4 i + 1 to 4 i + 4 */
    gsaw__queue_slot *slots;
    uint32_t count;
    uint32_t heap_room, slot_room;
    uint32_t used;      /* slots that were ever taken */
    uint32_t free_slot; /* head of the list, from 1; 0: none */
} gsaw__queue;

/* Free all; it is empty then. The items are the caller's. */
void gsaw__queue_clear(gsaw__queue *self);

/* Make room for `count` items in all. False when memory is out. */
bool gsaw__queue_reserve(gsaw__queue *self, uint32_t count);

/* Put an item in; there must be room. Higher priorities first, then lower sequences. Returns its
 * slot: valid until it is out. */
uint32_t gsaw__queue_push(gsaw__queue *self, int32_t priority, uint64_t sequence, uint64_t item);

/* The i-th entry of the heap, 0 the best, and its item. */
static inline const gsaw__queue_entry *gsaw__queue_at(const gsaw__queue *self, uint32_t i)
{
    return &self->heap[i];
}

/* The item in a slot. */
static inline uint64_t gsaw__queue_item(const gsaw__queue *self, uint32_t slot)
{
    return self->slots[slot].item;
}

/* Take out the item in this slot. */
void gsaw__queue_remove(gsaw__queue *self, uint32_t slot);

/* Give the item in this slot a higher priority. */
void gsaw__queue_raise(gsaw__queue *self, uint32_t slot, int32_t priority);

/* Walk the invariants; for tests and debug builds. */
bool gsaw__queue_check(const gsaw__queue *self);

#endif
