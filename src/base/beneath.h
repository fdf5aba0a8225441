/* beneath.h - opening below a directory that cannot be left, by openat2(2).
 * Keeps:   what is opened was below the directory when it was opened, whatever is renamed or
 *          replaced meanwhile; the kernel checks it, so there is no gap between test and use.
 * Threads: any; a descriptor belongs to one caller.
 * Next:    beneath.c, file.h */
#ifndef GSAW_BASE_BENEATH_H
#define GSAW_BASE_BENEATH_H

#include <stdbool.h>

/* Open `path` (at most PATH_MAX - 1 bytes) below `directory` with the flags of open(2) (O_CLOEXEC
 * and O_NOCTTY are added). follow: links are followed as long as they stay below it (an absolute
 * one does not); else a link anywhere on the path is an error. Returns a descriptor, or -errno:
 * EXDEV for a link that leads out, ELOOP for a link that may not be followed, ENOSYS when this
 * system cannot promise it. */
int gsaw__beneath_open(int directory, const char *path, int flags, bool follow);

#endif
