/* wake.h - from the moment that work is handed over until the task starts on another thread: 20 us
 * after the last task, and when all have been asleep for a millisecond.
 * Keeps:   who hands over burns the 20 us, as a thread that computes, and sleeps the millisecond,
 *          as one that waits for something.
 *          The one who hands over stays on one CPU, the one who is woken on another (where there
 *          are two): a wake-up on the same CPU is a switch of threads, on another one that sleeps
 *          an interrupt, which in a virtual machine takes ten times as long; a median over a
 *          mixture of the two says nothing.
 * Threads: send() is called by the measuring thread; started() gives what the task noted.
 * Next:    wake.c */
#ifndef GSAW_BENCH_WAKE_H
#define GSAW_BENCH_WAKE_H

#include <sched.h>

#include "measure.h"

enum { WAKE_SOON = 2000, WAKE_PARKED = 150 };
#define WAKE_SOON_NS 20000
#define WAKE_PARKED_NS 1000000
#define WAKE_PAUSE_NS 100000

typedef struct wake_sender {
    void (*send)(void *self);        /* hand a task over that notes wake_note() */
    uint64_t (*started)(void *self); /* what it noted; 0: not yet. Then forgets it */
    void *self;
} wake_sender;

/* Keep this thread on the first, or on the last, CPU of those it may use. */
static inline void wake_stay(bool on_last)
{
    cpu_set_t all, one;
    size_t chosen = CPU_SETSIZE;
    measure_require(sched_getaffinity(0, sizeof all, &all) == 0, "sched_getaffinity");
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && (on_last || chosen == CPU_SETSIZE))
            chosen = cpu;
    CPU_ZERO(&one);
    CPU_SET(chosen, &one);
    measure_require(sched_setaffinity(0, sizeof one, &one) == 0, "sched_setaffinity");
}

/* What the task does: the time; and its thread is kept where it belongs, from the first one on. */
static inline uint64_t wake_note(void)
{
    static __thread bool stays;
    uint64_t now = measure_ns();
    if (!stays)
        wake_stay(false);
    stays = true;
    return now;
}

static inline uint64_t wake_once(const wake_sender *sender, uint64_t pause_ns)
{
    uint64_t noted, start = measure_ns();
    sender->send(sender->self);
    while ((noted = sender->started(sender->self)) == 0)
        if (pause_ns)
            measure_pause(pause_ns);
    return noted > start ? noted - start : 0;
}

static inline int wake_compare(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return a < b ? -1 : a > b;
}

/* The median of many, in ns. */
static inline void wake_add_median(measure_series *series, uint64_t *times, size_t count)
{
    qsort(times, count, sizeof *times, wake_compare);
    measure_add(series, times[count / 2], 1);
}

/* The senders take turns, so that all meet the same machine. series: two of each sender. */
static inline void wake_measure(const wake_sender *senders, size_t count, measure_series *series)
{
    static uint64_t times[2][WAKE_SOON];
    measure_require(count <= 2, "room for the times");
    for (size_t which = 0; which < count; which++)
        wake_once(&senders[which], WAKE_PAUSE_NS); /* threads that start later may go anywhere */
    wake_stay(true);
    for (size_t which = 0; which < count; which++) {
        for (int i = 0; i < WAKE_SOON; i++) {
            measure_burn(WAKE_SOON_NS);
            times[which][i] = wake_once(&senders[which], 0);
        }
        wake_add_median(&series[which * 2], times[which], WAKE_SOON);
    }
    for (int i = 0; i < WAKE_PARKED; i++)
        for (size_t which = 0; which < count; which++) {
            measure_pause(WAKE_PARKED_NS);
            times[which][i] = wake_once(&senders[which], WAKE_PAUSE_NS);
        }
    for (size_t which = 0; which < count; which++)
        wake_add_median(&series[which * 2 + 1], times[which], WAKE_PARKED);
}

#endif
