/* config.h - the one options table of gsaw_config, and a config made complete.
 * Keeps:   every field of gsaw_config but size, allocator, owned is a row; defaults and bounds are
 *          said here only.
 * Threads: the table is constant.
 * Next:    config.c, config_dict.c, gangsaw/config.h, base/option.h */
#ifndef GSAW_WORK_CONFIG_H
#define GSAW_WORK_CONFIG_H

#include <gangsaw/config.h>

#include "base/option.h"

#define GSAW_CONFIG_GROUP UINT32_C(1)             /* the `groups` bit of every row of the table */
#define GSAW_CONFIG_RESOURCES (UINT32_C(1) << 31) /* and of those about threads and memory */

/* The rows, ended by an all-zero one. Static storage. */
const gsaw__option *gsaw__config_options(void);

/* Make *out a checked copy of `given` (NULL: all defaults) in which every number that is 0 has its
 * default; num_workers, timeout_per_file_ns and what is off by default stay 0. A given->size below
 * sizeof(gsaw_config) is an older caller's struct: the fields it lacks are defaults. Lists and
 * allocator are borrowed as given; out->owned is NULL. Errors: GSAW_INVALID (size is 0 or larger
 * than known), GSAW_RANGE (names field, value and range). */
gsaw_status gsaw__config_fill(const gsaw_config *given, gsaw_config *out, gsaw_error *error);

/* Append a line `key = value` in TOML for each field that is not 0, as gangsaw.toml has them.
 * Memory running out shows in out->failed. Text that is not UTF-8 makes a file that is refused. */
void gsaw__config_to_toml(const gsaw_config *self, gsaw__buffer *out);

/* The name of the strategy that a filled config says, for gsaw_strategy_find. */
const char *gsaw__config_strategy(const gsaw_config *self);

/* The ceiling of resident memory in bytes that a filled config sets on this machine:
 * max_memory_percent of what the process may use (base/machine.h), or max_memory_bytes when that is
 * less. */
uint64_t gsaw__config_memory(const gsaw_config *self);

#endif
