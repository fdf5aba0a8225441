/* graph.h - the inside of a graph: a few arrays by node, and the edges sorted by where they begin.
 * Keeps:   words, waits, first and targets are those of the nodes and edges while is_prepared;
 *          edges is only there while it is not. words is all that changes while a graph runs, but
 *          for the value and the outcome of each node.
 * Threads: built by one thread at a time; run by any.
 * Next:    graph.c (building, checking), graph_run.c (running) */
#ifndef GSAW_TASK_GRAPH_H
#define GSAW_TASK_GRAPH_H

#include <gangsaw/graph.h>

#include "task/run.h"

#define GSAW_NODE_NONE UINT32_MAX

typedef struct gsaw__node {
    gsaw_task_function *function;
    void *argument;
    uint64_t value;
    uint32_t cost;
    uint32_t outcome; /* of one that failed: the status; of one to be skipped: the cause */
} gsaw__node;

static_assert(sizeof(gsaw__node) == 32, "two nodes a cache line");

/* A node's word: how many it waits for, flags, and its state once it has started. While a node lies
 * in the list of those put back, the count is the next one there, plus 1. */
#define GSAW_WORD_COUNT (GSAW_TASK_CANCEL - 1)
#define GSAW_WORD_STATE_SHIFT 28 /* three bits: RUNNING and the ends; 0: not started */
#define GSAW_WORD_STATE (UINT32_C(7) << GSAW_WORD_STATE_SHIFT)
#define GSAW_WORD_SKIP (UINT32_C(1) << 31) /* something it waits for did not end as done */

static_assert(GSAW_GRAPH_NODES_MAX < GSAW_WORD_COUNT, "a link fits the count");
static_assert(GSAW_TASK_SKIPPED <= 7 && GSAW_TASK_RUNNING > 0, "a state fits");

typedef struct gsaw__edge {
    uint32_t before, after;
} gsaw__edge;

struct gsaw_graph {
    gsaw_group group;
    const gsaw_allocator *allocator;
    gsaw_pool *pool;              /* of the last run; NULL: never run */
    bool is_prepared, is_ordered; /* ordered: every edge leads to a higher number */
    bool has_costs;               /* some cost was set: order by the way to the end */
    uint32_t node_count, edge_count;
    uint32_t node_capacity, edge_capacity;   /* of nodes, of edges */
    uint32_t prepared_nodes, prepared_edges; /* what the arrays of prepare were made for */
    gsaw__node *nodes;
    gsaw__edge *edges;
    const char **names;      /* node_capacity; NULL: no node has one */
    _Atomic uint32_t *words; /* of each node */
    uint32_t *waits;         /* of each node: how many edges lead to it */
    uint32_t *first;   /* of each node: where its edges begin in targets; one more at the end */
    uint32_t *targets; /* of each edge, by where it begins: where it leads */
    uint32_t *roots;   /* nodes that wait for nothing, in the order they are to start */
    uint32_t root_count;

    gsaw__mutex lock;        /* rank GSAW_RANK_GRAPH: the list */
    uint32_t list, list_end; /* nodes put back, linked by their words, from 1; 0: none */
    uint32_t list_count;
    bool is_carried; /* the carrier is on its way to take from the list */
    gsaw_task carrier;
};

/* graph_run.c: what a task with GSAW_TASK_CARRIER does: takes nodes from its graph's list. */
void gsaw__graph_carry(gsaw_worker *worker, gsaw_task *carrier);

#endif
