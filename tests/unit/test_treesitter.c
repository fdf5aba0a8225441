/* test_treesitter.c - the leash: grammars that fit, known bugs of the pinned versions, hostile
 * depth, bounds on time and memory, cancel, allocations failing, nothing left behind.
 * Next:    src/lang/treesitter.c, src/lang/parse_memory.c, src/lang/python_nesting.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/thread.h"
#include "lang/python_nesting.h"
#include "lang/treesitter.h"
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

static bool has_symbol(const gsaw__facts *facts, const char *name)
{
    for (uint32_t i = 0; i < facts->symbol_count; i++)
        if (strcmp(gsaw__facts_string(facts, gsaw__facts_symbols(facts)[i].name).bytes, name) == 0)
            return true;
    return false;
}

static void test_treesitter_grammars_fit(void **state)
{
    (void)state;
    const gsaw__grammar *const grammars[] = {&gsaw__grammar_python, &gsaw__grammar_typescript,
                                             &gsaw__grammar_tsx, &gsaw__grammar_javascript};
    for (size_t i = 0; i < 4; i++) {
        uint32_t version = ts_language_abi_version(grammars[i]->language());
        assert_in_range(version, TREE_SITTER_MIN_COMPATIBLE_LANGUAGE_VERSION,
                        TREE_SITTER_LANGUAGE_VERSION);
        assert_int_equal(grammars[i]->index, i);
    }
}

/* Every word of the tables is known to at least one grammar: a misspelt one would never match. */
static void test_treesitter_words_exist(void **state)
{
    (void)state;
    const gsaw__grammar *const grammars[] = {&gsaw__grammar_python, &gsaw__grammar_typescript,
                                             &gsaw__grammar_javascript};
    for (size_t i = 0; i < 2; i++) {
        for (size_t w = 0; w < grammars[i]->word_count; w++) {
            const gsaw__grammar_word *word = &grammars[i]->words[w];
            uint32_t size = (uint32_t)strlen(word->name);
            bool found = false;
            for (size_t g = i; g <= 2 * i; g++)
                found = found || ts_language_symbol_for_name(grammars[g]->language(), word->name,
                                                             size, word->named) != 0;
            if (!found)
                fail_msg("no node type %s", word->name);
        }
        for (size_t f = 0; f < grammars[i]->field_count; f++) {
            const char *name = grammars[i]->fields[f];
            uint32_t size = (uint32_t)strlen(name);
            bool found = false;
            for (size_t g = i; g <= 2 * i; g++)
                found = found ||
                        ts_language_field_id_for_name(grammars[g]->language(), name, size) != 0;
            if (!found)
                fail_msg("no field %s", name);
        }
    }
}

static void test_treesitter_every_language_extracts(void **state)
{
    (void)state;
    assert_int_equal(gsaw__language_count(), 5);
    for (size_t i = 0; i < gsaw__language_count(); i++) {
        const gsaw__language *language = gsaw__language_at(i);
        for (size_t e = 0; language->extensions[e] != NULL; e++) {
            char name[16];
            snprintf(name, sizeof name, "x%s", language->extensions[e]);
            assert_int_equal(gsaw__language_of(name, strlen(name)), i);
            lang_run run = lang_extract(name, "class A {}\n");
            assert_true(has_symbol(run.facts, "A") || i == 0);
            lang_run_clear(&run);
        }
    }
    assert_int_equal(gsaw__language_of("a.d.ts", 6), 1);
    assert_int_equal(gsaw__language_of("a.PY", 4), GSAW_NONE);
    assert_int_equal(gsaw__language_of(".py", 3), GSAW_NONE);
    assert_int_equal(gsaw__language_of("d.py/x", 6), GSAW_NONE);
    assert_int_equal(gsaw__language_of("py", 2), GSAW_NONE);
    assert_int_equal(gsaw__language_of("", 0), GSAW_NONE);
}

/* In a .ts file `<T>x` is a type assertion, never an element. */
static void test_treesitter_ts_is_not_tsx(void **state)
{
    (void)state;
    lang_run run = lang_extract("x.ts", "const a = <T>b;\nfunction f() {}\n");
    assert_int_equal(run.facts->status, GSAW_FILE_OK);
    lang_run_clear(&run);
}

/* 600 nested indents and a string: unguarded, the scanner writes past its serialization buffer. */
static void test_treesitter_python_indents(void **state)
{
    (void)state;
    gsaw__buffer text = {0};
    gsaw__buffer_append_text(&text, "def before(): pass\n");
    for (int depth = 0; depth < 600; depth++) {
        for (int i = 0; i < depth; i++)
            gsaw__buffer_append_byte(&text, ' ');
        gsaw__buffer_append_text(&text, depth % 50 == 0 ? "def f():\n" : "if x:\n");
    }
    for (int i = 0; i < 600; i++)
        gsaw__buffer_append_byte(&text, ' ');
    gsaw__buffer_append_text(&text, "x = f'''{\n'''}''', '''\n'''\ndef after(): pass\n");
    lang_run run = lang_extract_bytes("x.py", text.bytes, text.count, &facts_text_limits);
    assert_int_equal(run.facts->status, GSAW_FILE_PARTIAL);
    assert_int_equal(run.facts->reason, GSAW_REASON_NESTING);
    assert_int_equal(run.facts->reason_line, GSAW_PYTHON_DEPTH_MAX + 3);
    assert_true(has_symbol(run.facts, "before"));
    assert_true(has_symbol(run.facts, "after"));
    lang_run_clear(&run);
    gsaw__buffer_clear(&text);
}

