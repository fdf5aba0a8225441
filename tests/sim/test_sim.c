/* test_sim.c - the simulated machine itself: what C11 allows of small programs and what it does
 * not, what goes wrong and is found, seeds, time.
 * Next:    include/gangsaw/sim.h. Source of the small programs: Alglave, Maranget and Tautschnig,
 *          Herding Cats (TOPLAS 2014). */
#include "sim_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- what loads may see ---- */

/* Two or four threads of a small program, what they saw, and which outcomes there were. */
static struct {
    memory_order store, load;
    _Atomic int x, y;
    int plain;
    int saw[4];
    bool outcomes[16];
} small;

static void *nothing(void *unused) { return unused; }

static void run_threads(void *(*const *functions)(void *), size_t count)
{
    pthread_t threads[4];
    for (size_t i = 0; i < count; i++)
        gsaw_sim_check(pthread_create(&threads[i], NULL, functions[i], NULL) == 0);
    for (size_t i = 0; i < count; i++)
        gsaw_sim_check(pthread_join(threads[i], NULL) == 0);
    int outcome = 0;
    for (size_t i = 0; i < 4; i++)
        outcome = outcome * 2 + small.saw[i];
    small.outcomes[outcome] = true;
}

static void clear(void)
{
    atomic_init(&small.x, 0);
    atomic_init(&small.y, 0);
    small.plain = 0;
    memset(small.saw, 0, sizeof small.saw);
}

/* The program gets these orders; all there is with a few deviations is tried. */
static gsaw_status try_all(sim_body *body, memory_order store, memory_order load)
{
    gsaw_sim_report report;
    gsaw_sim_options options = sim_all(2);
    memset(&small, 0, sizeof small);
    small.store = store;
    small.load = load;
    gsaw_status status = gsaw_sim_explore(&options, body, NULL, &report);
    assert_true(status != GSAW_OK || report.is_complete);
    return status;
}

static void *write_x(void *unused)
{
    atomic_store_explicit(&small.x, 1, small.store);
    return unused;
}
static void *write_y(void *unused)
{
    atomic_store_explicit(&small.y, 1, small.store);
    return unused;
}
static void *write_x_read_y(void *unused)
{
    write_x(unused);
    small.saw[0] = atomic_load_explicit(&small.y, small.load);
    return unused;
}
static void *write_y_read_x(void *unused)
{
    write_y(unused);
    small.saw[1] = atomic_load_explicit(&small.x, small.load);
    return unused;
}

static void store_buffering(void *unused)
{
    (void)unused;
    clear();
    run_threads((void *(*[])(void *)){write_x_read_y, write_y_read_x}, 2);
}

static void test_sim_store_buffering(void **state)
{
    (void)state;
    assert_int_equal(try_all(store_buffering, memory_order_release, memory_order_acquire), GSAW_OK);
    assert_true(small.outcomes[0] && small.outcomes[4] && small.outcomes[8] && small.outcomes[12]);
    assert_int_equal(try_all(store_buffering, memory_order_seq_cst, memory_order_seq_cst), GSAW_OK);
    assert_true(!small.outcomes[0] && small.outcomes[4] && small.outcomes[8] && small.outcomes[12]);
}

static void *write_plain_write_x(void *unused)
{
    small.plain = 1;
    return write_x(unused);
}
static void *read_x_read_plain(void *unused)
{
    small.saw[0] = atomic_load_explicit(&small.x, small.load);
    if (small.saw[0] == 1)
        small.saw[1] = small.plain;
    return unused;
}

static void message_passing(void *unused)
{
    (void)unused;
    clear();
    run_threads((void *(*[])(void *)){write_plain_write_x, read_x_read_plain}, 2);
}

static void test_sim_message_passing(void **state)
{
    (void)state;
    assert_int_equal(try_all(message_passing, memory_order_release, memory_order_acquire), GSAW_OK);
    assert_true(small.outcomes[0] && small.outcomes[12] && !small.outcomes[8]);
    assert_int_equal(try_all(message_passing, memory_order_relaxed, memory_order_acquire),
                     GSAW_DAMAGED); /* a race */
    assert_int_equal(try_all(message_passing, memory_order_release, memory_order_relaxed),
                     GSAW_DAMAGED);
}

