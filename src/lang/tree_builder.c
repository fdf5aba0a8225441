/* tree_builder.c - building a tree in its block; what a user's parser does is checked at each step.
 * Keeps:   the nodes [0, node_count) are set, those that are closed for good; `at` never goes back,
 *          which is what holds ranges in order and inside of each other; where a node has an error
 *          all around it say so.
 * Threads: a builder belongs to one worker.
 * Next:    tree.h, gangsaw/tree.h */
#include <string.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/clock.h"
#include "base/status.h"
#include "lang/lines.h"
#include "lang/tree.h"

#define NODES_PER_CHECK 256
#define LEAST ((size_t)16 << 10)
#define MARKS (GSAW_TREE_IS_ERROR | GSAW_TREE_MISSING | GSAW_TREE_EXTRA)

void gsaw__tree_builder_init(gsaw_tree_builder *self, const gsaw_allocator *allocator)
{
    *self = (gsaw_tree_builder){.allocator = allocator};
}

void gsaw__tree_builder_clear(gsaw_tree_builder *self)
{
    gsaw__free(self->allocator, self->block, self->capacity);
    gsaw__tree_builder_init(self, self->allocator);
}

void gsaw__tree_builder_trim(gsaw_tree_builder *self)
{
    if (self->capacity > GSAW_TREE_KEPT)
        gsaw__tree_builder_clear(self);
}

void gsaw__tree_builder_begin(gsaw_tree_builder *self, const gsaw__tree_source *source)
{
    *self = (gsaw_tree_builder){
        .allocator = self->allocator,
        .block = self->block,
        .capacity = self->capacity,
        .head = {.vocabulary = source->vocabulary,
                 .names = source->names,
                 .language = source->language,
                 .source_size = (uint32_t)source->count},
        .bytes = source->bytes,
        .countdown = 1,
        .open = GSAW_TREE_NONE,
        .status = GSAW_FILE_OK,
    };
}

/* The starts of lines, written to `starts` if there is room for them. */
static uint32_t find_lines(const char *bytes, size_t count, uint32_t *starts)
{
    const char *at = bytes, *end = bytes + count;
    bool has_cr = gsaw__lines_have_cr(bytes, count);
    uint32_t found = 0;
    do {
        if (starts != NULL)
            starts[found] = (uint32_t)(at - bytes);
        found++;
    } while ((at = gsaw__lines_next(at, end, has_cr)) != NULL);
    return found;
}

size_t gsaw__tree_builder_size(gsaw_tree_builder *self, uint32_t nodes)
{
    if (self->head.line_count == 0)
        self->head.line_count = find_lines(self->bytes, self->head.source_size, NULL);
    return sizeof self->head + nodes * sizeof(gsaw_tree_node) +
           self->head.line_count * sizeof(uint32_t) + (size_t)self->head.source_size + 1;
}

bool gsaw__tree_builder_reserve(gsaw_tree_builder *self, size_t size)
{
    if (size <= self->capacity)
        return true;
    char *block = gsaw__realloc(self->allocator, self->block, self->capacity, size);
    if (block == NULL) {
        gsaw__tree_builder_problem(self, GSAW_FILE_FAILED, GSAW_REASON_MEMORY, GSAW_TREE_NONE);
        return false;
    }
    self->block = block;
    self->capacity = size;
    return true;
}

static uint32_t line_of(const gsaw_tree_builder *self, uint32_t offset)
{
    const char *at = self->bytes, *end = at + offset;
    bool has_cr = gsaw__lines_have_cr(at, self->head.source_size);
    uint32_t line = 0;
    for (; at != NULL && at <= end; line++)
        at = gsaw__lines_next(at, self->bytes + self->head.source_size, has_cr);
    return line;
}

void gsaw__tree_builder_problem(gsaw_tree_builder *self, gsaw_file_status status,
                                gsaw_reason reason, uint32_t offset)
{
    if ((int)status <= (int)self->status)
        return;
    self->status = (uint8_t)status;
    self->reason = (uint8_t)reason;
    self->reason_line = offset == GSAW_TREE_NONE ? 0 : line_of(self, offset);
}

