"""Profiles: old clients as they really talk, let in by listener or by address, and nobody else with them."""

import base64
import os
import socket
import subprocess

import harness
from tls import Secure, s_client

OLD = ("-cipher", "DEFAULT:@SECLEVEL=0")
MAIL = b"From: scanner@lan.test\r\nTo: jdoe@example.test\r\nSubject: scan\r\n\r\npage 1\r\n"

# Dialogues of old devices: what they say, and the codes that they must get. A str is a line with CRLF, bytes are sent as they are.
SCANNER_1999 = (  # no name, paths without brackets, lines that end in LF alone
    ("HELO ", 250), ("MAIL FROM:scanner@lan.test", 250), ("RCPT TO:jdoe@example.test", 250), ("DATA", 354),
    (b"From: scanner@lan.test\nTo: jdoe@example.test\nSubject: scan\n\npage 1\n..\npage 2\n\r\n.\r\n", 250), ("QUIT", 221))
PLC = (  # an underscore and blanks in its name, a blank before paths, commands that end in LF
    (b"HELO PLC 7 hall_2\n", 250), (b"MAIL FROM: <plc7@lan.test>\n", 250), (b"RCPT TO: <jdoe@example.test>\n", 250),
    (b"DATA\n", 354), (MAIL + b".\r\n", 250), (b"QUIT\n", 221))
BATCH_JOB = (  # a name without domain, as a user of the machine
    ("HELO erp!", 250), ("MAIL FROM:erpbatch", 250), ("RCPT TO:<jdoe@example.test>", 250), ("DATA", 354),
    (MAIL + b".\r\n", 250), ("QUIT", 221))
DIALOGUES = {"scanner": SCANNER_1999, "plc": PLC, "batch": BATCH_JOB}


def b64(text):
    return base64.b64encode(text.encode()).decode()


class Profile(harness.Case):
    def client(self, g, source=None):
        c = Secure("127.0.0.1", g.port, source=source and (source, 0))
        self.addCleanup(c.close)
        return c

    def play(self, c, dialogue):
        """The codes that came; ends with the first that was not expected."""
        for said, code in dialogue:
            c.raw(said if isinstance(said, bytes) else said.encode() + b"\r\n")
            reply = c.reply()
            if reply[0] != code:
                return "%r: %r" % (said, reply)
        return None


class Dialogues(Profile):
    def test_by_listener(self):
        g = self.gateway(listen="profile = legacy\n").start()
        for name, dialogue in DIALOGUES.items():
            self.assertIsNone(self.play(self.client(g), dialogue), name)
        harness.wait_for("the messages", lambda: g.count() == len(DIALOGUES))
        senders = {m["from"] for m in g.history().values()}
        self.assertEqual(senders, {"scanner@lan.test", "plc7@lan.test", "erpbatch@gw.example.test"})
        self.assertTrue([m for m in g.messages() if b"\n..\npage 2" in m])  # stuffing is undone behind CRLF alone
        g.stop()

    def test_modern_takes_none_of_it(self):
        g = self.gateway().start()
        for name, dialogue in DIALOGUES.items():
            self.assertIsNotNone(self.play(self.client(g), dialogue), name)
        g.stop()

    def test_by_address(self):
        """127.0.0.9 is the scanner; the same words from another address are refused."""
        g = self.gateway(ini="[profile printers]\nlike = legacy\nclients = 127.0.0.9\n",
                         listen="relay_from = 127.0.0.0/8\n").start()
        self.assertIsNone(self.play(self.client(g, "127.0.0.9"), SCANNER_1999))
        self.assertIsNotNone(self.play(self.client(g, "127.0.0.8"), SCANNER_1999))
        harness.wait_for("the message", g.count)
        with open(g.ini) as f:
            text = f.read()
        with open(g.ini, "w") as f:
            f.write(text.replace("127.0.0.9", "127.0.0.8"))
        g.reload()
        self.assertIsNone(self.play(self.client(g, "127.0.0.8"), SCANNER_1999))
        self.assertIsNotNone(self.play(self.client(g, "127.0.0.9"), SCANNER_1999))
        g.stop()

    def test_naming_a_client_admits_it_nowhere(self):
        """A profile says how, not whether: relaying and accepting are the listener's."""
        g = self.gateway(ini="[profile p]\nlike = legacy\nclients = all\n", listen="relay_from = 192.0.2.1\n").start()
        c = self.client(g)
        c.say("HELO")
        c.say("MAIL FROM:x@y.test")
        self.assertEqual(c.say("RCPT TO:someone@far.test")[0], 550)
        g.stop()
        g.write(ini="[profile p]\nlike = legacy\nclients = all\n", listen="relay_from = none\naccept_from = 192.0.2.1\n")
        g.start()
        self.assertEqual(self.client(g).greeting[0], 554)
        g.stop()

    def test_size(self):
        g = self.gateway(ini="[profile p]\nclients = 127.0.0.9\nmax_size = 4K\n", listen="max_size = 8K\n").start()
        small, c = self.client(g, "127.0.0.9"), self.client(g)
        self.assertIn("SIZE 4096", small.say("EHLO a.test")[1])
        self.assertIn("SIZE 8192", c.say("EHLO a.test")[1])
        text = MAIL + (b"x" * 98 + b"\r\n") * 50
        self.assertEqual(small.send(text, ["jdoe@example.test"])[0], 552)
        self.assertEqual(c.send(text, ["jdoe@example.test"])[0], 250)
        g.stop()


