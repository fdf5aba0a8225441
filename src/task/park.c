/* park.c - lists of sleepers, each asleep on a futex of its own.
 * Keeps:   the waker touches a sleeper for the last time when it sets `woken`; the futex call after
 *          that uses the address alone (a wake-up that comes too late finds nobody, or a spurious
 *          one).
 * Threads: any.
 * Next:    park.h. Source: futex(2). */
#include "task/park.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "a futex is a plain 32-bit word");

static gsaw__sleepers *list_of(gsaw__park *self, const void *key)
{
    if (key == NULL)
        return &self->idle;
    uint64_t hash = (uint64_t)(uintptr_t)key * UINT64_C(0x9E3779B97F4A7C15); /* Fibonacci hashing */
    return &self->waiting[hash >> 59 & (GSAW_PARK_BUCKETS - 1)];
}

gsaw_status gsaw__park_init(gsaw__park *self)
{
    *self = (gsaw__park){.is_asymmetric = gsaw__process_barrier_enable()};
    gsaw_status status = gsaw__mutex_init(&self->idle.lock, "park.idle", GSAW_RANK_PARK);
    for (uint32_t i = 0; status == GSAW_OK && i < GSAW_PARK_BUCKETS; i++) {
        self->ready++;
        status = gsaw__mutex_init(&self->waiting[i].lock, "park.waiting", GSAW_RANK_PARK);
    }
    if (status == GSAW_OK)
        self->ready++;
    else
        gsaw__park_clear(self);
    return status;
}

void gsaw__park_clear(gsaw__park *self)
{
    for (; self->ready > 1; self->ready--)
        gsaw__mutex_clear(&self->waiting[self->ready - 2].lock);
    if (self->ready == 1)
        gsaw__mutex_clear(&self->idle.lock);
    self->ready = 0;
}

static bool is_worker(const gsaw__sleeper *sleeper)
{
    return sleeper->key == NULL || sleeper->helps;
}

/* Under the lock of the list. */
static void unlist(gsaw__park *self, gsaw__sleepers *list, gsaw__sleeper *sleeper)
{
    if (sleeper->previous != NULL)
        sleeper->previous->next = sleeper->next;
    else
        list->first = sleeper->next;
    if (sleeper->next != NULL)
        sleeper->next->previous = sleeper->previous;
    sleeper->is_listed = false;
    /* [P1] less is not needed to be seen in time: who sees too many takes the lock and finds fewer
     */
    gsaw__sub_relaxed(&list->count, 1);
    if (sleeper->helps)
        gsaw__sub_relaxed(&list->helpers, 1); /* [P1] the same */
    if (is_worker(sleeper))
        gsaw__sub_relaxed(&self->asleep, 1); /* [P1] the same */
}

void gsaw__park_enter(gsaw__park *self, gsaw__sleeper *sleeper)
{
    gsaw__sleepers *list = list_of(self, sleeper->key);
    gsaw__store_relaxed(&sleeper->woken, 0); /* [P3] not listed yet: the lock publishes it */
    gsaw__mutex_lock(&list->lock);
    sleeper->previous = NULL;
    sleeper->next = list->first;
    if (list->first != NULL)
        list->first->previous = sleeper;
    list->first = sleeper;
    sleeper->is_listed = true;
    /* [P1] step 1, before the look; pairs with the loads of count and helpers in wake_*() */
    gsaw__add_seq_cst(&list->count, 1);
    if (sleeper->helps)
        gsaw__add_seq_cst(&list->helpers, 1); /* [P1] the same */
    if (is_worker(sleeper))
        gsaw__add_seq_cst(&self->asleep, 1); /* [P1] the same, after the others: who sees it sees
                                                them */
    gsaw__mutex_unlock(&list->lock);
    if (self->is_asymmetric && is_worker(sleeper))
        gsaw__process_barrier(); /* [P6] between the count and the look; pairs with deque_push() */
}

