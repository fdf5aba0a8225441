/* scheduler.c - TaskScheduler: making and freeing it, cancelling, asking.
 * Keeps:   what it returns under the lock is all of one moment.
 * Threads: any.
 * Next:    scheduler.h */
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/machine.h"
#include "base/status.h"
#include "task/scheduler.h"

#define CRITICAL_PATH_PRIORITY 10
#define OVERTAKES_MAX 1000u
#define PRIORITY_MAX 1000000

enum part { PART_NONE, PART_LOCK, PART_ENDED, PART_ROOM, PART_TIMER, PART_GATE, PART_POOL };

static gsaw_status init_parts(gsaw_scheduler *self)
{
    uint64_t budget = self->options.memory_max;
    if (self->options.memory_percent != 0) {
        uint64_t share = gsaw__machine_memory("") / 100 * self->options.memory_percent;
        budget = budget == 0 || share < budget ? share : budget;
    }
    self->has_gate = budget != 0;
    gsaw_status status = gsaw__mutex_init(&self->lock, "scheduler", GSAW_RANK_GRAPH);
    if (status != GSAW_OK)
        return status;
    self->parts = PART_LOCK;
    if ((status = gsaw__condition_init(&self->ended)) != GSAW_OK)
        return status;
    self->parts = PART_ENDED;
    if ((status = gsaw__condition_init(&self->room)) != GSAW_OK)
        return status;
    self->parts = PART_ROOM;
    if ((status = gsaw__condition_init(&self->timer_due)) != GSAW_OK)
        return status;
    self->parts = PART_TIMER;
    if ((status = gsaw__gate_init(&self->gate, budget)) != GSAW_OK)
        return status;
    self->parts = PART_GATE;
    return GSAW_OK;
}

/* Free whatever part exists; nothing runs. */
static void destroy(gsaw_scheduler *self)
{
    const gsaw_allocator *allocator = self->options.allocator;
    for (uint32_t number = 0; number < self->record_count; number++) {
        const gsaw__record *record = gsaw__record_at(self, number);
        if (record->cold == 0 || record->generation % 2 == 0)
            continue;
        const gsaw__cold *cold = gsaw__cold_at(self, record);
        gsaw__free(allocator, cold->id, cold->id_size);
        gsaw__free(allocator, cold->text, cold->text_size);
    }
    gsaw__blocks_clear(&self->records, allocator, sizeof(gsaw__record));
    gsaw__blocks_clear(&self->colds, allocator, sizeof(gsaw__cold));
    gsaw__blocks_clear(&self->links, allocator, sizeof(gsaw__link));
    gsaw__map_clear(&self->ids);
    gsaw__interner_clear(&self->kind_names);
    gsaw__array_clear(&self->kinds, allocator);
    gsaw__queue_clear(&self->ready);
    gsaw__queue_clear(&self->held);
    gsaw__queue_clear(&self->timers);
    for (gsaw__driver *driver = self->all_drivers, *next; driver != NULL; driver = next) {
        next = driver->all;
        gsaw__free(allocator, driver, sizeof *driver);
    }
    if (self->owns_pool)
        gsaw_pool_free(self->pool);
    if (self->parts >= PART_GATE)
        gsaw__gate_clear(&self->gate);
    if (self->parts >= PART_TIMER)
        gsaw__condition_clear(&self->timer_due);
    if (self->parts >= PART_ROOM)
        gsaw__condition_clear(&self->room);
    if (self->parts >= PART_ENDED)
        gsaw__condition_clear(&self->ended);
    if (self->parts >= PART_LOCK)
        gsaw__mutex_clear(&self->lock);
    gsaw__free(allocator, self, sizeof *self);
}

static gsaw_status check_options(const gsaw_scheduler_options *options, gsaw_error *error)
{
    if (options->size != sizeof *options)
        return gsaw__fail(error, GSAW_INVALID, "gsaw_scheduler_options: size is %zu, not %zu",
                          options->size, sizeof *options);
    if (options->memory_percent > 100)
        return gsaw__fail(error, GSAW_RANGE, "memory_percent: %u is not in 0 to 100",
                          options->memory_percent);
    if (options->critical_path_priority > PRIORITY_MAX || options->critical_path_priority < -1)
        return gsaw__fail(error, GSAW_RANGE, "critical_path_priority: %d is not in -1 to %d",
                          (int)options->critical_path_priority, PRIORITY_MAX);
    return GSAW_OK;
}

static void set_defaults(gsaw_scheduler *self, const gsaw_scheduler_options *options)
{
    self->options = *options;
    if (options->critical_path_priority == 0)
        self->options.critical_path_priority = CRITICAL_PATH_PRIORITY;
    if (options->overtakes_max == 0)
        self->options.overtakes_max = OVERTAKES_MAX;
    gsaw__map_init(&self->ids, options->allocator);
    gsaw__interner_init(&self->kind_names, options->allocator);
    self->ready.allocator = self->held.allocator = self->timers.allocator = options->allocator;
    self->random[0] = self->random[1] = options->seed;
    if (options->seed == 0 && getrandom(self->random, sizeof self->random, 0) < 0)
        self->random[0] = gsaw__clock_ns(); /* ids stay unlike each other, if not unguessable */
    self->random[1] = ~self->random[1];     /* of one seed, two sequences */
}

