/* walk.c - stepping, looking ahead, scopes and texts for all front ends on tree-sitter.
 * Keeps:   a scope is popped when the walk leaves the node that opened it; cursors are the only
 *          API used on trees (ts_node_parent, ts_node_string and child-by-index recurse or go
 *          quadratic).
 * Threads: a walk belongs to its worker.
 * Next:    walk.h */
#include "lang/walk.h"

#include <string.h>

#include "base/check.h"
#include "lang/treesitter.h"

#define NODES_PER_CHECK 4096 /* the walk allocates little: it looks at the clock on its own */

void gsaw__walk_init(gsaw__walk *self, const gsaw_allocator *allocator)
{
    *self = (gsaw__walk){.allocator = allocator};
    gsaw__map_init(&self->names, allocator);
    gsaw__arena_init(&self->keys, allocator);
    gsaw__buffer_init(&self->text, allocator);
}

void gsaw__walk_clear(gsaw__walk *self)
{
    gsaw__array_clear(&self->scopes, self->allocator);
    gsaw__array_clear(&self->statements, self->allocator);
    gsaw__array_clear(&self->decorators, self->allocator);
    gsaw__map_clear(&self->names);
    gsaw__arena_clear(&self->keys);
    gsaw__buffer_clear(&self->text);
    gsaw__walk_init(self, self->allocator);
}

void gsaw__walk_begin(gsaw__walk *self, TSNode root)
{
    self->cursor = ts_tree_cursor_new(root);
    for (size_t i = 0; i < GSAW_WALK_PROBES; i++)
        self->probes[i] = ts_tree_cursor_new(root);
    self->depth = 0;
    self->interest = 0;
    self->comment = self->type_only = self->named_value = (gsaw__span){0, 0};
    self->wrapper = (gsaw__walk_wrapper){.depth = GSAW_NONE};
    self->declaration = (gsaw__walk_declaration){.depth = GSAW_NONE};
    self->decorated_depth = self->named_symbol = self->consumed_call = GSAW_NONE;
    self->has_all = false;
    self->scopes.count = 0;
    self->statements.count = 0;
    self->decorators.count = 0;
    gsaw__map_reset(&self->names);
    gsaw__arena_reset(&self->keys);
    gsaw__walk_open(self, GSAW_SCOPE_MODULE, GSAW_NONE);
}

/* To the next node that is no descendant; false when the walk is at its end. */
static bool step_over(gsaw__walk *self)
{
    while (!ts_tree_cursor_goto_next_sibling(&self->cursor)) {
        if (self->depth == 0 || !ts_tree_cursor_goto_parent(&self->cursor))
            return false;
        self->depth--;
    }
    while (self->scopes.count > 1 &&
           self->scopes.items[self->scopes.count - 1].depth >= self->depth)
        self->scopes.count--;
    while (self->statements.count > 0 &&
           self->statements.items[self->statements.count - 1].depth >= self->depth)
        self->statements.count--;
    return true;
}

void gsaw__walk_tree(gsaw__walk *self, gsaw__walk_visit *visit)
{
    uint32_t countdown = NODES_PER_CHECK;
    while (!self->out->failed) {
        TSNode node = ts_tree_cursor_current_node(&self->cursor);
        if (--countdown == 0) {
            gsaw__parse_check(self->memory);
            countdown = NODES_PER_CHECK;
        }
        if (visit(self, node, gsaw__walk_kind(self, node)) &&
            ts_tree_cursor_goto_first_child(&self->cursor)) {
            self->depth++;
        } else if (!step_over(self)) {
            return;
        }
    }
}

uint8_t gsaw__walk_kind(const gsaw__walk *self, TSNode node)
{
    TSSymbol symbol = ts_node_symbol(node);
    return symbol < self->symbol_count ? self->kinds[symbol] : GSAW_KIND_ERROR;
}

gsaw__span gsaw__walk_span(TSNode node)
{
    return (gsaw__span){ts_node_start_byte(node), ts_node_end_byte(node)};
}

static void look(gsaw__walk *self, unsigned probe, gsaw__child *out)
{
    out->node = ts_tree_cursor_current_node(&self->probes[probe]);
    out->kind = gsaw__walk_kind(self, out->node);
    out->field = self->fields[ts_tree_cursor_current_field_id(&self->probes[probe])];
}

bool gsaw__walk_first(gsaw__walk *self, unsigned probe, TSNode parent, gsaw__child *out)
{
    ts_tree_cursor_reset(&self->probes[probe], parent);
    if (!ts_tree_cursor_goto_first_child(&self->probes[probe]))
        return false;
    look(self, probe, out);
    return true;
}

bool gsaw__walk_next(gsaw__walk *self, unsigned probe, gsaw__child *out)
{
    if (!ts_tree_cursor_goto_next_sibling(&self->probes[probe]))
        return false;
    look(self, probe, out);
    return true;
}

