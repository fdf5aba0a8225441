/* measure.c - the counting allocator, and trials under it.
 * Keeps:   see the header.
 * Threads: as the header.
 * Next:    measure.h */
#include "code/measure.h"

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/clock.h"
#include "base/status.h"
#include "code/trial.h"

static void *meter_resize(void *context, void *pointer, size_t old_size, size_t new_size)
{
    gsaw__meter *self = context;
    void *result = NULL;
    if (new_size == 0)
        gsaw__free(self->under, pointer, old_size);
    else if (pointer == NULL)
        result = gsaw__alloc(self->under, new_size);
    else
        result = gsaw__realloc(self->under, pointer, old_size, new_size);
    if (new_size != 0 && result == NULL)
        return NULL;
    /* relaxed: counts; they are read when the threads that allocate are at rest */
    size_t held = gsaw__add_relaxed(&self->held, new_size - old_size) + new_size - old_size;
    size_t peak = gsaw__load_relaxed(&self->peak);                      /* relaxed: as above */
    while (held > peak && !gsaw__cas_relaxed(&self->peak, &peak, held)) /* relaxed: as above */
        continue;
    return result;
}

void gsaw__meter_init(gsaw__meter *self, const gsaw_allocator *under)
{
    *self = (gsaw__meter){.allocator = {meter_resize, self}, .under = under};
}

uint64_t gsaw__worker_memory_at(const gsaw__worker_memory *self, uint64_t bytes)
{
    uint64_t most = (uint64_t)(self->per_byte * (double)bytes);
    return most > self->peak ? most : self->peak;
}

#define TRIAL_TIMEOUT_NS UINT64_C(500000000) /* a file that hangs is not worth more */

struct trials {
    gsaw_config config; /* the codebase's, but for the time a file may take */
    gsaw__trial trial;
    gsaw__meter *meter;
    gsaw__worker_memory *memory;
    gsaw__flight *flight;
    gsaw__buffer path;   /* of the file at hand, when somebody watches */
    uint64_t slope_from; /* files of this size or more tell memory.per_byte */
};

/* Memory at work for one file, what the parser keeps from those before included. */
static void note_memory(struct trials *self, uint64_t bytes, uint64_t work)
{
    gsaw__worker_memory *memory = self->memory;
    memory->peak = work > memory->peak ? work : memory->peak;
    if (bytes >= self->slope_from && bytes != 0 && (double)work > memory->per_byte * (double)bytes)
        memory->per_byte = (double)work / (double)bytes;
}

void gsaw__limit_timeout(gsaw_config *config, uint64_t ns)
{
    if (config->timeout_per_file_ns == 0 || config->timeout_per_file_ns > ns)
        config->timeout_per_file_ns = ns;
}

static void parse_one(struct trials *self, const gsaw__census_file *file, gsaw__trial_sums *sums)
{
    gsaw__file_record record;
    gsaw__arena_clear(&self->trial.parser.facts);
    /* relaxed: one thread */
    gsaw__store_relaxed(&self->meter->peak, gsaw__load_relaxed(&self->meter->held));
    uint64_t start_ns = gsaw__clock_thread_ns();
    gsaw__flight_begin(self->flight, &self->path);
    gsaw__trial_parse(&self->trial, file->path, &record);
    gsaw__flight_end(self->flight);
    if (!record.was_read)
        return;
    sums->cost_ns += gsaw__clock_thread_ns() - start_ns;
    sums->files++;
    sums->bytes += record.bytes;
    sums->kept_bytes += record.facts == NULL ? 0 : record.facts->size;
    /* relaxed: one thread */
    note_memory(self, record.bytes, gsaw__load_relaxed(&self->meter->peak));
}

/* False when the file is one that has crashed its parser, or memory is out. */
static bool may_parse(struct trials *self, const gsaw_codebase *codebase,
                      const gsaw__census_file *file)
{
    if (self->flight == NULL)
        return true;
    gsaw__buffer_reset(&self->path);
    gsaw__buffer_append(&self->path, file->path, file->path_size);
    return !self->path.failed && !gsaw__flight_is_set_aside(&codebase->set_aside, &self->path);
}

/* The largest file drawn. */
static uint64_t largest_of(const gsaw__census *census)
{
    uint64_t largest = 0;
    for (size_t i = 0; i < census->strata.count; i++)
        for (size_t k = 0; k < census->strata.items[i].drawn; k++) {
            uint64_t bytes = census->files.items[census->strata.items[i].first + k].bytes;
            largest = bytes > largest ? bytes : largest;
        }
    return largest;
}

static gsaw_status run(struct trials *self, gsaw__census *census, const gsaw_codebase *codebase)
{
    for (size_t i = 0; i < census->strata.count; i++) {
        gsaw__stratum *stratum = &census->strata.items[i];
        stratum->trial = (gsaw__trial_sums){.files = 0};
        for (size_t k = 0; k < stratum->drawn; k++) {
            const gsaw__census_file *file = &census->files.items[stratum->first + k];
            if (may_parse(self, codebase, file))
                parse_one(self, file, &stratum->trial);
            if (self->path.failed)
                return GSAW_NO_MEMORY;
            /* relaxed: polled */
            if (gsaw__load_relaxed(codebase->cancel) != 0)
                return GSAW_CANCELLED;
        }
    }
    return GSAW_OK;
}

gsaw_status gsaw__measure_trials(gsaw__census *census, gsaw_codebase *codebase,
                                 gsaw__worker_memory *out, gsaw_error *error)
{
    gsaw__meter meter;
    gsaw__meter_init(&meter, codebase->allocator);
    *out = (gsaw__worker_memory){.peak = 0};
    struct trials self = {
        .meter = &meter,
        .memory = out,
        .flight = codebase->flights,
        .slope_from = largest_of(census) / 2,
    };
    gsaw__buffer_init(&self.path, codebase->allocator);
    gsaw_status status = gsaw__trial_open(&self.trial, codebase, &meter.allocator, error);
    if (status != GSAW_OK)
        return status;
    self.config = codebase->config;
    gsaw__limit_timeout(&self.config, TRIAL_TIMEOUT_NS);
    self.trial.options.config = &self.config;
    status = run(&self, census, codebase);
    gsaw__trial_close(&self.trial);
    gsaw__buffer_clear(&self.path);
    return status == GSAW_OK ? GSAW_OK : gsaw__fail(error, status, "%s", gsaw_status_text(status));
}
