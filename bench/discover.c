/* discover.c - how long it takes to find the sources of a tree: prints their number. For hyperfine:
 *     hyperfine -N 'bench_discover DIR 2' 'rg --files -j 2 -tpy -tjs -tts DIR'
 * Next:    src/code/paths.c */
#include <stdio.h>
#include <stdlib.h>

#include <gangsaw/code.h>

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s DIR [WORKERS]\n", argv[0]);
        return 2;
    }
    gsaw_error error = {0};
    gsaw_paths *paths;
    gsaw_discover_options options = {
        .size = sizeof options,
        .workers = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0,
    };
    if (gsaw_discover_files(argv[1], &options, &paths, &error) != GSAW_OK) {
        fprintf(stderr, "%s: %s\n", argv[0], error.text);
        return 3;
    }
    printf("%zu\n", gsaw_paths_count(paths));
    gsaw_paths_free(paths);
    return 0;
}
