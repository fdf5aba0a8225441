/* test_graph.c - graphs: cycles, order, values, failures, cancels, running again, against a model.
 * Keeps:   random graphs come from a seed that is printed with a failure.
 * Threads: pools of 1 to 4, and one without threads.
 * Next:    task/graph.c, task/graph_run.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <gangsaw/task.h>
#include <stdio.h>
#include <string.h>

#include <sys/wait.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "base/thread.h"
#include "task/pool.h"

static gsaw_pool *open_pool(uint32_t workers)
{
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    gsaw_pool *pool;
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    return pool;
}

static gsaw_graph *make(void)
{
    gsaw_graph *graph;
    assert_int_equal(gsaw_graph_new(NULL, &graph, NULL), GSAW_OK);
    return graph;
}

static gsaw_status add_one(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)argument;
    ++*value;
    return GSAW_OK;
}

static gsaw_status fail_once(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)argument, (void)value;
    return GSAW_DAMAGED;
}

static uint32_t add(gsaw_graph *graph, gsaw_task_function *function, void *argument)
{
    uint32_t node = 0;
    assert_int_equal(gsaw_graph_add(graph, function, argument, 0, &node), GSAW_OK);
    return node;
}

static void depend(gsaw_graph *graph, uint32_t after, uint32_t before)
{
    assert_int_equal(gsaw_graph_depend(graph, after, before), GSAW_OK);
}

static void expect_counts(const gsaw_graph *graph, uint32_t done, uint32_t failed,
                          uint32_t cancelled, uint32_t skipped)
{
    gsaw_graph_counts counts;
    gsaw_graph_count(graph, &counts);
    assert_int_equal(counts.done, done);
    assert_int_equal(counts.failed, failed);
    assert_int_equal(counts.cancelled, cancelled);
    assert_int_equal(counts.skipped, skipped);
    assert_int_equal(counts.nodes, done + failed + cancelled + skipped);
}

/* ---- building ---- */

static void test_graph_names_its_cycles(void **state)
{
    (void)state;
    gsaw_graph *graph = make();
    gsaw_error error = {0};
    for (int i = 0; i < 6; i++)
        add(graph, add_one, NULL);
    depend(graph, 1, 0);
    depend(graph, 2, 4);
    depend(graph, 4, 3);
    depend(graph, 3, 2);
    depend(graph, 5, 3);
    assert_int_equal(gsaw_graph_prepare(graph, &error), GSAW_INVALID);
    assert_string_equal(error.text, "cycle: 2 -> 4 -> 3 -> 2");
    assert_int_equal(gsaw_graph_set_name(graph, 4, "four"), GSAW_OK);
    assert_int_equal(gsaw_graph_prepare(graph, &error), GSAW_INVALID);
    assert_string_equal(error.text, "cycle: 2 -> four -> 3 -> 2");
    gsaw_graph_free(graph);

    graph = make();
    add(graph, add_one, NULL);
    depend(graph, 0, 0);
    assert_int_equal(gsaw_graph_prepare(graph, &error), GSAW_INVALID);
    assert_string_equal(error.text, "cycle: 0 -> 0");
    gsaw_graph_free(graph);

    graph = make(); /* a long one is cut, and still is one line */
    for (uint32_t i = 0; i < 1000; i++) {
        add(graph, add_one, NULL);
        if (i > 0)
            depend(graph, i, i - 1);
    }
    depend(graph, 0, 999);
    assert_int_equal(gsaw_graph_prepare(graph, &error), GSAW_INVALID);
    assert_non_null(strstr(error.text, "cycle: 0 -> 999 -> 998"));
    assert_string_equal(error.text + strlen(error.text) - 12, " -> ... -> 0");
    gsaw_graph_free(graph);
}

static void test_graph_refuses_by_status(void **state)
{
    (void)state;
    gsaw_graph *graph = make();
    gsaw_pool *pool = open_pool(1);
    uint32_t node = add(graph, add_one, NULL);
    assert_int_equal(gsaw_graph_add(graph, NULL, NULL, 0, NULL), GSAW_INVALID);
    assert_int_equal(gsaw_graph_depend(graph, node, 1), GSAW_RANGE);
    assert_int_equal(gsaw_graph_set_cost(graph, 1, 1), GSAW_RANGE);
    assert_int_equal(gsaw_graph_set_name(graph, 1, "x"), GSAW_RANGE);
    assert_int_equal(gsaw_graph_state(graph, node), GSAW_TASK_NEW);
    assert_false(gsaw_graph_cancel_node(graph, node));
    gsaw_pool_shutdown(pool, true);
    assert_int_equal(gsaw_graph_run(graph, pool, NULL), GSAW_CLOSED);
    assert_int_equal(gsaw_graph_wait(graph), GSAW_OK);
    gsaw_pool_free(pool);
    gsaw_graph_free(graph);
    gsaw_graph_free(NULL);
    gsaw_graph_options options = {.size = 1};
    assert_int_equal(gsaw_graph_new(&options, &graph, NULL), GSAW_INVALID);
}

