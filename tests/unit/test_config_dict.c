/* test_config_dict.c - gsaw_config from and to JSON: every key, every way to be wrong, and memory
 * that runs out.
 * Keeps:   the table of options says what is valid: the tests walk it, too.
 * Threads: one.
 * Next:    work/config_dict.c, base/setting.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/setting.h"
#include "base/toml.h"
#include "work/config.h"

#define ALL_DEFAULTS                                                                               \
    "{\"num_workers\":0,\"max_memory_percent\":75,\"max_memory_bytes\":null,"                      \
    "\"max_file_size\":\"8M\",\"timeout_per_file\":null,\"include\":[],\"exclude\":[],"            \
    "\"no_ignore\":false,\"hidden\":false,\"follow\":false,\"batch_size\":100,"                    \
    "\"min_task_size\":1,\"max_tasks_in_flight\":1000,\"critical_path_priority\":10,"              \
    "\"enable_work_stealing\":true,\"strategy\":\"cost_based\",\"trace_events\":null}"

static gsaw_status append(void *context, const char *bytes, size_t size)
{
    gsaw__buffer_append(context, bytes, size);
    return GSAW_OK;
}

static gsaw_status refuse(void *context, const char *bytes, size_t size)
{
    (void)context, (void)bytes, (void)size;
    return GSAW_CLOSED;
}

static gsaw_status from(gsaw_config *config, const char *json, gsaw_error *error)
{
    return gsaw_config_from_dict(config, json, strlen(json), error);
}

static void assert_to_dict(const gsaw_config *config, const char *json)
{
    gsaw__buffer out = {0};
    assert_int_equal(gsaw_config_to_dict(config, append, &out, NULL), GSAW_OK);
    assert_string_equal(gsaw__buffer_text(&out), json);
    gsaw__buffer_clear(&out);
}

/* Refused with these words, and the config is as it was. */
static void assert_refused(const char *json, gsaw_status status, const char *said)
{
    gsaw_config config = {.size = sizeof config, .num_workers = 7}, before = config;
    gsaw_error error = {0};
    assert_int_equal(from(&config, json, &error), status);
    assert_int_equal(error.status, status);
    assert_string_equal(error.text, said);
    assert_memory_equal(&config, &before, sizeof config);
}

static void test_config_to_dict_names_every_key(void **state)
{
    const gsaw_config config = {.size = sizeof config};
    (void)state;
    assert_to_dict(&config, ALL_DEFAULTS);
    assert_to_dict(NULL, ALL_DEFAULTS);
}

static void test_config_from_dict_takes_what_to_dict_wrote(void **state)
{
    gsaw_config config = {.size = sizeof config, .hidden = true};
    (void)state;
    assert_int_equal(from(&config, ALL_DEFAULTS, NULL), GSAW_OK);
    assert_false(config.hidden);
    assert_int_equal(config.batch_size, 100);
    assert_int_equal(config.timeout_per_file_ns, 0);
    assert_to_dict(&config, ALL_DEFAULTS);
    gsaw_config_clear(&config);
    assert_int_equal(config.batch_size, 0);
    assert_int_equal(config.size, sizeof config);
    gsaw_config_clear(&config); /* nothing is owned any more */
}

static void test_config_from_dict_reads_every_kind(void **state)
{
    gsaw_config config = {.size = sizeof config};
    (void)state;
    assert_int_equal(from(&config,
                          "{\"num_workers\": 4, \"max_memory_percent\": 50,"
                          " \"max_memory_bytes\": \"2G\", \"max_file_size\": 4097,"
                          " \"timeout_per_file\": \"1500ms\", \"include\": [\"*.py\", \"\\u00e9\"],"
                          " \"exclude\": [], \"no_ignore\": true, \"batch_size\": 7,"
                          " \"critical_path_priority\": 1000, \"enable_work_stealing\": false,"
                          " \"strategy\": \"round_robin\", \"trace_events\": 16}",
                          NULL),
                     GSAW_OK);
    assert_int_equal(config.num_workers, 4);
    assert_int_equal(config.max_memory_percent, 50);
    assert_int_equal(config.max_memory_bytes, UINT64_C(2) << 30);
    assert_int_equal(config.max_file_size, 4097);
    assert_int_equal(config.timeout_per_file_ns, 1500000000);
    assert_int_equal(config.include.count, 2);
    assert_string_equal(config.include.items[0], "*.py");
    assert_string_equal(config.include.items[1], "\xc3\xa9");
    assert_int_equal(config.exclude.count, 0);
    assert_true(config.no_ignore);
    assert_int_equal(config.batch_size, 7);
    assert_int_equal(config.critical_path_priority, 1000);
    assert_true(config.disable_work_stealing);
    assert_int_equal(config.strategy, 2);
    assert_int_equal(config.trace_events, 16);
    /* Another dictionary: the first one's values and texts are gone. */
    assert_int_equal(from(&config, "{\"exclude\": [\"x\"]}", NULL), GSAW_OK);
    assert_int_equal(config.include.count, 0);
    assert_int_equal(config.batch_size, 0);
    assert_string_equal(config.exclude.items[0], "x");
    gsaw_config_clear(&config);
}

