/* cancellation.c - the first of several searches that finds it stops the others.
 *
 * Cancelling is cooperative: what has not started never will, what runs looks now and then.
 *
 *     cc cancellation.c $(pkg-config --cflags --libs gangsaw) -o cancellation */
#include <gangsaw/task.h>

#include <inttypes.h>
#include <stdio.h>

enum { SEARCHES = 64 };

typedef struct search {
    gsaw_group group;
    gsaw_task tasks[SEARCHES];
} search;

/* Looks for a number whose square ends in 444 in its part, and cancels the rest when it has one. */
static gsaw_status look(gsaw_worker *worker, void *argument, uint64_t *value)
{
    search *self = argument;
    uint64_t first = *value * 1000000 + 1000;
    for (uint64_t number = first; number < first + 1000000; number++) {
        if (number % 1024 == 0 && gsaw_worker_is_cancelled(worker))
            return GSAW_CANCELLED;
        if (number * number % 1000 == 444) {
            *value = number;
            gsaw_group_cancel(&self->group);
            return GSAW_OK;
        }
    }
    return GSAW_CANCELLED;
}

int main(void)
{
    static search self;
    gsaw_pool *pool;
    if (gsaw_pool_new(NULL, &pool, NULL) != GSAW_OK)
        return 1;
    for (uint64_t i = 0; i < SEARCHES; i++)
        self.tasks[i] = (gsaw_task){.function = look, .argument = &self, .value = i};
    if (gsaw_pool_submit_all(pool, &self.group, self.tasks, SEARCHES) != GSAW_OK)
        return 1;
    gsaw_status status = gsaw_pool_wait(pool, &self.group);

    int found = 0, cancelled = 0;
    for (int i = 0; i < SEARCHES; i++) {
        gsaw_task_state state = gsaw_task_state_of(&self.tasks[i]);
        if (state == GSAW_TASK_DONE && found++ == 0)
            fprintf(stderr, "found %" PRIu64 "\n", self.tasks[i].value);
        cancelled += state == GSAW_TASK_CANCELLED;
    }
    printf("the group was %s; every task was found or cancelled: %s\n", gsaw_status_text(status),
           found > 0 && found + cancelled == SEARCHES ? "yes" : "no");
    gsaw_pool_free(pool);
    return 0;
}
