/* test_ignore.c - gitignore patterns: a table of cases, hostile patterns, failing memory.
 * Next:    src/code/ignore.h, test_ignore_git.c (the same against git itself) */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "code/ignore.h"
#include "code/pattern.h"

#define NONE GSAW_IGNORE_NONE
#define MATCH GSAW_IGNORE_MATCH
#define KEEP GSAW_IGNORE_KEEP

/* text: the ignore file; a path that ends in '/' is a directory. */
static const struct {
    const char *text, *path;
    enum gsaw__ignore_verdict verdict;
} cases[] = {
    /* lines */
    {"", "a", NONE},
    {"\n\n", "a", NONE},
    {"# a\n", "# a", NONE},
    {"\\# a\n", "# a", MATCH},
    {" # a\n", " # a", MATCH},
    {"a", "a", MATCH},
    {"a\r\n", "a", MATCH},
    {"a\r\n", "a\r", NONE},
    {"a\r", "a", MATCH},
    {"a\r\r\n", "a\r", MATCH},
    {"a\rb\n", "a\rb", MATCH},
    {"\xef\xbb\xbf"
     "a\n",
     "a", MATCH},
    {"b\n\xef\xbb\xbf"
     "a\n",
     "a", NONE},
    {"a   \n", "a", MATCH},
    {"a\t\n", "a", NONE},
    {"a\t\n", "a\t", MATCH},
    {"a\\ \n", "a ", MATCH},
    {"a\\   \n", "a ", MATCH},
    {"a b \n", "a b", MATCH},
    {"   \n", "   ", NONE},
    {"\\ \n", " ", MATCH},
    {" \r\n", " ", NONE},
    {"a\\\n", "a\\", NONE},
    {"a\\\\\n", "a\\", MATCH},
    /* negation and order */
    {"a\n!a\n", "a", KEEP},
    {"!a\na\n", "a", MATCH},
    {"*\n!*.py\n", "x.py", KEEP},
    {"*\n!*.py\n", "x.js", MATCH},
    {"\\!a\n", "!a", MATCH},
    {"!!a\n", "!a", KEEP},
    {"!\n", "a", NONE},
    {"!#a\n", "#a", KEEP},
    {"a\n!a/\n", "a", MATCH},
    {"a\n!a/\n", "a/", KEEP},
    {"a/\n!a/\n", "a/", KEEP},
    {"!a\na/\n", "a", KEEP},
    {"!a\na/\n", "a/", MATCH},
    {"*.pyc\n!b.pyc\n", "b.pyc", KEEP},
    {"!b.pyc\n*.pyc\n", "b.pyc", MATCH},
    {"/a\n!a\n", "a", KEEP},
    {"!a\n/a\n", "a", MATCH},
    /* directories only */
    {"a/\n", "a", NONE},
    {"a/\n", "a/", MATCH},
    {"a/\n", "b/a/", MATCH},
    {"*/\n", "a/", MATCH},
    {"*/\n", "a", NONE},
    {"/\n", "a/", NONE},
    {"//\n", "a/", NONE},
    {"a//\n", "a/", NONE},
    /* anchoring */
    {"a\n", "b/a", MATCH},
    {"/a\n", "a", MATCH},
    {"/a\n", "b/a", NONE},
    {"a/b\n", "a/b", MATCH},
    {"a/b\n", "c/a/b", NONE},
    {"/a/b\n", "a/b", MATCH},
    {"a/b/\n", "a/b", NONE},
    {"a/b/\n", "a/b/", MATCH},
    {"/*.py\n", "x.py", MATCH},
    {"/*.py\n", "a/x.py", NONE},
    {"a/*.py\n", "a/x.py", MATCH},
    {"a/*.py\n", "a/b/x.py", NONE},
    {"./a\n", "a", NONE},
    /* two stars */
    {"**/a\n", "a", MATCH},
    {"**/a\n", "b/c/a", MATCH},
    {"**/a\n", "ba", NONE},
    {"/**/a\n", "b/a", MATCH},
    {"**/a/b\n", "a/b", MATCH},
    {"**/a/b\n", "x/a/b", MATCH},
    {"**/a/b\n", "xa/b", NONE},
    {"a/**\n", "a/", NONE},
    {"a/**\n", "a/b", MATCH},
    {"a/**\n", "a/b/c", MATCH},
    {"a/**/\n", "a/b", NONE},
    {"a/**/\n", "a/b/", MATCH},
    {"a/**/b\n", "a/b", MATCH},
    {"a/**/b\n", "a/x/b", MATCH},
    {"a/**/b\n", "a/x/y/b", MATCH},
    {"a/**/b\n", "a/xb", NONE},
    {"a/**/**/b\n", "a/b", MATCH},
    {"a/**/**/b\n", "a/x/y/z/b", MATCH},
    {"**\n", "a/b", MATCH},
    {"/**\n", "a/b", MATCH},
    {"a**b\n", "axb", MATCH},
    {"c/a**b\n", "c/ax/b", NONE},
    {"c/?a**/b\n", "c/xay/b", MATCH},
    {"c/?a**/b\n", "c/xa/y/b", NONE},
    {"foo**/bar\n", "foobar", MATCH}, /* git's own oddity: see pattern.c */
    {"foo**/bar\n", "foo/x/bar", MATCH},
    {"a/**\\/b\n", "a/b", NONE}, /* and another: an escaped slash is not taken for nothing */
    {"a/**\\/b\n", "a/x/b", MATCH},
    {"**/*.py\n", "a/b.py", MATCH},
    {"**/a*/**/c\n", "x/ab/y/c", MATCH},
    {"**/a*/**/c\n", "x/b/y/c", NONE},
    {"a/**/b/**/c\n", "a/b/b/x/c/c", MATCH},
    {"***/b\n", "a/b", MATCH},
    /* stars, question marks */
    {"*.o\n", "a.o", MATCH},
    {"*.o\n", ".o", MATCH},
    {"*.tar.gz\n", "x.tar.gz", MATCH},
    {"*.tar.gz\n", "x.gz", NONE},
    {"*.gz\n", "x.tar.gz", MATCH},
    {"*~\n", "x~", MATCH},
    {"a*\n", "a", MATCH},
    {"a*c*e\n", "abcde", MATCH},
    {"a*c*e\n", "abcd", NONE},
    {"?\n", "a", MATCH},
    {"?\n", "ab", NONE},
    {"a?b\n", "a/b", NONE},
    {"x/a?b\n", "x/a/b", NONE},
    {"*\n", "a", MATCH},
    {"/*\n", "a/b", NONE},
    {"\\*\n", "*", MATCH},
    {"\\*\n", "a", NONE},
    {"\\a\n", "a", MATCH},
    {"a\\/b\n", "a/b", MATCH},
    /* sets */
    {"[ab]\n", "b", MATCH},
    {"[ab]\n", "c", NONE},
    {"[!ab]\n", "c", MATCH},
    {"[^ab]\n", "a", NONE},
    {"[a-c]\n", "b", MATCH},
    {"[c-a]\n", "b", NONE},
    {"[]]\n", "]", MATCH},
    {"[!]]\n", "]", NONE},
    {"[]-a]\n", "^", MATCH},
    {"[a-]\n", "-", MATCH},
    {"[-a]\n", "-", MATCH},
    {"[a-c-e]\n", "d", NONE},
    {"[a-c-e]\n", "-", MATCH},
    {"[\\]]\n", "]", MATCH},
    {"[\\a-\\c]\n", "b", MATCH},
    {"[a\n", "[a", NONE},
    {"[\n", "[", NONE},
    {"[a-\n", "a", NONE},
    {"[[:alpha:]]\n", "q", MATCH},
    {"[[:alpha:]]\n", "1", NONE},
    {"[![:alpha:]]\n", "1", MATCH},
    {"[[:digit:]x]\n", "x", MATCH},
    {"[[:space:]]x\n", "\vx", NONE},
    {"[[:bogus:]]\n", "b", NONE},
    {"[[:alpha]\n", "a", MATCH},
    {"[[:alpha]\n", "[", MATCH},
    {"[[:]\n", ":", MATCH},
    {"[[::]]\n", ":", NONE},
    {"x/a[/]b\n", "x/a/b", NONE},
    {"x[!a]y\n", "x/y", NONE},
    {"[\x80-\xff]\n", "\xc3", MATCH},
    {"\x01\n", "\x01", MATCH},
    {"*\x05\n", "a\x05", MATCH},
};

