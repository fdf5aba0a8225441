"""tidy_selftest.py - every rule of tidy.py and every checker of lint.py must report what breaks it.

Keeps: the tree GOOD gives no finding at all; each example is GOOD with some files changed, and must
       give a finding of its rule; every rule has an example. A check that cannot fail is none.
"""
import json
import pathlib
import tempfile
import unittest

import lint
import tidy

ALLOC_H = """/* alloc.h - memory.
 * Threads: any.
 * Next:    alloc.c */
#ifndef GSAW_BASE_ALLOC_H
#define GSAW_BASE_ALLOC_H

/* size bytes or NULL. */
void *gsaw__alloc(unsigned long size);

#endif
"""
ALLOC_C = """/* alloc.c - memory.
 * Threads: any.
 * Next:    alloc.h */
#include <gangsaw/status.h>

#include "base/alloc.h"

static const char *const names[] = {"a", "b"};

static int size_of(const char *text)
{
    static const int sizes[2] = {1, 2};
    return sizes[text[0] & 1];
}

void *gsaw__alloc(unsigned long size)
{
    return malloc(size + (unsigned long)size_of(names[0]));
}
"""
STATUS_H = """/* gangsaw/status.h - statuses. */
#ifndef GANGSAW_STATUS_H
#define GANGSAW_STATUS_H

#define GSAW_API

#ifdef __cplusplus
extern "C" {
#endif

/* The name of a status. */
GSAW_API const char *gsaw_status_name(int status);

#ifdef __cplusplus
}
#endif

#endif
"""
TEST_C = """/* test_alloc.c - memory.
 * Next: src/base/alloc.h */
static void test_alloc_gives_memory(void **state)
{
    (void)state;
}

int main(void)
{
    test_alloc_gives_memory(0);
    return 0;
}
"""
GOOD = {
    "CMakeLists.txt": "gsaw_module(base)\ngsaw_module(lang)\ngsaw_module(task)\n",
    "docs/ARCHITECTURE.md": "".join(f"| {name} | | task/x.c, to come |\n"
                                    for name in tidy.COMPONENTS),
    "include/gangsaw/status.h": STATUS_H,
    "src/base/alloc.h": ALLOC_H,
    "src/base/alloc.c": ALLOC_C,
    "tests/unit/test_alloc.c": TEST_C,
}
OPENING = "/* {} - what it is.\n * Threads: any.\n * Next:    alloc.c */\n"


def c_file(name, text):
    return OPENING.format(name) + text


def in_source(text):
    """alloc.c with more text at its end."""
    return {"src/base/alloc.c": ALLOC_C + "\n" + text}


def in_header(text):
    return {"src/base/alloc.h": ALLOC_H.replace("#endif", text + "\n#endif")}


def function(body, head="static void f(void)"):
    return in_source(f"{head}\n{{\n{body}\n}}\n")


