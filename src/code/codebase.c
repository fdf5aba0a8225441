/* codebase.c - the life of a Codebase, and reading the results of its last run.
 * Keeps:   nothing here changes results; a codebase that was never indexed reads as an empty one.
 * Threads: as gangsaw/code.h.
 * Next:    index.c (a run), export.c */
#include "code/codebase.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/status.h"
#include "work/config.h"

/* Copy the list's pointers and texts into the codebase's own arena. */
static bool dup_strings(gsaw_codebase *self, gsaw_strings *strings)
{
    if (strings->count == 0)
        return true;
    const char **items = gsaw__arena_alloc(&self->own, strings->count * sizeof *items);
    if (items == NULL)
        return false;
    for (size_t i = 0; i < strings->count; i++) {
        items[i] = gsaw__arena_dup(&self->own, strings->items[i], strlen(strings->items[i]));
        if (items[i] == NULL)
            return false;
    }
    strings->items = items;
    return true;
}

/* What a file costs before one was measured: 60 us, and 7 MB a second. */
#define FILE_NS 60000u
#define MIB ((uint64_t)1 << 20)
#define MIB_NS 150000000u

#define MODEL_SHARDS_MAX 16u

static gsaw_status make_model(gsaw_codebase *self, gsaw_error *error)
{
    uint32_t shards = self->config.num_workers;
    if (shards == 0)
        shards = gsaw__machine_cpus("");
    gsaw_status status =
        gsaw_cost_model_new(self->allocator, shards < MODEL_SHARDS_MAX ? shards : MODEL_SHARDS_MAX,
                            &self->model, error);
    if (status != GSAW_OK)
        return status;
    for (uint32_t kind = 0; kind < gsaw__language_count(); kind++) {
        const gsaw_cost_sample samples[] = {
            {.kind = kind, .count = 1, .ns = FILE_NS},
            {.kind = kind, .count = 1, .size = MIB, .ns = FILE_NS + MIB_NS}};
        gsaw_cost_model_observe(self->model, 0, &samples[0]);
        gsaw_cost_model_observe(self->model, 0, &samples[1]);
    }
    gsaw_cost_model_fit(self->model);
    return GSAW_OK;
}

/* Look whether `root` is a folder that can be opened, and keep its absolute path, so that the
 * program may change its current folder (one that is too long for that is kept as given). */
static gsaw_status keep_root(gsaw_codebase *self, const char *root, gsaw_error *error)
{
    int descriptor = gsaw__directory_open(AT_FDCWD, root, true);
    if (descriptor == -ENOENT)
        return gsaw__fail(error, GSAW_NOT_FOUND, "%s: no such folder", root);
    if (descriptor == -ENOTDIR)
        return gsaw__fail(error, GSAW_INVALID, "%s: not a folder", root);
    if (descriptor < 0)
        return gsaw__fail_errno(error, -descriptor, "%s", root);
    close(descriptor);
    char absolute[PATH_MAX];
    const char *path = realpath(root, absolute) != NULL ? absolute : root;
    self->root = gsaw__arena_dup(&self->own, path, strlen(path));
    return self->root != NULL ? GSAW_OK : gsaw__fail_memory(error);
}

