"""work.py - how evenly the strategies spread an index run over the workers, and small trees.

    ./dev bench work                              seven rounds, the tables and the aims
    ./dev bench work --check                      the same, and exit 1 when an aim is missed
    ./dev bench work --write docs/benchmarks.md   put the report between that file's markers

Keeps: all strategies run in interleaved rounds on 2 workers, each a process of its own, and must
       give the same digest. of ideal: what all tasks took, divided by workers, over the time from
       the first to the end of the last, medians; on 16 simulated from what the tasks took. No
       strategy can be above 1 / longest: the longest chain of tasks as a part of the ideal. Small
       trees: whole processes in pairs, -j1 and -j2 by turns; the medians, and of their ratio.
Next:  work/engine.c, work/distribute.c
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import doctor
import first_cut

STRATEGIES = {"cost_based": True, "work_stealing": True, "round_robin": False}  # has aims
ON_TWO, ON_SIXTEEN, NEVER_WORSE = 0.97, 0.90, 1.02
SMALL = 3000                        # files of the generated tree, of 1 to 40 functions ...
GIANTS = (2500, 2000, 1500, 1000)   # ... and these, of so many
TREES = ((1, 1), (2, 1), (10, 1), (1, 100), (2, 100), (10, 100))  # files, functions in each
PAIRS = 41                          # of a small tree, in each round


def write(path, functions):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(map(doctor.function, functions)), encoding="utf-8")


def generate(folder):
    """A few giant files, two of them at the end, and many small ones, in folders of 20."""
    for number in range(SMALL):
        path = pathlib.Path(folder, f"part{number // 20:03}", f"small{number}.py")
        write(path, range(1 + number % 40))
    for number, size in enumerate(GIANTS):
        name = f"part{number * 20:03}" if number % 2 else "zz/last"
        write(pathlib.Path(folder, name, f"giant{number}.py"), range(size))


class Spread:
    """The strategies on one tree."""

    def __init__(self, name, root, program):
        self.name, self.root, self.program = name, str(root), program
        self.rounds = []  # {strategy: what engine prints}

    def run(self):
        self.rounds.append({strategy: json.loads(subprocess.run(
            [self.program, self.root, strategy, "2", "16"], check=True, text=True,
            stdout=subprocess.PIPE).stdout) for strategy in STRATEGIES})
        if len({found["digest"] for found in self.rounds[-1].values()}) != 1:
            sys.exit(f"bench: {self.root}: strategies differ in their digest")

    def median(self, strategy, figure):
        return statistics.median(found[strategy][figure] for found in self.rounds)

    def best(self, figure):
        return max(self.median(strategy, figure) for strategy in STRATEGIES)

    def is_good(self, strategy):
        return not STRATEGIES[strategy] or (self.median(strategy, "of_ideal") >= ON_TWO and
                                            self.median(strategy, "simulated_16") >= ON_SIXTEEN)

    def lines(self):
        for strategy, has_aims in STRATEGIES.items():
            two, sixteen = (self.median(strategy, name) for name in ("of_ideal", "simulated_16"))
            verdict = f"{ON_TWO}, {ON_SIXTEEN:.2f} | {'yes' if self.is_good(strategy) else 'NO'}"
            loss = [(self.best(name) / value - 1) for name, value in
                    (("of_ideal", two), ("simulated_16", sixteen))]
            yield (f"| {self.name} | {strategy} | {self.median(strategy, 'tasks'):,.0f} | "
                   f"{self.median(strategy, 'wall_ns') / 1e6:,.0f} | {two:.3f} | "
                   f"{self.median(strategy, 'of_run'):.3f} | {sixteen:.3f} | "
                   f"{self.median(strategy, 'longest_16'):.2f} | {loss[0]:.1%}, {loss[1]:.1%} | "
                   f"{verdict if has_aims else '- | -'} |")


class Small:
    """A small tree, on one worker and on two."""

    def __init__(self, files, functions, folder, gangsaw):
        self.files, self.functions, self.gangsaw = files, functions, gangsaw
        self.root = pathlib.Path(folder, f"small-{files}-{functions}")
        for number in range(files):
            write(self.root / f"{number}.py", range(functions))
        self.pairs = []

    def time(self, jobs):
        start = time.perf_counter()
        subprocess.run([self.gangsaw, "index", "-q", f"-j{jobs}", str(self.root)], check=True)
        return time.perf_counter() - start

    def run(self):
        for number in range(PAIRS):
            order = (1, 2) if number % 2 else (2, 1)
            times = {jobs: self.time(jobs) for jobs in order}
            self.pairs.append((times[1], times[2]))

    def ratio(self):
        return statistics.median(two / one for one, two in self.pairs)

    def is_good(self):
        return self.ratio() <= NEVER_WORSE

    def line(self):
        one, two = (statistics.median(column) * 1e3 for column in zip(*self.pairs))
        return (f"| {self.files} | {self.functions} | {one:.2f} | {two:.2f} | "
                f"{self.ratio():.3f} | {NEVER_WORSE} | {'yes' if self.is_good() else 'NO'} |")


def items(build, rounds):
    """Nanoseconds an item of a distributor, for items that do nothing: the best of the rounds."""
    figures = {}
    for _ in range(rounds):
        for workers in (1, 2):
            found = json.loads(subprocess.run(
                [str(build / "bench" / "work" / "distribute"), str(workers)], check=True,
                text=True, stdout=subprocess.PIPE).stdout)
            for name, figure in found["figures"].items():
                best = figures.setdefault(name, {})
                best[workers] = min([best.get(workers, float("inf")), *figure])
    return ["| a million empty items, distribute included | ns an item, 1 worker | 2 workers |",
            "|---|---|---|"] + [f"| {name} | {best[1]:.1f} | {best[2]:.1f} |"
                                for name, best in figures.items()]


def report(spreads, smalls, build, options, load):
    lines = ["| tree | strategy | tasks | ms, 2 workers | of ideal | of the whole run "
             "| of ideal on 16, simulated | longest | behind the best | aim | met |",
             "|---|---|---|---|---|---|---|---|---|---|---|"]
    for spread in spreads:
        lines += spread.lines()
    lines += ["", "| files | functions in each | ms, -j1 | ms, -j2 | ratio | aim, at most | met |",
              "|---|---|---|---|---|---|---|"]
    lines += [small.line() for small in smalls]
    lines += [""] + items(build, min(options.rounds, 3))
    return f"{first_cut.machine(load)}; {options.rounds} rounds.\n\n" + "\n".join(lines) + "\n"


def main():
    parser = first_cut.parser_of("work", __doc__, 7)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    build = pathlib.Path(options.build).resolve()
    engine = str(build / "bench" / "work" / "engine")
    with tempfile.TemporaryDirectory() as folder:
        generate(pathlib.Path(folder, "giants"))
        spreads = [Spread("pinned code base", options.corpus, engine),
                   Spread("a few giant files", pathlib.Path(folder, "giants"), engine)]
        smalls = [Small(files, functions, folder, str(build / "gangsaw"))
                  for files, functions in TREES]
        for number in range(options.rounds):
            print(f"bench: round {number + 1} of {options.rounds}", file=sys.stderr)
            for contender in spreads + smalls:
                contender.run()
        text = report(spreads, smalls, build, options, load)
    print(text, end="")
    if options.write:
        first_cut.write(options.write, "work", text)
    good = all(spread.is_good(strategy) for spread in spreads for strategy in STRATEGIES) and \
        all(small.is_good() for small in smalls)
    if options.check and not good:
        sys.exit(1)


if __name__ == "__main__":
    main()
