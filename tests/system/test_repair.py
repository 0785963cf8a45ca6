"""What old devices send is put right on its way in, to the byte where nothing is wrong, and the queue tells what was changed."""

import email
import email.policy
import email.utils
import re

import harness

LEGACY = "profile = legacy\n"
DATE = email.utils.formatdate().encode()
GOOD = (b"Date: " + DATE + b"\r\nMessage-ID: <1@client.test>\r\nFrom: me@client.test\r\n"
        b"To: jdoe@example.test\r\nSubject: plain\r\n\r\n")


class Repair(harness.Case):
    def one(self, data, listen=LEGACY, ini="", sender="scanner@lan.test"):
        """The message as it was delivered, parsed, its bytes, and what the queue tells of it."""
        g = self.gateway(listen=listen, ini=ini).start()
        self.assertEqual(g.send(data, sender=sender)[0], 250)
        harness.wait_for("the message", g.count)
        raw = g.messages()[0]
        raw = re.sub(rb"\A(?:(?:Return-Path|Received|Delivered-To):[^\n]*\n(?:[ \t][^\n]*\n)*)+", b"", raw)
        told = g.show(1)
        g.stop()
        return email.message_from_bytes(raw, policy=email.policy.default), raw, told

    def test_nothing_at_all(self):
        m, raw, told = self.one(b"\r\nscan 17\r\n")
        self.assertEqual(m["From"], "scanner@lan.test")
        self.assertRegex(m["Message-ID"], r"^<[0-9]+\.[0-9a-f]{16}@gw\.example\.test>$")
        self.assertIsNotNone(m["Date"].datetime)
        self.assertEqual(raw.split(b"\n\n", 1)[1], b"scan 17\n")
        self.assertEqual(told["repaired"], "Date was missing; Message-ID was missing; From was missing")

    def test_a_body_without_header(self):
        m, raw, told = self.one(b"page 1 of 2\r\npage 2 of 2\r\n")
        self.assertEqual(m["From"], "scanner@lan.test")
        self.assertEqual(raw.split(b"\n\n", 1)[1], b"page 1 of 2\npage 2 of 2\n")

    def test_a_clock_that_stands_still(self):
        m, _, told = self.one(GOOD.replace(DATE, b"Sat, 1 Jan 2000 10:00:00 +0000") + b"x\r\n")
        self.assertGreater(m["Date"].datetime.year, 2023)
        self.assertEqual(m["X-Original-Date"], "Sat, 1 Jan 2000 10:00:00 +0000")
        self.assertEqual(told["repaired"], "Date was Sat, 1 Jan 2000 10:00:00 +0000")

    def test_umlauts_of_a_machine_that_knows_no_mime(self):
        m, raw, told = self.one(b"From: Empf\xe4nger <scanner>\r\nSubject: Gr\xfc\xdfe aus K\xf6ln\r\n\r\nStra\xdfe\r\n")
        self.assertEqual(m["Subject"], "Gr\u00fc\u00dfe aus K\u00f6ln")
        self.assertEqual(m["From"].addresses[0].display_name, "Empf\u00e4nger")
        self.assertEqual(m["From"].addresses[0].addr_spec, "scanner@gw.example.test")
        self.assertEqual(m.get_content().strip(), "Stra\u00dfe")
        self.assertFalse([b for b in raw.split(b"\n\n", 1)[0] if b > 127])
        self.assertEqual(m["X-Original-From"], "Empf\u00e4nger <scanner>")
        self.assertIn("undeclared characters in Subject", told["repaired"])

    def test_utf_8_is_told_from_others(self):
        m, _, _ = self.one(GOOD + "Stra\u00dfe \u20ac\r\n".encode())
        self.assertEqual(m.get_content().strip(), "Stra\u00dfe \u20ac")
        self.assertEqual(m.get_content_charset(), "utf-8")

    def test_what_is_right_stays_to_the_byte(self):
        for body in (b"text\r\n", b"x" * 900 + b"\r\n" + b"y\r\n" * 60000):
            _, raw, told = self.one(GOOD + body)
            self.assertEqual(raw, (GOOD + body).replace(b"\r\n", b"\n"))
            self.assertEqual(told["repaired"], "")

    def test_modern_adds_a_message_id_and_nothing_else(self):
        _, raw, told = self.one(b"Subject: x\r\n\r\nStra\xdfe\r\n", listen="")
        self.assertRegex(raw, rb"\ASubject: x\nMessage-ID: <[^\n]*>\n\nStra\xdfe\n\Z")
        self.assertEqual(told["repaired"], "Message-ID was missing")

    def test_none(self):
        _, raw, told = self.one(b"Subject: x\r\n\r\ny\r\n", listen="profile = p\n", ini="[profile p]\nrepair = none\n")
        self.assertEqual(raw, b"Subject: x\n\ny\n")

    def test_written_on_to_an_account(self):
        ini = "[profile p]\nlike = legacy\nfrom = account@smart.test\nsender = account@smart.test\n"
        m, _, told = self.one(GOOD.replace(b"From: me", b"From: Hall 7 <me").replace(b"me@client.test", b"me@client.test>", 1)
                              + b"x\r\n", listen="profile = p\n", ini=ini, sender="me@client.test")
        self.assertEqual(str(m["From"]), "Hall 7 <account@smart.test>")
        self.assertEqual(str(m["Reply-To"]), "Hall 7 <me@client.test>")
        self.assertEqual(told["from"], "account@smart.test")
        self.assertIn("sender was me@client.test; ", told["repaired"])
        self.assertIn("From was Hall 7 <me@client.test>", told["repaired"])

    def test_a_report_stays_a_report(self):
        _, _, told = self.one(GOOD + b"x\r\n", listen="profile = p\n", ini="[profile p]\nsender = account@smart.test\n", sender="")
        self.assertEqual(told["from"], "")

    def test_a_header_without_end_is_bounded(self):
        """It is taken as it is, beyond what is held to repair one."""
        lines = b"".join(b"X-%d: %s\r\n" % (i, b"x" * 900) for i in range(100))
        _, raw, told = self.one(lines + b"\r\ny\r\n")
        self.assertEqual(raw, (lines + b"\r\ny\r\n").replace(b"\r\n", b"\n"))
        self.assertEqual(told["repaired"], "header too long")

    def test_the_story_tells_it(self):
        g = self.gateway(listen=LEGACY).start()
        g.send(b"\r\nx\r\n")
        harness.wait_for("the message", g.count)
        self.assertIn("  repaired  Date was missing; Message-ID was missing", g.command("queue", "show", "1").stdout)
        self.assertIn('repaired="Date was missing; ', g.log())
        g.stop()

    def test_line_by_line_and_all_at_once(self):
        """The same message in pieces of every kind comes out the same, but for its new Message-ID."""
        g = self.gateway(listen=LEGACY).start()
        data = b"Subject: \xe4\r\nTo: jdoe@example.test\r\n folded@example.test\r\n\r\n" + b"\xe4 line\r\n" * 40
        for size in (1, 7, 64, len(data)):
            with g.smtp() as c:
                for line in "EHLO a.test", "MAIL FROM:<s@lan.test>", "RCPT TO:<jdoe@example.test>", "DATA":
                    c.say(line)
                c.sock.setsockopt(harness.socket.IPPROTO_TCP, harness.socket.TCP_NODELAY, 1)
                for i in range(0, len(data), size):
                    c.raw(data[i:i + size])
                c.raw(b".\r\n")
                self.assertEqual(c.reply()[0], 250)
        harness.wait_for("all", lambda: g.count() == 4)
        seen = {re.sub(rb"\A.*?(?=Subject:)|(Date|Message-ID):[^\n]*\n", b"", m, flags=re.S) for m in g.messages()}
        self.assertEqual(len(seen), 1, seen)
        g.stop()


if __name__ == "__main__":
    harness.main()
