/* gangsaw/sim.h - the deterministic mode: a program of tasks under a seed, with virtual time.
 *
 * Link with libgangsaw-sim.a (pkg-config gangsaw-sim) instead of libgangsaw: the same library, and
 * beneath it a simulated machine. Its threads are run one at a time by one real thread; which comes
 * next, which of several waiting threads is woken, and which of the values that C11 allows a load
 * of an atomic sees, is drawn from the seed. Time is a number that moves on with the steps taken,
 * and jumps when all sleep. So a seed is an interleaving: the same program with the same seed takes
 * the same steps, and what went wrong once goes wrong each time.
 *
 *     static void body(void *argument) { ... a pool, tasks, gsaw_sim_check(sum == 10); ... }
 *
 *     gsaw_sim_report report;
 *     if (gsaw_sim_explore(&(gsaw_sim_options){.size = sizeof(gsaw_sim_options), .runs = 1000},
 *                          body, NULL, &report) != GSAW_OK)
 *         puts(report.text), puts(report.log);   // and again: .seed = report.seed, .runs = 1
 *
 * What it finds: failed gsaw_sim_check and assertions of the library; deadlocks; threads that were
 * not joined; runs without an end; in code that was compiled with -fsanitize=thread (and linked
 * without it) also data races, use of freed memory, and memory orders that are too weak. What a
 * body calls of pthreads (mutexes, conditions, threads), of nanosleep and usleep, of clock_gettime,
 * and of malloc is simulated, too. Calls that wait for anything else wait for real.
 *
 * Not simulated: values that C11 allows a load to see before they are written (load buffering);
 * pthread's barriers, semaphores and read-write locks; atomics wider than 8 bytes; memory that
 * functions of libc write (memset, read) is not looked at for races.
 *
 * Sources: Burckhardt and others, A Randomized Scheduler with Probabilistic Guarantees of Finding
 * Bugs (ASPLOS 2010); Musuvathi and Qadeer, Iterative Context Bounding (PLDI 2007); Norris and
 * Demsky, CDSchecker (OOPSLA 2013), for what a load may see; Flanagan and Freund, FastTrack (PLDI
 * 2009), for races. */
#ifndef GANGSAW_SIM_H
#define GANGSAW_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How interleavings are chosen. */
typedef enum gsaw_sim_strategy {
    GSAW_SIM_RANDOM,    /* by seed: one run in three by priorities with a few changes, else at
                           random; a seed is one interleaving */
    GSAW_SIM_EXHAUSTIVE /* all there are with up to `deviations` departures from the usual: a thread
                           that is interrupted, a load of an older value; the seed says nothing */
} gsaw_sim_strategy;

/* All-zero but for size means every default. */
typedef struct gsaw_sim_options {
    size_t size; /* sizeof(gsaw_sim_options) */
    gsaw_sim_strategy strategy;
    uint64_t seed;       /* of the first run, the next ones count up; 0: 1 */
    uint64_t runs;       /* how many; 0: 1, or all when exhaustive */
    uint32_t deviations; /* exhaustive: 0 to 8 */
    uint32_t cpus;       /* that the program sees; 0: 2 */
    uint32_t threads;    /* that can be started at a time; 0: 31, as many as there can be */
    uint64_t steps_max;  /* a run that takes more has no end; 0: 1,000,000 */
    bool no_membarrier;  /* the system has no membarrier(2) */
    bool newest;         /* loads see the newest value, whatever their order: interleavings alone */
} gsaw_sim_options;

/* What came of it. The texts are the library's, until the next exploration. */
typedef struct gsaw_sim_report {
    uint64_t seed;     /* of the last run: the failed one */
    uint64_t runs;     /* made */
    uint64_t steps;    /* of the last run */
    uint64_t switches; /* of all runs: times another thread came next */
    uint64_t leaks;    /* blocks of memory that the last run left */
    uint64_t now_ns;   /* virtual time at its end */
    bool is_complete;  /* exhaustive: there is no other interleaving within the bound */
    char text[512];    /* what went wrong, a line; "" if nothing did */
    const char *log;   /* the last steps before that, a line each: thread, operation, place in the
                          source where it is known, address, value */
} gsaw_sim_report;

/* Run body(argument) as the first thread of the simulated machine, `runs` times or until a run
 * fails. Errors: GSAW_INVALID (no body; inside of a run; a check that failed), GSAW_RANGE,
 * GSAW_NO_MEMORY, GSAW_DAMAGED (race, use of freed memory), GSAW_TIMEOUT (no end), GSAW_CLOSED
 * (deadlock), GSAW_LIMIT (threads left over at the end). After a failed run its threads and its
 * memory are gone without clean-up. One caller at a time. */
GSAW_API gsaw_status gsaw_sim_explore(const gsaw_sim_options *options, void (*body)(void *),
                                      void *argument, gsaw_sim_report *out);

/* Inside of a run: whether one is; end it as failed with this text; a number below `count` (at
 * least 1) as the run chooses; let virtual time pass. Outside: false, abort, 0, nothing. */
GSAW_API bool gsaw_sim_is_running(void);
GSAW_API GSAW_NORETURN void gsaw_sim_fail(const char *text, const char *file, int line);
GSAW_API uint32_t gsaw_sim_random(uint32_t count);
GSAW_API void gsaw_sim_sleep_ns(uint64_t ns);

/* End the run as failed unless the condition holds. */
#define gsaw_sim_check(condition)                                                                  \
    ((condition) ? (void)0 : gsaw_sim_fail(#condition, __FILE__, __LINE__))

#ifdef __cplusplus
}
#endif

#endif
