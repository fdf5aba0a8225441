/* test_tree.c - syntax trees: the same as tree-sitter's, reading them, copies, builders and what is
 * done wrong with them, depth, limits, allocations failing.
 * Next:    src/lang/tree.h, ../tree_oracle.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "lang_sources.h"
#include "tree_oracle.h"

#define SECOND ((uint64_t)1000 * 1000 * 1000)

static const gsaw__limits wide = {.time_ns = 100 * SECOND, .memory = (size_t)1 << 30};

/* A worker's state, and the tree of one source. */
typedef struct sample {
    gsaw__lang_state *state;
    gsaw_tree_builder builder;
    const gsaw__language *language;
    char *source;
    size_t count;
    const gsaw_tree *tree;
} sample;

static sample parse_bytes(const char *name, const char *bytes, size_t count,
                          const gsaw__limits *limits)
{
    uint32_t index = gsaw__language_of(name, strlen(name));
    sample self = {.state = gsaw__lang_state_new(NULL), .count = count};
    gsaw_check(self.state != NULL);
    gsaw_check(index != GSAW_NONE);
    self.language = gsaw__language_at(index);
    self.source = calloc(1, count + GSAW_SOURCE_PADDING);
    gsaw_check(self.source != NULL);
    if (count != 0)
        memcpy(self.source, bytes, count);
    gsaw__tree_builder_init(&self.builder, NULL);
    self.tree = self.language->tree(self.language, self.state, (gsaw__source){self.source, count},
                                    limits, &self.builder);
    if (self.tree != NULL)
        assert_true(gsaw__tree_check(self.tree));
    assert_true((self.tree == NULL) == (self.builder.status == GSAW_FILE_FAILED));
    return self;
}

static sample parse_text(const char *name, const char *text)
{
    return parse_bytes(name, text, strlen(text), &wide);
}

static void sample_clear(sample *self)
{
    gsaw__lang_state_free(self->state);
    gsaw__tree_builder_clear(&self->builder);
    free(self->source);
}

static void check_against_treesitter(const char *name, const char *bytes, size_t count)
{
    sample self = parse_bytes(name, bytes, count, &wide);
    if (self.tree == NULL ||
        !oracle_agrees(self.state, self.language, self.tree, self.source, count))
        fail_msg("%s: not tree-sitter's tree", name);
    assert_string_equal(gsaw_tree_language(self.tree), self.language->name);
    size_t size;
    assert_memory_equal(gsaw_tree_source(self.tree, &size), self.source, count);
    assert_int_equal(size, count);
    sample_clear(&self);
}

static void test_tree_is_that_of_treesitter(void **state)
{
    (void)state;
    for (size_t i = 0; i < LANG_SOURCE_COUNT; i++)
        check_against_treesitter(lang_sources[i].name, lang_sources[i].text,
                                 strlen(lang_sources[i].text));
    check_against_treesitter("x.py", "", 0);
    check_against_treesitter("x.js", "\n\n", 2);
    check_against_treesitter("x.ts", "let a = (", 9);
}

static int golden_count;

static int check_golden(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status, (void)place;
    if (type != FTW_F || strstr(path, "/input/") == NULL ||
        gsaw__language_of(path, strlen(path)) == GSAW_NONE)
        return 0;
    gsaw__buffer bytes = {0};
    assert_int_equal(gsaw__file_read(AT_FDCWD, path, false, UINT32_MAX, &bytes).result,
                     GSAW_READ_OK);
    check_against_treesitter(path, bytes.bytes, bytes.count);
    gsaw__buffer_clear(&bytes);
    golden_count++;
    return 0;
}

static void test_tree_of_golden_inputs(void **state)
{
    (void)state;
    assert_int_equal(nftw(GSAW_GOLDEN, check_golden, 16, FTW_PHYS), 0);
    assert_true(golden_count > 60);
}

/* What a node has room for. */
static void test_tree_grammars_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < gsaw__language_count(); i++) {
        const gsaw__grammar *grammar = gsaw__language_at(i)->grammar;
        assert_true(ts_language_symbol_count(grammar->language()) <= GSAW_TREE_KIND_MAX);
        assert_true(ts_language_field_count(grammar->language()) <= GSAW_TREE_FIELD_MAX);
    }
    assert_int_equal(sizeof(gsaw_tree_node), 20);
}

