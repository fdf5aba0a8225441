/* test_option.c - option rows: what is taken, what is refused and how it is said, and back to text.
 * Keeps:   every kind is read, refused, reset and printed.
 * Threads: one.
 * Next:    base/option.c, base/nearest.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include <gangsaw/config.h>

#include "base/nearest.h"
#include "base/option.h"

typedef struct fields {
    bool flag;
    uint32_t number, word, set;
    uint64_t size, duration, big;
    uint32_t percent;
    uint64_t bytes;
    const char *text;
    gsaw_strings list;
} fields;

static const char *color(size_t index)
{
    static const char *const words[] = {"red", "green", "blue"};
    return index < 3 ? words[index] : NULL;
}

static const gsaw__option rows[] = {
    {.name = "flag",
     .flag = "flag",
     .letter = 'f',
     .kind = GSAW_OPTION_FLAG,
     GSAW_OPTION_FIELD(fields, flag)},
    {.name = "number",
     .flag = "number",
     .letter = 'n',
     .kind = GSAW_OPTION_NUMBER,
     .min = 2,
     .max = 1000,
     .fallback = 7,
     .metavar = "N",
     GSAW_OPTION_FIELD(fields, number)},
    {.name = "size",
     .flag = "max-size",
     .kind = GSAW_OPTION_SIZE,
     .min = 1,
     .max = UINT64_C(4) << 30,
     .fallback = 8 << 20,
     .metavar = "SIZE",
     GSAW_OPTION_FIELD(fields, size)},
    {.name = "duration",
     .flag = "time",
     .kind = GSAW_OPTION_DURATION,
     .min = 1000000,
     .max = UINT64_C(3600000000000),
     .fallback_text = "as long as it takes",
     .metavar = "DUR",
     GSAW_OPTION_FIELD(fields, duration)},
    {.name = "percent",
     .flag = "memory",
     .kind = GSAW_OPTION_PERCENT,
     .min = 1,
     .max = 100,
     .fallback = 75,
     .metavar = "SIZE|PERCENT%",
     GSAW_OPTION_FIELD(fields, percent)},
    {.name = "bytes",
     .flag = "memory",
     .joined = true,
     .kind = GSAW_OPTION_SIZE,
     .min = 1 << 20,
     .max = UINT64_C(1) << 40,
     GSAW_OPTION_FIELD(fields, bytes)},
    {.name = "word",
     .flag = "color",
     .kind = GSAW_OPTION_WORD,
     .word = color,
     .metavar = "COLOR",
     GSAW_OPTION_FIELD(fields, word)},
    {.name = "set",
     .flag = "colors",
     .kind = GSAW_OPTION_SET,
     .word = color,
     .metavar = "COLOR",
     GSAW_OPTION_FIELD(fields, set)},
    {.name = "text",
     .flag = "text",
     .kind = GSAW_OPTION_TEXT,
     .metavar = "TEXT",
     GSAW_OPTION_FIELD(fields, text)},
    {.name = "list",
     .flag = "list",
     .kind = GSAW_OPTION_LIST,
     .metavar = "ITEM",
     GSAW_OPTION_FIELD(fields, list)},
    {.name = "big",
     .flag = NULL,
     .kind = GSAW_OPTION_NUMBER,
     .min = 1,
     .max = UINT64_MAX,
     .fallback = 3,
     GSAW_OPTION_FIELD(fields, big)},
    {.name = NULL},
};

static const gsaw__option *option(const char *flag)
{
    const gsaw__option *found = gsaw__option_find(rows, flag, strlen(flag));
    assert_non_null(found);
    return found;
}

static gsaw_status set(fields *to, const char *flag, const char *text, gsaw_error *error)
{
    static gsaw__arena no_lists;
    gsaw__option_target target = {.fields = to, .arena = &no_lists};
    return gsaw__option_set(option(flag), target, flag, text, error);
}

static void assert_set(fields *to, const char *flag, const char *text)
{
    assert_int_equal(set(to, flag, text, NULL), GSAW_OK);
}

/* Refused with that status and text, and nothing stored. */
static void assert_refused(const char *flag, const char *text, gsaw_status status, const char *said)
{
    fields untouched = {.number = 5, .percent = 50, .set = 2}, before = untouched;
    gsaw_error error = {0};
    assert_int_equal(set(&untouched, flag, text, &error), status);
    assert_int_equal(error.status, status);
    assert_string_equal(error.text, said);
    assert_memory_equal(&untouched, &before, sizeof before);
}

