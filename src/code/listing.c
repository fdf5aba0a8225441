/* listing.c - reading a directory into candidates, and the chosen ones into the tree.
 * Keeps:   a FIFO, socket or device is never opened; types come with the names, so that nothing is
 *          asked of the kernel a second time (but where the file system does not say).
 * Threads: as listing.h says.
 * Next:    choose.c, sort.c */
#include "code/listing.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/check.h"
#include "base/file.h"
#include "code/choose.h"
#include "lang/lang.h"

#define BATCH_SIZE ((size_t)64 << 10)
#define SCRATCH_KEPT ((size_t)1 << 20) /* bytes that stay from one directory to the next */

gsaw_reason gsaw__reason_of_errno(int os_errno)
{
    static const struct {
        int os_errno;
        gsaw_reason reason;
    } rows[] = {
        {ENOENT, GSAW_REASON_VANISHED},   {ESTALE, GSAW_REASON_VANISHED},
        {EACCES, GSAW_REASON_PERMISSION}, {EPERM, GSAW_REASON_PERMISSION},
        {ELOOP, GSAW_REASON_SYMLINK},     {EXDEV, GSAW_REASON_SYMLINK},
        {ENOTDIR, GSAW_REASON_CHANGED},   {ENOMEM, GSAW_REASON_MEMORY},
        {ENXIO, GSAW_REASON_SOCKET},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].os_errno == os_errno)
            return rows[i].reason;
    return GSAW_REASON_IO;
}

void gsaw__lister_init(gsaw__lister *self, gsaw__tree *tree, const gsaw__selection *selection,
                       gsaw__arena *arena)
{
    *self = (gsaw__lister){.tree = tree, .selection = selection, .arena = arena};
    gsaw__buffer_init(&self->names, tree->allocator);
    gsaw__buffer_init(&self->path, tree->allocator);
    gsaw__buffer_init(&self->file, tree->allocator);
}

/* Free the scratch of one directory that is larger than `kept` bytes. */
static void trim(gsaw__lister *self, size_t kept)
{
    const gsaw_allocator *allocator = self->tree->allocator;
    if (self->candidates.capacity * sizeof *self->candidates.items > kept)
        gsaw__array_clear(&self->candidates, allocator);
    if (self->sorting.capacity * sizeof *self->sorting.items > kept)
        gsaw__array_clear(&self->sorting, allocator);
    if (self->names.capacity > kept)
        gsaw__buffer_clear(&self->names);
    if (self->path.capacity > kept)
        gsaw__buffer_clear(&self->path);
    if (self->file.capacity > kept)
        gsaw__buffer_clear(&self->file);
}

void gsaw__lister_clear(gsaw__lister *self)
{
    trim(self, 0);
    gsaw__free(self->tree->allocator, self->batch, BATCH_SIZE);
    self->batch = NULL;
}

bool gsaw__lister_add(gsaw__lister *self, const gsaw__candidate *candidate, const char *name)
{
    if (self->names.count > UINT32_MAX - 2 - UINT16_MAX || candidate->name_size == UINT16_MAX)
        return false;
    gsaw__candidate added = *candidate;
    added.name = (uint32_t)self->names.count;
    added.is_directory = added.type == GSAW_ENTRY_DIRECTORY;
    gsaw__buffer_append(&self->names, name, added.name_size);
    if (added.is_directory)
        gsaw__buffer_append_byte(&self->names, '/');
    if (self->names.failed)
        return false;
    return gsaw__array_push(&self->candidates, self->tree->allocator, added);
}

/* Why an entry of each type is not read; for GSAW_ENTRY_UNKNOWN that is all we know of it. */
static const uint8_t type_reason[] = {
    [GSAW_ENTRY_UNKNOWN] = GSAW_REASON_NOT_A_FILE, [GSAW_ENTRY_FILE] = GSAW_REASON_NONE,
    [GSAW_ENTRY_DIRECTORY] = GSAW_REASON_NONE,     [GSAW_ENTRY_LINK] = GSAW_REASON_SYMLINK,
    [GSAW_ENTRY_FIFO] = GSAW_REASON_FIFO,          [GSAW_ENTRY_SOCKET] = GSAW_REASON_SOCKET,
    [GSAW_ENTRY_DEVICE] = GSAW_REASON_DEVICE,
};

