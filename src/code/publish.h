/* publish.h - from the records in path order to a summary and a digest.
 * Keeps:   conservation: files = parsed + reused + skipped + failed (checked).
 * Threads: one.
 * Next:    publish.c */
#ifndef GSAW_CODE_PUBLISH_H
#define GSAW_CODE_PUBLISH_H

#include <gangsaw/code.h>

#include "code/parse.h"

/* Count the records, which are in path order, into summary (whose counts are zero), and give the
 * digest: SHA-256 over what the export says, the facts of a file by the digest of their block. */
void gsaw__publish_summary(gsaw_summary *summary, gsaw__file_record *const *records, size_t count);

#endif