/* ---- running ---- */

static void test_graph_runs_again_and_grows(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 3; workers++) {
        gsaw_pool *pool = open_pool(workers);
        gsaw_graph *graph = make();
        assert_int_equal(gsaw_graph_run(graph, pool, NULL), GSAW_OK); /* empty */
        expect_counts(graph, 0, 0, 0, 0);
        add(graph, add_one, NULL);
        assert_int_equal(gsaw_graph_run(graph, pool, NULL), GSAW_OK);
        for (uint64_t run = 2; run <= 4; run++) {
            uint32_t node = add(graph, add_one, NULL);
            depend(graph, node, node - 1);
            depend(graph, node, 0); /* and twice is allowed */
            depend(graph, node, 0);
            assert_int_equal(gsaw_graph_run(graph, pool, NULL), GSAW_OK);
            assert_int_equal(gsaw_graph_value(graph, 0), run);
            assert_int_equal(gsaw_graph_value(graph, node), 1);
            expect_counts(graph, node + 1, 0, 0, 0);
        }
        gsaw_graph_free(graph);
        gsaw_pool_free(pool);
    }
}

enum { CHAIN = 1000000, FAN = 100000 };

static void test_graph_takes_long_chains_and_wide_fans(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(2);
    gsaw_graph *graph = make();
    for (uint32_t i = 0; i < CHAIN; i++) {
        add(graph, i == 10 ? fail_once : add_one, NULL);
        if (i > 0)
            depend(graph, i, i - 1);
    }
    assert_int_equal(gsaw_graph_run(graph, pool, NULL), GSAW_DAMAGED);
    expect_counts(graph, 10, 1, 0, CHAIN - 11);
    uint32_t cause = 0;
    assert_int_equal(gsaw_graph_status(graph, CHAIN - 1, &cause), GSAW_CANCELLED);
    assert_int_equal(cause, 10);
    gsaw_graph_free(graph);

    graph = make();
    uint32_t first = add(graph, add_one, NULL);
    for (uint32_t i = 0; i < FAN; i++)
        depend(graph, add(graph, add_one, NULL), first);
    uint32_t last = add(graph, add_one, NULL);
    for (uint32_t i = 0; i < FAN; i++)
        depend(graph, last, 1 + i);
    for (uint64_t run = 1; run <= 3; run++) {
        assert_int_equal(gsaw_graph_run(graph, pool, NULL), GSAW_OK);
        expect_counts(graph, FAN + 2, 0, 0, 0);
        assert_int_equal(gsaw_graph_value(graph, last), run);
    }
    gsaw_graph_free(graph);
    gsaw_pool_free(pool);
}

typedef struct order {
    uint32_t nodes[64];
    uint32_t count;
} order;

static gsaw_status note(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    order *self = argument;
    self->nodes[self->count++] = (uint32_t)*value;
    return GSAW_OK;
}

static void test_graph_starts_the_longest_way_first(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(1);
    gsaw_graph *graph = make();
    order seen = {.count = 0};
    uint32_t node;
    for (uint64_t i = 0; i < 50; i++)
        assert_int_equal(gsaw_graph_add(graph, note, &seen, i, &node), GSAW_OK);
    for (uint32_t i = 1; i < 50; i++) {
        depend(graph, i, 0);
        assert_int_equal(gsaw_graph_set_cost(graph, i, i * 7 % 50), GSAW_OK);
    }
    assert_int_equal(gsaw_graph_run(graph, pool, NULL), GSAW_OK);
    assert_int_equal(seen.count, 50);
    assert_int_equal(seen.nodes[0], 0);
    for (uint32_t i = 2; i < 50; i++)
        assert_true(seen.nodes[i - 1] * 7 % 50 > seen.nodes[i] * 7 % 50);
    gsaw_graph_free(graph);

    graph = make(); /* roots, and a way that is long only in sum, told backwards */
    seen.count = 0;
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(gsaw_graph_add(graph, note, &seen, i, &node), GSAW_OK);
    depend(graph, 0, 2);
    assert_int_equal(gsaw_graph_set_cost(graph, 0, 10), GSAW_OK);
    assert_int_equal(gsaw_graph_set_cost(graph, 1, 5), GSAW_OK);
    assert_int_equal(gsaw_graph_run(graph, pool, NULL), GSAW_OK);
    static const uint32_t expected[] = {2, 0, 1, 3};
    assert_int_equal(seen.count, 4);
    assert_int_equal(seen.nodes[0], expected[0]);
    gsaw_graph_free(graph);
    gsaw_pool_free(pool);
}

