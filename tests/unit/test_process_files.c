/* test_process_files.c - ParallelFileProcessor: results in order, errors of their own, cancelling,
 * progress, memory, odd files, what is below the root, allocations failing.
 * Next:    src/code/processor.c, src/code/each_path.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "sandbox.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/atomic.h"

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

/* What a test's function sees and does. */
typedef struct observed {
    _Atomic size_t calls, bytes, bytes_max;
    _Atomic uint32_t lanes, cancel; /* lanes: in use now, a bit each */
    size_t cancel_after;
    gsaw_status status;
} observed;

static size_t lines_of(const gsaw_file_input *input)
{
    size_t lines = 0;
    for (size_t i = 0; i < input->size; i++)
        lines += input->bytes[i] == '\n';
    return lines;
}

/* The number of lines, as a pointer; files that begin with '!' fail. No two calls share a lane. */
static gsaw_status count_lines(void *context, const gsaw_file_input *input, void **result,
                               gsaw_error *error)
{
    observed *self = context;
    assert_null(*result);
    assert_true(input->lane < 32);
    assert_int_equal(atomic_fetch_or(&self->lanes, 1u << input->lane) >> input->lane & 1u, 0);
    size_t bytes = atomic_fetch_add(&self->bytes, input->size) + input->size;
    for (size_t seen = self->bytes_max; seen < bytes;)
        if (atomic_compare_exchange_weak(&self->bytes_max, &seen, bytes))
            break;
    assert_int_equal(input->bytes[input->size], 0);
    *result = (void *)(uintptr_t)(lines_of(input) + 1);
    bool fails = input->size != 0 && input->bytes[0] == '!';
    if (fails)
        snprintf(error->text, sizeof error->text, "%s says no", input->path);
    if (atomic_fetch_add(&self->calls, 1) + 1 == self->cancel_after)
        self->cancel = 1;
    atomic_fetch_sub(&self->bytes, input->size);
    atomic_fetch_and(&self->lanes, ~(1u << input->lane));
    return fails ? GSAW_DAMAGED : self->status;
}

static gsaw_strings list(const char *const *items, size_t count)
{
    return (gsaw_strings){.items = items, .count = count};
}

