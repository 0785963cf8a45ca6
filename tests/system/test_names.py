"""Mail by MX: which server gets it, and what becomes of it when names say no (RFC 5321 5.1, RFC 7505). Port 25 needs root."""

import os
import unittest

import harness
from names import A, AAAA, MX, SERVFAIL, Names

TEXT = b"From: a@client.test\r\nTo: b@far.test\r\nSubject: mx\r\n\r\nby name\r\n"


@unittest.skipUnless(os.geteuid() == 0, "port 25 needs root")
class ByName(harness.Case):
    def begin(self, table, **more):
        names = Names(table, **more)
        self.addCleanup(names.close)
        g = self.gateway(ini="[route out]\nmatch = *\nsmart_host = mx\nretry = 1s\n",
                         vendor="[vendor lmn]\nname_server = 127.0.0.1:%d\n" % names.port).start()
        return g, names

    def far(self, host, **more):
        return self.sink(host=host, port=25, **more)

    def outcome(self, g, verb):
        return harness.wait_for(lambda: "recipient %s\n%s" % (verb, g.log()[-1500:]),
                                lambda: [x for x in g.log().splitlines() if "recipient " + verb in x])[0]

    def send(self, g, domain, sender="jdoe@example.test"):
        self.assertEqual(g.send(TEXT, to=["b@" + domain], sender=sender)[0], 250)

    def test_best_preference_first(self):
        worse, best = self.far("127.0.0.3"), self.far("127.0.0.2")
        g, names = self.begin({("far.test", MX): [(20, "worse.test"), (10, "best.test")],
                               ("best.test", A): ["127.0.0.2"], ("worse.test", A): ["127.0.0.3"]})
        self.send(g, "Far.TEST")
        self.assertIn("best.test [127.0.0.2]", self.outcome(g, "delivered"))
        self.assertEqual((best.count(), worse.count()), (1, 0))
        self.assertIn(("far.test", MX), names.asked)
        g.stop()

    def test_next_when_the_best_is_dead(self):
        worse = self.far("127.0.0.3")
        g, _ = self.begin({("far.test", MX): [(10, "best.test"), (20, "worse.test")],
                           ("best.test", A): ["127.0.0.2"], ("worse.test", A): ["127.0.0.3"]})
        self.send(g, "far.test")
        self.assertIn("worse.test [127.0.0.3]", self.outcome(g, "delivered"))
        self.assertEqual(worse.count(), 1)
        g.stop()

    def test_next_when_the_best_refuses_the_session(self):
        self.far("127.0.0.2", script=lambda verb, a, s: "554 not today" if verb == "CONNECT" else None)
        worse = self.far("127.0.0.3")
        g, _ = self.begin({("far.test", MX): [(10, "best.test"), (20, "worse.test")],
                           ("best.test", A): ["127.0.0.2"], ("worse.test", A): ["127.0.0.3"]})
        self.send(g, "far.test")
        self.outcome(g, "delivered")
        self.assertEqual(worse.count(), 1)
        g.stop()

    def test_address_without_mx(self):
        sink = self.far("127.0.0.2")
        g, _ = self.begin({("far.test", A): ["127.0.0.2"]})
        self.send(g, "far.test")
        self.outcome(g, "delivered")
        self.assertEqual(sink.count(), 1)
        g.stop()

    def test_dead_ipv6_does_not_hold_up_ipv4(self):
        sink = self.far("127.0.0.2")
        g, _ = self.begin({("far.test", A): ["127.0.0.2"], ("far.test", AAAA): ["2001:db8::dead", "::1"]})
        self.send(g, "far.test")
        self.outcome(g, "delivered")
        self.assertEqual(sink.count(), 1)
        g.stop()

    def test_answers_by_tcp_when_cut(self):
        sink = self.far("127.0.0.2")
        g, names = self.begin({("far.test", MX): [(10, "best.test")], ("best.test", A): ["127.0.0.2"]}, truncate=True)
        self.send(g, "far.test")
        self.outcome(g, "delivered")
        self.assertEqual(sink.count(), 1)
        self.assertGreater(names.by_tcp, 0)
        g.stop()

    def bounced(self, table, status):
        g, _ = self.begin(table)
        self.send(g, "far.test")
        self.assertIn(status, self.outcome(g, "bounced"))
        harness.wait_for("the report", lambda: g.count() == 1)
        self.assertIn(b"multipart/report", g.messages()[0])
        g.stop()

    def test_null_mx_is_bounced(self):
        self.bounced({("far.test", MX): [(0, ".")], ("far.test", A): ["127.0.0.2"]}, "5.1.10")

    def test_no_such_domain_is_bounced(self):
        self.bounced({("other.test", A): ["127.0.0.2"]}, "5.1.2")

    def test_ourselves_as_best_mx_is_a_loop(self):
        self.bounced({("far.test", MX): [(10, "gw.example.test"), (20, "worse.test")],
                      ("gw.example.test", A): ["127.0.0.2"], ("worse.test", A): ["127.0.0.3"]}, "5.4.6")

    def test_failing_name_server_waits(self):
        sink = self.far("127.0.0.2")
        g, names = self.begin({("far.test", MX): SERVFAIL})
        self.send(g, "far.test")
        self.assertIn("name server", self.outcome(g, "deferred"))
        names.table = {("far.test", MX): [(10, "best.test")], ("best.test", A): ["127.0.0.2"]}
        self.outcome(g, "delivered")
        self.assertEqual(sink.count(), 1)
        g.stop()


if __name__ == "__main__":
    harness.main()
