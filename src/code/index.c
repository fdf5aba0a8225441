/* index.c - one run over the tree: discover streams into parse, then the results are put in order.
 * Keeps:   as run.h.
 * Threads: the caller's, and those of the pool that lives for the run.
 * Next:    run.h, batches.c (parse), discover.h, publish.h, task/gate.h */
#include "code/run.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/machine.h"
#include "base/status.h"
#include "code/publish.h"
#include "task/pool.h"
#include "work/config.h"

#define MIB ((uint64_t)1 << 20)
#define MEMORY_FIXED (16 * MIB)     /* the program itself, stacks: what no gate counts */
#define MEMORY_PER_WORKER (4 * MIB) /* what a worker keeps from file to file */
#define BUDGET_LEAST (16 * MIB)     /* for parsing, however low the ceiling */

/* ---- set up ---- */

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

static gsaw_status make_slots(gsaw__run *run, gsaw_error *error)
{
    gsaw_codebase *codebase = run->codebase;
    /* The slots are aligned to cache lines by hand: the allocator promises less. */
    gsaw__arena *arena = &codebase->results;
    run->slots = gsaw__arena_alloc_aligned(arena, run->slot_count * sizeof *run->slots,
                                           alignof(gsaw__run_slot));
    run->arenas = gsaw__arena_alloc(arena, run->slot_count * sizeof *run->arenas);
    if (run->slots == NULL || run->arenas == NULL) {
        run->slots = NULL;
        return gsaw__fail_memory(error);
    }
    for (uint32_t i = 0; i < run->slot_count; i++) {
        run->slots[i] = (gsaw__run_slot){.given = 0};
        gsaw__parser_init(&run->slots[i].parser, &run->options, codebase->allocator);
        gsaw__arena_init(&run->slots[i].arena, codebase->allocator);
        gsaw__buffer_init(&run->slots[i].path, codebase->allocator);
        run->slots[i].flight = codebase->flights == NULL ? NULL : &codebase->flights[i];
        run->slots[i].lap = (gsaw__lap){.wall_ns = 0};
        run->arenas[i] = &run->slots[i].arena;
    }
    return GSAW_OK;
}

static gsaw_status make_progress(gsaw__run *run, gsaw_error *error)
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

static gsaw_status make_pool(gsaw__run *run, gsaw_error *error)
{
    const gsaw_config *config = &run->codebase->config;
    gsaw_pool_options options = {
        .size = sizeof options,
        .allocator = run->codebase->allocator,
        .workers = run->codebase->serial ? 1 : config->num_workers,
        .trace_events = config->trace_events,
    };
    return gsaw__pool_new_lazy(&options, &run->pool, error);
}

static gsaw_status make_distributor(gsaw__run *run, gsaw_error *error)
{
    const gsaw_config *config = &run->codebase->config;
    gsaw_strategy strategy = run->codebase->strategy;
    if (strategy.size == 0)
        strategy = *gsaw_strategy_find(gsaw__config_strategy(config));
    run->is_balanced = strategy.steals && config->disable_work_stealing;
    strategy.steals &= !config->disable_work_stealing;
    gsaw_distributor_options options = {
        .size = sizeof options,
        .allocator = run->codebase->allocator,
        .pool = run->pool,
        .own = &strategy,
        .items_max = config->max_tasks_in_flight,
        .batch_max = 1,
    };
    gsaw_status status = gsaw_distributor_new(&options, &run->distributor, error);
    if (status != GSAW_OK)
        return status;
    return gsaw_distributor_start(run->distributor, gsaw__batches_parse, run, error);
}

static const char *const phase_names[] = {"discover", "parse", "publish"};

#define PHASE_COUNT (sizeof phase_names / sizeof *phase_names)

/* The names that phases hand out live no longer than they do. */
static const char *constant_name(const char *name)
{
    for (size_t i = 0; i < PHASE_COUNT && name != NULL; i++)
        if (strcmp(phase_names[i], name) == 0)
            return phase_names[i];
    return NULL;
}

void gsaw__run_fail(gsaw__run *self, const gsaw_error *error)
{
    uint32_t none = 0;
    /* relaxed: who waits for the tasks reads it, after their ends */
    if (gsaw__cas_relaxed(&self->has_failed, &none, 1u))
        self->failure = *error;
    gsaw_codebase_cancel(self->codebase);
}

static void on_phase(void *context, const char *ended, const char *begins)
{
    gsaw__run *run = context;
    /* relaxed: the address of a constant */
    gsaw__store_relaxed(&run->codebase->phase, constant_name(begins));
    if (ended != NULL) /* at the latest when the first has ended everything is found */
        gsaw_progress_set_final(run->progress);
}

static gsaw_status make_phases(gsaw__run *run, gsaw_error *error)
{
    gsaw_status status =
        gsaw_phases_new(run->codebase->allocator, phase_names, PHASE_COUNT, &run->phases, error);
    if (status == GSAW_OK)
        gsaw_phases_set_hook(run->phases, on_phase, run);
    return status;
}

