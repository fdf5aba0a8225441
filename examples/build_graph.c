/* build_graph.c - a build: compile in any order, link when all is compiled, and what a failure
 * does.
 *
 *     cc build_graph.c $(pkg-config --cflags --libs gangsaw) -o build_graph */
#include <gangsaw/task.h>

#include <stdio.h>
#include <string.h>

/* Would start a compiler; main.c has a mistake in it. */
static gsaw_status compile(gsaw_context *context, void *argument)
{
    const char *source = argument;
    if (strcmp(source, "main.c") == 0)
        return gsaw_context_fail(context, GSAW_INVALID, "%s:7: no ';'", source);
    return GSAW_OK;
}

static gsaw_status link_program(gsaw_context *context, void *argument)
{
    (void)context, (void)argument;
    return GSAW_OK;
}

static void report(gsaw_scheduler *scheduler, gsaw_handle task)
{
    gsaw_task_result result;
    if (gsaw_scheduler_result(scheduler, task, &result) != GSAW_OK)
        return;
    printf("%-7s %s", result.id, gsaw_task_state_name(result.state));
    if (result.state == GSAW_TASK_FAILED)
        printf(": %s", result.text);
    if (result.state == GSAW_TASK_SKIPPED)
        printf(" because of %s", result.cause_id);
    printf("\n");
}

int main(void)
{
    gsaw_error error = {0};
    gsaw_scheduler *scheduler;
    if (gsaw_scheduler_new(NULL, &scheduler, &error) != GSAW_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    static char main_c[] = "main.c", util_c[] = "util.c", test_c[] = "test.c";
    const char *of_program[] = {"main.o", "util.o"}, *of_test[] = {"test.o", "util.o"};
    const gsaw_task_definition tasks[] = {
        /* in any order: dependencies may come behind those that name them */
        {.id = "program", .function = link_program, .depends = of_program, .depends_count = 2},
        {.id = "test", .function = link_program, .depends = of_test, .depends_count = 2},
        {.id = "main.o", .function = compile, .argument = main_c, .cost = 30},
        {.id = "util.o", .function = compile, .argument = util_c, .cost = 20, .priority = 1},
        {.id = "test.o", .function = compile, .argument = test_c, .memory = 64 << 20},
    };
    enum { COUNT = sizeof tasks / sizeof *tasks };
    gsaw_handle handles[COUNT];
    if (gsaw_scheduler_schedule_batch(scheduler, tasks, COUNT, handles, &error) != GSAW_OK ||
        gsaw_scheduler_wait_all(scheduler, GSAW_NO_DEADLINE, &error) != GSAW_OK) {
        fprintf(stderr, "%s\n", error.text);
        gsaw_scheduler_free(scheduler);
        return 1;
    }
    for (int i = 0; i < COUNT; i++)
        report(scheduler, handles[i]);

    /* All or nothing: a batch with a mistake in it is refused, and says which. */
    const char *of_a[] = {"b"}, *of_b[] = {"a"};
    const gsaw_task_definition round[] = {
        {.id = "a", .function = link_program, .depends = of_a, .depends_count = 1},
        {.id = "b", .function = link_program, .depends = of_b, .depends_count = 1},
    };
    if (gsaw_scheduler_schedule_batch(scheduler, round, 2, NULL, &error) != GSAW_OK)
        printf("refused: %s\n", error.text);
    gsaw_scheduler_free(scheduler);
    return 0;
}
