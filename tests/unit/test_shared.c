/* test_shared.c - SharedState: readers see whole versions, old ones go when nobody reads them.
 * Keeps:   every value that was published is destroyed once.
 * Threads: readers and writers on a pool of four.
 * Next:    sync/shared.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <gangsaw/pool.h>
#include <gangsaw/sync.h>
#include <stdlib.h>

#include "base/atomic.h"

static _Atomic uint64_t made, destroyed;

typedef struct pair {
    uint64_t number, twice;
} pair;

static pair *make_pair(uint64_t number)
{
    pair *value = malloc(sizeof *value);
    assert_non_null(value);
    *value = (pair){number, 2 * number};
    gsaw__add_relaxed(&made, 1); /* test: a count */
    return value;
}

static void destroy_pair(void *value)
{
    pair *self = value;
    self->number = self->twice = UINT64_MAX; /* who reads on sees it, and so do the sanitizers */
    gsaw__add_relaxed(&destroyed, 1);        /* test: a count */
    free(value);
}

static void test_shared_keeps_what_is_read(void **state)
{
    (void)state;
    gsaw_shared *shared;
    uint64_t version = 0;
    gsaw__store_relaxed(&destroyed, 0); /* test: a count */
    assert_int_equal(gsaw_shared_new(NULL, 2, destroy_pair, &shared, NULL), GSAW_OK);
    assert_null(gsaw_shared_read(shared, 0));
    assert_int_equal(gsaw_shared_update(shared, 0, make_pair(1), &version), GSAW_OK);
    assert_int_equal(version, 1);
    const gsaw_snapshot *first = gsaw_shared_read(shared, 0);
    pair *second = make_pair(2);
    assert_int_equal(gsaw_shared_update(shared, 0, second, &version), GSAW_AGAIN);
    assert_int_equal(gsaw_shared_update(shared, 1, second, &version), GSAW_OK);
    assert_int_equal(gsaw_shared_write(shared, make_pair(3), &version), GSAW_OK);
    assert_int_equal(version, 3);
    assert_int_equal(gsaw__load_relaxed(&destroyed), 1); /* test: a count; the second */
    assert_int_equal(((const pair *)first->value)->number, 1);
    assert_int_equal(first->version, 1);
    gsaw_shared_release(shared, first);
    assert_int_equal(gsaw__load_relaxed(&destroyed), 2); /* test: a count */
    gsaw_shared_release(shared, NULL);
    gsaw_shared_free(shared);
    assert_int_equal(gsaw__load_relaxed(&destroyed), 3); /* test: a count */
    gsaw_shared_free(NULL);
}

static gsaw_status read_or_write(gsaw_worker *worker, void *argument, size_t first, size_t end)
{
    gsaw_shared *shared = argument;
    for (size_t i = first; i < end; i++) {
        const gsaw_snapshot *snapshot = gsaw_shared_read(shared, gsaw_worker_index(worker));
        const pair *seen = snapshot->value;
        if (seen->twice != 2 * seen->number || snapshot->version == 0)
            return GSAW_DAMAGED;
        if (i % 16 == 0) {
            pair *next = make_pair(i);
            gsaw_status status = i % 32 == 0
                                     ? gsaw_shared_write(shared, next, NULL)
                                     : gsaw_shared_update(shared, snapshot->version, next, NULL);
            if (status == GSAW_AGAIN)
                destroy_pair(next);
        }
        const gsaw_snapshot *later = gsaw_shared_read(shared, gsaw_worker_index(worker) + 1);
        if (later->version < snapshot->version || seen->twice != 2 * seen->number)
            return GSAW_DAMAGED;
        gsaw_shared_release(shared, snapshot);
        gsaw_shared_release(shared, later);
    }
    return GSAW_OK;
}

static void test_shared_readers_see_whole_versions(void **state)
{
    (void)state;
    gsaw__store_relaxed(&made, 0);      /* test: a count */
    gsaw__store_relaxed(&destroyed, 0); /* test: a count */
    gsaw_shared *shared;
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = 4};
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    assert_int_equal(gsaw_shared_new(NULL, 3, destroy_pair, &shared, NULL), GSAW_OK);
    assert_int_equal(gsaw_shared_write(shared, make_pair(1), NULL), GSAW_OK);
    gsaw_for_options loop = {.size = sizeof loop, .count = 40000};
    assert_int_equal(gsaw_pool_for(pool, &loop, read_or_write, shared), GSAW_OK);
    gsaw_shared_free(shared);
    gsaw_pool_free(pool);
    assert_int_equal(gsaw__load_relaxed(&made), gsaw__load_relaxed(&destroyed)); /* test: ended */
    assert_true(gsaw__load_relaxed(&made) > 40000 / 16);                         /* test: ended */
}

static void test_shared_without_memory_leaves_the_value(void **state)
{
    (void)state;
    gsaw_shared *shared = NULL;
    gsaw_failing_allocator failing;
    assert_int_equal(gsaw_shared_new(NULL, 5000, NULL, &shared, NULL), GSAW_RANGE);
    for (size_t n = 1; n <= 3; n++) {
        int value = 0;
        gsaw_failing_allocator_init(&failing, n, 0);
        gsaw_status status = gsaw_shared_new(&failing.allocator, 1, NULL, &shared, NULL);
        assert_int_equal(status, n <= 2 ? GSAW_NO_MEMORY : GSAW_OK);
        if (status == GSAW_OK) {
            assert_int_equal(gsaw_shared_write(shared, &value, NULL), GSAW_NO_MEMORY);
            assert_int_equal(gsaw_shared_write(shared, &value, NULL), GSAW_OK);
            gsaw_shared_free(shared);
        }
        assert_int_equal(failing.live_bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared_keeps_what_is_read),
        cmocka_unit_test(test_shared_readers_see_whole_versions),
        cmocka_unit_test(test_shared_without_memory_leaves_the_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
