/* test_pool.c - ThreadPool: submitting, groups, waiting inside and outside, statistics, trace,
 * memory.
 * Next:    src/task/pool.h, test_lifecycle.c (resize, shutdown, no threads, fork) */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "task/pool.h"

static gsaw_pool *make(uint32_t workers)
{
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    assert_int_equal(gsaw_pool_worker_count(pool), workers);
    return pool;
}

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

static void test_pool_refuses(void **state)
{
    (void)state;
    gsaw_pool *pool = NULL;
    gsaw_error error = {0};
    gsaw_pool_options options = {.size = 3};
    assert_int_equal(gsaw_pool_new(&options, &pool, &error), GSAW_INVALID);
    options = (gsaw_pool_options){.size = sizeof options, .workers = 1025};
    assert_int_equal(gsaw_pool_new(&options, &pool, &error), GSAW_RANGE);
    assert_int_equal(error.status, GSAW_RANGE);
    options = (gsaw_pool_options){.size = sizeof options, .workers = 1, .stack_size = 1};
    assert_int_equal(gsaw_pool_new(&options, &pool, &error), GSAW_RANGE);
    assert_memory_equal(error.text, "stack_size: 1 is below ", 23);
    assert_null(pool);
    pool = make(1);
    gsaw_group group = {0};
    gsaw_task task = {.function = add};
    assert_int_equal(gsaw_pool_spawn(pool, NULL, task.function, task.argument, task.value),
                     GSAW_INVALID);
    assert_int_equal(gsaw_pool_spawn(pool, &group, NULL, NULL, 0), GSAW_INVALID);
    assert_int_equal(gsaw_group_pending(&group), 0);
    assert_int_equal(gsaw_pool_resize(pool, 1025), GSAW_RANGE);
    gsaw_worker_stats stats;
    assert_int_equal(gsaw_pool_stats(pool, 1, &stats), GSAW_RANGE);
    assert_null(gsaw__pool_trace(pool, 1));
    gsaw_pool_free(pool);
    gsaw_pool_free(NULL);
}

static void test_pool_runs_what_is_submitted(void **state)
{
    (void)state;
    gsaw_pool *pool;
    assert_int_equal(gsaw_pool_new(NULL, &pool, NULL), GSAW_OK); /* every default */
    assert_true(gsaw_pool_worker_count(pool) >= 1);
    gsaw_group group = {0};
    gsaw_pool_wait(pool, &group); /* an empty group: returns at once */
    for (int round = 0; round < 3; round++) {
        _Atomic uint64_t sum = 0;
        for (uint64_t i = 1; i <= 1000; i++)
            submit(pool, &group, add, &sum, i);
        gsaw_pool_wait(pool, &group);
        assert_int_equal(sum, 500500);
        assert_int_equal(gsaw_group_pending(&group), 0);
    }
    gsaw_pool_free(pool);
}

struct write_job {
    uint64_t values[1000]; /* not atomic: wait is what makes them visible */
};

static gsaw_status write_value(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    ((struct write_job *)argument)->values[*value] += *value + 1;
    return GSAW_OK;
}

static void test_pool_wait_makes_writes_visible(void **state)
{
    (void)state;
    static struct write_job job;
    gsaw_pool *pool = make(3);
    gsaw_group group = {0};
    for (int round = 0; round < 20; round++) {
        for (uint64_t i = 0; i < 1000; i++)
            submit(pool, &group, write_value, &job, i);
        gsaw_pool_wait(pool, &group);
    }
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(job.values[i], 20 * (i + 1));
    gsaw_pool_free(pool);
}

struct order {
    uint64_t next;
    bool is_right;
};

static gsaw_status note_order(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    struct order *order = argument;
    order->is_right = order->is_right && *value == order->next;
    order->next++;
    return GSAW_OK;
}

static void test_pool_without_stealing_is_first_in_first_out(void **state)
{
    (void)state;
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = 1, .no_stealing = true};
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    gsaw_group group = {0};
    struct order order = {.is_right = true};
    for (uint64_t i = 0; i < 5000; i++)
        submit(pool, &group, note_order, &order, i);
    gsaw_pool_wait(pool, &group);
    assert_true(order.is_right);
    assert_int_equal(order.next, 5000);
    gsaw_pool_free(pool);
}

