/* test_lang_mutations.c - front ends on damaged sources: cut off, bytes and tokens lost, doubled,
 * moved.
 * Keeps:   no crash, facts that hold, trees equal to tree-sitter's own, bounded time, the same
 *          facts from a fresh worker as from a used one. A failure prints the seed; GSAW_SEED=N
 *          repeats that one, GSAW_ROUNDS=N sets how many.
 * Next:    ../lang_sources.h, ../fuzz/fuzz_lang.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/clock.h"
#include "lang_cases.h"
#include "lang/py_facts.h"
#include "lang_sources.h"
#include "tree_oracle.h"

#define ROUNDS 1500

typedef struct mutation {
    char *text;
    size_t count;
    unsigned seed;
} mutation;

static size_t draw(mutation *self, size_t below)
{
    return below == 0 ? 0 : (size_t)rand_r(&self->seed) % below;
}

/* Put `count` bytes (or none) in the place of text[at, at + lost). */
static void splice(mutation *self, size_t at, size_t lost, const char *bytes, size_t count)
{
    char *text = malloc(self->count - lost + count + 1);
    assert_non_null(text);
    memcpy(text, self->text, at);
    memcpy(text + at, bytes, count);
    memcpy(text + at + count, self->text + at + lost, self->count - at - lost);
    self->count = self->count - lost + count;
    text[self->count] = 0;
    free(self->text);
    self->text = text;
}

static void damage(mutation *self)
{
    static const char *const pieces[] = {
        "(",        ")",         "{",       "}",        "[",           "]",       "\n",
        "    ",     "\t",        "'",       "\"",       "`",           "'''",     "\"\"\"",
        "${",       "/*",        "*/",      "//",       "#",           "\\",      "<",
        ">",        "=>",        ":=",      "@",        "\r",          "\r\n",    "\xEF\xBB\xBF",
        "\xFF",     "\xC3",      "def ",    "class ",   "function ",   "import ", "export ",
        "default ", "from ",     "as ",     "f'{",      "lambda ",     "enum ",   "namespace ",
        "declare ", "require('", "__all__", "exports.", ".prototype.", "*",       "=",
        ";"};
    size_t at = draw(self, self->count + 1), left = self->count - at;
    size_t length = draw(self, left < 24 ? left + 1 : 24);
    switch (draw(self, 6)) {
    case 0:
        splice(self, at, length, "", 0);
        break;
    case 1: {
        const char *piece = pieces[draw(self, sizeof pieces / sizeof *pieces)];
        splice(self, at, draw(self, 2) == 0 ? 0 : length, piece, strlen(piece));
        break;
    }
    case 2: { /* a run from elsewhere */
        char run[64];
        size_t from = draw(self, self->count + 1), size = self->count - from;
        size = draw(self, size < sizeof run ? size + 1 : sizeof run);
        memcpy(run, self->text + from, size);
        splice(self, at, 0, run, size);
        break;
    }
    case 3: {
        char byte = (char)draw(self, 256);
        splice(self, at, left == 0 ? 0 : 1, &byte, 1);
        break;
    }
    case 4:
        if (draw(self, 4) == 0)
            splice(self, at, left, "", 0); /* cut off */
        break;
    default:
        if (draw(self, 8) == 0)
            splice(self, at, 0, "\0", 1);
        break;
    }
}

static const gsaw__facts *extract(const lang_source *source, gsaw__lang_state *lang,
                                  const mutation *text, gsaw__facts_builder *builder,
                                  gsaw__arena *arena)
{
    const gsaw__limits limits = {.time_ns = (uint64_t)10 * 1000 * 1000 * 1000,
                                 .memory = (size_t)256 << 20};
    const gsaw__language *language =
        gsaw__language_at(gsaw__language_of(source->name, strlen(source->name)));
    gsaw__facts_builder_begin(builder, text->text, text->count);
    language->extract(language, lang, (gsaw__source){text->text, text->count}, &limits, builder);
    return gsaw__facts_builder_finish(builder, arena);
}

/* A damaged source has a tree exactly when it has facts, and that is tree-sitter's. */
static bool has_right_tree(const lang_source *source, gsaw__lang_state *lang, const mutation *text,
                           bool has_facts)
{
    const gsaw__limits limits = {.time_ns = (uint64_t)10 * 1000 * 1000 * 1000,
                                 .memory = (size_t)256 << 20};
    const gsaw__language *language =
        gsaw__language_at(gsaw__language_of(source->name, strlen(source->name)));
    gsaw_tree_builder builder;
    gsaw__tree_builder_init(&builder, NULL);
    const gsaw_tree *tree =
        language->tree(language, lang, (gsaw__source){text->text, text->count}, &limits, &builder);
    bool is_right = !has_facts || (tree != NULL && gsaw__tree_check(tree) &&
                                   oracle_agrees(lang, language, tree, text->text, text->count));
    gsaw__tree_builder_clear(&builder);
    return is_right;
}

/* The native Python front end on the same text: a parser that has read much and a new one say the
 * same. */
