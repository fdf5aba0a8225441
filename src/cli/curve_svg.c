/* curve_svg.c - the scaling curve as an SVG file that needs nothing else.
 * Keeps:   well-formed XML whatever the tree is called; readable on light and on dark ground.
 * Threads: as the buffer.
 * Next:    curve.h, curve_text.c. Source: Scalable Vector Graphics 1.1; Extensible Markup Language
 *          1.0, 2.2 (which characters there are) */
#include <string.h>

#include "base/utf.h"
#include "cli/curve.h"
#include "cli/escape.h"

#define WIDTH 720
#define HEIGHT 440
#define LEFT 72.0 /* the plot */
#define RIGHT 696.0
#define TOP 64.0
#define BOTTOM 372.0
#define INSET 24.0  /* from the sides of the plot to the first and the last point */
#define CAP 5.0     /* half the width of an interval's ends */
#define NAME_MAX 48 /* characters of a name in the heading; the title has all of it */

static const char style[] =
    "<style>"
    "text{font:13px system-ui,sans-serif;fill:#333}"
    ".heading{font-size:16px;font-weight:600}"
    ".ground{fill:#fff}.axis{stroke:#555;fill:none}.grid{stroke:#e2e2e2}"
    ".ideal{stroke:#999;stroke-dasharray:5 5;fill:none}"
    ".curve{stroke:#2563c9;stroke-width:2;fill:none}.interval{stroke:#2563c9;fill:none}"
    ".point{fill:#2563c9}.chosen{fill:#1a8a3c;stroke:#fff;stroke-width:1.5}.mark{fill:#1a8a3c;"
    "font-weight:600}"
    "@media (prefers-color-scheme:dark){text{fill:#ddd}.ground{fill:#16181c}.axis{stroke:#aaa}"
    ".grid{stroke:#33373d}.ideal{stroke:#888}.curve,.interval{stroke:#7aa7ff}.point{fill:#7aa7ff}"
    ".chosen{fill:#4fd27a;stroke:#16181c}.mark{fill:#4fd27a}}"
    "</style>\n";

static double x_of(const gsaw__curve *self, double workers)
{
    return LEFT + INSET + gsaw__curve_x(self, workers) * (RIGHT - LEFT - 2 * INSET);
}

static double y_of(const gsaw__curve *self, double speedup)
{
    return BOTTOM - gsaw__curve_y(self, speedup) * (BOTTOM - TOP);
}

/* Append a character as XML text; the two that XML has not, as the escape of such things. */
static void append_character(gsaw__buffer *out, const char *bytes, size_t size)
{
    static const struct {
        const char *character, *text;
    } rows[] = {{"&", "&amp;"},
                {"<", "&lt;"},
                {">", "&gt;"},
                {"\"", "&quot;"},
                {"\xEF\xBF\xBE", "\\u{fffe}"},
                {"\xEF\xBF\xBF", "\\u{ffff}"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strlen(rows[i].character) == size && memcmp(rows[i].character, bytes, size) == 0) {
            gsaw__buffer_append_text(out, rows[i].text);
            return;
        }
    gsaw__buffer_append(out, bytes, size);
}

/* Append at most `most` characters of text that gsaw__escape made: it is UTF-8, and has no control
 * characters. */
static void append_text(gsaw__buffer *out, const gsaw__buffer *text, size_t most)
{
    size_t count = 0;
    for (size_t at = 0; at < text->count; count++) {
        if (count == most) {
            gsaw__buffer_append_text(out, "…");
            return;
        }
        size_t size = gsaw__utf8_length(text->bytes + at, text->count - at);
        append_character(out, text->bytes + at, size == 0 ? 1 : size);
        at += size == 0 ? 1 : size;
    }
}

static void append_head(gsaw__buffer *out, const char *name, size_t size)
{
    gsaw__buffer text = {.allocator = out->allocator};
    gsaw__escape(&text, name, size);
    gsaw__buffer_printf(out,
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
                        "viewBox=\"0 0 %d %d\" role=\"img\">\n<title>gangsaw tune: ",
                        WIDTH, HEIGHT, WIDTH, HEIGHT);
    append_text(out, &text, SIZE_MAX);
    gsaw__buffer_printf(out, "</title>\n%s<rect class=\"ground\" width=\"%d\" height=\"%d\"/>\n",
                        style, WIDTH, HEIGHT);
    gsaw__buffer_printf(out, "<text class=\"heading\" x=\"%.0f\" y=\"36\">Scaling of ", LEFT);
    append_text(out, &text, NAME_MAX);
    gsaw__buffer_append_text(out, "</text>\n");
    out->failed |= text.failed;
    gsaw__buffer_clear(&text);
}

static void append_line(gsaw__buffer *out, const char *class, const double ends[4])
{
    gsaw__buffer_printf(out, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", class, ends[0],
                        ends[1], ends[2], ends[3]);
}

static void append_axes(const gsaw__curve *self, gsaw__buffer *out)
{
    uint32_t tick;
    for (size_t i = 0; (tick = gsaw__curve_tick(self, i)) != 0; i++) {
        double y = y_of(self, tick);
        append_line(out, "grid", (const double[4]){LEFT, y, RIGHT, y});
        gsaw__buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%u×</text>\n",
                            LEFT - 8, y + 4, tick);
    }
    for (size_t i = 0; i < self->count; i++) {
        double x = x_of(self, self->points[i].workers);
        append_line(out, "axis", (const double[4]){x, BOTTOM, x, BOTTOM + 5});
        gsaw__buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%u</text>\n",
                            x, BOTTOM + 21, self->points[i].workers);
    }
    gsaw__buffer_printf(out, "<path class=\"axis\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", LEFT, TOP,
                        BOTTOM, RIGHT);
    gsaw__buffer_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">workers</text>\n",
                        (LEFT + RIGHT) / 2, HEIGHT - 24);
    gsaw__buffer_printf(out,
                        "<text transform=\"translate(22 %.1f)rotate(-90)\" "
                        "text-anchor=\"middle\">speed-up over one worker</text>\n",
                        (TOP + BOTTOM) / 2);
}

