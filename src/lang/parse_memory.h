/* parse_memory.h - the memory of one parse by tree-sitter, and the bounds that end a parse from
 * inside.
 * Keeps:   all that a parse allocates is gone when gsaw__parse_guard() returns, however it ended;
 *          a parse over its bounds on memory or time, or cancelled, is left by longjmp from the
 *          next allocation or check; between parses at most GSAW_PARSE_KEPT bytes stay.
 * Threads: a gsaw__parse_memory belongs to one thread at a time; any number side by side.
 * Next:    parse_memory.c, treesitter.h, third_party/allocator.h */
#ifndef GSAW_LANG_PARSE_MEMORY_H
#define GSAW_LANG_PARSE_MEMORY_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lang/lang.h"

#define GSAW_PARSE_KEPT ((size_t)4 << 20)
#define GSAW_PARSE_SMALL_CLASSES 32 /* 16, 32 ... 512 bytes */
#define GSAW_PARSE_CLASSES 39       /* and 1, 2 ... 64 KiB; above that chunks stand alone */

struct gsaw__parse_block;
struct gsaw__parse_large;
struct gsaw__parse_chunk;

/* All-zero but for the allocator is empty. */
typedef struct gsaw__parse_memory {
    const gsaw_allocator *allocator;  /* borrowed; where blocks come from */
    struct gsaw__parse_block *blocks; /* in use, newest first */
    struct gsaw__parse_block *spare;  /* kept from earlier parses */
    struct gsaw__parse_large *large;  /* chunks that stand alone */
    char *next, *end;                 /* free part of the newest block */
    struct gsaw__parse_chunk *free_chunks[GSAW_PARSE_CLASSES];
    size_t held, held_max;      /* bytes of blocks and large chunks in this parse; the peak */
    const gsaw__limits *limits; /* of the parse that is on; NULL: none is */
    uint64_t began_ns;          /* CPU time of the thread when the parse began */
    uint64_t deadline_ns;       /* on the wall clock: the CPU time cannot be used up before */
    uint32_t countdown;         /* allocations until the clock is looked at */
    gsaw_reason reason;         /* why the parse was left */
    jmp_buf escape;
} gsaw__parse_memory;

/* Set self empty over `allocator` (NULL: malloc); free what is kept. Not inside of a guard. */
void gsaw__parse_memory_init(gsaw__parse_memory *self, const gsaw_allocator *allocator);
void gsaw__parse_memory_clear(gsaw__parse_memory *self);

/* Run body(argument) with tree-sitter's memory coming from self and the clock running from now.
 * Returns GSAW_REASON_NONE when body came to its end; GSAW_REASON_TIMEOUT, _MEMORY or _CANCELLED
 * when it was left somewhere inside a call of tree-sitter, gsaw__parse_check() or
 * gsaw__parse_alloc(): body must hold nothing that only its own end would free. Not to be nested in
 * one thread. */
gsaw_reason gsaw__parse_guard(gsaw__parse_memory *self, const gsaw__limits *limits,
                              void (*body)(void *argument), void *argument);

/* Inside body: leave when the time is over or cancel is set. */
void gsaw__parse_check(gsaw__parse_memory *self);

/* Inside body: `size` bytes that are taken elsewhere, for the result, count as well: leave when
 * that is over the limit. */
void gsaw__parse_admit(gsaw__parse_memory *self, size_t size);

/* Inside body: memory that lives until the guard ends. Never NULL (it leaves instead). */
void *gsaw__parse_alloc(gsaw__parse_memory *self, size_t size);

#endif
