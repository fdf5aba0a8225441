/* timing.c - see the header.
 * Keeps:   no recursion: the array of directories is the queue of those whose children come next.
 * Threads: as timing.h.
 * Next:    timing.h */
#include "code/timing.h"

#include <sys/resource.h>

#include "base/clock.h"
#include "work/simulate.h"

/* Who loses the CPU does so for longer than this: what took less has not waited. */
#define WAIT_LEAST_NS 250000u

/* Reading the CPU's clock is a system call, and where the system likes to give the CPU to another:
 * so the wall is read behind it, and that wait counts where it was. */
void gsaw__lap_begin(gsaw__lap *self)
{
    self->cpu_ns = gsaw__clock_thread_ns();
    self->wall_ns = gsaw__clock_ns();
}

void gsaw__lap_end(gsaw__lap *self, uint64_t start_ns, uint64_t *cost_ns, uint64_t *waited_ns)
{
    gsaw__lap before = *self;
    uint64_t now_ns = gsaw__clock_ns();
    *cost_ns = now_ns - start_ns;
    *waited_ns = 0;
    if (now_ns - before.wall_ns < WAIT_LEAST_NS)
        return;
    gsaw__lap_begin(self);
    *cost_ns = self->wall_ns - start_ns;
    uint64_t wall_ns = self->wall_ns - before.wall_ns, cpu_ns = self->cpu_ns - before.cpu_ns;
    uint64_t missed_ns = wall_ns > cpu_ns ? wall_ns - cpu_ns : 0;
    *waited_ns = missed_ns < *cost_ns ? missed_ns : *cost_ns;
    self->between_ns += missed_ns - *waited_ns;
}

static gsaw__usage read_usage(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return (gsaw__usage){.minor_faults = 0};
    return (gsaw__usage){
        .minor_faults = (uint64_t)usage.ru_minflt,
        .major_faults = (uint64_t)usage.ru_majflt,
        .preemptions = (uint64_t)usage.ru_nivcsw,
        .blocks_read = (uint64_t)usage.ru_inblock,
    };
}

void gsaw__timing_begin(gsaw__timing *self, uint64_t start_ns)
{
    *self = (gsaw__timing){
        .last_ns = start_ns, .last_cpu_ns = gsaw__clock_thread_ns(), .usage = read_usage()};
}

void gsaw__timing_step(gsaw__timing *self, enum gsaw__step step)
{
    uint64_t now_ns = gsaw__clock_ns(), cpu_ns = gsaw__clock_thread_ns();
    self->steps_ns[step] = now_ns - self->last_ns;
    self->steps_cpu_ns[step] = cpu_ns - self->last_cpu_ns;
    self->last_ns = now_ns;
    self->last_cpu_ns = cpu_ns;
}

void gsaw__timing_end(gsaw__timing *self)
{
    gsaw__usage before = self->usage, now = read_usage();
    self->usage = (gsaw__usage){
        .minor_faults = now.minor_faults - before.minor_faults,
        .major_faults = now.major_faults - before.major_faults,
        .preemptions = now.preemptions - before.preemptions,
        .blocks_read = now.blocks_read - before.blocks_read,
    };
}

static bool append(gsaw__timing *self, gsaw__dir *dir, uint32_t parent,
                   const gsaw_allocator *allocator)
{
    gsaw__timed_directory timed = {.name = dir->name, .list_ns = dir->list_ns, .parent = parent};
    dir->number = (uint32_t)self->directories.count;
    return gsaw__array_push(&self->directories, allocator, timed);
}

bool gsaw__timing_directories(gsaw__timing *self, gsaw__dir *root, const gsaw_allocator *allocator)
{
    GSAW_ARRAY(gsaw__dir *) queue = {NULL, 0, 0};
    bool has_memory =
        append(self, root, GSAW_NO_TASK, allocator) && gsaw__array_push(&queue, allocator, root);
    for (size_t i = 0; has_memory && i < queue.count; i++) {
        const gsaw__dir *dir = queue.items[i];
        gsaw__dir *children = gsaw__dir_children(dir);
        for (uint32_t k = 0; has_memory && k < dir->child_count; k++)
            has_memory = append(self, &children[k], dir->number, allocator) &&
                         gsaw__array_push(&queue, allocator, &children[k]);
    }
    gsaw__array_clear(&queue, allocator);
    return has_memory;
}

void gsaw__timing_clear(gsaw__timing *self, const gsaw_allocator *allocator)
{
    gsaw__array_clear(&self->directories, allocator);
    *self = (gsaw__timing){.last_ns = 0};
}
