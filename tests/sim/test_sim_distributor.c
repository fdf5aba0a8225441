/* test_sim_distributor.c - WorkDistributor under seeds: no item is left behind, whoever brings it
 * and whenever; dependencies, cancels, helpers, balance, in every order that a seed makes.
 * Next:    sim_fixture.h, work/drive.c (why no item is left behind) */
#include "sim_fixture.h"

#include <pthread.h>
#include <string.h>

#include <gangsaw/work.h>

enum { ITEMS_MAX = 12 };

/* What the items of a run share; plain words, so that a missing order shows as a race. */
static struct world {
    gsaw_distributor *distributor;
    gsaw_pool *pool;
    gsaw_work_item items[ITEMS_MAX];
    int runs[ITEMS_MAX];
    int before[ITEMS_MAX][2]; /* items that must have run; -1: none */
    bool brings[ITEMS_MAX];   /* distributes the next one */
} world;

static const char *const ids[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"};

static void distribute(int first, int count)
{
    gsaw_sim_check(gsaw_distributor_distribute(world.distributor, &world.items[first],
                                               (size_t)count, NULL) == GSAW_OK);
}

static gsaw_status run_item(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)worker, (void)context;
    int index = (int)(item - world.items);
    for (int i = 0; i < 2; i++)
        gsaw_sim_check(world.before[index][i] < 0 || world.runs[world.before[index][i]] == 1);
    world.runs[index]++;
    if (world.brings[index])
        distribute(index + 1, 1);
    return GSAW_OK;
}

static void open_world(const char *strategy, uint32_t workers)
{
    memset(&world, 0, sizeof world);
    for (int i = 0; i < ITEMS_MAX; i++) {
        world.items[i].cost = 1000 + 100 * (double)gsaw_sim_random(3);
        world.before[i][0] = world.before[i][1] = -1;
    }
    gsaw_pool_options pool = {.size = sizeof pool, .workers = workers};
    gsaw_sim_check(gsaw_pool_new(&pool, &world.pool, NULL) == GSAW_OK);
    gsaw_distributor_options options = {
        .size = sizeof options, .pool = world.pool, .strategy = strategy, .batch_max = 2};
    gsaw_sim_check(gsaw_distributor_new(&options, &world.distributor, NULL) == GSAW_OK);
}

/* At any moment. */
static void look(uint64_t items)
{
    gsaw_distributor_counts counts = gsaw_distributor_count(world.distributor);
    gsaw_sim_check(counts.submitted <= items && counts.waiting <= items && counts.running <= items);
}

static void close_world(int items)
{
    gsaw_distributor_counts counts = gsaw_distributor_count(world.distributor);
    gsaw_sim_check(counts.submitted == (uint64_t)items && counts.waiting == 0);
    gsaw_sim_check(counts.done + counts.cancelled + counts.skipped == (uint64_t)items);
    int runs = 0;
    for (int i = 0; i < items; i++) {
        gsaw_sim_check(world.runs[i] <= 1);
        runs += world.runs[i];
    }
    gsaw_sim_check((uint64_t)runs >= counts.done);
    gsaw_distributor_free(world.distributor);
    gsaw_pool_free(world.pool);
}

/* Items that bring items, one after the other, while drivers stop for want of any. */
static void chains(void *strategy)
{
    open_world(strategy, 2);
    for (int i = 0; i < 3; i++)
        world.brings[i] = world.brings[4 + i] = true;
    distribute(0, 1);
    gsaw_sim_check(gsaw_distributor_start(world.distributor, run_item, NULL, NULL) == GSAW_OK);
    distribute(4, 1);
    gsaw_sim_check(gsaw_distributor_finish(world.distributor, NULL) == GSAW_OK);
    for (int i = 0; i < 8; i++)
        gsaw_sim_check(world.runs[i] == 1);
    close_world(8);
}

static void explore(uint64_t runs, sim_body *body)
{
    static const char *const names[] = {"round_robin", "work_stealing", "cost_based"};
    for (int i = 0; i < 3; i++) {
        char name[16];
        strcpy(name, names[i]);
        gsaw_sim_options options = sim_random(runs);
        options.no_membarrier = i == 1;
        options.cpus = i == 2 ? 1 : 4;
        sim_explore(options, body, name);
    }
}