static void test_tree_reading(void **state)
{
    (void)state;
    sample self = parse_text("x.py", "def f(a):\n  return a == 1\r\nx = 2\ry");
    const gsaw_tree *tree = self.tree;
    const gsaw_tree_node *nodes = gsaw_tree_nodes(tree);
    uint32_t function = gsaw_tree_first_child(tree, 0);
    assert_int_equal(nodes[function].kind, gsaw_tree_kind(tree, "function_definition", true));
    uint32_t name = gsaw_tree_child_by_field(tree, function, gsaw_tree_field(tree, "name"));
    size_t size;
    assert_memory_equal(gsaw_tree_text(tree, name, &size), "f", 1);
    assert_int_equal(size, 1);
    assert_int_equal(nodes[name].parent, function);
    assert_string_equal(gsaw_tree_field_name(tree, nodes[name].field), "name");
    uint32_t second = gsaw_tree_next_sibling(tree, function);
    assert_int_equal(nodes[second].parent, 0);
    assert_int_equal(nodes[function].next, second);
    uint32_t line, column;
    gsaw_tree_position(tree, nodes[second].start, &line, &column);
    assert_int_equal(line, 3);
    assert_int_equal(column, 1);
    gsaw_tree_position(tree, (uint32_t)self.count, &line, &column);
    assert_int_equal(line, 4);
    assert_int_equal(column, 2);
    assert_false(gsaw_tree_has_error(tree));
    assert_true(gsaw_tree_size(tree) > self.count + sizeof *nodes * gsaw_tree_node_count(tree));
    sample_clear(&self);
}

static void test_tree_what_is_not_there(void **state)
{
    (void)state;
    sample self = parse_text("x.py", "x == 1");
    const gsaw_tree *tree = self.tree;
    const uint32_t none = GSAW_TREE_NONE, count = gsaw_tree_node_count(tree);
    size_t size = 1;
    assert_int_equal(gsaw_tree_kind(tree, "==", true), none);
    assert_true(gsaw_tree_kind(tree, "==", false) < GSAW_TREE_ERROR);
    assert_int_equal(gsaw_tree_kind(tree, "", true), none);
    assert_int_equal(gsaw_tree_kind(tree, "E", true), none);
    assert_int_equal(gsaw_tree_kind(tree, "ERROR", true), GSAW_TREE_ERROR);
    assert_int_equal(gsaw_tree_kind(tree, "no such kind", true), none);
    assert_int_equal(gsaw_tree_field(tree, "no such field"), none);
    assert_int_equal(gsaw_tree_field(tree, ""), none);
    assert_string_equal(gsaw_tree_kind_name(tree, 65534), "");
    assert_string_equal(gsaw_tree_kind_name(tree, none), "");
    assert_string_equal(gsaw_tree_kind_name(tree, GSAW_TREE_ERROR), "ERROR");
    assert_string_equal(gsaw_tree_field_name(tree, 0), "");
    assert_string_equal(gsaw_tree_field_name(tree, 255), "");
    const uint32_t beyond[] = {count, none};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(gsaw_tree_first_child(tree, beyond[i]), none);
        assert_int_equal(gsaw_tree_next_sibling(tree, beyond[i]), none);
        assert_int_equal(gsaw_tree_child_by_field(tree, beyond[i], 1), none);
        assert_null(gsaw_tree_text(tree, beyond[i], &size));
        assert_int_equal(size, 0);
    }
    assert_int_equal(gsaw_tree_next_sibling(tree, 0), none);
    assert_int_equal(gsaw_tree_first_child(tree, count - 1), none);
    assert_int_equal(gsaw_tree_child_by_field(tree, 0, 0), none);
    assert_int_equal(gsaw_tree_child_by_field(tree, 0, none), none);
    gsaw_tree_free(NULL);
    sample_clear(&self);
}

static void test_tree_copies_outlive_all(void **state)
{
    (void)state;
    sample self = parse_text("x.ts", "let a = <T>b;\n");
    gsaw_failing_allocator counting;
    gsaw_failing_allocator_init(&counting, 0, 0);
    gsaw_tree *copy = NULL;
    size_t size = gsaw_tree_size(self.tree);
    assert_int_equal(gsaw_tree_dup(self.tree, &counting.allocator, &copy, NULL), GSAW_OK);
    assert_int_equal(counting.live_bytes, size);
    sample_clear(&self);
    assert_true(gsaw__tree_check(copy));
    assert_string_equal(gsaw_tree_kind_name(copy, gsaw_tree_nodes(copy)->kind), "program");
    assert_string_equal(gsaw_tree_source(copy, NULL), "let a = <T>b;\n");
    assert_string_equal(gsaw_tree_language(copy), "typescript");
    gsaw_failing_allocator failing;
    gsaw_failing_allocator_init(&failing, 1, 0);
    gsaw_tree *second = NULL;
    gsaw_error error = {0};
    assert_int_equal(gsaw_tree_dup(copy, &failing.allocator, &second, &error), GSAW_NO_MEMORY);
    assert_int_equal(error.status, GSAW_NO_MEMORY);
    assert_null(second);
    gsaw_tree_free(copy);
    assert_int_equal(counting.live_bytes, 0);
}