gsaw_status gsaw_scheduler_new(const gsaw_scheduler_options *options, gsaw_scheduler **out,
                               gsaw_error *error)
{
    static const gsaw_scheduler_options defaults = {.size = sizeof(gsaw_scheduler_options)};
    if (options == NULL)
        options = &defaults;
    gsaw_status status = check_options(options, error);
    if (status != GSAW_OK)
        return status;
    gsaw_scheduler *self = gsaw__alloc_zero(options->allocator, 1, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    set_defaults(self, options);
    status = init_parts(self);
    if (status != GSAW_OK) {
        destroy(self);
        return gsaw__fail(error, status, "cannot make a lock");
    }
    self->pool = options->pool;
    if (self->pool == NULL) {
        gsaw_pool_options of_pool = {
            .size = sizeof of_pool, .allocator = options->allocator, .workers = options->workers};
        status = gsaw_pool_new(&of_pool, &self->pool, error);
        self->owns_pool = status == GSAW_OK;
    }
    if (status == GSAW_OK && !gsaw__executor_prepare(self))
        status = gsaw__fail_memory(error);
    if (status != GSAW_OK) {
        destroy(self);
        return status;
    }
    *out = self;
    return GSAW_OK;
}

void gsaw_scheduler_free(gsaw_scheduler *self)
{
    if (self == NULL)
        return;
    if (gsaw__pool_is_forked(self->pool)) {
        self->parts = PART_NONE; /* the locks may be held by threads that this process has not */
    } else {
        gsaw_scheduler_shutdown(self, GSAW_SHUTDOWN_DRAIN, GSAW_NO_DEADLINE, NULL);
        gsaw__timers_stop(self);
        gsaw_pool_wait(self->pool, &self->group);
    }
    for (uint32_t number = 0; number < self->record_count; number++) {
        gsaw__record *record = gsaw__record_at(self, number);
        if (record->generation % 2 == 0)
            continue;
        gsaw__dropped_destroy((gsaw__dropped){.value = record->value, .destroy = record->destroy});
    }
    destroy(self);
}

gsaw_pool *gsaw_scheduler_pool(const gsaw_scheduler *self) { return self->pool; }

/* Take the lock and find the record of a handle. With an error the lock is not held: in a forked
 * child it may be held for ever. */
static gsaw_status open_record(gsaw_scheduler *self, gsaw_handle task, uint32_t *number)
{
    if (gsaw__pool_is_forked(self->pool))
        return GSAW_CLOSED;
    gsaw__mutex_lock(&self->lock);
    *number = gsaw__handle_record(self, task);
    if (*number != GSAW_NONE)
        return GSAW_OK;
    gsaw__mutex_unlock(&self->lock);
    return GSAW_NOT_FOUND;
}

/* ---- cancelling ---- */

gsaw_status gsaw_scheduler_cancel(gsaw_scheduler *self, gsaw_handle task, bool dependants,
                                  bool *never_started)
{
    bool never = false;
    uint32_t number;
    gsaw_status status = open_record(self, task, &number);
    if (status == GSAW_OK) {
        gsaw__record *record = gsaw__record_at(self, number);
        if (record->state == GSAW_TASK_RUNNING) {
            gsaw__record_stop(record, GSAW_RECORD_STOP | (dependants ? GSAW_RECORD_CANCELS : 0));
        } else if (!gsaw__record_has_ended(record)) {
            gsaw__ending how = {
                .state = GSAW_TASK_CANCELLED, .status = GSAW_CANCELLED, .cancels = dependants};
            gsaw__record_end(self, number, &how);
            never = true;
        } else {
            never = record->state != GSAW_TASK_DONE && record->state != GSAW_TASK_FAILED;
        }
        gsaw__mutex_unlock(&self->lock);
    }
    if (never_started != NULL)
        *never_started = never;
    return status;
}

void gsaw_scheduler_cancel_all(gsaw_scheduler *self)
{
    if (gsaw__pool_is_forked(self->pool))
        return;
    gsaw__mutex_lock(&self->lock);
    gsaw__cancel_all(self);
    gsaw__mutex_unlock(&self->lock);
}

/* ---- asking ---- */

gsaw_handle gsaw_scheduler_find(gsaw_scheduler *self, const char *id)
{
    gsaw_handle found = 0;
    if (id == NULL || gsaw__pool_is_forked(self->pool))
        return found;
    gsaw__mutex_lock(&self->lock);
    const uint32_t *number = gsaw__map_find(&self->ids, id, strlen(id));
    if (number != NULL && gsaw__record_at(self, *number)->function != NULL)
        found = gsaw__record_handle(self, *number);
    gsaw__mutex_unlock(&self->lock);
    return found;
}

const char *gsaw_scheduler_id(gsaw_scheduler *self, gsaw_handle task)
{
    uint32_t number;
    if (open_record(self, task, &number) != GSAW_OK)
        return NULL;
    const char *id = gsaw__record_id(self, number);
    gsaw__mutex_unlock(&self->lock);
    return id;
}

gsaw_status gsaw_scheduler_get_status(gsaw_scheduler *self, gsaw_handle task, gsaw_task_state *out)
{
    uint32_t number;
    gsaw_status status = open_record(self, task, &number);
    if (status != GSAW_OK)
        return status;
    *out = (gsaw_task_state)gsaw__record_at(self, number)->state;
    gsaw__mutex_unlock(&self->lock);
    return GSAW_OK;
}

static void read_result(const gsaw_scheduler *self, uint32_t number, gsaw_task_result *out)
{
    const gsaw__record *record = gsaw__record_at(self, number);
    *out = (gsaw_task_result){.handle = gsaw__record_handle(self, number),
                              .state = (gsaw_task_state)record->state,
                              .status = gsaw__record_has_ended(record) ? (gsaw_status)record->status
                                                                       : GSAW_AGAIN,
                              .text = "",
                              .value = gsaw__record_has_ended(record) ? record->value : NULL,
                              .cause = record->cause,
                              .worker = record->worker == UINT16_MAX ? UINT32_MAX : record->worker,
                              .attempts = record->attempts};
    if (record->cold != 0) {
        const gsaw__cold *cold = gsaw__cold_at(self, record);
        out->id = cold->id;
        out->text = cold->text == NULL || !gsaw__record_has_ended(record) ? "" : cold->text;
        out->queued_ns = cold->queued_ns;
        out->started_ns = cold->started_ns;
        out->finished_ns = cold->finished_ns;
    }
    uint32_t cause = gsaw__handle_record(self, record->cause);
    if (cause != GSAW_NONE && gsaw__record_at(self, cause)->cold != 0)
        out->cause_id = gsaw__cold_at(self, gsaw__record_at(self, cause))->id;
}

gsaw_status gsaw_scheduler_result(gsaw_scheduler *self, gsaw_handle task, gsaw_task_result *out)
{
    uint32_t number;
    gsaw_status status = open_record(self, task, &number);
    if (status != GSAW_OK)
        return status;
    read_result(self, number, out);
    gsaw__mutex_unlock(&self->lock);
    return GSAW_OK;
}

gsaw_status gsaw_scheduler_take_value(gsaw_scheduler *self, gsaw_handle task, void **out)
{
    uint32_t number;
    gsaw_status status = open_record(self, task, &number);
    if (status != GSAW_OK)
        return status;
    gsaw__record *record = gsaw__record_at(self, number);
    if (gsaw__record_has_ended(record)) {
        *out = record->value;
        record->value = NULL;
        record->destroy = NULL;
    } else {
        status = GSAW_AGAIN;
    }
    gsaw__mutex_unlock(&self->lock);
    return status;
}

gsaw_status gsaw_scheduler_forget(gsaw_scheduler *self, gsaw_handle task)
{
    uint32_t number;
    gsaw_status status = open_record(self, task, &number);
    if (status != GSAW_OK)
        return status;
    gsaw__dropped dropped = gsaw__record_forget(self, number);
    gsaw__mutex_unlock(&self->lock);
    gsaw__dropped_destroy(dropped);
    return GSAW_OK;
}

gsaw_status gsaw_scheduler_raise(gsaw_scheduler *self, gsaw_handle task, int32_t priority)
{
    if (priority > PRIORITY_MAX || priority < -PRIORITY_MAX)
        return GSAW_RANGE;
    uint32_t number;
    gsaw_status status = open_record(self, task, &number);
    if (status != GSAW_OK)
        return status;
    gsaw__record_raise(self, number, priority);
    gsaw__mutex_unlock(&self->lock);
    return GSAW_OK;
}

void gsaw_scheduler_count(gsaw_scheduler *self, gsaw_scheduler_counts *out)
{
    *out = (gsaw_scheduler_counts){0};
    if (gsaw__pool_is_forked(self->pool))
        return;
    gsaw__mutex_lock(&self->lock);
    *out = (gsaw_scheduler_counts){.submitted = self->submitted,
                                   .rejected = self->rejected,
                                   .waiting = self->counts[GSAW_TASK_WAITING],
                                   .queued = self->counts[GSAW_TASK_QUEUED],
                                   .running = self->counts[GSAW_TASK_RUNNING],
                                   .done = self->counts[GSAW_TASK_DONE],
                                   .failed = self->counts[GSAW_TASK_FAILED],
                                   .cancelled = self->counts[GSAW_TASK_CANCELLED],
                                   .skipped = self->counts[GSAW_TASK_SKIPPED],
                                   .announced = self->announced,
                                   .memory = self->gate.used};
    gsaw__mutex_unlock(&self->lock);
}

size_t gsaw_scheduler_running(gsaw_scheduler *self, gsaw_handle *out, size_t room)
{
    size_t count = 0;
    if (gsaw__pool_is_forked(self->pool))
        return count;
    gsaw__mutex_lock(&self->lock);
    for (const gsaw_context *at = self->running; at != NULL; at = at->next, count++)
        if (count < room)
            out[count] = at->handle;
    gsaw__mutex_unlock(&self->lock);
    return count;
}