struct fibonacci {
    uint64_t result;
};

/* The usual fork and join: groups and results on the stack of the task. */
static gsaw_status fibonacci(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct fibonacci *self = argument;
    if (*value < 2) {
        self->result = *value;
        return GSAW_OK;
    }
    gsaw_pool *pool = gsaw_worker_pool(worker);
    struct fibonacci left = {0}, right = {0};
    gsaw_group group = {0};
    submit(pool, &group, fibonacci, &left, *value - 1);
    submit(pool, &group, fibonacci, &right, *value - 2);
    gsaw_pool_wait(pool, &group);
    self->result = left.result + right.result;
    return GSAW_OK;
}

static void test_pool_waits_inside_tasks(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 5; workers += 2)
        for (int stealing = 0; stealing < 2; stealing++) {
            gsaw_pool *pool;
            gsaw_pool_options options = {
                .size = sizeof options, .workers = workers, .no_stealing = stealing == 0};
            assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
            gsaw_group group = {0};
            struct fibonacci root = {0};
            submit(pool, &group, fibonacci, &root, 15);
            gsaw_pool_wait(pool, &group);
            assert_int_equal(root.result, 610);
            gsaw_pool_free(pool);
        }
}

struct own {
    gsaw_group mine, other;
    _Atomic uint64_t mine_run, other_run;
    uint64_t mine_seen, other_seen; /* when wait returned */
};

/* Tasks of two groups, mixed, so that those of `mine` lie under those of `other`. */
static gsaw_status wait_for_mine(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct own *own = argument;
    gsaw_pool *pool = gsaw_worker_pool(worker);
    for (uint64_t i = 0; i < *value; i++) {
        submit(pool, &own->mine, add, &own->mine_run, 1);
        submit(pool, &own->other, add, &own->other_run, 1);
    }
    gsaw_pool_wait(pool, &own->mine);
    own->mine_seen = atomic_load(&own->mine_run);
    own->other_seen = atomic_load(&own->other_run);
    return GSAW_OK;
}

static void test_pool_wait_helps_only_its_own_group(void **state)
{
    (void)state;
    for (uint64_t count = 1; count <= 1000; count *= 10) {
        gsaw_pool *pool = make(1);
        gsaw_group group = {0};
        struct own own = {0};
        submit(pool, &group, wait_for_mine, &own, count);
        gsaw_pool_wait(pool, &group);
        assert_int_equal(own.mine_seen, count);
        assert_int_equal(own.other_seen, 0);
        gsaw_pool_wait(pool, &own.other);
        assert_int_equal(own.other_run, count);
        gsaw_pool_free(pool);
    }
}

/* Two workers, each in a task that waits for a group whose tasks the other one has buried. */
struct crossed {
    gsaw_group groups[2];
    _Atomic uint64_t arrived, runs[2];
};

static gsaw_status wait_crossed(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct crossed *crossed = argument;
    gsaw_pool *pool = gsaw_worker_pool(worker);
    submit(pool, &crossed->groups[1 - *value], add, &crossed->runs[1 - *value], 1);
    for (uint64_t i = 0; i < 10; i++)
        submit(pool, &crossed->groups[*value], add, &crossed->runs[*value], 1);
    atomic_fetch_add(&crossed->arrived, 1);
    while (atomic_load(&crossed->arrived) < 2)
        gsaw__thread_pause();
    gsaw_pool_wait(pool, &crossed->groups[*value]);
    return GSAW_OK;
}

static void test_pool_waits_of_two_workers_do_not_lock_up(void **state)
{
    (void)state;
    gsaw_pool *pool = make(2);
    for (int round = 0; round < 300; round++) {
        struct crossed crossed = {0};
        gsaw_group group = {0};
        submit(pool, &group, wait_crossed, &crossed, 0);
        submit(pool, &group, wait_crossed, &crossed, 1);
        gsaw_pool_wait(pool, &group);
        assert_int_equal(crossed.runs[0], 11);
        assert_int_equal(crossed.runs[1], 11);
    }
    gsaw_pool_free(pool);
}

