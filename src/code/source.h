/* source.h - the bytes of a file on their way to a parser: read, decoded, and the bounds of the
 * parse.
 * Keeps:   a file is read only if it is a regular one of a size that is allowed; what is wrong with
 *          it has a reason.
 * Threads: any; buffers belong to one worker.
 * Next:    source.c, parse.h, each_path.h */
#ifndef GSAW_CODE_SOURCE_H
#define GSAW_CODE_SOURCE_H

#include <gangsaw/config.h>
#include <gangsaw/facts.h>

#include "base/buffer.h"
#include "lang/limits.h"

/* What is wrong with a file; all-zero: nothing. */
typedef struct gsaw__problem {
    gsaw_file_status status;
    gsaw_reason reason;
    int os_errno; /* with reason io */
} gsaw__problem;

/* The call that opens or reads a file failed. */
gsaw__problem gsaw__problem_of_errno(int os_errno);

/* Read the file behind `descriptor` (or -errno of the attempt to open it) into out, followed by
 * GSAW_SOURCE_PADDING zero bytes; false when there is a problem. *bytes is the size on disk. The
 * descriptor stays open. */
bool gsaw__source_read(int descriptor, uint64_t size_max, gsaw__buffer *out, uint64_t *bytes,
                       gsaw__problem *problem);

/* The bytes to parse: source itself or, when that is UTF-16, its UTF-8 in `converted`, padded as
 * well. NULL: binary, or no memory. */
const gsaw__buffer *gsaw__source_decode(const gsaw__buffer *source, gsaw__buffer *converted,
                                        gsaw__problem *problem);

/* Free a buffer that a giant file made large. */
void gsaw__source_give_back(gsaw__buffer *buffer);

/* The memory that a file of that size is given at first. */
uint64_t gsaw__source_memory(uint64_t size);

/* The bounds of a parse of `size` bytes for which `memory` was taken at the gate. */
gsaw__limits gsaw__source_limits(const gsaw_config *config, size_t size, uint64_t memory,
                                 const _Atomic uint32_t *cancel);

#endif
