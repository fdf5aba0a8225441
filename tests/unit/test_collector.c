/* test_collector.c - ResultCollector: the order of the input, whoever collected in whatever order.

 * Next:    include/gangsaw/sync.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <gangsaw/sync.h>

#define THREADS 4
#define PER_THREAD 5000

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static gsaw_collector *make(uint32_t shards)
{
    gsaw_collector *collector;
    assert_int_equal(gsaw_collector_new(NULL, shards, &collector, NULL), GSAW_OK);
    return collector;
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* Random indices up to `mask` with gaps, compared with what qsort makes of them. */
static void check_order(uint64_t seed, uint64_t mask)
{
    enum { COUNT = 3000 };
    static uint64_t indices[COUNT];
    uint64_t random = seed;
    gsaw_collector *collector = make(THREADS);
    for (uint64_t i = 0; i < COUNT; i++) /* the low bits make them differ */
        indices[i] = (((next_random(&random) & mask) << 12) | i) * 3;
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(gsaw_collector_collect(collector,
                                                (uint32_t)(next_random(&random) % THREADS),
                                                indices[i], &indices[i]),
                         GSAW_OK);
    const gsaw_collected *results = NULL;
    size_t count = 0;
    assert_int_equal(gsaw_collector_aggregate(collector, &results, &count, NULL), GSAW_OK);
    if (count != COUNT)
        fail_msg("seed %llu: %zu results", (unsigned long long)seed, count);
    for (size_t i = 0; i < count;
         i++) /* items point to the unsorted index: right pairs stay together */
        if (*(uint64_t *)results[i].item != results[i].index)
            fail_msg("seed %llu: item %zu does not belong to its index", (unsigned long long)seed,
                     i);
    uint64_t *sorted = malloc(sizeof indices);
    assert_non_null(sorted);
    memcpy(sorted, indices, sizeof indices);
    qsort(sorted, COUNT, sizeof *sorted, compare);
    for (size_t i = 0; i < count; i++)
        if (results[i].index != sorted[i])
            fail_msg("seed %llu: index %zu out of order", (unsigned long long)seed, i);
    free(sorted);
    gsaw_collector_free(collector);
}

static void test_collector_orders_by_index(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        check_order(seed, 0);
        check_order(seed, 0xff);
        check_order(seed, UINT64_MAX >> 14);
    }
}

static void test_collector_empty(void **state)
{
    (void)state;
    gsaw_collector *collector = make(2);
    const gsaw_collected *results = (const gsaw_collected *)collector;
    size_t count = 1;
    assert_int_equal(gsaw_collector_aggregate(collector, &results, &count, NULL), GSAW_OK);
    assert_int_equal(count, 0);
    assert_null(results);
    gsaw_collector_free(collector);
    gsaw_collector_free(NULL);
}

static void test_collector_names_a_double(void **state)
{
    (void)state;
    gsaw_collector *collector = make(2);
    const gsaw_collected *results;
    size_t count;
    gsaw_error error = {0};
    int items[3];
    gsaw_collector_collect(collector, 0, 41, &items[0]);
    gsaw_collector_collect(collector, 0, 17, &items[1]);
    gsaw_collector_collect(collector, 1, 41, &items[2]);
    assert_int_equal(gsaw_collector_aggregate(collector, &results, &count, &error), GSAW_EXISTS);
    assert_non_null(strstr(error.text, "41"));
    gsaw_collector_free(collector);
}

struct sum {
    uint64_t hash;
    uint64_t stop_at;
};

static gsaw_status fold(void *context, const gsaw_collected *result)
{
    struct sum *sum = context;
    if (result->index == sum->stop_at)
        return GSAW_CANCELLED;
    sum->hash = sum->hash * 31 + *(const uint64_t *)result->item;
    return GSAW_OK;
}

