"""Which way mail goes: by sender, client, listener and recipient, and what a route does instead of sending."""

import harness
from harness import route, wait_for

MAIL = b"From: me@client.test\r\nSubject: route\r\n\r\nText.\r\n"
FAR = ["far@remote.test"]


class Ways(harness.Case):
    """One sink; the EHLO name tells by which route a message came."""

    def setUp(self):
        self.sink = sink = self.sink()
        self.other = harness.free_port()
        self.g = self.gateway(
            listen="relay_from = 127.0.0.0/8\n",
            ini="[listen other]\naddress = 127.0.0.1:%d\n" % self.other
            + route(sink.port, "boss", helo="boss.test", sender="boss@client.test, .chiefs.test")
            + route(sink.port, "client", helo="client.test", client="127.0.0.2, 127.0.4.0/24")
            + route(sink.port, "other", helo="other.test", listener="other")
            + route(sink.port, "domain", helo="domain.test", match=".special.test, one@remote.test, !two@special.test")
            + route(sink.port, "rest", helo="rest.test")).start()

    def way(self, to="far@remote.test", sender="me@client.test", source="127.0.0.1", port=None):
        before = self.sink.count()
        with harness.Client("127.0.0.1", port or self.g.port, source=(source, 0)) as c:
            self.assertEqual(c.send(MAIL, [to], sender)[0], 250)
        wait_for("the message", lambda: self.sink.count() > before)
        return self.sink.messages[-1]["helo"]

    def test_by_sender_client_listener_and_recipient(self):
        for want, how in (
                ("rest.test", {}),
                ("boss.test", {"sender": "boss@client.test"}),
                ("boss.test", {"sender": "BOSS@Client.Test"}),
                ("boss.test", {"sender": "\"boss\"@client.test"}),
                ("boss.test", {"sender": "me@two.chiefs.test"}),
                ("rest.test", {"sender": ""}),
                ("client.test", {"source": "127.0.0.2"}),
                ("client.test", {"source": "127.0.4.77"}),
                ("boss.test", {"source": "127.0.0.2", "sender": "boss@client.test"}),
                ("rest.test", {"source": "127.0.0.3"}),
                ("other.test", {"port": self.other}),
                ("domain.test", {"to": "x@a.special.test"}),
                ("domain.test", {"to": "ONE@remote.test"}),
                ("rest.test", {"to": "two@special.test"})):
            with self.subTest(**how):
                self.assertEqual(self.way(**how), want)
        self.g.stop()

    def test_route_says_the_same(self):
        for want, args in (
                ("route rest", ["far@remote.test"]),
                ("route boss", ["far@remote.test", "--from", "boss@client.test"]),
                ("route client", ["far@remote.test", "--client", "127.0.0.2"]),
                ("route domain", ["x@a.special.test"]),
                ("postoffice TEST/HQ", ["jdoe@example.test"])):
            with self.subTest(args=args):
                r = self.g.command("route", *args)
                self.assertEqual(r.returncode, 0, r.stderr)
                self.assertIn(want, r.stdout)
        self.g.stop()

    def test_one_message_two_ways(self):
        with self.g.smtp() as c:
            self.assertEqual(c.send(MAIL, ["a@x.special.test", "b@remote.test", "c@y.special.test"])[0], 250)
        wait_for("both transactions", lambda: self.sink.count() == 2)
        self.assertEqual({m["helo"]: m["rcpt"] for m in self.sink.messages},
                         {"domain.test": ["a@x.special.test", "c@y.special.test"], "rest.test": ["b@remote.test"]})
        self.g.stop()


class Instead(harness.Case):
    INI = ("[route hold]\nmatch = hold.test\ndo = hold\n"
           "[route discard]\nmatch = discard.test\ndo = discard\n"
           "[route reject]\nmatch = reject.test\ndo = reject we do not write to them\n")

    def test_hold(self):
        g = self.gateway(ini=self.INI).start()
        self.assertEqual(g.send(MAIL, to=["a@hold.test"])[0], 250)
        wait_for("it is held", lambda: [m["first"]["state"] for m in g.queue()] == ["held"])
        self.assertEqual(g.queue()[0]["first"]["reason"], "held by route hold")
        g.command("queue", "release", "--all")  # the route holds it again
        wait_for("it is held again", lambda: g.log().count("recipient held") == 2)
        sink = self.sink()
        g.write(ini=route(sink.port))
        g.reload()
        g.command("queue", "release", "--all")
        wait_for("the message", sink.count)
        g.stop()

    def test_discard(self):
        g = self.gateway(ini=self.INI).start()
        self.assertEqual(g.send(MAIL, to=["a@discard.test"], sender="jdoe@example.test")[0], 250)
        wait_for("the end", lambda: g.history().get(1, {}).get("ended"))
        self.assertEqual(g.history()[1]["states"], {"removed": 1})
        self.assertIn("discarded by the route", g.command("queue", "show", "1").stdout)
        self.assertEqual(g.count(), 0)
        g.stop()

    def test_reject(self):
        g = self.gateway(ini=self.INI).start()
        self.assertEqual(g.send(MAIL, to=["a@reject.test"]), (550, "5.7.1 we do not write to them"))
        with g.smtp() as c:  # the others of the same message go on
            c.say("EHLO client.test")
            c.say("MAIL FROM:<me@client.test>")
            self.assertEqual(c.say("RCPT TO:<a@reject.test>")[0], 550)
            self.assertEqual(c.say("RCPT TO:<jdoe@example.test>")[0], 250)
        r = g.command("send", "-f", "jdoe@example.test", "a@reject.test", input="Subject: local\n\nText\n")
        self.assertEqual(r.returncode, 0, r.stderr)
        wait_for("the report", g.count)
        self.assertIn(b"we do not write to them", g.messages()[0])
        g.stop()


if __name__ == "__main__":
    harness.main()
