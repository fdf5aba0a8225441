/* check.c - where a failed assertion ends.
 * Keeps:   nothing is printed (a library's manners); the arguments are there for the debugger's
 *          eye.
 * Threads: any.
 * Next:    check.h */
#include "base/check.h"

#include <stdlib.h>

_Noreturn void gsaw__abort(const char *condition, const char *file, int line)
{
    volatile const char *kept_condition = condition, *kept_file = file;
    volatile int kept_line = line;
    (void)kept_condition, (void)kept_file, (void)kept_line;
    abort();
}
