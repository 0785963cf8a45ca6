"""Several transports in one gateway: one that is absent when it starts and comes later, one that is lost, what each may hold up."""

import os
import re
import shutil
import signal
import threading
import unittest

import harness

HEADER = b"From: me@client.test\r\nTo: jdoe@example.test\r\nSubject: stacks\r\n\r\n"
OURS, SOURCE = "10.77.0.35", "10.77.0.36"
FTP = os.path.join(harness.PLUGINS, "ftp", ".libs")


class Stacks(harness.Case):
    def setUp(self):
        super().setUp()
        self.net = self.network(start=False)
        self.greeting, self.may_greet = threading.Event(), threading.Event()
        self.may_greet.set()
        self.addCleanup(self.may_greet.set)
        self.out = self.net.sink(host="0.0.0.0", script=self.script)  # there before its network is
        self.addCleanup(self.out.close)

    def script(self, verb, argument, session):
        if verb == "CONNECT":
            self.greeting.set()
            self.may_greet.wait(harness.LIMIT)

    def gateway(self, required="no", start_wait="0", **more):
        """lmn for the listener, win for what leaves; win is not the vendor of [gateway]."""
        vendor = "[vendor win]\nnetwork = %s\naddress = %s/24\nsource = %s\nrestart = 1s\nrequired = %s\n" % (
            self.net.url, OURS, SOURCE, required) + "start_wait = %s\n" % start_wait
        ini = "[route out]\nvendor = win\nretry = 1h\nsmart_host = 10.77.0.1:%d\n" % self.out.port
        return super().gateway(vendor=vendor, ini=ini, plugins=["lmn", "win"], **more)

    def state(self, g):
        return {s["name"]: s["state"] for s in g.json("status")["stacks"]}

    def takes_signals(self, pid):
        """It blocks SIGHUP, and with it all that it takes by its own hand."""
        with open("/proc/%d/status" % pid) as f:
            return int(re.search(r"^SigBlk:\s*([0-9a-f]+)", f.read(), re.M).group(1), 16) & 1

    def block(self, cause, remedy):
        return ("socket error (123)\n  vendor: win, WIN/TCP for DOS RunTime 4.1, The Wollongong Group, Inc. (the 4.4BSD TCP of "
                "libslirp over %s)\n  cause:  %s\n  remedy: %s\n  or:     vendor = lmn (running here: lmn)\n" %
                (self.net.url, cause, remedy))

    def remedy(self):
        return "vde_switch -sock %s -mod 660 -group vde2-net -daemon" % self.net.dir

    def test_one_that_is_absent_comes_later(self):
        """It is told of, holds its own mail alone, and takes it as soon as it is there."""
        g = self.gateway().start()
        self.assertIn(self.block("TCP/IP is not running: no switch at %s" % self.net.dir, self.remedy()), g.log())
        self.assertIn("ERROR socket: (123) network error", g.log())
        self.assertEqual(self.state(g), {"lmn": "up", "win": "down"})
        self.assertEqual(g.send(HEADER, to=["jdoe@example.test", "far@remote.test"])[0], 250)
        harness.wait_for("the local copy", lambda: g.count() == 1)
        self.net.mend()
        harness.wait_for("what waited", lambda: self.out.count() == 1, harness.LIMIT * 2)
        self.assertEqual(self.state(g), {"lmn": "up", "win": "up"})
        g.stop()

    def test_required_is_in_the_way(self):
        g = self.gateway(required="yes")
        done = g.command("run")
        self.assertEqual(done.returncode, 123, done.stderr)
        self.assertEqual(re.split(r"^\d{4}-", done.stderr, 1, re.M)[0],
                         self.block("TCP/IP is not running: no switch at %s" % self.net.dir, self.remedy()))
        self.assertFalse(os.path.exists(g.spool))

    @unittest.skipUnless(os.path.isdir(FTP), "ftp is not built as a module")
    def test_who_runs_is_asked_as_configured(self):
        """ftp runs nowhere by itself, but with a network: under the name that its section has."""
        near = self.network()
        g = self.gateway(required="yes")
        with open(g.ini) as f:
            text = f.read().replace("[gateway]\n", "[gateway]\nplugin_dir = %s\n" % FTP, 1)
        more = "\n[vendor retro]\nplugin = ftp\nnetwork = %s\naddress = 10.77.0.25/24\n" % near.url
        with open(g.ini, "w") as f:
            f.write(text + more)
        said = g.command("run").stderr
        self.assertIn("\n  or:     vendor = lmn (running here: lmn, retro)\n", said)
        near.cut()
        self.assertIn("\n  or:     vendor = lmn (running here: lmn)\n", g.command("run").stderr)

    def test_required_is_waited_for(self):
        """start_wait: the switch comes while the gateway waits for it."""
        g = self.gateway(required="yes", start_wait="10m")
        process = g.spawn()
        self.addCleanup(g.stop)
        harness.wait_for("it waits", lambda: self.takes_signals(process.pid))
        self.assertFalse(os.path.exists(g.spool))
        self.assertIsNone(process.poll())
        self.net.mend()
        harness.wait_for("it answers", g.answers, harness.LIMIT * 2)
        harness.wait_for("both", lambda: self.state(g) == {"lmn": "up", "win": "up"})

    def test_a_wait_for_one_ends_by_signal(self):
        for sign in signal.SIGTERM, signal.SIGINT:
            g = self.gateway(required="yes", start_wait="10m")
            process = g.spawn()
            harness.wait_for("it takes signals", lambda: self.takes_signals(process.pid))
            process.send_signal(sign)
            self.assertEqual(process.wait(harness.LIMIT), 0)
            self.assertIn("stopped while it waited for the TCP/IP of vendor win: TCP/IP is not running", g.log())
            self.assertFalse(os.path.exists(g.spool))
            g.stop()

    def test_mail_of_one_that_is_lost_goes_when_it_is_back(self):
        """In the midst of an attempt; whatever `retry` says, for the smart host did not fail."""
        self.net.mend()
        g = self.gateway().start()
        self.may_greet.clear()
        self.assertEqual(g.send(HEADER, to=["far@remote.test"])[0], 250)
        self.assertTrue(self.greeting.wait(harness.LIMIT))
        self.net.cut()
        harness.wait_for("it is put back", lambda: "recipient deferred" in g.log())
        self.assertNotIn("destination rests", g.log())
        self.assertEqual(g.show(1).get("attempts_list", []), [])
        shutil.rmtree(self.net.dir)
        self.may_greet.set()
        self.net.mend()
        harness.wait_for("it arrives", lambda: self.out.count() == 1, harness.LIMIT * 2)
        g.stop()

    def test_one_that_is_lost(self):
        """The same block as at the start, and it comes back."""
        self.net.mend()
        g = self.gateway().start()
        self.assertNotIn("socket error", g.log())
        self.net.cut()
        harness.wait_for("the block", lambda: 'vendor down name=win cause="TCP/IP was lost: ' in g.log())
        text = g.log()
        self.assertRegex(text, r"socket error \(123\)\n  vendor: win, WIN/TCP .* over %s, %s, from %s\)\n" % (self.net.url, OURS, SOURCE))
        self.assertIn("SMTP_listen: system error", text)
        self.assertIn("vendor = lmn (running here: lmn)", text)
        harness.wait_for("down", lambda: self.state(g)["win"] != "up")
        shutil.rmtree(self.net.dir)
        self.net.mend()
        harness.wait_for("up", lambda: self.state(g)["win"] == "up", harness.LIMIT * 2)
        g.stop()


if __name__ == "__main__":
    harness.main()
