/* parse_files.c - parse_files_parallel: each path read, its parser chosen, the tree lent.
 * Keeps:   the function is told of each path once; while it has the tree, the memory that was taken
 *          for it at the gate is held; a parse that needed more is tried once again with all that
 *          one may have.
 * Threads: as gangsaw/process.h.
 * Next:    each_path.h, source.h, lang/tree.h */
#include <gangsaw/process.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/status.h"
#include "code/each_path.h"

struct run {
    gsaw__each_path each; /* first: what visits get */
    gsaw_parsed_function *function;
    void *context;
    const gsaw_tree_parser *parsers;
    size_t parser_count;
    gsaw__mutex lock; /* of the first failure */
    gsaw_error failure;
};

/* Who parses a path: a user's parser, or else a built-in language. */
struct choice {
    const gsaw_tree_parser *parser;
    const gsaw__language *language;
    const gsaw__buffer *source; /* what there is to parse; set when it was read */
};

/* ---- choosing ---- */

/* Whether the name of the file ends so, with something in front. */
static bool ends_with(const char *path, size_t size, const char *extension)
{
    size_t length = strlen(extension);
    return size > length && memcmp(path + size - length, extension, length) == 0 &&
           path[size - length - 1] != '/';
}

static struct choice choose(const struct run *run, const char *path)
{
    struct choice choice = {NULL, NULL, NULL};
    size_t size = strlen(path), longest = 0;
    for (size_t i = 0; i < run->parser_count; i++)
        for (const char *const *at = run->parsers[i].extensions; *at != NULL; at++)
            if (strlen(*at) > longest && ends_with(path, size, *at)) {
                choice.parser = &run->parsers[i];
                longest = strlen(*at);
            }
    uint32_t language = choice.parser == NULL ? gsaw__language_of(path, size) : GSAW_NONE;
    if (language != GSAW_NONE)
        choice.language = gsaw__language_at(language);
    return choice;
}

/* No extension stands in two of the users' parsers. */
static gsaw_status check_extensions(const struct run *run, size_t index, gsaw_error *error)
{
    const gsaw_tree_parser *parser = &run->parsers[index];
    for (const char *const *own = parser->extensions; *own != NULL; own++)
        for (size_t i = 0; i < index; i++)
            for (const char *const *at = run->parsers[i].extensions; *at != NULL; at++)
                if (strcmp(*own, *at) == 0)
                    return gsaw__fail(error, GSAW_EXISTS, "%s is of %s and of %s", *own,
                                      run->parsers[i].language, parser->language);
    return GSAW_OK;
}

static gsaw_status check_parsers(const struct run *run, gsaw_error *error)
{
    gsaw_status status = GSAW_OK;
    for (size_t i = 0; status == GSAW_OK && i < run->parser_count; i++) {
        status = gsaw__tree_parser_check(&run->parsers[i], error);
        if (status == GSAW_OK)
            status = check_extensions(run, i, error);
    }
    return status;
}

/* ---- telling ---- */

static void keep_failure(struct run *run, const gsaw_parsed *parsed, gsaw_status status)
{
    gsaw__mutex_lock(&run->lock);
    if (run->failure.status == GSAW_OK)
        gsaw__fail(&run->failure, status, "%s: %s", parsed->path == NULL ? "NULL" : parsed->path,
                   gsaw_status_text(status));
    gsaw__mutex_unlock(&run->lock);
    gsaw__each_path_stop(&run->each);
}

static void tell(struct run *run, gsaw__path_lane *lane, gsaw_parsed *parsed)
{
    parsed->lane = lane->number;
    if (parsed->text == NULL)
        parsed->text = gsaw__buffer_text(&lane->text);
    gsaw_status status = run->function(run->context, parsed);
    if (status != GSAW_OK)
        keep_failure(run, parsed, status);
}

static void tell_problem(struct run *run, gsaw__path_lane *lane, gsaw_parsed *parsed,
                         const gsaw__problem *problem)
{
    char text[96];
    parsed->status = problem->status;
    parsed->reason = problem->reason;
    parsed->os_errno = problem->os_errno;
    parsed->text = problem->os_errno != 0 ? strerror_r(problem->os_errno, text, sizeof text)
                                          : gsaw_reason_name(problem->reason);
    tell(run, lane, parsed);
}

/* The outcome of a parse, of which the builder knows. */
static void tell_tree(struct run *run, gsaw__path_lane *lane, gsaw_parsed *parsed)
{
    const gsaw_tree_builder *builder = &lane->builder;
    const char *text = gsaw_reason_name((gsaw_reason)builder->reason);
    parsed->status = (gsaw_file_status)builder->status;
    parsed->reason = (gsaw_reason)builder->reason;
    parsed->line = builder->reason_line;
    gsaw__buffer_reset(&lane->text);
    if (builder->error.text[0] != 0)
        gsaw__buffer_append_text(&lane->text, builder->error.text);
    else if (parsed->line != 0)
        gsaw__buffer_printf(&lane->text, "%s: line %u", text, parsed->line);
    parsed->text = builder->error.text[0] == 0 && parsed->line == 0 ? text : NULL;
    tell(run, lane, parsed);
}

/* ---- parsing ---- */

/* One attempt with `memory` bytes, which were taken at the gate. */
static void parse(struct run *run, gsaw__path_lane *lane, const struct choice *choice,
                  gsaw_parsed *parsed, uint64_t memory)
{
    const gsaw__source source = {choice->source->bytes, choice->source->count};
    const gsaw__limits limits =
        gsaw__source_limits(&run->each.config, source.count, memory, run->each.cancel);
    if (choice->parser != NULL)
        parsed->tree =
            gsaw__tree_parse(choice->parser, &lane->builder, source.bytes, source.count, &limits);
    else
        parsed->tree =
            choice->language->tree(choice->language, lane->state, source, &limits, &lane->builder);
}

