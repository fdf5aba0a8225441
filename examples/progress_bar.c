/* progress_bar.c - a bar on stderr while a scheduler works; the callback is made by the workers.
 *
 *     cc progress_bar.c $(pkg-config --cflags --libs gangsaw) -o progress_bar */
#include <gangsaw/task.h>

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { TASKS = 200, WIDTH = 40 };

static gsaw_status work(gsaw_context *context, void *argument)
{
    (void)context, (void)argument;
    struct timespec some = {.tv_nsec = 2000000};
    nanosleep(&some, NULL);
    return GSAW_OK;
}

/* At most one call at a time, no more often than the interval says. */
static void draw(void *context, const gsaw_progress_state *state)
{
    (void)context;
    char bar[WIDTH + 1];
    uint64_t filled = state->total == 0 ? 0 : state->completed * WIDTH / state->total;
    for (uint64_t i = 0; i < WIDTH; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %" PRIu64 " of %" PRIu64 ", %" PRIu64 " a second ", bar,
            state->completed, state->total, state->rate_per_s);
}

int main(void)
{
    gsaw_progress *progress;
    gsaw_progress_options options = {
        .size = sizeof options, .interval_ns = 20000000, .callback = draw};
    if (gsaw_progress_new(&options, &progress, NULL) != GSAW_OK)
        return 1;
    gsaw_scheduler *scheduler;
    gsaw_scheduler_options with = {.size = sizeof with, .progress = progress, .forget = true};
    if (gsaw_scheduler_new(&with, &scheduler, NULL) != GSAW_OK)
        return 1;
    gsaw_task_definition definition = {.function = work};
    for (int i = 0; i < TASKS; i++)
        if (gsaw_scheduler_schedule(scheduler, &definition, NULL, NULL) != GSAW_OK)
            return 1;
    gsaw_progress_set_final(progress); /* from here on there is a time left */
    gsaw_status status = gsaw_scheduler_wait_all(scheduler, GSAW_NO_DEADLINE, NULL);
    gsaw_scheduler_free(scheduler);

    gsaw_progress_state state;
    gsaw_progress_finish(progress); /* the last word */
    gsaw_progress_read(progress, &state);
    fprintf(stderr, "\n");
    printf("%" PRIu64 " of %" PRIu64 " tasks completed\n", state.completed, state.total);
    gsaw_progress_free(progress);
    return status == GSAW_OK ? 0 : 1;
}
