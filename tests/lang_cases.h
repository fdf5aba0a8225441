/* lang_cases.h - running a front end over a source in a test, and tables of such cases.
 * Keeps:   sources stand at the end of their own allocation (but for the padding promised), so
 *          that the sanitizers see a byte read too far.
 * Next:    facts_text.h, unit/test_python.c, unit/test_typescript.c */
#ifndef GSAW_TESTS_LANG_CASES_H
#define GSAW_TESTS_LANG_CASES_H

#include <stdlib.h>

#include "base/check.h"
#include "facts_text.h"

/* A source and its facts as text; expected NULL: any, but they must hold. */
typedef struct lang_case {
    const char *source, *expected;
} lang_case;

typedef struct lang_run {
    gsaw__lang_state *state;
    gsaw__facts_builder builder;
    gsaw__arena arena;
    char *source; /* of `size` bytes, padding included */
    size_t size;
    const gsaw__facts *facts;
} lang_run;

/* Every name stands in the source where the facts say, and ranges hold each other. */
static void lang_check_names(const gsaw__facts *facts, const char *source, size_t count)
{
    gsaw_check(facts != NULL);
    assert_true(gsaw__facts_check(facts, facts->size));
    for (uint32_t i = 0; i < facts->symbol_count; i++) {
        const gsaw__facts_symbol *symbol = &gsaw__facts_symbols(facts)[i];
        gsaw__string name = gsaw__facts_string(facts, symbol->name);
        assert_true(symbol->end <= count);
        size_t size = symbol->name_end - symbol->name_start;
        if (name.count == 0 || name.bytes[0] != '[') /* a computed name is collapsed */
            assert_true(size == name.count &&
                        memcmp(source + symbol->name_start, name.bytes, size) == 0);
        if (symbol->parent != GSAW_NONE)
            assert_true(symbol[0].start >= gsaw__facts_symbols(facts)[symbol->parent].start);
    }
    for (uint32_t i = 0; i < facts->import_count; i++)
        assert_true(gsaw__facts_imports(facts)[i].statement_end <= count);
}

static lang_run lang_extract_bytes(const char *name, const char *source, size_t count,
                                   const gsaw__limits *limits)
{
    lang_run run = {.state = gsaw__lang_state_new(NULL)};
    uint32_t index = gsaw__language_of(name, strlen(name));
    gsaw_check(run.state != NULL);
    gsaw_check(index != GSAW_NONE);
    const gsaw__language *language = gsaw__language_at(index);
    run.size = count + GSAW_SOURCE_PADDING;
    run.source = gsaw__alloc_zero(NULL, 1, run.size);
    gsaw_check(run.source != NULL);
    memcpy(run.source, source, count);
    gsaw__facts_builder_begin(&run.builder, run.source, count);
    language->extract(language, run.state, (gsaw__source){run.source, count}, limits, &run.builder);
    run.facts = gsaw__facts_builder_finish(&run.builder, &run.arena);
    lang_check_names(run.facts, run.source, count);
    return run;
}

static lang_run lang_extract(const char *name, const char *source)
{
    return lang_extract_bytes(name, source, strlen(source), &facts_text_limits);
}

static void lang_run_clear(lang_run *run)
{
    gsaw__lang_state_free(run->state);
    gsaw__facts_builder_clear(&run->builder);
    gsaw__arena_clear(&run->arena);
    gsaw__free(NULL, run->source, run->size);
}

__attribute__((unused)) static void lang_check_cases(const char *name, const lang_case *cases,
                                                     size_t count)
{
    gsaw__buffer text = {0};
    for (size_t i = 0; i < count; i++) {
        lang_run run = lang_extract(name, cases[i].source);
        facts_text(run.facts, run.source, &text);
        if (cases[i].expected != NULL && strcmp(gsaw__buffer_text(&text), cases[i].expected) != 0)
            fail_msg("case %zu:\n%s\nexpected:\n%s\ngot:\n%s", i, cases[i].source,
                     cases[i].expected, gsaw__buffer_text(&text));
        lang_run_clear(&run);
    }
    gsaw__buffer_clear(&text);
}

#endif
