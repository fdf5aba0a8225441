/* test_sim_pool.c - the pool under seeds: wake-ups, waits, cancels, resizes, shutdowns, threads
 * that cannot be had. A lost wake-up is a deadlock here, a lost task a failed check, a missing
 * order a race.
 * Next:    sim_fixture.h, src/task/README.md */
#include "sim_fixture.h"

#include <pthread.h>
#include <string.h>

#include <gangsaw/task.h>

static gsaw_pool *pool;

static void open_pool(uint32_t workers)
{
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    gsaw_sim_check(gsaw_pool_new(&options, &pool, NULL) == GSAW_OK);
}

static void submit(gsaw_group *group, gsaw_task *task, gsaw_task_function *function, void *argument)
{
    *task = (gsaw_task){.function = function, .argument = argument};
    gsaw_sim_check(gsaw_pool_submit(pool, group, task) == GSAW_OK);
}

/* Adds 1 to its argument, which is nobody else's: plain. */
static gsaw_status add(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    *value = (uint64_t)++ * (int *)argument;
    return GSAW_OK;
}

/* ---- tasks that need each other to run at once: every wake-up counts ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t condition;
    uint32_t present, expected;
} meeting = {.lock = PTHREAD_MUTEX_INITIALIZER, .condition = PTHREAD_COND_INITIALIZER};

static void meet(void)
{
    pthread_mutex_lock(&meeting.lock);
    if (++meeting.present == meeting.expected)
        pthread_cond_broadcast(&meeting.condition);
    while (meeting.present < meeting.expected)
        pthread_cond_wait(&meeting.condition, &meeting.lock);
    pthread_mutex_unlock(&meeting.lock);
}

static gsaw_status meeting_task(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)value;
    meet();
    ++*(int *)argument;
    return GSAW_OK;
}

static void expect_at_meeting(uint32_t count)
{
    meeting.present = 0;
    meeting.expected = count;
}

/* From outside, one by one, as many as there are workers: each must be woken. */
static void meet_from_outside(void *workers)
{
    uint32_t count = *(uint32_t *)workers;
    open_pool(count);
    for (int round = 0; round < 2; round++) {
        gsaw_group group = {0};
        gsaw_task tasks[3];
        int counts[3] = {0};
        expect_at_meeting(count);
        for (uint32_t i = 0; i < count; i++)
            submit(&group, &tasks[i], meeting_task, &counts[i]);
        gsaw_sim_check(gsaw_pool_wait(pool, &group) == GSAW_OK);
        for (uint32_t i = 0; i < count; i++)
            gsaw_sim_check(counts[i] == 1 && gsaw_task_state_of(&tasks[i]) == GSAW_TASK_DONE);
    }
    gsaw_pool_free(pool);
}

struct family {
    gsaw_group group;
    gsaw_task tasks[3];
    int counts[3];
    uint32_t children;
};

/* Pushes onto its own deque and then stays away from it: others must come and take. */
static gsaw_status meet_children(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct family *family = argument;
    (void)worker, (void)value;
    for (uint32_t i = 0; i < family->children; i++)
        submit(&family->group, &family->tasks[i], meeting_task, &family->counts[i]);
    meet();
    return GSAW_OK;
}

static void meet_from_inside(void *workers)
{
    uint32_t count = *(uint32_t *)workers;
    open_pool(count);
    struct family family = {.children = count - 1};
    gsaw_group group = {0};
    gsaw_task parent;
    expect_at_meeting(count);
    submit(&group, &parent, meet_children, &family);
    gsaw_pool_wait(pool, &group);
    gsaw_pool_wait(pool, &family.group);
    for (uint32_t i = 0; i < family.children; i++)
        gsaw_sim_check(family.counts[i] == 1);
    gsaw_pool_free(pool);
}

/* On systems that differ: where there is no membarrier(2) the pushes are ordered; with one CPU
 * nobody spins before it parks. */
static void explore_systems(uint64_t runs, sim_body *body, uint32_t workers)
{
    for (int i = 0; i < 4; i++) {
        gsaw_sim_options options = sim_random(runs);
        options.no_membarrier = i % 2 != 0;
        options.cpus = i < 2 ? 1 : 4;
        sim_explore(options, body, &workers);
    }
}

