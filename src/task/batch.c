/* batch.c - scheduling: definitions become records and links, all of a batch or none.
 * Keeps:   until commit() nothing that others see has changed, but for what rollback() undoes.
 * Threads: under the scheduler's lock.
 * Next:    scheduler.h. Sources: depth-first search: Tarjan (SIAM J. Computing 1972); the
 *          critical path: Kelley and Walker, Critical-Path Planning and Scheduling (1959) */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/status.h"
#include "task/cycle.h"
#include "task/scheduler.h"

#define PRIORITY_MAX 1000000
#define NAMES_SIZE 200u

typedef struct item {
    uint32_t number;
    bool is_adopted;   /* it was announced before it came */
    int32_t inherited; /* then: the priority that it had from those that wait for it */
    gsaw_handle doom;  /* something it depends on has ended, but not as done */
    uint64_t top;      /* the longest way from a start of the batch to it */
    uint64_t bottom;   /* the longest way from it to an end, itself included */
    uint32_t order;    /* order[i]: the i-th item when each comes behind those it waits for */
} item;

typedef struct batch {
    gsaw_scheduler *scheduler;
    const gsaw_task_definition *definitions;
    size_t count;
    item *items;
    size_t made;            /* items that have a record */
    uint64_t first;         /* sequence of the first */
    uint32_t announcements; /* records made for ids that are to come; a list by next, from 1 */
    bool must_search;       /* some link leads on in the batch: there may be a cycle */
    bool has_adopted;       /* the search has to go through older tasks, too */
    bool has_links;
    bool has_timers;
    gsaw_error *error;
} batch;

/* ---- definitions ---- */

static gsaw_status refuse(const batch *self, size_t index, gsaw_status status, const char *what)
{
    const char *id = self->definitions[index].id;
    if (id != NULL)
        return gsaw__fail(self->error, status, "task \"%s\": %s",
                          gsaw__name_shown(id, (char[GSAW_NAME_SHOWN + 4]){0}), what);
    return gsaw__fail(self->error, status, "task %zu of %zu: %s", index + 1, self->count, what);
}

static gsaw_status check_definition(const batch *self, size_t index)
{
    const gsaw_task_definition *definition = &self->definitions[index];
    if (definition->function == NULL)
        return refuse(self, index, GSAW_INVALID, "no function");
    if (definition->id != NULL && definition->id[0] == '\0')
        return refuse(self, index, GSAW_INVALID, "the id is empty");
    if ((definition->depends == NULL && definition->depends_count != 0) ||
        (definition->after == NULL && definition->after_count != 0))
        return refuse(self, index, GSAW_INVALID, "a number of dependencies, and none");
    if (definition->priority > PRIORITY_MAX || definition->priority < -PRIORITY_MAX)
        return refuse(self, index, GSAW_RANGE, "the priority is out of range");
    if (definition->retries > UINT16_MAX - 1)
        return refuse(self, index, GSAW_RANGE, "too many retries");
    if (definition->affinity > GSAW_WORKERS_MAX)
        return refuse(self, index, GSAW_RANGE, "affinity to a worker there cannot be");
    return GSAW_OK;
}

/* ---- records ---- */

static bool has_cold(const gsaw_scheduler *self, const gsaw_task_definition *definition)
{
    return definition->memory != 0 || definition->kind != NULL || definition->retries != 0 ||
           definition->deadline_ns != 0 || definition->cost > 1 || self->options.times;
}

static bool fill_cold(gsaw_scheduler *self, uint32_t number, const gsaw_task_definition *definition)
{
    gsaw__cold *cold = gsaw__record_cold(self, number);
    if (cold == NULL)
        return false;
    cold->memory = definition->memory;
    cold->retries = (uint16_t)definition->retries;
    cold->backoff_ns = definition->backoff_ns;
    cold->backoff_max_ns = definition->backoff_max_ns;
    cold->deadline_ns = definition->deadline_ns;
    cold->cost = definition->cost == 0 ? 1 : definition->cost;
    cold->queued_ns = self->options.times ? gsaw__clock_ns() : 0;
    cold->kind = GSAW_NONE;
    if (definition->kind == NULL)
        return true;
    cold->kind = gsaw__interner_add(&self->kind_names, definition->kind, strlen(definition->kind));
    if (cold->kind == GSAW_NONE)
        return false;
    while (self->kinds.count <= cold->kind)
        if (!gsaw__array_push(&self->kinds, self->options.allocator, (gsaw__kind){.ratio = 1}))
            return false;
    return true;
}

