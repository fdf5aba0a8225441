"""install.py CMAKE BUILD_FOLDER CC NM - what a user gets who installs gangsaw, and nothing more.

Keeps: the installed program answers; each program of examples/, compiled against the installed
       headers alone, with the shared and with the static library, ends well, and list_symbols
       prints what is in the tree; a program in C++ links, and finds structs as C has them; both
       libraries offer the functions that the public headers declare, and no other name; a program
       of the deterministic mode can be built.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CMAKE, BUILD, CC, NM = sys.argv[1:5]
ROOT = pathlib.Path(__file__).resolve().parents[2]
SIMULATED = ROOT / "examples" / "interleavings.c"
EXAMPLES = sorted(set((ROOT / "examples").glob("*.c")) - {SIMULATED})
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")
CXX = [found for found in map(shutil.which, ("g++", "clang++")) if found]
BOTH = r"""/* C11 and C++11: prints the layout of what users keep, and runs a task. */
#include <gangsaw/task.h>
#include <stdio.h>

static gsaw_status twice(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)argument;
    *value *= 2;
    return GSAW_OK;
}

int main(void)
{
    gsaw_pool *pool;
    static gsaw_group group;
    static gsaw_task task;
    task.function = twice;
    task.value = 21;
    gsaw_failing_allocator memory;
    gsaw_failing_allocator_init(&memory, 0, 0);
    if (gsaw_pool_new(NULL, &pool, NULL) != GSAW_OK)
        return 1;
    if (gsaw_pool_submit(pool, &group, &task) != GSAW_OK)
        return 1;
    gsaw_pool_wait(pool, &group);
    gsaw_pool_free(pool);
    printf("%d: %zu %zu %zu, %zu %zu %zu %zu, %zu %zu\n", (int)task.value, sizeof task,
           offsetof(gsaw_task, state), offsetof(gsaw_task, status), sizeof group,
           offsetof(gsaw_group, cancelled), offsetof(gsaw_group, pending),
           offsetof(gsaw_group, queued), sizeof memory, offsetof(gsaw_failing_allocator, fail_at));
    return 0;
}
"""
SOURCE = "class Saw:\n    def cut(self):\n        pass\n\nBLADES = 2\n"


def run(*command, env=None):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          check=False, env={**os.environ, **(env or {})})
    if done.returncode != 0:
        raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.prefix = pathlib.Path(cls.temporary.name, "prefix")
        cls.tree = pathlib.Path(cls.temporary.name, "tree")
        cls.tree.mkdir()
        (cls.tree / "saw.py").write_text(SOURCE, encoding="utf-8")
        run(CMAKE, "--install", BUILD, "--prefix", cls.prefix)
        cls.libraries = next(cls.prefix.rglob("libgangsaw.a")).parent
        cls.env = {"PKG_CONFIG_PATH": str(cls.libraries / "pkgconfig"),
                   "LD_LIBRARY_PATH": str(cls.libraries)}

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def flags(self, *options, package="gangsaw"):
        return run("pkg-config", *options, package, env=self.env).split()

    def declared(self):
        text = "".join(header.read_text(encoding="utf-8")
                       for header in (self.prefix / "include" / "gangsaw").glob("*.h"))
        return set(re.findall(r"^GSAW_API\b[^;]*?\b(gsaw_\w+)\(", text, re.MULTILINE))

    def offered(self, library, *options):
        listing = run(NM, *options, "--defined-only", "--format=posix", self.libraries / library)
        return {row.split()[0] for row in listing.splitlines() if len(row.split()) > 2}

    def compile(self, source, *flags):
        program = pathlib.Path(self.temporary.name, "program")
        run(*flags[:1], *WARNINGS, *flags[1:-1], source, "-o", program, *flags[-1])
        return program

    def shared(self):
        return self.flags("--cflags", "--libs")

    def static(self):
        flags = self.flags("--cflags", "--libs", "--static")
        flags.remove("-lgangsaw")
        return [self.libraries / "libgangsaw.a", *flags]

    def check_examples(self, flags):
        self.assertGreater(len(EXAMPLES), 6)
        for example in EXAMPLES:
            with self.subTest(example=example.name):
                lines = run(self.compile(example, CC, "-std=gnu11", flags), self.tree,
                            env=self.env).splitlines()
                self.assertGreater(len(lines), 0)
                if example.stem == "list_symbols":
                    self.assertEqual(lines, ["saw.py:1:7: class Saw", "saw.py:2:9: method Saw.cut",
                                             "saw.py:5:1: constant BLADES"])

    def test_install_program_answers(self):
        program = self.prefix / "bin" / "gangsaw"
        self.assertRegex(run(program, "--version"), r"\d+\.\d+\.\d+")
        self.assertIn("Saw.cut", run(program, "symbols", self.tree))

    def test_install_examples_with_the_shared_library(self):
        self.check_examples(self.shared())

    def test_install_examples_with_the_static_library(self):
        self.check_examples(self.static())

    def test_install_each_header_stands_alone(self):
        languages = [(CC, "c", "c11")] + [(cxx, "c++", "c++11") for cxx in CXX]
        for header in sorted((self.prefix / "include" / "gangsaw").glob("*.h")):
            text = header.read_text(encoding="utf-8")
            if "\nGSAW_API " in text:
                self.assertIn('extern "C" {\n#endif\n', text, header.name)
            for compiler, language, standard in languages:
                with self.subTest(header=header.name, compiler=compiler):
                    run(compiler, *WARNINGS, f"-std={standard}", "-fsyntax-only", "-x", language,
                        *self.flags("--cflags"), header)

    def test_install_from_cplusplus(self):
        """It links, runs, and sees each struct as C does."""
        source = pathlib.Path(self.temporary.name, "both.c")
        source.write_text(BOTH, encoding="utf-8")
        seen = run(self.compile(source, CC, "-std=c11", self.shared()), env=self.env)
        self.assertTrue(seen.startswith("42: "))
        self.assertTrue(CXX, "no compiler for C++")
        for compiler in CXX:
            for flags in (self.shared(), self.static()):
                with self.subTest(compiler=compiler, flags=flags):
                    program = self.compile(source, compiler, "-std=c++11", "-x", "c++",
                                           ["-x", "none", *flags])
                    self.assertEqual(run(program, env=self.env), seen)

    def test_install_libraries_show_the_public_names_alone(self):
        declared = {name for name in self.declared() if not name.startswith("gsaw_sim_")}
        self.assertGreater(len(declared), 20)
        for library, option in (("libgangsaw.so", "-D"), ("libgangsaw.a", "-g")):
            with self.subTest(library=library):
                self.assertEqual(self.offered(library, option), declared)

    def test_install_deterministic_mode(self):
        if not (self.libraries / "libgangsaw-sim.a").exists():
            self.skipTest("made by gcc alone, without sanitizers")
        names = self.offered("libgangsaw-sim.a", "-g")
        declared = {name for name in self.declared() if not name.startswith("gsaw_codebase")}
        own = {name for name in names if name.startswith("gsaw")}
        self.assertLessEqual(own, declared)
        self.assertLessEqual({"gsaw_sim_explore", "gsaw_pool_new", "gsaw_scheduler_new"}, own)
        system = {"malloc", "pthread_create", "syscall", "clock_gettime", "__tsan_read8"}
        self.assertLessEqual(system, names - own)
        base = pathlib.Path(self.temporary.name, "interleavings")
        run(CC, *WARNINGS, "-fsanitize=thread", "-c", SIMULATED, "-o", f"{base}.o",
            *self.flags("--cflags", package="gangsaw-sim"))
        run(CC, "-o", base, f"{base}.o", *self.flags("--libs", package="gangsaw-sim"))
        self.assertIn("1000 interleavings passed", run(base))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
