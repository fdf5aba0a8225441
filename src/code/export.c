/* export.c - the graph as JSON lines: meta, files, symbols, imports, edges.
 * Keeps:   the order of records is fixed: files by path, then per kind by path and position.
 * Threads: any number may read one codebase.
 * Next:    export.h, codebase.h, docs/formats.md */
#include "code/export.h"

#include <string.h>

#include "base/json.h"
#include "base/status.h"
#include "code/codebase.h"

#define CHUNK ((size_t)64 << 10) /* bytes gathered before the writer is called */

static const gsaw__file_record *file_at(const gsaw_codebase *codebase, size_t file)
{
    return codebase->files.items[file];
}

static void begin(gsaw__buffer *out, const char *type)
{
    gsaw__buffer_append_byte(out, '{');
    gsaw__json_text_field(out, "t", type, strlen(type));
}

static void end(gsaw__buffer *out) { gsaw__buffer_append_byte(out, '}'); }

static void word_field(gsaw__buffer *out, const char *key, const char *word)
{
    gsaw__json_text_field(out, key, word, strlen(word));
}

static void string_field(gsaw__buffer *out, const char *key, gsaw__string string)
{
    if (string.bytes == NULL)
        gsaw__json_null_field(out, key);
    else
        gsaw__json_text_field(out, key, string.bytes, string.count);
}

static void path_field(gsaw__buffer *out, const gsaw__file_record *record)
{
    gsaw__json_text_field(out, "path", record->path, record->path_size);
}

/* The text that `append` puts at the end of out becomes a JSON string in its place. */
typedef void append_function(const gsaw__file_record *record, uint32_t symbol, gsaw__buffer *out);

static void composed_field(gsaw__buffer *out, const char *key, append_function *append,
                           const gsaw__file_record *record, uint32_t symbol)
{
    gsaw__buffer text;
    gsaw__buffer_init(&text, out->allocator);
    append(record, symbol, &text);
    gsaw__json_text_field(out, key, gsaw__buffer_text(&text), text.count);
    out->failed = out->failed || text.failed;
    gsaw__buffer_clear(&text);
}

static void append_qualified(const gsaw__file_record *record, uint32_t symbol, gsaw__buffer *out)
{
    gsaw__symbol_qualified(record->facts, symbol, out);
}

static void append_reason(const gsaw__file_record *record, uint32_t symbol, gsaw__buffer *out)
{
    (void)symbol;
    gsaw__file_reason(record, out);
}

static void range_field(gsaw__buffer *out, const char *key, uint32_t start, uint32_t stop)
{
    gsaw__json_key(out, key);
    gsaw__buffer_append_byte(out, '[');
    gsaw__buffer_append_number(out, start);
    gsaw__buffer_append_byte(out, ',');
    gsaw__buffer_append_number(out, stop);
    gsaw__buffer_append_byte(out, ']');
}

static void list_field(gsaw__buffer *out, const char *key, const gsaw__facts *facts, uint32_t first,
                       uint32_t count)
{
    gsaw__json_key(out, key);
    gsaw__buffer_append_byte(out, '[');
    for (uint32_t i = 0; i < count; i++) {
        gsaw__string item = gsaw__facts_string(facts, gsaw__facts_lists(facts)[first + i]);
        if (i != 0)
            gsaw__buffer_append_byte(out, ',');
        gsaw__json_string(out, item.bytes, item.count);
    }
    gsaw__buffer_append_byte(out, ']');
}

void gsaw__export_meta_record(gsaw__buffer *out, const gsaw_codebase *codebase)
{
    begin(out, "meta");
    gsaw__json_number_field(out, "schema", 1);
    word_field(out, "tool", "gangsaw");
    word_field(out, "version", gsaw_version());
    word_field(out, "digest", codebase->summary.digest);
    end(out);
}

void gsaw__export_file_record(gsaw__buffer *out, const gsaw_codebase *codebase, size_t file)
{
    const gsaw__file_record *record = file_at(codebase, file);
    char hash[GSAW_DIGEST_TEXT_SIZE];
    begin(out, "file");
    path_field(out, record);
    const char *language = gsaw__file_language(record);
    if (language != NULL)
        word_field(out, "language", language);
    else
        gsaw__json_null_field(out, "language");
    gsaw__json_number_field(out, "bytes", record->bytes);
    gsaw__json_number_field(out, "lines", record->lines);
    if (record->was_read) {
        gsaw__digest_text(&record->content, hash);
        word_field(out, "hash", hash);
    } else {
        gsaw__json_null_field(out, "hash");
    }
    word_field(out, "status", gsaw_file_status_name((gsaw_file_status)record->status));
    if (record->reason == GSAW_REASON_NONE)
        gsaw__json_null_field(out, "reason");
    else
        composed_field(out, "reason", append_reason, record, 0);
    end(out);
}

