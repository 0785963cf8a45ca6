#!/usr/bin/env python3
"""backup and restore: a spool that takes mail meanwhile, and the one that comes of it, end to end; archives that are none."""

import os
import shutil
import subprocess
import threading

import testbed
from testbed import harness, wait_for

LARGE = b"Subject: large\r\n\r\n" + b"0123456789abcde\r\n" * (400 * 1024 // 17)
FAR = ("far@elsewhere.test",)


def tagged(tag):
    return b"Subject: tag\r\nX-Tag: %d\r\n\r\nx\r\n" % tag


class Sender:
    """Sends held mail until it is ended; what was answered."""

    def __init__(self, gateway):
        self.gateway, self.ending, self.answered = gateway, False, []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        with self.gateway.smtp() as c:
            while not self.ending:
                tag = len(self.answered)
                if c.send(tagged(tag), FAR)[0] != 250:
                    break
                self.answered.append(tag)

    def end(self):
        self.ending = True
        self.thread.join()


class Backup(testbed.Case):
    def setUp(self):
        self.g = self.gateway().start()
        self.file = os.path.join(self.g.folder, "backup.tar")

    def lose(self):
        """The machine is gone: what is left of its spool is out of reach."""
        self.g.kill()
        self.g.clear_log()
        os.rename(self.g.spool, self.g.spool + ".old")

    def backup(self):
        return self.check(self.g.command("backup", self.file), 0, out=self.file + ": ")

    def restore(self):
        self.check(self.g.command("restore", self.file), 0, out=[self.g.spool, "comes up held"])

    def test_end_to_end_while_mail_comes_in(self):
        self.assertEqual(self.g.send(b"Subject: local\r\n\r\nx\r\n")[0], 250)
        self.assertEqual(self.g.send(LARGE, to=FAR)[0], 250)
        self.g.write(harness.route(harness.free_port(), name="dead", match="waits.test"))
        self.g.reload()
        self.assertEqual(self.g.send(b"Subject: waits\r\n\r\nx\r\n", to=("x@waits.test",))[0], 250)
        wait_for("the local one is delivered", lambda: self.g.count() == 1 and len(self.g.queue()) == 2)
        sender = Sender(self.g)
        for _ in range(4):
            wait_for("mail is in flight", lambda: len(sender.answered) > 20 or not sender.thread.is_alive())
            before = list(sender.answered)
            self.backup()
        sender.end()
        self.assertEqual(os.listdir(self.g.folder).count("backup.tar.part"), 0)
        self.assertFalse(os.path.exists(os.path.join(self.g.spool, "snapshot")))
        self.lose()
        self.restore()
        sink = self.sink()
        self.g.write(harness.route(sink.port))
        self.g.start()
        queue = self.g.queue()
        self.assertGreaterEqual(len(queue), len(before) + 2)
        for m in queue:
            self.assertEqual(m["states"], {"held": 1})
        self.assertIn("restored from a backup of 2", self.g.show(3)["recipients_list"][0]["reason"])
        self.assertEqual(sink.messages, [])
        history = self.g.history()
        self.assertEqual(sorted(history), list(range(1, len(queue) + 2)))
        self.assertEqual(history[1]["states"], {"delivered": 1})
        self.check(self.g.command("history", "verify"), 0, out="all fit")
        spool = self.g.json("status")["spool"]
        self.assertEqual(spool["accepted"], sum(spool["states"].values()))
        self.check(self.g.command("queue", "release", "--all"), 0)
        wait_for("all of it arrives", lambda: not self.g.queue())
        bodies = [harness.body_of(m["data"]) for m in sink.messages]
        self.assertIn(harness.body_of(LARGE), bodies)
        got = sorted(int(m["data"].split(b"X-Tag: ")[1].split()[0]) for m in sink.messages if b"X-Tag" in m["data"])
        self.assertEqual(got, list(range(len(queue) - 2)))
        self.assertEqual(got[:len(before)], before)
        self.g.stop()

    def test_held_once(self):
        self.held(self.g)
        self.backup()
        self.lose()
        self.restore()
        self.g.start()
        self.assertEqual(self.g.send(b"Subject: new\r\n\r\nx\r\n")[0], 250)
        wait_for("new mail goes its way", lambda: self.g.count() == 1)
        sink = self.sink()
        self.g.write(harness.route(sink.port))
        self.g.reload()
        self.check(self.g.command("queue", "release", "--all"), 0)
        wait_for("the old one arrives", lambda: len(sink.messages) == 1)
        self.g.stop()
        self.g.start()
        self.held(self.g, to="x@y.test")
        wait_for("nothing is held any more", lambda: len(sink.messages) == 2)
        self.g.stop()

    def test_a_spool_that_is_there_is_not_touched(self):
        self.backup()
        self.check(self.g.command("restore", self.file), 1, err=["there is a spool in " + self.g.spool, "mv "])
        self.g.stop()
        self.check(self.g.command("restore", self.file), 1, err="there is a spool in")
        self.g.start()
        self.check(self.g.command("history", "verify"), 0)
        self.g.stop()

    def refused(self, data, words):
        other = self.file + ".bad"
        with open(other, "wb") as f:
            f.write(data)
        self.check(self.g.command("restore", other), 1, err=words)
        self.assertEqual(os.listdir(self.g.spool), [])

    def test_archives_that_are_none(self):
        self.held(self.g)
        self.assertEqual(self.g.send(LARGE, to=FAR)[0], 250)
        self.backup()
        self.lose()
        with open(self.file, "rb") as f:
            whole = f.read()
        for cut in (100, 512, 5000, len(whole) // 2, len(whole) - 2000):
            self.refused(whole[:cut], "is no backup of smtpgate" if cut == 100 else ".bad")
        self.refused(whole[:3000] + b"!" + whole[3001:], "not those of its MANIFEST")
        self.refused(b"\0" * 1024, "has no MANIFEST")
        self.refused(whole.replace(b"body/b", b"body/x", 1), "header of its tar archive is damaged")
        evil = os.path.join(self.g.folder, "evil")
        with open(evil, "w") as f:
            f.write("x")
        subprocess.run(["tar", "-P", "--format=ustar", "-cf", self.file + ".tar", "--transform", "s,.*,../evil2,", evil], check=True)
        with open(self.file + ".tar", "rb") as f:
            self.refused(f.read(), "it holds ../evil2")
        self.restore()
        self.g.start()
        self.assertEqual(len(self.g.queue()), 2)
        self.g.stop()

    def test_tar_reads_it(self):
        self.assertEqual(self.g.send(LARGE, to=FAR)[0], 250)
        self.backup()
        out = os.path.join(self.g.folder, "out")
        os.mkdir(out)
        subprocess.run(["tar", "-xf", self.file, "-C", out], check=True)
        self.assertEqual(sorted(os.listdir(out)), ["MANIFEST", "body", "spool.db"])
        with open(os.path.join(out, "MANIFEST")) as f:
            lines = f.read().splitlines()[1:]
        sums = "".join("%s  %s\n" % (line.split()[0], line.split()[2]) for line in lines)
        subprocess.run(["sha256sum", "--check", "--strict", "-"], input=sums, text=True, cwd=out, check=True,
                       stdout=subprocess.DEVNULL)
        self.assertEqual(len(lines), 2)
        shutil.rmtree(out)
        self.g.stop()

    def test_places_that_do_not_take_it(self):
        self.check(self.g.command("backup", "/nonexistent/x"), 1, err="/nonexistent/x.part cannot be opened")
        self.assertFalse(os.path.exists(os.path.join(self.g.spool, "snapshot")))
        self.g.stop()
        self.check(self.g.command("backup", self.file), 69)
        self.check(self.g.command("restore", self.file), 1, err="cannot be opened")


if __name__ == "__main__":
    testbed.main()
