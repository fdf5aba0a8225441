/* graph_tbb.cpp - oneTBB's flow graph as its guide has dependence graphs ("Dependence Graph":
 * continue_node<continue_msg>, make_edge, try_put to what depends on nothing, wait_for_all; run
 * again the same way).
 * Next:    dag.h, graph_tbb_counters.cpp */
#include "dag.h"

#include <memory>
#include <vector>

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>

namespace flow = oneapi::tbb::flow;

static dag work;

struct flow_dag {
    flow::graph graph;
    std::vector<flow::continue_node<flow::continue_msg>> nodes;
    std::vector<uint32_t> sources;

    flow_dag()
    {
        nodes.reserve(work.nodes);
        for (uint32_t i = 0; i < work.nodes; i++) {
            nodes.emplace_back(graph, [i](const flow::continue_msg &) {
                dag_visit(&work, i);
                return flow::continue_msg();
            });
            if (work.before[i][0] == DAG_NONE && work.before[i][1] == DAG_NONE)
                sources.push_back(i);
        }
        for (uint32_t i = 0; i < work.nodes; i++)
            for (uint32_t before : work.before[i])
                if (before != DAG_NONE)
                    flow::make_edge(nodes[before], nodes[i]);
    }

    void run()
    {
        for (uint32_t i : sources)
            nodes[i].try_put(flow::continue_msg());
        graph.wait_for_all();
    }
};

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 1);
    oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism,
                                      workers);
    work = dag_new(argc > 2 ? argv[2] : "grid", measure_argument(argc, argv, 3, 1000000));
    measure_series series[] = {{"make and run", 0, {0}}, {"run again", 0, {0}}, {"bytes", 0, {0}}};
    uint64_t check = 0;
    for (unsigned making = 0; making < dag_makings(&work); making++) {
        uint64_t before = measure_resident(), start = measure_ns();
        auto graph = std::make_unique<flow_dag>();
        graph->run();
        measure_add(&series[0], measure_ns() - start, work.nodes);
        if (making == 0) /* later ones get memory that the first gave back */
            measure_add(&series[2], measure_resident() - before, work.nodes);
        uint64_t sum = dag_check(&work);
        check = making == 0 ? sum : check;
        for (unsigned run = 0; making == 0 && run < dag_reruns(&work); run++) {
            start = measure_ns();
            graph->run();
            measure_add(&series[1], measure_ns() - start, work.nodes);
            dag_check(&work);
        }
    }
    measure_print("tbb", workers, check, series, 3);
    dag_clear(&work);
    return 0;
}
