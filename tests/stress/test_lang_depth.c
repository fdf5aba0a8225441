/* test_lang_depth.c - hostile depth: indents hidden from the scan of lines, strings in strings,
 * deep trees.
 * Next:    ../unit/test_treesitter.c, ../../src/lang/python_nesting.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/clock.h"
#include "lang_cases.h"

#define SECOND ((uint64_t)1000 * 1000 * 1000)

/* `piece` count times. The caller frees. */
static char *repeat(const char *piece, size_t count)
{
    size_t size = strlen(piece);
    char *text = malloc(size * count + 1);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * size, piece, size);
    text[size * count] = 0;
    return text;
}

/* before + count times opening + middle + count times closing + after. */
typedef struct nested {
    const char *name, *before, *opening, *middle, *closing, *after;
    size_t count;
} nested;

static char *nest(const nested *parts)
{
    char *open = repeat(parts->opening, parts->count);
    char *close = repeat(parts->closing, parts->count);
    gsaw__buffer text = {0};
    gsaw__buffer_append_text(&text, parts->before);
    gsaw__buffer_append_text(&text, open);
    gsaw__buffer_append_text(&text, parts->middle);
    gsaw__buffer_append_text(&text, close);
    gsaw__buffer_append_text(&text, parts->after);
    assert_false(text.failed);
    free(open);
    free(close);
    char *whole = strdup(gsaw__buffer_text(&text));
    gsaw__buffer_clear(&text);
    return whole;
}

static bool has_symbol(const gsaw__facts *facts, const char *name)
{
    for (uint32_t i = 0; i < facts->symbol_count; i++)
        if (strcmp(gsaw__facts_string(facts, gsaw__facts_symbols(facts)[i].name).bytes, name) == 0)
            return true;
    return false;
}

static lang_run run_limited(const char *name, const char *text, uint64_t time_ns, size_t memory)
{
    gsaw__limits limits = {.time_ns = time_ns, .memory = memory};
    return lang_extract_bytes(name, text, strlen(text), &limits);
}

/* 520 rising indentations behind `hiding`, each made of depth times `piece`. */
static void check_hidden_indents(const char *hiding, const char *piece)
{
    gsaw__buffer text = {0};
    gsaw__buffer_append_text(&text, hiding);
    for (int depth = 0; depth < 520; depth++) {
        gsaw__buffer_append_text(&text, depth == 0 ? "" : " ");
        for (int i = 1; i < depth; i++)
            gsaw__buffer_append_text(&text, piece);
        gsaw__buffer_append_text(&text, "if x:\n");
    }
    gsaw__buffer_append_text(&text, "  'x'\n");
    lang_run run = lang_extract_bytes("x.py", text.bytes, text.count, &facts_text_limits);
    assert_true(run.facts->status != GSAW_FILE_OK);
    lang_run_clear(&run);
    gsaw__buffer_clear(&text);
}

/* The same hidden from the scan of lines: in brackets that never close, strings, line joins. */
static void test_lang_depth_of_hidden_indents(void **state)
{
    (void)state;
    check_hidden_indents("x = (\n", " ");
    check_hidden_indents("'''\n", " ");
    check_hidden_indents(")\n", " ");
    check_hidden_indents("f'''{\n", " ");
    check_hidden_indents("x = (\n", "\t");
    check_hidden_indents("x = (\n", "\\\n ");
}

/* 300 f-strings in each other: the scanner keeps at most 255 of its delimiters. */
static void test_lang_depth_of_strings(void **state)
{
    (void)state;
    const nested parts = {"x.py", "def a(): pass\nx = ", "f'{", "1",
                          "}'",   "\ndef b(): pass\n",   300};
    char *text = nest(&parts);
    lang_run run = lang_extract("x.py", text);
    assert_true(has_symbol(run.facts, "a"));
    lang_run_clear(&run);
    free(text);
}

