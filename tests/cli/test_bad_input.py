"""Bad input: each is listed with its reason, the rest is complete, the exit status as agreed."""

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from cli_case import GANGSAW, CliCase, clean_environment

NOBODY = 65534


def drop_root():
    """For a child: file permissions bind nobody but not root."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


class BadRoot(CliCase):
    def test_root_missing(self):
        for command in ("index", "files", "symbols", "imports", "export", "stats"):
            self.assert_refused([command, "missing"], "missing")

    def test_root_is_a_file(self):
        self.write("a.py")
        self.assert_refused(["index", "a.py"], "a.py")
        self.assert_refused(["symbols", "a.py/b"], "a.py/b")

    def test_root_is_a_fifo(self):
        os.mkfifo(self.path("fifo"))
        self.assert_refused(["index", "fifo"], "fifo")

    def test_root_is_empty_text(self):
        self.assert_refused(["index", ""], "")

    def test_root_unreadable(self):
        os.chmod(self.tree, 0o755)
        os.mkdir(self.path("locked"), 0o000)
        self.assert_refused(
            ["index", "locked"], "locked", "Permission denied", preexec_fn=drop_root
        )

    def test_root_with_escapes_in_its_name(self):
        self.assert_refused(["index", "no\nsuch\x1b[2J"], "no\\nsuch\\x1b[2J")

    def test_root_empty(self):
        os.mkdir(self.path("empty"))
        summary = self.summary("empty")
        self.assertEqual((summary["files"], summary["problems"], summary["languages"]), (0, [], {}))
        self.assertIn("files       0\n", self.run_ok("index", "empty"))
        self.run_ok("index", "--strict", "empty")
        for command in ("files", "symbols", "imports"):
            done = self.run_gangsaw(command, "empty")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (1, b"", b""))
        self.assertEqual([record["t"] for record in self.records("export", "empty")], ["meta"])

    def test_root_through_a_link(self):
        self.write("tree/a.py", "x = 1\n")
        os.symlink("tree", self.path("link"))
        self.assertEqual(self.summary("link")["digest"], self.summary("tree")["digest"])


class BadFiles(CliCase):
    """Around every bad file stands a good one, which must not be harmed."""

    def setUp(self):
        super().setUp()
        self.write("good.py", "def good():\n    pass\n")
        self.write("zz/good.ts", "export const good = 1\n")

    def assert_problem(self, path, status, reason, *arguments):
        problems = self.problems(*arguments)
        self.assertEqual(list(problems), [path])
        self.assertEqual(problems[path][0], status)
        self.assertEqual(problems[path][1].split(":")[0], reason)
        good = [record["id"] for record in self.records("symbols", "--json", "-q", *arguments)]
        self.assertIn("good.py#good", good)
        self.assertIn("zz/good.ts#good", good)
        return good

    def test_broken_source(self):
        self.write(
            "bad.py", "def before():\n    pass\n\nclass (:\n    )\n\ndef after():\n    pass\n"
        )
        symbols = self.assert_problem("bad.py", "partial", "syntax")
        self.assertIn("bad.py#before", symbols)
        self.assertIn("bad.py#after", symbols)

    def test_broken_typescript(self):
        self.write("bad.ts", "export function before() {}\n\n@@@ ((( \n")
        self.assertIn("bad.ts#before", self.assert_problem("bad.ts", "partial", "syntax"))

    def test_empty_file(self):
        self.write("empty.py")
        self.assertEqual(self.problems(), {})
        self.assertEqual(self.summary()["files"], 3)

    def test_nul_bytes(self):
        self.write("nul.py", b"x = 1\n\0\0\0\ny = 2\n")
        self.assert_problem("nul.py", "skipped", "binary")

    def test_invalid_utf8_is_kept(self):
        self.write("latin.py", b"# caf\xe9\ndef f():\n    return '\xff\xfe'\n")
        records = [
            record
            for record in self.records("symbols", "--json", "-q")
            if record["path"] == "latin.py"
        ]
        self.assertEqual(
            [(record["name"], record["line"], record["start"]) for record in records], [("f", 2, 7)]
        )

    def test_too_large(self):
        self.write("large.py", "x = 1\n" * 2000)
        self.assertEqual(self.problems(), {})
        self.assert_problem("large.py", "skipped", "too-large", "--max-file-size", "4K")

    def test_fifo(self):
        os.mkfifo(self.path("x.py"))
        self.assert_problem("x.py", "skipped", "fifo")

    def test_socket(self):
        with socket.socket(socket.AF_UNIX) as listener:
            here = os.getcwd()
            os.chdir(self.tree)  # the path of a socket must be short
            try:
                listener.bind("s.py")
            finally:
                os.chdir(here)
            self.assert_problem("s.py", "skipped", "socket")

    def test_folder_with_the_name_of_a_file(self):
        self.write("pkg.py/inner.py", "def inner(): pass\n")
        self.assertEqual(self.problems(), {})
        self.assertIn(
            "pkg.py/inner.py#inner", [record["id"] for record in self.records("symbols", "--json")]
        )

    def test_links_loops_and_ways_out(self):
        self.write("sub/in.py", "def inside(): pass\n")
        os.symlink(".", self.path("sub/loop"))
        os.symlink("..", self.path("sub/up"))
        os.symlink("self.py", self.path("self.py"))
        os.symlink("/etc", self.path("etc"))
        os.symlink("nowhere.py", self.path("dangling.py"))
        for arguments in ([], ["--follow"]):
            paths = [record["path"] for record in self.records("files", "--json", *arguments)]
            self.assertEqual([path for path in paths if path.endswith("in.py")], ["sub/in.py"])
            self.assertFalse([path for path in paths if path.startswith("etc/")])
            self.assertEqual(len(paths), len(set(paths)))
            statuses = {
                record["path"]: record["status"]
                for record in self.records("files", "--json", *arguments)
            }
            self.assertNotEqual(statuses.get("self.py", "skipped"), "ok")
            self.assertNotEqual(statuses.get("dangling.py", "skipped"), "ok")

    def test_unreadable_file(self):
        os.chmod(self.tree, 0o755)
        os.chmod(self.write("locked.py", "x = 1\n"), 0)
        done = self.run_gangsaw("files", preexec_fn=drop_root)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout.decode(), r"(?m)^locked\.py: python 0 failed permission")
        self.assertIn("good.py: python 2 ok\n", done.stdout.decode())

    def test_unreadable_folder(self):
        os.chmod(self.tree, 0o755)
        self.write("locked/a.py", "x = 1\n")
        os.chmod(self.path("locked"), 0)
        done = self.run_gangsaw("index", preexec_fn=drop_root)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout.decode(), r"(?m)^  locked: failed permission")

    def test_names_that_are_hard_to_print(self):
        names = {
            b"new\nline.py": "new\\nline.py",
            b"escape\x1b[31m.py": "escape\\x1b[31m.py",
            b"latin\xe9.py": "latin\\xe9.py",
            "bidi\u202e.py".encode(): "bidi\\u{202e}.py",
            b"tab\tand space.py": "tab\\tand space.py",
            b"back\\slash.py": "back\\\\slash.py",
            "schön.py".encode(): "schön.py",
        }
        for name in names:
            self.write(name, "def f(): pass\n")
        text = self.run_ok("files")
        self.assertEqual(text.count("\n"), len(names) + 2)
        for shown in names.values():
            self.assertIn(shown + ": python 1 ok\n", text)
        paths = {record["path"] for record in self.records("files", "--json")}
        self.assertTrue({os.fsdecode(name) for name in names} <= paths, "JSON is lossless")
        symbols = self.run_ok("symbols")
        self.assertIn("new\\nline.py:1:5: function f\n", symbols)
        self.assertNotIn("\x1b", symbols)

    def test_names_of_symbols_are_escaped(self):
        self.write("names.ts", "class A { ['\x1b[31m']() {} }\n")
        self.assertNotIn(b"\x1b", self.run_gangsaw("symbols", "-v").stdout)

    def test_deep_nesting(self):
        self.write("deep.py", "x = " + "(" * 20000 + ")" * 20000 + "\n")
        self.write("deep.ts", "const x = " + "[" * 20000 + "]" * 20000 + "\n")
        self.write(
            "blocks.py", "".join("  " * i + "if x:\n" for i in range(3000)) + "  " * 3000 + "pass\n"
        )
        summary = self.summary()
        self.assertEqual(summary["files"], 5)
        self.assertEqual(
            summary["files"], summary["parsed"] + summary["skipped"] + summary["failed"]
        )

    def test_strict_counts_them(self):
        os.mkfifo(self.path("x.py"))
        self.assertEqual(self.run_gangsaw("index", "--strict").returncode, 1)
        self.assertEqual(self.run_gangsaw("index").returncode, 0)


class Moving(CliCase):
    def test_files_that_come_and_go_while_it_runs(self):
        """Whatever is caught in between is listed; what stands still is complete."""
        stop = threading.Event()

        def churn():
            while not stop.is_set():
                for i in range(50):
                    self.write(f"churn/{i}.py", "def f(): pass\n" * (i + 1))
                shutil.rmtree(self.path("churn"), ignore_errors=True)

        for i in range(200):
            self.write(f"still/{i:03}.py", f"def f{i}(): pass\n")
        thread = threading.Thread(target=churn)
        thread.start()
        try:
            for _ in range(15):
                records = self.records("files", "--json")
                still = [record for record in records if record["path"].startswith("still/")]
                self.assertEqual([record["status"] for record in still], ["ok"] * 200)
                for record in records:
                    if record["status"] != "ok":
                        self.assertRegex(record["reason"], r"\A(vanished|changed)")
        finally:
            stop.set()
            thread.join()

    @unittest.skipUnless(shutil.which("strace"), "needs strace")
    def test_failing_reads_are_listed(self):
        """The third read of a source fails with EIO: that file is listed, the others are whole."""
        for i in range(5):
            self.write(f"{i}.py", "x = 1\n")
        trace = self.path("trace.txt")
        done = subprocess.run(
            [
                "strace",
                "-f",
                "-qq",
                "-o",
                trace,
                "-P",
                self.path("2.py"),
                "-e",
                "trace=read,pread64",
                "-e",
                "inject=read,pread64:error=EIO",
                GANGSAW,
                "files",
                "-j1",
            ],
            cwd=self.tree,
            env=clean_environment(ASAN_OPTIONS="detect_leaks=0"),
            capture_output=True,
            check=False,
        )
        if b"ptrace" in done.stderr:
            self.skipTest("strace may not trace here")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout.decode(), r"(?m)^2\.py: python 0 failed io")
        self.assertEqual(done.stdout.decode().count(" ok\n"), 4)


class Crash(CliCase):
    """The working process is shot while a file is in work that takes its time."""

    def index(self, shots):
        """Run, with so many SIGSEGV to whichever process works; status and problems."""
        command = [GANGSAW, "index", "--json", "-j1", "--timeout-per-file=3s"]
        raw = "handle_segv=0"  # a sanitizer would make an exit of it
        environment = clean_environment(ASAN_OPTIONS=raw, TSAN_OPTIONS=raw)
        with subprocess.Popen(
            command, cwd=self.tree, env=environment, stdout=subprocess.PIPE
        ) as process:
            shot = set()
            deadline = time.monotonic() + 60
            while len(shot) < shots and time.monotonic() < deadline:
                time.sleep(1)
                with open(f"/proc/{process.pid}/task/{process.pid}/children", "rb") as file:
                    for child in set(map(int, file.read().split())) - shot:
                        os.kill(child, signal.SIGSEGV)
                        shot.add(child)
            found = json.loads(process.stdout.read())
        self.assertEqual((process.returncode, len(shot)), (0, shots))
        self.assertEqual(found["files"], 2)
        return {problem["path"]: problem["reason"] for problem in found["problems"]}

    def test_crash_costs_one_file(self):
        self.write("endless.tsx", "<a {{b:>c:d(e f)")
        self.write("good.py", "x = 1\n")
        self.assertEqual(self.index(1), {"endless.tsx": "timeout"})  # alone it does not crash
        self.assertEqual(self.index(2), {"endless.tsx": "crashed"})


class Memory(CliCase):
    MIB = 1 << 20

    def test_peak_stays_under_the_ceiling(self):
        """Four workers, each with a file that wants some 40 MiB, and one that wants without end."""
        with open(GANGSAW, "rb") as file:
            program = file.read()
        if b"__asan_init" in program or b"__tsan_init" in program:
            self.skipTest("a sanitizer's own memory is not ours to bound")
        body = "".join(f"def f{i}(a, b=[{i}]):\n    return {{a: b}}\n" for i in range(30000))
        for name in "abcdef":
            self.write(f"{name}.py", body)
        self.write("endless.ts", "a<" * 200000)
        for ceiling in (128, 256):
            summary = self.summary("-j4", f"--max-memory={ceiling}M", "--timeout-per-file=20s")
            self.assertLess(summary["peak_rss_bytes"], ceiling * self.MIB)
            self.assertEqual(summary["parsed"] + summary["failed"], 7)
            for problem in summary["problems"]:
                self.assertIn(problem["reason"].split(":")[0], ("memory", "syntax"))
        self.assertGreaterEqual(summary["parsed"], 6)


if __name__ == "__main__":
    unittest.main()
