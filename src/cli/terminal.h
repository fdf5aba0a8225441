/* terminal.h - what the terminal can do: colours and width.
 * Keeps:   NO_COLOR, CLICOLOR_FORCE and TERM=dumb are honoured (no-color.org,
 *          bixense.com/clicolors).
 * Threads: any.
 * Next:    terminal.c, progress.c */
#ifndef GSAW_CLI_TERMINAL_H
#define GSAW_CLI_TERMINAL_H

#include "base/buffer.h"

enum gsaw__when { GSAW_WHEN_AUTO, GSAW_WHEN_ALWAYS, GSAW_WHEN_NEVER };

/* The words of --color and --progress, in the order of gsaw__when; NULL beyond. */
const char *gsaw__when_word(size_t index);

enum gsaw__style {
    GSAW_STYLE_PLAIN,
    GSAW_STYLE_HEADING,
    GSAW_STYLE_GOOD,
    GSAW_STYLE_WARNING,
    GSAW_STYLE_BAD
};

/* Colours on this descriptor? auto: NO_COLOR, then CLICOLOR_FORCE, then TERM, then whether it is a
 * terminal. */
bool gsaw__terminal_has_color(int descriptor, enum gsaw__when when);

/* A terminal on which a line can be redrawn. */
bool gsaw__terminal_is_live(int descriptor);

/* A terminal whose locale says UTF-8 (LC_ALL, else LC_CTYPE, else LANG: locale(7)). */
bool gsaw__terminal_has_unicode(int descriptor);

/* Columns: of the terminal, else 80. Never less than 20. */
unsigned gsaw__terminal_width(int descriptor);

/* Append text in a style, or plain when colours are off. */
void gsaw__paint(gsaw__buffer *out, bool color, enum gsaw__style style, const char *text);

#endif
