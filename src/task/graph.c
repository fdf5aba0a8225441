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
#include <unistd.h>

#include "task/cycle.h"
#include "base/alloc.h"
#include "base/status.h"

static bool is_running(const gsaw_graph *self) { return gsaw_group_pending(&self->group) != 0; }

/* ---- building ---- */

#define WIDTH_MIN 64u /* nodes that there is room for at first */

static size_t width_size(size_t width)
{
    return width * (sizeof(uint64_t) + sizeof(gsaw__links) + sizeof(uint32_t));
}

/* Move values, links and words to where there is room for more, all of them 0. */
static bool widen_arrays(gsaw_graph *self, uint32_t wanted)
{
    uint32_t width = self->width < WIDTH_MIN / 2 ? WIDTH_MIN : 2 * self->width;
    width = width < wanted ? wanted : width;
    uint64_t *values = gsaw__alloc_large_zero(self->allocator, width_size(width));
    if (values == NULL)
        return false;
    gsaw__links *links = (gsaw__links *)(values + width);
    _Atomic uint32_t *words = (_Atomic uint32_t *)(links + width);
    for (uint32_t node = 0; node < self->node_count; node++) {
        values[node] = self->values[node];
        links[node] = self->links[node];
        /* [W1] relaxed: it does not run */
        gsaw__store_relaxed(&words[node], gsaw__load_relaxed(&self->words[node])); /* [W1] so */
    }
    gsaw__free(self->allocator, self->values, width_size(self->width));
    self->values = values;
    self->links = links;
    self->words = words;
    self->width = width;
    return true;
}

/* Make room for `wanted` nodes. False when memory is out. */
static bool make_room(gsaw_graph *self, uint32_t wanted)
{
    if (!gsaw__blocks_reserve(&self->nodes, self->allocator, sizeof(gsaw__node), wanted) ||
        (self->width < wanted && !widen_arrays(self, wanted)))
        return false;
    self->room = self->width < self->nodes.capacity ? self->width : self->nodes.capacity;
    return true;
}

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
    self->pid = getpid();
    self->is_ordered = self->is_fresh = true;
    gsaw_status status = gsaw__mutex_init(&self->lock, "graph", GSAW_RANK_GRAPH);
    if (status != GSAW_OK) {
        gsaw__free(self->allocator, self, sizeof *self);
        return gsaw__fail(error, status, "cannot make a lock");
    }
    if (!make_room(self, options->nodes) ||
        !gsaw__blocks_reserve(&self->edges, self->allocator, sizeof(gsaw__edge), options->edges)) {
        gsaw_graph_free(self);
        return gsaw__fail_memory(error);
    }
    *out = self;
    return GSAW_OK;
}

static size_t doomed_count(const gsaw_graph *self) { return self->prepared / 32 + 1; }

/* Free what prepare made. */
static void free_prepared(gsaw_graph *self)
{
    gsaw__free(self->allocator, self->waits, self->prepared * sizeof *self->waits);
    gsaw__free(self->allocator, self->outcomes, self->prepared * sizeof *self->outcomes);
    gsaw__free(self->allocator, (void *)self->doomed, doomed_count(self) * sizeof *self->doomed);
    gsaw__free(self->allocator, self->roots, self->root_count * sizeof *self->roots);
    self->waits = self->outcomes = self->roots = NULL;
    self->doomed = NULL;
    self->prepared = self->root_count = 0;
    self->is_prepared = false;
}

void gsaw_graph_free(gsaw_graph *self)
{
    if (self == NULL)
        return;
    gsaw_assert(!is_running(self) || self->pid != getpid()); /* a child has nothing that runs it */
    free_prepared(self);
    gsaw__blocks_clear(&self->edges, self->allocator, sizeof(gsaw__edge));
    gsaw__blocks_clear(&self->nodes, self->allocator, sizeof(gsaw__node));
    gsaw__free(self->allocator, self->values, width_size(self->width));
    gsaw__free(self->allocator, (void *)self->names, self->name_count * sizeof *self->names);
    gsaw__free(self->allocator, self->costs, self->cost_count * sizeof *self->costs);
    gsaw__mutex_clear(&self->lock);
    gsaw__free(self->allocator, self, sizeof *self);
}

