/* index.c - one run over the tree: discover streams into parse, then the results are put in order.
 * Keeps:   workers write only their own slot and the records of the files they have; order is given
 *          afterwards, in one walk of the sorted directories: output never depends on the workers.
 * Threads: the caller's, and those of the pool that lives for the run.
 * Next:    codebase.h, discover.h, parse.h, publish.h, task/gate.h */
#include "code/codebase.h"

#include <stdalign.h>
#include <string.h>
#include <unistd.h>

#include <gangsaw/sync.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/clock.h"
#include "base/machine.h"
#include "base/status.h"
#include "code/discover.h"
#include "code/publish.h"
#include "task/pool.h"
#include "work/config.h"

#define MIB ((uint64_t)1 << 20)
#define MEMORY_FIXED (16 * MIB)     /* the program itself, stacks: what no gate counts */
#define MEMORY_PER_WORKER (4 * MIB) /* what a worker keeps from file to file */
#define BUDGET_LEAST (16 * MIB)     /* for parsing, however low the ceiling */

/* One worker's part of the run; nothing in it is shared. */
struct slot {
    alignas(GSAW_SEPARATION) gsaw__parser parser;
    gsaw__arena arena; /* directories, names, records */
    gsaw__buffer path; /* of the file at hand, when files in flight are watched */
    gsaw__flight *flight;
    gsaw__lap lap;
};

struct run {
    gsaw_codebase *codebase;
    gsaw_pool *pool;
    gsaw_group group;
    gsaw__gate gate;
    gsaw__parse_options options;
    struct slot *slots;   /* NULL until made */
    gsaw__arena **arenas; /* those of the slots, as discovery wants them */
    uint32_t slot_count;
    gsaw__discovery *discovery;
    gsaw_progress *progress;
    uint64_t start_cpu_ns;
    uint32_t workers; /* that run; 0: the caller's thread does it all */
    bool has_gate;
    _Atomic uint64_t listed_ns; /* when the newest listing was complete */
    _Atomic uint32_t no_memory; /* not 0: a record or a task could not be made: the run fails */
};

/* ---- parse: a task is a range of a directory's entries ---- */

/* What the tasks of one directory share. */
struct batch {
    struct run *run;
    gsaw__dir *dir;
};

/* A range as a task carries it: two indices, and whether it holds on to the directory's descriptor.
 */
struct part {
    uint32_t first, end;
    bool holds;
};

static uint64_t pack(struct part part)
{
    return (uint64_t)part.first << 33 | (uint64_t)part.end << 1 | part.holds;
}

static struct part unpack(uint64_t range)
{
    return (struct part){(uint32_t)(range >> 33), (uint32_t)(range >> 1), (range & 1) != 0};
}

static void fail_run(struct run *run)
{
    /* relaxed: looked at when the group has ended */
    gsaw__store_relaxed(&run->no_memory, 1);
    gsaw_codebase_cancel(run->codebase);
}

static bool is_cancelled(const struct run *run)
{
    /* relaxed: polled */
    return gsaw__load_relaxed(&run->codebase->cancel) != 0;
}

static gsaw_status parse_part(gsaw_worker *worker, void *argument, uint64_t *value);

/* Give the part to the pool. When that fails, the run does. */
static void submit_part(struct batch *batch, uint32_t first, uint32_t end)
{
    struct run *run = batch->run;
    struct part part = {first, end, gsaw__dir_retain(batch->dir)};
    if (gsaw_pool_spawn(run->pool, &run->group, parse_part, batch, pack(part)) == GSAW_OK)
        return;
    if (part.holds)
        gsaw__dir_release(gsaw__discovery_tree(run->discovery), batch->dir);
    fail_run(run);
}

static void open_and_parse(struct batch *batch, struct slot *slot, const gsaw__dir_entry *entry,
                           gsaw__file_record *record)
{
    gsaw__tree *tree = gsaw__discovery_tree(batch->run->discovery);
    int descriptor = gsaw__dir_open_file(tree, batch->dir, entry);
    gsaw__parser_run(&slot->parser, descriptor, record);
    if (descriptor >= 0)
        close(descriptor);
}

