/* index.c - `gangsaw index`: the summary of a run, a screen for people or one JSON object.
 * Keeps:   the fields and their order are docs/formats.md's.
 * Threads: the main thread.
 * Next:    session.c, report.c */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/escape.h"
#include "cli/figures.h"
#include "cli/report.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "code/export.h"

#define PROBLEMS_SHOWN 10

static const char *const verdicts[GSAW_VERDICT_COUNT] = {"resolved", "external", "builtin",
                                                         "ambiguous", "unresolved"};

/* The numbers of the JSON object, in its order; GROUPS stand behind those of their name. */
static const struct {
    const char *key;
    size_t offset;
} numbers[] = {
#define NUMBER(field)                                                                              \
    {                                                                                              \
#field, offsetof(gsaw_summary, field)                                                      \
    }
    NUMBER(files),   NUMBER(parsed),  NUMBER(partial),    NUMBER(reused),
    NUMBER(skipped), NUMBER(failed),  NUMBER(bytes),      NUMBER(lines),
    NUMBER(symbols), NUMBER(imports), NUMBER(references), NUMBER(edges),
#undef NUMBER
};

static void verdicts_field(gsaw__buffer *out, const char *key, const uint64_t *counts)
{
    gsaw__json_key(out, key);
    gsaw__buffer_append_byte(out, '{');
    for (size_t i = 0; i < GSAW_VERDICT_COUNT; i++)
        gsaw__json_number_field(out, verdicts[i], counts[i]);
    gsaw__buffer_append_byte(out, '}');
}

static void languages_field(gsaw__buffer *out, const gsaw_summary *summary)
{
    gsaw__json_key(out, "languages");
    gsaw__buffer_append_byte(out, '{');
    for (size_t i = 0; i < summary->language_count; i++)
        gsaw__json_number_field(out, summary->languages[i].name, summary->languages[i].files);
    gsaw__buffer_append_byte(out, '}');
}

/* The absolute path: a log of this object is read far from where it was made. */
static void root_field(gsaw__buffer *out, const char *root)
{
    char *resolved = realpath(root, NULL);
    const char *path = resolved != NULL ? resolved : root;
    gsaw__json_text_field(out, "root", path, strlen(path));
    free(resolved);
}

static void problems_field(gsaw__cli *cli, const gsaw_codebase *code)
{
    gsaw__buffer *out = &cli->out.text;
    gsaw_file file;
    bool first = true;
    gsaw__json_key(out, "problems");
    gsaw__buffer_append_byte(out, '[');
    for (size_t i = 0; gsaw_codebase_file_at(code, i, &file) == GSAW_OK; i++) {
        if (file.status == GSAW_FILE_OK)
            continue;
        gsaw__buffer_append_text(out, first ? "" : ",");
        gsaw__export_problem_record(out, code, i);
        first = false;
        if (!gsaw__output_line(&cli->out))
            return;
    }
    gsaw__buffer_append_byte(out, ']');
}

static void print_json(gsaw__cli *cli, const gsaw_codebase *code)
{
    gsaw__buffer *out = &cli->out.text;
    const gsaw_summary *summary = gsaw_codebase_summary(code);
    gsaw__buffer_append_byte(out, '{');
    gsaw__json_number_field(out, "schema", 1);
    root_field(out, gsaw__session_root(cli));
    gsaw__json_text_field(out, "digest", summary->digest, strlen(summary->digest));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        uint64_t number;
        memcpy(&number, (const char *)summary + numbers[i].offset, sizeof number);
        gsaw__json_number_field(out, numbers[i].key, number);
    }
    verdicts_field(out, "imports_by_verdict", summary->imports_by_verdict);
    verdicts_field(out, "references_by_verdict", summary->references_by_verdict);
    languages_field(out, summary);
    gsaw__json_number_field(out, "jobs", summary->jobs);
    gsaw__json_decimal_field(out, "wall_ms", (double)summary->wall_ns / 1e6);
    gsaw__json_decimal_field(out, "cpu_ms", (double)summary->cpu_ns / 1e6);
    gsaw__json_number_field(out, "peak_rss_bytes", summary->peak_rss_bytes);
    gsaw__report_phases(out, summary);
    problems_field(cli, code);
    gsaw__buffer_append_text(out, "}\n");
}

static void print_files(gsaw__cli *cli, const gsaw_summary *summary)
{
    const struct {
        uint64_t count;
        const char *word;
        enum gsaw__style style;
    } parts[] = {
        {summary->parsed - summary->partial, "ok", GSAW_STYLE_GOOD},
        {summary->reused, "reused", GSAW_STYLE_GOOD},
        {summary->partial, "partial", GSAW_STYLE_WARNING},
        {summary->skipped, "skipped", GSAW_STYLE_WARNING},
        {summary->failed, "failed", GSAW_STYLE_BAD},
    };
    gsaw__buffer *out = &cli->out.text;
    gsaw__report_label(out, "files");
    gsaw__figure_count(out, summary->files);
    const char *before = summary->files == 0 ? "" : ": ";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].count == 0)
            continue;
        gsaw__buffer_append_text(out, before);
        gsaw__figure_count(out, parts[i].count);
        gsaw__buffer_append_byte(out, ' ');
        gsaw__paint(out, cli->color, parts[i].style, parts[i].word);
        before = ", ";
    }
    gsaw__buffer_append_byte(out, '\n');
}

