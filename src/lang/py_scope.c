/* py_scope.c - scopes, entries and what they mean, resolved as each scope ends.
 * Keeps:   a name's slot holds the innermost open scope that mentions it; each entry keeps what it
 *          covered, and its scope's end restores that. Entries that a scope does not bind wait in
 *          `pending` for a function or the module that mentions the name; classes take none.
 * Threads: a parser belongs to one worker.
 * Next:    py_facts.c (chains are followed there, once)
 * Rules:   docs.python.org/3/reference/executionmodel.html#resolution-of-names; PEP 695 for scopes
 *          of type parameters, which see the class around them; PEP 572 for the walrus. */
#include "lang/py_parser.h"

static gsaw__py_open_entry *entry_at(const gsaw__py_parser *self, uint32_t entry)
{
    return &self->open_entries.items[entry];
}

/* A new entry of `scope` in `list`, which covers what `below` says. */
static uint32_t push(gsaw__py_parser *self, uint32_t name, uint32_t scope, uint32_t *list,
                     gsaw__py_spelling below)
{
    uint32_t entry = gsaw__py_count(self, open_entries);
    gsaw__py_push(self, open_entries,
                  (gsaw__py_open_entry){.name = name,
                                        .scope = scope,
                                        .target = GSAW_PY_NONE,
                                        .covered_scope = below.scope,
                                        .covered_entry = below.entry,
                                        .next = *list});
    if (gsaw__py_unlikely(self->memory_is_out))
        return 0;
    return *list = entry;
}

uint32_t gsaw__py_entry_new(gsaw__py_parser *self, uint32_t name)
{
    uint32_t entry = push(self, name, self->scope, &self->entries, self->names.items[name]);
    self->names.items[name].scope = self->scope;
    return self->names.items[name].entry = entry;
}

uint32_t gsaw__py_entry_in(gsaw__py_parser *self, uint32_t scope, uint32_t name)
{
    if (scope == self->scope)
        return gsaw__py_entry_here(self, name);
    gsaw__py_spelling below = self->names.items[name];
    uint32_t above = GSAW_PY_NONE; /* the last entry of an inner scope */
    while (below.scope != GSAW_PY_NONE && below.scope > scope) {
        above = below.entry;
        below.scope = entry_at(self, above)->covered_scope;
        below.entry = entry_at(self, above)->covered_entry;
    }
    if (below.scope == scope)
        return below.entry;
    gsaw__py_open_scope *open = &self->open_scopes.items[self->open_scopes.count - 1];
    while (open->scope != scope)
        open--;
    uint32_t entry = push(self, name, scope, &open->entries, below);
    if (above == GSAW_PY_NONE) {
        self->names.items[name].scope = scope;
        self->names.items[name].entry = entry;
    } else if (entry != above) {
        entry_at(self, above)->covered_scope = scope;
        entry_at(self, above)->covered_entry = entry;
    }
    return entry;
}

/* ---- open and close ---- */

void gsaw__py_scope_open(gsaw__py_parser *self, enum gsaw__py_scope_kind kind, uint32_t symbol,
                         uint32_t start)
{
    uint32_t scope = gsaw__py_count(self, scopes);
    if (self->open_scopes.count != 0)
        self->open_scopes.items[self->open_scopes.count - 1].entries = self->entries;
    gsaw__py_push(self, scopes, (gsaw__py_scope){self->scope, symbol, start, kind});
    gsaw__py_push(self, open_scopes,
                  (gsaw__py_open_scope){scope, GSAW_PY_NONE, gsaw__py_count(self, pending)});
    if (self->memory_is_out)
        return;
    self->scope = scope;
    self->entries = GSAW_PY_NONE;
}

static bool is_private(const gsaw__py_parser *self, uint32_t name)
{
    const gsaw__py_spelling *spelling = &self->names.items[name];
    if (name < gsaw__py_fixed_count())
        return false;
    const unsigned char *text = self->source + spelling->start;
    uint32_t length = spelling->length;
    return length > 2 && text[0] == '_' && text[1] == '_' &&
           !(text[length - 1] == '_' && text[length - 2] == '_');
}

