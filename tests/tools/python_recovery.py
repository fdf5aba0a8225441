"""python_recovery.py TOOL FILE|FOLDER... - what an error costs: files are damaged at one place, and
the facts of the top-level definitions that were not touched are compared with those before.

Damages: a line lost, a token lost, doubled or replaced, the rest of the file lost. A definition is
kept when its kind, name and the names of all references in it are as before. Prints the share of
kept ones by damage, and ends with 1 below 95% for any (GSAW_SEED=N: other damages). TOOL is
build/PRESET/bench/python_facts; with nothing else, a part of the standard library is used.
"""
import collections
import os
import random
import re
import sys
import tempfile

import python_dump

TOKEN = re.compile(rb"\w+|[^\w\s]")
OTHERS = [b"(", b")", b"[", b"]", b"{", b"}", b":", b",", b"=", b"'", b'"', b"def", b"class",
          b"if", b"else", b"for", b"in", b"x", b"1", b"return", b".", b"*", b"\\", b"lambda"]


def definitions(facts):
    """(start, end, fingerprint) of each definition of the module."""
    found = []
    refs = facts.refs
    at = 0
    for symbol in sorted(facts.symbols, key=lambda symbol: symbol.start):
        if symbol.scope != 0 or symbol.kind not in ("function", "class", "enum"):
            continue
        while at < len(refs) and refs[at].start < symbol.start:
            at += 1
        names = []
        while at < len(refs) and refs[at].start < symbol.end:
            names.append((facts.name_of(refs[at]), refs[at].start - symbol.start))
            at += 1
        found.append((symbol.start, symbol.end,
                      (symbol.kind, facts.text(symbol.name), tuple(names))))
    return found


def damage(source, kind, draw):
    """The damaged source, and the range of the old one that is not as it was."""
    tokens = list(TOKEN.finditer(source))
    if kind == "cut off":
        at = draw.randrange(len(source))
        return source[:at], at, len(source)
    if kind == "line lost":
        at = draw.randrange(len(source))
        start = source.rfind(b"\n", 0, at) + 1
        end = source.find(b"\n", at) + 1 or len(source)
        return source[:start] + source[end:], start, end
    token = draw.choice(tokens)
    start, end = token.span()
    new = {"token lost": b"", "token doubled": token[0] + b" " + token[0],
           "token replaced": draw.choice(OTHERS)}[kind]
    return source[:start] + new + source[end:], start, end


KINDS = ["line lost", "token lost", "token doubled", "token replaced", "cut off"]


def main(arguments):
    seed = int(os.environ.get("GSAW_SEED", 1))
    draw = random.Random(seed)
    print("GSAW_SEED", seed)
    paths = python_dump.files_of(arguments[1:] or python_dump.standard_library())
    paths = [path for path in paths if os.path.getsize(path) > 200]
    paths = draw.sample(paths, min(len(paths), 1500))
    whole, kept, partial = (collections.Counter() for _ in range(3))
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        for facts in python_dump.read(arguments[0], paths):
            for kind in KINDS:
                source, start, end = damage(facts.source, kind, draw)
                path = os.path.join(folder, f"{len(jobs)}.py")
                with open(path, "wb") as file:
                    file.write(source)
                jobs.append((path, kind, [definition[2] for definition in definitions(facts)
                                          if definition[1] <= start or definition[0] >= end]))
        after = python_dump.read(arguments[0], [path for path, _, _ in jobs])
        for (_, kind, before), facts in zip(jobs, after):
            left = collections.Counter(definition[2] for definition in definitions(facts))
            same = collections.Counter(before) & left
            if facts.status == "partial":
                partial[kind] += 1
                whole[kind] += len(before)
                kept[kind] += sum(same.values())
    worst = 1
    for kind in KINDS:
        share = kept[kind] / max(whole[kind], 1)
        worst = min(worst, share)
        print(f"{kind:16} {partial[kind]:6} partial files, {whole[kind]:7} untouched definitions, "
              f"{share:.4f} kept")
    sys.exit(1 if worst < 0.95 else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
