"""weaken.py BUILD [-v] [FILE...] - are the memory orders of the sources needed, and tested?

Each atomic operation of the FILEs (default: the deque, the parking place, the inbox) that has an
order beyond relaxed is given the next weaker ones, one at a time; BUILD/tests/test_sim_* run with
that (the simulated machine puts it in: GANGSAW_SIM_WEAKEN), and at least one must fail. What
passes with a weaker order is either not tested or stronger than it need be. A statement may be let
off by a word in the comment above it: `weaken: allow: why`.

Prints a line for each survivor, then `N weakened, N caught, N survived`; ends with 1 when any
survived."""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "src"
FILES = ["task/deque.h", "task/deque.c", "task/park.h", "task/park.c", "task/inbox.c"]
# The programs that meet a file, the fastest first.
PROGRAMS = {"deque": ["test_sim_deque"],
            "park": ["test_sim_park"],
            "inbox": ["test_sim_inbox"], "drive": ["test_sim_distributor"],
            "lane": ["test_sim_distributor"], "place": ["test_sim_distributor"]}
WEAKER = {"load": {"seq_cst": ["acquire"], "acquire": ["relaxed"]},
          "store": {"seq_cst": ["release"], "release": ["relaxed"]}}
CHANGE = {"seq_cst": ["acq_rel"], "acq_rel": ["acquire", "release"],
          "acquire": ["relaxed"], "release": ["relaxed"]}
OPERATION = re.compile(r"gsaw__((load|store|add|sub|and|or|exchange|cas)_"
                       r"(relaxed|acquire|release|acq_rel|seq_cst))\(")


def sites(path):
    """(file, line, operation, weaker order) for each mutant of a source."""
    allowed = False
    for number, line in enumerate((SOURCES / path).read_text().splitlines(), 1):
        allowed = allowed or "weaken: allow" in line
        for what, kind, order in OPERATION.findall(line.split("/*")[0] if not allowed else ""):
            for weaker in WEAKER.get(kind, CHANGE).get(order, []):
                yield path, number, what, weaker
        if line.split("/*")[0].rstrip().endswith((";", "{")):
            allowed = False


def survives(build, site):
    """Whether all programs pass with this mutant."""
    path, line, what, weaker = site
    environment = {**os.environ,
                   "GANGSAW_SIM_WEAKEN": f"{pathlib.Path(path).name}:{line}:{what}={weaker}"}
    for name in PROGRAMS[pathlib.Path(path).stem]:
        run = subprocess.run([build / "tests" / name], env=environment, timeout=600,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if run.returncode != 0:
            return False
    return True


def main():
    words = sys.argv[1:]
    build, *files = [word for word in words if word != "-v"]
    mutants = [site for path in files or FILES for site in sites(path)]
    survivors = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda site: survives(pathlib.Path(build), site), mutants)
        for (path, line, what, weaker), survived in zip(mutants, results):
            survivors += survived
            if survived or "-v" in words:
                end = "SURVIVED" if survived else "caught"
                print(f"src/{path}:{line}: {what} as {weaker}: {end}", flush=True)
    print(f"{len(mutants)} weakened, {len(mutants) - survivors} caught, {survivors} survived")
    return 1 if survivors or not mutants else 0


if __name__ == "__main__":
    sys.exit(main())
