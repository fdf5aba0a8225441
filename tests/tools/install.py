"""install.py CMAKE BUILD_FOLDER CC NM - what a user gets who installs gangsaw, and nothing more.

Keeps: the installed program answers; examples/list_symbols.c, compiled against the installed
       headers alone, with the shared and with the static library, prints what is in the tree; both
       libraries offer the functions that the public headers declare, and no other name.
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

    def flags(self, *options):
        return run("pkg-config", *options, "gangsaw", env=self.env).split()

    def declared(self):
        text = "".join(header.read_text(encoding="utf-8")
                       for header in (self.prefix / "include" / "gangsaw").glob("*.h"))
        return set(re.findall(r"^GSAW_API\b[^;]*?\b(gsaw_\w+)\(", text, re.MULTILINE))

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
        declared = self.declared()
        self.assertGreater(len(declared), 20)
        shared = run(NM, "-D", "--defined-only", "--format=posix", self.libraries / "libgangsaw.so")
        static = run(NM, "-g", "--defined-only", "--format=posix", self.libraries / "libgangsaw.a")
        for name, listing in (("shared", shared), ("static", static)):
            with self.subTest(library=name):
                rows = [line.split() for line in listing.splitlines()]
                offered = {row[0] for row in rows if len(row) > 2}
                self.assertEqual(offered, declared)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
