/* gangsaw/facts.h - the words of facts: kinds, statuses and reasons, one table each.
 *
 * The names are those of the export (docs/formats.md) and do not change; new rows go to the end. */
#ifndef GANGSAW_FACTS_H
#define GANGSAW_FACTS_H

#include <gangsaw/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GSAW_SYMBOL_KIND_TABLE(row)                                                                \
    row(MODULE, "module")                                                                          \
    row(CLASS, "class")                                                                            \
    row(FUNCTION, "function")                                                                      \
    row(METHOD, "method")                                                                          \
    row(CONSTRUCTOR, "constructor")                                                                \
    row(PROPERTY, "property")                                                                      \
    row(VARIABLE, "variable")                                                                      \
    row(CONSTANT, "constant")                                                                      \
    row(PARAMETER, "parameter")                                                                    \
    row(TYPE_PARAMETER, "type_parameter")                                                          \
    row(INTERFACE, "interface")                                                                    \
    row(TYPE_ALIAS, "type_alias")                                                                  \
    row(ENUM, "enum")                                                                              \
    row(ENUM_MEMBER, "enum_member")                                                                \
    row(NAMESPACE, "namespace")

#define GSAW_IMPORT_KIND_TABLE(row)                                                                \
    row(MODULE, "module")                                                                          \
    row(FROM, "from")                                                                              \
    row(STAR, "star")                                                                              \
    row(DEFAULT, "default")                                                                        \
    row(NAMED, "named")                                                                            \
    row(NAMESPACE, "namespace")                                                                    \
    row(SIDE_EFFECT, "side_effect")                                                                \
    row(REEXPORT, "reexport")                                                                      \
    row(REEXPORT_STAR, "reexport_star")                                                            \
    row(REQUIRE, "require")                                                                        \
    row(DYNAMIC, "dynamic")

#define GSAW_FILE_STATUS_TABLE(row)                                                                \
    row(OK, "ok")                                                                                  \
    row(PARTIAL, "partial")                                                                        \
    row(SKIPPED, "skipped")                                                                        \
    row(FAILED, "failed")

/* Why a file is not ok. partial: syntax, nesting. skipped: too-large, binary, fifo, socket, device,
 * symlink, not-a-file, no-parser. failed: the rest. Of gsaw_parse_files alone: no-parser (no
 * language has that extension) and parser (a user's parser failed). */
#define GSAW_REASON_TABLE(row)                                                                     \
    row(NONE, "")                                                                                  \
    row(SYNTAX, "syntax")                                                                          \
    row(NESTING, "nesting")                                                                        \
    row(TOO_LARGE, "too-large")                                                                    \
    row(BINARY, "binary")                                                                          \
    row(FIFO, "fifo")                                                                              \
    row(SOCKET, "socket")                                                                          \
    row(DEVICE, "device")                                                                          \
    row(SYMLINK, "symlink")                                                                        \
    row(NOT_A_FILE, "not-a-file")                                                                  \
    row(VANISHED, "vanished")                                                                      \
    row(CHANGED, "changed")                                                                        \
    row(PERMISSION, "permission")                                                                  \
    row(IO, "io")                                                                                  \
    row(TIMEOUT, "timeout")                                                                        \
    row(MEMORY, "memory")                                                                          \
    row(CRASHED, "crashed")                                                                        \
    row(CANCELLED, "cancelled")                                                                    \
    row(NO_PARSER, "no-parser")                                                                    \
    row(PARSER, "parser")

#define GSAW_WORD_ENUM_SYMBOL(name, word) GSAW_SYMBOL_##name,
#define GSAW_WORD_ENUM_IMPORT(name, word) GSAW_IMPORT_##name,
#define GSAW_WORD_ENUM_FILE(name, word) GSAW_FILE_##name,
#define GSAW_WORD_ENUM_REASON(name, word) GSAW_REASON_##name,
typedef enum gsaw_symbol_kind {
    GSAW_SYMBOL_KIND_TABLE(GSAW_WORD_ENUM_SYMBOL) GSAW_SYMBOL_KIND_COUNT
} gsaw_symbol_kind;
typedef enum gsaw_import_kind {
    GSAW_IMPORT_KIND_TABLE(GSAW_WORD_ENUM_IMPORT) GSAW_IMPORT_KIND_COUNT
} gsaw_import_kind;
typedef enum gsaw_file_status {
    GSAW_FILE_STATUS_TABLE(GSAW_WORD_ENUM_FILE) GSAW_FILE_STATUS_COUNT
} gsaw_file_status;
typedef enum gsaw_reason { GSAW_REASON_TABLE(GSAW_WORD_ENUM_REASON) GSAW_REASON_COUNT } gsaw_reason;
#undef GSAW_WORD_ENUM_SYMBOL
#undef GSAW_WORD_ENUM_IMPORT
#undef GSAW_WORD_ENUM_FILE
#undef GSAW_WORD_ENUM_REASON

/* The word of a kind, status or reason as in the export ("type_alias"); "" out of range. Any
 * thread. */
GSAW_API const char *gsaw_symbol_kind_name(gsaw_symbol_kind kind);
GSAW_API const char *gsaw_import_kind_name(gsaw_import_kind kind);
GSAW_API const char *gsaw_file_status_name(gsaw_file_status status);
GSAW_API const char *gsaw_reason_name(gsaw_reason reason);

#ifdef __cplusplus
}
#endif

#endif
