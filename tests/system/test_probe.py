"""probe over the transports of the host's own network, on a cable of their own: every layer that is good, and each that fails, with
its remedy pasted where that is a command."""

import os
import re
import subprocess
import unittest

import harness
from cable import Cable, Dropped
from names import A, Names

NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
VENDORS = [v for v in ("lmn", "xln") if os.path.isdir(os.path.join(harness.PLUGINS, v, ".libs"))]


@unittest.skipUnless(os.geteuid() == 0, "namespaces need root")
class Probe(harness.Case):
    def setUp(self):
        super().setUp()
        self.cable = Cable()
        self.addCleanup(self.cable.close)
        self.ini, self.vendor_line = "", ""

    def probe(self, status, layers, vendor="lmn", who=()):
        """Runs it and compares the layers that it told with patterns, in order, all of them. MAC stands for one."""
        g = self.gateway(prefix=self.cable.near.inside + list(who), ini=self.ini, vendor=self.vendor_line)
        done = g.command("probe", vendor)
        want = ["module +%s, .*" % vendor, "settings +good", "provider +the host's TCP/IP, .*: running, .*IPv4.*"] + layers
        text = done.stdout + done.stderr
        self.assertRegex(text, "^" + "\n".join(want).replace("MAC", "MAC ([0-9a-f]{2}:){5}[0-9a-f]{2}") + "\n$")
        self.assertEqual(done.returncode, status, text)
        self.assertFalse(os.path.exists(g.spool))
        return text

    LINK = "link +cable, MAC"
    ADDRESS = "address +10.78.0.2/24(, fe80::.*/64)?"
    FREE = "conflict +nobody else has it"
    GATEWAY = "gateway +10.78.0.1 answers, MAC"
    STARTED = ["start +it starts", "addresses .*10.78.0.2.*"]

    def names(self, **more):
        n = self.cable.far.enter(lambda: Names({("mx.far.test", A): [self.cable.FAR]}, host=self.cable.FAR, **more))
        self.addCleanup(n.close)
        return n

    def use(self, vendor, names, smart_host):
        self.vendor_line = "[vendor %s]\nname_server = 10.78.0.1:%d\n" % (vendor, names)
        self.ini = "[route out]\nvendor = %s\nsmart_host = %s\n" % (vendor, smart_host)

    def test_all_layers(self):
        sink = self.cable.sink()
        self.addCleanup(sink.close)
        names = self.names()
        for vendor in VENDORS:
            self.use(vendor, names.port, "mx.far.test:%d" % sink.port)
            self.probe(0, [self.LINK, self.ADDRESS, self.FREE, self.GATEWAY, *self.STARTED,
                           "names +10.78.0.1:%d answers" % names.port,
                           "host +route out, mx.far.test:%d: 220 sink.test ESMTP" % sink.port], vendor)

    def test_as_an_ordinary_user(self):
        self.probe(0, [self.LINK, self.ADDRESS, "conflict +not looked at: to ask the network needs root or CAP_NET_RAW",
                       "gateway +10.78.0.1 answers", *self.STARTED, "names +no route over it needs any"], who=NOBODY)
        self.cable.near.run(["ip", "route", "replace", "default", "via", "10.78.0.9"])
        self.probe(1, [self.LINK, self.ADDRESS, "conflict +not looked at.*", "gateway +10.78.0.9 does not answer",
                       "  remedy:  start that router, or: ip route replace default via ROUTER dev cable"], who=NOBODY)

    def test_no_carrier(self):
        self.cable.far.run(["ip", "link", "set", "cable", "down"])
        harness.wait_for("the kernel sees it", lambda: b"NO-CARRIER" in self.cable.near.run(
            ["ip", "link", "show", "dev", "cable"], stdout=subprocess.PIPE).stdout)
        self.probe(1, ["link +cable has no carrier: its cable is pulled, or the other end is down",
                       "  remedy:  ip link show cable"])

    def test_no_address(self):
        self.cable.near.run(["sysctl", "-qw", "net.ipv6.conf.cable.disable_ipv6=1"])
        self.cable.near.run(["ip", "address", "flush", "dev", "cable"])
        self.vendor_line = "[vendor lmn]\ndevice = cable\n"
        text = self.probe(1, [self.LINK, "address +cable has no address", "  remedy:  ip address add ADDRESS/BITS dev cable"])
        remedy = re.search("remedy: (.*)", text).group(1).replace("ADDRESS/BITS", "10.78.0.2/24")
        self.cable.near.run(["sh", "-c", remedy])
        self.probe(0, [self.LINK, self.ADDRESS, self.FREE, "gateway +none is set: only the networks of those addresses are reached",
                       *self.STARTED, "names .*"])

    def test_conflict(self):
        self.cable.far.run(["ip", "address", "add", "10.78.0.2/24", "dev", "cable"])
        for vendor in VENDORS:
            self.probe(1, [self.LINK, self.ADDRESS, "conflict +10.78.0.2 is in use by the host with MAC",
                           "  remedy:  give one of them another address: ip address show dev cable    # ours"], vendor)

    def test_conflict_by_ipv6(self):
        self.cable.far.run(["ip", "address", "add", "fd78::2/64", "dev", "cable", "nodad"])
        self.cable.near.run(["ip", "address", "add", "fd78::2/64", "dev", "cable"])
        harness.wait_for("the kernel sees it", lambda: b"dadfailed" in self.cable.near.run(
            ["ip", "-6", "address", "show", "dev", "cable"], stdout=subprocess.PIPE).stdout)
        self.probe(1, [self.LINK, "address .*fd78::2/64.*", "conflict +fd78::2 is in use by another host too", "  remedy: .*"])

    def test_silent_gateway(self):
        self.cable.near.run(["ip", "route", "replace", "default", "via", "10.78.0.9"])
        text = self.probe(1, [self.LINK, self.ADDRESS, self.FREE, "gateway +10.78.0.9 does not answer", "  remedy: .*"])
        remedy = re.search("or: (.*)", text).group(1).replace("ROUTER", "10.78.0.1")
        self.cable.near.run(["sh", "-c", remedy])
        self.probe(0, [self.LINK, self.ADDRESS, self.FREE, self.GATEWAY, *self.STARTED, "names .*"])

    def test_gateway_by_ipv6(self):
        self.cable.near.run(["ip", "route", "del", "default"])
        self.cable.near.run(["ip", "address", "add", "fd78::2/64", "dev", "cable", "nodad"])
        self.cable.far.run(["ip", "address", "add", "fd78::1/64", "dev", "cable", "nodad"])
        self.cable.near.run(["ip", "route", "add", "default", "via", "fd78::1"])
        self.probe(0, [self.LINK, "address .*", self.FREE, "gateway +fd78::1 answers", *self.STARTED, "names .*"])
        self.cable.near.run(["ip", "route", "replace", "default", "via", "fd78::9"])
        self.probe(1, [self.LINK, "address .*", self.FREE, "gateway +fd78::9 does not answer", "  remedy: .*"])

    def test_dead_name_server(self):
        silent, closed = self.names(silent=True), self.names()
        closed.close()
        self.use("lmn", silent.port, "mx.far.test:25")
        good = [self.LINK, self.ADDRESS, self.FREE, self.GATEWAY, *self.STARTED]
        remedy = r"  remedy:  start a name server there, or correct name_server in \[vendor lmn\]"
        self.probe(1, good + ["names +10.78.0.1:%d: no name server answered for the address of mx.far.test" % silent.port, remedy])
        self.use("lmn", closed.port, "mx.far.test:25")
        self.probe(1, good + ["names +10.78.0.1:%d: no name server .* the address of mx.far.test" % closed.port, remedy])
        working = self.names()  # one of two is enough
        self.vendor_line += "name_server = 10.78.0.1:%d\n" % working.port
        text = self.probe(1, good + ["names .*:%d: no name server .*" % closed.port, "names .*:%d answers" % working.port,
                                     "host .*mx.far.test:25: .*", "host .*mx.far.test:587: .*", "  remedy:  neither 25 nor .*"])
        self.assertIn("refused", text)

    def test_port_25_is_dropped_and_587_is_open(self):
        dropped = self.cable.far.enter(lambda: Dropped(self.cable.FAR, 25))
        self.addCleanup(dropped.close)
        sink = self.cable.sink(port=587)
        self.addCleanup(sink.close)
        self.ini = "[route out]\nsmart_host = 10.78.0.1\n"
        good = [self.LINK, self.ADDRESS, self.FREE, self.GATEWAY, *self.STARTED, "names +no route over it needs any"]
        text = self.probe(1, good + ["host +route out, 10.78.0.1:25: .*", "host +route out, 10.78.0.1:587: 220 sink.test ESMTP",
                                     "  remedy:  port 25 is closed on the way, 587 is open: smart_host = 10.78.0.1:587 in "
                                     r"\[route out\], with user and password"])
        self.ini = self.ini.replace("smart_host = 10.78.0.1", re.search(r"smart_host = \S+", text).group(0))
        self.probe(0, good + ["host +route out, 10.78.0.1:587: 220 sink.test ESMTP"])


if __name__ == "__main__":
    harness.main()
