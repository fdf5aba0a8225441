/* py_compound.c - if, for, while, try, with, match, and the words that are keywords at times.
 * Keeps:   only the subject of match is read on trial, and what it made is taken back.
 * Threads: a parser belongs to one worker.
 * Next:    py_pattern.c, py_definition.c
 * Rules:   docs.python.org/3/reference/compound_stmts.html; PEP 758, PEP 810. */
#include "lang/py_parser.h"

/* The kinds of blocks whose imports may fail, or are alternatives, or are for checkers alone. */
static void block_with(gsaw__py_parser *self, uint32_t import_flags)
{
    uint32_t flags = self->import_flags;
    self->import_flags |= import_flags;
    gsaw__py_block(self, GSAW_PY_NONE);
    self->import_flags = flags;
}

static void else_block(gsaw__py_parser *self)
{
    if (!gsaw__py_continues(self, GSAW_TOKEN_ELSE))
        return;
    gsaw__py_next(self);
    gsaw__py_block(self, GSAW_PY_NONE);
}

/* A condition; whether it is TYPE_CHECKING. */
static bool condition(gsaw__py_parser *self)
{
    uint32_t result = gsaw__py_named_expression(self);
    if ((result != GSAW_PY_IS_NAME && result != GSAW_PY_IS_ATTRIBUTE) || self->memory_is_out)
        return false;
    uint32_t index = gsaw__py_ref_index(self->refs.items[self->last_ref]);
    if (result == GSAW_PY_IS_NAME)
        index = self->open_entries.items[index].name;
    return index == GSAW_PY_NAME_TYPE_CHECKING;
}

static void if_statement(gsaw__py_parser *self)
{
    do {
        gsaw__py_next(self);
        block_with(self, condition(self) ? GSAW_PY_IMPORT_TYPE_CHECKING : 0);
    } while (gsaw__py_continues(self, GSAW_TOKEN_ELIF));
    else_block(self);
}

static void while_statement(gsaw__py_parser *self)
{
    gsaw__py_next(self);
    gsaw__py_named_expression(self);
    gsaw__py_block(self, GSAW_PY_NONE);
    else_block(self);
}

static void for_statement(gsaw__py_parser *self)
{
    uint32_t mark = gsaw__py_count(self, candidates);
    gsaw__py_next(self);
    gsaw__py_targets(self);
    gsaw__py_write_candidates(self, mark);
    if (gsaw__py_expect(self, GSAW_TOKEN_IN, "expected `in`"))
        gsaw__py_expressions(self);
    gsaw__py_block(self, GSAW_PY_NONE);
    else_block(self);
}

/* One or, since PEP 758, several exceptions, and the name that the one caught gets. */
static void handler(gsaw__py_parser *self, bool *is_group)
{
    gsaw__py_next(self);
    *is_group = self->lexer.kind == GSAW_TOKEN_STAR;
    if (*is_group)
        gsaw__py_next(self);
    if (self->lexer.kind != GSAW_TOKEN_COLON || *is_group) {
        gsaw__py_expression(self);
        bool has_more = self->lexer.kind == GSAW_TOKEN_COMMA;
        while (self->lexer.kind == GSAW_TOKEN_COMMA) {
            gsaw__py_next(self);
            if (self->lexer.kind != GSAW_TOKEN_COLON)
                gsaw__py_expression(self);
        }
        if (self->lexer.kind == GSAW_TOKEN_AS) {
            gsaw__py_next(self);
            if (has_more || self->lexer.kind != GSAW_TOKEN_NAME) {
                gsaw__py_syntax(self, "expected one name");
            } else {
                gsaw__py_refer(self, gsaw__py_here(self), GSAW_PY_READ,
                               gsaw__py_entry_here(self, self->lexer.name));
                gsaw__py_write(self, self->last_ref);
                gsaw__py_next(self);
            }
        }
    }
    block_with(self, GSAW_PY_IMPORT_IN_EXCEPT);
}

static void try_statement(gsaw__py_parser *self)
{
    gsaw__py_next(self);
    block_with(self, GSAW_PY_IMPORT_IN_TRY);
    uint32_t handlers = 0, groups = 0;
    while (gsaw__py_continues(self, GSAW_TOKEN_EXCEPT)) {
        bool is_group;
        handler(self, &is_group);
        handlers++;
        groups += is_group;
    }
    if (groups != 0 && groups != handlers)
        gsaw__py_note(self, self->lexer.token, "except and except* in one try");
    if (handlers != 0)
        else_block(self);
    if (gsaw__py_continues(self, GSAW_TOKEN_FINALLY)) {
        gsaw__py_next(self);
        gsaw__py_block(self, GSAW_PY_NONE);
    } else if (handlers == 0) {
        gsaw__py_note(self, self->lexer.token, "expected except or finally");
    }
}

