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

static gsaw_status gather(void *context, const char *bytes, size_t size)
{
    gsaw__buffer *text = context;
    assert_true(size < 70000); /* in pieces */
    gsaw__buffer_append(text, bytes, size);
    return GSAW_OK;
}

/* The file of one ring, of which worker 2 is the owner, in `out`. */
static void write_ring(const gsaw__trace_ring *ring, gsaw__buffer *out)
{
    gsaw__trace_writer writer;
    gsaw__trace_begin(&writer, NULL, gather, out, 1000);
    gsaw__trace_lane(&writer, ring, 2);
    assert_int_equal(gsaw__trace_end(&writer, NULL), GSAW_OK);
}

static void test_trace_writes_the_event_format(void **state)
{
    (void)state;
    gsaw__trace_ring ring = {0};
    gsaw__buffer out = {0};
    assert_true(gsaw__trace_ring_init(&ring, NULL, 4));
    gsaw__trace_record(&ring,
                       &(gsaw__trace_event){
                           .start_ns = 3500, .duration_ns = 2001, .name = "parse", .argument = 9});
    gsaw__trace_record(
        &ring, &(gsaw__trace_event){
                   .start_ns = 9000, .name = "steal", .kind = GSAW_TRACE_STEAL, .argument = 1});
    write_ring(&ring, &out);
    assert_non_null(strstr(gsaw__buffer_text(&out),
                           "\n{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":1,\"tid\":1002,"
                           "\"args\":{\"name\":\"worker 2\"}}"));
    assert_non_null(
        strstr(gsaw__buffer_text(&out),
               "\n{\"name\":\"parse\",\"ph\":\"X\",\"ts\":2.500,\"dur\":2.001,\"pid\":1,"
               "\"tid\":1002,\"args\":{\"value\":9}},"
               "\n{\"name\":\"steal\",\"ph\":\"i\",\"ts\":8.000,\"s\":\"t\",\"pid\":1,"
               "\"tid\":1002,\"args\":{\"victim\":1}}\n],\"otherData\":{\"tool\":"));
    assert_non_null(strstr(gsaw__buffer_text(&out), "\"origin_ns\":1000,\"dropped_events\":0}}\n"));
    gsaw__buffer_clear(&out);
    gsaw__trace_ring_clear(&ring);
}

static void test_trace_tells_what_it_has_dropped(void **state)
{
    (void)state;
    gsaw__trace_ring ring = {0};
    gsaw__buffer out = {0};
    assert_true(gsaw__trace_ring_init(&ring, NULL, 4096));
    for (uint64_t i = 0; i < 4100; i++)
        gsaw__trace_record(&ring, &(gsaw__trace_event){.name = "event", .argument = i});
    write_ring(&ring, &out);
    assert_non_null(strstr(gsaw__buffer_text(&out), "\"worker 2 (4 older events dropped)\""));
    assert_non_null(strstr(gsaw__buffer_text(&out), "\"dropped_events\":4}}\n"));
    gsaw__buffer_clear(&out);
    gsaw__trace_ring_clear(&ring);
}

static void test_trace_spans_are_named_by_the_innermost(void **state)
{
    (void)state;
    gsaw__trace_ring ring = {0};
    gsaw__trace_span outer, inner;
    gsaw__trace_event outside = {.name = "task"}, inside = {.name = "task"};
    assert_true(gsaw__trace_ring_init(&ring, NULL, 16));
    gsaw__trace_span_begin(&ring, &outer);
    gsaw__trace_copy_name(ring.label, "outer");
    gsaw__trace_span_begin(&ring, &inner);
    gsaw__trace_span_end(&ring, &inner, &inside); /* it has no name of its own */
    gsaw__trace_span_end(&ring, &outer, &outside);
    assert_string_equal(gsaw__trace_ring_at(&ring, 0)->detail, "");
    assert_string_equal(gsaw__trace_ring_at(&ring, 1)->detail, "outer");
    assert_string_equal(ring.label, "");
    assert_true(outside.start_ns <= inside.start_ns);
    assert_true(outside.start_ns + outside.duration_ns >= inside.start_ns + inside.duration_ns);
    gsaw__trace_ring_clear(&ring);
}

static void test_trace_names_are_cut_between_characters(void **state)
{
    (void)state;
    char name[200], room[GSAW_TRACE_NAME];
    memset(name, 'x', sizeof name);
    name[GSAW_TRACE_NAME - 1] = '\0';
    gsaw__trace_copy_name(room, name);
    assert_string_equal(room, name);
    memcpy(name + GSAW_TRACE_NAME - 2, "\xc3\xa4", 3);
    gsaw__trace_copy_name(room, name);
    assert_int_equal(strlen(room), GSAW_TRACE_NAME - 2);
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
        cmocka_unit_test(test_trace_writes_the_event_format),
        cmocka_unit_test(test_trace_tells_what_it_has_dropped),
        cmocka_unit_test(test_trace_spans_are_named_by_the_innermost),
        cmocka_unit_test(test_trace_names_are_cut_between_characters),
        cmocka_unit_test(test_status_table_is_complete),
        cmocka_unit_test(test_status_fail_fills_the_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