#define LIST(...)                                                                                  \
    list((const char *const[]){__VA_ARGS__},                                                       \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static gsaw_process_options below_root(observed *self)
{
    return (gsaw_process_options){
        .size = sizeof(gsaw_process_options), .root = box.root, .context = self};
}

static void assert_result(const gsaw_results *results, size_t index, gsaw_status status,
                          const char *text)
{
    const gsaw_file_result *result = gsaw_results_at(results, index);
    assert_non_null(result);
    assert_string_equal(gsaw_status_name(result->status), gsaw_status_name(status));
    assert_string_equal(result->text, text);
}

static uintptr_t value_of(const gsaw_results *results, size_t index)
{
    return (uintptr_t)gsaw_results_at(results, index)->result;
}

static void test_process_results_in_order(void **state)
{
    (void)state;
    sandbox_file(&box, "a.txt", "1\n2\n");
    sandbox_file(&box, "b/c.txt", "");
    sandbox_file(&box, "no.txt", "!\n");
    for (uint32_t workers = 1; workers <= 8; workers *= 2) {
        observed self = {0};
        gsaw_config config = {.size = sizeof config, .num_workers = workers};
        gsaw_process_options options = below_root(&self);
        options.config = &config;
        gsaw_results *results;
        gsaw_strings paths = LIST("b/c.txt", "a.txt", NULL, "none.txt", "a.txt", "no.txt", "", "b");
        assert_int_equal(gsaw_process_files(paths, &options, count_lines, &results, NULL), GSAW_OK);
        assert_int_equal(gsaw_results_count(results), 8);
        assert_int_equal(gsaw_results_failed(results), 5);
        assert_int_equal(self.calls, 4);
        assert_result(results, 0, GSAW_OK, "");
        assert_int_equal(value_of(results, 0), 1);
        assert_int_equal(value_of(results, 1), 3);
        assert_result(results, 2, GSAW_INVALID, "path 2 is NULL");
        assert_result(results, 3, GSAW_NOT_FOUND, "none.txt: vanished");
        assert_int_equal(gsaw_results_at(results, 3)->reason, GSAW_REASON_VANISHED);
        assert_int_equal(value_of(results, 4), 3);
        assert_result(results, 5, GSAW_DAMAGED, "no.txt says no");
        assert_int_equal(value_of(results, 5), 2);
        assert_result(results, 6, GSAW_NOT_FOUND, ": vanished");
        assert_result(results, 7, GSAW_UNSUPPORTED, "b: not-a-file");
        assert_null(gsaw_results_at(results, 8));
        gsaw_results_free(results);
    }
    gsaw_results_free(NULL);
}

static void test_process_odd_files(void **state)
{
    (void)state;
    char path[128];
    assert_int_equal(mkfifoat(box.folder, "fifo", 0600), 0);
    sandbox_link(&box, "target.txt", "link.txt");
    sandbox_link(&box, "/etc/passwd", "out.txt");
    sandbox_link(&box, "..", "up");
    sandbox_file(&box, "target.txt", "\n");
    sandbox_file(&box, "secret.txt", "x");
    sandbox_file(&box, "large.txt", "12345678901");
    assert_int_equal(fchmodat(box.folder, "secret.txt", 0, 0), 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", box.root);
    int socket_of = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(socket_of, (struct sockaddr *)&address, sizeof address), 0);
    observed self = {0};
    gsaw_config config = {.size = sizeof config, .max_file_size = 10, .num_workers = 2};
    gsaw_process_options options = below_root(&self);
    options.config = &config;
    gsaw_strings paths = LIST("fifo", "socket", "link.txt", "out.txt", "up/x", "../x",
                              "/etc/passwd", "large.txt", "secret.txt", "target.txt");
    gsaw_results *results;
    for (int follow = 0; follow < 2; follow++) {
        config.follow = follow != 0;
        assert_int_equal(gsaw_process_files(paths, &options, count_lines, &results, NULL), GSAW_OK);
        assert_result(results, 0, GSAW_UNSUPPORTED, "fifo: fifo");
        assert_result(results, 1, GSAW_UNSUPPORTED, "socket: socket");
        if (follow == 0)
            assert_result(results, 2, GSAW_UNSUPPORTED, "link.txt: symlink");
        else
            assert_int_equal(value_of(results, 2), 2);
        assert_result(results, 3, GSAW_UNSUPPORTED, "out.txt: symlink");
        assert_result(results, 4, GSAW_UNSUPPORTED, "up/x: symlink");
        assert_result(results, 5, GSAW_UNSUPPORTED, "../x: symlink");
        assert_result(results, 6, GSAW_UNSUPPORTED, "/etc/passwd: symlink");
        assert_result(results, 7, GSAW_LIMIT, "large.txt: too-large");
        if (geteuid() != 0) {
            assert_result(results, 8, GSAW_SYSTEM, "secret.txt: Permission denied");
            assert_int_equal(gsaw_results_at(results, 8)->os_errno, EACCES);
        }
        assert_int_equal(value_of(results, 9), 2);
        gsaw_results_free(results);
    }
    /* Without a root paths are what open(2) takes them for. */
    options.root = NULL;
    snprintf(path, sizeof path, "%s/link.txt", box.root);
    assert_int_equal(gsaw_process_files(LIST(path), &options, count_lines, &results, NULL),
                     GSAW_OK);
    assert_int_equal(value_of(results, 0), 2);
    gsaw_results_free(results);
    close(socket_of);
}

/* Deeper than PATH_MAX. */
static void test_process_long_paths(void **state)
{
    (void)state;
    static const char part[] = "a_folder_with_a_name_of_fifty_bytes_or_thereabouts/";
    char path[sizeof part * 100] = "";
    int at = dup(box.folder);
    for (int i = 0; i < 90; i++) {
        char name[sizeof part];
        memcpy(name, part, sizeof part);
        name[sizeof part - 2] = 0;
        assert_int_equal(mkdirat(at, name, 0755), 0);
        int next = openat(at, name, O_RDONLY | O_DIRECTORY);
        assert_true(next >= 0);
        close(at);
        at = next;
        memcpy(path + (size_t)i * (sizeof part - 1), part, sizeof part);
    }
    int file = openat(at, "x.txt", O_WRONLY | O_CREAT, 0644);
    assert_int_equal(write(file, "\n\n", 2), 2);
    close(file);
    assert_int_equal(symlinkat("x.txt", at, "y.txt"), 0);
    close(at);
    size_t size = strlen(path);
    char other[sizeof path + 8], none[sizeof path + 16];
    snprintf(other, sizeof other, "%sy.txt", path);
    snprintf(none, sizeof none, "%s../x.txt", path);
    snprintf(path + size, sizeof path - size, "x.txt");
    assert_true(strlen(path) > 4096);
    observed self = {0};
    gsaw_process_options options = below_root(&self);
    gsaw_results *results;
    gsaw_strings paths = LIST(path, other, none);
    assert_int_equal(gsaw_process_files(paths, &options, count_lines, &results, NULL), GSAW_OK);
    assert_int_equal(value_of(results, 0), 3);
    assert_int_equal(gsaw_results_at(results, 1)->reason, GSAW_REASON_SYMLINK);
    assert_int_equal(gsaw_results_at(results, 2)->reason, GSAW_REASON_SYMLINK);
    gsaw_results_free(results);
}

/* ---- errors of the call ---- */

static void test_process_wrong_calls(void **state)
{
    (void)state;
    observed self = {0};
    gsaw_error error = {0};
    gsaw_results *results;
    gsaw_process_options options = below_root(&self);
    gsaw_config config = {.size = sizeof config, .num_workers = 9999};
    options.size = 3;
    assert_int_equal(gsaw_process_files(LIST("a"), &options, count_lines, &results, &error),
                     GSAW_INVALID);
    assert_null(results);
    options = below_root(&self);
    assert_int_equal(gsaw_process_files(LIST("a"), &options, NULL, &results, &error), GSAW_INVALID);
    assert_int_equal(gsaw_process_files(list(NULL, 1), &options, count_lines, &results, &error),
                     GSAW_INVALID);
    options.config = &config;
    assert_int_equal(gsaw_process_files(LIST("a"), &options, count_lines, &results, &error),
                     GSAW_RANGE);
    options = below_root(&self);
    options.root = "/no/such/folder";
    assert_int_equal(gsaw_process_files(LIST("a"), &options, count_lines, &results, &error),
                     GSAW_NOT_FOUND);
    options.root = "/dev/null";
    assert_int_equal(gsaw_process_files(LIST("a"), &options, count_lines, &results, &error),
                     GSAW_INVALID);
    assert_null(results);
    assert_int_equal(self.calls, 0);
    gsaw_pool_options one = {.size = sizeof one, .workers = 1};
    assert_int_equal(gsaw_pool_new(&one, &options.pool, NULL), GSAW_OK);
    gsaw_pool_shutdown(options.pool, true);
    options.root = NULL;
    assert_int_equal(gsaw_process_files(LIST("a"), &options, count_lines, &results, &error),
                     GSAW_CLOSED);
    assert_null(results);
    gsaw_pool_free(options.pool);
}

static void test_process_no_paths(void **state)
{
    (void)state;
    observed self = {0};
    gsaw_process_options options = below_root(&self);
    gsaw_results *results;
    assert_int_equal(gsaw_process_files(list(NULL, 0), &options, count_lines, &results, NULL),
                     GSAW_OK);
    assert_int_equal(gsaw_results_count(results), 0);
    assert_null(gsaw_results_at(results, 0));
    assert_null(gsaw_results_take(results, 0));
    gsaw_results_free(results);
}

/* ---- many files ---- */

enum { MANY = 400 };
static char names[MANY][16];
static const char *many[MANY];

/* Files of 0 to MANY - 1 lines each of two bytes. */
static int set_up_many(void **state)
{
    set_up(state);
    char text[2 * MANY + 1] = "";
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "%d.txt", i);
        many[i] = names[i];
        sandbox_file(&box, names[i], text);
        strcat(text, "x\n");
    }
    return 0;
}

