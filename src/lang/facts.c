/* facts.c - collecting the facts of a file, packing them into one block, and doubting a block.
 * Keeps:   equal facts give equal bytes: orders are total, unused bytes are zero, lists and
 *          strings stand in order of arrival; qualified names are told apart in time linear in the
 *          names themselves.
 * Threads: a builder belongs to one worker.
 * Next:    facts.h, facts_check.c */
#include "lang/facts.h"

#include <string.h>

#include "base/check.h"
#include "lang/lines.h"

#define SEPARATOR '.' /* between the parts of a qualified name */

static const char *const symbol_kinds[] = {
#define WORD(name, word) word,
    GSAW_SYMBOL_KIND_TABLE(WORD)};
static const char *const import_kinds[] = {GSAW_IMPORT_KIND_TABLE(WORD)};
static const char *const file_statuses[] = {GSAW_FILE_STATUS_TABLE(WORD)};
static const char *const reasons[] = {GSAW_REASON_TABLE(WORD)};
#undef WORD

const char *gsaw_symbol_kind_name(gsaw_symbol_kind kind)
{
    return (unsigned)kind < GSAW_SYMBOL_KIND_COUNT ? symbol_kinds[kind] : "";
}

const char *gsaw_import_kind_name(gsaw_import_kind kind)
{
    return (unsigned)kind < GSAW_IMPORT_KIND_COUNT ? import_kinds[kind] : "";
}

const char *gsaw_file_status_name(gsaw_file_status status)
{
    return (unsigned)status < GSAW_FILE_STATUS_COUNT ? file_statuses[status] : "";
}

const char *gsaw_reason_name(gsaw_reason reason)
{
    return (unsigned)reason < GSAW_REASON_COUNT ? reasons[reason] : "";
}

void gsaw__facts_builder_init(gsaw__facts_builder *self, const gsaw_allocator *allocator)
{
    *self = (gsaw__facts_builder){.allocator = allocator};
    gsaw__interner_init(&self->strings, allocator);
    gsaw__map_init(&self->qualified, allocator);
    gsaw__arena_init(&self->scratch, allocator);
}

void gsaw__facts_builder_clear(gsaw__facts_builder *self)
{
    gsaw__array_clear(&self->symbols, self->allocator);
    gsaw__array_clear(&self->imports, self->allocator);
    gsaw__array_clear(&self->lists, self->allocator);
    gsaw__array_clear(&self->line_starts, self->allocator);
    gsaw__array_clear(&self->counts, self->allocator);
    gsaw__interner_clear(&self->strings);
    gsaw__map_clear(&self->qualified);
    gsaw__arena_clear(&self->scratch);
    gsaw__facts_builder_init(self, self->allocator);
}

static void line_start(gsaw__facts_builder *self, size_t offset)
{
    if (!gsaw__array_push(&self->line_starts, self->allocator, (uint32_t)offset))
        self->failed = true;
}

static void find_lines(gsaw__facts_builder *self, const char *bytes, size_t count)
{
    const char *end = bytes + count, *at = bytes;
    bool has_cr = gsaw__lines_have_cr(bytes, count);
    line_start(self, 0);
    while (!self->failed && (at = gsaw__lines_next(at, end, has_cr)) != NULL)
        line_start(self, (size_t)(at - bytes));
    self->lines = (uint32_t)self->line_starts.count;
    if (self->lines > 0 && self->line_starts.items[self->lines - 1] == count)
        self->lines--; /* nothing stands behind the last line end */
}

void gsaw__facts_builder_begin(gsaw__facts_builder *self, const char *bytes, size_t count)
{
    self->symbols.count = 0;
    self->imports.count = 0;
    self->lists.count = 0;
    self->line_starts.count = 0;
    gsaw__interner_reset(&self->strings);
    self->failed = count >= GSAW_NONE;
    self->status = GSAW_FILE_OK;
    self->reason = GSAW_REASON_NONE;
    self->reason_line = 0;
    self->lines = 0;
    if (!self->failed)
        find_lines(self, bytes, count);
}

uint32_t gsaw__facts_builder_string(gsaw__facts_builder *self, const char *bytes, size_t count)
{
    uint32_t id = gsaw__interner_add(&self->strings, bytes, count);
    if (id == GSAW_NONE)
        self->failed = true;
    return id;
}

uint32_t gsaw__facts_builder_symbol(gsaw__facts_builder *self, const gsaw__facts_symbol *symbol)
{
    gsaw_assert(symbol->parent == GSAW_NONE || symbol->parent < self->symbols.count);
    gsaw_assert(symbol->start <= symbol->name_start && symbol->name_end <= symbol->end);
    if (symbol->name == GSAW_NONE || !gsaw__array_push(&self->symbols, self->allocator, *symbol)) {
        self->failed = true;
        return GSAW_NONE;
    }
    gsaw__facts_symbol *own = &self->symbols.items[self->symbols.count - 1];
    own->reserved = 0;
    own->ordinal = 0;
    gsaw__facts_builder_position(self, own->name_start, &own->line, &own->column);
    return (uint32_t)(self->symbols.count - 1);
}

