"""first_cut.py - what the first cut must reach, measured on the pinned code base beside its peers.

    ./dev bench first_cut                              five rounds, the table and the aims
    ./dev bench first_cut --check                      the same, and exit 1 when an aim is missed
    ./dev bench first_cut --write docs/benchmarks.md   put the table between that file's markers

Keeps: contenders run in interleaved rounds (A B C A B C ...) on the same files, warm; a figure is
       the median of the rounds, a ratio the median of the ratios within each round; all must agree
       on the number of files, or nothing is said. Every contender is one process: its peak is its
       ru_maxrss.
"""
import argparse
import hashlib
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[1]
EXTENSIONS = ("py", "pyi", "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx")
JOBS = (1, 2, 3, 8, 64)

# The aims of the first cut. Whole run on 2 workers: 0.55 of the floor and a tenth for all else.
RUN_LIMIT, DISCOVERY_LIMIT, PEAK_LIMIT = 0.55 * 1.10, 1.0, 2.0


class Sample(NamedTuple):
    wall: float  # seconds
    cpu: float   # seconds, user and system
    peak: int    # bytes
    out: bytes   # its standard output


def spawn(command, files):
    actions = [(os.POSIX_SPAWN_DUP2, file.fileno(), number) for number, file in files.items()]
    return os.posix_spawnp(command[0], command, os.environ, file_actions=actions)


def measure(command, stdin=None):
    """Run a command to its end with stdin from a file, and say what it took. A failure ends all."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaints, \
            open(stdin or os.devnull, "rb") as source:
        start = time.perf_counter()
        child = spawn(command, {0: source, 1: out, 2: complaints})
        _, status, usage = os.wait4(child, 0)
        wall = time.perf_counter() - start
        if os.waitstatus_to_exitcode(status) != 0:
            complaints.seek(0)
            sys.exit(f"bench: {' '.join(command)}: exit {os.waitstatus_to_exitcode(status)}\n"
                     + complaints.read(4096).decode("utf-8", "replace"))
        out.seek(0)
        return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, out.read())


def digest_of(command):
    """SHA-256 of what a command prints, in constant memory."""
    with tempfile.TemporaryFile() as out:
        status = os.waitstatus_to_exitcode(os.waitpid(spawn(command, {1: out}), 0)[1])
        if status != 0:
            sys.exit(f"bench: {' '.join(command)}: exit {status}")
        out.seek(0)
        return hashlib.file_digest(out, "sha256").hexdigest()


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.corpus = str(pathlib.Path(options.corpus).resolve())
        self.programs = pathlib.Path(options.build).resolve()
        self.gangsaw = str(self.programs / "gangsaw")
        self.paths = pathlib.Path(folder, "paths")
        self.bytes = self.files = 0
        self.samples = {}

    def prepare(self):
        """List the files for those that want a list, and read each once: the page cache is warm."""
        with open(self.paths, "wb") as paths:
            for top, folders, names in os.walk(self.corpus):
                folders[:] = sorted(name for name in folders if name[0] != ".")
                for name in sorted(names):
                    path = os.path.join(top, name)
                    if name[0] != "." and name.rpartition(".")[2] in EXTENSIONS \
                            and "." in name and not os.path.islink(path):
                        with open(path, "rb") as file:
                            self.bytes += len(file.read())
                        self.files += 1
                        paths.write(os.fsencode(path) + b"\n")

    def run(self, name, command, stdin=None):
        self.samples.setdefault(name, []).append(measure(command, stdin))

    def discovery_round(self):
        self.run("discover", [str(self.programs / "bench" / "discover"), self.corpus])
        # gangsaw's root is the folder named: ignore files of its parents do not count for any.
        wanted = [f"--extension={extension}" for extension in EXTENSIONS]
        self.run("fd", ["fdfind", "--no-ignore-parent", "--type=f", *wanted, ".", self.corpus])
        wanted = [f"--glob=*.{extension}" for extension in EXTENSIONS]
        self.run("rg", ["rg", "--no-ignore-parent", "--files", *wanted, self.corpus])

    def whole_round(self):
        self.run("floor", [str(self.programs / "bench" / "floor")], self.paths)
        for jobs in (1, 2):
            self.run(f"index -j {jobs}",
                     [self.gangsaw, "index", self.corpus, "--json", "-j", str(jobs)])
        self.run("ctags", ["ctags", "-f", "-", "--sort=no", "--quiet", "-L", str(self.paths)])

    def rounds(self):
        for _ in range(self.options.rounds * 4):
            self.discovery_round()
        for number in range(self.options.rounds):
            print(f"bench: round {number + 1} of {self.options.rounds}", file=sys.stderr)
            self.whole_round()

    def agree(self):
        """Every contender saw the same files."""
        last = {name: samples[-1].out for name, samples in self.samples.items()}
        floor = json.loads(last["floor"])
        counts = {"the list": self.files, "floor": floor["files"],
                  "discover": int(last["discover"].split()[0]),
                  **{name: last[name].count(b"\n") for name in ("fd", "rg")},
                  **{name: json.loads(last[name])["files"] for name in last if "index" in name}}
        if len(set(counts.values())) != 1:
            sys.exit(f"bench: not the same files: {counts}")

    def exports(self):
        """The digest of the export for each number of workers."""
        return {jobs: digest_of([self.gangsaw, "export", self.corpus, "--format", "jsonl",
                                 "-j", str(jobs)]) for jobs in JOBS}

    def seconds(self, name):
        """The figure of each round: wall time; of the floor the time inside of the parser alone."""
        if name == "floor":
            return [json.loads(sample.out)["seconds"] for sample in self.samples[name]]
        return [sample.wall for sample in self.samples[name]]

    def ratio(self, name, other):
        return statistics.median(a / b for a, b in zip(self.seconds(name), self.seconds(other)))

    def peak(self, name):
        return statistics.median(sample.peak for sample in self.samples[name])


ROWS = (("discover", "gangsaw's discovery (bench/discover.c)", "fd"),
        ("fd", "`fd`, files of the same extensions", "fd"),
        ("rg", "`rg --files`, the same", "fd"),
        ("floor", "tree-sitter's parse alone, 1 thread (bench/floor.c)", "floor"),
        ("index -j 1", "`gangsaw index -j 1`", "floor"),
        ("index -j 2", "`gangsaw index -j 2`", "floor"),
        ("ctags", "`ctags` on the same files: symbols alone", "floor"))


def table(bench):
    lines = ["| | rounds | wall, s | lowest - highest | CPU, s | peak, MB | ratio |",
             "|---|---|---|---|---|---|---|"]
    for name, what, other in ROWS:
        walls, samples = bench.seconds(name), bench.samples[name]
        lines.append(
            f"| {what} | {len(walls)} | {statistics.median(walls):.3f} | {min(walls):.3f} - "
            f"{max(walls):.3f} | {statistics.median(sample.cpu for sample in samples):.3f} | "
            f"{bench.peak(name) / 1e6:.0f} | {bench.ratio(name, other):.3f} of {other} |")
    return lines


def aims(bench, exports):
    """(reached, what) of each aim."""
    run, discovery = bench.ratio("index -j 2", "floor"), bench.ratio("discover", "fd")
    peak = bench.peak("index -j 2") / bench.bytes
    jobs = ", ".join(map(str, exports))
    return [
        (run <= RUN_LIMIT,
         f"whole run on 2 workers: {run:.3f} of the floor, at most {RUN_LIMIT:.3f}"),
        (discovery <= DISCOVERY_LIMIT,
         f"discovery: {discovery:.3f} of fd, at most {DISCOVERY_LIMIT}"),
        (peak < PEAK_LIMIT, f"peak on 2 workers: {peak:.3f} bytes a byte of source, "
                            f"less than {PEAK_LIMIT}"),
        (len(set(exports.values())) == 1, f"export: the same bytes for -j {jobs}"),
    ]


def machine(load):
    """What this was measured on, in words."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        names = [line.split(":")[1].strip() for line in info if "model name" in line]
    model = names[0] if names else "unknown"
    quiet = "a quiet machine" if load < 0.3 else f"NOT a quiet machine (load {load:.1f})"
    return f"{len(os.sched_getaffinity(0))} CPUs, {model}; {quiet}"


