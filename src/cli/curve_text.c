/* curve_text.c - the scaling curve in characters.
 * Keeps:   a cell shows the most important thing that is there: a point, its interval, the ideal.
 * Threads: as the buffer.
 * Next:    curve.h, curve_svg.c */
#include <string.h>

#include "cli/curve.h"
#include "cli/terminal.h"

#define ROWS 13
#define COLUMNS_MAX 72
#define LABEL 8   /* columns of the marks and the axis on the left */
#define LEGEND 48 /* columns of all of the legend */
#define MARGIN 2  /* free columns at both ends of the axis of workers */

enum cell { EMPTY, IDEAL, INTERVAL, POINT, CHOSEN, CELL_COUNT };

static const struct {
    const char *unicode, *ascii;
    enum gsaw__style style;
} looks[CELL_COUNT] = {
    [EMPTY] = {" ", " ", GSAW_STYLE_PLAIN},      [IDEAL] = {"·", ".", GSAW_STYLE_PLAIN},
    [INTERVAL] = {"│", "|", GSAW_STYLE_WARNING}, [POINT] = {"●", "o", GSAW_STYLE_HEADING},
    [CHOSEN] = {"◆", "#", GSAW_STYLE_GOOD},
};

/* The frame: corner and axes. */
struct frame {
    const char *up, *across, *corner, *mark_up, *mark_across;
};
static const struct frame unicode_frame = {"│", "─", "└", "┤", "┬"};
static const struct frame ascii_frame = {"|", "-", "+", "+", "+"};

struct grid {
    const gsaw__curve *curve;
    const gsaw__canvas *canvas;
    const struct frame *frame;
    unsigned columns;
    uint8_t cells[ROWS][COLUMNS_MAX]; /* enum cell; row 0 is the top */
};

static unsigned column_of(const struct grid *self, double workers)
{
    double inside = (double)(self->columns - 1 - 2 * MARGIN);
    return MARGIN + (unsigned)(gsaw__curve_x(self->curve, workers) * inside + 0.5);
}

static unsigned row_of(const struct grid *self, double speedup)
{
    return ROWS - 1 - (unsigned)(gsaw__curve_y(self->curve, speedup) * (ROWS - 1) + 0.5);
}

static void put(struct grid *self, unsigned row, unsigned column, enum cell cell)
{
    if (self->cells[row][column] < cell)
        self->cells[row][column] = (uint8_t)cell;
}

/* The ideal goes through all columns between one worker and the most. */
static void put_ideal(struct grid *self)
{
    double workers_max = self->curve->workers_max;
    for (unsigned step = 0; step <= 4 * COLUMNS_MAX; step++) {
        double workers = 1 + (workers_max - 1) * step / (4.0 * COLUMNS_MAX);
        put(self, row_of(self, workers), column_of(self, workers), IDEAL);
    }
}

static void put_points(struct grid *self)
{
    for (size_t i = 0; i < self->curve->count; i++) {
        const gsaw__curve_point *point = &self->curve->points[i];
        unsigned column = column_of(self, point->workers);
        for (unsigned row = row_of(self, point->high); row <= row_of(self, point->low); row++)
            put(self, row, column, INTERVAL);
        put(self, row_of(self, point->speedup), column, point->is_chosen ? CHOSEN : POINT);
    }
}

static const char *look_of(const struct grid *self, enum cell cell)
{
    return self->canvas->unicode ? looks[cell].unicode : looks[cell].ascii;
}

/* The mark that stands in this row, or 0. */
static uint32_t tick_at(const struct grid *self, unsigned row)
{
    uint32_t found = 0, tick;
    for (size_t i = 0; (tick = gsaw__curve_tick(self->curve, i)) != 0; i++)
        if (row_of(self, tick) == row)
            found = tick;
    return found;
}

static void write_row(const struct grid *self, unsigned row, gsaw__buffer *out)
{
    uint32_t tick = tick_at(self, row);
    if (tick != 0)
        gsaw__buffer_printf(out, "%*ux %s", LABEL - 3, tick, self->frame->mark_up);
    else
        gsaw__buffer_printf(out, "%*s%s", LABEL - 1, "", self->frame->up);
    unsigned end = self->columns;
    while (end > 0 && self->cells[row][end - 1] == EMPTY)
        end--;
    for (unsigned i = 0; i < end; i++) {
        enum cell cell = (enum cell)self->cells[row][i];
        gsaw__paint(out, self->canvas->color, looks[cell].style, look_of(self, cell));
    }
    gsaw__buffer_append_byte(out, '\n');
}

/* The axis of workers, and the numbers below it, a blank between: what does not fit is left out. */
static void write_axis(const struct grid *self, gsaw__buffer *out)
{
    bool marked[COLUMNS_MAX] = {false};
    for (size_t i = 0; i < self->curve->count; i++)
        marked[column_of(self, self->curve->points[i].workers)] = true;
    gsaw__buffer_printf(out, "%*s%s", LABEL - 1, "", self->frame->corner);
    for (unsigned i = 0; i < self->columns; i++)
        gsaw__buffer_append_text(out, marked[i] ? self->frame->mark_across : self->frame->across);
    gsaw__buffer_printf(out, "\n%-*s", LABEL, "workers");
    unsigned at = 0;
    for (size_t i = 0; i < self->curve->count; i++) {
        unsigned column = column_of(self, self->curve->points[i].workers);
        if (i != 0 && column <= at)
            continue;
        size_t before = out->count;
        gsaw__buffer_printf(out, "%*s%u", (int)(column - at), "", self->curve->points[i].workers);
        at += (unsigned)(out->count - before);
    }
    gsaw__buffer_append_byte(out, '\n');
}

static void write_legend(const struct grid *self, gsaw__buffer *out)
{
    static const struct {
        enum cell cell;
        const char *text;
    } rows[] = {{POINT, "measured"}, {CHOSEN, "chosen"}, {IDEAL, "ideal"}, {INTERVAL, "interval"}};
    bool is_narrow = self->columns < LEGEND; /* then each stands on a line of its own */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        gsaw__buffer_printf(out, "%*s", is_narrow ? 0 : i == 0 ? LABEL : 2, "");
        gsaw__paint(out, self->canvas->color, looks[rows[i].cell].style,
                    look_of(self, rows[i].cell));
        gsaw__buffer_printf(out, " %s", rows[i].text);
        if (rows[i].cell == INTERVAL)
            gsaw__buffer_printf(out, " %.0f%%", 100 * self->curve->confidence);
        gsaw__buffer_append_text(out, is_narrow || i + 1 == sizeof rows / sizeof *rows ? "\n" : "");
    }
}

void gsaw__curve_draw(const gsaw__curve *self, const gsaw__canvas *canvas, gsaw__buffer *out)
{
    struct grid grid = {
        .curve = self,
        .canvas = canvas,
        .frame = canvas->unicode ? &unicode_frame : &ascii_frame,
        .columns = canvas->columns < LABEL + COLUMNS_MAX ? canvas->columns - LABEL : COLUMNS_MAX,
    };
    put_ideal(&grid);
    put_points(&grid);
    gsaw__buffer_printf(out, "\n%*s\n", LABEL, "speed-up");
    for (unsigned row = 0; row < ROWS; row++)
        write_row(&grid, row, out);
    write_axis(&grid, out);
    write_legend(&grid, out);
}
