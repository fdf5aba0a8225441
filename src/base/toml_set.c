/* toml_set.c - finds the statements of a table, replaces values, adds what is missing.
 * Keeps:   see the header.
 * Threads: as the buffers.
 * Next:    toml_set.h */
#include "base/toml_set.h"

#include <string.h>

/* A part of a text. */
struct part {
    const char *at;
    size_t size;
};

/* One line `key = value`. */
struct statement {
    struct part key, value; /* key.at NULL: the line has none (blank, comment, dotted key) */
    const char *end;        /* of its last line, the line end included */
};

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

static const char *skip_line(const char *at, const char *end)
{
    const char *found = memchr(at, '\n', (size_t)(end - at));
    return found == NULL ? end : found;
}

static bool starts_with(const char *at, const char *end, const char *what)
{
    size_t size = strlen(what);
    return (size_t)(end - at) >= size && memcmp(at, what, size) == 0;
}

/* Behind the string that begins here, of any of the four kinds; one that is not closed ends with
 * its line, or with the text. */
static const char *skip_string(const char *at, const char *end)
{
    char quote = *at;
    const char triple[] = {quote, quote, quote, 0};
    bool is_long = starts_with(at, end, triple);
    for (at += is_long ? 3 : 1; at < end; at++) {
        if (*at == '\\' && quote == '"' && at + 1 < end)
            at++;
        else if (!is_long && (*at == quote || *at == '\n'))
            return *at == quote ? at + 1 : at;
        else if (is_long && starts_with(at, end, triple)) {
            at += 3;
            while (at < end && *at == quote) /* quotes that belong to the string: """"a"""" */
                at++;
            return at;
        }
    }
    return end;
}

/* Behind the value that begins here: strings, arrays over many lines with comments in them, plain
 * words. */
static const char *skip_value(const char *at, const char *end)
{
    int depth = 0;
    const char *last = at; /* behind the last byte that is no blank */
    while (at < end) {
        if (*at == '"' || *at == '\'') {
            last = at = skip_string(at, end);
        } else if (*at == '#' && depth > 0) {
            at = skip_line(at, end);
        } else if (*at == '#' || (*at == '\n' && depth <= 0)) {
            break;
        } else {
            depth += *at == '[' || *at == '{';
            depth -= *at == ']' || *at == '}';
            if (*at != ' ' && *at != '\t' && *at != '\r' && *at != '\n')
                last = at + 1;
            at++;
        }
    }
    return last;
}

static bool is_bare(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
}

static struct part read_key(const char *at, const char *end)
{
    if (at < end && (*at == '"' || *at == '\'')) {
        const char *behind = skip_string(at, end);
        bool is_closed = behind - at >= 2 && behind[-1] == *at;
        return (struct part){at + 1, is_closed ? (size_t)(behind - at) - 2 : 0};
    }
    struct part key = {at, 0};
    while (at + key.size < end && is_bare(at[key.size]))
        key.size++;
    return key;
}

/* The statement that begins with the line at `at`. False: at the end, or at the header of a table.
 */
static bool read_statement(const char *at, const char *end, struct statement *out)
{
    at = skip_blanks(at, end);
    if (at == end || *at == '[')
        return false;
    struct part key = read_key(at, end);
    const char *behind = key.at + key.size;
    if (key.at != at) /* the closing quote */
        behind++;
    behind = skip_blanks(behind, end);
    *out = (struct statement){.key = {NULL, 0}};
    if (*at != '#' && *at != '\n' && *at != '\r' && behind < end) {
        bool is_simple = *behind == '=';
        while (behind < end && *behind != '=' && *behind != '\n')
            behind++;
        const char *value = behind < end && *behind == '=' ? skip_blanks(behind + 1, end) : behind;
        behind = skip_value(value, end);
        if (is_simple) {
            out->key = key;
            out->value = (struct part){value, (size_t)(behind - value)};
        }
        at = behind;
    }
    at = skip_line(at, end);
    out->end = at < end ? at + 1 : end;
    return true;
}

static bool has_key(const struct statement *line, struct part key)
{
    return line->key.at != NULL && line->key.size == key.size &&
           memcmp(line->key.at, key.at, key.size) == 0;
}