static enum gsaw__ignore_verdict verdict_of(const gsaw__ignore *list, const char *path)
{
    size_t size = strlen(path);
    bool is_directory = size != 0 && path[size - 1] == '/';
    size -= is_directory;
    const char *slash = memrchr(path, '/', size);
    size_t name_size = slash == NULL ? size : (size_t)(path + size - slash) - 1;
    if (!list->needs_path) /* then the name alone must do */
        return gsaw__ignore_match(list, path + size - name_size, name_size, name_size,
                                  is_directory);
    return gsaw__ignore_match(list, path, size, name_size, is_directory);
}

static void test_ignore_follows_git(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gsaw__ignore list;
        gsaw__ignore_init(&list, NULL);
        assert_true(gsaw__ignore_add_text(&list, cases[i].text, strlen(cases[i].text)));
        enum gsaw__ignore_verdict verdict = verdict_of(&list, cases[i].path);
        if (verdict != cases[i].verdict)
            fail_msg("case %zu: '%s' on '%s' gives %d", i, cases[i].text, cases[i].path,
                     (int)verdict);
        gsaw__ignore_clear(&list);
    }
}

static void test_ignore_zero_byte_ends_a_pattern(void **state)
{
    (void)state;
    gsaw__ignore list;
    gsaw__ignore_init(&list, NULL);
    assert_true(gsaw__ignore_add_text(&list, "a\0b\nc\n\0\n", 8));
    assert_int_equal(verdict_of(&list, "a"), MATCH);
    assert_int_equal(verdict_of(&list, "c"), MATCH);
    gsaw__ignore_clear(&list);
}

