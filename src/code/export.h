/* export.h - the records of the graph as JSON, one object each, no newline.
 * Keeps:   the fields and their order are docs/formats.md's; nothing depends on workers or on time.
 * Threads: any number may read one codebase.
 * Next:    export.c */
#ifndef GSAW_CODE_EXPORT_H
#define GSAW_CODE_EXPORT_H

#include <gangsaw/code.h>

#include "base/buffer.h"

/* Append the record: of the codebase, of a file, of a symbol or import of a file. The indices
 * exist. */
void gsaw__export_meta_record(gsaw__buffer *out, const gsaw_codebase *codebase);
void gsaw__export_file_record(gsaw__buffer *out, const gsaw_codebase *codebase, size_t file);
void gsaw__export_symbol_record(gsaw__buffer *out, const gsaw_codebase *codebase, size_t file,
                                size_t symbol);
void gsaw__export_import_record(gsaw__buffer *out, const gsaw_codebase *codebase, size_t file,
                                size_t import);

/* The edge that says what contains the symbol: its parent, or its file. */
void gsaw__export_contains_record(gsaw__buffer *out, const gsaw_codebase *codebase, size_t file,
                                  size_t symbol);

/* {"path","status","reason"} of a file that is not ok, for the summary. */
void gsaw__export_problem_record(gsaw__buffer *out, const gsaw_codebase *codebase, size_t file);

#endif
