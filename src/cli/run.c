/* run.c - `gangsaw run`: the tasks of a file are processes, TaskScheduler says when each may start.
 * Keeps:   nothing is started unless the whole file is right; no process is left when it returns.
 * Threads: a worker of the pool for each process that runs; the main thread waits for signals and
 *          the end.
 * Next:    taskfile.h, process.h */
#include <errno.h>
#include <gangsaw/scheduler.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/status.h"
#include "cli/figures.h"
#include "cli/message.h"
#include "cli/process.h"
#include "cli/session.h"
#include "cli/signals.h"
#include "cli/taskfile.h"

#define BACKOFF_NS UINT64_C(100000000)
#define TRACE_EVENTS 65536
#define MEMORY_PERCENT 75

typedef struct job {
    struct graph *graph;
    const gsaw__filetask *task;
    gsaw_handle handle;
    gsaw__process_result last; /* of its last attempt */
} job;

/* One run of the command. */
typedef struct graph {
    gsaw__cli *cli;
    gsaw__taskfile file;
    gsaw_pool *pool;
    gsaw_scheduler *scheduler;
    gsaw__processes processes;
    job *jobs;
    int done; /* eventfd(2): all have ended */
    uint64_t start_ns;
} graph;

static void stop_all(graph *self)
{
    gsaw_scheduler_cancel_all(self->scheduler); /* first: who is stopped finds itself cancelled */
    gsaw__processes_stop(&self->processes);
}

/* ---- one task ---- */

static gsaw_status tell(gsaw_context *context, const job *self)
{
    const gsaw__process_result *last = &self->last;
    switch (last->end) {
    case GSAW_PROCESS_EXITED:
        if (last->exit == 0)
            return GSAW_OK;
        return gsaw_context_fail(context, GSAW_SYSTEM, "exit status %d", last->exit);
    case GSAW_PROCESS_SIGNALLED:
        return gsaw_context_fail(context, GSAW_SYSTEM, "signal %d (%s)", last->signal,
                                 sigdescr_np(last->signal));
    case GSAW_PROCESS_TIMED_OUT:
        return gsaw_context_fail(context, GSAW_TIMEOUT, "timeout after %.3f s",
                                 (double)self->task->timeout_ns / 1e9);
    case GSAW_PROCESS_STOPPED:
        return gsaw_context_fail(context, GSAW_CANCELLED, "stopped");
    case GSAW_PROCESS_UNSTARTED:
    default:
        break;
    }
    if (last->os_errno == 0)
        return gsaw_context_fail(context, GSAW_CANCELLED, "not started");
    gsaw_error detail = {0};
    gsaw__fail_errno(&detail, last->os_errno, "cannot start %.100s", self->task->command[0]);
    return gsaw_context_fail(context, GSAW_SYSTEM, "%s", detail.text);
}

static gsaw_status run_job(gsaw_context *context, void *argument)
{
    job *self = argument;
    graph *all = self->graph;
    gsaw__process process = {.shared = &all->processes,
                             .command = self->task->command,
                             .timeout_ns = self->task->timeout_ns,
                             .slot = gsaw_worker_index(gsaw_context_worker(context))};
    gsaw__process_run(&process, &self->last);
    if (gsaw__lines_failure(&all->processes.lines) != 0 || gsaw__signals_caught() != 0)
        stop_all(all); /* nobody reads on, or there was no thread to see to the signal */
    return tell(context, self);
}

/* ---- reports ---- */

static gsaw_task_result result_of(const graph *self, size_t index)
{
    gsaw_task_result result = {.status = GSAW_OK};
    gsaw_scheduler_result(self->scheduler, self->jobs[index].handle, &result);
    return result;
}

/* Why it did not end as done, in words. */
static void append_reason(gsaw__buffer *out, const gsaw_task_result *result)
{
    if (result->state == GSAW_TASK_SKIPPED)
        gsaw__buffer_printf(out, "\"%s\" did not end as done",
                            result->cause_id == NULL ? "" : result->cause_id);
    else if (result->state == GSAW_TASK_CANCELLED && result->text[0] == '\0')
        gsaw__buffer_append_text(out, result->attempts == 0 ? "not started" : "stopped");
    else
        gsaw__buffer_append_text(out, result->text);
}

