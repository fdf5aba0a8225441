/* gangsaw/sync.h - what parallel tasks share: a counter, a progress tracker, a collector of
 * results, snapshots, a barrier, phases.
 *
 * The first four come in shards: writers with shards of their own never touch the same cache line.
 * A task takes the index of its worker (gsaw_worker_index) as its shard; any number may be given,
 * it is taken modulo the number of shards. */
#ifndef GANGSAW_SYNC_H
#define GANGSAW_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gangsaw/alloc.h>
#include <gangsaw/status.h>

#ifdef __cplusplus
extern "C" {
#endif

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

/* ---- SharedState --------------------------------------------------------------------------------
 */

typedef struct gsaw_shared gsaw_shared; /* opaque */

/* One version of the shared state: immutable, and there until it is released. */
typedef struct gsaw_snapshot {
    void *value;
    uint64_t version; /* 1, 2, 3 ... */
} gsaw_snapshot;

/* State of which there is no version yet. `destroy` (may be NULL) is called with the value of a
 * version that is neither the newest nor read by anyone, by the thread that saw to that. shards: of
 * readers, 0 counts as 1; at most 4096. Errors: GSAW_NO_MEMORY, GSAW_RANGE (shards). */
GSAW_API gsaw_status gsaw_shared_new(const gsaw_allocator *allocator, uint32_t shards,
                                     void (*destroy)(void *), gsaw_shared **out, gsaw_error *error);

/* Free, the newest version too. All snapshots must have been released. NULL is allowed. */
GSAW_API void gsaw_shared_free(gsaw_shared *self);

/* The newest version, NULL before the first. Never blocks and takes no lock; three locked
 * instructions, one of them on a line that all readers share. Any thread. */
GSAW_API const gsaw_snapshot *gsaw_shared_read(gsaw_shared *self, uint32_t shard);

/* Give a snapshot back. NULL is allowed. Any thread. */
GSAW_API void gsaw_shared_release(gsaw_shared *self, const gsaw_snapshot *snapshot);

/* Publish a value, which is the state's from now on; *version may be NULL. Writers take turns, and
 * wait for readers that are inside of gsaw_shared_read, but not for those that hold snapshots.
 * Errors: GSAW_NO_MEMORY; then the value is the caller's. Any thread. */
GSAW_API gsaw_status gsaw_shared_write(gsaw_shared *self, void *value, uint64_t *version);

/* The same if `known` is the newest version still (0: there is none yet); else GSAW_AGAIN. */
GSAW_API gsaw_status gsaw_shared_update(gsaw_shared *self, uint64_t known, void *value,
                                        uint64_t *version);

/* ---- Barrier ------------------------------------------------------------------------------------
 */

typedef struct gsaw_barrier gsaw_barrier; /* opaque */

/* A barrier for `count` threads, 1 or more. For threads of one's own: a task that waits here blocks
 * its worker (see gsaw_worker_block_begin). Errors: GSAW_NO_MEMORY, GSAW_RANGE. */
GSAW_API gsaw_status gsaw_barrier_new(const gsaw_allocator *allocator, uint32_t count,
                                      gsaw_barrier **out, gsaw_error *error);

/* Free; when nobody waits. NULL is allowed. */
GSAW_API void gsaw_barrier_free(gsaw_barrier *self);

/* Wait until `count` threads have come; then all go on, and it can be used again at once. *last
 * (may be NULL): true for exactly one of them. What each wrote before can be read by all after it.
 * GSAW_TIMEOUT when deadline_ns (CLOCK_MONOTONIC; UINT64_MAX: none) is past: this thread does not
 * count as having come. GSAW_CANCELLED: released or reset meanwhile. */
GSAW_API gsaw_status gsaw_barrier_wait(gsaw_barrier *self, uint64_t deadline_ns, bool *last);

/* Let all that wait go on with GSAW_CANCELLED, and those that come later, until it is reset. */
GSAW_API void gsaw_barrier_release(gsaw_barrier *self);

/* Make it as new: those that wait go on with GSAW_CANCELLED. */
GSAW_API void gsaw_barrier_reset(gsaw_barrier *self);

/* How many threads it is for, and how many wait now. */
GSAW_API uint32_t gsaw_barrier_count(const gsaw_barrier *self);
GSAW_API uint32_t gsaw_barrier_waiting(gsaw_barrier *self);

/* ---- PhaseManager -------------------------------------------------------------------------------
 */

typedef struct gsaw_phases gsaw_phases; /* opaque */

/* Called at each boundary, by the thread that advances: `ended` is over (NULL: before the first),
 * `begins` has not begun (NULL: that was the last). Must not advance itself. */
typedef void gsaw_phase_hook(void *context, const char *ended, const char *begins);

/* What a phase took. CPU time is that of the whole process. Of one that goes on: so far. */
typedef struct gsaw_phase_times {
    uint64_t wall_ns, cpu_ns;
} gsaw_phase_times;

/* Phases in this order, 1 to 64, with unlike names, which are copied; none has begun. hook may be
 * NULL. Errors: GSAW_NO_MEMORY, GSAW_RANGE (count), GSAW_EXISTS (a name twice), GSAW_INVALID (a
 * name NULL or empty). */
GSAW_API gsaw_status gsaw_phases_new(const gsaw_allocator *allocator, const char *const *names,
                                     uint32_t count, gsaw_phases **out, gsaw_error *error);

/* Free. NULL is allowed. */
GSAW_API void gsaw_phases_free(gsaw_phases *self);

/* Set what is called at boundaries. Before the first phase begins. */
GSAW_API void gsaw_phases_set_hook(gsaw_phases *self, gsaw_phase_hook *hook, void *context);

/* End the current phase and begin the one named, which must be the next; NULL: end the last.
 * Errors: GSAW_INVALID (another is due, which the text names), GSAW_NOT_FOUND (no such phase),
 * GSAW_AGAIN (another thread is advancing). Any thread. */
GSAW_API gsaw_status gsaw_phases_advance(gsaw_phases *self, const char *name, gsaw_error *error);

/* The phase that goes on, NULL: none has begun, or all have ended. View: until free. Any thread. */
GSAW_API const char *gsaw_phases_current(const gsaw_phases *self);

/* How many have begun, and how many have ended. Any thread. */
GSAW_API uint32_t gsaw_phases_begun(const gsaw_phases *self);
GSAW_API uint32_t gsaw_phases_ended(const gsaw_phases *self);

/* What a phase took; all zero if it has not begun. GSAW_NOT_FOUND. Any thread. */
GSAW_API gsaw_status gsaw_phases_times(gsaw_phases *self, const char *name, gsaw_phase_times *out);

#ifdef __cplusplus
}
#endif

#endif
