/* settings.c - finds, reads and merges config files.
 * Keeps:   the files of a tree are untrusted: they are opened below its root (a link does not lead
 *          out), never waited for, bounded in size, and read before anything else is.
 * Threads: the main thread.
 * Next:    settings.h, base/toml.h, base/setting.h */
#include "cli/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/file.h"
#include "base/setting.h"
#include "base/toml.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/session.h"
#include "work/config.h"

#define FILE_SIZE_MAX ((uint64_t)1 << 20)
#define NAME_SHOWN 240 /* bytes of a long path's end in messages */

static const char project_file[] = "gangsaw.toml", shared_file[] = "pyproject.toml";

/* A file, and what came of it. */
typedef struct source {
    enum gsaw__origin origin;
    int directory; /* the path is below it: the root of a tree; or AT_FDCWD */
    const char *path;
    gsaw__buffer text;
    const gsaw__value *table; /* the document, then the settings in it; NULL: none */
    gsaw_error error;
} source;

/* What a file sets, before it is known what stronger origins have set. */
typedef struct layer {
    gsaw_config config;
    gsaw__cli_options options;
    uint32_t lines[GSAW_TABLE_COUNT][GSAW_TABLE_ROWS_MAX];
} layer;

/* ---- reading ---- */

static gsaw__read read_bytes(source *self)
{
    if (self->directory == AT_FDCWD)
        return gsaw__file_read(AT_FDCWD, self->path, true, FILE_SIZE_MAX, &self->text);
    int descriptor = gsaw__beneath_open(self->directory, self->path, GSAW_FILE_OPEN_FLAGS, true);
    if (descriptor == -ENOSYS) /* an old kernel: then no link at all */
        return gsaw__file_read(self->directory, self->path, false, FILE_SIZE_MAX, &self->text);
    if (descriptor < 0)
        return (gsaw__read){.result = GSAW_READ_ERROR, .os_errno = -descriptor};
    gsaw__read read = gsaw__file_read_open(descriptor, FILE_SIZE_MAX, 0, &self->text);
    close(descriptor);
    return read;
}

/* GSAW_NOT_FOUND: there is no such file. The other errors begin with a blank or a line. */
static gsaw_status read_text(source *self)
{
    gsaw__read read = read_bytes(self);
    switch (read.result) {
    case GSAW_READ_OK:
        return GSAW_OK;
    case GSAW_READ_NOT_REGULAR:
        return gsaw__fail(&self->error, GSAW_INVALID, " not a regular file");
    case GSAW_READ_TOO_LARGE:
        return gsaw__fail(&self->error, GSAW_RANGE, " %" PRIu64 " bytes, and 1M is the most",
                          read.size);
    case GSAW_READ_CHANGED:
        return gsaw__fail(&self->error, GSAW_INVALID, " was changed while it was read");
    case GSAW_READ_NO_MEMORY:
        return gsaw__fail_memory(&self->error);
    default:
        if (read.os_errno == ENOENT || read.os_errno == ENOTDIR)
            return gsaw__fail(&self->error, GSAW_NOT_FOUND, " there is no such file");
        if (read.os_errno == EXDEV)
            return gsaw__fail(&self->error, GSAW_INVALID, " a link that leads out of the tree");
        return gsaw__fail(&self->error, GSAW_INVALID, " %s", strerrordesc_np(read.os_errno));
    }
}

static const gsaw__value *child(const gsaw__value *table, const char *key)
{
    const gsaw__value *at = table->first;
    while (at != NULL && strcmp(at->key, key) != 0)
        at = at->next;
    return at;
}

/* From the whole document to its [tool.gangsaw], which need not be there. */
static gsaw_status narrow(source *self)
{
    const gsaw__value *tool = child(self->table, "tool");
    const gsaw__value *found =
        tool != NULL && tool->kind == GSAW_VALUE_TABLE ? child(tool, "gangsaw") : NULL;
    if (found != NULL && found->kind != GSAW_VALUE_TABLE)
        return gsaw__fail(&self->error, GSAW_INVALID, "%" PRIu32 ": tool.gangsaw is not a table",
                          found->line);
    self->table = found;
    return GSAW_OK;
}

