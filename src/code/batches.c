/* batches.c - the parse phase: each listing is cut into batches of files, which the workers take,
 * the dearest first.
 * Keeps:   every file of a listing is in one batch; a batch that cannot be given to the workers
 *          makes the run fail. At most max_tasks_in_flight batches wait, and what each worker was
 *          about to add then (those of ENTRIES_MAX entries): who lists parses when there are more.
 * Threads: the workers' own; a batch is one worker's at a time.
 * Next:    run.h, parse.h, work/README.md */
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/status.h"
#include "code/run.h"
#include "task/pool.h"
#include "work/distributor.h"

/* A batch is worth a task, and the last ones end at about the same time. */
#define BATCH_NS 1e6

/* Listing directories is worth a further thread when there are as many as this to a worker. */
#define LISTINGS_PER_WORKER 8u

/* Entries that are cut and given to the workers at once. */
#define ENTRIES_MAX 1024u

/* Some entries of a directory, and whether its descriptor is held on to. */
struct part {
    struct block *block;
    gsaw__dir *dir;
    uint32_t first, end;
    bool holds;
};

/* Parts that were made together, and are freed together; the distributor's items follow. */
struct block {
    size_t size;
    _Atomic uint32_t left; /* parts that have not ended */
    struct part parts[];
};

static gsaw__run_slot *slot_of(const gsaw__run *run, const gsaw_worker *worker)
{
    return &run->slots[gsaw_worker_index(worker)];
}

/* There is work for one more thread than there are. */
static void hire(gsaw__run *run)
{
    /* relaxed: a system that gives no more threads is not asked for ever */
    if (gsaw_pool_worker_count(run->pool) >= run->slot_count ||
        gsaw__load_relaxed(&run->refused) != 0)
        return;
    gsaw_status status = gsaw__pool_hire(run->pool);
    if (status != GSAW_OK && status != GSAW_AGAIN)
        gsaw__store_relaxed(&run->refused, 1); /* relaxed: as above */
}

/* ---- from listings to batches ---- */

/* What reading and parsing the entry will cost, in nanoseconds; next to nothing if it is no file to
 * be read. */
static double cost_of(const gsaw__run *run, const gsaw__dir *dir, const gsaw__dir_entry *entry)
{
    struct stat status;
    if (entry->type == GSAW_ENTRY_DIRECTORY || entry->status != GSAW_FILE_OK)
        return 1;
    int flags = (entry->flags & GSAW_ENTRY_FOLLOWED) != 0 ? 0 : AT_SYMLINK_NOFOLLOW;
    uint64_t size = fstatat(dir->descriptor, entry->name, &status, flags) == 0 && status.st_size > 0
                        ? (uint64_t)status.st_size
                        : 0;
    if (size > run->codebase->config.max_file_size)
        size = 0; /* it will not be read */
    return gsaw_cost_model_estimate(run->codebase->model, entry->language, size);
}

/* Join batches that have fewer than `least` entries with those behind them. */
static void join(gsaw__run_slot *slot, size_t least)
{
    size_t count = 0;
    for (size_t i = 0; i < slot->cut.count; i++) {
        gsaw_batch *last = count == 0 ? NULL : &slot->cut.items[count - 1];
        const gsaw_batch *next = &slot->cut.items[i];
        if (last != NULL && last->end - last->first < least) {
            last->end = next->end;
            last->cost += next->cost;
        } else {
            slot->cut.items[count++] = *next;
        }
    }
    slot->cut.count = count;
}

/* Cut entries [first, end) of the listing into slot->cut, which counts from `first`. False: no
 * memory. */
static bool cut(gsaw__run *run, gsaw__run_slot *slot, const gsaw__dir *dir, uint32_t first,
                uint32_t end)
{
    const gsaw_allocator *allocator = run->codebase->allocator;
    const gsaw_config *config = &run->codebase->config;
    slot->costs.count = slot->cut.count = 0;
    if (!gsaw__array_reserve(&slot->costs, allocator, end - first))
        return false;
    for (uint32_t i = first; i < end; i++)
        slot->costs.items[i - first] = cost_of(run, dir, &dir->entries[i]);
    gsaw_batch_options options = {.size = sizeof options,
                                  .batch_size = config->batch_size,
                                  .cost_max = BATCH_NS,
                                  .count = end - first,
                                  .costs = slot->costs.items};
    size_t count = gsaw_batch_cut(&options, NULL, 0);
    if (!gsaw__array_reserve(&slot->cut, allocator, count))
        return false;
    slot->cut.count = gsaw_batch_cut(&options, slot->cut.items, count);
    join(slot, config->min_task_size);
    return true;
}