static void test_sim_pool_loses_no_wake_up(void **state)
{
    (void)state;
    for (uint32_t workers = 2; workers <= 3; workers++) {
        explore_systems(700, meet_from_inside, workers);
        explore_systems(700, meet_from_outside, workers);
    }
}

/* A task in a blocking section is made up for: what it waits for is run by another thread. */
static gsaw_status block_for_children(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct family *family = argument;
    (void)value;
    for (uint32_t i = 0; i < family->children; i++)
        submit(&family->group, &family->tasks[i], meeting_task, &family->counts[i]);
    gsaw_worker_block_begin(worker);
    meet();
    gsaw_worker_block_end(worker);
    return GSAW_OK;
}

static void blocking_sections(void *unused)
{
    (void)unused;
    open_pool(1);
    struct family family = {.children = 1};
    gsaw_group group = {0};
    gsaw_task parent;
    expect_at_meeting(2);
    submit(&group, &parent, block_for_children, &family);
    gsaw_pool_wait(pool, &group);
    gsaw_pool_wait(pool, &family.group);
    gsaw_sim_check(family.counts[0] == 1);
    gsaw_pool_free(pool);
}

static void test_sim_pool_makes_up_for_blocked_workers(void **state)
{
    (void)state;
    sim_explore(sim_random(1000), blocking_sections, NULL);
}

/* ---- waits, forks ---- */

static gsaw_status wait_for_children(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct family *family = argument;
    (void)worker, (void)value;
    for (uint32_t i = 0; i < family->children; i++)
        submit(&family->group, &family->tasks[i], add, &family->counts[i]);
    gsaw_sim_check(gsaw_pool_wait(pool, &family->group) == GSAW_OK);
    for (uint32_t i = 0; i < family->children; i++)
        gsaw_sim_check(family->counts[i] == 1 && family->tasks[i].value == 1);
    return GSAW_OK;
}

static void waits_inside(void *workers)
{
    open_pool(*(uint32_t *)workers);
    struct family families[2] = {{.children = 2}, {.children = 2}};
    gsaw_group group = {0};
    gsaw_task parents[2];
    for (int i = 0; i < 2; i++)
        submit(&group, &parents[i], wait_for_children, &families[i]);
    gsaw_sim_check(gsaw_pool_wait(pool, &group) == GSAW_OK);
    gsaw_pool_free(pool);
}

/* NOLINTNEXTLINE(misc-no-recursion): five deep */
static gsaw_status fibonacci(gsaw_worker *worker, void *unused, uint64_t *value)
{
    if (*value < 2)
        return GSAW_OK;
    gsaw_task task = {.function = fibonacci, .value = *value - 1};
    gsaw_worker_fork(worker, &task);
    uint64_t second = *value - 2;
    gsaw_sim_check(fibonacci(worker, unused, &second) == GSAW_OK);
    gsaw_sim_check(gsaw_worker_join(worker, &task) == GSAW_OK);
    *value = task.value + second;
    return GSAW_OK;
}

static void forks(void *workers)
{
    open_pool(*(uint32_t *)workers);
    gsaw_group group = {0};
    gsaw_task task = {.function = fibonacci, .value = 5};
    gsaw_sim_check(gsaw_pool_submit(pool, &group, &task) == GSAW_OK);
    gsaw_sim_check(gsaw_pool_wait(pool, &group) == GSAW_OK);
    gsaw_sim_check(task.value == 5);
    gsaw_pool_free(pool);
}

static void test_sim_pool_waits_inside_tasks(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 3; workers++) {
        sim_explore(sim_random(1000), waits_inside, &workers);
        sim_explore(sim_random(500), forks, &workers);
    }
}

/* Without any thread: who waits does the work, two of them in turn. */
static void *submit_and_wait(void *argument)
{
    gsaw_group group = {0};
    gsaw_task tasks[2];
    for (int i = 0; i < 2; i++)
        submit(&group, &tasks[i], add, (int *)argument + i);
    gsaw_sim_check(gsaw_pool_wait(pool, &group) == GSAW_OK);
    return NULL;
}

static void two_outside(void *workers)
{
    pthread_t thread;
    int counts[4] = {0};
    open_pool(*(uint32_t *)workers);
    gsaw_sim_check(pthread_create(&thread, NULL, submit_and_wait, counts) == 0);
    submit_and_wait(counts + 2);
    pthread_join(thread, NULL);
    for (int i = 0; i < 4; i++)
        gsaw_sim_check(counts[i] == 1);
    gsaw_pool_free(pool);
}

