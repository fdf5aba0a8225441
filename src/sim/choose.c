/* choose.c - the choices of a run: at random from the seed, by priorities, or all of them in turn.
 * Keeps:   exhaustive: decisions[0, length) are those of the run before, the last of them moved on;
 *          a run follows them and takes the first of each choice after that.
 * Threads: the host's.
 * Next:    explore.c. Sources: sim.h names them; splitmix64 is Steele, Lea and Flood, Fast
 *          Splittable Pseudorandom Number Generators (OOPSLA 2014). */
#include "sim/machine.h"

#include <sys/mman.h>

#define DECISIONS_MAX ((uint32_t)1 << 22)
#define ROW_MAX 3000u /* steps after which a thread that spins without a pause falls behind */

struct decision {
    uint32_t chosen, count;
};

/* tidy: allow mutable-globals: of the one machine there is */
static struct {
    struct decision *decisions; /* DECISIONS_MAX of them */
    uint32_t length, position;
    uint32_t deviations; /* in this run so far */
} tree;

static uint64_t draw(void)
{
    uint64_t word = gsaw__sim.random += UINT64_C(0x9E3779B97F4A7C15);
    word = (word ^ word >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ word >> 27) * UINT64_C(0x94D049BB133111EB);
    return word ^ word >> 31;
}

static uint32_t draw_below(uint32_t count) { return (uint32_t)(draw() % count); }

static bool is_exhaustive(void) { return gsaw__sim.options.strategy == GSAW_SIM_EXHAUSTIVE; }

/* The next choice of an exhaustive exploration; a costly one is a deviation unless it is 0. */
static uint32_t decide(uint32_t count, bool is_costly)
{
    if (count < 2 || (is_costly && tree.deviations >= gsaw__sim.options.deviations))
        return 0;
    if (tree.position == tree.length) {
        if (tree.decisions == NULL || tree.length == DECISIONS_MAX)
            return 0;
        tree.decisions[tree.length++] = (struct decision){.count = count};
    }
    uint32_t chosen = tree.decisions[tree.position++].chosen;
    tree.deviations += is_costly && chosen != 0;
    return chosen;
}

void gsaw__choose_reset(void)
{
    if (tree.decisions == NULL) {
        void *memory = mmap(NULL, DECISIONS_MAX * sizeof(struct decision), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory != MAP_FAILED)
            tree.decisions = memory; /* for good */
    }
    tree.length = 0;
    gsaw__sim.length = 0;
}

void gsaw__choose_begin(void)
{
    gsaw__machine *sim = &gsaw__sim;
    tree.position = tree.deviations = 0;
    sim->random = sim->seed * UINT64_C(0xD1342543DE82EF95) + 1;
    sim->by_priority = sim->seed % 3 == 0;
    sim->stay = (uint32_t)2 << draw_below(5);
    sim->stale = (uint32_t)2 << draw_below(4);
    sim->lowest = (uint64_t)1 << 32;
    uint32_t length = sim->length < 100 ? 100 : (uint32_t)sim->length;
    for (uint32_t i = 0; i < GSAW_SIM_CHANGES; i++)
        sim->change_at[i] = draw_below(length);
}

bool gsaw__choose_next_run(void)
{
    gsaw__machine *sim = &gsaw__sim;
    if (sim->steps > sim->length)
        sim->length = sim->steps;
    sim->seed++;
    if (!is_exhaustive())
        return true;
    while (tree.length != 0) {
        struct decision *last = &tree.decisions[tree.length - 1];
        if (++last->chosen < last->count)
            return true;
        tree.length--;
    }
    return false;
}

/* ---- threads ---- */

static void demote(gsaw__sim_thread *thread) { thread->priority = --gsaw__sim.lowest; }

/* The highest priority of those who can run. */
static gsaw__sim_thread *first_of(gsaw__sim_thread *const *ready, uint32_t count,
                                  enum gsaw__going going)
{
    gsaw__machine *sim = &gsaw__sim;
    if (going == GSAW_SIM_YIELDS || sim->row > ROW_MAX)
        demote(sim->current);
    for (uint32_t i = 0; i < GSAW_SIM_CHANGES && going == GSAW_SIM_STAYS; i++)
        if (sim->change_at[i] == sim->steps)
            demote(sim->current);
    gsaw__sim_thread *first = ready[0];
    for (uint32_t i = 1; i < count; i++)
        if (ready[i]->priority > first->priority)
            first = ready[i];
    return first;
}

gsaw__sim_thread *gsaw__choose_thread(enum gsaw__going going)
{
    gsaw__machine *sim = &gsaw__sim;
    gsaw__sim_thread *ready[GSAW_SIM_THREADS];
    uint32_t count = 0, self = sim->current->index;
    bool is_there = going != GSAW_SIM_LEAVES && sim->current->state == GSAW_SIM_RUNNABLE;
    if (is_there && going == GSAW_SIM_STAYS)
        ready[count++] = sim->current;
    for (uint32_t i = 1; i < GSAW_SIM_THREADS; i++) { /* in turn, from the one after it on */
        gsaw__sim_thread *thread = &sim->threads[(self + i) % GSAW_SIM_THREADS];
        if (thread->state == GSAW_SIM_RUNNABLE)
            ready[count++] = thread;
    }
    if (going == GSAW_SIM_LEAVES && sim->current->state == GSAW_SIM_RUNNABLE)
        ready[count++] = sim->current; /* time has woken it */
    if (count == 0)
        return is_there ? sim->current : NULL;
    if (is_exhaustive())
        return going == GSAW_SIM_YIELDS ? ready[0] : ready[decide(count, going == GSAW_SIM_STAYS)];
    if (sim->by_priority) {
        if (is_there && going == GSAW_SIM_YIELDS && count < GSAW_SIM_THREADS)
            ready[count++] = sim->current;
        return first_of(ready, count, going);
    }
    if (going == GSAW_SIM_STAYS && draw_below(sim->stay) != 0)
        return sim->current;
    return ready[draw_below(count)];
}

/* ---- other choices ---- */

bool gsaw__choose_rare(uint32_t odds) { return !is_exhaustive() && draw_below(odds) == 0; }

uint32_t gsaw__choose_any(uint32_t count)
{
    if (is_exhaustive())
        return count > 1000 ? 0 : decide(count, false);
    return draw_below(count);
}

uint32_t gsaw__choose_age(uint32_t count)
{
    if (count < 2 || gsaw__sim.options.newest)
        return 0;
    if (is_exhaustive())
        return decide(count, true);
    return draw_below(gsaw__sim.stale) == 0 ? draw_below(count) : 0;
}
