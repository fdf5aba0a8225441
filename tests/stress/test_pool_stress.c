/* test_pool_stress.c - the pool under everything at once: nested groups on stacks, submitters from
 * outside, resizes, shutdowns, memory and threads that run out. Every sum depends on order; tasks
 * are conserved. Reproduce: GSAW_SEED=n test_pool_stress (the seed is printed when a test fails).
 * Next:    src/task/README.md */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "task/pool.h"

/* Under a sanitizer a task costs 20 to 50 times as much. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SCALE 1u
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SCALE 1u
#endif
#endif
#if !defined(SCALE)
#define SCALE 12u
#endif

static uint64_t seed;

/* splitmix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014) */
static uint64_t mix(uint64_t value)
{
    value += UINT64_C(0x9E3779B97F4A7C15);
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

static uint64_t next_random(uint64_t *state) { return *state = mix(*state); }

#define assert_seeded(condition)                                                                   \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("GSAW_SEED=%llu: %s", (unsigned long long)seed, #condition);                  \
    } while (0)

static gsaw_pool *make(uint32_t workers)
{
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    return pool;
}

static void submit(gsaw_pool *pool, gsaw_group *group, gsaw_task_function *function, void *argument,
                   uint64_t range)
{
    gsaw_check(gsaw_pool_spawn(pool, group, function, argument, range) == GSAW_OK);
}

/* ---- a random tree, folded in order ---- */

enum { CHILDREN_MAX = 6 };

struct node {
    uint64_t key, result;
    _Atomic uint64_t *tasks;
};

/* How many children the node has, and its fold over their results, in order. */
static uint64_t child_count(uint64_t key, uint64_t depth)
{
    return depth == 0 ? 0 : mix(key ^ 1) % (CHILDREN_MAX + 1);
}

static uint64_t fold(uint64_t hash, uint64_t result) { return mix(hash * 31 + result); }

/* NOLINTNEXTLINE(misc-no-recursion): at most 6 deep, and the plainest statement of what is right */
static uint64_t walk_serially(uint64_t key, uint64_t depth, uint64_t *tasks)
{
    uint64_t hash = key, count = child_count(key, depth);
    ++*tasks;
    for (uint64_t i = 0; i < count; i++)
        hash = fold(hash, walk_serially(mix(key + i), depth - 1, tasks));
    return hash;
}

/* The group, the children and their results lie on this task's stack. Some tasks wait for two
 * groups. */
static gsaw_status walk(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct node *node = argument;
    gsaw_pool *pool = gsaw_worker_pool(worker);
    struct node children[CHILDREN_MAX];
    gsaw_group groups[2] = {0};
    uint64_t count = child_count(node->key, *value), ways = 1 + (node->key & 1);
    for (uint64_t i = 0; i < count; i++) {
        children[i] = (struct node){.key = mix(node->key + i), .tasks = node->tasks};
        submit(pool, &groups[i % ways], walk, &children[i], *value - 1);
    }
    for (uint64_t i = 0; i < ways; i++)
        gsaw_pool_wait(pool, &groups[i]);
    uint64_t hash = node->key;
    for (uint64_t i = 0; i < count; i++)
        hash = fold(hash, children[i].result);
    node->result = hash;
    atomic_fetch_add_explicit(node->tasks, 1, memory_order_relaxed);
    return GSAW_OK;
}

struct trees {
    gsaw_pool *pool;
    uint64_t random;
    uint32_t rounds;     /* at least so many */
    _Atomic bool *until; /* and until this is set; NULL: no more than that */
    uint64_t depth;
    uint64_t tasks; /* out */
    bool is_right;  /* out */
};

/* Submit trees from outside and compare each with the serial walk. */
static void *grow_trees(void *argument)
{
    struct trees *trees = argument;
    trees->is_right = true;
    for (uint32_t i = 0; i < trees->rounds || (trees->until != NULL && !atomic_load(trees->until));
         i++) {
        _Atomic uint64_t tasks = 0;
        uint64_t serial_tasks = 0;
        gsaw_group group = {0};
        struct node root = {.key = next_random(&trees->random), .tasks = &tasks};
        submit(trees->pool, &group, walk, &root, trees->depth);
        gsaw_pool_wait(trees->pool, &group);
        uint64_t hash = walk_serially(root.key, trees->depth, &serial_tasks);
        trees->is_right = trees->is_right && hash == root.result && tasks == serial_tasks;
        trees->tasks += serial_tasks;
    }
    return NULL;
}

