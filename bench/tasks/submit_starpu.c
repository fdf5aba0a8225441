/* submit_starpu.c - StarPU: task_create, task_submit, task_wait_for_all. A tenth of the tasks: it
 * takes microseconds for each.
 * Next:    submit.h, starpu_start.h */
#include "submit.h"
#include "starpu_start.h"

enum { TASKS = SUBMIT_TASKS / 10 };

static void mark(void *buffers[], void *argument)
{
    (void)buffers;
    submit_mark(argument);
}

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 1);
    measure_series series = {.name = "submit"};
    uint32_t *places = submit_places();
    struct starpu_codelet codelet = {.cpu_funcs = {mark}, .nbuffers = 0};
    starpu_start(workers);
    for (int round = 0; round < SUBMIT_ROUNDS; round++) {
        uint64_t start = measure_ns();
        for (int i = 0; i < TASKS; i++) {
            struct starpu_task *task = starpu_task_create();
            task->cl = &codelet;
            task->cl_arg = &places[i];
            measure_require(starpu_task_submit(task) == 0, "submit");
        }
        starpu_task_wait_for_all();
        measure_add(&series, measure_ns() - start, TASKS);
    }
    starpu_shutdown();
    for (int i = 0; i < TASKS; i++)
        measure_require(places[i] == places[0] && places[i] != 0, "each task once");
    measure_print("starpu", workers, SUBMIT_TASKS, &series, 1);
    free(places);
    return 0;
}