bool gsaw__walk_child_of_kind(gsaw__walk *self, unsigned probe, TSNode parent, uint8_t kind,
                              gsaw__child *out)
{
    bool more = gsaw__walk_first(self, probe, parent, out);
    while (more && out->kind != kind)
        more = gsaw__walk_next(self, probe, out);
    return more;
}

bool gsaw__walk_child_of_field(gsaw__walk *self, unsigned probe, TSNode parent, uint8_t field,
                               gsaw__child *out)
{
    bool more = gsaw__walk_first(self, probe, parent, out);
    while (more && out->field != field)
        more = gsaw__walk_next(self, probe, out);
    return more;
}

void gsaw__walk_pattern(gsaw__walk *self, TSNode node, const gsaw__pattern_rules *rules,
                        gsaw__span whole)
{
    TSTreeCursor *cursor = &self->probes[GSAW_WALK_PROBES - 1];
    ts_tree_cursor_reset(cursor, node);
    for (uint32_t depth = 0;;) {
        TSNode at = ts_tree_cursor_current_node(cursor);
        uint8_t field = self->fields[ts_tree_cursor_current_field_id(cursor)];
        uint8_t step = rules->steps[gsaw__walk_kind(self, at)];
        if (field != 0 && depth > 0 &&
            (field == rules->skipped_fields[0] || field == rules->skipped_fields[1]))
            step = GSAW_PATTERN_SKIP;
        if (step == GSAW_PATTERN_BIND)
            rules->bind(self, at, whole);
        bool enters = step == GSAW_PATTERN_ENTER || step == GSAW_PATTERN_ENTER_REST;
        if (enters && ts_tree_cursor_goto_first_child(cursor)) {
            depth++;
            if (step == GSAW_PATTERN_ENTER)
                continue;
        }
        while (depth > 0 && !ts_tree_cursor_goto_next_sibling(cursor)) {
            ts_tree_cursor_goto_parent(cursor);
            depth--;
        }
        if (depth == 0)
            return;
    }
}

/* The first offset in [from, to) that lies in a word of interest, or `to`. A match inside of
 * another word costs a look, nothing else. */
static uint32_t find_interest(const gsaw__walk *self, uint32_t from, uint32_t to)
{
    const uint8_t *first = self->words->first;
    for (uint32_t at = from; at < to; at++) {
        uint8_t index = first[(unsigned char)self->bytes[at]];
        if (index == 0)
            continue;
        const gsaw__interest_word *word = &self->words->words[index - 1];
        for (; word->word != NULL && word->word[word->key] == self->bytes[at]; word++) {
            uint32_t before = word->key, left = self->count - at;
            const char *text = self->bytes + at - (at >= before ? before : 0);
            if (at >= before && left >= (uint32_t)word->size - before && text[0] == word->word[0] &&
                text[1] == word->word[1] && memcmp(text, word->word, word->size) == 0)
                return at;
        }
    }
    return to;
}

bool gsaw__walk_holds_interest(const gsaw__walk *self, uint32_t from, uint32_t to)
{
    return find_interest(self, from, to) < to;
}

bool gsaw__walk_is_of_interest(gsaw__walk *self, TSNode node)
{
    uint32_t start = ts_node_start_byte(node);
    if (self->interest < start || start == 0)
        self->interest = find_interest(self, start, self->count);
    return self->interest < ts_node_end_byte(node);
}

const gsaw__scope *gsaw__walk_scope(const gsaw__walk *self)
{
    static const gsaw__scope module = {.symbol = GSAW_NONE}; /* memory ran out for the first one */
    return self->scopes.count == 0 ? &module : &self->scopes.items[self->scopes.count - 1];
}

void gsaw__walk_open(gsaw__walk *self, uint8_t kind, uint32_t symbol)
{
    const gsaw__scope *outer = gsaw__walk_scope(self);
    gsaw__scope scope = {.depth = self->depth,
                         .symbol = symbol,
                         .kind = kind,
                         .local = outer->local || kind == GSAW_SCOPE_FUNCTION,
                         .ambient = outer->ambient};
    if (!gsaw__array_push(&self->scopes, self->allocator, scope))
        self->out->failed = true;
}

void gsaw__walk_enter_statement(gsaw__walk *self, TSNode node)
{
    gsaw__walk_statement statement = {self->depth, gsaw__walk_span(node)};
    if (!gsaw__array_push(&self->statements, self->allocator, statement))
        self->out->failed = true;
}

gsaw__span gsaw__walk_statement_of(const gsaw__walk *self, gsaw__span inner)
{
    if (self->statements.count == 0)
        return inner;
    gsaw__span span = self->statements.items[self->statements.count - 1].span;
    return span.start <= inner.start && inner.end <= span.end ? span : inner;
}

uint32_t gsaw__walk_string(gsaw__walk *self, gsaw__span span)
{
    return gsaw__facts_builder_string(self->out, self->bytes + span.start, span.end - span.start);
}

