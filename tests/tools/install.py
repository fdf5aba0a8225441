"""install.py CMAKE BUILD_FOLDER CC NM - what a user gets who installs gangsaw, and nothing more.

Keeps: the installed program answers; examples/list_symbols.c, compiled against the installed
       headers alone, with the shared and with the static library, prints what is in the tree; both
       libraries offer the functions that the public headers declare, and no other name; a program
       of the deterministic mode can be built.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

CMAKE, BUILD, CC, NM = sys.argv[1:5]
ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "list_symbols.c"
WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
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

    def check_example(self, *flags):
        program = pathlib.Path(self.temporary.name, "list_symbols")
        run(CC, *WARNINGS, EXAMPLE, "-o", program, *flags)
        lines = run(program, self.tree, env=self.env).splitlines()
        self.assertEqual(lines, ["saw.py:1:7: class Saw", "saw.py:2:9: method Saw.cut",
                                 "saw.py:5:1: constant BLADES"])
        program.unlink()

    def test_install_program_answers(self):
        program = self.prefix / "bin" / "gangsaw"
        self.assertRegex(run(program, "--version"), r"\d+\.\d+\.\d+")
        self.assertIn("Saw.cut", run(program, "symbols", self.tree))

    def test_install_example_with_the_shared_library(self):
        self.check_example(*self.flags("--cflags", "--libs"))

    def test_install_example_with_the_static_library(self):
        flags = self.flags("--cflags", "--libs", "--static")
        flags.remove("-lgangsaw")
        self.check_example(self.libraries / "libgangsaw.a", *flags)

    def test_install_each_header_stands_alone(self):
        for header in sorted((self.prefix / "include" / "gangsaw").glob("*.h")):
            with self.subTest(header=header.name):
                run(CC, *WARNINGS, "-fsyntax-only", "-x", "c", *self.flags("--cflags"), header)

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
        example = ROOT / "examples" / "interleavings.c"
        run(CC, *WARNINGS, "-D_GNU_SOURCE", "-fsanitize=thread", "-c", example, "-o", f"{base}.o",
            *self.flags("--cflags", package="gangsaw-sim"))
        run(CC, "-o", base, f"{base}.o", *self.flags("--libs", package="gangsaw-sim"))
        self.assertIn("1000 interleavings passed", run(base))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
