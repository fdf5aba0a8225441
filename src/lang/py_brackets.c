/* py_brackets.c - what stands in brackets: tuples, lists, sets, dicts, comprehensions, arguments,
 * subscripts.
 * Keeps:   the candidates that are left are those of a group of targets, or none.
 * Threads: a parser belongs to one worker.
 * Next:    py_scope.c (comprehensions), py_expression.c
 * Rules:   docs.python.org/3/reference/expressions.html#displays-for-lists-sets-and-dictionaries,
 *          #calls, #subscriptions; PEP 798 for unpacking in comprehensions. */
#include "lang/py_parser.h"

static bool is_for(const gsaw__py_parser *self)
{
    return self->lexer.kind == GSAW_TOKEN_FOR || self->lexer.kind == GSAW_TOKEN_ASYNC;
}

/* `for` targets `in`; the iterable follows. */
static void head(gsaw__py_parser *self)
{
    if (self->lexer.kind == GSAW_TOKEN_ASYNC)
        gsaw__py_next(self);
    if (!gsaw__py_expect(self, GSAW_TOKEN_FOR, "expected `for`"))
        return;
    uint32_t reading = self->reading;
    self->reading = GSAW_PY_READ;
    gsaw__py_targets(self);
    self->reading = reading;
    gsaw__py_expect(self, GSAW_TOKEN_IN, "expected `in`");
}

/* All clauses of a comprehension whose element was read since `mark`. Its first iterable belongs to
 * the scope around, so its own scope opens behind that and takes the element and the targets. */
static void comprehension(gsaw__py_parser *self, const gsaw__py_mark *mark, uint32_t start)
{
    uint32_t candidates = gsaw__py_count(self, candidates);
    head(self);
    gsaw__py_mark iterable = gsaw__py_mark_here(self);
    gsaw__py_disjunction(self);
    self->candidates.count = iterable.candidates;
    gsaw__py_scope_comprehension(self, mark, &iterable, start);
    gsaw__py_write_candidates(self, candidates);
    for (;;) {
        if (self->lexer.kind == GSAW_TOKEN_IF) {
            gsaw__py_next(self);
            gsaw__py_disjunction(self);
        } else if (is_for(self)) {
            head(self);
            uint32_t stop = gsaw__py_count(self, candidates);
            gsaw__py_disjunction(self);
            self->candidates.count = stop;
            gsaw__py_write_candidates(self, candidates);
        } else {
            break;
        }
        self->candidates.count = candidates;
    }
    gsaw__py_scope_close(self);
}

static void close(gsaw__py_parser *self, uint32_t kind)
{
    self->depth--;
    gsaw__py_expect(self, kind, "expected a closing bracket");
}

/* An element in the brackets of a with statement: `as` and a target may follow, but not in all of
 * them, and then the group is no expression. */
static uint32_t with_item(gsaw__py_parser *self, uint32_t result)
{
    self->has_no_item =
        self->has_no_item || result == GSAW_PY_IS_NAMED || result == GSAW_PY_IS_STAR;
    if (self->lexer.kind == GSAW_TOKEN_AS) {
        gsaw__py_as_target(self);
        self->has_as = true;
        result = GSAW_PY_OTHER;
    }
    if (self->has_as && self->has_no_item)
        gsaw__py_syntax(self, "no item of a with statement");
    return result;
}

/* Elements of a tuple or list behind the first, up to its end. */
static bool elements(gsaw__py_parser *self, uint32_t end, bool can_be_target, bool is_with)
{
    while (self->lexer.kind == GSAW_TOKEN_COMMA) {
        gsaw__py_next(self);
        if (self->lexer.kind == end)
            break;
        uint32_t mark = gsaw__py_count(self, candidates);
        uint32_t result = gsaw__py_star_or_named(self);
        if (gsaw__py_unlikely(is_with))
            result = with_item(self, result);
        can_be_target = gsaw__py_element(self, result, mark) && can_be_target;
    }
    return can_be_target;
}

