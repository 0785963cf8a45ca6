"""A postoffice of Microsoft Mail, both ways: mail becomes MMFF and comes in by smtpput, a reply in MMFF leaves as clean MIME; the address map
alone says which domains are here; who cannot get it is bounced; a share that was away, another gateway, a put program that fails and a mail
that kills the translator cost nobody else anything."""

import email
import email.message
import email.policy
import os
import re
import shutil
import subprocess
import tempfile

import harness

PUT = os.path.join(harness.BUILD, "smtpput")
PDF = b"%PDF-1.4\n" + bytes(range(256)) * 40


def mail(text="Größe 5 €\n", parts=(("Büro Ü.pdf", PDF),), subject="Grüße", to="jdoe@hq.company.test"):
    m = email.message.EmailMessage(policy=email.policy.SMTP)
    m["From"], m["To"], m["Subject"] = "Jörg Müller <joe@far.test>", to, subject
    m.set_content(text)
    for name, data in parts:
        m.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    return m.as_bytes()


def unpacked(g, data):
    """The files that munpack, which knows the MIME of 1993 and nothing since, finds in a mail."""
    folder, files = os.path.join(g.folder, "unpacked"), []
    os.mkdir(folder)
    subprocess.run(["munpack", "-q", "-C", folder], input=data.replace(b"\r\n", b"\n"), check=True, timeout=harness.LIMIT,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".desc"):
            with open(os.path.join(folder, name), "rb") as f:
                files.append(f.read())
    return files


