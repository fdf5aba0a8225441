/* signals.c - the handlers: cancel and unwind; a second signal, or one second gone by, ends the
 * process.
 * Keeps:   handlers call async-signal-safe functions only (signal-safety(7)) and keep errno.
 * Threads: see the header. The tags: each variable is written by the main thread (groups: by the
 *          one that runs the process) and read by the handler, which needs nothing else that was
 *          written, so relaxed is enough; atomics keep the access whole.
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
    _Atomic pid_t child;
    _Atomic(const char *) temporaries[TEMPORARY_MAX];
    _Atomic int bell; /* plus 1; 0: none */
    _Atomic pid_t groups[GSAW_WORKERS_MAX];
    bool pipe_was_ignored;
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
    for (size_t i = 0; i < GSAW_WORKERS_MAX; i++) {
        pid_t group = gsaw__load_relaxed(&state.groups[i]); /* [S6] pairs with set_group() */
        if (group > 0)
            (void)kill(-group, SIGKILL);
    }
    _exit(128 + signal);
}

/* From here on the child ends, and we with it. Passing on what the terminal sent to both of us
 * would be a second signal there, which ends it at once. */
static void pass_on(pid_t child, int signal, const siginfo_t *origin)
{
    gsaw__store_relaxed(&state.caught, signal); /* [S1] pairs with caught() */
    if (origin->si_code <= 0)                   /* sent by a process, not by the kernel */
        (void)kill(child, signal);
}

static void on_signal(int signal, siginfo_t *origin, void *context)
{
    (void)context;
    int saved = errno;
    pid_t child = gsaw__load_relaxed(&state.child); /* [S5] pairs with set_child() */
    if (child != 0) {
        pass_on(child, signal, origin);
        errno = saved;
        return;
    }
    int before = gsaw__load_relaxed(&state.caught); /* [S1] pairs with the store below */
    if (before != 0)
        end_now(before);
    gsaw__store_relaxed(&state.caught, signal);            /* [S1] pairs with caught() */
    gsaw_codebase *code = gsaw__load_relaxed(&state.code); /* [S2] pairs with watch() */
    if (code != NULL)
        gsaw_codebase_cancel(code);
    int bell = gsaw__load_relaxed(&state.bell); /* [S7] pairs with set_bell() */
    if (bell != 0)
        (void)!write(bell - 1, &(const uint64_t){1}, sizeof(uint64_t));
    alarm(1); /* whatever still stands then (a write that blocks, a parser in one long token) is
                 left */
    errno = saved;
}

static void on_alarm(int signal, siginfo_t *origin, void *context)
{
    (void)signal, (void)origin, (void)context;
    int caught = gsaw__load_relaxed(&state.caught); /* [S1] pairs with the store in on_signal() */
    if (caught != 0)
        end_now(caught);
}

typedef void handler_function(int signal, siginfo_t *origin, void *context);

/* handler NULL: ignore the signal. */
static void handle(int signal, handler_function *handler)
{
    struct sigaction action;
    if (sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN && signal != SIGALRM)
        return;
    memset(&action, 0, sizeof action);
    if (handler == NULL)
        action.sa_handler = SIG_IGN;
    else
        action.sa_sigaction = handler;
    action.sa_flags = handler == NULL ? 0 : SA_SIGINFO; /* no SA_RESTART: a write to a full pipe
                                                           must come back */
    sigfillset(&action.sa_mask);
    (void)sigaction(signal, &action, NULL);
}

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

#define STOPPING_COUNT (sizeof stopping / sizeof *stopping)

void gsaw__signals_open(void)
{
    struct sigaction action;
    state.pipe_was_ignored = sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
    handle(SIGPIPE, NULL);
    handle(SIGALRM, on_alarm);
    for (size_t i = 0; i < STOPPING_COUNT; i++)
        handle(stopping[i], on_signal);
}

void gsaw__signals_block(sigset_t *before)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < STOPPING_COUNT; i++)
        sigaddset(&set, stopping[i]);
    sigprocmask(SIG_BLOCK, &set, before);
}

bool gsaw__signals_pipe_was_ignored(void) { return state.pipe_was_ignored; }

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

void gsaw__signals_set_child(pid_t child)
{
    gsaw__store_relaxed(&state.child, child); /* [S5] pairs with the load in on_signal() */
}

void gsaw__signals_set_bell(int descriptor)
{
    gsaw__store_relaxed(&state.bell, descriptor + 1); /* [S7] pairs with the load in on_signal() */
}

void gsaw__signals_set_group(size_t slot, pid_t group)
{
    gsaw__store_relaxed(&state.groups[slot], group); /* [S6] pairs with the load in end_now() */
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
