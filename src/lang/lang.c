/* lang.c - the table of languages.
 * Keeps:   an extension stands in one row; rows keep their order (summaries list them so).
 * Threads: any; the table is constant.
 * Next:    lang.h, treesitter.c */
#include "lang/lang.h"

#include <string.h>

#include "lang/treesitter.h"

static const char *const python[] = {".py", ".pyi", NULL};
static const char *const typescript[] = {".ts", ".mts", ".cts", NULL};
static const char *const tsx[] = {".tsx", NULL};
static const char *const javascript[] = {".js", ".mjs", ".cjs", NULL};
static const char *const jsx[] = {".jsx", NULL};

#define TREE_SITTER gsaw__treesitter_extract, gsaw__treesitter_tree

/* .ts is never read with the TSX grammar: there `<T>x` is an element, here a type assertion. */
static const gsaw__language languages[] = {
    {"python", python, TREE_SITTER, &gsaw__grammar_python},
    {"typescript", typescript, TREE_SITTER, &gsaw__grammar_typescript},
    {"tsx", tsx, TREE_SITTER, &gsaw__grammar_tsx},
    {"javascript", javascript, TREE_SITTER, &gsaw__grammar_javascript},
    {"jsx", jsx, TREE_SITTER, &gsaw__grammar_javascript},
};

size_t gsaw__language_count(void) { return sizeof languages / sizeof *languages; }

const gsaw__language *gsaw__language_at(size_t index) { return &languages[index]; }

uint32_t gsaw__language_of(const char *name, size_t size)
{
    const char *dot = size == 0 ? NULL : memrchr(name, '.', size);
    if (dot == NULL || dot == name || dot[-1] == '/') /* ".py" is a hidden file, no extension */
        return GSAW_NONE;
    size_t length = size - (size_t)(dot - name);
    for (uint32_t i = 0; i < sizeof languages / sizeof *languages; i++)
        for (const char *const *extension = languages[i].extensions; *extension != NULL;
             extension++)
            if (strlen(*extension) == length && memcmp(*extension, dot, length) == 0)
                return i;
    return GSAW_NONE;
}
