/* record.c - where tasks are kept: records, their cold parts, links, ids; places are used again.
 * Keeps:   a handle's generation is odd and that of its record, or the handle is of none.
 * Threads: under the scheduler's lock.
 * Next:    scheduler.h. Source of UUIDs: RFC 9562, section 5.4 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "task/scheduler.h"

#define UUID_SIZE 37u

uint32_t gsaw__record_new(gsaw_scheduler *self)
{
    uint32_t number = self->free_record;
    uint32_t generation = 0;
    if (number != 0) {
        number--;
        gsaw__record *record = gsaw__record_at(self, number);
        self->free_record = record->next;
        generation = record->generation;
    } else {
        if (self->record_count == GSAW_NONE - 1 ||
            (self->record_count == self->records.capacity &&
             !gsaw__blocks_grow(&self->records, self->options.allocator, sizeof(gsaw__record))))
            return GSAW_NONE;
        number = self->record_count++;
    }
    *gsaw__record_at(self, number) = (gsaw__record){.generation = generation + 1,
                                                    .state = GSAW_TASK_NEW,
                                                    .worker = UINT16_MAX,
                                                    .slot = GSAW_SLOT_NONE};
    self->in_use++;
    return number;
}

static void free_cold(gsaw_scheduler *self, gsaw__record *record)
{
    const gsaw_allocator *allocator = self->options.allocator;
    gsaw__cold *cold = gsaw__cold_at(self, record);
    if (cold->id != NULL)
        gsaw__map_remove(&self->ids, cold->id, cold->id_size - 1);
    gsaw__free(allocator, cold->id, cold->id_size);
    gsaw__free(allocator, cold->text, cold->text_size);
    cold->next = self->free_cold;
    self->free_cold = record->cold;
    record->cold = 0;
}

void gsaw__link_free(gsaw_scheduler *self, uint32_t link)
{
    gsaw__link_at(self, link)->next_dependant = self->free_link;
    self->free_link = link;
}

void gsaw__record_free(gsaw_scheduler *self, uint32_t number)
{
    gsaw__record *record = gsaw__record_at(self, number);
    gsaw_assert(record->value == NULL && record->waits == 0 && record->dependants == 0);
    if (record->cold != 0)
        free_cold(self, record);
    for (uint32_t link = record->dependencies, next; link != 0; link = next) {
        next = gsaw__link_at(self, link)->next_dependency;
        gsaw__link_free(self, link);
    }
    record->dependencies = 0;
    record->generation++;
    record->next = self->free_record;
    self->free_record = number + 1;
    self->in_use--;
}

void gsaw__record_release(gsaw_scheduler *self, uint32_t number)
{
    gsaw__record *record = gsaw__record_at(self, number);
    if (record->cold != 0)
        free_cold(self, record);
    if (record->waits == 0 && record->waiters == 0)
        gsaw__record_free(self, number);
}

gsaw__cold *gsaw__record_cold(gsaw_scheduler *self, uint32_t number)
{
    gsaw__record *record = gsaw__record_at(self, number);
    if (record->cold != 0)
        return gsaw__cold_at(self, record);
    uint32_t cold = self->free_cold;
    if (cold != 0) {
        record->cold = cold;
        self->free_cold = gsaw__cold_at(self, record)->next;
    } else {
        if (self->cold_count == self->colds.capacity &&
            !gsaw__blocks_grow(&self->colds, self->options.allocator, sizeof(gsaw__cold)))
            return NULL;
        record->cold = ++self->cold_count;
    }
    gsaw__cold *at = gsaw__cold_at(self, record);
    *at = (gsaw__cold){.kind = GSAW_NONE,
                       .cost = 1,
                       .deadline_slot = GSAW_SLOT_NONE,
                       .retry_slot = GSAW_SLOT_NONE};
    return at;
}

bool gsaw__record_set_id(gsaw_scheduler *self, uint32_t number, const char *id, size_t size)
{
    const gsaw_allocator *allocator = self->options.allocator;
    gsaw__cold *cold = gsaw__record_cold(self, number);
    if (cold == NULL || size >= UINT32_MAX)
        return false;
    char *copy = gsaw__alloc(allocator, size + 1);
    if (copy == NULL)
        return false;
    memcpy(copy, id, size);
    copy[size] = '\0';
    if (gsaw__map_insert(&self->ids, copy, size, number, NULL) == NULL) {
        gsaw__free(allocator, copy, size + 1);
        return false;
    }
    cold->id = copy;
    cold->id_size = (uint32_t)size + 1;
    return true;
}

/* Source: Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators (OOPSLA 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t mixed = *state += UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ mixed >> 31;
}

const char *gsaw__record_id(gsaw_scheduler *self, uint32_t number)
{
    const gsaw__record *record = gsaw__record_at(self, number);
    if (record->cold != 0 && gsaw__cold_at(self, record)->id != NULL)
        return gsaw__cold_at(self, record)->id;
    /* Two generators: with one, of 64 bits, ids of two schedulers would be alike far too soon. */
    char uuid[UUID_SIZE];
    do {
        uint64_t high = next_random(&self->random[0]), low = next_random(&self->random[1]);
        high = (high & ~UINT64_C(0xF000)) | UINT64_C(0x4000);     /* version 4 */
        low = (low & ~(UINT64_C(3) << 62)) | (UINT64_C(1) << 63); /* variant 10 */
        snprintf(uuid, sizeof uuid, "%08x-%04x-%04x-%04x-%04x%08x", (unsigned)(high >> 32),
                 (unsigned)(high >> 16 & 0xFFFF), (unsigned)(high & 0xFFFF), (unsigned)(low >> 48),
                 (unsigned)(low >> 32 & 0xFFFF), (unsigned)(low & 0xFFFFFFFF));
    } while (gsaw__map_find(&self->ids, uuid, UUID_SIZE - 1) != NULL);
    if (!gsaw__record_set_id(self, number, uuid, UUID_SIZE - 1))
        return NULL;
    return gsaw__cold_at(self, gsaw__record_at(self, number))->id;
}

