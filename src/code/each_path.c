/* each_path.c - lanes, costs by size, and a loop over the pool; without a pool, a plain loop.
 * Keeps:   a lane is in one visit at a time, or in the list of free ones.
 * Threads: as each_path.h; `lock` guards the free lanes, `done` is written by the visitor of
 *          the path and read when all have ended.
 * Next:    each_path.h, task/loop.c */
#include "code/each_path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/status.h"
#include "work/config.h"

#define MIB ((uint64_t)1 << 20)
#define MEMORY_FIXED (16 * MIB)      /* the program itself, stacks: what no gate counts */
#define MEMORY_PER_WORKER (12 * MIB) /* what a lane keeps from file to file */
#define BUDGET_LEAST (16 * MIB)

/* The cost of a file, in units of 256 bytes: opening it is worth 4 KiB. */
#define COST_UNIT 256
#define COST_FIXED 16

/* ---- making it ready ---- */

static gsaw_status open_root(gsaw__each_path *self, gsaw_error *error)
{
    self->folder = AT_FDCWD;
    if (self->root == NULL)
        return GSAW_OK;
    int descriptor = gsaw__directory_open(AT_FDCWD, self->root, true);
    if (descriptor == -ENOENT)
        return gsaw__fail(error, GSAW_NOT_FOUND, "%s: no such folder", self->root);
    if (descriptor == -ENOTDIR)
        return gsaw__fail(error, GSAW_INVALID, "%s: not a folder", self->root);
    if (descriptor < 0)
        return gsaw__fail_errno(error, -descriptor, "%s", self->root);
    self->folder = descriptor;
    self->has_folder = true;
    return GSAW_OK;
}

static uint32_t count_workers(const gsaw__each_path *self)
{
    uint32_t count = self->config.num_workers;
    if (self->pool != NULL)
        count = gsaw_pool_worker_count(self->pool);
    else if (count == 0)
        count = gsaw__machine_cpus("");
    if (count > self->paths.count)
        count = (uint32_t)self->paths.count;
    return count == 0 ? 1 : count;
}

static gsaw_status make_pool(gsaw__each_path *self, gsaw_error *error)
{
    if (self->pool != NULL || self->workers == 1)
        return GSAW_OK;
    gsaw_pool_options options = {
        .size = sizeof options, .allocator = self->config.allocator, .workers = self->workers};
    gsaw_status status = gsaw_pool_new(&options, &self->own_pool, error);
    self->pool = self->own_pool;
    return status;
}

static gsaw_status make_lanes(gsaw__each_path *self, gsaw_error *error)
{
    const gsaw_allocator *allocator = self->config.allocator;
    self->lanes = gsaw__alloc_zero(allocator, self->workers, sizeof *self->lanes);
    self->done = gsaw__alloc_zero(allocator, self->paths.count, 1);
    if (self->lanes == NULL || self->done == NULL)
        return gsaw__fail_memory(error);
    self->lane_count = self->workers;
    for (uint32_t i = self->lane_count; i-- > 0;) {
        gsaw__path_lane *lane = &self->lanes[i];
        lane->number = i;
        gsaw__buffer_init(&lane->source, allocator);
        gsaw__buffer_init(&lane->converted, allocator);
        gsaw__buffer_init(&lane->text, allocator);
        gsaw__arena_init(&lane->results, allocator);
        gsaw__tree_builder_init(&lane->builder, allocator);
        lane->next = self->free;
        self->free = lane;
    }
    return GSAW_OK;
}

static gsaw_status make_locks(gsaw__each_path *self, gsaw_error *error)
{
    uint64_t ceiling = gsaw__config_memory(&self->config);
    uint64_t taken = MEMORY_FIXED + MEMORY_PER_WORKER * self->workers;
    uint64_t budget = ceiling > taken + BUDGET_LEAST ? ceiling - taken : BUDGET_LEAST;
    self->memory_max = budget / 2; /* a constant: results do not depend on the order of the run */
    gsaw_status status = gsaw__gate_init(&self->gate, budget);
    self->has_gate = status == GSAW_OK;
    if (status == GSAW_OK) {
        status = gsaw__mutex_init(&self->lock, "lanes", GSAW_RANK_LEAF);
        self->has_lock = status == GSAW_OK;
    }
    if (status == GSAW_OK) {
        status = gsaw__condition_init(&self->freed);
        self->has_freed = status == GSAW_OK;
    }
    return status == GSAW_OK ? status : gsaw__fail(error, status, "%s", gsaw_status_text(status));
}