# rule: the changes to GOOD that each must be reported.
BAD = {
    "layers": [
        {"src/base/alloc.c": ALLOC_C.replace('"base/alloc.h"', '"task/pool.h"')},
        {"src/task/a.c": c_file("a.c", '#include "lang/b.h"\n')},
        {"src/lang/a.c": c_file("a.c", "#include <gangsaw/task.h>\n")},
        {"src/lang/a.c": c_file("a.c", "#include <gangsaw/unheard.h>\n")},
        {"src/task/a.c": c_file("a.c", "#include <tree_sitter/api.h>\n")},
        {"src/base/alloc.c": ALLOC_C.replace('"base/alloc.h"', '"alloc.h"')},
        {"include/gangsaw/status.h": STATUS_H.replace("#define GSAW_API",
                                                      '#include "base/alloc.h"')},
        {"src/base/a.h": '#include "base/b.h"\n', "src/base/b.h": '#include "base/a.h"\n'},
    ],
    "function-size": [
        function("    f();\n" * 68),
        function("    return;", "static void f(int a, int b, int c, int d, int e, int g)"),
        function("    return;", "static void f(int a, int b, int c,\n"
                 "              void (*call)(int, int), int e, int g)"),
        in_header("/* Documented. */\nvoid gsaw__f(int a, int b, int c, int d, int e, int g);\n"),
    ],
    "file-size": [in_source("/* */\n" * 800)],
    "columns": [in_source("/*" + " " * 97 + "*/\n"), in_source("\tint a;\n"),
                in_source("/* a */ \n"), in_source("/* a */\r\n"), in_source("/* no end */")],
    "opening": [
        {"src/base/alloc.c": ALLOC_C.replace("alloc.c - memory", "memory")},
        {"src/base/alloc.c": ALLOC_C.replace(" * Threads: any.\n", "")},
        {"src/base/alloc.c": ALLOC_C.replace(" * Next:    alloc.h", " *")},
        {"src/base/alloc.c": "\n" + ALLOC_C},
        {"include/gangsaw/status.h": STATUS_H.replace("gangsaw/status.h - ", "status.h - ")},
        {"tests/unit/test_alloc.c": TEST_C.replace(" * Next: src/base/alloc.h", " *")},
    ],
    "documented": [
        in_header("void gsaw__free(void *pointer);\n"),
        in_header("static inline int gsaw__one(void) { return 1; }\n"),
        {"include/gangsaw/status.h": STATUS_H.replace("/* The name of a status. */", "")},
        {"include/gangsaw/status.h": STATUS_H.replace(
            "(int status);\n", "(int status);\n\nGSAW_API int gsaw_status_count(void);\n")},
    ],
    "names": [
        function("    return;", "void f(void)"),
        function("    return;", "void gsaw_unheard(void)"),
        function("    return;", "static void gsaw__f(void)"),
        {"src/base/utils.c": c_file("utils.c", "")},
        {"src/base/string_helpers.h": ""},
        {"include/gangsaw/status.h": STATUS_H.replace("gsaw_status_name", "status_name")},
    ],
    "guards": [{"src/base/alloc.h": ALLOC_H.replace("BASE_ALLOC", "ALLOC")}],
    "atomic-tags": [
        function("    gsaw__load_acquire(&x);"),
        function("    gsaw__load_acquire(&x); /* [A1] acquire, pairs with A1 */"),
        function("    /* [A1] */\n    gsaw__load_acquire(&x);\n    f();\n    f();\n    f();\n"
                 "    gsaw__load_acquire(&x);"),
        function("    /* [A1] */\n\n\n\n    gsaw__store_release(&x, 1);\n"
                 "    /* [A1] */\n    gsaw__load_acquire(&x);"),
    ],
    "raw-atomics": [
        function("    atomic_store(&x, 1);"),
        function("    __atomic_load_n(&x, 5);"),
        function("    f(memory_order_acquire);"),
        function("    atomic_thread_fence(o);"),
        function("    pthread_mutex_lock(&m);"),
    ],
    "banned-calls": [
        *(function(f"    {name}(a);") for words in tidy.BANNED for name in words.split()
          if name not in ("malloc", "calloc", "realloc", "free", "strdup", "strndup", "asprintf",
                          "vasprintf", "getline")),
        {"src/lang/a.c": c_file("a.c", "static void f(void)\n{\n    free(malloc(1));\n}\n")},
    ],
    "comment-form": [in_source("// a comment\n")],
    "mutable-globals": [
        in_source("static int count;\n"),
        in_source("int gsaw__count = 1;\n"),
        in_source('static const char *name = "a";\n'),
        in_source('static const char *list[] = {"a"};\n'),
        in_source("static struct point here = {1, 2};\n"),
        in_source("static _Thread_local int depth;\n"),
        function("    static int calls;\n    calls++;"),
        function("    static const char *last;\n    last = 0;"),
    ],
    "dead-files": [
        {"src/extra/a.c": c_file("a.c", "")},
        {"src/base/b.h": ""},
        {"tests/tools/orphan.py": ""},
        {"tests/unit/alone.c": ""},
    ],
    "components": [
        {"docs/ARCHITECTURE.md": ""},
        {"docs/ARCHITECTURE.md": GOOD["docs/ARCHITECTURE.md"].replace("x.c, to come", "x.c", 1)},
        {"docs/ARCHITECTURE.md": GOOD["docs/ARCHITECTURE.md"].replace("| Barrier |", "| Bar |")},
    ],
    "machine": [
        {"README.md": "see /wor" + "k/main\n"},
        {"README.md": "see /ho" + "me/someone/x\n"},
        {"README.md": "from registry.npm" + "js.org\n"},
        {"README.md": "from pypi." + "org\n"},
        {"README.md": "from deb.deb" + "ian.org\n"},
        {"package-lock.json": '"resol' + 'ved": "http' + '://x"\n'},
        {"README.md": "TO" + "DO: write\n"},
        in_source("/* FIX" + "ME */\n"),
    ],
    "test-names": [
        {"tests/unit/test_alloc.c": TEST_C.replace("test_alloc_gives_memory", "test_alloc")},
        {"tests/unit/test_alloc.c": TEST_C.replace("    test_alloc_gives_memory(0);\n", "")},
        {"tests/unit/test_alloc.c": TEST_C.replace("test_alloc_gives_memory", "alloc_gives")},
    ],
    "allowance": [in_source("/* tidy: allow columns: this is not needed at all */\n")],
}
# What must not be reported: an allowance, a partner, a local that looks like a call or a global.
FINE = [
    in_source("/* tidy: allow mutable-globals: set before threads are there */\nstatic int a;\n"),
    function("    /* [A1] release, pairs with A1 below */\n    gsaw__store_release(&x, 1);\n"
             "    gsaw__load_acquire(&x); /* [A1] acquire, pairs with A1 above */"),
    function("    /* [A1] relaxed: read at rest */\n" + "    gsaw__store_relaxed(&x, 1);\n" * 5),
    function("    gsaw__add_relaxed(&x, 1); /* relaxed: a counter that is read at rest */"),
    function('    self->free(self, "printf(1)", 0); /* printf() */'),
    in_source("static const struct point points[] = {\n    {1, 2},\n};\n"),
    in_source("struct point {\n    int x, y;\n};\n\ntypedef void call(int a);\n"),
    in_header("/* Both. */\nvoid gsaw__a(void);\nvoid gsaw__b(void);\n"),
    in_header("void gsaw__a(void); /* behind it */\n"),
    {"docs/a.md": "src/wor" "k/config.c\n"},
]
LINT = {
    "clang-tidy": "int gsaw__f(void *a);\nint gsaw__f(void *a)\n{\n    int *b = a;\n    if (!b)\n"
                  "        return *b;\n    return 0;\n}\n",
    "cppcheck": "int gsaw__f(void);\nint gsaw__f(void)\n{\n    char b[4];\n    b[5] = 1;\n"
                "    return b[5];\n}\n",
    "clang-format": "int  gsaw__f( void ) ;\n",
}

