/* allocator.h - put before every source of tree-sitter and its grammars: all their memory comes
 * from functions that the program linking them defines (gangsaw: src/lang/parse_memory.c), bound
 * when linking.
 * Keeps:   no function pointer that a process must set once (ts_set_allocator), so no global
 *          state; the scanners that call calloc by its own name are held to it too.
 * Threads: as those functions.
 * Next:    CMakeLists.txt, ../src/lang/parse_memory.h */
#ifndef GSAW_THIRD_PARTY_ALLOCATOR_H
#define GSAW_THIRD_PARTY_ALLOCATOR_H

#include <stdlib.h>

void *gsaw__parse_malloc(size_t size);
void *gsaw__parse_calloc(size_t count, size_t size);
void *gsaw__parse_realloc(void *pointer, size_t size);
void gsaw__parse_free(void *pointer);

#define ts_malloc gsaw__parse_malloc
#define ts_calloc gsaw__parse_calloc
#define ts_realloc gsaw__parse_realloc
#define ts_free gsaw__parse_free

#define malloc gsaw__parse_malloc
#define calloc gsaw__parse_calloc
#define realloc gsaw__parse_realloc
#define free gsaw__parse_free

#endif