/* ---- failing and cancelling ---- */

static void test_graph_fail_fast_cancels_the_rest(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(1);
    gsaw_graph *graph;
    gsaw_graph_options options = {.size = sizeof options, .fail_fast = true};
    assert_int_equal(gsaw_graph_new(&options, &graph, NULL), GSAW_OK);
    uint32_t before = add(graph, fail_once, NULL);
    for (int i = 0; i < 10; i++) {
        uint32_t node = add(graph, add_one, NULL);
        depend(graph, node, i == 0 ? before : node - 1);
    }
    add(graph, add_one, NULL); /* comes after the first root */
    assert_int_equal(gsaw_graph_run(graph, pool, NULL), GSAW_DAMAGED);
    gsaw_graph_counts counts;
    gsaw_graph_count(graph, &counts);
    assert_int_equal(counts.done, 0);
    assert_int_equal(counts.failed, 1);
    assert_int_equal(counts.skipped + counts.cancelled, 11);
    assert_int_equal(gsaw_graph_status(graph, before, NULL), GSAW_DAMAGED);
    gsaw_graph_free(graph);
    gsaw_pool_free(pool);
}

typedef struct gate {
    gsaw_graph *graph;
    _Atomic bool is_in, is_open;
} gate;

static gsaw_status hold(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    gate *self = argument;
    gsaw__store_release(&self->is_in, true);      /* test: pairs with wait_in() */
    while (!gsaw__load_acquire(&self->is_open)) { /* test: pairs with the store that opens */
        if (gsaw_worker_is_cancelled(worker))
            return GSAW_CANCELLED;
        gsaw__thread_pause();
    }
    return GSAW_OK;
}

static void wait_in(gate *self)
{
    while (!gsaw__load_acquire(&self->is_in)) /* test: pairs with hold() */
        gsaw__thread_pause();
}

static void test_graph_cancels_one_node_in_any_state(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(1);
    gate self = {.graph = make()};
    uint32_t held = add(self.graph, hold, &self), queued = add(self.graph, add_one, NULL);
    uint32_t waiting = add(self.graph, add_one, NULL), after = add(self.graph, add_one, NULL);
    depend(self.graph, waiting, held);
    depend(self.graph, after, waiting);
    assert_int_equal(gsaw_graph_start(self.graph, pool, NULL), GSAW_OK);
    wait_in(&self);
    assert_int_equal(gsaw_graph_state(self.graph, held), GSAW_TASK_RUNNING);
    assert_int_equal(gsaw_graph_state(self.graph, queued), GSAW_TASK_QUEUED);
    assert_int_equal(gsaw_graph_state(self.graph, waiting), GSAW_TASK_WAITING);
    assert_int_equal(gsaw_graph_status(self.graph, waiting, NULL), GSAW_AGAIN);
    assert_int_equal(gsaw_graph_add(self.graph, add_one, NULL, 0, NULL), GSAW_INVALID);
    assert_int_equal(gsaw_graph_start(self.graph, pool, NULL), GSAW_INVALID);
    assert_true(gsaw_graph_cancel_node(self.graph, queued));
    assert_true(gsaw_graph_cancel_node(self.graph, waiting));
    gsaw__store_release(&self.is_open, true); /* test: pairs with hold() */
    assert_int_equal(gsaw_graph_wait(self.graph), GSAW_CANCELLED);
    expect_counts(self.graph, 1, 0, 2, 1);
    uint32_t cause = 0;
    gsaw_graph_status(self.graph, after, &cause);
    assert_int_equal(cause, waiting);
    assert_false(gsaw_graph_cancel_node(self.graph, held)); /* it is done */
    assert_true(gsaw_graph_cancel_node(self.graph, queued));

    gsaw__store_release(&self.is_open, false); /* test: nobody runs */
    gsaw__store_release(&self.is_in, false);   /* test: the same */
    assert_int_equal(gsaw_graph_start(self.graph, pool, NULL), GSAW_OK);
    wait_in(&self);
    assert_false(gsaw_graph_cancel_node(self.graph, held)); /* it runs, and gives up */
    assert_int_equal(gsaw_graph_wait(self.graph), GSAW_CANCELLED);
    expect_counts(self.graph, 1, 0, 1, 2);

    gsaw__store_release(&self.is_in, false); /* test: nobody runs */
    assert_int_equal(gsaw_graph_start(self.graph, pool, NULL), GSAW_OK);
    wait_in(&self);
    gsaw_graph_cancel(self.graph);
    assert_int_equal(gsaw_graph_wait(self.graph), GSAW_CANCELLED);
    gsaw_graph_counts counts;
    gsaw_graph_count(self.graph, &counts);
    assert_int_equal(counts.done, 0);
    gsaw_graph_free(self.graph);
    gsaw_pool_free(pool);
}

