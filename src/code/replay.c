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

/* What part of the tasks' time was spent on a CPU. What waited for the disk would wait again. */
static double awake_part(const gsaw__timing *timing)
{
    uint64_t wall_ns = timing->parse_ns;
    uint64_t awake_ns = timing->usage.blocks_read == 0 ? timing->parse_cpu_ns
                        : timing->gate_ns < wall_ns    ? wall_ns - timing->gate_ns
                                                       : wall_ns;
    return wall_ns == 0 || awake_ns > wall_ns ? 1 : (double)awake_ns / (double)wall_ns;
}

/* How much the run's own workers slowed each other down: by how many were busy in the mean. */
static double slowed_by(const gsaw__replay *self)
{
    uint64_t tasks_ns = self->codebase->timing.steps_ns[GSAW_STEP_TASKS];
    double busy = tasks_ns == 0 ? 1 : (double)self->busy_ns / (double)tasks_ns;
    return gsaw__calibration_factor(self->calibration, busy > 1 ? busy : 1, false);
}

/* A recorded time, made like one on a single worker that nothing disturbs. */
static uint64_t undisturbed(const gsaw__replay *self, uint64_t ns)
{
    return (uint64_t)((double)ns * self->awake / self->slowed);
}

static void take_tasks(gsaw__replay *self)
{
    const gsaw_codebase *codebase = self->codebase;
    for (uint32_t i = 0; i < self->directory_count; i++) {
        const gsaw__timed_directory *directory = &codebase->timing.directories.items[i];
        self->directories_ns += directory->list_ns;
        self->tasks[self->count++] = (gsaw__recorded_task){undisturbed(self, directory->list_ns),
                                                           UINT64_MAX, directory->parent};
    }
    for (uint32_t i = 0; i < codebase->files.count; i++) {
        const gsaw__file_record *file = codebase->files.items[i];
        if (file->cost_ns == 0)
            continue;
        self->files_ns += file->cost_ns;
        self->files[self->count - self->directory_count] = i;
        self->tasks[self->count++] =
            (gsaw__recorded_task){undisturbed(self, file->cost_ns), file->bytes, file->directory};
    }
    uint64_t recorded_ns = self->files_ns + self->directories_ns;
    if (self->count != 0 && self->busy_ns > recorded_ns)
        self->overhead_ns = undisturbed(self, (self->busy_ns - recorded_ns) / self->count);
}

static size_t tasks_most(const gsaw__replay *self)
{
    return self->codebase->files.count + self->codebase->timing.directories.count;
}

gsaw_status gsaw__replay_init(gsaw__replay *self, const gsaw_codebase *codebase,
                              const gsaw__calibration *calibration)
{
    *self = (gsaw__replay){.codebase = codebase, .calibration = calibration};
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
    self->serial_ns = timing->steps_ns[GSAW_STEP_SET_UP] + timing->steps_ns[GSAW_STEP_PUBLISH];
    self->thread_ns = timing->steps_ns[GSAW_STEP_THREADS] / (jobs == 0 ? 1 : jobs);
    add_workers(self);
    self->awake = awake_part(timing);
    self->slowed = slowed_by(self);
    take_tasks(self);
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
    bool grows = contending == GSAW_CONTENDING_GROWING;
    for (uint32_t k = 0; k < workers; k++)
        slowdown[k] = contending == GSAW_CONTENDING_NOT
                          ? 1
                          : gsaw__calibration_factor(self->calibration, k + 1, grows);
    gsaw__simulation simulation = {
        .allocator = self->codebase->allocator,
        .tasks = self->tasks,
        .count = self->count,
        .workers = workers,
        .order = order_of(&self->codebase->config),
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
