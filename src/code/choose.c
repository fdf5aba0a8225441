/* choose.c - reading ignore files, and asking all patterns about each candidate.
 * Keeps:   paths are put together only where some pattern looks at more than the name.
 * Threads: as the lister.
 * Next:    choose.h, ignore.c */
#include "code/choose.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define IGNORE_FILE_SIZE_MAX ((uint64_t)16 << 20)

static const char *const ignore_names[GSAW_IGNORE_FILE_COUNT] = {".gitignore", ".ignore",
                                                                 ".gangsawignore"};

void gsaw__ignore_files_note(gsaw__ignore_files *self, const char *name, uint8_t type)
{
    for (size_t i = 0; i < GSAW_IGNORE_FILE_COUNT; i++)
        if (strcmp(name, ignore_names[i]) == 0)
            self->types[i] = (uint8_t)(type + 1);
    self->has_git |= type == GSAW_ENTRY_DIRECTORY && strcmp(name, ".git") == 0;
}

/* List an ignore file as a problem. Where it is a candidate already, that one gets the reason. */
static bool add_problem(gsaw__lister *self, const char *name, gsaw_file_status status,
                        gsaw_reason reason)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < self->candidates.count; i++) {
        gsaw__candidate *known = &self->candidates.items[i];
        if (known->name_size != size || memcmp(self->names.bytes + known->name, name, size) != 0)
            continue;
        known->status = (uint8_t)status;
        known->reason = (uint8_t)reason;
        known->flags |= GSAW_ENTRY_PROBLEM;
        return true;
    }
    gsaw__candidate problem = {
        .name_size = (uint16_t)size,
        .type = GSAW_ENTRY_FILE,
        .language = GSAW_NO_LANGUAGE,
        .status = (uint8_t)status,
        .reason = (uint8_t)reason,
        .flags = GSAW_ENTRY_PROBLEM,
    };
    return gsaw__lister_add(self, &problem, name);
}

/* Append the patterns of the file `path` in `directory`; `name` is what a problem is listed as. */
static bool read_file(gsaw__lister *self, int directory, const char *path, const char *name,
                      gsaw__ignore *list)
{
    gsaw__read read = gsaw__file_read(directory, path, false, IGNORE_FILE_SIZE_MAX, &self->file);
    switch (read.result) {
    case GSAW_READ_OK:
        return gsaw__ignore_add_text(list, self->file.bytes, self->file.count);
    case GSAW_READ_NO_MEMORY:
        return false;
    case GSAW_READ_NOT_REGULAR:
        return read.type == GSAW_ENTRY_DIRECTORY ||
               add_problem(self, name, GSAW_FILE_SKIPPED, GSAW_REASON_NOT_A_FILE);
    case GSAW_READ_TOO_LARGE:
        return add_problem(self, name, GSAW_FILE_SKIPPED, GSAW_REASON_TOO_LARGE);
    case GSAW_READ_CHANGED:
        return add_problem(self, name, GSAW_FILE_FAILED, GSAW_REASON_CHANGED);
    default:
        break;
    }
    gsaw_reason reason = gsaw__reason_of_errno(read.os_errno);
    bool is_link = reason == GSAW_REASON_SYMLINK;
    return add_problem(self, name, is_link ? GSAW_FILE_SKIPPED : GSAW_FILE_FAILED, reason);
}

/* .git/info/exclude of the root, no link being followed. That there is none is usual. */
static bool read_git_exclude(gsaw__lister *self, int root, gsaw__ignore *list)
{
    static const char name[] = ".git/info/exclude";
    int git = gsaw__directory_open(root, ".git", false);
    int info = git < 0 ? git : gsaw__directory_open(git, "info", false);
    bool done = true;
    if (info >= 0 && (gsaw__file_type_at(info, "exclude", false) != -ENOENT))
        done = read_file(self, info, "exclude", name, list);
    else if (info < 0 && info != -ENOENT)
        done = add_problem(self, name, GSAW_FILE_FAILED, gsaw__reason_of_errno(-info));
    if (info >= 0)
        close(info);
    if (git >= 0)
        close(git);
    return done;
}

