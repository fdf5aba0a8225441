/* test_tuner.c - ParallelAutoTuner through its public functions, the choice from made-up workloads,
 * cancel, and memory that runs out at every allocation.
 * Next:    include/gangsaw/tuner.h, src/code/tuner.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "code/codebase.h"
#include "code/tuner.h"
#include "sandbox.h"

#define MS UINT64_C(1000000)
#define MIB (UINT64_C(1) << 20)

static sandbox box, tiny;

static int set_up(void **state)
{
    (void)state;
    static char text[2000];
    char path[64];
    sandbox_init(&box);
    sandbox_init(&tiny);
    for (int i = 0; i < 16; i++) {
        size_t size = 0, wanted = 50u << (i % 5);
        while (size < wanted)
            size += (size_t)snprintf(text + size, sizeof text - size,
                                     i % 4 == 0 ? "export const a%zu = 1;\n"
                                                : "def f%zu(a, b):\n    return a + b\n\n\n",
                                     size);
        snprintf(path, sizeof path, "d%d/f%d.%s", i % 7, i, i % 4 == 0 ? "ts" : "py");
        sandbox_file(&box, path, text);
    }
    sandbox_file(&tiny, "a.py", "x = 1\n");
    sandbox_file(&tiny, "b.ts", "export const x = 1;\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sandbox_clear(&box);
    sandbox_clear(&tiny);
    return 0;
}

static gsaw_codebase *open_tree(const sandbox *tree, const gsaw_allocator *allocator)
{
    gsaw_config config = {.size = sizeof config, .allocator = allocator};
    gsaw_codebase *code = NULL;
    assert_int_equal(gsaw_codebase_open(tree->root, &config, &code, NULL), GSAW_OK);
    return code;
}

/* ---- the choice ---- */

static gsaw_tuning decide(uint32_t cpus, uint64_t memory_max, gsaw__workload work)
{
    gsaw__tuning self = {.result = {.cpus = cpus, .memory_max = memory_max}, .work = work};
    gsaw__tuner_decide(&self);
    assert_true(self.workers_useful >= self.result.num_workers);
    assert_true(self.workers_useful <= (cpus > 1 ? cpus : 1));
    assert_int_equal(self.result.max_tasks_in_flight, 10 * self.result.num_workers);
    return self.result;
}

static void test_decision_fits_work_and_machine(void **state)
{
    (void)state;
    gsaw__workload work = {.files = 10000, .cost_ns = 10000 * MS, .cost_largest_ns = 10 * MS};
    assert_int_equal(decide(1, MIB, work).num_workers, 1);
    assert_int_equal(decide(16, MIB, work).num_workers, 16);
    assert_int_equal(decide(16, MIB, work).batch_size, 2); /* of 1 ms each */
    work.cost_ns = 100 * MS;
    assert_int_equal(decide(16, MIB, work).num_workers, 10); /* the dearest takes a tenth of all */
    assert_int_equal(decide(4, MIB, work).batch_size, 200);  /* of 10 us each */
    work.files = 3;
    work.cost_ns = MS;
    work.cost_largest_ns = MS / 2;
    assert_int_equal(decide(16, MIB, work).num_workers, 1); /* not worth a second one */
    assert_int_equal(decide(16, MIB, work).batch_size, 1);
    work.cost_ns = 300 * MS;
    work.cost_largest_ns = 100 * MS;
    assert_int_equal(decide(16, MIB, work).num_workers, 3); /* a file each */
    gsaw__workload unknown = {.files = 1000};
    assert_int_equal(decide(8, MIB, unknown).num_workers, 8);
    assert_int_equal(decide(8, MIB, unknown).batch_size, 31);
}

static void test_decision_fits_memory(void **state)
{
    (void)state;
    const uint64_t sizes[] = {4 * MIB, 2 * MIB, MIB, MIB};
    gsaw__workload work = {
        .files = 1000,
        .cost_ns = 1000 * MS,
        .cost_largest_ns = MS,
        .kept_bytes = 10 * MIB,
        .memory = {.peak = 8 * MIB, .per_byte = 10},
        .sizes = sizes,
        .size_count = 4,
    };
    assert_int_equal(decide(4, 100 * MIB, work).num_workers, 4);
    assert_int_equal(decide(4, 100 * MIB, work).memory_expected, (10 + 40 + 20 + 10 + 10) * MIB);
    assert_int_equal(decide(4, 100 * MIB, work).memory_per_worker, 20 * MIB);
    assert_int_equal(decide(4, 89 * MIB, work).num_workers, 3);
    assert_int_equal(decide(4, 70 * MIB, work).num_workers, 2);
    assert_int_equal(decide(4, MIB, work).num_workers, 1); /* one there must be */
    work.size_count = 1; /* the others are small: a worker takes what the trials took */
    assert_int_equal(decide(4, 100 * MIB, work).memory_expected, (10 + 40 + 3 * 8) * MIB);
}

