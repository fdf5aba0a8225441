/* py_statement.c - lines, blocks and simple statements.
 * Keeps:   a block is what stands at its column; an error ends one statement, and what is indented
 *          behind a broken line is read all the same.
 * Threads: a parser belongs to one worker.
 * Next:    py_compound.c, py_definition.c, py_recover.c
 * Rules:   docs.python.org/3/reference/simple_stmts.html, lexical_analysis.html#indentation */
#include "lang/py_parser.h"

/* NOLINTBEGIN(misc-no-recursion): gsaw__py_enter and deeper() bound the depth */

static gsaw__py_level *level(gsaw__py_parser *self) { return &self->levels[self->level_count - 1]; }

bool gsaw__py_continues(const gsaw__py_parser *self, uint32_t kind)
{
    return self->lexer.kind == kind &&
           self->lexer.column == self->levels[self->level_count - 1].column;
}

/* ---- assignments ---- */

static bool is_target(uint32_t result)
{
    result &= ~(uint32_t)GSAW_PY_IN_PARENTHESES;
    return result >= GSAW_PY_IS_NAME && result <= GSAW_PY_IS_STAR;
}

static bool is_single_target(uint32_t result)
{
    result &= ~(uint32_t)GSAW_PY_IN_PARENTHESES;
    return result >= GSAW_PY_IS_NAME && result <= GSAW_PY_IS_SUBSCRIPT;
}

/* Whether the target that was just written is the module's __all__. */
static bool writes_all(const gsaw__py_parser *self, uint32_t result)
{
    if (self->scope != 0 || result != GSAW_PY_IS_NAME || self->memory_is_out)
        return false;
    uint32_t entry = gsaw__py_ref_index(self->refs.items[self->last_ref]);
    return self->open_entries.items[entry].name == GSAW_PY_NAME_ALL;
}

/* The expression just read is assigned to; the symbols it makes reach over the statement, whose end
 * is not known yet. */
static void assign(gsaw__py_parser *self, uint32_t result, uint32_t mark)
{
    uint32_t first = gsaw__py_count(self, symbols);
    if (!gsaw__py_element(self, result, mark) || !is_target(result)) {
        gsaw__py_syntax(self, "cannot be assigned to");
        return;
    }
    gsaw__py_write_candidates(self, mark);
    for (uint32_t i = first; i < gsaw__py_count(self, symbols); i++) {
        self->symbols.items[i].start = self->statement_start;
        self->symbols.items[i].end = 0;
    }
}

static void value(gsaw__py_parser *self, bool is_all)
{
    bool is_collecting = self->is_collecting;
    self->is_collecting = is_all || is_collecting;
    gsaw__py_next(self);
    self->value_start = gsaw__py_here(self);
    self->last_result = gsaw__py_yield_or_expressions(self);
    self->is_collecting = is_collecting;
}

/* `: annotation [= value]` behind a target. */
static void annotated(gsaw__py_parser *self, uint32_t result, uint32_t mark)
{
    if (!is_single_target(result)) {
        gsaw__py_syntax(self, "cannot have an annotation");
        return;
    }
    uint32_t first = gsaw__py_count(self, symbols);
    bool is_all = writes_all(self, result);
    bool is_bare = result == (GSAW_PY_IS_NAME | GSAW_PY_IN_PARENTHESES);
    uint32_t ref = self->last_ref;
    if (!is_bare) /* (x): int binds only with a value */
        assign(self, result, mark);
    gsaw__py_next(self);
    uint32_t start = gsaw__py_here(self), reading = self->reading;
    self->reading = GSAW_PY_TYPE;
    gsaw__py_expression(self);
    self->reading = reading;
    self->candidates.count = mark;
    if (first < gsaw__py_count(self, symbols) && self->symbols.items[first].end == 0) {
        uint32_t *kind = &self->symbols.items[first].kind;
        if ((*kind & 255) == GSAW_SYMBOL_ENUM_MEMBER && self->lexer.kind != GSAW_TOKEN_EQUAL)
            *kind += GSAW_SYMBOL_VARIABLE - (uint32_t)GSAW_SYMBOL_ENUM_MEMBER; /* no value */
        *kind |= GSAW_PY_ANNOTATED;
        gsaw__py_push(
            self, details,
            (gsaw__py_detail){first << 4 | GSAW_PY_ANNOTATION, start, gsaw__py_before(self)});
    }
    if (is_bare && self->lexer.kind == GSAW_TOKEN_EQUAL)
        gsaw__py_write(self, ref);
    else if (is_bare && !self->memory_is_out)
        gsaw__py_set_role(self, ref, GSAW_PY_WRITE);
    if (self->lexer.kind == GSAW_TOKEN_EQUAL)
        value(self, is_all);
}

