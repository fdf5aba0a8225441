/* test_toml_set.c - keys set in TOML text: everything else stays byte by byte.
 * Next:    src/base/toml_set.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/toml_set.h"

static const char lines_text[] = "num_workers = 2\nbatch_size = 10\n";

static bool set(const char *text, size_t size, const char *table, gsaw__buffer *out)
{
    gsaw__buffer from = {0}, lines = {0};
    gsaw__buffer_append(&from, text, size);
    gsaw__buffer_append_text(&lines, lines_text);
    bool is_there = gsaw__toml_set(&from, table, &lines, out);
    assert_false(out->failed);
    gsaw__buffer_clear(&from);
    gsaw__buffer_clear(&lines);
    return is_there;
}

/* Before and after; once set, setting again changes nothing. */
static void check_table(const char *table, const char *before, const char *after)
{
    gsaw__buffer once = {0}, twice = {0};
    assert_true(set(before, strlen(before), table, &once));
    assert_string_equal(gsaw__buffer_text(&once), after);
    assert_true(set(gsaw__buffer_text(&once), once.count, table, &twice));
    assert_string_equal(gsaw__buffer_text(&twice), after);
    gsaw__buffer_clear(&once);
    gsaw__buffer_clear(&twice);
}

static void check(const char *before, const char *after) { check_table(NULL, before, after); }

static void test_toml_set_replaces_in_place(void **state)
{
    (void)state;
    check("batch_size = 7\nnum_workers = 1\n", "batch_size = 10\nnum_workers = 2\n");
    check("# mine\n\tbatch_size=7 # why\nnum_workers   =   1\n",
          "# mine\n\tbatch_size=10 # why\nnum_workers   =   2\n");
    check("\"batch_size\" = 7\n'num_workers' = 1", "\"batch_size\" = 10\n'num_workers' = 2");
    check("num_workers = 1\r\nbatch_size = 3\r\n", "num_workers = 2\r\nbatch_size = 10\r\n");
    check("num_workers = [\n 1, # ]\n \"]\"\n]\nbatch_size = 1\n",
          "num_workers = 2\nbatch_size = 10\n");
    check("num_workers = '''\nbatch_size = 3\n''' # end\nbatch_size = \"#\"# x\n",
          "num_workers = 2 # end\nbatch_size = 10# x\n");
    check("num_workers =\nbatch_size = 1\n", "num_workers =2\nbatch_size = 10\n");
}

static void test_toml_set_adds_what_is_missing(void **state)
{
    (void)state;
    check("", lines_text);
    check("# mine\n", "# mine\nnum_workers = 2\nbatch_size = 10\n");
    check("# mine", "# mine\nnum_workers = 2\nbatch_size = 10\n");
    check("hidden = true\n\n# other\n",
          "hidden = true\nnum_workers = 2\nbatch_size = 10\n\n# other\n");
    check("hidden = true", "hidden = true\nnum_workers = 2\nbatch_size = 10\n");
    check("hidden = true\r\n", "hidden = true\r\nnum_workers = 2\r\nbatch_size = 10\r\n");
    check("batch_size = 1\n[x]\nnum_workers = 9\n",
          "batch_size = 10\nnum_workers = 2\n[x]\nnum_workers = 9\n");
    check("# mine\n[x]\nnum_workers = 9\n",
          "num_workers = 2\nbatch_size = 10\n\n# mine\n[x]\nnum_workers = 9\n");
    check("\xEF\xBB\xBFhidden = true\n",
          "\xEF\xBB\xBFhidden = true\nnum_workers = 2\nbatch_size = 10\n");
    check("\xEF\xBB\xBF[x]\n", "\xEF\xBB\xBFnum_workers = 2\nbatch_size = 10\n\n[x]\n");
}

static void test_toml_set_leaves_strings_and_tables_alone(void **state)
{
    (void)state;
    check("s = \"\"\"\nnum_workers = 1\n\\\"\"\"\n[x]\"\"\"\nbatch_size = 1\n",
          "s = \"\"\"\nnum_workers = 1\n\\\"\"\"\n[x]\"\"\"\nbatch_size = 10\nnum_workers = 2\n");
    check("s = 'num_workers = 1'\nbatch_size = 1\nx.num_workers = 1\n",
          "s = 'num_workers = 1'\nbatch_size = 10\nnum_workers = 2\nx.num_workers = 1\n");
    check("a = [\n  [\"]\", ']'], # [\n  {num_workers = 1},\n]\nbatch_size = 1\n",
          "a = [\n  [\"]\", ']'], # [\n  {num_workers = 1},\n]\nbatch_size = 10\n"
          "num_workers = 2\n");
    check("num_workers_max = 1\nbatch_size = 10\n",
          "num_workers_max = 1\nbatch_size = 10\nnum_workers = 2\n");
    check("s = \"\"\"a\"\"\"\"\"\nnum_workers = 2\nbatch_size = 10\n",
          "s = \"\"\"a\"\"\"\"\"\nnum_workers = 2\nbatch_size = 10\n");
}

