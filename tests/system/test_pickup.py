"""Pickup folders: files of every form become mail once, also over kill -9; what is not taken is told with its reason."""

import fcntl
import os
import random
import time

import harness


def eml(to=("jdoe@example.test",), subject="s", sender="erp@example.test", body="hi\n"):
    return "X-Sender: %s\n%sSubject: %s\n\n%s" % (sender, "".join("X-Receiver: %s\n" % t for t in to), subject, body)


class Pickup(harness.Case):
    def folder(self, more="", ini="", make=True, **settings):
        """A gateway with one pickup folder, g.folder/in."""
        g = self.gateway(**settings)
        self.dir = os.path.join(g.folder, "in")
        if make:
            os.makedirs(self.dir)
        self.section = "[pickup erp]\npath = %s\nsettle = 0\npoll = 1s\n" % self.dir
        g.write(ini=self.section + more + "\n" + ini)
        return g

    def drop(self, name, text, whole=True):
        path = os.path.join(self.dir, name)
        with open(path + ".tmp" if whole else path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        if whole:
            os.rename(path + ".tmp", path)

    def status(self, g):
        return g.json("status")["pickups"][0]

    def reasons(self, g):
        return {f["name"]: f["reason"] for f in self.status(g)["files"]}

    def test_files_become_mail(self):
        far = self.sink()
        g = self.folder(ini=harness.route(far.port, listener="erp")).start()
        self.drop("ONE.EML", eml(["jdoe@example.test", "joe@far.test"], "both"))
        self.drop("two", "From: a@example.test\nTo: jdoe@example.test\nBcc: sue@far.test\n\nhi\n")
        harness.wait_for("the mail", lambda: g.count() == 2 and far.count() == 2)
        mail = b"".join(g.messages())
        self.assertIn(b"Subject: both\r\n", mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        self.assertNotIn(b"X-Receiver", mail)
        self.assertEqual(sorted(m["rcpt"] for m in far.messages), [["joe@far.test"], ["sue@far.test"]])
        harness.wait_for("an empty folder", lambda: os.listdir(self.dir) == [])
        self.assertEqual(self.status(g)["taken"], 2)
        story = g.show(1)
        self.assertEqual(story["listener"], "erp")
        self.assertIn("pickup taken folder=erp", g.log())
        g.stop()

    def test_profile(self):
        """What a profile wants put right is, and is told; the envelope's sender as well. A reload takes another."""
        old = "From: erp\nDate: Fri, 01 Jan 1993 00:00:00 +0000\nTo: jdoe@example.test\nSubject: Gr\u00fc\u00dfe\n\nhi\n".encode("cp1252")
        g = self.folder(more="sender = erp@example.test\n").start()
        self.drop("one.eml", b"X-Sender: erp@example.test\n" + old)
        harness.wait_for("the mail", lambda: g.count() == 1)
        self.assertIn(b"=?windows-1252?", g.messages()[0])
        self.assertIn(b"X-Original-Date: Fri, 01 Jan 1993", g.messages()[0])
        for part in "Date was", "undeclared characters":
            self.assertIn(part, g.show(1)["repaired"])
        self.assertIn("  repaired  ", g.command("queue", "show", "1").stdout)
        g.write(ini=self.section + "profile = own\n[profile own]\nrepair = none\nsender = office@example.test\n")
        g.reload()
        harness.wait_for("it is in force", lambda: "profile = own" in g.command("config", "pickup erp").stdout)
        self.drop("two.eml", b"X-Sender: erp@example.test\n" + old)
        harness.wait_for("the mail", lambda: g.count() == 2)
        second = [m for m in g.messages() if b"Gr\xfc\xdfe" in m]
        self.assertEqual(len(second), 1)
        self.assertIn(b"\nDate: Fri, 01 Jan 1993", second[0])
        self.assertEqual(g.show(2)["repaired"], "sender was erp@example.test")
        self.assertEqual(g.show(2)["from"], "office@example.test")
        g.stop()

    def test_microsoft_mail(self):
        g = self.folder().start()
        self.drop("from_nc.api", b"VERSION:3.00\rTO:TEST/HQ/jdoe\rFROM:TEST/HQ/admin\rSUBJECT:\x81ber\rTEXT:3\r\x84hi")
        harness.wait_for("the mail", lambda: g.count() == 1)
        self.assertIn(b"=C3=A4hi", g.messages()[0])
        self.assertEqual(g.show(1)["from"], "admin@example.test")
        self.drop("fax.api", b"VERSION:3.00\rTO:FAX:1\rTEXT:1\rx")
        harness.wait_for("the fax aside", lambda: os.path.exists(os.path.join(self.dir, "fax.api.bad.txt")))
        g.stop()

    def test_what_is_not_taken_is_told(self):
        g = self.folder("files = *.eml\n")
        self.drop("held.eml", eml())
        self.drop("scan.pdf", "%PDF")
        self.drop("bad.eml", "nonsense")
        self.drop("slow.eml.part", "x", whole=False)
        held = open(os.path.join(self.dir, "held.eml"), "r+b")
        fcntl.lockf(held, fcntl.LOCK_EX)
        g.start()
        harness.wait_for("the bad one aside", lambda: os.path.exists(os.path.join(self.dir, "bad.eml.bad.txt")))
        with open(os.path.join(self.dir, "bad.eml.bad.txt")) as f:
            self.assertEqual(f.read(), "it is no mail: its first line is no field of a header\n")
        harness.wait_for("the reasons", lambda: len(self.reasons(g)) == 3 and self.status(g)["bad"] == 1)
        reasons = self.reasons(g)
        self.assertIn("holds it locked", reasons["held.eml"])
        self.assertEqual(reasons["scan.pdf"], "its name is none of `files`")
        self.assertIn(".part", reasons["slow.eml.part"])
        told = g.command("status").stdout
        self.assertIn("NOT TAKEN BECAUSE", told)
        self.assertIn("scan.pdf", told)
        held.close()
        harness.wait_for("it is taken when it is free", lambda: g.count() == 1)
        g.stop()

    def test_a_folder_that_comes_and_goes(self):
        """As a share does, which sends no events either: it cannot be watched before it is there."""
        g = self.folder(make=False).start()
        harness.wait_for("that it is told", lambda: "cannot be looked at" in self.status(g)["error"])
        code, line = g.health()
        self.assertEqual(code, 1)
        self.assertIn("pickup erp", line)
        os.mkdir(self.dir)
        self.drop("a.eml", eml())
        harness.wait_for("the mail", lambda: g.count() == 1)
        harness.wait_for("that it is well", lambda: "pickup well" in g.log())
        os.rename(self.dir, self.dir + ".away")
        harness.wait_for("that it is told again", lambda: self.status(g)["error"])
        os.rename(self.dir + ".away", self.dir)
        self.drop("b.eml", eml())
        harness.wait_for("the mail", lambda: g.count() == 2)
        g.stop()

    def test_archive_and_reload(self):
        g = self.folder("after = archive\nsenders = example.test\n").start()
        self.drop("a.eml", eml())
        archive = os.path.join(self.dir, "archive")
        harness.wait_for("the archive", lambda: os.path.isdir(archive) and os.listdir(archive))
        self.drop("b.eml", eml(sender="boss@other.test"))
        harness.wait_for("b aside", lambda: os.path.exists(os.path.join(self.dir, "b.eml.bad")))
        g.write(ini=self.section + "sender = scan@example.test\nrecipient = jdoe\norigin = x\n")
        self.assertNotEqual(g.command("reload").returncode, 0)
        g.write(ini=self.section + "sender = scan@example.test\nrecipient = jdoe@example.test\n")
        g.reload()
        self.drop("c.eml", "Subject: scan\n\nhi\n")
        harness.wait_for("the second mail", lambda: g.count() == 2)
        harness.wait_for("that c goes", lambda: not os.path.exists(os.path.join(self.dir, "c.eml")))
        g.stop()

    def test_a_file_written_slowly(self):
        g = self.folder("").start()
        path = os.path.join(self.dir, "slow.eml")
        with open(path, "w") as f:
            for line in eml(body="").splitlines(True):
                f.write(line)
                f.flush()
                time.sleep(0.05)  # longer than a look takes, far shorter than the test's limits
            harness.wait_for("that it is seen", lambda: "slow.eml" in self.reasons(g))
            self.assertEqual(self.reasons(g)["slow.eml"], "a program has it open for writing")
            f.write("the end\n")
        harness.wait_for("the mail", lambda: g.count() == 1)
        self.assertIn(b"the end", g.messages()[0])
        g.stop()

    def test_once_over_kills(self):
        """Files come while the gateway is killed again and again: each is accepted once, and none is left."""
        g = self.folder("")
        total, rng = 0, random.Random(os.getpid())
        for _ in range(8):
            g.start()
            for _ in range(rng.randrange(5, 15)):
                total += 1
                self.drop("%d.eml" % total, eml(subject="number %d." % total))
            time.sleep(rng.random() * 0.2)
            g.kill()
        g.start()
        harness.wait_for("an empty folder", lambda: os.listdir(self.dir) == [])
        drop = os.path.join(g.spool, "maildrop")
        harness.wait_for("an empty maildrop", lambda: not [n for n in os.listdir(drop) if not n.endswith(".tmp")])
        accepted = g.json("status")["spool"]["messages_accepted"]
        self.assertEqual(accepted, total)
        harness.wait_for("all of them", lambda: not g.queue())
        subjects = {line for m in g.messages() for line in m.splitlines() if line.startswith(b"Subject: number")}
        self.assertEqual(len(subjects), total)
        g.stop()


if __name__ == "__main__":
    harness.main()