static void assert_format(const fields *of, const char *flag, const char *text)
{
    gsaw__buffer out = {0};
    gsaw__option_format(option(flag), of, &out);
    assert_string_equal(gsaw__buffer_text(&out), text);
    gsaw__buffer_clear(&out);
}

static void test_option_finds_rows(void **state)
{
    (void)state;
    assert_ptr_equal(option("number"), &rows[1]);
    assert_ptr_equal(gsaw__option_find(rows, "number=3", 6), &rows[1]);
    assert_ptr_equal(option("memory"), &rows[4]); /* never the joined row */
    assert_null(gsaw__option_find(rows, "numbe", 5));
    assert_null(gsaw__option_find(rows, "", 0));
    assert_ptr_equal(gsaw__option_find_letter(rows, 'n'), &rows[1]);
    assert_null(gsaw__option_find_letter(rows, 'x'));
    assert_null(gsaw__option_find_letter(rows, 0));
}

static void test_option_reads_numbers(void **state)
{
    fields f = {0};
    (void)state;
    assert_set(&f, "number", "2");
    assert_int_equal(f.number, 2);
    assert_set(&f, "number", "01000");
    assert_int_equal(f.number, 1000);
    assert_set(&f, "max-size", "4096");
    assert_int_equal(f.size, 4096);
    assert_set(&f, "max-size", "512K");
    assert_int_equal(f.size, 512 << 10);
    assert_set(&f, "max-size", "8m");
    assert_int_equal(f.size, 8 << 20);
    assert_set(&f, "max-size", "4G");
    assert_int_equal(f.size, UINT64_C(4) << 30);
    assert_set(&f, "time", "500ms");
    assert_int_equal(f.duration, 500000000);
    assert_set(&f, "time", "2s");
    assert_int_equal(f.duration, 2000000000);
    assert_set(&f, "time", "3m");
    assert_int_equal(f.duration, UINT64_C(180000000000));
    assert_set(&f, "time", "1h");
    assert_int_equal(f.duration, UINT64_C(3600000000000));
    assert_set(&f, "time", "1500us");
    assert_int_equal(f.duration, 1500000);
    assert_format(&f, "time", "1500us");
    assert_set(&f, "time", "1000001ns");
    assert_format(&f, "time", "1000001ns");
}

static void test_option_refuses_numbers(void **state)
{
    (void)state;
    assert_refused("number", "x", GSAW_INVALID,
                   "number: \"x\" is not a number (allowed: 2 to 1000)");
    assert_refused("number", "", GSAW_INVALID, "number: \"\" is not a number (allowed: 2 to 1000)");
    assert_refused("number", "-3", GSAW_INVALID,
                   "number: \"-3\" is not a number (allowed: 2 to 1000)");
    assert_refused("number", "3 ", GSAW_INVALID,
                   "number: \"3 \" is not a number (allowed: 2 to 1000)");
    assert_refused("number", "4K", GSAW_INVALID,
                   "number: \"4K\" is not a number (allowed: 2 to 1000)");
    assert_refused("number", "1", GSAW_RANGE, "number: \"1\" is out of range (allowed: 2 to 1000)");
    assert_refused("number", "1001", GSAW_RANGE,
                   "number: \"1001\" is out of range (allowed: 2 to 1000)");
    assert_refused("number", "18446744073709551618", GSAW_RANGE, /* 2^64 + 2 must not pass for 2 */
                   "number: \"18446744073709551618\" is out of range (allowed: 2 to 1000)");
    assert_refused("max-size", "17179869185G", GSAW_RANGE, /* nor 2^64 + 2^30 for 1G */
                   "max-size: \"17179869185G\" is out of range (allowed: 1 to 4G)");
    assert_refused("max-size", "1.5G", GSAW_INVALID,
                   "max-size: \"1.5G\" is not a size like 4096, 512K, 8M or 2G (allowed: 1 to 4G)");
    assert_refused("time", "500", GSAW_INVALID,
                   "time: \"500\" is not a duration like 500ms, 2s, 1m or 1h (allowed: 1ms to 1h)");
    assert_refused("number", NULL, GSAW_INVALID, "number needs a value: N");
}

