/* test_inbox.c - the shared inbox: order within a group, turns between groups, closing, and pushers
 * beside a taker.
 * Next:    src/task/inbox.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>

#include "task/inbox.h"

enum { GROUPS = 5 };

static bool push(gsaw__inbox *inbox, gsaw_group *group, gsaw_task *task, uint64_t number)
{
    *task = (gsaw_task){.group = group, .value = number};
    return gsaw__inbox_push(inbox, task, task);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void test_inbox_groups_take_turns(void **state)
{
    (void)state;
    gsaw__inbox inbox;
    gsaw_group groups[3] = {0};
    gsaw_task tasks[12], *taken[8];
    assert_int_equal(gsaw__inbox_init(&inbox), GSAW_OK);
    assert_true(gsaw__inbox_is_empty(&inbox));
    for (uint64_t i = 0; i < 12; i++)
        assert_true(push(&inbox, &groups[i % 3], &tasks[i], i));
    assert_false(gsaw__inbox_is_empty(&inbox));
    for (uint64_t turn = 0; turn < 3; turn++) {
        assert_int_equal(gsaw__inbox_take(&inbox, taken, 2, 1), 2);
        assert_ptr_equal(taken[0]->group, &groups[turn]);
        assert_int_equal(taken[0]->value, turn);
        assert_int_equal(taken[1]->value, turn + 3);
        assert_int_equal(gsaw__inbox_check(&inbox), 10 - 2 * turn);
    }
    assert_int_equal(gsaw__inbox_take(&inbox, taken, 8, 1), 2); /* one group only */
    assert_ptr_equal(taken[1]->group, &groups[0]);
    assert_null(groups[0].following); /* gone from the inbox without a trace */
    assert_null(groups[0].last);
    assert_int_equal(gsaw__inbox_take(&inbox, taken, 8, 1), 2);
    assert_int_equal(gsaw__inbox_take(&inbox, taken, 8, 1), 2);
    assert_int_equal(gsaw__inbox_take(&inbox, taken, 8, 1), 0);
    assert_true(gsaw__inbox_is_empty(&inbox));
    gsaw__inbox_clear(&inbox);
}

static void test_inbox_gives_a_fair_share(void **state)
{
    (void)state;
    gsaw__inbox inbox;
    gsaw_group group = {0};
    gsaw_task tasks[10], *taken[16];
    assert_int_equal(gsaw__inbox_init(&inbox), GSAW_OK);
    for (uint64_t i = 0; i < 10; i++)
        assert_true(push(&inbox, &group, &tasks[i], i));
    assert_int_equal(gsaw__inbox_take(&inbox, taken, 16, 4), 3); /* 10/4, rounded up */
    assert_int_equal(gsaw__inbox_take(&inbox, taken, 16, 4), 2);
    assert_int_equal(gsaw__inbox_take(&inbox, taken, 16, 100), 1);
    assert_int_equal(gsaw__inbox_take(&inbox, taken, 2, 1), 2);
    assert_int_equal(gsaw__inbox_take(&inbox, taken, 16, 1), 2);
    assert_int_equal(taken[1]->value, 9);
    gsaw__inbox_clear(&inbox);
}

static void test_inbox_takes_chains(void **state)
{
    (void)state;
    gsaw__inbox inbox;
    gsaw_group groups[2] = {0};
    gsaw_task tasks[6], *taken[6];
    assert_int_equal(gsaw__inbox_init(&inbox), GSAW_OK);
    for (uint64_t i = 0; i < 6; i++)
        tasks[i] =
            (gsaw_task){.group = &groups[i / 3], .value = i, .next = i == 0 ? NULL : &tasks[i - 1]};
    assert_true(gsaw__inbox_push(&inbox, &tasks[5], &tasks[0]));
    assert_int_equal(gsaw__inbox_check(&inbox), 6);
    for (uint64_t turn = 0; turn < 2; turn++) {
        assert_int_equal(gsaw__inbox_take(&inbox, taken, 6, 1), 3);
        for (uint64_t i = 0; i < 3; i++)
            assert_int_equal(taken[i]->value, turn * 3 + i);
    }
    gsaw__inbox_clear(&inbox);
}

