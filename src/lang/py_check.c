/* py_check.c - the invariants of one file's Python facts, for tests and fuzzing.
 * Keeps:   nothing; reads the facts alone.
 * Threads: any.
 * Next:    py_facts.h */
#include "lang/py_facts.h"

static bool is_range(uint32_t start, uint32_t end, size_t count)
{
    return start <= end && end <= count;
}

static bool check_refs(const gsaw__python_facts *self, size_t count)
{
    uint32_t names = self->name_count + gsaw__py_fixed_count();
    for (uint32_t i = 0; i < self->ref_count; i++) {
        gsaw__py_ref ref = self->refs[i];
        uint32_t role = gsaw__py_ref_role(ref), index = gsaw__py_ref_index(ref);
        bool by_name = role >= GSAW_PY_KEYWORD;
        if (ref.start >= count || index >= (by_name ? names : self->entry_count))
            return false;
        if (i != 0 && self->refs[i - 1].start >= ref.start)
            return false;
        if (!by_name && gsaw__py_entry_meaning(self->entries[index]) == GSAW_PY_UNUSED)
            return false;
    }
    for (uint32_t i = 0; i < self->receiver_count; i++) {
        gsaw__py_receiver receiver = self->receivers[i];
        if (receiver.ref >= self->ref_count || !is_range(receiver.start, receiver.end, count) ||
            (gsaw__py_ref_role(self->refs[receiver.ref]) & GSAW_PY_COMPLEX) == 0)
            return false;
    }
    for (uint32_t i = 0; i < self->call_count; i++) {
        uint32_t ref = self->calls[i].ref;
        if (ref != GSAW_PY_NONE && ref >= self->ref_count)
            return false;
    }
    return true;
}

static bool check_entries(const gsaw__python_facts *self)
{
    const uint32_t bounds[8] = {
        [GSAW_PY_UNUSED] = 1,
        [GSAW_PY_UNKNOWN] = 1,
        [GSAW_PY_BUILTIN] = 1,
        [GSAW_PY_SYMBOL] = self->symbol_count,
        [GSAW_PY_IMPORT] = self->import_count,
        [GSAW_PY_BOUND] = self->scope_count,
        [GSAW_PY_CLASS_CELL] = self->scope_count,
    };
    for (uint32_t i = 0; i < self->entry_count; i++) {
        gsaw__py_entry entry = self->entries[i];
        if (entry.name >= self->name_count + gsaw__py_fixed_count() ||
            gsaw__py_entry_index(entry) >= bounds[gsaw__py_entry_meaning(entry)])
            return false;
    }
    return true;
}

static bool check_symbols(const gsaw__python_facts *self, size_t count)
{
    for (uint32_t i = 0; i < self->symbol_count; i++) {
        gsaw__py_symbol symbol = self->symbols[i];
        if (symbol.scope >= self->scope_count || symbol.start > symbol.name_start ||
            symbol.name_start >= symbol.end || symbol.end > count)
            return false;
        if (symbol.name >= self->name_count + gsaw__py_fixed_count())
            return false;
    }
    for (uint32_t i = 0; i < self->scope_count; i++) {
        gsaw__py_scope scope = self->scopes[i];
        if (scope.kind > GSAW_PY_TYPES || scope.start > count ||
            (scope.parent >= self->scope_count) != (i == 0) || scope.parent == i ||
            (scope.symbol != GSAW_PY_NONE && scope.symbol >= self->symbol_count))
            return false;
    }
    for (uint32_t i = 0; i < self->detail_count; i++) {
        gsaw__py_detail detail = self->details[i];
        uint32_t symbol = detail.symbol28_kind4 >> 4;
        if (!is_range(detail.start, detail.end, count) ||
            (symbol != GSAW_PY_DETAIL_MODULE && symbol >= self->symbol_count))
            return false;
    }
    return true;
}

static bool check_imports(const gsaw__python_facts *self, size_t count)
{
    for (uint32_t i = 0; i < self->import_count; i++) {
        const gsaw__py_import *import = &self->imports[i];
        if (import->scope >= self->scope_count || import->start >= count ||
            !is_range(import->module_start, import->module_end, count) ||
            !is_range(import->member_start, import->member_end, count) ||
            !is_range(import->statement_start, import->statement_end, count))
            return false;
    }
    return true;
}

bool gsaw__python_facts_check(const gsaw__python_facts *self, size_t count)
{
    for (uint32_t i = 0; i < self->name_count; i++)
        if (!is_range(self->names[i].start, self->names[i].start + self->names[i].length, count))
            return false;
    return check_refs(self, count) && check_entries(self) && check_symbols(self, count) &&
           check_imports(self, count);
}
