"""lint.py clang-tidy|cppcheck|clang-format BUILD_FOLDER - run one checker over our own C sources.

Keeps: only sources of this repository are looked at (those of third_party are not ours to mend),
       on all the CPUs this process may use; exit 1 when there is a finding, with it printed.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("include", "src", "tests", "bench", "examples")
CPUS = len(os.sched_getaffinity(0))

CPPCHECK = [
    "cppcheck", "--enable=warning,performance,portability", "--error-exitcode=1", "--inline-suppr",
    "--std=c11", "--quiet", "--library=posix", "--library=gnu", "--max-ctu-depth=0", f"-j{CPUS}",
    # Headers of the system are not read: the libraries above describe what is in them.
    "--suppress=missingIncludeSystem", "--suppress=unmatchedSuppression",
    "--template={file}:{line}: {severity}: {message} [{id}]",
    # Both configurations of the assertions.
    f"-I{ROOT / 'include'}", f"-I{ROOT / 'src'}", f"-I{ROOT / 'tests'}",
    "-D_GNU_SOURCE", "-D__GNUC__=12", "-D__linux__", '-DGSAW_VERSION="0"', "-DGSAW_DEBUG=1",
]


def sources(*suffixes):
    """Our files with one of the suffixes, as paths relative to ROOT."""
    found = []
    for folder in FOLDERS:
        found += (str(path.relative_to(ROOT)) for path in sorted((ROOT / folder).rglob("*"))
                  if path.suffix in suffixes and "corpus" not in path.parts and path.is_file())
    return found


def compiled(build):
    """Our sources that the build compiles."""
    with open(build / "compile_commands.json", encoding="utf-8") as commands:
        known = {str(pathlib.Path(entry["file"]).resolve()) for entry in json.load(commands)}
    return [path for path in sources(".c") if str(ROOT / path) in known]


def run(command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace")
    return done.returncode, done.stdout, done.stderr


def clang_tidy(build, files):
    """One process a file, so that the largest file does not hold up a whole share."""
    command = ["clang-tidy", "-p", str(build), "--quiet", "--extra-arg=-DGSAW_DEBUG=1"]
    files = sorted(files, key=lambda path: -(ROOT / path).stat().st_size)
    with concurrent.futures.ThreadPoolExecutor(CPUS) as pool:
        results = list(pool.map(lambda path: run([*command, path]), files))
    for status, out, err in results:
        if status != 0:
            print(out or err)
    return int(any(status != 0 for status, _, _ in results))


def cppcheck(_build, files):
    status, out, err = run([*CPPCHECK, *files])
    print(out + err, end="")
    return int(status != 0)


def clang_format(_build, files):
    status, _, err = run(["clang-format", "--dry-run", "-Werror", *files])
    places = [line.split(": error:")[0] for line in err.splitlines() if ": error:" in line]
    print("\n".join([*places, "./dev format mends these"]) if places else err)
    return int(status != 0)


CHECKERS = {"clang-tidy": clang_tidy, "cppcheck": cppcheck, "clang-format": clang_format}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKERS:
        sys.exit(__doc__)
    name, build = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    files = sources(".c", ".h") if name == "clang-format" else compiled(build)
    bad = CHECKERS[name](build, files)
    print(f"{name}: {len(files)} files, {'findings' if bad else 'clean'}")
    sys.exit(1 if bad or not files else 0)


if __name__ == "__main__":
    main()
