/* floor.c - the floor that an indexer on tree-sitter stands on: parsing alone, one thread, malloc.
 * Reads paths from standard input, one a line, parses each with the grammar of its extension (one
 * parser per grammar, reused), drops the tree, and prints one JSON object:
 * {"files","bytes","seconds","wall_seconds"}, seconds being the sum over the parse calls alone.
 * Nothing of gangsaw's is in it but the grammars.
 * Next:    lang.c, README.md */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tree_sitter/api.h>

/* What third_party/allocator.h names: here plainly malloc. */
void *gsaw__parse_malloc(size_t size);
void *gsaw__parse_calloc(size_t count, size_t size);
void *gsaw__parse_realloc(void *pointer, size_t size);
void gsaw__parse_free(void *pointer);

void *gsaw__parse_malloc(size_t size) { return malloc(size); }

void *gsaw__parse_calloc(size_t count, size_t size) { return calloc(count, size); }

void *gsaw__parse_realloc(void *pointer, size_t size) { return realloc(pointer, size); }

void gsaw__parse_free(void *pointer) { free(pointer); }

const TSLanguage *tree_sitter_python(void);
const TSLanguage *tree_sitter_typescript(void);
const TSLanguage *tree_sitter_tsx(void);
const TSLanguage *tree_sitter_javascript(void);

typedef struct grammar_row {
    const char *extension;
    const TSLanguage *(*language)(void);
} grammar_row;

static const grammar_row rows[] = {
    {".py", tree_sitter_python},      {".pyi", tree_sitter_python},
    {".ts", tree_sitter_typescript},  {".mts", tree_sitter_typescript},
    {".cts", tree_sitter_typescript}, {".tsx", tree_sitter_tsx},
    {".js", tree_sitter_javascript},  {".mjs", tree_sitter_javascript},
    {".cjs", tree_sitter_javascript}, {".jsx", tree_sitter_javascript}};

typedef struct source_file {
    char *bytes;
    size_t count, capacity;
} source_file;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The whole file; 0 when it cannot be read. */
static int read_source(const char *path, source_file *out)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    out->count = 0;
    for (;;) {
        if (out->capacity - out->count < 65536) {
            size_t capacity = out->capacity == 0 ? 1 << 20 : out->capacity * 2;
            char *bytes = realloc(out->bytes, capacity);
            if (bytes == NULL)
                abort();
            out->bytes = bytes;
            out->capacity = capacity;
        }
        size_t got = fread(out->bytes + out->count, 1, out->capacity - out->count, file);
        if (got == 0)
            break;
        out->count += got;
    }
    fclose(file);
    return 1;
}

static const TSLanguage *language_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].extension, dot) == 0)
            return rows[i].language();
    return NULL;
}

/* The parser of a language, made at its first file. */
static TSParser *parser_of(const TSLanguage *language)
{
    static struct {
        const TSLanguage *language;
        TSParser *parser;
    } parsers[4];
    size_t i = 0;
    while (parsers[i].language != NULL && parsers[i].language != language)
        i++;
    if (parsers[i].language == NULL) {
        parsers[i].language = language;
        parsers[i].parser = ts_parser_new();
        ts_parser_set_language(parsers[i].parser, language);
    }
    return parsers[i].parser;
}

int main(void)
{
    char *path = NULL;
    size_t capacity = 0, files = 0, bytes = 0;
    ssize_t size;
    double seconds = 0, begun = now();
    source_file source = {0};
    while ((size = getline(&path, &capacity, stdin)) > 0) {
        if (path[size - 1] == '\n')
            path[size - 1] = 0;
        const TSLanguage *language = language_of(path);
        if (language == NULL || !read_source(path, &source))
            continue;
        TSParser *parser = parser_of(language);
        double start = now();
        TSTree *tree = ts_parser_parse_string(parser, NULL, source.bytes, (uint32_t)source.count);
        ts_tree_delete(tree);
        seconds += now() - start;
        files++;
        bytes += source.count;
    }
    printf("{\"files\":%zu,\"bytes\":%zu,\"seconds\":%.3f,\"wall_seconds\":%.3f}\n", files, bytes,
           seconds, now() - begun);
    free(path);
    free(source.bytes);
    return 0;
}
