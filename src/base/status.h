/* status.h - filling in a gsaw_error.
 * Keeps:   the status that is returned equals the one in the error.
 * Threads: any; an error belongs to one caller.
 * Next:    status.c, gangsaw/status.h */
#ifndef GSAW_BASE_STATUS_H
#define GSAW_BASE_STATUS_H

#include <gangsaw/status.h>

/* Fill `error` (may be NULL) with status and the formatted text; returns status, so that a function
 * can end with it. The errno of the error is 0. */
gsaw_status gsaw__fail(gsaw_error *error, gsaw_status status, const char *format, ...)
    GSAW_PRINTF(3, 4);

/* The same for a failed system call: status GSAW_SYSTEM (GSAW_NO_MEMORY for ENOMEM), os_errno kept,
 * and
 * ": " with the errno's text appended to the formatted text. */
gsaw_status gsaw__fail_errno(gsaw_error *error, int os_errno, const char *format, ...)
    GSAW_PRINTF(3, 4);

/* Fill `error` (may be NULL) with GSAW_NO_MEMORY; returns it. */
gsaw_status gsaw__fail_memory(gsaw_error *error);

#endif
