/* gangsaw/process.h - many files in parallel: a function for each (ParallelFileProcessor), a syntax
 * tree of each (parse_files_parallel).
 *
 *     gsaw_process_options options = {.size = sizeof options, .root = "path/to/tree"};
 *     gsaw_process_files(paths, &options, count_lines, &results, &error);
 *
 * Both take a list of paths, which gsaw_discover_files can make (gsaw_paths_files), and do right by
 * each: one that cannot be read, or whose function fails, is an error of its own and harms no
 * other; a path named twice is done twice. Files are unlike, so the largest begin first; nobody
 * relies on an order of calls. What is read at a time stays within the configured memory (files
 * wait for room), and few descriptors are open. With one worker, or one path, and no pool given,
 * everything runs in the calling thread.
 *
 * A lane is a number below the pool's workers (gsaw_pool_worker_max; without a pool below
 * config.num_workers, or the usable CPUs) that no two calls at a time have in common: the index of
 * sums, buffers and so on of one's own. */
#ifndef GANGSAW_PROCESS_H
#define GANGSAW_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/config.h>
#include <gangsaw/facts.h>
#include <gangsaw/pool.h>
#include <gangsaw/sync.h>
#include <gangsaw/tree.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- ParallelFileProcessor ----------------------------------------------------------------------
 */

/* One file, lent for a call. */
typedef struct gsaw_file_input {
    size_t index;      /* of its path in the list */
    const char *path;  /* as in the list */
    const char *bytes; /* what is in it, and a zero byte behind; NULL with options.no_read */
    size_t size;       /* of bytes */
    uint32_t lane;     /* see above */
} gsaw_file_input;

/* Do something with a file, on a worker; *result (NULL before) is kept, whatever is returned.
 * Anything but GSAW_OK is the error of this path, with the text in `error`. It must not wait for
 * the call on another path. */
typedef gsaw_status gsaw_process_function(void *context, const gsaw_file_input *input,
                                          void **result, gsaw_error *error);

/* All-zero but for size means every default. */
typedef struct gsaw_process_options {
    size_t size;               /* sizeof(gsaw_process_options) */
    const gsaw_config *config; /* NULL: defaults. Of it count: allocator, num_workers (without a
                                  pool), max_memory_*, max_file_size, follow */
    gsaw_pool *pool;           /* NULL: one for this call */
    const char
        *root;      /* paths are relative to it, and lead nowhere else: links are followed if
                       config.follow is set, and never out of it. NULL: paths as open(2) has them */
    bool no_read;   /* the function reads for itself, if at all: no path is opened */
    bool fail_fast; /* the first error cancels what has not begun */
    const GSAW_ATOMIC_AT(uint32_t) *
        cancel;                       /* not 0: what has not begun is cancelled; may be NULL */
    gsaw_progress_callback *progress; /* of paths; NULL: none */
    void *progress_context;
    void *context;           /* of the function */
    void (*destroy)(void *); /* of a result that is not NULL; NULL: nothing is to be done */
} gsaw_process_options;

/* What became of a path. */
typedef struct gsaw_file_result {
    gsaw_status status; /* GSAW_OK; what the function returned; why the file was not read:
                           GSAW_NOT_FOUND, GSAW_LIMIT (larger than config.max_file_size),
                           GSAW_UNSUPPORTED (no regular file, a link), GSAW_AGAIN (it changes all
                           the time), GSAW_SYSTEM, GSAW_NO_MEMORY; GSAW_INVALID (a path that is
                           NULL); GSAW_CANCELLED (not begun) */
    gsaw_reason reason; /* why the file was not read, else GSAW_REASON_NONE */
    int os_errno;       /* errno with GSAW_SYSTEM, else 0 */
    const char *text;   /* of an error, for people; "" for none */
    void *result;       /* what the function left */
} gsaw_file_result;

/* The results of all paths, in the order of the list. Read-only: any number of threads. */
typedef struct gsaw_results gsaw_results;

/* Call the function for each path, on all workers. Blocks; from inside a task of the pool, too.
 * Whatever happens to paths, the results are there: GSAW_OK. They are there as well with
 * GSAW_CANCELLED (the flag, or the calling task, was cancelled) and with the first error if
 * fail_fast is set. They are not, and nothing was called, with GSAW_INVALID (a size, no function, a
 * root that is no directory), GSAW_RANGE (config), GSAW_NOT_FOUND and GSAW_SYSTEM (the root),
 * GSAW_CLOSED (the pool), GSAW_NO_MEMORY; *out is then NULL. */
