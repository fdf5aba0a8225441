/* trial.c - a parser for one file, outside a run.
 * Threads: the caller's alone.
 * Next:    trial.h, parse.h */
#include "code/trial.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "code/codebase.h"
#include "work/config.h"

static void parse(gsaw_codebase *codebase, int descriptor, const char *path, gsaw__gate *gate)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    gsaw__file_record record = {.language = gsaw__language_of(name, strlen(name))};
    if (record.language == GSAW_NONE)
        return;
    gsaw__parse_options options = {
        .config = &codebase->config,
        .gate = gate,
        .memory_max = gate->budget,
        .cancel = &codebase->cancel,
    };
    gsaw__parser parser;
    gsaw__parser_init(&parser, &options, codebase->allocator);
    gsaw__parser_run(&parser, descriptor, &record);
    gsaw__parser_clear(&parser);
}

void gsaw__trial_run(gsaw_codebase *codebase, const char *path)
{
    gsaw__gate gate;
    int root = gsaw__directory_open(AT_FDCWD, codebase->root, true);
    if (root < 0)
        return;
    int descriptor = gsaw__beneath_open(root, path, GSAW_FILE_OPEN_FLAGS, codebase->config.follow);
    if (gsaw__gate_init(&gate, gsaw__config_memory(&codebase->config)) == GSAW_OK) {
        parse(codebase, descriptor, path, &gate);
        gsaw__gate_clear(&gate);
    }
    if (descriptor >= 0)
        close(descriptor);
    close(root);
}
