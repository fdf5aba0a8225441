/* processor.c - ParallelFileProcessor: a function for each path, its result where the path stands.
 * Keeps:   a result is written by whoever visits its path; a path that nobody began is cancelled.
 * Threads: as gangsaw/process.h.
 * Next:    each_path.h, gangsaw/process.h */
#include <gangsaw/process.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/status.h"
#include "code/each_path.h"

struct gsaw_results {
    const gsaw_allocator *allocator;
    void (*destroy)(void *);
    gsaw__arena texts;
    size_t count, failed;
    gsaw_file_result *items;
};

struct run {
    gsaw__each_path each; /* first: what visits get */
    gsaw_process_function *function;
    void *context;
    bool is_fail_fast;
    gsaw_results *results;
    _Atomic size_t first; /* 1 + the path of the first error; 0: none yet */
};

static gsaw_status status_of(gsaw_reason reason)
{
    static const uint8_t statuses[GSAW_REASON_COUNT] = {
        [GSAW_REASON_TOO_LARGE] = GSAW_LIMIT,     [GSAW_REASON_FIFO] = GSAW_UNSUPPORTED,
        [GSAW_REASON_SOCKET] = GSAW_UNSUPPORTED,  [GSAW_REASON_DEVICE] = GSAW_UNSUPPORTED,
        [GSAW_REASON_SYMLINK] = GSAW_UNSUPPORTED, [GSAW_REASON_NOT_A_FILE] = GSAW_UNSUPPORTED,
        [GSAW_REASON_VANISHED] = GSAW_NOT_FOUND,  [GSAW_REASON_CHANGED] = GSAW_AGAIN,
        [GSAW_REASON_PERMISSION] = GSAW_SYSTEM,   [GSAW_REASON_IO] = GSAW_SYSTEM,
        [GSAW_REASON_MEMORY] = GSAW_NO_MEMORY,
    };
    return (gsaw_status)statuses[reason];
}

/* Keep the text of an error; its status has one, too, for when there is no memory. */
static void set_error(gsaw__path_lane *lane, gsaw_file_result *result, const gsaw_error *error)
{
    result->status = error->status;
    result->os_errno = error->os_errno;
    result->text = gsaw_status_text(error->status);
    const char *copy = error->text[0] == 0
                           ? NULL
                           : gsaw__arena_dup(&lane->results, error->text, strlen(error->text));
    if (copy != NULL)
        result->text = copy;
}

static void set_problem(gsaw__path_lane *lane, gsaw_file_result *result, const char *path,
                        const gsaw__problem *problem)
{
    gsaw_error error;
    gsaw_status status = status_of(problem->reason);
    int os_errno = problem->reason == GSAW_REASON_PERMISSION ? EACCES : problem->os_errno;
    if (os_errno != 0)
        gsaw__fail_errno(&error, os_errno, "%s", path);
    else
        gsaw__fail(&error, status, "%s: %s", path, gsaw_reason_name(problem->reason));
    result->reason = problem->reason;
    set_error(lane, result, &error);
}

static void call(struct run *run, gsaw__path_lane *lane, gsaw_file_input *input,
                 gsaw_file_result *result)
{
    gsaw_error error = {.status = GSAW_OK};
    input->lane = lane->number;
    error.status = run->function(run->context, input, &result->result, &error);
    result->status = error.status;
    if (error.status != GSAW_OK)
        set_error(lane, result, &error);
}

/* Read the file, and call the function while its bytes are there. */
static void read_and_call(struct run *run, gsaw__path_lane *lane, gsaw_file_input *input,
                          gsaw_file_result *result)
{
    gsaw__each_path *each = &run->each;
    gsaw__problem problem;
    uint64_t size, bytes;
    int descriptor = gsaw__each_path_file(each, input->index, &size);
    uint64_t memory = size < each->config.max_file_size ? size : each->config.max_file_size;
    gsaw__gate_enter(&each->gate, memory);
    bool is_read =
        gsaw__source_read(descriptor, each->config.max_file_size, &lane->source, &bytes, &problem);
    if (descriptor >= 0)
        close(descriptor);
    if (is_read) {
        input->bytes = lane->source.bytes;
        input->size = lane->source.count;
        call(run, lane, input, result);
    } else {
        set_problem(lane, result, input->path, &problem);
    }
    gsaw__source_give_back(&lane->source);
    gsaw__gate_leave(&each->gate, memory, 0);
}

static void note_failure(struct run *run, size_t index)
{
    size_t none = 0;
    /* [C1] relaxed: a number, read when all has ended */
    if (run->is_fail_fast && gsaw__cas_relaxed(&run->first, &none, index + 1))
        gsaw__each_path_stop(&run->each);
}