static void test_treesitter_hundred_levels_are_fine(void **state)
{
    (void)state;
    gsaw__buffer text = {0};
    for (int depth = 0; depth < GSAW_PYTHON_DEPTH_MAX; depth++) {
        for (int i = 0; i < depth; i++)
            gsaw__buffer_append_text(&text, "  ");
        gsaw__buffer_append_text(&text, depth == 99 ? "def deep(): pass\n" : "if x:\n");
    }
    lang_run run = lang_extract_bytes("x.py", text.bytes, text.count, &facts_text_limits);
    assert_int_equal(run.facts->status, GSAW_FILE_OK);
    assert_true(has_symbol(run.facts, "deep"));
    lang_run_clear(&run);
    gsaw__buffer_clear(&text);
}

static lang_run run_limited(const char *name, const char *text, uint64_t time_ns, size_t memory)
{
    gsaw__limits limits = {.time_ns = time_ns, .memory = memory};
    return lang_extract_bytes(name, text, strlen(text), &limits);
}

/* Never ends at the pinned version. */
static void test_treesitter_endless_tsx(void **state)
{
    (void)state;
    uint64_t before = gsaw__clock_thread_ns();
    lang_run run = run_limited("x.tsx", "<a {{b:>c:d(e f)", SECOND / 2, (size_t)64 << 20);
    uint64_t used = gsaw__clock_thread_ns() - before;
    assert_int_equal(run.facts->status, GSAW_FILE_FAILED);
    assert_true(run.facts->reason == GSAW_REASON_TIMEOUT ||
                run.facts->reason == GSAW_REASON_MEMORY);
    assert_true(used < 5 * SECOND); /* sanitizers are slow; the bound is half a second */
    lang_run_clear(&run);
}

/* Takes 1,000 times its size. */
static void test_treesitter_memory_is_capped(void **state)
{
    (void)state;
    char *text = repeat("a<", 200000);
    lang_run run = run_limited("x.ts", text, 60 * SECOND, (size_t)32 << 20);
    assert_int_equal(run.facts->status, GSAW_FILE_FAILED);
    assert_int_equal(run.facts->reason, GSAW_REASON_MEMORY);
    assert_true(run.state->memory.held_max <= (size_t)32 << 20);
    lang_run_clear(&run);
    free(text);
}

static void test_treesitter_no_time_and_cancel(void **state)
{
    (void)state;
    lang_run run = run_limited("x.py", "def f(): pass\n", 0, (size_t)64 << 20);
    assert_int_equal(run.facts->reason, GSAW_REASON_TIMEOUT);
    lang_run_clear(&run);
    _Atomic uint32_t cancel = 1;
    gsaw__limits limits = {.time_ns = SECOND, .memory = (size_t)64 << 20, .cancel = &cancel};
    run = lang_extract_bytes("x.py", "def f(): pass\n", 14, &limits);
    assert_int_equal(run.facts->status, GSAW_FILE_FAILED);
    assert_int_equal(run.facts->reason, GSAW_REASON_CANCELLED);
    lang_run_clear(&run);
    run = run_limited("x.py", "def f(): pass\n", SECOND, 1000);
    assert_int_equal(run.facts->reason, GSAW_REASON_MEMORY);
    lang_run_clear(&run);
}

/* Whatever a giant file took, little stays with the worker, and the next file is as any other. */
static void test_treesitter_memory_goes_back(void **state)
{
    (void)state;
    gsaw_failing_allocator counting;
    gsaw_failing_allocator_init(&counting, 0, 0);
    gsaw__lang_state *lang = gsaw__lang_state_new(&counting.allocator);
    assert_non_null(lang);
    char *text = repeat("x = [1, 2, {'a': b}]\ndef f(a): return a\n", 20000);
    const gsaw__language *python = gsaw__language_at(0);
    gsaw__facts_builder builder = {0};
    gsaw__arena arena = {0};
    for (int round = 0; round < 2; round++) {
        gsaw__facts_builder_begin(&builder, text, strlen(text));
        python->extract(python, lang, (gsaw__source){text, strlen(text)}, &facts_text_limits,
                        &builder);
        const gsaw__facts *facts = gsaw__facts_builder_finish(&builder, &arena);
        assert_int_equal(facts->symbol_count, 20001);
        assert_true(lang->memory.held_max > (size_t)16 << 20);
        assert_true(counting.live_bytes < GSAW_PARSE_KEPT + ((size_t)4 << 20));
    }
    gsaw__arena_clear(&arena);
    gsaw__facts_builder_clear(&builder);
    gsaw__lang_state_free(lang);
    assert_int_equal(counting.live_bytes, 0);
    free(text);
}

