/* wake.c - gangsaw, and in turn with it a bare thread on a bare futex: what the kernel takes.
 * Next:    wake.h */
#include "wake.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>

#include <gangsaw/pool.h>

#include "base/atomic.h"

typedef struct pool_sender {
    gsaw_pool *pool;
    gsaw_group group;
    gsaw_task task;
    _Atomic uint64_t noted;
} pool_sender;

static gsaw_status note(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    (void)value;
    gsaw__store_release(&((pool_sender *)argument)->noted, wake_note());
    return GSAW_OK;
}

static void pool_send(void *self)
{
    pool_sender *sender = self;
    sender->task = (gsaw_task){.function = note, .argument = sender};
    measure_require(gsaw_pool_submit(sender->pool, &sender->group, &sender->task) == GSAW_OK,
                    "submit");
}

static uint64_t pool_started(void *self)
{
    pool_sender *sender = self;
    uint64_t noted = gsaw__load_acquire(&sender->noted);
    if (noted) {
        gsaw__store_relaxed(&sender->noted, 0);
        measure_require(gsaw_pool_wait(sender->pool, &sender->group) == GSAW_OK, "wait");
    }
    return noted;
}

typedef struct futex_sender {
    _Atomic uint32_t word; /* 0: nothing, 1: a task, 2: the end */
    _Atomic uint64_t noted;
} futex_sender;

static long futex(_Atomic uint32_t *word, int operation, uint32_t value)
{
    return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void *futex_run(void *self)
{
    futex_sender *sender = self;
    uint32_t word;
    while ((word = gsaw__load_acquire(&sender->word)) != 2) {
        if (word == 0) {
            futex(&sender->word, FUTEX_WAIT, 0);
            continue;
        }
        uint64_t now = wake_note();
        gsaw__store_relaxed(&sender->word, 0);
        gsaw__store_release(&sender->noted, now);
    }
    return NULL;
}

static void futex_send(void *self)
{
    futex_sender *sender = self;
    gsaw__store_release(&sender->word, 1);
    futex(&sender->word, FUTEX_WAKE, 1);
}

static uint64_t futex_started(void *self)
{
    futex_sender *sender = self;
    uint64_t noted = gsaw__load_acquire(&sender->noted);
    if (noted)
        gsaw__store_relaxed(&sender->noted, 0);
    return noted;
}

int main(int argc, char **argv)
{
    unsigned workers = measure_argument(argc, argv, 1, 1);
    measure_series series[] = {{.name = "20 us later"},
                               {.name = "parked"},
                               {.name = "futex, 20 us later"},
                               {.name = "futex, parked"}};
    pool_sender pool = {0};
    futex_sender bare = {0};
    pthread_t thread;
    gsaw_pool_options options = {.size = sizeof options, .workers = workers};
    measure_require(gsaw_pool_new(&options, &pool.pool, NULL) == GSAW_OK, "pool");
    measure_require(pthread_create(&thread, NULL, futex_run, &bare) == 0, "thread");
    wake_sender senders[] = {{pool_send, pool_started, &pool}, {futex_send, futex_started, &bare}};
    wake_measure(senders, 2, series);
    gsaw__store_release(&bare.word, 2);
    futex(&bare.word, FUTEX_WAKE, 1);
    pthread_join(thread, NULL);
    gsaw_pool_free(pool.pool);
    measure_print("gangsaw", workers, WAKE_SOON, series, 4);
    return 0;
}
