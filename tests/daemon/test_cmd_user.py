#!/usr/bin/env python3
"""user: added, changed, tested and removed, by pipe and on a terminal; passwords are never shown."""

import os
import pty
import subprocess

import testbed
from testbed import LIMIT, PROGRAM


class User(testbed.Case):
    def setUp(self):
        super().setUp()
        self.g = self.gateway(listen="users = %s\n" % "USERS")
        self.file = os.path.join(self.g.folder, "users")
        self.g.write(listen="users = %s\n" % self.file)

    def user(self, *args, input=""):
        return self.g.command("user", *args, input=input)

    def test_the_life_of_a_user(self):
        self.check(self.user("add", "scanner", input="s3cret\n"), 0, out="scanner added", err="smtpgate reload")
        self.assertEqual(os.stat(self.file).st_mode & 0o7777, 0o600)
        with open(self.file) as f:
            self.assertNotIn("s3cret", f.read())
        self.check(self.user("test", "Scanner", input="s3cret\n"), 0, out="is right")
        self.check(self.user("test", "scanner", input="s3cre\n"), 1, out="is wrong")
        self.check(self.user("add", "scanner", input="other"), 0, out="has a new password")
        self.check(self.user("test", "scanner", input="s3cret"), 1)
        self.check(self.user("add", "anna@x.org", input="x\r\n"), 0)
        self.assertEqual(self.user("list").stdout, "anna@x.org\nscanner\n")
        self.check(self.user("remove", "scanner"), 0, out="scanner removed")
        self.assertEqual(self.user("list").stdout, "anna@x.org\n")
        self.check(self.user("remove", "scanner"), 1, err="there is no user scanner")
        self.check(self.user("test", "scanner", input="x"), 1, err="there is no user scanner")

    def test_wrong_usage(self):
        self.check(self.user("ad", "x"), 64, err="add, remove, list and test")
        self.check(self.user("add"), 64, err="one name")
        self.check(self.user("list", "x"), 64, err="no name")
        self.check(self.user("add", "a:b", input="x\n"), 1, err="without colon")
        self.check(self.user("add", "a", input=""), 1, err="no password came")
        self.check(self.user("add", "a", input="\n"), 1, err="1 to 255 bytes")
        self.check(self.user("add", "a", input="x" * 300), 1, err="longer than")
        self.check(self.user("add", "a", "--listener", "wan", input="x"), 64, err="no [listen wan]")
        self.assertFalse(os.path.exists(self.file))

    def test_listeners_with_files_of_their_own(self):
        self.g.write(ini="[listen wan]\naddress = 127.0.0.1:2526\nusers = %s.wan\n" % self.file,
                     listen="users = %s\n" % self.file)
        self.check(self.user("add", "a", input="x"), 64, err=["different files", "--listener lan"])
        self.check(self.user("add", "a", "--listener", "wan", input="x"), 0, out=self.file + ".wan")

    def test_only_listeners_with_logins_count(self):
        """The default file of a listener where nobody may log in is no choice."""
        self.g.write(ini="[listen wan]\naddress = 127.0.0.1:2526\nusers = %s.wan\nauth = offered\n" % self.file
                     + "[profile old]\nclients = 127.0.0.1\nauth_clear = yes\n")
        self.check(self.user("add", "a", input="x"), 0, out=self.file + ".wan")

    def test_a_file_that_others_read(self):
        self.user("add", "a", input="x")
        os.chmod(self.file, 0o644)
        self.check(self.user("list"), 1, err=self.file)

    def test_on_a_terminal_nothing_is_shown(self):
        for second, status in ("s3cret", 0), ("s3cres", 1):
            master, slave = pty.openpty()
            with subprocess.Popen([PROGRAM, "user", "--config", self.g.ini, "add", "anna"], stdin=slave, stdout=slave,
                                  stderr=slave) as p:
                os.close(slave)
                shown = self.read_to(master, b"password: ")
                os.write(master, b"s3cret\n")
                shown += self.read_to(master, b"again: ")
                os.write(master, second.encode() + b"\n")
                shown += self.read_to(master, None)
                self.assertEqual(p.wait(LIMIT), status, shown)
            os.close(master)
            self.assertNotIn(b"s3cre", shown)
        self.check(self.user("test", "anna", input="s3cret"), 0)

    @staticmethod
    def read_to(fd, end):
        """What the terminal shows up to these bytes, or until it is closed."""
        shown = b""
        while end is None or not shown.endswith(end):
            try:
                piece = os.read(fd, 1024)
            except OSError:
                piece = b""
            if not piece:
                break
            shown += piece
        return shown


if __name__ == "__main__":
    testbed.main()
