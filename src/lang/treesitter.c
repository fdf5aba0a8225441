/* treesitter.c - the guarded parse: source in chunks, the first error's line, tables by name.
 * Keeps:   whatever the source, extract() returns within its limits and leaves nothing behind;
 *          offsets in the tree are offsets in the file (replacements keep the length).
 * Threads: a gsaw__lang_state belongs to one worker.
 * Next:    treesitter.h, parse_memory.c, walk.c */
#include "lang/treesitter.h"

#include <string.h>

#include "base/alloc.h"

/* Small enough that a token of any length meets a check of the clock soon. */
#define CHUNK ((uint32_t)64 << 10)
#define SOURCE_MAX ((size_t)UINT32_MAX - 1)

gsaw__lang_state *gsaw__lang_state_new(const gsaw_allocator *allocator)
{
    gsaw__lang_state *self = gsaw__alloc_zero(allocator, 1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->allocator = allocator;
    gsaw__parse_memory_init(&self->memory, allocator);
    gsaw__walk_init(&self->walk, allocator);
    return self;
}

void gsaw__lang_state_free(gsaw__lang_state *self)
{
    if (self == NULL)
        return;
    for (size_t i = 0; i < GSAW_GRAMMAR_COUNT; i++) {
        gsaw__free(self->allocator, self->tables[i].kinds, self->tables[i].symbol_count);
        gsaw__free(self->allocator, self->tables[i].fields, self->tables[i].field_count);
    }
    gsaw__walk_clear(&self->walk);
    gsaw__parse_memory_clear(&self->memory);
    gsaw__free(self->allocator, self, sizeof *self);
}

/* The tables of a grammar, built at the worker's first file of it; NULL when memory is out. */
static const gsaw__grammar_tables *tables_of(gsaw__lang_state *state, const gsaw__grammar *grammar)
{
    gsaw__grammar_tables *self = &state->tables[grammar->index];
    const TSLanguage *language = grammar->language();
    if (self->kinds != NULL)
        return self;
    uint32_t symbols = ts_language_symbol_count(language);
    uint32_t fields = ts_language_field_count(language) + 1;
    uint8_t *kinds = gsaw__alloc_zero(state->allocator, symbols, 1);
    uint8_t *by_field = gsaw__alloc_zero(state->allocator, fields, 1);
    if (kinds == NULL || by_field == NULL) {
        gsaw__free(state->allocator, kinds, symbols);
        gsaw__free(state->allocator, by_field, fields);
        return NULL;
    }
    for (size_t i = 0; i < grammar->word_count; i++) {
        const gsaw__grammar_word *word = &grammar->words[i];
        TSSymbol symbol = ts_language_symbol_for_name(language, word->name,
                                                      (uint32_t)strlen(word->name), word->named);
        if (symbol != 0 && symbol < symbols)
            kinds[symbol] = word->kind;
    }
    for (size_t i = 0; i < grammar->field_count; i++) {
        const char *name = grammar->fields[i];
        by_field[ts_language_field_id_for_name(language, name, (uint32_t)strlen(name))] =
            (uint8_t)(i + 1);
    }
    by_field[0] = 0; /* where the fields that a grammar lacks went */
    *self = (gsaw__grammar_tables){kinds, by_field, symbols, fields};
    return self;
}

bool gsaw__treesitter_fits(size_t count) { return count <= SOURCE_MAX; }

static const char *read_chunk(void *payload, uint32_t offset, TSPoint position, uint32_t *size)
{
    const gsaw__one_parse *self = payload;
    (void)position;
    gsaw__parse_check(&self->state->memory);
    uint32_t left = offset < self->count ? self->count - offset : 0;
    *size = left < CHUNK ? left : CHUNK;
    return left == 0 ? "" : self->source + offset;
}

static bool on_progress(TSParseState *progress)
{
    const gsaw__one_parse *self = progress->payload;
    gsaw__parse_check(&self->state->memory);
    return false;
}

/* tree-sitter's grammars do not know that a lone CR ends a line. */
static const char *replace_lone_cr(gsaw__parse_memory *memory, const char *source, size_t count)
{
    char *copy = NULL;
    const char *end = source + count;
    for (const char *at = source; at < end && (at = memchr(at, '\r', (size_t)(end - at))) != NULL;
         at++) {
        if (at + 1 < end && at[1] == '\n')
            continue;
        if (copy == NULL)
            copy = memcpy(gsaw__parse_alloc(memory, count), source, count);
        copy[at - source] = '\n';
    }
    return copy == NULL ? source : copy;
}

/* Descends only where there is one. */
uint32_t gsaw__treesitter_first_error(TSNode root)
{
    TSTreeCursor cursor = ts_tree_cursor_new(root);
    TSNode node = root;
    while (!ts_node_is_error(node) && !ts_node_is_missing(node) &&
           ts_tree_cursor_goto_first_child(&cursor)) {
        TSNode child;
        bool found;
        do {
            child = ts_tree_cursor_current_node(&cursor);
            found = ts_node_has_error(child) || ts_node_is_missing(child);
        } while (!found && ts_tree_cursor_goto_next_sibling(&cursor));
        if (!found)
            break;
        node = child;
    }
    return ts_node_start_byte(node);
}

TSNode gsaw__treesitter_parse(gsaw__one_parse *self)
{
    const gsaw__grammar *grammar = self->grammar;
    gsaw__parse_memory *memory = &self->state->memory;
    self->too_deep = GSAW_NONE;
    self->source = replace_lone_cr(memory, self->bytes, self->count);
    if (grammar->prepare != NULL)
        self->source = grammar->prepare(memory, self->source, self->count, &self->too_deep);
    TSParser *parser = ts_parser_new();
    ts_parser_set_language(parser, grammar->language());
    TSInput input = {.payload = self, .read = read_chunk, .encoding = TSInputEncodingUTF8};
    TSParseOptions options = {.payload = self, .progress_callback = on_progress};
    return ts_tree_root_node(ts_parser_parse_with_options(parser, NULL, input, options));
}

/* An extraction: the parse, and where its facts go. */
typedef struct extraction {
    gsaw__one_parse parse;
    gsaw__facts_builder *out;
} extraction;

static void add_problem(gsaw__facts_builder *out, gsaw_reason reason, uint32_t offset)
{
    uint32_t line, column;
    gsaw__facts_builder_position(out, offset, &line, &column);
    gsaw__facts_builder_problem(out, GSAW_FILE_PARTIAL, reason, line);
}

static void body(void *argument)
{
    extraction *self = argument;
    TSNode root = gsaw__treesitter_parse(&self->parse);
    if (self->parse.too_deep != GSAW_NONE)
        add_problem(self->out, GSAW_REASON_NESTING, self->parse.too_deep);
    gsaw__walk *walk = &self->parse.state->walk;
    walk->bytes = self->parse.bytes;
    walk->count = self->parse.count;
    walk->out = self->out;
    walk->memory = &self->parse.state->memory;
    gsaw__walk_begin(walk, root);
    self->parse.grammar->extract(walk, root);
    if (ts_node_has_error(root))
        add_problem(self->out, GSAW_REASON_SYNTAX, gsaw__treesitter_first_error(root));
}

void gsaw__treesitter_extract(const gsaw__language *self, gsaw__lang_state *state,
                              gsaw__source source, const gsaw__limits *limits,
                              gsaw__facts_builder *out)
{
    const gsaw__grammar *grammar = self->grammar;
    const gsaw__grammar_tables *tables = tables_of(state, grammar);
    if (tables == NULL || !gsaw__treesitter_fits(source.count)) {
        gsaw__facts_builder_problem(out, GSAW_FILE_FAILED, GSAW_REASON_MEMORY, 0);
        return;
    }
    state->walk.kinds = tables->kinds;
    state->walk.fields = tables->fields;
    state->walk.symbol_count = tables->symbol_count;
    extraction whole = {.parse = {.state = state,
                                  .grammar = grammar,
                                  .bytes = source.bytes,
                                  .count = (uint32_t)source.count},
                        .out = out};
    gsaw_reason reason = gsaw__parse_guard(&state->memory, limits, body, &whole);
    if (reason != GSAW_REASON_NONE)
        gsaw__facts_builder_problem(out, GSAW_FILE_FAILED, reason, 0);
}
