/* test_lifecycle.c - a pool whose workers come and go: resize, shutdown, no threads to be had,
 * fork.
 * Next:    src/task/lifecycle.c, test_pool.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "task/pool.h"

static void submit(gsaw_pool *pool, gsaw_group *group, gsaw_task_function *function, void *argument,
                   uint64_t range)
{
    gsaw_status status = gsaw_pool_spawn(pool, group, function, argument, range);
    if (status != GSAW_OK)
        gsaw__abort("submit", __FILE__, __LINE__); /* cmocka's asserts are for the main thread */
}

static void pass(long ms) { nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL); }

static gsaw_status add(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    atomic_fetch_add((_Atomic uint64_t *)argument, *value);
    return GSAW_OK;
}

static gsaw_status hold_open(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    (void)value;
    while (!atomic_load((_Atomic bool *)argument))
        gsaw__thread_pause();
    return GSAW_OK;
}

/* Submits two of itself, one level down, to the group given, for a sum of 2^range. */
struct tree {
    gsaw_group group;
    _Atomic uint64_t leaves;
};

static gsaw_status grow_tree(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct tree *tree = argument;
    if (*value == 0) {
        atomic_fetch_add(&tree->leaves, 1);
        return GSAW_OK;
    }
    submit(gsaw_worker_pool(worker), &tree->group, grow_tree, tree, *value - 1);
    submit(gsaw_worker_pool(worker), &tree->group, grow_tree, tree, *value - 1);
    return GSAW_OK;
}

/* A starter that gives so many threads and no more; not thread-safe, as control is. */
static uint32_t threads_left;

static gsaw_status start_some(gsaw__thread *thread, const gsaw__thread_options *options,
                              gsaw_error *error)
{
    if (threads_left == 0)
        return GSAW_SYSTEM;
    threads_left--;
    return gsaw__thread_start(thread, options, error);
}

static gsaw_pool *make_with(uint32_t workers, uint32_t threads)
{
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    gsaw_error error = {0};
    threads_left = threads;
    assert_int_equal(gsaw__pool_new_with(&options, start_some, &pool, &error), GSAW_OK);
    assert_int_equal(error.status, GSAW_OK);
    assert_int_equal(gsaw_pool_worker_count(pool), threads < workers ? threads : workers);
    return pool;
}

static void test_lifecycle_runs_with_the_threads_it_gets(void **state)
{
    (void)state;
    for (uint32_t threads = 0; threads <= 5; threads++) {
        gsaw_pool *pool = make_with(4, threads);
        struct tree tree = {0};
        submit(pool, &tree.group, grow_tree, &tree, 10);
        gsaw_pool_wait(pool, &tree.group);
        assert_int_equal(tree.leaves, 1024);
        gsaw_worker_stats stats;
        uint64_t completed = 0;
        for (uint32_t i = 0; gsaw_pool_stats(pool, i, &stats) == GSAW_OK; i++)
            completed += stats.completed;
        assert_int_equal(completed, 2047);
        gsaw_pool_free(pool);
    }
}

struct nested {
    _Atomic uint64_t sum;
    _Atomic uint64_t strangers; /* tasks that ran as another worker than 0 */
};

static gsaw_status nest(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct nested *nested = argument;
    gsaw_pool *pool = gsaw_worker_pool(worker);
    gsaw_group group = {0};
    if (gsaw_worker_index(worker) != 0 || gsaw__pool_worker_here(pool) != worker)
        atomic_fetch_add(&nested->strangers, 1);
    atomic_fetch_add(&nested->sum, 1);
    for (uint64_t i = 0; i < *value; i++)
        submit(pool, &group, nest, nested, *value - 1);
    gsaw_pool_wait(pool, &group);
    return GSAW_OK;
}

static void test_lifecycle_without_threads_the_waiter_runs_all(void **state)
{
    (void)state;
    gsaw_pool *pool = make_with(3, 0);
    struct nested nested = {0};
    gsaw_group group = {0};
    assert_int_equal(gsaw_pool_worker_max(pool), 1);
    submit(pool, &group, nest, &nested, 5);
    assert_int_equal(nested.sum, 0); /* nobody there yet */
    gsaw_pool_wait(pool, &group);
    assert_int_equal(nested.sum, 1 + 5 + 20 + 60 + 120 + 120);
    assert_int_equal(nested.strangers, 0);
    assert_null(gsaw__pool_worker_here(pool));
    /* What nobody waits for is run when the pool ends. */
    submit(pool, &group, nest, &nested, 1);
    gsaw_pool_free(pool);
    assert_int_equal(nested.sum, 326 + 2);
    assert_int_equal(gsaw_group_pending(&group), 0);
}

