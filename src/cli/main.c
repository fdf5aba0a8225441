/* main.c - gangsaw: read the command line, run the command, return its exit status.
 * Keeps:   file descriptors 0 to 2 are taken, so that no file of ours becomes somebody's stderr.
 * Threads: the main thread.
 * Next:    cli.h, command.c, options.c */
#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/session.h"
#include "cli/signals.h"

/* A descriptor that came closed is opened so that using it fails: 0 for writing, the others for
 * reading. */
static void open_standard_descriptors(void)
{
    for (int i = 0; i <= STDERR_FILENO; i++)
        if (fcntl(i, F_GETFD) < 0)
            (void)!open("/dev/null", i == 0 ? O_WRONLY : O_RDONLY);
}

static int print_version(gsaw__cli *cli)
{
    int status = gsaw__session_open_output(cli);
    gsaw__buffer_printf(&cli->out.text, "gangsaw %s\n", gsaw_version());
    return status == GSAW_EXIT_DONE ? gsaw__session_close_output(cli, status) : status;
}

static int run(gsaw__cli *cli)
{
    if (cli->options.help)
        return gsaw__help_print(cli, cli->command);
    if (cli->options.version)
        return print_version(cli);
    if (cli->command == NULL)
        return gsaw__help_refuse();
    return cli->command->function(cli);
}

/* Blocks of parsers (256 KiB and 1 MiB) go back to the system when they are freed: by default
 * malloc learns to keep such blocks, in a heap for each thread, and --max-memory would be a wish.
 */
static void give_memory_back(void) { (void)mallopt(M_MMAP_THRESHOLD, 256 << 10); }

int main(int argc, char **argv)
{
    gsaw__cli cli = {.command = NULL};
    give_memory_back();
    open_standard_descriptors();
    gsaw__signals_open();
    int status = gsaw__options_read(&cli, argc > 0 ? (size_t)(argc - 1) : 0, argv + 1);
    if (status == GSAW_EXIT_DONE)
        status = run(&cli);
    gsaw__arena_clear(&cli.arena);
    return status;
}