/* Random pushes and takes against the numbers that each group should hold. */
static void test_inbox_matches_model(void **state)
{
    (void)state;
    static gsaw_task tasks[3000];
    for (uint64_t seed = 1; seed <= 30; seed++) {
        gsaw__inbox inbox;
        gsaw_group groups[GROUPS] = {0};
        uint64_t random = seed, first[GROUPS] = {0}, last[GROUPS] = {0};
        assert_int_equal(gsaw__inbox_init(&inbox), GSAW_OK);
        for (int step = 0; step < 3000; step++) {
            uint64_t choice = next_random(&random);
            size_t g = (size_t)(choice >> 8) % GROUPS;
            bool right = true;
            gsaw_task *taken[4];
            if (choice % 4 == 0) {
                right = push(&inbox, &groups[g], &tasks[step], last[g]++);
            } else if (choice % 4 == 1) {
                tasks[step] = (gsaw_task){.group = &groups[g], .value = last[g]++};
                gsaw__inbox_check(&inbox); /* sorted: what is pushed always comes behind it */
                gsaw__inbox_push_always(&inbox, &tasks[step]);
            } else if (choice % 4 == 2) {
                gsaw_task *task = gsaw__inbox_take_of(&inbox, &groups[g]);
                right = (task != NULL) == (first[g] != last[g]) &&
                        (task == NULL || (task->group == &groups[g] && task->value == first[g]++));
            } else {
                size_t count = gsaw__inbox_take(&inbox, taken, 4, 2);
                for (size_t i = 0; i < count; i++)
                    right = right && taken[i]->group == taken[0]->group &&
                            taken[i]->value == first[taken[i]->group - groups]++;
            }
            uint64_t held = 0;
            for (size_t i = 0; i < GROUPS; i++)
                held += last[i] - first[i];
            if (!right || held != gsaw__inbox_check(&inbox) ||
                gsaw__inbox_is_empty(&inbox) != (held == 0))
                fail_msg("seed %llu, step %d", (unsigned long long)seed, step);
        }
        gsaw__inbox_clear(&inbox);
    }
}

static void test_inbox_closes(void **state)
{
    (void)state;
    gsaw__inbox inbox;
    gsaw_group group = {0};
    gsaw_task tasks[3];
    assert_int_equal(gsaw__inbox_init(&inbox), GSAW_OK);
    assert_true(push(&inbox, &group, &tasks[0], 1));
    gsaw__inbox_close(&inbox);
    gsaw__inbox_close(&inbox);
    assert_false(push(&inbox, &group, &tasks[1], 2));
    tasks[2] = (gsaw_task){.group = &group, .value = 3};
    gsaw__inbox_push_always(&inbox, &tasks[2]);
    assert_ptr_equal(gsaw__inbox_take_of(&inbox, &group), &tasks[0]);
    assert_ptr_equal(gsaw__inbox_take_of(&inbox, &group), &tasks[2]);
    assert_null(gsaw__inbox_take_of(&inbox, &group));
    assert_true(gsaw__inbox_is_empty(&inbox));
    gsaw__inbox_clear(&inbox);
}

enum { PUSHERS = 3, EACH = 20000 };

struct pusher {
    gsaw__inbox *inbox;
    gsaw_group *group;
    gsaw_task *tasks;
};

static void *push_all(void *argument)
{
    struct pusher *self = argument;
    for (uint64_t i = 0; i < EACH; i++)
        if (!push(self->inbox, self->group, &self->tasks[i], i))
            abort();
    return NULL;
}

/* Pushers beside a taker: nothing is lost, and each group's tasks come in the order they were
 * pushed in. */
static void test_inbox_beside_pushers(void **state)
{
    (void)state;
    gsaw__inbox inbox;
    gsaw_group groups[PUSHERS] = {0};
    struct pusher pushers[PUSHERS];
    pthread_t threads[PUSHERS];
    uint64_t next[PUSHERS] = {0}, count = 0;
    assert_int_equal(gsaw__inbox_init(&inbox), GSAW_OK);
    for (int i = 0; i < PUSHERS; i++) {
        pushers[i] = (struct pusher){&inbox, &groups[i], calloc(EACH, sizeof(gsaw_task))};
        assert_non_null(pushers[i].tasks);
        assert_int_equal(pthread_create(&threads[i], NULL, push_all, &pushers[i]), 0);
    }
    while (count < (uint64_t)PUSHERS * EACH) {
        gsaw_task *taken[7];
        size_t n = gsaw__inbox_take(&inbox, taken, 7, 1);
        gsaw_task *one = gsaw__inbox_take_of(&inbox, &groups[count % PUSHERS]);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(taken[i]->value, next[taken[i]->group - groups]++);
        if (one != NULL)
            assert_int_equal(one->value, next[one->group - groups]++);
        count += n + (one != NULL);
    }
    for (int i = 0; i < PUSHERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(next[i], EACH);
        free(pushers[i].tasks);
    }
    assert_true(gsaw__inbox_is_empty(&inbox));
    gsaw__inbox_clear(&inbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inbox_groups_take_turns),
        cmocka_unit_test(test_inbox_gives_a_fair_share),
        cmocka_unit_test(test_inbox_takes_chains),
        cmocka_unit_test(test_inbox_matches_model),
        cmocka_unit_test(test_inbox_closes),
        cmocka_unit_test(test_inbox_beside_pushers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