/* The symbols that the statement assigned to end here; one that is made by a call says so. */
static void complete(gsaw__py_parser *self, uint32_t first)
{
    uint32_t count = gsaw__py_count(self, symbols), targets = 0, target = 0;
    for (uint32_t i = first; i < count; i++) {
        if (self->symbols.items[i].end != 0)
            continue;
        self->symbols.items[i].end = gsaw__py_before(self);
        target = i;
        targets++;
    }
    if (targets == 1 && self->last_result == GSAW_PY_IS_CALL &&
        self->last_call > self->value_start && !self->is_group_target)
        gsaw__py_push(
            self, details,
            (gsaw__py_detail){target << 4 | GSAW_PY_VALUE, self->value_start, self->last_call});
}

static void expression_statement(gsaw__py_parser *self)
{
    uint32_t mark = gsaw__py_count(self, candidates), first = gsaw__py_count(self, symbols);
    uint32_t result = gsaw__py_yield_or_expressions(self);
    self->last_result = GSAW_PY_OTHER;
    self->is_group_target = false;
    if (self->lexer.kind == GSAW_TOKEN_EQUAL) {
        do {
            self->is_group_target = self->is_group_target || !is_single_target(result);
            bool is_all = writes_all(self, result);
            assign(self, result, mark);
            value(self, is_all);
            result = self->last_result;
        } while (self->lexer.kind == GSAW_TOKEN_EQUAL);
    } else if (self->lexer.kind == GSAW_TOKEN_AUGMENTED) {
        bool is_all = writes_all(self, result);
        if (!is_single_target(result))
            gsaw__py_syntax(self, "cannot be assigned to");
        else
            assign(self, result, mark);
        value(self, is_all);
    } else if (self->lexer.kind == GSAW_TOKEN_COLON) {
        annotated(self, result, mark);
    } else if ((result & ~(uint32_t)GSAW_PY_IN_PARENTHESES) == GSAW_PY_IS_STRING) {
        self->string_start = self->statement_start;
        self->string_end = gsaw__py_before(self);
    }
    self->candidates.count = mark;
    complete(self, first);
}

/* ---- the others ---- */

static void declaration(gsaw__py_parser *self, uint32_t flag)
{
    do {
        gsaw__py_next(self);
        if (self->lexer.kind != GSAW_TOKEN_NAME) {
            gsaw__py_syntax(self, "expected a name");
            return;
        }
        gsaw__py_declare(self, self->lexer.name, flag);
        gsaw__py_next(self);
    } while (self->lexer.kind == GSAW_TOKEN_COMMA);
}

static void del(gsaw__py_parser *self)
{
    uint32_t mark = gsaw__py_count(self, candidates);
    gsaw__py_next(self);
    if (self->lexer.kind == GSAW_TOKEN_STAR)
        gsaw__py_syntax(self, "cannot be deleted");
    gsaw__py_targets(self);
    for (uint32_t i = mark; i < gsaw__py_count(self, candidates); i++)
        gsaw__py_delete(self, self->candidates.items[i]);
    self->candidates.count = mark;
}

static bool ends(const gsaw__py_parser *self)
{
    return self->lexer.kind == GSAW_TOKEN_NEWLINE || self->lexer.kind == GSAW_TOKEN_SEMICOLON ||
           self->lexer.kind == GSAW_TOKEN_END;
}

static void simple_statement(gsaw__py_parser *self)
{
    switch (self->lexer.kind) {
    case GSAW_TOKEN_RETURN:
        gsaw__py_next(self);
        if (!ends(self))
            gsaw__py_expressions(self);
        break;
    case GSAW_TOKEN_PASS:
    case GSAW_TOKEN_BREAK:
    case GSAW_TOKEN_CONTINUE:
        gsaw__py_next(self);
        break;
    case GSAW_TOKEN_RAISE:
        gsaw__py_next(self);
        if (!ends(self))
            gsaw__py_expression(self);
        if (self->lexer.kind == GSAW_TOKEN_FROM) {
            gsaw__py_next(self);
            gsaw__py_expression(self);
        }
        break;
    case GSAW_TOKEN_ASSERT:
        gsaw__py_next(self);
        gsaw__py_expression(self);
        if (self->lexer.kind == GSAW_TOKEN_COMMA) {
            gsaw__py_next(self);
            gsaw__py_expression(self);
        }
        break;
    case GSAW_TOKEN_GLOBAL:
        declaration(self, GSAW_PY_IS_GLOBAL);
        break;
    case GSAW_TOKEN_NONLOCAL:
        declaration(self, GSAW_PY_IS_NONLOCAL);
        break;
    case GSAW_TOKEN_DEL:
        del(self);
        break;
    case GSAW_TOKEN_IMPORT:
        gsaw__py_import_statement(self, 0);
        break;
    case GSAW_TOKEN_FROM:
        gsaw__py_from_statement(self, 0);
        break;
    default:
        if (gsaw__py_unlikely(self->lexer.kind == GSAW_TOKEN_NAME &&
                              (self->lexer.name == GSAW_PY_NAME_TYPE_WORD ||
                               self->lexer.name == GSAW_PY_NAME_LAZY) &&
                              gsaw__py_word_follows(self)))
            gsaw__py_soft_statement(self);
        else
            expression_statement(self);
    }
}

