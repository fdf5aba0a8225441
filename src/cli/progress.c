/* progress.c - [=======>      ]  45%  1,234 of 2,718 files  2,468 files/s  1 s left
 * Keeps:   what does not fit is left out from the right; the bar takes what is over.
 * Threads: see the header.
 * Next:    progress.h */
#include "cli/progress.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/figures.h"
#include "cli/signals.h"
#include "cli/terminal.h"

#define SHOW_AFTER_NS UINT64_C(300000000) /* a short run shows nothing */
#define ECHO_SIZE 3u /* columns left free: the terminal echoes ^C, and a full line would wrap */
#define BAR_MIN 10u
#define BAR_MAX 40u

static void append_bar(gsaw__buffer *out, unsigned columns, uint64_t completed, uint64_t total)
{
    unsigned inside = columns - 3; /* the brackets and a space */
    unsigned done = total == 0 ? 0 : (unsigned)((double)completed / (double)total * inside);
    gsaw__buffer_append_byte(out, '[');
    for (unsigned i = 0; i < inside; i++)
        gsaw__buffer_append_byte(out, i < done ? '=' : i == done ? '>' : ' ');
    gsaw__buffer_append_text(out, "] ");
}

/* How far a run is. */
struct state {
    uint64_t completed, total;
    bool is_final; /* total grows no more */
    double rate;   /* of them, a second */
    const char *noun;
};

typedef void append_function(gsaw__buffer *out, const struct state *state);

static void append_percent(gsaw__buffer *out, const struct state *state)
{
    if (state->is_final && state->total > 0)
        gsaw__buffer_printf(out, "%3u%%  ", (unsigned)(state->completed * 100 / state->total));
}

/* "12 of 300+ files" while more are found */
static void append_files(gsaw__buffer *out, const struct state *state)
{
    gsaw__figure_count(out, state->completed);
    gsaw__buffer_append_text(out, " of ");
    gsaw__figure_count(out, state->total);
    gsaw__buffer_printf(out, "%s %s", state->is_final ? "" : "+", state->noun);
}

static void append_rate(gsaw__buffer *out, const struct state *state)
{
    gsaw__buffer_append_text(out, "  ");
    gsaw__figure_count(out, (uint64_t)state->rate);
    gsaw__buffer_printf(out, " %s/s", state->noun);
}

static void append_left(gsaw__buffer *out, const struct state *state)
{
    if (!state->is_final || state->total <= state->completed || state->rate < 1)
        return;
    uint64_t seconds = (uint64_t)((double)(state->total - state->completed) / state->rate) + 1;
    gsaw__buffer_append_text(out, "  ");
    if (seconds >= 100)
        gsaw__buffer_printf(out, "%" PRIu64 "m", seconds / 60);
    gsaw__buffer_printf(out, "%" PRIu64 "s left", seconds >= 100 ? seconds % 60 : seconds);
}

/* The parts behind the bar, the most wanted first: what does not fit is left out. */
static append_function *const parts[] = {append_percent, append_files, append_rate, append_left};

static void append_line(gsaw__buffer *out, size_t width, const struct state *state)
{
    gsaw__buffer line = {0}, part = {0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        gsaw__buffer_reset(&part);
        parts[i](&part, state);
        if (line.count + part.count > width)
            break;
        gsaw__buffer_append(&line, gsaw__buffer_text(&part), part.count);
    }
    size_t left = width > line.count ? width - line.count : 0;
    if (state->is_final && left >= BAR_MIN)
        append_bar(out, left < BAR_MAX ? (unsigned)left : BAR_MAX, state->completed, state->total);
    gsaw__buffer_append(out, gsaw__buffer_text(&line), line.count);
    out->failed |= line.failed || part.failed;
    gsaw__buffer_clear(&line);
    gsaw__buffer_clear(&part);
}

void gsaw__progress_draw(void *context, uint64_t completed, uint64_t total, bool total_is_final)
{
    gsaw__progress *self = context;
    gsaw__buffer line = {0};
    uint64_t elapsed = gsaw__clock_ns() - self->start_ns;
    if (elapsed < SHOW_AFTER_NS)
        return;
    struct state state = {.completed = completed,
                          .total = total,
                          .is_final = total_is_final,
                          .rate = (double)completed * 1e9 / (double)elapsed,
                          .noun = self->noun};
    gsaw__buffer_append_text(&line, "\r\033[K");
    append_line(&line, gsaw__terminal_width(STDERR_FILENO) - ECHO_SIZE, &state);
    if (!line.failed && gsaw__signals_caught() == 0) {
        self->drawn = true;
        gsaw__signals_set_line(true);
        (void)gsaw__file_write_all(STDERR_FILENO, line.bytes, line.count);
    }
    gsaw__buffer_clear(&line);
}

static bool is_wanted(const gsaw__cli *cli)
{
    enum gsaw__when when = (enum gsaw__when)cli->options.progress;
    if (cli->options.quiet || when == GSAW_WHEN_NEVER)
        return false;
    if (when == GSAW_WHEN_ALWAYS)
        return true;
    return gsaw__terminal_is_live(STDERR_FILENO) &&
           !(cli->options.json && isatty(cli->out.descriptor));
}

bool gsaw__progress_begin(gsaw__progress *self, const gsaw__cli *cli, const char *noun)
{
    *self = (gsaw__progress){.start_ns = gsaw__clock_ns(), .noun = noun};
    return is_wanted(cli);
}

void gsaw__progress_end(gsaw__progress *self)
{
    if (self->drawn)
        (void)gsaw__file_write_all(STDERR_FILENO, "\r\033[K", 4);
    gsaw__signals_set_line(false);
    self->drawn = false;
}

void gsaw__progress_open(gsaw__progress *self, const gsaw__cli *cli, gsaw_codebase *code)
{
    if (gsaw__progress_begin(self, cli, "files"))
        gsaw_codebase_set_progress(code, gsaw__progress_draw, self);
}

void gsaw__progress_close(gsaw__progress *self, gsaw_codebase *code)
{
    gsaw_codebase_set_progress(code, NULL, NULL);
    gsaw__progress_end(self);
}
