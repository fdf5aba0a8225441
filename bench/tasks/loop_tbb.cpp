/* loop_tbb.cpp - oneTBB: parallel_for with the default partitioner, and with simple_partitioner and
 * a grain of 1, which its guide recommends where the iterations are dear and differ ("Controlling
 * Chunking"). It cannot be told costs.
 * Next:    loop.h */
#include "loop.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

namespace tbb = oneapi::tbb;

static loop work;

template <typename partitioner>
static void measure(tbb::task_arena &arena, unsigned workers, measure_series *series)
{
    uint64_t start = measure_ns();
    arena.execute([] {
        tbb::parallel_for(
            tbb::blocked_range<size_t>(0, LOOP_ITEMS, 1),
            [](const tbb::blocked_range<size_t> &range) {
                for (size_t i = range.begin(); i < range.end(); i++)
                    loop_item(&work, i);
            },
            partitioner());
    });
    loop_note(&work, workers, measure_ns() - start, series);
}

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 4);
    tbb::global_control limit(tbb::global_control::max_allowed_parallelism, workers);
    tbb::task_arena arena((int)workers);
    measure_series series[] = {{"no costs", 0, {0}}, {"no costs, grain 1", 0, {0}}};
    loop_draw(&work, workers);
    for (int round = 0; round < LOOP_ROUNDS; round++) {
        measure<tbb::auto_partitioner>(arena, workers, &series[0]);
        measure<tbb::simple_partitioner>(arena, workers, &series[1]);
    }
    measure_print("tbb", workers, LOOP_ITEMS, series, 2);
    return 0;
}