static void time_field(gsaw__buffer *out, const char *key, uint64_t at_ns, uint64_t start_ns)
{
    if (at_ns == 0)
        gsaw__json_null_field(out, key);
    else
        gsaw__json_decimal_field(out, key, at_ns < start_ns ? 0 : (double)(at_ns - start_ns) / 1e6);
}

static void append_task(const graph *self, size_t index, gsaw__buffer *out)
{
    gsaw_task_result result = result_of(self, index);
    const job *of = &self->jobs[index];
    bool has_run = result.attempts != 0;
    gsaw__buffer reason = {0};
    const char *status = gsaw_task_state_name(result.state);
    append_reason(&reason, &result);
    gsaw__buffer_append_byte(out, '{');
    gsaw__json_text_field(out, "id", of->task->id, strlen(of->task->id));
    gsaw__json_text_field(out, "status", status, strlen(status));
    if (result.state == GSAW_TASK_DONE)
        gsaw__json_null_field(out, "reason");
    else
        gsaw__json_text_field(out, "reason", gsaw__buffer_text(&reason), reason.count);
    bool has_exited = has_run && of->last.end != GSAW_PROCESS_UNSTARTED && of->last.signal == 0;
    if (has_exited)
        gsaw__json_number_field(out, "exit", (uint64_t)of->last.exit);
    else
        gsaw__json_null_field(out, "exit");
    if (has_run && of->last.signal != 0)
        gsaw__json_number_field(out, "signal", (uint64_t)of->last.signal);
    else
        gsaw__json_null_field(out, "signal");
    gsaw__json_number_field(out, "attempts", result.attempts);
    if (has_run)
        gsaw__json_number_field(out, "worker", result.worker);
    else
        gsaw__json_null_field(out, "worker");
    time_field(out, "queued_ms", result.queued_ns, self->start_ns);
    time_field(out, "started_ms", result.started_ns, self->start_ns);
    time_field(out, "ended_ms", result.finished_ns, self->start_ns);
    gsaw__buffer_append_byte(out, '}');
    gsaw__buffer_clear(&reason);
}

static void print_json(graph *self, const gsaw_scheduler_counts *counts, uint64_t wall_ns)
{
    gsaw__buffer *out = &self->cli->out.text;
    gsaw__buffer_append_byte(out, '{');
    gsaw__json_number_field(out, "schema", 1);
    gsaw__json_number_field(out, "done", counts->done);
    gsaw__json_number_field(out, "failed", counts->failed);
    gsaw__json_number_field(out, "skipped", counts->skipped);
    gsaw__json_number_field(out, "cancelled", counts->cancelled);
    gsaw__json_decimal_field(out, "wall_ms", (double)wall_ns / 1e6);
    gsaw__json_key(out, "tasks");
    gsaw__buffer_append_byte(out, '[');
    for (size_t i = 0; i < self->file.count; i++) {
        gsaw__buffer_append_text(out, i == 0 ? "" : ",");
        append_task(self, i, out);
        if (!gsaw__output_line(&self->cli->out))
            return;
    }
    gsaw__buffer_append_text(out, "]}\n");
}

/* Whether people are told of it by itself: it failed, was skipped, or was stopped while it ran. */
static bool is_told(const gsaw_task_result *result)
{
    return result->state == GSAW_TASK_FAILED || result->state == GSAW_TASK_SKIPPED ||
           (result->state == GSAW_TASK_CANCELLED && result->attempts != 0);
}

/* To stderr: each that did not end well by itself, and the sums. */
static void print_text(const graph *self, const gsaw_scheduler_counts *counts, uint64_t wall_ns)
{
    gsaw__buffer text = {0};
    for (size_t i = 0; i < self->file.count; i++) {
        gsaw_task_result result = result_of(self, i);
        if (!is_told(&result))
            continue;
        append_reason(&text, &result);
        gsaw__message("%s %s: %s", self->file.tasks[i].id, gsaw_task_state_name(result.state),
                      gsaw__buffer_text(&text));
        gsaw__buffer_reset(&text);
    }
    if (!self->cli->options.quiet) {
        gsaw__figure_time(&text, wall_ns);
        gsaw__message("%llu done, %llu failed, %llu skipped, %llu cancelled in %s",
                      (unsigned long long)counts->done, (unsigned long long)counts->failed,
                      (unsigned long long)counts->skipped, (unsigned long long)counts->cancelled,
                      gsaw__buffer_text(&text));
    }
    gsaw__buffer_clear(&text);
}

