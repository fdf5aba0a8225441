/* clock.h - time: monotonic nanoseconds for the wall, CPU time of the process and of this thread.
 * Threads: any.
 * Next:    clock.c */
#ifndef GSAW_BASE_CLOCK_H
#define GSAW_BASE_CLOCK_H

#include <stdint.h>

uint64_t gsaw__clock_ns(void);        /* CLOCK_MONOTONIC; never 0 */
uint64_t gsaw__clock_cpu_ns(void);    /* CPU time of the whole process */
uint64_t gsaw__clock_thread_ns(void); /* CPU time of the calling thread */

#endif