struct waiter {
    gsaw_pool *pool;
    _Atomic uint64_t sum;
};

static void *submit_and_wait(void *argument)
{
    struct waiter *waiter = argument;
    for (int i = 0; i < 200; i++) {
        gsaw_group group = {0};
        for (uint64_t j = 0; j < 20; j++)
            submit(waiter->pool, &group, add, &waiter->sum, 1);
        gsaw_pool_wait(waiter->pool, &group);
    }
    return NULL;
}

static void test_lifecycle_without_threads_waiters_take_turns(void **state)
{
    (void)state;
    for (uint32_t later = 0; later < 2;
         later++) { /* with and without threads that come in between */
        struct waiter waiter = {.pool = make_with(2, 0)};
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, submit_and_wait, &waiter), 0);
        threads_left = later * 2;
        assert_int_equal(gsaw_pool_resize(waiter.pool, 2), later == 0 ? GSAW_LIMIT : GSAW_OK);
        assert_int_equal(gsaw_pool_worker_count(waiter.pool), later * 2);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(waiter.sum, 4 * 200 * 20);
        gsaw_pool_free(waiter.pool);
    }
}

struct two_pools {
    gsaw_pool *outer, *inner;
    _Atomic uint64_t wrong;
};

static gsaw_status use_both(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct two_pools *pools = argument;
    bool is_inner = gsaw_worker_pool(worker) == pools->inner;
    if ((gsaw__pool_worker_here(pools->outer) != NULL) != true ||
        (gsaw__pool_worker_here(pools->inner) != NULL) != is_inner)
        atomic_fetch_add(&pools->wrong, 1);
    if (*value == 0)
        return GSAW_OK;
    gsaw_pool *next = is_inner ? pools->outer : pools->inner;
    gsaw_group group = {0};
    submit(next, &group, use_both, argument, *value - 1);
    gsaw_pool_wait(next, &group);
    return GSAW_OK;
}

static void test_lifecycle_a_thread_is_worker_of_two_pools(void **state)
{
    (void)state;
    struct two_pools pools = {.outer = make_with(1, 0), .inner = make_with(1, 0)};
    gsaw_group group = {0};
    submit(pools.outer, &group, use_both, &pools, 1);
    gsaw_pool_wait(pools.outer, &group);
    assert_int_equal(pools.wrong, 0);
    gsaw_pool_free(pools.inner);
    gsaw_pool_free(pools.outer);
}

static void test_lifecycle_resize_while_running(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {5, 1, 2, 8, 3, 3, 16, 1, 4};
    gsaw_pool *pool = make_with(2, 1000);
    uint32_t most = 2;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct tree tree = {0};
        submit(pool, &tree.group, grow_tree, &tree, 12);
        assert_int_equal(gsaw_pool_resize(pool, sizes[i]), GSAW_OK);
        most = sizes[i] > most ? sizes[i] : most;
        assert_int_equal(gsaw_pool_worker_count(pool), sizes[i]);
        assert_int_equal(gsaw_pool_worker_max(pool), most);
        gsaw_pool_wait(pool, &tree.group);
        assert_int_equal(tree.leaves, 4096);
    }
    assert_int_equal(gsaw_pool_resize(pool, 0), GSAW_OK);
    assert_true(gsaw_pool_worker_count(pool) >= 1);
    threads_left = 3;
    uint32_t before = gsaw_pool_worker_count(pool);
    assert_int_equal(gsaw_pool_resize(pool, before + 5), GSAW_LIMIT);
    assert_int_equal(gsaw_pool_worker_count(pool), before + 3);
    gsaw_pool_free(pool);
}

static gsaw_status try_resize(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    *(gsaw_status *)argument = gsaw_pool_resize(gsaw_worker_pool(worker), 2);
    return GSAW_OK;
}

static void test_lifecycle_resize_inside_a_task_is_refused(void **state)
{
    (void)state;
    gsaw_pool *pool = make_with(1, 9);
    gsaw_group group = {0};
    gsaw_status status = GSAW_OK;
    submit(pool, &group, try_resize, &status, 0);
    gsaw_pool_wait(pool, &group);
    assert_int_equal(status, GSAW_INVALID);
    gsaw_pool_free(pool);
}

