/* job.h - a task and the group that it counts in: what deques and the queue hold, by value.
 * Keeps:   four words; a job that is held anywhere is one of its group's pending.
 * Threads: a value, none.
 * Next:    deque.h, queue.h */
#ifndef GSAW_TASK_JOB_H
#define GSAW_TASK_JOB_H

#include <gangsaw/task.h>

typedef struct gsaw__job {
    gsaw_group *group; /* borrowed: outlives the job */
    gsaw_task task;
} gsaw__job;

#endif
