/* message.c - see the header.
 * Keeps:   nothing.
 * Threads: any.
 * Next:    message.h */
#include "cli/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/escape.h"

#define MESSAGE_MAX 1024

void gsaw__message(const char *format, ...)
{
    char text[MESSAGE_MAX];
    gsaw__buffer line = {0};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    gsaw__buffer_append_text(&line, "gangsaw: ");
    gsaw__escape(&line, text, strlen(text));
    gsaw__buffer_append_byte(&line, '\n');
    if (!line.failed)
        (void)gsaw__file_write_all(STDERR_FILENO, line.bytes, line.count);
    gsaw__buffer_clear(&line);
}