/* The same with the file in the table of files in flight; one that is set aside is not touched. */
static void parse_watched(struct batch *batch, struct slot *slot, const gsaw__dir_entry *entry,
                          gsaw__file_record *record)
{
    gsaw__buffer_reset(&slot->path);
    gsaw__dir_path(batch->dir, &slot->path);
    if (slot->path.count != 0)
        gsaw__buffer_append_byte(&slot->path, '/');
    gsaw__buffer_append(&slot->path, entry->name, entry->name_size);
    if (gsaw__flight_is_set_aside(&batch->run->codebase->set_aside, &slot->path)) {
        record->status = GSAW_FILE_FAILED;
        record->reason = GSAW_REASON_CRASHED;
        return;
    }
    gsaw__flight_begin(slot->flight, &slot->path);
    open_and_parse(batch, slot, entry, record);
    gsaw__flight_end(slot->flight);
}

static void parse_entry(struct batch *batch, struct slot *slot, gsaw__dir_entry *entry)
{
    gsaw__file_record *record = gsaw__arena_alloc_zero(&slot->arena, 1, sizeof *record);
    if (record == NULL) {
        fail_run(batch->run);
        return;
    }
    record->language = entry->language;
    entry->data = record;
    uint64_t start_ns = gsaw__clock_ns();
    if (slot->flight == NULL)
        open_and_parse(batch, slot, entry, record);
    else
        parse_watched(batch, slot, entry, record);
    gsaw__lap_end(&slot->lap, start_ns, &record->cost_ns, &record->waited_ns);
}

/* Halve the part for as long as others are hungry (or it is more than one task may take), keep the
 * front. */
static uint32_t split(struct batch *batch, gsaw_worker *worker, struct part part)
{
    const gsaw_config *config = &batch->run->codebase->config;
    while (part.end - part.first > config->min_task_size &&
           (part.end - part.first > config->batch_size || gsaw_worker_is_wanted(worker))) {
        uint32_t middle = part.first + (part.end - part.first) / 2;
        submit_part(batch, middle, part.end);
        part.end = middle;
    }
    return part.end;
}

static gsaw_status parse_part(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct batch *batch = argument;
    struct run *run = batch->run;
    struct slot *slot = &run->slots[gsaw_worker_index(worker)];
    struct part part = unpack(*value);
    gsaw__lap_begin(&slot->lap);
    uint64_t start_ns = slot->lap.wall_ns, cpu_ns = slot->lap.cpu_ns;
    gsaw_worker_name_task(worker, "parse");
    if (slot->parser.first_ns == 0)
        slot->parser.first_ns = start_ns;
    for (; part.first < part.end && !is_cancelled(run); part.first++) {
        part.end = split(batch, worker, part);
        gsaw__dir_entry *entry = &batch->dir->entries[part.first];
        if (entry->type == GSAW_ENTRY_DIRECTORY || entry->status != GSAW_FILE_OK)
            continue;
        uint64_t begun = gsaw_worker_span_begin(worker);
        parse_entry(batch, slot, entry);
        gsaw_worker_span_end(worker, begun, entry->name, part.first);
        gsaw_progress_update(run->progress, gsaw_worker_index(worker), 1);
    }
    slot->parser.cpu_ns += gsaw__clock_thread_ns() - cpu_ns;
    slot->parser.last_ns = gsaw__clock_ns();
    if (part.holds)
        gsaw__dir_release(gsaw__discovery_tree(run->discovery), batch->dir);
    return GSAW_OK;
}

/* ---- discover: each complete listing is handed to parse ---- */

static void on_listing(void *context, gsaw_worker *worker, gsaw__dir *dir)
{
    struct run *run = context;
    uint32_t index = gsaw_worker_index(worker);
    /* relaxed: a time for the summary, read when the group has ended */
    gsaw__store_relaxed(&run->listed_ns, gsaw__clock_ns());
    if (dir->file_count == 0 || is_cancelled(run))
        return;
    gsaw_progress_add_total(run->progress, index, dir->file_count);
    struct batch *batch = gsaw__arena_alloc(&run->slots[index].arena, sizeof *batch);
    if (batch == NULL) {
        fail_run(run);
        return;
    }
    *batch = (struct batch){run, dir};
    submit_part(batch, 0, dir->count);
}

/* ---- the run: set up, wait, publish, tear down ---- */

