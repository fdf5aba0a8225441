/* fork_tbb.cpp - oneTBB: task_group, as its reference has the Fibonacci example ("task_group": run
 * one half, and call the other in the same task instead of a second run).
 * Next:    fork.h */
#include "fork.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_group.h>

static uint64_t fibonacci(uint64_t n)
{
    if (n < 2)
        return n;
    uint64_t one, other;
    oneapi::tbb::task_group group;
    group.run([&one, n] { one = fibonacci(n - 1); });
    other = fibonacci(n - 2);
    group.wait();
    return one + other;
}

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 1);
    oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism,
                                      workers);
    measure_series series = {"fork and join", 0, {0}};
    for (int round = 0; round < FORK_ROUNDS; round++) {
        uint64_t start = measure_ns();
        uint64_t result = fibonacci(FORK_N);
        measure_add(&series, measure_ns() - start, FORK_SPAWNS);
        measure_require(result == FORK_RESULT, "result");
    }
    measure_print("tbb", workers, FORK_RESULT, &series, 1);
    return 0;
}