static void test_tree_of_broken_source(void **state)
{
    (void)state;
    sample self = parse_text("x.py", "a = 1\nb = = 2\n");
    assert_int_equal(self.builder.status, GSAW_FILE_PARTIAL);
    assert_int_equal(self.builder.reason, GSAW_REASON_SYNTAX);
    assert_int_equal(self.builder.reason_line, 2);
    assert_true(gsaw_tree_has_error(self.tree));
    sample_clear(&self);
}

/* ---- limits, and sources that are after us ---- */

/* before + count times opening + count times closing. The caller frees. */
static char *nest(const char *before, const char *opening, const char *closing, size_t count)
{
    gsaw__buffer text = {0};
    gsaw__buffer_append_text(&text, before);
    for (size_t i = 0; i < count; i++)
        gsaw__buffer_append_text(&text, opening);
    for (size_t i = 0; i < count; i++)
        gsaw__buffer_append_text(&text, closing);
    assert_false(text.failed);
    char *copy = strdup(gsaw__buffer_text(&text));
    assert_non_null(copy);
    gsaw__buffer_clear(&text);
    return copy;
}

static void test_tree_of_hostile_sources(void **state)
{
    (void)state;
    const gsaw__limits narrow = {.time_ns = SECOND / 2, .memory = (size_t)32 << 20};
    sample self = parse_bytes("x.tsx", "<a {{b:>c:d(e f)", 16, &narrow);
    assert_true(self.builder.reason == GSAW_REASON_TIMEOUT ||
                self.builder.reason == GSAW_REASON_MEMORY);
    sample_clear(&self);
    char *text = nest("", "a<", "", 200000);
    self = parse_bytes("x.ts", text, strlen(text),
                       &(gsaw__limits){.time_ns = 100 * SECOND, .memory = (size_t)32 << 20});
    assert_int_equal(self.builder.reason, GSAW_REASON_MEMORY);
    sample_clear(&self);
    free(text);
    self = parse_bytes("x.py", "x = 1", 5, &(gsaw__limits){.time_ns = 0, .memory = 1 << 30});
    assert_int_equal(self.builder.reason, GSAW_REASON_TIMEOUT);
    sample_clear(&self);
    _Atomic uint32_t cancel = 1;
    self = parse_bytes("x.py", "x = 1", 5,
                       &(gsaw__limits){.time_ns = SECOND, .memory = 1 << 30, .cancel = &cancel});
    assert_int_equal(self.builder.reason, GSAW_REASON_CANCELLED);
    sample_clear(&self);
}

/* The tree itself counts against the limit, not tree-sitter's memory alone. */
static void test_tree_counts_against_the_limit(void **state)
{
    (void)state;
    char *text = nest("x = [", "1,", "", 20000);
    text[strlen(text) - 1] = ']';
    sample self = parse_bytes("x.py", text, strlen(text), &wide);
    assert_int_equal(self.builder.status, GSAW_FILE_OK);
    size_t least = self.state->memory.held_max, own = gsaw_tree_size(self.tree);
    assert_true(own > 20 * (size_t)40000);
    gsaw__facts_builder facts = {0}; /* the same parse, without a tree */
    gsaw__facts_builder_begin(&facts, self.source, self.count);
    self.language->extract(self.language, self.state, (gsaw__source){self.source, self.count},
                           &wide, &facts);
    assert_true(least >= self.state->memory.held_max + own / 2);
    gsaw__facts_builder_clear(&facts);
    sample_clear(&self);
    self = parse_bytes("x.py", text, strlen(text),
                       &(gsaw__limits){.time_ns = 100 * SECOND, .memory = least - 1});
    assert_int_equal(self.builder.reason, GSAW_REASON_MEMORY);
    sample_clear(&self);
    free(text);
}

