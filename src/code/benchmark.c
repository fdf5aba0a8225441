/* benchmark.c - the measuring half of the ParallelAutoTuner: real index runs over a sample.
 * Keeps:   each row is measured once in each round, in an order that the seed gives, so that a slow
 *          moment of the machine meets all rows alike.
 * Threads: the caller's; each run has a pool of its own.
 * Next:    tuner.h, census.h, pick.h */
#include "code/tuner.h"

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/clock.h"
#include "base/machine.h"
#include "base/status.h"
#include "code/pick.h"

#define SAMPLE_LEAST ((uint64_t)256 << 10)
#define CAP_PART 8               /* no file of the sample is to be more than about a part of it */
#define RESERVE 0.7              /* of the time budget: runs take longer than the trials tell */
#define TIMEOUT_PER_BYTE_NS 2000 /* as a run has it (parse.c), but not 2 s at least */
#define TIMEOUT_LEAST_NS UINT64_C(100000000)
#define BATCH_SPREAD 4u /* the other batch sizes are as many times smaller and larger */

struct bench {
    gsaw__tuning *tuning;
    gsaw_codebase *codebase; /* the user's */
    const gsaw_tuner_options *options;
    gsaw__map only;
    uint64_t *times; /* of row i in round r at i * rounds + r */
    size_t *order;
    uint64_t random; /* state of the generator */
    uint64_t begun_ns;
    uint32_t rounds;                 /* wanted */
    uint64_t timeout_ns;             /* of a file */
    uint64_t alone_ns, alone_cpu_ns; /* sums over the runs with one worker */
    uint64_t runs;                   /* done, the warm-up included */
};

/* Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators (2014): SplitMix */
static uint64_t next_random(uint64_t *state)
{
    uint64_t word = *state += UINT64_C(0x9E3779B97F4A7C15);
    word = (word ^ word >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ word >> 27) * UINT64_C(0x94D049BB133111EB);
    return word ^ word >> 31;
}

/* ---- the rows ---- */

static bool add_row(gsaw__tuning *tuning, uint32_t workers, uint32_t batch_size)
{
    gsaw_tuning_row row
    = {.workers = workers, .batch_size = batch_size};
    return gsaw__array_push(&tuning->rows, tuning->allocator, row);
}

/* Three batch sizes around the tuned one and the default, rising. */
static size_t batch_sizes(uint32_t tuned, uint32_t out[3])
{
    uint32_t low = tuned, high = GSAW_BATCH_DEFAULT;
    if (low > high) {
        low = high;
        high = tuned;
    }
    uint32_t middle = low; /* the last step of BATCH_SPREAD that is nearer to low than to high */
    while ((uint64_t)middle * middle < (uint64_t)low * high && middle * BATCH_SPREAD < high)
        middle *= BATCH_SPREAD;
    size_t count = 0;
    out[count++] = low;
    if (middle > low && middle < high)
        out[count++] = middle;
    if (high > low)
        out[count++] = high;
    return count;
}

/* 1, 2, 4 ... workers and the most that are useful, with each batch size. */
static bool add_rows(gsaw__tuning *tuning)
{
    uint32_t sizes[3], top = tuning->workers_useful;
    size_t size_count = batch_sizes(tuning->result.batch_size, sizes);
    for (uint32_t workers = 1;; workers = workers < top - workers ? 2 * workers : top) {
        for (size_t i = 0; i < size_count; i++)
            if (!add_row(tuning, workers, sizes[i]))
                return false;
        if (workers >= top)
            return true;
    }
}

/* ---- the sample ---- */

/* As much source as the time budget allows for all runs, were they as fast as the trials and as
 * parallel as the CPUs allow. */
static uint64_t sample_bytes(const struct bench *self)
{
    const gsaw_tuning *result = &self->tuning->result;
    double share = 0; /* of one pass by one worker, all rows together */
    uint32_t cpus = gsaw__machine_cpus("");
    for (size_t i = 0; i < self->tuning->rows.count; i++)
        share +=
            1.0 / (self->tuning->rows.items[i].workers < cpus ? self->tuning->rows.items[i].workers
                                                              : cpus);
    double pass_ns =
        RESERVE * (double)self->options->time_budget_ns / (share * (self->options->rounds + 1));
    double bytes =
        result->cost_ns == 0 ? 0 : pass_ns * ((double)result->bytes / (double)result->cost_ns);
    if (bytes > (double)self->options->sample_bytes)
        return self->options->sample_bytes;
    return bytes < (double)SAMPLE_LEAST ? SAMPLE_LEAST : (uint64_t)bytes;
}

