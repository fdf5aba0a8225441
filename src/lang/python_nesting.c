/* python_nesting.c - a rough scan of lines, strings and brackets that finds blocks nested too deep.
 * Keeps:   the stack of indentations that is simulated never passes GSAW_PYTHON_DEPTH_MAX; where
 *          the rough scan and tree-sitter's disagree (broken or hostile source), no run of white
 *          space is wider than GSAW_PYTHON_WIDTH_MAX, which bounds the scanner's stack of strictly
 *          rising widths all the same.
 * Threads: any.
 * Next:    python_nesting.h */
#include "lang/python_nesting.h"

#include <string.h>

#define TAB_WIDTH 8 /* as tree-sitter's scanner counts, which is what is guarded */

typedef struct nesting_scan {
    const char *bytes;
    char *copy; /* what is handed out */
    size_t count, at;
    uint32_t widths[GSAW_PYTHON_DEPTH_MAX + 1]; /* of the open blocks; widths[0] is 0 */
    uint32_t depth;
    uint32_t brackets;
    bool is_blanking; /* the logical line is too deep */
    uint32_t *too_deep;
} nesting_scan;

/* The width of the white space at *at, which is moved behind it. A backslash before a line end
 * joins the next line's white space, as in the scanner. */
static uint32_t width_at(const char *bytes, size_t count, size_t *at)
{
    uint32_t width = 0;
    for (; *at < count; ++*at) {
        char byte = bytes[*at];
        if (byte == ' ')
            width++;
        else if (byte == '\t')
            width += TAB_WIDTH;
        else if (byte == '\f' || byte == '\r')
            width = 0;
        else if (byte == '\\' && *at + 1 < count && bytes[*at + 1] == '\n')
            ++*at;
        else if (byte == '\\' && *at + 2 < count && bytes[*at + 1] == '\r' &&
                 bytes[*at + 2] == '\n')
            *at += 2;
        else
            break;
    }
    return width;
}

/* No stack of rising widths is deeper than the widest of them is wide. */
static bool is_harmless(const char *bytes, size_t count)
{
    for (size_t at = 0; at < count;) {
        if (width_at(bytes, count, &at) >= GSAW_PYTHON_DEPTH_MAX)
            return false;
        const char *end = memchr(bytes + at, '\n', count - at);
        at = end == NULL ? count : (size_t)(end - bytes) + 1;
    }
    return true;
}

/* One byte on; blank in the copy when the line is. */
static void step(nesting_scan *self)
{
    char byte = self->bytes[self->at];
    if (self->is_blanking && byte != '\n' && byte != '\r')
        self->copy[self->at] = ' ';
    self->at++;
}

static bool is_at(const nesting_scan *self, char byte)
{
    return self->at < self->count && self->bytes[self->at] == byte;
}

/* A string literal from its opening quote on; prefixes do not matter here. */
static void scan_string(nesting_scan *self)
{
    char quote = self->bytes[self->at];
    size_t opening = 0, closing = 0;
    while (opening < 3 && is_at(self, quote)) {
        step(self);
        opening++;
    }
    if (opening == 2)
        return; /* empty */
    while (self->at < self->count && closing < opening) {
        char byte = self->bytes[self->at];
        if (byte == '\n' && opening == 1)
            return;
        closing = byte == quote ? closing + 1 : 0;
        step(self);
        if (byte == '\\' && self->at < self->count)
            step(self);
    }
}

/* The rest of a logical line, its line end included. */
static void scan_line(nesting_scan *self)
{
    while (self->at < self->count) {
        char byte = self->bytes[self->at];
        if (byte == '"' || byte == '\'') {
            scan_string(self);
            continue;
        }
        if (byte == '#')
            while (self->at < self->count && !is_at(self, '\n'))
                step(self);
        else if (byte == '(' || byte == '[' || byte == '{')
            self->brackets++;
        else if ((byte == ')' || byte == ']' || byte == '}') && self->brackets > 0)
            self->brackets--;
        else if (byte == '\\')
            step(self);
        if (self->at == self->count)
            return;
        bool ends = is_at(self, '\n') && byte != '\\' && self->brackets == 0;
        step(self);
        if (ends)
            return;
    }
}

/* The white space before a logical line: blocks close and open, or the line is too deep. */
static void scan_indentation(nesting_scan *self)
{
    size_t start = self->at, text = start;
    uint32_t width = width_at(self->bytes, self->count, &text);
    bool is_empty = text == self->count || self->bytes[text] == '\n' || self->bytes[text] == '#';
    if (is_empty)
        return;
    while (self->widths[self->depth] > width)
        self->depth--;
    if (self->widths[self->depth] == width)
        return;
    if (self->depth < GSAW_PYTHON_DEPTH_MAX && width < GSAW_PYTHON_WIDTH_MAX) {
        self->widths[++self->depth] = width;
        return;
    }
    self->is_blanking = true;
    if (*self->too_deep == GSAW_NONE)
        *self->too_deep = (uint32_t)text;
}

/* A form feed is white space that starts the count anew. */
static void break_wide_runs(char *bytes, size_t count)
{
    for (size_t at = 0; at < count;) {
        size_t start = at;
        uint32_t width = width_at(bytes, count, &at);
        if (width >= GSAW_PYTHON_WIDTH_MAX) {
            for (size_t i = start, run = 0; i < at; i++) {
                run += bytes[i] == '\t' ? TAB_WIDTH : 1;
                if (run < GSAW_PYTHON_WIDTH_MAX / 2 || (bytes[i] != ' ' && bytes[i] != '\t'))
                    continue;
                bytes[i] = '\f';
                run = 0;
            }
        }
        const char *end = memchr(bytes + at, '\n', count - at);
        at = end == NULL ? count : (size_t)(end - bytes) + 1;
    }
}

const char *gsaw__python_flatten(gsaw__parse_memory *memory, const char *bytes, size_t count,
                                 uint32_t *too_deep)
{
    if (is_harmless(bytes, count))
        return bytes;
    nesting_scan scan = {.bytes = bytes, .count = count, .too_deep = too_deep};
    scan.copy = memcpy(gsaw__parse_alloc(memory, count), bytes, count);
    while (scan.at < count) {
        scan.is_blanking = false;
        scan.brackets = 0;
        scan_indentation(&scan);
        scan_line(&scan);
    }
    break_wide_runs(scan.copy, count);
    return scan.copy;
}