static void test_toml_set_finds_the_table(void **state)
{
    (void)state;
    check_table("a.b", "num_workers = 1\n[a]\nnum_workers = 1\n[a.b]\nnum_workers = 1\n[a.b.c]\n",
                "num_workers = 1\n[a]\nnum_workers = 1\n[a.b]\nnum_workers = 2\nbatch_size = 10\n"
                "[a.b.c]\n");
    check_table("a.b", " [ \"a\" . 'b' ] # x\n",
                " [ \"a\" . 'b' ] # x\n"
                "num_workers = 2\nbatch_size = 10\n");
    check_table("a.b", "[a.b]", "[a.b]\nnum_workers = 2\nbatch_size = 10\n");
    check_table("a.b", "[a.b]\r\n# c\r\n[d]\r\n",
                "[a.b]\r\nnum_workers = 2\r\nbatch_size = 10\r\n\r\n# c\r\n[d]\r\n");
    check_table("a.b", "s = \"\"\"\n[a.b]\n\"\"\"\n[a.b]\nnum_workers = 1\nbatch_size = 1",
                "s = \"\"\"\n[a.b]\n\"\"\"\n[a.b]\nnum_workers = 2\nbatch_size = 10");
    static const char *const without[] = {"",        "[a]\nb = 1\n", "[[a.b]]\n", "[a.bc]\n",
                                          "[a.b.c]", "a.b.c = 1\n",  "[a\n.b]\n", "[",
                                          "[a.b",    "[\"a.b\"]\n",  "[a.\"b\n"};
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        gsaw__buffer out = {0};
        assert_false(set(without[i], strlen(without[i]), "a.b", &out));
        assert_int_equal(out.count, 0);
        gsaw__buffer_clear(&out);
    }
}

/* Anything at all: it ends, it has the keys, and what was there is still there, in order, but for
 * the values of these keys. */
static void test_toml_set_survives_any_bytes(void **state)
{
    (void)state;
    static const char alphabet[] = "ab=#[]{}\"'\\\n\r \t.,1\xEF\xBB\xBF";
    static const char *const words[] = {"num_workers", "batch_size", "\"\"\"", "'''"};
    for (unsigned trial = 0; trial < 20000; trial++) {
        unsigned seed = trial;
        gsaw__buffer text = {0}, out = {0};
        for (int i = rand_r(&seed) % 40; i > 0; i--)
            if (rand_r(&seed) % 6 == 0)
                gsaw__buffer_append_text(&text, words[rand_r(&seed) % 4]);
            else
                gsaw__buffer_append_byte(&text,
                                         alphabet[(size_t)rand_r(&seed) % (sizeof alphabet - 1)]);
        (void)set(gsaw__buffer_text(&text), text.count, "a.b", &out);
        gsaw__buffer_reset(&out);
        assert_true(set(gsaw__buffer_text(&text), text.count, NULL, &out));
        assert_non_null(strstr(gsaw__buffer_text(&out), "2"));
        assert_non_null(strstr(gsaw__buffer_text(&out), "10"));
        if (strstr(gsaw__buffer_text(&text), "num_workers") == NULL &&
            strstr(gsaw__buffer_text(&text), "batch_size") == NULL) {
            size_t at = 0;
            for (size_t i = 0; i < out.count && at < text.count; i++)
                at += out.bytes[i] == text.bytes[at];
            if (at != text.count)
                fail_msg("trial %u", trial);
        }
        gsaw__buffer_clear(&text);
        gsaw__buffer_clear(&out);
    }
}

static void test_toml_set_survives_each_failing_allocation(void **state)
{
    (void)state;
    gsaw__buffer text = {0}, lines = {0};
    gsaw__buffer_append_text(&lines, lines_text);
    for (int i = 0; i < 50; i++)
        gsaw__buffer_printf(&text, "key%d = %d\n", i, i);
    bool done = false;
    for (size_t fail_at = 1; !done; fail_at++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, fail_at, 0);
        gsaw__buffer out = {.allocator = &failing.allocator};
        assert_true(gsaw__toml_set(&text, NULL, &lines, &out));
        done = failing.calls < fail_at;
        assert_true(out.failed == !done);
        gsaw__buffer_clear(&out);
        assert_int_equal(failing.live_bytes, 0);
    }
    gsaw__buffer_clear(&text);
    gsaw__buffer_clear(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_toml_set_replaces_in_place),
        cmocka_unit_test(test_toml_set_adds_what_is_missing),
        cmocka_unit_test(test_toml_set_leaves_strings_and_tables_alone),
        cmocka_unit_test(test_toml_set_finds_the_table),
        cmocka_unit_test(test_toml_set_survives_any_bytes),
        cmocka_unit_test(test_toml_set_survives_each_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
