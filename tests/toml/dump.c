/* dump.c - reads TOML documents from stdin and prints each as a line of JSON, for test_toml.py.
 * Keeps:   a document is its size in decimal, a newline and its bytes; a line is ["error", TEXT]
 *          or the root: [KIND, VALUE], a table's value being [[KEY, [KIND, VALUE]], ...]. What is
 *          read lies in a block of its own, so that a sanitizer sees the first byte beyond.
 * Next:    ../cli/test_toml.py, base/toml.h */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/toml.h"

static const char *const kinds[] = {"null", "truth", "integer", "float",
                                    "time", "text",  "list",    "table"};

static void print(const gsaw__value *value, gsaw__buffer *out);

/* NOLINTNEXTLINE(misc-no-recursion): the documents of the test are not deep */
static void print_children(const gsaw__value *value, gsaw__buffer *out)
{
    gsaw__buffer_append_byte(out, '[');
    for (const gsaw__value *item = value->first; item != NULL; item = item->next) {
        if (item != value->first)
            gsaw__buffer_append_byte(out, ',');
        if (value->kind == GSAW_VALUE_TABLE) {
            gsaw__buffer_append_byte(out, '[');
            gsaw__json_string(out, item->key, item->key_size);
            gsaw__buffer_append_byte(out, ',');
        }
        print(item, out);
        if (value->kind == GSAW_VALUE_TABLE)
            gsaw__buffer_append_byte(out, ']');
    }
    gsaw__buffer_append_byte(out, ']');
}

/* NOLINTNEXTLINE(misc-no-recursion): as above */
static void print(const gsaw__value *value, gsaw__buffer *out)
{
    gsaw__buffer_printf(out, "[\"%s\",", kinds[value->kind]);
    if (value->kind >= GSAW_VALUE_LIST)
        print_children(value, out);
    else if (value->kind == GSAW_VALUE_TRUTH)
        gsaw__buffer_append_text(out, value->truth ? "true" : "false");
    else if (value->kind == GSAW_VALUE_INTEGER)
        gsaw__buffer_printf(out, "%" PRId64, value->integer);
    else
        gsaw__json_string(out, value->text, value->size);
    gsaw__buffer_append_byte(out, ']');
}

static void dump(const char *bytes, size_t size)
{
    gsaw__arena arena = {0};
    gsaw__buffer out = {0};
    gsaw_error error = {0};
    const gsaw__value *root;
    if (gsaw__toml_read(bytes, size, &arena, &root, &error) == GSAW_OK) {
        print(root, &out);
    } else {
        gsaw__buffer_append_text(&out, "[\"error\",");
        gsaw__json_string(&out, error.text, strlen(error.text));
        gsaw__buffer_append_byte(&out, ']');
    }
    puts(gsaw__buffer_text(&out));
    gsaw__buffer_clear(&out);
    gsaw__arena_clear(&arena);
}

int main(void)
{
    char line[32], *end;
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t size = strtoul(line, &end, 10);
        char *bytes = malloc(size == 0 ? 1 : size);
        if (bytes == NULL || end == line || fread(bytes, 1, size, stdin) != size)
            return EXIT_FAILURE;
        dump(bytes, size);
        free(bytes);
    }
    return EXIT_SUCCESS;
}
