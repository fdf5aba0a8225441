/* test_map.c - the hash map against a plain list, interning, and allocations failing in turn.
 * Next:    src/base/map.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/map.h"

static void test_map_finds_what_was_inserted(void **state)
{
    (void)state;
    static char keys[5000][8];
    gsaw__map map = {0};
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(keys[i], sizeof keys[i], "k%u", i);
        assert_null(gsaw__map_find(&map, keys[i], strlen(keys[i])));
        bool is_new = false;
        uint32_t *value = gsaw__map_insert(&map, keys[i], strlen(keys[i]), i * 7, &is_new);
        assert_non_null(value);
        assert_true(is_new && *value == i * 7);
        if ((i & 255) == 0)
            assert_true(gsaw__map_check(&map));
    }
    for (uint32_t i = 0; i < 5000; i++) {
        bool is_new = true;
        assert_int_equal(*gsaw__map_find(&map, keys[i], strlen(keys[i])), i * 7);
        assert_int_equal(*gsaw__map_insert(&map, keys[i], strlen(keys[i]), 1, &is_new), i * 7);
        assert_false(is_new);
    }
    assert_int_equal(map.count, 5000);
    gsaw__map_reset(&map);
    assert_null(gsaw__map_find(&map, "k1", 2));
    assert_true(gsaw__map_check(&map));
    gsaw__map_clear(&map);
}

static void test_map_hash_depends_on_every_byte(void **state)
{
    (void)state;
    char text[40] = {0};
    for (size_t size = 1; size <= sizeof text; size++)
        for (size_t i = 0; i < size; i++) {
            uint64_t before = gsaw__hash_bytes(text, size);
            text[i] ^= 1;
            assert_true(before != gsaw__hash_bytes(text, size));
            text[i] ^= 1;
        }
    assert_true(gsaw__hash_bytes("\0", 1) != gsaw__hash_bytes("\0\0", 2));
}

static void test_map_forgets_what_is_removed(void **state)
{
    (void)state;
    enum { KEYS = 500 };
    char keys[KEYS][8];
    bool is_in[KEYS] = {false};
    gsaw__map map = {0};
    uint64_t random = 3;
    for (uint32_t i = 0; i < KEYS; i++)
        snprintf(keys[i], sizeof keys[i], "k%u", i);
    for (int step = 0; step < 20000; step++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint32_t at = (uint32_t)(random >> 33) % KEYS;
        size_t size = strlen(keys[at]);
        if (is_in[at])
            assert_true(gsaw__map_remove(&map, keys[at], size));
        else
            assert_non_null(gsaw__map_insert(&map, keys[at], size, at, NULL));
        is_in[at] = !is_in[at];
        if (!is_in[at])
            assert_false(gsaw__map_remove(&map, keys[at], size));
        if (step % 100 != 0)
            continue;
        assert_true(gsaw__map_check(&map));
        for (uint32_t i = 0; i < KEYS; i++) {
            const uint32_t *found = gsaw__map_find(&map, keys[i], strlen(keys[i]));
            assert_true((found != NULL) == is_in[i]);
            if (found != NULL)
                assert_int_equal(*found, i);
        }
    }
    gsaw__map_clear(&map);
}

static void test_interner_gives_dense_ids(void **state)
{
    (void)state;
    gsaw__interner interner = {0};
    for (int round = 0; round < 2; round++) {
        assert_int_equal(gsaw__interner_add(&interner, "a", 1), 0);
        assert_int_equal(gsaw__interner_add(&interner, "", 0), 1);
        assert_int_equal(gsaw__interner_add(&interner, "a\0b", 3), 2);
        assert_int_equal(gsaw__interner_add(&interner, "a", 1), 0);
        gsaw__string string = gsaw__interner_at(&interner, 2);
        assert_int_equal(string.count, 3);
        assert_memory_equal(string.bytes, "a\0b", 4);
        gsaw__interner_reset(&interner);
    }
    gsaw__interner_clear(&interner);
}

static void test_interner_survives_each_failing_allocation(void **state)
{
    (void)state;
    bool done = false;
    for (size_t fail_at = 1; !done; fail_at++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, fail_at, 0);
        gsaw__interner interner;
        gsaw__interner_init(&interner, &failing.allocator);
        done = true;
        for (int i = 0; i < 300; i++) {
            char key[16];
            int size = snprintf(key, sizeof key, "name%d", i);
            uint32_t id = gsaw__interner_add(&interner, key, (size_t)size);
            done = done && id == (uint32_t)i;
            assert_true(gsaw__map_check(&interner.ids));
        }
        gsaw__interner_clear(&interner);
        assert_int_equal(failing.live_bytes, 0);
    }
}

static void test_digest_equals_the_published_vectors(void **state)
{
    (void)state; /* FIPS 180-4 examples: "abc" and the empty message */
    gsaw__digest digest;
    char text[GSAW_DIGEST_TEXT_SIZE];
    gsaw__digest_bytes("abc", 3, &digest);
    gsaw__digest_text(&digest, text);
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    gsaw__digest_bytes("", 0, &digest);
    gsaw__digest_text(&digest, text);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_finds_what_was_inserted),
        cmocka_unit_test(test_map_hash_depends_on_every_byte),
        cmocka_unit_test(test_map_forgets_what_is_removed),
        cmocka_unit_test(test_interner_gives_dense_ids),
        cmocka_unit_test(test_interner_survives_each_failing_allocation),
        cmocka_unit_test(test_digest_equals_the_published_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
