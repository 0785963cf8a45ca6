"""Mail in and out over nvl, from and to a machine that shares nothing with the gateway but a virtual Ethernet: every byte, one
connection after another, many at once, without root, a pulled cable, two stacks of it, and two gateways on one Ethernet."""

import os
import re
import shutil
import signal
import subprocess
import unittest

import harness

HEADER = harness.HEADER
OURS = "10.77.0.45"
ROOT = os.geteuid() == 0
NOBODY = 65534
# An ordinary user on a machine whose /dev/net/tun is open to all, as Debian's is and a container's may not be.
AS_NOBODY = ["unshare", "-m", "sh", "-ec", "mount -t tmpfs none /dev/net; mknod -m 666 /dev/net/tun c 10 200; exec setpriv "
             "--reuid %d --regid %d --clear-groups \"$@\"" % (NOBODY, NOBODY), "sh"]


def content(size):
    return HEADER + (os.urandom(60).hex().encode() + b"\r\n") * (size // 122)


def give(g):
    """All that is the gateway's, to nobody."""
    for folder, _, names in os.walk(g.folder):
        for path in [folder] + [os.path.join(folder, name) for name in names]:
            os.chown(path, NOBODY, NOBODY)


def status_of(pid):
    with open("/proc/%d/status" % pid) as f:
        return f.read()


def child_of(pid):
    """The pid of a process' only child."""
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return int(f.read().split()[0])


def helper_of(pid):
    """The pid of the helper among a process' children."""
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        children = [int(child) for child in f.read().split()]
    return next(child for child in children if "nvl-helper" in status_of(child).split()[1])


SEND = """import smtplib, sys
with smtplib.SMTP('127.0.0.1', 25) as c: c.sendmail('me@client.test', sys.argv[1:], sys.stdin.buffer.read())"""
TAKE = """import sys, time
sys.path.append(sys.argv[1])
from sink import Sink
s = Sink(host='127.0.0.1', port=26)
print(flush=True)
while not s.count(): time.sleep(0.02)
sys.stdout.buffer.write(s.messages[0]['data'])
s.close()"""


class Loopback(harness.Case):
    """network = loopback: whoever runs the tests, and for root nobody, without any right."""

    def inside(self, g, *argv, **more):
        """A Python program in the private network, where our helper's worker is."""
        worker = child_of(child_of(g.process.pid))
        enter = ["nsenter", "-t", str(worker), "-n", "-U", "--preserve-credentials", "--", "/usr/bin/python3", "-c", *argv]
        process = subprocess.Popen(enter, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **more)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, harness.LIMIT)
        self.addCleanup(process.kill)
        return process

    def test_mail_in_and_out(self):
        g = self.gateway(listen="vendor = nvl\n", vendor="[vendor nvl]\nnetwork = loopback\n",
                         prefix=["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"] if ROOT else [],
                         ini="[route out]\nvendor = nvl\nsmart_host = 127.0.0.1:26\n")
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("127.0.0.1:%d" % g.port, "127.0.0.1:25"))
        if ROOT:
            give(g)
        g.start()
        helper, big = child_of(g.process.pid), content(2 * 1024 * 1024)
        sink = self.inside(g, TAKE, os.path.dirname(os.path.abspath(__file__)))
        self.assertEqual(sink.stdout.readline(), b"\n")
        client = self.inside(g, SEND, "jdoe@example.test", "far@remote.test")
        client.communicate(big, harness.LIMIT)
        self.assertEqual(client.returncode, 0)
        self.assertTrue(sink.communicate(timeout=harness.LIMIT)[0].endswith(big))
        harness.wait_for("it is stored", lambda: g.count() == 1)
        g.stop()
        self.assertFalse(os.path.exists("/proc/%d" % helper))


