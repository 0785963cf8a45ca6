#!/usr/bin/env python3
"""send: from standard input into the queue, with and without a running gateway; also as sendmail."""

import os
import pwd
import subprocess

import testbed
from testbed import LIMIT, PROGRAM, wait_for


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

    def aliases(self, g, text):
        path = os.path.join(g.folder, "aliases")
        with open(path + ".new", "w") as f:
            f.write(text)
        os.rename(path + ".new", path)
        return path

    def test_aliases(self):
        """Local names, from send and by SMTP; a changed file is taken by itself."""
        g = self.gateway()
        path = self.aliases(g, "root: jdoe@example.test, \\root\nops: root\nprog: |/bin/false\n")
        g.write(gateway="origin = host.test\naliases = " + path)
        g.start()
        self.check(g.command("send", "ops", input="Subject: cron\n\nx\n"), 0)
        self.delivered(g)
        told = self.check(g.command("queue", "list"), 0, out="root@host.test").stdout
        self.assertNotIn("ops", told)
        self.assertEqual(g.send(b"Subject: s\r\n\r\nx\r\n", to=("ops@example.test",))[0], 250)
        self.delivered(g, 2)
        self.assertIn("mail runs no programs here", g.log())
        self.check(g.command("route", "ops"), 0, out=["ops\n  is an alias of jdoe@example.test, root@host.test\n",
                                                      "delivered to the mailbox"])
        self.aliases(g, "ops: admin@example.test\n")
        wait_for("the new file", lambda: g.log().count("aliases read") == 2)
        self.check(g.command("send", "ops", input="Subject: cron\n\nx\n"), 0)
        wait_for("the admin's", lambda: g.count("admin") == 1)
        self.assertEqual(g.send(b"x: y\r\n\r\n", to=("nobody@example.test",))[0], 550)
        g.stop()

    def test_newaliases(self):
        g = self.gateway()
        path = self.aliases(g, "root: jdoe\nprog: |/bin/false\n")
        g.write(gateway="aliases = " + path)
        self.check(self.called(g, "newaliases"), 1, out="1 aliases", err=path + ":2: |/bin/false is not followed")
        os.unlink(path)
        self.check(self.called(g, "newaliases"), 0, out="is not there")

    def test_as_any_user(self):
        """cron and web servers are not root: with the gateway and without, once it has run; nobody reads another's."""
        g = self.gateway(gateway="user = mail\n")
        os.chmod(g.mail, 0o777)
        for name in ("jdoe", "admin"):
            for part in ("", "new", "cur", "tmp"):
                os.chown(os.path.join(g.mail, name, part), pwd.getpwnam("mail").pw_uid, -1)
        g.start()
        as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        text = "To: jdoe@example.test\nSubject: from php\n\nx\n"

        def send():
            return subprocess.run(as_nobody + [PROGRAM, "send", "--config", g.ini, "-t", "-i"], input=text, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT, env=g.env)

        self.check(send(), 0)
        self.delivered(g)
        self.assertEqual(g.show(1)["helo"], "nobody")
        g.stop()
        self.check(send(), 0)
        drop = os.path.join(g.spool, "maildrop")
        self.assertNotEqual(subprocess.run(as_nobody + ["ls", drop], stderr=subprocess.DEVNULL).returncode, 0)
        evil = "smtpgate maildrop 1\nfrom a@b.test\nto jdoe@example.test\nlistener lan\nclient 10.9.9.9\npriority 0\nsize 8\n\nx: y\r\n\r\n"
        for name, make in [("drop-1-pipe", os.mkfifo), ("drop-1-link", lambda p: os.symlink("/dev/zero", p))]:
            make(os.path.join(drop, name))
        with open(os.path.join(drop, "drop-1-claims"), "w") as f:
            f.write(evil)
        os.chmod(os.path.join(drop, "drop-1-claims"), 0o644)
        os.chown(os.path.join(drop, "drop-1-claims"), 65534, -1)
        g.start()
        self.delivered(g, 3)
        wait_for("only what was set aside", lambda: sorted(os.listdir(drop)) == [
            "drop-1-link.bad", "drop-1-link.bad.txt", "drop-1-pipe.bad", "drop-1-pipe.bad.txt"])
        claims = [m for m in g.history().values() if m["from"] == "a@b.test"][0]
        self.assertEqual((claims["listener"], claims["client"], claims["priority"], claims["helo"]),
                         ("send", "", "normal", "nobody"))
        g.stop()

    def test_before_the_gateway_ever_ran(self):
        """root's cron at boot: what it makes is the gateway's."""
        g = self.gateway(gateway="user = mail\n")
        self.check(g.command("send", "jdoe@example.test", input="x\n"), 0)
        self.assertEqual(os.stat(os.path.join(g.spool, "maildrop")).st_uid, pwd.getpwnam("mail").pw_uid)
        os.chmod(g.mail, 0o777)
        for name in ("jdoe", "admin"):
            for part in ("", "new", "cur", "tmp"):
                os.chown(os.path.join(g.mail, name, part), pwd.getpwnam("mail").pw_uid, -1)
        g.start()
        self.delivered(g)
        g.stop()

    def test_as_cron_calls_it(self):
        g = self.gateway(gateway="origin = example.test").start()
        self.check(self.called(g, "sendmail", "-FCronDaemon", "-i", "-B8BITMIME", "-oem", "jdoe", input="Subject: Cron\n\nx\n"), 0)
        self.assertIn("From: CronDaemon <", self.delivered(g))
        self.check(self.called(g, "sendmail", "-odi", "-Am", "-L", "tag", "-h", "3", "-OX=y", "-r", "me@example.test", "jdoe",
                               input="x\n"), 0)
        wait_for("the second", lambda: g.count() == 2)
        self.assertEqual(g.show(2)["from"], "me@example.test")
        self.check(self.called(g, "sendmail", "-i", "-t", input="From: root (Cron Daemon)\nTo: jdoe\n\nx\n"), 0)
        wait_for("the third", lambda: g.count() == 3)
        self.assertIn(b"\nFrom: Cron Daemon <root@example.test>\n", g.messages()[2])  # as a server elsewhere wants it
        self.check(self.called(g, "sendmail", "-q"), 0)
        g.stop()

    def test_reports(self):
        """-N, -R and -V as Postfix's sendmail has them: for each recipient, also those of the header, and over a restart."""
        g = self.gateway(gateway="origin = example.test")
        self.check(self.called(g, "sendmail", "-t", "-N", "success, delay", "-R", "hdrs", "-V", "job 1+2=3", "-f", "admin",
                               input="To: jdoe\nCc: far@elsewhere.test\n\nx\n"), 0)
        g.start()
        wait_for("the report", lambda: g.count("admin") == 1)
        report = g.messages("admin")[0].decode()
        self.assertIn("\nOriginal-Envelope-Id: job 1+2=3\n", report)
        self.assertIn("\nAction: delivered\n", report)
        shown = g.show(1)
        self.assertEqual(shown["asks"], "RET=HDRS ENVID=job+201+2B2+3D3")
        self.assertEqual({r["asks"] for r in shown["recipients_list"]}, {"NOTIFY=SUCCESS,DELAY"})
        self.check(g.command("send", "-N", "never", "jdoe@example.test", input="x\n"), 0, err="")
        wait_for("the second", lambda: g.count() == 2)
        self.assertEqual(g.show(3)["recipients_list"][0]["asks"], "NOTIFY=NEVER")
        bad = self.check(g.command("send", "-N", "often", "-R", "some", "-V", "x" * 101, "jdoe@example.test", input="x\n"), 0,
                         err=["-N often: it is never, or some of success, failure, delay; sent without it\n",
                              "-R some: it is full or hdrs; sent without it\n", "-V xxx"])
        self.assertEqual(bad.stderr.count("\n"), 3)
        wait_for("the third", lambda: g.count() == 3)
        shown = g.show(4)
        self.assertEqual((shown["asks"], shown["recipients_list"][0]["asks"]), ("", ""))
        g.stop()

    def test_null_sender(self):
        g = self.gateway().start()
        self.check(g.command("send", "-f", "<>", "x@elsewhere.test", input="\nx\n"), 0)
        wait_for("it is queued", lambda: "<>" in g.command("queue", "list").stdout)
        g.stop()


if __name__ == "__main__":
    testbed.main()
