/* py_facts.h - what one Python file says, exactly: names, scopes, references, calls, imports.
 * Keeps:   positions are bytes of the source; facts depend on the bytes alone; the arrays live in
 *          the arena that was given; equal files give equal facts.
 * Threads: a parser belongs to one worker; finished facts are read-only.
 * Next:    py_facts.c, py_parser.h, ../../docs/decisions/0019-python-front-end.md
 *
 * A name is a spelling. A scope is the module or what opens one inside it. An entry is a (scope,
 * name) pair and says what the name means there. A reference is an occurrence: a start, a role, and
 * an entry (of attributes and keywords: a name). What encloses a reference follows from the
 * positions. Definitions (of functions, classes, parameters, imports) are no references; the
 * occurrence that first binds a variable in its scope is one, of role DEFINE. */
#ifndef GSAW_LANG_PY_FACTS_H
#define GSAW_LANG_PY_FACTS_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include <gangsaw/facts.h>

#include "base/arena.h"

#define GSAW_PY_NONE UINT32_MAX

/* Roles of references. From ATTRIBUTE on, and KEYWORD, the index is a name, else an entry. */
enum gsaw__py_role {
    GSAW_PY_READ,
    GSAW_PY_WRITE,
    GSAW_PY_DELETE,
    GSAW_PY_CALL,
    GSAW_PY_DEFINE, /* stands in the symbols too: the first binding of a variable */
    GSAW_PY_DECORATOR,
    GSAW_PY_BASE,
    GSAW_PY_TYPE,    /* in an annotation, that of a string too */
    GSAW_PY_SCOPE,   /* in global, nonlocal */
    GSAW_PY_KEYWORD, /* the name of a keyword argument or of a class pattern's attribute */
    GSAW_PY_ATTRIBUTE = 16,
    GSAW_PY_ATTRIBUTE_WRITE,
    GSAW_PY_ATTRIBUTE_DELETE,
    GSAW_PY_ATTRIBUTE_CALL,
    GSAW_PY_COMPLEX = 8 /* added to the four: the receiver is not the reference before this one,
                           but stands in `receivers` */
};

typedef struct gsaw__py_ref {
    uint32_t start, role5_index27;
} gsaw__py_ref;
static_assert(sizeof(gsaw__py_ref) == 8, "references are the bulk of the facts");

#define GSAW_PY_INDEX_MAX (((uint32_t)1 << 27) - 1)
#define gsaw__py_ref_role(ref) ((ref).role5_index27 >> 27)
#define gsaw__py_ref_index(ref) ((ref).role5_index27 & GSAW_PY_INDEX_MAX)

/* What a name means: three bits of meaning, 29 of index. */
enum gsaw__py_meaning {
    GSAW_PY_UNUSED,     /* no reference has this entry */
    GSAW_PY_UNKNOWN,    /* bound nowhere in the file: a star import's, or a mistake */
    GSAW_PY_BUILTIN,    /* bound nowhere in the file, and a builtin has the name */
    GSAW_PY_SYMBOL,     /* index: the first symbol of the name in the scope that binds it */
    GSAW_PY_IMPORT,     /* index: the same of an import */
    GSAW_PY_BOUND,      /* index: the scope that binds it without a symbol (del, global alone) */
    GSAW_PY_CLASS_CELL, /* index: the scope of the class that __class__ is */
};

typedef struct gsaw__py_entry {
    uint32_t name, meaning3_index29;
} gsaw__py_entry;
static_assert(sizeof(gsaw__py_entry) == 8, "an entry is small");

#define GSAW_PY_MEANING_INDEX_MAX (((uint32_t)1 << 29) - 1)
#define gsaw__py_entry_meaning(entry) ((entry).meaning3_index29 >> 29)
#define gsaw__py_entry_index(entry) ((entry).meaning3_index29 & GSAW_PY_MEANING_INDEX_MAX)

/* Eight bits of gsaw_symbol_kind, then flags. */
enum gsaw__py_symbol_flag {
    GSAW_PY_LOCAL = 1 << 8, /* in a function */
    GSAW_PY_ASYNC = 1 << 9,
    GSAW_PY_EXPORTED = 1 << 10,         /* of the module: in __all__, or without one no leading _ */
    GSAW_PY_LAMBDA_PARAMETER = 1 << 11, /* or of a comprehension: the scope has no symbol */
    GSAW_PY_ANNOTATED = 1 << 12,
    GSAW_PY_DECORATED = 1 << 13,
    GSAW_PY_OF_SELF = 1 << 14, /* a property by `self.name = ...` in a method; the occurrence is a
                                  reference too, of role ATTRIBUTE_WRITE */
};

typedef struct gsaw__py_symbol {
    uint32_t name, scope, name_start, start, end, kind;
} gsaw__py_symbol;
static_assert(sizeof(gsaw__py_symbol) == 24, "a symbol has no padding");

/* positional and keywords count arguments; the highest bit says that there is a * or ** too. */
#define GSAW_PY_UNPACKED ((uint16_t)0x8000)
typedef struct gsaw__py_call {
    uint32_t ref; /* the callee's last name, or GSAW_PY_NONE where it is no name */
    uint16_t positional, keywords;
} gsaw__py_call;
static_assert(sizeof(gsaw__py_call) == 8, "a call is small");

enum gsaw__py_scope_kind {
    GSAW_PY_MODULE,
    GSAW_PY_CLASS,
    GSAW_PY_FUNCTION,
    GSAW_PY_LAMBDA,
    GSAW_PY_COMPREHENSION,
    GSAW_PY_TYPES, /* type parameters (PEP 695), around a function, a class or an alias */
};

