/* thread.c - pthreads; the rank check of debug builds.
 * Keeps:   in debug builds each thread knows the ranks it holds, and takes only higher ones.
 * Threads: any.
 * Next:    thread.h */
#include "base/thread.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"

#if defined(GSAW_DEBUG)
#define HELD_MAX 8
/* tidy: allow mutable-globals: what one thread holds is that thread's own, in debug builds alone */
static _Thread_local int held_ranks[HELD_MAX];
/* tidy: allow mutable-globals: the same */
static _Thread_local size_t held_count;

static void note_locked(const gsaw__mutex *mutex)
{
    gsaw_check(held_count == 0 || held_ranks[held_count - 1] < mutex->rank);
    gsaw_check(held_count < HELD_MAX);
    held_ranks[held_count++] = mutex->rank;
}

static void note_unlocked(const gsaw__mutex *mutex)
{
    gsaw_check(held_count != 0 && held_ranks[held_count - 1] == mutex->rank);
    held_count--;
}
#else
static void note_locked(const gsaw__mutex *mutex) { (void)mutex; }
static void note_unlocked(const gsaw__mutex *mutex) { (void)mutex; }
#endif

static gsaw_status from_errno(int os_errno)
{
    return os_errno == 0 ? GSAW_OK : os_errno == ENOMEM ? GSAW_NO_MEMORY : GSAW_SYSTEM;
}

gsaw_status gsaw__mutex_init(gsaw__mutex *self, const char *name, enum gsaw__rank rank)
{
    self->name = name;
    self->rank = (int)rank;
    pthread_mutexattr_t attributes;
    int failure = pthread_mutexattr_init(&attributes);
    if (failure != 0)
        return from_errno(failure);
#if defined(PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP)
    /* Spins a little before it sleeps: our locks are held for some 100 ns. */
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
#endif
    failure = pthread_mutex_init(&self->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return from_errno(failure);
}

void gsaw__mutex_clear(gsaw__mutex *self) { pthread_mutex_destroy(&self->mutex); }

void gsaw__mutex_lock(gsaw__mutex *self)
{
    int failure = pthread_mutex_lock(&self->mutex);
    gsaw_check(failure == 0);
    note_locked(self);
}

bool gsaw__mutex_try_lock(gsaw__mutex *self)
{
    if (pthread_mutex_trylock(&self->mutex) != 0)
        return false;
    note_locked(self);
    return true;
}

void gsaw__mutex_unlock(gsaw__mutex *self)
{
    note_unlocked(self);
    int failure = pthread_mutex_unlock(&self->mutex);
    gsaw_check(failure == 0);
}

gsaw_status gsaw__condition_init(gsaw__condition *self)
{
    pthread_condattr_t attributes;
    int failure = pthread_condattr_init(&attributes);
    if (failure != 0)
        return from_errno(failure);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    failure = pthread_cond_init(&self->condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return from_errno(failure);
}

void gsaw__condition_clear(gsaw__condition *self) { pthread_cond_destroy(&self->condition); }

/* The mutex is given up while waiting, so the rank leaves the thread's list for that time. */
void gsaw__condition_wait(gsaw__condition *self, gsaw__mutex *held)
{
    note_unlocked(held);
    pthread_cond_wait(&self->condition, &held->mutex);
    note_locked(held);
}

bool gsaw__condition_wait_until(gsaw__condition *self, gsaw__mutex *held, uint64_t deadline_ns)
{
    struct timespec until = {.tv_sec = (time_t)(deadline_ns / 1000000000u),
                             .tv_nsec = (long)(deadline_ns % 1000000000u)};
    note_unlocked(held);
    int failure = pthread_cond_timedwait(&self->condition, &held->mutex, &until);
    note_locked(held);
    return failure != ETIMEDOUT;
}

void gsaw__condition_signal(gsaw__condition *self) { pthread_cond_signal(&self->condition); }

void gsaw__condition_broadcast(gsaw__condition *self) { pthread_cond_broadcast(&self->condition); }

static void *run(void *argument)
{
    const gsaw__thread *self = argument;
    pthread_setname_np(pthread_self(), self->name);
    self->function(self->argument);
    return NULL;
}

/* Signals are the program's business: its own threads take them. The faults stay, as they are ours.
 */
static int create(gsaw__thread *self, const pthread_attr_t *attributes)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t blocked, before;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    int failure = pthread_create(&self->thread, attributes, run, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

/* To the `index`-th CPU of those this process may use, modulo their number. */
static void pin(pthread_attr_t *attributes, uint32_t index)
{
    cpu_set_t usable, one;
    if (sched_getaffinity(0, sizeof usable, &usable) != 0 || CPU_COUNT(&usable) == 0)
        return; /* more CPUs than the set has bits: leave it to the system */
    index %= (uint32_t)CPU_COUNT(&usable);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &usable) || index-- != 0)
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    pthread_attr_setaffinity_np(attributes, sizeof one, &one);
}

gsaw_status gsaw__thread_start(gsaw__thread *self, const gsaw__thread_options *options,
                               gsaw_error *error)
{
    self->function = options->function;
    self->argument = options->argument;
    snprintf(self->name, sizeof self->name, "%s", options->name);
    pthread_attr_t attributes;
    int failure = pthread_attr_init(&attributes);
    if (failure == 0) {
        if (options->stack_size != 0)
            failure = pthread_attr_setstacksize(&attributes, options->stack_size);
        if (failure == 0 && options->cpu != 0)
            pin(&attributes, options->cpu - 1);
        if (failure == 0)
            failure = create(self, &attributes);
        pthread_attr_destroy(&attributes);
    }
    if (failure == 0)
        return GSAW_OK;
    return gsaw__fail_errno(error, failure, "cannot start thread %s", self->name);
}

void gsaw__thread_join(gsaw__thread *self)
{
    int failure = pthread_join(self->thread, NULL);
    gsaw_check(failure == 0);
}

void gsaw__thread_pause(void) { sched_yield(); }

bool gsaw__process_barrier_enable(void)
{
#if defined(__SANITIZE_THREAD__)
    return false;
#else
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#endif
}

void gsaw__process_barrier(void)
{
    long failure = syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    gsaw_check(failure == 0);
}
