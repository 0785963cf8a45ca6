"""Content that goes out by BDAT (RFC 3030): to Postfix, to servers that offer it and do not take it, and cut off at every place."""

import harness
from postfix import Postfix

OFFER = ("PIPELINING", "8BITMIME", "SIZE 0", "CHUNKING")
BODY = b".\r\n..\r\n.x\r\n\xe4\xf6\r\n\r\n.\r\n" + b"".join(b"%06d of many lines, each of them ends\r\n" % i for i in range(3000))
SMALL = b"From: me@client.test\r\nTo: you@far.test\r\nSubject: small\r\n\r\n.\r\nhi\r\n"


class ToPostfix(harness.Case):
    def test_it_arrives(self):
        g = self.gateway()
        p = Postfix(g.port)
        self.addCleanup(p.close)
        g.write(ini=harness.route(p.port))
        g.start()
        self.addCleanup(g.stop)
        p.start()
        with g.smtp() as c:
            for _ in range(2):
                self.assertEqual(c.send(harness.HEADER + BODY, ["far@sink.example"], "me@client.test")[0], 250)
        harness.wait_for(lambda: "two messages\n" + p.story(), lambda: p.delivered() == 2)
        for m in p.messages():
            self.assertTrue(m.replace(b"\r\n", b"\n").endswith(BODY.replace(b"\r\n", b"\n")), m[-200:])
        g.stop()
        harness.wait_for(lambda: "bdat\n" + p.story(), lambda: " bdat=" in p.story())
        self.assertNotIn(" data=", p.story())


class ToSink(harness.Case):
    def begin(self, script, **keys):
        self.verbs = []
        def told(verb, argument, session):
            self.verbs.append(verb)
            return script(verb, argument, session)
        self.far = self.sink(told, ehlo=OFFER)
        self.g = self.gateway(ini=harness.route(self.far.port, retry="1s", **keys)).start()
        return self.g

    def end(self, count):
        harness.wait_for(lambda: "%d messages, not %d\n%s" % (count, self.far.count(), self.g.log()[-3000:]),
                         lambda: self.far.count() >= count)
        harness.wait_for("the end", lambda: not self.g.queue())
        self.assertEqual(self.far.count(), count)
        return self.far.messages

    def arrived(self, message, body):
        self.assertTrue(message["data"].endswith(b"\r\n\r\n" + body), message["data"][-200:])

    def test_it_arrives(self):
        g = self.begin(lambda verb, argument, session: None)
        g.send(harness.HEADER + BODY, to=["you@far.test"])
        self.arrived(self.end(1)[0], BODY)
        self.assertNotIn("DATA", self.verbs)

    def test_it_is_not_known(self):
        """The server offers CHUNKING and knows no BDAT: nothing of the message was sent to it but our own first line, and it goes by
        DATA at once; the next one is not even tried by BDAT, by a new connection either."""
        lines, lost = [], []
        def script(verb, argument, session):
            if verb == "BDAT":
                return "DEAF"
            if verb == "MAIL" and self.far.count() == 2 and not lost:
                lost.append(session["number"])
                return "DROP"
            if verb not in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END", "QUIT", "RSET"):
                lines.append(verb)
                return "500 5.5.2 What?"
            return None
        g = self.begin(script)
        for count in (1, 2, 3):
            g.send(SMALL, to=["you@far.test"])
            self.arrived(self.end(count)[-1], b".\r\nhi\r\n")
        self.assertEqual(len(lost), 1)
        self.assertEqual(self.verbs.count("BDAT"), 1)
        self.assertIn(lines, ([], ["RECE"]))
        self.assertIn("by_data", g.log())
        self.assertNotIn("recipient deferred", g.log())

    def test_a_chunk_is_refused(self):
        """For now: it goes again, whole. For good: it is bounced with the server's words."""
        once = []
        def script(verb, argument, session):
            if verb == "BDAT" and len(session["chunks"]) == 2:
                if "joe" in session["rcpt"][0]:
                    return "552 5.3.4 no more of it"
                if not once:
                    once.append(1)
                    return "452 4.3.1 full"
            return None
        g = self.begin(script)
        g.send(harness.HEADER + BODY, to=["you@far.test"])
        self.arrived(self.end(1)[0], BODY)
        g.send(harness.HEADER + BODY, to=["joe@far.test"], sender="jdoe@example.test")
        harness.wait_for(lambda: "the bounce\n" + g.log()[-3000:], lambda: g.count() == 1)
        self.assertIn(b"552 5.3.4 no more of it", g.messages()[0])

    def test_lost_half_way(self):
        once = []
        def script(verb, argument, session):
            return "DROP" if verb == "BDAT" and len(session["chunks"]) == 2 and not once and not once.append(1) else None
        g = self.begin(script)
        g.send(harness.HEADER + BODY, to=["you@far.test"])
        self.arrived(self.end(1)[0], BODY)

    def test_lost_behind_the_last(self):
        """Taken, and the answer is lost: the one case where a message goes twice."""
        once = []
        def script(verb, argument, session):
            return "LOST" if verb == "BDAT" and argument.endswith("LAST") and not once and not once.append(1) else None
        g = self.begin(script)
        g.send(harness.HEADER + BODY, to=["you@far.test"])
        for message in self.end(2):
            self.arrived(message, BODY)


if __name__ == "__main__":
    harness.main()