struct from_outside {
    gsaw_pool *pool;
    gsaw_group late;
    _Atomic uint64_t begun, sum;
    _Atomic bool open;
};

static gsaw_status hold_open(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    (void)value;
    while (!atomic_load((_Atomic bool *)argument))
        gsaw__thread_pause();
    return GSAW_OK;
}

static gsaw_status wait_for_late(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct from_outside *self = argument;
    (void)value;
    atomic_store(&self->begun, 1);
    gsaw_pool_wait(gsaw_worker_pool(worker), &self->late);
    return GSAW_OK;
}

/* Both workers are taken, one of them parked in a wait: a task from outside must get that one up.
 */
static void test_pool_wakes_a_waiting_task_to_help(void **state)
{
    (void)state;
    struct from_outside self = {.pool = make(2)};
    gsaw_group group = {0};
    submit(self.pool, &self.late, hold_open, &self.open, 0); /* keeps `late` pending */
    submit(self.pool, &group, wait_for_late, &self, 0);
    while (atomic_load(&self.begun) == 0)
        gsaw__thread_pause();
    pass(5); /* long enough to park, most of the time; right in any case */
    for (uint64_t i = 0; i < 100; i++)
        submit(self.pool, &self.late, add, &self.sum, 1);
    while (atomic_load(&self.sum) != 100) /* hangs (and times out) if nobody helps */
        gsaw__thread_pause();
    atomic_store(&self.open, true);
    gsaw_pool_wait(self.pool, &group);
    gsaw_pool_free(self.pool);
}

static void *wait_in_thread(void *argument)
{
    struct from_outside *self = argument;
    gsaw_pool_wait(self->pool, &self->late);
    atomic_fetch_add(&self->begun, 1);
    return NULL;
}

static void test_pool_many_may_wait_for_one_group(void **state)
{
    (void)state;
    struct from_outside self = {.pool = make(1)};
    pthread_t threads[5];
    submit(self.pool, &self.late, hold_open, &self.open, 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_in_thread, &self), 0);
    pass(5);
    assert_int_equal(self.begun, 0);
    atomic_store(&self.open, true);
    for (int i = 0; i < 5; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(self.begun, 5);
    gsaw_pool_free(self.pool);
}

struct two_pools {
    gsaw_pool *other;
    _Atomic uint64_t sum;
    _Atomic bool is_right;
};

static gsaw_status use_other_pool(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct two_pools *pools = argument;
    gsaw_group group = {0};
    for (uint64_t i = 0; i < *value; i++)
        submit(pools->other, &group, add, &pools->sum, 1);
    gsaw_pool_wait(pools->other, &group);
    if (gsaw__pool_worker_here(pools->other) != NULL ||
        gsaw__pool_worker_here(gsaw_worker_pool(worker)) != worker)
        atomic_store(&pools->is_right, false);
    return GSAW_OK;
}

static void test_pool_side_by_side(void **state)
{
    (void)state;
    gsaw_pool *pool = make(2);
    struct two_pools pools = {.other = make(2), .is_right = true};
    gsaw_group group = {0};
    for (int i = 0; i < 50; i++)
        submit(pool, &group, use_other_pool, &pools, 10);
    gsaw_pool_wait(pool, &group);
    assert_int_equal(pools.sum, 500);
    assert_true(pools.is_right);
    assert_null(gsaw__pool_worker_here(pool));
    gsaw_pool_free(pools.other);
    gsaw_pool_free(pool);
}

static gsaw_status work_a_while(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    (void)argument;
    for (uint64_t end_ns = gsaw__clock_ns() + *value; gsaw__clock_ns() < end_ns;)
        ;
    return GSAW_OK;
}

/* Until each worker has slept since, and all have rested so long together; or the test times out.
 */
static void rest_all(gsaw_pool *pool, uint64_t parks, uint64_t idle_ns)
{
    uint64_t rested_ns = 0;
    bool parked = false;
    while (!parked || rested_ns < idle_ns) {
        gsaw_worker_stats stats;
        parked = true;
        rested_ns = 0;
        for (uint32_t i = 0; gsaw_pool_stats(pool, i, &stats) == GSAW_OK; i++) {
            parked = parked && stats.parks >= parks;
            rested_ns += stats.idle_ns;
        }
        pass(1);
    }
}

