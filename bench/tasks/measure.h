/* measure.h - clocks, memory, and the one line of JSON that each of these programs prints.
 * Keeps:   C and C++, as the peers are written in both; nothing of gangsaw's is in it.
 * Threads: none; one thread measures and prints.
 * Next:    ../tasks.py, which runs the programs and reads the lines */
#ifndef GSAW_BENCH_MEASURE_H
#define GSAW_BENCH_MEASURE_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MEASURE_VALUES 64

/* One figure, measured again and again. */
typedef struct measure_series {
    const char *name;
    unsigned count;
    double values[MEASURE_VALUES];
} measure_series;

static inline uint64_t measure_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static inline uint64_t measure_ns(void) { return measure_clock(CLOCK_MONOTONIC); }

/* CPU time of the whole process. */
static inline uint64_t measure_cpu_ns(void) { return measure_clock(CLOCK_PROCESS_CPUTIME_ID); }

/* Ends the program when what was computed is not what had to be. */
static inline void measure_require(bool is_right, const char *what)
{
    if (!is_right) {
        fprintf(stderr, "wrong: %s\n", what);
        _exit(1);
    }
}

/* Bytes resident now. */
static inline uint64_t measure_resident(void)
{
    char text[128] = "", *rest = text;
    FILE *file = fopen("/proc/self/statm", "r");
    measure_require(file && fgets(text, sizeof text, file), "statm");
    fclose(file);
    strtoull(text, &rest, 10); /* the size of the address space comes first */
    return (uint64_t)strtoull(rest, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Pass the time on the CPU, as a thread that has something to do. */
static inline void measure_burn(uint64_t ns)
{
    uint64_t end = measure_ns() + ns;
    while (measure_ns() < end) {
    }
}

static inline void measure_pause(uint64_t ns)
{
    struct timespec pause;
    pause.tv_sec = (time_t)(ns / 1000000000U);
    pause.tv_nsec = (long)(ns % 1000000000U);
    nanosleep(&pause, NULL);
}

static inline void measure_add(measure_series *self, uint64_t ns, uint64_t divisor)
{
    measure_require(self->count < MEASURE_VALUES, "room for another value");
    self->values[self->count++] = (double)ns / (double)divisor;
}

/* The number in argument `index`, or `otherwise` when it is not there. */
static inline unsigned measure_argument(int argc, char **argv, int index, unsigned otherwise)
{
    return index < argc ? (unsigned)strtoul(argv[index], NULL, 10) : otherwise;
}

/* The line. `check` is the same for all who did the same work. */
static inline void measure_print(const char *who, unsigned workers, uint64_t check,
                                 const measure_series *series, unsigned count)
{
    printf("{\"who\":\"%s\",\"workers\":%u,\"check\":\"%" PRIx64 "\",\"figures\":{", who, workers,
           check);
    for (unsigned i = 0; i < count; i++) {
        printf("%s\"%s\":[", i ? "," : "", series[i].name);
        for (unsigned k = 0; k < series[i].count; k++)
            printf("%s%.4f", k ? "," : "", series[i].values[k]);
        printf("]");
    }
    printf("}}\n");
}

#endif
