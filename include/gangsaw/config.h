/* gangsaw/config.h - ParallelProcessingConfig: everything that can be set, in one struct.
 *
 * Each field is a row of the one options table (src/work/config.c), which gives its default,
 * bounds, flag, environment variable and help. All-zero but for `size` means every default. */
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

#ifdef __cplusplus
}
#endif

#endif