static void sweep(const char *name, const char *source)
{
    const gsaw__language *language = gsaw__language_at(gsaw__language_of(name, strlen(name)));
    bool done = false;
    for (size_t n = 1; !done; n++)
        for (int from = 0; from < 2; from++) {
            gsaw_failing_allocator failing;
            gsaw_failing_allocator_init(&failing, n, from);
            gsaw__lang_state *lang = gsaw__lang_state_new(&failing.allocator);
            gsaw__facts_builder builder;
            gsaw__arena arena;
            gsaw__facts_builder_init(&builder, &failing.allocator);
            gsaw__arena_init(&arena, &failing.allocator);
            if (lang != NULL) {
                gsaw__facts_builder_begin(&builder, source, strlen(source));
                language->extract(language, lang, (gsaw__source){source, strlen(source)},
                                  &facts_text_limits, &builder);
                const gsaw__facts *facts = gsaw__facts_builder_finish(&builder, &arena);
                if (facts != NULL)
                    assert_true(gsaw__facts_check(facts, facts->size));
                done = facts != NULL && facts->status == GSAW_FILE_OK && failing.calls < n;
            }
            gsaw__lang_state_free(lang);
            gsaw__facts_builder_clear(&builder);
            gsaw__arena_clear(&arena);
            assert_int_equal(failing.live_bytes, 0);
        }
}

static void test_treesitter_failing_allocations(void **state)
{
    (void)state;
    sweep("x.py",
          "import a . b as c\n@d(1,  2)\nclass E(F):\n  def g(self): return [h for h in i]\n"
          "__all__ = ['E']\nx = __import__('y')\n");
    sweep("x.ts", "import { a as b } from 'm';\n@c() export class D<T> extends E { f(g: T) {} }\n"
                  "export const h = () => { function i() {} }, { j: [k] } = require('l');\n");
}

/* Two states, used in turn, give what one gives: nothing is shared between workers. */
static void test_treesitter_states_are_apart(void **state)
{
    (void)state;
    lang_run a = lang_extract("x.py", "class A:\n  def f(self): pass\n");
    lang_run b = lang_extract("x.ts", "class A { f() {} }\n");
    lang_run c = lang_extract("x.py", "class A:\n  def f(self): pass\n");
    assert_int_equal(a.facts->size, c.facts->size);
    assert_memory_equal(a.facts, c.facts, a.facts->size);
    lang_run_clear(&a);
    lang_run_clear(&b);
    lang_run_clear(&c);
}

typedef struct side_job {
    gsaw__thread thread;
    bool is_equal;
} side_job;

static void extract_again(void *argument)
{
    static const char source[] = "class A:\n  def f(self): return [(1, '{x}')]\nimport a.b as c\n";
    side_job *job = argument;
    lang_run first = lang_extract("x.py", source);
    job->is_equal = true;
    for (int i = 0; i < 50; i++) {
        lang_run other = lang_extract("x.ts", "export class A { f() { return <T>`${x}`; } }\n");
        lang_run again = lang_extract("x.py", source);
        job->is_equal = job->is_equal && again.facts->size == first.facts->size &&
                        memcmp(again.facts, first.facts, first.facts->size) == 0;
        lang_run_clear(&other);
        lang_run_clear(&again);
    }
    lang_run_clear(&first);
}

/* Workers parse side by side: each thread has a parse of its own, and nothing else is written. */
static void test_treesitter_threads_are_apart(void **state)
{
    (void)state;
    side_job jobs[4] = {0};
    for (size_t i = 0; i < 4; i++) {
        const gsaw__thread_options options = {
            .function = extract_again, .argument = &jobs[i], .name = "side"};
        assert_int_equal(gsaw__thread_start(&jobs[i].thread, &options, NULL), GSAW_OK);
    }
    for (size_t i = 0; i < 4; i++) {
        gsaw__thread_join(&jobs[i].thread);
        assert_true(jobs[i].is_equal);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_treesitter_grammars_fit),
        cmocka_unit_test(test_treesitter_words_exist),
        cmocka_unit_test(test_treesitter_every_language_extracts),
        cmocka_unit_test(test_treesitter_ts_is_not_tsx),
        cmocka_unit_test(test_treesitter_python_indents),
        cmocka_unit_test(test_treesitter_hundred_levels_are_fine),
        cmocka_unit_test(test_treesitter_endless_tsx),
        cmocka_unit_test(test_treesitter_memory_is_capped),
        cmocka_unit_test(test_treesitter_no_time_and_cancel),
        cmocka_unit_test(test_treesitter_memory_goes_back),
        cmocka_unit_test(test_treesitter_failing_allocations),
        cmocka_unit_test(test_treesitter_states_are_apart),
        cmocka_unit_test(test_treesitter_threads_are_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