/* 600 indents would break tree-sitter's scanner: the deep ones are not in the tree. */
static void test_tree_of_too_many_indents(void **state)
{
    (void)state;
    gsaw__buffer text = {0};
    for (int depth = 0; depth <= 600; depth++) {
        for (int i = 0; i < depth; i++)
            gsaw__buffer_append_byte(&text, ' ');
        gsaw__buffer_append_text(&text, depth == 600 ? "'x'\ny = 1\n" : "if x:\n");
    }
    sample self = parse_bytes("x.py", text.bytes, text.count, &wide);
    assert_int_equal(self.builder.status, GSAW_FILE_PARTIAL);
    assert_int_equal(self.builder.reason, GSAW_REASON_NESTING);
    assert_int_equal(self.builder.reason_line, 102);
    sample_clear(&self);
    gsaw__buffer_clear(&text);
}

static uint32_t depth_of(const gsaw_tree *tree)
{
    uint32_t depth = 0;
    for (uint32_t node = 0; node != GSAW_TREE_NONE; depth++) {
        uint32_t child = gsaw_tree_first_child(tree, node);
        const gsaw_tree_node *nodes = gsaw_tree_nodes(tree);
        while (child != GSAW_TREE_NONE && nodes[child].next == child + 1)
            child = gsaw_tree_next_sibling(tree, child); /* tokens */
        node = child;
    }
    return depth;
}

static void test_tree_a_hundred_thousand_levels(void **state)
{
    (void)state;
    char *text = nest("x = ", "[", "]", 100000);
    sample self = parse_text("x.js", text);
    assert_non_null(self.tree);
    assert_true(depth_of(self.tree) > 100000);
    gsaw_tree *copy = NULL;
    assert_int_equal(gsaw_tree_dup(self.tree, NULL, &copy, NULL), GSAW_OK);
    assert_true(gsaw__tree_check(copy));
    gsaw_tree_free(copy);
    sample_clear(&self);
    free(text);
}

/* A worker keeps little of what a giant file took. */
static void test_tree_memory_goes_back(void **state)
{
    (void)state;
    gsaw_failing_allocator counting;
    gsaw_failing_allocator_init(&counting, 0, 0);
    gsaw__lang_state *lang = gsaw__lang_state_new(&counting.allocator);
    gsaw_tree_builder builder;
    gsaw__tree_builder_init(&builder, &counting.allocator);
    char *text = nest("", "x = [1, 2, {'a': b}]\n", "", 20000);
    const gsaw__language *python = gsaw__language_at(0);
    for (int round = 0; round < 2; round++) {
        const gsaw_tree *tree =
            python->tree(python, lang, (gsaw__source){text, strlen(text)}, &wide, &builder);
        assert_true(gsaw__tree_check(tree));
        assert_true(gsaw_tree_size(tree) > GSAW_TREE_KEPT);
        gsaw__tree_builder_trim(&builder);
        assert_true(counting.live_bytes < GSAW_PARSE_KEPT + ((size_t)1 << 20));
    }
    gsaw__tree_builder_clear(&builder);
    gsaw__lang_state_free(lang);
    assert_int_equal(counting.live_bytes, 0);
    free(text);
}

static void test_tree_failing_allocations(void **state)
{
    (void)state;
    const char *source = lang_sources[0].text;
    const gsaw__language *python = gsaw__language_at(0);
    bool is_done = false;
    for (size_t n = 1; !is_done; n++)
        for (int from = 0; from < 2; from++) {
            gsaw_failing_allocator failing;
            gsaw_failing_allocator_init(&failing, n, from);
            gsaw__lang_state *lang = gsaw__lang_state_new(&failing.allocator);
            gsaw_tree_builder builder;
            gsaw__tree_builder_init(&builder, &failing.allocator);
            if (lang != NULL) {
                const gsaw_tree *tree = python->tree(
                    python, lang, (gsaw__source){source, strlen(source)}, &wide, &builder);
                if (tree == NULL)
                    assert_int_equal(builder.reason, GSAW_REASON_MEMORY);
                else
                    assert_true(gsaw__tree_check(tree));
                is_done = tree != NULL && failing.calls < n;
            }
            gsaw__lang_state_free(lang);
            gsaw__tree_builder_clear(&builder);
            assert_int_equal(failing.live_bytes, 0);
        }
}

/* ---- builders ---- */

