/* balancer.c - LoadBalancer: how uneven it is, whether it pays to move, and moving.
 * Keeps:   each move makes the fuller of two lanes less full than it was, and the other not as full
 *          as that one was: so the largest load never grows, and moving ends.
 * Threads: any; a lane is locked for a bounded number of items at a time.
 * Next:    distributor.h */
#include "work/balancer.h"

#include "base/status.h"
#include "work/distributor.h"

#define THRESHOLD 0.1
#define MOVE_NS 200.0
#define LOOK_MAX 64u /* items of a lane that are looked at under its lock */

gsaw_status gsaw__balancer_fill(gsaw_balancer *self, gsaw_error *error)
{
    if (self->size == 0)
        *self = (gsaw_balancer){.size = sizeof *self};
    if (self->size != sizeof *self)
        return gsaw__fail(error, GSAW_INVALID, "gsaw_balancer: size is %zu, not %zu", self->size,
                          sizeof *self);
    if (!(self->threshold >= 0 && self->threshold <= GSAW_WORK_COST_MAX))
        return gsaw__fail(error, GSAW_RANGE, "threshold: %g is not in 0 to %g", self->threshold,
                          GSAW_WORK_COST_MAX);
    if (!(self->move_ns >= 0 && self->move_ns <= GSAW_WORK_COST_MAX))
        return gsaw__fail(error, GSAW_RANGE, "move_ns: %g is not in 0 to %g", self->move_ns,
                          GSAW_WORK_COST_MAX);
    if (self->threshold == 0)
        self->threshold = THRESHOLD;
    if (self->move_ns == 0)
        self->move_ns = MOVE_NS;
    return GSAW_OK;
}

static double largest_of(const double *loads, size_t count, double *mean)
{
    double largest = 0, sum = 0;
    for (size_t i = 0; i < count; i++) {
        largest = loads[i] > largest ? loads[i] : largest;
        sum += loads[i];
    }
    *mean = count == 0 ? 0 : sum / (double)count;
    return largest;
}

double gsaw_balancer_skew(const double *loads, size_t count)
{
    double mean, largest = largest_of(loads, count, &mean);
    return mean > 0 && largest > mean ? largest / mean - 1 : 0;
}

bool gsaw_balancer_detect_skew(const gsaw_balancer *self, const double *loads, size_t count,
                               double *skew)
{
    gsaw_balancer filled = {0};
    if (self != NULL)
        filled = *self;
    double mean, largest = largest_of(loads, count, &mean);
    double found = gsaw_balancer_skew(loads, count);
    if (skew != NULL)
        *skew = found;
    return gsaw__balancer_fill(&filled, NULL) == GSAW_OK && found > filled.threshold &&
           largest - mean > filled.move_ns;
}

/* ---- moving ---- */

/* From one lane to another: how much, and what is worth it. */
typedef struct gap {
    uint32_t from, to;
    double wanted;     /* to move, so that neither passes the mean */
    double difference; /* between the two */
    double least;      /* what costs less is not worth moving */
} gap;

/* Take out what is to be moved: the first of the lane that fit; if none does the one that brings
 * the two nearest to each other. */
static void choose(gsaw__heap *from, const void *argument, gsaw__heap *out)
{
    const gap *given = argument;
    gsaw__work *kept[LOOK_MAX];
    uint32_t count = 0;
    size_t nearest = SIZE_MAX;
    double wanted = given->wanted, best = given->difference;
    for (uint32_t looked = 0; looked < LOOK_MAX && wanted >= given->least; looked++) {
        gsaw__work *work = gsaw__heap_take(from);
        if (work == NULL)
            break;
        if (work->cost <= wanted && work->cost >= given->least) {
            wanted -= work->cost;
            gsaw__heap_put(out, work);
            continue;
        }
        double other = given->difference - work->cost;
        double after = work->cost > other ? work->cost : other; /* the larger, less the smaller */
        if (work->cost >= given->least && after < best) {
            best = after;
            nearest = count;
        }
        kept[count++] = work;
    }
    gsaw__heap rest = {0};
    for (uint32_t i = 0; i < count; i++)
        gsaw__heap_put(out->count == 0 && i == nearest ? out : &rest, kept[i]);
    gsaw__heap_meld(from, &rest);
}

static void find_gap(const double *loads, uint32_t count, gap *out)
{
    double mean;
    largest_of(loads, count, &mean);
    out->from = out->to = 0;
    for (uint32_t i = 1; i < count; i++) {
        out->from = loads[i] > loads[out->from] ? i : out->from;
        out->to = loads[i] < loads[out->to] ? i : out->to;
    }
    double above = loads[out->from] - mean, below = mean - loads[out->to];
    out->wanted = above < below ? above : below;
    out->difference = loads[out->from] - loads[out->to];
}

static size_t move(gsaw_distributor *self, double *loads, const gap *given)
{
    gsaw__lane *from = &self->lanes[given->from];
    gsaw__heap moved = {0};
    gsaw__lane_choose(from, choose, given, &moved);
    size_t count = moved.count;
    loads[given->from] -= moved.load;
    loads[given->to] += moved.load;
    gsaw__lane_add(&self->lanes[given->to], &moved);
    return count;
}

size_t gsaw_distributor_balance(gsaw_distributor *self)
{
    const gsaw_balancer *options = &self->options.balancer;
    size_t all = 0;
    if (gsaw__pool_is_forked(self->pool))
        return 0;
    gsaw__mutex_lock(&self->placing); /* whose scratch the loads are */
    double *loads = self->loads;
    double rate = 0;
    for (uint32_t i = 0; i < self->lane_count; i++) {
        double measured = gsaw__load_relaxed(&self->lanes[i].rate); /* [D10] a hint */
        rate = measured > rate ? measured : rate;
        loads[i] = gsaw__load_relaxed(&self->lanes[i].load); /* [D3] a hint */
    }
    rate = rate > 0 ? rate : 1; /* costs are taken for ns until they are measured */
    gsaw_balancer scaled = *options;
    scaled.move_ns = options->move_ns / rate;
    gap found = {.least = scaled.move_ns};
    while (gsaw_balancer_detect_skew(&scaled, loads, self->lane_count, NULL)) {
        find_gap(loads, self->lane_count, &found);
        size_t count = move(self, loads, &found);
        gsaw__add_relaxed(&self->lanes[found.to].moved, count); /* [D7] a number */
        if (count == 0)
            break;
        all += count;
    }
    gsaw__mutex_unlock(&self->placing);
    if (all != 0)
        gsaw__drivers_wake(self, all);
    return all;
}
