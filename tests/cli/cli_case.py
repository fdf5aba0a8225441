"""What the command-line tests share: a temporary folder, a way to fill it, a way to run gangsaw.

Every test runs the binary named by the environment variable GANGSAW (ctest sets it)."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import unittest

GANGSAW = os.path.abspath(os.environ["GANGSAW"])
TIMEOUT = 120

SUMMARY_KEYS = [
    "schema",
    "root",
    "digest",
    "files",
    "parsed",
    "partial",
    "reused",
    "skipped",
    "failed",
    "bytes",
    "lines",
    "symbols",
    "imports",
    "references",
    "edges",
    "imports_by_verdict",
    "references_by_verdict",
    "languages",
    "jobs",
    "wall_ms",
    "cpu_ms",
    "peak_rss_bytes",
    "phases",
    "problems",
]


def clean_environment(**extra):
    """This process's environment without what changes gangsaw's behaviour, and with `extra`; there
    is no user's config file."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("GANGSAW_") and key not in ("NO_COLOR", "CLICOLOR_FORCE")
    }
    kept["XDG_CONFIG_HOME"] = os.devnull
    kept.update(extra)
    return kept


class CliCase(unittest.TestCase):
    """A test with a folder of its own, self.tree, that is removed afterwards."""

    def setUp(self):
        self.tree = tempfile.mkdtemp(prefix="gangsaw-test-")
        self.addCleanup(self.remove_tree)

    def remove_tree(self):
        for folder, _, _ in os.walk(self.tree):
            with contextlib.suppress(OSError):
                os.chmod(folder, 0o700)
        shutil.rmtree(self.tree, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.tree, name)

    def write(self, name, content=""):
        """Write a file; name and content may be str or bytes. Returns its path."""
        path = os.path.join(os.fsencode(self.tree), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def run_gangsaw(self, *arguments, env=None, cwd=None, **more):
        """Run to the end; .returncode, .stdout and .stderr (bytes)."""
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        more.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(
            [GANGSAW, *arguments],
            cwd=cwd or self.tree,
            check=False,
            timeout=TIMEOUT,
            env=clean_environment(**(env or {})),
            **more
        )

    def run_ok(self, *arguments, **more):
        """The same, and it must exit with 0 and say nothing on stderr; returns stdout as text."""
        done = self.run_gangsaw(*arguments, **more)
        self.assertEqual((done.returncode, done.stderr), (0, b""), arguments)
        return done.stdout.decode()

    def assert_refused(self, arguments, *said, status=2, **more):
        """It must exit with `status` and print nothing but one line on stderr that has `said`."""
        done = self.run_gangsaw(*arguments, **more)
        text = done.stderr.decode()
        self.assertEqual((done.returncode, done.stdout), (status, b""), (arguments, text))
        self.assertEqual(text.count("\n"), 1, text)
        self.assertTrue(text.startswith("gangsaw: "), text)
        for part in said:
            self.assertIn(part, text)

    def summary(self, *arguments, **more):
        """The object of `index --json`."""
        return json.loads(self.run_ok("index", "--json", *arguments, **more))

    def records(self, *arguments, **more):
        """The records of a command that prints one JSON object a line."""
        done = self.run_gangsaw(*arguments, **more)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def problems(self, *arguments, **more):
        """{path: (status, reason)} of `index --json`, the path with surrogate escapes."""
        found = self.summary(*arguments, **more)["problems"]
        return {problem["path"]: (problem["status"], problem["reason"]) for problem in found}