enum { LIST, ATOM, PAREN };
static const gsaw_tree_kind_row kinds[] = {{"list", true}, {"atom", true}, {"(", false}};
static const char *const fields[] = {"head", "rest"};
static const char *const extensions[] = {".lisp", NULL};

/* One step: open 'o', close 'c', leaf 'l', mark 'm'; return 'r' a status; the end 0. */
typedef struct step {
    char what;
    uint32_t a, b, c, d;
} step;

/* Every step's status must be that of the first failure, once there is one. */
static gsaw_status run_steps(void *context, gsaw_tree_builder *builder, const char *bytes,
                             size_t size, gsaw_error *error)
{
    gsaw_status kept = GSAW_OK;
    assert_int_equal(bytes[size], 0);
    for (const step *at = context; at->what != 0; at++) {
        gsaw_status status = GSAW_OK;
        if (at->what == 'o')
            status = gsaw_tree_builder_open(builder, at->a, at->b, at->c);
        else if (at->what == 'c')
            status = gsaw_tree_builder_close(builder, at->a);
        else if (at->what == 'l')
            status = gsaw_tree_builder_leaf(builder, at->a, at->b, at->c, at->d);
        else if (at->what == 'm')
            status = gsaw_tree_builder_mark(builder, at->a);
        else if (at->what == 'r') {
            snprintf(error->text, sizeof error->text, "%s", at->b == 0 ? "" : "said so");
            return (gsaw_status)at->a;
        }
        if (kept != GSAW_OK)
            assert_int_equal(status, kept);
        kept = status;
    }
    return GSAW_OK;
}

static gsaw_tree_parser lisp(const step *steps)
{
    return (gsaw_tree_parser){.size = sizeof(gsaw_tree_parser),
                              .language = "lisp",
                              .extensions = extensions,
                              .kinds = kinds,
                              .kind_count = 3,
                              .fields = fields,
                              .field_count = 2,
                              .parse = run_steps,
                              .context = (void *)(uintptr_t)steps};
}

static void test_tree_builder_builds(void **state)
{
    (void)state;
    const step steps[] = {{'o', LIST, 0, 0, 0},
                          {'l', PAREN, 0, 0, 1},
                          {'l', ATOM, 1, 1, 2},
                          {'o', LIST, 2, 3, 0},
                          {'l', GSAW_TREE_ERROR, 0, 4, 5},
                          {'c', 6, 0, 0, 0},
                          {'l', ATOM, 0, 6, 6},
                          {'m', GSAW_TREE_MISSING, 0, 0, 0},
                          {'c', 7, 0, 0, 0},
                          {0, 0, 0, 0, 0}};
    gsaw_tree_parser parser = lisp(steps);
    gsaw_tree_builder builder;
    gsaw__tree_builder_init(&builder, NULL);
    assert_int_equal(gsaw__tree_parser_check(&parser, NULL), GSAW_OK);
    const gsaw_tree *tree = gsaw__tree_parse(&parser, &builder, "(a\n(?))", 7, &wide);
    assert_true(gsaw__tree_check(tree));
    assert_int_equal(builder.status, GSAW_FILE_PARTIAL);
    assert_int_equal(builder.reason, GSAW_REASON_SYNTAX);
    assert_int_equal(builder.reason_line, 2);
    const gsaw_tree_node expected[] = {
        {LIST, 0, GSAW_TREE_NAMED | GSAW_TREE_HAS_ERROR, 0, 7, GSAW_TREE_NONE, 6},
        {PAREN, 0, 0, 0, 1, 0, 2},
        {ATOM, 1, GSAW_TREE_NAMED, 1, 2, 0, 3},
        {LIST, 2, GSAW_TREE_NAMED | GSAW_TREE_HAS_ERROR, 3, 6, 0, 5},
        {GSAW_TREE_ERROR, 0, GSAW_TREE_NAMED | GSAW_TREE_IS_ERROR | GSAW_TREE_HAS_ERROR, 4, 5, 3,
         5},
        {ATOM, 0, GSAW_TREE_NAMED | GSAW_TREE_MISSING | GSAW_TREE_HAS_ERROR, 6, 6, 0, 6}};
    assert_int_equal(gsaw_tree_node_count(tree), 6);
    assert_memory_equal(gsaw_tree_nodes(tree), expected, sizeof expected);
    assert_int_equal(gsaw_tree_kind(tree, "(", false), PAREN);
    assert_int_equal(gsaw_tree_kind(tree, "(", true), GSAW_TREE_NONE);
    assert_int_equal(gsaw_tree_field(tree, "rest"), 2);
    assert_string_equal(gsaw_tree_kind_name(tree, ATOM), "atom");
    assert_string_equal(gsaw_tree_kind_name(tree, 3), "");
    assert_string_equal(gsaw_tree_field_name(tree, 2), "rest");
    assert_string_equal(gsaw_tree_field_name(tree, 3), "");
    gsaw__tree_builder_clear(&builder);
}

