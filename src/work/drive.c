/* drive.c - from the lanes to the end: drivers take items, run them, measure them, and stop when
 * there is nothing.
 * Keeps:   while items wait in a lane after finish was called, a driver is active that will look
 *          there.
 *
 * No item is left behind, by the rule of Dekker [D1], for which all four are sequentially
 * consistent:
 *
 *     the driver that stops          the one that brings items
 *     1. active of its lane = 0      1. count of a lane (gsaw__lane_add)
 *     2. look at the counts          2. take active of a lane from 0 to 1; if it was 0 submit a
 *                                       driver
 *
 * In the single order of the four either the look sees the count, and the driver goes on, or the
 * other finds active at 0. A driver of a strategy that steals looks at all lanes, so one that is
 * found active, whichever it is, is enough; of one that does not, it is that of the lane itself.
 * Before finish the one that brings items submits no driver while no worker is idle; finish itself
 * then looks at all lanes, by the same rule with the phase in the place of the count [D8].
 *
 * Threads: drivers and helpers: workers of the pool. wake, fail, drain: any.
 * Next:    distributor.h */
#include <math.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/status.h"
#include "task/run.h"
#include "work/distributor.h"

#define RATE_WEIGHT 0.25    /* of the newest batch */
#define GIVE_BACK_NS 20000u /* a batch that runs longer is shared when a worker is idle */

static uint32_t phase_of(const gsaw_distributor *self)
{
    return gsaw__load_seq_cst(&self->phase); /* [D8] pairs with D8 in finish() */
}

/* ---- failing and cancelling ---- */

void gsaw__distributor_fail(gsaw_distributor *self, gsaw_status status, const gsaw_work_item *item,
                            const gsaw_error *error)
{
    uint32_t none = GSAW_OK;
    /* [D9] the first one writes `failure`; finish reads it when all has ended */
    if (gsaw__cas_relaxed(&self->status, &none, (uint32_t)status)) {
        char room[64] = "an item";
        if (item != NULL && item->id != NULL)
            gsaw__item_name(item, 0, room);
        if (error != NULL)
            self->failure = *error;
        else
            gsaw__fail(&self->failure, status, "%s failed: %s", room, gsaw_status_text(status));
    }
    if (self->options.fail_fast)
        gsaw_distributor_cancel(self);
}

void gsaw__distributor_drain(gsaw_distributor *self)
{
    static const gsaw__portion all = {.cost = HUGE_VAL, .count = UINT32_MAX};
    for (uint32_t i = 0; i < self->lane_count; i++) {
        gsaw__tally tally = {0};
        gsaw__work *work = gsaw__lane_take(&self->lanes[i], all, false);
        uint64_t count = 0;
        for (const gsaw__work *at = work; at != NULL; at = at->next)
            count++;
        gsaw__sub_relaxed(&self->waiting, count);        /* [D6] a number */
        gsaw__add_release(&self->lanes[i].taken, count); /* [D7] pairs with D7 in count() */
        for (gsaw__work *next; work != NULL; work = next) {
            next = work->next;
            gsaw__settle(self, &tally, work, GSAW_END_CANCELLED);
        }
        gsaw__tally_tell(self, &tally, i);
    }
}

void gsaw_distributor_cancel(gsaw_distributor *self)
{
    if (gsaw__pool_is_forked(self->pool))
        return;
    gsaw__pool_begin(&self->group, 1); /* nobody comes back from finish meanwhile */
    gsaw_group_cancel(&self->group);
    /* [D2] relaxed: before the look into the lanes, see is_cancelled() */
    gsaw__store_relaxed(&self->is_cancelled, 1u);
    gsaw__distributor_drain(self);
    gsaw__pool_end(self->pool, &self->group, 1);
}

/* ---- taking ---- */

/* As many as are worth a batch, by what a unit of cost has taken here. */
static gsaw__portion portion_of(const gsaw_distributor *self, const gsaw__lane *lane)
{
    double rate = gsaw__load_relaxed(&lane->rate);   /* [D10] a hint */
    uint32_t room = gsaw__load_relaxed(&lane->room); /* [D10] the same */
    return (gsaw__portion){.cost = rate > 0 ? self->options.batch_ns / rate : 0, .count = room};
}

