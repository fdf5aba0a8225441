/* sort.c - insertion sort of short runs, then merges: most directories are one run.
 * Keeps:   stable; compares eight bytes at once, behind what all names begin with.
 * Threads: none of its own.
 * Next:    sort.h */
#include "code/sort.h"

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#define RUN_SIZE ((size_t)16)

static size_t sort_size(const gsaw__candidate *self)
{
    return (size_t)self->name_size + self->is_directory;
}

/* How many bytes all names have in common at their beginning. */
static size_t common_prefix(const gsaw__candidate *items, size_t count, const char *names)
{
    size_t prefix = sort_size(&items[0]);
    const char *first = names + items[0].name;
    for (size_t i = 1; i < count && prefix != 0; i++) {
        const char *name = names + items[i].name;
        size_t size = sort_size(&items[i]);
        prefix = size < prefix ? size : prefix;
        for (size_t k = 0; k < prefix; k++)
            if (name[k] != first[k])
                prefix = k;
    }
    return prefix;
}

/* Eight bytes as a number, the first one highest; 0 behind the end (no name holds it). */
static void set_keys(gsaw__candidate *items, size_t count, const char *names)
{
    size_t prefix = common_prefix(items, count, names);
    for (size_t i = 0; i < count; i++) {
        size_t size = sort_size(&items[i]) - prefix;
        uint64_t key = 0;
        memcpy(&key, names + items[i].name + prefix, size < sizeof key ? size : sizeof key);
        items[i].key = be64toh(key);
    }
}

static bool is_less(const gsaw__candidate *a, const gsaw__candidate *b, const char *names)
{
    if (a->key != b->key)
        return a->key < b->key;
    size_t size_a = sort_size(a), size_b = sort_size(b);
    int order = memcmp(names + a->name, names + b->name, size_a < size_b ? size_a : size_b);
    return order != 0 ? order < 0 : size_a < size_b;
}

static void sort_run(gsaw__candidate *items, size_t count, const char *names)
{
    for (size_t i = 1; i < count; i++) {
        gsaw__candidate item = items[i];
        size_t at = i;
        for (; at != 0 && is_less(&item, &items[at - 1], names); at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

/* Merge from[0, middle) and from[middle, count) into `to`. */
static void merge(const gsaw__candidate *from, size_t middle, size_t count, gsaw__candidate *to,
                  const char *names)
{
    size_t left = 0, right = middle;
    for (size_t i = 0; i < count; i++) {
        bool take_right =
            left == middle || (right < count && is_less(&from[right], &from[left], names));
        to[i] = from[take_right ? right++ : left++];
    }
}

gsaw__candidate *gsaw__candidate_sort(gsaw__candidate *items, gsaw__candidate *scratch,
                                      size_t count, const char *names)
{
    if (count > 1)
        set_keys(items, count, names);
    for (size_t start = 0; start < count; start += RUN_SIZE)
        sort_run(items + start, count - start < RUN_SIZE ? count - start : RUN_SIZE, names);
    for (size_t width = RUN_SIZE; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t left = count - start;
            size_t size = left < 2 * width ? left : 2 * width;
            merge(items + start, size < width ? size : width, size, scratch + start, names);
        }
        gsaw__candidate *sorted = scratch;
        scratch = items;
        items = sorted;
    }
    return items;
}
