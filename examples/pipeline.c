/* pipeline.c - three stages, many items, and never more than a few of them in flight.
 *
 * An item goes through its stages as a chain of tasks; tasks_max holds the producer back, so that
 * memory stays bounded however long the input is.
 *
 *     cc pipeline.c $(pkg-config --cflags --libs gangsaw) -o pipeline */
#include <gangsaw/task.h>

#include <stdio.h>

enum { ITEMS = 1000, IN_FLIGHT = 8 };

typedef struct pipeline {
    gsaw_counter *inside;  /* items between the first stage and the last */
    gsaw_collector *lines; /* results, by the item's index */
    char texts[ITEMS][24];
} pipeline;

static gsaw_status store(gsaw_worker *worker, void *argument, uint64_t *value)
{
    pipeline *self = argument;
    gsaw_counter_decrement(self->inside, 0, 1);
    return gsaw_collector_collect(self->lines, gsaw_worker_index(worker), *value,
                                  self->texts[*value]);
}

static gsaw_status format(gsaw_worker *worker, void *argument, uint64_t *value)
{
    pipeline *self = argument;
    snprintf(self->texts[*value], sizeof self->texts[*value], "item %d", (int)*value);
    gsaw_group rest = {0}; /* the stage after this one, for this item */
    gsaw_task next = {.function = store, .argument = self, .value = *value};
    gsaw_status status = gsaw_pool_submit(gsaw_worker_pool(worker), &rest, &next);
    return status == GSAW_OK ? gsaw_pool_wait(gsaw_worker_pool(worker), &rest) : status;
}

int main(void)
{
    static pipeline self;
    gsaw_pool_options options = {.size = sizeof options, .workers = 3, .tasks_max = IN_FLIGHT};
    gsaw_pool *pool;
    gsaw_group group = {0};
    int64_t most = 0;
    if (gsaw_pool_new(&options, &pool, NULL) != GSAW_OK ||
        gsaw_counter_new(NULL, 1, &self.inside, NULL) != GSAW_OK ||
        gsaw_collector_new(NULL, 3, &self.lines, NULL) != GSAW_OK)
        return 1;
    for (uint64_t i = 0; i < ITEMS; i++) { /* waits while eight are in flight */
        int64_t inside = gsaw_counter_increment(self.inside, 0, 1);
        most = inside > most ? inside : most;
        if (gsaw_pool_spawn(pool, &group, format, &self, i) != GSAW_OK)
            return 1;
    }
    gsaw_status status = gsaw_pool_wait(pool, &group);
    printf("%zu items, in flight at most %s\n", gsaw_collector_count(self.lines),
           most <= IN_FLIGHT + 1 ? "eight and the one that is being made" : "too many");
    gsaw_pool_free(pool);
    gsaw_collector_free(self.lines);
    gsaw_counter_free(self.inside);
    return status == GSAW_OK ? 0 : 1;
}
