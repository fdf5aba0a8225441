/* supervise.c - fork, wait, and after a crash find out which file it was.
 * Keeps:   the child dies with its parent; a signal that only the parent got is passed on.
 * Threads: the main thread.
 * Next:    supervise.h, session.c, signals.c */
#include "cli/supervise.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/array.h"
#include "base/atomic.h"
#include "cli/message.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "code/codebase.h"
#include "code/trial.h"

#define FLIGHTS_SIZE (GSAW_WORKERS_MAX * sizeof(gsaw__flight))
#define UNEXPLAINED_MAX                                                                            \
    2 /* crashes that no file repeats alone; then all suspects are set aside                       \
       */

static bool is_crash(int signal)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        if (crashes[i] == signal)
            return true;
    return false;
}

/* Fork; the child dies when this process does. As fork(2). */
static pid_t start_child(void)
{
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent))
        _exit(GSAW_EXIT_FAILED); /* the parent is gone already */
    return child;
}

/* Wait until the child has ended; its wait status. */
static int wait_for(pid_t child)
{
    int ended = 0;
    gsaw__signals_set_child(child);
    while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
        continue;
    gsaw__signals_set_child(0);
    return ended;
}

/* Does the file crash a process that parses nothing else? */
static bool crashes_alone(gsaw__cli *cli, const char *path)
{
    pid_t child = start_child();
    if (child != 0) {
        int ended = child < 0 ? 0 : wait_for(child);
        return WIFSIGNALED(ended) && is_crash(WTERMSIG(ended));
    }
    gsaw_codebase *code = NULL;
    if (gsaw_codebase_open(gsaw__session_root(cli), &cli->config, &code, NULL) == GSAW_OK)
        gsaw__trial_run(code, path);
    _exit(GSAW_EXIT_DONE);
}

typedef GSAW_ARRAY(const char *) path_list;

/* The paths that were in flight when the child died; the slots are free again. False: no memory. */
static bool take_suspects(gsaw__cli *cli, gsaw__flight *flights, path_list *suspects)
{
    for (size_t i = 0; i < GSAW_WORKERS_MAX; i++) {
        /* [F1] acquire, pairs with F1 in flight.c */
        if (gsaw__load_acquire(&flights[i].active) == 0)
            continue;
        const char *path = gsaw__arena_dup(&cli->arena, flights[i].path, flights[i].path_size);
        if (path == NULL || !gsaw__array_push(suspects, NULL, path))
            return false;
        gsaw__store_relaxed(&flights[i].active, 0); /* [F1] the next child is not forked yet */
    }
    return true;
}

/* Try the suspects alone and add those that crash to `aside`; all of them when `all`. */
static bool judge(gsaw__cli *cli, const path_list *suspects, bool all, path_list *aside)
{
    size_t before = aside->count;
    for (size_t i = 0; i < suspects->count && gsaw__signals_caught() == 0; i++)
        if (all || crashes_alone(cli, suspects->items[i]))
            (void)gsaw__array_push(aside, NULL, suspects->items[i]);
    return aside->count > before;
}

/* After a crash: what is to be set aside. False: there is no way on. */
static bool investigate(gsaw__cli *cli, gsaw__flight *flights, path_list *aside,
                        unsigned *unexplained)
{
    path_list suspects = {NULL, 0, 0};
    bool found = take_suspects(cli, flights, &suspects) && suspects.count != 0;
    if (found && !judge(cli, &suspects, false, aside) && ++*unexplained > UNEXPLAINED_MAX)
        found = judge(cli, &suspects, true, aside);
    gsaw__array_clear(&suspects, NULL);
    return found && gsaw__signals_caught() == 0;
}

/* The list in the arena of the command line, which lives as long as the work; the array is freed.
 */
static gsaw_strings keep(gsaw__cli *cli, path_list *aside)
{
    size_t size = aside->count * sizeof *aside->items;
    gsaw_strings kept = {NULL, 0};
    const char **items = size == 0 ? NULL : gsaw__arena_alloc(&cli->arena, size);
    if (items != NULL) {
        memcpy(items, aside->items, size);
        kept = (gsaw_strings){items, aside->count};
    }
    gsaw__array_clear(aside, NULL);
    return kept;
}

static int fail(int signal)
{
    if (gsaw__signals_caught() != 0)
        return GSAW_EXIT_SIGNAL + gsaw__signals_caught();
    gsaw__message("internal error: the working process was ended by signal %d (%s)", signal,
                  strsignal(signal));
    return GSAW_EXIT_FAILED;
}

bool gsaw__supervise(gsaw__cli *cli, gsaw__watch *watch, int *status)
{
    *watch = (gsaw__watch){.flights = NULL};
    gsaw__flight *flights = mmap(NULL, FLIGHTS_SIZE, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (flights == MAP_FAILED)
        return false;
    path_list aside = {NULL, 0, 0};
    unsigned unexplained = 0;
    for (;;) {
        pid_t child = start_child();
        if (child <= 0) {
            watch->flights = child == 0 ? flights : NULL;
            watch->set_aside = keep(cli, &aside);
            return false;
        }
        int ended = wait_for(child);
        if (WIFEXITED(ended)) {
            *status = WEXITSTATUS(ended);
            break;
        }
        int signal = WTERMSIG(ended);
        if (!is_crash(signal) || !investigate(cli, flights, &aside, &unexplained)) {
            *status = fail(signal);
            break;
        }
    }
    gsaw__array_clear(&aside, NULL);
    munmap(flights, FLIGHTS_SIZE);
    return true;
}
