/* phases.c - PhaseManager: names in order, how far it is, and what each took.
 * Keeps:   ended <= begun <= ended + 1, both only rise; times of what has ended do not change.
 * Threads: one advances at a time; any may ask.
 * Next:    gangsaw/sync.h */
#include <string.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/thread.h"

#include <gangsaw/sync.h>

#define PHASES_MAX 64u

typedef struct phase {
    char *name; /* owned */
    size_t size;
    uint64_t wall_ns, cpu_ns; /* begun: when; ended: what it took */
} phase;

struct gsaw_phases {
    const gsaw_allocator *allocator;
    uint32_t count;
    phase *phases;
    gsaw_phase_hook *hook;
    void *context;
    gsaw__mutex lock;       /* times, and the changes of begun and ended */
    _Atomic bool advancing; /* a thread is in advance(): the hook is called without the lock */
    _Atomic uint32_t begun, ended;
};

void gsaw_phases_free(gsaw_phases *self)
{
    if (self == NULL)
        return;
    for (uint32_t i = 0; i < self->count; i++)
        gsaw__free(self->allocator, self->phases[i].name, self->phases[i].size);
    gsaw__free(self->allocator, self->phases, self->count * sizeof *self->phases);
    gsaw__mutex_clear(&self->lock);
    gsaw__free(self->allocator, self, sizeof *self);
}

/* The place of a name, count if it has none. */
static uint32_t place_of(const gsaw_phases *self, const char *name)
{
    uint32_t place = 0;
    while (place < self->count &&
           (self->phases[place].name == NULL || strcmp(self->phases[place].name, name) != 0))
        place++;
    return place;
}

static gsaw_status copy_names(gsaw_phases *self, const char *const *names, gsaw_error *error)
{
    for (uint32_t i = 0; i < self->count; i++) {
        if (names[i] == NULL || names[i][0] == '\0')
            return gsaw__fail(error, GSAW_INVALID, "phase %u has no name", i + 1);
        if (place_of(self, names[i]) != self->count)
            return gsaw__fail(error, GSAW_EXISTS, "phase \"%s\" is there twice", names[i]);
        size_t size = strlen(names[i]) + 1;
        self->phases[i].name = gsaw__alloc(self->allocator, size);
        if (self->phases[i].name == NULL)
            return gsaw__fail_memory(error);
        self->phases[i].size = size;
        memcpy(self->phases[i].name, names[i], size);
    }
    return GSAW_OK;
}

