/* test_facts.c - packing facts: order, parents, ordinals, equal bytes; doubting blocks; memory
 * running out.
 * Next:    src/lang/facts.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/facts.h"

#define SOURCE "0123456789\n0123456789\r\n0123456789\r0123456789\n\n0123456789"

static uint32_t add(gsaw__facts_builder *builder, const char *name, uint32_t parent, uint32_t start,
                    uint32_t end)
{
    gsaw__facts_symbol symbol = {.name = gsaw__facts_builder_string(builder, name, strlen(name)),
                                 .signature = GSAW_NONE,
                                 .parent = parent,
                                 .start = start,
                                 .end = end,
                                 .name_start = start,
                                 .name_end = start + 1,
                                 .kind = GSAW_SYMBOL_FUNCTION};
    return gsaw__facts_builder_symbol(builder, &symbol);
}

static void import(gsaw__facts_builder *builder, const char *specifier, uint32_t start)
{
    gsaw__facts_import import = {
        .specifier = gsaw__facts_builder_string(builder, specifier, strlen(specifier)),
        .name = GSAW_NONE,
        .alias = GSAW_NONE,
        .start = start,
        .end = start + 1,
        .statement_end = start + 1,
        .kind = GSAW_IMPORT_SIDE_EFFECT};
    gsaw__facts_builder_import(builder, &import);
}

static const char *name_at(const gsaw__facts *facts, uint32_t index)
{
    return gsaw__facts_string(facts, gsaw__facts_symbols(facts)[index].name).bytes;
}

static void test_facts_names_of_kinds(void **state)
{
    (void)state;
    assert_string_equal(gsaw_symbol_kind_name(GSAW_SYMBOL_MODULE), "module");
    assert_string_equal(gsaw_symbol_kind_name(GSAW_SYMBOL_NAMESPACE), "namespace");
    assert_string_equal(gsaw_symbol_kind_name(GSAW_SYMBOL_KIND_COUNT), "");
    assert_string_equal(gsaw_import_kind_name(GSAW_IMPORT_REEXPORT_STAR), "reexport_star");
    assert_string_equal(gsaw_import_kind_name((gsaw_import_kind)-1), "");
    assert_string_equal(gsaw_file_status_name(GSAW_FILE_PARTIAL), "partial");
    assert_string_equal(gsaw_file_status_name(GSAW_FILE_STATUS_COUNT), "");
    assert_string_equal(gsaw_reason_name(GSAW_REASON_NOT_A_FILE), "not-a-file");
    assert_string_equal(gsaw_reason_name(GSAW_REASON_COUNT), "");
}

static void test_facts_of_an_empty_file(void **state)
{
    (void)state;
    gsaw__facts_builder builder = {0};
    gsaw__arena arena = {0};
    gsaw__facts_builder_begin(&builder, "", 0);
    const gsaw__facts *facts = gsaw__facts_builder_finish(&builder, &arena);
    assert_non_null(facts);
    assert_true(gsaw__facts_check(facts, facts->size));
    assert_int_equal(facts->lines, 0);
    assert_int_equal(facts->symbol_count + facts->import_count + facts->string_count, 0);
    assert_null(gsaw__facts_string(facts, GSAW_NONE).bytes);
    gsaw__arena_clear(&arena);
    gsaw__facts_builder_clear(&builder);
}

static void test_facts_lines_end_at_lf_crlf_and_cr(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t lines, line, column; /* of the last byte */
    } cases[] = {{"a", 1, 1, 1},
                 {"a\n", 1, 1, 2},
                 {"a\nb", 2, 2, 1},
                 {"a\r\nb\r\n", 2, 2, 3},
                 {"a\rb\r", 2, 2, 2},
                 {"\n\n\n", 3, 3, 1},
                 {"a\r\r\nb\n\rc", 5, 5, 1},
                 {"\xEF\xBB\xBF"
                  "a",
                  1, 1, 4}};
    gsaw__facts_builder builder = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t line, column, count = (uint32_t)strlen(cases[i].text);
        gsaw__facts_builder_begin(&builder, cases[i].text, count);
        assert_int_equal(builder.lines, cases[i].lines);
        gsaw__facts_builder_position(&builder, count - 1, &line, &column);
        assert_int_equal(line, cases[i].line);
        assert_int_equal(column, cases[i].column);
    }
    gsaw__facts_builder_clear(&builder);
}

