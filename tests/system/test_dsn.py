"""What senders ask for by DSN (RFC 3461): kept with the message, sent on, reported; and shown to the operator."""

import email
import smtplib

import harness

MAIL = harness.HEADER + b"the body\r\n"


class Dsn(harness.Case):
    def start(self, sink=None, **keys):
        self.g = self.gateway(ini=harness.route(sink.port, **keys) if sink else "").start()

    def send(self, to, sender="admin@example.test", mail=(), rcpt=()):
        with smtplib.SMTP(self.g.host, self.g.port, timeout=harness.LIMIT) as c:
            c.ehlo("client.test")
            self.assertTrue(c.has_extn("dsn"))
            self.assertFalse(c.sendmail(sender, to, MAIL, mail_options=list(mail), rcpt_options=list(rcpt)))

    def report(self, count=1):
        """The newest of so many reports in the sender's mailbox: (message, fields of it, fields of its recipients)."""
        harness.wait_for("%d reports\n%s" % (count, self.g.log()[-2000:]), lambda: self.g.count("admin") >= count)
        self.assertEqual(self.g.count("admin"), count)
        m = email.message_from_bytes(self.g.messages("admin")[-1])
        self.assertEqual(m.get_param("report-type"), "delivery-status")
        parts = m.get_payload()[1].get_payload()
        return m, parts[0], parts[1:]

    def ended(self, number=1):
        return harness.wait_for("message %d to end" % number, lambda: self.g.history().get(number, {}).get("ended"))

    def test_delivered(self):
        self.start()
        self.send("jdoe@example.test", mail=["RET=FULL", "ENVID=q+2B1"], rcpt=["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;old+40example.org"])
        m, head, (one,) = self.report()
        self.assertEqual(m["Subject"], "Your message was delivered")
        self.assertEqual(head["Original-Envelope-Id"], "q+1")
        self.assertEqual(one["Original-Recipient"], "rfc822;old@example.org")
        self.assertEqual((one["Action"], one["Status"]), ("delivered", "2.1.5"))
        self.assertEqual(m.get_payload()[2].get_content_type(), "text/rfc822-headers")
        shown = self.g.show(1)
        self.assertEqual(shown["asks"], "RET=FULL ENVID=q+2B1")
        self.assertEqual(shown["recipients_list"][0]["asks"], "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;old+40example.org")
        told = self.g.command("queue", "show", "1").stdout
        for words in "  asked     RET=FULL ENVID=q+2B1\n", "    asked   NOTIFY=SUCCESS,DELAY ORCPT=":
            self.assertIn(words, told)
        self.assertIn("all fit", self.g.command("history", "verify").stdout)
        self.g.stop()

    def test_nobody_asked(self):
        """Success is told to nobody that did not ask; a report is never reported on."""
        self.start()
        self.send("jdoe@example.test")
        self.send("jdoe@example.test", rcpt=["NOTIFY=FAILURE,DELAY"])
        self.send("jdoe@example.test", sender="", rcpt=["NOTIFY=SUCCESS"])
        harness.wait_for("three", lambda: self.g.count() == 3)
        for number in 1, 2, 3:
            self.ended(number)
        self.assertEqual((self.g.count("admin"), len(self.g.history())), (0, 3))
        self.g.stop()

    def refusing(self, *ehlo):
        return self.sink(lambda verb, argument, session: "550 5.1.1 No such user" if verb == "RCPT" else None,
                         ehlo=("PIPELINING",) + ehlo)

    def test_failure(self):
        self.start(self.refusing())
        self.send("far@remote.test", mail=["RET=HDRS", "ENVID=x"], rcpt=["NOTIFY=FAILURE"])
        m, head, (one,) = self.report()
        self.assertEqual((head["Original-Envelope-Id"], one["Action"], one["Status"]), ("x", "failed", "5.1.1"))
        self.assertEqual(m.get_payload()[2].get_content_type(), "text/rfc822-headers")
        self.assertNotIn(b"the body", self.g.messages("admin")[0])
        self.send("far@remote.test", mail=["RET=FULL"])
        m, head, (one,) = self.report(2)
        self.assertIsNone(head["Original-Envelope-Id"])
        self.assertIn(b"the body", self.g.messages("admin")[1])
        self.g.stop()

    def test_never(self):
        self.start(self.refusing())
        self.send("far@remote.test", rcpt=["NOTIFY=NEVER"])
        self.send("far@remote.test", rcpt=["NOTIFY=SUCCESS"])
        for number in 1, 2:
            self.ended(number)
            self.assertEqual(self.g.show(number)["recipients_list"][0]["state"], "bounced")
        self.assertEqual((self.g.count("admin"), len(self.g.history())), (0, 2))
        self.g.stop()

    def test_relayed(self):
        """To a server that knows no DSN: it gets nothing of it, and the sender is told that there will be no more."""
        sink = self.sink()
        self.start(sink)
        self.send("far@remote.test", mail=["RET=FULL"], rcpt=["NOTIFY=SUCCESS,FAILURE"])
        m, head, (one,) = self.report()
        self.assertEqual((one["Action"], one["Final-Recipient"]), ("relayed", "rfc822; far@remote.test"))
        self.assertNotIn("RET", sink.messages[0]["mail"])
        self.g.stop()

    def test_sent_on_after_a_restart(self):
        said, wait = [], [True]

        def script(verb, argument, session):
            if verb == "RCPT":
                said.append((session["mail"], argument))
            return "450 4.2.0 Wait" if verb == "RCPT" and wait[0] else None
        sink = self.sink(script, ehlo=("PIPELINING", "DSN"))
        self.start(sink, retry="1s")
        self.send(["far@remote.test"], mail=["RET=HDRS", "ENVID=q1"], rcpt=["NOTIFY=SUCCESS", "ORCPT=rfc822;far@remote.test"])
        harness.wait_for("an attempt", lambda: said)
        self.g.kill()
        wait[0] = False
        self.g.start()
        harness.wait_for("the message", lambda: sink.count() == 1)
        for mail, rcpt in said:
            self.assertTrue(mail.endswith(" RET=HDRS ENVID=q1"), mail)
            self.assertEqual(rcpt, "TO:<far@remote.test> NOTIFY=SUCCESS ORCPT=rfc822;far@remote.test")
        self.ended()
        self.assertEqual((self.g.count("admin"), len(self.g.history())), (0, 1))  # that server reports
        self.g.stop()


if __name__ == "__main__":
    harness.main()
