#!/usr/bin/env python3
"""count.py counts what it should: each case is a folder of logs as automake leaves them, and the line that must end the answer."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

COUNT = pathlib.Path(__file__).resolve().parent / "count.py"


class Count(unittest.TestCase):
    def count(self, *programs, user=None):
        """Writes (name, verdict, log) files, runs count.py, returns its last line, whole output and status."""
        with tempfile.TemporaryDirectory() as folder:
            for name, verdict, log in programs:
                path = pathlib.Path(folder, "build", name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.with_suffix(".trs").write_text(f":test-result: {verdict}\n:recheck: no\n")
                path.with_suffix(".log").write_text(log)
            pathlib.Path(folder, "build").mkdir(exist_ok=True)
            command = [sys.executable, "-c", f"import os, runpy, sys; os.geteuid = lambda: {user or 1000};"
                       "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"]
            done = subprocess.run(command + [str(COUNT), "--tails", folder + "/build"], capture_output=True, text=True, timeout=60)
            return done.stdout.splitlines()[-1], done.stdout, done.returncode

    def test_check_lines_add_up(self):
        line, _, status = self.count(("tests/a/t1", "PASS", "100%: Checks: 5, Failures: 0, Errors: 0\nTime: 5 ms\n"),
                                     ("tests/b/t2", "FAIL", "50%: Checks: 4, Failures: 1, Errors: 1\n"))
        self.assertEqual((line, status), ("7 passed, 2 failed, 0 skipped", 1))

    def test_two_lines_in_one_log(self):
        line, _, _ = self.count(("t", "PASS", "100%: Checks: 5, Failures: 0, Errors: 0\nx\n100%: Checks: 2, Failures: 0, Errors: 0\n"))
        self.assertEqual(line, "7 passed, 0 failed, 0 skipped")

    def test_other_programs_count_as_one(self):
        line, _, status = self.count(("a", "PASS", "fine\n"), ("b", "XFAIL", ""), ("c", "FAIL", ""), ("d", "XPASS", ""), ("e", "ERROR", ""))
        self.assertEqual((line, status), ("2 passed, 3 failed, 0 skipped", 1))

    def test_a_crash_after_good_checks_is_a_failure(self):
        line, _, status = self.count(("t", "FAIL", "100%: Checks: 5, Failures: 0, Errors: 0\nLeakSanitizer\n"))
        self.assertEqual((line, status), ("5 passed, 1 failed, 0 skipped", 1))

    def test_words_in_a_line_are_not_counted(self):
        line, _, _ = self.count(("t", "PASS", "he said 100%: Checks: 5, Failures: 0, Errors: 0\n"))
        self.assertEqual(line, "1 passed, 0 failed, 0 skipped")

    def test_nothing_run_is_no_success(self):
        line, _, status = self.count()
        self.assertEqual((line, status), ("0 passed, 0 failed, 0 skipped", 1))

    def test_skips(self):
        line, out, status = self.count(("s", "SKIP", "no tun\n"), ("t", "PASS", ""))
        self.assertEqual((line, status), ("1 passed, 0 failed, 1 skipped", 0))
        self.assertIn("no tun", out)
        line, _, status = self.count(("s", "SKIP", "no tun\n"), ("t", "PASS", ""), user="0")
        self.assertEqual((line, status), ("1 passed, 0 failed, 1 skipped", 1))

    def test_skips_within_a_program(self):
        """Those that did not run are not among those that passed, also where none did."""
        line, out, status = self.count(("s", "PASS", "skipped 'needs root'\n100%: Checks: 3, Failures: 0, Errors: 0\nSkipped: 2\n"),
                                       ("t", "SKIP", "0%: Checks: 0, Failures: 0, Errors: 0\nSkipped: 4\n"))
        self.assertEqual((line, status), ("3 passed, 0 failed, 6 skipped", 0))
        self.assertIn("needs root", out)
        line, _, status = self.count(("s", "PASS", "100%: Checks: 3, Failures: 0, Errors: 0\nSkipped: 2\n"), user="0")
        self.assertEqual((line, status), ("3 passed, 0 failed, 2 skipped", 1))

    def test_tails_and_times(self):
        log = "".join(f"line {i}\n" for i in range(100)) + "Time: 2500 ms\n"
        _, out, _ = self.count(("tests/x/t", "FAIL", log))
        self.assertIn("line 99", out)
        self.assertNotIn("line 10\n", out)
        self.assertIn("2.5 s  build/tests/x/t", out)


if __name__ == "__main__":
    unittest.main()
