/* graph_run.c - running a graph: a node that ends counts down those that wait for it; the first
 * that becomes ready is run next, the others go to where workers find them.
 * Keeps:   of all that end before a node, the one that counts it down to 0 passes it on, and no
 *          other; every node ends once; the group is told after a node has passed on what it made
 *          ready.
 * Threads: any worker; cancel and the questions: any.
 * Next:    graph.h, run.h */
#include "base/status.h"
#include "task/graph.h"

#define CHAIN_MAX 64u /* nodes run one behind the other before the worker looks around */
#define CARRY_MAX 32u /* nodes that go from the list to a deque at once */

static uint32_t state_in(uint32_t word) { return word >> GSAW_WORD_STATE_SHIFT & 7; }

/* ---- the list of nodes that are ready and in no deque ---- */

/* Under the lock. */
static void link_node(gsaw_graph *self, uint32_t node)
{
    /* [W2] relaxed: under the lock; cancel_node() may set its flag beside it, so nothing is lost */
    gsaw__and_relaxed(&self->words[node], ~GSAW_WORD_COUNT);
    if (self->list == 0)
        self->list = node + 1;
    else
        /* [W2] the same */
        gsaw__or_relaxed(&self->words[self->list_end - 1], node + 1);
    self->list_end = node + 1;
    self->list_count++;
}

/* Under the lock; the list is not empty. */
static uint32_t unlink_node(gsaw_graph *self)
{
    uint32_t node = self->list - 1;
    /* [W2] the same */
    self->list = gsaw__and_relaxed(&self->words[node], ~GSAW_WORD_COUNT) & GSAW_WORD_COUNT;
    self->list_count--;
    return node;
}

/* Send the carrier on its way. */
static void send_carrier(gsaw_pool *pool, gsaw_graph *self)
{
    gsaw__add_relaxed(&self->group.pending, 1); /* [G2] the inbox publishes it */
    gsaw__inbox_push_always(&pool->inbox, &self->carrier);
    gsaw__pool_notify(pool, &self->group);
}

void gsaw__graph_put_back(gsaw_pool *pool, gsaw_group *group, uint32_t node)
{
    gsaw_graph *self = group->graph;
    gsaw__mutex_lock(&self->lock);
    link_node(self, node);
    bool send = !self->is_carried;
    self->is_carried = true;
    gsaw__mutex_unlock(&self->lock);
    if (send)
        send_carrier(pool, self);
}

void gsaw__graph_carry(gsaw_worker *worker, gsaw_task *carrier)
{
    gsaw_graph *self = carrier->group->graph;
    gsaw_pool *pool = worker->pool;
    uint32_t batch[CARRY_MAX], count = 0;
    size_t room =
        pool->options.no_stealing ? 1 : gsaw__deque_reserve(&worker->deque, CARRY_MAX - 1) + 1;
    gsaw__mutex_lock(&self->lock);
    uint32_t fair = self->list_count / (2 * gsaw_pool_worker_max(pool)) + 1;
    while (self->list != 0 && count < fair && count < CARRY_MAX && count < room)
        batch[count++] = unlink_node(self);
    bool send = self->list != 0;
    self->is_carried = send;
    gsaw__mutex_unlock(&self->lock);
    if (send)
        send_carrier(pool, self);
    for (uint32_t i = count; i-- > 1;)
        gsaw__worker_push(worker, gsaw__job_of_node(batch[i], &self->group));
    if (count != 0)
        gsaw__graph_run(worker, &self->group, batch[0]);
}

/* ---- running ---- */

/* Something that the node waits for has ended; `cause` if it did not end as done. True when it was
 * the last. */
static bool count_down(gsaw_graph *self, uint32_t node, uint32_t cause)
{
    _Atomic uint32_t *word = &self->words[node];
    /* [W3] the first to set the flag tells the cause; its count_down below publishes it */
    if (cause != GSAW_NODE_NONE && (gsaw__or_acq_rel(word, GSAW_WORD_SKIP) & GSAW_WORD_SKIP) == 0)
        self->outcomes[node] = cause;
    /* [W3] acquire, pairs with W3 of those that counted before: what they wrote. The last need not
     * count: nobody else will, and the word says 1 until the node is claimed. */
    if ((gsaw__load_acquire(word) & GSAW_WORD_COUNT) == 1)
        return true;
    /* [W3] release: what this node wrote; acquire, for the one that gets to 0 */
    return (gsaw__sub_acq_rel(word, 1) & GSAW_WORD_COUNT) == 1;
}

