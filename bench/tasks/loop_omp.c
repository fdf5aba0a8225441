/* loop_omp.c - OpenMP: for schedule(dynamic, 1), made for iterations of different cost, and
 * taskloop with 60 tasks a thread (of more than 64 libgomp makes none: one thread runs all). It
 * cannot be told costs.
 * Next:    loop.h */
#include "loop.h"

static loop work;

int main(int argc, char **argv)
{
    int workers = (int)measure_argument(argc, argv, 1, 4);
    measure_series series[] = {{.name = "no costs"}, {.name = "no costs, taskloop"}};
    loop_draw(&work, (unsigned)workers);
    for (int round = 0; round < LOOP_ROUNDS; round++) {
        uint64_t start = measure_ns();
#pragma omp parallel for num_threads(workers) schedule(dynamic, 1)
        for (size_t i = 0; i < LOOP_ITEMS; i++)
            loop_item(&work, i);
        loop_note(&work, (unsigned)workers, measure_ns() - start, &series[0]);
        start = measure_ns();
#pragma omp parallel num_threads(workers)
#pragma omp single
#pragma omp taskloop num_tasks(60 * workers)
        for (size_t i = 0; i < LOOP_ITEMS; i++)
            loop_item(&work, i);
        loop_note(&work, (unsigned)workers, measure_ns() - start, &series[1]);
    }
    measure_print(BENCH_PEER, (unsigned)workers, LOOP_ITEMS, series, 2);
    return 0;
}