static bool draw_sample(struct bench *self, gsaw__census *census)
{
    uint64_t bytes = sample_bytes(self);
    uint64_t cap = bytes / CAP_PART;
    self->timeout_ns = TIMEOUT_LEAST_NS + TIMEOUT_PER_BYTE_NS * cap;
    gsaw__draw draw = gsaw__census_draw(census, bytes, cap);
    self->tuning->result.sample_files = draw.files;
    self->tuning->result.sample_bytes = draw.bytes;
    return gsaw__census_select(census, &self->only);
}

/* ---- runs ---- */

/* A codebase over the sample, stopped by what stops the user's. */
static gsaw_status open_inner(struct bench *self, const gsaw_allocator *allocator,
                              gsaw_codebase **out, gsaw_error *error)
{
    gsaw_config config = self->codebase->config;
    config.allocator = allocator;
    config.trace_events = 0;
    gsaw__limit_timeout(&config, self->timeout_ns);
    gsaw_status status = gsaw_codebase_open(self->codebase->root, &config, out, error);
    if (status != GSAW_OK)
        return status;
    (*out)->cancel = self->codebase->cancel;
    (*out)->flights = self->codebase->flights;
    (*out)->set_aside = self->codebase->set_aside;
    (*out)->only = &self->only;
    return GSAW_OK;
}

static void tell(struct bench *self, bool is_final)
{
    self->runs++;
    if (self->options->progress != NULL)
        self->options->progress(self->options->progress_context, self->runs,
                                (self->rounds + 1) * (uint64_t)self->tuning->rows.count, is_final);
}

static gsaw_status run_row(struct bench *self, gsaw_codebase *inner, size_t row, uint64_t *ns,
                           gsaw_error *error)
{
    inner->config.num_workers = self->tuning->rows.items[row].workers;
    inner->config.batch_size = self->tuning->rows.items[row].batch_size;
    inner->config.max_tasks_in_flight = self->codebase->config.max_tasks_in_flight;
    uint64_t start_ns = gsaw__clock_ns();
    gsaw_status status = gsaw_codebase_index(inner, error);
    *ns = gsaw__clock_ns() - start_ns;
    return status;
}

/* Files that failed (hung, most likely) cost each run the same, and would hide what is to be seen:
 * the sample goes on without them. */
static void drop_failed(struct bench *self, const gsaw_codebase *inner)
{
    gsaw_tuning *result = &self->tuning->result;
    gsaw_file file;
    for (size_t i = 0; gsaw_codebase_file_at(inner, i, &file) == GSAW_OK; i++) {
        if (file.status == GSAW_FILE_FAILED &&
            gsaw__map_remove(&self->only, file.path, file.path_size)) {
            result->sample_files--;
            result->sample_bytes -= file.bytes < result->sample_bytes ? file.bytes : 0;
        }
    }
}

/* Each row once, under the meter, which takes time: so these times only tell how many rounds there
 * will be. */
static gsaw_status warm_up(struct bench *self, uint64_t *round_ns, gsaw_error *error)
{
    gsaw__meter meter;
    gsaw_codebase *inner = NULL;
    gsaw__meter_init(&meter, self->codebase->allocator);
    gsaw_status status = open_inner(self, &meter.allocator, &inner, error);
    *round_ns = 0;
    for (size_t i = 0; status == GSAW_OK && i < self->tuning->rows.count; i++) {
        uint64_t ns;
        gsaw__codebase_reset(inner);
        /* relaxed: no run is on */
        gsaw__store_relaxed(&meter.peak, gsaw__load_relaxed(&meter.held));
        status = run_row(self, inner, i, &ns, error);
        drop_failed(self, inner);
        /* relaxed: as above */
        self->tuning->rows.items[i].peak_bytes = gsaw__load_relaxed(&meter.peak);
        *round_ns += ns;
        tell(self, false);
    }
    gsaw_codebase_close(inner);
    return status;
}

static void shuffle(struct bench *self)
{
    for (size_t i = self->tuning->rows.count; i > 1; i--) {
        size_t other = (size_t)(next_random(&self->random) % i), row
        = self->order[i - 1];
        self->order[i - 1] = self->order[other];
        self->order[other] = row;
    }
}