static void test_pool_stats_add_up(void **state)
{
    (void)state;
    gsaw_pool *pool = make(2);
    gsaw_group group = {0};
    for (int i = 0; i < 40; i++)
        submit(pool, &group, work_a_while, NULL, 500000);
    gsaw_pool_wait(pool, &group);
    rest_all(pool, 1, 30000000);
    gsaw_worker_stats sum = {0};
    for (uint32_t i = 0; i < 2; i++) {
        gsaw_worker_stats stats;
        assert_int_equal(gsaw_pool_stats(pool, i, &stats), GSAW_OK);
        assert_int_equal(stats.worker_id, i);
        assert_int_equal(stats.pending, 0);
        assert_true(stats.average_ns == 0 || stats.average_ns >= 400000);
        sum.completed += stats.completed;
        sum.busy_ns += stats.busy_ns;
        sum.parks += stats.parks;
    }
    assert_int_equal(sum.completed, 40);
    assert_true(sum.busy_ns >= 40 * 500000);
    assert_in_range(sum.parks, 2, 80);
    gsaw_pool_free(pool);
}

static void test_pool_busy_time_is_seen_while_it_runs(void **state)
{
    (void)state;
    gsaw_pool *pool = make(1);
    gsaw_group group = {0};
    _Atomic bool open = false;
    gsaw_worker_stats first = {0}, second;
    submit(pool, &group, hold_open, &open, 0);
    while (first.busy_ns == 0)
        assert_int_equal(gsaw_pool_stats(pool, 0, &first), GSAW_OK);
    uint64_t start_ns = gsaw__clock_ns();
    pass(20);
    uint64_t passed_ns = gsaw__clock_ns() - start_ns;
    assert_int_equal(gsaw_pool_stats(pool, 0, &second), GSAW_OK);
    assert_true(second.busy_ns >= first.busy_ns + passed_ns);
    assert_int_equal(second.completed, 0);
    atomic_store(&open, true);
    gsaw_pool_wait(pool, &group);
    gsaw_pool_free(pool);
}

static void test_pool_trace_has_each_task(void **state)
{
    (void)state;
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = 2, .trace_events = 4096};
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    gsaw_group group = {0};
    for (uint64_t i = 0; i < 20; i++)
        submit(pool, &group, work_a_while, NULL, 100000 + i);
    gsaw_pool_wait(pool, &group);
    rest_all(pool, 1, 0);
    gsaw_pool_shutdown(pool, true);
    uint64_t tasks = 0, parks = 0;
    for (uint32_t i = 0; i < 2; i++) {
        const gsaw__trace_ring *ring = gsaw__pool_trace(pool, i);
        for (size_t j = 0; j < gsaw__trace_ring_count(ring); j++) {
            const gsaw__trace_event *event = gsaw__trace_ring_at(ring, j);
            parks += event->kind == GSAW_TRACE_PARK;
            if (event->kind != GSAW_TRACE_TASK)
                continue;
            tasks++;
            assert_in_range(event->argument, 100000, 100019);
            assert_true(event->duration_ns >= event->argument);
        }
    }
    assert_int_equal(tasks, 20);
    assert_true(parks >= 2);
    gsaw_pool_free(pool);
}

struct wanted {
    _Atomic bool open;
    bool alone, with_other;
};

static gsaw_status look_wanted(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct wanted *wanted = argument;
    (void)value;
    wanted->alone = gsaw_worker_is_wanted(worker);
    while (!gsaw_worker_is_wanted(worker) && !atomic_load(&wanted->open))
        gsaw__thread_pause();
    wanted->with_other = gsaw_worker_is_wanted(worker);
    return GSAW_OK;
}

static void test_pool_worker_is_wanted(void **state)
{
    (void)state;
    struct wanted wanted = {0};
    gsaw_group group = {0};
    gsaw_pool *pool = make(2); /* the other has nothing to do: comes true, or the test times out */
    submit(pool, &group, look_wanted, &wanted, 0);
    gsaw_pool_wait(pool, &group);
    assert_true(wanted.with_other);
    gsaw_pool_free(pool);
    pool = make(1); /* nobody else */
    wanted = (struct wanted){.open = true};
    submit(pool, &group, look_wanted, &wanted, 0);
    gsaw_pool_wait(pool, &group);
    assert_false(wanted.alone || wanted.with_other);
    gsaw_pool_free(pool);
}

