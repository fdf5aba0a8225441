"""Options: the ways to write them, what is refused and how it is said, the environment, help."""

import os
import re
import unittest

from cli_case import CliCase

COMMANDS = [
    "index",
    "files",
    "symbols",
    "imports",
    "export",
    "stats",
    "tune",
    "run",
    "config",
    "help",
]
COMING = [
    "exports",
    "refs",
    "callers",
    "callees",
    "deps",
    "rdeps",
    "usages",
    "why",
    "cycles",
    "unused",
    "graph",
    "verify",
    "completion",
]
DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "cli.md")


class OptionForms(CliCase):
    def jobs(self, *arguments, **more):
        """The jobs option as `config` shows it: value and origin."""
        text = self.run_ok(*arguments, **more)
        return re.search(r"^num_workers = (.*?)  # ([^;\n]*)", text, re.M).groups()

    def test_options_all_spellings(self):
        for spelling in (
            ["-j3"],
            ["-j", "3"],
            ["--jobs=3"],
            ["--jobs", "3"],
            ["-qj3"],
            ["-qj", "3"],
        ):
            self.assertEqual(
                self.jobs("config", "--show-origin", *spelling), ("3", "flag --jobs"), spelling
            )

    def test_options_before_the_command(self):
        self.assertEqual(self.jobs("-j", "3", "--show-origin", "config"), ("3", "flag --jobs"))

    def test_options_last_one_wins(self):
        self.assertEqual(self.jobs("config", "--show-origin", "-j3", "--jobs=4")[0], "4")

    def test_options_memory_forms_replace_each_other(self):
        self.assertIn(
            'max_memory_bytes = "2G"\n',
            self.run_ok("config", "--max-memory", "50%", "--max-memory", "2G"),
        )
        text = self.run_ok("config", "--max-memory", "2G", "--max-memory", "50%")
        self.assertIn("\nmax_memory_percent = 50 ", text)
        self.assertIn("\n# max_memory_bytes = none\n", text)

    def test_options_flags_take_a_truth(self):
        for value, shown in (
            ("", "true"),
            ("=true", "true"),
            ("=yes", "true"),
            ("=false", "false"),
            ("=0", "false"),
        ):
            self.assertIn(f"hidden = {shown}\n", self.run_ok("config", "--hidden" + value))

    def test_options_lists_are_gathered(self):
        self.assertIn(
            'exclude = ["a", "b c", "--d"]\n',
            self.run_ok("config", "--exclude", "a", "--exclude=b c", "--exclude", "--d"),
        )

    def test_options_end_at_two_dashes(self):
        self.write("-j/a.py")
        self.assertEqual(self.run_ok("files", "--", "-j"), "a.py: python 0 ok\n")
        self.assert_refused(["config", "--", "--jobs"], "--jobs: No such file")

    def test_options_single_dash_is_a_word(self):
        self.assert_refused(["config", "-"], "-: No such file")