@unittest.skipUnless(ROOT, "a namespace for the other machine is root's to make")
class Ethernet(harness.Case):
    def setUp(self):
        super().setUp()
        self.net = self.network()

    def vendor(self, name="nvl", net=None, address=OURS + "/24"):
        return "[vendor %s]\nplugin = nvl\nnetwork = %s\naddress = %s\nrestart = 1s\n" % (name, (net or self.net).url, address)

    def between(self, ini="", gateway="", prefix=()):
        """A gateway on that Ethernet, and its smart host there."""
        self.out = self.net.sink()
        self.addCleanup(self.out.close)
        g = self.gateway(host=OURS, listen="vendor = nvl\nrelay_from = 10.77.0.1\nmax_connections_client = 700\n",
                         gateway="vendor = nvl\n" + gateway, vendor=self.vendor(), prefix=prefix,
                         ini="[route out]\nvendor = nvl\nretry = 1s\nsmart_host = 10.77.0.1:%d\n" % self.out.port + ini)
        give(g)
        return g

    def client(self, g):
        c = self.net.client(OURS, g.port)
        self.addCleanup(c.close)
        return c

    def carries(self, g):
        """25 MiB in and out, and the cable counts them."""
        big, before = content(25 * 1024 * 1024), self.net.counted()
        reply = self.client(g).send(big, ["jdoe@example.test", "far@remote.test"])
        self.assertEqual(reply[0], 250, reply)
        harness.wait_for("both copies", lambda: g.count() == 1 and self.out.count() == 1)
        self.assertTrue(self.out.messages[0]["data"].endswith(big))
        self.assertTrue(g.messages()[0].endswith(big.replace(b"\r\n", b"\n")))
        self.assertIn(b"([10.77.0.1])", self.out.messages[0]["data"][:500])  # the true client
        self.assertGreater(self.net.counted() - before, 2 * len(big))
        g.stop()

    def test_25_mib_both_ways(self):
        self.carries(self.between().start())

    def test_25_mib_without_root(self):
        """An ordinary user from the first, in a user namespace; port 25 is his in there."""
        g = self.between(prefix=AS_NOBODY)
        g.port = 25
        g.write(listen="vendor = nvl\nrelay_from = 10.77.0.1\n", gateway="vendor = nvl\n", vendor=self.vendor(),
                ini="[route out]\nvendor = nvl\nsmart_host = 10.77.0.1:%d\n" % self.out.port)
        g.start()
        self.assertIn("Uid:\t%d\t%d" % (NOBODY, NOBODY), status_of(g.process.pid))
        self.carries(g)

    def pour(self, g, count, sessions):
        done = self.net.run([harness.peer("smtp-source"), "-s", str(sessions), "-m", str(count), "-l", "2000", "-f",
                             "me@client.test", "-t", "jdoe@example.test", "%s:%d" % (OURS, g.port)], check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=harness.LIMIT * 5)
        self.assertEqual(done.returncode, 0, done.stdout)
        harness.wait_for("%d messages" % count, lambda: g.count() == count)
        g.stop()

    def test_thousand_one_after_another(self):
        self.pour(self.between().start(), 1000, 1)

    def test_three_hundred_at_once(self):
        self.pour(self.between().start(), 600, 300)

    def test_the_cable_is_pulled(self):
        """By a gateway that gave root up, from a switch that is root's alone: it comes back all the same."""
        lmn = harness.free_port()
        self.net.cut()
        shutil.rmtree(self.net.dir)
        self.net.mode = None
        self.net.mend()
        g = self.between(gateway="user = nobody\n",
                         ini="[listen lo]\nvendor = lmn\naddress = 127.0.0.1:%d\n" % lmn).start()
        self.assertIn("Uid:\t%d\t%d" % (NOBODY, NOBODY), status_of(g.process.pid))
        c = self.client(g)
        for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<jdoe@example.test>", "DATA":
            self.assertLess(c.say(line)[0], 400)
        c.raw(HEADER + b"half of it\r\n")
        self.net.cut()
        harness.wait_for("nvl is down", lambda: "down" in g.command("status").stdout)
        # which of the two it is depends on what of the dying switch is seen first
        told = 'nvl transport down .*"(the switch at %s died and left its files|the virtual Ethernet %s was lost)"' % (self.net.dir, self.net.url)
        harness.wait_for("it is told", lambda: re.search(told, g.log()))
        with harness.Client("127.0.0.1", lmn) as other:  # others go on; what leaves over nvl waits
            self.assertEqual(other.send(HEADER + b"kept\r\n", ["far@remote.test", "jdoe@example.test"])[0], 250)
        harness.wait_for("the local copy", lambda: g.count() == 1)
        self.assertEqual(self.out.count(), 0)
        shutil.rmtree(self.net.dir)
        self.net.mend()
        harness.wait_for("what waited", lambda: self.out.count() == 1, harness.LIMIT * 2)
        self.assertEqual(self.client(g).send(HEADER, ["jdoe@example.test"])[0], 250)
        harness.wait_for("no part of the broken one", lambda: g.count() == 2)
        g.stop()

    def test_the_namespace_is_removed(self):
        """The worker, which is what keeps the private network there, is killed in mid-message: all of that network goes."""
        lmn = harness.free_port()
        g = self.between(gateway="user = nobody\n",
                         ini="[listen lo]\nvendor = lmn\naddress = 127.0.0.1:%d\n" % lmn).start()
        worker = child_of(helper_of(g.process.pid))
        c = self.client(g)
        for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<jdoe@example.test>", "DATA":
            self.assertLess(c.say(line)[0], 400)
        c.raw(HEADER + b"half of it\r\n")
        os.kill(worker, signal.SIGKILL)
        harness.wait_for("it says so", lambda: "nvl transport down" in g.log())
        self.assertRegex(g.log(), 'nvl transport down .*"the helper that holds the private network was killed, or hangs"')
        with harness.Client("127.0.0.1", lmn) as other:
            self.assertEqual(other.send(HEADER + b"kept\r\n", ["far@remote.test", "jdoe@example.test"])[0], 250)
        harness.wait_for("the local copy", lambda: g.count() == 1)
        harness.wait_for("what waited", lambda: self.out.count() == 1, harness.LIMIT * 2)
        self.assertNotEqual(child_of(helper_of(g.process.pid)), worker)
        harness.wait_for("it listens again", lambda: g.log().count("listener open name=lan") == 2)
        self.assertEqual(self.client(g).send(HEADER, ["jdoe@example.test"])[0], 250)
        harness.wait_for("no part of the broken one", lambda: g.count() == 2)
        self.assertEqual(sorted(g.history()), [1, 2])
        g.stop()

    def test_one_plugin_twice(self):
        """In from one Ethernet and out to another, by two stacks of this plugin, whose networks have the same addresses."""
        far = self.network()
        out = far.sink()
        self.addCleanup(out.close)
        g = self.gateway(host=OURS, listen="vendor = nvl\nrelay_from = 10.77.0.1\n", gateway="vendor = nvl\n",
                         vendor=self.vendor() + self.vendor("retro", far),
                         ini="[listen far]\nvendor = retro\naddress = %s:2525\n[route out]\nvendor = retro\n"
                         "smart_host = 10.77.0.1:%d\n" % (OURS, out.port)).start()
        big = content(1024 * 1024)
        near, there = self.net.counted(), far.counted()
        self.assertEqual(self.client(g).send(big, ["far@remote.test"])[0], 250)
        harness.wait_for("it is there", lambda: out.count() == 1)
        self.assertTrue(out.messages[0]["data"].endswith(big))
        for net, before in (self.net, near), (far, there):
            self.assertGreater(net.counted() - before, len(big))
            self.assertLess(net.counted() - before, 2 * len(big))
        with far.client(OURS, 2525) as c:
            self.assertEqual(c.send(HEADER, ["jdoe@example.test"])[0], 250)
            self.net.cut()  # and one goes on without the other
            harness.wait_for("nvl is down", lambda: "down" in g.command("status").stdout)
            self.assertEqual(c.send(HEADER, ["jdoe@example.test"])[0], 250)
        harness.wait_for("both are stored", lambda: g.count() == 2)
        g.stop()


