/* test_sim_deque.c - the stealing deque under every interleaving and order of memory of a small
 * program: an owner, one or two thieves, a ring that is full, grows and is reused.
 * Keeps:   each job is taken once, whole, and what was written before its push is seen by who takes
 *          it (else the simulated machine reports a race).
 * Next:    src/task/deque.h. tools/weaken.py puts weaker orders in, one at a time: this must fail
 *          then. */
#include "sim_fixture.h"

#include <pthread.h>
#include <string.h>

#include "base/thread.h"
#include "task/deque.h"

enum { JOBS_MAX = 8 };

static gsaw_group groups[2];

static struct {
    gsaw__deque deque;
    uint64_t written[JOBS_MAX]; /* before the push of this job, plain */
    uint32_t taken[JOBS_MAX];   /* times, plain */
    uint32_t pushed;
    uint32_t attempts; /* of each thief */
} all;

static bool is_private; /* takes and pushes without a barrier, until a thief comes */

static gsaw__job job_of(uint64_t number)
{
    return (gsaw__job){.word = (uintptr_t)(number + 1) << 4, .group = &groups[number & 1]};
}

static void got(gsaw__job job)
{
    uint64_t number = (job.word >> 4) - 1;
    gsaw_sim_check(number < JOBS_MAX && job.group == &groups[number & 1]);
    gsaw_sim_check(all.written[number] == number + 100);
    gsaw_sim_check(all.taken[number]++ == 0);
}

static void start(uint32_t attempts)
{
    memset(&all, 0, sizeof all);
    all.attempts = attempts;
    gsaw_sim_check(gsaw__deque_init(&all.deque, NULL, 2));
    if (is_private)
        gsaw__deque_be_asymmetric(&all.deque);
}

static void push(void)
{
    if (all.pushed == JOBS_MAX)
        return;
    uint32_t number = all.pushed++;
    all.written[number] = number + 100;
    gsaw_sim_check(gsaw__deque_push(&all.deque, job_of(number)));
}

static void take(void)
{
    gsaw__job job;
    if (gsaw__deque_take(&all.deque, &job))
        got(job);
}

static void take_oldest(void)
{
    gsaw__job job;
    if (gsaw__deque_take_oldest(&all.deque, &job))
        got(job);
}

/* As a join does: the newest job, if it is still the one that was pushed last. */
static void take_word(void)
{
    gsaw__job job = gsaw__deque_peek(&all.deque);
    if (job.word != 0 && gsaw__deque_is_newest(&all.deque, job.word) &&
        (gsaw__deque_take_fast(&all.deque) || gsaw__deque_take_slowly(&all.deque)))
        got(job);
}

static void *steal(void *only)
{
    gsaw__job job;
    for (uint32_t i = 0; i < all.attempts; i++)
        if (gsaw__deque_steal(&all.deque, only, &job) == GSAW_STEAL_TAKEN) {
            gsaw_sim_check(only == NULL || job.group == only);
            got(job);
        }
    return NULL;
}

static void finish(pthread_t *thieves, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pthread_join(thieves[i], NULL);
    gsaw_sim_check(gsaw__deque_check(&all.deque));
    gsaw__job job;
    while (gsaw__deque_take(&all.deque, &job))
        got(job);
    gsaw_sim_check(gsaw__deque_count(&all.deque) == 0);
    for (uint32_t i = 0; i < all.pushed; i++)
        gsaw_sim_check(all.taken[i] == 1);
    gsaw__deque_clear(&all.deque);
}

/* Two jobs, both ends: the last one is for the owner, who takes them this way, or the thief, who
 * tries twice. */
static void last_job(void *way)
{
    void (*const *take_one)(void) = way;
    pthread_t thief;
    start(2);
    push();
    push();
    pthread_create(&thief, NULL, steal, NULL);
    (*take_one)();
    (*take_one)();
    finish(&thief, 1);
}

/* A slot that was stolen from is written again; the ring is as small as it can be. */
static void reused_slot(void *unused)
{
    pthread_t thief;
    start(2);
    push();
    push();
    pthread_create(&thief, NULL, steal, unused);
    take();
    push();
    push();
    finish(&thief, 1);
}

/* Everything on its way while the thief looks: the push too. */
static void pushed_meanwhile(void *unused)
{
    pthread_t thief;
    start(2);
    pthread_create(&thief, NULL, steal, unused);
    push();
    push();
    push();
    take();
    finish(&thief, 1);
}