class Tls(Profile):
    OLD_ONES = "[profile p]\nclients = 127.0.0.9\ntls_min = 1.0\ntls_offer = %s\n"

    def versions(self, g, source):
        got = []
        for flag in ("-tls1", "-tls1_1", "-tls1_2", "-tls1_3"):
            more = OLD if flag in ("-tls1", "-tls1_1") else ()
            status, out = s_client(g.port, flag, *more, "-bind", source + ":0")
            if status == 0 and "221 2.0.0" in out:
                got.append(flag)
        return got

    def test_old_versions_for_those_who_need_them(self):
        g = self.gateway(ini=self.OLD_ONES % "yes", listen="certificate = auto\n").start()
        self.assertEqual(self.versions(g, "127.0.0.9"), ["-tls1", "-tls1_1", "-tls1_2", "-tls1_3"])
        self.assertEqual(self.versions(g, "127.0.0.1"), ["-tls1_2", "-tls1_3"])
        self.assertIn('listener=lan profile=modern reason="no TLS version in common', g.log())
        g.stop()

    def test_a_floor_above(self):
        g = self.gateway(ini="[profile p]\ntls_min = 1.3\n", listen="certificate = auto\nprofile = p\n").start()
        self.assertEqual(self.versions(g, "127.0.0.1"), ["-tls1_3"])
        g.stop()

    def test_a_session_of_old_is_not_resumed_elsewhere(self):
        """Tickets of a context with a low floor open nothing at one with a high floor."""
        g = self.gateway(ini=self.OLD_ONES % "yes", listen="certificate = auto\n").start()
        ticket = os.path.join(g.folder, "ticket")
        status, out = s_client(g.port, "-tls1_2", "-sess_out", ticket, "-bind", "127.0.0.9:0")
        self.assertEqual(status, 0, out)
        self.assertIn("Reused", s_client(g.port, "-tls1_2", "-sess_in", ticket, "-bind", "127.0.0.9:0")[1])
        self.assertNotIn("Reused", s_client(g.port, "-tls1_2", "-sess_in", ticket, "-bind", "127.0.0.1:0")[1])
        g.stop()

    def test_not_shown_but_taken(self):
        g = self.gateway(ini=self.OLD_ONES % "no", listen="certificate = auto\ntls = required\n").start()
        old, new = self.client(g, "127.0.0.9"), self.client(g)
        self.assertNotIn("STARTTLS", old.say("EHLO a.test")[1])
        self.assertEqual(old.say("MAIL FROM:<a@b.test>")[0], 250)  # the listener's `required` is for others
        self.assertIn("STARTTLS", new.say("EHLO a.test")[1])
        self.assertEqual(new.say("MAIL FROM:<a@b.test>")[0], 530)
        old.say("RSET")
        old.starttls()
        self.assertEqual(old.send(MAIL, ["jdoe@example.test"])[0], 250)
        g.stop()


