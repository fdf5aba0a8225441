/* py_parser.h - the parser's own: one token of state, names, open scopes, growing facts.
 * Keeps:   no tree; each function eats what it is named after and leaves the next token in `kind`;
 *          after an error `kind` is GSAW_TOKEN_ERROR until a statement boundary recovers.
 * Threads: a parser belongs to one worker.
 * Next:    py_lexer.c, py_scope.c, py_expression.c, py_statement.c */
#ifndef GSAW_LANG_PY_PARSER_H
#define GSAW_LANG_PY_PARSER_H

#include "base/array.h"
#include "lang/lang.h"
#include "lang/py_facts.h"

/* All bounds of the parser. The first three are CPython's own. */
#define GSAW_PY_INDENT_MAX 100  /* levels of indentation */
#define GSAW_PY_BRACKET_MAX 200 /* nested brackets */
#define GSAW_PY_FSTRING_MAX 150 /* nested f-strings */
#define GSAW_PY_DEPTH_MAX 1000  /* calls that nest in each other: brackets, lambdas, blocks */
#define GSAW_PY_SOURCE_MAX ((size_t)1 << 28) /* bytes of a file */
#define GSAW_PY_REF_MAX GSAW_PY_INDEX_MAX

/* Token kinds: the keywords, whose kinds are their names' ids, and the others. */
#define GSAW_PY_KEYWORDS(row)                                                                      \
    row(FALSE, "False")                                                                            \
    row(NONE, "None")                                                                              \
    row(TRUE, "True")                                                                              \
    row(AND, "and")                                                                                \
    row(AS, "as")                                                                                  \
    row(ASSERT, "assert")                                                                          \
    row(ASYNC, "async")                                                                            \
    row(AWAIT, "await")                                                                            \
    row(BREAK, "break")                                                                            \
    row(CLASS, "class")                                                                            \
    row(CONTINUE, "continue")                                                                      \
    row(DEF, "def")                                                                                \
    row(DEL, "del")                                                                                \
    row(ELIF, "elif")                                                                              \
    row(ELSE, "else")                                                                              \
    row(EXCEPT, "except")                                                                          \
    row(FINALLY, "finally")                                                                        \
    row(FOR, "for")                                                                                \
    row(FROM, "from")                                                                              \
    row(GLOBAL, "global")                                                                          \
    row(IF, "if")                                                                                  \
    row(IMPORT, "import")                                                                          \
    row(IN, "in")                                                                                  \
    row(IS, "is")                                                                                  \
    row(LAMBDA, "lambda")                                                                          \
    row(NONLOCAL, "nonlocal")                                                                      \
    row(NOT, "not")                                                                                \
    row(OR, "or")                                                                                  \
    row(PASS, "pass")                                                                              \
    row(RAISE, "raise")                                                                            \
    row(RETURN, "return")                                                                          \
    row(TRY, "try")                                                                                \
    row(WHILE, "while")                                                                            \
    row(WITH, "with")                                                                              \
    row(YIELD, "yield")

/* Names with fixed ids that the parser asks for. */
#define GSAW_PY_KNOWN_NAMES(row)                                                                   \
    row(UNDERSCORE, "_")                                                                           \
    row(CASE, "case")                                                                              \
    row(LAZY, "lazy")                                                                              \
    row(MATCH, "match")                                                                            \
    row(TYPE_WORD, "type")                                                                         \
    row(ALL, "__all__")                                                                            \
    row(CLASS_CELL_NAME, "__class__")                                                              \
    row(INIT, "__init__")                                                                          \
    row(APPEND, "append")                                                                          \
    row(EXTEND, "extend")                                                                          \
    row(IMPORT_MODULE, "import_module")                                                            \
    row(DUNDER_IMPORT, "__import__")                                                               \
    row(TYPE_CHECKING, "TYPE_CHECKING")                                                            \
    row(CACHED_PROPERTY, "cached_property")                                                        \
    row(SETTER, "setter")                                                                          \
    row(GETTER, "getter")                                                                          \
    row(DELETER, "deleter")                                                                        \
    row(ENUM_NAME, "Enum")                                                                         \
    row(INT_ENUM, "IntEnum")                                                                       \
    row(STR_ENUM, "StrEnum")                                                                       \
    row(FLAG, "Flag")                                                                              \
    row(INT_FLAG, "IntFlag")                                                                       \
    row(LITERAL, "Literal")                                                                        \
    row(STATICMETHOD, "staticmethod")                                                              \
    row(PROPERTY_NAME, "property")

