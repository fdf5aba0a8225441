/* pthread.c - what programs call to have threads, to wait, and to know the time: inside of a run
 * the simulated machine's, outside the system's.
 * Keeps:   inside of a run nothing here looks into a pthread_mutex_t or pthread_cond_t: they are
 *          addresses; so all of them are valid as they are.
 * Threads: in a run the host's, else any.
 * Next:    machine.c. Sources: POSIX.1-2017, pthread_*; futex(2), membarrier(2). */
#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sim/machine.h"

#define NS_PER_S UINT64_C(1000000000)

/* Outside of a run: call the function that this one stands before. The union since C has no
 * conversion from object to function pointers. */
#define REAL(result, name, parameters, arguments)                                                  \
    do {                                                                                           \
        union {                                                                                    \
            void *object;                                                                          \
            result(*function) parameters;                                                          \
        } real = {.object = dlsym(RTLD_NEXT, #name)};                                              \
        return real.function arguments;                                                            \
    } while (0)

#define OUTSIDE (!gsaw__sim.is_running)

static uint64_t ns_of(const struct timespec *time)
{
    return (uint64_t)time->tv_sec * NS_PER_S + (uint64_t)time->tv_nsec;
}

/* ---- mutexes ---- */

static void acquire(pthread_mutex_t *mutex)
{
    gsaw__sim_lock *lock;
    while ((lock = gsaw__memory_lock(mutex))->owner != 0)
        gsaw__machine_block(mutex, "a mutex", GSAW_SIM_FOREVER);
    lock->owner = gsaw__sim.current->index + 1;
    gsaw__sim_thread *self = gsaw__sim.current;
    gsaw__clock_join(&self->knows, &lock->clock);
    self->place = self->place > lock->place ? self->place : lock->place;
    gsaw__machine_log("lock", mutex, 0, 0);
}

static void release(pthread_mutex_t *mutex)
{
    gsaw__sim_lock *lock = gsaw__memory_lock(mutex);
    if (lock->owner != gsaw__sim.current->index + 1)
        gsaw__machine_fail(GSAW_INVALID, "%s (%u) unlocks a mutex that it does not hold",
                           gsaw__sim.current->name, gsaw__sim.current->index);
    lock->owner = 0;
    gsaw__clock_tick();
    gsaw__clock_join(&lock->clock, &gsaw__sim.current->knows);
    gsaw__clock_tick();
    lock->place = gsaw__sim.current->place; /* at least what it was when this thread locked */
    gsaw__machine_log("unlock", mutex, 0, 0);
    gsaw__machine_wake(mutex, GSAW_SIM_THREADS);
}

GSAW_API int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    if (OUTSIDE)
        REAL(int, pthread_mutex_init, (pthread_mutex_t *, const pthread_mutexattr_t *),
             (mutex, attributes));
    gsaw__memory_forget(mutex, 1);
    return 0;
}

GSAW_API int pthread_mutex_destroy(pthread_mutex_t *mutex)
{
    if (OUTSIDE)
        REAL(int, pthread_mutex_destroy, (pthread_mutex_t *), (mutex));
    if (gsaw__memory_lock(mutex)->owner != 0)
        gsaw__machine_fail(GSAW_INVALID, "a mutex that is held is destroyed");
    gsaw__memory_forget(mutex, 1);
    return 0;
}

GSAW_API int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (OUTSIDE)
        REAL(int, pthread_mutex_lock, (pthread_mutex_t *), (mutex));
    gsaw__machine_pass();
    acquire(mutex);
    return 0;
}

GSAW_API int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    if (OUTSIDE)
        REAL(int, pthread_mutex_trylock, (pthread_mutex_t *), (mutex));
    gsaw__machine_pass();
    if (gsaw__memory_lock(mutex)->owner != 0)
        return EBUSY;
    acquire(mutex);
    return 0;
}

GSAW_API int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (OUTSIDE)
        REAL(int, pthread_mutex_unlock, (pthread_mutex_t *), (mutex));
    gsaw__machine_pass();
    release(mutex);
    return 0;
}

/* ---- conditions ---- */

GSAW_API int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    if (OUTSIDE)
        REAL(int, pthread_cond_init, (pthread_cond_t *, const pthread_condattr_t *),
             (condition, attributes));
    return 0;
}

GSAW_API int pthread_cond_destroy(pthread_cond_t *condition)
{
    if (OUTSIDE)
        REAL(int, pthread_cond_destroy, (pthread_cond_t *), (condition));
    return 0;
}