GSAW_API gsaw_status gsaw_process_files(gsaw_strings paths, const gsaw_process_options *options,
                                        gsaw_process_function *function, gsaw_results **out,
                                        gsaw_error *error);

/* Free; what was not taken is destroyed. NULL is allowed. */
GSAW_API void gsaw_results_free(gsaw_results *self);

/* How many there are: as many as paths. How many of them are not GSAW_OK. Any thread. */
GSAW_API size_t gsaw_results_count(const gsaw_results *self);
GSAW_API size_t gsaw_results_failed(const gsaw_results *self);

/* The result of path `index`, NULL beyond the last. View: until free. Any thread. */
GSAW_API const gsaw_file_result *gsaw_results_at(const gsaw_results *self, size_t index);

/* The result that the function left for path `index`: the caller's from now on. One thread. */
GSAW_API void *gsaw_results_take(gsaw_results *self, size_t index);

/* ---- parse_files_parallel -----------------------------------------------------------------------
 */

/* A path and its tree, lent for a call. */
typedef struct gsaw_parsed {
    size_t index;            /* of the path in the list */
    const char *path;        /* as in the list */
    uint32_t lane;           /* see above */
    gsaw_file_status status; /* GSAW_FILE_OK, GSAW_FILE_PARTIAL: there is a tree */
    gsaw_reason reason;      /* why it is not ok */
    uint32_t line;           /* of the first problem, from 1; 0: nowhere in particular */
    int os_errno;            /* with GSAW_REASON_IO, else 0 */
    const char *text;        /* what is wrong, for people; "" for nothing */
    const char *language;    /* NULL: none has that extension, or there is no path */
    const gsaw_tree *tree;   /* NULL when there is none; gsaw_tree_dup keeps it */
} gsaw_parsed;

/* Told of each path exactly once, whatever became of it, on a worker. Anything but GSAW_OK stops
 * what has not begun: that is told of as cancelled. It must not wait for the call on another path.
 */
typedef gsaw_status gsaw_parsed_function(void *context, const gsaw_parsed *parsed);

/* All-zero but for size means every default. */
typedef struct gsaw_parse_options {
    size_t size;               /* sizeof(gsaw_parse_options) */
    const gsaw_config *config; /* as above; and timeout_per_file_ns */
    gsaw_pool *pool;           /* as above, as are root, cancel and progress */
    const char *root;
    const gsaw_tree_parser *parsers; /* users' own, by extension, before the built-in ones */
    size_t parser_count;
    const GSAW_ATOMIC_AT(uint32_t) * cancel; /* a parse that is on is left, too */
    gsaw_progress_callback *progress;
    void *progress_context;
    void *context; /* of the function */
} gsaw_parse_options;

/* Parse each path by the parser that its extension names, on all workers, and lend the tree to
 * `function`. Blocks; from inside a task of the pool, too. A parse has bounds on time and memory
 * (config); one that runs into them is that file's `timeout` or `memory`. What is read and parsed
 * at a time stays within the memory configured; trees that are kept come on top. A crash in
 * tree-sitter itself (not known to happen) or in a user's parser takes the process with it; the
 * command line does such work in a process of its own. Blocks of Python nested more than 100 deep
 * are left out of the tree (partial, nesting).
 *
 * Returns GSAW_OK, however many files failed; the first failure of the function, its text naming
 * the path; GSAW_CANCELLED. The following errors come before the function was called at all:
 * GSAW_INVALID (a size, no function, a wrong parser, a root that is no directory), GSAW_EXISTS (an
 * extension in two parsers), GSAW_RANGE (config, a parser), GSAW_NOT_FOUND, GSAW_SYSTEM (the root),
 * GSAW_CLOSED (the pool), GSAW_NO_MEMORY. */
GSAW_API gsaw_status gsaw_parse_files(gsaw_strings paths, const gsaw_parse_options *options,
                                      gsaw_parsed_function *function, gsaw_error *error);

#ifdef __cplusplus
}
#endif

#endif
