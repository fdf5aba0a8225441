/* curve.h - the scaling curve of a benchmark: speed-up over workers, for the terminal and as SVG.
 * Keeps:   both drawings show the same points on the same axes.
 * Threads: as the buffer.
 * Next:    curve.c, curve_text.c, curve_svg.c, tune.c */
#ifndef GSAW_CLI_CURVE_H
#define GSAW_CLI_CURVE_H

#include <gangsaw/code.h>

#include "base/buffer.h"

#define GSAW_CURVE_POINTS_MAX 12 /* 1, 2, 4 ... 1024 workers, and one number between */

/* The best row of a number of workers, as times faster than the best of one. */
typedef struct gsaw__curve_point {
    uint32_t workers;
    double speedup, low, high; /* the interval is that of this row's median alone */
    bool is_chosen;
} gsaw__curve_point;

typedef struct gsaw__curve {
    gsaw__curve_point points[GSAW_CURVE_POINTS_MAX]; /* by workers */
    size_t count;
    uint32_t workers_max;
    double confidence; /* of the intervals */
} gsaw__curve;

/* The points of a tuning, which may have no rows. */
void gsaw__curve_init(gsaw__curve *self, const gsaw_tuning *tuning);

/* Where a value stands on its axis, from 0 to 1. Both are linear up to 8 workers and logarithmic
 * beyond, so that the ideal is a straight line. */
double gsaw__curve_x(const gsaw__curve *self, double workers);
double gsaw__curve_y(const gsaw__curve *self, double speedup);

/* The i-th value that the axis of speed-ups is marked at; 0 beyond the last. */
uint32_t gsaw__curve_tick(const gsaw__curve *self, size_t i);

/* How a drawing looks. */
typedef struct gsaw__canvas {
    unsigned columns; /* at least 20 */
    bool color, unicode;
} gsaw__canvas;

/* Append the drawing in text, lines of at most canvas.columns columns. */
void gsaw__curve_draw(const gsaw__curve *self, const gsaw__canvas *canvas, gsaw__buffer *out);

/* Append the drawing as a whole SVG file; `name` (any bytes) is the tree's, for the title. */
void gsaw__curve_svg(const gsaw__curve *self, const char *name, size_t size, gsaw__buffer *out);

#endif
