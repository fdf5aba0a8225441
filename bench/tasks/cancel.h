/* cancel.h - a million queued tasks are cancelled: from the request until the last is done away
 * with.
 * Next:    cancel.c */
#ifndef GSAW_BENCH_CANCEL_H
#define GSAW_BENCH_CANCEL_H

#include "measure.h"

enum { CANCEL_TASKS = 1000000, CANCEL_ROUNDS = 4 };

#endif
