"""`gangsaw stats --doctor`: on trees whose limit is known it names that limit."""

import json
import os
import unittest

from cli_case import CliCase

PARTS = ["work", "serial", "straggler", "discovery", "idle", "overhead", "contention", "memory",
         "off-cpu"]
WORKERS = [1, 2, 4, 8, 16, 32, 64]
KEYS = ["bottleneck", "file", "cpus", "efficiency", "serial_fraction", "parts_ms", "modelled_ms",
        "files", "directories", "files_ms", "directories_ms", "overhead_ms", "idle_ms", "parked_ms",
        "steals", "parks", "gate_waits", "gate_ms", "off_cpu_ms", "preemptions", "minor_faults",
        "major_faults", "blocks_read", "critical_path", "stragglers", "contention",
        "contention_ms", "predictions"]


def functions(count):
    return "".join(f"def f{i}(a, b=None):\n    return [a.x, b, {{'k': {i}}}]\n\n\n"
                   for i in range(count))


class DoctorTest(CliCase):
    def diagnose(self, *arguments):
        stats = json.loads(self.run_ok("stats", "--doctor", "--json", *arguments))
        doctor = stats["doctor"]
        self.assertEqual(list(doctor), KEYS)
        self.assertEqual(list(doctor["parts_ms"]), PARTS)
        self.assertAlmostEqual(sum(doctor["parts_ms"].values()), stats["wall_ms"], delta=0.02)
        self.assertEqual([found["workers"] for found in doctor["predictions"]], WORKERS)
        for found in doctor["predictions"]:
            self.assertGreaterEqual(found["wall_ms_max"], found["wall_ms"])
            self.assertGreaterEqual(found["wall_ms"] + 0.002, doctor["critical_path"]["ms"])
            self.assertTrue(0 < found["of_ideal"] <= 1)
        self.assertEqual(doctor["predictions"][0]["speedup"], 1)
        return doctor

    def prediction(self, doctor, workers):
        return doctor["predictions"][WORKERS.index(workers)]

    def test_a_giant_file_is_named(self):
        self.write("pkg/giant.py", functions(4000))
        for i in range(20):
            self.write(f"pkg/sub/small{i}.py", functions(2))
        for arguments in (("-j2",), ("-j1",), ("-j2", "--trace", os.devnull)):
            doctor = self.diagnose(*arguments)
            self.assertEqual(doctor["stragglers"][0]["path"], "pkg/giant.py")
            self.assertEqual(doctor["stragglers"][0]["workers_max"], 1)
            self.assertEqual(len(doctor["stragglers"]), 5)
            self.assertEqual(doctor["critical_path"]["file"], "pkg/giant.py")
            self.assertEqual([step["name"] for step in doctor["critical_path"]["steps"]],
                             ["", "pkg", "pkg/giant.py"])
            for workers in (4, 16):
                found = self.prediction(doctor, workers)
                self.assertEqual((found["bottleneck"], found["file"]),
                                 ("straggler", "pkg/giant.py"))
                self.assertLess(found["speedup"], 2)
            lost = {part: ms for part, ms in doctor["parts_ms"].items()
                    if part not in ("work", "off-cpu")}
            if "-j2" in arguments: # whatever other programs took, this is what it did to itself
                self.assertEqual(max(lost, key=lost.get), "straggler", doctor)
        self.assertGreater(doctor["parked_ms"], 0)
        text = self.run_ok("stats", "--doctor", "-j2")
        self.assertTrue(text.startswith("What limits this run: "), text)
        self.assertIn("straggler pkg/giant.py", text)

    def test_a_chain_of_folders_is_the_critical_path(self):
        self.write("/".join(["deep"] * 200) + "/a.py", "x = 1\n")
        doctor = self.diagnose("-j2")
        steps = doctor["critical_path"]["steps"]
        self.assertEqual(len(steps), 202)
        self.assertEqual(doctor["directories"], 201)
        self.assertEqual(doctor["critical_path"]["file"], "/".join(["deep"] * 200) + "/a.py")
        listing = sum(step["ms"] for step in steps[:-1])
        self.assertGreater(listing, steps[-1]["ms"])
        self.assertIn(self.prediction(doctor, 2)["bottleneck"], ("discovery", "serial"))
        self.assertLess(self.prediction(doctor, 16)["speedup"], 1.5)

    def test_a_tiny_tree_is_limited_by_what_one_thread_does(self):
        self.write("a.py", "x = 1\n")
        doctor = self.diagnose("-j1")
        # in a slow build, or beside load, the one folder or file may take longer than all else
        self.assertIn(self.prediction(doctor, 64)["bottleneck"],
                      ("serial", "discovery", "straggler"))
        self.assertGreater(doctor["serial_fraction"], 0)
        self.assertEqual(len(doctor["stragglers"]), 1)

    def test_a_tree_without_files_is_diagnosed_too(self):
        doctor = self.diagnose("-j2")
        self.assertEqual((doctor["files"], doctor["stragglers"], doctor["contention"]), (0, [], []))
        self.assertIsNone(doctor["critical_path"]["file"])
        self.assertIn("was not measured", self.run_ok("stats", "--doctor"))

    def test_even_work_scales(self):
        for i in range(240):
            self.write(f"d{i % 8}/{i}.py", functions(30))
        doctor = self.diagnose("-j1")
        self.assertGreater(self.prediction(doctor, 4)["of_ideal"], 0.8)
        contention = doctor["contention"]
        if doctor["cpus"] > 1:
            self.assertEqual(contention[0]["workers"], 1)
            self.assertEqual(contention[-1]["workers"], min(doctor["cpus"], 64))
        self.assertTrue(self.prediction(doctor, 64)["extrapolated"] or doctor["cpus"] >= 64)
        self.assertFalse(self.prediction(doctor, 1)["extrapolated"])

    def test_only_stats_has_a_doctor(self):
        self.write("a.py", "x = 1\n")
        self.assertNotIn("doctor", json.loads(self.run_ok("stats", "--json")))
        self.assert_refused(["index", "--doctor"], "--doctor", "stats")


if __name__ == "__main__":
    unittest.main()