/* Two thieves while the first of them opens the deque: the other is not to be let in too early. */
static void opened_for_two(void *unused)
{
    (void)unused;
    pthread_t thieves[2];
    start(2);
    push();
    push();
    for (int i = 0; i < 2; i++)
        pthread_create(&thieves[i], NULL, steal, NULL);
    take();
    finish(thieves, 2);
}

/* An open deque becomes private again under the eyes of a thief. */
static void closed_again(void *unused)
{
    pthread_t thief;
    gsaw__job job;
    start(2);
    push();
    push();
    push();
    if (gsaw__deque_steal(&all.deque, NULL, &job) == GSAW_STEAL_TAKEN)
        got(job);
    all.deque.calm = GSAW_DEQUE_CALM - 1;
    all.deque.calm_top = gsaw__load_relaxed(&all.deque.top); /* [D5] nobody else is there */
    pthread_create(&thief, NULL, steal, unused);
    take();
    take();
    finish(&thief, 1);
}

static void test_sim_deque_opens_and_closes(void **state)
{
    (void)state;
    is_private = true;
    sim_explore(sim_all(3), opened_for_two, NULL);
    sim_explore(sim_random(5000), opened_for_two, NULL);
    sim_explore(sim_all(3), closed_again, NULL);
}

static void test_sim_deque_under_all_interleavings(void **state)
{
    static void (*const ways[])(void) = {take, take_word, take_oldest};
    (void)state;
    for (int i = 0; i < 2; i++) {
        is_private = i != 0;
        for (size_t way = 0; way < sizeof ways / sizeof *ways; way++)
            sim_explore(sim_all(3), last_job, (void *)(uintptr_t)&ways[way]);
        sim_explore(sim_all(3), reused_slot, NULL);
        sim_explore(sim_all(3), pushed_meanwhile, NULL);
    }
}

/* Two thieves, of whom one wants a group, and an owner who does this and that. */
static void anything(void *unused)
{
    (void)unused;
    pthread_t thieves[2];
    is_private = gsaw_sim_random(3) != 0;
    start(4);
    all.deque.calm = GSAW_DEQUE_CALM - gsaw_sim_random(4); /* soon private again */
    pthread_create(&thieves[0], NULL, steal, NULL);
    pthread_create(&thieves[1], NULL, steal, gsaw_sim_random(2) == 0 ? NULL : &groups[0]);
    for (uint32_t i = 0; i < 12; i++)
        switch (gsaw_sim_random(8)) {
        case 0:
            take();
            break;
        case 1:
            take_word();
            break;
        case 2:
            take_oldest();
            break;
        case 3:
            all.deque.calm = GSAW_DEQUE_CALM - 1;
            break;
        default:
            push();
            break;
        }
    finish(thieves, 2);
}

static void test_sim_deque_with_two_thieves(void **state)
{
    (void)state;
    sim_explore(sim_random(20000), anything, NULL);
}

/* [P6]: a push without an ordered store, and who parks has every thread pass a barrier: one of the
 * two sees the other. */
static _Atomic uint32_t asleep;
static bool is_seen, is_found;

static void *park(void *is_asymmetric)
{
    gsaw__add_seq_cst(&asleep, 1); /* [P1] as in park.c */
    if (*(bool *)is_asymmetric)
        gsaw__process_barrier();
    is_found = gsaw__deque_count(&all.deque) != 0;
    return NULL;
}

static void push_or_park(void *is_asymmetric)
{
    pthread_t thread;
    is_private = *(bool *)is_asymmetric;
    start(0);
    gsaw__store_relaxed(&asleep, 0); /* [P1] before there is another thread */
    pthread_create(&thread, NULL, park, is_asymmetric);
    push();
    is_seen = gsaw__load_seq_cst(&asleep) != 0; /* [P1] as in park.h */
    pthread_join(thread, NULL);
    gsaw_sim_check(is_seen || is_found);
    finish(NULL, 0);
}

static void test_sim_deque_push_without_a_fence(void **state)
{
    (void)state;
    bool is_asymmetric = true;
    sim_explore(sim_all(4), push_or_park, &is_asymmetric);
    is_asymmetric = false;
    sim_explore(sim_all(4), push_or_park, &is_asymmetric);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sim_deque_under_all_interleavings),
        cmocka_unit_test(test_sim_deque_opens_and_closes),
        cmocka_unit_test(test_sim_deque_with_two_thieves),
        cmocka_unit_test(test_sim_deque_push_without_a_fence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