static uint64_t completed_in(gsaw_pool *pool)
{
    gsaw_worker_stats stats;
    uint64_t completed = 0;
    for (uint32_t i = 0; gsaw_pool_stats(pool, i, &stats) == GSAW_OK; i++)
        completed += stats.completed;
    return completed;
}

static void test_stress_nested_groups(void **state)
{
    (void)state;
    static const uint32_t workers[] = {1, 2, 3, 16};
    for (size_t i = 0; i < sizeof workers / sizeof *workers; i++) {
        struct trees trees = {
            .pool = make(workers[i]), .random = seed + i, .rounds = 25 * SCALE, .depth = 6};
        grow_trees(&trees);
        assert_seeded(trees.is_right);
        assert_seeded(completed_in(trees.pool) == trees.tasks);
        gsaw_pool_free(trees.pool);
    }
}

struct resizer {
    gsaw_pool *pool;
    uint64_t random;
    _Atomic bool is_done;
};

static void *resize_at_random(void *argument)
{
    struct resizer *resizer = argument;
    for (uint32_t i = 0; i < 40 * SCALE; i++) {
        uint64_t random = next_random(&resizer->random);
        gsaw_check(gsaw_pool_resize(resizer->pool, 1 + (uint32_t)(random % 16)) == GSAW_OK);
        nanosleep(&(struct timespec){.tv_nsec = (long)(random >> 40 & 0x7ffff)}, NULL);
    }
    atomic_store(&resizer->is_done, true);
    return NULL;
}

static void test_stress_submitters_and_resizes(void **state)
{
    (void)state;
    enum { SUBMITTERS = 4 };
    gsaw_pool *pool = make(2);
    struct trees trees[SUBMITTERS];
    pthread_t threads[SUBMITTERS], resizing;
    struct resizer resizer = {.pool = pool, .random = seed};
    assert_int_equal(pthread_create(&resizing, NULL, resize_at_random, &resizer), 0);
    for (uint64_t i = 0; i < SUBMITTERS; i++) {
        trees[i] = (struct trees){.pool = pool,
                                  .random = seed + 100 + i,
                                  .rounds = 20 * SCALE,
                                  .until = &resizer.is_done,
                                  .depth = 5};
        assert_int_equal(pthread_create(&threads[i], NULL, grow_trees, &trees[i]), 0);
    }
    uint64_t tasks = 0;
    for (int i = 0; i < SUBMITTERS; i++) {
        pthread_join(threads[i], NULL);
        assert_seeded(trees[i].is_right);
        tasks += trees[i].tasks;
    }
    pthread_join(resizing, NULL);
    assert_seeded(completed_in(pool) == tasks);
    gsaw_pool_free(pool);
}

/* ---- a great many small tasks ---- */

struct cells {
    gsaw_group group;
    uint64_t count;
    uint64_t *values; /* each written by one task, read after the wait */
};

static gsaw_status fill_range(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct cells *cells = argument;
    uint64_t first = *value >> 32, last = *value & UINT32_MAX;
    while (last - first > 1) { /* split: the upper half becomes a task of its own */
        uint64_t middle = first + (last - first) / 2;
        submit(gsaw_worker_pool(worker), &cells->group, fill_range, cells, middle << 32 | last);
        last = middle;
    }
    cells->values[first] = mix(seed + first);
    return GSAW_OK;
}

