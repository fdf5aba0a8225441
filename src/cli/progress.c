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

/* Append a part if it still fits. */
static void append_part(gsaw__buffer *out, unsigned width, const gsaw__buffer *part)
{
    if (out->count + part->count <= width)
        gsaw__buffer_append(out, part->bytes, part->count);
}

static void append_left(gsaw__buffer *out, uint64_t seconds)
{
    if (seconds >= 100)
        gsaw__buffer_printf(out, "%" PRIu64 "m", seconds / 60);
    gsaw__buffer_printf(out, "%" PRIu64 "s left", seconds >= 100 ? seconds % 60 : seconds);
}

/* Set the line; total 0: not known yet. */
static void set_line(gsaw__buffer *out, unsigned width, uint64_t elapsed_ns, uint64_t completed,
                     uint64_t total)
{
    double rate = elapsed_ns == 0 ? 0 : (double)completed * 1e9 / (double)elapsed_ns;
    gsaw__buffer line = {0}, part = {0};
    if (total > 0)
        gsaw__buffer_printf(&line, "%3u%%", (unsigned)(completed * 100 / total));
    gsaw__buffer_append_text(&part, total > 0 ? "  " : "");
    gsaw__figure_count(&part, completed);
    if (total > 0) {
        gsaw__buffer_append_text(&part, " of ");
        gsaw__figure_count(&part, total);
    }
    gsaw__buffer_append_text(&part, " files");
    append_part(&line, width, &part);
    gsaw__buffer_reset(&part);
    gsaw__buffer_append_text(&part, "  ");
    gsaw__figure_count(&part, (uint64_t)rate);
    gsaw__buffer_append_text(&part, " files/s");
    append_part(&line, width, &part);
    gsaw__buffer_reset(&part);
    if (total > completed && rate > 0) {
        gsaw__buffer_append_text(&part, "  ");
        append_left(&part, (uint64_t)((double)(total - completed) / rate) + 1);
        append_part(&line, width, &part);
    }
    unsigned left = width > line.count ? width - (unsigned)line.count : 0;
    if (total > 0 && left >= BAR_MIN)
        append_bar(out, left < BAR_MAX ? left : BAR_MAX, completed, total);
    gsaw__buffer_append(out, gsaw__buffer_text(&line), line.count);
    out->failed |= line.failed || part.failed;
    gsaw__buffer_clear(&line);
    gsaw__buffer_clear(&part);
}

static void draw(void *context, uint64_t completed, uint64_t total, bool total_is_final)
{
    gsaw__progress *self = context;
    gsaw__buffer line = {0};
    uint64_t elapsed = gsaw__clock_ns() - self->start_ns;
    if (elapsed < SHOW_AFTER_NS)
        return;
    gsaw__buffer_append_text(&line, "\r\033[K");
    set_line(&line, gsaw__terminal_width(STDERR_FILENO) - ECHO_SIZE, elapsed, completed,
             total_is_final ? total : 0);
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

void gsaw__progress_open(gsaw__progress *self, const gsaw__cli *cli, gsaw_codebase *code)
{
    *self = (gsaw__progress){.start_ns = gsaw__clock_ns()};
    if (is_wanted(cli))
        gsaw_codebase_set_progress(code, draw, self);
}

void gsaw__progress_close(gsaw__progress *self, gsaw_codebase *code)
{
    gsaw_codebase_set_progress(code, NULL, NULL);
    if (self->drawn)
        (void)gsaw__file_write_all(STDERR_FILENO, "\r\033[K", 4);
    gsaw__signals_set_line(false);
    self->drawn = false;
}