/* The value that `lines` give a key; at NULL: none. */
static struct part find(const gsaw__buffer *lines, struct part key)
{
    const char *at = gsaw__buffer_text(lines), *end = at + lines->count;
    struct statement line;
    for (; read_statement(at, end, &line); at = line.end)
        if (has_key(&line, key))
            return line.value;
    return (struct part){NULL, 0};
}

/* Whether the table that begins with the text has the key. */
static bool has(struct part text, struct part key)
{
    const char *at = text.at, *end = at + text.size;
    struct statement line;
    for (; read_statement(at, end, &line); at = line.end)
        if (has_key(&line, key))
            return true;
    return false;
}

/* Append the lines whose keys the text has not. */
static void add_missing(struct part text, const gsaw__buffer *lines, const char *line_end,
                        gsaw__buffer *out)
{
    const char *at = gsaw__buffer_text(lines), *end = at + lines->count;
    struct statement line;
    for (; read_statement(at, end, &line); at = line.end) {
        if (line.key.at == NULL || has(text, line.key))
            continue;
        gsaw__buffer_append(out, line.key.at, line.key.size);
        gsaw__buffer_append_text(out, " = ");
        gsaw__buffer_append(out, line.value.at, line.value.size);
        gsaw__buffer_append_text(out, line_end);
    }
}

/* Whether the line at `at`, a header, is that of `table`: [ a . "b" ]. */
static bool is_header_of(const char *at, const char *end, const char *table)
{
    at = skip_blanks(at, end) + 1;
    for (;;) {
        size_t size = strcspn(table, ".");
        at = skip_blanks(at, end);
        struct part key = read_key(at, end);
        if (key.size != size || memcmp(key.at, table, size) != 0)
            return false;
        at = skip_blanks(key.at + size + (key.at != at), end);
        table += size;
        if (at == end || *at != (*table == 0 ? ']' : '.'))
            return false;
        if (*table++ == 0)
            return true;
        at++;
    }
}

/* Where the table's first line begins; NULL: there is no such header. */
static const char *find_table(const char *at, const char *end, const char *table)
{
    struct statement line;
    while (table != NULL) {
        for (; read_statement(at, end, &line); at = line.end)
            continue;
        if (skip_blanks(at, end) == end)
            return NULL;
        bool is_found = is_header_of(at, end, table);
        at = skip_line(at, end);
        at += at < end;
        table = is_found ? NULL : table;
    }
    return at;
}

/* The same line ends as the first line has. */
static const char *line_end_of(const char *begin, const char *end)
{
    const char *line = skip_line(begin, end);
    return line > begin && line < end && line[-1] == '\r' ? "\r\n" : "\n";
}

bool gsaw__toml_set(const gsaw__buffer *text, const char *table, const gsaw__buffer *lines,
                    gsaw__buffer *out)
{
    const char *begin = gsaw__buffer_text(text), *end = begin + text->count;
    const char *line_end = line_end_of(begin, end);
    const char *first = begin + (starts_with(begin, end, "\xEF\xBB\xBF") ? 3 : 0);
    const char *body = find_table(first, end, table), *at = body;
    const char *copied = begin, *behind = body; /* behind the last statement with a key */
    struct statement line;
    if (body == NULL)
        return false;
    for (; read_statement(at, end, &line); at = line.end) {
        if (line.key.at == NULL)
            continue;
        behind = line.end;
        struct part value = find(lines, line.key);
        if (value.at == NULL)
            continue;
        gsaw__buffer_append(out, copied, (size_t)(line.value.at - copied));
        gsaw__buffer_append(out, value.at, value.size);
        copied = line.value.at + line.value.size;
    }
    if (behind == body && skip_blanks(at, end) == end)
        behind = end; /* comments alone: below them */
    gsaw__buffer_append(out, copied, (size_t)(behind - copied));
    gsaw__buffer missing = {.allocator = out->allocator};
    add_missing((struct part){body, (size_t)(end - body)}, lines, line_end, &missing);
    if (missing.count != 0) {
        bool is_open = behind > first && behind[-1] != '\n'; /* the last line, of the file */
        gsaw__buffer_append_text(out, is_open ? line_end : "");
        gsaw__buffer_append(out, missing.bytes, missing.count);
        gsaw__buffer_append_text(out, behind == body && behind < end ? line_end : "");
    }
    gsaw__buffer_append(out, behind, (size_t)(end - behind));
    out->failed |= missing.failed;
    gsaw__buffer_clear(&missing);
    return true;
}