static void test_stress_a_million_tasks(void **state)
{
    (void)state;
    struct cells cells = {.count = 100000 * SCALE};
    cells.values = calloc(cells.count, sizeof *cells.values);
    assert_non_null(cells.values);
    gsaw_pool *pool = make(16);
    for (int way = 0; way < 2; way++) { /* from inside, split by split; from outside, one by one */
        for (uint64_t i = 0; i < cells.count; i++)
            cells.values[i] = 0;
        if (way == 0)
            submit(pool, &cells.group, fill_range, &cells, cells.count);
        for (uint64_t i = 0; way == 1 && i < cells.count; i++)
            submit(pool, &cells.group, fill_range, &cells, i << 32 | (i + 1));
        gsaw_pool_wait(pool, &cells.group);
        uint64_t hash = 0, right = 0;
        for (uint64_t i = 0; i < cells.count; i++) {
            hash = fold(hash, cells.values[i]);
            right = fold(right, mix(seed + i));
        }
        assert_seeded(hash == right);
    }
    assert_seeded(completed_in(pool) == 2 * cells.count);
    gsaw_pool_free(pool);
    free(cells.values);
}

/* ---- no wake-up is lost: tasks that must all run at the same time ---- */

struct meeting {
    gsaw_group group;
    _Atomic uint32_t arrived;
    uint32_t expected;
};

static gsaw_status meet(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct meeting *meeting = argument;
    if (*value > 1) /* the rest from inside, for the deques */
        for (uint64_t i = 1; i < *value; i++)
            submit(gsaw_worker_pool(worker), &meeting->group, meet, meeting, 1);
    atomic_fetch_add(&meeting->arrived, 1);
    while (atomic_load(&meeting->arrived) < meeting->expected)
        gsaw__thread_pause();
    return GSAW_OK;
}

static void test_stress_every_worker_gets_up(void **state)
{
    (void)state;
    uint64_t random = seed;
    for (uint32_t workers = 2; workers <= 5; workers++) {
        gsaw_pool *pool = make(workers);
        for (uint32_t round = 0; round < 600 * SCALE; round++) {
            uint64_t choice = next_random(&random);
            struct meeting meeting = {.expected = workers};
            if (choice & 1) {
                submit(pool, &meeting.group, meet, &meeting, workers);
            } else {
                for (uint32_t i = 0; i < workers; i++)
                    submit(pool, &meeting.group, meet, &meeting, 1);
            }
            gsaw_pool_wait(pool, &meeting.group);
            if (choice % 8 == 0) /* about the time at which workers park */
                nanosleep(&(struct timespec){.tv_nsec = (long)(choice >> 20 & 0xffff)}, NULL);
        }
        gsaw_pool_free(pool);
    }
}

struct errand {
    gsaw_group group;
    _Atomic uint32_t arrived;
    uint64_t delay_ns;
};

/* The first task of the group brings a second one, a while later, and is not done before that runs.
 */
static gsaw_status run_errand(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct errand *errand = argument;
    if (*value == 0) {
        atomic_fetch_add(&errand->arrived, 1);
        return GSAW_OK;
    }
    for (uint64_t end_ns = gsaw__clock_ns() + errand->delay_ns; gsaw__clock_ns() < end_ns;)
        continue;
    submit(gsaw_worker_pool(worker), &errand->group, run_errand, errand, 0);
    while (atomic_load(&errand->arrived) == 0)
        gsaw__thread_pause();
    return GSAW_OK;
}

static gsaw_status send_and_wait(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct errand *errand = argument;
    submit(gsaw_worker_pool(worker), &errand->group, run_errand, errand, *value);
    for (uint64_t end_ns = gsaw__clock_ns() + 10000; gsaw__clock_ns() < end_ns;)
        continue; /* time for the other worker to take it */
    gsaw_pool_wait(gsaw_worker_pool(worker), &errand->group);
    return GSAW_OK;
}

/* With two workers, the one that waits is the only one that can run the second task: whether it
 * still looks for work, is about to park, or sleeps. */
static void test_stress_a_waiting_task_gets_up(void **state)
{
    (void)state;
    uint64_t random = seed;
    gsaw_pool *pool = make(2);
    for (uint32_t round = 0; round < 1500 * SCALE; round++) {
        uint64_t choice = next_random(&random);
        struct errand errand = {.delay_ns = choice % 4 == 0 ? choice >> 20 & 0x1ffff
                                                            : 30000 + (choice >> 20 & 0x3fff)};
        gsaw_group group = {0};
        submit(pool, &group, send_and_wait, &errand, 1);
        gsaw_pool_wait(pool, &group);
        assert_seeded(errand.arrived == 1);
    }
    gsaw_pool_free(pool);
}

/* ---- shutdowns ---- */