/* A third thread that only adds carries the first one's release on. */
static void *add_to_x(void *unused)
{
    atomic_fetch_add_explicit(&small.x, 2, memory_order_relaxed);
    return unused;
}
static void *read_sum_read_plain(void *unused)
{
    if (atomic_load_explicit(&small.x, small.load) == 3)
        small.saw[0] = small.plain; /* no race: 3 tells that the store came before the addition */
    return unused;
}
static void *write_plain_change_x(void *unused)
{
    small.plain = 1;
    atomic_fetch_add_explicit(&small.x, 1, small.store);
    return unused;
}

static void release_sequence(void *unused)
{
    (void)unused;
    clear();
    run_threads((void *(*[])(void *)){write_plain_change_x, add_to_x, read_sum_read_plain}, 3);
}

static void test_sim_release_sequence(void **state)
{
    (void)state;
    assert_int_equal(try_all(release_sequence, memory_order_release, memory_order_acquire),
                     GSAW_OK);
    assert_true(small.outcomes[8]);
    assert_int_equal(try_all(release_sequence, memory_order_relaxed, memory_order_acquire),
                     GSAW_DAMAGED);
}

static void *read_x_twice(void *unused)
{
    small.saw[0] = atomic_load_explicit(&small.x, small.load);
    small.saw[1] = atomic_load_explicit(&small.x, small.load);
    return unused;
}

static void coherence(void *unused)
{
    (void)unused;
    clear();
    run_threads((void *(*[])(void *)){write_x, read_x_twice}, 2);
}

static void test_sim_coherence(void **state)
{
    (void)state;
    assert_int_equal(try_all(coherence, memory_order_relaxed, memory_order_relaxed), GSAW_OK);
    assert_true(small.outcomes[0] && small.outcomes[4] && small.outcomes[12]);
    assert_false(small.outcomes[8]); /* 1, then 0 */
}

static void *read_x_y(void *unused)
{
    small.saw[0] = atomic_load_explicit(&small.x, small.load);
    small.saw[1] = atomic_load_explicit(&small.y, small.load);
    return unused;
}
static void *read_y_x(void *unused)
{
    small.saw[2] = atomic_load_explicit(&small.y, small.load);
    small.saw[3] = atomic_load_explicit(&small.x, small.load);
    return unused;
}

static void independent_reads(void *unused)
{
    (void)unused;
    clear();
    run_threads((void *(*[])(void *)){write_x, write_y, read_x_y, read_y_x}, 4);
}

static void test_sim_independent_reads(void **state)
{
    (void)state;
    assert_int_equal(try_all(independent_reads, memory_order_release, memory_order_acquire),
                     GSAW_OK);
    assert_true(small.outcomes[10]); /* each reader saw another write first */
    assert_int_equal(try_all(independent_reads, memory_order_seq_cst, memory_order_seq_cst),
                     GSAW_OK);
    assert_false(small.outcomes[10]);
}

/* ---- what goes wrong is found, and found again ---- */

static pthread_mutex_t locks[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

/* Explores; the status must be this one, the text must hold `part`, and the same seed must take the
 * same steps to the same end. */
static void must_fail(sim_body *body, gsaw_status expected, const char *part)
{
    gsaw_sim_report first, again;
    gsaw_sim_options options = {.size = sizeof options, .runs = 2000, .steps_max = 20000};
    assert_int_equal(gsaw_sim_explore(&options, body, NULL, &first), expected);
    assert_non_null(strstr(first.text, part));
    char *log = strdup(first.log);
    options.seed = first.seed;
    options.runs = 1;
    assert_int_equal(gsaw_sim_explore(&options, body, NULL, &again), expected);
    assert_string_equal(again.text, first.text);
    assert_string_equal(again.log, log);
    assert_int_equal(again.steps, first.steps);
    free(log);
}

static void *take_both_turned_round(void *unused)
{
    pthread_mutex_lock(&locks[1]);
    pthread_mutex_lock(&locks[0]);
    pthread_mutex_unlock(&locks[0]);
    pthread_mutex_unlock(&locks[1]);
    return unused;
}

static void lock_order(void *unused)
{
    pthread_t thread;
    pthread_create(&thread, NULL, take_both_turned_round, unused);
    pthread_mutex_lock(&locks[0]);
    pthread_mutex_lock(&locks[1]);
    pthread_mutex_unlock(&locks[1]);
    pthread_mutex_unlock(&locks[0]);
    pthread_join(thread, NULL);
}

static void *signal_once(void *unused)
{
    pthread_mutex_lock(&locks[0]);
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&locks[0]);
    return unused;
}