/* Set the words to how many each waits for, by who waits for whom. */
static void recount(gsaw_graph *self)
{
    for (uint32_t node = 0; node < self->prepared; node++)
        gsaw__store_relaxed(&self->words[node], 0); /* [W1] as below */
    for (uint32_t node = 0; node < self->prepared; node++) {
        gsaw__links links = self->links[node];
        for (uint32_t target; gsaw__links_next(self, &links, &target);) {
            uint32_t waits = gsaw__load_relaxed(&self->words[target]) + 1; /* [W1] as below */
            gsaw__store_relaxed(&self->words[target], waits);              /* [W1] the same */
        }
    }
}

void gsaw__graph_refresh(gsaw_graph *self, bool again)
{
    /* [W1] relaxed, here and above: it does not run; the inbox or the deque publishes it */
    bool was_watched = gsaw__load_relaxed(&self->is_watched) != 0; /* [W1] as said */
    if (self->waits == NULL) {
        recount(self);
        if (again) /* kept for the next time; without memory it is counted again */
            self->waits = gsaw__alloc_large(self->allocator, self->prepared * sizeof(uint32_t));
        for (uint32_t node = 0; self->waits != NULL && node < self->prepared; node++)
            self->waits[node] = gsaw__load_relaxed(&self->words[node]); /* [W1] the same */
    } else {
        for (uint32_t node = 0; node < self->prepared; node++)
            gsaw__store_relaxed(&self->words[node], self->waits[node]); /* [W1] the same */
    }
    for (size_t i = 0; was_watched && i < doomed_count(self); i++)
        gsaw__store_relaxed(&self->doomed[i], 0); /* [W1] the same */
    self->is_fresh = true;
}

/* Back to what can be added to. */
static gsaw_status unprepare(gsaw_graph *self)
{
    if (is_running(self))
        return GSAW_INVALID;
    if (!self->is_prepared)
        return GSAW_OK;
    if (!self->is_fresh)
        gsaw__graph_refresh(self, false);
    free_prepared(self);
    return GSAW_OK;
}

/* Add to a graph that was prepared, or has no room. Apart, as the other is done for each node. */
__attribute__((noinline)) static gsaw_status make_ready(gsaw_graph *self)
{
    gsaw_status status = unprepare(self);
    if (status != GSAW_OK)
        return status;
    if (self->node_count >= GSAW_GRAPH_NODES_MAX)
        return GSAW_LIMIT;
    bool has_room = self->node_count < self->room || make_room(self, self->node_count + 1);
    return has_room ? GSAW_OK : GSAW_NO_MEMORY;
}

gsaw_status gsaw_graph_add(gsaw_graph *self, gsaw_task_function *function, void *argument,
                           uint64_t value, uint32_t *out)
{
    if (function == NULL)
        return GSAW_INVALID;
    uint32_t node = self->node_count;
    if (self->is_prepared || node == self->room) {
        gsaw_status status = make_ready(self);
        if (status != GSAW_OK)
            return status;
    }
    if (out != NULL)
        *out = node;
    *gsaw__graph_node(self, node) = (gsaw__node){.function = function, .argument = argument};
    if (value != 0) /* all else of it is 0 already */
        self->values[node] = value;
    self->node_count = node + 1;
    return GSAW_OK;
}

/* An edge of a list, for which there is room. */
static uint32_t list_edge(gsaw_graph *self, uint32_t target, uint32_t next)
{
    uint32_t edge = self->edge_count++ | GSAW_LINKS_LIST;
    *gsaw__graph_edge(self, edge) = (gsaw__edge){.target = target, .next = next};
    return edge;
}

