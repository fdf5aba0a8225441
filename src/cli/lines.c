/* lines.c - whole lines out of pipes, one writer at a time.
 * Keeps:   see the header.
 * Threads: see the header.
 * Next:    lines.h. Sources: pipe(7), ioctl_pipe(2) FIONREAD */
#include "cli/lines.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/atomic.h"

#define LINE_MAX_BYTES ((size_t)1 << 20) /* a longer one is cut in two */
#define READ_BYTES ((size_t)1 << 16)     /* as much as a pipe holds */

gsaw_status gsaw__lines_init(gsaw__lines *self, int out, int err)
{
    *self = (gsaw__lines){.out = out, .err = err};
    return gsaw__mutex_init(&self->lock, "lines", GSAW_RANK_LEAF);
}

void gsaw__lines_clear(gsaw__lines *self) { gsaw__mutex_clear(&self->lock); }

int gsaw__lines_failure(const gsaw__lines *self)
{
    return gsaw__load_acquire(&self->os_errno); /* [L1] pairs with L1 in fail() */
}

/* The first failure counts. Under the lock, or with nothing written any more. */
static void fail(gsaw__lines *self, int descriptor, int os_errno)
{
    if (gsaw__lines_failure(self) != 0)
        return;
    self->failed_descriptor = descriptor;
    /* [L1] release, pairs with L1 in failure(): which descriptor it was */
    gsaw__store_release(&self->os_errno, os_errno);
}

static void write_all(gsaw__lines *self, int descriptor, const char *bytes, size_t size)
{
    gsaw__mutex_lock(&self->lock);
    while (size > 0 && gsaw__lines_failure(self) == 0) {
        ssize_t written = write(descriptor, bytes, size);
        if (written >= 0) {
            bytes += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd room = {.fd = descriptor, .events = POLLOUT};
            poll(&room, 1, -1);
        } else if (errno == EBADF && descriptor == STDERR_FILENO) {
            break; /* it came closed: nobody wants to hear */
        } else if (errno != EINTR) {
            fail(self, descriptor, errno);
        }
    }
    gsaw__mutex_unlock(&self->lock);
}

/* Pass on what is whole; at the end, or when it is too long, what is not, too. The last `fresh`
 * bytes are new: before them there is no newline. */
static void pass_on(gsaw__stream *self, gsaw__lines *lines, size_t fresh, bool all)
{
    gsaw__buffer *text = &self->text;
    if (text->count == 0)
        return;
    const char *newest = text->bytes + (text->count - fresh);
    const char *last = fresh == 0 ? NULL : memrchr(newest, '\n', fresh);
    size_t whole = last == NULL ? 0 : (size_t)(last - text->bytes) + 1;
    if (whole < text->count && (all || text->count >= LINE_MAX_BYTES)) {
        gsaw__buffer_append_byte(text, '\n');
        text->failed = false; /* then without it */
        whole = text->count;
    }
    if (whole == 0)
        return;
    write_all(lines, self->descriptor, text->bytes, whole);
    memmove(text->bytes, text->bytes + whole, text->count - whole);
    text->count -= whole;
}

ssize_t gsaw__stream_read(gsaw__stream *self, gsaw__lines *lines)
{
    char bytes[READ_BYTES];
    ssize_t size = read(self->pipe, bytes, sizeof bytes);
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
        return -1;
    if (size <= 0) {
        close(self->pipe);
        self->pipe = -1;
        pass_on(self, lines, 0, true);
        return 0;
    }
    gsaw__buffer_append(&self->text, bytes, (size_t)size);
    if (self->text.failed) { /* no memory for a line: not silently */
        fail(lines, self->descriptor, ENOMEM);
        gsaw__buffer_reset(&self->text);
    } else {
        pass_on(self, lines, (size_t)size, false);
    }
    return size;
}

void gsaw__stream_finish(gsaw__stream *self, gsaw__lines *lines)
{
    int left = 0;
    if (self->pipe >= 0 && ioctl(self->pipe, FIONREAD, &left) != 0)
        left = 0;
    while (left > 0 && self->pipe >= 0 && gsaw__lines_failure(lines) == 0) {
        ssize_t size = gsaw__stream_read(self, lines);
        left -= size > 0 ? (int)size : 0;
    }
    if (self->pipe >= 0)
        close(self->pipe);
    self->pipe = -1;
    pass_on(self, lines, 0, true);
    gsaw__buffer_clear(&self->text);
}
