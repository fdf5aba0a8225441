/* test_phases.c - PhaseManager: order, hooks, times, what is refused.
 * Keeps:   names in messages.
 * Threads: one, but for the hook that finds another thread's advance refused.
 * Next:    sync/phases.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <gangsaw/sync.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static const char *const names[] = {"discover", "parse", "publish"};

typedef struct seen {
    gsaw_phases *phases;
    char text[200];
} seen;

static void note(void *context, const char *ended, const char *begins)
{
    seen *self = context;
    size_t length = strlen(self->text);
    snprintf(self->text + length, sizeof self->text - length, "%s>%s ", ended == NULL ? "" : ended,
             begins == NULL ? "" : begins);
    assert_null(gsaw_phases_current(self->phases)); /* at a boundary nothing goes on */
    assert_int_equal(gsaw_phases_advance(self->phases, "parse", NULL), GSAW_AGAIN);
}

static void test_phases_follow_each_other(void **state)
{
    (void)state;
    seen self = {.phases = NULL};
    gsaw_error error;
    gsaw_phase_times times;
    assert_int_equal(gsaw_phases_new(NULL, names, 3, &self.phases, NULL), GSAW_OK);
    gsaw_phases_set_hook(self.phases, note, &self);
    assert_null(gsaw_phases_current(self.phases));
    assert_int_equal(gsaw_phases_advance(self.phases, "parse", &error), GSAW_INVALID);
    assert_string_equal(error.text, "not \"parse\": phase \"discover\" is next");
    assert_int_equal(gsaw_phases_advance(self.phases, NULL, &error), GSAW_INVALID);
    assert_string_equal(error.text, "not the end: phase \"discover\" is next");
    assert_int_equal(gsaw_phases_advance(self.phases, "resolve", &error), GSAW_NOT_FOUND);
    assert_string_equal(error.text, "no phase \"resolve\"");
    assert_int_equal(gsaw_phases_times(self.phases, "parse", &times), GSAW_OK);
    assert_int_equal(times.wall_ns, 0);
    assert_int_equal(gsaw_phases_times(self.phases, "resolve", &times), GSAW_NOT_FOUND);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(gsaw_phases_advance(self.phases, names[i], NULL), GSAW_OK);
        assert_string_equal(gsaw_phases_current(self.phases), names[i]);
        assert_int_equal(gsaw_phases_begun(self.phases), i + 1);
        assert_int_equal(gsaw_phases_ended(self.phases), i);
        uint64_t start_ns = gsaw__clock_ns();
        while (gsaw__clock_ns() < start_ns + 2000000)
            continue;
        assert_int_equal(gsaw_phases_times(self.phases, names[i], &times), GSAW_OK);
        assert_true(times.wall_ns >= 2000000);
    }
    assert_int_equal(gsaw_phases_advance(self.phases, NULL, NULL), GSAW_OK);
    assert_null(gsaw_phases_current(self.phases));
    assert_int_equal(gsaw_phases_ended(self.phases), 3);
    assert_string_equal(self.text, ">discover discover>parse parse>publish publish> ");
    gsaw_phase_times again;
    assert_int_equal(gsaw_phases_times(self.phases, "parse", &times), GSAW_OK);
    assert_int_equal(gsaw_phases_times(self.phases, "parse", &again), GSAW_OK);
    assert_memory_equal(&times, &again, sizeof times); /* it has ended */
    assert_true(times.cpu_ns > 0);
    assert_int_equal(gsaw_phases_advance(self.phases, NULL, &error), GSAW_INVALID);
    assert_string_equal(error.text, "\"publish\" was the last phase");
    gsaw_phases_free(self.phases);
    gsaw_phases_free(NULL);
}

static void test_phases_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const twice[] = {"a", "b", "a"};
    static const char *const empty[] = {"a", ""};
    gsaw_phases *phases = NULL;
    gsaw_error error;
    assert_int_equal(gsaw_phases_new(NULL, twice, 3, &phases, &error), GSAW_EXISTS);
    assert_string_equal(error.text, "phase \"a\" is there twice");
    assert_int_equal(gsaw_phases_new(NULL, empty, 2, &phases, &error), GSAW_INVALID);
    assert_string_equal(error.text, "phase 2 has no name");
    assert_int_equal(gsaw_phases_new(NULL, empty, 0, &phases, &error), GSAW_RANGE);
    assert_int_equal(gsaw_phases_new(NULL, empty, 65, &phases, &error), GSAW_RANGE);
    for (size_t n = 1;; n++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, n, 0);
        gsaw_status status = gsaw_phases_new(&failing.allocator, names, 3, &phases, NULL);
        if (status == GSAW_OK)
            gsaw_phases_free(phases);
        assert_int_equal(failing.live_bytes, 0);
        assert_true(status == GSAW_OK ? n == 6 : status == GSAW_NO_MEMORY);
        if (status == GSAW_OK)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phases_follow_each_other),
        cmocka_unit_test(test_phases_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