/* () or []: the elements up to `end`; is_list: one alone is a list, not itself. */
static uint32_t display(gsaw__py_parser *self, uint32_t end, bool is_list)
{
    uint32_t start = gsaw__py_here(self);
    bool is_with = self->allows_as;
    self->allows_as = false;
    if (!gsaw__py_enter(self))
        return GSAW_PY_OTHER;
    gsaw__py_next(self);
    if (self->lexer.kind == end) {
        close(self, end);
        return GSAW_PY_IS_GROUP;
    }
    gsaw__py_mark mark = gsaw__py_mark_here(self);
    uint32_t result;
    if (self->lexer.kind == GSAW_TOKEN_YIELD && !is_list) {
        result = gsaw__py_yield_or_expressions(self);
        self->candidates.count = mark.candidates;
        close(self, end);
        return result;
    }
    bool is_star = self->lexer.kind == GSAW_TOKEN_STAR;
    result = gsaw__py_star_or_named(self);
    if (is_for(self)) {
        self->candidates.count = mark.candidates;
        comprehension(self, &mark, start);
        close(self, end);
        return GSAW_PY_OTHER;
    }
    if (gsaw__py_unlikely(is_with))
        result = with_item(self, result);
    if (self->lexer.kind != GSAW_TOKEN_COMMA && !is_list) {
        if (is_star)
            gsaw__py_syntax(self, "cannot be unpacked here");
        if (result != GSAW_PY_IS_GROUP)
            self->candidates.count = mark.candidates;
        close(self, end);
        return result | GSAW_PY_IN_PARENTHESES;
    }
    bool can_be_target = gsaw__py_element(self, result, mark.candidates);
    can_be_target = elements(self, end, can_be_target, is_with);
    if (!can_be_target)
        self->candidates.count = mark.candidates;
    close(self, end);
    return can_be_target ? GSAW_PY_IS_GROUP : GSAW_PY_OTHER;
}

uint32_t gsaw__py_round(gsaw__py_parser *self)
{
    return display(self, GSAW_TOKEN_CLOSE_ROUND, false);
}

uint32_t gsaw__py_square(gsaw__py_parser *self)
{
    return display(self, GSAW_TOKEN_CLOSE_SQUARE, true);
}

enum item { ITEM_ELEMENT, ITEM_PAIR };

/* An element of a set, or a pair or ** of a dict. */
static enum item item(gsaw__py_parser *self)
{
    if (self->lexer.kind == GSAW_TOKEN_POWER) {
        gsaw__py_next(self);
        gsaw__py_bitwise(self);
        return ITEM_PAIR;
    }
    bool is_star = self->lexer.kind == GSAW_TOKEN_STAR;
    uint32_t result = gsaw__py_star_or_named(self);
    if (is_star || result == GSAW_PY_IS_NAMED || self->lexer.kind != GSAW_TOKEN_COLON)
        return ITEM_ELEMENT;
    gsaw__py_next(self);
    gsaw__py_expression(self);
    return ITEM_PAIR;
}

uint32_t gsaw__py_curly(gsaw__py_parser *self)
{
    uint32_t start = gsaw__py_here(self);
    if (!gsaw__py_enter(self))
        return GSAW_PY_OTHER;
    gsaw__py_next(self);
    gsaw__py_mark mark = gsaw__py_mark_here(self);
    enum item first = ITEM_PAIR;
    for (bool is_first = true; self->lexer.kind != GSAW_TOKEN_CLOSE_CURLY; is_first = false) {
        enum item kind = item(self);
        self->candidates.count = mark.candidates;
        if (is_first) {
            first = kind;
            if (is_for(self)) {
                comprehension(self, &mark, start);
                break;
            }
        } else if (kind != first) {
            gsaw__py_syntax(self, "elements and pairs in one display");
        }
        if (self->lexer.kind != GSAW_TOKEN_COMMA)
            break;
        gsaw__py_next(self);
    }
    close(self, GSAW_TOKEN_CLOSE_CURLY);
    return GSAW_PY_OTHER;
}

/* ---- arguments ---- */

/* Whether `=` (and not `==`) follows the name that is the token; no look past line ends, comments
 * and joins. */
static bool is_keyword(const gsaw__py_parser *self)
{
    const unsigned char *at = self->lexer.at;
    while (*at == ' ' || *at == '\t')
        at++;
    return *at == '=' && at[1] != '=';
}

typedef struct arguments {
    uint32_t positional, keywords;
    bool has_star, has_keywords; /* *, ** */
} arguments;

/* A reference that turns out to be a keyword's name: it means nothing in the scope. */
static void becomes_keyword(gsaw__py_parser *self, uint32_t ref)
{
    uint32_t entry = gsaw__py_ref_index(self->refs.items[ref]);
    self->refs.items[ref].role5_index27 =
        (uint32_t)GSAW_PY_KEYWORD << 27 | self->open_entries.items[entry].name;
}

static void keyword_value(gsaw__py_parser *self, arguments *found)
{
    found->keywords++;
    gsaw__py_next(self);
    gsaw__py_expression(self);
}

