/* test_trace.c - the ring of trace events; the status table.
 * Next:    src/base/trace.h, src/base/status.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/status.h"
#include "base/trace.h"

static void test_trace_ring_keeps_the_newest(void **state)
{
    (void)state;
    gsaw__trace_ring ring = {0};
    gsaw__trace_record(&ring, &(gsaw__trace_event){.name = "off"}); /* off: nothing happens */
    assert_false(gsaw__trace_is_on(&ring));
    assert_true(gsaw__trace_ring_init(&ring, NULL, 20)); /* rounded up to 32 */
    for (uint64_t i = 0; i < 100; i++)
        gsaw__trace_record(&ring, &(gsaw__trace_event){.name = "event", .argument = i});
    assert_int_equal(gsaw__trace_ring_count(&ring), 32);
    assert_int_equal(gsaw__trace_ring_dropped(&ring), 68);
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(gsaw__trace_ring_at(&ring, i)->argument, 68 + i);
    gsaw__trace_ring_clear(&ring);
    assert_false(gsaw__trace_is_on(&ring));
}

static void test_trace_ring_writes_the_event_format(void **state)
{
    (void)state;
    gsaw__trace_ring ring = {0};
    assert_true(gsaw__trace_ring_init(&ring, NULL, 4));
    gsaw__trace_record(&ring,
                       &(gsaw__trace_event){
                           .start_ns = 3500, .duration_ns = 2000, .name = "parse", .argument = 9});
    gsaw__trace_record(
        &ring, &(gsaw__trace_event){
                   .start_ns = 9000, .name = "steal", .kind = GSAW_TRACE_STEAL, .argument = 1});
    gsaw__buffer out = {0};
    bool first = true;
    gsaw__trace_ring_write(&ring, 2, 1000, &first, &out);
    assert_string_equal(gsaw__buffer_text(&out),
                        "\n{\"name\":\"parse\",\"ph\":\"X\",\"ts\":2.500,\"dur\":2.000,\"pid\":1,"
                        "\"tid\":2,\"args\":{\"value\":9}},"
                        "\n{\"name\":\"steal\",\"ph\":\"i\",\"ts\":8.000,\"s\":\"t\",\"pid\":1,"
                        "\"tid\":2,\"args\":{\"value\":1}}");
    gsaw__buffer_clear(&out);
    gsaw__trace_ring_clear(&ring);
}

static void test_status_table_is_complete(void **state)
{
    (void)state;
    for (int i = 0; i < GSAW_STATUS_COUNT; i++) {
        assert_true(strlen(gsaw_status_name((gsaw_status)i)) > 0);
        assert_true(strlen(gsaw_status_text((gsaw_status)i)) > 0);
    }
    assert_string_equal(gsaw_status_name(GSAW_NO_MEMORY), "NO_MEMORY");
    assert_string_equal(gsaw_status_name((gsaw_status)999), "UNKNOWN");
}

static void test_status_fail_fills_the_error(void **state)
{
    (void)state;
    gsaw_error error;
    assert_int_equal(gsaw__fail(&error, GSAW_RANGE, "jobs: %d", -1), GSAW_RANGE);
    assert_string_equal(error.text, "jobs: -1");
    assert_int_equal(gsaw__fail_errno(&error, ENOENT, "open %s", "x"), GSAW_SYSTEM);
    assert_string_equal(error.text, "open x: No such file or directory");
    assert_int_equal(error.os_errno, ENOENT);
    char longest[600];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = 0;
    gsaw__fail_errno(&error, ENOMEM, "%s", longest);
    assert_int_equal(error.status, GSAW_NO_MEMORY);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    assert_int_equal(gsaw__fail_memory(NULL), GSAW_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trace_ring_keeps_the_newest),
        cmocka_unit_test(test_trace_ring_writes_the_event_format),
        cmocka_unit_test(test_status_table_is_complete),
        cmocka_unit_test(test_status_fail_fills_the_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
