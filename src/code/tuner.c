/* tuner.c - ParallelAutoTuner: the tree, a few trials on one worker, and what follows from them.
 * Keeps:   the codebase's config is read; only applying changes it.
 * Threads: the caller's.
 * Next:    tuner.h, census.h, measure.h, benchmark.c */
#include "code/tuner.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/clock.h"
#include "base/machine.h"
#include "base/status.h"
#include "code/pick.h"
#include "work/config.h"

#define MIB (UINT64_C(1) << 20)
#define MS_NS UINT64_C(1000000)

#define TRIAL_BYTES MIB         /* of source: a fifth of a second at 5 MB/s */
#define TRIAL_CAP (128 << 10)   /* larger files are not tried, but reckoned in proportion */
#define WORTH_NS (2 * MS_NS)    /* of work: starting a worker costs about a tenth of it */
#define BATCH_NS (2 * MS_NS)    /* of work in a batch: a task costs a thousandth of it */
#define BATCHES_PER_WORKER 4    /* fewer, and the last one makes the others wait */
#define IN_FLIGHT_PER_WORKER 10 /* what each worker has in hand, and next */
#define RECORD_BYTES 256        /* of results, for a file without any facts: its record and path */

#define ROUNDS_DEFAULT 6 /* the interval from the least of 6 to the most covers 0.969 */
#define BUDGET_DEFAULT (10000 * MS_NS)
#define SAMPLE_DEFAULT (8 * MIB)

/* ---- the choice ---- */

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* Bytes that `workers` take when they have the largest files at once. */
static uint64_t memory_of(const gsaw__workload *work, uint32_t workers)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < workers; i++)
        sum += gsaw__worker_memory_at(&work->memory, i < work->size_count ? work->sizes[i] : 0);
    return sum;
}

void gsaw__tuner_set_workers(gsaw__tuning *self, uint32_t workers)
{
    gsaw_tuning *result = &self->result;
    uint64_t memory = memory_of(&self->work, workers);
    result->num_workers = workers;
    result->max_tasks_in_flight = IN_FLIGHT_PER_WORKER * workers;
    result->memory_per_worker = memory / most(1, workers);
    result->memory_expected = self->work.kept_bytes + memory;
}

void gsaw__tuner_decide(gsaw__tuning *self)
{
    const gsaw__workload *work = &self->work;
    gsaw_tuning *result = &self->result;
    uint64_t workers = most(1, least(result->cpus, work->files));
    while (workers > 1 &&
           work->kept_bytes + memory_of(work, (uint32_t)workers) > result->memory_max)
        workers--;
    self->workers_useful = (uint32_t)workers;
    if (work->cost_ns != 0)
        workers = least(workers, most(1, work->cost_ns / WORTH_NS));
    if (work->cost_largest_ns != 0 && work->cost_ns != 0)
        workers = least(workers, (work->cost_ns - 1) / work->cost_largest_ns + 1);
    gsaw__tuner_set_workers(self, (uint32_t)workers);
    uint64_t mean_ns = work->cost_ns / most(1, work->files);
    uint64_t even = work->files / most(1, workers * BATCHES_PER_WORKER);
    uint64_t worth = mean_ns == 0 ? GSAW_BATCH_DEFAULT : BATCH_NS / mean_ns;
    result->batch_size = (uint32_t)most(1, least(worth, least(even, GSAW_BATCH_MAX)));
}

/* ---- what the trials say of the whole tree ---- */

static void add_sums(gsaw__trial_sums *to, const gsaw__trial_sums *more)
{
    to->files += more->files;
    to->bytes += more->bytes;
    to->cost_ns += more->cost_ns;
    to->kept_bytes += more->kept_bytes;
}

/* The trials of a language (UINT32_MAX: of all). */
static gsaw__trial_sums sums_of(const gsaw__census *census, uint32_t language)
{
    gsaw__trial_sums sums = {.files = 0};
    for (size_t i = 0; i < census->strata.count; i++)
        if (language == UINT32_MAX || census->strata.items[i].language == language)
            add_sums(&sums, &census->strata.items[i].trial);
    return sums;
}

static double per_byte(uint64_t sum, uint64_t bytes)
{
    return bytes == 0 ? 0 : (double)sum / (double)bytes;
}

/* What a stratum's trials are multiplied by to stand for all of its files. One that had none is
 * reckoned by bytes, from its language's trials or else from all. */
