/* filter.c - sets are bits, names are matched by a loop that goes back to the last star only.
 * Keeps:   no recursion, no memory: a pattern like *a*a*a*b is quadratic at worst.
 * Threads: any.
 * Next:    filter.h */
#include "cli/filter.h"

#include <string.h>

#include "base/utf.h"
#include "lang/lang.h"

static bool has(uint32_t set, size_t bit) { return set == 0 || (set >> bit & 1) != 0; }

bool gsaw__filter_kind(const gsaw__cli_options *options, gsaw_symbol_kind kind)
{
    return has(options->kinds, (size_t)kind);
}

bool gsaw__filter_status(const gsaw__cli_options *options, gsaw_file_status status)
{
    return has(options->statuses, (size_t)status);
}

bool gsaw__filter_language(const gsaw__cli_options *options, const char *language)
{
    if (options->languages == 0)
        return true;
    for (size_t i = 0; language != NULL && i < gsaw__language_count(); i++)
        if (strcmp(gsaw__language_at(i)->name, language) == 0)
            return has(options->languages, i);
    return false;
}

bool gsaw__filter_name(const gsaw__cli_options *options, const char *name, size_t size)
{
    for (size_t i = 0; i < options->names.count; i++)
        if (gsaw__glob_match(options->names.items[i], name, size))
            return true;
    return options->names.count == 0;
}

/* The bytes of the character at text; a byte that is no UTF-8 is one by itself. */
static size_t character_size(const char *text, size_t size)
{
    size_t length = gsaw__utf8_length(text, size);
    return length == 0 ? 1 : length;
}

bool gsaw__glob_match(const char *pattern, const char *text, size_t size)
{
    const char *star = NULL; /* behind the last star seen */
    size_t at = 0, retry = 0;
    while (at < size) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = at;
        } else if (*pattern == '?') {
            pattern++;
            at += character_size(text + at, size - at);
        } else if (*pattern != 0 && *pattern == text[at]) {
            pattern++;
            at++;
        } else if (star != NULL) { /* let the star take one byte more */
            pattern = star;
            at = ++retry;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == 0;
}