static int wait_for(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t wake_ns)
{
    gsaw__machine_pass();
    release(mutex);
    bool in_time = true;
    if (!gsaw__choose_rare(50)) /* else it returns without a reason, as it may */
        in_time = gsaw__machine_block(condition, "a condition", wake_ns);
    acquire(mutex);
    return in_time ? 0 : ETIMEDOUT;
}

GSAW_API int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    if (OUTSIDE)
        REAL(int, pthread_cond_wait, (pthread_cond_t *, pthread_mutex_t *), (condition, mutex));
    return wait_for(condition, mutex, GSAW_SIM_FOREVER);
}

GSAW_API int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                    const struct timespec *until)
{
    if (OUTSIDE)
        REAL(int, pthread_cond_timedwait,
             (pthread_cond_t *, pthread_mutex_t *, const struct timespec *),
             (condition, mutex, until));
    return wait_for(condition, mutex, ns_of(until));
}

static int wake(const void *address, uint32_t most, const char *what)
{
    gsaw__machine_pass();
    uint32_t woken = gsaw__machine_wake(address, most);
    gsaw__machine_log(what, address, woken, woken);
    return (int)woken;
}

GSAW_API int pthread_cond_signal(pthread_cond_t *condition)
{
    if (OUTSIDE)
        REAL(int, pthread_cond_signal, (pthread_cond_t *), (condition));
    wake(condition, 1, "signal");
    return 0;
}

GSAW_API int pthread_cond_broadcast(pthread_cond_t *condition)
{
    if (OUTSIDE)
        REAL(int, pthread_cond_broadcast, (pthread_cond_t *), (condition));
    wake(condition, GSAW_SIM_THREADS, "broadcast");
    return 0;
}

/* ---- threads ---- */

/* The number of a thread stands for it. */
static gsaw__sim_thread *thread_of(pthread_t number)
{
    gsaw__sim_thread *thread = &gsaw__sim.threads[(number - 1) % GSAW_SIM_THREADS];
    if (number < 1 || number > GSAW_SIM_THREADS || thread->state == GSAW_SIM_FREE)
        gsaw__machine_fail(GSAW_INVALID, "a thread is named that is not there");
    return thread;
}

GSAW_API int pthread_create(pthread_t *out, const pthread_attr_t *attributes,
                            void *(*function)(void *), void *argument)
{
    if (OUTSIDE)
        REAL(int, pthread_create, (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *),
             (out, attributes, function, argument));
    gsaw__machine_pass();
    gsaw__sim_thread *thread = gsaw__machine_spawn(function, argument);
    if (thread == NULL)
        return EAGAIN;
    int kind = PTHREAD_CREATE_JOINABLE;
    if (attributes != NULL)
        pthread_attr_getdetachstate(attributes, &kind);
    thread->is_detached = kind == PTHREAD_CREATE_DETACHED;
    *out = (pthread_t)thread->index + 1;
    gsaw__machine_log("start a thread", thread, thread->index, thread->index);
    return 0;
}

GSAW_API int pthread_join(pthread_t joined, void **result)
{
    if (OUTSIDE)
        REAL(int, pthread_join, (pthread_t, void **), (joined, result));
    gsaw__machine_pass();
    gsaw__sim_thread *thread = thread_of(joined);
    while (thread->state != GSAW_SIM_ENDED)
        gsaw__machine_block(thread, "the end of a thread", GSAW_SIM_FOREVER);
    gsaw__clock_join(&gsaw__sim.current->knows, &thread->knows);
    if (gsaw__sim.current->place < thread->place)
        gsaw__sim.current->place = thread->place;
    thread->state = GSAW_SIM_FREE;
    if (result != NULL)
        *result = thread->result;
    gsaw__machine_log("join", thread, thread->index, thread->index);
    return 0;
}

GSAW_API int pthread_detach(pthread_t detached)
{
    if (OUTSIDE)
        REAL(int, pthread_detach, (pthread_t), (detached));
    gsaw__sim_thread *thread = thread_of(detached);
    thread->is_detached = true;
    if (thread->state == GSAW_SIM_ENDED)
        thread->state = GSAW_SIM_FREE;
    return 0;
}

GSAW_API pthread_t pthread_self(void)
{
    if (OUTSIDE)
        REAL(pthread_t, pthread_self, (void), ());
    return (pthread_t)gsaw__sim.current->index + 1;
}