static void lost_wake_up(void *unused)
{
    pthread_t thread;
    pthread_create(&thread, NULL, signal_once, unused);
    pthread_mutex_lock(&locks[0]); /* the signal may have come already, and nothing remembers it */
    pthread_cond_wait(&condition, &locks[0]);
    pthread_mutex_unlock(&locks[0]);
    pthread_join(thread, NULL);
}

static void test_sim_finds_deadlocks(void **state)
{
    (void)state;
    must_fail(lock_order, GSAW_CLOSED, "waits for a mutex");
    must_fail(lost_wake_up, GSAW_CLOSED, "waits for a condition");
}

static void *read_heap(void *pointer)
{
    small.saw[0] = *(volatile int *)pointer;
    return NULL;
}

static void freed_too_early(void *unused)
{
    (void)unused;
    int *number = calloc(1, sizeof *number);
    pthread_t thread;
    pthread_create(&thread, NULL, read_heap, number);
    free(number);
    pthread_join(thread, NULL);
}

static void test_sim_finds_use_of_freed_memory(void **state)
{
    (void)state;
    must_fail(freed_too_early, GSAW_DAMAGED, "freed memory");
}

static void *add_plain(void *unused)
{
    small.plain++;
    return unused;
}

static void two_counters(void *unused)
{
    (void)unused;
    run_threads((void *(*[])(void *)){add_plain, add_plain}, 2);
}

static void *fail_when_seen(void *unused)
{
    gsaw_sim_check(atomic_load(&small.x) == 0);
    return unused;
}

static void a_check(void *unused)
{
    (void)unused;
    clear();
    run_threads((void *(*[])(void *)){write_x, fail_when_seen}, 2);
}

static void not_joined(void *unused)
{
    pthread_t thread;
    pthread_create(&thread, NULL, nothing, unused);
}

static void no_end(void *unused)
{
    (void)unused;
    atomic_init(&small.x, 0);
    while (atomic_load(&small.x) == 0)
        sched_yield();
}

static void not_its_lock(void *unused)
{
    (void)unused;
    pthread_mutex_unlock(&locks[0]);
}

static void test_sim_finds_what_else_is_wrong(void **state)
{
    (void)state;
    memset(&small, 0, sizeof small);
    small.store = memory_order_seq_cst;
    must_fail(two_counters, GSAW_DAMAGED, "data race");
    must_fail(a_check, GSAW_INVALID, "atomic_load(&small.x) == 0");
    must_fail(not_joined, GSAW_LIMIT, "was not joined");
    must_fail(no_end, GSAW_TIMEOUT, "no end");
    must_fail(not_its_lock, GSAW_INVALID, "does not hold");
}

static void test_sim_leaves_what_is_right_alone(void **state)
{
    (void)state;
    memset(&small, 0, sizeof small);
    small.store = memory_order_release;
    small.load = memory_order_acquire;
    sim_explore(sim_random(2000), message_passing, NULL);
    sim_explore(sim_random(2000), release_sequence, NULL);
}

/* ---- time, threads, variables ---- */

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void *sleep_an_hour(void *unused)
{
    nanosleep(&(struct timespec){.tv_sec = 3600}, NULL);
    return unused;
}

static void an_hour(void *unused)
{
    pthread_t thread;
    uint64_t before_ns = monotonic_ns();
    pthread_create(&thread, NULL, sleep_an_hour, unused);
    pthread_mutex_lock(&locks[0]);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 60;
    int result;
    while ((result = pthread_cond_timedwait(&condition, &locks[0], &until)) == 0)
        ; /* without a reason */
    gsaw_sim_check(result == ETIMEDOUT);
    pthread_mutex_unlock(&locks[0]);
    gsaw_sim_check(monotonic_ns() - before_ns >= 60000000000u);
    usleep(1000);
    gsaw_sim_sleep_ns(1000);
    pthread_join(thread, NULL);
    gsaw_sim_check(monotonic_ns() - before_ns >= 3600000000000u);
}

static void test_sim_time_is_virtual(void **state)
{
    (void)state;
    uint64_t before_ns = monotonic_ns();
    gsaw_sim_report report = sim_explore(sim_random(200), an_hour, NULL);
    assert_true(report.now_ns >= 3600000000000u);
    assert_true(monotonic_ns() - before_ns < 60000000000u); /* 200 hours in less than a minute */
}

static _Thread_local int mine = 7;

static void *have_my_own(void *result)
{
    gsaw_sim_check(mine == 7);
    mine = 8;
    for (int i = 0; i < 5; i++) {
        sched_yield();
        gsaw_sim_check(mine == 8);
    }
    errno = 42;
    sched_yield();
    return result;
}

