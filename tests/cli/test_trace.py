"""`--trace`: what Perfetto and chrome://tracing want of a file, and that it tells what happened.

Rules: "Trace Event Format" (the Chromium project), and what ui.perfetto.dev makes of thread ids 0
(the idle thread) and of a thread id that is the process's (the main thread)."""

import collections
import json
import os
import unittest

from cli_case import CliCase


class TraceCase(CliCase):
    def trace(self, *arguments, status=0):
        """Run with --trace; the file, checked against the format."""
        done = self.run_gangsaw(*arguments, "--trace", "trace.json")
        self.assertEqual(done.returncode, status, done.stderr)
        with open(self.path("trace.json"), encoding="utf-8") as file:
            trace = json.load(file)
        self.check(trace)
        return trace, done.stdout

    def check(self, trace):
        lanes, spans = {}, collections.defaultdict(list)
        for event in trace["traceEvents"]:
            self.assertIn(event["ph"], "MXiC")
            self.assertEqual(event["pid"], 1)
            self.assertNotIn(event["tid"], (0, 1) if event["name"] != "process_name" else ())
            self.assertTrue(event["name"])
            if event["name"] == "thread_name":
                lanes[event["tid"]] = event["args"]["name"]
            if event["ph"] == "M":
                continue
            self.assertIn(event["tid"], lanes)
            self.assertGreaterEqual(event["ts"], 0)
            if event["ph"] == "X":
                self.assertGreaterEqual(event["dur"], 0)
                spans[event["tid"]].append(event)
            if event["ph"] == "i":
                self.assertEqual(event["s"], "t")
            if event["ph"] == "C":
                self.assertTrue(all(value >= 0 for value in event["args"].values()))
        self.assertEqual(list(lanes), list(range(1000, 1000 + len(lanes))))
        for lane in spans.values():
            self.check_nesting(lane)

    def check_nesting(self, lane):
        """Two spans of a lane lie one in the other, or one behind the other."""
        open_ends = []
        for span in sorted(lane, key=lambda span: (span["ts"], -span["dur"])):
            start, end = round(span["ts"] * 1000), round((span["ts"] + span["dur"]) * 1000)
            while open_ends and open_ends[-1] <= start:
                open_ends.pop()
            if open_ends:
                self.assertLessEqual(end, open_ends[-1] + 1, span)
            open_ends.append(end)

    def spans(self, trace):
        return [
            event for event in trace["traceEvents"]
            if event["ph"] == "X" and event["name"] != "park"
        ]

    def counters(self, trace):
        """{"name series": [values in the order of time]}"""
        found = collections.defaultdict(list)
        for event in trace["traceEvents"]:
            if event["ph"] == "C":
                for series, value in event["args"].items():
                    found[event["name"] + " " + series].append((event["ts"], value))
        return {name: [value for _, value in sorted(values)] for name, values in found.items()}


class Run(TraceCase):
    def test_a_graph(self):
        tasks = [
            {"id": f"task {i}", "command": ["sleep", "0.05"], "memory": "10M"} for i in range(8)
        ]
        tasks.append({"id": "größer \x01", "command": ["sleep", "0.05"], "depends": ["task 7"]})
        self.write("graph.json", json.dumps(tasks))
        trace, out = self.trace("run", "-j3", "--json", "graph.json")
        spans = {span["name"]: span for span in self.spans(trace)}
        self.assertEqual(sorted(spans), sorted(task["id"] for task in tasks))
        for task in json.loads(out)["tasks"]:
            span = spans[task["id"]]
            self.assertEqual(span["tid"], 1000 + task["worker"])
            self.assertEqual(span["args"], {"attempt": 1})
            took_ms = task["ended_ms"] - task["started_ms"]
            self.assertLessEqual(span["dur"] / 1000, took_ms + 0.002)
            self.assertGreaterEqual(span["dur"] / 1000, 50)
        counters = self.counters(trace)
        self.assertGreaterEqual(max(counters["ready tasks"]), 5)
        self.assertEqual(max(counters["running tasks"]), 3)
        self.assertEqual(max(counters["admitted bytes"]), 30 << 20)
        self.assertGreater(min(counters["resident bytes"]), 0)
        self.assertIn("queued tasks", counters)
        self.assertIn("park", [event["name"] for event in trace["traceEvents"]])

    def test_retries_are_spans_of_their_own(self):
        self.write("graph.json", json.dumps([{"id": "a", "command": ["false"], "retries": 2}]))
        trace, _ = self.trace("run", "graph.json", status=1)
        attempts = [span["args"]["attempt"] for span in self.spans(trace)]
        self.assertEqual(sorted(attempts), [1, 2, 3])

    def test_the_newest_events_are_kept_and_the_others_told(self):
        tasks = [{"id": str(i), "command": ["true"]} for i in range(100)]
        self.write("graph.json", json.dumps(tasks))
        trace, _ = self.trace("run", "-j1", "graph.json", "--trace-events", "16")
        self.assertGreater(trace["otherData"]["dropped_events"], 80)
        names = [
            event["args"]["name"] for event in trace["traceEvents"]
            if event["name"] == "thread_name"
        ]
        dropped = trace["otherData"]["dropped_events"]
        self.assertEqual(names, [f"worker 0 ({dropped} older events dropped)"])

    def test_a_file_that_cannot_be_written(self):
        self.write("graph.json", json.dumps([{"id": "a", "command": ["touch", "ran"]}]))
        self.assert_refused(["run", "graph.json", "--trace", "no/such/file"], "no/such/file")
        self.assertFalse(os.path.exists(self.path("ran")))
        done = self.run_gangsaw("run", "-q", "graph.json", "--trace", "/dev/full")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"cannot write /dev/full", done.stderr)


class Index(TraceCase):
    def test_a_tree(self):
        for i in range(20):
            self.write(f"folder/deeper/file{i}.py", "x = 1\n" * 2000)
        self.write("top.py", "y = 2\n")
        trace, _ = self.trace("index", "-j2")
        names = collections.Counter(span["name"] for span in self.spans(trace))
        for name in [".", "folder", "deeper", "top.py"] + [f"file{i}.py" for i in range(20)]:
            self.assertEqual(names[name], 1, name)
        self.assertGreaterEqual(names["parse"], 2)
        self.assertIn("queued tasks", self.counters(trace))
        self.assertIn("resident bytes", self.counters(trace))


if __name__ == "__main__":
    unittest.main()
