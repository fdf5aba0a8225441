/* save.c - reads, merges, writes beside and renames.
 * Keeps:   see the header.
 * Threads: the main thread.
 * Next:    save.h, settings.c (which files are read), base/toml_set.h */
#include "cli/save.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/file.h"
#include "base/toml_set.h"
#include "cli/session.h"

#define FILE_BYTES_MAX ((size_t)1 << 20)

static const char own_file[] = "gangsaw.toml", shared_file[] = "pyproject.toml";

/* The file's last name, and whether it is one of the tree. */
static const char *target_of(const gsaw__cli *cli, bool *is_in_tree)
{
    const char *named = cli->files[GSAW_ORIGIN_FILE], *project = cli->files[GSAW_ORIGIN_PROJECT];
    *is_in_tree = named == NULL;
    if (named != NULL)
        return named;
    return project != NULL && strcmp(project, shared_file) == 0 ? shared_file : own_file;
}

void gsaw__save_target(const gsaw__cli *cli, gsaw__buffer *out)
{
    bool is_in_tree;
    const char *target = target_of(cli, &is_in_tree);
    if (is_in_tree)
        gsaw__buffer_printf(out, "%s/", gsaw__session_root(cli));
    gsaw__buffer_append_text(out, target);
}

/* The table of the settings in a file of that name. */
static const char *table_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcmp(slash == NULL ? path : slash + 1, shared_file) == 0 ? "tool.gangsaw" : NULL;
}

/* A tree is somebody else's: its file may be a link to anywhere. */
static gsaw_status check_link(const gsaw__cli *cli, const char *path, gsaw_error *error)
{
    bool is_in_tree;
    const char *target = target_of(cli, &is_in_tree);
    if (!is_in_tree)
        return GSAW_OK;
    int root = gsaw__directory_open(AT_FDCWD, gsaw__session_root(cli), true);
    if (root < 0)
        return gsaw__fail_errno(error, -root, "%s", gsaw__session_root(cli));
    int found = gsaw__beneath_open(root, target, GSAW_FILE_OPEN_FLAGS, true);
    if (found == -ENOSYS) /* an old kernel: then no link at all */
        found = gsaw__file_type_at(root, target, false) == GSAW_ENTRY_LINK ? -EXDEV : -ENOENT;
    close(root);
    if (found >= 0)
        close(found);
    return found == -EXDEV
               ? gsaw__fail(error, GSAW_INVALID, "%s: a link that leads out of the tree", path)
               : GSAW_OK;
}

/* The file's text; empty when there is none. */
static gsaw_status read_text(const char *path, gsaw__buffer *text, gsaw_error *error)
{
    gsaw__read read = gsaw__file_read(AT_FDCWD, path, true, FILE_BYTES_MAX, text);
    switch (read.result) {
    case GSAW_READ_OK:
        return GSAW_OK;
    case GSAW_READ_NOT_REGULAR:
        return gsaw__fail(error, GSAW_INVALID, "%s: not a regular file", path);
    case GSAW_READ_TOO_LARGE:
        return gsaw__fail(error, GSAW_INVALID, "%s: too large to be a config", path);
    case GSAW_READ_NO_MEMORY:
        return gsaw__fail_memory(error);
    case GSAW_READ_CHANGED:
        return gsaw__fail_errno(error, EBUSY, "%s", path);
    case GSAW_READ_ERROR:
        break;
    }
    gsaw__buffer_reset(text);
    return read.os_errno == ENOENT ? GSAW_OK : gsaw__fail_errno(error, read.os_errno, "%s", path);
}

static gsaw_status replace(const char *path, const gsaw__buffer *text, gsaw_error *error)
{
    gsaw__output file;
    gsaw_status status = gsaw__output_open(&file, path, error);
    if (status != GSAW_OK)
        return status;
    (void)gsaw__output_write(&file, gsaw__buffer_text(text), text->count);
    return gsaw__output_close(&file, true, error);
}

static gsaw_status save(const char *path, const gsaw__buffer *lines, gsaw_error *error)
{
    gsaw__buffer text = {0}, merged = {0};
    gsaw_status status = read_text(path, &text, error);
    if (status == GSAW_OK && !gsaw__toml_set(&text, table_of(path), lines, &merged))
        status = gsaw__fail(error, GSAW_INVALID, "%s: there is no line [tool.gangsaw]", path);
    if (status == GSAW_OK && merged.failed)
        status = gsaw__fail_memory(error);
    bool is_same = merged.count == text.count && merged.count != 0 &&
                   memcmp(merged.bytes, text.bytes, merged.count) == 0;
    if (status == GSAW_OK && !is_same)
        status = replace(path, &merged, error);
    gsaw__buffer_clear(&text);
    gsaw__buffer_clear(&merged);
    return status;
}

gsaw_status gsaw__save_keys(const gsaw__cli *cli, const gsaw__buffer *lines, gsaw_error *error)
{
    gsaw__buffer path = {0};
    gsaw__save_target(cli, &path);
    gsaw_status status = path.failed || lines->failed
                             ? gsaw__fail_memory(error)
                             : check_link(cli, gsaw__buffer_text(&path), error);
    if (status == GSAW_OK)
        status = save(gsaw__buffer_text(&path), lines, error);
    gsaw__buffer_clear(&path);
    return status;
}
