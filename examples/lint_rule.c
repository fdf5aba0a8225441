/* lint_rule.c - a linter over syntax trees: exceptions caught without a name in Python, loose
 * comparisons in JavaScript and TypeScript. Exits with 1 when it finds something.
 *
 *     cc lint_rule.c $(pkg-config --cflags --libs gangsaw) -o lint_rule
 *     ./lint_rule path/to/tree */
#include <gangsaw/code.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A rule looks at the nodes of one kind, in the languages that have it. */
typedef struct rule {
    const char *kind;
    bool named, is_python;
    bool (*is_broken)(const gsaw_tree *tree, uint32_t node);
    const char *advice;
} rule;

/* `except:`: right behind the word stands the colon. */
static bool is_bare(const gsaw_tree *tree, uint32_t node)
{
    uint32_t second = gsaw_tree_next_sibling(tree, gsaw_tree_first_child(tree, node));
    return second != GSAW_TREE_NONE &&
           gsaw_tree_nodes(tree)[second].kind == gsaw_tree_kind(tree, ":", false);
}

/* `a == b`, but for `a == null`, which says null or undefined. */
static bool is_loose(const gsaw_tree *tree, uint32_t node)
{
    const gsaw_tree_node *nodes = gsaw_tree_nodes(tree);
    uint32_t right =
        gsaw_tree_child_by_field(tree, nodes[node].parent, gsaw_tree_field(tree, "right"));
    return right != GSAW_TREE_NONE && nodes[right].kind != gsaw_tree_kind(tree, "null", true);
}

static const rule rules[] = {
    {"except_clause", true, true, is_bare, "catches everything, a Ctrl-C too: name the exception"},
    {"==", false, false, is_loose, "converts before it compares: use ==="},
    {"!=", false, false, is_loose, "converts before it compares: use !=="},
};

/* What was found in each file, as text, where the file's path is: so no two workers share any. */
typedef struct linter {
    char **findings;
} linter;

static void check_rule(const gsaw_parsed *parsed, const rule *checked, FILE *out)
{
    const gsaw_tree *tree = parsed->tree;
    const gsaw_tree_node *nodes = gsaw_tree_nodes(tree);
    uint32_t kind = gsaw_tree_kind(tree, checked->kind, checked->named);
    for (uint32_t node = 0; node < gsaw_tree_node_count(tree); node++) {
        if (nodes[node].kind != kind || !checked->is_broken(tree, node))
            continue;
        uint32_t line, column;
        gsaw_tree_position(tree, nodes[node].start, &line, &column);
        fprintf(out, "%s:%u:%u: %s\n", parsed->path, line, column, checked->advice);
    }
}

/* Called for each file, on some worker. */
static gsaw_status lint(void *context, const gsaw_parsed *parsed)
{
    linter *self = context;
    size_t size;
    FILE *out = open_memstream(&self->findings[parsed->index], &size);
    if (out == NULL)
        return GSAW_NO_MEMORY;
    if (parsed->status != GSAW_FILE_OK)
        fprintf(out, "%s: %s\n", parsed->path, parsed->text);
    bool is_python = parsed->language != NULL && strcmp(parsed->language, "python") == 0;
    for (size_t i = 0; parsed->tree != NULL && i < sizeof rules / sizeof *rules; i++)
        if (rules[i].is_python == is_python)
            check_rule(parsed, &rules[i], out);
    return fclose(out) == 0 ? GSAW_OK : GSAW_NO_MEMORY;
}

/* Print all findings in the order of the paths; how many lines those were. */
static int report(linter *self, size_t count)
{
    int lines = 0;
    for (size_t i = 0; i < count; i++) {
        const char *text = self->findings[i] != NULL ? self->findings[i] : "";
        for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
            lines++;
        fputs(text, stdout);
        free(self->findings[i]);
    }
    printf("%zu files, %d findings\n", count, lines);
    return lines;
}

int main(int count, char **arguments)
{
    const char *root = count > 1 ? arguments[1] : ".";
    gsaw_error error = {0};
    gsaw_paths *paths = NULL;
    linter self = {NULL};
    gsaw_parse_options options = {.size = sizeof options, .root = root, .context = &self};
    if (gsaw_discover_files(root, NULL, &paths, &error) != GSAW_OK) {
        fprintf(stderr, "lint_rule: %s\n", error.text);
        return 2;
    }
    gsaw_strings files = gsaw_paths_files(paths);
    self.findings = calloc(files.count + 1, sizeof *self.findings);
    gsaw_status status = GSAW_NO_MEMORY;
    if (self.findings != NULL)
        status = gsaw_parse_files(files, &options, lint, &error);
    if (status != GSAW_OK)
        fprintf(stderr, "lint_rule: %s\n", gsaw_status_text(status));
    int found = self.findings != NULL ? report(&self, files.count) : 0;
    free(self.findings);
    gsaw_paths_free(paths);
    return status != GSAW_OK ? 2 : found != 0;
}
