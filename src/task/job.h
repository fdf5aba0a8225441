/* job.h - what deques hold: a task, or a node of a graph, with the group that it counts in.
 * Keeps:   two words; a job that is held anywhere is one of its group's pending, or forked by a
 *          task that is.
 * Threads: a value, none.
 * Next:    deque.h, inbox.h, run.h */
#ifndef GSAW_TASK_JOB_H
#define GSAW_TASK_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include <gangsaw/pool.h>

/* The group stands here, and not only in the task, since who looks at a job that it does not own
 * yet must not follow the pointer: the task may have ended and be gone. */
typedef struct gsaw__job {
    uintptr_t word; /* a gsaw_task *, or 2 * node + 1 of the graph that the group is of */
    gsaw_group *group;
} gsaw__job;

/* The job that a task is. */
static inline gsaw__job gsaw__job_of_task(gsaw_task *task, gsaw_group *group)
{
    return (gsaw__job){.word = (uintptr_t)task, .group = group};
}

/* The job that a node of the graph of this group is. */
static inline gsaw__job gsaw__job_of_node(uint32_t node, gsaw_group *group)
{
    return (gsaw__job){.word = (uintptr_t)node << 1 | 1, .group = group};
}

/* Which of the two it is, and which task or node. */
static inline bool gsaw__job_is_node(gsaw__job job) { return (job.word & 1) != 0; }
/* Of a task alone. */
static inline gsaw_task *gsaw__job_task(gsaw__job job) { return (gsaw_task *)job.word; }
/* Of a node alone. */
static inline uint32_t gsaw__job_node(gsaw__job job) { return (uint32_t)(job.word >> 1); }

/* How many tasks ahead the processor is to fetch: what another one wrote takes 100 ns and more to
 * come, and a task in a list 3. 64 were 1 ns a cancelled task slower, 24 were 4; 256 are the same.
 */
#define GSAW_JOBS_AHEAD 192

/* Going through a list of tasks from `task` to `next`: fetch ahead, if the list goes through an
 * array, as most do. A wrong guess costs nothing but the fetch. */
static inline void gsaw__job_prefetch(const gsaw_task *task, const gsaw_task *next)
{
    uintptr_t step = (uintptr_t)next - (uintptr_t)task;
    __builtin_prefetch((const void *)((uintptr_t)next + step * GSAW_JOBS_AHEAD), 1);
}

#endif
