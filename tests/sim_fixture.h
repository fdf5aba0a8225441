/* sim_fixture.h - explore a body under cmocka: a failure prints the seed that repeats it, and the
 * last steps. GSAW_SIM_RUNS=N makes every random exploration so many times as long; GSAW_SIM_SEED=N
 * makes it that one run.
 * Threads: none.
 * Next:    include/gangsaw/sim.h */
#ifndef GSAW_TESTS_SIM_FIXTURE_H
#define GSAW_TESTS_SIM_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include <gangsaw/sim.h>

typedef void sim_body(void *argument);

/* Options of a random exploration of so many runs. */
static inline gsaw_sim_options sim_random(uint64_t runs)
{
    const char *times = getenv("GSAW_SIM_RUNS"), *seed = getenv("GSAW_SIM_SEED");
    if (times != NULL)
        runs *= strtoull(times, NULL, 10);
    gsaw_sim_options options = {.size = sizeof options, .runs = runs};
    if (seed != NULL) {
        options.seed = strtoull(seed, NULL, 10);
        options.runs = 1;
    }
    return options;
}

/* Options of an exploration of all that departs from the usual up to so many times. */
static inline gsaw_sim_options sim_all(uint32_t deviations)
{
    return (gsaw_sim_options){.size = sizeof(gsaw_sim_options),
                              .strategy = GSAW_SIM_EXHAUSTIVE,
                              .deviations = deviations};
}

/* Explore; what fails is printed and fails the test. */
static inline gsaw_sim_report sim_explore(gsaw_sim_options options, sim_body *body, void *argument)
{
    gsaw_sim_report report;
    gsaw_status status = gsaw_sim_explore(&options, body, argument, &report);
    if (status != GSAW_OK)
        fprintf(stderr, "%s%s: %s\nseed %llu, run %llu, step %llu\n", report.log,
                gsaw_status_name(status), report.text, (unsigned long long)report.seed,
                (unsigned long long)report.runs, (unsigned long long)report.steps);
    assert_int_equal(status, GSAW_OK);
    if (options.strategy == GSAW_SIM_EXHAUSTIVE) {
        assert_true(report.is_complete);
        print_message("%llu interleavings\n", (unsigned long long)report.runs);
    }
    assert_int_equal(report.leaks, 0);
    return report;
}

#endif
