/* machine.c - threads as coroutines: stacks, switching, blocking, virtual time, the log.
 * Keeps:   current is RUNNABLE while its code runs; a blocked thread is made runnable by wake() or
 *          by time alone.
 * Threads: the host's.
 * Next:    choose.c. Source: makecontext(3). */
#include "sim/machine.h"

#include <errno.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/site.h"

#define STACK_SIZE ((size_t)512 << 10)
#define STACKS_AT                                                                                  \
    ((void *)0x180000000000) /* the same in each process: addresses matter to hashes */
#define STEP_NS 20u
#define YIELD_NS 1000u
#define START_NS UINT64_C(1000000000)
#define LOCAL_MAX ((size_t)64 << 10)

/* tidy: allow mutable-globals: the simulated machine stands in for the real one, which is one too
 */
gsaw__machine gsaw__sim;

/* tidy: allow mutable-globals: set once, by the first exploration */
static struct {
    unsigned char *stacks; /* for each thread its stack, the first page of it closed */
    unsigned char *locals; /* for each thread its copy of the variables */
    unsigned char *live;   /* where the program has its thread-local variables */
    const unsigned char *initial;
    size_t size, initial_size;
} place;

/* The thread-local variables of the program itself, which the library is linked into. */
static int find_locals(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_TLS && info->dlpi_tls_data != NULL) {
            place.live = info->dlpi_tls_data;
            place.size = info->dlpi_phdr[i].p_memsz;
            place.initial = (const unsigned char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
            place.initial_size = info->dlpi_phdr[i].p_filesz;
        }
    return 1; /* the program comes first */
}