static void tell_progress(void *context, const gsaw_progress_state *state)
{
    const gsaw_codebase *codebase = context;
    codebase->progress(codebase->progress_context, state->completed, state->total,
                       state->total_is_final);
}

/* What is left of the ceiling for parsing. */
static uint64_t parse_budget(const gsaw_config *config, uint32_t workers)
{
    uint64_t ceiling = gsaw__config_memory(config);
    uint64_t taken = MEMORY_FIXED + MEMORY_PER_WORKER * workers;
    return ceiling > taken + BUDGET_LEAST ? ceiling - taken : BUDGET_LEAST;
}

static gsaw_status make_slots(struct run *run, gsaw_error *error)
{
    gsaw_codebase *codebase = run->codebase;
    uint32_t count = gsaw_pool_worker_max(run->pool);
    run->slot_count = count == 0 ? 1 : count; /* a pool without threads has a seat */
    /* The slots are aligned to cache lines by hand: the allocator promises less. */
    gsaw__arena *arena = &codebase->results;
    run->slots = gsaw__arena_alloc_aligned(arena, run->slot_count * sizeof *run->slots,
                                           alignof(struct slot));
    run->arenas = gsaw__arena_alloc(arena, run->slot_count * sizeof *run->arenas);
    if (run->slots == NULL || run->arenas == NULL) {
        run->slots = NULL;
        return gsaw__fail_memory(error);
    }
    for (uint32_t i = 0; i < run->slot_count; i++) {
        gsaw__parser_init(&run->slots[i].parser, &run->options, codebase->allocator);
        gsaw__arena_init(&run->slots[i].arena, codebase->allocator);
        gsaw__buffer_init(&run->slots[i].path, codebase->allocator);
        run->slots[i].flight = codebase->flights == NULL ? NULL : &codebase->flights[i];
        run->slots[i].lap = (gsaw__lap){.wall_ns = 0};
        run->arenas[i] = &run->slots[i].arena;
    }
    return GSAW_OK;
}

static gsaw_status make_progress(struct run *run, gsaw_error *error)
{
    gsaw_progress_options options = {
        .size = sizeof options,
        .allocator = run->codebase->allocator,
        .shards = run->slot_count,
        .callback = run->codebase->progress != NULL ? tell_progress : NULL,
        .context = run->codebase,
    };
    return gsaw_progress_new(&options, &run->progress, error);
}

static gsaw_status make_pool(struct run *run, gsaw_error *error)
{
    const gsaw_config *config = &run->codebase->config;
    gsaw_pool_options options = {
        .size = sizeof options,
        .allocator = run->codebase->allocator,
        .workers = config->num_workers,
        .no_stealing = config->disable_work_stealing,
        .trace_events = config->trace_events,
    };
    return gsaw_pool_new(&options, &run->pool, error);
}

static gsaw_status set_up(struct run *run, gsaw_error *error)
{
    gsaw_codebase *codebase = run->codebase;
    gsaw_status status = make_pool(run, error);
    gsaw__timing_step(&codebase->timing, GSAW_STEP_THREADS);
    if (status != GSAW_OK)
        return status;
    run->workers = gsaw_pool_worker_count(run->pool);
    uint64_t budget = parse_budget(&codebase->config, gsaw_pool_worker_max(run->pool));
    status = gsaw__gate_init(&run->gate, budget);
    if (status != GSAW_OK)
        return gsaw__fail(error, status, "memory gate: %s", gsaw_status_text(status));
    run->has_gate = true;
    run->options = (gsaw__parse_options){
        .config = &codebase->config,
        .gate = &run->gate,
        .memory_max = budget / 2, /* a constant, so that results do not depend on the order of the
                                     run; the other half is for results */
        .cancel = &codebase->cancel,
    };
    status = make_slots(run, error);
    return status == GSAW_OK ? make_progress(run, error) : status;
}