static void test_option_joined_forms_replace_each_other(void **state)
{
    fields f = {0};
    (void)state;
    assert_set(&f, "memory", "50%");
    assert_int_equal(f.percent, 50);
    assert_set(&f, "memory", "2G");
    assert_int_equal(f.percent, 0);
    assert_int_equal(f.bytes, UINT64_C(2) << 30);
    assert_format(&f, "memory", "2G");
    assert_true(gsaw__option_is_set(option("memory"), &f));
    assert_set(&f, "memory", "60%");
    assert_int_equal(f.bytes, 0);
    assert_format(&f, "memory", "60%");
    gsaw__option_reset(option("memory"), &f);
    assert_false(gsaw__option_is_set(option("memory"), &f));
    assert_format(&f, "memory", "75%");
    assert_refused(
        "memory", "lots", GSAW_INVALID,
        "memory: \"lots\" is not a percentage like 75% or a size like 4096, 512K, 8M or 2G "
        "(allowed: 1% to 100%, or 1M to 1T)");
    assert_refused("memory", "101%", GSAW_RANGE,
                   "memory: \"101%\" is out of range (allowed: 1% to 100%, or 1M to 1T)");
    assert_refused("memory", "1K", GSAW_RANGE,
                   "memory: \"1K\" is out of range (allowed: 1% to 100%, or 1M to 1T)");
}

static void test_option_reads_flags(void **state)
{
    static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no",
                                                                                "off", "0"};
    fields f = {0};
    (void)state;
    assert_set(&f, "flag", NULL);
    assert_true(f.flag);
    for (size_t i = 0; i < 4; i++) {
        assert_set(&f, "flag", no[i]);
        assert_false(f.flag);
        assert_format(&f, "flag", "false");
        assert_set(&f, "flag", yes[i]);
        assert_true(f.flag);
        assert_format(&f, "flag", "true");
    }
    assert_refused("flag", "maybe", GSAW_INVALID, "flag: \"maybe\" is not true or false");
}

static void test_option_reads_words(void **state)
{
    fields f = {0};
    (void)state;
    assert_set(&f, "color", "blue");
    assert_int_equal(f.word, 2);
    assert_format(&f, "color", "blue");
    assert_set(&f, "colors", "blue,red");
    assert_int_equal(f.set, 5);
    assert_set(&f, "colors", "green");
    assert_int_equal(f.set, 7);
    assert_format(&f, "colors", "red,green,blue");
    assert_refused("color", "blau", GSAW_INVALID,
                   "color: \"blau\" is not one of its words (allowed: red, green or blue)");
    assert_refused("color", "gren", GSAW_INVALID,
                   "color: \"gren\" is not one of its words (allowed: red, green or blue); "
                   "did you mean green?");
    assert_refused("color", "red,blue", GSAW_INVALID,
                   "color: \"red,blue\" is not one of its words (allowed: red, green or blue)");
    assert_refused("colors", "red,bleu,green", GSAW_INVALID,
                   "colors: \"bleu\" is not one of its words (allowed: red, green or blue); "
                   "did you mean blue?");
    assert_refused("colors", "red,", GSAW_INVALID,
                   "colors: \"\" is not one of its words (allowed: red, green or blue)");
}