/* What can be done wrong, and what is said of it. */
static const struct {
    step steps[8];
    gsaw_status status;
    const char *text;
} misuses[] = {
    {{{0}}, GSAW_INVALID, "lisp: the parser built no node"},
    {{{'c', 0, 0, 0, 0}}, GSAW_INVALID, "lisp: no node is open that could be closed, at 0"},
    {{{'o', 3, 0, 0, 0}}, GSAW_RANGE, "lisp: kind 3 is out of range: there are 3"},
    {{{'o', UINT32_MAX, 0, 0, 0}},
     GSAW_RANGE,
     "lisp: kind 4294967295 is out of range: there are 3"},
    {{{'o', LIST, 3, 0, 0}}, GSAW_RANGE, "lisp: field 3 is out of range: there are 2"},
    {{{'o', LIST, 1, 0, 0}}, GSAW_RANGE, "lisp: the root is field 1 of nothing"},
    {{{'o', LIST, 0, 6, 0}}, GSAW_RANGE, "lisp: a node starts at 6, not between 0 and 5"},
    {{{'o', LIST, 0, 2, 0}, {'o', ATOM, 0, 1, 0}},
     GSAW_RANGE,
     "lisp: a node starts at 1, not between 2 and 5"},
    {{{'o', LIST, 0, 2, 0}, {'c', 1, 0, 0, 0}},
     GSAW_RANGE,
     "lisp: a node (list) ends at 1, not between 2 and 5"},
    {{{'o', LIST, 0, 0, 0}, {'l', ATOM, 0, 1, 6}},
     GSAW_RANGE,
     "lisp: a node (atom) ends at 6, not between 1 and 5"},
    {{{'o', LIST, 0, 0, 0}, {'l', ATOM, 0, 1, 4}, {'c', 3, 0, 0, 0}},
     GSAW_RANGE,
     "lisp: a node (list) ends at 3, not between 4 and 5"},
    {{{'o', LIST, 0, 0, 0}, {'l', ATOM, 0, 1, 4}, {'l', ATOM, 0, 3, 5}},
     GSAW_RANGE,
     "lisp: a node starts at 3, not between 4 and 5"},
    {{{'o', LIST, 0, 0, 0}}, GSAW_INVALID, "lisp: a node (list) was not closed"},
    {{{'o', LIST, 0, 0, 0}, {'o', GSAW_TREE_ERROR, 0, 0, 0}},
     GSAW_INVALID,
     "lisp: a node (ERROR) was not closed"},
    {{{'l', LIST, 0, 0, 1}, {'l', LIST, 0, 1, 2}}, GSAW_EXISTS, "lisp: a second root, at 1"},
    {{{'m', GSAW_TREE_EXTRA, 0, 0, 0}}, GSAW_INVALID, "lisp: no node, or no flags, to mark with 8"},
    {{{'l', LIST, 0, 0, 1}, {'m', GSAW_TREE_NAMED, 0, 0, 0}},
     GSAW_INVALID,
     "lisp: no node, or no flags, to mark with 1"},
    {{{'l', LIST, 0, 0, 1}, {'r', GSAW_DAMAGED, 1, 0, 0}}, GSAW_DAMAGED, "said so"},
    {{{'r', GSAW_DAMAGED, 0, 0, 0}}, GSAW_DAMAGED, "damaged data"},
    {{{'o', LIST, 0, 9, 0}, {'r', GSAW_DAMAGED, 1, 0, 0}},
     GSAW_RANGE,
     "lisp: a node starts at 9, not between 0 and 5"},
    {{{'o', 7, 0, 0, 0},
      {'o', LIST, 0, 0, 0},
      {'c', 0, 0, 0, 0},
      {'l', ATOM, 0, 0, 0},
      {'m', GSAW_TREE_EXTRA, 0, 0, 0}},
     GSAW_RANGE,
     "lisp: kind 7 is out of range: there are 3"},
};

