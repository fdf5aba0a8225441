/* toml.c - TOML documents: statements, keys, tables, arrays.
 * Keeps:   what a table may still take is in its mark: one with a header of its own takes no dotted
 *          keys from elsewhere; one that dotted keys have made takes no header (so they are all of
 *          one section); one written as a value takes nothing; a list that is one, no [[headers]].
 * Threads: one a document.
 * Next:    toml.h, toml_reader.h */
#include "base/toml.h"

#include <string.h>

#include "base/toml_reader.h"
#include "base/utf.h"

enum mark {
    MARK_IMPLIED, /* a TABLE that a header's or key's path goes through */
    MARK_DOTTED,  /* a TABLE by dotted keys */
    MARK_HEADER,  /* a TABLE with a [header], or a LIST by [[headers]] */
    MARK_VALUE    /* written as a value, and so closed */
};

/* ---- failing ---- */

bool gsaw__toml_fail_key(gsaw__toml *self, const char *what, const char *key)
{
    uint32_t line = 1;
    const char *start = self->bytes;
    if (self->status != GSAW_OK)
        return false;
    for (const char *at = start; at < self->at; at++)
        if (*at == '\n') {
            line++;
            start = at + 1;
        }
    self->status = gsaw__fail(self->error, GSAW_INVALID, "%u:%zu: %.80s%s%s", line,
                              (size_t)(self->at - start) + 1, key, *key == 0 ? "" : " ", what);
    return false;
}

bool gsaw__toml_fail(gsaw__toml *self, const char *what)
{
    return gsaw__toml_fail_key(self, what, "");
}

bool gsaw__toml_fail_memory(gsaw__toml *self)
{
    if (self->status == GSAW_OK)
        self->status = gsaw__fail_memory(self->error);
    return false;
}

/* ---- tables ---- */

/* The line of here; it only ever goes forward. */
static uint32_t line_here(gsaw__toml *self)
{
    for (; self->counted < self->at; self->counted++)
        self->line += *self->counted == '\n';
    return self->line;
}

static gsaw__value *new_value(gsaw__toml *self)
{
    gsaw__value *value = gsaw__arena_alloc_zero(self->arena, 1, sizeof *value);
    if (value == NULL)
        gsaw__toml_fail_memory(self);
    else
        value->line = line_here(self);
    return value;
}

static void append(gsaw__value *parent, gsaw__value *child)
{
    if (parent->first == NULL)
        parent->first = child;
    else
        parent->last->next = child;
    parent->last = child;
}

/* A key, and the table that it is looked up in. */
typedef struct place {
    gsaw__value *table;
    const char *key;
    uint32_t size;
} place;

/* What `keys` knows it by, in the reader's buffer; false when memory is out. */
static bool name_of(gsaw__toml *self, const place *at)
{
    gsaw__buffer_reset(&self->text);
    gsaw__buffer_append(&self->text, &at->table->id, sizeof at->table->id);
    gsaw__buffer_append(&self->text, at->key, at->size);
    return !self->text.failed || gsaw__toml_fail_memory(self);
}

/* What stands there, or NULL; memory running out shows in the status. */
static gsaw__value *find(gsaw__toml *self, const place *at)
{
    if (!name_of(self, at))
        return NULL;
    const uint32_t *index = gsaw__map_find(&self->keys, self->text.bytes, self->text.count);
    return index == NULL ? NULL : self->named.items[*index];
}

/* A new value there, of kind NULL. */
static gsaw__value *add(gsaw__toml *self, const place *at)
{
    gsaw__value *value = NULL;
    if (self->named.count == GSAW_TOML_KEYS_MAX) {
        gsaw__toml_fail(self, "too many keys");
        return NULL;
    }
    char *name =
        name_of(self, at) ? gsaw__arena_dup(self->arena, self->text.bytes, self->text.count) : NULL;
    if (name == NULL ||
        gsaw__map_insert(&self->keys, name, self->text.count, (uint32_t)self->named.count, NULL) ==
            NULL ||
        (value = new_value(self)) == NULL ||
        !gsaw__array_push(&self->named, self->arena->allocator, value)) {
        gsaw__toml_fail_memory(self);
        return NULL;
    }
    value->key = at->key;
    value->key_size = at->size;
    append(at->table, value);
    return value;
}

static void make_table(gsaw__toml *self, gsaw__value *value, enum mark mark)
{
    value->kind = GSAW_VALUE_TABLE;
    value->mark = (uint8_t)mark;
    value->id = ++self->tables;
}

static gsaw__value *add_table(gsaw__toml *self, const place *at, enum mark mark)
{
    gsaw__value *value = add(self, at);
    if (value != NULL)
        make_table(self, value, mark);
    return value;
}

static gsaw__value *refuse(gsaw__toml *self, const place *at, const char *what)
{
    gsaw__toml_fail_key(self, what, at->key);
    return NULL;
}

/* ---- keys ---- */

static bool is_bare(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
}