GSAW_API int pthread_setname_np(pthread_t named, const char *name)
{
    if (OUTSIDE)
        REAL(int, pthread_setname_np, (pthread_t, const char *), (named, name));
    gsaw__sim_thread *thread = thread_of(named);
    if (strlen(name) >= sizeof thread->name)
        return ERANGE;
    strncpy(thread->name, name, sizeof thread->name - 1);
    return 0;
}

GSAW_API int sched_yield(void)
{
    if (OUTSIDE)
        REAL(int, sched_yield, (void), ());
    gsaw__machine_yield();
    return 0;
}

GSAW_API int sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
    if (OUTSIDE)
        REAL(int, sched_getaffinity, (pid_t, size_t, cpu_set_t *), (pid, size, set));
    memset(set, 0, size);
    for (uint32_t i = 0; i < gsaw__sim.options.cpus; i++)
        CPU_SET_S(i, size, set);
    return 0;
}

/* ---- time ---- */

static int sleep_until(uint64_t wake_ns)
{
    gsaw__machine_pass();
    gsaw__machine_block(&gsaw__sim.current->wake_ns, "the time", wake_ns);
    return 0;
}

void gsaw_sim_sleep_ns(uint64_t ns)
{
    if (!OUTSIDE)
        sleep_until(gsaw__sim.now_ns + ns);
}

GSAW_API int nanosleep(const struct timespec *time, struct timespec *left)
{
    if (OUTSIDE)
        REAL(int, nanosleep, (const struct timespec *, struct timespec *), (time, left));
    return sleep_until(gsaw__sim.now_ns + ns_of(time));
}

GSAW_API int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                             struct timespec *left)
{
    if (OUTSIDE)
        REAL(int, clock_nanosleep, (clockid_t, int, const struct timespec *, struct timespec *),
             (clock, flags, time, left));
    return sleep_until(((flags & TIMER_ABSTIME) != 0 ? 0 : gsaw__sim.now_ns) + ns_of(time));
}

GSAW_API int usleep(useconds_t us)
{
    if (OUTSIDE)
        REAL(int, usleep, (useconds_t), (us));
    return sleep_until(gsaw__sim.now_ns + us * (uint64_t)1000);
}

GSAW_API int clock_gettime(clockid_t clock, struct timespec *out)
{
    if (OUTSIDE)
        REAL(int, clock_gettime, (clockid_t, struct timespec *), (clock, out));
    *out = (struct timespec){.tv_sec = (time_t)(gsaw__sim.now_ns / NS_PER_S),
                             .tv_nsec = (long)(gsaw__sim.now_ns % NS_PER_S)};
    return 0;
}

/* ---- system calls without a wrapper ---- */

static long futex_wait(const long *arguments, bool is_absolute)
{
    const void *word = (const void *)arguments[0];
    gsaw__machine_pass();
    uint32_t value;
    memcpy(&value, word, sizeof value); /* the kernel sees the newest */
    gsaw__machine_log("futex wait", word, value, value);
    errno = EAGAIN;
    if (value != (uint32_t)arguments[2])
        return -1;
    const struct timespec *time = (const struct timespec *)arguments[3];
    uint64_t wake_ns = GSAW_SIM_FOREVER;
    if (time != NULL)
        wake_ns = ns_of(time) + (is_absolute ? 0 : gsaw__sim.now_ns);
    errno = ETIMEDOUT;
    return gsaw__machine_block(word, "a futex", wake_ns) ? 0 : -1;
}

static long futex(const long *arguments)
{
    switch (arguments[1] & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
        return futex_wait(arguments, false);
    case FUTEX_WAIT_BITSET:
        return futex_wait(arguments, true);
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
        return wake((const void *)arguments[0], (uint32_t)arguments[2], "futex wake");
    default:
        errno = ENOSYS;
        return -1;
    }
}

GSAW_API long syscall(long number, ...)
{
    long arguments[6];
    va_list list;
    va_start(list, number);
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++)
        arguments[i] = va_arg(list, long);
    va_end(list);
    if (!OUTSIDE && number == SYS_futex)
        return futex(arguments);
    if (!OUTSIDE && number == SYS_membarrier) {
        gsaw__machine_pass();
        errno = ENOSYS;
        if (gsaw__sim.options.no_membarrier)
            return -1;
        if (arguments[0] == MEMBARRIER_CMD_PRIVATE_EXPEDITED)
            gsaw__memory_barrier();
        gsaw__machine_log("membarrier", NULL, 0, 0);
        return 0;
    }
    REAL(long, syscall, (long, long, long, long, long, long, long),
         (number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
          arguments[5]));
}