struct submitter {
    gsaw_pool *pool;
    gsaw_group group;
    uint64_t accepted;            /* by this thread */
    _Atomic uint64_t run, nested; /* tasks run; accepted inside tasks */
    uint64_t random;
};

static gsaw_status count_and_nest(gsaw_worker *worker, void *argument, uint64_t *value)
{
    struct submitter *self = argument;
    gsaw_task task = {.function = count_and_nest, .argument = argument, .value = *value / 2};
    gsaw_group group = {0};
    for (uint64_t i = 0; i < *value % 4; i++)
        if (gsaw_pool_spawn(self->pool, i % 2 == 0 ? &self->group : &group, task.function,
                            task.argument, task.value) == GSAW_OK)
            atomic_fetch_add(&self->nested, 1);
    gsaw_pool_wait(gsaw_worker_pool(worker), &group);
    atomic_fetch_add(&self->run, 1);
    return GSAW_OK;
}

static void *submit_until_closed(void *argument)
{
    struct submitter *self = argument;
    for (;;) {
        gsaw_task task = {
            .function = count_and_nest, .argument = self, .value = next_random(&self->random) % 64};
        if (gsaw_pool_spawn(self->pool, &self->group, task.function, task.argument, task.value) !=
            GSAW_OK)
            break;
        self->accepted++;
        if (self->accepted % 64 == 0) /* bounded: what was accepted is to be drained */
            gsaw_pool_wait(self->pool, &self->group);
    }
    gsaw_pool_wait(self->pool, &self->group);
    return NULL;
}

static void *shut_down_hard(void *argument)
{
    gsaw_pool_shutdown(argument, false);
    return NULL;
}

static void *resize_until_closed(void *argument)
{
    uint64_t random = seed;
    gsaw_status status;
    do {
        random = mix(random);
        status = gsaw_pool_resize(argument, 1 + (uint32_t)(random % 8));
    } while (status == GSAW_OK || status == GSAW_LIMIT);
    return NULL;
}

static _Atomic uint32_t threads_allowed; /* of start_few; under pool.control, one pool at a time */

static gsaw_status start_few(gsaw__thread *thread, const gsaw__thread_options *options,
                             gsaw_error *error)
{
    if (threads_allowed == 0)
        return GSAW_SYSTEM;
    atomic_fetch_sub(&threads_allowed, 1);
    return gsaw__thread_start(thread, options, error);
}

/* One pool that lives for about a millisecond, with any number of threads from none on. */
static void live_and_die(uint64_t *random)
{
    enum { SUBMITTERS = 3 };
    uint64_t choice = next_random(random);
    bool drain = (choice & 1) != 0, twice = (choice & 6) == 6;
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options,
                                 .workers = 1 + (uint32_t)(choice >> 8 & 7),
                                 .no_stealing = (choice >> 4 & 3) == 0};
    threads_allowed = (uint32_t)(choice >> 16 & 7);
    assert_int_equal(gsaw__pool_new_with(&options, start_few, &pool, NULL), GSAW_OK);
    static struct submitter submitters[SUBMITTERS];
    pthread_t threads[SUBMITTERS], hard, resizing;
    for (uint64_t i = 0; i < SUBMITTERS; i++) {
        submitters[i] = (struct submitter){.pool = pool, .random = choice + i};
        assert_int_equal(pthread_create(&threads[i], NULL, submit_until_closed, &submitters[i]), 0);
    }
    assert_int_equal(pthread_create(&resizing, NULL, resize_until_closed, pool), 0);
    nanosleep(&(struct timespec){.tv_nsec = (long)(choice >> 32 & 0xfffff)}, NULL);
    if (twice)
        assert_int_equal(pthread_create(&hard, NULL, shut_down_hard, pool), 0);
    gsaw_pool_shutdown(pool, drain);
    if (twice)
        pthread_join(hard, NULL);
    pthread_join(resizing, NULL);
    uint64_t accepted = 0, run = 0, completed = 0, dropped = 0;
    for (int i = 0; i < SUBMITTERS; i++) {
        pthread_join(threads[i], NULL);
        assert_seeded(gsaw_group_pending(&submitters[i].group) == 0);
        accepted += submitters[i].accepted + submitters[i].nested;
        run += submitters[i].run;
    }
    gsaw_worker_stats stats;
    for (uint32_t i = 0; gsaw_pool_stats(pool, i, &stats) == GSAW_OK; i++) {
        completed += stats.completed;
        dropped += stats.dropped;
        assert_seeded(stats.pending == 0);
    }
    assert_seeded(completed == run);
    assert_seeded(completed + dropped == accepted);
    assert_seeded(dropped == 0 || !drain || twice);
    gsaw_pool_free(pool);
}

