/* idle_tbb.cpp - oneTBB: one task of a task_group sleeps, all threads had something to do before.
 * Next:    idle.h */
#include "idle.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_group.h>

namespace tbb = oneapi::tbb;

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 2);
    tbb::global_control limit(tbb::global_control::max_allowed_parallelism, workers);
    measure_series series = {"per cent", 0, {0}};
    tbb::parallel_for(0, 100, [](int) { measure_burn(10000); });
    tbb::task_group group;
    group.run([&series] { idle_sleep(&series); });
    group.wait();
    measure_print("tbb", workers, 0, &series, 1);
    return 0;
}
