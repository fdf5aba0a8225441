/* queries.c - `gangsaw files`, `symbols`, `imports`: a line a result, or the export's records.
 * Keeps:   the order is the export's; text is escaped, so that a line is a result.
 * Threads: the main thread.
 * Next:    session.c, filter.c, code/export.c (the records) */
#include <inttypes.h>
#include <string.h>

#include "cli/escape.h"
#include "cli/filter.h"
#include "cli/message.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "code/export.h"

/* A query on its way through the files. */
typedef struct query {
    gsaw__cli *cli;
    const gsaw_codebase *code;
    gsaw__buffer *out;
    size_t file; /* index of `at` */
    gsaw_file at;
    uint64_t found;
    gsaw_symbol_cursor cursor; /* its scratch goes from file to file */
} query;

/* Print what one file has; false: stop. */
typedef bool visit_function(query *self);

static bool end_result(query *self)
{
    self->found++;
    gsaw__buffer_append_byte(self->out, '\n');
    return gsaw__output_line(&self->cli->out);
}

/* path:line:column: kind */
static void begin_result(query *self, uint32_t line, uint32_t column, const char *kind)
{
    gsaw__escape(self->out, self->at.path, self->at.path_size);
    gsaw__buffer_printf(self->out, ":%" PRIu32 ":%" PRIu32 ": %s", line, column, kind);
}

static void append_word(query *self, const char *before, const char *bytes, size_t size)
{
    if (bytes == NULL)
        return;
    gsaw__buffer_append_text(self->out, before);
    gsaw__escape(self->out, bytes, size);
}

static enum gsaw__style style_of(gsaw_file_status status)
{
    static const enum gsaw__style styles[GSAW_FILE_STATUS_COUNT] = {
        [GSAW_FILE_OK] = GSAW_STYLE_GOOD,
        [GSAW_FILE_PARTIAL] = GSAW_STYLE_WARNING,
        [GSAW_FILE_SKIPPED] = GSAW_STYLE_WARNING,
        [GSAW_FILE_FAILED] = GSAW_STYLE_BAD,
    };
    return styles[status];
}

static bool visit_file(query *self)
{
    const gsaw_file *file = &self->at;
    if (!gsaw__filter_status(&self->cli->options, file->status) ||
        !gsaw__filter_name(&self->cli->options, file->path, file->path_size))
        return true;
    if (self->cli->options.json) {
        gsaw__export_file_record(self->out, self->code, self->file);
        return end_result(self);
    }
    gsaw__escape(self->out, file->path, file->path_size);
    gsaw__buffer_printf(self->out, ": %s %" PRIu64 " ",
                        file->language != NULL ? file->language : "-", file->lines);
    gsaw__paint(self->out, self->cli->color, style_of(file->status),
                gsaw_file_status_name(file->status));
    if (file->reason != GSAW_REASON_NONE)
        append_word(self, " ", gsaw_reason_name(file->reason),
                    strlen(gsaw_reason_name(file->reason)));
    if (file->detail[0] != 0)
        append_word(self, ": ", file->detail, strlen(file->detail));
    if (self->cli->options.verbose)
        gsaw__buffer_printf(self->out, " (%" PRIu64 " bytes, %s)", file->bytes,
                            file->hash[0] != 0 ? file->hash : "not read");
    return end_result(self);
}

static bool print_symbol(query *self, const gsaw_symbol *symbol, size_t index)
{
    if (!gsaw__filter_kind(&self->cli->options, symbol->kind) ||
        !(gsaw__filter_name(&self->cli->options, symbol->name, symbol->name_size) ||
          gsaw__filter_name(&self->cli->options, symbol->qualified, symbol->qualified_size)))
        return true;
    if (self->cli->options.json) {
        gsaw__export_symbol_record(self->out, self->code, self->file, index);
        return end_result(self);
    }
    begin_result(self, symbol->line, symbol->column, gsaw_symbol_kind_name(symbol->kind));
    append_word(self, " ", symbol->qualified, symbol->qualified_size);
    if (self->cli->options.verbose)
        append_word(self, " ", symbol->signature.bytes, symbol->signature.size);
    return end_result(self);
}

