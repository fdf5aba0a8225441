/* test_parse_files.c - parse_files_parallel: every path told of once, trees lent and kept, users'
 * parsers by extension, hostile files, odd bytes, limits, cancelling, allocations failing.
 * Next:    src/code/parse_files.c, test_tree.c, test_process_files.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "sandbox.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "lang/tree.h"
#include "lang_sources.h"

#define SECOND ((uint64_t)1000 * 1000 * 1000)

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

enum { ROOM = 512 };

/* What was told of each path, as text; and the trees, where they are to be kept. */
typedef struct told {
    _Atomic uint32_t times[ROOM], calls, cancel;
    char text[ROOM][160];
    bool keeps;
    gsaw_tree *trees[ROOM];
    uint32_t cancel_after;
    gsaw_status status; /* what the function returns */
} told;

static gsaw_status tell(void *context, const gsaw_parsed *parsed)
{
    told *self = context;
    gsaw_status status = self->status;
    atomic_fetch_add(&self->times[parsed->index], 1);
    const char *root = parsed->tree == NULL
                           ? "-"
                           : gsaw_tree_kind_name(parsed->tree, gsaw_tree_nodes(parsed->tree)->kind);
    snprintf(self->text[parsed->index], sizeof self->text[0], "%s %s %s %s (%s) %u",
             parsed->language == NULL ? "-" : parsed->language, root,
             gsaw_file_status_name(parsed->status), gsaw_reason_name(parsed->reason), parsed->text,
             parsed->line);
    bool has_tree = parsed->status == GSAW_FILE_OK || parsed->status == GSAW_FILE_PARTIAL;
    assert_true(has_tree == (parsed->tree != NULL));
    if (parsed->tree != NULL) {
        assert_true(gsaw__tree_check(parsed->tree));
        if (self->keeps)
            status = gsaw_tree_dup(parsed->tree, NULL, &self->trees[parsed->index], NULL);
    }
    if (atomic_fetch_add(&self->calls, 1) + 1 == self->cancel_after)
        self->cancel = 1;
    return status;
}

static gsaw_strings list(const char *const *items, size_t count)
{
    return (gsaw_strings){.items = items, .count = count};
}