static void test_tree_builder_misuse(void **state)
{
    (void)state;
    gsaw_tree_builder builder;
    gsaw__tree_builder_init(&builder, NULL);
    for (size_t i = 0; i < sizeof misuses / sizeof *misuses; i++) {
        gsaw_tree_parser parser = lisp(misuses[i].steps);
        assert_null(gsaw__tree_parse(&parser, &builder, "(a b)", 5, &wide));
        assert_int_equal(builder.status, GSAW_FILE_FAILED);
        assert_int_equal(builder.reason, GSAW_REASON_PARSER);
        assert_int_equal(builder.error.status, misuses[i].status);
        assert_string_equal(builder.error.text, misuses[i].text);
    }
    gsaw__tree_builder_clear(&builder);
}

static void test_tree_parser_is_checked(void **state)
{
    (void)state;
    static const char *const no_dot[] = {"lisp", NULL}, *const no_field[] = {"a", NULL};
    static const gsaw_tree_kind_row no_name[] = {{"a", true}, {NULL, true}};
    const gsaw_tree_parser good = lisp(NULL);
    gsaw_tree_parser wrong[13];
    for (size_t i = 0; i < 13; i++)
        wrong[i] = good;
    wrong[0].size = 8;
    wrong[1].language = NULL;
    wrong[2].language = "";
    wrong[3].extensions = NULL;
    wrong[4].kinds = NULL;
    wrong[5].fields = NULL;
    wrong[6].parse = NULL;
    wrong[7].extensions = no_dot;
    wrong[8].kinds = no_name;
    wrong[9].fields = no_field;
    wrong[10].kind_count = 0; /* from here on: out of range */
    wrong[11].kind_count = 65536;
    wrong[12].field_count = 256;
    for (size_t i = 0; i < 13; i++) {
        gsaw_error error = {0};
        gsaw_status status = gsaw__tree_parser_check(&wrong[i], &error);
        assert_int_equal(status, i < 10 ? GSAW_INVALID : GSAW_RANGE);
        assert_true(error.text[0] != 0);
    }
}

/* As many nodes as there are bytes, one in another; or beside each other, for ever. */
static gsaw_status build_deep(void *context, gsaw_tree_builder *builder, const char *bytes,
                              size_t size, gsaw_error *error)
{
    (void)bytes, (void)error;
    bool is_endless = context != NULL;
    gsaw_status status = gsaw_tree_builder_open(builder, LIST, 0, 0);
    for (uint32_t i = 1; status == GSAW_OK && (is_endless || i < size); i++)
        status = is_endless ? gsaw_tree_builder_leaf(builder, ATOM, 0, 1, 1)
                            : gsaw_tree_builder_open(builder, LIST, 0, i);
    for (size_t i = 0; status == GSAW_OK && i < size; i++)
        status = gsaw_tree_builder_close(builder, (uint32_t)size);
    return status;
}

static void test_tree_builder_depth_and_limits(void **state)
{
    (void)state;
    enum { LEVELS = 100000 };
    char *source = calloc(1, LEVELS + 1);
    assert_non_null(source);
    gsaw_tree_parser parser = lisp(NULL);
    parser.parse = build_deep;
    gsaw_tree_builder builder;
    gsaw__tree_builder_init(&builder, NULL);
    const gsaw_tree *tree = gsaw__tree_parse(&parser, &builder, source, LEVELS, &wide);
    assert_true(gsaw__tree_check(tree));
    assert_int_equal(gsaw_tree_node_count(tree), LEVELS);
    assert_int_equal(depth_of(tree), LEVELS - 1); /* the last is a leaf */

    parser.context = source; /* endless */
    gsaw__limits limits = {.time_ns = 100 * SECOND, .memory = (size_t)8 << 20};
    assert_null(gsaw__tree_parse(&parser, &builder, source, LEVELS, &limits));
    assert_int_equal(builder.reason, GSAW_REASON_MEMORY);
    assert_int_equal(builder.error.status, GSAW_NO_MEMORY);
    assert_true(builder.capacity <= (size_t)8 << 20);
    limits = (gsaw__limits){.time_ns = SECOND / 100, .memory = (size_t)4 << 30};
    assert_null(gsaw__tree_parse(&parser, &builder, source, LEVELS, &limits));
    assert_int_equal(builder.reason, GSAW_REASON_TIMEOUT);
    assert_int_equal(builder.error.status, GSAW_TIMEOUT);
    _Atomic uint32_t cancel = 1;
    limits = (gsaw__limits){.time_ns = SECOND, .memory = (size_t)4 << 30, .cancel = &cancel};
    assert_null(gsaw__tree_parse(&parser, &builder, source, LEVELS, &limits));
    assert_int_equal(builder.reason, GSAW_REASON_CANCELLED);
    gsaw__tree_builder_clear(&builder);
    free(source);
}

