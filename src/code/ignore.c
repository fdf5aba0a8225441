/* ignore.c - patterns sorted by kind as they come in; all kinds asked for the last that matches.
 * Keeps:   patterns stand in order; plain names, plain paths and extensions are found by hashing,
 *          so that only true wildcards are tried one by one, from the last backwards.
 * Threads: as ignore.h says.
 * Next:    pattern.c */
#include "code/ignore.h"

#include <string.h>

#include "code/pattern.h"

enum pattern_flag {
    IS_NEGATIVE = 1,
    IS_DIRECTORY_ONLY = 2,
    IS_PATH = 4, /* compared with the path, not with the name alone */
    IS_TAIL = 8  /* text is what the name must end with; else text is a program */
};

struct gsaw__ignore_pattern {
    const char *text;
    uint32_t size;
    uint32_t previous; /* in a table: the next-to-last pattern of that key, or GSAW_NONE */
    uint32_t flags;
};

#define PATTERN_COUNT_MAX ((size_t)1 << 31)

void gsaw__ignore_init(gsaw__ignore *self, const gsaw_allocator *allocator)
{
    *self = (gsaw__ignore){.needs_path = false};
    gsaw__arena_init(&self->arena, allocator);
    gsaw__buffer_init(&self->scratch, allocator);
    gsaw__map_init(&self->names.map, allocator);
    gsaw__map_init(&self->paths.map, allocator);
    gsaw__map_init(&self->extensions.map, allocator);
}

void gsaw__ignore_clear(gsaw__ignore *self)
{
    const gsaw_allocator *allocator = self->arena.allocator;
    gsaw__array_clear(&self->patterns, allocator);
    gsaw__array_clear(&self->scanned, allocator);
    gsaw__buffer_clear(&self->scratch);
    gsaw__map_clear(&self->names.map);
    gsaw__map_clear(&self->paths.map);
    gsaw__map_clear(&self->extensions.map);
    gsaw__arena_clear(&self->arena);
    gsaw__ignore_init(self, allocator);
}

static unsigned filter_bit(const char *key, size_t size)
{
    unsigned first = (unsigned char)key[0], last = (unsigned char)key[size - 1];
    return (first * 7u + last * 31u + (unsigned)size) & 255u;
}

/* Put the pattern that was pushed last into the table. A key's patterns form a chain of at most
 * two: one for directories alone, and the one before it for everything; those that can never decide
 * are left out. */
static bool table_add(gsaw__ignore *self, gsaw__ignore_table *table)
{
    uint32_t index = (uint32_t)(self->patterns.count - 1);
    struct gsaw__ignore_pattern *pattern = &self->patterns.items[index];
    bool is_new;
    uint32_t *last = gsaw__map_insert(&table->map, pattern->text, pattern->size, index, &is_new);
    if (last == NULL)
        return false;
    unsigned bit = filter_bit(pattern->text, pattern->size);
    table->filter[bit / 64] |= (uint64_t)1 << bit % 64;
    if (!is_new && (pattern->flags & IS_DIRECTORY_ONLY) != 0) {
        const struct gsaw__ignore_pattern *older = &self->patterns.items[*last];
        pattern->previous = (older->flags & IS_DIRECTORY_ONLY) != 0 ? older->previous : *last;
    }
    *last = index;
    return true;
}

/* The last pattern of the table for the key that applies to the entry, as index + 1; 0: none. */
static size_t table_find(const gsaw__ignore *self, const gsaw__ignore_table *table, const char *key,
                         size_t size, bool is_directory)
{
    unsigned bit = filter_bit(key, size);
    if ((table->filter[bit / 64] >> bit % 64 & 1) == 0)
        return 0;
    const uint32_t *last = gsaw__map_find(&table->map, key, size);
    if (last == NULL)
        return 0;
    uint32_t index = *last;
    while (index != GSAW_NONE && !is_directory &&
           (self->patterns.items[index].flags & IS_DIRECTORY_ONLY) != 0)
        index = self->patterns.items[index].previous;
    return index == GSAW_NONE ? 0 : (size_t)index + 1;
}

/* ".pyc" of "*.pyc": a tail with its only dot in front. */
static bool is_extension(const char *tail, size_t size)
{
    return size > 1 && tail[0] == '.' && memchr(tail + 1, '.', size - 1) == NULL;
}

/* Keep the pattern compiled into scratch: in a table when it is plain, else to be scanned. */
static bool add_compiled(gsaw__ignore *self, enum gsaw__pattern_shape shape, uint32_t flags)
{
    const gsaw_allocator *allocator = self->arena.allocator;
    bool tail = shape == GSAW_PATTERN_IS_TAIL && (flags & IS_PATH) == 0;
    const char *text = self->scratch.bytes + tail;
    size_t size = self->scratch.count - tail - 1; /* the end of the program is no part of a text */
    if (size == 0 && shape == GSAW_PATTERN_IS_TEXT)
        return true; /* an empty name matches nothing */
    if (size > UINT32_MAX - 1 || self->patterns.count >= PATTERN_COUNT_MAX)
        return false;
    struct gsaw__ignore_pattern pattern = {
        .text = gsaw__arena_dup(&self->arena, text, size + 1),
        .size = (uint32_t)size,
        .previous = GSAW_NONE,
        .flags = flags | (tail ? IS_TAIL : 0u),
    };
    if (pattern.text == NULL || !gsaw__array_push(&self->patterns, allocator, pattern))
        return false;
    if (shape == GSAW_PATTERN_IS_TEXT)
        return table_add(self, (flags & IS_PATH) != 0 ? &self->paths : &self->names);
    if (tail && is_extension(pattern.text, size))
        return table_add(self, &self->extensions);
    return gsaw__array_push(&self->scanned, allocator, (uint32_t)(self->patterns.count - 1));
}

