#!/usr/bin/env python3
"""smtpgate-translate as a program: mails of every make become MMFF and, by smtpput, mail again with the same text and the same bytes in
every attachment; broken ones lose nothing; a large one passes in little memory; what cannot be done is said."""

import email
import email.message
import email.policy
import os
import random
import resource
import subprocess
import tempfile
import unittest

BUILD = os.environ.get("TEST_BUILDDIR", ".")
PROGRAM, PUT = os.path.join(BUILD, "smtpgate-translate"), os.path.join(BUILD, "smtpput")
SHEET = "charset %s\nsender SMTP env@far.test\nto CSI ann\n"
WAIT = 240
WORDS = ["Größe", "Straße", "naïve", "one", "two", "=20", "--x", "From here", ".", "", "ß" * 90, "a" * 300, "x=y", " lead", "trail "]


def run(mail, sheet=None, charset="CP437", status=0, scratch=True):
    """Translates a mail (bytes or an open file); returns what was said and the file of the message."""
    files = [mail if hasattr(mail, "fileno") else tempfile.TemporaryFile()] + [tempfile.TemporaryFile() for _ in range(3)]
    if not hasattr(mail, "fileno"):
        files[0].write(mail)
    files[2].write((sheet or SHEET % charset).encode())
    for f in files:
        f.flush()

    def give():
        for i, f in enumerate(files):
            os.dup2(f.fileno(), 100 + i)
        for i in range(4):
            os.dup2(100 + i, 3 + i)
        if not scratch:
            os.dup2(os.open("/dev/full", os.O_RDWR), 6)

    done = subprocess.run([PROGRAM], preexec_fn=give, close_fds=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=WAIT)
    if done.returncode != status:
        raise AssertionError("%d: %s" % (done.returncode, done.stdout))
    files[1].seek(0)
    return done.stdout.decode(), files[1]


