/* test_ignore_git.c - random pattern files against git check-ignore: the verdict must be git's on
 * every path. GSAW_SEED sets the seed, GSAW_CASES the number of cases; without git the test is
 * skipped and says so.
 * Next:    src/code/ignore.h, test_ignore.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gangsaw/code.h>

#include "base/clock.h"
#include "base/file.h"
#include "code/ignore.h"

#define CASES_PER_RUN 50
#define PATHS_PER_CASE 40
#define DEPTH_MAX 5

static char root[] = "/tmp/gsaw-ignore-XXXXXX";
static uint64_t seed, random_state;
static size_t seen[3]; /* how often each verdict came */

/* xorshift64* (Vigna 2016) */
static uint32_t pick(uint32_t below)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (uint32_t)((random_state * UINT64_C(2685821657736338717)) >> 33) % below;
}

static char *append(char *at, const char *text)
{
    while (*text != 0)
        *at++ = *text++;
    return at;
}

/* A name of one to three pieces, at most 20 bytes. Few pieces, so that patterns hit. */
static char *append_name(char *at)
{
    static const char *const common[] = {"a", "b", "ab", "c", ".", "a.b", "x", "0"};
    static const char *const rare[] = {"[",    "]",    "*",    "\\",       "?",    "!",  "#",
                                       " ",    "-",    "^",    ":",        "\r",   "\t", "\v",
                                       "\x01", "\x05", "\x7f", "\xc3\xa9", "\xff", "~",  "_"};
    for (uint32_t left = 1 + pick(3); left != 0; left--)
        at = append(at, pick(6) != 0 ? common[pick(8)] : rare[pick(21)]);
    return at;
}

static char *append_set(char *at)
{
    static const char *const pieces[] = {
        "a",         "b",         "c",         "a-c",       "x-z",       "0-9",       "-",
        "]",         "\\]",       "\\\\",      "!",         "^",         "[:alpha:]", "[:digit:]",
        "[:space:]", "[:punct:]", "[:upper:]", "[:cntrl:]", "[:print:]", "[:graph:]", "[:xdigit:]",
        "[:blank:]", "[:alnum:]", "[:lower:]", "[:",        "[:bad:]",   ":]",        "\\",
        "\xc3-\xff", "[",         "/"};
    *at++ = '[';
    if (pick(3) == 0)
        *at++ = pick(2) == 0 ? '!' : '^';
    for (uint32_t left = 1 + pick(3); left != 0; left--)
        at = append(at, pieces[pick(31)]);
    if (pick(8) != 0)
        *at++ = ']';
    return at;
}

static char *append_segment(char *at)
{
    static const char *const wild[] = {"*",   "**",  "?",   "*.b", "a*",
                                       "***", "*b*", "\\*", "\\a", "\\"};
    for (uint32_t left = 1 + pick(2); left != 0; left--) {
        uint32_t kind = pick(6);
        if (kind < 3)
            at = append_name(at);
        else if (kind < 5)
            at = append(at, wild[pick(10)]);
        else
            at = append_set(at);
    }
    return at;
}

static char *append_line(char *at)
{
    static const char *const starts[] = {"!", "!", "/", "**/", "#", "\\#", "\\!", " "};
    static const char *const ends[] = {"/",   "/",  "/**", "/*",   " ",  "  ",
                                       "\\ ", "\r", "//",  "/**/", "\\", "**"};
    if (pick(3) == 0)
        at = append(at, starts[pick(8)]);
    for (uint32_t left = 1 + pick(3); left != 0; left--) {
        at = append_segment(at);
        if (left > 1)
            at = append(at, pick(3) == 0 ? "/**/" : "/");
    }
    if (pick(3) == 0)
        at = append(at, ends[pick(12)]);
    *at++ = '\n';
    return at;
}

/* A folder with an ignore file. */
struct folder {
    char path[160]; /* below the case's folder; "" for that one */
    gsaw__ignore list;
    bool has_list;
};

struct test_case {
    struct folder folders[PATHS_PER_CASE];
    size_t folder_count;
    struct {
        char path[160];
        bool is_directory;
    } paths[PATHS_PER_CASE];
    size_t path_count;
};

static void write_file(const char *path, const char *bytes, size_t count)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(descriptor >= 0);
    assert_int_equal(gsaw__file_write_all(descriptor, bytes, count), 0);
    close(descriptor);
}

/* An ignore file of one to four lines in the folder, read by us as well. */
static void make_list(struct folder *folder, const char *where)
{
    char text[2048], path[512], *end = text;
    if (pick(20) == 0)
        end = append(end, "\xef\xbb\xbf");
    for (uint32_t left = 1 + pick(4); left != 0; left--)
        end = append_line(end);
    if (pick(4) == 0)
        end--; /* no line feed at the end of the file */
    snprintf(path, sizeof path, "%s/.gitignore", where);
    write_file(path, text, (size_t)(end - text));
    gsaw__ignore_init(&folder->list, NULL);
    folder->has_list = true;
    assert_true(gsaw__ignore_add_text(&folder->list, text, (size_t)(end - text)));
}

