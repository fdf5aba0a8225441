/* lane.c - a pairing heap, and a lock around it.
 * Keeps:   no work is before its parent in the heap; count and load are those of the heap; load is
 *          exactly 0 when it is empty.
 * Threads: lane.h
 * Next:    lane.h */
#include "work/lane.h"

/* The better of two heaps with the other as its first child. */
static gsaw__work *link_two(gsaw__work *a, gsaw__work *b)
{
    gsaw__work *best = gsaw__work_is_before(a, b) ? a : b, *other = best == a ? b : a;
    other->next = best->child;
    best->child = other;
    return best;
}

/* One heap of siblings: two by two from the first on, then all of those from the last on. */
static gsaw__work *link_all(gsaw__work *first)
{
    gsaw__work *pairs = NULL;
    while (first != NULL) {
        gsaw__work *a = first, *b = first->next;
        first = b == NULL ? NULL : b->next;
        a->next = NULL;
        if (b != NULL) {
            b->next = NULL;
            a = link_two(a, b);
        }
        a->next = pairs;
        pairs = a;
    }
    gsaw__work *top = pairs;
    if (top != NULL) {
        pairs = top->next;
        top->next = NULL;
    }
    while (pairs != NULL) {
        gsaw__work *next = pairs->next;
        pairs->next = NULL;
        top = link_two(top, pairs);
        pairs = next;
    }
    return top;
}

void gsaw__heap_put(gsaw__heap *self, gsaw__work *work)
{
    work->child = work->next = NULL;
    if (self->top == NULL)
        self->top = work;
    else if (self->last != NULL && gsaw__work_is_before(self->last, work))
        link_two(self->last, work); /* stays the top of what it was the top of */
    else
        self->top = link_two(self->top, work);
    self->last = work;
    self->count++;
    self->load += work->cost;
}

gsaw__work *gsaw__heap_take(gsaw__heap *self)
{
    gsaw__work *best = self->top;
    if (best == NULL)
        return NULL;
    self->top = link_all(best->child);
    self->last = NULL; /* it may be the one that is taken */
    self->count--;
    self->load = self->count == 0 ? 0 : self->load - best->cost;
    best->child = best->next = NULL;
    return best;
}

void gsaw__heap_meld(gsaw__heap *self, gsaw__heap *take_other)
{
    if (take_other->top == NULL)
        return;
    self->top = self->top == NULL ? take_other->top : link_two(self->top, take_other->top);
    self->last = NULL;
    self->count += take_other->count;
    self->load += take_other->load;
    *take_other = (gsaw__heap){0};
}

/* ---- lanes ---- */

/* Under the lock: what others see of it. */
static void publish(gsaw__lane *self)
{
    gsaw__store_relaxed(&self->load, self->heap.load); /* [D3] a hint: whom to steal from */
    /* [D1] before the look at who is active, pairs with D1 in gsaw__lane_count() */
    gsaw__store_seq_cst(&self->count, self->heap.count);
}

void gsaw__lane_add(gsaw__lane *self, gsaw__heap *take_heap)
{
    if (take_heap->count == 0)
        return;
    gsaw__mutex_lock(&self->lock);
    gsaw__heap_meld(&self->heap, take_heap);
    publish(self);
    gsaw__mutex_unlock(&self->lock);
}

gsaw__work *gsaw__lane_take(gsaw__lane *self, gsaw__portion portion, bool half)
{
    gsaw__work *first = NULL, **end = &first;
    gsaw__mutex_lock(&self->lock);
    gsaw__heap *heap = &self->heap;
    double rest = half && heap->load / 2 < portion.cost ? heap->load / 2 : portion.cost;
    for (uint32_t i = 0; heap->top != NULL; i++) {
        double cost = heap->top->cost;
        if (i != 0 && (i >= portion.count || cost > rest))
            break;
        rest -= cost;
        *end = gsaw__heap_take(heap);
        end = &(*end)->next;
    }
    if (first != NULL)
        publish(self);
    gsaw__mutex_unlock(&self->lock);
    return first;
}

void gsaw__lane_choose(gsaw__lane *self, gsaw__lane_chooser *choose, const void *argument,
                       gsaw__heap *out)
{
    gsaw__mutex_lock(&self->lock);
    choose(&self->heap, argument, out);
    publish(self);
    gsaw__mutex_unlock(&self->lock);
}

/* Depth first, by hand: what has a child and a sibling waits in `later`. */
bool gsaw__heap_check(const gsaw__heap *self)
{
    enum { LATER_MAX = 256 };
    const gsaw__work *later[LATER_MAX], *at = self->top;
    size_t waiting = 0, count = 0;
    bool is_whole = true; /* false: too many waited, some were left out */
    if (at != NULL && at->next != NULL)
        return false;
    while (at != NULL) {
        count++;
        for (const gsaw__work *child = at->child; child != NULL; child = child->next)
            if (gsaw__work_is_before(child, at))
                return false;
        if (at->child != NULL && at->next != NULL) {
            if (waiting < LATER_MAX)
                later[waiting++] = at->next;
            else
                is_whole = false;
        }
        at = at->child != NULL ? at->child : at->next;
        if (at == NULL && waiting != 0)
            at = later[--waiting];
    }
    return is_whole ? count == self->count : count < self->count;
}
