/* item.c - WorkItem: checking sets of items; dependencies from names to numbers; critical paths.
 * Keeps:   linear in items and dependencies; no recursion.
 * Threads: one at a time.
 * Next:    item.h. Source of the order: Kahn, Topological Sorting of Large Networks (CACM 5, 1962)
 */
#include "work/item.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/map.h"
#include "base/status.h"
#include "task/cycle.h"

const char *gsaw__item_name(const gsaw_work_item *items, size_t index, char room[64])
{
    static_assert(GSAW_NAME_SHOWN + 4 <= 64, "a name fits");
    if (items[index].id != NULL)
        return gsaw__name_shown(items[index].id, room);
    snprintf(room, 64, "item %zu", index);
    return room;
}

bool gsaw__cost_is_valid(double cost)
{
    return cost >= 0 && cost <= GSAW_WORK_COST_MAX; /* false for a NaN */
}

gsaw_status gsaw__item_check(const gsaw_work_item *items, size_t index, gsaw_error *error)
{
    const gsaw_work_item *item = &items[index];
    char room[64];
    if (!gsaw__cost_is_valid(item->cost))
        return gsaw__fail(error, GSAW_RANGE, "%s: cost %g is not in 0 to %g",
                          gsaw__item_name(items, index, room), item->cost, GSAW_WORK_COST_MAX);
    if (item->kind >= GSAW_WORK_KINDS)
        return gsaw__fail(error, GSAW_RANGE, "%s: kind %" PRIu32 " is not below %d",
                          gsaw__item_name(items, index, room), item->kind, GSAW_WORK_KINDS);
    if (item->depends_count != 0 && item->depends == NULL)
        return gsaw__fail(error, GSAW_INVALID, "%s: no dependencies where %zu are said to be",
                          gsaw__item_name(items, index, room), item->depends_count);
    return GSAW_OK;
}

/* ---- names ---- */

/* Each id with its number; none is there twice. */
static gsaw_status name_all(gsaw__map *ids, const gsaw_work_item *items, size_t count,
                            gsaw_error *error)
{
    for (size_t i = 0; i < count; i++) {
        bool is_new = true;
        char room[64];
        if (items[i].id == NULL)
            continue;
        if (gsaw__map_insert(ids, items[i].id, strlen(items[i].id), (uint32_t)i, &is_new) == NULL)
            return gsaw__fail_memory(error);
        if (!is_new)
            return gsaw__fail(error, GSAW_EXISTS, "%s is there twice",
                              gsaw__item_name(items, i, room));
    }
    return GSAW_OK;
}

/* The number of the item that items[index] waits for as its n-th; GSAW_NONE: there is none. */
static uint32_t dependency_at(const gsaw__map *ids, const gsaw_work_item *items, size_t index,
                              size_t n)
{
    const char *id = items[index].depends[n];
    const uint32_t *found = id == NULL ? NULL : gsaw__map_find(ids, id, strlen(id));
    return found == NULL ? GSAW_NONE : *found;
}

/* Count, for each item, who waits for it (in first[i + 1]) and what it waits for. */
static gsaw_status count_all(gsaw__order *self, const gsaw__map *ids, const gsaw_work_item *items,
                             gsaw_error *error)
{
    uint64_t edges = 0;
    for (size_t i = 0; i < self->count; i++) {
        edges += items[i].depends_count;
        if (edges > INT32_MAX)
            return gsaw__fail(error, GSAW_RANGE, "more than %d dependencies", INT32_MAX);
        for (size_t n = 0; n < items[i].depends_count; n++) {
            uint32_t before = dependency_at(ids, items, i, n);
            char room[64], other[GSAW_NAME_SHOWN + 4];
            if (before == GSAW_NONE)
                return gsaw__fail(error, GSAW_NOT_FOUND, "%s depends on %s, which is not there",
                                  gsaw__item_name(items, i, room),
                                  items[i].depends[n] == NULL
                                      ? "NULL"
                                      : gsaw__name_shown(items[i].depends[n], other));
            self->first[before + 1]++;
        }
        /* relaxed: nobody else has it yet */
        gsaw__store_relaxed(&self->pending[i], (uint32_t)items[i].depends_count);
    }
    return GSAW_OK;
}

/* Write down who waits for whom; first[i] is then where those of i begin. */
static void link_all(gsaw__order *self, const gsaw__map *ids, const gsaw_work_item *items)
{
    for (size_t i = 0; i < self->count; i++)
        self->first[i + 1] += self->first[i];
    for (size_t i = self->count; i-- > 0;)
        for (size_t n = items[i].depends_count; n-- > 0;)
            self->dependants[--self->first[dependency_at(ids, items, i, n) + 1]] = (uint32_t)i;
    /* Each was moved to its own begin, one place too far to the right. */
    uint32_t edges = 0;
    for (size_t i = 0; i < self->count; i++)
        edges += (uint32_t)items[i].depends_count;
    memmove(self->first, self->first + 1, self->count * sizeof *self->first);
    self->first[self->count] = edges;
}

/* ---- order ---- */

