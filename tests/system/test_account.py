"""Routes that send as their account: From and envelope rewritten, Reply-To keeping the old, reports to whom the route says."""

import email
import email.policy
import hashlib
import os
import re

import harness

ACCOUNT = "scanner@tenant.test"
BODY = b"line\r\n..dots\r\n" * 3
TEXT = b"Date: x\r\nMessage-ID: <1@lan.test>\r\nFrom: Hall 7 <hall7@lan.test>\r\nTo: far@remote.test\r\nSender: who@lan.test\r\nSubject: scan\r\n\r\n" + BODY


def parsed(data):
    return email.message_from_bytes(data, policy=email.policy.default)


class Account(harness.Case):
    def refusing(self, verb, reply):
        return self.sink(lambda v, argument, session: reply if v == verb else None)

    def through(self, data, sender="hall7@lan.test", **keys):
        """What the server got of a message, and the gateway."""
        sink = self.sink()
        g = self.gateway(ini=harness.route(sink.port, **keys)).start()
        self.assertEqual(g.send(data, to=["far@remote.test"], sender=sender)[0], 250)
        harness.wait_for("the message", sink.count)
        got = sink.messages[0]
        harness.wait_for("its end", lambda: g.show(1)["recipients_list"][0]["state"] == "delivered")
        return got, g

    def test_from_and_envelope(self):
        got, g = self.through(TEXT, **{"from": ACCOUNT, "sender_as": ACCOUNT})
        m = parsed(got["data"])
        self.assertTrue(got["mail"].startswith("FROM:<%s>" % ACCOUNT), got["mail"])
        self.assertIn("SIZE=%d" % len(got["data"]), got["mail"])
        self.assertEqual(str(m["From"]), "Hall 7 <%s>" % ACCOUNT)
        self.assertEqual(str(m["Reply-To"]), "Hall 7 <hall7@lan.test>")
        self.assertIsNone(m["Sender"])
        self.assertEqual(str(m["X-Original-Sender"]), "who@lan.test")
        self.assertTrue(m["Received"])
        self.assertEqual(got["data"].split(b"\r\n\r\n", 1)[1], BODY)
        self.assertEqual(g.show(1)["from"], "hall7@lan.test")  # what is kept is what came
        self.assertIn("header rewritten", g.log())
        attempt, = g.show(1)["attempts_list"]
        self.assertEqual(attempt["sent_hash"], hashlib.sha256(got["data"]).hexdigest())
        g.stop()

    def test_the_story_tells_what_was_done(self):
        """As whom it was sent, by the settings of then, also when they are others now; and nothing of it where the server refused before."""
        got, g = self.through(TEXT, **{"from": ACCOUNT, "sender_as": ACCOUNT})
        told = g.command("queue", "show", "1").stdout
        self.assertIn(", as <%s>, From %s" % (ACCOUNT, ACCOUNT), told)
        self.assertNotIn("as      ", told)
        with open(g.ini, encoding="utf-8") as f:
            text = f.read()
        with open(g.ini, "w", encoding="utf-8") as f:
            f.write(text.replace(ACCOUNT, "other@tenant.test"))
        g.reload()
        self.assertEqual(g.command("queue", "show", "1").stdout, told)
        attempt, = g.show(1)["attempts_list"]
        self.assertEqual((attempt["sent_sender"], attempt["sent_from"]), (ACCOUNT, ACCOUNT))
        self.assertEqual(g.command("history", "verify").returncode, 0)
        g.stop()

    def test_the_story_of_what_was_not_sent(self):
        refusing = self.refusing("MAIL", "550 5.7.60 SendAsDenied")
        g = self.gateway(ini=harness.route(refusing.port, retry="1h", **{"from": ACCOUNT, "sender_as": ACCOUNT})).start()
        g.send(TEXT, to=["far@remote.test"], sender="hall7@lan.test")
        attempts = harness.wait_for("an attempt", lambda: g.show(1).get("attempts_list"))
        self.assertEqual([(a["sent_sender"], a["sent_from"]) for a in attempts], [(ACCOUNT, "")])  # MAIL was all that was said
        g.stop()

    def test_keep_changes_nothing(self):
        got, g = self.through(TEXT)
        self.assertTrue(got["mail"].startswith("FROM:<hall7@lan.test>"), got["mail"])
        self.assertTrue(got["data"].endswith(TEXT))
        self.assertNotIn("header rewritten", g.log())
        g.stop()

    def test_the_account_of_a_login(self):
        """`account` is the user, told before anything is sent."""
        secret = os.path.join(self.gateway().folder, "secret")
        with open(secret, "w", encoding="utf-8") as f:
            f.write("x\n")
        os.chmod(secret, 0o600)
        g = self.gateway(ini=harness.route(1, **{"user": ACCOUNT, "password": "file:" + secret, "from": "account",
                                                 "sender_as": "account", "bounce_to": "it"}))
        told = g.command("route", "far@remote.test").stdout
        self.assertIn("  From becomes %s, Reply-To keeps the old one\n" % ACCOUNT, told)
        self.assertIn("  the sender of its envelope becomes %s\n" % ACCOUNT, told)
        self.assertRegex(told, r"  reports on it go to it@")

    def test_a_message_without_header(self):
        got, g = self.through(b"\r\nscan\r\n", **{"from": ACCOUNT})
        self.assertEqual(str(parsed(got["data"])["From"]), ACCOUNT)
        self.assertEqual(got["data"].split(b"\r\n\r\n", 1)[1], b"scan\r\n")
        g.stop()

    def test_a_large_message(self):
        body = b"%s\r\n" % (b"x" * 70) * 20000
        got, g = self.through(TEXT[:-len(BODY)] + body, **{"from": ACCOUNT})
        self.assertEqual(got["data"].split(b"\r\n\r\n", 1)[1], body)
        g.stop()

    def test_a_header_too_long(self):
        """It goes as it came, and the log says why."""
        data = b"From: hall7@lan.test\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"x" * 900) for i in range(100)) + b"\r\ny\r\n"
        got, g = self.through(data, **{"from": ACCOUNT})
        self.assertTrue(got["data"].endswith(data))
        self.assertIn("too long to be rewritten", g.log())
        g.stop()

    def test_a_report_stays_a_report(self):
        got, g = self.through(TEXT, sender="", **{"sender_as": ACCOUNT, "from": ACCOUNT})
        self.assertTrue(got["mail"].startswith("FROM:<>"), got["mail"])
        self.assertEqual(parsed(got["data"])["From"].addresses[0].addr_spec, ACCOUNT)
        g.stop()

    def test_reports_go_to_bounce_to(self):
        sink = self.refusing("RCPT", "550 5.1.1 No such user")
        g = self.gateway(ini=harness.route(sink.port, **{"from": ACCOUNT, "bounce_to": "jdoe@example.test"})).start()
        g.send(TEXT, to=["far@remote.test"], sender="hall7@lan.test")
        harness.wait_for("the report", g.count)
        report = parsed(g.messages()[0])
        self.assertEqual(str(report["To"]), "jdoe@example.test")
        text = " ".join(report.get_payload(0).get_content().split())
        self.assertIn("550 5.1.1 No such user", text)
        self.assertIn("hall7@lan.test", text)
        self.assertTrue(re.search("A message could not be delivered", str(report["Subject"])), report["Subject"])
        g.stop()


if __name__ == "__main__":
    harness.main()
