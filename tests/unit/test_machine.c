/* test_machine.c - CPUs and memory under made-up cgroups; the clock; threads and ranks.
 * Next:    src/base/machine.h, src/base/thread.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/machine.h"
#include "base/thread.h"

static void write_file(const char *root, const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *slash = strchr(full + strlen(root) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = 0;
        assert_true(mkdir(full, 0777) == 0 || errno == EEXIST);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

struct limit_case {
    const char *what;
    const char *files[8];  /* path, text, path, text ... */
    uint64_t cpus, memory; /* 0: no limit */
};

static const struct limit_case cases[] = {
    {"nothing there", {NULL}, 0, 0},
    {"v2, own group",
     {"/proc/self/cgroup", "0::/a/b\n", "/sys/fs/cgroup/a/b/cpu.max", "100000 100000\n",
      "/sys/fs/cgroup/a/b/memory.max", "1048576\n"},
     1,
     1048576},
    {"v2, an ancestor is stricter",
     {"/proc/self/cgroup", "0::/a/b\n", "/sys/fs/cgroup/a/memory.max", "4096\n",
      "/sys/fs/cgroup/a/b/memory.max", "8192\n"},
     0,
     4096},
    {"v2, max is no limit",
     {"/proc/self/cgroup", "0::/\n", "/sys/fs/cgroup/cpu.max", "max 100000\n",
      "/sys/fs/cgroup/memory.max", "max\n"},
     0,
     0},
    {"v2, half a CPU counts as one",
     {"/proc/self/cgroup", "0::/x\n", "/sys/fs/cgroup/cpu.max", "50000 100000\n"},
     1,
     0},
    {"v1, by controller name",
     {"/proc/self/cgroup", "5:memory:/m\n3:cpu,cpuacct:/c\n1:name=systemd:/\n",
      "/sys/fs/cgroup/memory/m/memory.limit_in_bytes", "65536\n",
      "/sys/fs/cgroup/cpu/c/cpu.cfs_quota_us", "90000\n", "/sys/fs/cgroup/cpu/c/cpu.cfs_period_us",
      "100000\n"},
     1,
     65536},
    {"v1, the path is outside the container: the mount point counts",
     {"/proc/self/cgroup", "5:memory:/docker/abc\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes",
      "12288\n"},
     0,
     12288},
    {"v1, quota -1 is no limit",
     {"/proc/self/cgroup", "3:cpu:/\n", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"},
     0,
     0},
    {"nonsense is no limit",
     {"/proc/self/cgroup", "0::/\n", "/sys/fs/cgroup/cpu.max", "abc def\n",
      "/sys/fs/cgroup/memory.max", "0\n"},
     0,
     0},
};

static void test_machine_takes_the_least_limit(void **state)
{
    (void)state;
    char empty[] = "/tmp/gsaw-machine-XXXXXX";
    assert_non_null(mkdtemp(empty));
    uint32_t all_cpus = gsaw__machine_cpus(empty);
    uint64_t all_memory = gsaw__machine_memory(empty);
    rmdir(empty);
    assert_true(all_cpus >= 1 && all_memory > 1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char root[] = "/tmp/gsaw-machine-XXXXXX", command[64];
        assert_non_null(mkdtemp(root));
        for (size_t k = 0; k < 8 && cases[i].files[k] != NULL; k += 2)
            write_file(root, cases[i].files[k], cases[i].files[k + 1]);
        uint64_t cpus = cases[i].cpus == 0 ? all_cpus : cases[i].cpus;
        uint64_t memory = cases[i].memory == 0 ? all_memory : cases[i].memory;
        if (gsaw__machine_cpus(root) != cpus || gsaw__machine_memory(root) != memory)
            fail_msg("%s: %u cpus, %llu bytes", cases[i].what, gsaw__machine_cpus(root),
                     (unsigned long long)gsaw__machine_memory(root));
        snprintf(command, sizeof command, "rm -rf %s", root);
        assert_int_equal(system(command), 0);
    }
}

static void test_machine_counts_the_affinity_mask(void **state)
{
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &before)) {
            CPU_SET(cpu, &one);
            break;
        }
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(gsaw__machine_cpus(""), 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

static void test_clock_goes_forward(void **state)
{
    (void)state;
    uint64_t before = gsaw__clock_ns(), cpu = gsaw__clock_cpu_ns();
    for (volatile int i = 0; i < 1000000; i++)
        continue;
    assert_true(gsaw__clock_ns() > before);
    assert_true(gsaw__clock_cpu_ns() > cpu);
    assert_true(gsaw__clock_thread_ns() > 0);
    assert_true(gsaw__machine_peak_rss() > 100000);
}

static void raise_flag(void *argument)
{
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    *(int *)argument = sigismember(&blocked, SIGINT) == 1 && sigismember(&blocked, SIGSEGV) == 0;
}

static void test_thread_runs_with_signals_blocked(void **state)
{
    (void)state;
    int flag = 0;
    gsaw__thread thread;
    gsaw__thread_options options = {
        .function = raise_flag, .argument = &flag, .name = "a name longer than 15"};
    assert_int_equal(gsaw__thread_start(&thread, &options, NULL), GSAW_OK);
    gsaw__thread_join(&thread);
    assert_int_equal(flag, 1);
    gsaw_error error = {0};
    options.stack_size = 1;
    gsaw_status status = gsaw__thread_start(&thread, &options, &error);
    assert_int_equal(status, GSAW_SYSTEM); /* a stack of one byte: EINVAL */
    assert_int_equal(error.os_errno, EINVAL);
}

static void test_condition_wait_ends_at_the_deadline(void **state)
{
    (void)state;
    gsaw__mutex mutex;
    gsaw__condition condition;
    assert_int_equal(gsaw__mutex_init(&mutex, "test", GSAW_RANK_LEAF), GSAW_OK);
    assert_int_equal(gsaw__condition_init(&condition), GSAW_OK);
    gsaw__mutex_lock(&mutex);
    uint64_t deadline = gsaw__clock_ns() + 5000000;
    while (gsaw__condition_wait_until(&condition, &mutex, deadline))
        continue;
    assert_true(gsaw__clock_ns() >= deadline);
    gsaw__mutex_unlock(&mutex);
    gsaw__condition_clear(&condition);
    gsaw__mutex_clear(&mutex);
}

#if defined(GSAW_DEBUG)
static void test_mutex_ranks_must_rise(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        gsaw__mutex high, low;
        gsaw__mutex_init(&high, "high", GSAW_RANK_LEAF);
        gsaw__mutex_init(&low, "low", GSAW_RANK_QUEUE);
        gsaw__mutex_lock(&low);
        gsaw__mutex_lock(&high); /* rising: allowed */
        gsaw__mutex_unlock(&high);
        gsaw__mutex_unlock(&low);
        gsaw__mutex_lock(&high);
        gsaw__mutex_lock(&low); /* falling: must end here */
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machine_takes_the_least_limit),
        cmocka_unit_test(test_machine_counts_the_affinity_mask),
        cmocka_unit_test(test_clock_goes_forward),
        cmocka_unit_test(test_thread_runs_with_signals_blocked),
        cmocka_unit_test(test_condition_wait_ends_at_the_deadline),
#if defined(GSAW_DEBUG)
        cmocka_unit_test(test_mutex_ranks_must_rise),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
