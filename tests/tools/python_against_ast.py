"""python_against_ast.py TOOL FILE|FOLDER... - the native Python front end against CPython's ast.

For each file: accepted or not; every identifier's position, role and name; calls with their counts;
definitions, decorators, bases, docstrings, annotations and imports with their ranges. Run it with
the newest CPython at hand: one before 3.12 knows no places inside f-strings, which are left out
then. TOOL is build/PRESET/bench/python_facts; with nothing else, a part of the standard library is
compared. Prints the differences, then
their number by kind, and ends with 1 if there is any.
"""
import ast
import bisect
import collections
import re
import sys
import unicodedata
import warnings

import python_dump

CONTEXT = {ast.Load: "read", ast.Store: "write", ast.Del: "delete"}
SPACE = rb"(?:[ \t\f]|\\\r?\n|\\\r)"
HEAD = re.compile(rb"(?:async" + SPACE + rb"+)?(?:def|class)" + SPACE + rb"+")
FILL = re.compile(rb"(?:[ \t\f\r\n()\\,]|#[^\r\n]*)*")
AS = re.compile(rb"as(?:[ \t\f\r\n\\]|#[^\r\n]*)+")


class Expected(ast.NodeVisitor):
    """What ast says, in the words of python_dump."""

    def __init__(self, source):
        self.source, self.lines = source, python_dump.LineStarts(source)
        self.found = set()
        self.skipped = [] # ranges whose insides ast gives no places for
        self.strings = [] # annotations in strings are none for ast
        self.calls = collections.Counter()

    def add(self, kind, at, text):
        self.found.add((kind, at, text))

    def range(self, kind, node):
        self.found.add((kind, self.lines.start(node), self.lines.end(node)))

    def last(self, node, text):
        """Where a name begins that ends a node."""
        return self.lines.end(node) - len(text.encode())

    def visit_Name(self, node):
        self.add(CONTEXT[type(node.ctx)], self.lines.start(node), node.id)

    def visit_Attribute(self, node):
        if node.attr.isascii():
            self.add("attribute_" + CONTEXT[type(node.ctx)], self.last(node, node.attr), node.attr)
        self.generic_visit(node)

    def visit_JoinedStr(self, node):
        if sys.version_info >= (3, 12): # texts between fields may reach over them
            for value in node.values:
                if not isinstance(value, ast.Constant):
                    self.visit(value)
        else:
            self.skipped.append((self.lines.start(node), self.lines.end(node)))

    def visit_Constant(self, node):
        if isinstance(node.value, str):
            self.strings.append((self.lines.start(node), self.lines.end(node)))

    def visit_keyword(self, node):
        if node.arg is not None:
            self.add("keyword", self.lines.start(node), node.arg)
        self.generic_visit(node)

    def visit_arg(self, node):
        self.add("parameter", self.lines.start(node), node.arg)
        if node.annotation is not None:
            self.range("annotation", node.annotation)
        self.generic_visit(node)

    def visit_Call(self, node):
        callee = -1
        if isinstance(node.func, ast.Name):
            callee = self.lines.start(node.func)
        elif isinstance(node.func, ast.Attribute):
            callee = self.last(node.func, node.func.attr)
        positional = sum(not isinstance(arg, ast.Starred) for arg in node.args)
        keywords = sum(keyword.arg is not None for keyword in node.keywords)
        self.calls[callee, positional, positional != len(node.args), keywords,
                   keywords != len(node.keywords)] += 1
        self.generic_visit(node)

    def definition(self, node):
        start = self.lines.start(node)
        at = HEAD.match(self.source, start).end()
        self.add("definition", at, node.name)
        self.found.add(("definition_end", at, self.lines.end(node)))
        for decorator in node.decorator_list:
            self.range("decorator", decorator)
        self.docstring(node)

    def docstring(self, node):
        if ast.get_docstring(node, clean=False) is not None:
            self.range("doc", node.body[0])

    def visit_FunctionDef(self, node):
        self.definition(node)
        if node.returns is not None:
            self.range("returns", node.returns)
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_ClassDef(self, node):
        self.definition(node)
        for base in node.bases:
            self.range("base", base)
        for keyword in node.keywords:
            self.range("keyword_base", keyword)
        self.generic_visit(node)

    def visit_alias(self, node):
        text = node.asname or node.name.split(".")[0]
        if text == "*":
            return
        at = self.last(node, text) if node.asname else self.lines.start(node)
        self.add("import", at, text)

    def visit_ExceptHandler(self, node):
        if node.name is not None:
            at = FILL.match(self.source, self.lines.end(node.type)).end()
            self.add("write", AS.match(self.source, at).end(), node.name)
        self.generic_visit(node)

    def visit_Global(self, node):
        at = self.lines.start(node) + (6 if isinstance(node, ast.Global) else 8)
        for name in node.names:
            at = FILL.match(self.source, at).end()
            self.add("scope", at, name)
            at += len(name.encode())

    visit_Nonlocal = visit_Global

    def visit_MatchAs(self, node):
        if node.name is not None:
            at = self.lines.start(node) if node.pattern is None else self.last(node, node.name)
            self.add("write", at, node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node):
        if node.name is not None:
            self.add("write", self.last(node, node.name), node.name)

    def visit_MatchMapping(self, node):
        if node.rest is not None:
            stop = self.source.rindex(node.rest.encode(), 0, self.lines.end(node))
            self.add("write", stop, node.rest)
        self.generic_visit(node)

    def visit_MatchClass(self, node):
        for name, pattern in zip(node.kwd_attrs, node.kwd_patterns):
            before = self.source.rindex(b"=", 0, self.lines.start(pattern))
            at = self.source.rindex(name.encode(), 0, before)
            self.add("keyword", at, name)
        self.generic_visit(node)

    def type_parameter(self, node):
        stars = {"TypeVarTuple": b"*", "ParamSpec": b"**"}.get(type(node).__name__, b"")
        at = FILL.match(self.source, self.lines.start(node) + len(stars)).end()
        self.add("type_parameter", at, node.name)
        self.generic_visit(node)

    visit_TemplateStr = visit_JoinedStr
    visit_TypeVar = visit_TypeVarTuple = visit_ParamSpec = type_parameter


