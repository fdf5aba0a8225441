/* python_facts.c - the native Python front end as a program: reads paths from standard input, one a
 * line. Prints one JSON line for each file, all arrays of its facts flat, for the checkers
 * (python_against_ast.py, python_against_symtable.py); the first line has the fixed names. With the
 * argument `bench N` it prints one JSON object instead, like lang.c: the files are read first, then
 * parsed N times; best_seconds is the best round, kept_seconds the best one in which the facts of
 * all files were kept, in fresh memory.
 * Next:    ../src/lang/py_facts.h, lang.c, ../tests/tools/python_against_ast.py */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "lang/lang.h"
#include "lang/py_facts.h"

typedef struct source_file {
    char *path;
    gsaw__buffer text;
} source_file;

static bool read_next(source_file *file)
{
    size_t capacity = 0;
    *file = (source_file){0};
    ssize_t size = getline(&file->path, &capacity, stdin);
    if (size <= 0) {
        free(file->path);
        return false;
    }
    if (file->path[size - 1] == '\n')
        file->path[size - 1] = 0;
    if (gsaw__file_read(AT_FDCWD, file->path, true, UINT32_MAX, &file->text).result !=
            GSAW_READ_OK ||
        !gsaw__buffer_reserve(&file->text, GSAW_SOURCE_PADDING))
        file->text.count = 0;
    if (gsaw__buffer_reserve(&file->text, GSAW_SOURCE_PADDING))
        memset(file->text.bytes + file->text.count, 0, GSAW_SOURCE_PADDING);
    return true;
}

static void close_file(source_file *file)
{
    free(file->path);
    gsaw__buffer_clear(&file->text);
}

/* ---- JSON ---- */

static void print_text(const char *text)
{
    putchar('"');
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\' || (unsigned char)*text < 32)
            printf("\\u%04x", (unsigned char)*text);
        else
            putchar(*text);
    }
    putchar('"');
}

static void print_words(const char *key, const void *words, size_t count)
{
    printf(",\"%s\":[", key);
    for (size_t i = 0; i < count; i++)
        printf(i == 0 ? "%" PRIu32 : ",%" PRIu32, ((const uint32_t *)words)[i]);
    putchar(']');
}

static void print_facts(const source_file *file, const gsaw__python_facts *facts)
{
    printf("{\"path\":");
    print_text(file->path);
    printf(",\"status\":\"%s\",\"line\":%" PRIu32 ",\"message\":",
           gsaw_file_status_name(facts->status), facts->problem_line);
    print_text(facts->message == NULL ? "" : facts->message);
#define WORDS(array, counter)                                                                      \
    print_words(#array, facts->array, facts->counter *(sizeof *facts->array / 4));
    WORDS(refs, ref_count)
    WORDS(entries, entry_count)
    WORDS(symbols, symbol_count)
    WORDS(calls, call_count)
    WORDS(scopes, scope_count)
    WORDS(imports, import_count)
    WORDS(details, detail_count)
    WORDS(receivers, receiver_count)
    WORDS(names, name_count)
#undef WORDS
    printf("}\n");
}

static void print_fixed(void)
{
    printf("{\"fixed\":[");
    for (uint32_t i = 0; i < gsaw__py_fixed_count(); i++) {
        if (i != 0)
            putchar(',');
        print_text(gsaw__py_fixed_name(i));
    }
    printf("]}\n");
}

static void dump(gsaw__py_parser *parser)
{
    source_file file;
    gsaw__arena arena = {0};
    print_fixed();
    while (read_next(&file)) {
        gsaw__python_facts facts;
        gsaw__python_parse(parser, file.text.bytes, file.text.count, &arena, &facts);
        print_facts(&file, &facts);
        gsaw__arena_reset(&arena);
        close_file(&file);
    }
    gsaw__arena_clear(&arena);
}

/* ---- bench ---- */

typedef struct totals {
    uint64_t files, bytes, refs, symbols, calls, imports, partial, facts_bytes;
} totals;

static uint64_t round_of(gsaw__py_parser *parser, const source_file *files, size_t count,
                         bool keeps, totals *out)
{
    gsaw__arena arena = {0};
    *out = (totals){.files = count};
    uint64_t start = gsaw__clock_ns();
    for (size_t i = 0; i < count; i++) {
        gsaw__python_facts facts;
        gsaw__python_parse(parser, files[i].text.bytes, files[i].text.count, &arena, &facts);
        out->bytes += files[i].text.count;
        out->refs += facts.ref_count;
        out->symbols += facts.symbol_count;
        out->calls += facts.call_count;
        out->imports += facts.import_count;
        out->partial += facts.status != GSAW_FILE_OK;
        out->facts_bytes += facts.bytes;
        if (!keeps)
            gsaw__arena_reset(&arena);
    }
    uint64_t time = gsaw__clock_ns() - start;
    gsaw__arena_clear(&arena);
    return time;
}

static void bench(gsaw__py_parser *parser, int rounds)
{
    source_file *files = NULL, file;
    size_t count = 0, capacity = 0;
    while (read_next(&file)) {
        if (count == capacity) {
            capacity = capacity * 2 + 64;
            files = realloc(files, capacity * sizeof *files);
            if (files == NULL)
                abort();
        }
        files[count++] = file;
    }
    totals found = {0};
    uint64_t best = UINT64_MAX, kept = UINT64_MAX;
    for (int i = 0; i < rounds; i++) {
        uint64_t time = round_of(parser, files, count, false, &found);
        best = time < best ? time : best;
        time = round_of(parser, files, count, true, &found);
        kept = time < kept ? time : kept;
    }
    printf("{\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"best_seconds\":%.4f,"
           "\"kept_seconds\":%.4f,\"mb_per_second\":%.1f,\"kept_mb_per_second\":%.1f,"
           "\"refs\":%" PRIu64 ",\"symbols\":%" PRIu64 ",\"calls\":%" PRIu64 ",\"imports\":%" PRIu64
           ",\"partial\":%" PRIu64 ",\"facts_bytes\":%" PRIu64 "}\n",
           found.files, found.bytes, (double)best / 1e9, (double)kept / 1e9,
           (double)found.bytes * 1e3 / (double)(best + 1),
           (double)found.bytes * 1e3 / (double)(kept + 1), found.refs, found.symbols, found.calls,
           found.imports, found.partial, found.facts_bytes);
    for (size_t i = 0; i < count; i++)
        close_file(&files[i]);
    free(files);
}

int main(int count, char **arguments)
{
    gsaw__py_parser *parser = gsaw__py_parser_new(NULL);
    if (parser == NULL)
        return 1;
    if (count > 1 && strcmp(arguments[1], "bench") == 0)
        bench(parser, count > 2 ? (int)strtol(arguments[2], NULL, 10) : 5);
    else
        dump(parser);
    gsaw__py_parser_free(parser);
    return 0;
}