#define LIST(...)                                                                                  \
    list((const char *const[]){__VA_ARGS__},                                                       \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static gsaw_parse_options below_root(told *self)
{
    return (gsaw_parse_options){
        .size = sizeof(gsaw_parse_options), .root = box.root, .context = self};
}

static void assert_told(const told *self, size_t index, const char *text)
{
    assert_int_equal(self->times[index], 1);
    assert_string_equal(self->text[index], text);
}

/* ---- users' parsers ---- */

enum { FILE_KIND, LINE, MANY_NODES = 600000 };
static const gsaw_tree_kind_row kinds[] = {{"file", true}, {"line", true}};

/* A node for each line; "fail" fails, "break" breaks the builder, "many" takes 12 MB. */
static gsaw_status parse_lines(void *context, gsaw_tree_builder *builder, const char *bytes,
                               size_t size, gsaw_error *error)
{
    (void)context;
    assert_int_equal(bytes[size], 0);
    if (size >= 4 && memcmp(bytes, "fail", 4) == 0) {
        snprintf(error->text, sizeof error->text, "as was asked for");
        return GSAW_INVALID;
    }
    if (size >= 5 && memcmp(bytes, "break", 5) == 0)
        gsaw_tree_builder_open(builder, 99, 0, 0);
    gsaw_tree_builder_open(builder, FILE_KIND, 0, 0);
    for (uint32_t i = 0; size >= 4 && memcmp(bytes, "many", 4) == 0 && i < MANY_NODES; i++)
        gsaw_tree_builder_leaf(builder, LINE, 0, 0, 0);
    for (uint32_t at = 0; at < size;) {
        const char *end = memchr(bytes + at, '\n', size - at);
        uint32_t next = end == NULL ? (uint32_t)size : (uint32_t)(end - bytes) + 1;
        gsaw_tree_builder_leaf(builder, LINE, 0, at, next);
        at = next;
    }
    gsaw_tree_builder_close(builder, (uint32_t)size);
    return GSAW_OK;
}

static gsaw_tree_parser lines_parser(const char *language, const char *const *extensions)
{
    return (gsaw_tree_parser){.size = sizeof(gsaw_tree_parser),
                              .language = language,
                              .extensions = extensions,
                              .kinds = kinds,
                              .kind_count = 2,
                              .parse = parse_lines};
}

static const char *const lines_extensions[] = {".lines", ".d.ts", NULL};
static const char *const text_extensions[] = {".txt", ".x.d.ts", ".jsx", NULL};

static void test_parse_each_by_its_extension(void **state)
{
    (void)state;
    sandbox_file(&box, "a.py", "x = 1\n");
    sandbox_file(&box, "b.ts", "let a = <T>b;\n");
    sandbox_file(&box, "c/d.tsx", "let a = <b/>;\n");
    sandbox_file(&box, "e.jsx", "let a = <b/>;\n");
    sandbox_file(&box, "f.mjs", "let a = = 1;\n");
    sandbox_file(&box, "g.d.ts", "1\n2\n");
    sandbox_file(&box, "h.x.d.ts", "1\n");
    sandbox_file(&box, "i.lines", "fail\n");
    sandbox_file(&box, "j.lines", "break\n");
    sandbox_file(&box, ".lines", "");
    gsaw_tree_parser parsers[] = {lines_parser("lines", lines_extensions),
                                  lines_parser("text", text_extensions)};
    for (uint32_t workers = 1; workers <= 4; workers++) {
        told self = {.calls = 0};
        gsaw_config config = {.size = sizeof config, .num_workers = workers};
        gsaw_parse_options options = below_root(&self);
        options.config = &config;
        options.parsers = parsers;
        options.parser_count = 2;
        gsaw_strings paths =
            LIST("a.py", "b.ts", "c/d.tsx", "e.jsx", "f.mjs", "g.d.ts", "h.x.d.ts", "i.lines",
                 "j.lines", "none.py", "k.c", NULL, "a.py", "c", ".lines", "");
        assert_int_equal(gsaw_parse_files(paths, &options, tell, NULL), GSAW_OK);
        assert_int_equal(self.calls, 16);
        assert_told(&self, 0, "python module ok  () 0");
        assert_told(&self, 1, "typescript program ok  () 0");
        assert_told(&self, 2, "tsx program ok  () 0");
        assert_told(&self, 3, "text file ok  () 0");
        assert_told(&self, 4, "javascript program partial syntax (syntax: line 1) 1");
        assert_told(&self, 5, "lines file ok  () 0");
        assert_told(&self, 6, "text file ok  () 0");
        assert_told(&self, 7, "lines - failed parser (as was asked for) 0");
        assert_told(&self, 8,
                    "lines - failed parser (lines: kind 99 is out of range: there are 2) 0");
        assert_told(&self, 9, "python - failed vanished (vanished) 0");
        assert_told(&self, 10, "- - skipped no-parser (no-parser) 0");
        assert_told(&self, 11, "- - failed io (Bad address) 0");
        assert_told(&self, 12, "python module ok  () 0");
        assert_told(&self, 13, "- - skipped no-parser (no-parser) 0");
        assert_told(&self, 14, "- - skipped no-parser (no-parser) 0");
        assert_told(&self, 15, "- - skipped no-parser (no-parser) 0");
    }
}

static void test_parse_odd_files(void **state)
{
    (void)state;
    told self = {.keeps = true};
    gsaw_config config = {.size = sizeof config, .num_workers = 2, .max_file_size = 100};
    gsaw_parse_options options = below_root(&self);
    options.config = &config;
    sandbox_folders(&box, "folder.py/");
    assert_int_equal(mkfifoat(box.folder, "fifo.py", 0600), 0);
    sandbox_link(&box, "/etc/passwd", "link.py");
    sandbox_file(&box, "large.py", "");
    sandbox_file(&box, "binary.py", "");
    sandbox_file(&box, "wide.py", "");
    int file = openat(box.folder, "large.py", O_WRONLY);
    assert_int_equal(ftruncate(file, 101), 0);
    close(file);
    file = openat(box.folder, "binary.py", O_WRONLY);
    assert_int_equal(write(file, "x\0y", 3), 3);
    close(file);
    file = openat(box.folder, "wide.py", O_WRONLY);
    assert_int_equal(write(file, "\xFF\xFEx\0=\0\xE9\0", 8), 8);
    close(file);
    sandbox_file(&box, "wide.lines", "");
    file = openat(box.folder, "wide.lines", O_WRONLY);
    assert_int_equal(write(file, "\xFE\xFF\0x\0\n\0y", 8), 8);
    close(file);
    gsaw_tree_parser parser = lines_parser("lines", lines_extensions);
    options.parsers = &parser;
    options.parser_count = 1;
    sandbox_file(&box, "bom.py", "\xEF\xBB\xBFx = 1\n");
    gsaw_strings paths = LIST("folder.py", "fifo.py", "link.py", "large.py", "binary.py", "wide.py",
                              "bom.py", "../x.py", "wide.lines");
    assert_int_equal(gsaw_parse_files(paths, &options, tell, NULL), GSAW_OK);
    assert_told(&self, 0, "python - skipped not-a-file (not-a-file) 0");
    assert_told(&self, 1, "python - skipped fifo (fifo) 0");
    assert_told(&self, 2, "python - skipped symlink (symlink) 0");
    assert_told(&self, 3, "python - skipped too-large (too-large) 0");
    assert_told(&self, 4, "python - skipped binary (binary) 0");
    assert_told(&self, 5, "python module ok  () 0");
    assert_told(&self, 6, "python module ok  () 0");
    assert_told(&self, 7, "python - skipped symlink (symlink) 0");
    assert_told(&self, 8, "lines file ok  () 0");
    size_t size;
    assert_string_equal(gsaw_tree_source(self.trees[5], &size), "x=\xC3\xA9");
    assert_int_equal(size, 4);
    assert_int_equal(gsaw_tree_nodes(self.trees[6])->end, 9);
    assert_int_equal(gsaw_tree_node_count(self.trees[8]), 3);
    gsaw_tree_free(self.trees[8]);
    gsaw_tree_free(self.trees[5]);
    gsaw_tree_free(self.trees[6]);
}

/* Each costs only itself. */
static void test_parse_hostile_files(void **state)
{
    (void)state;
    gsaw__buffer text = {0};
    for (int i = 0; i < 200000; i++)
        gsaw__buffer_append_text(&text, "a<");
    sandbox_file(&box, "memory.ts", gsaw__buffer_text(&text));
    gsaw__buffer_reset(&text);
    for (int depth = 0; depth <= 600; depth++) {
        for (int i = 0; i < depth; i++)
            gsaw__buffer_append_byte(&text, ' ');
        gsaw__buffer_append_text(&text, depth == 600 ? "'x'\n" : "if x:\n");
    }
    sandbox_file(&box, "indents.py", gsaw__buffer_text(&text));
    gsaw__buffer_clear(&text);
    sandbox_file(&box, "endless.tsx", "<a {{b:>c:d(e f)");
    sandbox_file(&box, "good.py", "x = 1\n");
    told self = {.calls = 0};
    gsaw_config config = {.size = sizeof config,
                          .num_workers = 2,
                          .timeout_per_file_ns = 100 * SECOND,
                          .max_memory_bytes = (uint64_t)128 << 20};
    gsaw_parse_options options = below_root(&self);
    options.config = &config;
    gsaw_strings paths = LIST("good.py", "indents.py", "memory.ts", "good.py");
    assert_int_equal(gsaw_parse_files(paths, &options, tell, NULL), GSAW_OK);
    assert_told(&self, 0, "python module ok  () 0");
    assert_told(&self, 1, "python module partial nesting (nesting: line 102) 102");
    assert_told(&self, 2, "typescript - failed memory (memory) 0");
    assert_told(&self, 3, "python module ok  () 0");
    self = (told){.calls = 0};
    config.timeout_per_file_ns = SECOND / 2;
    assert_int_equal(gsaw_parse_files(LIST("endless.tsx"), &options, tell, NULL), GSAW_OK);
    assert_true(strcmp(self.text[0], "tsx - failed timeout (timeout) 0") == 0 ||
                strcmp(self.text[0], "tsx - failed memory (memory) 0") == 0);
}

/* More than a file of that size is given at first: tried again with the most, if that is more. */
static void test_parse_takes_more_memory(void **state)
{
    (void)state;
    sandbox_file(&box, "a.lines", "many");
    gsaw_tree_parser parser = lines_parser("lines", lines_extensions);
    for (int is_narrow = 0; is_narrow < 2; is_narrow++) {
        told self = {.calls = 0};
        gsaw_config config = {.size = sizeof config,
                              .timeout_per_file_ns = 100 * SECOND,
                              .max_memory_bytes = (uint64_t)(is_narrow ? 16 : 512) << 20};
        gsaw_parse_options options = below_root(&self);
        options.config = &config;
        options.parsers = &parser;
        options.parser_count = 1;
        assert_int_equal(gsaw_parse_files(LIST("a.lines"), &options, tell, NULL), GSAW_OK);
        assert_told(&self, 0,
                    is_narrow ? "lines - failed memory (out of memory) 0" : "lines file ok  () 0");
    }
}

/* ---- calls that are wrong ---- */

static void test_parse_wrong_calls(void **state)
{
    (void)state;
    static const char *const again[] = {".other", ".lines", NULL};
    told self = {.calls = 0};
    gsaw_error error = {0};
    gsaw_parse_options options = below_root(&self);
    gsaw_tree_parser parsers[] = {lines_parser("lines", lines_extensions),
                                  lines_parser("again", again)};
    assert_int_equal(gsaw_parse_files(LIST("a.py"), &options, NULL, &error), GSAW_INVALID);
    assert_int_equal(gsaw_parse_files(list(NULL, 1), &options, tell, &error), GSAW_INVALID);
    options.size--;
    assert_int_equal(gsaw_parse_files(LIST("a.py"), &options, tell, &error), GSAW_INVALID);
    options.size++;
    options.parsers = parsers;
    options.parser_count = 2;
    assert_int_equal(gsaw_parse_files(LIST("a.py"), &options, tell, &error), GSAW_EXISTS);
    assert_string_equal(error.text, ".lines is of lines and of again");
    parsers[1].kind_count = 0;
    assert_int_equal(gsaw_parse_files(LIST("a.py"), &options, tell, &error), GSAW_RANGE);
    options = below_root(&self);
    options.root = "/no/such/folder";
    assert_int_equal(gsaw_parse_files(LIST("a.py"), &options, tell, &error), GSAW_NOT_FOUND);
    assert_int_equal(self.calls, 0);
    assert_int_equal(gsaw_parse_files(list(NULL, 0), NULL, tell, &error), GSAW_OK);
}

/* ---- many files ---- */

enum { MANY = 300 };
static char names[MANY][16];
static const char *many[MANY];

static int set_up_many(void **state)
{
    set_up(state);
    for (size_t i = 0; i < MANY; i++) {
        const lang_source *source = &lang_sources[i % LANG_SOURCE_COUNT];
        snprintf(names[i], sizeof names[i], "%zu%s", i, strchr(source->name, '.'));
        many[i] = names[i];
        sandbox_file(&box, names[i], source->text);
    }
    return 0;
}

typedef struct reader {
    pthread_t thread;
    gsaw_tree *const *trees;
    uint64_t sum;
} reader;

/* Reads all there is to read in all trees. */
static void *read_trees(void *argument)
{
    reader *self = argument;
    for (size_t i = 0; i < MANY; i++) {
        const gsaw_tree *tree = self->trees[i];
        for (uint32_t node = 0; node < gsaw_tree_node_count(tree); node++) {
            uint32_t line, column;
            size_t size;
            const char *text = gsaw_tree_text(tree, node, &size);
            gsaw_tree_position(tree, gsaw_tree_nodes(tree)[node].start, &line, &column);
            self->sum += line * 31 + column + size + (size == 0 ? 0 : (unsigned char)text[0]);
            self->sum += strlen(gsaw_tree_kind_name(tree, gsaw_tree_nodes(tree)[node].kind)) +
                         gsaw_tree_child_by_field(tree, node, gsaw_tree_field(tree, "name"));
        }
    }
    return NULL;
}

static void test_parse_kept_trees_are_read_by_all(void **state)
{
    (void)state;
    told self = {.keeps = true};
    gsaw_config config = {.size = sizeof config, .num_workers = 4};
    gsaw_parse_options options = below_root(&self);
    options.config = &config;
    assert_int_equal(gsaw_parse_files(list(many, MANY), &options, tell, NULL), GSAW_OK);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(self.times[i], 1);
        assert_string_equal(gsaw_tree_source(self.trees[i], NULL),
                            lang_sources[i % LANG_SOURCE_COUNT].text);
    }
    reader readers[4];
    for (size_t i = 0; i < 4; i++) {
        readers[i] = (reader){.trees = self.trees};
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_trees, &readers[i]), 0);
    }
    for (size_t i = 0; i < 4; i++)
        pthread_join(readers[i].thread, NULL);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(readers[i].sum, readers[0].sum);
    for (size_t i = 0; i < MANY; i++)
        gsaw_tree_free(self.trees[i]);
}

