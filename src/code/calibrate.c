/* calibrate.c - passes over a sample: k threads begin together, each parses all of it for itself.
 * Keeps:   each thread begins at another file of the sample; a thread's results are dropped after
 *          its pass, so that each pass takes fresh memory, as a run does.
 * Threads: [K1] counts those that have arrived: no one begins before all are there.
 * Next:    calibrate.h */
#include "code/calibrate.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/beneath.h"
#include "base/clock.h"
#include "base/thread.h"
#include "work/config.h"

#define ROUNDS 7u
#define WORKERS_MOST 64u /* threads that are measured */

struct calibration {
    const gsaw_codebase *codebase;
    const gsaw_allocator *allocator;
    gsaw__parse_options options;
    gsaw__gate gate;
    int root;
    GSAW_ARRAY(const gsaw__file_record *) files; /* the sample, the cheapest first */
    struct seat *seats;
    uint32_t seat_count;
    uint32_t expected;                             /* threads of this pass */
    _Atomic uint32_t arrived;                      /* [K1] */
    double times[GSAW_CALIBRATION_POINTS][ROUNDS]; /* of one thread, in ns */
};

struct seat {
    struct calibration *shared;
    gsaw__thread thread;
    uint32_t index;
    uint64_t spent_ns;
    uint32_t read; /* files that were there */
};

/* ---- a pass ---- */

static void parse_file(struct seat *seat, gsaw__parser *parser, const gsaw__file_record *file)
{
    const struct calibration *shared = seat->shared;
    gsaw__file_record record = {.language = file->language};
    int descriptor = gsaw__beneath_open(shared->root, file->path, O_RDONLY | O_NONBLOCK,
                                        shared->codebase->config.follow);
    gsaw__parser_run(parser, descriptor, &record);
    seat->read += record.was_read;
    if (descriptor >= 0)
        close(descriptor);
}

static void parse_sample(void *argument)
{
    struct seat *seat = argument;
    struct calibration *shared = seat->shared;
    gsaw__parser parser;
    gsaw__parser_init(&parser, &shared->options, shared->allocator);
    size_t count = shared->files.count, first = seat->index * count / shared->expected;
    gsaw__add_acq_rel(&shared->arrived, 1); /* [K1] release: all that it will read is there */
    while (gsaw__load_acquire(&shared->arrived) < shared->expected) /* [K1] */
        gsaw__thread_pause();
    uint64_t start_ns = gsaw__clock_thread_ns();
    for (size_t i = 0; i < count; i++)
        parse_file(seat, &parser, shared->files.items[(first + i) % count]);
    seat->spent_ns = gsaw__clock_thread_ns() - start_ns;
    gsaw__parser_clear(&parser);
}

/* All seats up to `workers` parse the sample at once; the mean of what each took, or 0: it could
 * not be done. The time is that on a CPU: what other programs take is not ours to predict. */
static double pass(struct calibration *self, uint32_t workers)
{
    uint32_t started = 1;
    double sum_ns = 0;
    bool is_whole = true;
    self->expected = workers;
    gsaw__store_relaxed(&self->arrived, 0); /* [K1] relaxed: no thread is there yet */
    for (uint32_t i = 0; i < workers; i++)
        self->seats[i] = (struct seat){.shared = self, .index = i};
    for (; started < workers; started++) {
        gsaw__thread_options options = {
            .function = parse_sample, .argument = &self->seats[started], .name = "gsaw-calibrate"};
        if (gsaw__thread_start(&self->seats[started].thread, &options, NULL) != GSAW_OK)
            break;
    }
    gsaw__add_acq_rel(&self->arrived, workers - started); /* [K1] for those that could not come */
    parse_sample(&self->seats[0]);
    for (uint32_t i = 0; i < started; i++) {
        if (i != 0)
            gsaw__thread_join(&self->seats[i].thread);
        sum_ns += (double)self->seats[i].spent_ns;
        is_whole = is_whole && self->seats[i].read == self->files.count;
    }
    return is_whole && started == workers ? sum_ns / workers : 0;
}

/* ---- the sample ---- */

