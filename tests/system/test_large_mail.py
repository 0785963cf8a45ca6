"""Mail with an attachment of 100 MiB, both ways between MIME and MMFF, encapsulated between two gateways, and out of a pickup folder: the
same bytes on the other side, and the gateway with all that it runs for it (translator, smtpget, smtpput) within 16 MiB of what it has when
nothing happens. What is counted: see memory.py."""

import base64
import hashlib
import os
import subprocess

import harness
import offices
from memory import MIB, Memory
from offices import GET, PUT

SIZE = 100 * MIB
MOST = 16 * MIB
BLOCK = os.urandom(MIB)


def blocks():
    """100 MiB of which no two MiB are the same."""
    for i in range(SIZE // MIB):
        yield i.to_bytes(4, "big") + BLOCK[4:]


def digest():
    whole = hashlib.sha256()
    for block in blocks():
        whole.update(block)
    return whole.hexdigest()


def mime():
    """A mail with them as large.bin, in pieces."""
    yield (b"From: joe@far.test\r\nSubject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhi\r\n"
           b"--x\r\nContent-Type: application/octet-stream; name=large.bin\r\nContent-Transfer-Encoding: base64\r\n"
           b"Content-Disposition: attachment; filename=large.bin\r\n\r\n")
    held = b""
    for block in blocks():
        held += block
        n = len(held) // 57 * 57
        yield base64.encodebytes(held[:n]).replace(b"\n", b"\r\n")
        held = held[n:]
    yield base64.encodebytes(held).replace(b"\n", b"\r\n") + b"--x--\r\n"


def attachments(lines):
    """(name, bytes, SHA-256) of each part in base64 of a mail, a line at a time: it is as large as the mail."""
    found, name, state, whole, size = [], None, None, None, 0
    for line in lines:
        line = line.rstrip(b"\r\n")
        if line.startswith(b"--"):
            if state == "in":
                found.append((name, size, whole.hexdigest()))
            name, state = None, None
        elif b"filename=" in line:
            name = line.split(b"filename=")[1].strip(b'";').decode()
        elif line == b"Content-Transfer-Encoding: base64":
            state = "head"
        elif not line and state == "head":
            state, whole, size = "in", hashlib.sha256(), 0
        elif state == "in" and line:
            data = base64.b64decode(line, validate=True)
            whole.update(data)
            size += len(data)
    return found


class Digest(harness.Sink):
    """Keeps of a mail what its attachments are, as it comes."""

    def take(self, conn, file, session):
        found = attachments(iter(file.readline, b".\r\n"))
        with self.lock:
            self.messages.append(found)
        conn.sendall(b"250 2.0.0 Taken\r\n")
        return True


class LargeMail(offices.Offices):
    def office(self):
        self.far = Digest()
        self.addCleanup(self.far.close)
        g = self.gateway(ini=harness.route(self.far.port), gateway="max_size = 250M\nmemory_max = 80M\n",
                         postoffice="format = mmff\nget = %s\nwait = 1s\n" % GET)
        for name in ("smtp", "outgoing/new"):
            os.makedirs(os.path.join(g.mail, name))
        return g.start()

    def bounded(self, memory, what):
        above, own = memory.stop()
        print("%s: %s" % (what, memory.words(above, own)))
        if not harness.sanitized():  # those keep what was freed
            self.assertLess(above, MOST, memory.seen)
            self.assertLess(own, MOST)

    def send_mime(self, g):
        with g.smtp(timeout=10 * harness.LIMIT) as c:
            for line in ("EHLO client.test", "MAIL FROM:<joe@far.test>", "RCPT TO:<jdoe@example.test>", "DATA"):
                self.assertLess(c.say(line)[0], 400)
            for piece in mime():
                c.raw(piece)
            c.raw(b".\r\n")
            self.assertEqual(c.reply()[0], 250)

    def test_in(self):
        """MIME by SMTP, into MMFF for smtpput, into the mailbox."""
        g = self.office()
        memory = Memory(g.process.pid)
        self.send_mime(g)
        harness.wait_for(lambda: "the mail\n" + g.log()[-2000:], lambda: g.count() == 1, 10 * harness.LIMIT)
        self.bounded(memory, "MIME to MMFF")
        self.assertIn("smtpgate-transl", memory.seen)
        self.assertEqual(self.in_mailbox(g), [("large.bin", SIZE, digest())])
        g.stop()

    def test_out(self):
        """MMFF by smtpput, out of the mailbag by smtpget, and MIME by SMTP."""
        g = self.office()
        path = os.path.join(g.folder, "large.api")
        with open(path, "wb") as f:
            f.write(b"VERSION:3.00\rTO:SMTP:joe@far.test\rFROM:CSI:TEST/HQ/jdoe\rATTACHMENT:large.bin %d\rTEXT:3\rhi\r" % SIZE)
            f.writelines(blocks())
        memory = Memory(g.process.pid)
        subprocess.run([PUT, "-d" + g.mail, path], check=True, timeout=10 * harness.LIMIT)
        harness.wait_for(lambda: "the mail\n" + g.log()[-2000:], lambda: self.far.count() == 1, 10 * harness.LIMIT)
        self.bounded(memory, "MMFF to MIME")
        self.assertEqual(self.far.messages[0], [("large.bin", SIZE, digest())])
        g.stop()

    def in_mailbox(self, g):
        new = os.path.join(g.mail, "jdoe/new")
        with open(os.path.join(new, os.listdir(new)[0]), "rb") as f:
            return attachments(f)

    def test_encapsulated(self):
        """MMFF out of one mailbag, in a capsule to XXENC by SMTP, opened, and by the other's put program into the mailbox."""
        one, two = self.pair(gateway="max_size = 250M\nmemory_max = 80M\n", keep=False)
        memories = [Memory(g.process.pid) for g in (one, two)]
        self.bag(one, b"VERSION:3.00\rTO:CSI:TWO/HQ/jdoe\rFROM:CSI:ONE/HQ/jdoe\rATTACHMENT:large.bin %d\rTEXT:3\rhi\r" % SIZE, *blocks())
        harness.wait_for(lambda: "the mail\n" + one.log()[-2000:] + two.log()[-2000:], two.count, 20 * harness.LIMIT)
        for memory, what in zip(memories, ("MMFF to a capsule", "a capsule to MMFF")):
            self.bounded(memory, what)
        self.assertIn("capsule unpacked", two.log())
        self.assertEqual(self.in_mailbox(two), [("large.bin", SIZE, digest())])
        for g in one, two:
            g.stop()

    def test_pickup(self):
        """A file that a program drops; the main thread, where all of a gateway meets, reads none of it."""
        g = self.gateway(gateway="max_size = 250M\n")
        folder = os.path.join(g.folder, "in")
        os.makedirs(folder)
        g.write(ini="[pickup large]\npath = %s\nsettle = 0\npoll = 1s\n" % folder, gateway="max_size = 250M\n")
        g.start()
        memory, before = Memory(g.process.pid), self.read_by_main(g)
        with open(os.path.join(folder, "large.tmp"), "wb") as f:
            f.write(b"X-Sender: joe@far.test\r\nX-Receiver: jdoe@example.test\r\n")
            f.writelines(mime())
        os.rename(os.path.join(folder, "large.tmp"), os.path.join(folder, "large.eml"))
        harness.wait_for(lambda: "the mail\n" + g.log()[-2000:], g.count, 10 * harness.LIMIT)
        self.bounded(memory, "pickup")
        self.assertLess(self.read_by_main(g) - before, MOST)
        self.assertEqual(self.in_mailbox(g), [("large.bin", SIZE, digest())])
        g.stop()

    def read_by_main(self, g):
        with open("/proc/%d/task/%d/io" % (g.process.pid, g.process.pid)) as f:
            return int(dict(line.split(": ") for line in f)["rchar"])


if __name__ == "__main__":
    harness.main()