uint32_t gsaw__facts_builder_import(gsaw__facts_builder *self, const gsaw__facts_import *import)
{
    if (import->specifier == GSAW_NONE ||
        !gsaw__array_push(&self->imports, self->allocator, *import)) {
        self->failed = true;
        return GSAW_NONE;
    }
    gsaw__facts_import *own = &self->imports.items[self->imports.count - 1];
    own->reserved = 0;
    gsaw__facts_builder_position(self, own->start, &own->line, &own->column);
    return (uint32_t)(self->imports.count - 1);
}

void gsaw__facts_builder_list(gsaw__facts_builder *self, uint32_t string)
{
    if (string == GSAW_NONE || !gsaw__array_push(&self->lists, self->allocator, string))
        self->failed = true;
}

void gsaw__facts_builder_position(const gsaw__facts_builder *self, uint32_t offset, uint32_t *line,
                                  uint32_t *column)
{
    gsaw__lines_position(self->line_starts.items, self->line_starts.count, offset, line, column);
}

void gsaw__facts_builder_problem(gsaw__facts_builder *self, gsaw_file_status status,
                                 gsaw_reason reason, uint32_t line)
{
    if ((int)status <= (int)self->status)
        return;
    self->status = (uint8_t)status;
    self->reason = (uint8_t)reason;
    self->reason_line = line;
}

/* What orders are made of: the key, and where the item stood. */
typedef struct place {
    uint32_t start, end, index;
} place;

static bool precedes(const place *a, const place *b)
{
    if (a->start != b->start)
        return a->start < b->start;
    if (a->end != b->end)
        return a->end > b->end;
    return a->index < b->index;
}

/* Bottom-up merge sort; walks come nearly in order, so the first look is whether there is work at
 * all. */
static void sort_places(place *items, place *spare, size_t count)
{
    size_t ordered = 1;
    while (ordered < count && precedes(&items[ordered - 1], &items[ordered]))
        ordered++;
    if (ordered >= count)
        return;
    place *from = items, *to = spare;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t low = 0; low < count; low += 2 * width) {
            size_t middle = low + width < count ? low + width : count;
            size_t high = low + 2 * width < count ? low + 2 * width : count;
            for (size_t i = low, j = middle, k = low; k < high; k++)
                to[k] = j >= high || (i < middle && precedes(&from[i], &from[j])) ? from[i++]
                                                                                  : from[j++];
        }
        place *other = from;
        from = to;
        to = other;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
}

/* The number of the qualified name that `part` under `parent` makes; GSAW_NONE when memory is out.
 */
static uint32_t qualified_part(gsaw__facts_builder *self, uint32_t parent, const char *part,
                               size_t size)
{
    char *key = gsaw__arena_alloc_aligned(&self->scratch, sizeof parent + size, 1);
    if (key == NULL)
        return GSAW_NONE;
    memcpy(key, &parent, sizeof parent);
    memcpy(key + sizeof parent, part, size);
    bool is_new = false;
    uint32_t *number = gsaw__map_insert(&self->qualified, key, sizeof parent + size,
                                        (uint32_t)self->counts.count, &is_new);
    if (number == NULL || (is_new && !gsaw__array_push(&self->counts, self->allocator, 0)))
        return GSAW_NONE;
    return *number;
}

/* Two chains of names may join to one qualified name ("a.b" in nothing, "b" in "a"), since a name
 * may hold dots itself: numbers are given to runs between dots, so equal texts get equal numbers,
 * and deep nests stay linear because no joined text is ever made. */
static uint32_t qualified_number(gsaw__facts_builder *self, uint32_t parent, uint32_t name)
{
    gsaw__string text = gsaw__interner_at(&self->strings, name);
    const char *part = text.bytes, *end = text.bytes + text.count;
    uint32_t number = parent;
    for (;;) {
        const char *dot = part < end ? memchr(part, SEPARATOR, (size_t)(end - part)) : NULL;
        const char *stop = dot == NULL ? end : dot;
        number = qualified_part(self, number, part, (size_t)(stop - part));
        if (dot == NULL || number == GSAW_NONE)
            return number;
        part = dot + 1;
    }
}

/* Count the namesakes of the sorted symbols; parents come before their members. */
static bool give_ordinals(gsaw__facts_builder *self, gsaw__facts_symbol *sorted, size_t count)
{
    uint32_t *numbers = gsaw__arena_alloc_zero(&self->scratch, count + 1, sizeof *numbers);
    if (numbers == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        uint32_t parent = sorted[i].parent;
        numbers[i] = qualified_number(self, parent == GSAW_NONE ? GSAW_NONE : numbers[parent],
                                      sorted[i].name);
        if (numbers[i] == GSAW_NONE)
            return false;
        sorted[i].ordinal = ++self->counts.items[numbers[i]];
    }
    return true;
}