bool gsaw__ignore_add(gsaw__ignore *self, const char *pattern, size_t count)
{
    uint32_t flags = 0;
    if (count != 0 && *pattern == '!') {
        flags |= IS_NEGATIVE;
        pattern++, count--;
    }
    if (count != 0 && pattern[count - 1] == '/') {
        flags |= IS_DIRECTORY_ONLY;
        count--;
    }
    if (count != 0 && memchr(pattern, '/', count) != NULL) {
        flags |= IS_PATH;
        if (*pattern == '/')
            pattern++, count--;
        /* Two stars and a slash before a name: the name at any depth, cheaper to ask for. */
        if (count > 3 && memcmp(pattern, "**/", 3) == 0 &&
            memchr(pattern + 3, '/', count - 3) == NULL) {
            flags &= ~(uint32_t)IS_PATH;
            pattern += 3, count -= 3;
        }
    }
    gsaw__buffer_reset(&self->scratch);
    bool in_path = (flags & IS_PATH) != 0;
    enum gsaw__pattern_shape shape = gsaw__pattern_compile(pattern, count, in_path, &self->scratch);
    if (self->scratch.failed)
        return false;
    if (shape == GSAW_PATTERN_NEVER)
        return true;
    self->needs_path |= in_path;
    return add_compiled(self, shape, flags);
}

/* The size of a line without the blanks at its end; a blank behind a backslash stays. */
static size_t trimmed_size(const char *line, size_t count)
{
    size_t size = 0; /* up to the last byte that is to stay */
    for (size_t i = 0; i < count; i++) {
        if (line[i] == ' ')
            continue;
        if (line[i] == '\\' && ++i == count)
            return count;
        size = i + 1;
    }
    return size;
}

static bool add_line(gsaw__ignore *self, const char *line, size_t count)
{
    if (count != 0 && line[count - 1] == '\r')
        count--;
    if (count == 0 || line[0] == '#')
        return true;
    const char *zero = memchr(line, 0, count); /* for git a zero byte ends the pattern */
    if (zero != NULL)
        count = (size_t)(zero - line);
    return gsaw__ignore_add(self, line, trimmed_size(line, count));
}

bool gsaw__ignore_add_text(gsaw__ignore *self, const char *text, size_t count)
{
    const char *end = text + count;
    if (count >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        if (line_end == NULL)
            line_end = end;
        if (!add_line(self, text, (size_t)(line_end - text)))
            return false;
        text = line_end + 1;
    }
    return true;
}

/* What is matched, once for all patterns. */
struct subject {
    const char *path, *name;
    size_t path_size, name_size;
    bool is_directory;
};

static bool matches(const struct gsaw__ignore_pattern *pattern, const struct subject *subject)
{
    if ((pattern->flags & IS_DIRECTORY_ONLY) != 0 && !subject->is_directory)
        return false;
    const char *text = pattern->text;
    if ((pattern->flags & IS_TAIL) != 0)
        return pattern->size <= subject->name_size &&
               memcmp(text, subject->name + subject->name_size - pattern->size, pattern->size) == 0;
    bool in_path = (pattern->flags & IS_PATH) != 0;
    const char *against = in_path ? subject->path : subject->name;
    if ((unsigned char)*text >= GSAW_PATTERN_LITERAL && *text != *against)
        return false;
    return gsaw__pattern_match(text, against, in_path ? subject->path_size : subject->name_size);
}

/* The last pattern in the tables that matches, as index + 1; 0: none. */
static size_t find_plain(const gsaw__ignore *self, const struct subject *subject)
{
    bool is_directory = subject->is_directory;
    size_t best = table_find(self, &self->names, subject->name, subject->name_size, is_directory);
    if (self->paths.map.count != 0) {
        size_t found =
            table_find(self, &self->paths, subject->path, subject->path_size, is_directory);
        best = found > best ? found : best;
    }
    const char *dot =
        self->extensions.map.count == 0 ? NULL : memrchr(subject->name, '.', subject->name_size);
    if (dot != NULL) {
        size_t size = (size_t)(subject->name + subject->name_size - dot);
        size_t found = table_find(self, &self->extensions, dot, size, is_directory);
        best = found > best ? found : best;
    }
    return best;
}

enum gsaw__ignore_verdict gsaw__ignore_match(const gsaw__ignore *self, const char *path,
                                             size_t path_size, size_t name_size, bool is_directory)
{
    struct subject subject = {path, path + path_size - name_size, path_size, name_size,
                              is_directory};
    if (self->patterns.count == 0 || name_size == 0)
        return GSAW_IGNORE_NONE;
    size_t best = find_plain(self, &subject);
    for (size_t i = self->scanned.count; i-- != 0 && self->scanned.items[i] >= best;) {
        if (matches(&self->patterns.items[self->scanned.items[i]], &subject)) {
            best = (size_t)self->scanned.items[i] + 1;
            break;
        }
    }
    if (best == 0)
        return GSAW_IGNORE_NONE;
    return (self->patterns.items[best - 1].flags & IS_NEGATIVE) != 0 ? GSAW_IGNORE_KEEP
                                                                     : GSAW_IGNORE_MATCH;
}
