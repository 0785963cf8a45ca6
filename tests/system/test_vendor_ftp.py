"""Mail in and out over ftp, from and to a machine that shares nothing with the gateway but a virtual Ethernet: every byte, one
connection after another, many at once, IPv6, names, each kind of network, two gateways, and a pulled cable."""

import os
import re
import shutil
import socket
import subprocess

import harness
from names import A, MX, Names

HEADER = harness.HEADER
OURS, OURS6 = "10.77.0.25", "fd77::25"


class Ftp(harness.Case):
    def setUp(self):
        super().setUp()
        self.net, self.cables = self.network(), []

    def vendor(self, url=None, address="%s/24, %s/64" % (OURS, OURS6), more=""):
        return "[vendor ftp]\nnetwork = %s\naddress = %s\nrestart = 1s\n%s" % (url or self.net.url, address, more)

    def between(self, listen="", ini="", host=OURS, route="vendor = ftp\nsmart_host = 10.77.0.1:PORT\n", start=True, **more):
        """A gateway on that Ethernet, and its smart host there."""
        self.out = self.net.sink()
        self.addCleanup(self.out.close)
        more.setdefault("vendor", self.vendor())
        g = self.gateway(host=host, gateway="vendor = ftp\n",
                         listen="vendor = ftp\nrelay_from = 10.77.0.0/24, fd77::/64\nmax_connections_client = 700\n" + listen,
                         ini="[route out]\nretry = 1s\n" + route.replace("PORT", str(self.out.port)) + ini, **more)
        return g.start() if start else g

    def client(self, g, host=OURS):
        c = self.net.client(host, g.port)
        self.addCleanup(c.close)
        return c

    def accepted(self, g, to=("jdoe@example.test",), text=HEADER + b"text\r\n", host=OURS):
        reply = self.client(g, host).send(text, list(to))
        self.assertEqual(reply[0], 250, reply)

    def delivered(self, count=1):
        harness.wait_for("%d at the smart host" % count, lambda: self.out.count() == count, harness.LIMIT * 2)

    def kept(self, g, count=1):
        harness.wait_for("%d in the mailbox" % count, lambda: g.count() == count)

    # ---- every byte

    def test_25_mib_both_ways(self):
        g = self.between()
        content = HEADER + (os.urandom(60).hex().encode() + b"\r\n") * (25 * 1024 * 1024 // 122)
        before = self.net.counted()
        self.accepted(g, ["jdoe@example.test", "far@remote.test"], content)
        self.delivered()
        self.kept(g)
        self.assertTrue(self.out.messages[0]["data"].endswith(content))
        self.assertTrue(g.messages()[0].endswith(content.replace(b"\r\n", b"\n")))
        self.assertIn(b"([10.77.0.1])", self.out.messages[0]["data"][:500])  # the true client
        self.assertGreater(self.net.counted() - before, 2 * len(content))    # it went by that cable, twice
        g.stop()

    def pour(self, g, count, sessions):
        done = self.net.run([harness.peer("smtp-source"), "-s", str(sessions), "-m", str(count), "-l", "2000", "-f",
                             "me@client.test", "-t", "jdoe@example.test", "%s:%d" % (OURS, g.port)], check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=harness.LIMIT * 5)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.kept(g, count)

    def test_thousand_one_after_another(self):
        g = self.between()
        self.pour(g, 1000, 1)
        g.stop()

    def test_three_hundred_at_once(self):
        g = self.between()
        self.pour(g, 600, 300)
        g.stop()

    def test_no_socket_of_the_machine(self):
        """strace sees each socket that the process makes: none is of a family that could carry mail."""
        trace = os.path.join(self.net.folder, "trace")
        g = self.between(start=False)
        g.start(wrapper=["strace", "-f", "-qq", "-e", "trace=socket,connect,bind", "-o", trace])
        self.accepted(g, ["jdoe@example.test", "far@remote.test"])
        self.delivered()
        self.kept(g)
        self.assertEqual(g.command("stop").returncode, 0)
        g.process.wait(harness.LIMIT)
        with open(trace) as f:
            calls = f.read()
        self.assertIn("socket(AF_UNIX", calls)  # the switch's, so it was traced
        self.assertEqual(re.findall(r".*AF_(?:INET|PACKET|NETLINK).*", calls), [])

    def test_ipv6(self):
        six = self.net.sink(host="fd77::1", family=socket.AF_INET6)
        self.addCleanup(six.close)
        g = self.between(route="vendor = ftp\nsmart_host = [fd77::1]:" + str(six.port) + "\n", host="[%s]" % OURS6)
        self.accepted(g, ["jdoe@example.test", "far@remote.test"], host=OURS6)
        harness.wait_for("the copy there", lambda: six.count() == 1)
        self.assertIn(b"[IPv6:fd77::1]", six.messages[0]["data"][:500])
        self.kept(g)
        g.stop()

    def test_names_by_its_own_datagrams(self):
        """The name server is on that network alone. Port 25 of its machine is the namespace's."""
        names = self.net.enter(lambda: Names({("far.test", MX): [(10, "mx.far.test")], ("mx.far.test", A): ["10.77.0.1"]},
                                             host="10.77.0.1"))
        self.addCleanup(names.close)
        far = self.net.sink(port=25)
        self.addCleanup(far.close)
        g = self.between(route="vendor = ftp\nsmart_host = mx\n",
                         vendor=self.vendor(more="name_server = 10.77.0.1:%d\n" % names.port))
        self.accepted(g, ["b@far.test"])
        harness.wait_for("the message", lambda: far.count() == 1)
        self.assertIn(("far.test", MX), names.asked)
        self.assertEqual(names.by_tcp, 0)
        g.stop()

    # ---- from network to network

    def test_a_host_whose_only_neighbour_is_the_gateway(self):
        """In over lwIP, out over the machine's own TCP/IP."""
        provider = self.sink()
        g = self.between(route="vendor = lmn\nsmart_host = 127.0.0.1:%d\n" % provider.port)
        self.accepted(g, ["far@remote.test"])
        harness.wait_for("the provider's copy", lambda: provider.count() == 1)
        g.stop()

    def test_two_gateways(self):
        """Each with its own lwIP on the one Ethernet; they exchange mail both ways, and no machine's TCP/IP is between."""
        both = [self.gateway(host=ours, gateway="vendor = ftp\n", listen="vendor = ftp\nrelay_from = 10.77.0.1\n",
                             postoffice="domain = %s.test\n" % name, vendor=self.vendor(address=ours + "/24"),
                             ini="[route out]\nvendor = ftp\nretry = 1s\nsmart_host = %s:2525\n" % theirs).start()
                for ours, name, theirs in ((OURS, "one", "10.77.0.26"), ("10.77.0.26", "two", OURS))]
        self.accepted(both[0], ["jdoe@two.test"], host=both[0].host)
        self.accepted(both[1], ["jdoe@one.test"], host=both[1].host)
        for g in both:
            self.kept(g)
            g.stop()

    def plug(self, *urls, inside=True):
        """A cable between two networks, in the namespace or here."""
        start = self.net.popen if inside else subprocess.Popen
        cable = start(["vde_plug", *urls], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.cables.append(cable)
        if not inside:
            self.addCleanup(lambda: (cable.kill(), cable.wait(harness.LIMIT)))

    def both_ways(self, g):
        self.accepted(g, ["jdoe@example.test", "far@remote.test"])
        self.delivered()
        self.kept(g)
        g.stop()

    def test_udp(self):
        """Point to point to the switch, by UDP of the machine."""
        ours, theirs = harness.free_port(), harness.free_port()
        g = self.between(vendor=self.vendor("udp://%d->127.0.0.1:%d" % (ours, theirs)))
        harness.wait_for("a way by UDP", lambda: self.reaches(g, "udp://%d->127.0.0.1:%d" % (theirs, ours), self.net.url))
        self.both_ways(g)

    def reaches(self, g, *urls):
        """A plug ends at the first frame that nobody takes at the other end, so it is put in until the way stands."""
        if not self.cables or self.cables[-1].poll() is not None:
            self.plug(*urls, inside=False)
        try:
            self.client(g).close()
            return True
        except OSError:
            return False

    def test_switch(self):
        """The gateway is the switch: others plug into it."""
        place = os.path.join(self.net.folder, "ours")
        g = self.between(vendor=self.vendor("switch://" + place))
        self.plug("vde://" + place, self.net.url, inside=False)
        self.both_ways(g)

    def test_tap(self):
        """A device of the machine that the gateway runs on, which is the namespace here."""
        self.net.run(["ip", "tuntap", "add", "dev", "tap7", "mode", "tap"])
        self.net.run(["ip", "address", "add", "10.78.0.1/24", "dev", "tap7"])
        self.net.run(["ip", "link", "set", "tap7", "up"])
        self.out = self.net.sink(host="10.78.0.1")
        self.addCleanup(self.out.close)
        g = self.gateway(host="10.78.0.25", gateway="vendor = ftp\n", listen="vendor = ftp\nrelay_from = 10.78.0.1\n",
                         vendor=self.vendor("tap://tap7", "10.78.0.25/24"), prefix=self.net.inside,
                         ini="[route out]\nvendor = ftp\nsmart_host = 10.78.0.1:%d\n" % self.out.port).start()
        self.accepted(g, ["jdoe@example.test", "far@remote.test"], host="10.78.0.25")
        self.delivered()
        self.net.run(["ip", "link", "set", "tap7", "down"])
        harness.wait_for("ftp is down", lambda: "down" in g.command("status").stdout)
        self.net.run(["ip", "link", "set", "tap7", "up"])
        harness.wait_for("ftp is back", lambda: {s["name"]: s["state"] for s in g.json("status")["stacks"]}["ftp"] == "up")
        self.accepted(g, host="10.78.0.25")
        self.kept(g, 2)
        g.stop()

    # ---- trouble

    def test_the_cable_is_pulled(self):
        lmn = harness.free_port()
        g = self.between(ini="[listen lo]\nvendor = lmn\naddress = 127.0.0.1:%d\n" % lmn)
        c = self.client(g)
        for line in "EHLO client.test", "MAIL FROM:<me@client.test>", "RCPT TO:<jdoe@example.test>", "DATA":
            self.assertLess(c.say(line)[0], 400)
        c.raw(HEADER + b"half of it\r\n")
        self.net.cut()
        harness.wait_for("ftp is down", lambda: "down" in g.command("status").stdout)
        harness.wait_for("its next try names the cause", lambda: "the switch at %s died" % self.net.dir in g.log())
        with harness.Client("127.0.0.1", lmn) as other:  # others go on; what leaves over ftp waits
            self.assertEqual(other.send(HEADER + b"kept\r\n", ["far@remote.test", "jdoe@example.test"])[0], 250)
        self.kept(g)
        self.assertEqual(self.out.count(), 0)
        shutil.rmtree(self.net.dir)
        self.net.mend()
        self.delivered()
        self.accepted(g)
        self.kept(g, 2)  # and no part of the broken one
        g.stop()

    def test_nothing_behind_it_is_reached(self):
        """lwIP as it is packaged is a router. Ours takes what is for itself."""
        g = self.between()
        secret = self.sink()  # on the machine's 127.0.0.1
        probe = ("import socket,sys\ns=socket.socket();s.settimeout(3)\n"
                 "try: s.connect((sys.argv[1],int(sys.argv[2])));print('open')\nexcept OSError as e: print('shut')")
        self.net.run(["ip", "route", "add", "default", "via", OURS])
        for host in OURS, "192.0.2.1":
            done = self.net.run(["/usr/bin/python3", "-c", probe, host, str(secret.port)], stdout=subprocess.PIPE, text=True)
            self.assertEqual(done.stdout, "shut\n", host)
        self.assertEqual(secret.sessions, 0)
        self.assertEqual(self.client(g).say("NOOP")[0], 250)  # and it still serves
        g.stop()


if __name__ == "__main__":
    harness.main()
