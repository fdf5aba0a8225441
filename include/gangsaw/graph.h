/* gangsaw/graph.h - a graph of tasks that is built once, checked, and run as often as one likes.
 *
 * For many small tasks whose dependencies are known beforehand: some 30 bytes and nanoseconds a
 * node. Nodes are numbers from 0, in the order of gsaw_graph_add. A node that fails or is cancelled
 * ends those that depend on it as skipped. Dependencies on what is already running, names,
 * priorities: gangsaw/scheduler.h.
 *
 *     gsaw_graph *graph;
 *     gsaw_graph_new(NULL, &graph, &error);
 *     gsaw_graph_add(graph, compile, &source, 0, &object);
 *     gsaw_graph_add(graph, link, &program, 0, &binary);
 *     gsaw_graph_depend(graph, binary, object);
 *     status = gsaw_graph_run(graph, pool, &error);
 *     gsaw_graph_free(graph);
 */
#ifndef GANGSAW_GRAPH_H
#define GANGSAW_GRAPH_H

#include <gangsaw/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gsaw_graph gsaw_graph; /* opaque */

#define GSAW_GRAPH_NODES_MAX UINT32_C(0x7FFFFFE)

/* All-zero but for size means every default. */
typedef struct gsaw_graph_options {
    size_t size;                     /* sizeof(gsaw_graph_options) */
    const gsaw_allocator *allocator; /* NULL: malloc */
    uint32_t nodes, edges;           /* expected: room is made at once; 0: it grows as needed */
    bool fail_fast; /* the first failure cancels all that has not started; else what does not
                       depend on it goes on */
} gsaw_graph_options;

/* How the nodes of a graph ended. */
typedef struct gsaw_graph_counts {
    uint32_t nodes, done, failed, cancelled, skipped; /* nodes: the sum, once it has been run */
} gsaw_graph_counts;

/* An empty graph. options NULL: defaults. Errors: GSAW_NO_MEMORY, GSAW_INVALID. A graph is built by
 * one thread at a time, and not while it runs. */
GSAW_API gsaw_status gsaw_graph_new(const gsaw_graph_options *options, gsaw_graph **out,
                                    gsaw_error *error);

/* Free; not while it runs, but for a child that was forked meanwhile. NULL is allowed. */
GSAW_API void gsaw_graph_free(gsaw_graph *self);

/* Add a node that calls the function with the argument (borrowed) and a value, which the function
 * replaces by its result (and finds again when the graph is run again). *out may be NULL. Errors:
 * GSAW_NO_MEMORY, GSAW_LIMIT (GSAW_GRAPH_NODES_MAX), GSAW_INVALID (no function, or running); then
 * the graph is as before. */
GSAW_API gsaw_status gsaw_graph_add(gsaw_graph *self, gsaw_task_function *function, void *argument,
                                    uint64_t value, uint32_t *out);

/* Let `after` wait for `before`, in either order of their making. Twice the same is allowed.
 * Errors: GSAW_NO_MEMORY, GSAW_RANGE (no such node), GSAW_INVALID (running). That a node does not
 * depend on itself, at whatever distance, is checked by prepare. */
GSAW_API gsaw_status gsaw_graph_depend(gsaw_graph *self, uint32_t after, uint32_t before);

/* Tell what a node costs, in any unit (default 1): of nodes that become ready together, the one
 * with the longest way to the end of the graph goes first. The name is for messages; borrowed.
 * Errors: GSAW_NO_MEMORY, GSAW_RANGE, GSAW_INVALID. */
GSAW_API gsaw_status gsaw_graph_set_cost(gsaw_graph *self, uint32_t node, uint32_t cost);
GSAW_API gsaw_status gsaw_graph_set_name(gsaw_graph *self, uint32_t node, const char *name);

/* Check the graph and make it ready to run; start does it when needed. Linear in nodes and edges
 * (Kahn, Topological Sorting of Large Networks, CACM 5 (1962)). Errors: GSAW_INVALID: a cycle,
 * which the text names ("cycle: a -> b -> a", with numbers for nodes without a name);
 * GSAW_NO_MEMORY. */
GSAW_API gsaw_status gsaw_graph_prepare(gsaw_graph *self, gsaw_error *error);

/* Start all that depends on nothing, on a pool; then return. From any thread, tasks of the pool
 * included. Errors: as prepare; GSAW_CLOSED; GSAW_INVALID (it is running). Nothing was started
 * then. */
GSAW_API gsaw_status gsaw_graph_start(gsaw_graph *self, gsaw_pool *pool, gsaw_error *error);

/* Wait until every node has ended. As gsaw_pool_wait, tasks included (but not those of this graph).
 * GSAW_OK, the status of the first node that failed, or GSAW_CANCELLED. */
GSAW_API gsaw_status gsaw_graph_wait(gsaw_graph *self);

/* Start and wait. */
GSAW_API gsaw_status gsaw_graph_run(gsaw_graph *self, gsaw_pool *pool, gsaw_error *error);

/* Cancel a node that has not started; those that depend on it will be skipped. As gsaw_task_cancel.
 * False beyond the last node, too. While it runs; any thread. */
GSAW_API bool gsaw_graph_cancel_node(gsaw_graph *self, uint32_t node);

/* Cancel all that has not started; running functions see gsaw_worker_is_cancelled. Any thread. */
GSAW_API void gsaw_graph_cancel(gsaw_graph *self);

/* How a node is doing in the run that was started last. GSAW_TASK_NEW beyond the last node. Any
 * thread. */
GSAW_API gsaw_task_state gsaw_graph_state(const gsaw_graph *self, uint32_t node);

/* GSAW_OK, GSAW_AGAIN, GSAW_CANCELLED, or the failure: as gsaw_task_status. For a node that was
 * skipped, *cause (may be NULL) is the node that failed or was cancelled first on the way to it;
 * for others itself. Any thread. */
GSAW_API gsaw_status gsaw_graph_status(const gsaw_graph *self, uint32_t node, uint32_t *cause);

/* The value of a node: after its end, its result. 0 beyond the last node. */
GSAW_API uint64_t gsaw_graph_value(const gsaw_graph *self, uint32_t node);

/* How many ended how. When it does not run. */
GSAW_API void gsaw_graph_count(const gsaw_graph *self, gsaw_graph_counts *out);

#ifdef __cplusplus
}
#endif

#endif
