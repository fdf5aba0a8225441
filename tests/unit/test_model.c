/* test_model.c - the cost model: lines that are found again, sums that are absurd, files that are
 * damaged.
 * Next:    work/model.c, work/model_file.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gangsaw/work.h>

#include "sandbox.h"

#include <glob.h>

static gsaw_cost_model *open_model(uint32_t shards)
{
    gsaw_cost_model *model = NULL;
    assert_int_equal(gsaw_cost_model_new(NULL, shards, &model, NULL), GSAW_OK);
    return model;
}

static void observe(gsaw_cost_model *model, uint32_t kind, uint64_t size, uint64_t ns)
{
    gsaw_cost_sample sample = {.kind = kind, .count = 1, .size = size, .ns = ns};
    gsaw_cost_model_observe(model, kind, &sample);
}

static void expect_near(double is, double wanted)
{
    if (!(fabs(is - wanted) <= 0.05 * wanted))
        fail_msg("%g is not near %g", is, wanted);
}

static void test_model_knows_nothing_at_first(void **state)
{
    (void)state;
    gsaw_cost_model *model = open_model(1);
    assert_true(gsaw_cost_model_estimate(model, 0, 0) == 1);
    assert_true(gsaw_cost_model_estimate(model, 5, 700) == 700);
    assert_true(gsaw_cost_model_estimate(model, 5, UINT64_MAX) == GSAW_WORK_COST_MAX);
    gsaw_cost_model_fit(model);
    assert_true(gsaw_cost_model_estimate(model, 5, 700) == 700);
    gsaw_cost_model_free(model);
    gsaw_cost_model_free(NULL);
    assert_int_equal(gsaw_cost_model_new(NULL, 0, &model, NULL), GSAW_RANGE);
    assert_int_equal(gsaw_cost_model_new(NULL, 4097, &model, NULL), GSAW_RANGE);
}

static void test_model_finds_the_lines_again(void **state)
{
    (void)state;
    gsaw_cost_model *model = open_model(3);
    for (uint64_t i = 1; i <= 1000; i++) {
        uint64_t size = i * 7919 % 10000;
        observe(model, 0, size, 5000 + 20 * size);
        observe(model, 1, size, 100 + 300 * size);
        /* Ten at once say the same as one by one. */
        gsaw_cost_sample ten = {.kind = 2, .count = 10, .size = 10 * size, .ns = 10 * (77 + size)};
        gsaw_cost_model_observe(model, 2, &ten);
    }
    assert_true(gsaw_cost_model_estimate(model, 0, 100) == 100); /* not before the fit */
    gsaw_cost_model_fit(model);
    expect_near(gsaw_cost_model_estimate(model, 0, 0), 5000);
    expect_near(gsaw_cost_model_estimate(model, 0, 5000), 105000);
    expect_near(gsaw_cost_model_estimate(model, 1, 5000), 1500100);
    expect_near(gsaw_cost_model_estimate(model, 2, 5000), 5077);
    /* A kind that was never seen is as all together: ten times as many of kind 2. */
    double other = gsaw_cost_model_estimate(model, 9, 5000);
    assert_true(other > 105000 && other < 1500100 / 2.0);
    gsaw_cost_model_free(model);
}

static void test_model_forgets_by_half(void **state)
{
    (void)state;
    gsaw_cost_model *model = open_model(1);
    double old = 1;
    for (int fits = 0; fits < 12; fits++) {
        for (uint64_t size = 1; size <= 100; size++)
            observe(model, 0, size, fits == 0 ? 1000 * size : 10 * size);
        gsaw_cost_model_fit(model);
        double is = gsaw_cost_model_estimate(model, 0, 100);
        /* The first weighs 1/2, 1/4, ... of what came since. */
        double all = 2 - old;
        expect_near(is, (old * 100000 + (all - old) * 1000) / all);
        gsaw_cost_model_fit(model); /* nothing new: nothing changes */
        assert_true(gsaw_cost_model_estimate(model, 0, 100) == is);
        old /= 2;
    }
    gsaw_cost_model_free(model);
}

