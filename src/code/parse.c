/* parse.c - reading a file and running its language's front end under the memory gate.
 * Keeps:   a parse holds no more memory than was taken at the gate for it; a parse that needed more
 *          is tried once again with all that one may have.
 * Threads: as parse.h.
 * Next:    parse.h, lang/lang.h, task/gate.h */
#include "code/parse.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/utf.h"
#include "code/listing.h"

#define MIB ((uint64_t)1 << 20)

/* What a parse is given at first: tree-sitter takes 4 to 35 times the source on ordinary code, and
 * keeps its working arrays beside that (docs/decisions/0004-memory.md has the measurement). */
#define PARSE_MEMORY_PER_BYTE 48
#define PARSE_MEMORY_FIXED (8 * MIB)

/* Of that, what is not the parser's: the source, its copy, lines and facts before they are packed.
 */
#define BESIDE_PER_BYTE 4

#define BUFFER_KEPT (4 * MIB) /* a larger source buffer is given back after its file */
#define BINARY_PREFIX 8000    /* a NUL this near the start means binary, as git has it */
#define TIMEOUT_LEAST_NS UINT64_C(2000000000)
#define TIMEOUT_PER_MIB_NS UINT64_C(2000000000)

void gsaw__parser_init(gsaw__parser *self, const gsaw__parse_options *options,
                       const gsaw_allocator *allocator)
{
    *self = (gsaw__parser){.options = options};
    gsaw__arena_init(&self->facts, allocator);
    gsaw__facts_builder_init(&self->builder, allocator);
    gsaw__buffer_init(&self->source, allocator);
    gsaw__buffer_init(&self->converted, allocator);
}

void gsaw__parser_clear(gsaw__parser *self)
{
    gsaw__buffer_clear(&self->converted);
    gsaw__buffer_clear(&self->source);
    gsaw__facts_builder_clear(&self->builder);
    gsaw__lang_state_free(self->state);
    gsaw__arena_clear(&self->facts);
}

const char *gsaw__file_language(const gsaw__file_record *record)
{
    bool is_known = record->language < gsaw__language_count();
    return is_known ? gsaw__language_at(record->language)->name : NULL;
}

