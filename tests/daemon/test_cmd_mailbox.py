#!/usr/bin/env python3
"""mailbox add and list: what is made, for whom, and what is refused, without a running gateway."""

import os
import pwd

import testbed

OTHER = "[postoffice TEST/WEST]\ndomain = west.test, .west.test\npath = %s\nget = smtpget\n"


class Mailbox(testbed.Case):
    def test_list(self):
        g = self.gateway()
        os.makedirs(os.path.join(g.mail, "no mailbox"))
        with open(os.path.join(g.mail, "jdoe/new/1"), "w"):
            pass
        done = self.check(g.command("mailbox", "list"), 0)
        self.assertEqual(done.stdout, "admin@example.test  {0}/admin  0 new\njdoe@example.test  {0}/jdoe  1 new\n".format(g.mail))
        self.check(g.command("mailbox", "list", "more"), 64)
        os.rename(g.mail, g.mail + ".away")
        self.check(g.command("mailbox", "list"), 1, err="TEST/HQ")

    def test_add(self):
        g = self.gateway()
        self.check(g.command("mailbox", "add", "sue@Example.test", '"J Doe"', "Max"), 0,
                   out=[g.mail + "/sue\n", g.mail + "/J Doe\n", g.mail + "/Max\n"])
        for name in ("sue", "J Doe", "Max"):
            for part in ("new", "cur", "tmp"):
                self.assertTrue(os.path.isdir(os.path.join(g.mail, name, part)))
        self.check(g.command("mailbox", "list"), 0, out='"J Doe"@example.test  ')
        self.check(g.command("mailbox", "add", "SUE@example.test"), 1, err="there is the mailbox %s/sue already" % g.mail)
        self.check(g.command("route", "sue@example.test"), 0, out="delivered to the mailbox %s/sue" % g.mail)

    def test_refused(self):
        g = self.gateway()
        self.check(g.command("mailbox", "add", "a@b@c"), 1, err="is no address")
        done = self.check(g.command("mailbox", "add", "x@far.test", "joe"), 1, out="/joe",
                          err="no postoffice has the domain of x@far.test")
        self.assertIn("[postoffice]", done.stderr)
        self.check(g.command("mailbox", "add", '"../x"@example.test'), 1, err="cannot be named")
        self.check(g.command("mailbox", "add"), 64, err="needs an address")
        self.check(g.command("mailbox", "drop"), 64, err="there is no drop")
        self.assertEqual(sorted(os.listdir(g.mail)), ["admin", "jdoe", "joe"])

    def test_postoffice_of_microsoft_mail(self):
        g = self.gateway()
        west = os.path.join(g.folder, "west")
        os.makedirs(os.path.join(west, "outgoing/new"))
        g.write(ini=OTHER % west)
        self.check(g.command("mailbox", "add", "1234567890@west.test"), 0)
        self.check(g.command("mailbox", "add", "12345678901@west.test"), 1, err="10 characters at most")
        self.check(g.command("mailbox", "add", "Outgoing@west.test"), 1, err="no mailbox")
        self.check(g.command("mailbox", "add", "joe"), 1, err="which postoffice?")
        self.assertNotIn("outgoing", self.check(g.command("mailbox", "list"), 0, out="1234567890@west.test").stdout)

    def test_made_by_root_for_the_gateways_user(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        g = self.gateway(gateway="user = nobody\n")
        self.check(g.command("mailbox", "add", "joe"), 0)
        for part in ("", "new", "cur", "tmp"):
            self.assertEqual(os.stat(os.path.join(g.mail, "joe", part)).st_uid, pwd.getpwnam("nobody").pw_uid)


if __name__ == "__main__":
    testbed.main()