static void test_config_from_dict_takes_flag_names(void **state)
{
    gsaw_config config = {.size = sizeof config};
    (void)state;
    assert_int_equal(from(&config,
                          "{\"jobs\": 3, \"max-memory\": \"2G\", \"batch-size\": 9,"
                          " \"no-work-stealing\": true}",
                          NULL),
                     GSAW_OK);
    assert_int_equal(config.num_workers, 3);
    assert_int_equal(config.max_memory_percent, 0);
    assert_int_equal(config.max_memory_bytes, UINT64_C(2) << 30);
    assert_int_equal(config.batch_size, 9);
    assert_true(config.disable_work_stealing);
    assert_int_equal(from(&config, "{\"max_memory\": \"60%\"}", NULL), GSAW_OK);
    assert_int_equal(config.max_memory_percent, 60);
    gsaw_config_clear(&config);
}

static void test_config_from_dict_refuses_wrong_keys(void **state)
{
    (void)state;
    assert_refused("{\"batchsize\": 1}", GSAW_INVALID,
                   "batchsize: there is no such key; did you mean batch_size?");
    assert_refused("{\"enable-work-staeling\": true}", GSAW_INVALID,
                   "enable-work-staeling: there is no such key; did you mean "
                   "enable_work_stealing?");
    assert_refused("{\"disable_work_stealing\": true}", GSAW_INVALID,
                   "disable_work_stealing: there is no such key; did you mean "
                   "enable_work_stealing?");
    assert_refused("{\"frobnicate\": 1}", GSAW_INVALID, "frobnicate: there is no such key");
    assert_refused("{\"\": 1}", GSAW_INVALID, ": there is no such key");
    assert_refused("{\"Batch_Size\": 1}", GSAW_INVALID,
                   "Batch_Size: there is no such key; did you mean batch_size?");
    assert_refused("{\"num_workers\": 1, \"jobs\": 1}", GSAW_INVALID,
                   "jobs: is given already, by another name");
    assert_refused("{\"max_memory\": \"50%\", \"max_memory_bytes\": \"1G\"}", GSAW_INVALID,
                   "max_memory_bytes: is given already, by another name");
    assert_refused("{\"max_memory_bytes\": \"1G\", \"max_memory\": \"50%\"}", GSAW_INVALID,
                   "max_memory: is given already, by another name");
}

