/* interleavings.c - a bug of timing, found and repeated: the deterministic mode.
 *
 * Two tasks take 80 from an account of 100, each after a look whether that is there. The lock is
 * taken for the look and again for the taking, so there is no data race, and a thousand runs on a
 * quiet machine may pass. Linked with libgangsaw-sim a seed decides who is interrupted where:
 *
 *     cc -fsanitize=thread -c interleavings.c $(pkg-config --cflags gangsaw-sim)
 *     cc -o interleavings interleavings.o $(pkg-config --libs gangsaw-sim)
 */
#include <gangsaw/sim.h>
#include <gangsaw/task.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int balance;

static gsaw_status take_80(gsaw_worker *worker, void *is_careful, uint64_t *value)
{
    (void)worker, (void)value;
    pthread_mutex_lock(&lock);
    if (balance >= 80) {
        if (!*(const bool *)is_careful) { /* the bug */
            pthread_mutex_unlock(&lock);
            pthread_mutex_lock(&lock);
        }
        balance -= 80;
    }
    pthread_mutex_unlock(&lock);
    return GSAW_OK;
}

/* One run: everything it makes it takes down again. */
static void run(void *is_careful)
{
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = 2};
    gsaw_sim_check(gsaw_pool_new(&options, &pool, NULL) == GSAW_OK);
    balance = 100;
    gsaw_group group = {0};
    gsaw_task tasks[2];
    for (int i = 0; i < 2; i++) {
        tasks[i] = (gsaw_task){.function = take_80, .argument = is_careful};
        gsaw_sim_check(gsaw_pool_submit(pool, &group, &tasks[i]) == GSAW_OK);
    }
    gsaw_pool_wait(pool, &group);
    gsaw_sim_check(balance >= 0);
    gsaw_pool_free(pool);
}

int main(void)
{
    gsaw_sim_report report;
    gsaw_sim_options options = {.size = sizeof options, .runs = 1000};
    bool is_careful = false;
    if (gsaw_sim_explore(&options, run, &is_careful, &report) == GSAW_OK)
        return 1;
    printf("run %llu failed: %s\n%s", (unsigned long long)report.runs, report.text, report.log);

    options.seed = report.seed; /* the same again, as often as one likes: in a debugger, say */
    options.runs = 1;
    uint64_t steps = report.steps;
    gsaw_sim_explore(&options, run, &is_careful, &report);
    printf("again, with seed %llu: %s after %s steps\n", (unsigned long long)report.seed,
           report.text, report.steps == steps ? "as many" : "other");

    options = (gsaw_sim_options){.size = sizeof options, .runs = 1000};
    is_careful = true;
    if (gsaw_sim_explore(&options, run, &is_careful, &report) != GSAW_OK)
        return 1;
    printf("with one lock for both, %llu interleavings passed\n", (unsigned long long)report.runs);
    return 0;
}