static void count_told(const told *self, size_t *cancelled)
{
    *cancelled = 0;
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(self->times[i], 1);
        *cancelled += strstr(self->text[i], " - failed cancelled (cancelled) 0") != NULL;
    }
}

static void test_parse_cancel_in_the_middle(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 2; workers++) {
        told self = {.cancel_after = 50};
        gsaw_config config = {.size = sizeof config, .num_workers = workers};
        gsaw_parse_options options = below_root(&self);
        options.config = &config;
        options.cancel = &self.cancel;
        gsaw_error error = {0};
        size_t cancelled;
        assert_int_equal(gsaw_parse_files(list(many, MANY), &options, tell, &error),
                         GSAW_CANCELLED);
        count_told(&self, &cancelled);
        assert_true(cancelled >= MANY - 50 - workers && cancelled <= MANY - 50);
    }
}

/* A parse that would not end is left. */
static void *cancel_soon(void *argument)
{
    told *self = argument;
    usleep(50000);
    self->cancel = 1;
    return NULL;
}

static void test_parse_cancel_leaves_a_parse(void **state)
{
    (void)state;
    sandbox_file(&box, "endless.tsx", "<a {{b:>c:d(e f)");
    told self = {.calls = 0};
    gsaw_config config = {.size = sizeof config, .timeout_per_file_ns = 600 * SECOND};
    gsaw_parse_options options = below_root(&self);
    options.config = &config;
    options.cancel = &self.cancel;
    pthread_t thread;
    uint64_t before = gsaw__clock_ns();
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &self), 0);
    gsaw_status status = gsaw_parse_files(LIST("endless.tsx"), &options, tell, NULL);
    pthread_join(thread, NULL);
    assert_true(status == GSAW_CANCELLED || strstr(self.text[0], "memory") != NULL);
    assert_true(gsaw__clock_ns() - before < 20 * SECOND);
    if (strstr(self.text[0], "memory") == NULL) /* it may run into that limit first */
        assert_told(&self, 0, "tsx - failed cancelled (cancelled) 0");
}