/* Count down those that wait for a node. The last of them that is ready is returned, the others are
 * pushed, so that the one before is on top. */
static uint32_t pass_on(gsaw_worker *worker, gsaw_graph *self, gsaw__links links, uint32_t cause)
{
    uint32_t next = GSAW_NODE_NONE;
    for (uint32_t target; gsaw__links_next(self, &links, &target);) {
        if (!count_down(self, target, cause))
            continue;
        if (next != GSAW_NODE_NONE)
            gsaw__worker_push(worker, gsaw__job_of_node(next, &self->group));
        next = target;
    }
    return next;
}

/* Whether a node that was claimed may run: it may not if its cancelling was granted before, and
 * overwritten by the claim. */
__attribute__((noinline)) static bool is_spared(gsaw_graph *self, uint32_t node)
{
    /* [W6] after the claim and before the look; pairs with W6 in cancel_node(): either that one
     * finds the node running, or this finds it doomed */
    gsaw__or_seq_cst(&self->words[node], 0);
    uint32_t doomed = gsaw__load_seq_cst(&self->doomed[node / 32]); /* [W6] as said */
    return (doomed >> node % 32 & 1) == 0;
}

/* Set a node to running. False when it is not to run; *word is what it was.
 *
 * Nobody but cancel_node() touches the word of a node that is ready, so a load and a store do,
 * until a first node is cancelled by itself [W6]: that has every thread pass a barrier before it
 * goes on. Where it falls in a claim: before the look at is_watched, and is_spared() decides; or
 * behind the look, and so behind the store, and cancel_node() finds the node running. */
static bool claim(gsaw_worker *worker, gsaw_graph *self, uint32_t node, uint32_t *word)
{
    *word = gsaw__load_relaxed(&self->words[node]); /* [W4] flags: what is missed is doomed, too */
    if ((*word & (GSAW_WORD_SKIP | GSAW_TASK_CANCEL)) != 0 ||
        gsaw__is_dropped(worker->pool, &self->group))
        return false;
    /* [W4] [W6] before the look, for the compiler; the rest is the barrier's */
    gsaw__store_relaxed(&self->words[node], (uint32_t)GSAW_TASK_RUNNING << GSAW_WORD_STATE_SHIFT);
    gsaw__compiler_barrier();
    return gsaw__load_relaxed(&self->is_watched) == 0 || is_spared(self, node); /* [W6] the look */
}

/* End a node without running it. */
__attribute__((noinline)) static uint32_t drop(gsaw_worker *worker, uint32_t word)
{
    gsaw__counters_count(&worker->counters.dropped);
    return (word & GSAW_WORD_SKIP) != 0 ? GSAW_TASK_SKIPPED : GSAW_TASK_CANCELLED;
}

/* What a node ends in that returned this. */
__attribute__((noinline)) static uint32_t fail(gsaw_worker *worker, gsaw_graph *self, uint32_t node,
                                               gsaw_status status)
{
    self->outcomes[node] = (uint32_t)status;
    uint32_t word = gsaw__load_relaxed(&self->words[node]); /* [W4] a flag */
    return gsaw__end_of(worker, &self->group, word, status);
}

/* Run a node, or end it without. Returns the state it ends in. */
static uint32_t run_node(gsaw_worker *worker, const gsaw__frame *frame, gsaw_graph *self,
                         uint32_t node)
{
    uint32_t word;
    if (!claim(worker, self, node, &word))
        return drop(worker, word);
    const gsaw__node *at = gsaw__graph_node(self, node);
    gsaw__call call = {.token = &self->words[node],
                       .function = at->function,
                       .argument = at->argument,
                       .value = &self->values[node]};
    gsaw_status status = gsaw__call_in(worker, frame, &call);
    return status == GSAW_OK ? (uint32_t)GSAW_TASK_DONE : fail(worker, self, node, status);
}