static void *take_a_thread(void *unused)
{
    gsaw_sim_sleep_ns(1000000);
    return unused;
}

/* The other threads of the machine are taken when the pool asks for its own. */
static void without_threads(void *unused)
{
    pthread_t taken, other;
    int counts[4] = {0};
    gsaw_sim_check(pthread_create(&taken, NULL, take_a_thread, unused) == 0);
    open_pool(2);
    gsaw_sim_check(gsaw_pool_worker_count(pool) == 0);
    pthread_join(taken, NULL);
    gsaw_sim_check(pthread_create(&other, NULL, submit_and_wait, counts) == 0);
    submit_and_wait(counts + 2);
    pthread_join(other, NULL);
    for (int i = 0; i < 4; i++)
        gsaw_sim_check(counts[i] == 1);
    gsaw_pool_free(pool);
}

static void test_sim_pool_without_threads(void **state)
{
    (void)state;
    uint32_t workers = 2;
    sim_explore(sim_random(750), two_outside, &workers);
    gsaw_sim_options options = sim_random(1500);
    options.threads = 1;
    sim_explore(options, without_threads, NULL);
}

/* ---- cancelling ---- */

struct victim {
    gsaw_task task;
    int runs;
};

/* Runs until it is told to stop, or a little. */
static gsaw_status stop_when_told(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct victim *victim = argument;
    (void)value;
    victim->runs++;
    for (int i = 0; i < 3; i++) {
        if (gsaw_worker_is_cancelled(worker))
            return GSAW_CANCELLED;
        gsaw_sim_sleep_ns(100);
    }
    return GSAW_OK;
}

static void check_ended(const struct victim *victim, bool never_starts)
{
    gsaw_task_state ended = gsaw_task_state_of(&victim->task);
    gsaw_sim_check(ended == GSAW_TASK_DONE || ended == GSAW_TASK_CANCELLED);
    gsaw_sim_check(ended == GSAW_TASK_CANCELLED || victim->runs == 1);
    gsaw_sim_check(victim->runs <= 1 && !(never_starts && victim->runs != 0));
}

static void cancels(void *workers)
{
    open_pool(*(uint32_t *)workers);
    gsaw_group group = {0};
    struct victim victims[3] = {0};
    bool never_starts[3] = {false};
    for (int i = 0; i < 3; i++)
        submit(&group, &victims[i].task, stop_when_told, &victims[i]);
    bool whole_group = gsaw_sim_random(3) == 0;
    for (int i = 0; i < 3; i++)
        if (whole_group)
            gsaw_group_cancel(&group);
        else if (gsaw_sim_random(4) != 0)
            never_starts[i] = gsaw_task_cancel(&victims[i].task);
    gsaw_pool_wait(pool, &group);
    for (int i = 0; i < 3; i++)
        check_ended(&victims[i], never_starts[i]);
    gsaw_pool_free(pool);
}

static void test_sim_pool_cancels(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 2; workers++)
        sim_explore(sim_random(1500), cancels, &workers);
}

/* ---- resize and shutdown ---- */

static void *resize(void *unused)
{
    static const uint32_t sizes[] = {1, 3, 2};
    for (size_t i = 0; i < 3; i++) {
        gsaw_status status = gsaw_pool_resize(pool, sizes[i]);
        gsaw_sim_check(status == GSAW_OK || status == GSAW_CLOSED || status == GSAW_LIMIT);
    }
    return unused;
}

static void resizes(void *unused)
{
    pthread_t thread;
    struct family family = {.children = 2};
    int counts[4] = {0};
    gsaw_group group = {0};
    gsaw_task parent;
    open_pool(2);
    gsaw_sim_check(pthread_create(&thread, NULL, resize, unused) == 0);
    submit(&group, &parent, wait_for_children, &family);
    submit_and_wait(counts);
    gsaw_sim_check(gsaw_pool_wait(pool, &group) == GSAW_OK);
    pthread_join(thread, NULL);
    gsaw_sim_check(gsaw_pool_worker_count(pool) == 2);
    gsaw_pool_free(pool);
}

static void test_sim_pool_resizes(void **state)
{
    (void)state;
    sim_explore(sim_random(1500), resizes, NULL);
}

struct submitter {
    gsaw_group group;
    struct victim victims[4];
    bool is_taken[4];
};

