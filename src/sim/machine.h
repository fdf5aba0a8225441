/* machine.h - the simulated machine: its threads are coroutines of one real thread, its time is a
 * number, and whatever could happen in more than one way is a choice.
 *
 * Words: a thread here is a coroutine with a stack. A step is one visible operation: an atomic
 * access, a lock, a system call that waits. Before each step any runnable thread may come first. A
 * clock (vector clock) says, for each thread, up to which of its steps one has knowledge.
 *
 * Keeps:   one thread runs at a time, and only pass(), block() and exit change which; a choice
 *          depends on the options and on earlier choices alone, so that a seed says it all.
 * Threads: none but its own: the machine belongs to the real thread that called gsaw_sim_explore.
 * Next:    explore.c (runs), choose.c (choices), memory.c (what a load may see), races.c, pthread.c
 *          (what programs call). Sources: Musuvathi and others, Finding and Reproducing Heisenbugs
 *          in Concurrent Programs (OSDI 2008); Norris and Demsky, CDSchecker (OOPSLA 2013). */
#ifndef GSAW_SIM_MACHINE_H
#define GSAW_SIM_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include <gangsaw/sim.h>

#define GSAW_SIM_THREADS 32u /* at a time; a thread that was joined makes room */
#define GSAW_SIM_CHANGES 3u  /* of priorities, in a run by priorities */
#define GSAW_SIM_FOREVER UINT64_MAX

/* A vector clock. Source: Mattern, Virtual Time and Global States of Distributed Systems (1989). */
typedef struct gsaw__clock {
    uint32_t at[GSAW_SIM_THREADS];
} gsaw__clock;

enum gsaw__thread_state {
    GSAW_SIM_FREE,
    GSAW_SIM_RUNNABLE,
    GSAW_SIM_BLOCKED,
    GSAW_SIM_ENDED /* and not joined */
};

typedef struct gsaw__sim_thread {
    enum gsaw__thread_state state;
    uint32_t index;
    ucontext_t context;
    void *(*function)(void *);
    void *argument, *result;
    char name[16];
    gsaw__clock knows;       /* what happens before its next step */
    gsaw__clock sees;        /* what a barrier has made visible to it, beyond that */
    uint64_t place;          /* of its next load in the single order, at least: see memory.c */
    const void *waits;       /* blocked: the address of what it waits for */
    const char *why;         /* the same in words, static storage */
    uint64_t wake_ns;        /* blocked: when it gives up; GSAW_SIM_FOREVER: never */
    bool timed_out;          /* how the last block ended */
    bool is_detached;        /* nobody will join it */
    uint64_t priority;       /* of priority schedules: the highest runs */
    int saved_errno;         /* while another one runs */
    unsigned char *local;    /* its thread-local variables, the same */
    struct gsaw__site *site; /* of the atomic operation that it is in; NULL: not known */
    const void *caller;      /* of the hook or function that it called last */
} gsaw__sim_thread;

/* One entry of the log: the last of them are written out when something goes wrong. */
typedef struct gsaw__event {
    const char *what; /* static storage */
    const char *file; /* NULL: not known, then there is caller */
    const void *address, *caller;
    uint64_t value, aside; /* aside: the newest value, where a load saw an older one */
    int line;
    uint32_t thread;
} gsaw__event;

#define GSAW_SIM_EVENTS 256u /* kept; a power of two */

typedef struct gsaw__machine {
    gsaw_sim_options options;
    bool is_running; /* inside of a run: else what programs call goes to the system */
    uint64_t seed;
    uint64_t steps;
    uint64_t now_ns;
    uint64_t random; /* state of the generator */
    uint32_t stay;   /* random schedules: one step in so many changes threads */
    uint32_t stale;  /* one load in so many sees an older value */
    bool by_priority;
    uint64_t change_at[GSAW_SIM_CHANGES]; /* steps before which the running thread falls behind all
                                             others */
    uint64_t length;                      /* steps of the longest run so far */
    uint64_t lowest;                      /* priority given last to one that fell behind */
    uint32_t row;                         /* steps since another thread ran */
    gsaw__sim_thread threads[GSAW_SIM_THREADS];
    gsaw__sim_thread *current;
    ucontext_t host;
    gsaw__event events[GSAW_SIM_EVENTS];
    uint64_t event_count;
    gsaw_status failure; /* GSAW_OK, or what the run failed with */
    gsaw_sim_report *report;
} gsaw__machine;

extern gsaw__machine gsaw__sim; /* the one there is: a process has one set of pthread functions */

/* ---- machine.c: threads ---- */

/* Set up for a run: all threads free. Once before the first: false when there is no memory. */
bool gsaw__machine_open(void);
void gsaw__machine_reset(void);

/* Whether this is in the thread-local variables, which all threads have at the same addresses. */
bool gsaw__machine_is_local(const void *at);

/* A new runnable thread that knows what the running one knows. NULL: GSAW_SIM_THREADS are there. */
gsaw__sim_thread *gsaw__machine_spawn(void *(*function)(void *), void *argument);

/* Run until the first thread has returned, or gsaw__machine_fail. From the host. */
void gsaw__machine_run(void);

/* A step begins: any runnable thread may come first. */
void gsaw__machine_pass(void);

