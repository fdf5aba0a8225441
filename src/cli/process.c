/* process.c - vfork, exec, pipes, poll; SIGTERM, then SIGKILL.
 * Keeps:   between vfork and exec only what signal-safety(7) allows; every descriptor is closed.
 * Threads: any; SIGINT and the like are blocked in the threads that call this, and free again in
 *          the process.
 * Next:    process.h, lines.c. Sources: vfork(2), pidfd_open(2), setpgid(2), poll(2) */
#include "cli/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "cli/signals.h"

#define GRACE_NS UINT64_C(2000000000)     /* from SIGTERM to SIGKILL, after a timeout */
#define STOP_GRACE_NS UINT64_C(500000000) /* the same, when all are to stop */
#define LOOK_NS UINT64_C(20000000)        /* without pidfd_open(2): how often to look */
#define SHORTAGE_MS 20                    /* how often to try again what the system is short of */

/* ---- all of them ---- */

gsaw_status gsaw__processes_init(gsaw__processes *self, int out, int err, gsaw_error *error)
{
    *self = (gsaw__processes){.stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (self->stop < 0)
        return gsaw__fail_errno(error, errno, "eventfd");
    gsaw_status status = gsaw__lines_init(&self->lines, out, err);
    if (status == GSAW_OK) {
        status = gsaw__mutex_init(&self->lock, "processes", GSAW_RANK_LEAF);
        if (status == GSAW_OK)
            return GSAW_OK;
        gsaw__lines_clear(&self->lines);
    }
    close(self->stop);
    return gsaw__fail(error, status, "cannot make a lock");
}

void gsaw__processes_clear(gsaw__processes *self)
{
    gsaw__mutex_clear(&self->lock);
    gsaw__lines_clear(&self->lines);
    close(self->stop);
}

void gsaw__processes_stop(gsaw__processes *self)
{
    uint64_t one = 1;
    (void)!write(self->stop, &one, sizeof one);
}

/* Whether all are to stop, after at most so many milliseconds. */
static bool is_to_stop(const gsaw__processes *self, int wait_ms)
{
    struct pollfd polled = {.fd = self->stop, .events = POLLIN};
    return gsaw__lines_failure(&self->lines) != 0 || poll(&polled, 1, wait_ms) > 0;
}

/* ---- starting ---- */

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
}

/* What the child needs. It shares our memory until it has become another program. */
typedef struct birth {
    char *const *command;
    int out[2], err[2], failure[2]; /* pipes */
    bool pipe_is_ignored;           /* our caller ignores SIGPIPE, and so does the process */
} birth;

/* In the child: nothing but what may be called after vfork(2) in a program with threads. */
static _Noreturn void become(const birth *self)
{
    static const int handled[] = {SIGINT, SIGTERM, SIGALRM, SIGHUP, SIGQUIT};
    struct sigaction action;
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* should we be killed: no orphan */
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
        if (sigaction(handled[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            signal(handled[i], SIG_DFL);
    if (!self->pipe_is_ignored)
        signal(SIGPIPE, SIG_DFL);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
        dup2(self->out[1], STDOUT_FILENO) >= 0 && dup2(self->err[1], STDERR_FILENO) >= 0 &&
        sigprocmask(SIG_SETMASK, &none, NULL) == 0)
        execvp(self->command[0], self->command);
    int why = errno;
    (void)!write(self->failure[1], &why, sizeof why);
    _exit(127);
}

/* vfork(2): with the memory of a large graph, fork(2) costs more than all the rest. No handler of a
 * signal may run in the child, whose memory is ours. (On Linux sigprocmask(2) is this thread's.) */
static pid_t give_birth(const birth *self)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t child = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork): see above */
    if (child == 0)
        become(self); /* NOLINT(clang-analyzer-unix.Vfork): it does not return */
    int why = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = why;
    return child;
}

