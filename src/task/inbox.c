/* inbox.c - a stack that anyone pushes on, and lists by group that it is sorted into.
 * Keeps:   a group is in the ring of groups exactly while its list is not empty, so that a group
 *          that has ended is nowhere in the inbox.
 * Threads: any; all but push() and is_empty() under the lock.
 * Next:    inbox.h, worker.c */
#include "task/inbox.h"

#include <string.h>

#include "base/check.h"

#define SORT_EVERY 8u               /* takes: so long a new group may wait for its turn */
#define SORTING (UINT64_C(1) << 63) /* in `sorted`: tasks are on their way from stack to lists */

gsaw_status gsaw__inbox_init(gsaw__inbox *self)
{
    memset(self, 0, sizeof *self);
    return gsaw__mutex_init(&self->lock, "inbox", GSAW_RANK_QUEUE);
}

void gsaw__inbox_clear(gsaw__inbox *self) { gsaw__mutex_clear(&self->lock); }

bool gsaw__inbox_push(gsaw__inbox *self, gsaw_task *newest, gsaw_task *oldest)
{
    gsaw_task *head = gsaw__load_relaxed(&self->newest); /* [I1] checked by the exchange */
    do {
        if (head == &self->closed)
            return false;
        oldest->next = head;
        /* [I1] release, pairs with I1 in sort(): the tasks; [P1] sequentially consistent, before
         * the look at who sleeps, pairs with is_empty() of those who are about to park */
    } while (!gsaw__cas_seq_cst(&self->newest, &head, newest));
    return true;
}

/* ---- the lists, under the lock ---- */

/* Put the group last in the ring: before the one that is served next. */
static void link_group(gsaw__inbox *self, gsaw_group *group)
{
    if (self->groups == NULL) {
        group->following = group->previous = group;
        self->groups = group;
        return;
    }
    group->following = self->groups;
    group->previous = self->groups->previous;
    group->previous->following = group;
    group->following->previous = group;
}

static void unlink_group(gsaw__inbox *self, gsaw_group *group)
{
    if (group->following == group) {
        self->groups = NULL;
    } else {
        group->previous->following = group->following;
        group->following->previous = group->previous;
        if (self->groups == group)
            self->groups = group->following;
    }
    group->following = group->previous = NULL;
}

/* Append a chain, oldest first, of tasks that are all of this group. */
static void append(gsaw__inbox *self, gsaw_task *first, gsaw_task *last, uint64_t count)
{
    gsaw_group *group = first->group;
    last->next = NULL;
    if (group->last != NULL) {
        group->last->next = first;
    } else {
        group->first = first;
        link_group(self, group);
    }
    group->last = last;
    /* [I2] relaxed: written under the lock alone, and published by the store to sorted */
    gsaw__store_relaxed(&group->queued, gsaw__load_relaxed(&group->queued) + count);
    /* [P1] sequentially consistent: before the look at who sleeps, pairs with is_empty() of those
     * who are about to park; [I2] release, pairs with I2 in take_of() */
    gsaw__store_seq_cst(&self->sorted, gsaw__load_relaxed(&self->sorted) + count);
}

/* Take the oldest task of a group that has one. */
static gsaw_task *pop(gsaw__inbox *self, gsaw_group *group)
{
    gsaw_task *task = group->first;
    group->first = task->next;
    gsaw__job_prefetch(task, task->next);
    /* [I2] relaxed, as in append() */
    gsaw__store_relaxed(&group->queued, gsaw__load_relaxed(&group->queued) - 1);
    if (group->first == NULL) {
        group->last = NULL;
        unlink_group(self, group);
    }
    return task;
}

/* Less in the lists by `count`. */
static void count_out(gsaw__inbox *self, uint64_t count)
{
    /* [I2] release, so that who reads this count also sees what was appended before it. No place in
     * the order of [P1] is needed: nobody is to be woken for a task that is gone */
    gsaw__store_release(&self->sorted, gsaw__load_relaxed(&self->sorted) - count);
}

/* Move what lies on the stack into the lists: turned round, in runs of one group. The stack becomes
 * `emptied`, NULL or &closed. */
static void sort(gsaw__inbox *self, gsaw_task *emptied)
{
    gsaw_task *head = gsaw__load_relaxed(&self->newest); /* [I1] a look that saves an exchange */
    if (head == emptied || head == &self->closed)
        return;
    /* [I3] published by the exchange: who finds the stack empty because of it finds the mark, and
     * knows that the lists are not yet right; pairs with I3 in is_empty() and take_of() */
    gsaw__store_relaxed(&self->sorted, gsaw__load_relaxed(&self->sorted) | SORTING);
    /* [I1] acquire, pairs with I1 in push(): the tasks; [I3] release: the mark */
    head = gsaw__exchange_acq_rel(&self->newest, emptied);
    gsaw_task *oldest = NULL, *newest = head;
    uint64_t all = 0;
    bool is_one_run = true;
    while (head != NULL) {
        gsaw_task *next = head->next;
        gsaw__job_prefetch(head, next);
        is_one_run = is_one_run && head->group == newest->group;
        all++;
        head->next = oldest;
        oldest = head;
        head = next;
    }
    if (is_one_run && oldest != NULL) { /* as most are: no second walk through their memory */
        append(self, oldest, newest, all);
        oldest = NULL;
    }
    while (oldest != NULL) {
        gsaw_task *last = oldest;
        uint64_t count = 1;
        for (; last->next != NULL && last->next->group == oldest->group; count++)
            last = last->next;
        gsaw_task *next = last->next;
        append(self, oldest, last, count);
        oldest = next;
    }
    /* [I3] release: the lists are right */
    gsaw__store_release(&self->sorted, gsaw__load_relaxed(&self->sorted) & ~SORTING);
}

