/* fork_omp.c - OpenMP: a task for one half, a call for the other, taskwait; as the examples that
 * the OpenMP ARB publishes (task directive), with a call instead of the second task, which is
 * cheaper.
 * Next:    fork.h */
#include "fork.h"

static uint64_t fibonacci(uint64_t n)
{
    if (n < 2)
        return n;
    uint64_t one, other;
#pragma omp task shared(one) firstprivate(n)
    one = fibonacci(n - 1);
    other = fibonacci(n - 2);
#pragma omp taskwait
    return one + other;
}

int main(int argc, char **argv)
{
    int workers = (int)measure_argument(argc, argv, 1, 1);
    measure_series series = {.name = "fork and join"};
    for (int round = 0; round < FORK_ROUNDS; round++) {
        uint64_t result = 0, start = measure_ns();
#pragma omp parallel num_threads(workers)
#pragma omp single
        result = fibonacci(FORK_N);
        measure_add(&series, measure_ns() - start, FORK_SPAWNS);
        measure_require(result == FORK_RESULT, "result");
    }
    measure_print(BENCH_PEER, (unsigned)workers, FORK_RESULT, &series, 1);
    return 0;
}
