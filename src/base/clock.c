/* clock.c - clock_gettime in nanoseconds.
 * Threads: any.
 * Next:    clock.h */
#include "base/clock.h"

#include <time.h>

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t gsaw__clock_ns(void) { return read_clock(CLOCK_MONOTONIC) | 1; }

uint64_t gsaw__clock_cpu_ns(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

uint64_t gsaw__clock_thread_ns(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
