"""doctor.py - how well `gangsaw stats --doctor` predicts other numbers of workers.

    ./dev bench doctor                              seven rounds, the table and the aims
    ./dev bench doctor --check                      the same, and exit 1 when an aim is missed
    ./dev bench doctor --write docs/benchmarks.md   put the table between that file's markers
    ./dev bench doctor --tree DIR                   another tree, in place of all (may be repeated)

Keeps: runs with 1, 2, 4 ... workers (as many as there are CPUs) in interleaved rounds; each is
       diagnosed and predicts the others of its round. An error is the median over the rounds of
       predicted / measured, less 1. The aim is for 2 workers, from a run with 1. `undisturbed` is
       the same without the time in which other programs had the CPU: for a machine that is not
       quiet.
"""
import itertools
import json
import os
import pathlib
import statistics
import sys
import tempfile

import first_cut

ERROR_LIMIT = 0.10
GIANTS, GIANT_FUNCTIONS, SMALL = 3, 5000, 600


def function(number):
    return (f"def function_{number}(first, second=None, *rest):\n"
            f'    """Number {number}."""\n'
            f"    if first in rest:\n        return [first.name, second, {{'a': {number}}}]\n"
            f"    return sum(value * {number} for value in rest if value) + len(first)\n\n\n")


def generate(folder):
    """Three giant files and many small ones, in folders of 20."""
    for number in range(SMALL):
        path = pathlib.Path(folder, f"part{number // 20}", f"small{number}.py")
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(map(function, range(1 + number % 40))), encoding="utf-8")
    for number in range(GIANTS):
        path = pathlib.Path(folder, f"part{number * 9}", f"giant{number}.py")
        path.write_text("".join(map(function, range(GIANT_FUNCTIONS // (1 + number)))),
                        encoding="utf-8")


class Tree:
    def __init__(self, name, root, gangsaw, jobs):
        self.name, self.root, self.gangsaw, self.jobs = name, str(root), gangsaw, jobs
        self.rounds = []  # {workers: the object of `stats --doctor --json`}

    def run(self):
        order = self.jobs if len(self.rounds) % 2 else self.jobs[::-1]  # a drift is no error
        self.rounds.append({jobs: json.loads(first_cut.measure(
            [self.gangsaw, "stats", self.root, "--doctor", "--json", f"-j{jobs}"]).out)
            for jobs in order})

    def measured(self, jobs):
        return [found[jobs]["wall_ms"] for found in self.rounds]

    def undisturbed(self, jobs):
        """The measured times without what other programs took, by what each task waited."""
        return [found[jobs]["wall_ms"] - found[jobs]["doctor"]["parts_ms"]["off-cpu"]
                for found in self.rounds]

    def predicted(self, start, jobs):
        return [next(prediction["wall_ms"] for prediction in found[start]["doctor"]["predictions"]
                     if prediction["workers"] == jobs) for found in self.rounds]

    def ratios(self, start, jobs, measured):
        return [a / b for a, b in zip(self.predicted(start, jobs), measured)]

    def error(self, start, jobs):
        return statistics.median(self.ratios(start, jobs, self.measured(jobs))) - 1


def table(trees):
    lines = ["| tree | files | run with | predicts | median, ms | measured, ms | error "
             "| of each round | undisturbed | aim | met |",
             "|---|---|---|---|---|---|---|---|---|---|---|"]
    for tree in trees:
        files = tree.rounds[0][1]["files"]
        for start, jobs in itertools.product(tree.jobs, tree.jobs):
            if start == jobs:
                continue
            ratios = tree.ratios(start, jobs, tree.measured(jobs))
            calm = statistics.median(tree.ratios(start, jobs, tree.undisturbed(jobs)))
            is_aim = (start, jobs) == (1, 2)
            good = abs(tree.error(start, jobs)) <= ERROR_LIMIT
            verdict = f"{ERROR_LIMIT:.0%} | {'yes' if good else 'NO'}" if is_aim else "- | -"
            lines.append(
                f"| {tree.name} | {files:,} | {start} | {jobs} | "
                f"{statistics.median(tree.predicted(start, jobs)):.1f} | "
                f"{statistics.median(tree.measured(jobs)):.1f} | {tree.error(start, jobs):+.1%} | "
                f"{min(ratios) - 1:+.1%} to {max(ratios) - 1:+.1%} | {calm - 1:+.1%} | "
                f"{verdict} |")
    return lines


def main():
    parser = first_cut.parser_of("doctor", __doc__, 7)
    parser.add_argument("--tree", action="append", metavar="DIR", help="measure on this tree")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    cpus = len(os.sched_getaffinity(0))
    jobs = [1 << power for power in range(7) if 1 << power <= max(cpus, 2)]
    gangsaw = str(pathlib.Path(options.build).resolve() / "gangsaw")
    with tempfile.TemporaryDirectory() as folder:
        if options.tree:
            roots = {pathlib.Path(tree).name: tree for tree in options.tree}
        else:
            generate(folder)
            roots = {"pinned code base": options.corpus, "Python's packages": "/usr/lib/python3",
                     "three giant files": folder}
        trees = [Tree(name, root, gangsaw, jobs) for name, root in roots.items()]
        for number in range(options.rounds):
            print(f"bench: round {number + 1} of {options.rounds}", file=sys.stderr)
            for tree in trees:
                tree.run()
    text = f"{first_cut.machine(load)}; {options.rounds} rounds.\n\n" + \
        "\n".join(table(trees)) + "\n"
    print(text, end="")
    if options.write:
        first_cut.write(options.write, "doctor", text)
    if options.check and any(abs(tree.error(1, 2)) > ERROR_LIMIT for tree in trees):
        sys.exit(1)


if __name__ == "__main__":
    main()
