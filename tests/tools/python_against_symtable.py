"""python_against_symtable.py TOOL FILE|FOLDER... - what names mean, against CPython's symtable.

Each name that is read, written or deleted is looked up in the scope it stands in: symtable says
local, free or global, and which enclosing scope binds it; the front end's entry says the same by
the symbol, the import or the scope it points to. Run it with a CPython before 3.12, whose
symtable shows comprehensions as scopes (PEP 709 folds them into the scope around later); with a
newer one, files with comprehensions are left out. TOOL is
build/PRESET/bench/python_facts; with nothing else, a part of the standard library is compared.
"""
import ast
import collections
import symtable
import sys
import warnings

import python_dump

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Scopes(ast.NodeVisitor):
    """Every name with the symbol tables around it, innermost last; the order in which CPython
    enters scopes is the order of a table's children."""

    def __init__(self, lines, top):
        self.lines = lines
        self.stack = [top]
        self.next_child = [0]
        self.names = [] # (offset, text, stack of tables, class's name, whether in an annotation)
        self.in_annotation = False
        self.classes = [None]

    def enter(self, node, visit, class_name=None):
        children = self.stack[-1].get_children()
        table = children[self.next_child[-1]]
        self.next_child[-1] += 1
        if table.get_lineno() != node.lineno:
            raise LookupError(f"scope at line {node.lineno} is {table}")
        self.stack.append(table)
        self.next_child.append(0)
        self.classes.append(class_name or self.classes[-1])
        visit()
        self.stack.pop()
        self.next_child.pop()
        self.classes.pop()

    def visit_Name(self, node):
        self.names.append((self.lines.start(node), node.id, tuple(self.stack), self.classes[-1],
                           self.in_annotation))

    def each(self, nodes):
        for node in nodes:
            if node is not None:
                self.visit(node)

    def annotations(self, arguments):
        every = [*arguments.posonlyargs, *arguments.args, arguments.vararg, *arguments.kwonlyargs,
                 arguments.kwarg]
        self.annotation(argument.annotation for argument in every if argument is not None)

    def annotation(self, nodes):
        self.in_annotation = True
        self.each(nodes)
        self.in_annotation = False

    def function(self, node):
        self.each(node.args.defaults)
        self.each(node.args.kw_defaults)
        self.annotations(node.args)
        self.annotation([node.returns])
        self.each(node.decorator_list)
        self.enter(node, lambda: self.each(node.body))

    visit_FunctionDef = visit_AsyncFunctionDef = function

    def visit_Lambda(self, node):
        self.each([*node.args.defaults, *node.args.kw_defaults])
        self.enter(node, lambda: self.visit(node.body))

    def visit_ClassDef(self, node):
        self.each([*node.bases, *node.keywords, *node.decorator_list])
        self.enter(node, lambda: self.each(node.body), node.name)

    def comprehension(self, node):
        if sys.version_info >= (3, 12):
            raise LookupError("comprehensions are no scopes here")
        first = node.generators[0]
        self.visit(first.iter)

        def inside():
            self.visit(first.target)
            self.each(first.ifs)
            for generator in node.generators[1:]:
                self.each([generator.target, generator.iter, *generator.ifs])
            if isinstance(node, ast.DictComp):
                self.each([node.key, node.value])
            else:
                self.visit(node.elt)

        self.enter(node, inside)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension

    def visit_AnnAssign(self, node):
        self.visit(node.target)
        self.annotation([node.annotation])
        self.each([node.value])

    def visit_Try(self, node):
        # symtable visits the else before the handlers
        self.each([*node.body, *node.orelse, *node.handlers, *node.finalbody])

    visit_TryStar = visit_Try

    def visit_NamedExpr(self, node):
        self.each([node.target, node.value])


def mangled(name, class_name):
    if class_name is None or not name.startswith("__") or name.endswith("__"):
        return name
    stripped = class_name.lstrip("_")
    return f"_{stripped}{name}" if stripped else name