/* Why the child did not become the program, as an errno; 0: it did. */
static int failure_of(birth *self, pid_t child)
{
    int why = 0;
    ssize_t size;
    setpgid(child, child); /* here, too: whoever is first */
    close(self->failure[1]);
    self->failure[1] = -1;
    while ((size = read(self->failure[0], &why, sizeof why)) < 0 && errno == EINTR)
        continue;
    if (size <= 0)
        return 0;
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        continue;
    return why;
}

/* Start it; returns its id, or -1 with errno. out and err: what to read. */
static pid_t start(char *const *command, int *out, int *err)
{
    birth born = {.command = command,
                  .out = {-1, -1},
                  .err = {-1, -1},
                  .failure = {-1, -1},
                  .pipe_is_ignored = gsaw__signals_pipe_was_ignored()};
    pid_t child = -1;
    if (pipe2(born.out, O_CLOEXEC) == 0 && pipe2(born.err, O_CLOEXEC) == 0 &&
        pipe2(born.failure, O_CLOEXEC) == 0)
        child = give_birth(&born);
    int why = child < 0 ? errno : failure_of(&born, child);
    close_pair(born.failure);
    if (why != 0) {
        close_pair(born.out);
        close_pair(born.err);
        errno = why;
        return -1;
    }
    close(born.out[1]);
    close(born.err[1]);
    *out = born.out[0];
    *err = born.err[0];
    return child;
}

/* Another process's end may bring it. */
static bool is_shortage(int os_errno)
{
    return os_errno == EMFILE || os_errno == ENFILE || os_errno == EAGAIN || os_errno == ENOMEM;
}

/* The same under the lock, where one at a time tries for as long as others run. Has left `active`;
 * is counted again when it has started. */
static pid_t start_short_of(gsaw__processes *shared, char *const *command, int *out, int *err)
{
    pid_t child;
    gsaw__mutex_lock(&shared->lock);
    for (;;) {
        /* [A1] what is left at 0 has given back all that it held: then this attempt is the last */
        bool is_last = gsaw__load_seq_cst(&shared->active) == 0;
        child = start(command, out, err);
        if (child >= 0 || !is_shortage(errno) || is_last)
            break;
        if (is_to_stop(shared, SHORTAGE_MS)) {
            errno = 0;
            break;
        }
    }
    int why = errno;
    if (child >= 0)
        gsaw__add_seq_cst(&shared->active, 1); /* [A1] */
    gsaw__mutex_unlock(&shared->lock);
    errno = why;
    return child;
}

/* Start it, and be counted as active; or -1 with errno, 0 if it is not to start any more. */
static pid_t start_when_possible(const gsaw__process *self, int *out, int *err)
{
    gsaw__processes *shared = self->shared;
    if (is_to_stop(shared, 0)) {
        errno = 0;
        return -1;
    }
    gsaw__add_seq_cst(&shared->active, 1); /* [A1] before it takes anything */
    pid_t child = start(self->command, out, err);
    if (child >= 0)
        return child;
    int why = errno;
    gsaw__sub_seq_cst(&shared->active, 1); /* [A1] all was given back */
    errno = why;
    return is_shortage(why) ? start_short_of(shared, self->command, out, err) : -1;
}

/* ---- running ---- */

/* A process that runs, and what has been done to end it. */
typedef struct run {
    const gsaw__process *what;
    gsaw__process_result *result;
    pid_t child;
    int pidfd;
    bool has_ended;
    bool was_stopped, was_told, was_killed; /* all are to stop; SIGTERM; SIGKILL */
    uint64_t deadline_ns;                   /* of the next step to end it; UINT64_MAX: none */
    gsaw__stream streams[2];
} run;

static void tell(run *self, int signal)
{
    kill(-self->child, signal);
    kill(-self->child, SIGCONT); /* one that was stopped would not hear of it */
    self->was_told = true;
    self->was_killed = signal == SIGKILL;
    uint64_t grace_ns = self->was_stopped ? STOP_GRACE_NS : GRACE_NS;
    self->deadline_ns = signal == SIGKILL ? UINT64_MAX : gsaw__clock_ns() + grace_ns;
}

