/* gate.c - a counter of bytes under a lock; one condition.
 * Keeps:   inside == 0 implies used == 0.
 * Threads: any.
 * Next:    gate.h */
#include "task/gate.h"

#include "base/check.h"
#include "base/clock.h"

gsaw_status gsaw__gate_init(gsaw__gate *self, uint64_t budget)
{
    *self = (gsaw__gate){.budget = budget};
    gsaw_status status = gsaw__mutex_init(&self->lock, "gate", GSAW_RANK_LEAF);
    if (status != GSAW_OK)
        return status;
    status = gsaw__condition_init(&self->room);
    if (status != GSAW_OK)
        gsaw__mutex_clear(&self->lock);
    return status;
}

void gsaw__gate_clear(gsaw__gate *self)
{
    gsaw__condition_clear(&self->room);
    gsaw__mutex_clear(&self->lock);
}

static bool fits(const gsaw__gate *self, uint64_t bytes)
{
    uint64_t taken = self->used + self->retained;
    return self->inside == 0 || (taken <= self->budget && bytes <= self->budget - taken);
}

void gsaw__gate_enter(gsaw__gate *self, uint64_t bytes)
{
    gsaw__mutex_lock(&self->lock);
    if (!fits(self, bytes)) {
        uint64_t start_ns = gsaw__clock_ns();
        self->waits++;
        while (!fits(self, bytes))
            gsaw__condition_wait(&self->room, &self->lock);
        self->wait_ns += gsaw__clock_ns() - start_ns;
    }
    self->used += bytes;
    self->inside++;
    gsaw__mutex_unlock(&self->lock);
}

bool gsaw__gate_try_enter(gsaw__gate *self, uint64_t bytes)
{
    gsaw__mutex_lock(&self->lock);
    bool has_room = fits(self, bytes);
    if (has_room) {
        self->used += bytes;
        self->inside++;
    }
    gsaw__mutex_unlock(&self->lock);
    return has_room;
}

void gsaw__gate_force(gsaw__gate *self, uint64_t bytes)
{
    gsaw__mutex_lock(&self->lock);
    self->used += bytes;
    self->inside++;
    gsaw__mutex_unlock(&self->lock);
}

void gsaw__gate_leave(gsaw__gate *self, uint64_t bytes, uint64_t retained)
{
    gsaw__mutex_lock(&self->lock);
    gsaw_assert(self->inside > 0 && self->used >= bytes);
    self->used -= bytes;
    self->retained += retained;
    self->inside--;
    gsaw__condition_broadcast(&self->room);
    gsaw__mutex_unlock(&self->lock);
}
