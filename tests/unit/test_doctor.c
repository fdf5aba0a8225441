/* test_doctor.c - the performance doctor on runs whose recorded times are made up, so that what it
 * must find is known; on real ones that its figures add up; and without memory.
 * Keeps:   the made-up run has two workers and 5 files in three directories, one in the other.
 * Next:    include/gangsaw/doctor.h, src/code/doctor.c, src/code/calibrate.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <gangsaw/doctor.h>

#include "base/atomic.h"
#include "code/calibrate.h"
#include "sandbox.h"

#define MS UINT64_C(1000000)
#define FILES 5u

static sandbox box;

static int set_up(void **state)
{
    (void)state;
    sandbox_init(&box);
    sandbox_file(&box, "a.py", "import os\n");
    sandbox_file(&box, "b.py", "def f(x):\n    return x\n");
    sandbox_file(&box, "d/c.py", "class A:\n    pass\n");
    sandbox_file(&box, "d/e/d.py", "x = 1\n");
    sandbox_file(&box, "d/e/e.ts", "export const x = 1;\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sandbox_clear(&box);
    return 0;
}

static gsaw_codebase *index_box(const gsaw_allocator *allocator)
{
    gsaw_config config = {.size = sizeof config, .allocator = allocator, .num_workers = 2};
    gsaw_codebase *code = NULL;
    assert_int_equal(gsaw_codebase_open(box.root, &config, &code, NULL), GSAW_OK);
    assert_int_equal(gsaw_codebase_index(code, NULL), GSAW_OK);
    assert_int_equal(gsaw_codebase_file_count(code), FILES);
    return code;
}

/* A run as it is to look: in milliseconds. */
struct made_up {
    uint64_t files[FILES], directories[3];
    uint64_t tasks, publish;      /* the steps */
    uint64_t busy;                /* of both workers; 0: what the tasks add up to */
    uint64_t gate, waited[FILES]; /* at the gate; in all, of each file */
    uint32_t jobs;                /* 0: 2 */
};

static void make_up(gsaw_codebase *code, const struct made_up *run)
{
    gsaw__timing *timing = &code->timing;
    uint64_t sum_ns = 0, parse_ns = 0;
    assert_int_equal(timing->directories.count, 3);
    for (size_t i = 0; i < FILES; i++) {
        code->files.items[i]->cost_ns = run->files[i] * MS;
        code->files.items[i]->bytes = run->files[i];
        code->files.items[i]->waited_ns = run->waited[i] * MS;
        parse_ns += run->files[i] * MS;
    }
    for (size_t i = 0; i < 3; i++) {
        timing->directories.items[i].list_ns = run->directories[i] * MS;
        sum_ns += run->directories[i] * MS;
    }
    sum_ns = run->busy == 0 ? sum_ns + parse_ns : run->busy * MS;
    for (size_t i = 0; i < code->workers.count; i++)
        code->workers.items[i] = (gsaw_worker_stats){.busy_ns = i == 0 ? sum_ns : 0};
    timing->gate_ns = run->gate * MS;
    timing->between_ns = 0;
    timing->usage = (gsaw__usage){.blocks_read = 0};
    for (int i = 0; i < GSAW_STEP_COUNT; i++)
        timing->steps_ns[i] = timing->steps_cpu_ns[i] = 0;
    timing->steps_ns[GSAW_STEP_TASKS] = run->tasks * MS;
    timing->steps_ns[GSAW_STEP_PUBLISH] = run->publish * MS;
    code->summary.wall_ns = (run->tasks + run->publish) * MS;
    code->summary.jobs = run->jobs == 0 ? 2 : run->jobs;
}

static void assert_adds_up(const gsaw_diagnosis *found)
{
    uint64_t sum_ns = 0;
    for (int i = 0; i < GSAW_BOTTLENECK_COUNT; i++)
        sum_ns += found->parts_ns[i];
    assert_int_equal(sum_ns, found->wall_ns);
    for (int i = 0; i < GSAW_PREDICTION_COUNT; i++) {
        const gsaw_prediction *prediction = &found->predictions[i];
        assert_int_equal(prediction->workers, 1u << i);
        assert_true(prediction->wall_ns_max >= prediction->wall_ns);
        assert_true(prediction->of_ideal > 0 && prediction->of_ideal <= 1.000001);
        assert_true(prediction->wall_ns >= found->critical_ns);
    }
}