#define GSAW_PY_ENUM(name, text) GSAW_TOKEN_##name,
enum gsaw__py_kind {
    GSAW_PY_KEYWORDS(GSAW_PY_ENUM) GSAW_TOKEN_NAME, /* also the number of keywords */
    GSAW_TOKEN_NUMBER,
    GSAW_TOKEN_STRING,
    GSAW_TOKEN_FSTRING, /* the opening quote of an f- or t-string */
    GSAW_TOKEN_ELLIPSIS,
    GSAW_TOKEN_OPEN_ROUND,
    GSAW_TOKEN_OPEN_SQUARE,
    GSAW_TOKEN_OPEN_CURLY,
    GSAW_TOKEN_CLOSE_ROUND,
    GSAW_TOKEN_CLOSE_SQUARE,
    GSAW_TOKEN_CLOSE_CURLY,
    GSAW_TOKEN_COMMA,
    GSAW_TOKEN_COLON,
    GSAW_TOKEN_SEMICOLON,
    GSAW_TOKEN_DOT,
    GSAW_TOKEN_EQUAL,
    GSAW_TOKEN_WALRUS,
    GSAW_TOKEN_ARROW,
    GSAW_TOKEN_STAR,
    GSAW_TOKEN_POWER,
    GSAW_TOKEN_SIGN, /* + - */
    GSAW_TOKEN_TILDE,
    GSAW_TOKEN_AT,
    GSAW_TOKEN_BAR,
    GSAW_TOKEN_OPERATOR, /* the other binary ones */
    GSAW_TOKEN_AUGMENTED,
    GSAW_TOKEN_BANG,
    GSAW_TOKEN_NEWLINE,
    GSAW_TOKEN_END,
    GSAW_TOKEN_BAD,   /* no token: `message` says why */
    GSAW_TOKEN_ERROR, /* after an error */
    GSAW_TOKEN_KIND_COUNT
};
#undef GSAW_PY_ENUM
#define GSAW_PY_ENUM(name, text) GSAW_PY_NAME_##name,
enum gsaw__py_known {
    GSAW_PY_NAME_BASE = GSAW_TOKEN_NAME - 1,
    GSAW_PY_KNOWN_NAMES(GSAW_PY_ENUM) /* builtins follow; the last two are such */
};
#undef GSAW_PY_ENUM

/* What an expression was, for those who may assign to it. */
enum gsaw__py_result {
    GSAW_PY_OTHER,
    GSAW_PY_IS_NAME,      /* last_ref is its reference */
    GSAW_PY_IS_ATTRIBUTE, /* the same */
    GSAW_PY_IS_SUBSCRIPT,
    GSAW_PY_IS_GROUP, /* a tuple or list of targets; they are the last candidates */
    GSAW_PY_IS_STAR,  /* a starred target */
    GSAW_PY_IS_CALL,
    GSAW_PY_IS_STRING,          /* strings and nothing else */
    GSAW_PY_IS_NAMED,           /* a walrus */
    GSAW_PY_IS_TUPLE,           /* without brackets, of no targets */
    GSAW_PY_IN_PARENTHESES = 16 /* added */
};

/* A slot of the name table: the name's first 16 bytes, zeros behind. */
typedef struct gsaw__py_slot {
    uint64_t low, high;
    const unsigned char *text; /* NULL: empty */
    uint32_t id, length;
} gsaw__py_slot;

/* A name while its file is parsed: the innermost open scope that mentions it, and its entry. */
typedef struct gsaw__py_spelling {
    uint32_t start, length, scope, entry;
} gsaw__py_spelling;

enum gsaw__py_binding {
    GSAW_PY_IS_BOUND = 1,
    GSAW_PY_IS_GLOBAL = 2,   /* declared so; link is the module's entry */
    GSAW_PY_IS_NONLOCAL = 4, /* declared so */
    GSAW_PY_IS_LINKED = 8,   /* link is where it goes on */
    GSAW_PY_IS_USED = 16,
    GSAW_PY_IS_CELL = 32,       /* __class__: link is the class's scope */
    GSAW_PY_HAS_SYMBOL = 128,   /* an import alone is none: what is assigned behind it is */
    GSAW_PY_HAS_ATTRIBUTE = 64, /* of a class: self.name is assigned to */
};

