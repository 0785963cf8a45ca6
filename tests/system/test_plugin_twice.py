"""One plugin twice in a gateway, under two names: each has its own settings, listener and route, and mail goes from any to any.
test_vendor_nvl.py has nvl so. And one listener that several threads of one vendor serve, as lwIP and libslirp know no threads."""

import os
import socket
import unittest

import harness

HOSTS = {"retro": "10.77.0.35", "newer": "10.77.0.65"}
SOURCES = {"retro": "10.77.0.36", "newer": "10.77.0.66"}


def reached(net):
    try:
        return net.client("10.77.0.25", 25)
    except OSError:
        return None


class Twice(harness.Case):
    def start(self, plugin, keys, addresses, sinks):
        """keys, addresses, sinks: of each name its settings, where it listens, its smart host."""
        vendor = "".join("[vendor %s]\nplugin = %s\n%s" % (n, plugin, keys[n]) for n in keys)
        ini = "".join("[listen %s]\nvendor = %s\naddress = %s\nrelay_from = 0.0.0.0/0\n" % (n, n, addresses[n]) for n in keys)
        ini += "".join("[route %s]\nmatch = %s.test\nvendor = %s\nsmart_host = %s:%d\n" % (n, n, n, s.host, s.port)
                       for n, s in sinks.items())
        g = self.gateway(vendor=vendor, ini=ini).start()
        want = dict({n: (plugin, "up") for n in keys}, lmn=("lmn", "up"))
        harness.wait_for("all are up", lambda: {s["name"]: (s["code"], s["state"]) for s in g.json("status")["stacks"]} == want)
        for n in keys:
            harness.wait_for("%s listens" % n, lambda: "listener open name=%s" % n in g.log())
        return g

    def all_ways(self, g, clients, sinks):
        """One message in by each name, out by both."""
        for name, connect in clients.items():
            with connect() as c:
                reply = c.send(harness.HEADER + b"by %s\r\n" % name.encode(), ["jdoe@%s.test" % out for out in sinks])
                self.assertEqual(reply[0], 250, reply)
        for name, sink in sinks.items():
            harness.wait_for("both messages over " + name, lambda s=sink: s.count() == 2, harness.LIMIT * 2)
            self.assertEqual({m["data"].split()[-1].decode() for m in sink.messages}, set(clients))
        taken = [e["listener"] for _, e in sorted(g.history().items())]
        self.assertEqual(taken, list(clients))  # each by its own listener

    @unittest.skipUnless(os.geteuid() == 0, "namespaces and switches are root's to make")
    def test_win(self):
        net = self.network()
        sinks = {n: net.sink() for n in HOSTS}
        for sink in sinks.values():
            self.addCleanup(sink.close)
        g = self.start("win", {n: "network = %s\naddress = %s/24\nsource = %s\n" % (net.url, HOSTS[n], SOURCES[n]) for n in HOSTS},
                       {n: HOSTS[n] + ":25" for n in HOSTS}, sinks)
        self.all_ways(g, {n: lambda n=n: net.client(HOSTS[n], 25) for n in HOSTS}, sinks)
        for name, sink in sinks.items():  # what leaves has the address of its own stack
            self.assertEqual({m["peer"][0] for m in sink.messages}, {SOURCES[name]})
        g.stop()

    @unittest.skipUnless(os.geteuid() == 0, "namespaces and switches are root's to make")
    def test_ftp_on_one_network(self):
        net = self.network()
        sinks = {n: net.sink() for n in HOSTS}
        for sink in sinks.values():
            self.addCleanup(sink.close)
        g = self.start("ftp", {n: "network = %s\naddress = %s/24\n" % (net.url, HOSTS[n]) for n in HOSTS},
                       {n: "*:25" for n in HOSTS}, sinks)
        self.all_ways(g, {n: lambda n=n: net.client(HOSTS[n], 25) for n in HOSTS}, sinks)
        for name, sink in sinks.items():
            self.assertEqual({m["peer"][0] for m in sink.messages}, {HOSTS[name]})
        g.stop()

    @unittest.skipUnless(os.geteuid() == 0, "namespaces and switches are root's to make")
    def test_ftp_on_two_networks_of_the_same_addresses(self):
        """Both have 10.77.0.25, and 10.77.0.1 for a neighbour: lwIP's two interfaces must see nothing of each other."""
        nets = {n: self.network() for n in HOSTS}
        sinks = {n: net.sink() for n, net in nets.items()}
        for sink in sinks.values():
            self.addCleanup(sink.close)
        g = self.start("ftp", {n: "network = %s\naddress = 10.77.0.25/24\nrestart = 1s\n" % net.url for n, net in nets.items()},
                       {n: "10.77.0.25:25" for n in HOSTS}, sinks)
        self.all_ways(g, {n: lambda net=net: net.client("10.77.0.25", 25) for n, net in nets.items()}, sinks)
        for net in nets.values():  # a stranger's port is closed: by a reset, on the network that asked
            with self.assertRaises(ConnectionRefusedError):
                net.client("10.77.0.25", 26)
        harness.wait_for("all is noted", lambda: not g.queue())
        nets["retro"].cut()
        harness.wait_for("one is lost", lambda: {s["name"]: s["state"] for s in g.json("status")["stacks"]}["retro"] == "down")
        with nets["newer"].client("10.77.0.25", 25) as c:
            self.assertEqual(c.send(harness.HEADER + b"while\r\n", ["jdoe@newer.test"])[0], 250)
        harness.wait_for("the other goes on", lambda: sinks["newer"].count() == 3)
        nets["retro"].mend()
        harness.wait_for("it is back", lambda: {s["name"]: s["state"] for s in g.json("status")["stacks"]}["retro"] == "up")
        with harness.wait_for("it listens", lambda: reached(nets["retro"])) as c:
            self.assertEqual(c.send(harness.HEADER + b"after\r\n", ["jdoe@retro.test"])[0], 250)
        harness.wait_for("mail over it", lambda: sinks["retro"].count() == 3)
        g.stop()

    @unittest.skipUnless(os.geteuid() == 0, "namespaces and switches are root's to make")
    def test_one_address_twice(self):
        """Two hosts of one address on one network: refused, and both sections are named. With equal settings they are one."""
        net = self.network()
        ftp, win = "address = 10.77.0.35/24\n", "address = 10.77.0.35/24\nsource = 10.77.0.36\n"
        win6 = "source6 = fd77::36/64\n"
        cases = [
            ("ftp", ftp, ftp + "mtu = 1400\n", "address = 10.77.0.35"),
            ("ftp", ftp, ftp + "hostname = other\n", "address = 10.77.0.35"),
            ("ftp", ftp + "address = fd77::35/64\n", "address = 10.77.0.65/24, fd77::35/64\n", "address = FD77::35"),
            ("ftp", ftp + "mac = 02:00:00:00:00:25\n", "address = 10.77.0.65/24\nmac = 02:00:00:00:00:25\n",
             "mac = 02:00:00:00:00:25"),
            ("win", win, win + "gateway = 10.77.0.1\n", "address = 10.77.0.35"),
            ("win", win, "address = 10.77.0.65/24\nsource = 10.77.0.35\n", "source = 10.77.0.35"),
            ("win", win + win6, "address = 10.77.0.65/24\nsource = 10.77.0.66\n" + win6, "source6 = fd77::36"),
        ]
        for plugin, one, two, told in cases:
            with self.subTest(plugin + ": " + two):
                vendor = "".join("[vendor %s]\nplugin = %s\nrequired = yes\nnetwork = %s\n%s" % (n, plugin, net.url, keys)
                                 for n, keys in (("retro", one), ("newer", two)))
                ini = "".join("[route %s]\nmatch = %s.test\nvendor = %s\nsmart_host = 10.77.0.1\n" % (n, n, n) for n in HOSTS)
                g = self.gateway(vendor=vendor, ini=ini)
                r = g.command("run")
                self.assertEqual(r.returncode, 123, r.stderr)
                self.assertIn("bad settings: " + told.lower(), r.stderr.lower())
                self.assertIn("[vendor retro]", r.stderr)
                self.assertIn("[vendor newer]", r.stderr)
        for plugin, keys in (("ftp", ftp), ("win", win)):
            with self.subTest(plugin + ", equal"):
                sink = net.sink()
                self.addCleanup(sink.close)
                same = "network = %s\n%s" % (net.url, keys)
                g = self.start(plugin, {n: same for n in HOSTS}, {n: "10.77.0.35:%d" % p for n, p in zip(HOSTS, (25, 26))},
                               {"retro": sink})
                with net.client("10.77.0.35", 26) as c:
                    self.assertEqual(c.send(harness.HEADER + b"equal\r\n", ["jdoe@retro.test"])[0], 250)
                harness.wait_for("it is sent", lambda: sink.count() == 1)
                g.reload()
                self.assertEqual({s["state"] for s in g.json("status")["stacks"]}, {"up"})
                g.stop()

    def test_lmn_and_xln(self):
        """Of the host's address each has the port, and what leaves the source, of its own."""
        sources = {"retro": "127.0.0.2", "newer": "127.0.0.3"}
        for plugin in "lmn", "xln":
            with self.subTest(plugin):
                sinks = {n: self.sink() for n in sources}
                ports = {n: harness.free_port() for n in sources}
                keys = {n: "source = %s\n" % s if plugin == "lmn" else "" for n, s in sources.items()}
                g = self.start(plugin, keys, {n: "127.0.0.1:%d" % p for n, p in ports.items()}, sinks)
                self.all_ways(g, {n: lambda p=p: harness.Client("127.0.0.1", p) for n, p in ports.items()}, sinks)
                for name, sink in sinks.items():
                    self.assertEqual({m["peer"][0] for m in sink.messages},
                                     {sources[name] if plugin == "lmn" else "127.0.0.1"})
                g.stop()


