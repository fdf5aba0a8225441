/* gangsaw/config.h - ParallelProcessingConfig: everything that can be set, in one struct.
 *
 * Each field is a row of the one options table (config.c in work/), which gives its default,
 * bounds, key in JSON and files, flag, environment variable and help. All-zero but for `size` means
 * every default. */
#ifndef GANGSAW_CONFIG_H
#define GANGSAW_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/alloc.h>
#include <gangsaw/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A list of strings, borrowed: count pointers to zero-terminated strings. */
typedef struct gsaw_strings {
    const char *const *items;
    size_t count;
} gsaw_strings;

typedef struct gsaw_config {
    size_t size;                     /* sizeof(gsaw_config) */
    const gsaw_allocator *allocator; /* NULL: malloc */
    void *owned;                     /* NULL, or what gsaw_config_clear frees */
    uint32_t num_workers;            /* 0: the CPUs this process may use; 0 to 1024 */
    uint32_t max_memory_percent;     /* of the cgroup limit or RAM; 0: 75; 1 to 100 */
    uint64_t max_memory_bytes;       /* an absolute ceiling beside it; 0: none */
    uint32_t batch_size;             /* files a parse task takes at most; 0: 100; 1 to 1000000 */
    int32_t critical_path_priority;  /* 0: 10 */
    bool disable_work_stealing;      /* enable_work_stealing = false */
    uint32_t min_task_size;          /* 0: 1 */
    uint32_t max_tasks_in_flight;    /* 0: 1000 */
    uint32_t strategy;               /* of giving work to workers: 0 cost_based (longest first, by
                                        estimate), 1 work_stealing, 2 round_robin */
    uint64_t max_file_size;          /* bytes; larger files are skipped; 0: 8 MiB */
    uint64_t timeout_per_file_ns;    /* 0: 2 s a MiB, at least 2 s */
    gsaw_strings include;            /* gitignore-style patterns; none: everything */
    gsaw_strings exclude;
    bool no_ignore;      /* do not read .gitignore, .ignore, .gangsawignore, .git/info/exclude */
    bool hidden;         /* enter and list names that begin with a dot */
    bool follow;         /* follow links, never out of the root */
    size_t trace_events; /* ring of trace events per worker; 0: no trace */
} gsaw_config;

/* ---- from_dict and to_dict: a config as a JSON object ----
 *
 * The keys are the names of the fields, but `enable_work_stealing` (true or false) for
 * disable_work_stealing and `timeout_per_file` for timeout_per_file_ns; a flag's name (`jobs`) is
 * taken, too, and - for _. Counts are numbers, percentages numbers from 1 to 100 or "75%", sizes
 * numbers of bytes or "8M", durations "500ms" or "2s", strategies words, patterns lists of texts;
 * null is the default. The same keys and values stand in gangsaw.toml (docs/cli.md). */

/* Read the JSON object in json[0, size) into *self, whose `size` and `allocator` the caller has
 * set. Each field that the object does not name gets its default; what self->owned had is freed.
 * Texts are copied, into self->owned: gsaw_config_clear frees them, and whatever borrows lists of
 * the config must be done before. Keeps no reference to json. Any thread, one at a time a config;
 * does not block. On failure *self is as it was. Errors: GSAW_INVALID (not a JSON object, with
 * line and column; an unknown key, with the nearest right one; a key given twice; a value of the
 * wrong type) and GSAW_RANGE (a value out of range), naming key, value and what is allowed;
 * GSAW_UNSUPPORTED (a key of a field that self->size does not have); GSAW_NO_MEMORY. */
GSAW_API gsaw_status gsaw_config_from_dict(gsaw_config *self, const char *json, size_t size,
                                           gsaw_error *error);

/* Write *self (NULL: all defaults) as a JSON object on one line, without a newline: every key, with
 * its default where the field is 0, and null where the default is no number. gsaw_config_from_dict
 * makes a config of it that means the same and is written as the same bytes. Any thread; calls
 * `write` once. Errors: GSAW_RANGE and GSAW_INVALID (a field out of range, a text that is not
 * UTF-8, which JSON cannot say), naming the key; what `write` returns; GSAW_NO_MEMORY. */
GSAW_API gsaw_status gsaw_config_to_dict(const gsaw_config *self, gsaw_write_function *write,
                                         void *context, gsaw_error *error);

/* Free what gsaw_config_from_dict allocated, and set every field to its default; size and allocator
 * stay. Does nothing else for a config that owns nothing. */
GSAW_API void gsaw_config_clear(gsaw_config *self);

#ifdef __cplusplus
}
#endif

#endif