/* ---- where it runs ---- */

static gsaw_status run_inner(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    gsaw_graph *inner = argument;
    return gsaw_graph_run(inner, gsaw_worker_pool(worker), NULL);
}

static gsaw_graph *make_grid(uint32_t side)
{
    gsaw_graph *graph = make();
    for (uint32_t i = 0; i < side * side; i++) {
        add(graph, add_one, NULL);
        if (i >= side)
            depend(graph, i, i - side);
        if (i % side != 0)
            depend(graph, i, i - 1);
    }
    return graph;
}

static gsaw_status no_thread(gsaw__thread *thread, const gsaw__thread_options *options,
                             gsaw_error *error)
{
    (void)thread, (void)options, (void)error;
    return GSAW_LIMIT;
}

static void run_everywhere(gsaw_pool *pool)
{
    gsaw_graph *inner[4], *outer = make(), *other = make_grid(300);
    for (int i = 0; i < 4; i++) {
        inner[i] = make_grid(20);
        add(outer, run_inner, inner[i]);
    }
    assert_int_equal(gsaw_graph_start(other, pool, NULL), GSAW_OK); /* two at once */
    assert_int_equal(gsaw_graph_run(outer, pool, NULL), GSAW_OK);
    assert_int_equal(gsaw_graph_wait(other), GSAW_OK);
    expect_counts(other, 90000, 0, 0, 0); /* more than one block of nodes */
    for (int i = 0; i < 4; i++) {
        expect_counts(inner[i], 400, 0, 0, 0);
        gsaw_graph_free(inner[i]);
    }
    gsaw_graph_free(outer);
    gsaw_graph_free(other);
}

/* The first cancelling of a node changes how nodes are claimed, while the worker is at it. */
static void test_graph_cancels_a_node_as_it_is_claimed(void **state)
{
    (void)state;
    enum { ROUNDS = 3000, LENGTH = 300 };
    gsaw_pool *pool = open_pool(1);
    uint64_t random = 7, early = 0, late = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        gsaw_graph *graph = make();
        for (uint32_t node = 0; node < LENGTH; node++) {
            add(graph, add_one, NULL);
            if (node != 0)
                depend(graph, node, node - 1);
        }
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407U;
        uint32_t node = (uint32_t)(random >> 33) % LENGTH;
        assert_int_equal(gsaw_graph_start(graph, pool, NULL), GSAW_OK);
        while (gsaw_graph_state(graph, node / 2) == GSAW_TASK_WAITING) {
        }
        bool never = gsaw_graph_cancel_node(graph, node);
        gsaw_graph_wait(graph);
        gsaw_task_state end = gsaw_graph_state(graph, node);
        if ((never && end != GSAW_TASK_CANCELLED) ||
            (gsaw_graph_value(graph, node) == 0) != (end == GSAW_TASK_CANCELLED))
            fail_msg("round %d: never %d, state %d", (int)round, never, end);
        early += never;
        late += !never;
        expect_counts(graph, end == GSAW_TASK_CANCELLED ? node : LENGTH, 0,
                      end == GSAW_TASK_CANCELLED,
                      end == GSAW_TASK_CANCELLED ? LENGTH - node - 1 : 0);
        gsaw_graph_free(graph);
    }
    assert_true(early + late == ROUNDS);
    gsaw_pool_free(pool);
}