bool gsaw__machine_open(void)
{
    if (place.stacks != NULL)
        return true;
    dl_iterate_phdr(find_locals, NULL);
    if (place.size > LOCAL_MAX)
        return false;
    void *stacks =
        mmap(STACKS_AT, GSAW_SIM_THREADS * (STACK_SIZE + place.size), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (stacks == MAP_FAILED)
        return false;
    place.stacks = stacks;
    place.locals = place.stacks + GSAW_SIM_THREADS * STACK_SIZE;
    for (uint32_t i = 0; i < GSAW_SIM_THREADS; i++)
        mprotect(place.stacks + i * STACK_SIZE, 4096, PROT_NONE);
    return true;
}

bool gsaw__machine_is_local(const void *at)
{
    return (uintptr_t)at - (uintptr_t)place.live < place.size || at == (const void *)&errno;
}

void gsaw__machine_reset(void)
{
    memset(gsaw__sim.threads, 0, sizeof gsaw__sim.threads);
    for (uint32_t i = 0; i < GSAW_SIM_THREADS; i++) {
        gsaw__sim.threads[i].index = i;
        gsaw__sim.threads[i].local = place.locals + i * place.size;
    }
    gsaw__sim.current = NULL;
    gsaw__sim.steps = 0;
    gsaw__sim.now_ns = START_NS;
    gsaw__sim.row
    = 0;
    gsaw__sim.event_count = 0;
}

/* ---- switching ---- */

static void switch_to(gsaw__sim_thread *next)
{
    gsaw__sim_thread *self = gsaw__sim.current;
    if (next == self)
        return;
    gsaw__sim.row
    = 0;
    gsaw__sim.report->switches++;
    self->saved_errno = errno;
    memcpy(self->local, place.live, place.size);
    gsaw__sim.current = next;
    memcpy(place.live, next->local, place.size);
    errno = next->saved_errno;
    /* cppcheck-suppress swapcontextCalled ; obsolescent, but there is nothing else */
    swapcontext(&self->context, &next->context);
}

static void start(void)
{
    gsaw__sim_thread *self = gsaw__sim.current;
    gsaw__machine_exit(self->function(self->argument));
}

static gsaw__sim_thread *find_free(void)
{
    for (uint32_t i = 0; i <= gsaw__sim.options.threads; i++)
        if (gsaw__sim.threads[i].state == GSAW_SIM_FREE)
            return &gsaw__sim.threads[i];
    return NULL;
}

/* A stack of its own, and start() at its bottom. */
static void prepare(gsaw__sim_thread *self)
{
    unsigned char *stack = place.stacks + self->index * STACK_SIZE;
    gsaw__races_forget(stack + 4096, STACK_SIZE - 4096, false);
    /* cppcheck-suppress getcontextCalled ; obsolescent, but there is nothing else */
    getcontext(&self->context);
    self->context.uc_stack.ss_sp = stack + 4096;
    self->context.uc_stack.ss_size = STACK_SIZE - 4096;
    self->context.uc_link = NULL;
    /* cppcheck-suppress makecontextCalled ; obsolescent, but there is nothing else */
    makecontext(&self->context, start, 0);
}

gsaw__sim_thread *gsaw__machine_spawn(void *(*function)(void *), void *argument)
{
    gsaw__sim_thread *self = find_free();
    if (self == NULL)
        return NULL;
    uint32_t time = self->knows.at[self->index]; /* of those who had the place before */
    self->state = GSAW_SIM_RUNNABLE;
    self->function = function;
    self->argument = argument;
    self->result = NULL;
    self->is_detached = false;
    self->saved_errno = 0;
    self->priority = (uint64_t)1 << 32 | gsaw__choose_any(1u << 30);
    snprintf(self->name, sizeof self->name, "thread %u", self->index);
    memset(&self->sees, 0, sizeof self->sees);
    self->place = 0;
    if (gsaw__sim.current != NULL) {
        gsaw__clock_tick();
        self->knows = gsaw__sim.current->knows;
        self->place = gsaw__sim.current->place;
        gsaw__clock_tick();
    }
    self->knows.at[self->index] = time + 1;
    if (place.size != 0) {
        memcpy(self->local, place.initial, place.initial_size);
        memset(self->local + place.initial_size, 0, place.size - place.initial_size);
    }
    prepare(self);
    return self;
}

void gsaw__machine_run(void)
{
    gsaw__sim_thread *first = &gsaw__sim.threads[0];
    unsigned char kept[LOCAL_MAX];
    memcpy(kept, place.live, place.size);
    memcpy(place.live, first->local, place.size);
    gsaw__sim.current = first;
    gsaw__sim.is_running = true;
    /* cppcheck-suppress swapcontextCalled ; obsolescent, but there is nothing else */
    swapcontext(&gsaw__sim.host, &first->context);
    gsaw__sim.is_running = false;
    gsaw__sim.current = NULL;
    memcpy(place.live, kept, place.size);
}

static _Noreturn void leave(void)
{
    gsaw__sim.is_running = false;
    setcontext(&gsaw__sim.host);
    __builtin_unreachable();
}

_Noreturn void gsaw__machine_fail(gsaw_status status, const char *format, ...)
{
    gsaw_sim_report *report = gsaw__sim.report;
    gsaw__sim.is_running = false; /* printing below is not a part of the run */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(report->text, sizeof report->text, format, arguments);
    va_end(arguments);
    gsaw__sim.failure = status;
    leave();
}

/* ---- time ---- */

static uint64_t earliest(void)
{
    uint64_t wake_ns = GSAW_SIM_FOREVER;
    for (uint32_t i = 0; i < GSAW_SIM_THREADS; i++)
        if (gsaw__sim.threads[i].state == GSAW_SIM_BLOCKED &&
            gsaw__sim.threads[i].wake_ns < wake_ns)
            wake_ns = gsaw__sim.threads[i].wake_ns;
    return wake_ns;
}

/* Time has come for those who waited for it. */
static void wake_due(void)
{
    for (uint32_t i = 0; i < GSAW_SIM_THREADS; i++) {
        gsaw__sim_thread *thread = &gsaw__sim.threads[i];
        if (thread->state == GSAW_SIM_BLOCKED && thread->wake_ns <= gsaw__sim.now_ns) {
            thread->state = GSAW_SIM_RUNNABLE;
            thread->timed_out = true;
        }
    }
}

static void advance(uint64_t ns)
{
    gsaw__sim.steps++;
    gsaw__sim.row
    ++;
    gsaw__sim.now_ns += ns;
    if (gsaw__sim.steps > gsaw__sim.options.steps_max)
        gsaw__machine_fail(GSAW_TIMEOUT, "no end after %llu steps",
                           (unsigned long long)gsaw__sim.options.steps_max);
    uint64_t wake_ns = earliest();
    if (wake_ns == GSAW_SIM_FOREVER)
        return;
    if (gsaw__choose_rare(500)) /* a slow machine: time passes between two steps */
        gsaw__sim.now_ns = wake_ns > gsaw__sim.now_ns ? wake_ns : gsaw__sim.now_ns;
    wake_due();
}

/* ---- steps ---- */

void gsaw__machine_pass(void)
{
    advance(STEP_NS);
    switch_to(gsaw__choose_thread(GSAW_SIM_STAYS));
}

void gsaw__machine_yield(void)
{
    advance(YIELD_NS);
    switch_to(gsaw__choose_thread(GSAW_SIM_YIELDS));
}

static _Noreturn void deadlock(void)
{
    char names[400];
    size_t length = 0;
    names[0] = '\0';
    for (uint32_t i = 0; i < GSAW_SIM_THREADS && length < sizeof names - 64; i++) {
        const gsaw__sim_thread *thread = &gsaw__sim.threads[i];
        if (thread->state == GSAW_SIM_BLOCKED)
            length +=
                (size_t)snprintf(names + length, sizeof names - length, "%s%s (%u) waits for %s",
                                 length == 0 ? "" : ", ", thread->name, i, thread->why);
    }
    gsaw__machine_fail(GSAW_CLOSED, "deadlock: %s", names);
}

/* The next thread when the running one is none: time passes until there is one. */
static gsaw__sim_thread *next_thread(void)
{
    gsaw__sim_thread *next;
    while ((next = gsaw__choose_thread(GSAW_SIM_LEAVES)) == NULL) {
        uint64_t wake_ns = earliest();
        if (wake_ns == GSAW_SIM_FOREVER)
            deadlock();
        if (wake_ns > gsaw__sim.now_ns)
            gsaw__sim.now_ns = wake_ns;
        wake_due();
    }
    return next;
}

bool gsaw__machine_block(const void *address, const char *why, uint64_t wake_ns)
{
    gsaw__sim_thread *self = gsaw__sim.current;
    self->state = GSAW_SIM_BLOCKED;
    self->waits = address;
    self->why = why;
    self->wake_ns = wake_ns;
    self->timed_out = false;
    switch_to(next_thread());
    return !self->timed_out;
}

uint32_t gsaw__machine_wake(const void *address, uint32_t most)
{
    uint32_t woken = 0;
    while (woken < most) {
        gsaw__sim_thread *waiting[GSAW_SIM_THREADS];
        uint32_t count = 0;
        for (uint32_t i = 0; i < GSAW_SIM_THREADS; i++)
            if (gsaw__sim.threads[i].state == GSAW_SIM_BLOCKED &&
                gsaw__sim.threads[i].waits == address)
                waiting[count++] = &gsaw__sim.threads[i];
        if (count == 0)
            break;
        waiting[most >= GSAW_SIM_THREADS ? 0 : gsaw__choose_any(count)]->state = GSAW_SIM_RUNNABLE;
        woken++;
    }
    return woken;
}

_Noreturn void gsaw__machine_exit(void *result)
{
    gsaw__sim_thread *self = gsaw__sim.current;
    self->result = result;
    gsaw__clock_tick();
    self->state = self->is_detached ? GSAW_SIM_FREE : GSAW_SIM_ENDED;
    gsaw__machine_wake(self, GSAW_SIM_THREADS);
    if (self->index == 0)
        leave();
    switch_to(next_thread());
    __builtin_unreachable();
}

void gsaw__machine_log(const char *what, const void *address, uint64_t value, uint64_t aside)
{
    gsaw__event *event = &gsaw__sim.events[gsaw__sim.event_count++ % GSAW_SIM_EVENTS];
    const gsaw__site *site = gsaw__sim.current->site;
    *event = (gsaw__event){.what = site != NULL ? site->what : what,
                           .file = site != NULL ? site->file : NULL,
                           .line = site != NULL ? site->line : 0,
                           .caller = gsaw__sim.current->caller,
                           .address = address,
                           .value = value,
                           .aside = aside,
                           .thread = gsaw__sim.current->index};
}