static void test_facts_are_sorted_and_renumbered(void **state)
{
    (void)state;
    gsaw__facts_builder builder = {0};
    gsaw__arena arena = {0};
    gsaw__facts_builder_begin(&builder, SOURCE, strlen(SOURCE));
    add(&builder, "late", GSAW_NONE, 30, 35);
    uint32_t outer = add(&builder, "outer", GSAW_NONE, 10, 25);
    add(&builder, "inner", outer, 10, 12);
    add(&builder, "second", outer, 11, 12);
    import(&builder, "b", 20);
    import(&builder, "a", 3);
    import(&builder, "c", 20);
    const gsaw__facts *facts = gsaw__facts_builder_finish(&builder, &arena);
    assert_non_null(facts);
    assert_true(gsaw__facts_check(facts, facts->size));
    const gsaw__facts_symbol *symbols = gsaw__facts_symbols(facts);
    assert_string_equal(name_at(facts, 0), "outer");
    assert_string_equal(name_at(facts, 1), "inner");
    assert_string_equal(name_at(facts, 2), "second");
    assert_string_equal(name_at(facts, 3), "late");
    assert_int_equal(symbols[0].parent, GSAW_NONE);
    assert_int_equal(symbols[1].parent, 0);
    assert_int_equal(symbols[2].parent, 0);
    assert_int_equal(symbols[2].line, 2);
    assert_int_equal(symbols[2].column, 1);
    const gsaw__facts_import *imports = gsaw__facts_imports(facts);
    assert_string_equal(gsaw__facts_string(facts, imports[0].specifier).bytes, "a");
    assert_string_equal(gsaw__facts_string(facts, imports[1].specifier).bytes, "b");
    assert_string_equal(gsaw__facts_string(facts, imports[2].specifier).bytes, "c");
    gsaw__arena_clear(&arena);
    gsaw__facts_builder_clear(&builder);
}

static void test_facts_ordinals_count_qualified_names(void **state)
{
    (void)state;
    gsaw__facts_builder builder = {0};
    gsaw__arena arena = {0};
    gsaw__facts_builder_begin(&builder, SOURCE, strlen(SOURCE));
    uint32_t a = add(&builder, "A", GSAW_NONE, 0, 9);
    add(&builder, "m", a, 1, 2);
    add(&builder, "m", a, 3, 4);
    uint32_t again = add(&builder, "A", GSAW_NONE, 10, 20);
    add(&builder, "m", again, 11, 12);
    add(&builder, "A.m", GSAW_NONE, 30, 31); /* joins to the same text */
    add(&builder, "", GSAW_NONE, 32, 33);
    add(&builder, ".", GSAW_NONE, 33, 34);
    static const uint32_t expected[] = {1, 1, 2, 2, 3, 4, 1, 1};
    const gsaw__facts *facts = gsaw__facts_builder_finish(&builder, &arena);
    assert_non_null(facts);
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(gsaw__facts_symbols(facts)[i].ordinal, expected[i]);
    gsaw__arena_clear(&arena);
    gsaw__facts_builder_clear(&builder);
}

