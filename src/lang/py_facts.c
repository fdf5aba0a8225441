/* py_facts.c - one file from bytes to facts: the parser's arrays, packed into the arena.
 * Keeps:   the growing arrays are reused from file to file; facts are copied once, packed.
 * Threads: a parser belongs to one worker.
 * Next:    py_parser.h, py_statement.c */
#include "lang/py_facts.h"

#include <string.h>

#include "base/alloc.h"
#include "lang/py_parser.h"

#define EACH_ARRAY(row)                                                                            \
    row(open_entries)                                                                              \
    row(open_scopes)                                                                               \
    row(pending)                                                                                   \
    row(candidates)                                                                                \
    row(undo)                                                                                      \
    row(parameters)                                                                                \
    row(decorators)                                                                                \
    row(bases)                                                                                     \
    row(refs)                                                                                      \
    row(symbols)                                                                                   \
    row(calls)                                                                                     \
    row(scopes)                                                                                    \
    row(imports)                                                                                   \
    row(details)                                                                                   \
    row(receivers)

void gsaw__py_parser_free(gsaw__py_parser *self)
{
    if (self == NULL)
        return;
    const gsaw_allocator *allocator = self->allocator;
    gsaw__py_names_clear(self);
#define CLEAR(array) gsaw__array_clear(&self->array, allocator);
    EACH_ARRAY(CLEAR)
#undef CLEAR
    gsaw__free(allocator, self, sizeof *self);
}