class WrongOptions(CliCase):
    def test_options_unknown_names_the_nearest(self):
        self.assert_refused(["index", "--job", "3"], "--job;", "did you mean --jobs?")
        self.assert_refused(
            ["index", "--exlcude=x"], "no option --exlcude;", "did you mean --exclude?"
        )
        self.assert_refused(["index", "-json"], "-json", "did you mean --json?")
        self.assert_refused(["--versoin"], "did you mean --version?")
        self.assert_refused(["index", "--frobnicate"], "there is no option --frobnicate\n")
        self.assert_refused(["index", "-Z"], "there is no option -Z\n")
        self.assert_refused(["index", "-qZ"], "-qZ")

    def test_options_of_other_commands_say_whose(self):
        self.assert_refused(
            ["index", "--kind", "class"], "--kind is not an option of index", "symbols"
        )
        self.assert_refused(["help", "-j3"], "-j is not an option of help")

    def test_options_wrong_values(self):
        for arguments, said in {
            ("--jobs", "x"): '--jobs: "x" is not a number (allowed: 0 to 1024)',
            ("-j5000",): '-j: "5000" is out of range (allowed: 0 to 1024)',
            ("-j", "-1"): '"-1" is not a number',
            ("-j", ""): '"" is not a number',
            ("--max-memory", "101%"): '"101%" is out of range (allowed: 1% to 100%, or 16M to 64T)',
            ("--max-memory", "1K"): '"1K" is out of range',
            ("--max-file-size", "huge"): '"huge" is not a size',
            ("--max-file-size", "99999999999999999999"): "is out of range (allowed: 1 to 2G)",
            ("--timeout-per-file", "5"): '"5" is not a duration like 500ms',
            ("--timeout-per-file", "2d"): '"2d" is not a duration',
            ("--color", "alwyas"): "allowed: auto, always or never); did you mean always?",
            ("--hidden=perhaps",): '--hidden: "perhaps" is not true or false',
            ("--batch-size", "0"): '"0" is out of range (allowed: 1 to 1000000)',
        }.items():
            self.assert_refused(["config", *arguments], said)
        self.assert_refused(["symbols", "--kind", "class,metod"], '"metod"', "did you mean method?")
        self.assert_refused(["files", "--status", "bad"], "allowed: ok, partial, skipped or failed")
        self.assert_refused(["export", "--format", "xml"], '--format: "xml"', "allowed: jsonl")

    def test_options_missing_value(self):
        self.assert_refused(["config", "--jobs"], "--jobs needs a value: N")
        self.assert_refused(["config", "-j"], "-j needs a value: N")

    def test_options_control_bytes_in_values_are_escaped(self):
        self.assert_refused(["config", "--jobs", "\x1b[31m\n"], '"\\x1b[31m\\n"')
        self.assert_refused(["config", b"--jobs=\xff"], '"\\xff"')

    def test_options_unknown_command_names_the_nearest(self):
        self.assert_refused(["simbols"], 'no command "simbols"', "did you mean symbols?")
        self.assert_refused(["frobnicate"], 'no command "frobnicate"', "gangsaw --help")
        self.assert_refused(["help", "idnex"], "did you mean index?")

    def test_options_commands_to_come_say_so(self):
        for command in COMING:
            self.assert_refused([command, "x", "--whatever"], command, "not in this version yet")

    def test_options_too_many_arguments(self):
        self.assert_refused(["index", "a", "b"], '"b" is too much')
        self.assert_refused(["config", "a", "b"], '"b" is too much')

    def test_options_nothing_is_done_when_one_is_wrong(self):
        self.write("a.py", "x = 1\n")
        self.assert_refused(["export", "-o", "out.jsonl", "--jobs", "x"], "--jobs")
        self.assertEqual(os.listdir(self.tree), ["a.py"])


class Environment(CliCase):
    def config(self, *arguments, **env):
        return self.run_ok("config", "--show-origin", *arguments, env=env)

    def test_environment_sets_options(self):
        text = self.config(
            GANGSAW_JOBS="3",
            GANGSAW_MAX_FILE_SIZE="1M",
            GANGSAW_HIDDEN="yes",
            GANGSAW_EXCLUDE="a b\nc\n",
            GANGSAW_MAX_MEMORY="50%",
        )
        self.assertIn("num_workers = 3  # environment GANGSAW_JOBS\n", text)
        self.assertIn('max_file_size = "1M"  # environment GANGSAW_MAX_FILE_SIZE\n', text)
        self.assertIn("hidden = true  # environment GANGSAW_HIDDEN\n", text)
        self.assertIn('exclude = ["a b", "c"]  # environment GANGSAW_EXCLUDE\n', text)
        self.assertIn("max_memory_percent = 50  # environment GANGSAW_MAX_MEMORY; a ceil", text)
        self.assertIn("follow = false  # default\n", text)

    def test_environment_flag_beats_it(self):
        text = self.config(
            "-j4",
            "--exclude",
            "d",
            "--hidden=false",
            "--max-memory=1G",
            GANGSAW_JOBS="3",
            GANGSAW_EXCLUDE="a\nb",
            GANGSAW_HIDDEN="1",
            GANGSAW_MAX_MEMORY="50%",
        )
        self.assertIn("num_workers = 4  # flag --jobs\n", text)
        self.assertIn('exclude = ["d"]  # flag --exclude\n', text)
        self.assertIn("hidden = false  # flag --hidden\n", text)
        self.assertIn("max_memory_percent = 75  # default; a ceil", text)
        self.assertIn('max_memory_bytes = "1G"  # flag --max-memory\n', text)

    def test_environment_empty_is_unset(self):
        text = self.config(GANGSAW_JOBS="")
        self.assertRegex(text, r"num_workers = 0  # default; \d+ usable CPUs\n")

    def test_environment_wrong_value_is_refused_by_name(self):
        self.assert_refused(
            ["index"],
            'GANGSAW_JOBS: "abc" is not a number (allowed: 0 to 1024)',
            env={"GANGSAW_JOBS": "abc"},
        )

    def test_environment_of_other_commands_is_not_read(self):
        self.assertIn("Usage:", self.run_ok("help", env={"GANGSAW_JOBS": "abc"}))

    def test_environment_slips_are_said(self):
        done = self.run_gangsaw(
            "config",
            env={"GANGSAW_JOB": "3", "GANGSAW_OUTPUT": "x", "GANGSAW_UNRELATED_THING": "1"},
        )
        self.assertEqual(done.returncode, 0)
        self.assertEqual(
            sorted(done.stderr.decode().splitlines()),
            [
                "gangsaw: GANGSAW_JOB is ignored; did you mean the variable of --jobs?",
                "gangsaw: GANGSAW_OUTPUT is ignored: --output is not read from the environment",
            ],
        )
        self.run_ok("config", "-q", env={"GANGSAW_JOB": "3"})

    def colors(self, *arguments, **env):
        return "\x1b[" in self.run_ok("help", *arguments, env=env)

    def test_environment_colors(self):
        self.assertFalse(self.colors())
        self.assertTrue(self.colors("--color=always"))
        self.assertTrue(self.colors(CLICOLOR_FORCE="1"))
        self.assertFalse(self.colors(CLICOLOR_FORCE="0"))
        self.assertFalse(self.colors(CLICOLOR_FORCE="1", NO_COLOR="1"))
        self.assertTrue(self.colors("--color=always", NO_COLOR="1"))
        self.assertFalse(self.colors("--color=never", CLICOLOR_FORCE="1"))
        self.assertTrue(self.colors(GANGSAW_COLOR="always", NO_COLOR="1"))


