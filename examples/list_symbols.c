/* list_symbols.c - every symbol of a folder, by libgangsaw: a program to start from.
 *
 *     cc list_symbols.c $(pkg-config --cflags --libs gangsaw) -o list_symbols
 *     ./list_symbols path/to/tree */
#include <gangsaw/code.h>

#include <stdio.h>

static gsaw_status list_file(const gsaw_codebase *code, size_t index)
{
    gsaw_file file;
    gsaw_status status = gsaw_codebase_file_at(code, index, &file);
    if (status != GSAW_OK)
        return status;
    if (file.status != GSAW_FILE_OK)
        fprintf(stderr, "%s: %s %s\n", file.path, gsaw_reason_name(file.reason), file.detail);

    gsaw_symbol_cursor cursor = {.codebase = NULL};
    gsaw_symbol symbol;
    gsaw_symbol_cursor_init(&cursor, code, index);
    while ((status = gsaw_symbol_cursor_next(&cursor, &symbol)) == GSAW_OK)
        printf("%s:%u:%u: %s %s\n", file.path, symbol.line, symbol.column,
               gsaw_symbol_kind_name(symbol.kind), symbol.qualified);
    gsaw_symbol_cursor_clear(&cursor);
    return status == GSAW_NOT_FOUND ? GSAW_OK : status;
}

int main(int count, char **arguments)
{
    gsaw_codebase *code = NULL;
    gsaw_error error = {0};
    gsaw_status status = gsaw_codebase_open(count > 1 ? arguments[1] : ".", NULL, &code, &error);
    if (status == GSAW_OK)
        status = gsaw_codebase_index(code, &error);
    if (status != GSAW_OK) {
        fprintf(stderr, "list_symbols: %s\n", error.text);
        gsaw_codebase_close(code);
        return 1;
    }
    for (size_t i = 0; status == GSAW_OK && i < gsaw_codebase_file_count(code); i++)
        status = list_file(code, i);
    if (status != GSAW_OK)
        fprintf(stderr, "list_symbols: %s\n", gsaw_status_text(status));
    gsaw_codebase_close(code);
    return status == GSAW_OK ? 0 : 1;
}