static void *submit_until_closed(void *argument)
{
    struct submitter *self = argument;
    for (int i = 0; i < 4; i++) {
        self->victims[i].task =
            (gsaw_task){.function = stop_when_told, .argument = &self->victims[i]};
        gsaw_status status = gsaw_pool_submit(pool, &self->group, &self->victims[i].task);
        gsaw_sim_check(status == GSAW_OK || status == GSAW_CLOSED);
        self->is_taken[i] = status == GSAW_OK;
    }
    gsaw_pool_wait(pool, &self->group);
    return NULL;
}

/* By a number that is drawn: drain, drop, drain that is cut short by drop, until a deadline. */
static void shut_down(uint32_t how)
{
    gsaw_stuck stuck[4];
    size_t count;
    switch (how) {
    case 0:
        gsaw_pool_shutdown(pool, true);
        break;
    case 1:
        gsaw_pool_shutdown(pool, false);
        break;
    default:
        while (gsaw_pool_shutdown_until(pool, 1, stuck, 4, &count) == GSAW_TIMEOUT)
            gsaw_sim_check(count <= 2);
        break;
    }
}

static void *drop(void *unused)
{
    gsaw_pool_shutdown(pool, false);
    return unused;
}

static void shutdowns(void *unused)
{
    pthread_t threads[2];
    struct submitter submitter;
    memset(&submitter, 0, sizeof submitter);
    open_pool(2);
    gsaw_sim_check(pthread_create(&threads[0], NULL, submit_until_closed, &submitter) == 0);
    bool is_cut_short = gsaw_sim_random(3) == 0;
    if (is_cut_short)
        gsaw_sim_check(pthread_create(&threads[1], NULL, drop, unused) == 0);
    uint32_t how = gsaw_sim_random(3);
    shut_down(how);
    pthread_join(threads[0], NULL);
    if (is_cut_short)
        pthread_join(threads[1], NULL);
    gsaw_sim_check(gsaw_pool_worker_count(pool) == 0);
    for (int i = 0; i < 4; i++) {
        if (submitter.is_taken[i])
            check_ended(&submitter.victims[i], false);
        else
            gsaw_sim_check(submitter.victims[i].runs == 0);
        if (submitter.is_taken[i] && how == 0 && !is_cut_short) /* drained: all were run */
            gsaw_sim_check(submitter.victims[i].runs == 1);
    }
    gsaw_sim_check(gsaw_pool_submit(pool, &submitter.group, &submitter.victims[0].task) ==
                   GSAW_CLOSED);
    gsaw_pool_free(pool);
}

static void test_sim_pool_shuts_down(void **state)
{
    (void)state;
    sim_explore(sim_random(3000), shutdowns, NULL);
}

/* ---- back-pressure, deadlines ---- */

static void back_pressure(void *unused)
{
    pthread_t thread;
    int counts[4] = {0};
    gsaw_pool_options options = {.size = sizeof options, .workers = 2, .tasks_max = 2};
    gsaw_sim_check(gsaw_pool_new(&options, &pool, NULL) == GSAW_OK);
    gsaw_sim_check(pthread_create(&thread, NULL, submit_and_wait, counts) == 0);
    submit_and_wait(counts + 2);
    pthread_join(thread, NULL);
    gsaw_pool_free(pool);
    (void)unused;
}

static gsaw_status sleep_a_second(gsaw_worker *worker, void *unused, uint64_t *value)
{
    (void)worker, (void)unused, (void)value;
    gsaw_sim_sleep_ns(1000000000);
    return GSAW_OK;
}

static void deadlines(void *unused)
{
    (void)unused;
    gsaw_group group = {0};
    gsaw_task task;
    open_pool(1);
    submit(&group, &task, sleep_a_second, NULL);
    gsaw_status status = gsaw_pool_wait_until(pool, &group, 1000000000 + 500000000);
    gsaw_sim_check(status == GSAW_TIMEOUT || gsaw_group_pending(&group) == 0);
    gsaw_sim_check(gsaw_pool_wait(pool, &group) == GSAW_OK);
    gsaw_pool_free(pool);
}

static void test_sim_pool_limits_and_deadlines(void **state)
{
    (void)state;
    sim_explore(sim_random(1000), back_pressure, NULL);
    sim_explore(sim_random(500), deadlines, NULL);
}

