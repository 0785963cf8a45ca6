"""setup: answers by a pipe and at a terminal, each one tried, what is written runs and sends, passwords are seen nowhere."""

import os
import shutil
import pty
import re
import select
import socket
import stat
import subprocess
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import harness  # noqa: E402
from smarthost import NAME, SmartHost  # noqa: E402
from tls import Authority  # noqa: E402

USER, PASSWORD = "scanner@company.test", "Very-Secret.19"
ID = "11111111-2222-3333-4444-555555555555"


class Setup(harness.Case):
    def setUp(self):
        self.g = self.gateway()
        self.port = harness.free_port()
        self.ini = os.path.join(self.g.folder, "etc", "new.ini")
        self.g.ini = self.ini

    def answers(self, *lines):
        """The beginning that all share, then these."""
        return "\n".join(["gw.company.test", "127.0.0.1:%d" % self.port, "127.0.0.0/8", "no"] + list(lines)) + "\n"

    def setup(self, text, status=0):
        r = subprocess.run([harness.PROGRAM, "setup", "--config", self.ini], input=text, text=True, timeout=harness.LIMIT,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(r.returncode, status, r.stdout + r.stderr)
        return r.stdout + r.stderr

    def written(self):
        with open(self.ini) as f:
            return f.read()

    def test_local_and_direct(self):
        mail = os.path.join(self.g.folder, "mail here")
        said = self.setup(self.answers("company.test", mail, "direct", "boss@company.test", "yes"))
        self.assertIn("is written", said)
        self.assertTrue(os.path.isdir(mail))
        text = self.written()
        for line in ("hostname = gw.company.test", "admin = boss@company.test", "relay_from = 127.0.0.0/8",
                     "domain = company.test", "path = " + mail, "smart_host = mx"):
            self.assertIn(line + "\n", text)
        self.assertNotIn("legacy", text)

    def test_refused_answers_come_again(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        lines = ["gw..test", "gw.test",  # no domain; then one
                 "127.0.0.1:%d" % taken.getsockname()[1], "127.0.0.1", "127.0.0.1:%d" % self.port,
                 "300.0.0.0/8", "10.0.0.1/8", "10.0.0.0/8", "perhaps", "yes", "x" * 2000, "none", "9", "nowhere", "nobody at all",
                 "me@company.test", ""]
        said = self.setup("\n".join(lines) + "\n")
        for words in ("\"gw..test\" is not a domain", "in use", "it has no port", "300.0.0.0/8", "yes or no", "too long",
                      "one of the numbers above", "not an address"):
            self.assertIn(words, said)
        self.assertIn("relay_from = 10.0.0.0/8\n", self.written())
        self.assertIn("profile = legacy\n", self.written())

    def test_ends_without_the_last_answer(self):
        said = self.setup(self.answers("none", "microsoft"), 1)
        self.assertIn("no answer came to: May the application", said)
        said = self.setup(self.answers("none", "nowhere", "", "a-long-answer-to-that", "no"), 1)
        self.assertIn("yes or no", said)
        self.assertNotIn("too long", said)
        self.assertNotIn("chown", said)
        self.assertIn("nothing was written", said)
        self.assertFalse(os.path.exists(os.path.dirname(self.ini)))

    def test_microsoft(self):
        said = self.setup(self.answers("none", "1", "yes", "company.test", USER, ID, PASSWORD, "", ""))
        for step in ("SMTP.SendAsApp", "New client secret", "New-ServicePrincipal -AppId %s" % ID,
                     "Add-MailboxPermission -Identity %s" % USER, "Set-CASMailbox -Identity %s" % USER,
                     "smtpgate oauth test tenant", "sender %s" % USER):
            self.assertIn(step, said)
        self.assertNotIn(PASSWORD, said + self.written())
        secret = os.path.join(os.path.dirname(self.ini), "client-secret")
        self.assertIn("chown smtpgate %s\n" % secret, said)
        self.assertEqual(stat.S_IMODE(os.stat(secret).st_mode), 0o600)
        with open(secret) as f:
            self.assertEqual(f.read(), PASSWORD + "\n")
        r = self.g.command("config", "oauth tenant")
        self.assertIn("flow = client", r.stdout, r.stderr)
        self.assertIn("smart_host = smtp.office365.com:587", self.g.command("config", "route microsoft365").stdout)
        # once more, with a person: what was there is kept
        said = self.setup(self.answers("none", "1", "no", "company.test", USER, ID, "", ""))
        self.assertIn("SMTP.Send.", said)
        self.assertIn("smtpgate oauth login tenant", said)
        self.assertNotIn("New-ServicePrincipal", said)
        self.assertIn("flow = device", self.written())
        with open(self.ini + ".old") as f:
            self.assertIn("flow = client", f.read())

    def server(self):
        authority = Authority(self.g.folder)
        host = SmartHost(authority.make("localhost"), accounts={USER: PASSWORD}, offer=["PLAIN"])
        self.addCleanup(host.close)
        return authority, host

    def test_server_that_is_tried(self):
        authority, host = self.server()
        lines = ["none", "server", "none", "localhost:%d" % host.port, "no",  # its CA is unknown here
                 "localhost:%d" % host.port, "yes", USER, "wrong-word", "yes", "", ""]
        said = self.setup(self.answers(*lines))
        self.assertIn("certificate", said)
        lines = ["none", "server", authority.path, "localhost:%d" % host.port, USER, "wrong-word", "no", USER, PASSWORD, "", ""]
        said = self.setup(self.answers(*lines))
        self.assertIn("user or password is not taken", said)
        self.assertNotIn(PASSWORD, said)
        self.assertNotIn("wrong-word", said)
        self.assertEqual(host.logins[-1], ("PLAIN", USER))
        self.run_it(host)

    def run_it(self, host):
        """What was written runs, and mail goes the way that was tried."""
        text = self.written().replace("[gateway]\n", "[gateway]\nspool = %s\ncontrol = %s/control\naliases = none\n%s" % (
            self.g.spool, self.g.folder, self.g.plugin_lines), 1)
        with open(self.ini, "w") as f:
            f.write(text + "\n[vendor lmn]\nresolver = host\n")  # localhost is in /etc/hosts alone
        self.g.port = self.port
        self.g.start()
        self.assertEqual(self.g.send(b"From: a@company.test\r\nSubject: x\r\n\r\nhi\r\n", to=["b@far.test"])[0], 250)
        harness.wait_for(lambda: "the mail\n" + self.g.log()[-2000:], lambda: host.messages)
        self.g.stop()

    def test_none_is_what_it_says(self):
        """Networks: nobody is relayed for. And a folder is made with the last answer, not before."""
        mail = os.path.join(self.g.folder, "mail")
        shutil.rmtree(mail, ignore_errors=True)
        lines = ["gw.company.test", "127.0.0.1:%d" % self.port, "none", "no", "company.test", mail, "nowhere", ""]
        self.setup("\n".join(lines + ["no"]) + "\n", 1)
        self.assertFalse(os.path.exists(mail))
        self.setup("\n".join(lines + ["yes"]) + "\n")
        self.assertTrue(os.path.isdir(mail))
        self.assertIn("relay_from = none\n", self.written())

    def test_a_server_without_user(self):
        """Its CA is enforced; a password that was refused before is not written, and the end of one that is too long is none."""
        authority, host = self.server()
        lines = ["none", "server", authority.path, "localhost:%d" % host.port, USER, "x" * 5000, "wrong-word", "no", "none", "", ""]
        said = self.setup(self.answers(*lines))
        self.assertIn("longer than", said)
        self.assertIn("tls = verified\n", self.written())
        self.assertNotIn("password", self.written())
        self.assertEqual(os.listdir(os.path.dirname(self.ini)), ["new.ini"])

    def test_at_a_terminal(self):
        """A person types; the password is not shown."""
        authority, host = self.server()
        main, end = pty.openpty()
        p = subprocess.Popen([harness.PROGRAM, "setup", "--config", self.ini], stdin=end, stdout=end, stderr=end,
                             start_new_session=True)
        os.close(end)
        self.addCleanup(os.close, main)
        shown = b""
        dialogue = [("Full name", "gw.company.test"), ("listen on", "127.0.0.1:%d" % self.port), ("Networks", ""),
                    ("older", ""), ("Domain whose", ""), ("How does", "server"), ("CA of", authority.path),
                    ("The server", "localhost:%d" % host.port), ("User to", USER), ("Password", PASSWORD),
                    ("told of", ""), ("Write this", "yes")]
        for words, answer in dialogue:
            end_at = time.monotonic() + harness.LIMIT
            seen = b""
            while not re.search(words.encode() + rb"[^\n]*: *(\r\n)?$", seen):
                self.assertGreater(end_at, time.monotonic(), "%s: %r" % (words, shown + seen))
                if select.select([main], [], [], 1)[0]:
                    seen += os.read(main, 4096)
            shown += seen
            if words == "Password":  # it is shown no more once the prompt stands and echo is off
                harness.wait_for("echo is off", lambda: not pty_echo(main))
            os.write(main, answer.encode() + b"\n")
        while True:
            try:
                more = os.read(main, 4096)
            except OSError:
                break
            if not more:
                break
            shown += more
        self.assertEqual(p.wait(harness.LIMIT), 0, shown)
        self.assertNotIn(PASSWORD.encode(), shown)
        self.assertIn(b"is written", shown)
        self.assertEqual(host.logins[-1], ("PLAIN", USER))


def pty_echo(fd):
    import termios
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)


if __name__ == "__main__":
    harness.main()
