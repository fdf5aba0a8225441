/* idle_omp.c - OpenMP: one task of a team sleeps, the others wait at the barrier; the default wait
 * policy.
 * Next:    idle.h */
#include "idle.h"

int main(int argc, char **argv)
{
    int workers = (int)measure_argument(argc, argv, 1, 2);
    measure_series series = {.name = "per cent"};
#pragma omp parallel num_threads(workers)
#pragma omp single
#pragma omp task shared(series)
    idle_sleep(&series);
    measure_print(BENCH_PEER, (unsigned)workers, 0, &series, 1);
    return 0;
}