static void test_config_from_dict_refuses_wrong_values(void **state)
{
    (void)state;
    assert_refused("{\"batch_size\": 0}", GSAW_RANGE,
                   "batch_size: \"0\" is out of range (allowed: 1 to 1000000)");
    assert_refused("{\"batch_size\": -5}", GSAW_RANGE,
                   "batch_size: \"-5\" is out of range (allowed: 1 to 1000000)");
    assert_refused("{\"num_workers\": 1025}", GSAW_RANGE,
                   "num_workers: \"1025\" is out of range (allowed: 0 to 1024)");
    assert_refused("{\"num_workers\": 9223372036854775807}", GSAW_RANGE,
                   "num_workers: \"9223372036854775807\" is out of range (allowed: 0 to 1024)");
    assert_refused("{\"batch_size\": \"4\"}", GSAW_INVALID,
                   "batch_size: \"4\" is not a number (allowed: 1 to 1000000)");
    assert_refused("{\"batch_size\": 1.5}", GSAW_INVALID,
                   "batch_size: \"1.5\" is not a number (allowed: 1 to 1000000)");
    assert_refused("{\"batch_size\": true}", GSAW_INVALID,
                   "batch_size: \"true\" is not a number (allowed: 1 to 1000000)");
    assert_refused("{\"max_memory_percent\": 101}", GSAW_RANGE,
                   "max_memory_percent: \"101%\" is out of range (allowed: 1% to 100%)");
    assert_refused("{\"max_memory_percent\": \"2G\"}", GSAW_INVALID,
                   "max_memory_percent: \"2G\" is not a percentage like 75% (allowed: 1% to "
                   "100%)");
    assert_refused("{\"max_memory\": 50}", GSAW_RANGE,
                   "max_memory: \"50\" is out of range (allowed: 1% to 100%, or 16M to 64T)");
    assert_refused("{\"timeout_per_file\": 5}", GSAW_INVALID,
                   "timeout_per_file: \"5\" is not a duration like 500ms, 2s, 1m or 1h "
                   "(allowed: 1ms to 1h)");
    assert_refused("{\"enable_work_stealing\": 1}", GSAW_INVALID,
                   "enable_work_stealing: \"1\" is not true or false");
    assert_refused("{\"enable_work_stealing\": \"yes\"}", GSAW_INVALID,
                   "enable_work_stealing: \"yes\" is not true or false");
    assert_refused("{\"strategy\": \"robin\"}", GSAW_INVALID,
                   "strategy: \"robin\" is not one of its words (allowed: cost_based, "
                   "work_stealing or round_robin)");
    assert_refused("{\"strategy\": {\"a\": [1]}}", GSAW_INVALID,
                   "strategy: \"{...}\" is not one of its words (allowed: cost_based, "
                   "work_stealing or round_robin)");
    assert_refused("{\"include\": \"*.py\"}", GSAW_INVALID,
                   "include: \"*.py\" is not a list of texts");
    assert_refused("{\"include\": [\"a\", 5]}", GSAW_INVALID,
                   "include: \"5\" is not a list of texts");
    assert_refused("{\"include\": [[\"a\"]]}", GSAW_INVALID,
                   "include: \"[...]\" is not a list of texts");
    assert_refused("{\"include\": [null]}", GSAW_INVALID,
                   "include: \"null\" is not a list of texts");
}

static void test_config_from_dict_refuses_what_is_no_object(void **state)
{
    static const char *const wrong[] = {"",
                                        "[]",
                                        "1",
                                        "null",
                                        "\"x\"",
                                        "{",
                                        "{}x",
                                        "{} {}",
                                        "{\"a\"}",
                                        "{'a': 1}",
                                        "{\"a\":1,}",
                                        "// c",
                                        "{\"batch_size\": 1, \"batch_size\": 2}",
                                        "{\"include\": [\"a\\u0000b\"]}",
                                        "{\"include\": [\"\xff\"]}",
                                        "{\"batch_size\": 99999999999999999999}",
                                        "{\"batch_size\": NaN}",
                                        "{\"batch_size\": 0x10}",
                                        "\xef\xbb\xbf{}"};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        gsaw_config config = {.size = sizeof config};
        gsaw_error error = {0};
        unsigned line, column;
        assert_int_equal(from(&config, wrong[i], &error), GSAW_INVALID);
        assert_int_equal(sscanf(error.text, "%u:%u: ", &line, &column), 2);
        assert_null(config.owned);
    }
    assert_refused("{\"batch_size\": 1,\n  \"batch_size\": 2}", GSAW_INVALID,
                   "2:14: duplicate object key near '\"batch_size\"'");
    assert_refused("[1]", GSAW_INVALID, "1:1: not a JSON object");
}

static void test_config_from_dict_bounds_the_depth(void **state)
{
    static char deep[200000];
    gsaw_config config = {.size = sizeof config};
    (void)state;
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"include\":", 11);
    assert_int_equal(gsaw_config_from_dict(&config, deep, sizeof deep, NULL), GSAW_INVALID);
}

/* Bytes of another length than the text, and not followed by a zero byte. */
static void test_config_from_dict_reads_no_byte_beyond(void **state)
{
    gsaw_config config = {.size = sizeof config};
    char *json = malloc(16);
    (void)state;
    assert_non_null(json);
    memcpy(json, "{\"hidden\": true}", 16);
    assert_int_equal(gsaw_config_from_dict(&config, json, 16, NULL), GSAW_OK);
    free(json);
    assert_true(config.hidden);
    gsaw_config_clear(&config);
}

/* A program that was built with a shorter struct: what it has no field for is not lost in silence.
 */