bool gsaw__park_sleep(gsaw__sleeper *sleeper, uint64_t deadline_ns)
{
    struct timespec until = {.tv_sec = (time_t)(deadline_ns / 1000000000),
                             .tv_nsec = (long)(deadline_ns % 1000000000)};
    /* [P3] acquire, pairs with P3 in wake() */
    while (gsaw__load_acquire(&sleeper->woken) == 0) {
        /* The deadline of FUTEX_WAIT_BITSET is absolute, on the monotonic clock. */
        long result =
            syscall(SYS_futex, &sleeper->woken, FUTEX_WAIT_BITSET_PRIVATE, 0,
                    deadline_ns == GSAW_PARK_FOREVER ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
        if (result == -1 && errno == ETIMEDOUT)
            return false;
    }
    return true;
}

bool gsaw__park_leave(gsaw__park *self, gsaw__sleeper *sleeper)
{
    gsaw__sleepers *list = list_of(self, sleeper->key);
    gsaw__mutex_lock(&list->lock);
    bool was_listed = sleeper->is_listed;
    if (was_listed)
        unlist(self, list, sleeper);
    gsaw__mutex_unlock(&list->lock);
    if (!was_listed)
        gsaw__park_sleep(sleeper, GSAW_PARK_FOREVER); /* its waker still has to touch it */
    return was_listed;
}

/* Wake a chain of sleepers, linked by next, that were taken out of a list; no lock held. */
static void wake(gsaw__sleeper *chain)
{
    while (chain != NULL) {
        gsaw__sleeper *next = chain->next;
        _Atomic uint32_t *word = &chain->woken;
        /* [P3] release, pairs with P3 in sleep(): chain may be gone from here on */
        gsaw__store_release(word, 1);
        syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
        chain = next;
    }
}

void gsaw__park_wake_idle(gsaw__park *self)
{
    /* [P1] relaxed: counted before `asleep`, which the caller has seen, or before the one that
     * parks stopped searching, which the caller has taken up in search_end() */
    if (gsaw__load_relaxed(&self->idle.count) == 0)
        return;
    /* [P2] release, pairs with P2 in search_end(): what was brought, and who sleeps. An exchange
     * and no load, since a push may have left its order to those who park [P6]: the worker that is
     * searching does not, it only looks. */
    if (gsaw__add_release(&self->searching, 0) != 0)
        return;
    gsaw__mutex_lock(&self->idle.lock);
    gsaw__sleeper *sleeper = self->idle.first;
    /* [P2] asked again under the lock, so that many who bring work wake one and not one each.
     * relaxed: who is seen began after the exchange above, and will take up what it released */
    if (sleeper != NULL && gsaw__load_relaxed(&self->searching) == 0) {
        unlist(self, &self->idle, sleeper);
        sleeper->next = NULL;
        gsaw__add_relaxed(&self->searching, 1); /* [P2] on behalf of the one woken */
    } else {
        sleeper = NULL;
    }
    gsaw__mutex_unlock(&self->idle.lock);
    wake(sleeper);
}

/* Whom to take out of a list. */
struct choice {
    const void *key;    /* NULL: whatever the key */
    const void *detail; /* NULL: whatever the detail */
    bool helpers;       /* those with `helps` alone */
    bool all;           /* else one */
};

static bool is_chosen(const struct choice *choice, const gsaw__sleeper *sleeper)
{
    return (choice->key == NULL || sleeper->key == choice->key) &&
           (choice->detail == NULL || sleeper->detail == choice->detail) &&
           (!choice->helpers || sleeper->helps);
}

static gsaw__sleeper *pick(gsaw__park *self, gsaw__sleepers *list, const struct choice *choice)
{
    gsaw__sleeper *chain = NULL;
    gsaw__mutex_lock(&list->lock);
    for (gsaw__sleeper *sleeper = list->first, *next; sleeper != NULL; sleeper = next) {
        next = sleeper->next;
        if (!is_chosen(choice, sleeper))
            continue;
        unlist(self, list, sleeper);
        sleeper->next = chain;
        chain = sleeper;
        if (!choice->all)
            break;
    }
    gsaw__mutex_unlock(&list->lock);
    return chain;
}

void gsaw__park_wake_helper(gsaw__park *self, const void *key)
{
    gsaw__sleepers *list = list_of(self, key);
    /* [P1] relaxed: counted before `asleep`, which the caller has seen */
    if (gsaw__load_relaxed(&list->helpers) != 0)
        wake(pick(self, list, &(struct choice){.key = key, .helpers = true}));
}

void gsaw__park_wake_detail(gsaw__park *self, const void *key, const void *detail)
{
    gsaw__sleepers *list = list_of(self, key);
    if (gsaw__load_seq_cst(&list->helpers) != 0) /* [P1] step 2, pairs with P1 in enter() */
        wake(pick(self, list, &(struct choice){.key = key, .detail = detail, .all = true}));
}

void gsaw__park_wake_waiting(gsaw__park *self, const void *key)
{
    gsaw__sleepers *list = list_of(self, key);
    if (gsaw__load_seq_cst(&list->count) != 0) /* [P1] step 2, pairs with P1 in enter() */
        wake(pick(self, list, &(struct choice){.key = key, .all = true}));
}

void gsaw__park_wake_all(gsaw__park *self, bool waiting)
{
    struct choice everyone = {.all = true};
    gsaw__sleeper *chain = pick(self, &self->idle, &everyone);
    uint32_t count = 0;
    for (gsaw__sleeper *sleeper = chain; sleeper != NULL; sleeper = sleeper->next)
        count++;
    gsaw__add_relaxed(&self->searching, count); /* [P2] on behalf of those woken */
    wake(chain);
    for (uint32_t i = 0; waiting && i < GSAW_PARK_BUCKETS; i++)
        wake(pick(self, &self->waiting[i], &everyone));
}

void gsaw__park_search_begin(gsaw__park *self)
{
    gsaw__add_relaxed(&self->searching, 1); /* [P2] pairs with P2 in wake_idle() */
}

bool gsaw__park_search_end(gsaw__park *self)
{
    /* [P2] acquire, pairs with the release of P2 in wake_idle(): who saw this one searching and
     * woke nobody had published before, and had seen who is asleep; so the look for more and the
     * waking that may follow see both */
    return gsaw__sub_acquire(&self->searching, 1) == 1;
}

uint32_t gsaw__park_idle_count(const gsaw__park *self)
{
    /* [P4] relaxed: the last to enter sees at least the count that it made itself */
    return gsaw__load_relaxed(&self->idle.count);
}

uint32_t gsaw__park_hungry_count(const gsaw__park *self)
{
    /* [P5] relaxed: a hint, pairs with nothing */
    return gsaw__load_relaxed(&self->idle.count) + gsaw__load_relaxed(&self->searching);
}
