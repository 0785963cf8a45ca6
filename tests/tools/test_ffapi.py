#!/usr/bin/env python3
"""smtpget and smtpput as programs: Python's email reads what they put, several run at once, one is killed in the middle, a large
attachment passes in little memory, and manual and --help name the same options."""

import email
import email.policy
import os
import random
import re
import resource
import signal
import subprocess
import tempfile
import time
import unittest

BUILD = os.environ.get("TEST_BUILDDIR", ".")
ROOT = os.path.dirname(os.environ["TEST_SRCDIR"]) if "TEST_SRCDIR" in os.environ else "."
GET, PUT = os.path.join(BUILD, "smtpget"), os.path.join(BUILD, "smtpput")
ENDS = [b"\r", b"\n", b"\r\n"]
WAIT = 120


def run(*args, status=0):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=WAIT)
    if done.returncode != status:
        raise AssertionError(f"{args}: {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return done


def mmff(to, text, end=b"\r", parts=(), subject="s", sender="CSI:A/B/ann", charset="cp437"):
    lines = [b"VERSION:3.00"] + [b"TO:" + t.encode() for t in to] + [b"FROM:" + sender.encode()]
    lines += [b"SUBJECT:" + subject.encode(charset)]
    lines += [b"ATTACHMENT:%s %d" % (name.encode(charset), len(data)) for name, data in parts]
    body = text.encode(charset).replace(b"\n", end)
    return end.join(lines + [b"TEXT:%d" % len(body), b""]) + body + b"".join(data for _, data in parts)


def messages(data):
    """The messages of a file in MMFF, read without our reader: header lines, text, attachments."""
    at, found = 0, []
    while at < len(data):
        stop = re.compile(rb"TEXT:(\d+)\r").search(data, at)
        header = data[at:stop.end()].split(b"\r")
        at, text = stop.end() + int(stop[1]), data[stop.end():stop.end() + int(stop[1])]
        parts = []
        for line in header:
            if line.startswith(b"ATTACHMENT:"):
                size = int(line.rsplit(b" ", 1)[1])
                parts.append(data[at:at + size])
                at += size
        found.append((header, text, parts))
    return found


class Office(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="smtpgate-ffapi.")
        self.addCleanup(self.folder.cleanup)
        self.path = self.folder.name
        for box in ("ann", "bob", "outgoing"):
            for part in ("cur", "new", "tmp"):
                os.makedirs(os.path.join(self.path, box, part))

    def file(self, name, data=None):
        path = os.path.join(self.path, name)
        if data is not None:
            with open(path, "wb") as f:
                f.write(data)
        return path

    def mails(self, box):
        folder = os.path.join(self.path, box, "new")
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), "rb") as f:
                yield email.message_from_binary_file(f, policy=email.policy.default)


