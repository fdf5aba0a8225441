/* test_queue.c - the shared queue: order within a group, turns between groups, closing, memory.
 * Next:    src/task/queue.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "task/queue.h"

enum { GROUPS = 5 };

static void task(gsaw_worker *worker, void *argument, uint64_t range)
{
    (void)worker;
    (void)argument;
    (void)range;
}

static gsaw__job job_of(gsaw_group *group, uint64_t number)
{
    return (gsaw__job){.group = group, .task = {.function = task, .range = number}};
}

static gsaw_status push(gsaw__queue *queue, gsaw_group *group, uint64_t number)
{
    gsaw__job job = job_of(group, number);
    return gsaw__queue_push(queue, &job, false);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void test_queue_groups_take_turns(void **state)
{
    (void)state;
    gsaw__queue queue;
    gsaw_group groups[3] = {0};
    gsaw__job jobs[8];
    assert_int_equal(gsaw__queue_init(&queue, NULL), GSAW_OK);
    for (uint64_t i = 0; i < 12; i++)
        assert_int_equal(push(&queue, &groups[i % 3], i), GSAW_OK);
    assert_int_equal(gsaw__queue_count(&queue), 12);
    for (uint64_t turn = 0; turn < 3; turn++) {
        assert_int_equal(gsaw__queue_take(&queue, jobs, 2, 1), 2);
        assert_ptr_equal(jobs[0].group, &groups[turn]);
        assert_int_equal(jobs[0].task.range, turn);
        assert_int_equal(jobs[1].task.range, turn + 3);
        assert_true(gsaw__queue_check(&queue));
    }
    assert_int_equal(gsaw__queue_take(&queue, jobs, 8, 1), 2); /* one group only */
    assert_ptr_equal(jobs[1].group, &groups[0]);
    assert_null(groups[0].next); /* gone from the queue without a trace */
    assert_int_equal(groups[0].last, 0);
    assert_int_equal(gsaw__queue_take(&queue, jobs, 8, 1), 2);
    assert_int_equal(gsaw__queue_take(&queue, jobs, 8, 1), 2);
    assert_int_equal(gsaw__queue_take(&queue, jobs, 8, 1), 0);
    gsaw__queue_clear(&queue);
}

static void test_queue_gives_a_fair_share(void **state)
{
    (void)state;
    gsaw__queue queue;
    gsaw_group group = {0};
    gsaw__job jobs[16];
    assert_int_equal(gsaw__queue_init(&queue, NULL), GSAW_OK);
    for (uint64_t i = 0; i < 10; i++)
        push(&queue, &group, i);
    assert_int_equal(gsaw__queue_take(&queue, jobs, 16, 4), 3); /* 10/4, rounded up */
    assert_int_equal(gsaw__queue_take(&queue, jobs, 16, 4), 2);
    assert_int_equal(gsaw__queue_take(&queue, jobs, 16, 100), 1);
    assert_int_equal(gsaw__queue_take(&queue, jobs, 2, 1), 2);
    assert_int_equal(gsaw__queue_take(&queue, jobs, 16, 1), 2);
    assert_int_equal(jobs[1].task.range, 9);
    gsaw__queue_clear(&queue);
}

/* Random pushes and takes against the numbers that each group should hold. */
static void test_queue_matches_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        gsaw__queue queue;
        gsaw_group groups[GROUPS] = {0};
        uint64_t random = seed, first[GROUPS] = {0}, last[GROUPS] = {0};
        assert_int_equal(gsaw__queue_init(&queue, NULL), GSAW_OK);
        for (int step = 0; step < 3000; step++) {
            uint64_t choice = next_random(&random);
            size_t g = (size_t)(choice >> 8) % GROUPS;
            bool right = true;
            gsaw__job jobs[4];
            if (choice % 4 < 2) {
                right = push(&queue, &groups[g], last[g]++) == GSAW_OK;
            } else if (choice % 4 == 2) {
                bool found = gsaw__queue_take_of(&queue, &groups[g], &jobs[0]);
                right =
                    found == (first[g] != last[g]) &&
                    (!found || (jobs[0].group == &groups[g] && jobs[0].task.range == first[g]++));
            } else {
                size_t count = gsaw__queue_take(&queue, jobs, 4, 2);
                for (size_t i = 0; i < count; i++)
                    right = right && jobs[i].group == jobs[0].group &&
                            jobs[i].task.range == first[jobs[i].group - groups]++;
            }
            uint64_t held = 0;
            for (size_t i = 0; i < GROUPS; i++)
                held += last[i] - first[i];
            if (!right || held != gsaw__queue_count(&queue) || !gsaw__queue_check(&queue))
                fail_msg("seed %llu, step %d", (unsigned long long)seed, step);
        }
        gsaw__queue_clear(&queue);
    }
}

static void test_queue_closes(void **state)
{
    (void)state;
    gsaw__queue queue;
    gsaw_group group = {0};
    gsaw__job job;
    assert_int_equal(gsaw__queue_init(&queue, NULL), GSAW_OK);
    assert_int_equal(push(&queue, &group, 1), GSAW_OK);
    gsaw__queue_close(&queue);
    assert_int_equal(push(&queue, &group, 2), GSAW_CLOSED);
    job = job_of(&group, 3);
    assert_int_equal(gsaw__queue_push(&queue, &job, true), GSAW_OK);
    assert_true(gsaw__queue_take_of(&queue, &group, &job));
    assert_int_equal(job.task.range, 1);
    assert_true(gsaw__queue_take_of(&queue, &group, &job));
    assert_int_equal(job.task.range, 3);
    assert_false(gsaw__queue_take_of(&queue, &group, &job));
    gsaw__queue_clear(&queue);
}

static void test_queue_out_of_memory_keeps_jobs(void **state)
{
    (void)state;
    gsaw_failing_allocator memory;
    gsaw_failing_allocator_init(&memory, 2, 1);
    gsaw__queue queue;
    gsaw_group group = {0};
    gsaw__job job;
    assert_int_equal(gsaw__queue_init(&queue, &memory.allocator), GSAW_OK);
    uint64_t count = 0;
    while (push(&queue, &group, count) == GSAW_OK)
        count++;
    assert_true(count >= 16);
    assert_int_equal(push(&queue, &group, count), GSAW_NO_MEMORY);
    assert_true(gsaw__queue_check(&queue));
    assert_true(gsaw__queue_take_of(&queue, &group, &job));
    assert_int_equal(push(&queue, &group, count++), GSAW_OK); /* the slot given back */
    for (uint64_t i = 1; i < count; i++) {
        assert_true(gsaw__queue_take_of(&queue, &group, &job));
        assert_int_equal(job.task.range, i);
    }
    gsaw__queue_clear(&queue);
    assert_int_equal(memory.live_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue_groups_take_turns),
        cmocka_unit_test(test_queue_gives_a_fair_share),
        cmocka_unit_test(test_queue_matches_model),
        cmocka_unit_test(test_queue_closes),
        cmocka_unit_test(test_queue_out_of_memory_keeps_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
