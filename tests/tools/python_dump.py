"""What the program bench/python_facts prints, as Python objects, for the checkers beside this file.

Keeps: nothing of the parser; the layouts are those of src/lang/py_facts.h.
"""
import collections
import json
import multiprocessing
import pathlib
import subprocess
import sys
import sysconfig

NONE = 0xFFFFFFFF
ROLES = {0: "read", 1: "write", 2: "delete", 3: "call", 4: "define", 5: "decorator", 6: "base",
         7: "type", 8: "scope", 9: "keyword", 16: "attribute", 17: "attribute_write",
         18: "attribute_delete", 19: "attribute_call"}
MEANINGS = ["unused", "unknown", "builtin", "symbol", "import", "bound", "class_cell"]
SYMBOL_KINDS = ["module", "class", "function", "method", "constructor", "property", "variable",
                "constant", "parameter", "type_parameter", "interface", "type_alias",
                "enum", "enum_member"]
SCOPES = ["module", "class", "function", "lambda", "comprehension", "types"]
DETAILS = ["doc", "decorator", "base", "keyword_base", "signature", "annotation", "returns", "all",
           "value"]

Ref = collections.namedtuple("Ref", "start role index complex")
Symbol = collections.namedtuple("Symbol", "name scope name_start start end kind flags")
Scope = collections.namedtuple("Scope", "parent symbol start kind")
Import = collections.namedtuple("Import", "name scope start module_start module_end member_start "
                                "member_end statement_start statement_end flags")


def rows(flat, width):
    return [flat[i:i + width] for i in range(0, len(flat), width)]


class Facts:
    """One line of the dump."""

    def __init__(self, record, fixed, source):
        self.path, self.status = record["path"], record["status"]
        self.line, self.message = record["line"], record["message"]
        self.source, self.fixed = source, fixed
        self.names = rows(record["names"], 2)
        self.refs = [self._ref(*row) for row in rows(record["refs"], 2)]
        self.entries = [(name, MEANINGS[word >> 29], word & (1 << 29) - 1)
                        for name, word in rows(record["entries"], 2)]
        self.symbols = [Symbol(*row[:5], SYMBOL_KINDS[row[5] & 255], row[5] >> 8)
                        for row in rows(record["symbols"], 6)]
        self.scopes = [Scope(*row[:3], SCOPES[row[3]]) for row in rows(record["scopes"], 4)]
        self.calls = [(ref, word & 0xFFFF, word >> 16) for ref, word in rows(record["calls"], 2)]
        self.imports = [Import(*row) for row in rows(record["imports"], 10)]
        self.details = [(word >> 4, DETAILS[word & 15], start, end)
                        for word, start, end in rows(record["details"], 3)]
        self.receivers = rows(record["receivers"], 3)

    @staticmethod
    def _ref(start, word):
        role = word >> 27
        is_complex = role >= 16 and role & 8
        return Ref(start, ROLES[role & ~8 if role >= 16 else role], word & (1 << 27) - 1,
                   bool(is_complex))

    def text(self, name):
        if name < len(self.fixed):
            return self.fixed[name]
        start, length = self.names[name - len(self.fixed)]
        return self.source[start:start + length].decode("utf-8", "surrogateescape")

    def name_of(self, ref):
        by_name = ref.role == "keyword" or ref.role.startswith("attribute")
        return self.text(ref.index if by_name else self.entries[ref.index][0])


def read(tool, paths):
    """Facts of files, in order."""
    with subprocess.Popen([tool], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        out = process.communicate("\n".join(paths).encode("utf-8", "surrogateescape"))[0]
    if process.returncode != 0:
        raise RuntimeError(f"{tool} ended with {process.returncode}")
    lines = out.split(b"\n")
    fixed = json.loads(lines[0])["fixed"]
    for path, line in zip(paths, lines[1:]):
        with open(path, "rb") as file:
            source = file.read()
        yield Facts(json.loads(line.decode("utf-8", "surrogateescape")), fixed, source)


def files_of(roots):
    found = []
    for root in roots:
        root = pathlib.Path(root)
        found += [root] if root.is_file() else sorted(root.rglob("*.py"))
    return [str(path) for path in found if path.is_file() and "\n" not in str(path)]


def standard_library():
    """Some folders of this very Python's library: all kinds of code, a few seconds."""
    base = pathlib.Path(sysconfig.get_path("stdlib"))
    names = ("asyncio", "collections", "concurrent", "dataclasses.py", "email", "enum.py", "json",
             "importlib", "typing.py", "unittest", "xml")
    return [str(base / name) for name in names if (base / name).exists()]


class LineStarts:
    """Offsets of a line and column as CPython counts them: LF, CRLF and lone CR end lines."""

    def __init__(self, source):
        self.source = source
        self.starts = [3 if source.startswith(b"\xef\xbb\xbf") else 0]
        at = 0
        while True:
            ends = [end for end in (source.find(b"\n", at), source.find(b"\r", at)) if end >= 0]
            if not ends:
                break
            at = min(ends) + (2 if source[min(ends):min(ends) + 2] == b"\r\n" else 1)
            self.starts.append(at)

    def offset(self, line, column):
        return self.starts[line - 1] + column

    def start(self, node):
        return self.offset(node.lineno, node.col_offset)

    def end(self, node):
        return self.offset(node.end_lineno, node.end_col_offset)


def _work(job):
    tool, compare, paths = job
    total, examples = collections.Counter(), []
    for facts in read(tool, paths):
        counts, found = compare(facts)
        total.update(counts)
        examples += found[:5]
    return total, examples


def run(compare, arguments):
    """TOOL PATH...: compare all files on all CPUs; print what differs; 1 if anything does."""
    if len(arguments) < 2:
        raise SystemExit("usage: TOOL FILE|FOLDER...")
    sys.setrecursionlimit(5000)
    paths = files_of(arguments[1:])
    jobs = [(arguments[0], compare, paths[i:i + 40]) for i in range(0, len(paths), 40)]
    total, examples = collections.Counter(), []
    with multiprocessing.Pool() as pool:
        for counts, found in pool.imap(_work, jobs):
            total.update(counts)
            examples += found
    for example in examples[:60]:
        print(example)
    for key, count in sorted(total.items()):
        print(f"{count:>10} {key}")
    sys.exit(1 if any(key.startswith("DIFFERENT") for key in total) else 0)
