/* cancel_tbb.cpp - oneTBB: task_group::cancel and wait. It has no way to cancel one task. The tasks
 * lie in the deque of the one thread there is, so none can start before.
 * Next:    cancel.h */
#include "cancel.h"

#include <atomic>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_group.h>

int main()
{
    oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism, 1);
    measure_series series[] = {{"group", 0, {0}}};
    std::atomic<int> ran{0};
    for (int round = 0; round < CANCEL_ROUNDS; round++) {
        oneapi::tbb::task_group group;
        for (int i = 0; i < CANCEL_TASKS; i++)
            group.run([&ran] { ran.fetch_add(1, std::memory_order_relaxed); });
        uint64_t start = measure_ns();
        group.cancel();
        group.wait();
        measure_add(&series[0], measure_ns() - start, CANCEL_TASKS);
    }
    measure_require(ran == 0, "no task ran");
    measure_print("tbb", 1, CANCEL_TASKS, series, 1);
    return 0;
}
