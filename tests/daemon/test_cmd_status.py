#!/usr/bin/env python3
"""status: for people, for programs, for monitoring."""

import json

import testbed
from testbed import wait_for


class Status(testbed.Case):
    def test_for_people_and_programs(self):
        g = self.gateway().start()
        self.held(g)
        self.check(g.command("status"), 0,
                   out=["on gw.example.test: well", "1 held", "lmn ", " up ", "127.0.0.1:%d" % g.port, "listening"])
        status = json.loads(self.check(g.command("status", "--json"), 0).stdout)
        self.assertEqual(status["pid"], g.process.pid)
        self.assertEqual(status["spool"]["accepted"], sum(status["spool"]["states"].values()))
        self.assertEqual(status["stacks"][0]["state"], "up")
        self.assertTrue(status["stacks"][0]["required"])
        g.stop()

    def test_check(self):
        g = self.gateway(ini="[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\n" % testbed.free_port())
        self.check(g.command("status", "--check"), 2, out="smtpgate critical: no answer\n")
        self.check(g.command("status"), 69)
        g.start()
        self.check(g.command("status", "--check"), 0, out="smtpgate well\n")
        self.held(g)
        wait_for("the destination is down", lambda: g.command("status", "--check").returncode == 1)
        self.check(g.command("status", "--check"), 1, out="smtpgate warning: ")
        g.stop()

    def test_disk(self):
        g = self.gateway(ini="[queue]\ndisk_min = 1024G\n").start()
        wait_for("the disk was looked at", lambda: g.command("status", "--check").returncode == 1)
        self.check(g.command("status", "--check"), 1, out="MiB of disk are left")
        g.stop()


if __name__ == "__main__":
    testbed.main()