#define GSAW_PY_TARGET_IMPORT ((uint32_t)1 << 31)

/* An entry while its file is parsed. */
typedef struct gsaw__py_open_entry {
    uint32_t name, scope, flags, target; /* a symbol, or an import with the highest bit set */
    uint32_t covered_scope, covered_entry;
    uint32_t next; /* in its scope */
    uint32_t link;
} gsaw__py_open_entry;

typedef struct gsaw__py_open_scope {
    uint32_t scope, entries, pending;
} gsaw__py_open_scope;

/* Where arrays stood: what is behind may be moved into another scope or dropped. */
typedef struct gsaw__py_mark {
    uint32_t refs, scopes, pending, symbols, candidates, calls, receivers, details;
} gsaw__py_mark;

/* Where the lexer stood. */
typedef struct gsaw__py_lexer {
    const unsigned char *at;      /* behind the token */
    const unsigned char *token;   /* its start */
    const unsigned char *before;  /* the end of the token before it */
    uint32_t kind, name;          /* of the token */
    uint32_t nesting;             /* open brackets: line ends are blanks inside */
    uint32_t column, alternative; /* of the logical line that begins behind a NEWLINE, with tabs of
                                     8 and of 1 */
    uint32_t string;              /* flags of a string token */
} gsaw__py_lexer;

enum gsaw__py_string_flag {
    GSAW_PY_RAW = 1,
    GSAW_PY_BYTES = 2,
    GSAW_PY_TRIPLE = 4,
    GSAW_PY_TEMPLATE = 8,
    GSAW_PY_FORMATTED = 16,
    GSAW_PY_UNICODE = 32,
};

typedef struct gsaw__py_level {
    uint32_t column, alternative;
} gsaw__py_level;

typedef struct gsaw__py_pending_parameter {
    uint32_t name, start, end, annotation_start, annotation_end;
} gsaw__py_pending_parameter;

/* The method around, whose first parameter's attributes are the class's. */
typedef struct gsaw__py_method {
    uint32_t scope, class_scope, name; /* name GSAW_PY_NONE: there is none */
} gsaw__py_method;

typedef struct gsaw__py_range {
    uint32_t start, end;
} gsaw__py_range;

struct gsaw__py_parser {
    gsaw__py_lexer lexer;
    const unsigned char *source, *end;
    const gsaw_allocator *allocator;

    gsaw__py_slot *slots;
    uint32_t slot_count; /* a power of two */
    GSAW_ARRAY(gsaw__py_spelling) names;

    uint32_t scope, entries; /* the innermost scope and the last of its entries */
    uint32_t reading;        /* the role of names that are read: READ, TYPE */
    uint32_t last_ref;
    uint32_t value_start; /* of the right side */
    uint32_t last_call;   /* the open bracket of the last call that was complete */
    uint32_t last_result; /* of the right side of an assignment */
    uint32_t depth, fstrings;
    uint32_t level_count;
    uint32_t statement_start, statement_calls, statement_receivers;
    uint32_t line_end;                 /* of the last statement that is complete */
    uint32_t string_start, string_end; /* of the last statement that was a string */
    uint32_t resumed_at;               /* where the last error was recovered from */
    uint32_t import_flags;             /* of the blocks around */
    gsaw__py_method method;
    uint32_t enum_scope;        /* the innermost class, if it is an enum; else GSAW_PY_NONE */
    const unsigned char *quote; /* that ends the string annotation that is read; NULL: none */
    bool is_collecting;         /* strings are names of __all__ */
    bool is_speculative;        /* an error is no error yet */
    bool is_typed;              /* parameters may have annotations */
    bool allows_as;             /* the next group may be that of a with statement */
    bool is_group_target;       /* the statement assigns to a tuple or list */
    bool has_as;                /* it was one */
    bool has_no_item;           /* one of its elements can be no item of a with statement */
    bool is_property;           /* a decorator says so */
    bool is_static;             /* the same */
    bool is_enum;               /* a base says so */
    bool memory_is_out;
    bool no_triple[2]; /* no closing """ (''') ahead */
    bool has_deep;     /* a bound was met */

    const char *message; /* of a BAD token */
    const char *problem; /* the first of the file */
    uint32_t problem_start;
    const unsigned char *error_at; /* the token that was wrong, until it is recovered from */
    uint32_t error_nesting;

