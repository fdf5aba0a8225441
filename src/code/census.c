/* census.c - discover, stat, sort into strata, draw.
 * Keeps:   see the header.
 * Threads: the caller's.
 * Next:    census.h, paths.c */
#include "code/census.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/status.h"

#define STATS_UNASKED 256 /* sizes that are asked for between two looks at cancel */

static gsaw_status discover(gsaw__census *self, const gsaw_codebase *codebase, gsaw_error *error)
{
    const gsaw_config *config = &codebase->config;
    gsaw_discover_options options = {
        .size = sizeof options,
        .allocator = codebase->allocator,
        .workers = config->num_workers,
        .include = config->include,
        .exclude = config->exclude,
        .no_ignore = config->no_ignore,
        .hidden = config->hidden,
        .follow = config->follow,
        .cancel = codebase->cancel,
    };
    return gsaw_discover_files(codebase->root, &options, &self->paths, error);
}

static gsaw_status add_file(gsaw__census *self, const gsaw_codebase *codebase, int root,
                            const gsaw_path *path)
{
    struct stat found;
    int flags = codebase->config.follow ? 0 : AT_SYMLINK_NOFOLLOW;
    uint32_t language = gsaw__language_of(path->path, path->path_size);
    if (path->status != GSAW_FILE_OK || language == GSAW_NONE ||
        fstatat(root, path->path, &found, flags) != 0 || !S_ISREG(found.st_mode) ||
        (uint64_t)found.st_size > codebase->config.max_file_size)
        return GSAW_OK;
    gsaw__census_file file = {
        .path = path->path,
        .path_size = (uint32_t)path->path_size,
        .bytes = (uint64_t)found.st_size,
        .language = (uint8_t)language,
    };
    return gsaw__array_push(&self->files, self->allocator, file) ? GSAW_OK : GSAW_NO_MEMORY;
}

static gsaw_status add_files(gsaw__census *self, const gsaw_codebase *codebase, int root)
{
    gsaw_path path;
    gsaw_status status = GSAW_OK;
    for (size_t i = 0; status == GSAW_OK && gsaw_paths_at(self->paths, i, &path) == GSAW_OK; i++) {
        /* relaxed: polled */
        if (i % STATS_UNASKED == 0 && gsaw__load_relaxed(codebase->cancel) != 0)
            return GSAW_CANCELLED;
        status = add_file(self, codebase, root, &path);
    }
    return status;
}

gsaw_status gsaw__census_take(gsaw__census *self, const gsaw_codebase *codebase, uint64_t seed,
                              gsaw_error *error)
{
    self->allocator = codebase->allocator;
    gsaw_status status = discover(self, codebase, error);
    if (status != GSAW_OK)
        return status;
    int root = gsaw__directory_open(AT_FDCWD, codebase->root, true);
    if (root < 0)
        return gsaw__fail_errno(error, -root, "%s", codebase->root);
    status = add_files(self, codebase, root);
    close(root);
    if (status == GSAW_OK && !gsaw__census_sort(self, seed))
        status = GSAW_NO_MEMORY;
    return status == GSAW_OK
               ? GSAW_OK
               : gsaw__fail(error, status, "%s: %s", codebase->root, gsaw_status_text(status));
}

void gsaw__census_clear(gsaw__census *self)
{
    gsaw__array_clear(&self->strata, self->allocator);
    gsaw__array_clear(&self->files, self->allocator);
    gsaw_paths_free(self->paths);
    *self = (gsaw__census){.allocator = NULL};
}

/* The class of [2^c, 2^(c+1)); an empty file is in that of one byte. */
static uint8_t class_of(uint64_t bytes)
{
    uint8_t class = 0;
    while (bytes >>= 1)
        class ++;
    return class;
}

static int compare(uint64_t a, uint64_t b) { return a < b ? -1 : a > b; }

static int by_stratum(const void *left, const void *right)
{
    const gsaw__census_file *a = left, *b = right;
    int order = compare(a->language, b->language);
    if (order == 0)
        order = compare(a->size_class, b->size_class);
    if (order == 0)
        order = compare(a->order, b->order);
    return order != 0 ? order : strcmp(a->path, b->path);
}