static bool is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/* Where the comment at `at` ends, or `at` itself when there is none. */
static uint32_t comment_end(const gsaw__walk *self, uint32_t at, uint32_t end, char comment)
{
    const char *text = self->bytes + at;
    uint32_t left = end - at;
    bool line = comment == '#' ? *text == '#' : left > 1 && text[0] == '/' && text[1] == '/';
    if (line) {
        while (at < end && self->bytes[at] != '\n' && self->bytes[at] != '\r')
            at++;
        return at;
    }
    if (comment != '/' || left < 4 || text[0] != '/' || text[1] != '*')
        return at;
    const char *close = memmem(text + 2, left - 2, "*/", 2);
    return close == NULL ? end : at + (uint32_t)(close + 2 - text);
}

/* Runs of white space become one space, comments nothing; inside quotes only the former. */
static void collapse(gsaw__walk *self, gsaw__span span, char comment)
{
    char quote = 0;
    bool pending = false;
    gsaw__buffer_reset(&self->text);
    for (uint32_t at = span.start; at < span.end;) {
        char byte = self->bytes[at];
        uint32_t after = quote == 0 ? comment_end(self, at, span.end, comment) : at;
        if (after != at || is_space(byte)) {
            pending = true;
            at = after != at ? after : at + 1;
            continue;
        }
        if (pending && self->text.count != 0)
            gsaw__buffer_append_byte(&self->text, ' ');
        pending = false;
        if (quote != 0 && byte == '\\' && at + 1 < span.end && !is_space(self->bytes[at + 1]))
            gsaw__buffer_append_byte(&self->text, self->bytes[at++]);
        else if (quote != 0)
            quote = byte == quote ? 0 : quote;
        else if (byte == '"' || byte == '\'' || byte == '`')
            quote = byte;
        gsaw__buffer_append_byte(&self->text, self->bytes[at++]);
    }
    if (self->text.failed)
        self->out->failed = true;
}

uint32_t gsaw__walk_collapsed(gsaw__walk *self, gsaw__span span, char comment)
{
    bool was_space = true, plain = true;
    for (uint32_t at = span.start; plain && at < span.end; at++) {
        char byte = self->bytes[at];
        bool space = is_space(byte);
        plain = byte != comment && !(space && (was_space || byte != ' '));
        was_space = space;
    }
    if (plain)
        return gsaw__walk_string(self, span);
    collapse(self, span, comment);
    if (self->text.failed)
        return GSAW_NONE;
    return gsaw__facts_builder_string(self->out, gsaw__buffer_text(&self->text), self->text.count);
}

bool gsaw__walk_equals(const gsaw__walk *self, gsaw__span span, const char *text)
{
    size_t size = strlen(text);
    return span.end - span.start == size && memcmp(self->bytes + span.start, text, size) == 0;
}

uint32_t *gsaw__walk_name(gsaw__walk *self, uint32_t owner, uint32_t name, uint32_t fresh,
                          bool *is_new)
{
    uint32_t key[2] = {owner, name};
    char *kept = gsaw__arena_dup(&self->keys, key, sizeof key);
    uint32_t *entry =
        kept == NULL ? NULL : gsaw__map_insert(&self->names, kept, sizeof key, fresh, is_new);
    if (entry == NULL)
        self->out->failed = true;
    return entry;
}

uint32_t *gsaw__walk_name_find(gsaw__walk *self, uint32_t owner, uint32_t name)
{
    uint32_t key[2] = {owner, name};
    return gsaw__map_find(&self->names, (const char *)key, sizeof key);
}

bool gsaw__walk_is_decorated(const gsaw__walk *self, uint32_t start, char comment)
{
    if (self->decorators.count == 0 || self->decorated_depth != self->depth)
        return false;
    uint32_t at = self->decorators.items[self->decorators.count - 1].end;
    while (at < start) {
        uint32_t after = comment_end(self, at, start, comment);
        if (after == at && !is_space(self->bytes[at]))
            return false;
        at = after == at ? at + 1 : after;
    }
    return true;
}

void gsaw__walk_take_decorators(gsaw__walk *self, gsaw__facts_symbol *symbol, char comment)
{
    symbol->decorators = 0;
    symbol->decorator_count = 0;
    if (!gsaw__walk_is_decorated(self, symbol->start, comment)) {
        self->decorators.count = 0;
        return;
    }
    size_t count = self->decorators.count < UINT16_MAX ? self->decorators.count : UINT16_MAX;
    symbol->decorators = (uint32_t)self->out->lists.count;
    symbol->decorator_count = (uint16_t)count;
    if (self->decorators.items[0].start < symbol->start)
        symbol->start = self->decorators.items[0].start;
    for (size_t i = 0; i < count; i++) {
        gsaw__span span = self->decorators.items[i];
        span.start++; /* the @ */
        while (span.start < span.end && is_space(self->bytes[span.start]))
            span.start++;
        gsaw__facts_builder_list(self->out, gsaw__walk_collapsed(self, span, comment));
    }
    self->decorators.count = 0;
}