static gsaw_status discover_and_parse(struct run *run, gsaw_error *error)
{
    const gsaw_config *config = &run->codebase->config;
    gsaw__discovery_options options = {
        .allocator = run->codebase->allocator,
        .pool = run->pool,
        .group = &run->group,
        .arenas = run->arenas,
        .include = config->include,
        .exclude = config->exclude,
        .no_ignore = config->no_ignore,
        .hidden = config->hidden,
        .follow = config->follow,
        .cancel = &run->codebase->cancel,
        .on_listing = on_listing,
        .context = run,
    };
    gsaw_status status =
        gsaw__discovery_start(run->codebase->root, &options, &run->discovery, error);
    if (status != GSAW_OK)
        return status;
    gsaw_pool_wait(run->pool, &run->group);
    /* relaxed: the group has ended */
    if (gsaw__load_relaxed(&run->no_memory) != 0)
        return gsaw__fail_memory(error);
    status = is_cancelled(run) ? GSAW_CANCELLED : gsaw__discovery_status(run->discovery);
    if (status == GSAW_OK)
        return GSAW_OK;
    return gsaw__fail(error, status, "%s: %s", run->codebase->root, gsaw_status_text(status));
}

/* Where the walk stands: the record of a file, made here when no worker had to (skipped by its
 * type, an unreadable directory or ignore file). NULL: no memory. */
static gsaw__file_record *record_of(gsaw_codebase *codebase, const gsaw__dir_walk *walk)
{
    const gsaw__dir_entry *entry = walk->entry;
    gsaw__arena *arena = &codebase->results;
    bool is_dir = entry->type == GSAW_ENTRY_DIRECTORY;
    gsaw__file_record *record = is_dir ? NULL : entry->data;
    if (record == NULL) {
        record = gsaw__arena_alloc_zero(arena, 1, sizeof *record);
        if (record == NULL)
            return NULL;
        const gsaw__dir *dir = is_dir ? entry->data : NULL;
        record->language = entry->language;
        record->status = dir != NULL ? (uint8_t)GSAW_FILE_FAILED : entry->status;
        record->reason = dir != NULL ? dir->reason : entry->reason;
        record->os_errno = record->reason == GSAW_REASON_IO && dir != NULL ? dir->os_errno : 0;
    }
    record->directory = walk->directory->number;
    record->path_size = (uint32_t)walk->path.count;
    record->path = gsaw__arena_dup(arena, walk->path.bytes, walk->path.count);
    return record->path == NULL ? NULL : record;
}

static gsaw_status put_in_order(struct run *run, gsaw_error *error)
{
    gsaw_codebase *codebase = run->codebase;
    gsaw__dir_walk walk;
    gsaw__dir *root = &gsaw__discovery_tree(run->discovery)->root;
    bool has_memory = gsaw__timing_directories(&codebase->timing, root, codebase->allocator);
    gsaw__dir_walk_init(&walk, root, codebase->allocator);
    while (has_memory && gsaw__dir_walk_next(&walk)) {
        gsaw__file_record *record = record_of(codebase, &walk);
        has_memory =
            record != NULL && gsaw__array_push(&codebase->files, codebase->allocator, record);
    }
    has_memory = has_memory && !walk.path.failed;
    gsaw__dir_walk_clear(&walk);
    return has_memory ? GSAW_OK : gsaw__fail_memory(error);
}

static void add_phase(gsaw_summary *summary, const char *name, uint64_t wall_ns, uint64_t cpu_ns)
{
    summary->phases[summary->phase_count++] = (gsaw_phase_time){name, wall_ns, cpu_ns};
}

/* Discovery and parsing overlap: the wall of each is from its first start to its last end, and what
 * CPU time was not used by parsing was used by discovery (and the little that the pool takes). */
static void time_phases(struct run *run, uint64_t publish_ns, uint64_t publish_cpu_ns)
{
    gsaw_codebase *codebase = run->codebase;
    uint64_t parse_cpu_ns = 0, first_ns = UINT64_MAX, last_ns = 0;
    for (uint32_t i = 0; i < run->slot_count; i++) {
        const gsaw__parser *parser = &run->slots[i].parser;
        parse_cpu_ns += parser->cpu_ns;
        codebase->timing.between_ns += run->slots[i].lap.between_ns;
        if (parser->first_ns != 0 && parser->first_ns < first_ns)
            first_ns = parser->first_ns;
        if (parser->last_ns > last_ns)
            last_ns = parser->last_ns;
    }
    uint64_t used = publish_cpu_ns - run->start_cpu_ns;
    gsaw_summary *summary = &codebase->summary;
    /* relaxed: the group has ended */
    add_phase(summary, "discover", gsaw__load_relaxed(&run->listed_ns) - codebase->start_ns,
              used > parse_cpu_ns ? used - parse_cpu_ns : 0);
    add_phase(summary, "parse", last_ns > first_ns ? last_ns - first_ns : 0, parse_cpu_ns);
    add_phase(summary, "publish", gsaw__clock_ns() - publish_ns,
              gsaw__clock_cpu_ns() - publish_cpu_ns);
    summary->wall_ns = gsaw__clock_ns() - codebase->start_ns;
    summary->cpu_ns = gsaw__clock_cpu_ns() - run->start_cpu_ns;
    summary->peak_rss_bytes = gsaw__machine_peak_rss();
    codebase->timing.gate_waits = run->gate.waits;
    codebase->timing.gate_ns = run->gate.wait_ns;
}

