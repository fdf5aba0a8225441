"""Config files: where they are found, which origin wins, what is refused and how it is said, and
files that mean harm."""

import itertools
import json
import os
import re
import socket
import tomllib
import unittest

from cli_case import CliCase

ORIGINS = ["user", "project", "environment", "flag"]  # the weakest first
SHOWN = {
    "user": "user file {home}/gangsaw/config.toml:1",
    "project": "project file {project}:{line}",
    "file": "config file other.toml:1",
    "environment": "environment GANGSAW_{upper}",
    "flag": "flag --{flag}",
}
# Options of every kind: key, flag, three values as files write them, and as flags take them.
OPTIONS = [
    ("batch_size", "batch-size", ["2", "3", "4", "5"], None),
    ("max_file_size", "max-file-size", ['"1M"', '"2M"', '"3M"', '"4M"'], None),
    ("timeout_per_file", "timeout-per-file", ['"1s"', '"2s"', '"3s"', '"4s"'], None),
    ("strategy", "strategy", ['"round_robin"', '"cost_based"', '"work_stealing"'] * 2, None),
    ("hidden", "hidden", ["true", "false", "true", "false"], None),
    ("exclude", "exclude", ['["a"]', '["b"]', '["c"]', '["d"]'], ["a", "b", "c", "d"]),
    (
        "enable_work_stealing",
        "no-work-stealing",
        ["false", "true", "false", "true"],
        ["true", "false", "true", "false"],
    ),
    ("max_memory_percent", "max-memory", ["20", "30", "40", "50"], ["20%", "30%", "40%", "50%"]),
    ("num_workers", "jobs", ["1", "0", "2", "0"], None),
]


class ConfigCase(CliCase):
    """A tree, self.tree, and the user's folder, self.home."""

    def setUp(self):
        super().setUp()
        self.home = self.path("home")
        os.mkdir(self.home)
        self.root = self.path("tree")
        os.mkdir(self.root)

    def user(self, text):
        self.write("home/gangsaw/config.toml", text)

    def project(self, text, name="gangsaw.toml"):
        self.write(f"tree/{name}", text)

    def run_gangsaw(self, *arguments, env=None, cwd=None, **more):
        env = {"XDG_CONFIG_HOME": self.home, **(env or {})}
        return super().run_gangsaw(*arguments, env=env, cwd=cwd or self.root, **more)

    def config(self, *arguments, **more):
        """{key: (value, origin)} as `config --json --show-origin` says."""
        text = self.run_ok("config", "--json", "--show-origin", *arguments, **more)
        return {key: (row["value"], row["origin"]) for key, row in json.loads(text).items()}


