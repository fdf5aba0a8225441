"""`gangsaw tune`: figures, table, curve, SVG, and the config it saves."""

import fcntl
import json
import os
import pty
import re
import signal
import stat
import struct
import subprocess
import termios
import time
import tomllib
import unittest
import xml.etree.ElementTree as ElementTree

from cli_case import GANGSAW, CliCase, clean_environment

SVG = "{http://www.w3.org/2000/svg}"
KEYS = [
    "schema", "root", "num_workers", "batch_size", "max_tasks_in_flight", "cpus", "memory_max",
    "files", "bytes", "largest_bytes", "cost_ms", "memory_per_worker", "memory_expected",
    "languages", "sample_files", "sample_bytes", "rounds", "confidence", "cpu_share", "rows",
    "wall_ms",
]
ROW_KEYS = [
    "workers", "batch_size", "median_ms", "low_ms", "high_ms", "bytes_per_second", "peak_bytes",
    "tied", "chosen",
]
SHORT = ("--rounds", "3", "--time-budget", "200ms", "-j3")


class Tune(CliCase):
    def setUp(self):
        super().setUp()
        self.config = self.path("gangsaw.toml")
        self.shot = set()

    def fill(self, files=30):
        for i in range(files):
            self.write(f"d{i % 4}/f{i}.py", "def f(a):\n    return a\n\n\n" * (1 << i % 6))
        self.write("x.ts", "export const a = 1\n")

    def tune(self, *arguments, **more):
        """The object of `tune --json`; what is said on stderr is not looked at."""
        done = self.run_gangsaw("tune", "--json", *arguments, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count(b"\n"), 1)
        return json.loads(done.stdout)

    def saved(self):
        with open(self.config, "rb") as file:
            return tomllib.load(file)

    def test_tune_json_has_all_that_was_measured(self):
        self.fill()
        found = self.tune(*SHORT)
        self.assertEqual(list(found), KEYS)
        self.assertEqual((found["schema"], found["root"]), (1, os.path.realpath(self.tree)))
        self.assertEqual((found["files"], found["cpus"], found["rounds"]), (31, 3, 3))
        self.assertAlmostEqual(found["confidence"], 0.75)
        self.assertTrue(0 < found["cpu_share"] < 1.5)
        self.assertEqual([row["name"] for row in found["languages"]], ["python", "typescript"])
        self.assertEqual(sum(row["bytes"] for row in found["languages"]), found["bytes"])
        self.assertEqual(sorted({row["workers"] for row in found["rows"]}), [1, 2, 3])
        for row in found["rows"]:
            self.assertEqual(list(row), ROW_KEYS)
            self.assertLessEqual(row["low_ms"], row["median_ms"])
            self.assertLessEqual(row["median_ms"], row["high_ms"])
            self.assertGreater(row["peak_bytes"], 1000)
        chosen = [row for row in found["rows"] if row["chosen"]]
        self.assertEqual(len(chosen), 1)
        fastest = min(row["median_ms"] for row in found["rows"])
        self.assertTrue(chosen[0]["tied"])
        self.assertLessEqual(chosen[0]["median_ms"], fastest * 1.1 + 0.001)
        self.assertFalse([row for row in found["rows"]
                          if row["tied"] and row["workers"] < chosen[0]["workers"]])
        self.assertEqual(
            self.saved(),
            {
                "num_workers": chosen[0]["workers"],
                "batch_size": chosen[0]["batch_size"],
                "max_tasks_in_flight": 10 * chosen[0]["workers"],
            },
        )
        self.assertEqual((found["num_workers"], found["batch_size"]),
                         (chosen[0]["workers"], chosen[0]["batch_size"]))

    def test_tune_prints_table_and_curve(self):
        self.fill()
        done = self.run_gangsaw("tune", *SHORT)
        text = done.stdout.decode()
        said = re.sub("gangsaw: the machine was busy: .*\n", "", done.stderr.decode())
        self.assertEqual((done.returncode, said), (0, "gangsaw: saved to ./gangsaw.toml\n"))
        self.assertRegex(text, r"\n  workers +batch +median +75% interval +speed-up +peak\n")
        self.assertEqual(text.count("  chosen\n"), 1)
        self.assertIn("speed-up\n", text)
        self.assertIn("# chosen", text)
        self.assertRegex(text, r"\nworkers +1 +2 +3\n")
        self.assertRegex(text, r"  num_workers = [123]\n  batch_size = \d+\n  max_tasks_in_flight")
        self.assertTrue(text.isascii())
        self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_tune_leaves_results_as_they_are(self):
        self.fill()
        before = self.run_ok("export")
        self.tune(*SHORT)
        self.assertEqual(self.run_ok("export"), before)

    def test_tune_quick_measures_no_curve(self):
        self.fill()
        found = self.tune("--quick")
        self.assertEqual((found["rows"], found["rounds"], found["sample_files"]), ([], 0, 0))
        self.assertEqual(self.saved()["num_workers"], found["num_workers"])
        self.assert_refused(["tune", "--quick", "--svg", "x.svg"], "--svg", "--quick")

    def test_tune_of_a_tiny_tree(self):
        for i in range(3):
            self.write(f"{i}.py", "x = 1\n")
        # never more than there are files; one, where a file takes no time (as in a plain build)
        self.assertLessEqual(self.tune("--quick", "-j8")["num_workers"], 3)
        self.assertEqual(self.tune(*SHORT, "-j1")["num_workers"], 1)

    def test_tune_of_an_empty_tree(self):
        self.write("notes.txt", "no source\n")
        self.assert_refused(["tune"], "no file to measure", status=1)
        self.assert_refused(["tune", "--json", "--quick"], "no file to measure", status=1)
        self.assertFalse(os.path.exists(self.config))

    def test_tune_dry_run_saves_nothing(self):
        self.fill(3)
        self.run_ok("tune", "--quick", "--dry-run")
        self.assertFalse(os.path.exists(self.config))

    def test_tune_refuses_wrong_options(self):
        self.fill(1)
        self.assert_refused(["tune", "--rounds", "2"], "--rounds", "3 to 25")
        self.assert_refused(["tune", "--rounds", "26"], "--rounds")
        self.assert_refused(["tune", "--time-budget", "0"], "--time-budget")
        self.assert_refused(["tune", "--time-budget", "2h"], "--time-budget")
        self.assert_refused(["tune", "--strict"], "--strict")
        self.assert_refused(["tune", "--svg", "-"], "--svg")
        self.assert_refused(["tune", "nowhere"], "nowhere")
        self.assert_refused(["tune", "x.ts"], "not a folder")
        self.assert_refused(["index", "--quick"], "--quick", "tune")
        self.assertFalse(os.path.exists(self.config))

    def test_tune_keeps_the_rest_of_the_config(self):
        self.fill(3)
        before = ("# ours\r\nexclude = [\r\n  'build', # [\r\n  \"num_workers = 9\",\r\n]\r\n"
                  "num_workers = 64 # too many\r\nhidden = true\r\n\r\n# the end\r\n")
        self.write("gangsaw.toml", before)
        os.chmod(self.config, 0o640)
        self.run_gangsaw("tune", "--quick", "-j1")
        with open(self.config, encoding="utf-8", newline="") as file:
            after = file.read()
        self.assertEqual(stat.S_IMODE(os.stat(self.config).st_mode), 0o640)
        added = re.search("(?<=hidden = true\r\n)batch_size = \\d+\r\nmax_tasks_in_flight = 10\r\n",
                          after)
        self.assertIsNotNone(added, after)
        self.assertEqual(after.replace(added[0], "", 1), before.replace("= 64", "= 1", 1))
        was, now = tomllib.loads(before), tomllib.loads(after)
        for key in ("num_workers", "batch_size", "max_tasks_in_flight"):
            was.pop(key, None)
            now.pop(key)
        self.assertEqual(was, now)

    def test_tune_writes_through_a_link_and_to_nothing_else(self):
        self.fill(3)
        self.write("shared/real.toml", "# ours\n")
        os.symlink("shared/real.toml", self.config)
        self.assertEqual(self.run_gangsaw("tune", "--quick").returncode, 0)
        self.assertTrue(os.path.islink(self.config))
        self.assertIn("num_workers", self.saved())
        os.unlink(self.config)
        os.mkdir(self.config)
        done = self.run_gangsaw("tune", "--quick", "--no-config")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"gangsaw.toml", done.stderr)

    def test_tune_does_not_write_through_a_link_out_of_the_tree(self):
        self.fill(3)
        self.write("outside", "echo mine\n")
        for target in ("../outside", self.path("outside"), self.path("nothing there")):
            os.makedirs(self.path("tree"), exist_ok=True)
            self.write("tree/a.py", "x = 1\n")
            os.symlink(target, self.path("tree/gangsaw.toml"))
            for more in ([], ["--no-config"]):
                done = self.run_gangsaw("tune", "--quick", *more, "tree")
                self.assertEqual(done.returncode, 2)
                self.assertIn(b"leads out of the tree", done.stderr)
            os.unlink(self.path("tree/gangsaw.toml"))
        with open(self.path("outside"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "echo mine\n")
        self.assertFalse(os.path.exists(self.path("nothing there")))

    def test_tune_saves_where_the_settings_are(self):
        self.fill(3)
        self.write("pyproject.toml", "[project]\nname = 'a'\n[tool.gangsaw]\nhidden = true\n[x]\n")
        self.assertEqual(self.run_gangsaw("tune", "--quick", "-j1").returncode, 0)
        self.assertFalse(os.path.exists(self.config))
        with open(self.path("pyproject.toml"), "rb") as file:
            found = tomllib.load(file)
        self.assertEqual((found["project"], found["x"]), ({"name": "a"}, {}))
        self.assertEqual(found["tool"]["gangsaw"]["num_workers"], 1)
        self.assertIs(found["tool"]["gangsaw"]["hidden"], True)
        before = "tool.gangsaw.hidden = true\n" # no line [tool.gangsaw] to write below
        self.write("pyproject.toml", before)
        self.assertEqual(self.run_gangsaw("tune", "--quick").returncode, 2)
        with open(self.path("pyproject.toml"), encoding="utf-8") as file:
            self.assertEqual(file.read(), before)
        self.write("mine.toml", "num_workers = 2\n")
        self.assertEqual(
            self.run_gangsaw("tune", "--quick", "-j1", "--config", "mine.toml").returncode, 0)
        with open(self.path("mine.toml"), "rb") as file:
            self.assertEqual(tomllib.load(file)["num_workers"], 1)
        self.assertFalse(os.path.exists(self.config))

    def test_tune_is_used_by_the_next_run_and_limits_no_later_tuning(self):
        self.fill()
        self.assertEqual(self.run_gangsaw("tune", "--quick", "-j1").returncode, 0)
        self.assertEqual(self.summary()["jobs"], 1)
        cpus = len(os.sched_getaffinity(0))
        self.assertLessEqual(self.tune("--quick")["cpus"], cpus)
        self.assertEqual(self.tune("--quick", "-j7")["cpus"], 7)
        self.assertEqual(self.tune("--quick", env={"GANGSAW_JOBS": "5"})["cpus"], 5)
        self.write("gangsaw.toml", "num_workers = 3\n")
        self.assertNotEqual(self.tune("--quick")["cpus"], 3 if cpus != 3 else 0)

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_tune_in_a_read_only_folder(self):
        self.check_read_only(lambda: os.chmod(self.tree, 0o500))

    def test_tune_where_nothing_can_be_written(self):
        """A FIFO in the place of the config: the table is printed, the status says no."""
        self.check_read_only(lambda: os.mkfifo(self.config))

    def check_read_only(self, forbid):
        self.fill(3)
        forbid()
        done = self.run_gangsaw("tune", "--quick", "--no-config")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"num_workers = ", done.stdout)
        self.assertIn(b"gangsaw.toml", done.stderr)

    def test_tune_full_disk(self):
        self.fill(3)
        done = self.run_gangsaw("tune", "--quick", "--dry-run", "-o", "/dev/full")
        self.assertEqual(done.returncode, 3)
        done = self.run_gangsaw("tune", *SHORT, "--svg", "/dev/full")
        self.assertEqual(done.returncode, 3)
        self.assertFalse(os.path.exists(self.config))

    def test_tune_draws_an_svg(self):
        hostile = b"a<b>&\"'\x01\xff" + ("\u202e\ufffe" + "é" * 60).encode()
        name = os.fsdecode(hostile)
        self.write(os.path.join(name, "a.py"), "x = 1\n" * 500)
        self.write(os.path.join(name, "b.py"), "y = 1\n" * 500)
        done = self.run_gangsaw("tune", *SHORT, "--svg", "out.svg", name)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(self.path("out.svg"), "rb") as file:
            data = file.read()
        self.assertNotIn(b"\x01", data)
        self.assertNotRegex(data, rb"https?://(?!www.w3.org/2000/svg\")")
        root = ElementTree.fromstring(data)
        self.assertEqual(root.tag, SVG + "svg")
        title = root.find(SVG + "title").text
        self.assertIn("tune: a<b>&\"'\\x01\\xff\\u{202e}\\u{fffe}ééé", title)
        texts = [element.text for element in root.iter(SVG + "text")]
        self.assertIn("workers", texts)
        self.assertIn("speed-up over one worker", texts)
        self.assertIn("75% interval", texts)
        self.assertTrue(texts[0].endswith("…"))
        circles = [circle for circle in root.iter(SVG + "circle") if len(circle)]
        self.assertEqual(len(circles), 2) # a file each: 1 and 2 workers
        self.assertEqual([circle.get("class") for circle in circles].count("chosen"), 1)
        width, height = float(root.get("width")), float(root.get("height"))
        for circle in circles:
            self.assertTrue(0 < float(circle.get("cx")) < width)
            self.assertTrue(0 < float(circle.get("cy")) < height)

    def terminal(self, columns, *arguments, **env):
        """What `tune` writes to a terminal of so many columns."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        with subprocess.Popen(
            [GANGSAW, "tune", "--progress", "never", *SHORT, "--dry-run", *arguments],
            cwd=self.tree, stdout=follower, stderr=subprocess.DEVNULL,
            env=clean_environment(TERM="xterm", **env),
        ) as process:
            os.close(follower)
            data = b""
            try:
                while piece := os.read(leader, 65536):
                    data += piece
            except OSError: # the terminal is closed
                pass
            self.assertEqual(process.wait(), 0)
        os.close(leader)
        return data.decode().replace("\r\n", "\n")

    def test_tune_draws_for_the_terminal(self):
        self.fill(8)
        for columns in (20, 50, 80, 200):
            text = self.terminal(columns, "--color", "never", LC_ALL="C.UTF-8")
            drawing = text[text.index("speed-up\n"):text.index("\n\n", text.index("speed-up\n"))]
            self.assertIn("◆", drawing)
            self.assertIn("·", drawing)
            self.assertIn("└", drawing)
            self.assertLessEqual(max(map(len, drawing.splitlines())), min(columns, 80))
        colored = self.terminal(80, LC_ALL="C.UTF-8")
        self.assertIn("\x1b[32m◆\x1b[0m", colored)
        plain = self.terminal(80, "--color", "never", LC_ALL="C", LANG="C.UTF-8")
        self.assertTrue(plain.isascii())
        self.assertNotIn("\x1b", plain)

    def test_tune_interrupted_changes_nothing(self):
        self.fill(200)
        self.write("gangsaw.toml", "# ours\n")
        for wait in (0.05, 0.4):
            with subprocess.Popen(
                [GANGSAW, "tune", "--rounds", "25", "--time-budget", "1h", "--svg", "x.svg",
                 "-o", "x.txt"],
                cwd=self.tree, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=clean_environment(),
            ) as process:
                time.sleep(wait)
                process.send_signal(signal.SIGINT)
                start = time.monotonic()
                process.communicate(timeout=20)
                self.assertLess(time.monotonic() - start, 3)
            self.assertEqual(process.returncode, 130)
            with open(self.config, encoding="utf-8") as file:
                self.assertEqual(file.read(), "# ours\n")
            self.assertFalse([name for name in os.listdir(self.tree)
                              if name.startswith(".") or name.startswith("x.") and name != "x.ts"])

    def test_tune_says_how_far_it_is(self):
        self.fill(200)
        done = self.run_gangsaw("tune", "--rounds", "6", "--time-budget", "3s", "--dry-run",
                                "--progress", "always", "-j2")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr.decode(), r" \d+ of \d+ runs ")

    def test_tune_survives_hostile_files(self):
        self.fill(8)
        self.write("deep.py", "(" * 20000)
        self.write("binary.py", b"\0" * 5000)
        self.write("utf16.py", "x = 1\n".encode("utf-16"))
        os.mkfifo(self.path("fifo.py"))
        os.symlink("deep.py", self.path("link.py"))
        self.write("empty.py")
        self.write("endless.tsx", "<a {{b:>c:d(e f)")
        found = self.tune(*SHORT)
        self.assertEqual(found["files"], 8 + 1 + 5)
        # without the one that hangs, and without any that takes too long in a slow build
        self.assertLessEqual(found["sample_files"], 8 + 1 + 4)
        self.assertGreaterEqual(found["sample_files"], 8)

    def test_tune_crash_costs_one_file(self):
        """The working process is shot while a file is in work that takes its time."""
        self.write("endless.tsx", "<a {{b:>c:d(e f)")
        self.write("good.py", "x = 1\n")
        raw = "handle_segv=0" # a sanitizer would make an exit of it
        with subprocess.Popen(
            [GANGSAW, "tune", "--json", "--quick"], cwd=self.tree, stdout=subprocess.PIPE,
            env=clean_environment(ASAN_OPTIONS=raw, TSAN_OPTIONS=raw),
        ) as process:
            for _ in range(2): # the second shot hits the process that tries the file alone
                self.shoot_worker_of(process)
            found = json.loads(process.stdout.read())
        self.assertEqual(process.returncode, 0)
        trials = {row["name"]: row["trial_files"] for row in found["languages"]}
        self.assertEqual(trials, {"python": 1, "tsx": 0})

    def shoot_worker_of(self, process):
        """SIGSEGV to a child that has worked for a while and is not the one shot last."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(0.01)
            with open(f"/proc/{process.pid}/task/{process.pid}/children", "rb") as file:
                children = file.read().split()
            for child in map(int, children):
                with open(f"/proc/{child}/stat", encoding="ascii") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
                ticks = int(fields[11]) + int(fields[12])
                if child not in self.shot and ticks > 0.25 * os.sysconf("SC_CLK_TCK"):
                    self.shot.add(child)
                    os.kill(child, signal.SIGSEGV)
                    return
        self.fail("no child to shoot")


if __name__ == "__main__":
    unittest.main()