/* ---- tune ---- */

static void test_tune_tells_the_tree(void **state)
{
    (void)state;
    gsaw_codebase *code = open_tree(&box, NULL);
    gsaw_tuning *tuning = NULL;
    gsaw_error error = {0};
    assert_int_equal(gsaw_tuner_tune(code, NULL, &tuning, &error), GSAW_OK);
    assert_int_equal(tuning->files, 16);
    assert_int_equal(tuning->language_count, 2);
    assert_string_equal(tuning->languages[0].name, "python");
    assert_int_equal(tuning->languages[0].files, 12);
    assert_int_equal(tuning->languages[0].trial_files, 12); /* all of it fits the trial */
    assert_true(tuning->languages[0].bytes_per_second > 0);
    assert_int_equal(tuning->languages[0].bytes + tuning->languages[1].bytes, tuning->bytes);
    assert_true(tuning->cost_ns > 0 && tuning->num_workers >= 1 && tuning->batch_size >= 1);
    assert_true(tuning->num_workers <= tuning->cpus);
    assert_true(tuning->memory_per_worker > 16 << 10);
    assert_true(tuning->memory_expected > tuning->memory_per_worker);
    assert_true(tuning->wall_ns > 0);
    assert_int_equal(tuning->row_count, 0);
    gsaw_tuning_free(tuning);
    gsaw_tuning_free(NULL);
    gsaw_codebase_close(code);
}

static void test_tune_refuses_wrong_options(void **state)
{
    (void)state;
    gsaw_codebase *code = open_tree(&tiny, NULL);
    gsaw_tuning *tuning = NULL;
    gsaw_error error = {0};
    gsaw_tuner_options options = {.size = sizeof options - 1};
    assert_int_equal(gsaw_tuner_tune(code, &options, &tuning, &error), GSAW_INVALID);
    options = (gsaw_tuner_options){.size = sizeof options, .workers_max = 1025};
    assert_int_equal(gsaw_tuner_tune(code, &options, &tuning, &error), GSAW_RANGE);
    assert_non_null(strstr(error.text, "1025"));
    options = (gsaw_tuner_options){.size = sizeof options, .rounds = 2};
    assert_int_equal(gsaw_tuner_benchmark(code, &options, &tuning, &error), GSAW_RANGE);
    options.rounds = 26;
    assert_int_equal(gsaw_tuner_benchmark(code, &options, &tuning, &error), GSAW_RANGE);
    assert_non_null(strstr(error.text, "26"));
    assert_null(tuning);
    gsaw_codebase_close(code);
}

static void test_tune_of_an_empty_tree_keeps_the_config(void **state)
{
    (void)state;
    sandbox empty;
    sandbox_init(&empty);
    sandbox_file(&empty, "notes.txt", "no source\n");
    gsaw_config config = {.size = sizeof config, .num_workers = 3, .batch_size = 7};
    gsaw_codebase *code = NULL;
    assert_int_equal(gsaw_codebase_open(empty.root, &config, &code, NULL), GSAW_OK);
    gsaw_tuning *tuning = NULL;
    assert_int_equal(gsaw_tuner_benchmark(code, NULL, &tuning, NULL), GSAW_OK);
    assert_int_equal(tuning->files, 0);
    assert_int_equal(tuning->num_workers, 3);
    assert_int_equal(tuning->batch_size, 7);
    gsaw_tuning_free(tuning);
    assert_int_equal(gsaw_codebase_auto_tune(code, NULL, NULL), GSAW_OK);
    assert_int_equal(code->config.num_workers, 3);
    gsaw_codebase_close(code);
    sandbox_clear(&empty);
}