static void test_lifecycle_drain_runs_everything(void **state)
{
    (void)state;
    for (uint32_t workers = 0; workers <= 4; workers += 2) {
        gsaw_pool *pool = make_with(4, workers);
        struct tree tree = {0};
        submit(pool, &tree.group, grow_tree, &tree, 12); /* submits while it is being shut down */
        gsaw_pool_shutdown(pool, true);
        assert_int_equal(tree.leaves, 4096);
        assert_int_equal(gsaw_pool_worker_count(pool), 0);
        gsaw_task task = {.function = add, .argument = &tree.leaves};
        assert_int_equal(
            gsaw_pool_spawn(pool, &tree.group, task.function, task.argument, task.value),
            GSAW_CLOSED);
        assert_int_equal(gsaw_pool_resize(pool, 2), GSAW_CLOSED);
        assert_int_equal(gsaw_group_pending(&tree.group), 0);
        gsaw_pool_wait(pool, &tree.group);
        gsaw_pool_shutdown(pool, true);
        gsaw_pool_shutdown(pool, false);
        gsaw_pool_free(pool);
    }
}

struct opener {
    gsaw_pool *pool;
    _Atomic bool open;
    _Atomic uint32_t held;
};

static gsaw_status hold_and_tell(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct opener *opener = argument;
    atomic_fetch_add(&opener->held, 1);
    hold_open(worker, &opener->open, value);
    return GSAW_OK;
}

/* Not before the pool drops what it has. */
static void *open_when_dropping(void *argument)
{
    struct opener *opener = argument;
    while (atomic_load(&opener->pool->state) != GSAW_POOL_DROP)
        gsaw__thread_pause();
    atomic_store(&opener->open, true);
    return NULL;
}

static void test_lifecycle_drop_ends_without_running(void **state)
{
    (void)state;
    for (uint32_t workers = 0; workers <= 2; workers++) {
        gsaw_pool *pool = make_with(2, workers);
        struct opener opener = {.pool = pool};
        _Atomic uint64_t sum = 0;
        gsaw_group group = {0};
        pthread_t thread;
        for (uint32_t i = 0; i < workers; i++) /* every worker is held */
            submit(pool, &group, hold_and_tell, &opener, 0);
        while (atomic_load(&opener.held) < workers)
            gsaw__thread_pause();
        for (int i = 0; i < 1000; i++)
            submit(pool, &group, add, &sum, 1);
        assert_int_equal(pthread_create(&thread, NULL, open_when_dropping, &opener), 0);
        gsaw_pool_shutdown(pool, false);
        pthread_join(thread, NULL);
        assert_int_equal(gsaw_group_pending(&group), 0);
        assert_int_equal(sum, 0);
        gsaw_worker_stats stats;
        uint64_t completed = 0, dropped = 0;
        for (uint32_t i = 0; gsaw_pool_stats(pool, i, &stats) == GSAW_OK; i++) {
            completed += stats.completed;
            dropped += stats.dropped;
        }
        assert_int_equal(completed, workers);
        assert_int_equal(dropped, 1000);
        gsaw_pool_free(pool);
    }
}

struct cut {
    gsaw_pool *pool;
    struct opener opener;
    _Atomic uint64_t begun;
    gsaw_group inner;
};

static gsaw_status wait_inside(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct cut *cut = argument;
    (void)value;
    for (int i = 0; i < 100; i++)
        submit(gsaw_worker_pool(worker), &cut->inner, hold_open, &cut->opener.open, 0);
    atomic_fetch_add(&cut->begun, 1);
    gsaw_pool_wait(gsaw_worker_pool(worker), &cut->inner);
    return GSAW_OK;
}

static void *drain_in_thread(void *argument)
{
    gsaw_pool_shutdown(((struct cut *)argument)->pool, true);
    return NULL;
}

/* A drain that would have to run 100 held tasks is cut short by a second call; a task in wait comes
 * back. */
static void test_lifecycle_drop_cuts_a_drain_short(void **state)
{
    (void)state;
    struct cut cut = {.pool = make_with(2, 2)};
    cut.opener.pool = cut.pool;
    gsaw_group group = {0};
    pthread_t drainer, opener;
    submit(cut.pool, &group, wait_inside, &cut, 0);
    while (atomic_load(&cut.begun) == 0)
        gsaw__thread_pause();
    assert_int_equal(pthread_create(&drainer, NULL, drain_in_thread, &cut), 0);
    pass(5);
    assert_int_equal(pthread_create(&opener, NULL, open_when_dropping, &cut.opener), 0);
    gsaw_pool_shutdown(cut.pool, false);
    pthread_join(drainer, NULL);
    pthread_join(opener, NULL);
    assert_int_equal(gsaw_group_pending(&cut.inner), 0);
    assert_int_equal(gsaw_group_pending(&group), 0);
    gsaw_worker_stats first, second;
    assert_int_equal(gsaw_pool_stats(cut.pool, 0, &first), GSAW_OK);
    assert_int_equal(gsaw_pool_stats(cut.pool, 1, &second), GSAW_OK);
    assert_int_equal(first.completed + first.dropped + second.completed + second.dropped, 101);
    gsaw_pool_free(cut.pool);
}

