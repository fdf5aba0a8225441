"""tasks.py - what the task framework must reach, measured beside other task runtimes.

    ./dev bench tasks                              five rounds, the tables and the aims
    ./dev bench tasks --check                      the same, and exit 1 when an aim is missed
    ./dev bench tasks --write docs/benchmarks.md   put the report between that file's markers
    ./dev bench tasks --only fork --rounds 1       one question

Keeps: contenders run in interleaved rounds, each a process of its own that checks its results;
       those who did the same work print the same check, or nothing is said. A process repeats its
       measurement: the first time (cold memory) stands by itself, of the rest the median counts for
       the round. An aim is a time on a reference machine; it is enforced as a ratio within the run:
       by plain calls (YARDSTICK) or by the best peer that was measured there, too (THERE), the one
       that has lost more; or by what the row names: to cancel one task is a compare-and-swap, which
       took 3.7 ns there.
Next:  tasks/measure.h
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
from typing import NamedTuple

import first_cut

# A program is bench/tasks/QUESTION for gangsaw, QUESTION_CONTENDER for the others.
CONTENDERS = {"": "gangsaw", "plain": "plain calls", "serial": "one thread, no tasks",
              "tbb": "oneTBB", "tbb_counters": "oneTBB, counters by hand",
              "omp_gcc": "OpenMP, gcc", "omp_clang": "OpenMP, clang", "starpu": "StarPU",
              "rayon": "rayon"}
# What stands in the table, but is no task runtime that does the same job.
NO_PEERS = {"", "plain", "serial", "tbb_counters"}
# With one thread these run each task in the place where it is made, as a call.
AT_ONCE = {"omp_gcc", "omp_clang"}
# What answers the same question under another name, where it does: program -> figures of peers.
SAME = {"submit": {"submit", "enqueue"}, "cancel": {"group"},
        "loop": {"no costs", "no costs, grain 1", "no costs, taskloop"}}
# These never sleep (see "one task sleeps"): no peers where it is about waking up.
SPINNING = {"starpu"}


class Question(NamedTuple):
    title: str
    program: str
    workers: int
    arguments: tuple = ()

    def command(self, contender):
        arguments = self.arguments
        if contender == "starpu" and "1000000" in arguments:  # kilobytes and microseconds a node
            arguments = (arguments[0], "100000")
        name = self.program + ("_" + contender if contender else "")
        return [name, str(self.workers), *arguments]


QUESTIONS = {
    "fork": Question("fork and join", "fork", 1),
    "fork 2": Question("fork and join", "fork", 2),
    "submit": Question("a million tasks from one outside thread", "submit", 1),
    "submit 2": Question("a million tasks from one outside thread", "submit", 2),
    "grid": Question("grid of a million nodes", "graph", 1, ("grid", "1000000")),
    "layers": Question("random layers, a million nodes", "graph", 1, ("layers", "1000000")),
    "shuffled": Question("the same, numbered at random", "graph", 1, ("shuffled", "1000000")),
    "grid 2": Question("grid of 10,000 nodes", "graph", 2, ("grid", "10000")),
    "layers 2": Question("random layers, 10,000 nodes", "graph", 2, ("layers", "10000")),
    "cancel": Question("cancelling a million queued tasks", "cancel", 1),
    "loop": Question("loop over items of unlike cost, dear ones last", "loop", 4),
    "wake": Question("wake-up", "wake", 1),
    "idle": Question("one task sleeps", "idle", 2),
    "features": Question("a grid of 90,000 tasks with names and all", "features", 1),
}
UNITS = {"loop": "of ideal", "idle": "% of a CPU", "bytes": "bytes"}  # all others: ns


class Aim(NamedTuple):
    question: str
    figure: str
    limit: float          # on the reference machine
    by: tuple = ()        # (question, contender, figure, its value there): what the limit scales by
    at_least: bool = False


# Plain calls took 4.1 ns there: how fast the machine is today.
YARDSTICK = ("fork", "plain", "fork and join", 4.1)
# Plain calls know nothing of memory, and of what goes from one core to another. So a limit goes by
# the best peer of the question there that is here, too, where that one has lost more than they.
# What it took there, in ns on one worker: (question, figure) -> (contender, figure, value).
THERE = {
    ("submit", "submit"): ("tbb", "submit", 65),
    ("grid", "make and run"): ("tbb", "make and run", 437),
    ("grid", "run again"): ("tbb", "run again", 205),
    ("layers", "make and run"): ("tbb", "make and run", 881),
    ("cancel", "group, from inside"): ("tbb", "group", 47),
    ("cancel", "group"): ("tbb", "group", 47),
}
AIMS = (
    Aim("fork", "fork and join", 15, YARDSTICK),
    Aim("submit", "submit", 30, YARDSTICK),
    Aim("grid", "make and run", 40, YARDSTICK),
    Aim("grid", "run again", 25, YARDSTICK),
    Aim("layers", "make and run", 200, YARDSTICK),
    Aim("grid 2", "run again", 25, YARDSTICK),
    Aim("layers 2", "run again", 70, YARDSTICK),
    Aim("cancel", "group, from inside", 10, YARDSTICK),
    Aim("cancel", "group", 10, YARDSTICK),
    Aim("cancel", "each, the request alone", 10, ("fork", "plain", "a compare-and-swap", 3.7)),
    Aim("grid", "bytes", 80),
    Aim("layers", "bytes", 80),
    Aim("loop", "costs given", 0.97, at_least=True),
    Aim("wake", "20 us later", 1500, YARDSTICK),
    Aim("wake", "parked", 1.2, ("wake", "", "futex, parked", 1.0)),
    Aim("idle", "per cent", 0.1),
    Aim("features", "all features, in a batch", 3,
        ("features", "", "by handle, no features", 1.0)),
)


class Figure(NamedTuple):
    first: float
    median: float
    lowest: float
    highest: float


class Bench:
    def __init__(self, options):
        self.folder = pathlib.Path(options.build).resolve() / "bench" / "tasks"
        self.rounds = options.rounds
        self.questions = {key: question for key, question in QUESTIONS.items()
                          if not options.only or question.program in options.only
                          or question.program == "fork" and question.workers == 1}
        self.values = {}  # (question, contender) -> {figure: [the values of each round]}
        self.checks = {}  # question -> {contender: check}

    def contenders(self, key):
        return [contender for contender in CONTENDERS
                if (self.folder / self.questions[key].command(contender)[0]).exists()
                and not (contender in ("plain", "serial") and self.questions[key].workers > 1)]

    def run(self, key, contender):
        name, *arguments = self.questions[key].command(contender)
        done = subprocess.run([str(self.folder / name), *arguments], capture_output=True,
                              text=True, timeout=300, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: {name} {' '.join(arguments)}: exit {done.returncode}\n{done.stderr}")
        answer = json.loads(done.stdout)
        figures = self.values.setdefault((key, contender), {})
        for figure, values in answer["figures"].items():
            figures.setdefault(figure, []).append(values)
        if contender != "starpu":  # which does less
            self.checks.setdefault(key, {})[contender] = answer["check"]

    def measure(self):
        for number in range(self.rounds):
            print(f"bench: round {number + 1} of {self.rounds}", file=sys.stderr)
            for key in self.questions:
                for contender in self.contenders(key):
                    self.run(key, contender)
        for key, checks in self.checks.items():
            if len(set(checks.values())) != 1:
                sys.exit(f"bench: {key}: not the same results: {checks}")

    def figure(self, key, contender, name):
        """None when it was not measured."""
        rounds = self.values.get((key, contender), {}).get(name)
        if rounds is None:
            return None
        warm = [values[1:] or values for values in rounds]
        return Figure(statistics.median(values[0] for values in rounds),
                      statistics.median(statistics.median(values) for values in warm),
                      min(map(min, warm)), max(map(max, warm)))

    def best_peer(self, key, name, at_least):
        """(value, contender) of the best that another runtime reaches, whatever it calls it."""
        found = []
        for (question, contender), figures in self.values.items():
            names = set(figures) & SAME.get(self.questions[key].program, {name})
            once = contender in AT_ONCE and self.questions[key].workers == 1 and key != "fork"
            spins = contender in SPINNING and key == "wake"
            if question == key and contender not in NO_PEERS and not once and not spins:
                found += [(self.best(key, contender, other, at_least), contender)
                          for other in names]
        return (max if at_least else min)(found, default=None)

    def peer_scale(self, aim):
        """How much slower this machine is for the best peer there; 0: nobody to ask."""
        contender, name, there = THERE.get((aim.question, aim.figure), (None, None, 1))
        return (self.best(aim.question, contender, name) or 0) / there

    def best(self, key, contender, name, at_least=False):
        figure = self.figure(key, contender, name)
        return figure and (figure.highest if at_least else figure.lowest)


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def tables(bench):
    """One row a contender and figure."""
    lines = ["| question | workers | who | figure | unit | first | median | lowest |",
             "|---|---|---|---|---|---|---|---|"]
    for key, question in bench.questions.items():
        for contender in bench.contenders(key):
            who = CONTENDERS[contender]
            if contender in AT_ONCE and question.workers == 1:
                who += " (as calls)"
            for name in bench.values[key, contender]:
                figure = bench.figure(key, contender, name)
                unit = UNITS.get(name, UNITS.get(question.program, "ns"))
                lines.append(f"| {question.title} | {question.workers} | {who} | {name} | {unit} | "
                             f"{number(figure.first)} | {number(figure.median)} | "
                             f"{number(figure.lowest)} |")
    return lines


def judged(bench, aim):
    """(reached, row of the table), or None when it was not measured."""
    figure = bench.figure(aim.question, "", aim.figure)
    by = bench.best(*aim.by[:3]) if aim.by else None
    if figure is None or aim.by and by is None:
        return None
    scale = by / aim.by[3] if aim.by else 1
    if aim.by == YARDSTICK:
        scale = max(scale, bench.peer_scale(aim))
    limit = aim.limit * scale
    ours = figure.highest if aim.at_least else figure.lowest
    good = ours >= limit if aim.at_least else ours <= limit
    question = bench.questions[aim.question]
    peer = bench.best_peer(aim.question, aim.figure, aim.at_least)
    there = f"{aim.limit:g} x {aim.by[2]}" if aim.by and aim.by[3] == 1 else number(aim.limit)
    beside = "- | -"
    if peer and peer[0]:
        beside = f"{number(peer[0])} ({CONTENDERS[peer[1]]}) | {ours / peer[0]:.2f}"
    what = question.title
    if aim.figure != what:
        what += ": " + aim.figure
    return good, (f"| {what} | {question.workers} | {number(figure.median)} | {number(ours)} | "
                  f"{beside} | {there} | {number(limit)} | {'yes' if good else 'NO'} |")


def report(bench, load):
    lines = [f"{first_cut.machine(load)}; {bench.rounds} rounds.", "",
             "| aim | workers | median | best | best peer | ratio | aim there | limit here | met |",
             "|---|---|---|---|---|---|---|---|---|"]
    verdicts = list(filter(None, (judged(bench, aim) for aim in AIMS)))
    lines += [row for _, row in verdicts] + [""] + tables(bench)
    return all(good for good, _ in verdicts), "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="./dev bench tasks", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of all (default 5)")
    parser.add_argument("--check", action="store_true", help="exit 1 when an aim is missed")
    parser.add_argument("--write", metavar="FILE", help="put the report between FILE's markers")
    parser.add_argument("--only", action="append", metavar="PROGRAM",
                        choices=sorted({question.program for question in QUESTIONS.values()}),
                        help="only this question (may be repeated)")
    parser.add_argument("--build", default=first_cut.ROOT / "build" / "release",
                        help="another build")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    bench = Bench(options)
    bench.measure()
    good, text = report(bench, load)
    print(text, end="")
    if options.write:
        first_cut.write(options.write, "tasks", text)
    if options.check and not good:
        sys.exit(1)


if __name__ == "__main__":
    main()