/* Counters and traces outlive the pool; the arenas of the workers become the codebase's. */
static gsaw_status take_over(struct run *run, gsaw_error *error)
{
    gsaw_codebase *codebase = run->codebase;
    for (uint32_t i = 0; i < gsaw_pool_worker_max(run->pool); i++) {
        gsaw_worker_stats stats;
        gsaw_pool_stats(run->pool, i, &stats);
        gsaw__trace_ring *ring = gsaw__pool_trace(run->pool, i);
        if (!gsaw__array_push(&codebase->workers, codebase->allocator, stats) ||
            !gsaw__array_reserve(&codebase->traces, codebase->allocator, 1))
            return gsaw__fail_memory(error);
        codebase->traces.items[codebase->traces.count++] = *ring;
        *ring = (gsaw__trace_ring){.events = NULL};
    }
    return GSAW_OK;
}

static void adopt_arenas(struct run *run)
{
    for (uint32_t i = 0; i < run->slot_count; i++) {
        gsaw__arena_adopt(&run->codebase->results, &run->slots[i].arena);
        gsaw__arena_adopt(&run->codebase->results, &run->slots[i].parser.facts);
    }
}

static gsaw_status publish(struct run *run, gsaw_error *error)
{
    gsaw_codebase *codebase = run->codebase;
    uint64_t start_ns = gsaw__clock_ns(), cpu_ns = gsaw__clock_cpu_ns();
    codebase->summary.jobs = run->workers == 0 ? 1 : run->workers;
    gsaw_status status = put_in_order(run, error);
    if (status == GSAW_OK)
        status = take_over(run, error);
    if (status != GSAW_OK)
        return status;
    gsaw__publish_summary(&codebase->summary, codebase->files.items, codebase->files.count);
    time_phases(run, start_ns, cpu_ns);
    gsaw__timing_step(&codebase->timing, GSAW_STEP_PUBLISH);
    gsaw__timing_end(&codebase->timing);
    return GSAW_OK;
}

static void tear_down(struct run *run)
{
    gsaw_progress_free(run->progress);
    gsaw__discovery_free(run->discovery);
    if (run->slots != NULL)
        adopt_arenas(run);
    for (uint32_t i = 0; run->slots != NULL && i < run->slot_count; i++) {
        gsaw__parser_clear(&run->slots[i].parser);
        gsaw__buffer_clear(&run->slots[i].path);
    }
    if (run->has_gate)
        gsaw__gate_clear(&run->gate);
    gsaw_pool_free(run->pool);
}

gsaw_status gsaw__codebase_run(gsaw_codebase *self, gsaw_error *error)
{
    struct run run = {.codebase = self, .start_cpu_ns = gsaw__clock_cpu_ns()};
    self->start_ns = gsaw__clock_ns();
    run.listed_ns = self->start_ns;
    gsaw__timing_begin(&self->timing, self->start_ns);
    gsaw_status status = set_up(&run, error);
    gsaw__timing_step(&self->timing, GSAW_STEP_SET_UP);
    if (status == GSAW_OK)
        status = discover_and_parse(&run, error);
    gsaw__timing_step(&self->timing, GSAW_STEP_TASKS);
    if (run.pool != NULL)
        gsaw_pool_shutdown(run.pool, true); /* the rings of the trace may be read from here on */
    if (status == GSAW_OK)
        status = publish(&run, error);
    tear_down(&run);
    /* relaxed: no run is on; the next one starts afresh */
    gsaw__store_relaxed(&self->cancel, 0);
    return status;
}
