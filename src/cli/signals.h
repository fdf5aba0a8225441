/* signals.h - SIGINT, SIGTERM, SIGHUP and SIGQUIT stop the run within two seconds; SIGPIPE is an
 * error of write(2).
 * Keeps:   all mutable state of the process that a handler needs, and nothing else; the only one
 *          in cli/.
 * Threads: the main thread alone calls these, but for set_group, and runs the handlers (the
 *          library's threads block signals).
 * Next:    signals.c, session.c */
#ifndef GSAW_CLI_SIGNALS_H
#define GSAW_CLI_SIGNALS_H

#include <signal.h>
#include <sys/types.h>

#include <gangsaw/code.h>

/* Install the handlers. A signal that the caller has set to be ignored (nohup) stays ignored. */
void gsaw__signals_open(void);

/* The signal that was caught, or 0. */
int gsaw__signals_caught(void);

/* Block those that stop the run, in this thread and those it starts; *before is the mask until now.
 */
void gsaw__signals_block(sigset_t *before);

/* Whether SIGPIPE was ignored when we were started: programs that we start are to find it so. */
bool gsaw__signals_pipe_was_ignored(void);

/* What to cancel when a signal comes; NULL: nothing. Must be called with NULL before it is closed.
 */
void gsaw__signals_watch(gsaw_codebase *code);

/* The process that does the work while this one waits for it, or 0: a signal that was sent to this
 * one alone is passed on (the terminal sends to both), and it is left to the child to end. */
void gsaw__signals_set_child(pid_t child);

/* An eventfd(2) that is rung when a signal comes; -1: none. */
void gsaw__signals_set_bell(int descriptor);

/* A process group to kill when this process has to be ended from the handler; 0: it has ended. One
 * slot, below GSAW_WORKERS_MAX, for each thread that has one. Any thread. */
void gsaw__signals_set_group(size_t slot, pid_t group);

/* A file to remove when the process has to be ended from the handler; borrowed until it is
 * forgotten. */
void gsaw__signals_add_temporary(const char *path);
void gsaw__signals_forget_temporary(const char *path);

/* True while a progress line stands on stderr, which the handler then erases. */
void gsaw__signals_set_line(bool drawn);

#endif