/* One directory on its way through a lister. */
struct listing {
    gsaw__lister *lister;
    gsaw__dir *dir;
    gsaw__ignore_files found;
};

/* Where the link leads, below the root: its type there, or GSAW_ENTRY_LINK when it may not be
 * followed. */
static uint8_t type_behind(const struct listing *self, const char *name)
{
    struct stat status;
    uint8_t type = GSAW_ENTRY_LINK;
    int descriptor = gsaw__dir_resolve(self->lister->tree, self->dir, name);
    if (descriptor < 0)
        return type;
    if (fstat(descriptor, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)))
        type = S_ISREG(status.st_mode) ? GSAW_ENTRY_FILE : GSAW_ENTRY_DIRECTORY;
    close(descriptor);
    return type;
}

/* Take a name in, or not. False: memory is out. */
static bool add_name(struct listing *self, const gsaw__entry *entry)
{
    const gsaw__selection *selection = self->lister->selection;
    gsaw__candidate candidate = {.type = (uint8_t)entry->type, .language = GSAW_NO_LANGUAGE};
    int os_errno = 0;
    if (candidate.type == GSAW_ENTRY_UNKNOWN) {
        int type = gsaw__file_type_at(self->dir->descriptor, entry->name, false);
        os_errno = type < 0 ? -type : 0;
        candidate.type = (uint8_t)(type < 0 ? GSAW_ENTRY_UNKNOWN : type);
    }
    if (entry->name[0] == '.') {
        gsaw__ignore_files_note(&self->found, entry->name, candidate.type);
        if (!selection->hidden || strcmp(entry->name, ".git") == 0)
            return true;
    }
    if (candidate.type == GSAW_ENTRY_LINK && selection->follow) {
        candidate.type = type_behind(self, entry->name);
        if (candidate.type != GSAW_ENTRY_LINK)
            candidate.flags = GSAW_ENTRY_FOLLOWED;
    }
    if (candidate.type != GSAW_ENTRY_DIRECTORY) {
        uint32_t language = gsaw__language_of(entry->name, entry->name_size);
        if (language == GSAW_NONE && !selection->all_files)
            return true;
        if (language < GSAW_NO_LANGUAGE)
            candidate.language = (uint8_t)language;
        candidate.reason = type_reason[candidate.type];
        candidate.status = candidate.reason == GSAW_REASON_NONE ? GSAW_FILE_OK : GSAW_FILE_SKIPPED;
    }
    if (os_errno != 0) {
        candidate.reason = (uint8_t)gsaw__reason_of_errno(os_errno);
        candidate.status = GSAW_FILE_FAILED;
    }
    candidate.name_size = (uint16_t)(entry->name_size < UINT16_MAX ? entry->name_size : UINT16_MAX);
    return gsaw__lister_add(self->lister, &candidate, entry->name);
}

static bool is_cancelled(const gsaw__lister *self)
{
    /* [L1] relaxed: a request; nothing is read through it. */
    return self->cancel != NULL && gsaw__load_relaxed(self->cancel) != 0;
}

/* Read all names of the directory; a failure of the system ends it early. */
static gsaw_status read_names(struct listing *self)
{
    gsaw__lister *lister = self->lister;
    gsaw__entry entry;
    if (lister->batch == NULL)
        lister->batch = gsaw__alloc(lister->tree->allocator, BATCH_SIZE);
    if (lister->batch == NULL)
        return GSAW_NO_MEMORY;
    for (;;) {
        long size = gsaw__directory_read(self->dir->descriptor, lister->batch, BATCH_SIZE);
        if (size < 0) {
            self->dir->os_errno = (int)-size;
            self->dir->reason = (uint8_t)gsaw__reason_of_errno((int)-size);
        }
        if (size <= 0)
            return GSAW_OK;
        for (size_t at = 0; gsaw__directory_next(lister->batch, (size_t)size, &at, &entry);) {
            lister->totals.names++;
            if (!add_name(self, &entry))
                return GSAW_NO_MEMORY;
        }
        if (is_cancelled(lister))
            return GSAW_CANCELLED;
    }
}

