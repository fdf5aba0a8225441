/* test_distributor_stress.c - WorkDistributor under everything at once: threads that distribute
 * sets with dependencies, balance, look and cancel while workers run, help, distribute more and
 * fail; every strategy and one that places at random; more workers than CPUs.
 * GSAW_STRESS=n: n times as many lives. GSAW_SEED=n repeats a run (printed when a test fails).
 * Keeps:   each item runs at most once, and only when all that it depends on are done; without a
 *          cancel it ends as the serial model says; submitted = done + failed + cancelled +
 * skipped.
 * Threads: three of the test's own beside those of the pool.
 * Next:    README.md of work/ */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gangsaw/work.h>

#include "base/atomic.h"
#include "base/check.h"
#include "base/thread.h"

enum { THREADS = 3, SETS = 40, ITEMS_MAX = 60, DEPENDS_MAX = 3, LIVES_WANTED = 60 };

static uint64_t seed;

/* splitmix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014) */
static uint64_t mix(uint64_t value)
{
    value += UINT64_C(0x9E3779B97F4A7C15);
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

static uint64_t next_random(uint64_t *state) { return *state = mix(*state); }

struct batch;

/* What the items of a life share. */
typedef struct world {
    gsaw_distributor *distributor;
    gsaw_pool *pool;
    bool may_cancel, fail_fast;
    _Atomic uint64_t accepted, wrong;
    _Atomic(struct batch *) batches; /* all there are */
} world;

typedef struct job {
    struct world *all;
    struct job *before[DEPENDS_MAX];
    uint32_t before_count;
    uint64_t choice;
    bool fails;                 /* as the model says: when it is run */
    _Atomic uint32_t runs, end; /* end: 1 done, 2 failed */
} job;

typedef struct batch {
    struct batch *next;
    size_t count;
    job jobs[ITEMS_MAX];
    gsaw_work_item items[ITEMS_MAX];
    char ids[ITEMS_MAX][24];
    const char *depends[ITEMS_MAX][DEPENDS_MAX];
} batch;

/* A set of items that depend on earlier ones; in the end shuffled, so that order says nothing. */
static batch *make_batch(world *all, uint64_t *random)
{
    batch *self = calloc(1, sizeof *self);
    gsaw_check(self != NULL);
    self->count = 1 + next_random(random) % ITEMS_MAX;
    bool have_edges = next_random(random) % 2 == 0;
    for (size_t i = 0; i < self->count; i++) {
        job *at = &self->jobs[i];
        gsaw_work_item *item = &self->items[i];
        at->all = all;
        at->choice = next_random(random);
        at->fails = at->choice % 16 == 0 && at->choice / 16 % 4 == 0;
        snprintf(self->ids[i], sizeof self->ids[i], "%zu", i);
        *item = (gsaw_work_item){.data = at,
                                 .cost = (double)(at->choice >> 20 & 0xFFFF),
                                 .kind = (uint32_t)(at->choice >> 40 & 3),
                                 .size = at->choice >> 44 & 0xFFF};
        if (!have_edges)
            continue;
        item->id = self->ids[i];
        item->depends = self->depends[i];
        while (i != 0 && at->before_count < DEPENDS_MAX && next_random(random) % 3 != 0) {
            size_t before = next_random(random) % i;
            self->depends[i][at->before_count] = self->ids[before];
            at->before[at->before_count++] = &self->jobs[before];
        }
        item->depends_count = at->before_count;
    }
    for (size_t i = self->count; i-- > 1;) {
        size_t other = next_random(random) % (i + 1);
        gsaw_work_item swapped = self->items[i];
        self->items[i] = self->items[other];
        self->items[other] = swapped;
    }
    batch *first = gsaw__load_acquire(&all->batches); /* test: a list */
    do
        self->next = first;
    while (!gsaw__cas_acq_rel(&all->batches, &first, self)); /* test: the same */
    return self;
}

static void distribute(world *all, batch *given)
{
    gsaw_status status =
        gsaw_distributor_distribute(all->distributor, given->items, given->count, NULL);
    gsaw__add_relaxed(&all->wrong, status != GSAW_OK); /* test: a count */
    gsaw__add_relaxed(&all->accepted, given->count);   /* test: a count */
}

static gsaw_status run_job(gsaw_worker *worker, void *context, const gsaw_work_item *item)
{
    world *all = context;
    job *self = item->data;
    bool is_wrong = gsaw__add_relaxed(&self->runs, 1) != 0; /* test: once */
    for (uint32_t i = 0; i < self->before_count; i++)
        /* test: relaxed on purpose: that it is seen is the library's business */
        is_wrong = is_wrong || gsaw__load_relaxed(&self->before[i]->end) != 1;
    gsaw__add_relaxed(&all->wrong, is_wrong); /* test: a count */
    uint64_t random = self->choice;
    if (self->choice >> 8 & 1)
        for (volatile uint32_t spin = 0; spin < (self->choice >> 30 & 0xFFF); spin++)
            ;
    if ((self->choice >> 9 & 0x3F) == 0)
        distribute(all, make_batch(all, &random));
    if ((self->choice >> 10 & 0x3F) == 1)
        gsaw_distributor_help(all->distributor, worker);
    gsaw__store_relaxed(&self->end, self->fails ? 2 : 1); /* test: the same */
    return self->fails ? GSAW_DAMAGED : GSAW_OK;
}

static gsaw_status place_anywhere(void *context, const gsaw_strategy_view *view, gsaw_lanes *lanes)
{
    uint64_t *random = context;
    for (size_t i = view->count; i-- > 0;) {
        uint64_t choice = next_random(random);
        gsaw_lanes_put(lanes, (uint32_t)(choice % view->lane_count), i, (double)(choice >> 60));
    }
    return GSAW_OK;
}

typedef struct actor {
    world *all;
    uint64_t random;
} actor;

/* From outside, and sometimes by a task of the pool that helps when it is full. */
static gsaw_status bring(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)value;
    world *all = *(world **)argument;
    actor *self = argument;
    distribute(all, make_batch(all, &self->random));
    while (gsaw_distributor_is_full(all->distributor) &&
           gsaw_distributor_help(all->distributor, worker))
        ;
    return GSAW_OK;
}