/* Let one more wait for a node, behind whom there are two or more. */
static gsaw_status link_to_list(gsaw_graph *self, gsaw__links *links, uint32_t after)
{
    uint32_t wanted = self->edge_count + 2;
    if (wanted >= GSAW_LINKS_LIST)
        return GSAW_LIMIT;
    if (self->edges.capacity < wanted &&
        !gsaw__blocks_reserve(&self->edges, self->allocator, sizeof(gsaw__edge), wanted))
        return GSAW_NO_MEMORY;
    if ((links->more & GSAW_LINKS_LIST) == 0)
        links->more = list_edge(self, links->more - 1, 0);
    links->more = list_edge(self, links->first - 1, links->more);
    links->first = after + 1;
    return GSAW_OK;
}

/* The same for a graph that was prepared, and for what is not the first or second edge. */
__attribute__((noinline)) static gsaw_status depend_slowly(gsaw_graph *self, uint32_t after,
                                                           uint32_t before)
{
    gsaw_status status = unprepare(self);
    if (status != GSAW_OK)
        return status;
    uint32_t waits = gsaw__load_relaxed(&self->words[after]) + 1; /* [W1] it does not run */
    gsaw__links *links = &self->links[before];
    if (waits == GSAW_WORD_COUNT)
        return GSAW_LIMIT;
    if (links->more == 0)
        *links = (gsaw__links){.first = after + 1, .more = links->first};
    else if ((status = link_to_list(self, links, after)) != GSAW_OK)
        return status;
    gsaw__store_relaxed(&self->words[after], waits); /* [W1] the same */
    self->is_ordered = self->is_ordered && before < after;
    return GSAW_OK;
}

gsaw_status gsaw_graph_depend(gsaw_graph *self, uint32_t after, uint32_t before)
{
    if (after >= self->node_count || before >= self->node_count)
        return GSAW_RANGE;
    gsaw__links *links = &self->links[before];
    uint32_t waits = gsaw__load_relaxed(&self->words[after]) + 1; /* [W1] it does not run */
    if (self->is_prepared || links->more != 0 || waits == GSAW_WORD_COUNT)
        return depend_slowly(self, after, before);
    links->more = links->first;
    links->first = after + 1;
    gsaw__store_relaxed(&self->words[after], waits); /* [W1] the same */
    if (before >= after)
        self->is_ordered = false;
    return GSAW_OK;
}

/* Make room for all nodes there are, and as many again, in an array that has room for *count. */
static bool widen(const gsaw_graph *self, void **array, uint32_t *count, size_t size)
{
    uint32_t room = 2 * self->node_count;
    void *wider = gsaw__realloc(self->allocator, *array, *count * size, room * size);
    if (wider == NULL)
        return false;
    memset((char *)wider + *count * size, 0, (room - *count) * size);
    *array = wider;
    *count = room;
    return true;
}

gsaw_status gsaw_graph_set_cost(gsaw_graph *self, uint32_t node, uint32_t cost)
{
    if (node >= self->node_count)
        return GSAW_RANGE;
    gsaw_status status = unprepare(self);
    if (status != GSAW_OK)
        return status;
    if (node >= self->cost_count &&
        !widen(self, (void **)&self->costs, &self->cost_count, sizeof *self->costs))
        return GSAW_NO_MEMORY;
    self->costs[node] = cost < UINT32_MAX ? cost + 1 : cost; /* 0: not set */
    return GSAW_OK;
}

gsaw_status gsaw_graph_set_name(gsaw_graph *self, uint32_t node, const char *name)
{
    if (node >= self->node_count)
        return GSAW_RANGE;
    if (is_running(self))
        return GSAW_INVALID;
    if (node >= self->name_count &&
        !widen(self, (void **)&self->names, &self->name_count, sizeof *self->names))
        return GSAW_NO_MEMORY;
    self->names[node] = name;
    return GSAW_OK;
}

/* ---- making it ready ---- */

static bool is_root(const gsaw_graph *self, uint32_t node)
{
    return gsaw__load_relaxed(&self->words[node]) == 0; /* [W1] it does not run */
}

/* Sort the nodes so that each comes behind those it waits for; `order` has room for all. Returns
 * how many there are: all, or there is a cycle among the others. The words serve as counters: those
 * of the others are not 0. */