static bool read_lists(gsaw__lister *self, const gsaw__dir *dir, const gsaw__ignore_files *found,
                       gsaw__ignore *list)
{
    if (dir->parent == NULL && found->has_git && !read_git_exclude(self, dir->descriptor, list))
        return false;
    for (size_t i = 0; i < GSAW_IGNORE_FILE_COUNT; i++) {
        if (found->types[i] == 0 || found->types[i] == GSAW_ENTRY_DIRECTORY + 1)
            continue;
        if (!read_file(self, dir->descriptor, ignore_names[i], ignore_names[i], list))
            return false;
    }
    return true;
}

bool gsaw__lister_read_rules(gsaw__lister *self, gsaw__dir *dir, const gsaw__ignore_files *found)
{
    const gsaw_allocator *allocator = self->tree->allocator;
    if (self->selection->no_ignore)
        return true;
    gsaw__ignore list;
    gsaw__ignore_init(&list, allocator);
    bool done = read_lists(self, dir, found, &list);
    if (done && list.patterns.count != 0) {
        size_t base = dir->path_size == 0 ? 0 : (size_t)dir->path_size + 1;
        gsaw__rules *rules = gsaw__rules_new(&list, dir->rules, base, allocator);
        done = rules != NULL;
        dir->rules = rules != NULL ? rules : dir->rules;
    }
    gsaw__ignore_clear(&list);
    return done;
}

/* Does a candidate stay? Also sets what a directory's files inherit from include patterns. */
static bool is_chosen(gsaw__lister *self, const gsaw__dir *dir, gsaw__candidate *candidate,
                      const char *path, size_t path_size)
{
    const gsaw__selection *selection = self->selection;
    size_t name_size = candidate->name_size;
    bool is_directory = candidate->is_directory != 0;
    enum gsaw__ignore_verdict verdict =
        gsaw__ignore_match(&selection->exclude, path, path_size, name_size, is_directory);
    if (verdict == GSAW_IGNORE_NONE)
        verdict = gsaw__rules_match(dir->rules, path, path_size, name_size, is_directory);
    if (verdict == GSAW_IGNORE_MATCH) {
        self->totals.ignored++;
        return false;
    }
    candidate->is_included = (dir->flags & GSAW_DIR_INCLUDED) != 0;
    verdict = gsaw__ignore_match(&selection->include, path, path_size, name_size, is_directory);
    if (verdict != GSAW_IGNORE_NONE)
        candidate->is_included = verdict == GSAW_IGNORE_MATCH;
    if (!is_directory && !candidate->is_included)
        return false;
    return selection->only == NULL || gsaw__map_find(selection->only, path, path_size) != NULL;
}

/* Put the directory's path and a slash into self->path; gives its size. */
static size_t start_path(gsaw__lister *self, const gsaw__dir *dir)
{
    gsaw__buffer_reset(&self->path);
    gsaw__dir_path(dir, &self->path);
    if (self->path.count != 0)
        gsaw__buffer_append_byte(&self->path, '/');
    return self->path.count;
}

bool gsaw__lister_choose(gsaw__lister *self, const gsaw__dir *dir)
{
    const gsaw__selection *selection = self->selection;
    bool needs_path = selection->exclude.needs_path || selection->include.needs_path ||
                      selection->only != NULL || (dir->rules != NULL && dir->rules->needs_path);
    size_t prefix = needs_path ? start_path(self, dir) : 0, kept = 0;
    for (size_t i = 0; i < self->candidates.count; i++) {
        gsaw__candidate *candidate = &self->candidates.items[i];
        const char *path = self->names.bytes + candidate->name;
        size_t size = candidate->name_size;
        if (needs_path) {
            self->path.count = prefix;
            gsaw__buffer_append(&self->path, path, size);
            path = self->path.bytes;
            size += prefix;
        }
        if (self->path.failed)
            return false;
        if ((candidate->flags & GSAW_ENTRY_PROBLEM) != 0 ||
            is_chosen(self, dir, candidate, path, size))
            self->candidates.items[kept++] = *candidate;
    }
    self->candidates.count = kept;
    return true;
}