static void act(void *argument)
{
    actor *self = argument;
    world *all = self->all;
    gsaw_group group = {0};
    actor brought = {.all = all};
    for (int i = 0; i < SETS; i++) {
        uint64_t choice = next_random(&self->random);
        if (choice % 4 == 0) {
            brought.random = next_random(&self->random);
            gsaw_task task = {.function = bring, .argument = &brought};
            gsaw_check(gsaw_pool_submit(all->pool, &group, &task) == GSAW_OK);
            gsaw_pool_wait(all->pool, &group);
        } else {
            distribute(all, make_batch(all, &self->random));
        }
        if (choice >> 8 & 1)
            gsaw_distributor_balance(all->distributor);
        gsaw_distributor_counts counts = gsaw_distributor_count(all->distributor);
        gsaw__add_relaxed(&all->wrong, /* test: a count */
                          counts.waiting > counts.submitted || counts.running > counts.submitted);
        if (all->may_cancel && (choice >> 16) % SETS == 0)
            gsaw_distributor_cancel(all->distributor);
    }
}

/* How the model says that a job ends: 1 done, 2 failed, 3 skipped; in the order they were made. */
static uint32_t end_of(const job *self, const batch *in, const uint8_t *ends)
{
    for (uint32_t i = 0; i < self->before_count; i++)
        if (ends[self->before[i] - in->jobs] != 1)
            return 3;
    return self->fails ? 2 : 1;
}