static void test_ignore_option_is_taken_as_it_is(void **state)
{
    (void)state;
    gsaw__ignore list;
    gsaw__ignore_init(&list, NULL);
    assert_true(gsaw__ignore_add(&list, "#a", 2));
    assert_true(gsaw__ignore_add(&list, "b ", 2));
    assert_true(gsaw__ignore_add(&list, "", 0));
    assert_int_equal(verdict_of(&list, "#a"), MATCH);
    assert_int_equal(verdict_of(&list, "b "), MATCH);
    assert_int_equal(verdict_of(&list, "b"), NONE);
    gsaw__ignore_clear(&list);
}

/* Each pattern is tried on text it nearly matches; a matcher that goes back without bounds would
 * need longer than the age of the universe. */
static void test_ignore_hostile_patterns_end(void **state)
{
    (void)state;
    static const char *const hostile[] = {
        "a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
        "x/a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
        "**/**/**/**/**/**/**/**/**/**/**/**/b",
        "**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/a/**/b",
        "**/*a*/**/*a*/**/*a*/**/*a*/**/*a*/**/*a*/b",
        "**/a*a*a*a*a*/a*a*a*a*/**/a*a*a*a*a/**\\/b",
    };
    char flat[256], deep[8192];
    memset(flat, 'a', 255);
    for (size_t i = 0; i < sizeof deep; i++)
        deep[i] = i % 2 == 0 ? 'a' : '/';
    uint64_t start = gsaw__clock_ns();
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        gsaw__ignore list;
        gsaw__ignore_init(&list, NULL);
        assert_true(gsaw__ignore_add(&list, hostile[i], strlen(hostile[i])));
        assert_int_equal(gsaw__ignore_match(&list, flat, 255, 255, false), NONE);
        assert_int_equal(gsaw__ignore_match(&list, deep, sizeof deep - 1, 1, false), NONE);
        gsaw__ignore_clear(&list);
    }
    assert_true(gsaw__clock_ns() - start < UINT64_C(20000000000));
}

/* One pattern of a megabyte of each kind, and a million patterns in one file. */
static void test_ignore_large_files_are_taken(void **state)
{
    (void)state;
    const size_t size = (size_t)1 << 20;
    char *text = malloc(size * 3);
    assert_non_null(text);
    static const char *const units[] = {"a", "*", "?", "**/", "[ab]", "\\*", "a/", "[a-"};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t unit = strlen(units[i]);
        for (size_t k = 0; k < size; k++)
            text[k] = units[i][k % unit];
        gsaw__ignore list;
        gsaw__ignore_init(&list, NULL);
        assert_true(gsaw__ignore_add_text(&list, text, size));
        assert_int_equal(verdict_of(&list, "b/b"), units[i][0] == '*' ? MATCH : NONE);
        gsaw__ignore_clear(&list);
    }
    gsaw__ignore list;
    gsaw__ignore_init(&list, NULL);
    size_t at = 0;
    for (unsigned i = 0; i < 300000; i++)
        at += (size_t)snprintf(text + at, size * 3 - at, "n%u\n", i);
    assert_true(gsaw__ignore_add_text(&list, text, at));
    uint64_t start = gsaw__clock_ns();
    for (size_t k = 0; k < 100000; k++)
        assert_int_equal(gsaw__ignore_match(&list, "n299999", 7, 7, false), MATCH);
    assert_true(gsaw__clock_ns() - start <
                UINT64_C(10000000000)); /* by hashing: some milliseconds */
    gsaw__ignore_clear(&list);
    free(text);
}

static void test_ignore_every_allocation_may_fail(void **state)
{
    (void)state;
    static const char text[] = "a\n*.pyc\n/b\nc/**/d\n*~\n[a-z]?\n!keep/\na/\n";
    for (size_t n = 1;; n++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, n, 0);
        gsaw__ignore list;
        gsaw__ignore_init(&list, &failing.allocator);
        bool done = gsaw__ignore_add_text(&list, text, sizeof text - 1);
        if (done)
            assert_int_equal(verdict_of(&list, "c/x/d"), MATCH);
        gsaw__ignore_clear(&list);
        assert_int_equal(failing.live_bytes, 0);
        if (done)
            break;
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ignore_follows_git),
        cmocka_unit_test(test_ignore_zero_byte_ends_a_pattern),
        cmocka_unit_test(test_ignore_option_is_taken_as_it_is),
        cmocka_unit_test(test_ignore_hostile_patterns_end),
        cmocka_unit_test(test_ignore_large_files_are_taken),
        cmocka_unit_test(test_ignore_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
