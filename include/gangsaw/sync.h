/* gangsaw/sync.h - what parallel tasks share: a counter, a progress tracker, a collector of
 * results.
 *
 * Each comes in shards: writers with shards of their own never touch the same cache line. A task
 * takes the index of its worker (gsaw_worker_index) as its shard; any number may be given, it is
 * taken modulo the number of shards. */
#ifndef GANGSAW_SYNC_H
#define GANGSAW_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/alloc.h>
#include <gangsaw/status.h>

/* ---- AtomicCounter ------------------------------------------------------------------------------
 */

typedef struct gsaw_counter gsaw_counter; /* opaque */

/* A counter at 0. shards 0 or 1: plain, one number; up to 4096: sharded, cheap to change by as many
 * threads at once and dearer to read. Errors: GSAW_NO_MEMORY, GSAW_RANGE (shards). */
GSAW_API gsaw_status gsaw_counter_new(const gsaw_allocator *allocator, uint32_t shards,
                                      gsaw_counter **out, gsaw_error *error);

/* Free. NULL is allowed. */
GSAW_API void gsaw_counter_free(gsaw_counter *self);

/* Add or take away `amount`, in the shard given. Returns the new number of that shard, which is the
 * counter's when it is plain: of N threads that decrement a plain counter from N by 1, exactly one
 * gets 0, and it sees what the others wrote before. Never blocks; any thread, any shard. Wraps
 * around beyond 63 bits. */
GSAW_API int64_t gsaw_counter_increment(gsaw_counter *self, uint32_t shard, int64_t amount);
GSAW_API int64_t gsaw_counter_decrement(gsaw_counter *self, uint32_t shard, int64_t amount);

/* The sum of the shards. Counts each change that happened before the call, and may or may not count
 * those that go on beside it. Never blocks; any thread. */
GSAW_API int64_t gsaw_counter_value(const gsaw_counter *self);

/* ---- ProgressTracker ----------------------------------------------------------------------------
 */

typedef struct gsaw_progress gsaw_progress; /* opaque */

/* How far it is. */
typedef struct gsaw_progress_state {
    uint64_t completed, total;
    bool total_is_final; /* else it still grows */
    uint64_t elapsed_ns; /* since gsaw_progress_new */
    uint64_t rate_per_s; /* completed / elapsed */
    uint64_t
        remaining_ns; /* at that rate; UINT64_MAX: not known (nothing completed, total not final) */
} gsaw_progress_state;

/* Told of progress: by the thread that happens to be in update(), one call at a time, no lock held.
 */
typedef void gsaw_progress_callback(void *context, const gsaw_progress_state *state);

/* All-zero but for size means every default. */
typedef struct gsaw_progress_options {
    size_t size;                     /* sizeof(gsaw_progress_options) */
    const gsaw_allocator *allocator; /* NULL: malloc */
    uint32_t shards;                 /* threads that update; 0: 1; at most 4096 */
    uint64_t interval_ns; /* from the end of one call to the start of the next; 0: 50 ms */
    gsaw_progress_callback *callback; /* NULL: none */
    void *context;                    /* of the callback */
} gsaw_progress_options;

/* A tracker with nothing completed of a total of 0 that is not final. options NULL: defaults. The
 * first callback comes an interval from now at the earliest. Errors: GSAW_NO_MEMORY, GSAW_RANGE,
 * GSAW_INVALID. */
GSAW_API gsaw_status gsaw_progress_new(const gsaw_progress_options *options, gsaw_progress **out,
                                       gsaw_error *error);

/* Free. NULL is allowed. Makes no callback. */
GSAW_API void gsaw_progress_free(gsaw_progress *self);

/* Let the total grow. Announce work before it is completed, so that completed never exceeds total.
 * Never blocks; any thread. */
GSAW_API void gsaw_progress_add_total(gsaw_progress *self, uint32_t shard, uint64_t amount);

/* From here on the total does not grow any more. Any thread. */
GSAW_API void gsaw_progress_set_final(gsaw_progress *self);

/* Count `amount` as completed; makes the callback when it is due and no other thread is in it.
 * About one clock reading, without a callback set not even that. Never blocks; any thread. */
GSAW_API void gsaw_progress_update(gsaw_progress *self, uint32_t shard, uint64_t amount);

/* How far it is now. completed never goes back from one call, or callback, to a later one. Never
 * blocks; any thread. */
GSAW_API void gsaw_progress_read(const gsaw_progress *self, gsaw_progress_state *out);

/* Make the callback once more, due or not: the last word. After all updates, not beside them. */
GSAW_API void gsaw_progress_finish(gsaw_progress *self);

/* ---- ResultCollector ----------------------------------------------------------------------------
 */

typedef struct gsaw_collector gsaw_collector; /* opaque */

/* A result and the index of the input that it belongs to. */
typedef struct gsaw_collected {
    uint64_t index;
    void *item; /* borrowed */
} gsaw_collected;

/* An empty collector with `shards` shards, 1 to 4096. Errors: GSAW_NO_MEMORY, GSAW_RANGE. */
GSAW_API gsaw_status gsaw_collector_new(const gsaw_allocator *allocator, uint32_t shards,
                                        gsaw_collector **out, gsaw_error *error);

/* Free the collector; the items are the caller's. NULL is allowed. */
GSAW_API void gsaw_collector_free(gsaw_collector *self);

/* Keep the result of input `index`. Each shard is written by one thread at a time, and shards
 * beyond the number given to gsaw_collector_new are GSAW_RANGE (two workers must not share one).
 * Never blocks. Errors: GSAW_NO_MEMORY, GSAW_RANGE; then the item was not taken. */
GSAW_API gsaw_status gsaw_collector_collect(gsaw_collector *self, uint32_t shard, uint64_t index,
                                            void *item);

/* How many results there are. When no thread collects. */
GSAW_API size_t gsaw_collector_count(const gsaw_collector *self);

/* All results in one array, by rising index, whoever collected them. When no thread collects; may
 * be repeated, and collecting may go on afterwards. *out is a view that lives until the next
 * aggregate, summarize or free; NULL when *count is 0. Errors: GSAW_NO_MEMORY; GSAW_EXISTS (two
 * results for one index, which the text names). */
GSAW_API gsaw_status gsaw_collector_aggregate(gsaw_collector *self, const gsaw_collected **out,
                                              size_t *count, gsaw_error *error);

/* What summarize calls for each result; anything but GSAW_OK stops it. */
typedef gsaw_status gsaw_collector_function(void *context, const gsaw_collected *result);

/* Call `function` for each result by rising index, in the calling thread. Errors: as aggregate, and
 * what the function returned (the text of `error` is then the function's business). */
GSAW_API gsaw_status gsaw_collector_summarize(gsaw_collector *self,
                                              gsaw_collector_function *function, void *context,
                                              gsaw_error *error);

#endif