/* 200,000 functions in each other: quadratic work would take hours. */
static void test_facts_deep_nesting_is_linear(void **state)
{
    (void)state;
    enum { DEPTH = 200000 };
    char *source = calloc(1, 2 * DEPTH + 1);
    assert_non_null(source);
    memset(source, ' ', 2 * DEPTH);
    gsaw__facts_builder builder = {0};
    gsaw__arena arena = {0};
    gsaw__facts_builder_begin(&builder, source, 2 * DEPTH);
    uint32_t parent = GSAW_NONE;
    for (uint32_t i = 0; i < DEPTH; i++)
        parent = add(&builder, "f", parent, i, 2 * DEPTH - i);
    const gsaw__facts *facts = gsaw__facts_builder_finish(&builder, &arena);
    assert_non_null(facts);
    assert_true(gsaw__facts_check(facts, facts->size));
    assert_int_equal(gsaw__facts_symbols(facts)[DEPTH - 1].ordinal, 1);
    gsaw__arena_clear(&arena);
    gsaw__facts_builder_clear(&builder);
    free(source);
}

static void test_facts_keep_the_worst_problem(void **state)
{
    (void)state;
    gsaw__facts_builder builder = {0};
    gsaw__facts_builder_begin(&builder, "", 0);
    gsaw__facts_builder_problem(&builder, GSAW_FILE_PARTIAL, GSAW_REASON_NESTING, 7);
    gsaw__facts_builder_problem(&builder, GSAW_FILE_PARTIAL, GSAW_REASON_SYNTAX, 3);
    assert_int_equal(builder.reason, GSAW_REASON_NESTING);
    gsaw__facts_builder_problem(&builder, GSAW_FILE_FAILED, GSAW_REASON_TIMEOUT, 0);
    assert_int_equal(builder.status, GSAW_FILE_FAILED);
    assert_int_equal(builder.reason, GSAW_REASON_TIMEOUT);
    gsaw__facts_builder_problem(&builder, GSAW_FILE_PARTIAL, GSAW_REASON_SYNTAX, 3);
    assert_int_equal(builder.reason, GSAW_REASON_TIMEOUT);
    gsaw__facts_builder_clear(&builder);
}

/* A file's worth of everything, drawn from `seed`, in a tree of ranges. */
static void fill(gsaw__facts_builder *builder, unsigned seed)
{
    char source[512], name[16];
    uint32_t parents[8] = {0}, ends[8] = {0};
    size_t depth = 0;
    memset(source, 'x', sizeof source);
    for (size_t i = 0; i < sizeof source; i += 37)
        source[i] = '\n';
    gsaw__facts_builder_begin(builder, source, sizeof source);
    for (uint32_t at = 0; at + 64 < sizeof source && !builder->failed;) {
        uint32_t end = at + 2 + (uint32_t)rand_r(&seed) % 60;
        while (depth > 0 && ends[depth - 1] < end)
            depth--;
        snprintf(name, sizeof name, "n%d", rand_r(&seed) % 6);
        gsaw__facts_symbol symbol = {.name =
                                         gsaw__facts_builder_string(builder, name, strlen(name)),
                                     .signature = gsaw__facts_builder_string(builder, "(a)", 3),
                                     .parent = depth == 0 ? GSAW_NONE : parents[depth - 1],
                                     .start = at,
                                     .end = end,
                                     .name_start = at + 1,
                                     .name_end = at + 2,
                                     .doc_start = at,
                                     .doc_end = at + 1,
                                     .decorators = (uint32_t)builder->lists.count,
                                     .decorator_count = 1,
                                     .kind = GSAW_SYMBOL_CLASS,
                                     .flags = (uint8_t)(rand_r(&seed) % 4)};
        gsaw__facts_builder_list(builder, symbol.name);
        uint32_t index = gsaw__facts_builder_symbol(builder, &symbol);
        if (depth < 8 && index != GSAW_NONE) {
            parents[depth] = index;
            ends[depth++] = end;
        }
        import(builder, name, at);
        at += (uint32_t)rand_r(&seed) % 4;
    }
}

