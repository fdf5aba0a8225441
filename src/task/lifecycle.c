/* lifecycle.c - workers come and go: growing, shrinking, shutting down; and the seat of a pool
 * without threads.
 * Keeps:   `live` threads exist, workers 0 to live - 1; only control changes that. A pool that has
 *          a thread keeps one until it is shut down, so the seat matters only before the first and
 *          after the
 * last.
 * Threads: any but the pool's own tasks.
 * Next:    pool.h, worker.c */
#include <inttypes.h>
#include <stdio.h>

#include "base/status.h"
#include "task/run.h"

#define SPIN_NS 30000u /* about the cost of a sleep and a wake-up; looking longer only burns */

static uint32_t live_count(const gsaw_pool *self)
{
    return gsaw__load_seq_cst(&self->live); /* [R5] pairs with R5 in set_live() */
}

static void set_live(gsaw_pool *self, uint32_t count)
{
    /* [R5] pairs with R5 in live_count() and stop_if_quiet() */
    gsaw__store_seq_cst(&self->live, count);
    /* [R8] written under control, as here; those that replace blocked ones do not count */
    uint32_t wanted = gsaw__load_relaxed(&self->wanted);
    bool have_room =
        (count < wanted ? count : wanted) <= self->usable_cpus && self->usable_cpus > 1;
    gsaw__store_relaxed(&self->spin_ns, have_room ? SPIN_NS : 0); /* [R4] a hint */
}

/* ---- the seat ---- */

bool gsaw__seat_is_free(const gsaw_pool *self)
{
    /* [R6] a look before parking, pairs with R6 in seat_release() */
    return live_count(self) == 0 && gsaw__load_seq_cst(&self->seat) == 0;
}

bool gsaw__seat_take(gsaw_pool *self)
{
    uint32_t free_seat = 0;
    /* [R6] acquire, pairs with R6 in seat_release(): what the last holder did as worker 0 */
    if (live_count(self) != 0 || !gsaw__cas_seq_cst(&self->seat, &free_seat, 1u))
        return false;
    if (live_count(self) == 0)
        return true;
    gsaw__seat_release(self); /* threads came in between */
    return false;
}

void gsaw__seat_release(gsaw_pool *self)
{
    /* [R6] release, pairs with R6 in seat_take(); before the wake-up */
    gsaw__store_seq_cst(&self->seat, 0u);
    gsaw__park_wake_all(&self->park, true);
}

/* Wait for the seat, under control: the number of threads stays 0 meanwhile. */
static void seat_wait(gsaw_pool *self)
{
    gsaw__sleeper sleeper = {.key = &self->seat};
    while (!gsaw__seat_take(self)) {
        gsaw__park_enter(&self->park, &sleeper);
        if (gsaw__seat_is_free(self))
            gsaw__park_leave(&self->park, &sleeper);
        else
            gsaw__park_sleep(&sleeper, GSAW_PARK_FOREVER);
    }
}

/* ---- growing and shrinking ---- */

/* Worker `index`, made if need be; NULL when memory is out. Under control. */
static gsaw_worker *make(gsaw_pool *self, uint32_t index)
{
    uint32_t made = gsaw__load_relaxed(&self->made); /* [R3] written under control alone */
    if (index < made)
        return gsaw__load_relaxed(&self->workers[index]); /* [R3] the same */
    gsaw_worker *worker = gsaw__worker_new(self, index);
    if (worker == NULL)
        return NULL;
    gsaw__store_relaxed(&self->workers[index], worker); /* [R3] published by made */
    gsaw__store_release(&self->made, index + 1);        /* [R3] release, pairs with made_count() */
    return worker;
}

gsaw_status gsaw__pool_grow(gsaw_pool *self, uint32_t workers, gsaw_error *error)
{
    gsaw_status status = GSAW_OK;
    uint32_t live = live_count(self);
    gsaw__store_seq_cst(&self->target, workers); /* [R2] pairs with R2 in is_ending() */
    while (live < workers) {
        gsaw_worker *worker = make(self, live);
        if (worker == NULL) {
            status = gsaw__fail_memory(error);
            break;
        }
        char name[32];
        snprintf(name, sizeof name, "%s-%" PRIu32, self->name, live);
        gsaw__thread_options options = {.function = gsaw__worker_main,
                                        .argument = worker,
                                        .name = name,
                                        .stack_size = self->options.stack_size,
                                        .cpu = self->options.pin ? live + 1 : 0};
        status = self->start(&worker->thread, &options, NULL);
        if (status != GSAW_OK) {
            status = gsaw__fail(error, GSAW_LIMIT, "%" PRIu32 " threads started of %" PRIu32, live,
                                workers);
            break;
        }
        set_live(self, ++live);
    }
    gsaw__store_seq_cst(&self->target, live); /* [R2] what there is */
    return status;
}