static void test_pool_idle_costs_nothing(void **state)
{
    (void)state;
    gsaw_pool *pool = make(8);
    gsaw_group group = {0};
    _Atomic uint64_t sum = 0;
    for (uint64_t i = 0; i < 100; i++)
        submit(pool, &group, add, &sum, i);
    gsaw_pool_wait(pool, &group);
    rest_all(pool, 1, 0);
    pass(20);
    uint64_t cpu_ns = gsaw__clock_cpu_ns();
    pass(300);
    cpu_ns = gsaw__clock_cpu_ns() - cpu_ns;
    assert_true(cpu_ns < 3000000); /* 1% here, sanitizers included; polling would be 100% */
    gsaw_pool_free(pool);
}

static gsaw_status spread(gsaw_worker *worker, void *argument, uint64_t *value)
{
    _Atomic uint64_t *sum = argument;
    gsaw_group group = {0};
    gsaw_task task = {.function = add, .argument = argument, .value = 1};
    for (uint64_t i = 0; i < *value; i++)
        if (gsaw_pool_spawn(gsaw_worker_pool(worker), &group, task.function, task.argument,
                            task.value) != GSAW_OK)
            atomic_fetch_add(sum, 1); /* refused: counted here instead */
    gsaw_pool_wait(gsaw_worker_pool(worker), &group);
    return GSAW_OK;
}

/* All that takes memory, with the n-th allocation failing, and from the n-th on. */
static void test_pool_out_of_memory(void **state)
{
    (void)state;
    for (int from = 0; from < 2; from++) {
        bool is_whole = false;
        for (size_t n = 1; !is_whole; n++) {
            gsaw_failing_allocator memory;
            gsaw_failing_allocator_init(&memory, n, from);
            gsaw_pool *pool = NULL;
            gsaw_pool_options options = {.size = sizeof options,
                                         .allocator = &memory.allocator,
                                         .workers = 2,
                                         .trace_events = 16};
            gsaw_status status = gsaw_pool_new(&options, &pool, NULL);
            assert_true(status == GSAW_OK || (status == GSAW_NO_MEMORY && pool == NULL));
            if (status == GSAW_OK) {
                gsaw_group group = {0};
                _Atomic uint64_t sum = 0;
                uint64_t refused = 0;
                gsaw_task task = {.function = spread, .argument = &sum, .value = 600};
                for (int i = 0; i < 200; i++)
                    refused += gsaw_pool_spawn(pool, &group, task.function, task.argument,
                                               task.value) != GSAW_OK;
                status = gsaw_pool_resize(pool, 4);
                assert_true(status == GSAW_OK || status == GSAW_NO_MEMORY);
                assert_in_range(gsaw_pool_worker_count(pool), 2, 4);
                gsaw_pool_wait(pool, &group);
                assert_int_equal(sum, (200 - refused) * 600);
                is_whole = refused == 0 && status == GSAW_OK && memory.calls < n;
            }
            gsaw_pool_free(pool);
            assert_int_equal(memory.live_bytes, 0);
        }
    }
}

static gsaw_status name_itself(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)argument;
    if (*value % 2 == 0)
        gsaw_worker_name_task(worker, "even");
    gsaw_worker_span_end(worker, gsaw_worker_span_begin(worker), "inside", *value);
    return GSAW_OK;
}

static gsaw_status gather(void *context, const char *bytes, size_t size)
{
    gsaw__buffer *text = context;
    gsaw__buffer_append(text, bytes, size);
    return text->failed ? GSAW_NO_MEMORY : GSAW_OK;
}

static gsaw_status refuse(void *context, const char *bytes, size_t size)
{
    (void)context, (void)bytes, (void)size;
    return GSAW_SYSTEM;
}