/* From an item that waits for ever, back along what it waits for, until one comes again. */
static gsaw_status tell_cycle(const gsaw__order *self, const gsaw__map *ids,
                              const gsaw_work_item *items, const uint32_t *waits, gsaw_error *error)
{
    size_t at = 0;
    while (waits[at] == 0)
        at++;
    gsaw__cycle cycle = {0};
    /* Going back as often as there are items ends within a cycle; then once around. */
    for (size_t step = 0, start = SIZE_MAX; at != start; step++) {
        if (step == self->count)
            start = at;
        if (step >= self->count)
            gsaw__cycle_add(&cycle, items[at].id);
        for (size_t n = 0; n < items[at].depends_count; n++) {
            uint32_t before = dependency_at(ids, items, at, n);
            if (waits[before] != 0) {
                at = before;
                break;
            }
        }
    }
    return gsaw__cycle_tell(&cycle, error);
}

/* Fill `ranked`; `waits` is scratch. */
static gsaw_status rank_all(gsaw__order *self, const gsaw__map *ids, const gsaw_work_item *items,
                            uint32_t *waits, gsaw_error *error)
{
    size_t ranked = 0;
    for (size_t i = 0; i < self->count; i++) {
        waits[i] = (uint32_t)items[i].depends_count;
        if (waits[i] == 0)
            self->ranked[ranked++] = (uint32_t)i;
    }
    for (size_t done = 0; done < ranked; done++) {
        uint32_t at = self->ranked[done];
        for (uint32_t edge = self->first[at]; edge < self->first[at + 1]; edge++)
            if (--waits[self->dependants[edge]] == 0)
                self->ranked[ranked++] = self->dependants[edge];
    }
    return ranked == self->count ? GSAW_OK : tell_cycle(self, ids, items, waits, error);
}

void gsaw__order_clear(gsaw__order *self, const gsaw_allocator *allocator)
{
    size_t edges = self->first == NULL ? 0 : self->first[self->count];
    gsaw__free(allocator, self->dependants, edges * sizeof *self->dependants);
    gsaw__free(allocator, self->first, (self->count + 1) * sizeof *self->first);
    gsaw__free(allocator, self->pending, self->count * sizeof *self->pending);
    gsaw__free(allocator, self->ranked, self->count * sizeof *self->ranked);
    *self = (gsaw__order){0};
}

static gsaw_status order_with(gsaw__order *self, const gsaw_allocator *allocator,
                              const gsaw__map *ids, const gsaw_work_item *items, gsaw_error *error)
{
    size_t count = self->count, edges = 0;
    self->first = gsaw__alloc_zero(allocator, count + 1, sizeof *self->first);
    self->pending = gsaw__alloc_zero(allocator, count, sizeof *self->pending);
    self->ranked = gsaw__alloc_zero(allocator, count, sizeof *self->ranked);
    if (self->first == NULL || self->pending == NULL || self->ranked == NULL)
        return gsaw__fail_memory(error);
    gsaw_status status = count_all(self, ids, items, error);
    for (size_t i = 0; i < count; i++)
        edges += items[i].depends_count;
    if (status == GSAW_OK)
        self->dependants = gsaw__alloc(allocator, edges * sizeof *self->dependants);
    if (self->dependants == NULL) {
        self->first[count] = 0; /* what clear() takes for the number of edges */
        return status == GSAW_OK ? gsaw__fail_memory(error) : status;
    }
    link_all(self, ids, items);
    uint32_t *waits = gsaw__alloc(allocator, count * sizeof *waits);
    status = waits == NULL ? gsaw__fail_memory(error) : rank_all(self, ids, items, waits, error);
    gsaw__free(allocator, waits, count * sizeof *waits);
    return status;
}

gsaw_status gsaw__order_init(gsaw__order *self, const gsaw_allocator *allocator,
                             const gsaw_work_item *items, size_t count, gsaw_error *error)
{
    *self = (gsaw__order){0};
    bool have_ids = false, have_edges = false;
    if (count > INT32_MAX)
        return gsaw__fail(error, GSAW_RANGE, "%zu items, at most %d in a set", count, INT32_MAX);
    for (size_t i = 0; i < count; i++) {
        gsaw_status status = gsaw__item_check(items, i, error);
        if (status != GSAW_OK)
            return status;
        have_ids = have_ids || items[i].id != NULL;
        have_edges = have_edges || items[i].depends_count != 0;
    }
    if (!have_ids && !have_edges)
        return GSAW_OK;
    gsaw__map ids;
    gsaw__map_init(&ids, allocator);
    gsaw_status status = name_all(&ids, items, count, error);
    if (status == GSAW_OK && have_edges) {
        self->count = count;
        status = order_with(self, allocator, &ids, items, error);
        if (status != GSAW_OK)
            gsaw__order_clear(self, allocator);
    }
    gsaw__map_clear(&ids);
    return status;
}

void gsaw__order_ways(const gsaw__order *self, const double *costs, double *ways)
{
    for (size_t i = self->count; i-- > 0;) {
        uint32_t at = self->ranked[i];
        double longest = 0;
        for (uint32_t edge = self->first[at]; edge < self->first[at + 1]; edge++)
            if (ways[self->dependants[edge]] > longest)
                longest = ways[self->dependants[edge]];
        ways[at] = costs[at] + longest;
    }
}

gsaw_status gsaw_work_items_check(const gsaw_work_item *items, size_t count, gsaw_error *error)
{
    gsaw__order order;
    gsaw_status status = gsaw__order_init(&order, NULL, items, count, error);
    gsaw__order_clear(&order, NULL);
    return status;
}
