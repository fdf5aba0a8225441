/* balancer.h - LoadBalancer inside.
 * Threads: any.
 * Next:    balancer.c */
#ifndef GSAW_WORK_BALANCER_H
#define GSAW_WORK_BALANCER_H

#include <gangsaw/work.h>

/* Put in the defaults. Errors: GSAW_INVALID (size), GSAW_RANGE. */
gsaw_status gsaw__balancer_fill(gsaw_balancer *self, gsaw_error *error);

#endif
