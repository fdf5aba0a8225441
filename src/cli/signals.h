/* signals.h - SIGINT and SIGTERM stop the run within two seconds; SIGPIPE is an error of write(2).
 * Keeps:   all mutable state of the process that a handler needs, and nothing else; the only one
 *          in cli/.
 * Threads: the main thread alone calls these and runs the handlers (the library's threads block
 *          signals).
 * Next:    signals.c, session.c */
#ifndef GSAW_CLI_SIGNALS_H
#define GSAW_CLI_SIGNALS_H

#include <sys/types.h>

#include <gangsaw/code.h>

/* Install the handlers. A signal that the caller has set to be ignored (nohup) stays ignored. */
void gsaw__signals_open(void);

/* The signal that was caught, or 0. */
int gsaw__signals_caught(void);

/* What to cancel when a signal comes; NULL: nothing. Must be called with NULL before it is closed.
 */
void gsaw__signals_watch(gsaw_codebase *code);

/* The process that does the work while this one waits for it, or 0: a signal that was sent to this
 * one alone is passed on (the terminal sends to both), and it is left to the child to end. */
void gsaw__signals_set_child(pid_t child);

/* A file to remove when the process has to be ended from the handler; borrowed until it is
 * forgotten. */
void gsaw__signals_add_temporary(const char *path);
void gsaw__signals_forget_temporary(const char *path);

/* True while a progress line stands on stderr, which the handler then erases. */
void gsaw__signals_set_line(bool drawn);

#endif
