"""Encapsulation: what a postoffice writes for one behind another gateway arrives there as it was written, to the byte, both ways; as mail where
that is what the other side has; and nobody gets by it what could not be sent to him."""

import email
import email.policy
import os
import subprocess

import harness
import offices

DATA = bytes(range(256)) * 300
TEXT = "Gr\u00fc\u00dfe \u2592 \u2552\rsecond line\r"


def message(to, cc=(), sender="ONE/HQ/jdoe", parts=(("Pl\u00e4ne 93.XLS", DATA), ("EMPTY.DAT", b"")), text=TEXT, more=("PRIORITY:R",)):
    lines = ["VERSION:3.00"] + ["TO:CSI:" + t for t in to] + ["CC:CSI:" + t for t in cc]
    lines += ["FROM:CSI:" + sender, "DATE:1993-07-13", "TIME:13:20", "SUBJECT:\u00dcbersicht", *more]
    lines += ["ATTACHMENT:%s %d" % (name, len(data)) for name, data in parts] + ["TEXT:%d" % len(text), ""]
    return ("\r".join(lines) + text).encode("cp437") + b"".join(data for _, data in parts)


class Two(offices.Offices):
    def check_bytes(self, sent, put):
        """Every line of the header, whatever smtpget's order, and all bytes behind it."""
        self.assertEqual(put.count(b"VERSION:3.00\r"), 2)  # what it was in, and itself
        got = put[put.rindex(b"VERSION:3.00\r"):]
        (head, body), (got_head, got_body) = (x.split(b"\rTEXT:") for x in (sent, got))
        self.assertEqual(sorted(head.split(b"\r")), sorted(got_head.split(b"\r")))
        self.assertTrue(body == got_body, "the bytes differ")

    def mails(self, g, name="jdoe"):
        return [email.message_from_bytes(m, policy=email.policy.default) for m in g.messages(name)]

    def test_both_ways_to_the_byte(self):
        one, two = self.pair()
        for g, far, here, there in ((one, two, "ONE/HQ", "TWO/HQ"), (two, one, "TWO/HQ", "ONE/HQ")):
            sent = message([there + "/jdoe"], [there + "/admin"], here + "/jdoe", more=("PRIORITY:R", "X-UNKNOWN:kept", "EXT:I:4:THING", "5678"))
            self.bag(g, sent)
            harness.wait_for("the mails", lambda: far.count() and far.count("admin"))
            self.check_bytes(sent, self.taken(far))
            for name in "jdoe", "admin":
                (got,) = self.mails(far, name)
                self.assertEqual(got["Subject"], "\u00dcbersicht")
                self.assertEqual((got["To"], got["Cc"], got["From"]), tuple(
                    "%s@%s.test" % (who, there[:3].lower() if who != "me" else "") for who in ("jdoe", "admin")) + (
                        "jdoe@%s.test" % here[:3].lower(),))
                self.assertIn("1993 13:20", got["Date"])
                self.assertEqual(got.get_body(("plain",)).get_content().splitlines(), TEXT.split("\r")[:-1])
                self.assertEqual([(p.get_filename(), p.get_content()) for p in got.iter_attachments()],
                                 [("Pl\u00e4ne 93.XLS", DATA), ("EMPTY.DAT", b"")])
            self.assertEqual(far.log().count("capsule unpacked"), 1)
        for g in one, two:
            g.stop()

    def test_opened_by_the_threads_of_the_disks(self):
        """A capsule of a slow disk, or a large one, holds up nobody: the thread of the queue reads none of it."""
        one, two = self.pair(env=harness.TRACED)
        trace = os.path.join(two.folder, "trace")
        pid = two.process.pid
        p = subprocess.Popen(["strace", "-f", "-q", "-y", "-s", "1", "-o", trace, "-e", "trace=pread64,read", "-p", str(pid)])
        self.addCleanup(lambda: p.poll() is None and p.kill())
        tracer = "TracerPid:\t%d\n" % p.pid
        harness.wait_for("strace has every thread", lambda: all(tracer in harness.read_file("/proc/%d/task/%s/status" % (pid, t))
                                                                for t in os.listdir("/proc/%d/task" % pid)))
        self.bag(one, message(["TWO/HQ/jdoe"], parts=(("LARGE.DAT", DATA * 20),)))
        harness.wait_for("the mail", two.count)
        p.terminate()
        p.wait(harness.LIMIT)
        self.assertIn("capsule unpacked", two.log())
        readers = {int(line.split()[0]) for line in harness.read_file(trace).splitlines() if two.spool + "/body/" in line}
        self.assertTrue(readers)
        self.assertNotIn(pid, readers)
        for g in one, two:
            g.stop()

    def test_uuencode_carries_it_too(self):
        one, two = self.pair(one="attachments = uuencode\n")
        sent = message(["TWO/HQ/jdoe"])
        self.bag(one, sent)
        harness.wait_for("the mail", two.count)
        self.check_bytes(sent, self.taken(two))
        for g in one, two:
            g.stop()

    def test_as_mail_where_no_one_reads_it_otherwise(self):
        """Into a postoffice that keeps mail, and into one with another charset: the letters are right, the bytes of files too."""
        for second in "", "format = mmff\ncharset = cp1252\n":
            one, two = self.pair(second=second)
            self.bag(one, message(["TWO/HQ/jdoe"], text="Gr\u00fc\u00dfe\r"))
            harness.wait_for("the mail", two.count)
            (got,) = self.mails(two)
            self.assertEqual(got["Subject"], "\u00dcbersicht")
            self.assertEqual(got.get_body(("plain",)).get_content().strip(), "Gr\u00fc\u00dfe")
            self.assertEqual([(p.get_filename(), p.get_content()) for p in got.iter_attachments()][0], ("Pl\u00e4ne 93.XLS", DATA))
            for g in one, two:
                g.stop()

    def test_each_gets_what_is_meant_for_him(self):
        """Native recipients whole, others as mail; who is not there is bounced by name, and the others have it."""
        one, two = self.pair()
        self.bag(one, message(["TWO/HQ/jdoe", "TWO/HQ/nobody"]).replace(b"\rFROM:", b"\rTO:SMTP:admin@two.test\rFROM:"))
        harness.wait_for("both", lambda: two.count() and two.count("admin"))
        harness.wait_for("the bounce", one.count)
        self.assertEqual((two.count(), two.count("admin"), one.count()), (1, 1, 1))
        self.assertIn(b"nobody@two.test", one.messages()[0])
        for g in one, two:
            g.stop()

    def test_an_alias_leads_out_as_mail(self):
        """Where it goes nobody may be who opens it, and its list shows everybody that it was meant for."""
        one, two = self.pair(aliases="sales: jdoe@one.test\n")
        self.bag(one, message(["TWO/HQ/sales", "TWO/HQ/jdoe"]))
        harness.wait_for("both", lambda: one.count() and two.count())
        for g in one, two:
            self.assertEqual([p.get_filename() for p in self.mails(g)[0].iter_attachments()], ["Pl\u00e4ne 93.XLS", "EMPTY.DAT"])
            g.stop()

    def test_what_was_asked_for_it_is_asked_for_each(self):
        one, two = self.pair()
        for notify, known in (("NEVER", 2), ("FAILURE", 5)):  # the capsule and what is in it; and its bounce
            with two.smtp() as c:
                for line in "EHLO far.test", "MAIL FROM:<jdoe@one.test>", "RCPT TO:<XXENC@two.test> NOTIFY=%s ORCPT=rfc822;x@one.test" % notify:
                    self.assertEqual(c.say(line)[0], 250)
                self.assertEqual(c.say("DATA")[0], 354)
                c.raw(self.forged(["nobody@two.test"], message(["TWO/HQ/nobody"])) + b".\r\n")
                self.assertEqual(c.reply()[0], 250)
            harness.wait_for("all is over", lambda: not two.queue() and len(two.history()) >= known)
        harness.wait_for("the bounce", one.count)
        self.assertEqual((len(two.history()), one.count()), (5, 1))
        self.assertNotIn(b"Original-Recipient", one.messages()[0])
        for g in one, two:
            g.stop()

    def test_a_name_with_a_tab_is_no_obstacle(self):
        """Where any name is taken in HELO it goes along in the envelope, whose file takes no control characters."""
        one, two = self.pair()
        with open(two.ini, "a") as f:
            f.write("[profile old]\nlike = modern\nclients = 127.0.0.1\nhelo = any\n")
        two.reload()
        with two.smtp() as c:
            self.assertEqual(c.send(self.forged(["jdoe@two.test"], message(["TWO/HQ/jdoe"])), ["XXENC@two.test"], "mallory@far.test", "PLC\t7")[0], 250)
        harness.wait_for("the mail", two.count)
        for g in one, two:
            g.stop()

    def test_it_can_be_turned_off(self):
        one, two = self.pair(one="encapsulate = no\n", two="encapsulate = no\n")
        self.bag(one, message(["TWO/HQ/jdoe"]))
        harness.wait_for("the mail", two.count)
        self.assertNotIn(b"MESSAGE.API", self.taken(two))
        self.assertEqual(two.send(b"Subject: x\r\n\r\nx\r\n", ["xxenc@two.test"])[0], 550)
        for g in one, two:
            g.stop()

    def test_the_other_side_takes_none(self):
        """Who wrote to jdoe has never heard of XXENC."""
        one, two = self.pair(two="encapsulate = no\n")
        self.bag(one, message(["TWO/HQ/jdoe"], sender="ONE/HQ/jdoe"))
        harness.wait_for("the report", one.count)
        words = " ".join(self.mails(one)[0].get_body(("plain",)).get_content().split())
        self.assertIn("It stands for those you wrote to there, whose gateway takes no encapsulated mail", words)
        self.assertNotIn("typing error", words)
        for g in one, two:
            g.stop()

    def forged(self, addresses, inner, first="smtpgate encapsulation 1\r\ncharset cp437\r\n"):
        m = email.message.EmailMessage(policy=email.policy.SMTP)
        m["From"], m["To"], m["Subject"] = "mallory@far.test", "xxenc@two.test", "forged"
        m.set_content("readable words\n")
        m.add_attachment((first + "".join("to %s\r\n" % a for a in addresses)).encode(), maintype="application", subtype="x", filename="XXENC.TO")
        m.add_attachment(inner, maintype="application", subtype="x", filename="MESSAGE.API")
        return m.as_bytes()

    def test_no_more_than_by_smtp(self):
        """It reaches nobody but mailboxes of the domain, nobody of here is its sender, and files of the machine are not read."""
        one, two = self.pair()
        inner = message(["TWO/HQ/jdoe"], sender="TWO/HQ/admin")
        self.assertEqual(two.send(self.forged(["jdoe@two.test", "x@one.test", "victim@far.test", "XXENC@two.test", '"xxenc"@two.test', '"XX\\ENC"@TWO.test'], inner), ["xxenc@two.test"])[0], 250)
        harness.wait_for("the mail", two.count)
        harness.wait_for("it is over", lambda: not two.queue())
        self.assertNotIn(b"FROM:CSI:TWO/HQ", self.taken(two))
        self.assertIn(b"FROM:SMTP:admin@two.test", self.taken(two))
        self.assertEqual(sorted(m["recipients"] for m in two.history().values()), [1, 1])
        self.assertEqual(one.history(), {})
        for g in one, two:
            g.stop()

    def test_what_is_none_stays_readable(self):
        one, two = self.pair()
        good = message(["TWO/HQ/jdoe"])
        broken = [self.forged(["jdoe@two.test"], good[:-1]), self.forged(["jdoe@two.test"], good + good),
                  self.forged(["jdoe@two.test"], b"nothing of the kind"), self.forged([], good),
                  self.forged(["jdoe@two.test"], good, first="smtpgate encapsulation 2\r\ncharset cp437\r\n"),
                  self.forged(["jdoe@two.test"], good, first="smtpgate encapsulation 1\r\ncharset klingon\r\n"),
                  self.forged(["jdoe@two.test"], b"VERSION:3.00\rTO:TWO/HQ/jdoe\rXTEXT:/etc/passwd\r"),
                  self.forged(["jdoe@one.test"], good), self.forged(["jdoe@two.test", "a\tb@two.test"], good), b"Subject: forged\r\n\r\nreadable words\r\n"]
        for n, content in enumerate(broken, 1):
            self.assertEqual(two.send(content, ["xxenc@two.test"])[0], 250)
            harness.wait_for("the postmaster has number %d" % n, lambda: two.count("admin") == n)
        self.assertEqual((two.count(), one.count()), (0, 0))
        for got in self.mails(two, "admin"):
            self.assertEqual(got["Subject"], "forged")
            self.assertIn("readable words", got.get_body(("plain",)).get_content())
        # to somebody's own mailbox it is a mail with attachments like any other
        self.assertEqual(two.send(self.forged(["admin@two.test"], good), ["jdoe@two.test"])[0], 250)
        harness.wait_for("the mail", two.count)
        (got,) = self.mails(two)
        self.assertEqual([p.get_filename() for p in got.iter_attachments()], ["XXENC.TO", "MESSAGE.API"])
        for g in one, two:
            g.stop()


if __name__ == "__main__":
    harness.main()