static gsaw_status read_source(gsaw__cli *cli, source *self)
{
    gsaw_status status = read_text(self);
    if (status == GSAW_OK)
        status = gsaw__toml_read(gsaw__buffer_text(&self->text), self->text.count, &cli->arena,
                                 &self->table, &self->error);
    gsaw__buffer_clear(&self->text);
    return status;
}

/* ---- merging ---- */

/* A row and its joined forms, which are set together or not at all. */
static void adopt_row(gsaw__cli *cli, enum gsaw__table table, const gsaw__option *option,
                      enum gsaw__origin origin, const layer *from)
{
    const char *given =
        table == GSAW_TABLE_CONFIG ? (const char *)&from->config : (const char *)&from->options;
    char *target = gsaw__cli_fields(cli, table);
    size_t index = (size_t)(option - gsaw__cli_table(table));
    uint32_t line = 0;
    for (size_t i = 0; i == 0 || option[i].joined; i++)
        line = line != 0 ? line : from->lines[table][index + i];
    if (line == 0 || gsaw__cli_origin(cli, table, option) >= origin)
        return;
    gsaw__cli_claim(cli, table, option, origin);
    for (size_t i = 0; i == 0 || option[i].joined; i++) {
        memcpy(target + option[i].offset, given + option[i].offset, option[i].field_size);
        cli->lines[table][index + i] =
            from->lines[table][index + i] != 0 ? from->lines[table][index + i] : line;
    }
}

static gsaw_status adopt(gsaw__cli *cli, source *self)
{
    layer from = {.config = {.size = sizeof from.config}};
    uint32_t personal = self->origin == GSAW_ORIGIN_PROJECT ? 0 : GSAW_GROUP_PERSONAL;
    const gsaw__setting_target targets[] = {
        {.rows = gsaw__cli_table(GSAW_TABLE_CONFIG),
         .groups = GSAW_CONFIG_GROUP,
         .fields = &from.config,
         .lines = from.lines[GSAW_TABLE_CONFIG]},
        {.rows = gsaw__cli_table(GSAW_TABLE_CLI),
         .groups = personal,
         .fields = &from.options,
         .lines = from.lines[GSAW_TABLE_CLI]},
    };
    gsaw_status status = gsaw__settings_read(targets, sizeof targets / sizeof *targets, self->table,
                                             &cli->arena, &self->error);
    if (status != GSAW_OK)
        return status;
    cli->files[self->origin] = self->path;
    for (uint32_t table = 0; table < GSAW_TABLE_COUNT; table++)
        for (const gsaw__option *option = gsaw__cli_table((enum gsaw__table)table);
             option->name != NULL; option++)
            if (!option->joined)
                adopt_row(cli, (enum gsaw__table)table, option, self->origin, &from);
    return GSAW_OK;
}

/* ---- which files ---- */

/* FILE:LINE: what, or FILE: what. */
static int refuse(const source *self)
{
    size_t size = strlen(self->path), skipped = size > NAME_SHOWN ? size - NAME_SHOWN : 0;
    gsaw__message("%s%s:%s", skipped > 0 ? "..." : "", self->path + skipped, self->error.text);
    return self->error.status == GSAW_NO_MEMORY ? GSAW_EXIT_FAILED : GSAW_EXIT_WRONG;
}

/* Read a file that may be missing (self->table is then NULL) and take it in. */
static int take_if_there(gsaw__cli *cli, source *self)
{
    gsaw_status status = read_source(cli, self);
    if (status == GSAW_OK)
        status = adopt(cli, self);
    return status == GSAW_OK || status == GSAW_NOT_FOUND ? GSAW_EXIT_DONE : refuse(self);
}

/* pyproject.toml is other people's file: when it cannot be read, that is said and no reason to
 * stop.
 */
static int take_shared(gsaw__cli *cli, int root)
{
    source self = {.origin = GSAW_ORIGIN_PROJECT, .directory = root, .path = shared_file};
    gsaw_status status = read_source(cli, &self);
    if (status == GSAW_NO_MEMORY)
        return refuse(&self);
    if (status != GSAW_OK && status != GSAW_NOT_FOUND && !cli->options.quiet)
        gsaw__message("%s:%s; it is ignored", shared_file, self.error.text);
    if (status != GSAW_OK)
        return GSAW_EXIT_DONE;
    status = narrow(&self);
    if (status == GSAW_OK && self.table != NULL)
        status = adopt(cli, &self);
    return status == GSAW_OK ? GSAW_EXIT_DONE : refuse(&self);
}

