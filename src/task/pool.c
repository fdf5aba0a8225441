/* pool.c - ThreadPool: making and freeing, submitting, waiting from outside, looking in.
 * Keeps:   a task that was taken is one of its group's pending before any worker can see it.
 * Threads: any.
 * Next:    pool.h, worker.c, lifecycle.c */
#include "task/pool.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/check.h"
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
    return GSAW_OK;
}

/* Free a pool whose threads have ended, whatever part of it exists. */
static void destroy(gsaw_pool *self)
{
    const gsaw_allocator *allocator = self->options.allocator;
    uint32_t made = gsaw__load_acquire(&self->made); /* [R3] pairs with R3 in make() */
    for (uint32_t i = 0; i < made; i++)
        gsaw__worker_free(gsaw__load_relaxed(&self->workers[i])); /* [R3] made was acquired */
    if (self->ready >= 3)
        gsaw__park_clear(&self->park);
    if (self->ready >= 2)
        gsaw__queue_clear(&self->queue);
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
    status = gsaw__queue_init(&self->queue, self->options.allocator);
    if (status != GSAW_OK)
        return status;
    self->ready = 2;
    status = gsaw__park_init(&self->park);
    if (status == GSAW_OK)
        self->ready = 3;
    return status;
}

gsaw_status gsaw__pool_new_with(const gsaw_pool_options *options, gsaw__pool_starter *start,
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
    self->fork_mark = fork_mark_open();
    status = init_parts(self);
    if (status != GSAW_OK) {
        destroy(self);
        return gsaw__fail(error, status, "cannot make a lock");
    }
    uint32_t workers = options->workers != 0 ? options->workers : self->usable_cpus;
    gsaw__mutex_lock(&self->control);
    status = gsaw__pool_grow(self, workers, error);
    gsaw__mutex_unlock(&self->control);
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

gsaw_status gsaw_pool_new(const gsaw_pool_options *options, gsaw_pool **out, gsaw_error *error)
{
    return gsaw__pool_new_with(options, gsaw__thread_start, out, error);
}

void gsaw_pool_free(gsaw_pool *self)
{
    if (self == NULL)
        return;
    if (gsaw__pool_is_forked(self)) {
        self->ready = 0; /* the locks may be held by threads that this process does not have */
        gsaw__queue_abandon(&self->queue);
    } else {
        gsaw_pool_shutdown(self, true);
    }
    destroy(self);
}

/* ---- submitting ---- */

static void begin(gsaw_group *group)
{
    /* [G2] relaxed: the job carries it, by the release of deque or queue, to where it is ended */
    gsaw__add_relaxed(&group->pending, 1);
}

gsaw_status gsaw__pool_submit_local(gsaw_worker *worker, gsaw_group *group, gsaw_task task)
{
    gsaw_pool *self = worker->pool;
    if (gsaw__load_relaxed(&self->state) == GSAW_POOL_DROP) /* [R1] as in run() */
        return GSAW_CLOSED;
    gsaw__job job = {.group = group, .task = task};
    begin(group);
    bool taken = self->options.no_stealing ? gsaw__queue_push(&self->queue, &job, true) == GSAW_OK
                                           : gsaw__deque_push(&worker->deque, &job);
    if (!taken) {
        gsaw__pool_end(self, group);
        return GSAW_NO_MEMORY;
    }
    gsaw__pool_notify(self, group);
    return GSAW_OK;
}

gsaw_status gsaw_pool_submit(gsaw_pool *self, gsaw_group *group, gsaw_task task)
{
    if (group == NULL || task.function == NULL)
        return GSAW_INVALID;
    if (gsaw__pool_is_forked(self))
        return GSAW_CLOSED;
    gsaw_worker *worker = gsaw__pool_worker_here(self);
    if (worker != NULL)
        return gsaw__pool_submit_local(worker, group, task);
    gsaw__job job = {.group = group, .task = task};
    begin(group);
    gsaw_status status = gsaw__queue_push(&self->queue, &job, false);
    if (status == GSAW_OK)
        gsaw__pool_notify(self, group);
    else
        gsaw__pool_end(self, group);
    return status;
}

/* ---- waiting ---- */

/* Parked, but for a pool without threads, where one of those who wait runs the tasks. */
static void wait_outside(gsaw_pool *self, gsaw_group *group)
{
    gsaw__sleeper sleeper = {0};
    while (gsaw_group_pending(group) != 0) {
        if (gsaw__seat_take(self)) {
            gsaw__worker_sit(gsaw__load_relaxed(&self->workers[0]), group); /* [R3] made before */
            gsaw__seat_release(self);
            continue;
        }
        gsaw__park_enter(&self->park, &sleeper, group, false);
        if (gsaw_group_pending(group) == 0 || gsaw__seat_is_free(self))
            gsaw__park_leave(&self->park, &sleeper);
        else
            gsaw__park_sleep(&sleeper);
    }
}

void gsaw_pool_wait(gsaw_pool *self, gsaw_group *group)
{
    if (gsaw__pool_is_forked(self))
        return;
    gsaw_worker *worker = gsaw__pool_worker_here(self);
    if (worker != NULL)
        gsaw__worker_help(worker, group);
    else
        wait_outside(self, group);
}

/* ---- looking in ---- */

uint64_t gsaw_group_pending(const gsaw_group *self)
{
    /* [G1] acquire, pairs with G1 in end(); [P1] a look before parking */
    return gsaw__load_seq_cst(&self->pending);
}

uint32_t gsaw_pool_worker_count(const gsaw_pool *self)
{
    return gsaw__load_relaxed(&self->live); /* [R5] a number, nothing hangs on it */
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
