/* test_discover_faults.c - discovery when things are odd or go wrong: special files, depth, few
 * descriptors, what cannot be read, what vanishes, failing memory, cancelling.
 * Next:    src/code/discover.h, src/code/descriptor.h, test_discover.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "sandbox.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "code/discover.h"

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

/* Discovery with a callback, and what it needs; two workers at most. */
struct run {
    gsaw_pool *pool;
    gsaw_group group;
    gsaw__arena arenas[2], *arena_list[2];
    gsaw__discovery *discovery;
};

static void run_start(struct run *self, uint32_t workers, gsaw__discovery_options options)
{
    *self = (struct run){.arena_list = {&self->arenas[0], &self->arenas[1]}};
    gsaw_pool_options pool = {.size = sizeof pool, .workers = workers};
    assert_int_equal(gsaw_pool_new(&pool, &self->pool, NULL), GSAW_OK);
    options.pool = self->pool;
    options.group = &self->group;
    options.arenas = self->arena_list;
    assert_int_equal(gsaw__discovery_start(box.root, &options, &self->discovery, NULL), GSAW_OK);
    gsaw_pool_wait(self->pool, &self->group);
}

static void run_clear(struct run *self)
{
    gsaw__discovery_free(self->discovery);
    gsaw__arena_clear(&self->arenas[0]);
    gsaw__arena_clear(&self->arenas[1]);
    gsaw_pool_free(self->pool);
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    for (int descriptor = 0; descriptor < 1024; descriptor++)
        count += fcntl(descriptor, F_GETFD) >= 0;
    return count;
}

static void test_discover_never_opens_special_files(void **state)
{
    (void)state;
    sandbox_files(&box, "a.py");
    assert_int_equal(mkfifoat(box.folder, "f.py", 0644), 0);
    assert_int_equal(mkfifoat(box.folder, "f.txt", 0644), 0);
    assert_int_equal(mkfifoat(box.folder, ".ignore", 0644), 0); /* must not be waited for */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/s.ts", box.root);
    int socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(socket_, (const struct sockaddr *)&address, sizeof address), 0);
    close(socket_);
    bool device = mknodat(box.folder, "z.js", S_IFCHR | 0644, makedev(1, 3)) == 0;
    assert_found(&box,
                 device ? ".ignore:not-a-file a.py f.py:fifo s.ts:socket z.js:device"
                        : ".ignore:not-a-file a.py f.py:fifo s.ts:socket",
                 .size = 0);
}

/* A chain of `levels` folders "ddd...", each with a file, and with `twins` an empty folder beside
 * it. */
static void make_chain(unsigned levels, size_t name_size, bool twins)
{
    char name[256];
    memset(name, 'd', name_size);
    name[name_size] = 0;
    int at = dup(box.folder);
    for (unsigned i = 0; i < levels; i++) {
        int file = openat(at, "x.py", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_true(file >= 0);
        close(file);
        assert_int_equal(mkdirat(at, name, 0755), 0);
        if (twins) {
            assert_int_equal(mkdirat(at, "a", 0755), 0);
            assert_int_equal(mkdirat(at, "z", 0755), 0);
        }
        int below = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(below >= 0);
        close(at);
        at = below;
    }
    close(at);
}

static void set_descriptor_limit(rlim_t limit)
{
    struct rlimit now;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &now), 0);
    now.rlim_cur = limit < now.rlim_max ? limit : now.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
}

static void check_chain(unsigned levels, bool twins, unsigned limit)
{
    set_descriptor_limit(limit);
    for (uint32_t workers = 1; workers <= 2; workers++) {
        struct run run;
        run_start(&run, workers, (gsaw__discovery_options){.no_ignore = true});
        gsaw__listing_totals totals = gsaw__discovery_totals(run.discovery);
        assert_int_equal(gsaw__discovery_status(run.discovery), GSAW_OK);
        assert_int_equal(totals.problems, 0);
        assert_int_equal(totals.files, levels);
        assert_int_equal(totals.directories, 1 + levels * (twins ? 3 : 1));
        const gsaw__dir *root = &gsaw__discovery_tree(run.discovery)->root;
        assert_true(gsaw__dir_check(root));
        run_clear(&run);
    }
    set_descriptor_limit(1024);
}

static void test_discover_goes_three_thousand_levels_down(void **state)
{
    (void)state;
    make_chain(3000, 100, false); /* the last path has 303,000 bytes */
    check_chain(3000, false, 256);
}

