#!/usr/bin/env python3
"""probe: layer by layer up to the greeting of the smart hosts."""

import os

import testbed


# The loopback device alone: what the machine's own network is like is not this test's business.
LO = "[vendor lmn]\ndevice = lo\n"


class Probe(testbed.Case):
    def test_up_to_the_greeting(self):
        sink, closed = self.sink(), testbed.free_port()
        g = self.gateway(vendor=LO, ini="[route a]\nmatch = a.test\nsmart_host = 127.0.0.1:%d\n" % sink.port)
        done = self.check(g.command("probe"), 0, out=["module     lmn, ", "settings   good", "link       lo: only this",
                                                      "gateway    none is set", "start      it starts", "127.0.0.1", "route a, 127.0.0.1:%d: 220" % sink.port])
        self.assertEqual(done.stderr, "")
        g.write(vendor=LO, ini="[route a]\nmatch = a.test\nsmart_host = 127.0.0.1:%d\n" % closed)
        self.check(g.command("probe", "lmn"), 1, out=["127.0.0.1:%d: no connection" % closed, "refused"])
        self.assertFalse(os.path.exists(g.spool))

    def test_a_running_gateway_is_not_disturbed(self):
        g = self.gateway(vendor=LO).start()
        self.check(g.command("probe"), 0)
        self.assertEqual(g.send(b"Subject: x\r\n\r\nx\r\n")[0], 250)
        g.stop()

    def test_names_by_the_hosts_resolver(self):
        sink = self.sink()
        g = self.gateway(vendor=LO + "resolver = host\n",
                         ini="[route a]\nmatch = *\nsmart_host = localhost:%d\n" % sink.port)
        self.check(g.command("probe"), 0, out="localhost:%d: 220" % sink.port)

    def test_layers_that_fail(self):
        g = self.gateway(prefix=testbed.NO_NETWORK)
        done = self.check(g.command("probe"), 123, out="not running", err=["socket error (123)\n", "  cause:  "])
        self.assertNotIn("it starts", done.stdout)
        g.write(vendor="[vendor lmn]\nsockets = sometimes\n")
        done = self.check(g.command("probe"), 123, out="module ", err=["sockets", "bad settings"])
        self.assertNotIn("settings   good", done.stdout)
        done = self.check(g.command("probe", "acme"), 123, err=["socket error (123)", "no acme.so"])
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    testbed.main()
