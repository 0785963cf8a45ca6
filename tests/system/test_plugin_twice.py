"""One plugin twice in a gateway, under two names: each has its own settings, listener and route, and mail goes from any to any.
test_vendor_nvl.py has nvl so; lwIP, which ftp is made of, is there once (test_ftp_socket_error.py)."""

import os
import unittest

import harness

HOSTS = {"retro": "10.77.0.35", "newer": "10.77.0.65"}
SOURCES = {"retro": "10.77.0.36", "newer": "10.77.0.66"}


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

    def all_ways(self, clients, sinks):
        """One message in by each name, out by both."""
        for name, connect in clients.items():
            with connect() as c:
                reply = c.send(harness.HEADER + b"by %s\r\n" % name.encode(), ["jdoe@%s.test" % out for out in sinks])
                self.assertEqual(reply[0], 250, reply)
        for name, sink in sinks.items():
            harness.wait_for("both messages over " + name, lambda s=sink: s.count() == 2, harness.LIMIT * 2)
            self.assertEqual({m["data"].split()[-1].decode() for m in sink.messages}, set(clients))

    @unittest.skipUnless(os.geteuid() == 0, "namespaces and switches are root's to make")
    def test_win(self):
        net = self.network()
        sinks = {n: net.sink() for n in HOSTS}
        for sink in sinks.values():
            self.addCleanup(sink.close)
        g = self.start("win", {n: "network = %s\naddress = %s/24\nsource = %s\n" % (net.url, HOSTS[n], SOURCES[n]) for n in HOSTS},
                       {n: HOSTS[n] + ":25" for n in HOSTS}, sinks)
        self.all_ways({n: lambda n=n: net.client(HOSTS[n], 25) for n in HOSTS}, sinks)
        for name, sink in sinks.items():  # what leaves has the address of its own stack
            self.assertEqual({m["peer"][0] for m in sink.messages}, {SOURCES[name]})
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
                self.all_ways({n: lambda p=p: harness.Client("127.0.0.1", p) for n, p in ports.items()}, sinks)
                for name, sink in sinks.items():
                    self.assertEqual({m["peer"][0] for m in sink.messages},
                                     {sources[name] if plugin == "lmn" else "127.0.0.1"})
                g.stop()


if __name__ == "__main__":
    harness.main()
