"""tidy.py [ROOT] - the house style as far as a program can read it: layers, limits, documents,
atomics, bans. Prints one line a finding (path:line: rule: what) and ends with 1 when there is any.

Keeps: every rule of RULES has an example in tidy_selftest.py that it must report, so none can rot.
A line may be let off by a comment on it or just above it: `tidy: allow RULE: why` (the why is read
by people, so it is a sentence). An allowance that lets nothing off is a finding itself.
"""
import pathlib
import re
import subprocess
import sys

from tidy_source import Source

FUNCTION_LINES, PARAMETERS, FILE_LINES, COLUMNS = 70, 5, 800, 100

# A module and what it may include: its own folder and those below it on its pillar.
LAYERS = {
    "base": {"base"},
    "sim": {"sim", "base"}, # beside the others: it stands in for the system
    "sync": {"sync", "base"},
    "task": {"task", "sync", "base"},
    "work": {"work", "task", "sync", "base"},
    "lang": {"lang", "base"},
    "code": {"code", "work", "task", "sync", "lang", "base"},
    "cli": {"cli", "code", "work", "task", "sync", "lang", "base"},
}
# The lowest module that may include a public header, and those whose layer it is.
PUBLIC = {"status": "base", "alloc": "base", "facts": "base", "sync": "sync", "task": "task",
          "pool": "task", "graph": "task", "scheduler": "task",
           "config": "base", "work": "work", "tree": "lang", "process": "code", "code": "code",
           "doctor": "code", "tuner": "code", "sim": "sim"}
# What only one module may include.
PRIVATE = {"tree_sitter/": "lang", "nettle/": "base"}

# call: where it is allowed in the library (folders or files of src), and what to use.
BANNED = {
    "strcpy strcat sprintf vsprintf gets": ("", "a bounded copy, base/buffer.h"),
    "system popen rand srand strtok strerror asctime ctime gmtime localtime alloca":
        ("", "what is thread-safe and bounded"),
    "exit _exit quick_exit atexit": ("src/cli/", "a status: the library never ends the program"),
    "abort": ("src/base/check.c src/sim/", "gsaw_check"),
    "assert": ("", "gsaw_assert or gsaw_check"),
    "setjmp longjmp sigsetjmp siglongjmp _setjmp": ("src/lang/", "a status"),
    "printf vprintf fprintf vfprintf puts putchar fputs fputc putc fwrite perror":
        ("src/cli/", "a result: the library never prints"),
    "malloc calloc realloc free strdup strndup asprintf vasprintf getline":
        ("src/base/alloc.c src/cli/ src/sim/heap.c",
         "base/alloc.h: memory is the caller's allocator's"),
    "thrd_create mtx_init mtx_lock cnd_wait call_once": ("", "base/thread.h"),
    "mmap": ("src/cli/supervise.c src/sim/",
             "gsaw__file_read: a file that shrinks would be a SIGBUS"),
    "setenv putenv unsetenv chdir umask setlocale signal": ("src/cli/", "nothing global changes"),
}
PTHREAD_HOME = ("src/base/thread.c", "src/base/thread.h", "src/sim/pthread.c")
ATOMIC_HOME = ("src/base/atomic.h", "src/base/site.h", "src/sim/")
# Files of the simulated machine with functions that programs know by other names.
STAND_INS = ("src/sim/hooks.c", "src/sim/heap.c", "src/sim/pthread.c")
BAD_NAMES = {"utils", "util", "common", "helper", "helpers", "misc", "manager"}
COMPONENTS = """TaskDefinition TaskResult TaskQueue TaskScheduler TaskExecutor ThreadPool WorkItem
    WorkDistributor DistStrategy LoadBalancer BatchProcessor WorkerStats AtomicCounter Barrier
    SharedState ResultCollector PhaseManager ProgressTracker ParallelFileProcessor
    discover_files_parallel parse_files_parallel ParallelProcessingConfig ParallelAutoTuner
    Codebase""".split()
