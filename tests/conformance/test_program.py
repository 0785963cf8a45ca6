#!/usr/bin/env python3
"""smtpgate-transport-test: its table, its exit status, and what it says of modules that cannot be loaded."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

BUILD = os.environ.get("TEST_BUILDDIR", "build")
SOURCE = os.path.join(os.environ.get("TEST_SRCDIR", "tests"), os.pardir)
PROGRAM = os.path.join(BUILD, "smtpgate-transport-test")
MEM = os.path.join(BUILD, "plugins", "mem", ".libs", "mem.so")
BROKEN = os.path.join(BUILD, "tests", "transport", "broken", ".libs")
LIMIT = 600


def run(*args):
    return subprocess.run([PROGRAM, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=LIMIT)


class Program(unittest.TestCase):
    def check(self, done, status, *parts):
        said = "\n%s\n%s" % (done.stdout, done.stderr)
        self.assertEqual(done.returncode, status, said)
        for part in parts:
            self.assertIn(part, done.stdout + done.stderr, said)
        return done

    def test_one_line_a_test(self):
        names = self.check(run("--list"), 0).stdout.split()
        self.assertGreater(len(names), 40)
        lmn = os.path.join(BUILD, "plugins", "lmn", ".libs", "lmn.so")
        if not os.path.exists(lmn):
            lmn = MEM  # a build without it, or with it inside the program
        some = [n for n in names if n != "bytes_cross_the_network"][::9]  # the program knows of no counter
        for name in some:
            done = self.check(run("--peer", "kernel" if lmn != MEM else "twin", "--host", "127.0.0.1", "--peer-host",
                                  "127.0.0.1", "--host6", "none", "--peer-host6", "none", "--only", name, lmn), 0)
            first, totals = done.stdout.splitlines()
            self.assertRegex(first, r"^%s +ok$" % name)
            self.assertRegex(totals, r"1 ok, 0 failed, 0 exempt$")

    def test_addresses_are_learnt_and_excuses_are_said(self):
        """The in-memory transport with two words for addresses: no IPv6 in this bed, everything else by its twin."""
        settings = ["--set", "address=alpha", "--peer-set", "address=beta", "--sessions", "50", "--bulk", "64K"]
        names = ["accept_one", "accept_ipv6", "connect_one", "echo_by_7"]
        done = [self.check(run(*settings, "--only", n, MEM), 0) for n in names]
        self.assertIn("accept_ipv6                    exempt: this bed has no IPv6 address", done[1].stdout)
        self.assertIn("mem (memory): 0 ok, 0 failed, 1 exempt", done[1].stdout)
        for i in (0, 2, 3):
            self.assertIn("1 ok", done[i].stdout)

    def test_a_failure_is_told(self):
        done = self.check(run("--only", "own_addresses_are_addresses", "--host", "nobody", MEM), 1)
        self.assertRegex(done.stdout, "own_addresses_are_addresses +FAIL: nobody is not among the own addresses")
        self.assertIn("0 ok, 1 failed", done.stdout)

    def test_modules_that_are_refused(self):
        """In the words of the gateway, before a function of theirs is called."""
        for code, words in (("bad_abi", "is of transport ABI 2"), ("bad_size", "describes itself in 64 bytes"),
                            ("bad_code", 'says that it is "other"'), ("bad_functions", "lacks create"),
                            ("bad_symbol", "nobody_has_this"), ("bad_export", "exports no")):
            self.check(run(os.path.join(BROKEN, code + ".so")), 78, words)
        self.check(run("/nowhere/none.so"), 78, "no such folder")
        self.check(run(os.path.join(BUILD, "Makefile")), 78, "does not end in .so")
        with tempfile.TemporaryDirectory() as folder:
            copy = os.path.join(folder, "mem.so")
            shutil.copy(MEM, copy)
            os.chmod(copy, 0o666)
            self.check(run(copy), 78, "mem.so", "chmod")

    def test_settings_that_are_faulty(self):
        self.check(run("--set", "colour=red", MEM), 78, 'no setting "colour"')
        self.check(run("--set", "window=much", MEM), 78, "window = much: faulty")
        for wrong in (["--set", "address", MEM], ["--peer", "nobody", MEM], ["--sessions", "0", MEM], ["--only", "x", MEM],
                      ["--bulk", "1X", MEM], ["--what", MEM], [], [MEM, MEM]):
            self.check(run(*wrong), 64)

    def test_help_and_manual(self):
        said = self.check(run("--help"), 0).stdout
        with open(os.path.join(SOURCE, "doc", "smtpgate-transport-test.1")) as f:
            manual = f.read()
        options = re.findall(r"^  --(\S+)", said, re.M)
        self.assertEqual(sorted(options), sorted(set(re.findall(r"Fl Fl (\S+)", manual))))
        self.assertTrue(all(len(line) <= 90 for line in said.splitlines()))
        self.check(run("--version"), 0, "smtpgate-transport-test ")

    def test_a_crash_is_a_line(self):
        """The process of a test that takes hours is killed, as a crash would end it: it costs its line alone."""
        table = subprocess.Popen([PROGRAM, "--only", "echo_by_1", "--bulk", "1024M", MEM], stdout=subprocess.PIPE, text=True)
        children = "/proc/%d/task/%d/children" % (table.pid, table.pid)
        end = time.monotonic() + LIMIT
        child = ""
        while not child and time.monotonic() < end:
            with open(children) as f:
                child = f.read().strip()
        os.kill(int(child), signal.SIGKILL)  # a sanitizer would take another signal for itself
        out, _ = table.communicate(timeout=LIMIT)
        self.assertEqual(table.returncode, 1, out)
        self.assertRegex(out, "echo_by_1 +FAIL: Killed\n.* 0 ok, 1 failed")


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    r = program.result
    bad = len(r.failures)
    print("%d%%: Checks: %d, Failures: %d, Errors: %d" % (
        100 * (r.testsRun - bad - len(r.errors)) // max(r.testsRun, 1), r.testsRun, bad, len(r.errors)))
    raise SystemExit(0 if r.wasSuccessful() and r.testsRun and not r.skipped else 1)
