/* python_cases.h - running the native Python front end over a source, and its facts as text.
 * Keeps:   sources stand at the end of their own allocation (but for the padding promised), so that
 *          the sanitizers see a byte read too far; facts hold.
 * Next:    unit/test_python_facts.c, unit/test_python_syntax.c */
#ifndef GSAW_TESTS_PYTHON_CASES_H
#define GSAW_TESTS_PYTHON_CASES_H

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/check.h"
#include "lang/lang.h"
#include "lang/py_facts.h"

typedef struct python_run {
    gsaw__py_parser *parser;
    gsaw__arena arena;
    gsaw__python_facts facts;
    char *source;
    size_t size; /* padding included */
} python_run;

static inline python_run python_parse(const char *source, size_t count)
{
    python_run run = {.parser = gsaw__py_parser_new(NULL), .size = count + GSAW_SOURCE_PADDING};
    run.source = gsaw__alloc_zero(NULL, 1, run.size);
    gsaw_check(run.parser != NULL && run.source != NULL);
    memcpy(run.source, source, count);
    gsaw__python_parse(run.parser, run.source, count, &run.arena, &run.facts);
    gsaw_check(run.facts.status != GSAW_FILE_FAILED);
    gsaw_check(gsaw__python_facts_check(&run.facts, count));
    return run;
}

static inline void python_clear(python_run *run)
{
    gsaw__py_parser_free(run->parser);
    gsaw__arena_clear(&run->arena);
    gsaw__free(NULL, run->source, run->size);
}

static inline void python_name(const python_run *run, uint32_t name, gsaw__buffer *out)
{
    gsaw__py_text text = gsaw__python_name(&run->facts, run->source, name);
    gsaw__buffer_append(out, text.bytes, text.count);
}

/* "f", "A", "" for the module, "lambda", "[]", "<>". */
static inline void python_scope(const python_run *run, uint32_t scope, gsaw__buffer *out)
{
    static const char *const words[] = {"", "?", "?", "lambda", "[]", "<>"};
    const gsaw__py_scope *at = &run->facts.scopes[scope];
    if (at->symbol != GSAW_PY_NONE)
        python_name(run, run->facts.symbols[at->symbol].name, out);
    else
        gsaw__buffer_append(out, words[at->kind], strlen(words[at->kind]));
}

/* "name role" and, where the reference has an entry, what it means: "@" and the scope that binds
 * it, "builtin", "unknown". */
static inline void python_ref(const python_run *run, gsaw__py_ref ref, gsaw__buffer *out)
{
    static const char *const roles[32] = {
        "read",    "write", "delete",        "call",    "define",       "decorator",
        "base",    "type",  "scope",         "keyword", [16] = ".read", ".write",
        ".delete", ".call", [24] = "(.read", "(.write", "(.delete",     "(.call"};
    uint32_t role = gsaw__py_ref_role(ref), index = gsaw__py_ref_index(ref);
    bool by_name = role >= GSAW_PY_KEYWORD;
    python_name(run, by_name ? index : run->facts.entries[index].name, out);
    gsaw__buffer_append(out, " ", 1);
    gsaw__buffer_append(out, roles[role], strlen(roles[role]));
    if (by_name)
        return;
    gsaw__py_entry entry = run->facts.entries[index];
    uint32_t target = gsaw__py_entry_index(entry);
    switch (gsaw__py_entry_meaning(entry)) {
    case GSAW_PY_SYMBOL:
        target = run->facts.symbols[target].scope;
        break;
    case GSAW_PY_IMPORT:
        target = run->facts.imports[target].scope;
        break;
    case GSAW_PY_BUILTIN:
        gsaw__buffer_append(out, " builtin", 8);
        return;
    case GSAW_PY_UNKNOWN:
        gsaw__buffer_append(out, " unknown", 8);
        return;
    default:
        break;
    }
    gsaw__buffer_append(out, " @", 2);
    python_scope(run, target, out);
}

/* All references, "; " between; "|" and all symbols, "kind name@scope", behind. */
static inline gsaw__buffer python_text(const python_run *run)
{
    gsaw__buffer out = {0};
    for (uint32_t i = 0; i < run->facts.ref_count; i++) {
        if (i != 0)
            gsaw__buffer_append(&out, "; ", 2);
        python_ref(run, run->facts.refs[i], &out);
    }
    for (uint32_t i = 0; i < run->facts.symbol_count; i++) {
        gsaw__py_symbol symbol = run->facts.symbols[i];
        const char *kind = gsaw_symbol_kind_name((gsaw_symbol_kind)(symbol.kind & 255));
        gsaw__buffer_append(&out, i == 0 ? " | " : ", ", i == 0 ? 3 : 2);
        gsaw__buffer_append(&out, kind, strlen(kind));
        gsaw__buffer_append(&out, " ", 1);
        python_name(run, symbol.name, &out);
        gsaw__buffer_append(&out, "@", 1);
        python_scope(run, symbol.scope, &out);
    }
    gsaw_check(!out.failed);
    return out;
}

#endif