static void test_stress_shutdowns(void **state)
{
    (void)state;
    uint64_t random = seed;
    for (uint32_t round = 0; round < 150 * SCALE; round++)
        live_and_die(&random);
}

/* ---- memory that runs out now and then ---- */

struct flaky {
    gsaw_allocator allocator;
    _Atomic uint64_t random;
    _Atomic size_t live_bytes;
};

static void *resize_flakily(void *context, void *pointer, size_t old_size, size_t new_size)
{
    struct flaky *self = context;
    if (new_size > old_size && mix(atomic_fetch_add(&self->random, 1)) % 4 == 0)
        return NULL;
    if (new_size == 0) {
        atomic_fetch_sub(&self->live_bytes, old_size);
        free(pointer);
        return NULL;
    }
    void *moved = realloc(pointer, new_size);
    if (moved != NULL)
        atomic_fetch_add(&self->live_bytes, new_size - old_size);
    return moved;
}

static gsaw_status try_many(gsaw_worker *worker, void *argument, uint64_t *value)
{
    _Atomic uint64_t *sum = argument;
    gsaw_group group = {0};
    gsaw_task task = {.function = try_many, .argument = argument, .value = *value / 40};
    uint64_t refused = 0;
    for (uint64_t i = 0; i < *value; i++)
        refused += gsaw_pool_spawn(gsaw_worker_pool(worker), &group, task.function, task.argument,
                                   task.value) != GSAW_OK;
    gsaw_pool_wait(gsaw_worker_pool(worker), &group);
    /* Each task stands for itself, and for those that it could not submit. */
    uint64_t below = task.value == 0 ? 1 : 1 + task.value;
    atomic_fetch_add(sum, 1 + refused * below);
    return GSAW_OK;
}

static void test_stress_flaky_memory(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 30 * SCALE; round++) {
        struct flaky memory = {.random = mix(seed + round)};
        memory.allocator = (gsaw_allocator){.resize = resize_flakily, .context = &memory};
        gsaw_pool_options options = {
            .size = sizeof options, .allocator = &memory.allocator, .workers = 3};
        gsaw_pool *pool;
        if (gsaw_pool_new(&options, &pool, NULL) != GSAW_OK) {
            assert_seeded(memory.live_bytes == 0);
            continue;
        }
        gsaw_group group = {0};
        _Atomic uint64_t sum = 0;
        uint64_t accepted = 0;
        gsaw_task task = {.function = try_many, .argument = &sum, .value = 700};
        for (int i = 0; i < 5; i++)
            accepted +=
                gsaw_pool_spawn(pool, &group, task.function, task.argument, task.value) == GSAW_OK;
        gsaw_status status = gsaw_pool_resize(pool, 1 + (uint32_t)(mix(round) % 6));
        assert_seeded(status == GSAW_OK || status == GSAW_NO_MEMORY);
        gsaw_pool_wait(pool, &group);
        assert_seeded(sum == accepted * (1 + 700 * (1 + 17)));
        gsaw_pool_free(pool);
        assert_seeded(memory.live_bytes == 0);
    }
}

int main(void)
{
    const char *given = getenv("GSAW_SEED");
    seed = given != NULL ? strtoull(given, NULL, 10) : gsaw__clock_ns();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stress_nested_groups),
        cmocka_unit_test(test_stress_submitters_and_resizes),
        cmocka_unit_test(test_stress_a_million_tasks),
        cmocka_unit_test(test_stress_every_worker_gets_up),
        cmocka_unit_test(test_stress_a_waiting_task_gets_up),
        cmocka_unit_test(test_stress_shutdowns),
        cmocka_unit_test(test_stress_flaky_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