static bool visit_symbols(query *self)
{
    gsaw_symbol symbol;
    gsaw_status status = GSAW_OK;
    bool go_on = true;
    gsaw_symbol_cursor_init(&self->cursor, self->code, self->file);
    for (size_t i = 0; go_on; i++) {
        status = gsaw_symbol_cursor_next(&self->cursor, &symbol);
        if (status != GSAW_OK)
            break;
        go_on = print_symbol(self, &symbol, i);
    }
    if (status == GSAW_NO_MEMORY)
        self->out->failed = true; /* the report is not whole */
    return go_on && status != GSAW_NO_MEMORY;
}

static bool is_same(gsaw_text a, gsaw_text b)
{
    return a.size == b.size && a.bytes != NULL && b.bytes != NULL &&
           memcmp(a.bytes, b.bytes, a.size) == 0;
}

static bool matches_import(const query *self, const gsaw_import *import)
{
    const gsaw_text *texts[] = {&import->specifier, &import->name, &import->alias};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i]->bytes != NULL &&
            gsaw__filter_name(&self->cli->options, texts[i]->bytes, texts[i]->size))
            return true;
    return false;
}

static bool visit_imports(query *self)
{
    gsaw_import import;
    for (size_t i = 0; gsaw_codebase_import_at(self->code, self->file, i, &import) == GSAW_OK;
         i++) {
        if (!matches_import(self, &import))
            continue;
        if (self->cli->options.json) {
            gsaw__export_import_record(self->out, self->code, self->file, i);
        } else {
            begin_result(self, import.line, import.column, gsaw_import_kind_name(import.kind));
            append_word(self, " ", import.specifier.bytes, import.specifier.size);
            if (!is_same(import.specifier, import.name)) /* import os binds os */
                append_word(self, " ", import.name.bytes, import.name.size);
            append_word(self, " as ", import.alias.bytes, import.alias.size);
            gsaw__buffer_append_text(self->out, import.type_only ? " (type)" : "");
        }
        if (!end_result(self))
            return false;
    }
    return true;
}

/* What the answer does not hold is not passed over in silence. */
static void note_problems(const gsaw__cli *cli, const gsaw_codebase *code)
{
    const gsaw_summary *summary = gsaw_codebase_summary(code);
    uint64_t count = summary->partial + summary->skipped + summary->failed;
    if (count > 0 && !cli->options.quiet)
        gsaw__message("%" PRIu64 " of %" PRIu64 " files were not read, or not in full: "
                      "gangsaw files --status partial,skipped,failed",
                      count, summary->files);
}

static int run_query(gsaw__cli *cli, const gsaw_codebase *code, visit_function *visit)
{
    query self = {.cli = cli, .code = code, .out = &cli->out.text};
    for (; gsaw_codebase_file_at(code, self.file, &self.at) == GSAW_OK; self.file++)
        if (gsaw__filter_language(&cli->options, self.at.language) && !visit(&self))
            break;
    gsaw_symbol_cursor_clear(&self.cursor);
    if (visit != visit_file && cli->out.status == GSAW_OK)
        note_problems(cli, code);
    return self.found > 0 ? GSAW_EXIT_DONE : GSAW_EXIT_NOTHING;
}

static int report_files(gsaw__cli *cli, gsaw_codebase *code)
{
    return run_query(cli, code, visit_file);
}

static int report_symbols(gsaw__cli *cli, gsaw_codebase *code)
{
    return run_query(cli, code, visit_symbols);
}

static int report_imports(gsaw__cli *cli, gsaw_codebase *code)
{
    return run_query(cli, code, visit_imports);
}

int gsaw__command_files(gsaw__cli *cli) { return gsaw__session_run(cli, report_files); }

int gsaw__command_symbols(gsaw__cli *cli) { return gsaw__session_run(cli, report_symbols); }

int gsaw__command_imports(gsaw__cli *cli) { return gsaw__session_run(cli, report_imports); }