static void set_problem(gsaw__file_record *record, gsaw_file_status status, gsaw_reason reason)
{
    record->status = (uint8_t)status;
    record->reason = (uint8_t)reason;
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

/* The call that opens or reads the file failed. */
static void set_errno(gsaw__file_record *record, int os_errno)
{
    gsaw_reason reason = gsaw__reason_of_errno(os_errno);
    bool is_skipped = reason == GSAW_REASON_SYMLINK || reason == GSAW_REASON_SOCKET;
    set_problem(record, is_skipped ? GSAW_FILE_SKIPPED : GSAW_FILE_FAILED, reason);
    record->os_errno = reason == GSAW_REASON_IO ? os_errno : 0;
}

/* Read the file; true when its bytes are there to be parsed. */
static bool read_source(gsaw__parser *self, int descriptor, gsaw__file_record *record)
{
    if (descriptor < 0) {
        set_errno(record, -descriptor);
        return false;
    }
    gsaw__read read = gsaw__file_read_open(descriptor, self->options->config->max_file_size,
                                           GSAW_SOURCE_PADDING, &self->source);
    record->bytes = read.size;
    switch (read.result) {
    case GSAW_READ_OK:
        record->was_read = true;
        gsaw__digest_bytes(self->source.bytes, self->source.count, &record->content);
        return true;
    case GSAW_READ_NOT_REGULAR:
        set_problem(record, GSAW_FILE_SKIPPED, reason_of_type(read.type));
        return false;
    case GSAW_READ_TOO_LARGE:
        set_problem(record, GSAW_FILE_SKIPPED, GSAW_REASON_TOO_LARGE);
        return false;
    case GSAW_READ_CHANGED:
        set_problem(record, GSAW_FILE_FAILED, GSAW_REASON_CHANGED);
        return false;
    case GSAW_READ_NO_MEMORY:
        set_problem(record, GSAW_FILE_FAILED, GSAW_REASON_MEMORY);
        return false;
    case GSAW_READ_ERROR:
        set_errno(record, read.os_errno);
        return false;
    }
    return false;
}

/* The bytes to parse: the source itself, or its UTF-8 when it is UTF-16. NULL: binary, or no
 * memory. */
static const gsaw__buffer *decode(gsaw__parser *self, gsaw__file_record *record)
{
    const gsaw__buffer *source = &self->source;
    enum gsaw__bom bom = gsaw__bom_of(source->bytes, source->count);
    if (bom != GSAW_BOM_UTF16_LE && bom != GSAW_BOM_UTF16_BE) {
        size_t prefix = source->count < BINARY_PREFIX ? source->count : BINARY_PREFIX;
        if (prefix == 0 || memchr(source->bytes, 0, prefix) == NULL)
            return source;
        set_problem(record, GSAW_FILE_SKIPPED, GSAW_REASON_BINARY);
        return NULL;
    }
    gsaw__buffer *out = &self->converted;
    gsaw__buffer_reset(out);
    gsaw__utf16_to_utf8(source->bytes + 2, source->count - 2, bom == GSAW_BOM_UTF16_BE, out);
    if (gsaw__buffer_reserve(out, GSAW_SOURCE_PADDING)) {
        memset(out->bytes + out->count, 0, GSAW_SOURCE_PADDING);
        return out;
    }
    set_problem(record, GSAW_FILE_FAILED, GSAW_REASON_MEMORY);
    return NULL;
}

static uint64_t time_limit(const gsaw_config *config, size_t size)
{
    if (config->timeout_per_file_ns != 0)
        return config->timeout_per_file_ns;
    uint64_t by_size = (uint64_t)size * TIMEOUT_PER_MIB_NS / MIB;
    return by_size < TIMEOUT_LEAST_NS ? TIMEOUT_LEAST_NS : by_size;
}

/* One attempt with `memory` bytes, taken at the gate and given back. */
static void extract(gsaw__parser *self, const gsaw__buffer *source, gsaw__file_record *record,
                    uint64_t memory)
{
    const gsaw__language *language = gsaw__language_at(record->language);
    uint64_t beside = BESIDE_PER_BYTE * (uint64_t)source->count;
    gsaw__limits limits = {
        .time_ns = time_limit(self->options->config, source->count),
        .memory = (size_t)(memory > beside ? memory - beside : 0),
        .cancel = self->options->cancel,
    };
    size_t kept_before = self->facts.bytes;
    gsaw__gate_enter(self->options->gate, memory);
    gsaw__facts_builder *builder = &self->builder;
    gsaw__facts_builder_begin(builder, source->bytes, source->count);
    language->extract(language, self->state, (gsaw__source){source->bytes, source->count}, &limits,
                      builder);
    record->lines = builder->lines;
    record->facts = NULL;
    if (builder->status != GSAW_FILE_FAILED)
        record->facts = gsaw__facts_builder_finish(builder, &self->facts);
    if (record->facts != NULL)
        set_problem(record, builder->status, builder->reason);
    else
        set_problem(record, GSAW_FILE_FAILED,
                    builder->status == GSAW_FILE_FAILED ? builder->reason : GSAW_REASON_MEMORY);
    gsaw__gate_leave(self->options->gate, memory, self->facts.bytes - kept_before);
}

static bool prepare(gsaw__parser *self)
{
    if (self->state == NULL)
        self->state = gsaw__lang_state_new(self->facts.allocator);
    return self->state != NULL;
}

static void parse(gsaw__parser *self, const gsaw__buffer *source, gsaw__file_record *record)
{
    if (!prepare(self)) {
        set_problem(record, GSAW_FILE_FAILED, GSAW_REASON_MEMORY);
        return;
    }
    uint64_t most = self->options->memory_max;
    uint64_t memory = PARSE_MEMORY_FIXED + PARSE_MEMORY_PER_BYTE * (uint64_t)source->count;
    extract(self, source, record, memory < most ? memory : most);
    if (record->reason == GSAW_REASON_MEMORY && memory < most)
        extract(self, source, record, most);
    if (record->facts != NULL)
        gsaw__digest_bytes(record->facts, record->facts->size, &record->facts_digest);
}

static void give_back(gsaw__buffer *buffer)
{
    if (buffer->capacity > BUFFER_KEPT)
        gsaw__buffer_clear(buffer);
}

void gsaw__parser_run(gsaw__parser *self, int descriptor, gsaw__file_record *record)
{
    set_problem(record, GSAW_FILE_OK, GSAW_REASON_NONE);
    if (read_source(self, descriptor, record)) {
        const gsaw__buffer *source = decode(self, record);
        if (source != NULL)
            parse(self, source, record);
    }
    give_back(&self->source);
    give_back(&self->converted);
}
