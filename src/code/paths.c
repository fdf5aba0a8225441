/* paths.c - discovery by itself: gsaw_discover_files, a flat list of what was found.
 * Keeps:   the list owns its texts; the tree that it was made from is gone when the call returns.
 * Threads: the call blocks; the list is read-only.
 * Next:    discover.h, gangsaw/code.h */
#include <gangsaw/code.h>

#include "base/atomic.h"
#include "base/file.h"
#include "base/status.h"
#include "code/discover.h"
#include "lang/lang.h"
#include "task/pool.h"

struct path_row {
    const char *path;
    uint32_t size;
    uint8_t language, status, reason;
};

struct gsaw_paths {
    const gsaw_allocator *allocator;
    gsaw__arena texts;
    GSAW_ARRAY(struct path_row) rows;
    GSAW_ARRAY(const char *) files; /* of the rows that are ok */
};

/* A worker's arena, apart from the next worker's. */
struct arena_place {
    gsaw__arena arena;
    char separation[GSAW_SEPARATION];
};

/* What one call holds; all-zero is valid for clear(). */
struct run {
    const gsaw_allocator *allocator;
    gsaw_pool *own_pool;
    struct arena_place *places;
    gsaw__arena **arenas;
    size_t count;
    gsaw__discovery *discovery;
    gsaw_paths *paths;
};

static void clear(struct run *self)
{
    gsaw__discovery_free(self->discovery);
    gsaw_paths_free(self->paths);
    for (size_t i = 0; self->places != NULL && i < self->count; i++)
        gsaw__arena_clear(&self->places[i].arena);
    gsaw__free(self->allocator, self->places, self->count * sizeof *self->places);
    gsaw__free(self->allocator, self->arenas, self->count * sizeof *self->arenas);
    gsaw_pool_free(self->own_pool);
}

static gsaw_status make_arenas(struct run *self, const gsaw_pool *pool, gsaw_error *error)
{
    self->count = gsaw__pool_room(pool);
    self->places = gsaw__alloc_zero(self->allocator, self->count, sizeof *self->places);
    self->arenas = gsaw__alloc_zero(self->allocator, self->count, sizeof *self->arenas);
    if (self->places == NULL || self->arenas == NULL)
        return gsaw__fail_memory(error);
    for (size_t i = 0; i < self->count; i++) {
        self->arenas[i] = &self->places[i].arena;
        gsaw__arena_init(self->arenas[i], self->allocator);
    }
    return GSAW_OK;
}

static bool add_row(gsaw_paths *self, const gsaw__dir_walk *walk)
{
    const gsaw__dir_entry *entry = walk->entry;
    struct path_row found = {
        .path = gsaw__arena_dup(&self->texts, walk->path.bytes, walk->path.count),
        .size = (uint32_t)walk->path.count,
        .language = entry->language,
        .status = entry->status,
        .reason = entry->reason,
    };
    if (entry->type == GSAW_ENTRY_DIRECTORY) {
        found.language = GSAW_NO_LANGUAGE;
        found.status = GSAW_FILE_FAILED;
        found.reason = ((const gsaw__dir *)entry->data)->reason;
    }
    return found.path != NULL && gsaw__array_push(&self->rows, self->allocator, found) &&
           (found.status != GSAW_FILE_OK ||
            gsaw__array_push(&self->files, self->allocator, found.path));
}

static gsaw_status make_paths(struct run *self, gsaw_error *error)
{
    gsaw_paths *paths = gsaw__alloc_zero(self->allocator, 1, sizeof *paths);
    if (paths == NULL)
        return gsaw__fail_memory(error);
    self->paths = paths;
    paths->allocator = self->allocator;
    gsaw__arena_init(&paths->texts, self->allocator);
    gsaw__dir_walk walk;
    gsaw__dir_walk_init(&walk, &gsaw__discovery_tree(self->discovery)->root, self->allocator);
    bool added = true;
    while (added && gsaw__dir_walk_next(&walk))
        added = add_row(paths, &walk);
    added &= !walk.path.failed;
    gsaw__dir_walk_clear(&walk);
    return added ? GSAW_OK : gsaw__fail_memory(error);
}

static gsaw_status discover(struct run *self, const char *root,
                            const gsaw_discover_options *options, gsaw_error *error)
{
    gsaw_pool *pool = options->pool;
    gsaw_pool_options own = {
        .size = sizeof own, .allocator = self->allocator, .workers = options->workers};
    gsaw_status status = pool != NULL ? GSAW_OK : gsaw_pool_new(&own, &self->own_pool, error);
    if (pool == NULL)
        pool = self->own_pool;
    if (status == GSAW_OK)
        status = make_arenas(self, pool, error);
    if (status != GSAW_OK)
        return status;
    gsaw_group group = {0};
    gsaw__discovery_options inner = {
        .allocator = self->allocator,
        .pool = pool,
        .group = &group,
        .arenas = self->arenas,
        .include = options->include,
        .exclude = options->exclude,
        .no_ignore = options->no_ignore,
        .hidden = options->hidden,
        .follow = options->follow,
        .all_files = options->all_files,
        .cancel = options->cancel,
    };
    status = gsaw__discovery_start(root, &inner, &self->discovery, error);
    if (status != GSAW_OK)
        return status;
    gsaw_pool_wait(pool, &group);
    status = gsaw__discovery_status(self->discovery);
    if (status != GSAW_OK)
        return gsaw__fail(error, status, "%s: %s", root, gsaw_status_text(status));
    int os_errno = gsaw__discovery_tree(self->discovery)->root.os_errno;
    return os_errno != 0 ? gsaw__fail_errno(error, os_errno, "%s", root) : make_paths(self, error);
}

gsaw_status gsaw_discover_files(const char *root, const gsaw_discover_options *options,
                                gsaw_paths **out, gsaw_error *error)
{
    static const gsaw_discover_options defaults = {.size = sizeof defaults};
    if (options == NULL)
        options = &defaults;
    if (options->size != sizeof *options)
        return gsaw__fail(error, GSAW_INVALID, "gsaw_discover_options.size is %zu, not %zu",
                          options->size, sizeof *options);
    struct run run = {.allocator = options->allocator};
    gsaw_status status = discover(&run, root, options, error);
    if (status == GSAW_OK) {
        *out = run.paths;
        run.paths = NULL;
    }
    clear(&run);
    return status;
}

void gsaw_paths_free(gsaw_paths *self)
{
    if (self == NULL)
        return;
    gsaw__array_clear(&self->files, self->allocator);
    gsaw__array_clear(&self->rows, self->allocator);
    gsaw__arena_clear(&self->texts);
    gsaw__free(self->allocator, self, sizeof *self);
}

gsaw_strings gsaw_paths_files(const gsaw_paths *self)
{
    return (gsaw_strings){.items = self->files.items, .count = self->files.count};
}

size_t gsaw_paths_count(const gsaw_paths *self) { return self->rows.count; }

gsaw_status gsaw_paths_at(const gsaw_paths *self, size_t index, gsaw_path *out)
{
    if (index >= self->rows.count)
        return GSAW_RANGE;
    const struct path_row *found = &self->rows.items[index];
    *out = (gsaw_path){
        .path = found->path,
        .path_size = found->size,
        .language =
            found->language == GSAW_NO_LANGUAGE ? "" : gsaw__language_at(found->language)->name,
        .status = (gsaw_file_status)found->status,
        .reason = (gsaw_reason)found->reason,
    };
    return GSAW_OK;
}
