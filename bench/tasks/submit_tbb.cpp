/* submit_tbb.cpp - oneTBB: task_group::run by a thread that then takes part (the recommended way),
 * and task_arena::enqueue into an arena that has no place for it: truly from outside, and counted
 * by hand, as enqueue has no wait.
 * Next:    submit.h */
#include "submit.h"

#include <atomic>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

namespace tbb = oneapi::tbb;

static void run_group(uint32_t *places)
{
    tbb::task_group group;
    for (int i = 0; i < SUBMIT_TASKS; i++)
        group.run([place = &places[i]] { submit_mark(place); });
    group.wait();
}

static void run_enqueue(tbb::task_arena &arena, uint32_t *places)
{
    std::atomic<int> left{SUBMIT_TASKS};
    for (int i = 0; i < SUBMIT_TASKS; i++)
        arena.enqueue([place = &places[i], &left] {
            submit_mark(place);
            left.fetch_sub(1, std::memory_order_release);
        });
    while (left.load(std::memory_order_acquire) != 0)
        measure_pause(20000);
}

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 1);
    tbb::task_arena outside((int)workers, 0);
    measure_series series[] = {{"submit", 0, {0}}, {"enqueue", 0, {0}}};
    uint32_t *places = submit_places();
    int done = 0;
    /* One way after the other: memory that one thread took and another gave back slows the next. */
    for (int round = 0; round < SUBMIT_ROUNDS; round++) {
        tbb::global_control limit(tbb::global_control::max_allowed_parallelism, workers);
        uint64_t start = measure_ns();
        run_group(places);
        measure_add(&series[0], measure_ns() - start, SUBMIT_TASKS);
        submit_check(places, ++done);
    }
    for (int round = 0; round < SUBMIT_ROUNDS; round++) {
        tbb::global_control limit(tbb::global_control::max_allowed_parallelism, workers + 1);
        uint64_t start = measure_ns();
        run_enqueue(outside, places);
        measure_add(&series[1], measure_ns() - start, SUBMIT_TASKS);
        submit_check(places, ++done);
    }
    measure_print("tbb", workers, SUBMIT_TASKS, series, 2);
    free(places);
    return 0;
}