static void test_option_long_values_are_cut_in_errors(void **state)
{
    char text[2000];
    fields f = {0};
    gsaw_error error = {0};
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_int_equal(set(&f, "number", text, &error), GSAW_INVALID);
    assert_non_null(strstr(error.text, "xxx...\" is not a number (allowed: 2 to 1000)"));
}

static void test_option_lists_grow_in_order(void **state)
{
    char items[40][4];
    fields f = {0};
    gsaw__arena arena = {0};
    gsaw__option_target target = {.fields = &f, .arena = &arena};
    (void)state;
    for (int i = 0; i < 40; i++) {
        items[i][0] = (char)('A' + i);
        items[i][1] = 0;
        assert_int_equal(gsaw__option_set(option("list"), target, "list", items[i], NULL), GSAW_OK);
    }
    assert_int_equal(f.list.count, 40);
    for (int i = 0; i < 40; i++)
        assert_ptr_equal(f.list.items[i], items[i]);
    gsaw__option_reset(option("list"), &f);
    assert_int_equal(f.list.count, 0);
    assert_int_equal(gsaw__option_set(option("list"), target, "list", "a", NULL), GSAW_OK);
    assert_int_equal(gsaw__option_set(option("list"), target, "list", "b c", NULL), GSAW_OK);
    assert_format(&f, "list", "\"a\" \"b c\"");
    gsaw__arena_clear(&arena);
}

static void test_option_lists_survive_failed_allocation(void **state)
{
    gsaw_status status = GSAW_NO_MEMORY;
    (void)state;
    for (size_t fail_at = 1; status == GSAW_NO_MEMORY; fail_at++) {
        gsaw_failing_allocator failing;
        gsaw__arena arena;
        fields f = {0};
        gsaw__option_target target = {.fields = &f, .arena = &arena};
        size_t set_count = 0;
        gsaw_failing_allocator_init(&failing, fail_at, 0);
        gsaw__arena_init(&arena, &failing.allocator);
        status = GSAW_OK;
        for (size_t i = 0; i < 3000 && status == GSAW_OK; i++) {
            status = gsaw__option_set(option("list"), target, "list", "item", NULL);
            set_count += status == GSAW_OK;
        }
        assert_int_equal(f.list.count, set_count);
        for (size_t i = 0; i < set_count; i++)
            assert_string_equal(f.list.items[i], "item");
        gsaw__arena_clear(&arena);
        assert_int_equal(failing.live_bytes, 0);
        assert_true(fail_at > 1 || status == GSAW_NO_MEMORY);
    }
    assert_int_equal(status, GSAW_OK);
}

/* Text out is text in. */
static void test_option_format_is_read_back(void **state)
{
    static const uint64_t sizes[] = {1, 1023, 1024, 1 << 20, (1 << 20) + 1, UINT64_C(4) << 30};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        fields f = {.size = sizes[i]}, back = {0};
        gsaw__buffer out = {0};
        gsaw__option_format(option("max-size"), &f, &out);
        assert_set(&back, "max-size", gsaw__buffer_text(&out));
        assert_int_equal(back.size, sizes[i]);
        gsaw__buffer_clear(&out);
    }
}

static void test_option_format_shows_defaults(void **state)
{
    fields f = {0};
    (void)state;
    assert_format(&f, "number", "7");
    assert_format(&f, "max-size", "8M");
    assert_format(&f, "time", "as long as it takes");
    assert_format(&f, "memory", "75%");
    assert_format(&f, "color", "red");
    assert_format(&f, "colors", "");
    assert_format(&f, "text", "");
    assert_format(&f, "list", "");
    assert_set(&f, "text", "some text");
    assert_format(&f, "text", "some text");
}

static void test_option_format_names_the_variable(void **state)
{
    gsaw__buffer out = {0};
    (void)state;
    gsaw__option_format_variable(option("max-size"), &out);
    assert_string_equal(gsaw__buffer_text(&out), "GANGSAW_MAX_SIZE");
    gsaw__buffer_clear(&out);
}