static void test_config_from_dict_keeps_to_an_older_size(void **state)
{
    gsaw_config config;
    gsaw_error error = {0};
    (void)state;
    memset(&config, 0x5a, sizeof config);
    config.size = offsetof(gsaw_config, trace_events);
    config.allocator = NULL;
    config.owned = NULL;
    assert_int_equal(from(&config, "{\"trace_events\": 16}", &error), GSAW_UNSUPPORTED);
    assert_string_equal(error.text, "trace_events: the program was built for a library without it");
    assert_int_equal(from(&config, "{\"num_workers\": 3, \"trace_events\": null}", NULL), GSAW_OK);
    assert_int_equal(config.num_workers, 3);
    assert_int_equal(config.size, offsetof(gsaw_config, trace_events));
    assert_int_equal(((const unsigned char *)&config.trace_events)[0], 0x5a);
    gsaw_config_clear(&config);
    assert_int_equal(((const unsigned char *)&config.trace_events)[0], 0x5a);
    config.size = 8;
    assert_int_equal(from(&config, "{}", NULL), GSAW_INVALID);
    config.size = sizeof config + 8;
    assert_int_equal(from(&config, "{}", NULL), GSAW_INVALID);
}

static void test_config_to_dict_refuses_what_json_cannot_say(void **state)
{
    static const char *const patterns[] = {"fine", "\xff"};
    gsaw_config config = {.size = sizeof config, .exclude = {patterns, 2}};
    gsaw__buffer out = {0};
    gsaw_error error = {0};
    (void)state;
    assert_int_equal(gsaw_config_to_dict(&config, append, &out, &error), GSAW_INVALID);
    assert_string_equal(error.text, "exclude: item 2 is not UTF-8");
    config = (gsaw_config){.size = sizeof config, .batch_size = 2000000};
    assert_int_equal(gsaw_config_to_dict(&config, append, &out, &error), GSAW_RANGE);
    assert_string_equal(error.text, "batch_size: 2000000 is out of range (allowed: 1 to 1000000)");
    config.batch_size = 0;
    assert_int_equal(gsaw_config_to_dict(&config, refuse, &out, &error), GSAW_CLOSED);
    assert_int_equal(error.status, GSAW_CLOSED);
    assert_int_equal(out.count, 0);
}

/* ---- any config there and back ---- */

static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    return *random ^= *random << 17;
}

static uint64_t next_between(uint64_t *random, uint64_t least, uint64_t most)
{
    return least + next_random(random) % (most - least + 1);
}

static uint64_t word_count(const gsaw__option *option)
{
    uint64_t count = 1;
    while (option->word(count) != NULL)
        count++;
    return count;
}

/* A value that the row allows; 0 every other time. */
static void set_random(const gsaw__option *option, gsaw_config *config, uint64_t *random)
{
    static const char *const texts[] = {"",  "*.py", "\"\\\x7f\x01\n/", "\xf0\x9f\x98\x80", "a, b",
                                        "[", "]",    "# no comment"};
    char *field = (char *)config + option->offset;
    uint64_t number = 0;
    if (next_random(random) % 2 == 0)
        return;
    if (option->kind == GSAW_OPTION_LIST) {
        size_t first = next_random(random) % 8;
        gsaw_strings list = {texts + first, next_random(random) % (9 - first)};
        memcpy(field, &list, sizeof list);
        return;
    }
    if (option->kind == GSAW_OPTION_FLAG)
        number = 1;
    else if (option->kind == GSAW_OPTION_WORD)
        number = next_random(random) % word_count(option);
    else
        number = next_between(random, option->min, option->max);
    memcpy(field, &number, option->field_size);
}

static void assert_same(const gsaw_config *a, const gsaw_config *b)
{
    gsaw_config one, other;
    assert_int_equal(gsaw__config_fill(a, &one, NULL), GSAW_OK);
    assert_int_equal(gsaw__config_fill(b, &other, NULL), GSAW_OK);
    for (const gsaw__option *option = gsaw__config_options(); option->name != NULL; option++) {
        const char *left = (const char *)&one + option->offset;
        const char *right = (const char *)&other + option->offset;
        if (option->kind != GSAW_OPTION_LIST) {
            assert_memory_equal(left, right, option->field_size);
            continue;
        }
        const gsaw_strings *lists[] = {(const void *)left, (const void *)right};
        assert_int_equal(lists[0]->count, lists[1]->count);
        for (size_t i = 0; i < lists[0]->count; i++)
            assert_string_equal(lists[0]->items[i], lists[1]->items[i]);
    }
}

