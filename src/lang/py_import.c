/* py_import.c - import and from, a record for each name that is bound.
 * Keeps:   relative dots belong to the module's range; __future__ is a module like any other.
 * Threads: a parser belongs to one worker.
 * Next:    py_facts.h
 * Rules:   docs.python.org/3/reference/simple_stmts.html#the-import-statement; PEP 810 (lazy). */
#include "lang/py_parser.h"

/* The statement's end is known at its end. */
static void finish(gsaw__py_parser *self, uint32_t first)
{
    for (uint32_t i = first; i < gsaw__py_count(self, imports); i++)
        self->imports.items[i].statement_end = gsaw__py_before(self);
}

static void bind(gsaw__py_parser *self, gsaw__py_import record)
{
    uint32_t import = gsaw__py_count(self, imports);
    record.scope = self->scope;
    record.flags |= self->import_flags;
    gsaw__py_push(self, imports, record);
    if (record.name != GSAW_PY_NONE)
        gsaw__py_bind_import(self, record.name, import);
}

/* `as` name: it is what is bound. */
static void alias(gsaw__py_parser *self, gsaw__py_import *record)
{
    if (self->lexer.kind != GSAW_TOKEN_AS)
        return;
    gsaw__py_next(self);
    record->name = self->lexer.name;
    record->start = gsaw__py_here(self);
    record->flags |= GSAW_PY_IMPORT_ALIAS;
    gsaw__py_expect(self, GSAW_TOKEN_NAME, "expected a name");
}

/* a.b.c */
static void dotted(gsaw__py_parser *self)
{
    while (gsaw__py_expect(self, GSAW_TOKEN_NAME, "expected a module's name") &&
           self->lexer.kind == GSAW_TOKEN_DOT)
        gsaw__py_next(self);
}

void gsaw__py_import_statement(gsaw__py_parser *self, uint32_t flags)
{
    uint32_t first = gsaw__py_count(self, imports), start = self->statement_start;
    do {
        gsaw__py_next(self);
        gsaw__py_import record = {.name = self->lexer.name,
                                  .start = gsaw__py_here(self),
                                  .module_start = gsaw__py_here(self),
                                  .statement_start = start,
                                  .flags = flags};
        dotted(self);
        record.module_end = gsaw__py_before(self);
        alias(self, &record);
        if (self->lexer.kind != GSAW_TOKEN_ERROR)
            bind(self, record);
    } while (self->lexer.kind == GSAW_TOKEN_COMMA);
    finish(self, first);
}

/* The names behind `from m import`. */
static void members(gsaw__py_parser *self, const gsaw__py_import *model, uint32_t close)
{
    for (;;) {
        gsaw__py_import record = *model;
        record.name = self->lexer.name;
        record.start = record.member_start = gsaw__py_here(self);
        if (!gsaw__py_expect(self, GSAW_TOKEN_NAME, "expected a name"))
            return;
        record.member_end = gsaw__py_before(self);
        alias(self, &record);
        if (self->lexer.kind != GSAW_TOKEN_ERROR)
            bind(self, record);
        if (self->lexer.kind != GSAW_TOKEN_COMMA)
            return;
        gsaw__py_next(self);
        if (self->lexer.kind == close)
            return;
    }
}

void gsaw__py_from_statement(gsaw__py_parser *self, uint32_t flags)
{
    uint32_t first = gsaw__py_count(self, imports);
    gsaw__py_import record = {.statement_start = self->statement_start,
                              .flags = flags | GSAW_PY_IMPORT_FROM};
    gsaw__py_next(self);
    record.module_start = gsaw__py_here(self);
    bool has_dots = false;
    while (self->lexer.kind == GSAW_TOKEN_DOT || self->lexer.kind == GSAW_TOKEN_ELLIPSIS) {
        has_dots = true;
        gsaw__py_next(self);
    }
    if (!has_dots || self->lexer.kind != GSAW_TOKEN_IMPORT)
        dotted(self);
    record.module_end = gsaw__py_before(self);
    if (!gsaw__py_expect(self, GSAW_TOKEN_IMPORT, "expected `import`"))
        return;
    if (self->lexer.kind == GSAW_TOKEN_STAR) {
        record.name = GSAW_PY_NONE;
        record.start = record.module_start;
        record.flags |= GSAW_PY_IMPORT_STAR;
        gsaw__py_next(self);
        bind(self, record);
    } else if (self->lexer.kind == GSAW_TOKEN_OPEN_ROUND) {
        gsaw__py_next(self);
        members(self, &record, GSAW_TOKEN_CLOSE_ROUND);
        gsaw__py_expect(self, GSAW_TOKEN_CLOSE_ROUND, "expected )");
    } else {
        members(self, &record, GSAW_TOKEN_KIND_COUNT);
    }
    finish(self, first);
}