static void test_process_many_files(void **state)
{
    (void)state;
    for (uint32_t workers = 0; workers <= 4; workers += 2) {
        observed self = {0};
        gsaw_pool *pool;
        gsaw_pool_options four = {.size = sizeof four, .workers = workers};
        assert_int_equal(gsaw_pool_new(&four, &pool, NULL), GSAW_OK);
        gsaw_process_options options = below_root(&self);
        options.pool = pool;
        gsaw_results *results;
        assert_int_equal(
            gsaw_process_files(list(many, MANY), &options, count_lines, &results, NULL), GSAW_OK);
        for (size_t i = 0; i < MANY; i++)
            assert_int_equal(value_of(results, i), i + 1);
        assert_int_equal(gsaw_results_failed(results), 0);
        gsaw_results_free(results);
        gsaw_pool_free(pool);
    }
}

/* When a file was begun, counted from 1. */
static gsaw_status note_turn(void *context, const gsaw_file_input *input, void **result,
                             gsaw_error *error)
{
    (void)input, (void)error;
    observed *self = context;
    *result = (void *)(uintptr_t)(atomic_fetch_add(&self->calls, 1) + 1);
    return GSAW_OK;
}

static gsaw_status hold_a_worker(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)value;
    _Atomic uint32_t *stage = argument; /* 0: not begun, 1: begun, 2: released */
    for (*stage = 1; *stage != 2;)
        usleep(1000);
    return GSAW_OK;
}