static gsaw__work *steal(gsaw_distributor *self, uint32_t lane, gsaw__portion portion)
{
    for (;;) {
        uint32_t victim = GSAW_NONE;
        double most = -1;
        for (uint32_t i = 0; i < self->lane_count; i++) {
            double load = gsaw__load_relaxed(&self->lanes[i].load); /* [D3] a hint */
            if (i != lane && load > most && gsaw__lane_count(&self->lanes[i]) != 0) {
                victim = i;
                most = load;
            }
        }
        if (victim == GSAW_NONE)
            return NULL;
        gsaw__work *taken = gsaw__lane_take(&self->lanes[victim], portion, true);
        if (taken != NULL)
            return taken;
    }
}

/* The next batch for this lane, NULL when there is none. */
static gsaw__work *take(gsaw_distributor *self, uint32_t lane)
{
    gsaw__lane *own = &self->lanes[lane];
    gsaw__portion portion = portion_of(self, own);
    gsaw__work *work = gsaw__lane_count(own) == 0 ? NULL : gsaw__lane_take(own, portion, false);
    bool is_stolen = work == NULL && self->strategy.steals;
    if (is_stolen)
        work = steal(self, lane, portion);
    if (work == NULL)
        return NULL;
    uint64_t count = 0;
    for (const gsaw__work *at = work; at != NULL; at = at->next)
        count++;
    gsaw__sub_relaxed(&self->waiting, count); /* [D6] a number */
    gsaw__add_release(&own->taken, count);    /* [D7] pairs with D7 in count() */
    if (is_stolen)
        gsaw__add_relaxed(&own->stolen, count); /* [D7] a number */
    return work;
}

/* ---- running ---- */

typedef struct call {
    gsaw_distributor *distributor;
    const gsaw_work_item *item;
} call;

static gsaw_status call_item(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    const call *self = argument;
    return self->distributor->function(worker, self->distributor->context, self->item);
}

/* Tell the model of items of one kind that were measured together, and begin anew. */
static void observe(const gsaw_distributor *self, uint32_t lane, gsaw_cost_sample *sample,
                    uint64_t ns)
{
    sample->ns = ns;
    gsaw_cost_model_observe(self->model, lane, sample);
    *sample = (gsaw_cost_sample){0};
}

static enum gsaw__end run_one(gsaw_distributor *self, gsaw_worker *worker, gsaw__work *work)
{
    if (gsaw__is_cancelled(self))
        return GSAW_END_CANCELLED;
    call frame = {.distributor = self, .item = work->item};
    uint64_t value = work->sequence;
    gsaw__call invoked = {.function = call_item, .argument = &frame, .value = &value};
    gsaw_status status = gsaw__invoke(worker, &self->group, &invoked);
    if (status == GSAW_OK)
        return GSAW_END_DONE;
    if (status == GSAW_CANCELLED && gsaw__is_cancelled(self))
        return GSAW_END_CANCELLED;
    gsaw__distributor_fail(self, status, work->item, NULL);
    return GSAW_END_FAILED;
}

/* Put the rest of a batch back, for others. */
static void give_back(gsaw_distributor *self, uint32_t lane, gsaw__work *rest)
{
    gsaw__heap heap = {0};
    for (gsaw__work *next; rest != NULL; rest = next) {
        next = rest->next;
        gsaw__heap_put(&heap, rest);
    }
    uint64_t count = heap.count;
    gsaw__add_relaxed(&self->waiting, count); /* [D6] a number */
    /* [D7] not taken after all: at the moment more may seem to wait than do */
    gsaw__sub_relaxed(&self->lanes[lane].taken, count);
    gsaw__lane_add(&self->lanes[lane], &heap);
    gsaw__drivers_wake(self, count);
}

/* How many are taken next, and what a unit of cost takes. */
static void adapt(const gsaw_distributor *self, gsaw__lane *lane, double cost, uint64_t ns)
{
    double rate = gsaw__load_relaxed(&lane->rate);   /* [D10] a hint: driver and helpers */
    uint32_t room = gsaw__load_relaxed(&lane->room); /* [D10] the same */
    double measured = (double)(ns + 1) / cost;       /* never 0, which is: not measured */
    rate = rate > 0 ? rate + (measured - rate) * RATE_WEIGHT : measured;
    uint32_t most = self->options.batch_max;
    room = (double)ns > 2 * self->options.batch_ns ? 1 : room < most / 2 ? 2 * room : most;
    gsaw__store_relaxed(&lane->rate, rate); /* [D10] the same */
    gsaw__store_relaxed(&lane->room, room); /* [D10] the same */
}

