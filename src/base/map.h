/* map.h - string -> number: an open-addressing hash map, and on it the interning of strings.
 * Keeps:   at most 3/4 full; linear probing; ids of an interner are dense, in order of arrival.
 * Threads: one at a time.
 * Next:    map.c, hash.h, arena.h */
#ifndef GSAW_BASE_MAP_H
#define GSAW_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define GSAW_NONE UINT32_MAX /* "no index": in every table of 32-bit indices */

struct gsaw__map_slot;

/* All-zero is a valid empty map over malloc. Keys are borrowed: they must outlive the map. */
typedef struct gsaw__map {
    const gsaw_allocator *allocator;
    struct gsaw__map_slot *slots;
    size_t count, capacity; /* capacity is 0 or a power of two */
} gsaw__map;

/* Make self empty over `allocator` (NULL: malloc); takes no memory yet. */
void gsaw__map_init(gsaw__map *self, const gsaw_allocator *allocator);
void gsaw__map_clear(gsaw__map *self); /* frees; usable again */
void gsaw__map_reset(gsaw__map *self); /* empty, memory kept */

/* The place of the value of key (view: until the next insertion), or NULL. */
uint32_t *gsaw__map_find(const gsaw__map *self, const char *key, size_t size);

/* The place of the value of key, inserted with `fresh` if it is new; *is_new (may be NULL) tells.
 * NULL when memory is out or 2^31 keys are in. */
uint32_t *gsaw__map_insert(gsaw__map *self, const char *key, size_t size, uint32_t fresh,
                           bool *is_new);

/* Take out a key; its memory is the caller's again. False when it is not in. */
bool gsaw__map_remove(gsaw__map *self, const char *key, size_t size);

bool gsaw__map_check(const gsaw__map *self); /* walks the invariants */

typedef struct gsaw__string {
    const char *bytes; /* followed by a zero byte */
    size_t count;
} gsaw__string;

/* Interned strings: equal strings have equal ids, 0, 1, 2 ... in order of arrival. All-zero is
 * valid. */
typedef struct gsaw__interner {
    gsaw__map ids;
    gsaw__arena bytes;
    gsaw__string *strings;
    size_t count, capacity;
} gsaw__interner;

/* Make self empty over `allocator` (NULL: malloc); takes no memory yet. */
void gsaw__interner_init(gsaw__interner *self, const gsaw_allocator *allocator);
void gsaw__interner_clear(gsaw__interner *self); /* frees; usable again */
void gsaw__interner_reset(gsaw__interner *self); /* empty, most memory kept */

/* The id of the string, or GSAW_NONE when memory is out. The bytes are copied when it is new. */
uint32_t gsaw__interner_add(gsaw__interner *self, const char *bytes, size_t count);

/* The string of an id that was returned. View: until clear or reset. */
gsaw__string gsaw__interner_at(const gsaw__interner *self, uint32_t id);

#endif
