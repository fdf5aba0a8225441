/* fork.h - fork and join: the naive Fibonacci number, every call but the last two a task.
 * Next:    fork.c, fork_plain.c (calls instead of tasks) */
#ifndef GSAW_BENCH_FORK_H
#define GSAW_BENCH_FORK_H

#include "measure.h"

enum { FORK_N = 32, FORK_ROUNDS = 5 };
#define FORK_RESULT 2178309U
#define FORK_SPAWNS 3524577U /* calls with n > 1: one spawn and one join each */

#endif