static void test_discover_holds_few_descriptors(void **state)
{
    (void)state;
    make_chain(600, 2, true); /* every level has folders still to enter when the next is entered */
    check_chain(600, true, 256);
    check_chain(600, true, 24);
}

static void test_discover_reopens_beyond_path_max(void **state)
{
    (void)state;
    make_chain(120, 200, true);
    check_chain(120, true, 16); /* a budget of four */
}

/* Run `function` in a process without root's rights; its exit status. */
static int run_as_nobody(void (*function)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(99);
        function();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

static const char *expected_text;

static void find_in_child(void)
{
    gsaw__buffer found = {0};
    sandbox_find(&box, (gsaw_discover_options){.workers = 2}, &found);
    if (strcmp(gsaw__buffer_text(&found), expected_text) != 0) {
        fprintf(stderr, "found %s\n", gsaw__buffer_text(&found));
        _exit(1);
    }
}

static void test_discover_lists_what_it_may_not_read(void **state)
{
    (void)state;
    sandbox_files(&box, "a.py closed/b.py half/c.py open/d.py open/x.py");
    sandbox_file(&box, "open/.gitignore", "x.py\n");
    sandbox_file(&box, ".git/info/exclude", "a.py\n");
    assert_int_equal(fchmodat(box.folder, "closed", 0, 0), 0);
    assert_int_equal(fchmodat(box.folder, "half", 0744, 0), 0); /* names may be read, but no more */
    assert_int_equal(fchmodat(box.folder, "open/.gitignore", 0, 0), 0);
    assert_int_equal(fchmodat(box.folder, ".git/info", 0, 0), 0);
    expected_text = ".git/info/exclude:permission a.py closed:permission half/c.py "
                    "open/.gitignore:permission open/d.py open/x.py";
    assert_int_equal(run_as_nobody(find_in_child), 0);
}

static void test_discover_lists_ignore_files_it_will_not_read(void **state)
{
    (void)state;
    sandbox_files(&box, "a.py b/.gitignore/ b/c.py");
    sandbox_link(&box, "a.py",
                 ".gitignore"); /* as git: an ignore file that is a link is not read */
    int large = openat(box.folder, ".ignore", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal(ftruncate(large, (17 << 20)), 0);
    close(large);
    assert_found(&box, ".gitignore:symlink .ignore:too-large a.py b/c.py", .size = 0);
    assert_found(&box, ".gitignore:symlink .ignore:too-large a.py b/c.py", .hidden = true,
                 .all_files = true);
}

/* Uses up all descriptors of the process, and gives them back after a while if that is asked for.
 */
static int used[256];
static size_t used_count;

static void *give_back(void *argument)
{
    (void)argument;
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    while (used_count != 0)
        close(used[--used_count]);
    return NULL;
}

static void use_up(void *context, gsaw_worker *worker, gsaw__dir *dir)
{
    (void)worker;
    if (dir->parent != NULL)
        return;
    for (used_count = 0; used_count < 256; used_count++) {
        used[used_count] = dup(0);
        if (used[used_count] < 0)
            break;
    }
    if (context != NULL)
        assert_int_equal(pthread_create(context, NULL, give_back, NULL), 0);
}

static void test_discover_waits_for_descriptors(void **state)
{
    (void)state;
    sandbox_files(&box, "a/b.py c/d.py");
    for (int returned = 0; returned < 2; returned++) {
        struct run run;
        pthread_t thread = {0}; /* set by use_up() */
        set_descriptor_limit(64);
        run_start(&run, 1,
                  (gsaw__discovery_options){.on_listing = use_up,
                                            .context = returned != 0 ? &thread : NULL});
        if (returned != 0)
            assert_int_equal(pthread_join(thread, NULL), 0);
        else
            give_back(NULL);
        gsaw__listing_totals totals = gsaw__discovery_totals(run.discovery);
        assert_int_equal(gsaw__discovery_status(run.discovery), GSAW_OK);
        assert_int_equal(totals.files, returned != 0 ? 2 : 0);
        assert_int_equal(totals.problems, returned != 0 ? 0 : 2);
        run_clear(&run);
        set_descriptor_limit(1024);
    }
}

/* A kernel without openat2 (before 5.6, or a sandbox that does not know it). */
static void find_without_openat2(void)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof program / sizeof *program, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        _exit(77);
    set_descriptor_limit(24);
    gsaw__buffer found = {0};
    sandbox_find(&box, (gsaw_discover_options){.workers = 2, .follow = true}, &found);
    size_t files = 1;
    for (size_t i = 0; i < found.count; i++)
        files += found.bytes[i] == ' ';
    if (files != 121 || strstr(found.bytes, "link.py:symlink") == NULL)
        _exit(1);
}

static void test_discover_works_without_openat2(void **state)
{
    (void)state;
    make_chain(120, 4, true);
    sandbox_link(&box, "x.py", "link.py");
    int status = run_as_nobody(find_without_openat2);
    if (status == 77) {
        print_message("SKIPPED: no seccomp filters here\n");
        skip();
    }
    assert_int_equal(status, 0);
}

/* Called for each listing: the first one (the root's, with one worker) removes what was found
 * there. */
static void remove_below(void *context, gsaw_worker *worker, gsaw__dir *dir)
{
    (void)context;
    (void)worker;
    if (dir->parent != NULL)
        return;
    assert_int_equal(unlinkat(box.folder, "gone", AT_REMOVEDIR), 0);
    assert_int_equal(unlinkat(box.folder, "swapped", AT_REMOVEDIR), 0);
    assert_int_equal(symlinkat("/etc", box.folder, "swapped"), 0);
}

static void test_discover_lists_what_vanished(void **state)
{
    (void)state;
    struct run run;
    sandbox_files(&box, "a.py gone/ swapped/ z/b.py");
    run_start(&run, 1, (gsaw__discovery_options){.on_listing = remove_below});
    assert_int_equal(gsaw__discovery_status(run.discovery), GSAW_OK);
    assert_int_equal(gsaw__discovery_totals(run.discovery).problems, 2);
    gsaw__dir_walk walk;
    gsaw__dir_walk_init(&walk, &gsaw__discovery_tree(run.discovery)->root, NULL);
    assert_true(gsaw__dir_walk_next(&walk));
    assert_string_equal(walk.path.bytes, "a.py");
    assert_true(gsaw__dir_walk_next(&walk));
    assert_string_equal(walk.path.bytes, "gone");
    assert_int_equal(((const gsaw__dir *)walk.entry->data)->reason, GSAW_REASON_VANISHED);
    assert_true(gsaw__dir_walk_next(&walk));
    assert_string_equal(walk.path.bytes, "swapped");
    assert_int_equal(((const gsaw__dir *)walk.entry->data)->reason, GSAW_REASON_CHANGED);
    assert_true(gsaw__dir_walk_next(&walk));
    assert_string_equal(walk.path.bytes, "z/b.py");
    assert_false(gsaw__dir_walk_next(&walk));
    gsaw__dir_walk_clear(&walk);
    run_clear(&run);
}

/* Holds what it can, and opens the first file of each listing. */
struct holder {
    struct run *run;
    _Atomic uint32_t opened, retained;
    gsaw__dir *held[4096];
};

static void hold(void *context, gsaw_worker *worker, gsaw__dir *dir)
{
    struct holder *self = context;
    (void)worker;
    if (gsaw__dir_retain(dir))
        self->held[self->retained++] = dir;
}

/* The file can be opened whether its directory is held or not, and holds the bytes it should. */
static void open_all(struct holder *self, gsaw__tree *tree)
{
    gsaw__dir_walk walk;
    gsaw__dir_walk_init(&walk, &tree->root, NULL);
    while (gsaw__dir_walk_next(&walk)) {
        char bytes[512];
        int file = gsaw__dir_open_file(tree, walk.directory, walk.entry);
        assert_true(file >= 0);
        assert_int_equal(read(file, bytes, sizeof bytes), walk.path.count);
        assert_memory_equal(bytes, walk.path.bytes, walk.path.count);
        close(file);
        self->opened++;
    }
    gsaw__dir_walk_clear(&walk);
}

static void test_discover_gives_descriptors_to_readers(void **state)
{
    (void)state;
    char path[64];
    for (unsigned i = 0; i < 300; i++) {
        snprintf(path, sizeof path, "d%u/e%u/f.py", i % 60, i);
        sandbox_file(&box, path, path);
    }
    static const rlim_t limits[] = {1024, 64, 12};
    unsigned before = open_descriptors();
    for (size_t i = 0; i < 3; i++) {
        static struct holder holder;
        struct run run;
        memset(&holder, 0, sizeof holder);
        set_descriptor_limit(limits[i]);
        run_start(&run, 1, (gsaw__discovery_options){.on_listing = hold, .context = &holder});
        assert_true(holder.retained == 361 || holder.retained <= limits[i] / 4);
        open_all(&holder, gsaw__discovery_tree(run.discovery));
        assert_int_equal(holder.opened, 300);
        for (uint32_t k = 0; k < holder.retained; k++)
            gsaw__dir_release(gsaw__discovery_tree(run.discovery), holder.held[k]);
        run_clear(&run);
        set_descriptor_limit(1024);
        assert_int_equal(open_descriptors(), before);
    }
}

static void make_mixed_tree(void)
{
    sandbox_files(&box, "a.py d/b.py d/e/c.py d/e/.x/y.py f/g.py h/i/j/k.py .s/t.py");
    sandbox_file(&box, ".gitignore", "f/\n*.pyc\n/x/**/y\n");
    sandbox_file(&box, "d/.ignore", "!*.pyc\nq\n");
    sandbox_link(&box, ".s", "link");
    sandbox_link(&box, "a.py", "l.py");
}

static void test_discover_every_allocation_may_fail(void **state)
{
    (void)state;
    gsaw_pool *pool;
    gsaw_pool_options pool_options = {.size = sizeof pool_options, .workers = 1};
    make_mixed_tree();
    assert_int_equal(gsaw_pool_new(&pool_options, &pool, NULL), GSAW_OK);
    unsigned before = open_descriptors();
    for (int follow = 0; follow < 2; follow++) {
        for (size_t n = 1;; n++) {
            gsaw_failing_allocator failing;
            gsaw_failing_allocator_init(&failing, n, n % 2 == 0);
            gsaw_discover_options options = {
                .size = sizeof options,
                .allocator = &failing.allocator,
                .pool = pool,
                .exclude = {(const char *const[]){"z", "[ab]*c"}, 2},
                .follow = follow != 0,
            };
            gsaw_paths *paths = NULL;
            gsaw_status status = gsaw_discover_files(box.root, &options, &paths, NULL);
            assert_true(status == GSAW_OK || status == GSAW_NO_MEMORY);
            assert_true((status == GSAW_OK) == (paths != NULL));
            gsaw_paths_free(paths);
            assert_int_equal(failing.live_bytes, 0);
            assert_int_equal(open_descriptors(), before);
            if (failing.calls < n)
                break;
            assert_true(n < 2000);
        }
    }
    gsaw_pool_free(pool);
}

static void set_flag(void *context, gsaw_worker *worker, gsaw__dir *dir)
{
    (void)worker;
    if (dir->parent != NULL)
        *(_Atomic uint32_t *)context = 1;
}

static void test_discover_stops_when_cancelled(void **state)
{
    (void)state;
    _Atomic uint32_t cancel = 1;
    gsaw_discover_options options = {.size = sizeof options, .cancel = &cancel, .follow = true};
    gsaw_paths *paths = NULL;
    gsaw_error error = {0};
    make_mixed_tree();
    unsigned before = open_descriptors();
    assert_int_equal(gsaw_discover_files(box.root, &options, &paths, &error), GSAW_CANCELLED);
    assert_null(paths);
    for (uint32_t workers = 1; workers <= 2; workers++) {
        struct run run;
        cancel = 0;
        run_start(&run, workers,
                  (gsaw__discovery_options){
                      .cancel = &cancel, .on_listing = set_flag, .context = &cancel});
        assert_int_equal(gsaw__discovery_status(run.discovery), GSAW_CANCELLED);
        run_clear(&run);
    }
    assert_int_equal(open_descriptors(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_discover_never_opens_special_files),
        TEST(test_discover_goes_three_thousand_levels_down),
        TEST(test_discover_holds_few_descriptors),
        TEST(test_discover_reopens_beyond_path_max),
        TEST(test_discover_lists_what_it_may_not_read),
        TEST(test_discover_lists_ignore_files_it_will_not_read),
        TEST(test_discover_waits_for_descriptors),
        TEST(test_discover_works_without_openat2),
        TEST(test_discover_lists_what_vanished),
        TEST(test_discover_gives_descriptors_to_readers),
        TEST(test_discover_every_allocation_may_fail),
        TEST(test_discover_stops_when_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