static gsaw_status make_record(batch *self, size_t index)
{
    gsaw_scheduler *scheduler = self->scheduler;
    const gsaw_task_definition *definition = &self->definitions[index];
    item *made = &self->items[index];
    size_t id_size = definition->id == NULL ? 0 : strlen(definition->id);
    const uint32_t *known =
        definition->id == NULL ? NULL : gsaw__map_find(&scheduler->ids, definition->id, id_size);
    if (known != NULL) {
        made->number = *known;
        made->is_adopted =
            (gsaw__record_at(scheduler, *known)->flags & GSAW_RECORD_ANNOUNCED) != 0 &&
            gsaw__record_at(scheduler, *known)->function == NULL;
        if (!made->is_adopted)
            return refuse(self, index, GSAW_EXISTS, "there is a task with this id already");
        made->inherited = gsaw__record_at(scheduler, *known)->priority;
        self->has_adopted = self->must_search = true;
    } else {
        made->number = gsaw__record_new(scheduler);
        if (made->number == GSAW_NONE)
            return gsaw__fail_memory(self->error);
    }
    self->made = index + 1;
    if (known == NULL && definition->id != NULL &&
        !gsaw__record_set_id(scheduler, made->number, definition->id, id_size))
        return gsaw__fail_memory(self->error);
    if ((made->is_adopted || has_cold(scheduler, definition)) &&
        !fill_cold(scheduler, made->number, definition))
        return gsaw__fail_memory(self->error);
    self->has_timers = self->has_timers || definition->deadline_ns != 0 || definition->retries != 0;
    gsaw__record *record = gsaw__record_at(scheduler, made->number);
    record->function = definition->function;
    record->argument = definition->argument;
    record->sequence = scheduler->sequence++;
    record->affinity = (uint16_t)definition->affinity;
    if (!made->is_adopted || record->priority < definition->priority)
        record->priority = definition->priority; /* that of those that wait for it is kept */
    return GSAW_OK;
}

/* ---- links ---- */

uint32_t gsaw__next_mark(gsaw_scheduler *self)
{
    if (self->mark == UINT32_MAX) {
        self->mark = 0;
        for (uint32_t number = 0; number < self->record_count; number++)
            gsaw__record_at(self, number)->mark = 0;
    }
    return ++self->mark;
}

static gsaw_status depend_on(batch *self, size_t index, uint32_t before, uint32_t mark)
{
    gsaw_scheduler *scheduler = self->scheduler;
    item *made = &self->items[index];
    gsaw__record *awaited = gsaw__record_at(scheduler, before);
    if (awaited->mark == mark)
        return GSAW_OK; /* told twice */
    awaited->mark = mark;
    if (gsaw__record_has_ended(awaited)) {
        if (awaited->state != GSAW_TASK_DONE && made->doom == 0)
            made->doom = awaited->state == GSAW_TASK_SKIPPED
                             ? awaited->cause
                             : gsaw__record_handle(scheduler, before);
        return GSAW_OK;
    }
    if (!gsaw__link_new(scheduler, made->number, before))
        return gsaw__fail_memory(self->error);
    self->has_links = true;
    if (awaited->sequence >= self->first + index)
        self->must_search = true;
    return GSAW_OK;
}

/* A record for an id that is to come; GSAW_NONE when memory is out. */
static uint32_t announce(batch *self, const char *id, size_t size)
{
    gsaw_scheduler *scheduler = self->scheduler;
    uint32_t number = gsaw__record_new(scheduler);
    if (number == GSAW_NONE)
        return number;
    gsaw__record *record = gsaw__record_at(scheduler, number);
    record->flags = GSAW_RECORD_ANNOUNCED;
    record->sequence = UINT64_MAX;
    record->priority = INT32_MIN;
    record->next = self->announcements;
    self->announcements = number + 1;
    return gsaw__record_set_id(scheduler, number, id, size) ? number : GSAW_NONE;
}

