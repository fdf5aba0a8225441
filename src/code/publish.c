/* publish.c - putting a run's results in order: records by path, the summary, the digest.
 * Keeps:   everything here is a function of the sorted directories and the records; one thread.
 * Threads: the one that called index().
 * Next:    publish.h, index.c */
#include "code/publish.h"

#include <string.h>

#include "base/check.h"

static void digest_number(gsaw__digester *digester, uint64_t number)
{
    unsigned char bytes[8]; /* little-endian on every machine */
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(number >> 8 * i);
    gsaw__digester_update(digester, bytes, sizeof bytes);
}

/* What the export says of a file goes in, lengths first so that no two lists of files look alike.
 */
static void digest_record(gsaw__digester *digester, const gsaw__file_record *record)
{
    static const gsaw__digest none;
    const char *language = gsaw__file_language(record);
    digest_number(digester, record->path_size);
    gsaw__digester_update(digester, record->path, record->path_size);
    if (language != NULL)
        gsaw__digester_update(digester, language, strlen(language));
    gsaw__digester_update(digester, "", 1);
    digest_number(digester, record->bytes);
    digest_number(digester, record->lines);
    digest_number(digester, record->status);
    digest_number(digester, record->reason);
    digest_number(digester, (uint64_t)record->os_errno);
    digest_number(digester, record->was_read);
    const gsaw__digest *content = record->was_read ? &record->content : &none;
    gsaw__digester_update(digester, content->bytes, sizeof content->bytes);
    const gsaw__digest *facts = record->facts != NULL ? &record->facts_digest : &none;
    gsaw__digester_update(digester, facts->bytes, sizeof facts->bytes);
}

static void count_languages(gsaw_summary *summary, const uint64_t counts[GSAW_LANGUAGE_MAX])
{
    for (size_t i = 0; i < gsaw__language_count(); i++) {
        if (counts[i] == 0)
            continue;
        summary->languages[summary->language_count].name = gsaw__language_at(i)->name;
        summary->languages[summary->language_count++].files = counts[i];
    }
}

static void count_record(gsaw_summary *summary, const gsaw__file_record *record)
{
    summary->files++;
    summary->parsed += record->status == GSAW_FILE_OK || record->status == GSAW_FILE_PARTIAL;
    summary->partial += record->status == GSAW_FILE_PARTIAL;
    summary->skipped += record->status == GSAW_FILE_SKIPPED;
    summary->failed += record->status == GSAW_FILE_FAILED;
    summary->bytes += record->was_read ? record->bytes : 0;
    summary->lines += record->lines;
    if (record->facts == NULL)
        return;
    summary->symbols += record->facts->symbol_count;
    summary->imports += record->facts->import_count;
}

void gsaw__publish_summary(gsaw_summary *summary, gsaw__file_record *const *records, size_t count)
{
    uint64_t languages[GSAW_LANGUAGE_MAX] = {0};
    gsaw__digester digester;
    gsaw__digest digest;
    gsaw_check(gsaw__language_count() <= GSAW_LANGUAGE_MAX);
    gsaw__digester_init(&digester);
    digest_number(&digester, count);
    for (size_t i = 0; i < count; i++) {
        count_record(summary, records[i]);
        if (gsaw__file_language(records[i]) != NULL)
            languages[records[i]->language]++;
        digest_record(&digester, records[i]);
    }
    gsaw__digester_finish(&digester, &digest);
    gsaw__digest_text(&digest, summary->digest);
    count_languages(summary, languages);
    summary->edges = summary->symbols; /* contains: one for each symbol */
    summary->imports_by_verdict[GSAW_VERDICT_COUNT - 1] = summary->imports; /* unresolved */
    gsaw_check(summary->files ==
               summary->parsed + summary->reused + summary->skipped + summary->failed);
}
