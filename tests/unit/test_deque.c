/* test_deque.c - the stealing deque against a plain array, growing, and with real thieves.
 * Next:    src/task/deque.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/thread.h"
#include "task/deque.h"

static gsaw_group groups[2];

/* Both words follow from the number, so that a torn job shows. */
static gsaw__job job_of(uint64_t number)
{
    return (gsaw__job){.word = (uintptr_t)number << 1, .group = &groups[number & 1]};
}

static uint64_t number_of(gsaw__job job) { return job.word >> 1; }

static bool is_whole(gsaw__job job) { return job.group == &groups[number_of(job) & 1]; }

/* A deque that is open for good, or one that is private at first. False when that cannot be had. */
static bool make(gsaw__deque *deque, size_t capacity, bool is_asymmetric)
{
    if (is_asymmetric && !gsaw__process_barrier_enable())
        return false;
    assert_true(gsaw__deque_init(deque, NULL, capacity));
    if (is_asymmetric)
        gsaw__deque_be_asymmetric(deque);
    return true;
}

static bool is_private(const gsaw__deque *deque) { return (deque->top & GSAW_TOP_OPEN) == 0; }

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void test_deque_takes_newest_steals_oldest(void **state)
{
    (void)state;
    gsaw__deque deque;
    gsaw__job job;
    assert_true(gsaw__deque_init(&deque, NULL, 4));
    assert_false(gsaw__deque_take(&deque, &job));
    assert_null(gsaw__deque_peek(&deque).group);
    assert_int_equal(gsaw__deque_steal(&deque, NULL, &job), GSAW_STEAL_EMPTY);
    for (uint64_t i = 0; i < 3; i++) {
        job = job_of(i);
        assert_true(gsaw__deque_push(&deque, job));
    }
    assert_ptr_equal(gsaw__deque_peek(&deque).group, &groups[0]);
    assert_true(gsaw__deque_take(&deque, &job));
    assert_int_equal(number_of(job), 2);
    assert_int_equal(gsaw__deque_steal(&deque, &groups[1], &job), GSAW_STEAL_FOREIGN);
    assert_int_equal(gsaw__deque_steal(&deque, &groups[0], &job), GSAW_STEAL_TAKEN);
    assert_int_equal(number_of(job), 0);
    assert_int_equal(gsaw__deque_count(&deque), 1);
    assert_true(gsaw__deque_take(&deque, &job));
    assert_int_equal(number_of(job), 1);
    assert_false(gsaw__deque_take(&deque, &job));
    assert_true(gsaw__deque_check(&deque));
    gsaw__deque_clear(&deque);
}

enum { MODEL_MAX = 4096 };

/* The deque and what it should hold: numbers [first, last) of `held`. */
struct model {
    gsaw__deque deque;
    uint64_t held[MODEL_MAX];
    size_t first, last;
    uint64_t next;
};

/* One random step on both; false where they differ. */
static bool step(struct model *model, uint64_t random)
{
    gsaw__job job;
    size_t count = model->last - model->first;
    switch (random % 8) {
    case 0: {
        bool found = gsaw__deque_steal(&model->deque, NULL, &job) == GSAW_STEAL_TAKEN;
        return found == (count != 0) &&
               (!found || (is_whole(job) && number_of(job) == model->held[model->first++]));
    }
    case 1: {
        const gsaw_group *only = &groups[random >> 8 & 1];
        enum gsaw__steal result = gsaw__deque_steal(&model->deque, only, &job);
        if (count == 0)
            return result == GSAW_STEAL_EMPTY;
        if (only != &groups[model->held[model->first] & 1])
            return result == GSAW_STEAL_FOREIGN;
        return result == GSAW_STEAL_TAKEN && number_of(job) == model->held[model->first++];
    }
    case 2:
    case 3: {
        bool found = gsaw__deque_take(&model->deque, &job);
        return found == (count != 0) &&
               (!found || (is_whole(job) && number_of(job) == model->held[--model->last]));
    }
    case 4:
        return gsaw__deque_peek(&model->deque).group ==
               (count == 0 ? NULL : &groups[model->held[model->last - 1] & 1]);
    default:
        job = job_of(model->next);
        model->held[model->last++] = model->next++;
        return gsaw__deque_push(&model->deque, job);
    }
}

static void match_model(bool is_asymmetric)
{
    static struct model model;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        uint64_t random = seed;
        model.first = model.last = 0;
        model.next = 0;
        if (!make(&model.deque, 1, is_asymmetric))
            return;
        for (int i = 0; i < MODEL_MAX; i++)
            if (!step(&model, next_random(&random)) || !gsaw__deque_check(&model.deque) ||
                gsaw__deque_count(&model.deque) != model.last - model.first)
                fail_msg("seed %llu, step %d", (unsigned long long)seed, i);
        gsaw__deque_clear(&model.deque);
    }
}