/* The new directory below `parent`, whose entry's name has just been stored. */
static void make_child(gsaw__dir *child, gsaw__dir *parent, uint32_t index,
                       const gsaw__candidate *candidate)
{
    const gsaw__dir_entry *entry = &parent->entries[index];
    bool by_link = (entry->flags & GSAW_ENTRY_FOLLOWED) != 0;
    *child = (gsaw__dir){
        .parent = parent,
        .name = entry->name,
        .name_size = entry->name_size,
        .index = index,
        .path_size = parent->path_size + (parent->path_size != 0) + entry->name_size,
        .descriptor = -1,
    };
    child->flags = (uint8_t)((parent->flags & GSAW_DIR_BY_LINK) |
                             (candidate->is_included ? GSAW_DIR_INCLUDED : 0) |
                             (by_link ? GSAW_DIR_LINK | GSAW_DIR_BY_LINK : 0));
}

/* Move the sorted candidates into the arena: directories, entries and names in one piece. */
static bool store(gsaw__lister *self, gsaw__dir *dir, const gsaw__candidate *sorted, size_t count)
{
    size_t children = 0, name_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        children += sorted[i].is_directory;
        name_bytes += (size_t)sorted[i].name_size + 1;
    }
    if (count > UINT32_MAX - 1 || dir->path_size > UINT32_MAX - 2 * UINT16_MAX)
        return false;
    gsaw__dir *child = gsaw__arena_alloc(
        self->arena, children * sizeof *child + count * sizeof *dir->entries + name_bytes);
    if (child == NULL)
        return false;
    dir->entries = (gsaw__dir_entry *)(child + children);
    char *name = (char *)(dir->entries + count);
    for (uint32_t i = 0; i < count; i++) {
        const gsaw__candidate *from = &sorted[i];
        memcpy(name, self->names.bytes + from->name, from->name_size);
        name[from->name_size] = 0;
        dir->entries[i] = (gsaw__dir_entry){
            .name = name,
            .name_size = from->name_size,
            .type = from->type,
            .language = from->language,
            .status = from->status,
            .reason = from->reason,
            .flags = from->flags,
        };
        if (from->is_directory) {
            make_child(child, dir, i, from);
            dir->entries[i].data = child++;
        }
        dir->file_count += from->type == GSAW_ENTRY_FILE && from->status == GSAW_FILE_OK;
        name += (size_t)from->name_size + 1;
    }
    dir->count = (uint32_t)count;
    dir->child_count = (uint32_t)children;
    self->totals.files += dir->file_count;
    self->totals.problems += count - children - dir->file_count;
    return true;
}

/* A name may come twice when the directory changes while it is read: keep the first. */
static size_t drop_doubles(gsaw__candidate *sorted, size_t count, const char *names)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const gsaw__candidate *last = kept == 0 ? NULL : &sorted[kept - 1];
        if (last != NULL && last->key == sorted[i].key && last->name_size == sorted[i].name_size &&
            last->is_directory == sorted[i].is_directory &&
            memcmp(names + last->name, names + sorted[i].name, last->name_size) == 0)
            continue;
        sorted[kept++] = sorted[i];
    }
    return kept;
}

static bool sort_and_store(gsaw__lister *self, gsaw__dir *dir)
{
    size_t count = self->candidates.count;
    if (count == 0)
        return true;
    self->sorting.count = 0;
    if (!gsaw__array_reserve(&self->sorting, self->tree->allocator, count))
        return false;
    gsaw__candidate *sorted =
        gsaw__candidate_sort(self->candidates.items, self->sorting.items, count, self->names.bytes);
    return store(self, dir, sorted, drop_doubles(sorted, count, self->names.bytes));
}

gsaw_status gsaw__lister_list(gsaw__lister *self, gsaw__dir *dir)
{
    struct listing listing = {.lister = self, .dir = dir};
    self->candidates.count = 0;
    gsaw__buffer_reset(&self->names);
    gsaw_status status = read_names(&listing);
    if (status == GSAW_OK && (!gsaw__lister_read_rules(self, dir, &listing.found) ||
                              !gsaw__lister_choose(self, dir) || !sort_and_store(self, dir)))
        status = GSAW_NO_MEMORY;
    trim(self, SCRATCH_KEPT);
    return status;
}