class Translator(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="smtpgate-translator.")
        self.addCleanup(self.folder.cleanup)
        os.makedirs(os.path.join(self.folder.name, "ann/new"))

    def back(self, message, charset="cp437"):
        """The message as smtpput delivers it: a mail again."""
        path, box = os.path.join(self.folder.name, "in.api"), os.path.join(self.folder.name, "ann/new")
        with open(path, "wb") as f:
            f.write(message.read())
        subprocess.run([PUT, "-d" + self.folder.name, "--charset=" + charset, path], check=True, timeout=WAIT)
        (name,) = os.listdir(box)
        with open(os.path.join(box, name), "rb") as f:
            data = f.read()
        os.unlink(os.path.join(box, name))
        return email.message_from_bytes(data, policy=email.policy.default)

    def generated(self, rng):
        mail = email.message.EmailMessage(policy=email.policy.SMTP.clone(max_line_length=76))
        mail["From"] = rng.choice(["Jörg Müller <jm@far.test>", "jm@far.test", '"M, J" <jm@far.test>'])
        mail["To"] = ", ".join('"Näme, %d" <n%d@here.test>' % (i, i) for i in range(rng.randrange(1, 30)))
        mail["Subject"] = " ".join(w.strip() for w in rng.choices(WORDS, k=rng.randrange(1, 12))).strip() or "s"
        mail["Date"] = "Mon, 23 Nov 2026 10:00:01 +0530"
        mail["Message-ID"] = "<%d@far.test>" % rng.getrandbits(60)
        if rng.random() < 0.5:
            mail["X-Priority"] = rng.choice(["1", "5", "3"])
        text = "".join(" ".join(rng.choices(WORDS, k=rng.randrange(6))) + "\n" for _ in range(rng.randrange(1, 20)))
        mail.set_content(text, cte=rng.choice(["quoted-printable", "base64"]), charset=rng.choice(["utf-8", "iso-8859-1"]))
        if text.strip() and rng.random() < 0.3:
            mail.add_alternative("<p>other form</p>", subtype="html")
        parts = []
        for i in range(rng.randrange(5)):
            name = rng.choice(["a.bin", "Büro %d.doc" % i, "no_ending", "long" * 12 + ".txt", "semi;colon\"quote.pdf"])
            data = rng.randbytes(rng.choice([0, 1, 57, 58, 3000, 20000]))
            parts.append((name, data))
            mail.add_attachment(data, maintype="application", subtype=rng.choice(["pdf", "octet-stream"]), filename=name)
        return mail, text, parts

    def test_there_and_back(self):
        rng = random.Random(1994)
        for turn in range(int(os.environ.get("TRANSLATOR_TURNS", "60"))):
            with self.subTest(turn=turn):
                mail, text, parts = self.generated(rng)
                sent = email.message_from_bytes(mail.as_bytes(), policy=email.policy.default)  # as a reader sees it
                said, message = run(mail.as_bytes())
                self.assertEqual(said, "changed=0 lost=0\n")
                got = self.back(message)
                self.assertEqual(got.defects, [])
                for name in ("Subject", "Date", "Message-ID", "X-Priority", "From", "To"):
                    self.assertEqual(str(got[name]), str(sent[name]), name)
                self.assertEqual(got.get_body(("plain",)).get_content(), text)
                self.assertEqual([(p.get_filename(), p.get_content()) for p in got.iter_attachments()], parts)

    def test_nobody_that_the_mail_did_not_name_is_shown(self):
        mail = b"From: a@far.test\r\nTo: b@far.test\r\n\r\nhi\r\n"
        got = self.back(run(mail)[1])
        self.assertEqual((got["To"], got["Cc"]), ("b@far.test", None))
        self.assertNotIn("ann", got.as_string())

    def test_letters_that_the_charset_has_not(self):
        mail = email.message.EmailMessage(policy=email.policy.SMTP)
        mail["Subject"] = "5 €"
        mail.set_content("„Hallo“ – 漢 5 €\n")
        said, message = run(mail.as_bytes())
        self.assertEqual(said, "changed=5 lost=1\n")
        got = self.back(message)
        self.assertEqual((got["Subject"], got.get_content()), ("5 EUR", '"Hallo" - ? 5 EUR\n'))
        self.assertEqual(got["X-Charset-Note"], "5 characters in other letters, 1 as '?'")
        got = self.back(run(mail.as_bytes(), charset="UTF-8")[1], "utf-8")
        self.assertEqual((got["Subject"], got.get_content(), got["X-Charset-Note"]), ("5 €", "„Hallo“ – 漢 5 €\n", None))

    def test_broken_mails_lose_nothing(self):
        """Wherever a mail is cut or torn, the bytes of what still stands in it are on the other side."""
        rng = random.Random(1995)
        mark = b"UNIQUE-BYTES-OF-THE-PART"
        whole = (b"From: a@far.test\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\nbefore\r\n--b\r\n\r\ntext\r\n--b\r\n"
                 b"Content-Type: image/png; name=x.png\r\n\r\n" + mark + b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
                 b"Subject: in\r\n\r\n" + mark + b"\r\n--b--\r\n" + mark + b"\r\n")
        for turn in range(150):
            torn = bytearray(whole)
            for _ in range(rng.randrange(1, 4)):
                at = rng.randrange(len(torn))
                torn[at:at + rng.randrange(9)] = rng.randbytes(rng.randrange(9))
            message = run(bytes(torn))[1].read()
            self.assertGreaterEqual(message.count(mark), bytes(torn).count(mark), torn)

    def test_a_large_attachment_in_little_memory(self):
        line = b"QUJD" * 19 + b"\r\n"
        with tempfile.TemporaryFile() as mail:
            mail.write(b"From: a@far.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: x/y; name=big.bin\r\n"
                       b"Content-Transfer-Encoding: base64\r\n\r\n")
            for _ in range(100 * 1024 * 1024 // (57 * 4096)):
                mail.write(line * 4096)
            mail.write(b"--b--\r\n")
            message = run(mail)[1]
        self.assertGreater(os.fstat(message.fileno()).st_size, 99 * 1024 * 1024)
        if not os.environ.get("TEST_SANITIZED"):
            used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            print("largest child: %d KiB" % used)
            self.assertLess(used, 16 * 1024 + 12 * 1024)  # of these, 12 MiB are Python's own pages before exec

    def test_what_cannot_be_done_is_said(self):
        self.assertIn("the sheet is not readable", run(b"a: b\r\n\r\n", sheet="nonsense\n", status=75)[0])
        self.assertIn("the mail cannot be read: the disk is full", run(b"a: b\r\n\r\nc\r\n", status=75, scratch=False)[0])
        done = subprocess.run([PROGRAM], stderr=subprocess.PIPE, timeout=WAIT)
        self.assertEqual((done.returncode, done.stderr), (64, b"smtpgate-translate is started by the gateway\n"))


if __name__ == "__main__":
    unittest.main()