/* Scratch for `count` places, sorted; NULL when memory is out. */
static place *order_symbols(gsaw__facts_builder *self)
{
    size_t count = self->symbols.count;
    place *places = gsaw__arena_alloc_zero(&self->scratch, 2 * count + 1, sizeof *places);
    for (size_t i = 0; places != NULL && i < count; i++) {
        const gsaw__facts_symbol *symbol = &self->symbols.items[i];
        places[i] = (place){symbol->start, symbol->end, (uint32_t)i};
    }
    if (places != NULL)
        sort_places(places, places + count, count);
    return places;
}

static place *order_imports(gsaw__facts_builder *self)
{
    size_t count = self->imports.count;
    place *places = gsaw__arena_alloc_zero(&self->scratch, 2 * count + 1, sizeof *places);
    for (size_t i = 0; places != NULL && i < count; i++) /* of one start: in order of arrival */
        places[i] = (place){self->imports.items[i].start, 0, (uint32_t)i};
    if (places != NULL)
        sort_places(places, places + count, count);
    return places;
}

static bool pack_symbols(gsaw__facts_builder *self, gsaw__facts_symbol *out)
{
    size_t count = self->symbols.count;
    place *order = order_symbols(self);
    uint32_t *renumbered = gsaw__arena_alloc_zero(&self->scratch, count + 1, sizeof *renumbered);
    if (order == NULL || renumbered == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        renumbered[order[i].index] = (uint32_t)i;
    for (size_t i = 0; i < count; i++) {
        out[i] = self->symbols.items[order[i].index];
        if (out[i].parent != GSAW_NONE)
            out[i].parent = renumbered[out[i].parent];
        gsaw_assert(out[i].parent == GSAW_NONE || out[i].parent < i);
    }
    return give_ordinals(self, out, count);
}

static bool pack_imports(gsaw__facts_builder *self, gsaw__facts_import *out)
{
    place *order = order_imports(self);
    if (order == NULL)
        return false;
    for (size_t i = 0; i < self->imports.count; i++)
        out[i] = self->imports.items[order[i].index];
    return true;
}

/* Offsets (count + 1), then the bytes, each string with a zero behind it. */
static void pack_strings(const gsaw__facts_builder *self, uint32_t *offsets)
{
    char *bytes = (char *)(offsets + self->strings.count + 1);
    uint32_t at = 0;
    for (uint32_t i = 0; i < self->strings.count; i++) {
        gsaw__string text = gsaw__interner_at(&self->strings, i);
        offsets[i] = at;
        if (text.count != 0)
            memcpy(bytes + at, text.bytes, text.count);
        bytes[at + text.count] = 0;
        at += (uint32_t)text.count + 1;
    }
    offsets[self->strings.count] = at;
}

/* The header with all its counts; size 0 when a block cannot hold it all. */
static gsaw__facts measure(const gsaw__facts_builder *self)
{
    uint64_t text = 0;
    for (uint32_t i = 0; i < self->strings.count; i++)
        text += gsaw__interner_at(&self->strings, i).count + 1;
    uint64_t size = sizeof(gsaw__facts) + self->symbols.count * sizeof(gsaw__facts_symbol) +
                    self->imports.count * sizeof(gsaw__facts_import) +
                    (self->lists.count + self->strings.count + 1) * sizeof(uint32_t) + text;
    size = (size + 3) & ~(uint64_t)3; /* so that blocks may stand one behind the other */
    return (gsaw__facts){.size = size < GSAW_NONE ? (uint32_t)size : 0,
                         .symbol_count = (uint32_t)self->symbols.count,
                         .import_count = (uint32_t)self->imports.count,
                         .list_count = (uint32_t)self->lists.count,
                         .string_count = (uint32_t)self->strings.count,
                         .string_bytes = (uint32_t)text,
                         .lines = self->lines,
                         .reason_line = self->reason_line,
                         .status = self->status,
                         .reason = self->reason};
}

const gsaw__facts *gsaw__facts_builder_finish(gsaw__facts_builder *self, gsaw__arena *arena)
{
    gsaw__map_reset(&self->qualified);
    gsaw__arena_reset(&self->scratch);
    self->counts.count = 0;
    gsaw__facts header = measure(self);
    if (self->failed || header.size == 0)
        return NULL;
    char *block = gsaw__arena_alloc_zero(arena, 1, header.size);
    if (block == NULL)
        return NULL;
    gsaw__facts *facts = (gsaw__facts *)(void *)block;
    *facts = header;
    gsaw__facts_symbol *symbols = (gsaw__facts_symbol *)(void *)(facts + 1);
    gsaw__facts_import *imports = (gsaw__facts_import *)(void *)(symbols + header.symbol_count);
    uint32_t *lists = (uint32_t *)(void *)(imports + header.import_count);
    if (!pack_symbols(self, symbols) || !pack_imports(self, imports))
        return NULL;
    if (header.list_count != 0)
        memcpy(lists, self->lists.items, header.list_count * sizeof *lists);
    pack_strings(self, lists + header.list_count);
    gsaw_assert(gsaw__facts_check(facts, header.size));
    return facts;
}