class Mail(Office):
    def test_python_reads_what_is_put(self):
        """Text and subject are the same in every charset; attachments are the same bytes, under their names."""
        generated = random.Random(1)
        for number in range(60):
            charset, letters = generated.choice([("cp437", "äöüßéñ└░ =\n."), ("cp850", "äöüß©ø \t=\n"), ("cp1252", "ä€“”–ß \n"),
                                                 ("utf-8", "ä€日😀 \n"), ("latin-1", "äÿß \n")])
            text = "".join(generated.choice(letters + "abc") for _ in range(generated.randrange(300)))
            parts = [(generated.choice(["a.txt", "Größe.doc", 'q"uo\\te', "x" * 90, "b c.PDF"]),
                      generated.randbytes(generated.randrange(400))) for _ in range(generated.randrange(4))]
            subject = "".join(c for c in text if c != "\n").strip() or "s"
            data = mmff(["ann"], text, generated.choice(ENDS), parts, subject, charset=charset)
            run(PUT, f"-d{self.path}", f"--charset={charset}", self.file("in.api", data))
            mail = list(self.mails("ann"))[-1]
            with self.subTest(number=number, charset=charset):
                self.assertEqual(mail.defects, [])
                self.assertEqual(" ".join(mail["Subject"].split()), " ".join(subject.replace("\t", " ").split()))
                self.assertEqual(mail["From"], "ann@B.A.invalid")
                body = mail.get_body(("plain",)) if parts else mail
                self.assertEqual(body.get_content().rstrip("\n"), text.rstrip("\n"))
                self.assertEqual([(p.get_filename(), p.get_content() if isinstance(p.get_content(), bytes) else None)
                                  for p in mail.iter_attachments()], parts)
            for name in os.listdir(os.path.join(self.path, "ann/new")):
                os.unlink(os.path.join(self.path, "ann/new", name))

    def test_a_large_attachment_in_little_memory(self):
        size = 100 << 20
        with open(self.file("in.api"), "wb") as f:
            f.write(b"VERSION:3.00\rTO:ann\rTO:SMTP:a@b.c\rATTACHMENT:large.bin %d\rTEXT:2\rhi" % size)
            block = random.Random(2).randbytes(1 << 20)
            for _ in range(size >> 20):
                f.write(block)

        def limit():
            if not os.environ.get("TEST_SANITIZED"):
                resource.setrlimit(resource.RLIMIT_AS, (32 << 20, 32 << 20))

        subprocess.run([PUT, f"-d{self.path}", self.file("in.api")], preexec_fn=limit, check=True, timeout=600)
        subprocess.run([GET, f"-d{self.path}", self.file("out.api")], preexec_fn=limit, check=True, timeout=600)
        with open(self.file("out.api"), "rb") as f:
            self.assertIn(b"ATTACHMENT:large.bin %d\r" % size, f.read(200))
            f.seek(-len(block), os.SEEK_END)
            self.assertEqual(f.read(), block)
        (name,) = os.listdir(os.path.join(self.path, "ann/new"))
        self.assertGreater(os.path.getsize(os.path.join(self.path, "ann/new", name)), size * 4 // 3)


class Together(Office):
    def test_several_runs_share_the_mailbag(self):
        """Each message is handed out once, whole, while messages are put and others are got."""
        total = 120
        putters = []
        for k in range(4):
            data = b"".join(mmff(["SMTP:a@b.c"], f"message {k}-{i}.", parts=[("f", b"x" * i)]) for i in range(total // 4))
            putters.append(subprocess.Popen([PUT, f"-d{self.path}", self.file(f"in{k}.api", data)]))
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:
            getters = [subprocess.Popen([GET, f"-d{self.path}", self.file(f"out{k % 2}.api")]) for k in range(4)]
            for g in getters:
                self.assertEqual(g.wait(WAIT), 0)
            if all(p.poll() is not None for p in putters) and not os.listdir(self.file("outgoing/new")):
                break
        self.assertEqual([p.wait(WAIT) for p in putters], [0] * 4)
        got = []
        for name in ("out0.api", "out1.api"):
            if os.path.exists(self.file(name)):
                with open(self.file(name), "rb") as f:
                    got += [(text, len(parts[0])) for _, text, parts in messages(f.read())]
        self.assertEqual(sorted(got), sorted((f"message {k}-{i}.".encode(), i) for k in range(4) for i in range(total // 4)))

    def test_killed_in_the_middle(self):
        """Whenever it dies, each message is in the file or in the mailbag, and each is in the mailbox at the end."""
        count = 40
        data = b"".join(mmff(["bob", "SMTP:a@b.c"], f"message {i}.") for i in range(count))
        self.file("in.api", data)
        chance = random.Random(3)
        for _ in range(15):
            if not os.path.exists(self.file("in.api")):
                break
            p = subprocess.Popen([PUT, f"-d{self.path}", self.file("in.api")])
            time.sleep(chance.random() / 20)
            p.send_signal(signal.SIGKILL)
            p.wait(WAIT)
        if os.path.exists(self.file("in.api")):
            run(PUT, f"-d{self.path}", self.file("in.api"))
        put = [m.get_content().strip() for m in self.mails("bob")]
        self.assertEqual(set(put), {f"message {i}." for i in range(count)})
        for _ in range(15):
            p = subprocess.Popen([GET, f"-d{self.path}", self.file("out.api")])
            time.sleep(chance.random() / 20)
            p.send_signal(signal.SIGKILL)
            p.wait(WAIT)
        while os.listdir(self.file("outgoing/new")):
            run(GET, f"-d{self.path}", self.file("out.api"))
        with open(self.file("out.api"), "rb") as f:
            got = f.read()
        for i in range(count):
            self.assertIn(f"\rTEXT:{len(str(i)) + 9}\rmessage {i}.".encode(), got)


class Words(unittest.TestCase):
    def test_every_error_has_its_number(self):
        """Also what fails further down than where messages are read: the number, the message in the file, the line."""
        with tempfile.TemporaryDirectory(prefix="smtpgate-ffapi.") as folder:
            for name in ("ann/new", "outgoing/new"):
                os.makedirs(os.path.join(folder, name))
            path = os.path.join(folder, "in.api")
            for said, data in ((b"151-001-002 unknown service: ", b"VERSION:3.00\rTO:PIGEON:x\rTEXT:0\r"), (b"142-001-002 bad address: ", b"VERSION:3.00\rTO:\rTEXT:0\r"),
                               (b"143-001-003 unknown parser error: ", b"VERSION:3.00\rTO:ann\rTEXT:9\rhi"), (b"141-001-001 cannot match token: ", b"rubbish"),
                               (b"146-001-003 bad or missing XTEXT file: ", b"VERSION:3.00\rTO:ann\rXTEXT:gone\r"),
                               (b"052-001-004 file open: ", b"VERSION:3.00\rTO:ann\rXATTACH:gone\rTEXT:0\r"),
                               (b"201-001-003 failure submitting message: ", b"VERSION:3.00\rTO:nobody\rTEXT:0\r")):
                with open(path, "wb") as f:
                    f.write(data)
                self.assertTrue(run(PUT, "-d" + folder, path, status=1).stderr.startswith(said), said)
            with open(os.path.join(folder, "outgoing/new/1"), "wb") as f:
                f.write(mmff(["SMTP:a@b.c"], "x"))
            with open(os.path.join(folder, "outgoing/new/0"), "wb") as f:
                f.write(b"rubbish")
            out = os.path.join(folder, "out.api")
            self.assertIn(b"VERSION:3.00; in 0 of the mailbag\n", run(GET, "-d" + folder, "-k", out, status=1).stderr)
            self.assertIn(b"; 0 of the mailbag is set aside in outgoing/bad\n", run(GET, "-d" + folder, out, status=1).stderr)
            self.assertEqual(sorted(os.listdir(os.path.join(folder, "outgoing/bad"))), ["0.bad", "0.bad.txt"])
            self.assertTrue(run(GET, "-d" + folder, status=64).stderr.startswith(b"010-000-000 no output file: "))
            for words in (GET, "-d" + folder, folder + "/gone/out"), (PUT, "-d" + folder + "/gone", path):
                self.assertTrue(run(*words, status=75).stderr.startswith(b"052-000-000 file open: "))
            self.assertTrue(run(PUT, "-d" + folder, "-ms", path, status=64).stderr.startswith(b"190-000-000 not supported: "))

    def test_manual_and_help_name_the_same_options(self):
        for program in ("smtpget", "smtpput"):
            help_text = run(os.path.join(BUILD, program), "--help").stdout.decode()
            names = " ".join(re.split(r"  +|[A-Z(]", line)[0] for line in re.findall(r"^  (.*)", help_text, re.M))
            shown = set(re.findall(r"--?[a-z0-9]+", names + " --help --version -ver"))
            with open(os.path.join(ROOT, "doc", program + ".1"), encoding="utf-8") as f:
                text = f.read()
            told = set()
            for line in re.findall(r"^\.It Fl (.*)", text, re.M):
                for word in re.split(r" , Fl ", line):
                    told.add("-" + word.split(" ")[0])
            self.assertEqual(shown, told, program)
            self.assertIn("(smtpgate)", run(os.path.join(BUILD, program), "-ver").stdout.decode())
            self.assertIn(b"there is no option -q", run(os.path.join(BUILD, program), "-q", status=64).stderr)


if __name__ == "__main__":
    unittest.main()