/* ---- graphs ---- */

static gsaw_status add_up(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    *value = ++*(uint64_t *)argument; /* nodes on one chain share it: plain */
    return GSAW_OK;
}

/* 0 -> 1, 2 -> 3, and 4 on its own; one of the middle ones may be cancelled meanwhile. */
static void graphs(void *unused)
{
    (void)unused;
    static uint64_t cells[3];
    static uint64_t *const of_node[] = {&cells[0], &cells[1], &cells[2], &cells[0], &cells[0]};
    memset(cells, 0, sizeof cells);
    gsaw_graph *graph;
    uint32_t nodes[4];
    open_pool(2);
    gsaw_sim_check(gsaw_graph_new(NULL, &graph, NULL) == GSAW_OK);
    for (int i = 0; i < 4; i++)
        gsaw_sim_check(gsaw_graph_add(graph, add_up, of_node[i], 0, &nodes[i]) == GSAW_OK);
    gsaw_graph_depend(graph, nodes[1], nodes[0]);
    gsaw_graph_depend(graph, nodes[2], nodes[0]);
    gsaw_graph_depend(graph, nodes[3], nodes[1]);
    gsaw_graph_depend(graph, nodes[3], nodes[2]);
    for (int run = 0; run < 2; run++) {
        gsaw_sim_check(gsaw_graph_start(graph, pool, NULL) == GSAW_OK);
        bool is_cancelled = gsaw_sim_random(4) != 0;
        if (is_cancelled) /* until about the node's turn has come, or past it */
            gsaw_sim_sleep_ns(gsaw_sim_random(8000));
        bool never_starts = is_cancelled && gsaw_graph_cancel_node(graph, nodes[1]);
        gsaw_graph_wait(graph);
        gsaw_graph_counts counts;
        gsaw_graph_count(graph, &counts);
        gsaw_sim_check(counts.done + counts.cancelled + counts.skipped == 4);
        bool was_cancelled = gsaw_graph_state(graph, nodes[1]) == GSAW_TASK_CANCELLED;
        gsaw_sim_check(was_cancelled || !never_starts);
        gsaw_sim_check(counts.cancelled == was_cancelled && counts.skipped == was_cancelled);
        gsaw_sim_check(cells[1] + was_cancelled == (uint64_t)run + 1);
        if (was_cancelled)
            break;
    }
    gsaw_graph_free(graph);
    gsaw_pool_free(pool);
}

/* A single node, cancelled at about the moment at which it is claimed [W6]. */
static void cancelled_when_claimed(void *unused)
{
    (void)unused;
    static uint64_t cell;
    cell = 0;
    gsaw_graph *graph;
    uint32_t node;
    open_pool(1);
    gsaw_sim_check(gsaw_graph_new(NULL, &graph, NULL) == GSAW_OK);
    gsaw_sim_check(gsaw_graph_add(graph, add_up, &cell, 0, &node) == GSAW_OK);
    gsaw_sim_check(gsaw_graph_start(graph, pool, NULL) == GSAW_OK);
    gsaw_sim_sleep_ns(gsaw_sim_random(5000));
    bool never_starts = gsaw_graph_cancel_node(graph, node);
    gsaw_graph_wait(graph);
    gsaw_task_state state = gsaw_graph_state(graph, node);
    gsaw_sim_check(state == GSAW_TASK_CANCELLED || (state == GSAW_TASK_DONE && !never_starts));
    gsaw_sim_check((cell == 1) == (state == GSAW_TASK_DONE));
    gsaw_graph_free(graph);
    gsaw_pool_free(pool);
}

static void test_sim_graphs(void **state)
{
    (void)state;
    sim_explore(sim_random(5000), cancelled_when_claimed, NULL);
    sim_explore(sim_random(1500), graphs, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_pool_loses_no_wake_up),
        cmocka_unit_test(test_sim_pool_makes_up_for_blocked_workers),
        cmocka_unit_test(test_sim_pool_waits_inside_tasks),
        cmocka_unit_test(test_sim_pool_without_threads),
        cmocka_unit_test(test_sim_pool_cancels),
        cmocka_unit_test(test_sim_pool_resizes),
        cmocka_unit_test(test_sim_pool_shuts_down),
        cmocka_unit_test(test_sim_pool_limits_and_deadlines),
        cmocka_unit_test(test_sim_graphs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
