/* fork_plain.c - the same calls without any task: how fast this machine is today. What other
 * programs take is set in relation to it.
 * Next:    fork.h, ../tasks.py */
#include "fork.h"

/* Called, not unrolled into itself by the compiler, as a task could not be. */
#if defined(__clang__)
__attribute__((noinline))
#else
__attribute__((noinline, noclone, optimize("no-inline", "no-optimize-sibling-calls")))
#endif
static uint64_t
fibonacci(uint64_t n) /* NOLINT(misc-no-recursion): as deep as FORK_N */
{
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

int main(void)
{
    measure_series series = {.name = "fork and join"};
    volatile uint64_t n = FORK_N;
    for (int round = 0; round < FORK_ROUNDS; round++) {
        uint64_t start = measure_ns();
        uint64_t result = fibonacci(n);
        measure_add(&series, measure_ns() - start, FORK_SPAWNS);
        measure_require(result == FORK_RESULT, "result");
    }
    measure_print("plain", 1, FORK_RESULT, &series, 1);
    return 0;
}