static void symbol_extent_fields(gsaw__buffer *out, const gsaw__facts_symbol *symbol)
{
    gsaw__json_number_field(out, "start", symbol->start);
    gsaw__json_number_field(out, "end", symbol->end);
    gsaw__json_number_field(out, "name_start", symbol->name_start);
    gsaw__json_number_field(out, "name_end", symbol->name_end);
    gsaw__json_number_field(out, "line", symbol->line);
    gsaw__json_number_field(out, "column", symbol->column);
}

void gsaw__export_symbol_record(gsaw__buffer *out, const gsaw_codebase *codebase, size_t file,
                                size_t symbol)
{
    const gsaw__file_record *record = file_at(codebase, file);
    const gsaw__facts *facts = record->facts;
    const gsaw__facts_symbol *at = &gsaw__facts_symbols(facts)[symbol];
    begin(out, "symbol");
    composed_field(out, "id", gsaw__symbol_id, record, (uint32_t)symbol);
    path_field(out, record);
    string_field(out, "name", gsaw__facts_string(facts, at->name));
    composed_field(out, "qualified", append_qualified, record, (uint32_t)symbol);
    word_field(out, "kind", gsaw_symbol_kind_name((gsaw_symbol_kind)at->kind));
    symbol_extent_fields(out, at);
    if (at->parent == GSAW_NONE)
        gsaw__json_null_field(out, "parent");
    else
        composed_field(out, "parent", gsaw__symbol_id, record, at->parent);
    gsaw__json_bool_field(out, "exported", (at->flags & GSAW_SYMBOL_EXPORTED) != 0);
    if ((at->flags & GSAW_SYMBOL_LOCAL) != 0)
        gsaw__json_bool_field(out, "local", true);
    list_field(out, "decorators", facts, at->decorators, at->decorator_count);
    list_field(out, "bases", facts, at->bases, at->base_count);
    string_field(out, "signature", gsaw__facts_string(facts, at->signature));
    if (at->doc_start == at->doc_end)
        gsaw__json_null_field(out, "doc");
    else
        range_field(out, "doc", at->doc_start, at->doc_end);
    end(out);
}

void gsaw__export_import_record(gsaw__buffer *out, const gsaw_codebase *codebase, size_t file,
                                size_t import)
{
    const gsaw__file_record *record = file_at(codebase, file);
    const gsaw__facts *facts = record->facts;
    const gsaw__facts_import *at = &gsaw__facts_imports(facts)[import];
    begin(out, "import");
    path_field(out, record);
    gsaw__json_number_field(out, "start", at->start);
    gsaw__json_number_field(out, "end", at->end);
    gsaw__json_number_field(out, "line", at->line);
    gsaw__json_number_field(out, "column", at->column);
    range_field(out, "statement", at->statement_start, at->statement_end);
    word_field(out, "kind", gsaw_import_kind_name((gsaw_import_kind)at->kind));
    string_field(out, "specifier", gsaw__facts_string(facts, at->specifier));
    string_field(out, "name", gsaw__facts_string(facts, at->name));
    string_field(out, "alias", gsaw__facts_string(facts, at->alias));
    gsaw__json_bool_field(out, "type_only", (at->flags & GSAW_IMPORT_TYPE_ONLY) != 0);
    gsaw__json_bool_field(out, "dynamic", (at->flags & GSAW_IMPORT_IS_DYNAMIC) != 0);
    word_field(out, "verdict", "unresolved"); /* the resolver is to come: no import is claimed */
    gsaw__json_null_field(out, "target_path");
    gsaw__json_null_field(out, "target");
    gsaw__json_null_field(out, "external");
    word_field(out, "rule", "none");
    end(out);
}