const gsaw_tree *gsaw__tree_builder_finish(gsaw_tree_builder *self)
{
    struct gsaw_tree *head = &self->head;
    if (self->status == GSAW_FILE_FAILED)
        return NULL;
    head->size = gsaw__tree_builder_size(self, head->node_count);
    if (!gsaw__tree_builder_reserve(self, head->size))
        return NULL;
    memcpy(self->block, head, sizeof *head);
    uint32_t *starts = (uint32_t *)(void *)(gsaw__tree_builder_nodes(self) + head->node_count);
    find_lines(self->bytes, head->source_size, starts);
    char *source = (char *)(starts + head->line_count);
    if (head->source_size != 0)
        memcpy(source, self->bytes, head->source_size);
    source[head->source_size] = 0;
    return (const gsaw_tree *)(const void *)self->block;
}

/* ---- the steps of a user's parser ---- */

/* Keep the first failure; returns its status. */
static gsaw_status fail(gsaw_tree_builder *self, gsaw_status status, gsaw_reason reason)
{
    gsaw__tree_builder_problem(self, GSAW_FILE_FAILED, reason, GSAW_TREE_NONE);
    self->error.status = status;
    return status;
}

#define FAIL(self, ...) fail((self), gsaw__fail(&(self)->error, __VA_ARGS__), GSAW_REASON_PARSER)

static gsaw_status fail_memory(gsaw_tree_builder *self)
{
    return fail(self, gsaw__fail_memory(&self->error), GSAW_REASON_MEMORY);
}

static gsaw_status check_limits(gsaw_tree_builder *self)
{
    const gsaw__limits *limits = &self->limits;
    self->countdown = NODES_PER_CHECK;
    /* [L1] relaxed: a flag that says stop and nothing else */
    if (limits->cancel != NULL && gsaw__load_relaxed(limits->cancel) != 0)
        return fail(self, gsaw__fail(&self->error, GSAW_CANCELLED, "cancelled"),
                    GSAW_REASON_CANCELLED);
    if (gsaw__clock_thread_ns() - self->began_ns >= limits->time_ns)
        return fail(self, gsaw__fail(&self->error, GSAW_TIMEOUT, "it took too long"),
                    GSAW_REASON_TIMEOUT);
    return GSAW_OK;
}

/* Room for one node more: doubled, within the limit. */
static gsaw_status make_room(gsaw_tree_builder *self)
{
    size_t needed =
        sizeof self->head + (self->head.node_count + (size_t)1) * sizeof(gsaw_tree_node);
    if (needed <= self->capacity)
        return GSAW_OK;
    size_t most = self->limits.memory, wanted = self->capacity * 2;
    if (wanted < LEAST)
        wanted = LEAST;
    if (wanted > most)
        wanted = most;
    if (wanted < needed || self->head.node_count == GSAW_TREE_NONE - 1 ||
        !gsaw__tree_builder_reserve(self, wanted))
        return fail_memory(self);
    return GSAW_OK;
}

static const char *name_of(const gsaw_tree_builder *self, uint32_t node)
{
    uint32_t kind = gsaw__tree_builder_nodes(self)[node].kind;
    return kind == GSAW_TREE_ERROR ? "ERROR" : self->parser->kinds[kind].name;
}

static gsaw_status check_open(gsaw_tree_builder *self, uint32_t kind, uint32_t field,
                              uint32_t start)
{
    const gsaw_tree_parser *parser = self->parser;
    if (kind >= parser->kind_count && kind != GSAW_TREE_ERROR)
        return FAIL(self, GSAW_RANGE, "%s: kind %u is out of range: there are %zu",
                    parser->language, kind, parser->kind_count);
    if (field > parser->field_count)
        return FAIL(self, GSAW_RANGE, "%s: field %u is out of range: there are %zu",
                    parser->language, field, parser->field_count);
    if (start < self->at || start > self->head.source_size)
        return FAIL(self, GSAW_RANGE, "%s: a node starts at %u, not between %u and %u",
                    parser->language, start, self->at, self->head.source_size);
    if (self->open != GSAW_TREE_NONE)
        return GSAW_OK;
    if (self->head.node_count != 0)
        return FAIL(self, GSAW_EXISTS, "%s: a second root, at %u", parser->language, start);
    if (field != 0)
        return FAIL(self, GSAW_RANGE, "%s: the root is field %u of nothing", parser->language,
                    field);
    return GSAW_OK;
}