static void test_sim_distributor_leaves_no_item_behind(void **state)
{
    (void)state;
    explore(1500, chains);
}

/* A task of the pool that brings an item and helps. */
static gsaw_status bring(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)argument;
    distribute((int)*value, 2);
    gsaw_distributor_help(world.distributor, worker);
    return GSAW_OK;
}

static void helpers(void *strategy)
{
    open_world(strategy, 2);
    gsaw_group group = {0};
    gsaw_task tasks[2] = {{.function = bring, .value = 0}, {.function = bring, .value = 2}};
    gsaw_sim_check(gsaw_distributor_start(world.distributor, run_item, NULL, NULL) == GSAW_OK);
    for (int i = 0; i < 2; i++)
        gsaw_sim_check(gsaw_pool_submit(world.pool, &group, &tasks[i]) == GSAW_OK);
    look(4);
    gsaw_distributor_balance(world.distributor);
    look(4);
    gsaw_sim_check(gsaw_pool_wait(world.pool, &group) == GSAW_OK);
    gsaw_sim_check(gsaw_distributor_finish(world.distributor, NULL) == GSAW_OK);
    for (int i = 0; i < 4; i++)
        gsaw_sim_check(world.runs[i] == 1);
    close_world(4);
}

static void test_sim_distributor_is_helped(void **state)
{
    (void)state;
    explore(1000, helpers);
}

/* 0 -> 1, 2 -> 3, and 4 alone. */
static void dependencies(void *strategy)
{
    static const char *depends[2][2];
    open_world(strategy, 3);
    for (int i = 0; i < 5; i++)
        world.items[i].id = ids[i];
    depends[0][0] = ids[0];
    depends[1][0] = ids[1];
    depends[1][1] = ids[2];
    world.items[1].depends = world.items[2].depends = depends[0];
    world.items[1].depends_count = world.items[2].depends_count = 1;
    world.items[3].depends = depends[1];
    world.items[3].depends_count = 2;
    world.before[1][0] = world.before[2][0] = 0;
    world.before[3][0] = 1;
    world.before[3][1] = 2;
    distribute(0, 5);
    gsaw_sim_check(gsaw_distributor_run(world.distributor, run_item, NULL, NULL) == GSAW_OK);
    for (int i = 0; i < 5; i++)
        gsaw_sim_check(world.runs[i] == 1);
    close_world(5);
}

static void test_sim_distributor_orders_what_depends(void **state)
{
    (void)state;
    explore(1000, dependencies);
}

static void *cancel(void *unused)
{
    gsaw_distributor_cancel(world.distributor);
    return unused;
}

static void cancels(void *strategy)
{
    pthread_t thread;
    open_world(strategy, 2);
    world.brings[0] = true;
    gsaw_sim_check(gsaw_distributor_start(world.distributor, run_item, NULL, NULL) == GSAW_OK);
    gsaw_sim_check(pthread_create(&thread, NULL, cancel, NULL) == 0);
    world.before[3][0] = 2;
    world.items[2].id = ids[2];
    world.items[3].depends = &ids[2];
    world.items[3].depends_count = 1;
    distribute(2, 2);
    look(2);
    distribute(4, 1);
    look(3);
    gsaw_sim_check(pthread_join(thread, NULL) == 0);
    gsaw_sim_check(gsaw_distributor_finish(world.distributor, NULL) == GSAW_CANCELLED);
    gsaw_sim_check(world.runs[3] == 0 || world.runs[2] == 1);
    gsaw_distributor_counts counts = gsaw_distributor_count(world.distributor);
    gsaw_sim_check(counts.submitted == 3);
    gsaw_sim_check(counts.done + counts.cancelled + counts.skipped == 3);
    gsaw_distributor_free(world.distributor);
    gsaw_pool_free(world.pool);
}

static void test_sim_distributor_is_cancelled_at_any_moment(void **state)
{
    (void)state;
    explore(1000, cancels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_distributor_leaves_no_item_behind),
        cmocka_unit_test(test_sim_distributor_is_helped),
        cmocka_unit_test(test_sim_distributor_orders_what_depends),
        cmocka_unit_test(test_sim_distributor_is_cancelled_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
