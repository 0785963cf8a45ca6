"""Logging in at a listener: every mechanism by an independent client, only over TLS, relaying for users, guessing, reload."""

import base64
import concurrent.futures
import hashlib
import hmac
import os
import shutil
import subprocess

import harness
from tls import Secure

RELAY = "accept_from = all\nrelay_from = 192.0.2.0/24\ncertificate = auto\n"
TEXT = b"From: me@client.test\r\nTo: x@far.test\r\nSubject: hi\r\n\r\nfrom a user\r\n"
PASSWORD = "s3cr\u00e4t,="


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def scram(client, user, password):
    """SCRAM-SHA-256 by RFC 5802; True when the server proved that it knows the password, else its last reply."""
    first = "n=%s,r=clientnonce" % user
    reply = client.say("AUTH SCRAM-SHA-256 " + b64("n,," + first))
    if reply[0] != 334:
        return reply
    server = base64.b64decode(reply[1].split()[-1]).decode()
    field = dict(part.split("=", 1) for part in server.split(","))
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(field["s"]), int(field["i"]))
    final = "c=biws,r=" + field["r"]
    message = ",".join((first, server, final)).encode()
    key = hmac.digest(salted, b"Client Key", "sha256")
    signature = hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
    proof = bytes(a ^ b for a, b in zip(key, signature))
    reply = client.say(b64(final + ",p=" + b64(proof)))
    if reply[0] != 334:
        return reply
    expected = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), message, "sha256")
    if base64.b64decode(reply[1].split()[-1]) != b"v=" + base64.b64encode(expected):
        return "the server's proof is wrong"
    return client.say("")[0] == 235


