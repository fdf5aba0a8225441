/* sandbox.h - a temporary tree for tests, and what discovery finds in it as one text.
 * Keeps:   everything lies below one folder in /tmp, which sandbox_clear removes.
 * Next:    unit/test_discover.c. Include it behind cmocka.h. */
#ifndef GSAW_TESTS_SANDBOX_H
#define GSAW_TESTS_SANDBOX_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gangsaw/code.h>

#include "base/buffer.h"
#include "base/file.h"

typedef struct sandbox {
    char root[64];
    int folder; /* its descriptor */
} sandbox;

static inline void sandbox_init(sandbox *self)
{
    snprintf(self->root, sizeof self->root, "/tmp/gsaw-tree-XXXXXX");
    assert_non_null(mkdtemp(self->root));
    assert_int_equal(chmod(self->root, 0755), 0);
    self->folder = open(self->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(self->folder >= 0);
}

static inline void sandbox_clear(sandbox *self)
{
    char command[192];
    close(self->folder);
    snprintf(command, sizeof command, "chmod -R u+rwx %s && rm -rf %s", self->root, self->root);
    assert_int_equal(system(command), 0);
}

/* Make the folders on the way to path (all of it, when it ends in '/'). */
static inline void sandbox_folders(const sandbox *self, const char *path)
{
    char part[1024];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        assert_true(mkdirat(self->folder, part, 0755) == 0 || errno == EEXIST);
    }
}

static inline void sandbox_file(const sandbox *self, const char *path, const char *text)
{
    sandbox_folders(self, path);
    int file = openat(self->folder, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(file >= 0);
    assert_int_equal(gsaw__file_write_all(file, text, strlen(text)), 0);
    close(file);
}

/* Empty files: paths, a blank between; one that ends in '/' is a folder. */
static inline void sandbox_files(const sandbox *self, const char *paths)
{
    char *copy = strdup(paths), *rest = copy, *path;
    assert_non_null(copy);
    while ((path = strsep(&rest, " ")) != NULL) {
        if (path[strlen(path) - 1] == '/')
            sandbox_folders(self, path);
        else
            sandbox_file(self, path, "");
    }
    free(copy);
}

static inline void sandbox_link(const sandbox *self, const char *target, const char *path)
{
    sandbox_folders(self, path);
    assert_int_equal(symlinkat(target, self->folder, path), 0);
}

/* All that was found: paths, a blank between; behind one that is not ok a colon and the reason. */
static inline void paths_text(const gsaw_paths *paths, gsaw__buffer *out)
{
    gsaw_path path;
    gsaw__buffer_reset(out);
    for (size_t i = 0; gsaw_paths_at(paths, i, &path) == GSAW_OK; i++) {
        if (i != 0)
            gsaw__buffer_append_byte(out, ' ');
        gsaw__buffer_append(out, path.path, path.path_size);
        if (path.status != GSAW_FILE_OK)
            gsaw__buffer_printf(out, ":%s", gsaw_reason_name(path.reason));
    }
    assert_false(out->failed);
}

static inline void sandbox_find(const sandbox *self, gsaw_discover_options options,
                                gsaw__buffer *out)
{
    gsaw_paths *paths = NULL;
    gsaw_error error = {0};
    options.size = sizeof options;
    gsaw_status status = gsaw_discover_files(self->root, &options, &paths, &error);
    if (status != GSAW_OK)
        fail_msg("%s: %s", gsaw_status_name(status), error.text);
    paths_text(paths, out);
    gsaw_paths_free(paths);
}

#define assert_found(self, expected, ...)                                                          \
    do {                                                                                           \
        gsaw__buffer found_ = {0};                                                                 \
        sandbox_find((self), (gsaw_discover_options){__VA_ARGS__}, &found_);                       \
        assert_string_equal(gsaw__buffer_text(&found_), (expected));                               \
        gsaw__buffer_clear(&found_);                                                               \
    } while (0)

#endif