class Precedence(ConfigCase):
    def give(self, origins, option, project="gangsaw.toml"):
        """Set an option in each of the origins, the i-th value in the i-th; arguments and env."""
        key, flag, values, plain = option
        plain = plain or [value.strip('"') for value in values]
        arguments, env = [], {}
        for i, origin in enumerate(origins):
            line = f"{key} = {values[i]}\n"
            if origin == "user":
                self.user(line)
            elif origin == "project":
                head = "[tool.gangsaw]\n" if project == "pyproject.toml" else ""
                self.project(head + line, project)
            elif origin == "file":
                self.project(line, "other.toml")
                arguments += ["--config", "other.toml"]
            elif origin == "environment":
                env["GANGSAW_" + flag.upper().replace("-", "_")] = plain[i]
            else:
                arguments.append(f"--{flag}={plain[i]}")
        return arguments, env

    def check(self, origins, option, project="gangsaw.toml"):
        for name in ("tree/gangsaw.toml", "tree/pyproject.toml", "home/gangsaw/config.toml"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        arguments, env = self.give(origins, option, project)
        key, flag, values, _ = option
        value = tomllib.loads(f"a = {values[len(origins) - 1]}")["a"]
        shown = SHOWN[origins[-1]].format(
            home=self.home,
            project=project,
            line=2 if project == "pyproject.toml" else 1,
            flag=flag,
            upper=flag.upper().replace("-", "_"),
        )
        self.assertEqual(self.config(*arguments, env=env)[key], (value, shown), (origins, key))

    def test_config_every_set_of_origins(self):
        """The strongest of any origins that set an option wins, whatever the kind of the option."""
        for option in OPTIONS:
            for count in range(1, 5):
                for origins in itertools.combinations(ORIGINS, count):
                    self.check(origins, option)

    def test_config_pyproject_ranks_as_the_project(self):
        for origins in (("project",), ("user", "project"), ("project", "environment")):
            for option in OPTIONS:
                self.check(origins, option, "pyproject.toml")

    def test_config_named_file_ranks_between(self):
        for origins in (("user", "file"), ("project", "file"), ("file", "environment")):
            self.check(origins, OPTIONS[0])
        self.check(("file", "flag"), OPTIONS[0])

    def test_config_named_file_replaces_the_others(self):
        self.user("batch_size = 2\n")
        self.project("min_task_size = 2\n")
        self.project("num_workers = 1\n", "other.toml")
        found = self.config("--config", "other.toml")
        self.assertEqual(found["batch_size"], (100, "default"))
        self.assertEqual(found["min_task_size"], (1, "default"))
        self.assertEqual(found["num_workers"], (1, "config file other.toml:1"))
        found = self.config(env={"GANGSAW_CONFIG": "other.toml"})
        self.assertEqual(found["num_workers"], (1, "config file other.toml:1"))

    def test_config_gangsaw_toml_wins_whole(self):
        self.project("batch_size = 2\n")
        self.project("[tool.gangsaw]\nbatch_size = 3\nmin_task_size = 3\n", "pyproject.toml")
        found = self.config()
        self.assertEqual(found["batch_size"], (2, "project file gangsaw.toml:1"))
        self.assertEqual(found["min_task_size"], (1, "default"))
        self.project("")
        self.assertEqual(self.config()["batch_size"], (100, "default"))

    def test_config_files_add_up_by_key(self):
        self.user("batch_size = 2\nmin_task_size = 2\n")
        self.project("\n\nbatch_size = 3\n")
        found = self.config("-j1", env={"GANGSAW_HIDDEN": "1"})
        self.assertEqual(found["batch_size"], (3, "project file gangsaw.toml:3"))
        self.assertEqual(
            found["min_task_size"], (2, f"user file {self.home}/gangsaw/config.toml:2")
        )
        self.assertEqual(found["num_workers"], (1, "flag --jobs"))
        self.assertEqual(found["hidden"], (True, "environment GANGSAW_HIDDEN"))

    def test_config_memory_is_one_setting(self):
        """A stronger form of it replaces both forms of a weaker origin."""
        self.user('max_memory_percent = 20\nmax_memory_bytes = "1G"\n')
        found = self.config()
        self.assertEqual(found["max_memory_percent"][0], 20)
        self.assertEqual(
            found["max_memory_bytes"], ("1G", f"user file {self.home}/gangsaw/config.toml:2")
        )
        self.project("max_memory_percent = 30\n")
        found = self.config()
        self.assertEqual(found["max_memory_percent"], (30, "project file gangsaw.toml:1"))
        self.assertEqual(found["max_memory_bytes"], (None, "default"))
        found = self.config("--max-memory=2G")
        self.assertEqual(found["max_memory_percent"], (75, "default"))
        self.assertEqual(found["max_memory_bytes"], ("2G", "flag --max-memory"))
        self.project('max-memory = "3G"\n')
        self.assertEqual(
            self.config()["max_memory_bytes"], ("3G", "project file gangsaw.toml:1")
        )

    def test_config_wrong_values_are_refused_though_overridden(self):
        self.project("batch_size = 0\n")
        self.assert_refused(["config", "--batch-size=5"], "gangsaw.toml:1: batch_size:")


class Places(ConfigCase):
    def test_config_root_is_the_folder_named(self):
        """The project's file is that of DIR: not of the current folder, not of a parent."""
        self.project("batch_size = 2\n")
        self.write("tree/sub/a.py")
        self.write("tree/other/gangsaw.toml", "batch_size = 7\n")
        self.assertEqual(self.config()["batch_size"][0], 2)
        self.assertEqual(self.config("sub")["batch_size"][0], 100)
        self.assertEqual(self.config("other")["batch_size"][0], 7)
        self.assertEqual(self.config(cwd=self.path("tree/sub"))["batch_size"][0], 100)
        self.assertEqual(self.config("..", cwd=self.path("tree/sub"))["batch_size"][0], 2)

    def test_config_folder_must_be_there(self):
        self.assert_refused(["config", "none"], "none: No such file or directory")
        self.project("x")
        self.assert_refused(["config", "gangsaw.toml"], "gangsaw.toml: Not a directory")

    def test_config_user_file_follows_xdg(self):
        self.write("home/.config/gangsaw/config.toml", "batch_size = 9\n")
        env = {"HOME": self.home, "XDG_CONFIG_HOME": ""}
        self.assertEqual(self.config(env=env)["batch_size"][0], 9)
        env["XDG_CONFIG_HOME"] = "relative"
        self.assertEqual(self.config(env=env)["batch_size"][0], 9)
        env["XDG_CONFIG_HOME"] = self.path("nowhere")
        self.assertEqual(self.config(env=env)["batch_size"][0], 100)

    def test_config_takes_effect(self):
        self.write("tree/a.py", "x = 1\n")
        self.write("tree/.b.py", "y = 1\n")
        self.write("tree/large.py", "z = 1\n" * 100)
        self.project('max_file_size = "100"\nhidden = true\n')
        text = self.run_ok("files")
        self.assertIn(".b.py: python 1 ok\n", text)
        self.assertIn("large.py: python 0 skipped too-large", text)
        self.assertEqual(self.summary("--no-config")["files"], 2)
        self.user("num_workers = 1\n")
        self.assertEqual(self.summary()["jobs"], 1)

    def summary(self, *arguments):
        return json.loads(self.run_ok("index", "--json", *arguments))

    def test_config_run_reads_the_users_file_alone(self):
        """A graph of commands has no tree."""
        self.write("tree/graph.json", '[{"id": "a", "command": ["true"]}]')
        self.project("batch_size = 0\n")
        self.assertEqual(self.run_gangsaw("run", "graph.json").returncode, 0)
        self.user("batch_size = 0\n")
        self.assert_refused(["run", "graph.json"], "config.toml:1: batch_size:")
        self.assertEqual(self.run_gangsaw("run", "graph.json", "--no-config").returncode, 0)

    def test_config_help_reads_none(self):
        self.project("batch_size = 0\n")
        self.assertIn("Usage:", self.run_ok("help", "index"))
        self.assertIn("Usage:", self.run_ok("index", "--help"))

    def test_config_no_config(self):
        self.user("batch_size = 2\n")
        self.project("= broken")
        self.assertEqual(self.config("--no-config")["batch_size"], (100, "default"))
        self.assertEqual(self.config(env={"GANGSAW_NO_CONFIG": "1"})["batch_size"][0], 100)
        self.project("batch_size = 3\n", "other.toml")
        self.assert_refused(
            ["config", "--no-config", "--config=other.toml"],
            "--config and --no-config exclude each other",
        )
        stronger = self.config("--config=other.toml", env={"GANGSAW_NO_CONFIG": "1"})
        self.assertEqual(stronger["batch_size"][0], 3)
        stronger = self.config("--no-config", env={"GANGSAW_CONFIG": "other.toml"})
        self.assertEqual(stronger["batch_size"][0], 100)

    def test_config_named_file_must_be_there(self):
        self.assert_refused(["config", "--config", "none.toml"], "none.toml: there is no such file")
        self.assert_refused(["config", "--config", "."], ".: not a regular file")
        self.project("[tool.other]\n", "pyproject.toml")
        self.assert_refused(
            ["config", "--config", "pyproject.toml"], "pyproject.toml: has no [tool.gangsaw]"
        )
        self.project("[tool.gangsaw]\nbatch_size = 4\n", "sub/pyproject.toml")
        self.assertEqual(self.config("--config", "sub/pyproject.toml")["batch_size"][0], 4)


class Text(ConfigCase):
    def test_config_prints_a_config_file(self):
        """What `config` prints says the same as a gangsaw.toml."""
        arguments = ["-j3", "--exclude", 'a "b"\\c\x7f\n', "--no-work-stealing", "--strategy"]
        arguments += ["round_robin", "--max-memory=1G", "--timeout-per-file=1500ms", "--hidden"]
        text = self.run_ok("config", "--show-origin", *arguments)
        self.project(text)
        found, given = self.config(), self.config(*arguments)
        self.assertEqual(
            {key: row[0] for key, row in found.items()}, {key: row[0] for key, row in given.items()}
        )
        self.assertEqual(tomllib.loads(text)["exclude"], ['a "b"\\c\x7f\n'])

    def test_config_json_is_the_dictionary(self):
        text = self.run_ok("config", "--json", "-j3")
        self.project("".join(re.findall(r"num_workers.:3", text)) and "num_workers = 3\n")
        self.assertEqual(text, self.run_ok("config", "--json"))
        self.assertEqual(json.loads(text)["max_file_size"], "8M")
        done = self.run_gangsaw("config", "--json", "--exclude", b"\xff")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"exclude: item 1 is not UTF-8", done.stderr)

    def test_config_text_is_safe_on_terminals(self):
        text = self.run_ok("config", "--exclude", "\x1b[31m\u202e", "--include", b"\xff")
        self.assertIn('exclude = ["\\u001b[31m\\u{202e}"]\n', text)
        self.assertIn('include = ["\\xff"]\n', text)

    def test_config_notes_what_it_comes_to(self):
        text = self.run_ok("config")
        self.assertRegex(text, r"(?m)^num_workers = 0  # \d+ usable CPUs$")
        self.assertRegex(text, r"(?m)^max_memory_percent = 75  # a ceiling of \d+M here$")
        self.assertIn("\nnum_workers = 2\n", "\n" + self.run_ok("config", "-j2"))


