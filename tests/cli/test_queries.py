"""`gangsaw files`, `symbols`, `imports`, `export`: text, filters, records."""

import json
import unittest

from cli_case import CliCase

PYTHON = """import os
from a.b import c as d, e

class A:
    def run(self, x):
        return x

    @property
    def name(self):
        return 1

def run():
    pass
"""
TYPESCRIPT = """import type { T } from './t'
export interface Shape { area: number }
export class Box {
  run(): number { return 1 }
}
"""


class Queries(CliCase):
    def setUp(self):
        super().setUp()
        self.write("a.py", PYTHON)
        self.write("src/b.ts", TYPESCRIPT)
        self.write("bad.py", "def ok():\n    pass\n\ndef (:\n")

    def lines(self, *arguments):
        return self.run_gangsaw("-q", *arguments).stdout.decode().splitlines()

    def test_files_lists_all_with_status(self):
        lines = self.lines("files")
        self.assertEqual(lines[0], "a.py: python 13 ok")
        self.assertRegex(lines[1], r"\Abad\.py: python 4 partial syntax: line \d+\Z")
        self.assertEqual(lines[2:], ["src/b.ts: typescript 5 ok"])

    def test_files_filters(self):
        self.assertEqual(
            self.lines("files", "--language", "typescript"), ["src/b.ts: typescript 5 ok"]
        )
        self.assertEqual(
            self.lines("files", "--status", "ok", "--language=python"), ["a.py: python 13 ok"]
        )
        self.assertEqual(len(self.lines("files", "--status", "ok,partial")), 3)
        self.assertEqual(self.lines("files", "--name", "src/*"), ["src/b.ts: typescript 5 ok"])
        self.assertEqual(len(self.lines("files", "--name", "*.py", "--name", "*.ts")), 3)

    def test_symbols_text(self):
        lines = self.lines("symbols", "--name", "run", "--name", "A.*")
        self.assertEqual(
            [line for line in lines if line.startswith("a.py")],
            (
                ["a.py:5:9: method A.run", "a.py:9:9: property A.name", "a.py:12:5: function run"]
                if any(": property A.name" in line for line in lines)
                else [
                    "a.py:5:9: method A.run",
                    "a.py:9:9: method A.name",
                    "a.py:12:5: function run",
                ]
            ),
        )
        self.assertIn("src/b.ts:4:3: method Box.run", lines)

    def test_symbols_filters(self):
        self.assertEqual(
            self.lines("symbols", "--kind", "class"),
            ["a.py:4:7: class A", "src/b.ts:3:14: class Box"],
        )
        self.assertEqual(
            self.lines("symbols", "--kind", "class,interface", "--language", "typescript"),
            ["src/b.ts:2:18: interface Shape", "src/b.ts:3:14: class Box"],
        )
        self.assertEqual(
            self.lines("symbols", "--kind=class", "--kind=interface", "--name", "S?ape"),
            ["src/b.ts:2:18: interface Shape"],
        )

    def test_symbols_of_the_sound_part_of_a_broken_file(self):
        self.assertIn("bad.py:1:5: function ok", self.lines("symbols"))

    def test_imports_text(self):
        self.assertEqual(
            self.lines("imports", "--language", "python"),
            ["a.py:1:8: module os", "a.py:2:22: from a.b c as d", "a.py:2:25: from a.b e"],
        )
        self.assertEqual(
            self.lines("imports", "--name", "./t"), ["src/b.ts:1:15: named ./t T (type)"]
        )
        self.assertEqual(self.lines("imports", "--name", "d"), ["a.py:2:22: from a.b c as d"])

    def test_queries_finding_nothing_exit_with_1(self):
        for arguments in (
            ["files", "--status", "failed"],
            ["symbols", "--name", "nothing"],
            ["imports", "--name", "nothing"],
            ["symbols", "--json", "--name", "nothing"],
        ):
            done = self.run_gangsaw("-q", *arguments)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (1, b"", b""), arguments)

    def test_queries_note_what_was_not_read(self):
        done = self.run_gangsaw("symbols")
        self.assertEqual(
            done.stderr,
            b"gangsaw: 1 of 3 files were not read, or not in full: "
            b"gangsaw files --status partial,skipped,failed\n",
        )
        self.assertEqual(self.run_gangsaw("symbols", "-q").stderr, b"")

    def test_queries_json_are_the_records_of_the_export(self):
        export = self.run_ok("export").splitlines()
        for command, word in (("files", "file"), ("symbols", "symbol"), ("imports", "import")):
            expected = [line for line in export if json.loads(line)["t"] == word]
            self.assertTrue(expected)
            self.assertEqual(self.lines(command, "--json"), expected, command)

    def test_queries_json_are_filtered_alike(self):
        records = self.records("symbols", "--json", "-q", "--kind", "class")
        self.assertEqual([record["qualified"] for record in records], ["A", "Box"])


class Export(CliCase):
    def test_export_order_and_fields(self):
        self.write("b.py", PYTHON)
        self.write("a.ts", TYPESCRIPT)
        records = self.records("export")
        kinds = [record["t"] for record in records]
        self.assertEqual(
            sorted(set(kinds), key=kinds.index), ["meta", "file", "symbol", "import", "edge"]
        )
        self.assertEqual(
            kinds, sorted(kinds, key=["meta", "file", "symbol", "import", "edge"].index)
        )
        self.assertEqual(
            [record["path"] for record in records if record["t"] == "file"], ["a.ts", "b.py"]
        )
        meta = records[0]
        self.assertEqual(list(meta), ["t", "schema", "tool", "version", "digest"])
        self.assertEqual(meta["digest"], self.summary()["digest"])
        for record in records:
            if record["t"] in ("symbol", "import"):
                source = TYPESCRIPT if record["path"] == "a.ts" else PYTHON
                self.assertLess(record["start"], record["end"])
                self.assertLessEqual(record["end"], len(source))
            if record["t"] == "symbol":
                self.assertEqual(source[record["name_start"] : record["name_end"]], record["name"])
                self.assertTrue(record["id"].startswith(record["path"] + "#" + record["qualified"]))

    def test_export_ids_are_unique(self):
        self.write(
            "a.py",
            "def f(): pass\ndef f(): pass\n"
            "class f:\n    def f(self): pass\n    def f(self): pass\n",
        )
        ids = [record["id"] for record in self.records("export") if record["t"] == "symbol"]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual([i for i in ids if i.count(".") == 1], ["a.py#f", "a.py#f~2", "a.py#f~3"])

    def test_export_digest_is_of_the_content_alone(self):
        self.write("one/a.py", PYTHON)
        self.write("two/a.py", PYTHON)
        self.assertEqual(self.run_ok("export", "one"), self.run_ok("export", "two"))
        before = self.summary("two")["digest"]
        self.write("two/a.py", PYTHON + "x = 1\n")
        self.assertNotEqual(before, self.summary("two")["digest"])


if __name__ == "__main__":
    unittest.main()
