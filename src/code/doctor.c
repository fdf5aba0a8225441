/* doctor.c - the performance doctor: takes a run's wall time apart, and predicts others.
 * Keeps:   parts add up to the wall time: what is found lost is taken from it, the rest is work.
 * Threads: as gangsaw/doctor.h.
 * Next:    replay.h (the tasks), calibrate.h (contention), timing.h (what is recorded) */
#include <gangsaw/doctor.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "base/machine.h"
#include "base/status.h"
#include "code/replay.h"

#define MEASURE_NS UINT64_C(150000000)
#define LOSS_LEAST 0.1     /* of the wall time: less is no bottleneck */
#define CRITICAL_LEAST 0.9 /* of the time of all tasks: then the chain is what it waits for */

static_assert(GSAW_CONTENTION_MAX >= GSAW_CALIBRATION_POINTS, "all points are told");

#define BOTTLENECK_WORDS(name, word, text) {word, text},
static const struct {
    const char *name, *text;
} bottlenecks[] = {GSAW_BOTTLENECK_TABLE(BOTTLENECK_WORDS)};

const char *gsaw_bottleneck_name(gsaw_bottleneck bottleneck)
{
    bool is_known = (size_t)bottleneck < GSAW_BOTTLENECK_COUNT;
    return is_known ? bottlenecks[bottleneck].name : "unknown";
}

const char *gsaw_bottleneck_text(gsaw_bottleneck bottleneck)
{
    bool is_known = (size_t)bottleneck < GSAW_BOTTLENECK_COUNT;
    return is_known ? bottlenecks[bottleneck].text : "unknown";
}

/* What a wall time is made of. */
struct parts {
    uint64_t ns[GSAW_BOTTLENECK_COUNT];
    size_t file; /* that others wait for; SIZE_MAX: none */
};

