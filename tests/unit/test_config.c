/* test_config.c - the options table of gsaw_config is whole and sound, and configs are checked by
 * it.
 * Keeps:   each field of gsaw_config but size and allocator lies in exactly one row.
 * Threads: one.
 * Next:    work/config.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/machine.h"
#include "work/config.h"

static void test_config_rows_cover_every_field(void **state)
{
    unsigned char covered[sizeof(gsaw_config)] = {0};
    size_t gaps = 0;
    (void)state;
    for (const gsaw__option *option = gsaw__config_options(); option->name != NULL; option++)
        for (size_t i = 0; i < option->field_size; i++)
            assert_int_equal(covered[option->offset + i]++, 0);
    for (size_t i = offsetof(gsaw_config, num_workers); i < sizeof covered; i++)
        gaps += covered[i] == 0;
    /* The compiler's padding, all of it behind small fields: less than one 4-byte field in each
     * place. */
    assert_true(gaps < sizeof(uint32_t) * 4);
    for (size_t i = offsetof(gsaw_config, num_workers); i + 3 < sizeof covered; i += 4)
        if (covered[i] + covered[i + 1] + covered[i + 2] + covered[i + 3] == 0)
            assert_true(i % 8 == 4); /* a hole before an 8-byte field, never a field */
}

static void test_config_rows_are_sound(void **state)
{
    (void)state;
    for (const gsaw__option *option = gsaw__config_options(); option->name != NULL; option++) {
        bool numeric = option->kind >= GSAW_OPTION_NUMBER && option->kind <= GSAW_OPTION_PERCENT;
        /* Of the configuration, and at most of `gangsaw run` beside it. */
        assert_int_equal(option->groups & ~GSAW_CONFIG_RESOURCES, GSAW_CONFIG_GROUP);
        assert_true(option->joined == (option->help == NULL));
        assert_true(option->joined ||
                    (option->kind == GSAW_OPTION_FLAG) == (option->metavar == NULL));
        if (numeric) {
            assert_true(option->min <= option->max);
            assert_true(option->fallback == 0 ||
                        (option->fallback >= option->min && option->fallback <= option->max));
            assert_true((option->fallback == 0) == (option->fallback_text != NULL));
            assert_true(option->field_size == 8 || option->max <= INT32_MAX);
        }
        for (const gsaw__option *other = option + 1; other->name != NULL; other++) {
            assert_string_not_equal(option->name, other->name);
            assert_true(option->letter == 0 || option->letter != other->letter);
            assert_true(option->flag == NULL || other->joined ||
                        strcmp(option->flag, other->flag) != 0);
        }
    }
}

static void test_config_defaults_are_the_documented_ones(void **state)
{
    gsaw_config filled;
    (void)state;
    assert_int_equal(gsaw__config_fill(NULL, &filled, NULL), GSAW_OK);
    assert_int_equal(filled.size, sizeof filled);
    assert_int_equal(filled.num_workers, 0);
    assert_int_equal(filled.max_memory_percent, 75);
    assert_int_equal(filled.max_memory_bytes, 0);
    assert_int_equal(filled.batch_size, 100);
    assert_int_equal(filled.critical_path_priority, 10);
    assert_false(filled.disable_work_stealing);
    assert_int_equal(filled.strategy, 0);
    assert_int_equal(filled.min_task_size, 1);
    assert_int_equal(filled.max_tasks_in_flight, 1000);
    assert_int_equal(filled.max_file_size, 8 << 20);
    assert_int_equal(filled.timeout_per_file_ns, 0);
    assert_int_equal(filled.trace_events, 0);
}

static void test_config_fill_keeps_what_is_given(void **state)
{
    static const char *const patterns[] = {"*.py"};
    gsaw_config given = {.size = sizeof given,
                         .num_workers = 1024,
                         .batch_size = 1,
                         .max_file_size = UINT64_C(2) << 30,
                         .hidden = true,
                         .include = {patterns, 1}};
    gsaw_config filled;
    (void)state;
    assert_int_equal(gsaw__config_fill(&given, &filled, NULL), GSAW_OK);
    assert_int_equal(filled.num_workers, 1024);
    assert_int_equal(filled.batch_size, 1);
    assert_int_equal(filled.max_file_size, UINT64_C(2) << 30);
    assert_true(filled.hidden);
    assert_ptr_equal(filled.include.items, patterns);
    assert_int_equal(filled.min_task_size, 1);
}

