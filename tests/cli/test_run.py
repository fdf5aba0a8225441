"""`gangsaw run`: order, parallelism, output by lines, ends of all kinds, signals, bad files."""

import contextlib
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

    def test_a_size_that_was_asked_for_is_meant(self):
        """Even where it is more than --max-memory's default, three quarters of what there is."""
        with open("/proc/meminfo") as file:
            total = int(file.readline().split()[1]) * 1024
        tasks = [shell(str(i), "sleep 0.3", memory=str(total * 6 // 10)) for i in range(2)]
        report, _ = self.report(*tasks, arguments=["-j2", "--max-memory", "64T"])
        self.assertLess(report["1"]["started_ms"], report["0"]["ended_ms"])

    def test_one_that_is_larger_than_the_ceiling_runs_alone(self):
        tasks = [shell(str(i), "sleep 0.1", memory="60M") for i in range(3)]
        tasks.insert(1, shell("large", "sleep 0.1", memory="900M"))
        report, _ = self.report(*tasks, arguments=["-j4", "--max-memory", "128M"])
        large = report.pop("large")
        for task in report.values():
            self.assertTrue(
                task["ended_ms"] <= large["started_ms"] or large["ended_ms"] <= task["started_ms"]
            )

    def test_few_descriptors_let_fewer_run_at_once(self):
        self.graph(*[shell(str(i), "sleep 0.02; echo x") for i in range(20)])
        done = subprocess.run(
            ["sh", "-c", 'ulimit -n 16; exec "$0" run -j8 graph.json', GANGSAW],
            cwd=self.tree,
            env=clean_environment(),
            capture_output=True,
            check=False,
        )
        self.assertEqual((done.returncode, done.stdout), (0, b"x\n" * 20), done.stderr)

    def test_a_chain_of_many(self):
        """100,000 deep: nothing recurses, and what fails is told for each that waited for it."""
        count = 100000
        tasks = [
            {"id": str(i), "command": ["/no/such/command"], "depends": [str(i + 1)]}
            for i in range(count)
        ]
        tasks.append({"id": str(count), "command": ["/no/such/command"]})
        report, _ = self.report(*tasks, arguments=["-k"], status=1)
        self.assertEqual(report["0"]["status"], "skipped")
        self.assertEqual(report["0"]["reason"], f'"{count}" did not end as done')
        tasks[-1]["depends"] = ["0"]
        self.graph(*tasks)
        self.assert_refused(["run", "graph.json"], "cycle: 0 -> 1 -> ", " -> ... -> 0\n")

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

    def test_output_that_cannot_be_written_is_a_failure(self):
        self.graph(shell("a", "echo x"), shell("b", "sleep 60", depends=["a"]))
        for arguments, name in ((["-o", "/dev/full"], "/dev/full"), ([], "stdout")):
            with self.subTest(name), open("/dev/full", "wb") as full:
                done = self.run_gangsaw("run", "graph.json", *arguments, stdout=full)
                said = done.stderr.decode().splitlines()
                self.assertEqual(done.returncode, 3, said)
                self.assertEqual(
                    said[-1], f"gangsaw: cannot write {name}: No space left on device"
                )
        done = self.run_gangsaw("run", "graph.json", preexec_fn=lambda: os.close(1))
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"cannot write stdout", done.stderr)

    def test_messages_that_nobody_wants_are_dropped(self):
        self.graph(shell("a", "echo y >&2; echo x"))
        done = self.run_gangsaw("run", "graph.json", preexec_fn=lambda: os.close(2))
        self.assertEqual((done.returncode, done.stdout), (0, b"x\n"))

    def test_nothing_is_lost_to_a_slow_reader(self):
        """A pipe that does not block and is full when the tasks end: what is in theirs is kept."""
        lines = "yes {0}{0}{0}{0}{0}{0}{0} | head -c 60000"
        self.graph(*[shell(letter, lines.format(letter)) for letter in "abcd"])
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        child = subprocess.Popen(
            [GANGSAW, "run", "-qj4", "graph.json"],
            cwd=self.tree, env=clean_environment(), stdout=writer,
        )
        os.close(writer)
        time.sleep(0.5)
        with os.fdopen(reader, "rb") as file:
            text = file.read()
        self.assertEqual((child.wait(20), len(text)), (0, 240000))

    def test_much_output(self):
        """100 MB, of lines and of bytes without any: in seconds, a thousandth of it in memory."""
        self.graph(shell("a", "yes | head -c 50000000"), shell("b", "head -c 50000000 /dev/zero"))
        done = self.run_gangsaw("run", "-qj2", "graph.json")
        self.assertEqual(done.returncode, 0)
        self.assertEqual((done.stdout.count(b"y"), done.stdout.count(0)), (25000000, 50000000))

    def test_a_task_that_closes_its_output_is_waited_for(self):
        report, _ = self.report(shell("a", "exec >&- 2>&-; sleep 0.2; exit 4"), status=1)
        self.assertEqual(report["a"]["exit"], 4)
        self.assertGreaterEqual(report["a"]["ended_ms"], 200)

    def test_what_left_the_group_is_not_waited_for(self):
        """It goes on filling the pipe that it has inherited."""
        self.graph(shell("a", "setsid yes & echo $! > pid; sleep 0.1"))
        done = self.run_gangsaw("run", "-q", "graph.json", stdout=subprocess.DEVNULL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(self.wait_for("pid")), signal.SIGKILL)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

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

    def test_no_timeout_waits_for_a_reader(self):
        self.graph(
            shell("a", "yes"), shell("b", "echo $$ > pid; exec sleep 60", timeout="200ms")
        )
        child = self.start("-j2", "graph.json")
        self.assert_gone(self.wait_for("pid").strip())
        child.terminate()
        child.communicate()

    DEAF = "trap '' TERM INT HUP QUIT"

    def deaf_child(self, rest="wait; sleep 60"):
        """A task of which a grandchild does not hear; `rest` is what the task itself does then."""
        return shell("a", f"{self.DEAF}; (sleep 60 & echo $! > pid; wait) & {rest}; sleep 60")

    def stop(self, child, *numbers):
        """Send the signals; within two seconds it has ended by the first. What it printed."""
        pid = self.wait_for("pid").strip()
        start = time.monotonic()
        for number in numbers:
            child.send_signal(number)
            time.sleep(0.02)
        out, err = child.communicate(timeout=20)
        self.assertEqual(child.returncode, 128 + numbers[0])
        self.assertLess(time.monotonic() - start, 2)
        self.assert_gone(pid)
        os.remove(self.path("pid"))
        return out.decode(), err.decode()

    def test_signals_leave_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(number):
                self.graph(self.deaf_child(), shell("b", "true", depends=["a"]))
                out, err = self.stop(self.start("graph.json"), number)
                self.assertEqual(out, "")
                self.assertIn("a cancelled: stopped\n", err)
                self.assertIn("0 done, 0 failed, 0 skipped, 2 cancelled in", err)

    def test_a_second_signal_ends_at_once_and_leaves_nothing(self):
        self.graph(self.deaf_child())
        self.stop(self.start("graph.json"), signal.SIGINT, signal.SIGINT)

    def test_a_signal_while_nobody_reads_leaves_nothing(self):
        self.graph(self.deaf_child("yes"))
        child = self.start("graph.json")
        self.wait_for("pid")
        time.sleep(0.3)
        pid = self.wait_for("pid").strip()
        child.terminate()
        self.assertEqual(child.wait(20), 143)
        self.assert_gone(pid)
        child.communicate()

    def test_after_a_signal_json_tells_what_ran(self):
        first = shell("first", "echo x")
        self.graph(first, {**self.deaf_child(), "depends": ["first"]}, shell("b", "true"))
        out, _ = self.stop(self.start("-j1", "--json", "graph.json"), signal.SIGTERM)
        report = json.loads(out)
        self.assertEqual(report["tasks"][0]["status"], "done")
        self.assertEqual(
            [(task["status"], task["reason"]) for task in report["tasks"][1:2]],
            [("cancelled", "stopped")],
        )
        self.write("out.json", "old")
        out, err = self.stop(
            self.start("--json", "-o", "out.json", "graph.json"), signal.SIGTERM
        )
        self.assertEqual(out, "")
        self.assertIn("a cancelled: stopped", err)
        with open(self.path("out.json")) as file:
            self.assertEqual(file.read(), "old")

    def test_a_signal_while_the_graph_is_read(self):
        child = self.start("-", stdin=subprocess.PIPE)
        time.sleep(0.3)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=20)
        self.assertEqual((child.returncode, err), (130, b""))

    def test_ignored_signals_stay_ignored(self):
        """As nohup has it: in gangsaw, and in what it runs; SIGPIPE, which it ignores, is not."""
        self.graph(shell("a", "grep SigIgn /proc/self/status"))
        for ignored in ((), (signal.SIGHUP,)):
            done = self.run_gangsaw(
                "run", "-q", "graph.json",
                preexec_fn=lambda: [signal.signal(number, signal.SIG_IGN) for number in ignored],
            )
            mask = sum(1 << (number - 1) for number in ignored)
            self.assertEqual(int(done.stdout.split()[1], 16) & 0xFFFF, mask)


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
            ([a, shell("b" * 300, "true", depends=["z" * 300])],
             'b...": dependency "' + "z" * 60 + '..." is not there'),
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
            ([a, shell("b", "true", memory="2000T")], "memory: \"2000T\" is out of range"),
            ([a, shell("b", "true", timeout="5")], "timeout"),
            ([a, shell("b", "true", timeout="0ms")], "out of range (allowed: 1ms to 1000h)"),
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
