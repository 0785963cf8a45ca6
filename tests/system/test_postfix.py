"""Postfix in both directions: as the server that the gateway sends to, and as the one that sends to the gateway; and aiosmtpd, which
knows none of the extensions."""

import email
import smtplib
import threading

from aiosmtpd.controller import Controller

import harness
from postfix import Postfix

MAIL = harness.HEADER + b"the body\r\n"


def parts_of(report):
    """(message, fields about it, fields about each recipient) of a report of RFC 3464."""
    m = email.message_from_bytes(report)
    head, *each = m.get_payload()[1].get_payload()
    return m, head, each


class Both(harness.Case):
    def setUp(self):
        self.g = self.gateway()
        self.p = Postfix(self.g.port, "smtpd_recipient_restrictions = check_recipient_access inline:{refused@sink.example=REJECT},"
                                      " permit_mynetworks, reject\n")
        self.addCleanup(self.p.close)
        self.g.write(ini=harness.route(self.p.port, retry="1s"))
        self.g.start()
        self.addCleanup(self.g.stop)
        self.p.start()

    def submit(self, port, to, sender, mail=(), rcpt=(), text=MAIL):
        with smtplib.SMTP("127.0.0.1", port, local_hostname="client.test", timeout=harness.LIMIT) as c:
            return c.sendmail(sender, to, text, mail_options=list(mail), rcpt_options=list(rcpt))

    def ended(self, count):
        harness.wait_for(lambda: "%d messages to end\n%s" % (count, self.p.story()),
                         lambda: len([m for m in self.g.history().values() if m["ended"]]) == count)

    def test_it_reports_what_it_delivered(self):
        """The gateway sends on what is asked for, so the report of success is Postfix's, and there is one; it comes back by us."""
        self.submit(self.g.port, "far@sink.example", "admin@example.test", ["RET=HDRS", "ENVID=q+2B1"],
                    ["NOTIFY=SUCCESS", "ORCPT=rfc822;old+40sink.example"])
        harness.wait_for(lambda: "the report\n" + self.p.story(), lambda: self.g.count("admin") == 1)
        m, head, (one,) = parts_of(self.g.messages("admin")[0])
        self.assertEqual(head["Reporting-MTA"], "dns; postfix.example")
        self.assertEqual(head["Original-Envelope-Id"], "q+1")
        self.assertEqual((one["Action"], one["Original-Recipient"]), ("delivered", "rfc822;old@sink.example"))
        self.ended(2)
        self.assertEqual((self.p.delivered(), self.g.count("admin")), (1, 1))
        self.assertIn(b"the body", self.p.messages()[0])

    def test_it_refuses(self):
        """What it refuses while we talk is ours to report; what never is asked for is reported by nobody."""
        self.submit(self.g.port, "refused@sink.example", "admin@example.test", ["ENVID=no"], ["NOTIFY=SUCCESS,FAILURE"])
        harness.wait_for("the report", lambda: self.g.count("admin") == 1)
        m, head, (one,) = parts_of(self.g.messages("admin")[0])
        self.assertEqual((head["Reporting-MTA"], head["Original-Envelope-Id"]), ("dns; gw.example.test", "no"))
        self.assertEqual((one["Action"], one["Remote-MTA"]), ("failed", "dns; 127.0.0.1"))
        self.submit(self.g.port, "refused@sink.example", "admin@example.test", [], ["NOTIFY=NEVER"])
        self.submit(self.g.port, "far@sink.example", "admin@example.test", [], ["NOTIFY=NEVER"])
        harness.wait_for("the delivery", lambda: self.p.delivered() == 1)
        self.ended(4)
        self.assertEqual(self.g.count("admin"), 1)

    def test_it_sends(self):
        """With DSN to our postoffice: the report of success is ours, and goes to its mailbox; that of an unknown name is its own."""
        to = ["jdoe@example.test", "nobody@example.test"]
        self.submit(self.p.port, to, "far@sink.example", ["RET=HDRS", "ENVID=pf1"], ["NOTIFY=SUCCESS,FAILURE"])
        harness.wait_for(lambda: "two reports\n" + self.p.story(), lambda: self.p.delivered() == 2)
        harness.wait_for("the mail", lambda: self.g.count() == 1)
        shown = [m for m in self.g.history().values() if m["from"] == "far@sink.example"][0]
        self.assertEqual((shown["asks"], shown["protocol"]), ("RET=HDRS ENVID=pf1", "ESMTP"))
        told = {}
        for report in self.p.messages():
            m, head, each = parts_of(report)
            self.assertEqual(head["Original-Envelope-Id"], "pf1")
            told[head["Reporting-MTA"]] = [(r["Action"], r["Final-Recipient"].replace(" ", ""), r["Original-Recipient"]) for r in each]
        self.assertEqual(told, {
            "dns; gw.example.test": [("delivered", "rfc822;jdoe@example.test", "rfc822;jdoe@example.test")],
            "dns; postfix.example": [("failed", "rfc822;nobody@example.test", "rfc822;nobody@example.test")]})

    def test_there_and_back(self):
        """Large mail, and 8 bits, by us to it and by it to us, to the byte."""
        text = harness.HEADER + b"".join(b"%06d \xe4\xf6\xfc .\r\n.\r\n" % n for n in range(20000))
        self.submit(self.g.port, "far@sink.example", "me@client.test", ["BODY=8BITMIME"], text=text)
        self.submit(self.p.port, "jdoe@example.test", "me@client.test", ["BODY=8BITMIME"], text=text)
        harness.wait_for(lambda: "both\n" + self.p.story(), lambda: self.p.delivered() == 1 and self.g.count() == 1)
        wanted = harness.body_of(text).replace(b"\r\n", b"\n")
        self.assertEqual(harness.body_of(self.p.messages()[0]), wanted)
        self.assertEqual(harness.body_of(self.g.messages()[0]), wanted)


class Plain(harness.Case):
    """aiosmtpd refuses a parameter that it does not know (555): none may be sent."""

    class Handler:
        def __init__(self):
            self.taken, self.lock = [], threading.Lock()

        async def handle_DATA(self, server, session, envelope):
            with self.lock:
                self.taken.append((envelope.mail_options, envelope.rcpt_options, envelope.content))
            return "250 2.0.0 Taken"

    def test_no_dsn(self):
        handler = self.Handler()
        c = Controller(handler, hostname="127.0.0.1", port=harness.free_port())
        c.start()
        self.addCleanup(c.stop)
        g = self.gateway(ini=harness.route(c.port)).start()
        with smtplib.SMTP("127.0.0.1", g.port, local_hostname="client.test", timeout=harness.LIMIT) as client:
            client.sendmail("admin@example.test", "far@remote.test", MAIL, ["RET=HDRS", "ENVID=q1"], ["NOTIFY=SUCCESS"])
        harness.wait_for("the report", lambda: g.count("admin") == 1)
        m, head, (one,) = parts_of(g.messages("admin")[0])
        self.assertEqual((one["Action"], head["Original-Envelope-Id"]), ("relayed", "q1"))
        (mail, rcpt, content), = handler.taken
        self.assertEqual([o for o in mail if not o.startswith(("SIZE", "BODY"))] + list(rcpt), [])
        self.assertIn(b"the body", content)
        g.stop()


if __name__ == "__main__":
    harness.main()