static void test_config_fill_refuses_by_name(void **state)
{
    gsaw_config given = {.size = sizeof given, .num_workers = 1025}, filled;
    gsaw_error error = {0};
    (void)state;
    memset(&filled, 0xa5, sizeof filled);
    gsaw_config before = filled;
    assert_int_equal(gsaw__config_fill(&given, &filled, &error), GSAW_RANGE);
    assert_string_equal(error.text, "num_workers: 1025 is out of range (allowed: 0 to 1024)");
    given = (gsaw_config){.size = sizeof given, .max_memory_percent = 101};
    assert_int_equal(gsaw__config_fill(&given, &filled, &error), GSAW_RANGE);
    assert_string_equal(error.text,
                        "max_memory_percent: 101 is out of range (allowed: 1% to 100%)");
    given = (gsaw_config){.size = sizeof given, .critical_path_priority = -1};
    assert_int_equal(gsaw__config_fill(&given, &filled, &error), GSAW_RANGE);
    given = (gsaw_config){.size = 0};
    assert_int_equal(gsaw__config_fill(&given, &filled, &error), GSAW_INVALID);
    given = (gsaw_config){.size = sizeof given + 8};
    assert_int_equal(gsaw__config_fill(&given, &filled, &error), GSAW_INVALID);
    assert_memory_equal(&filled, &before, sizeof filled);
}

/* A caller that was compiled against an older, shorter struct. */
static void test_config_fill_takes_a_shorter_struct(void **state)
{
    gsaw_config given, filled;
    (void)state;
    memset(&given, 0xff, sizeof given);
    given.size = offsetof(gsaw_config, max_memory_percent);
    given.allocator = NULL;
    given.num_workers = 3;
    assert_int_equal(gsaw__config_fill(&given, &filled, NULL), GSAW_OK);
    assert_int_equal(filled.num_workers, 3);
    assert_int_equal(filled.max_memory_percent, 75);
    assert_int_equal(filled.size, sizeof filled);
}

/* What the tuner saves: what is set, in TOML; nothing for what is not. */
static void test_config_to_toml_writes_what_is_set(void **state)
{
    static const char *const patterns[] = {"*.py", "a \"b\\\x7f\n"};
    gsaw_config given = {.size = sizeof given,
                         .num_workers = 4,
                         .max_memory_percent = 50,
                         .max_memory_bytes = UINT64_C(3) << 30,
                         .disable_work_stealing = true,
                         .strategy = 2,
                         .max_file_size = 4097,
                         .timeout_per_file_ns = 1500001000,
                         .exclude = {patterns, 2}};
    const gsaw_config nothing = {.size = sizeof nothing};
    gsaw__buffer out = {0};
    (void)state;
    gsaw__config_to_toml(&nothing, &out);
    assert_string_equal(gsaw__buffer_text(&out), "");
    gsaw__config_to_toml(&given, &out);
    assert_string_equal(gsaw__buffer_text(&out),
                        "num_workers = 4\n"
                        "max_memory_percent = 50\n"
                        "max_memory_bytes = \"3G\"\n"
                        "max_file_size = \"4097\"\n"
                        "timeout_per_file = \"1500001us\"\n"
                        "exclude = [\"*.py\", \"a \\\"b\\\\\\u007f\\u000a\"]\n"
                        "enable_work_stealing = false\n"
                        "strategy = \"round_robin\"\n");
    gsaw__buffer_clear(&out);
}

static void test_config_memory_is_the_least_limit(void **state)
{
    uint64_t machine = gsaw__machine_memory("");
    gsaw_config given = {.size = sizeof given, .max_memory_percent = 50}, filled;
    (void)state;
    assert_int_equal(gsaw__config_fill(&given, &filled, NULL), GSAW_OK);
    assert_int_equal(gsaw__config_memory(&filled), machine / 100 * 50);
    filled.max_memory_bytes = 64 << 20;
    assert_int_equal(gsaw__config_memory(&filled), 64 << 20);
    filled.max_memory_bytes = UINT64_MAX;
    assert_int_equal(gsaw__config_memory(&filled), machine / 100 * 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_rows_cover_every_field),
        cmocka_unit_test(test_config_rows_are_sound),
        cmocka_unit_test(test_config_defaults_are_the_documented_ones),
        cmocka_unit_test(test_config_fill_keeps_what_is_given),
        cmocka_unit_test(test_config_fill_refuses_by_name),
        cmocka_unit_test(test_config_fill_takes_a_shorter_struct),
        cmocka_unit_test(test_config_to_toml_writes_what_is_set),
        cmocka_unit_test(test_config_memory_is_the_least_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