    GSAW_ARRAY(gsaw__py_open_entry) open_entries;
    GSAW_ARRAY(gsaw__py_open_scope) open_scopes;
    GSAW_ARRAY(uint32_t) pending;    /* unbound entries of scopes that are closed */
    GSAW_ARRAY(uint32_t) candidates; /* references that may become targets */
    GSAW_ARRAY(uint32_t) undo;       /* entries bound under speculation, with what they were */
    GSAW_ARRAY(gsaw__py_pending_parameter) parameters;
    GSAW_ARRAY(gsaw__py_range) decorators;
    GSAW_ARRAY(gsaw__py_detail) bases;
    gsaw__py_level levels[GSAW_PY_INDENT_MAX + 1];

    GSAW_ARRAY(gsaw__py_ref) refs;
    GSAW_ARRAY(gsaw__py_symbol) symbols;
    GSAW_ARRAY(gsaw__py_call) calls;
    GSAW_ARRAY(gsaw__py_scope) scopes;
    GSAW_ARRAY(gsaw__py_import) imports;
    GSAW_ARRAY(gsaw__py_detail) details;
    GSAW_ARRAY(gsaw__py_receiver) receivers;
};

#define gsaw__py_likely(condition) __builtin_expect(!!(condition), 1)
#define gsaw__py_unlikely(condition) __builtin_expect(!!(condition), 0)

/* Append; when memory is out, parsing ends soon (gsaw__py_no_memory) and the item is dropped. */
#define gsaw__py_push(self, array, ...)                                                            \
    (gsaw__py_likely(gsaw__array_reserve(&(self)->array, (self)->allocator, 1))                    \
         ? (void)((self)->array.items[(self)->array.count++] = (__VA_ARGS__))                      \
         : gsaw__py_no_memory(self))
#define gsaw__py_count(self, array) ((uint32_t)(self)->array.count)

/* ---- py_lexer.c ---- */

/* Begin at the first token of the source. */
void gsaw__py_lexer_begin(gsaw__py_parser *self);

/* The next token. */
void gsaw__py_next(gsaw__py_parser *self);

/* Measure the indentation of the next line that has a token; at stands at a line's start. */
const unsigned char *gsaw__py_line_start(gsaw__py_parser *self, const unsigned char *at);

/* The first line end, zero byte or end from `at` on. */
const unsigned char *gsaw__py_line_end(const unsigned char *at);

/* A BAD token that reaches to `at`. */
void gsaw__py_bad(gsaw__py_parser *self, const unsigned char *at, const char *message);

/* ---- py_names.c ---- */

/* Make the table of fixed names; false when memory is out. */
bool gsaw__py_names_init(gsaw__py_parser *self);
void gsaw__py_names_clear(gsaw__py_parser *self);
/* Take back the names of the last file. */
void gsaw__py_names_reset(gsaw__py_parser *self);

/* The id of a name of `length` bytes whose first 16 are low and high, zeros behind. */
uint32_t gsaw__py_intern(gsaw__py_parser *self, const unsigned char *text, uint32_t length,
                         uint64_t low, uint64_t high);
/* The same, of any text. */
uint32_t gsaw__py_intern_text(gsaw__py_parser *self, const unsigned char *text, uint32_t length);

/* The length of the letter, digit or mark at `at` that may stand in (or begin) an identifier. */
uint32_t gsaw__py_identifier_step(const unsigned char *at, bool begins);

/* ---- py_string.c, py_number.c ---- */

/* A string token whose opening quote is at `at`, with the flags of its prefix. */
void gsaw__py_lex_string(gsaw__py_parser *self, const unsigned char *at, uint32_t flags);
void gsaw__py_lex_number(gsaw__py_parser *self, const unsigned char *at);

/* One or more string literals that stand together. */
uint32_t gsaw__py_strings(gsaw__py_parser *self);

/* ---- py_scope.c ---- */

/* The entry of a name in the innermost scope, made anew. */
uint32_t gsaw__py_entry_new(gsaw__py_parser *self, uint32_t name);
/* The entry of a name in an open scope that need not be the innermost. */
uint32_t gsaw__py_entry_in(gsaw__py_parser *self, uint32_t scope, uint32_t name);

/* A scope begins, or the innermost one ends: what it does not bind goes on to those around. */
void gsaw__py_scope_open(gsaw__py_parser *self, enum gsaw__py_scope_kind kind, uint32_t symbol,
                         uint32_t start);
void gsaw__py_scope_close(gsaw__py_parser *self);