static bool is_in(const gsaw__stratum *stratum, const gsaw__census_file *file)
{
    return stratum->language == file->language && stratum->size_class == file->size_class;
}

bool gsaw__census_sort(gsaw__census *self, uint64_t seed)
{
    for (size_t i = 0; i < self->files.count; i++) {
        gsaw__census_file *file = &self->files.items[i];
        uint64_t key[2] = {seed, gsaw__hash_bytes(file->path, file->path_size)};
        file->size_class = class_of(file->bytes);
        file->order = gsaw__hash_bytes(key, sizeof key);
    }
    if (self->files.count != 0)
        qsort(self->files.items, self->files.count, sizeof *self->files.items, by_stratum);
    self->strata.count = 0;
    self->bytes = self->largest = 0;
    for (size_t i = 0; i < self->files.count; i++) {
        const gsaw__census_file *file = &self->files.items[i];
        size_t count = self->strata.count;
        if (count == 0 || !is_in(&self->strata.items[count - 1], file)) {
            gsaw__stratum fresh = {
                .first = i, .language = file->language, .size_class = file->size_class};
            if (!gsaw__array_push(&self->strata, self->allocator, fresh))
                return false;
        }
        gsaw__stratum *stratum = &self->strata.items[self->strata.count - 1];
        stratum->count++;
        stratum->bytes += file->bytes;
        self->bytes += file->bytes;
        self->largest = file->bytes > self->largest ? file->bytes : self->largest;
    }
    return true;
}

/* Of `count` files the part wanted / eligible, rounded, at least one. */
static size_t part_of(size_t count, uint64_t wanted, uint64_t eligible)
{
    if (wanted >= eligible)
        return count;
    size_t part = (size_t)((double)count * ((double)wanted / (double)eligible) + 0.5);
    return part == 0 ? 1 : part;
}

gsaw__draw gsaw__census_draw(gsaw__census *self, uint64_t bytes, uint64_t cap)
{
    gsaw__draw draw = {0, 0};
    gsaw__stratum *smallest = NULL;
    uint8_t cap_class = class_of(cap);
    uint64_t eligible = 0;
    for (size_t i = 0; i < self->strata.count; i++) {
        gsaw__stratum *stratum = &self->strata.items[i];
        stratum->drawn = 0;
        if (smallest == NULL || stratum->size_class < smallest->size_class)
            smallest = stratum;
        if (stratum->size_class < cap_class)
            eligible += stratum->bytes;
    }
    bool only_giants = smallest != NULL && smallest->size_class >= cap_class;
    for (size_t i = 0; i < self->strata.count; i++) {
        gsaw__stratum *stratum = &self->strata.items[i];
        if (stratum->size_class < cap_class)
            stratum->drawn = part_of(stratum->count, bytes, eligible);
        else if (only_giants && stratum == smallest)
            stratum->drawn = 1;
        draw.files += stratum->drawn;
        for (size_t k = 0; k < stratum->drawn; k++)
            draw.bytes += self->files.items[stratum->first + k].bytes;
    }
    return draw;
}

/* A path and the folders above it, up to one that is in already. */
static bool select_path(gsaw__map *only, const char *path, size_t size)
{
    for (bool is_new = true; is_new && size != 0;) {
        if (gsaw__map_insert(only, path, size, 0, &is_new) == NULL)
            return false;
        const char *slash = memrchr(path, '/', size);
        size = slash == NULL ? 0 : (size_t)(slash - path);
    }
    return true;
}

bool gsaw__census_select(const gsaw__census *self, gsaw__map *only)
{
    for (size_t i = 0; i < self->strata.count; i++) {
        const gsaw__stratum *stratum = &self->strata.items[i];
        for (size_t k = 0; k < stratum->drawn; k++) {
            const gsaw__census_file *file = &self->files.items[stratum->first + k];
            if (!select_path(only, file->path, file->path_size))
                return false;
        }
    }
    return true;
}