void gsaw__export_contains_record(gsaw__buffer *out, const gsaw_codebase *codebase, size_t file,
                                  size_t symbol)
{
    const gsaw__file_record *record = file_at(codebase, file);
    uint32_t parent = gsaw__facts_symbols(record->facts)[symbol].parent;
    begin(out, "edge");
    word_field(out, "kind", "contains");
    if (parent == GSAW_NONE)
        gsaw__json_text_field(out, "from", record->path, record->path_size);
    else
        composed_field(out, "from", gsaw__symbol_id, record, parent);
    composed_field(out, "to", gsaw__symbol_id, record, (uint32_t)symbol);
    gsaw__json_number_field(out, "count", 1);
    end(out);
}

void gsaw__export_problem_record(gsaw__buffer *out, const gsaw_codebase *codebase, size_t file)
{
    const gsaw__file_record *record = file_at(codebase, file);
    gsaw__buffer_append_byte(out, '{');
    path_field(out, record);
    word_field(out, "status", gsaw_file_status_name((gsaw_file_status)record->status));
    composed_field(out, "reason", append_reason, record, 0);
    end(out);
}

static uint32_t symbol_count(const gsaw__file_record *record)
{
    return record->facts == NULL ? 0 : record->facts->symbol_count;
}

static uint32_t import_count(const gsaw__file_record *record)
{
    return record->facts == NULL ? 0 : record->facts->import_count;
}

/* The sections of an export in their order: how many records a file has there (NULL: one), and the
 * writer. */
static const struct section {
    uint32_t (*count)(const gsaw__file_record *record);
    void (*write)(gsaw__buffer *out, const gsaw_codebase *codebase, size_t file, size_t index);
} sections[] = {
    {symbol_count, gsaw__export_symbol_record},
    {import_count, gsaw__export_import_record},
    {symbol_count, gsaw__export_contains_record},
};

/* Where lines go: gathered into chunks; the first status that is not OK stays. */
struct sink {
    gsaw__buffer lines;
    gsaw_write_function *write;
    void *context;
    gsaw_status status;
};

static bool flush(struct sink *sink, size_t least)
{
    if (sink->status == GSAW_OK && sink->lines.failed)
        sink->status = GSAW_NO_MEMORY;
    if (sink->status == GSAW_OK && sink->lines.count >= least && sink->lines.count != 0) {
        sink->status = sink->write(sink->context, sink->lines.bytes, sink->lines.count);
        gsaw__buffer_reset(&sink->lines);
    }
    return sink->status == GSAW_OK;
}

static bool end_line(struct sink *sink)
{
    gsaw__buffer_append_byte(&sink->lines, '\n');
    return flush(sink, CHUNK);
}

static bool write_section(const gsaw_codebase *codebase, const struct section *section,
                          struct sink *sink)
{
    for (size_t file = 0; file < codebase->files.count; file++) {
        uint32_t count = section->count(file_at(codebase, file));
        for (uint32_t i = 0; i < count; i++) {
            section->write(&sink->lines, codebase, file, i);
            if (!end_line(sink))
                return false;
        }
    }
    return true;
}

static void write_jsonl(const gsaw_codebase *codebase, struct sink *sink)
{
    gsaw__export_meta_record(&sink->lines, codebase);
    if (!end_line(sink))
        return;
    for (size_t file = 0; file < codebase->files.count; file++) {
        gsaw__export_file_record(&sink->lines, codebase, file);
        if (!end_line(sink))
            return;
    }
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (!write_section(codebase, &sections[i], sink))
            return;
    flush(sink, 1);
}

gsaw_status gsaw_codebase_export(const gsaw_codebase *self, const char *format,
                                 gsaw_write_function *write, void *context, gsaw_error *error)
{
    if (strcmp(format, "jsonl") != 0)
        return gsaw__fail(error, GSAW_UNSUPPORTED, "export format \"%s\" is not known: jsonl is",
                          format);
    struct sink sink = {.write = write, .context = context};
    gsaw__buffer_init(&sink.lines, self->allocator);
    write_jsonl(self, &sink);
    gsaw__buffer_clear(&sink.lines);
    return sink.status == GSAW_OK
               ? GSAW_OK
               : gsaw__fail(error, sink.status, "export: %s", gsaw_status_text(sink.status));
}

gsaw_status gsaw_codebase_write_trace(const gsaw_codebase *self, gsaw_write_function *write,
                                      void *context, gsaw_error *error)
{
    gsaw__trace_writer writer;
    gsaw__trace_begin(&writer, self->allocator, write, context, self->start_ns);
    for (size_t i = 0; i < self->traces.count; i++)
        gsaw__trace_lane(&writer, &self->traces.items[i], (uint32_t)i);
    return gsaw__trace_end(&writer, error);
}