# Paths of one machine and hosts of registries; written in pieces, so that this file does not match.
MACHINE = re.compile(r"(?<![\w.*}])/(?:wor" r"k\b|hom" r"e/\w|roo" r"t/|tm" r"p/cor" r"pus)|"
                     r"npm" r"js\.|pypi\." r"org|python" r"hosted|deb\.deb" r"ian|"
                     r'"resol' r'ved": "http|artifact' r"ory|Co-auth" r"ored-by", re.IGNORECASE)
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
ATOMIC = re.compile(r"\bgsaw__(?:load|store|add|sub|exchange|cas|or|and)_"
                    r"(relaxed|acquire|release|acq_rel|seq_cst)\s*\(")
RAW_ATOMIC = re.compile(r"\batomic_(?!h\b)\w+\s*\(|\bmemory_order_\w+|\b__atomic_\w+|\b__sync_\w+")
TAG = re.compile(r"\[([A-Z]{1,4}\d{1,2})\]")

RULES = {}


def rule(function):
    RULES[function.__name__.replace("_", "-")] = function
    return function


class Tree:
    """The files of a repository: all of them by path, and those in C as Source."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.paths = sorted(self._list())
        self.text = {}
        for path in self.paths:
            data = (self.root / path).read_bytes()
            if b"\0" not in data[:4096] and "tests/golden/" not in path:
                self.text[path] = data.decode("utf-8", "replace")
        self.c = {path: Source(path, text) for path, text in self.text.items()
                  if path.endswith((".c", ".h"))}

    def _list(self):
        command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
                   "--exclude-standard"]
        git = subprocess.run(command, cwd=self.root, capture_output=True, check=False)
        if git.returncode == 0:
            found = git.stdout.decode("utf-8", "surrogateescape").split("\0")
        else:
            found = [str(path.relative_to(self.root)) for path in self.root.rglob("*")]
        return [path for path in found if path and (self.root / path).is_file()
                and not (self.root / path).is_symlink()
                and not {"build", "node_modules", ".git", "__pycache__"} & set(path.split("/"))]

    def under(self, *folders, suffix=(".c", ".h")):
        return [source for path, source in self.c.items()
                if path.startswith(folders) and path.endswith(suffix)]

    def library(self):
        return [source for source in self.under("src/") if not source.path.startswith("src/cli/")]


def headers_of(tree):
    return tree.under("src/", "include/", suffix=".h")


@rule
def layers(tree):
    """A module includes its own folder and those below it; nothing includes in a circle."""
    edges = {}
    for source in tree.under("src/", "include/"):
        module = source.path.split("/")[1] if source.path.startswith("src/") else None
        for line, target, quoted in source.includes():
            if target.startswith("gangsaw/"):
                name = target.removeprefix("gangsaw/").removesuffix(".h")
                if name not in PUBLIC:
                    yield source, line, f"{target} has no layer yet: add it to PUBLIC in tidy.py"
                elif module and PUBLIC[name] not in LAYERS.get(module, ()):
                    yield source, line, f"{module}/ may not see {target}"
                edges.setdefault(source.path, []).append((line, "include/" + target))
            elif quoted:
                folder = target.split("/")[0]
                if module is None or "/" not in target or folder not in LAYERS.get(module, ()):
                    yield source, line, f"{module or 'a public header'} may not see \"{target}\""
                edges.setdefault(source.path, []).append((line, "src/" + target))
            for prefix, home in PRIVATE.items():
                if target.startswith(prefix) and module != home:
                    yield source, line, f"<{target}> is for {home}/ alone"
    for path, line, circle in circles(edges):
        yield tree.c[path], line, "includes in a circle: " + " -> ".join(circle)


def circles(edges):
    done = set()
    for start in sorted(edges):
        trail, stack = [], [(start, 0)]
        while stack:
            path, step = stack[-1]
            if step == 0:
                trail.append(path)
            following = edges.get(path, [])
            if step == len(following) or path in done:
                stack.pop()
                trail.pop()
                done.add(path)
                continue
            stack[-1] = (path, step + 1)
            line, target = following[step]
            if target in trail:
                yield path, line, [*trail[trail.index(target):], target]
            elif target not in done:
                stack.append((target, 0))


@rule
def function_size(tree):
    """At most 70 lines and 5 parameters a function."""
    for source in tree.c.values():
        for function in source.functions():
            lines = function.last - function.first + 1
            if lines > FUNCTION_LINES:
                yield (source, function.first,
                       f"{function.name} has {lines} lines, {FUNCTION_LINES} at most")
        for function in [*source.functions(), *source.declarations()]:
            if function.parameters > PARAMETERS:
                yield (source, function.first,
                       f"{function.name} has {function.parameters} parameters, "
                       f"{PARAMETERS} at most")


@rule
def file_size(tree):
    """At most 800 lines a file."""
    for path, text in tree.text.items():
        count = text.count("\n")
        if count > FILE_LINES and path.endswith((".c", ".h", ".py", ".cmake", "dev", ".txt")):
            yield path, 1, f"{count} lines, {FILE_LINES} at most"


@rule
def columns(tree):
    """At most 100 columns, no tabs, no blanks at a line's end, a line end at the file's end."""
    for path, text in tree.text.items():
        if not path.endswith((".c", ".h", ".py")):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > COLUMNS:
                yield path, number, f"{len(line)} columns, {COLUMNS} at most"
            if "\t" in line or "\r" in line:
                yield path, number, "a tab or a carriage return"
            if line != line.rstrip():
                yield path, number, "blanks at the end of the line"
        if text and not text.endswith("\n"):
            yield path, text.count("\n") + 1, "no line end at the end of the file"


@rule
def opening(tree):
    """A file opens with `/* name - purpose`; in src Threads and Next too (Keeps where there is)."""
    for source in tree.c.values():
        first = source.comments[0] if source.comments else None
        name = source.path.rsplit("/", 1)[1]
        if source.path.startswith("include/"):
            name = source.path.removeprefix("include/")
        if first is None or first.line != 1 or not first.text.startswith(f"/* {name} - "):
            yield source, 1, f"the file does not open with `/* {name} - purpose`"
            continue
        wanted = {"src/": ("Threads", "Next"), "tests/": ("Next",)}
        for word in next((wanted[top] for top in wanted if source.path.startswith(top)), ()):
            if f"\n * {word}:" not in first.text:
                yield source, 1, f"the opening comment has no line `{word}:`"


@rule
def documented(tree):
    """A function in a header has a comment above or behind it; a run without blank lines too."""
    for source in headers_of(tree):
        above = None
        for function in source.declarations():
            has = source.comment_ends_at(function.first - 1) \
                or source.comment_begins_at(function.last)
            joined = above is not None and above.last + 1 == function.first
            if has or joined:
                above = function
            else:
                above = None
                yield source, function.first, f"{function.name} is not documented"


@rule
def names(tree):
    """gsaw_ is public, gsaw__ internal across files, statics have no prefix; no file is utils."""
    public = {function.name for source in tree.under("include/")
              for function in source.declarations()}
    for source in tree.under("src/"):
        for function in source.functions():
            static = re.search(r"\bstatic\b", function.signature)
            if static and function.name.startswith("gsaw_") and source.path.endswith(".c"):
                yield source, function.first, f"{function.name} is static and has a prefix"
            elif source.path in STAND_INS and re.search("GSAW_API|^[A-Z_]+\\(", function.signature):
                continue # has the name of what it stands in for
            elif not static and function.name != "main" and function.name not in public \
                    and not re.match(r"gsaw__[a-z]", function.name):
                yield source, function.first, f"{function.name}: neither static, public nor gsaw__"
    for name in public:
        if not re.fullmatch(r"gsaw_[a-z0-9]+(_[a-z0-9]+)*", name):
            yield "include/gangsaw", 1, f"{name} is no gsaw_noun_verb"
    for path in tree.paths:
        stem = path.rsplit("/", 1)[-1].split(".")[0]
        if BAD_NAMES & set(re.split(r"[_\-]", stem.lower())):
            yield path, 1, "a name that says nothing"


@rule
def guards(tree):
    """A header is guarded by a name made of its path."""
    for source in headers_of(tree):
        top, rest = source.path.split("/", 1)
        rest = rest if top == "src" else rest.removeprefix("gangsaw/")
        guard = ("GSAW_" if top == "src" else "GANGSAW_") + re.sub(r"\W", "_", rest.upper())
        if f"#ifndef {guard}\n#define {guard}\n" not in source.text:
            yield source, 1, f"no guard {guard}"


@rule
def atomic_tags(tree):
    """Every atomic has a tag [P1] on its line, up to three above, or above the run of atomics that
    it ends; every tag has a partner, but where the comment says `relaxed: why`."""
    places, alone = {}, set()
    for source in tree.under("src/"):
        run = 0
        for number, line in enumerate(source.code, 1):
            if source.path == "src/base/atomic.h" or not ATOMIC.search(line):
                run = 0 if line.strip() else run
                continue
            run = run or number
            near = " ".join(source.comment_on(n) for n in range(max(1, run - 3), number + 1))
            relaxed = re.search(r"\brelaxed: \w+", near)
            for tag in TAG.findall(near):
                places.setdefault(tag, set()).add((source.path, number))
                alone |= {tag} if relaxed else set()
            if not TAG.search(near) and not relaxed:
                yield source, number, "an atomic without its tag ([P1], or `relaxed: why`)"
    for tag, sites in sorted(places.items()):
        if len(sites) < 2 and tag not in alone:
            path, number = next(iter(sites))
            yield tree.c[path], number, f"[{tag}] has no partner"


@rule
def raw_atomics(tree):
    """Atomic operations and orders only by base/atomic.h, no fences; pthreads by base/thread.h."""
    for source in tree.under("src/"):
        for number, line in enumerate(source.code, 1):
            if not source.path.startswith(ATOMIC_HOME) and RAW_ATOMIC.search(line):
                yield source, number, "an atomic operation outside base/atomic.h"
            if source.path not in PTHREAD_HOME and re.search(r"\bpthread_\w+", line):
                yield source, number, "pthreads outside base/thread.h"
            if source.path != "src/sim/hooks.c" and \
                    re.search(r"atomic_(thread|signal)_fence", line):
                yield source, number, "a fence: put the order on an operation"


@rule
def banned_calls(tree):
    """Calls that print, exit, allocate past the hook, are not thread-safe or have no bound."""
    for words, (homes, instead) in BANNED.items():
        call = re.compile(rf"(?<![\w.>])({'|'.join(words.split())})\s*\(")
        for source in tree.under("src/"):
            if homes and source.path.startswith(tuple(homes.split())):
                continue
            for number, line in enumerate(source.code, 1):
                for found in call.finditer(line):
                    yield source, number, f"{found[1]}(): {instead}"


@rule
def comment_form(tree):
    """Comments are /* */."""
    for source in tree.c.values():
        for comment in source.comments:
            if comment.text.startswith("//"):
                yield source, comment.line, "a // comment"


@rule
def mutable_globals(tree):
    """The library has no mutable state of its own: file scope and static locals are const."""
    for source in tree.library():
        for line, text in source.variables():
            yield source, line, f"mutable state: {text}"


@rule
def dead_files(tree):
    """Every source is reached: by a glob of the build, by an include, an import or by its name."""
    cmake = "\n".join(text for path, text in tree.text.items()
                      if path.endswith(("CMakeLists.txt", ".cmake")))
    modules = set(re.findall(r"gsaw_module\((\w+)", cmake))
    included = {target for source in tree.c.values() for _, target, _ in source.includes()}
    scripts = "\n".join(text for path, text in tree.text.items()
                        if path.endswith((".py", "dev", "run", "CMakeLists.txt")))
    for path in tree.text:
        folder, _, name = path.rpartition("/")
        if path.startswith("src/") and path.endswith(".c"):
            if folder.removeprefix("src/") not in modules:
                yield path, 1, "no gsaw_module() takes this folder"
        elif path.endswith(".h"):
            short = path.removeprefix("src/").removeprefix("include/").removeprefix("tests/")
            if not {short, name} & included and f"/{name}" not in cmake: # -include FILE
                yield path, 1, "nothing includes this header"
        elif path.startswith(("tests/", "bench/", "examples/")) and path.endswith((".c", ".py")):
            stem = name.split(".")[0]
            by_glob = (name.startswith("test_")
                       or (folder in ("bench", "bench/tasks", "bench/work") and name.endswith(".c"))
                       or (folder == "tests/fuzz" and name.startswith("fuzz_")))
            use = rf"\b{re.escape(name)}\b|^(?:from|import) {stem}\b"
            if not by_glob and not re.search(use, scripts, re.MULTILINE):
                yield path, 1, "nothing runs or imports this file"


@rule
def components(tree):
    """Every component of the design is in docs/ARCHITECTURE.md, with its file or `to come`."""
    path = "docs/ARCHITECTURE.md"
    rows = [line for line in tree.text.get(path, "").split("\n") if line.startswith("|")]
    for component in COMPONENTS:
        row = next((line for line in rows if line.split("|")[1].strip() == component), None)
        if row is None:
            yield path, 1, f"{component} is not in the table"
        elif "to come" not in row:
            files = re.findall(r"\w+/[\w/]+\.[ch]", row)
            if not files or not all(f"src/{file}" in tree.paths for file in files):
                yield path, 1, f"{component} has no file that is there, nor `to come`"


@rule
def machine(tree):
    """No path of one machine, no host of a registry, no leftover mark in what is committed."""
    for path, text in tree.text.items():
        for number, line in enumerate(text.split("\n"), 1):
            for pattern in (MACHINE, UNFINISHED):
                found = pattern.search(line)
                if found:
                    yield path, number, f"`{found[0]}` does not belong here"


@rule
def test_names(tree):
    """tests/unit/test_<noun>.c has tests, each named test_<noun>_<behaviour> and each run."""
    for source in tree.under("tests/unit/", "tests/stress/", suffix=".c"):
        if not source.path.rsplit("/", 1)[1].startswith("test_"):
            continue
        defined = {function.name: function for function in source.functions()
                   if re.search(r"\bvoid \*\*\s*\w*\)", function.signature)
                   and function.name.startswith("test_")}
        code = "\n".join(source.code)
        if not defined:
            yield source, 1, "no test in this file"
        for name, function in defined.items():
            if not re.fullmatch(r"test_[a-z0-9]+(_[a-z0-9]+)+", name):
                yield source, function.first, f"{name} is no test_noun_behaviour"
            if len(re.findall(rf"\b{name}\b", code)) < 2:
                yield source, function.first, f"{name} is never run"


def check(root):
    """All findings as (path, line, rule, text), and allowances applied."""
    tree = Tree(root)
    allowed = {}
    for source in tree.c.values():
        for line, name in source.allowances():
            allowed[(source.path, line, name)] = False
    findings = []
    for name, function in RULES.items():
        for place, line, text in function(tree):
            path = place if isinstance(place, str) else place.path
            keys = [key for key in ((path, line, name), (path, line - 1, name)) if key in allowed]
            for key in keys:
                allowed[key] = True
            if not keys:
                findings.append((path, line, name, text))
    findings += [(path, line, "allowance", f"`tidy: allow {name}` lets nothing off")
                 for (path, line, name), used in allowed.items() if not used]
    return sorted(findings), len(tree.paths)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    findings, count = check(root)
    for path, line, name, text in findings:
        print(f"{path}:{line}: {name}: {text}")
    print(f"tidy: {count} files, {len(RULES)} rules, {len(findings)} findings")
    sys.exit(1 if findings or count == 0 else 0)


if __name__ == "__main__":
    main()
