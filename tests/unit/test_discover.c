/* test_discover.c - what discovery lists and in which order: patterns, ignore files, links, any
 * workers.
 * Next:    src/code/discover.h, test_discover_faults.c, test_ignore_git.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "sandbox.h"

#include "base/clock.h"
#include "code/sort.h"

#define PATTERNS(...)                                                                              \
    {                                                                                              \
        (const char *const[]){__VA_ARGS__},                                                        \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)                      \
    }

static sandbox box;

static int set_up(void **state)
{
    (void)state;
    sandbox_init(&box);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sandbox_clear(&box);
    return 0;
}

static void test_discover_lists_sources_by_path(void **state)
{
    (void)state;
    sandbox_files(&box, "b.py a.ts a/b.js a/c/d.tsx a-b.mjs a.b/x.py ab.pyi a/none.txt README z/ "
                        "a0/y.py x.py/z.py");
    assert_found(&box, "a-b.mjs a.b/x.py a.ts a/b.js a/c/d.tsx a0/y.py ab.pyi b.py x.py/z.py",
                 .size = 0);
    assert_found(
        &box,
        "README a-b.mjs a.b/x.py a.ts a/b.js a/c/d.tsx a/none.txt a0/y.py ab.pyi b.py x.py/z.py",
        .all_files = true);
}

static void test_discover_gives_languages(void **state)
{
    (void)state;
    sandbox_files(&box, "a.py b.txt");
    gsaw_paths *paths;
    gsaw_discover_options options = {.size = sizeof options, .all_files = true};
    gsaw_path path;
    assert_int_equal(gsaw_discover_files(box.root, &options, &paths, NULL), GSAW_OK);
    assert_int_equal(gsaw_paths_count(paths), 2);
    assert_int_equal(gsaw_paths_at(paths, 0, &path), GSAW_OK);
    assert_string_equal(path.language, "python");
    assert_int_equal(gsaw_paths_at(paths, 1, &path), GSAW_OK);
    assert_string_equal(path.language, "");
    assert_int_equal(gsaw_paths_at(paths, 2, &path), GSAW_RANGE);
    gsaw_paths_free(paths);
    gsaw_paths_free(NULL);
}

static void test_discover_of_nothing_is_empty(void **state)
{
    (void)state;
    assert_found(&box, "", .size = 0);
    gsaw_paths *paths;
    assert_int_equal(gsaw_discover_files(box.root, NULL, &paths, NULL), GSAW_OK);
    assert_int_equal(gsaw_paths_count(paths), 0);
    gsaw_paths_free(paths);
}

static void test_discover_names_a_wrong_root(void **state)
{
    (void)state;
    gsaw_paths *paths = NULL;
    gsaw_error error = {0};
    char path[128];
    sandbox_files(&box, "a.py");
    snprintf(path, sizeof path, "%s/missing", box.root);
    assert_int_equal(gsaw_discover_files(path, NULL, &paths, &error), GSAW_NOT_FOUND);
    assert_non_null(strstr(error.text, path));
    snprintf(path, sizeof path, "%s/a.py", box.root);
    assert_int_equal(gsaw_discover_files(path, NULL, &paths, &error), GSAW_INVALID);
    assert_non_null(strstr(error.text, path));
    gsaw_discover_options options = {.size = 1};
    assert_int_equal(gsaw_discover_files(box.root, &options, &paths, &error), GSAW_INVALID);
    assert_null(paths);
}

static void test_discover_keeps_names_byte_by_byte(void **state)
{
    (void)state;
    sandbox_files(&box, "a\nb.py \xff\xfe.py \xc3\xa9.py \x01.py \x1b[31m.py d\n/\x80.py");
    assert_found(&box, "\x01.py \x1b[31m.py a\nb.py d\n/\x80.py \xc3\xa9.py \xff\xfe.py",
                 .size = 0);
}

static void test_discover_skips_hidden_names(void **state)
{
    (void)state;
    sandbox_files(&box, "a.py .b.py .c/d.py .git/hooks/e.py x/.git/f.py y/.git z/.github/g.py");
    assert_found(&box, "a.py", .size = 0);
    assert_found(&box, ".b.py .c/d.py a.py z/.github/g.py", .hidden = true);
}

static void test_discover_obeys_ignore_files(void **state)
{
    (void)state;
    sandbox_files(&box,
                  "a.py b.py c.py gen/x.py keep/gen/x.py keep/y.py build/z.py src/build/z.py");
    sandbox_file(&box, ".gitignore", "b.py\ngen/\n/build\n");
    sandbox_file(&box, "keep/.gitignore", "!gen/\n");
    assert_found(&box, "a.py c.py keep/gen/x.py keep/y.py src/build/z.py", .size = 0);
    assert_found(&box, "a.py b.py build/z.py c.py gen/x.py keep/gen/x.py keep/y.py src/build/z.py",
                 .no_ignore = true);
}

static void test_discover_ignore_files_have_precedence(void **state)
{
    (void)state;
    sandbox_files(&box, "a.py b.py c.py d.py e.py sub/a.py sub/e.py");
    sandbox_file(&box, ".git/info/exclude", "a.py\ne.py\n");
    sandbox_file(&box, ".gitignore", "!a.py\nb.py\nc.py\n");
    sandbox_file(&box, ".ignore", "!b.py\nd.py\n");
    sandbox_file(&box, ".gangsawignore", "!c.py\n!d.py\nb.py\n");
    assert_found(&box, "a.py c.py d.py sub/a.py", .size = 0);
    sandbox_file(&box, "sub/.gitignore", "!e.py\na.py\n"); /* deeper wins over any kind above */
    assert_found(&box, "a.py c.py d.py sub/e.py", .size = 0);
    sandbox_file(&box, "sub/.git/info/exclude", "e.py\n"); /* of the root alone */
    assert_found(&box, "a.py c.py d.py sub/e.py", .size = 0);
}

