/* fork_plain.c - the same calls without any task, and a compare-and-swap that nobody disturbs: how
 * fast this machine is today. What other programs take is set in relation to it.
 * Next:    fork.h, ../tasks.py */
#include "fork.h"

#include "base/atomic.h"

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

static void measure_swap(measure_series *series)
{
    enum { SWAPS = 10000000 };
    static _Atomic uint64_t word;
    uint64_t seen = gsaw__load_relaxed(&word); /* one thread: nothing to order */
    uint64_t start = measure_ns();
    for (int i = 0; i < SWAPS; i++)
        if (gsaw__cas_acq_rel(&word, &seen, seen + 1)) /* the same */
            seen++;
    measure_add(series, measure_ns() - start, SWAPS);
}

int main(void)
{
    measure_series series[] = {{.name = "fork and join"}, {.name = "a compare-and-swap"}};
    volatile uint64_t n = FORK_N;
    for (int round = 0; round < FORK_ROUNDS; round++) {
        uint64_t start = measure_ns();
        uint64_t result = fibonacci(n);
        measure_add(&series[0], measure_ns() - start, FORK_SPAWNS);
        measure_require(result == FORK_RESULT, "result");
        measure_swap(&series[1]);
    }
    measure_print("plain", 1, FORK_RESULT, series, 2);
    return 0;
}