gsaw_status gsaw_codebase_open(const char *root, const gsaw_config *config, gsaw_codebase **out,
                               gsaw_error *error)
{
    gsaw_config filled;
    gsaw_status status = gsaw__config_fill(config, &filled, error);
    if (status != GSAW_OK)
        return status;
    gsaw_codebase *self = gsaw__alloc_zero(filled.allocator, 1, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    self->allocator = filled.allocator;
    self->config = filled;
    self->cancel = &self->cancel_own;
    gsaw__arena_init(&self->own, self->allocator);
    gsaw__arena_init(&self->results, self->allocator);
    status = gsaw__mutex_init(&self->names_lock, "codebase.names", GSAW_RANK_LEAF);
    self->has_names_lock = status == GSAW_OK;
    if (!self->has_names_lock)
        (void)gsaw__fail(error, status, "cannot make a lock");
    else if (!dup_strings(self, &self->config.include) || !dup_strings(self, &self->config.exclude))
        status = gsaw__fail_memory(error);
    else
        status = keep_root(self, root, error);
    if (status == GSAW_OK)
        status = make_model(self, error);
    if (status != GSAW_OK) {
        gsaw_codebase_close(self);
        return status;
    }
    *out = self;
    return GSAW_OK;
}

void gsaw__codebase_reset(gsaw_codebase *self)
{
    for (size_t i = 0; i < self->traces.count; i++)
        gsaw__trace_ring_clear(&self->traces.items[i]);
    gsaw__array_clear(&self->traces, self->allocator);
    gsaw__array_clear(&self->workers, self->allocator);
    gsaw__names_clear(self);
    gsaw__array_clear(&self->files, self->allocator);
    gsaw__timing_clear(&self->timing, self->allocator);
    gsaw__arena_clear(&self->results);
    self->summary = (gsaw_summary){.files = 0};
}

void gsaw_codebase_close(gsaw_codebase *self)
{
    if (self == NULL)
        return;
    gsaw__codebase_reset(self);
    gsaw_cost_model_free(self->model);
    gsaw__arena_clear(&self->own);
    if (self->has_names_lock)
        gsaw__mutex_clear(&self->names_lock);
    gsaw__free(self->allocator, self, sizeof *self);
}

void gsaw_codebase_set_progress(gsaw_codebase *self, gsaw_progress_function *function,
                                void *context)
{
    self->progress = function;
    self->progress_context = context;
}

void gsaw_codebase_set_parallel(gsaw_codebase *self, bool parallel) { self->serial = !parallel; }

gsaw_status gsaw_codebase_set_strategy(gsaw_codebase *self, const gsaw_strategy *strategy)
{
    if (strategy != NULL && (strategy->size != sizeof *strategy || strategy->name == NULL ||
                             strategy->distribute == NULL))
        return GSAW_INVALID;
    static const gsaw_strategy none = {.size = 0};
    self->strategy = strategy == NULL ? none : *strategy;
    return GSAW_OK;
}

gsaw_cost_model *gsaw_codebase_cost_model(gsaw_codebase *self) { return self->model; }

const char *gsaw_codebase_phase(const gsaw_codebase *self)
{
    return gsaw__load_relaxed(&self->phase); /* relaxed: a constant's address */
}

gsaw_status gsaw_codebase_index(gsaw_codebase *self, gsaw_error *error)
{
    gsaw__codebase_reset(self);
    gsaw_status status = gsaw__codebase_run(self, error);
    if (status != GSAW_OK)
        gsaw__codebase_reset(self);
    return status;
}

void gsaw_codebase_cancel(gsaw_codebase *self)
{
    /* relaxed: a flag that is polled; what it stops is ordered by the run's own joins */
    gsaw__store_relaxed(self->cancel, 1);
}

const gsaw_summary *gsaw_codebase_summary(const gsaw_codebase *self) { return &self->summary; }

bool gsaw_codebase_worker(const gsaw_codebase *self, uint32_t index, gsaw_worker_stats *out)
{
    if (index >= self->workers.count)
        return false;
    *out = self->workers.items[index];
    return true;
}

size_t gsaw_codebase_file_count(const gsaw_codebase *self) { return self->files.count; }

static const gsaw__file_record *record_at(const gsaw_codebase *self, size_t index)
{
    return index < self->files.count ? self->files.items[index] : NULL;
}

/* More about the reason, in the caller's 96 bytes: the line of the first error, or the errno's
 * text. */
static void write_detail(const gsaw__file_record *record, char detail[96])
{
    detail[0] = 0;
    if (record->os_errno != 0) {
        char text[80];
        snprintf(detail, 96, "%s", strerror_r(record->os_errno, text, sizeof text));
    } else if (record->facts != NULL && record->facts->reason_line != 0) {
        snprintf(detail, 96, "line %u", record->facts->reason_line);
    }
}

void gsaw__file_reason(const gsaw__file_record *record, gsaw__buffer *out)
{
    char detail[96];
    write_detail(record, detail);
    gsaw__buffer_append_text(out, gsaw_reason_name((gsaw_reason)record->reason));
    if (detail[0] != 0)
        gsaw__buffer_printf(out, ": %s", detail);
}

gsaw_status gsaw_codebase_file_at(const gsaw_codebase *self, size_t index, gsaw_file *out)
{
    const gsaw__file_record *record = record_at(self, index);
    if (record == NULL)
        return GSAW_RANGE;
    *out = (gsaw_file){
        .path = record->path,
        .path_size = record->path_size,
        .language = gsaw__file_language(record),
        .bytes = record->bytes,
        .lines = record->lines,
        .status = (gsaw_file_status)record->status,
        .reason = (gsaw_reason)record->reason,
    };
    if (record->was_read)
        gsaw__digest_text(&record->content, out->hash);
    write_detail(record, out->detail);
    if (record->facts != NULL) {
        out->symbol_count = record->facts->symbol_count;
        out->import_count = record->facts->import_count;
    }
    return GSAW_OK;
}

static gsaw_text text_of(const gsaw__facts *facts, uint32_t string)
{
    gsaw__string found = gsaw__facts_string(facts, string);
    return (gsaw_text){found.bytes, found.count};
}

gsaw_status gsaw_codebase_import_at(const gsaw_codebase *self, size_t file, size_t index,
                                    gsaw_import *out)
{
    const gsaw__file_record *record = record_at(self, file);
    if (record == NULL || record->facts == NULL || index >= record->facts->import_count)
        return GSAW_RANGE;
    const gsaw__facts_import *import = &gsaw__facts_imports(record->facts)[index];
    *out = (gsaw_import){
        .kind = (gsaw_import_kind)import->kind,
        .start = import->start,
        .end = import->end,
        .line = import->line,
        .column = import->column,
        .statement_start = import->statement_start,
        .statement_end = import->statement_end,
        .specifier = text_of(record->facts, import->specifier),
        .name = text_of(record->facts, import->name),
        .alias = text_of(record->facts, import->alias),
        .type_only = (import->flags & GSAW_IMPORT_TYPE_ONLY) != 0,
        .dynamic = (import->flags & GSAW_IMPORT_IS_DYNAMIC) != 0,
    };
    return GSAW_OK;
}

/* Names from the outermost symbol inwards, joined by dots: written back to front into place. */
void gsaw__symbol_qualified(const gsaw__facts *facts, uint32_t symbol, gsaw__buffer *out)
{
    const gsaw__facts_symbol *symbols = gsaw__facts_symbols(facts);
    size_t size = 0;
    for (uint32_t at = symbol; at != GSAW_NONE; at = symbols[at].parent)
        size += gsaw__facts_string(facts, symbols[at].name).count + 1;
    if (!gsaw__buffer_reserve(out, size))
        return;
    char *end = out->bytes + out->count + size; /* the dot behind the last name is not counted */
    out->count += size - 1;
    for (uint32_t at = symbol; at != GSAW_NONE; at = symbols[at].parent) {
        gsaw__string name = gsaw__facts_string(facts, symbols[at].name);
        *--end = '.';
        end -= name.count;
        memcpy(end, name.bytes, name.count);
    }
    out->bytes[out->count] = 0;
}

void gsaw__symbol_id(const gsaw__file_record *record, uint32_t symbol, gsaw__buffer *out)
{
    gsaw__buffer_append(out, record->path, record->path_size);
    gsaw__buffer_append_byte(out, '#');
    gsaw__symbol_qualified(record->facts, symbol, out);
    uint32_t ordinal = gsaw__facts_symbols(record->facts)[symbol].ordinal;
    if (ordinal > 1)
        gsaw__buffer_printf(out, "~%u", ordinal);
}

/* What a cursor owns: the id; the qualified name is the part of it behind the path. */
struct scratch {
    const gsaw_allocator *allocator;
    gsaw__buffer id, qualified;
};

void gsaw_symbol_cursor_init(gsaw_symbol_cursor *self, const gsaw_codebase *codebase, size_t file)
{
    self->codebase = codebase;
    self->file = file;
    self->index = 0;
    self->name = NULL;
}

gsaw_status gsaw_symbol_cursor_find(gsaw_symbol_cursor *self, const gsaw_codebase *codebase,
                                    const char *name)
{
    gsaw_symbol_cursor_init(self, codebase, 0);
    self->name = name;
    return gsaw__names_ready(codebase) ? GSAW_OK : GSAW_NO_MEMORY;
}

static struct scratch *scratch_of(gsaw_symbol_cursor *self)
{
    if (self->scratch != NULL)
        return self->scratch;
    const gsaw_allocator *allocator = self->codebase->allocator;
    struct scratch *scratch = gsaw__alloc(allocator, sizeof *scratch);
    if (scratch == NULL)
        return NULL;
    scratch->allocator = allocator;
    gsaw__buffer_init(&scratch->id, allocator);
    gsaw__buffer_init(&scratch->qualified, allocator);
    self->scratch = scratch;
    return scratch;
}

/* Where the next symbol is, and the cursor behind it. */
static bool step(gsaw_symbol_cursor *self, size_t *file, size_t *index)
{
    if (self->name != NULL)
        return gsaw__names_next(self->codebase, self->name, &self->index, file, index);
    const gsaw__file_record *record = record_at(self->codebase, self->file);
    *file = self->file;
    *index = self->index;
    if (record == NULL || record->facts == NULL || self->index >= record->facts->symbol_count)
        return false;
    self->index++;
    return true;
}

gsaw_status gsaw_symbol_cursor_next(gsaw_symbol_cursor *self, gsaw_symbol *out)
{
    struct scratch *scratch = scratch_of(self);
    if (scratch == NULL)
        return GSAW_NO_MEMORY;
    size_t file, index;
    if (!step(self, &file, &index))
        return GSAW_NOT_FOUND;
    const gsaw__file_record *record = record_at(self->codebase, file);
    const gsaw__facts *facts = record->facts;
    const gsaw__facts_symbol *symbol = &gsaw__facts_symbols(facts)[index];
    gsaw__buffer_reset(&scratch->id);
    gsaw__buffer_reset(&scratch->qualified);
    gsaw__symbol_id(record, (uint32_t)index, &scratch->id);
    gsaw__symbol_qualified(facts, (uint32_t)index, &scratch->qualified);
    if (scratch->id.failed || scratch->qualified.failed)
        return GSAW_NO_MEMORY;
    gsaw__string name = gsaw__facts_string(facts, symbol->name);
    *out = (gsaw_symbol){
        .file = file,
        .index = index,
        .id = gsaw__buffer_text(&scratch->id),
        .id_size = scratch->id.count,
        .name = name.bytes,
        .name_size = name.count,
        .qualified = gsaw__buffer_text(&scratch->qualified),
        .qualified_size = scratch->qualified.count,
        .kind = (gsaw_symbol_kind)symbol->kind,
        .start = symbol->start,
        .end = symbol->end,
        .name_start = symbol->name_start,
        .name_end = symbol->name_end,
        .line = symbol->line,
        .column = symbol->column,
        .parent = symbol->parent,
        .exported = (symbol->flags & GSAW_SYMBOL_EXPORTED) != 0,
        .local = (symbol->flags & GSAW_SYMBOL_LOCAL) != 0,
        .decorator_count = symbol->decorator_count,
        .base_count = symbol->base_count,
        .signature = text_of(facts, symbol->signature),
        .has_doc = symbol->doc_start != symbol->doc_end,
        .doc_start = symbol->doc_start,
        .doc_end = symbol->doc_end,
    };
    return GSAW_OK;
}

void gsaw_symbol_cursor_clear(gsaw_symbol_cursor *self)
{
    struct scratch *scratch = self->scratch;
    if (scratch != NULL) {
        gsaw__buffer_clear(&scratch->id);
        gsaw__buffer_clear(&scratch->qualified);
        gsaw__free(scratch->allocator, scratch, sizeof *scratch);
    }
    *self = (gsaw_symbol_cursor){.scratch = NULL};
}

static gsaw_text list_item(const gsaw_codebase *self, size_t file, size_t symbol, bool bases,
                           uint32_t i)
{
    const gsaw__file_record *record = record_at(self, file);
    if (record == NULL || record->facts == NULL || symbol >= record->facts->symbol_count)
        return (gsaw_text){NULL, 0};
    const gsaw__facts_symbol *at = &gsaw__facts_symbols(record->facts)[symbol];
    if (i >= (bases ? at->base_count : at->decorator_count))
        return (gsaw_text){NULL, 0};
    uint32_t first = bases ? at->bases : at->decorators;
    return text_of(record->facts, gsaw__facts_lists(record->facts)[first + i]);
}

gsaw_text gsaw_codebase_decorator(const gsaw_codebase *self, size_t file, size_t symbol, uint32_t i)
{
    return list_item(self, file, symbol, false, i);
}

gsaw_text gsaw_codebase_base(const gsaw_codebase *self, size_t file, size_t symbol, uint32_t i)
{
    return list_item(self, file, symbol, true, i);
}