static void test_option_check_names_the_field(void **state)
{
    fields good = {.number = 2, .word = 2, .big = UINT64_MAX}, bad = {.number = 1};
    gsaw_error error = {0};
    (void)state;
    assert_int_equal(gsaw__option_check(rows, &good, &error), GSAW_OK);
    assert_int_equal(gsaw__option_check(rows, &bad, &error), GSAW_RANGE);
    assert_string_equal(error.text, "number: 1 is out of range (allowed: 2 to 1000)");
    bad = (fields){.word = 3};
    assert_int_equal(gsaw__option_check(rows, &bad, &error), GSAW_RANGE);
    assert_string_equal(error.text, "word: 3 is out of range (allowed: red, green or blue)");
}

static void test_option_fill_replaces_zeros(void **state)
{
    fields f = {.number = 9};
    (void)state;
    gsaw__option_fill(rows, &f);
    assert_int_equal(f.number, 9);
    assert_int_equal(f.size, 8 << 20);
    assert_int_equal(f.duration, 0); /* its default is in words */
    assert_int_equal(f.percent, 75);
    assert_int_equal(f.big, 3);
    assert_false(f.flag);
}

static size_t distance(const char *a, const char *b)
{
    return gsaw__edit_distance(a, strlen(a), b, strlen(b));
}

static void test_nearest_counts_edits(void **state)
{
    char longest[GSAW_NEAREST_SIZE_MAX + 2];
    (void)state;
    assert_int_equal(distance("", ""), 0);
    assert_int_equal(distance("", "abc"), 3);
    assert_int_equal(distance("abc", ""), 3);
    assert_int_equal(distance("jobs", "jobs"), 0);
    assert_int_equal(distance("job", "jobs"), 1);
    assert_int_equal(distance("jbos", "jobs"), 1); /* a swap */
    assert_int_equal(distance("kitten", "sitting"), 3);
    assert_int_equal(distance("ca", "abc"), 3); /* no byte is touched twice */
    memset(longest, 'a', sizeof longest);
    assert_true(gsaw__edit_distance(longest, sizeof longest, "a", 1) == SIZE_MAX);
    assert_int_equal(gsaw__edit_distance(longest, GSAW_NEAREST_SIZE_MAX, "a", 1),
                     GSAW_NEAREST_SIZE_MAX - 1);
}

static const char *nearest(const char *wanted)
{
    static const char *const words[] = {"index",  "files", "symbols", "imports",
                                        "export", "stats", "-"};
    gsaw__nearest self;
    gsaw__nearest_init(&self, wanted, strlen(wanted));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        gsaw__nearest_offer(&self, words[i]);
    return self.best;
}

static void test_nearest_suggests_the_likely(void **state)
{
    (void)state;
    assert_string_equal(nearest("simbols"), "symbols");
    assert_string_equal(nearest("idnex"), "index");
    assert_string_equal(nearest("file"), "files");
    assert_string_equal(nearest("sym"), "symbols");
    assert_string_equal(nearest("exports"), "export");
    assert_null(nearest("frobnicate"));
    assert_null(nearest(""));
    assert_null(nearest("x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_option_finds_rows),
        cmocka_unit_test(test_option_reads_numbers),
        cmocka_unit_test(test_option_refuses_numbers),
        cmocka_unit_test(test_option_joined_forms_replace_each_other),
        cmocka_unit_test(test_option_reads_flags),
        cmocka_unit_test(test_option_reads_words),
        cmocka_unit_test(test_option_long_values_are_cut_in_errors),
        cmocka_unit_test(test_option_lists_grow_in_order),
        cmocka_unit_test(test_option_lists_survive_failed_allocation),
        cmocka_unit_test(test_option_format_is_read_back),
        cmocka_unit_test(test_option_format_shows_defaults),
        cmocka_unit_test(test_option_format_names_the_variable),
        cmocka_unit_test(test_option_check_names_the_field),
        cmocka_unit_test(test_option_fill_replaces_zeros),
        cmocka_unit_test(test_nearest_counts_edits),
        cmocka_unit_test(test_nearest_suggests_the_likely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
