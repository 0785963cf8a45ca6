"""probe over win, on a virtual Ethernet: every layer that is good, and each that fails."""

import os
import re
import subprocess
import unittest

import harness
from cable import Dropped
from names import A, Names

OURS, SOURCE = "10.77.0.35", "10.77.0.36"


@unittest.skipUnless(os.geteuid() == 0, "namespaces need root")
class ProbeWin(harness.Case):
    LINK = "link +vde://.* takes us, with MAC"
    ADDRESS = "address +10.77.0.35, connections come from 10.77.0.36"
    FREE = "conflict +nobody else has them"
    GATEWAY = "gateway +10.77.0.1 answers, MAC"
    STARTED = ["start +it starts", "addresses +10.77.0.35 10.77.0.36"]

    def setUp(self):
        super().setUp()
        self.net = self.network()
        self.ini, self.more = "", "gateway = 10.77.0.1\n"

    def make(self):
        return self.gateway(host=OURS, listen="vendor = win\n", gateway="vendor = win\n", ini=self.ini, vendor=(
            "[vendor win]\nnetwork = %s\naddress = %s/24\nsource = %s\n" % (self.net.url, OURS, SOURCE) + self.more))

    def probe(self, status, layers, g=None):
        g = g or self.make()
        done = g.command("probe")
        want = ["module +win, .*", "settings +good", "provider +the 4.4BSD TCP of libslirp: running, .*"] + layers
        text = done.stdout + done.stderr
        self.assertRegex(text, "^" + "\n".join(want).replace("MAC", "MAC ([0-9a-f]{2}:){5}[0-9a-f]{2}") + "\n$")
        self.assertEqual(done.returncode, status, text)
        return text

    def at_far(self, make):
        thing = self.net.enter(make)
        self.addCleanup(thing.close)
        return thing

    def test_all_layers(self):
        sink = self.at_far(lambda: harness.Sink(host="10.77.0.1"))
        names = self.at_far(lambda: Names({("mx.far.test", A): ["10.77.0.1"]}, host="10.77.0.1"))
        self.more += "name_server = 10.77.0.1:%d\n" % names.port
        self.ini = "[route out]\nvendor = win\nsmart_host = mx.far.test:%d\n" % sink.port
        self.probe(0, [self.LINK, self.ADDRESS, self.FREE, self.GATEWAY, *self.STARTED,
                       "names +10.77.0.1:%d answers by TCP" % names.port,
                       "host +route out, mx.far.test:%d: 220 sink.test ESMTP" % sink.port])
        self.more = ""
        self.probe(1, [self.LINK, self.ADDRESS, self.FREE, "gateway +none is set: only hosts of that network are reached",
                       *self.STARTED, "names .*", "  remedy:  name_server = ADDRESS in .*"])

    def test_conflict(self):
        self.net.run(["ip", "address", "add", SOURCE + "/32", "dev", "vde0"])
        text = self.probe(1, [self.LINK, self.ADDRESS, "conflict +10.77.0.36 is in use by the host with MAC",
                              r"  remedy:  give one of them another address: address and source in \[vendor NAME\]"])
        other = self.net.run(["ip", "link", "show", "dev", "vde0"], stdout=subprocess.PIPE, text=True).stdout
        self.assertIn(re.search("MAC (.*)", text.split("conflict")[1]).group(1), other)

    def test_a_running_gateway_is_left_alone(self):
        g = self.make().start()
        client = self.net.client(OURS, g.port)
        self.addCleanup(client.close)
        self.probe(1, [self.LINK, self.ADDRESS, "conflict +10.77.0.35 answers already, with our own MAC: the gateway is running",
                       "  remedy:  smtpgate status    # how it goes; to probe from here, first: smtpgate stop"], g)
        self.assertEqual(client.say("NOOP")[0], 250)
        self.assertEqual(g.command("stop").returncode, 0)
        g.process.wait(harness.LIMIT)
        self.probe(0, [self.LINK, self.ADDRESS, self.FREE, self.GATEWAY, *self.STARTED, "names .*"], g)

    def test_silent_gateway(self):
        self.more = "gateway = 10.77.0.9\n"
        self.probe(1, [self.LINK, self.ADDRESS, self.FREE, "gateway +10.77.0.9 does not answer",
                       r"  remedy:  start that router, or correct gateway in \[vendor NAME\]"])

    def test_no_switch(self):
        self.net.cut()
        done = self.make().command("probe")
        self.assertEqual(done.returncode, 123, done.stdout)
        self.assertRegex(done.stdout, r"\nprovider .*: not running")
        self.assertRegex(done.stderr, "^socket error .123.\n.*\n  cause: .* died and left its files\n  remedy: rm -r ")

    def test_dead_name_server(self):
        silent = self.at_far(lambda: Names({}, host="10.77.0.1", silent=True))
        silent.close()
        self.more += "name_server = 10.77.0.1:%d\n" % silent.port
        self.ini = "[route out]\nvendor = win\nsmart_host = mx.far.test\n"
        self.probe(1, [self.LINK, self.ADDRESS, self.FREE, self.GATEWAY, *self.STARTED,
                       "names +10.77.0.1:%d: no name server .* the address of mx.far.test" % silent.port,
                       r"  remedy:  start a name server there, or correct name_server in \[vendor win\]"])

    def test_port_25_is_dropped_and_587_is_open(self):
        self.at_far(lambda: Dropped("10.77.0.1", 25))
        self.at_far(lambda: harness.Sink(host="10.77.0.1", port=587))
        self.ini = "[route out]\nvendor = win\nsmart_host = 10.77.0.1\n"
        self.probe(1, [self.LINK, self.ADDRESS, self.FREE, self.GATEWAY, *self.STARTED, "names .*",
                       "host +route out, 10.77.0.1:25: .*", "host +route out, 10.77.0.1:587: 220 sink.test ESMTP",
                       "  remedy:  port 25 is closed on the way, 587 is open: smart_host = 10.77.0.1:587 in .*"])


if __name__ == "__main__":
    harness.main()
