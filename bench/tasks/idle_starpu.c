/* idle_starpu.c - StarPU: one task sleeps, the main thread waits for it.
 * Next:    idle.h, starpu_start.h */
#include "idle.h"
#include "starpu_start.h"

static void run(void *buffers[], void *argument)
{
    (void)buffers;
    idle_sleep(argument);
}

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 2);
    measure_series series = {.name = "per cent"};
    struct starpu_codelet codelet = {.cpu_funcs = {run}, .nbuffers = 0};
    starpu_start(workers);
    struct starpu_task *task = starpu_task_create();
    task->cl = &codelet;
    task->cl_arg = &series;
    measure_require(starpu_task_submit(task) == 0, "submit");
    starpu_task_wait_for_all();
    starpu_shutdown();
    measure_print("starpu", workers, 0, &series, 1);
    return 0;
}
