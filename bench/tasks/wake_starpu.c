/* wake_starpu.c - StarPU: task_submit to one worker.
 * Next:    wake.h, starpu_start.h */
#include "wake.h"
#include "starpu_start.h"

#include "base/atomic.h"

static _Atomic uint64_t at;

static void note(void *buffers[], void *argument)
{
    (void)buffers;
    (void)argument;
    gsaw__store_release(&at, wake_note());
}

static struct starpu_codelet codelet = {.cpu_funcs = {note}, .nbuffers = 0};

static void send(void *self)
{
    (void)self;
    struct starpu_task *task = starpu_task_create();
    task->cl = &codelet;
    measure_require(starpu_task_submit(task) == 0, "submit");
}

static uint64_t started(void *self)
{
    (void)self;
    uint64_t noted = gsaw__load_acquire(&at);
    if (noted)
        gsaw__store_relaxed(&at, 0);
    return noted;
}

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 1);
    wake_sender senders[] = {{send, started, NULL}};
    measure_series series[] = {{.name = "20 us later"}, {.name = "parked"}};
    starpu_start(workers);
    wake_measure(senders, 1, series);
    starpu_task_wait_for_all();
    starpu_shutdown();
    measure_print("starpu", workers, WAKE_SOON, series, 2);
    return 0;
}