/* ---- the run ---- */

static gsaw_status open_scheduler(graph *self, gsaw_error *error)
{
    const gsaw__cli *cli = self->cli;
    size_t events = cli->config.trace_events == 0 ? TRACE_EVENTS : cli->config.trace_events;
    gsaw_pool_options of_pool = {.size = sizeof of_pool,
                                 .workers = cli->config.num_workers,
                                 .trace_events = cli->options.trace == NULL ? 0 : events};
    gsaw_status status = gsaw_pool_new(&of_pool, &self->pool, error);
    if (status != GSAW_OK)
        return status;
    /* A size that was asked for is meant, even where it is more than there is. */
    uint32_t percent = cli->config.max_memory_percent;
    if (percent == 0 && cli->config.max_memory_bytes == 0)
        percent = MEMORY_PERCENT;
    gsaw_scheduler_options options = {.size = sizeof options,
                                      .pool = self->pool,
                                      .memory_max = cli->config.max_memory_bytes,
                                      .memory_percent = percent,
                                      .fail_fast = !cli->options.keep_going,
                                      .times = true};
    return gsaw_scheduler_new(&options, &self->scheduler, error);
}

static gsaw_status schedule(graph *self, gsaw_error *error)
{
    size_t count = self->file.count;
    gsaw__arena *arena = &self->file.arena;
    gsaw_task_definition *definitions =
        gsaw__arena_alloc_zero(arena, count + 1, sizeof *definitions);
    gsaw_handle *handles = gsaw__arena_alloc_zero(arena, count + 1, sizeof *handles);
    self->jobs = gsaw__arena_alloc_zero(arena, count + 1, sizeof *self->jobs);
    if (definitions == NULL || handles == NULL || self->jobs == NULL)
        return gsaw__fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        const gsaw__filetask *task = &self->file.tasks[i];
        self->jobs[i] = (job){.graph = self, .task = task};
        definitions[i] = (gsaw_task_definition){.id = task->id,
                                                .function = run_job,
                                                .argument = &self->jobs[i],
                                                .depends = task->depends,
                                                .depends_count = task->depends_count,
                                                .priority = task->priority,
                                                .memory = task->memory,
                                                .retries = task->retries,
                                                .backoff_ns = BACKOFF_NS};
    }
    self->start_ns = gsaw__clock_ns();
    gsaw_status status =
        gsaw_scheduler_schedule_batch(self->scheduler, definitions, count, handles, error);
    for (size_t i = 0; i < count && status == GSAW_OK; i++)
        self->jobs[i].handle = handles[i];
    return status;
}

static void wait_all(void *argument)
{
    graph *self = argument;
    gsaw_scheduler_wait_all(self->scheduler, GSAW_NO_DEADLINE, NULL);
    uint64_t one = 1;
    (void)!write(self->done, &one, sizeof one);
}

/* Wait for the end; a signal stops all. Signals come while we poll, and at no other time, so that
 * none is overlooked. */
static void wait_for_end(graph *self, const sigset_t *usual)
{
    struct pollfd polled = {.fd = self->done, .events = POLLIN};
    bool was_stopped = false;
    for (;;) {
        if (gsaw__signals_caught() != 0 && !was_stopped) {
            was_stopped = true;
            stop_all(self);
        }
        if (ppoll(&polled, 1, NULL, usual) > 0)
            return;
    }
}

static gsaw_status run_all(graph *self, gsaw_error *error)
{
    sigset_t usual;
    gsaw__thread waiter;
    gsaw__thread_options options = {.function = wait_all, .argument = self, .name = "gangsaw-wait"};
    gsaw__signals_block(&usual);
    gsaw_status status = schedule(self, error);
    if (status == GSAW_OK && gsaw__thread_start(&waiter, &options, error) == GSAW_OK) {
        wait_for_end(self, &usual);
        gsaw__thread_join(&waiter);
    } else if (status == GSAW_OK) { /* no thread: signals reach the processes, and those end here */
        gsaw__signals_set_bell(self->processes.stop);
        sigprocmask(SIG_SETMASK, &usual, NULL);
        if (gsaw__signals_caught() != 0)
            stop_all(self);
        gsaw_scheduler_wait_all(self->scheduler, GSAW_NO_DEADLINE, NULL);
    }
    sigprocmask(SIG_SETMASK, &usual, NULL);
    return status;
}