/* Count a node that did not end as done. Returns what is to blame for those that wait for it. */
__attribute__((noinline)) static uint32_t blame(gsaw_graph *self, uint32_t node, uint32_t end)
{
    _Atomic uint32_t *ended = end == GSAW_TASK_SKIPPED  ? &self->skipped
                              : end == GSAW_TASK_FAILED ? &self->failed
                                                        : &self->cancelled;
    gsaw__add_relaxed(ended, 1); /* [W5] published when the group is told */
    if (end == GSAW_TASK_CANCELLED)
        gsaw__group_fail(&self->group, GSAW_CANCELLED);
    return end == GSAW_TASK_SKIPPED ? self->outcomes[node] : node;
}

void gsaw__graph_run(gsaw_worker *worker, gsaw_group *group, uint32_t node)
{
    gsaw_graph *self = group->graph;
    gsaw__frame frame = gsaw__frame_enter(worker, group);
    uint32_t chain = 0;
    while (node != GSAW_NODE_NONE && chain < CHAIN_MAX) {
        uint32_t end = run_node(worker, &frame, self, node);
        uint32_t cause = end == GSAW_TASK_DONE ? GSAW_NODE_NONE : blame(self, node, end);
        /* [W5] release, pairs with W5 in gsaw_graph_state(): what the node wrote */
        gsaw__store_release(&self->words[node], end << GSAW_WORD_STATE_SHIFT);
        node = pass_on(worker, self, self->links[node], cause);
        chain++;
    }
    gsaw__frame_leave(worker, &frame);
    if (node != GSAW_NODE_NONE)
        gsaw__worker_push(worker, gsaw__job_of_node(node, group));
    gsaw__credit_add(worker, group, chain);
}

/* ---- the API ---- */

gsaw_status gsaw_graph_start(gsaw_graph *self, gsaw_pool *pool, gsaw_error *error)
{
    if (gsaw__pool_is_forked(pool))
        return gsaw__fail(error, GSAW_CLOSED, "%s", gsaw_status_text(GSAW_CLOSED));
    gsaw_status status = gsaw_graph_prepare(self, error);
    if (status != GSAW_OK)
        return status;
    gsaw_group_reset(&self->group);
    self->pool = pool;
    if (self->node_count == 0)
        return GSAW_OK;
    if (!self->is_fresh)
        gsaw__graph_refresh(self, true);
    self->is_fresh = false;
    gsaw__store_relaxed(&self->failed, 0);    /* [W1] it does not run; inbox or deque publish it */
    gsaw__store_relaxed(&self->cancelled, 0); /* [W1] the same */
    gsaw__store_relaxed(&self->skipped, 0);   /* [W1] the same */
    if (!pool->park.is_asymmetric)            /* [W6] it does not run */
        gsaw__store_relaxed(&self->is_watched, GSAW_WATCHED_SOON | GSAW_WATCHED);
    self->list = self->list_end = self->list_count = 0;
    gsaw__mutex_lock(&self->lock);
    for (uint32_t i = 0; i < self->root_count; i++)
        link_node(self, self->roots[i]);
    self->is_carried = true;
    gsaw__mutex_unlock(&self->lock);
    self->carrier.group = &self->group;
    gsaw__store_relaxed(&self->carrier.state, GSAW_TASK_CARRIER); /* [T1] the inbox publishes it */
    gsaw__add_relaxed(&self->group.pending, (uint64_t)self->node_count + 1); /* [G2] the same */
    gsaw_worker *worker = gsaw__pool_worker_here(pool);
    if (worker != NULL) {
        gsaw__worker_push(worker, gsaw__job_of_task(&self->carrier, &self->group));
    } else if (!gsaw__inbox_push(&pool->inbox, &self->carrier, &self->carrier)) {
        gsaw__store_relaxed(&self->group.pending, 0); /* [G2] nobody has seen it */
        self->pool = NULL;
        return gsaw__fail(error, GSAW_CLOSED, "%s", gsaw_status_text(GSAW_CLOSED));
    } else {
        gsaw__pool_notify(pool, &self->group);
    }
    return GSAW_OK;
}