/* Errors show in everything around them; where one does, all around that does already. */
static void spread_error(gsaw_tree_node *nodes, uint32_t node)
{
    while (node != GSAW_TREE_NONE && (nodes[node].flags & GSAW_TREE_HAS_ERROR) == 0) {
        nodes[node].flags |= GSAW_TREE_HAS_ERROR;
        node = nodes[node].parent;
    }
}

gsaw_status gsaw_tree_builder_open(gsaw_tree_builder *self, uint32_t kind, uint32_t field,
                                   uint32_t start)
{
    if (self->error.status != GSAW_OK)
        return self->error.status;
    gsaw_status status = check_open(self, kind, field, start);
    if (status == GSAW_OK && --self->countdown == 0)
        status = check_limits(self);
    if (status == GSAW_OK)
        status = make_room(self);
    if (status != GSAW_OK)
        return status;
    bool is_error = kind == GSAW_TREE_ERROR;
    uint8_t flags = is_error || self->parser->kinds[kind].named ? GSAW_TREE_NAMED : 0;
    gsaw_tree_node *nodes = gsaw__tree_builder_nodes(self);
    uint32_t node = self->head.node_count++;
    nodes[node] = (gsaw_tree_node){
        .kind = (uint16_t)kind,
        .field = (uint8_t)field,
        .flags = is_error ? flags | GSAW_TREE_IS_ERROR : flags,
        .start = start,
        .parent = self->open,
    };
    if (is_error)
        spread_error(nodes, node);
    self->open = node;
    self->at = start;
    return GSAW_OK;
}

gsaw_status gsaw_tree_builder_close(gsaw_tree_builder *self, uint32_t end)
{
    if (self->error.status != GSAW_OK)
        return self->error.status;
    if (self->open == GSAW_TREE_NONE)
        return FAIL(self, GSAW_INVALID, "%s: no node is open that could be closed, at %u",
                    self->parser->language, end);
    if (end < self->at || end > self->head.source_size)
        return FAIL(self, GSAW_RANGE, "%s: a node (%s) ends at %u, not between %u and %u",
                    self->parser->language, name_of(self, self->open), end, self->at,
                    self->head.source_size);
    gsaw_tree_node *node = &gsaw__tree_builder_nodes(self)[self->open];
    node->end = end;
    node->next = self->head.node_count;
    self->open = node->parent;
    self->at = end;
    return GSAW_OK;
}

gsaw_status gsaw_tree_builder_leaf(gsaw_tree_builder *self, uint32_t kind, uint32_t field,
                                   uint32_t start, uint32_t end)
{
    gsaw_status status = gsaw_tree_builder_open(self, kind, field, start);
    return status == GSAW_OK ? gsaw_tree_builder_close(self, end) : status;
}

gsaw_status gsaw_tree_builder_mark(gsaw_tree_builder *self, uint32_t flags)
{
    if (self->error.status != GSAW_OK)
        return self->error.status;
    if (self->head.node_count == 0 || (flags & ~(uint32_t)MARKS) != 0)
        return FAIL(self, GSAW_INVALID, "%s: no node, or no flags, to mark with %u",
                    self->parser->language, flags);
    gsaw_tree_node *nodes = gsaw__tree_builder_nodes(self);
    uint32_t node = self->head.node_count - 1;
    nodes[node].flags |= (uint8_t)flags;
    if ((flags & (GSAW_TREE_IS_ERROR | GSAW_TREE_MISSING)) != 0)
        spread_error(nodes, node);
    return GSAW_OK;
}

/* ---- a user's parser as a whole ---- */

static const char *kind_name(const void *names, uint32_t kind)
{
    const gsaw_tree_parser *parser = names;
    return kind < parser->kind_count ? parser->kinds[kind].name : "";
}

static const char *field_name(const void *names, uint32_t field)
{
    const gsaw_tree_parser *parser = names;
    return field != 0 && field <= parser->field_count ? parser->fields[field - 1] : "";
}

static uint32_t kind_of(const void *names, const char *name, bool named)
{
    const gsaw_tree_parser *parser = names;
    for (size_t i = 0; i < parser->kind_count; i++)
        if (parser->kinds[i].named == named && strcmp(parser->kinds[i].name, name) == 0)
            return (uint32_t)i;
    return GSAW_TREE_NONE;
}

static uint32_t field_of(const void *names, const char *name)
{
    const gsaw_tree_parser *parser = names;
    for (size_t i = 0; i < parser->field_count; i++)
        if (strcmp(parser->fields[i], name) == 0)
            return (uint32_t)i + 1;
    return GSAW_TREE_NONE;
}

