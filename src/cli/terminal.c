/* terminal.c - asks the environment and the terminal driver.
 * Keeps:   no state; each call asks anew, so that a resized window is seen.
 * Threads: any (reads the environment, which nobody changes).
 * Next:    terminal.h */
#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 80u
#define WIDTH_MIN 20u

static const char *const codes[] = {
    [GSAW_STYLE_PLAIN] = "",        [GSAW_STYLE_HEADING] = "\033[1m",
    [GSAW_STYLE_GOOD] = "\033[32m", [GSAW_STYLE_WARNING] = "\033[33m",
    [GSAW_STYLE_BAD] = "\033[31m",
};

const char *gsaw__when_word(size_t index)
{
    static const char *const words[] = {"auto", "always", "never"};
    return index < sizeof words / sizeof *words ? words[index] : NULL;
}

/* Set and neither empty nor `except`. */
static bool is_set(const char *variable, const char *except)
{
    const char *value = getenv(variable);
    return value != NULL && *value != 0 && strcmp(value, except) != 0;
}

bool gsaw__terminal_has_color(int descriptor, enum gsaw__when when)
{
    if (when != GSAW_WHEN_AUTO)
        return when == GSAW_WHEN_ALWAYS;
    if (is_set("NO_COLOR", ""))
        return false;
    if (is_set("CLICOLOR_FORCE", "0"))
        return true;
    return gsaw__terminal_is_live(descriptor);
}

bool gsaw__terminal_is_live(int descriptor) { return is_set("TERM", "dumb") && isatty(descriptor); }

bool gsaw__terminal_has_unicode(int descriptor)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *locale = NULL;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        if (locale == NULL || *locale == 0)
            locale = getenv(variables[i]);
    return locale != NULL && gsaw__terminal_is_live(descriptor) &&
           (strcasestr(locale, "UTF-8") != NULL || strcasestr(locale, "UTF8") != NULL);
}

unsigned gsaw__terminal_width(int descriptor)
{
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_DEFAULT;
    return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
}

void gsaw__paint(gsaw__buffer *out, bool color, enum gsaw__style style, const char *text)
{
    gsaw__buffer_append_text(out, color ? codes[style] : "");
    gsaw__buffer_append_text(out, text);
    gsaw__buffer_append_text(out, color && style != GSAW_STYLE_PLAIN ? "\033[0m" : "");
}