static gsaw_status make_progress(gsaw__each_path *self, gsaw_error *error)
{
    if (self->on_progress == NULL)
        return GSAW_OK;
    gsaw_progress_options options = {
        .size = sizeof options,
        .allocator = self->config.allocator,
        .shards = self->lane_count,
        .callback = self->on_progress,
        .context = self->progress_context,
    };
    gsaw_status status = gsaw_progress_new(&options, &self->progress, error);
    if (status == GSAW_OK) {
        gsaw_progress_add_total(self->progress, 0, self->paths.count);
        gsaw_progress_set_final(self->progress);
    }
    return status;
}

gsaw_status gsaw__each_path_open(gsaw__each_path *self, gsaw_error *error)
{
    gsaw_status status = gsaw__config_fill(self->given, &self->config, error);
    if (status != GSAW_OK)
        return status;
    self->workers = count_workers(self);
    status = open_root(self, error);
    if (status == GSAW_OK)
        status = make_lanes(self, error);
    if (status == GSAW_OK)
        status = make_locks(self, error);
    if (status == GSAW_OK)
        status = make_progress(self, error);
    return status == GSAW_OK ? make_pool(self, error) : status;
}

void gsaw__each_path_clear(gsaw__each_path *self)
{
    const gsaw_allocator *allocator = self->config.allocator;
    gsaw_pool_free(self->own_pool);
    gsaw_progress_free(self->progress);
    for (uint32_t i = 0; i < self->lane_count; i++) {
        gsaw__path_lane *lane = &self->lanes[i];
        gsaw__buffer_clear(&lane->source);
        gsaw__buffer_clear(&lane->converted);
        gsaw__buffer_clear(&lane->text);
        gsaw__arena_clear(&lane->results);
        gsaw__lang_state_free(lane->state);
        gsaw__tree_builder_clear(&lane->builder);
    }
    gsaw__free(allocator, self->lanes, self->workers * sizeof *self->lanes);
    gsaw__free(allocator, self->done, self->paths.count);
    if (self->has_freed)
        gsaw__condition_clear(&self->freed);
    if (self->has_lock)
        gsaw__mutex_clear(&self->lock);
    if (self->has_gate)
        gsaw__gate_clear(&self->gate);
    if (self->has_folder)
        close(self->folder);
}

/* ---- files ---- */

/* One component after another, no links, no "..": for paths that are too long for one call, and for
 * systems that cannot promise the rest. */
static int open_by_steps(int folder, const char *path)
{
    int at = folder, failure = 0;
    for (bool is_last = false; failure == 0 && !is_last;) {
        char name[NAME_MAX + 1];
        size_t size = strcspn(path, "/");
        is_last = path[size] == 0;
        if (size > NAME_MAX)
            failure = ENAMETOOLONG;
        else if (size == 0 || (size == 2 && memcmp(path, "..", 2) == 0))
            failure = EXDEV;
        if (failure != 0)
            break;
        memcpy(name, path, size);
        name[size] = 0;
        path += size + strspn(path + size, "/");
        int flags = is_last ? GSAW_FILE_OPEN_FLAGS : O_PATH | O_DIRECTORY | O_CLOEXEC, next;
        do
            next = openat(at, name, flags | O_NOFOLLOW);
        while (next < 0 && errno == EINTR);
        failure = next < 0 ? errno : 0;
        if (at != folder)
            close(at);
        at = failure == 0 ? next : folder;
    }
    if (failure != 0 && at != folder)
        close(at);
    return failure == 0 ? at : -failure;
}

static int open_path(const gsaw__each_path *self, const char *path)
{
    int descriptor;
    if (self->root == NULL) {
        do
            descriptor = open(path, GSAW_FILE_OPEN_FLAGS);
        while (descriptor < 0 && errno == EINTR);
        return descriptor < 0 ? -errno : descriptor;
    }
    descriptor = gsaw__beneath_open(self->folder, path, O_RDONLY | O_NONBLOCK, self->config.follow);
    return descriptor == -ENOSYS || descriptor == -ENAMETOOLONG ? open_by_steps(self->folder, path)
                                                                : descriptor;
}

int gsaw__each_path_file(const gsaw__each_path *self, size_t index, uint64_t *size)
{
    struct stat status;
    int descriptor = open_path(self, self->paths.items[index]);
    *size = 0;
    if (descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_size > 0)
        *size = (uint64_t)status.st_size;
    return descriptor;
}

static uint32_t cost_of(const gsaw__each_path *self, const char *path)
{
    struct stat status;
    int flags = self->root != NULL && !self->config.follow ? AT_SYMLINK_NOFOLLOW : 0;
    if (path == NULL || fstatat(self->folder, path, &status, flags) != 0 ||
        !S_ISREG(status.st_mode))
        return COST_FIXED;
    uint64_t units = (uint64_t)status.st_size / COST_UNIT;
    return units < UINT32_MAX - COST_FIXED ? (uint32_t)units + COST_FIXED : UINT32_MAX;
}

