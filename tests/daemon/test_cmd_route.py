#!/usr/bin/env python3
"""route: what would happen, and by which rule, without a running gateway."""

import os

import testbed

ROUTES = """
[route partner]
match = partner.test
sender = boss@example.test
smart_host = 192.0.2.1:25, 192.0.2.2
[route never]
match = bad.test
do = reject not wanted here
[route copied]
match = copied.test
smart_host = 192.0.2.3
bcc = boss@example.test, archive@example.test
fallback = default
[route store]
match = store.test
do = lmtp
smart_host = 192.0.2.4:24
[route default]
match = *
"""


class Route(testbed.Case):
    def test_every_kind(self):
        g = self.gateway(ini=ROUTES)
        self.check(g.command("route", "JDoe@Example.Test"), 0,
                   out=["rule: postoffice TEST/HQ", "mail/jdoe", "[listen lan] takes it from 127.0.0.1"])
        done = self.check(g.command("route", "noone@example.test"), 0, out=["550 5.1.1", "[listen lan] refuses it"])
        self.assertNotIn("[route", done.stdout)
        self.check(g.command("route", "x@partner.test"), 0,
                   out=["[route partner] no: sender does not match <>", "mail exchangers of partner.test"])
        self.check(g.command("route", "x@partner.test", "--from", "boss@example.test"), 0,
                   out=["rule: route partner", "sent over lmn to 192.0.2.1:25, then 192.0.2.2:25"])
        self.check(g.command("route", "x@bad.test"), 0,
                   out=["[route partner] no: match has no pattern for it", "refused: 550", "not wanted here"])
        self.check(g.command("route", "x@copied.test"), 0,
                   out=["sent over lmn to 192.0.2.3:25\n  with copies to boss@example.test, archive@example.test\n"
                        "  by route default when no server could be used for 10 min\n"])
        self.check(g.command("route", "x@store.test"), 0, out=["delivered by LMTP over lmn to 192.0.2.4:24"])
        self.assertFalse(os.path.exists(g.spool))

    def test_relaying(self):
        g = self.gateway(ini=ROUTES)
        self.check(g.command("route", "x@y.test", "--client", "192.0.2.7"), 0,
                   out=["[listen lan] refuses it from 192.0.2.7: 550 5.7.1"])
        self.check(g.command("route", "jdoe@example.test", "--client", "192.0.2.7"), 0,
                   out=["[listen lan] takes it from 192.0.2.7"])
        self.check(g.command("route", "x@y.test", "--client", "mars"), 64)
        self.check(g.command("route"), 64)

    def test_no_route(self):
        g = self.gateway()
        self.check(g.command("route", "x@y.test", "root"), 0,
                   out=["taken and held: no route", "root\n  is root@gw.example.test"])


if __name__ == "__main__":
    testbed.main()
