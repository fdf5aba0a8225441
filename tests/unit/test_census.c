/* test_census.c - the stratified sample: exact properties on random trees, by brute force, and an
 * index run that is held to a sample.
 * Next:    src/code/census.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "code/census.h"
#include "sandbox.h"

#define FILES_MAX 400

/* A made-up census, not sorted yet: files with languages and sizes over all classes. */
static void make(gsaw__census *census, char (*names)[24], unsigned *seed)
{
    size_t count = (size_t)rand_r(seed) % FILES_MAX;
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "d%d/f%zu.py", rand_r(seed) % 9, i);
        gsaw__census_file file = {
            .path = names[i],
            .path_size = (uint32_t)strlen(names[i]),
            .bytes = (uint64_t)rand_r(seed) >> (rand_r(seed) % 31),
            .language = (uint8_t)(rand_r(seed) % 3),
        };
        assert_true(gsaw__array_push(&census->files, NULL, file));
    }
}

static unsigned class_of(uint64_t bytes)
{
    unsigned class = 0;
    while (bytes > 1) {
        bytes /= 2;
        class ++;
    }
    return class;
}

/* Strata cover all files, each once, and hold what belongs together. */
static void check_strata(const gsaw__census *census)
{
    size_t at = 0;
    for (size_t i = 0; i < census->strata.count; i++) {
        const gsaw__stratum *stratum = &census->strata.items[i];
        uint64_t bytes = 0;
        assert_int_equal(stratum->first, at);
        assert_true(stratum->count > 0);
        for (size_t k = 0; k < stratum->count; k++, at++) {
            const gsaw__census_file *file = &census->files.items[at];
            assert_int_equal(file->language, stratum->language);
            assert_int_equal(class_of(file->bytes), stratum->size_class);
            assert_true(k == 0 || file[-1].order <= file->order);
            bytes += file->bytes;
        }
        assert_int_equal(bytes, stratum->bytes);
        if (i > 0) {
            const gsaw__stratum *before = stratum - 1;
            assert_true(before->language < stratum->language ||
                        (before->language == stratum->language &&
                         before->size_class < stratum->size_class));
        }
    }
    assert_int_equal(at, census->files.count);
}

static bool has_below(const gsaw__census *census, uint64_t cap)
{
    for (size_t i = 0; i < census->files.count; i++)
        if (class_of(census->files.items[i].bytes) < class_of(cap))
            return true;
    return false;
}

/* What gsaw__census_draw promises. */
static void check_draw(const gsaw__census *census, gsaw__draw draw, uint64_t wanted, uint64_t cap)
{
    size_t files = 0;
    uint64_t bytes = 0, eligible = 0, slack = 0;
    bool has_small = has_below(census, cap);
    for (size_t i = 0; i < census->files.count; i++)
        if (class_of(census->files.items[i].bytes) < class_of(cap))
            eligible += census->files.items[i].bytes;
    for (size_t i = 0; i < census->strata.count; i++) {
        const gsaw__stratum *stratum = &census->strata.items[i];
        double share = eligible == 0 ? 1 : (double)wanted / (double)eligible;
        assert_true(stratum->drawn <= stratum->count);
        files += stratum->drawn;
        for (size_t k = 0; k < stratum->drawn; k++)
            bytes += census->files.items[stratum->first + k].bytes;
        if (!has_small)
            continue;
        if (stratum->size_class >= class_of(cap)) {
            assert_int_equal(stratum->drawn, 0);
            continue;
        }
        if (share >= 1) {
            assert_int_equal(stratum->drawn, stratum->count);
            continue;
        }
        double part = share * (double)stratum->count; /* the same part of each, or one */
        assert_true(stratum->drawn >= 1);
        assert_true(stratum->drawn == 1 || ((double)stratum->drawn <= part + 0.5 + 1e-9 &&
                                            (double)stratum->drawn >= part - 0.5 - 1e-9));
        slack += UINT64_C(2) << stratum->size_class; /* its rounding, at most one file */
    }
    assert_int_equal(draw.files, files);
    assert_int_equal(draw.bytes, bytes);
    if (!has_small)
        assert_int_equal(files, census->files.count == 0 ? 0 : 1);
    else if (eligible > wanted) /* sizes within a class differ by a factor below 2 */
        assert_true(bytes <= 2 * wanted + slack);
}

static void test_draw_keeps_its_promises(void **state)
{
    (void)state;
    static char names[FILES_MAX][24];
    for (unsigned trial = 0; trial < 400; trial++) {
        unsigned seed = trial;
        gsaw__census census = {.allocator = NULL};
        make(&census, names, &seed);
        assert_true(gsaw__census_sort(&census, trial));
        check_strata(&census);
        for (unsigned i = 0; i < 6; i++) {
            uint64_t wanted = (uint64_t)rand_r(&seed) >> (rand_r(&seed) % 31);
            uint64_t cap = UINT64_C(1) << (rand_r(&seed) % 34);
            gsaw__draw draw = gsaw__census_draw(&census, wanted, cap);
            check_draw(&census, draw, wanted, cap);
        }
        gsaw__census_clear(&census);
    }
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const gsaw__census_file *)left)->path,
                  ((const gsaw__census_file *)right)->path);
}