void gsaw__py_simple_statements(gsaw__py_parser *self)
{
    for (;;) {
        self->statement_start = gsaw__py_here(self);
        self->statement_calls = gsaw__py_count(self, calls);
        self->statement_receivers = gsaw__py_count(self, receivers);
        simple_statement(self);
        self->candidates.count = 0;
        if (gsaw__py_likely(self->lexer.kind == GSAW_TOKEN_NEWLINE)) {
            self->line_end = gsaw__py_before(self);
            gsaw__py_next(self);
            return;
        }
        if (self->lexer.kind == GSAW_TOKEN_END) {
            self->line_end = gsaw__py_before(self);
            return;
        }
        if (!gsaw__py_expect(self, GSAW_TOKEN_SEMICOLON, "expected the end of the statement"))
            return;
        if (self->lexer.kind == GSAW_TOKEN_NEWLINE) {
            self->line_end = gsaw__py_before(self);
            gsaw__py_next(self);
            return;
        }
    }
}

void gsaw__py_statement(gsaw__py_parser *self)
{
    self->statement_start = gsaw__py_here(self);
    if (!gsaw__py_compound_statement(self))
        gsaw__py_simple_statements(self);
}

/* ---- blocks ---- */

static bool deeper(gsaw__py_parser *self)
{
    if (self->level_count > GSAW_PY_INDENT_MAX - 1 || self->depth >= GSAW_PY_DEPTH_MAX) {
        self->has_deep = true;
        gsaw__py_note(self, self->lexer.token, "too many levels of indentation");
        return false;
    }
    self->depth++;
    self->levels[self->level_count++] =
        (gsaw__py_level){self->lexer.column, self->lexer.alternative};
    return true;
}

/* The lines at the column of the innermost level, and what wrongly stands deeper. */
static void lines(gsaw__py_parser *self, uint32_t doc_symbol)
{
    while (self->lexer.kind != GSAW_TOKEN_END && !self->memory_is_out) {
        uint32_t column = self->lexer.column, own = level(self)->column;
        if (column < own)
            break;
        if (column > own) {
            gsaw__py_note(self, self->lexer.token, "this line is indented wrongly");
            if (deeper(self)) {
                lines(self, GSAW_PY_NONE);
                self->depth--;
                self->level_count--;
                continue;
            }
        } else if (self->lexer.alternative != level(self)->alternative) {
            gsaw__py_note(self, self->lexer.token, "tabs and spaces are mixed");
        }
        uint32_t start = gsaw__py_here(self);
        self->string_start = GSAW_PY_NONE;
        gsaw__py_statement(self);
        if (gsaw__py_unlikely(doc_symbol != GSAW_PY_NONE)) {
            if (self->string_start == start)
                gsaw__py_push(
                    self, details,
                    (gsaw__py_detail){doc_symbol << 4 | GSAW_PY_DOC, start, self->string_end});
            doc_symbol = GSAW_PY_NONE;
        }
        if (gsaw__py_unlikely(self->lexer.kind == GSAW_TOKEN_ERROR))
            gsaw__py_recover(self, false);
    }
}

void gsaw__py_block(gsaw__py_parser *self, uint32_t doc_symbol)
{
    gsaw__py_expect(self, GSAW_TOKEN_COLON, "expected `:`");
    self->candidates.count = 0;
    if (self->lexer.kind == GSAW_TOKEN_ERROR) {
        gsaw__py_recover(self, true);
        if (self->lexer.kind == GSAW_TOKEN_END || self->lexer.column <= level(self)->column)
            return;
    } else if (self->lexer.kind == GSAW_TOKEN_NEWLINE) {
        gsaw__py_next(self);
    } else {
        uint32_t start = gsaw__py_here(self);
        self->string_start = GSAW_PY_NONE;
        gsaw__py_simple_statements(self);
        if (doc_symbol != GSAW_PY_NONE && self->string_start == start)
            gsaw__py_push(
                self, details,
                (gsaw__py_detail){doc_symbol << 4 | GSAW_PY_DOC, start, self->string_end});
        return;
    }
    if (self->lexer.kind == GSAW_TOKEN_END || self->lexer.column <= level(self)->column) {
        gsaw__py_note(self, self->lexer.token, "expected an indented block");
        return;
    }
    if (self->lexer.alternative <= level(self)->alternative)
        gsaw__py_note(self, self->lexer.token, "tabs and spaces are mixed");
    if (!deeper(self))
        return;
    lines(self, doc_symbol);
    self->depth--;
    self->level_count--;
}

void gsaw__py_module(gsaw__py_parser *self)
{
    self->levels[0] = (gsaw__py_level){0, 0};
    self->level_count = 1;
    gsaw__py_scope_open(self, GSAW_PY_MODULE, GSAW_PY_NONE, 0);
    lines(self, GSAW_PY_DETAIL_MODULE);
    gsaw__py_scope_close(self);
}

/* NOLINTEND(misc-no-recursion) */
