"""Addresses in UTF-8 (RFC 6531) with peers that others wrote: Postfix that speaks SMTPUTF8 and one that is told not to, Dovecot's LMTP, which does not; a
domain in UTF-8 found by its MX; and a sender in UTF-8 who writes to a mailbox of Microsoft Mail."""

import email
import email.policy
import os
import smtplib
import unittest

import dovecot
import harness
from names import A, MX, Names
from offices import Offices
from postfix import Postfix

WIDE = "dürst@example.test"
FAR = "δοκιμή@sink.example"
TEXT = ("From: Dürst <%s>\r\nTo: <%s>\r\nSubject: Grüße\r\nMessage-ID: <1@client.test>\r\n"
        "Date: Thu, 26 Nov 2026 12:00:00 +0000\r\n\r\nthe body\r\n" % (WIDE, FAR)).encode()
PLAIN = harness.HEADER + b"the body\r\n"


class Peers(harness.Case):
    def send(self, port, to, sender, data=TEXT):
        with smtplib.SMTP("127.0.0.1", port, local_hostname="client.test", timeout=harness.LIMIT) as c:
            c.ehlo()
            return c.sendmail(sender, to, data, mail_options=["SMTPUTF8"])

    def report(self, g, name):
        """The words of the only report there."""
        harness.wait_for("the report", lambda: g.count(name) == 1)
        m = email.message_from_bytes(g.messages(name)[0], policy=email.policy.SMTPUTF8)
        return " ".join(m.get_payload()[0].get_content().split())


@unittest.skipUnless(os.geteuid() == 0, "Postfix wants root")
class WithPostfix(Peers):
    def begin(self, enable):
        self.g = self.gateway(mailboxes=("admin", "jdoe", "dürst"))
        self.p = Postfix(self.g.port, "smtputf8_enable = %s\n" % enable)
        self.addCleanup(self.p.close)
        self.g.write(ini=harness.route(self.p.port, retry="1s"))
        self.g.start()
        self.addCleanup(self.g.stop)
        self.p.start()

    def test_both_ways(self):
        self.begin("yes")
        self.send(self.g.port, [FAR], WIDE)
        harness.wait_for(lambda: "the mail\n" + self.p.story(), lambda: self.p.delivered() == 1)
        self.assertIn("To: <%s>" % FAR, self.p.messages()[0].decode())
        self.assertIn("Subject: Grüße", self.p.messages()[0].decode())
        self.send(self.p.port, [WIDE], FAR)
        harness.wait_for(lambda: "the answer\n" + self.p.story(), lambda: self.g.count("dürst") == 1)
        self.assertIn("Subject: Grüße", self.g.messages("dürst")[0].decode())
        self.assertEqual([m["asks"] for m in self.g.history().values()], ["SMTPUTF8"] * 2)

    def test_to_one_that_does_not_offer_it(self):
        """Returned in words; who needs nothing of it gets the mail."""
        self.begin("no")
        self.send(self.g.port, [FAR, "far@sink.example"], "admin@example.test", PLAIN)
        harness.wait_for(lambda: "the mail\n" + self.p.story(), lambda: self.p.delivered() == 1)
        words = self.report(self.g, "admin")
        self.assertIn(FAR, words)
        self.assertIn("SMTPUTF8", words)


class WithDovecot(Peers):
    def test_by_lmtp(self):
        server = dovecot.Dovecot(["jdoe"])
        self.addCleanup(server.close)
        server.start()
        g = self.gateway()
        g.write(ini="[postoffice TEST/IMAP]\ndomain = imap.test\nformat = lmtp\nlmtp = 127.0.0.1:%d\n" % server.port)
        g.start()
        self.addCleanup(g.stop)
        self.send(g.port, ["jdoe@imap.test", "δοκιμή@imap.test"], "admin@example.test", PLAIN)
        harness.wait_for(lambda: "mail at Dovecot\n" + server.log(), lambda: server.messages("jdoe"))
        words = self.report(g, "admin")
        self.assertIn("δοκιμή@imap.test", words)
        self.assertIn("SMTPUTF8", words)
        self.assertEqual(g.history()[1]["states"], {"delivered": 1, "bounced": 1})


@unittest.skipUnless(os.geteuid() == 0, "port 25 needs root")
class ByName(Peers):
    def test_a_domain_in_utf_8_by_its_mx(self):
        """Asked for in its ASCII form; the server there offers no SMTPUTF8, and none is needed."""
        domain = "bücher.test".encode("idna").decode()
        sink = self.sink(host="127.0.0.2", port=25)
        names = Names({(domain, MX): [(10, "mx.test")], ("mx.test", A): ["127.0.0.2"]})
        self.addCleanup(names.close)
        g = self.gateway(ini="[route out]\nmatch = *\nsmart_host = mx\nretry = 1s\n",
                         vendor="[vendor lmn]\nname_server = 127.0.0.1:%d\n" % names.port).start()
        self.addCleanup(g.stop)
        self.send(g.port, ["far@bücher.test"], "admin@example.test", PLAIN)
        harness.wait_for("the mail", lambda: sink.count() == 1)
        self.assertIn((domain, MX), names.asked)
        self.assertEqual(sink.messages[0]["rcpt"], ["far@" + domain])


class ToMicrosoftMail(Peers, Offices):
    def test_a_sender_in_utf_8(self):
        """His address is in the file byte by byte, so that an answer to it finds him; what is text is in the charset of the office."""
        one, _ = self.pair()
        self.send(one.port, ["jdoe@one.test"], "dürst@far.test", TEXT.replace(WIDE.encode(), "dürst@far.test".encode()))
        harness.wait_for(lambda: "the mail\n" + one.log()[-3000:], lambda: len(os.listdir(one.taken)) == 1)
        lines = self.taken(one).split(b"\r")
        self.assertIn("FROM:SMTP:dürst@far.test".encode(), lines)
        self.assertIn("SUBJECT:Grüße".encode("cp437"), lines)
        self.assertIn(b"the body", lines)


if __name__ == "__main__":
    harness.main()