static gsaw_diagnosis diagnose(const struct made_up *run)
{
    gsaw_diagnose_options options = {.size = sizeof options, .is_contention_unmeasured = true};
    gsaw_diagnosis found;
    gsaw_codebase *code = index_box(NULL);
    make_up(code, run);
    assert_int_equal(gsaw_codebase_diagnose(code, &options, &found, NULL), GSAW_OK);
    assert_adds_up(&found);
    assert_int_equal(found.contention_count, 0);
    gsaw_codebase_close(code);
    return found;
}

static void test_doctor_names_the_file_that_others_wait_for(void **state)
{
    (void)state;
    gsaw_diagnosis found = diagnose(
        &(struct made_up){.files = {2, 2, 2, 60, 2}, .directories = {1, 1, 1}, .tasks = 63});
    assert_string_equal(gsaw_bottleneck_name(found.bottleneck), "straggler");
    assert_int_equal(found.bottleneck_file, 3); /* d/e/d.py */
    assert_int_equal(found.critical_file, 3);
    assert_int_equal(found.critical_ns, 63 * MS);
    assert_int_equal(found.critical_count, 4);
    assert_int_equal(found.idle_ns, (126 - 71) * MS);
    assert_int_equal(found.parts_ns[GSAW_BOTTLENECK_STRAGGLER], (126 - 71) * MS / 2);
    assert_int_equal(found.predictions[0].wall_ns, 71 * MS);
    assert_int_equal(found.predictions[1].wall_ns, 63 * MS);
    assert_int_equal(found.predictions[6].wall_ns, 63 * MS);
    assert_int_equal(found.modelled_ns, 63 * MS);
    assert_int_equal(found.predictions[3].bottleneck_file, 3);
    assert_int_equal(found.straggler_count, FILES);
    assert_int_equal(found.stragglers[0].file, 3);
    assert_int_equal(found.stragglers[0].cost_ns, 60 * MS);
    assert_int_equal(found.stragglers[0].workers_max, 1);
    assert_int_equal(found.stragglers[0].delay_ns, (63 - 7 - 30) * MS); /* the others: 7 */
    assert_int_equal(found.stragglers[4].delay_ns, 0);
}

static void test_doctor_names_what_is_not_a_file(void **state)
{
    (void)state;
    const struct {
        struct made_up run;
        gsaw_bottleneck expected;
    } rows[] = {
        {{.files = {10, 10, 10, 10, 10}, .tasks = 50, .jobs = 1}, GSAW_BOTTLENECK_WORK},
        {{.files = {10, 10, 10, 5, 5}, .tasks = 20}, GSAW_BOTTLENECK_WORK},
        {{.files = {1, 1, 1, 1, 1}, .directories = {20, 20, 20}, .tasks = 61},
         GSAW_BOTTLENECK_DISCOVERY},
        {{.files = {1, 1, 1, 1, 1}, .tasks = 3, .publish = 30}, GSAW_BOTTLENECK_SERIAL},
        {{.files = {10, 10, 10, 5, 5}, .tasks = 60}, GSAW_BOTTLENECK_IDLE},
        {{.files = {10, 10, 10, 5, 5}, .tasks = 40, .busy = 80}, GSAW_BOTTLENECK_OVERHEAD},
        {{.files = {10, 10, 10, 5, 5}, .tasks = 20, .gate = 20, .waited = {5, 5, 5, 5}},
         GSAW_BOTTLENECK_MEMORY},
        {{.files = {10, 10, 10, 5, 5}, .tasks = 20, .waited = {5, 5, 5}}, GSAW_BOTTLENECK_OFF_CPU},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gsaw_diagnosis found = diagnose(&rows[i].run);
        if (found.bottleneck != rows[i].expected)
            fail_msg("%s, not %s", gsaw_bottleneck_name(found.bottleneck),
                     gsaw_bottleneck_name(rows[i].expected));
        assert_int_equal(found.bottleneck_file, SIZE_MAX);
    }
}

/* What was waited for is not waited for again, unless it was the disk. */
static void test_doctor_predicts_a_machine_at_rest(void **state)
{
    (void)state;
    gsaw_diagnose_options options = {.size = sizeof options, .is_contention_unmeasured = true};
    const struct made_up run = {.files = {10, 10, 10, 5, 5}, .tasks = 20, .waited = {8, 8, 4}};
    gsaw_diagnosis found;
    gsaw_codebase *code = index_box(NULL);
    make_up(code, &run);
    assert_int_equal(gsaw_codebase_diagnose(code, &options, &found, NULL), GSAW_OK);
    assert_int_equal(found.predictions[0].wall_ns, 20 * MS);
    code->timing.usage.blocks_read = 8;
    assert_int_equal(gsaw_codebase_diagnose(code, &options, &found, NULL), GSAW_OK);
    assert_int_equal(found.predictions[0].wall_ns, 40 * MS);
    gsaw_codebase_close(code);
}