class Help(CliCase):
    def test_help_without_command_is_an_error(self):
        done = self.run_gangsaw()
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        for command in COMMANDS:
            self.assertRegex(done.stderr.decode(), rf"(?m)^  {command} ")

    def test_help_lists_commands(self):
        text = self.run_ok("--help")
        self.assertEqual(text, self.run_ok("help"))
        self.assertEqual(text, self.run_ok("-h"))
        for command in COMMANDS:
            self.assertRegex(text, rf"(?m)^  {command} ")
        for command in COMING:
            self.assertRegex(text.split("Not in this version yet:")[1], rf"\b{command}\b")

    def test_help_of_commands(self):
        for command in COMMANDS:
            text = self.run_ok("help", command)
            self.assertEqual(text, self.run_ok(command, "--help"))
            self.assertEqual(
                text, self.run_ok(command, "-h", "--jobs", "wrong"), "help wins over errors"
            )
            self.assertTrue(text.startswith(f"Usage: gangsaw {command} "))
            self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_help_shows_range_and_default(self):
        text = " ".join(self.run_ok("help", "index").split())
        self.assertIn(
            "--max-file-size SIZE Skip larger files (they are listed). [1 to 2G; default: 8M]", text
        )
        self.assertIn("[1% to 100%, or 16M to 64T; default: 75%]", text)
        self.assertIn("[0 to 1024; default: all usable CPUs]", text)

    def test_help_version(self):
        self.assertRegex(self.run_ok("--version"), r"\Agangsaw \d+\.\d+\.\d+\n\Z")
        self.assertEqual(self.run_ok("--version"), self.run_ok("-V"))

    def test_help_every_option_is_taken(self):
        """What help shows is what the parser knows."""
        for command in COMMANDS:
            for flag, metavar in re.findall(
                r"(?m)^  (?:-\w, |    )(--[\w-]+)(?: (\S+))?$", self.run_ok("help", command)
            ):
                if metavar:
                    self.assert_refused([command, flag], f"{flag} needs a value: {metavar}")
                elif flag != "--help":
                    self.assert_refused([command, f"{flag}=perhaps"], "is not true or false")

    def test_help_is_documented(self):
        """docs/cli.md holds the help of every command, word for word; UPDATE=1 writes it anew."""
        with open(DOCUMENT, encoding="utf-8") as file:
            document = file.read()
        fresh = document
        for command in ["", *COMMANDS]:
            text = self.run_ok("help", *([command] if command else []))
            block = f"```text\n$ gangsaw help{' ' * bool(command)}{command}\n{text}```\n"
            fresh, count = re.subn(
                rf"```text\n\$ gangsaw help{' ' * bool(command)}{command}\n.*?```\n",
                lambda _, block=block: block,
                fresh,
                flags=re.S,
            )
            self.assertEqual(count, 1, f"docs/cli.md has no block for help {command}")
        if os.environ.get("UPDATE") == "1":
            with open(DOCUMENT, "w", encoding="utf-8") as file:
                file.write(fresh)
        else:
            self.assertEqual(document, fresh)


if __name__ == "__main__":
    unittest.main()