def report(bench, exports, load):
    lines = [f"{bench.files:,} files, {bench.bytes / 1e6:.1f} MB of source; page cache warm; "
             f"{machine(load)}.", ""]
    lines += table(bench) + [""]
    lines += [f"- {'reached' if good else 'MISSED'}: {text}" for good, text in aims(bench, exports)]
    return "\n".join(lines) + "\n"


def write(path, name, text):
    """Put text between the markers of the file that bear the name."""
    begin, end = f"<!-- {name} begin -->\n", f"<!-- {name} end -->"
    old = pathlib.Path(path).read_text(encoding="utf-8")
    if begin not in old or end not in old:
        sys.exit(f"bench: {path} has no markers {begin.strip()} and {end}")
    head, tail = old.split(begin)[0], old.split(end)[1]
    pathlib.Path(path).write_text(head + begin + text + end + tail, encoding="utf-8")


def parser_of(part, text, rounds):
    """The options that all parts of the bench have."""
    parser = argparse.ArgumentParser(prog=f"./dev bench {part}",
                                     description=text.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=rounds,
                        help=f"rounds of all (default {rounds})")
    parser.add_argument("--check", action="store_true", help="exit 1 when an aim is missed")
    parser.add_argument("--write", metavar="FILE", help="put the report between FILE's markers")
    parser.add_argument("--corpus", default=ROOT / "build" / "corpus", help="another code base")
    parser.add_argument("--build", default=ROOT / "build" / "release", help="another build")
    return parser


def main():
    parser = parser_of("first_cut", __doc__, 5)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(options, folder)
        bench.prepare()
        bench.rounds()
        bench.agree()
        exports = bench.exports()
    text = report(bench, exports, load)
    print(text, end="")
    if options.write:
        write(options.write, "first_cut", text)
    if options.check and not all(good for good, _ in aims(bench, exports)):
        sys.exit(1)


if __name__ == "__main__":
    main()