/* Wait for the threads of workers [first, end), which are about to end. Under control. */
static void join(gsaw_pool *self, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        gsaw_worker *worker = gsaw__load_relaxed(&self->workers[i]); /* [R3] under control */
        gsaw__thread_join(&worker->thread);
        gsaw__sub_relaxed(&self->ended, 1); /* [R7] under control */
    }
}

/* Let workers [workers, live) end, under control. */
static void shrink(gsaw_pool *self, uint32_t workers)
{
    uint32_t live = live_count(self);
    gsaw__store_seq_cst(&self->target, workers); /* [R2] pairs with R2 in is_ending() */
    gsaw__park_wake_all(&self->park, false);
    gsaw__park_wake_waiting(&self->park, &self->blocked);
    join(self, workers, live);
    set_live(self, workers);
}

gsaw_status gsaw_pool_resize(gsaw_pool *self, uint32_t workers)
{
    if (gsaw__pool_is_forked(self))
        return GSAW_CLOSED;
    if (workers > GSAW_WORKERS_MAX)
        return GSAW_RANGE;
    if (gsaw__pool_worker_here(self) != NULL)
        return GSAW_INVALID;
    if (workers == 0)
        workers = self->usable_cpus;
    gsaw_status status = GSAW_OK;
    gsaw__mutex_lock(&self->control);
    uint32_t live = live_count(self);
    if (gsaw__load_seq_cst(&self->state) != GSAW_POOL_OPEN) { /* [R1] pairs with raise_state() */
        gsaw__mutex_unlock(&self->control);
        return GSAW_CLOSED;
    }
    gsaw__store_seq_cst(&self->wanted, workers); /* [R8] pairs with R8 in is_surplus() */
    if (live == 0) {
        seat_wait(self);
        status = gsaw__pool_grow(self, workers, NULL);
        gsaw__seat_release(self);
    } else if (workers > live) {
        status = gsaw__pool_grow(self, workers, NULL);
    } else if (workers < live) {
        shrink(self, workers);
    }
    gsaw__mutex_unlock(&self->control);
    gsaw__pool_make_up(self);
    return status;
}

/* ---- blocking sections ---- */

/* Whether there are fewer threads than are wanted beside those that block. */
static bool is_short(gsaw_pool *self)
{
    /* [R8] a read-modify-write, so that it comes after the unlock of control before it: either this
     * sees a worker that blocks, or that one finds control free */
    uint64_t due = (uint64_t)gsaw__add_seq_cst(&self->blocked, 0) +
                   gsaw__load_seq_cst(&self->wanted); /* [R8] as said */
    uint32_t live = live_count(self);
    /* [R1] pairs with R1 in raise_state() */
    return live != 0 && live < due && live < GSAW_WORKERS_MAX &&
           gsaw__load_seq_cst(&self->state) == GSAW_POOL_OPEN; /* [R1] as said */
}

/* Start threads in place of those that block. Who has control starts or ends threads now, and looks
 * here afterwards: to wait for that could be for ever. Never with control held. */
void gsaw__pool_make_up(gsaw_pool *self)
{
    while (is_short(self) && gsaw__mutex_try_lock(&self->control)) {
        gsaw_status status = GSAW_OK;
        if (is_short(self))
            status = gsaw__pool_grow(self, live_count(self) + 1, NULL);
        gsaw__mutex_unlock(&self->control);
        if (status != GSAW_OK)
            return; /* the system gives no more */
    }
}

gsaw_status gsaw__pool_hire(gsaw_pool *self)
{
    gsaw_status status = GSAW_AGAIN;
    if (is_short(self) && gsaw__mutex_try_lock(&self->control)) {
        if (is_short(self))
            status = gsaw__pool_grow(self, live_count(self) + 1, NULL);
        gsaw__mutex_unlock(&self->control);
    }
    return status;
}

