"""Mail in and out over the host's own TCP/IP, by lmn and by xln, from and to a machine that shares nothing with the gateway but a cable:
every byte, one connection after another, many at once, the cable pulled in the midst of a message. xln and lmn beside each other."""

import os
import socket
import struct
import subprocess
import unittest

import harness
from cable import Cable

HEADER = harness.HEADER


@unittest.skipUnless(os.geteuid() == 0, "namespaces need root")
class Lmn(harness.Case):
    CODE = "lmn"

    def setUp(self):
        super().setUp()
        self.cable = Cable()
        self.addCleanup(self.cable.close)
        self.sink = self.cable.sink()
        self.addCleanup(self.sink.close)

    def between(self, ini="", gateway=""):
        """A gateway at one end, and what the smart host at the other is for."""
        g = self.gateway(host=Cable.NEAR, prefix=self.cable.near.inside, gateway="vendor = %s\n" % self.CODE + gateway,
                         listen="relay_from = %s\nmax_connections_client = 700\n" % Cable.FAR,
                         ini="[route out]\nmatch = *\nretry = 1s\nsmart_host = %s:%d\n" % (Cable.FAR, self.sink.port) + ini)
        g.start()
        harness.wait_for("%s is up" % self.CODE, lambda: "%s transport up" % self.CODE in g.log())
        return g

    def client(self, g):
        c = self.cable.far.client(Cable.NEAR, g.port)
        self.addCleanup(c.close)
        return c

    def pour(self, g, count, sessions):
        """count messages, a connection each, `sessions` at once."""
        done = self.cable.far.run([harness.peer("smtp-source"), "-s", str(sessions), "-m", str(count), "-l", "2000", "-f",
                                   "me@client.test", "-t", "jdoe@example.test", "%s:%d" % (Cable.NEAR, g.port)], check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=harness.LIMIT * 5)
        self.assertEqual(done.returncode, 0, done.stdout)
        harness.wait_for("%d messages" % count, lambda: g.count() == count)

    def test_25_mib_both_ways(self):
        g = self.between()
        content = HEADER + (os.urandom(60).hex().encode() + b"\r\n") * (25 * 1024 * 1024 // 122)
        before = self.cable.far.counted("cable")
        self.assertEqual(self.client(g).send(content, ["jdoe@example.test", "far@remote.test"])[0], 250)
        harness.wait_for("both copies", lambda: g.count() == 1 and self.sink.count() == 1)
        self.assertTrue(self.sink.messages[0]["data"].endswith(content))
        self.assertTrue(g.messages()[0].endswith(content.replace(b"\r\n", b"\n")))
        self.assertIn(b"([%s])" % Cable.FAR.encode(), self.sink.messages[0]["data"][:500])  # the true client
        self.assertGreater(self.cable.far.counted("cable") - before, 2 * len(content))  # it went by that cable, twice
        g.stop()

    def test_thousand_one_after_another(self):
        g = self.between()
        self.pour(g, 1000, 1)
        g.stop()

    def test_three_hundred_at_once(self):
        g = self.between()
        self.pour(g, 600, 300)
        g.stop()

    def test_the_cable_is_pulled(self):
        port = harness.free_port()
        g = self.between("[listen lo]\naddress = 127.0.0.1:%d\n" % port)
        c = self.client(g)
        for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<jdoe@example.test>", "DATA":
            self.assertLess(c.say(line)[0], 400)
        c.raw(HEADER + b"half of it\r\n")
        self.cable.near.run(["ip", "link", "set", "cable", "down"])
        c.close()
        with self.cable.near.client("127.0.0.1", port) as other:  # what does not need the cable goes on
            self.assertEqual(other.send(HEADER + b"kept\r\n", ["far@remote.test", "jdoe@example.test"])[0], 250)
        harness.wait_for("the local copy", lambda: g.count() == 1)
        harness.wait_for("it says so", lambda: 'recipient deferred' in g.log())
        self.assertIn("unreachable", g.log())
        self.assertEqual(self.sink.count(), 0)
        self.cable.near.run(["ip", "link", "set", "cable", "up"])
        harness.wait_for("what waited", lambda: self.sink.count() == 1, harness.LIMIT * 2)
        self.assertEqual(self.client(g).send(HEADER, ["jdoe@example.test"])[0], 250)
        harness.wait_for("no part of the broken one", lambda: g.count() == 2)
        g.stop()


    def test_the_namespace_is_removed(self):
        """In mid-message the other machine goes, and the device with it; another comes at the same place."""
        port = harness.free_port()
        g = self.between("[listen lo]\naddress = 127.0.0.1:%d\n" % port, "stop_wait = 1s\n")  # for nobody ends that session
        c = self.client(g)
        for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<jdoe@example.test>", "DATA":
            self.assertLess(c.say(line)[0], 400)
        c.raw(HEADER + b"half of it\r\n")
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # it is gone when it is closed
        self.cable.remove(c, self.sink)
        with self.cable.near.client("127.0.0.1", port) as other:
            self.assertEqual(other.send(HEADER + b"kept\r\n", ["far@remote.test", "jdoe@example.test"])[0], 250)
        harness.wait_for("the local copy", lambda: g.count() == 1)
        harness.wait_for("it says so", lambda: "recipient deferred" in g.log())
        self.assertIn("unreachable", g.log())
        self.cable.plug()
        back = self.cable.sink(self.sink.port)
        self.addCleanup(back.close)
        harness.wait_for("what waited", lambda: back.count() == 1, harness.LIMIT * 2)
        self.assertEqual(self.client(g).send(HEADER, ["jdoe@example.test"])[0], 250)
        harness.wait_for("no part of the broken one", lambda: g.count() == 2)
        self.assertEqual(sorted(g.history()), [1, 2])
        g.stop()


@unittest.skipUnless(os.path.isdir(os.path.join(harness.PLUGINS, "xln", ".libs")), "xln is not built: no liburing")
class Xln(Lmn):
    CODE = "xln"

    def test_beside_lmn(self):
        """A listener on the one, a route over the other, in one process."""
        for inside, outside in ("xln", "lmn"), ("lmn", "xln"):
            sink = self.sink_here()
            g = self.gateway(listen="vendor = %s\n" % inside, gateway="vendor = %s\n" % inside,
                             ini="[route out]\nmatch = *\nvendor = %s\nsmart_host = 127.0.0.1:%d\n" % (outside, sink.port),
                             vendor="[vendor xln]\nentries = 4096\nsqpoll = no\nbuffers = 8M\n").start()
            for vendor in inside, outside:
                harness.wait_for("%s is up" % vendor, lambda: "%s transport up" % vendor in g.log())
            self.assertEqual(g.send(HEADER, to=["jdoe@example.test", "far@remote.test"])[0], 250)
            harness.wait_for("both copies", lambda: g.count() == 1 and sink.count() == 1)
            g.stop()

    def sink_here(self):
        s = harness.Sink()
        self.addCleanup(s.close)
        return s


if __name__ == "__main__":
    harness.main()
