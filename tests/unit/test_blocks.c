/* test_blocks.c - an array of blocks: every item keeps what was put in, whatever the size.
 * Keeps:   sizes from 8 to 4096 bytes, from one item to several blocks.
 * Threads: one.
 * Next:    base/blocks.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/blocks.h"

typedef struct item8 {
    uint64_t number;
} item8;

typedef struct item24 {
    uint64_t number, rest[2];
} item24;

typedef struct item4096 {
    uint64_t number;
    char rest[4088];
} item4096;

static void test_blocks_keep_their_items(void **state)
{
    (void)state;
    gsaw_failing_allocator failing;
    gsaw_failing_allocator_init(&failing, 0, 0);
    gsaw__blocks small = {0}, odd = {0}, large = {0};
    for (uint32_t i = 0; i < 1000000; i++) {
        if (i == small.capacity)
            assert_true(gsaw__blocks_grow(&small, &failing.allocator, sizeof(item8)));
        ((item8 *)gsaw__blocks_at(&small, i, sizeof(item8)))->number = i;
    }
    for (uint32_t i = 0; i < 300000; i++) {
        if (i == odd.capacity)
            assert_true(gsaw__blocks_grow(&odd, &failing.allocator, sizeof(item24)));
        ((item24 *)gsaw__blocks_at(&odd, i, sizeof(item24)))->number = i;
    }
    for (uint32_t i = 0; i < 300000; i++)
        assert_int_equal(((item24 *)gsaw__blocks_at(&odd, i, sizeof(item24)))->number, i);
    for (uint32_t i = 0; i < 2000; i++) {
        if (i == large.capacity)
            assert_true(gsaw__blocks_grow(&large, &failing.allocator, sizeof(item4096)));
        ((item4096 *)gsaw__blocks_at(&large, i, sizeof(item4096)))->number = i;
    }
    for (uint32_t i = 0; i < 1000000; i++)
        assert_int_equal(((item8 *)gsaw__blocks_at(&small, i, sizeof(item8)))->number, i);
    for (uint32_t i = 0; i < 2000; i++)
        assert_int_equal(((item4096 *)gsaw__blocks_at(&large, i, sizeof(item4096)))->number, i);
    assert_true(failing.live_bytes <=
                1000000 * 8 + 300000 * 24 + 2000 * 4096 + 3 * GSAW_BLOCK_SIZE + 1024);
    gsaw__blocks_clear(&small, &failing.allocator, sizeof(item8));
    gsaw__blocks_clear(&odd, &failing.allocator, sizeof(item24));
    gsaw__blocks_clear(&large, &failing.allocator, sizeof(item4096));
    assert_int_equal(failing.live_bytes, 0);
    assert_int_equal(small.capacity, 0);
}

static void test_blocks_without_memory_stay_as_they_were(void **state)
{
    (void)state;
    uint32_t failed = 0;
    for (size_t n = 1;; n++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, n, 0);
        gsaw__blocks blocks = {0};
        uint32_t count = 0;
        bool is_whole = true;
        for (; is_whole && count < 600000; count++) {
            if (count == blocks.capacity)
                is_whole = gsaw__blocks_grow(&blocks, &failing.allocator, sizeof(item8));
            if (is_whole)
                ((item8 *)gsaw__blocks_at(&blocks, count, sizeof(item8)))->number = count;
        }
        count -= !is_whole;
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(((item8 *)gsaw__blocks_at(&blocks, i, sizeof(item8)))->number, i);
        if (!is_whole) /* and can go on */
            assert_true(gsaw__blocks_reserve(&blocks, &failing.allocator, sizeof(item8), 600000));
        assert_true(blocks.capacity >= 600000);
        gsaw__blocks_clear(&blocks, &failing.allocator, sizeof(item8));
        assert_int_equal(failing.live_bytes, 0);
        if (is_whole)
            break;
        failed++;
    }
    assert_true(failed > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_keep_their_items),
        cmocka_unit_test(test_blocks_without_memory_stay_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
