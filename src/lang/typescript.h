/* typescript.h - the parts of the front end that JavaScript, JSX, TypeScript and TSX share.
 * Keeps:   one set of node types; what a grammar lacks simply never comes.
 * Threads: a walk belongs to its worker.
 * Next:    typescript.c (the walk), typescript_members.c, typescript_names.c, typescript_import.c
 */
#ifndef GSAW_LANG_TYPESCRIPT_H
#define GSAW_LANG_TYPESCRIPT_H

#include "lang/treesitter.h"
#include "lang/walk.h"

/* Node types: number, name. */
#define TYPESCRIPT_NODE_TABLE(row)                                                                 \
    row(PROGRAM, "program")                                                                        \
    row(COMMENT, "comment")                                                                        \
    row(STATEMENT_BLOCK, "statement_block")                                                        \
    row(DECORATOR, "decorator")                                                                    \
    row(FUNCTION_DECLARATION, "function_declaration")                                              \
    row(GENERATOR_DECLARATION, "generator_function_declaration")                                   \
    row(FUNCTION_SIGNATURE, "function_signature")                                                  \
    row(FUNCTION_EXPRESSION, "function_expression")                                                \
    row(GENERATOR_FUNCTION, "generator_function")                                                  \
    row(ARROW_FUNCTION, "arrow_function")                                                          \
    row(CLASS_DECLARATION, "class_declaration")                                                    \
    row(ABSTRACT_CLASS_DECLARATION, "abstract_class_declaration")                                  \
    row(CLASS, "class")                                                                            \
    row(CLASS_BODY, "class_body")                                                                  \
    row(CLASS_HERITAGE, "class_heritage")                                                          \
    row(CLASS_STATIC_BLOCK, "class_static_block")                                                  \
    row(EXTENDS_CLAUSE, "extends_clause")                                                          \
    row(IMPLEMENTS_CLAUSE, "implements_clause")                                                    \
    row(EXTENDS_TYPE_CLAUSE, "extends_type_clause")                                                \
    row(METHOD_DEFINITION, "method_definition")                                                    \
    row(METHOD_SIGNATURE, "method_signature")                                                      \
    row(ABSTRACT_METHOD_SIGNATURE, "abstract_method_signature")                                    \
    row(PUBLIC_FIELD_DEFINITION, "public_field_definition")                                        \
    row(FIELD_DEFINITION, "field_definition")                                                      \
    row(PROPERTY_SIGNATURE, "property_signature")                                                  \
    row(ACCESSIBILITY_MODIFIER, "accessibility_modifier")                                          \
    row(REQUIRED_PARAMETER, "required_parameter")                                                  \
    row(OPTIONAL_PARAMETER, "optional_parameter")                                                  \
    row(COMPUTED_PROPERTY_NAME, "computed_property_name")                                          \
    row(PRIVATE_PROPERTY_IDENTIFIER, "private_property_identifier")                                \
    row(INTERFACE_DECLARATION, "interface_declaration")                                            \
    row(INTERFACE_BODY, "interface_body")                                                          \
    row(OBJECT_TYPE, "object_type")                                                                \
    row(TYPE_ALIAS_DECLARATION, "type_alias_declaration")                                          \
    row(ENUM_DECLARATION, "enum_declaration")                                                      \
    row(ENUM_BODY, "enum_body")                                                                    \
    row(ENUM_ASSIGNMENT, "enum_assignment")                                                        \
    row(INTERNAL_MODULE, "internal_module")                                                        \
    row(MODULE, "module")                                                                          \
    row(AMBIENT_DECLARATION, "ambient_declaration")                                                \
    row(LEXICAL_DECLARATION, "lexical_declaration")                                                \
    row(VARIABLE_DECLARATION, "variable_declaration")                                              \
    row(VARIABLE_DECLARATOR, "variable_declarator")                                                \
    row(OBJECT_PATTERN, "object_pattern")                                                          \
    row(ARRAY_PATTERN, "array_pattern")                                                            \
    row(REST_PATTERN, "rest_pattern")                                                              \
    row(PAIR_PATTERN, "pair_pattern")                                                              \
    row(ASSIGNMENT_PATTERN, "assignment_pattern")                                                  \
    row(OBJECT_ASSIGNMENT_PATTERN, "object_assignment_pattern")                                    \
    row(SHORTHAND_PATTERN, "shorthand_property_identifier_pattern")                                \
    row(SHORTHAND_PROPERTY, "shorthand_property_identifier")                                       \
    row(PAIR, "pair")                                                                              \
    row(OBJECT, "object")                                                                          \
    row(IDENTIFIER, "identifier")                                                                  \
    row(STRING, "string")                                                                          \
    row(TEMPLATE_STRING, "template_string")                                                        \
    row(TEMPLATE_SUBSTITUTION, "template_substitution")                                            \
    row(UNDEFINED, "undefined")                                                                    \
    row(UNARY_EXPRESSION, "unary_expression")                                                      \
    row(PARENTHESIZED_EXPRESSION, "parenthesized_expression")                                      \
    row(AS_EXPRESSION, "as_expression")                                                            \
    row(SATISFIES_EXPRESSION, "satisfies_expression")                                              \
    row(NON_NULL_EXPRESSION, "non_null_expression")                                                \
    row(SEQUENCE_EXPRESSION, "sequence_expression")                                                \
    row(ASSIGNMENT_EXPRESSION, "assignment_expression")                                            \
    row(MEMBER_EXPRESSION, "member_expression")                                                    \
    row(CALL_EXPRESSION, "call_expression")                                                        \
    row(IMPORT, "import")                                                                          \
    row(EXPRESSION_STATEMENT, "expression_statement")                                              \
    row(RETURN_STATEMENT, "return_statement")                                                      \
    row(THROW_STATEMENT, "throw_statement")                                                        \
    row(IF_STATEMENT, "if_statement")                                                              \
    row(ELSE_CLAUSE, "else_clause")                                                                \
    row(FOR_STATEMENT, "for_statement")                                                            \
    row(FOR_IN_STATEMENT, "for_in_statement")                                                      \
    row(WHILE_STATEMENT, "while_statement")                                                        \
    row(DO_STATEMENT, "do_statement")                                                              \
    row(TRY_STATEMENT, "try_statement")                                                            \
    row(CATCH_CLAUSE, "catch_clause")                                                              \
    row(FINALLY_CLAUSE, "finally_clause")                                                          \
    row(SWITCH_STATEMENT, "switch_statement")                                                      \
    row(SWITCH_BODY, "switch_body")                                                                \
    row(SWITCH_CASE, "switch_case")                                                                \
    row(SWITCH_DEFAULT, "switch_default")                                                          \
    row(LABELED_STATEMENT, "labeled_statement")                                                    \
    row(WITH_STATEMENT, "with_statement")                                                          \
    row(IMPORT_STATEMENT, "import_statement")                                                      \
    row(IMPORT_CLAUSE, "import_clause")                                                            \
    row(NAMED_IMPORTS, "named_imports")                                                            \
    row(IMPORT_SPECIFIER, "import_specifier")                                                      \
    row(NAMESPACE_IMPORT, "namespace_import")                                                      \
    row(IMPORT_REQUIRE_CLAUSE, "import_require_clause")                                            \
    row(EXPORT_STATEMENT, "export_statement")                                                      \
    row(EXPORT_CLAUSE, "export_clause")                                                            \
    row(EXPORT_SPECIFIER, "export_specifier")                                                      \
    row(NAMESPACE_EXPORT, "namespace_export")                                                      \
    row(TYPE_ANNOTATION, "type_annotation")                                                        \
    row(TYPE_ARGUMENTS, "type_arguments")                                                          \
    row(TYPE_PARAMETERS, "type_parameters")                                                        \
    row(TYPE_QUERY, "type_query")

