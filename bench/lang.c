/* lang.c - the front ends by themselves: bytes in, facts out, one thread. Reads paths from standard
 * input, one a line, and prints one JSON object: {"files","bytes","seconds", "parse_seconds","symbo
 * ls","imports","partial","failed","facts_bytes","memory_max","memory_per_byte_max"}. seconds is
 * the sum over extract() and finish(); with the argument `parse`, the walk is left out, so that two
 * runs tell what it costs; with `tree`, a syntax tree is made instead, and "nodes" and "tree_bytes"
 * count.
 * Next:    floor.c, ../src/lang/lang.h */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "lang/lang.h"
#include "lang/treesitter.h"

enum mode { FACTS, PARSE, TREE };

typedef struct bench_totals {
    uint64_t nodes, tree_bytes;
    uint64_t files, bytes, time_ns, symbols, imports, partial, failed, facts_bytes;
    size_t memory_max;
    double per_byte_max;
} bench_totals;

static void no_walk(gsaw__walk *walk, TSNode root)
{
    (void)walk;
    (void)root;
}

static void run(const gsaw__language *language, gsaw__lang_state *state, const gsaw__buffer *source,
                gsaw__facts_builder *builder, bench_totals *totals)
{
    const gsaw__limits limits = {.time_ns = (uint64_t)60 * 1000 * 1000 * 1000,
                                 .memory = (size_t)4 << 30};
    gsaw__arena arena = {0};
    uint64_t start = gsaw__clock_ns();
    gsaw__facts_builder_begin(builder, source->bytes, source->count);
    language->extract(language, state, (gsaw__source){source->bytes, source->count}, &limits,
                      builder);
    const gsaw__facts *facts = gsaw__facts_builder_finish(builder, &arena);
    totals->time_ns += gsaw__clock_ns() - start;
    if (facts == NULL)
        abort();
    totals->files++;
    totals->bytes += source->count;
    totals->symbols += facts->symbol_count;
    totals->imports += facts->import_count;
    totals->partial += facts->status == GSAW_FILE_PARTIAL;
    totals->failed += facts->status == GSAW_FILE_FAILED;
    totals->facts_bytes += facts->size;
    size_t held = state->memory.held_max;
    if (held > totals->memory_max)
        totals->memory_max = held;
    if (source->count > 65536 && (double)held / (double)source->count > totals->per_byte_max)
        totals->per_byte_max = (double)held / (double)source->count;
    gsaw__arena_clear(&arena);
}

static void run_tree(const gsaw__language *language, gsaw__lang_state *state,
                     const gsaw__buffer *source, gsaw_tree_builder *builder, bench_totals *totals)
{
    const gsaw__limits limits = {.time_ns = (uint64_t)60 * 1000 * 1000 * 1000,
                                 .memory = (size_t)4 << 30};
    uint64_t start = gsaw__clock_ns();
    const gsaw_tree *tree = language->tree(
        language, state, (gsaw__source){source->bytes, source->count}, &limits, builder);
    totals->time_ns += gsaw__clock_ns() - start;
    totals->files++;
    totals->bytes += source->count;
    totals->partial += builder->status == GSAW_FILE_PARTIAL;
    totals->failed += tree == NULL;
    totals->nodes += tree == NULL ? 0 : gsaw_tree_node_count(tree);
    totals->tree_bytes += tree == NULL ? 0 : gsaw_tree_size(tree);
    if (state->memory.held_max > totals->memory_max)
        totals->memory_max = state->memory.held_max;
    gsaw__tree_builder_trim(builder);
}

static enum mode mode_of(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "tree") == 0)
        return TREE;
    return count > 1 && strcmp(arguments[1], "parse") == 0 ? PARSE : FACTS;
}

int main(int count, char **arguments)
{
    enum mode mode = mode_of(count, arguments);
    char *path = NULL;
    size_t capacity = 0;
    ssize_t size;
    bench_totals totals = {0};
    gsaw__buffer source = {0};
    gsaw__facts_builder builder;
    gsaw_tree_builder trees;
    gsaw__facts_builder_init(&builder, NULL);
    gsaw__tree_builder_init(&trees, NULL);
    gsaw__lang_state *state = gsaw__lang_state_new(NULL);
    while (state != NULL && (size = getline(&path, &capacity, stdin)) > 0) {
        if (path[size - 1] == '\n')
            path[--size] = 0;
        uint32_t index = gsaw__language_of(path, (size_t)size);
        if (index == GSAW_NONE ||
            gsaw__file_read(AT_FDCWD, path, true, UINT32_MAX, &source).result != GSAW_READ_OK ||
            !gsaw__buffer_reserve(&source, GSAW_SOURCE_PADDING))
            continue;
        memset(source.bytes + source.count, 0, GSAW_SOURCE_PADDING);
        gsaw__language language = *gsaw__language_at(index);
        gsaw__grammar grammar = *(const gsaw__grammar *)language.grammar;
        if (mode == PARSE)
            grammar.extract = no_walk;
        language.grammar = &grammar;
        if (mode == TREE)
            run_tree(&language, state, &source, &trees, &totals);
        else
            run(&language, state, &source, &builder, &totals);
    }
    printf("{\"files\":%lu,\"bytes\":%lu,\"seconds\":%.3f,\"mb_per_second\":%.2f,\"symbols\":%lu,"
           "\"imports\":%lu,\"partial\":%lu,\"failed\":%lu,\"facts_bytes\":%lu,\"memory_max\":%zu,"
           "\"memory_per_byte_max\":%.1f,\"nodes\":%lu,\"tree_bytes\":%lu}\n",
           totals.files, totals.bytes, (double)totals.time_ns / 1e9,
           (double)totals.bytes * 1e3 / (double)(totals.time_ns + 1), totals.symbols,
           totals.imports, totals.partial, totals.failed, totals.facts_bytes, totals.memory_max,
           totals.per_byte_max, totals.nodes, totals.tree_bytes);
    gsaw__lang_state_free(state);
    gsaw__facts_builder_clear(&builder);
    gsaw__tree_builder_clear(&trees);
    gsaw__buffer_clear(&source);
    free(path);
    return 0;
}