ROLE = {"call": "read", "decorator": "read", "base": "read", "type": "read", "define": "write",
        "attribute": "attribute_read", "attribute_call": "attribute_read"}
OF_SELF = 64
DEFINITIONS = ("class", "enum", "function", "method", "constructor", "property")


def given(facts, strings):
    found = set()
    starts = sorted(strings)
    for ref in facts.refs:
        if ref.role.startswith("attribute") and not facts.name_of(ref).isascii():
            continue
        at = bisect.bisect_right(starts, (ref.start, 1 << 40)) - 1
        if at >= 0 and ref.start < starts[at][1]:
            continue
        found.add((ROLE.get(ref.role, ref.role), ref.start, facts.name_of(ref)))
    for symbol in facts.symbols:
        name = facts.text(symbol.name)
        if symbol.kind in DEFINITIONS and not symbol.flags & OF_SELF:
            found.add(("definition", symbol.name_start, name))
            found.add(("definition_end", symbol.name_start, symbol.end))
        elif symbol.kind in ("parameter", "type_parameter"):
            found.add((symbol.kind, symbol.name_start, name))
        elif symbol.kind == "type_alias":
            found.add(("write", symbol.name_start, name))
    for record in facts.imports:
        if record.name != python_dump.NONE:
            found.add(("import", record.start, facts.text(record.name)))
    for symbol, kind, start, end in facts.details:
        parameter = kind == "annotation" and facts.symbols[symbol].kind == "parameter"
        if kind in ("doc", "decorator", "base", "keyword_base", "returns") or parameter:
            found.add((kind, start, end))
    calls = collections.Counter()
    for ref, positional, keywords in facts.calls:
        place = facts.refs[ref].start if ref != python_dump.NONE else -1
        at = bisect.bisect_right(starts, (place, 1 << 40)) - 1
        if at >= 0 and place < starts[at][1]:
            continue
        calls[place, positional & 0x7FFF,
              positional >= 0x8000, keywords & 0x7FFF, keywords >= 0x8000] += 1
    return found, calls


