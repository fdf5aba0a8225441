/* graph_serial.c - one thread, no tasks: counters and successor lists in plain arrays, what is
 * ready on a stack. What a graph costs before any runtime comes into it.
 * Next:    dag.h */
#include "dag.h"

typedef struct serial {
    uint32_t *first, *after; /* successors of i: after[first[i]] to after[first[i + 1] - 1] */
    uint32_t *waits, *left;  /* predecessors of each; of these, how many have not run */
    uint32_t *ready;
} serial;

static void make(serial *self, const dag *work)
{
    uint32_t nodes = work->nodes;
    self->first = calloc(nodes + 2, sizeof *self->first);
    self->after = malloc((size_t)nodes * DAG_EDGES * sizeof *self->after);
    self->waits = calloc(nodes, sizeof *self->waits);
    self->left = malloc(nodes * sizeof *self->left);
    self->ready = malloc(nodes * sizeof *self->ready);
    measure_require(self->first && self->after && self->waits && self->left && self->ready,
                    "memory");
    for (uint32_t i = 0; i < nodes; i++)
        for (int k = 0; k < DAG_EDGES; k++)
            if (work->before[i][k] != DAG_NONE) {
                self->first[work->before[i][k] + 2]++;
                self->waits[i]++;
            }
    for (uint32_t i = 0; i < nodes; i++)
        self->first[i + 2] += self->first[i + 1];
    for (uint32_t i = 0; i < nodes; i++)
        for (int k = 0; k < DAG_EDGES; k++)
            if (work->before[i][k] != DAG_NONE)
                self->after[self->first[work->before[i][k] + 1]++] = i;
}

static void run(serial *self, const dag *work)
{
    uint32_t count = 0, nodes = work->nodes;
    memcpy(self->left, self->waits, nodes * sizeof *self->left);
    for (uint32_t i = nodes; i-- > 0;)
        if (self->left[i] == 0)
            self->ready[count++] = i;
    while (count > 0) {
        uint32_t i = self->ready[--count];
        dag_visit(work, i);
        for (uint32_t k = self->first[i]; k < self->first[i + 1]; k++)
            if (--self->left[self->after[k]] == 0)
                self->ready[count++] = self->after[k];
    }
}

static void clear(serial *self)
{
    free(self->first);
    free(self->after);
    free(self->waits);
    free(self->left);
    free(self->ready);
}

int main(int argc, char **argv)
{
    dag work = dag_new(argc > 2 ? argv[2] : "grid", measure_argument(argc, argv, 3, 1000000));
    measure_series series[] = {{.name = "make and run"}, {.name = "run again"}, {.name = "bytes"}};
    uint64_t check = 0;
    for (unsigned making = 0; making < dag_makings(&work); making++) {
        serial graph = {0};
        uint64_t before = measure_resident(), start = measure_ns();
        make(&graph, &work);
        run(&graph, &work);
        measure_add(&series[0], measure_ns() - start, work.nodes);
        if (making == 0) /* later ones get memory that the first gave back */
            measure_add(&series[2], measure_resident() - before, work.nodes);
        uint64_t sum = dag_check(&work);
        check = making == 0 ? sum : check;
        for (unsigned again = 0; making == 0 && again < dag_reruns(&work); again++) {
            start = measure_ns();
            run(&graph, &work);
            measure_add(&series[1], measure_ns() - start, work.nodes);
            dag_check(&work);
        }
        clear(&graph);
    }
    measure_print("serial", 1, check, series, 3);
    dag_clear(&work);
    return 0;
}
