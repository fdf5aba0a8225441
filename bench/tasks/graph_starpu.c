/* graph_starpu.c - StarPU: dependencies between tasks by declare_deps_array, the cheapest of its
 * ways (no tags, no data). Tasks are kept until the end, as a dependency may be declared on one
 * that has run. Asked for fewer nodes than others: a node takes kilobytes and microseconds.
 * Next:    dag.h, starpu_start.h */
#include "dag.h"
#include "starpu_start.h"

static dag work;

static void visit(void *buffers[], void *argument)
{
    (void)buffers;
    dag_visit(&work, (uint32_t)((uint64_t *)argument - work.out));
}

static void make_and_run(struct starpu_codelet *codelet, struct starpu_task **tasks)
{
    for (uint32_t place = 0; place < work.nodes; place++) {
        uint32_t i = work.order[place];
        struct starpu_task *task = tasks[i] = starpu_task_create(), *before[DAG_EDGES];
        unsigned count = 0;
        task->cl = codelet;
        task->cl_arg = &work.out[i];
        task->destroy = 0;
        for (int k = 0; k < DAG_EDGES; k++)
            if (work.before[i][k] != DAG_NONE)
                before[count++] = tasks[work.before[i][k]];
        if (count)
            starpu_task_declare_deps_array(task, count, before);
        measure_require(starpu_task_submit(task) == 0, "submit");
    }
    starpu_task_wait_for_all();
}

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 1);
    work = dag_new(argc > 2 ? argv[2] : "grid", measure_argument(argc, argv, 3, 100000));
    measure_series series[] = {{.name = "make and run"}, {.name = "bytes"}};
    struct starpu_codelet codelet = {.cpu_funcs = {visit}, .nbuffers = 0};
    struct starpu_task **tasks = calloc(work.nodes, sizeof *tasks);
    measure_require(tasks != NULL, "memory");
    starpu_start(workers);
    uint64_t before = measure_resident(), start = measure_ns();
    make_and_run(&codelet, tasks);
    measure_add(&series[0], measure_ns() - start, work.nodes);
    measure_add(&series[1], measure_resident() - before, work.nodes);
    uint64_t check = dag_check(&work);
    for (uint32_t i = 0; i < work.nodes; i++)
        starpu_task_destroy(tasks[i]);
    starpu_shutdown();
    measure_print("starpu", workers, check, series, 2);
    free(tasks);
    dag_clear(&work);
    return 0;
}