/* In the root itself, never above it; gangsaw.toml alone where there are both. A root that cannot
 * be opened is for the command to report. */
static int take_project(gsaw__cli *cli)
{
    int root = gsaw__directory_open(AT_FDCWD, gsaw__session_root(cli), true);
    source self = {.origin = GSAW_ORIGIN_PROJECT, .directory = root, .path = project_file};
    if (root < 0)
        return GSAW_EXIT_DONE;
    int status = take_if_there(cli, &self);
    if (status == GSAW_EXIT_DONE && self.table == NULL)
        status = take_shared(cli, root);
    close(root);
    return status;
}

/* $XDG_CONFIG_HOME/gangsaw/config.toml, where that is an absolute path (XDG Base Directory
 * Specification), else ~/.config/gangsaw/config.toml; NULL: no home, or no memory. */
static const char *user_path(gsaw__cli *cli)
{
    gsaw__buffer path = {0};
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (base != NULL && base[0] == '/')
        gsaw__buffer_printf(&path, "%s/gangsaw/config.toml", base);
    else if (home != NULL && home[0] == '/')
        gsaw__buffer_printf(&path, "%s/.config/gangsaw/config.toml", home);
    const char *found =
        path.count > 0 ? gsaw__arena_dup(&cli->arena, path.bytes, path.count) : NULL;
    gsaw__buffer_clear(&path);
    return found;
}

static int take_user(gsaw__cli *cli)
{
    source self = {.origin = GSAW_ORIGIN_USER, .directory = AT_FDCWD, .path = user_path(cli)};
    return self.path == NULL ? GSAW_EXIT_DONE : take_if_there(cli, &self);
}

static bool is_shared(const source *self)
{
    const char *slash = strrchr(self->path, '/');
    return strcmp(slash == NULL ? self->path : slash + 1, shared_file) == 0;
}

static int take_named(gsaw__cli *cli)
{
    source self = {.origin = GSAW_ORIGIN_FILE, .directory = AT_FDCWD, .path = cli->options.config};
    gsaw_status status = read_source(cli, &self);
    if (status == GSAW_OK && is_shared(&self))
        status = narrow(&self);
    if (status == GSAW_OK && self.table == NULL)
        status = gsaw__fail(&self.error, GSAW_INVALID, " has no [tool.gangsaw]");
    if (status == GSAW_OK)
        status = adopt(cli, &self);
    return status == GSAW_OK ? GSAW_EXIT_DONE : refuse(&self);
}

/* The origin of a row of the command line's own. */
static enum gsaw__origin origin_of(const gsaw__cli *cli, const char *flag)
{
    return gsaw__cli_origin(cli, GSAW_TABLE_CLI,
                            gsaw__option_find(gsaw__cli_table(GSAW_TABLE_CLI), flag, strlen(flag)));
}

int gsaw__settings_take(gsaw__cli *cli)
{
    uint32_t groups = cli->command == NULL ? 0 : cli->command->groups;
    if ((groups & GSAW_GROUP_FILES) == 0)
        return GSAW_EXIT_DONE;
    enum gsaw__origin named =
        cli->options.config == NULL ? GSAW_ORIGIN_DEFAULT : origin_of(cli, "config");
    enum gsaw__origin none =
        cli->options.no_config ? origin_of(cli, "no-config") : GSAW_ORIGIN_DEFAULT;
    if (named != GSAW_ORIGIN_DEFAULT && named == none) {
        gsaw__message("--config and --no-config exclude each other");
        return GSAW_EXIT_WRONG;
    }
    if (none > named)
        return GSAW_EXIT_DONE;
    if (named > none)
        return take_named(cli);
    int status = take_user(cli);
    return status == GSAW_EXIT_DONE && (groups & GSAW_CONFIG_GROUP) != 0 ? take_project(cli)
                                                                         : status;
}
