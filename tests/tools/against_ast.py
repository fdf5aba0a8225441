"""against_ast.py GANGSAW [DIR] - compare definitions and imports with CPython's own parser.

For every Python file below DIR (default: the standard library of this Python, without its tests and
what is installed beside it) that `ast` accepts and gangsaw calls ok: the names of functions and
classes with line and column, and the import statements with specifier, name and alias, must be
equal. Prints each difference; exit 1 when there is one."""

import ast
import collections
import json
import os
import re
import subprocess
import sys
import sysconfig
import warnings

DEFINITIONS = {"function", "method", "constructor", "property", "class", "enum"}
SHOWN = 5


def indexed(gangsaw, root, exclude):
    """By path: status, definitions, imports as gangsaw has them."""
    command = [gangsaw, "export", "--no-ignore", "--include", "*.py", root]
    command += [f"--exclude={pattern}" for pattern in exclude]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        status, symbols = {}, collections.defaultdict(set)
        imports = collections.defaultdict(list)
        for line in process.stdout:
            record = json.loads(line)
            if record["t"] == "file":
                status[record["path"]] = record["status"]
            elif record["t"] == "symbol" and record["kind"] in DEFINITIONS:
                place = record["line"], record["column"], record["name"]
                symbols[record["path"]].add(place)
            elif record["t"] == "import" and not record["dynamic"]:
                names = record["specifier"], record["name"], record["alias"]
                imports[record["path"]].append(names)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {process.returncode}")
    return status, symbols, imports


def parsed(source):
    """Definitions and imports as CPython has them; raises what it raises."""
    lines, symbols, imports = source.split(b"\n"), set(), []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = re.escape(node.name.encode())
            head = re.search(rb"(?:def|class)\s+" + name, lines[node.lineno - 1][node.col_offset :])
            column = node.col_offset + head.end() - len(node.name.encode()) + 1 if head else 0
            symbols.add((node.lineno, column, node.name))
        elif isinstance(node, ast.Import):
            imports += [(alias.name, alias.name, alias.asname) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            specifier = "." * node.level + (node.module or "")
            imports += [(specifier, alias.name, alias.asname) for alias in node.names]
    return symbols, imports


def difference(path, what, theirs, ours):
    missing, extra = theirs - ours, ours - theirs
    if not missing and not extra:
        return 0
    print(f"{path}: {what}: missing {sorted(map(str, missing))[:SHOWN]}, "
          f"too many {sorted(map(str, extra))[:SHOWN]}")
    return 1


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    root = sys.argv[2] if len(sys.argv) == 3 else sysconfig.get_path("stdlib")
    warnings.simplefilter("ignore")
    exclude = [] if len(sys.argv) == 3 else ["/site-packages/", "/dist-packages/", "/test/"]
    status, symbols, imports = indexed(sys.argv[1], root, exclude)
    compared = differing = definitions = statements = 0
    for path in (path for path in status if status[path] == "ok"):
        with open(os.path.join(root, path), "rb") as file:
            source = file.read()
        try:
            their_symbols, their_imports = parsed(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # gangsaw is more lenient: that is for the native front end to settle
        compared += 1
        definitions += len(their_symbols)
        statements += len(their_imports)
        ours = collections.Counter(imports[path])
        differing += (difference(path, "definitions", their_symbols, symbols[path])
                      | difference(path, "imports", collections.Counter(their_imports), ours))
    print(f"{compared} files, {definitions} definitions, {statements} imports: {differing} differ")
    sys.exit(differing != 0 or compared == 0)


if __name__ == "__main__":
    main()
