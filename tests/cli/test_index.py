"""`gangsaw index`, `stats`, -o, --trace, progress and signals."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from cli_case import GANGSAW, SUMMARY_KEYS, CliCase, clean_environment

VERDICTS = ["resolved", "external", "builtin", "ambiguous", "unresolved"]
PYTHON = "import os\nfrom a import b as c\n\nclass A:\n    def f(self):\n        return 1\n"
TYPESCRIPT = """import { x } from './x'
export interface I { a: number }
export function f(): I { return x }
"""


class Index(CliCase):
    def setUp(self):
        super().setUp()
        self.write("a.py", PYTHON)
        self.write("src/b.ts", TYPESCRIPT)
        self.write("src/c.tsx", "export const C = () => <div/>\n")
        self.write("notes.txt", "no source\n")

    def test_index_json_has_the_contract_fields(self):
        summary = self.summary()
        self.assertEqual(list(summary), SUMMARY_KEYS)
        self.assertEqual(summary["schema"], 1)
        self.assertEqual(summary["root"], os.path.realpath(self.tree))
        self.assertRegex(summary["digest"], r"\A[0-9a-f]{64}\Z")
        self.assertEqual((summary["files"], summary["parsed"], summary["problems"]), (3, 3, []))
        self.assertEqual(sum(summary["languages"].values()), 3)
        self.assertEqual(summary["languages"]["python"], 1)
        self.assertEqual(summary["bytes"], len(PYTHON) + len(TYPESCRIPT) + 30)
        self.assertEqual(summary["lines"], 6 + 3 + 1)
        self.assertEqual(summary["imports"], 3)
        self.assertGreaterEqual(summary["symbols"], 6)
        for key in ("imports_by_verdict", "references_by_verdict"):
            self.assertEqual(list(summary[key]), VERDICTS)
        self.assertEqual(summary["imports_by_verdict"]["unresolved"], 3)
        self.assertGreater(summary["wall_ms"], 0)
        self.assertGreater(summary["peak_rss_bytes"], 1 << 20)
        self.assertIn("discover", [phase["name"] for phase in summary["phases"]])
        for phase in summary["phases"]:
            self.assertEqual(list(phase), ["name", "wall_ms", "cpu_ms"])

    def test_index_json_is_one_line(self):
        text = self.run_ok("index", "--json")
        self.assertEqual((text.count("\n"), text[-1]), (1, "\n"))

    def test_index_counts_are_conserved(self):
        self.write("bad.py", "def (:\n")
        self.write("big.py", "x = 1\n" * 1000)
        os.mkfifo(self.path("fifo.py"))
        summary = self.summary("--max-file-size", "4K")
        self.assertEqual(summary["files"], 6)
        self.assertEqual(
            summary["files"],
            summary["parsed"] + summary["reused"] + summary["skipped"] + summary["failed"],
        )
        self.assertEqual(summary["partial"], 1)
        self.assertEqual(
            len(summary["problems"]), summary["partial"] + summary["skipped"] + summary["failed"]
        )
        self.assertEqual(
            [problem["path"] for problem in summary["problems"]], ["bad.py", "big.py", "fifo.py"]
        )

    def test_index_jobs(self):
        self.assertEqual(self.summary("-j1")["jobs"], 1)
        self.assertEqual(self.summary("-j3")["jobs"], 3)
        usable = len(os.sched_getaffinity(0))
        self.assertLessEqual(self.summary("-j0")["jobs"], usable)

    def test_index_text_is_one_screen(self):
        for i in range(30):
            self.write(f"bad/{i:02}.py", "def (:\n")
        text = self.run_ok("index")
        self.assertLessEqual(text.count("\n"), 24)
        for label in (
            "files",
            "languages",
            "source",
            "symbols",
            "imports",
            "time",
            "memory",
            "digest",
        ):
            self.assertRegex(text, rf"(?m)^  {label} ")
        self.assertIn("not resolved in this version", text)
        self.assertRegex(text, r"  files +33: 3 ok, 30 partial\n")
        self.assertIn("\n30 problems:\n  bad/00.py: partial syntax", text)
        self.assertTrue(text.endswith("  ... and 20 more (--verbose or --json lists all)\n"))
        self.assertIn("  bad/29.py: partial syntax", self.run_ok("index", "-v"))

    def test_index_default_is_the_current_folder(self):
        here, named = self.summary(), self.summary(self.tree, cwd="/")
        for key in ("root", "digest", "files", "symbols", "problems"):
            self.assertEqual(here[key], named[key])

    def test_index_quiet_prints_nothing(self):
        self.assertEqual(self.run_ok("index", "-q"), "")
        self.assertEqual(len(json.loads(self.run_ok("index", "-q", "--json"))), len(SUMMARY_KEYS))

    def test_index_strict(self):
        self.run_ok("index", "--strict")
        self.write("bad.py", "def (:\n")
        self.run_ok("index")
        done = self.run_gangsaw("index", "--strict")
        self.assertEqual((done.returncode, done.stderr), (1, b""))
        self.assertIn(b"bad.py: partial syntax", done.stdout)

    def test_index_include_exclude_ignore_hidden(self):
        self.write(".gitignore", "/src/\n")
        self.write(".secret/d.py", "")

        def paths(*arguments, **more):
            return [
                record["path"] for record in self.records("files", "--json", *arguments, **more)
            ]

        self.assertEqual(paths(), ["a.py"])
        self.assertEqual(paths("--no-ignore"), ["a.py", "src/b.ts", "src/c.tsx"])
        self.assertEqual(paths("--no-ignore", "--exclude", "*.tsx"), ["a.py", "src/b.ts"])
        self.assertEqual(
            paths("--no-ignore", "--include", "*.ts", "--include", "*.tsx"),
            ["src/b.ts", "src/c.tsx"],
        )
        self.assertEqual(paths("--hidden"), [".secret/d.py", "a.py"])
        self.assertEqual(
            paths(env={"GANGSAW_NO_IGNORE": "1", "GANGSAW_EXCLUDE": "*.py\n*.ts"}), ["src/c.tsx"]
        )

    def test_stats_adds_up(self):
        stats = json.loads(self.run_ok("stats", "--json", "-j2"))
        self.assertEqual(stats["files"], 3)
        self.assertEqual(len(stats["workers"]), stats["jobs"])
        self.assertGreater(sum(worker["completed"] for worker in stats["workers"]), 0)
        text = self.run_ok("stats", "-j2")
        for label in ("files", "time", "throughput", "memory", "phase", "worker"):
            self.assertRegex(text, rf"(?m)^  {label} ")


class Output(CliCase):
    def setUp(self):
        super().setUp()
        self.write("tree/a.py", PYTHON)

    def test_output_file_is_written_whole(self):
        expected = self.run_ok("export", "tree")
        self.assertEqual(self.run_ok("export", "tree", "-o", "out.jsonl"), "")
        with open(self.path("out.jsonl"), encoding="utf-8") as file:
            self.assertEqual(file.read(), expected)
        self.assertEqual(sorted(os.listdir(self.tree)), ["out.jsonl", "tree"])
        mask = os.umask(0)
        os.umask(mask)
        self.assertEqual(os.stat(self.path("out.jsonl")).st_mode & 0o777, 0o666 & ~mask)

    def test_output_replaces_and_keeps_mode_and_link(self):
        target = self.write("real.jsonl", "old\n")
        os.chmod(target, 0o640)
        os.symlink("real.jsonl", self.path("link.jsonl"))
        self.run_ok("files", "tree", "-o", "link.jsonl")
        self.assertTrue(os.path.islink(self.path("link.jsonl")))
        self.assertEqual(os.stat(target).st_mode & 0o777, 0o640)
        with open(target, encoding="utf-8") as file:
            self.assertEqual(file.read(), "a.py: python 6 ok\n")

    def test_output_old_file_stands_when_the_run_fails(self):
        self.write("old.jsonl", "old\n")
        self.assert_refused(["export", "missing", "-o", "old.jsonl"], "missing")
        with open(self.path("old.jsonl"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "old\n")
        self.assertEqual(sorted(os.listdir(self.tree)), ["old.jsonl", "tree"])

    def test_output_that_cannot_be_written_is_refused_first(self):
        self.assert_refused(
            ["index", "tree", "-o", "no/such/out"], "cannot write no/such/out: No such file"
        )
        self.assert_refused(["index", "tree", "-o", "tree"], "cannot write tree: Is a directory")
        self.assert_refused(["index", "tree", "-o", "tree/a.py/x"], "Not a directory")
        self.assert_refused(
            ["index", "tree", "--trace", "no/such/trace"], "cannot write no/such/trace"
        )

    def test_output_dash_is_stdout(self):
        self.assertEqual(self.run_ok("files", "tree", "-o", "-"), "a.py: python 6 ok\n")

    def test_output_device_is_written_in_place(self):
        self.assertEqual(self.run_ok("files", "tree", "-o", "/dev/null"), "")
        self.assertFalse(os.path.isfile("/dev/null"))
        self.assert_refused(
            ["files", "tree", "-o", "/dev/full"], "cannot write /dev/full: No space left", status=3
        )

    def test_output_trace_is_json(self):
        self.run_ok("index", "-q", "tree", "--trace", "trace.json")
        with open(self.path("trace.json"), encoding="utf-8") as file:
            events = json.load(file)["traceEvents"]
        self.assertTrue(any(event["ph"] == "X" for event in events))


class Terminal(CliCase):
    """Runs under a pseudo-terminal, or with signals: on a tree that takes a second or more."""

    SECONDS = 1.2  # of one worker, whatever the build: a sanitizer makes it ten times slower
    SAMPLE, MOST = 10, 2000
    BODY = "".join(f"def function_{i}(a, b):\n    return [a, b, {i}]\n\n" for i in range(700))
    files = None  # how many that takes, measured once

    def setUp(self):
        super().setUp()
        self.write("a.py", self.BODY)
        self.link(1, self.files or self.SAMPLE)
        if self.files is None:
            whole = min(self.seconds("index", "-j1") for _ in range(3))  # the first is cold
            Terminal.files = min(self.MOST, int(self.SAMPLE * self.SECONDS / whole) + 1)
            self.link(self.SAMPLE, self.files)

    def link(self, first, end):
        for i in range(first, end):
            os.link(self.path("a.py"), self.path(f"a{i}.py"))

    def run_on_terminal(self, *arguments, columns=80, env=None):
        """Run with stderr on a terminal; exit status, stdout, what the terminal was sent."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(
            [GANGSAW, *arguments],
            cwd=self.tree,
            stdin=subprocess.DEVNULL,
            stderr=slave,
            stdout=subprocess.PIPE,
            env=clean_environment(**({"TERM": "xterm"} | (env or {}))),
        )
        os.close(slave)
        shown = b""
        while process.poll() is None or select.select([master], [], [], 0)[0]:
            if select.select([master], [], [], 0.05)[0]:
                try:
                    shown += os.read(master, 65536)
                except OSError:
                    break
        stdout = process.stdout.read()
        process.stdout.close()
        os.close(master)
        return process.wait(), stdout, shown.decode()

    def test_progress_is_drawn_and_erased(self):
        for columns in (40, 80, 200):
            status, stdout, shown = self.run_on_terminal("index", "-j1", columns=columns)
            self.assertEqual(status, 0)
            self.assertIn(b"symbols", stdout)
            lines = shown.split("\r\x1b[K")
            self.assertGreater(len(lines), 3, "progress was drawn")
            self.assertEqual((lines[0], lines[-1]), ("", ""), "and erased")
            self.assertLess(max(map(len, lines)), columns)
            self.assertRegex(shown.replace(",", ""), rf"\d+ of {self.files}\+? files")

    def test_progress_only_where_it_is_wanted(self):
        for arguments, env in (
            (["-q"], {}),
            (["--progress=never"], {}),
            ([], {"TERM": "dumb"}),
            ([], {"GANGSAW_PROGRESS": "never"}),
        ):
            self.assertEqual(
                self.run_on_terminal("index", "-j1", *arguments, env=env)[2], "", arguments
            )
        self.assertEqual(self.run_gangsaw("index", "-j1").stderr, b"")
        self.assertIn(b" files", self.run_gangsaw("index", "-j1", "--progress=always").stderr)

    def seconds(self, *arguments):
        """Processor time: on a busy machine the wall shows more, never less."""
        before = os.times()
        self.run_gangsaw(*arguments)
        after = os.times()
        return sum(after[2:4]) - sum(before[2:4])

    def stopped_by(self, number, after, *arguments):
        """Start, send the signal after a time; exit status, seconds it took to end, stderr."""
        process = subprocess.Popen(
            [GANGSAW, *arguments],
            cwd=self.tree,
            stdin=subprocess.DEVNULL,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        time.sleep(after)
        start = time.monotonic()
        process.send_signal(number)
        stderr = process.communicate(timeout=60)[1]
        return process.returncode, time.monotonic() - start, stderr

    def test_signals_stop_within_two_seconds(self):
        self.write("old.json", "old\n")
        for jobs in ("-j1", "-j4"):
            whole = self.seconds("index", jobs)
            for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
                after = whole / 3 / int(jobs[2:])
                code, seconds, stderr = self.stopped_by(
                    number, after, "index", jobs, "-o", "old.json", "--trace", "t.json"
                )
                self.assertEqual((code, stderr), (status, b""))
                self.assertLess(seconds, 2)
        with open(self.path("old.json"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "old\n")
        left = [name for name in os.listdir(self.tree) if not re.fullmatch(r"a\d*\.py", name)]
        self.assertEqual(left, ["old.json"])

    def test_signal_while_stdout_is_blocked(self):
        """Nobody reads the pipe: the write is interrupted."""
        process = subprocess.Popen(
            [GANGSAW, "export"],
            cwd=self.tree,
            stdin=subprocess.DEVNULL,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        select.select([process.stdout], [], [], 60)
        time.sleep(0.2)
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=30), 143)
        self.assertLess(time.monotonic() - start, 2)
        self.assertEqual(process.stderr.read(), b"")
        process.stdout.close()
        process.stderr.close()

    def test_signal_that_was_ignored_stays_ignored(self):
        process = subprocess.Popen(
            [GANGSAW, "index", "-q"],
            cwd=self.tree,
            env=clean_environment(),
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 0)

    def test_closed_pipe_ends_quietly(self):
        done = subprocess.run(
            f"'{GANGSAW}' export | head -c 10; echo ${{PIPESTATUS[0]}}",
            shell=True,
            cwd=self.tree,
            executable="/bin/bash",
            env=clean_environment(),
            capture_output=True,
            check=False,
        )
        self.assertEqual((done.stdout, done.stderr), (b'{"t":"meta0\n', b""))

    def test_full_disk_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = self.run_gangsaw("export", stdout=full)
        self.assertEqual(
            (done.returncode, done.stderr),
            (3, b"gangsaw: cannot write stdout: No space left on device\n"),
        )

    def test_closed_stdout_is_an_error(self):
        done = subprocess.run(
            f"'{GANGSAW}' files >&-",
            shell=True,
            cwd=self.tree,
            env=clean_environment(),
            capture_output=True,
            check=False,
        )
        self.assertEqual(
            (done.returncode, done.stderr),
            (3, b"gangsaw: cannot write stdout: Bad file descriptor\n"),
        )


if __name__ == "__main__":
    unittest.main()