@unittest.skipUnless(ROOT, "a namespace for the other machine is root's to make")
class Neighbours(harness.Case):
    """Two gateways, each with its own TCP/IP, on one Ethernet: mail both ways."""

    OTHERS = {
        "ftp": ("10.77.0.25", "[vendor ftp]\nnetwork = URL\naddress = 10.77.0.25/24\n"),
        "win": ("10.77.0.35", "[vendor win]\nnetwork = URL\naddress = 10.77.0.35/24\nsource = 10.77.0.36\n"),
        "nvl": ("10.77.0.55", "[vendor nvl]\nnetwork = URL\naddress = 10.77.0.55/24\n"),
        "lmn": ("10.77.0.1", ""),
    }

    def one(self, net, vendor, host, settings, domain, other):
        """A gateway for a domain, whose other mail goes to the other one; it also listens for its own people over lmn."""
        port = harness.free_port()
        g = self.gateway(host=host, listen="vendor = %s\n" % vendor, vendor=settings.replace("URL", net.url),
                         prefix=net.inside if vendor == "lmn" else [],
                         ini="[listen people]\nvendor = lmn\naddress = 127.0.0.1:%d\n[route there]\nvendor = %s\n"
                         "smart_host = %s:2525\n" % (port, vendor, other))
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("domain = example.test", "domain = " + domain))
        return g, port

    def send(self, make, port, to):
        with make("127.0.0.1", port) as c:
            self.assertEqual(c.send(content(1024 * 1024), [to])[0], 250)

    def test_both_ways(self):
        net = self.network()
        for code, (host, settings) in self.OTHERS.items():
            if not os.path.exists(os.path.join(harness.PLUGINS, code, ".libs", code + ".so")):
                continue
            with self.subTest("nvl and " + code):
                a, port_a = self.one(net, "nvl", OURS, "[vendor nvl]\nnetwork = URL\naddress = %s/24\n" % OURS, "a.test", host)
                b, port_b = self.one(net, code, host, settings, "b.test", OURS)
                a.start()
                b.start()
                self.send(harness.Client, port_a, "jdoe@b.test")
                self.send(net.client if code == "lmn" else harness.Client, port_b, "jdoe@a.test")
                harness.wait_for("both have theirs", lambda: a.count() == 1 and b.count() == 1)
                for g, domain, peer in (a, b"a.test", host), (b, b"b.test", OURS):
                    self.assertIn(b"for <jdoe@%s>" % domain, g.messages()[0])
                    self.assertIn(b"([%s])" % peer.replace("10.77.0.35", "10.77.0.36").encode(), g.messages()[0])
                a.stop()
                b.stop()


if __name__ == "__main__":
    harness.main()
