/* check.h - the three tiers of assertions: static_assert, gsaw_assert (debug), gsaw_check (always).
 * Keeps:   an assertion speaks of the program, never of its input: bad input is a gsaw_status.
 * Threads: any.
 * Next:    status.h */
#ifndef GSAW_BASE_CHECK_H
#define GSAW_BASE_CHECK_H

#include <assert.h>

/* Ends the process (abort) with nothing printed: the core dump tells. Never returns. */
_Noreturn void gsaw__abort(const char *condition, const char *file, int line);

#define gsaw_check(condition) ((condition) ? (void)0 : gsaw__abort(#condition, __FILE__, __LINE__))

#if defined(GSAW_DEBUG)
#define gsaw_assert(condition) gsaw_check(condition)
#else
#define gsaw_assert(condition) ((void)0)
#endif

#endif
