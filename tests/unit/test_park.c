/* test_park.c - the parking place: who is woken, who is not, and what is counted.
 * Next:    src/task/park.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "task/park.h"

static void enter(gsaw__park *park, gsaw__sleeper *sleeper, const void *key, bool helps)
{
    sleeper->key = key;
    sleeper->helps = helps;
    gsaw__park_enter(park, sleeper);
}

static bool is_woken(gsaw__sleeper *sleeper) { return atomic_load(&sleeper->woken) != 0; }

static void test_park_idle_wakes_one_at_a_time(void **state)
{
    (void)state;
    gsaw__park park;
    gsaw__sleeper first = {0}, second = {0};
    assert_int_equal(gsaw__park_init(&park), GSAW_OK);
    gsaw__park_wake_idle(&park); /* nobody there */
    assert_int_equal(gsaw__park_hungry_count(&park), 0);
    enter(&park, &first, NULL, false);
    enter(&park, &second, NULL, false);
    assert_int_equal(gsaw__park_idle_count(&park), 2);
    gsaw__park_wake_idle(&park);
    assert_true(is_woken(&second) &&
                !is_woken(&first)); /* the last to come, as it is the warmest */
    gsaw__park_wake_idle(&park);
    assert_false(is_woken(&first)); /* the one woken is searching */
    assert_int_equal(gsaw__park_hungry_count(&park), 2);
    gsaw__park_sleep(&second, GSAW_PARK_FOREVER); /* returns at once */
    assert_true(gsaw__park_search_end(&park));
    gsaw__park_wake_idle(&park);
    assert_true(is_woken(&first));
    assert_false(gsaw__park_leave(&park, &first)); /* too late: it is searching */
    gsaw__park_search_begin(&park);
    assert_false(gsaw__park_search_end(&park));
    assert_true(gsaw__park_search_end(&park));
    assert_int_equal(gsaw__park_hungry_count(&park), 0);
    gsaw__park_clear(&park);
}

static void test_park_leave_takes_the_entry_back(void **state)
{
    (void)state;
    gsaw__park park;
    gsaw__sleeper sleepers[3] = {0};
    assert_int_equal(gsaw__park_init(&park), GSAW_OK);
    for (int i = 0; i < 3; i++)
        enter(&park, &sleepers[i], NULL, false);
    assert_true(gsaw__park_leave(&park, &sleepers[1])); /* from the middle, the end, the front */
    assert_true(gsaw__park_leave(&park, &sleepers[0]));
    assert_true(gsaw__park_leave(&park, &sleepers[2]));
    assert_int_equal(gsaw__park_idle_count(&park), 0);
    gsaw__park_wake_idle(&park);
    assert_int_equal(gsaw__park_hungry_count(&park), 0);
    gsaw__park_clear(&park);
}

static void test_park_wakes_by_key(void **state)
{
    (void)state;
    gsaw__park park;
    enum { KEYS = 100 }; /* more than buckets, so that some share one */
    static char keys[KEYS];
    static gsaw__sleeper outside[KEYS], helpers[KEYS];
    assert_int_equal(gsaw__park_init(&park), GSAW_OK);
    for (int i = 0; i < KEYS; i++) {
        enter(&park, &outside[i], &keys[i], false);
        enter(&park, &helpers[i], &keys[i], true);
    }
    for (int i = 0; i < KEYS; i++) {
        gsaw__park_wake_helper(&park, &keys[i]);
        assert_true(is_woken(&helpers[i]) && !is_woken(&outside[i]));
        gsaw__park_wake_helper(&park, &keys[i]);
        assert_false(is_woken(&outside[i]));
        if (i + 1 < KEYS)
            assert_false(is_woken(&helpers[i + 1]) || is_woken(&outside[i + 1]));
    }
    for (int i = 0; i < KEYS; i += 2) {
        gsaw__park_wake_waiting(&park, &keys[i]);
        assert_true(is_woken(&outside[i]) && !is_woken(&outside[i + 1]));
    }
    gsaw__park_wake_all(&park, false);
    assert_false(is_woken(&outside[1]));
    gsaw__park_wake_all(&park, true);
    for (int i = 1; i < KEYS; i += 2)
        assert_true(is_woken(&outside[i]));
    assert_int_equal(gsaw__park_hungry_count(&park), 0);
    gsaw__park_clear(&park);
}

enum { ROUNDS = 20000 };

/* A ball that goes from thread to thread: each waits until it is its turn, with the rule of park.h.
 */
struct game {
    gsaw__park park;
    _Atomic uint64_t turn;
    char keys[2];
};

static void play(struct game *game, uint64_t self)
{
    gsaw__sleeper sleeper = {0};
    for (uint64_t i = 0; i < ROUNDS; i++) {
        while (atomic_load(&game->turn) % 2 != self) {
            enter(&game->park, &sleeper, &game->keys[self], (i & 1) != 0);
            if (atomic_load(&game->turn) % 2 == self)
                gsaw__park_leave(&game->park, &sleeper);
            else
                gsaw__park_sleep(&sleeper, GSAW_PARK_FOREVER);
        }
        atomic_fetch_add(&game->turn, 1);
        gsaw__park_wake_waiting(&game->park, &game->keys[1 - self]);
    }
}

static void *play_second(void *argument)
{
    play(argument, 1);
    return NULL;
}

static void test_park_loses_no_wake_up(void **state)
{
    (void)state;
    static struct game game;
    pthread_t thread;
    assert_int_equal(gsaw__park_init(&game.park), GSAW_OK);
    assert_int_equal(pthread_create(&thread, NULL, play_second, &game), 0);
    play(&game, 0);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&game.turn), 2 * ROUNDS);
    gsaw__park_clear(&game.park);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_park_idle_wakes_one_at_a_time),
        cmocka_unit_test(test_park_leave_takes_the_entry_back),
        cmocka_unit_test(test_park_wakes_by_key),
        cmocka_unit_test(test_park_loses_no_wake_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
