/* map.c - linear probing over slots that keep the hash, and interning on top.
 * Keeps:   count <= 3/4 of capacity; a slot with key NULL is free; equal keys stand once.
 * Threads: one at a time.
 * Next:    map.h. Source of removal: Knuth, The Art of Computer Programming 3, 6.4, Algorithm R */
#include "base/map.h"

#include <string.h>

#include "base/array.h"
#include "base/check.h"
#include "base/hash.h"

struct gsaw__map_slot {
    const char *key; /* NULL: free */
    uint32_t size, value;
    uint64_t hash;
};

#define KEY_SIZE_MAX UINT32_MAX
#define COUNT_MAX ((size_t)1 << 31)
#define CAPACITY_KEPT                                                                              \
    ((size_t)4096) /* slots: clearing more on every reset costs more than growing anew */

void gsaw__map_init(gsaw__map *self, const gsaw_allocator *allocator)
{
    *self = (gsaw__map){.allocator = allocator};
}

void gsaw__map_clear(gsaw__map *self)
{
    gsaw__free(self->allocator, self->slots, self->capacity * sizeof *self->slots);
    gsaw__map_init(self, self->allocator);
}

void gsaw__map_reset(gsaw__map *self)
{
    if (self->capacity > CAPACITY_KEPT)
        gsaw__map_clear(self);
    if (self->count != 0)
        memset(self->slots, 0, self->capacity * sizeof *self->slots);
    self->count = 0;
}

/* The slot of key, or the free one where it would go. capacity is not 0. */
static struct gsaw__map_slot *probe(const gsaw__map *self, const char *key, size_t size,
                                    uint64_t hash)
{
    size_t mask = self->capacity - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        struct gsaw__map_slot *slot = &self->slots[at];
        if (slot->key == NULL)
            return slot;
        if (slot->hash == hash && slot->size == size && memcmp(slot->key, key, size) == 0)
            return slot;
    }
}

static bool grow(gsaw__map *self)
{
    size_t capacity = self->capacity == 0 ? 64 : self->capacity * 2;
    struct gsaw__map_slot *old = self->slots;
    struct gsaw__map_slot *slots = gsaw__alloc_zero(self->allocator, capacity, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < self->capacity; i++) {
        if (old[i].key == NULL)
            continue;
        size_t at = old[i].hash & (capacity - 1);
        while (slots[at].key != NULL)
            at = (at + 1) & (capacity - 1);
        slots[at] = old[i];
    }
    gsaw__free(self->allocator, old, self->capacity * sizeof *old);
    self->slots = slots;
    self->capacity = capacity;
    return true;
}

uint32_t *gsaw__map_find(const gsaw__map *self, const char *key, size_t size)
{
    if (self->count == 0 || size > KEY_SIZE_MAX)
        return NULL;
    struct gsaw__map_slot *slot = probe(self, key, size, gsaw__hash_bytes(key, size));
    return slot->key == NULL ? NULL : &slot->value;
}

uint32_t *gsaw__map_insert(gsaw__map *self, const char *key, size_t size, uint32_t fresh,
                           bool *is_new)
{
    gsaw_assert(key != NULL);
    if (size > KEY_SIZE_MAX || self->count >= COUNT_MAX)
        return NULL;
    if (self->count >= self->capacity - self->capacity / 4 && !grow(self))
        return NULL;
    uint64_t hash = gsaw__hash_bytes(key, size);
    struct gsaw__map_slot *slot = probe(self, key, size, hash);
    bool added = slot->key == NULL;
    if (added) {
        *slot = (struct gsaw__map_slot){key, (uint32_t)size, fresh, hash};
        self->count++;
    }
    if (is_new != NULL)
        *is_new = added;
    return &slot->value;
}

bool gsaw__map_remove(gsaw__map *self, const char *key, size_t size)
{
    if (self->count == 0 || size > KEY_SIZE_MAX)
        return false;
    struct gsaw__map_slot *slot = probe(self, key, size, gsaw__hash_bytes(key, size));
    if (slot->key == NULL)
        return false;
    /* Those behind move up, as long as that brings them no further from the front than home. */
    size_t mask = self->capacity - 1, hole = (size_t)(slot - self->slots);
    for (size_t at = (hole + 1) & mask; self->slots[at].key != NULL; at = (at + 1) & mask) {
        size_t home = self->slots[at].hash & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            self->slots[hole] = self->slots[at];
            hole = at;
        }
    }
    self->slots[hole].key = NULL;
    self->count--;
    return true;
}

bool gsaw__map_check(const gsaw__map *self)
{
    size_t count = 0;
    if ((self->capacity & (self->capacity - 1)) != 0 ||
        self->count > self->capacity - self->capacity / 4)
        return false;
    for (size_t i = 0; i < self->capacity; i++) {
        const struct gsaw__map_slot *slot = &self->slots[i];
        if (slot->key == NULL)
            continue;
        count++;
        if (slot->hash != gsaw__hash_bytes(slot->key, slot->size) ||
            probe(self, slot->key, slot->size, slot->hash) != slot)
            return false;
    }
    return count == self->count;
}

void gsaw__interner_init(gsaw__interner *self, const gsaw_allocator *allocator)
{
    *self = (gsaw__interner){.count = 0};
    gsaw__map_init(&self->ids, allocator);
    gsaw__arena_init(&self->bytes, allocator);
}

void gsaw__interner_clear(gsaw__interner *self)
{
    const gsaw_allocator *allocator = self->ids.allocator;
    gsaw__free(allocator, self->strings, self->capacity * sizeof *self->strings);
    gsaw__map_clear(&self->ids);
    gsaw__arena_clear(&self->bytes);
    gsaw__interner_init(self, allocator);
}

void gsaw__interner_reset(gsaw__interner *self)
{
    self->count = 0;
    gsaw__map_reset(&self->ids);
    gsaw__arena_reset(&self->bytes);
}

/* The bytes are borrowed for the look-up, and copied into the slot's key only when they are new. */
uint32_t gsaw__interner_add(gsaw__interner *self, const char *bytes, size_t count)
{
    uint32_t *known = gsaw__map_find(&self->ids, bytes, count);
    if (known != NULL)
        return *known;
    const gsaw_allocator *allocator = self->ids.allocator;
    if (self->count == self->capacity)
        self->strings = gsaw__array_grow(allocator, self->strings, &self->capacity, self->count + 1,
                                         sizeof *self->strings);
    if (self->count == self->capacity)
        return GSAW_NONE;
    const char *copy = gsaw__arena_dup(&self->bytes, bytes, count);
    uint32_t id = (uint32_t)self->count;
    if (copy == NULL || gsaw__map_insert(&self->ids, copy, count, id, NULL) == NULL)
        return GSAW_NONE;
    self->strings[self->count++] = (gsaw__string){copy, count};
    return id;
}

gsaw__string gsaw__interner_at(const gsaw__interner *self, uint32_t id)
{
    gsaw_assert(id < self->count);
    return self->strings[id];
}