static gsaw_status set_up(gsaw__run *run, gsaw_error *error)
{
    gsaw_codebase *codebase = run->codebase;
    gsaw_status status = make_pool(run, error);
    gsaw__timing_step(&codebase->timing, GSAW_STEP_THREADS);
    if (status != GSAW_OK)
        return status;
    run->slot_count = gsaw__pool_room(run->pool);
    uint64_t budget = parse_budget(&codebase->config, run->slot_count);
    status = gsaw__gate_init(&run->gate, budget);
    if (status != GSAW_OK)
        return gsaw__fail(error, status, "memory gate: %s", gsaw_status_text(status));
    run->has_gate = true;
    run->options = (gsaw__parse_options){
        .config = &codebase->config,
        .gate = &run->gate,
        .memory_max = budget / 2, /* a constant, so that results do not depend on the order of the
                                     run; the other half is for results */
        .cancel = codebase->cancel,
    };
    static gsaw_status (*const makers[])(gsaw__run *, gsaw_error *) = {
        make_slots, make_progress, make_phases, make_distributor};
    for (size_t i = 0; i < sizeof makers / sizeof *makers && status == GSAW_OK; i++)
        status = makers[i](run, error);
    return status;
}

static gsaw_status discover_and_parse(gsaw__run *run, gsaw_error *error)
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
        .only = run->codebase->only,
        .cancel = run->codebase->cancel,
        .before_listing = gsaw__batches_make_room,
        .on_listing = gsaw__batches_add,
        .context = run,
    };
    (void)gsaw_phases_advance(run->phases, "discover", NULL); /* in order: they cannot fail */
    gsaw_status status =
        gsaw__discovery_start(run->codebase->root, &options, &run->discovery, error);
    if (status == GSAW_OK)
        gsaw_pool_wait(run->pool, &run->group);
    (void)gsaw_phases_advance(run->phases, "parse", NULL);
    gsaw_status parsed = gsaw_distributor_finish(run->distributor, error);
    if (status != GSAW_OK || parsed != GSAW_OK)
        return status != GSAW_OK ? status : parsed;
    /* relaxed: all has ended */
    if (gsaw__load_relaxed(&run->has_failed) != 0)
        return gsaw__fail(error, run->failure.status, "%s", run->failure.text);
    status = gsaw__run_is_cancelled(run) ? GSAW_CANCELLED : gsaw__discovery_status(run->discovery);
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

static gsaw_status put_in_order(gsaw__run *run, gsaw_error *error)
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
static void time_phases(gsaw__run *run, uint64_t publish_ns, uint64_t publish_cpu_ns)
{
    gsaw_codebase *codebase = run->codebase;
    uint64_t parse_cpu_ns = 0, first_ns = UINT64_MAX, last_ns = 0;
    for (uint32_t i = 0; i < run->slot_count; i++) {
        const gsaw__parser *parser = &run->slots[i].parser;
        parse_cpu_ns += parser->cpu_ns;
        codebase->timing.between_ns += run->slots[i].lap.between_ns;
        uint64_t queued = run->slots[i].queued_max;
        codebase->summary.queued_max =
            queued > codebase->summary.queued_max ? queued : codebase->summary.queued_max;
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
static gsaw_status take_over(gsaw__run *run, gsaw_error *error)
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

static void adopt_arenas(gsaw__run *run)
{
    for (uint32_t i = 0; i < run->slot_count; i++) {
        gsaw__arena_adopt(&run->codebase->results, &run->slots[i].arena);
        gsaw__arena_adopt(&run->codebase->results, &run->slots[i].parser.facts);
    }
}

static gsaw_status publish(gsaw__run *run, gsaw_error *error)
{
    gsaw_codebase *codebase = run->codebase;
    uint64_t start_ns = gsaw__clock_ns(), cpu_ns = gsaw__clock_cpu_ns();
    (void)gsaw_phases_advance(run->phases, "publish", NULL);
    /* relaxed: the run is over */
    bool refused = gsaw__load_relaxed(&run->refused) != 0 || run->live == 0;
    codebase->summary.jobs = !refused ? run->slot_count : run->live == 0 ? 1 : run->live;
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

static void tear_down(gsaw__run *run)
{
    gsaw_distributor_free(run->distributor);
    gsaw_phases_free(run->phases);
    gsaw_progress_free(run->progress);
    gsaw__discovery_free(run->discovery);
    if (run->slots != NULL)
        adopt_arenas(run);
    for (uint32_t i = 0; run->slots != NULL && i < run->slot_count; i++) {
        gsaw__parser_clear(&run->slots[i].parser);
        gsaw__buffer_clear(&run->slots[i].path);
        gsaw__array_clear(&run->slots[i].costs, run->codebase->allocator);
        gsaw__array_clear(&run->slots[i].cut, run->codebase->allocator);
    }
    if (run->has_gate)
        gsaw__gate_clear(&run->gate);
    gsaw_pool_free(run->pool);
}

gsaw_status gsaw__codebase_run(gsaw_codebase *self, gsaw_error *error)
{
    gsaw__run run = {.codebase = self, .start_cpu_ns = gsaw__clock_cpu_ns()};
    self->start_ns = gsaw__clock_ns();
    run.listed_ns = self->start_ns;
    gsaw__timing_begin(&self->timing, self->start_ns);
    gsaw_status status = set_up(&run, error);
    gsaw__timing_step(&self->timing, GSAW_STEP_SET_UP);
    if (status == GSAW_OK)
        status = discover_and_parse(&run, error);
    gsaw__timing_step(&self->timing, GSAW_STEP_TASKS);
    if (run.pool != NULL) {
        run.live = gsaw_pool_worker_count(run.pool);
        gsaw_pool_shutdown(run.pool, true); /* the rings of the trace may be read from here on */
    }
    if (status == GSAW_OK)
        status = publish(&run, error);
    if (status == GSAW_OK)
        gsaw_cost_model_fit(self->model);
    tear_down(&run);
    gsaw__store_relaxed(&self->phase, NULL); /* relaxed: as above */
    /* relaxed: no run is on; the next one starts afresh, unless the flag is another's */
    gsaw__store_relaxed(&self->cancel_own, 0);
    return status;
}