static const gsaw__vocabulary vocabulary = {kind_name, field_name, kind_of, field_of};

gsaw_status gsaw__tree_parser_check(const gsaw_tree_parser *parser, gsaw_error *error)
{
    if (parser->size != sizeof *parser)
        return gsaw__fail(error, GSAW_INVALID, "gsaw_tree_parser.size is %zu, not %zu",
                          parser->size, sizeof *parser);
    const char *language = parser->language;
    if (language == NULL || language[0] == 0)
        return gsaw__fail(error, GSAW_INVALID, "a parser has no language");
    if (parser->parse == NULL || parser->extensions == NULL || parser->kinds == NULL ||
        (parser->fields == NULL && parser->field_count != 0))
        return gsaw__fail(error, GSAW_INVALID, "the parser of %s lacks a function or a table",
                          language);
    if (parser->kind_count == 0 || parser->kind_count > GSAW_TREE_KIND_MAX)
        return gsaw__fail(error, GSAW_RANGE, "the parser of %s has %zu kinds, not 1 to %u",
                          language, parser->kind_count, GSAW_TREE_KIND_MAX);
    if (parser->field_count > GSAW_TREE_FIELD_MAX)
        return gsaw__fail(error, GSAW_RANGE, "the parser of %s has %zu fields, more than %u",
                          language, parser->field_count, GSAW_TREE_FIELD_MAX);
    for (size_t i = 0; i < parser->kind_count; i++)
        if (parser->kinds[i].name == NULL)
            return gsaw__fail(error, GSAW_INVALID, "kind %zu of %s has no name", i, language);
    for (size_t i = 0; i < parser->field_count; i++)
        if (parser->fields[i] == NULL)
            return gsaw__fail(error, GSAW_INVALID, "field %zu of %s has no name", i + 1, language);
    for (size_t i = 0; parser->extensions[i] != NULL; i++)
        if (parser->extensions[i][0] != '.')
            return gsaw__fail(error, GSAW_INVALID, "\"%s\" of %s is no extension: it has no dot",
                              parser->extensions[i], language);
    return GSAW_OK;
}

/* What is only seen at the end: nothing built, or nodes left open. Errors make a tree partial. */
static void check_end(gsaw_tree_builder *self)
{
    const char *language = self->parser->language;
    if (self->head.node_count == 0) {
        FAIL(self, GSAW_INVALID, "%s: the parser built no node", language);
        return;
    }
    if (self->open != GSAW_TREE_NONE) {
        FAIL(self, GSAW_INVALID, "%s: a node (%s) was not closed", language,
             name_of(self, self->open));
        return;
    }
    const gsaw_tree_node *node = gsaw__tree_builder_nodes(self);
    if ((node->flags & GSAW_TREE_HAS_ERROR) == 0)
        return;
    while ((node->flags & (GSAW_TREE_IS_ERROR | GSAW_TREE_MISSING)) == 0)
        node++;
    gsaw__tree_builder_problem(self, GSAW_FILE_PARTIAL, GSAW_REASON_SYNTAX, node->start);
}

const gsaw_tree *gsaw__tree_parse(const gsaw_tree_parser *parser, gsaw_tree_builder *self,
                                  const char *bytes, size_t count, const gsaw__limits *limits)
{
    const gsaw__tree_source source = {.language = parser->language,
                                      .vocabulary = &vocabulary,
                                      .names = parser,
                                      .bytes = bytes,
                                      .count = count};
    gsaw__tree_builder_begin(self, &source);
    if (count >= GSAW_TREE_NONE) {
        fail_memory(self);
        return NULL;
    }
    self->parser = parser;
    self->limits = *limits;
    self->began_ns = gsaw__clock_thread_ns();
    gsaw_error error = {.status = GSAW_OK};
    gsaw_status status = parser->parse(parser->context, self, bytes, count, &error);
    if (status != GSAW_OK && self->error.status == GSAW_OK) {
        const char *text = error.text[0] != 0 ? error.text : gsaw_status_text(status);
        FAIL(self, status, "%s", text);
    }
    if (self->error.status == GSAW_OK)
        check_end(self);
    const gsaw_tree *tree = gsaw__tree_builder_finish(self);
    if (tree == NULL && self->error.status == GSAW_OK)
        fail_memory(self);
    return tree;
}
