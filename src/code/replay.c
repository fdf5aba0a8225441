/* replay.c - see the header.
 * Keeps:   a file is released when the directory it is in was listed, a directory when the one
 *          above it was.
 * Threads: as replay.h.
 * Next:    replay.h */
#include "code/replay.h"

#include "base/alloc.h"

/* The order in which this version's workers take what is released. */
static enum gsaw__order order_of(const gsaw_config *config)
{
    return config->disable_work_stealing ? GSAW_ORDER_OLDEST : GSAW_ORDER_NEWEST;
}

static void add_workers(gsaw__replay *self)
{
    for (size_t i = 0; i < self->codebase->workers.count; i++) {
        self->busy_ns += self->codebase->workers.items[i].busy_ns;
        self->idle_ns += self->codebase->workers.items[i].idle_ns;
    }
}

/* How much the run's own workers slowed each other down: by how many were busy in the mean. */
static double slowed_by(const gsaw__replay *self)
{
    uint64_t tasks_ns = self->codebase->timing.steps_ns[GSAW_STEP_TASKS];
    double busy = tasks_ns == 0 ? 1 : (double)self->busy_ns / (double)tasks_ns;
    return self->calibration == NULL
               ? 1
               : gsaw__calibration_factor(self->calibration, busy > 1 ? busy : 1, false);
}

static uint64_t duration_of(const gsaw__replay *self, const gsaw__file_record *file)
{
    const gsaw__timing *timing = &self->codebase->timing;
    double waited_ns = (double)file->waited_ns;
    if (self->calibration == NULL)
        waited_ns = 0;
    else if (timing->usage.blocks_read != 0) /* its part of the waits at the gate alone */
        waited_ns *= timing->gate_ns < self->waited_ns
                         ? (double)timing->gate_ns / (double)self->waited_ns
                         : 1;
    return (uint64_t)(((double)file->cost_ns - waited_ns) / self->slowed);
}

static void take_directories(gsaw__replay *self)
{
    const gsaw__timing *timing = &self->codebase->timing;
    for (uint32_t i = 0; i < self->directory_count; i++) {
        const gsaw__timed_directory *directory = &timing->directories.items[i];
        uint64_t duration_ns = (uint64_t)((double)directory->list_ns / self->slowed);
        self->directories_ns += directory->list_ns;
        self->tasks[self->count++] =
            (gsaw__recorded_task){duration_ns, UINT64_MAX, directory->parent};
    }
}

static void take_files(gsaw__replay *self)
{
    const gsaw_codebase *codebase = self->codebase;
    for (size_t i = 0; i < codebase->files.count; i++) {
        self->files_ns += codebase->files.items[i]->cost_ns;
        self->waited_ns += codebase->files.items[i]->waited_ns;
    }
    for (uint32_t i = 0; i < codebase->files.count; i++) {
        const gsaw__file_record *file = codebase->files.items[i];
        if (file->cost_ns == 0)
            continue;
        self->files[self->count - self->directory_count] = i;
        self->tasks[self->count++] =
            (gsaw__recorded_task){duration_of(self, file), file->bytes, file->directory};
    }
    uint64_t recorded_ns = self->files_ns + self->directories_ns + codebase->timing.between_ns;
    if (self->count != 0 && self->busy_ns > recorded_ns)
        self->overhead_ns = (self->busy_ns - recorded_ns) / self->count;
}

static size_t tasks_most(const gsaw__replay *self)
{
    return self->codebase->files.count + self->codebase->timing.directories.count;
}

gsaw_status gsaw__replay_init(gsaw__replay *self, const gsaw_codebase *codebase,
                              const gsaw__calibration *calibration)
{
    *self = (gsaw__replay){
        .codebase = codebase, .calibration = calibration, .order = order_of(&codebase->config)};
    const gsaw__timing *timing = &codebase->timing;
    uint32_t jobs = codebase->summary.jobs;
    if (tasks_most(self) >= GSAW_NO_TASK)
        return GSAW_RANGE;
    self->directory_count = (uint32_t)timing->directories.count;
    self->tasks = gsaw__alloc(codebase->allocator, tasks_most(self) * sizeof *self->tasks);
    self->files = gsaw__alloc(codebase->allocator, codebase->files.count * sizeof *self->files);
    if (self->tasks == NULL || self->files == NULL) {
        gsaw__replay_clear(self);
        return GSAW_NO_MEMORY;
    }
    const uint64_t *steps = calibration == NULL ? timing->steps_ns : timing->steps_cpu_ns;
    self->serial_ns = steps[GSAW_STEP_SET_UP] + steps[GSAW_STEP_PUBLISH];
    self->thread_ns = steps[GSAW_STEP_THREADS] / (jobs == 0 ? 1 : jobs);
    add_workers(self);
    self->slowed = slowed_by(self);
    take_directories(self);
    take_files(self);
    return GSAW_OK;
}

void gsaw__replay_clear(gsaw__replay *self)
{
    if (self->codebase == NULL)
        return;
    const gsaw_allocator *allocator = self->codebase->allocator;
    gsaw__free(allocator, self->tasks, tasks_most(self) * sizeof *self->tasks);
    gsaw__free(allocator, self->files, self->codebase->files.count * sizeof *self->files);
    *self = (gsaw__replay){.codebase = NULL};
}

gsaw_status gsaw__replay_run(const gsaw__replay *self, uint32_t workers,
                             enum gsaw__contending contending, gsaw__simulated *out)
{
    double *slowdown = gsaw__alloc(self->codebase->allocator, workers * sizeof *slowdown);
    if (slowdown == NULL)
        return GSAW_NO_MEMORY;
    bool is_even = contending == GSAW_CONTENDING_NOT || self->calibration == NULL;
    bool grows = contending == GSAW_CONTENDING_GROWING;
    for (uint32_t k = 0; k < workers; k++)
        slowdown[k] = is_even ? 1 : gsaw__calibration_factor(self->calibration, k + 1, grows);
    gsaw__simulation simulation = {
        .allocator = self->codebase->allocator,
        .tasks = self->tasks,
        .count = self->count,
        .workers = workers,
        .order = self->order,
        .overhead_ns = self->overhead_ns,
        .slowdown = slowdown,
    };
    gsaw_status status = gsaw__simulate(&simulation, out);
    gsaw__free(self->codebase->allocator, slowdown, workers * sizeof *slowdown);
    return status;
}

uint64_t gsaw__replay_serial(const gsaw__replay *self, uint32_t workers)
{
    return self->serial_ns + self->thread_ns * workers;
}

size_t gsaw__replay_file(const gsaw__replay *self, uint32_t task)
{
    bool is_file = task != GSAW_NO_TASK && task >= self->directory_count;
    return is_file ? self->files[task - self->directory_count] : SIZE_MAX;
}