/* The giant at the list's end is begun first, by the one worker that has nothing else to do. */
static void test_process_largest_first(void **state)
{
    (void)state;
    const char *paths[MANY + 1];
    memcpy(paths, many, sizeof many);
    paths[MANY] = "giant";
    sandbox_file(&box, "giant", "");
    int file = openat(box.folder, "giant", O_WRONLY);
    assert_int_equal(ftruncate(file, 1 << 20), 0);
    close(file);
    observed self = {.calls = 0};
    _Atomic uint32_t stage = 0;
    gsaw_group group = {0};
    gsaw_pool_options two = {.size = sizeof two, .workers = 2};
    gsaw_process_options options = below_root(&self);
    assert_int_equal(gsaw_pool_new(&two, &options.pool, NULL), GSAW_OK);
    assert_int_equal(gsaw_pool_spawn(options.pool, &group, hold_a_worker, &stage, 0), GSAW_OK);
    while (stage == 0)
        usleep(1000);
    gsaw_results *results;
    assert_int_equal(gsaw_process_files(list(paths, MANY + 1), &options, note_turn, &results, NULL),
                     GSAW_OK);
    assert_int_equal(value_of(results, MANY), 1);
    stage = 2;
    gsaw_results_free(results);
    gsaw_pool_free(options.pool);
}

/* From inside a task of the same pool, on its one worker: the wait helps. */
static gsaw_status process_inside(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    gsaw_process_options *options = argument;
    options->pool = gsaw_worker_pool(worker);
    gsaw_results *results;
    assert_int_equal(gsaw_process_files(list(many, MANY), options, count_lines, &results, NULL),
                     GSAW_OK);
    assert_int_equal(gsaw_results_failed(results), 0);
    gsaw_results_free(results);
    return GSAW_OK;
}

static void test_process_inside_of_a_task(void **state)
{
    (void)state;
    observed self = {0};
    gsaw_process_options options = below_root(&self);
    gsaw_pool *pool;
    gsaw_pool_options one = {.size = sizeof one, .workers = 1};
    gsaw_group group = {0};
    assert_int_equal(gsaw_pool_new(&one, &pool, NULL), GSAW_OK);
    assert_int_equal(gsaw_pool_spawn(pool, &group, process_inside, &options, 0), GSAW_OK);
    assert_int_equal(gsaw_pool_wait(pool, &group), GSAW_OK);
    assert_int_equal(self.calls, MANY);
    gsaw_pool_free(pool);
}

