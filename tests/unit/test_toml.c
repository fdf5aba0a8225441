/* test_toml.c - the TOML reader's tree, its lines, and memory that runs out.
 * Keeps:   what is valid and what values are is compared with Python's reader: cli/test_toml.py.
 * Threads: one.
 * Next:    base/toml.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/toml.h"

static const char document[] = "# all kinds\n"
                               "truth = true\n"
                               "integer = -0x1\n"
                               "text = \"a\\u0000b\"\n"
                               "list = [1,\n"
                               "  'two', \"\"\"\n"
                               "three\n"
                               "\"\"\"]\n"
                               "[table.'in'.table]\n"
                               "time = 12:30:00\n"
                               "float = 1_0.5\n"
                               "inline = {a.b = {}, c = []}\n"
                               "[[tables]]\n"
                               "[[tables]]\n"
                               "x = 1\n";

static const gsaw__value *child(const gsaw__value *table, const char *key)
{
    const gsaw__value *at = table->first;
    while (at != NULL && strcmp(at->key, key) != 0)
        at = at->next;
    assert_non_null(at);
    return at;
}

static void test_toml_refuses_a_sign_before_a_prefix(void **state)
{
    gsaw__arena arena = {0};
    gsaw_error error = {0};
    const gsaw__value *root = (const gsaw__value *)&arena;
    (void)state;
    assert_int_equal(gsaw__toml_read(document, sizeof document - 1, &arena, &root, &error),
                     GSAW_INVALID);
    assert_string_equal(error.text, "3:13: something behind the end of the statement");
    assert_null(root);
    gsaw__arena_clear(&arena);
}

/* The document without the sign. */
static gsaw_status read_document(gsaw__arena *arena, const gsaw__value **root)
{
    char text[sizeof document];
    memcpy(text, document, sizeof document);
    *strchr(text, '-') = ' ';
    return gsaw__toml_read(text, sizeof text - 1, arena, root, NULL);
}

static void test_toml_tree_is_in_order(void **state)
{
    static const char *const keys[] = {"truth", "integer", "text", "list", "table", "tables"};
    gsaw__arena arena = {0};
    const gsaw__value *root;
    size_t count = 0;
    (void)state;
    assert_int_equal(read_document(&arena, &root), GSAW_OK);
    assert_int_equal(root->kind, GSAW_VALUE_TABLE);
    for (const gsaw__value *at = root->first; at != NULL; at = at->next)
        assert_string_equal(at->key, keys[count++]);
    assert_int_equal(count, 6);
    assert_true(child(root, "truth")->truth);
    assert_int_equal(child(root, "integer")->integer, 1);
    assert_int_equal(child(root, "text")->size, 3);
    assert_memory_equal(child(root, "text")->text, "a\0b", 4); /* and the zero byte behind it */
    const gsaw__value *list = child(root, "list");
    assert_int_equal(list->first->integer, 1);
    assert_string_equal(list->first->next->text, "two");
    assert_string_equal(list->last->text, "three\n");
    const gsaw__value *inner = child(child(child(root, "table"), "in"), "table");
    assert_int_equal(child(inner, "time")->kind, GSAW_VALUE_TIME);
    assert_string_equal(child(inner, "float")->text, "1_0.5");
    assert_null(child(child(child(inner, "inline"), "a"), "b")->first);
    assert_null(child(root, "tables")->first->first);
    assert_int_equal(child(child(root, "tables")->last, "x")->integer, 1);
    gsaw__arena_clear(&arena);
}

static void test_toml_values_know_their_lines(void **state)
{
    gsaw__arena arena = {0};
    const gsaw__value *root;
    (void)state;
    assert_int_equal(read_document(&arena, &root), GSAW_OK);
    assert_int_equal(child(root, "truth")->line, 2);
    assert_int_equal(child(root, "list")->line, 5);
    assert_int_equal(child(root, "list")->first->next->line, 6);
    assert_int_equal(child(root, "table")->line, 9);
    assert_int_equal(child(root, "tables")->line, 13);
    assert_int_equal(child(child(root, "tables")->last, "x")->line, 15);
    gsaw__arena_clear(&arena);
}

static void test_toml_survives_failed_allocations(void **state)
{
    (void)state;
    for (int from = 0; from < 2; from++) {
        gsaw_status status = GSAW_NO_MEMORY;
        size_t fail_at = 0;
        while (status == GSAW_NO_MEMORY) {
            gsaw_failing_allocator failing;
            gsaw__arena arena;
            const gsaw__value *root;
            gsaw_failing_allocator_init(&failing, ++fail_at, from);
            gsaw__arena_init(&arena, &failing.allocator);
            status = read_document(&arena, &root);
            assert_true((root != NULL) == (status == GSAW_OK));
            gsaw__arena_clear(&arena);
            assert_int_equal(failing.live_bytes, 0);
        }
        assert_int_equal(status, GSAW_OK);
        assert_true(fail_at > 4);
    }
}

/* A large document, so that every table grows while memory runs out. */
static void test_toml_survives_failed_growth(void **state)
{
    static char text[40000];
    size_t size = 0;
    gsaw_status status = GSAW_NO_MEMORY;
    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "[a.t%u]\nk%u = '%u'\n", i, i, i);
    for (size_t fail_at = 1; status == GSAW_NO_MEMORY; fail_at++) {
        gsaw_failing_allocator failing;
        gsaw__arena arena;
        const gsaw__value *root;
        gsaw_failing_allocator_init(&failing, fail_at, 0);
        gsaw__arena_init(&arena, &failing.allocator);
        status = gsaw__toml_read(text, size, &arena, &root, NULL);
        gsaw__arena_clear(&arena);
        assert_int_equal(failing.live_bytes, 0);
    }
    assert_int_equal(status, GSAW_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_toml_refuses_a_sign_before_a_prefix),
        cmocka_unit_test(test_toml_tree_is_in_order),
        cmocka_unit_test(test_toml_values_know_their_lines),
        cmocka_unit_test(test_toml_survives_failed_allocations),
        cmocka_unit_test(test_toml_survives_failed_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