static void with_statement(gsaw__py_parser *self)
{
    gsaw__py_next(self);
    if (self->lexer.kind == GSAW_TOKEN_OPEN_ROUND) { /* the items may stand in brackets */
        self->allows_as = true;
        self->has_as = self->has_no_item = false;
        gsaw__py_expression(self);
        self->allows_as = false;
        if (self->has_as && (self->lexer.kind != GSAW_TOKEN_COLON || self->lexer.before[-1] != ')'))
            gsaw__py_syntax(self, "expected `:`");
    } else {
        gsaw__py_expression(self);
    }
    for (;;) {
        if (self->lexer.kind == GSAW_TOKEN_AS)
            gsaw__py_as_target(self);
        if (self->lexer.kind != GSAW_TOKEN_COMMA)
            break;
        gsaw__py_next(self);
        gsaw__py_expression(self);
    }
    self->candidates.count = 0;
    gsaw__py_block(self, GSAW_PY_NONE);
}

static void async_statement(gsaw__py_parser *self)
{
    uint32_t start = gsaw__py_here(self);
    gsaw__py_next(self);
    switch (self->lexer.kind) {
    case GSAW_TOKEN_DEF:
        gsaw__py_function(self, start, true);
        break;
    case GSAW_TOKEN_FOR:
        for_statement(self);
        break;
    case GSAW_TOKEN_WITH:
        with_statement(self);
        break;
    default:
        gsaw__py_syntax(self, "expected def, for or with");
    }
}

/* ---- words that are keywords at times ---- */

/* The first byte that is no blank behind the token. */
static const unsigned char *behind(const gsaw__py_parser *self)
{
    const unsigned char *at = self->lexer.at;
    while (*at == ' ' || *at == '\t' || *at == '\f' ||
           (*at == '\\' && (at[1] == '\n' || at[1] == '\r')))
        at += *at == '\\' ? (at[1] == '\r' && at[2] == '\n' ? 3 : 2) : 1;
    return at;
}

/* Whether a keyword that joins what stands before it begins here. */
static bool is_joining_word(const unsigned char *at)
{
    static const char *const WORDS[] = {"and", "as", "else", "for", "if", "in", "is", "or"};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        size_t length = 0;
        while (WORDS[i][length] != 0 && at[length] == (unsigned char)WORDS[i][length])
            length++;
        if (WORDS[i][length] == 0 && gsaw__py_identifier_step(at + length, false) == 0)
            return true;
    }
    return false;
}

/* `not` behind a word: `match not in x` or `match not x:`. */
static bool is_not_in(const unsigned char *at)
{
    if (at[0] != 'n' || at[1] != 'o' || at[2] != 't' || (at[3] != ' ' && at[3] != '\t'))
        return false;
    at += 3;
    while (*at == ' ' || *at == '\t')
        at++;
    return at[0] == 'i' && at[1] == 'n' && gsaw__py_identifier_step(at + 2, false) == 0;
}

bool gsaw__py_word_follows(const gsaw__py_parser *self)
{
    const unsigned char *at = behind(self);
    return at != self->lexer.at && gsaw__py_identifier_step(at, true) != 0 &&
           !is_joining_word(at) && !is_not_in(at) &&
           (at[0] != 'n' || at[1] != 'o' || at[2] != 't' ||
            gsaw__py_identifier_step(at + 3, false) != 0);
}

void gsaw__py_soft_statement(gsaw__py_parser *self)
{
    if (self->lexer.name == GSAW_PY_NAME_TYPE_WORD) {
        gsaw__py_type_alias(self);
        return;
    }
    gsaw__py_next(self);
    if (self->lexer.kind == GSAW_TOKEN_IMPORT)
        gsaw__py_import_statement(self, GSAW_PY_IMPORT_LAZY);
    else if (self->lexer.kind == GSAW_TOKEN_FROM)
        gsaw__py_from_statement(self, GSAW_PY_IMPORT_LAZY);
    else
        gsaw__py_syntax(self, "expected import or from");
}

