/* test_fork.c - fork and join: any order, failures, cancels, no memory, no threads; groups of
 * tasks: failing fast, cancelling one task or all, blocking sections, limits.
 * Keeps:   what is counted is exact.
 * Threads: pools of 1 to 4, and threads of the test's own.
 * Next:    task/run.c, task/pool.c, task/lifecycle.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <gangsaw/task.h>
#include <pthread.h>
#include <sched.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "base/thread.h"
#include "task/pool.h"

static gsaw_pool *open_pool(const gsaw_pool_options *given)
{
    gsaw_pool_options options = *given;
    gsaw_pool *pool;
    options.size = sizeof options;
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    return pool;
}

/* Run one task to its end; its status. */
static gsaw_status run_one(gsaw_pool *pool, gsaw_task *task)
{
    gsaw_group group = {0};
    assert_int_equal(gsaw_pool_submit(pool, &group, task), GSAW_OK);
    gsaw_pool_wait(pool, &group);
    return gsaw_task_status(task);
}

static gsaw_status add_one(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)argument;
    ++*value;
    return GSAW_OK;
}

static gsaw_status fail_with_value(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)argument;
    return (gsaw_status)*value;
}

/* ---- fork and join ---- */

enum { FORKS = 300 };

/* Forks FORKS tasks and joins them oldest first, newest first, or mixed. */
static gsaw_status fork_many(gsaw_worker *worker, void *argument, uint64_t *value)
{
    gsaw_task *tasks = argument;
    uint64_t how = *value, sum = 0;
    for (uint64_t i = 0; i < FORKS; i++) {
        tasks[i] = (gsaw_task){.function = add_one, .value = i};
        gsaw_worker_fork(worker, &tasks[i]);
    }
    for (uint64_t i = 0; i < FORKS; i++) {
        uint64_t at = how == 0 ? i : how == 1 ? FORKS - 1 - i : i * 7 % FORKS;
        if (gsaw_worker_join(worker, &tasks[at]) != GSAW_OK)
            return GSAW_DAMAGED;
        sum += tasks[at].value;
    }
    *value = sum;
    return GSAW_OK;
}

static void test_fork_joins_in_any_order(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 4; workers++) {
        gsaw_pool *pool =
            open_pool(&(gsaw_pool_options){.workers = workers, .no_stealing = workers == 3});
        for (uint64_t how = 0; how < 3; how++) {
            gsaw_task forked[FORKS],
                task = {.function = fork_many, .argument = forked, .value = how};
            assert_int_equal(run_one(pool, &task), GSAW_OK);
            assert_int_equal(task.value, FORKS * (FORKS + 1) / 2);
        }
        gsaw_pool_free(pool);
    }
}

static gsaw_status fork_failing(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)argument;
    gsaw_task good = {.function = add_one},
              bad = {.function = fail_with_value, .value = GSAW_DAMAGED};
    gsaw_worker_fork(worker, &good);
    gsaw_worker_fork(worker, &bad);
    gsaw_status first = gsaw_worker_join(worker, &bad);
    gsaw_status second = gsaw_worker_join(worker, &good);
    *value =
        first == GSAW_DAMAGED && second == GSAW_OK && gsaw_task_state_of(&bad) == GSAW_TASK_FAILED;
    return GSAW_OK; /* the task itself is well */
}

static gsaw_status fork_cancelled(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)argument;
    gsaw_task task = {.function = add_one};
    gsaw_worker_fork(worker, &task);
    bool never = gsaw_task_cancel(&task);
    gsaw_status status = gsaw_worker_join(worker, &task);
    *value =
        never ? status == GSAW_CANCELLED && task.value == 0 : status == GSAW_OK && task.value == 1;
    return GSAW_OK;
}

static void test_fork_tells_failures_and_cancels(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 3; workers++) {
        gsaw_pool *pool = open_pool(&(gsaw_pool_options){.workers = workers});
        for (int round = 0; round < 200; round++) {
            gsaw_group group = {0};
            gsaw_task failing = {.function = fork_failing},
                      cancelled = {.function = fork_cancelled};
            gsaw_pool_submit(pool, &group, &failing);
            gsaw_pool_submit(pool, &group, &cancelled);
            assert_int_equal(gsaw_pool_wait(pool, &group), GSAW_DAMAGED); /* some task of it */
            assert_int_equal(failing.value, 1);
            assert_int_equal(cancelled.value, 1);
        }
        gsaw_pool_free(pool);
    }
}

static gsaw_status cancel_own_group(gsaw_worker *worker, void *argument, uint64_t *value)
{
    gsaw_task task = {.function = add_one};
    gsaw_group_cancel(argument);
    gsaw_worker_fork(worker, &task);
    *value = gsaw_worker_join(worker, &task) == GSAW_CANCELLED && task.value == 0 &&
             gsaw_worker_is_cancelled(worker);
    return GSAW_CANCELLED;
}

