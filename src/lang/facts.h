/* facts.h - what one file says: symbols and imports, packed into one block that moves as bytes.
 * Keeps:   facts depend on the bytes of the file alone; a block holds no pointers; symbols stand
 *          in the order of their start (outer first), parent < own index; equal files give equal
 *          blocks.
 * Threads: a builder belongs to one worker; a finished block is read-only.
 * Next:    facts.c, lang.h */
#ifndef GSAW_LANG_FACTS_H
#define GSAW_LANG_FACTS_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include <gangsaw/facts.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/map.h"

enum gsaw__symbol_flag {
    GSAW_SYMBOL_EXPORTED = 1,
    GSAW_SYMBOL_LOCAL = 2 /* declared inside a function */
};

enum gsaw__import_flag { GSAW_IMPORT_TYPE_ONLY = 1, GSAW_IMPORT_IS_DYNAMIC = 2 };

/* Strings are indices into the block's string table, GSAW_NONE for none. */
typedef struct gsaw__facts_symbol {
    uint32_t name, signature;
    uint32_t parent; /* index of a symbol of this file, or GSAW_NONE */
    uint32_t start, end, name_start, name_end;
    uint32_t line, column;       /* of the name, from 1 */
    uint32_t doc_start, doc_end; /* equal: none */
    uint32_t decorators, bases;  /* first entry in the block's lists */
    uint16_t decorator_count, base_count;
    uint32_t ordinal; /* 1, 2, 3 ... among the symbols of the same qualified name */
    uint8_t kind, flags;
    uint16_t reserved; /* 0 */
} gsaw__facts_symbol;
static_assert(sizeof(gsaw__facts_symbol) == 64, "a symbol is one cache line, without padding");

typedef struct gsaw__facts_import {
    uint32_t specifier, name, alias;
    uint32_t start, end, statement_start, statement_end;
    uint32_t line, column;
    uint8_t kind, flags;
    uint16_t reserved; /* 0 */
} gsaw__facts_import;
static_assert(sizeof(gsaw__facts_import) == 40, "an import has no padding");

/* The header of a block; symbols, imports, lists, string offsets (count + 1) and string bytes
 * follow. */
typedef struct gsaw__facts {
    uint32_t size; /* of the whole block in bytes */
    uint32_t symbol_count, import_count, list_count, string_count, string_bytes;
    uint32_t lines;         /* of the file */
    uint32_t reason_line;   /* where the first problem is, from 1; 0: nowhere in particular */
    uint8_t status, reason; /* gsaw_file_status, gsaw_reason */
    uint16_t reserved;
} gsaw__facts;

/* The tables of a block, of the counts in its header. View: as long as the block. */
const gsaw__facts_symbol *gsaw__facts_symbols(const gsaw__facts *self);
const gsaw__facts_import *gsaw__facts_imports(const gsaw__facts *self);
const uint32_t *gsaw__facts_lists(const gsaw__facts *self);

/* String `id` of the block, {NULL, 0} for GSAW_NONE. */
gsaw__string gsaw__facts_string(const gsaw__facts *self, uint32_t id);

/* Walks the invariants of a block, trusting nothing in it but that `size` bytes can be read. */
bool gsaw__facts_check(const gsaw__facts *self, size_t size);

/* Collects the facts of one file at a time; reused from file to file. All-zero is valid. */
typedef struct gsaw__facts_builder {
    const gsaw_allocator *allocator;
    GSAW_ARRAY(gsaw__facts_symbol) symbols;
    GSAW_ARRAY(gsaw__facts_import) imports;
    GSAW_ARRAY(uint32_t) lists; /* string ids: decorators and bases, each symbol's in one run */
    GSAW_ARRAY(uint32_t) line_starts;
    gsaw__interner strings;
    gsaw__map qualified;         /* scratch of finish(): a qualified name -> its number ... */
    GSAW_ARRAY(uint32_t) counts; /* ... and how many symbols it has so far */
    gsaw__arena scratch;         /* keys of `qualified`, orders */
    bool failed;                 /* memory ran out somewhere: finish() tells */
    uint8_t status, reason;      /* gsaw_file_status, gsaw_reason: what the front end says */
    uint32_t reason_line;
    uint32_t lines;
} gsaw__facts_builder;

/* Set self empty over `allocator` (NULL: malloc); free all it holds, empty again. */
void gsaw__facts_builder_init(gsaw__facts_builder *self, const gsaw_allocator *allocator);
void gsaw__facts_builder_clear(gsaw__facts_builder *self);

/* Begin a file: empty, status ok, and the line starts of `bytes` found (LF, CRLF and lone CR end a
 * line; a last line without an end counts). */
void gsaw__facts_builder_begin(gsaw__facts_builder *self, const char *bytes, size_t count);

/* The id of a string (GSAW_NONE and `failed` when memory is out). */
uint32_t gsaw__facts_builder_string(gsaw__facts_builder *self, const char *bytes, size_t count);

/* Append; returns the index, or GSAW_NONE with `failed` set. name, kind, parent (a symbol that was
 * appended before and starts no later) and the ranges are set by the caller; line, column and
 * ordinal are filled in here and at finish(). */
uint32_t gsaw__facts_builder_symbol(gsaw__facts_builder *self, const gsaw__facts_symbol *symbol);
uint32_t gsaw__facts_builder_import(gsaw__facts_builder *self, const gsaw__facts_import *import);
void gsaw__facts_builder_list(gsaw__facts_builder *self, uint32_t string);

/* The line and column (from 1, in bytes) of an offset. O(log lines). */
void gsaw__facts_builder_position(const gsaw__facts_builder *self, uint32_t offset, uint32_t *line,
                                  uint32_t *column);

/* Set status and reason unless a worse one is set already. */
void gsaw__facts_builder_problem(gsaw__facts_builder *self, gsaw_file_status status,
                                 gsaw_reason reason, uint32_t line);

/* Pack everything into one block in `arena`: symbols sorted by start (outer first), imports by
 * start, parents renumbered, ordinals given. NULL when memory ran out anywhere since begin(). */
const gsaw__facts *gsaw__facts_builder_finish(gsaw__facts_builder *self, gsaw__arena *arena);

#endif