const char *gsaw__record_name(const gsaw_scheduler *self, uint32_t number, char room[24])
{
    const gsaw__record *record = gsaw__record_at(self, number);
    if (record->cold != 0 && gsaw__cold_at(self, record)->id != NULL)
        return gsaw__cold_at(self, record)->id;
    snprintf(room, 24, "#%u", (unsigned)number);
    return room;
}

void gsaw__record_set_text(gsaw_scheduler *self, uint32_t number, const char *text)
{
    const gsaw_allocator *allocator = self->options.allocator;
    gsaw__cold *cold = text[0] == '\0' && gsaw__record_at(self, number)->cold == 0
                           ? NULL
                           : gsaw__record_cold(self, number);
    if (cold == NULL)
        return;
    size_t size = text[0] == '\0' ? 0 : strlen(text) + 1;
    char *copy = size == 0 ? NULL : gsaw__alloc(allocator, size);
    gsaw__free(allocator, cold->text, cold->text_size);
    cold->text = copy;
    cold->text_size = copy == NULL ? 0 : (uint32_t)size;
    if (copy != NULL)
        memcpy(copy, text, size);
}

/* ---- links ---- */

bool gsaw__link_new(gsaw_scheduler *self, uint32_t after, uint32_t before)
{
    uint32_t link = self->free_link;
    if (link != 0) {
        self->free_link = gsaw__link_at(self, link)->next_dependant;
    } else {
        if (self->link_count == UINT32_MAX - 1 ||
            (self->link_count == self->links.capacity &&
             !gsaw__blocks_grow(&self->links, self->options.allocator, sizeof(gsaw__link))))
            return false;
        link = ++self->link_count;
    }
    gsaw__record *waiting = gsaw__record_at(self, after);
    gsaw__record *awaited = gsaw__record_at(self, before);
    *gsaw__link_at(self, link) = (gsaw__link){.before = before,
                                              .after = after,
                                              .next_dependant = awaited->dependants,
                                              .next_dependency = waiting->dependencies};
    awaited->dependants = link;
    waiting->dependencies = link;
    waiting->waits++;
    return true;
}

void gsaw__link_undo(gsaw_scheduler *self, uint32_t after)
{
    gsaw__record *waiting = gsaw__record_at(self, after);
    uint32_t number = waiting->dependencies;
    const gsaw__link *link = gsaw__link_at(self, number);
    gsaw__record *awaited = gsaw__record_at(self, link->before);
    gsaw_assert(awaited->dependants == number);
    awaited->dependants = link->next_dependant;
    waiting->dependencies = link->next_dependency;
    waiting->waits--;
    gsaw__link_free(self, number);
}

/* ---- handles ---- */

gsaw_handle gsaw__record_handle(const gsaw_scheduler *self, uint32_t number)
{
    return (uint64_t)gsaw__record_at(self, number)->generation << 32 | number;
}

uint32_t gsaw__handle_record(const gsaw_scheduler *self, gsaw_handle handle)
{
    uint32_t number = (uint32_t)handle, generation = (uint32_t)(handle >> 32);
    if (generation % 2 == 0 || number >= self->record_count)
        return GSAW_NONE;
    const gsaw__record *record = gsaw__record_at(self, number);
    bool is_gone = (record->flags & GSAW_RECORD_ANNOUNCED) != 0 ||
                   ((record->flags & GSAW_RECORD_FORGOTTEN) != 0 && gsaw__record_has_ended(record));
    return record->generation == generation && !is_gone ? number : GSAW_NONE;
}