static void test_process_cancel_in_the_middle(void **state)
{
    (void)state;
    for (uint32_t workers = 1; workers <= 2; workers++) {
        observed self = {.cancel_after = 100};
        gsaw_config config = {.size = sizeof config, .num_workers = workers};
        gsaw_process_options options = below_root(&self);
        options.config = &config;
        options.cancel = &self.cancel;
        gsaw_results *results;
        gsaw_error error = {0};
        assert_int_equal(
            gsaw_process_files(list(many, MANY), &options, count_lines, &results, &error),
            GSAW_CANCELLED);
        assert_true(self.calls >= 100 && self.calls < 100 + workers);
        size_t done = 0;
        for (size_t i = 0; i < MANY; i++) {
            const gsaw_file_result *result = gsaw_results_at(results, i);
            done += result->status == GSAW_OK;
            if (result->status == GSAW_OK)
                assert_int_equal(value_of(results, i), i + 1);
            else
                assert_result(results, i, GSAW_CANCELLED, "cancelled");
        }
        assert_int_equal(done, self.calls);
        assert_int_equal(gsaw_results_failed(results), MANY - done);
        gsaw_results_free(results);
    }
}

static void test_process_fail_fast(void **state)
{
    (void)state;
    sandbox_file(&box, "zz", "!");
    const char *paths[MANY];
    memcpy(paths, many, sizeof paths);
    paths[10] = "zz";
    observed self = {0};
    gsaw_config config = {.size = sizeof config, .num_workers = 1};
    gsaw_process_options options = below_root(&self);
    options.config = &config;
    options.fail_fast = true;
    gsaw_results *results;
    gsaw_error error = {0};
    assert_int_equal(gsaw_process_files(list(paths, MANY), &options, count_lines, &results, &error),
                     GSAW_DAMAGED);
    assert_string_equal(error.text, "zz says no");
    assert_int_equal(self.calls, 11);
    assert_result(results, 10, GSAW_DAMAGED, "zz says no");
    assert_result(results, 11, GSAW_CANCELLED, "cancelled");
    gsaw_results_free(results);
}

/* ---- progress, results, memory ---- */

typedef struct progress_told {
    uint64_t completed, total, calls;
} progress_told;

static void on_progress(void *context, const gsaw_progress_state *state)
{
    progress_told *self = context;
    assert_true(state->completed >= self->completed);
    assert_true(state->total_is_final);
    *self = (progress_told){state->completed, state->total, self->calls + 1};
}

static void test_process_progress(void **state)
{
    (void)state;
    observed self = {.cancel_after = 100};
    progress_told told = {0};
    gsaw_process_options options = below_root(&self);
    options.progress = on_progress;
    options.progress_context = &told;
    options.cancel = &self.cancel;
    gsaw_results *results;
    assert_int_equal(gsaw_process_files(list(many, MANY), &options, count_lines, &results, NULL),
                     GSAW_CANCELLED);
    assert_int_equal(told.completed, MANY); /* cancelled ones are settled as well */
    assert_int_equal(told.total, MANY);
    assert_true(told.calls >= 1);
    gsaw_results_free(results);
}

static _Atomic size_t destroyed;

static void destroy(void *result)
{
    destroyed++;
    free(result);
}

static gsaw_status name_only(void *context, const gsaw_file_input *input, void **result,
                             gsaw_error *error)
{
    (void)context, (void)error;
    assert_null(input->bytes);
    *result = strdup(input->path);
    return GSAW_OK;
}

static void test_process_results_are_destroyed(void **state)
{
    (void)state;
    gsaw_process_options options = {.size = sizeof options, .no_read = true, .destroy = destroy};
    gsaw_results *results;
    destroyed = 0;
    assert_int_equal(
        gsaw_process_files(LIST("no", "such", "files"), &options, name_only, &results, NULL),
        GSAW_OK);
    char *taken = gsaw_results_take(results, 1);
    assert_string_equal(taken, "such");
    assert_null(gsaw_results_take(results, 1));
    gsaw_results_free(results);
    assert_int_equal(destroyed, 2);
    free(taken);
}