/* How it ended: a signal, a failure to write, or by what became of the tasks. */
static int status_of(graph *self, const gsaw_scheduler_counts *counts)
{
    const gsaw__lines *lines = &self->processes.lines;
    int failure = gsaw__lines_failure(lines);
    if (gsaw__signals_caught() != 0)
        return GSAW_EXIT_SIGNAL + gsaw__signals_caught();
    if (failure == EPIPE && !self->cli->options.json)
        return GSAW_EXIT_DONE; /* the reader has had enough */
    if (failure != 0 && failure != EPIPE) {
        gsaw_error error = {0};
        bool is_out = lines->failed_descriptor == self->cli->out.descriptor;
        gsaw__fail_errno(&error, failure, "cannot write %.80s",
                         is_out ? self->cli->out.name : "stderr");
        gsaw__message("%s", error.text);
        return GSAW_EXIT_FAILED;
    }
    return counts->done == counts->submitted ? GSAW_EXIT_DONE : GSAW_EXIT_NOTHING;
}

/* What ran is told after a signal, too; but not in a file of -o, which stays as it was. */
static int report(graph *self)
{
    gsaw_scheduler_counts counts;
    gsaw__cli *cli = self->cli;
    uint64_t wall_ns = gsaw__clock_ns() - self->start_ns;
    bool was_stopped = gsaw__signals_caught() != 0;
    gsaw_scheduler_count(self->scheduler, &counts);
    cli->out.despite_signals = was_stopped;
    if (cli->options.json && !(was_stopped && gsaw__output_is_file(&cli->out)))
        print_json(self, &counts, wall_ns);
    else if (gsaw__lines_failure(&self->processes.lines) != EPIPE)
        print_text(self, &counts, wall_ns);
    return status_of(self, &counts);
}

static int run_graph(graph *self)
{
    gsaw_error error = {0};
    gsaw__cli *cli = self->cli;
    gsaw_status status = gsaw__taskfile_read(&self->file, cli->argument, &error);
    if (status == GSAW_OK)
        status = open_scheduler(self, &error);
    const char *what = NULL; /* the taskfile's errors have its name */
    if (status == GSAW_OK) {
        status = run_all(self, &error);
        what = strcmp(cli->argument, "-") == 0 ? "stdin" : cli->argument;
    }
    int result = status == GSAW_OK ? report(self) : gsaw__session_refuse(what, &error);
    if (status == GSAW_OK && cli->options.trace != NULL) {
        gsaw_pool_shutdown(self->pool, true);
        (void)gsaw_pool_write_trace(self->pool, gsaw__output_write, &cli->trace, NULL);
    }
    gsaw_scheduler_free(self->scheduler);
    gsaw_pool_free(self->pool);
    gsaw__taskfile_clear(&self->file);
    return result;
}

static int run_with_processes(graph *self)
{
    gsaw_error error = {0};
    int out = self->cli->options.json ? STDERR_FILENO : self->cli->out.descriptor;
    self->done = eventfd(0, EFD_CLOEXEC);
    if (self->done < 0) {
        gsaw__fail_errno(&error, errno, "eventfd");
        return gsaw__session_refuse(NULL, &error);
    }
    int result;
    if (gsaw__processes_init(&self->processes, out, STDERR_FILENO, &error) == GSAW_OK) {
        result = run_graph(self);
        gsaw__signals_set_bell(-1);
        gsaw__processes_clear(&self->processes);
    } else {
        result = gsaw__session_refuse(NULL, &error);
    }
    close(self->done);
    return result;
}

int gsaw__command_run(gsaw__cli *cli)
{
    if (cli->argument == NULL) {
        gsaw__message("run wants a file of tasks (or - for stdin)");
        return GSAW_EXIT_WRONG;
    }
    graph self = {.cli = cli};
    int result = gsaw__session_open_output(cli);
    if (result != GSAW_EXIT_DONE)
        return result;
    bool is_traced = cli->options.trace != NULL;
    if (is_traced && (result = gsaw__session_open_trace(cli)) != GSAW_EXIT_DONE)
        return gsaw__session_close_output(cli, result);
    result = gsaw__session_close_output(cli, run_with_processes(&self));
    return is_traced ? gsaw__session_close_trace(cli, result) : result;
}