static void test_graph_runs_inside_tasks_and_on_any_pool(void **state)
{
    (void)state;
    for (uint32_t workers = 0; workers <= 4; workers++) {
        gsaw_pool_options options = {
            .size = sizeof options, .workers = workers, .no_stealing = workers == 4};
        gsaw_pool *pool;
        assert_int_equal(workers == 0 ? gsaw__pool_new_with(&options, no_thread, &pool, NULL)
                                      : gsaw_pool_new(&options, &pool, NULL),
                         GSAW_OK);
        run_everywhere(pool);
        gsaw_pool_free(pool);
    }
}

/* ---- against a model ---- */

enum { NODES_MAX = 500 };

typedef struct random_node {
    struct random_graph *all;
    uint32_t before[4], count;
    bool fails, is_cancelled;
    _Atomic uint32_t runs;
    _Atomic bool has_ended;
} random_node;

typedef struct random_graph {
    random_node nodes[NODES_MAX];
    uint32_t count;
    _Atomic uint32_t early; /* that ran before one they wait for */
} random_graph;

static gsaw_status check_order(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)value;
    random_node *self = argument;
    for (uint32_t i = 0; i < self->count; i++)
        if (!gsaw__load_relaxed(&self->all->nodes[self->before[i]].has_ended)) /* test: by edges */
            gsaw__add_relaxed(&self->all->early, 1);                           /* test: a count */
    gsaw__add_relaxed(&self->runs, 1);                                         /* test: a count */
    gsaw__store_relaxed(&self->has_ended, true); /* test: published by the edges */
    return self->fails ? GSAW_DAMAGED : GSAW_OK;
}

static void run_random(gsaw_pool *pool, uint64_t seed)
{
    static random_graph self;
    memset((void *)&self, 0, sizeof self);
    uint64_t random = seed;
    self.count = 1 + (uint32_t)(seed * 37 % NODES_MAX);
    gsaw_graph *graph = make();
    for (uint32_t i = 0; i < self.count; i++) {
        random_node *at = &self.nodes[i];
        at->all = &self;
        add(graph, check_order, at);
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        at->count = i == 0 ? 0 : (uint32_t)(random >> 33) % 5;
        at->fails = (random >> 40) % 30 == 0;
        for (uint32_t d = 0; d < at->count; d++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            at->before[d] = (uint32_t)(random >> 33) % i;
            depend(graph, i, at->before[d]);
        }
        if ((random >> 50) % 4 == 0)
            assert_int_equal(gsaw_graph_set_cost(graph, i, (uint32_t)(random >> 52)), GSAW_OK);
    }
    for (int run = 1; run <= 3; run++) {
        for (uint32_t i = 0; i < self.count; i++)
            gsaw__store_relaxed(&self.nodes[i].has_ended, false); /* test: nobody runs */
        gsaw_status status = gsaw_graph_run(graph, pool, NULL);
        uint32_t bad = 0;
        bool is_good[NODES_MAX];
        for (uint32_t i = 0; i < self.count; i++) {
            const random_node *at = &self.nodes[i];
            bool is_skipped = false;
            for (uint32_t d = 0; d < at->count; d++)
                is_skipped = is_skipped || !is_good[at->before[d]];
            is_good[i] = !is_skipped && !at->fails;
            gsaw_task_state expected = is_skipped  ? GSAW_TASK_SKIPPED
                                       : at->fails ? GSAW_TASK_FAILED
                                                   : GSAW_TASK_DONE;
            bad += !is_good[i];
            if (gsaw_graph_state(graph, i) != expected ||
                (!is_skipped && gsaw__load_relaxed(&at->runs) != (uint32_t)run)) /* test: ended */
                fail_msg("seed %u: node %u ended as %s", (unsigned)seed, i,
                         gsaw_task_state_name(gsaw_graph_state(graph, i)));
            uint32_t cause = 0;
            gsaw_graph_status(graph, i, &cause);
            if (is_skipped)
                assert_int_equal(gsaw_graph_state(graph, cause), GSAW_TASK_FAILED);
        }
        assert_int_equal(status, bad == 0 ? GSAW_OK : GSAW_DAMAGED);
        gsaw_graph_counts counts;
        gsaw_graph_count(graph, &counts);
        assert_int_equal(counts.failed + counts.skipped, bad);
        assert_int_equal(counts.done, self.count - bad);
        assert_int_equal(gsaw__load_relaxed(&self.early), 0); /* test: all has ended */
    }
    gsaw_graph_free(graph);
}

static void test_graph_ends_every_node_as_the_model_says(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 4; workers++) {
        gsaw_pool *pool = open_pool(workers);
        for (uint64_t seed = 1; seed <= 100; seed++)
            run_random(pool, seed * workers);
        gsaw_pool_free(pool);
    }
}

