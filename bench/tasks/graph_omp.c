/* graph_omp.c - OpenMP: tasks with depend, made by one thread while the team runs them (OpenMP
 * examples, "Task Dependences"). A graph cannot be kept and run again: it is made again each time.
 * Keeps:   predecessors are made first, as depend sees only what came before.
 * Next:    dag.h */
#include "dag.h"

static dag work;

static void make_and_run(int workers)
{
#pragma omp parallel num_threads(workers)
#pragma omp single
    for (uint32_t place = 0; place < work.nodes; place++) {
        uint32_t i = work.order[place];
        uint32_t one = work.before[i][0], other = work.before[i][1];
        if (one == DAG_NONE)
            one = other;
        if (one == DAG_NONE) {
#pragma omp task depend(out : work.out[i]) firstprivate(i)
            dag_visit(&work, i);
        } else if (other == DAG_NONE || other == one) {
#pragma omp task depend(in : work.out[one]) depend(out : work.out[i]) firstprivate(i)
            dag_visit(&work, i);
        } else {
#pragma omp task depend(in                                                                         \
                        : work.out[one], work.out[other]) depend(out                               \
                                                                 : work.out[i]) firstprivate(i)
            dag_visit(&work, i);
        }
    }
}

int main(int argc, char **argv)
{
    int workers = (int)measure_argument(argc, argv, 1, 1);
    work = dag_new(argc > 2 ? argv[2] : "grid", measure_argument(argc, argv, 3, 1000000));
    measure_series series = {.name = "make and run"};
    uint64_t check = 0;
    for (unsigned making = 0; making < dag_makings(&work); making++) {
        uint64_t start = measure_ns();
        make_and_run(workers);
        measure_add(&series, measure_ns() - start, work.nodes);
        uint64_t sum = dag_check(&work);
        check = making == 0 ? sum : check;
    }
    measure_print(BENCH_PEER, (unsigned)workers, check, &series, 1);
    dag_clear(&work);
    return 0;
}
