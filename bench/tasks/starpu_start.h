/* starpu_start.h - StarPU as its handbook wants it for small tasks on CPUs alone: no accelerators,
 * the plainest scheduler (eager: one queue), no history of costs.
 * Next:    submit_starpu.c, graph_starpu.c */
#ifndef GSAW_BENCH_STARPU_START_H
#define GSAW_BENCH_STARPU_START_H

#include <starpu.h>

#include "measure.h"

static inline void starpu_start(unsigned workers)
{
    struct starpu_conf conf;
    starpu_conf_init(&conf);
    conf.ncpus = (int)workers;
    conf.ncuda = 0;
    conf.nopencl = 0;
    conf.sched_policy_name = "eager";
    measure_require(starpu_init(&conf) == 0, "starpu_init");
}

#endif