/* The sample depends on the files and the seed, not on the order they came in; a smaller one is
 * part of a larger one. */
static void test_draw_is_a_function_of_the_tree_and_the_seed(void **state)
{
    (void)state;
    static char names[FILES_MAX][24];
    for (unsigned trial = 0; trial < 50; trial++) {
        unsigned seed = trial;
        gsaw__census first = {.allocator = NULL}, second = {.allocator = NULL};
        make(&first, names, &seed);
        if (first.files.items == NULL)
            continue;
        for (size_t i = 0; i < first.files.count; i++)
            assert_true(gsaw__array_push(&second.files, NULL, first.files.items[i]));
        assert_non_null(second.files.items);
        if (second.files.items == NULL)
            continue;
        qsort(second.files.items, second.files.count, sizeof *second.files.items, by_name);
        assert_true(gsaw__census_sort(&first, 5) && gsaw__census_sort(&second, 5));
        for (size_t i = 0; i < first.files.count; i++)
            assert_ptr_equal(first.files.items[i].path, second.files.items[i].path);
        (void)gsaw__census_draw(&first, 1000, UINT64_C(1) << 33);
        (void)gsaw__census_draw(&second, 100000, UINT64_C(1) << 33);
        for (size_t i = 0; i < first.strata.count; i++)
            assert_true(first.strata.items[i].drawn <= second.strata.items[i].drawn);
        size_t moved = 0;
        assert_true(gsaw__census_sort(&second, 6));
        for (size_t i = 0; i < first.files.count; i++)
            moved += first.files.items[i].path != second.files.items[i].path;
        if (first.files.count > 300)
            assert_true(moved > 0);
        gsaw__census_clear(&first);
        gsaw__census_clear(&second);
    }
}

static bool is_drawn(const gsaw__census *census, const char *path)
{
    for (size_t i = 0; i < census->strata.count; i++) {
        const gsaw__stratum *stratum = &census->strata.items[i];
        for (size_t k = 0; k < stratum->drawn; k++)
            if (strcmp(census->files.items[stratum->first + k].path, path) == 0)
                return true;
    }
    return false;
}

static void fill_tree(const sandbox *box)
{
    char path[64], text[4096];
    for (int i = 0; i < 60; i++) {
        snprintf(path, sizeof path, "a/%d/%s/f%d.%s", i % 5, i % 3 == 0 ? "x" : "y", i,
                 i % 4 == 0 ? "ts" : "py");
        size_t size = 8u << (i % 9);
        memset(text, ' ', size);
        text[size - 1] = '\n';
        text[size] = 0;
        sandbox_file(box, path, text);
    }
    sandbox_file(box, "a/ignored/z.py", "x = 1\n");
    sandbox_file(box, "a/notes.txt", "no source\n");
    sandbox_file(box, ".gitignore", "ignored\n");
}

/* A run over a sample indexes these files, all of them and no other. */
static void test_run_is_held_to_the_sample(void **state)
{
    (void)state;
    sandbox box;
    sandbox_init(&box);
    fill_tree(&box);
    gsaw_config config = {.size = sizeof config, .num_workers = 2, .max_file_size = 2000};
    gsaw_codebase *code = NULL;
    assert_int_equal(gsaw_codebase_open(box.root, &config, &code, NULL), GSAW_OK);
    gsaw__census census = {.allocator = NULL};
    assert_int_equal(gsaw__census_take(&census, code, 3, NULL), GSAW_OK);
    assert_int_equal(census.files.count, 54); /* those of 2,048 bytes are too large */
    assert_int_equal(census.largest, 1024);
    gsaw__draw draw = gsaw__census_draw(&census, census.bytes / 16, 512);
    assert_in_range(draw.files, 6, 30);
    gsaw__map only = {.allocator = NULL};
    assert_true(gsaw__census_select(&census, &only));
    code->only = &only;
    assert_int_equal(gsaw_codebase_index(code, NULL), GSAW_OK);
    assert_int_equal(gsaw_codebase_file_count(code), draw.files);
    gsaw_file file;
    for (size_t i = 0; gsaw_codebase_file_at(code, i, &file) == GSAW_OK; i++)
        assert_true(is_drawn(&census, file.path));
    gsaw__map_clear(&only);
    gsaw__census_clear(&census);
    gsaw_codebase_close(code);
    sandbox_clear(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draw_keeps_its_promises),
        cmocka_unit_test(test_draw_is_a_function_of_the_tree_and_the_seed),
        cmocka_unit_test(test_run_is_held_to_the_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
