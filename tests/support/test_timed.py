"""timed.sh: what it says of the program that it runs, and in what it runs it."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import harness  # noqa: E402

TIMED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "timed.sh")


class Timed(unittest.TestCase):
    def run_it(self, *words, **env):
        return subprocess.run(["sh", TIMED, *words], env=dict(os.environ, **env), text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=harness.LIMIT)

    def test_its_status(self):
        for status in (0, 1, 77, 99):
            done = self.run_it("sh", "-c", "echo said; exit %d" % status)
            self.assertEqual(done.returncode, status)
            self.assertRegex(done.stdout, r"(?m)^said\n(.*\n)*Time: \d+ ms\n$")

    def test_what_hangs_is_ended(self):
        done = self.run_it("sleep", "1000", TEST_TIME_MAX="0.2")
        self.assertEqual(done.returncode, 124)
        self.assertIn("ended after 0.2 s: sleep 1000\n", done.stdout)

    def test_a_folder_for_sockets(self):
        for folder, used in (("/tmp/" + "x" * 35, None), ("", None), ("/tmp/" + "x" * 36, "/tmp"), ("/tmp/a b", "/tmp"), ("/tmp/a\tb", "/tmp")):
            done = self.run_it("sh", "-c", 'echo "<$TMPDIR>"', TMPDIR=folder)
            self.assertIn("<%s>\n" % (folder if used is None else used), done.stdout)
            self.assertEqual("has blanks: %s\n" % folder in done.stdout, used is not None)


if __name__ == "__main__":
    harness.main()
