/* test_sim_inbox.c - the inbox under every interleaving of a small program: one who brings tasks
 * and then looks who sleeps, one who takes, one who goes to sleep and looks once more. Either the
 * first sees the last asleep, or the last finds the task, wherever it is on its way.
 * Next:    src/task/inbox.h */
#include "sim_fixture.h"

#include <pthread.h>
#include <string.h>

#include "task/inbox.h"

enum way { PUSH, PUSH_ALWAYS };
enum look { LOOK_EMPTY, LOOK_OF };

static struct {
    gsaw__inbox inbox;
    gsaw_group groups[2];
    gsaw_task tasks[3];
    int written[3], taken[3]; /* plain: by who brings and who takes */
    _Atomic uint32_t asleep;
    enum look look;
    enum way ways[3];
    bool is_found;
} all;

static void got(gsaw_task *task)
{
    size_t number = (size_t)(task - all.tasks);
    gsaw_sim_check(number < 3 && all.written[number] == 1);
    gsaw_sim_check(all.taken[number]++ == 0);
}

/* Bring a task; whether somebody was asleep then. */
static bool bring(size_t number, gsaw_group *group)
{
    gsaw_task *task = &all.tasks[number];
    task->group = group;
    all.written[number] = 1;
    if (all.ways[number] == PUSH)
        gsaw_sim_check(gsaw__inbox_push(&all.inbox, task, task));
    else
        gsaw__inbox_push_always(&all.inbox, task);
    return gsaw__load_seq_cst(&all.asleep) != 0; /* [P1] as in park.h */
}

static void *take(void *unused)
{
    gsaw_task *out[1];
    if (gsaw__inbox_take(&all.inbox, out, 1, 2) == 1)
        got(out[0]);
    return unused;
}

static void *park(void *unused)
{
    gsaw__add_seq_cst(&all.asleep, 1); /* [P1] as in park.c */
    gsaw_task *task = NULL;
    if (all.look == LOOK_EMPTY)
        all.is_found = !gsaw__inbox_is_empty(&all.inbox);
    else
        all.is_found = (task = gsaw__inbox_take_of(&all.inbox, &all.groups[1])) != NULL;
    if (task != NULL)
        got(task);
    return unused;
}

/* Two tasks of the one group, one of the other, which is looked for. */
static void bring_take_park(void *unused)
{
    pthread_t threads[2];
    gsaw_sim_check(gsaw__inbox_init(&all.inbox) == GSAW_OK);
    bring(0, &all.groups[0]);
    pthread_create(&threads[0], NULL, take, unused);
    pthread_create(&threads[1], NULL, park, unused);
    bool is_seen = bring(1, &all.groups[1]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    gsaw_sim_check(is_seen || all.is_found || all.taken[1] != 0);
    uint64_t left = gsaw__inbox_check(&all.inbox);
    gsaw_sim_check(left == (uint64_t)(2 - all.taken[0] - all.taken[1]));
    gsaw__inbox_close(&all.inbox);
    gsaw_sim_check(!gsaw__inbox_push(&all.inbox, &all.tasks[2], &all.tasks[2]));
    for (int i = 0; i < 2; i++)
        for (gsaw_task *task = gsaw__inbox_take_all_of(&all.inbox, &all.groups[i]), *next;
             task != NULL; task = next) {
            next = task->next;
            got(task);
        }
    gsaw_sim_check(gsaw__inbox_is_empty(&all.inbox));
    for (int i = 0; i < 2; i++)
        gsaw_sim_check(all.taken[i] == 1 && gsaw__load_relaxed(&all.groups[i].queued) == 0);
    gsaw__inbox_clear(&all.inbox);
}

/* With the ways and the look as drawn. */
static void any_ways(void *unused)
{
    memset(&all, 0, sizeof all);
    all.look = (enum look)gsaw_sim_random(2);
    for (int i = 0; i < 2; i++)
        all.ways[i] = (enum way)gsaw_sim_random(2);
    bring_take_park(unused);
}

static void test_sim_inbox_hides_nothing(void **state)
{
    (void)state;
    sim_explore(sim_all(2), any_ways, NULL);
    sim_explore(sim_random(15000), any_ways, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_inbox_hides_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