/* A part has ended, or was not taken: the last of its block frees it. */
static void drop(gsaw__run *run, struct part *part)
{
    struct block *block = part->block;
    if (part->holds)
        gsaw__dir_release(gsaw__discovery_tree(run->discovery), part->dir);
    /* [B1] release what was read of the block, acquire by whom that frees it */
    if (gsaw__sub_acq_rel(&block->left, 1) == 1)
        gsaw__free(run->codebase->allocator, block, block->size);
}

static void note_queued(gsaw__run *run, gsaw__run_slot *slot)
{
    uint64_t waiting = gsaw__distributor_waiting(run->distributor);
    slot->queued_max = waiting > slot->queued_max ? waiting : slot->queued_max;
}

/* Give the batches in slot->cut, which count from `first`, to the workers. */
static gsaw_status distribute(gsaw__run *run, gsaw__run_slot *slot, gsaw__dir *dir, uint32_t first,
                              gsaw_error *error)
{
    size_t count = slot->cut.count;
    size_t size = sizeof(struct block) + count * (sizeof(struct part) + sizeof(gsaw_work_item));
    struct block *block = gsaw__alloc(run->codebase->allocator, size);
    if (block == NULL)
        return gsaw__fail_memory(error);
    gsaw_work_item *items = (gsaw_work_item *)(void *)&block->parts[count];
    block->size = size;
    gsaw__store_relaxed(&block->left, (uint32_t)count); /* [B1] distributing publishes it */
    for (size_t i = 0; i < count; i++) {
        const gsaw_batch *batch = &slot->cut.items[i];
        block->parts[i] = (struct part){.block = block,
                                        .dir = dir,
                                        .first = first + (uint32_t)batch->first,
                                        .end = first + (uint32_t)batch->end,
                                        .holds = gsaw__dir_retain(dir)};
        items[i] = (gsaw_work_item){.cost = batch->cost, .data = &block->parts[i]};
    }
    gsaw_status status = gsaw_distributor_distribute(run->distributor, items, count, error);
    if (status == GSAW_OK)
        note_queued(run, slot);
    for (size_t i = 0; status != GSAW_OK && i < count; i++)
        drop(run, &block->parts[i]);
    return status;
}

static void make_room(gsaw__run *run, gsaw_worker *worker)
{
    while (gsaw_distributor_is_full(run->distributor) && !gsaw__run_is_cancelled(run))
        if (!gsaw_distributor_help(run->distributor, worker))
            return;
}

void gsaw__batches_make_room(void *context, gsaw_worker *worker)
{
    gsaw__run *run = context;
    if (++slot_of(run, worker)->listings % LISTINGS_PER_WORKER == 0)
        hire(run);
    make_room(run, worker);
}

void gsaw__batches_add(void *context, gsaw_worker *worker, gsaw__dir *dir)
{
    gsaw__run *run = context;
    gsaw__run_slot *slot = slot_of(run, worker);
    gsaw_error error = {0};
    /* relaxed: a time for the summary, read when all has ended */
    gsaw__store_relaxed(&run->listed_ns, gsaw__clock_ns());
    if (dir->file_count == 0 || gsaw__run_is_cancelled(run))
        return;
    gsaw_progress_add_total(run->progress, gsaw_worker_index(worker), dir->file_count);
    gsaw_status status = GSAW_OK;
    for (uint32_t first = 0, end; first < dir->count && status == GSAW_OK; first = end) {
        end = dir->count - first < ENTRIES_MAX ? dir->count : first + ENTRIES_MAX;
        bool is_more = slot->given != 0; /* the first batch is this worker's own */
        if (first != 0)
            make_room(run, worker);
        status = cut(run, slot, dir, first, end) ? distribute(run, slot, dir, first, &error)
                                                 : gsaw__fail_memory(&error);
        slot->given += slot->cut.count;
        if (is_more || slot->cut.count > 1)
            hire(run);
        if (run->is_balanced)
            gsaw_distributor_balance(run->distributor);
    }
    if (status != GSAW_OK)
        gsaw__run_fail(run, &error);
}

/* ---- parsing a batch ---- */

