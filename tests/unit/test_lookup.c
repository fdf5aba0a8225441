/* test_lookup.c - files by path, symbols by id and by name; and a Codebase that is parallel or not,
 * with its phases.
 * Next:    src/code/lookup.c, include/gangsaw/code.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <gangsaw/code.h>

#include "base/thread.h"
#include "sandbox.h"

#define FILES 300

static sandbox box;

/* Many files with namesakes: f is in all, g in every third; one name with a '#' in its path. */
static int set_up(void **state)
{
    (void)state;
    sandbox_init(&box);
    for (int i = 0; i < FILES; i++) {
        char path[64], text[160];
        snprintf(path, sizeof path, "d%d/f%03d.py", i % 7, i);
        snprintf(text, sizeof text,
                 "def f():\n    pass\n\n\nclass C%d:\n    def %s(self):\n        %s", i,
                 i % 3 == 0 ? "g" : "h", "pass\n");
        sandbox_file(&box, path, text);
    }
    sandbox_file(&box, "a#b.py", "def f():\n    pass\n\n\ndef f():\n    pass\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sandbox_clear(&box);
    return 0;
}

static gsaw_codebase *open_and_index(bool parallel, uint32_t workers)
{
    gsaw_codebase *code = NULL;
    gsaw_config config = {.size = sizeof config, .num_workers = workers};
    assert_int_equal(gsaw_codebase_open(box.root, &config, &code, NULL), GSAW_OK);
    gsaw_codebase_set_parallel(code, parallel);
    assert_int_equal(gsaw_codebase_index(code, NULL), GSAW_OK);
    return code;
}

static void test_lookup_finds_each_file(void **state)
{
    (void)state;
    gsaw_codebase *code = open_and_index(true, 2);
    size_t found = 0;
    for (size_t i = 0; i < gsaw_codebase_file_count(code); i++) {
        gsaw_file file;
        assert_int_equal(gsaw_codebase_file_at(code, i, &file), GSAW_OK);
        assert_int_equal(gsaw_codebase_find_file(code, file.path, &found), GSAW_OK);
        assert_int_equal(found, i);
    }
    static const char *const absent[] = {"", "d0", "d0/f000.p", "d0/f000.pyi", "zzz", "a"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_int_equal(gsaw_codebase_find_file(code, absent[i], &found), GSAW_NOT_FOUND);
    gsaw_codebase_close(code);
}

static void test_lookup_finds_each_symbol_by_its_id(void **state)
{
    (void)state;
    gsaw_codebase *code = open_and_index(true, 2);
    gsaw_symbol_cursor cursor = {0};
    gsaw_symbol symbol;
    size_t file, index, seen = 0;
    for (size_t i = 0; i < gsaw_codebase_file_count(code); i++) {
        gsaw_symbol_cursor_init(&cursor, code, i);
        for (size_t k = 0; gsaw_symbol_cursor_next(&cursor, &symbol) == GSAW_OK; k++, seen++) {
            assert_int_equal(gsaw_codebase_find_symbol(code, symbol.id, &file, &index), GSAW_OK);
            assert_int_equal(file, i);
            assert_int_equal(index, k);
            assert_int_equal(symbol.file, i);
            assert_int_equal(symbol.index, k);
        }
    }
    assert_int_equal(seen, gsaw_codebase_summary(code)->symbols);
    assert_int_equal(gsaw_codebase_find_symbol(code, "a#b.py#f~2", &file, &index), GSAW_OK);
    assert_int_equal(index, 1);
    static const char *const absent[] = {"", "f", "#f", "a#b.py#f~3", "a#b.py#", "a#b.py", "x#f"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_int_equal(gsaw_codebase_find_symbol(code, absent[i], &file, &index), GSAW_NOT_FOUND);
    gsaw_symbol_cursor_clear(&cursor);
    gsaw_codebase_close(code);
}

/* How many symbols have this name; they come in the order of files and positions. */
static size_t count_named(const gsaw_codebase *code, const char *name)
{
    gsaw_symbol_cursor cursor = {0};
    gsaw_symbol symbol;
    size_t count = 0, file = 0, index = 0;
    assert_int_equal(gsaw_symbol_cursor_find(&cursor, code, name), GSAW_OK);
    for (; gsaw_symbol_cursor_next(&cursor, &symbol) == GSAW_OK; count++) {
        assert_string_equal(symbol.name, name);
        assert_true(count == 0 || symbol.file > file ||
                    (symbol.file == file && symbol.index > index));
        file = symbol.file;
        index = symbol.index;
    }
    assert_int_equal(gsaw_symbol_cursor_next(&cursor, &symbol), GSAW_NOT_FOUND); /* and stays so */
    gsaw_symbol_cursor_clear(&cursor);
    return count;
}

static void ask(void *argument)
{
    const gsaw_codebase *code = argument;
    assert_int_equal(count_named(code, "f"), FILES + 2);
    assert_int_equal(count_named(code, "g"), FILES / 3);
}

static void test_lookup_by_name_from_many_threads(void **state)
{
    (void)state;
    gsaw_codebase *code = open_and_index(true, 2);
    gsaw__thread threads[4];
    const gsaw__thread_options options = {.function = ask, .argument = code, .name = "asks"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(gsaw__thread_start(&threads[i], &options, NULL), GSAW_OK);
    for (size_t i = 0; i < 4; i++)
        gsaw__thread_join(&threads[i]);
    assert_int_equal(count_named(code, "C7"), 1);
    assert_int_equal(count_named(code, ""), 0);
    assert_int_equal(count_named(code, "nowhere"), 0);
    assert_int_equal(gsaw_codebase_index(code, NULL), GSAW_OK); /* the table goes with its run */
    assert_int_equal(count_named(code, "h"), FILES - FILES / 3);
    gsaw_codebase_close(code);
}

static void test_lookup_before_the_first_run_finds_nothing(void **state)
{
    (void)state;
    gsaw_codebase *code = NULL;
    size_t found;
    assert_int_equal(gsaw_codebase_open(box.root, NULL, &code, NULL), GSAW_OK);
    assert_int_equal(count_named(code, "f"), 0);
    assert_int_equal(gsaw_codebase_find_file(code, "a#b.py", &found), GSAW_NOT_FOUND);
    gsaw_codebase_close(code);
}

static void test_codebase_is_the_same_parallel_or_not(void **state)
{
    (void)state;
    gsaw_codebase *parallel = open_and_index(true, 4), *serial = open_and_index(false, 4);
    assert_int_equal(gsaw_codebase_summary(parallel)->jobs, 4);
    assert_int_equal(gsaw_codebase_summary(serial)->jobs, 1);
    assert_string_equal(gsaw_codebase_summary(parallel)->digest,
                        gsaw_codebase_summary(serial)->digest);
    gsaw_codebase_close(parallel);
    gsaw_codebase_close(serial);
}

struct seen {
    gsaw_codebase *code;
    bool was_final, knew_phase;
};

static void look(void *context, uint64_t completed, uint64_t total, bool total_is_final)
{
    struct seen *seen = context;
    (void)completed;
    (void)total;
    const char *phase = gsaw_codebase_phase(seen->code);
    seen->was_final |= total_is_final && phase != NULL && strcmp(phase, "parse") == 0;
    seen->knew_phase |= phase != NULL;
}

static void test_codebase_tells_its_phase(void **state)
{
    (void)state;
    struct seen seen = {0};
    gsaw_config config = {.size = sizeof config, .num_workers = 1};
    char text[1 << 16];
    memset(text, ' ', sizeof text);
    for (size_t i = 0; i + 7 < sizeof text; i += 7)
        memcpy(text + i, "(a, 1);", 7);
    text[sizeof text - 1] = 0;
    for (int i = 0; i < 6; i++) {
        char path[32];
        snprintf(path, sizeof path, "big/%d.py", i);
        sandbox_file(&box, path, text);
    }
    assert_int_equal(gsaw_codebase_open(box.root, &config, &seen.code, NULL), GSAW_OK);
    assert_null(gsaw_codebase_phase(seen.code));
    gsaw_codebase_set_progress(seen.code, look, &seen);
    for (int i = 0; i < 50 && !seen.was_final; i++) /* progress comes every 50 ms, or not at all */
        assert_int_equal(gsaw_codebase_index(seen.code, NULL), GSAW_OK);
    assert_true(seen.knew_phase);
    assert_true(seen.was_final);
    assert_null(gsaw_codebase_phase(seen.code));
    gsaw_codebase_close(seen.code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookup_finds_each_file),
        cmocka_unit_test(test_lookup_finds_each_symbol_by_its_id),
        cmocka_unit_test(test_lookup_by_name_from_many_threads),
        cmocka_unit_test(test_lookup_before_the_first_run_finds_nothing),
        cmocka_unit_test(test_codebase_is_the_same_parallel_or_not),
        cmocka_unit_test(test_codebase_tells_its_phase),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
