/* simulate.c - how evenly each strategy spreads the work of a tree over many workers: indexes it
 * with one worker and simulates what was recorded. Prints one JSON object; of_ideal is work /
 * workers over the simulated time, without contention. build/release/bench/simulate DIR
 * Next:    src/code/replay.h */
#include <stdio.h>

#include "code/replay.h"

#define WORKERS_MOST 64u

static const struct {
    const char *name;
    enum gsaw__order order;
} strategies[] = {
    {"cost_based", GSAW_ORDER_DEAREST},
    {"first_come", GSAW_ORDER_OLDEST},
    {"work_stealing", GSAW_ORDER_NEWEST},
    {"round_robin", GSAW_ORDER_LANES},
};

static gsaw_status print_strategy(gsaw__replay *replay, size_t i)
{
    replay->order = strategies[i].order;
    printf("%s\"%s\":{", i == 0 ? "" : ",", strategies[i].name);
    for (uint32_t workers = 1; workers <= WORKERS_MOST; workers *= 2) {
        gsaw__simulated simulated;
        gsaw_status status = gsaw__replay_run(replay, workers, GSAW_CONTENDING_NOT, &simulated);
        if (status != GSAW_OK)
            return status;
        double ideal_ns = (double)simulated.work_ns / workers;
        printf("%s\"%u\":%.4f", workers == 1 ? "" : ",", workers,
               simulated.makespan_ns == 0 ? 1 : ideal_ns / (double)simulated.makespan_ns);
    }
    printf("}");
    return GSAW_OK;
}

static gsaw_status print_all(const gsaw_codebase *code)
{
    static const gsaw__calibration unmeasured;
    gsaw__replay replay;
    gsaw__simulated one;
    gsaw_status status = gsaw__replay_init(&replay, code, &unmeasured);
    if (status == GSAW_OK)
        status = gsaw__replay_run(&replay, 1, GSAW_CONTENDING_NOT, &one);
    if (status == GSAW_OK)
        printf("{\"files\":%zu,\"work_ms\":%.3f,\"critical_ms\":%.3f,\"of_ideal\":{",
               gsaw_codebase_file_count(code), (double)one.work_ns / 1e6,
               (double)one.critical_ns / 1e6);
    for (size_t i = 0; status == GSAW_OK && i < sizeof strategies / sizeof *strategies; i++)
        status = print_strategy(&replay, i);
    printf("}}\n");
    gsaw__replay_clear(&replay);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s DIR\n", argv[0]);
        return 2;
    }
    gsaw_codebase *code = NULL;
    gsaw_error error = {.status = GSAW_OK};
    gsaw_config config = {.size = sizeof config, .num_workers = 1};
    gsaw_status status = gsaw_codebase_open(argv[1], &config, &code, &error);
    if (status == GSAW_OK)
        status = gsaw_codebase_index(code, &error);
    if (status == GSAW_OK)
        status = print_all(code);
    if (status != GSAW_OK)
        fprintf(stderr, "%s: %s %s\n", argv[0], gsaw_status_text(status), error.text);
    gsaw_codebase_close(code);
    return status == GSAW_OK ? 0 : 3;
}