/* A waiting entry at the end of a scope; whether it waits no longer. */
static bool take(gsaw__py_parser *self, gsaw__py_open_entry *entry, uint32_t scope, uint32_t kind)
{
    if (kind == GSAW_PY_CLASS) {
        if (entry->name == GSAW_PY_NAME_CLASS_CELL_NAME) {
            entry->flags |= GSAW_PY_IS_CELL;
            entry->link = scope;
            return true;
        }
        return is_private(self, entry->name); /* it is _Class__name, which nobody else binds */
    }
    const gsaw__py_spelling *spelling = &self->names.items[entry->name];
    if (spelling->scope != scope)
        return false;
    if ((kind == GSAW_PY_TYPES || kind == GSAW_PY_MODULE || kind == GSAW_PY_COMPREHENSION) &&
        (entry->flags & GSAW_PY_IS_NONLOCAL) != 0)
        return false;
    uint32_t flags = entry_at(self, spelling->entry)->flags;
    if (kind == GSAW_PY_TYPES && (flags & GSAW_PY_IS_BOUND) == 0)
        return false;
    entry->flags |= GSAW_PY_IS_LINKED;
    entry->link = spelling->entry;
    return true;
}

/* Restore what the entries of the scope covered; those that it does not bind go on. */
static void leave(gsaw__py_parser *self, uint32_t first, uint32_t parent, uint32_t kind)
{
    for (uint32_t at = first; at != GSAW_PY_NONE; at = entry_at(self, at)->next) {
        const gsaw__py_open_entry *entry = entry_at(self, at);
        gsaw__py_spelling *spelling = &self->names.items[entry->name];
        spelling->scope = entry->covered_scope;
        spelling->entry = entry->covered_entry;
    }
    if (kind == GSAW_PY_MODULE)
        return;
    for (uint32_t at = first; at != GSAW_PY_NONE; at = entry_at(self, at)->next) {
        uint32_t flags = entry_at(self, at)->flags;
        bool is_own = (flags & GSAW_PY_IS_BOUND) != 0 && (flags & GSAW_PY_IS_NONLOCAL) == 0;
        if (is_own || (flags & (GSAW_PY_IS_GLOBAL | GSAW_PY_IS_LINKED)) != 0 ||
            (kind == GSAW_PY_CLASS && is_private(self, entry_at(self, at)->name)))
            continue;
        if (kind == GSAW_PY_TYPES) { /* as if it stood in the scope around */
            uint32_t link = gsaw__py_entry_in(self, parent, entry_at(self, at)->name);
            entry_at(self, at)->link = link;
            entry_at(self, at)->flags |= GSAW_PY_IS_LINKED;
        } else {
            gsaw__py_push(self, pending, at);
        }
    }
}

void gsaw__py_scope_close(gsaw__py_parser *self)
{
    if (self->memory_is_out)
        return;
    gsaw__py_open_scope open = self->open_scopes.items[--self->open_scopes.count];
    uint32_t kind = self->scopes.items[open.scope].kind;
    uint32_t kept = open.pending;
    for (uint32_t i = open.pending; i < gsaw__py_count(self, pending); i++) {
        uint32_t entry = self->pending.items[i];
        if (!take(self, entry_at(self, entry), open.scope, kind))
            self->pending.items[kept++] = entry;
    }
    self->pending.count = kept;
    uint32_t first = self->entries;
    uint32_t parent = self->scopes.items[open.scope].parent;
    self->scope = parent;
    if (self->open_scopes.count != 0)
        self->entries = self->open_scopes.items[self->open_scopes.count - 1].entries;
    leave(self, first, parent, kind);
}

/* ---- comprehensions ---- */

/* The references from `mark` to `stop` that the scope around has: they are the comprehension's. */
static void move(gsaw__py_parser *self, uint32_t first, uint32_t stop, uint32_t outer)
{
    for (uint32_t i = first; i < stop; i++) {
        gsaw__py_ref *ref = &self->refs.items[i];
        uint32_t role = gsaw__py_ref_role(*ref);
        if (role >= GSAW_PY_KEYWORD)
            continue;
        const gsaw__py_open_entry *entry = entry_at(self, gsaw__py_ref_index(*ref));
        if (entry->scope == outer)
            ref->role5_index27 = role << 27 | gsaw__py_entry_here(self, entry->name);
    }
}

/* The waiting entries of the iterable go below those of the element: [element][iterable] becomes
 * [iterable][element]. Returns where the element's begin. */