static gsaw_status wait_open(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)value;
    while (!gsaw__load_acquire((_Atomic bool *)argument)) /* test: opened below */
        gsaw__thread_pause();
    return GSAW_OK;
}

static int use_after_fork(gsaw_graph *graph, gsaw_pool *pool)
{
    bool right = gsaw_graph_wait(graph) == GSAW_CLOSED &&
                 gsaw_graph_run(graph, pool, NULL) == GSAW_CLOSED &&
                 gsaw_graph_add(graph, add_one, NULL, 0, NULL) == GSAW_INVALID;
    gsaw_graph_cancel(graph);
    gsaw_graph_cancel_node(graph, 0);
    gsaw_graph_counts counts;
    gsaw_graph_count(graph, &counts);
#if !defined(__SANITIZE_THREAD__) /* for which the threads of the parent go on in the child */
    gsaw_pool_free(pool);
    gsaw_graph_free(graph);
#endif
    return right && counts.done == 0 ? 0 : 1;
}

/* A child that is forked while a graph runs: its calls return, and it may free what it has. */
static void test_graph_is_closed_in_a_forked_child(void **state)
{
    (void)state;
    _Atomic bool is_open = false;
    gsaw_pool *pool = open_pool(2);
    gsaw_graph *graph = make();
    uint32_t first = add(graph, wait_open, (void *)&is_open), last = add(graph, add_one, NULL);
    depend(graph, last, first);
    assert_int_equal(gsaw_graph_start(graph, pool, NULL), GSAW_OK);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(20); /* a hang is a failure, too */
        _exit(use_after_fork(graph, pool));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    gsaw__store_release(&is_open, true); /* test: pairs with wait_open() */
    assert_int_equal(gsaw_graph_wait(graph), GSAW_OK);
    expect_counts(graph, 2, 0, 0, 0);
    gsaw_graph_free(graph);
    gsaw_pool_free(pool);
}

static void test_graph_without_memory_stays_as_it_was(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(2);
    size_t failed = 0;
    for (size_t n = 1;; n++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, n, 0);
        gsaw_graph_options options = {.size = sizeof options, .allocator = &failing.allocator};
        gsaw_graph *graph = NULL;
        gsaw_status status = gsaw_graph_new(&options, &graph, NULL);
        uint32_t node = 0, count = 0;
        for (; status == GSAW_OK && count < 300; count++) {
            status = gsaw_graph_add(graph, add_one, NULL, 0, &node);
            if (status == GSAW_OK && node > 0)
                status = gsaw_graph_depend(graph, node - 1, node); /* has to be searched */
            if (status == GSAW_OK && node == 200)
                status = gsaw_graph_set_cost(graph, 100, 5);
            if (status == GSAW_OK && node == 250)
                status = gsaw_graph_set_name(graph, 100, "a name");
        }
        if (status == GSAW_OK)
            status = gsaw_graph_run(graph, pool, NULL);
        if (status == GSAW_NO_MEMORY && graph != NULL) { /* what is there can be run */
            gsaw_graph_counts counts;
            assert_int_equal(gsaw_graph_run(graph, pool, NULL), GSAW_OK);
            gsaw_graph_count(graph, &counts);
            assert_int_equal(counts.done, counts.nodes);
        }
        gsaw_graph_free(graph);
        assert_int_equal(failing.live_bytes, 0);
        assert_true(status == GSAW_OK || status == GSAW_NO_MEMORY);
        if (status == GSAW_OK)
            break;
        failed++;
    }
    assert_true(failed > 10);
    gsaw_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_names_its_cycles),
        cmocka_unit_test(test_graph_refuses_by_status),
        cmocka_unit_test(test_graph_runs_again_and_grows),
        cmocka_unit_test(test_graph_takes_long_chains_and_wide_fans),
        cmocka_unit_test(test_graph_starts_the_longest_way_first),
        cmocka_unit_test(test_graph_fail_fast_cancels_the_rest),
        cmocka_unit_test(test_graph_cancels_one_node_in_any_state),
        cmocka_unit_test(test_graph_cancels_a_node_as_it_is_claimed),
        cmocka_unit_test(test_graph_runs_inside_tasks_and_on_any_pool),
        cmocka_unit_test(test_graph_ends_every_node_as_the_model_says),
        cmocka_unit_test(test_graph_is_closed_in_a_forked_child),
        cmocka_unit_test(test_graph_without_memory_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
