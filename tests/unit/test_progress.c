/* test_progress.c - ProgressTracker: figures, the rate limit of the callback, one call at a time.

 * Next:    include/gangsaw/sync.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include <gangsaw/sync.h>

#include "base/clock.h"

#define THREADS 4
#define UPDATES 30000

struct seen {
    _Atomic int inside;  /* calls going on */
    _Atomic int overlap; /* calls that found another */
    uint64_t calls, completed, total;
    uint64_t end_ns; /* of the last call */
    uint64_t gap_ns; /* least time from the end of a call to the start of the next */
    bool went_back;
};

static void see(void *context, const gsaw_progress_state *state)
{
    struct seen *seen = context;
    uint64_t now_ns = gsaw__clock_ns();
    if (atomic_fetch_add(&seen->inside, 1) != 0)
        atomic_fetch_add(&seen->overlap, 1);
    if (seen->calls != 0 && now_ns - seen->end_ns < seen->gap_ns)
        seen->gap_ns = now_ns - seen->end_ns;
    seen->went_back =
        seen->went_back || state->completed < seen->completed || state->completed > state->total;
    seen->calls++;
    seen->completed = state->completed;
    seen->total = state->total;
    seen->end_ns = gsaw__clock_ns();
    atomic_fetch_sub(&seen->inside, 1);
}

static gsaw_progress *make(struct seen *seen, uint64_t interval_ns)
{
    gsaw_progress *progress;
    gsaw_progress_options options = {.size = sizeof options,
                                     .shards = THREADS,
                                     .interval_ns = interval_ns,
                                     .callback = seen == NULL ? NULL : see,
                                     .context = seen};
    assert_int_equal(gsaw_progress_new(&options, &progress, NULL), GSAW_OK);
    return progress;
}

static void pass(long ns) { nanosleep(&(struct timespec){.tv_nsec = ns}, NULL); }

static void test_progress_figures(void **state)
{
    (void)state;
    gsaw_progress *progress = make(NULL, 0);
    gsaw_progress_state now;
    gsaw_progress_read(progress, &now);
    assert_int_equal(now.completed, 0);
    assert_true(now.remaining_ns == UINT64_MAX);
    gsaw_progress_add_total(progress, 0, 30);
    gsaw_progress_add_total(progress, 1, 10);
    gsaw_progress_update(progress, 2, 10);
    pass(20000000);
    gsaw_progress_read(progress, &now);
    assert_int_equal(now.completed, 10);
    assert_int_equal(now.total, 40);
    assert_false(now.total_is_final);
    assert_true(now.remaining_ns == UINT64_MAX);
    assert_true(now.elapsed_ns >= 20000000);
    assert_in_range(now.rate_per_s, 1, 500);
    gsaw_progress_set_final(progress);
    gsaw_progress_read(progress, &now);
    assert_true(now.total_is_final);
    assert_in_range(now.remaining_ns, now.elapsed_ns * 3 - 10, now.elapsed_ns * 3 + 10);
    gsaw_progress_update(progress, 3, 30);
    gsaw_progress_read(progress, &now);
    assert_int_equal(now.remaining_ns, 0);
    gsaw_progress_finish(progress); /* no callback: nothing happens */
    gsaw_progress_free(progress);
    gsaw_progress_free(NULL);
}

static void test_progress_remaining_is_finite(void **state)
{
    (void)state;
    gsaw_progress *progress = make(NULL, 0);
    gsaw_progress_state now;
    gsaw_progress_add_total(progress, 0, INT64_MAX);
    gsaw_progress_update(progress, 0, 1);
    gsaw_progress_set_final(progress);
    pass(1000000);
    gsaw_progress_read(progress, &now);
    assert_true(now.remaining_ns == UINT64_MAX - 1);
    gsaw_progress_free(progress);
}

static void test_progress_keeps_the_interval(void **state)
{
    (void)state;
    struct seen seen = {.gap_ns = UINT64_MAX};
    gsaw_progress *progress = make(&seen, 5000000);
    uint64_t start_ns = gsaw__clock_ns();
    gsaw_progress_add_total(progress, 0, UINT32_MAX);
    gsaw_progress_update(progress, 0, 1);
    assert_int_equal(seen.calls, 0); /* not before the first interval is over */
    uint64_t updates = 1;
    for (; gsaw__clock_ns() - start_ns < 60000000; updates++)
        gsaw_progress_update(progress, 0, 1);
    uint64_t calls = seen.calls;
    assert_in_range(calls, 1, (gsaw__clock_ns() - start_ns) / 5000000);
    assert_true(seen.gap_ns >= 5000000);
    gsaw_progress_finish(progress);
    assert_int_equal(seen.calls, calls + 1);
    assert_int_equal(seen.completed, updates);
    gsaw_progress_free(progress);
}

static void *update(void *argument)
{
    static _Atomic uint32_t next_shard;
    gsaw_progress *progress = argument;
    uint32_t shard = atomic_fetch_add(&next_shard, 1);
    for (int i = 0; i < UPDATES; i++) {
        gsaw_progress_add_total(progress, shard, 1);
        gsaw_progress_update(progress, shard, 1);
    }
    return NULL;
}

static void test_progress_calls_one_at_a_time(void **state)
{
    (void)state;
    struct seen seen = {.gap_ns = UINT64_MAX};
    gsaw_progress *progress = make(&seen, 1); /* due at nearly every update */
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, update, progress), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(seen.calls > 10);
    assert_int_equal(seen.overlap, 0);
    assert_false(seen.went_back);
    gsaw_progress_finish(progress);
    assert_int_equal(seen.completed, THREADS * UPDATES);
    assert_int_equal(seen.total, THREADS * UPDATES);
    gsaw_progress_free(progress);
}

static void test_progress_refuses(void **state)
{
    (void)state;
    gsaw_progress *progress = NULL;
    gsaw_error error = {0};
    gsaw_progress_options options = {.size = 1};
    assert_int_equal(gsaw_progress_new(&options, &progress, &error), GSAW_INVALID);
    options = (gsaw_progress_options){.size = sizeof options, .shards = 5000};
    assert_int_equal(gsaw_progress_new(&options, &progress, &error), GSAW_RANGE);
    assert_int_equal(error.status, GSAW_RANGE);
    assert_null(progress);
    assert_int_equal(gsaw_progress_new(NULL, &progress, &error), GSAW_OK);
    gsaw_progress_free(progress);
}

static void test_progress_out_of_memory(void **state)
{
    (void)state;
    gsaw_status status = GSAW_NO_MEMORY;
    for (size_t n = 1; status != GSAW_OK; n++) {
        gsaw_failing_allocator memory;
        gsaw_failing_allocator_init(&memory, n, 0);
        gsaw_progress *progress = NULL;
        gsaw_progress_options options = {.size = sizeof options, .allocator = &memory.allocator};
        status = gsaw_progress_new(&options, &progress, NULL);
        assert_true(status == GSAW_OK ? n == 4 : status == GSAW_NO_MEMORY && progress == NULL);
        gsaw_progress_free(progress);
        assert_int_equal(memory.live_bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress_figures),
        cmocka_unit_test(test_progress_remaining_is_finite),
        cmocka_unit_test(test_progress_keeps_the_interval),
        cmocka_unit_test(test_progress_calls_one_at_a_time),
        cmocka_unit_test(test_progress_refuses),
        cmocka_unit_test(test_progress_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