static void append_interval(const gsaw__curve *self, const gsaw__curve_point *point,
                            gsaw__buffer *out)
{
    double x = x_of(self, point->workers);
    double low = y_of(self, point->low), high = y_of(self, point->high);
    gsaw__buffer_printf(out,
                        "<path class=\"interval\" d=\"M%.1f %.1fH%.1fM%.1f %.1fV%.1fM%.1f "
                        "%.1fH%.1f\"/>\n",
                        x - CAP, low, x + CAP, x, low, high, x - CAP, high, x + CAP);
}

static void append_points(const gsaw__curve *self, gsaw__buffer *out)
{
    gsaw__buffer_append_text(out, "<path class=\"curve\" d=\"");
    for (size_t i = 0; i < self->count; i++)
        gsaw__buffer_printf(out, "%c%.1f %.1f", i == 0 ? 'M' : 'L',
                            x_of(self, self->points[i].workers),
                            y_of(self, self->points[i].speedup));
    gsaw__buffer_append_text(out, "\"/>\n");
    for (size_t i = 0; i < self->count; i++) {
        const gsaw__curve_point *point = &self->points[i];
        append_interval(self, point, out);
        gsaw__buffer_printf(out,
                            "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%d\">"
                            "<title>%u workers: %.2f (%.2f to %.2f)</title></circle>\n",
                            point->is_chosen ? "chosen" : "point", x_of(self, point->workers),
                            y_of(self, point->speedup), point->is_chosen ? 7 : 4, point->workers,
                            point->speedup, point->low, point->high);
    }
}

/* The legend, in a line on the right above the plot. */
static void append_legend(const gsaw__curve *self, gsaw__buffer *out)
{
    double x = RIGHT - 294, y = TOP - 8;
    append_line(out, "ideal", (const double[4]){x, y - 4, x + 26, y - 4});
    gsaw__buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\">ideal</text>\n", x + 34, y);
    gsaw__buffer_printf(out, "<circle class=\"chosen\" cx=\"%.1f\" cy=\"%.1f\" r=\"7\"/>\n", x + 92,
                        y - 4);
    gsaw__buffer_printf(out, "<text class=\"mark\" x=\"%.1f\" y=\"%.1f\">chosen</text>\n", x + 106,
                        y);
    append_line(out, "interval", (const double[4]){x + 184, y - 11, x + 184, y + 3});
    gsaw__buffer_printf(out, "<text x=\"%.1f\" y=\"%.1f\">%.0f%% interval</text>\n", x + 194, y,
                        100 * self->confidence);
}

void gsaw__curve_svg(const gsaw__curve *self, const char *name, size_t size, gsaw__buffer *out)
{
    append_head(out, name, size);
    append_axes(self, out);
    append_line(out, "ideal",
                (const double[4]){x_of(self, 1), y_of(self, 1), x_of(self, self->workers_max),
                                  y_of(self, self->workers_max)});
    append_points(self, out);
    append_legend(self, out);
    gsaw__buffer_append_text(out, "</svg>\n");
}
