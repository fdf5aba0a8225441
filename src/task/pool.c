/* pool.c - ThreadPool: making and freeing, submitting, waiting from outside, looking in.
 * Keeps:   a task that was taken is one of its group's pending before any worker can see it.
 * Threads: any.
 * Next:    pool.h, run.h, worker.c, lifecycle.c */
#include "task/run.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/machine.h"
#include "base/status.h"

#define FORK_MARK_SIZE 4096u

/* A page that the kernel hands to a forked child as zeros: one load tells child from parent, where
 * getpid() is a system call. NULL where the kernel does not do that (before Linux 4.14). Source:
 * madvise(2). */
static volatile char *fork_mark_open(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    /* tidy: allow banned-calls: no file is mapped, a page of memory is */
    void *page = mmap(NULL, FORK_MARK_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (page == MAP_FAILED)
        return NULL;
    if (madvise(page, FORK_MARK_SIZE, MADV_WIPEONFORK) != 0) {
        munmap(page, FORK_MARK_SIZE);
        return NULL;
    }
    volatile char *mark = page;
    *mark = 1;
    return mark;
}

bool gsaw__pool_is_forked(const gsaw_pool *self)
{
    return self->fork_mark != NULL ? *self->fork_mark == 0 : getpid() != self->pid;
}

static gsaw_status check_options(const gsaw_pool_options *options, gsaw_error *error)
{
    if (options->size != sizeof *options)
        return gsaw__fail(error, GSAW_INVALID, "gsaw_pool_options: size is %zu, not %zu",
                          options->size, sizeof *options);
    if (options->workers > GSAW_WORKERS_MAX)
        return gsaw__fail(error, GSAW_RANGE, "workers: %u is not in 0 to %d", options->workers,
                          GSAW_WORKERS_MAX);
    long least = sysconf(_SC_THREAD_STACK_MIN);
    if (options->stack_size != 0 && least > 0 && options->stack_size < (size_t)least)
        return gsaw__fail(error, GSAW_RANGE, "stack_size: %zu is below %ld", options->stack_size,
                          least);
    return GSAW_OK;
}

/* Free a pool whose threads have ended, whatever part of it exists. */
static void destroy(gsaw_pool *self)
{
    const gsaw_allocator *allocator = self->options.allocator;
    uint32_t made = gsaw__load_acquire(&self->made); /* [R3] pairs with R3 in make() */
    for (uint32_t i = 0; i < made; i++)
        gsaw__worker_free(gsaw__load_relaxed(&self->workers[i])); /* [R3] made was acquired */
    if (self->ready >= 4)
        gsaw__depot_clear(&self->depot);
    if (self->ready >= 3)
        gsaw__park_clear(&self->park);
    if (self->ready >= 2)
        gsaw__inbox_clear(&self->inbox);
    if (self->ready >= 1)
        gsaw__mutex_clear(&self->control);
    if (self->fork_mark != NULL)
        munmap((void *)self->fork_mark, FORK_MARK_SIZE);
    gsaw__free(allocator, self, sizeof *self);
}

static gsaw_status init_parts(gsaw_pool *self)
{
    gsaw_status status = gsaw__mutex_init(&self->control, "pool.control", GSAW_RANK_POOL_RESIZE);
    if (status != GSAW_OK)
        return status;
    self->ready = 1;
    status = gsaw__inbox_init(&self->inbox);
    if (status != GSAW_OK)
        return status;
    self->ready = 2;
    status = gsaw__park_init(&self->park);
    if (status != GSAW_OK)
        return status;
    self->ready = 3;
    status = gsaw__depot_init(&self->depot, self->options.allocator);
    if (status == GSAW_OK)
        self->ready = 4;
    return status;
}

/* The threads of a new pool: `workers` now, of `wanted` in the end. */
static gsaw_status start_threads(gsaw_pool *self, uint32_t workers, uint32_t wanted,
                                 gsaw_error *error)
{
    gsaw__mutex_lock(&self->control);
    gsaw__store_seq_cst(&self->wanted, wanted); /* [R8] pairs with R8 in is_surplus() */
    gsaw_status status = gsaw__pool_grow(self, workers, error);
    gsaw__mutex_unlock(&self->control);
    if (workers == wanted)
        gsaw__pool_make_up(self);
    return status;
}

static gsaw_status pool_new(const gsaw_pool_options *options, gsaw__pool_starter *start, bool lazy,
                            gsaw_pool **out, gsaw_error *error)
{
    static const gsaw_pool_options defaults = {.size = sizeof(gsaw_pool_options)};
    if (options == NULL)
        options = &defaults;
    gsaw_status status = check_options(options, error);
    if (status != GSAW_OK)
        return status;
    gsaw_pool *self = gsaw__alloc_zero(options->allocator, 1, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    self->options = *options;
    self->options.name = NULL;
    snprintf(self->name, sizeof self->name, "%.8s",
             options->name == NULL ? "gangsaw" : options->name);
    self->start = start;
    uint32_t cpus = gsaw__machine_cpus("");
    self->usable_cpus = cpus < GSAW_WORKERS_MAX ? cpus : GSAW_WORKERS_MAX;
    self->pid = getpid();
    self->start_ns = gsaw__clock_ns();
    self->fork_mark = fork_mark_open();
    status = init_parts(self);
    if (status != GSAW_OK) {
        destroy(self);
        return gsaw__fail(error, status, "cannot make a lock");
    }
    uint32_t workers = options->workers != 0 ? options->workers : self->usable_cpus;
    status = start_threads(self, lazy ? 1 : workers, workers, error);
    if (status == GSAW_NO_MEMORY) {
        if (gsaw_pool_worker_count(self) != 0)
            gsaw_pool_shutdown(self, true);
        destroy(self);
        return status;
    }
    if (status == GSAW_LIMIT && error != NULL) /* fewer threads are no failure here */
        *error = (gsaw_error){0};
    *out = self;
    return GSAW_OK;
}

gsaw_status gsaw__pool_new_with(const gsaw_pool_options *options, gsaw__pool_starter *start,
                                gsaw_pool **out, gsaw_error *error)
{
    return pool_new(options, start, false, out, error);
}

gsaw_status gsaw__pool_new_lazy(const gsaw_pool_options *options, gsaw_pool **out,
                                gsaw_error *error)
{
    return pool_new(options, gsaw__thread_start, true, out, error);
}

gsaw_status gsaw_pool_new(const gsaw_pool_options *options, gsaw_pool **out, gsaw_error *error)
{
    return pool_new(options, gsaw__thread_start, false, out, error);
}

static gsaw_status start_none(gsaw__thread *thread, const gsaw__thread_options *options,
                              gsaw_error *error)
{
    (void)thread, (void)options, (void)error;
    return GSAW_SYSTEM;
}

gsaw_status gsaw__pool_new_seat(const gsaw_pool_options *options, gsaw_pool **out,
                                gsaw_error *error)
{
    gsaw_status status = gsaw__pool_new_with(options, start_none, out, error);
    if (status == GSAW_OK)
        (*out)->start = gsaw__thread_start;
    return status;
}

void gsaw_pool_free(gsaw_pool *self)
{
    if (self == NULL)
        return;
    if (gsaw__pool_is_forked(self)) {
        self->ready = 0; /* the locks may be held by threads that this process does not have */
        gsaw__depot_abandon(&self->depot);
    } else {
        gsaw_pool_shutdown(self, true);
    }
    destroy(self);
}

/* ---- submitting ---- */

void gsaw__pool_begin(gsaw_group *group, uint64_t count)
{
    /* [G2] relaxed: the job carries it, by the release of deque or inbox, to where it is ended */
    gsaw__add_relaxed(&group->pending, count);
}

/* ---- tasks_max ---- */

void gsaw__leave_flight(gsaw_pool *self, uint64_t count)
{
    /* [F1] before the look at who waits for room, pairs with F1 in is_full() */
    gsaw__sub_seq_cst(&self->in_flight, count);
    gsaw__park_wake_waiting(&self->park, &self->in_flight);
}

static bool is_full(const gsaw_pool *self, uint64_t count)
{
    /* [F1] a look before parking, pairs with F1 in leave_flight() */
    uint64_t used = gsaw__load_seq_cst(&self->in_flight);
    return used != 0 && used + count > self->options.tasks_max;
}

static void wait_for_room(gsaw_pool *self, uint64_t count)
{
    gsaw__sleeper sleeper = {.key = &self->in_flight};
    while (is_full(self, count)) {
        if (gsaw__seat_take(self)) { /* nobody else would make room */
            gsaw__worker_sit(gsaw__load_relaxed(&self->workers[0]), NULL); /* [R3] made before */
            gsaw__seat_release(self);
            continue;
        }
        gsaw__park_enter(&self->park, &sleeper);
        if (!is_full(self, count) || gsaw__seat_is_free(self))
            gsaw__park_leave(&self->park, &sleeper);
        else
            gsaw__park_sleep(&sleeper, GSAW_PARK_FOREVER);
    }
}

/* Count tasks as in flight; from outside only when there is room, which `may_block` waits for. */
static gsaw_status enter_flight(gsaw_pool *self, uint64_t count, bool may_block)
{
    uint64_t used = gsaw__load_relaxed(&self->in_flight); /* [F1] checked by the exchange */
    for (;;) {
        if (used != 0 && used + count > self->options.tasks_max) {
            if (!may_block)
                return GSAW_AGAIN;
            wait_for_room(self, count);
            used = gsaw__load_relaxed(&self->in_flight);                       /* [F1] the same */
        } else if (gsaw__cas_seq_cst(&self->in_flight, &used, used + count)) { /* [F1] its place */
            return GSAW_OK;
        }
    }
}

static void prepare(gsaw_task *task, gsaw_group *group, uint32_t kind)
{
    task->group = group;
    gsaw__store_relaxed(&task->status, GSAW_OK); /* [T1] published by inbox or deque */
    gsaw__store_relaxed(&task->state, GSAW_TASK_QUEUED | kind); /* [T1] the same */
}

static void submit_local(gsaw_worker *worker, gsaw_group *group, gsaw_task *task)
{
    if (worker->pool->options.tasks_max != 0)
        gsaw__add_relaxed(&worker->pool->in_flight, 1); /* [F1] more is no news to who waits */
    gsaw__credit_use(worker, group);
    gsaw__worker_push(worker, gsaw__job_of_task(task, group));
}

/* Tasks newest to oldest, linked and prepared. */
static gsaw_status submit_outside(gsaw_pool *self, gsaw_group *group, gsaw_task *newest,
                                  gsaw_task *oldest, uint64_t count)
{
    gsaw__pool_begin(group, count);
    if (!gsaw__inbox_push(&self->inbox, newest, oldest)) {
        gsaw__pool_end(self, group, count);
        if (self->options.tasks_max != 0)
            gsaw__leave_flight(self, count);
        return GSAW_CLOSED;
    }
    gsaw__pool_notify(self, group);
    return GSAW_OK;
}

bool gsaw__pool_is_dropping(const gsaw_pool *self)
{
    return gsaw__load_relaxed(&self->state) == GSAW_POOL_DROP; /* [R1] as in gsaw__is_dropped() */
}

static gsaw_status submit(gsaw_pool *self, gsaw_group *group, gsaw_task *task, uint32_t kind,
                          bool may_block)
{
    if (group == NULL || task == NULL || task->function == NULL)
        return GSAW_INVALID;
    if (gsaw__pool_is_forked(self))
        return GSAW_CLOSED;
    gsaw_worker *worker = gsaw__pool_worker_here(self);
    if (worker != NULL) {
        if (gsaw__pool_is_dropping(self))
            return GSAW_CLOSED;
        prepare(task, group, kind);
        submit_local(worker, group, task);
        return GSAW_OK;
    }
    if (self->options.tasks_max != 0) {
        gsaw_status status = enter_flight(self, 1, may_block);
        if (status != GSAW_OK)
            return status;
    }
    prepare(task, group, kind);
    return submit_outside(self, group, task, task, 1);
}

gsaw_status gsaw_pool_submit(gsaw_pool *self, gsaw_group *group, gsaw_task *task)
{
    return submit(self, group, task, 0, true);
}

gsaw_status gsaw__pool_submit_always(gsaw_pool *self, gsaw_group *group, gsaw_task *task,
                                     bool may_block)
{
    return submit(self, group, task, GSAW_TASK_ALWAYS, may_block);
}

gsaw_status gsaw_pool_try_submit(gsaw_pool *self, gsaw_group *group, gsaw_task *task)
{
    return submit(self, group, task, 0, false);
}

gsaw_status gsaw_pool_submit_all(gsaw_pool *self, gsaw_group *group, gsaw_task *tasks, size_t count)
{
    if (group == NULL || (tasks == NULL && count != 0))
        return GSAW_INVALID;
    for (size_t i = 0; i < count; i++)
        if (tasks[i].function == NULL)
            return GSAW_INVALID;
    if (gsaw__pool_is_forked(self))
        return GSAW_CLOSED;
    gsaw_worker *worker = gsaw__pool_worker_here(self);
    if (worker != NULL && gsaw__pool_is_dropping(self))
        return GSAW_CLOSED;
    for (size_t i = 0; i < count; i++) {
        prepare(&tasks[i], group, 0);
        tasks[i].next = i == 0 ? NULL : &tasks[i - 1];
    }
    if (worker != NULL) {
        for (size_t i = count; i-- > 0;)
            submit_local(worker, group, &tasks[i]);
        return GSAW_OK;
    }
    if (count != 0 && self->options.tasks_max != 0)
        enter_flight(self, count, true);
    return count == 0 ? GSAW_OK : submit_outside(self, group, &tasks[count - 1], tasks, count);
}

static gsaw_status spawn_task(gsaw_pool *self, gsaw__magazine *magazine, gsaw_group *group,
                              const gsaw_task *given, gsaw_task **out)
{
    gsaw_task *task = gsaw__depot_take(&self->depot, magazine);
    if (task == NULL)
        return GSAW_NO_MEMORY;
    task->function = given->function;
    task->argument = given->argument;
    task->value = given->value;
    prepare(task, group, GSAW_TASK_SPAWNED);
    *out = task;
    return GSAW_OK;
}

gsaw_status gsaw__pool_spawn_local(gsaw_worker *worker, gsaw_group *group,
                                   gsaw_task_function *function, void *argument, uint64_t value)
{
    if (gsaw__pool_is_dropping(worker->pool))
        return GSAW_CLOSED;
    gsaw_task given = {.function = function, .argument = argument, .value = value};
    gsaw_task *task;
    gsaw_status status = spawn_task(worker->pool, &worker->spare, group, &given, &task);
    if (status == GSAW_OK)
        submit_local(worker, group, task);
    return status;
}

gsaw_status gsaw_pool_spawn(gsaw_pool *self, gsaw_group *group, gsaw_task_function *function,
                            void *argument, uint64_t value)
{
    if (group == NULL || function == NULL)
        return GSAW_INVALID;
    if (gsaw__pool_is_forked(self))
        return GSAW_CLOSED;
    gsaw_worker *worker = gsaw__pool_worker_here(self);
    if (worker != NULL)
        return gsaw__pool_spawn_local(worker, group, function, argument, value);
    if (self->options.tasks_max != 0)
        enter_flight(self, 1, true);
    gsaw_task given = {.function = function, .argument = argument, .value = value};
    gsaw_task *task;
    gsaw_status status = spawn_task(self, NULL, group, &given, &task);
    if (status == GSAW_OK)
        status = submit_outside(self, group, task, task, 1);
    else if (self->options.tasks_max != 0)
        gsaw__leave_flight(self, 1);
    if (status == GSAW_CLOSED)
        gsaw__depot_give(&self->depot, NULL, task);
    return status;
}

/* ---- waiting ---- */

/* Parked, but for a pool without threads, where one of those who wait runs the tasks. */
static bool wait_outside(gsaw_pool *self, const gsaw__wait *wait)
{
    gsaw__sleeper sleeper = {.key = wait->group};
    bool in_time = true;
    while (in_time && gsaw_group_pending(wait->group) != 0) {
        if (gsaw__seat_take(self)) {
            in_time = gsaw__worker_sit(gsaw__load_relaxed(&self->workers[0]), wait); /* [R3] made */
            gsaw__seat_release(self);
            continue;
        }
        gsaw__park_enter(&self->park, &sleeper);
        if (gsaw_group_pending(wait->group) == 0 || gsaw__seat_is_free(self))
            gsaw__park_leave(&self->park, &sleeper);
        else if (!gsaw__park_sleep(&sleeper, wait->deadline_ns))
            in_time = !gsaw__park_leave(&self->park, &sleeper);
    }
    return gsaw_group_pending(wait->group) == 0;
}

gsaw_status gsaw_pool_wait_until(gsaw_pool *self, gsaw_group *group, uint64_t deadline_ns)
{
    if (gsaw__pool_is_forked(self))
        return GSAW_CLOSED;
    gsaw__wait wait = {.group = group, .deadline_ns = deadline_ns};
    gsaw_worker *worker = gsaw__pool_worker_here(self);
    bool in_time = worker != NULL ? gsaw__worker_help(worker, &wait) : wait_outside(self, &wait);
    return in_time ? gsaw_group_status(group) : GSAW_TIMEOUT;
}

gsaw_status gsaw_pool_wait(gsaw_pool *self, gsaw_group *group)
{
    return gsaw_pool_wait_until(self, group, GSAW_PARK_FOREVER);
}

/* ---- looking in ---- */

uint64_t gsaw_group_pending(const gsaw_group *self)
{
    /* [G1] acquire, pairs with G1 in end(); [P1] a look before parking */
    return gsaw__load_seq_cst(&self->pending);
}

gsaw_status gsaw_pool_write_trace(const gsaw_pool *self,
                                  gsaw_status (*write)(void *context, const char *bytes,
                                                       size_t size),
                                  void *context, gsaw_error *error)
{
    gsaw__trace_writer writer;
    gsaw__trace_begin(&writer, self->options.allocator, write, context, self->start_ns);
    for (uint32_t i = 0; i < gsaw_pool_worker_max(self); i++) {
        const gsaw_worker *worker = gsaw__load_relaxed(&self->workers[i]); /* [R3] acquired */
        gsaw__trace_lane(&writer, &worker->trace, i);
    }
    return gsaw__trace_end(&writer, error);
}

uint32_t gsaw_pool_worker_count(const gsaw_pool *self)
{
    return gsaw__load_relaxed(&self->live); /* [R5] a number, nothing hangs on it */
}

uint32_t gsaw__pool_room(const gsaw_pool *self)
{
    uint32_t wanted = gsaw__load_seq_cst(&self->wanted); /* [R8] a number, nothing hangs on it */
    uint32_t made = gsaw_pool_worker_max(self);
    return made < wanted ? wanted : made;
}

uint32_t gsaw_pool_worker_max(const gsaw_pool *self)
{
    return gsaw__load_acquire(&self->made); /* [R3] acquire, pairs with R3 in make() */
}

gsaw_status gsaw_pool_stats(const gsaw_pool *self, uint32_t index, gsaw_worker_stats *out)
{
    if (index >= gsaw_pool_worker_max(self))
        return GSAW_RANGE;
    const gsaw_worker *worker =
        gsaw__load_relaxed(&self->workers[index]); /* [R3] made was acquired */
    *out = (gsaw_worker_stats){.worker_id = index, .pending = gsaw__deque_count(&worker->deque)};
    gsaw__counters_read(&worker->counters, out);
    return GSAW_OK;
}

gsaw__trace_ring *gsaw__pool_trace(const gsaw_pool *self, uint32_t index)
{
    if (index >= gsaw_pool_worker_max(self))
        return NULL;
    return &gsaw__load_relaxed(&self->workers[index])->trace; /* [R3] made was acquired */
}

uint32_t gsaw_worker_index(const gsaw_worker *self) { return self->index; }

gsaw_pool *gsaw_worker_pool(const gsaw_worker *self) { return self->pool; }

bool gsaw_worker_is_wanted(const gsaw_worker *self)
{
    return gsaw__park_hungry_count(&self->pool->park) != 0;
}