static uint32_t rotate(gsaw__py_parser *self, uint32_t first, uint32_t middle)
{
    uint32_t *items = self->pending.items;
    uint32_t stop = gsaw__py_count(self, pending), moved = middle - first;
    if (moved == 0 || middle == stop)
        return stop - moved;
    uint32_t ranges[3][2] = {{first, middle}, {middle, stop}, {first, stop}};
    for (int r = 0; r < 3; r++) /* three reversals */
        for (uint32_t low = ranges[r][0], high = ranges[r][1]; low + 1 < high; low++) {
            uint32_t item = items[low];
            items[low] = items[--high];
            items[high] = item;
        }
    return stop - moved;
}

void gsaw__py_scope_comprehension(gsaw__py_parser *self, const gsaw__py_mark *mark,
                                  const gsaw__py_mark *iterable, uint32_t start)
{
    uint32_t outer = self->scope;
    gsaw__py_scope_open(self, GSAW_PY_COMPREHENSION, GSAW_PY_NONE, start);
    if (self->memory_is_out)
        return;
    self->open_scopes.items[self->open_scopes.count - 1].pending =
        rotate(self, mark->pending, iterable->pending);
    for (uint32_t i = mark->scopes; i < iterable->scopes; i++)
        if (self->scopes.items[i].parent == outer)
            self->scopes.items[i].parent = self->scope;
    move(self, mark->refs, iterable->refs, outer);
}

void gsaw__py_outside_types(gsaw__py_parser *self, uint32_t first)
{
    uint32_t scope = self->scope;
    if (gsaw__py_likely(self->scopes.items[scope].kind != GSAW_PY_TYPES))
        return;
    uint32_t parent = self->scopes.items[scope].parent;
    for (uint32_t i = first; i < gsaw__py_count(self, refs) && !self->memory_is_out; i++) {
        uint32_t role = gsaw__py_ref_role(self->refs.items[i]);
        if (role >= GSAW_PY_KEYWORD)
            continue;
        const gsaw__py_open_entry *entry = entry_at(self, gsaw__py_ref_index(self->refs.items[i]));
        if (entry->scope != scope)
            continue;
        uint32_t outside = gsaw__py_entry_in(self, parent, entry->name);
        self->refs.items[i].role5_index27 = role << 27 | outside;
    }
}

/* ---- binding ---- */

static bool is_local_scope(const gsaw__py_parser *self, uint32_t scope)
{
    return self->scopes.items[scope].kind != GSAW_PY_MODULE &&
           self->scopes.items[scope].kind != GSAW_PY_CLASS;
}

static void bound(gsaw__py_parser *self, uint32_t entry, uint32_t target)
{
    gsaw__py_open_entry *at = entry_at(self, entry);
    if ((at->flags & GSAW_PY_IS_GLOBAL) != 0) {
        entry = at->link;
        at = entry_at(self, entry);
    }
    if (self->is_speculative) {
        gsaw__py_push(self, undo, entry);
        gsaw__py_push(self, undo, at->flags);
        gsaw__py_push(self, undo, at->target);
    }
    at->flags |= GSAW_PY_IS_BOUND;
    if ((target & GSAW_PY_TARGET_IMPORT) == 0)
        at->flags |= GSAW_PY_HAS_SYMBOL;
    if (at->target == GSAW_PY_NONE)
        at->target = target;
}

static uint32_t symbol_new(gsaw__py_parser *self, uint32_t name, uint32_t start, uint32_t kind,
                           uint32_t scope)
{
    uint32_t end = start + self->names.items[name].length;
    if (is_local_scope(self, scope))
        kind |= GSAW_PY_LOCAL;
    uint32_t symbol = gsaw__py_count(self, symbols);
    gsaw__py_push(self, symbols, (gsaw__py_symbol){name, scope, start, start, end, kind});
    return self->memory_is_out ? 0 : symbol;
}

uint32_t gsaw__py_define(gsaw__py_parser *self, uint32_t name, uint32_t start, uint32_t kind)
{
    uint32_t entry = gsaw__py_entry_here(self, name);
    if (self->memory_is_out)
        return 0;
    bool is_global = (entry_at(self, entry)->flags & GSAW_PY_IS_GLOBAL) != 0;
    uint32_t symbol = symbol_new(self, name, start, kind, is_global ? 0 : self->scope);
    bound(self, entry, symbol);
    return symbol;
}