static void test_tree_builder_failing_allocations(void **state)
{
    (void)state;
    char source[5001] = {0};
    gsaw_tree_parser parser = lisp(NULL);
    parser.parse = build_deep;
    bool is_done = false;
    size_t rounds = 0;
    for (size_t n = 1; !is_done; n++, rounds++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, n, 1);
        gsaw_tree_builder builder;
        gsaw__tree_builder_init(&builder, &failing.allocator);
        is_done = gsaw__tree_parse(&parser, &builder, source, 5000, &wide) != NULL;
        if (!is_done) {
            assert_int_equal(builder.reason, GSAW_REASON_MEMORY);
            assert_int_equal(builder.error.status, GSAW_NO_MEMORY);
        }
        gsaw__tree_builder_clear(&builder);
        assert_int_equal(failing.live_bytes, 0);
    }
    assert_true(rounds > 3);
}

/* Steps drawn at random, most of them sound: a tree that holds, or a failure, never anything else.
 */
static void test_tree_builder_random_steps(void **state)
{
    (void)state;
    const char *given = getenv("GSAW_SEED");
    unsigned first = given != NULL ? (unsigned)strtoul(given, NULL, 10) : 1;
    gsaw_tree_builder builder;
    gsaw__tree_builder_init(&builder, NULL);
    size_t trees = 0;
    for (unsigned seed = first; seed < first + 3000; seed++) {
        unsigned drawn = seed;
        step steps[64] = {{'o', LIST, 0, 0, 0}};
        uint32_t at = 0, depth = 1, wild = seed % 3 == 0;
        size_t count = 1;
        while (count < 40) {
            at += (uint32_t)rand_r(&drawn) % 2;
            uint32_t odd = wild && rand_r(&drawn) % 16 == 0 ? (uint32_t)rand_r(&drawn) % 70 : at;
            unsigned what = (unsigned)rand_r(&drawn) % 4;
            if (what == 0 && depth > 1) {
                steps[count++] = (step){'c', odd, 0, 0, 0};
                depth--;
            } else if (what == 1) {
                steps[count++] = (step){'o', ATOM, 1, odd, 0};
                depth++;
            } else if (what == 2) {
                steps[count++] = (step){'l', PAREN, 2, odd, at};
            } else {
                steps[count++] = (step){'m', 1u << (1 + (unsigned)rand_r(&drawn) % 3), 0, 0, 0};
            }
        }
        for (; depth > 0 && count < 63; depth--)
            steps[count++] = (step){'c', at, 0, 0, 0};
        gsaw_tree_parser parser = lisp(steps);
        char source[61] = {0};
        const gsaw_tree *tree = gsaw__tree_parse(&parser, &builder, source, 60, &wide);
        if ((tree != NULL && !gsaw__tree_check(tree)) ||
            (tree == NULL && builder.error.text[0] == 0))
            fail_msg("GSAW_SEED=%u", seed);
        trees += tree != NULL;
    }
    assert_true(trees > 1000);
    gsaw__tree_builder_clear(&builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_is_that_of_treesitter),
        cmocka_unit_test(test_tree_of_golden_inputs),
        cmocka_unit_test(test_tree_grammars_fit),
        cmocka_unit_test(test_tree_reading),
        cmocka_unit_test(test_tree_what_is_not_there),
        cmocka_unit_test(test_tree_copies_outlive_all),
        cmocka_unit_test(test_tree_of_broken_source),
        cmocka_unit_test(test_tree_of_hostile_sources),
        cmocka_unit_test(test_tree_counts_against_the_limit),
        cmocka_unit_test(test_tree_of_too_many_indents),
        cmocka_unit_test(test_tree_a_hundred_thousand_levels),
        cmocka_unit_test(test_tree_memory_goes_back),
        cmocka_unit_test(test_tree_failing_allocations),
        cmocka_unit_test(test_tree_builder_builds),
        cmocka_unit_test(test_tree_builder_misuse),
        cmocka_unit_test(test_tree_parser_is_checked),
        cmocka_unit_test(test_tree_builder_depth_and_limits),
        cmocka_unit_test(test_tree_builder_failing_allocations),
        cmocka_unit_test(test_tree_builder_random_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