static void test_discover_follows_no_git_file(void **state)
{
    (void)state;
    sandbox_files(&box, "a.py");
    sandbox_file(&box, "real/info/exclude", "a.py\n");
    sandbox_file(&box, ".git", "gitdir: real\n");
    assert_found(&box, "a.py", .size = 0);
    assert_int_equal(unlinkat(box.folder, ".git", 0), 0);
    sandbox_link(&box, "real", ".git");
    assert_found(&box, "a.py", .size = 0);
}

static void test_discover_excludes_over_ignore_files(void **state)
{
    (void)state;
    sandbox_files(&box, "a.py b.py t/c.py t/d.py u/e.py");
    sandbox_file(&box, ".gitignore", "!a.py\nb.py\nu/\n");
    assert_found(&box, "t/c.py t/d.py", .exclude = PATTERNS("a.py"));
    assert_found(&box, "a.py", .exclude = PATTERNS("t/"));
    assert_found(&box, "a.py b.py t/d.py u/e.py",
                 .exclude = PATTERNS("/t/*", "!d.py", "!b.py", "!u"));
}

static void test_discover_includes_what_matches(void **state)
{
    (void)state;
    sandbox_files(&box, "a.py a.ts src/b.py src/gen/c.py src/gen/d.py x/src/e.py x/f.ts");
    assert_found(&box, "a.py src/b.py src/gen/c.py src/gen/d.py x/src/e.py",
                 .include = PATTERNS("*.py"));
    assert_found(&box, "src/b.py src/gen/c.py src/gen/d.py", .include = PATTERNS("/src/"));
    assert_found(&box, "src/b.py src/gen/d.py x/src/e.py",
                 .include = PATTERNS("src", "!gen/", "d.py"));
    assert_found(&box, "a.ts x/f.ts", .include = PATTERNS("*.ts"), .exclude = PATTERNS("src"));
    assert_found(&box, "", .include = PATTERNS("!a.py"));
    sandbox_file(&box, ".gitignore", "*.ts\n");
    assert_found(&box, "", .include = PATTERNS("*.ts")); /* an ignored file stays ignored */
}

