/* machine.h - what this process may really use: CPUs (affinity mask, cgroup quota) and memory.
 * Keeps:   never 0 CPUs; a quota of 1.5 CPUs counts as 2; the least of all limits wins.
 * Threads: any; each call reads the system anew.
 * Next:    machine.c. Sources: sched_getaffinity(2), the kernel's cgroup-v1/cpuacct and cgroup-v2
 *          documents (cpu.max, cpu.cfs_quota_us, memory.max, memory.limit_in_bytes). */
#ifndef GSAW_BASE_MACHINE_H
#define GSAW_BASE_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* CPUs this process may use: the affinity mask, cut to the cgroup's quota (rounded up, v1 or v2,
 * every ancestor's counted). `root` is the prefix of /proc and /sys, "" for the real ones (tests
 * give their own). */
uint32_t gsaw__machine_cpus(const char *root);

/* Bytes of memory this process may use: RAM, or the least cgroup limit above this process. */
uint64_t gsaw__machine_memory(const char *root);

/* The resident size of this process now, in bytes; 0 when /proc does not tell. */
uint64_t gsaw__machine_rss(void);

/* The largest resident size this process has had so far, in bytes. */
uint64_t gsaw__machine_peak_rss(void);

#endif