struct held {
    gsaw_pool *pool;
    _Atomic bool open[2]; /* by worker */
    _Atomic uint64_t begun;
    gsaw_group filling;
    _Atomic uint64_t filled;
};

static gsaw_status hold_by_worker(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct held *held = argument;
    (void)value;
    atomic_fetch_add(&held->begun, 1);
    while (!atomic_load(&held->open[gsaw_worker_index(worker)]))
        gsaw__thread_pause();
    return GSAW_OK;
}

static void *open_worker_1_later(void *argument)
{
    pass(5);
    atomic_store(&((struct held *)argument)->open[1], true);
    return NULL;
}

static gsaw_status fill_and_hold(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct held *held = argument;
    for (uint64_t i = 0; i < *value; i++)
        submit(held->pool, &held->filling, add, &held->filled, 1);
    hold_by_worker(worker, argument, value);
    return GSAW_OK;
}

/* The worker that ends has a deque full of tasks: they move to where the one that stays finds them.
 */
static void test_lifecycle_shrinking_moves_tasks(void **state)
{
    (void)state;
    struct held held = {.pool = make_with(2, 2)};
    gsaw_group group = {0};
    pthread_t opener;
    gsaw_worker_stats stats;
    submit(held.pool, &group, fill_and_hold, &held, 500);
    submit(held.pool, &group, fill_and_hold, &held, 500);
    while (atomic_load(&held.begun) < 2)
        gsaw__thread_pause();
    assert_int_equal(gsaw_pool_stats(held.pool, 1, &stats), GSAW_OK);
    assert_int_equal(stats.pending, 500);
    assert_int_equal(pthread_create(&opener, NULL, open_worker_1_later, &held), 0);
    assert_int_equal(gsaw_pool_resize(held.pool, 1), GSAW_OK);
    pthread_join(opener, NULL);
    assert_int_equal(gsaw_pool_stats(held.pool, 1, &stats), GSAW_OK);
    assert_int_equal(stats.pending, 0);
    assert_int_equal(gsaw_group_pending(&held.filling), 1000);
    atomic_store(&held.open[0], true);
    gsaw_pool_wait(held.pool, &held.filling);
    assert_int_equal(held.filled, 1000);
    gsaw_pool_free(held.pool);
}

static void *shrink_in_thread(void *argument)
{
    gsaw_pool_resize(((struct held *)argument)->pool, 1);
    return NULL;
}

static void *drain_held(void *argument)
{
    gsaw_pool_shutdown(((struct held *)argument)->pool, true);
    return NULL;
}

/* A resize waits for worker 1 to end its task, a drain waits for the resize, and worker 0 parks in
 * between: it must not sleep on when it is the only one left. */
static void test_lifecycle_drain_during_a_resize(void **state)
{
    (void)state;
    struct held held = {.pool = make_with(2, 2)};
    gsaw_group group = {0};
    pthread_t shrinker, drainer;
    submit(held.pool, &group, hold_by_worker, &held, 0);
    submit(held.pool, &group, hold_by_worker, &held, 0);
    while (atomic_load(&held.begun) < 2)
        gsaw__thread_pause();
    assert_int_equal(pthread_create(&shrinker, NULL, shrink_in_thread, &held), 0);
    pass(5);
    assert_int_equal(pthread_create(&drainer, NULL, drain_held, &held), 0);
    pass(5);
    atomic_store(&held.open[0], true);
    pass(5);
    atomic_store(&held.open[1], true);
    pthread_join(shrinker, NULL);
    pthread_join(drainer, NULL);
    assert_int_equal(gsaw_group_pending(&group), 0);
    gsaw_pool_free(held.pool);
}

static void test_lifecycle_free_of_an_idle_pool(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 8; workers++) {
        gsaw_pool_free(make_with(workers, workers)); /* at once: threads that have hardly begun */
        gsaw_pool *pool = make_with(workers, workers);
        pass(2);
        gsaw_pool_free(pool); /* parked */
    }
}

