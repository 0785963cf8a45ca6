"""Exim as a client that sends by BDAT wherever CHUNKING is offered, with DSN beside it. Unpacked by tests/peers/get.sh; it wants root, and
its user in /etc/passwd, which it gets in a mount namespace of its own."""

import email
import os
import re
import subprocess

import harness

CONFIG = """
primary_hostname = exim.example
exim_path = {program}
spool_directory = {folder}
log_file_path = {folder}/%slog
exim_user = nobody
exim_group = nogroup
never_users =
deliver_drop_privilege = true
keep_environment =
dsn_advertise_hosts = *
acl_smtp_rcpt = accept
begin routers
all:
  driver = manualroute
  route_list = * 127.0.0.1 byname
  transport = out
  self = send
begin transports
out:
  driver = smtp
  port = {port}
  allow_localhost
"""
# what Debian's Exim looks for by name
USER = {"passwd": "Debian-exim:x:65534:65534::/nonexistent:/usr/sbin/nologin\n", "group": "Debian-exim:x:65534:\n"}


class Exim(harness.Case):
    def setUp(self):
        self.program = harness.peer("exim4", "exim")
        self.g = self.gateway()
        self.folder = os.path.join(self.g.folder, "exim")
        os.mkdir(self.folder)
        os.chown(self.folder, 65534, 65534)
        self.g.write(gateway="max_size = 3M\n[log]\nprotocol = 127.0.0.0/8\n")
        self.g.start()
        self.config = os.path.join(self.g.folder, "exim.conf")  # root's own
        with open(self.config, "w") as f:
            f.write(CONFIG.format(program=self.program, folder=self.folder, port=self.g.port))
        for name, line in USER.items():
            with open("/etc/" + name) as old, open(os.path.join(self.g.folder, name), "w") as new:
                new.write("".join(x for x in old if not x.startswith("Debian-exim:")) + line)

    def exim(self, *args, input):
        inside = "mount --bind %s/passwd /etc/passwd; mount --bind %s/group /etc/group; exec \"$@\"" % (self.g.folder, self.g.folder)
        r = subprocess.run(["unshare", "-m", "sh", "-ec", inside, "sh", self.program, "-C", self.config, *args], input=input,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=harness.LIMIT)
        self.assertEqual(r.returncode, 0, r.stdout.decode("latin-1"))
        return r.stdout.decode("latin-1")

    def log(self):
        with open(os.path.join(self.folder, "mainlog")) as f:
            return f.read()

    def send(self, to, text, mail="", rcpt="", sender="admin@example.test"):
        """By SMTP on its standard input; delivered before it ends."""
        lines = ["EHLO client.test", "MAIL FROM:<%s>%s" % (sender, mail)] + ["RCPT TO:<%s>%s" % (t, rcpt) for t in to] + ["DATA"]
        said = self.exim("-bs", "-odi", input="\r\n".join(lines).encode() + b"\r\n" + text + b".\r\nQUIT\r\n")
        self.assertIn("250 OK id=", said, said)

    def test_by_bdat(self):
        text = harness.HEADER + b"".join(b"%06d \xe4\xf6\xfc\r\n" % n for n in range(100000))
        self.send(["jdoe@example.test"], text, mail=" RET=HDRS ENVID=ex1", rcpt=" NOTIFY=SUCCESS ORCPT=rfc822;jdoe@example.test")
        harness.wait_for(lambda: "the mail\n" + self.log(), lambda: self.g.count() == 1 and self.g.count("admin") == 1)
        self.assertEqual(harness.body_of(self.g.messages()[0]), harness.body_of(text).replace(b"\r\n", b"\n"))
        said = self.g.log()
        self.assertTrue(re.search(r'line="BDAT \d+ LAST"', said), said[-3000:])
        self.assertNotIn("line=DATA", said)
        self.assertIn(' K C="250 2.0.0 Ok', self.log())  # K: by CHUNKING
        shown = self.g.show(1)
        self.assertEqual((shown["asks"], shown["recipients_list"][0]["asks"]),
                         ("RET=HDRS ENVID=ex1", "NOTIFY=SUCCESS ORCPT=rfc822;jdoe@example.test"))
        m = email.message_from_bytes(self.g.messages("admin")[0])
        self.assertEqual(m.get_payload()[1].get_payload()[0]["Original-Envelope-Id"], "ex1")
        self.g.stop()

    def test_some_recipients_only(self):
        """BDAT behind a refused RCPT, pipelined: who is known has it, who is not is Exim's to report."""
        self.send(["jdoe@example.test", "nobody@example.test"], harness.HEADER + b"one of two\r\n")
        harness.wait_for(lambda: "the mail\n" + self.log(), lambda: self.g.count() == 1 and self.g.count("admin") == 1)
        self.assertIn(b"\nReporting-MTA: dns; exim.example\n", self.g.messages("admin")[0])
        self.assertIn(b"nobody@example.test", self.g.messages("admin")[0])
        self.g.stop()

    def test_too_large(self):
        """More than SIZE says: Exim does not send it, and reports that; the session goes on."""
        self.send(["jdoe@example.test"], harness.HEADER + (b"x" * 998 + b"\r\n") * 4000)
        harness.wait_for(lambda: "the report\n" + self.log(), lambda: self.g.count("admin") == 1)
        self.assertIn(b"\nReporting-MTA: dns; exim.example\n", self.g.messages("admin")[0])
        self.assertEqual(self.g.count(), 0)
        self.g.stop()


if __name__ == "__main__":
    harness.main()
