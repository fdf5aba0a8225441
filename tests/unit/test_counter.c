/* test_counter.c - AtomicCounter: plain and sharded sums, the last one down, memory that runs out.

 * Next:    include/gangsaw/sync.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>

#include <gangsaw/sync.h>

#define THREADS 4
#define ROUNDS 20000

static void test_counter_plain(void **state)
{
    (void)state;
    gsaw_counter *counter;
    assert_int_equal(gsaw_counter_new(NULL, 0, &counter, NULL), GSAW_OK);
    assert_int_equal(gsaw_counter_value(counter), 0);
    assert_int_equal(gsaw_counter_increment(counter, 7, 5), 5);
    assert_int_equal(gsaw_counter_decrement(counter, 3, 8), -3);
    assert_int_equal(gsaw_counter_value(counter), -3);
    gsaw_counter_free(counter);
    gsaw_counter_free(NULL);
}

static void test_counter_wraps(void **state)
{
    (void)state;
    gsaw_counter *counter;
    assert_int_equal(gsaw_counter_new(NULL, 1, &counter, NULL), GSAW_OK);
    gsaw_counter_increment(counter, 0, INT64_MAX);
    assert_true(gsaw_counter_increment(counter, 0, 1) == INT64_MIN);
    assert_true(gsaw_counter_decrement(counter, 0, INT64_MIN) == 0);
    gsaw_counter_free(counter);
}

static void test_counter_shards_sum(void **state)
{
    (void)state;
    gsaw_counter *counter;
    assert_int_equal(gsaw_counter_new(NULL, 3, &counter, NULL), GSAW_OK);
    for (uint32_t shard = 0; shard < 9; shard++)
        gsaw_counter_increment(counter, shard, 1);
    assert_int_equal(gsaw_counter_increment(counter, 4, 10), 13);
    assert_int_equal(gsaw_counter_value(counter), 19);
    gsaw_counter_free(counter);
}

struct job {
    gsaw_counter *counter;
    uint32_t shard;
    int zeros; /* how often a decrement of this thread gave 0 */
};

static void *count_up(void *argument)
{
    struct job *job = argument;
    for (int i = 0; i < ROUNDS; i++)
        gsaw_counter_increment(job->counter, job->shard, 1 + (i & 1));
    return NULL;
}

static void *count_down(void *argument)
{
    struct job *job = argument;
    for (int i = 0; i < ROUNDS; i++)
        job->zeros += gsaw_counter_decrement(job->counter, 0, 1) == 0;
    return NULL;
}

static void run(struct job jobs[THREADS], gsaw_counter *counter, void *(*function)(void *))
{
    pthread_t threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        jobs[i] = (struct job){.counter = counter, .shard = i};
        assert_int_equal(pthread_create(&threads[i], NULL, function, &jobs[i]), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void test_counter_loses_nothing(void **state)
{
    (void)state;
    for (uint32_t shards = 1; shards <= THREADS + 1; shards++) {
        gsaw_counter *counter;
        struct job jobs[THREADS];
        assert_int_equal(gsaw_counter_new(NULL, shards, &counter, NULL), GSAW_OK);
        run(jobs, counter, count_up);
        assert_int_equal(gsaw_counter_value(counter), THREADS * (ROUNDS + ROUNDS / 2));
        gsaw_counter_free(counter);
    }
}

static void test_counter_one_is_last(void **state)
{
    (void)state;
    gsaw_counter *counter;
    struct job jobs[THREADS];
    assert_int_equal(gsaw_counter_new(NULL, 1, &counter, NULL), GSAW_OK);
    gsaw_counter_increment(counter, 0, THREADS * ROUNDS);
    run(jobs, counter, count_down);
    int zeros = 0;
    for (int i = 0; i < THREADS; i++)
        zeros += jobs[i].zeros;
    assert_int_equal(zeros, 1);
    gsaw_counter_free(counter);
}

static void test_counter_refuses(void **state)
{
    (void)state;
    gsaw_counter *counter = NULL;
    gsaw_error error = {0};
    assert_int_equal(gsaw_counter_new(NULL, 4097, &counter, &error), GSAW_RANGE);
    assert_int_equal(error.status, GSAW_RANGE);
    assert_null(counter);
}

static void test_counter_out_of_memory(void **state)
{
    (void)state;
    gsaw_status status = GSAW_NO_MEMORY;
    for (size_t n = 1; status != GSAW_OK; n++) {
        gsaw_failing_allocator memory;
        gsaw_failing_allocator_init(&memory, n, 0);
        gsaw_counter *counter = NULL;
        status = gsaw_counter_new(&memory.allocator, 8, &counter, NULL);
        assert_true(status == GSAW_OK ? n == 3 : status == GSAW_NO_MEMORY && counter == NULL);
        gsaw_counter_free(counter);
        assert_int_equal(memory.live_bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counter_plain),         cmocka_unit_test(test_counter_wraps),
        cmocka_unit_test(test_counter_shards_sum),    cmocka_unit_test(test_counter_loses_nothing),
        cmocka_unit_test(test_counter_one_is_last),   cmocka_unit_test(test_counter_refuses),
        cmocka_unit_test(test_counter_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