static void test_parse_failing_function_stops_all(void **state)
{
    (void)state;
    told self = {.status = GSAW_DAMAGED};
    gsaw_config config = {.size = sizeof config, .num_workers = 1};
    gsaw_parse_options options = below_root(&self);
    options.config = &config;
    gsaw_error error = {0};
    size_t cancelled;
    assert_int_equal(gsaw_parse_files(list(many, MANY), &options, tell, &error), GSAW_DAMAGED);
    assert_string_equal(error.text, "0.py: damaged data");
    count_told(&self, &cancelled);
    assert_int_equal(cancelled, MANY - 1);
}

static void test_parse_failing_allocations(void **state)
{
    (void)state;
    gsaw_tree_parser parser = lines_parser("lines", lines_extensions);
    sandbox_file(&box, "a.py", "def f(x): return [x]\n");
    sandbox_file(&box, "b.lines", "1\n2\n");
    bool is_done = false;
    for (size_t n = 1; !is_done; n++)
        for (int from = 0; from < 2; from++)
            for (uint32_t workers = 1; workers <= 2; workers++) {
                gsaw_failing_allocator failing;
                gsaw_failing_allocator_init(&failing, n, from);
                gsaw_config config = {
                    .size = sizeof config, .allocator = &failing.allocator, .num_workers = workers};
                told self = {.calls = 0};
                gsaw_parse_options options = below_root(&self);
                options.config = &config;
                options.parsers = &parser;
                options.parser_count = 1;
                gsaw_status status =
                    gsaw_parse_files(LIST("a.py", "b.lines"), &options, tell, NULL);
                assert_true(status == GSAW_OK || status == GSAW_NO_MEMORY);
                assert_int_equal(self.calls, status == GSAW_OK ? 2 : 0);
                if (status == GSAW_OK) {
                    assert_true(strcmp(self.text[0], "python module ok  () 0") == 0 ||
                                strcmp(self.text[0], "python - failed memory (memory) 0") == 0);
                    assert_non_null(strstr(self.text[1], " ok ") != NULL
                                        ? self.text[1]
                                        : strstr(self.text[1], " failed memory "));
                }
                is_done = failing.calls < n;
                assert_int_equal(failing.live_bytes, 0);
            }
}

