/* graph.c - gangsaw: a graph is made, run, and asked how each of its nodes ended; then run again.
 * Next:    dag.h, include/gangsaw/graph.h */
#include "dag.h"

#include <gangsaw/graph.h>

static dag work;

static gsaw_status visit(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    (void)value;
    dag_visit(&work, (uint32_t)((uint64_t *)argument - work.out));
    return GSAW_OK;
}

static gsaw_graph *make(void)
{
    gsaw_graph *graph;
    gsaw_graph_options options = {
        .size = sizeof options, .nodes = work.nodes, .edges = work.nodes * DAG_EDGES};
    measure_require(gsaw_graph_new(&options, &graph, NULL) == GSAW_OK, "graph");
    for (uint32_t i = 0; i < work.nodes; i++)
        measure_require(gsaw_graph_add(graph, visit, &work.out[i], 0, NULL) == GSAW_OK, "add");
    for (uint32_t i = 0; i < work.nodes; i++)
        for (int k = 0; k < DAG_EDGES; k++)
            if (work.before[i][k] != DAG_NONE)
                measure_require(gsaw_graph_depend(graph, i, work.before[i][k]) == GSAW_OK,
                                "depend");
    return graph;
}

static void ask(const gsaw_graph *graph)
{
    for (uint32_t i = 0; i < work.nodes; i++)
        measure_require(gsaw_graph_state(graph, i) == GSAW_TASK_DONE, "status");
}

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 1);
    work = dag_new(argc > 2 ? argv[2] : "grid", measure_argument(argc, argv, 3, 1000000));
    measure_series series[] = {{.name = "make and run"}, {.name = "run again"}, {.name = "bytes"}};
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    measure_require(gsaw_pool_new(&options, &pool, NULL) == GSAW_OK, "pool");
    uint64_t check = 0;
    for (unsigned making = 0; making < dag_makings(&work); making++) {
        uint64_t before = measure_resident(), start = measure_ns();
        gsaw_graph *graph = make();
        measure_require(gsaw_graph_run(graph, pool, NULL) == GSAW_OK, "run");
        ask(graph);
        measure_add(&series[0], measure_ns() - start, work.nodes);
        if (making == 0) /* later ones get memory that the first gave back */
            measure_add(&series[2], measure_resident() - before, work.nodes);
        uint64_t sum = dag_check(&work);
        check = making == 0 ? sum : check;
        for (unsigned run = 0; making == 0 && run < dag_reruns(&work); run++) {
            start = measure_ns();
            measure_require(gsaw_graph_run(graph, pool, NULL) == GSAW_OK, "run");
            measure_add(&series[1], measure_ns() - start, work.nodes);
            dag_check(&work);
        }
        gsaw_graph_free(graph);
    }
    gsaw_pool_free(pool);
    measure_print("gangsaw", workers, check, series, 3);
    dag_clear(&work);
    return 0;
}