gsaw_status gsaw_graph_wait(gsaw_graph *self)
{
    return self->pool == NULL ? GSAW_OK : gsaw_pool_wait(self->pool, &self->group);
}

gsaw_status gsaw_graph_run(gsaw_graph *self, gsaw_pool *pool, gsaw_error *error)
{
    gsaw_status status = gsaw_graph_start(self, pool, error);
    return status == GSAW_OK ? gsaw_graph_wait(self) : status;
}

/* From here on every claim looks whether the node is doomed. */
static void watch_claims(gsaw_graph *self)
{
    uint32_t seen = gsaw__load_seq_cst(&self->is_watched); /* [W6] with both, a barrier passed */
    if (seen == (GSAW_WATCHED_SOON | GSAW_WATCHED))
        return;
    /* [W6] before the barrier, pairs with the look in claim() */
    gsaw__or_seq_cst(&self->is_watched, GSAW_WATCHED_SOON);
    gsaw__process_barrier();                           /* by each that comes meanwhile */
    gsaw__or_seq_cst(&self->is_watched, GSAW_WATCHED); /* [W6] after the barrier */
}

bool gsaw_graph_cancel_node(gsaw_graph *self, uint32_t node)
{
    if (node >= self->prepared || self->pool == NULL)
        return false;
    watch_claims(self);
    gsaw__or_seq_cst(&self->doomed[node / 32], UINT32_C(1) << node % 32); /* [W6] is_spared() */
    _Atomic uint32_t *at = &self->words[node];
    uint32_t word = gsaw__load_relaxed(at); /* [W4] checked by the exchange */
    do {
        uint32_t state = state_in(word);
        if (state != 0 && state != GSAW_TASK_RUNNING)
            return state == GSAW_TASK_CANCELLED;
        /* [W4] one order of this and claim(); [W6] after the bit, pairs with is_spared() */
    } while (!gsaw__cas_seq_cst(at, &word, word | GSAW_TASK_CANCEL));
    return state_in(word) == 0;
}

void gsaw_graph_cancel(gsaw_graph *self) { gsaw_group_cancel(&self->group); }

gsaw_task_state gsaw_graph_state(const gsaw_graph *self, uint32_t node)
{
    if (node >= self->prepared || self->pool == NULL)
        return GSAW_TASK_NEW;
    /* [W5] acquire, pairs with W5 in gsaw__graph_run() */
    uint32_t word = gsaw__load_acquire(&self->words[node]);
    if (state_in(word) != 0)
        return (gsaw_task_state)state_in(word);
    return (word & GSAW_WORD_COUNT) == 0 ? GSAW_TASK_QUEUED : GSAW_TASK_WAITING;
}

gsaw_status gsaw_graph_status(const gsaw_graph *self, uint32_t node, uint32_t *cause)
{
    gsaw_task_state state = gsaw_graph_state(self, node);
    if (cause != NULL)
        *cause = state == GSAW_TASK_SKIPPED ? self->outcomes[node] : node;
    if (!gsaw_task_state_is_end(state))
        return GSAW_AGAIN;
    if (state == GSAW_TASK_FAILED)
        return (gsaw_status)self->outcomes[node];
    return state == GSAW_TASK_DONE ? GSAW_OK : GSAW_CANCELLED;
}

uint64_t gsaw_graph_value(const gsaw_graph *self, uint32_t node)
{
    return node < self->node_count ? self->values[node] : 0;
}

void gsaw_graph_count(const gsaw_graph *self, gsaw_graph_counts *out)
{
    *out = (gsaw_graph_counts){.nodes = self->node_count};
    bool is_running = gsaw_group_pending(&self->group) != 0;
    if (self->pool == NULL || !self->is_prepared)
        return;
    out->failed = gsaw__load_relaxed(&self->failed);       /* [W5] acquired with pending */
    out->cancelled = gsaw__load_relaxed(&self->cancelled); /* [W5] the same */
    out->skipped = gsaw__load_relaxed(&self->skipped);     /* [W5] the same */
    if (!is_running)
        out->done = out->nodes - out->failed - out->cancelled - out->skipped;
    for (uint32_t node = 0; is_running && node < self->node_count; node++)
        out->done += gsaw_graph_state(self, node) == GSAW_TASK_DONE;
}