static gsaw_status link_record(batch *self, size_t index)
{
    gsaw_scheduler *scheduler = self->scheduler;
    const gsaw_task_definition *definition = &self->definitions[index];
    gsaw_status status = GSAW_OK;
    uint32_t mark = 0;
    if (definition->depends_count != 0 || definition->after_count != 0)
        mark = gsaw__next_mark(scheduler);
    for (size_t i = 0; i < definition->depends_count && status == GSAW_OK; i++) {
        const char *id = definition->depends[i];
        size_t size = id == NULL ? 0 : strlen(id);
        const uint32_t *found = size == 0 ? NULL : gsaw__map_find(&scheduler->ids, id, size);
        uint32_t before = found == NULL ? GSAW_NONE : *found;
        bool is_there = before != GSAW_NONE && gsaw__record_at(scheduler, before)->function != NULL;
        if (!is_there && !definition->may_come_later) {
            char what[NAMES_SIZE];
            snprintf(what, sizeof what, "dependency \"%s\" is not there",
                     gsaw__name_shown(id == NULL ? "" : id, (char[GSAW_NAME_SHOWN + 4]){0}));
            return refuse(self, index, GSAW_NOT_FOUND, what);
        }
        if (before == GSAW_NONE)
            before = size == 0 ? GSAW_NONE : announce(self, id, size);
        if (before == GSAW_NONE)
            return gsaw__fail_memory(self->error);
        status = depend_on(self, index, before, mark);
    }
    for (size_t i = 0; i < definition->after_count && status == GSAW_OK; i++) {
        uint32_t before = gsaw__handle_record(scheduler, definition->after[i]);
        if (before == GSAW_NONE)
            return refuse(self, index, GSAW_NOT_FOUND, "a dependency by handle is not there");
        status = depend_on(self, index, before, mark);
    }
    return status;
}

/* ---- cycles, and the order in which each comes behind those it waits for ---- */

/* The place of a record in the batch; beyond count: it is older. */
static uint64_t place_of(const batch *self, const gsaw__record *record)
{
    return record->sequence - self->first;
}

gsaw_status gsaw__tell_cycle(gsaw_scheduler *self, uint32_t start, gsaw_error *error)
{
    uint32_t oldest = start;
    for (uint32_t at = (uint32_t)gsaw__record_at(self, start)->ready_at; at != start;
         at = (uint32_t)gsaw__record_at(self, at)->ready_at)
        if (gsaw__record_at(self, at)->sequence < gsaw__record_at(self, oldest)->sequence)
            oldest = at;
    gsaw__cycle told = {.length = 0};
    char room[24];
    uint32_t at = oldest;
    do {
        gsaw__cycle_add(&told, gsaw__record_name(self, at, room));
        at = (uint32_t)gsaw__record_at(self, at)->ready_at;
    } while (at != oldest);
    return gsaw__cycle_tell(&told, error);
}

/* In a search, ready_at of what is not ready: how far it is in the list of what it waits for, and
 * above it who came here, from 1. */
static uint64_t step_of(uint32_t from, uint32_t step) { return (uint64_t)from << 32 | step; }

/* Whether a search is to go on to it. What is older leads back here only by a task that was
 * announced; then what runs may, too, by what it waits for inside. */
static bool is_on_way(const batch *self, const gsaw__record *record)
{
    if (record->state == GSAW_TASK_RUNNING)
        return self->has_adopted;
    return (record->state == GSAW_TASK_NEW || record->state == GSAW_TASK_WAITING) &&
           (self->has_adopted || place_of(self, record) < self->count);
}

/* `current` waits for `before`, which is on the way to it: link the cycle as tell_cycle wants. */
static void link_cycle(gsaw_scheduler *self, uint32_t current, uint32_t before)
{
    uint32_t next = before;
    for (uint32_t at = current;;) {
        gsaw__record *record = gsaw__record_at(self, at);
        uint32_t from = (uint32_t)(record->ready_at >> 32);
        record->ready_at = next;
        if (at == before)
            return;
        next = at;
        at = from - 1;
    }
}

