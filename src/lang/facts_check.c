/* facts_check.c - reading a packed block of facts, and the walk over its invariants.
 * Keeps:   the check trusts nothing but that `size` bytes can be read; the readers trust a checked
 *          block.
 * Threads: any.
 * Next:    facts.h, facts.c */
#include "lang/facts.h"

#define SYMBOL_FLAGS (GSAW_SYMBOL_EXPORTED | GSAW_SYMBOL_LOCAL)
#define IMPORT_FLAGS (GSAW_IMPORT_TYPE_ONLY | GSAW_IMPORT_IS_DYNAMIC)

const gsaw__facts_symbol *gsaw__facts_symbols(const gsaw__facts *self)
{
    return (const gsaw__facts_symbol *)(const void *)(self + 1);
}

const gsaw__facts_import *gsaw__facts_imports(const gsaw__facts *self)
{
    return (const gsaw__facts_import *)(const void *)(gsaw__facts_symbols(self) +
                                                      self->symbol_count);
}

const uint32_t *gsaw__facts_lists(const gsaw__facts *self)
{
    return (const uint32_t *)(const void *)(gsaw__facts_imports(self) + self->import_count);
}

static const uint32_t *string_offsets(const gsaw__facts *self)
{
    return gsaw__facts_lists(self) + self->list_count;
}

static const char *string_bytes(const gsaw__facts *self)
{
    return (const char *)(string_offsets(self) + self->string_count + 1);
}

gsaw__string gsaw__facts_string(const gsaw__facts *self, uint32_t id)
{
    if (id == GSAW_NONE)
        return (gsaw__string){NULL, 0};
    const uint32_t *offsets = string_offsets(self);
    return (gsaw__string){string_bytes(self) + offsets[id], offsets[id + 1] - offsets[id] - 1};
}

static bool strings_hold(const gsaw__facts *self)
{
    const uint32_t *offsets = string_offsets(self);
    if (offsets[0] != 0 || offsets[self->string_count] != self->string_bytes)
        return false;
    for (uint32_t i = 0; i < self->string_count; i++)
        if (offsets[i + 1] <= offsets[i] || offsets[i + 1] > self->string_bytes ||
            string_bytes(self)[offsets[i + 1] - 1] != 0)
            return false;
    for (uint32_t i = 0; i < self->list_count; i++)
        if (gsaw__facts_lists(self)[i] >= self->string_count)
            return false;
    return true;
}

static bool string_exists(const gsaw__facts *self, uint32_t id)
{
    return id == GSAW_NONE || id < self->string_count;
}

static bool list_exists(const gsaw__facts *self, uint32_t first, uint32_t count)
{
    return first <= self->list_count && count <= self->list_count - first;
}

static bool symbol_holds(const gsaw__facts *self, uint32_t index)
{
    const gsaw__facts_symbol *symbol = &gsaw__facts_symbols(self)[index];
    const gsaw__facts_symbol *before = index == 0 ? symbol : symbol - 1;
    bool ordered = before->start < symbol->start ||
                   (before->start == symbol->start && before->end >= symbol->end);
    return ordered && symbol->name < self->string_count && string_exists(self, symbol->signature) &&
           (symbol->parent == GSAW_NONE || symbol->parent < index) &&
           symbol->start <= symbol->name_start && symbol->name_start <= symbol->name_end &&
           symbol->name_end <= symbol->end && symbol->line >= 1 && symbol->line <= self->lines &&
           symbol->column >= 1 && symbol->doc_start <= symbol->doc_end &&
           list_exists(self, symbol->decorators, symbol->decorator_count) &&
           list_exists(self, symbol->bases, symbol->base_count) && symbol->ordinal >= 1 &&
           symbol->kind < GSAW_SYMBOL_KIND_COUNT && (symbol->flags & ~SYMBOL_FLAGS) == 0 &&
           symbol->reserved == 0;
}

static bool import_holds(const gsaw__facts *self, uint32_t index)
{
    const gsaw__facts_import *import = &gsaw__facts_imports(self)[index];
    bool ordered = index == 0 || import[-1].start <= import->start;
    return ordered && import->specifier < self->string_count && string_exists(self, import->name) &&
           string_exists(self, import->alias) && import->statement_start <= import->start &&
           import->start <= import->end && import->end <= import->statement_end &&
           import->line >= 1 && import->line <= self->lines && import->column >= 1 &&
           import->kind < GSAW_IMPORT_KIND_COUNT && (import->flags & ~IMPORT_FLAGS) == 0 &&
           import->reserved == 0;
}

bool gsaw__facts_check(const gsaw__facts *self, size_t size)
{
    if (size < sizeof *self || self->size != size)
        return false;
    uint64_t need = sizeof *self + (uint64_t)self->symbol_count * sizeof(gsaw__facts_symbol) +
                    (uint64_t)self->import_count * sizeof(gsaw__facts_import) +
                    ((uint64_t)self->list_count + self->string_count + 1) * sizeof(uint32_t) +
                    self->string_bytes;
    if (((need + 3) & ~(uint64_t)3) != size || self->status >= GSAW_FILE_STATUS_COUNT ||
        self->reason >= GSAW_REASON_COUNT || self->reserved != 0 || !strings_hold(self))
        return false;
    for (uint32_t i = 0; i < self->symbol_count; i++)
        if (!symbol_holds(self, i))
            return false;
    for (uint32_t i = 0; i < self->import_count; i++)
        if (!import_holds(self, i))
            return false;
    return true;
}
