/* lookup.c - files by path, symbols by id and by name.
 * Keeps:   the table of names is made at the first question after a run, by one thread; it is
 *          sorted by (hash of the name, file, index), so namesakes stand in the export's order.
 * Threads: any number, between two runs. [N1] publishes the table.
 * Next:    codebase.h, gangsaw/code.h */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/atomic.h"
#include "base/check.h"
#include "base/hash.h"
#include "code/codebase.h"

struct named {
    uint32_t hash, file, symbol;
};

struct gsaw__names {
    size_t count;
    struct named items[];
};

static int compare_path(const gsaw__file_record *record, const char *path, size_t size)
{
    size_t both = record->path_size < size ? record->path_size : size;
    int order = memcmp(record->path, path, both);
    if (order != 0)
        return order;
    return record->path_size < size ? -1 : record->path_size > size;
}

static gsaw_status find_file(const gsaw_codebase *self, const char *path, size_t size, size_t *out)
{
    size_t first = 0, end = self->files.count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        int order = compare_path(self->files.items[middle], path, size);
        if (order == 0) {
            *out = middle;
            return GSAW_OK;
        }
        if (order < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return GSAW_NOT_FOUND;
}

gsaw_status gsaw_codebase_find_file(const gsaw_codebase *self, const char *path, size_t *out)
{
    return find_file(self, path, strlen(path), out);
}

/* The symbol of the file whose id is this text. */
static gsaw_status find_in_file(const gsaw_codebase *self, size_t file, const char *id, size_t *out)
{
    const gsaw__file_record *record = self->files.items[file];
    gsaw_status status = GSAW_NOT_FOUND;
    gsaw__buffer text;
    gsaw__buffer_init(&text, self->allocator);
    uint32_t count = record->facts == NULL ? 0 : record->facts->symbol_count;
    for (uint32_t i = 0; i < count && status == GSAW_NOT_FOUND; i++) {
        gsaw__buffer_reset(&text);
        gsaw__symbol_id(record, i, &text);
        if (text.failed) {
            status = GSAW_NO_MEMORY;
        } else if (strcmp(gsaw__buffer_text(&text), id) == 0) {
            *out = i;
            status = GSAW_OK;
        }
    }
    gsaw__buffer_clear(&text);
    return status;
}

gsaw_status gsaw_codebase_find_symbol(const gsaw_codebase *self, const char *id, size_t *file,
                                      size_t *symbol)
{
    /* A path may hold a '#' of its own. */
    for (const char *at = strchr(id, '#'); at != NULL; at = strchr(at + 1, '#')) {
        if (find_file(self, id, (size_t)(at - id), file) != GSAW_OK)
            continue;
        gsaw_status status = find_in_file(self, *file, id, symbol);
        if (status != GSAW_NOT_FOUND)
            return status;
    }
    return GSAW_NOT_FOUND;
}

/* ---- by name ---- */

static int by_hash(const void *left, const void *right)
{
    const struct named *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return a->symbol < b->symbol ? -1 : a->symbol > b->symbol;
}

static uint32_t hash_of(const char *name, size_t size)
{
    return (uint32_t)gsaw__hash_bytes(name, size);
}

static size_t names_size(size_t count)
{
    return sizeof(struct gsaw__names) + count * sizeof(struct named);
}

static struct gsaw__names *make_names(const gsaw_codebase *self)
{
    size_t count = (size_t)self->summary.symbols;
    struct gsaw__names *names = gsaw__alloc(self->allocator, names_size(count));
    if (names == NULL)
        return NULL;
    names->count = 0;
    for (size_t file = 0; file < self->files.count; file++) {
        const gsaw__facts *facts = self->files.items[file]->facts;
        for (uint32_t i = 0; facts != NULL && i < facts->symbol_count; i++) {
            gsaw__string name = gsaw__facts_string(facts, gsaw__facts_symbols(facts)[i].name);
            names->items[names->count++] =
                (struct named){hash_of(name.bytes, name.count), (uint32_t)file, i};
        }
    }
    gsaw_assert(names->count == count);
    qsort(names->items, count, sizeof *names->items, by_hash);
    return names;
}

/* The table, made if need be; NULL when memory is out. */
static const struct gsaw__names *names_of(gsaw_codebase *self)
{
    struct gsaw__names *names = gsaw__load_acquire(&self->names); /* [N1] pairs with the store */
    if (names != NULL)
        return names;
    gsaw__mutex_lock(&self->names_lock);
    names = gsaw__load_relaxed(&self->names); /* [N1] written under the lock alone */
    if (names == NULL) {
        names = make_names(self);
        gsaw__store_release(&self->names, names); /* [N1] release, pairs with the load above */
    }
    gsaw__mutex_unlock(&self->names_lock);
    return names;
}

void gsaw__names_clear(gsaw_codebase *self)
{
    struct gsaw__names *names = gsaw__load_relaxed(&self->names); /* [N1] nobody asks meanwhile */
    if (names != NULL)
        gsaw__free(self->allocator, names, names_size(names->count));
    gsaw__store_relaxed(&self->names, NULL); /* [N1] the same */
}

/* The first entry whose hash is not below. */
static size_t lower_bound(const struct gsaw__names *names, uint32_t hash)
{
    size_t first = 0, end = names->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (names->items[middle].hash < hash)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

bool gsaw__names_next(const gsaw_codebase *self, const char *name, size_t *at, size_t *file,
                      size_t *symbol)
{
    const struct gsaw__names *names = gsaw__load_acquire(&self->names); /* [N1] as in names_of */
    size_t size = strlen(name);
    uint32_t hash = hash_of(name, size);
    if (names == NULL)
        return false;
    for (size_t i = *at == 0 ? lower_bound(names, hash) : *at;
         i < names->count && names->items[i].hash == hash; i++) {
        const struct named *found = &names->items[i];
        const gsaw__facts *facts = self->files.items[found->file]->facts;
        gsaw__string text =
            gsaw__facts_string(facts, gsaw__facts_symbols(facts)[found->symbol].name);
        if (text.count != size || memcmp(text.bytes, name, size) != 0)
            continue;
        *at = i + 1;
        *file = found->file;
        *symbol = found->symbol;
        return true;
    }
    return false;
}

bool gsaw__names_ready(const gsaw_codebase *self)
{
    /* The table is a cache: making it changes nothing that can be seen. */
    return names_of((gsaw_codebase *)(uintptr_t)self) != NULL;
}
