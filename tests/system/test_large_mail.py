"""Mail with an attachment of 100 MiB, both ways between MIME and MMFF: the same bytes on the other side, and the gateway with all that
it runs for it (translator, smtpget, smtpput) within 16 MiB of what it has when nothing happens.

Counted is memory that is nobody else's: RssAnon of all of these processes at one moment, seen every few milliseconds; and VmHWM of the
gateway, the kernel's own record of its peak, files and libraries among it, begun anew before each mail."""

import base64
import hashlib
import os
import subprocess
import threading

import harness

PUT = os.path.join(harness.BUILD, "smtpput")
GET = os.path.join(harness.BUILD, "smtpget")
MIB = 1 << 20
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


class Memory(threading.Thread):
    """Looks at a process and its children until it is stopped."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.over = pid, threading.Event()
        with open("/proc/%d/clear_refs" % pid, "w") as f:
            f.write("5")  # the record of the peak begins here
        self.idle = self.look(pid)["RssAnon"]
        self.idle_peak = self.look(pid)["VmHWM"]
        self.peak, self.seen = 0, {}
        self.start()

    def look(self, pid):
        with open("/proc/%d/status" % pid) as f:
            lines = dict(line.split(":", 1) for line in f)
        return {k: int(lines[k].split()[0]) << 10 for k in ("RssAnon", "VmHWM") if k in lines} | {"Name": lines["Name"].strip()}

    def children(self):
        for task in os.listdir("/proc/%d/task" % self.pid):
            with open("/proc/%d/task/%s/children" % (self.pid, task)) as f:
                yield from map(int, f.read().split())

    def run(self):
        while not self.over.wait(0.003):
            total = self.look(self.pid)["RssAnon"]
            try:
                for pid in self.children():
                    one = self.look(pid)
                    total += one.get("RssAnon", 0)  # none of one that has just ended
                    name = one["Name"]
                    self.seen[name] = max(self.seen.get(name, 0), one.get("VmHWM", 0))
            except (FileNotFoundError, ProcessLookupError):
                pass  # it ended meanwhile
            self.peak = max(self.peak, total)

    def stop(self):
        """(bytes above idle, bytes that the gateway's own peak rose)"""
        self.over.set()
        self.join(harness.LIMIT)
        return self.peak - self.idle, self.look(self.pid)["VmHWM"] - self.idle_peak


class LargeMail(harness.Case):
    def office(self):
        self.far = Digest()
        self.addCleanup(self.far.close)
        g = self.gateway(ini=harness.route(self.far.port), gateway="max_size = 250M\nmemory_max = 80M\n",
                         postoffice="format = mmff\nget = %s\nwait = 1s\n" % GET)
        for name in ("smtp", "outgoing/new"):
            os.makedirs(os.path.join(g.mail, name))
        return g.start()

    def bounded(self, g, memory, what):
        above, own = memory.stop()
        print("%s: %.1f MiB above idle (%.1f MiB), the gateway's own peak %.1f MiB above; peaks with libraries: %s" % (
            what, above / MIB, memory.idle / MIB, own / MIB, ", ".join("%s %.1f" % (k, v / MIB) for k, v in sorted(memory.seen.items()))))
        if not harness.sanitized():  # those keep what was freed
            self.assertLess(above, MOST, memory.seen)
            self.assertLess(own, MOST)

    def send_mime(self, g):
        with g.smtp(timeout=10 * harness.LIMIT) as c:
            for line in ("EHLO client.test", "MAIL FROM:<joe@far.test>", "RCPT TO:<jdoe@example.test>", "DATA"):
                self.assertLess(c.say(line)[0], 400)
            c.raw(b"From: joe@far.test\r\nSubject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhi\r\n"
                  b"--x\r\nContent-Type: application/octet-stream; name=large.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n")
            held = b""
            for block in blocks():
                held += block
                n = len(held) // 57 * 57
                c.raw(base64.encodebytes(held[:n]).replace(b"\n", b"\r\n"))
                held = held[n:]
            c.raw(base64.encodebytes(held).replace(b"\n", b"\r\n") + b"--x--\r\n.\r\n")
            self.assertEqual(c.reply()[0], 250)

    def test_in(self):
        """MIME by SMTP, into MMFF for smtpput, into the mailbox."""
        g = self.office()
        memory = Memory(g.process.pid)
        self.send_mime(g)
        harness.wait_for(lambda: "the mail\n" + g.log()[-2000:], lambda: g.count() == 1, 10 * harness.LIMIT)
        self.bounded(g, memory, "MIME to MMFF")
        self.assertIn("smtpgate-transl", memory.seen)
        new = os.path.join(g.mail, "jdoe/new")
        with open(os.path.join(new, os.listdir(new)[0]), "rb") as f:
            self.assertEqual(attachments(f), [("large.bin", SIZE, digest())])
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
        self.bounded(g, memory, "MMFF to MIME")
        self.assertEqual(self.far.messages[0], [("large.bin", SIZE, digest())])
        g.stop()


if __name__ == "__main__":
    harness.main()