/* `case` pattern [if guard]: block, as often as they come. */
static void cases(gsaw__py_parser *self)
{
    uint32_t column = self->lexer.column;
    while (self->lexer.kind == GSAW_TOKEN_NAME && self->lexer.name == GSAW_PY_NAME_CASE &&
           self->lexer.column == column) {
        self->statement_start = gsaw__py_here(self);
        gsaw__py_next(self);
        gsaw__py_pattern(self);
        if (self->lexer.kind == GSAW_TOKEN_IF) {
            gsaw__py_next(self);
            gsaw__py_named_expression(self);
        }
        gsaw__py_block(self, GSAW_PY_NONE);
        if (self->lexer.kind == GSAW_TOKEN_ERROR)
            gsaw__py_recover(self, false);
    }
}

/* What follows the subject, on trial: `:` and a new line. */
static bool subject(gsaw__py_parser *self)
{
    self->undo.count = 0;
    self->is_speculative = true;
    gsaw__py_mark mark = gsaw__py_mark_here(self);
    gsaw__py_lexer lexer = self->lexer;
    uint32_t depth = self->depth;
    gsaw__py_next(self);
    bool is_star = self->lexer.kind == GSAW_TOKEN_STAR;
    gsaw__py_star_or_named(self);
    if (is_star && self->lexer.kind != GSAW_TOKEN_COMMA)
        gsaw__py_syntax(self, "cannot be unpacked here");
    if (self->lexer.kind == GSAW_TOKEN_COMMA) {
        gsaw__py_next(self);
        if (self->lexer.kind != GSAW_TOKEN_COLON)
            gsaw__py_expressions(self);
    }
    bool found = self->lexer.kind == GSAW_TOKEN_COLON;
    if (found)
        gsaw__py_next(self);
    found = found && self->lexer.kind == GSAW_TOKEN_NEWLINE;
    self->is_speculative = false;
    if (!found) {
        self->error_at = NULL;
        self->lexer = lexer;
        self->depth = depth;
        gsaw__py_mark_restore(self, &mark, 0);
    }
    self->undo.count = 0;
    return found;
}

bool gsaw__py_match(gsaw__py_parser *self)
{
    const unsigned char *at = behind(self);
    bool may_begin = gsaw__py_identifier_step(at, true) != 0
                         ? at != self->lexer.at && !is_joining_word(at) && !is_not_in(at)
                         : (*at >= '0' && *at <= '9') || *at == '"' || *at == '\'' || *at == '(' ||
                               *at == '[' || *at == '{' || *at == '-' || *at == '+' || *at == '~' ||
                               *at == '*' || (*at == '.' && at[1] == '.');
    if (!may_begin || !subject(self))
        return false;
    self->candidates.count = 0;
    gsaw__py_next(self);
    gsaw__py_level *own = &self->levels[self->level_count - 1];
    if (self->lexer.column <= own->column || self->lexer.kind != GSAW_TOKEN_NAME ||
        self->lexer.name != GSAW_PY_NAME_CASE || self->level_count == GSAW_PY_INDENT_MAX) {
        gsaw__py_note(self, self->lexer.token, "expected an indented case");
        return true;
    }
    own[1] = (gsaw__py_level){self->lexer.column, self->lexer.alternative};
    self->level_count++;
    cases(self);
    self->level_count--;
    return true;
}

bool gsaw__py_compound_statement(gsaw__py_parser *self)
{
    switch (self->lexer.kind) {
    case GSAW_TOKEN_NAME:
        return self->lexer.name == GSAW_PY_NAME_MATCH && gsaw__py_match(self);
    case GSAW_TOKEN_IF:
        if_statement(self);
        return true;
    case GSAW_TOKEN_DEF:
        gsaw__py_function(self, gsaw__py_here(self), false);
        return true;
    case GSAW_TOKEN_CLASS:
        gsaw__py_class(self, gsaw__py_here(self));
        return true;
    case GSAW_TOKEN_AT:
        gsaw__py_decorated(self);
        return true;
    case GSAW_TOKEN_FOR:
        for_statement(self);
        return true;
    case GSAW_TOKEN_TRY:
        try_statement(self);
        return true;
    case GSAW_TOKEN_WITH:
        with_statement(self);
        return true;
    case GSAW_TOKEN_WHILE:
        while_statement(self);
        return true;
    case GSAW_TOKEN_ASYNC:
        async_statement(self);
        return true;
    default:
        return false;
    }
}