gsaw__py_parser *gsaw__py_parser_new(const gsaw_allocator *allocator)
{
    gsaw__py_parser *self = gsaw__alloc_zero(allocator, 1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->allocator = allocator;
    bool has_room = gsaw__py_names_init(self);
#define RESERVE(array)                                                                             \
    has_room = has_room && gsaw__array_reserve(&self->array, allocator, 16);                       \
    self->array.count = 0;
    EACH_ARRAY(RESERVE) /* so that none is without memory when more cannot be had */
#undef RESERVE
    if (has_room)
        return self;
    gsaw__py_parser_free(self);
    return NULL;
}

/* ---- what entries mean ---- */

static uint32_t follow(const gsaw__py_parser *self, uint32_t entry)
{
    const gsaw__py_open_entry *items = self->open_entries.items;
    while ((items[entry].flags & (GSAW_PY_IS_LINKED | GSAW_PY_IS_GLOBAL)) != 0)
        entry = items[entry].link;
    return entry;
}

static uint32_t meaning(const gsaw__py_parser *self, uint32_t entry)
{
    const gsaw__py_open_entry *at = &self->open_entries.items[follow(self, entry)];
    if ((at->flags & GSAW_PY_IS_CELL) != 0)
        return (uint32_t)GSAW_PY_CLASS_CELL << 29 | at->link;
    if ((at->flags & GSAW_PY_IS_BOUND) != 0) {
        if (at->target == GSAW_PY_NONE)
            return (uint32_t)GSAW_PY_BOUND << 29 | at->scope;
        if ((at->target & GSAW_PY_TARGET_IMPORT) != 0)
            return (uint32_t)GSAW_PY_IMPORT << 29 | (at->target & ~GSAW_PY_TARGET_IMPORT);
        return (uint32_t)GSAW_PY_SYMBOL << 29 | at->target;
    }
    bool is_builtin = at->name >= GSAW_PY_NAME_STATICMETHOD && at->name < gsaw__py_fixed_count();
    is_builtin =
        is_builtin || at->name == GSAW_PY_NAME_TYPE_WORD || at->name == GSAW_PY_NAME_DUNDER_IMPORT;
    return (uint32_t)(is_builtin ? GSAW_PY_BUILTIN : GSAW_PY_UNKNOWN) << 29;
}

/* ---- the end of a file ---- */

static void mark_used(gsaw__py_parser *self)
{
    gsaw__py_open_entry *entries = self->open_entries.items;
    for (size_t i = 0; i < self->refs.count; i++)
        if (gsaw__py_ref_role(self->refs.items[i]) < GSAW_PY_KEYWORD)
            entries[gsaw__py_ref_index(self->refs.items[i])].flags |= GSAW_PY_IS_USED;
}

/* ---- what is exported ---- */

/* A string token without its prefix and quotes. */
static gsaw__py_range text_of(const gsaw__py_parser *self, gsaw__py_detail detail)
{
    gsaw__py_range range = {detail.start, detail.end};
    while (self->source[range.start] != '"' && self->source[range.start] != '\'')
        range.start++;
    unsigned char quote = self->source[range.start];
    bool is_triple = range.end - range.start >= 6 && self->source[range.start + 1] == quote &&
                     self->source[range.start + 2] == quote;
    range.start += is_triple ? 3 : 1;
    range.end -= is_triple ? 3 : 1;
    return range;
}

/* The names' slots are free now: `entry` says whether __all__ has the name. */
static void mark_exported(gsaw__py_parser *self)
{
    bool has_all = false;
    for (uint32_t i = 0; i < gsaw__py_count(self, details); i++) {
        gsaw__py_detail detail = self->details.items[i];
        if ((detail.symbol28_kind4 & 15) != GSAW_PY_ALL_NAME)
            continue;
        for (uint32_t n = 0; !has_all && n < gsaw__py_count(self, names); n++)
            self->names.items[n].entry = 0;
        has_all = true;
        gsaw__py_range text = text_of(self, detail);
        if (text.end <= text.start)
            continue;
        uint32_t name =
            gsaw__py_intern_text(self, self->source + text.start, text.end - text.start);
        self->names.items[name].entry = 1;
    }
    for (uint32_t i = 0; i < gsaw__py_count(self, symbols); i++) {
        gsaw__py_symbol *symbol = &self->symbols.items[i];
        if (symbol->scope != 0)
            continue;
        const gsaw__py_spelling *name = &self->names.items[symbol->name];
        bool is_private = self->source[symbol->name_start] == '_';
        if (has_all ? name->entry != 0 : !is_private)
            symbol->kind |= GSAW_PY_EXPORTED;
    }
}

/* ---- packing ---- */

static void *pack(char **at, const void *items, size_t size)
{
    void *result = *at;
    if (size != 0)
        memcpy(result, items, size);
    *at += size;
    return result;
}

static bool copy(gsaw__py_parser *self, gsaw__arena *arena, gsaw__python_facts *out)
{
    uint32_t fixed = gsaw__py_fixed_count();
    out->entry_count = gsaw__py_count(self, open_entries);
    out->name_count = gsaw__py_count(self, names) - fixed;
    size_t size =
        out->entry_count * sizeof(gsaw__py_entry) + out->name_count * sizeof(gsaw__py_name);
#define COUNT(array) (self->array.count * sizeof *self->array.items)
    size += COUNT(refs) + COUNT(symbols) + COUNT(calls) + COUNT(scopes) + COUNT(imports) +
            COUNT(details) + COUNT(receivers);
    char *at = gsaw__arena_alloc_aligned(arena, size, 8);
    if (at == NULL)
        return false;
    out->bytes = size;
#define PACK(array, counter)                                                                       \
    out->counter = gsaw__py_count(self, array);                                                    \
    out->array = pack(&at, self->array.items, COUNT(array));
    PACK(refs, ref_count)
    PACK(calls, call_count)
    PACK(symbols, symbol_count)
    PACK(scopes, scope_count)
    PACK(imports, import_count)
    PACK(details, detail_count)
    PACK(receivers, receiver_count)
#undef PACK
#undef COUNT
    mark_used(self);
    gsaw__py_entry *entries = (gsaw__py_entry *)(void *)at;
    for (uint32_t i = 0; i < out->entry_count; i++) {
        const gsaw__py_open_entry *entry = &self->open_entries.items[i];
        bool is_used = (entry->flags & GSAW_PY_IS_USED) != 0;
        entries[i] = (gsaw__py_entry){entry->name, is_used ? meaning(self, i) : 0};
    }
    gsaw__py_name *names = (gsaw__py_name *)(void *)(entries + out->entry_count);
    for (uint32_t i = 0; i < out->name_count; i++)
        names[i] = (gsaw__py_name){self->names.items[i + fixed].start,
                                   self->names.items[i + fixed].length};
    out->entries = entries;
    out->names = names;
    return true;
}

/* ---- a file ---- */

static void reset(gsaw__py_parser *self, const char *bytes, size_t count)
{
#define EMPTY(array) self->array.count = 0;
    EACH_ARRAY(EMPTY)
#undef EMPTY
    self->source = (const unsigned char *)bytes;
    self->end = self->source + count;
    self->scope = GSAW_PY_NONE;
    self->entries = GSAW_PY_NONE;
    self->reading = GSAW_PY_READ;
    self->depth = self->fstrings = self->level_count = 0;
    self->statement_start = self->line_end = self->import_flags = self->resumed_at = 0;
    self->statement_calls = self->statement_receivers = 0;
    self->method.name = self->enum_scope = GSAW_PY_NONE;
    self->quote = NULL;
    self->is_static = self->is_enum = self->has_no_item = false;
    self->is_collecting = self->is_speculative = self->is_typed = self->allows_as = false;
    self->has_as = self->is_property = self->memory_is_out = self->has_deep = false;
    self->no_triple[0] = self->no_triple[1] = false;
    self->message = self->problem = NULL;
    self->error_at = NULL;
}

/* The line of an offset, from 1; LF, CRLF and lone CR end lines. */
static uint32_t line_at(const gsaw__py_parser *self, uint32_t offset)
{
    uint32_t lines = 1;
    const unsigned char *stop = self->source + offset;
    for (const unsigned char *at = self->source; at < stop; at++)
        lines += *at == '\n' || (*at == '\r' && at[1] != '\n');
    return lines;
}

static void say(const gsaw__py_parser *self, gsaw__python_facts *out)
{
    if (self->problem == NULL)
        return;
    out->status = GSAW_FILE_PARTIAL;
    out->reason = self->has_deep ? GSAW_REASON_NESTING : GSAW_REASON_SYNTAX;
    out->problem = self->problem_start;
    out->problem_line = line_at(self, self->problem_start);
    out->message = self->problem;
}

void gsaw__python_parse(gsaw__py_parser *self, const char *bytes, size_t count, gsaw__arena *arena,
                        gsaw__python_facts *out)
{
    *out = (gsaw__python_facts){.status = GSAW_FILE_FAILED, .reason = GSAW_REASON_MEMORY};
    if (count > GSAW_PY_SOURCE_MAX)
        return;
    reset(self, bytes, count);
    const char *message;
    size_t bad = gsaw__py_first_bad_byte(self->source, count, &message);
    gsaw__py_lexer_begin(self);
    gsaw__py_module(self);
    if (bad != count && (self->problem == NULL || self->problem_start > bad)) {
        self->problem = message;
        self->problem_start = (uint32_t)bad;
    }
    if (!self->memory_is_out)
        mark_exported(self);
    bool is_done = !self->memory_is_out && copy(self, arena, out);
    gsaw__py_names_reset(self);
    if (!is_done) {
        *out = (gsaw__python_facts){.status = GSAW_FILE_FAILED, .reason = GSAW_REASON_MEMORY};
        return;
    }
    out->status = GSAW_FILE_OK;
    out->reason = GSAW_REASON_NONE;
    say(self, out);
}

gsaw__py_text gsaw__python_name(const gsaw__python_facts *self, const char *source, uint32_t name)
{
    if (name < gsaw__py_fixed_count()) {
        const char *text = gsaw__py_fixed_name(name);
        return (gsaw__py_text){text, strlen(text)};
    }
    gsaw__py_name at = self->names[name - gsaw__py_fixed_count()];
    return (gsaw__py_text){source + at.start, at.length};
}