/* Visit what a record of the batch waits for, depth first; appends to the order. */
static gsaw_status search_from(batch *self, uint32_t root, uint32_t grey, uint32_t *ordered)
{
    gsaw_scheduler *scheduler = self->scheduler;
    gsaw__record *record = gsaw__record_at(scheduler, root);
    uint32_t current = root, black = grey + 1;
    record->mark = grey;
    record->ready_at = step_of(0, 0);
    for (;;) {
        record = gsaw__record_at(scheduler, current);
        uint32_t step = (uint32_t)record->ready_at, from = (uint32_t)(record->ready_at >> 32);
        uint32_t found = gsaw__next_awaited(scheduler, record, &step);
        record->ready_at = step_of(from, step);
        if (found == GSAW_NONE) {
            record->mark = black;
            if (place_of(self, record) < self->count)
                self->items[(*ordered)++].order = (uint32_t)place_of(self, record);
            if (from == 0)
                return GSAW_OK;
            current = from - 1;
            continue;
        }
        gsaw__record *before = gsaw__record_at(scheduler, found);
        if (!is_on_way(self, before))
            continue;
        if (before->mark == grey) {
            link_cycle(scheduler, current, found);
            return gsaw__tell_cycle(scheduler, found, self->error);
        }
        if (before->mark == black)
            continue;
        before->mark = grey;
        before->ready_at = step_of(current + 1, 0);
        current = found;
    }
}

static gsaw_status order_batch(batch *self)
{
    uint32_t ordered = 0;
    if (!self->must_search) {
        for (size_t i = 0; i < self->count; i++)
            self->items[i].order = (uint32_t)i;
        return GSAW_OK;
    }
    if (self->scheduler->mark >= UINT32_MAX - 2)
        self->scheduler->mark = UINT32_MAX;
    uint32_t grey = gsaw__next_mark(self->scheduler), black = gsaw__next_mark(self->scheduler);
    for (size_t i = 0; i < self->count; i++) {
        if (gsaw__record_at(self->scheduler, self->items[i].number)->mark == black)
            continue;
        gsaw_status status = search_from(self, self->items[i].number, grey, &ordered);
        if (status != GSAW_OK)
            return status;
    }
    return GSAW_OK;
}

/* ---- priorities ---- */

static uint64_t cost_of(const gsaw_scheduler *self, uint32_t number)
{
    const gsaw__record *record = gsaw__record_at(self, number);
    return record->cold == 0 ? 1 : gsaw__cold_at(self, record)->cost;
}

/* Mark those on the longest ways through the batch. */
static void mark_critical(batch *self)
{
    const gsaw_scheduler *scheduler = self->scheduler;
    uint64_t longest = 0;
    for (size_t i = self->count; i-- > 0;) { /* dependants first */
        item *at = &self->items[self->items[i].order];
        at->bottom += cost_of(scheduler, at->number);
        for (uint32_t link = gsaw__record_at(scheduler, at->number)->dependencies; link != 0;
             link = gsaw__link_at(scheduler, link)->next_dependency) {
            uint64_t place =
                place_of(self, gsaw__record_at(scheduler, gsaw__link_at(scheduler, link)->before));
            if (place < self->count && self->items[place].bottom < at->bottom)
                self->items[place].bottom = at->bottom;
        }
    }
    for (size_t i = 0; i < self->count; i++) { /* dependencies first */
        item *at = &self->items[self->items[i].order];
        for (uint32_t link = gsaw__record_at(scheduler, at->number)->dependencies; link != 0;
             link = gsaw__link_at(scheduler, link)->next_dependency) {
            uint32_t before = gsaw__link_at(scheduler, link)->before;
            uint64_t place = place_of(self, gsaw__record_at(scheduler, before));
            if (place < self->count) {
                uint64_t top = self->items[place].top + cost_of(scheduler, before);
                at->top = top > at->top ? top : at->top;
            }
        }
        longest = at->top + at->bottom > longest ? at->top + at->bottom : longest;
    }
    for (size_t i = 0; i < self->count; i++)
        if (self->items[i].top + self->items[i].bottom == longest)
            gsaw__record_at(scheduler, self->items[i].number)->is_critical = true;
}

/* Let what is waited for inherit. In the batch, dependants come first: one pass will do. */
static void inherit(batch *self)
{
    gsaw_scheduler *scheduler = self->scheduler;
    for (size_t i = self->count; i-- > 0;) {
        const gsaw__record *record =
            gsaw__record_at(scheduler, self->items[self->items[i].order].number);
        for (uint32_t link = record->dependencies; link != 0;
             link = gsaw__link_at(scheduler, link)->next_dependency) {
            uint32_t before = gsaw__link_at(scheduler, link)->before;
            gsaw__record *awaited = gsaw__record_at(scheduler, before);
            if (place_of(self, awaited) >= self->count)
                gsaw__record_raise(scheduler, before, record->priority);
            else if (awaited->priority < record->priority)
                awaited->priority = record->priority;
        }
    }
}