def trimmed(source, item):
    """A range without the brackets around it, which ast leaves out."""
    kind, start, end = item
    if not isinstance(end, int) or kind == "definition_end":
        return item
    while source[start:start + 1] == b"(" and source[end - 1:end] == b")":
        depth = 0
        for at in range(start, end):
            depth += (source[at] == 40) - (source[at] == 41)
            if depth == 0:
                break
        if at != end - 1:
            break
        start = FILL.match(source, start + 1, end).end()
        text = source[start:end - 1]
        end = start + len(re.sub(rb"(?:\s|#[^\r\n]*$)+\Z", b"", text))
    return kind, start, end


def compare(facts):
    counts = collections.Counter(files=1, bytes=len(facts.source))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(facts.source)
    except (SyntaxError, ValueError) as error:
        if facts.status == "ok":
            counts["DIFFERENT ok, but ast rejects"] += 1
            return counts, [f"{facts.path}: ok, but ast: {error}"]
        counts["rejected by both"] += 1
        return counts, []
    except (RecursionError, MemoryError):
        counts["too deep for ast"] += 1
        return counts, []
    if facts.status != "ok":
        counts[f"DIFFERENT {facts.status}, but ast accepts"] += 1
        return counts, [f"{facts.path}:{facts.line}: {facts.message}, but ast accepts"]
    if not facts.source.isascii():
        try:
            facts.source.decode("utf-8")
        except UnicodeDecodeError:
            counts["in another encoding: only accepted or not"] += 1
            return counts, []
    expected = Expected(facts.source)
    expected.docstring(tree)
    try:
        expected.visit(tree)
    except RecursionError:
        counts["too deep for ast"] += 1
        return counts, []
    found, calls = given(facts, expected.strings)
    if expected.skipped:
        inside = {at for start, end in expected.skipped for at in range(start, end)}
        found = {item for item in found if item[1] not in inside}
        calls = collections.Counter()
        expected.calls.clear()
    counts["identifiers and ranges"] += len(expected.found)
    counts["calls"] += sum(expected.calls.values())
    examples = []
    normal = {(*item[:2], unicodedata.normalize("NFKC", item[2]))
              for item in found - expected.found if isinstance(item[2], str)}
    counts["equal but for NFKC"] += len(normal & (expected.found - found))
    found |= normal & expected.found
    found -= {item for item in found - expected.found if isinstance(item[2], str) and
              (*item[:2], unicodedata.normalize("NFKC", item[2])) in expected.found}
    missing, extra = expected.found - found, found - expected.found
    extra = {trimmed(facts.source, item) for item in extra}
    missing, extra = missing - extra, extra - missing
    for what, items in (("missing", missing), ("too much", extra),
                        ("call missing", expected.calls - calls),
                        ("call too much", calls - expected.calls)):
        for item in sorted(items, key=repr):
            kind = item[0] if isinstance(item[0], str) else ""
            counts[f"DIFFERENT {what} {kind}".rstrip()] += 1
            at = item[1] if kind else item[0]
            line = facts.source.count(b"\n", 0, max(at, 0)) + 1
            examples.append(f"{facts.path}:{line}: {what}: {item}")
    return counts, examples


if __name__ == "__main__":
    python_dump.run(compare, sys.argv[1:] if len(sys.argv) > 2 else
                    [*sys.argv[1:], *python_dump.standard_library()])