static void test_model_with_few_samples_is_near_all_others(void **state)
{
    (void)state;
    gsaw_cost_model *model = open_model(1);
    for (uint64_t size = 1; size <= 1000; size++)
        observe(model, 0, size, 100 * size);
    observe(model, 1, 500, 500 * 1000); /* one that took ten times as long */
    gsaw_cost_model_fit(model);
    double is = gsaw_cost_model_estimate(model, 1, 500);
    assert_true(is > 52000 && is < 250000);
    gsaw_cost_model_free(model);
}

/* What no line fits, or one that would fall: never below 1 ns, always finite, never falling. */
static void test_model_is_sane_whatever_was_observed(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int round = 0; round < 2000; round++) {
        gsaw_cost_model *model = open_model(2);
        for (int i = 0; i < 1 + round % 7; i++) {
            uint64_t values[4];
            for (int k = 0; k < 4; k++) {
                random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                values[k] = (random >> 8) >> (random % 57);
            }
            gsaw_cost_sample sample = {.kind = (uint32_t)values[0] % 70,
                                       .count = values[1],
                                       .size = values[2],
                                       .ns = values[3]};
            gsaw_cost_model_observe(model, (uint32_t)values[1], &sample);
        }
        gsaw_cost_model_fit(model);
        for (uint32_t kind = 0; kind < 70; kind++) {
            double before = 0;
            for (uint64_t size = 0; size < UINT64_MAX / 4; size = size * 4 + 1) {
                double is = gsaw_cost_model_estimate(model, kind, size);
                if (!(is >= 1 && is <= GSAW_WORK_COST_MAX && is >= before))
                    fail_msg("round %d: kind %u, size %g: %g", round, kind, (double)size, is);
                before = is;
            }
        }
        gsaw_cost_model_free(model);
    }
}

/* ---- files ---- */

/* Nothing was left beside the model. */
static void check_alone(const sandbox *self)
{
    char pattern[96];
    glob_t found = {0};
    snprintf(pattern, sizeof pattern, "%s/model?*", self->root);
    assert_int_equal(glob(pattern, 0, NULL, &found), GLOB_NOMATCH);
    globfree(&found);
}

static void test_model_is_kept_in_a_file(void **state)
{
    (void)state;
    sandbox box;
    char path[96];
    sandbox_init(&box);
    snprintf(path, sizeof path, "%s/model", box.root);
    gsaw_cost_model *model = open_model(1), *again = open_model(1);
    gsaw_error error = {0};
    assert_int_equal(gsaw_cost_model_load(model, path, &error), GSAW_NOT_FOUND);
    assert_non_null(strstr(error.text, path));
    assert_int_equal(gsaw_cost_model_save(model, path, NULL), GSAW_OK); /* an empty one */
    for (int round = 0; round < 3; round++) {
        assert_int_equal(gsaw_cost_model_load(again, path, &error), GSAW_OK);
        for (uint32_t kind = 0; kind < GSAW_WORK_KINDS; kind++)
            for (uint64_t size = 0; size < 100000; size += 999)
                assert_true(gsaw_cost_model_estimate(model, kind, size) ==
                            gsaw_cost_model_estimate(again, kind, size));
        for (uint32_t kind = 0; kind < GSAW_WORK_KINDS; kind += 1 + (uint32_t)round)
            for (uint64_t size = 1; size < 50; size++)
                observe(model, kind, size * size, 12345 + size * (kind + 1));
        gsaw_cost_model_fit(model);
        assert_int_equal(gsaw_cost_model_save(model, path, &error), GSAW_OK);
    }
    check_alone(&box);
    gsaw_cost_model_free(model);
    gsaw_cost_model_free(again);
    sandbox_clear(&box);
}

static const char good[] =
    "{\"gangsaw_cost_model\":1,\"kinds\":[{\"kind\":0,\"items\":2,\"size\":4,"
    "\"ns\":40,\"size_size\":10,\"size_ns\":100}]}";

