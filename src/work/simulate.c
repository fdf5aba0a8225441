/* simulate.c - one clock for all running tasks: they are slowed down alike, so each ends at a fixed
 * point of a virtual time that runs at 1 / slowdown(busy workers).
 * Keeps:   the heap of running tasks is ordered by virtual end; a lane has its own part of `ready`.
 * Threads: as simulate.h.
 * Next:    simulate.h */
#include "work/simulate.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"

#define DURATION_MAX (UINT64_C(1) << 52) /* a double counts nanoseconds exactly up to 2^53 */

/* What waits in a heap: the smallest key first, the earlier task among equals. */
struct entry {
    double key;
    uint32_t task, lane;
};

struct heap {
    struct entry *items;
    size_t count;
};

struct state {
    const gsaw__simulation *options;
    uint32_t *first_child, *next_sibling; /* GSAW_NO_TASK: none */
    double *chain;                        /* of each task: the end of the chain up to it */
    struct entry *entries;                /* of the ready heaps, then of the running one */
    struct heap *ready;                   /* of each lane */
    uint32_t *idle;                       /* workers of each lane without a task */
    struct heap running;
    uint32_t lanes;
    uint32_t releases; /* so far: those of one are equals */
    double virtual_ns, now_ns, busy_ns;
};

/* ---- heaps ---- */

static bool is_before(const struct entry *a, const struct entry *b)
{
    return a->key != b->key ? a->key < b->key : a->task < b->task;
}

