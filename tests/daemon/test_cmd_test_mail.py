#!/usr/bin/env python3
"""test-mail: through a running gateway to each end, with its exit status; and as whom a route sends, in queue show."""

import json
import os
import socket
import subprocess
import threading

import testbed
from harness import LIMIT, PROGRAM, Sink

ROUTE = "[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\n"


class TestMail(testbed.Case):
    def run_gateway(self, **more):
        return self.gateway(**more).start()

    def with_sink(self, keys="", **more):
        sink = Sink(**more)
        self.addCleanup(sink.close)
        return sink, self.run_gateway(ini=ROUTE % sink.port + keys)

    def test_delivered_here(self):
        g = self.run_gateway(gateway="origin = example.test")
        done = self.check(g.command("test-mail", "jdoe@example.test"), 0, out=[
            "to <jdoe@example.test>: delivered", "rule    postoffice TEST/HQ", "attempts", ", by local"])
        self.assertEqual(done.stderr, "")
        text = g.messages()[0].decode()
        for part in "Subject: Test of smtpgate on gw.example.test\n", "To: jdoe@example.test\n", "Message-ID: <", "Date: ", g.ini:
            self.assertIn(part, text)
        g.stop()

    def test_delivered_by_a_smart_host(self):
        sink, g = self.with_sink()
        self.check(g.command("test-mail", "-f", "me@here.test", "x@far.test"), 0,
                   out=["from      <me@here.test>", "to <x@far.test>: delivered", "said", "by route out, 127.0.0.1", "Taken"])
        self.assertIn("<me@here.test>", sink.messages[0]["mail"])
        done = g.command("test-mail", "--json", "x@far.test")
        story = json.loads(done.stdout)
        self.assertEqual(story["recipients_list"][0]["state"], "delivered")
        self.assertEqual(len(story["attempts_list"]), 1)
        g.stop()

    def test_put_off(self):
        g = self.run_gateway(ini=ROUTE % testbed.free_port())
        self.check(g.command("test-mail", "x@far.test"), 75, out=["to <x@far.test>: waiting", "next    attempt 2 at"])
        # the destination rests now: no attempt is made, and that is told as well
        self.check(g.command("test-mail", "y@far.test"), 75, out=["to <y@far.test>: waiting", "why"])
        g.stop()

    def test_held(self):
        g = self.run_gateway()
        self.check(g.command("test-mail", "x@far.test"), 75, out=["to <x@far.test>: held", "no route", "queue release"])
        g.stop()

    def test_refused(self):
        g = self.run_gateway(ini="[route out]\ndo = reject not from here\n")
        self.check(g.command("test-mail", "x@far.test"), 1, out=["to <x@far.test>: bounced", "not from here"])
        self.check(g.command("test-mail", "nobody@example.test"), 1, out=["to <nobody@example.test>: bounced", "5.1.1"])
        g.stop()

    def test_many_at_a_time_each_tell_their_own(self):
        g = self.run_gateway()
        got = {}

        def run(n):
            got[n] = g.command("test-mail", "-f", "f%d@here.test" % n, "jdoe@example.test").stdout

        threads = [threading.Thread(target=run, args=(n,)) for n in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for n in range(8):
            self.assertIn("from      <f%d@here.test>" % n, got[n])
        g.stop()

    def test_a_gateway_that_stops_meanwhile_has_the_message(self):
        """Who would send it again had it twice: 69 says that nothing was sent."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            g = self.run_gateway(ini=ROUTE % silent.getsockname()[1])
            with subprocess.Popen([PROGRAM, "test-mail", "--config", g.ini, "x@far.test"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as trial:
                silent.settimeout(LIMIT)
                peer = silent.accept()[0]  # it is tried, and hears nothing
                g.process.kill()
                g.process.wait(LIMIT)
                out, err = trial.communicate(timeout=LIMIT)
            peer.close()
        self.assertEqual((trial.returncode, out), (75, ""))
        self.assertIn("the message waits for its next start", err)

    def test_without_a_gateway_nothing_is_written(self):
        g = self.gateway()
        self.check(g.command("test-mail", "jdoe@example.test"), 69)
        self.assertFalse(os.path.exists(os.path.join(g.spool, "maildrop")))

    def test_usage(self):
        g = self.run_gateway()
        self.check(g.command("test-mail"), 64)
        self.check(g.command("test-mail", "a@b.test", "c@d.test"), 64)
        self.check(g.command("test-mail", "a@b.test,c@d.test"), 64, err="takes one address")
        self.check(g.command("test-mail", "a b@"), 64)
        self.check(g.command("test-mail", "-f", "a b@", "x@far.test"), 64, err="-f")
        self.assertEqual(g.history(), {})
        g.stop()

    def test_as_whom(self):
        sink, g = self.with_sink("from = robot@here.test\nsender_as = envelope@here.test\nbounce_to = help@here.test\n")
        self.check(g.command("test-mail", "-f", "me@here.test", "x@far.test"), 0,
                   out=", as <envelope@here.test>, From robot@here.test: 250")
        self.assertIn("<envelope@here.test>", sink.messages[0]["mail"])
        self.assertIn(b"<robot@here.test>\r\nReply-To: ", sink.messages[0]["data"])
        self.check(g.command("queue", "show", "1"), 0, out=", as <envelope@here.test>, From robot@here.test: 250")
        self.check(g.command("test-mail", "-f", "<>", "x@far.test"), 0)
        self.assertNotIn("envelope@here.test", g.command("queue", "show", "2").stdout)
        g.stop()
        g.write(ini=ROUTE % testbed.free_port() + "from = robot@here.test\nbounce_to = help@here.test\n")
        g.start()
        self.check(g.command("test-mail", "-f", "me@here.test", "x@far.test"), 75,
                   out=["as      From robot@here.test; Reply-To keeps the old one\n", "reports to help@here.test\n"])
        g.stop()

    def test_as_if_it_had_come_in_there(self):
        sink = Sink()
        self.addCleanup(sink.close)
        g = self.run_gateway(ini="[route plant]\nlistener = lan\nclient = 10.1.0.0/16\nsmart_host = 127.0.0.1:%d\n"
                             "[route rest]\ndo = reject not this way\n" % sink.port, listen="priority = bulk\n")
        self.check(g.command("test-mail", "x@far.test"), 1, out="not this way")
        self.check(g.command("test-mail", "--listener", "lan", "x@far.test"), 1, out=[", at lan,", "bulk", "not this way"])
        self.check(g.command("test-mail", "--listener", "LAN", "--client", "10.1.2.3", "x@far.test"), 0,
                   out=["by local from 10.1.2.3", "rule    route plant", ": delivered"])
        self.assertEqual(sink.count(), 1)
        taken = len(g.history())
        self.check(g.command("test-mail", "--listener", "wan", "x@far.test"), 64, err="there is no [listen wan] and no [pickup wan]")
        self.check(g.command("test-mail", "--client", "10.1.2", "x@far.test"), 64, err="is no IP address")
        if os.geteuid() == 0:
            os.chown(os.path.join(g.folder, "control"), 65534, -1)
            done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", testbed.PROGRAM, "test-mail",
                                   "--config", g.ini, "--listener", "lan", "x@far.test"], text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=testbed.LIMIT, env=g.env)
            self.check(done, 1, err=["is for root and the gateway's own user to say", "call it as root"])
        self.assertEqual(len(g.history()), taken)
        g.stop()


if __name__ == "__main__":
    testbed.main()