/* Open a comprehension's scope: what was read since `mark` is its own, but for what was read since
 * `iterable`, the first iterable. */
void gsaw__py_scope_comprehension(gsaw__py_parser *self, const gsaw__py_mark *mark,
                                  const gsaw__py_mark *iterable, uint32_t start);

/* The references from `first` on stand in a default value: where the innermost scope is one of type
 * parameters, they belong to the scope around that. */
void gsaw__py_outside_types(gsaw__py_parser *self, uint32_t first);

/* Bind a name that is defined at `start`: a symbol of this kind; returns it. */
uint32_t gsaw__py_define(gsaw__py_parser *self, uint32_t name, uint32_t start, uint32_t kind);
/* Bind a name to import `import`. */
void gsaw__py_bind_import(gsaw__py_parser *self, uint32_t name, uint32_t import);
/* References become targets: of writes or of del. */
void gsaw__py_write(gsaw__py_parser *self, uint32_t ref);
void gsaw__py_delete(gsaw__py_parser *self, uint32_t ref);
/* global, nonlocal: `flag` is the binding. */
void gsaw__py_declare(gsaw__py_parser *self, uint32_t name, uint32_t flag);
/* The walrus: as a write, but past comprehensions. */
void gsaw__py_write_named(gsaw__py_parser *self, uint32_t ref);
/* Write all candidates from `mark` on, and drop them. */
void gsaw__py_write_candidates(gsaw__py_parser *self, uint32_t mark);

/* Where the arrays stand. */
gsaw__py_mark gsaw__py_mark_here(const gsaw__py_parser *self);
/* Drop what was read since the mark, and unbind what was bound since `undo` (its count). */
void gsaw__py_mark_restore(gsaw__py_parser *self, const gsaw__py_mark *mark, uint32_t undo);

/* ---- py_expression.c, py_brackets.c ---- */

/* Expressions, from the ones that bind most: they return a gsaw__py_result. */
uint32_t gsaw__py_disjunction(gsaw__py_parser *self); /* no ternary, no lambda */
uint32_t gsaw__py_bitwise(gsaw__py_parser *self);     /* no comparison, no `not` either */
uint32_t gsaw__py_expression(gsaw__py_parser *self);
uint32_t gsaw__py_named_expression(gsaw__py_parser *self);
uint32_t gsaw__py_star_or_named(gsaw__py_parser *self);
uint32_t gsaw__py_operand(gsaw__py_parser *self); /* an atom and what trails it */
/* star_expressions: a tuple without brackets is one expression. */
uint32_t gsaw__py_expressions(gsaw__py_parser *self);
uint32_t gsaw__py_yield_or_expressions(gsaw__py_parser *self);
/* Targets of for; candidates stay. */
uint32_t gsaw__py_targets(gsaw__py_parser *self);
/* `as` is the token: a target follows, and is written. */
void gsaw__py_as_target(gsaw__py_parser *self);
/* An element of a list of possible targets has been read: it becomes a candidate, or all since mark
 * are dropped. False: it is no target. */
bool gsaw__py_element(gsaw__py_parser *self, uint32_t result, uint32_t mark);
/* Lambda. */
uint32_t gsaw__py_lambda(gsaw__py_parser *self);

/* What stands in (), [] and {}. */
uint32_t gsaw__py_round(gsaw__py_parser *self);
uint32_t gsaw__py_square(gsaw__py_parser *self);
uint32_t gsaw__py_curly(gsaw__py_parser *self);
/* (...) of a call or of a class's bases; reference GSAW_PY_NONE: no name; bases: of a class. */
void gsaw__py_arguments(gsaw__py_parser *self, uint32_t ref, bool is_bases);
void gsaw__py_subscript(gsaw__py_parser *self);
/* One level deeper; false, with the error, where the bound is met. */
bool gsaw__py_enter(gsaw__py_parser *self);

/* ---- py_statement.c, py_compound.c, py_definition.c, py_import.c, py_pattern.c ---- */

