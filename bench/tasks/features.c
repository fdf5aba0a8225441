/* features.c - gangsaw's TaskScheduler: a grid by handle and with nothing else, and the same with
 * all that it has: string ids, dependencies by id, values, priorities, deadlines, retries.
 * Keeps:   each node counts; the sum is checked.
 * Next:    measure.h, ../tasks.py */
#include <gangsaw/scheduler.h>

#include "measure.h"

enum { FEATURES_SIDE = 300, FEATURES_NODES = FEATURES_SIDE * FEATURES_SIDE, FEATURES_ROUNDS = 5 };

typedef struct grid {
    char ids[FEATURES_NODES][16];
    const char *depends[FEATURES_NODES][2];
    gsaw_handle handles[FEATURES_NODES], after[FEATURES_NODES][2];
    gsaw_task_definition definitions[FEATURES_NODES];
    uint64_t sum; /* one worker */
} grid;

static gsaw_status count(gsaw_context *context, void *argument)
{
    (void)context;
    grid *self = argument;
    self->sum++;
    return GSAW_OK;
}

static gsaw_status count_and_keep(gsaw_context *context, void *argument)
{
    gsaw_context_set_value(context, argument, NULL);
    return count(context, argument);
}

/* The definition of a node; with all features if `full`. */
static void define(grid *self, int node, bool full, uint64_t deadline_ns)
{
    gsaw_task_definition *definition = &self->definitions[node];
    int before[2], count_before = 0;
    if (node >= FEATURES_SIDE)
        before[count_before++] = node - FEATURES_SIDE;
    if (node % FEATURES_SIDE != 0)
        before[count_before++] = node - 1;
    *definition =
        (gsaw_task_definition){.function = full ? count_and_keep : count, .argument = self};
    for (int i = 0; i < count_before; i++) {
        self->depends[node][i] = self->ids[before[i]];
        self->after[node][i] = self->handles[before[i]];
    }
    if (full) {
        definition->id = self->ids[node];
        definition->depends = self->depends[node];
        definition->depends_count = (size_t)count_before;
        definition->priority = node % 8;
        definition->retries = 2;
        definition->deadline_ns = deadline_ns;
    } else {
        definition->after = self->after[node];
        definition->after_count = (size_t)count_before;
    }
}

static void run(grid *self, bool full, bool batch, unsigned workers, measure_series *series)
{
    gsaw_scheduler *scheduler;
    gsaw_scheduler_options options = {.size = sizeof options, .workers = workers};
    gsaw_scheduler_counts counts;
    self->sum = 0;
    measure_require(gsaw_scheduler_new(&options, &scheduler, NULL) == GSAW_OK, "scheduler");
    uint64_t start = measure_ns();
    for (int node = 0; node < FEATURES_NODES; node++) {
        define(self, node, full, start + UINT64_C(3600000000000));
        if (!batch)
            measure_require(gsaw_scheduler_schedule(scheduler, &self->definitions[node],
                                                    &self->handles[node], NULL) == GSAW_OK,
                            "schedule");
    }
    if (batch)
        measure_require(gsaw_scheduler_schedule_batch(scheduler, self->definitions, FEATURES_NODES,
                                                      self->handles, NULL) == GSAW_OK,
                        "batch");
    measure_require(gsaw_scheduler_wait_all(scheduler, GSAW_NO_DEADLINE, NULL) == GSAW_OK, "wait");
    gsaw_scheduler_count(scheduler, &counts);
    measure_add(series, measure_ns() - start, FEATURES_NODES);
    measure_require(counts.done == FEATURES_NODES && self->sum == FEATURES_NODES, "all done");
    gsaw_scheduler_free(scheduler);
}

int main(int argc, char **argv)
{
    static grid self;
    unsigned workers = measure_argument(argc, argv, 1, 1);
    measure_series series[] = {{.name = "by handle, no features"},
                               {.name = "all features, one by one"},
                               {.name = "all features, in a batch"}};
    for (int node = 0; node < FEATURES_NODES; node++)
        snprintf(self.ids[node], sizeof self.ids[node], "node-%d", node);
    for (int round = 0; round < FEATURES_ROUNDS; round++) {
        run(&self, false, false, workers, &series[0]);
        run(&self, true, false, workers, &series[1]);
        run(&self, true, true, workers, &series[2]);
    }
    measure_print("gangsaw", workers, FEATURES_NODES, series, 3);
    return 0;
}
