/* test_arena.c - arenas: alignment, growth, reset, adoption, and every allocation failing in turn.
 * Next:    src/base/arena.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/arena.h"

static void test_arena_aligns_and_keeps_contents(void **state)
{
    (void)state;
    gsaw__arena arena = {0};
    char *items[500];
    for (size_t i = 0; i < 500; i++) {
        size_t align = (size_t)1 << (i % 7);
        items[i] = gsaw__arena_alloc_aligned(&arena, i * 3, align);
        assert_non_null(items[i]);
        assert_int_equal((uintptr_t)items[i] % align, 0);
        memset(items[i], (int)(i & 127), i * 3);
        assert_true(gsaw__arena_check(&arena));
    }
    for (size_t i = 0; i < 500; i++)
        for (size_t k = 0; k < i * 3; k++)
            assert_int_equal(items[i][k], i & 127);
    gsaw__arena_clear(&arena);
    assert_int_equal(arena.bytes, 0);
}

static void test_arena_large_request_gets_its_own_block(void **state)
{
    (void)state;
    gsaw__arena arena = {0};
    char *large = gsaw__arena_alloc(&arena, GSAW_ARENA_BLOCK_MAX * 3);
    assert_non_null(large);
    large[GSAW_ARENA_BLOCK_MAX * 3 - 1] = 1;
    assert_null(gsaw__arena_alloc(&arena, SIZE_MAX - 8));
    assert_null(gsaw__arena_alloc_zero(&arena, SIZE_MAX / 2, 4));
    assert_true(gsaw__arena_check(&arena));
    gsaw__arena_clear(&arena);
}

static void test_arena_reset_keeps_one_block(void **state)
{
    (void)state;
    gsaw__arena arena = {0};
    for (int i = 0; i < 1000; i++)
        assert_non_null(gsaw__arena_alloc(&arena, 1000));
    size_t full = arena.bytes;
    gsaw__arena_reset(&arena);
    assert_true(arena.bytes < full && arena.bytes > 0);
    assert_true(gsaw__arena_check(&arena));
    size_t kept = arena.bytes;
    assert_non_null(gsaw__arena_alloc(&arena, 1000));
    assert_int_equal(arena.bytes, kept);
    gsaw__arena_clear(&arena);
}

static void test_arena_adopt_moves_everything(void **state)
{
    (void)state;
    for (int self_used = 0; self_used < 2; self_used++)
        for (int other_used = 0; other_used < 2; other_used++) {
            gsaw__arena self = {0}, other = {0};
            char *mine = self_used ? gsaw__arena_dup(&self, "mine", 4) : NULL;
            char *theirs = other_used ? gsaw__arena_dup(&other, "theirs", 6) : NULL;
            size_t bytes = self.bytes + other.bytes;
            gsaw__arena_adopt(&self, &other);
            assert_int_equal(self.bytes, bytes);
            assert_int_equal(other.bytes, 0);
            assert_true(gsaw__arena_check(&self) && gsaw__arena_check(&other));
            if (mine != NULL)
                assert_string_equal(mine, "mine");
            if (theirs != NULL)
                assert_string_equal(theirs, "theirs");
            assert_non_null(gsaw__arena_alloc(&self, 100000));
            gsaw__arena_clear(&self);
            gsaw__arena_clear(&other);
        }
}

static void test_arena_survives_each_failing_allocation(void **state)
{
    (void)state;
    size_t fail_at = 1;
    for (bool done = false; !done; fail_at++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, fail_at, 0);
        gsaw__arena arena;
        gsaw__arena_init(&arena, &failing.allocator);
        done = true;
        for (int i = 0; i < 100; i++) {
            done = gsaw__arena_alloc(&arena, 3000) != NULL && done;
            assert_true(gsaw__arena_check(&arena));
        }
        gsaw__arena_clear(&arena);
        assert_int_equal(failing.live_bytes, 0);
    }
    assert_true(fail_at > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_aligns_and_keeps_contents),
        cmocka_unit_test(test_arena_large_request_gets_its_own_block),
        cmocka_unit_test(test_arena_reset_keeps_one_block),
        cmocka_unit_test(test_arena_adopt_moves_everything),
        cmocka_unit_test(test_arena_survives_each_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
