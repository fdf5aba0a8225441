/* idle.h - what a pool of workers takes from the CPUs while one task sleeps and there is nothing
 * else to do: per cent of one CPU, after a moment to calm down.
 * Next:    idle.c */
#ifndef GSAW_BENCH_IDLE_H
#define GSAW_BENCH_IDLE_H

#include "measure.h"

/* The task. */
static inline void idle_sleep(measure_series *series)
{
    measure_pause(200000000U);
    uint64_t cpu = measure_cpu_ns(), start = measure_ns();
    measure_pause(1500000000U);
    cpu = measure_cpu_ns() - cpu;
    measure_add(series, cpu * 100, measure_ns() - start);
}

#endif