/* Take its wait status if it has ended. What it has left behind is killed then, so that the pipes
 * come to their end. */
static void look(run *self)
{
    int status = 0;
    siginfo_t ended = {.si_pid = 0};
    if (waitid(P_PID, (id_t)self->child, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        ended.si_pid != self->child)
        return;
    self->has_ended = true;
    kill(-self->child, SIGKILL); /* before its number can be given to another */
    gsaw__signals_set_group(self->what->slot, 0);
    while (waitpid(self->child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFSIGNALED(status))
        self->result->signal = WTERMSIG(status);
    else
        self->result->exit = WEXITSTATUS(status);
    if (self->result->end == GSAW_PROCESS_EXITED && WIFSIGNALED(status))
        self->result->end = GSAW_PROCESS_SIGNALLED;
}

static int wait_ms(const run *self)
{
    uint64_t until_ns = self->deadline_ns, now_ns = gsaw__clock_ns();
    if (self->pidfd < 0 && until_ns > now_ns + LOOK_NS)
        until_ns = now_ns + LOOK_NS;
    if (until_ns == UINT64_MAX)
        return -1;
    uint64_t ms = until_ns <= now_ns ? 0 : (until_ns - now_ns + 999999) / 1000000;
    return ms > 1000000 ? 1000000 : (int)ms;
}

/* One round: wait for something to happen, and see to it. */
static void turn(run *self)
{
    gsaw__processes *shared = self->what->shared;
    struct pollfd polled[] = {
        {.fd = self->streams[0].pipe, .events = POLLIN},
        {.fd = self->streams[1].pipe, .events = POLLIN},
        {.fd = self->pidfd, .events = POLLIN},
        {.fd = self->was_told ? -1 : shared->stop, .events = POLLIN},
    };
    if (poll(polled, 4, wait_ms(self)) < 0 && errno != EINTR)
        return;
    for (int i = 0; i < 2; i++)
        if (polled[i].revents != 0 && self->streams[i].pipe >= 0)
            gsaw__stream_read(&self->streams[i], &shared->lines);
    look(self);
    if (self->has_ended)
        return;
    bool is_last_turn = polled[3].revents != 0 || gsaw__lines_failure(&shared->lines) != 0;
    if (is_last_turn && !self->was_told) {
        self->was_stopped = true;
        self->result->end = GSAW_PROCESS_STOPPED;
        tell(self, SIGTERM);
    } else if (gsaw__clock_ns() >= self->deadline_ns) {
        if (!self->was_told)
            self->result->end = GSAW_PROCESS_TIMED_OUT;
        tell(self, self->was_told ? SIGKILL : SIGTERM);
    }
}

void gsaw__process_run(const gsaw__process *self, gsaw__process_result *out)
{
    *out = (gsaw__process_result){.end = GSAW_PROCESS_EXITED};
    gsaw__lines *lines = &self->shared->lines;
    run state = {.what = self,
                 .result = out,
                 .streams = {{.descriptor = lines->out}, {.descriptor = lines->err}}};
    state.child = start_when_possible(self, &state.streams[0].pipe, &state.streams[1].pipe);
    if (state.child < 0) {
        *out = (gsaw__process_result){.end = GSAW_PROCESS_UNSTARTED, .os_errno = errno};
        return;
    }
    gsaw__signals_set_group(self->slot, state.child);
    state.pidfd = (int)syscall(SYS_pidfd_open, state.child, 0);
    state.deadline_ns = self->timeout_ns == 0 ? UINT64_MAX : gsaw__clock_ns() + self->timeout_ns;
    while (!state.has_ended)
        turn(&state);
    for (int i = 0; i < 2; i++)
        gsaw__stream_finish(&state.streams[i], lines);
    if (state.pidfd >= 0)
        close(state.pidfd);
    gsaw__sub_seq_cst(&self->shared->active, 1); /* [A1] all was given back */
}
