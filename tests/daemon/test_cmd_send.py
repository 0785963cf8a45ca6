#!/usr/bin/env python3
"""send: from standard input into the queue, with and without a running gateway; also as sendmail."""

import os

import testbed
from testbed import wait_for


class Send(testbed.Case):
    def delivered(self, g, count=1):
        wait_for("%d delivered" % count, lambda: g.count() == count)
        return g.messages()[-1].decode("latin-1")

    def test_with_a_gateway(self):
        g = self.gateway().start()
        self.check(g.command("send", "-f", "me@example.test", "jdoe@example.test", input="Subject: hi\n\nhello\n"), 0)
        text = self.delivered(g)
        for part in "Subject: hi\n", "\nhello\n", "\nFrom: ", "<me@example.test>", "\nMessage-ID: <", "\nDate: ":
            self.assertIn(part, text)
        self.check(g.command("history"), 0, out="<me@example.test>")
        g.stop()

    def test_without_a_gateway(self):
        g = self.gateway()
        self.check(g.command("send", "jdoe@example.test", input="hello\n"), 0)
        self.assertEqual(len(os.listdir(os.path.join(g.spool, "maildrop"))), 1)
        g.start()
        self.assertIn("\n\nhello\n", self.delivered(g))
        self.assertEqual(os.listdir(os.path.join(g.spool, "maildrop")), [])
        g.stop()

    def test_as_sendmail(self):
        g = self.gateway(gateway="origin = example.test").start()
        mail = "To: jdoe\nCc: Someone <someone@elsewhere.test>\nBcc: admin@example.test\nFrom: x@y\n\n.\nmore\n"
        self.check(self.called(g, "sendmail", "-t", "-oi", "-B", "8BITMIME", "-f", "x@example.test", input=mail), 0)
        text = self.delivered(g)
        self.assertIn("\n.\nmore\n", text)
        self.assertNotIn("Bcc", text)
        wait_for("the blind copy", lambda: g.count("admin") == 1)
        self.check(g.command("queue", "list"), 0, out="someone@elsewhere.test")
        self.check(self.called(g, "sendmail", "-bm", "jdoe@example.test", input="a\n.\nb\n"), 0)
        wait_for("the second", lambda: g.count() == 2)
        self.assertTrue(any("\n\na\n" in m.decode() and "b" not in m.decode().split("\n\n", 1)[1] for m in g.messages()))
        self.check(self.called(g, "newaliases"), 0)
        self.check(self.called(g, "sendmail", "-bi"), 0)
        self.check(self.called(g, "sendmail", "-bs"), 64)
        g.stop()

    def test_refusals(self):
        g = self.gateway(gateway="max_size = 1K")
        self.check(g.command("send", input="x\n"), 64, err="name recipients")
        self.check(g.command("send", "-t", input="Subject: x\n\nx\n"), 64, err="the header names no recipient")
        self.check(g.command("send", "a@", input="x\n"), 64, err='"a@" is no address')
        self.check(g.command("send", "-f", "a b@c", "d@e", input="x\n"), 64, err="-f a b@c")
        self.check(g.command("send", "-t", input="To: a@\n\nx\n"), 1, err='"a@" is no address')
        self.check(g.command("send", "-F", "x\nBcc: v@w", "d@e", input="\nx\n"), 1, err="control character")
        self.check(g.command("send", "d@e", input="x" * 2000), 1, err="max_size, 1024 bytes")
        self.assertFalse(os.path.exists(os.path.join(g.spool, "maildrop")) and os.listdir(g.spool + "/maildrop"))

    def test_null_sender(self):
        g = self.gateway().start()
        self.check(g.command("send", "-f", "<>", "x@elsewhere.test", input="\nx\n"), 0)
        wait_for("it is queued", lambda: "<>" in g.command("queue", "list").stdout)
        g.stop()


if __name__ == "__main__":
    testbed.main()
