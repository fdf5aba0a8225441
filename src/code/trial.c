/* trial.c - a parser for the caller's thread, outside a run.
 * Threads: the caller's alone.
 * Next:    trial.h, parse.h */
#include "code/trial.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/status.h"
#include "work/config.h"

gsaw_status gsaw__trial_open(gsaw__trial *self, gsaw_codebase *codebase,
                             const gsaw_allocator *allocator, gsaw_error *error)
{
    *self = (gsaw__trial){.codebase = codebase};
    gsaw_status status = gsaw__gate_init(&self->gate, gsaw__config_memory(&codebase->config));
    if (status != GSAW_OK)
        return gsaw__fail(error, status, "memory gate: %s", gsaw_status_text(status));
    self->root = gsaw__directory_open(AT_FDCWD, codebase->root, true);
    if (self->root < 0) {
        gsaw__gate_clear(&self->gate);
        return gsaw__fail_errno(error, -self->root, "%s", codebase->root);
    }
    self->options = (gsaw__parse_options){
        .config = &codebase->config,
        .gate = &self->gate,
        .memory_max = self->gate.budget,
        .cancel = codebase->cancel,
    };
    gsaw__parser_init(&self->parser, &self->options, allocator);
    return GSAW_OK;
}

void gsaw__trial_close(gsaw__trial *self)
{
    gsaw__parser_clear(&self->parser);
    gsaw__gate_clear(&self->gate);
    close(self->root);
}

void gsaw__trial_parse(gsaw__trial *self, const char *path, gsaw__file_record *out)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    gsaw__arena_clear(&self->parser.facts);
    *out = (gsaw__file_record){.language = gsaw__language_of(name, strlen(name))};
    if (out->language == GSAW_NONE)
        return;
    int descriptor =
        gsaw__beneath_open(self->root, path, GSAW_FILE_OPEN_FLAGS, self->codebase->config.follow);
    gsaw__parser_run(&self->parser, descriptor, out);
    if (descriptor >= 0)
        close(descriptor);
}

void gsaw__trial_run(gsaw_codebase *codebase, const char *path)
{
    gsaw__trial trial;
    gsaw__file_record record;
    if (gsaw__trial_open(&trial, codebase, codebase->allocator, NULL) != GSAW_OK)
        return;
    gsaw__trial_parse(&trial, path, &record);
    gsaw__trial_close(&trial);
}
