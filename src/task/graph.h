/* graph.h - the inside of a graph: of each node a few numbers, each kind in an array of its own, so
 * that no pass over them takes along what it does not need: a large graph is bound by memory.
 * Keeps:   while it does not run and was not run, a node's word is the number of edges to it; all
 *          that a run changes is the word and the value of each node, and the outcome of some.
 * Threads: built by one thread at a time; run by any.
 * Next:    graph.c (building, checking), graph_run.c (running) */
#ifndef GSAW_TASK_GRAPH_H
#define GSAW_TASK_GRAPH_H

#include <gangsaw/graph.h>

#include "base/blocks.h"
#include "task/run.h"

#define GSAW_NODE_NONE UINT32_MAX

/* What a node does. */
typedef struct gsaw__node {
    gsaw_task_function *function;
    void *argument;
} gsaw__node;

/* Who waits for a node, the newest first: plus 1; 0: nobody. With GSAW_LINKS_LIST in `more` the
 * second and all further ones are in a list of edges. A copy is the iterator over them. */
typedef struct gsaw__links {
    uint32_t first;
    uint32_t more; /* the second, plus 1; or GSAW_LINKS_LIST and an edge; 0: none */
} gsaw__links;

#define GSAW_LINKS_LIST (UINT32_C(1) << 31)

typedef struct gsaw__edge {
    uint32_t target; /* the node that waits */
    uint32_t next;   /* as `more`, but never a second node: with GSAW_LINKS_LIST, or 0 */
} gsaw__edge;

/* A node's word: how many it waits for, flags, and its state once it has started. While a node lies
 * in the list of those put back, the count is the next one there, plus 1. */
#define GSAW_WORD_COUNT (GSAW_TASK_CANCEL - 1)
#define GSAW_WORD_STATE_SHIFT 28 /* three bits: RUNNING and the ends; 0: not started */
#define GSAW_WORD_STATE (UINT32_C(7) << GSAW_WORD_STATE_SHIFT)
#define GSAW_WORD_SKIP (UINT32_C(1) << 31) /* something it waits for did not end as done */

static_assert(GSAW_GRAPH_NODES_MAX < GSAW_WORD_COUNT, "a link fits the count");
static_assert(GSAW_TASK_SKIPPED <= 7 && GSAW_TASK_RUNNING > 0, "a state fits");

/* Bits of is_watched, both for good: a node of this graph is, or was, cancelled by itself; and all
 * threads have passed a barrier since. */
#define GSAW_WATCHED_SOON 1u
#define GSAW_WATCHED 2u

struct gsaw_graph {
    gsaw_group group;
    const gsaw_allocator *allocator;
    gsaw_pool *pool;                 /* of the last run; NULL: never run */
    pid_t pid;                       /* constant: of the process that made it */
    bool is_prepared, is_ordered;    /* ordered: every edge leads to a higher number */
    bool is_fresh;                   /* the words are those of a graph that was not run */
    uint32_t node_count, edge_count; /* edges: of the lists alone */
    uint32_t room;                   /* nodes that there is room for */
    uint32_t width;                  /* and in the next three alone, which are one allocation */
    uint64_t *values;                /* of each node */
    gsaw__links *links;              /* of each node */
    _Atomic uint32_t *words;         /* of each node, as above */
    gsaw__blocks nodes;              /* of gsaw__node */
    gsaw__blocks edges;              /* of gsaw__edge */
    const char **names;              /* name_count; NULL: no node has one */
    uint32_t *costs;                 /* cost_count; NULL: all cost 1 */
    uint32_t name_count, cost_count;

    uint32_t prepared;        /* nodes when it was prepared: the length of waits and outcomes */
    uint32_t *waits;          /* of each node: the edges to it */
    _Atomic uint32_t *doomed; /* a bit of each node: was to be cancelled, by itself */
    uint32_t *outcomes;       /* of one that failed: the status; of one to be skipped: the cause */
    uint32_t *roots; /* with costs: nodes that wait for nothing, in the order they are to start */
    uint32_t root_count;

    gsaw__mutex lock;        /* rank GSAW_RANK_GRAPH: the list */
    uint32_t list, list_end; /* nodes put back, linked by their words, from 1; 0: none */
    uint32_t list_count;
    bool is_carried; /* the carrier is on its way to take from the list */
    gsaw_task carrier;
    _Atomic uint32_t is_watched;                 /* not 0: claims are not plain, see claim() [W6] */
    _Atomic uint32_t failed, cancelled, skipped; /* nodes that ended so */
};

/* The node with this number, below node_count. */
static inline gsaw__node *gsaw__graph_node(const gsaw_graph *self, uint32_t node)
{
    return gsaw__blocks_at(&self->nodes, node, sizeof(gsaw__node));
}

/* The edge with this number, GSAW_LINKS_LIST or not. */
static inline gsaw__edge *gsaw__graph_edge(const gsaw_graph *self, uint32_t edge)
{
    return gsaw__blocks_at(&self->edges, edge & ~GSAW_LINKS_LIST, sizeof(gsaw__edge));
}

/* The next node that waits, which is taken out of the copy `at`. False: there is none. */
static inline bool gsaw__links_next(const gsaw_graph *self, gsaw__links *at, uint32_t *node)
{
    if (at->first == 0)
        return false;
    *node = at->first - 1;
    if ((at->more & GSAW_LINKS_LIST) != 0) {
        const gsaw__edge *edge = gsaw__graph_edge(self, at->more);
        *at = (gsaw__links){edge->target + 1, edge->next};
    } else {
        *at = (gsaw__links){at->more, 0};
    }
    return true;
}

/* graph.c: set the words of a graph that was run to what they were; with `again` as it is to run
 * again. */
void gsaw__graph_refresh(gsaw_graph *self, bool again);

/* graph_run.c: what a task with GSAW_TASK_CARRIER does: takes nodes from its graph's list. */
void gsaw__graph_carry(gsaw_worker *worker, gsaw_task *carrier);

#endif