static bool is_taken(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

/* A random tree with ignore files in the folder `base`. */
static void make_case(struct test_case *self, const char *base)
{
    self->folder_count = 1;
    self->path_count = 0;
    self->folders[0] = (struct folder){.has_list = false};
    assert_int_equal(mkdir(base, 0777), 0);
    make_list(&self->folders[0], base);
    for (int tries = 0; tries < PATHS_PER_CASE - 1; tries++) {
        const struct folder *parent = &self->folders[pick((uint32_t)self->folder_count)];
        char name[32], path[400], below[160];
        *append_name(name) = 0;
        if (strspn(name, ".") == strlen(name))
            continue; /* "." and ".." */
        if (strlen(parent->path) > 100)
            continue;
        snprintf(below, sizeof below, "%s%s%s", parent->path, parent->path[0] ? "/" : "", name);
        snprintf(path, sizeof path, "%s/%s", base, below);
        if (is_taken(path))
            continue;
        bool is_directory = pick(3) == 0;
        self->paths[self->path_count].is_directory = is_directory;
        memcpy(self->paths[self->path_count++].path, below, sizeof below);
        if (!is_directory) {
            write_file(path, "", 0);
            continue;
        }
        assert_int_equal(mkdir(path, 0777), 0);
        struct folder *folder = &self->folders[self->folder_count++];
        *folder = (struct folder){.has_list = false};
        memcpy(folder->path, below, sizeof below);
        if (pick(3) == 0)
            make_list(folder, path);
    }
}

static void clear_case(struct test_case *self)
{
    for (size_t i = 0; i < self->folder_count; i++)
        if (self->folders[i].has_list)
            gsaw__ignore_clear(&self->folders[i].list);
}

/* What the lists of all folders above the path say, the deepest first. */
static enum gsaw__ignore_verdict verdict_at(const struct test_case *self, const char *path,
                                            size_t size, bool is_directory)
{
    const char *slash = memrchr(path, '/', size);
    size_t name_size = slash == NULL ? size : (size_t)(path + size - slash) - 1;
    for (size_t above = size; above != 0;) {
        const char *cut = memrchr(path, '/', above);
        above = cut == NULL ? 0 : (size_t)(cut - path);
        for (size_t i = 0; i < self->folder_count; i++) {
            const struct folder *folder = &self->folders[i];
            if (strlen(folder->path) != above || memcmp(folder->path, path, above) != 0 ||
                !folder->has_list)
                continue;
            size_t base = above == 0 ? 0 : above + 1;
            enum gsaw__ignore_verdict verdict = gsaw__ignore_match(
                &folder->list, path + base, size - base, name_size, is_directory);
            if (verdict != GSAW_IGNORE_NONE)
                return verdict;
        }
    }
    return GSAW_IGNORE_NONE;
}

/* As git: the first folder on the way that is ignored decides for all below. */
static enum gsaw__ignore_verdict verdict_of(const struct test_case *self, const char *path,
                                            bool is_directory)
{
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
        if (verdict_at(self, path, (size_t)(slash - path), true) == GSAW_IGNORE_MATCH)
            return GSAW_IGNORE_MATCH;
    return verdict_at(self, path, strlen(path), is_directory);
}

static int run(const char *command)
{
    char whole[1024];
    snprintf(whole, sizeof whole,
             "cd %s && export HOME=%s XDG_CONFIG_HOME=%s GIT_CONFIG_NOSYSTEM=1 GIT_DIR=%s/.git "
             "GIT_WORK_TREE=%s && %s",
             root, root, root, root, root, command);
    return system(whole);
}

/* The next zero-terminated field of git's output. */
static const char *next_field(const char **at, const char *end)
{
    const char *field = *at;
    assert_true(field < end);
    *at = field + strlen(field) + 1;
    return field;
}

static size_t compare(const struct test_case *tests, size_t count, const char **at, const char *end)
{
    size_t compared = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < tests[i].path_count; k++) {
            const char *source = next_field(at, end);
            const char *line = next_field(at, end);
            const char *pattern = next_field(at, end);
            const char *path = next_field(at, end);
            enum gsaw__ignore_verdict expected = source[0] == 0      ? GSAW_IGNORE_NONE
                                                 : pattern[0] == '!' ? GSAW_IGNORE_KEEP
                                                                     : GSAW_IGNORE_MATCH;
            enum gsaw__ignore_verdict got =
                verdict_of(&tests[i], tests[i].paths[k].path, tests[i].paths[k].is_directory);
            if (got != expected)
                fail_msg("seed %llu: '%s': git says %d by %s:%s '%s', we say %d",
                         (unsigned long long)seed, path, (int)expected, source, line, pattern,
                         (int)got);
            seen[expected]++;
            compared++;
        }
    }
    return compared;
}

