/* wake_tbb.cpp - oneTBB: task_arena::enqueue into an arena without a place for the measuring
 * thread, so that a worker has to wake up.
 * Next:    wake.h */
#include "wake.h"

#include <atomic>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

namespace tbb = oneapi::tbb;

struct arena_sender {
    tbb::task_arena arena;
    std::atomic<uint64_t> noted{0};
    explicit arena_sender(unsigned workers) : arena((int)workers, 0) {}
};

static void send(void *self)
{
    auto *sender = static_cast<arena_sender *>(self);
    sender->arena.enqueue(
        [sender] { sender->noted.store(wake_note(), std::memory_order_release); });
}

static uint64_t started(void *self)
{
    auto *sender = static_cast<arena_sender *>(self);
    uint64_t noted = sender->noted.load(std::memory_order_acquire);
    if (noted)
        sender->noted.store(0, std::memory_order_relaxed);
    return noted;
}

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 1);
    tbb::global_control limit(tbb::global_control::max_allowed_parallelism, workers + 1);
    arena_sender sender(workers);
    wake_sender senders[] = {{send, started, &sender}};
    measure_series series[] = {{"20 us later", 0, {0}}, {"parked", 0, {0}}};
    wake_measure(senders, 1, series);
    measure_print("tbb", workers, WAKE_SOON, series, 2);
    return 0;
}