static void own_variables(void *unused)
{
    (void)unused;
    pthread_t threads[3];
    int numbers[3];
    mine = 1;
    errno = 5;
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, have_my_own, &numbers[i]);
    for (int i = 0; i < 3; i++) {
        void *result;
        pthread_join(threads[i], &result);
        gsaw_sim_check(result == &numbers[i]);
    }
    gsaw_sim_check(mine == 1 && errno == 5);
}

static void test_sim_threads_have_their_own_variables(void **state)
{
    (void)state;
    mine = 3;
    sim_explore(sim_random(200), own_variables, NULL);
    assert_int_equal(mine, 3);
}

static void many_threads(void *unused)
{
    pthread_t threads[8];
    int started = 0;
    while (started < 8 && pthread_create(&threads[started], NULL, nothing, unused) == 0)
        started++;
    gsaw_sim_check(started == 4);
    while (started > 0)
        pthread_join(threads[--started], NULL);
    for (int i = 0; i < 100; i++) { /* a thread that was joined makes room */
        gsaw_sim_check(pthread_create(&threads[0], NULL, nothing, unused) == 0);
        pthread_join(threads[0], NULL);
    }
}

static void test_sim_threads_can_run_out(void **state)
{
    (void)state;
    gsaw_sim_options options = sim_random(50);
    options.threads = 4;
    sim_explore(options, many_threads, NULL);
}

/* ---- choices ---- */

static uint32_t drawn[6];

static void draw(void *unused)
{
    (void)unused;
    drawn[gsaw_sim_random(6)]++;
    gsaw_sim_check(gsaw_sim_random(1) == 0 && gsaw_sim_is_running());
}

static void test_sim_explores_all_choices(void **state)
{
    (void)state;
    gsaw_sim_report report;
    gsaw_sim_options options = sim_all(0);
    memset(drawn, 0, sizeof drawn);
    assert_int_equal(gsaw_sim_explore(&options, draw, NULL, &report), GSAW_OK);
    assert_true(report.is_complete);
    assert_int_equal(report.runs, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(drawn[i], 1);
    memset(drawn, 0, sizeof drawn);
    sim_explore((gsaw_sim_options){.size = sizeof options, .runs = 600}, draw, NULL);
    for (size_t i = 0; i < 6; i++)
        assert_in_range(drawn[i], 50, 150);
}

static void explore_inside(void *unused)
{
    gsaw_sim_report report;
    gsaw_sim_check(gsaw_sim_explore(NULL, draw, unused, &report) == GSAW_INVALID);
}

static void test_sim_refuses_by_name(void **state)
{
    (void)state;
    gsaw_sim_report report;
    gsaw_sim_options options = {.size = sizeof options, .deviations = 9};
    assert_int_equal(gsaw_sim_explore(&options, draw, NULL, &report), GSAW_RANGE);
    options = (gsaw_sim_options){.size = sizeof options + 1};
    assert_int_equal(gsaw_sim_explore(&options, draw, NULL, &report), GSAW_INVALID);
    assert_int_equal(gsaw_sim_explore(NULL, NULL, NULL, &report), GSAW_INVALID);
    assert_int_equal(gsaw_sim_explore(NULL, draw, NULL, NULL), GSAW_INVALID);
    assert_int_equal(gsaw_sim_explore(NULL, explore_inside, NULL, &report), GSAW_OK);
    assert_int_equal(report.runs, 1);
    assert_false(gsaw_sim_is_running());
    assert_int_equal(gsaw_sim_random(9), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_store_buffering),
        cmocka_unit_test(test_sim_message_passing),
        cmocka_unit_test(test_sim_release_sequence),
        cmocka_unit_test(test_sim_coherence),
        cmocka_unit_test(test_sim_independent_reads),
        cmocka_unit_test(test_sim_finds_deadlocks),
        cmocka_unit_test(test_sim_finds_use_of_freed_memory),
        cmocka_unit_test(test_sim_finds_what_else_is_wrong),
        cmocka_unit_test(test_sim_leaves_what_is_right_alone),
        cmocka_unit_test(test_sim_time_is_virtual),
        cmocka_unit_test(test_sim_threads_have_their_own_variables),
        cmocka_unit_test(test_sim_threads_can_run_out),
        cmocka_unit_test(test_sim_explores_all_choices),
        cmocka_unit_test(test_sim_refuses_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
