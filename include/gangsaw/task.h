/* gangsaw/task.h - the task framework, all of it: a library in its own right.
 *
 *     pool.h       threads, groups, fork and join, loops: the fast path
 *     graph.h      graphs built once and run often
 *     scheduler.h  tasks with names, priorities, deadlines, retries, scheduled at any time
 *     sync.h       what parallel tasks share: counters, barriers, snapshots, results, progress
 */
#ifndef GANGSAW_TASK_H
#define GANGSAW_TASK_H

#include <gangsaw/graph.h>
#include <gangsaw/pool.h>
#include <gangsaw/scheduler.h>
#include <gangsaw/sync.h>

#endif
