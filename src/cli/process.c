/* process.c - fork, exec, pipes, poll; SIGTERM, then SIGKILL.
 * Keeps:   between fork and exec only what signal-safety(7) allows; every descriptor is closed.
 * Threads: any; SIGINT and the like are blocked in the threads that call this, and free again in
 *          the process.
 * Next:    process.h. Sources: fork(2), pidfd_open(2), setpgid(2), poll(2) */
#include "cli/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)  /* a longer one is cut in two */
#define GRACE_NS UINT64_C(2000000000)     /* from SIGTERM to SIGKILL, after a timeout */
#define STOP_GRACE_NS UINT64_C(500000000) /* the same, when all are to stop */
#define LOOK_NS UINT64_C(20000000)        /* without pidfd_open(2): how often to look */

/* ---- lines ---- */

gsaw_status gsaw__lines_init(gsaw__lines *self, int out, int err)
{
    *self = (gsaw__lines){.out = out, .err = err};
    return gsaw__mutex_init(&self->lock, "lines", GSAW_RANK_LEAF);
}

void gsaw__lines_clear(gsaw__lines *self) { gsaw__mutex_clear(&self->lock); }

bool gsaw__lines_is_closed(gsaw__lines *self)
{
    gsaw__mutex_lock(&self->lock);
    bool is_closed = self->is_closed;
    gsaw__mutex_unlock(&self->lock);
    return is_closed;
}

static void write_all(gsaw__lines *self, int descriptor, const char *bytes, size_t size)
{
    gsaw__mutex_lock(&self->lock);
    while (size > 0 && !self->is_closed) {
        ssize_t written = write(descriptor, bytes, size);
        if (written < 0 && errno == EAGAIN) {
            struct pollfd room = {.fd = descriptor, .events = POLLOUT};
            poll(&room, 1, -1);
        } else if (written < 0 && errno == EINTR) {
            continue;
        } else if (written < 0) {
            self->is_closed = true;
        } else {
            bytes += written;
            size -= (size_t)written;
        }
    }
    gsaw__mutex_unlock(&self->lock);
}

/* One of the two streams of a process. */
typedef struct stream {
    int pipe;       /* what we read; -1: at its end */
    int descriptor; /* where its lines go */
    gsaw__buffer text;
} stream;

/* Pass on what is whole; at the end, or when it is too long, what is not, too. */
static void pass_on(gsaw__lines *lines, stream *self, bool all)
{
    size_t whole = self->text.count;
    while (whole > 0 && self->text.bytes[whole - 1] != '\n')
        whole--;
    if (whole < self->text.count && (all || self->text.count >= LINE_MAX_BYTES)) {
        gsaw__buffer_append_byte(&self->text, '\n');
        whole = self->text.count;
    }
    if (whole == 0)
        return;
    write_all(lines, self->descriptor, self->text.bytes, whole);
    memmove(self->text.bytes, self->text.bytes + whole, self->text.count - whole);
    self->text.count -= whole;
}

/* Read what there is. */
static void read_stream(gsaw__lines *lines, stream *self)
{
    char bytes[16384];
    ssize_t size = read(self->pipe, bytes, sizeof bytes);
    if (size < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (size > 0)
        gsaw__buffer_append(&self->text, bytes, (size_t)size);
    if (self->text.failed) { /* no memory for a line: what was read of it is lost, the rest not */
        self->text.failed = false;
        self->text.count = 0;
    }
    if (size <= 0) {
        close(self->pipe);
        self->pipe = -1;
    }
    pass_on(lines, self, size <= 0);
}

/* ---- starting ---- */

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
}

/* In the child: nothing but what may be called after fork(2) in a program with threads. */
static _Noreturn void become(char *const *command, int out, int err, int failure)
{
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* should we be killed: no orphan */
    static const int handled[] = {SIGINT, SIGTERM, SIGALRM, SIGPIPE, SIGHUP, SIGQUIT};
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
        signal(handled[i], SIG_DFL);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(err, STDERR_FILENO) >= 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0)
        execvp(command[0], command);
    int why = errno;
    (void)!write(failure, &why, sizeof why);
    _exit(127);
}

