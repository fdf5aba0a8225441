/* test_buffer.c - buffers, arrays, JSON strings and UTF-8.
 * Next:    src/base/buffer.h, src/base/json.h, src/base/array.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/array.h"
#include "base/json.h"
#include "base/utf.h"

static void test_buffer_appends_text_and_numbers(void **state)
{
    (void)state;
    gsaw__buffer buffer = {0};
    assert_string_equal(gsaw__buffer_text(&buffer), "");
    gsaw__buffer_append_text(&buffer, "a=");
    gsaw__buffer_append_number(&buffer, UINT64_MAX);
    gsaw__buffer_append_byte(&buffer, ',');
    gsaw__buffer_append_number(&buffer, 0);
    gsaw__buffer_printf(&buffer, " %s %d", "text", -3);
    assert_string_equal(gsaw__buffer_text(&buffer), "a=18446744073709551615,0 text -3");
    for (int i = 0; i < 1000; i++)
        gsaw__buffer_printf(&buffer, "%0100d", i);
    assert_int_equal(buffer.count, 32 + 100000);
    assert_int_equal(strlen(buffer.bytes), buffer.count);
    gsaw__buffer_clear(&buffer);
}

static void test_buffer_remembers_failure(void **state)
{
    (void)state;
    bool done = false;
    for (size_t fail_at = 1; !done; fail_at++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, fail_at, 0);
        gsaw__buffer buffer;
        gsaw__buffer_init(&buffer, &failing.allocator);
        for (int i = 0; i < 100; i++)
            gsaw__buffer_printf(&buffer, "%d text of some length", i);
        done = !buffer.failed;
        gsaw__buffer_reset(&buffer);
        assert_false(buffer.failed);
        gsaw__buffer_clear(&buffer);
        assert_int_equal(failing.live_bytes, 0);
    }
    gsaw__buffer huge = {0};
    assert_false(gsaw__buffer_reserve(&huge, SIZE_MAX - 1));
    assert_true(huge.failed);
    gsaw__buffer_clear(&huge);
}

static void check_json(const char *bytes, size_t count, const char *expected)
{
    gsaw__buffer buffer = {0};
    gsaw__json_string(&buffer, bytes, count);
    assert_string_equal(gsaw__buffer_text(&buffer), expected);
    gsaw__buffer_clear(&buffer);
}

static void test_json_string_is_valid_for_any_bytes(void **state)
{
    (void)state;
    check_json("plain", 5, "\"plain\"");
    check_json("\"\\\n\t\x01\x1f", 6, "\"\\\"\\\\\\n\\t\\u0001\\u001f\"");
    check_json("a\0b", 3, "\"a\\u0000b\"");
    check_json("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9,
               "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
    check_json("\xff\xc3(", 3, "\"\\udcff\\udcc3(\"");
    check_json("\xed\xa0\x80", 3, "\"\\udced\\udca0\\udc80\""); /* a surrogate in UTF-8's clothes */
    check_json("\xc0\xaf", 2, "\"\\udcc0\\udcaf\"");            /* overlong */
    check_json("\xe2\x82", 2, "\"\\udce2\\udc82\"");            /* cut short */
    check_json("\xf4\x90\x80\x80", 4, "\"\\udcf4\\udc90\\udc80\\udc80\"");
}

static void test_json_fields_are_separated(void **state)
{
    (void)state;
    gsaw__buffer buffer = {0};
    gsaw__buffer_append_byte(&buffer, '{');
    gsaw__json_text_field(&buffer, "a", "x", 1);
    gsaw__json_number_field(&buffer, "b", 7);
    gsaw__json_bool_field(&buffer, "c", false);
    gsaw__json_null_field(&buffer, "d");
    gsaw__json_decimal_field(&buffer, "e", 1.5);
    gsaw__buffer_append_byte(&buffer, '}');
    assert_string_equal(gsaw__buffer_text(&buffer),
                        "{\"a\":\"x\",\"b\":7,\"c\":false,\"d\":null,\"e\":1.500}");
    gsaw__buffer_clear(&buffer);
}

static void test_array_grows_and_survives_failure(void **state)
{
    (void)state;
    bool done = false;
    for (size_t fail_at = 1; !done; fail_at++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, fail_at, 0);
        GSAW_ARRAY(uint32_t) array = {0};
        done = true;
        for (uint32_t i = 0; i < 1000; i++)
            done = gsaw__array_push(&array, &failing.allocator, i) && done;
        if (done)
            for (uint32_t i = 0; i < 1000; i++)
                assert_int_equal(array.items[i], i);
        gsaw__array_clear(&array, &failing.allocator);
        assert_int_equal(failing.live_bytes, 0);
    }
}

static void check_utf16(const char *bytes, size_t count, bool big_endian, const char *expected)
{
    gsaw__buffer buffer = {0};
    gsaw__utf16_to_utf8(bytes, count, big_endian, &buffer);
    assert_string_equal(gsaw__buffer_text(&buffer), expected);
    gsaw__buffer_clear(&buffer);
}

static void test_utf16_becomes_utf8(void **state)
{
    (void)state;
    check_utf16("a\0\xe9\0\xac\x20", 6, false, "a\xc3\xa9\xe2\x82\xac");
    check_utf16("\0a\0\xe9\x20\xac", 6, true, "a\xc3\xa9\xe2\x82\xac");
    check_utf16("\x3d\xd8\0\xde", 4, false, "\xf0\x9f\x98\x80");
    check_utf16("\x3d\xd8"
                "a\0",
                4, false,
                "\xef\xbf\xbd"
                "a");                                /* a lone high surrogate */
    check_utf16("\0\xde", 2, false, "\xef\xbf\xbd"); /* a lone low one */
    check_utf16("a\0b", 3, false, "a\xef\xbf\xbd");  /* an odd byte */
    assert_int_equal(gsaw__bom_of("\xef\xbb\xbfx", 4), GSAW_BOM_UTF8);
    assert_int_equal(gsaw__bom_of("\xff\xfe", 2), GSAW_BOM_UTF16_LE);
    assert_int_equal(gsaw__bom_of("\xfe\xff", 2), GSAW_BOM_UTF16_BE);
    assert_int_equal(gsaw__bom_of("\xff", 1), GSAW_BOM_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffer_appends_text_and_numbers),
        cmocka_unit_test(test_buffer_remembers_failure),
        cmocka_unit_test(test_json_string_is_valid_for_any_bytes),
        cmocka_unit_test(test_json_fields_are_separated),
        cmocka_unit_test(test_utf16_becomes_utf8),
        cmocka_unit_test(test_array_grows_and_survives_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
