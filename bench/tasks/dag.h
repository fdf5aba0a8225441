/* dag.h - the graphs: what depends on what, what a node computes, and whether all was right.
 *
 *     grid       a square; a node waits for the one above and the one to its left
 *     layers     as many layers as nodes in each; a node waits for two of the layer before, drawn
 *     shuffled   the same, but the nodes are numbered, and lie in memory, in a drawn order
 *
 * Keeps:   a node computes from what its predecessors computed in this round, in their order: run
 *          too early, twice or not at all, it changes the check. The drawing is the same
 * everywhere.
 * Next:    graph.c, graph_serial.c */
#ifndef GSAW_BENCH_DAG_H
#define GSAW_BENCH_DAG_H

#include <math.h>

#include "measure.h"

#define DAG_NONE UINT32_MAX
#define DAG_EDGES 2

typedef struct dag {
    uint32_t nodes, rounds;
    uint32_t (*before)[DAG_EDGES]; /* predecessors; DAG_NONE: none */
    uint32_t *order;               /* the nodes, predecessors first */
    uint64_t *out;                 /* of each node */
} dag;

/* What node `i` does: little, but it reads what two others wrote. */
static inline void dag_visit(const dag *self, uint32_t i)
{
    uint64_t sum = self->rounds + i;
    for (int k = 0; k < DAG_EDGES; k++)
        if (self->before[i][k] != DAG_NONE)
            sum = sum * 31 + self->out[self->before[i][k]];
    self->out[i] = sum;
}

static inline uint64_t dag_draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* The predecessors of what stands at (row, column), as places in the square. */
static inline void dag_link(const char *shape, uint32_t side, uint32_t place, uint64_t *state,
                            uint32_t links[DAG_EDGES])
{
    uint32_t row
    = place / side, column = place % side;
    links[0] = links[1] = DAG_NONE;
    if (strcmp(shape, "grid") == 0) {
        links[0] = row
        ? place - side : DAG_NONE;
        links[1] = column ? place - 1 : DAG_NONE;
    } else if (row) {
        uint32_t first = (uint32_t)(dag_draw(state) % side);
        uint32_t second = (first + 1 + (uint32_t)(dag_draw(state) % (side - 1))) % side;
        links[0] = (row - 1) * side + first;
        links[1] = (row - 1) * side + second;
    }
}

/* A graph of about `nodes` nodes (a square), in memory that has been touched. */
static inline dag dag_new(const char *shape, uint32_t nodes)
{
    dag self;
    uint32_t side = (uint32_t)sqrt((double)nodes);
    uint64_t state = 88172645463325252U;
    self.nodes = side * side;
    self.rounds = 0;
    self.before = (uint32_t(*)[DAG_EDGES])malloc(self.nodes * sizeof *self.before);
    self.order = (uint32_t *)malloc(self.nodes * sizeof *self.order);
    self.out = (uint64_t *)calloc(self.nodes, sizeof *self.out);
    measure_require(self.before && self.order && self.out, "memory");
    for (uint32_t i = 0; i < self.nodes; i++)
        self.order[i] = i;
    for (uint32_t i = self.nodes - 1; strcmp(shape, "shuffled") == 0 && i > 0; i--) {
        uint32_t k = (uint32_t)(dag_draw(&state) % (i + 1)), kept = self.order[i];
        self.order[i] = self.order[k];
        self.order[k] = kept;
    }
    for (uint32_t place = 0; place < self.nodes; place++) {
        uint32_t links[DAG_EDGES], node = self.order[place];
        dag_link(shape, side, place, &state, links);
        for (int k = 0; k < DAG_EDGES; k++)
            self.before[node][k] = links[k] == DAG_NONE ? DAG_NONE : self.order[links[k]];
        self.out[node] = 1;
    }
    return self;
}

static inline void dag_clear(dag *self)
{
    free(self->before);
    free(self->order);
    free(self->out);
}

/* Whether it is what one after the other would give; then the next round's results differ. */
static inline uint64_t dag_check(dag *self)
{
    uint64_t sum = 0;
    for (uint32_t place = 0; place < self->nodes; place++) {
        uint32_t i = self->order[place];
        uint64_t was = self->out[i];
        dag_visit(self, i);
        measure_require(self->out[i] == was, "the value of a node");
        sum = sum * 31 + was;
    }
    self->rounds++;
    return sum;
}

/* How often, so that small graphs are measured long enough: made and run, and run again. */
static inline unsigned dag_makings(const dag *self) { return self->nodes > 100000 ? 3 : 20; }
static inline unsigned dag_reruns(const dag *self) { return self->nodes > 100000 ? 3 : 60; }

#endif
