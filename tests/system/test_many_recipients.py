"""Mail to 10,000 recipients, both ways between MIME and MMFF: each gets it once, and it costs the gateway and what it runs little memory."""

import os
import shutil
import subprocess

import harness
from memory import MIB, Memory

PUT = os.path.join(harness.BUILD, "smtpput")
GET = os.path.join(harness.BUILD, "smtpget")
COUNT = 10000
MOST = 32 * MIB


class ManyRecipients(harness.Case):
    def office(self, mailboxes):
        self.far = self.sink()
        g = self.gateway(ini=harness.route(self.far.port), postoffice="format = mmff\nget = %s\nwait = 1s\n" % GET, mailboxes=mailboxes)
        for name in ("smtp", "outgoing/new"):
            os.makedirs(os.path.join(g.mail, name))
        return g.start()

    def bounded(self, memory, what):
        above, own = memory.stop()
        print("%s: %s" % (what, memory.words(above, own)))
        if not harness.sanitized():
            self.assertLess(above, MOST, memory.seen)

    def test_in(self):
        """One of them has no mailbox any more when it is put: that one alone is bounced."""
        names = ["u%d" % i for i in range(COUNT)]
        g = self.office(["admin"] + names)
        memory = Memory(g.process.pid)
        body = b"From: joe@far.test\r\nTo: all@example.test\r\nSubject: to all\r\n\r\nhi\r\n"
        gone = os.path.join(g.mail, names[0])
        with g.smtp(timeout=10 * harness.LIMIT) as c:
            for line in ["EHLO client.test", "MAIL FROM:<joe@far.test>"] + ["RCPT TO:<%s@example.test>" % n for n in names]:
                self.assertEqual(c.say(line)[0], 250)
            shutil.rmtree(gone)
            self.assertEqual(c.say("DATA")[0], 354)
            c.raw(body + b".\r\n")
            self.assertEqual(c.reply()[0], 250)
        harness.wait_for(lambda: "the bounce\n" + g.log()[-2000:], lambda: self.far.count() == 1, 10 * harness.LIMIT)
        harness.wait_for("the end", lambda: not g.queue(), 10 * harness.LIMIT)
        self.bounded(memory, "MIME to MMFF")
        self.assertEqual({n: g.count(n) for n in names[1:]}, {n: 1 for n in names[1:]})
        self.assertEqual(self.far.messages[0]["rcpt"], ["joe@far.test"])
        self.assertIn(b"u0@example.test", self.far.messages[0]["data"])
        self.assertNotIn(b"u1@example.test", self.far.messages[0]["data"])
        g.stop()

    def test_out(self):
        g = self.office(["admin"])
        path = os.path.join(g.folder, "many.api")
        with open(path, "wb") as f:
            f.write(b"VERSION:3.00\r" + b"".join(b"TO:SMTP:u%d@far.test\r" % i for i in range(COUNT)) + b"FROM:CSI:TEST/HQ/admin\rTEXT:2\rhi")
        memory = Memory(g.process.pid)
        subprocess.run([PUT, "-d" + g.mail, path], check=True, timeout=10 * harness.LIMIT)
        got = []
        harness.wait_for(lambda: "everybody, not %d\n%s" % (sum(len(m["rcpt"]) for m in self.far.messages), g.log()[-2000:]),
                         lambda: sum(len(m["rcpt"]) for m in list(self.far.messages)) >= COUNT, 10 * harness.LIMIT)
        self.bounded(memory, "MMFF to MIME")
        for m in self.far.messages:
            got += m["rcpt"]
        self.assertEqual(sorted(got), sorted("u%d@far.test" % i for i in range(COUNT)))
        g.stop()


if __name__ == "__main__":
    harness.main()
