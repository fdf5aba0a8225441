/* stats.c - WorkerStats: one writer, so a load and a store count without a locked instruction.
 * Keeps:   each number is one word, so a reader never sees half of a change.
 * Threads: as in stats.h.
 * Next:    stats.h */
#include "task/stats.h"

#include "base/clock.h"

bool gsaw__stopwatch_is_running(const gsaw__stopwatch *self)
{
    return (gsaw__load_relaxed(&self->word) & 1) != 0; /* [S1] the writer's own */
}

void gsaw__stopwatch_start(gsaw__stopwatch *self, uint64_t now_ns)
{
    uint64_t word = gsaw__load_relaxed(&self->word); /* [S1] the writer's own */
    if ((word & 1) == 0)
        gsaw__store_relaxed(&self->word, (now_ns - word / 2) * 2 + 1); /* [S1] one word says all */
}

void gsaw__stopwatch_stop(gsaw__stopwatch *self, uint64_t now_ns)
{
    uint64_t word = gsaw__load_relaxed(&self->word); /* [S1] the writer's own */
    if ((word & 1) != 0)
        gsaw__store_relaxed(&self->word, (now_ns - word / 2) * 2); /* [S1] one word says all */
}

uint64_t gsaw__stopwatch_read(const gsaw__stopwatch *self, uint64_t now_ns)
{
    uint64_t word = gsaw__load_relaxed(&self->word); /* [S1] pairs with start() and stop() */
    if ((word & 1) == 0)
        return word / 2;
    /* It may have been started after the caller read the clock. */
    return now_ns > word / 2 ? now_ns - word / 2 : 0;
}

void gsaw__counters_read(const gsaw__counters *self, gsaw_worker_stats *out)
{
    uint64_t now_ns = gsaw__clock_ns();
    out->completed = gsaw__load_relaxed(&self->completed); /* [S2] */
    out->dropped = gsaw__load_relaxed(&self->dropped);     /* [S2] */
    out->steals = gsaw__load_relaxed(&self->steals);       /* [S2] */
    out->parks = gsaw__load_relaxed(&self->parks);         /* [S2] */
    out->busy_ns = gsaw__stopwatch_read(&self->busy, now_ns);
    uint64_t alive_ns = gsaw__stopwatch_read(&self->alive, now_ns);
    out->idle_ns = alive_ns > out->busy_ns ? alive_ns - out->busy_ns : 0;
    out->average_ns = out->completed == 0 ? 0 : out->busy_ns / out->completed;
}
