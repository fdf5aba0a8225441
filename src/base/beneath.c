/* beneath.c - the system call itself: glibc has no wrapper for it.
 * Threads: any.
 * Next:    beneath.h */
#include "base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel answers EAGAIN when a rename raced with a ".." on the path. */
#define RACES_MAX 32

int gsaw__beneath_open(int directory, const char *path, int flags, bool follow)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | O_NOCTTY),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (follow ? 0u : RESOLVE_NO_SYMLINKS),
    };
    if ((flags & O_PATH) != 0)
        how.flags &= ~(uint64_t)O_NOCTTY; /* openat2 refuses flags that mean nothing */
    long descriptor;
    int races = 0;
    do
        descriptor = syscall(SYS_openat2, directory, path, &how, sizeof how);
    while (descriptor < 0 && (errno == EINTR || (errno == EAGAIN && ++races < RACES_MAX)));
    if (descriptor >= 0)
        return (int)descriptor;
    /* Sandboxes older than the call refuse it with EPERM, which plain opening does not know. */
    return errno == EPERM ? -ENOSYS : -errno;
}
