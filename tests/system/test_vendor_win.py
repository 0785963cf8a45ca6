"""Mail in and out over win, from and to a machine that shares nothing with the gateway but a virtual Ethernet: every byte, one
connection after another, many at once, a pulled cable, and what that machine cannot reach."""

import os
import re
import shutil
import subprocess

import harness

HEADER = harness.HEADER
OURS, SOURCE = "10.77.0.35", "10.77.0.36"


class Win(harness.Case):
    def setUp(self):
        super().setUp()
        self.net = self.network()

    def vendor(self):
        return "[vendor win]\nnetwork = %s\naddress = %s/24\nsource = %s\nrestart = 1s\n" % (self.net.url, OURS, SOURCE)

    def between(self, listen="", ini="", gateway="vendor = win\n", **how):
        """A gateway on that Ethernet, and its smart host there."""
        self.out = self.net.sink()
        self.addCleanup(self.out.close)
        g = self.gateway(host=OURS, listen="vendor = win\nrelay_from = 10.77.0.1\nmax_connections_client = 700\n" + listen,
                         gateway=gateway, vendor=self.vendor(),
                         ini="[route out]\nvendor = win\nretry = 1s\nsmart_host = 10.77.0.1:%d\n" % self.out.port + ini)
        return g.start(**how)

    def client(self, g):
        c = self.net.client(OURS, g.port)
        self.addCleanup(c.close)
        return c

    def test_25_mib_both_ways(self):
        g = self.between()
        content = HEADER + (os.urandom(60).hex().encode() + b"\r\n") * (25 * 1024 * 1024 // 122)
        before = self.net.counted()
        reply = self.client(g).send(content, ["jdoe@example.test", "far@remote.test"])
        self.assertEqual(reply[0], 250, reply)
        harness.wait_for("both copies", lambda: g.count() == 1 and self.out.count() == 1)
        self.assertTrue(self.out.messages[0]["data"].endswith(content))
        self.assertTrue(g.messages()[0].endswith(content.replace(b"\r\n", b"\n")))
        self.assertIn(b"([10.77.0.1])", self.out.messages[0]["data"][:500])  # the true client
        self.assertGreater(self.net.counted() - before, 2 * len(content))    # it went by that cable, twice
        g.stop()

    def test_the_true_client_decides(self):
        g = self.between()
        g.write(listen="vendor = win\nrelay_from = 10.77.0.2\nmax_connections_client = 700\n", gateway="vendor = win\n",
                vendor=self.vendor(), ini="[route out]\nvendor = win\nsmart_host = 10.77.0.1:25\n")
        g.reload()
        self.assertEqual(self.client(g).send(HEADER, ["far@remote.test"])[0], 550)
        self.assertEqual(self.client(g).send(HEADER, ["jdoe@example.test"])[0], 250)
        g.stop()

    def pour(self, g, count, sessions):
        done = self.net.run([harness.peer("smtp-source"), "-s", str(sessions), "-m", str(count), "-l", "2000", "-f",
                             "me@client.test", "-t", "jdoe@example.test", "%s:%d" % (OURS, g.port)], check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=harness.LIMIT * 5)
        self.assertEqual(done.returncode, 0, done.stdout)
        harness.wait_for("%d messages" % count, lambda: g.count() == count)

    def test_thousand_one_after_another(self):
        g = self.between()
        self.pour(g, 1000, 1)
        g.stop()

    def test_three_hundred_at_once(self):
        g = self.between()
        self.pour(g, 600, 300)
        g.stop()

    def test_no_socket_of_the_machine(self):
        """strace sees each call that could carry mail, with what its descriptor is: none is a socket of the machine's TCP/IP. The one
        that libslirp binds for each connection, to have a port number, is neither listened at nor connected."""
        trace = os.path.join(self.net.folder, "trace")
        g = self.between(wrapper=["strace", "-f", "-qq", "-yy", "-e", "trace=%network,read,write,readv,writev", "-o", trace])
        self.assertEqual(self.client(g).send(HEADER + b"text\r\n", ["jdoe@example.test", "far@remote.test"])[0], 250)
        harness.wait_for("both copies", lambda: g.count() == 1 and self.out.count() == 1)
        self.assertEqual(g.command("stop").returncode, 0)
        g.process.wait(harness.LIMIT)
        with open(trace, encoding="latin-1") as f:
            calls = f.read()
        self.assertRegex(calls, r"send\w*\(\d+<UNIX-")  # so it was traced
        moves = r"(?:listen|accept4?|connect|send\w*|recv\w*|readv?|writev?)"
        self.assertEqual(re.findall(r".*\b%s\(\d+<(?:TCP|UDP|NETLINK|PACKET)[^>]*>.*" % moves, calls), [])

    def test_nothing_behind_it_is_reached(self):
        """A host there reaches neither the machine's 127.0.0.1 nor another port of our addresses."""
        g = self.between()
        secret = self.sink()  # on the machine's 127.0.0.1
        probe = ("import socket,sys\ns=socket.socket();s.settimeout(5)\n"
                 "try: s.connect((sys.argv[1],int(sys.argv[2])));print('open')\nexcept OSError as e: print('shut')")
        self.net.run(["ip", "route", "add", "default", "via", SOURCE])
        for host in OURS, SOURCE, "127.0.0.1", "192.0.2.1":
            done = self.net.run(["/usr/bin/python3", "-c", probe, host, str(secret.port)], stdout=subprocess.PIPE, text=True)
            self.assertEqual(done.stdout, "shut\n", host)
        self.assertEqual(secret.sessions, 0)
        self.assertEqual(self.client(g).say("NOOP")[0], 250)  # and it still serves
        g.stop()

    def test_the_cable_is_pulled(self):
        lmn = harness.free_port()
        g = self.between(ini="[listen lo]\nvendor = lmn\naddress = 127.0.0.1:%d\n" % lmn)
        c = self.client(g)
        for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<jdoe@example.test>", "DATA":
            self.assertLess(c.say(line)[0], 400)
        c.raw(HEADER + b"half of it\r\n")
        self.net.cut()
        harness.wait_for("win is down", lambda: "down" in g.command("status").stdout)
        with harness.Client("127.0.0.1", lmn) as other:  # others go on; what leaves over win waits
            self.assertEqual(other.send(HEADER + b"kept\r\n", ["far@remote.test", "jdoe@example.test"])[0], 250)
        harness.wait_for("the local copy", lambda: g.count() == 1)
        self.assertEqual(self.out.count(), 0)
        shutil.rmtree(self.net.dir)
        self.net.mend()
        harness.wait_for("what waited", lambda: self.out.count() == 1, harness.LIMIT * 2)
        self.assertEqual(self.client(g).send(HEADER, ["jdoe@example.test"])[0], 250)
        harness.wait_for("no part of the broken one", lambda: g.count() == 2)
        g.stop()


if __name__ == "__main__":
    harness.main()