/* In the child: every call returns, none hangs. Exit status 0 if they said what they should. */
static int use_after_fork(gsaw_pool *pool)
{
    gsaw_group group = {0}, busy = {.pending = 1};
    gsaw_task task = {.function = add};
    bool right =
        gsaw_pool_spawn(pool, &group, task.function, task.argument, task.value) == GSAW_CLOSED &&
        gsaw_pool_resize(pool, 3) == GSAW_CLOSED;
    gsaw_pool_wait(pool, &busy);
    gsaw_pool_shutdown(pool, true);
#if !defined(__SANITIZE_THREAD__) /* for which the threads of the parent go on in the child */
    gsaw_pool_free(pool);
#endif
    return right ? 0 : 1;
}

static void test_lifecycle_fork(void **state)
{
    (void)state;
    gsaw_failing_allocator memory;
    gsaw_failing_allocator_init(&memory, 0, 0);
    gsaw_pool *pool;
    gsaw_pool_options options = {
        .size = sizeof options, .allocator = &memory.allocator, .workers = 3};
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    struct tree tree = {0};
    for (int round = 0; round < 10; round++) {
        submit(pool, &tree.group, grow_tree, &tree, 10); /* some thread holds some lock, perhaps */
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            alarm(20); /* a hang is a failure, too */
            int failure = use_after_fork(pool);
#if !defined(__SANITIZE_THREAD__)
            failure += 2 * (atomic_load(&memory.live_bytes) != 0);
#endif
            _exit(failure);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        gsaw_pool_wait(pool, &tree.group); /* the parent is unharmed */
        assert_int_equal(tree.leaves, (uint64_t)(round + 1) * 1024);
    }
    gsaw_pool_free(pool);
    assert_int_equal(memory.live_bytes, 0);
}

/* A task hires as long as there are threads to be had, and each of them takes part. */
static gsaw_status hire_all(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)argument;
    while (gsaw__pool_hire(gsaw_worker_pool(worker)) == GSAW_OK)
        (*value)++;
    return GSAW_OK;
}

static void test_lifecycle_a_lazy_pool_hires(void **state)
{
    (void)state;
    gsaw_pool_options options = {.size = sizeof options, .workers = 5};
    for (int round = 0; round < 20; round++) {
        gsaw_pool *pool = NULL;
        assert_int_equal(gsaw__pool_new_lazy(&options, &pool, NULL), GSAW_OK);
        assert_int_equal(gsaw_pool_worker_count(pool), 1);
        assert_int_equal(gsaw__pool_room(pool), 5);
        gsaw_group group = {0};
        gsaw_task task = {.function = hire_all};
        struct tree tree = {.leaves = 0};
        submit(pool, &tree.group, grow_tree, &tree, 8);
        assert_int_equal(gsaw_pool_submit(pool, &group, &task), GSAW_OK);
        assert_int_equal(gsaw_pool_wait(pool, &group), GSAW_OK);
        assert_int_equal(task.value, 4);
        assert_int_equal(gsaw_pool_worker_count(pool), 5);
        assert_int_equal(gsaw__pool_hire(pool), GSAW_AGAIN);
        assert_int_equal(gsaw_pool_wait(pool, &tree.group), GSAW_OK);
        assert_int_equal(tree.leaves, 256);
        assert_int_equal(gsaw_pool_resize(pool, 2), GSAW_OK); /* and then it wants no more */
        assert_int_equal(gsaw__pool_hire(pool), GSAW_AGAIN);
        gsaw_pool_shutdown(pool, true);
        assert_int_equal(gsaw__pool_hire(pool), GSAW_AGAIN);
        gsaw_pool_free(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lifecycle_runs_with_the_threads_it_gets),
        cmocka_unit_test(test_lifecycle_without_threads_the_waiter_runs_all),
        cmocka_unit_test(test_lifecycle_without_threads_waiters_take_turns),
        cmocka_unit_test(test_lifecycle_a_thread_is_worker_of_two_pools),
        cmocka_unit_test(test_lifecycle_resize_while_running),
        cmocka_unit_test(test_lifecycle_resize_inside_a_task_is_refused),
        cmocka_unit_test(test_lifecycle_drain_runs_everything),
        cmocka_unit_test(test_lifecycle_drop_ends_without_running),
        cmocka_unit_test(test_lifecycle_drop_cuts_a_drain_short),
        cmocka_unit_test(test_lifecycle_shrinking_moves_tasks),
        cmocka_unit_test(test_lifecycle_drain_during_a_resize),
        cmocka_unit_test(test_lifecycle_free_of_an_idle_pool),
        cmocka_unit_test(test_lifecycle_a_lazy_pool_hires),
        cmocka_unit_test(test_lifecycle_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
