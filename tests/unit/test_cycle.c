/* test_cycle.c - what is said of a cycle: it closes, and it fits, whatever the names.
 * Next:    src/task/cycle.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "task/cycle.h"

static void test_cycle_is_told_whole(void **state)
{
    (void)state;
    gsaw_error error;
    gsaw__cycle one = {.length = 0}, two = {.length = 0};
    gsaw__cycle_add(&one, "a");
    assert_int_equal(gsaw__cycle_tell(&one, &error), GSAW_INVALID);
    assert_string_equal(error.text, "cycle: a -> a");
    gsaw__cycle_add(&two, "a");
    gsaw__cycle_add(&two, "b");
    gsaw__cycle_tell(&two, &error);
    assert_string_equal(error.text, "cycle: a -> b -> a");
}

static void test_cycle_that_is_long_is_cut_in_the_middle(void **state)
{
    (void)state;
    for (size_t count = 2; count < 300; count++) {
        gsaw_error error;
        gsaw__cycle cycle = {.length = 0};
        for (size_t i = 0; i < count; i++) {
            char name[24];
            snprintf(name, sizeof name, "task-%u", (unsigned)i);
            gsaw__cycle_add(&cycle, name);
        }
        gsaw__cycle_tell(&cycle, &error);
        assert_memory_equal(error.text, "cycle: task-0 -> task-1", 23);
        assert_string_equal(error.text + strlen(error.text) - 10, " -> task-0");
        char last[24];
        snprintf(last, sizeof last, " -> task-%zu -> ", count - 1);
        bool is_whole = strstr(error.text, last) != NULL;
        assert_true(is_whole != (strstr(error.text, " -> ... -> task-0") != NULL));
        assert_true(is_whole || count > 15);
    }
}

static void test_cycle_of_long_names(void **state)
{
    (void)state;
    gsaw_error error;
    gsaw__cycle cycle = {.length = 0};
    char name[500], room[GSAW_NAME_SHOWN + 4];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (int i = 0; i < 5; i++)
        gsaw__cycle_add(&cycle, name);
    gsaw__cycle_tell(&cycle, &error);
    assert_true(strlen(error.text) < sizeof error.text - 1); /* nothing was truncated */
    assert_non_null(strstr(error.text, "xxx... -> xxx"));
    assert_string_equal(error.text + strlen(error.text) - 6, "xxx...");
    memcpy(name + GSAW_NAME_SHOWN - 1, "\xc3\xa4", 2); /* a character across the end */
    assert_int_equal(strlen(gsaw__name_shown(name, room)), GSAW_NAME_SHOWN - 1 + 3);
    name[GSAW_NAME_SHOWN] = '\0';
    assert_int_equal(strlen(gsaw__name_shown(name, room)), GSAW_NAME_SHOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cycle_is_told_whole),
        cmocka_unit_test(test_cycle_that_is_long_is_cut_in_the_middle),
        cmocka_unit_test(test_cycle_of_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