/* ---- the run ---- */

void gsaw__each_path_stop(gsaw__each_path *self)
{
    /* [L1] relaxed: a flag that says stop and nothing else */
    gsaw__store_relaxed(&self->stopped, 1);
}

static bool is_cancelled(const gsaw__each_path *self)
{
    /* [L1] relaxed: as above */
    return self->cancel != NULL && gsaw__load_relaxed(self->cancel) != 0;
}

static bool is_stopped(const gsaw__each_path *self)
{
    /* [L1] relaxed: as above */
    return gsaw__load_relaxed(&self->stopped) != 0 || is_cancelled(self);
}

/* There are as many lanes as workers; only a pool that has been made larger meanwhile waits. */
static gsaw__path_lane *take_lane(gsaw__each_path *self)
{
    gsaw__mutex_lock(&self->lock);
    while (self->free == NULL)
        gsaw__condition_wait(&self->freed, &self->lock);
    gsaw__path_lane *lane = self->free;
    self->free = lane->next;
    gsaw__mutex_unlock(&self->lock);
    return lane;
}

static void free_lane(gsaw__each_path *self, gsaw__path_lane *lane)
{
    gsaw__mutex_lock(&self->lock);
    lane->next = self->free;
    self->free = lane;
    gsaw__condition_signal(&self->freed);
    gsaw__mutex_unlock(&self->lock);
}

static void visit(gsaw__each_path *self, gsaw__path_lane *lane, size_t index, bool cancelled)
{
    self->visit(self, lane, index, cancelled);
    self->done[index] = 1;
    gsaw__source_give_back(&lane->source);
    gsaw__source_give_back(&lane->converted);
    gsaw__tree_builder_trim(&lane->builder);
    if (self->progress != NULL)
        gsaw_progress_update(self->progress, lane->number, 1);
}

static gsaw_status visit_range(gsaw_worker *worker, void *argument, size_t first, size_t end)
{
    (void)worker;
    gsaw__each_path *self = argument;
    gsaw__path_lane *lane = take_lane(self);
    for (size_t i = first; i < end && !is_stopped(self); i++)
        visit(self, lane, i, false);
    free_lane(self, lane);
    return GSAW_OK;
}

/* The costs of a range: looking at sizes is work, too. */
struct measure {
    const gsaw__each_path *each;
    uint32_t *costs;
};

static gsaw_status measure_range(gsaw_worker *worker, void *argument, size_t first, size_t end)
{
    (void)worker;
    struct measure *self = argument;
    for (size_t i = first; i < end; i++)
        self->costs[i] = cost_of(self->each, self->each->paths.items[i]);
    return GSAW_OK;
}

static gsaw_status run_parallel(gsaw__each_path *self)
{
    const gsaw_allocator *allocator = self->config.allocator;
    size_t count = self->paths.count;
    gsaw_for_options loop = {.size = sizeof loop, .count = count};
    struct measure measure = {self, NULL};
    if (!self->no_read && self->workers > 1)
        measure.costs = gsaw__alloc(allocator, count * sizeof *measure.costs);
    gsaw_status status = GSAW_OK;
    if (measure.costs != NULL) /* without it they count as equal */
        status = gsaw_pool_for(self->pool, &loop, measure_range, &measure);
    loop.costs = measure.costs;
    if (status == GSAW_OK)
        status = gsaw_pool_for(self->pool, &loop, visit_range, self);
    gsaw__free(allocator, measure.costs, count * sizeof *measure.costs);
    return status;
}

gsaw_status gsaw__each_path_run(gsaw__each_path *self, gsaw_error *error)
{
    gsaw_status status = GSAW_OK;
    if (self->pool == NULL)
        visit_range(NULL, self, 0, self->paths.count);
    else if (self->paths.count != 0)
        status = run_parallel(self);
    if (status != GSAW_OK && status != GSAW_CANCELLED) /* the pool took nothing */
        return gsaw__fail(error, status, "%s", gsaw_status_text(status));
    size_t left = 0;
    for (size_t i = 0; i < self->paths.count; i++)
        if (!self->done[i]) {
            visit(self, &self->lanes[0], i, true);
            left++;
        }
    if (self->progress != NULL)
        gsaw_progress_finish(self->progress);
    if (status == GSAW_OK && !is_cancelled(self))
        return GSAW_OK;
    return gsaw__fail(error, GSAW_CANCELLED, "cancelled: %zu of %zu paths were not begun", left,
                      self->paths.count);
}