static gsaw__trial_sums stands_for(const gsaw__census *census, const gsaw__stratum *stratum)
{
    gsaw__trial_sums sums = stratum->trial;
    double factor;
    if (sums.files != 0) {
        factor = (double)stratum->count / (double)sums.files;
    } else {
        sums = sums_of(census, stratum->language);
        if (sums.bytes == 0)
            sums = sums_of(census, UINT32_MAX);
        factor = per_byte(stratum->bytes, sums.bytes);
    }
    return (gsaw__trial_sums){
        .cost_ns = (uint64_t)(factor * (double)sums.cost_ns),
        .kept_bytes = (uint64_t)(factor * (double)sums.kept_bytes),
    };
}

static int falling(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return *a > *b ? -1 : *a < *b;
}

/* The sizes of the largest files, one for each CPU that may get a worker. */
static bool add_sizes(gsaw__tuning *self, const gsaw__census *census)
{
    if (!gsaw__array_reserve(&self->sizes, self->allocator, census->files.count))
        return false;
    for (size_t i = 0; i < census->files.count; i++)
        self->sizes.items[self->sizes.count++] = census->files.items[i].bytes;
    qsort(self->sizes.items, self->sizes.count, sizeof *self->sizes.items, falling);
    self->work.sizes = self->sizes.items;
    self->work.size_count = least(self->sizes.count, self->result.cpus);
    return true;
}

static void add_costs(gsaw__workload *work, const gsaw__census *census)
{
    for (size_t i = 0; i < census->strata.count; i++) {
        const gsaw__stratum *stratum = &census->strata.items[i];
        gsaw__trial_sums sums = stands_for(census, stratum);
        work->files += stratum->count;
        work->cost_ns += sums.cost_ns;
        work->kept_bytes += sums.kept_bytes + RECORD_BYTES * stratum->count;
        work->cost_largest_ns = most(work->cost_largest_ns, sums.cost_ns / stratum->count);
    }
}

static bool add_languages(gsaw__tuning *self, const gsaw__census *census)
{
    for (uint32_t i = 0; i < gsaw__language_count(); i++) {
        gsaw__trial_sums sums = sums_of(census, i);
        gsaw_tuning_language language = {
            .name = gsaw__language_at(i)->name,
            .trial_files = sums.files,
            .trial_bytes = sums.bytes,
            .bytes_per_second = 1e9 * per_byte(sums.bytes, sums.cost_ns),
        };
        for (size_t k = 0; k < census->strata.count; k++) {
            const gsaw__stratum *stratum = &census->strata.items[k];
            language.files += stratum->language == i ? stratum->count : 0;
            language.bytes += stratum->language == i ? stratum->bytes : 0;
        }
        if (language.files != 0 && !gsaw__array_push(&self->languages, self->allocator, language))
            return false;
    }
    return true;
}

/* ---- tune ---- */

static gsaw_status fill_options(const gsaw_tuner_options *given, gsaw_tuner_options *out,
                                gsaw_error *error)
{
    *out = given != NULL ? *given : (gsaw_tuner_options){.size = sizeof *out};
    if (out->size != sizeof *out)
        return gsaw__fail(error, GSAW_INVALID, "gsaw_tuner_options.size is %zu, not %zu", out->size,
                          sizeof *out);
    if (out->workers_max > GSAW_WORKERS_MAX)
        return gsaw__fail(error, GSAW_RANGE, "workers_max is %u (allowed: 0 to %d)",
                          out->workers_max, GSAW_WORKERS_MAX);
    if (out->rounds != 0 && (out->rounds < GSAW_ROUNDS_MIN || out->rounds > GSAW_ROUNDS_MAX))
        return gsaw__fail(error, GSAW_RANGE, "rounds is %u (allowed: %d to %d)", out->rounds,
                          GSAW_ROUNDS_MIN, GSAW_ROUNDS_MAX);
    out->workers_max = out->workers_max != 0 ? out->workers_max : gsaw__machine_cpus("");
    out->rounds = out->rounds != 0 ? out->rounds : ROUNDS_DEFAULT;
    out->time_budget_ns = out->time_budget_ns != 0 ? out->time_budget_ns : BUDGET_DEFAULT;
    out->sample_bytes = out->sample_bytes != 0 ? out->sample_bytes : SAMPLE_DEFAULT;
    return GSAW_OK;
}