/* The running thread has nothing to do at the moment: others come first, and time passes. */
void gsaw__machine_yield(void);

/* The running thread sleeps until wake() for this address, or until the time. False: the time. */
bool gsaw__machine_block(const void *address, const char *why, uint64_t wake_ns);

/* Wake one thread that waits for this address (any: a choice), or all of them; how many. */
uint32_t gsaw__machine_wake(const void *address, uint32_t most);

/* The running thread has ended. Does not return. */
_Noreturn void gsaw__machine_exit(void *result);

/* The run has failed, with this text: back to the host. Does not return. */
_Noreturn void gsaw__machine_fail(gsaw_status status, const char *format, ...) GSAW_PRINTF(2, 3);

/* Keep an event of the running thread. */
void gsaw__machine_log(const char *what, const void *address, uint64_t value, uint64_t aside);

/* ---- clocks ---- */

/* To know what the other knows, too. */
static inline void gsaw__clock_join(gsaw__clock *self, const gsaw__clock *other)
{
    for (uint32_t i = 0; i < GSAW_SIM_THREADS; i++)
        if (self->at[i] < other->at[i])
            self->at[i] = other->at[i];
}

/* A new time of the running thread: what comes later is not what was released before. */
static inline uint32_t gsaw__clock_tick(void)
{
    gsaw__sim_thread *self = gsaw__sim.current;
    return ++self->knows.at[self->index];
}

/* ---- choose.c ---- */

/* Begin a run under gsaw__sim.seed. */
void gsaw__choose_begin(void);

/* After a run: whether there is another one to explore (by seed, or by the bound). */
bool gsaw__choose_next_run(void);

/* Forget the choices of earlier explorations. */
void gsaw__choose_reset(void);

/* Whether the running thread may go on, would rather not, or cannot. */
enum gsaw__going { GSAW_SIM_STAYS, GSAW_SIM_YIELDS, GSAW_SIM_LEAVES };

/* Which runnable thread is next. NULL: none is. */
gsaw__sim_thread *gsaw__choose_thread(enum gsaw__going going);

/* Whether what is rare happens now: once in `odds` times; never in exhaustive explorations. */
bool gsaw__choose_rare(uint32_t odds);

/* One of `count` (the first is what happens most), for what waits and what a program asks. */
uint32_t gsaw__choose_any(uint32_t count);

/* How many writes back a load looks: 0 (the newest) to `count` - 1. */
uint32_t gsaw__choose_age(uint32_t count);

/* ---- memory.c: atomics, by address ---- */

/* size: 1, 2, 4 or 8 bytes; order: a memory_order of C11. Each is a step. */
uint64_t gsaw__memory_load(const void *at, uint32_t size, int order);
void gsaw__memory_store(void *at, uint32_t size, uint64_t value, int order);

/* What a read-modify-write makes of the old value. */
typedef uint64_t gsaw__change(uint64_t old, uint64_t operand);

/* A read-modify-write; returns the old value. */
uint64_t gsaw__memory_change(void *at, uint32_t size, gsaw__change *change, uint64_t operand,
                             int order);

/* Compare and swap: true when it was done; *expected: what was there. */
bool gsaw__memory_swap(void *at, uint32_t size, uint64_t *expected, uint64_t value,
                       const int orders[2]);

/* Every thread passes a full barrier now. Source: membarrier(2). */
void gsaw__memory_barrier(void);

/* Start of a run; and no memory of what was at these addresses. */
void gsaw__memory_reset(void);
void gsaw__memory_forget(const void *at, size_t size);

/* A mutex, by its address. */
typedef struct gsaw__sim_lock {
    gsaw__clock clock; /* what its last holder knew */
    uint64_t place;    /* the same, in the single order */
    uint32_t owner;    /* index of a thread plus 1; 0: none */
} gsaw__sim_lock;

/* The mutex at this address, free if it was never seen. Until memory_forget. */
gsaw__sim_lock *gsaw__memory_lock(const void *at);

/* ---- races.c: plain accesses, byte by byte ---- */

enum gsaw__access { GSAW_ACCESS_READ = 0, GSAW_ACCESS_WRITE = 1, GSAW_ACCESS_ATOMIC = 2 };

/* An access of the running thread: fails the run when it races with another one. */
void gsaw__races_access(const void *at, size_t size, unsigned access);

/* As if nobody had ever been there; `freed`: and nobody may. */
void gsaw__races_forget(const void *at, size_t size, bool freed);
void gsaw__races_reset(void);

#define GSAW_RACES_PAGE 512u /* bytes that the shadow holds together */

/* Where memory.c keeps what it knows of an address; each 4 bytes have one, NULL at first. find_slot
 * is NULL where nothing is known of the page. */
void **gsaw__races_slot(const void *at);
void **gsaw__races_find_slot(const void *at);

/* ---- explore.c ---- */

struct gsaw__site;

/* What gsaw__site.order is to be for this site. */
int gsaw__explore_order(const struct gsaw__site *site);

/* ---- heap.c ---- */

/* A run begins or ends: its memory is apart, so that addresses are the same each time. Returns the
 * blocks that are left. With `drop` they are lost. */
void gsaw__heap_enter(void);
uint64_t gsaw__heap_leave(bool drop);

#endif
