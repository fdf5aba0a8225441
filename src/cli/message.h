/* message.h - what is said to people on stderr: "gangsaw: ...", a line each, made safe for
 * terminals.
 * Keeps:   one write(2) a message, so that lines of several processes do not mix.
 * Threads: any.
 * Next:    message.c */
#ifndef GSAW_CLI_MESSAGE_H
#define GSAW_CLI_MESSAGE_H

#include <gangsaw/status.h>

/* Write "gangsaw: " and the formatted text to stderr; when that fails there is nobody left to tell.
 */
void gsaw__message(const char *format, ...) GSAW_PRINTF(1, 2);

#endif