/* Deep trees: each must end in bounded time, without a crash, with what stands around it. */
static void test_lang_depth_of_trees(void **state)
{
    (void)state;
    static const nested cases[] = {
        {"x.py", "def a(): pass\nx = ", "(", "1", ")", "\ndef b(): pass\n", 100000},
        {"x.py", "def a(): pass\nx = ", "[", "1", "]", "\ndef b(): pass\n", 50000},
        {"x.py", "def a(): pass\nx = ", "-", "1", "", "\ndef b(): pass\n", 100000},
        {"x.py", "def a(): pass\nx = ", "lambda: ", "(y := 1)", "", "\ndef b(): pass\n", 5000},
        {"x.py", "def a(): pass\n__all__ = ", "['a'] + ", "[]", "", "\ndef b(): pass\n", 20000},
        {"x.py", "def a(): pass\n", "x = ", "1", "", "\ndef b(): pass\n", 20000},
        {"x.py", "def a(): pass\nx", ".y", "", "", "\ndef b(): pass\n", 50000},
        {"x.js", "function a() {}\n", "{", "", "}", "\nfunction b() {}\n", 5000},
        {"x.js", "function a() {}\nx = ", "(", "1", ")", ";\nfunction b() {}\n", 100000},
        {"x.ts", "function a() {}\n", "function f() {", "", "}", "\nfunction b() {}\n", 5000},
        {"x.ts", "function a() {}\nlet x = ", "() => ", "1", "", ";\nfunction b() {}\n", 5000},
        {"x.js", "function a() {}\nx = ", "`${", "1", "}`", ";\nfunction b() {}\n", 5000},
        {"x.jsx", "function a() {}\nx = ", "<a>", "1", "</a>", ";\nfunction b() {}\n", 5000},
        {"x.tsx", "function a() {}\nx = ", "<a>", "1", "</a>", ";\nfunction b() {}\n", 5000},
        {"x.ts", "function a() {}\n", "class A { x = ", "1", "}", "\nfunction b() {}\n", 3000},
        {"x.ts", "function a() {}\n", "namespace N {", "", "}", "\nfunction b() {}\n", 3000},
        {"x.js", "function a() {}\n", "if (x) {} else ", "{}", "", "\nfunction b() {}\n", 5000},
        {"x.js", "function a() {}\nvar ", "[", "x", "]", " = 1;\nfunction b() {}\n", 5000},
        {"x.js", "function a() {}\n", "a = ", "1", "", ";\nfunction b() {}\n", 20000},
        {"x.ts", "function a() {}\ntype X = ", "[", "1", "]", ";\nfunction b() {}\n", 5000},
        {"x.js", "function a() {}\nx", ".then(", "", ")", ";\nfunction b() {}\n", 20000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = nest(&cases[i]);
        uint64_t before = gsaw__clock_thread_ns();
        lang_run run = run_limited(cases[i].name, text, 20 * SECOND, (size_t)2 << 30);
        double seconds = (double)(gsaw__clock_thread_ns() - before) / 1e9;
        if (run.facts->status == GSAW_FILE_FAILED || !has_symbol(run.facts, "a") || seconds > 30)
            fail_msg("case %zu: %s, %.1f s, %s", i,
                     gsaw_reason_name((gsaw_reason)run.facts->reason), seconds,
                     has_symbol(run.facts, "a") ? "a found" : "a lost");
        if (run.facts->status == GSAW_FILE_OK)
            assert_true(has_symbol(run.facts, "b"));
        gsaw_tree_builder builder;
        gsaw__tree_builder_init(&builder, NULL);
        const gsaw__limits limits = {.time_ns = 20 * SECOND, .memory = (size_t)2 << 30};
        const gsaw__language *language =
            gsaw__language_at(gsaw__language_of(cases[i].name, strlen(cases[i].name)));
        const gsaw_tree *tree = language->tree(
            language, run.state, (gsaw__source){run.source, strlen(text)}, &limits, &builder);
        if (tree == NULL || !gsaw__tree_check(tree))
            fail_msg("case %zu: no tree", i);
        gsaw__tree_builder_clear(&builder);
        lang_run_clear(&run);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lang_depth_of_hidden_indents),
        cmocka_unit_test(test_lang_depth_of_strings),
        cmocka_unit_test(test_lang_depth_of_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
