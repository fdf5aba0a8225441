/* custom_strategy.c - a strategy of one's own: items that share a room go to one lane, so that what
 * one of them has read is still in that worker's cache for the next; rooms themselves are spread.
 * Next:    gangsaw/work.h */
#include <inttypes.h>
#include <stdio.h>

#include <gangsaw/work.h>

enum { ROOMS = 4, ITEMS = 20 };

/* What a job has to do; `kind` of its item is the room. */
typedef struct job {
    uint32_t number;
    uint64_t square;
} job;

/* The items of a room to the lane of that room, the dearest of them first. Lanes that have nothing
 * left take from the others, as `steals` says. */
static gsaw_status place_by_room(void *context, const gsaw_strategy_view *view, gsaw_lanes *lanes)
{
    (void)context;
    for (size_t i = 0; i < view->count; i++)
        gsaw_lanes_put(lanes, view->items[i].kind % view->lane_count, i, view->costs[i]);
    return GSAW_OK;
}

/* Forgets every second item. */
static gsaw_status place_some(void *context, const gsaw_strategy_view *view, gsaw_lanes *lanes)
{
    (void)context;
    for (size_t i = 0; i < view->count; i += 2)
        gsaw_lanes_put(lanes, 0, i, 0);
    return GSAW_OK;
}

static gsaw_status square(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    (void)worker, (void)context;
    job *self = item->data;
    self->square = (uint64_t)self->number * self->number;
    return GSAW_OK;
}

/* A distributor with two workers and this strategy, NULL when there is none to be had. */
static gsaw_distributor *open_with(const gsaw_strategy *strategy)
{
    gsaw_distributor_options options = {.size = sizeof options, .workers = 2, .own = strategy};
    gsaw_distributor *distributor;
    gsaw_error error = {0};
    if (gsaw_distributor_new(&options, &distributor, &error) == GSAW_OK)
        return distributor;
    fprintf(stderr, "%s\n", error.text);
    return NULL;
}

int main(void)
{
    static const gsaw_strategy by_room = {
        .size = sizeof by_room, .name = "by_room", .steals = true, .distribute = place_by_room};
    static const gsaw_strategy forgetful = {
        .size = sizeof forgetful, .name = "forgetful", .distribute = place_some};
    gsaw_error error = {0};
    job jobs[ITEMS];
    gsaw_work_item items[ITEMS];
    for (uint32_t i = 0; i < ITEMS; i++) {
        jobs[i] = (job){.number = i};
        items[i] = (gsaw_work_item){.kind = i % ROOMS, .cost = 1000.0 * (i + 1), .data = &jobs[i]};
    }
    gsaw_distributor *distributor = open_with(&by_room);
    if (distributor == NULL ||
        gsaw_distributor_distribute(distributor, items, ITEMS, &error) != GSAW_OK)
        return 1;
    for (uint32_t lane = 0; lane < gsaw_distributor_lane_count(distributor); lane++) {
        const gsaw_work_item *first = NULL;
        size_t waiting = gsaw_distributor_lane(distributor, lane, NULL, &first, 1);
        printf("lane %" PRIu32 ": %zu items, first %" PRIu32 "\n", lane, waiting,
               ((const job *)first->data)->number);
    }
    gsaw_status ran = gsaw_distributor_run(distributor, square, NULL, &error);
    uint64_t sum = 0;
    for (int i = 0; i < ITEMS; i++)
        sum += jobs[i].square;
    printf("the squares below %d sum to %" PRIu64 "\n", ITEMS, sum);
    gsaw_distributor_free(distributor);

    /* A strategy that loses items is found out before anything is lost. */
    distributor = open_with(&forgetful);
    if (distributor == NULL)
        return 1;
    gsaw_status refused = gsaw_distributor_distribute(distributor, items, ITEMS, &error);
    printf("refused: %s\n", error.text);
    gsaw_distributor_free(distributor);
    return ran == GSAW_OK && refused == GSAW_INVALID ? 0 : 1;
}
