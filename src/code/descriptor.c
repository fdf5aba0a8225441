/* descriptor.c - sharing, counting and reopening the descriptors of directories.
 * Keeps:   the descriptor is open exactly while holders is not 0; the root has one holder more: the
 *          tree.
 * Threads: any. [D1] is the count of holders: who brings it to 0 closes; who finds it 0 opens anew.
 * Next:    descriptor.h, base/beneath.h */
#include "code/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/beneath.h"
#include "base/check.h"
#include "base/file.h"
#include "base/status.h"

#define HELD_MAX 512
#define WAITS_MAX 500 /* of a millisecond each, for the whole tree */

/* A quarter of what the process may open: the rest is for the readers and the application. */
static uint32_t held_max_of_process(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 4 > HELD_MAX)
        return HELD_MAX;
    return (uint32_t)(limit.rlim_cur / 4);
}

gsaw_status gsaw__tree_open(gsaw__tree *self, const char *path, const gsaw_allocator *allocator,
                            gsaw_error *error)
{
    int descriptor = gsaw__directory_open(AT_FDCWD, path, true);
    if (descriptor == -ENOENT)
        return gsaw__fail(error, GSAW_NOT_FOUND, "%s: no such directory", path);
    if (descriptor == -ENOTDIR)
        return gsaw__fail(error, GSAW_INVALID, "%s: not a directory", path);
    if (descriptor < 0)
        return gsaw__fail_errno(error, -descriptor, "%s", path);
    *self = (gsaw__tree){
        .allocator = allocator,
        .root = {.name = "", .descriptor = descriptor, .flags = GSAW_DIR_INCLUDED},
        .held_max = held_max_of_process(),
    };
    /* [D1] release, pairs with D1 in try_retain(): the descriptor is set. */
    gsaw__store_release(&self->root.holders, 1);
    gsaw__store_relaxed(&self->waits, WAITS_MAX); /* [D2] relaxed: no other thread knows it yet */
    return GSAW_OK;
}

void gsaw__tree_close(gsaw__tree *self) { gsaw__dir_release(self, &self->root); }

/* Become a holder if there is one: the descriptor is open then. */
static bool try_retain(gsaw__dir *self)
{
    /* [D1] relaxed: a first guess, the exchange below looks again. */
    uint32_t holders = gsaw__load_relaxed(&self->holders);
    while (holders != 0)
        /* [D1] acquire, pairs with D1 in gsaw__dir_enter(): the descriptor is seen. */
        if (gsaw__cas_acq_rel(&self->holders, &holders, holders + 1))
            return true;
    return false;
}

void gsaw__dir_release(gsaw__tree *tree, gsaw__dir *self)
{
    /* [D1] release for the last holder, acquire by it: all uses come before the close. */
    if (gsaw__sub_acq_rel(&self->holders, 1) != 1)
        return;
    close(self->descriptor);
    if ((self->flags & GSAW_DIR_KEPT) != 0)
        gsaw__sub_relaxed(&tree->held, 1); /* [D3] relaxed: a budget, not a lock; with D3 below */
}

bool gsaw__dir_retain(gsaw__dir *self)
{
    if ((self->flags & GSAW_DIR_KEPT) == 0)
        return false;
    gsaw__add_relaxed(&self->holders, 1); /* [D1] relaxed: the caller holds it already */
    return true;
}

void gsaw__dir_share(gsaw__tree *tree, gsaw__dir *self, uint32_t count)
{
    /* [D3] relaxed: workers may overshoot by one each. */
    if (gsaw__load_relaxed(&tree->held) >= tree->held_max)
        return;
    gsaw__add_relaxed(&tree->held, 1); /* [D3] as above */
    self->flags |= GSAW_DIR_KEPT;
    if (count != 0)
        gsaw__add_relaxed(&self->holders, count); /* [D1] relaxed: the caller holds it already */
}

/* Has this child a share in its parent's descriptor? */
static bool has_share(const gsaw__dir *child)
{
    return child->parent != NULL && (child->flags & GSAW_DIR_LINK) == 0 &&
           (child->parent->flags & GSAW_DIR_KEPT) != 0;
}

void gsaw__dir_abandon(gsaw__tree *tree, gsaw__dir *child)
{
    if (has_share(child))
        gsaw__dir_release(tree, child->parent);
}

/* Open the components of path, relative to `from`, as many at a time as a path may have bytes. */
static int open_steps(int from, char *path, size_t size, bool follow)
{
    int at = from;
    bool single = false; /* openat2 is missing: a component at a time, each without following */
    for (size_t done = 0; done < size;) {
        char *step = path + done;
        size_t left = size - done, length = left;
        if (single || left >= PATH_MAX) {
            const char *slash = single ? memchr(step, '/', left) : memrchr(step, '/', PATH_MAX - 1);
            length = slash == NULL ? left : (size_t)(slash - step);
            step[length] = 0;
        }
        int next = single
                       ? gsaw__directory_open(at, step, false)
                       : gsaw__beneath_open(at, step, O_RDONLY | O_DIRECTORY | O_NONBLOCK, follow);
        if (next == -ENOSYS && !follow && !single) {
            if (length < left)
                step[length] = '/';
            single = true;
            continue;
        }
        if (at != from)
            close(at);
        if (next < 0)
            return next;
        at = next;
        done += length + 1;
    }
    return at;
}

