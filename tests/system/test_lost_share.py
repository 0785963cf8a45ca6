"""A Maildir postoffice whose share goes away: nobody is told that there is no such mailbox, nothing is written into the mount point, and
its mail is there when the share is."""

import os

import harness
from harness import wait_for

RETRY = "[queue]\nretry = 1s\n"


class LostShare(harness.Case):
    def started(self, postoffice="", **more):
        return self.gateway(ini=RETRY, postoffice=postoffice, **more).start()

    def lose(self, g, point=True):
        """The mount point stays, empty, or goes as well."""
        os.rename(g.mail, g.mail + ".share")
        if point:
            os.mkdir(g.mail)

    def find(self, g):
        if os.path.isdir(g.mail):
            os.rmdir(g.mail)  # which fails when anything was written there
        os.rename(g.mail + ".share", g.mail)

    def comes_back(self, postoffice="", point=True):
        g = self.started(postoffice)
        self.lose(g, point)
        self.assertEqual(g.send(harness.HEADER + b"x\r\n")[0], 250)
        wait_for("it was tried", lambda: "recipient deferred" in g.log())
        self.assertEqual(g.command("reload").returncode, 0)
        self.find(g)
        wait_for("it came", lambda: g.count() == 1)
        self.assertEqual(g.queue(), [])
        self.assertEqual(g.send(harness.HEADER + b"x\r\n", to=["nobody@example.test"])[0],
                         250 if "any" in postoffice else 550)
        g.stop()

    def test_the_folder_is_gone(self):
        self.comes_back(point=False)

    def test_the_mount_point_is_empty(self):
        self.comes_back()

    def test_no_mailbox_is_made_in_the_mount_point(self):
        self.comes_back("mailboxes = any\n")

    def test_nor_a_log(self):
        g = self.started("classic_log = yes\nget = %s\nwait = 1s\n" % os.path.join(harness.BUILD, "smtpget"))
        os.makedirs(os.path.join(g.mail, "smtp"))
        self.lose(g)
        wait_for("it is missed by the log", lambda: "classic-log failed" in g.log())
        self.find(g)
        wait_for("and comes back", lambda: "classic-log well" in g.log())
        g.stop()

    def test_who_is_not_there_is_told_later(self):
        g = self.started()
        self.lose(g)
        self.assertEqual(g.send(harness.HEADER + b"x\r\n", to=["nobody@example.test"], sender="jdoe@example.test")[0], 250)
        wait_for("it was tried", lambda: "recipient deferred" in g.log())
        self.find(g)
        wait_for("who is not there is told when that is known", lambda: g.count() == 1)
        self.assertIn(b"no such mailbox here", g.messages()[0])
        g.stop()

    def test_aliases_stand_for_others_meanwhile(self):
        g = self.gateway(ini=RETRY, gateway="aliases = FOLDER\n")
        aliases = os.path.join(g.folder, "aliases")
        with open(aliases, "w") as f:
            f.write("sales: jdoe@example.test\n")
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("FOLDER", aliases))
        g.start()
        self.lose(g)
        self.assertEqual(g.send(harness.HEADER + b"x\r\n", to=["sales@example.test"])[0], 250)
        wait_for("it was tried", lambda: "recipient deferred" in g.log())
        self.find(g)
        wait_for("it came", lambda: g.count() == 1)
        g.stop()


if __name__ == "__main__":
    harness.main()