/* From discovery to trees, as a program would. */
static void test_parse_what_was_discovered(void **state)
{
    (void)state;
    sandbox_link(&box, "0.py", "link.py");
    gsaw_paths *paths;
    assert_int_equal(gsaw_discover_files(box.root, NULL, &paths, NULL), GSAW_OK);
    assert_int_equal(gsaw_paths_count(paths), MANY + 1);
    assert_int_equal(gsaw_paths_files(paths).count, MANY);
    told self = {.calls = 0};
    gsaw_parse_options options = below_root(&self);
    assert_int_equal(gsaw_parse_files(gsaw_paths_files(paths), &options, tell, NULL), GSAW_OK);
    assert_int_equal(self.calls, MANY);
    gsaw_paths_free(paths);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define test_many(name) cmocka_unit_test_setup_teardown(name, set_up_many, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(test_parse_each_by_its_extension),
        test(test_parse_odd_files),
        test(test_parse_hostile_files),
        test(test_parse_takes_more_memory),
        test(test_parse_wrong_calls),
        test_many(test_parse_kept_trees_are_read_by_all),
        test_many(test_parse_cancel_in_the_middle),
        test(test_parse_cancel_leaves_a_parse),
        test_many(test_parse_failing_function_stops_all),
        test(test_parse_failing_allocations),
        test_many(test_parse_what_was_discovered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
