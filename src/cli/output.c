/* output.c - write(2) with every way it can fail: closed pipe, full disk, signal, a pipe that does
 * not block.
 * Keeps:   the temporary file is known to the signal handler as long as it exists.
 * Threads: the main thread.
 * Next:    output.h */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/signals.h"

#define FLUSH_AT ((size_t)64 << 10)
#define NAMES_TRIED 100

/* The path itself, or what it links to, so that a link stays a link. False: out of memory. */
static bool resolve_target(gsaw__output *self, const char *path)
{
    char *resolved = realpath(path, NULL);
    gsaw__buffer_append_text(&self->target, resolved != NULL ? resolved : path);
    free(resolved);
    return !self->target.failed;
}

/* Create a new file beside the target: same folder, so that a rename is one step. */
static int create_temporary(gsaw__output *self, mode_t mode)
{
    const char *target = gsaw__buffer_text(&self->target);
    const char *slash = strrchr(target, '/');
    int folder_size = slash == NULL ? 0 : (int)(slash - target + 1);
    for (unsigned i = 0; i < NAMES_TRIED; i++) {
        gsaw__buffer_reset(&self->temporary);
        gsaw__buffer_printf(&self->temporary, "%.*s.gangsaw-%ld-%u.tmp", folder_size, target,
                            (long)getpid(), i);
        if (self->temporary.failed)
            return -ENOMEM;
        int descriptor = open(gsaw__buffer_text(&self->temporary),
                              O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (descriptor >= 0 || errno != EEXIST)
            return descriptor >= 0 ? descriptor : -errno;
    }
    return -EEXIST;
}

/* A file that exists must be one that we may write, and its replacement gets its mode. */
static int open_beside(gsaw__output *self, const char *path, const struct stat *old)
{
    if (old != NULL && access(path, W_OK) != 0)
        return -errno;
    if (!resolve_target(self, path))
        return -ENOMEM;
    int descriptor = create_temporary(self, 0666);
    if (descriptor < 0)
        return descriptor;
    gsaw__signals_add_temporary(gsaw__buffer_text(&self->temporary));
    if (old != NULL)
        (void)fchmod(descriptor, old->st_mode & 07777);
    return descriptor;
}

static int open_path(gsaw__output *self, const char *path)
{
    struct stat old;
    bool exists = stat(path, &old) == 0;
    if (!exists && errno != ENOENT)
        return -errno;
    if (exists && S_ISDIR(old.st_mode))
        return -EISDIR;
    if (!exists || S_ISREG(old.st_mode))
        return open_beside(self, path, exists ? &old : NULL);
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        return -errno;
    return descriptor;
}

gsaw_status gsaw__output_open(gsaw__output *self, const char *path, gsaw_error *error)
{
    *self = (gsaw__output){.descriptor = STDOUT_FILENO, .name = "stdout"};
    if (path == NULL || strcmp(path, "-") == 0)
        return GSAW_OK;
    self->name = path;
    self->descriptor = open_path(self, path);
    if (self->descriptor >= 0)
        return GSAW_OK;
    int os_errno = -self->descriptor;
    gsaw__buffer_reset(&self->temporary);
    (void)gsaw__output_close(self, false, NULL);
    return gsaw__fail_errno(error, os_errno, "cannot write %s", path);
}

static void note(gsaw__output *self, gsaw_status status, int os_errno)
{
    if (self->status == GSAW_OK) {
        self->status = status;
        self->os_errno = os_errno;
    }
}

static bool is_stopped(const gsaw__output *self)
{
    return gsaw__signals_caught() != 0 && !self->despite_signals;
}

/* One write(2) has failed: true when it is worth another try. */
static bool recover(gsaw__output *self, int os_errno)
{
    if (os_errno == EINTR && !is_stopped(self))
        return true;
    if (os_errno == EAGAIN || os_errno == EWOULDBLOCK) {
        struct pollfd ready = {.fd = self->descriptor, .events = POLLOUT};
        if (poll(&ready, 1, -1) >= 0 || (errno == EINTR && !is_stopped(self)))
            return true;
        os_errno = errno;
    }
    if (os_errno == EINTR)
        note(self, GSAW_CANCELLED, 0);
    else
        note(self, os_errno == EPIPE ? GSAW_CLOSED : GSAW_SYSTEM, os_errno);
    return false;
}

static void flush(gsaw__output *self)
{
    const char *at = self->text.bytes;
    size_t left = self->text.count;
    if (self->text.failed)
        note(self, GSAW_NO_MEMORY, 0);
    if (is_stopped(self))
        note(self, GSAW_CANCELLED, 0);
    while (left > 0 && self->status == GSAW_OK) {
        ssize_t written = write(self->descriptor, at, left);
        if (written >= 0) {
            at += written;
            left -= (size_t)written;
        } else if (!recover(self, errno)) {
            break;
        }
    }
    gsaw__buffer_reset(&self->text);
}

bool gsaw__output_is_file(const gsaw__output *self) { return self->target.count != 0; }

bool gsaw__output_line(gsaw__output *self)
{
    if (self->text.count >= FLUSH_AT || self->text.failed)
        flush(self);
    return self->status == GSAW_OK;
}

gsaw_status gsaw__output_write(void *context, const char *bytes, size_t size)
{
    gsaw__output *self = context;
    gsaw__buffer_append(&self->text, bytes, size);
    return gsaw__output_line(self) ? GSAW_OK : self->status;
}

/* Close the file and rename or remove it. stdout stays open: only the end of the process closes it,
 * and a file system that reports late (NFS) is asked by closing a duplicate. */
static void finish(gsaw__output *self, bool keep)
{
    bool is_stdout = self->descriptor == STDOUT_FILENO;
    int descriptor = is_stdout ? dup(STDOUT_FILENO) : self->descriptor;
    if (descriptor >= 0 && close(descriptor) != 0 && errno != EINTR)
        note(self, GSAW_SYSTEM, errno);
    if (self->temporary.count == 0)
        return;
    const char *temporary = gsaw__buffer_text(&self->temporary);
    if (keep && self->status == GSAW_OK) {
        if (rename(temporary, gsaw__buffer_text(&self->target)) == 0)
            gsaw__buffer_reset(&self->temporary);
        else
            note(self, GSAW_SYSTEM, errno);
    }
    if (self->temporary.count > 0)
        (void)unlink(temporary);
    gsaw__signals_forget_temporary(temporary);
}

gsaw_status gsaw__output_close(gsaw__output *self, bool keep, gsaw_error *error)
{
    if (self->descriptor >= 0) {
        flush(self);
        finish(self, keep);
    }
    gsaw_status status = self->status;
    if (status == GSAW_SYSTEM)
        status = gsaw__fail_errno(error, self->os_errno, "cannot write %s", self->name);
    else if (status != GSAW_OK)
        (void)gsaw__fail(error, status, "cannot write %s: %s", self->name,
                         gsaw_status_text(status));
    gsaw__buffer_clear(&self->text);
    gsaw__buffer_clear(&self->target);
    gsaw__buffer_clear(&self->temporary);
    *self = (gsaw__output){.descriptor = -1};
    return status;
}