/* Parse with what was taken at the gate and, if that does not do, once more with the most. */
static void parse_source(struct run *run, gsaw__path_lane *lane, struct choice choice,
                         gsaw_parsed *parsed, uint64_t *memory)
{
    gsaw__each_path *each = &run->each;
    gsaw__problem problem = {GSAW_FILE_FAILED, GSAW_REASON_MEMORY, 0};
    if (choice.parser == NULL && lane->state == NULL)
        lane->state = gsaw__lang_state_new(each->config.allocator);
    if (choice.parser != NULL || lane->state != NULL)
        choice.source = gsaw__source_decode(&lane->source, &lane->converted, &problem);
    if (choice.source == NULL) {
        tell_problem(run, lane, parsed, &problem);
        return;
    }
    parse(run, lane, &choice, parsed, *memory);
    if (parsed->tree == NULL && lane->builder.reason == GSAW_REASON_MEMORY &&
        *memory < each->memory_max) {
        gsaw__gate_leave(&each->gate, *memory, 0);
        *memory = each->memory_max;
        gsaw__gate_enter(&each->gate, *memory);
        parse(run, lane, &choice, parsed, *memory);
    }
    tell_tree(run, lane, parsed);
}

static void read_and_parse(struct run *run, gsaw__path_lane *lane, struct choice choice,
                           gsaw_parsed *parsed)
{
    gsaw__each_path *each = &run->each;
    gsaw__problem problem;
    uint64_t size, bytes;
    int descriptor = gsaw__each_path_file(each, parsed->index, &size);
    uint64_t memory = gsaw__source_memory(size <= each->config.max_file_size ? size : 0);
    if (memory > each->memory_max)
        memory = each->memory_max;
    gsaw__gate_enter(&each->gate, memory);
    bool is_read =
        gsaw__source_read(descriptor, each->config.max_file_size, &lane->source, &bytes, &problem);
    if (descriptor >= 0)
        close(descriptor);
    if (is_read)
        parse_source(run, lane, choice, parsed, &memory);
    else
        tell_problem(run, lane, parsed, &problem);
    gsaw__gate_leave(&each->gate, memory, 0);
}

static void visit(gsaw__each_path *each, gsaw__path_lane *lane, size_t index, bool is_cancelled)
{
    struct run *run = (struct run *)(void *)each;
    gsaw_parsed parsed = {.index = index, .path = each->paths.items[index]};
    struct choice choice = {NULL, NULL, NULL};
    if (parsed.path != NULL) {
        choice = choose(run, parsed.path);
        if (choice.parser != NULL)
            parsed.language = choice.parser->language;
        else if (choice.language != NULL)
            parsed.language = choice.language->name;
    }
    if (is_cancelled)
        tell_problem(run, lane, &parsed,
                     &(gsaw__problem){GSAW_FILE_FAILED, GSAW_REASON_CANCELLED, 0});
    else if (parsed.path == NULL)
        tell_problem(run, lane, &parsed,
                     &(gsaw__problem){GSAW_FILE_FAILED, GSAW_REASON_IO, EFAULT});
    else if (parsed.language == NULL)
        tell_problem(run, lane, &parsed,
                     &(gsaw__problem){GSAW_FILE_SKIPPED, GSAW_REASON_NO_PARSER, 0});
    else
        read_and_parse(run, lane, choice, &parsed);
}

/* ---- the call ---- */

static gsaw_status run_all(struct run *run, gsaw_error *error)
{
    gsaw_status status = check_parsers(run, error);
    if (status == GSAW_OK)
        status = gsaw__each_path_open(&run->each, error);
    if (status == GSAW_OK)
        status = gsaw__each_path_run(&run->each, error);
    gsaw__each_path_clear(&run->each);
    return status;
}

gsaw_status gsaw_parse_files(gsaw_strings paths, const gsaw_parse_options *options,
                             gsaw_parsed_function *function, gsaw_error *error)
{
    static const gsaw_parse_options defaults = {.size = sizeof defaults};
    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof *options)
        return gsaw__fail(error, GSAW_INVALID, "gsaw_parse_options.size is %zu, not %zu",
                          options->size, sizeof *options);
    if (function == NULL || (paths.items == NULL && paths.count != 0))
        return gsaw__fail(error, GSAW_INVALID, "no %s", function == NULL ? "function" : "paths");
    struct run run = {
        .each = {.paths = paths,
                 .given = options->config,
                 .pool = options->pool,
                 .root = options->root,
                 .cancel = options->cancel,
                 .on_progress = options->progress,
                 .progress_context = options->progress_context,
                 .visit = visit},
        .function = function,
        .context = options->context,
        .parsers = options->parsers,
        .parser_count = options->parsers == NULL ? 0 : options->parser_count,
    };
    gsaw_status status = gsaw__mutex_init(&run.lock, "parse failure", GSAW_RANK_LEAF);
    if (status != GSAW_OK)
        return gsaw__fail(error, status, "%s", gsaw_status_text(status));
    status = run_all(&run, error);
    gsaw__mutex_clear(&run.lock);
    if (run.failure.status == GSAW_OK)
        return status;
    return gsaw__fail(error, run.failure.status, "%s", run.failure.text);
}