/* Open anew, from the nearest open directory above (through a link: from the root, which the kernel
 * then keeps us below). Never the descriptor of another. */
static int reopen(gsaw__tree *tree, gsaw__dir *self)
{
    bool follow = (self->flags & GSAW_DIR_BY_LINK) != 0;
    gsaw__dir *above = follow ? &tree->root : self->parent;
    while (!try_retain(above))
        above = above->parent; /* ends: the root is held by the tree */
    gsaw__buffer path;
    gsaw__buffer_init(&path, tree->allocator);
    gsaw__dir_path_below(self, above, &path);
    int descriptor =
        path.failed ? -ENOMEM : open_steps(above->descriptor, path.bytes, path.count, follow);
    gsaw__buffer_clear(&path);
    gsaw__dir_release(tree, above);
    return descriptor;
}

/* Sleep a little when it was for want of descriptors: others give some back. True: try again. */
static bool wait_for_descriptor(gsaw__tree *tree, int failure)
{
    if (failure != -EMFILE && failure != -ENFILE)
        return false;
    uint32_t left = gsaw__load_relaxed(&tree->waits); /* [D2] relaxed: only a bound on patience */
    if (left == 0)
        return false;
    gsaw__store_relaxed(&tree->waits, left - 1); /* [D2] as above; a lost update does not matter */
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return true;
}

int gsaw__dir_enter(gsaw__tree *tree, gsaw__dir *self)
{
    if (self->parent == NULL)
        return try_retain(self) ? 0 : -EBADF;
    bool shared = has_share(self);
    int descriptor;
    do
        descriptor = shared ? gsaw__directory_open(self->parent->descriptor, self->name, false)
                            : reopen(tree, self);
    while (descriptor < 0 && wait_for_descriptor(tree, descriptor));
    gsaw__dir_abandon(tree, self);
    if (descriptor < 0)
        return descriptor;
    self->descriptor = descriptor;
    /* [D1] release, pairs with D1 in try_retain(): the descriptor is set. */
    gsaw__store_release(&self->holders, 1);
    return 0;
}

gsaw__dir_hold gsaw__dir_open(gsaw__tree *tree, gsaw__dir *self)
{
    if (try_retain(self))
        return (gsaw__dir_hold){self->descriptor, true};
    gsaw__dir_hold hold = {.is_shared = false};
    do
        hold.descriptor = reopen(tree, self);
    while (hold.descriptor < 0 && wait_for_descriptor(tree, hold.descriptor));
    return hold;
}

void gsaw__dir_close(gsaw__tree *tree, gsaw__dir *self, gsaw__dir_hold hold)
{
    if (hold.is_shared)
        gsaw__dir_release(tree, self);
    else if (hold.descriptor >= 0)
        close(hold.descriptor);
}

/* Open `name` in self with the flags, links being followed below the root. */
static int open_followed(gsaw__tree *tree, const gsaw__dir *self, const char *name, int flags)
{
    gsaw__buffer path;
    gsaw__buffer_init(&path, tree->allocator);
    gsaw__dir_path(self, &path);
    if (path.count != 0)
        gsaw__buffer_append_byte(&path, '/');
    gsaw__buffer_append_text(&path, name);
    int descriptor =
        path.failed ? -ENOMEM : gsaw__beneath_open(tree->root.descriptor, path.bytes, flags, true);
    gsaw__buffer_clear(&path);
    return descriptor;
}

int gsaw__dir_resolve(gsaw__tree *tree, const gsaw__dir *self, const char *name)
{
    return open_followed(tree, self, name, O_PATH);
}

int gsaw__dir_open_file(gsaw__tree *tree, gsaw__dir *self, const gsaw__dir_entry *entry)
{
    int flags = GSAW_FILE_OPEN_FLAGS | O_NOFOLLOW, descriptor;
    if ((entry->flags & GSAW_ENTRY_FOLLOWED) != 0)
        return open_followed(tree, self, entry->name, O_RDONLY | O_NONBLOCK);
    gsaw__dir_hold hold = gsaw__dir_open(tree, self);
    if (hold.descriptor < 0)
        return hold.descriptor;
    do
        descriptor = openat(hold.descriptor, entry->name, flags);
    while (descriptor < 0 && errno == EINTR);
    descriptor = descriptor < 0 ? -errno : descriptor;
    gsaw__dir_close(tree, self, hold);
    return descriptor;
}