/* Whether the rest of a batch is better shared: it runs for longer than it was taken for. */
static bool is_shared(const gsaw_distributor *self, const gsaw_worker *worker, uint64_t begun_ns)
{
    return self->strategy.steals && gsaw_worker_is_wanted(worker) &&
           gsaw__clock_ns() - begun_ns > GIVE_BACK_NS;
}

/* Run a batch. The distributor may be gone on return for who is not one of its drivers. Returns
 * the time at its end. */
static uint64_t run(gsaw_distributor *self, gsaw_worker *worker, uint32_t lane, gsaw__work *work)
{
    gsaw__tally tally = {0};
    gsaw_cost_sample sample = {0};
    uint64_t begun_ns = gsaw__clock_ns(), start_ns = begun_ns, now_ns;
    double cost = 0;
    for (gsaw__work *next; work != NULL; work = next) {
        const gsaw_work_item *item = work->item;
        if (sample.count != 0 && sample.kind != item->kind) {
            now_ns = gsaw__clock_ns();
            observe(self, lane, &sample, now_ns - start_ns);
            start_ns = now_ns;
        }
        sample.kind = item->kind;
        sample.count++;
        sample.size += item->size;
        cost += work->cost;
        next = work->next;
        enum gsaw__end end = run_one(self, worker, work);
        gsaw__settle(self, &tally, work, end);
        if (next != NULL && is_shared(self, worker, begun_ns)) {
            give_back(self, lane, next);
            next = NULL;
        }
    }
    now_ns = gsaw__clock_ns();
    observe(self, lane, &sample, now_ns - start_ns);
    adapt(self, &self->lanes[lane], cost, now_ns - begun_ns);
    gsaw__tally_tell(self, &tally, lane);
    return now_ns;
}

bool gsaw_distributor_help(gsaw_distributor *self, gsaw_worker *worker)
{
    uint32_t lane = gsaw_worker_index(worker) % self->lane_count;
    if (phase_of(self) == GSAW_PHASE_IDLE)
        return false;
    gsaw__work *work = take(self, lane);
    if (work == NULL)
        return false;
    run(self, worker, lane, work);
    return true;
}

/* ---- drivers ---- */

static bool start_driver(gsaw_distributor *self, uint32_t lane);

/* Whether this driver has anything left to take. */
static bool has_work(const gsaw_distributor *self, uint32_t lane)
{
    if (!self->strategy.steals)
        return gsaw__lane_count(&self->lanes[lane]) != 0;
    for (uint32_t i = 0; i < self->lane_count; i++)
        if (gsaw__lane_count(&self->lanes[i]) != 0)
            return true;
    return false;
}

static bool activate(gsaw_distributor *self, uint32_t lane)
{
    uint32_t idle = 0;
    /* [D1] after the count of a lane (or the phase [D8]), pairs with D1 in deactivate() */
    if (gsaw__load_seq_cst(&self->lanes[lane].active) != 0 ||
        !gsaw__cas_seq_cst(&self->lanes[lane].active, &idle, 1u)) /* [D1] the same */
        return false;
    gsaw__add_seq_cst(&self->active, 1); /* [D1] the same, for all lanes together */
    return true;
}

static void deactivate(gsaw_distributor *self, uint32_t lane)
{
    gsaw__sub_seq_cst(&self->active, 1); /* [D1] before the look at the counts */
    /* [D1] before the look at the counts, pairs with D1 in activate() */
    gsaw__store_seq_cst(&self->lanes[lane].active, 0u);
}

