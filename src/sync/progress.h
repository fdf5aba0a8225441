/* progress.h - for those who count under a lock: no callback.
 * Keeps:   as gangsaw/sync.h says.
 * Threads: any.
 * Next:    progress.c */
#ifndef GSAW_SYNC_PROGRESS_H
#define GSAW_SYNC_PROGRESS_H

#include <gangsaw/sync.h>

/* gsaw_progress_update without its callback: that is made by the next update, of 0 if need be. */
void gsaw__progress_count(gsaw_progress *self, uint32_t shard, uint64_t amount);

#endif
