/* submit.h - a million independent tasks from one thread: each notes that it has run, in a place of
 * its own.
 * Keeps:   a task that ran twice, or not at all, changes the sum.
 * Next:    submit.c */
#ifndef GSAW_BENCH_SUBMIT_H
#define GSAW_BENCH_SUBMIT_H

#include "measure.h"

enum { SUBMIT_TASKS = 1000000, SUBMIT_ROUNDS = 3 };

/* The place of each task, touched before. */
static inline uint32_t *submit_places(void)
{
    uint32_t *places = (uint32_t *)malloc(SUBMIT_TASKS * sizeof *places);
    measure_require(places != NULL, "memory");
    memset(places, 0, SUBMIT_TASKS * sizeof *places);
    return places;
}

/* What a task does. */
static inline void submit_mark(uint32_t *place) { *place = *place * 3 + 1; }

/* All tasks ran, each once a round: `rounds` rounds so far. */
static inline uint64_t submit_check(const uint32_t *places, int rounds)
{
    uint32_t each = 0;
    for (int round = 0; round < rounds; round++)
        submit_mark(&each);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < SUBMIT_TASKS; i++) {
        measure_require(places[i] == each, "each task once");
        sum += (i + 1) * places[i];
    }
    return sum;
}

#endif