void gsaw_worker_block_begin(gsaw_worker *self)
{
    gsaw_pool *pool = self->pool;
    gsaw_assert(!self->is_blocked);
    gsaw__worker_hand_over(self);
    gsaw__credit_flush(self);
    if (live_count(pool) == 0)
        return; /* this thread holds the seat: who else waits may not have it */
    self->is_blocked = true;
    /* [R8] before the wake-up, pairs with R8 in is_surplus(); before the look at who has control,
     * pairs with is_short() of whom that finds there */
    gsaw__add_seq_cst(&pool->blocked, 1);
    gsaw__park_wake_waiting(&pool->park, &pool->blocked);
    gsaw__pool_make_up(pool);
}

void gsaw_worker_block_end(gsaw_worker *self)
{
    if (!self->is_blocked)
        return;
    self->is_blocked = false;
    gsaw__sub_seq_cst(&self->pool->blocked, 1); /* [R8] a surplus worker sees it after its task */
}

/* ---- the end ---- */

static void raise_state(gsaw_pool *self, uint32_t state)
{
    uint32_t now = gsaw__load_seq_cst(&self->state); /* [R1] pairs with itself */
    while (now < state && !gsaw__cas_seq_cst(&self->state, &now, state)) /* [R1] state_of() */
        ;
}

/* Tell everyone; the control lock is taken in between, so that no resize goes on. */
static void begin_shutdown(gsaw_pool *self, bool drain)
{
    gsaw_assert(gsaw__pool_worker_here(self) == NULL);
    raise_state(self, drain ? GSAW_POOL_DRAIN : GSAW_POOL_DROP);
    gsaw__inbox_close(&self->inbox);
    gsaw__park_wake_all(&self->park, false);
    gsaw__park_wake_waiting(&self->park, &self->blocked);
    gsaw__mutex_lock(&self->control);
    /* Once more, now that live is right: the last to park will see it. */
    gsaw__park_wake_all(&self->park, false);
    gsaw__park_wake_waiting(&self->park, &self->blocked);
}

/* Under control, which is given back. */
static void end_shutdown(gsaw_pool *self)
{
    join(self, 0, live_count(self));
    set_live(self, 0);
    /* A job may be left: the last worker can have looked and gone just before it came, from a
     * submitter that was not yet refused or from a worker that a resize had end. */
    seat_wait(self);
    gsaw__worker_sit(gsaw__load_relaxed(&self->workers[0]), NULL); /* [R3] under control */
    gsaw__seat_release(self);
    gsaw__mutex_unlock(&self->control);
}

void gsaw_pool_shutdown(gsaw_pool *self, bool drain)
{
    if (gsaw__pool_is_forked(self))
        return;
    begin_shutdown(self, drain);
    end_shutdown(self);
}

static bool have_ended(const gsaw_pool *self)
{
    /* [R7] a look before parking, pairs with R7 in worker_main() */
    return gsaw__load_seq_cst(&self->ended) == live_count(self);
}

static size_t list_stuck(const gsaw_pool *self, gsaw_stuck *stuck, size_t room)
{
    size_t count = 0;
    for (uint32_t i = 0; i < live_count(self); i++) {
        gsaw_worker *worker = gsaw__load_relaxed(&self->workers[i]); /* [R3] under control */
        gsaw_task_function *function = gsaw__load_relaxed(&worker->function); /* [S3] a hint */
        if (function != NULL && count < room)
            stuck[count] =
                (gsaw_stuck){.worker = i,
                             .function = function,
                             .argument = gsaw__load_relaxed(&worker->argument)}; /* [S3] */
        count += function != NULL;
    }
    return count;
}

gsaw_status gsaw_pool_shutdown_until(gsaw_pool *self, uint64_t deadline_ns, gsaw_stuck *stuck,
                                     size_t room, size_t *count)
{
    *count = 0;
    if (gsaw__pool_is_forked(self))
        return GSAW_CLOSED;
    begin_shutdown(self, false);
    gsaw__sleeper sleeper = {.key = &self->ended};
    bool in_time = true;
    while (in_time && !have_ended(self)) {
        gsaw__park_enter(&self->park, &sleeper);
        if (have_ended(self))
            gsaw__park_leave(&self->park, &sleeper);
        else if (!gsaw__park_sleep(&sleeper, deadline_ns))
            in_time = !gsaw__park_leave(&self->park, &sleeper);
    }
    if (have_ended(self)) {
        end_shutdown(self);
        return GSAW_OK;
    }
    *count = list_stuck(self, stuck, room);
    gsaw__mutex_unlock(&self->control);
    return GSAW_TIMEOUT;
}