void gsaw__py_bind_import(gsaw__py_parser *self, uint32_t name, uint32_t import)
{
    uint32_t entry = gsaw__py_entry_here(self, name);
    if (self->memory_is_out)
        return;
    bound(self, entry, import | GSAW_PY_TARGET_IMPORT);
    if ((entry_at(self, entry)->flags & GSAW_PY_IS_GLOBAL) != 0)
        self->imports.items[import].scope = 0;
}

static bool is_upper(const gsaw__py_parser *self, uint32_t name)
{
    bool has_capital = false;
    const gsaw__py_spelling *spelling = &self->names.items[name];
    if (name < gsaw__py_fixed_count())
        return name == GSAW_PY_NAME_TYPE_CHECKING;
    for (uint32_t i = 0; i < spelling->length; i++) {
        unsigned char byte = self->source[spelling->start + i];
        bool is_capital = byte >= 'A' && byte <= 'Z';
        if (!is_capital && byte != '_' && !(byte >= '0' && byte <= '9'))
            return false;
        has_capital = has_capital || is_capital;
    }
    return has_capital;
}

/* What a variable of this name is called. In an enum's body _sunder_, __dunder__ and __private
 * names are no members. */
static uint32_t variable_kind(const gsaw__py_parser *self, uint32_t name, uint32_t scope)
{
    if (is_local_scope(self, scope))
        return GSAW_SYMBOL_VARIABLE;
    if (scope == self->enum_scope && name >= gsaw__py_fixed_count()) {
        const unsigned char *text = self->source + self->names.items[name].start;
        uint32_t length = self->names.items[name].length;
        bool is_private = length > 2 && text[0] == '_' && text[1] == '_';
        bool is_sunder = length > 2 && text[0] == '_' && text[length - 1] == '_';
        if (!is_private && !is_sunder)
            return GSAW_SYMBOL_ENUM_MEMBER;
    }
    return is_upper(self, name) ? GSAW_SYMBOL_CONSTANT : GSAW_SYMBOL_VARIABLE;
}

/* Write to an entry of `scope`: the first time that defines it. */
static void write_entry(gsaw__py_parser *self, uint32_t ref, uint32_t entry, uint32_t scope)
{
    const gsaw__py_open_entry *at = entry_at(self, entry);
    uint32_t role = GSAW_PY_WRITE;
    if ((at->flags & (GSAW_PY_IS_GLOBAL | GSAW_PY_IS_NONLOCAL | GSAW_PY_HAS_SYMBOL)) == 0) {
        uint32_t name = at->name;
        uint32_t symbol = symbol_new(self, name, self->refs.items[ref].start,
                                     variable_kind(self, name, scope), scope);
        bound(self, entry, symbol);
        role = GSAW_PY_DEFINE;
    } else if ((at->flags & GSAW_PY_IS_NONLOCAL) == 0) {
        bound(self, entry, GSAW_PY_NONE);
    }
    gsaw__py_set_role(self, ref, role);
}

/* `self.name` is assigned to in a method: the first time that is a property of the class, unless
 * the class's body has bound the name. */
static void write_attribute(gsaw__py_parser *self, uint32_t ref)
{
    if (self->method.name == GSAW_PY_NONE || ref == 0 || self->scope != self->method.scope)
        return;
    gsaw__py_ref receiver = self->refs.items[ref - 1];
    if (gsaw__py_ref_role(receiver) >= GSAW_PY_KEYWORD)
        return;
    const gsaw__py_open_entry *at = entry_at(self, gsaw__py_ref_index(receiver));
    if (at->name != self->method.name || at->scope != self->method.scope)
        return;
    uint32_t name = gsaw__py_ref_index(self->refs.items[ref]), scope = self->method.class_scope;
    uint32_t entry = gsaw__py_entry_in(self, scope, name);
    if ((entry_at(self, entry)->flags & (GSAW_PY_HAS_ATTRIBUTE | GSAW_PY_IS_BOUND)) != 0)
        return;
    entry_at(self, entry)->flags |= GSAW_PY_HAS_ATTRIBUTE;
    symbol_new(self, name, self->refs.items[ref].start,
               GSAW_SYMBOL_PROPERTY | (uint32_t)GSAW_PY_OF_SELF, scope);
}

