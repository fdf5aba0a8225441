"""The same bytes for any number of workers, on a generated tree."""

import random
import unittest

from cli_case import CliCase

SEED = 20240229
JOBS = (1, 2, 3, 8, 64)


class Determinism(CliCase):
    def setUp(self):
        super().setUp()
        chance = random.Random(SEED)
        for i in range(400):
            folder = "/".join(chance.choice("abcd") for _ in range(chance.randrange(5)))
            name = f"{folder}/m{chance.randrange(10**6)}" if folder else f"m{i}"
            if chance.random() < 0.5:
                self.write(name + ".py", self.python(chance))
            else:
                self.write(
                    name + chance.choice([".ts", ".tsx", ".js", ".mjs"]), self.script(chance)
                )

    @staticmethod
    def python(chance):
        lines = []
        for _ in range(chance.randrange(40)):
            lines.append(
                chance.choice(
                    [
                        "import a.b as c",
                        "from . import x, y as z",
                        "class A(B, metaclass=M):\n    def f(self): pass",
                        "def f(x: int = 1):\n    def g(): pass\n    return g",
                        "V = 1",
                        "def broken(:",
                        "@d(1)\ndef h(): ...",
                    ]
                )
            )
        return "\n".join(lines) + "\n"

    @staticmethod
    def script(chance):
        lines = []
        for _ in range(chance.randrange(40)):
            lines.append(
                chance.choice(
                    [
                        "import a, { b as c } from './m'",
                        "export * from 'pkg'",
                        "export class A extends B { f() {} }",
                        "function f() { function g() {} }",
                        "const x = () => 1, y = require('z')",
                        "class {",
                        "enum E { A }",
                    ]
                )
            )
        return "\n".join(lines) + "\n"

    def test_export_is_the_same_for_any_jobs(self):
        expected = self.run_ok("export", "-j1")
        self.assertGreater(expected.count("\n"), 3000)
        for jobs in JOBS:
            for _ in range(2):
                self.assertTrue(
                    self.run_ok("export", f"-j{jobs}") == expected, f"-j{jobs} differs, seed {SEED}"
                )

    def test_export_is_the_same_with_odd_settings(self):
        expected = self.run_ok("export")
        for arguments in (
            ["--batch-size", "1"],
            ["--batch-size", "1000"],
            ["--no-work-stealing"],
            ["--max-tasks-in-flight", "1"],
            ["--trace", "t.json", "-j3"],
        ):
            self.assertTrue(self.run_ok("export", *arguments) == expected, arguments)

    def test_digest_is_the_same_for_any_jobs(self):
        digests = {self.summary(f"-j{jobs}")["digest"] for jobs in (1, 64)}
        self.assertEqual(len(digests), 1, f"seed {SEED}")


if __name__ == "__main__":
    unittest.main()