/* ---- all or nothing ---- */

static gsaw_status plan(batch *self)
{
    gsaw_scheduler *scheduler = self->scheduler;
    gsaw_status status = GSAW_OK;
    self->first = scheduler->sequence;
    for (size_t i = 0; i < self->count && status == GSAW_OK; i++)
        status = make_record(self, i);
    for (size_t i = 0; i < self->count && status == GSAW_OK; i++)
        status = link_record(self, i);
    if (status == GSAW_OK)
        status = order_batch(self);
    if (status != GSAW_OK)
        return status;
    uint32_t room = (uint32_t)scheduler->in_use; /* what is pushed later cannot fail */
    if (!gsaw__queue_reserve(&scheduler->ready, room) ||
        (scheduler->has_gate && !gsaw__queue_reserve(&scheduler->held, room)))
        return gsaw__fail_memory(self->error);
    if (self->has_timers) {
        if (!gsaw__queue_reserve(&scheduler->timers, 2 * room))
            return gsaw__fail_memory(self->error);
        if (gsaw__timers_start(scheduler) != GSAW_OK)
            return gsaw__fail(self->error, GSAW_LIMIT, "no thread for deadlines and retries");
    }
    return GSAW_OK;
}

/* Undo in reverse. */
static void rollback(batch *self)
{
    gsaw_scheduler *scheduler = self->scheduler;
    for (size_t i = self->made; i-- > 0;)
        while (gsaw__record_at(scheduler, self->items[i].number)->dependencies != 0)
            gsaw__link_undo(scheduler, self->items[i].number);
    for (size_t i = self->made; i-- > 0;) {
        gsaw__record *record = gsaw__record_at(scheduler, self->items[i].number);
        if (!self->items[i].is_adopted) {
            gsaw__record_free(scheduler, self->items[i].number);
            continue;
        }
        record->function = NULL; /* only announced again */
        record->priority = self->items[i].inherited;
        record->sequence = UINT64_MAX;
    }
    while (self->announcements != 0) {
        uint32_t number = self->announcements - 1;
        self->announcements = gsaw__record_at(scheduler, number)->next;
        gsaw__record_free(scheduler, number);
    }
}

static void commit(batch *self)
{
    gsaw_scheduler *scheduler = self->scheduler;
    for (size_t i = 0; i < self->count; i++) {
        gsaw__record *record = gsaw__record_at(scheduler, self->items[i].number);
        scheduler->announced -= self->items[i].is_adopted;
        record->flags &= (uint8_t)~GSAW_RECORD_ANNOUNCED;
        gsaw__record_move(scheduler, self->items[i].number, GSAW_TASK_WAITING);
    }
    for (; self->announcements != 0; scheduler->announced++) {
        gsaw__record *record = gsaw__record_at(scheduler, self->announcements - 1);
        self->announcements = record->next;
        record->next = 0;
    }
    if (self->has_links && self->count > 1 && scheduler->options.critical_path_priority > 0)
        mark_critical(self);
    if (self->has_links)
        inherit(self);
    scheduler->submitted += self->count;
    if (scheduler->options.progress != NULL)
        gsaw_progress_add_total(scheduler->options.progress, 0, self->count);
    for (size_t i = 0; i < self->count; i++) {
        uint32_t number = self->items[i].number;
        if (self->definitions[i].deadline_ns != 0)
            gsaw__timer_set_deadline(scheduler, number);
        if (gsaw__record_at(scheduler, number)->waits == 0 && self->items[i].doom == 0)
            gsaw__record_ready(scheduler, number);
    }
    for (size_t i = 0; i < self->count; i++) {
        gsaw__ending how = {
            .state = GSAW_TASK_SKIPPED, .status = GSAW_CANCELLED, .cause = self->items[i].doom};
        if (how.cause != 0 && /* not if another one has taken it along */
            gsaw__record_at(scheduler, self->items[i].number)->state == GSAW_TASK_WAITING)
            gsaw__record_end(scheduler, self->items[i].number, &how);
    }
}

