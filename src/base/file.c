/* file.c - openat, getdents64 and read, with every EINTR retried and every errno kept.
 * Keeps:   a source is opened without blocking and looked at (fstat) before the first read; a read
 *          counts only when size and times are the same before and after it.
 * Threads: any.
 * Next:    file.h */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int gsaw__directory_open(int parent, const char *path, bool follow)
{
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW);
    int descriptor;
    do
        descriptor = openat(parent, path, flags);
    while (descriptor < 0 && errno == EINTR);
    return descriptor < 0 ? -errno : descriptor;
}

/* As the kernel lays an entry out (getdents64(2)); glibc gives the system call no struct. */
struct kernel_entry {
    uint64_t inode;
    int64_t offset;
    unsigned short size;
    unsigned char type;
    char name[];
};

long gsaw__directory_read(int directory, void *bytes, size_t size)
{
    long count;
    do
        count = syscall(SYS_getdents64, directory, bytes, size);
    while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : count;
}

static enum gsaw__entry_type type_of_dirent(unsigned char type)
{
    switch (type) {
    case DT_REG:
        return GSAW_ENTRY_FILE;
    case DT_DIR:
        return GSAW_ENTRY_DIRECTORY;
    case DT_LNK:
        return GSAW_ENTRY_LINK;
    case DT_FIFO:
        return GSAW_ENTRY_FIFO;
    case DT_SOCK:
        return GSAW_ENTRY_SOCKET;
    case DT_CHR:
    case DT_BLK:
        return GSAW_ENTRY_DEVICE;
    default:
        return GSAW_ENTRY_UNKNOWN;
    }
}

static bool is_self_or_parent(const char *name)
{
    return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

bool gsaw__directory_next(const void *batch, size_t size, size_t *offset, gsaw__entry *out)
{
    while (*offset < size) {
        const struct kernel_entry *entry =
            (const struct kernel_entry *)(const void *)((const char *)batch + *offset);
        *offset += entry->size;
        if (is_self_or_parent(entry->name))
            continue;
        *out = (gsaw__entry){entry->name, strlen(entry->name), type_of_dirent(entry->type)};
        return true;
    }
    return false;
}

static enum gsaw__entry_type type_of_mode(mode_t mode)
{
    return type_of_dirent((unsigned char)IFTODT(mode));
}

int gsaw__file_type_at(int directory, const char *name, bool follow)
{
    struct stat status;
    if (fstatat(directory, name, &status, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
        return -errno;
    return (int)type_of_mode(status.st_mode);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Read until `size` bytes or the end of the file; errno, or 0. One byte more is asked for than the
 * file should have, so that growth shows. */
static int read_bytes(int descriptor, size_t size, gsaw__buffer *out)
{
    ssize_t count;
    do {
        size_t left = size + 1 - out->count;
        count = pread(descriptor, out->bytes + out->count, left, (off_t)out->count);
        if (count < 0 && errno != EINTR)
            return errno;
        out->count += count > 0 ? (size_t)count : 0;
    } while (count != 0 && out->count < size);
    return 0;
}

static gsaw__read system_failure(int os_errno)
{
    return (gsaw__read){.result = GSAW_READ_ERROR, .os_errno = os_errno};
}

/* Read it once; *status is how it was before, and how it is afterwards. */
static gsaw__read read_once(int descriptor, struct stat *status, uint64_t size_max, size_t padding,
                            gsaw__buffer *out)
{
    const struct stat before = *status;
    gsaw__buffer_reset(out);
    gsaw__read read = {.result = GSAW_READ_OK,
                       .type = type_of_mode(before.st_mode),
                       .size = (uint64_t)before.st_size};
    if (read.size > size_max) {
        read.result = GSAW_READ_TOO_LARGE;
        return read;
    }
    size_t size = (size_t)before.st_size;
    if (!gsaw__buffer_reserve(out, size + 1 + padding)) {
        read.result = GSAW_READ_NO_MEMORY;
        return read;
    }
    int failure = read_bytes(descriptor, size, out);
    if (failure != 0 || fstat(descriptor, status) != 0)
        return system_failure(failure != 0 ? failure : errno);
    if (out->count != size || !is_same(&before, status))
        read.result = GSAW_READ_CHANGED;
    memset(out->bytes + out->count, 0, padding);
    return read;
}

gsaw__read gsaw__file_read_open(int descriptor, uint64_t size_max, size_t padding,
                                gsaw__buffer *out)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return system_failure(errno);
    if (!S_ISREG(status.st_mode))
        return (gsaw__read){.result = GSAW_READ_NOT_REGULAR, .type = type_of_mode(status.st_mode)};
    gsaw__read read = read_once(descriptor, &status, size_max, padding, out);
    if (read.result == GSAW_READ_CHANGED)
        read = read_once(descriptor, &status, size_max, padding, out);
    return read;
}

gsaw__read gsaw__file_read(int directory, const char *path, bool follow, uint64_t size_max,
                           gsaw__buffer *out)
{
    int flags = GSAW_FILE_OPEN_FLAGS | (follow ? 0 : O_NOFOLLOW);
    int descriptor;
    do
        descriptor = openat(directory, path, flags);
    while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0)
        return system_failure(errno);
    gsaw__read read = gsaw__file_read_open(descriptor, size_max, 0, out);
    close(descriptor);
    return read;
}

int gsaw__file_write_all(int descriptor, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count != 0) {
        ssize_t written = write(descriptor, at, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        at += written;
        count -= (size_t)written;
    }
    return 0;
}