/* A base of a class, just read. */
static void base(gsaw__py_parser *self, uint32_t result)
{
    if (self->memory_is_out || (result != GSAW_PY_IS_NAME && result != GSAW_PY_IS_ATTRIBUTE))
        return;
    uint32_t name = gsaw__py_ref_index(self->refs.items[self->last_ref]);
    if (result == GSAW_PY_IS_NAME) {
        name = self->open_entries.items[name].name;
        gsaw__py_set_role(self, self->last_ref, GSAW_PY_BASE);
    }
    self->is_enum =
        self->is_enum || (name >= GSAW_PY_NAME_ENUM_NAME && name <= GSAW_PY_NAME_INT_FLAG);
}

/* Not a keyword, not unpacked; it may be a generator. */
static void positional(gsaw__py_parser *self, arguments *found, uint32_t open, bool is_bases)
{
    gsaw__py_mark mark = gsaw__py_mark_here(self);
    uint32_t result = gsaw__py_named_expression(self);
    self->candidates.count = mark.candidates;
    if (is_for(self)) {
        comprehension(self, &mark, open);
        if (is_bases || found->positional + found->keywords != 0 ||
            self->lexer.kind != GSAW_TOKEN_CLOSE_ROUND)
            gsaw__py_syntax(self, "a generator wants brackets here");
    } else if (self->lexer.kind == GSAW_TOKEN_EQUAL && result == GSAW_PY_IS_NAME) {
        becomes_keyword(self, self->last_ref);
        keyword_value(self, found);
        return;
    } else if (is_bases) {
        base(self, result);
    }
    if (found->has_keywords || found->keywords != 0)
        gsaw__py_syntax(self, "a positional argument behind a keyword");
    found->positional++;
}

static void argument(gsaw__py_parser *self, arguments *found, uint32_t open, bool is_bases)
{
    if (self->lexer.kind == GSAW_TOKEN_NAME && is_keyword(self)) {
        gsaw__py_refer(self, gsaw__py_here(self), GSAW_PY_KEYWORD, self->lexer.name);
        gsaw__py_next(self);
        keyword_value(self, found);
    } else if (self->lexer.kind == GSAW_TOKEN_STAR) {
        gsaw__py_mark mark = gsaw__py_mark_here(self);
        gsaw__py_next(self);
        gsaw__py_expression(self);
        if (is_for(self)) {
            self->candidates.count = mark.candidates;
            comprehension(self, &mark, open);
        }
        if (found->has_keywords)
            gsaw__py_syntax(self, "* behind **");
        found->has_star = true;
    } else if (self->lexer.kind == GSAW_TOKEN_POWER) {
        gsaw__py_next(self);
        gsaw__py_expression(self);
        found->has_keywords = true;
    } else {
        positional(self, found, open, is_bases);
    }
}

/* Calls that say something about the module: __all__.extend, importlib.import_module. The first
 * argument is the token. */
static void known_callee(gsaw__py_parser *self, uint32_t ref)
{
    if (self->memory_is_out ||
        (self->lexer.kind != GSAW_TOKEN_STRING && self->lexer.kind != GSAW_TOKEN_OPEN_SQUARE &&
         self->lexer.kind != GSAW_TOKEN_OPEN_ROUND))
        return;
    uint32_t name = gsaw__py_ref_index(self->refs.items[ref]);
    bool is_attribute = gsaw__py_ref_role(self->refs.items[ref]) >= GSAW_PY_ATTRIBUTE;
    if (!is_attribute)
        name = self->open_entries.items[name].name;
    bool imports =
        name == GSAW_PY_NAME_IMPORT_MODULE || (name == GSAW_PY_NAME_DUNDER_IMPORT && !is_attribute);
    if (imports && self->lexer.kind == GSAW_TOKEN_STRING && self->lexer.string == 0) {
        uint32_t start = gsaw__py_here(self) + 1;
        uint32_t end = gsaw__py_offset(self, self->lexer.at) - 1;
        gsaw__py_push(self, imports,
                      (gsaw__py_import){.name = GSAW_PY_NONE,
                                        .scope = self->scope,
                                        .start = start,
                                        .module_start = start,
                                        .module_end = end,
                                        .statement_start = self->refs.items[ref].start,
                                        .statement_end = end,
                                        .flags = GSAW_PY_IMPORT_DYNAMIC | self->import_flags});
    }
    bool extends = is_attribute && (name == GSAW_PY_NAME_EXTEND || name == GSAW_PY_NAME_APPEND);
    if (extends && ref != 0 && self->scope == 0) {
        gsaw__py_ref before = self->refs.items[ref - 1];
        if (gsaw__py_ref_role(before) < GSAW_PY_KEYWORD &&
            self->open_entries.items[gsaw__py_ref_index(before)].name == GSAW_PY_NAME_ALL)
            self->is_collecting = true;
    }
}

