/* count_lines.c - the lines of all sources in a folder, counted in parallel.
 *
 *     cc count_lines.c $(pkg-config --cflags --libs gangsaw) -o count_lines
 *     ./count_lines path/to/tree */
#include <gangsaw/code.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Called for each file, on some worker, with what is in it; leaves its result where its path is. */
static gsaw_status count_lines(void *context, const gsaw_file_input *input, void **result,
                               gsaw_error *error)
{
    (void)context, (void)error;
    uintptr_t lines = 0;
    const char *at = input->bytes, *end = at + input->size;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        at++;
        lines++;
    }
    *result = (void *)lines; /* a number fits; what is allocated needs options.destroy */
    return GSAW_OK;
}

static void report(gsaw_strings files, const gsaw_results *results)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < files.count; i++) { /* in the order of the paths, whoever was first */
        const gsaw_file_result *result = gsaw_results_at(results, i);
        if (result->status != GSAW_OK)
            fprintf(stderr, "%s\n", result->text);
        lines += (uintptr_t)result->result;
    }
    printf("%" PRIu64 " lines in %zu files\n", lines, files.count - gsaw_results_failed(results));
}

int main(int count, char **arguments)
{
    const char *root = count > 1 ? arguments[1] : ".";
    gsaw_error error = {0};
    gsaw_paths *paths = NULL;
    gsaw_results *results = NULL;
    gsaw_process_options options = {.size = sizeof options, .root = root};
    gsaw_status status = gsaw_discover_files(root, NULL, &paths, &error);
    if (status == GSAW_OK)
        status =
            gsaw_process_files(gsaw_paths_files(paths), &options, count_lines, &results, &error);
    if (status == GSAW_OK)
        report(gsaw_paths_files(paths), results);
    else
        fprintf(stderr, "count_lines: %s\n", error.text);
    gsaw_results_free(results);
    gsaw_paths_free(paths);
    return status == GSAW_OK ? 0 : 1;
}
