/* worker.c - what a worker does: fetch a job, run it, help while it waits, park when there is
 * nothing.
 * Keeps:   a worker looks once more between entering a parking place and sleeping; it is counted as
 *          searching exactly while is_searching; it never sleeps, and never ends, on a deque that
 *          has jobs.
 * Threads: functions with `self` a worker: that worker's thread. end() and notify(): any.
 * Next:    run.h, park.h (why no wake-up is lost), README.md */
#include "task/run.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/machine.h"

#define DEQUE_CAPACITY 512u /* jobs at first: 8 KiB */
#define BATCH 32u           /* tasks that go from the inbox to a deque at once, at most */
#define INBOX_FIRST_EVERY                                                                          \
    61u /* jobs between two looks at the inbox before the worker's own deque */

/* The worker that this thread is: innermost, by `outer` the others. A thread is a worker of two
 * pools when a task of one waits for a pool without threads.
 * tidy: allow mutable-globals: belongs to its thread, and is NULL outside of tasks */
static _Thread_local gsaw_worker *here;

gsaw_worker *gsaw__pool_worker_here(const gsaw_pool *self)
{
    gsaw_worker *worker = here;
    while (worker != NULL && worker->pool != self)
        worker = worker->outer;
    return worker;
}

gsaw_worker *gsaw__worker_new(gsaw_pool *pool, uint32_t index)
{
    const gsaw_allocator *allocator = pool->options.allocator;
    gsaw_worker *self = gsaw__alloc_zero(allocator, 1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->pool = pool;
    self->index = index;
    self->random = (uint64_t)index * UINT64_C(0x9E3779B97F4A7C15) + 1;
    size_t events = pool->options.trace_events;
    if (!gsaw__deque_init(&self->deque, allocator, DEQUE_CAPACITY) ||
        (events != 0 && !gsaw__trace_ring_init(&self->trace, allocator, events))) {
        gsaw__worker_free(self);
        return NULL;
    }
    if (pool->park.is_asymmetric && !pool->options.no_stealing)
        gsaw__deque_be_asymmetric(&self->deque);
    return self;
}

void gsaw__worker_free(gsaw_worker *self)
{
    if (self == NULL)
        return;
    const gsaw_allocator *allocator = self->pool->options.allocator;
    gsaw__deque_clear(&self->deque);
    gsaw__trace_ring_clear(&self->trace);
    gsaw__free(allocator, self, sizeof *self);
}

void gsaw__pool_end(gsaw_pool *self, gsaw_group *group, uint64_t count)
{
    /* [G1] release, pairs with G1 in is_done(): what the tasks wrote; [P1] before the look at who
     * waits, pairs with P1 in park_enter(). From here on the group may be gone: only its address is
     * used. */
    uint64_t before = gsaw__sub_seq_cst(&group->pending, count);
    gsaw_assert(before >= count);
    if (before == count)
        gsaw__park_wake_waiting(&self->park, group);
}

void gsaw__pool_notify(gsaw_pool *self, const gsaw_group *group)
{
    if (gsaw__park_is_awake(&self->park))
        return;
    gsaw__park_wake_helper(&self->park, group);
    gsaw__park_wake_idle(&self->park);
}

static bool is_done(const gsaw__wait *wait)
{
    if (wait->task != NULL) {
        /* [T1] acquire, pairs with T1 in run_task(); [P1] a look before parking */
        uint32_t word = gsaw__load_seq_cst(&wait->task->state);
        return gsaw_task_state_is_end((gsaw_task_state)(word & GSAW_TASK_STATE));
    }
    /* [G1] acquire, pairs with G1 in end(), through all that ended in between; [P1] a look before
     * parking */
    return gsaw__load_seq_cst(&wait->group->pending) == 0;
}

static uint32_t state_of(const gsaw_pool *pool)
{
    /* [R1] a look before parking, pairs with R1 in raise_state() */
    return gsaw__load_seq_cst(&pool->state);
}

static bool is_ending(const gsaw_worker *self)
{
    /* [R2] a look before parking, pairs with R2 in shrink() and grow() */
    return self->index >= gsaw__load_seq_cst(&self->pool->target);
}

static gsaw_worker *worker_at(const gsaw_pool *pool, uint32_t index)
{
    return gsaw__load_relaxed(&pool->workers[index]); /* [R3] made was acquired before */
}

static uint32_t made_count(const gsaw_pool *pool)
{
    return gsaw__load_acquire(&pool->made); /* [R3] acquire, pairs with R3 in grow() */
}

/* Whether any job lies in the inbox or a deque. Sequentially consistent: good for the look before
 * parking. */
static bool has_work(const gsaw_pool *pool)
{
    if (!gsaw__inbox_is_empty(&pool->inbox))
        return true;
    uint32_t count = made_count(pool);
    for (uint32_t i = 0; i < count; i++)
        if (gsaw__deque_count(&worker_at(pool, i)->deque) != 0)
            return true;
    return false;
}

static void record(gsaw_worker *self, enum gsaw__trace_kind kind, const char *name,
                   uint64_t start_ns, uint64_t argument)
{
    if (!gsaw__trace_is_on(&self->trace))
        return;
    uint64_t now_ns = gsaw__clock_ns();
    gsaw__trace_event event = {.start_ns = start_ns == 0 ? now_ns : start_ns,
                               .duration_ns = start_ns == 0 ? 0 : now_ns - start_ns,
                               .name = name,
                               .argument = argument,
                               .kind = (uint8_t)kind};
    gsaw__trace_record(&self->trace, &event);
}

/* The time now if this worker traces, else 0 without reading a clock. */
static uint64_t trace_clock(const gsaw_worker *self)
{
    return gsaw__trace_is_on(&self->trace) ? gsaw__clock_ns() : 0;
}

void gsaw__worker_sample(gsaw_worker *self)
{
    if (!gsaw__trace_is_due(&self->trace, 0))
        return;
    const gsaw_pool *pool = self->pool;
    uint64_t queued = gsaw__inbox_count(&pool->inbox);
    uint32_t count = made_count(pool);
    for (uint32_t i = 0; i < count; i++)
        queued += gsaw__deque_count(&worker_at(pool, i)->deque);
    gsaw__trace_count(&self->trace, "queued tasks", queued);
    gsaw__trace_count(&self->trace, "resident bytes", gsaw__machine_rss());
}

/* ---- fetching ---- */

static gsaw__job job_of(gsaw_task *task) { return gsaw__job_of_task(task, task->group); }

/* A job from the inbox, and some more into the own deque. */
static bool take_shared(gsaw_worker *self, gsaw__job *out)
{
    gsaw_pool *pool = self->pool;
    if (gsaw__inbox_is_empty(&pool->inbox))
        return false;
    gsaw_task *batch[BATCH];
    size_t room = pool->options.no_stealing ? 0 : gsaw__deque_reserve(&self->deque, BATCH - 1);
    if (room > BATCH - 1)
        room = BATCH - 1;
    uint32_t share = 2 * made_count(pool);
    size_t count = gsaw__inbox_take(&pool->inbox, batch, room + 1, share);
    for (size_t i = count; i-- > 1;) { /* the oldest on top of what this worker takes next */
        bool pushed = gsaw__deque_push(&self->deque, job_of(batch[i]));
        gsaw_check(pushed); /* reserved */
    }
    /* Who parked while the batch was in neither place is to see it. */
    if (count > 1 && !gsaw__park_is_awake(&pool->park))
        gsaw__park_wake_idle(&pool->park);
    if (count != 0) {
        *out = job_of(batch[0]);
        if (gsaw__trace_is_on(&self->trace))
            gsaw__worker_sample(self);
    }
    return count != 0;
}

/* A job from another worker's deque, of the group `only` if that is not NULL; victims from a random
 * one on. */
static bool steal(gsaw_worker *self, const gsaw_group *only, gsaw__job *out)
{
    gsaw_pool *pool = self->pool;
    uint32_t count = made_count(pool);
    if (count < 2 || pool->options.no_stealing)
        return false;
    /* xorshift64 (Marsaglia, Xorshift RNGs, 2003) */
    self->random ^= self->random << 13;
    self->random ^= self->random >> 7;
    self->random ^= self->random << 17;
    uint32_t first = (uint32_t)(self->random % count);
    for (uint32_t i = 0; i < count; i++) {
        gsaw_worker *victim = worker_at(pool, (first + i) % count);
        if (victim == self)
            continue;
        enum gsaw__steal result;
        do
            result = gsaw__deque_steal(&victim->deque, only, out);
        while (result == GSAW_STEAL_LOST);
        if (result == GSAW_STEAL_TAKEN) {
            gsaw__counters_count(&self->counters.steals);
            record(self, GSAW_TRACE_STEAL, "steal", 0, victim->index);
            return true;
        }
    }
    return false;
}

static bool take_any(gsaw_worker *self, gsaw__job *out)
{
    if (++self->tick % INBOX_FIRST_EVERY == 0 && take_shared(self, out))
        return true; /* so that tasks that feed themselves do not starve those from outside */
    return gsaw__deque_take(&self->deque, out) || take_shared(self, out) || steal(self, NULL, out);
}

/* A job of this group: on top of the own deque, in the inbox, or on top for thieves of another
 * deque. */
static bool take_of(gsaw_worker *self, gsaw_group *group, gsaw__job *out)
{
    /* Nobody puts another job there in between: what take() gives is the one peeked at, or it was
     * stolen. */
    if (gsaw__deque_peek(&self->deque).group == group && gsaw__deque_take(&self->deque, out))
        return true;
    gsaw_task *task = gsaw__inbox_take_of(&self->pool->inbox, group);
    if (task == NULL)
        return steal(self, group, out);
    *out = job_of(task);
    return true;
}

static void put_back(gsaw_pool *pool, gsaw__job job)
{
    if (gsaw__job_is_node(job)) {
        gsaw__graph_put_back(pool, job.group, gsaw__job_node(job));
        return;
    }
    gsaw__job_task(job)->group = job.group;
    gsaw__inbox_push_always(&pool->inbox, gsaw__job_task(job));
}

void gsaw__worker_push(gsaw_worker *self, gsaw__job job)
{
    if (self->pool->options.no_stealing || !gsaw__deque_push(&self->deque, job))
        put_back(self->pool, job);
    gsaw__pool_notify(self->pool, job.group);
}

void gsaw__worker_hand_over(gsaw_worker *self)
{
    gsaw__job job;
    while (gsaw__deque_count(&self->deque) != 0) {
        if (!gsaw__deque_take_oldest(&self->deque, &job))
            continue;
        put_back(self->pool, job);
        gsaw__pool_notify(self->pool, job.group);
    }
}

/* ---- resting ---- */

static void rest(gsaw_worker *self)
{
    if (self->group == NULL)
        gsaw__store_relaxed(&self->function, NULL); /* [S3] for shutdown_until(), a hint */
    if (gsaw__stopwatch_is_running(&self->counters.busy))
        gsaw__stopwatch_stop(&self->counters.busy, gsaw__clock_ns());
}

static void resume(gsaw_worker *self)
{
    if (!gsaw__stopwatch_is_running(&self->counters.busy))
        gsaw__stopwatch_start(&self->counters.busy, gsaw__clock_ns());
}

/* ---- searching and parking ---- */

static void begin_search(gsaw_worker *self)
{
    if (self->is_searching)
        return;
    self->is_searching = true;
    gsaw__park_search_begin(&self->pool->park);
}

/* The last one to stop passes the search on if there is more to find (park.h, P2). */
static void end_search(gsaw_worker *self)
{
    if (!self->is_searching)
        return;
    self->is_searching = false;
    if (gsaw__park_search_end(&self->pool->park) && has_work(self->pool))
        gsaw__park_wake_idle(&self->pool->park);
}

/* When to give up looking; 0: at once. */
static uint64_t spin_deadline(const gsaw_worker *self)
{
    uint64_t spin_ns =
        gsaw__load_relaxed(&self->pool->spin_ns); /* [R4] a hint, pairs with nothing */
    return spin_ns == 0 ? 0 : gsaw__clock_ns() + spin_ns;
}

static bool spin_for_any(gsaw_worker *self, gsaw__job *out)
{
    uint64_t deadline_ns = spin_deadline(self);
    while (deadline_ns != 0 && !is_ending(self) && state_of(self->pool) < GSAW_POOL_STOP) {
        if (take_any(self, out))
            return true;
        gsaw__thread_pause();
        if (gsaw__clock_ns() >= deadline_ns)
            break;
    }
    return false;
}

static bool sleep_parked(gsaw_worker *self, uint64_t deadline_ns)
{
    uint64_t start_ns = trace_clock(self);
    if (start_ns != 0)
        gsaw__worker_sample(self);
    gsaw__counters_count(&self->counters.parks);
    bool woken = gsaw__park_sleep(&self->sleeper, deadline_ns);
    record(self, GSAW_TRACE_PARK, "park", start_ns, 0);
    return woken;
}

static void enter_park(gsaw_worker *self, gsaw_group *group, const gsaw_task *task)
{
    self->sleeper.key = group;
    self->sleeper.detail = task;
    self->sleeper.helps = group != NULL;
    gsaw__park_enter(&self->pool->park, &self->sleeper);
}

/* With the pool draining and every worker in the list of the idle there is nothing left that could
 * bring work: it is over. Should one of them just have found a job nevertheless, it goes on until
 * it finds none. */
static void stop_if_quiet(gsaw_pool *pool)
{
    uint32_t draining = GSAW_POOL_DRAIN;
    /* [P4] sequentially consistent, after this worker's enter(): the last to enter sees all the
     * others; live is steady while a shutdown holds the control lock [R5] */
    if (state_of(pool) == GSAW_POOL_DRAIN &&
        gsaw__park_idle_count(&pool->park) == gsaw__load_seq_cst(&pool->live) &&
        gsaw__cas_seq_cst(&pool->state, &draining, (uint32_t)GSAW_POOL_STOP)) /* [R1] one does it */
        gsaw__park_wake_all(&pool->park, false);
}

static void park_idle(gsaw_worker *self)
{
    gsaw_pool *pool = self->pool;
    enter_park(self, NULL, NULL);
    if (self->is_searching)
        gsaw__park_search_end(&pool->park); /* the look that is owed comes now */
    self->is_searching = false;
    if (has_work(pool) || is_ending(self) || state_of(pool) >= GSAW_POOL_STOP) {
        /* Who was chosen to be woken counts as searching; else it does so again by itself: it is
         * going to take one job, and if there are two it is to pass the search on. */
        self->is_searching = !gsaw__park_leave(&pool->park, &self->sleeper);
        begin_search(self);
        return;
    }
    stop_if_quiet(pool);
    sleep_parked(self, GSAW_PARK_FOREVER);
    self->is_searching = true;
}

/* A worker that took the place of one in a blocking section which is over. While the pool shuts
 * down it may run all the same. */
static bool is_surplus(const gsaw_worker *self)
{
    const gsaw_pool *pool = self->pool;
    /* [R8] a look before parking, pairs with R8 in block_begin() and resize() */
    uint32_t wanted = gsaw__load_seq_cst(&pool->wanted);
    return self->index >= wanted &&
           self->index - wanted >= gsaw__load_seq_cst(&pool->blocked) && /* [R8] the same */
           !is_ending(self) && state_of(pool) == GSAW_POOL_OPEN;
}

/* Sleep until another worker blocks. */
static void park_surplus(gsaw_worker *self)
{
    gsaw_pool *pool = self->pool;
    gsaw__worker_hand_over(self);
    gsaw__credit_flush(self);
    rest(self);
    end_search(self);
    self->sleeper.key = &pool->blocked;
    self->sleeper.detail = NULL;
    self->sleeper.helps = false;
    gsaw__park_enter(&pool->park, &self->sleeper);
    if (is_surplus(self))
        sleep_parked(self, GSAW_PARK_FOREVER);
    else
        gsaw__park_leave(&pool->park, &self->sleeper);
}

/* The next job, after however long a sleep. False when this worker is to end. */
static bool next_job(gsaw_worker *self, gsaw__job *out)
{
    while (!is_ending(self)) {
        if (is_surplus(self)) {
            park_surplus(self);
            continue;
        }
        if (take_any(self, out)) {
            end_search(self);
            resume(self);
            return true;
        }
        gsaw__credit_flush(self);
        rest(self);
        if (state_of(self->pool) >= GSAW_POOL_STOP)
            break;
        begin_search(self);
        if (spin_for_any(self, out)) {
            end_search(self);
            resume(self);
            return true;
        }
        park_idle(self);
    }
    end_search(self);
    return false;
}

/* ---- waiting ---- */

static bool spin_for_group(gsaw_worker *self, const gsaw__wait *wait, gsaw__job *out)
{
    uint64_t deadline_ns = spin_deadline(self);
    while (deadline_ns != 0 && !is_done(wait)) {
        if (take_of(self, wait->group, out))
            return true;
        gsaw__thread_pause();
        if (gsaw__clock_ns() >= deadline_ns)
            break;
    }
    return false;
}

/* Sleep until it is done or the group has a task that this worker might run. False: the deadline.
 */
static bool park_for_group(gsaw_worker *self, const gsaw__wait *wait)
{
    gsaw_pool *pool = self->pool;
    gsaw__job job;
    enter_park(self, wait->group, wait->task);
    if (is_done(wait)) {
        gsaw__park_leave(&pool->park, &self->sleeper);
    } else if (take_of(self, wait->group, &job)) {
        gsaw__park_leave(&pool->park, &self->sleeper);
        resume(self);
        gsaw__run(self, job);
    } else if (!sleep_parked(self, wait->deadline_ns)) {
        return gsaw__park_leave(&pool->park, &self->sleeper) ? false : true;
    }
    return true;
}

/* With nothing of the group on top: hand over what is, or look around, or sleep. False: the
 * deadline. */
static bool help_or_sleep(gsaw_worker *self, const gsaw__wait *wait)
{
    gsaw__job job;
    if (gsaw__deque_count(&self->deque) != 0) {
        /* Tasks of other groups lie on top: where all can reach them, those below are free, too. */
        gsaw__worker_hand_over(self);
        return true;
    }
    rest(self);
    if (spin_for_group(self, wait, &job)) {
        resume(self);
        gsaw__run(self, job);
        return true;
    }
    return is_done(wait) || park_for_group(self, wait);
}

bool gsaw__worker_help(gsaw_worker *self, const gsaw__wait *wait)
{
    gsaw_assert(wait->task != NULL || self->group != wait->group); /* it would wait for itself */
    gsaw__job job;
    bool in_time = true;
    gsaw__credit_flush(self);
    while (in_time && !is_done(wait)) {
        if (take_of(self, wait->group, &job)) {
            resume(self);
            gsaw__run(self, job);
        } else {
            gsaw__credit_flush(self);
            in_time = is_done(wait) || help_or_sleep(self, wait);
        }
        if (wait->deadline_ns != GSAW_PARK_FOREVER && gsaw__clock_ns() >= wait->deadline_ns)
            in_time = false;
    }
    gsaw__credit_flush(self);
    resume(self);
    return is_done(wait);
}

/* ---- the life of a worker ---- */

static void enter_pool(gsaw_worker *self)
{
    self->outer = here;
    here = self;
    gsaw__stopwatch_start(&self->counters.alive, gsaw__clock_ns());
}

/* Leaves nothing behind in the deque: what nobody owns, only the topmost of it could be reached. */
static void leave_pool(gsaw_worker *self)
{
    gsaw__worker_hand_over(self);
    gsaw__credit_flush(self);
    rest(self);
    gsaw__stopwatch_stop(&self->counters.alive, gsaw__clock_ns());
    here = self->outer;
    self->outer = NULL;
}

void gsaw__worker_main(void *argument)
{
    gsaw_worker *self = argument;
    gsaw_pool *pool = self->pool;
    gsaw__job job;
    enter_pool(self);
    while (next_job(self, &job))
        gsaw__run(self, job);
    leave_pool(self);
    /* [R7] before the wake-up, pairs with R7 in shutdown_until(); the join that follows keeps the
     * pool alive */
    gsaw__add_seq_cst(&pool->ended, 1);
    gsaw__park_wake_waiting(&pool->park, &pool->ended);
}

bool gsaw__worker_sit(gsaw_worker *self, const gsaw__wait *wait)
{
    gsaw__job job;
    bool in_time = true;
    enter_pool(self);
    resume(self);
    if (wait != NULL)
        in_time = gsaw__worker_help(self, wait);
    else
        while (take_any(self, &job))
            gsaw__run(self, job);
    leave_pool(self);
    return in_time;
}
