/* explore.c - gsaw_sim_explore: run after run until one fails; the report; the library's own
 * asserts.
 * Keeps:   each run begins with everything as new but the choices made before.
 * Threads: one caller at a time.
 * Next:    machine.c */
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/site.h"
#include "sim/machine.h"

#define STEPS_MAX 1000000u
#define DEVIATIONS_MAX 8u

/* tidy: allow mutable-globals: of the one machine there is */
static struct {
    void (*body)(void *);
    void *argument;
    char log[GSAW_SIM_EVENTS * 160];
} now;

/* ---- weaker orders, for tests of the tests ---- */

static const char *const order_names[] = {"relaxed", "consume", "acquire",
                                          "release", "acq_rel", "seq_cst"};

/* GANGSAW_SIM_WEAKEN=deque.h:112:store_seq_cst=release puts that order in the place of the written
 * one, wherever the file's name ends so. The order: one of C11's, without memory_order_. */
int gsaw__explore_order(const gsaw__site *site)
{
    const char *wanted =
        getenv("GANGSAW_SIM_WEAKEN"); /* NOLINT(concurrency-mt-unsafe): one thread */
    char text[160];
    if (wanted == NULL)
        return 0;
    const char *order = strchr(wanted, '=');
    const char *slash = strrchr(site->file, '/');
    snprintf(text, sizeof text, "%s:%d:%s", slash == NULL ? site->file : slash + 1, site->line,
             site->what);
    if (order == NULL || strlen(text) != (size_t)(order - wanted) ||
        strncmp(text, wanted, (size_t)(order - wanted)) != 0)
        return 0;
    for (int i = 0; i < (int)(sizeof order_names / sizeof *order_names); i++)
        if (strcmp(order_names[i], order + 1) == 0)
            return 1 + i;
    return 0;
}

/* ---- the report ---- */

static int find_base(struct dl_phdr_info *info, size_t size, void *out)
{
    (void)size;
    *(uintptr_t *)out = (uintptr_t)info->dlpi_addr;
    return 1; /* the program comes first */
}

static size_t write_event(char *out, size_t room, const gsaw__event *event, uint64_t number)
{
    char place[96];
    uintptr_t base = 0;
    dl_iterate_phdr(find_base, &base);
    const char *slash = event->file == NULL ? NULL : strrchr(event->file, '/');
    if (event->file != NULL)
        snprintf(place, sizeof place, "%s:%d", slash == NULL ? event->file : slash + 1,
                 event->line);
    else
        snprintf(place, sizeof place, "+0x%lx", (unsigned long)((uintptr_t)event->caller - base));
    int length =
        snprintf(out, room, "%6llu  thread %-2u  %-16s %-20s %p = %lld", (unsigned long long)number,
                 event->thread, event->what, place, event->address, (long long)event->value);
    if (length > 0 && (size_t)length < room && event->aside != event->value)
        length += snprintf(out + length, room - (size_t)length, " (newest: %lld)",
                           (long long)event->aside);
    if (length > 0 && (size_t)length < room)
        length += snprintf(out + length, room - (size_t)length, "\n");
    return length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
}

static void write_log(void)
{
    const gsaw__machine *sim = &gsaw__sim;
    uint64_t first = sim->event_count > GSAW_SIM_EVENTS ? sim->event_count - GSAW_SIM_EVENTS : 0;
    size_t length = 0;
    now.log[0] = '\0';
    for (uint64_t i = first; i < sim->event_count && length < sizeof now.log - 1; i++)
        length += write_event(now.log + length, sizeof now.log - length,
                              &sim->events[i % GSAW_SIM_EVENTS], i);
}

/* ---- runs ---- */

static void *run_body(void *unused)
{
    (void)unused;
    now.body(now.argument);
    for (uint32_t i = 1; i < GSAW_SIM_THREADS; i++) {
        const gsaw__sim_thread *thread = &gsaw__sim.threads[i];
        if (thread->state != GSAW_SIM_FREE && !thread->is_detached)
            gsaw__machine_fail(GSAW_LIMIT, "%s (%u) was not joined", thread->name, i);
    }
    return NULL;
}

static void run(void)
{
    gsaw__machine *sim = &gsaw__sim;
    sim->failure = GSAW_OK;
    gsaw__memory_reset();
    gsaw__races_reset();
    gsaw__machine_reset();
    gsaw__choose_begin();
    gsaw__site_now = NULL;
    gsaw__heap_enter();
    gsaw__machine_spawn(run_body, NULL);
    gsaw__machine_run();
    sim->report->leaks = gsaw__heap_leave(sim->failure != GSAW_OK);
    sim->report->seed = sim->seed;
    sim->report->steps = sim->steps;
    sim->report->now_ns = sim->now_ns;
    sim->report->runs++;
}

static gsaw_status take_options(const gsaw_sim_options *options)
{
    gsaw_sim_options *mine = &gsaw__sim.options;
    memset(mine, 0, sizeof *mine);
    if (options != NULL) {
        if (options->size == 0 || options->size > sizeof *mine)
            return GSAW_INVALID;
        memcpy(mine, options, options->size);
    }
    if (mine->strategy > GSAW_SIM_EXHAUSTIVE || mine->deviations > DEVIATIONS_MAX)
        return GSAW_RANGE;
    if (mine->cpus == 0)
        mine->cpus = 2;
    if (mine->threads == 0 || mine->threads >= GSAW_SIM_THREADS)
        mine->threads = GSAW_SIM_THREADS - 1;
    if (mine->steps_max == 0)
        mine->steps_max = STEPS_MAX;
    if (mine->runs == 0)
        mine->runs = mine->strategy == GSAW_SIM_EXHAUSTIVE ? UINT64_MAX : 1;
    return GSAW_OK;
}

gsaw_status gsaw_sim_explore(const gsaw_sim_options *options, void (*body)(void *), void *argument,
                             gsaw_sim_report *out)
{
    gsaw__machine *sim = &gsaw__sim;
    if (body == NULL || out == NULL || sim->is_running)
        return GSAW_INVALID;
    memset(out, 0, sizeof *out);
    out->log = "";
    gsaw_status status = take_options(options);
    if (status != GSAW_OK)
        return status;
    if (!gsaw__machine_open())
        return GSAW_NO_MEMORY;
    now.body = body;
    now.argument = argument;
    sim->report = out;
    sim->seed = sim->options.seed == 0 ? 1 : sim->options.seed;
    gsaw__choose_reset();
    bool is_more = true;
    while (is_more && out->runs < sim->options.runs) {
        run();
        if (sim->failure != GSAW_OK) {
            write_log();
            out->log = now.log;
            return sim->failure;
        }
        is_more = gsaw__choose_next_run();
    }
    out->is_complete = !is_more;
    return GSAW_OK;
}

/* ---- inside of a run ---- */

bool gsaw_sim_is_running(void) { return gsaw__sim.is_running; }

_Noreturn void gsaw_sim_fail(const char *text, const char *file, int line)
{
    const char *slash = strrchr(file, '/');
    if (gsaw__sim.is_running)
        gsaw__machine_fail(GSAW_INVALID, "%s:%d: %s", slash == NULL ? file : slash + 1, line, text);
    abort();
}

uint32_t gsaw_sim_random(uint32_t count)
{
    return gsaw__sim.is_running && count > 1 ? gsaw__choose_any(count) : 0;
}

_Noreturn void gsaw__abort(const char *condition, const char *file, int line)
{
    gsaw_sim_fail(condition, file, line);
}
