/* discover.c - one task per directory: enter, list, submit those below, hand the listing out.
 * Keeps:   every submitted directory gives up its parent's descriptor and its use of the rules,
 *          listed or not; after the first failure, or when cancelled, tasks do only that.
 * Threads: tasks run in any worker; a worker's lister is its own. [S1] is the first failure, [S2]
 *          counts the directories under way: who brings it to 0 sees what all workers did.
 * Next:    discover.h, listing.c, links.c */
#include "code/discover.h"

#include <string.h>
#include <sys/stat.h>

#include "base/atomic.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/status.h"
#include "code/links.h"
#include "task/pool.h"

struct worker_place {
    gsaw__lister lister;
    gsaw__links_noted noted;
    char separation[GSAW_SEPARATION]; /* from the next worker's */
};

struct gsaw__discovery {
    gsaw__tree tree;
    gsaw__selection selection;
    const gsaw_allocator *allocator;
    gsaw_pool *pool;
    gsaw_group *group;
    const _Atomic uint32_t *cancel;
    gsaw__turn_function *before_listing;
    gsaw__listing_function *on_listing;
    void *context;
    struct worker_place *places;
    size_t place_count;
    gsaw__links links;        /* used only when links are followed */
    _Atomic uint32_t failure; /* gsaw_status of the first */
    _Atomic uint64_t under_way;
};

/* All of these must stand before the first task is submitted. */
static_assert(GSAW_OK == 0, "an all-zero failure means none");

static void fail(gsaw__discovery *self, gsaw_status status)
{
    uint32_t none = GSAW_OK;
    (void)gsaw__cas_acq_rel(&self->failure, &none, (uint32_t)status); /* [S1] the first one stays */
}

static bool is_stopped(const gsaw__discovery *self)
{
    /* [S1] relaxed: who misses it works in vain, no more; so with [L1], the cancel flag. */
    return gsaw__load_relaxed(&self->failure) != GSAW_OK ||
           (self->cancel != NULL && gsaw__load_relaxed(self->cancel) != 0); /* [L1] */
}

static gsaw_status run_directory(gsaw_worker *worker, void *argument, uint64_t *value);

static gsaw_status submit(gsaw__discovery *self, gsaw__dir *dir)
{
    return gsaw_pool_spawn(self->pool, self->group, run_directory, dir, (uint64_t)(uintptr_t)self);
}

/* The end of a directory that was to be listed: also when it never was. */
static void finish(gsaw__discovery *self, gsaw__dir *dir)
{
    gsaw__rules_release(dir->rules);
    dir->rules = NULL;
    if (!self->selection.follow)
        return;
    /* [S2] release by each, acquire by the last: it may gather what all workers noted. */
    while (gsaw__sub_acq_rel(&self->under_way, 1) == 1) {
        for (size_t i = 0; i < self->place_count; i++)
            if (!gsaw__links_gather(&self->links, &self->places[i].noted))
                fail(self, GSAW_NO_MEMORY);
        gsaw__dir *link = gsaw__links_take(&self->links);
        if (link == NULL)
            return;
        gsaw__store_relaxed(&self->under_way, 1); /* [S2] relaxed: nothing is under way but this */
        gsaw_status status = submit(self, link);
        if (status == GSAW_OK)
            return;
        fail(self, status);
        gsaw__rules_release(link->rules);
    }
}

/* A directory that could not be handed on. */
static void give_up(gsaw__discovery *self, gsaw__dir *dir, gsaw_status status)
{
    fail(self, status);
    gsaw__dir_abandon(&self->tree, dir);
    finish(self, dir);
}

/* Links to directories wait until all else is done: they are not under way yet. */
static void note_links(gsaw__discovery *self, struct worker_place *place, gsaw__dir *dir)
{
    gsaw__dir *children = gsaw__dir_children(dir);
    for (uint32_t i = 0; i < dir->child_count; i++) {
        if ((children[i].flags & GSAW_DIR_LINK) == 0)
            continue;
        if (!gsaw__array_push(&place->noted.links, self->allocator, &children[i])) {
            fail(self, GSAW_NO_MEMORY);
            return;
        }
        children[i].rules = dir->rules;
        gsaw__rules_retain(dir->rules, 1);
    }
}

