/* status.c - the status table as names and texts, and filling in errors.
 * Keeps:   texts are truncated, never overflown; an error's text is always zero-terminated.
 * Threads: any.
 * Next:    status.h */
#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *text;
} rows[GSAW_STATUS_COUNT] = {
#define ROW(row_name, row_text) [GSAW_##row_name] = {#row_name, row_text},
    GSAW_STATUS_TABLE(ROW)
#undef ROW
};

static bool is_known(gsaw_status status) { return (unsigned)status < GSAW_STATUS_COUNT; }

const char *gsaw_status_name(gsaw_status status)
{
    return is_known(status) ? rows[status].name : "UNKNOWN";
}

const char *gsaw_status_text(gsaw_status status)
{
    return is_known(status) ? rows[status].text : "unknown status";
}

const char *gsaw_version(void) { return GSAW_VERSION; }

GSAW_PRINTF(4, 0)
static gsaw_status fill(gsaw_error *error, gsaw_status status, int os_errno, const char *format,
                        va_list arguments)
{
    if (error == NULL)
        return status;
    error->status = status;
    error->os_errno = os_errno;
    vsnprintf(error->text, sizeof error->text, format, arguments);
    return status;
}

gsaw_status gsaw__fail(gsaw_error *error, gsaw_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(error, status, 0, format, arguments);
    va_end(arguments);
    return status;
}

gsaw_status gsaw__fail_errno(gsaw_error *error, int os_errno, const char *format, ...)
{
    gsaw_status status = os_errno == ENOMEM ? GSAW_NO_MEMORY : GSAW_SYSTEM;
    if (error == NULL)
        return status;
    va_list arguments;
    va_start(arguments, format);
    fill(error, status, os_errno, format, arguments);
    va_end(arguments);
    size_t used = strlen(error->text);
    char text[96];
    const char *message = strerror_r(os_errno, text, sizeof text); /* the GNU one: thread-safe */
    snprintf(error->text + used, sizeof error->text - used, ": %s", message);
    return status;
}

gsaw_status gsaw__fail_memory(gsaw_error *error)
{
    return gsaw__fail(error, GSAW_NO_MEMORY, "%s", gsaw_status_text(GSAW_NO_MEMORY));
}