static void test_doctor_diagnoses_a_real_run(void **state)
{
    (void)state;
    gsaw_diagnosis found;
    gsaw_error error;
    gsaw_codebase *code = NULL;
    assert_int_equal(gsaw_codebase_open(box.root, NULL, &code, NULL), GSAW_OK);
    assert_int_equal(gsaw_codebase_diagnose(code, NULL, &found, &error), GSAW_INVALID);
    assert_string_equal(error.text, "there is no run to diagnose");
    gsaw_codebase_close(code);
    code = index_box(NULL);
    gsaw_diagnose_options options = {.size = 1};
    assert_int_equal(gsaw_codebase_diagnose(code, &options, &found, &error), GSAW_INVALID);
    options = (gsaw_diagnose_options){.size = sizeof options, .measure_ns = 10 * MS};
    assert_int_equal(gsaw_codebase_diagnose(code, &options, &found, &error), GSAW_OK);
    assert_adds_up(&found);
    assert_int_equal(found.files, FILES);
    assert_int_equal(found.directories, 3);
    assert_true(found.files_ns > 0 && found.directories_ns > 0 && found.critical_ns > 0);
    assert_int_equal(found.contention_count == 0, found.cpus == 1);
    for (size_t i = 0; i < found.contention_count; i++)
        assert_true(found.contention[i].low <= found.contention[i].factor &&
                    found.contention[i].factor <= found.contention[i].high);
    assert_string_equal(found.critical_path[0].name, "");
    sandbox_clear(&box); /* nothing of the sample is left */
    sandbox_init(&box);
    assert_int_equal(gsaw_codebase_diagnose(code, NULL, &found, &error), GSAW_OK);
    assert_int_equal(found.contention_count, 0);
    gsaw_codebase_close(code);
    assert_string_equal(gsaw_bottleneck_name(GSAW_BOTTLENECK_COUNT), "unknown");
    assert_string_equal(gsaw_bottleneck_text(GSAW_BOTTLENECK_COUNT), "unknown");
}

static void test_doctor_factor_goes_by_points_and_law(void **state)
{
    (void)state;
    gsaw__calibration measured = {.count = 3,
                                  .points = {{.workers = 1, .factor = 1},
                                             {.workers = 2, .factor = 1.25},
                                             {.workers = 4, .factor = 1.75}}};
    const struct {
        double workers, flat, growing;
    } rows[] = {{1, 1, 1},     {1.5, 1.125, 1.125}, {2, 1.25, 1.25},
                {3, 1.5, 1.5}, {4, 1.75, 1.75},     {13, 1.75, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double flat = gsaw__calibration_factor(&measured, rows[i].workers, false);
        double growing = gsaw__calibration_factor(&measured, rows[i].workers, true);
        assert_true(flat == rows[i].flat && growing == rows[i].growing);
    }
    measured.points[1].factor = 0.9; /* a measurement's error */
    assert_true(gsaw__calibration_factor(&measured, 2, false) == 1);
    measured.count = 0;
    assert_true(gsaw__calibration_factor(&measured, 8, true) == 1);
}

static void test_doctor_without_memory(void **state)
{
    (void)state;
    gsaw_failing_allocator failing;
    gsaw_failing_allocator_init(&failing, 0, 0);
    gsaw_codebase *code = index_box(&failing.allocator);
    gsaw_diagnose_options options = {.size = sizeof options, .measure_ns = 1};
    size_t failures = 0;
    bool is_done = false;
    while (!is_done) {
        gsaw_diagnosis found;
        gsaw_error error;
        failing.fail_at = gsaw__load_relaxed(&failing.calls) + 1 + failures; /* test: alone */
        failures += failures < 100 ? 1 : 37; /* the passes are all alike */
        gsaw_status status = gsaw_codebase_diagnose(code, &options, &found, &error);
        assert_true(status == GSAW_OK || status == GSAW_NO_MEMORY);
        is_done = gsaw__load_relaxed(&failing.calls) < failing.fail_at; /* test: all ended */
    }
    assert_true(failures > 20);
    gsaw_codebase_close(code);
    assert_int_equal(gsaw__load_relaxed(&failing.live_bytes), 0); /* test: all ended */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_doctor_names_the_file_that_others_wait_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_doctor_names_what_is_not_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_doctor_predicts_a_machine_at_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_doctor_diagnoses_a_real_run, set_up, tear_down),
        cmocka_unit_test(test_doctor_factor_goes_by_points_and_law),
        cmocka_unit_test_setup_teardown(test_doctor_without_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
