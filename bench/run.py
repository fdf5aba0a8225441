"""run.py [--tasks N] [--rounds N] - `gangsaw run` beside make and xargs: N times `true`, 2 at once.

Prints a line a program, in microseconds a task: median wall and CPU time (of it and its children;
the latter is steadier beside other load), and gangsaw's ratios to each. Interleaved rounds; GANGSAW
names the program (build/release/gangsaw).
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

GANGSAW = os.path.abspath(os.environ.get("GANGSAW", "build/release/gangsaw"))


def makefile(names):
    rules = "".join(f"{name}:\n\t@{shutil.which('true')}\n" for name in names)
    return f".PHONY: all {' '.join(names)}\nall: {' '.join(names)}\n{rules}"


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    names = [f"t{i}" for i in range(options.tasks)]
    commands = {
        "gangsaw run -j2": [GANGSAW, "run", "-qj2", "graph.json"],
        "make -j2": ["make", "-sj2", "all"],
        "xargs -P2 -n1": ["xargs", "-a", "names", "-P2", "-n1", "true"],
    }
    walls = {name: [] for name in commands}
    cpus = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        tasks = [{"id": name, "command": ["true"]} for name in names]
        root.joinpath("graph.json").write_text(json.dumps(tasks), encoding="utf-8")
        root.joinpath("Makefile").write_text(makefile(names), encoding="utf-8")
        root.joinpath("names").write_text("\n".join(names), encoding="utf-8")
        for _ in range(options.rounds):
            for name, command in commands.items():
                start, cpu = time.monotonic(), cpu_seconds()
                subprocess.run(command, cwd=root, check=True)
                walls[name].append((time.monotonic() - start) / options.tasks * 1e6)
                cpus[name].append((cpu_seconds() - cpu) / options.tasks * 1e6)
    ours = [statistics.median(of["gangsaw run -j2"]) for of in (walls, cpus)]
    for name in commands:
        wall, cpu = statistics.median(walls[name]), statistics.median(cpus[name])
        print(f"{name:16} wall {wall:6.0f} us, gangsaw / it {ours[0] / wall:.2f};"
              f" CPU {cpu:6.0f} us, gangsaw / it {ours[1] / cpu:.2f}")


if __name__ == "__main__":
    main()