static void check_native(gsaw__py_parser *used, const mutation *text)
{
    gsaw__py_parser *fresh = gsaw__py_parser_new(NULL);
    char *source = calloc(1, text->count + GSAW_SOURCE_PADDING);
    gsaw__python_facts facts, again;
    gsaw__arena arena = {0};
    gsaw_check(fresh != NULL && source != NULL);
    memcpy(source, text->text, text->count);
    gsaw__python_parse(used, source, text->count, &arena, &facts);
    gsaw__python_parse(fresh, source, text->count, &arena, &again);
    assert_int_not_equal(facts.status, GSAW_FILE_FAILED);
    assert_true(gsaw__python_facts_check(&facts, text->count));
    assert_true(facts.bytes <= 32 * text->count + 256);
    assert_int_equal(facts.bytes, again.bytes);
    assert_memory_equal(facts.refs, again.refs, facts.bytes); /* the block is one piece */
    gsaw__arena_clear(&arena);
    gsaw__py_parser_free(fresh);
    free(source);
}

static void test_python_survives_damage(void **state)
{
    (void)state;
    const char *one = getenv("GSAW_SEED"), *many = getenv("GSAW_ROUNDS");
    unsigned first = one != NULL ? (unsigned)strtoul(one, NULL, 10) : 1;
    unsigned rounds = one != NULL ? 1 : many != NULL ? (unsigned)strtoul(many, NULL, 10) : ROUNDS;
    gsaw__py_parser *used = gsaw__py_parser_new(NULL);
    assert_non_null(used);
    for (unsigned seed = first; seed < first + rounds; seed++) {
        mutation text = {.seed = seed * 2654435761u + 1, .text = strdup(lang_sources[0].text)};
        assert_non_null(text.text);
        text.count = strlen(text.text);
        for (size_t i = 0, count = 1 + draw(&text, 12); i < count; i++)
            damage(&text);
        check_native(used, &text);
        free(text.text);
    }
    gsaw__py_parser_free(used);
}

static void run_seed(unsigned seed, gsaw__lang_state *used, gsaw__facts_builder *builder)
{
    const lang_source *source = &lang_sources[seed % LANG_SOURCE_COUNT];
    mutation text = {.seed = seed * 2654435761u + 1};
    gsaw__arena arena = {0};
    text.text = strdup(source->text);
    assert_non_null(text.text);
    text.count = strlen(text.text);
    for (size_t i = 0, count = 1 + draw(&text, 12); i < count; i++)
        damage(&text);
    uint64_t before = gsaw__clock_thread_ns();
    const gsaw__facts *facts = extract(source, used, &text, builder, &arena);
    double seconds = (double)(gsaw__clock_thread_ns() - before) / 1e9;
    if (facts == NULL || seconds > 40 || !gsaw__facts_check(facts, facts->size))
        print_error("GSAW_SEED=%u: %.1f s\n", seed, seconds);
    gsaw_check(facts != NULL);
    assert_true(seconds <= 40);
    lang_check_names(facts, text.text, text.count);
    if (!has_right_tree(source, used, &text, facts->status != GSAW_FILE_FAILED))
        fail_msg("GSAW_SEED=%u: the tree is wrong", seed);
    if (seed % 16 == 0 && facts->status != GSAW_FILE_FAILED) {
        gsaw__lang_state *fresh = gsaw__lang_state_new(NULL);
        gsaw__facts_builder other = {0};
        const gsaw__facts *again = extract(source, fresh, &text, &other, &arena);
        if (again == NULL || again->size != facts->size || memcmp(again, facts, facts->size) != 0)
            fail_msg("GSAW_SEED=%u: a fresh worker says something else", seed);
        gsaw__facts_builder_clear(&other);
        gsaw__lang_state_free(fresh);
    }
    gsaw__arena_clear(&arena);
    free(text.text);
}

static void test_lang_survives_damage(void **state)
{
    (void)state;
    const char *one = getenv("GSAW_SEED"), *many = getenv("GSAW_ROUNDS");
    unsigned first = one != NULL ? (unsigned)strtoul(one, NULL, 10) : 1;
    unsigned rounds = one != NULL ? 1 : many != NULL ? (unsigned)strtoul(many, NULL, 10) : ROUNDS;
    gsaw__lang_state *used = gsaw__lang_state_new(NULL);
    gsaw__facts_builder builder = {0};
    assert_non_null(used);
    for (unsigned seed = first; seed < first + rounds; seed++) {
        run_seed(seed, used, &builder);
    }
    gsaw__facts_builder_clear(&builder);
    gsaw__lang_state_free(used);
}

/* Each source cut off at each of its bytes. */
static void test_lang_survives_truncation(void **state)
{
    (void)state;
    gsaw__lang_state *used = gsaw__lang_state_new(NULL);
    gsaw__facts_builder builder = {0};
    for (size_t i = 0; i < LANG_SOURCE_COUNT; i++) {
        size_t whole = strlen(lang_sources[i].text);
        for (size_t cut = 0; cut <= whole; cut++) {
            gsaw__arena arena = {0};
            mutation text = {.text = malloc(cut + 1), .count = cut};
            assert_non_null(text.text);
            memcpy(text.text, lang_sources[i].text, cut);
            text.text[cut] = 0;
            const gsaw__facts *facts = extract(&lang_sources[i], used, &text, &builder, &arena);
            if (facts == NULL || facts->status == GSAW_FILE_FAILED)
                fail_msg("%s cut at %zu", lang_sources[i].name, cut);
            lang_check_names(facts, text.text, text.count);
            gsaw__arena_clear(&arena);
            free(text.text);
        }
    }
    gsaw__facts_builder_clear(&builder);
    gsaw__lang_state_free(used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lang_survives_damage),
        cmocka_unit_test(test_lang_survives_truncation),
        cmocka_unit_test(test_python_survives_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
