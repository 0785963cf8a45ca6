"""Addresses and headers in UTF-8 (RFC 6531, 6532, 6533): taken with SMTPUTF8 alone, delivered as they came, sent on to servers that
offer it, a real aiosmtpd among them, and returned in words from before others; domains that need nothing but their ASCII form get it."""

import email
import email.policy
import smtplib

from aiosmtpd.controller import Controller

import harness

WIDE = "dürst@example.test"
FAR = "δοκιμή@bücher.test"
PLAIN = harness.HEADER + b"the body\r\n"
HEADER = ("From: Dürst <%s>\r\nTo: <%s>\r\nSubject: Grüße\r\nMessage-ID: <1@client.test>\r\n"
          "Date: Thu, 26 Nov 2026 12:00:00 +0000\r\n\r\n" % (WIDE, FAR)).encode()
ASCII = "bücher.test".encode("idna").decode()


class Handler:
    def __init__(self):
        self.got = []

    async def handle_DATA(self, server, session, envelope):
        self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.smtp_utf8, envelope.content))
        return "250 2.0.0 Ok"


class Utf8(harness.Case):
    def start(self, ini="", **more):
        self.g = self.gateway(ini=ini, mailboxes=("admin", "jdoe", "dürst"), **more).start()
        return self.g

    def before(self, *offers):
        """A server that offers so much, and the gateway with a route to it."""
        self.server = self.sink(ehlo=("PIPELINING", "8BITMIME", "SIZE 0") + offers, script=self.note)
        self.lines = []
        self.start(harness.route(self.server.port))

    def note(self, verb, argument, session):
        self.lines.append("%s %s" % (verb, argument.encode("latin-1").decode()))

    def send(self, to, sender="admin@example.test", data=PLAIN, options=("SMTPUTF8",)):
        with smtplib.SMTP(self.g.host, self.g.port, timeout=harness.LIMIT) as c:
            c.ehlo("client.test")
            self.assertTrue(c.has_extn("smtputf8"))
            self.assertFalse(c.sendmail(sender, to, data, mail_options=list(options)))

    def ended(self, number=1):
        return harness.wait_for(lambda: "message %d ends\n%s" % (number, self.g.log()[-2000:]),
                                lambda: self.g.history().get(number, {}).get("ended"))

    def report(self, name="admin"):
        harness.wait_for("the report", lambda: self.g.count(name) == 1)
        return email.message_from_bytes(self.g.messages(name)[0], policy=email.policy.SMTPUTF8)

    def words(self, m):
        return " ".join(m.get_payload()[0].get_content().split())


class In(Utf8):
    def test_only_with_it(self):
        self.start("[route out]\ndo = discard\n")
        with self.g.smtp() as c:
            c.say("EHLO client.test")
            for line, code in (("MAIL FROM:<%s>" % WIDE, 553), ("MAIL FROM:<admin@example.test>", 250), ("RCPT TO:<%s>" % WIDE, 553),
                               ("RCPT TO:<x@bücher.test>", 553), ("RSET", 250), ("MAIL FROM:<%s> SMTPUTF8" % WIDE, 250),
                               ("RCPT TO:<%s>" % WIDE, 250), ("RCPT TO:<%s>" % FAR, 250)):
                c.raw(line.encode() + b"\r\n")
                code_of, text = c.reply()
                self.assertEqual(code_of, code, line)
                self.assertEqual("5.6.7" in text, code == 553, text)
            c.raw(b"RCPT TO:<d\xfcrst@example.test>\r\n")  # of another charset
            self.assertEqual(c.reply()[0], 553)
        self.g.stop()

    def test_delivered_as_it_came(self):
        self.start()
        self.send([WIDE], sender=WIDE, data=HEADER + "Grüße\r\n".encode())
        harness.wait_for("delivery", lambda: self.g.count("dürst") == 1)
        got = self.g.messages("dürst")[0].replace(b"\r\n", b"\n")
        self.assertTrue(got.endswith((HEADER + "Grüße\r\n".encode()).replace(b"\r\n", b"\n")), got)
        self.assertIn(("Return-Path: <%s>\n" % WIDE).encode(), got)
        self.assertIn(b"with UTF8SMTP ", got)
        m = self.g.history()[1]
        self.assertEqual((m["from"], m["asks"]), (WIDE, "SMTPUTF8"))
        self.assertEqual(len(self.g.json("history", "--to", WIDE)), 1)
        self.g.stop()

    def test_a_local_domain_in_either_form(self):
        self.start(postoffice="domain = bücher.test\n")
        self.send(["jdoe@bücher.test"])
        self.send(["jdoe@BÜCHER.test"])
        self.send(["jdoe@" + ASCII], options=())
        harness.wait_for("delivery", lambda: self.g.count() == 3)
        self.g.stop()

    def test_sendmail(self):
        self.start()
        r = self.g.command("send", "-t", input="To: %s\nSubject: hi\n\nhello\n" % WIDE)
        self.assertEqual(r.returncode, 0, r.stderr)
        harness.wait_for("delivery", lambda: self.g.count("dürst") == 1)
        self.assertEqual(self.g.history()[1]["asks"], "SMTPUTF8")
        self.g.stop()

    def test_no_such_mailbox_in_a_postoffice_of_microsoft_mail(self):
        self.start(postoffice="format = mmff\nget = /bin/true\nput = /bin/true\nmailboxes = any\n")
        with self.g.smtp() as c:
            c.say("EHLO client.test")
            self.assertEqual(c.say("MAIL FROM:<admin@far.test> SMTPUTF8")[0], 250)
            c.raw(("RCPT TO:<%s>\r\n" % WIDE).encode())
            code, text = c.reply()
            self.assertEqual(code, 550)
            self.assertIn("7 bits", text)
        self.g.stop()