/* The whole file. */
void gsaw__py_module(gsaw__py_parser *self);
/* `:` and a block; a docstring of `symbol` may begin it, but for GSAW_PY_NONE. */
void gsaw__py_block(gsaw__py_parser *self, uint32_t doc_symbol);
/* What stands on a line of its own, with the lines of its blocks. */
void gsaw__py_statement(gsaw__py_parser *self);
/* Simple statements up to the line's end. */
void gsaw__py_simple_statements(gsaw__py_parser *self);
bool gsaw__py_compound_statement(gsaw__py_parser *self); /* false: it is a simple one */
/* Whether the token stands at the column of this block: an else, say, of the statement before. */
bool gsaw__py_continues(const gsaw__py_parser *self, uint32_t kind);
/* `match` is the token: the whole statement, or false and nothing is eaten. */
bool gsaw__py_match(gsaw__py_parser *self);
/* `type` (`lazy`) is the token: whether it begins a statement. */
bool gsaw__py_word_follows(const gsaw__py_parser *self);
/* Statements that begin with such a word. */
void gsaw__py_soft_statement(gsaw__py_parser *self);
void gsaw__py_function(gsaw__py_parser *self, uint32_t start, bool is_async);
void gsaw__py_class(gsaw__py_parser *self, uint32_t start);
void gsaw__py_type_alias(gsaw__py_parser *self);
void gsaw__py_decorated(gsaw__py_parser *self);
void gsaw__py_parameters(gsaw__py_parser *self, uint32_t close);
/* The parameters read since `mark` are bound in the innermost scope. */
void gsaw__py_bind_parameters(gsaw__py_parser *self, uint32_t mark, uint32_t flags);
void gsaw__py_import_statement(gsaw__py_parser *self, uint32_t flags);
void gsaw__py_from_statement(gsaw__py_parser *self, uint32_t flags);
void gsaw__py_pattern(gsaw__py_parser *self); /* of a case, with or without brackets */

/* ---- py_recover.c ---- */

/* The token is wrong. The first error of the file is kept; the lexer gives ERROR until the next
 * recovery. Returns GSAW_PY_OTHER. */
uint32_t gsaw__py_syntax(gsaw__py_parser *self, const char *message);
/* The same at another place, going on as if nothing were wrong. */
void gsaw__py_note(gsaw__py_parser *self, const unsigned char *at, const char *message);
void gsaw__py_no_memory(gsaw__py_parser *self);
/* After an error: go on at the start of a line, behind statement_start; is_header: a block may
 * follow. */
void gsaw__py_recover(gsaw__py_parser *self, bool is_header);
/* The offset of the first byte that makes no Python source (a zero byte, no UTF-8, the first where
 * the encoding declared is none), or count; *message says what is wrong there. */
size_t gsaw__py_first_bad_byte(const unsigned char *bytes, size_t count, const char **message);

/* Eat a token of this kind, or say that it is missing. */
static inline bool gsaw__py_expect(gsaw__py_parser *self, uint32_t kind, const char *message)
{
    if (gsaw__py_unlikely(self->lexer.kind != kind)) {
        gsaw__py_syntax(self, message);
        return false;
    }
    gsaw__py_next(self);
    return true;
}

/* The offset of a place. */
static inline uint32_t gsaw__py_offset(const gsaw__py_parser *self, const unsigned char *at)
{
    return (uint32_t)(at - self->source);
}

/* The start of the token. */
static inline uint32_t gsaw__py_here(const gsaw__py_parser *self)
{
    return gsaw__py_offset(self, self->lexer.token);
}

/* The end of the token before. */
static inline uint32_t gsaw__py_before(const gsaw__py_parser *self)
{
    return gsaw__py_offset(self, self->lexer.before);
}

/* The entry of a name in the innermost scope. */
static inline uint32_t gsaw__py_entry_here(gsaw__py_parser *self, uint32_t name)
{
    const gsaw__py_spelling *spelling = &self->names.items[name];
    return gsaw__py_likely(spelling->scope == self->scope) ? spelling->entry
                                                           : gsaw__py_entry_new(self, name);
}

/* A reference; it is last_ref then. */
static inline void gsaw__py_refer(gsaw__py_parser *self, uint32_t start, uint32_t role,
                                  uint32_t index)
{
    self->last_ref = gsaw__py_count(self, refs);
    gsaw__py_push(self, refs, (gsaw__py_ref){start, role << 27 | index});
}

/* The reference gets another role. */
static inline void gsaw__py_set_role(gsaw__py_parser *self, uint32_t ref, uint32_t role)
{
    if (gsaw__py_unlikely(self->memory_is_out))
        return;
    gsaw__py_ref *at = &self->refs.items[ref];
    at->role5_index27 = role << 27 | gsaw__py_ref_index(*at);
}

#endif