/* One part of a key, and the blanks behind it. */
static bool read_part(gsaw__toml *self, place *at)
{
    int first = gsaw__toml_peek(self, 0);
    if (first == '"' || first == '\'') {
        if (!gsaw__toml_read_text(self, false, &at->key, &at->size))
            return false;
    } else {
        const char *start = self->at;
        while (is_bare(gsaw__toml_peek(self, 0)))
            self->at++;
        if (self->at == start)
            return gsaw__toml_fail(self, "a key is missing");
        const char *key = gsaw__arena_dup(self->arena, start, (size_t)(self->at - start));
        if (key == NULL)
            return gsaw__toml_fail_memory(self);
        at->key = key;
        at->size = (uint32_t)(self->at - start);
    }
    gsaw__toml_skip_blanks(self);
    return true;
}

/* Where one part of a key, but not the last, leads. */
typedef gsaw__value *enter_function(gsaw__toml *self, const place *at);

static gsaw__value *enter_dotted(gsaw__toml *self, const place *at)
{
    gsaw__value *found = find(self, at);
    if (found == NULL && self->status == GSAW_OK)
        found = add_table(self, at, MARK_IMPLIED);
    if (found == NULL)
        return NULL;
    bool is_free = found->kind == GSAW_VALUE_TABLE &&
                   (found->mark == MARK_IMPLIED || found->mark == MARK_DOTTED);
    if (!is_free)
        return refuse(self, at, "is defined elsewhere and cannot be added to");
    found->mark = MARK_DOTTED;
    return found;
}

static gsaw__value *enter_header(gsaw__toml *self, const place *at)
{
    gsaw__value *found = find(self, at);
    if (found == NULL)
        return self->status == GSAW_OK ? add_table(self, at, MARK_IMPLIED) : NULL;
    if (found->kind == GSAW_VALUE_LIST && found->mark == MARK_HEADER)
        return found->last;
    if (found->kind != GSAW_VALUE_TABLE || found->mark == MARK_VALUE)
        return refuse(self, at, "is a value and cannot be added to");
    return found;
}

/* All of a key below at->table: at is then its last part. */
static bool read_key(gsaw__toml *self, enter_function *enter, place *at)
{
    while (read_part(self, at)) {
        if (gsaw__toml_peek(self, 0) != '.')
            return true;
        self->at++;
        gsaw__toml_skip_blanks(self);
        at->table = enter(self, at);
        if (at->table == NULL)
            return false;
    }
    return false;
}

/* ---- values ---- */

static bool read_value(gsaw__toml *self, gsaw__value *out);

/* NOLINTNEXTLINE(misc-no-recursion): read_value bounds the depth */
static bool read_pair(gsaw__toml *self, gsaw__value *table)
{
    place at = {.table = table, .key = ""};
    if (!read_key(self, enter_dotted, &at))
        return false;
    if (find(self, &at) != NULL)
        return gsaw__toml_fail_key(self, "is there already", at.key);
    if (gsaw__toml_peek(self, 0) != '=')
        return gsaw__toml_fail(self, "= is missing behind the key");
    gsaw__value *value = add(self, &at);
    self->at++;
    gsaw__toml_skip_blanks(self);
    return value != NULL && read_value(self, value);
}

static bool skip_comment(gsaw__toml *self)
{
    if (gsaw__toml_peek(self, 0) != '#')
        return true;
    for (; gsaw__toml_peek(self, 0) >= 0 && gsaw__toml_newline(self) == 0; self->at++)
        if (gsaw__toml_is_control(gsaw__toml_peek(self, 0)))
            return gsaw__toml_fail(self, "a control character in a comment");
    return true;
}

/* What may stand between the items of an array. */
static bool skip_space(gsaw__toml *self)
{
    do {
        self->at += gsaw__toml_newline(self);
        gsaw__toml_skip_blanks(self);
        if (!skip_comment(self))
            return false;
    } while (gsaw__toml_newline(self) != 0);
    return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): read_value bounds the depth */
static bool read_array(gsaw__toml *self, gsaw__value *out)
{
    out->kind = GSAW_VALUE_LIST;
    out->mark = MARK_VALUE;
    do {
        self->at++; /* [ or , */
        if (!skip_space(self))
            return false;
        if (gsaw__toml_peek(self, 0) == ']')
            break;
        gsaw__value *item = new_value(self);
        if (item == NULL || !read_value(self, item) || !skip_space(self))
            return false;
        append(out, item);
    } while (gsaw__toml_peek(self, 0) == ',');
    if (gsaw__toml_peek(self, 0) != ']')
        return gsaw__toml_fail(self, ", or ] is missing in an array");
    self->at++;
    return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): read_value bounds the depth */
static bool read_inline_table(gsaw__toml *self, gsaw__value *out)
{
    make_table(self, out, MARK_VALUE);
    self->at++;
    gsaw__toml_skip_blanks(self);
    bool is_empty = gsaw__toml_peek(self, 0) == '}';
    while (!is_empty) {
        if (!read_pair(self, out))
            return false;
        gsaw__toml_skip_blanks(self);
        if (gsaw__toml_peek(self, 0) != ',')
            break;
        self->at++;
        gsaw__toml_skip_blanks(self);
    }
    if (gsaw__toml_peek(self, 0) != '}')
        return gsaw__toml_fail(self, ", or } is missing in an inline table");
    self->at++;
    return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): GSAW_TOML_DEPTH_MAX bounds the depth */
