/* signals.c - the handlers: cancel and unwind; a second signal, or one second gone by, ends the
 * process.
 * Keeps:   handlers call async-signal-safe functions only (signal-safety(7)) and keep errno.
 * Threads: see the header. The tags: each variable is written by the main thread and read by the
 *          handler that interrupts it, so relaxed is enough; atomics keep the access whole.
 * Next:    signals.h */
#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"

#define TEMPORARY_MAX 2 /* -o and --trace */

static struct {
    _Atomic int caught;
    _Atomic bool line;
    _Atomic(gsaw_codebase *) code;
    _Atomic(const char *) temporaries[TEMPORARY_MAX];
} state;

static void end_now(int signal)
{
    for (size_t i = 0; i < TEMPORARY_MAX; i++) {
        const char *path =
            gsaw__load_relaxed(&state.temporaries[i]); /* [S4] pairs with exchange() */
        if (path != NULL)
            (void)unlink(path);
    }
    if (gsaw__load_relaxed(&state.line)) /* [S3] pairs with set_line() */
        (void)!write(STDERR_FILENO, "\r\033[K", 4);
    _exit(128 + signal);
}

static void on_signal(int signal)
{
    int saved = errno;
    int before = gsaw__load_relaxed(&state.caught); /* [S1] pairs with the store below */
    if (before != 0)
        end_now(before);
    gsaw__store_relaxed(&state.caught, signal);            /* [S1] pairs with caught() */
    gsaw_codebase *code = gsaw__load_relaxed(&state.code); /* [S2] pairs with watch() */
    if (code != NULL)
        gsaw_codebase_cancel(code);
    alarm(1); /* whatever still stands then (a write that blocks, a parser in one long token) is
                 left */
    errno = saved;
}

static void on_alarm(int signal)
{
    (void)signal;
    int caught = gsaw__load_relaxed(&state.caught); /* [S1] pairs with the store in on_signal() */
    if (caught != 0)
        end_now(caught);
}

static void handle(int signal, void (*handler)(int))
{
    struct sigaction action;
    if (sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN && signal != SIGALRM)
        return;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler; /* no SA_RESTART: a write to a full pipe must come back */
    sigfillset(&action.sa_mask);
    (void)sigaction(signal, &action, NULL);
}

void gsaw__signals_open(void)
{
    handle(SIGPIPE, SIG_IGN);
    handle(SIGALRM, on_alarm);
    handle(SIGINT, on_signal);
    handle(SIGTERM, on_signal);
}

int gsaw__signals_caught(void)
{
    return gsaw__load_relaxed(&state.caught); /* [S1] pairs with the store in on_signal() */
}

void gsaw__signals_watch(gsaw_codebase *code)
{
    gsaw__store_relaxed(&state.code, code); /* [S2] pairs with the load in on_signal() */
    if (code != NULL && gsaw__signals_caught() != 0)
        gsaw_codebase_cancel(code); /* it came before there was anything to cancel */
}

/* Put `fresh` where `old` is. */
static void exchange(const char *old, const char *fresh)
{
    for (size_t i = 0; i < TEMPORARY_MAX; i++)
        if (gsaw__load_relaxed(&state.temporaries[i]) == old) { /* [S4] only we write */
            gsaw__store_relaxed(&state.temporaries[i], fresh);  /* [S4] pairs with end_now() */
            return;
        }
}

void gsaw__signals_add_temporary(const char *path) { exchange(NULL, path); }

void gsaw__signals_forget_temporary(const char *path) { exchange(path, NULL); }

void gsaw__signals_set_line(bool drawn)
{
    gsaw__store_relaxed(&state.line, drawn); /* [S3] pairs with the load in end_now() */
}