/* Submit the directories below, the last first: a worker takes its own newest task, so it goes on
 * in path order, deep before wide, and few descriptors stay open. */
static void submit_children(gsaw__discovery *self, struct worker_place *place, gsaw__dir *dir)
{
    gsaw__dir *children = gsaw__dir_children(dir);
    uint32_t count = 0;
    for (uint32_t i = 0; i < dir->child_count; i++)
        count += (children[i].flags & GSAW_DIR_LINK) == 0;
    if (count != dir->child_count)
        note_links(self, place, dir);
    if (count != 0 || self->on_listing != NULL)
        gsaw__dir_share(&self->tree, dir, count);
    gsaw__rules_retain(dir->rules, count);
    if (self->selection.follow)
        gsaw__add_relaxed(&self->under_way, count); /* [S2] relaxed: dir itself still counts */
    for (uint32_t i = dir->child_count; i-- != 0;) {
        if ((children[i].flags & GSAW_DIR_LINK) != 0)
            continue;
        children[i].rules = dir->rules;
        gsaw_status status = submit(self, &children[i]);
        if (status != GSAW_OK)
            give_up(self, &children[i], status);
    }
}

/* When links are followed: was this directory listed before? Else note that it is now. */
static bool is_known(gsaw__discovery *self, struct worker_place *place, const gsaw__dir *dir)
{
    struct stat status;
    if (!self->selection.follow || fstat(dir->descriptor, &status) != 0)
        return false;
    gsaw__identity identity = {status.st_dev, status.st_ino};
    if (gsaw__links_knows(&self->links, identity))
        return true;
    if (!gsaw__array_push(&place->noted.visited, self->allocator, identity))
        fail(self, GSAW_NO_MEMORY);
    return false;
}

static void list(gsaw__discovery *self, struct worker_place *place, gsaw_worker *worker,
                 gsaw__dir *dir)
{
    gsaw_status status = gsaw__lister_list(&place->lister, dir);
    place->lister.totals.problems += dir->reason != GSAW_REASON_NONE;
    if (status != GSAW_OK) {
        fail(self, status);
        return;
    }
    submit_children(self, place, dir);
    if (self->on_listing != NULL)
        self->on_listing(self->context, worker, dir);
}

/* The task of a directory. */
static gsaw_status run_directory(gsaw_worker *worker, void *argument, uint64_t *value)
{
    gsaw__discovery *self = (gsaw__discovery *)(uintptr_t)*value;
    gsaw__dir *dir = argument;
    gsaw_check(gsaw_worker_index(worker) < self->place_count);
    struct worker_place *place = &self->places[gsaw_worker_index(worker)];
    if (self->before_listing != NULL)
        self->before_listing(self->context, worker);
    if (is_stopped(self)) {
        gsaw__dir_abandon(&self->tree, dir);
        finish(self, dir);
        return GSAW_OK;
    }
    gsaw_worker_name_task(worker, dir->parent == NULL ? "." : dir->name);
    place->lister.totals.directories++;
    uint64_t start_ns = gsaw__clock_ns();
    int failure = gsaw__dir_enter(&self->tree, dir);
    if (failure < 0) {
        dir->os_errno = -failure;
        dir->reason = (uint8_t)gsaw__reason_of_errno(-failure);
        place->lister.totals.problems++;
    } else {
        if (!is_known(self, place, dir))
            list(self, place, worker, dir);
        gsaw__dir_release(&self->tree, dir);
    }
    dir->list_ns = gsaw__clock_ns() - start_ns;
    finish(self, dir);
    return GSAW_OK;
}

static gsaw_status add_patterns(gsaw__ignore *list, const gsaw_strings *patterns, gsaw_error *error)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (!gsaw__ignore_add(list, patterns->items[i], strlen(patterns->items[i])))
            return gsaw__fail_memory(error);
    return GSAW_OK;
}

static gsaw_status init_selection(gsaw__selection *self, const gsaw__discovery_options *options,
                                  gsaw_error *error)
{
    self->no_ignore = options->no_ignore;
    self->hidden = options->hidden;
    self->follow = options->follow;
    self->all_files = options->all_files;
    self->only = options->only;
    gsaw__ignore_init(&self->include, options->allocator);
    gsaw__ignore_init(&self->exclude, options->allocator);
    gsaw_status status = add_patterns(&self->include, &options->include, error);
    return status != GSAW_OK ? status : add_patterns(&self->exclude, &options->exclude, error);
}