static bool read_value(gsaw__toml *self, gsaw__value *out)
{
    bool ok;
    int first = gsaw__toml_peek(self, 0);
    if (self->depth == GSAW_TOML_DEPTH_MAX)
        return gsaw__toml_fail(self, "too deep");
    self->depth++;
    if (first == '[') {
        ok = read_array(self, out);
    } else if (first == '{') {
        ok = read_inline_table(self, out);
    } else if (first == '"' || first == '\'') {
        out->kind = GSAW_VALUE_TEXT;
        ok = gsaw__toml_read_text(self, true, &out->text, &out->size);
    } else {
        ok = gsaw__toml_read_scalar(self, out);
    }
    self->depth--;
    return ok;
}

/* ---- statements ---- */

static gsaw__value *open_table(gsaw__toml *self, const place *at)
{
    gsaw__value *found = find(self, at);
    if (found == NULL)
        return self->status == GSAW_OK ? add_table(self, at, MARK_HEADER) : NULL;
    if (found->kind != GSAW_VALUE_TABLE || found->mark != MARK_IMPLIED)
        return refuse(self, at, "is defined already");
    found->mark = MARK_HEADER;
    return found;
}

static gsaw__value *open_item(gsaw__toml *self, const place *at)
{
    gsaw__value *list = find(self, at);
    if (list == NULL && self->status == GSAW_OK) {
        list = add(self, at);
        if (list != NULL) {
            list->kind = GSAW_VALUE_LIST;
            list->mark = MARK_HEADER;
        }
    }
    if (list == NULL)
        return NULL;
    if (list->kind != GSAW_VALUE_LIST || list->mark != MARK_HEADER)
        return refuse(self, at, "is defined already, and not by [[ ]]");
    gsaw__value *item = new_value(self);
    if (item != NULL) {
        make_table(self, item, MARK_HEADER);
        append(list, item);
    }
    return item;
}

/* [a.b] or [[a.b]]; *table is what the lines behind it go into. */
static bool read_header(gsaw__toml *self, gsaw__value *root, gsaw__value **table)
{
    place at = {.table = root, .key = ""};
    bool is_item = gsaw__toml_peek(self, 1) == '[';
    self->at += is_item ? 2 : 1;
    gsaw__toml_skip_blanks(self);
    if (!read_key(self, enter_header, &at))
        return false;
    if (gsaw__toml_peek(self, 0) != ']' || (is_item && gsaw__toml_peek(self, 1) != ']'))
        return gsaw__toml_fail(self, is_item ? "]] is missing" : "] is missing");
    *table = is_item ? open_item(self, &at) : open_table(self, &at);
    self->at += is_item ? 2 : 1;
    return *table != NULL;
}

static bool read_statement(gsaw__toml *self, gsaw__value *root, gsaw__value **table)
{
    gsaw__toml_skip_blanks(self);
    int first = gsaw__toml_peek(self, 0);
    bool is_empty = first < 0 || first == '#' || gsaw__toml_newline(self) != 0;
    if (!is_empty && !(first == '[' ? read_header(self, root, table) : read_pair(self, *table)))
        return false;
    gsaw__toml_skip_blanks(self);
    if (!skip_comment(self))
        return false;
    size_t newline = gsaw__toml_newline(self);
    if (newline == 0 && self->at < self->end)
        return gsaw__toml_fail(self, "something behind the end of the statement");
    self->at += newline;
    return true;
}

static bool check_text(gsaw__toml *self)
{
    for (size_t size; self->at < self->end; self->at += size) {
        size = gsaw__utf8_length(self->at, (size_t)(self->end - self->at));
        if (size == 0)
            return gsaw__toml_fail(self, "not UTF-8");
    }
    self->at = self->bytes;
    return true;
}

gsaw_status gsaw__toml_read(const char *bytes, size_t size, gsaw__arena *arena,
                            const gsaw__value **out, gsaw_error *error)
{
    gsaw__toml self = {.bytes = bytes,
                       .at = bytes,
                       .end = bytes + size,
                       .counted = bytes,
                       .line = 1,
                       .arena = arena,
                       .error = error};
    if (size > GSAW_TOML_SIZE_MAX)
        return gsaw__fail(error, GSAW_RANGE, "1:1: too large");
    gsaw__buffer_init(&self.text, arena->allocator);
    gsaw__map_init(&self.keys, arena->allocator);
    gsaw__value *root = new_value(&self), *table = root;
    if (root != NULL && check_text(&self)) {
        make_table(&self, root, MARK_HEADER);
        while (self.at < self.end && read_statement(&self, root, &table))
            continue;
    }
    gsaw__buffer_clear(&self.text);
    gsaw__map_clear(&self.keys);
    gsaw__array_clear(&self.named, arena->allocator);
    *out = self.status == GSAW_OK ? root : NULL;
    return self.status;
}