static void test_fork_ends_with_a_cancelled_group(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(&(gsaw_pool_options){.workers = 1});
    gsaw_group group = {0};
    gsaw_task task = {.function = cancel_own_group, .argument = &group};
    assert_int_equal(gsaw_pool_submit(pool, &group, &task), GSAW_OK);
    assert_int_equal(gsaw_pool_wait(pool, &group), GSAW_CANCELLED);
    assert_int_equal(task.value, 1);
    assert_int_equal(gsaw_task_state_of(&task), GSAW_TASK_CANCELLED);
    gsaw_pool_free(pool);
}

static gsaw_status fibonacci(gsaw_worker *worker, void *argument, uint64_t *value);

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the number */
static gsaw_status fibonacci(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)argument;
    if (*value < 2)
        return GSAW_OK;
    gsaw_task task = {.function = fibonacci, .value = *value - 1};
    gsaw_worker_fork(worker, &task);
    uint64_t other = *value - 2;
    gsaw_status called = fibonacci(worker, NULL, &other);
    gsaw_status joined = gsaw_worker_join(worker, &task);
    *value = task.value + other;
    return called == GSAW_OK ? joined : called;
}

static void test_fork_without_memory_runs_in_place(void **state)
{
    (void)state;
    size_t done = 0;
    for (size_t n = 1; n < 60 && done < 5; n++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, n, 1);
        gsaw_pool_options options = {
            .size = sizeof options, .workers = 2, .allocator = &failing.allocator};
        gsaw_pool *pool;
        if (gsaw_pool_new(&options, &pool, NULL) == GSAW_OK) {
            gsaw_task task = {.function = fibonacci, .value = 20}, forked[FORKS],
                      many = {.function = fork_many, .argument = forked};
            assert_int_equal(run_one(pool, &task), GSAW_OK);
            assert_int_equal(task.value, 6765);
            assert_int_equal(run_one(pool, &many), GSAW_OK); /* more than a first ring holds */
            assert_int_equal(many.value, FORKS * (FORKS + 1) / 2);
            gsaw_pool_free(pool);
            done++;
        }
        assert_int_equal(failing.live_bytes, 0);
    }
    assert_int_equal(done, 5);
}

/* ---- groups ---- */

typedef struct gate {
    _Atomic uint32_t is_in;
    _Atomic bool is_open;
} gate;

static gsaw_status hold(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)value;
    gate *self = argument;
    gsaw__add_acq_rel(&self->is_in, 1);         /* test: pairs with wait_in() */
    while (!gsaw__load_acquire(&self->is_open)) /* test: pairs with the store that opens */
        gsaw__thread_pause();
    return GSAW_OK;
}

static void wait_in(gate *self, uint32_t count)
{
    while (gsaw__load_acquire(&self->is_in) < count) /* test: pairs with hold() */
        gsaw__thread_pause();
}

static void test_group_fails_fast(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(&(gsaw_pool_options){.workers = 1});
    gsaw_group group = {.fail_fast = true};
    gsaw_task tasks[10];
    for (uint64_t i = 0; i < 10; i++)
        tasks[i] = (gsaw_task){.function = i == 3 ? fail_with_value : add_one,
                               .value = i == 3 ? GSAW_LIMIT : 0};
    assert_int_equal(gsaw_pool_submit_all(pool, &group, tasks, 10), GSAW_OK);
    assert_int_equal(gsaw_pool_wait(pool, &group), GSAW_LIMIT);
    for (int i = 0; i < 10; i++)
        assert_int_equal(gsaw_task_state_of(&tasks[i]), i < 3    ? GSAW_TASK_DONE
                                                        : i == 3 ? GSAW_TASK_FAILED
                                                                 : GSAW_TASK_CANCELLED);
    assert_int_equal(gsaw_group_pending(&group), 0);
    gsaw_group_reset(&group);
    assert_int_equal(gsaw_group_status(&group), GSAW_OK);
    tasks[0].value = 0;
    assert_int_equal(gsaw_pool_submit(pool, &group, &tasks[0]), GSAW_OK);
    assert_int_equal(gsaw_pool_wait(pool, &group), GSAW_OK);
    assert_int_equal(tasks[0].value, 1);
    gsaw_pool_free(pool);
}

enum { RACERS = 2000 };

typedef struct race {
    gsaw_task tasks[RACERS];
    _Atomic uint32_t runs, nevers;
} race;

static gsaw_status count_run(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)value;
    gsaw__add_relaxed(&((race *)argument)->runs, 1); /* test: a count */
    return GSAW_OK;
}

static void cancel_each(void *argument)
{
    race *self = argument;
    for (size_t i = RACERS; i-- > 0;)
        gsaw__add_relaxed(&self->nevers, gsaw_task_cancel(&self->tasks[i])); /* test: a count */
}