static gsaw_status init_places(gsaw__discovery *self, const gsaw__discovery_options *options,
                               gsaw_error *error)
{
    size_t count = gsaw__pool_room(options->pool);
    self->places = gsaw__alloc_zero(self->allocator, count, sizeof *self->places);
    if (self->places == NULL)
        return gsaw__fail_memory(error);
    self->place_count = count;
    for (size_t i = 0; i < count; i++) {
        gsaw__lister *lister = &self->places[i].lister;
        gsaw__lister_init(lister, &self->tree, &self->selection, options->arenas[i]);
        lister->cancel = options->cancel;
    }
    return GSAW_OK;
}

static void free_all(gsaw__discovery *self)
{
    for (size_t i = 0; i < self->place_count; i++) {
        gsaw__links_noted *noted = &self->places[i].noted;
        for (size_t k = 0; k < noted->links.count; k++) /* left behind when memory was out */
            gsaw__rules_release(noted->links.items[k]->rules);
        gsaw__links_noted_clear(noted, self->allocator);
        gsaw__lister_clear(&self->places[i].lister);
    }
    gsaw__free(self->allocator, self->places, self->place_count * sizeof *self->places);
    gsaw__links_clear(&self->links);
    gsaw__ignore_clear(&self->selection.include);
    gsaw__ignore_clear(&self->selection.exclude);
    gsaw__free(self->allocator, self, sizeof *self);
}

gsaw_status gsaw__discovery_start(const char *root, const gsaw__discovery_options *options,
                                  gsaw__discovery **out, gsaw_error *error)
{
    gsaw__discovery *self = gsaw__alloc_zero(options->allocator, 1, sizeof *self);
    if (self == NULL)
        return gsaw__fail_memory(error);
    self->allocator = options->allocator;
    self->pool = options->pool;
    self->group = options->group;
    self->cancel = options->cancel;
    self->before_listing = options->before_listing;
    self->on_listing = options->on_listing;
    self->context = options->context;
    gsaw__links_init(&self->links, self->allocator);
    gsaw_status status = init_selection(&self->selection, options, error);
    if (status == GSAW_OK)
        status = init_places(self, options, error);
    if (status == GSAW_OK)
        status = gsaw__tree_open(&self->tree, root, self->allocator, error);
    if (status != GSAW_OK) {
        free_all(self);
        return status;
    }
    if (options->include.count != 0)
        self->tree.root.flags = 0;            /* a file is included only when a pattern says so */
    gsaw__store_relaxed(&self->under_way, 1); /* [S2] relaxed: submitting publishes it */
    *out = self;                              /* before the first task: on_listing may use it */
    status = submit(self, &self->tree.root);
    if (status != GSAW_OK) {
        *out = NULL;
        gsaw__discovery_free(self);
        return gsaw__fail(error, status, "the pool takes no task");
    }
    return GSAW_OK;
}

gsaw_status gsaw__discovery_status(const gsaw__discovery *self)
{
    /* [S1] relaxed, and [L1]: the group has been waited for. */
    gsaw_status failure = (gsaw_status)gsaw__load_relaxed(&self->failure);
    if (failure == GSAW_OK && is_stopped(self))
        failure = GSAW_CANCELLED;
    return failure;
}

gsaw__listing_totals gsaw__discovery_totals(const gsaw__discovery *self)
{
    gsaw__listing_totals sum = {0};
    for (size_t i = 0; i < self->place_count; i++) {
        const gsaw__listing_totals *part = &self->places[i].lister.totals;
        sum.directories += part->directories;
        sum.names += part->names;
        sum.files += part->files;
        sum.problems += part->problems;
        sum.ignored += part->ignored;
    }
    return sum;
}

gsaw__tree *gsaw__discovery_tree(gsaw__discovery *self) { return &self->tree; }

void gsaw__discovery_free(gsaw__discovery *self)
{
    if (self == NULL)
        return;
    gsaw__tree_close(&self->tree);
    free_all(self);
}