static void test_deque_matches_model(void **state)
{
    (void)state;
    match_model(false);
    match_model(true);
}

static void test_deque_is_private_until_a_thief_comes(void **state)
{
    (void)state;
    gsaw__deque deque = {0};
    if (!make(&deque, 4, true))
        skip();
    for (int round = 0; round < 3; round++) {
        gsaw__job job;
        assert_true(is_private(&deque));
        for (uint64_t i = 0; i < 6; i++)
            assert_true(gsaw__deque_push(&deque, job_of(i)));
        assert_true(gsaw__deque_take(&deque, &job));
        assert_int_equal(number_of(job), 5);
        assert_true(gsaw__deque_take_oldest(&deque, &job));
        assert_int_equal(number_of(job), 0);
        assert_int_equal(gsaw__deque_steal(&deque, &groups[0], &job), GSAW_STEAL_FOREIGN);
        assert_true(is_private(&deque)); /* none of these had to open it */
        assert_int_equal(gsaw__deque_steal(&deque, NULL, &job), GSAW_STEAL_TAKEN);
        assert_int_equal(number_of(job), 1);
        assert_false(is_private(&deque));
        assert_true(gsaw__deque_take_oldest(&deque, &job));
        assert_int_equal(number_of(job), 2);
        for (int i = 0; i < 2; i++)
            assert_true(gsaw__deque_take(&deque, &job));
        assert_int_equal(number_of(job), 3);
        assert_false(gsaw__deque_take_oldest(&deque, &job));
        for (int i = 0; i < 1000; i++) {
            assert_true(gsaw__deque_push(&deque, job_of(7)));
            assert_true(gsaw__deque_take(&deque, &job));
            assert_int_equal(number_of(job), 7);
        }
        assert_true(gsaw__deque_check(&deque));
    }
    gsaw__deque_clear(&deque);
}

static void test_deque_reserves_room(void **state)
{
    (void)state;
    gsaw_failing_allocator memory;
    gsaw_failing_allocator_init(&memory, 3, 1);
    gsaw__deque deque;
    assert_true(gsaw__deque_init(&deque, &memory.allocator, 4));
    assert_int_equal(gsaw__deque_reserve(&deque, 3), 4);
    assert_int_equal(memory.calls, 1);
    assert_int_equal(gsaw__deque_reserve(&deque, 30),
                     32); /* the second ring, at once large enough */
    for (uint64_t i = 0; i < 32; i++) {
        gsaw__job job = job_of(i);
        assert_true(gsaw__deque_push(&deque, job));
    }
    assert_int_equal(gsaw__deque_reserve(&deque, 1), 0); /* no memory for a third */
    gsaw__deque_clear(&deque);
    assert_int_equal(memory.live_bytes, 0);
}

static void test_deque_out_of_memory_keeps_jobs(void **state)
{
    (void)state;
    gsaw_failing_allocator memory;
    gsaw_failing_allocator_init(&memory, 1, 1);
    gsaw__deque deque;
    gsaw__job job = job_of(0);
    assert_false(gsaw__deque_init(&deque, &memory.allocator, 2));
    gsaw__deque_clear(&deque);
    gsaw_failing_allocator_init(&memory, 2, 1);
    assert_true(gsaw__deque_init(&deque, &memory.allocator, 2));
    assert_true(gsaw__deque_push(&deque, job));
    job = job_of(1);
    assert_true(gsaw__deque_push(&deque, job));
    job = job_of(2);
    assert_false(gsaw__deque_push(&deque, job));
    assert_true(gsaw__deque_check(&deque));
    /* After a steal by the owner there is room for one, without memory. */
    assert_int_equal(gsaw__deque_steal(&deque, NULL, &job), GSAW_STEAL_TAKEN);
    assert_true(gsaw__deque_push(&deque, job));
    assert_true(gsaw__deque_take(&deque, &job));
    assert_int_equal(number_of(job), 0);
    assert_true(gsaw__deque_take(&deque, &job));
    assert_int_equal(number_of(job), 1);
    gsaw__deque_clear(&deque);
    assert_int_equal(memory.live_bytes, 0);
}

enum { THIEVES = 3, JOBS = 60000 };

struct theft {
    gsaw__deque *deque;
    _Atomic bool *over;
    _Atomic uint8_t *seen; /* how often each number was got */
    bool is_right;
    bool picky; /* one group at a time */
};

static void *thieve(void *argument)
{
    struct theft *theft = argument;
    uint64_t last = 0;
    bool got_any = false;
    uint64_t turn = 0;
    theft->is_right = true;
    for (;;) {
        gsaw__job job;
        bool over = atomic_load(theft->over);
        const gsaw_group *only = theft->picky ? &groups[turn++ & 1] : NULL;
        enum gsaw__steal result = gsaw__deque_steal(theft->deque, only, &job);
        if (result == GSAW_STEAL_TAKEN) {
            /* Whole, of the group asked for, and each thief sees the numbers rise. */
            theft->is_right = theft->is_right && is_whole(job) &&
                              (only == NULL || job.group == only) &&
                              (!got_any || number_of(job) > last);
            got_any = true;
            last = number_of(job);
            atomic_fetch_add(&theft->seen[last], 1);
        } else if (over && result == GSAW_STEAL_EMPTY) {
            return NULL;
        }
    }
}

