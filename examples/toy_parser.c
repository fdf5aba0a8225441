/* toy_parser.c - a language of one's own: sums such as (+ 1 (* 2 3)) in files that end in .calc.
 *
 * Its parser is registered for the extension; then its trees are read like those of any other
 * language. Neither parsing nor evaluating recurses: sums may be as deep as memory goes.
 *
 *     cc toy_parser.c $(pkg-config --cflags --libs gangsaw) -o toy_parser
 *     ./toy_parser path/to/tree */
#include <gangsaw/code.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the language ---- */

enum { SOURCE, LIST, NUMBER, OPERATOR, OPENING, CLOSING }; /* indices into kinds */
static const gsaw_tree_kind_row kinds[] = {{"source", true},   {"list", true}, {"number", true},
                                           {"operator", true}, {"(", false},   {")", false}};

enum { HEAD = 1 }; /* field 1 is fields[0] */
static const char *const fields[] = {"head"};

/* The status of each step need not be looked at: the first failure is kept. Where the source makes
 * no sense it is wrapped in an error, and the rest is parsed all the same. */
static gsaw_status parse(void *context, gsaw_tree_builder *builder, const char *bytes, size_t size,
                         gsaw_error *error)
{
    (void)context;
    size_t depth = 0;
    gsaw_status status = gsaw_tree_builder_open(builder, SOURCE, 0, 0);
    for (uint32_t at = 0, end; status == GSAW_OK && at < size; at = end) {
        end = at + 1;
        if (isspace((unsigned char)bytes[at]))
            continue;
        if (bytes[at] == '(') {
            gsaw_tree_builder_open(builder, LIST, 0, at);
            status = gsaw_tree_builder_leaf(builder, OPENING, 0, at, end);
            depth++;
        } else if (bytes[at] == ')' && depth > 0) {
            gsaw_tree_builder_leaf(builder, CLOSING, 0, at, end);
            status = gsaw_tree_builder_close(builder, end);
            depth--;
        } else if (strchr("+-*", bytes[at]) != NULL && bytes[at] != 0) {
            status = gsaw_tree_builder_leaf(builder, OPERATOR, HEAD, at, end);
        } else if (isdigit((unsigned char)bytes[at])) {
            while (isdigit((unsigned char)bytes[end])) /* a zero byte stands behind the source */
                end++;
            status = gsaw_tree_builder_leaf(builder, NUMBER, 0, at, end);
        } else {
            status = gsaw_tree_builder_leaf(builder, GSAW_TREE_ERROR, 0, at, end);
        }
    }
    if (depth != 0 && status == GSAW_OK) {
        snprintf(error->text, sizeof error->text, "%zu parentheses are not closed", depth);
        return GSAW_INVALID;
    }
    return gsaw_tree_builder_close(builder, (uint32_t)size);
}

static const char *const extensions[] = {".calc", NULL};
static const gsaw_tree_parser calc = {.size = sizeof calc,
                                      .language = "calc",
                                      .extensions = extensions,
                                      .kinds = kinds,
                                      .kind_count = sizeof kinds / sizeof *kinds,
                                      .fields = fields,
                                      .field_count = 1,
                                      .parse = parse};

/* ---- walking a tree ---- */

static long apply(const gsaw_tree *tree, uint32_t list, const long *values)
{
    const gsaw_tree_node *nodes = gsaw_tree_nodes(tree);
    const char *head = gsaw_tree_text(tree, gsaw_tree_child_by_field(tree, list, HEAD), NULL);
    long value = head != NULL && *head == '*';
    bool is_first = true;
    for (uint32_t child = gsaw_tree_first_child(tree, list); child != GSAW_TREE_NONE;
         child = gsaw_tree_next_sibling(tree, child)) {
        if (nodes[child].kind != LIST && nodes[child].kind != NUMBER)
            continue;
        if (head != NULL && *head == '*')
            value *= values[child];
        else
            value += head != NULL && *head == '-' && !is_first ? -values[child] : values[child];
        is_first = false;
    }
    return value;
}

/* What is inside of a node stands behind it: so, from the last node to the first, the values of the
 * parts are there before the whole is looked at. */
static bool evaluate(const gsaw_tree *tree, long *values)
{
    const gsaw_tree_node *nodes = gsaw_tree_nodes(tree);
    for (uint32_t node = gsaw_tree_node_count(tree); node-- > 0;) {
        if (nodes[node].kind == NUMBER)
            values[node] = strtol(gsaw_tree_text(tree, node, NULL), NULL, 10);
        else if (nodes[node].kind == LIST)
            values[node] = apply(tree, node, values);
    }
    return !gsaw_tree_has_error(tree);
}

/* ---- the program ---- */

/* Called for each file, on some worker; with one worker, as here, files do not print at once. */
static gsaw_status print_sums(void *context, const gsaw_parsed *parsed)
{
    size_t *files = context;
    if (parsed->reason == GSAW_REASON_NO_PARSER || strcmp(parsed->language, "calc") != 0)
        return GSAW_OK;
    ++*files;
    if (parsed->status != GSAW_FILE_OK)
        printf("%s: %s\n", parsed->path, parsed->text);
    if (parsed->tree == NULL)
        return GSAW_OK;
    const gsaw_tree *tree = parsed->tree;
    long *values = calloc(gsaw_tree_node_count(tree), sizeof *values);
    if (values == NULL)
        return GSAW_NO_MEMORY;
    if (evaluate(tree, values))
        for (uint32_t sum = gsaw_tree_first_child(tree, 0); sum != GSAW_TREE_NONE;
             sum = gsaw_tree_next_sibling(tree, sum)) {
            uint32_t line, column;
            size_t size;
            const char *text = gsaw_tree_text(tree, sum, &size);
            gsaw_tree_position(tree, gsaw_tree_nodes(tree)[sum].start, &line, &column);
            printf("%s:%u: %.*s = %ld\n", parsed->path, line, (int)size, text, values[sum]);
        }
    free(values);
    return GSAW_OK;
}

int main(int count, char **arguments)
{
    const char *root = count > 1 ? arguments[1] : ".";
    gsaw_error error = {0};
    gsaw_paths *paths = NULL;
    size_t files = 0;
    gsaw_config config = {.size = sizeof config, .num_workers = 1};
    gsaw_discover_options discovery = {.size = sizeof discovery, .all_files = true};
    gsaw_parse_options options = {.size = sizeof options,
                                  .config = &config,
                                  .root = root,
                                  .parsers = &calc,
                                  .parser_count = 1,
                                  .context = &files};
    gsaw_status status = gsaw_discover_files(root, &discovery, &paths, &error);
    if (status == GSAW_OK)
        status = gsaw_parse_files(gsaw_paths_files(paths), &options, print_sums, &error);
    if (status == GSAW_OK)
        printf("%zu files of sums\n", files);
    else
        fprintf(stderr, "toy_parser: %s\n", error.text);
    gsaw_paths_free(paths);
    return status == GSAW_OK ? 0 : 1;
}