/* Every change of one byte and every cut is refused or is a model like any other. */
static void test_model_file_that_is_damaged(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"gangsaw_cost_model\":1}",
        "{\"gangsaw_cost_model\":2,\"kinds\":[]}",
        "{\"gangsaw_cost_model\":1,\"kinds\":{}}",
        "{\"gangsaw_cost_model\":1,\"kinds\":[1]}",
        "{\"gangsaw_cost_model\":1,\"kinds\":[{\"kind\":64}]}",
        "{\"gangsaw_cost_model\":1,\"kinds\":[{\"kind\":-1}]}",
        "{\"gangsaw_cost_model\":1,\"kinds\":[{\"kind\":0,\"items\":-2,\"size\":4,\"ns\":40,"
        "\"size_size\":10,\"size_ns\":100}]}",
        "{\"gangsaw_cost_model\":1,\"kinds\":[{\"kind\":0,\"items\":1e999,\"size\":4,\"ns\":40,"
        "\"size_size\":10,\"size_ns\":100}]}",
        "{\"gangsaw_cost_model\":1,\"kinds\":[{\"kind\":0,\"items\":2,\"size\":4,\"ns\":40,"
        "\"size_size\":1,\"size_ns\":100}]}"};
    sandbox box;
    char path[96];
    sandbox_init(&box);
    snprintf(path, sizeof path, "%s/model", box.root);
    gsaw_cost_model *model = open_model(1);
    sandbox_file(&box, "model", good);
    assert_int_equal(gsaw_cost_model_load(model, path, NULL), GSAW_OK);
    double known = gsaw_cost_model_estimate(model, 0, 50);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        gsaw_error error = {0};
        sandbox_file(&box, "model", wrong[i]);
        assert_int_equal(gsaw_cost_model_load(model, path, &error), GSAW_DAMAGED);
        assert_non_null(strstr(error.text, path));
        assert_true(gsaw_cost_model_estimate(model, 0, 50) == known);
    }
    char text[sizeof good];
    for (size_t i = 0; i + 1 < sizeof good; i++)
        for (int change = 0; change < 3; change++) {
            memcpy(text, good, sizeof good);
            text[i] = change == 0 ? '\0' : change == 1 ? '9' : (char)(text[i] ^ 0x55);
            sandbox_file(&box, "model", text);
            gsaw_status status = gsaw_cost_model_load(model, path, NULL);
            assert_true(status == GSAW_OK || status == GSAW_DAMAGED);
            double is = gsaw_cost_model_estimate(model, 0, 50);
            assert_true(is >= 1 && is <= GSAW_WORK_COST_MAX);
        }
    /* Too large, a directory, a place where nothing can be written. */
    char *blanks = malloc(70001);
    assert_non_null(blanks);
    memset(blanks, ' ', 70000);
    blanks[70000] = '\0';
    sandbox_file(&box, "model", blanks);
    free(blanks);
    assert_int_equal(gsaw_cost_model_load(model, path, NULL), GSAW_DAMAGED);
    assert_int_equal(gsaw_cost_model_load(model, box.root, NULL), GSAW_DAMAGED);
    gsaw_error error = {0};
    snprintf(path, sizeof path, "%s/no/model", box.root);
    assert_int_equal(gsaw_cost_model_save(model, path, &error), GSAW_SYSTEM);
    assert_int_equal(error.os_errno, ENOENT);
    assert_non_null(strstr(error.text, path));
    gsaw_cost_model_free(model);
    sandbox_clear(&box);
}

static void test_model_without_memory(void **state)
{
    (void)state;
    sandbox box;
    char path[96];
    sandbox_init(&box);
    snprintf(path, sizeof path, "%s/model", box.root);
    sandbox_file(&box, "model", good);
    for (size_t n = 1;; n++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, n, 0);
        gsaw_cost_model *model = NULL;
        gsaw_status status = gsaw_cost_model_new(&failing.allocator, 4, &model, NULL);
        if (status == GSAW_OK)
            status = gsaw_cost_model_load(model, path, NULL);
        if (status == GSAW_OK)
            status = gsaw_cost_model_save(model, path, NULL);
        gsaw_cost_model_free(model);
        assert_int_equal(failing.live_bytes, 0);
        check_alone(&box);
        if (status == GSAW_OK) {
            assert_true(n > 4);
            break;
        }
        assert_int_equal(status, GSAW_NO_MEMORY);
    }
    sandbox_clear(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_knows_nothing_at_first),
        cmocka_unit_test(test_model_finds_the_lines_again),
        cmocka_unit_test(test_model_forgets_by_half),
        cmocka_unit_test(test_model_with_few_samples_is_near_all_others),
        cmocka_unit_test(test_model_is_sane_whatever_was_observed),
        cmocka_unit_test(test_model_is_kept_in_a_file),
        cmocka_unit_test(test_model_file_that_is_damaged),
        cmocka_unit_test(test_model_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