typedef struct gsaw__py_scope {
    uint32_t parent; /* a scope before this one; GSAW_PY_NONE for the module */
    uint32_t symbol; /* the function or class, GSAW_PY_NONE for the others */
    uint32_t start, kind;
} gsaw__py_scope;

enum gsaw__py_import_flag {
    GSAW_PY_IMPORT_STAR = 1,
    GSAW_PY_IMPORT_FROM = 2,
    GSAW_PY_IMPORT_LAZY = 4,       /* PEP 810 */
    GSAW_PY_IMPORT_ALIAS = 8,      /* `as`: name is the alias */
    GSAW_PY_IMPORT_IN_TRY = 16,    /* inside the body of a try: it may fail */
    GSAW_PY_IMPORT_IN_EXCEPT = 32, /* in a handler: the alternative */
    GSAW_PY_IMPORT_TYPE_CHECKING = 64,
    GSAW_PY_IMPORT_DYNAMIC = 128, /* import_module or __import__ with a literal; binds nothing */
};

/* One record a bound name. */
typedef struct gsaw__py_import {
    uint32_t name;         /* that it binds, GSAW_PY_NONE for a star and for dynamic ones */
    uint32_t scope, start; /* where the bound name stands; of a star: the module */
    uint32_t module_start, module_end; /* a.b of import a.b; ..a of from ..a import b */
    uint32_t member_start, member_end; /* b of from a import b; equal: none */
    uint32_t statement_start, statement_end, flags;
} gsaw__py_import;

/* More about a symbol, in the order of the source. */
enum gsaw__py_detail_kind {
    GSAW_PY_DOC, /* of the module: symbol is GSAW_PY_DETAIL_MODULE */
    GSAW_PY_DECORATOR_TEXT,
    GSAW_PY_BASE_TEXT,
    GSAW_PY_KEYWORD_BASE_TEXT, /* metaclass=M, whole */
    GSAW_PY_SIGNATURE,         /* from ( to the end of the return annotation */
    GSAW_PY_ANNOTATION,        /* of a parameter or variable */
    GSAW_PY_RETURNS,
    GSAW_PY_ALL_NAME, /* a string of __all__, quotes included */
    GSAW_PY_VALUE,    /* x = C(...): the callee, of the variable's (or self.x's) definition */
};
#define GSAW_PY_DETAIL_MODULE (((uint32_t)1 << 28) - 1)

typedef struct gsaw__py_detail {
    uint32_t symbol28_kind4, start, end;
} gsaw__py_detail;

typedef struct gsaw__py_receiver {
    uint32_t ref, start, end;
} gsaw__py_receiver;

/* A name of the file; names below gsaw__py_fixed_count() are not listed. */
typedef struct gsaw__py_name {
    uint32_t start, length; /* an occurrence in the source */
} gsaw__py_name;

typedef struct gsaw__python_facts {
    const gsaw__py_ref *refs;
    const gsaw__py_entry *entries;
    const gsaw__py_symbol *symbols;
    const gsaw__py_call *calls;
    const gsaw__py_scope *scopes;
    const gsaw__py_import *imports;
    const gsaw__py_detail *details;
    const gsaw__py_receiver *receivers;
    const gsaw__py_name *names; /* name n is at n - gsaw__py_fixed_count() */
    uint32_t ref_count, entry_count, symbol_count, call_count, scope_count, import_count;
    uint32_t detail_count, receiver_count, name_count;
    uint8_t status, reason; /* gsaw_file_status: ok, partial, failed; gsaw_reason */
    uint32_t problem;       /* offset of the first error */
    uint32_t problem_line;  /* its line, from 1; 0: none */
    const char *message;    /* what is wrong there, in static memory; NULL: nothing */
    size_t bytes;           /* that the arrays take */
} gsaw__python_facts;

/* What is kept from file to file: tables and growing arrays. */
typedef struct gsaw__py_parser gsaw__py_parser;

/* A parser over `allocator` (NULL: malloc); NULL when memory is out. free takes NULL. */
gsaw__py_parser *gsaw__py_parser_new(const gsaw_allocator *allocator);
void gsaw__py_parser_free(gsaw__py_parser *self);

/* The facts of `count` bytes, which GSAW_SOURCE_PADDING zero bytes follow. They live in `arena`.
 * Never fails on input: what cannot be read makes the status partial. Status failed, reason memory,
 * when memory is out, and all counts are 0. Linear in count; recursion is bounded by
 * GSAW_PY_DEPTH_MAX. */
void gsaw__python_parse(gsaw__py_parser *self, const char *bytes, size_t count, gsaw__arena *arena,
                        gsaw__python_facts *out);

/* The text of a name below gsaw__py_fixed_count(): keywords, soft keywords, builtins and others
 * that the parser asks for. */
const char *gsaw__py_fixed_name(uint32_t name);
uint32_t gsaw__py_fixed_count(void);

typedef struct gsaw__py_text {
    const char *bytes;
    size_t count;
} gsaw__py_text;
/* The text of any name of the facts of `source`. View: as long as the source. */
gsaw__py_text gsaw__python_name(const gsaw__python_facts *self, const char *source, uint32_t name);

/* Walks the invariants (indices in range, positions in the source, order); for tests. */
bool gsaw__python_facts_check(const gsaw__python_facts *self, size_t count);

#endif
