/* python.h - the parts of the Python front end on tree-sitter, and the node types they know.
 * Keeps:   the parts share nothing but the walk.
 * Threads: a walk belongs to its worker.
 * Next:    python.c (definitions), python_names.c (variables, exports), python_import.c */
#ifndef GSAW_LANG_PYTHON_H
#define GSAW_LANG_PYTHON_H

#include "lang/treesitter.h"
#include "lang/walk.h"

/* Node types: number, name. */
#define PYTHON_NODE_TABLE(row)                                                                     \
    row(MODULE, "module")                                                                          \
    row(BLOCK, "block")                                                                            \
    row(COMMENT, "comment")                                                                        \
    row(DECORATED_DEFINITION, "decorated_definition")                                              \
    row(DECORATOR, "decorator")                                                                    \
    row(FUNCTION_DEFINITION, "function_definition")                                                \
    row(CLASS_DEFINITION, "class_definition")                                                      \
    row(LAMBDA, "lambda")                                                                          \
    row(PARAMETERS, "parameters")                                                                  \
    row(KEYWORD_ARGUMENT, "keyword_argument")                                                      \
    row(ARGUMENT_LIST, "argument_list")                                                            \
    row(EXPRESSION_STATEMENT, "expression_statement")                                              \
    row(ASSIGNMENT, "assignment")                                                                  \
    row(AUGMENTED_ASSIGNMENT, "augmented_assignment")                                              \
    row(NAMED_EXPRESSION, "named_expression")                                                      \
    row(CALL, "call")                                                                              \
    row(ATTRIBUTE, "attribute")                                                                    \
    row(IDENTIFIER, "identifier")                                                                  \
    row(DOTTED_NAME, "dotted_name")                                                                \
    row(STRING, "string")                                                                          \
    row(STRING_START, "string_start")                                                              \
    row(STRING_END, "string_end")                                                                  \
    row(INTERPOLATION, "interpolation")                                                            \
    row(CONCATENATED_STRING, "concatenated_string")                                                \
    row(LIST, "list")                                                                              \
    row(TUPLE, "tuple")                                                                            \
    row(BINARY_OPERATOR, "binary_operator")                                                        \
    row(PARENTHESIZED_EXPRESSION, "parenthesized_expression")                                      \
    row(EXPRESSION_LIST, "expression_list")                                                        \
    row(PATTERN_LIST, "pattern_list")                                                              \
    row(TUPLE_PATTERN, "tuple_pattern")                                                            \
    row(LIST_PATTERN, "list_pattern")                                                              \
    row(LIST_SPLAT, "list_splat")                                                                  \
    row(LIST_SPLAT_PATTERN, "list_splat_pattern")                                                  \
    row(AS_PATTERN, "as_pattern")                                                                  \
    row(AS_PATTERN_TARGET, "as_pattern_target")                                                    \
    row(IF_STATEMENT, "if_statement")                                                              \
    row(ELIF_CLAUSE, "elif_clause")                                                                \
    row(ELSE_CLAUSE, "else_clause")                                                                \
    row(FOR_STATEMENT, "for_statement")                                                            \
    row(WHILE_STATEMENT, "while_statement")                                                        \
    row(TRY_STATEMENT, "try_statement")                                                            \
    row(EXCEPT_CLAUSE, "except_clause")                                                            \
    row(FINALLY_CLAUSE, "finally_clause")                                                          \
    row(WITH_STATEMENT, "with_statement")                                                          \
    row(WITH_CLAUSE, "with_clause")                                                                \
    row(WITH_ITEM, "with_item")                                                                    \
    row(MATCH_STATEMENT, "match_statement")                                                        \
    row(CASE_CLAUSE, "case_clause")                                                                \
    row(CASE_PATTERN, "case_pattern")                                                              \
    row(UNION_PATTERN, "union_pattern")                                                            \
    row(CLASS_PATTERN, "class_pattern")                                                            \
    row(DICT_PATTERN, "dict_pattern")                                                              \
    row(SPLAT_PATTERN, "splat_pattern")                                                            \
    row(KEYWORD_PATTERN, "keyword_pattern")                                                        \
    row(NOT_OPERATOR, "not_operator")                                                              \
    row(TYPE_ALIAS_STATEMENT, "type_alias_statement")                                              \
    row(TYPE, "type")                                                                              \
    row(GENERIC_TYPE, "generic_type")                                                              \
    row(IMPORT_STATEMENT, "import_statement")                                                      \
    row(IMPORT_FROM_STATEMENT, "import_from_statement")                                            \
    row(FUTURE_IMPORT_STATEMENT, "future_import_statement")                                        \
    row(ALIASED_IMPORT, "aliased_import")                                                          \
    row(WILDCARD_IMPORT, "wildcard_import")                                                        \
    row(RELATIVE_IMPORT, "relative_import")

#define PYTHON_FIELD_TABLE(row)                                                                    \
    row(NAME, "name")                                                                              \
    row(BODY, "body")                                                                              \
    row(PARAMETERS, "parameters")                                                                  \
    row(RETURN_TYPE, "return_type")                                                                \
    row(SUPERCLASSES, "superclasses")                                                              \
    row(LEFT, "left")                                                                              \
    row(RIGHT, "right")                                                                            \
    row(TYPE, "type")                                                                              \
    row(FUNCTION, "function")                                                                      \
    row(ARGUMENTS, "arguments")                                                                    \
    row(OBJECT, "object")                                                                          \
    row(ATTRIBUTE, "attribute")                                                                    \
    row(CONDITION, "condition")                                                                    \
    row(CONSEQUENCE, "consequence")                                                                \
    row(ALTERNATIVE, "alternative")                                                                \
    row(VALUE, "value")                                                                            \
    row(ALIAS, "alias")                                                                            \
    row(MODULE_NAME, "module_name")                                                                \
    row(ARGUMENT, "argument")                                                                      \
    row(KEY, "key")

#define PYTHON_ENUM_NODE(name, text) PY_##name,
#define PYTHON_ENUM_FIELD(name, text) PYF_##name,
enum python_node { PY_OTHER, PY_ERROR, PYTHON_NODE_TABLE(PYTHON_ENUM_NODE) PY_COUNT };
enum python_field { PYF_NONE, PYTHON_FIELD_TABLE(PYTHON_ENUM_FIELD) PYF_COUNT };
#undef PYTHON_ENUM_NODE
#undef PYTHON_ENUM_FIELD

/* python_names.c: what the walk meets in scopes that hold symbols. `whole` is the range of the
 * symbol. */
bool gsaw__python_assignment(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__python_augmented(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__python_named(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__python_for(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__python_with_item(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__python_case(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__python_type_alias(gsaw__walk *self, TSNode node, uint8_t kind);

/* python_names.c: the arguments of __all__.extend and .append, when the call is one. */
void gsaw__python_all_call(gsaw__walk *self, TSNode function, TSNode arguments);

/* python_names.c: true for a place where assigned names become symbols. */
bool gsaw__python_binds_here(const gsaw__walk *self);

/* python_names.c: at the end of the walk, who is exported. */
void gsaw__python_mark_exported(gsaw__walk *self);

/* python_import.c */
bool gsaw__python_import(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__python_import_from(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__python_if(gsaw__walk *self, TSNode node, uint8_t kind);
void gsaw__python_import_call(gsaw__walk *self, TSNode call, TSNode function, TSNode arguments);

/* The content of a string literal without prefix, quotes and interpolation; false for any other.
 * Uses probe 2. */
bool gsaw__python_literal(gsaw__walk *self, TSNode node, gsaw__span *out);

#endif
