"""Servers that say by LIMITS (RFC 9422) how much they take: nobody is asked for more, everybody gets the message once, and nobody waits."""

import harness

PEOPLE = ["u%d@%s.test" % (i, "abc"[i % 3]) for i in range(10)]
MESSAGE = b"From: me@client.test\r\nTo: all@a.test\r\nSubject: to all\r\n\r\nhi\r\n"


class Limits(harness.Case):
    def begin(self, limits, rcpt=1000, mail=1000, domains=1000, more=None, ehlo=("SIZE 0",)):
        """A sink that says these limits and closes on who asks for more, and a gateway before it."""
        self.faults = []
        def script(verb, argument, session):
            if verb == "MAIL":
                session["mails"] = session.get("mails", 0) + 1
                session["asked"] = []
                if session["mails"] > mail:
                    self.faults.append("MAIL %d" % session["mails"])
                    return "DROP"
            if verb == "RCPT":
                session["asked"].append(argument.split("@")[1].split(">")[0])
                if len(session["asked"]) > rcpt or len(set(session["asked"])) > domains:
                    self.faults.append("RCPT %r" % session["asked"])
                    return "DROP"
            return more(verb, argument, session) if more else None
        self.far = self.sink(script, ehlo=("PIPELINING", "8BITMIME", "LIMITS " + limits, *ehlo))
        self.g = self.gateway(ini=harness.route(self.far.port, retry="1s")).start()
        return self.g

    def everybody(self, people=PEOPLE, messages=1, smooth=True):
        g = self.g
        got = lambda: sorted(to for m in list(self.far.messages) for to in m["rcpt"])
        harness.wait_for(lambda: "everybody: %s\n%s" % (got(), g.log()[-3000:]), lambda: len(got()) >= messages * len(people))
        harness.wait_for("the end", lambda: not g.queue())
        self.assertEqual(got(), sorted(people * messages))
        self.assertEqual(self.faults, [])
        self.assertEqual(len({m["data"].split(b"\r\n\r\n", 1)[1] for m in self.far.messages}), 1)
        if smooth:
            self.assertNotIn("recipient deferred", g.log())

    def test_recipients(self):
        g = self.begin("RCPTMAX=4", rcpt=4)
        g.send(MESSAGE, to=PEOPLE)
        self.everybody()
        self.assertEqual([len(m["rcpt"]) for m in self.far.messages], [4, 4, 2])
        self.assertEqual(self.far.sessions, 1)

    def test_domains(self):
        g = self.begin("RCPTDOMAINMAX=2", domains=2)
        g.send(MESSAGE, to=PEOPLE)
        self.everybody()

    def test_one_of_everything(self):
        g = self.begin("MAILMAX=1 RCPTMAX=1 RCPTDOMAINMAX=1", 1, 1, 1)
        g.send(MESSAGE, to=PEOPLE)
        self.everybody()
        self.assertEqual(self.far.sessions, len(PEOPLE))

    def test_messages(self):
        """The connection ends after the number of messages that it takes, and the next is another."""
        g = self.begin("MAILMAX=2", mail=2)
        for _ in range(5):
            g.send(MESSAGE, to=PEOPLE[:1])
        self.everybody(PEOPLE[:1], 5)
        self.assertGreaterEqual(self.far.sessions, 3)

    def test_refusals(self):
        """Who is refused in one portion is bounced, who is put off in another waits, and all others have it."""
        def more(verb, argument, session):
            if verb == "RCPT" and "u1@" in argument:
                return "550 5.1.1 no u1"
            if verb == "RCPT" and "u7@" in argument:
                return "450 4.2.1 later u7"
            return None
        g = self.begin("RCPTMAX=3", rcpt=3, more=more)
        g.send(MESSAGE, to=PEOPLE, sender="jdoe@example.test")
        rest = [p for p in PEOPLE if p[:2] not in ("u1", "u7")]
        got = lambda: sorted(to for m in list(self.far.messages) for to in m["rcpt"])
        harness.wait_for(lambda: "all but two: %s" % got(), lambda: len(got()) >= len(rest))
        harness.wait_for(lambda: "the bounce\n" + g.log()[-3000:], lambda: g.count() == 1)
        self.assertEqual(got(), sorted(rest))
        bounce = g.messages()[0]
        bounce = bounce if isinstance(bounce, bytes) else bounce.encode()
        self.assertIn(b"no u1", bounce)
        self.assertNotIn(b"u7", bounce.split(b"message/rfc822")[0])
        self.assertIn("later u7", str(g.queue()) + g.log())

    def test_lost(self):
        """The connection is lost between two portions: the rest goes over another one, nobody gets it twice."""
        def more(verb, argument, session):
            return "DROP" if verb == "MAIL" and session["mails"] == 2 else None
        g = self.begin("RCPTMAX=4", rcpt=4, more=more)
        g.send(MESSAGE, to=PEOPLE)
        self.everybody()

    def test_lost_for_a_while(self):
        """Lost between two portions, and the server takes nobody for a while: who has it is not asked for again."""
        busy = []
        def more(verb, argument, session):
            if verb == "MAIL" and session["number"] == 1 and session["mails"] == 2:
                return "DROP"
            if verb == "CONNECT" and session["number"] > 1 and len(busy) < 2:
                busy.append(session["number"])
                return "421 4.3.2 busy"
            return None
        g = self.begin("RCPTMAX=4", rcpt=4, more=more)
        g.send(MESSAGE, to=PEOPLE)
        self.everybody(smooth=False)
        self.assertIn("recipient deferred", g.log())

    def test_later(self):
        """The server takes nobody now: the portion behind is not even asked for, and waits with that reason."""
        def more(verb, argument, session):
            if verb == "RCPT" and not self.serves:
                return "451 4.3.2 try again later"
            return "554 5.5.1 no recipients" if verb == "DATA" and not session["rcpt"] else None
        self.serves = False
        g = self.begin("RCPTMAX=4", rcpt=4, more=more)
        g.send(MESSAGE, to=PEOPLE)
        why = "not sent yet: the server takes 4 recipients at a time, and said before: 451 4.3.2 try again later"
        story = lambda: [r.get("words", "") + str(r) for r in g.show(1)["recipients_list"]]
        harness.wait_for(lambda: "the reason: %s" % story(), lambda: sum(why in words for words in story()) == 6)
        self.assertEqual(self.far.count(), 0)
        self.serves = True
        self.everybody(smooth=False)

    def test_too_large(self):
        """What the server's own words rule out is returned to the sender for everybody, not for one portion."""
        g = self.begin("RCPTMAX=4", rcpt=4, ehlo=("SIZE 2000",))
        g.send(MESSAGE + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 40, to=PEOPLE, sender="jdoe@example.test")
        harness.wait_for(lambda: "the bounce\n" + g.log()[-3000:], lambda: g.count() == 1)
        harness.wait_for("the end", lambda: not g.queue())
        bounce = g.messages()[0]
        bounce = bounce if isinstance(bounce, bytes) else bounce.encode()
        for person in PEOPLE:
            self.assertIn(b"Final-Recipient: rfc822;" + person.encode(), bounce.replace(b"rfc822; ", b"rfc822;"))
        self.assertEqual((self.far.count(), self.faults), (0, []))

    def test_asks(self):
        """What a sender asks for each recipient goes with that one."""
        said = {}
        def more(verb, argument, session):
            if verb == "RCPT":
                to, _, rest = argument[4:].partition(">")
                said[to.strip("<")] = "NEVER" in rest
            return None
        g = self.begin("RCPTMAX=4", rcpt=4, more=more, ehlo=("SIZE 0", "DSN"))
        with g.smtp() as c:
            c.say("EHLO client.test")
            for line in ["MAIL FROM:<me@client.test>"] + ["RCPT TO:<%s>%s" % (p, " NOTIFY=NEVER" if int(p[1]) % 3 == 1 else "")
                                                          for p in PEOPLE] + ["DATA"]:
                self.assertLess(c.say(line)[0], 400, line)
            c.raw(MESSAGE + b".\r\n")
            self.assertEqual(c.reply()[0], 250)
        self.everybody()
        self.assertEqual(said, {p: int(p[1]) % 3 == 1 for p in PEOPLE})


if __name__ == "__main__":
    harness.main()