static void print_languages(gsaw__buffer *out, const gsaw_summary *summary)
{
    gsaw__report_label(out, "languages");
    for (size_t i = 0; i < summary->language_count; i++) {
        gsaw__buffer_printf(out, "%s%s ", i == 0 ? "" : ", ", summary->languages[i].name);
        gsaw__figure_count(out, summary->languages[i].files);
    }
    gsaw__buffer_append_text(out, summary->language_count == 0 ? "none\n" : "\n");
}

static void print_counts(gsaw__buffer *out, const gsaw_summary *summary)
{
    gsaw__report_label(out, "source");
    gsaw__figure_bytes(out, (double)summary->bytes);
    gsaw__buffer_append_text(out, ", ");
    gsaw__report_count(out, summary->lines, "line");
    gsaw__buffer_append_byte(out, '\n');
    gsaw__report_label(out, "symbols");
    gsaw__figure_count(out, summary->symbols);
    gsaw__buffer_append_byte(out, '\n');
    gsaw__report_label(out, "imports");
    gsaw__figure_count(out, summary->imports);
    gsaw__buffer_append_text(out,
                             summary->imports == 0 ? "\n" : " (not resolved in this version)\n");
}

static void print_cost(gsaw__buffer *out, const gsaw_summary *summary)
{
    gsaw__report_label(out, "time");
    gsaw__figure_time(out, summary->wall_ns);
    gsaw__buffer_append_text(out, " (processors: ");
    gsaw__figure_time(out, summary->cpu_ns);
    gsaw__buffer_append_text(out, "), ");
    gsaw__report_count(out, summary->jobs, "worker");
    gsaw__buffer_append_text(out, ", ");
    gsaw__figure_bytes(out, gsaw__report_rate(summary));
    gsaw__buffer_append_text(out, "/s\n");
    gsaw__report_label(out, "memory");
    gsaw__figure_bytes(out, (double)summary->peak_rss_bytes);
    gsaw__buffer_append_text(out, " at the peak\n");
    gsaw__report_label(out, "digest");
    gsaw__buffer_printf(out, "%s\n", summary->digest);
}

/* path: status reason: detail */
static void print_problem(gsaw__cli *cli, const gsaw_file *file)
{
    gsaw__buffer *out = &cli->out.text;
    gsaw__buffer_append_text(out, "  ");
    gsaw__escape(out, file->path, file->path_size);
    gsaw__buffer_append_text(out, ": ");
    gsaw__paint(out, cli->color,
                file->status == GSAW_FILE_FAILED ? GSAW_STYLE_BAD : GSAW_STYLE_WARNING,
                gsaw_file_status_name(file->status));
    gsaw__buffer_printf(out, " %s%s", gsaw_reason_name(file->reason),
                        file->detail[0] == 0 ? "" : ": ");
    gsaw__escape(out, file->detail, strlen(file->detail));
    gsaw__buffer_append_byte(out, '\n');
}

static void print_problems(gsaw__cli *cli, const gsaw_codebase *code, uint64_t count)
{
    gsaw__buffer *out = &cli->out.text;
    gsaw_file file;
    uint64_t shown = 0;
    if (count == 0)
        return;
    gsaw__buffer_append_byte(out, '\n');
    gsaw__report_count(out, count, "problem");
    gsaw__buffer_append_text(out, ":\n");
    for (size_t i = 0; gsaw_codebase_file_at(code, i, &file) == GSAW_OK; i++) {
        if (file.status == GSAW_FILE_OK)
            continue;
        if (shown == PROBLEMS_SHOWN && !cli->options.verbose)
            break;
        print_problem(cli, &file);
        shown++;
        if (!gsaw__output_line(&cli->out))
            return;
    }
    if (shown < count) {
        gsaw__buffer_append_text(out, "  ... and ");
        gsaw__figure_count(out, count - shown);
        gsaw__buffer_append_text(out, " more (--verbose or --json lists all)\n");
    }
}

static void print_text(gsaw__cli *cli, const gsaw_codebase *code)
{
    gsaw__buffer *out = &cli->out.text;
    const gsaw_summary *summary = gsaw_codebase_summary(code);
    const char *root = gsaw__session_root(cli);
    gsaw__escape(out, root, strlen(root));
    gsaw__buffer_append_byte(out, '\n');
    print_files(cli, summary);
    print_languages(out, summary);
    print_counts(out, summary);
    print_cost(out, summary);
    print_problems(cli, code, gsaw__report_problem_count(summary));
}

static int report(gsaw__cli *cli, gsaw_codebase *code)
{
    if (cli->options.json)
        print_json(cli, code);
    else if (!cli->options.quiet)
        print_text(cli, code);
    bool problems = gsaw__report_problem_count(gsaw_codebase_summary(code)) > 0;
    return cli->options.strict && problems ? GSAW_EXIT_NOTHING : GSAW_EXIT_DONE;
}

int gsaw__command_index(gsaw__cli *cli) { return gsaw__session_run(cli, report); }
