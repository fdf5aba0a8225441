/* submit_omp.c - OpenMP: one thread of the team makes a task each (single, task), the way of the
 * specification's examples; it takes part at the barrier that ends single.
 * Next:    submit.h */
#include "submit.h"

int main(int argc, char **argv)
{
    int workers = (int)measure_argument(argc, argv, 1, 1);
    measure_series series = {.name = "submit"};
    uint32_t *places = submit_places();
    for (int round = 0; round < SUBMIT_ROUNDS; round++) {
        uint64_t start = measure_ns();
#pragma omp parallel num_threads(workers)
#pragma omp single
        for (int i = 0; i < SUBMIT_TASKS; i++) {
            uint32_t *place = &places[i];
#pragma omp task firstprivate(place)
            submit_mark(place);
        }
        measure_add(&series, measure_ns() - start, SUBMIT_TASKS);
        submit_check(places, round + 1);
    }
    measure_print(BENCH_PEER, (unsigned)workers, SUBMIT_TASKS, &series, 1);
    free(places);
    return 0;
}
