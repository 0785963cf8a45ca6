"""A postoffice with a mailbag: what is put there leaves by SMTP as clean MIME, bounces come back, and a get program that fails, hangs or
brings nonsense stops neither the gateway nor the mail."""

import binascii
import email
import email.policy
import os
import stat
import subprocess

import harness

GET, PUT = os.path.join(harness.BUILD, "smtpget"), os.path.join(harness.BUILD, "smtpput")


def mmff(to, text, parts=(), sender="TEST/HQ/jdoe", subject="s"):
    lines = ["VERSION:3.00"] + ["TO:" + t for t in to] + ["FROM:" + sender, "SUBJECT:" + subject]
    lines += ["ATTACHMENT:%s %d" % (name, len(data)) for name, data in parts] + ["TEXT:%d" % len(text.encode("cp437")), ""]
    return "\r".join(lines).encode("cp437") + text.encode("cp437") + b"".join(data for _, data in parts)


class Mailbag(harness.Case):
    def office(self, get=GET, more="", route=None):
        self.far = self.sink()
        ini = "[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\n" % self.far.port
        g = self.gateway(ini=route or ini, postoffice="get = %s\nwait = 1s\n%s" % (get, more))
        os.makedirs(os.path.join(g.mail, "outgoing/new"))
        return g

    def put(self, g, data):
        path = os.path.join(g.folder, "in.api")
        with open(path, "wb") as f:
            f.write(data)
        subprocess.run([PUT, "-d" + g.mail, path], check=True, timeout=harness.LIMIT)

    def script(self, g, text):
        path = os.path.join(g.folder, "get.sh")
        with open(path + ".new", "w") as f:
            f.write("#!/bin/sh\n" + text)
        os.chmod(path + ".new", 0o755)
        os.rename(path + ".new", path)
        return path

    def test_mail_leaves_as_clean_mime(self):
        g = self.office().start()
        data = os.urandom(3000)
        self.put(g, mmff(["SMTP:joe@far.test", "SMTP:sue@far.test", "TEST/HQ/admin"], "Größe: 5 €?\rzwei".replace("€", "$"),
                         [("Büro.doc", data)], subject="Grüße"))
        harness.wait_for("the mail", lambda: self.far.count() == 1)
        got = self.far.messages[0]
        self.assertEqual(sorted(got["rcpt"]), ["joe@far.test", "sue@far.test"])
        mail = email.message_from_bytes(got["data"], policy=email.policy.default)
        self.assertEqual(mail.defects, [])
        self.assertEqual(mail["From"], "jdoe@example.test")
        self.assertEqual(mail["Subject"], "Grüße")
        self.assertEqual(mail.get_body(("plain",)).get_content().split(), "Größe: 5 $? zwei".split())
        (part,) = mail.iter_attachments()
        self.assertEqual((part.get_filename(), part.get_content()), ("Büro.doc", data))
        self.assertIn("mailbag taken", g.log())
        self.assertEqual(g.count("admin"), 1)  # smtpput's own delivery
        g.stop()

    def test_a_mail_that_is_a_file(self):
        """What came in whole leaves as a mail within the mail, to the byte; what may not travel so, as any other file."""
        g = self.office().start()
        broken = (b"Subject: broken\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\r\nno header\r\n"
                  b"--b\r\n\r\n" + b"From here on\r\n.\r\n \r\n" * 3)
        other = b"Subject: x\n\nline ends of Unix\n"
        self.put(g, mmff(["SMTP:joe@far.test"], "hi\r", [("MESSAGE.EML", broken), ("OTHER.EML", other)]))
        harness.wait_for("the mail", lambda: self.far.count() == 1)
        data = self.far.messages[0]["data"]
        self.assertIn(b"\r\n\r\n" + broken + b"\r\n--=_mmff_", data)
        mail = email.message_from_bytes(data, policy=email.policy.default)
        self.assertEqual(mail.defects, [])
        whole, file = mail.iter_attachments()
        self.assertEqual((whole.get_content_type(), whole["Content-Transfer-Encoding"]), ("message/rfc822", "7bit"))
        self.assertEqual((whole.get_filename(), whole.get_content()["Subject"]), ("MESSAGE.EML", "broken"))
        self.assertEqual((file.get_filename(), file.get_content()), ("OTHER.EML", other))
        g.stop()

    def test_attachments_as_the_original_sent_them(self):
        """Python's uudecode reads what leaves with attachments = uuencode, and the fields of 1993 are there."""
        g = self.office(more="attachments = uuencode\n").start()
        data = os.urandom(3000)
        self.put(g, mmff(["SMTP:joe@far.test"], "Gr\u00fc\u00dfe\r", [("a.doc", data), ("config.sys", b"DEVICE=X\r\n")]))
        harness.wait_for("the mail", lambda: self.far.count() == 1)
        mail = email.message_from_bytes(self.far.messages[0]["data"], policy=email.policy.default)
        self.assertEqual(mail["Encoding"], "1 TEXT, 70 UUENCODE, 1 TEXT")
        names = [v.split()[:2] for v in mail.get_all("X-MS-Attachment")]
        self.assertEqual(names, [["a.doc", "3000"], ["config.sys", "10"]])
        text = mail.get_content().replace("\r\n", "\n")
        self.assertTrue(text.startswith("Gr\u00fc\u00dfe\n\nbegin 644 a.doc\n"), text[:100])
        self.assertTrue(text.endswith("\nend\n\nDEVICE=X\n"), text[-50:])
        lines = text.split("\n")
        first, last = lines.index("begin 644 a.doc"), lines.index("end")
        self.assertEqual(b"".join(binascii.a2b_uu(line) for line in lines[first + 1:last]), data)
        g.stop()

    def test_a_table_of_characters(self):
        """SMTPOUT.TBL of Germany: letters become the brackets of ISO 646, which `charset` reads again; one that is none stops nothing else."""
        g = self.office(more="charset = iso646-de\n")
        os.makedirs(os.path.join(g.mail, "SMTP"))
        table = bytes({0x84: 0x7b, 0x94: 0x7c, 0x81: 0x7d, 0xe1: 0x7e}.get(i, i) for i in range(256))
        path = os.path.join(g.mail, "SMTP/SmtpOut.Tbl")
        with open(path, "wb") as f:
            f.write(table[:100])
        g.start()
        self.put(g, mmff(["SMTP:joe@far.test"], "Gr\u00fc\u00dfe"))
        harness.wait_for("the reason", lambda: "SmtpOut.Tbl has 100 bytes and is no table" in g.log())
        self.assertEqual(self.far.count(), 0)
        with open(path, "wb") as f:
            f.write(b"12345678" + table)
        harness.wait_for("the mail", lambda: self.far.count() == 1)
        mail = email.message_from_bytes(self.far.messages[0]["data"], policy=email.policy.default)
        self.assertEqual(mail.get_content().strip(), "Gr\u00fc\u00dfe")
        g.stop()

    def test_more_than_one_file_holds(self):
        """No limit of messages a cycle: 120 leave although a run brings 50."""
        g = self.office()
        self.put(g, b"".join(mmff(["SMTP:joe@far.test"], "message %d." % i) for i in range(120)))
        g.start()
        harness.wait_for("all of them", lambda: self.far.count() == 120)
        g.stop()
        self.assertEqual(len(g.log().split("mailbag taken")), 121)

    def test_bounces_come_back_and_postmasters_do_not_loop(self):
        g = self.office(route="[route no]\nmatch = *\ndo = reject not today\n").start()
        self.put(g, mmff(["SMTP:joe@far.test"], "one"))
        self.put(g, mmff(["SMTP:joe@far.test"], "two", sender="TEST/HQ/Postmaster"))
        harness.wait_for("the bounce", lambda: g.count() == 1)
        self.assertIn(b"not today", g.messages()[0])
        story = {m["from"]: m for m in g.json("history")}
        self.assertIn("jdoe@example.test", story)
        g.stop()

    def test_nonsense_is_set_aside_and_the_rest_goes_on(self):
        g = self.office()
        bag = os.path.join(g.mail, "outgoing/new")
        with open(os.path.join(bag, "1.broken"), "wb") as f:
            f.write(b"nothing of the kind")
        with open(os.path.join(bag, "2.empty"), "wb"):
            pass
        with open(os.path.join(bag, "3.fax"), "wb") as f:
            f.write(mmff(["FAX:123", "SMTP:joe@far.test"], "good"))
        g.start()
        harness.wait_for("the good one", lambda: self.far.count() == 1)
        self.assertEqual(self.far.messages[0]["rcpt"], ["joe@far.test"])
        bad = os.path.join(g.mail, "smtp/from_nc.api.bad")
        harness.wait_for("the fax aside", lambda: os.path.exists(bad + ".txt"))
        with open(bad, "rb") as f:
            self.assertIn(b"TO:FAX:123\r", f.read())
        self.assertTrue(os.path.exists(os.path.join(g.mail, "outgoing/bad/1.broken.bad")))
        self.assertIn("141-001-001", g.log())
        g.stop()

    def test_a_get_program_that_fails_and_hangs(self):
        g = self.office(get="/nonexistent/get", more="get_timeout = 1s\n").start()
        harness.wait_for("the failure is told", lambda: "/nonexistent/get cannot be started" in g.log())
        g.stop()
        path = self.script(g, "sleep 1000\n")
        g = self.office(get=path, more="get_timeout = 1s\n").start()
        harness.wait_for("it is killed", lambda: "did not end within its time limit and was killed" in g.log())
        self.script(g, "printf 'VERSION:3.00\\rTO:SMTP:joe@far.test\\rTEXT:2\\rhi' >\"$4\"\n")
        os.rename(os.path.join(g.folder, "get.sh"), path)
        harness.wait_for("mail again", lambda: self.far.count() >= 1)
        harness.wait_for("that it is well", lambda: "mailbag well" in g.log())
        g.stop()

    def test_a_program_that_runs_does_not_hold_the_stop(self):
        g = self.office(get="/bin/sleep 1000")
        path = self.script(g, "touch %s/running; exec sleep 1000\n" % g.folder)
        g.write(ini="", postoffice="get = %s\nwait = 1s\n" % path)
        g.start()
        harness.wait_for("it runs", lambda: os.path.exists(os.path.join(g.folder, "running")))
        g.stop()

    def test_the_share_goes_away_and_comes_back(self):
        g = self.office().start()
        os.rename(g.mail, g.mail + ".away")
        os.mkdir(g.mail)  # an empty mount point
        harness.wait_for("it is missed", lambda: "has neither a mailbag" in g.log())
        self.assertEqual([n for n in os.listdir(g.mail) if n in ("outgoing", "smtp")], [])
        harness.wait_for("monitoring sees it", lambda: g.health()[0] == 1)
        self.assertIn("mail of postoffice TEST/HQ does not leave: %s has neither a mailbag" % g.mail, g.health()[1])
        self.assertRegex(g.command("status").stdout, r"MAILBAG +PATH +TAKEN +ERROR *\nTEST/HQ +%s +0 +%s has" % (g.mail, g.mail))
        os.rename(g.mail, g.mail + ".empty")
        os.rename(g.mail + ".away", g.mail)
        self.put(g, mmff(["SMTP:joe@far.test"], "hi"))
        harness.wait_for("mail again", lambda: self.far.count() == 1)
        harness.wait_for("all is well", lambda: g.health()[0] == 0)
        self.assertEqual(g.json("status")["mailbags"], [{"postoffice": "TEST/HQ", "path": g.mail, "error": "", "taken": 1}])
        g.stop()

    def test_what_is_put_there_leaves_at_once(self):
        """The bell rings: nobody waits for `wait`, which is a day here."""
        self.far = self.sink()
        g = self.gateway(ini="[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\n" % self.far.port,
                         postoffice="get = %s\nwait = 1d\n" % GET)
        os.makedirs(os.path.join(g.mail, "outgoing/new"))
        os.makedirs(os.path.join(g.mail, "smtp"))
        self.put(g, mmff(["SMTP:joe@far.test"], "first"))
        g.start()
        harness.wait_for("the first", lambda: self.far.count() == 1)
        for n in range(2, 6):
            self.put(g, mmff(["SMTP:joe@far.test"], "next"))
            harness.wait_for("message %d" % n, lambda: self.far.count() == n)
        g.stop()

    def test_the_mailbag_is_no_mailbox(self):
        g = self.office(more="mailboxes = any\n").start()
        for name in ("outgoing", "SMTP", "log"):
            self.assertEqual(g.send(b"Subject: x\r\n\r\nx\r\n", to=[name + "@example.test"])[0], 550)
        self.assertEqual(g.send(b"Subject: x\r\n\r\nx\r\n", to=["new@example.test"])[0], 250)
        g.stop()


if __name__ == "__main__":
    harness.main()
