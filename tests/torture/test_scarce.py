"""Each allocation of a running gateway fails in turn while a message comes in, is routed and delivered: the sender hears of it
as of a trouble that passes, the gateway goes on, and what was answered 250 arrives once, or is returned where its server
refused it, without a restart."""

import mmap
import os
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "system"))
import harness  # noqa: E402
from harness import wait_for  # noqa: E402

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scarce.c")
TO = ["jdoe@example.test", "far@remote.test", "nobody@remote.test"]  # a mailbox, a server's yes, a server's no
MANY = 1000000  # allocations that no message takes


class Scarce(harness.Case):
    def short(self, g):
        library, file = os.path.join(g.folder, "scarce.so"), os.path.join(g.folder, "scarce")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
        with open(file, "w+b") as f:
            f.truncate(8)
            self.shared = mmap.mmap(f.fileno(), 8)
        self.addCleanup(self.shared.close)
        g.env.update(LD_PRELOAD=library, SCARCE=file)

    def fail_at(self, n):
        self.shared[:4] = struct.pack("=I", n)

    def left(self):
        return struct.unpack("=I", self.shared[:4])[0]

    def failed(self):
        return struct.unpack("=I", self.shared[4:])[0]

    def one(self, g, i):
        """The code of its last answer; 0: the connection ended."""
        try:
            with g.smtp() as c:
                for line in ["EHLO client.test", "MAIL FROM:<me@example.test>"] + ["RCPT TO:<%s>" % t for t in TO] + ["DATA"]:
                    code = c.say(line)[0]
                    if not 200 <= code < 400:
                        return code
                c.raw(b"Subject: %d\r\nMessage-ID: <%d@client.test>\r\nFrom: me@example.test\r\n\r\nx\r\n.\r\n" % (i, i))
                return c.reply()[0]
        except OSError:
            return 0

    def turn(self, g, i):
        """A message while allocation i fails. True: it was taken."""
        self.fail_at(i)
        code = self.one(g, i)
        end = time.monotonic() + 0.3
        while self.left() and time.monotonic() < end:
            time.sleep(0.002)
        self.fail_at(0)
        self.assertIsNone(g.process.poll(), "allocation %d: %s" % (i, g.log()[-3000:]))
        self.assertIn(code, (0, 250, 421, 451, 452), "allocation %d" % i)
        return code == 250

    @staticmethod
    def lacks(taken, messages):
        """Messages that are not there, or more than once."""
        return [n for n in taken if sum(b"Subject: %d\n" % n in m.replace(b"\r\n", b"\n") for m in messages) != 1]

    def test_each_allocation(self):
        if harness.sanitized():
            print("test_each_allocation: not tried, a sanitizer has its own memory", file=sys.stderr)
            return
        sink = self.sink(lambda verb, argument, session: "550 5.1.1 No" if verb == "RCPT" and "nobody" in argument else None)
        g = self.gateway(ini="[queue]\nretry = 1s\ndisk_min = 0\ndisk_min_urgent = 0\n" + harness.route(sink.port, tls="off"),
                         mailboxes=("admin", "jdoe", "me"))
        self.short(g)
        g.start()
        self.fail_at(MANY)
        self.assertEqual(self.one(g, 0), 250)
        wait_for("all of it is done", lambda: g.count() == sink.count() == g.count("me") == 1)
        count = MANY - self.left() + 30  # what follows it
        taken = [i for i in range(1, count + 1) if self.turn(g, i)]
        self.assertGreater(self.failed(), 50)
        self.assertGreater(len(taken), 20)
        wait_for(lambda: "all is done: %s" % g.queue(), lambda: g.command("queue", "flush") and not g.queue())
        self.assertEqual(self.lacks(taken, g.messages()), [])
        self.assertEqual(self.lacks(taken, [m["data"] for m in sink.messages]), [])
        self.assertEqual(self.lacks(taken, g.messages("me")), [])
        g.stop()


if __name__ == "__main__":
    harness.main()
