"""golden.py GANGSAW CASE: compare `GANGSAW export CASE/input` with CASE/expected.jsonl.

Nothing may differ but the version in the meta line. UPDATE=1 writes expected.jsonl instead; look at
the difference before you commit it. A case without expected.jsonl fails."""

import difflib
import json
import os
import subprocess
import sys

TIMEOUT = 60
CONTEXT = 2
DIFFERENCE_MAX = 200


def export(gangsaw, case):
    """The lines of the export, the version of the tool left out."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith("GANGSAW_")
    }
    environment["XDG_CONFIG_HOME"] = os.devnull
    done = subprocess.run(
        [gangsaw, "export", "--format", "jsonl", "-j", "2", os.path.join(case, "input")],
        capture_output=True,
        check=False,
        timeout=TIMEOUT,
        env=environment,
    )
    if done.returncode != 0 or done.stderr:
        said = done.stderr.decode(errors="backslashreplace")
        sys.exit(f"{case}: exit status {done.returncode}, stderr: {said}")
    lines = done.stdout.decode().splitlines()
    meta = json.loads(lines[0])
    meta["version"] = "*"
    return [json.dumps(meta, separators=(",", ":")), *lines[1:]]


def main():
    """Exit with 0 when it is as expected."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    gangsaw, case = sys.argv[1:]
    if not os.path.isdir(os.path.join(case, "input")):
        sys.exit(f"{case}: there is no folder input/")
    found = export(gangsaw, case)
    path = os.path.join(case, "expected.jsonl")
    if os.environ.get("UPDATE") == "1":
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(found) + "\n")
        return
    if not os.path.exists(path):
        sys.exit(f"{path} is missing; UPDATE=1 writes it")
    with open(path, encoding="utf-8") as file:
        expected = file.read().splitlines()
    difference = list(difflib.unified_diff(expected, found, path, "found", n=CONTEXT, lineterm=""))
    if difference:
        print("\n".join(difference[:DIFFERENCE_MAX]))
        sys.exit(f"{case}: {len(difference)} lines of difference; UPDATE=1 takes what was found")


if __name__ == "__main__":
    main()