/* The same by TOML, which says what is not 0. */
static void assert_toml_keeps(const gsaw_config *config)
{
    uint32_t lines[64] = {0};
    gsaw_config back = {.size = sizeof back};
    gsaw__arena arena = {0};
    gsaw__buffer text = {0};
    const gsaw__value *root;
    const gsaw__setting_target target = {gsaw__config_options(), GSAW_CONFIG_GROUP, &back, lines};
    gsaw__config_to_toml(config, &text);
    assert_int_equal(gsaw__toml_read(gsaw__buffer_text(&text), text.count, &arena, &root, NULL),
                     GSAW_OK);
    assert_int_equal(gsaw__settings_read(&target, 1, root, &arena, NULL), GSAW_OK);
    assert_same(config, &back);
    gsaw__buffer_clear(&text);
    gsaw__arena_clear(&arena);
}

static void test_config_dict_loses_nothing(void **state)
{
    const char *given = getenv("GANGSAW_TEST_SEED");
    uint64_t random = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) | 1;
    (void)state;
    print_message("GANGSAW_TEST_SEED=%llu\n", (unsigned long long)random);
    for (int round = 0; round < 3000; round++) {
        gsaw_config config = {.size = sizeof config}, back = {.size = sizeof back};
        gsaw__buffer out = {0};
        for (const gsaw__option *option = gsaw__config_options(); option->name != NULL; option++)
            set_random(option, &config, &random);
        assert_int_equal(gsaw_config_to_dict(&config, append, &out, NULL), GSAW_OK);
        assert_int_equal(gsaw_config_from_dict(&back, out.bytes, out.count, NULL), GSAW_OK);
        assert_same(&config, &back);
        assert_toml_keeps(&config);
        assert_to_dict(&back, gsaw__buffer_text(&out));
        gsaw__buffer_clear(&out);
        gsaw_config_clear(&back);
    }
}

static void test_config_dict_survives_failed_allocations(void **state)
{
    static const char json[] = "{\"num_workers\": 4, \"include\": [\"a\", \"b\", \"c\"],"
                               " \"exclude\": [\"d\"], \"max_file_size\": \"1M\"}";
    (void)state;
    for (int from_on = 0; from_on < 2; from_on++) {
        gsaw_status status = GSAW_NO_MEMORY;
        size_t fail_at = 0;
        while (status == GSAW_NO_MEMORY) {
            gsaw_failing_allocator failing;
            gsaw_config config = {.size = sizeof config, .allocator = &failing.allocator};
            gsaw__buffer out = {0};
            gsaw_error error = {0};
            gsaw_failing_allocator_init(&failing, ++fail_at, from_on);
            status = gsaw_config_from_dict(&config, json, sizeof json - 1, &error);
            assert_true((config.num_workers == 4) == (status == GSAW_OK));
            if (status == GSAW_OK)
                status = gsaw_config_to_dict(&config, append, &out, &error);
            assert_int_equal(error.status, status);
            assert_true((out.count > 0) == (status == GSAW_OK));
            gsaw__buffer_clear(&out);
            gsaw_config_clear(&config);
            assert_int_equal(failing.live_bytes, 0);
        }
        assert_int_equal(status, GSAW_OK);
        assert_true(fail_at > 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_to_dict_names_every_key),
        cmocka_unit_test(test_config_from_dict_takes_what_to_dict_wrote),
        cmocka_unit_test(test_config_from_dict_reads_every_kind),
        cmocka_unit_test(test_config_from_dict_takes_flag_names),
        cmocka_unit_test(test_config_from_dict_refuses_wrong_keys),
        cmocka_unit_test(test_config_from_dict_refuses_wrong_values),
        cmocka_unit_test(test_config_from_dict_refuses_what_is_no_object),
        cmocka_unit_test(test_config_from_dict_bounds_the_depth),
        cmocka_unit_test(test_config_from_dict_reads_no_byte_beyond),
        cmocka_unit_test(test_config_from_dict_keeps_to_an_older_size),
        cmocka_unit_test(test_config_to_dict_refuses_what_json_cannot_say),
        cmocka_unit_test(test_config_dict_loses_nothing),
        cmocka_unit_test(test_config_dict_survives_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
