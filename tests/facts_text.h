/* facts_text.h - facts as lines of text, so that a test is a source and the lines expected of it.
 * Keeps:   one line a symbol: kind, qualified name, ~ordinal, flags, then signature, decorators,
 *          bases, doc; one line an import: kind, specifier, name, alias, flags, and in <> the
 *          source at start/end.
 * Next:    unit/test_python.c, unit/test_typescript.c */
#ifndef GSAW_TESTS_FACTS_TEXT_H
#define GSAW_TESTS_FACTS_TEXT_H

#include <string.h>

#include "base/buffer.h"
#include "lang/facts.h"
#include "lang/lang.h"

static const gsaw__limits facts_text_limits = {.time_ns = (uint64_t)100 * 1000 * 1000 * 1000,
                                               .memory = (size_t)1 << 30};

static void facts_text_string(const gsaw__facts *facts, uint32_t id, gsaw__buffer *out)
{
    gsaw__string text = gsaw__facts_string(facts, id);
    gsaw__buffer_append(out, text.bytes, text.count);
}

static void facts_text_qualified(const gsaw__facts *facts, uint32_t index, gsaw__buffer *out)
{
    const gsaw__facts_symbol *symbols = gsaw__facts_symbols(facts);
    uint32_t chain[64];
    uint32_t count = 0;
    for (uint32_t at = index; at != GSAW_NONE && count < 64; at = symbols[at].parent)
        chain[count++] = at;
    while (count-- > 0) {
        facts_text_string(facts, symbols[chain[count]].name, out);
        if (count > 0)
            gsaw__buffer_append_byte(out, '.');
    }
}

static void facts_text_list(const gsaw__facts *facts, const char *label, uint32_t first,
                            uint32_t count, gsaw__buffer *out)
{
    for (uint32_t i = 0; i < count; i++) {
        gsaw__buffer_append_text(out, label);
        facts_text_string(facts, gsaw__facts_lists(facts)[first + i], out);
    }
}

static void facts_text_symbol(const gsaw__facts *facts, uint32_t index, gsaw__buffer *out)
{
    const gsaw__facts_symbol *symbol = &gsaw__facts_symbols(facts)[index];
    gsaw__buffer_append_text(out, gsaw_symbol_kind_name((gsaw_symbol_kind)symbol->kind));
    gsaw__buffer_append_byte(out, ' ');
    facts_text_qualified(facts, index, out);
    if (symbol->ordinal > 1)
        gsaw__buffer_printf(out, "~%u", symbol->ordinal);
    if ((symbol->flags & GSAW_SYMBOL_EXPORTED) != 0)
        gsaw__buffer_append_text(out, " +");
    if ((symbol->flags & GSAW_SYMBOL_LOCAL) != 0)
        gsaw__buffer_append_text(out, " local");
    if (symbol->signature != GSAW_NONE) {
        gsaw__buffer_append_byte(out, ' ');
        facts_text_string(facts, symbol->signature, out);
    }
    facts_text_list(facts, " @", symbol->decorators, symbol->decorator_count, out);
    facts_text_list(facts, " <", symbol->bases, symbol->base_count, out);
    if (symbol->doc_start != symbol->doc_end)
        gsaw__buffer_append_text(out, " doc");
    gsaw__buffer_append_byte(out, '\n');
}

static void facts_text_import(const gsaw__facts *facts, uint32_t index, const char *bytes,
                              gsaw__buffer *out)
{
    const gsaw__facts_import *import = &gsaw__facts_imports(facts)[index];
    gsaw__buffer_append_text(out, gsaw_import_kind_name((gsaw_import_kind)import->kind));
    gsaw__buffer_append_byte(out, ' ');
    facts_text_string(facts, import->specifier, out);
    if (import->name != GSAW_NONE) {
        gsaw__buffer_append_byte(out, ' ');
        facts_text_string(facts, import->name, out);
    }
    if (import->alias != GSAW_NONE) {
        gsaw__buffer_append_text(out, " as ");
        facts_text_string(facts, import->alias, out);
    }
    if ((import->flags & GSAW_IMPORT_TYPE_ONLY) != 0)
        gsaw__buffer_append_text(out, " type");
    if ((import->flags & GSAW_IMPORT_IS_DYNAMIC) != 0)
        gsaw__buffer_append_text(out, " dynamic");
    gsaw__buffer_append_text(out, " <");
    gsaw__buffer_append(out, bytes + import->start, import->end - import->start);
    gsaw__buffer_append_text(out, ">\n");
}

/* The facts as text, in `out` (reset first): status if it is not ok, symbols, imports. */
static void facts_text(const gsaw__facts *facts, const char *bytes, gsaw__buffer *out)
{
    gsaw__buffer_reset(out);
    if (facts->status != GSAW_FILE_OK)
        gsaw__buffer_printf(out, "%s %s %u\n",
                            gsaw_file_status_name((gsaw_file_status)facts->status),
                            gsaw_reason_name((gsaw_reason)facts->reason), facts->reason_line);
    for (uint32_t i = 0; i < facts->symbol_count; i++)
        facts_text_symbol(facts, i, out);
    for (uint32_t i = 0; i < facts->import_count; i++)
        facts_text_import(facts, i, bytes, out);
}

#endif
