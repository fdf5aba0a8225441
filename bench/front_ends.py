"""front_ends.py BUILD [ROUNDS] < paths - the native front end for Python beside its peers.

Interleaved rounds on the same files, one thread, files in memory: bytes to complete facts, kept
(bench/python_facts), ruff_python_parser alone, which builds a tree (bench/peers: `cargo build
--release` there first; left out where that has not been done), tree-sitter's parse (bench/lang
parse), and once CPython's ast.parse. Prints the best MB/s of each and the ratio of bests to ruff's.
"""
import ast
import json
import pathlib
import subprocess
import sys
import time
import warnings


def run(command, paths):
    done = subprocess.run(command, input=paths.encode(), stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def cpython(paths):
    sources = [pathlib.Path(path).read_bytes() for path in paths.splitlines()]
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for source in sources:
            try:
                ast.parse(source)
            except (SyntaxError, ValueError):
                pass
    return sum(map(len, sources)) / (time.perf_counter() - start) / 1e6


def main():
    build = pathlib.Path(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    paths = sys.stdin.read()
    native = [build / "bench/python_facts", "bench", "1"]
    ruff = pathlib.Path(__file__).parent / "peers/target/release/peers"
    best = {}

    def note(name, speed):
        best[name] = max(best.get(name, 0), speed)

    for _ in range(rounds):
        found = run(native, paths)
        note("native, facts dropped", found["mb_per_second"])
        note("native, facts kept", found["kept_mb_per_second"])
        if ruff.exists():
            note("ruff_python_parser", run([ruff, "1"], paths)["mb_per_second"])
    note("tree-sitter's parse", run([build / "bench/lang", "parse"], paths)["mb_per_second"])
    note("CPython's ast", cpython(paths))
    print(f"{found['files']} files, {found['bytes']} bytes, {found['partial']} partial, "
          f"{found['facts_bytes'] / found['bytes']:.2f} bytes of facts a byte, {rounds} rounds")
    peer = best.get("ruff_python_parser")
    for name, speed in best.items():
        print(f"{name:24} {speed:7.1f} MB/s" + (f" {speed / peer:6.2f}" if peer else ""))


if __name__ == "__main__":
    main()