/* Start it; returns its id, or -1 with errno. out and err: what to read. */
static pid_t start(char *const *command, int *out, int *err)
{
    int out_pair[2] = {-1, -1}, err_pair[2] = {-1, -1}, failure[2] = {-1, -1}, why = 0;
    pid_t child = -1;
    if (pipe2(out_pair, O_CLOEXEC) == 0 && pipe2(err_pair, O_CLOEXEC) == 0 &&
        pipe2(failure, O_CLOEXEC) == 0)
        child = fork();
    if (child == 0)
        become(command, out_pair[1], err_pair[1], failure[1]);
    if (child < 0) {
        why = errno;
    } else {
        setpgid(child, child); /* here, too: whoever is first */
        close(failure[1]);
        failure[1] = -1;
        ssize_t size;
        while ((size = read(failure[0], &why, sizeof why)) < 0 && errno == EINTR)
            continue;
        if (size > 0)
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
                continue;
        else
            why = 0;
    }
    close_pair(failure);
    if (why != 0) {
        close_pair(out_pair);
        close_pair(err_pair);
        errno = why;
        return -1;
    }
    close(out_pair[1]);
    close(err_pair[1]);
    *out = out_pair[0];
    *err = err_pair[0];
    return child;
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
    stream streams[2];
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
    struct pollfd polled[] = {
        {.fd = self->streams[0].pipe, .events = POLLIN},
        {.fd = self->streams[1].pipe, .events = POLLIN},
        {.fd = self->has_ended ? -1 : self->pidfd, .events = POLLIN},
        {.fd = self->was_told || self->has_ended ? -1 : self->what->stop, .events = POLLIN},
    };
    if (poll(polled, 4, wait_ms(self)) < 0 && errno != EINTR)
        return;
    for (int i = 0; i < 2; i++)
        if (polled[i].revents != 0 && self->streams[i].pipe >= 0)
            read_stream(self->what->lines, &self->streams[i]);
    if (!self->has_ended)
        look(self);
    if (self->has_ended)
        return;
    bool is_to_stop = polled[3].revents != 0 || gsaw__lines_is_closed(self->what->lines);
    if (is_to_stop && !self->was_told) {
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
    run state = {.what = self,
                 .result = out,
                 .streams = {{.descriptor = self->lines->out}, {.descriptor = self->lines->err}}};
    state.child = start(self->command, &state.streams[0].pipe, &state.streams[1].pipe);
    if (state.child < 0) {
        *out = (gsaw__process_result){.end = GSAW_PROCESS_UNSTARTED, .os_errno = errno};
        return;
    }
    state.pidfd = (int)syscall(SYS_pidfd_open, state.child, 0);
    state.deadline_ns = self->timeout_ns == 0 ? UINT64_MAX : gsaw__clock_ns() + self->timeout_ns;
    while (!state.has_ended)
        turn(&state);
    for (int i = 0; i < 2; i++) { /* what is in the pipes; a process that left the group may hold
                                     one open for ever: that is not waited for */
        fcntl(state.streams[i].pipe < 0 ? -1 : state.streams[i].pipe, F_SETFL, O_NONBLOCK);
        for (int before = 0; state.streams[i].pipe >= 0 && before != EAGAIN;) {
            errno = 0;
            read_stream(self->lines, &state.streams[i]);
            before = errno;
        }
        if (state.streams[i].pipe >= 0)
            close(state.streams[i].pipe);
        pass_on(self->lines, &state.streams[i], true);
        gsaw__buffer_clear(&state.streams[i].text);
    }
    if (state.pidfd >= 0)
        close(state.pidfd);
}