void gsaw__py_write(gsaw__py_parser *self, uint32_t ref)
{
    if (self->memory_is_out)
        return;
    uint32_t role = gsaw__py_ref_role(self->refs.items[ref]);
    if (role == GSAW_PY_ATTRIBUTE)
        write_attribute(self, ref);
    if (role >= GSAW_PY_ATTRIBUTE)
        gsaw__py_set_role(self, ref, GSAW_PY_ATTRIBUTE_WRITE | (role & GSAW_PY_COMPLEX));
    else if (role != GSAW_PY_KEYWORD)
        write_entry(self, ref, gsaw__py_ref_index(self->refs.items[ref]), self->scope);
}

void gsaw__py_delete(gsaw__py_parser *self, uint32_t ref)
{
    if (self->memory_is_out)
        return;
    uint32_t role = gsaw__py_ref_role(self->refs.items[ref]);
    if (role >= GSAW_PY_ATTRIBUTE) {
        gsaw__py_set_role(self, ref, GSAW_PY_ATTRIBUTE_DELETE | (role & GSAW_PY_COMPLEX));
        return;
    }
    uint32_t entry = gsaw__py_ref_index(self->refs.items[ref]);
    if ((entry_at(self, entry)->flags & GSAW_PY_IS_NONLOCAL) == 0)
        bound(self, entry, GSAW_PY_NONE);
    gsaw__py_set_role(self, ref, GSAW_PY_DELETE);
}

void gsaw__py_write_named(gsaw__py_parser *self, uint32_t ref)
{
    if (self->memory_is_out)
        return;
    uint32_t scope = self->scope;
    while (self->scopes.items[scope].kind == GSAW_PY_COMPREHENSION)
        scope = self->scopes.items[scope].parent;
    uint32_t entry = gsaw__py_ref_index(self->refs.items[ref]);
    if (scope != self->scope)
        entry = gsaw__py_entry_in(self, scope, entry_at(self, entry)->name);
    write_entry(self, ref, entry, scope);
}

void gsaw__py_write_candidates(gsaw__py_parser *self, uint32_t mark)
{
    for (uint32_t i = mark; i < gsaw__py_count(self, candidates); i++)
        gsaw__py_write(self, self->candidates.items[i]);
    self->candidates.count = mark;
}

void gsaw__py_declare(gsaw__py_parser *self, uint32_t name, uint32_t flag)
{
    uint32_t entry = gsaw__py_entry_here(self, name);
    gsaw__py_refer(self, gsaw__py_here(self), GSAW_PY_SCOPE, entry);
    if (self->scope == 0 || self->memory_is_out)
        return;
    uint32_t link = 0;
    if (flag == GSAW_PY_IS_GLOBAL)
        link = gsaw__py_entry_in(self, 0, name);
    entry_at(self, entry)->flags |= flag;
    entry_at(self, entry)->link = link;
}

/* ---- marks ---- */

gsaw__py_mark gsaw__py_mark_here(const gsaw__py_parser *self)
{
    return (gsaw__py_mark){
        .refs = gsaw__py_count(self, refs),
        .scopes = gsaw__py_count(self, scopes),
        .pending = gsaw__py_count(self, pending),
        .symbols = gsaw__py_count(self, symbols),
        .candidates = gsaw__py_count(self, candidates),
        .calls = gsaw__py_count(self, calls),
        .receivers = gsaw__py_count(self, receivers),
        .details = gsaw__py_count(self, details),
    };
}

void gsaw__py_mark_restore(gsaw__py_parser *self, const gsaw__py_mark *mark, uint32_t undo)
{
    self->refs.count = mark->refs;
    self->scopes.count = mark->scopes;
    self->pending.count = mark->pending;
    self->symbols.count = mark->symbols;
    self->candidates.count = mark->candidates;
    self->calls.count = mark->calls;
    self->receivers.count = mark->receivers;
    self->details.count = mark->details;
    while (self->undo.count > undo) {
        self->undo.count -= 3;
        const uint32_t *last = self->undo.items + self->undo.count;
        entry_at(self, last[0])->flags = last[1];
        entry_at(self, last[0])->target = last[2];
    }
}
