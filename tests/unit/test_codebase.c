/* test_codebase.c - a Codebase through its public functions: reading, errors, cancel, memory that
 * runs out at every allocation, and the memory gate.
 * Next:    include/gangsaw/code.h, src/code/index.c, src/task/gate.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <gangsaw/code.h>

#include "base/buffer.h"
#include "base/thread.h"
#include "sandbox.h"
#include "task/gate.h"

static sandbox box;

static int set_up(void **state)
{
    (void)state;
    sandbox_init(&box);
    sandbox_file(&box, "b/a.py",
                 "import os\n\n\nclass A(B):\n    @d\n    def f(self):\n        \"\"\"D\"\"\"\n");
    sandbox_file(&box, "b.ts", "export const x = 1, y = () => 2;\nimport { p as q } from 'm';\n");
    sandbox_file(&box, "broken.py", "def good():\n    pass\n\n\ndef bad(:\n");
    sandbox_file(&box, "b/null.py", "x = 1\n");
    assert_int_equal(mkfifoat(box.folder, "fifo.py", 0644), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sandbox_clear(&box);
    return 0;
}

static gsaw_status append(void *context, const char *bytes, size_t size)
{
    gsaw__buffer_append(context, bytes, size);
    return ((gsaw__buffer *)context)->failed ? GSAW_NO_MEMORY : GSAW_OK;
}

static void test_codebase_reads_what_was_indexed(void **state)
{
    (void)state;
    gsaw_codebase *code = NULL;
    assert_int_equal(gsaw_codebase_open(box.root, NULL, &code, NULL), GSAW_OK);
    assert_int_equal(gsaw_codebase_file_count(code), 0);
    for (int round = 0; round < 2; round++) { /* a second run starts afresh */
        assert_int_equal(gsaw_codebase_index(code, NULL), GSAW_OK);
        static const char *const paths[] = {"b.ts", "b/a.py", "b/null.py", "broken.py", "fifo.py"};
        assert_int_equal(gsaw_codebase_file_count(code), 5);
        gsaw_file file;
        for (size_t i = 0; i < 5; i++) {
            assert_int_equal(gsaw_codebase_file_at(code, i, &file), GSAW_OK);
            assert_string_equal(file.path, paths[i]);
        }
        assert_int_equal(file.status, GSAW_FILE_SKIPPED);
        assert_int_equal(file.reason, GSAW_REASON_FIFO);
        assert_int_equal(gsaw_codebase_file_at(code, 5, &file), GSAW_RANGE);
    }
    const gsaw_summary *summary = gsaw_codebase_summary(code);
    assert_int_equal(summary->parsed, 4);
    assert_int_equal(summary->partial, 1);
    assert_int_equal(summary->skipped, 1);
    assert_int_equal(strlen(summary->digest), 64);
    gsaw_codebase_close(code);
}

static void test_codebase_cursor_gives_symbols(void **state)
{
    (void)state;
    gsaw_codebase *code = NULL;
    assert_int_equal(gsaw_codebase_open(box.root, NULL, &code, NULL), GSAW_OK);
    assert_int_equal(gsaw_codebase_index(code, NULL), GSAW_OK);
    gsaw_symbol_cursor cursor = {0};
    gsaw_symbol symbol;
    gsaw_symbol_cursor_init(&cursor, code, 1);
    assert_int_equal(gsaw_symbol_cursor_next(&cursor, &symbol), GSAW_OK);
    assert_string_equal(symbol.id, "b/a.py#A");
    assert_string_equal(gsaw_codebase_base(code, 1, 0, 0).bytes, "B");
    assert_null(gsaw_codebase_base(code, 1, 0, 1).bytes);
    assert_int_equal(gsaw_symbol_cursor_next(&cursor, &symbol), GSAW_OK);
    assert_string_equal(symbol.id, "b/a.py#A.f");
    assert_string_equal(symbol.qualified, "A.f");
    assert_string_equal(symbol.signature.bytes, "(self)");
    assert_int_equal(symbol.kind, GSAW_SYMBOL_METHOD);
    assert_int_equal(symbol.parent, 0);
    assert_true(symbol.has_doc);
    assert_string_equal(gsaw_codebase_decorator(code, 1, 1, 0).bytes, "d");
    assert_int_equal(gsaw_symbol_cursor_next(&cursor, &symbol), GSAW_NOT_FOUND);
    gsaw_symbol_cursor_clear(&cursor);
    gsaw_import import;
    assert_int_equal(gsaw_codebase_import_at(code, 0, 0, &import), GSAW_OK);
    assert_string_equal(import.alias.bytes, "q");
    assert_int_equal(gsaw_codebase_import_at(code, 0, 1, &import), GSAW_RANGE);
    gsaw_codebase_close(code);
}

