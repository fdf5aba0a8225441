/* source.c - reading and decoding, reasons, and how much a parse may take.
 * Threads: as source.h.
 * Next:    source.h */
#include "code/source.h"

#include <string.h>

#include "base/file.h"
#include "base/utf.h"
#include "code/listing.h"
#include "lang/lang.h"

#define MIB ((uint64_t)1 << 20)

/* What a parse is given at first: tree-sitter takes 4 to 35 times the source on ordinary code, and
 * keeps its working arrays beside that (docs/decisions/0004-memory.md has the measurement). */
#define MEMORY_PER_BYTE 48
#define MEMORY_FIXED (8 * MIB)

/* Of that, what is not the parser's: the source, its copy, lines and facts before they are packed.
 */
#define BESIDE_PER_BYTE 4

#define BUFFER_KEPT (4 * MIB) /* a larger source buffer is given back after its file */
#define BINARY_PREFIX 8000    /* a NUL this near the start means binary, as git has it */
#define TIMEOUT_LEAST_NS UINT64_C(2000000000)
#define TIMEOUT_PER_MIB_NS UINT64_C(2000000000)

gsaw__problem gsaw__problem_of_errno(int os_errno)
{
    gsaw_reason reason = gsaw__reason_of_errno(os_errno);
    bool is_skipped = reason == GSAW_REASON_SYMLINK || reason == GSAW_REASON_SOCKET;
    return (gsaw__problem){.status = is_skipped ? GSAW_FILE_SKIPPED : GSAW_FILE_FAILED,
                           .reason = reason,
                           .os_errno = reason == GSAW_REASON_IO ? os_errno : 0};
}

static gsaw_reason reason_of_type(enum gsaw__entry_type type)
{
    static const uint8_t reasons[] = {
        [GSAW_ENTRY_UNKNOWN] = GSAW_REASON_NOT_A_FILE,
        [GSAW_ENTRY_FILE] = GSAW_REASON_NOT_A_FILE,
        [GSAW_ENTRY_DIRECTORY] = GSAW_REASON_NOT_A_FILE,
        [GSAW_ENTRY_LINK] = GSAW_REASON_SYMLINK,
        [GSAW_ENTRY_FIFO] = GSAW_REASON_FIFO,
        [GSAW_ENTRY_SOCKET] = GSAW_REASON_SOCKET,
        [GSAW_ENTRY_DEVICE] = GSAW_REASON_DEVICE,
    };
    return (gsaw_reason)reasons[type];
}

static gsaw__problem problem_of_read(const gsaw__read *read)
{
    switch (read->result) {
    case GSAW_READ_OK:
        break;
    case GSAW_READ_NOT_REGULAR:
        return (gsaw__problem){GSAW_FILE_SKIPPED, reason_of_type(read->type), 0};
    case GSAW_READ_TOO_LARGE:
        return (gsaw__problem){GSAW_FILE_SKIPPED, GSAW_REASON_TOO_LARGE, 0};
    case GSAW_READ_CHANGED:
        return (gsaw__problem){GSAW_FILE_FAILED, GSAW_REASON_CHANGED, 0};
    case GSAW_READ_NO_MEMORY:
        return (gsaw__problem){GSAW_FILE_FAILED, GSAW_REASON_MEMORY, 0};
    case GSAW_READ_ERROR:
        return gsaw__problem_of_errno(read->os_errno);
    }
    return (gsaw__problem){GSAW_FILE_OK, GSAW_REASON_NONE, 0};
}

bool gsaw__source_read(int descriptor, uint64_t size_max, gsaw__buffer *out, uint64_t *bytes,
                       gsaw__problem *problem)
{
    if (descriptor < 0) {
        *problem = gsaw__problem_of_errno(-descriptor);
        return false;
    }
    gsaw__read read = gsaw__file_read_open(descriptor, size_max, GSAW_SOURCE_PADDING, out);
    *bytes = read.size;
    *problem = problem_of_read(&read);
    return problem->status == GSAW_FILE_OK;
}

const gsaw__buffer *gsaw__source_decode(const gsaw__buffer *source, gsaw__buffer *converted,
                                        gsaw__problem *problem)
{
    enum gsaw__bom bom = gsaw__bom_of(source->bytes, source->count);
    if (bom != GSAW_BOM_UTF16_LE && bom != GSAW_BOM_UTF16_BE) {
        size_t prefix = source->count < BINARY_PREFIX ? source->count : BINARY_PREFIX;
        if (prefix == 0 || memchr(source->bytes, 0, prefix) == NULL)
            return source;
        *problem = (gsaw__problem){GSAW_FILE_SKIPPED, GSAW_REASON_BINARY, 0};
        return NULL;
    }
    gsaw__buffer_reset(converted);
    gsaw__utf16_to_utf8(source->bytes + 2, source->count - 2, bom == GSAW_BOM_UTF16_BE, converted);
    if (gsaw__buffer_reserve(converted, GSAW_SOURCE_PADDING)) {
        memset(converted->bytes + converted->count, 0, GSAW_SOURCE_PADDING);
        return converted;
    }
    *problem = (gsaw__problem){GSAW_FILE_FAILED, GSAW_REASON_MEMORY, 0};
    return NULL;
}

void gsaw__source_give_back(gsaw__buffer *buffer)
{
    if (buffer->capacity > BUFFER_KEPT)
        gsaw__buffer_clear(buffer);
}

uint64_t gsaw__source_memory(uint64_t size) { return MEMORY_FIXED + MEMORY_PER_BYTE * size; }

static uint64_t time_limit(const gsaw_config *config, size_t size)
{
    if (config->timeout_per_file_ns != 0)
        return config->timeout_per_file_ns;
    uint64_t by_size = (uint64_t)size * TIMEOUT_PER_MIB_NS / MIB;
    return by_size < TIMEOUT_LEAST_NS ? TIMEOUT_LEAST_NS : by_size;
}

gsaw__limits gsaw__source_limits(const gsaw_config *config, size_t size, uint64_t memory,
                                 const _Atomic uint32_t *cancel)
{
    uint64_t beside = BESIDE_PER_BYTE * (uint64_t)size;
    return (gsaw__limits){
        .time_ns = time_limit(config, size),
        .memory = (size_t)(memory > beside ? memory - beside : 0),
        .cancel = cancel,
    };
}