static void test_facts_equal_files_give_equal_bytes(void **state)
{
    (void)state;
    gsaw__facts_builder used = {0};
    for (unsigned seed = 1; seed <= 50; seed++) {
        gsaw__facts_builder fresh = {0};
        gsaw__arena arena = {0};
        fill(&used, seed);
        fill(&fresh, seed);
        const gsaw__facts *a = gsaw__facts_builder_finish(&used, &arena);
        const gsaw__facts *b = gsaw__facts_builder_finish(&fresh, &arena);
        if (a == NULL || b == NULL || a->size != b->size || memcmp(a, b, a->size) != 0 ||
            !gsaw__facts_check(a, a->size))
            fail_msg("seed %u", seed);
        gsaw__arena_clear(&arena);
        gsaw__facts_builder_clear(&fresh);
    }
    gsaw__facts_builder_clear(&used);
}

/* Every byte of a block damaged in turn, and every truncation: the check must stay inside of the
 * block (the sanitizers see to that) and must notice what would lead readers out of it. */
static void test_facts_check_trusts_nothing(void **state)
{
    (void)state;
    gsaw__facts_builder builder = {0};
    gsaw__arena arena = {0};
    fill(&builder, 7);
    const gsaw__facts *facts = gsaw__facts_builder_finish(&builder, &arena);
    assert_non_null(facts);
    size_t noticed = 0, size = facts->size;
    for (size_t cut = 0; cut < size; cut += cut < 64 ? 1 : 61) {
        char *copy = malloc(cut + 1);
        assert_non_null(copy);
        memcpy(copy, facts, cut);
        assert_false(gsaw__facts_check((const gsaw__facts *)(const void *)copy, cut));
        free(copy);
    }
    for (size_t i = 0; i < size; i++)
        for (int bit = 0; bit < 8; bit++) {
            char *copy = malloc(size);
            assert_non_null(copy);
            memcpy(copy, facts, size);
            copy[i] = (char)(copy[i] ^ (1 << bit));
            const gsaw__facts *damaged = (const gsaw__facts *)(const void *)copy;
            bool holds = gsaw__facts_check(damaged, size);
            noticed += !holds;
            for (uint32_t s = 0; holds && s < damaged->string_count; s++) {
                gsaw__string text = gsaw__facts_string(damaged, s);
                assert_true(text.bytes + text.count < copy + size);
                assert_int_equal(text.bytes[text.count], 0);
            }
            free(copy);
        }
    assert_true(noticed > size * 8 / 3);
    gsaw__arena_clear(&arena);
    gsaw__facts_builder_clear(&builder);
}

static void test_facts_builder_survives_failing_memory(void **state)
{
    (void)state;
    bool done = false;
    for (size_t n = 1; !done; n++)
        for (int from = 0; from < 2; from++) {
            gsaw_failing_allocator failing;
            gsaw_failing_allocator_init(&failing, n, from);
            gsaw__facts_builder builder;
            gsaw__arena arena;
            gsaw__facts_builder_init(&builder, &failing.allocator);
            gsaw__arena_init(&arena, &failing.allocator);
            fill(&builder, 3);
            const gsaw__facts *facts = gsaw__facts_builder_finish(&builder, &arena);
            if (facts != NULL)
                assert_true(gsaw__facts_check(facts, facts->size));
            done = facts != NULL && failing.calls < n;
            gsaw__arena_clear(&arena);
            gsaw__facts_builder_clear(&builder);
            assert_int_equal(failing.live_bytes, 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_names_of_kinds),
        cmocka_unit_test(test_facts_of_an_empty_file),
        cmocka_unit_test(test_facts_lines_end_at_lf_crlf_and_cr),
        cmocka_unit_test(test_facts_are_sorted_and_renumbered),
        cmocka_unit_test(test_facts_ordinals_count_qualified_names),
        cmocka_unit_test(test_facts_deep_nesting_is_linear),
        cmocka_unit_test(test_facts_keep_the_worst_problem),
        cmocka_unit_test(test_facts_equal_files_give_equal_bytes),
        cmocka_unit_test(test_facts_check_trusts_nothing),
        cmocka_unit_test(test_facts_builder_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