/* Discovery of the case's folder must list exactly the files that are not left out. */
static void compare_discovery(const struct test_case *self, gsaw_pool *pool, const char *base)
{
    gsaw_discover_options options = {
        .size = sizeof options, .pool = pool, .hidden = true, .all_files = true};
    gsaw_paths *paths;
    gsaw_path path;
    assert_int_equal(gsaw_discover_files(base, &options, &paths, NULL), GSAW_OK);
    size_t expected = 0, found = 0;
    for (size_t k = 0; k < self->path_count; k++)
        expected += !self->paths[k].is_directory &&
                    verdict_of(self, self->paths[k].path, false) != GSAW_IGNORE_MATCH;
    for (size_t i = 0; gsaw_paths_at(paths, i, &path) == GSAW_OK; i++) {
        const char *slash = strrchr(path.path, '/');
        found += strcmp(slash == NULL ? path.path : slash + 1, ".gitignore") != 0;
        if (verdict_of(self, path.path, false) == GSAW_IGNORE_MATCH)
            fail_msg("seed %llu: %s/%s is listed", (unsigned long long)seed, base, path.path);
    }
    if (found != expected)
        fail_msg("seed %llu: %s has %zu files, %zu are listed", (unsigned long long)seed, base,
                 expected, found);
    gsaw_paths_free(paths);
}

/* One git process for many cases, each in a folder of its own. */
static size_t run_cases(struct test_case *tests, size_t count, gsaw_pool *pool)
{
    gsaw__buffer paths = {0}, answer = {0};
    char name[64];
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%s/c%zu", root, i);
        make_case(&tests[i], name);
        for (size_t k = 0; k < tests[i].path_count; k++) {
            gsaw__buffer_printf(&paths, "c%zu/%s", i, tests[i].paths[k].path);
            gsaw__buffer_append_byte(&paths, 0);
        }
    }
    snprintf(name, sizeof name, "%s/paths", root);
    write_file(name, paths.bytes, paths.count);
    int status = run("git check-ignore --no-index -v -n -z --stdin <paths >answer");
    assert_true(status == 0 || status == 256);
    snprintf(name, sizeof name, "%s/answer", root);
    gsaw__read read = gsaw__file_read(AT_FDCWD, name, true, UINT64_MAX, &answer);
    assert_int_equal(read.result, GSAW_READ_OK);
    const char *at = answer.bytes;
    size_t compared = compare(tests, count, &at, answer.bytes + answer.count);
    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%s/c%zu", root, i);
        compare_discovery(&tests[i], pool, name);
        clear_case(&tests[i]);
    }
    gsaw__buffer_clear(&paths);
    gsaw__buffer_clear(&answer);
    assert_int_equal(run("rm -rf c*"), 0);
    return compared;
}

static void test_ignore_agrees_with_git(void **state)
{
    (void)state;
    if (system("git --version >/dev/null 2>&1") != 0) {
        print_message("SKIPPED: there is no git on this machine\n");
        skip();
    }
    const char *given = getenv("GSAW_SEED"), *wanted = getenv("GSAW_CASES");
    seed = given != NULL ? strtoull(given, NULL, 10) : gsaw__clock_ns();
    random_state = seed | 1;
    size_t left = wanted != NULL ? strtoull(wanted, NULL, 10) : 600, compared = 0;
    struct test_case *tests = calloc(CASES_PER_RUN, sizeof *tests);
    assert_non_null(tests);
    gsaw_pool *pool;
    gsaw_pool_options options = {.size = sizeof options, .workers = 2};
    assert_int_equal(gsaw_pool_new(&options, &pool, NULL), GSAW_OK);
    assert_non_null(mkdtemp(root));
    assert_int_equal(run("git init -q ."), 0);
    while (left != 0) {
        size_t count = left < CASES_PER_RUN ? left : CASES_PER_RUN;
        compared += run_cases(tests, count, pool);
        left -= count;
    }
    print_message("%zu paths: %zu matched, %zu kept; seed %llu\n", compared,
                  seen[GSAW_IGNORE_MATCH], seen[GSAW_IGNORE_KEEP], (unsigned long long)seed);
    assert_true(seen[GSAW_IGNORE_MATCH] > compared / 20 && seen[GSAW_IGNORE_KEEP] != 0);
    assert_int_equal(run("rm -rf .git paths answer"), 0);
    assert_int_equal(rmdir(root), 0);
    gsaw_pool_free(pool);
    free(tests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ignore_agrees_with_git)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
