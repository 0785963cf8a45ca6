#!/usr/bin/env python3
"""torture: a sound disk passes and is left as it was, beside a running gateway; what it refuses, and a disk that is full."""

import os
import re
import subprocess

import testbed
from testbed import harness


class Torture(testbed.Case):
    def test_a_disk(self):
        g = self.gateway()
        g.start()
        before = sorted(os.listdir(g.folder))
        done = self.check(g.command("torture", "--spool", g.folder, "--kills", "2"), 0, out="2 kills: ")
        answered, found = map(int, re.search(r"(\d+) answered, (\d+) found, 0 lost, 0 twice, 0 damaged", done.stdout).groups())
        self.assertGreaterEqual(answered, 2)
        self.assertGreaterEqual(found, answered)
        self.assertRegex(done.stdout, r"a sync of 4 KiB took \d+ us\n")
        self.assertEqual(done.stderr, "")  # no progress in a pipe
        self.assertEqual(sorted(os.listdir(g.folder)), before)
        g.stop()

    def test_refused(self):
        g = self.gateway()
        self.check(g.command("torture"), 64, err="--spool DIR")
        for kills in ("0", "-1", "many", "3x", "100001", ""):
            self.check(g.command("torture", "--spool", g.folder, "--kills", kills), 64, err="from 1 to 100000")
        self.check(g.command("torture", "--spool", g.folder + "/absent"), 1, err="no folder can be made in %s/absent" % g.folder)

    def test_full_disk(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        g = self.gateway()
        disk = os.path.join(g.folder, "disk")
        os.makedirs(disk)
        script = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'
        for size in "64k", "40m":  # no room for a spool; room for one, and not for the messages of so many kills
            done = subprocess.run(["unshare", "-m", "sh", "-c", script, "-", size, disk, harness.PROGRAM, "torture",
                                   "--spool", disk, "--kills", "10000"], capture_output=True, text=True, timeout=300)
            self.assertEqual(done.returncode, 75, done.stderr)
            self.assertRegex(done.stderr, "space|full")


if __name__ == "__main__":
    harness.main()