static void test_collector_summarizes_in_order(void **state)
{
    (void)state;
    uint64_t values[4] = {5, 6, 7, 8};
    gsaw_collector *collector = make(2);
    for (uint64_t i = 4; i-- > 0;)
        gsaw_collector_collect(collector, (uint32_t)i & 1, i, &values[i]);
    struct sum sum = {.stop_at = UINT64_MAX};
    assert_int_equal(gsaw_collector_summarize(collector, fold, &sum, NULL), GSAW_OK);
    assert_int_equal(sum.hash, ((5 * 31 + 6) * 31 + 7) * 31 + 8);
    sum = (struct sum){.stop_at = 2};
    assert_int_equal(gsaw_collector_summarize(collector, fold, &sum, NULL), GSAW_CANCELLED);
    assert_int_equal(sum.hash, 5 * 31 + 6);
    /* Collecting may go on. */
    gsaw_collector_collect(collector, 1, 4, &values[0]);
    assert_int_equal(gsaw_collector_count(collector), 5);
    sum = (struct sum){.stop_at = UINT64_MAX};
    assert_int_equal(gsaw_collector_summarize(collector, fold, &sum, NULL), GSAW_OK);
    assert_int_equal(sum.hash, (((5 * 31 + 6) * 31 + 7) * 31 + 8) * 31 + 5);
    gsaw_collector_free(collector);
}

struct job {
    gsaw_collector *collector;
    uint32_t shard;
};

static void *collect(void *argument)
{
    const struct job *job = argument;
    for (uint64_t i = 0; i < PER_THREAD; i++)
        gsaw_collector_collect(job->collector, job->shard, i * THREADS + job->shard, argument);
    return NULL;
}

static void test_collector_shards_in_parallel(void **state)
{
    (void)state;
    gsaw_collector *collector = make(THREADS);
    pthread_t threads[THREADS];
    struct job jobs[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        jobs[i] = (struct job){.collector = collector, .shard = i};
        assert_int_equal(pthread_create(&threads[i], NULL, collect, &jobs[i]), 0);
    }
    for (uint32_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    const gsaw_collected *results;
    size_t count;
    assert_int_equal(gsaw_collector_aggregate(collector, &results, &count, NULL), GSAW_OK);
    assert_int_equal(count, THREADS * PER_THREAD);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(results[i].index, i);
        assert_ptr_equal(results[i].item, &jobs[i % THREADS]);
    }
    gsaw_collector_free(collector);
}

static void test_collector_refuses(void **state)
{
    (void)state;
    gsaw_collector *collector = NULL;
    assert_int_equal(gsaw_collector_new(NULL, 0, &collector, NULL), GSAW_RANGE);
    assert_int_equal(gsaw_collector_new(NULL, 4097, &collector, NULL), GSAW_RANGE);
    collector = make(2);
    assert_int_equal(gsaw_collector_collect(collector, 2, 0, NULL), GSAW_RANGE);
    assert_int_equal(gsaw_collector_count(collector), 0);
    gsaw_collector_free(collector);
}

static void test_collector_out_of_memory(void **state)
{
    (void)state;
    gsaw_status status = GSAW_NO_MEMORY;
    for (size_t n = 1; status != GSAW_OK; n++) {
        gsaw_failing_allocator memory;
        gsaw_failing_allocator_init(&memory, n, 0);
        gsaw_collector *collector = NULL;
        const gsaw_collected *results;
        size_t count, kept = 0;
        status = gsaw_collector_new(&memory.allocator, 2, &collector, NULL);
        for (uint64_t i = 0; status == GSAW_OK && i < 100; i++, kept += status == GSAW_OK)
            status = gsaw_collector_collect(collector, (uint32_t)i & 1, i, &memory);
        if (collector != NULL)
            assert_int_equal(gsaw_collector_count(collector), kept);
        if (status == GSAW_OK)
            status = gsaw_collector_aggregate(collector, &results, &count, NULL);
        assert_true(status == GSAW_OK || status == GSAW_NO_MEMORY);
        gsaw_collector_free(collector);
        assert_int_equal(memory.live_bytes, 0);
        assert_true(n > 4 || status != GSAW_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collector_orders_by_index),
        cmocka_unit_test(test_collector_empty),
        cmocka_unit_test(test_collector_names_a_double),
        cmocka_unit_test(test_collector_summarizes_in_order),
        cmocka_unit_test(test_collector_shards_in_parallel),
        cmocka_unit_test(test_collector_refuses),
        cmocka_unit_test(test_collector_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