static gsaw_status drive(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    gsaw__lane_driver *driver = argument;
    gsaw_distributor *self = driver->distributor;
    uint32_t lane = driver->lane;
    uint64_t alone_until_ns = self->alone_until_ns;
    gsaw__trace_hide(&worker->trace); /* the items have spans of their own */
    bool is_late = false;             /* who waits in finish gets threads started for the rest */
    do {
        gsaw__work *work;
        while (!is_late && (work = take(self, lane)) != NULL) {
            uint64_t now_ns = run(self, worker, lane, work);
            is_late = alone_until_ns != 0 && now_ns > alone_until_ns;
        }
        if (gsaw__pool_is_dropping(self->pool))
            gsaw_distributor_cancel(self);
        deactivate(self, lane);
    } while (!is_late && has_work(self, lane) && activate(self, lane));
    if (is_late && has_work(self, lane))
        start_driver(self, lane);
    worker->is_own = true; /* what it ran was counted */
    /* [D11] release, pairs with D11 in choose_driver() */
    gsaw__store_release(&driver->is_used, 0u);
    return GSAW_OK;
}

/* A driver that nobody uses. There is one: at most one a lane is active, and one a thread on its
 * last steps. */
static gsaw__lane_driver *choose_driver(gsaw_distributor *self, uint32_t lane)
{
    for (uint32_t i = 2 * lane;; i++) {
        gsaw__lane_driver *driver = &self->drivers[i % self->driver_count];
        uint32_t unused = 0;
        /* [D11] acquire, pairs with D11 in drive() */
        if (gsaw__load_relaxed(&driver->is_used) != 0 || /* [D11] checked by the exchange */
            !gsaw__cas_acq_rel(&driver->is_used, &unused, 1u))
            continue;
        gsaw_task_state state = gsaw_task_state_of(&driver->task);
        if (state == GSAW_TASK_NEW || gsaw_task_state_is_end(state))
            return driver;
        gsaw__store_release(&driver->is_used, 0u); /* [D11] not this one yet */
    }
}

/* Send a driver to the pool, for this lane, that is marked as active. Before finish not if there is
 * no room in the pool: GSAW_AGAIN. */
static gsaw_status send_driver(gsaw_distributor *self, uint32_t lane)
{
    gsaw__lane_driver *driver = choose_driver(self, lane);
    driver->lane = lane;
    driver->task = (gsaw_task){.function = drive, .argument = driver};
    bool may_block = phase_of(self) == GSAW_PHASE_FINISHING;
    gsaw_status status =
        gsaw__pool_submit_always(self->pool, &self->group, &driver->task, may_block);
    if (status != GSAW_OK) {
        driver->task = (gsaw_task){0}; /* new, whatever the pool had begun with it */
        deactivate(self, lane);
        gsaw__store_release(&driver->is_used, 0u); /* [D11] as in drive() */
    }
    return status;
}

/* Bind a driver to the lane if it has none. False when it has, or there is no room for one. */
static bool start_driver(gsaw_distributor *self, uint32_t lane)
{
    gsaw_status status;
    do {
        if (!activate(self, lane))
            return false;
        status = send_driver(self, lane);
        /* finish may have come meanwhile, and taken this lane for active */
    } while (status == GSAW_AGAIN && phase_of(self) == GSAW_PHASE_FINISHING);
    if (status != GSAW_OK && status != GSAW_AGAIN)
        gsaw_distributor_cancel(self); /* the pool is shut down: nobody will run them */
    return status == GSAW_OK;
}

void gsaw__drivers_wake(gsaw_distributor *self, uint64_t count)
{
    if (gsaw__is_cancelled(self)) {
        gsaw__distributor_drain(self);
        return;
    }
    uint32_t phase = phase_of(self); /* after the counts of the lanes */
    /* [D1] after the counts: those that are active look again before they stop */
    if (phase == GSAW_PHASE_IDLE || gsaw__load_seq_cst(&self->active) == self->lane_count)
        return;
    bool steals = self->strategy.steals;
    uint64_t most = steals ? count : UINT64_MAX;
    if (phase == GSAW_PHASE_STARTED) {
        uint32_t idle = gsaw__park_hungry_count(&self->pool->park);
        most = idle < most ? idle : most;
    }
    /* Those that have something first; then, to steal, the others. */
    for (uint32_t i = 0; i < self->lane_count && most != 0; i++)
        if (gsaw__lane_count(&self->lanes[i]) != 0 && start_driver(self, i))
            most--;
    for (uint32_t i = 0; i < self->lane_count && most != 0 && steals; i++)
        if (start_driver(self, i))
            most--;
}
