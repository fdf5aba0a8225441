/* test_batches.c - the parse phase of a run: batches in a bounded queue, by every strategy with the
 * same result, and costs that are learned.
 * Next:    src/code/batches.c, README.md of work/ */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <gangsaw/code.h>

#include "sandbox.h"

#define FOLDERS 12
#define FILES 40
#define WORKERS 2

static sandbox box;
static char digest[65]; /* of a run by the defaults */

/* FOLDERS folders of FILES files each: each file has something of its own. */
static int set_up(void **state)
{
    (void)state;
    sandbox_init(&box);
    for (int i = 0; i < FOLDERS * FILES; i++) {
        char path[64], text[64];
        snprintf(path, sizeof path, "d%02d/f%02d.py", i / FILES, i % FILES);
        snprintf(text, sizeof text, "import m%d\n\n\ndef f%d():\n    pass\n", i, i);
        sandbox_file(&box, path, text);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sandbox_clear(&box);
    return 0;
}

static gsaw_codebase *open_with(gsaw_config config)
{
    gsaw_codebase *code = NULL;
    config.size = sizeof config;
    config.num_workers = WORKERS;
    assert_int_equal(gsaw_codebase_open(box.root, &config, &code, NULL), GSAW_OK);
    return code;
}

/* The run is well, and as any other. */
static void check(gsaw_codebase *code)
{
    gsaw_error error = {0};
    if (gsaw_codebase_index(code, &error) != GSAW_OK)
        fail_msg("%s", error.text);
    const gsaw_summary *summary = gsaw_codebase_summary(code);
    assert_int_equal(summary->parsed, FOLDERS * FILES);
    if (digest[0] == 0)
        memcpy(digest, summary->digest, sizeof digest);
    assert_string_equal(summary->digest, digest);
}

static void test_batches_wait_in_a_bounded_queue(void **state)
{
    (void)state;
    static const uint32_t bounds[] = {1, 10, 100, 1000};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        gsaw_codebase *code =
            open_with((gsaw_config){.batch_size = 1, .max_tasks_in_flight = bounds[i]});
        check(code);
        uint64_t most = gsaw_codebase_summary(code)->queued_max;
        /* who looks finds less than the bound, and then adds a folder */
        assert_in_range(most, 1, bounds[i] + WORKERS * FILES);
        gsaw_codebase_close(code);
    }
}

static void test_batches_of_a_huge_folder_are_bounded_too(void **state)
{
    (void)state;
    enum { ENTRIES_MAX = 1024, HUGE_FOLDER = 6000 };
    sandbox huge;
    sandbox_init(&huge);
    for (int i = 0; i < HUGE_FOLDER; i++) {
        char path[32];
        snprintf(path, sizeof path, "%d.py", i);
        sandbox_file(&huge, path, "");
    }
    gsaw_config config = {
        .size = sizeof config, .num_workers = WORKERS, .batch_size = 1, .max_tasks_in_flight = 10};
    gsaw_codebase *code = NULL;
    assert_int_equal(gsaw_codebase_open(huge.root, &config, &code, NULL), GSAW_OK);
    assert_int_equal(gsaw_codebase_index(code, NULL), GSAW_OK);
    assert_int_equal(gsaw_codebase_summary(code)->parsed, HUGE_FOLDER);
    assert_in_range(gsaw_codebase_summary(code)->queued_max, 100, 10 + ENTRIES_MAX);
    gsaw_codebase_close(code);
    sandbox_clear(&huge);
}

static void test_batches_by_every_strategy_give_the_same(void **state)
{
    (void)state;
    for (uint32_t strategy = 0; strategy < 3; strategy++)
        for (int stealing = 0; stealing < 2; stealing++)
            for (uint32_t least = 1; least <= 32; least *= 32) {
                gsaw_codebase *code = open_with((gsaw_config){.strategy = strategy,
                                                              .disable_work_stealing = !stealing,
                                                              .min_task_size = least,
                                                              .batch_size = 7});
                check(code);
                gsaw_codebase_close(code);
            }
}

/* All to the last lane, the last first. */
static gsaw_status pile_up(void *context, const gsaw_strategy_view *view, gsaw_lanes *lanes)
{
    (*(size_t *)context)++;
    for (size_t i = 0; i < view->count; i++) {
        assert_true(view->costs[i] > 0);
        gsaw_lanes_put(lanes, view->lane_count - 1, i, (double)i);
    }
    return GSAW_OK;
}

/* Leaves the last of two or more out. */
static gsaw_status forget(void *context, const gsaw_strategy_view *view, gsaw_lanes *lanes)
{
    (void)context;
    for (size_t i = 0; i < view->count - (view->count > 1); i++)
        gsaw_lanes_put(lanes, 0, i, 0);
    return GSAW_OK;
}

static void test_batches_by_a_strategy_of_the_users(void **state)
{
    (void)state;
    size_t calls = 0;
    gsaw_strategy mine = {
        .size = sizeof mine, .name = "pile", .steals = true, .distribute = pile_up};
    mine.context = &calls;
    gsaw_codebase *code = open_with((gsaw_config){.batch_size = 5});
    assert_int_equal(gsaw_codebase_set_strategy(code, &mine), GSAW_OK);
    check(code);
    assert_true(calls >= FOLDERS);
    gsaw_strategy wrong = mine;
    wrong.distribute = NULL;
    assert_int_equal(gsaw_codebase_set_strategy(code, &wrong), GSAW_INVALID);
    wrong = (gsaw_strategy){.size = sizeof wrong, .name = "forgetful", .distribute = forget};
    assert_int_equal(gsaw_codebase_set_strategy(code, &wrong), GSAW_OK);
    gsaw_error error = {0};
    assert_int_equal(gsaw_codebase_index(code, &error), GSAW_INVALID);
    assert_non_null(strstr(error.text, "strategy forgetful put item"));
    assert_int_equal(gsaw_codebase_file_count(code), 0);
    assert_int_equal(gsaw_codebase_set_strategy(code, NULL), GSAW_OK);
    check(code); /* and all is well again */
    gsaw_codebase_close(code);
}

static void test_batches_learn_what_files_cost(void **state)
{
    (void)state;
    enum { PYTHON = 0 };
    gsaw_codebase *code = open_with((gsaw_config){.batch_size = 0});
    gsaw_cost_model *model = gsaw_codebase_cost_model(code);
    double before = gsaw_cost_model_estimate(model, PYTHON, 40);
    assert_true(before > 10e3 && before < 1e6); /* it is in ns from the start */
    check(code);
    double after = gsaw_cost_model_estimate(model, PYTHON, 40);
    assert_true(after > 0 && after != before);
    char path[128];
    snprintf(path, sizeof path, "%s/costs.json", box.root);
    assert_int_equal(gsaw_cost_model_save(model, path, NULL), GSAW_OK);
    gsaw_codebase *other = open_with((gsaw_config){.batch_size = 0});
    model = gsaw_codebase_cost_model(other);
    assert_int_equal(gsaw_cost_model_load(model, path, NULL), GSAW_OK);
    double loaded = gsaw_cost_model_estimate(model, PYTHON, 40);
    assert_true(loaded > after * 0.999 && loaded < after * 1.001);
    gsaw_codebase_close(other);
    gsaw_codebase_close(code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batches_wait_in_a_bounded_queue),
        cmocka_unit_test(test_batches_of_a_huge_folder_are_bounded_too),
        cmocka_unit_test(test_batches_by_every_strategy_give_the_same),
        cmocka_unit_test(test_batches_by_a_strategy_of_the_users),
        cmocka_unit_test(test_batches_learn_what_files_cost),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