static uint32_t sort_nodes(gsaw_graph *self, uint32_t *order)
{
    uint32_t sorted = 0;
    for (uint32_t node = 0; node < self->node_count; node++)
        if (is_root(self, node))
            order[sorted++] = node;
    for (uint32_t at = 0; at < sorted; at++) {
        gsaw__links links = self->links[order[at]];
        for (uint32_t target; gsaw__links_next(self, &links, &target);) {
            uint32_t left = gsaw__load_relaxed(&self->words[target]) - 1; /* [W1] no run */
            gsaw__store_relaxed(&self->words[target], left);              /* [W1] the same */
            if (left == 0)
                order[sorted++] = target;
        }
    }
    return sorted;
}

static const char *name_of(const gsaw_graph *self, uint32_t node, char room[24])
{
    if (node < self->name_count && self->names[node] != NULL)
        return self->names[node];
    snprintf(room, 24, "%" PRIu32, node);
    return room;
}

/* Name a cycle, of which there is one among the nodes whose words are not 0. `before` has room for
 * all nodes. */
static gsaw_status tell_cycle(gsaw_graph *self, uint32_t *before, gsaw_error *error)
{
    uint32_t node = GSAW_NODE_NONE;
    for (uint32_t from = 0; from < self->node_count; from++) {
        if (gsaw__load_relaxed(&self->words[from]) == 0) /* [W1] it does not run */
            continue;
        gsaw__links links = self->links[from];
        for (uint32_t target; gsaw__links_next(self, &links, &target);)
            before[target] = from;
        node = from;
    }
    /* Each of those has one of those before it: going back as often as there are nodes ends up on a
     * cycle. Once round, it begins where the number is the lowest: the same text every time. */
    for (uint32_t i = 0; i < self->node_count; i++)
        node = before[node];
    uint32_t lowest = node;
    for (uint32_t at = before[node]; at != node; at = before[at])
        lowest = at < lowest ? at : lowest;
    gsaw__cycle told = {.length = 0};
    char room[24];
    node = lowest;
    do {
        gsaw__cycle_add(&told, name_of(self, node, room));
        node = before[node];
    } while (node != lowest);
    return gsaw__cycle_tell(&told, error);
}