void gsaw__py_arguments(gsaw__py_parser *self, uint32_t ref, bool is_bases)
{
    uint32_t open = gsaw__py_here(self), call = gsaw__py_count(self, calls);
    if (!gsaw__py_enter(self))
        return;
    uint32_t reading = self->reading;
    self->reading = GSAW_PY_READ;
    if (!is_bases) {
        if (ref != GSAW_PY_NONE && !self->memory_is_out) {
            uint32_t role = gsaw__py_ref_role(self->refs.items[ref]);
            bool is_name = role < GSAW_PY_ATTRIBUTE;
            gsaw__py_set_role(self, ref,
                              is_name ? (uint32_t)GSAW_PY_CALL
                                      : GSAW_PY_ATTRIBUTE_CALL | (role & GSAW_PY_COMPLEX));
        }
        gsaw__py_push(self, calls, (gsaw__py_call){.ref = ref});
    }
    uint32_t candidates = gsaw__py_count(self, candidates);
    arguments found = {0};
    gsaw__py_next(self);
    bool is_collecting = self->is_collecting;
    if (ref != GSAW_PY_NONE && !is_bases)
        known_callee(self, ref);
    while (self->lexer.kind != GSAW_TOKEN_CLOSE_ROUND) {
        uint32_t start = gsaw__py_here(self), keywords = found.keywords;
        bool is_unpacked = self->lexer.kind == GSAW_TOKEN_POWER;
        argument(self, &found, open, is_bases);
        self->candidates.count = candidates;
        if (is_bases) {
            bool is_keyword_base = keywords != found.keywords || is_unpacked;
            gsaw__py_push(self, bases,
                          (gsaw__py_detail){is_keyword_base ? (uint32_t)GSAW_PY_KEYWORD_BASE_TEXT
                                                            : (uint32_t)GSAW_PY_BASE_TEXT,
                                            start, gsaw__py_before(self)});
        }
        if (self->lexer.kind != GSAW_TOKEN_COMMA)
            break;
        gsaw__py_next(self);
    }
    self->reading = reading;
    self->is_collecting = is_collecting;
    if (!is_bases && call < gsaw__py_count(self, calls)) {
        gsaw__py_call *at = &self->calls.items[call];
        uint32_t most = GSAW_PY_UNPACKED - 1u;
        uint32_t plain = found.positional < most ? found.positional : most;
        uint32_t named = found.keywords < most ? found.keywords : most;
        at->positional = (uint16_t)(plain | (found.has_star ? GSAW_PY_UNPACKED : 0u));
        at->keywords = (uint16_t)(named | (found.has_keywords ? GSAW_PY_UNPACKED : 0u));
    }
    close(self, GSAW_TOKEN_CLOSE_ROUND);
}

/* One of the comma-separated parts of a subscript: an expression, or a slice. */
static void slice(gsaw__py_parser *self)
{
    if (self->lexer.kind != GSAW_TOKEN_COLON) {
        bool is_star = self->lexer.kind == GSAW_TOKEN_STAR;
        uint32_t result = gsaw__py_star_or_named(self);
        if (is_star || result == GSAW_PY_IS_NAMED)
            return;
    }
    for (int colons = 0; colons < 2 && self->lexer.kind == GSAW_TOKEN_COLON; colons++) {
        gsaw__py_next(self);
        if (self->lexer.kind != GSAW_TOKEN_COLON && self->lexer.kind != GSAW_TOKEN_COMMA &&
            self->lexer.kind != GSAW_TOKEN_CLOSE_SQUARE)
            gsaw__py_expression(self);
    }
}

void gsaw__py_subscript(gsaw__py_parser *self)
{
    if (!gsaw__py_enter(self))
        return;
    uint32_t candidates = gsaw__py_count(self, candidates);
    gsaw__py_next(self);
    for (;;) {
        slice(self);
        self->candidates.count = candidates;
        if (self->lexer.kind != GSAW_TOKEN_COMMA)
            break;
        gsaw__py_next(self);
        if (self->lexer.kind == GSAW_TOKEN_CLOSE_SQUARE)
            break;
    }
    close(self, GSAW_TOKEN_CLOSE_SQUARE);
}