/* Whether nothing can be scheduled any more, from here. */
static bool is_closed(const gsaw_scheduler *self, bool inside)
{
    return self->state == GSAW_SCHEDULER_CANCEL || (self->state == GSAW_SCHEDULER_DRAIN && !inside);
}

static gsaw_status schedule_locked(batch *self, gsaw_handle *handles, bool may_wait)
{
    gsaw_scheduler *scheduler = self->scheduler;
    bool inside = gsaw__pool_worker_here(scheduler->pool) != NULL;
    gsaw_status status = GSAW_OK;
    if (!inside && scheduler->options.tasks_max != 0 && !is_closed(scheduler, inside))
        status = gsaw__wait_for_room(scheduler, self->count, may_wait);
    if (status != GSAW_OK)
        return gsaw__fail(self->error, status, "%" PRIu64 " tasks are in flight",
                          gsaw__unended(scheduler));
    if (is_closed(scheduler, inside))
        return gsaw__fail(self->error, GSAW_CLOSED, "%s", gsaw_status_text(GSAW_CLOSED));
    status = plan(self);
    if (status != GSAW_OK) {
        rollback(self);
        return status;
    }
    for (size_t i = 0; i < self->count && handles != NULL; i++)
        handles[i] = gsaw__record_handle(scheduler, self->items[i].number);
    commit(self);
    gsaw__executor_execute(scheduler);
    return GSAW_OK;
}

/* items: of one definition; for more they are taken here. */
static gsaw_status schedule(batch *self, gsaw_handle *handles, bool may_wait)
{
    gsaw_scheduler *scheduler = self->scheduler;
    if (gsaw__pool_is_forked(scheduler->pool))
        return gsaw__fail(self->error, GSAW_CLOSED, "%s", gsaw_status_text(GSAW_CLOSED));
    gsaw_status status = GSAW_OK;
    if (self->count > 1)
        self->items = gsaw__alloc(scheduler->options.allocator, self->count * sizeof *self->items);
    if (self->items == NULL)
        return gsaw__fail_memory(self->error);
    for (size_t i = 0; i < self->count && status == GSAW_OK; i++) {
        self->items[i] = (item){.number = GSAW_NONE};
        status = check_definition(self, i);
    }
    gsaw__mutex_lock(&scheduler->lock);
    if (status == GSAW_OK)
        status = schedule_locked(self, handles, may_wait);
    scheduler->rejected += status == GSAW_OK ? 0 : self->count;
    gsaw__mutex_unlock(&scheduler->lock);
    if (self->count > 1)
        gsaw__free(scheduler->options.allocator, self->items, self->count * sizeof *self->items);
    return status;
}

gsaw_status gsaw_scheduler_schedule(gsaw_scheduler *self, const gsaw_task_definition *definition,
                                    gsaw_handle *out, gsaw_error *error)
{
    return gsaw_scheduler_schedule_batch(self, definition, 1, out, error);
}

gsaw_status gsaw_scheduler_schedule_batch(gsaw_scheduler *self,
                                          const gsaw_task_definition *definitions, size_t count,
                                          gsaw_handle *handles, gsaw_error *error)
{
    item one = {.number = GSAW_NONE};
    batch made = {.scheduler = self,
                  .definitions = definitions,
                  .count = count,
                  .items = count == 1 ? &one : NULL,
                  .error = error};
    if (definitions == NULL && count != 0)
        return gsaw__fail(error, GSAW_INVALID, "no definitions");
    return count == 0 ? GSAW_OK : schedule(&made, handles, true);
}

gsaw_status gsaw_scheduler_try_schedule(gsaw_scheduler *self,
                                        const gsaw_task_definition *definitions, size_t count,
                                        gsaw_handle *handles, gsaw_error *error)
{
    item one = {.number = GSAW_NONE};
    batch made = {.scheduler = self,
                  .definitions = definitions,
                  .count = count,
                  .items = count == 1 ? &one : NULL,
                  .error = error};
    if (definitions == NULL && count != 0)
        return gsaw__fail(error, GSAW_INVALID, "no definitions");
    return count == 0 ? GSAW_OK : schedule(&made, handles, false);
}