static void test_cancel_and_run_exclude_each_other(void **state)
{
    (void)state;
    static race self;
    gsaw_pool *pool = open_pool(&(gsaw_pool_options){.workers = 2});
    for (int round = 0; round < 20; round++) {
        gsaw_group group = {0};
        gsaw__thread canceller;
        gsaw__thread_options options = {
            .function = cancel_each, .argument = &self, .name = "cancel"};
        gsaw__store_relaxed(&self.runs, 0);   /* test: nobody runs */
        gsaw__store_relaxed(&self.nevers, 0); /* test: the same */
        for (size_t i = 0; i < RACERS; i++)
            self.tasks[i] = (gsaw_task){.function = count_run, .argument = &self};
        assert_int_equal(gsaw_pool_submit_all(pool, &group, self.tasks, RACERS), GSAW_OK);
        assert_int_equal(gsaw__thread_start(&canceller, &options, NULL), GSAW_OK);
        gsaw_pool_wait(pool, &group);
        gsaw__thread_join(&canceller);
        uint32_t done = 0, cancelled = 0;
        for (size_t i = 0; i < RACERS; i++) {
            done += gsaw_task_state_of(&self.tasks[i]) == GSAW_TASK_DONE;
            cancelled += gsaw_task_state_of(&self.tasks[i]) == GSAW_TASK_CANCELLED;
        }
        assert_int_equal(done + cancelled, RACERS);
        assert_int_equal(gsaw__load_relaxed(&self.runs), done);        /* test: all has ended */
        assert_int_equal(gsaw__load_relaxed(&self.nevers), cancelled); /* test: all has ended */
    }
    gsaw_pool_free(pool);
}

/* ---- limits and deadlines ---- */

static gsaw_status submit_inside(gsaw_worker *worker, void *argument, uint64_t *value)
{
    gsaw_group group = {0};
    gsaw_task *tasks = argument;
    for (int i = 0; i < 10; i++) { /* more than tasks_max: inside nothing blocks */
        tasks[i] = (gsaw_task){.function = add_one};
        gsaw_status status = gsaw_pool_submit(gsaw_worker_pool(worker), &group, &tasks[i]);
        if (status != GSAW_OK)
            return status;
    }
    gsaw_status status = gsaw_pool_wait(gsaw_worker_pool(worker), &group);
    for (int i = 0; i < 10; i++)
        *value += tasks[i].value;
    return status;
}

static void test_pool_limits_what_is_in_flight(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(&(gsaw_pool_options){.workers = 1, .tasks_max = 2});
    gate self = {0};
    gsaw_group group = {0};
    gsaw_task held = {.function = hold, .argument = &self}, second = {.function = add_one},
              third = {.function = add_one};
    assert_int_equal(gsaw_pool_submit(pool, &group, &held), GSAW_OK);
    wait_in(&self, 1);
    assert_int_equal(gsaw_pool_try_submit(pool, &group, &second), GSAW_OK);
    assert_int_equal(gsaw_pool_try_submit(pool, &group, &third), GSAW_AGAIN);
    assert_int_equal(gsaw_task_state_of(&third), GSAW_TASK_NEW);
    assert_int_equal(gsaw_pool_wait_until(pool, &group, gsaw__clock_ns() + 1000000), GSAW_TIMEOUT);
    gsaw__store_release(&self.is_open, true);                          /* test: pairs with hold() */
    assert_int_equal(gsaw_pool_submit(pool, &group, &third), GSAW_OK); /* waits for room */
    assert_int_equal(gsaw_pool_wait(pool, &group), GSAW_OK);
    assert_int_equal(third.value, 1);
    gsaw_task inner[10], outer = {.function = submit_inside, .argument = inner};
    assert_int_equal(run_one(pool, &outer), GSAW_OK);
    assert_int_equal(outer.value, 10);
    gsaw_pool_free(pool);
}

static void test_pool_shutdown_until_names_what_is_stuck(void **state)
{
    (void)state;
    gsaw_pool *pool = open_pool(&(gsaw_pool_options){.workers = 1});
    gate self = {0};
    gsaw_group group = {0};
    gsaw_task held = {.function = hold, .argument = &self}, queued = {.function = add_one};
    gsaw_pool_submit(pool, &group, &held);
    wait_in(&self, 1);
    gsaw_pool_submit(pool, &group, &queued);
    gsaw_stuck stuck[2];
    size_t count = 0;
    assert_int_equal(gsaw_pool_shutdown_until(pool, gsaw__clock_ns() + 2000000, stuck, 2, &count),
                     GSAW_TIMEOUT);
    assert_int_equal(count, 1);
    assert_true(stuck[0].function == hold);
    assert_ptr_equal(stuck[0].argument, &self);
    gsaw__store_release(&self.is_open, true); /* test: pairs with hold() */
    assert_int_equal(gsaw_pool_shutdown_until(pool, UINT64_MAX, stuck, 2, &count), GSAW_OK);
    assert_int_equal(gsaw_task_state_of(&queued), GSAW_TASK_CANCELLED);
    assert_int_equal(gsaw_group_pending(&group), 0);
    gsaw_pool_free(pool);
}