@unittest.skipUnless(os.geteuid() == 0, "namespaces and switches are root's to make")
class Threads(harness.Case):
    """One listener that four threads of one vendor serve, each of which sends mail out as well."""

    def served(self, vendor, keys, host, to="10.77.0.1"):
        net = self.network()
        out = net.sink(host=to, family=socket.AF_INET6 if ":" in to else socket.AF_INET)
        self.addCleanup(out.close)
        g = self.gateway(host=host, gateway="vendor = %s\n" % vendor,
                         vendor="[vendor %s]\nnetwork = %s\nrestart = 1s\n%s" % (vendor, net.url, keys),
                         listen="vendor = %s\nthreads = 4\nmax_connections_client = 200\nrelay_from = 10.77.0.0/24\n" % vendor,
                         ini="[route out]\nretry = 1s\nvendor = %s\nsmart_host = %s:%d\n"
                         % (vendor, "[%s]" % to if ":" in to else to, out.port)).start()
        harness.wait_for("each thread's listener", lambda: g.log().count("listener open") == 4)
        clients = [net.client(host, g.port) for _ in range(60)]
        for c in clients:
            self.addCleanup(c.close)
        for c in clients:
            self.assertEqual(c.send(harness.HEADER + b"thread\r\n", ["jdoe@example.test", "far@remote.test"])[0], 250)
        harness.wait_for("all are kept", lambda: g.count() == 60, harness.LIMIT * 2)
        harness.wait_for("all are sent", lambda: out.count() == 60, harness.LIMIT * 2)
        self.assertEqual(sorted(g.history()), list(range(1, 61)))
        harness.wait_for("all is noted", lambda: not g.queue())
        net.cut()
        harness.wait_for("it is lost", lambda: g.json("status")["stacks"][0]["state"] == "down")
        net.mend()
        harness.wait_for("each thread listens again", lambda: g.log().count("listener open") >= 8)
        with net.client(host, g.port) as c:
            self.assertEqual(c.send(harness.HEADER + b"again\r\n", ["far@remote.test"])[0], 250)
        harness.wait_for("that is sent", lambda: out.count() == 61)
        g.stop()

    def test_ftp(self):
        self.served("ftp", "address = 10.77.0.25/24, fd77::25/64\n", "10.77.0.25")

    def test_win(self):
        self.served("win", "address = 10.77.0.35/24\nsource = 10.77.0.36\n", "10.77.0.35")

    def test_win_that_sends_by_ipv6(self):
        self.served("win", "address = 10.77.0.35/24\nsource = 10.77.0.36\nsource6 = fd77::36/64\n", "10.77.0.35", "fd77::1")


if __name__ == "__main__":
    harness.main()
