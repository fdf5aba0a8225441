/* parse.h - one file from its name to its facts: read, look at the bytes, extract, pack.
 * Keeps:   whatever happens to a file is in its record; nothing else is touched.
 * Threads: a parser belongs to one worker; records are written by the worker that has the file.
 * Next:    parse.c, codebase.c */
#ifndef GSAW_CODE_PARSE_H
#define GSAW_CODE_PARSE_H

#include <gangsaw/config.h>

#include "base/file.h"
#include "base/hash.h"
#include "lang/lang.h"
#include "task/gate.h"

/* What is known of one file. Lives in the arena of the worker that made it; path is set at the end.
 */
typedef struct gsaw__file_record {
    const char *path; /* relative to the root, zero-terminated */
    uint32_t path_size;
    uint32_t language; /* index, lang.h; none of them: a folder or an ignore file */
    uint64_t bytes;
    const gsaw__facts *facts;  /* NULL: not parsed */
    gsaw__digest content;      /* SHA-256 of the bytes on disk, when was_read */
    gsaw__digest facts_digest; /* of the block, when facts */
    uint32_t lines;
    int32_t os_errno;       /* with reason io */
    uint8_t status, reason; /* gsaw_file_status, gsaw_reason */
    bool was_read;
    uint32_t directory; /* the number of the one it is in: timing.h */
    uint64_t cost_ns;   /* from opening it until its facts were there; 0: never opened */
    uint64_t waited_ns; /* of that, not on a CPU: at the memory gate, for the disk, for a CPU */
} gsaw__file_record;

/* What the file took on a CPU. */
static inline uint64_t gsaw__file_awake_ns(const gsaw__file_record *record)
{
    return record->cost_ns - record->waited_ns;
}

/* The name of the record's language, or NULL. */
const char *gsaw__file_language(const gsaw__file_record *record);

/* What all parsers of a run share. */
typedef struct gsaw__parse_options {
    const gsaw_config *config; /* filled */
    gsaw__gate *gate;
    uint64_t memory_max;            /* that one parse may take when it is alone */
    const _Atomic uint32_t *cancel; /* not 0: stop */
} gsaw__parse_options;

/* One worker's parser; all-zero but for what init sets. */
typedef struct gsaw__parser {
    const gsaw__parse_options *options; /* borrowed */
    gsaw__arena facts;                  /* blocks of facts, adopted at the end of the run */
    gsaw__lang_state *state;            /* made on first use */
    gsaw__facts_builder builder;
    gsaw__buffer source, converted;
    uint64_t cpu_ns, first_ns, last_ns; /* CPU used; when the first began and the last ended */
} gsaw__parser;

/* Set up, taking no memory yet; options outlive the parser. */
void gsaw__parser_init(gsaw__parser *self, const gsaw__parse_options *options,
                       const gsaw_allocator *allocator);

/* Free all that is still its own: facts that were not adopted too. */
void gsaw__parser_clear(gsaw__parser *self);

/* Read and parse the file behind `descriptor` (or -errno of the attempt to open it) and fill in
 * `record`, whose language is set. The descriptor stays open. Blocks at the memory gate. Never
 * fails as a whole: memory running out is the file's `memory`. */
void gsaw__parser_run(gsaw__parser *self, int descriptor, gsaw__file_record *record);

#endif