class Put(harness.Case):
    def office(self, more="", map_file=None, local=None, domain=True, folder=None, path=None, prog=None):
        """A gateway with a postoffice of format = mmff that has the mailboxes admin and jdoe and an empty folder smtp."""
        self.far = self.sink()
        g = self.gateway(ini="[route out]\nmatch = *\nsmart_host = 127.0.0.1:%d\n" % self.far.port, postoffice="format = mmff\nwait = 1s\n" + more)
        if path:
            shutil.rmtree(g.mail)
            g.mail = path
        os.makedirs(os.path.join(g.mail, "smtp"), exist_ok=True)
        for name, text in (("Addr_Map.cfg", map_file), ("LOCAL.CFG", local)):
            if text:
                with open(os.path.join(g.mail, "smtp", name), "w") as f:
                    f.write(text)
        with open(g.ini) as f:
            text = f.read()
        text = re.sub(r"(?m)^path = .*/mail$", "path = " + g.mail, text)
        with open(g.ini, "w") as f:
            f.write(text if domain else text.replace("domain = example.test\n", ""))
        return g

    def mails(self, g, name="jdoe"):
        return [email.message_from_bytes(m, policy=email.policy.default) for m in g.messages(name)]

    def test_there_and_back_with_cfg_files_alone(self):
        """No key names a domain; swaks sends a PDF and umlauts; the reply is MMFF with an attachment, and munpack's kin reads what leaves."""
        g = self.office(map_file="; company-wide first\nTEST/HQ\tcompany.test\nTEST/HQ HQ.company.test\nTEST/OTHER other.test\n",
                        local='Local Domain = ".company.test"\nLocal Post-Office: "TEST/HQ"\n', domain=False).start()
        pdf = os.path.join(g.folder, "Büro.pdf")
        with open(pdf, "wb") as f:
            f.write(PDF)
        subprocess.run(["swaks", "--server", "127.0.0.1:%d" % g.port, "--from", "joe@far.test", "--to", "jdoe@hq.company.test",
                        "--header", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", "--body", "Größe 5\n", "--attach-type", "application/pdf",
                        "--attach-name", "Büro.pdf", "--attach", "@" + pdf, "--suppress-data"], check=True, stdout=subprocess.DEVNULL, timeout=harness.LIMIT)
        harness.wait_for("the mail", lambda: g.count() == 1)
        (got,) = self.mails(g)
        self.assertEqual((got["Subject"], got.get_body(("plain",)).get_content().strip()), ("Grüße", "Größe 5"))
        self.assertEqual([(p.get_filename(), p.get_content()) for p in got.iter_attachments()], [("Büro.pdf", PDF)])
        self.assertEqual(g.send(mail(), ["jdoe@other.test"])[0], 250)  # the map has it, but it is not here: it leaves
        harness.wait_for("the other", lambda: self.far.count() == 1)
        reply = ("VERSION:3.00\rTO:SMTP:joe@far.test\rTO:CSI:TEST/OTHER/x\rFROM:CSI:TEST/HQ/jdoe\rSUBJECT:Re: Grüße\rATTACHMENT:Büro Ü.doc %d\rTEXT:6\rDanke\r"
                 % len(PDF)).encode("cp437") + PDF
        api = os.path.join(g.folder, "out.api")
        with open(api, "wb") as f:
            f.write(reply)
        subprocess.run([PUT, "-d" + g.mail, api], check=True, timeout=harness.LIMIT)
        harness.wait_for("the reply", lambda: self.far.count() == 3)
        (sent,) = [m for m in self.far.messages if m["rcpt"] == ["joe@far.test"]]
        (whole,) = [m for m in self.far.messages if m["rcpt"] == ["XXENC@other.test"]]  # the postoffice behind the other domain
        self.assertEqual(email.message_from_bytes(whole["data"])["Subject"], email.message_from_bytes(sent["data"])["Subject"])
        self.assertEqual((sent["mail"].split(">")[0].split("<")[1], sent["rcpt"]), ("jdoe@company.test", ["joe@far.test"]))
        left = email.message_from_bytes(sent["data"], policy=email.policy.default)
        self.assertEqual((left.defects, left["From"], left["Subject"]), ([], "jdoe@company.test", "Re: Grüße"))
        self.assertEqual([(p.get_filename(), p.get_content()) for p in left.iter_attachments()], [("Büro Ü.doc", PDF)])
        self.assertEqual(unpacked(g, sent["data"]), [PDF])
        g.stop()

    def test_what_the_gateway_counts_as_local_is(self):
        """The gateway's domains are more than those of the folder's LOCAL.CFG: what it puts never comes back by the mailbag."""
        other = tempfile.NamedTemporaryFile("w", suffix=".cfg")
        self.addCleanup(other.close)
        other.write("Local Post-Office: TEST/HQ\n")
        other.flush()
        for more in "", "local = %s\n" % other.name:
            g = self.office(more, local="Local Post-Office: TEST/OLD\n").start()
            self.assertEqual(g.send(mail(), ["jdoe@example.test"])[0], 250)
            harness.wait_for("the mail", lambda: g.count() == 1)
            harness.wait_for("it is over", lambda: not g.queue())
            self.assertEqual(len(g.history()), 1)
            g.stop()

    def test_what_the_mail_said_is_said(self):
        g = self.office().start()
        self.assertEqual(g.send(mail(to="A <a@far.test>, jdoe@example.test"), ["jdoe@example.test"], "env@far.test")[0], 250)
        harness.wait_for("the mail", lambda: g.count() == 1)
        (got,) = self.mails(g)
        self.assertEqual((got["From"], got["To"]), ("Jörg Müller <joe@far.test>", "A <a@far.test>, jdoe@example.test"))
        self.assertEqual(got.get_body(("plain",)).get_content(), "Größe 5 EUR\n")
        self.assertEqual(got["X-Charset-Note"], "1 characters in other letters, 0 as '?'")
        harness.wait_for("it is told", lambda: "translation=\"changed=1 lost=0\"" in g.log())
        self.assertLessEqual(set(os.listdir(os.path.join(g.mail, "smtp"))), {"to_nc.lck", "from_nc.lck"})
        g.stop()

    def test_the_table_of_the_postoffice_is_used(self):
        g = self.office()
        with open(os.path.join(g.mail, "smtp/SmtpIn.tbl"), "wb") as f:
            f.write(bytes(8) + bytes(range(256)).replace(b"G", b"Q"))
        g.start()
        self.assertEqual(g.send(mail(), ["jdoe@example.test"])[0], 250)
        harness.wait_for("the mail", lambda: g.count() == 1)
        self.assertEqual(self.mails(g)[0].get_body(("plain",)).get_content(), "Qröße 5 EUR\n")
        g.stop()

    def test_received_lines_as_the_key_says(self):
        for key, count in ("", 0), ("received = drop\n", 0), ("received = keep\n", 2):
            g = self.office(key).start()
            lines = b"Received: from a.test by b.test; Tue, 13 Jul 1993 13:20:00 +0100\r\nReceived: from c.test by a.test; Tue, 13 Jul 1993 13:19:00 +0100\r\n"
            self.assertEqual(g.send(lines + mail(), ["jdoe@example.test"])[0], 250)
            harness.wait_for("the mail", lambda: g.count() == 1)
            self.assertEqual(g.messages()[0].count(b"13 Jul 1993"), count)
            g.stop()

    def test_names_as_dos_wants_them(self):
        g = self.office("names = 8.3\n").start()
        parts = [("Büro Übersicht 1993.document", b"1"), ("Büro Übersicht 1994.document", b"2"), ("con", b"3"), ("x.pdf", PDF)]
        self.assertEqual(g.send(mail(parts=parts), ["jdoe@example.test"])[0], 250)
        harness.wait_for("the mail", lambda: g.count() == 1)
        self.assertEqual([(p.get_filename(), p.get_content()) for p in self.mails(g)[0].iter_attachments()],
                         [("BüROÜBER.DOC", b"1"), ("BüROÜB~1.DOC", b"2"), ("CON_", b"3"), ("X.PDF", PDF)])
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("names = 8.3", "charset = utf-8"))
        g.process.terminate()
        self.assertEqual(g.process.wait(harness.LIMIT), 0)
        g.start()
        self.assertEqual(g.send(mail(parts=parts), ["jdoe@example.test"])[0], 250)
        harness.wait_for("the mail", lambda: g.count() == 2)
        self.assertIn([p[0] for p in parts], [[p.get_filename() for p in m.iter_attachments()] for m in self.mails(g)])  # kept: the default
        g.stop()

    def test_tables_where_the_key_says(self):
        g = self.office("")
        tables = os.path.join(g.folder, "tables")
        os.mkdir(tables)
        for folder, name, letter in ((tables, "SMTPIN.TBL", b"Q"), (tables, "smtpout.tbl", b"Z"), (os.path.join(g.mail, "smtp"), "SMTPIN.TBL", b"X")):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(bytes(8) + bytes(range(256)).replace(b"G", letter))
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("format = mmff\n", "format = mmff\ntables = %s\n" % tables))
        g.start()
        self.assertEqual(g.send(mail(), ["jdoe@example.test"])[0], 250)
        harness.wait_for("the mail", lambda: g.count() == 1)
        self.assertEqual(self.mails(g)[0].get_body(("plain",)).get_content(), "Qröße 5 EUR\n")
        self.reply(g, b"VERSION:3.00\rTO:SMTP:joe@far.test\rFROM:CSI:TEST/HQ/jdoe\rSUBJECT:Gut\rTEXT:4\rGut\r")
        self.assertEqual(email.message_from_bytes(self.far.messages[0]["data"])["Subject"], "Zut")
        g.stop()

    def reply(self, g, message):
        """A message of MMFF by smtpput, and until it is at the smart host."""
        before = self.far.count()
        api = os.path.join(g.folder, "out.api")
        with open(api, "wb") as f:
            f.write(message)
        subprocess.run([PUT, "-d" + g.mail, api], check=True, timeout=harness.LIMIT)
        harness.wait_for("the reply", lambda: self.far.count() == before + 1)

    def test_receipts_both_ways_and_none_without_the_key(self):
        asks = b"Disposition-Notification-To: <joe@far.test>\r\n"
        registered = b"VERSION:3.00\rTO:SMTP:joe@far.test\rFROM:CSI:TEST/HQ/jdoe\rPRIORITY:R\rSUBJECT:s\rTEXT:2\rx\r"
        scripts = tempfile.mkdtemp(prefix="smtpgate-system.")
        self.addCleanup(shutil.rmtree, scripts)
        script, taken = os.path.join(scripts, "put.sh"), os.path.join(scripts, "taken")
        with open(script, "w") as f:
            f.write("#!/bin/sh\nfor f; do :; done\nmv \"$f\" %s\n" % taken)
        os.chmod(script, 0o755)
        for key, wanted in (("", "jdoe@example.test"), ("receipts = no\n", None)):
            g = self.office("put = %s\n%s" % (script, key)).start()
            self.reply(g, registered)
            left = email.message_from_bytes(self.far.messages[-1]["data"])
            self.assertEqual((left["Disposition-Notification-To"], left["Return-Receipt-To"]), (wanted, wanted))
            self.assertEqual(g.send(asks + mail(parts=()), ["jdoe@example.test"])[0], 250)
            harness.wait_for("the mail", lambda: os.path.exists(taken))
            with open(taken, "rb") as f:
                self.assertEqual(b"\rPRIORITY:R\r" in f.read(), bool(wanted))
            os.unlink(taken)
            g.stop()

    def test_a_postoffice_in_capitals(self):
        g = self.office()
        os.rename(os.path.join(g.mail, "smtp"), os.path.join(g.mail, "SMTP"))
        g.start()
        self.assertEqual(g.send(mail(to="jdoe@example.test"), ["jdoe@example.test"])[0], 250)
        harness.wait_for("the mail", lambda: g.count() == 1)
        self.assertNotIn("smtp", os.listdir(g.mail))
        g.stop()

    def test_a_table_that_is_too_short_holds_the_mail_up(self):
        g = self.office()
        table = os.path.join(g.mail, "smtp", "SmtpIn.tbl")
        with open(table, "wb") as f:
            f.write(b"short")
        g.start()
        self.assertEqual(g.send(mail(to="jdoe@example.test"), ["jdoe@example.test"])[0], 250)
        harness.wait_for("the reason", lambda: "SmtpIn.tbl" in g.show(1)["first"]["reason"])
        self.assertEqual((g.count(), g.show(1)["first"]["state"]), (0, "waiting"))
        os.remove(table)
        harness.wait_for("it goes in", lambda: g.count() == 1)
        g.stop()

    def test_the_match_is_explained(self):
        g = self.office(map_file="TEST/HQ company.test\nTEST/HQ HQ.company.test\n", domain=False)
        said = g.command("route", "jdoe@hq.company.test").stdout
        self.assertIn('mapped by the line "TEST/HQ HQ.company.test" of ADDR_MAP.CFG', said)
        self.assertIn("put as CSI:TEST/HQ/jdoe into %s by smtpput" % g.mail, said)
        self.assertIn("no such mailbox here", g.command("route", "nobody@company.test").stdout)
        said = g.command("route", "XXENC@company.test").stdout
        self.assertIn("unpacked: what another gateway has encapsulated", said)
        self.assertNotIn("put as", said)

    def test_mailboxes_are_listed_and_added(self):
        g = self.office()
        self.assertEqual(g.command("mailbox", "add", "new@example.test").returncode, 0)
        self.assertIn("new@example.test  %s/new  0 new" % g.mail, g.command("mailbox", "list").stdout)
        refused = g.command("mailbox", "add", "elevenchars@example.test")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("10 characters at most", refused.stderr)

    def test_a_workgroup_postoffice_is_refused_in_words(self):
        g = self.office()
        os.mkdir(os.path.join(g.mail, "wgpo0000"))
        r = g.command("check")
        self.assertEqual(r.returncode, 78)
        self.assertIn("is a workgroup postoffice, and such never had gateways", r.stdout + r.stderr)

    def test_names_have_their_limits(self):
        g = self.office(more="mailboxes = any\n").start()
        for name in ("elevenchars", "a/b"):
            reply = g.send(mail(), ['"%s"@example.test' % name])
            self.assertEqual(reply[0], 550)
            self.assertIn("1 to 10 characters of 7 bits", str(reply))
        g.stop()

    def test_who_is_refused_is_bounced_and_the_others_have_it(self):
        g = self.office(more="mailboxes = any\n").start()
        self.assertEqual(g.send(mail(), ["jdoe@example.test", "nobody@example.test"], "me@far.test")[0], 250)
        harness.wait_for("the mail", lambda: g.count() == 1)
        harness.wait_for("the bounce", lambda: self.far.count() == 1)
        self.assertEqual(self.far.messages[0]["rcpt"], ["me@far.test"])
        self.assertIn(b"there is no mailbox nobody", self.far.messages[0]["data"])
        self.assertFalse([n for n in os.listdir(os.path.join(g.mail, "smtp")) if "bad" in n])
        g.stop()

    def test_errors_come_from_the_postmaster(self):
        """<> comes in as NET/PO/Postmaster: what is answered to it goes nowhere."""
        g = self.office().start()
        self.assertEqual(g.send(mail(), ["jdoe@example.test"], "")[0], 250)
        harness.wait_for("the mail", lambda: g.count() == 1)
        self.assertIn(b"Return-Path: <Postmaster@", g.messages()[0])
        g.stop()

    def test_a_share_that_is_away_comes_back(self):
        g = self.office()
        os.makedirs(os.path.join(g.mail, "outgoing/new"))
        g.start()
        os.rename(g.mail, g.mail + ".away")
        os.mkdir(g.mail)  # an empty mount point
        harness.wait_for("it is missed", lambda: "has neither a mailbag" in g.log())
        self.assertEqual(g.send(mail(), ["jdoe@example.test"])[0], 250)  # nobody can say now whether there is one
        harness.wait_for("it waits", lambda: "destination rests" in g.log())
        self.assertEqual(os.listdir(g.mail), [])
        os.rename(g.mail, g.mail + ".empty")
        os.rename(g.mail + ".away", g.mail)
        harness.wait_for("the mail", lambda: g.count() == 1)
        g.stop()

    def test_two_gateways_take_turns(self):
        a = self.office().start()
        b = self.office(path=a.mail).start()
        for n in range(12):
            for g in (a, b):
                self.assertEqual(g.send(mail(subject="n%d" % n), ["jdoe@example.test"])[0], 250)
        harness.wait_for("all of them", lambda: a.count() == 24)
        for g in (a, b):
            g.stop()
        self.assertEqual(sorted(m["Subject"] for m in self.mails(a)), sorted(["n%d" % n for n in range(12)] * 2))

    def test_a_put_program_that_fails(self):
        """The message waits and says why; nothing of it is left behind; the next one does not wait for it."""
        g = self.office()
        script = os.path.join(g.folder, "put.sh")
        with open(script, "w") as f:
            f.write("#!/bin/sh\nfor f; do :; done\ngrep -q poison \"$f\" && { echo 'no poison here'; exit 3; }\nexec %s \"$@\"\n" % PUT)
        os.chmod(script, 0o755)
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("format = mmff", "format = mmff\nput = " + script))
        g.start()
        self.assertEqual(g.send(mail(text="poison\n"), ["jdoe@example.test"])[0], 250)
        self.assertEqual(g.send(mail(text="good\n"), ["jdoe@example.test"])[0], 250)
        harness.wait_for("the good one", lambda: g.count() == 1)
        harness.wait_for("the reason", lambda: "no poison here" in str(g.queue()))
        harness.wait_for("nothing is left behind", lambda: not os.path.exists(os.path.join(g.mail, "smtp/to_nc.api")))
        g.stop()

    def test_a_put_program_that_hangs(self):
        """It is killed at get_timeout, the message waits, and goes in when the program does its work again."""
        g = self.office("get_timeout = 1s\n")
        script = os.path.join(g.folder, "put.sh")

        def write(command):
            with open(script + ".new", "w") as f:
                f.write("#!/bin/sh\n%s\n" % command)
            os.chmod(script + ".new", 0o755)
            os.rename(script + ".new", script)
        write("exec sleep 1000")
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("wait = 1s\n", "wait = 1s\nput = %s\n" % script) + "[queue]\nretry = 1s\n")
        g.start()
        self.assertEqual(g.send(mail(), ["jdoe@example.test"])[0], 250)
        harness.wait_for("it is killed", lambda: "did not end within its time limit and was killed" in g.log())
        self.assertEqual(g.count(), 0)
        write("exec %s \"$@\"" % PUT)
        harness.wait_for("the mail", lambda: g.count() == 1)
        g.stop()

    def test_our_put_that_names_nobody(self):
        """It fails with 1, the message is gone, and nobody is named as refused: that is no answer, and the mail is kept."""
        g = self.office()
        script = os.path.join(g.folder, "smtpput")
        with open(script, "w") as f:
            f.write("#!/bin/sh\nfor f; do :; done\n[ -e %s/heal ] && exec %s \"$@\"\nrm \"$f\"; exit 1\n" % (g.folder, PUT))
        os.chmod(script, 0o755)
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("format = mmff", "format = mmff\nput = " + script))
        g.start()
        self.assertEqual(g.send(mail(), ["jdoe@example.test"])[0], 250)
        harness.wait_for("the reason", lambda: "names nobody who was refused" in str(g.queue()))
        self.assertEqual(g.show(1)["first"]["state"], "waiting")
        open(os.path.join(g.folder, "heal"), "w").close()
        self.assertEqual(g.command("queue", "flush").returncode, 0)
        harness.wait_for("the mail", lambda: g.count() == 1)
        g.stop()

    def test_what_a_killed_gateway_left_goes_in_first(self):
        g = self.office()
        with open(os.path.join(g.mail, "smtp/to_nc.api"), "wb") as f:
            f.write(b"VERSION:3.00\rTO:CSI:TEST/HQ/jdoe\rSUBJECT:before\rTEXT:1\rx")
        g.start()
        self.assertEqual(g.send(mail(subject="after"), ["jdoe@example.test"])[0], 250)
        harness.wait_for("both", lambda: g.count() == 2)
        self.assertEqual(sorted(m["Subject"] for m in self.mails(g)), ["after", "before"])
        g.stop()

    def test_a_mail_that_kills_the_translator(self):
        """It costs a retry, then it is held with the reason; the others pass; released, it arrives when the translator lives."""
        g = self.office()
        own = os.path.join(g.folder, "bin")
        os.mkdir(own)
        for name in ("smtpgate", "smtpput", "smtpget"):
            shutil.copy(os.path.join(harness.BUILD, name), own)
        translator = os.path.join(own, "smtpgate-translate")
        with open(translator, "w") as f:
            f.write("#!/bin/sh\ngrep -q poison /proc/self/fd/3 && kill -9 $$\nexec %s/smtpgate-translate\n" % harness.BUILD)
        os.chmod(translator, 0o755)
        with open(g.ini, "a") as f:
            f.write("[queue]\nretry = 1s\n")
        whole, harness.PROGRAM = harness.PROGRAM, os.path.join(own, "smtpgate")
        self.addCleanup(setattr, harness, "PROGRAM", whole)
        g.start()
        self.assertEqual(g.send(mail(text="poison\n"), ["jdoe@example.test"])[0], 250)
        self.assertEqual(g.send(mail(text="good\n"), ["jdoe@example.test"])[0], 250)
        harness.wait_for("the good one", lambda: g.count() == 1)
        (waiting,) = harness.wait_for("it alone is held", lambda: [m["first"]["state"] for m in g.queue()] == ["held"] and g.queue())
        self.assertIn("the translator died of signal 9", str(waiting))
        self.assertIn("message set-aside", g.log())
        os.unlink(translator)
        shutil.copy(os.path.join(harness.BUILD, "smtpgate-translate"), translator)
        self.assertEqual(g.command("queue", "release", "--all").returncode, 0)
        harness.wait_for("it too", lambda: g.count() == 2)
        g.stop()

    def test_faulty_files_are_named(self):
        g = self.office(map_file="TEST/HQ no_domain..x\n")
        r = g.command("check")
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("Addr_Map.cfg: line 1: ", r.stdout + r.stderr)
        g = self.office(domain=False)
        r = g.command("check")
        self.assertIn("[postoffice TEST/HQ] needs the key domain", r.stdout + r.stderr)


if __name__ == "__main__":
    harness.main()
