/* engine.c - how evenly a strategy spreads the tasks of an index run over the workers: measured,
 * and simulated on more workers from what the tasks took.
 * Use:     engine ROOT STRATEGY WORKERS [SIMULATED]...
 * Prints one JSON object. of_ideal: what all tasks took (and what workers waited for a CPU between
 * two, which is no strategy's doing), divided by workers, over the time from the first to the end
 * of the last; of_run: the same over the whole run, set-up and publishing too.
 * Next:    ../work.py, src/code/replay.h */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "code/replay.h"
#include "work/config.h"

static void require(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "engine: %s\n", what);
    _exit(1);
}

static uint32_t strategy_of(const char *name)
{
    gsaw_config config = {.size = sizeof config};
    for (config.strategy = 0; gsaw__config_strategy(&config) != NULL; config.strategy++)
        if (strcmp(gsaw__config_strategy(&config), name) == 0)
            return config.strategy;
    require(false, "no such strategy");
    return 0;
}

static void simulate(const gsaw__replay *replay, uint32_t workers)
{
    gsaw__simulated out;
    require(gsaw__replay_run(replay, workers, GSAW_CONTENDING_NOT, &out) == GSAW_OK, "simulation");
    double ideal = (double)out.work_ns / workers;
    printf(",\"simulated_%" PRIu32 "\":%.4f,\"longest_%" PRIu32 "\":%.4f", workers,
           ideal / (double)out.makespan_ns, workers, (double)out.critical_ns / ideal);
}

int main(int argc, char **argv)
{
    require(argc >= 4, "engine ROOT STRATEGY WORKERS [SIMULATED]...");
    gsaw_config config = {.size = sizeof config,
                          .num_workers = (uint32_t)strtoul(argv[3], NULL, 10),
                          .strategy = strategy_of(argv[2])};
    gsaw_codebase *code = NULL;
    gsaw_error error = {0};
    require(gsaw_codebase_open(argv[1], &config, &code, &error) == GSAW_OK, error.text);
    require(gsaw_codebase_index(code, &error) == GSAW_OK, error.text);
    const gsaw_summary *summary = gsaw_codebase_summary(code);
    gsaw__replay replay;
    require(gsaw__replay_init(&replay, code, NULL) == GSAW_OK, "tasks");
    uint64_t tasks_ns = replay.files_ns + replay.directories_ns + code->timing.between_ns;
    double ideal = (double)tasks_ns / config.num_workers;
    printf("{\"digest\":\"%s\",\"tasks\":%" PRIu32 ",\"wall_ns\":%" PRIu64
           ",\"of_ideal\":%.4f,\"of_run\":%.4f",
           summary->digest, replay.count, summary->wall_ns,
           ideal / (double)code->timing.steps_ns[GSAW_STEP_TASKS],
           ideal / (double)summary->wall_ns);
    for (int i = 4; i < argc; i++)
        simulate(&replay, (uint32_t)strtoul(argv[i], NULL, 10));
    printf("}\n");
    gsaw__replay_clear(&replay);
    gsaw_codebase_close(code);
    return 0;
}