static int by_cost(const void *left, const void *right)
{
    const gsaw__file_record *a = *(const gsaw__file_record *const *)left;
    const gsaw__file_record *b = *(const gsaw__file_record *const *)right;
    uint64_t a_ns = gsaw__file_awake_ns(a), b_ns = gsaw__file_awake_ns(b);
    if (a_ns != b_ns)
        return a_ns < b_ns ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* Every n-th file in the order of cost, so that each size has its part, of those that are not too
 * dear; some pass_ns altogether. */
static bool choose_sample(struct calibration *self, uint64_t pass_ns)
{
    uint64_t total_ns = 0;
    size_t count = 0;
    const gsaw_codebase *codebase = self->codebase;
    for (size_t i = 0; i < codebase->files.count; i++) {
        const gsaw__file_record *file = codebase->files.items[i];
        if (file->facts != NULL && file->cost_ns != 0 &&
            !gsaw__array_push(&self->files, self->allocator, file))
            return false;
    }
    const gsaw__file_record **files = self->files.items;
    if (self->files.count == 0)
        return true;
    qsort(files, self->files.count, sizeof *files, by_cost);
    while (count < self->files.count &&
           (count == 0 || gsaw__file_awake_ns(files[count]) <= pass_ns))
        total_ns += gsaw__file_awake_ns(files[count++]);
    double part = total_ns <= pass_ns ? 1 : (double)pass_ns / (double)total_ns;
    self->files.count = (size_t)((double)count * part);
    self->files.count += self->files.count == 0;
    for (size_t i = 0; i < self->files.count; i++) /* never before i: part <= 1 */
        files[i] = files[(size_t)(((double)i + 0.5) * (double)count / (double)self->files.count)];
    return true;
}

/* ---- rounds ---- */

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The medians of the ratios within each round. */
static void evaluate(const struct calibration *self, gsaw__calibration *out)
{
    for (uint32_t p = 0; p < out->count; p++) {
        double ratios[ROUNDS];
        for (uint32_t r = 0; r < ROUNDS; r++)
            ratios[r] = self->times[p][r] / self->times[0][r];
        qsort(ratios, ROUNDS, sizeof *ratios, by_value);
        out->points[p].factor = ratios[ROUNDS / 2];
        out->points[p].low = ratios[ROUNDS / 4];
        out->points[p].high = ratios[ROUNDS - 1 - ROUNDS / 4];
    }
}

/* One round to warm up, then those that count. */
static void measure(struct calibration *self, gsaw__calibration *out)
{
    bool is_whole = pass(self, self->seat_count) > 0;
    for (uint32_t r = 0; r < ROUNDS; r++)
        for (uint32_t p = 0; is_whole && p < out->count; p++) {
            self->times[p][r] = pass(self, out->points[p].workers);
            is_whole = self->times[p][r] > 0;
        }
    if (is_whole)
        evaluate(self, out);
    else
        out->count = 0;
}

static void plan(gsaw__calibration *out, uint32_t cpus)
{
    uint32_t most = cpus < WORKERS_MOST ? cpus : WORKERS_MOST;
    *out = (gsaw__calibration){.rounds = ROUNDS};
    for (uint32_t workers = 1; workers < most; workers *= 2)
        out->points[out->count++].workers = workers;
    out->points[out->count++].workers = most;
}

static gsaw_status open_and_measure(struct calibration *self, gsaw__calibration *out)
{
    self->seats = gsaw__alloc(self->allocator, self->seat_count * sizeof *self->seats);
    if (self->seats == NULL)
        return GSAW_NO_MEMORY;
    uint64_t budget = gsaw__config_memory(&self->codebase->config) / 2;
    gsaw_status status = gsaw__gate_init(&self->gate, budget);
    if (status != GSAW_OK)
        return status;
    self->options = (gsaw__parse_options){.config = &self->codebase->config,
                                          .gate = &self->gate,
                                          .memory_max = budget / 2,
                                          .cancel = self->codebase->cancel};
    self->root = gsaw__directory_open(AT_FDCWD, self->codebase->root, true);
    if (self->root >= 0) {
        measure(self, out);
        close(self->root);
    } else {
        out->count = 0;
    }
    gsaw__gate_clear(&self->gate);
    return GSAW_OK;
}

gsaw_status gsaw__calibrate(const gsaw_codebase *codebase, uint32_t cpus, uint64_t budget_ns,
                            gsaw__calibration *out)
{
    struct calibration self = {.codebase = codebase, .allocator = codebase->allocator};
    uint64_t start_ns = gsaw__clock_ns();
    plan(out, cpus);
    self.seat_count = out->points[out->count - 1].workers;
    gsaw_status status = GSAW_OK;
    if (!choose_sample(&self, budget_ns / (out->count * ROUNDS + 1)))
        status = GSAW_NO_MEMORY;
    else if (self.files.count == 0 || out->count == 1)
        out->count = 0;
    else
        status = open_and_measure(&self, out);
    gsaw__free(self.allocator, self.seats, self.seat_count * sizeof *self.seats);
    gsaw__array_clear(&self.files, self.allocator);
    out->elapsed_ns = gsaw__clock_ns() - start_ns;
    return status;
}

double gsaw__calibration_factor(const gsaw__calibration *self, double workers, bool grows)
{
    if (self->count == 0)
        return 1;
    const gsaw__calibration_point *points = self->points, *last = &points[self->count - 1];
    double factor = last->factor;
    if (workers > last->workers && grows)
        factor = 1 + (last->factor - 1) * (workers - 1) / (last->workers - 1);
    for (uint32_t p = 1; p < self->count; p++)
        if (workers >= points[p - 1].workers && workers <= points[p].workers)
            factor = points[p - 1].factor + (points[p].factor - points[p - 1].factor) *
                                                (workers - points[p - 1].workers) /
                                                (points[p].workers - points[p - 1].workers);
    return factor > 1 ? factor : 1;
}