CLEAN = "int gsaw__f(int a);\nint gsaw__f(int a)\n{\n    return a;\n}\n"


def findings(changes):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in {**GOOD, **changes}.items():
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="")
        return tidy.check(folder)[0]


class Selftest(unittest.TestCase):
    def test_good_tree_has_no_finding(self):
        for changes in ({}, *FINE):
            with self.subTest(changes=changes):
                self.assertEqual(findings(changes), [])

    def test_every_rule_has_an_example(self):
        self.assertEqual(sorted(BAD), sorted([*tidy.RULES, "allowance"]))

    def test_every_example_is_reported(self):
        for name, examples in BAD.items():
            for changes in examples:
                with self.subTest(rule=name, changes=changes):
                    self.assertIn(name, {finding[2] for finding in findings(changes)})

    def test_every_checker_reports(self):
        for name, text in LINT.items():
            with self.subTest(checker=name), tempfile.TemporaryDirectory() as folder:
                file = pathlib.Path(folder, "a.c")
                file.write_text(text, encoding="utf-8")
                for config in (".clang-tidy", ".clang-format"):
                    pathlib.Path(folder, config).write_bytes((lint.ROOT / config).read_bytes())
                self.assertEqual(lint.CHECKERS[name](pathlib.Path(folder), [str(file)]), 1)

    def test_a_clean_file_is_looked_at_again_when_it_changes(self):
        with tempfile.TemporaryDirectory() as folder:
            build, file = pathlib.Path(folder), pathlib.Path(folder, "a.c").resolve()
            (build / ".clang-tidy").write_bytes((lint.ROOT / ".clang-tidy").read_bytes())
            entry = {"directory": folder, "file": str(file), "command": f"cc -o a.o -c {file}"}
            (build / "compile_commands.json").write_text(json.dumps([entry]), encoding="utf-8")
            for text, expected in ((CLEAN, 0), (CLEAN, 0), (LINT["clang-tidy"], 1), (CLEAN, 0),
                                   (LINT["clang-tidy"], 1), (LINT["clang-tidy"], 1)):
                file.write_text(text, encoding="utf-8")
                self.assertEqual(lint.clang_tidy(build, [str(file)]), expected)


if __name__ == "__main__":
    unittest.main(verbosity=1, buffer=True)
