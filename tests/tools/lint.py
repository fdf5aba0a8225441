"""lint.py clang-tidy|cppcheck|clang-format BUILD_FOLDER - run one checker over our own C sources.

Keeps: only sources of this repository are looked at (those of third_party are not ours to mend),
       on all the CPUs this process may use; exit 1 when there is a finding, with it printed. What
       clang-tidy found clean is not looked at again until its text or the rules change
       (BUILD_FOLDER/lint): the analysis takes more time than all other checks together.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
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


def commands(build):
    """How the build compiles each source: absolute path -> words of the command."""
    try:
        with open(build / "compile_commands.json", encoding="utf-8") as file:
            entries = json.load(file)
    except FileNotFoundError:
        return {}
    return {str(pathlib.Path(entry["file"]).resolve()): shlex.split(entry["command"])
            for entry in entries}


def compiled(build):
    """Our sources that the build compiles."""
    known = commands(build)
    return [path for path in sources(".c") if str(ROOT / path) in known]


def run(command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace")
    return done.returncode, done.stdout, done.stderr


class ClangTidy:
    """One process a file, the largest first, so that no share holds up the others."""

    def __init__(self, build):
        self.build, self.known, self.seen = build, commands(build), build / "lint"
        rules = [path.read_bytes() for path in sorted(ROOT.rglob(".clang-tidy"))
                 if not {"build", "node_modules"} & set(path.parts)]
        self.rules = b"".join([run(["clang-tidy", "--version"])[1].encode(), *rules])

    def key(self, path):
        """Names the text that clang-tidy sees, comments (NOLINT) included; None: cannot be told."""
        words = self.known.get(str(ROOT / path))
        if words is None:
            return None
        flags = words[1:words.index("-o")]
        status, text, _ = run(["clang", *flags, "-DGSAW_DEBUG=1", "-E", "-C", str(ROOT / path)])
        return hashlib.sha256(self.rules + text.encode()).hexdigest() if status == 0 else None

    def check(self, path):
        """(the key when the file is clean, what was found)"""
        key = self.key(path)
        if key is not None and (self.seen / key).exists():
            return key, ""
        status, out, err = run(["clang-tidy", "-p", str(self.build), "--quiet",
                                "--extra-arg=-DGSAW_DEBUG=1", path])
        if status != 0:
            return None, out or err
        if key is not None:
            self.seen.mkdir(exist_ok=True)
            (self.seen / key).touch()
        return key, ""

    def check_all(self, files):
        files = sorted(files, key=lambda path: -(ROOT / path).stat().st_size)
        with concurrent.futures.ThreadPoolExecutor(CPUS) as pool:
            results = list(pool.map(self.check, files))
        clean = {key for key, _ in results}
        for old in self.seen.glob("*"):
            if old.name not in clean:
                old.unlink()
        return [found for _, found in results if found]


def clang_tidy(build, files):
    found = ClangTidy(build).check_all(files)
    print("\n".join(found), end="")
    return int(bool(found))


def cppcheck(_build, files):
    status, out, err = run([*CPPCHECK, *files])
    print(out + err, end="")
    return int(status != 0)


def clang_format(_build, files):
    status, _, err = run(["clang-format", "--dry-run", "-Werror", *files])
    places = [line.split(": error:")[0] for line in err.splitlines() if ": error:" in line]
    print("\n".join([*places, "./dev format mends these\n"]) if places else err, end="")
    return int(status != 0)


CHECKERS = {"clang-tidy": clang_tidy, "cppcheck": cppcheck, "clang-format": clang_format}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKERS:
        sys.exit(__doc__)
    name, build = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    files = sources(".c", ".h", ".cpp") if name == "clang-format" else compiled(build)
    bad = CHECKERS[name](build, files)
    print(f"{name}: {len(files)} files, {'findings' if bad else 'clean'}")
    sys.exit(1 if bad or not files else 0)


if __name__ == "__main__":
    main()