/* 24 files of 4 MiB and room for 16: at most four at a time, on eight workers. */
static void test_process_memory_is_bounded(void **state)
{
    (void)state;
    enum { FILES = 24, SIZE = 4 << 20 };
    char file_names[FILES][16];
    const char *paths[FILES];
    for (int i = 0; i < FILES; i++) {
        snprintf(file_names[i], sizeof file_names[i], "big%d", i);
        paths[i] = file_names[i];
        sandbox_file(&box, paths[i], "");
        int file = openat(box.folder, paths[i], O_WRONLY);
        assert_int_equal(ftruncate(file, SIZE), 0);
        close(file);
    }
    observed self = {0};
    gsaw_config config = {
        .size = sizeof config, .num_workers = 8, .max_memory_bytes = (uint64_t)16 << 20};
    gsaw_process_options options = below_root(&self);
    options.config = &config;
    gsaw_results *results;
    assert_int_equal(gsaw_process_files(list(paths, FILES), &options, count_lines, &results, NULL),
                     GSAW_OK);
    assert_int_equal(gsaw_results_failed(results), 0);
    assert_true(self.bytes_max <= (size_t)16 << 20);
    assert_true(self.bytes_max >= SIZE);
    gsaw_results_free(results);
}

static void test_process_failing_allocations(void **state)
{
    (void)state;
    gsaw_strings paths = LIST("1.txt", "none", "300.txt", NULL);
    sandbox_file(&box, "no.txt", "!");
    bool is_done = false;
    for (size_t n = 1; !is_done; n++)
        for (int from = 0; from < 2; from++)
            for (uint32_t workers = 1; workers <= 2; workers++) {
                gsaw_failing_allocator failing;
                gsaw_failing_allocator_init(&failing, n, from);
                gsaw_config config = {
                    .size = sizeof config, .allocator = &failing.allocator, .num_workers = workers};
                observed self = {0};
                progress_told told = {0};
                gsaw_process_options options = below_root(&self);
                options.config = &config;
                options.progress = on_progress;
                options.progress_context = &told;
                gsaw_results *results;
                gsaw_status status =
                    gsaw_process_files(paths, &options, count_lines, &results, NULL);
                assert_true(status == GSAW_OK || status == GSAW_NO_MEMORY);
                assert_true((results != NULL) == (status == GSAW_OK));
                if (status == GSAW_OK) {
                    const gsaw_file_result *result = gsaw_results_at(results, 2);
                    assert_true(value_of(results, 2) == 301 || result->status == GSAW_NO_MEMORY);
                    assert_true(gsaw_results_at(results, 1)->status == GSAW_NOT_FOUND);
                }
                is_done = failing.calls < n;
                gsaw_results_free(results);
                assert_int_equal(failing.live_bytes, 0);
            }
}

/* Many paths are cheap, whatever is with the files. */
static void test_process_a_hundred_thousand_paths(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    const char **paths = calloc(COUNT, sizeof *paths);
    assert_non_null(paths);
    for (size_t i = 0; i < COUNT; i++)
        paths[i] = i % 2 == 0 ? "none" : "1.txt";
    observed self = {0};
    gsaw_process_options options = below_root(&self);
    gsaw_results *results;
    assert_int_equal(gsaw_process_files(list(paths, COUNT), &options, count_lines, &results, NULL),
                     GSAW_OK);
    assert_int_equal(gsaw_results_failed(results), COUNT / 2);
    assert_int_equal(self.calls, COUNT / 2);
    gsaw_results_free(results);
    free(paths);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define test_many(name) cmocka_unit_test_setup_teardown(name, set_up_many, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(test_process_results_in_order),
        test(test_process_odd_files),
        test(test_process_long_paths),
        test(test_process_wrong_calls),
        test(test_process_no_paths),
        test_many(test_process_many_files),
        test_many(test_process_largest_first),
        test_many(test_process_inside_of_a_task),
        test_many(test_process_cancel_in_the_middle),
        test_many(test_process_fail_fast),
        test_many(test_process_progress),
        test(test_process_results_are_destroyed),
        test(test_process_memory_is_bounded),
        test_many(test_process_failing_allocations),
        test_many(test_process_a_hundred_thousand_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