gsaw_status gsaw_phases_new(const gsaw_allocator *allocator, const char *const *names,
                            uint32_t count, gsaw_phases **out, gsaw_error *error)
{
    if (count == 0 || count > PHASES_MAX)
        return gsaw__fail(error, GSAW_RANGE, "count: %u is not in 1 to %u", count, PHASES_MAX);
    gsaw_phases *self = gsaw__alloc_zero(allocator, 1, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    self->allocator = allocator;
    gsaw_status status = gsaw__mutex_init(&self->lock, "phases", GSAW_RANK_LEAF);
    if (status != GSAW_OK) {
        gsaw__free(allocator, self, sizeof *self);
        return gsaw__fail(error, status, "cannot make a lock");
    }
    self->phases = gsaw__alloc_zero(allocator, count, sizeof *self->phases);
    self->count = self->phases == NULL ? 0 : count;
    status = self->phases == NULL ? gsaw__fail_memory(error) : copy_names(self, names, error);
    if (status != GSAW_OK) {
        gsaw_phases_free(self);
        return status;
    }
    *out = self;
    return GSAW_OK;
}

void gsaw_phases_set_hook(gsaw_phases *self, gsaw_phase_hook *hook, void *context)
{
    self->hook = hook;
    self->context = context;
}

static gsaw_status check_next(const gsaw_phases *self, const char *name, gsaw_error *error)
{
    uint32_t begun = gsaw_phases_begun(self), place = name == NULL ? begun : place_of(self, name);
    if (name == NULL && begun == self->count && gsaw_phases_ended(self) < self->count)
        return GSAW_OK;
    if (name != NULL && place == self->count)
        return gsaw__fail(error, GSAW_NOT_FOUND, "no phase \"%s\"", name);
    if (begun == self->count)
        return gsaw__fail(error, GSAW_INVALID, "\"%s\" was the last phase",
                          self->phases[begun - 1].name);
    if (name != NULL && place == begun)
        return GSAW_OK;
    return gsaw__fail(error, GSAW_INVALID, "not %s%s%s: phase \"%s\" is next",
                      name == NULL ? "the end" : "\"", name == NULL ? "" : name,
                      name == NULL ? "" : "\"", self->phases[begun].name);
}

static void end_phase(gsaw_phases *self, phase *ended)
{
    gsaw__mutex_lock(&self->lock);
    ended->wall_ns = gsaw__clock_ns() - ended->wall_ns;
    ended->cpu_ns = gsaw__clock_cpu_ns() - ended->cpu_ns;
    /* [H1] release, pairs with H1 in ended(): what the phase made */
    gsaw__store_release(&self->ended, gsaw_phases_begun(self)); /* [H1] as said */
    gsaw__mutex_unlock(&self->lock);
}

static void begin_phase(gsaw_phases *self, phase *begins)
{
    gsaw__mutex_lock(&self->lock);
    begins->wall_ns = gsaw__clock_ns();
    begins->cpu_ns = gsaw__clock_cpu_ns();
    /* [H1] release, pairs with H1 in begun(): what the hook did */
    gsaw__store_release(&self->begun, gsaw_phases_begun(self) + 1); /* [H1] as said */
    gsaw__mutex_unlock(&self->lock);
}

gsaw_status gsaw_phases_advance(gsaw_phases *self, const char *name, gsaw_error *error)
{
    /* [H2] acquire-release: one advance sees all that the one before it did */
    if (gsaw__exchange_acq_rel(&self->advancing, true))
        return gsaw__fail(error, GSAW_AGAIN, "another thread is advancing");
    gsaw_status status = check_next(self, name, error);
    if (status == GSAW_OK) {
        uint32_t begun = gsaw_phases_begun(self);
        phase *ends = gsaw_phases_ended(self) < begun ? &self->phases[begun - 1] : NULL;
        phase *begins = name == NULL ? NULL : &self->phases[begun];
        if (ends != NULL)
            end_phase(self, ends);
        if (self->hook != NULL)
            self->hook(self->context, ends == NULL ? NULL : ends->name, name);
        if (begins != NULL)
            begin_phase(self, begins);
    }
    gsaw__store_release(&self->advancing, false); /* [H2] pairs with the exchange above */
    return status;
}

const char *gsaw_phases_current(const gsaw_phases *self)
{
    uint32_t begun = gsaw_phases_begun(self);
    return begun == 0 || gsaw_phases_ended(self) >= begun ? NULL : self->phases[begun - 1].name;
}

uint32_t gsaw_phases_begun(const gsaw_phases *self)
{
    return gsaw__load_acquire(&self->begun); /* [H1] pairs with begin_phase() */
}

uint32_t gsaw_phases_ended(const gsaw_phases *self)
{
    return gsaw__load_acquire(&self->ended); /* [H1] pairs with end_phase() */
}

gsaw_status gsaw_phases_times(gsaw_phases *self, const char *name, gsaw_phase_times *out)
{
    uint32_t place = name == NULL ? self->count : place_of(self, name);
    if (place == self->count)
        return GSAW_NOT_FOUND;
    gsaw__mutex_lock(&self->lock);
    const phase *at = &self->phases[place];
    *out = (gsaw_phase_times){.wall_ns = at->wall_ns, .cpu_ns = at->cpu_ns};
    if (place < gsaw_phases_begun(self) && place >= gsaw_phases_ended(self)) {
        out->wall_ns = gsaw__clock_ns() - at->wall_ns;
        out->cpu_ns = gsaw__clock_cpu_ns() - at->cpu_ns;
    }
    gsaw__mutex_unlock(&self->lock);
    return GSAW_OK;
}