static void test_pool_writes_its_trace(void **state)
{
    (void)state;
    gsaw_pool_options options = {.size = sizeof options, .workers = 2, .trace_events = 4096};
    gsaw_pool *pool;
    gsaw_group group = {0};
    gsaw__buffer text = {0};
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    for (uint64_t i = 0; i < 50; i++)
        assert_int_equal(gsaw_pool_spawn(pool, &group, name_itself, NULL, i), GSAW_OK);
    gsaw_pool_wait(pool, &group);
    gsaw_pool_shutdown(pool, true);
    assert_int_equal(gsaw_pool_write_trace(pool, refuse, NULL, NULL), GSAW_SYSTEM);
    assert_int_equal(gsaw_pool_write_trace(pool, gather, &text, NULL), GSAW_OK);
    const char *json = gsaw__buffer_text(&text);
    assert_non_null(strstr(json, "{\"name\":\"worker 1\"}"));
    assert_non_null(strstr(json, "\"name\":\"even\",\"ph\":\"X\""));
    assert_non_null(strstr(json, "\"name\":\"task\",\"ph\":\"X\""));
    assert_non_null(strstr(json, "\"name\":\"inside\",\"ph\":\"X\""));
    assert_non_null(strstr(json, "\"name\":\"park\",\"ph\":\"X\""));
    assert_non_null(strstr(json, "\"name\":\"queued\",\"ph\":\"C\""));
    assert_non_null(strstr(json, "\"name\":\"resident\",\"ph\":\"C\""));
    assert_string_equal(json + strlen(json) - 3, "}}\n");
    gsaw__buffer_clear(&text);
    gsaw_pool_free(pool);
}

typedef struct late {
    gsaw_pool *pool;
    gsaw_group group; /* of tasks that take 10 ms in all */
    _Atomic uint64_t sum;
    gsaw_status waited;
    uint64_t pending; /* when the wait came back */
} late;

static gsaw_status pass_and_add(gsaw_worker *worker, void *argument, uint64_t *value)
{
    pass(1);
    return add(worker, argument, value);
}

static gsaw_status wait_for_a_while(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)value;
    late *self = argument;
    for (int i = 0; i < 10; i++)
        submit(self->pool, &self->group, pass_and_add, &self->sum, 1);
    self->waited = gsaw_pool_wait_until(self->pool, &self->group, gsaw__clock_ns() + 1500000);
    self->pending = gsaw_group_pending(&self->group);
    return GSAW_OK;
}

/* Who helps looks at the deadline between two tasks, however many there are. */
static void test_pool_wait_ends_at_its_deadline_while_it_helps(void **state)
{
    (void)state;
    late self = {.pool = make(1)};
    gsaw_group group = {0};
    submit(self.pool, &group, wait_for_a_while, &self, 0);
    assert_int_equal(gsaw_pool_wait(self.pool, &group), GSAW_OK);
    assert_int_equal(self.waited, GSAW_TIMEOUT);
    assert_true(self.pending >= 1);
    assert_int_equal(gsaw_pool_wait(self.pool, &self.group), GSAW_OK);
    assert_int_equal(self.sum, 10);
    gsaw_pool_free(self.pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_wait_ends_at_its_deadline_while_it_helps),
        cmocka_unit_test(test_pool_refuses),
        cmocka_unit_test(test_pool_runs_what_is_submitted),
        cmocka_unit_test(test_pool_wait_makes_writes_visible),
        cmocka_unit_test(test_pool_without_stealing_is_first_in_first_out),
        cmocka_unit_test(test_pool_waits_inside_tasks),
        cmocka_unit_test(test_pool_wait_helps_only_its_own_group),
        cmocka_unit_test(test_pool_waits_of_two_workers_do_not_lock_up),
        cmocka_unit_test(test_pool_wakes_a_waiting_task_to_help),
        cmocka_unit_test(test_pool_many_may_wait_for_one_group),
        cmocka_unit_test(test_pool_side_by_side),
        cmocka_unit_test(test_pool_stats_add_up),
        cmocka_unit_test(test_pool_busy_time_is_seen_while_it_runs),
        cmocka_unit_test(test_pool_trace_has_each_task),
        cmocka_unit_test(test_pool_worker_is_wanted),
        cmocka_unit_test(test_pool_idle_costs_nothing),
        cmocka_unit_test(test_pool_out_of_memory),
        cmocka_unit_test(test_pool_writes_its_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