static void test_discover_does_not_follow_links(void **state)
{
    (void)state;
    sandbox_files(&box, "a.py d/b.py");
    sandbox_link(&box, "a.py", "link.py");
    sandbox_link(&box, "d", "dir");
    sandbox_link(&box, "nowhere", "dangling.ts");
    sandbox_link(&box, "nowhere", "dangling.txt");
    assert_found(&box, "a.py d/b.py dangling.ts:symlink link.py:symlink", .size = 0);
}

static void test_discover_follows_links_inside(void **state)
{
    (void)state;
    sandbox_files(&box, "a.py .store/pkg/b.py .store/pkg/sub/c.py real/d.py lib/e.py");
    sandbox_link(&box, "../a.py", "lib/link.py");
    sandbox_link(&box, "../.store/pkg", "lib/pkg");
    sandbox_link(&box, "../.store/pkg", "lib/again"); /* the same: the first by path wins */
    sandbox_link(&box, "../real", "lib/real");        /* listed under its own path */
    sandbox_link(&box, "..", "lib/loop");
    sandbox_link(&box, "loop2", "lib/loop2");
    sandbox_link(&box, "nowhere", "lib/dangling.py");
    sandbox_link(&box, "../../etc", "lib/out");
    sandbox_link(&box, "../../etc/passwd", "lib/out.py");
    sandbox_link(&box, "/etc/passwd", "lib/absolute.py");
    sandbox_link(&box, "..", ".store/pkg/up");
    for (uint32_t workers = 1; workers <= 3; workers++)
        assert_found(&box,
                     "a.py lib/absolute.py:symlink lib/again/b.py lib/again/sub/c.py "
                     "lib/dangling.py:symlink lib/e.py lib/link.py lib/out.py:symlink real/d.py",
                     .follow = true, .workers = workers);
}

static void test_discover_applies_patterns_below_links(void **state)
{
    (void)state;
    sandbox_files(&box, ".store/b.py .store/x.py .store/deep/y.py");
    sandbox_link(&box, "../.store", "lib/s");
    sandbox_file(&box, "lib/.gitignore", "x.py\n/s/deep\n");
    assert_found(&box, "lib/s/b.py", .follow = true);
    sandbox_file(&box, "lib/.gitignore", "s/\n"); /* entered as a directory, so it is one */
    assert_found(&box, "", .follow = true);
}

static uint64_t random_state;

static uint32_t pick(uint32_t below)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* A tree of some hundred names, with ignore files, links and odd files among them. */
static void make_random_tree(void)
{
    static const char *const ends[] = {".py", ".ts", ".tsx", ".txt", "", ".js"};
    static char folders[60][256];
    char path[256], target[300];
    uint32_t count = 1;
    for (uint32_t i = 0; i < 400; i++) {
        const char *folder = folders[pick(count)];
        snprintf(path, sizeof path, "%s%.1s%u%s", folder, &"ab.-"[pick(4)], pick(40),
                 ends[pick(6)]);
        if (faccessat(box.folder, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            continue;
        uint32_t kind = pick(12);
        if (kind < 2 && count < 60 && strlen(path) < 150) {
            size_t size = strlen(path);
            path[size] = '/';
            path[size + 1] = 0;
            sandbox_folders(&box, path);
            memcpy(folders[count++], path, sizeof path);
            if (pick(4) != 0)
                continue;
            snprintf(target, sizeof target, "%s.gitignore", path);
            sandbox_file(&box, target, pick(2) == 0 ? "*1.py\na*/\n" : "!*1.py\n/b*\n**/b2*/**\n");
        } else if (kind == 2) {
            snprintf(target, sizeof target, "./%s", folders[pick(count)]);
            sandbox_link(&box, pick(2) == 0 ? ".." : target, path);
        } else {
            sandbox_file(&box, path, "");
        }
    }
}

static void test_discover_is_the_same_for_any_workers(void **state)
{
    (void)state;
    uint64_t seed = random_state = gsaw__clock_ns() | 1;
    make_random_tree();
    for (int variant = 0; variant < 4; variant++) {
        gsaw__buffer first = {0}, other = {0};
        gsaw_discover_options options = {.follow = variant == 1,
                                         .hidden = variant == 2,
                                         .all_files = variant == 3,
                                         .workers = 1};
        sandbox_find(&box, options, &first);
        static const uint32_t workers[] = {2, 3, 8, 2, 8};
        for (size_t i = 0; i < sizeof workers / sizeof *workers; i++) {
            options.workers = workers[i];
            sandbox_find(&box, options, &other);
            if (strcmp(first.bytes, other.bytes) != 0)
                fail_msg("seed %llu, variant %d: %u workers differ", (unsigned long long)seed,
                         variant, workers[i]);
        }
        assert_true(first.count > 0); /* however much a random ignore file leaves out */
        gsaw__buffer_clear(&first);
        gsaw__buffer_clear(&other);
    }
}

static void test_discover_sorts_large_directories(void **state)
{
    (void)state;
    char name[32];
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "directory_%u.py", i * 7919 % 3000);
        sandbox_file(&box, name, "");
    }
    gsaw_paths *paths;
    gsaw_path path, last = {.path = ""};
    assert_int_equal(gsaw_discover_files(box.root, NULL, &paths, NULL), GSAW_OK);
    assert_int_equal(gsaw_paths_count(paths), 3000);
    for (size_t i = 0; i < 3000; i++, last = path) {
        assert_int_equal(gsaw_paths_at(paths, i, &path), GSAW_OK);
        assert_true(strcmp(last.path, path.path) < 0);
    }
    gsaw_paths_free(paths);
}