class Wrong(ConfigCase):
    def test_config_wrong_keys_and_values(self):
        for text, said in {
            "batchsize = 1": "1: batchsize: there is no such key; did you mean batch_size?",
            "\n\nfrobnicate = 1": "3: frobnicate: there is no such key",
            "batch_size = 0": '1: batch_size: "0" is out of range (allowed: 1 to 1000000)',
            'batch_size = "x"': '1: batch_size: "x" is not a number (allowed: 1 to 1000000)',
            "batch_size = 1.5": '1: batch_size: "1.5" is not a number',
            "batch_size = 2020-01-01": '"2020-01-01" is not a number',
            "hidden = 'yes'": '1: hidden: "yes" is not true or false',
            "timeout_per_file = 5": '"5" is not a duration like 500ms',
            "max_memory = 5": '1: max_memory: "5" is out of range (allowed: 1% to 100%, or 16M',
            "max_file_size = -1": '1: max_file_size: "-1" is out of range (allowed: 1 to 2G)',
            "strategy = 'robin'": "allowed: cost_based, work_stealing or round_robin",
            "include = 'a'": '1: include: "a" is not a list of texts',
            'include = ["a\\u0000b"]': "1: include: has a zero byte",
            "[batch]\nsize = 1": "1: batch: there is no such key",
            "[[batch_size]]": '1: batch_size: "[...]" is not a number',
            "jobs = 1\nnum-workers = 2": "2: num-workers: is given already, by another name",
            "batch_size = 1\nbatch_size = 2": "2:12: batch_size is there already",
            "batch_size = \n": "1:14: a value is missing",
            "color = 'always'": "1: color: may not be set here",
            "output = 'x'": "1: output: may not be set here",
            "trace = 'x'": "1: trace: may not be set here",
            "config = 'x'": "1: config: may not be set here",
            "help = true": "1: help: may not be set here",
            "disable_work_stealing = true": "there is no such key",
        }.items():
            self.project(text)
            self.assert_refused(["index"], "gangsaw: gangsaw.toml:", said)

    def test_config_wrong_values_in_pyproject(self):
        self.project("[tool.black]\nx = 1\n[tool.gangsaw]\nbatchsize = 1\n", "pyproject.toml")
        self.assert_refused(["index"], "gangsaw: pyproject.toml:4: batchsize: there is no such key")
        self.project("[tool.gangsaw.sub]\nx = 1\n", "pyproject.toml")
        self.assert_refused(["index"], "gangsaw: pyproject.toml:1: sub: there is no such key")

    def test_config_user_file_may_set_color_and_progress(self):
        self.user('color = "always"\nprogress = "never"\nbatch_size = 2\n')
        text = self.run_ok("config", "--show-origin")
        self.assertIn(f'# color = "always"  # user file {self.home}/gangsaw/config.toml:1\n', text)
        self.assertIn(f'# progress = "never"  # user file {self.home}/gangsaw/config.toml:2', text)
        self.user('json = true\n')
        self.assert_refused(["config"], f"{self.home}/gangsaw/config.toml:1: json: may not be set")
        self.user('color = "alwyas"\n')
        self.assert_refused(["config"], "config.toml:1: color: ", "did you mean always?")

    def test_config_nothing_is_done_when_a_file_is_wrong(self):
        self.write("tree/a.py", "x = 1\n")
        self.project("x = 1\n")
        self.assert_refused(["export", "-o", "out.jsonl"], "gangsaw.toml:1: x:")
        self.assertEqual(sorted(os.listdir(self.root)), ["a.py", "gangsaw.toml"])

    def test_config_broken_pyproject_is_no_reason_to_stop(self):
        self.write("tree/a.py", "x = 1\n")
        self.project("[tool.gangsaw]\nbatch_size = 2\nbroken", "pyproject.toml")
        done = self.run_gangsaw("files")
        self.assertEqual((done.returncode, done.stdout), (0, b"a.py: python 1 ok\n"))
        said = "gangsaw: pyproject.toml:3:7: = is missing behind the key; it is ignored\n"
        self.assertEqual(done.stderr.decode(), said)
        self.run_ok("files", "-q")
        self.assert_refused(["files", "--config", "pyproject.toml"], "pyproject.toml:3:7: = is")

    def test_config_pyproject_without_a_table_is_none(self):
        for text in ("", "[tool]\n", "[tool.black]\n", "tool = 1\n", "[gangsaw]\nx = 1\n"):
            self.project(text, "pyproject.toml")
            self.run_ok("config")
        for text in ("[tool]\ngangsaw = 1\n", "\n[[tool.gangsaw]]\n"):
            self.project(text, "pyproject.toml")
            self.assert_refused(["config"], "pyproject.toml:2: tool.gangsaw is not a table")
        self.project("tool.gangsaw.batch_size = 3\n", "pyproject.toml")
        self.assertEqual(self.config()["batch_size"], (3, "project file pyproject.toml:1"))

    def test_config_long_paths_leave_room_for_the_error(self):
        folder = "/".join(["d" * 200] * 8)
        self.write(f"tree/{folder}/x.toml", "batch_size = 0\n")
        self.assert_refused(
            ["config", "--config", f"{folder}/x.toml"], "gangsaw: ...dd", "/x.toml:1: batch_size: "
        )


