/* test_sim_park.c - the parking place under every interleaving of a small program: one who brings
 * work and goes away, two workers who search, pass the search on, and park; those who wait for a
 * key. A wake-up that is lost is a deadlock.
 * Next:    src/task/park.h, and worker.c, whose steps these are */
#include "sim_fixture.h"

#include <pthread.h>
#include <string.h>

#include "task/deque.h"
#include "task/park.h"

static struct {
    gsaw__park park;
    gsaw__deque deque;
    _Atomic uint64_t pending;
    bool is_gone[2]; /* plain: of a sleeper on a stack that is given back */
} all;

static gsaw_group group;

static void start(void)
{
    memset(&all, 0, sizeof all);
    gsaw_sim_check(gsaw__park_init(&all.park) == GSAW_OK);
    gsaw_sim_check(gsaw__deque_init(&all.deque, NULL, 4));
    if (all.park.is_asymmetric)
        gsaw__deque_be_asymmetric(&all.deque);
}

static void finish(void)
{
    gsaw_sim_check(gsaw__deque_count(&all.deque) == 0);
    gsaw_sim_check(gsaw__park_hungry_count(&all.park) == 0);
    gsaw_sim_check(gsaw__park_is_awake(&all.park));
    gsaw__deque_clear(&all.deque);
    gsaw__park_clear(&all.park);
}

/* As gsaw__pool_notify. */
static void notify(void)
{
    if (gsaw__park_is_awake(&all.park))
        return;
    gsaw__park_wake_helper(&all.park, &group);
    gsaw__park_wake_idle(&all.park);
}

static bool has_work(void) { return gsaw__deque_count(&all.deque) != 0; }

static bool claim(void)
{
    gsaw__job job;
    enum gsaw__steal result;
    while ((result = gsaw__deque_steal(&all.deque, NULL, &job)) == GSAW_STEAL_LOST)
        ;
    return result == GSAW_STEAL_TAKEN;
}

/* A worker until it has had one job, which it never comes back from: the other job is the other
 * worker's. The steps of next_job() and park_idle() in worker.c. */
static void *work_once(void *unused)
{
    gsaw__sleeper sleeper = {0};
    bool is_searching = false;
    while (!claim()) {
        if (!is_searching) {
            gsaw__park_search_begin(&all.park);
            is_searching = true;
            continue;
        }
        gsaw__park_enter(&all.park, &sleeper);
        gsaw__park_search_end(&all.park);
        if (has_work()) {
            if (gsaw__park_leave(&all.park, &sleeper))
                gsaw__park_search_begin(&all.park);
            continue;
        }
        gsaw__park_sleep(&sleeper, GSAW_PARK_FOREVER);
    }
    if (is_searching && gsaw__park_search_end(&all.park) && has_work())
        gsaw__park_wake_idle(&all.park);
    return unused;
}

static void push(uintptr_t number)
{
    gsaw__job job = {.word = number << 4, .group = &group};
    gsaw_sim_check(gsaw__deque_push(&all.deque, job));
    notify();
}

static void two_jobs_two_workers(void *unused)
{
    pthread_t workers[2];
    start();
    for (int i = 0; i < 2; i++)
        pthread_create(&workers[i], NULL, work_once, unused);
    push(1);
    push(2);
    for (int i = 0; i < 2; i++)
        pthread_join(workers[i], NULL);
    finish();
}

/* As gsaw__pool_end: the last of the group wakes those who wait for it. */
static void *end_one(void *unused)
{
    if (gsaw__sub_seq_cst(&all.pending, 1) == 1) /* [G1] as in worker.c */
        gsaw__park_wake_waiting(&all.park, &group);
    return unused;
}

/* As a wait from outside. */
static void *wait_for_group(void *is_gone)
{
    gsaw__sleeper sleeper = {.key = &group};
    while (gsaw__load_seq_cst(&all.pending) != 0) { /* [G1] as in worker.c */
        gsaw__park_enter(&all.park, &sleeper);
        if (gsaw__load_seq_cst(&all.pending) == 0) /* [G1] the same */
            gsaw__park_leave(&all.park, &sleeper);
        else
            gsaw__park_sleep(&sleeper, GSAW_PARK_FOREVER);
    }
    *(bool *)is_gone = true;
    return NULL;
}