class Routes(Utf8):
    def test_match_either_form(self):
        self.start("[route a]\nmatch = bücher.test\ndo = reject A\n[route b]\nmatch = .münchen.test\ndo = reject B\n"
                   "[route c]\nmatch = δοκιμή@xn--fsq.test\ndo = reject C\n[route d]\nmatch = !%s, *\ndo = reject D\n" % FAR)
        for address, rule in (("x@bücher.test", "a"), ("x@" + ASCII, "a"), (FAR, "a"), ("x@a.münchen.test", "b"),
                              ("δοκιμή@例.test", "c"), ("x@例.test", "d")):
            r = self.g.command("route", address)
            self.assertIn("route " + rule, r.stdout, address)
        self.g.stop()

    def test_what_is_no_name(self):
        g = self.gateway(ini="[route a]\nmatch = a\u00ad..test\n")
        r = g.command("check")
        self.assertEqual(r.returncode, 78)
        self.assertIn("is not a pattern", r.stderr)


class Out(Utf8):
    def test_to_aiosmtpd(self):
        handler = Handler()
        server = Controller(handler, hostname="127.0.0.1", port=harness.free_port(), enable_SMTPUTF8=True)
        server.start()
        self.addCleanup(server.stop)
        self.start(harness.route(server.port))
        self.send([FAR], sender=WIDE, data=HEADER + b"x\r\n")
        self.ended()
        sender, to, utf8, content = handler.got[0]
        self.assertEqual((sender, to, utf8), (WIDE, [FAR], True))
        self.assertTrue(content.endswith(HEADER + b"x\r\n"), content)
        self.assertTrue(content.split(b"\r\nFrom:")[0].isascii())
        self.g.stop()

    def test_said_only_where_it_is_asked_for(self):
        self.before("SMTPUTF8")
        self.send(["x@far.test"], options=())
        self.ended()
        self.assertEqual([x for x in self.lines if x.startswith("MAIL") and "UTF8" in x], [])
        self.send(["x@far.test"])
        self.ended(2)
        self.assertEqual(len([x for x in self.lines if x.startswith("MAIL") and "SMTPUTF8" in x]), 1)
        self.g.stop()

    def test_a_domain_alone_needs_nothing(self):
        self.before()
        self.send(["x@bücher.test"], sender="admin@bücher.test")
        self.ended()
        mail, rcpt = [x for x in self.lines if x.startswith(("MAIL", "RCPT"))]
        self.assertTrue(mail.startswith("MAIL FROM:<admin@%s>" % ASCII), mail)
        self.assertNotIn("UTF8", mail)
        self.assertEqual(rcpt, "RCPT TO:<x@%s>" % ASCII)
        self.assertEqual(self.g.show(1)["recipients_list"][0]["state"], "delivered")
        self.g.stop()

    def test_one_recipient_that_cannot(self):
        self.before()
        self.send([FAR, "x@far.test"], options=["SMTPUTF8", "RET=HDRS"])
        self.ended()
        self.assertEqual([x for x in self.lines if x.startswith("RCPT")], ["RCPT TO:<x@far.test>"])
        m = self.report()
        words = self.words(m)
        self.assertIn("<%s> could not be delivered" % FAR, words)
        self.assertIn("the next server does not offer SMTPUTF8", words)
        one = m.get_payload()[1].get_payload()[1]
        self.assertEqual(" ".join(one["Final-Recipient"].split()), "utf-8; \\x{3B4}\\x{3BF}\\x{3BA}\\x{3B9}\\x{3BC}\\x{3AE}@b\\x{FC}cher.test")
        self.assertEqual((one["Action"], one["Status"]), ("failed", "5.6.7"))
        self.g.stop()

    def test_a_header_that_cannot(self):
        self.before()
        self.send(["x@far.test"], data=HEADER + b"x\r\n")
        self.ended()
        self.assertEqual([x for x in self.lines if x.startswith(("MAIL", "RCPT"))], [])
        self.assertIn("The header is not ASCII", self.words(self.report()))
        self.g.stop()

    def test_without_being_asked_a_header_goes_as_it_is(self):
        """Old programs write 8-bit headers and say nothing: those are sent on, as ever."""
        self.before()
        self.send(["x@far.test"], data=HEADER + b"x\r\n", options=())
        self.ended()
        self.assertEqual(self.g.show(1)["recipients_list"][0]["state"], "delivered")
        self.g.stop()

    def test_a_report_to_a_sender_beyond_ascii(self):
        self.before()
        self.send(["x@far.test"], sender=WIDE)
        m = self.report("dürst")
        self.assertEqual(m["To"], WIDE)
        self.assertIn("The sender's address is not ASCII", self.words(m))
        self.g.stop()

    def test_orcpt_of_type_utf_8(self):
        self.before("SMTPUTF8", "DSN")
        with self.g.smtp() as c:
            for line in ("EHLO client.test", "MAIL FROM:<%s> SMTPUTF8" % WIDE, "RCPT TO:<%s> ORCPT=utf-8;ü@x.test" % FAR):
                c.raw(line.encode() + b"\r\n")
                self.assertEqual(c.reply()[0], 250, line)
            c.say("DATA")
            c.raw(PLAIN + b".\r\n")
            self.assertEqual(c.reply()[0], 250)
        self.ended()
        self.assertIn("RCPT TO:<%s> ORCPT=utf-8;\\x{FC}@x.test" % FAR, self.lines)
        self.g.stop()


if __name__ == "__main__":
    harness.main()