static void be_robbed(bool is_asymmetric)
{
    static _Atomic uint8_t seen[JOBS];
    uint64_t random = 42;
    for (int round = 0; round < 4; round++) {
        gsaw__deque deque;
        _Atomic bool over = false;
        pthread_t threads[THIEVES];
        struct theft thefts[THIEVES];
        if (!make(&deque, 2, is_asymmetric)) /* small: rings are outgrown under the thieves */
            return;
        for (int i = 0; i < JOBS; i++)
            atomic_store(&seen[i], 0);
        for (int i = 0; i < THIEVES; i++) {
            thefts[i] =
                (struct theft){.deque = &deque, .over = &over, .seen = seen, .picky = i == 1};
            assert_int_equal(pthread_create(&threads[i], NULL, thieve, &thefts[i]), 0);
        }
        for (uint64_t number = 0; number < JOBS;) {
            gsaw__job job;
            for (uint64_t n = next_random(&random) % 50; n-- != 0 && number < JOBS; number++) {
                job = job_of(number);
                assert_true(gsaw__deque_push(&deque, job));
            }
            for (uint64_t n = next_random(&random) % 50;
                 n-- != 0 && gsaw__deque_take(&deque, &job);) {
                assert_true(is_whole(job));
                atomic_fetch_add(&seen[number_of(job)], 1);
            }
        }
        atomic_store(&over, true);
        for (int i = 0; i < THIEVES; i++) {
            pthread_join(threads[i], NULL);
            assert_true(thefts[i].is_right);
        }
        for (int i = 0; i < JOBS; i++)
            if (atomic_load(&seen[i]) != 1)
                fail_msg("seed 42, round %d: job %d was got %d times", round, i, seen[i]);
        assert_true(gsaw__deque_check(&deque));
        gsaw__deque_clear(&deque);
    }
}

static void test_deque_with_thieves_loses_nothing(void **state)
{
    (void)state;
    be_robbed(false);
    be_robbed(true);
}

/* Comes when the deque is private, and takes at once what it can get. */
static void *surprise(void *argument)
{
    struct theft *theft = argument;
    gsaw__job job;
    enum gsaw__steal result = GSAW_STEAL_EMPTY;
    while (!atomic_load(theft->over)) {
        if (result != GSAW_STEAL_TAKEN && !is_private(theft->deque))
            continue;
        result = gsaw__deque_steal(theft->deque, NULL, &job);
        if (result == GSAW_STEAL_TAKEN)
            atomic_fetch_add(&theft->seen[number_of(job)], 1);
    }
    return NULL;
}

/* Few jobs, so that the owner is at the last when the thief comes, and more takes between its
 * visits than keep the deque open. */
static void test_deque_opens_and_closes_under_the_owner(void **state)
{
    (void)state;
    enum { FEW = 5 };
    static _Atomic uint8_t seen[FEW];
    gsaw__deque deque;
    _Atomic bool over = false;
    pthread_t thread;
    if (!make(&deque, 2, true))
        skip();
    struct theft theft = {.deque = &deque, .over = &over, .seen = seen};
    assert_int_equal(pthread_create(&thread, NULL, surprise, &theft), 0);
    for (int round = 0; round < 400000; round++) {
        gsaw__job job;
        uint64_t count = 1 + (uint64_t)round % FEW;
        for (uint64_t i = 0; i < count; i++)
            assert_true(gsaw__deque_push(&deque, job_of(i)));
        while (gsaw__deque_take(&deque, &job))
            atomic_fetch_add(&seen[number_of(job)], 1);
        for (uint64_t i = 0; i < count; i++) {
            while (atomic_load(&seen[i]) == 0) {
            }
            if (atomic_exchange(&seen[i], 0) != 1)
                fail_msg("round %d: job %d was got twice", round, (int)i);
        }
    }
    atomic_store(&over, true);
    pthread_join(thread, NULL);
    assert_true(gsaw__deque_check(&deque));
    gsaw__deque_clear(&deque);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deque_takes_newest_steals_oldest),
        cmocka_unit_test(test_deque_matches_model),
        cmocka_unit_test(test_deque_is_private_until_a_thief_comes),
        cmocka_unit_test(test_deque_reserves_room),
        cmocka_unit_test(test_deque_out_of_memory_keeps_jobs),
        cmocka_unit_test(test_deque_with_thieves_loses_nothing),
        cmocka_unit_test(test_deque_opens_and_closes_under_the_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