static gsaw_status tune(gsaw__tuning *self, gsaw_codebase *codebase, gsaw__census *census,
                        const gsaw_tuner_options *options, gsaw_error *error)
{
    gsaw_tuning *result = &self->result;
    gsaw_status status = gsaw__census_take(census, codebase, options->seed, error);
    if (status != GSAW_OK)
        return status;
    result->cpus = options->workers_max;
    result->memory_max = gsaw__config_memory(&codebase->config);
    if (census->files.count == 0) {
        result->num_workers = codebase->config.num_workers;
        result->batch_size = codebase->config.batch_size;
        result->max_tasks_in_flight = codebase->config.max_tasks_in_flight;
        return GSAW_OK;
    }
    (void)gsaw__census_draw(census, TRIAL_BYTES, TRIAL_CAP);
    status = gsaw__measure_trials(census, codebase, &self->work.memory, error);
    if (status != GSAW_OK)
        return status;
    if (!add_languages(self, census) || !add_sizes(self, census))
        return gsaw__fail_memory(error);
    add_costs(&self->work, census);
    result->files = census->files.count;
    result->bytes = census->bytes;
    result->largest_bytes = census->largest;
    result->cost_ns = self->work.cost_ns;
    gsaw__tuner_decide(self);
    return GSAW_OK;
}

static gsaw_status run(gsaw_codebase *codebase, const gsaw_tuner_options *given, bool measure,
                       gsaw_tuning **out, gsaw_error *error)
{
    gsaw_tuner_options options;
    gsaw__census census = {.allocator = NULL};
    uint64_t start_ns = gsaw__clock_ns();
    gsaw_status status = fill_options(given, &options, error);
    if (status != GSAW_OK)
        return status;
    gsaw__tuning *self = gsaw__alloc_zero(codebase->allocator, 1, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    self->allocator = codebase->allocator;
    status = tune(self, codebase, &census, &options, error);
    if (status == GSAW_OK && measure && census.files.count != 0)
        status = gsaw__tuner_measure(self, codebase, &census, &options, error);
    gsaw__census_clear(&census);
    /* relaxed: no run is on; the next one starts afresh */
    gsaw__store_relaxed(codebase->cancel, 0);
    self->result.languages = self->languages.items;
    self->result.language_count = self->languages.count;
    self->result.rows = self->rows.items;
    self->result.row_count = self->rows.count;
    self->result.wall_ns = gsaw__clock_ns() - start_ns;
    if (status == GSAW_OK)
        *out = &self->result;
    else
        gsaw_tuning_free(&self->result);
    return status;
}

gsaw_status gsaw_tuner_tune(gsaw_codebase *codebase, const gsaw_tuner_options *options,
                            gsaw_tuning **out, gsaw_error *error)
{
    return run(codebase, options, false, out, error);
}

gsaw_status gsaw_tuner_benchmark(gsaw_codebase *codebase, const gsaw_tuner_options *options,
                                 gsaw_tuning **out, gsaw_error *error)
{
    return run(codebase, options, true, out, error);
}

void gsaw_tuning_free(gsaw_tuning *self)
{
    if (self == NULL)
        return;
    gsaw__tuning *whole = (gsaw__tuning *)(void *)self;
    gsaw__array_clear(&whole->sizes, whole->allocator);
    gsaw__array_clear(&whole->languages, whole->allocator);
    gsaw__array_clear(&whole->rows, whole->allocator);
    gsaw__free(whole->allocator, whole, sizeof *whole);
}

void gsaw_codebase_apply_tuning(gsaw_codebase *codebase, const gsaw_tuning *tuning)
{
    codebase->config.num_workers = tuning->num_workers;
    codebase->config.batch_size = tuning->batch_size;
    codebase->config.max_tasks_in_flight = tuning->max_tasks_in_flight;
}

gsaw_status gsaw_codebase_auto_tune(gsaw_codebase *codebase, const gsaw_tuner_options *options,
                                    gsaw_error *error)
{
    gsaw_tuning *tuning = NULL;
    gsaw_status status = gsaw_tuner_tune(codebase, options, &tuning, error);
    if (status == GSAW_OK && tuning != NULL)
        gsaw_codebase_apply_tuning(codebase, tuning);
    gsaw_tuning_free(tuning);
    return status;
}
