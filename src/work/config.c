/* config.c - the options table: one row per field, read by the API, the command line, the
 * environment and help.
 * Keeps:   0 in a field means the row's default; the range of a row never depends on the machine.
 * Threads: constant data; functions work on their arguments.
 * Next:    config.h, cli/options.c (the rows that are the command line's alone) */
#include "work/config.h"

#include <inttypes.h>
#include <string.h>

#include "base/machine.h"
#include "base/setting.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define MS_NS UINT64_C(1000000)
#define HOUR_NS UINT64_C(3600000000000)

/* `key` is what files and JSON call the field. */
#define KEY(key, field_name, option_kind)                                                          \
    .name = (key), .kind = GSAW_OPTION_##option_kind, .groups = GSAW_CONFIG_GROUP,                 \
    GSAW_OPTION_FIELD(gsaw_config, field_name)

#define ROW(field_name, option_kind) KEY(#field_name, field_name, option_kind)

/* What `gangsaw run` takes, too. */
#define RESOURCE(field_name, option_kind)                                                          \
    .name = #field_name, .kind = GSAW_OPTION_##option_kind,                                        \
    .groups = GSAW_CONFIG_GROUP | GSAW_CONFIG_RESOURCES,                                           \
    GSAW_OPTION_FIELD(gsaw_config, field_name)

static const char *strategy_word(size_t index)
{
    static const char *const words[] = {"cost_based", "work_stealing", "round_robin"};
    return index < sizeof words / sizeof *words ? words[index] : NULL;
}

static void note_cpus(const void *fields, gsaw__buffer *out)
{
    if (((const gsaw_config *)fields)->num_workers == 0)
        gsaw__buffer_printf(out, "%" PRIu32 " usable CPUs", gsaw__machine_cpus(""));
}

static void note_memory(const void *fields, gsaw__buffer *out)
{
    gsaw_config filled = {.size = 0};
    if (gsaw__config_fill(fields, &filled, NULL) == GSAW_OK)
        gsaw__buffer_printf(out, "a ceiling of %" PRIu64 "M here",
                            gsaw__config_memory(&filled) / MIB);
}

static const gsaw__option rows[] = {
    {RESOURCE(num_workers, NUMBER), .flag = "jobs", .letter = 'j', .min = 0, .max = 1024,
     .fallback_text = "all usable CPUs", .note = note_cpus, .metavar = "N",
     .help = "Work with N threads; 0 means all CPUs that this process may use."},
    {RESOURCE(max_memory_percent, PERCENT), .flag = "max-memory", .min = 1, .max = 100,
     .fallback = 75, .note = note_memory, .metavar = "SIZE|PERCENT%",
     .help = "Stay below this much memory: a size, or a part of the RAM (or the cgroup's limit)."},
    {RESOURCE(max_memory_bytes, SIZE), .flag = "max-memory", .joined = true, .min = 16 * MIB,
     .max = 65536 * GIB, .fallback_text = "none"},
    {ROW(max_file_size, SIZE), .flag = "max-file-size", .min = 1, .max = 2 * GIB,
     .fallback = 8 * MIB, .metavar = "SIZE", .help = "Skip larger files (they are listed)."},
    {KEY("timeout_per_file", timeout_per_file_ns, DURATION), .flag = "timeout-per-file",
     .min = MS_NS, .max = HOUR_NS, .fallback_text = "2s for each MiB, at least 2s",
     .metavar = "DURATION", .help = "Give up on a file after this time (it is listed)."},
    {ROW(include, LIST), .flag = "include", .metavar = "GLOB",
     .help = "Take only files that match, in .gitignore syntax. May be repeated."},
    {ROW(exclude, LIST), .flag = "exclude", .metavar = "GLOB",
     .help = "Leave out files and folders that match, in .gitignore syntax. May be repeated."},
    {ROW(no_ignore, FLAG), .flag = "no-ignore",
     .help = "Do not read .gitignore, .ignore, .gangsawignore and .git/info/exclude."},
    {ROW(hidden, FLAG), .flag = "hidden",
     .help = "Take files and folders whose name begins with a dot, too."},
    {ROW(follow, FLAG), .flag = "follow", .help = "Follow symbolic links, never out of the tree."},
    {ROW(batch_size, NUMBER), .flag = "batch-size", .min = 1, .max = 1000000, .fallback = 100,
     .metavar = "N", .help = "Give a task at most N files at once."},
    {ROW(min_task_size, NUMBER), .flag = "min-task-size", .min = 1, .max = 1000000, .fallback = 1,
     .metavar = "N", .help = "Give a task at least N files, where there are as many."},
    {ROW(max_tasks_in_flight, NUMBER), .flag = "max-tasks-in-flight", .min = 1, .max = 1000000,
     .fallback = 1000, .metavar = "N", .help = "Hold back further tasks while N have not ended."},
    {ROW(critical_path_priority, NUMBER), .flag = "critical-path-priority", .min = 1, .max = 1000,
     .fallback = 10, .metavar = "N", .help = "The priority of tasks that many others wait for."},
    {KEY("enable_work_stealing", disable_work_stealing, FLAG), .inverted = true,
     .flag = "no-work-stealing",
     .help = "Let no worker take work from another; it is moved where the load is uneven."},
    {ROW(strategy, WORD), .flag = "strategy", .word = strategy_word, .metavar = "STRATEGY",
     .help = "How work is given to the workers."},
    {RESOURCE(trace_events, NUMBER), .flag = "trace-events", .min = 16, .max = 16 * MIB,
     .fallback_text = "65536 with --trace, else no trace", .metavar = "N",
     .help = "Keep the newest N events of each worker for --trace."},
    {.name = NULL}};

const gsaw__option *gsaw__config_options(void) { return rows; }

gsaw_status gsaw__config_fill(const gsaw_config *given, gsaw_config *out, gsaw_error *error)
{
    gsaw_config filled = {.size = sizeof filled};
    if (given != NULL) {
        if (given->size < sizeof given->size || given->size > sizeof filled)
            return gsaw__fail(error, GSAW_INVALID, "config: size is %zu, not %zu", given->size,
                              sizeof filled);
        memcpy(&filled, given, given->size);
        filled.size = sizeof filled;
        filled.owned = NULL; /* stays the giver's */
    }
    gsaw_status status = gsaw__option_check(rows, &filled, error);
    if (status != GSAW_OK)
        return status;
    gsaw__option_fill(rows, &filled);
    *out = filled;
    return GSAW_OK;
}

void gsaw__config_to_toml(const gsaw_config *self, gsaw__buffer *out)
{
    for (const gsaw__option *option = rows; option->name != NULL; option++)
        if (!gsaw__option_is_zero(option, self)) {
            gsaw__buffer_printf(out, "%s = ", option->name);
            gsaw__setting_format(option, self, out);
            gsaw__buffer_append_byte(out, '\n');
        }
}

const char *gsaw__config_strategy(const gsaw_config *self) { return strategy_word(self->strategy); }

uint64_t gsaw__config_memory(const gsaw_config *self)
{
    uint64_t ceiling = gsaw__machine_memory("") / 100 * self->max_memory_percent;
    if (self->max_memory_bytes != 0 && self->max_memory_bytes < ceiling)
        ceiling = self->max_memory_bytes;
    return ceiling;
}