static void push(struct heap *heap, struct entry entry)
{
    size_t at = heap->count++;
    while (at != 0 && is_before(&entry, &heap->items[(at - 1) / 2])) {
        heap->items[at] = heap->items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->items[at] = entry;
}

static struct entry pop(struct heap *heap)
{
    struct entry top = heap->items[0], last = heap->items[--heap->count];
    size_t at = 0;
    for (size_t child = 1; child < heap->count; child = 2 * at + 1) {
        if (child + 1 < heap->count && is_before(&heap->items[child + 1], &heap->items[child]))
            child++;
        if (!is_before(&heap->items[child], &last))
            break;
        heap->items[at] = heap->items[child];
        at = child;
    }
    heap->items[at] = last;
    return top;
}

/* ---- the course of events ---- */

static double cost_of(const gsaw__simulation *options, uint32_t task)
{
    return (double)options->tasks[task].duration_ns + (double)options->overhead_ns;
}

/* Let idle workers of the lane take what is ready. */
static void start(struct state *self, uint32_t lane)
{
    for (; self->idle[lane] != 0 && self->ready[lane].count != 0; self->idle[lane]--) {
        uint32_t task = pop(&self->ready[lane]).task;
        double end = self->virtual_ns + cost_of(self->options, task);
        push(&self->running, (struct entry){.key = end, .task = task, .lane = lane});
    }
}

static void release(struct state *self, uint32_t task)
{
    double sequence = self->releases;
    double keys[] = {
        [GSAW_ORDER_DEAREST] = -(double)self->options->tasks[task].priority,
        [GSAW_ORDER_OLDEST] = sequence,
        [GSAW_ORDER_NEWEST] = -sequence,
        [GSAW_ORDER_LANES] = sequence,
    };
    uint32_t lane = task % self->lanes;
    push(&self->ready[lane], (struct entry){.key = keys[self->options->order], .task = task});
}

static void release_all(struct state *self, uint32_t first)
{
    self->releases++;
    for (uint32_t task = first; task != GSAW_NO_TASK; task = self->next_sibling[task])
        release(self, task);
    for (uint32_t task = first; task != GSAW_NO_TASK; task = self->next_sibling[task])
        start(self, task % self->lanes);
}

/* Go on to the end of the task that ends next, and let go of what waits for it. */
static uint32_t step(struct state *self)
{
    size_t busy = self->running.count;
    struct entry ended = pop(&self->running);
    double factor = self->options->slowdown == NULL ? 1 : self->options->slowdown[busy - 1];
    double passed_ns = (ended.key - self->virtual_ns) * factor;
    self->virtual_ns = ended.key;
    self->now_ns += passed_ns;
    self->busy_ns += passed_ns * (double)busy;
    self->idle[ended.lane]++;
    release_all(self, self->first_child[ended.task]);
    start(self, ended.lane);
    return ended.task;
}

/* ---- set up and sum up ---- */

/* Whether the tasks and the options are ones that can be simulated. */
static gsaw_status validate(const gsaw__simulation *options)
{
    uint64_t sum = 0;
    if (options->workers == 0 || (uint32_t)options->order > GSAW_ORDER_LANES)
        return GSAW_INVALID;
    if (options->count >= GSAW_NO_TASK || options->overhead_ns > DURATION_MAX)
        return GSAW_RANGE;
    for (uint32_t k = 0; options->slowdown != NULL && k < options->workers; k++)
        if (!(options->slowdown[k] > 0))
            return GSAW_INVALID;
    for (size_t i = 0; i < options->count; i++) {
        const gsaw__recorded_task *task = &options->tasks[i];
        if (task->parent != GSAW_NO_TASK && task->parent >= i)
            return GSAW_INVALID;
        if (task->duration_ns > DURATION_MAX)
            return GSAW_RANGE;
        sum += task->duration_ns + options->overhead_ns;
        if (sum > DURATION_MAX)
            return GSAW_RANGE;
    }
    return GSAW_OK;
}

/* Children in the order of the list, and the longest chain. Returns the first of those that wait
 * for nothing. */
static uint32_t link_tasks(struct state *self, gsaw__simulated *out)
{
    const gsaw__simulation *options = self->options;
    uint32_t first = GSAW_NO_TASK;
    double longest = -1;
    for (uint32_t i = (uint32_t)options->count; i-- != 0;) {
        uint32_t parent = options->tasks[i].parent;
        uint32_t *head = parent == GSAW_NO_TASK ? &first : &self->first_child[parent];
        self->next_sibling[i] = *head;
        *head = i;
    }
    for (uint32_t i = 0; i < options->count; i++) {
        uint32_t parent = options->tasks[i].parent;
        self->chain[i] = (parent == GSAW_NO_TASK ? 0 : self->chain[parent]) + cost_of(options, i);
        out->work_ns += options->tasks[i].duration_ns + options->overhead_ns;
        if (self->chain[i] > longest) {
            longest = self->chain[i];
            out->critical_end = i;
        }
    }
    out->critical_ns = longest < 0 ? 0 : (uint64_t)longest;
    return first;
}

static gsaw_status make(struct state *self)
{
    const gsaw__simulation *options = self->options;
    const gsaw_allocator *allocator = options->allocator;
    size_t count = options->count, room;
    self->lanes = options->order == GSAW_ORDER_LANES ? options->workers : 1;
    room = count / self->lanes + 1; /* of a lane */
    size_t entries = room * self->lanes + options->workers;
    self->first_child = gsaw__alloc(allocator, 2 * count * sizeof *self->first_child);
    self->chain = gsaw__alloc(allocator, count * sizeof *self->chain);
    self->entries = gsaw__alloc(allocator, entries * sizeof *self->entries);
    self->ready = gsaw__alloc_zero(allocator, self->lanes, sizeof *self->ready);
    self->idle = gsaw__alloc(allocator, self->lanes * sizeof *self->idle);
    if (self->first_child == NULL || self->chain == NULL || self->entries == NULL ||
        self->ready == NULL || self->idle == NULL)
        return GSAW_NO_MEMORY;
    memset(self->first_child, 0xff, 2 * count * sizeof *self->first_child); /* GSAW_NO_TASK */
    self->next_sibling = self->first_child + count;
    for (uint32_t lane = 0; lane < self->lanes; lane++) {
        self->ready[lane].items = self->entries + lane * room;
        self->idle[lane] = options->workers / self->lanes;
    }
    self->running.items = self->entries + self->lanes * room;
    return GSAW_OK;
}

static void free_all(struct state *self)
{
    const gsaw__simulation *options = self->options;
    const gsaw_allocator *allocator = options->allocator;
    size_t room = options->count / self->lanes + 1;
    gsaw__free(allocator, self->first_child, 2 * options->count * sizeof *self->first_child);
    gsaw__free(allocator, self->chain, options->count * sizeof *self->chain);
    gsaw__free(allocator, self->entries,
               (room * self->lanes + options->workers) * sizeof *self->entries);
    gsaw__free(allocator, self->ready, self->lanes * sizeof *self->ready);
    gsaw__free(allocator, self->idle, self->lanes * sizeof *self->idle);
}

gsaw_status gsaw__simulate(const gsaw__simulation *simulation, gsaw__simulated *out)
{
    struct state self = {.options = simulation};
    *out = (gsaw__simulated){.critical_end = GSAW_NO_TASK, .last = GSAW_NO_TASK};
    gsaw_status status = validate(simulation);
    if (status != GSAW_OK || simulation->count == 0)
        return status;
    status = make(&self);
    if (status == GSAW_OK) {
        release_all(&self, link_tasks(&self, out));
        while (self.running.count != 0)
            out->last = step(&self);
        double workers_ns = self.now_ns * (double)simulation->workers;
        out->makespan_ns = (uint64_t)(self.now_ns + 0.5);
        out->busy_ns = (uint64_t)(self.busy_ns + 0.5);
        out->idle_ns = workers_ns > self.busy_ns ? (uint64_t)(workers_ns - self.busy_ns + 0.5) : 0;
        out->concurrency = self.now_ns > 0 ? self.busy_ns / self.now_ns : 0;
    }
    free_all(&self);
    return status;
}