/* The names "a", "a/", "a.", "a0" ...: where the slash of a directory decides, for every count of
 * items. */
static void test_candidates_sort_like_git_trees(void **state)
{
    (void)state;
    uint64_t seed = random_state = gsaw__clock_ns() | 1;
    static gsaw__candidate items[300], scratch[300];
    static char names[300 * 24];
    for (size_t count = 0; count <= 300; count += count < 40 ? 1 : 37) {
        size_t used = 0;
        for (size_t i = 0; i < count; i++) {
            gsaw__candidate *item = &items[i];
            *item = (gsaw__candidate){.name = (uint32_t)used, .is_directory = pick(2) == 0};
            item->name_size = (uint16_t)(1 + pick(14));
            for (uint32_t k = 0; k < item->name_size; k++)
                names[used++] = "aaaa.-0\xff"[pick(8)];
            if (item->is_directory)
                names[used++] = '/';
        }
        const gsaw__candidate *sorted = gsaw__candidate_sort(items, scratch, count, names);
        for (size_t i = 1; i < count; i++) {
            size_t size_a = (size_t)sorted[i - 1].name_size + sorted[i - 1].is_directory;
            size_t size_b = (size_t)sorted[i].name_size + sorted[i].is_directory;
            int order = memcmp(names + sorted[i - 1].name, names + sorted[i].name,
                               size_a < size_b ? size_a : size_b);
            if (order > 0 || (order == 0 && size_a > size_b))
                fail_msg("seed %llu: %zu of %zu", (unsigned long long)seed, i, count);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_discover_lists_sources_by_path),
        TEST(test_discover_gives_languages),
        TEST(test_discover_of_nothing_is_empty),
        TEST(test_discover_names_a_wrong_root),
        TEST(test_discover_keeps_names_byte_by_byte),
        TEST(test_discover_skips_hidden_names),
        TEST(test_discover_obeys_ignore_files),
        TEST(test_discover_ignore_files_have_precedence),
        TEST(test_discover_follows_no_git_file),
        TEST(test_discover_excludes_over_ignore_files),
        TEST(test_discover_includes_what_matches),
        TEST(test_discover_does_not_follow_links),
        TEST(test_discover_follows_links_inside),
        TEST(test_discover_applies_patterns_below_links),
        TEST(test_discover_is_the_same_for_any_workers),
        TEST(test_discover_sorts_large_directories),
        cmocka_unit_test(test_candidates_sort_like_git_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