static void test_auto_tune_takes_effect_and_changes_no_result(void **state)
{
    (void)state;
    gsaw_config config = {.size = sizeof config, .num_workers = 7, .batch_size = 999};
    gsaw_codebase *code = NULL;
    gsaw_tuner_options options = {.size = sizeof options, .workers_max = 1};
    assert_int_equal(gsaw_codebase_open(box.root, &config, &code, NULL), GSAW_OK);
    assert_int_equal(gsaw_codebase_index(code, NULL), GSAW_OK);
    gsaw_summary before = *gsaw_codebase_summary(code);
    assert_int_equal(before.jobs, 7);
    assert_int_equal(gsaw_codebase_auto_tune(code, &options, NULL), GSAW_OK);
    assert_string_equal(gsaw_codebase_summary(code)->digest, before.digest); /* still there */
    assert_int_equal(gsaw_codebase_file_count(code), 16);
    assert_int_not_equal(code->config.batch_size, 999);
    assert_int_equal(code->config.max_tasks_in_flight, 10);
    assert_int_equal(gsaw_codebase_index(code, NULL), GSAW_OK);
    assert_int_equal(gsaw_codebase_summary(code)->jobs, 1);
    assert_string_equal(gsaw_codebase_summary(code)->digest, before.digest);
    gsaw_codebase_close(code);
}

/* ---- benchmark ---- */

struct watch {
    gsaw_codebase *code;
    uint64_t calls, last, total, cancel_at;
};

static void watch_runs(void *context, uint64_t completed, uint64_t total, bool is_final)
{
    struct watch *self = context;
    assert_int_equal(completed, self->last + 1);
    assert_true(completed <= total);
    assert_true(is_final || self->last < total);
    *self = (struct watch){self->code, self->calls + 1, completed, total, self->cancel_at};
    if (completed == self->cancel_at)
        gsaw_codebase_cancel(self->code);
}

static gsaw_tuner_options quick(uint32_t workers_max)
{
    return (gsaw_tuner_options){.size = sizeof(gsaw_tuner_options),
                                .workers_max = workers_max,
                                .rounds = 3,
                                .time_budget_ns = 300 * MS};
}

static void check_rows(const gsaw_tuning *tuning)
{
    size_t chosen = 0;
    for (size_t i = 0; i < tuning->row_count; i++) {
        const gsaw_tuning_row *row
        = &tuning->rows[i];
        assert_true(row->low_ns > 0 && row->low_ns <= row->median_ns);
        assert_true(row->median_ns <= row->high_ns);
        assert_true(row->peak_bytes > 1 << 10);
        assert_true(row->bytes_per_second > 0);
        assert_true(i == 0 || row->workers > row[-1].workers ||
                    (row->workers == row[-1].workers && row->batch_size > row[-1].batch_size));
        chosen += row
        ->is_chosen;
        if (row->is_chosen) {
            assert_int_equal(row->workers, tuning->num_workers);
            assert_int_equal(row->batch_size, tuning->batch_size);
        }
    }
    assert_int_equal(chosen, 1);
    assert_int_equal(tuning->rows[0].workers, 1);
    assert_int_equal(tuning->max_tasks_in_flight, 10 * tuning->num_workers);
}

static void test_benchmark_measures_every_row(void **state)
{
    (void)state;
    static const uint32_t tops[] = {1, 2, 6};
    for (size_t i = 0; i < sizeof tops / sizeof *tops; i++) {
        gsaw_codebase *code = open_tree(&box, NULL);
        struct watch watch = {.code = code};
        gsaw_tuning *tuning = NULL;
        gsaw_tuner_options options = quick(tops[i]);
        options.progress = watch_runs;
        options.progress_context = &watch;
        assert_int_equal(gsaw_tuner_benchmark(code, &options, &tuning, NULL), GSAW_OK);
        check_rows(tuning);
        assert_int_equal(tuning->rows[tuning->row_count - 1].workers, tops[i]);
        assert_int_equal(tuning->rounds, 3);
        assert_true(tuning->confidence > 0.74 && tuning->confidence < 0.76);
        assert_int_equal(watch.last, watch.total);
        assert_int_equal(watch.total, 4 * tuning->row_count);
        assert_true(tuning->sample_files > 0 && tuning->sample_bytes <= tuning->bytes);
        assert_int_equal(gsaw_codebase_file_count(code), 0); /* its own results are untouched */
        gsaw_tuning_free(tuning);
        gsaw_codebase_close(code);
    }
}

static void test_benchmark_of_a_tiny_tree(void **state)
{
    (void)state;
    gsaw_codebase *code = open_tree(&tiny, NULL);
    gsaw_tuning *tuning = NULL;
    gsaw_tuner_options options = quick(8);
    assert_int_equal(gsaw_tuner_benchmark(code, &options, &tuning, NULL), GSAW_OK);
    check_rows(tuning);
    assert_int_equal(tuning->sample_files, 2);
    assert_int_equal(tuning->rows[tuning->row_count - 1].workers, 2); /* a file each */
    gsaw_codebase_apply_tuning(code, tuning);
    assert_int_equal(code->config.num_workers, tuning->num_workers);
    gsaw_tuning_free(tuning);
    gsaw_codebase_close(code);
}