static void test_codebase_open_names_what_is_wrong(void **state)
{
    (void)state;
    gsaw_codebase *code = NULL;
    gsaw_error error;
    assert_int_equal(gsaw_codebase_open("/nowhere/at all", NULL, &code, &error), GSAW_NOT_FOUND);
    assert_string_equal(error.text, "/nowhere/at all: no such folder");
    char path[256];
    snprintf(path, sizeof path, "%s/b.ts", box.root);
    assert_int_equal(gsaw_codebase_open(path, NULL, &code, &error), GSAW_INVALID);
    gsaw_config config = {.size = sizeof config, .num_workers = 5000};
    assert_int_equal(gsaw_codebase_open(box.root, &config, &code, &error), GSAW_RANGE);
    assert_non_null(strstr(error.text, "5000"));
    assert_null(code);
    gsaw_codebase_close(NULL);
}

static void test_codebase_cancel_leaves_it_empty(void **state)
{
    (void)state;
    gsaw_codebase *code = NULL;
    assert_int_equal(gsaw_codebase_open(box.root, NULL, &code, NULL), GSAW_OK);
    gsaw_codebase_cancel(code); /* before the run: the run is not begun */
    assert_int_equal(gsaw_codebase_index(code, NULL), GSAW_CANCELLED);
    assert_int_equal(gsaw_codebase_file_count(code), 0);
    assert_int_equal(gsaw_codebase_index(code, NULL), GSAW_OK); /* and the next one is */
    assert_int_equal(gsaw_codebase_file_count(code), 5);
    gsaw_codebase_close(code);
}

/* Open, index, export with an allocator that fails. GSAW_OK with *is_whole: nothing was missing. */
static gsaw_status run_failing(gsaw_failing_allocator *failing, bool *is_whole)
{
    gsaw_config config = {
        .size = sizeof config, .allocator = &failing->allocator, .num_workers = 2};
    gsaw_codebase *code = NULL;
    gsaw_error error = {0};
    gsaw_status status = gsaw_codebase_open(box.root, &config, &code, &error);
    if (status != GSAW_OK)
        return status;
    status = gsaw_codebase_index(code, &error);
    gsaw__buffer lines = {0};
    if (status == GSAW_OK) {
        *is_whole = gsaw_codebase_summary(code)->failed == 0;
        status = gsaw_codebase_export(code, "jsonl", append, &lines, &error);
    }
    gsaw__buffer_clear(&lines);
    gsaw_codebase_close(code);
    return status;
}

static void test_codebase_survives_each_failing_allocation(void **state)
{
    (void)state;
    for (int from = 0; from < 2; from++) {
        bool done = false;
        size_t failures = 0;
        for (size_t fail_at = 1; !done; fail_at++) {
            gsaw_failing_allocator failing;
            gsaw_failing_allocator_init(&failing, fail_at, from);
            bool is_whole = false;
            gsaw_status status = run_failing(&failing, &is_whole);
            if (failing.live_bytes != 0)
                fail_msg("allocation %zu: %zu bytes leaked", fail_at, (size_t)failing.live_bytes);
            if (status != GSAW_OK)
                assert_int_equal(status, GSAW_NO_MEMORY);
            failures += status != GSAW_OK || !is_whole;
            done = failing.calls < fail_at;
            assert_true(!done || (status == GSAW_OK && is_whole));
        }
        assert_true(failures > 20);
    }
}

struct holder {
    gsaw__gate *gate;
    uint64_t bytes;
    bool inside;
};

static void enter_and_leave(void *argument)
{
    struct holder *self = argument;
    gsaw__gate_enter(self->gate, self->bytes);
    self->inside = true;
    gsaw__gate_leave(self->gate, self->bytes, 0);
}

static void test_gate_lets_one_in_however_large(void **state)
{
    (void)state;
    gsaw__gate gate;
    assert_int_equal(gsaw__gate_init(&gate, 100), GSAW_OK);
    gsaw__gate_enter(&gate, 1000); /* alone: allowed */
    struct holder holder = {.gate = &gate, .bytes = 10};
    gsaw__thread thread;
    const gsaw__thread_options options = {
        .function = enter_and_leave, .argument = &holder, .name = "second"};
    assert_int_equal(gsaw__thread_start(&thread, &options, NULL), GSAW_OK);
    for (bool waits = false; !waits;) { /* it must come to wait: 1000 of 100 are taken */
        gsaw__mutex_lock(&gate.lock);
        waits = gate.waits == 1;
        gsaw__mutex_unlock(&gate.lock);
        gsaw__thread_pause();
    }
    gsaw__gate_leave(&gate, 1000, 95);
    gsaw__thread_join(&thread);
    assert_true(holder.inside); /* 10 beside 95 retained do not fit, but nobody else was inside */
    assert_int_equal(gate.retained, 95);
    assert_int_equal(gate.used, 0);
    gsaw__gate_clear(&gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codebase_reads_what_was_indexed),
        cmocka_unit_test(test_codebase_cursor_gives_symbols),
        cmocka_unit_test(test_codebase_open_names_what_is_wrong),
        cmocka_unit_test(test_codebase_cancel_leaves_it_empty),
        cmocka_unit_test(test_codebase_survives_each_failing_allocation),
        cmocka_unit_test(test_gate_lets_one_in_however_large),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