class Hostile(ConfigCase):
    """What stands in for a config file may be anything; the tree is not trusted."""

    def stand_ins(self):
        """Ways to make `path`, and what is said of them (None: taken for missing)."""

        def fifo(path):
            os.mkfifo(path)

        def folder(path):
            os.mkdir(path)

        def plug(path):
            with socket.socket(socket.AF_UNIX) as server:
                os.chdir(os.path.dirname(path))
                server.bind(os.path.basename(path))
                os.chdir("/")

        def large(path):
            with open(path, "wb") as file:
                file.truncate(100 << 20)

        def outside(path):
            os.symlink(os.path.join(self.tree, "secret.toml"), path)

        def above(path):
            os.symlink("../secret.toml", path)

        def device(path):
            os.symlink("/dev/zero", path)

        def loop(path):
            os.symlink(os.path.basename(path), path)

        def dangling(path):
            os.symlink("nowhere", path)

        yield fifo, "not a regular file"
        yield folder, "not a regular file"
        yield plug, "No such device or address"
        yield large, "104857600 bytes, and 1M is the most"
        yield outside, "a link that leads out of the tree"
        yield above, "a link that leads out of the tree"
        yield device, "a link that leads out of the tree"
        yield loop, "Too many levels of symbolic links"
        yield dangling, None

    def clear(self, path):
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        elif os.path.lexists(path):
            os.unlink(path)

    def test_config_hostile_project_files(self):
        self.write("secret.toml", "secret = 'key'\n")
        path = self.path("tree/gangsaw.toml")
        for make, said in self.stand_ins():
            self.clear(path)
            make(path)
            with self.subTest(make.__name__):
                if said is None:
                    self.run_ok("config")
                else:
                    self.assert_refused(["config"], f"gangsaw: gangsaw.toml: {said}\n")
                self.run_ok("config", "--no-config")

    def test_config_hostile_pyprojects_are_ignored(self):
        self.write("secret.toml", "secret = 'key'\n")
        path = self.path("tree/pyproject.toml")
        for make, said in self.stand_ins():
            self.clear(path)
            make(path)
            with self.subTest(make.__name__):
                done = self.run_gangsaw("config")
                self.assertEqual(done.returncode, 0)
                told = f"gangsaw: pyproject.toml: {said}; it is ignored\n" if said else ""
                self.assertEqual(done.stderr.decode(), told)

    def test_config_link_inside_the_tree_is_followed(self):
        self.project("batch_size = 2\n", "sub/real.toml")
        os.symlink("sub/real.toml", self.path("tree/gangsaw.toml"))
        self.assertEqual(self.config()["batch_size"], (2, "project file gangsaw.toml:1"))

    def test_config_user_file_may_be_a_link(self):
        self.write("real.toml", "batch_size = 2\n")
        os.mkdir(self.path("home/gangsaw"))
        os.symlink(self.path("real.toml"), self.path("home/gangsaw/config.toml"))
        self.assertEqual(self.config()["batch_size"][0], 2)

    def test_config_hostile_bytes(self):
        for data, said in (
            (b"\xff", "1:1: not UTF-8"),
            (b"a = '\xed\xa0\x80'", "1:6: not UTF-8"),
            (b"batch_size = 1\x00", "1:15: something behind the end of the statement"),
            (b"\x00" * 1000, "1:1: a key is missing"),
            (b"\xef\xbb\xbfbatch_size = 1", "1:1: a key is missing"),
            (b"a = " + b"[" * 500000, "1:105: too deep"),
            (b"a = " + b"{a=" * 300000, "1:305: too deep"),
            (b"a." * 500000 + b"a = 1", "too many keys"),
            (b"a = 1 # \x1b[31m", "1:9: a control character in a comment"),
            (b"\x1b[31m = 1", "1:1: a key is missing"),
            ('"\\u001b[31m" = 1'.encode(), "1: \\x1b[31m: there is no such key"),
            ("'\u202e' = 1".encode(), "1: \\u{202e}: there is no such key"),
            (b"'" + b"x" * 500000 + b"' = 1", "1: " + "x" * 60 + ": there is no such key"),
        ):
            self.project(data)
            self.assert_refused(["config"], "gangsaw: gangsaw.toml:", said)

    def test_config_unreadable_files(self):
        if os.geteuid() == 0:
            self.skipTest("root reads all")
        self.project("")
        os.chmod(self.path("tree/gangsaw.toml"), 0)
        self.assert_refused(["config"], "gangsaw.toml: Permission denied")


if __name__ == "__main__":
    unittest.main()
