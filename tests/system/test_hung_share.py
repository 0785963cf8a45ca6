"""A share that hangs: two postoffices on a frozen file system hold up nobody's login, nor the mail of a third."""

import base64
import os
import subprocess
import sys

import harness
from harness import wait_for

INSIDE = "TEST_HUNG_SHARE_INSIDE"
TEXT = b"From: me@client.test\r\nTo: x@hung.test\r\nSubject: hi\r\n\r\nto a share\r\n"
MESSAGES = 24  # for each hung postoffice: more than it has deliveries at a time
OFFICE = "[postoffice TEST/%s]\ndomain = %s.test\npath = %s/%s\nmailboxes = any\n"


class HungShare(harness.Case):
    def share(self, folder):
        """A file system of its own that can be frozen. False where there is no loop device."""
        free = subprocess.run(["losetup", "-f"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if free.returncode != 0:  # a container: what root may there is not all
            print("%s: not tried, there is no loop device: %s" % (self.id(), free.stdout), file=sys.stderr)
            return False
        image = folder + ".image"
        with open(image, "wb") as f:
            f.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        os.mkdir(folder)
        subprocess.run(["mount", "-o", "loop", image, folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        return True

    def freeze(self, folder):
        subprocess.run(["fsfreeze", "-f", folder], check=True)
        self.addCleanup(self.thaw, folder)

    def thaw(self, folder):
        """More than once is fine."""
        subprocess.run(["fsfreeze", "-u", folder], stderr=subprocess.DEVNULL)

    def log_in(self, g):
        with g.smtp() as c:
            c.say("EHLO client.test")
            return c.say("AUTH PLAIN " + base64.b64encode(b"\0anna\0secret words").decode())[0]

    def files(self, folder, name):
        new = os.path.join(folder, name, "jdoe/new")
        return len(os.listdir(new)) if os.path.isdir(new) else 0

    def test_nobody_else_waits(self):
        if os.geteuid() != 0:
            self.skipTest("a loop device needs root")
        g = self.gateway()
        share, users = os.path.join(g.folder, "share"), os.path.join(g.folder, "users")
        if not self.share(share):
            return
        g.write(listen="auth = offered\nusers = %s\nprofile = clear\n" % users,
                ini="[profile clear]\nlike = legacy\nauth_clear = yes\n"
                + OFFICE % ("A", "hung", share, "a") + OFFICE % ("B", "stuck", share, "b"))
        self.assertEqual(g.command("user", "add", "anna", input="secret words\n").returncode, 0)
        g.start()
        self.assertEqual(g.send(TEXT, to=["jdoe@hung.test", "jdoe@stuck.test"])[0], 250)
        wait_for("both have theirs", lambda: self.files(share, "a") == self.files(share, "b") == 1)
        self.freeze(share)
        for _ in range(MESSAGES):
            self.assertEqual(g.send(TEXT, to=["jdoe@hung.test", "jdoe@stuck.test"])[0], 250)
        self.assertEqual(g.send(TEXT)[0], 250)
        wait_for("the third postoffice has its mail", lambda: g.count() == 1)
        self.assertEqual(self.log_in(g), 235)
        wait_for("it alone is over", lambda: len(g.queue()) == MESSAGES)
        self.thaw(share)
        wait_for("all of it came", lambda: self.files(share, "a") == self.files(share, "b") == MESSAGES + 1)
        g.stop()


if __name__ == "__main__":
    if not os.environ.get(INSIDE) and os.geteuid() == 0:
        os.execvpe("unshare", ["unshare", "-m", sys.executable, *sys.argv], dict(os.environ, **{INSIDE: "1"}))
    harness.main()