class Auth(Profile):
    def start(self, ini, listen=""):
        users = None
        g = self.gateway()
        users = os.path.join(g.folder, "users")
        g.write(ini=ini, listen="auth = offered\nusers = %s\nrelay_from = 127.0.0.8\n%s" % (users, listen))
        done = g.command("user", "add", "anna", input="secret\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        return g.start()

    def test_in_the_clear_for_those_named_only(self):
        g = self.start("[profile p]\nclients = 127.0.0.9\nauth_clear = yes\nauth_prompt = User Name, Password\n")
        old, new = self.client(g, "127.0.0.9"), self.client(g)
        self.assertIn("AUTH SCRAM-SHA-256 PLAIN LOGIN", old.say("EHLO a.test")[1])
        self.assertIn(b64("User Name"), old.say("AUTH LOGIN")[1])
        self.assertIn(b64("Password"), old.say(b64("anna"))[1])
        self.assertEqual(old.say(b64("secret"))[0], 235)
        old.say("MAIL FROM:<a@b.test>")
        self.assertEqual(old.say("RCPT TO:<x@far.test>")[0], 250)
        self.assertNotIn("AUTH", new.say("EHLO a.test")[1])
        self.assertEqual(new.say("AUTH LOGIN")[0], 538)
        g.stop()

    def test_by_a_listener_for_its_own_network_only(self):
        """A listener's profile with auth_clear serves who is in relay_from; a stranger's password is never asked for."""
        g = self.start("", "profile = legacy\n")
        own, stranger = self.client(g, "127.0.0.8"), self.client(g, "127.0.0.9")
        self.assertIn("AUTH", own.say("EHLO a.test")[1])
        self.assertEqual(own.say("AUTH PLAIN " + b64("\0anna\0secret"))[0], 235)
        self.assertNotIn("AUTH", stranger.say("EHLO a.test")[1])
        self.assertEqual(stranger.say("AUTH PLAIN " + b64("\0anna\0secret"))[0], 538)
        g.stop()

    def test_swaks_as_a_printer(self):
        g = self.start("[profile p]\nlike = legacy\nclients = 127.0.0.9\n")
        r = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(g.port), "--local-interface", "127.0.0.9", "--auth",
                            "LOGIN", "--auth-user", "anna", "--auth-password", "secret", "--to", "x@far.test", "--from",
                            "me@client.test", "--quit-after", "RCPT"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        self.assertEqual(r.returncode, 0, r.stdout.decode())
        self.assertIn(b"235 ", r.stdout)
        self.assertNotIn("secret", g.log())
        g.stop()


class Smuggling(Profile):
    """What legacy allows is no way to end a message early: not for its own clients, and not for those beside them."""

    def test_no_false_end(self):
        g = self.gateway(ini="[profile p]\nlike = legacy\nclients = 127.0.0.9\n").start()
        false_end = MAIL + b"\n.\nMAIL FROM:evil@lan.test\nRCPT TO:jdoe@example.test\nDATA\nsmuggled\n\r\n.\r\n"
        for source, code in (("127.0.0.9", 250), ("127.0.0.8", 550)):
            c = self.client(g, source)
            self.assertIsNone(self.play(c, (("EHLO a.test", 250), ("MAIL FROM:<a@b.test>", 250),
                                            ("RCPT TO:<jdoe@example.test>", 250), ("DATA", 354), (false_end, code), ("QUIT", 221))))
            self.assertEqual(c.sock.recv(100, socket.MSG_WAITALL), b"")
        harness.wait_for("the message", g.count)
        self.assertEqual([m["from"] for m in g.history().values()], ["a@b.test"])
        g.stop()


if __name__ == "__main__":
    harness.main()
