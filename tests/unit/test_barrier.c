/* test_barrier.c - Barrier: nobody passes early, rounds follow, release, reset, deadlines.
 * Keeps:   more threads than CPUs.
 * Threads: eight, of the test's own.
 * Next:    sync/barrier.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <gangsaw/sync.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "base/thread.h"

enum { THREADS = 8, ROUNDS = 500 };

typedef struct crowd {
    gsaw_barrier *barrier;
    uint32_t written[THREADS]; /* plain: the barrier publishes it */
    _Atomic uint32_t next, lasts, wrong, cancelled;
} crowd;

static void come_and_go(void *argument)
{
    crowd *self = argument;
    uint32_t me = gsaw__add_relaxed(&self->next, 1); /* test: a number */
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        bool last = false;
        self->written[me] = round;
        if (gsaw_barrier_wait(self->barrier, UINT64_MAX, &last) != GSAW_OK)
            gsaw__add_relaxed(&self->wrong, 1); /* test: a count */
        gsaw__add_relaxed(&self->lasts, last);  /* test: a count */
        for (uint32_t i = 0; i < THREADS; i++)
            if (self->written[i] != round)
                gsaw__add_relaxed(&self->wrong, 1); /* test: a count */
        gsaw_barrier_wait(self->barrier, UINT64_MAX, NULL);
    }
}

static void run_threads(gsaw__thread_function *function, crowd *self, uint32_t count,
                        gsaw__thread *threads)
{
    gsaw__thread_options options = {.function = function, .argument = self, .name = "crowd"};
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(gsaw__thread_start(&threads[i], &options, NULL), GSAW_OK);
}

static void test_barrier_lets_nobody_pass_early(void **state)
{
    (void)state;
    crowd self = {0};
    gsaw__thread threads[THREADS];
    assert_int_equal(gsaw_barrier_new(NULL, THREADS, &self.barrier, NULL), GSAW_OK);
    assert_int_equal(gsaw_barrier_count(self.barrier), THREADS);
    run_threads(come_and_go, &self, THREADS, threads);
    for (uint32_t i = 0; i < THREADS; i++)
        gsaw__thread_join(&threads[i]);
    assert_int_equal(gsaw__load_relaxed(&self.wrong), 0);      /* test: joined */
    assert_int_equal(gsaw__load_relaxed(&self.lasts), ROUNDS); /* test: joined */
    assert_int_equal(gsaw_barrier_waiting(self.barrier), 0);
    gsaw_barrier_free(self.barrier);
}

static void wait_once(void *argument)
{
    crowd *self = argument;
    gsaw_status status = gsaw_barrier_wait(self->barrier, UINT64_MAX, NULL);
    gsaw__add_relaxed(&self->cancelled, status == GSAW_CANCELLED); /* test: a count */
}

static void test_barrier_releases_and_resets(void **state)
{
    (void)state;
    crowd self = {0};
    gsaw__thread threads[3];
    assert_int_equal(gsaw_barrier_new(NULL, 4, &self.barrier, NULL), GSAW_OK);
    for (int how = 0; how < 2; how++) {
        run_threads(wait_once, &self, 3, threads);
        while (gsaw_barrier_waiting(self.barrier) < 3)
            gsaw__thread_pause();
        if (how == 0)
            gsaw_barrier_release(self.barrier);
        else
            gsaw_barrier_reset(self.barrier);
        for (int i = 0; i < 3; i++)
            gsaw__thread_join(&threads[i]);
        assert_int_equal(gsaw__load_relaxed(&self.cancelled), 3 * (how + 1)); /* test: joined */
        if (how == 0) { /* open until it is reset */
            assert_int_equal(gsaw_barrier_wait(self.barrier, UINT64_MAX, NULL), GSAW_CANCELLED);
            gsaw_barrier_reset(self.barrier);
        }
    }
    /* Who gave up does not count as having come. */
    assert_int_equal(gsaw_barrier_wait(self.barrier, gsaw__clock_ns() + 1000000, NULL),
                     GSAW_TIMEOUT);
    assert_int_equal(gsaw_barrier_waiting(self.barrier), 0);
    run_threads(wait_once, &self, 3, threads);
    bool last = false;
    assert_int_equal(gsaw_barrier_wait(self.barrier, UINT64_MAX, &last), GSAW_OK);
    for (int i = 0; i < 3; i++)
        gsaw__thread_join(&threads[i]);
    assert_int_equal(gsaw__load_relaxed(&self.cancelled), 6); /* test: joined */
    gsaw_barrier_free(self.barrier);
}

/* Who is slow to wake up is told of its own round, not of one that came after. */
static void test_barrier_tells_each_of_its_own_round(void **state)
{
    (void)state;
    crowd self = {0};
    gsaw_barrier *other = NULL;
    gsaw__thread threads[2];
    assert_int_equal(gsaw_barrier_new(NULL, 2, &self.barrier, NULL), GSAW_OK);
    assert_int_equal(gsaw_barrier_new(NULL, 2, &other, NULL), GSAW_OK);
    for (uint32_t round = 1; round <= 200; round++) {
        run_threads(wait_once, &self, 1, threads);
        while (gsaw_barrier_waiting(self.barrier) < 1)
            gsaw__thread_pause();
        /* It sleeps by now; before it is up again, two rounds pass: one cancelled, one whole. */
        gsaw_barrier_wait(other, gsaw__clock_ns() + 200000, NULL);
        gsaw_barrier_release(self.barrier);
        gsaw_barrier_reset(self.barrier);
        run_threads(wait_once, &self, 1, &threads[1]);
        assert_int_equal(gsaw_barrier_wait(self.barrier, UINT64_MAX, NULL), GSAW_OK);
        for (int i = 0; i < 2; i++)
            gsaw__thread_join(&threads[i]);
        assert_int_equal(gsaw__load_relaxed(&self.cancelled), round); /* test: joined */
    }
    gsaw_barrier_free(other);
    gsaw_barrier_free(self.barrier);
}

static void test_barrier_without_memory_is_none(void **state)
{
    (void)state;
    gsaw_failing_allocator failing;
    gsaw_failing_allocator_init(&failing, 1, 0);
    gsaw_barrier *barrier = NULL;
    assert_int_equal(gsaw_barrier_new(&failing.allocator, 1, &barrier, NULL), GSAW_NO_MEMORY);
    assert_int_equal(gsaw_barrier_new(NULL, 0, &barrier, NULL), GSAW_RANGE);
    assert_int_equal(gsaw_barrier_new(&failing.allocator, 1, &barrier, NULL), GSAW_OK);
    bool last = false;
    assert_int_equal(gsaw_barrier_wait(barrier, 0, &last), GSAW_OK); /* one comes: all have */
    assert_true(last);
    gsaw_barrier_free(barrier);
    gsaw_barrier_free(NULL);
    assert_int_equal(failing.live_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_barrier_lets_nobody_pass_early),
        cmocka_unit_test(test_barrier_releases_and_resets),
        cmocka_unit_test(test_barrier_tells_each_of_its_own_round),
        cmocka_unit_test(test_barrier_without_memory_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
