/* machine.c - CPUs and memory from the affinity mask, the cgroups above this process and sysinfo.
 * Keeps:   what cannot be read is no limit; a limit that makes no sense (0, negative) is none.
 * Threads: any.
 * Next:    machine.h */
#include "base/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define TEXT_MAX 8192

/* Read a small file of the kernel's into text, zero-terminated; false when it is not there. */
static bool read_text(const char *path, char text[TEXT_MAX])
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    size_t used = 0;
    for (;;) {
        ssize_t count = read(descriptor, text + used, TEXT_MAX - 1 - used);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        used += (size_t)count;
    }
    close(descriptor);
    text[used] = 0;
    return used != 0;
}

/* One kind of limit in one hierarchy: where it is mounted, its controller's name in
 * /proc/self/cgroup
 * ("" for v2) and a function that reads the limit of one group's folder. */
struct limit {
    const char *mount, *controller;
    uint64_t (*read)(const char *folder);
};

static bool read_in(const char *folder, const char *file, char text[TEXT_MAX])
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", folder, file);
    return length > 0 && (size_t)length < sizeof path && read_text(path, text);
}

static uint64_t positive(const char *text)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return end == text || errno != 0 || value <= 0 ? UINT64_MAX : (uint64_t)value;
}

/* CPUs are counted in rounded-up whole ones. */
static uint64_t quota_cpus(uint64_t quota, uint64_t period)
{
    if (quota == UINT64_MAX || period == UINT64_MAX)
        return UINT64_MAX;
    return quota / period + (quota % period != 0);
}

static uint64_t cpus_v2(const char *folder)
{
    char text[TEXT_MAX];
    if (!read_in(folder, "cpu.max", text))
        return UINT64_MAX;
    const char *space = strchr(text, ' ');
    return quota_cpus(positive(text), space == NULL ? 100000 : positive(space + 1));
}

static uint64_t cpus_v1(const char *folder)
{
    char quota[TEXT_MAX], period[TEXT_MAX];
    if (!read_in(folder, "cpu.cfs_quota_us", quota) ||
        !read_in(folder, "cpu.cfs_period_us", period))
        return UINT64_MAX;
    return quota_cpus(positive(quota), positive(period));
}

static uint64_t memory_v2(const char *folder)
{
    char text[TEXT_MAX];
    return read_in(folder, "memory.max", text) ? positive(text) : UINT64_MAX;
}

static uint64_t memory_v1(const char *folder)
{
    char text[TEXT_MAX];
    return read_in(folder, "memory.limit_in_bytes", text) ? positive(text) : UINT64_MAX;
}

/* The path of this process's group in the hierarchy of `controller`, from the lines "id:a,b:/path".
 */
static bool find_group(const char *lines, const char *controller, char path[TEXT_MAX])
{
    size_t wanted = strlen(controller);
    for (const char *line = lines; *line != 0;) {
        size_t length = strcspn(line, "\n");
        const char *names = memchr(line, ':', length);
        const char *group =
            names == NULL ? NULL : memchr(names + 1, ':', length - (size_t)(names + 1 - line));
        if (group != NULL) {
            const char *at = names + 1;
            bool found = wanted == 0 && at == group;
            while (!found && wanted != 0 && at < group) {
                size_t size = strcspn(at, ",:");
                found = size == wanted && memcmp(at, controller, wanted) == 0;
                at += size + 1;
            }
            if (found) {
                size_t size = length - (size_t)(group + 1 - line);
                memcpy(path, group + 1, size);
                path[size] = 0;
                return true;
            }
        }
        line += length + (line[length] == '\n');
    }
    return false;
}

/* The least limit from this process's group up to the mount point. Inside a container the path may
 * not exist below the mount: the mount point itself is then the group, and is looked at in any
 * case. */
static uint64_t least(const char *root, const struct limit *limit)
{
    char lines[TEXT_MAX], group[TEXT_MAX], folder[2 * TEXT_MAX];
    snprintf(folder, sizeof folder, "%s/proc/self/cgroup", root);
    if (!read_text(folder, lines) || !find_group(lines, limit->controller, group))
        group[0] = 0;
    uint64_t result = UINT64_MAX;
    for (;;) {
        snprintf(folder, sizeof folder, "%s%s%s", root, limit->mount, group);
        uint64_t value = limit->read(folder);
        if (value < result)
            result = value;
        char *slash = strrchr(group, '/');
        if (slash == NULL)
            return result;
        *slash = 0;
    }
}

static uint64_t least_of_all(const char *root, const struct limit *limits, size_t count)
{
    uint64_t result = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        uint64_t value = least(root, &limits[i]);
        if (value < result)
            result = value;
    }
    return result;
}

/* More than 1024 CPUs need a larger set than cpu_set_t: grow until the kernel is content. */
static uint64_t affinity_cpus(void)
{
    for (int count = 1024; count <= 1 << 16; count *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)count);
        if (set == NULL)
            break;
        size_t size = CPU_ALLOC_SIZE((size_t)count);
        int failure = sched_getaffinity(0, size, set);
        int cpus = failure == 0 ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (cpus > 0)
            return (uint64_t)cpus;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint64_t)online : 1;
}

uint32_t gsaw__machine_cpus(const char *root)
{
    static const struct limit limits[] = {
        {"/sys/fs/cgroup", "", cpus_v2},
        {"/sys/fs/cgroup/unified", "", cpus_v2},
        {"/sys/fs/cgroup/cpu", "cpu", cpus_v1},
        {"/sys/fs/cgroup/cpu,cpuacct", "cpu", cpus_v1},
    };
    uint64_t cpus = affinity_cpus();
    uint64_t quota = least_of_all(root, limits, sizeof limits / sizeof *limits);
    if (quota < cpus)
        cpus = quota;
    return cpus == 0 ? 1 : (uint32_t)cpus;
}

uint64_t gsaw__machine_memory(const char *root)
{
    static const struct limit limits[] = {
        {"/sys/fs/cgroup", "", memory_v2},
        {"/sys/fs/cgroup/unified", "", memory_v2},
        {"/sys/fs/cgroup/memory", "memory", memory_v1},
    };
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    uint64_t memory = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : (uint64_t)1 << 30;
    uint64_t limit = least_of_all(root, limits, sizeof limits / sizeof *limits);
    return limit < memory ? limit : memory;
}

uint64_t gsaw__machine_peak_rss(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

uint64_t gsaw__machine_rss(void)
{
    char text[128];
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    text[size < 0 ? 0 : size] = '\0';
    const char *resident = strchr(text, ' '); /* pages: all, resident ... */
    return resident == NULL ? 0 : strtoull(resident, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}