static void two_wait_for_two(void *unused)
{
    pthread_t threads[3];
    start();
    gsaw__store_relaxed(&all.pending, 2); /* [G1] before there is another thread */
    pthread_create(&threads[0], NULL, wait_for_group, &all.is_gone[0]);
    pthread_create(&threads[1], NULL, wait_for_group, &all.is_gone[1]);
    pthread_create(&threads[2], NULL, end_one, unused);
    end_one(unused);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    gsaw_sim_check(all.is_gone[0] && all.is_gone[1]);
    finish();
}

/* A worker that waits for its group, and would run a job of it. */
static void *help_once(void *unused)
{
    gsaw__sleeper sleeper = {.key = &group, .helps = true};
    while (!claim()) {
        gsaw__park_enter(&all.park, &sleeper);
        if (has_work())
            gsaw__park_leave(&all.park, &sleeper);
        else
            gsaw__park_sleep(&sleeper, GSAW_PARK_FOREVER);
    }
    return unused;
}

static void one_helps(void *unused)
{
    pthread_t helper;
    start();
    pthread_create(&helper, NULL, help_once, unused);
    push(1);
    pthread_join(helper, NULL);
    finish();
}

/* A worker that waits for one forked task, whose end is a word. */
static _Atomic uint32_t task_word;

static void *join_task(void *task)
{
    gsaw__sleeper sleeper = {.key = &group, .detail = task, .helps = true};
    while (gsaw__load_seq_cst(&task_word) == 0) { /* [T1] as in worker.c */
        gsaw__park_enter(&all.park, &sleeper);
        if (gsaw__load_seq_cst(&task_word) != 0) /* [T1] the same */
            gsaw__park_leave(&all.park, &sleeper);
        else
            gsaw__park_sleep(&sleeper, GSAW_PARK_FOREVER);
    }
    return NULL;
}

static void one_joins(void *unused)
{
    pthread_t joiner;
    start();
    gsaw__store_relaxed(&task_word, 0); /* [T1] before there is another thread */
    pthread_create(&joiner, NULL, join_task, &task_word);
    gsaw__store_seq_cst(&task_word, 1); /* [T1] as in run.c */
    gsaw__park_wake_detail(&all.park, &group, &task_word);
    pthread_join(joiner, NULL);
    finish();
    (void)unused;
}

/* One waits until a time, and is woken or not. */
static void *wait_until(void *unused)
{
    gsaw__sleeper sleeper = {.key = &group};
    gsaw__park_enter(&all.park, &sleeper);
    if (gsaw__load_seq_cst(&all.pending) == 0 || /* [G1] as in worker.c */
        !gsaw__park_sleep(&sleeper, 1000001000))
        gsaw__park_leave(&all.park, &sleeper);
    return unused;
}

static void a_deadline(void *unused)
{
    pthread_t waiter;
    start();
    gsaw__store_relaxed(&all.pending, 1); /* [G1] before there is another thread */
    pthread_create(&waiter, NULL, wait_until, unused);
    end_one(unused);
    pthread_join(waiter, NULL);
    finish();
}

static void explore_systems(sim_body *body, uint32_t deviations, uint64_t runs)
{
    for (int i = 0; i < 2; i++) {
        gsaw_sim_options every = sim_all(deviations), some = sim_random(runs);
        every.no_membarrier = some.no_membarrier = i != 0;
        sim_explore(every, body, NULL);
        sim_explore(some, body, NULL);
    }
}

static void test_sim_park_wakes_idle_workers(void **state)
{
    (void)state;
    explore_systems(two_jobs_two_workers, 2, 4000);
}

static void test_sim_park_wakes_those_who_wait(void **state)
{
    (void)state;
    explore_systems(two_wait_for_two, 2, 1000);
    explore_systems(one_helps, 3, 500);
    explore_systems(one_joins, 3, 500);
    explore_systems(a_deadline, 3, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_park_wakes_idle_workers),
        cmocka_unit_test(test_sim_park_wakes_those_who_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