/* Tokens: number, text. */
#define TYPESCRIPT_TOKEN_TABLE(row)                                                                \
    row(DEFAULT, "default")                                                                        \
    row(TYPE, "type")                                                                              \
    row(TYPEOF, "typeof")                                                                          \
    row(STAR, "*")                                                                                 \
    row(EQUALS, "=")                                                                               \
    row(GET, "get")                                                                                \
    row(SET, "set")                                                                                \
    row(STATIC, "static")                                                                          \
    row(CONST, "const")                                                                            \
    row(LET, "let")                                                                                \
    row(VAR, "var")                                                                                \
    row(GLOBAL, "global")                                                                          \
    row(READONLY, "readonly")

#define TYPESCRIPT_FIELD_TABLE(row)                                                                \
    row(NAME, "name")                                                                              \
    row(BODY, "body")                                                                              \
    row(PARAMETERS, "parameters")                                                                  \
    row(PARAMETER, "parameter")                                                                    \
    row(RETURN_TYPE, "return_type")                                                                \
    row(TYPE_PARAMETERS, "type_parameters")                                                        \
    row(VALUE, "value")                                                                            \
    row(PROPERTY, "property")                                                                      \
    row(SOURCE, "source")                                                                          \
    row(ALIAS, "alias")                                                                            \
    row(LEFT, "left")                                                                              \
    row(RIGHT, "right")                                                                            \
    row(KEY, "key")                                                                                \
    row(KIND, "kind")                                                                              \
    row(OBJECT, "object")                                                                          \
    row(FUNCTION, "function")                                                                      \
    row(ARGUMENTS, "arguments")                                                                    \
    row(PATTERN, "pattern")