static uint64_t less(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t minus(uint64_t a, uint64_t b) { return a > b ? a - b : 0; }

/* Whom workers wait for that have nothing to do, by a simulation without contention. */
static gsaw_bottleneck culprit(const gsaw__replay *replay, const gsaw__simulated *simulated,
                               uint32_t workers, size_t *file)
{
    const gsaw__recorded_task *tasks = replay->tasks;
    bool is_critical =
        (double)simulated->critical_ns >= CRITICAL_LEAST * (double)simulated->makespan_ns;
    uint32_t task = is_critical ? simulated->critical_end : simulated->last;
    uint64_t least_ns = is_critical ? simulated->critical_ns / 2 : simulated->idle_ns / workers;
    *file = gsaw__replay_file(replay, task);
    if (*file != SIZE_MAX && tasks[task].duration_ns >= least_ns)
        return GSAW_BOTTLENECK_STRAGGLER;
    *file = SIZE_MAX;
    return is_critical ? GSAW_BOTTLENECK_DISCOVERY : GSAW_BOTTLENECK_IDLE;
}

/* Fill in the work: what of the wall time was not found lost. Returns the largest loss. */
static gsaw_bottleneck judge(struct parts *parts, uint64_t wall_ns)
{
    uint64_t lost_ns = 0;
    gsaw_bottleneck worst = GSAW_BOTTLENECK_WORK;
    for (int i = GSAW_BOTTLENECK_WORK + 1; i < GSAW_BOTTLENECK_COUNT; i++) {
        parts->ns[i] = less(parts->ns[i], wall_ns - lost_ns);
        lost_ns += parts->ns[i];
        if (worst == GSAW_BOTTLENECK_WORK || parts->ns[i] > parts->ns[worst])
            worst = (gsaw_bottleneck)i;
    }
    parts->ns[GSAW_BOTTLENECK_WORK] = wall_ns - lost_ns;
    bool is_small = (double)parts->ns[worst] < LOSS_LEAST * (double)wall_ns;
    return is_small ? GSAW_BOTTLENECK_WORK : worst;
}

/* ---- other numbers of workers ---- */

static gsaw_status predict(const gsaw__replay *replay, uint32_t workers, gsaw_prediction *out)
{
    const gsaw__calibration *measured = replay->calibration;
    bool is_contended = measured->count != 0 && workers != 1;
    bool is_extrapolated =
        workers > (measured->count == 0 ? 1 : measured->points[measured->count - 1].workers);
    gsaw__simulated even;
    gsaw_status status = gsaw__replay_run(replay, workers, GSAW_CONTENDING_NOT, &even);
    gsaw__simulated flat = even;
    if (status == GSAW_OK && is_contended)
        status = gsaw__replay_run(replay, workers, GSAW_CONTENDING_FLAT, &flat);
    gsaw__simulated growing = flat;
    if (status == GSAW_OK && is_contended && is_extrapolated)
        status = gsaw__replay_run(replay, workers, GSAW_CONTENDING_GROWING, &growing);
    if (status != GSAW_OK)
        return status;
    uint64_t serial_ns = gsaw__replay_serial(replay, workers);
    struct parts parts = {.file = SIZE_MAX};
    parts.ns[GSAW_BOTTLENECK_SERIAL] = serial_ns - serial_ns / workers;
    parts.ns[GSAW_BOTTLENECK_CONTENTION] = minus(flat.makespan_ns, even.makespan_ns);
    parts.ns[GSAW_BOTTLENECK_OVERHEAD] = replay->overhead_ns * replay->count / workers;
    parts.ns[culprit(replay, &even, workers, &parts.file)] += even.idle_ns / workers;
    *out = (gsaw_prediction){
        .workers = workers,
        .wall_ns = serial_ns + flat.makespan_ns,
        .wall_ns_max = serial_ns + growing.makespan_ns,
        .of_ideal =
            even.makespan_ns == 0 ? 1 : (double)even.work_ns / ((double)even.makespan_ns * workers),
        .is_extrapolated = is_extrapolated,
    };
    out->bottleneck = judge(&parts, out->wall_ns);
    out->bottleneck_file = out->bottleneck == GSAW_BOTTLENECK_STRAGGLER ? parts.file : SIZE_MAX;
    return GSAW_OK;
}

static gsaw_status predict_all(const gsaw__replay *replay, gsaw_diagnosis *out)
{
    for (uint32_t i = 0; i < GSAW_PREDICTION_COUNT; i++) {
        gsaw_status status = predict(replay, UINT32_C(1) << i, &out->predictions[i]);
        if (status != GSAW_OK)
            return status;
        out->predictions[i].speedup =
            (double)out->predictions[0].wall_ns / (double)out->predictions[i].wall_ns;
    }
    out->serial_fraction =
        (double)gsaw__replay_serial(replay, 1) / (double)out->predictions[0].wall_ns;
    return GSAW_OK;
}

/* ---- the run itself ---- */

static uint64_t parked_ns(const gsaw_codebase *codebase)
{
    uint64_t sum_ns = 0;
    for (size_t i = 0; i < codebase->traces.count; i++) {
        const gsaw__trace_ring *ring = &codebase->traces.items[i];
        for (size_t k = 0; k < gsaw__trace_ring_count(ring); k++) {
            const gsaw__trace_event *event = gsaw__trace_ring_at(ring, k);
            sum_ns += event->kind == GSAW_TRACE_PARK ? event->duration_ns : 0;
        }
    }
    return sum_ns;
}

static void tell_figures(const gsaw__replay *replay, gsaw_diagnosis *out)
{
    const gsaw_codebase *codebase = replay->codebase;
    const gsaw__timing *timing = &codebase->timing;
    uint64_t recorded_ns = replay->files_ns + replay->directories_ns + timing->between_ns;
    out->jobs = codebase->summary.jobs;
    out->wall_ns = codebase->summary.wall_ns;
    out->files = replay->count - replay->directory_count;
    out->directories = replay->directory_count;
    out->files_ns = replay->files_ns;
    out->directories_ns = replay->directories_ns;
    out->overhead_ns = minus(replay->busy_ns, recorded_ns);
    out->idle_ns = minus(timing->steps_ns[GSAW_STEP_TASKS] * out->jobs, replay->busy_ns);
    out->parked_ns = parked_ns(codebase);
    for (size_t i = 0; i < codebase->workers.count; i++) {
        out->steals += codebase->workers.items[i].steals;
        out->parks += codebase->workers.items[i].parks;
    }
    out->gate_waits = timing->gate_waits;
    out->gate_ns = timing->gate_ns;
    out->off_cpu_ns = minus(replay->waited_ns + timing->between_ns, timing->gate_ns);
    out->preemptions = timing->usage.preemptions;
    out->minor_faults = timing->usage.minor_faults;
    out->major_faults = timing->usage.major_faults;
    out->blocks_read = timing->usage.blocks_read;
}

/* Take the wall time apart. Times of all workers count by the part of the wall that they are. */
static void take_apart(const gsaw__replay *replay, const gsaw__replay *recorded,
                       const gsaw__simulated *simulated, gsaw_diagnosis *out)
{
    struct parts parts = {.file = SIZE_MAX};
    uint32_t jobs = out->jobs;
    uint64_t serial_ns = gsaw__replay_serial(recorded, jobs);
    uint64_t awake_ns = minus(replay->files_ns + replay->directories_ns, replay->waited_ns);
    uint64_t explained_ns = less(out->idle_ns, simulated->idle_ns);
    parts.ns[GSAW_BOTTLENECK_SERIAL] = serial_ns - serial_ns / jobs;
    parts.ns[GSAW_BOTTLENECK_OVERHEAD] = out->overhead_ns / jobs;
    parts.ns[GSAW_BOTTLENECK_MEMORY] = out->gate_ns / jobs;
    parts.ns[GSAW_BOTTLENECK_OFF_CPU] = out->off_cpu_ns / jobs;
    parts.ns[GSAW_BOTTLENECK_CONTENTION] =
        (uint64_t)((double)awake_ns * (1 - 1 / replay->slowed)) / jobs;
    parts.ns[GSAW_BOTTLENECK_IDLE] = (out->idle_ns - explained_ns) / jobs;
    parts.ns[culprit(recorded, simulated, jobs, &parts.file)] += explained_ns / jobs;
    out->modelled_ns = serial_ns + simulated->makespan_ns;
    out->bottleneck = judge(&parts, out->wall_ns);
    bool is_straggler = out->bottleneck == GSAW_BOTTLENECK_STRAGGLER;
    out->bottleneck_file = is_straggler ? parts.file : SIZE_MAX;
    for (int i = 0; i < GSAW_BOTTLENECK_COUNT; i++)
        out->parts_ns[i] = parts.ns[i];
    out->efficiency =
        out->wall_ns == 0 ? 1 : (double)parts.ns[GSAW_BOTTLENECK_WORK] / (double)out->wall_ns;
}

/* What the tasks, as they were, explain of the run: who had to wait for whom. */
static gsaw_status explain(const gsaw__replay *replay, gsaw_diagnosis *out)
{
    gsaw__replay recorded;
    gsaw__simulated simulated;
    gsaw_status status = gsaw__replay_init(&recorded, replay->codebase, NULL);
    if (status != GSAW_OK)
        return status;
    status = gsaw__replay_run(&recorded, out->jobs, GSAW_CONTENDING_NOT, &simulated);
    if (status == GSAW_OK)
        take_apart(replay, &recorded, &simulated, out);
    gsaw__replay_clear(&recorded);
    return status;
}

/* ---- the critical path, stragglers ---- */

/* The chain that ends latest when workers are no matter. */
static gsaw_status trace_path(gsaw_codebase *codebase, const gsaw__replay *replay,
                              gsaw_diagnosis *out)
{
    gsaw__simulated simulated;
    gsaw_status status = gsaw__replay_run(replay, 1, GSAW_CONTENDING_NOT, &simulated);
    if (status != GSAW_OK)
        return status;
    uint32_t end = simulated.critical_end;
    out->critical_ns = simulated.critical_ns;
    out->critical_file = gsaw__replay_file(replay, end);
    for (uint32_t at = end; at != GSAW_NO_TASK; at = replay->tasks[at].parent)
        out->critical_count++;
    gsaw_path_step *steps =
        gsaw__arena_alloc_zero(&codebase->results, out->critical_count, sizeof *steps);
    if (steps == NULL)
        return GSAW_NO_MEMORY;
    size_t i = out->critical_count;
    for (uint32_t at = end; at != GSAW_NO_TASK; at = replay->tasks[at].parent) {
        steps[--i].ns = replay->tasks[at].duration_ns;
        steps[i].name = at < replay->directory_count
                            ? codebase->timing.directories.items[at].name
                            : codebase->files.items[out->critical_file]->path;
    }
    out->critical_path = steps;
    return GSAW_OK;
}

/* How much earlier a run of `with_ns` would have ended with this file's time spread over all. */
static gsaw_status tell_delay(gsaw__replay *replay, uint32_t task, uint32_t jobs, uint64_t with_ns,
                              uint64_t *delay_ns)
{
    gsaw__simulated without = {.makespan_ns = 0};
    uint64_t duration_ns = replay->tasks[task].duration_ns;
    replay->tasks[task].duration_ns = 0;
    gsaw_status status = gsaw__replay_run(replay, jobs, GSAW_CONTENDING_NOT, &without);
    replay->tasks[task].duration_ns = duration_ns;
    *delay_ns = minus(with_ns, without.makespan_ns + duration_ns / jobs);
    return status;
}

/* With so many workers the others end before this chain does: work / chain. */
static uint32_t workers_max(const gsaw__replay *replay, uint32_t task, uint64_t work_ns)
{
    uint64_t chain_ns = 0;
    for (uint32_t at = task; at != GSAW_NO_TASK; at = replay->tasks[at].parent)
        chain_ns += replay->tasks[at].duration_ns + replay->overhead_ns;
    uint64_t workers = chain_ns == 0 ? UINT32_MAX : work_ns / chain_ns;
    return (uint32_t)(workers == 0 ? 1 : less(workers, UINT32_MAX));
}

/* The time that a file of this size and language takes in the mean. */
static uint64_t expected_ns(const gsaw_codebase *codebase, const gsaw__file_record *file)
{
    double ns = 0, bytes = 0;
    for (size_t i = 0; i < codebase->files.count; i++) {
        const gsaw__file_record *other = codebase->files.items[i];
        if (other->language == file->language && other->cost_ns != 0) {
            ns += (double)gsaw__file_awake_ns(other);
            bytes += (double)other->bytes;
        }
    }
    return bytes > 0 ? (uint64_t)(ns / bytes * (double)file->bytes) : gsaw__file_awake_ns(file);
}

static gsaw_status find_stragglers(gsaw__replay *replay, gsaw_diagnosis *out)
{
    uint32_t top[GSAW_STRAGGLER_MAX] = {0};
    uint64_t work_ns = 0;
    for (uint32_t i = 0; i < replay->count; i++) {
        work_ns += replay->tasks[i].duration_ns + replay->overhead_ns;
        if (i < replay->directory_count)
            continue;
        size_t at = out->straggler_count;
        for (; at != 0 && replay->tasks[top[at - 1]].duration_ns < replay->tasks[i].duration_ns;
             at--)
            if (at < GSAW_STRAGGLER_MAX)
                top[at] = top[at - 1];
        if (at < GSAW_STRAGGLER_MAX)
            top[at] = i;
        out->straggler_count += out->straggler_count < GSAW_STRAGGLER_MAX;
    }
    gsaw__simulated with;
    gsaw_status status = gsaw__replay_run(replay, out->jobs, GSAW_CONTENDING_NOT, &with);
    for (size_t i = 0; status == GSAW_OK && i < out->straggler_count; i++) {
        gsaw_straggler *straggler = &out->stragglers[i];
        straggler->file = gsaw__replay_file(replay, top[i]);
        const gsaw__file_record *file = replay->codebase->files.items[straggler->file];
        straggler->cost_ns = gsaw__file_awake_ns(file);
        straggler->expected_ns = expected_ns(replay->codebase, file);
        straggler->workers_max = workers_max(replay, top[i], work_ns);
        status = tell_delay(replay, top[i], out->jobs, with.makespan_ns, &straggler->delay_ns);
    }
    return status;
}

/* ---- all of it ---- */

static gsaw_status diagnose(gsaw_codebase *self, const gsaw__calibration *calibration,
                            gsaw_diagnosis *out)
{
    gsaw__replay replay;
    gsaw_status status = gsaw__replay_init(&replay, self, calibration);
    if (status != GSAW_OK)
        return status;
    tell_figures(&replay, out);
    status = explain(&replay, out);
    if (status == GSAW_OK)
        status = predict_all(&replay, out);
    if (status == GSAW_OK)
        status = trace_path(self, &replay, out);
    if (status == GSAW_OK)
        status = find_stragglers(&replay, out);
    gsaw__replay_clear(&replay);
    return status;
}

gsaw_status gsaw_codebase_diagnose(gsaw_codebase *self, const gsaw_diagnose_options *options,
                                   gsaw_diagnosis *out, gsaw_error *error)
{
    gsaw_diagnose_options given = {.size = sizeof given};
    if (options != NULL)
        given = *options;
    if (given.size != sizeof given)
        return gsaw__fail(error, GSAW_INVALID, "size of the options");
    if (self->timing.directories.count == 0)
        return gsaw__fail(error, GSAW_INVALID, "there is no run to diagnose");
    *out = (gsaw_diagnosis){.cpus = gsaw__machine_cpus("")};
    gsaw__calibration calibration = {.count = 0};
    uint64_t measure_ns = given.measure_ns == 0 ? MEASURE_NS : given.measure_ns;
    gsaw_status status = GSAW_OK;
    if (!given.is_contention_unmeasured)
        status = gsaw__calibrate(self, out->cpus, measure_ns, &calibration);
    if (status == GSAW_OK)
        status = diagnose(self, &calibration, out);
    for (uint32_t i = 0; i < calibration.count; i++) {
        const gsaw__calibration_point *point = &calibration.points[i];
        out->contention[i] =
            (gsaw_contention){point->workers, point->factor, point->low, point->high};
    }
    out->contention_count = calibration.count;
    out->contention_ns = calibration.elapsed_ns;
    return status == GSAW_OK ? GSAW_OK
                             : gsaw__fail(error, status, "diagnosis: %s", gsaw_status_text(status));
}