static void visit(gsaw__each_path *each, gsaw__path_lane *lane, size_t index, bool is_cancelled)
{
    struct run *run = (struct run *)(void *)each;
    gsaw_file_result *result = &run->results->items[index];
    gsaw_file_input input = {.index = index, .path = each->paths.items[index]};
    if (is_cancelled) {
        result->status = GSAW_CANCELLED;
        result->text = gsaw_status_text(GSAW_CANCELLED);
        return;
    }
    if (input.path == NULL) {
        gsaw_error error;
        gsaw__fail(&error, GSAW_INVALID, "path %zu is NULL", index);
        set_error(lane, result, &error);
    } else if (each->no_read) {
        call(run, lane, &input, result);
    } else {
        read_and_call(run, lane, &input, result);
    }
    if (result->status != GSAW_OK)
        note_failure(run, index);
}

/* ---- the call ---- */

static gsaw_status make_results(struct run *run, const gsaw_process_options *options,
                                gsaw_error *error)
{
    const gsaw_allocator *allocator = run->each.config.allocator;
    size_t count = run->each.paths.count;
    gsaw_results *results = gsaw__alloc_zero(allocator, 1, sizeof *results);
    if (results == NULL)
        return gsaw__fail_memory(error);
    run->results = results;
    *results = (gsaw_results){.allocator = allocator, .destroy = options->destroy};
    gsaw__arena_init(&results->texts, allocator);
    results->items = count == 0 ? NULL : gsaw__alloc_zero(allocator, count, sizeof *results->items);
    if (count != 0 && results->items == NULL)
        return gsaw__fail_memory(error);
    results->count = count;
    for (size_t i = 0; i < count; i++)
        results->items[i].text = "";
    return GSAW_OK;
}

/* When all visits are over: texts are adopted, failures counted. */
static gsaw_status finish(struct run *run, gsaw_status status, gsaw_error *error)
{
    gsaw_results *results = run->results;
    for (uint32_t i = 0; i < run->each.lane_count; i++)
        gsaw__arena_adopt(&results->texts, &run->each.lanes[i].results);
    for (size_t i = 0; i < results->count; i++)
        results->failed += results->items[i].status != GSAW_OK;
    /* [C1] relaxed: all has ended */
    size_t first = gsaw__load_relaxed(&run->first);
    if (first == 0)
        return status;
    const gsaw_file_result *failed = &results->items[first - 1];
    gsaw__fail(error, failed->status, "%s", failed->text);
    if (error != NULL)
        error->os_errno = failed->os_errno;
    return failed->status;
}

gsaw_status gsaw_process_files(gsaw_strings paths, const gsaw_process_options *options,
                               gsaw_process_function *function, gsaw_results **out,
                               gsaw_error *error)
{
    static const gsaw_process_options defaults = {.size = sizeof defaults};
    *out = NULL;
    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof *options)
        return gsaw__fail(error, GSAW_INVALID, "gsaw_process_options.size is %zu, not %zu",
                          options->size, sizeof *options);
    if (function == NULL || (paths.items == NULL && paths.count != 0))
        return gsaw__fail(error, GSAW_INVALID, "no %s", function == NULL ? "function" : "paths");
    struct run run = {
        .each = {.paths = paths,
                 .given = options->config,
                 .pool = options->pool,
                 .root = options->root,
                 .no_read = options->no_read,
                 .cancel = options->cancel,
                 .on_progress = options->progress,
                 .progress_context = options->progress_context,
                 .visit = visit},
        .function = function,
        .context = options->context,
        .is_fail_fast = options->fail_fast,
    };
    gsaw_status status = gsaw__each_path_open(&run.each, error);
    if (status == GSAW_OK)
        status = make_results(&run, options, error);
    if (status == GSAW_OK)
        status = gsaw__each_path_run(&run.each, error);
    if (status == GSAW_OK || status == GSAW_CANCELLED) {
        status = finish(&run, status, error);
        *out = run.results;
        run.results = NULL;
    }
    gsaw_results_free(run.results);
    gsaw__each_path_clear(&run.each);
    return status;
}

void gsaw_results_free(gsaw_results *self)
{
    if (self == NULL)
        return;
    for (size_t i = 0; self->destroy != NULL && i < self->count; i++)
        if (self->items[i].result != NULL)
            self->destroy(self->items[i].result);
    gsaw__arena_clear(&self->texts);
    gsaw__free(self->allocator, self->items, self->count * sizeof *self->items);
    gsaw__free(self->allocator, self, sizeof *self);
}

size_t gsaw_results_count(const gsaw_results *self) { return self->count; }

size_t gsaw_results_failed(const gsaw_results *self) { return self->failed; }

const gsaw_file_result *gsaw_results_at(const gsaw_results *self, size_t index)
{
    return index < self->count ? &self->items[index] : NULL;
}

void *gsaw_results_take(gsaw_results *self, size_t index)
{
    if (index >= self->count)
        return NULL;
    void *result = self->items[index].result;
    self->items[index].result = NULL;
    return result;
}