static void open_and_parse(gsaw__run *run, gsaw__run_slot *slot, gsaw__dir *dir,
                           const gsaw__dir_entry *entry)
{
    int descriptor = gsaw__dir_open_file(gsaw__discovery_tree(run->discovery), dir, entry);
    gsaw__parser_run(&slot->parser, descriptor, entry->data);
    if (descriptor >= 0)
        close(descriptor);
}

/* The same with the file in the table of files in flight; one that is set aside is not touched. */
static void parse_watched(gsaw__run *run, gsaw__run_slot *slot, gsaw__dir *dir,
                          const gsaw__dir_entry *entry)
{
    gsaw__buffer_reset(&slot->path);
    gsaw__dir_path(dir, &slot->path);
    if (slot->path.count != 0)
        gsaw__buffer_append_byte(&slot->path, '/');
    gsaw__buffer_append(&slot->path, entry->name, entry->name_size);
    if (gsaw__flight_is_set_aside(&run->codebase->set_aside, &slot->path)) {
        gsaw__file_record *record = entry->data;
        record->status = GSAW_FILE_FAILED;
        record->reason = GSAW_REASON_CRASHED;
        return;
    }
    gsaw__flight_begin(slot->flight, &slot->path);
    open_and_parse(run, slot, dir, entry);
    gsaw__flight_end(slot->flight);
}

static void parse_entry(gsaw__run *run, gsaw_worker *worker, gsaw__dir *dir, uint32_t index)
{
    gsaw__run_slot *slot = slot_of(run, worker);
    gsaw__dir_entry *entry = &dir->entries[index];
    if (entry->type == GSAW_ENTRY_DIRECTORY || entry->status != GSAW_FILE_OK)
        return;
    gsaw__file_record *record = gsaw__arena_alloc_zero(&slot->arena, 1, sizeof *record);
    if (record == NULL) {
        gsaw_error error = {0};
        (void)gsaw__fail_memory(&error);
        gsaw__run_fail(run, &error);
        return;
    }
    record->language = entry->language;
    entry->data = record;
    uint64_t begun = gsaw_worker_span_begin(worker), begun_ns = gsaw__clock_ns();
    if (slot->flight == NULL)
        open_and_parse(run, slot, dir, entry);
    else
        parse_watched(run, slot, dir, entry);
    gsaw__lap_end(&slot->lap, begun_ns, &record->cost_ns, &record->waited_ns);
    gsaw_worker_span_end(worker, begun, entry->name, index);
    uint32_t shard = gsaw_worker_index(worker);
    gsaw_cost_sample sample = {.kind = entry->language,
                               .count = 1,
                               .size = record->bytes,
                               .ns = record->cost_ns - record->waited_ns};
    if (record->facts != NULL)
        gsaw_cost_model_observe(run->codebase->model, shard, &sample);
    gsaw_progress_update(run->progress, shard, 1);
}

/* Other workers are hungry: they get half of what is left. */
static void share(gsaw__run *run, gsaw_worker *worker, struct part *part)
{
    gsaw__run_slot *slot = slot_of(run, worker);
    gsaw_batch front = {.first = part->first, .end = part->end};
    slot->cut.count = 0;
    if (part->end - part->first <= run->codebase->config.min_task_size ||
        !gsaw__array_reserve(&slot->cut, run->codebase->allocator, 1) ||
        !gsaw_batch_split(&front, NULL, &slot->cut.items[0]))
        return;
    slot->cut.count = 1;
    slot->cut.items[0].cost = 0; /* it is the last work there is: its order does not matter */
    if (distribute(run, slot, part->dir, 0, NULL) == GSAW_OK)
        part->end = (uint32_t)front.end;
}

gsaw_status gsaw__batches_parse(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    gsaw__run *run = context;
    gsaw__run_slot *slot = slot_of(run, worker);
    struct part *given = item->data, part = *given;
    gsaw__lap_begin(&slot->lap);
    uint64_t start_ns = slot->lap.wall_ns, cpu_ns = slot->lap.cpu_ns;
    gsaw_worker_name_task(worker, "parse");
    if (slot->parser.first_ns == 0)
        slot->parser.first_ns = start_ns;
    for (; part.first < part.end && !gsaw__run_is_cancelled(run); part.first++) {
        if (gsaw_worker_is_wanted(worker))
            share(run, worker, &part);
        parse_entry(run, worker, part.dir, part.first);
    }
    slot->parser.cpu_ns += gsaw__clock_thread_ns() - cpu_ns;
    slot->parser.last_ns = gsaw__clock_ns();
    drop(run, given);
    return GSAW_OK;
}