static void check_life(const world *all, gsaw_status finished)
{
    uint64_t count[4] = {0};
    gsaw_distributor_counts counts = gsaw_distributor_count(all->distributor);
    bool is_exact = !all->may_cancel && !all->fail_fast;
    for (const batch *at = gsaw__load_acquire(&all->batches); at != NULL; at = at->next) {
        uint8_t ends[ITEMS_MAX];
        for (size_t i = 0; i < at->count; i++) {
            const job *one = &at->jobs[i];
            ends[i] = (uint8_t)end_of(one, at, ends);
            count[ends[i]]++;
            uint32_t runs = gsaw__load_relaxed(&one->runs); /* test: all has ended */
            uint32_t end = gsaw__load_relaxed(&one->end);   /* test: the same */
            if (is_exact && (runs != (ends[i] != 3) || end != (ends[i] == 3 ? 0 : ends[i])))
                fail_msg("seed %" PRIu64 ": an item ran %u times, ended %u, not %u", seed, runs,
                         end, ends[i]);
            if (runs > 1 || (runs == 1 && end == 0))
                fail_msg("seed %" PRIu64 ": an item ran %u times", seed, runs);
        }
    }
    if (gsaw__load_relaxed(&all->wrong) != 0) /* test: all has ended */
        fail_msg("seed %" PRIu64 ": something was wrong while it ran", seed);
    if (counts.submitted != gsaw__load_relaxed(&all->accepted) || /* test: the same */
        counts.waiting != 0 || counts.running != 0 ||
        counts.submitted != counts.done + counts.failed + counts.cancelled + counts.skipped)
        fail_msg("seed %" PRIu64 ": counts do not add up", seed);
    if (is_exact &&
        (counts.done != count[1] || counts.failed != count[2] || counts.skipped != count[3]))
        fail_msg("seed %" PRIu64 ": not as the model says", seed);
    if (is_exact && finished != (count[2] != 0 ? GSAW_DAMAGED : GSAW_OK))
        fail_msg("seed %" PRIu64 ": finish returned %s", seed, gsaw_status_name(finished));
}

static void live(uint64_t *random)
{
    static const char *const names[] = {"round_robin", "work_stealing", "cost_based", NULL};
    const char *name = names[next_random(random) % 4];
    uint64_t placing = next_random(random);
    gsaw_strategy anywhere = {.size = sizeof anywhere,
                              .name = "anywhere",
                              .steals = next_random(random) % 2 == 0,
                              .distribute = place_anywhere,
                              .context = &placing};
    world all = {.may_cancel = next_random(random) % 4 == 0,
                 .fail_fast = next_random(random) % 8 == 0};
    gsaw_pool_options pool = {.size = sizeof pool,
                              .workers = 1 + (uint32_t)next_random(random) % 8};
    assert_int_equal(gsaw_pool_new(&pool, &all.pool, NULL), GSAW_OK);
    gsaw_distributor_options options = {.size = sizeof options,
                                        .pool = all.pool,
                                        .strategy = name,
                                        .own = name == NULL ? &anywhere : NULL,
                                        .fail_fast = all.fail_fast,
                                        .items_max = 1 + next_random(random) % 200,
                                        .batch_ns = next_random(random) % 2 == 0 ? 0 : 1000,
                                        .batch_max = 1 + (uint32_t)next_random(random) % 64};
    assert_int_equal(gsaw_distributor_new(&options, &all.distributor, NULL), GSAW_OK);
    if (next_random(random) % 2 == 0)
        distribute(&all, make_batch(&all, random));
    assert_int_equal(gsaw_distributor_start(all.distributor, run_job, &all, NULL), GSAW_OK);
    actor actors[THREADS];
    gsaw__thread threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        actors[i] = (actor){.all = &all, .random = next_random(random)};
        gsaw__thread_options how = {.function = act, .argument = &actors[i], .name = "actor"};
        assert_int_equal(gsaw__thread_start(&threads[i], &how, NULL), GSAW_OK);
    }
    for (int i = 0; i < THREADS; i++)
        gsaw__thread_join(&threads[i]);
    check_life(&all, gsaw_distributor_finish(all.distributor, NULL));
    gsaw_distributor_free(all.distributor);
    gsaw_pool_free(all.pool);
    for (batch *at = gsaw__load_acquire(&all.batches), *next; at != NULL; at = next) {
        next = at->next;
        free(at);
    }
}

static void test_stress_distributor(void **state)
{
    (void)state;
    const char *times = getenv("GSAW_STRESS"), *given = getenv("GSAW_SEED");
    uint64_t lives = LIVES_WANTED * (times == NULL ? 1 : strtoull(times, NULL, 10));
    uint64_t begin = given == NULL ? (uint64_t)time(NULL) * 1000 : strtoull(given, NULL, 10);
    for (uint64_t i = 0; i < (given == NULL ? lives : 1); i++) {
        seed = begin + i;
        uint64_t random = seed;
        live(&random);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stress_distributor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
