/* gangsaw/code.h - Codebase: a folder of source, indexed in parallel. Includes gangsaw/process.h:
 * files and their syntax trees one by one.
 *
 *     gsaw_codebase *code;
 *     gsaw_codebase_open("path/to/tree", NULL, &code, &error);
 *     gsaw_codebase_index(code, &error);
 *     for (size_t i = 0; i < gsaw_codebase_file_count(code); i++) ...
 *     gsaw_codebase_close(code);
 *
 * A codebase belongs to one thread at a time; gsaw_codebase_cancel may be called from any, and from
 * a signal handler. After index() has returned, any number of threads may read. Every text is a
 * view that lives until the next index() or close(); texts are zero-terminated, and *_size counts
 * their bytes. */
#ifndef GANGSAW_CODE_H
#define GANGSAW_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/config.h>
#include <gangsaw/facts.h>
#include <gangsaw/process.h>
#include <gangsaw/status.h>
#include <gangsaw/task.h>
#include <gangsaw/tuner.h> /* ParallelAutoTuner */
#include <gangsaw/work.h>  /* strategies, cost models */

#ifdef __cplusplus
extern "C" {
#endif

#define GSAW_NO_INDEX UINT32_MAX

typedef struct gsaw_codebase gsaw_codebase;

/* How far an index run is: called from worker threads, one at a time, at most every 50 ms. total
 * grows while discovery is still on. Must be quick and must not call into the codebase (cancel
 * excepted). */
typedef void gsaw_progress_function(void *context, uint64_t completed, uint64_t total,
                                    bool total_is_final);

/* Open the folder `root`. config NULL: defaults; it is copied, the lists in it too. Errors, all
 * naming the path: GSAW_NOT_FOUND, GSAW_INVALID (not a folder; a config value out of range),
 * GSAW_SYSTEM, GSAW_NO_MEMORY. */
GSAW_API gsaw_status gsaw_codebase_open(const char *root, const gsaw_config *config,
                                        gsaw_codebase **out, gsaw_error *error);

/* Free everything. NULL is allowed. */
GSAW_API void gsaw_codebase_close(gsaw_codebase *self);

/* Be told of progress during index(). function NULL: no longer. */
GSAW_API void gsaw_codebase_set_progress(gsaw_codebase *self, gsaw_progress_function *function,
                                         void *context);

/* Discover and parse the tree on all workers. Blocks. A file that cannot be read or parsed is
 * listed with its reason and harms nothing else. On failure the codebase is empty. Errors:
 * GSAW_CANCELLED, GSAW_NO_MEMORY, GSAW_SYSTEM (the root cannot be read). */
GSAW_API gsaw_status gsaw_codebase_index(gsaw_codebase *self, gsaw_error *error);

/* Work with one worker (off), or as config.num_workers says (on, at first): the results are the
 * same bytes. Between two runs. */
GSAW_API void gsaw_codebase_set_parallel(gsaw_codebase *self, bool parallel);

/* Give files to the workers by a strategy of the caller's, in place of config.strategy; NULL: no
 * longer. The struct is copied, name and context are borrowed. Items are batches of files, whose
 * cost is estimated in nanoseconds. A strategy that loses or repeats one makes index() fail with
 * GSAW_INVALID, saying so. Between two runs. Errors: GSAW_INVALID (size, no name or function). */
GSAW_API gsaw_status gsaw_codebase_set_strategy(gsaw_codebase *self, const gsaw_strategy *strategy);

/* What files cost, learned from run to run; its kinds are languages, in the order of
 * gsaw_summary.languages, its sizes bytes. To be looked at, and kept in a file
 * (gsaw_cost_model_save, gsaw_cost_model_load), between two runs. View: until close. */
GSAW_API gsaw_cost_model *gsaw_codebase_cost_model(gsaw_codebase *self);

/* The phase that a running index() is in ("discover", "parse", "publish"; parsing begins during
 * discover), NULL when none is. Static storage. Any thread. */
GSAW_API const char *gsaw_codebase_phase(const gsaw_codebase *self);

/* Ask a running index() to stop soon. Any thread; async-signal-safe. */
GSAW_API void gsaw_codebase_cancel(gsaw_codebase *self);

#define GSAW_VERDICT_COUNT 5 /* resolved, external, builtin, ambiguous, unresolved */
#define GSAW_LANGUAGE_MAX 16
#define GSAW_PHASE_MAX 8

typedef struct gsaw_phase_time {
    const char *name;
    uint64_t wall_ns, cpu_ns; /* phases overlap: discover streams into parse */
} gsaw_phase_time;

/* The summary of the last index run. files = parsed + reused + skipped + failed. */
typedef struct gsaw_summary {
    char digest[65]; /* over the exported graph alone, lower-case hexadecimal */
    uint64_t files, parsed, reused, skipped, failed, partial; /* partial ones are among parsed */
    uint64_t bytes, lines, symbols, imports, references, edges;
    uint64_t imports_by_verdict[GSAW_VERDICT_COUNT];
    uint64_t references_by_verdict[GSAW_VERDICT_COUNT];
    struct {
        const char *name;
        uint64_t files;
    } languages[GSAW_LANGUAGE_MAX]; /* those with files, in a fixed order */
    size_t language_count;
    gsaw_phase_time phases[GSAW_PHASE_MAX];
    size_t phase_count;
    uint32_t jobs;
    uint64_t queued_max; /* batches of files that waited to be parsed, at most */
    uint64_t wall_ns, cpu_ns, peak_rss_bytes;
} gsaw_summary;

/* View of the last run's summary; all zero before the first. */
GSAW_API const gsaw_summary *gsaw_codebase_summary(const gsaw_codebase *self);

/* The counters of worker `index` in the last run; false beyond the last worker. */
GSAW_API bool gsaw_codebase_worker(const gsaw_codebase *self, uint32_t index,
                                   gsaw_worker_stats *out);

typedef struct gsaw_file {
    const char *path; /* relative to the root, '/' between; any bytes but zero */
    size_t path_size;
    const char *language; /* "python", ...; NULL for a folder or an ignore file that is a problem */
    uint64_t bytes, lines;
    char hash[65]; /* SHA-256 of the content as on disk; "" when it was not read */
    gsaw_file_status status;
    gsaw_reason reason;
    char detail[96]; /* "" or more about the reason: "line 12", an errno's text */
    uint32_t symbol_count, import_count;
} gsaw_file;

typedef struct gsaw_text {
    const char *bytes; /* zero-terminated; NULL when there is none */
    size_t size;
} gsaw_text;

typedef struct gsaw_symbol {
    size_t file, index; /* where it is: the index of its file, and its own in there */
    const char *id;     /* path#qualified[~n] */
    const char *name, *qualified;
    size_t id_size, name_size, qualified_size;
    gsaw_symbol_kind kind;
    uint32_t start, end, name_start, name_end; /* byte offsets, half open */
    uint32_t line, column;                     /* of the name, from 1, columns in bytes */
    uint32_t parent;                           /* index in the same file, or GSAW_NO_INDEX */
    bool exported, local;
    uint32_t decorator_count, base_count; /* read with gsaw_codebase_decorator / _base */
    gsaw_text signature;
    bool has_doc;
    uint32_t doc_start, doc_end;
} gsaw_symbol;

typedef struct gsaw_import {
    gsaw_import_kind kind;
    uint32_t start, end; /* what it binds; the specifier where nothing is bound */
    uint32_t line, column;
    uint32_t statement_start, statement_end;
    gsaw_text specifier, name, alias;
    bool type_only, dynamic;
} gsaw_import;

/* Files are ordered by path (bytewise), symbols and imports by position. */
GSAW_API size_t gsaw_codebase_file_count(const gsaw_codebase *self);
GSAW_API gsaw_status gsaw_codebase_file_at(const gsaw_codebase *self, size_t index, gsaw_file *out);
GSAW_API gsaw_status gsaw_codebase_import_at(const gsaw_codebase *self, size_t file, size_t index,
                                             gsaw_import *out);

/* The index of the file with this path, as in gsaw_file.path. GSAW_NOT_FOUND. O(log files). */
GSAW_API gsaw_status gsaw_codebase_find_file(const gsaw_codebase *self, const char *path,
                                             size_t *out);

/* The symbol with this id, as in gsaw_symbol.id: the index of its file, and its own in there.
 * GSAW_NOT_FOUND, GSAW_NO_MEMORY. O(log files + symbols of the file). */
GSAW_API gsaw_status gsaw_codebase_find_symbol(const gsaw_codebase *self, const char *id,
                                               size_t *file, size_t *symbol);

/* A cursor over symbols, those of a file or those of a name: it owns the texts of ids and qualified
 * names, which are made when asked for and live until the next step. All-zero is valid; clear
 * frees. A cursor belongs to one thread. */
typedef struct gsaw_symbol_cursor {
    const gsaw_codebase *codebase;
    size_t file, index; /* the symbol the next step gives; with a name: where that looks */
    const char *name;   /* NULL: all of the file */
    void *scratch;
} gsaw_symbol_cursor;

/* Stand before the first symbol of `file`. self is all zero, or was used before. */
GSAW_API void gsaw_symbol_cursor_init(gsaw_symbol_cursor *self, const gsaw_codebase *codebase,
                                      size_t file);

/* Stand before the first symbol of this name (the plain one, not qualified) in any file; they come
 * by path and position. self is all zero, or was used before; name is borrowed until the last step.
 * The first call after a run makes a table of all names (12 bytes a symbol), the others are O(log
 * symbols). Errors: GSAW_NO_MEMORY. */
GSAW_API gsaw_status gsaw_symbol_cursor_find(gsaw_symbol_cursor *self,
                                             const gsaw_codebase *codebase, const char *name);

/* The next symbol: GSAW_OK, GSAW_NOT_FOUND behind the last, GSAW_NO_MEMORY. */
GSAW_API gsaw_status gsaw_symbol_cursor_next(gsaw_symbol_cursor *self, gsaw_symbol *out);
GSAW_API void gsaw_symbol_cursor_clear(gsaw_symbol_cursor *self);

/* The i-th decorator or base of symbol `symbol` in `file`, as written in the source; NULL bytes
 * beyond. */
GSAW_API gsaw_text gsaw_codebase_decorator(const gsaw_codebase *self, size_t file, size_t symbol,
                                           uint32_t i);
GSAW_API gsaw_text gsaw_codebase_base(const gsaw_codebase *self, size_t file, size_t symbol,
                                      uint32_t i);

/* Write the graph in `format` ("jsonl"): docs/formats.md. The same bytes for any number of workers.
 */
GSAW_API gsaw_status gsaw_codebase_export(const gsaw_codebase *self, const char *format,
                                          gsaw_write_function *write, void *context,
                                          gsaw_error *error);

/* Write the trace of the last run (config.trace_events) as Chrome / Perfetto JSON. */
GSAW_API gsaw_status gsaw_codebase_write_trace(const gsaw_codebase *self,
                                               gsaw_write_function *write, void *context,
                                               gsaw_error *error);

/* ---- discover_files_parallel: the files of a tree, without reading them ---- */

/* All-zero but for size means every default: the sources that no ignore file leaves out.
 *
 * Ignore files are .gitignore, .ignore and .gangsawignore of each directory (the later one wins,
 * and the deeper directory before that) and .git/info/exclude of the root; their meaning is that of
 * gitignore(5). Nothing outside the root is read, and git is never run. `.git` is never entered.
 *
 * Patterns have gitignore syntax, relative to the root, the last that matches decides. An exclude
 * pattern wins over all ignore files; one with '!' in front keeps what they leave out (but not what
 * lies in a directory that is left out). When there is an include pattern only files that match
 * one, or lie in a directory that does, are listed; directories are entered all the same, and what
 * is excluded or ignored stays so.
 *
 * Links are listed as skipped, unless `follow` is set and they lead to something below the root (an
 * absolute one counts as leading out). Each directory is listed once: under its own path where that
 * is listed, else under the first link to it. */
typedef struct gsaw_discover_options {
    size_t size;                     /* sizeof(gsaw_discover_options) */
    const gsaw_allocator *allocator; /* NULL: malloc; for everything but a pool that is given */
    gsaw_pool *pool;                 /* NULL: one of its own for this call */
    uint32_t workers; /* of a pool of its own; 0: the CPUs this process may use; at most 1024 */
    gsaw_strings include, exclude;
    bool no_ignore;                          /* read no ignore files */
    bool hidden;                             /* enter and list names that begin with a dot */
    bool follow;                             /* follow links, never out of the root: see above */
    bool all_files;                          /* list files of no known language, too */
    const GSAW_ATOMIC_AT(uint32_t) * cancel; /* not 0: stop soon; may be NULL */
} gsaw_discover_options;

/* What was found, in bytewise order of paths. Read-only: any number of threads. */
typedef struct gsaw_paths gsaw_paths;

/* One path. status GSAW_FILE_OK: a file, or with `follow` a link to one. GSAW_FILE_SKIPPED: a link,
 * FIFO, socket or device with a source's extension. GSAW_FILE_FAILED: what could not be looked at;
 * also a directory that could not be listed, and an ignore file that could not be read. */
typedef struct gsaw_path {
    const char *path; /* relative to the root, '/' between; any bytes but zero; until the free */
    size_t path_size;
    const char *language; /* "python", ...; "" for none */
    gsaw_file_status status;
    gsaw_reason reason;
} gsaw_path;

/* Find the files below `root` on all workers. Blocks. options may be NULL. What cannot be listed is
 * a path with its reason and harms nothing else. Errors: GSAW_NOT_FOUND, GSAW_INVALID (not a
 * directory; the options' size), GSAW_RANGE (workers), GSAW_SYSTEM (the root cannot be opened or
 * read), GSAW_CANCELLED, GSAW_NO_MEMORY. */
GSAW_API gsaw_status gsaw_discover_files(const char *root, const gsaw_discover_options *options,
                                         gsaw_paths **out, gsaw_error *error);

/* Free the list and its texts. NULL is allowed. */
GSAW_API void gsaw_paths_free(gsaw_paths *self);

/* The files among them, those with GSAW_FILE_OK: what gsaw_process_files and gsaw_parse_files take.
 * View: until the free. Any thread. */
GSAW_API gsaw_strings gsaw_paths_files(const gsaw_paths *self);

/* How many paths there are. Any thread. */
GSAW_API size_t gsaw_paths_count(const gsaw_paths *self);

/* The i-th path. GSAW_RANGE beyond the last. Any thread. */
GSAW_API gsaw_status gsaw_paths_at(const gsaw_paths *self, size_t index, gsaw_path *out);

#ifdef __cplusplus
}
#endif

#endif