/* Wherever it is cancelled, it stops with that run, and the codebase is as good as new. */
static void test_benchmark_is_cancelled_anywhere(void **state)
{
    (void)state;
    gsaw_codebase *code = open_tree(&tiny, NULL);
    gsaw_tuning *tuning = NULL;
    gsaw_tuner_options options = quick(2);
    gsaw_codebase_cancel(code);
    assert_int_equal(gsaw_tuner_benchmark(code, &options, &tuning, NULL), GSAW_CANCELLED);
    struct watch watch = {.code = code, .cancel_at = 1};
    options.progress = watch_runs;
    options.progress_context = &watch;
    do {
        watch = (struct watch){.code = code, .cancel_at = watch.cancel_at + 1};
        assert_int_equal(gsaw_tuner_benchmark(code, &options, &tuning, NULL), GSAW_CANCELLED);
        assert_in_range(watch.last, watch.cancel_at, watch.cancel_at + 1);
        assert_null(tuning);
    } while (watch.cancel_at + 1 < watch.total);
    assert_int_equal(gsaw_codebase_index(code, NULL), GSAW_OK);
    assert_int_equal(gsaw_codebase_file_count(code), 2);
    gsaw_codebase_close(code);
}

/* Files that crash their parser are not touched, and the one in flight is known. */
static void test_tuner_leaves_out_what_is_set_aside(void **state)
{
    (void)state;
    static gsaw__flight flights[GSAW_WORKERS_MAX];
    const char *const crashing[] = {"a.py"};
    gsaw_codebase *code = open_tree(&tiny, NULL);
    gsaw_tuning *tuning = NULL;
    code->flights = flights;
    code->set_aside = (gsaw_strings){crashing, 1};
    assert_int_equal(gsaw_tuner_tune(code, NULL, &tuning, NULL), GSAW_OK);
    assert_int_equal(tuning->languages[0].trial_files, 0);
    assert_int_equal(tuning->languages[1].trial_files, 1);
    assert_int_equal(flights[0].active, 0);
    assert_memory_equal(flights[0].path, "b.ts", 4);
    gsaw_tuning_free(tuning);
    gsaw_codebase_close(code);
}

/* ---- memory runs out ---- */

static gsaw_status run_failing(gsaw_failing_allocator *failing)
{
    gsaw_config config = {.size = sizeof config, .allocator = &failing->allocator};
    gsaw_codebase *code = NULL;
    gsaw_tuning *tuning = NULL;
    gsaw_tuner_options options = quick(1);
    options.time_budget_ns = 1;
    gsaw_status status = gsaw_codebase_open(tiny.root, &config, &code, NULL);
    if (status == GSAW_OK)
        status = gsaw_tuner_benchmark(code, &options, &tuning, NULL);
    if (status == GSAW_OK)
        check_rows(tuning);
    gsaw_tuning_free(tuning);
    gsaw_codebase_close(code);
    return status;
}

static void test_tuner_survives_each_failing_allocation(void **state)
{
    (void)state;
    for (int from = 0; from < 2; from++) {
        bool done = false;
        size_t failures = 0;
        for (size_t fail_at = 1; !done; fail_at++) {
            gsaw_failing_allocator failing;
            gsaw_failing_allocator_init(&failing, fail_at, from);
            gsaw_status status = run_failing(&failing);
            if (failing.live_bytes != 0)
                fail_msg("allocation %zu: %zu bytes leaked", fail_at, (size_t)failing.live_bytes);
            if (status != GSAW_OK)
                assert_int_equal(status, GSAW_NO_MEMORY);
            failures += status != GSAW_OK;
            done = failing.calls < fail_at;
            assert_true(!done || status == GSAW_OK);
            fail_at += fail_at > 250 ? 50 : 0; /* what follows is the same again and again */
        }
        assert_true(failures > 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decision_fits_work_and_machine),
        cmocka_unit_test(test_decision_fits_memory),
        cmocka_unit_test(test_tune_tells_the_tree),
        cmocka_unit_test(test_tune_refuses_wrong_options),
        cmocka_unit_test(test_tune_of_an_empty_tree_keeps_the_config),
        cmocka_unit_test(test_auto_tune_takes_effect_and_changes_no_result),
        cmocka_unit_test(test_benchmark_measures_every_row),
        cmocka_unit_test(test_benchmark_of_a_tiny_tree),
        cmocka_unit_test(test_benchmark_is_cancelled_anywhere),
        cmocka_unit_test(test_tuner_leaves_out_what_is_set_aside),
        cmocka_unit_test(test_tuner_survives_each_failing_allocation),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