#define TYPESCRIPT_ENUM_NODE(name, text) TS_##name,
#define TYPESCRIPT_ENUM_TOKEN(name, text) TS_TOKEN_##name,
#define TYPESCRIPT_ENUM_FIELD(name, text) TSF_##name,
enum typescript_node {
    TS_OTHER,
    TS_ERROR,
    TYPESCRIPT_NODE_TABLE(TYPESCRIPT_ENUM_NODE) TYPESCRIPT_TOKEN_TABLE(TYPESCRIPT_ENUM_TOKEN)
        TS_COUNT
};
enum typescript_field { TSF_NONE, TYPESCRIPT_FIELD_TABLE(TYPESCRIPT_ENUM_FIELD) TSF_COUNT };
#undef TYPESCRIPT_ENUM_NODE
#undef TYPESCRIPT_ENUM_TOKEN
#undef TYPESCRIPT_ENUM_FIELD

/* What of a declaration's children matters; kind and field 0: absent. */
typedef struct gsaw__ts_parts {
    gsaw__child name, type_parameters, parameters, result, value, body, heritage;
    bool is_accessor, is_private, is_static;
} gsaw__ts_parts;

/* typescript.c. Look at the children of a declaration; its own decorators are added to those that
 * wait. Uses probe 0. */
gsaw__ts_parts gsaw__ts_parts_of(gsaw__walk *self, TSNode node);

/* A symbol of the current scope named by the source at `name`, ranging over `whole`; no lists, no
 * doc. */
gsaw__facts_symbol gsaw__ts_symbol(gsaw__walk *self, gsaw_symbol_kind kind, gsaw__span whole,
                                   gsaw__span name);

/* Signature, bases and doc of a function or class node `value` with these parts. */
void gsaw__ts_describe(gsaw__walk *self, gsaw__facts_symbol *symbol, TSNode value,
                       const gsaw__ts_parts *parts);

/* Its doc is the JSDoc comment right before `start`, if there is one. */
void gsaw__ts_take_doc(gsaw__walk *self, gsaw__facts_symbol *symbol, uint32_t start);

/* Finish with the doc comment before symbol->start (unless it has one) and append; the name is
 * taken in its scope. */
uint32_t gsaw__ts_add(gsaw__walk *self, gsaw__facts_symbol *symbol);

/* The value behind parentheses, assertions and assignments. Uses probe 1. */
gsaw__child gsaw__ts_unwrap(gsaw__walk *self, gsaw__child value);

/* GSAW_SYMBOL_FUNCTION or _CLASS for a function or class expression, else GSAW_SYMBOL_KIND_COUNT.
 */
gsaw_symbol_kind gsaw__ts_value_kind(const gsaw__child *value);

/* Make the symbol of a function or class expression that `whole` binds to `name`; what is inside
 * will belong to it. */
void gsaw__ts_name_value(gsaw__walk *self, const gsaw__child *value, gsaw__facts_symbol *symbol);

/* Where a declaration begins and ends: with the export or declare around it. */
gsaw__span gsaw__ts_whole(const gsaw__walk *self, TSNode node);
bool gsaw__ts_is_wrapped(const gsaw__walk *self, TSNode node);

/* The content of a string literal or of a template without substitutions; false for any other node.
 * Uses probe 2. */
bool gsaw__ts_literal(gsaw__walk *self, const gsaw__child *node, gsaw__span *out);

/* The content of a string node. */
gsaw__span gsaw__ts_unquoted(const gsaw__walk *self, TSNode node);

/* typescript_members.c */
bool gsaw__ts_member(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__ts_enum(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__ts_interface(gsaw__walk *self, TSNode node, uint8_t kind);
void gsaw__ts_bases(gsaw__walk *self, TSNode heritage, gsaw__facts_symbol *symbol);
bool gsaw__ts_is_private(gsaw__walk *self, uint32_t symbol);

/* typescript_names.c */
bool gsaw__ts_declaration(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__ts_declarator(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__ts_for_in(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__ts_assignment(gsaw__walk *self, TSNode node, uint8_t kind);
void gsaw__ts_bind_pattern(gsaw__walk *self, TSNode pattern, gsaw__span whole);
void gsaw__ts_mark(gsaw__walk *self, uint32_t scope, TSNode name); /* name is exported from scope */
void gsaw__ts_mark_exported(gsaw__walk *self);

/* typescript_import.c */
bool gsaw__ts_import(gsaw__walk *self, TSNode node, uint8_t kind);
bool gsaw__ts_call(gsaw__walk *self, TSNode node, uint8_t kind);

/* An import record of the statement around `inner`. */
gsaw__facts_import gsaw__ts_import_record(const gsaw__walk *self, gsaw_import_kind kind,
                                          gsaw__span inner, gsaw__span specifier);

/* The name and alias of an import or export specifier fill `import`; false when it has no name.
 * Uses probe 1. */
bool gsaw__ts_specifier(gsaw__walk *self, TSNode specifier, gsaw__facts_import *import);

/* Records the require() that a declarator's value is; true when it was one: then `name` is bound to
 * imports, but for the names in nested patterns, which are bound as symbols where those are wanted.
 */
bool gsaw__ts_require(gsaw__walk *self, gsaw__child name, gsaw__child value);

/* typescript_export.c */
bool gsaw__ts_export(gsaw__walk *self, TSNode node, uint8_t kind);

#endif
