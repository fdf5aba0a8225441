/* test_file.c - reading files and directories: what is refused, what changes, what is kept.
 * Next:    src/base/file.h */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"

static char root[] = "/tmp/gsaw-file-XXXXXX";
static int folder = -1;

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(root) == NULL)
        return -1;
    folder = gsaw__directory_open(AT_FDCWD, root, true);
    return folder < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[64];
    close(folder);
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static void write_file(const char *name, const char *bytes, size_t count)
{
    int descriptor = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(descriptor >= 0);
    assert_int_equal(gsaw__file_write_all(descriptor, bytes, count), 0);
    close(descriptor);
}

static void test_file_read_gives_all_bytes_and_padding(void **state)
{
    (void)state;
    gsaw__buffer out = {0};
    write_file("a.py", "x\0y\n", 4);
    int descriptor = openat(folder, "a.py", GSAW_FILE_OPEN_FLAGS);
    gsaw__read read = gsaw__file_read_open(descriptor, 100, 64, &out);
    close(descriptor);
    assert_int_equal(read.result, GSAW_READ_OK);
    assert_int_equal(out.count, 4);
    assert_memory_equal(out.bytes, "x\0y\n", 4);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(out.bytes[4 + i], 0);
    write_file("empty.py", "", 0);
    read = gsaw__file_read(folder, "empty.py", false, 100, &out);
    assert_int_equal(read.result, GSAW_READ_OK);
    assert_int_equal(out.count, 0);
    read = gsaw__file_read(folder, "a.py", false, 3, &out);
    assert_int_equal(read.result, GSAW_READ_TOO_LARGE);
    assert_int_equal(read.size, 4);
    gsaw__buffer_clear(&out);
}

static void test_file_read_refuses_what_is_no_file(void **state)
{
    (void)state;
    gsaw__buffer out = {0};
    assert_int_equal(mkfifoat(folder, "fifo.py", 0666), 0);
    gsaw__read read = gsaw__file_read(folder, "fifo.py", false, 100, &out);
    assert_int_equal(read.result, GSAW_READ_NOT_REGULAR);
    assert_int_equal(read.type, GSAW_ENTRY_FIFO);
    assert_int_equal(mkdirat(folder, "dir.py", 0777), 0);
    read = gsaw__file_read(folder, "dir.py", false, 100, &out);
    assert_int_equal(read.type, GSAW_ENTRY_DIRECTORY);
    assert_int_equal(symlinkat("a.py", folder, "link.py"), 0);
    read = gsaw__file_read(folder, "link.py", false, 100, &out);
    assert_int_equal(read.result, GSAW_READ_ERROR);
    assert_int_equal(read.os_errno, ELOOP);
    read = gsaw__file_read(folder, "link.py", true, 100, &out);
    assert_int_equal(read.result, GSAW_READ_OK);
    read = gsaw__file_read(folder, "missing.py", false, 100, &out);
    assert_int_equal(read.os_errno, ENOENT);
    read = gsaw__file_read(AT_FDCWD, "/dev/null", false, 100, &out);
    assert_int_equal(read.type, GSAW_ENTRY_DEVICE);
    gsaw__buffer_clear(&out);
}

static void test_file_read_survives_each_failing_allocation(void **state)
{
    (void)state;
    write_file("a.py", "abc", 3);
    enum gsaw__read_result result = GSAW_READ_NO_MEMORY;
    for (size_t fail_at = 1; result != GSAW_READ_OK; fail_at++) {
        gsaw_failing_allocator failing;
        gsaw_failing_allocator_init(&failing, fail_at, 0);
        gsaw__buffer out;
        gsaw__buffer_init(&out, &failing.allocator);
        result = gsaw__file_read(folder, "a.py", false, 100, &out).result;
        assert_true(result == GSAW_READ_OK || result == GSAW_READ_NO_MEMORY);
        gsaw__buffer_clear(&out);
        assert_int_equal(failing.live_bytes, 0);
        assert_true(fail_at < 10);
    }
}

static void test_directory_lists_every_entry_once(void **state)
{
    (void)state;
    assert_int_equal(mkdirat(folder, "many", 0777), 0);
    int many = gsaw__directory_open(folder, "many", false);
    assert_true(many >= 0);
    enum { COUNT = 3000 };
    static unsigned char seen[COUNT];
    for (int i = 0; i < COUNT; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        int descriptor = openat(many, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        assert_true(descriptor >= 0);
        close(descriptor);
    }
    _Alignas(8) char batch[4096];
    long size;
    int count = 0;
    while ((size = gsaw__directory_read(many, batch, sizeof batch)) > 0) {
        gsaw__entry entry;
        for (size_t offset = 0; gsaw__directory_next(batch, (size_t)size, &offset, &entry);) {
            int index = atoi(entry.name);
            assert_int_equal(entry.name_size, strlen(entry.name));
            assert_true(entry.type == GSAW_ENTRY_FILE || entry.type == GSAW_ENTRY_UNKNOWN);
            assert_int_equal(seen[index]++, 0);
            count++;
        }
    }
    assert_int_equal(size, 0);
    assert_int_equal(count, COUNT);
    close(many);
}

static void test_directory_open_follows_no_link(void **state)
{
    (void)state;
    assert_int_equal(symlinkat("many", folder, "link"), 0);
    assert_true(gsaw__directory_open(folder, "link", false) < 0);
    assert_int_equal(gsaw__directory_open(folder, "nowhere", false), -ENOENT);
    assert_int_equal(gsaw__file_type_at(folder, "link", false), GSAW_ENTRY_LINK);
    assert_int_equal(gsaw__file_type_at(folder, "link", true), GSAW_ENTRY_DIRECTORY);
    assert_int_equal(gsaw__file_type_at(folder, "nowhere", true), -ENOENT);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket.py", root);
    int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(gsaw__file_type_at(folder, "socket.py", false), GSAW_ENTRY_SOCKET);
    close(descriptor);
}

static void test_file_write_reports_a_full_device(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_int_equal(gsaw__file_write_all(full, "x", 1), -ENOSPC);
    close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_read_gives_all_bytes_and_padding),
        cmocka_unit_test(test_file_read_refuses_what_is_no_file),
        cmocka_unit_test(test_file_read_survives_each_failing_allocation),
        cmocka_unit_test(test_directory_lists_every_entry_once),
        cmocka_unit_test(test_directory_open_follows_no_link),
        cmocka_unit_test(test_file_write_reports_a_full_device),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