void gsaw__inbox_push_always(gsaw__inbox *self, gsaw_task *task)
{
    gsaw__mutex_lock(&self->lock);
    append(self, task, task, 1);
    gsaw__mutex_unlock(&self->lock);
}

size_t gsaw__inbox_take(gsaw__inbox *self, gsaw_task **out, size_t room, uint32_t share)
{
    size_t taken = 0;
    gsaw__mutex_lock(&self->lock);
    /* Who pushes writes to the top of the stack: looking there each time costs both sides a cache
     * miss. Those in the lists are older in any case. */
    if (self->groups == NULL || ++self->takes % SORT_EVERY == 0)
        sort(self, NULL);
    /* [I2] under the lock */
    size_t fair = (gsaw__load_relaxed(&self->sorted) + share - 1) / share;
    gsaw_group *group = self->groups;
    while (group != NULL && taken < room && taken < fair) {
        out[taken++] = pop(self, group);
        if (group->first == NULL)
            group = NULL;
    }
    if (group != NULL)
        self->groups = group->following;
    if (taken != 0)
        count_out(self, taken);
    gsaw__mutex_unlock(&self->lock);
    return taken;
}

gsaw_task *gsaw__inbox_take_of(gsaw__inbox *self, gsaw_group *group)
{
    /* [P1] pairs with P1 in push(): what is on the stack may be anybody's */
    gsaw_task *head = gsaw__load_seq_cst(&self->newest);
    bool is_sorted = head == NULL || head == &self->closed;
    /* [P1] [I3] pairs with append() and the mark in sort(); [I2] acquires, pairs with I2 in
     * append(): whose count is seen here is seen in the group, too, so that as the look before
     * parking that is as good as this */
    uint64_t sorted = gsaw__load_seq_cst(&self->sorted);
    if (is_sorted && (sorted == 0 || ((sorted & SORTING) == 0 &&
                                      gsaw__load_relaxed(&group->queued) == 0))) /* [I2] as said */
        return NULL;
    gsaw__mutex_lock(&self->lock);
    sort(self, NULL);
    gsaw_task *task = group->first == NULL ? NULL : pop(self, group);
    if (task != NULL)
        count_out(self, 1);
    gsaw__mutex_unlock(&self->lock);
    return task;
}

gsaw_task *gsaw__inbox_take_all_of(gsaw__inbox *self, gsaw_group *group)
{
    gsaw__mutex_lock(&self->lock);
    sort(self, NULL);
    gsaw_task *first = group->first;
    if (first != NULL) {
        count_out(self, gsaw__load_relaxed(&group->queued)); /* [I2] under the lock */
        gsaw__store_relaxed(&group->queued, 0);              /* [I2] as in append() */
        group->first = group->last = NULL;
        unlink_group(self, group);
    }
    gsaw__mutex_unlock(&self->lock);
    return first;
}

void gsaw__inbox_close(gsaw__inbox *self)
{
    gsaw__mutex_lock(&self->lock);
    sort(self, &self->closed);
    gsaw__mutex_unlock(&self->lock);
}

uint64_t gsaw__inbox_count(const gsaw__inbox *self)
{
    return gsaw__load_relaxed(&self->sorted) & ~SORTING; /* [I2] a number, nothing hangs on it */
}

bool gsaw__inbox_is_empty(const gsaw__inbox *self)
{
    /* [I2] relaxed: if it is old, so be it; only that it is empty must be true, see below */
    if ((gsaw__load_relaxed(&self->sorted) & ~SORTING) != 0)
        return false;
    gsaw_task *head = gsaw__load_seq_cst(&self->newest); /* [P1] pairs with P1 in push() */
    /* [P1] pairs with P1 in append(); [I3] and with the mark in sort() */
    return (head == NULL || head == &self->closed) && gsaw__load_seq_cst(&self->sorted) == 0;
}

uint64_t gsaw__inbox_check(gsaw__inbox *self)
{
    bool right = true;
    uint64_t held = 0;
    gsaw__mutex_lock(&self->lock);
    sort(self, NULL);
    gsaw_group *group = self->groups;
    while (group != NULL && right) {
        uint64_t of_group = 0;
        gsaw_task *last = NULL;
        for (gsaw_task *task = group->first; task != NULL; task = task->next, of_group++) {
            right = right && task->group == group;
            last = task;
        }
        right = right && of_group != 0 && last == group->last &&
                group->following->previous == group &&
                of_group == gsaw__load_relaxed(&group->queued); /* [I2] under the lock */
        held += of_group;
        group = group->following == self->groups ? NULL : group->following;
    }
    right = right && held == gsaw__load_relaxed(&self->sorted); /* [I2] under the lock */
    gsaw__mutex_unlock(&self->lock);
    return right ? held : UINT64_MAX;
}
