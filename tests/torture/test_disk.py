"""Disks that are full, nearly full or read-only while mail comes in: 4xx with the reason, a clear state, and back by itself.
Runs itself again in a mount namespace, where the disks are tmpfs of a few MiB."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "system"))
import harness  # noqa: E402
from harness import wait_for  # noqa: E402

INSIDE = "SMTPGATE_TEST_MOUNTS"
NO_LIMIT = "[queue]\ndisk_min = 0\ndisk_min_urgent = 0\n"
SMALL = b"Subject: small\r\n\r\nx\r\n"
LARGE = b"Subject: large\r\n\r\n" + b"0123456789abcde\r\n" * (400 * 1024 // 17)


class Disk(harness.Case):
    def mount(self, folder, size):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)

    def fill(self, folder):
        """Takes all the room there is; the file's path."""
        path = os.path.join(folder, "filler")
        with open(path, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"\0" * 4096)
            except OSError:
                return path

    def full(self, data):
        g = self.gateway(ini=NO_LIMIT)
        self.mount(g.spool, "16M")
        g.start()
        held = ["far@remote.test"]  # no route: what is taken stays
        self.assertEqual(g.send(data, to=held)[0], 250)
        filler = self.fill(g.spool)
        taken, refused = 1, []
        with g.smtp() as c:
            while not refused or len(refused) < 5:
                reply = c.send(data, held)
                if reply[0] == 250:  # there was room in the log of the database
                    taken += 1
                else:
                    refused.append(reply)
                    c.say("RSET")
                self.assertLess(taken, 10000)
        for code, text in refused:
            self.assertIn(code, (451, 452), text)
            self.assertRegex(text, "^4\\.3\\.")
        wait_for("status says that the disk is full", lambda: g.health()[0] == 2)
        self.assertIn("make room", g.health()[1])
        os.unlink(filler)
        wait_for("it takes mail again", lambda: g.send(data, to=held)[0] == 250)
        taken += 1
        wait_for("it is well", lambda: g.health()[0] == 0)
        g.kill()
        g.clear_log()
        g.start()  # what was refused does not come back
        self.assertEqual([m["number"] for m in g.queue()], list(range(1, taken + 1)))
        spool = g.json("status")["spool"]
        self.assertEqual((spool["accepted"], spool["states"]["held"]), (taken, taken))
        g.stop()

    def test_full_for_the_database(self):
        self.full(SMALL)

    def test_full_for_a_file_beside_it(self):
        self.full(LARGE)

    def test_less_than_disk_min(self):
        g = self.gateway(ini="[queue]\ndisk_min = 12M\ndisk_min_urgent = 1M\n")
        self.mount(g.spool, "32M")
        g.start()
        self.assertEqual(g.send(SMALL)[0], 250)
        filler = os.path.join(g.spool, "filler")
        with open(filler, "wb") as f:
            f.write(b"\0" * (23 * 1024 * 1024))
        wait_for("it is noticed", lambda: g.send(SMALL)[0] == 452)
        code, line = g.health()
        self.assertEqual(code, 1, line)
        self.assertIn("disk", line)
        os.unlink(filler)
        wait_for("it takes mail again", lambda: g.send(SMALL)[0] == 250)
        wait_for("it is well", lambda: g.health()[0] == 0)
        g.stop()

    def test_room_for_urgent_mail(self):
        port = harness.free_port()
        g = self.gateway(ini="[queue]\ndisk_min = 12M\ndisk_min_urgent = 4M\n"
                             "[listen alarms]\naddress = 127.0.0.1:%d\npriority = urgent\n" % port)
        self.mount(g.spool, "32M")
        g.start()

        def urgent():
            with harness.Client("127.0.0.1", port) as c:
                return c.send(SMALL, ["jdoe@example.test"])[0]
        filler = os.path.join(g.spool, "filler")
        with open(filler, "wb") as f:
            f.write(b"\0" * (22 << 20))
            f.flush()
            wait_for("it is noticed", lambda: g.send(SMALL)[0] == 452)
            self.assertEqual(urgent(), 250)
            self.assertEqual(g.health()[0], 1)
            f.write(b"\0" * (6 << 20))
            f.flush()
            wait_for("it is noticed, too", lambda: urgent() == 452)
            wait_for("it is critical", lambda: g.health()[0] == 2)
        os.unlink(filler)
        wait_for("all are taken again", lambda: g.send(SMALL)[0] == 250)
        self.assertEqual(urgent(), 250)
        wait_for("it is well", lambda: g.health()[0] == 0)
        g.stop()

    def test_read_only_at_start(self):
        g = self.gateway(ini=NO_LIMIT)
        self.mount(g.spool, "16M")
        subprocess.run(["mount", "-o", "remount,ro", g.spool], check=True)
        done = g.command("run")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(g.spool, done.stderr.split("\n")[0])
        self.assertIn("ead-only", done.stderr.split("\n")[0])
        subprocess.run(["mount", "-o", "remount,rw", g.spool], check=True)
        g.start()
        self.assertEqual(g.send(SMALL)[0], 250)
        g.stop()

    def test_full_mailboxes(self):
        g = self.gateway(ini="[queue]\nretry = 1s\n")
        self.mount(g.mail, "4M")
        for part in "new", "cur", "tmp":
            os.makedirs(os.path.join(g.mail, "jdoe", part))
        g.start()
        filler = self.fill(g.mail)
        for _ in range(3):
            self.assertEqual(g.send(LARGE)[0], 250)
        wait_for("they wait, and say why", lambda: [m for m in g.queue() if "space" in m["first"].get("reason", "").lower()])
        self.assertEqual(g.count(), 0)
        tmp = os.path.join(g.mail, "jdoe", "tmp")
        wait_for("nothing half-written is left", lambda: os.listdir(tmp) == [])
        os.unlink(filler)
        wait_for("all three", lambda: g.count() == 3 and not g.queue())
        g.stop()


if __name__ == "__main__":
    if not os.environ.get(INSIDE):
        flags = "-m" if os.geteuid() == 0 else "-rm"
        os.execvpe("unshare", ["unshare", flags, sys.executable, *sys.argv], dict(os.environ, **{INSIDE: "1"}))
    harness.main()