def binder(text, stack, class_name):
    """The table that binds a name: one of the stack, or None for global names that the module
    does not bind."""
    name = mangled(text, class_name)
    symbol = stack[-1].lookup(name)
    if symbol.is_local() and not symbol.is_declared_global() and not symbol.is_nonlocal():
        return stack[-1]
    if symbol.is_free() or symbol.is_nonlocal():
        for table in reversed(stack[:-1]):
            if table.get_type() == "class":
                if name == "__class__":
                    return table
                continue
            try:
                outer = table.lookup(name)
            except KeyError:
                continue
            if outer.is_local() and not outer.is_declared_global() and not outer.is_free():
                return table
        return None
    top = stack[0]
    try:
        outer = top.lookup(name)
    except KeyError:
        return None
    bound = outer.is_assigned() or outer.is_imported() or outer.is_namespace() or \
        outer.is_annotated()
    return top if bound or name in GLOBALS.get(top.get_id(), ()) else None


GLOBALS = {} # module's id -> names that `global` binds in functions


def bound_by_global(tree, top):
    found = set()
    stack = [top]
    while stack:
        table = stack.pop()
        stack += table.get_children()
        if table.get_type() != "module":
            found |= {symbol.get_name() for symbol in table.get_symbols()
                      if symbol.is_declared_global() and
                      (symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace())}
    return found


def table_place(table):
    """The (line, type, name) of a table, comparable with a scope of ours."""
    return (table.get_type(), table.get_name() if table.get_type() != "module" else "",
            table.get_lineno() if table.get_type() != "module" else 0)


def scope_place(facts, index, line_of):
    scope = facts.scopes[index]
    if scope.kind == "module":
        return ("module", "", 0)
    if scope.kind in ("class", "function"):
        symbol = facts.symbols[scope.symbol]
        return (scope.kind, facts.text(symbol.name), line_of(symbol.name_start))
    return ("function", None, line_of(scope.start))


def meaning_place(facts, ref, line_of):
    _, meaning, index = facts.entries[ref.index]
    if meaning == "symbol":
        return scope_place(facts, facts.symbols[index].scope, line_of)
    if meaning == "import":
        return scope_place(facts, facts.imports[index].scope, line_of)
    if meaning in ("bound", "class_cell"):
        return scope_place(facts, index, line_of)
    return None


def same(ours, theirs):
    if ours is None or theirs is None:
        return ours == theirs
    if theirs[1] in ("lambda", "listcomp", "setcomp", "dictcomp", "genexpr", "<lambda>"):
        return ours == ("function", None, theirs[2])
    return ours == theirs


def compare(facts):
    counts = collections.Counter(files=1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = facts.source.decode("utf-8-sig")
            tree = ast.parse(facts.source)
            top = symtable.symtable(text, facts.path, "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        counts["not for symtable"] += 1
        return counts, []
    lines = python_dump.LineStarts(facts.source)
    scopes = Scopes(lines, top)
    try:
        scopes.visit(tree)
    except (LookupError, RecursionError) as error:
        counts["scopes in another order"] += 1
        return counts, [f"{facts.path}: {error}"]
    GLOBALS.clear()
    GLOBALS[top.get_id()] = bound_by_global(tree, top)
    refs = {ref.start: ref for ref in facts.refs
            if ref.role != "keyword" and not ref.role.startswith("attribute")}
    examples = []

    def line_of(offset):
        low, high = 0, len(lines.starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if lines.starts[middle] <= offset else (low, middle)
        return low + 1

    for at, text, stack, class_name, in_annotation in scopes.names:
        ref = refs.get(at)
        if ref is None:
            counts["DIFFERENT no reference"] += 1
            continue
        counts["names"] += 1
        try:
            table = binder(text, stack, class_name)
        except KeyError: # what `from __future__ import annotations` puts off
            counts["postponed" if in_annotation else "DIFFERENT unknown"] += 1
            continue
        theirs = None if table is None else table_place(table)
        ours = meaning_place(facts, ref, line_of)
        if not same(ours, theirs):
            counts["DIFFERENT meaning"] += 1
            examples.append(f"{facts.path}:{line_of(at)}: {text}: {ours}, but symtable {theirs}")
    return counts, examples


if __name__ == "__main__":
    python_dump.run(compare, sys.argv[1:] if len(sys.argv) > 2 else
                    [*sys.argv[1:], *python_dump.standard_library()])
