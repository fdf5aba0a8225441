/* graph.c - building a graph, and making it ready to run: sorting its edges, finding cycles.
 * Keeps:   a call that fails leaves the graph as it was.
 * Threads: one at a time, while it does not run.
 * Next:    graph.h, graph_run.c. Sources: Kahn, Topological Sorting of Large Networks (CACM 1962);
 *          the longest way to the end as priority: Hu, Parallel Sequencing and Assembly Line
 *          Problems (Operations Research 1961) */
#include "task/graph.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/alloc.h"
#include "base/status.h"

#define CAPACITY_MIN 64u
#define HUGE_PAGE (UINT64_C(2) << 20)

/* Fewer page faults: a hint, harmless where it does not apply. Source: madvise(2). */
static void *advise(void *memory, size_t size)
{
    uintptr_t start = ((uintptr_t)memory + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
    uintptr_t end = ((uintptr_t)memory + size) & ~(uintptr_t)(HUGE_PAGE - 1);
    if (memory != NULL && size >= 2 * HUGE_PAGE && start < end)
        madvise((void *)start, end - start, MADV_HUGEPAGE);
    return memory;
}

static void *array_new(const gsaw_graph *self, size_t count, size_t size)
{
    return advise(gsaw__alloc(self->allocator, count * size), count * size);
}

/* Room for one more; false when memory is out. */
static bool grow(const gsaw_graph *self, void **array, uint32_t *capacity, size_t size)
{
    size_t wanted = *capacity < CAPACITY_MIN ? CAPACITY_MIN : (size_t)*capacity * 2;
    if (wanted > UINT32_MAX)
        return false;
    void *larger = gsaw__realloc(self->allocator, *array, *capacity * size, wanted * size);
    if (larger == NULL)
        return false;
    *array = advise(larger, wanted * size);
    *capacity = (uint32_t)wanted;
    return true;
}

static bool is_running(const gsaw_graph *self) { return gsaw_group_pending(&self->group) != 0; }

/* ---- building ---- */

gsaw_status gsaw_graph_new(const gsaw_graph_options *options, gsaw_graph **out, gsaw_error *error)
{
    static const gsaw_graph_options defaults = {.size = sizeof(gsaw_graph_options)};
    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof *options)
        return gsaw__fail(error, GSAW_INVALID, "gsaw_graph_options: size is %zu, not %zu",
                          options->size, sizeof *options);
    if (options->nodes > GSAW_GRAPH_NODES_MAX)
        return gsaw__fail(error, GSAW_RANGE, "nodes: %" PRIu32 " is above %" PRIu32, options->nodes,
                          GSAW_GRAPH_NODES_MAX);
    gsaw_graph *self = gsaw__alloc_zero(options->allocator, 1, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    self->allocator = options->allocator;
    self->group.fail_fast = options->fail_fast;
    self->group.graph = self;
    self->is_ordered = true;
    gsaw_status status = gsaw__mutex_init(&self->lock, "graph", GSAW_RANK_GRAPH);
    if (status != GSAW_OK) {
        gsaw__free(self->allocator, self, sizeof *self);
        return gsaw__fail(error, status, "cannot make a lock");
    }
    if (options->nodes != 0)
        self->nodes = array_new(self, options->nodes, sizeof *self->nodes);
    if (options->edges != 0)
        self->edges = array_new(self, options->edges, sizeof *self->edges);
    self->node_capacity = self->nodes == NULL ? 0 : options->nodes;
    self->edge_capacity = self->edges == NULL ? 0 : options->edges;
    if (self->node_capacity != options->nodes || self->edge_capacity != options->edges) {
        gsaw_graph_free(self);
        return gsaw__fail_memory(error);
    }
    *out = self;
    return GSAW_OK;
}

static void free_edges(gsaw_graph *self)
{
    gsaw__free(self->allocator, self->edges, self->edge_capacity * sizeof *self->edges);
    self->edges = NULL;
    self->edge_capacity = 0;
}

/* Free what prepare made. */
static void free_prepared(gsaw_graph *self)
{
    size_t nodes = self->prepared_nodes, edges = self->prepared_edges;
    gsaw__free(self->allocator, (void *)self->words, nodes * sizeof *self->words);
    gsaw__free(self->allocator, self->waits, nodes * sizeof *self->waits);
    gsaw__free(self->allocator, self->first, (nodes + 1) * sizeof *self->first);
    gsaw__free(self->allocator, self->targets, edges * sizeof *self->targets);
    gsaw__free(self->allocator, self->roots, self->root_count * sizeof *self->roots);
    self->words = NULL;
    self->waits = self->first = self->targets = self->roots = NULL;
    self->root_count = self->prepared_nodes = self->prepared_edges = 0;
    self->is_prepared = false;
}

void gsaw_graph_free(gsaw_graph *self)
{
    if (self == NULL)
        return;
    gsaw_assert(!is_running(self));
    free_prepared(self);
    free_edges(self);
    gsaw__free(self->allocator, self->nodes, self->node_capacity * sizeof *self->nodes);
    gsaw__free(self->allocator, (void *)self->names, self->node_capacity * sizeof *self->names);
    gsaw__mutex_clear(&self->lock);
    gsaw__free(self->allocator, self, sizeof *self);
}

/* Back to what can be added to: the edges as a list again. */
static gsaw_status unprepare(gsaw_graph *self)
{
    if (is_running(self))
        return GSAW_INVALID;
    if (!self->is_prepared)
        return GSAW_OK;
    uint32_t count = self->edge_count;
    gsaw__edge *edges = count == 0 ? NULL : array_new(self, count, sizeof *edges);
    if (edges == NULL && count != 0)
        return GSAW_NO_MEMORY;
    for (uint32_t node = 0; node < self->prepared_nodes; node++)
        for (uint32_t e = self->first[node]; e < self->first[node + 1]; e++)
            edges[e] = (gsaw__edge){.before = node, .after = self->targets[e]};
    free_prepared(self);
    self->edges = edges;
    self->edge_capacity = count;
    return GSAW_OK;
}

static gsaw_status grow_nodes(gsaw_graph *self)
{
    if (self->node_count >= GSAW_GRAPH_NODES_MAX)
        return GSAW_LIMIT;
    uint32_t names_capacity = self->node_capacity;
    if (self->names != NULL) { /* names first: they may be longer than the nodes, not shorter */
        if (!grow(self, (void **)&self->names, &names_capacity, sizeof *self->names))
            return GSAW_NO_MEMORY;
        memset((void *)(self->names + self->node_capacity), 0,
               (names_capacity - self->node_capacity) * sizeof *self->names);
    }
    uint32_t before = self->node_capacity;
    if (grow(self, (void **)&self->nodes, &self->node_capacity, sizeof *self->nodes))
        return GSAW_OK;
    if (self->names !=
        NULL) { /* one capacity for both: to shrink cannot fail in a way that matters */
        const char **names = gsaw__alloc(self->allocator, before * sizeof *names);
        if (names != NULL)
            memcpy((void *)names, (void *)self->names, before * sizeof *names);
        gsaw__free(self->allocator, (void *)self->names, names_capacity * sizeof *names);
        self->names = names; /* without memory, nodes lose their names in messages */
    }
    return GSAW_NO_MEMORY;
}

gsaw_status gsaw_graph_add(gsaw_graph *self, gsaw_task_function *function, void *argument,
                           uint64_t value, uint32_t *out)
{
    if (function == NULL)
        return GSAW_INVALID;
    if (self->is_prepared || self->node_count == self->node_capacity) {
        gsaw_status status = unprepare(self);
        if (status == GSAW_OK && self->node_count == self->node_capacity)
            status = grow_nodes(self);
        if (status != GSAW_OK)
            return status;
    }
    if (out != NULL)
        *out = self->node_count;
    self->nodes[self->node_count++] =
        (gsaw__node){.function = function, .argument = argument, .value = value, .cost = 1};
    return GSAW_OK;
}

gsaw_status gsaw_graph_depend(gsaw_graph *self, uint32_t after, uint32_t before)
{
    if (after >= self->node_count || before >= self->node_count)
        return GSAW_RANGE;
    if (self->is_prepared || self->edge_count == self->edge_capacity) {
        gsaw_status status = unprepare(self);
        if (status != GSAW_OK)
            return status;
        if (self->edge_count == self->edge_capacity &&
            !grow(self, (void **)&self->edges, &self->edge_capacity, sizeof *self->edges))
            return GSAW_NO_MEMORY;
    }
    self->edges[self->edge_count++] = (gsaw__edge){.before = before, .after = after};
    self->is_ordered = self->is_ordered && before < after;
    return GSAW_OK;
}

gsaw_status gsaw_graph_set_cost(gsaw_graph *self, uint32_t node, uint32_t cost)
{
    if (node >= self->node_count)
        return GSAW_RANGE;
    gsaw_status status = unprepare(self);
    if (status != GSAW_OK)
        return status;
    self->nodes[node].cost = cost;
    self->has_costs = true;
    return GSAW_OK;
}

gsaw_status gsaw_graph_set_name(gsaw_graph *self, uint32_t node, const char *name)
{
    if (node >= self->node_count)
        return GSAW_RANGE;
    if (is_running(self))
        return GSAW_INVALID;
    if (self->names == NULL)
        self->names = gsaw__alloc_zero(self->allocator, self->node_capacity, sizeof *self->names);
    if (self->names == NULL)
        return GSAW_NO_MEMORY;
    self->names[node] = name;
    return GSAW_OK;
}

/* ---- making it ready ---- */

/* Fill waits, first and targets from the list of edges: a counting sort by where they begin. */
static void sort_edges(gsaw_graph *self)
{
    uint32_t nodes = self->node_count;
    memset(self->waits, 0, nodes * sizeof *self->waits);
    memset(self->first, 0, (nodes + (size_t)1) * sizeof *self->first);
    for (uint32_t e = 0; e < self->edge_count; e++) {
        self->waits[self->edges[e].after]++;
        self->first[self->edges[e].before]++;
    }
    uint32_t sum = 0;
    for (uint32_t node = 0; node <= nodes; node++) { /* to where each one's edges end */
        sum += self->first[node];
        self->first[node] = sum;
    }
    for (uint32_t e = self->edge_count;
         e-- > 0;) /* backwards: back to where they begin, in order */
        self->targets[--self->first[self->edges[e].before]] = self->edges[e].after;
}

/* Sort the nodes so that each comes behind those it waits for; `order` has room for all. Returns
 * how many there are: all, or there is a cycle among the others, whose words are not 0. */
static uint32_t sort_nodes(gsaw_graph *self, uint32_t *order)
{
    uint32_t sorted = 0;
    /* [W1] relaxed: it does not run; the words serve as counters */
    for (uint32_t node = 0; node < self->node_count; node++) {
        gsaw__store_relaxed(&self->words[node], self->waits[node]); /* [W1] as said */
        if (self->waits[node] == 0)
            order[sorted++] = node;
    }
    for (uint32_t at = 0; at < sorted; at++)
        for (uint32_t e = self->first[order[at]]; e < self->first[order[at] + 1]; e++) {
            _Atomic uint32_t *word = &self->words[self->targets[e]];
            uint32_t left = gsaw__load_relaxed(word) - 1; /* [W1] as said */
            gsaw__store_relaxed(word, left);              /* [W1] as said */
            if (left == 0)
                order[sorted++] = self->targets[e];
        }
    return sorted;
}

static size_t append_name(const gsaw_graph *self, char *text, size_t size, uint32_t node)
{
    int length = self->names != NULL && self->names[node] != NULL
                     ? snprintf(text, size, "%s", self->names[node])
                     : snprintf(text, size, "%" PRIu32, node);
    return length < 0 ? 0 : (size_t)length;
}

/* Name a cycle, of which there is one among the nodes whose words are not 0. `before` has room for
 * all nodes. */
static gsaw_status tell_cycle(gsaw_graph *self, uint32_t *before, gsaw_error *error)
{
    uint32_t node = GSAW_NODE_NONE;
    for (uint32_t from = 0; from < self->node_count; from++) {
        if (gsaw__load_relaxed(&self->words[from]) == 0) /* [W1] it does not run */
            continue;
        for (uint32_t e = self->first[from]; e < self->first[from + 1]; e++)
            before[self->targets[e]] = from;
        node = from;
    }
    /* Each of those has one of those before it: going back as often as there are nodes ends up on a
     * cycle. Once round, it begins where the number is the lowest: the same text every time. */
    for (uint32_t i = 0; i < self->node_count; i++)
        node = before[node];
    uint32_t lowest = node;
    for (uint32_t at = before[node]; at != node; at = before[at])
        lowest = at < lowest ? at : lowest;
    char text[160];
    size_t length = append_name(self, text, sizeof text, lowest);
    for (node = before[lowest]; length < sizeof text - 1; node = before[node]) {
        length += (size_t)snprintf(text + length, sizeof text - length, " -> ");
        if (length < sizeof text - 1)
            length += append_name(self, text + length, sizeof text - length, node);
        if (node == lowest)
            break;
    }
    bool cut = length >= sizeof text - 1;
    return gsaw__fail(error, GSAW_INVALID, "cycle: %s%s", text, cut ? "..." : "");
}

/* What qsort_r compares by. */
static int by_level(const void *left, const void *right, void *levels)
{
    const uint32_t *level = levels;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    if (level[a] != level[b])
        return level[a] > level[b] ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* Order the targets of each node, and the roots, by the longest way to the end, the longest first.
 * `order` as of sort_nodes, NULL: by number; `levels` has room for all nodes. */
static void order_by_level(gsaw_graph *self, const uint32_t *order, uint32_t *levels)
{
    for (uint32_t i = self->node_count; i-- > 0;) {
        uint32_t node = order == NULL ? i : order[i], longest = 0;
        uint32_t begin = self->first[node], count = self->first[node + 1] - begin;
        for (uint32_t e = begin; e < begin + count; e++)
            if (levels[self->targets[e]] > longest)
                longest = levels[self->targets[e]];
        uint32_t cost = self->nodes[node].cost;
        levels[node] = cost > UINT32_MAX - longest ? UINT32_MAX : longest + cost;
        if (count > 1)
            qsort_r(self->targets + begin, count, sizeof *self->targets, by_level, levels);
    }
    if (self->root_count > 1)
        qsort_r(self->roots, self->root_count, sizeof *self->roots, by_level, levels);
}

static bool make_arrays(gsaw_graph *self)
{
    size_t nodes = self->node_count, edges = self->edge_count;
    self->prepared_nodes = self->node_count;
    self->prepared_edges = self->edge_count;
    self->words = array_new(self, nodes, sizeof *self->words);
    self->waits = array_new(self, nodes, sizeof *self->waits);
    self->first = array_new(self, nodes + 1, sizeof *self->first);
    self->targets = edges == 0 ? NULL : array_new(self, edges, sizeof *self->targets);
    return self->words != NULL && self->waits != NULL && self->first != NULL &&
           (edges == 0 || self->targets != NULL);
}

static bool make_roots(gsaw_graph *self)
{
    uint32_t count = 0;
    for (uint32_t node = 0; node < self->node_count; node++)
        count += self->waits[node] == 0;
    self->roots = count == 0 ? NULL : array_new(self, count, sizeof *self->roots);
    if (self->roots == NULL)
        return count == 0;
    for (uint32_t node = 0; node < self->node_count; node++)
        if (self->waits[node] == 0)
            self->roots[self->root_count++] = node;
    return true;
}

/* Check for cycles, and order by level if there are costs; takes room for what only that needs. */
static gsaw_status check(gsaw_graph *self, gsaw_error *error)
{
    if (self->is_ordered && !self->has_costs)
        return GSAW_OK; /* every edge leads on: there is no way back */
    size_t size = self->node_count * sizeof(uint32_t);
    uint32_t *order = self->is_ordered ? NULL : gsaw__alloc(self->allocator, size);
    uint32_t *levels = self->has_costs ? gsaw__alloc(self->allocator, size) : NULL;
    gsaw_status status = GSAW_OK;
    if ((order == NULL && !self->is_ordered) || (levels == NULL && self->has_costs))
        status = gsaw__fail_memory(error);
    else if (order != NULL && sort_nodes(self, order) != self->node_count)
        status = tell_cycle(self, order, error);
    else if (levels != NULL)
        order_by_level(self, order, levels);
    gsaw__free(self->allocator, order, size);
    gsaw__free(self->allocator, levels, size);
    return status;
}

gsaw_status gsaw_graph_prepare(gsaw_graph *self, gsaw_error *error)
{
    if (is_running(self))
        return gsaw__fail(error, GSAW_INVALID, "the graph is running");
    if (self->is_prepared || self->node_count == 0)
        return GSAW_OK;
    gsaw_status status = GSAW_NO_MEMORY;
    if (make_arrays(self)) {
        sort_edges(self);
        status = make_roots(self) ? check(self, error) : GSAW_NO_MEMORY;
    }
    if (status != GSAW_OK) {
        free_prepared(self);
        return status == GSAW_NO_MEMORY ? gsaw__fail_memory(error) : status;
    }
    free_edges(self);
    self->is_prepared = true;
    return GSAW_OK;
}
