"""Several TCP/IPs in one process: what comes in by a virtual Ethernet, over ftp, win and nvl, leaves over the host's own, lmn and xln; and
what comes in by lmn leaves by each of them. One is lost and the others go on."""

import os
import unittest

import harness

HEADER = harness.HEADER
INSIDE = {"ftp": "10.77.0.25", "win": "10.77.0.35", "nvl": "10.77.0.45"}
SETTINGS = {"ftp": "address = 10.77.0.25/24\n", "win": "address = 10.77.0.35/24\nsource = 10.77.0.36\n",
            "nvl": "address = 10.77.0.45/24\n"}


def built(code):
    """As a module or inside the program."""
    return os.path.exists(os.path.join(harness.PLUGINS, code, code + ".la"))


class Twice(harness.Case):
    """Two TCP/IPs with one address on one network: the second is refused, and both are named."""

    def test_each_pair(self):
        net = "switch://%s/net" % self.gateway().folder
        one = {"ftp": "address = 10.77.0.25/24, fd77::25/64\n", "nvl": "address = 10.77.0.9/24, fd77::25/64\n",
               "win": "address = 10.77.0.8/24\nsource = 10.77.0.25\nsource6 = fd77::25/64\n"}
        both = {("ftp", "win"): "source = 10.77.0.25", ("win", "ftp"): "address = 10.77.0.25", ("nvl", "win"): "source6 = fd77::25",
                ("nvl", "nvl"): "address = 10.77.0.9", ("ftp", "nvl"): "address = fd77::25", ("win", "win"): "address = 10.77.0.8",
                ("ftp", "ftp"): "address = 10.77.0.25"}
        for (first, second), what in both.items():
            if not built(first) or not built(second):
                continue
            # the same plugin twice: other settings, or they would be one host
            more = {"win": "name_server = 10.77.0.1\ngateway = 10.77.0.1\n", "ftp": "mtu = 1400\n", "nvl": ""}[second]
            vendor = "".join("[vendor %s]\nplugin = %s\nrequired = yes\nnetwork = %s\n%s" % (name, code, net, one[code] + settings)
                             for name, code, settings in (("one", first, ""), ("two", second, more)))
            g = self.gateway(vendor=vendor, ini="".join("[route %s]\nvendor = %s\nsmart_host = 10.77.0.1\n" % (name, name)
                                                        for name in ("one", "two")))
            with self.subTest(first=first, second=second):
                want = r"%s of \[vendor two\] is that of \[vendor one\] on %s\n" % (what, net)
                done = g.command("check")
                self.assertRegex(done.stdout + done.stderr, want)
                self.assertEqual(done.returncode, 78)
                done = g.command("run")
                self.assertEqual(done.returncode, 123, done.stderr)
                self.assertRegex(done.stderr, "cause:  bad settings: " + want)
                self.assertIn("remedy: give [vendor two] an address of its own on that network\n", done.stderr)


@unittest.skipUnless(os.geteuid() == 0, "namespaces need root")
class Mixed(harness.Case):
    def setUp(self):
        super().setUp()
        self.net = self.network()
        self.here = {code: self.sink() for code in ("lmn", "xln") if built(code)}
        self.there = {code: self.net.sink() for code in INSIDE if built(code)}
        for sink in self.there.values():
            self.addCleanup(sink.close)
        self.ports = {code: harness.free_port() for code in self.there}

    def start(self):
        """lmn for [listen lan]; each code has a domain CODE.test whose mail leaves over it."""
        vendor = "".join("[vendor %s]\nnetwork = %s\nrestart = 1s\n%s" % (code, self.net.url, SETTINGS[code]) for code in self.there)
        listeners = "".join("[listen %s]\nvendor = %s\naddress = %s:%d\nrelay_from = 10.77.0.1\n" %
                            (code, code, INSIDE[code], self.ports[code]) for code in self.there)
        routes = "".join("[route %s]\nmatch = %s.test\nvendor = %s\nretry = 1s\nsmart_host = %s:%d\n" %
                         (code, code, code, sink.host, sink.port) for code, sink in [*self.here.items(), *self.there.items()])
        g = self.gateway(vendor=vendor, ini=listeners + routes).start()
        for code in [*self.here, *self.there]:
            harness.wait_for("%s is up" % code, lambda: "%s transport up" % code in g.log())
        for code in self.there:
            harness.wait_for("%s listens" % code, lambda: "listener open name=%s" % code in g.log())
        return g

    def inward(self, code, to):
        with self.net.client(INSIDE[code], self.ports[code]) as c:
            reply = c.send(HEADER + b"by %s\r\n" % code.encode(), to)
            self.assertEqual(reply[0], 250, (code, reply))

    def arrived(self, sink, count):
        harness.wait_for("%d at the smart host" % count, lambda: sink.count() == count, harness.LIMIT * 2)

    def test_from_each_to_each(self):
        g = self.start()
        for n, code in enumerate(self.there, 1):
            self.inward(code, ["a@%s.test" % out for out in self.here])
            for sink in self.here.values():
                self.arrived(sink, n)
                self.assertTrue(sink.messages[-1]["data"].endswith(b"by %s\r\n" % code.encode()))
                self.assertIn(b"([10.77.0.1])", sink.messages[-1]["data"][:500])
        self.assertEqual(g.send(HEADER, to=["a@%s.test" % code for code in self.there])[0], 250)
        for sink in self.there.values():
            self.arrived(sink, 1)
        g.stop()

    def test_one_network_is_lost(self):
        """What needs it waits, what comes and leaves by the host's own goes on."""
        g = self.start()
        self.net.cut()
        for code in self.there:
            harness.wait_for("%s is lost" % code, lambda: "vendor down name=%s" % code in g.log())
        everybody = ["a@%s.test" % code for code in [*self.there, *self.here]]
        self.assertEqual(g.send(HEADER, to=everybody)[0], 250)
        for sink in self.here.values():
            self.arrived(sink, 1)
        self.assertEqual([sink.count() for sink in self.there.values()], [0] * len(self.there))
        self.net.run(["rm", "-r", self.net.dir])
        self.net.mend()
        for code, sink in self.there.items():
            harness.wait_for(lambda: "what waited for %s\n%s" % (code, g.log()[-6000:]), sink.count, harness.LIMIT * 2)
        g.stop()


if __name__ == "__main__":
    harness.main()