/* What qsort_r compares by: the longest way first, then the lowest number. */
static int by_level(const void *left, const void *right, void *levels)
{
    const uint32_t *level = levels;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    if (level[a] != level[b])
        return level[a] > level[b] ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* Join two lists of edges, sorted so that the longest way comes last: pass_on() runs that first. */
static uint32_t merge_edges(gsaw_graph *self, uint32_t left, uint32_t right, uint32_t *levels)
{
    uint32_t merged = 0, *end = &merged;
    while (left != 0 && right != 0) {
        gsaw__edge *a = gsaw__graph_edge(self, left), *b = gsaw__graph_edge(self, right);
        bool is_left = by_level(&a->target, &b->target, levels) > 0;
        *end = is_left ? left : right;
        end = is_left ? &a->next : &b->next;
        *(is_left ? &left : &right) = *end;
    }
    *end = left != 0 ? left : right;
    return merged;
}

/* Sort a list of edges: runs of 1, 2, 4 ... wait in `runs` until there are two alike. Source:
 * Knuth, The Art of Computer Programming 3, 5.2.4 (list merge sort). */
static uint32_t order_edges(gsaw_graph *self, uint32_t list, uint32_t *levels)
{
    uint32_t runs[32] = {0}, sorted = 0;
    while (list != 0) {
        uint32_t run = list, i = 0;
        gsaw__edge *edge = gsaw__graph_edge(self, list);
        list = edge->next;
        edge->next = 0;
        for (; runs[i] != 0; i++) {
            run = merge_edges(self, runs[i], run, levels);
            runs[i] = 0;
        }
        runs[i] = run;
    }
    for (uint32_t i = 0; i < 32; i++)
        sorted = merge_edges(self, runs[i], sorted, levels);
    return sorted;
}

/* Sort those that wait for a node: what is in the list, and then the first into it. */
static void order_links(gsaw_graph *self, gsaw__links *links, uint32_t *levels)
{
    if (links->more == 0)
        return;
    uint32_t first = links->first - 1, second = links->more - 1;
    if ((links->more & GSAW_LINKS_LIST) == 0) {
        if (by_level(&second, &first, levels) > 0)
            *links = (gsaw__links){.first = second + 1, .more = first + 1};
        return;
    }
    links->more = order_edges(self, links->more, levels);
    uint32_t *before = &first;
    for (uint32_t e = links->more; e != 0;) {
        gsaw__edge *edge = gsaw__graph_edge(self, e);
        if (by_level(&edge->target, before, levels) <= 0)
            break;
        uint32_t later = *before;
        *before = edge->target;
        edge->target = later;
        before = &edge->target;
        e = edge->next;
    }
    links->first = first + 1;
}

/* Order the edges of each node, and the roots, by the longest way to the end. `order` as of
 * sort_nodes, NULL: by number; `levels` has room for all nodes. */
static void order_by_level(gsaw_graph *self, const uint32_t *order, uint32_t *levels)
{
    for (uint32_t i = self->node_count; i-- > 0;) {
        uint32_t node = order == NULL ? i : order[i], longest = 0;
        gsaw__links links = self->links[node];
        for (uint32_t target; gsaw__links_next(self, &links, &target);)
            if (levels[target] > longest)
                longest = levels[target];
        uint32_t cost =
            node < self->cost_count && self->costs[node] != 0 ? self->costs[node] - 1 : 1;
        levels[node] = cost > UINT32_MAX - longest ? UINT32_MAX : longest + cost;
        order_links(self, &self->links[node], levels);
    }
    if (self->root_count > 1)
        qsort_r(self->roots, self->root_count, sizeof *self->roots, by_level, levels);
}

/* Make outcomes, doomed and roots. False when memory is out. */
static bool make_arrays(gsaw_graph *self)
{
    const gsaw_allocator *allocator = self->allocator;
    self->prepared = self->node_count;
    /* Of few nodes any is written. */
    self->outcomes = gsaw__alloc(allocator, self->prepared * sizeof *self->outcomes);
    self->doomed = gsaw__alloc_zero(allocator, doomed_count(self), sizeof *self->doomed);
    if (self->outcomes == NULL || self->doomed == NULL)
        return false;
    uint32_t roots = 0, filled = 0;
    for (uint32_t node = 0; node < self->node_count; node++)
        roots += is_root(self, node);
    self->roots = gsaw__alloc(allocator, roots * sizeof *self->roots);
    if (self->roots == NULL)
        return false;
    self->root_count = roots;
    for (uint32_t node = 0; filled < roots; node++)
        if (is_root(self, node))
            self->roots[filled++] = node;
    return true;
}

/* Check for cycles, and order by level if there are costs; takes room for what only that needs. */
static gsaw_status check(gsaw_graph *self, gsaw_error *error)
{
    bool has_costs = self->costs != NULL;
    if (self->is_ordered && !has_costs)
        return GSAW_OK; /* every edge leads on: there is no way back */
    size_t size = self->node_count * sizeof(uint32_t);
    uint32_t *order = self->is_ordered ? NULL : gsaw__alloc(self->allocator, size);
    uint32_t *levels = has_costs ? gsaw__alloc(self->allocator, size) : NULL;
    gsaw_status status = GSAW_OK;
    if ((order == NULL && !self->is_ordered) || (levels == NULL && has_costs)) {
        status = gsaw__fail_memory(error);
    } else if (order != NULL) {
        if (sort_nodes(self, order) != self->node_count)
            status = tell_cycle(self, order, error);
        gsaw__graph_refresh(self, false);
    }
    if (status == GSAW_OK && levels != NULL)
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
    gsaw_status status = make_arrays(self) ? check(self, error) : gsaw__fail_memory(error);
    if (status == GSAW_OK)
        self->is_prepared = true;
    else
        free_prepared(self);
    return status;
}