static void note_share(struct bench *self, const gsaw_codebase *inner, size_t row)
{
    if (self->tuning->rows.items[row].workers != 1)
        return;
    self->alone_ns += gsaw_codebase_summary(inner)->wall_ns;
    self->alone_cpu_ns += gsaw_codebase_summary(inner)->cpu_ns;
}

static gsaw_status run_rounds(struct bench *self, gsaw_error *error)
{
    gsaw_codebase *inner = NULL;
    gsaw_status status = open_inner(self, self->codebase->allocator, &inner, error);
    for (uint32_t round = 0; status == GSAW_OK && round < self->rounds; round++) {
        shuffle(self);
        for (size_t i = 0; status == GSAW_OK && i < self->tuning->rows.count; i++) {
            uint64_t *ns = &self->times[self->order[i] * self->rounds + round];
            status = run_row(self, inner, self->order[i], ns, error);
            note_share(self, inner, self->order[i]);
            tell(self, true);
        }
    }
    gsaw_codebase_close(inner);
    return status;
}

/* As many rounds as there is time for, but enough to tell a difference. */
static uint32_t rounds_for(const struct bench *self, uint64_t round_ns)
{
    uint64_t used_ns = gsaw__clock_ns() - self->begun_ns;
    uint64_t left_ns =
        self->options->time_budget_ns > used_ns ? self->options->time_budget_ns - used_ns : 0;
    uint64_t rounds = round_ns == 0 ? self->options->rounds : left_ns / round_ns;
    if (rounds > self->options->rounds)
        return self->options->rounds;
    return rounds < GSAW_ROUNDS_MIN ? GSAW_ROUNDS_MIN : (uint32_t)rounds;
}

static void conclude(struct bench *self)
{
    gsaw_tuning *result = &self->tuning->result;
    gsaw_tuning_row *rows = self->tuning->rows.items;
    size_t count = self->tuning->rows.count;
    for (size_t i = 0; i < count; i++) {
        gsaw__pick_summarize(&rows[i], self->times + i * self->rounds, self->rounds);
        rows[i].bytes_per_second =
            1e9 * (double)result->sample_bytes / (double)(rows[i].median_ns + 1);
    }
    gsaw__pick(rows, count, self->times, self->rounds);
    result->rounds = self->rounds;
    result->cpu_share = (double)self->alone_cpu_ns / (double)(self->alone_ns + 1);
    result->confidence = gsaw__median_interval(self->rounds).confidence;
    for (size_t i = 0; i < count; i++)
        if (rows[i].is_chosen) {
            gsaw__tuner_set_workers(self->tuning, rows[i].workers);
            result->batch_size = rows[i].batch_size;
        }
}

static gsaw_status measure(struct bench *self, gsaw__census *census, gsaw_error *error)
{
    const gsaw_allocator *allocator = self->tuning->allocator;
    if (!add_rows(self->tuning))
        return gsaw__fail_memory(error);
    size_t count = self->tuning->rows.count;
    self->times = gsaw__alloc_zero(allocator, count * GSAW_ROUNDS_MAX, sizeof *self->times);
    self->order = gsaw__alloc_zero(allocator, count, sizeof *self->order);
    if (self->times == NULL || self->order == NULL || !draw_sample(self, census))
        return gsaw__fail_memory(error);
    for (size_t i = 0; i < count; i++)
        self->order[i] = i;
    uint64_t round_ns;
    gsaw_status status = warm_up(self, &round_ns, error);
    if (status != GSAW_OK)
        return status;
    self->rounds = rounds_for(self, round_ns);
    status = run_rounds(self, error);
    if (status == GSAW_OK)
        conclude(self);
    return status;
}

gsaw_status gsaw__tuner_measure(gsaw__tuning *self, gsaw_codebase *codebase, gsaw__census *census,
                                const gsaw_tuner_options *options, gsaw_error *error)
{
    struct bench bench = {
        .tuning = self,
        .codebase = codebase,
        .options = options,
        .random = options->seed,
        .begun_ns = gsaw__clock_ns(),
        .rounds = options->rounds,
    };
    gsaw__map_init(&bench.only, self->allocator);
    gsaw_status status = measure(&bench, census, error);
    size_t count = self->rows.count;
    gsaw__free(self->allocator, bench.times, count * GSAW_ROUNDS_MAX * sizeof *bench.times);
    gsaw__free(self->allocator, bench.order, count * sizeof *bench.order);
    gsaw__map_clear(&bench.only);
    return status;
}