/* ---- blocking sections, and what threads are like ---- */

typedef struct handover {
    gsaw__mutex lock;
    gsaw__condition changed;
    bool is_given;
} handover;

static gsaw_status wait_for_other(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    handover *self = argument;
    gsaw_worker_block_begin(worker);
    gsaw__mutex_lock(&self->lock);
    while (!self->is_given)
        gsaw__condition_wait(&self->changed, &self->lock);
    gsaw__mutex_unlock(&self->lock);
    gsaw_worker_block_end(worker);
    return GSAW_OK;
}

static gsaw_status give(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)value;
    handover *self = argument;
    gsaw__mutex_lock(&self->lock);
    self->is_given = true;
    gsaw__condition_broadcast(&self->changed);
    gsaw__mutex_unlock(&self->lock);
    return GSAW_OK;
}

static void test_pool_replaces_workers_that_block(void **state)
{
    (void)state;
    for (int round = 0; round < 30; round++) {
        gsaw_pool *pool = open_pool(&(gsaw_pool_options){.workers = 1});
        handover self = {.is_given = false};
        assert_int_equal(gsaw__mutex_init(&self.lock, "test", GSAW_RANK_LEAF), GSAW_OK);
        assert_int_equal(gsaw__condition_init(&self.changed), GSAW_OK);
        gsaw_group group = {0};
        gsaw_task waiting[3], giving = {.function = give, .argument = &self};
        for (int i = 0; i < 3; i++) {
            waiting[i] = (gsaw_task){.function = wait_for_other, .argument = &self};
            gsaw_pool_submit(pool, &group, &waiting[i]);
        }
        gsaw_pool_submit(pool, &group, &giving);
        assert_int_equal(gsaw_pool_wait(pool, &group), GSAW_OK);
        gsaw_pool_free(pool);
        gsaw__condition_clear(&self.changed);
        gsaw__mutex_clear(&self.lock);
    }
}

static gsaw_status look_around(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)argument;
    cpu_set_t cpus;
    pthread_attr_t attributes;
    size_t stack = 0;
    CPU_ZERO(&cpus);
    if (pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus) != 0 ||
        pthread_getattr_np(pthread_self(), &attributes) != 0)
        return GSAW_SYSTEM;
    pthread_attr_getstacksize(&attributes, &stack);
    pthread_attr_destroy(&attributes);
    *value = (uint64_t)CPU_COUNT(&cpus) << 32 | (uint64_t)(stack >> 10);
    return GSAW_OK;
}

static void test_pool_pins_and_sizes_its_threads(void **state)
{
    (void)state;
    gsaw_pool *pool =
        open_pool(&(gsaw_pool_options){.workers = 2, .pin = true, .stack_size = 512 << 10});
    gsaw_task task = {.function = look_around};
    assert_int_equal(run_one(pool, &task), GSAW_OK);
    assert_int_equal(task.value >> 32, 1);
    assert_in_range(task.value & UINT32_MAX, 512, 1024);
    gsaw_pool_free(pool);
}

static gsaw_status copy_name(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)value;
    return pthread_getname_np(pthread_self(), argument, 16) == 0 ? GSAW_OK : GSAW_SYSTEM;
}

static void test_pool_names_its_threads(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {NULL, "gangsaw-0"}, {"index", "index-0"}, {"a long name", "a long n-0"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[16] = "";
        gsaw_pool *pool = open_pool(&(gsaw_pool_options){.workers = 1, .name = names[i][0]});
        gsaw_task task = {.function = copy_name, .argument = name};
        assert_int_equal(run_one(pool, &task), GSAW_OK);
        assert_string_equal(name, names[i][1]);
        gsaw_pool_free(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fork_joins_in_any_order),
        cmocka_unit_test(test_fork_tells_failures_and_cancels),
        cmocka_unit_test(test_fork_ends_with_a_cancelled_group),
        cmocka_unit_test(test_fork_without_memory_runs_in_place),
        cmocka_unit_test(test_group_fails_fast),
        cmocka_unit_test(test_cancel_and_run_exclude_each_other),
        cmocka_unit_test(test_pool_limits_what_is_in_flight),
        cmocka_unit_test(test_pool_shutdown_until_names_what_is_stuck),
        cmocka_unit_test(test_pool_replaces_workers_that_block),
        cmocka_unit_test(test_pool_pins_and_sizes_its_threads),
        cmocka_unit_test(test_pool_names_its_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