class AuthIn(harness.Case):
    def setUp(self):
        super().setUp()
        self.out = self.sink()
        self.g = self.gateway()
        self.users = os.path.join(self.g.folder, "users")
        self.configure()
        self.add("Anna", PASSWORD)
        self.g.start()

    def configure(self, auth="offered"):
        self.g.write(listen=RELAY + "auth = %s\nusers = %s\n" % (auth, self.users),
                     ini="[route out]\nsmart_host = 127.0.0.1:%d\n" % self.out.port)

    def add(self, name, password):
        done = self.g.command("user", "add", name, input=password + "\n")
        self.assertEqual(done.returncode, 0, done.stderr)

    def client(self, secure=True):
        c = Secure("127.0.0.1", self.g.port)
        self.addCleanup(c.close)
        if secure:
            c.starttls()
            self.assertIn("AUTH SCRAM-SHA-256 PLAIN LOGIN", c.say("EHLO client.test")[1])
        return c

    def test_every_mechanism(self):
        plain = b64("\0anna\0" + PASSWORD)
        self.assertEqual(self.client().say("AUTH PLAIN " + plain)[0], 235)
        c = self.client()
        self.assertEqual(c.say("AUTH PLAIN")[0], 334)
        self.assertEqual(c.say(plain)[0], 235)
        self.assertEqual(c.say("AUTH PLAIN " + plain)[0], 503)
        c = self.client()
        self.assertIn(b64("Username:"), c.say("AUTH LOGIN")[1])
        self.assertIn(b64("Password:"), c.say(b64("anna"))[1])
        self.assertEqual(c.say(b64(PASSWORD))[0], 235)
        self.assertIs(scram(self.client(), "anna", PASSWORD), True)
        self.assertEqual(scram(self.client(), "anna", "wrong")[0], 535)
        self.assertEqual(scram(self.client(), "nobody", PASSWORD)[0], 535)
        self.assertEqual(self.client().say("AUTH CRAM-MD5")[0], 504)
        c = self.client()
        c.say("AUTH LOGIN")
        self.assertEqual(c.say("*")[0], 501)
        c.say("AUTH LOGIN")
        self.assertEqual(c.say("not base64!")[0], 501)
        self.assertEqual(c.say("AUTH PLAIN " + b64("anna"))[0], 501)
        self.assertEqual(c.say("NOOP")[0], 250)

    def test_users_send_to_anywhere_and_others_do_not(self):
        self.assertEqual(self.client().send(TEXT, ("x@far.test",))[0], 550)
        c = self.client()
        self.assertEqual(c.say("AUTH PLAIN " + b64("\0anna\0" + PASSWORD))[0], 235)
        self.assertEqual(c.send(TEXT, ("x@far.test",))[0], 250)
        harness.wait_for("the mail at the smart host", lambda: self.out.messages)
        self.assertIn(b"with ESMTPSA", self.out.messages[0]["data"])
        self.assertEqual(c.send(TEXT, ("jdoe@example.test",))[0], 250)
        self.assertIn("authenticated", self.g.log())
        self.assertNotIn(PASSWORD, self.g.log())
        self.assertNotIn(b64(PASSWORD), self.g.log())

    def test_never_in_the_clear(self):
        c = self.client(secure=False)
        self.assertNotIn("AUTH", c.say("EHLO client.test")[1])
        self.assertEqual(c.say("AUTH PLAIN " + b64("\0anna\0" + PASSWORD))[0], 538)
        self.configure()
        self.g.write(listen="auth = offered\nusers = %s\n" % self.users)
        done = self.g.command("check")
        self.assertEqual(done.returncode, 78)
        self.assertIn("no password is taken in the clear", done.stdout + done.stderr)

    def test_a_login_of_before_starttls_does_not_count(self):
        c = self.client()
        self.assertEqual(c.say("AUTH PLAIN " + b64("\0anna\0" + PASSWORD))[0], 235)
        self.assertEqual(c.say("STARTTLS")[0], 503)

    def guess(self, name="anna", password="guess", source="127.0.0.1"):
        """One try in a connection of its own."""
        c = Secure("127.0.0.1", self.g.port, source=(source, 0))
        self.addCleanup(c.close)
        c.starttls()
        c.say("EHLO client.test")
        return c.say("AUTH PLAIN " + b64("\0%s\0%s" % (name, password)))[0]

    def test_guesses_count_over_connections(self):
        self.assertEqual([self.guess() for _ in range(10)], [535] * 10)
        self.assertEqual([self.guess() for _ in range(3)], [454] * 3)
        self.assertEqual(self.guess(password=PASSWORD), 454)  # nothing is learned from it
        self.assertIsNot(scram(self.client(), "ANNA", PASSWORD), True)
        self.assertEqual(self.guess(password=PASSWORD, source="127.0.0.2"), 235)
        self.assertEqual([r["reason"] for r in self.g.json("status")["refused"]], ["too many wrong passwords"])
        self.add("berta", "two")
        self.g.reload()
        self.assertEqual(self.guess("berta", "two"), 235)
        self.assertEqual(self.g.log().count("client locked"), 1)

    def test_guesses_side_by_side_are_no_more(self):
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            got = list(pool.map(lambda _: self.guess(), range(40)))
        self.assertEqual((got.count(535), got.count(454)), (10, 30))

    def test_names_tried_by_turns_lock_the_address(self):
        got = [self.guess("user%d" % i) for i in range(31)]
        self.assertEqual(got, [535] * 30 + [454])
        self.assertEqual(self.guess(password=PASSWORD), 454)
        self.assertEqual(self.guess(password=PASSWORD, source="127.0.0.2"), 235)
        self.assertEqual(self.g.log().count("client locked"), 1)

    def test_a_right_password_begins_anew(self):
        for _ in range(2):
            self.assertEqual([self.guess() for _ in range(9)], [535] * 9)
            self.assertEqual(self.guess(password=PASSWORD), 235)

    def test_submission(self):
        """A login is demanded of everybody, and what a program left out is put in."""
        self.g.write(listen="mode = submission\ncertificate = auto\nusers = %s\n" % self.users,
                     ini="[profile modern]\nrepair = none\n")
        self.g.reload()
        c = self.client()  # from 127.0.0.1, which is in relay_from
        self.assertEqual(c.say("MAIL FROM:<me@client.test>")[0], 530)
        self.assertEqual(c.say("AUTH PLAIN " + b64("\0anna\0" + PASSWORD))[0], 235)
        self.assertEqual(c.send(b"Subject: bare\r\n\r\ntext\r\n", ("jdoe@example.test",))[0], 250)
        harness.wait_for("the mail", lambda: self.g.count() == 1)
        for field in b"\nDate: ", b"\nMessage-ID: <":
            self.assertIn(field, self.g.messages()[0])
        self.assertNotIn(b"\nFrom: ", self.g.messages()[0])
        self.g.write(listen="mode = submission\nauth = offered\ncertificate = auto\nusers = %s\n" % self.users)
        done = self.g.command("check")
        self.assertEqual(done.returncode, 78)
        self.assertIn("mode = submission, which demands a login", done.stdout + done.stderr)
        self.g.write(listen="mode = submission\n")
        self.assertIn("no password is taken in the clear", self.g.command("check").stderr)

    def test_senders_are_those_of_the_user(self):
        def mail(sender, login=True):
            c = self.client()
            if login:
                self.assertEqual(c.say("AUTH PLAIN " + b64("\0anna\0" + PASSWORD))[0], 235)
            return c.say("MAIL FROM:<%s>" % sender)[0]

        self.assertEqual(mail("berta@example.test"), 250)
        with open(self.g.ini) as f:
            ini = f.read()
        with open(self.g.ini, "w") as f:
            f.write(ini.replace("auth = offered\n", "auth = offered\nsender_login = yes\n"))
        self.g.reload()
        harness.wait_for("it is in force", lambda: mail("berta@example.test") == 553)
        for sender, code in (("anna@example.test", 250), ("Anna@EXAMPLE.test", 250), ("", 250), ("anna@gw.example.test", 250),
                             ("anna@far.test", 553), ("anna%example.test@far.test", 553), ("annab@example.test", 553)):
            self.assertEqual(mail(sender), code, sender)
        self.assertEqual(mail("berta@example.test", login=False), 250)
        self.assertIn("sender refused", self.g.log())
        self.assertEqual(self.g.json("status")["refused"][0]["lines"], "sender_login = no\n")

    def test_guessing_is_shown_out(self):
        c = self.client()
        wrong = "AUTH PLAIN " + b64("\0anna\0guess")
        self.assertEqual([c.say(wrong)[0] for _ in range(3)], [535, 535, 421])
        self.assertIn("wrong name or password", self.g.log())
        self.assertNotIn("guess", self.g.log())
        self.assertEqual(self.g.send(TEXT)[0], 250)  # others are served

    def test_required(self):
        self.configure("required")
        self.g.reload()
        # the listener's own thread takes it a moment after the command has ended
        harness.wait_for("it is in force", lambda: self.client().send(TEXT, ("jdoe@example.test",))[0] == 530)
        c = self.client()
        self.assertEqual(c.say("AUTH PLAIN " + b64("\0anna\0" + PASSWORD))[0], 235)
        self.assertEqual(c.send(TEXT, ("jdoe@example.test",))[0], 250)

    def test_reload_takes_new_users_or_says_why_not(self):
        self.add("berta", "two")
        self.assertEqual(self.client().say("AUTH PLAIN " + b64("\0berta\0two"))[0], 535)
        self.g.reload()
        self.assertEqual(self.client().say("AUTH PLAIN " + b64("\0berta\0two"))[0], 235)
        os.chmod(self.users, 0o644)
        done = self.g.command("reload")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(self.users, done.stderr)
        self.assertEqual(self.client().say("AUTH PLAIN " + b64("\0berta\0two"))[0], 235)

    def test_without_its_file_it_does_not_start(self):
        self.g.stop()
        os.unlink(self.users)
        done = self.g.command("run")
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("smtpgate user add NAME --listener lan", done.stderr)

    def test_swaks_logs_in(self):
        self.assertTrue(shutil.which("swaks"))
        for mechanism in "PLAIN", "LOGIN":
            done = subprocess.run(["swaks", "--server", "127.0.0.1:%d" % self.g.port, "--tls", "--auth", mechanism,
                                   "--auth-user", "anna", "--auth-password", PASSWORD, "--from", "me@client.test", "--to",
                                   "jdoe@example.test"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=harness.LIMIT)
            self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    harness.main()
