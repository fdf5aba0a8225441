/* file.h - reading files and directories without mmap, relative to open directories, with no block
 * on FIFOs, no link followed out of the tree, and every errno kept.
 * Keeps:   EINTR is invisible; what was read is what the file was (checked again, retried once).
 * Threads: any; a descriptor belongs to one caller.
 * Next:    file.c */
#ifndef GSAW_BASE_FILE_H
#define GSAW_BASE_FILE_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"

enum gsaw__entry_type {
    GSAW_ENTRY_UNKNOWN, /* the file system does not say: gsaw__file_type_at asks */
    GSAW_ENTRY_FILE,
    GSAW_ENTRY_DIRECTORY,
    GSAW_ENTRY_LINK,
    GSAW_ENTRY_FIFO,
    GSAW_ENTRY_SOCKET,
    GSAW_ENTRY_DEVICE
};

/* Open the directory `path` below `parent` (AT_FDCWD: as given). Links are followed only when
 * `follow`. Returns a descriptor, or -errno. */
int gsaw__directory_open(int parent, const char *path, bool follow);

/* Read one batch of raw entries (getdents64) into bytes, which must be aligned to 8; returns their
 * size, 0 at the end, -errno. */
long gsaw__directory_read(int directory, void *bytes, size_t size);

/* One entry of such a batch. `name` views the batch. */
typedef struct gsaw__entry {
    const char *name;
    size_t name_size;
    enum gsaw__entry_type type;
} gsaw__entry;

/* Step through a batch: false when it is at its end. *offset starts at 0. "." and ".." are left
 * out. */
bool gsaw__directory_next(const void *batch, size_t size, size_t *offset, gsaw__entry *out);

/* The type of `name` in `directory`; links are followed only when `follow`. -errno on failure. */
int gsaw__file_type_at(int directory, const char *name, bool follow);

enum gsaw__read_result {
    GSAW_READ_OK,
    GSAW_READ_NOT_REGULAR, /* a FIFO, socket, device or directory; `type` says which */
    GSAW_READ_TOO_LARGE,
    GSAW_READ_CHANGED, /* it changed under both attempts */
    GSAW_READ_ERROR,   /* os_errno */
    GSAW_READ_NO_MEMORY
};

typedef struct gsaw__read {
    enum gsaw__read_result result;
    enum gsaw__entry_type type; /* of what was opened */
    int os_errno;
    uint64_t size; /* as the file system gives it */
} gsaw__read;

/* What a source is opened with. O_NONBLOCK: opening a FIFO must not wait for a writer; it changes
 * nothing for regular files. */
#define GSAW_FILE_OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Read the file behind an open descriptor whole into out (reset first), followed by `padding` zero
 * bytes that are not counted. Files over size_max are not read. The descriptor stays open. */
gsaw__read gsaw__file_read_open(int descriptor, uint64_t size_max, size_t padding,
                                gsaw__buffer *out);

/* The same for `path` (relative to `directory`, may have slashes), without padding. Never blocks on
 * a FIFO. */
gsaw__read gsaw__file_read(int directory, const char *path, bool follow, uint64_t size_max,
                           gsaw__buffer *out);

/* write(2) until all is out; 0 or -errno. */
int gsaw__file_write_all(int descriptor, const void *bytes, size_t count);

#endif
