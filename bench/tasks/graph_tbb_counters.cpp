/* graph_tbb_counters.cpp - oneTBB's task_group with counters and successor lists written by hand,
 * the first task that becomes ready run at once (task scheduler bypass by hand): what its users
 * write who find the flow graph too slow. No status, no cancellation of a node, no check for
 * cycles.
 * Next:    dag.h */
#include "dag.h"

#include <atomic>
#include <memory>
#include <vector>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_group.h>

static dag work;

struct counted_dag {
    struct node {
        std::atomic<uint32_t> left{0};
        uint32_t waits = 0, first = 0;
    };
    std::vector<node> nodes;
    std::vector<uint32_t> after, sources;
    oneapi::tbb::task_group group;

    counted_dag() : nodes(work.nodes + 2), after((size_t)work.nodes * DAG_EDGES)
    {
        for (uint32_t i = 0; i < work.nodes; i++) {
            for (uint32_t before : work.before[i])
                if (before != DAG_NONE) {
                    nodes[before + 2].first++;
                    nodes[i].waits++;
                }
            if (nodes[i].waits == 0)
                sources.push_back(i);
        }
        for (uint32_t i = 0; i < work.nodes; i++)
            nodes[i + 2].first += nodes[i + 1].first;
        for (uint32_t i = 0; i < work.nodes; i++)
            for (uint32_t before : work.before[i])
                if (before != DAG_NONE)
                    after[nodes[before + 1].first++] = i;
    }

    void visit(uint32_t i)
    {
        while (i != DAG_NONE) {
            dag_visit(&work, i);
            uint32_t next = DAG_NONE;
            for (uint32_t k = nodes[i].first; k < nodes[i + 1].first; k++) {
                uint32_t other = after[k];
                if (nodes[other].left.fetch_sub(1, std::memory_order_acq_rel) != 1)
                    continue;
                if (next == DAG_NONE)
                    next = other;
                else
                    group.run([this, other] { visit(other); });
            }
            i = next;
        }
    }

    void run()
    {
        for (uint32_t i = 0; i < work.nodes; i++)
            nodes[i].left.store(nodes[i].waits, std::memory_order_relaxed);
        for (uint32_t i : sources)
            group.run([this, i] { visit(i); });
        group.wait();
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
        auto graph = std::make_unique<counted_dag>();
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
    measure_print("tbb, counters by hand", workers, check, series, 3);
    dag_clear(&work);
    return 0;
}
