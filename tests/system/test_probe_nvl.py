"""probe over nvl, on a virtual Ethernet and in loopback: every layer that is good, and each that fails."""

import os
import re
import socket
import subprocess
import unittest

import harness

OURS = "10.77.0.45"


class Probe(harness.Case):
    LINK = "link +vde://.* takes us, with MAC"
    ADDRESS = "address +10.77.0.45/24"
    FREE = "conflict +nobody else has it"
    GATEWAY = "gateway +10.77.0.1 answers, MAC"
    STARTED = ["start +it starts", "addresses +127.0.0.1 ::1 10.77.0.45", "names +no route over it needs any"]

    def probe(self, g, status, layers):
        done = g.command("probe")
        want = ["module +nvl, .*", "settings +good", "provider +a private Linux stack in its own network namespace: running.*"]
        want = "\n".join(want + layers).replace("MAC", "MAC ([0-9a-f]{2}:){5}[0-9a-f]{2}")
        text = done.stdout + done.stderr
        self.assertRegex(text, "^%s\n$" % want)
        self.assertEqual(done.returncode, status, text)
        return text


class Loopback(Probe):
    def test_all_layers(self):
        g = self.gateway(listen="vendor = nvl\n", gateway="vendor = nvl\n", vendor="[vendor nvl]\nnetwork = loopback\n")
        self.probe(g, 0, ["link +loopback: a network that ends at this process", "address +127.0.0.1, ::1",
                          "conflict +not looked for: nobody else is there",
                          "gateway +none is set: only that network is reached", "start +it starts", "addresses +127.0.0.1 ::1",
                          "names .*"])


@unittest.skipUnless(os.geteuid() == 0, "namespaces need root")
class Ethernet(Probe):
    def on_ethernet(self, more="gateway = 10.77.0.1\n"):
        self.net = self.network()
        return self.gateway(host=OURS, listen="vendor = nvl\n", gateway="vendor = nvl\n",
                            vendor="[vendor nvl]\nnetwork = %s\naddress = %s/24\n" % (self.net.url, OURS) + more)

    def test_all_layers(self):
        g = self.on_ethernet()
        sink = self.net.sink()
        self.addCleanup(sink.close)
        g.write(listen="vendor = nvl\n", gateway="vendor = nvl\n",
                vendor="[vendor nvl]\nnetwork = %s\naddress = %s/24\ngateway = 10.77.0.1\n" % (self.net.url, OURS),
                ini="[route out]\nvendor = nvl\nsmart_host = 10.77.0.1:%d\n" % sink.port)
        self.probe(g, 0, [self.LINK, self.ADDRESS, self.FREE, self.GATEWAY, *self.STARTED,
                          "host +route out, 10.77.0.1:%d: 220 sink.test ESMTP" % sink.port])

    def test_no_gateway(self):
        g = self.on_ethernet(more="")
        self.probe(g, 0, [self.LINK, self.ADDRESS, self.FREE, "gateway +none is set: only that network is reached",
                          *self.STARTED])

    def test_silent_gateway(self):
        g = self.on_ethernet(more="gateway = 10.77.0.9\n")
        self.probe(g, 1, [self.LINK, self.ADDRESS, self.FREE, "gateway +10.77.0.9 does not answer",
                          r"  remedy:  start that router, or correct gateway in \[vendor NAME\]"])

    def test_ipv6_alone(self):
        g = self.on_ethernet()
        g.write(gateway="vendor = nvl\n", listen="vendor = nvl\n",
                vendor="[vendor nvl]\nnetwork = %s\naddress = fd77::45/64\ngateway = fd77::1\n" % self.net.url)
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("address = %s:" % OURS, "address = [fd77::45]:"))
        self.probe(g, 0, [self.LINK, "address +fd77::45/64", "conflict +not looked for: there is no IPv4 address",
                          "gateway +fd77::1 is not asked", "start +it starts", "addresses +127.0.0.1 ::1 fd77::45",
                          "names .*"])

    def test_conflict(self):
        g = self.on_ethernet()
        self.net.run(["ip", "address", "add", OURS + "/32", "dev", "vde0"])
        text = self.probe(g, 1, [self.LINK, self.ADDRESS, "conflict +10.77.0.45 is in use by the host with MAC",
                                 r"  remedy:  give address in \[vendor NAME\] a free one"])
        other = self.net.run(["ip", "link", "show", "dev", "vde0"], stdout=subprocess.PIPE, text=True).stdout
        self.assertIn(re.search("MAC (.*)", text.split("conflict")[1]).group(1), other)

    def announced(self, ears):
        """Has anybody told the Ethernet where our address is (gratuitous ARP) since this was asked last?"""
        told = False
        while True:
            try:
                frame = ears.recv(2048)
            except BlockingIOError:
                return told
            told = told or frame[28:32] == frame[38:42] == socket.inet_aton(OURS)

    def test_a_running_gateway_is_left_alone(self):
        """Its MAC and addresses are built a second time, and nothing is heard of them until that network starts."""
        g = self.on_ethernet()
        ears = self.net.enter(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)))
        self.addCleanup(ears.close)
        ears.setblocking(False)
        g.start()
        harness.wait_for("it is announced", lambda: self.announced(ears))
        client = self.net.client(OURS, g.port)
        self.addCleanup(client.close)
        for _ in range(3):
            self.probe(g, 1, [self.LINK, self.ADDRESS,
                              "conflict +10.77.0.45 answers already, with our own MAC: the gateway is running",
                              "  remedy:  smtpgate status    # how it goes; to probe from here, first: smtpgate stop"])
            self.assertEqual(client.say("NOOP")[0], 250)
        self.assertEqual(g.command("vendors").returncode, 0)
        self.assertEqual(client.say("NOOP")[0], 250)
        self.assertFalse(self.announced(ears))
        self.assertEqual(g.command("stop").returncode, 0)
        g.process.wait(harness.LIMIT)
        self.probe(g, 0, [self.LINK, self.ADDRESS, self.FREE, self.GATEWAY, *self.STARTED])

    def test_no_switch(self):
        g = self.on_ethernet()
        self.net.cut()
        done = g.command("probe")
        self.assertEqual(done.returncode, 123, done.stdout)
        self.assertRegex(done.stdout, r"\nprovider .*: not running")
        self.assertRegex(done.stderr, "^socket error .123.\n.*\n  cause: .* died and left its files\n  remedy: rm -r ")


if __name__ == "__main__":
    harness.main()
