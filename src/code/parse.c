/* parse.c - reading a file and running its language's front end under the memory gate.
 * Keeps:   a parse holds no more memory than was taken at the gate for it; a parse that needed more
 *          is tried once again with all that one may have.
 * Threads: as parse.h.
 * Next:    parse.h, source.h, lang/lang.h, task/gate.h */
#include "code/parse.h"

#include "base/alloc.h"
#include "code/source.h"

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

static void set_found(gsaw__file_record *record, gsaw__problem problem)
{
    set_problem(record, problem.status, problem.reason);
    record->os_errno = problem.os_errno;
}

/* One attempt with `memory` bytes, taken at the gate and given back. */
static void extract(gsaw__parser *self, const gsaw__buffer *source, gsaw__file_record *record,
                    uint64_t memory)
{
    const gsaw__language *language = gsaw__language_at(record->language);
    gsaw__limits limits =
        gsaw__source_limits(self->options->config, source->count, memory, self->options->cancel);
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
    uint64_t memory = gsaw__source_memory(source->count);
    extract(self, source, record, memory < most ? memory : most);
    if (record->reason == GSAW_REASON_MEMORY && memory < most)
        extract(self, source, record, most);
    if (record->facts != NULL)
        gsaw__digest_bytes(record->facts, record->facts->size, &record->facts_digest);
}

void gsaw__parser_run(gsaw__parser *self, int descriptor, gsaw__file_record *record)
{
    gsaw__problem problem = {.status = GSAW_FILE_OK};
    uint64_t size_max = self->options->config->max_file_size;
    const gsaw__buffer *source = NULL;
    if (gsaw__source_read(descriptor, size_max, &self->source, &record->bytes, &problem)) {
        record->was_read = true;
        gsaw__digest_bytes(self->source.bytes, self->source.count, &record->content);
        source = gsaw__source_decode(&self->source, &self->converted, &problem);
    }
    set_found(record, problem);
    if (source != NULL)
        parse(self, source, record);
    gsaw__source_give_back(&self->source);
    gsaw__source_give_back(&self->converted);
}
