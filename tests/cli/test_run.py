"""`gangsaw run`: order, parallelism, output by lines, ends of all kinds, signals, bad files."""

import json
import os
import random
import signal
import subprocess
import time
import unittest

from cli_case import GANGSAW, CliCase, clean_environment


def shell(id, script, **more):
    return {"id": id, "command": ["sh", "-c", script], **more}


class RunCase(CliCase):
    def graph(self, *tasks):
        self.write("graph.json", json.dumps(list(tasks)))

    def report(self, *tasks, arguments=(), status=0):
        """Run the tasks; the object of --json, and what the tasks printed."""
        self.graph(*tasks)
        done = self.run_gangsaw("run", "graph.json", "--json", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        report = json.loads(done.stdout)
        sums = [report[key] for key in ("done", "failed", "skipped", "cancelled")]
        self.assertEqual(sum(sums), len(tasks))
        self.assertEqual([task["id"] for task in report["tasks"]], [task["id"] for task in tasks])
        return {task["id"]: task for task in report["tasks"]}, done.stderr.decode()

    def start(self, *arguments, **more):
        return subprocess.Popen(
            [GANGSAW, "run", *arguments],
            cwd=self.tree,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **more
        )

    def wait_for(self, name):
        """Until a task has written this file; what is in it."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if os.path.exists(self.path(name)) and os.path.getsize(self.path(name)) > 0:
                with open(self.path(name)) as file:
                    return file.read()
            time.sleep(0.01)
        self.fail(name + " was not written")

    def assert_gone(self, pid):
        end = time.monotonic() + 5
        while time.monotonic() < end:
            try:
                with open(f"/proc/{pid}/stat") as file:
                    if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                        return  # dead; whoever adopted it has yet to look
            except OSError:
                return
            time.sleep(0.01)
        self.fail(f"process {pid} is still there")


class Order(RunCase):
    def test_dependencies_come_first(self):
        tasks = [shell(str(i), f"echo {i}", depends=[str(i + 1)]) for i in range(50)]
        tasks.append(shell("50", "echo 50"))
        self.graph(*tasks)
        done = self.run_gangsaw("run", "-q", "graph.json")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout.decode().split(), [str(i) for i in range(50, -1, -1)])

    def test_priorities_and_one_job(self):
        tasks = [shell(str(i), f"echo {i}", priority=i) for i in range(8)]
        self.graph(*tasks)
        done = self.run_gangsaw("run", "-qj1", "graph.json")
        self.assertEqual(done.stdout.decode().split(), [str(i) for i in range(7, -1, -1)])

    def test_jobs_run_at_once_and_no_more(self):
        tasks = [shell(str(i), "sleep 0.2") for i in range(12)]
        report, _ = self.report(*tasks, arguments=["-j4"])
        spans = [(task["started_ms"], task["ended_ms"]) for task in report.values()]
        at_once = max(sum(a <= start < b for a, b in spans) for start, _ in spans)
        self.assertEqual(at_once, 4)

    def test_memory_is_admitted_by_the_declared_figure(self):
        tasks = [shell(str(i), "sleep 0.1", memory="60M") for i in range(4)]
        report, _ = self.report(*tasks, arguments=["-j4", "--max-memory", "130M"])
        spans = [(task["started_ms"], task["ended_ms"]) for task in report.values()]
        at_once = max(sum(a <= start < b for a, b in spans) for start, _ in spans)
        self.assertEqual(at_once, 2)

    def test_many_tasks(self):
        count = 1500
        chooser = random.Random(7)
        tasks = [
            {
                "id": f"t{i}",
                "command": ["true"],
                "depends": [f"t{d}" for d in sorted({chooser.randrange(i) for _ in range(2)})]
                if i > 0
                else [],
            }
            for i in range(count)
        ]
        chooser.shuffle(tasks)
        report, _ = self.report(*tasks, arguments=["-j3"])
        for task in tasks:
            for before in task["depends"]:
                self.assertLessEqual(
                    report[before]["ended_ms"], report[task["id"]]["started_ms"]
                )


class Output(RunCase):
    def test_lines_are_whole(self):
        noisy = "i=0; while [ $i -lt 300 ]; do printf %s {0}{0}{0}; echo {0}{0}; i=$((i+1)); done"
        self.graph(*[shell(letter, noisy.format(letter)) for letter in "abcd"])
        done = self.run_gangsaw("run", "-qj4", "graph.json")
        lines = done.stdout.decode().splitlines()
        self.assertEqual(sorted(set(lines)), ["aaaaa", "bbbbb", "ccccc", "ddddd"])
        self.assertEqual(len(lines), 1200)

    def test_a_last_line_without_newline_is_completed(self):
        self.graph(shell("a", "printf one"), shell("b", "printf two >&2"))
        done = self.run_gangsaw("run", "-q", "graph.json")
        self.assertEqual((done.stdout, done.stderr), (b"one\n", b"two\n"))

    def test_a_huge_line_is_cut(self):
        self.graph(shell("a", "head -c 3000000 /dev/zero | tr '\\0' x"))
        done = self.run_gangsaw("run", "-q", "graph.json")
        self.assertEqual(done.stdout.count(b"x"), 3000000)
        self.assertLess(max(map(len, done.stdout.split(b"\n"))), 1200000)

    def test_stdin_is_empty_and_the_output_a_file(self):
        self.graph(shell("a", "cat; echo read"))
        done = self.run_gangsaw("run", "-q", "-o", "out.txt", "graph.json", stdin=None)
        self.assertEqual((done.returncode, done.stdout), (0, b""))
        with open(self.path("out.txt")) as file:
            self.assertEqual(file.read(), "read\n")

    def test_a_closed_pipe_ends_quietly(self):
        self.graph(shell("a", "yes"))
        child = self.start("graph.json")
        child.stdout.readline()
        child.stdout.close()
        self.assertEqual((child.wait(20), child.stderr.read()), (0, b""))
        child.stderr.close()

    def test_the_graph_from_stdin(self):
        done = subprocess.run(
            [GANGSAW, "run", "-q", "-"],
            input=json.dumps({"tasks": [shell("a", "echo x")]}).encode(),
            stdout=subprocess.PIPE,
            check=True,
            env=clean_environment(),
        )
        self.assertEqual(done.stdout, b"x\n")

    def test_trace(self):
        self.graph(shell("first", "true"), shell("second", "true", depends=["first"]))
        self.run_gangsaw("run", "-q", "--trace", "trace.json", "graph.json")
        with open(self.path("trace.json")) as file:
            names = {event["name"] for event in json.load(file)["traceEvents"]}
        self.assertLessEqual({"first", "second", "thread_name"}, names)


class Ends(RunCase):
    def test_failures_are_told(self):
        report, _ = self.report(
            shell("exit", "exit 7", retries=1),
            shell("signal", "kill -9 $$"),
            {"id": "missing", "command": ["/no/such/command"]},
            shell("after", "true", depends=["exit"]),
            shell("free", "true"),
            arguments=["-k"],
            status=1,
        )
        self.assertEqual(
            {
                id: (task["status"], task["exit"], task["signal"], task["attempts"])
                for id, task in report.items()
            },
            {
                "exit": ("failed", 7, None, 2),
                "signal": ("failed", None, 9, 1),
                "missing": ("failed", None, None, 1),
                "after": ("skipped", None, None, 0),
                "free": ("done", 0, None, 1),
            },
        )
        self.assertEqual(report["exit"]["reason"], "exit status 7")
        self.assertIn("No such file", report["missing"]["reason"])
        self.assertEqual(report["after"]["reason"], '"exit" did not end as done')

    def test_without_keep_going_the_rest_is_cancelled(self):
        report, _ = self.report(
            shell("bad", "exit 1", priority=1), shell("rest", "true"), arguments=["-j1"], status=1
        )
        self.assertEqual(report["rest"]["status"], "cancelled")

    def test_people_are_told_on_stderr(self):
        self.graph(shell("bad\x1b[2J", "exit 1"))
        done = self.run_gangsaw("run", "graph.json")
        self.assertEqual(done.returncode, 1)
        lines = done.stderr.decode().splitlines()
        self.assertIn("failed: exit status 1", lines[0])
        self.assertNotIn("\x1b", done.stderr.decode())
        self.assertIn("0 done, 1 failed, 0 skipped, 0 cancelled in", lines[1])

    def test_timeouts_end_even_what_ignores_them(self):
        start = time.monotonic()
        report, _ = self.report(
            shell("sleep", "sleep 60", timeout="100ms"),
            shell("deaf", "trap '' TERM; sleep 60 & echo $! > pid; wait; sleep 60",
                  timeout="100ms"),
            arguments=["-k", "-j2"],
            status=1,
        )
        self.assertLess(time.monotonic() - start, 15)
        for task in report.values():
            self.assertEqual((task["status"], task["reason"]), ("failed", "timeout after 0.100 s"))
        self.assert_gone(self.wait_for("pid").strip())

    def test_what_a_task_leaves_behind_is_killed(self):
        start = time.monotonic()
        self.report(shell("a", "sleep 60 & echo $! > pid"))
        self.assertLess(time.monotonic() - start, 15)
        self.assert_gone(self.wait_for("pid").strip())

    def test_signals_leave_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                self.graph(
                    shell("a", "echo $$ > pid; trap '' TERM INT; while :; do sleep 1; done"),
                    shell("b", "true", depends=["a"]),
                )
                child = self.start("graph.json")
                pid = self.wait_for("pid").strip()
                start = time.monotonic()
                child.send_signal(number)
                child.communicate(timeout=20)
                self.assertEqual(child.returncode, 128 + number)
                self.assertLess(time.monotonic() - start, 5)
                self.assert_gone(pid)
                os.remove(self.path("pid"))


class BadFile(RunCase):
    def refuse(self, content, *said):
        self.write("graph.json", content)
        self.assert_refused(["run", "graph.json"], "graph.json", *said)
        self.assertFalse(os.path.exists(self.path("started")))

    def test_graphs_are_refused_by_name(self):
        a = shell("a", "touch started")
        for tasks, said in (
            ([a, shell("b", "true", depends=["c"]), shell("c", "true", depends=["b"])],
             "cycle: b -> c -> b"),
            ([a, shell("b", "true", depends=["zz"])], 'task "b": dependency "zz" is not there'),
            ([a, a], 'task "a": there is a task with this id already'),
            ([a, {"id": "b"}], 'task "b": has no command'),
            ([a, {"command": ["true"]}], "task 2: has no id"),
            ([a, {"id": "b", "command": []}], 'task "b": command'),
            ([a, {"id": "b", "command": ["true", 3]}], "command: item 2 is not a string"),
            ([a, {"id": "", "command": ["true"]}], "task 2: id"),
            ([a, shell("b", "true", prio=3)], 'task "b": there is no key "prio"'),
            ([a, shell("b", "true", depend=["a"])], 'no key "depend"; did you mean depends?'),
            ([a, shell("b", "true", priority="high")], "priority: not a whole number"),
            ([a, shell("b", "true", priority=10**7)], "priority: not a whole number"),
            ([a, shell("b", "true", retries=-1)], "retries: not a whole number"),
            ([a, shell("b", "true", memory="much")], "memory"),
            ([a, shell("b", "true", memory=5)], "memory: not a string"),
            ([a, shell("b", "true", timeout="5")], "timeout"),
            ([a, shell("b", "true", depends="a")], "depends: not a list"),
            ([a, 5], "task 2: not an object"),
        ):
            with self.subTest(said):
                self.refuse(json.dumps(tasks), said)

    def test_files_that_are_no_graph(self):
        for content, *said in (
            ("", ":1:0: "),
            ("{", ":1:1: "),
            ("[\n{\"id\": \"a\",, }]", ":2:"),
            ('[{"id":"a","id":"b","command":["true"]}]', "duplicate"),
            ('{"tasks": 5}', "not a list"),
            ('{"jobs": []}', '"tasks"'),
            ("5", ),
            (b"[\"\xff\"]", "decode byte 0xff"),
            ("[" * 5000, "depth"),
        ):
            with self.subTest(content[:40]):
                self.refuse(content, *said)

    def test_the_file_itself(self):
        self.assert_refused(["run"], "wants a file")
        self.assert_refused(["run", "missing.json"], "missing.json", "No such file")
        self.assert_refused(["run", "."], "directory")
        self.assert_refused(["run", "--include", "x", "a.json"], "is not an option of run")

    def test_mutated_files_are_refused_or_run(self):
        """Whatever the bytes: exit status 0, 1 or 2, and never a crash."""
        good = json.dumps([shell("a", ":", memory="1M", timeout="1s"), shell("b", ":", retries=1)])
        chooser = random.Random(11)
        for _ in range(150):
            content = bytearray(good.encode())
            for _ in range(chooser.randrange(1, 4)):
                at = chooser.randrange(len(content))
                content[at : at + chooser.randrange(2)] = bytes([chooser.randrange(256)])
            self.write("graph.json", bytes(content))
            done = self.run_gangsaw("run", "graph.json")
            self.assertIn(done.returncode, (0, 1, 2), (content, done.stderr))

    def test_an_empty_graph_is_done(self):
        report, _ = self.report()
        self.assertEqual(report, {})


if __name__ == "__main__":
    unittest.main()
