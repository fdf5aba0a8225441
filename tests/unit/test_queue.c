/* test_queue.c - TaskQueue: order, bound, removal, against a model that sorts.
 * Keeps:   random operations come from a seed that is printed with a failure.
 * Threads: one, and three that push and pop at once.
 * Next:    task/queue.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <gangsaw/task.h>

#include "base/atomic.h"
#include "task/queue.h"

#define ITEMS_MAX 300u

static void *item_of(uintptr_t number) { return (void *)number; }

static void test_queue_gives_the_best_then_the_oldest(void **state)
{
    (void)state;
    gsaw_queue *queue;
    void *item = NULL;
    assert_int_equal(gsaw_queue_new(NULL, 4, &queue, NULL), GSAW_OK);
    assert_false(gsaw_queue_pop(queue, &item));
    assert_false(gsaw_queue_peek(queue, &item));
    static const int32_t priorities[] = {1, 2, 1, 2};
    for (uintptr_t i = 0; i < 4; i++)
        assert_int_equal(gsaw_queue_push(queue, item_of(i), priorities[i], NULL), GSAW_OK);
    assert_int_equal(gsaw_queue_push(queue, item_of(9), 9, NULL), GSAW_AGAIN);
    assert_int_equal(gsaw_queue_size(queue), 4);
    static const uintptr_t order[] = {1, 3, 0, 2};
    for (size_t i = 0; i < 4; i++) {
        assert_true(gsaw_queue_peek(queue, &item));
        assert_int_equal((uintptr_t)item, order[i]);
        assert_true(gsaw_queue_pop(queue, &item));
        assert_int_equal((uintptr_t)item, order[i]);
    }
    gsaw_queue_free(queue);
}

typedef struct entry {
    int32_t priority;
    uint64_t sequence, ticket;
    bool is_in;
} entry;

static void test_queue_agrees_with_a_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        gsaw_queue *queue;
        assert_int_equal(gsaw_queue_new(NULL, 0, &queue, NULL), GSAW_OK);
        static entry entries[ITEMS_MAX];
        uint64_t random = seed;
        size_t made = 0, in = 0;
        while (made < ITEMS_MAX || in > 0) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            uint32_t what = (uint32_t)(random >> 33) % 5;
            void *item = NULL;
            if (what < 2 && made < ITEMS_MAX) {
                entry *at = &entries[made];
                *at = (entry){
                    .priority = (int32_t)(random >> 40 & 7), .sequence = made, .is_in = true};
                assert_int_equal(gsaw_queue_push(queue, item_of(made), at->priority, &at->ticket),
                                 GSAW_OK);
                made++;
                in++;
            } else if (what == 2 && made > 0) {
                entry *at = &entries[(random >> 45) % made];
                bool was_in = at->is_in;
                assert_true(gsaw_queue_remove(queue, at->ticket, &item) == was_in);
                if (was_in && (uintptr_t)item != (uintptr_t)(at - entries))
                    fail_msg("seed %u: removed another", (unsigned)seed);
                at->is_in = false;
                in -= was_in;
            } else if (gsaw_queue_pop(queue, &item)) {
                const entry *best = NULL;
                for (size_t i = 0; i < made; i++)
                    if (entries[i].is_in && (best == NULL || entries[i].priority > best->priority))
                        best = &entries[i];
                if (best == NULL || (uintptr_t)item != (uintptr_t)(best - entries))
                    fail_msg("seed %u: not the best came out", (unsigned)seed);
                entries[(uintptr_t)item].is_in = false;
                in--;
            }
            assert_int_equal(gsaw_queue_size(queue), in);
        }
        gsaw_queue_free(queue);
    }
}

static void test_queue_keeps_its_heap_when_priorities_rise(void **state)
{
    (void)state;
    gsaw__queue queue = {0};
    uint32_t slots[ITEMS_MAX];
    uint64_t random = 7;
    assert_true(gsaw__queue_reserve(&queue, ITEMS_MAX));
    for (uint32_t i = 0; i < ITEMS_MAX; i++)
        slots[i] = gsaw__queue_push(&queue, (int32_t)(i % 10), i, i);
    for (uint32_t i = 0; i < 2000; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint32_t slot = slots[(random >> 33) % ITEMS_MAX];
        int32_t now = queue.heap[queue.slots[slot].position].priority;
        gsaw__queue_raise(&queue, slot, now + (int32_t)(random >> 60));
        assert_true(gsaw__queue_check(&queue));
    }
    gsaw__queue_clear(&queue);
}

static void test_queue_without_memory_stays_as_it_was(void **state)
{
    (void)state;
    size_t failed = 0;
    for (size_t n = 1;; n++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, n, 1);
        gsaw_queue *queue = NULL;
        gsaw_status status = gsaw_queue_new(&failing.allocator, 0, &queue, NULL);
        size_t pushed = 0;
        while (status == GSAW_OK && pushed < 100) {
            status = gsaw_queue_push(queue, item_of(pushed), 0, NULL);
            pushed += status == GSAW_OK;
        }
        for (size_t i = 0; i < pushed; i++) {
            void *item = NULL;
            assert_true(gsaw_queue_pop(queue, &item));
            assert_int_equal((uintptr_t)item, i);
        }
        gsaw_queue_free(queue);
        assert_int_equal(failing.live_bytes, 0);
        if (pushed == 100)
            break;
        failed++;
    }
    assert_true(failed >= 3);
}

typedef struct crowd {
    gsaw_queue *queue;
    _Atomic uint64_t sum;
} crowd;

static gsaw_status push_and_pop(gsaw_worker *worker, void *argument, size_t first, size_t end)
{
    (void)worker;
    crowd *self = argument;
    for (size_t i = first; i < end; i++) {
        void *item = NULL;
        gsaw_status status = gsaw_queue_push(self->queue, item_of(i + 1), (int32_t)(i % 3), NULL);
        if (status != GSAW_OK)
            return status;
        if (i % 2 == 0 && gsaw_queue_pop(self->queue, &item))
            gsaw__add_relaxed(&self->sum, (uintptr_t)item); /* test: a sum */
    }
    return GSAW_OK;
}

static void test_queue_loses_nothing_between_threads(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    crowd self = {0};
    gsaw_pool_options options = {.size = sizeof options, .workers = 3};
    gsaw_pool *pool;
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    assert_int_equal(gsaw_queue_new(NULL, 0, &self.queue, NULL), GSAW_OK);
    gsaw_for_options loop = {.size = sizeof loop, .count = COUNT};
    assert_int_equal(gsaw_pool_for(pool, &loop, push_and_pop, &self), GSAW_OK);
    void *item = NULL;
    uint64_t sum = gsaw__load_relaxed(&self.sum); /* test: all has ended */
    while (gsaw_queue_pop(self.queue, &item))
        sum += (uintptr_t)item;
    assert_int_equal(sum, (uint64_t)COUNT * (COUNT + 1) / 2);
    gsaw_queue_free(self.queue);
    gsaw_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue_gives_the_best_then_the_oldest),
        cmocka_unit_test(test_queue_agrees_with_a_model),
        cmocka_unit_test(test_queue_keeps_its_heap_when_priorities_rise),
        cmocka_unit_test(test_queue_without_memory_stays_as_it_was),
        cmocka_unit_test(test_queue_loses_nothing_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
